package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/operate"
)

// operator is an Admin that does what a test says.
type operator struct {
	check   func(ctx context.Context, quick bool, tell operate.Tell) error
	compact func(ctx context.Context, r operate.Retention, tell operate.Tell) (operate.Compacted, error)
	rebuild func(ctx context.Context, name string, tell operate.Tell) error
	copied  string
	size    int64
	broken  error
	failure error
	damage  error
}

func (o *operator) Check(ctx context.Context, quick bool, tell operate.Tell) error {
	return o.check(ctx, quick, tell)
}

func (o *operator) Backup(_ context.Context, begin func(int64) io.Writer) error {
	_, err := io.WriteString(begin(o.size), o.copied)
	return errors.Join(err, o.broken)
}

func (o *operator) Compact(ctx context.Context, r operate.Retention, tell operate.Tell) (operate.Compacted, error) {
	return o.compact(ctx, r, tell)
}

func (o *operator) Projections() []string { return []string{"checkpoint", "definitions"} }

func (o *operator) Rebuild(ctx context.Context, name string, tell operate.Tell) error {
	return o.rebuild(ctx, name, tell)
}

func (o *operator) Failure() error { return o.failure }

func (o *operator) Damage() error { return o.damage }

func withOperator(t testing.TB, o *operator) *town {
	t.Helper()
	return newCity(t, func(cfg *Config) { cfg.Admin = o })
}

// TestWork has the server do long work and reads its lines.
func TestWork(t *testing.T) {
	recorded := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	var asked []operate.Retention
	o := &operator{
		check: func(_ context.Context, quick bool, tell operate.Tell) error {
			tell.Progress("file", 0.5)
			if quick {
				return nil
			}
			tell.Problem("log entry 7: is odd")
			tell.Problem("log entry 8: is even")
			return nil
		},
		compact: func(_ context.Context, r operate.Retention, tell operate.Tell) (operate.Compacted, error) {
			asked = append(asked, r)
			if r.KeepSeq == 13 {
				return operate.Compacted{}, operate.ErrBusy
			}
			tell.Progress("erase", 1)
			if r.KeepSeq == 14 {
				return operate.Compacted{}, errors.New("open /secret/path: denied")
			}
			return operate.Compacted{Horizon: 41, Recorded: &recorded, Changes: 7, Bytes: 100, Before: 900, After: 800, DryRun: r.DryRun}, nil
		},
		rebuild: func(_ context.Context, name string, tell operate.Tell) error {
			tell.Progress(name, 0.25)
			return nil
		},
	}
	c := withOperator(t, o)
	post := func(name, url string, status int, want ...string) scenario {
		return scenario{name: name, method: "POST", url: url, status: status, want: want, not: []string{"secret"}}
	}
	for _, s := range []scenario{
		post("deep check", "/v1/check", 200, `{"step":"file","progress":0.5}`, `{"line":"log entry 7: is odd"}`, `{"problems":2}`),
		post("quick check", "/v1/check?quick=true", 200, `{"problems":0}`),
		post("check with a wrong flag", "/v1/check?quick=perhaps", 400, "quick"),
		post("check with what it does not know", "/v1/check?deep=true", 400, "deep"),
		post("compact by time", "/v1/compact?keep=400d", 200, `{"step":"erase","progress":1}`,
			`{"result":{"horizon":41,"recorded":"2026-01-02T03:04:05.000006Z","changes":7,"bytes":100,"log_bytes_before":900,"log_bytes_after":800,"dry_run":false}}`),
		post("compact by hours", "/v1/compact?keep=36h&dry_run=true", 200, `"dry_run":true`),
		post("compact by entries", "/v1/compact?keep_seq=12", 200, `"horizon":41`),
		post("compact everything", "/v1/compact?keep_seq=0", 200, `"horizon":41`),
		post("compact twice at once", "/v1/compact?keep_seq=13", 409, "running already"),
		post("compact that breaks off", "/v1/compact?keep_seq=14", 200, `{"error":"a fault of the server`),
		post("compact without retention", "/v1/compact", 400, "keep=400d"),
		post("compact with two", "/v1/compact?keep=1d&keep_seq=1", 400, "keep"),
		post("compact with nonsense", "/v1/compact?keep=soon", 400, "400d"),
		post("compact with a negative time", "/v1/compact?keep=-3h", 400, "400d"),
		post("compact with an age of the world", "/v1/compact?keep=4000000000d", 400, "400d"),
		post("compact with negative entries", "/v1/compact?keep_seq=-1", 400, "number of entries"),
		post("rebuild", "/v1/rebuild?projection=checkpoint", 200, `{"step":"checkpoint","progress":0.25}`, `{"problems":0}`),
		post("rebuild something else", "/v1/rebuild?projection=moon", 400, "checkpoint, definitions"),
		post("rebuild nothing", "/v1/rebuild", 400, "checkpoint, definitions"),
	} {
		s.run(t, c)
	}
	want := []operate.Retention{{Keep: 400 * 24 * time.Hour}, {Keep: 36 * time.Hour, DryRun: true}, {Keep: -1, KeepSeq: 12}, {Keep: -1}, {Keep: -1, KeepSeq: 13}, {Keep: -1, KeepSeq: 14}}
	if fmt.Sprint(asked) != fmt.Sprint(want) {
		t.Errorf("asked for %+v, want %+v", asked, want)
	}
	if !strings.Contains(c.logged(), "/secret/path") {
		t.Error("the cause is not in the log")
	}
	for _, s := range []scenario{
		post("compact without a store that can", "/v1/compact?keep=1d", 501),
		post("rebuild without a store that can", "/v1/rebuild?projection=checkpoint", 501),
	} {
		s.run(t, newCity(t, nil))
	}
}

