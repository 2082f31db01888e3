package process_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/rows"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/profiles"
)

var update = flag.Bool("update", false, "write what is expected anew")

func posts() []string {
	var out []string
	for _, p := range people.DefaultPosts() {
		out = append(out, p.ID)
	}
	return out
}

// shipped are the profiles that come with gewu.
func shipped(t testing.TB) []string {
	t.Helper()
	files, err := fs.Glob(profiles.Files, "*/process.toml")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for i, f := range files {
		files[i] = filepath.Dir(f)
	}
	return files
}

func load(t testing.TB, name string) *process.Table {
	t.Helper()
	table, err := process.Load(process.FromFS(profiles.Files), name, posts())
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// with finds the shipped tables and one more, city/process.toml, which inherits from base.
func with(text string) process.Texts {
	return func(name string) (string, string, error) {
		if name != "city" {
			return process.FromFS(profiles.Files)(name)
		}
		return "city/process.toml", "name = \"city\"\nversion = 3\ntitle = { zh = \"市\", en = \"City\" }\ninherits = \"base\"\n" + text, nil
	}
}

// TestFaults lays one wrong thing over the base and expects it to be told with file, line, row and what would be right.
func TestFaults(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"syntax", "[steps.new.report\nto = 1", "city/process.toml:6: "},
		{"type", "\n[states.closed]\nfinal = \"yes\"", "city/process.toml:7: states.closed.final: "},
		{"unknown member", "\n[steps.assigned.take]\npost = [\"handler\"]", `city/process.toml:7: steps.assigned.take: post: nobody knows this member`},
		{"unknown section", "[clock.x]\n", "nobody knows this member"},
		{"unknown post", "\n[steps.assigned.take]\nposts = [\"handlr\"]", `city/process.toml:7: steps.assigned.take: posts: there is no such post (value "handlr")`},
		{"no post", "[steps.assigned.take]\nposts = []", `steps.assigned.take: posts: is missing`},
		{"unknown state", "[steps.assigned.take]\nto = \"handeling\"", `steps.assigned.take: to: there is no such state (value "handeling")`},
		{"unknown state of a row", "[steps.\"assigned gone\".take]\nto = \"handling\"\nposts = [\"handler\"]", `there is no such state (value "gone")`},
		{"unknown action", "[steps.assigned.grab]\nto = \"handling\"\nposts = [\"handler\"]", `there is no such action (value "grab")`},
		{"unknown clock", "[steps.assigned.take]\nclocks = { handel = \"start\" }", `there is no such clock (value "handel")`},
		{"unknown effect", "[steps.assigned.take]\nclocks = { handle = \"begin\" }", `must be one of [start stop pause resume extend reset continue] (value "begin")`},
		{"unknown field", "[steps.assigned.take]\noptional = [\"colour\"]", `there is no such field (value "colour")`},
		{"wrong type of a field", "[fields.reason]\ntype = \"number\"", `fields.reason: type: must be text: the field means the same in every process (value "number")`},
		{"choice without choices", "[fields.kind]\ntype = \"choice\"\ntitle = { zh = \"类\", en = \"Kind\" }", "belong to fields of type choice"},
		{"limit without unit", "[clocks.handle]\nlimit = \"3 fortnights\"", "must be a number above 0 and a unit"},
		{"title of one language", "[states.closed]\ntitle = { zh = \"结案\" }", "states.closed: title: has no en"},
		{"guard nobody knows", "[steps.assigned.take]\nguards = [\"in_office\"]", "asks for a fact that nobody knows"},
		{"guard without number", "[steps.assigned.take]\nguards = [\"depth > many\"]", `"many", which is no whole number`},
		{"guards against each other", "[steps.assigned.take]\nguards = [\"depth = 0\", \"depth >= 1\"]", `"depth = 0" and "depth >= 1" cannot hold together`},
		{"truths against each other", "[steps.assigned.take]\nguards = [\"in_unit\", \"not in_unit\"]", `cannot hold together`},
		{"words against each other", "[steps.assigned.take]\nguards = [\"source in public\", \"source in sensor, hotline\"]", `cannot hold together`},
		{"guard below zero", "[steps.assigned.take]\nguards = [\"depth < 0\"]", "can never hold"},
		{"mark that is never set", "drop = [\"steps.any.enter\"]", `"mark.ledger"`},
		{"guard on a missing field", "[steps.assigned.take]\nguards = [\"field.satisfied in no\"]", "not in the form of the step"},
		{"guard on no choice", "[steps.closed.call-back]\nguards = [\"field.satisfied in maybe\"]", `"maybe" is none of the choices`},
		{"guard on a unit that is not asked for", "[steps.assigned.take]\nguards = [\"unit_above\"]", "the form of the step has none"},
		{"unit that is not asked for", "[steps.assigned.take]\nunit = \"set\"", "must have unit"},
		{"state nobody reaches", "[states.lost]\ntitle = { zh = \"失\", en = \"Lost\" }\nowner = [\"handler\"]\npublic = \"open\"\n[steps.lost.take]\nto = \"handling\"\nposts = [\"handler\"]", "states.lost: no case can ever come into the state"},
		{"state without way out", "[states.trap]\ntitle = { zh = \"阱\", en = \"Trap\" }\nowner = [\"handler\"]\npublic = \"open\"\n[steps.assigned.take]\nto = \"trap\"", "no case can ever leave the state for a final one"},
		{"clock alive at the end", "[steps.to-close.close]\nclocks = {}", "is alive when the case comes to rest in closed"},
		{"effect without a clock to work on", "[steps.assigned.take]\nclocks = { inspect = \"resume\" }", "resume never meets a clock that it could work on"},
		{"new without target", "[steps.new.take]\nposts = [\"handler\"]", "must name a state"},
		{"open state without owner", "[states.assigned]\nowner = []", "lies in somebody's inbox"},
		{"request nobody decides", "[requests.extend]\ndecide = []", "somebody asks, somebody decides"},
		{"request in no state", "[requests.extend]\nstates = [\"nowhere\"]", "there is no such state"},
		{"separation of nothing", "[separation.x]\ndid = [\"take\"]", "separation.x: never: is missing"},
		{"dropping what is not there", "drop = [\"steps.assigned.grab\"]", "there is no such row to drop"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := process.Load(with(c.text), "city", posts())
			if err == nil {
				t.Fatal("nothing is found")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %s\nwant %s", err, c.want)
			}
			if fault, ok := errors.AsType[*rows.Error](err); !ok || fault.File == "" {
				t.Errorf("no file is named: %v", err)
			}
		})
	}
}

