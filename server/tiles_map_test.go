package server

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/stamp"
	"github.com/gewu-city/gewu/server/live"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/tiletest"
)

// TestTilesOfOtherMaps asks for tiles, their description and styles for maps in shifted degrees and in languages.
func TestTilesOfOtherMaps(t *testing.T) {
	c := newCity(t, nil).fill()
	for path, says := range map[string]string{
		"/tiles/trees/12/3430/1754.mvt?crs=mars":                        "must be gcj02 or bd09",
		"/tiles/trees/12/3430/1754.mvt?crs=EPSG:4326":                   "must be gcj02 or bd09",
		"/tiles/trees/12/3430/1754.mvt?lang=e%21":                       "language tag",
		"/tiles/trees.json?crs=mars":                                    "must be gcj02 or bd09",
		"/tiles/trees.json?lang=-":                                      "language tag",
		"/styles/light.json?crs=mars":                                   "must be gcj02 or bd09",
		"/v1/events?crs=mars":                                           "must be gcj02 or bd09",
		"/tiles/trees/12/3430/1754.mvt?crs=" + strings.Repeat("x", 500): "must be gcj02 or bd09",
	} {
		if a := c.do("GET", path, nil, ""); a.status != 400 || !strings.Contains(a.body, says) {
			t.Errorf("%.60s: %d %s", path, a.status, a.body)
		}
	}

	type document struct {
		CRS, Lang string
		Tiles     []string
		Bounds    [4]float64
		Center    [3]float64
	}
	describe := func(query string) (d document) {
		a := c.do("GET", "/tiles/trees.json?"+query, nil, "")
		if err := json.Unmarshal([]byte(a.body), &d); err != nil || a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		return d
	}
	plain, shifted := describe("lang=en"), describe("crs=GCJ-02&lang=en")
	if plain.CRS != "" || plain.Lang != "en" || shifted.CRS != "gcj02" || !strings.HasSuffix(shifted.Tiles[0], ".mvt?crs=GCJ-02&lang=en") {
		t.Errorf("%+v", shifted)
	}
	gcj, err := proj.Lookup("gcj02")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		x, y, _ := gcj.FromLonLat(plain.Bounds[2*i], plain.Bounds[2*i+1])
		dx, dy := shifted.Bounds[2*i]-x, shifted.Bounds[2*i+1]-y
		if sign := float64(2*i - 1); dx*sign < 0 || dy*sign < 0 || math.Abs(dx) > 0.01 || math.Abs(dy) > 0.01 {
			t.Errorf("bounds %v of %v", shifted.Bounds, plain.Bounds)
		}
	}

	style := c.do("GET", "/styles/light.json?lang=en&crs=bd09&tileset=trees", nil, "")
	if style.status != 200 || !strings.Contains(style.body, "/tiles/trees.json?crs=bd09\\u0026lang=en") && !strings.Contains(style.body, "/tiles/trees.json?crs=bd09&lang=en") {
		t.Errorf("%d %.400s", style.status, style.body)
	}

	// A tree is where geo/proj has it, in the tile that has its shifted degrees, and the explanation says so.
	var tree struct {
		Geometry struct{ Coordinates [2]float64 }
	}
	if err := json.Unmarshal([]byte(c.do("GET", "/v1/layers/trees/features/tree03", nil, "").body), &tree); err != nil {
		t.Fatal(err)
	}
	for _, crs := range proj.Shifts() {
		system, _ := proj.Lookup(crs)
		lon, lat, _ := system.FromLonLat(tree.Geometry.Coordinates[0], tree.Geometry.Coordinates[1])
		const z = 18
		mx, my := (lon+180)/360, (1-math.Log(math.Tan(math.Pi/4+lat*math.Pi/360))/math.Pi)/2
		x, y := math.Floor(mx*(1<<z)), math.Floor(my*(1<<z))
		path := fmt.Sprintf("/tiles/trees/%d/%.0f/%.0f.mvt?crs=%s", z, x, y, crs)
		a := c.do("GET", path, nil, "")
		tile, err := tiletest.Decode([]byte(a.body))
		if err != nil || a.status != 200 {
			t.Fatalf("%s: %d %v", path, a.status, err)
		}
		at := slices.IndexFunc(tile.Layer("trees").Features, func(f tiletest.Feature) bool { return f.Get("id") == "tree03" })
		if at < 0 {
			t.Fatalf("%s: no tree03 in %s", path, tiletest.Text(tile))
		}
		v := tile.Layer("trees").Features[at].Parts[0][0]
		if dx, dy := float64(v[0])-(mx*(1<<z)-x)*4096, float64(v[1])-(my*(1<<z)-y)*4096; math.Abs(dx) > 0.51 || math.Abs(dy) > 0.51 {
			t.Errorf("%s: tree03 is %.2f, %.2f units off", path, dx, dy)
		}
		var explained struct{ Feature tiles.Verdict }
		if err := json.Unmarshal([]byte(c.do("GET", path+"&explain=1&feature=tree03", nil, "").body), &explained); err != nil || !explained.Feature.Drawn {
			t.Errorf("%s: %+v, %v", path, explained, err)
		}
		// Its copy stays good until the tree changes.
		again := c.do("GET", path, map[string]string{"If-None-Match": a.header.Get("ETag")}, "")
		if again.status != 304 {
			t.Errorf("%s: %d", path, again.status)
		}
	}
}

