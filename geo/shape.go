package geo

import (
	"errors"
	"fmt"
	"slices"

	"github.com/paulmach/orb"
)

// Kind is the dimension of a shape. Multi-part geometries have the kind of their parts.
type Kind uint8

// The kinds of shape. KindNone is a feature without geometry.
const (
	KindNone Kind = iota
	KindPoint
	KindLine
	KindPolygon
)

// String is the word used in layer definitions: none, point, line, polygon.
func (k Kind) String() string {
	switch k {
	case KindPoint:
		return "point"
	case KindLine:
		return "line"
	case KindPolygon:
		return "polygon"
	default:
		return "none"
	}
}

// Shape is an immutable geometry of one kind with any number of parts, in integer units. Rings are closed (first
// vertex = last), outer rings run counter-clockwise and holes clockwise. The zero Shape has no geometry.
//
// The vertices lie in one flat slice; callers must not write to slices they get from a Shape.
type Shape struct {
	kind Kind
	xy   []Point
	// rings[i] is the end (exclusive, in vertices) of ring or line i; nil for points.
	rings []uint32
	// polys[i] is the end (exclusive, in rings) of polygon i; nil for points and lines.
	polys []uint32
}

// ErrMixed is returned when a geometry collection mixes points, lines and polygons.
var ErrMixed = errors.New("geometry collection mixes points, lines and polygons")

// PointShape is a shape of one point.
func PointShape(p Point) Shape { return Shape{kind: KindPoint, xy: []Point{p}} }

// NewShape builds a shape from flat parts, which it keeps: the caller must not change them afterwards. It checks the
// structure (ends ascending and in range, rings closed with at least four vertices, lines with at least two) but
// not validity; see [Validate]. Decoders use it on untrusted bytes.
func NewShape(kind Kind, xy []Point, rings, polys []uint32) (Shape, error) {
	s := Shape{kind: kind, xy: xy, rings: rings, polys: polys}
	for _, p := range xy {
		if p.X < -MaxX || p.X > MaxX || p.Y < -MaxY || p.Y > MaxY {
			return Shape{}, fmt.Errorf("geo: coordinate %v, %v outside ±180, ±90", p.Lon(), p.Lat())
		}
	}
	switch kind {
	case KindNone:
		if len(xy)+len(rings)+len(polys) != 0 {
			return Shape{}, errors.New("geo: a shape without geometry has vertices")
		}
		return s, nil
	case KindPoint:
		if len(xy) == 0 || len(rings)+len(polys) != 0 {
			return Shape{}, errors.New("geo: a point shape needs vertices and no rings")
		}
		return s, nil
	case KindLine:
		if err := checkEnds("line", rings, len(xy), 2); err != nil {
			return Shape{}, err
		}
		if len(polys) != 0 {
			return Shape{}, errors.New("geo: a line shape has polygons")
		}
		return s, nil
	case KindPolygon:
		if err := checkEnds("ring", rings, len(xy), 4); err != nil {
			return Shape{}, err
		}
		for i := range rings {
			if r := s.Ring(i); r[0] != r[len(r)-1] {
				return Shape{}, fmt.Errorf("geo: ring %d is not closed at %v, %v", i, r[0].Lon(), r[0].Lat())
			}
		}
		return s, checkEnds("polygon", polys, len(rings), 1)
	default:
		return Shape{}, fmt.Errorf("geo: unknown kind %d", kind)
	}
}

// checkEnds verifies that ends partition [0, total) into runs of at least least members.
func checkEnds(what string, ends []uint32, total, least int) error {
	if len(ends) == 0 {
		return fmt.Errorf("geo: no %s", what)
	}
	at := uint32(0)
	for i, end := range ends {
		if end > uint32(total) || end < at || end-at < uint32(least) {
			return fmt.Errorf("geo: %s %d has fewer than %d members or ends outside", what, i, least)
		}
		at = end
	}
	if at != uint32(total) {
		return fmt.Errorf("geo: %d members belong to no %s", total-int(at), what)
	}
	return nil
}

