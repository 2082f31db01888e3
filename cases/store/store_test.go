package store_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/profiles"
)

var day = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// pages is a log that keeps events as they are encoded.
type pages struct {
	mu     sync.Mutex
	seq    data.Seq
	events map[string][][]byte
	reads  int
	full   bool
}

func newPages() *pages { return &pages{events: map[string][][]byte{}} }

var errFull = errors.New("no space is left")

func (p *pages) Append(_ context.Context, events []*cases.Event) (data.Seq, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.full {
		return 0, errFull
	}
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
	p.reads++
	return func(yield func(*cases.Event, error) bool) {
		for _, b := range all {
			if !yield(cases.Decode(b)) {
				return
			}
		}
	}
}

func open(t testing.TB, log store.Log, options store.Options) *store.Store {
	t.Helper()
	s, err := store.New(log, options)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// put shows cases as they are, whose newest events stand in the entries of their versions.
func put(s *store.Store, all ...*cases.Case) {
	shown := make([]store.Shown, len(all))
	for i, c := range all {
		shown[i] = store.Shown{Case: c, Seq: data.Seq(c.Version)}
	}
	s.Show(shown)
}

func begin(id string, at time.Time) *cases.Event {
	return &cases.Event{
		Case: id, Number: 1, At: at, Actor: cases.Actor{Post: "public"}, Action: "report", To: "submitted", Process: &cases.ProcessRef{Name: "base", Version: 1},
		Form: cases.Form{Source: "public"}, Clocks: []cases.ClockEffect{{Effect: process.Effect{Clock: "accept", Do: process.Start}}},
	}
}

func TestAppend(t *testing.T) {
	ctx := context.Background()
	log := newPages()
	s := open(t, log, store.Options{})
	if _, err := s.Case(ctx, "A"); !errors.Is(err, cases.ErrNoCase) {
		t.Errorf("a case that does not exist: %v", err)
	}
	if _, err := s.Append(ctx, []*cases.Event{begin("A", day), begin("B", day)}); err != nil {
		t.Fatal(err)
	}
	next := &cases.Event{Case: "A", Number: 2, At: day.Add(time.Hour), Actor: cases.Actor{Post: "operator"}, Action: "accept", From: "submitted", To: "accepted"}
	for _, bad := range [][]*cases.Event{{begin("A", day)}, {next, begin("B", day)}, {next, next}} {
		if _, err := s.Append(ctx, bad); err == nil {
			t.Error("an event that is not the next one is appended")
		} else if _, ok := errors.AsType[*cases.StaleError](err); !ok {
			t.Error(err)
		}
	}
	if got, _ := s.Find("A"); got.Version != 1 || len(log.events["A"]) != 1 {
		t.Errorf("a part of what was refused is there: %+v", got)
	}
	log.full = true
	if _, err := s.Append(ctx, []*cases.Event{next}); !errors.Is(err, errFull) {
		t.Error(err)
	}
	if c, err := s.Case(ctx, "A"); err != nil || c.Version != 1 || c.State != "submitted" {
		t.Errorf("what could not be written is shown: %+v, %v", c, err)
	}
	log.full = false
	if _, err := s.Append(ctx, []*cases.Event{next}); err != nil {
		t.Fatal(err)
	}
	if c, err := s.Case(ctx, "A"); err != nil || c.Version != 2 || c.State != "accepted" {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := s.Append(ctx, nil); err == nil {
		t.Error("nothing is appended")
	}
	if _, err := store.New(log, store.Options{Levels: make([]string, 9)}); err == nil {
		t.Error("nine levels")
	}
}

// TestCasesAreReadBack sees that a case that is not held is the fold of the log, and that a log that lost something is
// told.
func TestCasesAreReadBack(t *testing.T) {
	ctx := context.Background()
	log := newPages()
	s := open(t, log, store.Options{Recent: 2})
	for i := range 10 {
		if _, err := s.Append(ctx, []*cases.Event{begin(fmt.Sprint("A", i), day)}); err != nil {
			t.Fatal(err)
		}
	}
	before := log.reads
	for i := range 10 {
		c, err := s.Case(ctx, fmt.Sprint("A", i))
		if err != nil || c.State != "submitted" || c.Source != "public" {
			t.Errorf("%+v, %v", c, err)
		}
	}
	if log.reads-before < 8 {
		t.Errorf("%d cases are read from the log, two may be held", log.reads-before)
	}
	log.events = map[string][][]byte{}
	lost := 0
	for i := range 10 {
		if _, err := s.Case(ctx, fmt.Sprint("A", i)); err != nil {
			lost++
		}
	}
	if lost < 8 {
		t.Errorf("of 10 cases that are lost %d are told", lost)
	}
}

// a drawn case, with what a list says of it.
func drawCase(t *rapid.T, id string) *cases.Case {
	pick := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(t, name) }
	c := cases.NewCase()
	c.ID, c.Process = id, cases.ProcessRef{Name: pick("process", "base", "other"), Version: 1}
	c.Version = rapid.IntRange(1, 3).Draw(t, "version")
	c.State = pick("state", "submitted", "handling", "closed")
	c.Final, c.Private = c.State == "closed", rapid.Bool().Draw(t, "private")
	c.Source, c.Task, c.Parent = pick("source", "public", "sensor", ""), pick("task", "li", ""), pick("parent", "P", "")
	if u := pick("unit", "water", "gas", ""); u != "" {
		c.Units, c.First = []string{u}, u
	}
	if code := pick("class", "0101", "0110", "0201", ""); code != "" {
		c.Class = cases.Class{Edition: pick("edition", "2007", "2013"), Kind: pick("kind", "part", "event"), Code: code}
	}
	at := func(name string) time.Time {
		return day.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, name)) * time.Hour)
	}
	c.Opened, c.Updated = at("opened"), at("updated")
	if c.Final {
		c.Rested = at("rested")
	}
	if rapid.Bool().Draw(t, "marked") {
		c.Marks["ledger"] = true
	}
	if rapid.Bool().Draw(t, "asked") {
		c.Requests["extend"] = &cases.Asking{}
	}
	if rapid.Bool().Draw(t, "clock") {
		c.Clocks["handle"] = process.Start
	}
	if rapid.Bool().Draw(t, "placed") {
		c.Intake = &cases.Place{Point: &cases.Position{Lon: 116 + float64(rapid.IntRange(0, 5).Draw(t, "lon")), Lat: 38 + float64(rapid.IntRange(0, 4).Draw(t, "lat"))}}
		if s := pick("street", "s1", "s2", ""); s != "" {
			c.Intake.Areas = []cases.Area{{AreaKey: people.AreaKey{Level: "street", Code: s}}}
		}
		if s := pick("cell", "c1", "c2", ""); s != "" {
			c.Intake.Cells = []people.CellRef{{Scheme: "unit", Code: s}}
		}
		c.Intake.Duty = &cases.Duty{Priority: rapid.IntRange(0, 2).Draw(t, "priority")}
		if rapid.Bool().Draw(t, "part") {
			c.Intake.Parts = []cases.Part{{Layer: "covers", ID: pick("id", "1", "2")}}
		}
	}
	return c
}

