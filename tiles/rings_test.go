package tiles_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/sample/sampletest"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/tiletest"
)

// checkRings decodes a tile and looks at every polygon as MVT 2.1 (section 4.3.4.4) wants it: an outer ring with positive
// area, then its holes with negative area, no vertex twice in a ring, and polygons valid as simplefeatures has it, which knows
// nothing of how they were made. The polygons of a feature must be valid together unless it is one of those listed. It
// returns how many rings there were.
func checkRings(tb testing.TB, what string, tile tiles.Tile, apart map[any]bool) (rings int) {
	tb.Helper()
	for _, l := range decode(tb, tile) {
		for _, f := range l.Features {
			if f.Type != "polygon" {
				continue
			}
			var all []geom.Polygon
			var one []geom.LineString
			flush := func() {
				if len(one) > 0 {
					all = append(all, geom.NewPolygon(one))
				}
				one = nil
			}
			for i, ring := range f.Parts {
				rings++
				area := ring.Area2()
				if area == 0 || i == 0 && area < 0 {
					tb.Fatalf("%s: ring %d of %v in %s has area %d", what, i, f.Get("id"), l.Name, area)
				}
				if area > 0 {
					flush()
				}
				seen := map[[2]int64]bool{}
				var flat []float64
				for _, v := range ring {
					if seen[v] {
						tb.Fatalf("%s: ring %d of %v in %s has %v twice", what, i, f.Get("id"), l.Name, v)
					}
					seen[v] = true
					if min(v[0], v[1]) < -64 || max(v[0], v[1]) > tiles.Extent+64 {
						tb.Fatalf("%s: ring %d of %v in %s reaches %v", what, i, f.Get("id"), l.Name, v)
					}
					flat = append(flat, float64(v[0]), float64(v[1]))
				}
				one = append(one, geom.NewLineString(geom.NewSequence(append(flat, flat[0], flat[1]), geom.DimXY)))
			}
			flush()
			for _, p := range all {
				if err := p.Validate(); err != nil {
					tb.Fatalf("%s: %v in %s: %v\n%v", what, f.Get("id"), l.Name, err, f.Parts)
				}
			}
			if err := geom.NewMultiPolygon(all).Validate(); err != nil && !apart[f.Get("id")] {
				tb.Fatalf("%s: %v in %s: %v\n%v", what, f.Get("id"), l.Name, err, f.Parts)
			}
		}
	}
	return rings
}

// TestRingsOfTaipei draws the areas and cells of Taipei at all zoom levels.
func TestRingsOfTaipei(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing runs beside it")
	}
	city := tiletest.NewCity(t)
	var changes []data.Change
	var corners []geo.Point
	names := []string{"districts", "villages", "units"}
	sample := sampletest.World(t, names...)
	for _, name := range names {
		// Layers of our own, which are drawn at all zoom levels.
		def := cells()
		def.Name = name
		city.Apply(indextest.Define(def))
		l, _ := sample.Layer(name)
		for slot := range l.Slots() {
			s, id := l.Shape(slot), l.ID(slot)
			changes = append(changes, indextest.Put(name, id, s, text(id), text("")))
			corners = append(corners, s.Vertices()[int(slot)%len(s.Vertices())])
		}
	}
	w := city.Apply(changes...)
	m := cold()
	rng := rand.New(rand.NewPCG(11, 12))
	most := 48
	if testing.Short() {
		most = 6
	}
	for _, name := range names {
		rings := 0
		for z := uint32(0); z <= data.MaxZoom; z++ {
			seen := map[[2]uint32]bool{}
			for range most {
				// Tiles round vertices, where there is something to see.
				x, y := tileOf(corners[rng.IntN(len(corners))], z)
				if seen[[2]uint32{x, y}] {
					continue
				}
				seen[[2]uint32{x, y}] = true
				rings += checkRings(t, fmt.Sprintf("%s %d/%d/%d", name, z, x, y), draw(t, m, w, name, z, x, y), nil)
			}
		}
		if rings < 10*most {
			t.Errorf("%s: %d rings only", name, rings)
		}
	}
}

