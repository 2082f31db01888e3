package coverage

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage/check"
)

// Cell is a polygon that becomes a face.
type Cell struct {
	Code, Parent string
	Locked       bool
	Attributes   []Attribute
	Shape        geo.Shape
}

// Rule says who gets ground that several cells cover or none does.
type Rule string

// The rules. Without one, such ground stays a defect and there is no coverage.
const (
	// LongestBorder gives ground to the neighbour with the longest common border; an overlap only to one that claims it.
	LongestBorder Rule = "longest_border"
	// Priority gives ground to the first of [Options.Order] that is beside it or claims it; those not listed come behind, in
	// the order of their codes.
	Priority Rule = "priority"
	// Manual gives only what [Options.Choices] say.
	Manual Rule = "manual"
)

// Options say how polygons become a coverage.
type Options struct {
	// Outline is what the faces must cover. Without one it is derived: ground that the cells enclose is a gap.
	Outline geo.Shape
	// Rule fixes gaps, overlaps and what lies outside.
	Rule Rule
	// Order are codes for [Priority], the first wins.
	Order []string
	// Choices are codes by the place of a defect as [Build] listed it; they come before any rule. An empty code gives ground
	// of an overlap or gap to nobody: it lies outside then.
	Choices map[geo.Point]string
	// FixRings repairs invalid rings, see [geo.Fix].
	FixRings bool
}

// Defect is a place where polygons were no coverage.
type Defect struct {
	Kind  check.Kind
	Area  float64 // square metres
	Point geo.Point
	// Cells are codes, ascending.
	Cells []string
	// Fixed tells that a rule or a choice dealt with it; Code is who has the ground now, empty for nobody.
	Fixed bool
	Code  string
	Why   string
}

// ErrDefects is returned by [Build] when defects are left that no rule or choice fixes.
var ErrDefects = errors.New("the cells are no coverage")

// Build makes a coverage of polygons: their edges are cut where they meet and rounded to whole units, see [Node], and ground
// that is not in one cell goes where the options say. Nothing is fixed silently: every defect is listed, ascending by
// place, with what became of it; vertices that were added to edges, too. The coverage has the faces in the order of the
// cells, numbered from 1.
//
// Errors: [ErrDefects]; codes that are empty or given twice; a cell that no ground is left for.
func Build(cells []Cell, o Options) (*Coverage, []Defect, error) {
	b := builder{cells: cells, Options: o}
	if err := b.prepare(); err != nil {
		return nil, nil, err
	}
	b.place()
	open := 0
	for _, d := range b.found {
		if !d.Fixed {
			open++
		}
	}
	if open > 0 {
		return nil, b.found, fmt.Errorf("%w: %d of %d defects are not fixed", ErrDefects, open, len(b.found))
	}
	faces := make([]*Face, len(cells)+1)
	for i := range cells {
		c := &cells[i]
		faces[i+1] = &Face{Code: c.Code, Parent: c.Parent, Locked: c.Locked, Attributes: sortedAttributes(c.Attributes)}
	}
	c := regions(chain(b.borders(), func(geo.Point) bool { return false }), faces)
	for id, f := range c.Faces() {
		if len(f.Rings) == 0 {
			return nil, b.found, fmt.Errorf("no ground is left for cell %s; give it some or leave it out", cells[id-1].Code)
		}
	}
	return c, b.found, nil
}

func sortedAttributes(a []Attribute) []Attribute {
	a = slices.Clone(a)
	slices.SortStableFunc(a, func(x, y Attribute) int { return cmp.Compare(x.Name, y.Name) })
	return a
}

type builder struct {
	Options

	cells []Cell
	plane *plane
	owner []FaceID // of each region
	found []Defect
}

// outlineTag is the label of the declared outline, behind those of the cells.
func (b *builder) outlineTag() int32 { return int32(len(b.cells)) }

// edgeOf is an edge with the cells along it.
type edgeOf struct {
	a, b geo.Point
	mark mark
}

// prepare cuts all edges and builds the graph.
func (b *builder) prepare() error {
	codes := make(map[string]bool, len(b.cells))
	var edges []edgeOf
	for i := range b.cells {
		c := &b.cells[i]
		switch {
		case c.Code == "":
			return fmt.Errorf("cell %d has no code", i)
		case codes[c.Code]:
			return fmt.Errorf("code %s is given twice", c.Code)
		}
		codes[c.Code] = true
		s := c.Shape
		if defects := geo.Validate(s); len(defects) > 0 {
			fixed, _, err := geo.Fix(s)
			d := Defect{Kind: check.InvalidRing, Point: defects[0].At, Cells: []string{c.Code}, Why: defects[0].Error()}
			if d.Fixed = b.FixRings && err == nil; d.Fixed {
				d.Code, s = c.Code, fixed
			}
			b.found = append(b.found, d)
		}
		edges = appendEdges(edges, s, int32(i))
	}
	if b.Outline.Kind() == geo.KindPolygon {
		edges = appendEdges(edges, b.Outline, b.outlineTag())
	}
	slices.SortFunc(edges, func(e, f edgeOf) int { return cmp.Or(comparePoints(e.a, f.a), comparePoints(e.b, f.b)) })
	var strands []Strand
	first := make([]int, 0, len(edges)/2)
	for i, e := range edges {
		if i == 0 || e.a != edges[i-1].a || e.b != edges[i-1].b {
			strands = append(strands, Strand{e.a, e.b, int32(len(strands))})
			first = append(first, i)
		}
	}
	first = append(first, len(edges))
	var pieces []Strand
	for _, p := range Node(strands) {
		of := edges[first[p.Tag]:first[p.Tag+1]]
		if p.B != of[0].b {
			b.cut(p.B, of)
		}
		for _, e := range of {
			if e.mark.net > 0 {
				pieces = append(pieces, Strand{p.A, p.B, e.mark.label})
			} else {
				pieces = append(pieces, Strand{p.B, p.A, e.mark.label})
			}
		}
	}
	b.plane = newPlane(pieces)
	return nil
}

func appendEdges(out []edgeOf, s geo.Shape, label int32) []edgeOf {
	for p := range s.NumPolygons() {
		from, to := s.Polygon(p)
		for r := from; r < to; r++ {
			ring := s.Ring(r)
			net := int32(1)
			if (twice(ring) > 0) != (r == from) {
				net = -1
			}
			for i := 1; i < len(ring); i++ {
				switch c := comparePoints(ring[i-1], ring[i]); {
				case c < 0:
					out = append(out, edgeOf{ring[i-1], ring[i], mark{label, net}})
				case c > 0:
					out = append(out, edgeOf{ring[i], ring[i-1], mark{label, -net}})
				}
			}
		}
	}
	return out
}

// cut lists a vertex that was added to an edge.
func (b *builder) cut(at geo.Point, along []edgeOf) {
	d := Defect{Kind: check.MissingVertex, Point: at, Fixed: true}
	for _, e := range along {
		if e.mark.label != b.outlineTag() {
			d.Cells = append(d.Cells, b.cells[e.mark.label].Code)
		}
	}
	slices.Sort(d.Cells)
	b.found = append(b.found, d)
}

// borders are the edges between different owners.
func (b *builder) borders() []Border {
	p := b.plane
	var out []Border
	for k := range p.u {
		left, right := b.owner[p.region[p.cycle[2*k]]], b.owner[p.region[p.cycle[2*k+1]]]
		if left != right {
			out = append(out, Border{p.nodes[p.u[k]], p.nodes[p.v[k]], left, right})
		}
	}
	return out
}
