package index_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/internal/obs"
)

// drawShape draws a rectangle, a triangle, a line or a point somewhere around base, by the layer's kind.
func drawShape(t *rapid.T, kind geo.Kind, base geo.Point) geo.Shape {
	coord := rapid.OneOf(rapid.Int32Range(0, 12), rapid.Int32Range(0, 40_000))
	at := func() geo.Point {
		p := geo.Point{X: base.X + coord.Draw(t, "x"), Y: base.Y + coord.Draw(t, "y")}
		if p.X > geo.MaxX { // beyond the antimeridian
			p.X = p.X - geo.MaxX - geo.MaxX
		}
		return p
	}
	var xy []geo.Point
	var polys []uint32
	switch a, b := at(), at(); {
	case kind == geo.KindPoint:
		return geo.PointShape(a)
	case kind == geo.KindLine:
		xy = []geo.Point{a, b, at()}
	case rapid.Bool().Draw(t, "rectangle"):
		xy, polys = []geo.Point{a, {X: b.X, Y: a.Y}, b, {X: a.X, Y: b.Y}, a}, []uint32{1}
	default:
		xy, polys = []geo.Point{a, b, at(), a}, []uint32{1}
	}
	s, err := geo.NewShape(kind, xy, []uint32{uint32(len(xy))}, polys)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPlacesEqualScan compares what finds features by place with a scan of all features, over random histories of a
// layer of points, lines or polygons, and for every World on the way.
func TestPlacesEqualScan(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom([]geo.Kind{geo.KindPoint, geo.KindLine, geo.KindPolygon}).Draw(rt, "kind")
		base := rapid.SampledFrom([]geo.Point{{X: baseX, Y: baseY}, {X: -20_000, Y: -20_000}, {X: 3, Y: geo.MaxY - 40_000}}).Draw(rt, "base")
		if kind == geo.KindPoint && rapid.Bool().Draw(rt, "antimeridian") {
			base = geo.Point{X: geo.MaxX - 20_000, Y: -170_000_000}
		}
		log := indextest.NewLog()
		e := indextest.Start(t, log)
		layer := &data.Layer{
			Name: "things", Geometry: data.GeometryKind(kind.String()),
			Attributes: []data.Attribute{{Name: "name", Type: data.Text}},
		}
		log.Append(indextest.Define(layer))
		model := map[string]geo.Shape{}
		type snapshot struct {
			world *index.World
			model map[string]geo.Shape
		}
		var worlds []snapshot
		for range rapid.IntRange(1, 5).Draw(rt, "groups") {
			var changes []data.Change
			for range rapid.IntRange(1, 30).Draw(rt, "changes") {
				id := fmt.Sprint(rapid.IntRange(0, 30).Draw(rt, "id"))
				have, exists := model[id]
				switch what := rapid.IntRange(0, 3).Draw(rt, "what"); {
				case exists && what == 0:
					changes = append(changes, indextest.End("things", id))
					delete(model, id)
				case exists && what == 1:
					// The place stays.
					changes = append(changes, indextest.Put("things", id, have, data.TextValue(data.Text, id)))
				default:
					s := drawShape(rt, kind, base)
					changes = append(changes, indextest.Put("things", id, s))
					model[id] = s
				}
			}
			worlds = append(worlds, snapshot{indextest.At(t, e, log.Append(changes...)), maps.Clone(model)})
		}
		for _, s := range worlds {
			l, _ := s.world.Layer("things")
			for range 20 {
				p := drawShape(rt, geo.KindPoint, base).Vertices()[0]
				if rapid.Bool().Draw(rt, "vertex") && len(s.model) > 0 {
					v := s.model[slices.Min(slices.Collect(maps.Keys(s.model)))].Vertices()
					p = v[rapid.IntRange(0, len(v)-1).Draw(rt, "which")]
				}
				comparePlaces(rt, l, s.model, p)
			}
		}
	})
}

type nearID struct {
	meters    float64
	permanent uint32
	id        string
}

