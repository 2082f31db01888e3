package relate_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"
	"github.com/peterstace/simplefeatures/geom"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/relate"
)

// drawRing is a closed ring of a few lattice points.
func drawRing(t *rapid.T, size int32) orb.Ring {
	n := rapid.IntRange(3, 5).Draw(t, "corners")
	ring := make(orb.Ring, 0, n+1)
	for range n {
		ring = append(ring, drawPoint(t, size))
	}
	return append(ring, ring[0])
}

func drawPoint(t *rapid.T, size int32) orb.Point {
	at := rapid.Int32Range(0, size)
	return geo.Point{X: at.Draw(t, "x") * step, Y: at.Draw(t, "y") * step}.Orb()
}

// step makes the lattice so coarse that all places where edges cross are integer points, which floats compute exactly:
// the determinants of edges on a lattice of 3 are at most 18, and this is the least common multiple of all up to that.
const step = 12_252_240

// drawShape is a valid shape of any kind on a small lattice, where everything that can happen happens often.
func drawShape(t *rapid.T) geo.Shape {
	size := rapid.Int32Range(2, 3).Draw(t, "size")
	for {
		var g orb.Geometry
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			points := orb.MultiPoint{}
			for range rapid.IntRange(1, 3).Draw(t, "points") {
				points = append(points, drawPoint(t, size))
			}
			g = points
		case 1, 2:
			lines := orb.MultiLineString{}
			for range rapid.IntRange(1, 3).Draw(t, "lines") {
				line := orb.LineString{}
				for range rapid.IntRange(2, 4).Draw(t, "vertices") {
					line = append(line, drawPoint(t, size))
				}
				lines = append(lines, line)
			}
			g = lines
		case 3:
			polygon := orb.Polygon{drawRing(t, size)}
			if rapid.Bool().Draw(t, "hole") {
				polygon = append(polygon, drawRing(t, size))
			}
			g = polygon
		case 4:
			g = orb.Polygon{drawRing(t, size)}
		default:
			g = orb.MultiPolygon{{drawRing(t, size)}, {drawRing(t, size)}}
		}
		if s, err := geo.FromOrb(g); err == nil && len(geo.Validate(s)) == 0 {
			return s
		}
	}
}

// peer is the shape as simplefeatures, a port of JTS, has it. Integer coordinates are exact in both.
func peer(t *rapid.T, s geo.Shape) geom.Geometry {
	g, err := geom.UnmarshalWKT(wkt.MarshalString(units(s.Orb())))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return g
}

// units is a geometry with integer coordinates.
func units(g orb.Geometry) orb.Geometry {
	scale := func(p orb.Point) orb.Point {
		q, _ := geo.FromDegrees(p[0], p[1])
		return orb.Point{float64(q.X), float64(q.Y)}
	}
	run := func(ps []orb.Point) []orb.Point {
		out := make([]orb.Point, len(ps))
		for i, p := range ps {
			out[i] = scale(p)
		}
		return out
	}
	switch g := g.(type) {
	case orb.Point:
		return scale(g)
	case orb.MultiPoint:
		return orb.MultiPoint(run(g))
	case orb.LineString:
		return orb.LineString(run(g))
	case orb.MultiLineString:
		out := orb.MultiLineString{}
		for _, l := range g {
			out = append(out, run(l))
		}
		return out
	case orb.Polygon:
		out := orb.Polygon{}
		for _, r := range g {
			out = append(out, run(r))
		}
		return out
	case orb.MultiPolygon:
		out := orb.MultiPolygon{}
		for _, p := range g {
			out = append(out, units(p).(orb.Polygon))
		}
		return out
	}
	return g
}

