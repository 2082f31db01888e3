package server

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/server/ingest"
	"github.com/gewu-city/gewu/server/jobs"
	"github.com/gewu-city/gewu/server/undo"
)

// decode reads a JSON answer.
func decode[T any](t testing.TB, a answer) (v T) {
	t.Helper()
	if a.status/100 != 2 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	body := a.body
	if a.header.Get("Content-Encoding") == "gzip" {
		body = gunzip(t, body)
	}
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return v
}

// imported is the end of the answer to an import.
func imported(t testing.TB, a answer) (s ingest.Summary, failed string) {
	t.Helper()
	found := false
	for line := range strings.Lines(a.body) {
		var event struct {
			Done   *ingest.Summary
			Failed string
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("%v\n%s", err, a.body)
		}
		if event.Failed != "" {
			failed = event.Failed
		}
		if event.Done != nil {
			s, found = *event.Done, true
		}
	}
	if !found {
		t.Fatalf("the import does not end: %d %s", a.status, a.body)
	}
	return s, failed
}

// trees imports rows "id,count" of trees.
func (c *town) trees(query string, header map[string]string, rows ...string) answer {
	c.t.Helper()
	text := "id,count,lon,lat\n"
	for _, r := range rows {
		text += r + ",121.5,25.01\n"
	}
	all := map[string]string{"Content-Type": "text/csv"}
	maps.Copy(all, header)
	return c.do("POST", "/v1/layers/trees/import?format=csv"+query, all, text)
}

// count is the attribute count of a tree, "none" when there is no tree.
func (c *town) count(id string) string {
	c.t.Helper()
	l, _ := c.engine.World().Layer("trees")
	s, ok := l.Lookup(id)
	if !ok {
		return "none"
	}
	return l.Value(s, 2).String()
}

type importsPage struct {
	Imports []struct {
		ID, Kind, Of, State string
		Layers              []string
		From                int    `json:"seq_from"`
		To                  int    `json:"seq_to"`
		UndoneBy            string `json:"undone_by"`
		Changes             int
		Added, Changed      int
		Ended               int
	}
	Next string
}

