package tiles_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/tiletest"
)

func shiftOf(tb testing.TB, name string) *proj.Shift {
	tb.Helper()
	s, ok := proj.FindShift(name)
	if !ok {
		tb.Fatalf("no shift %s", name)
	}
	return s
}

// ask is draw with a query.
func ask(tb testing.TB, m *tiles.Maker, w *index.World, set string, z, x, y uint32, q *tiles.Query) tiles.Tile {
	tb.Helper()
	tile, err := m.Tile(context.Background(), w, resolve(tb, w, set), z, x, y, q)
	if err != nil {
		tb.Fatalf("tile %d/%d/%d: %v", z, x, y, err)
	}
	return tile
}

// mapPlace is where a map in shifted degrees has a stored place, in units of zoom level z, by the formulas of geo/proj
// and of the projection.
func mapPlace(tb testing.TB, crs string, p geo.Point, z uint32) [2]float64 {
	tb.Helper()
	return mapDegrees(tb, crs, p.Lon(), p.Lat(), z)
}

func mapDegrees(tb testing.TB, crs string, lon, lat float64, z uint32) [2]float64 {
	tb.Helper()
	c, err := proj.Lookup(crs)
	if err != nil {
		tb.Fatal(err)
	}
	lon, lat, ok := c.FromLonLat(lon, lat)
	if !ok {
		tb.Fatalf("no %s", crs)
	}
	scale := float64(uint64(tiles.Extent) << z)
	return [2]float64{(lon + 180) / 360 * scale, (1 - math.Log(math.Tan(math.Pi/4+lat*math.Pi/360))/math.Pi) / 2 * scale}
}

// inUnits is a place in units of the world relative to a tile.
func inUnits(v [2]float64, x, y uint32) [2]float64 {
	return [2]float64{v[0] - float64(x)*tiles.Extent, v[1] - float64(y)*tiles.Extent}
}

func lines() *data.Layer {
	return &data.Layer{Name: "lines", Geometry: data.GeometryLine, Attributes: []data.Attribute{{Name: "kind", Type: data.Text}}}
}

// shapesNear is points, lines and polygons around a place, by their ids.
func shapesNear(tb testing.TB, rng *rand.Rand, center geo.Point, spread int) (changes []data.Change, shapes map[string]geo.Shape) {
	tb.Helper()
	shapes = map[string]geo.Shape{}
	near := func(p geo.Point, by int) geo.Point {
		return geo.Point{X: p.X + int32(rng.IntN(2*by)-by), Y: p.Y + int32(rng.IntN(2*by)-by)}
	}
	put := func(layer, id string, s geo.Shape) {
		shapes[layer+"/"+id] = s
		changes = append(changes, indextest.Put(layer, id, s, text("k"+strconv.Itoa(rng.IntN(3)))))
	}
	for i := range 40 {
		id := strconv.Itoa(i)
		put("points", id, geo.PointShape(near(center, spread)))
		p := near(center, spread)
		line := orb.LineString{}
		for range 2 + rng.IntN(5) {
			line = append(line, p.Orb())
			p = near(p, 1+spread/5)
		}
		put("lines", id, shape(tb, line))
		p = near(center, spread)
		side := int32(1 + rng.IntN(1+spread/8))
		put("cells", id, indextest.Rect(p.X, p.Y, p.X+side, p.Y+side))
	}
	return changes, shapes
}

// distance is how far a place is from a path.
func distance(p [2]float64, path [][2]float64) float64 {
	best := math.Inf(1)
	for i := 1; i < len(path); i++ {
		a, b := path[i-1], path[i]
		dx, dy := b[0]-a[0], b[1]-a[1]
		t := 0.0
		if n := dx*dx + dy*dy; n > 0 {
			t = max(0, min(1, ((p[0]-a[0])*dx+(p[1]-a[1])*dy)/n))
		}
		best = min(best, math.Hypot(p[0]-a[0]-t*dx, p[1]-a[1]-t*dy))
	}
	return best
}