func dueOf(c *cases.Case) time.Time {
	if c.Clocks["handle"] == process.Start {
		return c.Opened.Add(5 * time.Hour)
	}
	return time.Time{}
}

func drawFilter(t *rapid.T) *store.Filter {
	f := &store.Filter{}
	list := func(name string, of ...string) []string {
		if rapid.IntRange(0, 3).Draw(t, "by "+name) > 0 {
			return nil
		}
		return rapid.SliceOfNDistinct(rapid.SampledFrom(of), 1, 2, rapid.ID[string]).Draw(t, name)
	}
	f.States, f.Sources, f.Units = list("states", "submitted", "handling", "closed", "nowhere"), list("sources", "public", "sensor", "none"), list("units", "water", "gas")
	f.Firsts, f.Tasks, f.Parents = list("firsts", "water", "gas"), list("tasks", "li", "wu"), list("parents", "P", "Q")
	f.Classes, f.Editions, f.Kinds = list("classes", "01", "0201", "02"), list("editions", "2007", "2013"), list("kinds", "part", "event")
	f.Processes, f.Marks, f.Requests = list("processes", "base", "other"), list("marks", "ledger", "exempt"), list("requests", "extend")
	for _, s := range list("areas", "s1", "s2") {
		f.Areas = append(f.Areas, people.AreaKey{Level: "street", Code: s})
	}
	for _, s := range list("cells", "c1", "c2") {
		f.Cells = append(f.Cells, people.CellRef{Scheme: "unit", Code: s})
	}
	flag := func(name string) *bool {
		if rapid.IntRange(0, 3).Draw(t, "by "+name) > 0 {
			return nil
		}
		b := rapid.Bool().Draw(t, name)
		return &b
	}
	f.Open, f.Private = flag("open"), flag("private")
	span := func(name string) (r store.Range) {
		if rapid.IntRange(0, 3).Draw(t, "by "+name) > 0 {
			return r
		}
		if rapid.Bool().Draw(t, name+" from") {
			r.From = day.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "from")) * time.Hour)
		}
		if rapid.Bool().Draw(t, name+" to") {
			r.To = day.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "to")) * time.Hour)
		}
		return r
	}
	f.Opened, f.Updated, f.Rested, f.Due = span("opened"), span("updated"), span("rested"), span("due")
	if rapid.IntRange(0, 3).Draw(t, "by box") == 0 {
		lo, _ := geo.FromDegrees(116+float64(rapid.IntRange(0, 3).Draw(t, "west")), 38+float64(rapid.IntRange(0, 3).Draw(t, "south")))
		f.Box = &geo.Box{Min: lo, Max: geo.Point{X: lo.X + 2*geo.Unit, Y: lo.Y + int32(rapid.IntRange(0, 3).Draw(t, "high"))*geo.Unit}}
	}
	f.Priority = rapid.IntRange(0, 2).Draw(t, "least priority")
	return f
}

