package geom_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/paulmach/orb/encoding/wkt"
	gogeom "github.com/twpayne/go-geom"
	geomewkb "github.com/twpayne/go-geom/encoding/ewkb"
	geomwkb "github.com/twpayne/go-geom/encoding/wkb"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/geo"
)

var bigEndian = binary.ByteOrder(binary.BigEndian)

func drawPoint(t *rapid.T) orb.Point {
	number := rapid.Float64().Filter(func(f float64) bool { return f-f == 0 })
	return orb.Point{number.Draw(t, "x"), number.Draw(t, "y")}
}

func drawMany[T any](t *rapid.T, least int, member func(*rapid.T) T) []T {
	all := make([]T, rapid.IntRange(least, 4).Draw(t, "members"))
	for i := range all {
		all[i] = member(t)
	}
	return all
}

func drawLine(t *rapid.T) orb.LineString { return drawMany(t, 2, drawPoint) }

func drawPolygon(t *rapid.T) orb.Polygon {
	return drawMany(t, 1, func(t *rapid.T) orb.Ring {
		r := orb.Ring(drawMany(t, 3, drawPoint))
		return append(r, r[0])
	})
}

func drawGeometry(t *rapid.T, depth int) orb.Geometry {
	switch rapid.IntRange(0, 6).Draw(t, "type") {
	case 0:
		return drawPoint(t)
	case 1:
		return drawLine(t)
	case 2:
		return drawPolygon(t)
	case 3:
		return orb.MultiPoint(drawMany(t, 1, drawPoint))
	case 4:
		return orb.MultiLineString(drawMany(t, 1, drawLine))
	case 5:
		return orb.MultiPolygon(drawMany(t, 1, drawPolygon))
	default:
		if depth > 2 {
			return drawPoint(t)
		}
		return orb.Collection(drawMany(t, 1, func(t *rapid.T) orb.Geometry { return drawGeometry(t, depth+1) }))
	}
}

// TestWKBPeer writes what orb reads and reads what orb writes, in both byte orders.
func TestWKBPeer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGeometry(t, 0)
		if theirs, err := wkb.Unmarshal(geom.AppendWKB(nil, g, 0)); err != nil || !orb.Equal(theirs, g) {
			t.Fatalf("orb reads %v, %v", theirs, err)
		}
		srid := rapid.IntRange(1, 1<<30).Draw(t, "srid")
		if theirs, n, err := ewkb.Unmarshal(geom.AppendWKB(nil, g, srid)); err != nil || n != srid || !orb.Equal(theirs, g) {
			t.Fatalf("orb reads %v, %d, %v", theirs, n, err)
		}
		for _, b := range [][]byte{wkb.MustMarshal(g), wkb.MustMarshal(g, bigEndian)} {
			check(t, b, g, 0)
		}
		for _, b := range [][]byte{ewkb.MustMarshal(g, srid), ewkb.MustMarshal(g, srid, bigEndian)} {
			check(t, b, g, srid)
		}
	})
}

func check(t *rapid.T, b []byte, g orb.Geometry, srid int) {
	for _, text := range []string{hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)), base64.StdEncoding.EncodeToString(b)} {
		if ours, n, err := geom.ParseText(text); err != nil || n != srid || !orb.Equal(ours, g) {
			t.Fatalf("%s: %v, %d, %v", text, ours, n, err)
		}
	}
}

// TestWKBDimensions has heights and measures, which are dropped, in the form of ISO and of PostGIS.
func TestWKBDimensions(t *testing.T) {
	for _, layout := range []gogeom.Layout{gogeom.XY, gogeom.XYZ, gogeom.XYM, gogeom.XYZM} {
		flat := make([]float64, 0, 16)
		for i := range 4 {
			flat = append(flat, float64(i%3), float64(i%3*i))
			for d := 2; d < layout.Stride(); d++ {
				flat = append(flat, 99)
			}
		}
		poly := gogeom.NewMultiPolygonFlat(layout, flat, [][]int{{len(flat)}})
		want := orb.MultiPolygon{{{{0, 0}, {1, 1}, {2, 4}, {0, 0}}}}
		iso, err := geomwkb.Marshal(poly, geomwkb.NDR)
		if err != nil {
			t.Fatal(err)
		}
		extended, err := geomewkb.Marshal(poly.SetSRID(4490), geomewkb.XDR)
		if err != nil {
			t.Fatal(err)
		}
		for i, b := range [][]byte{iso, extended} {
			got, srid, err := geom.ParseWKB(b)
			if err != nil || !orb.Equal(got, want) || srid != 4490*i {
				t.Errorf("%v: %v, %d, %v", layout, got, srid, err)
			}
		}
	}
}