// Every place that is drawn on a shifted map is where geo/proj says, and everything that geo/proj puts into a tile is
// drawn: in a city, where the system ends, and at every zoom level.
func TestShiftedTilesAreWhereTheMapIs(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing runs beside it")
	}
	rng := rand.New(rand.NewPCG(21, 22))
	for _, c := range []struct {
		crs    string
		center geo.Point
	}{
		{"gcj02", geo.Point{X: 1_164_040_000, Y: 399_150_000}},
		{"bd09", geo.Point{X: 1_164_040_000, Y: 399_150_000}},
		{"gcj02", geo.Point{X: 1_050_000_000, Y: 300_000_000}}, // where the formula has a root
		{"bd09", geo.Point{X: 1_215_400_000, Y: 250_400_000}},
		{"gcj02", geo.Point{X: 1_378_347_000, Y: 355_000_000}}, // where the system ends
		{"bd09", geo.Point{X: 1_378_347_000, Y: 355_000_000}},
		{"gcj02", geo.Point{X: 1_200_000_000, Y: 558_271_000}},
		{"gcj02", geo.Point{X: 23_500_000, Y: 488_500_000}}, // Paris
	} {
		for _, z := range []uint32{6, 11, 13, 15, 16, 18, 20, 22} {
			// About three tiles around.
			spread := max(4, int(1.5*3.6e9/float64(uint32(1)<<z)))
			if z < 11 {
				spread = 20_000_000
			}
			city := tiletest.NewCity(t)
			city.Apply(indextest.Define(points()), indextest.Define(lines()), indextest.Define(cells()))
			changes, shapes := shapesNear(t, rng, c.center, spread)
			w := city.Apply(changes...)
			checkShifted(t, w, c.crs, z, shapes)
		}
	}
}

func checkShifted(t *testing.T, w *index.World, crs string, z uint32, shapes map[string]geo.Shape) {
	t.Helper()
	m, q := cold(), &tiles.Query{Shift: shiftOf(t, crs)}
	// How far what is drawn may be off: half a unit for a point, a unit for a vertex, which lies on a grid of a
	// centimetre; more where outlines are simplified.
	off := map[bool]float64{true: 1.01, false: 0.51}[z <= 20]
	if z > 20 {
		off = 8
	}
	if z < 16 {
		off = 4
	}
	if z < 14 {
		off = 9
	}
	seen := map[[2]uint32]tiletest.Tile{}
	tileAt := func(v [2]float64) ([2]uint32, tiletest.Tile) {
		at := [2]uint32{uint32(v[0] / tiles.Extent), uint32(v[1] / tiles.Extent)}
		tile, ok := seen[at]
		if !ok {
			tile = decode(t, ask(t, m, w, "points,lines,cells", z, at[0], at[1], q))
			seen[at] = tile
		}
		return at, tile
	}
	find := func(tile tiletest.Tile, key string) *tiletest.Feature {
		layer, id, _ := strings.Cut(key, "/")
		for _, f := range tile.Layer(layer).Features {
			if f.Get("id") == id {
				return &f
			}
		}
		return nil
	}
	missing := 0
	for key, s := range shapes {
		for _, p := range s.Vertices() {
			v := mapPlace(t, crs, p, z)
			at, tile := tileAt(v)
			f := find(tile, key)
			if f == nil {
				// Small polygons and lines have nothing left; points are always there.
				if missing++; strings.HasPrefix(key, "points/") {
					t.Fatalf("%s z%d: %s is not in %v", crs, z, key, at)
				}
				continue
			}
			local, limit := inUnits(v, at[0], at[1]), off
			if f.Type == "point" {
				if d := math.Hypot(float64(f.Parts[0][0][0])-local[0], float64(f.Parts[0][0][1])-local[1]); d > 0.75 {
					t.Fatalf("%s z%d: %s is %.3f units off", crs, z, key, d)
				}
				continue
			}
			best := math.Inf(1)
			for _, part := range f.Parts {
				path := floats(part)
				if f.Type == "polygon" {
					path = append(path, path[0])
				}
				best = min(best, distance(local, path))
			}
			if best > limit {
				t.Fatalf("%s z%d: a vertex of %s is %.2f units off in %v", crs, z, key, best, at)
			}
		}
	}
	if z >= 16 && missing > len(shapes)/4 {
		t.Errorf("%s z%d: %d vertices are in no tile", crs, z, missing)
	}
	// Nothing else is drawn.
	for at, tile := range seen {
		for _, l := range tile {
			for _, f := range l.Features {
				id, _ := f.Get("id").(string)
				s, ok := shapes[strings.TrimSuffix(l.Name, tiles.LabelSuffix)+"/"+id]
				if !ok {
					t.Fatalf("%s z%d: %s %v is none of the features", crs, z, l.Name, id)
				}
				if s.NumRings() == 0 || leaves(s) {
					continue // in the piece in which the system ends an edge jumps
				}
				path := outlineOnMap(t, crs, s, z, at)
				for _, part := range f.Parts {
					for _, v := range floats(part) {
						edge := float64(tiles.Extent + tiles.Buffer)
						if l.Name == "lines" && distance(v, path) > off || l.Name == "cells" && v[0] > -60 && v[0] < edge-4 && v[1] > -60 && v[1] < edge-4 && distance(v, path) > off {
							t.Fatalf("%s z%d: %s %s has a vertex %.2f units off in %v", crs, z, l.Name, id, distance(v, path), at)
						}
					}
				}
			}
		}
	}
}

