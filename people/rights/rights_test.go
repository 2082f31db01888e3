package rights_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/sensitive"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/filter/cql"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/people/rights"
)

// A city of three times three blocks, each of side 100, with one unit in each.
const (
	baseX, baseY = 1200000000, 250000000
	side         = 100
)

func at(x, y int32) geo.Point { return geo.Point{X: baseX + x, Y: baseY + y} }

func square(x, y, w int32) geo.Shape {
	s, err := geo.NewShape(geo.KindPolygon, []geo.Point{at(x, y), at(x+w, y), at(x+w, y+w), at(x, y+w), at(x, y)}, []uint32{5}, []uint32{1})
	if err != nil {
		panic(err)
	}
	return s
}

func line(x, y, length int32) geo.Shape {
	s, err := geo.NewShape(geo.KindLine, []geo.Point{at(x, y), at(x+length, y)}, []uint32{2}, nil)
	if err != nil {
		panic(err)
	}
	return s
}

var definitions = []*data.Layer{
	{Name: "blocks", Geometry: data.GeometryPolygon, Roles: data.Roles{Area: &data.AreaRole{Level: "block", Code: "code"}}, Attributes: []data.Attribute{{Name: "code", Type: data.Code}}},
	{Name: "units", Geometry: data.GeometryPolygon, Roles: data.Roles{Cell: &data.CellRole{Scheme: "unit", Code: "code"}}, Attributes: []data.Attribute{{Name: "code", Type: data.Code}}},
	{Name: "lamps", Geometry: data.GeometryPoint, Attributes: []data.Attribute{{Name: "owner", Type: data.Code}, {Name: "height", Type: data.Int}, {Name: "phone", Type: data.Text}}},
	{Name: "pipes", Geometry: data.GeometryLine, Attributes: []data.Attribute{{Name: "owner", Type: data.Code}, {Name: "height", Type: data.Int}}},
	{Name: "yards", Geometry: data.GeometryPolygon, Attributes: []data.Attribute{{Name: "owner", Type: data.Code}, {Name: "height", Type: data.Int}}},
	{Name: "firms", Geometry: data.GeometryNone, Attributes: []data.Attribute{{Name: "owner", Type: data.Code}, {Name: "height", Type: data.Int}}},
}

func record[T people.Organisation | people.Post | people.Staff](one T) data.Change {
	a, err := people.Record(&one)
	if err != nil {
		panic(err)
	}
	return data.Change{Stream: data.StreamAdmin, Op: data.OpPut, Layer: a.Name(), Admin: a}
}

// ground is the city without features and people.
func ground() []data.Change {
	var changes []data.Change
	for _, def := range definitions {
		changes = append(changes, indextest.Define(def))
	}
	changes = append(changes, data.Change{Stream: data.StreamScheme, Op: data.OpPut, Layer: "unit", Scheme: &data.Scheme{
		Name: "unit", Title: data.Title{"en": "Unit"}, Levels: []string{"block"}, Cells: data.SchemeCells{Layer: "units", Code: "code"},
	}})
	for i := range int32(9) {
		code := fmt.Sprint("b", i)
		changes = append(changes, indextest.Put("blocks", code, square(i%3*side, i/3*side, side), data.TextValue(data.Code, code)))
		code = fmt.Sprint("u", i)
		changes = append(changes, indextest.Put("units", code, square(i%3*side, i/3*side, side), data.TextValue(data.Code, code)))
	}
	return changes
}

// thing is a feature as the oracle knows it: [x, x+w] and [y, y+h].
type thing struct {
	layer, id, owner string
	height           int64
	x, y, w, h       int32
}

func (f *thing) shape() geo.Shape {
	switch f.layer {
	case "lamps":
		return geo.PointShape(at(f.x, f.y))
	case "pipes":
		return line(f.x, f.y, f.w)
	case "yards":
		return square(f.x, f.y, f.w)
	}
	return geo.Shape{}
}

