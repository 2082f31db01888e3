package server

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/grid/request"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
)

// requestView is what tests look at of an answer about a change request.
type requestView struct {
	ID, Scheme, State, Reporter, Reason, Draft string
	Mine                                       bool
	Cells, Departments, Waiting                []string
	Sketch                                     json.RawMessage
	Opinions                                   []struct {
		Department, Words, By string
		Agree                 bool
	}
	Version int
}

// told is a problem that a test expects: its text has these words, its refusal this name.
type told struct{ words, name string }

func (c *town) told(a answer, status int, want told) {
	c.t.Helper()
	var p struct {
		Detail  string
		Refusal struct{ Name string }
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.status != status || !strings.Contains(p.Detail, want.words) || p.Refusal.Name != want.name {
		c.t.Helper()
		c.t.Errorf("%d instead of %d, %q instead of %q: %s", a.status, status, p.Refusal.Name, want.name, a.body)
	}
}

func (c *town) request(who map[string]string, status int, method, path, body string) requestView {
	c.t.Helper()
	a := c.do(method, path, who, body)
	if a.status != status {
		c.t.Fatalf("%s %s %s: %d instead of %d: %s", method, path, body, a.status, status, a.body)
	}
	var v struct{ Request requestView }
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		c.t.Fatal(err)
	}
	return v.Request
}

// decided is a city with rights in which the police and the environment office decide about requests: each has somebody who
// may approve, the office of planning has a planner, and a grid head reports.
func decided(t *testing.T) *town {
	t.Helper()
	c := staffed(t, func(cfg *Config) {
		cfg.Requests = request.Charter{Departments: []string{"police", "environment"}, Public: true}
	})
	title := data.Title{"en": "x"}
	hold := func(post, office string) []people.Holding {
		return []people.Holding{{Post: post, Organisation: office}}
	}
	c.put(data.Tx{Changes: []data.Change{
		record(t, people.Organisation{ID: "police", Title: title, Level: "department"}),
		record(t, people.Organisation{ID: "environment", Title: title, Level: "department"}),
		record(t, people.Organisation{ID: "planning", Title: title, Level: "department", Areas: []people.AreaRef{{Level: "district", Code: "D1"}, {Level: "district", Code: "D2"}}}),
		record(t, people.Post{ID: people.PostPublic, Title: title, Layers: []people.Grant{{Layers: []string{people.AnyLayer}, Read: true}}}),
		record(t, people.Staff{ID: "head", Name: "Zhang the Head", Holdings: []people.Holding{{Post: people.PostGridHead, Organisation: "d1", Scheme: "unit", Cells: []string{"A111-00", "A112-00"}}}}),
		record(t, people.Staff{ID: "draw", Name: "Draw", Holdings: hold(people.PostPlanner, "planning")}),
		record(t, people.Staff{ID: "ke", Name: "Ke", Holdings: hold(people.PostApprover, "police")}),
		record(t, people.Staff{ID: "hua", Name: "Hua", Holdings: hold(people.PostApprover, "environment")}),
		record(t, people.Staff{ID: "sub", Name: "Sub", Holdings: append(hold(people.PostCollector, "police"), people.Holding{Post: people.PostPlanner, Organisation: "planning"})}),
	}})
	return c
}

const asked = `{"scheme":"unit","cells":["A111-00","A112-00"],"reason":"被大街分开","proposal":"move it west","sketch":{"type":"LineString","coordinates":[[121.508,25.001],[121.508,25.009]],"name":"Li"}}`