func TestParseTextFaults(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "is not WKT at character 1: \"\" is not a geometry type",
		"POINT(1)":                             "is not WKT at character 8: a number is expected",
		"SRID=x;POINT(1 2)":                    `is not EWKT: SRID "x" is not a number`,
		"SRID=-1;POINT(1 2)":                   `is not EWKT: SRID "-1" is not a number`,
		"CIRCULARSTRING(0 0,1 1,2 0)":          `is not WKT at character 15: "CIRCULARSTRING" is not a geometry type`,
		"01":                                   "is not WKB at byte 1: it ends early",
		"0":                                    "is neither WKT nor WKB: WKT has blanks or brackets, WKB starts with 00 or 01 in hexadecimal",
		"02010000009a":                         "is neither WKT nor WKB: WKT has blanks or brackets, WKB starts with 00 or 01 in hexadecimal",
		"010":                                  "is neither WKT nor WKB: encoding/hex: odd length hex string",
		"01zz":                                 "is neither WKT nor WKB: encoding/hex: invalid byte: U+007A 'z'",
		"0101000000":                           "is not WKB at byte 5: it ends early",
		"0108000000":                           "is not WKB at byte 5: geometry type 8 is none of points, lines, polygons and their collections",
		"0102000000ffffffff":                   "is not WKB at byte 9: 4294967295 members are announced, but only 0 bytes follow",
		"01040000000100000001020000":           "is not WKB at byte 10: it ends early",
		"0104000000010000000102000000":         "is not WKB at byte 14: it ends early",
		"010400000001000000010200000000000000": "is not WKB at byte 18: a member is LineString",
		"0101000000000000000000f03f000000000000f03f00": "is not WKB at byte 21: 1 bytes follow the geometry",
		"AQ==":                                   "is not WKB at byte 1: it ends early",
		"A bus":                                  "is neither WKT nor WKB: illegal base64 data at input byte 1",
		strings.Repeat("010700000001000000", 40): "is not WKB at byte 81: collections are nested too deeply",
		strings.Repeat("GEOMETRYCOLLECTION(", 40): "is not WKT at character 172: collections are nested too deeply",
	} {
		if g, _, err := geom.ParseText(text); err == nil || err.Error() != want {
			t.Errorf("%.40s: got %v, %v\nwant %s", text, g, err, want)
		}
	}
	if g, _, err := geom.ParseText("0101000000000000000000f87f000000000000f87f"); err != nil || !reflect.DeepEqual(g, orb.MultiPoint{}) {
		t.Errorf("an empty point is %v, %v", g, err)
	}
}

