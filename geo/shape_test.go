package geo_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/geo"
)

// geometry is one entry of the closed list that every function is tried on.
type geometry struct {
	name string
	in   orb.Geometry
	kind geo.Kind
	err  string // part of the error
}

func geometries() []geometry {
	nan, inf := math.NaN(), math.Inf(1)
	square := orb.Ring{{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}}
	hole := orb.Ring{{0.2, 0.2}, {0.2, 0.4}, {0.4, 0.4}, {0.2, 0.2}}
	out := []geometry{
		{"nil", nil, geo.KindNone, ""},
		{"point", orb.Point{121.5, 25}, geo.KindPoint, ""},
		{"points", orb.MultiPoint{{121.5, 25}, {121.6, 25}}, geo.KindPoint, ""},
		{"line", orb.LineString{{1, 2}, {3, 4}}, geo.KindLine, ""},
		{"lines", orb.MultiLineString{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}, {9, 9}}}, geo.KindLine, ""},
		{"ring", square, geo.KindPolygon, ""},
		{"polygon", orb.Polygon{square}, geo.KindPolygon, ""},
		{"polygon with a hole", orb.Polygon{square, hole}, geo.KindPolygon, ""},
		{"polygons", orb.MultiPolygon{{square}, {{{2, 2}, {3, 2}, {3, 3}, {2, 2}}}}, geo.KindPolygon, ""},
		{"bound", orb.Bound{Min: orb.Point{1, 1}, Max: orb.Point{2, 2}}, geo.KindPolygon, ""},
		{"collection of points", orb.Collection{orb.Point{1, 2}, orb.MultiPoint{{3, 4}}}, geo.KindPoint, ""},
		{"collection of polygons", orb.Collection{orb.Polygon{square}, orb.Collection{hole}}, geo.KindPolygon, ""},
		{"antimeridian", orb.MultiPolygon{
			{{{179, 0}, {180, 0}, {180, 1}, {179, 1}, {179, 0}}},
			{{{-180, 0}, {-179, 0}, {-179, 1}, {-180, 1}, {-180, 0}}},
		}, geo.KindPolygon, ""},
		{"the world", orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}, geo.KindPolygon, ""},
		{"bow-tie", orb.Polygon{{{0, 0}, {1, 1}, {1, 0}, {0, 1}, {0, 0}}}, geo.KindPolygon, ""},
		{"flat ring", orb.Polygon{{{0, 0}, {1, 1}, {2, 2}, {0, 0}}}, geo.KindPolygon, ""},

		{"mixed collection", orb.Collection{orb.Point{1, 2}, orb.LineString{{1, 2}, {3, 4}}}, 0, "mixes"},
		{"empty polygon in a collection", orb.Collection{orb.Polygon{{}}}, 0, "ring 0"},
		{"single-point ring", orb.Polygon{{{1, 1}}}, 0, "fewer than three"},
		{"ring of one point", orb.Polygon{{{1, 1}, {1, 1}, {1, 1}, {1, 1}}}, 0, "fewer than three"},
		{"ring of two points", orb.Polygon{{{1, 1}, {2, 2}, {1, 1}}}, 0, "fewer than three"},
		{"open ring", orb.Polygon{{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}, 0, "ring 0 is not closed: it starts at 0, 0 and ends at 0, 1"},
		{"bad second polygon", orb.MultiPolygon{{square}, {square, {{0, 0}, {1, 0}}}}, 0, "polygon 1: ring 1 is not closed"},
		{"short line", orb.LineString{{1, 2}}, 0, "fewer than two"},
		{"line that rounds to a point", orb.LineString{{1, 2}, {1 + 1e-9, 2}}, 0, "fewer than two"},
		{"NaN point", orb.Point{nan, 25}, 0, "coordinate NaN, 25 is not"},
		{"NaN in a line", orb.MultiLineString{{{1, 2}, {3, 4}}, {{1, 2}, {3, nan}}}, 0, "line 1: coordinate 3, NaN is not"},
		{"NaN in a ring", orb.Polygon{{{0, 0}, {nan, 0}, {1, 1}, {0, 0}}}, 0, "ring 0: coordinate NaN, 0 is not"},
		{"infinite", orb.Point{inf, 0}, 0, "is not"},
		{"metres", orb.Point{302619, 2764684}, 0, "is not"},
		{"beyond the pole", orb.Point{0, 90.0000001}, 0, "is not"},
	}
	// Every type of orb in its nil form, and empty.
	for _, g := range []orb.Geometry{
		orb.MultiPoint(nil), orb.LineString(nil), orb.MultiLineString(nil), orb.Ring(nil), orb.Polygon(nil),
		orb.MultiPolygon(nil), orb.Collection(nil),
		orb.MultiPoint{},
		orb.LineString{},
		orb.MultiLineString{},
		orb.Ring{},
		orb.Polygon{},
		orb.MultiPolygon{},
		orb.Collection{},
		orb.MultiPolygon{{}},
		orb.Collection{nil},
	} {
		out = append(out, geometry{name: "empty " + g.GeoJSONType(), in: g, err: " "})
	}
	return out
}