// TestRequestBecomesVersion walks from a border that somebody lives with to the version that moves it.
func TestRequestBecomesVersion(t *testing.T) {
	c := decided(t)
	head, draw, ke, hua := as("head"), as("draw"), as("ke"), as("hua")
	v := c.request(head, 201, "POST", "/v1/requests", asked)
	if v.State != "reported" || !v.Mine || v.Reporter != "" || string(v.Sketch) != `{"type":"LineString","coordinates":[[121.508,25.001],[121.508,25.009]]}` {
		t.Errorf("%+v", v)
	}
	q := "/v1/requests/" + v.ID
	c.told(c.do("POST", q+"/opinion", ke, `{"agree":true}`), 403, told{"no department for which you may speak", ""})
	c.told(c.do("POST", q+"/opinion", ke, `{"department":"police","agree":true}`), 409, told{"must be surveyed", "not_surveyed"})
	c.told(c.do("POST", q+"/draft", draw, ``), 409, told{"only what the departments accept", "not_accepted"})
	c.told(c.do("POST", q+"/survey", head, `{"findings":"so it is"}`), 403, told{"permission plan", ""})
	c.told(c.do("POST", q+"/survey", draw, `{"findings":""}`), 422, told{"must say what was found", ""})
	c.told(c.do("POST", q+"/survey", draw, `{"findings":"x","cells":["A111-00","B"]}`), 422, told{"is the code of no cell", ""})
	v = c.request(draw, 200, "POST", q+"/survey", `{"findings":"the street is eight lanes wide"}`)
	if v.State != "surveyed" || v.Reporter != "account:acc-head" || !slices.Equal(v.Waiting, []string{"police", "environment"}) {
		t.Errorf("%+v", v)
	}
	c.told(c.do("POST", q+"/survey", draw, `{"findings":"again"}`), 409, told{"was surveyed", "is_surveyed"})
	// Who speaks for whom.
	c.told(c.do("POST", q+"/opinion", head, `{"agree":true}`), 403, told{"permission", ""})
	c.told(c.do("POST", q+"/opinion", draw, `{"agree":true}`), 403, told{"no department for which you may speak", ""})
	c.told(c.do("POST", q+"/opinion", draw, `{"department":"planning","agree":true}`), 403, told{"does not decide about this request; police, environment do", "not_named"})
	c.told(c.do("POST", q+"/opinion", ke, `{"department":"environment","agree":true}`), 403, told{"no department for which you may speak", ""})
	c.told(c.do("POST", q+"/opinion", as("sub"), `{"department":"police","agree":true}`), 403, told{"no department for which you may speak", ""})
	c.told(c.do("POST", q+"/opinion", as("root"), `{"department":"police","agree":true}`), 403, told{"no department for which you may speak", ""})
	c.told(c.do("POST", q+"/opinion", ke, `{"department":"police","agree":false}`), 422, told{"must say why the department refuses", ""})
	c.told(c.do("POST", q+"/opinion", ke, `{"department":"police"}`), 422, told{"agree must be true or false", ""})
	c.told(c.do("POST", q+"/opinion", ke, `{"department":"police","agree":true,"by":"hua"}`), 403, told{"you act for yourself", ""})
	v = c.request(ke, 200, "POST", q+"/opinion", `{"agree":true,"words":"two beats less"}`)
	if v.State != "surveyed" || !slices.Equal(v.Waiting, []string{"environment"}) || len(v.Opinions) != 1 || v.Opinions[0].By != "account:acc-ke" {
		t.Errorf("%+v", v)
	}
	c.told(c.do("POST", q+"/opinion", ke, `{"agree":true}`), 409, told{"has spoken", "has_spoken"})
	v = c.request(hua, 200, "POST", q+"/opinion", `{"department":"environment","agree":true}`)
	if v.State != "accepted" || len(v.Waiting) > 0 {
		t.Errorf("%+v", v)
	}
	c.told(c.do("POST", q+"/opinion", hua, `{"department":"environment","agree":true}`), 409, told{"is decided", "is_decided"})
	c.told(c.do("POST", q+"/withdraw", head, `{}`), 409, told{"is decided", "is_decided"})
	// The draft, linked both ways; one that is forgotten leaves the request accepted.
	c.told(c.do("POST", q+"/draft", draw, `{"scheme":"fire"}`), 422, told{"is not that of the request", ""})
	c.told(c.do("POST", q+"/draft", draw, `{"from_version":1}`), 422, told{"has no meaning here", ""})
	first := c.draftAs(draw, 201, "POST", q+"/draft", `{"title":"West"}`)
	if v = c.request(draw, 200, "GET", q, ""); v.State != "draft" || v.Draft != first.Draft.ID {
		t.Errorf("%+v", v)
	}
	c.told(c.do("POST", q+"/draft", draw, ``), 409, told{"has the draft", "has_draft"})
	if a := c.do("DELETE", "/v1/drafts/"+first.Draft.ID, draw, ""); a.status != 200 {
		t.Fatal(a.body)
	}
	if v = c.request(draw, 200, "GET", q, ""); v.State != "accepted" || v.Draft != "" {
		t.Errorf("%+v", v)
	}
	key := as("draw")
	key["Idempotency-Key"] = "one"
	d := c.draftAs(key, 201, "POST", q+"/draft", ``)
	if again := c.draftAs(key, 201, "POST", q+"/draft", ``); again.Draft.ID != d.Draft.ID {
		t.Error("the same request with the same key began another draft")
	}
	draft := "/v1/drafts/" + d.Draft.ID
	if a := c.do("GET", draft, draw, ""); !strings.Contains(a.body, fmt.Sprintf(`"request":%q`, v.ID)) {
		t.Error(a.body)
	}
	c.draftAs(draw, 200, "POST", draft+"/steps", `{"op":"move_vertex","from":[121.51,25.01],"to":[121.508,25.01]}`)
	if checked := c.draftAs(draw, 200, "POST", draft+"/check", ``); !checked.OK {
		t.Fatalf("%+v", checked)
	}
	if a := c.do("POST", draft+"/approve", draw, ``); a.status != 403 {
		t.Error(a.status, a.body)
	}
	c.draftAs(ke, 200, "POST", draft+"/approve", `{}`)
	if v = c.request(head, 200, "GET", q, ""); v.State != "draft" {
		t.Errorf("%+v", v)
	}
	c.draftAs(ke, 200, "POST", draft+"/publish", `{}`)
	if v = c.request(draw, 200, "GET", q, ""); v.State != "done" || v.Version != 2 || v.Draft != d.Draft.ID {
		t.Errorf("%+v", v)
	}
	if a := c.do("GET", "/v1/requests?state=done&cell=A111-00&mine=true", head, ""); !strings.Contains(a.body, `"count":1`) {
		t.Error(a.body)
	}
	if a := c.do("GET", "/v1/requests?mine=true", draw, ""); !strings.Contains(a.body, `"count":0`) {
		t.Error(a.body)
	}
	// What the public is told, and what is in the log of the process.
	for _, path := range []string{q, "/v1/requests", "/v1/requests?state=done"} {
		a := c.do("GET", path, nil, "")
		for _, secret := range []string{"head", "acc-", "大街", "west", "lanes", "beats", "LineString", d.Draft.ID} {
			if a.status != 200 || strings.Contains(a.body, secret) {
				t.Errorf("%s tells %q: %s", path, secret, a.body)
			}
		}
	}
	if versions := c.do("GET", "/v1/schemes/unit/versions", nil, ""); strings.Contains(versions.body, "大街") {
		t.Error(versions.body)
	}
	if log := c.logged(); strings.Contains(log, "大街") || strings.Contains(log, "Zhang") {
		t.Error("the log of the process tells what was reported, or by whom")
	}
}