// in reports whether a thing lies in block or unit i by the words of the package; strictly, that it lies in no other.
func (f *thing) in(i int32) bool {
	x, y := i%3*side, i/3*side
	switch f.layer {
	case "lamps":
		return x <= f.x && f.x < x+side && y <= f.y && f.y < y+side
	case "pipes":
		return f.x <= x+side && x <= f.x+f.w && y <= f.y && f.y <= y+side
	case "yards":
		return f.x < x+side && x < f.x+f.w && f.y < y+side && y < f.y+f.h
	}
	return false
}

// inside reports whether the interior of the thing and of a block share points.
func (f *thing) inside(i int32) bool {
	if f.layer != "pipes" {
		return f.in(i)
	}
	x, y := i%3*side, i/3*side
	return f.x < x+side && x < f.x+f.w && y < f.y && f.y < y+side
}

// wheres are filters with what they mean.
var wheres = []struct {
	text  string
	means func(f *thing, offices []string, cells []string) bool
}{
	{"", func(*thing, []string, []string) bool { return true }},
	{"height > 2", func(f *thing, _, _ []string) bool { return f.height > 2 }},
	{"height > 2 OR owner = 'a'", func(f *thing, _, _ []string) bool { return f.height > 2 || f.owner == "a" }},
	{"owner IN ($organisation)", func(f *thing, o, _ []string) bool { return slices.Contains(o, f.owner) }},
	{"NOT owner IN ($organisation)", func(f *thing, o, _ []string) bool { return !slices.Contains(o, f.owner) }},
	{"owner IN ($cells)", func(f *thing, _, c []string) bool { return slices.Contains(c, f.owner) }},
	{"owner = '$organisation'", func(f *thing, _, _ []string) bool { return f.owner == "$organisation" }},
	{"no such attribute = 1", func(*thing, []string, []string) bool { return false }},
	{"nothing = 1", func(*thing, []string, []string) bool { return false }},
	{"owner IN ($people)", func(*thing, []string, []string) bool { return false }},
	{"height > 2) OR (1 = 1", func(*thing, []string, []string) bool { return false }},
}

// tree is a with b and c below it, and d below c.
var tree = map[string]string{"a": "", "b": "a", "c": "a", "d": "c"}

func below(id string) []string {
	all := []string{}
	for o := range tree {
		for up := o; up != ""; up = tree[up] {
			if up == id {
				all = append(all, o)
			}
		}
	}
	return all
}