// TestUndoAnImport is one story: an import, what is told of it, and its undo in all its ways.
func TestUndoAnImport(t *testing.T) {
	c := newCity(t, nil).fill()
	first, _ := imported(t, c.trees("", nil, "tree01,100", "new1,1", "new2,2"))
	if c.count("tree01") != "100" || c.count("new1") != "1" {
		t.Fatal("the import did not land")
	}
	job := decode[jobs.Job](t, c.do("GET", "/v1/jobs/"+first.Import, nil, ""))
	if job.State != jobs.Done || job.Kind != "import" || job.About != "trees" || job.Actor != "local" || job.Progress == nil || job.Progress.Done == 0 || !strings.Contains(string(job.Result), `"added":2`) {
		t.Errorf("job %+v %s", job, job.Result)
	}
	page := decode[importsPage](t, c.do("GET", "/v1/imports", nil, ""))
	if len(page.Imports) != 1 || page.Next != "" {
		t.Fatalf("%+v", page)
	}
	if i := page.Imports[0]; i.ID != first.Import || i.Kind != "import" || i.State != "done" || i.From != int(first.Seq) || i.To != int(first.Seq) || i.Changes != 3 || i.Added != 2 || i.Changed != 1 || i.Layers[0] != "trees" {
		t.Errorf("%+v", i)
	}
	path := "/v1/imports/" + first.Import
	before := c.store.Last()
	dry := decode[undo.Result](t, c.do("POST", path+"/undo?dry_run=true", nil, ""))
	if dry.Ended != 2 || dry.Restored != 1 || !dry.DryRun || c.store.Last() != before {
		t.Errorf("dry run %+v", dry)
	}
	c.move("new2", 121.51, 25)
	for _, sc := range []scenario{
		{name: "a conflict", method: "POST", url: path + "/undo", status: 409, want: []string{"1 feature was changed since", `"field":"trees/new2","detail":"was changed with seq `, "force"}},
		{name: "force by another name", method: "POST", url: path + "/undo?forced=1", status: 400, want: []string{`"field":"forced"`}},
		{name: "nobody's import", method: "POST", url: "/v1/imports/nothing/undo", status: 404, want: []string{`"field":"id","value":"nothing"`}},
		{name: "an import that never was", method: "GET", url: "/v1/imports/01ARZ3NDEKTSV4RRFFQ69G5FAV", status: 404},
		{name: "a cursor of somebody else", method: "GET", url: "/v1/imports?cursor=x", status: 400},
		{name: "a limit", method: "GET", url: "/v1/imports?limit=0", status: 400, want: []string{`"field":"limit"`}},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
	c.t = t
	done := decode[undo.Result](t, c.do("POST", path+"/undo?force=true", map[string]string{"Idempotency-Key": "undo it"}, ""))
	if done.Ended != 1 || done.Restored != 1 || done.Skipped != 1 || len(done.Changed) != 1 || c.count("tree01") != "1" || c.count("new1") != "none" || c.count("new2") == "none" {
		t.Errorf("%+v; tree01 %s, new1 %s, new2 %s", done, c.count("tree01"), c.count("new1"), c.count("new2"))
	}
	last := c.store.Last()
	for range 2 {
		again := c.do("POST", path+"/undo?force=true", map[string]string{"Idempotency-Key": "undo it"}, "")
		if r := decode[undo.Result](t, again); r.Undo != done.Undo || r.Seq != done.Seq || again.header.Get("X-Gewu-Seq") != fmt.Sprint(done.Seq) {
			t.Errorf("the same request again: %s", again.body)
		}
		if r := decode[undo.Result](t, c.do("POST", path+"/undo", nil, "")); !r.Already || r.Undo != done.Undo {
			t.Errorf("undone again: %+v", r)
		}
		c.restart()
	}
	if c.store.Last() != last {
		t.Errorf("repeated undos wrote up to %d, from %d", c.store.Last(), last)
	}
	back := decode[undo.Result](t, c.do("POST", "/v1/imports/"+done.Undo+"/undo", nil, ""))
	if back.Returned != 1 || back.Restored != 1 || c.count("tree01") != "100" || c.count("new1") != "1" {
		t.Errorf("%+v", back)
	}
	scenario{
		name: "what was undone and brought back", method: "POST", url: path + "/undo", status: 409,
		want: []string{first.Import + " was undone and brought back by " + back.Undo + ": undo that one"}, not: []string{"was changed with seq"},
	}.run(t, c)
	page = decode[importsPage](t, c.do("GET", "/v1/imports?limit=2&layer=trees", nil, ""))
	if len(page.Imports) != 2 || page.Imports[0].ID != back.Undo || page.Imports[0].Of != done.Undo || page.Imports[1].UndoneBy != back.Undo || page.Next == "" {
		t.Errorf("%+v", page)
	}
	page = decode[importsPage](t, c.do("GET", "/v1/imports?limit=2&cursor="+page.Next, nil, ""))
	if len(page.Imports) != 1 || page.Imports[0].ID != first.Import || page.Imports[0].UndoneBy != "" {
		t.Errorf("%+v", page)
	}
	if page = decode[importsPage](t, c.do("GET", "/v1/imports?layer=units", nil, "")); len(page.Imports) != 0 {
		t.Errorf("%+v", page)
	}
	if a := c.do("POST", "/v1/changes", sendJSON, `{"cause":"import:mine","changes":[`+put("trees", "x", somewhere, `{}`)+`]}`); a.status != 422 || !strings.Contains(a.body, `"field":"cause"`) {
		t.Errorf("a change that says it is an import: %d %s", a.status, a.body)
	}
}

// TestUndoAfterRetention says what retention has erased, from when on history is complete and what can be done.
func TestUndoAfterRetention(t *testing.T) {
	c := newCity(t, nil).fill()
	first, _ := imported(t, c.trees("", nil, "tree01,100", "new1,1"))
	second, _ := imported(t, c.trees("", nil, "tree01,200"))
	if _, err := c.store.Compact(t.Context(), boltstore.Retention{Keep: time.Nanosecond}, nil); err != nil {
		t.Fatal(err)
	}
	for _, sc := range []scenario{
		{name: "what it made is erased", method: "POST", url: "/v1/imports/" + first.Import + "/undo", status: 410, want: []string{
			"1 feature", "retention has erased", fmt.Sprintf("complete from seq %d of 2", second.Seq), "Force", "backup",
		}, not: []string{"seq 0", "changed since"}},
		{name: "what was before is erased", method: "POST", url: "/v1/imports/" + second.Import + "/undo", status: 410, want: []string{"1 feature", "retention has erased"}},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
	c.t = t
	if got := decode[undo.Result](t, c.do("POST", "/v1/imports/"+first.Import+"/undo?force=true", nil, "")); got.Ended != 1 || got.Skipped != 1 || got.Erased != 1 {
		t.Errorf("by force: %+v", got)
	}
}

// TestBackground imports and undoes in the background.
func TestBackground(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Folder = t.TempDir() }).fill()
	a := c.trees("&async=true", map[string]string{"Idempotency-Key": "b"}, "new1,1", "new2,x", "new3,3")
	job := decode[jobs.Job](t, a)
	if a.status != 202 || a.header.Get("Location") != "/v1/jobs/"+job.ID || job.Kind != "import" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	job = decode[jobs.Job](t, c.do("GET", "/v1/jobs/"+job.ID+"?wait=30s", nil, ""))
	if job.State != jobs.Done || !strings.Contains(string(job.Result), `"added":2`) || !strings.Contains(string(job.Result), `"field":"count"`) || c.count("new3") != "3" {
		t.Errorf("%+v %s", job, job.Result)
	}
	if again := c.trees("&async=true", map[string]string{"Idempotency-Key": "b"}, "new1,1", "new2,x", "new3,3"); again.status != 202 || decode[jobs.Job](t, again).ID != job.ID {
		t.Errorf("again: %d %s", again.status, again.body)
	}
	if other := c.trees("&async=true", map[string]string{"Idempotency-Key": "b"}, "new1,1"); other.status != 422 || !strings.Contains(other.body, "other files") {
		t.Errorf("other files: %d %s", other.status, other.body)
	}
	undone := decode[jobs.Job](t, c.do("POST", "/v1/imports/"+job.ID+"/undo?async=true", nil, ""))
	if undone = decode[jobs.Job](t, c.do("GET", "/v1/jobs/"+undone.ID+"?wait=30s", nil, "")); undone.State != jobs.Done || c.count("new3") != "none" {
		t.Errorf("%+v", undone)
	}
	var list struct{ Jobs []jobs.Job }
	scenario{url: "/v1/jobs?kind=foo", status: 400, want: []string{`"field":"kind","value":"foo"`, "draft-check, draft-import, draft-impact, scheme-report, scheme-reconcile, scheme-impact, case-import, import, undo, check, backup, compact or rebuild"}}.run(t, c)
	for query, want := range map[string]int{"": 2, "?kind=import": 1, "?state=done": 2, "?state=failed": 0, "?limit=1": 1, "?kind=undo&state=done": 1} {
		if list = decode[struct{ Jobs []jobs.Job }](t, c.do("GET", "/v1/jobs"+query, nil, "")); len(list.Jobs) != want {
			t.Errorf("%s: %d jobs, want %d", query, len(list.Jobs), want)
		}
	}
	for _, sc := range []scenario{
		{name: "state", url: "/v1/jobs?state=over", status: 400, want: []string{`"field":"state","value":"over"`, "interrupted"}},
		{name: "wait", url: "/v1/jobs/" + job.ID + "?wait=2h", status: 400, want: []string{`"field":"wait"`}},
		{name: "unknown", url: "/v1/jobs/nobody", status: 404},
		{name: "cancel nobody", method: "DELETE", url: "/v1/jobs/nobody", status: 404},
		{name: "cancel what has ended", method: "DELETE", url: "/v1/jobs/" + job.ID, status: 409},
		{name: "async by another word", method: "POST", url: "/v1/layers/trees/import?async=later", header: sendCSV, status: 400, want: []string{`"field":"async"`}},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}

// TestBackgroundLimits refuses bodies that are larger than the server keeps.
func TestBackgroundLimits(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Limits.SpoolBytes = 100 }).fill()
	if a := c.trees("&async=true", nil, strings.Repeat("x", 200)+",1"); a.status != 413 || !strings.Contains(a.body, "without async") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// slow is an import whose body is sent piece by piece.