// FromOrb rounds a geometry in degrees to a Shape. Consecutive vertices that fall on the same integer point become
// one. Collections of one kind become multi-part shapes; mixed ones return [ErrMixed]. A nil geometry is the empty
// Shape. Errors say which part is wrong and where: a coordinate that is not a number or out of range, an open ring,
// a ring or line with too few distinct vertices. The input is not modified.
func FromOrb(g orb.Geometry) (Shape, error) {
	b := builder{}
	b.s.xy = make([]Point, 0, size(g))
	if err := b.add(g); err != nil {
		return Shape{}, err
	}
	if b.s.kind == KindNone && g != nil {
		return Shape{}, errors.New("geometry is empty")
	}
	return b.s, nil
}

// size is the number of vertices of a geometry.
func size(g orb.Geometry) int {
	n := 0
	switch g := g.(type) {
	case orb.Point:
		n = 1
	case orb.MultiPoint:
		n = len(g)
	case orb.LineString:
		n = len(g)
	case orb.MultiLineString:
		for _, l := range g {
			n += len(l)
		}
	case orb.Ring:
		n = len(g)
	case orb.Polygon:
		for _, r := range g {
			n += len(r)
		}
	case orb.MultiPolygon:
		for _, p := range g {
			n += size(p)
		}
	case orb.Bound:
		n = 5
	case orb.Collection:
		for _, m := range g {
			n += size(m)
		}
	}
	return n
}

type builder struct{ s Shape }

func (b *builder) is(k Kind) error {
	if b.s.kind != KindNone && b.s.kind != k {
		return ErrMixed
	}
	b.s.kind = k
	return nil
}

func (b *builder) add(g orb.Geometry) error {
	switch g := g.(type) {
	case nil:
		return nil
	case orb.Point:
		return b.points(orb.MultiPoint{g})
	case orb.MultiPoint:
		return b.points(g)
	case orb.LineString:
		return b.line(g)
	case orb.MultiLineString:
		for i, l := range g {
			if err := b.line(l); err != nil {
				return fmt.Errorf("line %d: %w", i, err)
			}
		}
	case orb.Ring:
		return b.polygon(orb.Polygon{g})
	case orb.Polygon:
		return b.polygon(g)
	case orb.MultiPolygon:
		for i, p := range g {
			if err := b.polygon(p); err != nil {
				return fmt.Errorf("polygon %d: %w", i, err)
			}
		}
	case orb.Bound:
		return b.polygon(g.ToPolygon())
	case orb.Collection:
		for i, m := range g {
			if err := b.add(m); err != nil {
				return fmt.Errorf("member %d: %w", i, err)
			}
		}
	default:
		return fmt.Errorf("unknown geometry type %T", g)
	}
	return nil
}

func (b *builder) points(ps []orb.Point) error {
	if len(ps) == 0 {
		return nil
	}
	if err := b.is(KindPoint); err != nil {
		return err
	}
	for _, p := range ps {
		q, ok := FromDegrees(p[0], p[1])
		if !ok {
			return fmt.Errorf("coordinate %v, %v is not a longitude and latitude", p[0], p[1])
		}
		b.s.xy = append(b.s.xy, q)
	}
	return nil
}

// run appends the vertices of a line or ring without repeated ones and returns how many it appended.
func (b *builder) run(ps []orb.Point) (int, error) {
	start := len(b.s.xy)
	for _, p := range ps {
		q, ok := FromDegrees(p[0], p[1])
		if !ok {
			return 0, fmt.Errorf("coordinate %v, %v is not a longitude and latitude", p[0], p[1])
		}
		if n := len(b.s.xy); n == start || b.s.xy[n-1] != q {
			b.s.xy = append(b.s.xy, q)
		}
	}
	return len(b.s.xy) - start, nil
}

func (b *builder) line(l orb.LineString) error {
	if len(l) == 0 {
		return nil
	}
	if err := b.is(KindLine); err != nil {
		return err
	}
	n, err := b.run(l)
	if err != nil {
		return err
	}
	if n < 2 {
		return fmt.Errorf("line at %v, %v has fewer than two distinct vertices", l[0][0], l[0][1])
	}
	b.s.rings = append(b.s.rings, uint32(len(b.s.xy)))
	return nil
}

