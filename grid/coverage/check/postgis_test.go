package check_test

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage/check"
	"github.com/gewu-city/gewu/test/peers/postgis"
	"github.com/gewu-city/gewu/test/peers/postgis/postgistest"
)

// TestAgainstPostGIS compares verdicts: which polygons of Cambridge, and of random rings on few places, are valid, and which
// pairs of cells overlap by how much.
func TestAgainstPostGIS(t *testing.T) {
	t.Parallel()
	pg := postgistest.Start(t)
	if _, err := pg.SQL("CREATE TABLE cells (layer text, id int, geom geometry)"); err != nil {
		t.Fatal(err)
	}
	layers := map[string][]check.Cell{"random": randomPolygons(3000)}
	for _, name := range []string{"DEMOGRAPHICS_BlockGroups2020", "BOUNDARY_CDDNeighborhoods", "ADDRESS_MasterAddressBlocks", "ASSESSING_ParcelMapIndexFY2026"} {
		layers[name], _ = cambridge(t, name)
	}
	if err := pg.Pour("cells", func(w io.Writer) error {
		for name, cells := range layers {
			origin := geo.Point{}
			if name != "random" {
				origin = layers["BOUNDARY_CDDNeighborhoods"][0].Shape.Box().Min
			}
			for i, c := range cells {
				if _, err := fmt.Fprintf(w, "%s\t%d\t%s\n", name, i, postgis.Polygon(c.Shape, origin)); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	verdicts, err := pg.SQL("SELECT layer, id, ST_IsValid(geom) FROM cells ORDER BY layer, id")
	if err != nil {
		t.Fatal(err)
	}
	valid, invalid := 0, 0
	for line := range strings.Lines(verdicts) {
		f := strings.Split(strings.TrimSpace(line), "|")
		i, _ := strconv.Atoi(f[1])
		found := geo.Validate(layers[f[0]][i].Shape)
		switch theirs := f[2] == "t"; {
		case theirs != (len(found) == 0):
			t.Errorf("%s %d: PostGIS says %v, and %v is found: %v", f[0], i, theirs, found, layers[f[0]][i].Shape.Orb())
		case theirs:
			valid++
		default:
			invalid++
		}
	}
	if valid < 500 || invalid < 500 {
		t.Errorf("%d polygons are valid, %d are not", valid, invalid)
	}
	overlaps, err := pg.SQL(`SELECT a.layer, a.id, b.id, ST_Area(ST_Intersection(a.geom, b.geom)) FROM cells a JOIN cells b
		ON a.layer = b.layer AND a.id < b.id AND a.geom && b.geom AND a.layer <> 'random' AND ST_Relate(a.geom, b.geom, '2********')`)
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[string]map[[2]string]float64{}
	for line := range strings.Lines(overlaps) {
		f := strings.Split(strings.TrimSpace(line), "|")
		area, err := strconv.ParseFloat(f[3], 64)
		if err != nil {
			t.Fatal(err)
		}
		if theirs[f[0]] == nil {
			theirs[f[0]] = map[[2]string]float64{}
		}
		theirs[f[0]][[2]string{f[1], f[2]}] = area
	}
	compared := 0
	for name, cells := range layers {
		if name == "random" {
			continue
		}
		ours, maybe := map[[2]string]float64{}, map[[2]string]float64{}
		for _, d := range check.Cells(cells, check.Options{}) {
			into := ours
			if d.Kind != check.Overlap {
				into = maybe // a vertex off its edge names neighbours, too, that need not cover the place
			}
			if d.Twice == nil || d.Excess <= 0 {
				continue
			}
			twice, _ := d.Twice.Float64()
			for i, a := range d.Cells {
				for _, b := range d.Cells[:i] {
					x, _ := strconv.Atoi(a)
					y, _ := strconv.Atoi(b)
					into[[2]string{strconv.Itoa(min(x, y)), strconv.Itoa(max(x, y))}] += twice / 2
				}
			}
		}
		for pair, want := range theirs[name] {
			compared++
			if got := ours[pair]; math.Abs(got-want) > 1+1e-6*want+maybe[pair] {
				t.Errorf("%s: %v share %.1f in PostGIS, %.1f are located", name, pair, want, got)
			}
		}
		for pair, got := range ours {
			if got > 1 && theirs[name][pair] == 0 {
				t.Errorf("%s: %v share %.1f, nothing in PostGIS", name, pair, got)
			}
		}
	}
	if compared < 50 {
		t.Errorf("only %d pairs overlap", compared)
	}
}

// randomPolygons are rings of few corners on few places, so that edges cross, touch and fall on each other; every third has a
// hole, which may lie anywhere.
func randomPolygons(n int) []check.Cell {
	r := rand.New(rand.NewPCG(17, 3))
	ring := func(size int32) []geo.Point {
		out := make([]geo.Point, 3+r.IntN(4))
		for i := range out {
			out[i] = geo.Point{X: r.Int32N(size), Y: r.Int32N(size)}
		}
		return out
	}
	var out []check.Cell
	for len(out) < n {
		rings := [][]geo.Point{ring(8)}
		if len(out)%3 == 0 {
			rings = append(rings, ring(6))
		}
		sound := true
		for _, p := range rings {
			sound = sound && shoelace(p) != 0
		}
		if sound {
			out = append(out, check.Cell{ID: strconv.Itoa(len(out)), Shape: polygon(rings...)})
		}
	}
	return out
}
