package cases_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/profiles"
)

var day = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// memory is a log that is held in memory, with the cases that it makes.
type memory struct {
	mu     sync.Mutex
	seq    data.Seq
	cases  map[string]*cases.Case
	events map[string][][]byte
}

func (m *memory) Case(_ context.Context, id string) (*cases.Case, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := m.cases[id]; c != nil {
		return c, nil
	}
	return nil, cases.ErrNoCase
}

func (m *memory) Append(_ context.Context, events []*cases.Event) (data.Seq, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := map[string]*cases.Case{}
	for _, e := range events {
		c := next[e.Case]
		switch was := m.cases[e.Case]; {
		case c != nil:
		case was != nil:
			c = was.Clone()
		default:
			c = cases.NewCase()
		}
		if err := c.Apply(e); err != nil {
			return 0, err
		}
		next[e.Case] = c
	}
	for _, e := range events {
		b, err := cases.Encode(e)
		if err != nil {
			return 0, err
		}
		m.events[e.Case] = append(m.events[e.Case], b)
	}
	maps.Copy(m.cases, next)
	m.seq++
	return m.seq, nil
}

// tree is an office: organisations with those above them; a person "NAME@ORGANISATION" holds every post there.
type tree map[string]string

func (o tree) Path(id string) []string {
	if _, ok := o[id]; !ok {
		return nil
	}
	path := []string{id}
	for up := o[id]; up != ""; up = o[up] {
		path = append([]string{up}, path...)
	}
	return path
}

func (o tree) Holds(person, post, organisation string) bool {
	_, at, ok := strings.Cut(person, "@")
	_, known := o[at]
	return ok && known && (post == "" || organisation == at)
}

var office = tree{
	"district": "", "supervision": "district", "command": "district", "water": "district", "gas": "district",
	"street": "district", "community": "street", "grid": "community",
}

// ground locates everything in one cell, with the manhole of the story near.
type ground struct{ disputed bool }

func (g ground) Locate(_ context.Context, m *cases.Matter) (*cases.Place, error) {
	at, parts := m.Point, m.Parts
	p := &cases.Place{
		Seq: 42, Areas: []cases.Area{{AreaKey: people.AreaKey{Level: "street", Code: "110101001"}, Name: "东华门"}},
		Cells: []people.CellRef{{Scheme: "unit", Code: "110101001001001"}}, Parts: parts,
		Duty: &cases.Duty{Rule: "covers", Organisation: "water", Post: people.PostHandler},
	}
	if g.disputed {
		p.Disputes = []string{"D-1"}
	}
	if at.Lon == 0 {
		p.Areas, p.Cells, p.Duty = nil, nil, nil
		p.Outside = &cases.Outside{Near: &cases.Area{AreaKey: people.AreaKey{Level: "street", Code: "110101001"}, Name: "东华门"}, Metres: 17.4}
	}
	return p, nil
}

type gazetteer map[string]cases.Position

func (g gazetteer) Geocode(_ context.Context, words string) (cases.Position, bool, error) {
	p, ok := g[words]
	return p, ok, nil
}

// desk is a desk of a profile, with the log that it writes.
func desk(t testing.TB, profile string) (*cases.Desk, *memory) {
	t.Helper()
	var posts []string
	for _, p := range people.DefaultPosts() {
		posts = append(posts, p.ID)
	}
	table, err := process.Load(process.FromFS(profiles.Files), profile, posts)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := process.Make(table)
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{cases: map[string]*cases.Case{}, events: map[string][][]byte{}}
	return &cases.Desk{
		Log: m, Shelf: m, Tables: tables, Process: profile, Directory: func(time.Time) cases.Directory { return office },
		Locate: ground{}, Geocode: gazetteer{"市场东门": {Lon: 116.4, Lat: 39.9, Accuracy: 50}},
	}, m
}

// player plays a story on a desk: each step says who, by which post, does what.
type player struct {
	testing.TB
	desk *cases.Desk
	now  time.Time
}

