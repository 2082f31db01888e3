package proj_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo/proj"
)

func TestLookup(t *testing.T) {
	for name, want := range map[string]string{
		"4326": "EPSG:4326", "EPSG:4326": "EPSG:4326", "epsg:4326\n": "EPSG:4326",
		"epsg:3826": "EPSG:3826", "urn:ogc:def:crs:EPSG::3826": "EPSG:3826",
		"urn:ogc:def:crs:EPSG:9.9:4490": "EPSG:4490",
		"urn:ogc:def:crs:OGC:1.3:CRS84": "CRS84", "CRS84": "CRS84", "OGC:CRS84": "CRS84",
		"http://www.opengis.net/def/crs/EPSG/0/3826":    "EPSG:3826",
		"https://www.opengis.net/def/crs/OGC/1.3/CRS84": "CRS84",
		"3857": "EPSG:3857", "4491": "EPSG:4491", "EPSG:4554": "EPSG:4554",
		"gcj02": "gcj02", "GCJ-02": "gcj02", "bd09": "bd09", "BD-09": "bd09", "bd09ll": "bd09",
		"CGCS2000 / Gauss-Kruger zone 13": "EPSG:4491", "CGCS2000 / Gauss-Kruger CM 135E": "EPSG:4512",
		"CGCS2000 / 3-degree Gauss-Kruger zone 45": "EPSG:4533", "CGCS2000 / 3-degree Gauss-Kruger CM 117E": "EPSG:4548",
		"CGCS2000_GK_Zone_20": "EPSG:4498", "CGCS2000_GK_CM_117E": "EPSG:4509",
		"CGCS2000_3_Degree_GK_Zone_39": "EPSG:4527", "CGCS2000_3_Degree_GK_CM_117E": "EPSG:4548",
		"TWD97 / TM2 zone 121": "EPSG:3826", "WGS_1984_Web_Mercator_Auxiliary_Sphere": "EPSG:3857",
	} {
		if got := mustCRS(t, name).Name(); got != want {
			t.Errorf("Lookup(%q) is %s, want %s", name, got, want)
		}
	}
	for _, name := range proj.Known() {
		c := mustCRS(t, name)
		if c.Name() != name || c.Title() == "" {
			t.Errorf("Lookup(%q) is %s, %q", name, c.Name(), c.Title())
		}
		if byTitle, err := proj.Lookup(c.Title()); !c.Degrees() && (err != nil || byTitle.Name() != name) {
			t.Errorf("%s is not found by its title %q", name, c.Title())
		}
	}
	for _, name := range []string{
		"", "EPSG:", "EPSG:9999", "EPSG:4490.", "EPSG:4555", "4555", "EPSG:+4549", "EPSG:04549", "cgcs2000",
		"urn:ogc:def:crs:OGC:1.3:3826", "urn:ogc:def:crs:EPSG:3826", "http://www.opengis.net/def/crs/", "WGS84",
	} {
		_, err := proj.Lookup(name)
		if unknown := (*proj.UnknownError)(nil); !errors.As(err, &unknown) || unknown.Name != name {
			t.Errorf("Lookup(%q): %v", name, err)
			continue
		}
		for _, known := range []string{"EPSG:4326", "EPSG:4490", "CRS84", "EPSG:3857", "EPSG:3826", "EPSG:4491", "EPSG:4554", "gcj02", "bd09"} {
			if !strings.Contains(err.Error(), known) {
				t.Errorf("error %q does not list %s", err, known)
			}
		}
	}
}

func TestZoneAt(t *testing.T) {
	for lon, want := range map[float64]string{
		73.5: "EPSG:4534", 75: "EPSG:4534", 76.49: "EPSG:4534", 76.5: "EPSG:4535", 116.4: "EPSG:4548", 121.5: "EPSG:4550",
		135: "EPSG:4554", 136.5: "EPSG:4554",
	} {
		if c, ok := proj.ZoneAt(lon); !ok || c.Name() != want {
			t.Errorf("ZoneAt(%v) is %v, want %s", lon, c, want)
		}
	}
	for _, lon := range []float64{73.4, 136.6, -75, math.NaN()} {
		if c, ok := proj.ZoneAt(lon); ok {
			t.Errorf("ZoneAt(%v) is %s", lon, c.Name())
		}
	}
}

func TestExplain(t *testing.T) {
	for _, test := range []struct {
		crs  string
		x, y float64
		want []string
	}{
		{"EPSG:4549", 120.5, 30, []string{"outside the area of EPSG:4549", "longitude 117 to 123", "look like degrees"}},
		{"EPSG:4549", 3320000, 550000, []string{"other way round", "east"}},
		{"EPSG:4549", 40550000, 3320000, []string{"zone 40", "EPSG:4528"}},
		{"EPSG:4528", 550000, 3320000, []string{"does not start with a zone", "EPSG:4549"}},
		{"EPSG:4528", 39550000, 3320000, []string{"zone 39", "EPSG:4527"}},
		{"EPSG:4509", 20550000, 3320000, []string{"zone 20", "EPSG:4498"}},
		{"EPSG:4549", math.NaN(), 0, []string{"finite"}},
		{"EPSG:4549", 2e9, 0, []string{"outside the area"}},
		{"EPSG:3826", 2764684, 302619, []string{"other way round"}},
		{"EPSG:4326", 302619, 2764684, []string{"look like metres"}},
		{"EPSG:4326", 31, 121, []string{"other way round"}},
		{"gcj02", 31, 121, []string{"gcj02", "other way round"}},
	} {
		c := mustCRS(t, test.crs)
		got := proj.Explain(c, test.x, test.y)
		for _, want := range test.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %v, %v %q: lacks %q", test.crs, test.x, test.y, got, want)
			}
		}
	}
	c := mustCRS(t, "EPSG:4549")
	if got := proj.Explain(c, 500000, 3320000); got != "" {
		t.Errorf("a place is explained: %q", got)
	}
	if got := proj.ExplainPlace(c, 121.5, 25); got != "" {
		t.Errorf("a place is explained: %q", got)
	}
	if got := proj.ExplainPlace(c, 2.35, 48.85); !strings.Contains(got, "EPSG:4549") || !strings.Contains(got, "latitude 0 to 60") {
		t.Errorf("Paris %q", got)
	}
}

