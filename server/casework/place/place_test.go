package place_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/class"
	"github.com/gewu-city/gewu/cases/route"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/casework/place"
)

var now = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

const rules = `
zone = "UTC"

[fallback]
levels = ["street"]
organisation = "centre"

[disputed]
organisation = "legal"

[rules.owner]
reason = { zh = "权属单位", en = "Owner" }
kinds = ["part"]
to = "owner"

[rules.grid]
reason = { zh = "网格上报", en = "From the grids" }
levels = ["grid"]
organisation = "grid"

[rules.sensors]
reason = { zh = "传感器", en = "Sensors" }
sources = ["sensor"]
organisation = "centre"
`

func text(s string) data.Value { return data.TextValue(data.Text, s) }

func at(lon, lat float64) geo.Shape {
	p, _ := geo.FromDegrees(lon, lat)
	return geo.PointShape(p)
}

func rect(w, s, e, n float64) geo.Shape {
	a, _ := geo.FromDegrees(w, s)
	b, _ := geo.FromDegrees(e, n)
	return indextest.Rect(a.X, a.Y, b.X, b.Y)
}

func record[T people.Organisation | people.Staff](t *testing.T, one T) data.Change {
	t.Helper()
	a, err := people.Record(&one)
	if err != nil {
		t.Fatal(err)
	}
	return a.Put()
}

// ground is two streets side by side with a zone that both claim, manhole covers of two owners, and who answers for them.
func ground(t *testing.T) (*place.Ground, *indextest.Log, *index.Engine) {
	t.Helper()
	log := indextest.NewLog()
	e := indextest.Start(t, log)
	attribute := func(name string) data.Attribute { return data.Attribute{Name: name, Type: data.Text} }
	log.Append(
		indextest.Define(&data.Layer{Name: "streets", Geometry: data.GeometryPolygon, Roles: data.Roles{Area: &data.AreaRole{Level: "street", Name: "name"}}, Attributes: []data.Attribute{attribute("name")}}),
		indextest.Define(&data.Layer{Name: "units", Geometry: data.GeometryPolygon, Roles: data.Roles{Cell: &data.CellRole{Scheme: "unit"}}}),
		indextest.Define(&data.Layer{Name: "zones", Geometry: data.GeometryPolygon, Roles: data.Roles{Dispute: &data.DisputeRole{}}}),
		indextest.Define(&data.Layer{Name: "covers", Geometry: data.GeometryPoint, Roles: data.Roles{Part: &data.PartRole{Class: "class", Code: "code"}}, Attributes: []data.Attribute{attribute("class"), attribute("code"), attribute("owner")}}),
		indextest.Divide("unit", "units", "street"),
	)
	title := func(zh string) data.Title { return data.Title{"zh": zh, "en": zh} }
	changes := []data.Change{
		indextest.Put("streets", "S1", rect(116, 39, 116.1, 39.1), text("东街")),
		indextest.Put("streets", "S2", rect(116.1, 39, 116.2, 39.1), text("西街")),
		indextest.Put("units", "U1", rect(116, 39, 116.1, 39.1)),
		indextest.Put("zones", "Z1", rect(116.15, 39, 116.2, 39.1)),
		indextest.Put("covers", "C1", at(116.05, 39.05), text("0101"), text(""), text("water")),
		indextest.Put("covers", "C2", at(116.0501, 39.05), text("0102"), text(""), text("燃气公司")),
		indextest.Put("covers", "C3", at(116.0499, 39.05), text(""), text("1101010103000001"), text("nobody")),
		record(t, people.Organisation{ID: "centre", Title: title("中心"), Level: "centre"}),
		record(t, people.Organisation{ID: "legal", Title: title("法制办"), Level: "centre"}),
		record(t, people.Organisation{ID: "water", Title: title("自来水"), Level: "department"}),
		record(t, people.Organisation{ID: "gas", Title: title("燃气公司"), Level: "department"}),
		record(t, people.Organisation{ID: "grid", Title: title("网格"), Level: "grid"}),
		record(t, people.Organisation{ID: "street", Title: title("街道"), Level: "street", Areas: []people.AreaRef{{Level: "street", Code: "S1"}}}),
	}
	indextest.At(t, e, log.Append(changes...))
	parsed, err := route.Parse("routes.toml", rules, []string{people.PostHandler})
	if err != nil {
		t.Fatal(err)
	}
	router := route.NewRouter(parsed)
	return &place.Ground{World: e.World, Locator: grid.NewLocator(), Router: func() *route.Router { return router }}, log, e
}

