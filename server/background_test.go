package server

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/server/background"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/jobs"
	"github.com/gewu-city/gewu/server/rest"
)

// job asks for work as a job and returns it.
func (c *town) job(method, path string, header map[string]string, body string) jobs.Job {
	c.t.Helper()
	a := c.do(method, path, header, body)
	if a.status != 202 || !strings.HasPrefix(a.header.Get("Location"), "/v1/jobs/") {
		c.t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
	}
	return decode[jobs.Job](c.t, a)
}

func (c *town) ended(id string) jobs.Job {
	c.t.Helper()
	return decode[jobs.Job](c.t, c.do("GET", "/v1/jobs/"+id+"?wait=60s", nil, ""))
}

// watch reads the events of a job until the stream ends, and passes each on.
func (c *town) watch(id string, each func(name string, job jobs.Job)) error {
	resp, err := client.Get(c.http.URL + "/v1/jobs/" + id + "/events")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || kind != "text/event-stream" {
		return fmt.Errorf("%d %s", resp.StatusCode, kind)
	}
	lines, name := bufio.NewScanner(resp.Body), ""
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			name = text
		}
		if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			var job jobs.Job
			if err := json.Unmarshal([]byte(text), &job); err != nil {
				return err
			}
			each(name, job)
		}
	}
	return lines.Err()
}