// TestThereAndBack takes places anywhere, and in the extent of each system more often than chance would.
func TestThereAndBack(t *testing.T) {
	names := proj.Known()
	rapid.Check(t, func(rt *rapid.T) {
		c := mustCRS(t, rapid.SampledFrom(names).Draw(rt, "crs"))
		e := c.Extent()
		if rapid.Bool().Draw(rt, "anywhere") {
			e = proj.World
		}
		lon := rapid.Float64Range(e.West, e.East).Draw(rt, "lon")
		lat := rapid.Float64Range(e.South, e.North).Draw(rt, "lat")
		x, y, ok := c.FromLonLat(lon, lat)
		if inside := c.Extent().Contains(lon, lat); inside && !ok {
			rt.Fatalf("%s: %v, %v lies inside and has no coordinates", c.Name(), lon, lat)
		}
		if !ok {
			if proj.ExplainPlace(c, lon, lat) == "" {
				rt.Fatal("no explanation")
			}
			return
		}
		lon2, lat2, ok := c.ToLonLat(x, y)
		if !ok {
			rt.Fatalf("%s: %v, %v becomes %v, %v and has no way back", c.Name(), lon, lat, x, y)
		}
		// Just outside their box the shifted systems have two places for one pair.
		if (c.Name() == "gcj02" || c.Name() == "bd09") && !(lon > 72.1 && lon < 137.7 && lat > 0.9 && lat < 55.7) {
			return
		}
		if math.Abs(lon2-lon) > 1e-9 || math.Abs(lat2-lat) > 1e-9 {
			rt.Fatalf("%s: %v, %v comes back as %v, %v", c.Name(), lon, lat, lon2, lat2)
		}
	})
}

// TestNeverNaN feeds every system numbers of all sizes: an answer is finite and inside, or none.
func TestNeverNaN(t *testing.T) {
	names := proj.Known()
	rapid.Check(t, func(rt *rapid.T) {
		c := mustCRS(t, rapid.SampledFrom(names).Draw(rt, "crs"))
		x, y := rapid.Float64().Draw(rt, "x"), rapid.Float64().Draw(rt, "y")
		if rapid.Bool().Draw(rt, "metres") {
			x, y = math.Mod(x, 5e7), math.Mod(y, 1e7)
		}
		checkPair(rt, c, x, y)
	})
	nan, inf := math.NaN(), math.Inf(1)
	for _, name := range names {
		c := mustCRS(t, name)
		for _, x := range []float64{nan, inf, -inf, 0, 1e308, -1e308, 5e-324} {
			for _, y := range []float64{nan, inf, -inf, 0, 1e308, -1e308, 5e-324} {
				checkPair(t, c, x, y)
			}
		}
	}
}

func checkPair(t interface{ Errorf(string, ...any) }, c proj.CRS, x, y float64) {
	const tolerance = 1.01e-7
	e := c.Extent()
	if lon, lat, ok := c.ToLonLat(x, y); ok &&
		!(lon >= e.West-tolerance && lon <= e.East+tolerance && lat >= e.South-tolerance && lat <= e.North+tolerance) {
		t.Errorf("%s: %v, %v is %v, %v, which lies outside", c.Name(), x, y, lon, lat)
	} else if ok != (proj.Explain(c, x, y) == "") {
		t.Errorf("%s: %v, %v: %v, explained as %q", c.Name(), x, y, ok, proj.Explain(c, x, y))
	}
	if px, py, ok := c.FromLonLat(x, y); ok && (math.IsNaN(px+py) || math.IsInf(px, 0) || math.IsInf(py, 0)) {
		t.Errorf("%s: place %v, %v is %v, %v", c.Name(), x, y, px, py)
	}
}

func FuzzLookup(f *testing.F) {
	for _, name := range append(proj.Known(), "urn:ogc:def:crs:EPSG::4549", "http://www.opengis.net/def/crs/EPSG/0/3826", "CGCS2000_3_Degree_GK_CM_117E", "", "\xff", own(f, "a", aroundHangzhou).Definition()) {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		c, err := proj.Lookup(name)
		if err != nil {
			if len(err.Error()) > 1000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		again, err := proj.Lookup(c.Name())
		if err != nil || again.Name() != c.Name() {
			t.Errorf("%q is %s, which is not found: %v", name, c.Name(), err)
		}
		checkPair(t, c, 121.5, 25)
	})
}

func ExampleLookup() {
	c, err := proj.Lookup("EPSG:4549")
	if err != nil {
		fmt.Println(err)
		return
	}
	x, y, _ := c.FromLonLat(120.5, 30.25)
	fmt.Printf("%s: %.3f %.3f\n", c.Title(), x, y)
	// Output: CGCS2000 / 3-degree Gauss-Kruger CM 120E: 548122.063 3347932.816
}
