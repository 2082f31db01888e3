package people_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/people"
)

// town is a directory as lists.
type town struct {
	organisations []*people.Organisation
	staff         []*people.Staff
}

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// anyTime is one of few moments, or none.
func anyTime(t *rapid.T, label string) time.Time {
	day := rapid.IntRange(-1, 6).Draw(t, label)
	if day < 0 {
		return time.Time{}
	}
	return start.AddDate(0, 0, day)
}

// orNil is nil for an empty slice, which JSON does not keep.
func orNil[T any](all []T) []T {
	if len(all) == 0 {
		return nil
	}
	return all
}

func someOf(t *rapid.T, label string, all ...string) []string {
	return orNil(rapid.SliceOfNDistinct(rapid.SampledFrom(all), 0, len(all), rapid.ID[string]).Draw(t, label))
}

var anyTown = rapid.Custom(func(t *rapid.T) town {
	var w town
	for i := range rapid.IntRange(1, 9).Draw(t, "organisations") {
		o := &people.Organisation{ID: fmt.Sprint("o", i), Title: data.Title{"zh": "处"}, Level: "street", Retired: anyTime(t, "retired")}
		// Any parent, later ones and none that exist too: circles must not be walked for ever.
		o.Parent = rapid.SampledFrom([]string{"", "o0", "o1", "o2", "o3", "o4", "o5", "o6", "o7", "o8", "none"}).Draw(t, "parent")
		for _, code := range someOf(t, "areas", "1", "2", "3") {
			roles := rapid.SliceOfNDistinct(rapid.SampledFrom(people.Roles()[1:]), 0, 3, rapid.ID[people.Role]).Draw(t, "roles")
			o.Areas = append(o.Areas, people.AreaRef{Level: "district", Code: code, Roles: orNil(roles), Classes: someOf(t, "classes", "01", "0102", "02")})
		}
		w.organisations = append(w.organisations, o)
	}
	for i := range rapid.IntRange(0, 6).Draw(t, "staff") {
		s := &people.Staff{ID: fmt.Sprint("s", i), Name: "李", Left: anyTime(t, "left")}
		for range rapid.IntRange(0, 4).Draw(t, "holdings") {
			h := people.Holding{
				Post:         rapid.SampledFrom([]string{"grid-head", "handler", "planner", "collector"}).Draw(t, "post"),
				Organisation: rapid.SampledFrom([]string{"o0", "o1", "o2"}).Draw(t, "organisation"),
				From:         anyTime(t, "from"), To: anyTime(t, "to"), Deputy: rapid.Bool().Draw(t, "deputy"),
			}
			if h.Cells = someOf(t, "cells", "a", "b", "c"); len(h.Cells) > 0 {
				h.Scheme = rapid.SampledFrom([]string{"unit", "fire"}).Draw(t, "scheme")
			}
			if other := rapid.IntRange(0, 12).Draw(t, "stands in for"); other < 6 && other != i {
				h.StandsInFor, h.Deputy = fmt.Sprint("s", other), false
			}
			s.Holdings = append(s.Holdings, h)
		}
		w.staff = append(w.staff, s)
	}
	return w
})

// world writes the records of a town into a log.
func (w town) world(t *testing.T) *index.World {
	t.Helper()
	u := people.Update{Organisations: w.organisations, Staff: w.staff}
	changes, err := u.Changes()
	if err != nil {
		t.Fatal(err)
	}
	log := indextest.NewLog()
	log.Append(changes...)
	e := index.NewEngine(log)
	if err := e.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return e.World()
}

// The oracle: definitions, written as loops over everything.

func (w town) find(id string) *people.Organisation {
	for _, o := range w.organisations {
		if o.ID == id {
			return o
		}
	}
	return nil
}

// above are the ids from an organisation to the top; nil when the way does not end within the levels.
func (w town) above(id string) []string {
	var way []string
	for at := id; at != ""; at = w.find(at).Parent {
		if w.find(at) == nil || len(way) == people.MaxDepth {
			return nil
		}
		way = append(way, at)
	}
	return way
}

func (w town) alive(s *people.Staff, h *people.Holding, at time.Time) bool {
	o := w.find(h.Organisation)
	return o != nil && (o.Retired.IsZero() || o.Retired.After(at)) && (s.Left.IsZero() || s.Left.After(at)) &&
		(h.From.IsZero() || !h.From.After(at)) && (h.To.IsZero() || h.To.After(at))
}

// act is one person at work; of is whose holding it is by.
type act struct {
	person, of, post, organisation, scheme string
	cells                                  []string
	deputy                                 bool
}

func (a act) String() string {
	return fmt.Sprint(a.person, " for ", a.of, " ", a.post, " ", a.organisation, " ", a.scheme, a.cells, a.deputy)
}