// TestRequestOnADay: a publication that waits leaves the request a draft until its moment.
func TestRequestOnADay(t *testing.T) {
	c := newCity(t, func(cfg *Config) {
		cfg.Requests = request.Charter{Departments: []string{"a", "b"}}
	}).fill()
	q := "/v1/requests/" + c.request(jsonBody, 201, "POST", "/v1/requests", asked).ID
	c.request(jsonBody, 200, "POST", q+"/survey", `{"findings":"f","by":"li"}`)
	c.request(jsonBody, 200, "POST", q+"/opinion", `{"department":"a","agree":true,"by":"wang"}`)
	c.told(c.do("POST", q+"/opinion", jsonBody, `{"department":"b","agree":true,"by":"wang"}`), 403, told{"has spoken for a", "spoke_elsewhere"})
	c.told(c.do("POST", q+"/opinion", jsonBody, `{"department":"b","agree":true}`), 403, told{"has reported it", "own_request"})
	c.request(jsonBody, 200, "POST", q+"/opinion", `{"department":"b","agree":true,"by":"zhao"}`)
	d := "/v1/drafts/" + c.draft(201, "POST", q+"/draft", `{"by":"li"}`).Draft.ID
	c.draft(200, "POST", d+"/steps", `{"op":"move_vertex","from":[121.51,25.01],"to":[121.508,25.01]}`)
	c.draft(200, "POST", d+"/check", "")
	c.draft(200, "POST", d+"/approve", `{"by":"wang"}`)
	due := time.Now().Add(time.Second)
	c.draft(202, "POST", d+"/publish", fmt.Sprintf(`{"at":%q}`, due.Format(time.RFC3339Nano)))
	if v := c.request(jsonBody, 200, "GET", q, ""); v.State != "draft" && time.Now().Before(due) {
		t.Errorf("%+v", v)
	}
	for limit := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if v := c.request(jsonBody, 200, "GET", q, ""); v.State == "done" {
			return
		} else if time.Now().After(limit) {
			t.Fatalf("%+v", v)
		}
	}
}