func floats(part tiletest.Part) [][2]float64 {
	var path [][2]float64
	for _, v := range part {
		path = append(path, [2]float64{float64(v[0]), float64(v[1])})
	}
	return path
}

// leaves reports whether a shape lies on both sides of where the systems end.
func leaves(s geo.Shape) bool {
	in := 0
	for _, p := range s.Vertices() {
		if p.X <= 1_378_347_000 && p.Y <= 558_271_000 {
			in++
		}
	}
	return in > 0 && in < len(s.Vertices())
}

// outlineOnMap is the first ring of a shape on a shifted map, its edges in a hundred pieces, each end of which is moved
// by itself.
func outlineOnMap(t *testing.T, crs string, s geo.Shape, z uint32, tile [2]uint32) [][2]float64 {
	t.Helper()
	var path [][2]float64
	ring := s.Ring(0)
	for i, p := range ring {
		if i > 0 {
			q := ring[i-1]
			ax, ay := q.Mercator()
			bx, by := p.Mercator()
			for k := 1; k < 100; k++ {
				f := float64(k) / 100
				x, y := ax+f*(bx-ax), ay+f*(by-ay)
				lat := math.Atan(math.Sinh(math.Pi*(1-2*y))) * 180 / math.Pi
				path = append(path, inUnits(mapDegrees(t, crs, x*360-180, lat, z), tile[0], tile[1]))
			}
		}
		path = append(path, inUnits(mapPlace(t, crs, p, z), tile[0], tile[1]))
	}
	return path
}

// Outside China a shifted tile is the plain one, byte for byte, and the cache knows it as that.
func TestNothingIsShiftedElsewhere(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 24))
	paris := geo.Point{X: 23_500_000, Y: 488_500_000}
	city := tiletest.NewCity(t)
	city.Apply(indextest.Define(points()), indextest.Define(lines()), indextest.Define(cells()))
	changes, _ := shapesNear(t, rng, paris, 100_000)
	w := city.Apply(changes...)
	m := tiles.NewMaker(tiles.Options{})
	x, y := tileOf(paris, 14)
	plain := draw(t, m, w, "city", 14, x, y)
	shifted := ask(t, m, w, "city", 14, x, y, &tiles.Query{Shift: shiftOf(t, "gcj02")})
	if plain.Empty() || plain.ETag != shifted.ETag {
		t.Error("a tile of Paris is shifted")
	}
	if s := m.Stats(); s.Builds != 1 || s.Hits != 1 {
		t.Errorf("stats %+v", s)
	}
}

