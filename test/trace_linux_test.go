package test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// syscallEvent is one system call of a trace: when it began and ended, in microseconds, and what strace shows of its
// arguments and result.
type syscallEvent struct {
	name       string
	begin, end int64
	args       string
}

// The lines of a trace: a call, one that another thread's call interrupts, and its end:
//
//	12345 1700000000.123456 pwrite64(9</x/gewu.db>, "…", 4096, 8192) = 4096 <0.000021>
//	12345 1700000000.123456 fdatasync(9</x/gewu.db> <unfinished ...>
//	12345 1700000000.123556 <... fdatasync resumed>) = 0 <0.000100>
var (
	tracedCall  = regexp.MustCompile(`^(\d+) +(\d+)\.(\d{6}) (\w+)\((.*)\) += .*<(\d+)\.(\d{6})>$`)
	tracedBegin = regexp.MustCompile(`^(\d+) +(\d+)\.(\d{6}) (\w+)\((.*) <unfinished \.\.\.>$`)
	tracedEnd   = regexp.MustCompile(`^(\d+) +(\d+)\.(\d{6}) <\.\.\. (\w+) resumed>(.*)\) += .*<(\d+)\.(\d{6})>$`)
)

// readTrace reads what strace -f -ttt -T has written. Calls that a thread began and did not end before another one was
// traced are put together again. Lines that are no calls (signals, exits) are left out.
func readTrace(t *testing.T, path string) []syscallEvent {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	micro := func(seconds, fraction string) int64 {
		s, _ := strconv.ParseInt(seconds, 10, 64)
		u, _ := strconv.ParseInt(fraction, 10, 64)
		return s*1_000_000 + u
	}
	var events []syscallEvent
	open := map[string]syscallEvent{} // by thread
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		line := lines.Text()
		if m := tracedCall.FindStringSubmatch(line); m != nil {
			begin := micro(m[2], m[3])
			events = append(events, syscallEvent{m[4], begin, begin + micro(m[6], m[7]), m[5]})
		} else if m := tracedBegin.FindStringSubmatch(line); m != nil {
			open[m[1]] = syscallEvent{name: m[4], begin: micro(m[2], m[3]), args: m[5]}
		} else if m := tracedEnd.FindStringSubmatch(line); m != nil {
			e, ok := open[m[1]]
			if !ok || e.name != m[4] {
				t.Fatalf("%s resumes what was not begun: %s", m[4], line)
			}
			delete(open, m[1])
			e.end = e.begin + micro(m[6], m[7])
			e.args += m[5]
			events = append(events, e)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return events
}

// TestSyncBeforeAnswer runs the server under strace and pairs every acknowledged write with the syncs that cover it:
// after the page that holds the entry was written, a sync of the store has begun and ended, then the header that makes
// the entry part of the file was written, then another sync has begun and ended, and only then the answer was sent.
func TestSyncBeforeAnswer(t *testing.T) {
	needTools(t, "strace")
	dir := t.TempDir()
	trace := filepath.Join(dir, "trace")
	// The limit of strings is above the longest write of a commit; -y names the files; with -D the server is our child,
	// and the tracer is not.
	s := startTraced(t, []string{
		"strace", "-D", "-f", "-y", "-ttt", "-T", "-s", "200000", "-o", trace,
		"-e", "trace=pwrite64,pwritev,fsync,fdatasync,msync,write,writev,sendto,sendmsg",
	}, "serve", "--data", filepath.Join(dir, "city"), "--listen", "127.0.0.1:0", "--log-level", "error")
	s.call(http.MethodPost, "/v1/layers", lamps, nil)
	const writers, each = 12, 15
	var mu sync.Mutex
	acknowledged := map[string]int{} // seq by id
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for n := range each {
				id := fmt.Sprintf("traced-%03d-%03d-mark", w, n)
				resp, raw, err := request(s.url, http.MethodPost, "/v1/changes", object{"changes": []object{lamp(id, n)}})
				var written struct{ Seq int }
				if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(raw, &written) != nil {
					t.Errorf("%s: %v %s", id, err, raw)
					return
				}
				mu.Lock()
				acknowledged[id] = written.Seq
				mu.Unlock()
			}
		})
	}
	group.Wait()
	s.stop()
	p := pairing{events: readTrace(t, whole(t, trace, s.cmd.Process.Pid))}
	shared := map[int64]int{} // acknowledgements by the sync that covers them
	for id, seq := range acknowledged {
		sync, problem := p.covered(id, seq)
		if problem != "" {
			t.Errorf("%s, seq %d: %s", id, seq, problem)
			continue
		}
		shared[sync]++
	}
	t.Logf("%d acknowledged writes are each covered by syncs that ended before the answer; %d commits, %d system calls",
		len(acknowledged), len(shared), len(p.events))
	if len(acknowledged) != writers*each {
		t.Errorf("%d writes of %d were acknowledged", len(acknowledged), writers*each)
	}
}