// TestRequestsRefused: what cannot be reported is told with the cause, and nothing is kept.
func TestRequestsRefused(t *testing.T) {
	c := decided(t)
	before := c.store.Last()
	head := as("head")
	sketch := func(text string) string {
		return fmt.Sprintf(`{"scheme":"unit","cells":["A111-00"],"reason":"r","sketch":%s}`, text)
	}
	many := make([]string, 501)
	for i := range many {
		many[i] = fmt.Sprintf("[%.5f,%.7f]", 121.5+float64(i)*1e-5, 25+float64(i*i)*1e-8)
	}
	for body, want := range map[string]told{
		`{`: {"", ""}, `{"scheme":"unit","cells":["A111-00"],"reason":"r","who":"Li"}`: {"who", ""},
		`{"cells":["A111-00"],"reason":"r"}`:                                       {"scheme must be the name of a scheme: unit", ""},
		`{"scheme":"fire","cells":["A111-00"],"reason":"r"}`:                       {"there are unit", ""},
		`{"scheme":"unit","reason":"r"}`:                                           {"cells names no cell", ""},
		`{"scheme":"unit","cells":["A111-00","X9"],"reason":"r"}`:                  {`is the code of no cell of scheme unit (value \"X9\")`, ""},
		`{"scheme":"unit","cells":["A111-00","A111-00"],"reason":"r"}`:             {"each once", ""},
		`{"scheme":"unit","at":[121,25],"reason":"r"}`:                             {"lies in no cell", ""},
		`{"scheme":"unit","at":[521,25],"reason":"r"}`:                             {"within ±180", ""},
		`{"scheme":"unit","at":[121.505,25.005],"cells":["A111-00"],"reason":"r"}`: {"at goes without cells", ""},
		`{"scheme":"unit","cells":["A111-00"]}`:                                    {"must say why the cells are unsuitable", ""},
		`{"scheme":"unit","cells":["A111-00"],"reason":"ring 13812345678"}`:        {"must not stand in a request", ""},
		`{"scheme":"unit","cells":["A111-00"],"reason":"r","by":"Zhang the Head"}`: {"operator of the machine only", ""},
		sketch(`"a line"`): {"is no GeoJSON geometry", ""}, sketch(`{"type":"Circle"}`): {"is no GeoJSON geometry", ""},
		sketch(`{"type":"Point","coordinates":[121.505,25.005]}`):                                                                           {"must be a LineString or a Polygon", ""},
		sketch(`{"type":"LineString","coordinates":[[121.505,25.005]]}`):                                                                    {"sketch", ""},
		sketch(`{"type":"LineString","coordinates":[[11.505,25.005],[11.506,25.005]]}`):                                                     {"lies outside of the city", ""},
		sketch(`{"type":"LineString","coordinates":[[121.501,25.001],[121.505,25.005],[121.505,25.001],[121.501,25.005]]}`):                 {"crosses or touches itself", ""},
		sketch(`{"type":"Polygon","coordinates":[[[121.501,25.001],[121.505,25.005],[121.505,25.001],[121.501,25.005],[121.501,25.001]]]}`): {"is no valid polygon", ""},
		sketch(`{"type":"Polygon","coordinates":[[[121.501,25.001],[121.505,25.001],[121.505,25.005]]]}`):                                   {"sketch", ""},
		sketch(`{"type":"LineString","coordinates":[` + strings.Join(many, ",") + `]}`):                                                     {"more than 500 vertices", ""},
		`{"scheme":"unit","cells":["A111-00"],"reason":"` + strings.Repeat("x", 300_000) + `"}`:                                             {"", ""},
	} {
		a := c.do("POST", "/v1/requests", head, body)
		if a.status < 400 || a.status >= 500 || !strings.Contains(a.body, want.words) {
			t.Errorf("%.200s: %d %s instead of %q", body, a.status, a.body, want.words)
		}
		if strings.Contains(a.body, "13812345678") {
			t.Error("the answer repeats what must not be kept")
		}
	}
	if c.store.Last() != before {
		t.Error("something was kept")
	}
	if log := c.logged(); strings.Contains(log, "13812345678") || strings.Contains(log, "Zhang") {
		t.Error("the log of the process repeats what must not be kept")
	}
	c.told(c.do("GET", "/v1/requests?state=lost", nil, ""), 400, told{"state must be", ""})
	c.told(c.do("GET", "/v1/requests/none", nil, ""), 404, told{"is no request", ""})
	c.told(c.do("POST", "/v1/requests/none/survey", as("draw"), `{"findings":"f"}`), 404, told{"is no request", ""})
}