// drawAny adds filters of which one must pass.
func drawAny(t *rapid.T, f *store.Filter) *store.Filter {
	if rapid.Bool().Draw(t, "any alone") {
		*f = store.Filter{}
	}
	for range rapid.IntRange(0, 4).Draw(t, "any") {
		one := *drawFilter(t)
		if rapid.Bool().Draw(t, "one column") {
			one = drawColumn(t)
		}
		f.Any = append(f.Any, one)
	}
	return f
}

// drawColumn is a filter of one column of words, as those of what somebody may see are.
func drawColumn(t *rapid.T) store.Filter {
	some := func(of ...string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(of), 1, 2, rapid.ID[string]).Draw(t, "words")
	}
	switch rapid.IntRange(0, 5).Draw(t, "column") {
	case 0:
		return store.Filter{States: some("submitted", "handling", "closed", "nowhere")}
	case 1:
		return store.Filter{Units: some("water", "gas", "nobody")}
	case 2:
		return store.Filter{Firsts: some("water", "gas")}
	case 3:
		return store.Filter{Tasks: some("li", "wu", "nobody")}
	case 4:
		return store.Filter{Areas: []people.AreaKey{{Level: rapid.SampledFrom([]string{"street", "district"}).Draw(t, "level"), Code: "s1"}, {Level: "street", Code: "s2"}}}
	}
	return store.Filter{Cells: []people.CellRef{{Scheme: "unit", Code: some("c1", "c2")[0]}}}
}

// TestFullChunks asks for one of several columns in more cases than a chunk has.
func TestFullChunks(t *testing.T) {
	s := open(t, newPages(), store.Options{Levels: []string{"street"}})
	var all []*cases.Case
	for i := range 1300 {
		c := cases.NewCase()
		c.ID, c.Version, c.Process, c.State, c.Opened = fmt.Sprint("A", i), 1, cases.ProcessRef{Name: "base", Version: 1}, fmt.Sprint("s", i%3), day
		c.Units, c.First, c.Task = []string{fmt.Sprint("u", i%7)}, fmt.Sprint("u", i%11), fmt.Sprint("t", i%13)
		all = append(all, c)
	}
	put(s, all...)
	for _, f := range []store.Filter{
		{Any: []store.Filter{{Units: []string{"u1", "u2"}}, {Firsts: []string{"u3"}}, {Tasks: []string{"t4"}}, {States: []string{"s2"}}}},
		{States: []string{"s0"}, Any: []store.Filter{{Units: []string{"u1"}}, {Firsts: []string{"u3"}, Tasks: []string{"t4", "t5"}}}},
		{Any: []store.Filter{{Units: []string{"nobody"}}}},
	} {
		want := 0
		for _, c := range all {
			if passes(&f, c) {
				want++
			}
		}
		if got, err := s.Count(&f); err != nil || got != want || want == 0 != (f.Any[0].Units[0] == "nobody") {
			t.Errorf("%+v: %d cases, %v, want %d", f, got, err, want)
		}
	}
}