// whole waits until a trace tells of the end of a process, and returns its path.
func whole(t *testing.T, trace string, pid int) string {
	t.Helper()
	for range 200 {
		b, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b[max(0, len(b)-4096):], fmt.Appendf(nil, "%d ", pid)) && bytes.Contains(b[max(0, len(b)-4096):], []byte("+++ exited with 0 +++")) {
			return trace
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the trace does not end")
	return ""
}

// startTraced is startServer under another program.
func startTraced(t *testing.T, with []string, args ...string) *server {
	t.Helper()
	return startProgram(t, append(append(with, gewu), args...)...)
}

// pairing looks for the calls that belong to a write.
type pairing struct{ events []syscallEvent }

// first is the first event from a moment on that is one.
func (p *pairing) first(from int64, is func(e *syscallEvent) bool) (syscallEvent, bool) {
	best, found := syscallEvent{}, false
	for i := range p.events {
		e := &p.events[i]
		if e.begin >= from && is(e) && (!found || e.end < best.end) {
			best, found = *e, true
		}
	}
	return best, found
}

var storeWrite = regexp.MustCompile(`gewu\.db>, .*, (\d+)$`)

// covered finds the calls of a write and says what is missing; sync is when the last one ended.
func (p *pairing) covered(id string, seq int) (sync int64, problem string) {
	store := func(e *syscallEvent) bool { return strings.Contains(e.args, "gewu.db>") }
	synced := func(e *syscallEvent) bool { return (e.name == "fdatasync" || e.name == "fsync") && store(e) }
	answer, ok := p.first(0, func(e *syscallEvent) bool {
		return (e.name == "write" || e.name == "sendto") && strings.Contains(e.args, "HTTP/1.1 200") &&
			(strings.Contains(e.args, fmt.Sprintf(`{\"seq\":%d}`, seq)) || strings.Contains(e.args, fmt.Sprintf(`{\"seq\":%d,`, seq)))
	})
	if !ok {
		return 0, "its answer is not in the trace"
	}
	page, ok := p.first(0, func(e *syscallEvent) bool {
		return e.name == "pwrite64" && store(e) && strings.Contains(e.args, id)
	})
	if !ok {
		return 0, "no write to the store holds it"
	}
	first, ok := p.first(page.end, synced)
	if !ok || first.end > answer.begin {
		return 0, "no sync between its page and the answer"
	}
	header, ok := p.first(first.end, func(e *syscallEvent) bool {
		m := storeWrite.FindStringSubmatch(e.args)
		return e.name == "pwrite64" && m != nil && (m[1] == "0" || m[1] == "4096")
	})
	if !ok || header.end > answer.begin {
		return 0, "no header of the file was written between the sync and the answer"
	}
	second, ok := p.first(header.end, synced)
	if !ok || second.end > answer.begin {
		return 0, "no sync between the header of the file and the answer"
	}
	return second.end, ""
}

// TestReadTrace shows the reader calls that are whole, interrupted and none at all.
func TestReadTrace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trace")
	text := `100 1700000000.000001 pwrite64(9</d/gewu.db>, "abc", 4096, 8192) = 4096 <0.000010>
101 1700000000.000020 fdatasync(9</d/gewu.db> <unfinished ...>
100 1700000000.000030 write(7<TCP:[1->2]>, "HTTP/1.1 200 OK\r\n\r\n{\"seq\":1}", 30) = 30 <0.000005>
101 1700000000.000120 <... fdatasync resumed>) = 0 <0.000100>
100 1700000000.000200 --- SIGURG {si_signo=SIGURG} ---
100 1700000000.000300 +++ exited with 0 +++
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := pairing{events: readTrace(t, path)}
	if len(p.events) != 3 || p.events[2].name != "fdatasync" || p.events[2].end-p.events[2].begin != 100 {
		t.Fatalf("read %+v", p.events)
	}
	if _, problem := p.covered("abc", 1); problem != "no sync between its page and the answer" {
		t.Errorf("an answer before the sync has ended: %q", problem)
	}
}

// changes of the disk that a kill may come before.
const changingCalls = "pwrite64,write,fsync,fdatasync,ftruncate,rename,renameat,renameat2,link,linkat,unlink,unlinkat,openat"

// killAt runs a command and kills it when a thread makes its nth call that may change the disk. It reports whether the
// command was killed before it ended.
func killAt(t *testing.T, n int, args ...string) (killed bool) {
	t.Helper()
	out, err := traced(t, fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", changingCalls, n), args...)
	if err != nil && !bytes.Contains(out, []byte("killed")) && !strings.Contains(err.Error(), "killed") {
		t.Fatalf("gewu %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return err != nil
}

// TestKillAtEverySystemCall kills backup, restore, compaction and its rewrite at calls that may change the disk, from the
// first to the last. The city is then the old one or the new one, nothing else, and the next attempt succeeds.
func TestKillAtEverySystemCall(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a hundred processes")
	}
	needTools(t, "strace")
	sparse := 6 // the later the call, the fewer are tried, unless the long tests run
	if os.Getenv("GEWU_KILL_ROUNDS") != "" {
		sparse = 1 << 30
	}
	base := t.TempDir()
	s := serve(t, filepath.Join(base, "old"))
	s.call(http.MethodPost, "/v1/layers", lamps, nil)
	put := func(from, to int) {
		for value := from; value < to; value++ {
			var changes []object
			for i := range 100 {
				changes = append(changes, lamp(fmt.Sprint(i), value))
			}
			s.call(http.MethodPost, "/v1/changes", object{"changes": changes}, nil)
		}
	}
	put(0, 20)
	old := filepath.Join(base, "old.backup")
	mustRun(t, "backup", "--data", filepath.Join(base, "old"), old)
	put(20, 30)
	newer := filepath.Join(base, "new.backup")
	mustRun(t, "backup", "--data", filepath.Join(base, "old"), newer)
	s.stop()
	// value is what all lamps of a city say.
	value := func(dir string) string {
		t.Helper()
		out := mustRun(t, "export", "--data", dir, "--layer", "lamps", "--format", "csv", "-o", "-")
		values := map[string]bool{}
		for _, line := range strings.Split(strings.TrimSpace(out), "\n")[1:] {
			fields := strings.Split(line, ",")
			values[fields[len(fields)-1]+"/"+fields[1]] = true
		}
		if len(values) != 1 || strings.Count(out, "\n") != 101 {
			t.Fatalf("a mixed city:\n%s", out)
		}
		for v := range values {
			return v
		}
		return ""
	}
	fresh := func(from string) string {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "city")
		mustRun(t, "restore", "--data", dir, from)
		return dir
	}
	is := map[string]string{old: value(fresh(old)), newer: value(fresh(newer))}
	if is[old] == is[newer] {
		t.Fatalf("the two cities cannot be told apart: %v", is)
	}

	for name, test := range map[string]struct {
		run   func(dir string) []string
		after func(dir string, killed bool)
	}{
		"restore": {
			func(dir string) []string { return []string{"restore", "--data", dir, "--wipe", newer} },
			func(dir string, killed bool) {
				if v := value(dir); v != is[newer] && (!killed || v != is[old]) {
					t.Errorf("the city says %s", v)
				}
				mustRun(t, "restore", "--data", dir, "--wipe", newer)
				if v := value(dir); v != is[newer] {
					t.Errorf("after the next restore the city says %s", v)
				}
			},
		},
		"backup": {
			func(dir string) []string {
				return []string{"backup", "--data", dir, filepath.Join(dir, "copy")}
			},
			func(dir string, killed bool) {
				copied := filepath.Join(dir, "copy")
				if _, err := os.Stat(copied); err == nil {
					if v := value(fresh(copied)); v != is[old] {
						t.Errorf("the backup says %s", v)
					}
				} else if !killed {
					t.Error("there is no backup")
				}
				mustRun(t, "backup", "--data", dir, copied)
				if v := value(fresh(copied)); v != is[old] {
					t.Errorf("the next backup says %s", v)
				}
			},
		},
		"compaction": {
			func(dir string) []string { return []string{"compact", "--data", dir, "--keep-seq", "1"} },
			func(dir string, _ bool) {
				out := mustRun(t, "compact", "--data", dir, "--keep-seq", "1")
				if !strings.Contains(out, "complete from seq 20 ") {
					t.Errorf("the next compaction: %s", out)
				}
				if v := value(dir); v != is[old] {
					t.Errorf("the city says %s", v)
				}
			},
		},
		"rewrite": {
			func(dir string) []string { return []string{"compact", "--data", dir, "--rewrite"} },
			func(dir string, _ bool) {
				mustRun(t, "compact", "--data", dir, "--rewrite")
				if v := value(dir); v != is[old] {
					t.Errorf("the city says %s", v)
				}
				if left, _ := filepath.Glob(filepath.Join(dir, "gewu.db.*")); len(left) > 0 {
					t.Errorf("left: %v", left)
				}
			},
		},
	} {
		t.Run("kill during "+name, func(t *testing.T) {
			kills := 0
			for n := 1; ; n += 1 + n/sparse {
				dir := fresh(old)
				killed := killAt(t, n, test.run(dir)...)
				if out, ok := run(t, nil, "check", "--data", dir); !ok {
					t.Fatalf("killed at call %d:\n%s", n, out)
				}
				test.after(dir, killed)
				if t.Failed() {
					t.Fatalf("killed at call %d: %v", n, killed)
				}
				if !killed {
					break
				}
				kills++
			}
			t.Logf("killed %d times", kills)
			if kills < 8 {
				t.Error("it was hardly killed: the test proves nothing")
			}
		})
	}
}

// traced runs a command under strace with an expression, on one processor so that few threads share the calls.
func traced(t *testing.T, expression string, args ...string) ([]byte, error) {
	t.Helper()
	cmd := command(t, "strace", append([]string{"-f", "-qq", "-o", "/dev/null", "-e", "trace=" + changingCalls, "-e", expression, gewu}, args...)...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.WaitDelay = 10 * time.Second
	return cmd.CombinedOutput()
}