type slow struct {
	t    *testing.T
	send *io.PipeWriter
	resp chan *http.Response
	errs chan error
}

func (c *town) slow(t *testing.T, query string) *slow {
	t.Helper()
	body, send := io.Pipe()
	s := &slow{t: t, send: send, resp: make(chan *http.Response, 1), errs: make(chan error, 1)}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.http.URL+"/v1/layers/trees/import?format=csv"+query, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/csv")
	go func() {
		resp, err := client.Do(req)
		s.errs <- err
		s.resp <- resp
	}()
	s.write("id,count,lon,lat\n")
	return s
}

func (s *slow) write(text string) {
	s.t.Helper()
	if _, err := io.WriteString(s.send, text); err != nil {
		s.t.Error(err)
	}
}

// end is the rest of the answer.
func (s *slow) end() answer {
	s.t.Helper()
	if err := <-s.errs; err != nil {
		s.t.Fatal(err)
	}
	resp := <-s.resp
	defer resp.Body.Close()
	var all strings.Builder
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		all.WriteString(lines.Text() + "\n")
	}
	return answer{resp.StatusCode, resp.Header, all.String()}
}

// running waits for a number of running jobs and returns the newest.
func (c *town) running(want int, state jobs.State) string {
	c.t.Helper()
	for range 2000 {
		list := decode[struct{ Jobs []jobs.Job }](c.t, c.do("GET", "/v1/jobs?limit=100&state="+string(state), nil, ""))
		if len(list.Jobs) == want {
			return list.Jobs[0].ID
		}
		time.Sleep(5 * time.Millisecond)
	}
	c.t.Fatalf("there are never %d jobs %s", want, state)
	return ""
}