// TestRightsEqualOracle compiles rights from random posts and holdings, and compares what can be seen and changed of
// random features with what the grants say of each.
func TestRightsEqualOracle(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		log := indextest.NewLog()
		e := indextest.Start(t, log)
		changes := ground()
		areas := map[string][]string{}
		for o, parent := range tree {
			if rapid.IntRange(0, 3).Draw(rt, "areas of "+o) > 0 || o == "a" {
				for range rapid.IntRange(1, 3).Draw(rt, "areas") {
					if code := fmt.Sprint("b", rapid.IntRange(0, 9).Draw(rt, "area")); !slices.Contains(areas[o], code) {
						areas[o] = append(areas[o], code)
					}
				}
			}
			office := people.Organisation{ID: o, Title: data.Title{"en": o}, Parent: parent, Level: "office"}
			for _, code := range areas[o] {
				office.Areas = append(office.Areas, people.AreaRef{Level: "block", Code: code})
			}
			changes = append(changes, record(office))
		}
		var posts []people.Post
		for i := range 3 {
			p := people.Post{ID: fmt.Sprint("p", i), Title: data.Title{"en": "p"}, Permissions: []people.Permission{people.Edit}}
			for range rapid.IntRange(0, 3).Draw(rt, "grants") {
				p.Layers = append(p.Layers, people.Grant{
					Layers: rapid.SampledFrom([][]string{{"*"}, {"lamps"}, {"pipes", "yards"}, {"lamps", "*"}, {"firms"}}).Draw(rt, "layers"),
					Read:   true, Write: rapid.Bool().Draw(rt, "write"), Where: rapid.SampledFrom(wheres).Draw(rt, "where").text,
					Area: rapid.SampledFrom([]string{"", "organisation", "cells"}).Draw(rt, "area"),
				})
			}
			posts = append(posts, p)
			changes = append(changes, record(p))
		}
		// Nobody is the public here, but for one layer sometimes.
		public := people.Post{ID: people.PostPublic, Title: data.Title{"en": "Public"}}
		if rapid.Bool().Draw(rt, "public") {
			public.Layers = []people.Grant{{Layers: []string{"firms"}, Read: true}}
		}
		changes = append(changes, record(public))
		person := people.Staff{ID: "7", Name: "L"}
		for range rapid.IntRange(0, 3).Draw(rt, "holdings") {
			h := people.Holding{Post: fmt.Sprint("p", rapid.IntRange(0, 2).Draw(rt, "post")), Organisation: rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(rt, "office")}
			if rapid.Bool().Draw(rt, "cells") {
				h.Scheme, h.Cells = "unit", []string{fmt.Sprint("u", rapid.IntRange(0, 8).Draw(rt, "cell"))}
			}
			person.Holdings = append(person.Holdings, h)
		}
		changes = append(changes, record(person))
		var things []thing
		for i := range rapid.IntRange(1, 12).Draw(rt, "things") {
			f := thing{
				layer: rapid.SampledFrom([]string{"lamps", "pipes", "yards", "firms"}).Draw(rt, "layer"), id: fmt.Sprint(i),
				owner: rapid.SampledFrom([]string{"a", "b", "c", "d", "x", "u0", "$organisation"}).Draw(rt, "owner"), height: int64(rapid.IntRange(0, 4).Draw(rt, "height")),
				x: int32(rapid.IntRange(0, 5).Draw(rt, "x")) * 50, y: int32(rapid.IntRange(0, 5).Draw(rt, "y")) * 50,
			}
			f.w = int32(rapid.SampledFrom([]int{20, 50, 100, 120}).Draw(rt, "w"))
			f.h = f.w
			things = append(things, f)
			changes = append(changes, indextest.Put(f.layer, f.id, f.shape(), data.TextValue(data.Code, f.owner), data.IntValue(f.height)))
		}
		w := indextest.At(t, e, log.Append(changes...))
		d := people.Of(w)
		who := rights.Of(d, "7", time.Now())
		r := rights.Compile(d, w, &who)
		seen := r.See(w, nil)

		for i := range things {
			f := &things[i]
			read, write := mayBoth(f, person.Holdings, posts, areas, &public)
			whole, _ := w.Layer(f.layer)
			slot, _ := whole.Lookup(f.id)
			found := false
			if l, ok := seen.Layer(f.layer); ok {
				_, found = l.Lookup(f.id)
			}
			if found != read {
				rt.Fatalf("%+v is seen: %v, want %v\n%+v\n%+v %v", *f, found, read, person.Holdings, posts, areas)
			}
			if may := len(r.Writable(w, whole, []index.Slot{slot})) == 1; may != write {
				rt.Fatalf("%+v may be changed: %v, want %v\n%+v\n%+v %v", *f, may, write, person.Holdings, posts, areas)
			}
			// The same holds for what is not in the city yet.
			feature := whole.Feature(slot)
			if may := len(r.Writable(w, whole.Of([]data.Feature{feature}), []index.Slot{0})) == 1; may != write {
				rt.Fatalf("%+v may be made: %v, want %v", *f, may, write)
			}
		}
	})
}

