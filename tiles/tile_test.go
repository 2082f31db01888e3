package tiles_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/tiletest"
)

func TestBadAddress(t *testing.T) {
	w := tiletest.NewCity(t).Apply(indextest.Define(points()))
	for _, c := range []struct {
		z, x, y           uint32
		field, value, why string
	}{
		{23, 0, 0, "z", "23", "must be 0–22"},
		{math.MaxUint32, 0, 0, "z", "4294967295", "must be 0–22"},
		{0, 1, 0, "x", "1", "must be 0–0 at zoom 0"},
		{0, 0, 1, "y", "1", "must be 0–0 at zoom 0"},
		{16, 65536, 0, "x", "65536", "must be 0–65535 at zoom 16"},
		{22, 0, 1 << 22, "y", "4194304", "must be 0–4194303 at zoom 22"},
	} {
		_, err := cold().Tile(context.Background(), w, resolve(t, w, "points"), c.z, c.x, c.y, nil)
		var field *data.FieldError
		if !errors.As(err, &field) || field.Field != c.field || field.Value != c.value || field.Why != c.why {
			t.Errorf("%d/%d/%d: %v", c.z, c.x, c.y, err)
		}
	}
}

func TestResolve(t *testing.T) {
	city := tiletest.NewCity(t)
	polygon := func(name string, r data.Roles) data.Change {
		return indextest.Define(&data.Layer{
			Name: name, Geometry: data.GeometryPolygon, Roles: r, Attributes: []data.Attribute{{Name: "name", Type: data.Text}},
		})
	}
	area := func(level string) data.Roles { return data.Roles{Area: &data.AreaRole{Level: level, Name: "name"}} }
	w := city.Apply(
		indextest.Define(points()),
		indextest.Define(&data.Layer{Name: "people", Geometry: data.GeometryNone}),
		polygon("houses", data.Roles{Building: &data.BuildingRole{}}),
		polygon("villages", area("village")), polygon("districts", area("district")), polygon("zones", area("zone")),
		indextest.Define(cells()),
		indextest.Define(&data.Layer{Name: "roads", Geometry: data.GeometryLine}),
		tiletest.Scheme(&data.Scheme{Name: "unit", Levels: []string{"district", "village"}, Cells: data.SchemeCells{Layer: "cells"}}),
	)
	for name, want := range map[string]string{
		"city":                                  "districts villages zones cells houses roads points",
		"points":                                "points",
		"points,cells":                          "points cells",
		"cells,points,cells,cells":              "cells points",
		strings.Repeat("cells,", 80) + "points": "cells points",
	} {
		if got := strings.Join(resolve(t, w, name).Layers, " "); got != want {
			t.Errorf("%.40s: %s, want %s", name, got, want)
		}
	}
	if got := resolve(t, w, "cells,points,cells").Name; got != "cells,points" {
		t.Errorf("name %q", got)
	}
	for name, value := range map[string]string{
		"": "", "nope": "nope", "cells,": "", "cells,nope": "nope", "people": "people", "cells_label": "cells_label", "city,cells": "city",
	} {
		_, err := tiles.Resolve(w, name)
		var field *data.FieldError
		if !errors.As(err, &field) || field.Field != "tileset" || field.Value != value {
			t.Errorf("%q: %v", name, err)
		} else if name == "nope" && !strings.Contains(field.Why, "city, districts, villages") {
			t.Errorf("%q does not name what is known: %v", name, err)
		}
	}
	if set := resolve(t, index.NewEngine(indextest.NewLog()).World(), "city"); len(set.Layers) != 0 {
		t.Errorf("empty world: %v", set)
	}
}

// A city without features shows the whole world, one without layers has an empty tile.
func TestDescribeNothing(t *testing.T) {
	w := index.NewEngine(indextest.NewLog()).World()
	doc := tiles.Describe(w, resolve(t, w, "city"), "", nil)
	world := [4]float64{-180, -geo.MaxMercatorLat, 180, geo.MaxMercatorLat}
	if doc.Bounds != world || doc.MinZoom != 0 || doc.VectorLayers == nil {
		t.Errorf("no layers: %+v", doc)
	}
	if tile := draw(t, cold(), w, "city", 3, 4, 5); !tile.Empty() || tile.Packed != nil || tile.ETag == "" {
		t.Errorf("no layers: %+v", tile)
	}
	def := points()
	def.Zoom = data.ZoomRange{Min: 18}
	w = tiletest.NewCity(t).Apply(indextest.Define(def))
	if doc = tiles.Describe(w, resolve(t, w, "city"), "", nil); doc.Bounds != world || doc.MinZoom != 18 || doc.MaxZoom != 18 || doc.Center[2] != 18 {
		t.Errorf("no features: %+v", doc)
	}
}

// A layer that has gone between Resolve and Tile is an error, not a panic.
func TestLayerGone(t *testing.T) {
	city := tiletest.NewCity(t)
	set := resolve(t, city.Apply(indextest.Define(points())), "points")
	w := city.Apply(indextest.Drop("points"))
	var field *data.FieldError
	if _, err := cold().Tile(context.Background(), w, set, 0, 0, 0, nil); !errors.As(err, &field) || field.Value != "points" {
		t.Error(err)
	}
}