// submit begins work by a handler of the test.
func (c *town) submit(do background.Handler) string {
	c.t.Helper()
	r := mux.SetURLVars(httptest.NewRequest(http.MethodPost, "/v1/drafts/d/check?async=true", strings.NewReader("body")), map[string]string{"draft": "d"})
	w := httptest.NewRecorder()
	if err := c.server.background.Allow(background.Check, "draft", do)(w, r); err != nil {
		c.t.Fatal(err)
	}
	var job jobs.Job
	if err := json.Unmarshal(w.Body.Bytes(), &job); err != nil || w.Code != 202 || job.Kind != background.Check || job.About != "d" {
		c.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return job.ID
}

// TestTwoWatchOneCancels: work goes on a step when both who watch it have seen the one before; one cancels, and both see that.
func TestTwoWatchOneCancels(t *testing.T) {
	c := newCity(t, nil).fill()
	const steps = 5
	var seen sync.WaitGroup
	next := make(chan struct{})
	id := c.submit(func(_ http.ResponseWriter, r *http.Request) error {
		for i := range int64(steps) {
			if err := city.Progress(r.Context(), i, steps, "steps"); err != nil {
				return err
			}
			<-next
		}
		<-r.Context().Done()
		_, err := city.Decided(r)
		return err
	})
	told := make([][]int64, 2)
	ends := make([]jobs.State, 2)
	errs := make([]error, 2)
	reached := make(chan struct{}, 2*steps)
	for k := range told {
		seen.Go(func() {
			errs[k] = c.watch(id, func(name string, job jobs.Job) {
				if name == "end" {
					ends[k] = job.State
					return
				}
				if p := job.Progress; p != nil {
					told[k] = append(told[k], p.Done)
					reached <- struct{}{}
				}
			})
		})
	}
	for range steps {
		<-reached
		<-reached
		next <- struct{}{}
	}
	if a := c.do("GET", "/v1/jobs/"+id+"/answer", nil, ""); a.status != 409 || !strings.Contains(a.body, "is running") {
		t.Errorf("the answer of what goes on: %d %s", a.status, a.body)
	}
	if job := decode[jobs.Job](t, c.do("DELETE", "/v1/jobs/"+id, nil, "")); job.State != jobs.Cancelled {
		t.Errorf("%+v", job)
	}
	seen.Wait()
	for k := range told {
		if errs[k] != nil || ends[k] != jobs.Cancelled || !slices.Equal(told[k], []int64{0, 1, 2, 3, 4}) {
			t.Errorf("watcher %d: %v, %v, %v", k, told[k], ends[k], errs[k])
		}
	}
	if a := c.do("GET", "/v1/jobs/"+id+"/answer", nil, ""); a.status != 409 || !strings.Contains(a.body, "cancelled") {
		t.Errorf("the answer of what was cancelled: %d %s", a.status, a.body)
	}
}

// TestWhatHasBegunToWriteIsDone: who cancels after that is told so, and the answer is there.
func TestWhatHasBegunToWriteIsDone(t *testing.T) {
	c := newCity(t, nil).fill()
	decided, cancelled := make(chan struct{}), make(chan struct{})
	id := c.submit(func(w http.ResponseWriter, r *http.Request) error {
		r, err := city.Decided(r)
		close(decided)
		<-cancelled
		if err != nil || r.Context().Err() != nil {
			return errors.New("it was cancelled all the same")
		}
		return rest.WriteJSON(w, r, http.StatusOK, map[string]int{"written": 1})
	})
	<-decided
	if err := c.server.city.Jobs.Cancel(id); err != nil {
		t.Fatal(err)
	}
	close(cancelled)
	if job := c.ended(id); job.State != jobs.Done || !strings.Contains(string(job.Result), `"answer":"/v1/jobs/`+id+`/answer"`) {
		t.Errorf("%+v %s", job, job.Result)
	}
	if a := c.do("GET", "/v1/jobs/"+id+"/answer", nil, ""); a.status != 200 || a.body != "{\"written\":1}\n" && a.body != `{"written":1}` {
		t.Errorf("%d %q", a.status, a.body)
	}
}

// manyCells are cells of a thousandth of a degree and less in the place of all cells of the town.
func manyCells(t *testing.T, columns, rows int) string {
	t.Helper()
	var list []string
	for x := range columns {
		for y := range rows {
			west, south := 121.50+0.04*float64(x)/float64(columns), 25+0.02*float64(y)/float64(rows)
			east, north := 121.50+0.04*float64(x+1)/float64(columns), 25+0.02*float64(y+1)/float64(rows)
			list = append(list, fmt.Sprintf(`{"type":"Feature","properties":{"community":"D%d-V%d"},"geometry":%s}`, 1+2*x/columns, 1+2*y/rows, lot(west, south, east, north)))
		}
	}
	return `{"type":"FeatureCollection","features":[` + strings.Join(list, ",") + `]}`
}

// bytesOf is all that the city tells of a draft.
func (c *town) bytesOf(d string) string {
	c.t.Helper()
	out := ""
	for _, path := range []string{"", "/steps", "/cells"} {
		a := c.do("GET", d+path, nil, "")
		if a.status != 200 {
			c.t.Fatalf("%s: %d %s", path, a.status, a.body)
		}
		out += a.header.Get("ETag") + "\n" + a.body + "\n"
	}
	return out
}

// TestCancelledImportsChangeNothing cancels imports after all kinds of times: each has either changed nothing at all, or was
// done as one that nobody cancelled. Some are cancelled while they work.
func TestCancelledImportsChangeNothing(t *testing.T) {
	c := newCity(t, nil).fill()
	body := manyCells(t, 60, 30)
	begin := func() string {
		d := c.begun("li")
		c.draft(200, "POST", d+"/steps", `{"op":"lock","codes":["A121-00"]}`)
		c.draft(200, "POST", d+"/steps", `{"op":"unlock","codes":["A121-00"]}`)
		return d
	}
	whole := begin()
	start := time.Now()
	id := c.job("POST", whole+"/import?async=true", geoJSON, body).ID
	if job := c.ended(id); job.State != jobs.Done {
		t.Fatalf("%+v", job)
	}
	took := time.Since(start)
	direct := begin()
	a := c.do("POST", direct+"/import", geoJSON, body)
	b := c.do("GET", "/v1/jobs/"+id+"/answer", nil, "")
	name := func(text, d string) string {
		return strings.ReplaceAll(text, strings.TrimPrefix(d, "/v1/drafts/"), "D")
	}
	if x, y := read[draftView](t, a), read[draftView](t, b); a.status != 200 || b.status != 200 || len(x.Changed.Created) != 1800 || len(y.Changed.Created) != 1800 || x.Draft.Done != y.Draft.Done {
		t.Errorf("answered %d with %d cells, and %d with %d", a.status, len(x.Changed.Created), b.status, len(y.Changed.Created))
	}
	after := name(c.do("GET", whole+"/cells", nil, "").body, whole)
	if got := name(c.do("GET", direct+"/cells", nil, "").body, direct); got != after {
		t.Error("the cells of the job are others")
	}
	cancelled, working := 0, 0
	d := begin()
	for i := range 24 {
		before := c.bytesOf(d)
		last := c.store.Last()
		id := c.job("POST", d+"/import?async=true", geoJSON, body).ID
		time.Sleep(took * time.Duration(i%12) / 12)
		_ = c.server.city.Jobs.Cancel(id) // it may have ended
		switch job := c.ended(id); job.State {
		case jobs.Cancelled:
			if cancelled++; job.Progress != nil {
				working++
			}
			if got := c.bytesOf(d); got != before || c.store.Last() != last {
				t.Fatalf("a cancelled import has changed the draft, or written: %d", c.store.Last()-last)
			}
		case jobs.Done:
			if got := name(c.do("GET", d+"/cells", nil, "").body, d); got != after {
				t.Fatal("an import that was not cancelled in time has made other cells")
			}
			d = begin()
		default:
			t.Fatalf("%+v", job)
		}
	}
	if working == 0 {
		t.Errorf("%d of 24 imports were cancelled, none while it worked", cancelled)
	}
}

// TestDraftJobs runs check and impact as jobs: the same answers, progress to the end, one job for one key, and failures that say
// what the request would have said.
func TestDraftJobs(t *testing.T) {
	c := newCity(t, nil).fill()
	d := redraft(c)
	want := c.do("GET", d+"/impact", nil, "").body
	id := c.job("GET", d+"/impact?async=true", nil, "").ID
	job := c.ended(id)
	if job.State != jobs.Done || job.Progress == nil || job.Progress.Done != job.Progress.Total || job.Progress.Unit != "objects" {
		t.Errorf("%+v", job)
	}
	if a := c.do("GET", "/v1/jobs/"+id+"/answer", nil, ""); a.status != 200 || a.body != want || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %s\ninstead of %s", a.status, a.body, want)
	}
	table := c.job("GET", d+"/impact?async=true&format=csv", nil, "").ID
	c.ended(table)
	if a := c.do("GET", "/v1/jobs/"+table+"/answer", nil, ""); a.status != 200 || !strings.HasPrefix(a.body, "what,from,to") || !strings.HasPrefix(a.header.Get("Content-Type"), "text/csv") {
		t.Errorf("%d %s", a.status, a.body)
	}
	keyed := map[string]string{"Content-Type": "application/json", "Idempotency-Key": "once"}
	last := c.store.Last()
	id = c.job("POST", d+"/check?async=true", keyed, `{"codes":"rule"}`).ID
	var grown []int64
	if err := c.watch(id, func(_ string, job jobs.Job) {
		if job.Progress != nil {
			grown = append(grown, job.Progress.Done)
		}
	}); err != nil || !slices.IsSorted(grown) || grown[len(grown)-1] != 6 {
		t.Errorf("%v %v", grown, err)
	}
	if v := read[draftView](t, c.do("GET", "/v1/jobs/"+id+"/answer", nil, "")); !v.OK || v.Draft.State != "checked" {
		t.Errorf("%+v", v)
	}
	if again := c.do("POST", d+"/check?async=true", keyed, `{"codes":"rule"}`); again.status != 202 || decode[jobs.Job](t, again).ID != id || c.store.Last() != last+1 {
		t.Errorf("the same request again: %d %s, %d entries", again.status, again.body, c.store.Last()-last)
	}
	if other := c.do("POST", d+"/check?async=true", keyed, `{"codes":"drawn"}`); other.status != 422 {
		t.Errorf("another request with the key: %d %s", other.status, other.body)
	}
	// What fails says why as the request would.
	bad := plan("A", lot(121.5, 25, 121.53, 25.02))
	id = c.job("POST", d+"/import?async=true", geoJSON, bad).ID
	if job := c.ended(id); job.State != jobs.Failed || job.Error == "" {
		t.Errorf("%+v", job)
	}
	now, then := c.do("POST", d+"/import", geoJSON, bad), c.do("GET", "/v1/jobs/"+id+"/answer", nil, "")
	if x, y := read[problemView](t, now), read[problemView](t, then); now.status != then.status || x.Detail != y.Detail || x.Field != y.Field {
		t.Errorf("%d %s\ninstead of %d %s", then.status, then.body, now.status, now.body)
	}
	for _, sc := range []scenario{
		{name: "async by another word", url: d + "/impact?async=soon", status: 400, want: []string{`"field":"async"`}},
		{name: "not async", url: d + "/impact?async=false", status: 200},
		{name: "events of nobody", url: "/v1/jobs/nobody/events", status: 404},
		{name: "events as HTML", url: "/v1/jobs/" + id + "/events", header: map[string]string{"Accept": "image/png"}, status: 406},
		{name: "answer of nobody", url: "/v1/jobs/nobody/answer", status: 404},
		{name: "answer with what", url: "/v1/jobs/" + id + "/answer?x=1", status: 400},
		{name: "of no draft", url: "/v1/drafts/nobody/impact?async=true", status: 202},
	} {
		sc.run(t, c)
	}
}

