package cases_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/profiles"
)

// TestRandomCommands lets anybody try anything on a few cases. Whatever happens is an event or a refusal with a name;
// after each event the invariants hold, and at the end every case is the fold of its encoded events.
func TestRandomCommands(t *testing.T) {
	files, err := fs.Glob(profiles.Files, "*/process.toml")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		profile := strings.TrimSuffix(file, "/process.toml")
		t.Run(profile, func(t *testing.T) {
			shared, _ := desk(t, profile)
			rapid.Check(t, func(t *rapid.T) {
				m := &memory{cases: map[string]*cases.Case{}, events: map[string][][]byte{}}
				d := *shared
				d.Log, d.Shelf = m, m
				r := random{T: t, desk: &d, m: m, now: day}
				table, _ := d.Tables.Newest(profile)
				for range rapid.IntRange(1, 60).Draw(t, "commands") {
					r.step(table)
				}
				for id := range m.cases {
					r.replay(id)
				}
			})
		})
	}
}

type random struct {
	*rapid.T
	desk *cases.Desk
	m    *memory
	now  time.Time
}

func (r *random) step(table *process.Table) {
	ids := append(slices.Sorted(maps.Keys(r.m.cases)), fmt.Sprintf("R-%d", len(r.m.cases)))
	id := rapid.SampledFrom(ids).Draw(r.T, "case")
	state := process.New
	if c := r.m.cases[id]; c != nil {
		state = c.State
	}
	// Mostly something that the table has in this state, now and then anything.
	steps := table.Steps(state)
	step := rapid.SampledFrom(steps).Draw(r.T, "step")
	post, action := rapid.SampledFrom(step.Posts).Draw(r.T, "post"), step.Action
	wild := rapid.IntRange(0, 9).Draw(r.T, "wild") == 0
	if wild {
		action = rapid.SampledFrom(table.Actions).Draw(r.T, "action").ID
		post = rapid.SampledFrom(table.Posts()).Draw(r.T, "any post")
	}
	where := slices.Sorted(maps.Keys(office))
	organisation := rapid.SampledFrom(where).Draw(r.T, "organisation")
	if c := r.m.cases[id]; c != nil && c.Unit() != "" && rapid.Bool().Draw(r.T, "at the unit") {
		organisation = c.Unit()
	}
	actor := cases.Actor{Post: post, Organisation: organisation, Person: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r.T, "person") + "@" + organisation}
	if c := r.m.cases[id]; c != nil && c.Task != "" && rapid.Bool().Draw(r.T, "whose task it is") {
		actor.Person = c.Task
		_, actor.Organisation, _ = strings.Cut(c.Task, "@")
	}
	if post == process.System {
		actor = cases.Actor{Post: process.System}
	}
	r.now = r.now.Add(time.Duration(rapid.IntRange(-10, 5000).Draw(r.T, "minutes")) * time.Minute)
	cmd := &cases.Command{Case: id, At: r.now, Actor: actor, Action: action, Form: r.form(table, step, where, ids)}
	// Files and sensors bring places outside of the city, and nobody else does.
	cmd.Anywhere = rapid.IntRange(0, 3).Draw(r.T, "anywhere") == 0
	var before cases.Case
	if c := r.m.cases[id]; c != nil {
		before = *c.Clone()
	}
	seq := r.m.seq
	done, err := r.desk.Do(context.Background(), cmd)
	if err != nil {
		r.judge(err)
		if r.m.seq != seq {
			r.Fatalf("%s is refused and something is in the log: %v", action, err)
		}
		return
	}
	r.inside(table, cmd, &before, done)
	r.invariants(table, &before, done)
}