// acts are all that is in force at a time.
func (w town) acts(at time.Time) (all []act) {
	for _, s := range w.staff {
		for i := range s.Holdings {
			h := &s.Holdings[i]
			if !w.alive(s, h, at) {
				continue
			}
			if h.StandsInFor == "" {
				all = append(all, act{s.ID, s.ID, h.Post, h.Organisation, h.Scheme, h.Cells, h.Deputy})
				continue
			}
			for _, other := range w.staff {
				for j := range other.Holdings {
					o := &other.Holdings[j]
					if other.ID != h.StandsInFor || o.StandsInFor != "" || o.Post != h.Post || o.Organisation != h.Organisation || !w.alive(other, o, at) {
						continue
					}
					a := act{s.ID, other.ID, h.Post, h.Organisation, o.Scheme, o.Cells, o.Deputy}
					if h.Scheme != "" {
						a.scheme, a.cells, a.deputy = h.Scheme, h.Cells, false
					}
					all = append(all, a)
				}
			}
		}
	}
	return all
}

// working are those that act where a condition holds, without those that somebody stands in for there.
func working(all []act, there func(act) bool) (texts []string) {
	for _, a := range all {
		replaced := slices.ContainsFunc(all, func(b act) bool {
			return b.person != b.of && b.of == a.person && b.post == a.post && b.organisation == a.organisation && there(b)
		})
		if there(a) && (a.person != a.of || !replaced) {
			texts = append(texts, a.String())
		}
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

func texts(held []people.Held) (all []string) {
	for _, h := range held {
		of := h.StandsInFor
		if of == "" {
			of = h.Staff.ID
		}
		all = append(all, act{h.Staff.ID, of, h.Post, h.Organisation, h.Scheme, h.Cells, h.Deputy}.String())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TestDirectoryEqualsLoops compares trees, holdings and the staff of cells with loops over everything.
func TestDirectoryEqualsLoops(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := anyTown.Draw(rt, "town")
		world := w.world(t)
		d := people.Of(world)
		if people.Of(world) != d {
			rt.Fatalf("the directory is made twice")
		}
		for _, o := range w.organisations {
			var under, want []string
			for below := range d.Under(o.ID) {
				under = append(under, below.ID)
			}
			for _, other := range w.organisations {
				// Where the way to the top is broken an organisation stands by itself.
				if way := w.above(other.ID); slices.Contains(way, o.ID) || other == o {
					want = append(want, other.ID)
				}
			}
			if slices.Sort(under); !slices.Equal(under, want) {
				rt.Fatalf("under %s are %v, want %v", o.ID, under, want)
			}
			way := w.above(o.ID)
			if slices.Reverse(way); way == nil {
				way = []string{o.ID}
			}
			var path []string
			for _, p := range d.Path(o.ID) {
				path = append(path, p.ID)
			}
			if !slices.Equal(path, way) {
				rt.Fatalf("path to %s is %v, want %v", o.ID, path, way)
			}
			var areas []people.AreaRef
			for _, id := range way {
				if own := w.find(id).Areas; len(own) > 0 {
					areas = own
				}
			}
			if !reflect.DeepEqual(d.Areas(o.ID), areas) && len(areas) > 0 {
				rt.Fatalf("areas of %s are %v, want %v", o.ID, d.Areas(o.ID), areas)
			}
		}
		for day := range 8 {
			at := start.AddDate(0, 0, day-1)
			all := w.acts(at)
			for _, s := range w.staff {
				var want []string
				for _, a := range all {
					if a.person == s.ID {
						want = append(want, a.String())
					}
				}
				slices.Sort(want)
				if got := texts(d.HoldingsAt(s.ID, at)); !slices.Equal(got, slices.Compact(want)) {
					rt.Fatalf("%s holds %v at %s, want %v", s.ID, got, at, want)
				}
			}
			for _, scheme := range []string{"unit", "fire"} {
				for _, code := range []string{"a", "b", "c", "d"} {
					got := texts(d.StaffOfCell(people.CellRef{Scheme: scheme, Code: code}, at))
					want := working(all, func(a act) bool { return a.scheme == scheme && slices.Contains(a.cells, code) })
					if !slices.Equal(got, want) {
						rt.Fatalf("staff of %s %s at %s is\n%v, want\n%v", scheme, code, at, got, want)
					}
				}
			}
		}
	})
}

// TestDuties compares the duties of places with what follows from the staff and the areas one by one.
func TestDuties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := anyTown.Draw(rt, "town")
		d := people.Of(w.world(t))
		at := start.AddDate(0, 0, rapid.IntRange(0, 6).Draw(rt, "day"))
		class := rapid.SampledFrom([]string{"", "01", "0102", "0201", "03"}).Draw(rt, "class")
		place := people.Place{
			Cells: []people.CellRef{{Scheme: "unit", Code: "a"}, {Scheme: "fire", Code: "b"}},
			Areas: []people.AreaKey{{Level: "district", Code: "1"}, {Level: "district", Code: "2"}},
		}
		var want []string
		for _, cell := range place.Cells {
			for _, h := range d.StaffOfCell(cell, at) {
				if post, _ := d.Post(h.Post); post.Duty != "" {
					want = append(want, fmt.Sprint(post.Duty, h.Organisation, h.Post, h.Staff.ID, cell))
				}
			}
		}
		for _, o := range w.organisations {
			for _, a := range o.Areas {
				concerned := len(a.Classes) == 0 || class == "" || slices.ContainsFunc(a.Classes, func(c string) bool { return strings.HasPrefix(class, c) })
				if a.Code == "3" || !o.Retired.IsZero() && !o.Retired.After(at) || !concerned {
					continue
				}
				roles := a.Roles
				if len(roles) == 0 {
					roles = []people.Role{people.RoleResponsible}
				}
				for _, role := range roles {
					holders := map[string]map[string]bool{}
					for _, h := range d.StaffOf(o.ID, at) {
						if post, _ := d.Post(h.Post); post.Duty == role && len(h.Cells) == 0 && !h.Deputy {
							if holders[h.Post] == nil {
								holders[h.Post] = map[string]bool{}
							}
							holders[h.Post][h.Staff.ID] = true
						}
					}
					for post, who := range holders {
						person := ""
						for id := range who {
							if len(who) == 1 {
								person = id
							}
						}
						want = append(want, fmt.Sprint(role, o.ID, post, person, people.CellRef{Scheme: a.Level, Code: a.Code}))
					}
					if len(holders) == 0 {
						want = append(want, fmt.Sprint(role, o.ID, "", "", people.CellRef{Scheme: a.Level, Code: a.Code}))
					}
				}
			}
		}
		var got []string
		last := -1
		for _, one := range d.DutiesAt(place, class, at) {
			where := one.Cell
			if where == nil {
				where = &people.CellRef{Scheme: one.Area.Level, Code: one.Area.Code}
			}
			got = append(got, fmt.Sprint(one.Role, one.Organisation, one.Post, one.Person, *where))
			if i := slices.Index(people.Roles(), one.Role); i < last {
				rt.Fatalf("roles are out of order: %v", got)
			} else {
				last = i
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			rt.Fatalf("duties for %q are\n%v, want\n%v", class, got, want)
		}
	})
}