// TestDraftJobsByRights: who may not do the work gets no job, and jobs of others are not there.
func TestDraftJobsByRights(t *testing.T) {
	c := staffed(t)
	d := "/v1/drafts/" + c.draftAs(as("plan"), 201, "POST", "/v1/drafts", `{"scheme":"unit"}`).Draft.ID
	for who, status := range map[string]int{"": 401, "one": 403} {
		if a := c.do("GET", d+"/impact?async=true", as(who), ""); a.status != status {
			t.Errorf("%q: %d %s", who, a.status, a.body)
		}
	}
	id := c.job("GET", d+"/impact?async=true", as("plan"), "").ID
	decode[jobs.Job](t, c.do("GET", "/v1/jobs/"+id+"?wait=60s", as("plan"), ""))
	for _, path := range []string{"/answer", "/events"} {
		if a := c.do("GET", "/v1/jobs/"+id+path, as("plan"), ""); a.status != 200 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
		if a := c.do("GET", "/v1/jobs/"+id+path, as("one"), ""); a.status != 404 {
			t.Errorf("%s by somebody else: %d %s", path, a.status, a.body)
		}
		if a := c.do("GET", "/v1/jobs/"+id+path, as(""), ""); a.status != 401 {
			t.Errorf("%s by the public: %d %s", path, a.status, a.body)
		}
	}
	// What the job saw is what its planner sees, and no more.
	if a := c.do("GET", "/v1/jobs/"+id+"/answer", as("plan"), ""); !strings.Contains(a.body, `"cells_before":4,`) {
		t.Error(a.body)
	}
}