// TestLocate asks where matters are and who gets them.
func TestLocate(t *testing.T) {
	g, log, e := ground(t)
	part := func(code string) cases.Class { return cases.Class{Kind: "part", Code: code} }
	for _, tc := range []struct {
		what     string
		matter   cases.Matter
		areas    string
		part     string
		owner    string
		rule     string
		who      string
		disputes int
	}{
		{what: "an event", matter: cases.Matter{Class: cases.Class{Kind: "event", Code: "0101"}}, areas: "S1", rule: "fallback:street", who: "street"},
		{what: "the nearest cover of a class", matter: cases.Matter{Class: part("0101")}, areas: "S1", part: "C1", owner: "water", rule: "owner", who: "water"},
		{what: "another class, its owner by its name", matter: cases.Matter{Class: part("0102")}, areas: "S1", part: "C2", owner: "gas", rule: "owner", who: "gas"},
		{what: "a class by the national code, its owner nobody", matter: cases.Matter{Class: part("0103")}, areas: "S1", part: "C3", owner: "nobody", rule: "fallback:street", who: "street"},
		{what: "a class of which there is none", matter: cases.Matter{Class: part("0999")}, areas: "S1", rule: "fallback:street", who: "street"},
		{what: "the one that was picked", matter: cases.Matter{Class: part("0101"), Parts: []cases.Part{{Layer: "covers", ID: "C2"}}}, areas: "S1", part: "C2", owner: "gas", rule: "owner", who: "gas"},
		{what: "one that is not there", matter: cases.Matter{Class: part("0101"), Parts: []cases.Part{{Layer: "covers", ID: "C9"}}}, areas: "S1", part: "C9", rule: "fallback:street", who: "street"},
		{what: "from the grid", matter: cases.Matter{By: cases.Actor{Organisation: "grid"}}, areas: "S1", rule: "grid", who: "grid"},
		{what: "from a sensor", matter: cases.Matter{Source: "sensor"}, areas: "S1", rule: "sensors", who: "centre"},
		{what: "in the disputed zone", matter: cases.Matter{Point: cases.Position{Lon: 116.17, Lat: 39.05}}, areas: "S2", rule: "disputed", who: "legal", disputes: 1},
		{what: "where nobody answers", matter: cases.Matter{Point: cases.Position{Lon: 116.12, Lat: 39.05}}, areas: "S2", rule: "fallback:last", who: "centre"},
		{what: "outside of the city", matter: cases.Matter{Point: cases.Position{Lon: 10, Lat: 50}}, rule: "fallback:last", who: "centre"},
	} {
		if tc.matter.Point.Lon == 0 {
			tc.matter.Point = cases.Position{Lon: 116.05, Lat: 39.05}
		}
		tc.matter.At = now
		p, err := g.Locate(context.Background(), &tc.matter)
		if err != nil {
			t.Fatal(err)
		}
		var areas, parts, owners []string
		for _, a := range p.Areas {
			areas = append(areas, a.Code)
		}
		for _, one := range p.Parts {
			parts, owners = append(parts, one.ID), append(owners, one.Owner)
		}
		if strings.Join(areas, " ") != tc.areas || strings.Join(parts, " ") != tc.part || strings.Join(owners, " ") != tc.owner || p.Duty.Rule != tc.rule || p.Duty.Organisation != tc.who || len(p.Disputes) != tc.disputes {
			t.Errorf("%s: %+v, duty %+v, parts %+v", tc.what, p, p.Duty, p.Parts)
		}
		if p.Seq != e.World().Seq() {
			t.Errorf("%s: Seq %d", tc.what, p.Seq)
		}
	}
	if _, err := g.Locate(context.Background(), &cases.Matter{Point: cases.Position{Lon: 500}, At: now}); !errors.As(err, new(*data.FieldError)) {
		t.Errorf("a point that is none: %v", err)
	}
	// The last resort ends.
	indextest.At(t, e, log.Append(record(t, people.Organisation{ID: "centre", Title: data.Title{"en": "x"}, Level: "centre", Retired: now.Add(-time.Hour)})))
	if _, err := g.Locate(context.Background(), &cases.Matter{Point: cases.Position{Lon: 10, Lat: 50}, At: now}); !errors.As(err, new(*route.GoneError)) {
		t.Errorf("nobody is left: %v", err)
	}
	g.Router = nil
	if p, err := g.Locate(context.Background(), &cases.Matter{Point: cases.Position{Lon: 10, Lat: 50}, At: now}); err != nil || p.Duty != nil {
		t.Errorf("without rules: %+v, %v", p, err)
	}
}