// TestUpdateEqualsLog checks that the directory that an update leaves is the one that the log makes of it.
func TestUpdateEqualsLog(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		before, after := anyTown.Draw(rt, "before"), anyTown.Draw(rt, "after")
		d := people.Of(before.world(t)).With(&people.Update{Organisations: after.organisations, Staff: after.staff})
		for _, s := range before.staff {
			if !slices.ContainsFunc(after.staff, func(a *people.Staff) bool { return a.ID == s.ID }) {
				after.staff = append(after.staff, s)
			}
		}
		for _, o := range before.organisations {
			if after.find(o.ID) == nil {
				after.organisations = append(after.organisations, o)
			}
		}
		want := people.Of(after.world(t))
		at := start.AddDate(0, 0, 3)
		if !reflect.DeepEqual(d.Staff(), want.Staff()) || !reflect.DeepEqual(d.Organisations(), want.Organisations()) || !reflect.DeepEqual(d.Posts(), want.Posts()) {
			rt.Fatalf("records differ")
		}
		for _, o := range []string{"o0", "o1", "o2"} {
			if !reflect.DeepEqual(d.StaffOf(o, at), want.StaffOf(o, at)) {
				rt.Fatalf("staff of %s is %v, want %v", o, d.StaffOf(o, at), want.StaffOf(o, at))
			}
		}
	})
}

// small is a city of one district and two cells.
type small struct{}

func (small) Level(name string) bool     { return name == "district" }
func (small) Area(k people.AreaKey) bool { return k == people.AreaKey{Level: "district", Code: "1"} }
func (small) Scheme(name string) bool    { return name == "unit" }
func (small) Cell(c people.CellRef) bool { return c.Code == "a" || c.Code == "b" }
func office(id, parent string) *people.Organisation {
	return &people.Organisation{ID: id, Title: data.Title{"zh": "处"}, Level: "office", Parent: parent}
}