// TestEventsOfShiftedMaps listens with the map of a client and finds the tiles that changed among those that are named.
func TestEventsOfShiftedMaps(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Limits.EventPause = time.Millisecond }).fill()
	l := c.listen(t, "?crs=gcj02", "")
	l.want("hello")
	shift, _ := proj.FindShift("gcj02")
	place := func(lon, lat float64) [2]float64 {
		p, _ := geo.FromDegrees(lon, lat)
		x, y := shift.Mercator(p)
		return [2]float64{x, y}
	}
	named := func(change live.ChangeEvent, z int, at [2]float64) bool {
		n := float64(uint32(1) << z)
		x, y := uint32(at[0]*n), uint32(at[1]*n)
		return slices.ContainsFunc(change.Tiles, func(r live.TileRange) bool {
			return r.Layer == "trees" && r.Z == z && r.X[0] <= x && x <= r.X[1] && r.Y[0] <= y && y <= r.Y[1]
		})
	}
	w := c.engine.World()
	trees, _ := w.Layer("trees")
	first := max(12, trees.Def().Zoom.Min)
	for _, at := range [][2]float64{{121.505, 25.015}, {121.6, 25.2}, {116.4, 39.9}, {137.83, 35}} {
		c.move("tree00", at[0], at[1])
		change, _ := l.change()
		for z := first; z <= stamp.Zoom; z++ {
			if !named(change, z, place(at[0], at[1])) {
				t.Errorf("the tile of %v at z%d is not named", at, z)
			}
		}
		for _, r := range change.Tiles {
			if wide := (r.X[1] - r.X[0] + 1) * (r.Y[1] - r.Y[0] + 1); at[0] < 137 && r.Z <= 16 && wide > 9 {
				t.Errorf("%v: %d tiles of z%d are named for one point", at, wide, r.Z)
			}
		}
	}
}

// TestShiftedRanges: whatever changes, every shifted tile that comes out otherwise is named.
func TestShiftedRanges(t *testing.T) {
	c := newCity(t, nil).fill()
	rng := rand.New(rand.NewPCG(51, 52))
	m := tiles.NewMaker(tiles.Options{CacheBytes: -1})
	for _, name := range proj.Shifts() {
		shift, _ := proj.FindShift(name)
		q := &tiles.Query{Shift: shift}
		set := tiles.Tileset{Name: "trees", Layers: []string{"trees"}}
		etag := func(w *index.World, z, x, y uint32) string {
			tile, err := m.Tile(t.Context(), w, set, z, x, y, q)
			if err != nil {
				t.Fatal(err)
			}
			return tile.ETag
		}
		differ := 0
		for range 8 {
			before := c.engine.World()
			sub := c.engine.Subscribe(before.Seq())
			lon, lat := 121.5+rng.Float64()*0.02, 25+rng.Float64()*0.02
			c.move("tree07", lon, lat)
			d, err := sub.Next(t.Context())
			sub.Close()
			if err != nil {
				t.Fatal(err)
			}
			after := c.engine.World()
			ranges := live.Ranges(after, d, d.Names(), shift)
			p, _ := geo.FromDegrees(lon, lat)
			mx, my := shift.Mercator(p)
			for _, z := range []uint32{14, 16} {
				n := float64(uint32(1) << z)
				cx, cy := uint32(mx*n), uint32(my*n)
				for x := cx - 5; x <= cx+5; x++ {
					for y := cy - 5; y <= cy+5; y++ {
						if etag(before, z, x, y) == etag(after, z, x, y) {
							continue
						}
						differ++
						if !slices.ContainsFunc(ranges, func(r live.TileRange) bool {
							return r.Layer == "trees" && r.Z == int(z) && r.X[0] <= x && x <= r.X[1] && r.Y[0] <= y && y <= r.Y[1]
						}) {
							t.Errorf("%s: %d/%d/%d changed and is not named", name, z, x, y)
						}
					}
				}
			}
		}
		if differ == 0 {
			t.Errorf("%s: no tile changed", name)
		}
	}
}
