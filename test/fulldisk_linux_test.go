package test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// smallDisk is a file system of its own with the given size. Only root may make one.
func smallDisk(t *testing.T, megabytes int) string {
	t.Helper()
	dir := t.TempDir()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", megabytes))
	if errors.Is(err, syscall.EPERM) {
		t.Skip("only root can make a small disk")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 100 {
			if err = syscall.Unmount(dir, 0); err == nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Errorf("unmount %s: %v", dir, err)
	})
	return dir
}

// fillDisk takes what is left of a disk, down to the last page.
func fillDisk(t *testing.T, dir string) (ballast string) {
	t.Helper()
	ballast = filepath.Join(dir, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 64<<10)
	for {
		if _, err := f.Write(block); err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
			if len(block) == 1 {
				return ballast
			}
			block = block[:len(block)/2]
		}
	}
}

// gauge reads a metric of the server.
func (s *server) gauge(name string) float64 {
	s.t.Helper()
	_, raw := s.try(http.MethodGet, "/metrics", nil)
	m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(raw)
	if m == nil {
		s.t.Fatalf("there is no metric %s", name)
	}
	var v float64
	if _, err := fmt.Sscan(string(m[1]), &v); err != nil {
		s.t.Fatal(err)
	}
	return v
}

// TestFullDisk fills the disk of a served city: writes are refused with a text that helps, everything else goes on, and
// writes resume by themselves when there is space again. What was acknowledged is there.
func TestFullDisk(t *testing.T) {
	disk := smallDisk(t, 48)
	dir := filepath.Join(disk, "city")
	s := serve(t, dir)
	s.call(http.MethodPost, "/v1/layers", lamps, nil)
	put := func(n int) (*http.Response, []byte) {
		var changes []object
		for i := range 500 {
			changes = append(changes, lamp(fmt.Sprintf("%d-%d", n, i), n))
		}
		return s.try(http.MethodPost, "/v1/changes", object{"changes": changes})
	}
	acknowledged := 0
	write := func() (status int, body string) {
		t.Helper()
		resp, raw := put(acknowledged)
		if resp.StatusCode == http.StatusOK {
			acknowledged++
		}
		return resp.StatusCode, string(raw)
	}
	for range 5 {
		if status, body := write(); status != http.StatusOK {
			t.Fatalf("%d %s", status, body)
		}
	}
	if free := s.gauge("gewu_store_disk_free_bytes"); free < 1e6 || free > 48<<20 {
		t.Errorf("%g bytes are free", free)
	}
	if days := s.gauge("gewu_store_days_until_full"); days <= 0 || days > 1e5 {
		t.Errorf("%g days until the disk is full", days)
	}
	for round := range 2 {
		ballast := fillDisk(t, disk)
		// There are free pages and room up to the end of the file; then no more.
		refused := ""
		for range 1000 {
			status, body := write()
			if status == http.StatusInsufficientStorage {
				refused = body
				break
			}
			if status != http.StatusOK {
				t.Fatalf("%d %s", status, body)
			}
		}
		for _, want := range []string{"disk of the city is full", "by itself", "no-space"} {
			if !strings.Contains(refused, want) {
				t.Errorf("round %d: refused with %q, want %q in it", round, refused, want)
			}
		}
		resp, raw := s.try(http.MethodGet, "/readyz", nil)
		if resp.StatusCode != http.StatusOK || !strings.Contains(string(raw), `"status":"read-only"`) || !strings.Contains(string(raw), "disk of the city is full") {
			t.Errorf("round %d: /readyz: %s %s", round, resp.Status, raw)
		}
		if v := s.gauge("gewu_store_read_only"); v != 1 {
			t.Errorf("round %d: gewu_store_read_only is %g", round, v)
		}
		for _, path := range []string{"/v1/layers/lamps/features/0-0", "/v1/locate?lon=121.5645&lat=25.0338", "/tiles/city/14/13730/7015.mvt", "/healthz"} {
			if resp, raw := s.try(http.MethodGet, path, nil); resp.StatusCode/100 != 2 {
				t.Errorf("round %d: %s: %s %s", round, path, resp.Status, raw)
			}
		}
		if out, ok := run(t, nil, "check", "--data", dir); !ok {
			t.Errorf("round %d: check of a full store:\n%s", round, out)
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		// Nobody writes: the server finds out by itself.
		ready := false
		for range 200 {
			_, raw := s.try(http.MethodGet, "/readyz", nil)
			if ready = strings.Contains(string(raw), `"status":"ok"`); ready {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		if !ready || s.gauge("gewu_store_read_only") != 0 {
			t.Fatalf("round %d: the server does not resume", round)
		}
		if status, body := write(); status != http.StatusOK {
			t.Errorf("round %d: after the space came back: %d %s", round, status, body)
		}
	}
	s.stop()
	if out, ok := run(t, nil, "check", "--data", dir); !ok {
		t.Errorf("check:\n%s", out)
	}
	s = serve(t, dir)
	var ready struct{ Features int }
	s.call(http.MethodGet, "/readyz", nil, &ready)
	if ready.Features != 500*acknowledged {
		t.Errorf("%d features, %d were acknowledged", ready.Features, 500*acknowledged)
	}
	t.Logf("%d transactions acknowledged, all there", acknowledged)
	s.stop()
}

// TestFullDiskOffline lets backup, restore and rewrite meet a full disk: each says so, leaves nothing behind and leaves
// what was there alone.
func TestFullDiskOffline(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "city")
	s := serve(t, dir)
	s.call(http.MethodPost, "/v1/layers", lamps, nil)
	for n := range 40 {
		var changes []object
		for i := range 500 {
			changes = append(changes, lamp(fmt.Sprint(i), n*1000+i))
		}
		s.call(http.MethodPost, "/v1/changes", object{"changes": changes}, nil)
	}
	s.stop()
	backup := filepath.Join(base, "backup")
	mustRun(t, "backup", "--data", dir, backup)
	info, err := os.Stat(backup)
	if err != nil {
		t.Fatal(err)
	}
	names := func(dir string) string {
		list, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range list {
			names = append(names, e.Name())
		}
		return strings.Join(names, " ")
	}
	fails := func(args ...string) {
		t.Helper()
		out, ok := run(t, nil, args...)
		if ok || !strings.Contains(out, "no space left on device") || strings.Contains(out, "goroutine ") {
			t.Errorf("gewu %s on a full disk: %v\n%s", strings.Join(args, " "), ok, out)
		}
	}
	small := smallDisk(t, int(info.Size()>>20)) // a little less than the backup takes
	before := filepath.Join(small, "backup")
	if err := os.WriteFile(before, []byte("the backup before"), 0o600); err != nil {
		t.Fatal(err)
	}
	fails("backup", "--data", dir, before)
	if b, _ := os.ReadFile(before); string(b) != "the backup before" || names(small) != "backup" {
		t.Errorf("the backup before holds %q; there are %s", b, names(small))
	}
	if err := os.Remove(before); err != nil {
		t.Fatal(err)
	}
	fails("restore", "--data", small, backup)
	if left := names(small); left != "" {
		t.Errorf("a restore that failed has left %s", left)
	}

	// A disk that holds the store and half of it once more.
	tight := smallDisk(t, int(info.Size()*3/2>>20)+1)
	store := filepath.Join(tight, "gewu.db")
	copyFile(t, backup, store)
	content, err := os.ReadFile(store)
	if err != nil {
		t.Fatal(err)
	}
	fails("restore", "--data", tight, "--wipe", backup)
	fails("compact", "--data", tight, "--rewrite")
	if after, _ := os.ReadFile(store); string(after) != string(content) || names(tight) != "gewu.db" {
		t.Errorf("the store has changed, or something is left: %s", names(tight))
	}
	mustRun(t, "check", "--data", tight)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