func TestChainOfTables(t *testing.T) {
	for _, c := range []struct{ name, inherits, want string }{
		{"circle", "city", "goes round in a circle"},
		{"nobody", "nobody", "there is no such table"},
	} {
		texts := func(name string) (string, string, error) {
			if name != "city" {
				return "", "", fs.ErrNotExist
			}
			return "city.toml", "name = \"city\"\ninherits = \"" + c.inherits + "\"\n", nil
		}
		if _, err := process.Load(texts, "city", posts()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := process.Load(process.FromFS(profiles.Files), "nowhere", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a table that does not exist: %v", err)
	}
}

// TestOverrides sees that a row keeps the members that the table above does not give.
func TestOverrides(t *testing.T) {
	table, err := process.Load(with("[steps.assigned.take]\nposts = [\"grid-head\"]\n[steps.handling.press]\nposts = [\"operator\"]\n[requests.extend]\ndecide = [[\"operator\"], [\"duty-chief\"]]"), "city", posts())
	if err != nil {
		t.Fatal(err)
	}
	take, refusal := table.Step("assigned", "take", "grid-head")
	if refusal != nil || take.To != "handling" || len(take.Guards) != 1 {
		t.Errorf("take: %+v, %v", take, refusal)
	}
	if _, refusal := table.Step("assigned", "take", "handler"); refusal == nil || refusal.Code != process.WrongPost {
		t.Errorf("the post of the base may still take: %v", refusal)
	}
	// A row of one state stands over that of any.
	if _, refusal := table.Step("handling", "press", "operator"); refusal != nil {
		t.Error(refusal)
	}
	if _, refusal := table.Step("assigned", "press", "inspector"); refusal != nil {
		t.Error(refusal)
	}
	if grant, _ := table.Step("handling", "extend-grant", "duty-chief"); grant == nil || len(grant.Stages) != 2 {
		t.Errorf("the stages of the request: %+v", grant)
	}
}

// TestTextIsWhole sees that what is kept of a version gives the same table without the one that it inherits from.
func TestTextIsWhole(t *testing.T) {
	for _, name := range shipped(t) {
		text, err := process.Text(process.FromFS(profiles.Files), name)
		if err != nil {
			t.Fatal(err)
		}
		alone, err := process.Load(func(string) (string, string, error) { return name, text, nil }, name, posts())
		if err != nil {
			t.Fatal(err)
		}
		if want := load(t, name); !cmp.Equal(sortedSteps(alone), sortedSteps(want)) {
			t.Errorf("%s:\n%s", name, cmp.Diff(sortedSteps(want), sortedSteps(alone)))
		}
	}
}

func sortedSteps(table *process.Table) []string {
	var out []string
	for _, state := range append(states(table), process.New) {
		for _, s := range table.Steps(state) {
			var guards []string
			for _, g := range s.Guards {
				guards = append(guards, g.String())
			}
			clocks := slices.Clone(s.Clocks)
			slices.SortFunc(clocks, func(a, b process.Effect) int { return strings.Compare(a.Clock, b.Clock) })
			lapse := slices.Sorted(slices.Values(s.Lapse))
			out = append(out, strings.Join([]string{state, s.Action, s.To, cmp.Diff(s.Posts, nil), cmp.Diff(guards, nil), cmp.Diff(clocks, nil), cmp.Diff(lapse, nil)}, "|"))
		}
	}
	slices.Sort(out)
	return out
}

func states(table *process.Table) []string {
	var out []string
	for i := range table.States {
		out = append(out, table.States[i].ID)
	}
	return out
}

// TestPrint keeps the tables of the manual what the profiles say.
func TestPrint(t *testing.T) {
	titles := map[string]data.Title{}
	for _, p := range people.DefaultPosts() {
		titles[p.ID] = p.Title
	}
	for _, name := range shipped(t) {
		for _, lang := range []string{"zh", "en"} {
			var b strings.Builder
			if err := load(t, name).Print(&b, lang, titles); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("..", "..", "docs", "manual", "processes", name+"."+lang+".md")
			if *update {
				if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Errorf("%s: run go test ./cases/process -update and read the difference: %s", file, diff)
			}
		}
	}
}
