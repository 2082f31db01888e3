package proj_test

import (
	"bufio"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
)

func readTSV(t *testing.T, name string) [][4]float64 {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out [][4]float64
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if strings.HasPrefix(sc.Text(), "#") {
			continue
		}
		var row [4]float64
		for i, c := range strings.Split(sc.Text(), "\t") {
			if row[i], err = strconv.ParseFloat(c, 64); err != nil {
				t.Fatal(err)
			}
		}
		out = append(out, row)
	}
	return out
}

func mustCRS(tb testing.TB, name string) proj.CRS {
	tb.Helper()
	c, err := proj.Lookup(name)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func TestCRSAgainstGDAL(t *testing.T) {
	for name, file := range map[string]string{"3826": "epsg3826.tsv", "3857": "epsg3857.tsv"} {
		t.Run(name, func(t *testing.T) {
			c := mustCRS(t, name)
			rows := readTSV(t, file)
			if len(rows) < 100 {
				t.Fatalf("%d rows", len(rows))
			}
			worst, worstBack := 0.0, 0.0
			for _, r := range rows {
				x, y, ok := c.FromLonLat(r[0], r[1])
				if !ok {
					t.Fatalf("FromLonLat(%v, %v) is outside", r[0], r[1])
				}
				worst = max(worst, math.Hypot(x-r[2], y-r[3]))
				lon, lat, ok := c.ToLonLat(r[2], r[3])
				if !ok {
					t.Fatalf("ToLonLat(%v, %v) is outside", r[2], r[3])
				}
				// A millimetre is 9e-9 degrees.
				if d := math.Hypot(lon-r[0], lat-r[1]); d > 9e-9 {
					t.Errorf("ToLonLat(%v, %v) = %v, %v: off by %v degrees", r[2], r[3], lon, lat, d)
				}
				lon, lat, ok = c.ToLonLat(x, y)
				if !ok {
					t.Fatalf("the way back from %v, %v is outside", x, y)
				}
				worstBack = max(worstBack, math.Abs(lon-r[0]), math.Abs(lat-r[1]))
			}
			t.Logf("worst: %.3g m, there and back %.3g degrees", worst, worstBack)
			if worst > 1e-3 || worstBack > 1e-9 {
				t.Errorf("off by %v m, there and back by %v degrees", worst, worstBack)
			}
		})
	}
}

func TestLookupCRS(t *testing.T) {
	for name, want := range map[string]string{
		"4326": "EPSG:4326", "EPSG:4326": "EPSG:4326", "epsg:4326\n": "EPSG:4326",
		"epsg:3826": "EPSG:3826", "urn:ogc:def:crs:EPSG::3826": "EPSG:3826",
		"urn:ogc:def:crs:EPSG:9.9:4490": "EPSG:4490",
		"urn:ogc:def:crs:OGC:1.3:CRS84": "CRS84", "CRS84": "CRS84", "OGC:CRS84": "CRS84",
		"http://www.opengis.net/def/crs/EPSG/0/3826":    "EPSG:3826",
		"https://www.opengis.net/def/crs/OGC/1.3/CRS84": "CRS84",
		"3857": "EPSG:3857",
	} {
		if got := mustCRS(t, name).Name(); got != want {
			t.Errorf("LookupCRS(%q) is %s, want %s", name, got, want)
		}
	}
	for _, name := range proj.Known() {
		if got := mustCRS(t, name).Name(); got != name {
			t.Errorf("LookupCRS(%q) is %s", name, got)
		}
	}
	for _, name := range []string{"", "EPSG:", "EPSG:9999", "urn:ogc:def:crs:OGC:1.3:3826", "urn:ogc:def:crs:EPSG:3826", "http://www.opengis.net/def/crs/", "WGS84"} {
		_, err := proj.Lookup(name)
		if err == nil {
			t.Errorf("LookupCRS(%q) succeeds", name)
			continue
		}
		for _, known := range proj.Known() {
			if !strings.Contains(err.Error(), known) {
				t.Errorf("error %q does not list %s", err, known)
			}
		}
	}
}

func TestCRSOutside(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, test := range []struct {
		crs  string
		x, y float64
	}{
		{"4326", 302619, 2764684},
		{"4326", 181, 0},
		{"4326", 0, 91},
		{"4326", nan, 0},
		{"4326", 0, inf},
		{"3826", 121.5, 25.0},
		{"3826", 0, 0},
		{"3826", nan, 0},
		{"3826", inf, inf},
		{"3826", 2764684, 302619},
		{"3826", 1e300, -1e300},
		{"3857", 2.1e7, 0},
		{"3857", 0, -2.1e7},
		{"3857", nan, nan},
	} {
		if lon, lat, ok := mustCRS(t, test.crs).ToLonLat(test.x, test.y); ok {
			t.Errorf("%s: %v, %v is accepted as %v, %v", test.crs, test.x, test.y, lon, lat)
		}
	}
	for _, test := range []struct {
		crs  string
		x, y float64
	}{{"3826", 116.4, 39.9}, {"3826", nan, 25}, {"3857", 0, 86}, {"3857", 181, 0}, {"4326", nan, 0}} {
		if _, _, ok := mustCRS(t, test.crs).FromLonLat(test.x, test.y); ok {
			t.Errorf("%s: %v, %v is accepted", test.crs, test.x, test.y)
		}
	}
}

func TestMercator(t *testing.T) {
	const half = math.Pi * 6378137
	for _, r := range readTSV(t, "epsg3857.tsv") {
		p, _ := geo.FromDegrees(r[0], r[1])
		x, y := p.Mercator()
		if mx, my := x*2*half-half, half-y*2*half; math.Hypot(mx-r[2], my-r[3]) > 1e-3 {
			t.Errorf("%v: %v, %v m, want %v, %v", p, mx, my, r[2], r[3])
		}
		if q := geo.FromMercator(x, y); q != p {
			t.Errorf("FromMercator(Mercator(%v)) = %v", p, q)
		}
	}
	if _, y := (geo.Point{Y: geo.MaxY}).Mercator(); y != 0 {
		t.Errorf("the pole is at %v", y)
	}
	if _, y := (geo.Point{Y: -geo.MaxY}).Mercator(); y != 1 {
		t.Errorf("the south pole is at %v", y)
	}
	if p := geo.FromMercator(math.NaN(), 7); p.X != -geo.MaxX || p.Y > -850511287 {
		t.Errorf("clamped point is %v", p)
	}
}

func TestTileBox(t *testing.T) {
	if b := geo.TileBox(0, 0, 0); b.Min.X != -geo.MaxX || b.Max.X != geo.MaxX || b.Min.Y != -850511288 || b.Max.Y != 850511288 {
		t.Errorf("world tile is %v", b)
	}
	p, _ := geo.FromDegrees(121.5, 25.05)
	mx, my := p.Mercator()
	for z := range uint32(32) {
		n := math.Exp2(float64(z))
		x, y := uint32(mx*n), uint32(my*n)
		b := geo.TileBox(z, x, y)
		if !b.Contains(p) {
			t.Errorf("tile %d/%d/%d = %v does not contain %v", z, x, y, b, p)
		}
		if z == 0 {
			continue
		}
		// A tile lies in its parent, and neighbours leave no gap.
		if up := geo.TileBox(z-1, x/2, y/2); up.Union(b) != up {
			t.Errorf("tile %d/%d/%d = %v is not in its parent %v", z, x, y, b, up)
		}
		if right := geo.TileBox(z, x+1, y); float64(x+1) < n && (right.Min.X > b.Max.X || right.Min.X < b.Max.X-1) {
			t.Errorf("z%d: %v and its neighbour %v", z, b, right)
		}
		if below := geo.TileBox(z, x, y+1); float64(y+1) < n && (below.Max.Y < b.Min.Y || below.Max.Y > b.Min.Y+1) {
			t.Errorf("z%d: %v and the tile below %v", z, b, below)
		}
	}
	if geo.TileBox(3, 99, 99) != geo.TileBox(3, 7, 7) {
		t.Error("tiles beyond the last are not clamped")
	}
}

func BenchmarkTWD97(b *testing.B) {
	c := mustCRS(b, "3826")
	b.Run("ToLonLat", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.ToLonLat(302619.3, 2764684.7)
		}
	})
	b.Run("FromLonLat", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.FromLonLat(121.52, 24.98)
		}
	})
}
