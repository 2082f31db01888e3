package reconcile_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/impact"
	"github.com/gewu-city/gewu/grid/reconcile"
)

const side = 10000

func cell(code string, x, y, w, h int32) impact.Cell {
	s, err := geo.NewShape(geo.KindPolygon, []geo.Point{{X: x, Y: y}, {X: x + w, Y: y}, {X: x + w, Y: y + h}, {X: x, Y: y + h}, {X: x, Y: y}}, []uint32{5}, []uint32{1})
	if err != nil {
		panic(err)
	}
	return impact.Cell{Code: code, Shape: s}
}

// TestFireTakesOver lays villages on fire grids (S17): one village reaches into the next grid, one lies in none, and a code
// is the same in both schemes.
func TestFireTakesOver(t *testing.T) {
	fine := []impact.Cell{cell("v1", 0, 0, side, side), cell("v2", side, 0, side, side), cell("v3", 2*side, 0, side+side/5, side), cell("g", 4*side, 0, side, side)}
	coarse := []impact.Cell{cell("g", 0, 0, 3*side, side), cell("h", 3*side, 0, side/2, side), cell("i", 9*side, 0, side, side)}
	r := reconcile.Of(fine, coarse, func(isFine bool, code string) []string { return []string{fmt.Sprint(isFine, " ", code)} })
	want := []reconcile.Group{
		{Coarse: "g", Fine: []string{"v1", "v2", "v3"}, Covered: 1, Heads: []string{"false g"}, Deputies: []string{"true v1", "true v2", "true v3"}},
		{Coarse: "h", Fine: []string{}, Heads: []string{"false h"}},
		{Coarse: "i", Fine: []string{}, Heads: []string{"false i"}},
	}
	if diff := gocmp.Diff(want, r.Groups); diff != "" {
		t.Error(diff)
	}
	if len(r.Exceptions) != 2 || r.Exceptions[0].Fine != "g" || r.Exceptions[0].Coarse != "" || r.Exceptions[0].NobodysM2 != r.Exceptions[0].OffendingM2 ||
		r.Exceptions[1].Fine != "v3" || math.Abs(r.Exceptions[1].Share-1/1.2) > 1e-5 || math.Abs(r.Exceptions[1].OffendingM2-2461.8) > 1 || r.Exceptions[1].NobodysM2 > 0.05 {
		t.Errorf("%+v", r.Exceptions)
	}
	var table bytes.Buffer
	if err := r.WriteCSV(&table); err != nil || !strings.HasPrefix(table.String(), "fine,coarse,area_m2,of_fine,of_coarse\nv1,g,12309.07,1,0.333333\n") {
		t.Error(err, table.String())
	}
	if r.FineCells != 4 || r.CoarseCells != 3 || len(r.Matrix) != 4 {
		t.Errorf("%+v", r)
	}
}

// TestMatrix compares with the areas of all pairs, and adds up what lies in each coarse cell.
func TestMatrix(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		cells := func(name string) (out []impact.Cell) {
			for i := range rapid.IntRange(0, 6).Draw(r, name) {
				n := func(low, high int32) int32 { return rapid.Int32Range(low, high).Draw(r, "n") * 1000 }
				out = append(out, cell(fmt.Sprint(i), n(0, 9), n(0, 9), n(1, 9), n(1, 9)))
			}
			return out
		}
		fine, coarse := cells("fine"), cells("coarse")
		got := reconcile.Of(fine, coarse, nil)
		n := 0
		for _, f := range fine {
			for _, c := range coarse {
				area := geo.OverlapArea(f.Shape, c.Shape)
				if area < 0.01 {
					continue
				}
				n++
				found := false
				for _, o := range got.Matrix {
					found = found || o.Fine == f.Code && o.Coarse == c.Code && math.Abs(o.AreaM2-area) <= 0.006 && math.Abs(o.OfCoarse-area/c.Shape.Area()) < 1e-4
				}
				if !found {
					r.Fatalf("no overlap of %s and %s with %v m² in %+v", f.Code, c.Code, area, got.Matrix)
				}
			}
		}
		if n != len(got.Matrix) || len(got.Groups) != len(coarse) {
			r.Fatalf("%d overlaps instead of %d, %d groups", len(got.Matrix), n, len(got.Groups))
		}
		for _, e := range got.Exceptions {
			if e.Share >= reconcile.Enough || e.NobodysM2 > e.OffendingM2+0.02 {
				r.Fatalf("%+v", e)
			}
		}
	})
}
