package cells_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/cells"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/index/stamp"
)

// The town of the tests is 8 by 8 squares of side 100, cells of scheme unit in two rows of areas.
const side = 100

func square(x, y, w, h int32) geo.Shape { return indextest.Rect(x, y, x+w, y+h) }

func line(points ...geo.Point) geo.Shape {
	s, err := geo.NewShape(geo.KindLine, points, []uint32{uint32(len(points))}, nil)
	if err != nil {
		panic(err)
	}
	return s
}

func definitions() []data.Change {
	code := data.Attribute{Name: "code", Type: data.Code}
	return []data.Change{
		indextest.Define(&data.Layer{Name: "districts", Geometry: data.GeometryPolygon, Roles: data.Roles{Area: &data.AreaRole{Level: "district", Code: "code"}}, Attributes: []data.Attribute{code}}),
		indextest.Define(&data.Layer{Name: "units", Geometry: data.GeometryPolygon, Roles: data.Roles{Cell: &data.CellRole{Scheme: "unit", Code: "code"}}, Attributes: []data.Attribute{code}}),
		indextest.Divide("unit", "units", "district"),
		indextest.Define(&data.Layer{
			Name: "lamps", Geometry: data.GeometryPoint, Roles: data.Roles{Part: &data.PartRole{Class: "class"}},
			Attributes: []data.Attribute{{Name: "class", Type: data.Code}, {Name: "watts", Type: data.Number, Sum: true}},
		}),
		indextest.Define(&data.Layer{
			Name: "houses", Geometry: data.GeometryPolygon, Roles: data.Roles{Building: &data.BuildingRole{Households: "flats"}},
			Attributes: []data.Attribute{{Name: "flats", Type: data.Int}},
		}),
		indextest.Define(&data.Layer{Name: "staff", Geometry: data.GeometryNone, Attributes: []data.Attribute{{Name: "firm", Type: data.Ref, Ref: "firms"}, {Name: "age", Type: data.Int, Sum: true}}}),
		indextest.Define(&data.Layer{Name: "firms", Geometry: data.GeometryNone, Roles: data.Roles{Organisation: &data.NameRole{}}, Attributes: []data.Attribute{{Name: "at", Type: data.Ref, Ref: "lamps"}}}),
		indextest.Define(&data.Layer{Name: "roads", Geometry: data.GeometryLine, Roles: data.Roles{Road: &data.RoadRole{Name: "name"}}, Attributes: []data.Attribute{{Name: "name", Type: data.Text}}}),
	}
}

