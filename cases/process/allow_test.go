package process_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/profiles"
)

// TestEveryTriple goes through the full product of states, actions and posts of every profile: each is a step, or a
// refusal with a name and a reason in both languages, and which of them is what the document says when it is read with
// nothing but a TOML decoder.
func TestEveryTriple(t *testing.T) {
	for _, name := range shipped(t) {
		t.Run(name, func(t *testing.T) {
			table, oracle := load(t, name), readDocument(t, name)
			allPosts := append(posts(), process.System, "nobody")
			for _, p := range table.NewPosts {
				allPosts = append(allPosts, p.ID)
			}
			allActions := []string{"nothing"}
			for _, a := range table.Actions {
				allActions = append(allActions, a.ID)
			}
			allowed := 0
			for _, state := range append(states(table), process.New, "nowhere") {
				for _, action := range allActions {
					for _, post := range allPosts {
						step, refusal := table.Step(state, action, post)
						if (step == nil) == (refusal == nil) {
							t.Fatalf("%s %s %s: %v and %v", state, action, post, step, refusal)
						}
						if want := oracle.may(state, action, post); want != (step != nil) {
							t.Errorf("%s %s %s: may is %v, the document says %v", state, action, post, step != nil, want)
						}
						if step != nil {
							allowed++
							continue
						}
						if refusal.Code == "" || refusal.Title["zh"] == "" || refusal.Title["en"] == "" || refusal.Action != action {
							t.Errorf("%s %s %s: refused without a reason: %+v", state, action, post, refusal)
						}
					}
				}
			}
			if allowed < 50 {
				t.Errorf("only %d triples are allowed", allowed)
			}
		})
	}
}

// document is a profile as maps.
type document struct {
	steps    map[string]any
	requests map[string]any
	final    map[string]bool
}

func readDocument(t *testing.T, name string) document {
	t.Helper()
	text, err := process.Text(process.FromFS(profiles.Files), name)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if _, err := toml.Decode(text, &all); err != nil {
		t.Fatal(err)
	}
	d := document{steps: all["steps"].(map[string]any), requests: all["requests"].(map[string]any), final: map[string]bool{}}
	for id, s := range all["states"].(map[string]any) {
		d.final[id], _ = s.(map[string]any)["final"].(bool)
	}
	return d
}

func (d document) may(state, action, post string) bool {
	has := func(list any) bool {
		all, _ := list.([]any)
		return slices.Contains(all, any(post))
	}
	for id, r := range d.requests {
		row := r.(map[string]any)
		if part, ok := strings.CutPrefix(action, id+"-"); ok && slices.Contains(row["states"].([]any), any(state)) {
			switch part {
			case "ask", "withdraw":
				return has(row["posts"])
			case "grant", "refuse":
				return slices.ContainsFunc(row["decide"].([]any), func(stage any) bool { return has(stage) })
			}
		}
	}
	row := func(key string) any {
		actions, _ := d.steps[key].(map[string]any)
		return actions[action]
	}
	found := row(state)
	for key := range d.steps {
		if many := strings.Fields(key); found == nil && len(many) > 1 && slices.Contains(many, state) {
			found = row(key)
		}
	}
	if final, ok := d.final[state]; found == nil && ok && !final {
		found = row(process.Any)
	}
	if found == nil {
		return false
	}
	return has(found.(map[string]any)["posts"])
}

type facts map[string]any

func (f facts) Number(name string) int  { n, _ := f[name].(int); return n }
func (f facts) Text(name string) string { s, _ := f[name].(string); return s }

