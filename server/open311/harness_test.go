package open311_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/cases/class"
	"github.com/gewu-city/gewu/cases/clock"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/cases/timing"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/catalogue"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/profiles"
	"github.com/gewu-city/gewu/server/open311"
	"github.com/gewu-city/gewu/server/open311/service"
)

// monday is when stories begin: eleven in the morning in Beijing.
var monday = time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC)

// pages is a log in memory that keeps events as they are encoded.
type pages struct {
	mu     sync.Mutex
	seq    data.Seq
	events map[string][][]byte
}

func (p *pages) Append(_ context.Context, events []*cases.Event) (data.Seq, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range events {
		b, err := cases.Encode(e)
		if err != nil {
			return 0, err
		}
		p.events[e.Case] = append(p.events[e.Case], b)
	}
	p.seq++
	return p.seq, nil
}

func (p *pages) Events(_ context.Context, id string) iter.Seq2[*cases.Event, error] {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := slices.Clone(p.events[id])
	return func(yield func(*cases.Event, error) bool) {
		for _, b := range all {
			if !yield(cases.Decode(b)) {
				return
			}
		}
	}
}

// shelf are cases as the API asks for them.
type shelf struct {
	*store.Store
	*pages
}

func (s shelf) Append(ctx context.Context, events []*cases.Event) (data.Seq, error) {
	return s.Store.Append(ctx, events)
}

// office has everybody everywhere.
type office struct{}

func (office) Path(id string) []string   { return []string{"district", id} }
func (office) Holds(_, _, _ string) bool { return true }

// ground is a city of one street: what lies within half a degree of its centre.
type ground struct{}

const east, north = 116.4, 39.9

func inside(at cases.Position) bool {
	return at.Lon > east-0.5 && at.Lon < east+0.5 && at.Lat > north-0.5 && at.Lat < north+0.5
}

func (ground) Inside(_ context.Context, at cases.Position) (bool, error) { return inside(at), nil }

func (ground) Geocode(_ context.Context, words string) (cases.Position, bool, error) {
	if words == "10 Main Street" || words == "东华门大街10号" {
		return cases.Position{Lon: east, Lat: north, Accuracy: 10}, true, nil
	}
	return cases.Position{}, false, nil
}

var cover = cases.Part{Layer: "covers", ID: "7", Code: "1101010102000007", Class: "01002", Owner: "water"}

func (ground) Named(_ context.Context, code string) (open311.Named, bool, error) {
	switch code {
	case cover.Code:
		return open311.Named{At: cases.Position{Lon: east + 0.001, Lat: north}, Part: &cover}, true, nil
	case "D-10":
		return open311.Named{At: cases.Position{Lon: east, Lat: north}, Address: "东华门大街10号"}, true, nil
	}
	return open311.Named{}, false, nil
}

func (ground) Locate(_ context.Context, m *cases.Matter) (*cases.Place, error) {
	p := &cases.Place{Seq: 1, Parts: m.Parts}
	if inside(m.Point) {
		p.Areas = []cases.Area{{AreaKey: people.AreaKey{Level: "district", Code: "110101"}, Name: "东城区"}, {AreaKey: people.AreaKey{Level: "street", Code: "110101001"}, Name: "东华门街道"}}
		p.Address = "东华门大街10号"
		p.Duty = &cases.Duty{Rule: "covers", Organisation: "water", Post: people.PostHandler}
	}
	return p, nil
}

// keys are two: one that may report, one that may not.
type keys struct{}

func (keys) Key(_ *http.Request, token string) (open311.Key, error) {
	switch token {
	case "secret":
		return open311.Key{ID: "k1"}, nil
	case "ending":
		return open311.Key{ID: "k3", Notice: "this key ends on 2026-12-31"}, nil
	case "reader":
		return open311.Key{}, open311.ErrScope
	}
	return open311.Key{}, open311.ErrKey
}

func (keys) Allowed(origin string) bool { return origin == "https://app.example" }