// oddities are polygons as planners' files have them, within about 1,000 units of a point; some are not valid.
func oddities(rng *rand.Rand, at geo.Point) map[string]orb.MultiPolygon {
	ring := func(xy ...float64) orb.Ring {
		var r orb.Ring
		for i := 0; i < len(xy); i += 2 {
			p := geo.Point{X: at.X + int32(xy[i]*1000), Y: at.Y + int32(xy[i+1]*1000)}
			r = append(r, p.Orb())
		}
		return append(r, r[0])
	}
	one := func(rings ...orb.Ring) orb.MultiPolygon { return orb.MultiPolygon{orb.Polygon(rings)} }
	square := ring(0, 0, 100, 0, 100, 100, 0, 100)
	shapes := map[string]orb.MultiPolygon{
		"touches itself in a point":      one(ring(0, 0, 50, 50, 100, 0, 100, 100, 50, 50, 0, 100)),
		"touches its own side":           one(ring(0, 0, 100, 0, 100, 100, 50, 0, 0, 100)),
		"crosses itself":                 one(ring(0, 0, 100, 100, 100, 0, 0, 100)),
		"runs back over itself":          one(ring(0, 0, 100, 0, 100, 50, 200, 50, 100, 50, 100, 100, 0, 100)),
		"twice round":                    one(ring(0, 0, 100, 0, 100, 100, 0, 100, 0, 0, 90, 10, 90, 90, 10, 90)),
		"sliver":                         one(ring(0, 0, 900, 0.001, 900, 0.002)),
		"slanting sliver":                one(ring(0, 0, 900, 713, 900, 713.004)),
		"hole touches the outline":       one(square, ring(0, 0, 20, 60, 60, 20)),
		"hole touches a side":            one(square, ring(50, 0, 80, 40, 20, 40)),
		"hole touches the outline twice": one(square, ring(0, 0, 60, 40, 100, 100, 40, 60)),
		"hole shares a side":             one(square, ring(20, 0, 60, 0, 60, 40, 20, 40)),
		"hole is the outline":            one(square, square),
		"hole outside":                   one(square, ring(200, 200, 220, 200, 220, 220, 200, 220)),
		"hole across the outline":        one(square, ring(50, 50, 150, 50, 150, 80, 50, 80)),
		"holes touch":                    one(square, ring(10, 10, 50, 50, 10, 50), ring(50, 50, 90, 50, 90, 90), ring(50, 10, 90, 10, 50, 50)),
		"hole in a hole":                 one(square, ring(10, 10, 90, 10, 90, 90, 10, 90), ring(30, 30, 60, 30, 60, 60, 30, 60)),
		"polygons share a side":          {orb.Polygon{square}, orb.Polygon{ring(100, 0, 200, 0, 200, 100, 100, 100)}},
		"polygons touch in a corner":     {orb.Polygon{square}, orb.Polygon{ring(100, 100, 200, 100, 200, 200, 100, 200)}},
		"polygons overlap":               {orb.Polygon{square}, orb.Polygon{ring(50, 50, 150, 50, 150, 150, 50, 150)}},
		"polygon in the hole of another": {orb.Polygon{square, ring(10, 10, 90, 10, 90, 90, 10, 90)}, orb.Polygon{ring(10, 10, 90, 10, 50, 50)}},
		"the wrong way round":            one(ring(0, 0, 0, 100, 100, 100, 100, 0), ring(10, 10, 20, 10, 20, 20, 10, 20)),
		"no area":                        one(ring(0, 0, 100, 0, 50, 0)),
	}
	// Teeth and holes finer than the grid of most zoom levels.
	var comb []float64
	for i := range 200 {
		x := float64(i) * 0.7
		comb = append(comb, x, 0, x+0.3, 100, x+0.35, 1)
	}
	shapes["comb"] = one(ring(append(comb, 150, -1, 0, -1)...))
	sieve := orb.Polygon{square}
	for i := range 900 {
		x, y := 1+float64(i%30)*3.2, 1+float64(i/30)*3.2
		sieve = append(sieve, ring(x, y, x+3.2, y, x+3.2, y+1, x+1, y+3.2, x, y+3.2)) // corners touch
	}
	shapes["sieve"] = orb.MultiPolygon{sieve}
	var star []float64
	for i := range 360 {
		r := 5.0
		if i%2 == 0 {
			r = 50 + 50*rng.Float64()
		}
		sin, cos := math.Sincos(float64(i) * math.Pi / 180)
		star = append(star, 100+r*cos, 100+r*sin)
	}
	shapes["star"] = one(ring(star...))
	var scribble []float64
	for range 120 {
		scribble = append(scribble, rng.Float64()*100, rng.Float64()*100)
	}
	shapes["scribble"] = one(ring(scribble...))
	return shapes
}

// TestRingsOfOddShapes draws shapes that touch, cross and cover themselves, as cells that share edges and as buildings
// that do not, at all zoom levels.
func TestRingsOfOddShapes(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing runs beside it")
	}
	rng := rand.New(rand.NewPCG(13, 14))
	plain := cells()
	plain.Name, plain.Roles = "plain", data.Roles{}
	corner := geo.TileBox(14, 13722, 7016).Min
	for round := range 4 {
		city := tiletest.NewCity(t)
		city.Apply(indextest.Define(cells()), indextest.Define(plain))
		var changes []data.Change
		at := geo.Point{X: corner.X - int32(rng.IntN(200_000)), Y: corner.Y - int32(rng.IntN(200_000))}
		if round == 0 {
			at = corner
		}
		shapes, broken := oddities(rng, at), map[any]bool{}
		for name, g := range shapes {
			s := shape(t, g)
			// What was never valid may be drawn as polygons side by side.
			broken[name] = len(geo.Validate(s)) > 0
			changes = append(changes, indextest.Put("cells", name, s, text(name), text("")), indextest.Put("plain", name, s, text(name), text("")))
		}
		w := city.Apply(changes...)
		m := cold()
		for z := uint32(0); z <= data.MaxZoom; z++ {
			for _, p := range []geo.Point{at, {X: at.X + 50_000, Y: at.Y + 50_000}, {X: at.X + rng.Int32N(100_000), Y: at.Y + rng.Int32N(100_000)}} {
				x, y := tileOf(p, z)
				for _, set := range []string{"cells", "plain"} {
					checkRings(t, fmt.Sprintf("%s %d/%d/%d", set, z, x, y), draw(t, m, w, set, z, x, y), broken)
				}
			}
		}
		if drawn := drawnIDs(t, m, w, "plain", at, 17); len(drawn) < 12 {
			t.Errorf("%d of %d are drawn round %v", len(drawn), len(shapes), at)
		}
	}
}

// drawnIDs are the features in the four tiles round a point.
func drawnIDs(tb testing.TB, m *tiles.Maker, w *index.World, set string, at geo.Point, z uint32) map[any]bool {
	tb.Helper()
	ids := map[any]bool{}
	x, y := tileOf(at, z)
	for _, d := range [][2]uint32{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
		for _, f := range decode(tb, draw(tb, m, w, set, z, x+d[0], y-d[1])).Layer(set).Features {
			ids[f.Get("id")] = true
		}
	}
	return ids
}