func (p *player) try(id, actor, action string, form cases.Form) (*cases.Done, error) {
	p.Helper()
	p.now = p.now.Add(time.Minute)
	post, person, _ := strings.Cut(actor, " ")
	_, organisation, _ := strings.Cut(person, "@")
	return p.desk.Do(context.Background(), &cases.Command{
		Case: id, At: p.now, Action: action, Form: form, Actor: cases.Actor{Person: person, Organisation: organisation, Post: post},
	})
}

func (p *player) do(id, actor, action string, form cases.Form, want string) *cases.Case {
	p.Helper()
	done, err := p.try(id, actor, action, form)
	if err != nil {
		p.Fatalf("%s, %s: %v", actor, action, err)
	}
	if done.Case.State != want {
		p.Fatalf("%s, %s: the case is in %s, want %s", actor, action, done.Case.State, want)
	}
	return done.Case
}

func (p *player) refused(id, actor, action string, form cases.Form, code process.Code) *process.RefusalError {
	p.Helper()
	_, err := p.try(id, actor, action, form)
	refusal, ok := errors.AsType[*process.RefusalError](err)
	if !ok || refusal.Code != code {
		p.Fatalf("%s, %s: %v, want a refusal %s", actor, action, err, code)
	}
	return refusal
}

func photo(n byte) []cases.File {
	return []cases.File{{Hash: strings.Repeat("0", 63) + string('0'+n), Type: "image/jpeg", Size: 1000}}
}

// TestMissingCover plays the first story of S1: a cover is missing, and the two axes keep apart.
func TestMissingCover(t *testing.T) {
	d, m := desk(t, "dongcheng-2004")
	p := &player{TB: t, desk: d, now: day}
	cover := []cases.Part{{Layer: "covers", ID: "1101010102000007", Class: "0102", Owner: "water"}}
	p.do("A-1", "collector li@supervision", "report", cases.Form{
		Source: "collector", Description: "污水井盖缺失", Point: &cases.Position{Lon: 116.4, Lat: 39.9}, Parts: cover, Before: photo(1),
	}, "submitted")
	p.do("A-1", "operator wang@supervision", "accept", cases.Form{}, "accepted")
	p.refused("A-1", "duty-chief zhao@supervision", "register", cases.Form{}, process.FieldMissing)
	c := p.do("A-1", "duty-chief zhao@supervision", "register", cases.Form{Class: &cases.Class{Edition: "2013", Kind: "part", Code: "0102"}}, "registered")
	if c.Filing == nil || c.Filing.Seq != 42 || c.Filing.Duty.Organisation != "water" || len(c.Filing.Parts) != 1 || c.Filing.Cells[0].Code != "110101001001001" {
		t.Errorf("the place of the filing: %+v", c.Filing)
	}
	p.refused("A-1", "dispatcher zhao@supervision", "dispatch", cases.Form{Unit: "water"}, process.Separated)
	p.refused("A-1", "dispatcher qian@command", "dispatch", cases.Form{Unit: "sewage"}, process.FieldWrong)
	p.do("A-1", "dispatcher qian@command", "dispatch", cases.Form{Unit: "water"}, "assigned")
	p.refused("A-1", "handler sun@gas", "take", cases.Form{}, process.GuardFails)
	p.do("A-1", "handler zhou@water", "take", cases.Form{}, "handling")
	p.refused("A-1", "handler zhou@water", "feedback", cases.Form{}, process.FieldMissing)
	p.do("A-1", "handler zhou@water", "feedback", cases.Form{After: photo(2), Quantity: []cases.Quantity{{Number: 1, Unit: "个"}}}, "reported")
	p.do("A-1", "dispatcher qian@command", "pass", cases.Form{}, "to-inspect")
	p.refused("A-1", "operator qian@command", "inspect-ask", cases.Form{Person: "li@supervision"}, process.Separated)
	p.do("A-1", "operator wang@supervision", "inspect-ask", cases.Form{Person: "li@supervision"}, "inspecting")
	p.refused("A-1", "collector wu@supervision", "inspect-pass", cases.Form{After: photo(3)}, process.GuardFails)
	p.do("A-1", "collector li@supervision", "inspect-fail", cases.Form{After: photo(3), Reason: "不平"}, "handling")
	p.do("A-1", "handler zhou@water", "feedback", cases.Form{After: photo(4)}, "reported")
	p.do("A-1", "dispatcher qian@command", "pass", cases.Form{}, "to-inspect")
	p.do("A-1", "operator wang@supervision", "inspect-ask", cases.Form{Person: "li@supervision"}, "inspecting")
	p.do("A-1", "collector li@supervision", "inspect-pass", cases.Form{After: photo(5)}, "to-close")
	c = p.do("A-1", "duty-chief zhao@supervision", "close", cases.Form{}, "closed")
	if !c.Final || c.Rested.IsZero() || c.Counts["rework"] != 1 || c.PhotosAfter != 4 || len(m.events["A-1"]) != c.Version {
		t.Errorf("at the end: %+v", c)
	}
	for clock, do := range c.Clocks {
		if do != process.Stop {
			t.Errorf("the clock of %s is %s at the end", clock, do)
		}
	}
}

