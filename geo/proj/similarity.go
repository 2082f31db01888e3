package proj

import (
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// Similarity turns, scales and moves a plane: the transformation with four parameters (四参数) by which cities derive
// their own grid from a national one. It counts from a place in the middle of the control points, so that seven-digit
// coordinates lose nothing.
type Similarity struct {
	from, to orb.Point
	a, b     float64 // scale times cosine and sine of the rotation
}

// Scale is the length in the target of one metre in the source.
func (s Similarity) Scale() float64 { return math.Hypot(s.a, s.b) }

// Rotation is the angle in degrees, counter-clockwise, by which directions are turned.
func (s Similarity) Rotation() float64 { return math.Atan2(s.b, s.a) / rad }

// Forward converts from the source to the target.
func (s Similarity) Forward(p orb.Point) orb.Point {
	x, y := p[0]-s.from[0], p[1]-s.from[1]
	return orb.Point{s.to[0] + s.a*x - s.b*y, s.to[1] + s.b*x + s.a*y}
}

// Inverse converts from the target to the source.
func (s Similarity) Inverse(p orb.Point) orb.Point {
	x, y := p[0]-s.to[0], p[1]-s.to[1]
	k := s.a*s.a + s.b*s.b
	return orb.Point{s.from[0] + (s.a*x+s.b*y)/k, s.from[1] + (s.a*y-s.b*x)/k}
}

// ControlPoint is a place known in two plane systems, in metres, east before north.
type ControlPoint struct {
	Name     string
	From, To orb.Point
}

// Fit is a similarity fitted to control points, with what tells how good it is.
type Fit struct {
	Similarity
	// Residuals say for each control point how far the fitted place lies from the given one, east and north in metres
	// of the target. With two points they are zero and prove nothing.
	Residuals []orb.Point
	// RMS is the root mean square of the distances in metres.
	RMS float64
	// Outlier is the index of the point that does not fit the others, or -1. From four points on, a point is named if
	// chance would make it stand out so far in less than one fit of a hundred, and if it is off by a centimetre at
	// least. It may not be the only one.
	Outlier int
	// Off is by how many metres the outlier misses the place that the others give it.
	Off float64
	// Exchanged tells that the points would fit a hundred times better if east and north of the target changed places.
	Exchanged bool
}

// FitSimilarity finds by least squares the similarity that takes the control points from one system to the other. It
// needs two points in different places; the error says which points are of no use.
func FitSimilarity(points []ControlPoint) (Fit, error) {
	if len(points) < 2 {
		return Fit{}, fmt.Errorf("%d control points; two at least are needed, and four to find a wrong one", len(points))
	}
	for _, p := range points {
		if !finite(p.From[0]+p.From[1]) || !finite(p.To[0]+p.To[1]) {
			return Fit{}, fmt.Errorf("control point %q has coordinates that are not finite", p.Name)
		}
	}
	s, ok := solve(points, -1)
	switch {
	case ok:
	case exchangedTarget(points, math.Inf(1)):
		return Fit{}, errMirrored
	default:
		return Fit{}, fmt.Errorf("all control points lie in one place, like %q", points[0].Name)
	}
	f := Fit{Similarity: s, Residuals: make([]orb.Point, len(points)), Outlier: -1}
	sum := 0.0
	for i, p := range points {
		q := s.Forward(p.From)
		f.Residuals[i] = orb.Point{q[0] - p.To[0], q[1] - p.To[1]}
		sum += squared(f.Residuals[i])
	}
	f.RMS = math.Sqrt(sum / float64(len(points)))
	f.findOutlier(points, sum)
	f.Exchanged = exchangedTarget(points, f.RMS)
	return f, nil
}

// errMirrored is of points whose target is a mirror image: turning and stretching shrinks it to nothing.
var errMirrored = errors.New("the own coordinates are a mirror image of the known ones: own_east and own_north are exchanged (surveyors write north as X), " +
	"or one of them has the wrong sign")

// solve is the least-squares similarity without the point skip. It reports false when all points coincide in one of
// the systems, or fit best when shrunk to nothing.
func solve(points []ControlPoint, skip int) (Similarity, bool) {
	var s Similarity
	n := 0.0
	for i, p := range points {
		if i == skip {
			continue
		}
		// A running mean does not overflow and keeps digits.
		n++
		for k := range 2 {
			s.from[k] += (p.From[k] - s.from[k]) / n
			s.to[k] += (p.To[k] - s.to[k]) / n
		}
	}
	var spread, a, b float64
	for i, p := range points {
		if i == skip {
			continue
		}
		x, y := p.From[0]-s.from[0], p.From[1]-s.from[1]
		u, v := p.To[0]-s.to[0], p.To[1]-s.to[1]
		spread += x*x + y*y
		a += x*u + y*v
		b += x*v - y*u
	}
	s.a, s.b = a/spread, b/spread
	k := s.a*s.a + s.b*s.b
	// Below a nanometre of spread, or shrunk to nothing, there is no way back.
	return s, spread > 1e-18 && finite(k) && k > 1e-18
}

// findOutlier leaves out each point in turn. If errors are alike and normal, the share that the rest keeps of the sum
// of squares follows from the F distribution with 2 and 2n-6 degrees of freedom, whose tail is a power.
func (f *Fit) findOutlier(points []ControlPoint, sum float64) {
	n := len(points)
	if n < 4 {
		return
	}
	least := 0.01 / float64(n)
	for i, p := range points {
		s, ok := solve(points, i)
		if !ok {
			continue
		}
		rest := 0.0
		for j, q := range points {
			if j != i {
				rest += squared(between(s.Forward(q.From), q.To))
			}
		}
		off := math.Sqrt(squared(between(s.Forward(p.From), p.To)))
		if chance := math.Pow(rest/sum, float64(n-3)); chance < least && off >= 0.01 {
			least, f.Outlier, f.Off = chance, i, off
		}
	}
}

// exchangedTarget reports whether the points fit far better with the coordinates of the target exchanged.
func exchangedTarget(points []ControlPoint, rms float64) bool {
	if len(points) < 3 || rms < 1 {
		return false
	}
	turned := make([]ControlPoint, len(points))
	for i, p := range points {
		turned[i] = ControlPoint{From: p.From, To: orb.Point{p.To[1], p.To[0]}}
	}
	s, ok := solve(turned, -1)
	sum, size := 0.0, 0.0
	for _, p := range turned {
		sum += squared(between(s.Forward(p.From), p.To))
		size = max(size, math.Sqrt(squared(between(p.To, turned[0].To))))
	}
	return ok && math.Sqrt(sum/float64(len(points))) < min(rms/100, size/1000)
}

func between(a, b orb.Point) orb.Point { return orb.Point{a[0] - b[0], a[1] - b[1]} }

func squared(p orb.Point) float64 { return p[0]*p[0] + p[1]*p[1] }
