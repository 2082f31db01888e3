package server

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/alarm"
	"github.com/gewu-city/gewu/cases/attachment"
	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/cases/class"
	"github.com/gewu-city/gewu/cases/clock"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/recent"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/cases/timing"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/catalogue"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/profiles"
	"github.com/gewu-city/gewu/server/calendars"
	"github.com/gewu-city/gewu/server/casework"
	"github.com/gewu-city/gewu/server/casework/kept"
	"github.com/gewu-city/gewu/server/casework/place"
)

// caseLog is a log of cases that is held in memory, as bytes.
type caseLog struct {
	mu     sync.Mutex
	seq    data.Seq
	events map[string][][]byte
	// at are the entries of the events.
	at map[string][]data.Seq
	// broken, when not nil, is why nothing can be appended.
	broken func() error
}

// Where is the entry that has an event.
func (l *caseLog) Where(_ context.Context, id string, number int) (data.Seq, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.at[id][number-1], nil
}

func (l *caseLog) Append(_ context.Context, events []*cases.Event) (data.Seq, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		if err := l.broken(); err != nil {
			return 0, err
		}
	}
	for _, e := range events {
		b, err := cases.Encode(e)
		if err != nil {
			return 0, err
		}
		l.events[e.Case] = append(l.events[e.Case], b)
		l.at[e.Case] = append(l.at[e.Case], l.seq+1)
	}
	l.seq++
	return l.seq, nil
}