// TestCancelAnImport cancels imports that wait for their client, that are busy, and that are atomic: each ends within a
// second, and its stream says so.
func TestCancelAnImport(t *testing.T) {
	c := newCity(t, nil).fill()
	for name, test := range map[string]struct {
		query string
		busy  bool
		says  string
	}{
		"waiting": {"", false, "what came before has been imported"},
		"busy":    {"", true, "what came before has been imported"},
		"atomic":  {"&atomic=true", true, "nothing has been imported"},
	} {
		s := c.slow(t, test.query)
		stop := make(chan struct{})
		var sender sync.WaitGroup
		sender.Go(func() {
			for i := 0; test.busy; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := fmt.Fprintf(s.send, "%s-%d,1,121.5,25.01\n", name, i); err != nil {
					return
				}
			}
		})
		id := c.running(1, jobs.Running)
		time.Sleep(50 * time.Millisecond)
		start := time.Now()
		job := decode[jobs.Job](t, c.do("DELETE", "/v1/jobs/"+id, nil, ""))
		if took := time.Since(start); job.State != jobs.Cancelled || took > 2*time.Second {
			t.Errorf("%s: after %v the job is %s", name, took, job.State)
		}
		close(stop)
		sender.Wait()
		s.send.Close()
		sum, failed := imported(t, s.end())
		if !strings.Contains(failed, "was cancelled; "+test.says) || test.query != "" && sum.Added != 0 {
			t.Errorf("%s: %q, %+v", name, failed, sum)
		}
		// What is told is durable; a cancelled import does not wait until it is visible.
		world, err := c.engine.Wait(t.Context(), sum.Seq)
		if err != nil {
			t.Fatal(err)
		}
		l, _ := world.Layer("trees")
		landed := 0
		for slot := range l.Slots() {
			if strings.HasPrefix(l.ID(slot), name+"-") {
				landed++
			}
		}
		if landed != sum.Added {
			t.Errorf("%s: %d rows have landed, %d are told", name, landed, sum.Added)
		}
	}
}