// TestByTheEastGate plays the second story of S1: words become a place, and the case joins the one that is there.
func TestByTheEastGate(t *testing.T) {
	d, m := desk(t, "dongcheng-2004")
	p := &player{TB: t, desk: d, now: day}
	report := cases.Form{Source: "hotline", Description: "市场东门有暴露垃圾", Address: "市场东门", Reporter: "subject-9"}
	first := p.do("A-1", "operator wang@supervision", "report", report, "submitted")
	if at := first.Intake; at == nil || at.Point == nil || at.Point.Accuracy != 50 {
		t.Fatalf("the words have no place: %+v", at)
	}
	p.do("A-2", "operator wang@supervision", "report", report, "submitted")
	p.refused("A-2", "operator wang@supervision", "merge", cases.Form{Into: "A-2"}, process.FieldWrong)
	c := p.do("A-2", "operator wang@supervision", "merge", cases.Form{Into: "A-1"}, "merged")
	if c.Into != "A-1" || !slices.Equal(m.cases["A-1"].Joined, []string{"A-2"}) || !c.Final {
		t.Errorf("merged: %+v, %+v", c, m.cases["A-1"])
	}
	p.do("A-3", "operator wang@supervision", "report", report, "submitted")
	if _, err := p.try("A-3", "operator wang@supervision", "merge", cases.Form{Into: "A-2"}); err == nil || !strings.Contains(err.Error(), "A-1") {
		t.Errorf("joined one that has joined another: %v", err)
	}
	if _, err := p.try("A-3", "operator wang@supervision", "merge", cases.Form{Into: "A-9"}); !errors.Is(err, cases.ErrNoCase) {
		t.Errorf("joined a case that does not exist: %v", err)
	}
	c = p.do("A-2", "duty-chief zhao@supervision", "unmerge", cases.Form{Reason: "另一处"}, "submitted")
	if c.Into != "" || len(m.cases["A-1"].Joined) != 0 || c.Final {
		t.Errorf("taken apart: %+v, %+v", c, m.cases["A-1"])
	}
}