func (l *caseLog) Events(_ context.Context, id string) iter.Seq2[*cases.Event, error] {
	l.mu.Lock()
	all := slices.Clone(l.events[id])
	l.mu.Unlock()
	return func(yield func(*cases.Event, error) bool) {
		for _, b := range all {
			if e, err := cases.Decode(b); !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// The working calendar of the tests: the table of holidays ends with the year.
const caseCalendar = `
name = "city"
title = { zh = "工作日历", en = "Working calendar" }
version = 1
valid = 2026-01-01
zone = "Asia/Shanghai"
holidays = { from = 2026-01-01, until = 2026-12-31 }
[[season]]
week = { "mon-fri" = ["08:00-12:00", "14:00-18:00"] }
`

const caseClocks = `
[[clock]]
name = "handle"
title = { zh = "处置", en = "Handling" }
[[clock.mark]]
kind = "warned"
share = 0.8
[[clock.mark]]
kind = "overdue"
share = 1
`

const caseRoutes = `
zone = "Asia/Shanghai"

[fallback]
levels = ["village", "district"]
organisation = "command-centre"

[disputed]
organisation = "command-centre"
post = "dispatcher"

[rules.night]
reason = { zh = "夜间", en = "At night" }
working = false
organisation = "water"

[rules.parts]
reason = { zh = "部件", en = "Parts" }
kinds = ["part"]
organisation = "water"
post = "handler"
limit = "2 work_day"
`

// office is a city with cases: organisations and persons of the stories, and the clock of the cases.
type office struct {
	*town
	log *caseLog
	mu  sync.Mutex
	now time.Time
}

// clockNow is the time by the clock of the cases.
func (o *office) clockNow() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

func (o *office) wait(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now = o.now.Add(d)
}

func defaultPosts() []string {
	var posts []string
	for _, p := range people.DefaultPosts() {
		posts = append(posts, p.ID)
	}
	return posts
}

func loadProcess(t testing.TB, name string) *process.Table {
	t.Helper()
	table, err := process.Load(process.FromFS(profiles.Files), name, defaultPosts())
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// caseTimes is what the clocks of the tests run by.
func caseTimes(t testing.TB) *timing.City {
	t.Helper()
	rules, err := clock.ParseRules(caseClocks)
	if err != nil {
		t.Fatal(err)
	}
	days, err := calendar.Parse(caseCalendar)
	if err != nil {
		t.Fatal(err)
	}
	book, err := calendar.NewBook(days)
	if err != nil {
		t.Fatal(err)
	}
	table, err := class.New(&class.City{Edition: catalogue.Edition2013})
	if err != nil {
		t.Fatal(err)
	}
	return &timing.City{Rules: rules, Book: book, Table: table, Calendar: "city"}
}

// working is a city with cases under a process, whose events are in memory. who asks is said by whoHeader, as in staffed;
// change may alter the service.
func working(t testing.TB, profile string, change func(*casework.Config)) *office {
	t.Helper()
	return workingOver(t, profile, nil, change)
}

// eventLog is where events of cases are.
type eventLog interface {
	Append(ctx context.Context, events []*cases.Event) (data.Seq, error)
	Events(ctx context.Context, id string) iter.Seq2[*cases.Event, error]
}

// workingOver is working with events elsewhere: over gives the log of a city, and what runs when the cases are in the store.
func workingOver(t testing.TB, profile string, over func(cfg *Config) (log eventLog, loaded func(*store.Store) *recent.Ring), change func(*casework.Config)) *office {
	t.Helper()
	o := &office{log: &caseLog{events: map[string][][]byte{}, at: map[string][]data.Seq{}}, now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.FixedZone("", 8*3600))}
	table := loadProcess(t, profile)
	city := caseTimes(t)
	o.town = newCity(t, func(cfg *Config) {
		cfg.Enforced = func() bool { return true }
		engine := cfg.Engine
		var log eventLog = o.log
		loaded := func(*store.Store) *recent.Ring { return nil }
		if over != nil {
			log, loaded = over(cfg)
		}
		ledger := timing.NewLedger(city, log)
		held, err := store.New(ledger, store.Options{Levels: []string{"district", "village"}, Schemes: []string{"unit", "doorways"}, Due: ledger.Due})
		if err != nil {
			t.Fatal(err)
		}
		book, err := kept.New(engine.World, kept.Profile{Texts: process.FromFS(profiles.Files), Process: profile, Rules: caseRoutes})
		if err != nil {
			t.Fatal(err)
		}
		hours := calendars.NewKept(engine.World, city.Book)
		city.Editions = hours.Editions
		sweeper := alarm.New(alarm.Config{City: city, Ledger: ledger, Now: o.clockNow, Logger: cfg.Logger})
		sweeper.Open(held, nil, book.Versions)
		cfg.Calendars = &calendars.Service{Kept: hours, Standard: "city", Clocks: sweeper, Now: o.clockNow}
		service := casework.Config{
			Store: held, Ledger: ledger, World: engine.World, Kept: book, Process: profile, Timing: city, Classes: city.Table,
			Ground: &place.Ground{World: engine.World, Locator: grid.NewLocator(), Working: func(at time.Time) (bool, error) {
				c, err := city.Book.On("city", at)
				if err != nil {
					return false, err
				}
				return c.Working(at)
			}},
			Moves: loaded(held), Geocode: &place.Words{Geocoder: cfg.Geocoder, Now: o.clockNow}, Standard: map[string]string{"handle": "5 work_day"}, Public: true, Now: o.clockNow,
		}
		if change != nil {
			change(&service)
		}
		// Files that cases refer to are those of the server.
		cfg.Attachments.Files, _ = service.Files.(*attachment.Store)
		if cfg.Cases, err = casework.New(service); err != nil {
			t.Fatal(err)
		}
	}).fill()
	o.server.identify = func(r *http.Request) (account.Principal, error) {
		who, scopes, limited := strings.Cut(r.Header.Get(whoHeader), "/")
		switch who {
		case "":
			return account.Principal{Way: account.Public}, nil
		case "token":
			return account.Principal{Way: account.Token}, nil
		}
		p := account.Principal{Way: account.Session, Account: "acc-" + who, Staff: who, Administrator: who == "root"}
		if limited {
			p.Way, p.Key, p.Scopes = account.APIKey, "key-"+who, strings.Split(scopes, ",")
		}
		return p, nil
	}
	o.staff(table)
	return o
}

// staff fills the directory: the two axes of S1 and the four levels of S5.
func (o *office) staff(table *process.Table) {
	o.t.Helper()
	title := func(zh, en string) data.Title { return data.Title{"zh": zh, "en": en} }
	org := func(id, zh, level, parent string, areas ...people.AreaRef) data.Change {
		return record(o.t, people.Organisation{ID: id, Title: title(zh, id), Level: level, Parent: parent, Areas: areas})
	}
	person := func(id, name string, posts ...string) data.Change {
		var held []people.Holding
		for _, p := range posts {
			post, at, _ := strings.Cut(p, "@")
			held = append(held, people.Holding{Post: post, Organisation: at})
		}
		return record(o.t, people.Staff{ID: id, Name: name, Holdings: held})
	}
	changes := []data.Change{
		org("district", "东城区", "district", "", people.AreaRef{Level: "district", Code: "D1"}),
		org("supervision-centre", "监督中心", "centre", "district"),
		org("command-centre", "指挥中心", "centre", "district"),
		org("water", "自来水公司", "department", "district"),
		org("gas", "燃气公司", "department", "district"),
		org("other", "别区", "department", "", people.AreaRef{Level: "district", Code: "D2"}),
		org("street", "东高地街道", "street", "district"),
		org("community", "一社区", "community", "street"),
		org("grid", "一网格", "grid", "community"),
		person("collector", "李监督", "collector@supervision-centre"),
		person("collector2", "吴监督", "collector@supervision-centre"),
		person("operator", "王受理", "operator@supervision-centre"),
		person("chief", "赵值班", "duty-chief@supervision-centre"),
		person("dispatcher", "钱派遣", "dispatcher@command-centre"),
		person("water-hand", "周处置", "handler@water"),
		person("gas-hand", "孙处置", "handler@gas"),
		person("far-hand", "别处置", "handler@other"),
		person("inspector", "何督导", "inspector@district"),
		person("head", "马网格", "grid-head@grid"),
		person("mixed", "吴混岗", "operator@command-centre", "dispatcher@command-centre"),
		person("two-posts", "郑两岗", "operator@supervision-centre", "dispatcher@command-centre"),
		person("boss", "管理", "administrator@district"),
		person("idle", "闲人"),
	}
	for _, p := range table.NewPosts {
		changes = append(changes, record(o.t, people.Post{ID: p.ID, Title: p.Title, Permissions: []people.Permission{people.Cases}, Layers: []people.Grant{{Layers: []string{people.AnyLayer}, Read: true, Area: people.AreaOrganisation}}}))
	}
	o.put(data.Tx{Changes: changes})
	if len(table.NewPosts) == 0 {
		return
	}
	var more []data.Change
	for _, p := range table.NewPosts {
		at := map[string]string{"community-head": "community", "street-head": "street", "grid-worker": "grid"}[p.ID]
		if at == "" {
			at = "district"
		}
		more = append(more, person(p.ID, p.Title["zh"], p.ID+"@"+at))
	}
	o.put(data.Tx{Changes: more})
}

// caseView is what tests look at of a case.
type caseView struct {
	ID, State, Unit, Task, Description, Into, Parent, Light string
	Version                                                 int
	Final                                                   bool
	Areas                                                   []struct{ Level, Code string }
	Marks, Requests, Joined                                 []string
	Children                                                []struct {
		Case, Unit string
		Open       bool
	}
	Duty   *struct{ Rule, Organisation string }
	Clocks []struct {
		Clock, State, Limit, Fault string
		Due                        time.Time
	}
	Offers []struct {
		Action  string
		Allowed bool
		As      struct{ Post, Organisation string }
		Refusal *struct{ Name string }
	}
	Due time.Time
}

type doneView struct {
	Case     caseView
	Event    int
	Seq      int
	Repeated bool
}

// problemView is a problem document with the name of a refusal.
type problemView struct {
	Detail, Field, Value string
	Refusal              struct {
		Name   string
		Reason map[string]string
	}
}

func read[T any](t testing.TB, a answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return v
}

// body is a command as JSON; form is its member form.
func body(action, form string, more ...string) string {
	if form == "" {
		form = "{}"
	}
	return fmt.Sprintf(`{"action":%q,"form":%s%s}`, action, form, strings.Join(append([]string{""}, more...), ","))
}

// begin begins a case and returns it.
func (o *office) begin(who, action, form string) caseView {
	o.t.Helper()
	a := o.do("POST", "/v1/cases", as(who), body(action, form))
	if a.status != http.StatusCreated {
		o.t.Fatalf("%s %s: %d %s", who, action, a.status, a.body)
	}
	return read[doneView](o.t, a).Case
}

// act does something with a case that must come into a state.
func (o *office) act(id, who, action, form, state string) caseView {
	o.t.Helper()
	o.wait(time.Minute)
	a := o.do("POST", "/v1/cases/"+id+"/actions", as(who), body(action, form))
	if a.status != http.StatusOK {
		o.t.Fatalf("%s %s: %d %s", who, action, a.status, a.body)
	}
	c := read[doneView](o.t, a).Case
	if c.State != state {
		o.t.Fatalf("%s %s: the case is in %s, want %s", who, action, c.State, state)
	}
	return c
}

// refuse wants something refused by a name, with a reason in both languages.
func (o *office) refuse(id, who, action, form, name string) problemView {
	o.t.Helper()
	a := o.do("POST", "/v1/cases/"+id+"/actions", as(who), body(action, form))
	p := read[problemView](o.t, a)
	if a.status != http.StatusConflict || p.Refusal.Name != name || p.Refusal.Reason["zh"] == "" || p.Refusal.Reason["en"] == "" {
		o.t.Errorf("%s %s: %d %s, want the refusal %s", who, action, a.status, a.body, name)
	}
	return p
}

// inbox are the cases that wait for somebody.
func (o *office) inbox(who string) []string {
	o.t.Helper()
	ids := []string{}
	for _, c := range read[struct{ Cases []caseView }](o.t, o.get(who, "/v1/cases?inbox=true")).Cases {
		ids = append(ids, c.ID)
	}
	return ids
}

func photo(n int) string {
	return fmt.Sprintf(`[{"hash":"%064x","type":"image/jpeg","size":1000}]`, n)
}

const here = `"point":{"lon":121.505,"lat":25.005}`