// albums keeps pictures, and shows those that were reviewed.
type albums struct {
	mu       sync.Mutex
	kept     map[string][]byte
	reviewed map[string]bool
}

func (a *albums) Keep(_ *http.Request, owner open311.Key, b []byte) (cases.File, error) {
	if !strings.HasPrefix(string(b), "\xff\xd8") {
		return cases.File{}, &data.FieldError{Field: "file", Value: owner.ID, Why: "is no picture"}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	hash := fmt.Sprintf("%064x", len(a.kept)+1)
	for h, other := range a.kept {
		if string(other) == string(b) {
			hash = h
		}
	}
	a.kept[hash] = b
	return cases.File{Hash: hash, Type: "image/jpeg", Size: int64(len(b))}, nil
}

func (a *albums) Public(_ context.Context, _, hash string) (string, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return "https://city.example/files/" + hash[60:] + ".jpg", a.reviewed[hash]
}

// vault keeps who reported.
type vault struct{ sealed map[string]open311.Contact }

func (v *vault) Seal(_ context.Context, caseID string, who open311.Contact) (string, bool, error) {
	v.sealed["P-"+caseID] = who
	return "P-" + caseID, true, nil
}

// clocks say when handling is due, by the clocks of the city.
type clocks struct{ *timing.Ledger }

func (c clocks) Due(ctx context.Context, id string) (time.Time, error) {
	all, err := c.Of(ctx, id)
	return all.DueOf("handle"), err
}

const rules = `
[[clock]]
name = "handle"
title = { zh = "处置", en = "Handling" }
[[clock.mark]]
kind = "overdue"
share = 1
`

const hours = `
name = "city"
title = { zh = "工作日历", en = "Working calendar" }
version = 1
valid = 2026-01-01
zone = "Asia/Shanghai"
holidays = { from = 2026-01-01, until = 2027-12-31 }
[[season]]
week = { "mon-fri" = ["08:00-12:00", "14:00-18:00"] }
`

// town is a city with its Open311, in memory: everything that is no fake of a neighbour is what runs in a server.
type town struct {
	testing.TB
	*open311.API
	desk   *cases.Desk
	shelf  shelf
	albums *albums
	vault  *vault
	now    time.Time
	ids    int
}

func must[T any](t testing.TB) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// open makes a town of a profile; change alters what it works with.
func open(t testing.TB, profile string, change func(*open311.Config)) *town {
	t.Helper()
	var posts []string
	for _, p := range people.DefaultPosts() {
		posts = append(posts, p.ID)
	}
	table := must[*process.Table](t)(process.Load(process.FromFS(profiles.Files), profile, posts))
	tables := must[*process.Versions](t)(process.Make(table))
	log := &pages{events: map[string][][]byte{}}
	held := must[*store.Store](t)(store.New(log, store.Options{Levels: []string{"street"}}))
	city := &timing.City{
		Rules: must[*clock.Rules](t)(clock.ParseRules(rules)), Table: class.Default(), Calendar: "city",
		Book: must[*calendar.Book](t)(calendar.NewBook(must[*calendar.Definition](t)(calendar.Parse(hours)))),
	}
	w := &town{TB: t, shelf: shelf{held, log}, now: monday, albums: &albums{kept: map[string][]byte{}, reviewed: map[string]bool{}}, vault: &vault{map[string]open311.Contact{}}}
	w.desk = &cases.Desk{
		Log: w.shelf, Shelf: held, Tables: tables, Process: profile, Directory: func(time.Time) cases.Directory { return office{} },
		Limits: &timing.Limits{City: city, Of: func(string) timing.Clocks { return nil }}, Locate: ground{}, Geocode: ground{},
	}
	classes := class.Default()
	c := open311.Config{
		Settings: open311.Settings{Title: data.Title{"zh": "东城区", "en": "Dongcheng"}, Contact: "311@city.example", KeyService: "ask 311@city.example", Lang: "en"},
		Classes:  func() *class.Table { return classes }, Changed: &open311.FileChanges{}, Cases: w.shelf, Desk: w.desk,
		Processes: func() *process.Versions { return tables }, Process: profile, Places: ground{}, Keys: keys{}, Clocks: clocks{timing.NewLedger(city, log)},
		Offices: func(id, _ string) string { return map[string]string{"water": "自来水公司"}[id] }, Contacts: w.vault, Files: w.albums,
		NewID: func() (string, error) { w.ids++; return fmt.Sprintf("C-%04d", w.ids), nil },
		Base:  func(r *http.Request) string { return "http://" + r.Host }, Now: func() time.Time { return w.now },
		Log: func(_ *http.Request, err error) { t.Log("fault:", err) },
	}
	if change != nil {
		change(&c)
	}
	w.API = open311.New(c)
	return w
}

// questions are those of a city that asks about broken lights.
func questions(key catalogue.Key) []service.Attribute {
	if key.Code != "01002" || key.Kind != catalogue.Part {
		return nil
	}
	return []service.Attribute{
		{
			Code: "TRAFFIC", Datatype: service.SingleList, Required: true, Description: data.Title{"zh": "是否影响交通？", "en": "Is traffic blocked?"},
			Values: []service.Choice{{Key: "yes", Name: data.Title{"zh": "是", "en": "Yes"}}, {Key: "no", Name: data.Title{"zh": "否", "en": "No"}}},
		},
		{
			Code: "SEEN", Datatype: service.MultiList, Description: data.Title{"zh": "看到什么？", "en": "What do you see?"},
			Values: []service.Choice{{Key: "a", Name: data.Title{"en": "Water"}}, {Key: "b", Name: data.Title{"en": "Sand"}}},
		},
		{Code: "COUNT", Datatype: service.Number, Description: data.Title{"zh": "几个？", "en": "How many?"}},
		{Code: "SINCE", Datatype: service.Datetime, Description: data.Title{"zh": "什么时候开始？", "en": "Since when?"}},
		{Code: "HELP", Datatype: service.Text, Info: true, Description: data.Title{"zh": "有危险请打 110", "en": "In danger call 110"}},
	}
}

// send sends a request and returns the answer, as a recorder of it.
func (w *town) send(method, target, contentType string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	w.Helper()
	r := httptest.NewRequest(method, target, body)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	handle := w.Get
	if method == http.MethodPost {
		handle = w.Post
	}
	if err := handle(rec, r); err != nil {
		w.Fatalf("%s %s: %v", method, target, err)
	}
	return rec
}

func (w *town) get(target string, headers ...string) *httptest.ResponseRecorder {
	w.Helper()
	return w.send(http.MethodGet, target, "", nil, headers...)
}

// form sends fields as a form: pairs of names and values, percent-encoded as browsers do.
func (w *town) form(target string, fields ...string) *httptest.ResponseRecorder {
	w.Helper()
	var b strings.Builder
	for i := 0; i+1 < len(fields); i += 2 {
		fmt.Fprintf(&b, "%s=%s&", url.QueryEscape(fields[i]), url.QueryEscape(fields[i+1]))
	}
	return w.send(http.MethodPost, target, "application/x-www-form-urlencoded", strings.NewReader(strings.TrimSuffix(b.String(), "&")))
}

// act does something with a case, an hour later.
func (w *town) act(id, person, organisation, post, action string, form cases.Form) {
	w.Helper()
	w.now = w.now.Add(time.Hour)
	cmd := &cases.Command{Case: id, At: w.now, Actor: cases.Actor{Person: person, Organisation: organisation, Post: post}, Action: action, Form: form}
	if _, err := w.desk.Do(context.Background(), cmd); err != nil {
		w.Fatalf("%s: %v", action, err)
	}
}

// unpacked is what was compressed.
func unpacked(t testing.TB, r io.Reader) string {
	t.Helper()
	z := must[*gzip.Reader](t)(gzip.NewReader(r))
	return string(must[[]byte](t)(io.ReadAll(z)))
}
