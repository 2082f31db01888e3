// Package gap measures how far shapes are from each other: a buffer without its outline. A shape is prepared once and then
// compared with many.
package gap

import (
	"errors"
	"math"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// ErrWork is returned when shapes have too many vertices near each other to be measured with the work that is left.
var ErrWork = errors.New("gap: too many vertices near each other")

// fan is how many segments, or boxes of the level below, share a box.
const fan = 8

// segment is one of a line or ring; of shapes of points each point is one without length.
type segment struct{ a, b geo.Point }

func (s segment) box() geo.Box {
	return geo.Box{
		Min: geo.Point{X: min(s.a.X, s.b.X), Y: min(s.a.Y, s.b.Y)},
		Max: geo.Point{X: max(s.a.X, s.b.X), Y: max(s.a.Y, s.b.Y)},
	}
}

// Gauge measures distances from one shape, up to a reach. It holds about 30 bytes for each vertex and is safe for concurrent
// use.
type Gauge struct {
	shape    geo.Shape
	meters   float64
	segments []segment
	// levels[0] are the boxes of each fan segments in a row, and so on up to a single box: what follows each other in an
	// outline lies together.
	levels [][]geo.Box
	// mx and my are the least metres of a unit within the reach of the shape.
	mx, my float64
}

// New prepares a shape that has geometry for distances up to so many metres.
func New(s geo.Shape, meters float64) *Gauge {
	g := &Gauge{shape: s, meters: meters}
	eachSegment(s, func(s segment) bool {
		g.segments = append(g.segments, s)
		return true
	})
	level := make([]geo.Box, 0, len(g.segments)/fan+1)
	for i := 0; i < len(g.segments); i += fan {
		b := g.segments[i].box()
		for _, s := range g.segments[i+1 : min(i+fan, len(g.segments))] {
			b = b.Union(s.box())
		}
		level = append(level, b)
	}
	g.levels = append(g.levels, level)
	for len(level) > 1 {
		next := make([]geo.Box, 0, len(level)/fan+1)
		for i := 0; i < len(level); i += fan {
			b := level[i]
			for _, c := range level[i+1 : min(i+fan, len(level))] {
				b = b.Union(c)
			}
			next = append(next, b)
		}
		g.levels, level = append(g.levels, next), next
	}
	// A unit to the east is shortest where the reach is nearest to a pole, one to the north at the equator.
	box := level[0]
	const equator = 110_574.0 // metres of the shortest degree to the north
	far := min(90, max(math.Abs(box.Min.Lat()), math.Abs(box.Max.Lat()))+meters/equator)
	g.mx, _ = geo.Scale(far)
	_, g.my = geo.Scale(0)
	return g
}

// Box is a box that holds everything within the reach. It ends at the antimeridian: distances are not measured across it.
func (g *Gauge) Box() geo.Box {
	b := g.levels[len(g.levels)-1][0]
	dx, dy := 2*float64(geo.MaxX), math.Ceil(g.meters/g.my)+1
	if g.mx > 0 {
		dx = min(dx, math.Ceil(g.meters/g.mx)+1)
	}
	within := func(v float64) int32 { return int32(max(-geo.MaxX, min(geo.MaxX, v))) }
	return geo.Box{
		Min: geo.Point{X: within(float64(b.Min.X) - dx), Y: within(float64(b.Min.Y) - dy)},
		Max: geo.Point{X: within(float64(b.Max.X) + dx), Y: within(float64(b.Max.Y) + dy)},
	}
}

// Distance is the distance in metres between the shapes, with the accuracy of [geo.Distance], and +Inf when it is beyond
// the reach. It is 0 when they share a point: where they cross, touch, or one lies in the other. work is lowered by what was
// looked at; below 0 the error is [ErrWork].
func (g *Gauge) Distance(s geo.Shape, work *int) (float64, error) {
	// Squares, with room for rounding; what is not lowered is beyond.
	const rounding = 1 + 1e-12
	most := g.meters * g.meters * rounding
	best := most
	top := len(g.levels) - 1
	eachSegment(s, func(t segment) bool {
		g.nearest(top, 0, t, t.box(), &best, work)
		return best > 0 && *work >= 0
	})
	if best > 0 && *work >= 0 && (g.within(s, g.shape, work) || g.within(g.shape, s, work)) {
		best = 0
	}
	if *work < 0 {
		return 0, ErrWork
	}
	if best == most {
		return math.Inf(1), nil
	}
	return min(math.Sqrt(best), g.meters), nil
}

// within reports whether a part of inner lies in a polygon; their outlines do not meet, so that one vertex tells for its
// ring.
func (g *Gauge) within(inner, polygon geo.Shape, work *int) bool {
	if polygon.Kind() != geo.KindPolygon {
		return false
	}
	box := polygon.Box()
	contains := func(p geo.Point) bool {
		if !box.Contains(p) || *work < 0 {
			return false
		}
		*work -= len(polygon.Vertices())
		return polygon.Contains(p)
	}
	if inner.Kind() == geo.KindPoint {
		return slices.ContainsFunc(inner.Vertices(), contains)
	}
	for i := range inner.NumRings() {
		if contains(inner.Ring(i)[0]) {
			return true
		}
	}
	return false
}

// nearest lowers best to the squared distance of a segment from what is below a box.
func (g *Gauge) nearest(level, at int, t segment, box geo.Box, best *float64, work *int) {
	*work--
	if g.apart(g.levels[level][at], box) > *best || *work < 0 {
		return
	}
	from := at * fan
	if level > 0 {
		for i := from; i < min(from+fan, len(g.levels[level-1])); i++ {
			g.nearest(level-1, i, t, box, best, work)
		}
		return
	}
	for _, s := range g.segments[from:min(from+fan, len(g.segments))] {
		*work--
		if g.apart(s.box(), box) > *best {
			continue
		}
		*best = min(*best, between(s, t))
	}
}

// apart is a lower bound of the squared distance of what lies in two boxes.
func (g *Gauge) apart(a, b geo.Box) float64 {
	dx := float64(max(0, int64(a.Min.X)-int64(b.Max.X), int64(b.Min.X)-int64(a.Max.X))) * g.mx
	dy := float64(max(0, int64(a.Min.Y)-int64(b.Max.Y), int64(b.Min.Y)-int64(a.Max.Y))) * g.my
	const rounding = 1 - 1e-9
	return (dx*dx + dy*dy) * rounding
}

// between is the squared distance of two segments.
func between(s, t segment) float64 {
	if meet(s, t) {
		return 0
	}
	return min(toSegment(s.a, t), toSegment(s.b, t), toSegment(t.a, s), toSegment(t.b, s))
}

// meet reports exactly whether two segments share a point.
func meet(s, t segment) bool {
	if !s.box().Intersects(t.box()) {
		return false
	}
	a, b := geo.Orient(s.a, s.b, t.a), geo.Orient(s.a, s.b, t.b)
	c, d := geo.Orient(t.a, t.b, s.a), geo.Orient(t.a, t.b, s.b)
	// On one straight line the boxes have told; a point on it has the sign 0 twice.
	return a*b <= 0 && c*d <= 0
}

// toSegment is the squared distance of a point from a segment. The foot of the perpendicular is found with the scale at
// the point and measured with the scale half-way to it, as [geo.Shape.Distance] does.
func toSegment(p geo.Point, s segment) float64 {
	mx, my := geo.Scale(p.Lat())
	ax, ay := float64(int64(s.a.X)-int64(p.X)), float64(int64(s.a.Y)-int64(p.Y))
	dx, dy := float64(int64(s.b.X)-int64(s.a.X)), float64(int64(s.b.Y)-int64(s.a.Y))
	ux, uy := dx*mx, dy*my
	t := 0.0
	if l := ux*ux + uy*uy; l > 0 {
		t = max(0, min(1, -(ax*mx*ux+ay*my*uy)/l))
	}
	x, y := ax+t*dx, ay+t*dy
	mx, my = geo.Scale(p.Lat() + y/geo.Unit/2)
	x, y = x*mx, y*my
	return x*x + y*y
}

// eachSegment calls visit for the segments of a shape until it returns false.
func eachSegment(s geo.Shape, visit func(segment) bool) {
	if s.Kind() == geo.KindPoint {
		for _, p := range s.Vertices() {
			if !visit(segment{p, p}) {
				return
			}
		}
		return
	}
	for i := range s.NumRings() {
		run := s.Ring(i)
		for j := 1; j < len(run); j++ {
			if !visit(segment{run[j-1], run[j]}) {
				return
			}
		}
	}
}
