package filter

import (
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/relate"
	"github.com/gewu-city/gewu/index/filter/cql"
)

// spatial is the test of a spatial operation.
func (b *binder) spatial(n *cql.Node, want bool) (*test, error) {
	var sides [2]*relate.Prepared
	for i, arg := range n.Args {
		switch {
		case arg.Op == cql.OpGeometry:
			sides[i] = relate.Prepare(arg.Shape)
		case arg.Op == cql.OpBox:
			sides[i] = relate.Prepare(cql.BoxShape(arg.Box))
		case !b.isGeometry(arg):
			if arg.Op == cql.OpProperty {
				if _, err := b.find(arg); err != nil {
					return nil, err
				}
			}
			return nil, cql.Wrong(arg, "%s compares geometries; that of a feature is called geometry", strings.ToUpper(n.Op))
		case b.def.Geometry == data.GeometryNone:
			return nil, cql.Wrong(arg, "the features of layer %s have no geometry", b.def.Name)
		}
	}
	relation := n.Op
	switch {
	case sides[0] != nil && sides[1] != nil:
		m := relate.Of(sides[0], sides[1])
		return constant(says(relation, &m) == want), nil
	case sides[0] == nil && sides[1] == nil:
		// A geometry beside itself.
		itself := relation == "s_intersects" || relation == "s_equals" || relation == "s_within" || relation == "s_contains"
		return join(false, []*test{constant(itself == want), {leaf: &bareLeaf{false}}}), nil
	case sides[0] != nil:
		relation = cql.Mirror(relation)
	default:
		sides[0] = sides[1]
	}
	return &test{leaf: newSpaceLeaf(relation, sides[0], want, b.def.Geometry == data.GeometryPoint)}, nil
}

// says reports whether the matrix of two shapes has a relation.
func says(relation string, m *relate.Matrix) bool {
	switch relation {
	case "s_intersects":
		return m.Intersects()
	case "s_disjoint":
		return !m.Intersects()
	case "s_equals":
		return m.Equals()
	case "s_touches":
		return m.Touches()
	case "s_within":
		return m.Within()
	case "s_contains":
		return m.Contains()
	case "s_overlaps":
		return m.Overlaps()
	default:
		return m.Crosses()
	}
}

// spaceLeaf passes features whose geometry has a relation to a shape, or with want false those whose geometry has not.
type spaceLeaf struct {
	relation string
	shape    *relate.Prepared
	want     bool
	points   bool
	// apart is the answer for a geometry that does not meet the box of the shape, single that for one point by where it
	// lies in the shape.
	apart  bool
	single [3]bool
}

func newSpaceLeaf(relation string, shape *relate.Prepared, want, points bool) *spaceLeaf {
	l := &spaceLeaf{relation: relation, shape: shape, want: want, points: points, apart: (relation == "s_disjoint") == want}
	// One point contains no more than itself.
	vertices := shape.Shape().Vertices()
	alone := !slices.ContainsFunc(vertices, func(p geo.Point) bool { return p != vertices[0] })
	for _, place := range []relate.Place{relate.Exterior, relate.Interior, relate.Boundary} {
		var is bool
		switch relation {
		case "s_intersects":
			is = place != relate.Exterior
		case "s_disjoint":
			is = place == relate.Exterior
		case "s_touches":
			is = place == relate.Boundary
		case "s_within":
			is = place == relate.Interior
		case "s_equals", "s_contains":
			is = alone && place == relate.Interior
		}
		l.single[place] = is == want
	}
	return l
}

func (d *spaceLeaf) cost() int {
	switch {
	case d.points:
		return 20 + 4*d.shape.Dense()
	case d.relation == "s_intersects" || d.relation == "s_disjoint":
		return 200 + 50*d.shape.Dense()
	default:
		return 5000 + 500*d.shape.Dense()
	}
}

// within implements placed.
func (d *spaceLeaf) within() (geo.Box, bool) { return d.shape.Box(), !d.apart }

func (d *spaceLeaf) keep(sc *scan, sel []uint16) []uint16 {
	n, l := 0, sc.layer
	for _, at := range sel {
		s := sc.block[at]
		sel[n] = at
		var pass bool
		if p, single := l.Point(s); single {
			pass = d.single[d.shape.Locate(p)]
		} else if box := l.Box(s); box.Empty() {
			continue
		} else if !box.Intersects(d.shape.Box()) {
			pass = d.apart
		} else {
			pass = d.has(l.Shape(s), box) == d.want
		}
		if pass {
			n++
		}
	}
	return sel[:n]
}

// has reports whether a geometry has the relation.
func (d *spaceLeaf) has(s geo.Shape, box geo.Box) bool {
	switch d.relation {
	case "s_intersects":
		return d.shape.Intersects(s, box)
	case "s_disjoint":
		return !d.shape.Intersects(s, box)
	}
	m := relate.Of(relate.Prepare(s), d.shape)
	return says(d.relation, &m)
}