// mayBoth says straight from the grants what may be done with a thing.
func mayBoth(f *thing, holdings []people.Holding, posts []people.Post, areas map[string][]string, public *people.Post) (read, write bool) {
	reached := false
	for _, h := range holdings {
		i := slices.IndexFunc(posts, func(p people.Post) bool { return p.ID == h.Post })
		for _, g := range posts[i].Layers {
			if !slices.Contains(g.Layers, f.layer) && !slices.Contains(g.Layers, "*") {
				continue
			}
			reached = true
			w := slices.IndexFunc(wheres, func(w struct {
				text  string
				means func(*thing, []string, []string) bool
			},
			) bool {
				return w.text == g.Where
			})
			if !wheres[w].means(f, below(h.Organisation), h.Cells) {
				continue
			}
			held := heldBlocks(&h, &g, areas)
			in := g.Area == "" || slices.ContainsFunc(held, func(b int32) bool { return f.in(b) })
			read = read || in
			alone := true
			for b := range int32(9) {
				if g.Area != "" && !slices.Contains(held, b) && f.inside(b) {
					alone = false
				}
			}
			write = write || in && alone && g.Write
		}
	}
	if !reached {
		for _, g := range public.Layers {
			read = read || slices.Contains(g.Layers, f.layer)
		}
	}
	return read, write
}

// heldBlocks are the numbers of the blocks, or units, that a holding has by a grant.
func heldBlocks(h *people.Holding, g *people.Grant, areas map[string][]string) (held []int32) {
	take := func(code string) {
		var n int32
		if _, err := fmt.Sscanf(code[1:], "%d", &n); err == nil && n < 9 {
			held = append(held, n)
		}
	}
	if g.Area == "cells" && len(h.Cells) > 0 {
		for _, code := range h.Cells {
			take(code)
		}
		return held
	}
	some := false
	for _, o := range below(h.Organisation) {
		for _, code := range areas[o] {
			some = true
			take(code)
		}
	}
	for up := tree[h.Organisation]; !some && up != ""; up = tree[up] {
		for _, code := range areas[up] {
			some = true
			take(code)
		}
	}
	return held
}

// TestKeys: the same rights have the same key, whoever has them and however they are written, and others have another.
func TestKeys(t *testing.T) {
	log := indextest.NewLog()
	e := indextest.Start(t, log)
	w := indextest.At(t, e, log.Append(append(ground(), record(people.Organisation{ID: "a", Title: data.Title{"en": "a"}, Level: "office", Areas: []people.AreaRef{{Level: "block", Code: "b1"}}}))...))
	keyOf := func(layers ...people.Grant) (key, view string) {
		log := indextest.NewLog()
		e := indextest.Start(t, log)
		changes := append(ground(), record(people.Organisation{ID: "a", Title: data.Title{"en": "a"}, Level: "office", Areas: []people.AreaRef{{Level: "block", Code: "b1"}}}),
			record(people.Post{ID: people.PostPublic, Title: data.Title{"en": "p"}}),
			record(people.Post{ID: "p", Title: data.Title{"en": "p"}, Permissions: []people.Permission{people.Edit}, Layers: layers}))
		w := indextest.At(t, e, log.Append(changes...))
		r := rights.Compile(people.Of(w), w, &rights.Subject{Holdings: []people.Holding{{Post: "p", Organisation: "a"}}})
		return r.Key(), r.See(w, nil).View()
	}
	grant := func(where, area string, write bool, layers ...string) people.Grant {
		return people.Grant{Layers: layers, Read: true, Write: write, Where: where, Area: area}
	}
	one, view := keyOf(grant("height > 2 AND owner = 'a'", "organisation", false, "lamps"))
	for _, same := range [][]people.Grant{
		{grant("owner = 'a' AND height > 2", "organisation", false, "lamps")},
		{grant("owner = 'a' AND height > 2", "cells", false, "lamps", "lamps")},
		{grant("owner = 'a' AND height > 2", "organisation", false, "lamps"), grant("height > 2 AND owner = 'a'", "organisation", false, "lamps")},
		{grant("owner = 'a' AND height > 2", "organisation", false, "lamps", "no_such_layer")},
	} {
		if key, v := keyOf(same...); key != one || v != view {
			t.Errorf("%+v has another key", same)
		}
	}
	if key, v := keyOf(grant("height > 2 AND owner = 'a'", "organisation", true, "lamps")); key == one || v != view {
		t.Error("writing is another right and the same view")
	}
	for _, other := range []people.Grant{
		grant("height > 3 AND owner = 'a'", "organisation", false, "lamps"), grant("height > 2 AND owner = 'a'", "", false, "lamps"),
		grant("height > 2 AND owner = 'a'", "organisation", false, "pipes"),
		{Layers: []string{"lamps"}, Read: true, Where: "height > 2 AND owner = 'a'", Area: "organisation", Hide: []string{"phone"}},
	} {
		if key, v := keyOf(other); key == one || v == view {
			t.Errorf("%+v has the same key", other)
		}
	}
	if r := rights.Compile(people.Of(w), w, &rights.Subject{Everything: true}); r.See(w, nil) != w {
		t.Error("whoever may do everything sees another World")
	}
}

