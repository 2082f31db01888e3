package proj

import "math"

// transverseMercator is the Krüger series of the transverse Mercator projection to the sixth power of the third
// flattening n, both ways: C. F. F. Karney, "Transverse Mercator with an accuracy of a few nanometers", J. Geodesy
// 85 (2011), equations 7-15, 19-21, 35 and 36. Within 35° of the central meridian its error is below 5 nm. All the
// national grids of the Gauss–Krüger and TM families are this projection with other parameters.
type transverseMercator struct {
	lon0   float64 // central meridian in degrees
	k0     float64 // scale on the central meridian
	fe, fn float64 // false easting and northing in metres
	e      float64 // eccentricity
	r      float64 // k0 times the rectifying radius, in metres
	alpha  [6]float64
	beta   [6]float64
}

func newTransverseMercator(a, f, lon0, k0, fe, fn float64) *transverseMercator {
	n := f / (2 - f)
	n2 := n * n
	n3, n4 := n2*n, n2*n2
	n5, n6 := n4*n, n4*n2
	return &transverseMercator{
		lon0: lon0, k0: k0, fe: fe, fn: fn,
		e: math.Sqrt(f * (2 - f)),
		r: k0 * a / (1 + n) * (1 + n2/4 + n4/64 + n6/256),
		alpha: [6]float64{
			n/2 - 2*n2/3 + 5*n3/16 + 41*n4/180 - 127*n5/288 + 7891*n6/37800,
			13*n2/48 - 3*n3/5 + 557*n4/1440 + 281*n5/630 - 1983433*n6/1935360,
			61*n3/240 - 103*n4/140 + 15061*n5/26880 + 167603*n6/181440,
			49561*n4/161280 - 179*n5/168 + 6601661*n6/7257600,
			34729*n5/80640 - 3418889*n6/1995840,
			212378941 * n6 / 319334400,
		},
		beta: [6]float64{
			n/2 - 2*n2/3 + 37*n3/96 - n4/360 - 81*n5/512 + 96199*n6/604800,
			n2/48 + n3/15 - 437*n4/1440 + 46*n5/105 - 1118711*n6/3870720,
			17*n3/480 - 37*n4/840 - 209*n5/4480 + 5569*n6/90720,
			4397*n4/161280 - 11*n5/504 - 830251*n6/7257600,
			4583*n5/161280 - 108847*n6/3991680,
			20648693 * n6 / 638668800,
		},
	}
}

// conformal is the tangent of the conformal latitude from the tangent of the latitude (equations 7 and 8).
func (t *transverseMercator) conformal(tau float64) float64 {
	h := math.Hypot(1, tau)
	sigma := math.Sinh(t.e * math.Atanh(t.e*tau/h))
	return tau*math.Hypot(1, sigma) - sigma*h
}

// forward gives easting and northing in metres.
func (t *transverseMercator) forward(lon, lat float64) (x, y float64) {
	taup := t.conformal(math.Tan(lat * rad))
	sin, cos := math.Sincos((lon - t.lon0) * rad)
	xi := math.Atan2(taup, cos)
	eta := math.Asinh(sin / math.Hypot(taup, cos))
	dxi, deta := series(&t.alpha, xi, eta)
	return t.fe + t.r*(eta+deta), t.fn + t.r*(xi+dxi)
}

// inverse gives longitude and latitude in degrees.
func (t *transverseMercator) inverse(x, y float64) (lon, lat float64) {
	xi, eta := (y-t.fn)/t.r, (x-t.fe)/t.r
	dxi, deta := series(&t.beta, xi, eta)
	xi, eta = xi-dxi, eta-deta
	sinXi, cosXi := math.Sincos(xi)
	sinhEta := math.Sinh(eta)
	taup := sinXi / math.Hypot(sinhEta, cosXi)
	// Newton's method (equations 19-21) doubles the right digits each time: three steps reach the last bit.
	tau := taup
	e2 := t.e * t.e
	for range 4 {
		ti := t.conformal(tau)
		d := (taup - ti) / math.Hypot(1, ti) * (1 + (1-e2)*tau*tau) / ((1 - e2) * math.Hypot(1, tau))
		tau += d
		if math.Abs(d) < 1e-16*max(1, math.Abs(tau)) {
			break
		}
	}
	return t.lon0 + math.Atan2(sinhEta, cosXi)/rad, math.Atan(tau) / rad
}

// series sums c[j] sin 2jξ cosh 2jη and c[j] cos 2jξ sinh 2jη.
func series(c *[6]float64, xi, eta float64) (dxi, deta float64) {
	for j, k := range c {
		m := 2 * float64(j+1)
		sin, cos := math.Sincos(m * xi)
		dxi += k * sin * math.Cosh(m*eta)
		deta += k * cos * math.Sinh(m*eta)
	}
	return dxi, deta
}
