package divide_test

import (
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/test/peers/postgis"
	"github.com/gewu-city/gewu/test/peers/postgis/postgistest"
)

// TestBlocksOfPostGIS compares the blocks of Cambridge with ST_Polygonize of the same lines, noded by PostGIS on whole units.
func TestBlocksOfPostGIS(t *testing.T) {
	t.Parallel()
	pg := postgistest.Start(t)
	in := cambridge(t)
	g := prepare(t, in)
	origin := in.Lines[0].Points[0]
	if _, err := pg.SQL("CREATE TABLE lines (geom geometry); CREATE TABLE faces AS SELECT geom FROM lines"); err != nil {
		t.Fatal(err)
	}
	if err := pg.Pour("lines", func(w io.Writer) error {
		for _, l := range in.Lines {
			if _, err := fmt.Fprintf(w, "LINESTRING%s\n", postgis.Path(l.Points, origin)); err != nil {
				return err
			}
		}
		for _, s := range g.Outlines() {
			for r := range s.NumRings() {
				if _, err := fmt.Fprintf(w, "LINESTRING%s\n", postgis.Path(s.Ring(r), origin)); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	out, err := pg.SQL(`SELECT ST_Area(geom), ST_Perimeter(geom), ST_X(ST_PointOnSurface(geom)), ST_Y(ST_PointOnSurface(geom)) FROM
		(SELECT (ST_Dump(ST_Polygonize(noded))).geom FROM (SELECT ST_UnaryUnion(ST_Collect(geom), 1) AS noded FROM lines) n) f`)
	if err != nil {
		t.Fatal(err)
	}
	blocks := g.Blocks()
	matched, faces, slivers, worst := make([]bool, len(blocks)), 0, 0, 0.0
	for line := range strings.Lines(out) {
		var area, perimeter, x, y float64
		if _, err := fmt.Sscanf(line, "%g|%g|%g|%g", &area, &perimeter, &x, &y); err != nil {
			t.Fatal(err)
		}
		// Rounding moves every edge by up to a unit, and may leave a face of two units' width or none between two of them.
		if area <= perimeter {
			slivers++
			continue
		}
		at := geo.Point{X: origin.X + int32(math.Round(x)), Y: origin.Y + int32(math.Round(y))}
		for i, b := range blocks {
			if !b.Box().Contains(at) || !b.Contains(at) {
				continue
			}
			own := math.Abs(float64(twice(b))) / 2
			if matched[i] || math.Abs(own-area) > perimeter {
				t.Errorf("block %d of %.1f is a face of %.1f around %v, taken: %v", i, own, area, at, matched[i])
			}
			matched[i] = true
			faces++
			worst = max(worst, math.Abs(own-area)/perimeter)
		}
	}
	for i, b := range blocks {
		if !matched[i] && math.Abs(float64(twice(b)))/2 > around(b) {
			t.Errorf("block %d around %v is no face", i, geo.LabelPoint(b))
		}
	}
	t.Logf("%d blocks, %d of them faces of PostGIS, which has %d slivers; areas differ by %.2f units along the border at most", len(blocks), faces, slivers, worst)
	if faces < 1000 {
		t.Errorf("only %d faces compared", faces)
	}
}

// around is the length of all rings of a shape in units.
func around(s geo.Shape) (sum float64) {
	for r := range s.NumRings() {
		ring := s.Ring(r)
		for i := 1; i < len(ring); i++ {
			sum += math.Hypot(float64(ring[i].X-ring[i-1].X), float64(ring[i].Y-ring[i-1].Y))
		}
	}
	return sum
}