// Cells that share their edges share them on a shifted map: in a tile full of cells every edge is there both ways.
func TestShiftedCellsMeet(t *testing.T) {
	rng := rand.New(rand.NewPCG(25, 26))
	center := geo.Point{X: 1_164_040_000, Y: 399_150_000}
	city := tiletest.NewCity(t)
	city.Apply(indextest.Define(cells()))
	changes, _ := grid(t, rng, center, 40, 30_000)
	w := city.Apply(changes...)
	for _, crs := range proj.Shifts() {
		shift := shiftOf(t, crs)
		for _, z := range []uint32{14, 15, 16, 17, 19} {
			mx, my := shift.Mercator(center)
			n := float64(uint32(1) << z)
			x, y := uint32(mx*n), uint32(my*n)
			tile := decode(t, ask(t, cold(), w, "cells", z, x, y, &tiles.Query{Shift: shift}))
			type edge [2][2]int64
			edges := map[edge]int{}
			for _, f := range tile.Layer("cells").Features {
				for _, part := range f.Parts {
					for i, v := range part {
						edges[edge{v, part[(i+1)%len(part)]}]++
					}
				}
			}
			rim := func(v [2]int64) bool {
				return v[0] <= -tiles.Buffer || v[1] <= -tiles.Buffer || v[0] >= tiles.Extent+tiles.Buffer || v[1] >= tiles.Extent+tiles.Buffer
			}
			for e, times := range edges {
				if (!rim(e[0]) || !rim(e[1])) && edges[edge{e[1], e[0]}] != times {
					t.Errorf("%s %d/%d/%d: edge %v is there %d times, and %d the other way", crs, z, x, y, e, times, edges[edge{e[1], e[0]}])
				}
			}
			if len(edges) < 4 {
				t.Errorf("%s z%d: %d edges", crs, z, len(edges))
			}
		}
	}
}

// Whatever is edited, a cached shifted tile is the one that is drawn anew, and few tiles are drawn again.
func TestShiftedCacheFollowsTheData(t *testing.T) {
	rng := rand.New(rand.NewPCG(27, 28))
	city := tiletest.NewCity(t)
	city.Apply(indextest.Define(points()), indextest.Define(lines()), indextest.Define(cells()))
	cached, plain := tiles.NewMaker(tiles.Options{}), cold()
	queries := []*tiles.Query{{Shift: shiftOf(t, "gcj02")}, {Shift: shiftOf(t, "bd09")}, {}}
	centers := []geo.Point{{X: 1_164_040_000, Y: 399_150_000}, {X: 1_378_347_000, Y: 355_000_000}, {X: 1_215_400_000, Y: 250_400_000}}
	full := 0
	for round := range 250 {
		center := centers[rng.IntN(len(centers))]
		spread := []int{2_000, 60_000, 1_000_000}[rng.IntN(3)]
		changes, _ := shapesNear(t, rng, center, spread)
		for i := range changes {
			if rng.IntN(5) == 0 {
				changes[i] = indextest.End(changes[i].Layer, changes[i].Feature.ID)
			}
		}
		rng.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
		w := city.Apply(changes[:1+rng.IntN(3)]...)
		for range 12 {
			q := queries[rng.IntN(len(queries))]
			z := uint32(8 + rng.IntN(14))
			// A place near one of the changes, so that tiles are not empty.
			at := geo.Point{X: center.X + int32(rng.IntN(2*spread)-spread), Y: center.Y + int32(rng.IntN(2*spread)-spread)}
			x, y := tileOf(at, z)
			if q.Shift != nil {
				mx, my := q.Shift.Mercator(at)
				n := float64(uint32(1) << z)
				x, y = uint32(mx*n), uint32(my*n)
			}
			got, want := ask(t, cached, w, "city", z, x, y, q), ask(t, plain, w, "city", z, x, y, q)
			if !bytes.Equal(got.Packed, want.Packed) || got.ETag != want.ETag {
				t.Fatalf("round %d, %d/%d/%d: the cached tile differs", round, z, x, y)
			}
			if !got.Empty() {
				full++
			}
		}
	}
	if s := cached.Stats(); s.Hits < 150 || full < 300 {
		t.Errorf("%d tiles were not empty, stats %+v", full, s)
	}
}