// TestSubunits has a tower whose entrances and a building whose ground have staff of their own (S6, S14, S19): what happens there goes
// to them before the head of the cell, with the cell still known, and what happens beside it to the head.
func TestSubunits(t *testing.T) {
	g, log, e := ground(t)
	title := func(zh string) data.Title { return data.Title{"zh": zh, "en": zh} }
	attribute := func(name string) data.Attribute { return data.Attribute{Name: name, Type: data.Text} }
	log.Append(
		indextest.Define(&data.Layer{Name: "houses", Geometry: data.GeometryPolygon, Roles: data.Roles{Building: &data.BuildingRole{Name: "name"}}, Attributes: []data.Attribute{attribute("name")}}),
		indextest.Define(&data.Layer{Name: "entrances", Geometry: data.GeometryPoint, Roles: data.Roles{Entrance: &data.NameRole{Name: "name"}}, Attributes: []data.Attribute{attribute("name"), {Name: "house", Type: data.Ref, Ref: "houses"}}}),
	)
	ref := func(id string) data.Value { return data.TextValue(data.Ref, id) }
	holding := func(post, scheme string, cells ...string) []people.Holding {
		return []people.Holding{{Post: post, Organisation: "grid", Scheme: scheme, Cells: cells}}
	}
	indextest.At(t, e, log.Append(
		indextest.Put("houses", "tower", rect(116.05, 39.05, 116.0506, 39.0502), text("高楼")),
		indextest.Put("houses", "b2", rect(116.06, 39.05, 116.0603, 39.0502), text("2幢")),
		indextest.Put("entrances", "d1", at(116.0501, 39.04999), text("1单元"), ref("tower")),
		indextest.Put("entrances", "d2", at(116.0505, 39.04999), text("2单元"), ref("tower")),
		record(t, people.Organisation{ID: "watch", Title: title("楼门长"), Level: "grid"}),
		record(t, people.Staff{ID: "e1", Name: "一", Holdings: []people.Holding{{Post: people.PostCollector, Organisation: "watch", Scheme: "entrances", Cells: []string{"d1"}}}}),
		record(t, people.Staff{ID: "h2", Name: "二", Holdings: []people.Holding{{Post: people.PostCollector, Organisation: "watch", Scheme: "houses", Cells: []string{"b2"}}}}),
		record(t, people.Staff{ID: "head", Name: "长", Holdings: holding(people.PostGridHead, "unit", "U1")}),
	))
	for _, tc := range []struct {
		what      string
		lon, lat  float64
		rule, who string
		cells     string
	}{
		{"in the west of the tower", 116.0501, 39.0501, "fallback:subunit", "watch", "unit/U1 entrances/d1 houses/tower"},
		// Nobody has the entrance: the head of the cell has it.
		{"in the east of the tower", 116.0505, 39.0501, "fallback:cell", "grid", "unit/U1 entrances/d2 houses/tower"},
		{"in a building", 116.0601, 39.0501, "fallback:subunit", "watch", "unit/U1 houses/b2"},
		{"on open ground", 116.07, 39.07, "fallback:cell", "grid", "unit/U1"},
	} {
		p, err := g.Locate(context.Background(), &cases.Matter{Point: cases.Position{Lon: tc.lon, Lat: tc.lat}, At: now})
		if err != nil {
			t.Fatal(err)
		}
		var cells []string
		for _, c := range p.Cells {
			cells = append(cells, c.Scheme+"/"+c.Code)
		}
		if p.Duty.Rule != tc.rule || p.Duty.Organisation != tc.who || strings.Join(cells, " ") != tc.cells {
			t.Errorf("%s: %v, duty %+v", tc.what, cells, p.Duty)
		}
	}
	// They leave: the head has it again.
	indextest.At(t, e, log.Append(record(t, people.Organisation{ID: "watch", Title: title("楼门长"), Level: "grid", Retired: now.Add(-time.Hour)})))
	if p, err := g.Locate(context.Background(), &cases.Matter{Point: cases.Position{Lon: 116.0501, Lat: 39.0501}, At: now}); err != nil || p.Duty.Rule != "fallback:cell" || p.Duty.Organisation != "grid" {
		t.Errorf("when the organisation has ended: %+v, %v", p, err)
	}
}

