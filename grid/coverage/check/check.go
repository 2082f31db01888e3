package check

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/geo"
)

// Kind says what is wrong.
type Kind string

// The kinds of defect, in the order in which they are listed.
const (
	// InvalidRing is a cell whose rings cross, touch or overlap themselves, or lie wrongly to each other.
	InvalidRing Kind = "invalid_ring"
	// Overlap is ground that several cells cover.
	Overlap Kind = "overlap"
	// Gap is ground within the outline that no cell covers.
	Gap Kind = "gap"
	// Outside is ground of a cell beyond the declared outline.
	Outside Kind = "outside"
	// Sliver is a cell, or a part of one, that is narrower on average than the limit.
	Sliver Kind = "sliver"
	// MissingVertex is a vertex of one cell that lies on the edge of another which has none there, as exactly as whole
	// units allow: the edge passes through the unit square around it.
	MissingVertex Kind = "missing_vertex"
)

// Kinds are all kinds in the order in which defects are listed.
func Kinds() []Kind { return []Kind{InvalidRing, Overlap, Gap, Outside, Sliver, MissingVertex} }

// Cell is one polygon of a coverage with the name that defects give it.
type Cell struct {
	ID    string
	Shape geo.Shape
}

// Defect is one place where polygons are no coverage.
type Defect struct {
	Kind Kind `json:"kind"`
	// Area is in square metres. A vertex off its edge by less than a unit leaves some; of several such vertices in one
	// face the first has the area.
	Area float64 `json:"area_m2"`
	// Point is inside the face, in degrees; the vertex itself for a missing one.
	Point orb.Point `json:"point"`
	// Cells are those that cover an overlap or lie outside, those beside a gap, and of a missing vertex the ones that lack
	// it and the ones that have it; ascending, without any when only the outline has to do with it.
	Cells []string `json:"cells"`
	// Width is the mean width of the face in metres: twice its area by its perimeter.
	Width float64 `json:"width_m,omitempty"`
	// Why says what is wrong with a ring.
	Why string `json:"why,omitempty"`
	// Twice is twice the area in square units, exactly; nil for rings and slivers.
	Twice *big.Rat `json:"-"`
	// Excess is by how many the cells that cover the face are more than they should be: -1 for a gap.
	Excess int `json:"-"`
}

// SliverWidth is the usual limit of [Options.Sliver]: no cell that somebody walks is half a metre wide.
const SliverWidth = 0.5

// Options say what is expected of the cells.
type Options struct {
	// Outline is what the cells must cover. Without one it is derived: the outer border of what they cover together, so
	// that ground which they enclose is a gap, and nothing lies outside.
	Outline geo.Shape
	// Sliver is the mean width in metres below which a cell is a sliver; 0 looks for none.
	Sliver float64
}

// Cells lists what keeps the cells from being a coverage of the outline; none proves that they are one: rings simple, every
// place of the outline in exactly one cell, shared edges with the same vertices. Kinds are in a fixed order, the larger
// areas first. An invalid ring is listed and then read as the ground that [geo.Fix] makes of it. Cells without a polygon
// are passed over.
//
// Ground that cells and the outline agree about is judged without arithmetic; the time for the rest grows with the cells
// that the defects concern.
func Cells(cells []Cell, o Options) []Defect {
	c := checker{cells: cells, outline: o.Outline, declared: o.Outline.Kind() == geo.KindPolygon}
	c.rings()
	if o.Sliver > 0 {
		c.slivers(o.Sliver)
	}
	c.cover()
	return c.sorted()
}

// Nested lists what keeps the cells of each parent from being a coverage of it; parentOf is the index of each cell's parent,
// negative for none. Defects are those of [Cells] with the parent as the outline, by parent.
func Nested(cells []Cell, parents []Cell, parentOf []int32, o Options) []Defect {
	children := make([][]Cell, len(parents))
	for i, p := range parentOf {
		if p >= 0 {
			children[p] = append(children[p], cells[i])
		}
	}
	var out []Defect
	for i, p := range parents {
		o.Outline = p.Shape
		out = append(out, Cells(children[i], o)...)
	}
	return out
}

type checker struct {
	cells    []Cell
	outline  geo.Shape
	declared bool
	fixed    map[int]geo.Shape // cells with invalid rings, as they are read
	found    []Defect
}

// shape is the ground of cell i.
func (c *checker) shape(i int) geo.Shape {
	if s, ok := c.fixed[i]; ok {
		return s
	}
	return c.cells[i].Shape
}

// cover looks for gaps, overlaps and what lies outside.
func (c *checker) cover() {
	n := len(c.outline.Vertices())
	for i := range c.cells {
		n += len(c.cells[i].Shape.Vertices())
	}
	sum := newChain(n)
	for i := range c.cells {
		sum.shape(c.shape(i), 1)
	}
	if c.declared {
		sum.shape(c.outline, -1)
	}
	left := sum.left()
	if len(left) > 0 {
		c.locate(left)
	}
}

// names are the ids of cells, ascending.
func (c *checker) names(labels []int32) []string {
	out := make([]string, 0, len(labels))
	for _, l := range labels {
		if l >= 0 {
			out = append(out, c.cells[l].ID)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (c *checker) sorted() []Defect {
	kinds := Kinds()
	slices.SortStableFunc(c.found, func(a, b Defect) int {
		return cmp.Or(
			cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)),
			cmp.Compare(b.Area, a.Area),
			cmp.Compare(a.Point[0], b.Point[0]), cmp.Compare(a.Point[1], b.Point[1]),
			slices.Compare(a.Cells, b.Cells),
		)
	})
	return c.found
}
