package route_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/route"
	"github.com/gewu-city/gewu/cases/rows"
	"github.com/gewu-city/gewu/people"
)

var night = time.Date(2026, 11, 2, 15, 30, 0, 0, time.UTC) // Monday 23:30 in Shanghai

const text = `
zone = "Asia/Shanghai"

[fallback]
levels = ["community", "street", "district"]
organisation = "centre"

[disputed]
organisation = "legal"
post = "duty-chief"

[rules.water-at-night]
reason = { zh = "夜间漏水抢修", en = "Leaks at night" }
classes = ["0125"]
hours = "22:00-06:00"
days = ["mon"]
organisation = "repairs"
limit = "2 urgent_hour"
priority = 1
automatic = true

[rules.stalls]
reason = { zh = "前门大街占道", en = "Stalls in Qianmen street" }
kinds = ["event"]
editions = ["2013"]
classes = ["0406", "0405"]
areas = ["street/110101011"]
sources = ["collector", "public"]
organisation = "enforcement"

[rules.weekend]
reason = { zh = "非工作时间", en = "Out of hours" }
classes = ["05"]
working = false
organisation = "duty-office"

[rules.covers]
reason = { zh = "部件权属单位", en = "Owner of the part" }
kinds = ["part"]
to = "owner"
post = "handler"

[rules.frontage]
reason = { zh = "门前三包", en = "Frontage" }
classes = ["02"]
role = "responsible"
`

type city struct {
	gone    []string
	duties  []people.Duty
	working error
}

func (c *city) Path(id string) []string {
	if id == "" || slices.Contains(c.gone, id) {
		return nil
	}
	return []string{id}
}
func (c *city) Duties(*cases.Place, string) []people.Duty { return c.duties }
func (c *city) Subunit(ref people.CellRef) bool           { return ref.Scheme == "entrances" }
func (c *city) Working(time.Time) (bool, error)           { return false, c.working }

