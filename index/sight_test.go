package index_test

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
)

// TestSightIsALayerWithoutTheRest lets somebody see some features of two layers, while features come, move and end, and
// compares every query with a scan of what they may see.
func TestSightIsALayerWithoutTheRest(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		log := indextest.NewLog()
		e := indextest.Start(t, log)
		indextest.At(t, e, log.Append(indextest.Define(lamps), indextest.Define(zones)))
		// Who looks sees lamps that are lit, and zones with an even code.
		sight := func(l *index.Layer) (index.Sight, bool) {
			if l.Def().Name == "lamps" {
				return index.Sight{Name: "lit", Hidden: []string{"height", "no such"}, Keep: func(l *index.Layer, slots []index.Slot) []index.Slot {
					return slices.DeleteFunc(slots, func(s index.Slot) bool { return !l.Value(s, 2).Bool() })
				}}, true
			}
			return index.Sight{Name: "even", Keep: func(l *index.Layer, slots []index.Slot) []index.Slot {
				return slices.DeleteFunc(slots, func(s index.Slot) bool { return len(l.Value(s, 0).String())%2 == 1 })
			}}, true
		}
		var before *index.World
		for range rapid.IntRange(1, 5).Draw(rt, "rounds") {
			var changes []data.Change
			used := map[string]bool{}
			for range rapid.IntRange(1, 12).Draw(rt, "changes") {
				layer := rapid.SampledFrom([]string{"lamps", "zones"}).Draw(rt, "layer")
				id := fmt.Sprint(layer, rapid.IntRange(0, 8).Draw(rt, "id"))
				if used[id] {
					continue
				}
				used[id] = true
				x, y := int32(rapid.IntRange(0, 6).Draw(rt, "x"))*100, int32(rapid.IntRange(0, 6).Draw(rt, "y"))*100
				if l, _ := e.World().Layer(layer); rapid.IntRange(0, 4).Draw(rt, "end") == 0 {
					if _, there := l.Lookup(id); there {
						changes = append(changes, indextest.End(layer, id))
					}
					continue
				}
				if layer == "lamps" {
					changes = append(changes, indextest.Put(layer, id, pointAt(x, y), data.TextValue(data.Text, "name"), data.NumberValue(5), data.BoolValue(rapid.Bool().Draw(rt, "lit"))))
					continue
				}
				code := rapid.SampledFrom([]string{"a", "bb"}).Draw(rt, "code")
				changes = append(changes, indextest.Put(layer, id, squareAt(x, y, 100), data.TextValue(data.Code, code)))
			}
			w := e.World()
			if len(changes) > 0 {
				w = indextest.At(t, e, log.Append(changes...))
			}
			seen := w.Seen("somebody", before, sight)
			before = seen
			for _, whole := range w.Layers() {
				s, _ := sight(whole)
				l, ok := seen.Layer(whole.Def().Name)
				if !ok || l.View() != s.Name || l.Whole() != whole {
					rt.Fatal("a layer is lost")
				}
				compareSight(rt, whole, l, s)
			}
		}
	})
}

func squareAt(x, y, side int32) geo.Shape {
	at := func(dx, dy int32) geo.Point { return geo.Point{X: baseX + x + dx, Y: baseY + y + dy} }
	shape, err := geo.NewShape(geo.KindPolygon, []geo.Point{at(0, 0), at(side, 0), at(side, side), at(0, side), at(0, 0)}, []uint32{5}, []uint32{1})
	if err != nil {
		panic(err)
	}
	return shape
}

