package geo

import "math"

// The WGS 84 ellipsoid. CGCS2000 and GRS 80 differ from it by less than 0.2 mm in the minor axis.
const (
	wgsA  = 6378137.0            // semi-major axis in metres
	wgsF  = 1 / 298.257223563    // flattening
	wgsE2 = wgsF * (2 - wgsF)    // first eccentricity squared
	wgsB  = wgsA * (1 - wgsF)    // semi-minor axis in metres
	rad   = math.Pi / 180        // radians in one degree
	step  = math.Pi / 180 / Unit // radians in one integer unit
	turn  = int64(2 * MaxX)      // units of the full circle
)

// Scale is the length in metres of one integer unit (1e-7 degree) to the east and to the north at latitude lat, in
// degrees, on the WGS 84 ellipsoid: the radii of curvature of the prime vertical (times the cosine) and of the
// meridian.
func Scale(lat float64) (mx, my float64) {
	sin, cos := math.Sincos(lat * rad)
	w := 1 - wgsE2*sin*sin
	r := math.Sqrt(w)
	return wgsA / r * cos * step, wgsA * (1 - wgsE2) / (w * r) * step
}

// Distance is the distance in metres between two points, from [Scale] at their middle latitude. Below 10 km and
// latitude 80° its relative error is under 1e-5, and below 100 km under 1e-4; it is meant for cities and not for
// crossing oceans. Differences of longitude above 180° are taken the other way round.
func Distance(a, b Point) float64 {
	mx, my := Scale((a.Lat() + b.Lat()) / 2)
	dx := int64(b.X) - int64(a.X)
	switch {
	case dx > turn/2:
		dx -= turn
	case dx < -turn/2:
		dx += turn
	}
	return math.Hypot(float64(dx)*mx, float64(int64(b.Y)-int64(a.Y))*my)
}

// Length is the length in metres of all lines of a line shape, or the perimeter with holes of a polygon shape; 0 for
// points. Each edge is measured by [Distance].
func (s Shape) Length() float64 {
	sum := 0.0
	for i := range s.rings {
		run := s.Ring(i)
		for j := 1; j < len(run); j++ {
			sum += Distance(run[j-1], run[j])
		}
	}
	return sum
}

// Distance is the distance in metres from p to the nearest point of the shape, with the accuracy of [Distance]. It is
// 0 inside a polygon and on an outline, and +Inf for a shape without geometry.
func (s Shape) Distance(p Point) float64 {
	if s.Contains(p) {
		return 0
	}
	return s.OutlineDistance(p)
}

// OutlineDistance is the distance in metres from p to the nearest point of the outline of a polygon shape, inside as
// outside; for other kinds it is [Shape.Distance].
func (s Shape) OutlineDistance(p Point) float64 {
	m := newNear(p, 0)
	best := m.shape(s)
	// Near the antimeridian the nearest part may lie on its other side.
	switch {
	case p.X > 179*Unit:
		m = newNear(p, turn)
		best = min(best, m.shape(s))
	case p.X < -179*Unit:
		m = newNear(p, -turn)
		best = min(best, m.shape(s))
	}
	return math.Sqrt(best)
}

// near measures squared distances from one point. The foot of the perpendicular is found with the scale at the
// point; its distance is taken with the scale half-way to it, which differs by dmx per unit of latitude. A small
// error in the foot's place changes its distance only in second order.
type near struct {
	px, py  int64
	mx, my  float64
	halfDmx float64
}

func newNear(p Point, shift int64) near {
	mx, my := Scale(p.Lat())
	// The derivative of the parallel's radius by latitude is minus the meridian's radius times the sine.
	return near{px: int64(p.X) - shift, py: int64(p.Y), mx: mx, my: my, halfDmx: -my * math.Sin(p.Lat()*rad) * step / 2}
}

func (m near) shape(s Shape) float64 {
	best := math.Inf(1)
	if s.kind == KindPoint {
		for _, q := range s.xy {
			best = min(best, m.at(float64(int64(q.X)-m.px), float64(int64(q.Y)-m.py)))
		}
		return best
	}
	for i := range s.rings {
		run := s.Ring(i)
		ax, ay := float64(int64(run[0].X)-m.px), float64(int64(run[0].Y)-m.py)
		for _, b := range run[1:] {
			bx, by := float64(int64(b.X)-m.px), float64(int64(b.Y)-m.py)
			best = min(best, m.segment(ax, ay, bx, by))
			ax, ay = bx, by
		}
	}
	return best
}

// at is the squared distance of a point given relative to m's in units.
func (m near) at(dx, dy float64) float64 {
	x, y := dx*(m.mx+m.halfDmx*dy), dy*m.my
	return x*x + y*y
}

func (m near) segment(ax, ay, bx, by float64) float64 {
	ux, uy := (bx-ax)*m.mx, (by-ay)*m.my
	t := 0.0
	if l := ux*ux + uy*uy; l > 0 {
		t = max(0, min(1, -(ax*m.mx*ux+ay*m.my*uy)/l))
	}
	return m.at(ax+t*(bx-ax), ay+t*(by-ay))
}