func TestOnlyTouchedShiftedTilesAreDrawnAgain(t *testing.T) {
	city := tiletest.NewCity(t)
	at := geo.Point{X: 1_164_040_000, Y: 399_150_000}
	city.Apply(indextest.Define(points()))
	for _, crs := range proj.Shifts() {
		w := city.Apply(indextest.Put("points", "a", geo.PointShape(at), text("lamp")))
		q := &tiles.Query{Shift: shiftOf(t, crs)}
		m := tiles.NewMaker(tiles.Options{})
		mx, my := q.Shift.Mercator(at)
		for _, z := range []uint32{12, 16} {
			n := float64(uint32(1) << z)
			x, y := uint32(mx*n), uint32(my*n)
			drawAll := func() {
				for dx := range uint32(12) {
					for dy := range uint32(12) {
						ask(t, m, w, "points", z, x-6+dx, y-6+dy, q)
					}
				}
			}
			drawAll()
			before, old := m.Stats().Builds, ask(t, m, w, "points", z, x, y, q)
			w = city.Apply(indextest.Put("points", "a", geo.PointShape(at), text("tree "+strconv.Itoa(int(z))+crs)))
			drawAll()
			// Four tiles without shift can be touched, and each reaches into four of the shifted ones, rarely more.
			if again := m.Stats().Builds - before; again < 1 || again > 16 {
				t.Errorf("%s z%d: %d of 144 tiles were drawn again for one point", crs, z, again)
			}
			if changed := ask(t, m, w, "points", z, x, y, q); changed.ETag == old.ETag || changed.Empty() {
				t.Errorf("%s z%d: the tile of the point did not change", crs, z)
			}
		}
	}
}