// run loads and runs an engine until stop is called.
func run(t *testing.T, e *index.Engine) (ctx context.Context, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	if err := e.Load(ctx, nil); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	return ctx, func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// located is the point by which a feature is counted, by following its refs.
func located(w *index.World, layer string, s index.Slot) (geo.Point, bool) {
	l, _ := w.Layer(layer)
	target := map[string]string{"firms": "lamps", "staff": "firms"}[layer]
	if target == "" {
		return geo.LabelPoint(l.Shape(s)), true
	}
	to, _ := w.Layer(target)
	slot, ok := to.Lookup(l.Value(s, 0).Text())
	if !ok {
		return geo.Point{}, false
	}
	return located(w, target, slot)
}

// naive counts each feature by the answer of locate.
func naive(w *index.World) map[string]int {
	counts := map[string]int{}
	locator := grid.NewLocator()
	for _, name := range []string{"lamps", "houses", "roads", "firms", "staff"} {
		l, ok := w.Layer(name)
		if !ok {
			continue
		}
		for s := range l.Slots() {
			p, ok := located(w, name, s)
			if !ok {
				continue
			}
			loc := locator.Locate(w, p, grid.Ask{Areas: true, Cells: true})
			note := func(layer, id string) {
				counts[layer+"/"+id+" "+name]++
				switch name {
				case "lamps":
					if c := l.Value(s, 0).Text(); c != "" {
						counts[layer+"/"+id+" "+name+" "+c]++
					}
					counts[layer+"/"+id+" watts"] += int(l.Value(s, 1).Number())
				case "staff":
					counts[layer+"/"+id+" age"] += int(l.Value(s, 1).Number())
				case "houses":
					counts[layer+"/"+id+" flats"] += int(l.Value(s, 0).Number())
				}
			}
			for _, a := range loc.Areas {
				note(a.Layer, a.ID)
			}
			for _, c := range loc.Cells {
				note(c.Layer, c.ID)
			}
		}
	}
	return counts
}

func flat(w *index.World, t *cells.Totals) map[string]int {
	counts := map[string]int{}
	for _, name := range []string{"districts", "units"} {
		l, ok := w.Layer(name)
		if !ok {
			continue
		}
		d := t.Division(name)
		for s := range l.Slots() {
			at := name + "/" + l.ID(s) + " "
			for _, c := range d.Of(s) {
				if c.Features != 0 {
					counts[at+c.Layer] = c.Features
				}
				for _, class := range c.Classes {
					counts[at+c.Layer+" "+class.Class] = class.Features
				}
				for _, sum := range c.Sums {
					if sum.Sum != 0 {
						counts[at+sum.Attribute] = int(sum.Sum)
					}
				}
			}
		}
	}
	return counts
}

func nonZero(m map[string]int) map[string]int {
	for k, v := range m {
		if v == 0 {
			delete(m, k)
		}
	}
	return m
}

// TestTotalsFollow makes random changes of features and polygons and compares what the Book has after each with
// counting by locate, and the tiles that it names with the polygons whose totals changed.
func TestTotalsFollow(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		log := indextest.NewLog()
		log.Append(definitions()...)
		engine := index.NewEngine(log)
		book := cells.NewBook()
		engine.Follow(book)
		ctx, stop := run(t, engine)
		defer stop()
		var before map[string]int
		beforeWorld := engine.World()
		sub := engine.Subscribe(0)
		defer sub.Close()
		for range rapid.IntRange(1, 12).Draw(r, "transactions") {
			var changes []data.Change
			for range rapid.IntRange(1, 8).Draw(r, "changes") {
				changes = append(changes, randomChange(r, engine.World(), changes))
			}
			seq := log.Append(changes...)
			w, err := engine.Wait(ctx, seq)
			if err != nil {
				r.Fatal(err)
			}
			if rapid.IntRange(0, 3).Draw(r, "ask") == 0 && before == nil {
				continue // not asked yet
			}
			totals := book.At(w)
			got, want := flat(w, totals), nonZero(naive(w))
			if diff := gocmp.Diff(want, got); diff != "" {
				r.Fatalf("totals at seq %d (-locate +book):\n%s", seq, diff)
			}
			d, err := sub.Next(ctx)
			if err != nil {
				r.Fatal(err)
			}
			if before != nil {
				checkNamed(r, beforeWorld, w, before, got, d, totals)
			}
			before, beforeWorld = got, w
		}
	})
}

// checkNamed demands that the feed names, and the stamps date, every polygon whose totals differ.
func checkNamed(r *rapid.T, old, w *index.World, before, after map[string]int, d index.Dirty, totals *cells.Totals) {
	for _, name := range []string{"districts", "units"} {
		l, _ := w.Layer(name)
		for s := range l.Slots() {
			same := true
			for _, k := range []string{"lamps", "houses", "roads", "watts", "flats", "lamps 01", "lamps 02", "firms", "staff", "age"} {
				at := name + "/" + l.ID(s) + " " + k
				same = same && before[at] == after[at]
			}
			if same {
				continue
			}
			box := l.Box(s)
			named := slices.ContainsFunc(d.Layers[name+cells.Suffix], func(b geo.Box) bool {
				return b.Contains(box.Min) && b.Contains(box.Max)
			})
			if !named {
				r.Fatalf("the feed does not name %s %s", name, l.ID(s))
			}
			for z := range stamp.Zoom + 1 {
				tile := stamp.Tiles(z, box)
				if stamp := totals.Division(name).Stamp(z, tile.X[0], tile.Y[0]); stamp <= old.Seq() {
					r.Fatalf("tile %d of %s %s has stamp %d, not after %d", z, name, l.ID(s), stamp, old.Seq())
				}
			}
		}
	}
}

