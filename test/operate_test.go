package test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// busy lets writers write to a server at full speed until stop is called, which returns the last value of each lamp that
// was acknowledged; now returns those so far.
func busy(s *server, writers int) (now func() []int, stop func() []int) {
	var mu sync.Mutex
	values := make([]int, writers)
	ended := make(chan struct{})
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for n := 1; ; n++ {
				select {
				case <-ended:
					return
				default:
				}
				resp, raw, err := request(s.url, http.MethodPost, "/v1/changes", object{"changes": []object{lamp(fmt.Sprint(w), n)}})
				if err != nil || resp.StatusCode != http.StatusOK {
					s.t.Errorf("writer %d: %v %s", w, err, raw)
					return
				}
				mu.Lock()
				values[w] = n
				mu.Unlock()
			}
		})
	}
	now = func() []int {
		mu.Lock()
		defer mu.Unlock()
		return append([]int(nil), values...)
	}
	return now, func() []int {
		close(ended)
		group.Wait()
		return now()
	}
}

// value is that of a lamp.
func (s *server) value(id string) int {
	s.t.Helper()
	var f struct {
		Properties struct{ Value int }
	}
	s.call(http.MethodGet, "/v1/layers/lamps/features/"+id, nil, &f)
	return f.Properties.Value
}

// TestBackupWhileWriting takes backups while writers write at full speed. Each holds, once restored, every change that
// was acknowledged before it was begun, and none that was sent after it had ended.
func TestBackupWhileWriting(t *testing.T) {
	const writers = 32
	base := t.TempDir()
	s := serve(t, filepath.Join(base, "city"))
	s.call(http.MethodPost, "/v1/layers", lamps, nil)
	now, stop := busy(s, writers)
	type copied struct {
		file          string
		before, after []int
	}
	var backups []copied
	for n := range 3 {
		time.Sleep(200 * time.Millisecond)
		b := copied{file: filepath.Join(base, fmt.Sprint("backup", n)), before: now()}
		out := mustRun(t, "backup", "--data", filepath.Join(base, "city"), b.file)
		if !strings.Contains(out, "has been verified") {
			t.Errorf("backup: %s", out)
		}
		b.after = now()
		backups = append(backups, b)
	}
	stop()
	var ready struct{ Epoch string }
	s.call(http.MethodGet, "/readyz", nil, &ready)
	s.stop()
	epochs := map[string]bool{ready.Epoch: true}
	for n, b := range backups {
		dir := filepath.Join(base, fmt.Sprint("restored", n))
		mustRun(t, "restore", "--data", dir, b.file)
		mustRun(t, "check", "--data", dir)
		r := serve(t, dir)
		for w := range writers {
			// One more may have been sent and not yet acknowledged when the backup ended.
			if v := r.value(fmt.Sprint(w)); v < b.before[w] || v > b.after[w]+1 {
				t.Errorf("backup %d: lamp %d is %d; %d was acknowledged before and %d after", n, w, v, b.before[w], b.after[w])
			}
		}
		r.call(http.MethodGet, "/readyz", nil, &ready)
		if epochs[ready.Epoch] {
			t.Errorf("backup %d: the restored city has an epoch that another one has", n)
		}
		epochs[ready.Epoch] = true
		r.stop()
	}
}

// TestOperateWhileWriting compacts, rebuilds and checks a city that is being written to, and then the stopped one.
func TestOperateWhileWriting(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "city")
	s := serve(t, dir)
	s.call(http.MethodPost, "/v1/layers", lamps, nil)
	_, stop := busy(s, 16)
	time.Sleep(300 * time.Millisecond)
	if out := mustRun(t, "compact", "--data", dir, "--keep-seq", "20", "--dry-run"); !strings.Contains(out, "would be erased") {
		t.Errorf("dry run: %s", out)
	}
	if out := mustRun(t, "compact", "--data", dir, "--keep", "1d"); !strings.Contains(out, "all history is kept") {
		t.Errorf("nothing is a day old: %s", out)
	}
	if s.gauge("gewu_store_horizon_seq") != 0 || s.gauge("gewu_store_erased_changes") != 0 {
		t.Error("a dry run has erased something")
	}
	if out := mustRun(t, "compact", "--data", dir, "--keep-seq", "20"); !strings.Contains(out, "history is complete from seq") {
		t.Errorf("compact: %s", out)
	}
	if s.gauge("gewu_store_horizon_seq") == 0 || s.gauge("gewu_store_erased_changes") == 0 {
		t.Error("nothing was erased")
	}
	for _, projection := range []string{"checkpoint", "definitions"} {
		if out := mustRun(t, "rebuild", "--data", dir, projection); !strings.Contains(out, "has been verified") {
			t.Errorf("rebuild: %s", out)
		}
	}
	for _, args := range [][]string{{"check", "--data", dir}, {"check", "--data", dir, "--quick"}} {
		if out := mustRun(t, args...); !strings.Contains(out, "sound") {
			t.Errorf("%v: %s", args, out)
		}
	}
	for text, args := range map[string][]string{
		"say which history stays complete": {"compact", "--data", dir},
		"days such as 400d":                {"compact", "--data", dir, "--keep", "soon"},
		"stop the server before --rewrite": {"compact", "--data", dir, "--rewrite"},
		"checkpoint, definitions":          {"rebuild", "--data", dir, "moon"},
		"stop the server before restoring": {"restore", "--data", dir, "--wipe", filepath.Join(dir, "gewu.db")},
	} {
		if out, ok := run(t, nil, args...); ok || !strings.Contains(out, text) {
			t.Errorf("gewu %s: %v\n%s", strings.Join(args, " "), ok, out)
		}
	}
	values := stop()
	for _, name := range []string{"gewu_store_commit_seconds_count", "gewu_store_commit_transactions_count", "gewu_store_log_bytes", "gewu_store_file_bytes", "gewu_store_changes_per_day", "gewu_store_bytes_per_day"} {
		if v := s.gauge(name); v <= 0 {
			t.Errorf("%s is %g", name, v)
		}
	}
	commits, transactions := s.gauge("gewu_store_commit_transactions_count"), s.gauge("gewu_store_commit_transactions_sum")
	if transactions != s.gauge("gewu_store_seq") || commits >= transactions {
		t.Errorf("%g transactions in %g commits, at seq %g", transactions, commits, s.gauge("gewu_store_seq"))
	}
	s.stop()

	before, err := os.Stat(filepath.Join(dir, "gewu.db"))
	if err != nil {
		t.Fatal(err)
	}
	if out := mustRun(t, "compact", "--data", dir, "--keep-seq", "0", "--rewrite"); !strings.Contains(out, "were erased") || !strings.Contains(out, " and has ") {
		t.Errorf("compact and rewrite: %s", out)
	}
	after, err := os.Stat(filepath.Join(dir, "gewu.db"))
	if err != nil || after.Size() >= before.Size() {
		t.Errorf("the file had %d bytes and has %d, %v", before.Size(), after.Size(), err)
	}
	lines := strings.Split(strings.TrimSpace(mustRun(t, "check", "--data", dir, "--json")), "\n")
	var end struct{ Problems *int }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &end); err != nil || end.Problems == nil || *end.Problems != 0 {
		t.Errorf("check --json: %q, %v", lines, err)
	}
	s = serve(t, dir)
	for w, want := range values {
		if v := s.value(fmt.Sprint(w)); v != want {
			t.Errorf("lamp %d is %d, want %d", w, v, want)
		}
	}
	s.stop()
}

