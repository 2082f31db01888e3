package geo

import "math"

// Area is the area in square metres of a polygon shape on the WGS 84 ellipsoid, holes subtracted; 0 for other kinds.
// Edges are straight in longitude and latitude. For shapes up to 100 km the relative error is below 1e-5, for a whole
// country below 1e-4. The vertex order does not matter within a polygon as long as holes run against their shell.
func (s Shape) Area() float64 {
	if s.kind != KindPolygon {
		return 0
	}
	sum := 0.0
	e := newEqualArea(s.Box())
	for i := range s.polys {
		sum += math.Abs(e.polygon(s, i))
	}
	return sum
}

// equalArea maps latitudes to the ordinate of the ellipsoid's cylindrical equal-area projection, scaled to square
// metres per integer unit of longitude: the area below an edge is its mean ordinate times its width in units.
// Ordinates are relative to a reference latitude in the box, which keeps the digits of small shapes.
type equalArea struct {
	x0, y0 float64 // reference in units
	exact  bool
	q0     float64    // exact: the ordinate at the reference
	c      [4]float64 // otherwise: coefficients of the powers 1 to 4 of the distance from y0 in units
}

// maxTaylor is the height in units of a box whose ordinates come from four terms of a Taylor series: 1 degree. The
// first term left out is, relative to the first, below (0.5°)^4/120 times a factor of 1/cos⁴: under 1e-8 up to
// latitude 75°.
const maxTaylor = 1 * Unit

func newEqualArea(b Box) equalArea {
	if b.Empty() {
		return equalArea{exact: true}
	}
	e := equalArea{
		x0: float64(b.Min.X),
		y0: math.Floor((float64(b.Min.Y) + float64(b.Max.Y)) / 2),
	}
	phi := e.y0 * step
	if float64(b.Max.Y)-float64(b.Min.Y) > maxTaylor || math.Abs(phi) > 75*rad {
		e.exact = true
		e.q0 = authalic(phi)
		return e
	}
	// The derivative of the ordinate is g = M·N·cos φ = a²(1-e²)·cos φ/(1-e² sin² φ)².
	sin, cos := math.Sincos(phi)
	w := 1 - wgsE2*sin*sin
	g := wgsA * wgsA * (1 - wgsE2) * cos / (w * w) * step * step
	l1 := -sin/cos + 4*wgsE2*sin*cos/w                                               // (ln g)'
	l2 := -1/(cos*cos) + 4*wgsE2*((cos*cos-sin*sin)/w+2*wgsE2*sin*sin*cos*cos/(w*w)) // (ln g)''
	l3 := -2 * sin / (cos * cos * cos)                                               // (ln g)''' of a sphere
	e.c = [4]float64{
		g,
		g * l1 * step / 2,
		g * (l1*l1 + l2) * step * step / 6,
		g * (l1*l1*l1 + 3*l1*l2 + l3) * step * step * step / 24,
	}
	return e
}

// authalic is the integral of M·N·cos φ from the equator to phi, in square metres per unit of longitude: Snyder, "Map
// Projections: A Working Manual" (1987), equation 3-12 times a²/2.
func authalic(phi float64) float64 {
	e := math.Sqrt(wgsE2)
	sin := math.Sin(phi)
	return wgsA * wgsA / 2 * (1 - wgsE2) * (sin/(1-wgsE2*sin*sin) + math.Atanh(e*sin)/e) * step
}

// y is the ordinate of a latitude in units.
func (e *equalArea) y(v int32) float64 { return e.yf(float64(v)) }

func (e *equalArea) yf(v float64) float64 {
	if e.exact {
		return authalic(v*step) - e.q0
	}
	t := v - e.y0
	return t * (e.c[0] + t*(e.c[1]+t*(e.c[2]+t*e.c[3])))
}

// ring is the signed area of a closed ring, positive when counter-clockwise. The mean ordinate of an edge is taken
// by Simpson's rule on large boxes, where an edge may be long.
func (e *equalArea) ring(r []Point) float64 {
	sum := 0.0
	ay := e.y(r[0].Y)
	for i := 1; i < len(r); i++ {
		by := e.y(r[i].Y)
		mean := (ay + by) / 2
		if e.exact {
			mean = (mean + 2*e.yf((float64(r[i-1].Y)+float64(r[i].Y))/2)) / 3
		}
		sum -= mean * (float64(r[i].X) - float64(r[i-1].X))
		ay = by
	}
	return sum
}

// polygon is the signed area of polygon i.
func (e *equalArea) polygon(s Shape, i int) float64 {
	sum := 0.0
	from, to := s.Polygon(i)
	for r := from; r < to; r++ {
		sum += e.ring(s.Ring(r))
	}
	return sum
}