// TestCheck checks that every fault of an update is told with the record, the field and the value.
func TestCheck(t *testing.T) {
	w := town{
		organisations: []*people.Organisation{office("top", ""), office("a", "top"), office("b", "a"), office("c", "b"), office("d", "c")},
		staff: []*people.Staff{
			{ID: "7", Name: "李", Holdings: []people.Holding{{Post: "handler", Organisation: "d"}}},
			{ID: "8", Name: "王", Holdings: []people.Holding{{Post: "handler", Organisation: "d", StandsInFor: "7"}}},
			{ID: "9", Name: "张", Holdings: []people.Holding{{Post: "guard", Organisation: "d"}}},
		},
	}
	log := indextest.NewLog()
	u := people.Update{Organisations: w.organisations, Staff: w.staff, Posts: []*people.Post{{ID: "guard", Title: data.Title{"zh": "岗"}}, {ID: "handler", Title: data.Title{"zh": "处置"}}}}
	changes, err := u.Changes()
	if err != nil {
		t.Fatal(err)
	}
	log.Append(changes...)
	d := people.Of(indextest.At(t, indextest.Start(t, log), 1))
	staff := func(h people.Holding) people.Update {
		return people.Update{Staff: []*people.Staff{{ID: "x", Name: "赵", Holdings: []people.Holding{h}}}}
	}
	end := func(kind, id string) people.Update { return people.Update{Ended: []people.Name{{Kind: kind, ID: id}}} }
	area := office("x", "")
	area.Areas = []people.AreaRef{{Level: "district", Code: "2"}}
	level := office("x", "")
	level.Areas = []people.AreaRef{{Level: "street", Code: "1"}}
	for want, u := range map[string]people.Update{
		"": {Organisations: []*people.Organisation{office("x", "d")}, Staff: []*people.Staff{{ID: "x", Name: "赵", Holdings: []people.Holding{{Post: "handler", Organisation: "x", Scheme: "unit", Cells: []string{"a"}}}}}},
		`organisation x: parent: is no organisation (value "y")`:         {Organisations: []*people.Organisation{office("x", "y")}},
		"parent: leads in a circle: top below d below c below b":         {Organisations: []*people.Organisation{office("top", "d")}},
		"parent: makes a tree of more than 6 levels: z below y below":    {Organisations: []*people.Organisation{office("x", "d"), office("y", "x"), office("z", "y")}},
		"leaves no room for d below it":                                  {Organisations: []*people.Organisation{office("m", ""), office("n", "m"), office("top", "n")}},
		`areas[0].code: is the code of no district (value "2")`:          {Organisations: []*people.Organisation{area}},
		`areas[0].level: is the level of no layer with the role area`:    {Organisations: []*people.Organisation{level}},
		`staff x: holdings[0].post: is no post; there are administrator`: staff(people.Holding{Post: "boss", Organisation: "d"}),
		"holdings[0].post: is the post of those who are not logged in":   staff(people.Holding{Post: "public", Organisation: "d"}),
		`holdings[0].organisation: is no organisation (value "y")`:       staff(people.Holding{Post: "handler", Organisation: "y"}),
		`holdings[0].stands_in_for: is no person`:                        staff(people.Holding{Post: "handler", Organisation: "d", StandsInFor: "1"}),
		`does not hold the post handler in c (value "7")`:                staff(people.Holding{Post: "handler", Organisation: "c", StandsInFor: "7"}),
		`holdings[0].scheme: is no scheme (value "fire")`:                staff(people.Holding{Post: "handler", Organisation: "d", Scheme: "fire", Cells: []string{"a"}}),
		`holdings[0].cells: is the code of no cell of scheme unit`:       staff(people.Holding{Post: "handler", Organisation: "d", Scheme: "unit", Cells: []string{"a", "z"}}),
		"holdings: is missing in d: 8 stands in for the person there":    {Staff: []*people.Staff{{ID: "7", Name: "李"}}},
		"id: has 1 organisation below it (d); move them first":           end("organisation", "c"),
		"id: has 3 persons (7, 8, 9); move them first":                   end("organisation", "d"),
		"id: is held by 1 person (9); take it":                           end("post", "guard"),
		"id: is stood in for by 8":                                       end("staff", "7"),
		"id: does not exist as a record (value \"planner\")":             end("post", "planner"),
	} {
		found := d.Check(&u, small{})
		var errs []error
		for _, f := range found {
			errs = append(errs, f)
		}
		if err := errors.Join(errs...); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, have %v", want, err)
		}
	}
	// What goes together may end together, and a default post comes back when its record ends.
	all := people.Update{Ended: []people.Name{{"organisation", "d"}, {"staff", "7"}, {"staff", "8"}, {"staff", "9"}, {"post", "guard"}, {"post", "handler"}}}
	if found := d.Check(&all, small{}); len(found) > 0 {
		t.Errorf("refused: %v", found[0])
	}
	if p, ok := d.With(&all).Post("handler"); !ok || p.Title["en"] == "" {
		t.Errorf("the default post is %+v", p)
	}
}