// TestScopes: a key narrows what its holder may do, an administrator's too.
func TestScopes(t *testing.T) {
	log := indextest.NewLog()
	e := indextest.Start(t, log)
	w := indextest.At(t, e, log.Append(ground()...))
	d := people.Of(w)
	r := rights.Compile(d, w, &rights.Subject{Everything: true, Scopes: []people.Permission{people.Export, "nonsense"}})
	if !r.May(people.Export) || r.May(people.Edit) || r.Everything() {
		t.Errorf("permissions %v", r.Permissions())
	}
	if a, ok := r.Layer("lamps"); !ok || a.Writes() {
		t.Error("a key that may not edit writes")
	}
	r = rights.Compile(d, w, &rights.Subject{Holdings: []people.Holding{{Post: "administrator"}}, Scopes: []people.Permission{}})
	if len(r.Permissions()) != 0 {
		t.Errorf("permissions %v", r.Permissions())
	}
}

// TestRightsFollowBoundaries moves the boundary of a block and hides an attribute.
func TestRightsFollowBoundaries(t *testing.T) {
	log := indextest.NewLog()
	e := indextest.Start(t, log)
	w := indextest.At(t, e, log.Append(append(ground(),
		record(people.Organisation{ID: "a", Title: data.Title{"en": "a"}, Level: "office", Areas: []people.AreaRef{{Level: "block", Code: "b0"}}}),
		record(people.Post{ID: "p", Title: data.Title{"en": "p"}, Layers: []people.Grant{{Layers: []string{"lamps"}, Read: true, Area: "organisation", Hide: []string{"phone"}}}}),
		indextest.Put("lamps", "1", geo.PointShape(at(90, 50)), data.TextValue(data.Code, "a"), data.IntValue(1), data.TextValue(data.Text, "+86")))...))
	d := people.Of(w)
	r := rights.Compile(d, w, &rights.Subject{Holdings: []people.Holding{{Post: "p", Organisation: "a"}}})
	before := r.See(w, nil)
	l, _ := before.Layer("lamps")
	slot, ok := l.Lookup("1")
	if !ok || !l.Value(slot, 2).Null() || slices.Contains(l.Def().AttributeNames(), "phone") {
		t.Fatal("the lamp is not there, or its telephone is")
	}
	w2 := indextest.At(t, e, log.Append(indextest.Put("blocks", "b0", square(0, 0, 80), data.TextValue(data.Code, "b0"))))
	after := r.See(w2, before)
	l2, _ := after.Layer("lamps")
	if _, ok := l2.Lookup("1"); ok || l2.Seq() != w2.Seq() {
		t.Error("rights do not follow the boundary")
	}
	again := r.See(w, after)
	l3, _ := again.Layer("lamps")
	if _, ok := l3.Lookup("1"); !ok {
		t.Error("an older city is judged by newer boundaries")
	}
}

