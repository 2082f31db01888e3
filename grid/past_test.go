package grid_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
)

// TestLocateInThePast asks one Locator for points in Worlds of many moments, in any order, and compares with a Locator
// that has seen only that World: what a Locator keeps between requests belongs to the right city, although Worlds of
// the past share epoch, definitions and the Seqs of changes with others and number their slots differently.
func TestLocateInThePast(t *testing.T) {
	const x0, y0, size = 1_215_000_000, 250_000_000, 10_000
	r := rand.New(rand.NewPCG(8, 9))
	attributes := []data.Attribute{{Name: "code", Type: data.Code}, {Name: "name", Type: data.Text}}
	area := func(name, level string) *data.Layer {
		return &data.Layer{Name: name, Geometry: data.GeometryPolygon, Attributes: attributes, Roles: data.Roles{Area: &data.AreaRole{Level: level, Code: "code", Name: "name"}}}
	}
	cells := &data.Layer{Name: "cells", Geometry: data.GeometryPolygon, Attributes: attributes, Roles: data.Roles{Cell: &data.CellRole{Scheme: "unit", Code: "code"}}}
	doors := &data.Layer{Name: "doors", Geometry: data.GeometryPoint, Attributes: attributes, Roles: data.Roles{Address: &data.AddressRole{Label: "name"}}}
	log := indextest.NewLog()
	log.Append(indextest.Define(area("districts", "district")), indextest.Define(area("villages", "village")), indextest.Define(cells), indextest.Define(doors), indextest.Divide("unit", "cells", "district", "village"))
	// Areas and cells of random rectangles overlap: which of them is a parent depends on every detail.
	put := func(layer string, n int) data.Change {
		id := fmt.Sprint(r.IntN(n))
		x, y, w := x0+r.Int32N(4*size), y0+r.Int32N(4*size), size/2+r.Int32N(2*size)
		shape := indextest.Rect(x, y, x+w, y+w)
		if layer == "doors" {
			shape = geo.PointShape(geo.Point{X: x, Y: y})
		}
		return indextest.Put(layer, id, shape, data.TextValue(data.Code, layer[:1]+id), data.TextValue(data.Text, fmt.Sprint(r.IntN(1000))))
	}
	step := func() {
		var changes []data.Change
		for range 1 + r.IntN(3) {
			layer := []string{"districts", "villages", "cells", "doors"}[r.IntN(4)]
			changes = append(changes, put(layer, 6))
		}
		effective := time.Time{}
		if r.IntN(3) == 0 {
			effective = indextest.Recorded(log.Last() + 1).Add(-time.Duration(r.IntN(80)) * time.Second)
		}
		log.AppendAt(effective, changes...)
	}
	for range 40 {
		step()
	}
	e, past := indextest.StartPast(t, log, index.PastOptions{Worlds: 3})
	shared := grid.NewLocator()
	found := 0
	for range 60 {
		for range 2 {
			step()
		}
		if r.IntN(30) == 0 {
			log.Append(indextest.Drop("villages"), indextest.Define(area("villages", "village")))
		}
		indextest.At(t, e, log.Last())
		for range 20 {
			when := index.Moment{AsOf: index.Newest}
			if r.IntN(2) == 0 {
				when.AsOf = data.Seq(r.IntN(int(log.Last()) + 1))
			}
			if r.IntN(2) == 0 {
				when.At = indextest.Recorded(data.Seq(r.IntN(int(log.Last()) + 1)))
			}
			w, err := past.World(t.Context(), when)
			if err != nil {
				t.Fatal(err)
			}
			p := geo.Point{X: x0 + r.Int32N(6*size), Y: y0 + r.Int32N(6*size)}
			got := shared.Locate(w, p, grid.Everything)
			want := grid.NewLocator().Locate(w, p, grid.Everything)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%+v at %v:\n%+v\nwant\n%+v", when, p, got, want)
			}
			for _, c := range got.Cells {
				found += len(c.Areas)
			}
		}
	}
	if found < 100 {
		t.Errorf("only %d parents were looked at", found)
	}
}
