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

// TestDamageWhileServing hurts the file under a running server. Whatever reads the damaged entry says which it is and what
// to do, the state is seen from outside, a check ends with a number, and the present is served and changed as before.
func TestDamageWhileServing(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	s.call(http.MethodPost, "/v1/layers", lamps, nil)
	var changes []object
	for i := range 300 {
		changes = append(changes, lamp(fmt.Sprintf("needle%03d", i), i))
	}
	s.call(http.MethodPost, "/v1/changes", object{"changes": changes}, nil)
	s.call(http.MethodPost, "/v1/changes", object{"changes": []object{lamp("needle008", 1)}}, nil)
	s.stop()
	s = serve(t, dir) // which has nothing of the log in memory
	sound := filepath.Join(t.TempDir(), "sound.backup")
	mustRun(t, "backup", "--data", dir, sound)

	store := filepath.Join(dir, "gewu.db")
	content, err := os.ReadFile(store)
	if err != nil {
		t.Fatal(err)
	}
	// The first place is in the log or in the checkpoint; all of them are hurt.
	f, err := os.OpenFile(store, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	hurt := 0
	for at := 0; ; hurt++ {
		next := strings.Index(string(content[at:]), "needle007")
		if next < 0 {
			break
		}
		at += next + len("needle007")
		if _, err := f.WriteAt([]byte("8"), int64(at-1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil || hurt == 0 {
		t.Fatalf("%d places hurt, %v", hurt, err)
	}
	const where = "log entry 2, change 7: does not match its hash"
	state := func() string {
		var ready struct{ Status, Detail string }
		s.call(http.MethodGet, "/readyz", nil, &ready)
		return ready.Status + " " + ready.Detail
	}
	if got := state(); got != "ok " {
		t.Errorf("before anybody noticed: %s", got)
	}
	for _, args := range [][]string{{"history", "lamps", "needle007"}, {"revert", "2"}} {
		out, ok := run(t, nil, append(args, "--data", dir)...)
		if ok || !strings.Contains(out, where) || !strings.Contains(out, "gewu check") || !strings.Contains(out, "restore") {
			t.Errorf("%s: %v\n%s", args, ok, out)
		}
	}
	if got := state(); !strings.HasPrefix(got, "damaged ") || !strings.Contains(got, where) {
		t.Errorf("readyz: %s", got)
	}
	if out, ok := run(t, nil, "check", "--data", dir, "--json"); ok || !strings.Contains(out, where) || !strings.Contains(out, `{"problems":`) ||
		strings.Contains(out, "never given out") || strings.Contains(out, "fault of the server") {
		t.Errorf("check --json: %v\n%s", ok, out)
	}
	copied := filepath.Join(t.TempDir(), "copy.backup")
	if out, ok := run(t, nil, "backup", "--data", dir, copied); ok || !strings.Contains(out, where) || !strings.Contains(out, "gewu check --data "+dir) || strings.Contains(out, filepath.Dir(copied)+"\n") {
		t.Errorf("backup: %v\n%s", ok, out)
	}
	// What the manual advises: the present is whole and is taken out, the backup is put back, and the present put on top.
	s.call(http.MethodPost, "/v1/changes", object{"changes": []object{lamp("late", 5)}}, nil)
	present := filepath.Join(t.TempDir(), "lamps.csv")
	mustRun(t, "export", "--data", dir, "--layer", "lamps", "-o", present)
	s.stop()
	mustRun(t, "restore", "--data", dir, "--wipe", sound)
	mustRun(t, "import", "--data", dir, "--layer", "lamps", present)
	if out := mustRun(t, "export", "--data", dir, "--layer", "lamps", "--format", "csv"); strings.Count(out, "\n") != 302 || !strings.Contains(out, "late") {
		t.Errorf("after restore and import: %d lines", strings.Count(out, "\n"))
	}
	mustRun(t, "check", "--data", dir)
}