func TestGuards(t *testing.T) {
	for _, c := range []struct {
		guard string
		facts facts
		want  bool
	}{
		{"in_unit", facts{"in_unit": 1}, true},
		{"in_unit", facts{}, false},
		{"not in_unit", facts{}, true},
		{"depth >= 1", facts{"depth": 1}, true},
		{"depth > 1", facts{"depth": 1}, false},
		{"depth <= 1", facts{"depth": 1}, true},
		{"depth < 1", facts{"depth": 1}, false},
		{"depth = 2", facts{"depth": 2}, true},
		{"count.rework < 3", facts{"count.rework": 2}, true},
		{"source in public,  hotline", facts{"source": "hotline"}, true},
		{"source in public, hotline", facts{"source": "sensor"}, false},
		{"source not in sensor", facts{"source": "public"}, true},
		{"source not in sensor", facts{"source": "sensor"}, false},
		{"field.satisfied in no", facts{"field.satisfied": "no"}, true},
		{"not overdue.handle", facts{"overdue.handle": 1}, false},
	} {
		g, err := process.ParseGuard(c.guard)
		if err != nil || g.Holds(c.facts) != c.want {
			t.Errorf("%s with %v: %v, %v", c.guard, c.facts, g.Holds(c.facts), err)
		}
		if title := g.Title(); title["zh"] == "" || title["en"] == "" {
			t.Errorf("%s has no title", c.guard)
		}
	}
	for _, bad := range []string{"", "not", "sky", "mark.", "in_unit = 1", "not depth", "depth", "depth = x", "depth ~ 1", "depth = 1 2", "source", "source in", "source in a,,b", "source is a", "field"} {
		if _, err := process.ParseGuard(bad); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

func FuzzParseGuard(f *testing.F) {
	for _, s := range []string{"in_unit", "not mark.x", "depth >= 1", "source not in a, b", "field.x in y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		g, err := process.ParseGuard(s)
		if err != nil {
			return
		}
		again, err := process.ParseGuard(g.String())
		if err != nil {
			t.Fatalf("%q is not read again: %v", g, err)
		}
		for n := range 3 {
			all := anything{n: n, s: s}
			if again.Holds(all) != g.Holds(all) {
				t.Errorf("%q means something else when it is read again", g)
			}
		}
		_ = g.Title()
	})
}

type anything struct {
	n int
	s string
}

func (a anything) Number(string) int  { return a.n }
func (a anything) Text(string) string { return a.s }

// TestContradictions compares what the loader says of pairs of guards with trying all facts.
func TestContradictions(t *testing.T) {
	words := []string{"a", "b", "c"}
	rapid.Check(t, func(t *rapid.T) {
		op := rapid.SampledFrom([]string{"=", "<", "<=", ">", ">="})
		numbers := rapid.Custom(func(t *rapid.T) string {
			return "depth " + op.Draw(t, "op") + " " + rapid.SampledFrom([]string{"0", "1", "2", "3"}).Draw(t, "n")
		})
		texts := rapid.Custom(func(t *rapid.T) string {
			list := rapid.SliceOfNDistinct(rapid.SampledFrom(words), 1, 2, rapid.ID[string]).Draw(t, "words")
			return "source " + rapid.SampledFrom([]string{"in ", "not in "}).Draw(t, "in") + strings.Join(list, ", ")
		})
		one := numbers
		if rapid.Bool().Draw(t, "texts") {
			one = texts
		}
		pair := []string{one.Draw(t, "a"), one.Draw(t, "b")}
		_, err := process.Load(with("[steps.handling.result]\nguards = [\""+strings.Join(pair, `", "`)+"\"]"), "city", posts())
		possible := false
		for n := range 5 {
			for _, w := range append(words, "other") {
				f := facts{"depth": n, "source": w}
				all := true
				for _, s := range pair {
					g, err := process.ParseGuard(s)
					all = all && err == nil && g.Holds(f)
				}
				possible = possible || all
			}
		}
		if told := err != nil && (strings.Contains(err.Error(), "cannot hold together") || strings.Contains(err.Error(), "can never hold")); told == possible {
			t.Fatalf("%q: possible is %v, told: %v", pair, possible, err)
		}
	})
}

func TestForms(t *testing.T) {
	table := load(t, "base")
	register, refusal := table.Step("accepted", "register", "duty-chief")
	if refusal != nil {
		t.Fatal(refusal)
	}
	for _, c := range []struct {
		filled []string
		code   process.Code
		field  string
	}{
		{[]string{"class"}, "", ""},
		{[]string{"class", "note"}, "", ""},
		{nil, process.FieldMissing, "class"},
		{[]string{"class", "satisfied"}, process.FieldUnknown, "satisfied"},
		{[]string{"class_"}, process.FieldUnknown, "class_"}, // a slip is told before what is missing for it
		{[]string{"satisfied"}, process.FieldMissing, "class"},
	} {
		r := register.Fill(table, "duty-chief", c.filled)
		if (r == nil) != (c.code == "") || r != nil && (r.Code != c.code || r.Field != c.field || r.Error() == "") {
			t.Errorf("%v: %v", c.filled, r)
		}
	}
	if r := register.Admit("duty-chief", facts{"located": 1, "mark.unfounded": 1}, true); r == nil || r.Guard != "not mark.unfounded" || r.Title["zh"] == "" {
		t.Errorf("filed what is untrue: %v", r)
	}
	if r := register.Admit("duty-chief", facts{"located": 1}, true); r != nil {
		t.Error(r)
	}
}

func TestDryRun(t *testing.T) {
	changed, err := process.Load(with(`drop = ["states.meeting", "steps.meeting.resolve", "steps.disputed meeting.claim", "steps.disputed.convene", "marks.ledger", "steps.any.enter", "steps.any.strike", "requests.suspend", "states.suspended", "steps.suspended.resume"]
[steps.disputed.claim]
to = "assigned"
posts = ["handler"]
require = ["unit"]
clocks = { dispatch = "stop", handle = "continue" }
unit = "set"
[requests.extend]
states = ["handling"]
`), "city", posts())
	if err != nil {
		t.Fatal(err)
	}
	open := func(yield func(*process.Standing, int) bool) {
		for i, s := range []process.Standing{
			{State: "handling", Clocks: []string{"handle"}},
			{State: "meeting"},
			{State: "handling", Requests: []string{"suspend"}},
			{State: "assigned", Requests: []string{"extend"}},
			{State: "assigned", Marks: []string{"ledger"}},
			{State: "assigned", Clocks: []string{"sundial"}},
			{State: "handling", Requests: []string{"extend"}},
		} {
			if !yield(&s, i+1) {
				return
			}
		}
	}
	var got []int
	for _, s := range changed.Dry(open) {
		if s.Why == "" {
			t.Errorf("stuck without a reason: %+v", s)
		}
		got = append(got, s.Cases)
	}
	if !slices.Equal(got, []int{2, 3, 4, 5, 6}) {
		t.Errorf("stuck are %v", got)
	}
}

func TestVersions(t *testing.T) {
	base := load(t, "base")
	city, err := process.Load(with(""), "city", posts())
	if err != nil {
		t.Fatal(err)
	}
	all, err := process.Make(base, city)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := all.Table("city", 3); !ok || got != city {
		t.Error("version 3 of city is not there")
	}
	if _, ok := all.Table("city", 2); ok {
		t.Error("a version is there that nobody made")
	}
	if got, ok := all.Newest("base"); !ok || got != base {
		t.Error("the newest of base")
	}
	if _, err := process.Make(base, base); err == nil {
		t.Error("a version is there twice")
	}
}