// The features of a decoded tile are those of the World whose place is in the tile or its buffer, each once, with
// their attributes, at the right place, by ascending permanent id.
func TestPointsOfTile(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	city := tiletest.NewCity(t)
	city.Apply(indextest.Define(points()))
	var changes []data.Change
	at := map[string]geo.Point{}
	center := geo.Point{X: 1_215_000_000, Y: 250_300_000}
	for i := range 3000 {
		spread := float64(int32(100) << rng.IntN(20))
		p := geo.Point{X: center.X + int32(rng.NormFloat64()*spread), Y: center.Y + int32(rng.NormFloat64()*spread)}
		id := fmt.Sprint("p", i)
		at[id] = p
		changes = append(changes, indextest.Put("points", id, geo.PointShape(p), text("k"), data.IntValue(int64(i))))
	}
	w := city.Apply(changes...)
	layer := w.Layers()[0]
	m := cold()
	for z := uint32(0); z <= data.MaxZoom; z++ {
		for range 4 {
			x, y := tileOf(at[fmt.Sprint("p", rng.IntN(3000))], z)
			want := map[string][2]int64{}
			for id, p := range at {
				mx, my := p.Mercator()
				n := float64(uint64(tiles.Extent) << z)
				v := [2]int64{int64(math.Floor(mx*n+0.5)) - int64(x)*tiles.Extent, int64(math.Floor(my*n+0.5)) - int64(y)*tiles.Extent}
				if min(v[0], v[1]) >= -tiles.Buffer && max(v[0], v[1]) <= tiles.Extent+tiles.Buffer {
					want[id] = v
				}
			}
			got := decode(t, draw(t, m, w, "points", z, x, y)).Layer("points").Features
			if len(got) != len(want) {
				t.Fatalf("%d/%d/%d: %d features, want %d", z, x, y, len(got), len(want))
			}
			if !slices.IsSortedFunc(got, func(a, b tiletest.Feature) int { return int(a.ID) - int(b.ID) }) {
				t.Fatalf("%d/%d/%d: not by permanent id", z, x, y)
			}
			for _, f := range got {
				id, _ := f.Get("id").(string)
				slot, _ := layer.Lookup(id)
				if f.Parts[0][0] != want[id] || f.Get("count") != layer.Value(slot, 1).Int() || f.ID != uint64(layer.Permanent(slot)) {
					t.Fatalf("%d/%d/%d: %+v, want %v", z, x, y, f, want[id])
				}
			}
		}
	}
}

// Each polygon has one label point at each zoom level, in the tile that holds it, within the polygon.
func TestLabelPoints(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	center := geo.Point{X: 1_215_000_000, Y: 250_300_000}
	city := tiletest.NewCity(t)
	city.Apply(indextest.Define(cells()))
	changes, _ := grid(t, rng, center, 12, 12_000)
	w := city.Apply(changes...)
	m := cold()
	set := resolve(t, w, "cells")
	for _, z := range []uint32{12, 14, 16, 17} {
		seen := map[string]int{}
		box := w.Layers()[0].Bounds()
		x0, y1 := tileOf(box.Min, z)
		x1, y0 := tileOf(box.Max, z)
		for x := x0; x <= x1; x++ {
			for y := y0; y <= y1; y++ {
				tile, err := m.Tile(context.Background(), w, set, z, x, y, nil)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range decode(t, tile).Layer("cells_label").Features {
					id, _ := f.Get("id").(string)
					seen[id]++
					if f.Get("label") != "单元"+id || f.Get("name") != "单元"+id || f.Get("code") != nil {
						t.Errorf("%s: %v", id, f.Tags)
					}
					if p := f.Parts[0][0]; p[0] < 0 || p[0] > tiles.Extent || p[1] < 0 || p[1] > tiles.Extent {
						t.Errorf("%s lies outside its tile: %v", id, p)
					}
				}
			}
		}
		if len(seen) != len(changes) {
			t.Errorf("z%d: %d labels of %d", z, len(seen), len(changes))
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("z%d: %s occurs %d times", z, id, n)
			}
		}
	}
	if got := m.Stats().Labels; got != uint64(len(changes)) {
		t.Errorf("%d label points were searched for %d cells", got, len(changes))
	}
}

// Layers are drawn at their own zoom levels only.
func TestZoomRange(t *testing.T) {
	def := points()
	def.Zoom = data.ZoomRange{Min: 3, Max: 5}
	city := tiletest.NewCity(t)
	w := city.Apply(indextest.Define(def), indextest.Put("points", "a", geo.PointShape(geo.Point{X: 1, Y: 1})))
	for z := range uint32(9) {
		x, y := tileOf(geo.Point{X: 1, Y: 1}, z)
		if tile := draw(t, cold(), w, "points", z, x, y); tile.Empty() != (z < 3 || z > 5) {
			t.Errorf("z%d: %d bytes", z, tile.Size)
		}
	}
}