// inside sees that nobody filed a case outside of the city, or gave it such a place: [ground] has it at longitude 0.
func (r *random) inside(table *process.Table, cmd *cases.Command, before *cases.Case, done *cases.Done) {
	out := func(p *cases.Position) bool { return p != nil && p.Lon == 0 }
	if out(cmd.Form.Point) && !cmd.Anywhere {
		r.Fatalf("%s takes the point %v", cmd.Action, *cmd.Form.Point)
	}
	state := before.State
	if before.Version == 0 {
		state = process.New
	}
	step, refusal := table.Step(state, cmd.Action, cmd.Actor.Post)
	if refusal != nil {
		r.Fatal(refusal)
	}
	if p := done.Case.Place(); step.Asks(process.Located) && (p == nil || out(p.Point)) {
		r.Fatalf("%s in %s is done for a case at %+v", cmd.Action, state, p)
	}
}

func (r *random) form(table *process.Table, step *process.Step, units, ids []string) cases.Form {
	f := cases.Form{}
	for _, field := range append(slices.Clone(step.Require), step.Optional...) {
		if rapid.IntRange(0, 19).Draw(r.T, "leave out "+field) == 0 {
			continue
		}
		switch field {
		case "source":
			f.Source = rapid.SampledFrom([]string{"collector", "public"}).Draw(r.T, field)
		case "description":
			f.Description = "坏了"
		case "address":
			f.Address = rapid.SampledFrom([]string{"市场东门", "某处"}).Draw(r.T, field)
		case "point":
			f.Point = &cases.Position{Lon: rapid.SampledFrom([]float64{0, 116.4}).Draw(r.T, field), Lat: 39.9}
		case "class":
			f.Class = &cases.Class{Kind: "part", Code: "0102"}
		case "parts":
			f.Parts = []cases.Part{{Layer: "covers", ID: "7"}}
		case "before":
			f.Before = photo(1)
		case "after":
			f.After = photo(2)
		case "voice":
			f.Voice = photo(3)
		case "quantity":
			f.Quantity = []cases.Quantity{{Number: 2, Unit: "m²"}}
		case "unit":
			f.Unit = rapid.SampledFrom(units).Draw(r.T, field)
		case "units":
			f.Units = rapid.SliceOfN(rapid.SampledFrom(units), 1, 3).Draw(r.T, field)
		case "person":
			f.Person = rapid.SampledFrom([]string{"a", "b"}).Draw(r.T, field) + "@" + rapid.SampledFrom(units).Draw(r.T, "where")
		case "until":
			f.Until = r.now.Add(time.Duration(rapid.IntRange(-1, 500).Draw(r.T, field)) * time.Hour)
		case "into":
			f.Into = rapid.SampledFrom(ids).Draw(r.T, field)
		case "reason":
			f.Reason = "理由"
		case "note":
			f.Note = "意见"
		default:
			f.Fields = map[string]string{field: r.value(table, field)}
		}
	}
	return f
}

// value is one of a field that the process adds, mostly one that fits.
func (r *random) value(table *process.Table, field string) string {
	values := []string{"something else"}
	switch f, _ := table.Field(field); f.Type {
	case "choice":
		for _, c := range f.Choices {
			values = append(values, c.ID)
		}
	case "bool":
		values = append(values, "true", "true", "false")
	}
	return rapid.SampledFrom(values).Draw(r.T, field)
}

// judge sees that an error is one that whoever acts can understand.
func (r *random) judge(err error) {
	if refusal, ok := errors.AsType[*process.RefusalError](err); ok {
		if refusal.Code == "" || refusal.Title["zh"] == "" || refusal.Title["en"] == "" {
			r.Fatalf("a refusal without a reason: %+v", refusal)
		}
		return
	}
	if _, ok := errors.AsType[*data.FieldError](err); ok || errors.Is(err, cases.ErrNoCase) || errors.Is(err, cases.ErrPost) {
		return
	}
	r.Fatalf("an error of another kind: %v", err)
}