func parse(t testing.TB, text string) *route.Rules {
	t.Helper()
	rules, err := route.Parse("routes.toml", text, []string{"handler", "duty-chief"})
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func cellAndAreas() []people.Duty {
	return []people.Duty{
		{Role: people.RoleStaff, Organisation: "grid-5", Post: "grid-head", Cell: &people.CellRef{Scheme: "unit", Code: "1"}},
		{Role: people.RoleResponsible, Organisation: "shops", Area: &people.AreaKey{Level: "frontage", Code: "f"}},
		{Role: people.RoleResponsible, Organisation: "community-1", Area: &people.AreaKey{Level: "community", Code: "c"}},
		{Role: people.RoleResponsible, Organisation: "street-1", Area: &people.AreaKey{Level: "street", Code: "s"}},
		{Role: people.RoleResponsible, Organisation: "district-1", Area: &people.AreaKey{Level: "district", Code: "d"}},
	}
}

func TestWhoGetsIt(t *testing.T) {
	rules := parse(t, text)
	street := []cases.Area{{AreaKey: people.AreaKey{Level: "street", Code: "110101011"}}}
	part := func(owner string) *cases.Place {
		return &cases.Place{Parts: []cases.Part{{Layer: "covers", ID: "1", Owner: owner}}}
	}
	for _, c := range []struct {
		name               string
		q                  route.Question
		city               city
		rule, organisation string
	}{
		{"a leak at night", route.Question{Class: cases.Class{Code: "0125"}, At: night}, city{}, "water-at-night", "repairs"},
		{"after midnight it is Tuesday", route.Question{Class: cases.Class{Code: "0125"}, At: night.Add(time.Hour)}, city{}, "fallback:last", "centre"},
		{"by day", route.Question{Class: cases.Class{Code: "0125"}, At: night.Add(-8 * time.Hour)}, city{}, "fallback:last", "centre"},
		{"stalls", route.Question{Class: cases.Class{Edition: "2013", Kind: "event", Code: "0406"}, Source: "public", At: night, Place: &cases.Place{Areas: street}}, city{}, "stalls", "enforcement"},
		{"stalls elsewhere", route.Question{Class: cases.Class{Edition: "2013", Kind: "event", Code: "0406"}, Source: "public", At: night, Place: &cases.Place{}}, city{}, "fallback:last", "centre"},
		{"stalls by sensor", route.Question{Class: cases.Class{Edition: "2013", Kind: "event", Code: "0406"}, Source: "sensor", At: night, Place: &cases.Place{Areas: street}}, city{}, "fallback:last", "centre"},
		{"stalls of another edition", route.Question{Class: cases.Class{Edition: "2007", Kind: "event", Code: "0406"}, Source: "public", At: night, Place: &cases.Place{Areas: street}}, city{}, "fallback:last", "centre"},
		{"out of hours", route.Question{Class: cases.Class{Code: "0501"}, At: night}, city{}, "weekend", "duty-office"},
		{"a cover", route.Question{Class: cases.Class{Kind: "part", Code: "0102"}, At: night, Place: part("sewage")}, city{}, "covers", "sewage"},
		{"a cover of nobody", route.Question{Class: cases.Class{Kind: "part", Code: "0102"}, At: night, Place: part("")}, city{}, "fallback:last", "centre"},
		{"a cover of an organisation that has ended", route.Question{Class: cases.Class{Kind: "part", Code: "0102"}, At: night, Place: part("sewage")}, city{gone: []string{"sewage"}}, "fallback:last", "centre"},
		{"frontage", route.Question{Class: cases.Class{Code: "0201"}, At: night, Place: &cases.Place{}}, city{duties: cellAndAreas()}, "frontage", "shops"},
		{"the cell", route.Question{Class: cases.Class{Code: "0901"}, At: night, Place: &cases.Place{}}, city{duties: cellAndAreas()}, "fallback:cell", "grid-5"},
		{"the community", route.Question{Class: cases.Class{Code: "0901"}, At: night, Place: &cases.Place{}}, city{duties: cellAndAreas(), gone: []string{"grid-5"}}, "fallback:community", "community-1"},
		{"the street", route.Question{Class: cases.Class{Code: "0901"}, At: night, Place: &cases.Place{}}, city{duties: cellAndAreas()[3:]}, "fallback:street", "street-1"},
		{"the district", route.Question{Class: cases.Class{Code: "0901"}, At: night, Place: &cases.Place{}}, city{duties: cellAndAreas(), gone: []string{"grid-5", "community-1", "street-1"}}, "fallback:district", "district-1"},
		{"outside the city", route.Question{Class: cases.Class{Code: "0901"}, At: night}, city{duties: cellAndAreas()}, "fallback:last", "centre"},
		{"a disputed zone", route.Question{Class: cases.Class{Code: "0125"}, At: night, Place: &cases.Place{Disputes: []string{"D-1"}}}, city{}, "disputed", "legal"},
		{"nobody rules", route.Question{Class: cases.Class{Code: "0125"}, At: night, Place: &cases.Place{Disputes: []string{"D-1"}}}, city{gone: []string{"legal"}}, "water-at-night", "repairs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := route.NewRouter(rules)
			a, err := r.Dry(&c.q, &c.city)
			if err != nil {
				t.Fatal(err)
			}
			if a.Rule != c.rule || a.Organisation != c.organisation || a.Reason["zh"] == "" || a.Reason["en"] == "" {
				t.Errorf("got %s, %s; want %s, %s", a.Rule, a.Organisation, c.rule, c.organisation)
			}
			for _, s := range a.Trace {
				if s.Why["zh"] == "" || s.Why["en"] == "" {
					t.Errorf("%s is passed over without a reason", s.Rule)
				}
				plain(t, s.Why["zh"])
			}
			plain(t, a.Reason["zh"])
			if got := r.Disabled(); len(got) != 0 {
				t.Errorf("a dry run switched off %v", got)
			}
		})
	}
}