// TestWindows has the distance and time of a class from the table of classes, and none for one that it does not know.
func TestWindows(t *testing.T) {
	table := class.Default()
	windows := place.Windows(table)
	key := table.Classes(table.Edition())[0].Key
	metres, window := windows(cases.Class{Kind: string(key.Kind), Code: key.Code})
	want := table.Window(key)
	if metres != want.Metres || window != time.Duration(want.Days)*24*time.Hour || metres == 0 {
		t.Errorf("%v, %v, want %+v", metres, window, want)
	}
	if metres, window = windows(cases.Class{Kind: "part", Code: "none"}); metres != 0 || window != 0 {
		t.Errorf("of no class: %v, %v", metres, window)
	}
}

type fixed string

func (f fixed) Limit(string, cases.Class, string) (limit, calendar string) { return string(f), "city" }
func (f fixed) Overdue(*cases.Case, string, time.Time) bool                { return false }

// TestStandardLimit has a limit of its own for clocks that nothing else has one for.
func TestStandardLimit(t *testing.T) {
	standard := map[string]string{"handle": "5 work_day"}
	for _, tc := range []struct{ limit, clock, want string }{{"", "handle", "5 work_day"}, {"1 hour", "handle", "1 hour"}, {"", "accept", ""}} {
		l := &place.Limits{Limits: fixed(tc.limit), Standard: standard}
		if got, calendar := l.Limit(tc.clock, cases.Class{}, ""); got != tc.want || calendar != "city" {
			t.Errorf("%+v: %q by %q", tc, got, calendar)
		}
	}
}

// TestNear finds cases around a place and about a part, and tells of none that somebody may not see.
func TestNear(t *testing.T) {
	s, err := store.New(nil, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	put := func(id string, lat float64, rested time.Time, private bool) {
		c := cases.NewCase()
		c.ID, c.Version, c.State, c.Opened, c.Rested, c.Final, c.Private = id, 1, "x", now.Add(-time.Hour), rested, !rested.IsZero(), private
		c.Process = cases.ProcessRef{Name: "base", Version: 1}
		c.Intake = &cases.Place{Point: &cases.Position{Lon: 116, Lat: lat}, Parts: []cases.Part{{Layer: "covers", ID: "C1"}}}
		s.Show([]store.Shown{{Case: c}})
	}
	put("near", 39.0001, time.Time{}, false)
	put("closed", 39.0002, now.Add(-time.Minute), false)
	put("long-closed", 39.0002, now.Add(-48*time.Hour), false)
	put("far", 39.1, time.Time{}, false)
	put("secret", 39.0001, time.Time{}, true)
	n := &place.Near{Store: s, Sees: func(s *store.Summary) bool { return !s.Private }, Describe: func(_ context.Context, id string) (string, error) { return "of " + id, nil }}
	ids := func(since time.Time, part bool) []string {
		t.Helper()
		found, err := n.Around(context.Background(), cases.Position{Lon: 116, Lat: 39}, 50, since)
		if part {
			found, err = n.OfPart(context.Background(), "covers", "C1", since)
		}
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, k := range found {
			if k.Description != "of "+k.ID || part && (len(k.Parts) != 1 || k.Parts[0].ID != "C1") {
				t.Errorf("%+v", k)
			}
			out = append(out, k.ID)
		}
		slices.Sort(out)
		return out
	}
	if got, want := ids(now.Add(-time.Hour), false), []string{"closed", "near"}; !slices.Equal(got, want) {
		t.Errorf("around %v, want %v", got, want)
	}
	if got, want := ids(now.Add(-time.Hour), true), []string{"closed", "far", "near"}; !slices.Equal(got, want) {
		t.Errorf("of the part %v, want %v", got, want)
	}
}