func (r *random) invariants(table *process.Table, before *cases.Case, done *cases.Done) {
	c, e := done.Case, done.Event
	state, ok := table.State(c.State)
	if !ok || state.Final != c.Final || c.Final == c.Rested.IsZero() {
		r.Fatalf("state %s, final %v, rested %v", c.State, c.Final, c.Rested)
	}
	if c.Version != before.Version+1 || e.Number != c.Version || e.At.Before(before.Updated) {
		r.Fatalf("version %d after %d, at %s after %s", c.Version, before.Version, e.At, before.Updated)
	}
	for clock, do := range c.Clocks {
		if c.Final && do != process.Stop || do != process.Start && do != process.Pause && do != process.Stop {
			r.Fatalf("in state %s, final %v, the clock %s is %s", c.State, c.Final, clock, do)
		}
	}
	if c.State == "suspended" && c.Clocks["handle"] != process.Pause || c.State == "handling" && c.Clocks["handle"] != process.Start {
		r.Fatalf("in state %s the clock of handling is %s", c.State, c.Clocks["handle"])
	}
	if (c.State == "handling" || c.State == "assigned") && c.Unit() == "" && c.Counts["self"] == 0 {
		r.Fatalf("in state %s no unit has the case", c.State)
	}
	if (c.State == "merged") != (c.Into != "") {
		r.Fatalf("in state %s the case has joined %q", c.State, c.Into)
	}
	for id := range c.Requests {
		i := slices.IndexFunc(table.Requests, func(q process.Request) bool { return q.ID == id })
		if !slices.Contains(table.Requests[i].States, c.State) {
			r.Fatalf("the request %s waits in state %s", id, c.State)
		}
	}
	if c.Granted["extend"] > 2 || c.Granted["suspend"] > 1 || c.Asked["appeal"] > 1 {
		r.Fatalf("granted %v, asked %v", c.Granted, c.Asked)
	}
	open := 0
	for _, b := range c.Children {
		if b.Open != !r.m.cases[b.Case].Final {
			r.Fatalf("the case %s holds its child %s for open %v", c.ID, b.Case, b.Open)
		}
		if b.Open {
			open++
		}
	}
	if open > 0 && before.State == "handling" && c.State == "reported" {
		r.Fatalf("reported back with %d children open", open)
	}
	for _, id := range c.Joined {
		if r.m.cases[id].Into != c.ID {
			r.Fatalf("case %s does not know that it joined %s", id, c.ID)
		}
	}
	r.separated(table, e)
	if start := done.Case.Clone(); !cmp.Equal(start, c, cmp.AllowUnexported(cases.Case{}), cmp.Exporter(exportAll)) {
		r.Fatalf("a clone differs:\n%s", cmp.Diff(c, start, cmp.Exporter(exportAll)))
	}
}

// separated looks at the events of a case themselves: whether the actor of the newest did what excludes it.
func (r *random) separated(table *process.Table, e *cases.Event) {
	for _, rule := range table.Separation {
		if !slices.Contains(rule.Never, e.Action) {
			continue
		}
		for _, b := range r.m.events[e.Case] {
			earlier, err := cases.Decode(b)
			if err != nil {
				r.Fatal(err)
			}
			if earlier.Number < e.Number && slices.Contains(rule.Did, earlier.Action) && earlier.Actor.Person == e.Actor.Person && e.Actor.Person != "" {
				r.Fatalf("%s did %s and then %s", e.Actor.Person, earlier.Action, e.Action)
			}
		}
	}
}

func (r *random) replay(id string) {
	c := cases.NewCase()
	for _, b := range r.m.events[id] {
		e, err := cases.Decode(b)
		if err != nil {
			r.Fatal(err)
		}
		if err := c.Apply(e); err != nil {
			r.Fatal(err)
		}
	}
	if diff := cmp.Diff(r.m.cases[id], c, cmp.Exporter(exportAll)); diff != "" {
		r.Fatalf("case %s is not the fold of its events:\n%s", id, diff)
	}
}

