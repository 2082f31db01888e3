package geodesy

import (
	"math"

	"github.com/gewu-city/gewu/geo"
)

// geodesic is the shortest line between two points as an arc of a great circle on the auxiliary sphere, where
// latitudes are reduced latitudes β. The line has been turned so that it starts at the point farther from the equator,
// in the south, and runs east.
//
// The relations are those of Bessel (1825) as C. F. F. Karney writes them in "Algorithms for geodesics", J. Geodesy 87
// (2013), equations 5-8 and 44. Their integrals are taken by quadrature instead of series: the integrands are smooth,
// six nodes give sixteen digits, and no table of coefficients is needed. Only edges above [nearby] come here.
type geodesic struct {
	sin0, cos0     float64 // sine and cosine of the azimuth at the equator
	sigma1, sigma2 float64 // arc from the crossing of the equator
	omega1, omega2 float64 // longitude on the sphere from there
	lambda         float64 // difference of longitude in radians, 0 to π
	south          bool    // the line was mirrored at the equator to get south
}

// connect finds the geodesic between two points.
func connect(a, b geo.Point) geodesic {
	d := math.Abs(float64(int64(b.X)-int64(a.X))) * step
	if d > math.Pi {
		d = 2*math.Pi - d
	}
	if abs(b.Y) > abs(a.Y) {
		a, b = b, a
	}
	g := geodesic{lambda: d, south: a.Y <= 0}
	y1, y2 := float64(a.Y)*step, float64(b.Y)*step
	if !g.south {
		y1, y2 = -y1, -y2
	}
	sin1, cos1 := reduce(y1)
	sin2, cos2 := reduce(y2)
	if y1 == 0 && d <= math.Pi*(1-flat) { // along the equator
		half := d / (1 - flat) / 2
		g.sin0, g.sigma1, g.sigma2, g.omega1, g.omega2 = 1, -half, half, -half, half
		return g
	}
	// The difference of longitude falls with the elevation of the start over due east, from π to 0: the secant method,
	// kept between bounds, finds the one that fits. An azimuth, which is near π/2 along the equator, would not have the
	// digits.
	low, high := -math.Pi/2, math.Pi/2
	x := elevation(sin1, cos1, sin2, cos2, d)
	before, miss := x, 0.0
	for i := range 60 {
		now := g.aim(x, sin1, cos1, sin2) - d
		if math.Abs(now) < 1e-15 {
			break
		}
		if now > 0 {
			low = x
		} else {
			high = x
		}
		next := x - now*(x-before)/(now-miss)
		if i == 0 {
			next = elevation(sin1, cos1, sin2, cos2, min(math.Pi, d-now))
		}
		if !(next > low && next < high) || i%8 == 7 {
			next = (low + high) / 2
		}
		if next == x {
			break
		}
		before, miss, x = x, now, next
	}
	return g
}

// aim sets the line that starts with an elevation over due east and returns the difference of longitude at which it
// meets the second latitude on its way north.
func (g *geodesic) aim(elevation, sin1, cos1, sin2 float64) float64 {
	cosA, sinA := math.Sincos(elevation)
	g.sin0, g.cos0 = sinA*cos1, math.Hypot(cosA, sinA*sin1)
	north1 := cosA * cos1
	north2 := math.Sqrt(max(0, north1*north1+(sin1-sin2)*(sin1+sin2)))
	g.sigma1, g.sigma2 = math.Atan2(sin1, north1), math.Atan2(sin2, north2)
	g.omega1, g.omega2 = math.Atan2(g.sin0*sin1, north1), math.Atan2(g.sin0*sin2, north2)
	return g.span()
}

// span is the difference of longitude from end to end in radians.
func (g geodesic) span() float64 {
	return g.omega2 - g.omega1 - e2*g.sin0*g.integrate(func(_, w float64) float64 { return 1 / (1 + w) })
}

// length is the length in metres.
func (g geodesic) length() float64 {
	return axis * g.integrate(func(_, w float64) float64 { return w })
}

// integrate is the integral over the arc of f, which is given sin β and dλ/dω = √(1 - e² cos² β): Gauss-Legendre
// quadrature with six nodes on pieces of at most half a radian.
func (g geodesic) integrate(f func(sinB, w float64) float64) float64 {
	arc := g.sigma2 - g.sigma1
	pieces := max(1, math.Ceil(arc/0.5))
	h := arc / pieces / 2
	sum := 0.0
	for i := range int(pieces) {
		mid := g.sigma1 + float64(2*i+1)*h
		for _, n := range gauss {
			for _, s := range [2]float64{mid - n.at*h, mid + n.at*h} {
				sinB := g.cos0 * math.Sin(s)
				sum += n.weight * f(sinB, math.Sqrt(1-e2*(1-sinB*sinB)))
			}
		}
	}
	return sum * h
}

// gauss are the positive nodes and the weights of Gauss-Legendre quadrature of degree 11 on -1 to 1.
var gauss = [3]struct{ at, weight float64 }{
	{0.2386191860831969086305017, 0.4679139345726910473898703},
	{0.6612093864662645136613996, 0.3607615730481386075698335},
	{0.9324695142031520278123016, 0.1713244923791703450402961},
}

// belowLong is the area between an edge and the parallel with ordinate y0, positive for an edge that runs east above
// it.
func belowLong(a, b geo.Point, y0 float64) float64 {
	if a.X == b.X {
		return 0
	}
	g := connect(a, b)
	area := g.below()
	if !g.south {
		area = -area
	}
	area -= y0 * g.lambda
	if b.X < a.X {
		return -area
	}
	return area
}

// below is the area in square metres between the geodesic and the equator, negative in the south. North of the
// equator the line has an equal counterpart in the south, so that all is done there, with ordinates that count from
// the south pole: their difference is formed before it is rounded, and at the pole its zero cancels that of cos² β.
func (g geodesic) below() float64 {
	if g.sigma2 > 0 {
		g.sigma2, g.omega2 = -g.sigma2, -g.omega2
	}
	e := math.Sqrt(e2)
	above := g.integrate(func(sinB, w float64) float64 {
		cosB2 := max(1e-200, 1-sinB*sinB)
		d := sinB*sinB + (1-flat)*(1-flat)*cosB2
		sin := sinB / math.Sqrt(d)
		up := (1 - flat) * (1 - flat) * cosB2 / d / (1 - sin) // sin φ + 1
		return (up*(1-e2*sin)/((1-e2*sin*sin)*(1-e2)) + math.Atanh(e*up/(1+e2*sin))/e) * w / cosB2
	})
	return axis*axis/2*(1-e2)*g.sin0*above + ordinate(-1)*g.span()
}

// elevation is the angle over due east in which the great circle to the second point leaves the first, on a sphere.
func elevation(sin1, cos1, sin2, cos2, omega float64) float64 {
	sin, cos := math.Sincos(omega)
	return math.Atan2(cos1*sin2-sin1*cos2*cos, cos2*sin)
}

// reduce gives sine and cosine of the reduced latitude. A pole and the equator stay a hair away from the exact value,
// so that azimuths remain defined there.
func reduce(phi float64) (sin, cos float64) {
	const tiny = 1e-150
	sin, cos = math.Sincos(phi)
	sin *= 1 - flat
	h := math.Hypot(sin, cos)
	sin, cos = sin/h, max(tiny, cos/h)
	if sin == 0 {
		sin = -tiny
	}
	return sin, cos
}

func abs(v int32) int64 { return max(int64(v), -int64(v)) }