// TestCheckFinds spoils a stopped store and looks at what check says, and how it ends.
func TestCheckFinds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "city")
	s := serve(t, dir)
	s.call(http.MethodPost, "/v1/layers", lamps, nil)
	for n := range 300 {
		s.call(http.MethodPost, "/v1/changes", object{"changes": []object{lamp(fmt.Sprint("spoiled", n), n)}}, nil)
	}
	s.stop()
	path := filepath.Join(dir, "gewu.db")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// An old payload, and with it every copy: the log, the checkpoint, pages that are free.
	spoiled := strings.ReplaceAll(string(content), "spoiled17\x01", "spoiled71\x01")
	if spoiled == string(content) {
		t.Fatal("there is nothing to spoil")
	}
	if err := os.WriteFile(path, []byte(spoiled), 0o600); err != nil {
		t.Fatal(err)
	}
	out, ok := run(t, nil, "check", "--data", dir)
	if ok || !strings.Contains(out, "log entry 19, change 0: does not match its hash") || !strings.Contains(out, "problems; gewu check --repair") {
		t.Errorf("deep check: %v\n%s", ok, out)
	}
	out, ok = run(t, nil, "check", "--data", dir, "--json")
	if ok || !strings.Contains(out, `{"line":"log entry 19, change 0: does not match its hash"}`) || !strings.Contains(out, `{"problems":`) {
		t.Errorf("deep check as JSON: %v\n%s", ok, out)
	}
	// A quick check believes old payloads, and finds the block of the checkpoint by its checksum.
	if out, ok = run(t, nil, "check", "--data", dir, "--quick"); ok || strings.Contains(out, "log entry") || !strings.Contains(out, "checkpoint block") {
		t.Errorf("quick check: %v\n%s", ok, out)
	}
}

// TestHistoryAfterCompaction asks for the past of a feature whose older changes were erased: what is kept is exact, what is
// not is said to be erased, and who changed it and when is still known.
func TestHistoryAfterCompaction(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "city")
	s := serve(t, dir)
	s.call(http.MethodPost, "/v1/layers", lamps, nil) // seq 1
	for n := range 6 {
		s.call(http.MethodPost, "/v1/changes", object{"changes": []object{lamp("a", n), lamp("b", n)}, "cause": fmt.Sprint("edit ", n)}, nil)
	}
	mustRun(t, "compact", "--data", dir, "--keep-seq", "2") // horizon 5: of 2 to 4 all is erased
	for range 2 {
		var history struct {
			Changes []struct {
				Seq     int
				Cause   string
				Erased  bool
				Feature *struct{ Properties struct{ Value int } }
			}
		}
		s.call(http.MethodGet, "/v1/layers/lamps/features/a/history", nil, &history)
		if len(history.Changes) != 6 {
			t.Fatalf("%d changes in the history", len(history.Changes))
		}
		for _, c := range history.Changes {
			if c.Erased != (c.Seq < 5) || c.Erased != (c.Feature == nil) || c.Cause != fmt.Sprint("edit ", c.Seq-2) {
				t.Errorf("%+v", c)
			}
			if c.Feature != nil && c.Feature.Properties.Value != c.Seq-2 {
				t.Errorf("seq %d says %d", c.Seq, c.Feature.Properties.Value)
			}
		}
		for seq := 2; seq <= 7; seq++ {
			resp, raw := s.try(http.MethodGet, fmt.Sprintf("/v1/layers/lamps/features/a?as_of=%d", seq), nil)
			switch {
			case seq < 5 && (resp.StatusCode != http.StatusGone || !strings.Contains(string(raw), "history is complete from seq 5")):
				t.Errorf("as of %d: %s %s", seq, resp.Status, raw)
			case seq >= 5 && (resp.StatusCode != http.StatusOK || !strings.Contains(string(raw), fmt.Sprintf(`"value":%d`, seq-2))):
				t.Errorf("as of %d: %s %s", seq, resp.Status, raw)
			}
		}
		s.stop()
		s = serve(t, dir)
	}
	s.stop()
}