// TestMatrixAgainstPeer compares every predicate with those of simplefeatures.
func TestMatrixAgainstPeer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawShape(t), drawShape(t)
		m := relate.Of(relate.Prepare(a), relate.Prepare(b))
		ga, gb := peer(t, a), peer(t, b)
		check := func(name string, got bool, want func(geom.Geometry, geom.Geometry) (bool, error)) {
			if should, err := want(ga, gb); err != nil || got != should {
				matrix, _ := geom.Relate(ga, gb)
				t.Fatalf("%s of\n%s\n%s\nis %v, want %v %v (matrix %s)", name, ga.AsText(), gb.AsText(), got, should, err, matrix)
			}
		}
		intersects := func(a, b geom.Geometry) (bool, error) { return geom.Intersects(a, b), nil }
		check("intersects", m.Intersects(), intersects)
		check("prepared intersects", relate.Prepare(a).Intersects(b, b.Box()), intersects)
		check("equals", m.Equals(), geom.Equals)
		check("within", m.Within(), geom.Within)
		check("contains", m.Contains(), geom.Contains)
		check("touches", m.Touches(), geom.Touches)
		check("overlaps", m.Overlaps(), geom.Overlaps)
		check("crosses", m.Crosses(), geom.Crosses)
	})
}

// TestSmallAndLarge sees that the answers do not depend on where shapes lie, nor on their size: neither where edges
// cross between integer points, nor where coordinates leave no room in 64 bits.
func TestSmallAndLarge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawShape(t), drawShape(t)
		m := relate.Of(relate.Prepare(a), relate.Prepare(b))
		scale := rapid.SampledFrom([]int32{1, 2, 11, 1_000_003, 590_000_000}).Draw(t, "scale")
		x, y := rapid.Int32Range(-1_000_000, 1_000_000).Draw(t, "x"), rapid.Int32Range(-900_000, 900_000).Draw(t, "y")
		if scale > 100_000_000 {
			x, y = -900_000_000, -885_000_000
		}
		move := func(s geo.Shape) *relate.Prepared {
			moved := make([]geo.Point, len(s.Vertices()))
			for i, p := range s.Vertices() {
				moved[i] = geo.Point{X: p.X/step*scale + x, Y: p.Y/step*scale + y}
			}
			out, err := geo.NewShape(s.Kind(), moved, s.RingEnds(), s.PolygonEnds())
			if err != nil {
				t.Fatal(err)
			}
			return relate.Prepare(out)
		}
		if n := relate.Of(move(a), move(b)); n != m {
			t.Fatalf("%v and %v, times %d: %+v, want %+v", a, b, scale, n, m)
		}
	})
}