func TestParseDegrees(t *testing.T) {
	for text, want := range map[string]int32{
		"121.5": 1215000000, "-121.5000001": -1215000001, "0": 0, "-0": 0, "180": 1800000000, "-180.0000000": -1800000000, ".5": 5000000, "5.": 50000000, "007": 70000000,
	} {
		if got, ok := geom.ParseDegrees(text); !ok || got != want {
			t.Errorf("%s is %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "-", ".", "-.", "180.0000001", "1.00000001", "1e2", "+1", " 1", "1.2.3", "0x1", "9999999999999999999999"} {
		if got, ok := geom.ParseDegrees(text); ok {
			t.Errorf("%q is %d", text, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?[0-9]{0,3}(\.[0-9]{0,8})?`).Draw(t, "text")
		got, ok := geom.ParseDegrees(text)
		f, err := strconv.ParseFloat(text, 64)
		if ok && (err != nil || got != int32(math.RoundToEven(f*geo.Unit))) {
			t.Fatalf("%s is %d, not %v", text, got, f)
		}
		if p, in := geo.FromDegrees(f, 0); err == nil && in && !ok && len(text) < 8 {
			t.Fatalf("%s is not understood, but is %v", text, p)
		}
	})
}

func square(x, y, size float64) orb.Ring {
	return orb.Ring{{x, y}, {x + size, y}, {x + size, y + size}, {x, y + size}, {x, y}}
}

func TestNest(t *testing.T) {
	turned := square(1, 1, 3)
	turned.Reverse()
	diamond := orb.Ring{{5, 0}, {10, 5}, {5, 10}, {0, 5}, {5, 0}}
	for name, test := range map[string]struct {
		rings []orb.Ring
		want  orb.MultiPolygon
	}{
		"none":  {},
		"one":   {[]orb.Ring{square(0, 0, 1)}, orb.MultiPolygon{{square(0, 0, 1)}}},
		"apart": {[]orb.Ring{square(0, 0, 1), square(2, 0, 3)}, orb.MultiPolygon{{square(0, 0, 1)}, {square(2, 0, 3)}}},
		"a hole, whatever its direction": {
			[]orb.Ring{square(1, 1, 1), square(0, 0, 9), turned},
			orb.MultiPolygon{{square(1, 1, 1)}, {square(0, 0, 9), turned}},
		},
		"an island in the lake of an island": {
			[]orb.Ring{square(0, 0, 20), square(1, 1, 9), square(11, 1, 8), square(2, 2, 5), square(3, 3, 2)},
			orb.MultiPolygon{{square(0, 0, 20), square(1, 1, 9), square(11, 1, 8)}, {square(2, 2, 5), square(3, 3, 2)}},
		},
		"a hole that touches its outer ring in its corners": {
			[]orb.Ring{square(0, 0, 10), diamond}, orb.MultiPolygon{{square(0, 0, 10), diamond}},
		},
		"neighbours": {
			[]orb.Ring{square(0, 0, 1), square(1, 0, 1)}, orb.MultiPolygon{{square(0, 0, 1)}, {square(1, 0, 1)}},
		},
		"the same twice": {
			[]orb.Ring{square(0, 0, 1), square(0, 0, 1)}, orb.MultiPolygon{{square(0, 0, 1)}, {square(0, 0, 1)}},
		},
		"a hole in each of two": {
			[]orb.Ring{square(0, 0, 4), square(10, 0, 4), square(11, 1, 1), square(1, 1, 1)},
			orb.MultiPolygon{{square(0, 0, 4), square(1, 1, 1)}, {square(10, 0, 4), square(11, 1, 1)}},
		},
		"without area": {
			[]orb.Ring{{{1, 1}, {2, 2}, {1, 1}}, square(0, 0, 4), {{9, 9}}, {}},
			orb.MultiPolygon{{square(0, 0, 4), {{1, 1}, {2, 2}, {1, 1}}}, {{{9, 9}}}, {{}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := geom.Nest(test.rings)
			if err != nil || !slices.EqualFunc(got, test.want, func(a, b orb.Polygon) bool { return reflect.DeepEqual(a, b) }) {
				t.Errorf("got  %v, %v\nwant %v", got, err, test.want)
			}
		})
	}
}

// TestNestAgain shuffles the rings of nested squares and gets the polygons that a count of the squares around gives.
func TestNestAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rings []orb.Ring
		var grow func(x, y, size float64, depth int)
		grow = func(x, y, size float64, depth int) {
			rings = append(rings, square(x, y, size))
			if depth == 4 {
				return
			}
			for i := range rapid.IntRange(0, 3).Draw(t, "inside") {
				grow(x+size/16+size/4*float64(i), y+size/16, size/4-size/16, depth+1)
			}
		}
		for i := range rapid.IntRange(1, 3).Draw(t, "outside") {
			grow(float64(i*2000), 0, 1024, 0)
		}
		rings = rapid.Permutation(rings).Draw(t, "rings")
		got, err := geom.Nest(rings)
		if err != nil {
			t.Fatal(err)
		}
		around := func(r orb.Ring) (n int, size float64) {
			size = math.Inf(1)
			for _, s := range rings {
				b := s.Bound()
				if width := b.Max[0] - b.Min[0]; b.Contains(r[0]) && b.Contains(r[2]) && !orb.Equal(s, r) {
					n, size = n+1, min(size, width)
				}
			}
			return n, size
		}
		total := 0
		for _, p := range got {
			for i, r := range p {
				total++
				n, smallest := around(r)
				if b := p[0].Bound(); n%2 != min(i, 1) || i > 0 && smallest != b.Max[0]-b.Min[0] {
					t.Fatalf("ring %d of %v has %d around it, the smallest of width %v", i, p, n, smallest)
				}
			}
		}
		if total != len(rings) {
			t.Fatalf("%d rings of %d", total, len(rings))
		}
	})
}

func TestNestTangled(t *testing.T) {
	var rings []orb.Ring
	for i := range 40_000 {
		rings = append(rings, square(float64(i), float64(i), 100_000-2*float64(i)))
	}
	if _, err := geom.Nest(rings[:1000]); err != nil {
		t.Error(err)
	}
	if _, err := geom.Nest(rings); !errors.Is(err, geom.ErrTangled) {
		t.Error(err)
	}
}

func FuzzWKB(f *testing.F) {
	for _, text := range []string{"POINT(1 2)", "MULTIPOLYGON(((0 0,0 1,1 1,0 0)))", "GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))"} {
		g, err := wkt.Unmarshal(text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wkb.MustMarshal(g))
		f.Add(ewkb.MustMarshal(g, 4326, bigEndian))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		g, srid, err := geom.ParseWKB(b)
		if err != nil {
			return
		}
		again, n, err := geom.ParseWKB(geom.AppendWKB(nil, g, srid))
		if err != nil || n != srid || reflect.TypeOf(again) != reflect.TypeOf(g) {
			t.Fatalf("%v became %v, %d, %v", g, again, n, err)
		}
	})
}

func FuzzParseText(f *testing.F) {
	f.Add("SRID=4326;POINT(1 2)")
	f.Add("0101000000000000000000f03f000000000000f03f")
	f.Add("AQEAAAAAAAAAAADwPwAAAAAAAPA/")
	f.Fuzz(func(_ *testing.T, text string) { _, _, _ = geom.ParseText(text) })
}

// FuzzNest gives any rings; each must come out once.
func FuzzNest(f *testing.F) {
	f.Add([]byte{0, 0, 4, 1, 1, 1, 2, 2, 9})
	f.Fuzz(func(t *testing.T, b []byte) {
		var rings []orb.Ring
		for ; len(b) >= 3 && len(rings) < 200; b = b[3:] {
			rings = append(rings, square(float64(b[0]), float64(b[1]), float64(b[2])))
		}
		got, err := geom.Nest(rings)
		n := 0
		for _, p := range got {
			n += len(p)
		}
		if err != nil || n != len(rings) {
			t.Fatalf("%d of %d rings, %v", n, len(rings), err)
		}
	})
}