// TestWorkEndsWithServer drains a server that works for someone: the work is given up, and the answer says so.
func TestWorkEndsWithServer(t *testing.T) {
	o := &operator{compact: func(ctx context.Context, _ operate.Retention, tell operate.Tell) (operate.Compacted, error) {
		tell.Progress("erase", 0.1)
		<-ctx.Done()
		return operate.Compacted{}, ctx.Err()
	}}
	c := withOperator(t, o)
	resp, err := http.Post(c.http.URL+"/v1/compact?keep=1d", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	if !lines.Scan() || !strings.Contains(lines.Text(), "erase") {
		t.Fatalf("the first line is %q", lines.Text())
	}
	c.server.Drain()
	var end struct{ Error string }
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &end) != nil || !strings.Contains(end.Error, "going down") {
		t.Errorf("the last line is %q", lines.Text())
	}
}

// TestBackupLength checks that a copy says how long it is, and that one which breaks off is noticed.
func TestBackupLength(t *testing.T) {
	o := &operator{copied: "the whole city", size: 14}
	c := withOperator(t, o)
	resp, err := http.Get(c.http.URL + "/v1/backup")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || string(body) != o.copied || resp.ContentLength != 14 {
		t.Errorf("got %q of %d bytes, %v", body, resp.ContentLength, err)
	}
	o.size, o.broken = 1000, errors.New("disk")
	resp, err = http.Get(c.http.URL + "/v1/backup")
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	if err == nil {
		t.Error("a copy that broke off looks whole")
	}
}

// TestReadyReadOnly checks what a server says that cannot write: it stays ready, and tells why.
func TestReadyReadOnly(t *testing.T) {
	o := &operator{}
	c := withOperator(t, o)
	ready := scenario{url: "/readyz", status: 200, want: []string{`"status":"ok"`}, not: []string{"detail"}}
	ready.run(t, c)
	o.failure = fmt.Errorf("%w: %w: write /secret: no space", data.ErrReadOnly, data.ErrFull)
	scenario{url: "/readyz", status: 200, want: []string{`"status":"read-only"`, "disk of the city is full"}, not: []string{"secret"}}.run(t, c)
	o.failure = fmt.Errorf("%w: %w: sync /secret", data.ErrReadOnly, data.ErrReopen)
	scenario{url: "/readyz", status: 200, want: []string{`"status":"read-only"`, "start the server again"}, not: []string{"secret"}}.run(t, c)
	o.failure = nil
	ready.run(t, c)
	c.server.Drain()
	scenario{url: "/readyz", status: 503, want: []string{`"status":"draining"`}}.run(t, c)
}

// TestReadyWhileLoading sends requests elsewhere while a city is being filled, and takes them all the same.
func TestReadyWhileLoading(t *testing.T) {
	var loading atomic.Bool
	loading.Store(true)
	c := newCity(t, func(cfg *Config) { cfg.Loading = loading.Load }).fill()
	scenario{url: "/readyz", status: 503, want: []string{`"status":"loading"`, "Retry-After: 1"}}.run(t, c)
	scenario{url: "/v1/locate?lon=121.505&lat=25.005", status: 200}.run(t, c)
	// What half a city would refuse for good is refused for a while.
	for _, about := range []scenario{
		{url: "/v1/cases"},
		{method: "POST", url: "/v1/cases", body: `{"action":"report","form":{}}`},
		{url: "/v1/cases/c-1"},
		{url: "/v1/cases.atom"},
		{url: "/v1/routes/rules"},
	} {
		about.status, about.want = 503, []string{`"type":"/docs#unavailable"`, "still being loaded", "Retry-After: 5"}
		about.run(t, c)
	}
	if log := c.logged(); strings.Contains(log, "level=ERROR") || !strings.Contains(log, "the city is being filled") {
		t.Errorf("asking for patience is no fault of the server, and is in the log for who looks closely:\n%s", log)
	}
	loading.Store(false)
	scenario{url: "/v1/cases", status: 501, not: []string{"Retry-After"}}.run(t, c)
	scenario{url: "/readyz", status: 200, want: []string{`"status":"ok"`}, not: []string{"Retry-After"}}.run(t, c)
}

// TestLoadingTakesItsTime gives whoever fills a city the time that it takes, and others no more than they have.
func TestLoadingTakesItsTime(t *testing.T) {
	var loading atomic.Bool
	c := newCity(t, func(cfg *Config) { cfg.Loading, cfg.Limits.Request = loading.Load, time.Nanosecond })
	layer := func(name string) string {
		return `{"name":"` + name + `","geometry":"point","title":{"en":"Lamps"},"attributes":[]}`
	}
	scenario{method: "POST", url: "/v1/layers", header: sendJSON, body: layer("a"), status: 504, want: []string{`"type":"/docs#timeout"`}}.run(t, c)
	loading.Store(true)
	scenario{method: "POST", url: "/v1/layers", header: sendJSON, body: layer("b"), status: 201}.run(t, c)
	scenario{url: "/v1/layers/b", status: 200}.run(t, c)
	loading.Store(false)
	scenario{method: "POST", url: "/v1/layers", header: sendJSON, body: layer("c"), status: 504}.run(t, c)
}