// passes is the filter said again, for one case.
func passes(f *store.Filter, c *cases.Case) bool {
	in := func(list []string, s string) bool { return len(list) == 0 || s != "" && slices.Contains(list, s) }
	span := func(r store.Range, t time.Time) bool {
		return r == (store.Range{}) || !t.IsZero() && !t.Before(r.From) && (r.To.IsZero() || t.Before(r.To))
	}
	p := c.Place()
	if p == nil {
		p = &cases.Place{}
	}
	area, cell, priority := "", "", 0
	if len(p.Areas) > 0 {
		area = p.Areas[0].Code
	}
	if len(p.Cells) > 0 {
		cell = p.Cells[0].Code
	}
	if p.Duty != nil {
		priority = p.Duty.Priority
	}
	has := func(list []string, is func(string) bool) bool {
		return !slices.ContainsFunc(list, func(s string) bool { return !is(s) })
	}
	inBox := f.Box == nil
	if p.Point != nil && !inBox {
		at, _ := geo.FromDegrees(p.Point.Lon, p.Point.Lat)
		inBox = at.X >= f.Box.Min.X && at.X <= f.Box.Max.X && at.Y >= f.Box.Min.Y && at.Y <= f.Box.Max.Y
	}
	some := len(f.Any) == 0 || slices.ContainsFunc(f.Any, func(one store.Filter) bool { return passes(&one, c) })
	return some && in(f.States, c.State) && in(f.Sources, c.Source) && in(f.Units, c.Unit()) && in(f.Firsts, c.First) && in(f.Tasks, c.Task) && in(f.Parents, c.Parent) &&
		(len(f.Classes) == 0 || c.Class.Code != "" && slices.ContainsFunc(f.Classes, func(s string) bool { return strings.HasPrefix(c.Class.Code, s) })) &&
		in(f.Editions, c.Class.Edition) && in(f.Kinds, c.Class.Kind) && in(f.Processes, c.Process.Name) &&
		has(f.Marks, func(s string) bool { return c.Marks[s] }) && has(f.Requests, func(s string) bool { return c.Requests[s] != nil }) &&
		(len(f.Areas) == 0 || slices.ContainsFunc(f.Areas, func(a people.AreaKey) bool { return a.Level == "street" && a.Code == area })) &&
		(len(f.Cells) == 0 || slices.ContainsFunc(f.Cells, func(a people.CellRef) bool { return a.Code == cell })) &&
		(f.Open == nil || *f.Open != c.Final) && (f.Private == nil || *f.Private == c.Private) &&
		span(f.Opened, c.Opened) && span(f.Updated, c.Updated) && span(f.Rested, c.Rested) && span(f.Due, dueOf(c)) && inBox && priority >= f.Priority
}