// TestTooManyImports fills the slots and the queue: the next is refused with a time to come back.
func TestTooManyImports(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Limits.Streams = 10_000 }).fill()
	var open []*slow
	for range jobSlots["import"] {
		open = append(open, c.slow(t, ""))
	}
	c.running(jobSlots["import"], jobs.Running)
	for i := range 16 {
		if a := c.trees("&async=true", nil, fmt.Sprintf("queued%d,1", i)); a.status != 202 {
			t.Fatalf("%d: %d %s", i, a.status, a.body)
		}
	}
	for _, query := range []string{"", "&async=true"} {
		if a := c.trees(query, nil, "late,1"); a.status != 503 || a.header.Get("Retry-After") == "" {
			t.Errorf("%q: %d %s", query, a.status, a.body)
		}
	}
	id := c.running(16, jobs.Queued)
	if j := decode[jobs.Job](t, c.do("DELETE", "/v1/jobs/"+id, nil, "")); j.State != jobs.Cancelled {
		t.Errorf("a job that waits is %s after it was cancelled", j.State)
	}
	for _, s := range open {
		s.send.Close()
		imported(t, s.end())
	}
	c.running(jobSlots["import"]+15, jobs.Done)
}

// TestImportOnce sends imports with keys again: done, going on, cut off, with other files, and after a restart.
func TestImportOnce(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Folder = t.TempDir() }).fill()
	key := map[string]string{"Idempotency-Key": "i"}
	first, _ := imported(t, c.trees("", key, "new1,1", "new2,2"))
	c.move("new1", 121.51, 25.01)
	last := c.store.Last()
	for range 2 {
		if again, failed := imported(t, c.trees("", key, "new1,1", "new2,2")); failed != "" || again.Import != first.Import || again.Added != 2 {
			t.Errorf("again: %+v %s", again, failed)
		}
		if a := c.trees("", key, "new1,1", "new2,3"); a.status != 422 || !strings.Contains(a.body, "other files") {
			t.Errorf("other files: %d %s", a.status, a.body)
		}
		if a := c.trees("&mode=replace", key, "new1,1", "new2,2"); a.status != 422 || !strings.Contains(a.body, "another request") {
			t.Errorf("another request: %d %s", a.status, a.body)
		}
		c.restart()
	}
	if c.store.Last() != last {
		t.Errorf("the import was done again: the log went from %d to %d", last, c.store.Last())
	}
	// An import that failed goes on under its id.
	key["Idempotency-Key"] = "strict"
	part, failed := imported(t, c.trees("&strict=true", key, "part1,1", "part2,x", "part3,3"))
	rest, _ := imported(t, c.trees("&strict=true", key, "part1,1", "part2,2", "part3,3"))
	if failed == "" || rest.Import != part.Import || rest.Added != 2 || rest.Unchanged != 1 {
		t.Errorf("%+v (%s), then %+v", part, failed, rest)
	}
	undone := decode[undo.Result](t, c.do("POST", "/v1/imports/"+part.Import+"/undo", nil, ""))
	if undone.Ended != 3 {
		t.Errorf("%+v", undone)
	}
	// Two at once: the second is told of the first.
	s := c.slow(t, "")
	defer func() { s.send.Close(); s.end() }()
	c.running(1, jobs.Running)
}