// plain checks that a reason in Chinese names no role or level by its key.
func plain(t *testing.T, reason string) {
	t.Helper()
	keys := []string{"street", "community", "district"}
	for _, role := range people.Roles() {
		keys = append(keys, string(role))
	}
	for _, key := range keys {
		// Ids of organisations, as street-1, are named as they are.
		if strings.Contains(strings.ReplaceAll(reason, key+"-", ""), key) {
			t.Errorf("%q names %s", reason, key)
		}
	}
}

// TestFailingRules sees that a rule whose organisation is gone, or that nobody can judge, is switched off and named.
func TestFailingRules(t *testing.T) {
	r := route.NewRouter(parse(t, text))
	leak := &route.Question{Class: cases.Class{Code: "0125"}, At: night}
	gone := &city{gone: []string{"repairs"}}
	if a, err := r.Route(leak, gone); err != nil || a.Rule != "fallback:last" || !a.Trace[0].Disabled || !strings.Contains(a.Trace[0].Why["en"], `"repairs"`) {
		t.Fatalf("%+v, %v", a, err)
	}
	if off := r.Disabled(); len(off) != 1 || off[0].Rule != "water-at-night" || !off[0].At.Equal(night) {
		t.Fatalf("switched off: %+v", off)
	}
	// It stays off when the organisation is there again, until somebody switches it on.
	if a, _ := r.Route(leak, &city{}); a.Rule != "fallback:last" {
		t.Errorf("a rule that was switched off answers: %s", a.Rule)
	}
	if !r.Enable("water-at-night") || r.Enable("water-at-night") {
		t.Error("switched on twice")
	}
	if a, _ := r.Route(leak, &city{}); a.Rule != "water-at-night" || a.Limit != "2 urgent_hour" || a.Priority != 1 || !a.Automatic {
		t.Errorf("switched on again: %+v", a)
	}
	holidays := errors.New("the table of holidays ends in 2026")
	if a, err := r.Route(&route.Question{Class: cases.Class{Code: "0501"}, At: night}, &city{working: holidays}); err != nil || a.Rule != "fallback:last" {
		t.Errorf("%+v, %v", a, err)
	}
	if off := r.Disabled(); len(off) != 1 || off[0].Rule != "weekend" || !strings.Contains(off[0].Why["en"], holidays.Error()) {
		t.Errorf("switched off: %+v", off)
	}
	_, err := r.Route(leak, &city{gone: []string{"repairs", "centre"}})
	if e, ok := errors.AsType[*route.GoneError](err); !ok || e.Organisation != "centre" {
		t.Errorf("the last resort is gone: %v", err)
	}
}

func TestRulesThatCannotBeRead(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{`zone = "Asia/Shanghai"`, `zone = "China"`, "routes.toml:2: zone: must be an IANA time zone"},
		{`organisation = "centre"`, ``, "routes.toml:4: fallback: organisation: is missing"},
		{`organisation = "legal"`, ``, "disputed: organisation: is missing"},
		{`organisation = "repairs"`, ``, "rules.water-at-night: organisation: says who gets the case"},
		{`organisation = "repairs"`, "organisation = \"repairs\"\nto = \"owner\"", "one of the three"},
		{`to = "owner"`, `to = "cell"`, "must be owner"},
		{`role = "responsible"`, `role = "boss"`, "must be one of [staff owner responsible oversight management enforcement] (value \"boss\")"},
		{`hours = "22:00-06:00"`, `hours = "22-6"`, "must be HH:MM-HH:MM"},
		{`hours = "22:00-06:00"`, `hours = "22:00-22:00"`, "must be HH:MM-HH:MM"},
		{`hours = "22:00-06:00"`, `hours = "24:30-06:00"`, "must be HH:MM-HH:MM"},
		{`days = ["mon"]`, `days = ["monday"]`, "must be mon"},
		{`limit = "2 urgent_hour"`, `limit = "soon"`, "must be a number above 0 and a unit"},
		{`areas = ["street/110101011"]`, `areas = ["110101011"]`, "must be LEVEL/CODE"},
		{`areas = ["street/110101011"]`, `cells = ["unit"]`, "must be SCHEME/CODE"},
		{`kinds = ["part"]`, `kinds = ["thing"]`, "must be part or event"},
		{`post = "handler"`, `post = "plumber"`, "routes.toml:41: rules.covers: post: there is no such post (value \"plumber\")"},
		{`reason = { zh = "门前三包", en = "Frontage" }`, `reason = { zh = "门前三包" }`, "has no en"},
		{"classes = [\"05\"]\nworking = false", ``, `rules.covers: is never asked: "weekend" before it fits every case`},
		{`classes = ["05"]`, `class = ["05"]`, "rules.weekend: class: nobody knows this member"},
		{`[rules.covers]`, `[rules.covers`, "routes.toml:"},
	} {
		if !strings.Contains(text, c.old) {
			t.Fatalf("the text has no %q", c.old)
		}
		_, err := route.Parse("routes.toml", strings.Replace(text, c.old, c.new, 1), []string{"handler", "duty-chief"})
		if _, ok := errors.AsType[*rows.Error](err); !ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q:\ngot  %v\nwant %s", c.new, c.old, err, c.want)
		}
	}
}