func (b *builder) polygon(p orb.Polygon) error {
	if len(p) == 0 {
		return nil
	}
	if err := b.is(KindPolygon); err != nil {
		return err
	}
	for i, r := range p {
		start := len(b.s.xy)
		n, err := b.run(r)
		if err != nil {
			return fmt.Errorf("ring %d: %w", i, err)
		}
		if len(r) == 0 || n < 2 {
			return fmt.Errorf("ring %d has fewer than three distinct vertices", i)
		}
		ring := b.s.xy[start:]
		if ring[0] != ring[n-1] {
			return fmt.Errorf("ring %d is not closed: it starts at %v, %v and ends at %v, %v",
				i, r[0][0], r[0][1], r[len(r)-1][0], r[len(r)-1][1])
		}
		if n < 4 {
			return fmt.Errorf("ring %d at %v, %v has fewer than three distinct vertices", i, r[0][0], r[0][1])
		}
		// Outer rings counter-clockwise, holes clockwise, so that equal areas are equal shapes. A ring without area
		// keeps its direction, so that a shape written and read again is the same.
		if turn := areaSign(ring); turn < 0 && i == 0 || turn > 0 && i > 0 {
			slices.Reverse(ring)
		}
		b.s.rings = append(b.s.rings, uint32(len(b.s.xy)))
	}
	b.s.polys = append(b.s.polys, uint32(len(b.s.rings)))
	return nil
}

// Kind is the dimension of the shape.
func (s Shape) Kind() Kind { return s.kind }

// Vertices are all vertices in order. For points they are the points themselves.
func (s Shape) Vertices() []Point { return s.xy }

// RingEnds are the ends (exclusive, in vertices) of the rings or lines; nil for points.
func (s Shape) RingEnds() []uint32 { return s.rings }

// PolygonEnds are the ends (exclusive, in rings) of the polygons; nil for points and lines.
func (s Shape) PolygonEnds() []uint32 { return s.polys }

// NumRings is the number of rings of a polygon shape or of lines of a line shape.
func (s Shape) NumRings() int { return len(s.rings) }

// Ring is ring or line i, rings closed.
func (s Shape) Ring(i int) []Point {
	start := uint32(0)
	if i > 0 {
		start = s.rings[i-1]
	}
	return s.xy[start:s.rings[i]:s.rings[i]]
}

// NumPolygons is the number of polygons.
func (s Shape) NumPolygons() int { return len(s.polys) }

// Polygon is the half-open range of the rings of polygon i; the first is its outer ring.
func (s Shape) Polygon(i int) (from, to int) {
	if i > 0 {
		from = int(s.polys[i-1])
	}
	return from, int(s.polys[i])
}

// Box is the bounding box, empty for a shape without geometry.
func (s Shape) Box() Box {
	b := EmptyBox()
	for _, p := range s.xy {
		b = b.Extend(p)
	}
	return b
}

// Equal reports whether both shapes have the same parts and vertices in the same order.
func (s Shape) Equal(t Shape) bool {
	return s.kind == t.kind && slices.Equal(s.xy, t.xy) && slices.Equal(s.rings, t.rings) && slices.Equal(s.polys, t.polys)
}

// Orb is a fresh copy in degrees: a Point, LineString or Polygon for one part, the Multi type for several, nil for
// no geometry.
func (s Shape) Orb() orb.Geometry {
	switch s.kind {
	case KindPoint:
		if len(s.xy) == 1 {
			return s.xy[0].Orb()
		}
		return orb.MultiPoint(orbRun(s.xy))
	case KindLine:
		if len(s.rings) == 1 {
			return orb.LineString(orbRun(s.xy))
		}
		m := make(orb.MultiLineString, len(s.rings))
		for i := range m {
			m[i] = orb.LineString(orbRun(s.Ring(i)))
		}
		return m
	case KindPolygon:
		m := make(orb.MultiPolygon, len(s.polys))
		for i := range m {
			from, to := s.Polygon(i)
			m[i] = make(orb.Polygon, 0, to-from)
			for r := from; r < to; r++ {
				m[i] = append(m[i], orb.Ring(orbRun(s.Ring(r))))
			}
		}
		if len(m) == 1 {
			return m[0]
		}
		return m
	default:
		return nil
	}
}

func orbRun(ps []Point) []orb.Point {
	out := make([]orb.Point, len(ps))
	for i, p := range ps {
		out[i] = p.Orb()
	}
	return out
}