// TestOf takes the holdings that are in force.
func TestOf(t *testing.T) {
	log := indextest.NewLog()
	e := indextest.Start(t, log)
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	w := indextest.At(t, e, log.Append(
		record(people.Organisation{ID: "a", Title: data.Title{"en": "a"}, Level: "office", Retired: day(20)}),
		record(people.Staff{ID: "1", Name: "A", Holdings: []people.Holding{{Post: "grid-head", Organisation: "a", Scheme: "unit", Cells: []string{"u1"}}}}),
		record(people.Staff{ID: "2", Name: "B", Left: day(15), Holdings: []people.Holding{
			{Post: "grid-head", Organisation: "a", StandsInFor: "1", From: day(5), To: day(10)}, {Post: "handler", Organisation: "gone"},
		}})))
	d := people.Of(w)
	for n, want := range map[int]string{4: "", 5: "grid-head u1", 9: "grid-head u1", 10: "", 16: ""} {
		var have []string
		for _, h := range rights.Of(d, "2", day(n)).Holdings {
			have = append(have, h.Post+" "+strings.Join(h.Cells, ","))
		}
		if strings.Join(have, ";") != want {
			t.Errorf("day %d: %v, want %q", n, have, want)
		}
	}
	if len(rights.Of(d, "1", day(20)).Holdings) != 0 || len(rights.Of(d, "nobody", day(1)).Holdings) != 0 {
		t.Error("a post in an office that ended, or of nobody")
	}
	for after, want := range map[int]int{1: 5, 5: 10, 10: 15, 15: 20} {
		if next, ok := rights.Changes(d, "2", day(after)); !ok || !next.Equal(day(want)) {
			t.Errorf("after %d comes %v, want %d", after, next, want)
		}
	}
}

// FuzzWhere reads filters with words: what stands for a word never becomes more than a list of texts.
func FuzzWhere(f *testing.F) {
	for _, w := range wheres {
		f.Add(w.text, "a", "u1")
	}
	f.Add("owner IN ($organisation)", "x') OR (1=1", "u'1")
	f.Add(`"$organisation" = 'it''s $cells'`, "a", "b")
	f.Fuzz(func(t *testing.T, text, office, cell string) {
		plain, err := rights.ParseWhere(text, []string{"a"}, []string{"b"})
		other, again := rights.ParseWhere(text, []string{office}, []string{cell})
		if (err == nil) != (again == nil) && len(office)+len(cell) < 1000 && isText(office) && isText(cell) {
			t.Fatalf("%q: %v, with %q and %q %v", text, err, office, cell, again)
		}
		if err != nil || again != nil {
			return
		}
		if have, want := operations(other.Root()), operations(plain.Root()); have > want && office != cell {
			t.Fatalf("%q became %q", text, other)
		}
		if rights.CheckWhere(text) != nil {
			t.Fatalf("%q is refused and read", text)
		}
	})
}

// operations counts what a filter does.
func operations(n *cql.Node) int {
	count := 1
	for _, arg := range n.Args {
		count += operations(arg)
	}
	return count
}

// isText reports whether a filter can hold a text.
func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// TestSensitiveLayersAreNamed: every layer is every one that is not sensitive, for posts and for the public.
func TestSensitiveLayersAreNamed(t *testing.T) {
	def := &data.Layer{Name: "elders", Geometry: data.GeometryNone, Attributes: []data.Attribute{{Name: "need", Type: data.Text}}, Sensitive: &sensitive.Rule{Subject: sensitive.Person}}
	post := func(id string, layers ...string) data.Change {
		return record(people.Post{ID: id, Title: data.Title{"en": "x"}, Layers: []people.Grant{{Layers: layers, Read: true, Write: true}}})
	}
	log := indextest.NewLog()
	w := indextest.At(t, indextest.Start(t, log), log.Append(append(ground(), indextest.Define(def),
		post("all", people.AnyLayer), post("meals", people.AnyLayer, "elders"), post(people.PostPublic, people.AnyLayer))...))
	for id, want := range map[string]bool{"all": false, "meals": true, people.PostAdministrator: false, "": false} {
		s := rights.Subject{}
		if id != "" {
			s.Holdings = []people.Holding{{Post: id}}
		}
		r := rights.Compile(people.Of(w), w, &s)
		if _, sees := r.Layer("elders"); sees != want {
			t.Errorf("post %q: sees %v, want %v", id, sees, want)
		}
		if _, sees := r.Layer("lamps"); !sees {
			t.Errorf("post %q sees no lamps", id)
		}
	}
}