// TestFourLevels plays the end of the story of S5: the grid cannot, the community cannot, the street can; results flow
// back down and the grid closes.
func TestFourLevels(t *testing.T) {
	d, _ := desk(t, "donggaodi")
	p := &player{TB: t, desk: d, now: day}
	p.do("B-1", "grid-head ma@grid", "self-report", cases.Form{Source: "collector", Class: &cases.Class{Kind: "event", Code: "0201"}, Point: &cases.Position{Lon: 116.4, Lat: 39.8}, After: photo(1)}, "closed")
	p.do("B-2", "grid-head ma@grid", "find", cases.Form{Source: "grid", Description: "消防隐患", Unit: "grid", Point: &cases.Position{Lon: 116.4, Lat: 39.8}}, "handling")
	p.refused("B-2", "grid-head ma@grid", "hand-up", cases.Form{Unit: "gas", Reason: "出租房屋"}, process.GuardFails)
	p.do("B-2", "grid-head ma@grid", "hand-up", cases.Form{Unit: "community", Reason: "出租房屋"}, "assigned")
	p.do("B-2", "community-head hu@community", "take", cases.Form{}, "handling")
	p.refused("B-2", "community-head hu@community", "done", cases.Form{Note: "x"}, process.GuardFails)
	p.do("B-2", "community-head hu@community", "hand-up", cases.Form{Unit: "street", Reason: "协管员和消防员都忙"}, "assigned")
	p.do("B-2", "street-head lin@street", "take", cases.Form{}, "handling")
	if c := p.do("B-2", "street-head lin@street", "result", cases.Form{After: photo(2)}, "handling"); c.Unit() != "community" {
		t.Errorf("the result came back to %s", c.Unit())
	}
	p.refused("B-2", "street-head lin@street", "result", cases.Form{}, process.GuardFails)
	p.do("B-2", "community-head hu@community", "result", cases.Form{}, "handling")
	c := p.do("B-2", "grid-head ma@grid", "done", cases.Form{Note: "已整改"}, "closed")
	if c.First != "grid" || c.Clocks["handle"] != process.Stop {
		t.Errorf("at the end: %+v", c)
	}
}

// TestJointHandling plays a case with parts: it cannot be reported back before they are done.
func TestJointHandling(t *testing.T) {
	d, m := desk(t, "base")
	p := &player{TB: t, desk: d, now: day}
	filed(p, "C-1")
	p.do("C-1", "dispatcher qian@command", "dispatch", cases.Form{Unit: "water"}, "assigned")
	p.do("C-1", "handler zhou@water", "take", cases.Form{}, "handling")
	p.refused("C-1", "handler zhou@water", "split", cases.Form{Units: []string{"gas", "sewage"}}, process.FieldWrong)
	c := p.do("C-1", "handler zhou@water", "split", cases.Form{Units: []string{"gas", "street"}, Note: "联合整治"}, "handling")
	if len(c.Children) != 2 || m.cases["C-1.1"].Parent != "C-1" || m.cases["C-1.2"].Unit() != "street" || m.cases["C-1.1"].Class.Code != "0102" || m.cases["C-1.1"].Intake == nil {
		t.Fatalf("the parts: %+v, %+v", c.Children, m.cases["C-1.1"])
	}
	p.refused("C-1", "handler zhou@water", "feedback", cases.Form{After: photo(1)}, process.GuardFails)
	for id, who := range map[string]string{"C-1.1": "handler sun@gas", "C-1.2": "handler lin@street"} {
		p.do(id, who, "take", cases.Form{}, "handling")
		p.do(id, who, "finish", cases.Form{}, "closed")
	}
	p.do("C-1", "handler zhou@water", "feedback", cases.Form{After: photo(1)}, "reported")
}

func filed(p *player, id string) {
	p.Helper()
	p.do(id, "operator wang@supervision", "report", cases.Form{Source: "hotline", Description: "井盖", Point: &cases.Position{Lon: 116.4, Lat: 39.9}}, "submitted")
	p.do(id, "operator wang@supervision", "accept", cases.Form{}, "accepted")
	p.do(id, "duty-chief zhao@supervision", "register", cases.Form{Class: &cases.Class{Kind: "part", Code: "0102"}}, "registered")
}