// TestImportKeyInUse sends a request whose first is still going on.
func TestImportKeyInUse(t *testing.T) {
	c := newCity(t, nil).fill()
	body, send := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.http.URL+"/v1/layers/trees/import?format=csv", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/csv")
	req.Header.Set("Idempotency-Key", "k")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if resp, err := client.Do(req); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	}()
	_, _ = io.WriteString(send, "id,count,lon,lat\n")
	id := c.running(1, jobs.Running)
	if a := c.trees("", map[string]string{"Idempotency-Key": "k"}, "new1,1"); a.status != 409 || a.header.Get("Location") != "/v1/jobs/"+id {
		t.Errorf("%d %s", a.status, a.body)
	}
	send.Close()
	<-ended
}

// TestAtomicImport streams an atomic import while others read and write.
func TestAtomicImport(t *testing.T) {
	c := newCity(t, nil).fill()
	s := c.slow(t, "&atomic=true")
	s.write(strings.Repeat(" ", 1) + "new1,1,121.5,25.01\n")
	for i := range 12_000 { // more than one batch
		s.write(fmt.Sprintf("bulk%d,1,121.5,25.01\n", i))
	}
	if c.count("bulk0") != "none" {
		t.Error("a part of an atomic import is visible")
	}
	s.send.Close()
	sum, failed := imported(t, s.end())
	if failed != "" || sum.Added != 12_001 || !sum.Atomic || c.count("bulk11999") != "1" {
		t.Errorf("%s %+v", failed, sum)
	}
	page := decode[importsPage](t, c.do("GET", "/v1/imports", nil, ""))
	if i := page.Imports[0]; i.To-i.From != 1 || i.Changes != 12_001 {
		t.Errorf("%+v", i)
	}
	// Somebody changes a feature of the file meanwhile.
	s = c.slow(t, "&atomic=true")
	for i := range 12_000 {
		s.write(fmt.Sprintf("bulk%d,2,121.5,25.01\n", i))
	}
	c.running(1, jobs.Running)
	seq := c.move("bulk7", 121.51, 25)
	s.send.Close()
	sum, failed = imported(t, s.end())
	if !strings.Contains(failed, fmt.Sprintf("trees/bulk7 was changed by somebody else meanwhile (seq %d)", seq)) || sum.Changed != 0 || c.count("bulk8") != "1" || c.store.Last() != seq {
		t.Errorf("%s %+v", failed, sum)
	}
}

// TestUndoOfWhatIsReferredTo takes back an import to whose features others refer by now, with and without force, and one
// the states before which their layer does not allow any more.
func TestUndoOfWhatIsReferredTo(t *testing.T) {
	c := newCity(t, nil).fill()
	ok := func(a answer) answer {
		t.Helper()
		if a.status/100 != 2 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		return a
	}
	ok(c.do("POST", "/v1/layers", sendJSON, `{"name":"signs","geometry":"none","attributes":[{"name":"tree","type":"ref","ref":"trees"},{"name":"near","type":"ref","ref":"trees","on_delete":"set_null"}]}`))
	first, _ := imported(t, c.trees("", nil, "new1,1", "new2,2", "new3,3"))
	ok(c.do("PUT", "/v1/layers/signs/features/s1", sendJSON, `{"type":"Feature","geometry":null,"properties":{"tree":"new1","near":"new2"}}`))
	path := "/v1/imports/" + first.Import + "/undo"
	for _, query := range []string{"", "?dry_run=true"} {
		a := c.do("POST", path+query, nil, "")
		if a.status != 409 || !strings.Contains(a.body, "the first is trees/new1: cannot be deleted while 1 feature of layer signs refers to it by tree: \\\"s1\\\"") || strings.Contains(a.body, "new2") {
			t.Errorf("%q: %d %s", query, a.status, a.body)
		}
	}
	done := decode[undo.Result](t, c.do("POST", path+"?force=true", nil, ""))
	if done.Ended != 2 || done.Skipped != 1 || !strings.Contains(done.Changed[0].Why, "s1") || c.count("new1") != "1" || c.count("new2") != "none" {
		t.Errorf("%+v; new1 %s, new2 %s", done, c.count("new1"), c.count("new2"))
	}
	sign := ok(c.do("GET", "/v1/layers/signs/features/s1", nil, "")).body
	if !strings.Contains(sign, `"tree":"new1"`) || strings.Contains(sign, "new2") {
		t.Errorf("the sign that stood near what has ended: %s", sign)
	}
	// What comes back with the undo of the undo refers to nothing that is gone.
	if back := decode[undo.Result](t, c.do("POST", "/v1/imports/"+done.Undo+"/undo", nil, "")); back.Returned != 2 || back.Restored != 1 {
		t.Errorf("%+v", back)
	}
	if sign = ok(c.do("GET", "/v1/layers/signs/features/s1", nil, "")).body; !strings.Contains(sign, `"near":"new2"`) {
		t.Errorf("the sign after the undo was undone: %s", sign)
	}

	// The state before has no count, which the layer demands since.
	ok(c.do("PUT", "/v1/layers/trees/features/bare", sendJSON, `{"type":"Feature","geometry":{"type":"Point","coordinates":[121.5,25.01]},"properties":{}}`))
	second, _ := imported(t, c.trees("", nil, "bare,5", "new4,4"))
	ok(c.do("PATCH", "/v1/layers/trees", sendJSON, `{"alter":[{"op":"require","attribute":"count","required":true}]}`))
	path = "/v1/imports/" + second.Import + "/undo"
	if a := c.do("POST", path, nil, ""); a.status != 409 || !strings.Contains(a.body, "trees/bare: properties.count: is required") {
		t.Errorf("%d %s", a.status, a.body)
	}
	done = decode[undo.Result](t, c.do("POST", path+"?force=true", nil, ""))
	if done.Ended != 1 || done.Skipped != 1 || c.count("bare") != "5" || c.count("new4") != "none" {
		t.Errorf("%+v; bare %s, new4 %s", done, c.count("bare"), c.count("new4"))
	}
}

