package relate

import "github.com/gewu-city/gewu/geo"

// Matrix says how two shapes a and b lie to each other: which of their interiors, boundaries and exteriors share points.
// It is the matrix of nine intersections of OGC Simple Features (06-103r4, 6.1.15), with the one dimension of it that
// predicates ask for.
type Matrix struct {
	// meet[p][q] says that the part p of a shares a point with the part q of b.
	meet [3][3]bool
	// along says that the interiors of two lines share more than points.
	along bool
	// a and b are the dimensions.
	a, b geo.Kind
}

// Of is the matrix of two shapes with geometry. Polygons must be valid, see [geo.Validate]; their rings run as
// [geo.Shape] says.
func Of(a, b *Prepared) Matrix {
	m := Matrix{a: a.shape.Kind(), b: b.shape.Kind()}
	m.meet[Exterior][Exterior] = true
	switch {
	case a.points != nil:
		m.points(a, b)
	case b.points != nil:
		m = Of(b, a)
		m.turn()
	default:
		side := m.lines(a, b)
		m.turn()
		side.add(m.lines(b, a))
		m.turn()
		m.areas(side)
	}
	return m
}

// turn exchanges the shapes.
func (m *Matrix) turn() {
	m.a, m.b = m.b, m.a
	for p := range m.meet {
		for q := range p {
			m.meet[p][q], m.meet[q][p] = m.meet[q][p], m.meet[p][q]
		}
	}
}

// points fills the matrix for points beside anything.
func (m *Matrix) points(a, b *Prepared) {
	for q := range a.points {
		m.meet[Interior][b.Locate(q)] = true
	}
	switch {
	case b.points != nil:
		for q := range b.points {
			if !a.points[q] {
				m.meet[Exterior][Interior] = true
			}
		}
	case m.b == geo.KindPolygon:
		m.meet[Exterior][Interior], m.meet[Exterior][Boundary] = true, true
	default:
		m.meet[Exterior][Interior] = true
		for q := range b.ends {
			if !a.points[q] {
				m.meet[Exterior][Boundary] = true
			}
		}
	}
}

// sides says whether outlines that run together have their areas on the same side or on opposite sides.
type sides struct{ same, opposite bool }

func (s *sides) add(t sides) { s.same, s.opposite = s.same || t.same, s.opposite || t.opposite }

// lines fills the matrix with where the lines and rings of a lie in b.
func (m *Matrix) lines(a, b *Prepared) sides {
	found := sides{}
	row := Interior
	if m.a == geo.KindPolygon {
		row = Boundary
	}
	for _, s := range a.segs {
		found.add(m.segment(a, b, s, row))
	}
	return found
}

// areas adds what lies around the outlines.
func (m *Matrix) areas(s sides) {
	in, out := Interior, Exterior
	switch {
	case m.a == geo.KindPolygon && m.b == geo.KindPolygon:
		// Beside an outline within the other area lie points of both areas and points of the other alone.
		m.meet[in][in] = m.meet[Boundary][in] || m.meet[in][Boundary] || s.same
		m.meet[in][out] = m.meet[Boundary][out] || m.meet[in][Boundary] || s.opposite
		m.meet[out][in] = m.meet[out][Boundary] || m.meet[Boundary][in] || s.opposite
	case m.a == geo.KindPolygon:
		m.meet[in][out] = true
	case m.b == geo.KindPolygon:
		m.meet[out][in] = true
	}
}

// Intersects reports whether the shapes share a point.
func (m *Matrix) Intersects() bool {
	return m.meet[Interior][Interior] || m.meet[Interior][Boundary] || m.meet[Boundary][Interior] || m.meet[Boundary][Boundary]
}

// Within reports whether a lies in b, and not on its boundary alone.
func (m *Matrix) Within() bool {
	return m.meet[Interior][Interior] && !m.meet[Interior][Exterior] && !m.meet[Boundary][Exterior]
}

// Contains reports whether b lies within a.
func (m *Matrix) Contains() bool {
	return m.meet[Interior][Interior] && !m.meet[Exterior][Interior] && !m.meet[Exterior][Boundary]
}

// Equals reports whether the shapes are the same set of points.
func (m *Matrix) Equals() bool { return m.Within() && m.Contains() }

// Touches reports whether the shapes share points of their boundaries and none of their interiors.
func (m *Matrix) Touches() bool { return !m.meet[Interior][Interior] && m.Intersects() }

// Overlaps reports whether shapes of one dimension share a part of that dimension, and each has one for itself.
func (m *Matrix) Overlaps() bool {
	return m.a == m.b && m.meet[Interior][Interior] && m.meet[Interior][Exterior] && m.meet[Exterior][Interior] &&
		(m.a != geo.KindLine || m.along)
}

// Crosses reports whether lines meet in points within both, or a shape of a lesser dimension lies in the other in part.
func (m *Matrix) Crosses() bool {
	switch {
	case m.a < m.b:
		return m.meet[Interior][Interior] && m.meet[Interior][Exterior]
	case m.a > m.b:
		return m.meet[Interior][Interior] && m.meet[Exterior][Interior]
	default:
		return m.a == geo.KindLine && m.meet[Interior][Interior] && !m.along
	}
}
