package impact

import (
	"cmp"
	"math"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// Cell is one polygon of a set of cells.
type Cell struct {
	// Code names the cell. Several polygons may have the same, a defect of the data: together they are one cell then.
	Code string
	// Parent is the code of the area of the level above, empty without levels.
	Parent string
	// ID is the permanent id of the feature, by which the edge rule orders cells that touch a point of the outline. Cells that
	// have none yet, 0, come behind those that do, by code.
	ID    uint32
	Shape geo.Shape
}

// Kind says what becomes of a cell.
type Kind string

// The kinds of change, in the order in which they come first when several apply.
const (
	Added    Kind = "added"
	Ended    Kind = "ended"
	Reshaped Kind = "reshaped"
	// Reassigned cells keep their ground and come to another parent.
	Reassigned Kind = "reassigned"
)

// Row is a cell that changes. Areas are in square metres, 0 where the cell does not exist.
type Row struct {
	Code         string  `json:"code"`
	Change       Kind    `json:"change"`
	ParentBefore string  `json:"parent_before,omitempty"`
	ParentAfter  string  `json:"parent_after,omitempty"`
	AreaBefore   float64 `json:"area_before_m2"`
	AreaAfter    float64 `json:"area_after_m2"`
}

// Share is ground that comes from one cell to another, or stays in a cell that changes; an empty code is ground that no cell
// has.
type Share struct {
	From string  `json:"from"`
	To   string  `json:"to"`
	Area float64 `json:"area_m2"`
	// Share is the part of the area of From, from 0 to 1; of To when From is empty.
	Share float64 `json:"share"`
}

// version is one of the two sets. It holds the cells with a polygon in the order of the edge rule.
type version struct {
	cells   []Cell
	boxes   []geo.Box
	code    []int32 // number of the code of each cell
	changed []bool
	listed  []int32 // cells that reach into ground that changed
	start   []uint32
	in      []int32
}

// Change is the difference between two sets of cells. It is immutable and safe for concurrent use.
type Change struct {
	// Before and After are how many cells there are.
	Before, After int

	old, new version
	codes    []string
	touched  []bool // by code: something of the cell changed
	rows     []Row
	field    field
}

// Compare finds what differs. Cells without a polygon are passed over. It keeps the slices.
func Compare(before, after []Cell) *Change {
	c := &Change{}
	c.old.cells, c.new.cells = order(before), order(after)
	c.Before, c.After = len(c.old.cells), len(c.new.cells)
	numbers := make(map[string]int32, len(c.old.cells))
	for _, v := range []*version{&c.old, &c.new} {
		v.code, v.changed = make([]int32, len(v.cells)), make([]bool, len(v.cells))
		v.boxes = make([]geo.Box, len(v.cells))
		for i := range v.cells {
			n, ok := numbers[v.cells[i].Code]
			if !ok {
				n = int32(len(c.codes))
				numbers[v.cells[i].Code] = n
				c.codes = append(c.codes, v.cells[i].Code)
			}
			v.code[i], v.boxes[i] = n, v.cells[i].Shape.Box()
		}
	}
	c.match()
	c.field = newField(&c.old, &c.new)
	return c
}

// order sorts cells by the edge rule.
func order(cells []Cell) []Cell {
	out := slices.Clone(cells)
	out = slices.DeleteFunc(out, func(c Cell) bool { return c.Shape.Kind() != geo.KindPolygon })
	slices.SortStableFunc(out, func(a, b Cell) int {
		// 0 turns to the highest number.
		return cmp.Or(cmp.Compare(a.ID-1, b.ID-1), cmp.Compare(a.Code, b.Code))
	})
	return out
}

// match marks the cells that are not the same in both sets and lists them.
func (c *Change) match() {
	was, is := c.old.byCode(len(c.codes)), c.new.byCode(len(c.codes))
	c.touched = make([]bool, len(c.codes))
	for n := range c.codes {
		if len(was[n]) == 1 && len(is[n]) == 1 {
			x, y := &c.old.cells[was[n][0]], &c.new.cells[is[n][0]]
			if x.Parent == y.Parent && x.ID == y.ID && SameGround(x.Shape, y.Shape) {
				continue
			}
		}
		// Several polygons with one code are never taken for the same.
		c.touched[n] = true
		c.row(int32(n), was[n], is[n])
	}
	for _, v := range []*version{&c.old, &c.new} {
		for i, n := range v.code {
			v.changed[i] = c.touched[n]
		}
	}
	slices.SortFunc(c.rows, func(a, b Row) int { return cmp.Compare(a.Code, b.Code) })
}

// byCode are the cells of each code.
func (v *version) byCode(n int) [][]int32 {
	all := make([]int32, len(v.code))
	out := make([][]int32, n)
	for i, code := range v.code {
		if out[code] == nil {
			all[i] = int32(i)
			out[code] = all[i : i+1 : i+1]
			continue
		}
		out[code] = append(out[code], int32(i))
	}
	return out
}

// row lists a code that changes, of which each set has the given polygons.
func (c *Change) row(n int32, was, is []int32) {
	r := Row{Code: c.codes[n]}
	for _, i := range was {
		r.ParentBefore = c.old.cells[i].Parent
		r.AreaBefore += c.old.cells[i].Shape.Area()
	}
	for _, i := range is {
		r.ParentAfter = c.new.cells[i].Parent
		r.AreaAfter += c.new.cells[i].Shape.Area()
	}
	r.AreaBefore, r.AreaAfter = centi(r.AreaBefore), centi(r.AreaAfter)
	switch {
	case len(was) == 0:
		r.Change = Added
	case len(is) == 0:
		r.Change = Ended
	case !c.same(was, is):
		r.Change = Reshaped
	case r.ParentBefore != r.ParentAfter:
		r.Change = Reassigned
	default:
		return // a new id alone changes who answers on the outline, but nothing of the cell
	}
	c.rows = append(c.rows, r)
}

// same reports whether two lists of polygons are the same ground, one by one.
func (c *Change) same(was, is []int32) bool {
	return slices.EqualFunc(was, is, func(i, j int32) bool { return SameGround(c.old.cells[i].Shape, c.new.cells[j].Shape) })
}

// Rows are the cells that change, ascending by code. They must not be changed.
func (c *Change) Rows() []Row { return c.rows }

// centi rounds to hundredths: coordinates are no finer than a centimetre.
func centi(v float64) float64 { return math.Round(v*100) / 100 }

// SameGround reports whether two polygon shapes have the same rings, wherever these begin and in whatever order they are.
func SameGround(a, b geo.Shape) bool {
	if len(a.Vertices()) != len(b.Vertices()) || a.NumRings() != b.NumRings() || a.Box() != b.Box() {
		return false
	}
	return a.Equal(b) || slices.EqualFunc(canonical(a), canonical(b), slices.Equal[[]geo.Point])
}

// canonical are the rings of a shape, open, each from its least vertex on, ascending.
func canonical(s geo.Shape) [][]geo.Point {
	out := make([][]geo.Point, s.NumRings())
	for i := range out {
		ring := s.Ring(i)
		ring = ring[:len(ring)-1]
		at := 0
		for k := range ring {
			if comparePoints(ring[k], ring[at]) < 0 {
				at = k
			}
		}
		out[i] = append(append(make([]geo.Point, 0, len(ring)), ring[at:]...), ring[:at]...)
		if n := len(out[i]); n > 2 && comparePoints(out[i][1], out[i][n-1]) > 0 {
			slices.Reverse(out[i][1:])
		}
	}
	slices.SortFunc(out, func(a, b []geo.Point) int { return slices.CompareFunc(a, b, comparePoints) })
	return out
}

func comparePoints(a, b geo.Point) int { return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y)) }