// TestUndoOfWhatRefersToItself takes back imports whose features refer to each other: what goes together, and what comes
// back together, stands in nobody's way.
func TestUndoOfWhatRefersToItself(t *testing.T) {
	c := newCity(t, nil).fill()
	if a := c.do("POST", "/v1/layers", sendJSON, `{"name":"areas","geometry":"none","attributes":[{"name":"parent","type":"ref","ref":"areas"},{"name":"code","type":"text","unique":true}]}`); a.status != 201 {
		t.Fatal(a.body)
	}
	send := func(query, rows string) ingest.Summary {
		t.Helper()
		sum, failed := imported(t, c.do("POST", "/v1/layers/areas/import?format=csv"+query, sendCSV, "id,parent,code\n"+rows))
		if failed != "" || sum.Failed > 0 {
			t.Fatalf("%+v %s", sum, failed)
		}
		return sum
	}
	take := func(id string) undo.Result {
		t.Helper()
		return decode[undo.Result](t, c.do("POST", "/v1/imports/"+id+"/undo", nil, ""))
	}
	state := func() string {
		l, _ := c.engine.World().Layer("areas")
		var all []string
		for s := range l.Slots() {
			all = append(all, l.ID(s)+":"+l.Value(s, 0).String()+":"+l.Value(s, 1).String())
		}
		slices.Sort(all)
		return strings.Join(all, " ")
	}
	first := send("", "city,,c\ndistrict,city,d\nstreet,district,s\n")
	before := state()
	gone := take(first.Import)
	if gone.Ended != 3 || state() != "" {
		t.Errorf("%+v, %s is left", gone, state())
	}
	if take(gone.Undo); state() != before {
		t.Errorf("%s, it was\n%s", state(), before)
	}
	// A child ends, codes change hands, another child comes.
	second := send("&mode=replace", "city,,x\ndistrict,city,c\nother,city,d\n")
	if second.Added != 1 || second.Changed != 2 || second.Ended != 1 {
		t.Errorf("%+v", second)
	}
	after := state()
	back := take(second.Import)
	if state() != before {
		t.Errorf("%+v\n%s, it was\n%s", back, state(), before)
	}
	if take(back.Undo); state() != after {
		t.Errorf("%s, it was\n%s", state(), after)
	}
}