func randomChange(r *rapid.T, w *index.World, sofar []data.Change) data.Change {
	layer := rapid.SampledFrom([]string{"lamps", "lamps", "lamps", "houses", "roads", "firms", "staff", "units", "districts"}).Draw(r, "layer")
	id := fmt.Sprint(rapid.IntRange(0, 9).Draw(r, "id"))
	exists := false
	if l, ok := w.Layer(layer); ok {
		_, exists = l.Lookup(id)
	}
	for _, c := range sofar {
		if c.Layer == layer && c.Feature.ID == id {
			exists = c.Op == data.OpPut
		}
	}
	if exists && rapid.IntRange(0, 3).Draw(r, "delete") == 0 {
		return indextest.End(layer, id)
	}
	// Multiples of half a side lie on edges and corners often.
	coordinate := func(name string) int32 { return int32(rapid.IntRange(0, 16).Draw(r, name)) * side / 2 }
	x, y := coordinate("x"), coordinate("y")
	switch layer {
	case "lamps":
		values := []data.Value{{}, data.NumberValue(float64(rapid.IntRange(0, 5).Draw(r, "watts")))}
		if class := rapid.SampledFrom([]string{"", "01", "02"}).Draw(r, "class"); class != "" {
			values[0] = data.TextValue(data.Code, class)
		}
		return indextest.Put(layer, id, geo.PointShape(geo.Point{X: x, Y: y}), values...)
	case "houses":
		return indextest.Put(layer, id, square(x, y, 30, 40), data.IntValue(int64(rapid.IntRange(0, 9).Draw(r, "flats"))))
	case "firms":
		return indextest.Put(layer, id, geo.Shape{}, data.TextValue(data.Ref, fmt.Sprint(x/(side/2)%10)))
	case "staff":
		return indextest.Put(layer, id, geo.Shape{}, data.TextValue(data.Ref, fmt.Sprint(x/(side/2)%10)), data.IntValue(int64(y/side)))
	case "roads":
		return indextest.Put(layer, id, line(geo.Point{X: x, Y: y}, geo.Point{X: x + 2*side, Y: y + side}))
	case "units":
		return indextest.Put(layer, id, square(x, y, side, side))
	default:
		return indextest.Put(layer, id, square(x, 0, 3*side, 8*side))
	}
}

// TestTotalsOfThePast asks for Worlds that are not the newest.
func TestTotalsOfThePast(t *testing.T) {
	log := indextest.NewLog()
	log.Append(definitions()...)
	engine := index.NewEngine(log)
	book := cells.NewBook()
	engine.Follow(book)
	ctx, stop := run(t, engine)
	defer stop()
	var worlds []*index.World
	for i := range 12 {
		changes := []data.Change{indextest.Put("lamps", fmt.Sprint(i), geo.PointShape(geo.Point{X: 10, Y: 10}))}
		if i == 0 {
			changes = append(changes, indextest.Put("units", "a", square(0, 0, side, side)))
		}
		w, err := engine.Wait(ctx, log.Append(changes...))
		if err != nil {
			t.Fatal(err)
		}
		worlds = append(worlds, w)
		book.At(w)
	}
	slices.SortFunc(worlds, func(a, b *index.World) int { return cmp.Compare(b.Seq(), a.Seq()) })
	for _, w := range worlds {
		units, _ := w.Layer("units")
		lamps, _ := w.Layer("lamps")
		slot, _ := units.Lookup("a")
		if got := book.At(w).Division("units").Of(slot)[0]; got.Layer != "lamps" || got.Features != lamps.Len() {
			t.Errorf("at seq %d the unit has %+v, want %d lamps", w.Seq(), got, lamps.Len())
		}
	}
}
