package geodesy

import (
	"math"

	"github.com/gewu-city/gewu/geo"
)

// The ellipsoid of WGS 84.
const (
	axis = 6378137.0                // semi-major axis in metres
	flat = 1 / 298.257223563        // flattening
	e2   = flat * (2 - flat)        // first eccentricity squared
	rad  = math.Pi / 180            // radians in one degree
	step = math.Pi / 180 / geo.Unit // radians in one integer unit
)

// nearby is the length in metres up to which edges are measured by closed formulas.
const nearby = 10e3

// Distance is the length in metres of the shortest line between two points, the one over the antimeridian too. Its
// relative error is below 1e-9.
func Distance(a, b geo.Point) float64 {
	if s := short(a, b); s < nearby {
		return s
	}
	return connect(a, b).length()
}

// LengthM is the length in metres of all lines of a line shape, or the perimeter with holes of a polygon shape; 0 for
// points. Each edge is measured by [Distance].
func LengthM(s geo.Shape) float64 {
	sum := 0.0
	for i := range s.NumRings() {
		run := s.Ring(i)
		for j := 1; j < len(run); j++ {
			sum += Distance(run[j-1], run[j])
		}
	}
	return sum
}

// short is the length of a line below some 10 km: the chord through the earth, lengthened by what an arc of the same
// curvature is longer than its chord. All differences are formed before they are rounded, so that the relative error
// stays below 1e-12 down to the shortest edge. For a longer line it is at least the chord.
func short(a, b geo.Point) float64 {
	sinM, cosM := math.Sincos(float64(int64(a.Y)+int64(b.Y)) * (step / 2))
	dPhi := float64(int64(b.Y)-int64(a.Y)) * step
	sinD, cosD := math.Sincos(dPhi / 2)
	s1, c1 := sinM*cosD-cosM*sinD, cosM*cosD+sinM*sinD
	s2, c2 := sinM*cosD+cosM*sinD, cosM*cosD-sinM*sinD
	ds, dc := 2*cosM*sinD, -2*sinM*sinD
	w1, w2 := math.Sqrt(1-e2*s1*s1), math.Sqrt(1-e2*s2*s2)
	dw := e2 * ds * (s1 + s2) / (w1 * w2 * (w1 + w2)) // 1/w2 - 1/w1
	dp, dz := dc/w1+c2*dw, (1-e2)*(ds/w1+s2*dw)
	half := math.Sin(float64(int64(b.X)-int64(a.X)) * (step / 2))
	chord := math.Sqrt(dp*dp + 4*c1*c2/(w1*w2)*half*half + dz*dz)

	// The curvature of the surface half-way, in the direction of the line (Euler's theorem), in units of 1/axis.
	w := 1 - e2*sinM*sinM
	n, m := 1/math.Sqrt(w), (1-e2)/(w*math.Sqrt(w))
	north, east := m*dPhi, 2*n*cosM*half
	k := chord * chord
	if k > 0 {
		curve := (north*north/m + east*east/n) / (north*north + east*east)
		k *= curve * curve
	}
	return axis * chord * (1 + k/24)
}

// AreaM2 is the area in square metres of a polygon shape whose edges are geodesics, holes subtracted; 0 for other
// kinds. Its relative error is below 1e-9 for cells and parcels and below 1e-7 for shapes of any size. The vertex
// order does not matter within a polygon as long as holes run against their shell.
//
// A shape wider than 180° is measured by [geo.Shape.Area]: the shortest line between the ends of its edges may run
// round the other side of the earth, which nobody means by them.
func AreaM2(s geo.Shape) float64 {
	if s.Kind() != geo.KindPolygon {
		return 0
	}
	if b := s.Box(); int64(b.Max.X)-int64(b.Min.X) > 180*geo.Unit {
		return s.Area()
	}
	sum := 0.0
	for i := range s.NumPolygons() {
		from, to := s.Polygon(i)
		signed := 0.0
		for r := from; r < to; r++ {
			signed += ring(s.Ring(r))
		}
		sum += math.Abs(signed)
	}
	return sum
}

// ring is the signed area of a closed ring, positive when counter-clockwise. In the plane of longitude and the
// authalic ordinate areas are true, so that the area is the sum of what lies below the edges; ordinates count from
// the first vertex, which leaves the digits of small rings intact.
func ring(r []geo.Point) float64 {
	sum := 0.0
	y0 := ordinate(math.Sin(float64(r[0].Y) * step))
	ay := 0.0
	for i := 1; i < len(r); i++ {
		a, b := r[i-1], r[i]
		by := ordinate(math.Sin(float64(b.Y)*step)) - y0
		if below, ok := belowShort(a, b); ok {
			sum -= below + float64(int64(b.X)-int64(a.X))*step*(ay+by)/2
		} else {
			sum -= belowLong(a, b, y0)
		}
		ay = by
	}
	return sum
}

// belowShort is what a geodesic below some 10 km adds to the area below its chord in the plane of [ring]. For a curve
// given by its length s this is s³/12 (λ″y′ - λ′y″) at its middle, plus terms of the fifth order; with Clairaut's
// relation the bracket becomes sin φ sin α (1 + 2 cos² α)/r, r being the radius of the parallel. Near the poles, where
// longitudes change fast, it reports false.
func belowShort(a, b geo.Point) (float64, bool) {
	sin, cos := math.Sincos(float64(int64(a.Y)+int64(b.Y)) * (step / 2))
	w := 1 - e2*sin*sin
	n := axis / math.Sqrt(w)
	dLam := float64(int64(b.X)-int64(a.X)) * step
	east, north := n*cos*dLam, n*(1-e2)/w*float64(int64(b.Y)-int64(a.Y))*step
	east, north = east*east, north*north
	if east+north > nearby*nearby || cos < 0.17 {
		return 0, false
	}
	return dLam * sin / 12 * (east + 3*north), true
}

// ordinate is the ordinate of the cylindrical equal-area projection in square metres per radian of longitude: Snyder,
// "Map Projections: A Working Manual" (1987), equation 3-12 times a²/2.
func ordinate(sin float64) float64 {
	e := math.Sqrt(e2)
	return axis * axis / 2 * (1 - e2) * (sin/(1-e2*sin*sin) + math.Atanh(e*sin)/e)
}
