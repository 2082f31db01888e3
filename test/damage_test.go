package test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDamage truncates and flips bits of a store file. A start either refuses with the command that helps, or serves
// the city as it was; repair and backup bring it back.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	s.call(http.MethodPost, "/v1/layers", lamps, nil)
	for i := range 200 {
		s.call(http.MethodPost, "/v1/changes", object{"changes": []object{lamp(fmt.Sprint(i), i)}}, nil)
	}
	backup := filepath.Join(dir, "backup")
	if out := mustRun(t, "backup", "--data", dir, backup); !strings.Contains(out, "seq 201") {
		t.Errorf("backup: %s", out)
	}
	s.stop()
	store := filepath.Join(dir, "gewu.db")
	sound, err := os.ReadFile(store)
	if err != nil {
		t.Fatal(err)
	}
	refused, repaired := 0, 0
	attempt := func(name string, damaged []byte) {
		t.Helper()
		fresh := filepath.Join(t.TempDir(), "city")
		if err := os.Mkdir(fresh, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(fresh, "gewu.db"), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		out, ok := run(t, nil, "export", "--data", fresh, "--layer", "lamps", "--format", "csv")
		if ok {
			if n := strings.Count(out, "121.5645,25.0338"); n != 200 {
				t.Errorf("%s: served %d of 200 lamps", name, n)
			}
			return
		}
		refused++
		if !strings.Contains(out, "gewu check --data "+fresh+" --repair") && !strings.Contains(out, "gewu restore") || strings.Contains(out, "goroutine ") {
			t.Errorf("%s: the message names no command:\n%s", name, out)
		}
		if out, ok := run(t, nil, "check", "--data", fresh); ok {
			t.Errorf("%s: the start refuses and check finds nothing:\n%s", name, out)
		}
		// The city was stopped in good order, so no tail of it is torn: a repair keeps every lamp or refuses.
		if out, ok := run(t, nil, "check", "--data", fresh, "--repair"); ok {
			repaired++
			if out := mustRun(t, "export", "--data", fresh, "--layer", "lamps", "--format", "csv"); strings.Count(out, "121.5645,25.0338") != 200 {
				t.Errorf("%s: after the repair:\n%s", name, out)
			}
		} else if after, err := os.ReadFile(filepath.Join(fresh, "gewu.db")); err != nil || !bytes.Equal(after, damaged) || !strings.Contains(out, "gewu restore FILE") {
			t.Errorf("%s: a repair that was refused (%v):\n%s", name, err, out)
		}
		if out, ok := run(t, nil, "restore", "--data", fresh, "--wipe", backup); !ok {
			t.Errorf("%s: restore:\n%s", name, out)
		}
		if out := mustRun(t, "export", "--data", fresh, "--layer", "lamps", "--format", "csv"); strings.Count(out, "121.5645,25.0338") != 200 {
			t.Errorf("%s: after the restore:\n%s", name, out)
		}
	}
	for _, size := range []int{len(sound) - 1, len(sound) - 4096, len(sound) * 3 / 4, len(sound) / 2, 8192, 4096, 100} {
		attempt(fmt.Sprintf("truncated to %d bytes", size), sound[:size])
	}
	flips := 40
	if testing.Short() {
		flips = 10
	}
	r := rand.New(rand.NewPCG(1, uint64(len(sound))))
	for range flips {
		damaged := append([]byte(nil), sound...)
		at := r.IntN(len(damaged))
		damaged[at] ^= 1 << r.IntN(8)
		attempt(fmt.Sprintf("bit of byte %d flipped", at), damaged)
	}
	t.Logf("%d of %d damaged files were refused, %d of these repaired without loss; the others held everything", refused, flips+7, repaired)
	if refused < (flips+7)/8 {
		t.Error("hardly any damage was noticed: the test proves nothing")
	}
}

// TestEmptyStore finds a store file of no bytes: nothing takes it for a new city, and each says what to do.
func TestEmptyStore(t *testing.T) {
	dir := t.TempDir()
	store := filepath.Join(dir, "gewu.db")
	if err := os.WriteFile(store, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"check"}, {"check", "--quick"}, {"layer", "list"}, {"check", "--repair"}} {
		out, ok := run(t, nil, append(args, "--data", dir)...)
		if ok || !strings.Contains(out, "is empty (0 bytes)") || !strings.Contains(out, "remove the file to begin a new city") || !strings.Contains(out, "gewu restore FILE") {
			t.Errorf("%s: %v\n%s", args, ok, out)
		}
	}
	if info, err := os.Stat(store); err != nil || info.Size() != 0 {
		t.Errorf("the file is %v, %v", info, err)
	}
}