func TestEveryGeometry(t *testing.T) {
	for _, g := range geometries() {
		t.Run(g.name, func(t *testing.T) {
			var before orb.Geometry
			if g.in != nil {
				before = orb.Clone(g.in)
			}
			s, err := geo.FromOrb(g.in)
			if g.err != "" {
				if err == nil || !strings.Contains(err.Error(), g.err) {
					t.Fatalf("error %v, want one with %q", err, g.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if s.Kind() != g.kind {
				t.Errorf("kind %v, want %v", s.Kind(), g.kind)
			}
			if g.in != nil && !orb.Equal(before, g.in) {
				t.Error("the input was changed")
			}
			again, err := geo.FromOrb(s.Orb())
			if err != nil || !again.Equal(s) {
				t.Errorf("there and back: %v, %v", again, err)
			}
			tryAll(t, s)
		})
	}
}

// tryAll calls every function on a shape and checks what holds for all shapes.
func tryAll(tb testing.TB, s geo.Shape) {
	tb.Helper()
	vertices := slices.Clone(s.Vertices())
	box := s.Box()
	probes := append([]geo.Point{{}, {X: geo.MaxX, Y: geo.MaxY}, {X: -geo.MaxX, Y: -geo.MaxY}}, vertices[:min(len(vertices), 20)]...)
	for _, p := range probes {
		in := s.Contains(p)
		if in != (s.Locate(p) == geo.Inside) || in && (s.Kind() != geo.KindPolygon || !box.Contains(p)) {
			tb.Errorf("%v: contained %v", p, in)
		}
		if d := s.Distance(p); d < 0 || math.IsNaN(d) || in && d != 0 {
			tb.Errorf("distance of %v is %v", p, d)
		}
		x, y := p.Mercator()
		if !(x >= 0 && x <= 1 && y >= 0 && y <= 1) {
			tb.Errorf("%v is at %v, %v", p, x, y)
		}
	}
	for _, p := range vertices {
		if !s.OnBoundary(p) {
			tb.Errorf("vertex %v is not on the boundary", p)
			break
		}
	}
	for name, v := range map[string]float64{"area": s.Area(), "length": s.Length(), "overlap": geo.OverlapArea(s, s)} {
		if !(v >= 0) || math.IsInf(v, 0) || s.Kind() == geo.KindNone && v != 0 {
			tb.Errorf("%s is %v", name, v)
		}
	}
	if p := geo.LabelPoint(s); s.Kind() != geo.KindNone && !box.Contains(p) {
		tb.Errorf("label point %v outside %v", p, box)
	}
	fixed, defects, err := geo.Fix(s)
	if len(defects) == 0 && (err != nil || !fixed.Equal(s)) {
		tb.Errorf("a valid shape was changed: %v", err)
	}
	if left := geo.Validate(fixed); left != nil {
		tb.Errorf("repaired: %v", left)
	}
	if p := geo.LabelPoint(fixed); err == nil && s.Kind() == geo.KindPolygon && !fixed.Contains(p) && !fixed.OnBoundary(p) {
		tb.Errorf("label point %v of the repaired shape is outside", p)
	}
	if !slices.Equal(vertices, s.Vertices()) {
		tb.Error("the shape was changed")
	}
}

func TestFromOrbDirection(t *testing.T) {
	cw := orb.Polygon{{{0, 0}, {0, 9}, {9, 9}, {9, 0}, {0, 0}}, {{1, 1}, {2, 1}, {2, 2}, {1, 1}}}
	s, err := geo.FromOrb(cw)
	if err != nil {
		t.Fatal(err)
	}
	if s.Ring(0)[1] != (geo.Point{X: 9 * geo.Unit}) || s.Ring(1)[1] != (geo.Point{X: 2 * geo.Unit, Y: 2 * geo.Unit}) {
		t.Errorf("rings run wrong: %v", s.Vertices())
	}
	// A spike with repeated vertices after rounding stays for Validate to find.
	sliver, err := geo.FromOrb(orb.Polygon{{{0, 0}, {1, 0}, {1, 1}, {1, 1.00000001}, {1, 2}, {1, 1}, {0, 1}, {0, 0}}})
	if err != nil {
		t.Fatal(err)
	}
	if d := geo.Validate(sliver); len(d) == 0 || len(sliver.Vertices()) != 7 {
		t.Errorf("%v in %v", d, sliver.Vertices())
	}
}

func TestNewShapeStructure(t *testing.T) {
	tri := []geo.Point{{0, 0}, {1, 0}, {1, 1}, {0, 0}}
	for name, test := range map[string]struct {
		kind         geo.Kind
		xy           []geo.Point
		rings, polys []uint32
	}{
		"vertices without geometry":  {geo.KindNone, tri, nil, nil},
		"no points":                  {geo.KindPoint, nil, nil, nil},
		"points with rings":          {geo.KindPoint, tri, []uint32{4}, nil},
		"no line":                    {geo.KindLine, tri, nil, nil},
		"line of one vertex":         {geo.KindLine, tri, []uint32{1, 4}, nil},
		"line with polygons":         {geo.KindLine, tri, []uint32{4}, []uint32{1}},
		"end beyond":                 {geo.KindLine, tri, []uint32{5}, nil},
		"ends descend":               {geo.KindLine, tri, []uint32{4, 2}, nil},
		"vertices left over":         {geo.KindLine, tri, []uint32{2}, nil},
		"ring of three":              {geo.KindPolygon, tri[:3], []uint32{3}, []uint32{1}},
		"open ring":                  {geo.KindPolygon, []geo.Point{{0, 0}, {1, 0}, {1, 1}, {0, 1}}, []uint32{4}, []uint32{1}},
		"no polygon":                 {geo.KindPolygon, tri, []uint32{4}, nil},
		"empty polygon":              {geo.KindPolygon, tri, []uint32{4}, []uint32{0, 1}},
		"polygon beyond":             {geo.KindPolygon, tri, []uint32{4}, []uint32{2}},
		"longitude above 180":        {geo.KindPoint, []geo.Point{{geo.MaxX + 1, 0}}, nil, nil},
		"latitude below -90":         {geo.KindPoint, []geo.Point{{0, -geo.MaxY - 1}}, nil, nil},
		"unknown kind":               {geo.Kind(9), tri, nil, nil},
		"huge end that wraps around": {geo.KindPolygon, tri, []uint32{math.MaxUint32, 4}, []uint32{2}},
	} {
		if s, err := geo.NewShape(test.kind, test.xy, test.rings, test.polys); err == nil {
			t.Errorf("%s is accepted: %v", name, s)
		} else if !strings.HasPrefix(err.Error(), "geo: ") {
			t.Errorf("%s: error %q has no prefix", name, err)
		}
	}
}