// TestAgainstAScan compares lists, counts and pages with looking at every case, after changes in any order.
func TestAgainstAScan(t *testing.T) {
	options := store.Options{Levels: []string{"district", "street"}, Schemes: []string{"unit"}, Due: dueOf}
	rapid.Check(t, func(t *rapid.T) {
		s, err := store.New(newPages(), options)
		if err != nil {
			t.Fatal(err)
		}
		known := map[string]*cases.Case{}
		for range rapid.IntRange(1, 4).Draw(t, "batches") {
			var batch []*cases.Case
			for range rapid.IntRange(1, 15).Draw(t, "cases") {
				c := drawCase(t, fmt.Sprint("A", rapid.IntRange(0, 25).Draw(t, "id")))
				if was := known[c.ID]; was == nil || was.Version <= c.Version {
					known[c.ID] = c
				}
				batch = append(batch, c)
			}
			put(s, batch...)
		}
		if s.Len() != len(known) {
			t.Fatalf("%d cases, want %d", s.Len(), len(known))
		}
		f := drawAny(t, drawFilter(t))
		order := rapid.SampledFrom([]store.Order{store.ByOpened, store.ByUpdated, store.ByDue}).Draw(t, "order")
		var want []*cases.Case
		byUnit := map[string]int{}
		byState := map[string]int{}
		byStreet := map[string]int{}
		for _, c := range known {
			if passes(f, c) {
				want = append(want, c)
				byUnit[c.Unit()]++
				byState[c.State]++
				street := ""
				if p := c.Place(); p != nil && len(p.Areas) > 0 {
					street = p.Areas[0].Code
				}
				byStreet[street]++
			}
		}
		slices.SortFunc(want, func(a, b *cases.Case) int {
			d := map[store.Order]int{store.ByOpened: b.Opened.Compare(a.Opened), store.ByUpdated: b.Updated.Compare(a.Updated), store.ByDue: dueOf(a).Compare(dueOf(b))}[order]
			if order == store.ByDue && dueOf(a).IsZero() != dueOf(b).IsZero() {
				d = -d
			}
			if d == 0 {
				d = strings.Compare(a.ID, b.ID)
			}
			return d
		})
		if n, err := s.Count(f); err != nil || n != len(want) {
			t.Fatalf("counted %d, %v; want %d", n, err, len(want))
		}
		for by, want := range map[store.Column]map[string]int{store.ByUnit: byUnit, store.ByState: byState, "area:street": byStreet} {
			if got, err := s.CountBy(f, by); err != nil || !cmp.Equal(got, want) {
				t.Fatalf("by %s: %v, %v; want %v", by, got, err, want)
			}
		}
		limit := rapid.IntRange(1, 7).Draw(t, "limit")
		var got []string
		for after := (&store.Cursor{}); after != nil; {
			var page []store.Summary
			page, after, err = s.List(f, order, limit, *after)
			if err != nil || len(page) > limit {
				t.Fatal(len(page), err)
			}
			for _, one := range page {
				got = append(got, one.ID)
				compareSummary(t, &one, known[one.ID])
			}
		}
		var ids []string
		for _, c := range want {
			ids = append(ids, c.ID)
		}
		if !slices.Equal(got, ids) {
			t.Fatalf("listed %v, want %v", got, ids)
		}
		for _, c := range known {
			if is := s.Summarise(c); f.Passes(&is) != passes(f, c) {
				t.Fatalf("%+v passes %+v: %v", f, is, f.Passes(&is))
			} else if shown, _ := s.Find(c.ID); !cmp.Equal(is, shown) {
				t.Fatalf("%s", cmp.Diff(shown, is))
			}
		}
		standings(t, s, known)
		since := day.Add(10 * time.Hour)
		for _, one := range s.OfPart("covers", "1", since) {
			if c := known[one.ID]; c.Final && c.Rested.Before(since) {
				t.Fatalf("%s has rested at %s", one.ID, c.Rested)
			}
		}
	})
}

func compareSummary(t *rapid.T, got *store.Summary, c *cases.Case) {
	standing := c.Standing()
	if got.Version != c.Version || got.State != c.State || got.Final != c.Final || got.Private != c.Private || got.Class != c.Class || got.Source != c.Source ||
		got.Unit != c.Unit() || got.First != c.First || got.Task != c.Task || got.Parent != c.Parent || got.Process != c.Process ||
		!got.Opened.Equal(c.Opened) || !got.Updated.Equal(c.Updated) || !got.Rested.Equal(c.Rested) || !got.Due.Equal(dueOf(c)) ||
		!slices.Equal(got.Marks, standing.Marks) || !slices.Equal(got.Requests, standing.Requests) {
		t.Fatalf("the list says %+v of %+v", got, c)
	}
	if p := c.Place(); p != nil && (got.Point == nil || got.Point.Lon != p.Point.Lon || len(got.Areas) != len(p.Areas) || len(got.Cells) != len(p.Cells) || got.Priority != p.Duty.Priority) {
		t.Fatalf("the list says %+v of the place %+v", got, p)
	}
}

func standings(t *rapid.T, s *store.Store, known map[string]*cases.Case) {
	want := map[string]int{}
	for _, c := range known {
		if st := c.Standing(); !c.Final && c.Process.Name == "base" {
			want[fmt.Sprintf("%+v", st)]++
		}
	}
	got := map[string]int{}
	for st, n := range s.Standings("base") {
		got[fmt.Sprintf("%+v", *st)] += n
	}
	if !cmp.Equal(got, want) {
		t.Fatalf("open cases stand at %v, want %v", got, want)
	}
	under := map[cases.ProcessRef]int{}
	for _, c := range known {
		if !c.Final {
			under[c.Process]++
		}
	}
	if got := s.Under(); !cmp.Equal(got, under) {
		t.Fatalf("open under %v, want %v", got, under)
	}
}