// TestWhoMayReport: the public where the profile says so, somebody for staff on the machine itself; each takes back their own.
func TestWhoMayReport(t *testing.T) {
	c := decided(t)
	anyone := map[string]string{"Content-Type": "application/json", "Idempotency-Key": "mine"}
	v := c.request(anyone, 201, "POST", "/v1/requests", asked)
	if again := c.request(anyone, 201, "POST", "/v1/requests", asked); again.ID != v.ID || v.Reason != "" || v.Mine {
		t.Errorf("%+v %+v", v, again)
	}
	q := "/v1/requests/" + v.ID
	if v = c.request(as("draw"), 200, "GET", q, ""); v.Reporter != "public" || v.Reason == "" {
		t.Errorf("%+v", v)
	}
	for who, status := range map[string]int{"": 401, "head": 403, "draw": 403, "root": 403} {
		if a := c.do("POST", q+"/withdraw", as(who), `{}`); a.status != status {
			t.Errorf("%q withdraws: %d %s", who, a.status, a.body)
		}
	}
	c.told(c.do("POST", "/v1/requests", as("head/export"), asked), 403, told{"your key leaves out", ""})
	own := "/v1/requests/" + c.request(as("head/report"), 201, "POST", "/v1/requests", asked).ID
	if v = c.request(as("head"), 200, "POST", own+"/withdraw", `{"words":"settled"}`); v.State != "withdrawn" {
		t.Errorf("%+v", v)
	}
	c.told(c.do("POST", own+"/withdraw", as("head"), `{}`), 409, told{"was withdrawn", "is_withdrawn"})
	c.told(c.do("POST", own+"/survey", as("draw"), `{"findings":"f"}`), 409, told{"was withdrawn", "is_withdrawn"})
	// What is about cells out of sight does not exist for those who see others only.
	far := "/v1/requests/" + c.request(as("root"), 201, "POST", "/v1/requests", `{"scheme":"unit","cells":["A222-00"],"reason":"r"}`).ID
	if a := c.do("GET", far, as("plan"), ""); a.status != 404 {
		t.Errorf("%d %s", a.status, a.body)
	}
	c.told(c.do("POST", "/v1/requests", as("plan"), `{"scheme":"unit","cells":["A222-00"],"reason":"r"}`), 422, told{"no cell of scheme unit", ""})
	// Too many about one cell.
	for n := 1; n < request.MaxOpen; n++ {
		c.request(as("root"), 201, "POST", "/v1/requests", `{"scheme":"unit","cells":["A222-00"],"reason":"r"}`)
	}
	c.told(c.do("POST", "/v1/requests", as("root"), `{"scheme":"unit","cells":["A222-00"],"reason":"r"}`), 409, told{"nobody has decided yet", ""})

	closed := staffed(t)
	closed.told(closed.do("POST", "/v1/requests", as(""), asked), 401, told{"log in", ""})

	open := newCity(t, nil).fill()
	open.told(open.do("POST", "/v1/requests", jsonBody, `{"scheme":"unit","at":[121.505,25.005],"reason":"r","by":"Zhang the Head"}`), 422, told{"id of a person of the directory", ""})
	open.put(data.Tx{Changes: []data.Change{record(t, people.Organisation{ID: "d1", Title: data.Title{"en": "x"}, Level: "department"}), record(t, people.Staff{ID: "head", Name: "Zhang the Head"})}})
	v = open.request(jsonBody, 201, "POST", "/v1/requests", `{"scheme":"unit","at":[121.505,25.005],"reason":"r","by":"head"}`)
	if v.Reporter != "staff:head" || !slices.Equal(v.Cells, []string{"A111-00"}) {
		t.Errorf("%+v", v)
	}
	open.told(open.do("POST", "/v1/requests/"+v.ID+"/survey", jsonBody, `{"findings":"f"}`), 409, told{"names no departments", "no_departments"})
	open.request(jsonBody, 200, "POST", "/v1/requests/"+v.ID+"/withdraw", `{}`)

	missing := newCity(t, func(cfg *Config) { cfg.Requests.Departments = []string{"d1", "lost"} }).fill()
	missing.put(data.Tx{Changes: []data.Change{record(t, people.Organisation{ID: "d1", Title: data.Title{"en": "x"}, Level: "department"})}})
	v = missing.request(jsonBody, 201, "POST", "/v1/requests", asked)
	missing.told(missing.do("POST", "/v1/requests/"+v.ID+"/survey", jsonBody, `{"findings":"f"}`), 409, told{`is no organisation of its directory that works now`, ""})
}

