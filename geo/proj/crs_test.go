package proj_test

import (
	"math"
	"testing"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
)

func mustCRS(tb testing.TB, name string) proj.CRS {
	tb.Helper()
	c, err := proj.Lookup(name)
	if err != nil {
		tb.Fatal(err)
	}
	return c
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
	for _, r := range readTSV(t, "epsg3857.tsv", 4) {
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