// TestSomebodyAlwaysGetsIt asks random rules random questions in cities in which organisations come and go, and compares
// with going through the rules by hand.
func TestSomebodyAlwaysGetsIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		organisations := []string{"a", "b", "c", "d"}
		classes := []string{"01", "0101", "02", "0202"}
		sources := []string{"public", "sensor"}
		rules := &route.Rules{Last: "last", Ruling: "ruling", Zone: time.UTC, Levels: []string{"community"}}
		for i := range rapid.IntRange(0, 5).Draw(t, "rules") {
			r := route.Rule{ID: string(rune('p' + i)), Organisation: rapid.SampledFrom(organisations).Draw(t, "organisation")}
			if rapid.Bool().Draw(t, "by class") {
				r.Classes = []string{rapid.SampledFrom(classes).Draw(t, "class")}
			}
			if rapid.Bool().Draw(t, "by source") {
				r.Sources = []string{rapid.SampledFrom(sources).Draw(t, "source")}
			}
			rules.Rules = append(rules.Rules, r)
		}
		r, off := route.NewRouter(rules), map[string]bool{}
		for range rapid.IntRange(1, 8).Draw(t, "questions") {
			c := &city{gone: rapid.SliceOfDistinct(rapid.SampledFrom(organisations), rapid.ID[string]).Draw(t, "gone")}
			q := &route.Question{Class: cases.Class{Code: rapid.SampledFrom(classes).Draw(t, "of")}, Source: rapid.SampledFrom(sources).Draw(t, "from"), At: night}
			want := "fallback:last"
			for _, rule := range rules.Rules {
				if off[rule.ID] || len(rule.Classes) > 0 && !strings.HasPrefix(q.Class.Code, rule.Classes[0]) || len(rule.Sources) > 0 && rule.Sources[0] != q.Source {
					continue
				}
				if slices.Contains(c.gone, rule.Organisation) {
					off[rule.ID] = true
					continue
				}
				want = rule.ID
				break
			}
			a, err := r.Route(q, c)
			if err != nil || a.Rule != want || a.Organisation == "" || slices.Contains(c.gone, a.Organisation) {
				t.Fatalf("got %+v, %v; want %s", a, err, want)
			}
		}
		if len(r.Disabled()) != len(off) {
			t.Fatalf("switched off %v, want %v", r.Disabled(), off)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(text)
	f.Fuzz(func(t *testing.T, s string) {
		rules, err := route.Parse("f", s, []string{"handler", "duty-chief"})
		if err != nil {
			return
		}
		if a, err := route.NewRouter(rules).Dry(&route.Question{At: night}, &city{}); err != nil || a.Organisation == "" {
			t.Errorf("nobody gets it: %+v, %v", a, err)
		}
	})
}