// TestRequests plays extension, suspension and appeal: asked once, decided by others, at each stage by another person.
func TestRequests(t *testing.T) {
	d, _ := desk(t, "base")
	p := &player{TB: t, desk: d, now: day}
	filed(p, "D-1")
	p.do("D-1", "dispatcher qian@command", "dispatch", cases.Form{Unit: "water"}, "assigned")
	p.do("D-1", "handler zhou@water", "take", cases.Form{}, "handling")
	p.refused("D-1", "dispatcher qian@command", "extend-grant", cases.Form{}, process.NotPending)
	p.do("D-1", "handler zhou@water", "extend-ask", cases.Form{Reason: "缺件"}, "handling")
	p.refused("D-1", "handler zheng@water", "extend-ask", cases.Form{Reason: "缺件"}, process.Pending)
	p.refused("D-1", "dispatcher zhou@water", "extend-grant", cases.Form{}, process.DecidedBefore)
	c := p.do("D-1", "dispatcher qian@command", "extend-grant", cases.Form{}, "handling")
	if c.Granted["extend"] != 1 || len(c.Requests) != 0 {
		t.Errorf("granted: %+v", c)
	}
	until := p.now.Add(240 * time.Hour)
	p.do("D-1", "handler zhou@water", "extend-ask", cases.Form{Reason: "缺件"}, "handling")
	p.refused("D-1", "handler zhou@water", "suspend-ask", cases.Form{Reason: "冬季", Until: p.now}, process.FieldWrong)
	p.do("D-1", "handler zhou@water", "suspend-ask", cases.Form{Reason: "冬季", Until: until}, "handling")
	c = p.do("D-1", "dispatcher qian@command", "suspend-grant", cases.Form{}, "suspended")
	if c.Clocks["handle"] != process.Pause || !c.Until.Equal(until) || c.Requests["extend"] != nil {
		t.Errorf("suspended: %+v", c)
	}
	p.do("D-1", "system", "resume", cases.Form{}, "handling")
	p.refused("D-1", "handler zhou@water", "suspend-ask", cases.Form{Reason: "冬季", Until: until}, process.GuardFails)
	p.do("D-1", "handler zhou@water", "feedback", cases.Form{After: photo(1)}, "reported")
	p.do("D-1", "dispatcher qian@command", "pass", cases.Form{}, "to-inspect")
	p.do("D-1", "duty-chief zhao@supervision", "close", cases.Form{Reason: "照片清楚"}, "closed")
	p.do("D-1", "handler zhou@water", "appeal-ask", cases.Form{Reason: "道路封闭"}, "closed")
	p.refused("D-1", "duty-chief zhao@supervision", "appeal-grant", cases.Form{}, process.WrongStage)
	c = p.do("D-1", "inspector he@district", "appeal-grant", cases.Form{}, "closed")
	if c.Marks["exempt"] {
		t.Error("one of two stages is enough")
	}
	p.refused("D-1", "duty-chief he@district", "appeal-grant", cases.Form{}, process.DecidedBefore)
	if c = p.do("D-1", "duty-chief zhao@supervision", "appeal-grant", cases.Form{}, "closed"); !c.Marks["exempt"] {
		t.Error("both have granted, and the case is not exempt")
	}
	p.now = p.now.Add(31 * 24 * time.Hour)
	p.refused("D-1", "operator wang@supervision", "reopen", cases.Form{Reason: "复发"}, process.GuardFails)
}

// TestDisputedResponsibility plays refusal, dispute, joint meeting and claim, and what they do to the clock of handling.
func TestDisputedResponsibility(t *testing.T) {
	d, m := desk(t, "base")
	p := &player{TB: t, desk: d, now: day}
	filed(p, "E-1")
	last := func() map[string]process.Do {
		all := m.events["E-1"]
		e, err := cases.Decode(all[len(all)-1])
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]process.Do{}
		for _, c := range e.Clocks {
			out[c.Clock] = c.Do
		}
		return out
	}
	p.do("E-1", "dispatcher qian@command", "dispatch", cases.Form{Unit: "water"}, "assigned")
	p.do("E-1", "handler zhou@water", "refuse", cases.Form{Reason: "不属本部门"}, "registered")
	p.do("E-1", "dispatcher qian@command", "dispatch", cases.Form{Unit: "water"}, "assigned")
	if got := last()["handle"]; got != process.Resume {
		t.Errorf("to the same unit again: handling is %q", got)
	}
	p.do("E-1", "handler zhou@water", "dispute", cases.Form{Reason: "产权不清"}, "disputed")
	p.do("E-1", "duty-chief zhao@supervision", "convene", cases.Form{Reason: "两家争议"}, "meeting")
	p.refused("E-1", "handler sun@gas", "claim", cases.Form{Unit: "water"}, process.GuardFails)
	p.do("E-1", "handler sun@gas", "claim", cases.Form{Unit: "gas"}, "assigned")
	if got := last()["handle"]; got != process.Reset {
		t.Errorf("to another unit: handling is %q", got)
	}
}