func TestBadQuestions(t *testing.T) {
	s := open(t, newPages(), store.Options{Levels: []string{"street"}, Schemes: []string{"unit"}})
	wrong := func(err error, field string) {
		t.Helper()
		if f, ok := errors.AsType[*data.FieldError](err); !ok || f.Field != field {
			t.Errorf("%v, want a fault of %s", err, field)
		}
	}
	_, err := s.Count(&store.Filter{Areas: []people.AreaKey{{Level: "galaxy"}}})
	wrong(err, "areas")
	_, err = s.Count(&store.Filter{Cells: []people.CellRef{{Scheme: "fire"}}})
	wrong(err, "cells")
	_, err = s.Count(&store.Filter{Any: []store.Filter{{}, {Areas: []people.AreaKey{{Level: "galaxy"}}}}})
	wrong(err, "areas")
	_, err = s.CountBy(&store.Filter{}, "area:galaxy")
	wrong(err, "by")
	_, _, err = s.List(&store.Filter{}, "luck", 1, store.Cursor{})
	wrong(err, "order")
	_, _, err = s.List(&store.Filter{}, store.ByDue, 0, store.Cursor{})
	wrong(err, "limit")
}

// TestReadersDoNotWait lets readers list while cases move: every list is of one moment.
func TestReadersDoNotWait(t *testing.T) {
	ctx := context.Background()
	s := open(t, newPages(), store.Options{})
	// Cases come and are accepted in pairs, so that each state has an even number at any moment.
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				counts, err := s.CountBy(&store.Filter{}, store.ByState)
				if err != nil || counts["submitted"]%2 != 0 || counts["accepted"]%2 != 0 {
					t.Errorf("%v, %v", counts, err)
					return
				}
			}
		})
	}
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := range 200 {
				a, b := fmt.Sprintf("A%d-%d", w, i), fmt.Sprintf("B%d-%d", w, i)
				next := func(id string) *cases.Event {
					return &cases.Event{Case: id, Number: 2, At: day, Actor: cases.Actor{Post: "operator"}, Action: "accept", From: "submitted", To: "accepted"}
				}
				for _, pair := range [][]*cases.Event{{begin(a, day), begin(b, day)}, {next(b), next(a)}} {
					if _, err := s.Append(ctx, pair); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
	if n, _ := s.Count(&store.Filter{States: []string{"accepted"}}); n != 1600 {
		t.Errorf("%d cases are accepted", n)
	}
}

// TestDeskOnStore plays a case on a desk whose log and shelf is a store.
func TestDeskOnStore(t *testing.T) {
	d, s := newDesk(t)
	move(t, d, "T-1")
	got, ok := s.Find("T-1")
	if !ok || got.State != "registered" || got.Class.Code != "0102" || got.Version != 3 {
		t.Errorf("%+v", got)
	}
}

type anybody struct{}

func (anybody) Path(string) []string              { return []string{"city"} }
func (anybody) Holds(string, string, string) bool { return true }

func newDesk(t testing.TB) (*cases.Desk, *store.Store) {
	t.Helper()
	var posts []string
	for _, p := range people.DefaultPosts() {
		posts = append(posts, p.ID)
	}
	table, err := process.Load(process.FromFS(profiles.Files), "base", posts)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := process.Make(table)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, newPages(), store.Options{})
	return &cases.Desk{Log: s, Shelf: s, Tables: tables, Process: "base", Directory: func(time.Time) cases.Directory { return anybody{} }}, s
}

// move takes a new case to its filing, in three steps.
func move(t testing.TB, d *cases.Desk, id string) {
	t.Helper()
	for _, c := range []cases.Command{
		{Actor: cases.Actor{Person: "o", Organisation: "city", Post: "operator"}, Action: "report", Form: cases.Form{Source: "public", Description: "坏了"}},
		{Actor: cases.Actor{Person: "o", Organisation: "city", Post: "operator"}, Action: "accept"},
		{Actor: cases.Actor{Person: "z", Organisation: "city", Post: "duty-chief"}, Action: "register", Form: cases.Form{Point: &cases.Position{Lon: 116, Lat: 40}, Class: &cases.Class{Kind: "part", Code: "0102"}}},
	} {
		c.Case, c.At = id, day
		if _, err := d.Do(context.Background(), &c); err != nil {
			t.Fatal(err)
		}
	}
}