// Groups, thinning, totals of what was left out, filters, attributes and differences are those of the shifted map: over
// all tiles they add up.
func TestShiftedTilesAddUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(29, 30))
	center := geo.Point{X: 1_164_040_000, Y: 399_150_000}
	city := tiletest.NewCity(t)
	city.Apply(indextest.Define(points()))
	const all = 30_000
	var changes []data.Change
	for i := range all {
		p := geo.Point{X: center.X + int32(rng.IntN(2_000_000)), Y: center.Y + int32(rng.IntN(2_000_000))}
		changes = append(changes, indextest.Put("points", strconv.Itoa(i), geo.PointShape(p), text("k"+strconv.Itoa(i%3)), data.IntValue(2)))
	}
	w := city.Apply(changes...)
	shift := shiftOf(t, "bd09")
	const z = 10
	mx, my := shift.Mercator(center)
	x, y := uint32(mx*(1<<z)), uint32(my*(1<<z))
	var found, drawn, grouped, sum, third int64
	for dx := range uint32(4) {
		for dy := range uint32(4) {
			at := [2]uint32{x - 1 + dx, y - 2 + dy}
			tile := ask(t, cold(), w, "points,points_clusters", z, at[0], at[1], &tiles.Query{Shift: shift, Properties: []string{"count", "count_sum", "point_count"}})
			found += int64(tile.Layers[0].Found)
			for _, f := range decode(t, tile).Layer("points").Features {
				v := f.Parts[0][0]
				if v[0] >= 0 && v[1] >= 0 && v[0] < tiles.Extent && v[1] < tiles.Extent {
					n, _ := f.Get("point_count").(int64)
					drawn += max(n, 1)
				}
				if f.Get("kind") != nil {
					t.Fatal("an attribute that was not asked for")
				}
			}
			for _, f := range decode(t, tile).Layer("points_clusters").Features {
				n, _ := f.Get("point_count").(int64)
				s, _ := f.Get("count_sum").(int64)
				grouped, sum = grouped+n, sum+s
			}
			filtered := ask(t, cold(), w, "points", z, at[0], at[1], &tiles.Query{Shift: shift, Filter: kindFilter("k1")})
			third += int64(filtered.Layers[0].Found)
		}
	}
	if found != all || drawn != all || grouped != all || sum != 2*all || third != all/3 {
		t.Errorf("of %d: found %d, drawn %d, in groups %d with %d, filtered %d", all, found, drawn, grouped, sum, third)
	}

	after := city.Apply(indextest.End("points", "0"), indextest.Put("points", "1", geo.PointShape(center), text("moved")))
	removed, changed := 0, 0
	for dx := range uint32(4) {
		for dy := range uint32(4) {
			tile, err := cold().Diff(context.Background(), w, after, resolve(t, after, "points"), z, x-1+dx, y-2+dy, &tiles.Query{Shift: shift})
			if err != nil {
				t.Fatal(err)
			}
			got := decode(t, tile)
			removed += len(got.Layer("points_removed").Features)
			for _, f := range got.Layer("points_changed").Features {
				changed++
				want := inUnits(mapPlace(t, "bd09", center, z), x-1+dx, y-2+dy)
				if v := f.Parts[0][0]; math.Abs(float64(v[0])-want[0]) > 0.51 || math.Abs(float64(v[1])-want[1]) > 0.51 {
					t.Errorf("the moved point is at %v, want %v", v, want)
				}
			}
		}
	}
	if removed != 1 || changed != 1 {
		t.Errorf("%d removed and %d changed", removed, changed)
	}
}

// kindFilter keeps the features of a kind.
type kindFilter string

func (k kindFilter) String() string { return string(k) }

func (k kindFilter) Keep(_ context.Context, l *index.Layer, slots []index.Slot) ([]index.Slot, error) {
	var kept []index.Slot
	for _, s := range slots {
		if l.Value(s, 0).Text() == string(k) {
			kept = append(kept, s)
		}
	}
	return kept, nil
}

// The explanation speaks of the shifted map, too.
func TestWhyOnAShiftedMap(t *testing.T) {
	city := tiletest.NewCity(t)
	at := geo.Point{X: 1_164_040_000, Y: 399_150_000}
	city.Apply(indextest.Define(points()))
	w := city.Apply(indextest.Put("points", "a", geo.PointShape(at)))
	q := &tiles.Query{Shift: shiftOf(t, "gcj02")}
	const z = 18
	mx, my := q.Shift.Mercator(at)
	x, y := uint32(mx*(1<<z)), uint32(my*(1<<z))
	v, err := cold().Why(context.Background(), w, resolve(t, w, "points"), z, x, y, q, "a")
	if err != nil || !v.Drawn {
		t.Errorf("%+v, %v", v, err)
	}
	px, py := tileOf(at, z)
	v, err = cold().Why(context.Background(), w, resolve(t, w, "points"), z, px, py, q, "a")
	if err != nil || v.Drawn || !strings.Contains(v.Why, fmt.Sprintf("its middle is in tile %d/%d/%d", z, x, y)) {
		t.Errorf("%+v, %v", v, err)
	}
	var field *data.FieldError
	if _, err := cold().Tile(context.Background(), w, resolve(t, w, "points"), z, 1<<z, 0, q); !errors.As(err, &field) {
		t.Error(err)
	}
}