// TestSchemeJobs does reports, comparisons and impacts of schemes as jobs: the same answers, told to the end, and failures that say
// what the request would have said.
func TestSchemeJobs(t *testing.T) {
	c := newCity(t, nil).fill()
	post := func(path, body string) {
		t.Helper()
		if a := c.do("POST", path, sendJSON, body); a.status >= 300 {
			t.Fatalf("%s: %d %s", path, a.status, a.body)
		}
	}
	first := c.store.Last()
	post("/v1/layers", `{"name":"fires","geometry":"polygon","attributes":[{"name":"nr","type":"code"}]}`)
	post("/v1/changes", fmt.Sprintf(`{"changes":[{"op":"put","layer":"fires","feature":{"type":"Feature","id":"1","geometry":%s,"properties":{"nr":"F1"}}}]}`, lot(121.50, 25, 121.522, 25.02)))
	post("/v1/schemes", `{"name":"fire","levels":[],"cells":{"layer":"fires","code":"nr"}}`)
	for _, tc := range []struct{ method, path, body, kind, unit string }{
		{"GET", "/v1/schemes/unit/report?high=10", "", background.Report, "cells"},
		{"GET", "/v1/schemes/unit/report?format=csv", "", background.Report, "cells"},
		{"GET", "/v1/schemes/unit/reconcile?with=fire", "", background.Reconcile, "steps"},
		{"GET", fmt.Sprintf("/v1/schemes/unit/impact?from=%d", first), "", background.Compare, "objects"},
		{"POST", "/v1/schemes/fire/impact?id=nr", plan("F1", lot(121.5, 25, 121.53, 25.02)), background.Compare, "objects"},
		{"GET", "/v1/schemes/police/report?high=10", "", background.Report, ""},
		{"GET", "/v1/schemes/unit/reconcile?with=unit", "", background.Reconcile, ""},
	} {
		var header map[string]string
		if tc.body != "" {
			header = geoJSON
		}
		direct := c.do(tc.method, tc.path, header, tc.body)
		id := c.job(tc.method, tc.path+"&async=true", header, tc.body).ID
		var grown []int64
		if err := c.watch(id, func(_ string, job jobs.Job) {
			if job.Progress != nil {
				grown = append(grown, job.Progress.Done)
			}
		}); err != nil || !slices.IsSorted(grown) {
			t.Errorf("%s: %v %v", tc.path, grown, err)
		}
		job, answer := c.ended(id), c.do("GET", "/v1/jobs/"+id+"/answer", nil, "")
		if job.Kind != tc.kind || job.About != strings.Split(tc.path, "/")[3] {
			t.Errorf("%s: %+v", tc.path, job)
		}
		if direct.status != 200 {
			if x, y := read[problemView](t, direct), read[problemView](t, answer); job.State != jobs.Failed || answer.status != direct.status || x.Detail != y.Detail || x.Field != y.Field {
				t.Errorf("%s: %+v\n%d %s\ninstead of %d %s", tc.path, job, answer.status, answer.body, direct.status, direct.body)
			}
			continue
		}
		if job.State != jobs.Done || job.Progress == nil || job.Progress.Done != job.Progress.Total || job.Progress.Unit != tc.unit {
			t.Errorf("%s: %+v", tc.path, job)
		}
		if answer.status != 200 || answer.body != direct.body || answer.header.Get("Content-Type") != direct.header.Get("Content-Type") {
			t.Errorf("%s: %d %s\ninstead of %d %s", tc.path, answer.status, answer.body, direct.status, direct.body)
		}
	}
}

// TestSchemeJobsByRights: a job is for those who can be told apart, and each sees
// what they may see.
func TestSchemeJobsByRights(t *testing.T) {
	c := staffed(t)
	const path = "/v1/schemes/unit/report"
	if a := c.do("GET", path+"?async=true", as(""), ""); a.status != 401 {
		t.Errorf("a job for the public: %d %s", a.status, a.body)
	}
	id := c.job("GET", path+"?async=true", as("one"), "").ID
	decode[jobs.Job](t, c.do("GET", "/v1/jobs/"+id+"?wait=60s", as("one"), ""))
	want := c.do("GET", path, as("one"), "")
	if a := c.do("GET", "/v1/jobs/"+id+"/answer", as("one"), ""); a.status != 200 || a.body != want.body {
		t.Errorf("%d %s\ninstead of %s", a.status, a.body, want.body)
	}
	if a := c.do("GET", "/v1/jobs/"+id+"/answer", as("plan"), ""); a.status != 404 {
		t.Errorf("of somebody else: %d %s", a.status, a.body)
	}
}