// TestRare has pairs that random shapes seldom are, in units of the lattice.
func TestRare(t *testing.T) {
	for _, c := range []struct{ name, a, b, want string }{
		{
			"a multipolygon that fills a hole and has a part beside it", "MULTIPOLYGON(((2 2,4 2,4 4,2 4,2 2)),((5 5,6 5,6 6,5 6,5 5)))",
			"POLYGON((0 0,9 0,9 9,0 9,0 0),(2 2,2 4,4 4,4 2,2 2))", "intersects overlaps",
		},
		{"a polygon that fills a hole", "POLYGON((2 2,4 2,4 4,2 4,2 2))", "POLYGON((0 0,9 0,9 9,0 9,0 0),(2 2,2 4,4 4,4 2,2 2))", "intersects touches"},
		{"a polygon without the hole of the other", "POLYGON((0 0,9 0,9 9,0 9,0 0))", "POLYGON((0 0,9 0,9 9,0 9,0 0),(2 2,2 4,4 4,4 2,2 2))", "intersects contains"},
		{"a line across a place where a part ends on another", "LINESTRING(2 -2,2 2)", "MULTILINESTRING((0 0,4 0),(2 0,5 5))", "intersects touches"},
		{"a line along an outline", "LINESTRING(1 0,5 0)", "POLYGON((0 0,9 0,9 9,0 9,0 0))", "intersects touches"},
		{"a line along an outline and into it", "LINESTRING(1 0,5 0,5 5)", "POLYGON((0 0,9 0,9 9,0 9,0 0))", "intersects within"},
		{"a ring and itself begun elsewhere", "LINESTRING(0 0,2 0,2 2,0 0)", "LINESTRING(2 2,0 0,2 0,2 2)", "intersects equals within contains"},
		{"a polygon with more vertices", "POLYGON((0 0,4 0,9 0,9 9,0 9,0 0))", "POLYGON((0 0,9 0,9 9,0 9,0 0))", "intersects equals within contains"},
		{"lines that share a piece", "LINESTRING(0 0,5 0)", "LINESTRING(3 0,9 0)", "intersects overlaps"},
		{"lines that cross and share a piece", "LINESTRING(0 0,5 0,5 5)", "LINESTRING(3 0,9 0,0 9)", "intersects overlaps"},
		{"points on an outline and within", "MULTIPOINT((0 0),(5 5))", "POLYGON((0 0,9 0,9 9,0 9,0 0))", "intersects within"},
		{"points on an outline and outside", "MULTIPOINT((0 0),(-5 5))", "POLYGON((0 0,9 0,9 9,0 9,0 0))", "intersects touches"},
	} {
		shapes := [2]*relate.Prepared{}
		for i, text := range []string{c.a, c.b} {
			g, err := wkt.Unmarshal(text)
			if err != nil {
				t.Fatal(err)
			}
			s, err := geo.FromOrb(g)
			if err != nil {
				t.Fatal(err)
			}
			shapes[i] = relate.Prepare(s)
		}
		m := relate.Of(shapes[0], shapes[1])
		var got []string
		for _, is := range []struct {
			name string
			ask  func() bool
		}{
			{"intersects", m.Intersects},
			{"equals", m.Equals},
			{"within", m.Within},
			{"contains", m.Contains},
			{"touches", m.Touches},
			{"overlaps", m.Overlaps},
			{"crosses", m.Crosses},
		} {
			if is.ask() {
				got = append(got, is.name)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, want %q", c.name, strings.Join(got, " "), c.want)
		}
	}
}

// TestTransposed sees that exchanging shapes exchanges the answers.
func TestTransposed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := relate.Prepare(drawShape(t)), relate.Prepare(drawShape(t))
		m, n := relate.Of(a, b), relate.Of(b, a)
		if m.Within() != n.Contains() || m.Touches() != n.Touches() || m.Overlaps() != n.Overlaps() || m.Crosses() != n.Crosses() {
			t.Fatalf("%+v and %+v", m, n)
		}
		if self := relate.Of(a, a); !self.Equals() {
			t.Fatalf("%v does not equal itself: %+v", a.Shape(), self)
		}
	})
}

// star is a polygon of n vertices around a place.
func star(n int, r float64, seed uint64) geo.Shape {
	return field(n, r, rand.New(rand.NewPCG(seed, 1)))
}

func field(n int, r float64, random *rand.Rand) geo.Shape {
	ring := make(orb.Ring, 0, n+1)
	for i := range n {
		angle, length := float64(i)/float64(n)*2*math.Pi, r*(0.95+0.05*random.Float64())
		ring = append(ring, orb.Point{121 + length*math.Cos(angle), 25 + length*math.Sin(angle)})
	}
	s, err := geo.FromOrb(orb.Polygon{append(ring, ring[0])})
	if err != nil {
		panic(err)
	}
	return s
}

// TestLocate compares with the plain walk over all edges, on polygons of many vertices.
func TestLocate(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{3, 4, 50, 3000} {
		s := star(n, 0.2, uint64(n))
		p := relate.Prepare(s)
		for range 20_000 {
			q := geo.Point{X: 1_207_500_000 + random.Int32N(5_000_000), Y: 247_500_000 + random.Int32N(5_000_000)}
			if random.IntN(20) == 0 {
				q = s.Vertices()[random.IntN(n)]
			}
			want := relate.Exterior
			switch {
			case s.OnBoundary(q):
				want = relate.Boundary
			case s.Contains(q):
				want = relate.Interior
			}
			if got := p.Locate(q); got != want {
				t.Fatalf("%d vertices: %v is at %v, want %v", n, q, got, want)
			}
		}
	}
}

func BenchmarkLocate(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	points := make([]geo.Point, 4096)
	for i := range points {
		points[i] = geo.Point{X: 1_207_500_000 + random.Int32N(5_000_000), Y: 247_500_000 + random.Int32N(5_000_000)}
	}
	for _, n := range []int{10, 1000, 10_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			p := relate.Prepare(star(n, 0.2, 1))
			for i := 0; b.Loop(); i++ {
				p.Locate(points[i&4095])
			}
		})
	}
}
