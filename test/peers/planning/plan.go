// Package planning measures checks and unions of coverages beside PostGIS and GEOS. All get the same cells: coordinates are
// whole units of 1e-7° from a corner of the city, as a plane, so that areas can be compared.
package planning

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/coverage/check"
	"github.com/gewu-city/gewu/test/peers/postgis"
)

// Plan is the cells of a city, each with the number of its parent, and the outline that they should cover.
type Plan struct {
	Cells   []check.Cell
	Parent  []int32
	Parents int
	Outline geo.Shape

	shapes []geo.Shape
	origin geo.Point
}

// New reads cells from features whose attribute at an index names the parent. It fails if they are no coverage: defects
// are planted later.
func New(features iter.Seq[data.Feature], parent int) (*Plan, error) {
	p := &Plan{origin: geo.Point{X: math.MaxInt32, Y: math.MaxInt32}}
	number := map[string]int32{}
	for f := range features {
		name := f.Values[parent].String()
		n, ok := number[name]
		if !ok {
			n = int32(len(number))
			number[name] = n
		}
		p.Cells, p.Parent = append(p.Cells, check.Cell{ID: f.ID, Shape: f.Shape}), append(p.Parent, n)
		p.shapes = append(p.shapes, f.Shape)
		corner := f.Shape.Box().Min
		p.origin = geo.Point{X: min(p.origin.X, corner.X), Y: min(p.origin.Y, corner.Y)}
	}
	p.Parents = len(number)
	p.Outline = coverage.Dissolve(p.shapes, make([]int32, len(p.shapes)), 1)[0]
	if found := p.Check(); found.Defects > 0 {
		return nil, fmt.Errorf("the cells are no coverage: %+v", found)
	}
	return p, nil
}

// Found is what a check finds. Overlaps are pairs of cells; areas are in square units.
type Found struct {
	Defects, Overlaps, Gaps int
	OverlapArea, GapArea    float64
}

// Same says whether two programs found the same. Coordinates of crossings are floats in one of them.
func (f Found) Same(o Found) bool {
	near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-6*max(a, b) }
	return f.Overlaps == o.Overlaps && f.Gaps == o.Gaps && near(f.OverlapArea, o.OverlapArea) && near(f.GapArea, o.GapArea)
}

// Check is gewu's check: a proof, or every defect with its place.
func (p *Plan) Check() Found {
	out := Found{}
	pairs := map[[2]string]bool{}
	for _, d := range check.Cells(p.Cells, check.Options{Outline: p.Outline}) {
		out.Defects++
		if d.Twice == nil {
			continue
		}
		twice, _ := d.Twice.Float64()
		if d.Kind == check.Gap {
			out.Gaps++
			out.GapArea += twice / 2
		}
		if d.Kind != check.Overlap {
			continue
		}
		for i, a := range d.Cells {
			for _, b := range d.Cells[:i] {
				pairs[[2]string{b, a}] = true
				out.OverlapArea += twice / 2
			}
		}
	}
	out.Overlaps = len(pairs)
	return out
}

// Plant is the plan with n defects, gaps and overlaps by turns: a vertex on the border between two cells is moved in one of
// them, away from where it was by a quarter of the shorter edge at it.
func (p *Plan) Plant(n int) (*Plan, error) {
	uses := map[geo.Point]int{}
	for _, s := range p.shapes {
		for _, v := range s.Ring(0)[1:] {
			uses[v]++
		}
	}
	q := *p
	q.Cells, q.shapes = slices.Clone(p.Cells), slices.Clone(p.shapes)
	planted, step := 0, max(1, len(p.Cells)/(2*n))
	for i := 0; i < len(p.Cells) && planted < n; i += step {
		s, ok := bulge(p.shapes[i], uses, planted%2 == 0)
		if !ok {
			continue
		}
		q.shapes[i], q.Cells[i].Shape = s, s
		planted++
	}
	if planted < n {
		return nil, fmt.Errorf("only %d of %d defects could be planted", planted, n)
	}
	return &q, nil
}

// bulge moves a vertex that two cells use inwards or outwards.
func bulge(s geo.Shape, uses map[geo.Point]int, inwards bool) (geo.Shape, bool) {
	ring := slices.Clone(s.Ring(0))
	before := math.Abs(s.Area())
	for k := 1; k+1 < len(ring); k++ {
		a, v, b := ring[k-1], ring[k], ring[k+1]
		if uses[v] != 2 || s.NumRings() > 1 {
			continue
		}
		dx, dy := float64(b.Y-a.Y), float64(a.X-b.X)
		far := min(math.Hypot(float64(v.X-a.X), float64(v.Y-a.Y)), math.Hypot(float64(v.X-b.X), float64(v.Y-b.Y))) / 4
		length := math.Hypot(dx, dy)
		if far < 10 || length == 0 {
			continue
		}
		for _, sign := range []float64{far / length, -far / length} {
			ring[k] = geo.Point{X: v.X + int32(sign*dx), Y: v.Y + int32(sign*dy)}
			moved, err := geo.NewShape(geo.KindPolygon, slices.Clone(ring), []uint32{uint32(len(ring))}, []uint32{1})
			if err == nil && len(geo.Validate(moved)) == 0 && math.Abs(moved.Area()) < before == inwards {
				return moved, true
			}
		}
		ring[k] = v
	}
	return s, false
}

// Union is gewu's union of the cells into their parents: how many areas there are, and what they cover in square units.
func (p *Plan) Union() (count int, area float64) {
	for _, s := range coverage.Dissolve(p.shapes, p.Parent, p.Parents) {
		count++
		area += p.area(s)
	}
	return count, area
}

// area is the ground of a shape in square units.
func (p *Plan) area(s geo.Shape) float64 {
	twice := int64(0)
	for r := range s.NumRings() {
		ring := s.Ring(r)
		for i := 1; i < len(ring); i++ {
			a, b := ring[i-1], ring[i]
			twice += int64(a.X-p.origin.X)*int64(b.Y-p.origin.Y) - int64(b.X-p.origin.X)*int64(a.Y-p.origin.Y)
		}
	}
	return math.Abs(float64(twice)) / 2
}

// rows are the cells for COPY, and for other programs that read lines: parent, tab, polygon.
func (p *Plan) rows(yield func(string) bool) {
	for i, s := range p.shapes {
		if !yield(strconv.Itoa(int(p.Parent[i])) + "\t" + postgis.Polygon(s, p.origin) + "\n") {
			return
		}
	}
}
