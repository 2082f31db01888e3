package proj

import "math"

// transverseMercator is Krüger's transverse Mercator projection as series in the third flattening n to its sixth
// power, both ways: C. F. F. Karney, "Transverse Mercator with an accuracy of a few nanometers", J. Geodesy 85 (2011),
// equations 35 and 36. All the national grids of the Gauss–Krüger and TM families are this projection with other
// parameters. Within 35° of the central meridian the series of the plane are good to 5 nm.
//
// Geodetic and conformal latitude are converted by the series of the same order in C. F. F. Karney, "On auxiliary
// latitudes", Survey Review 56 (2024); the first term left out is below 1e-17 radian. Multiples of an angle never need
// a sine of their own: sums run by Clenshaw's recurrence.
type transverseMercator struct {
	lon0   float64 // central meridian in degrees
	fe, fn float64 // false easting and northing in metres
	r      float64 // scale on the central meridian times the rectifying radius, in metres
	alpha  terms   // from the sphere to the plane
	beta   terms   // and back
	chi    terms   // from geodetic to conformal latitude
	phi    terms   // and back
}

// terms are the coefficients of sin 2x, sin 4x … sin 12x.
type terms [6]float64

func newTransverseMercator(a, f, lon0, k0, fe, fn float64) *transverseMercator {
	n := f / (2 - f)
	n2 := n * n
	n3, n4 := n2*n, n2*n2
	n5, n6 := n4*n, n4*n2
	return &transverseMercator{
		lon0: lon0, fe: fe, fn: fn,
		r: k0 * a / (1 + n) * (1 + n2/4 + n4/64 + n6/256),
		alpha: terms{
			n/2 - 2*n2/3 + 5*n3/16 + 41*n4/180 - 127*n5/288 + 7891*n6/37800,
			13*n2/48 - 3*n3/5 + 557*n4/1440 + 281*n5/630 - 1983433*n6/1935360,
			61*n3/240 - 103*n4/140 + 15061*n5/26880 + 167603*n6/181440,
			49561*n4/161280 - 179*n5/168 + 6601661*n6/7257600,
			34729*n5/80640 - 3418889*n6/1995840,
			212378941 * n6 / 319334400,
		},
		beta: terms{
			-(n/2 - 2*n2/3 + 37*n3/96 - n4/360 - 81*n5/512 + 96199*n6/604800),
			-(n2/48 + n3/15 - 437*n4/1440 + 46*n5/105 - 1118711*n6/3870720),
			-(17*n3/480 - 37*n4/840 - 209*n5/4480 + 5569*n6/90720),
			-(4397*n4/161280 - 11*n5/504 - 830251*n6/7257600),
			-(4583*n5/161280 - 108847*n6/3991680),
			-(20648693 * n6 / 638668800),
		},
		chi: terms{
			-2*n + 2*n2/3 + 4*n3/3 - 82*n4/45 + 32*n5/45 + 4642*n6/4725,
			5*n2/3 - 16*n3/15 - 13*n4/9 + 904*n5/315 - 1522*n6/945,
			-26*n3/15 + 34*n4/21 + 8*n5/5 - 12686*n6/2835,
			1237*n4/630 - 12*n5/5 - 24832*n6/14175,
			-734*n5/315 + 109598*n6/31185,
			444337 * n6 / 155925,
		},
		phi: terms{
			2*n - 2*n2/3 - 2*n3 + 116*n4/45 + 26*n5/45 - 2854*n6/675,
			7*n2/3 - 8*n3/5 - 227*n4/45 + 2704*n5/315 + 2323*n6/945,
			56*n3/15 - 136*n4/35 - 1262*n5/105 + 73814*n6/2835,
			4279*n4/630 - 332*n5/35 - 399572*n6/14175,
			4174*n5/315 - 144838*n6/6237,
			601676 * n6 / 22275,
		},
	}
}

// forward gives easting and northing in metres.
func (t *transverseMercator) forward(lon, lat float64) (x, y float64) {
	phi := lat * rad
	sinPhi, cosPhi := math.Sincos(phi)
	sinChi, cosChi := math.Sincos(phi + t.chi.sum(2*sinPhi*cosPhi, cosPhi*cosPhi-sinPhi*sinPhi))
	sinLam, cosLam := math.Sincos((lon - t.lon0) * rad)
	// The place on the conformal sphere as seen from the crossing of central meridian and equator: north, towards the
	// axis, and east.
	b, e := cosChi*cosLam, cosChi*sinLam
	xi, eta := math.Atan2(sinChi, b), math.Atanh(e)
	h := 1 / (sinChi*sinChi + b*b) // 1 - e² without cancellation
	d := t.alpha.complexSum(2*sinChi*b*h, (b*b-sinChi*sinChi)*h, 2*e*h, (1+e*e)*h)
	return t.fe + t.r*(eta+imag(d)), t.fn + t.r*(xi+real(d))
}

// inverse gives longitude and latitude in degrees.
func (t *transverseMercator) inverse(x, y float64) (lon, lat float64) {
	xi, eta := (y-t.fn)/t.r, (x-t.fe)/t.r
	sin2, cos2 := math.Sincos(2 * xi)
	up := math.Exp(2 * eta)
	d := t.beta.complexSum(sin2, cos2, (up-1/up)/2, (up+1/up)/2)
	sinXi, cosXi := math.Sincos(xi + real(d))
	sinhEta := math.Sinh(eta + imag(d))
	h := math.Sqrt(sinhEta*sinhEta + cosXi*cosXi)
	w := 1 / (sinXi*sinXi + h*h)
	chi := math.Atan2(sinXi, h)
	phi := chi + t.phi.sum(2*sinXi*h*w, (h*h-sinXi*sinXi)*w)
	return t.lon0 + math.Atan2(sinhEta, cosXi)/rad, phi / rad
}

// sum is the series at an angle x given by sin 2x and cos 2x.
func (c *terms) sum(sin2, cos2 float64) float64 {
	u := 2 * cos2
	b1, b2 := 0.0, 0.0
	for k := len(c) - 1; k >= 0; k-- {
		b1, b2 = u*b1-b2+c[k], b1
	}
	return b1 * sin2
}

// complexSum is the series at the complex angle ξ + iη given by the functions of 2ξ and 2η.
func (c *terms) complexSum(sin2, cos2, sinh2, cosh2 float64) complex128 {
	ur, ui := 2*cos2*cosh2, -2*sin2*sinh2
	var r1, i1, r2, i2 float64
	for k := len(c) - 1; k >= 0; k-- {
		r1, i1, r2, i2 = ur*r1-ui*i1-r2+c[k], ur*i1+ui*r1-i2, r1, i1
	}
	return complex(r1, i1) * complex(sin2*cosh2, cos2*sinh2)
}