// TestRefusedWithReasons: one refusal refuses, once all have spoken; its words are kept.
func TestRefusedWithReasons(t *testing.T) {
	c := decided(t)
	q := "/v1/requests/" + c.request(as("head"), 201, "POST", "/v1/requests", asked).ID
	c.request(as("draw"), 200, "POST", q+"/survey", `{"findings":"f","cells":["A111-00"]}`)
	if v := c.request(as("ke"), 200, "POST", q+"/opinion", `{"agree":false,"words":"the beat stays whole"}`); v.State != "surveyed" {
		t.Errorf("%+v", v)
	}
	v := c.request(as("hua"), 200, "POST", q+"/opinion", `{"agree":true}`)
	if v.State != "refused" || v.Opinions[0].Words != "the beat stays whole" {
		t.Errorf("%+v", v)
	}
	if v = c.request(as("head"), 200, "GET", q, ""); v.Opinions[0].Words != "the beat stays whole" || v.Opinions[0].By != "" || v.Reporter != "" {
		t.Errorf("who reported reads why, and not who said so: %+v", v)
	}
	if v = c.request(nil, 200, "GET", q, ""); !slices.Equal(v.Cells, []string{"A111-00"}) || v.Opinions != nil {
		t.Errorf("the public: %+v", v)
	}
	c.told(c.do("POST", q+"/draft", as("draw"), ``), 409, told{"is refused; only what the departments accept", "not_accepted"})
}

// TestRequestsTogether has many move one request at once: each event is kept once, and another engine that reads the log alone,
// also a copy that ends where a process died, makes the same requests of it.
func TestRequestsTogether(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Requests.Departments = []string{"a", "b", "c"} }).fill()
	q := "/v1/requests/" + c.request(jsonBody, 201, "POST", "/v1/requests", asked).ID
	var wg sync.WaitGroup
	var mu sync.Mutex
	kept := map[string]int{}
	together := func(path string, bodies ...string) {
		for _, body := range bodies {
			wg.Go(func() {
				a := c.do("POST", q+path, jsonBody, body)
				mu.Lock()
				defer mu.Unlock()
				if a.status == 200 {
					kept[path+body]++
				} else if a.status != 409 && a.status != 403 {
					t.Errorf("%s %s: %d %s", path, body, a.status, a.body)
				}
			})
		}
		wg.Wait()
	}
	survey, withdraw := `{"findings":"f","by":"li"}`, `{}`
	together("/survey", survey, survey, survey, survey)
	if kept["/survey"+survey] != 1 {
		t.Errorf("%v", kept)
	}
	var opinions []string
	for _, d := range []string{"a", "b", "c"} {
		opinions = append(opinions, fmt.Sprintf(`{"department":%q,"agree":true,"by":"v%s"}`, d, d), fmt.Sprintf(`{"department":%q,"agree":false,"words":"no","by":"w%s"}`, d, d))
	}
	for range 6 {
		together("/opinion", opinions...)
	}
	together("/withdraw", withdraw, withdraw)
	want := request.Of(c.engine.World())
	one := want.All()[0]
	if len(one.Opinions) != 3 || one.Open() || kept["/withdraw"+withdraw] > 0 || len(want.Faults()) > 0 {
		t.Errorf("%+v %v %v", one, kept, want.Faults())
	}
	other := filepath.Join(t.TempDir(), "copy.db")
	file, err := os.Create(other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.store.Backup(t.Context(), func(int64) io.Writer { return file }); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := boltstore.Open(other, boltstore.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	engine := index.NewEngine(db)
	if err := engine.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	again, _ := request.Of(engine.World()).Find(one.ID)
	x, _ := json.Marshal(again)
	if y, _ := json.Marshal(one); string(x) != string(y) {
		t.Errorf("%s\n%s", x, y)
	}
}