func comparePlaces(t *rapid.T, l *index.Layer, model map[string]geo.Shape, p geo.Point) {
	permanent := func(id string) uint32 {
		s, _ := l.Lookup(id)
		return l.Permanent(s)
	}
	var all []nearID
	var owners, touched []string
	byAge := slices.SortedFunc(maps.Keys(model), func(a, b string) int { return cmp.Compare(permanent(a), permanent(b)) })
	for _, id := range byAge {
		s := model[id]
		d := s.Distance(p)
		if s.Kind() == geo.KindPoint {
			d = geo.Distance(p, s.Vertices()[0])
		}
		all = append(all, nearID{d, permanent(id), id})
		if s.Contains(p) {
			owners = append(owners, id)
		}
		if s.Kind() == geo.KindPolygon && s.OnBoundary(p) {
			touched = append(touched, id)
		}
	}
	ids := func(search func(geo.Point, func(index.Slot) bool)) (found []string) {
		search(p, func(s index.Slot) bool { found = append(found, l.ID(s)); return true })
		return found
	}
	if got := ids(l.Covering); !slices.Equal(got, owners) {
		t.Fatalf("%v is owned by %v, want %v", p, got, owners)
	}
	if got := ids(l.Touching); !slices.Equal(got, touched) {
		t.Fatalf("%v touches %v, want %v", p, got, touched)
	}
	if s, ok := l.Owner(p); ok != (len(owners) > 0) || ok && l.ID(s) != owners[0] {
		t.Fatalf("the owner of %v is %v, %v, want the first of %v", p, l.ID(s), ok, owners)
	}
	meters := rapid.SampledFrom([]float64{0, 0.5, 100, 3000, 1e6, math.Inf(1)}).Draw(t, "meters")
	limit := rapid.IntRange(1, 12).Draw(t, "limit")
	slices.SortFunc(all, func(a, b nearID) int {
		return cmp.Or(cmp.Compare(a.meters, b.meters), cmp.Compare(a.permanent, b.permanent))
	})
	want := slices.DeleteFunc(slices.Clone(all), func(n nearID) bool { return n.meters > meters })
	want = want[:min(len(want), limit)]
	before := []index.Near{{Slot: 99, Meters: -1}}
	got := l.AppendNearest(before, p, meters, limit)
	if len(got) != len(want)+1 || got[0] != before[0] {
		t.Fatalf("nearest %d of %v within %v: %d found, want %v", limit, p, meters, len(got)-1, want)
	}
	for i, n := range got[1:] {
		if l.ID(n.Slot) != want[i].id || n.Meters != want[i].meters {
			t.Fatalf("nearest %d of %v within %v: number %d is %s at %v, want %+v", limit, p, meters, i, l.ID(n.Slot), n.Meters, want[i])
		}
	}
}

// million is a layer of points, 40,000 on each square kilometre, and one of 127 × 127 jittered cells.
func million(tb testing.TB, points int) *index.World {
	tb.Helper()
	log := indextest.NewLog()
	r := rand.New(rand.NewPCG(1, 2))
	side := int32(math.Sqrt(float64(points)/40_000) * 1000 / 0.0106)
	changes := []data.Change{indextest.Define(lamps)}
	for i := range points {
		changes = append(changes, indextest.Put("lamps", fmt.Sprint(i), pointAt(r.Int32N(side), r.Int32N(side))))
	}
	log.Append(changes...)
	return indextest.Start(tb, log).World()
}

// BenchmarkNearest finds the ten nearest of many points.
func BenchmarkNearest(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			l, _ := million(b, n).Layer("lamps")
			bounds := l.Bounds()
			r := rand.New(rand.NewPCG(3, 4))
			ask := make([]geo.Point, 1<<16)
			for i := range ask {
				ask[i] = geo.Point{X: bounds.Min.X + r.Int32N(bounds.Max.X-bounds.Min.X), Y: bounds.Min.Y + r.Int32N(bounds.Max.Y-bounds.Min.Y)}
			}
			found := make([]index.Near, 0, 11)
			b.ReportAllocs()
			i, start := 0, obs.CPUTime()
			for b.Loop() {
				found = l.AppendNearest(found[:0], ask[i&(1<<16-1)], 10_000, 10)
				i++
			}
			b.ReportMetric(float64(i)/(obs.CPUTime()-start).Seconds(), "1/cpu-s")
		})
	}
}