// A long straight edge bends with the ground: what lies on it lies on it on the shifted map, too. What one shift draws is
// not taken for what another draws.
func TestLongEdgesBend(t *testing.T) {
	from, to := geo.Point{X: 1_160_000_000, Y: 398_000_000}, geo.Point{X: 1_166_000_000, Y: 401_000_000}
	city := tiletest.NewCity(t)
	city.Apply(indextest.Define(lines()))
	w := city.Apply(indextest.Put("lines", "a", shape(t, orb.LineString{from.Orb(), to.Orb()})))
	const z = 16
	ax, ay := from.Mercator()
	bx, by := to.Mercator()
	m := cold()
	var worst float64
	for k := range 50 {
		f := (float64(k) + 0.5) / 50
		on := geo.FromMercator(ax+f*(bx-ax), ay+f*(by-ay))
		// In the tile of each of the maps: they are near enough to each other for the line to pass through all of them.
		for _, crs := range []string{"EPSG:4326", "gcj02", "bd09"} {
			for _, other := range []string{"EPSG:4326", "gcj02", "bd09"} {
				v := mapPlace(t, other, on, z)
				x, y := uint32(v[0]/tiles.Extent), uint32(v[1]/tiles.Extent)
				q := &tiles.Query{}
				if crs != "EPSG:4326" {
					q.Shift = shiftOf(t, crs)
				}
				got := decode(t, ask(t, m, w, "lines", z, x, y, q)).Layer("lines").Features
				if crs != other {
					continue
				}
				if len(got) != 1 {
					t.Fatalf("%s: %d lines in the tile of a place on it", crs, len(got))
				}
				best := math.Inf(1)
				for _, part := range got[0].Parts {
					best = min(best, distance(inUnits(v, x, y), floats(part)))
				}
				worst = max(worst, best)
			}
		}
	}
	if worst > 1 {
		t.Errorf("places on the line are %.2f units beside it", worst)
	}
	// The same feature, alone in a tile that all of them see whole.
	lone := city.Apply(indextest.Put("lines", "a", shape(t, orb.LineString{from.Orb(), {116.01, 39.81}})))
	sx, sy := tileOf(from, 12)
	tags := map[string]bool{}
	for _, q := range []*tiles.Query{{}, {Shift: shiftOf(t, "gcj02")}, {Shift: shiftOf(t, "bd09")}} {
		warm, fresh := ask(t, m, lone, "lines", 12, sx, sy, q), ask(t, cold(), lone, "lines", 12, sx, sy, q)
		if warm.ETag != fresh.ETag || warm.Empty() {
			t.Error("a drawing was taken for that of another shift")
		}
		tags[warm.ETag] = true
	}
	if len(tags) != 3 {
		t.Errorf("%d different tiles of three maps", len(tags))
	}
}

// BenchmarkShifted draws the same ground for maps with and without a shift, side by side: points, and cells by a Maker
// that has seen none of them before.
func BenchmarkShifted(b *testing.B) {
	center := geo.Point{X: 1_215_000_000, Y: 250_300_000}
	for _, c := range []struct {
		name string
		w    *index.World
		z    uint32
	}{{"points10k", densePoints(b, 10_000), 12}, {"cells", cellWorld(b), 15}} {
		for _, crs := range []string{"", "gcj02", "bd09"} {
			q := &tiles.Query{}
			mx, my := center.Mercator()
			if crs != "" {
				q.Shift = shiftOf(b, crs)
				mx, my = q.Shift.Mercator(center)
			}
			n := float64(uint32(1) << c.z)
			b.Run(c.name+"/"+crs, func(b *testing.B) {
				drawn := 0
				for b.Loop() {
					tile := ask(b, cold(), c.w, "city", c.z, uint32(mx*n), uint32(my*n), q)
					drawn = tile.Sum().Drawn
				}
				b.ReportMetric(float64(drawn), "features")
			})
		}
	}
}