func compareSight(rt *rapid.T, whole, l *index.Layer, s index.Sight) {
	want := s.Keep(whole, slices.Collect(whole.Slots()))
	same := func(what string, got []index.Slot, of []index.Slot) {
		rt.Helper()
		slices.Sort(got)
		of = slices.Clone(of)
		slices.Sort(of)
		if !slices.Equal(got, of) {
			rt.Fatalf("%s of %s: %v, want %v", what, l.Def().Name, got, of)
		}
	}
	only := func(slots []index.Slot, pass func(index.Slot) bool) []index.Slot {
		return slices.DeleteFunc(slices.Clone(slots), func(s index.Slot) bool { return !pass(s) })
	}
	visits := func(search func(func(index.Slot) bool)) []index.Slot {
		return slices.Collect(iter.Seq[index.Slot](func(yield func(index.Slot) bool) { search(yield) }))
	}
	if l.Len() != len(want) {
		rt.Fatalf("%s has %d, want %d", l.Def().Name, l.Len(), len(want))
	}
	bounds := geo.EmptyBox()
	for _, s := range want {
		bounds = bounds.Union(whole.Box(s))
	}
	if l.Bounds() != bounds {
		rt.Fatalf("bounds %v, want %v", l.Bounds(), bounds)
	}
	same("slots", slices.Collect(l.Slots()), want)
	same("after", slices.Collect(l.After("")), want)
	for i := range whole.Def().Attributes {
		for _, v := range []data.Value{data.TextValue(data.Text, "name"), data.NumberValue(5), data.BoolValue(true), data.TextValue(data.Code, "bb")} {
			of := only(want, func(s index.Slot) bool { return whole.Value(s, i) == v })
			if slices.Contains(s.Hidden, whole.Def().Attributes[i].Name) {
				of = nil
			}
			same("equal", slices.Collect(l.Equal(i, v)), of)
		}
	}
	for s := range whole.Slots() {
		_, found := l.Lookup(whole.ID(s))
		_, head := l.Head(whole.ID(s))
		if there := slices.Contains(want, s); found != there || head != there || l.Alive(s) != there {
			rt.Fatalf("%s is found %v, has a head %v, is alive %v; want %v", whole.ID(s), found, head, l.Alive(s), there)
		}
		for i, a := range whole.Def().Attributes {
			if hidden := slices.Contains(shown(l), a.Name); !hidden && (!l.Value(s, i).Null() || !l.Feature(s).Values[i].Null()) {
				rt.Fatalf("%s is not hidden", a.Name)
			}
		}
	}
	for _, x := range []int32{-50, 0, 100, 150, 300, 600} {
		p := geo.Point{X: baseX + x, Y: baseY + 150}
		box := geo.Box{Min: p, Max: geo.Point{X: p.X + 100, Y: p.Y + 200}}
		inside := only(want, func(s index.Slot) bool { return whole.Box(s).Intersects(box) })
		same("search", visits(func(y func(index.Slot) bool) { l.Search(box, y) }), inside)
		both := visits(func(y func(index.Slot) bool) { l.SearchShapes(box, y) })
		l.SearchPoints(box, func(s index.Slot, _ geo.Point) bool { both = append(both, s); return true })
		same("points and shapes", both, inside)
		covering := only(want, func(s index.Slot) bool { return whole.Shape(s).Kind() == geo.KindPolygon && whole.Shape(s).Contains(p) })
		same("covering", visits(func(y func(index.Slot) bool) { l.Covering(p, y) }), covering)
		slices.SortFunc(covering, func(a, b index.Slot) int { return cmp.Compare(whole.Permanent(a), whole.Permanent(b)) })
		if owner, ok := l.Owner(p); ok != (len(covering) > 0) || ok && owner != covering[0] {
			rt.Fatalf("owner %v %v, want %v", owner, ok, covering)
		}
		var near []index.Slot
		for _, n := range l.Nearest(p, 1e6, 100) {
			near = append(near, n.Slot)
		}
		same("nearest", near, want)
	}
}

// shown are the attributes that a layer shows.
func shown(l *index.Layer) []string { return l.Def().AttributeNames() }

// TestSightHidesDefinitions: what only hidden layers need is hidden, and a layer of which all is in sight is the layer
// itself.
func TestSightHidesDefinitions(t *testing.T) {
	log := indextest.NewLog()
	e := indextest.Start(t, log)
	w := indextest.At(t, e, log.Append(indextest.Define(lamps), indextest.Define(zones)))
	seen := w.Seen("somebody", nil, func(l *index.Layer) (index.Sight, bool) {
		return index.Sight{Name: "all", Hidden: []string{"no such"}}, l.Def().Name == "lamps"
	})
	whole, _ := w.Layer("lamps")
	if l, ok := seen.Layer("lamps"); !ok || l != whole {
		t.Error("a layer of which nothing is hidden is another one")
	}
	if _, ok := seen.Layer("zones"); ok || len(seen.Layers()) != 1 {
		t.Error("a layer out of sight is there")
	}
	if seen.View() != "somebody" || w.View() != "" || seen.Whole() != w || w.Whole() != w {
		t.Error("the World does not know itself")
	}
}

// TestSightFollowsAreas: when what a sight depends on changes, tiles and masks are as new as that.
func TestSightFollowsAreas(t *testing.T) {
	log := indextest.NewLog()
	e := indextest.Start(t, log)
	w := indextest.At(t, e, log.Append(indextest.Define(lamps), indextest.Put("lamps", "1", pointAt(0, 0))))
	open := false
	look := func(since data.Seq) func(*index.Layer) (index.Sight, bool) {
		return func(*index.Layer) (index.Sight, bool) {
			open := open
			return index.Sight{Name: "x", Since: since, Keep: func(_ *index.Layer, slots []index.Slot) []index.Slot {
				if !open {
					return nil
				}
				return slots
			}}, true
		}
	}
	first := w.Seen("x", nil, look(1))
	closed, _ := first.Layer("lamps")
	if closed.Len() != 0 {
		t.Fatal("a closed sight shows something")
	}
	open = true
	again, _ := w.Seen("x", first, look(1)).Layer("lamps")
	moved, _ := w.Seen("x", first, look(9)).Layer("lamps")
	if again.Len() != 0 || moved.Len() != 1 {
		t.Fatalf("%d with the same areas, %d with others", again.Len(), moved.Len())
	}
	if moved.Stamp(3, 0, 0) != 9 || moved.Seq() != 9 {
		t.Error("tiles are older than what they show")
	}
	if _, ok := moved.Changed(closed); ok {
		t.Error("other areas are no change of features alone")
	}
}