// TestCommandsOnce sends commands again, with the same key and with a key that belongs to another, and with versions that
// have passed.
func TestCommandsOnce(t *testing.T) {
	d, m := desk(t, "base")
	ctx := context.Background()
	cmd := &cases.Command{
		Case: "K-1", Key: "k1", At: day, Actor: cases.Actor{Post: "public"}, Action: "report",
		Form: cases.Form{Source: "public", Description: "坏了"},
	}
	first, err := d.Do(ctx, cmd)
	if err != nil {
		t.Fatal(err)
	}
	again := *cmd
	again.At = day.Add(time.Hour)
	if done, err := d.Do(ctx, &again); err != nil || done.Event != nil || done.Number != first.Number || m.cases["K-1"].Version != 1 {
		t.Errorf("sent again: %+v, %v", done, err)
	}
	other := *cmd
	other.Form.Description = "没坏"
	if _, err := d.Do(ctx, &other); !isType[*cases.KeyError](err) {
		t.Errorf("the key of another command: %v", err)
	}
	accept := &cases.Command{Case: "K-1", At: day, Actor: cases.Actor{Person: "w@supervision", Organisation: "supervision", Post: "operator"}, Action: "accept"}
	old, now := 0, 1
	accept.IfVersion = &old
	if _, err := d.Do(ctx, accept); !isType[*cases.StaleError](err) {
		t.Errorf("a version that has passed: %v", err)
	}
	accept.IfVersion = &now
	if _, err := d.Do(ctx, accept); err != nil {
		t.Error(err)
	}
	if _, err := d.Do(ctx, &cases.Command{Case: "K-9", At: day, Actor: accept.Actor, Action: "accept"}); !errors.Is(err, cases.ErrNoCase) {
		t.Errorf("a case that does not exist: %v", err)
	}
	accept.Actor.Organisation = "command"
	if _, err := d.Do(ctx, accept); !errors.Is(err, cases.ErrPost) {
		t.Errorf("a post that is not held: %v", err)
	}
}

func isType[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// TestTwoAtOnce lets many take the same case at the same time: one gets it, and all see the same history.
func TestTwoAtOnce(t *testing.T) {
	d, m := desk(t, "base")
	p := &player{TB: t, desk: d, now: day}
	filed(p, "T-1")
	p.do("T-1", "dispatcher qian@command", "dispatch", cases.Form{Unit: "water"}, "assigned")
	var took sync.Map
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			person := fmt.Sprintf("h%d@water", i)
			_, err := d.Do(context.Background(), &cases.Command{Case: "T-1", At: day, Action: "take", Actor: cases.Actor{Person: person, Organisation: "water", Post: "handler"}})
			took.Store(i, err == nil)
			if err != nil && !isType[*process.RefusalError](err) {
				t.Error(err)
			}
			for range 5 {
				if _, err := d.Do(context.Background(), &cases.Command{Case: "T-1", At: day, Action: "annotate", Form: cases.Form{Note: person}, Actor: cases.Actor{Person: person, Organisation: "water", Post: "handler"}}); err != nil && !isType[*cases.StaleError](err) {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	n := 0
	took.Range(func(_, got any) bool {
		if got == true {
			n++
		}
		return true
	})
	if n != 1 || len(m.events["T-1"]) != m.cases["T-1"].Version {
		t.Errorf("%d took it; %d events, version %d", n, len(m.events["T-1"]), m.cases["T-1"].Version)
	}
}

func TestOffers(t *testing.T) {
	d, _ := desk(t, "dongcheng-2004")
	p := &player{TB: t, desk: d, now: day}
	filed(p, "O-1")
	offered := func(post, person string) map[string]bool {
		_, organisation, _ := strings.Cut(person, "@")
		out := map[string]bool{}
		all, err := d.Offers(context.Background(), "O-1", cases.Actor{Person: person, Organisation: organisation, Post: post}, day)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range all {
			out[o.Action] = o.Refusal == nil
		}
		return out
	}
	want := map[string]bool{"annotate": true, "dispatch": true, "dispute": true, "emergency": true, "hand-city": true, "press": true, "send-back": true}
	if got := offered("dispatcher", "qian@command"); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	if _, err := d.Offers(context.Background(), "O-9", cases.Actor{}, day); !errors.Is(err, cases.ErrNoCase) {
		t.Errorf("offers of a case that does not exist: %v", err)
	}
	// Who filed it does not dispatch it, and is told so.
	want["dispatch"], want["hand-city"] = false, false
	if got := offered("dispatcher", "zhao@supervision"); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}
