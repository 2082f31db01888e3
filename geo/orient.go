package geo

import "math/bits"

// Orient is the exact orientation of the triangle a, b, c: 1 when it runs counter-clockwise (c lies left of the line
// from a to b), -1 when clockwise, 0 when the three points lie on one line. It is exact for every int32 coordinate.
func Orient(a, b, c Point) int {
	return crossSign(int64(b.X)-int64(a.X), int64(b.Y)-int64(a.Y), int64(c.X)-int64(a.X), int64(c.Y)-int64(a.Y))
}

// crossSign is the sign of ux*vy - uy*vx, exact for all arguments above the smallest int64. When every argument fits
// in 32 bits, which holds inside any extent below 214°, each product is at most 2^62 and the difference fits in
// 64 bits; otherwise the products are taken in 128 bits.
func crossSign(ux, uy, vx, vy int64) int {
	if ux == int64(int32(ux)) && uy == int64(int32(uy)) && vx == int64(int32(vx)) && vy == int64(int32(vy)) {
		return sign(ux*vy - uy*vx)
	}
	return wideCrossSign(ux, uy, vx, vy)
}

func sign(v int64) int {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	default:
		return 0
	}
}

// wideCrossSign compares the signed 128-bit products ux*vy and uy*vx, each held as a sign and a magnitude.
func wideCrossSign(ux, uy, vx, vy int64) int {
	ls, rs := sign(ux)*sign(vy), sign(uy)*sign(vx)
	if ls != rs {
		return sign(int64(ls - rs))
	}
	lh, ll := bits.Mul64(magnitude(ux), magnitude(vy))
	rh, rl := bits.Mul64(magnitude(uy), magnitude(vx))
	switch {
	case lh == rh && ll == rl:
		return 0
	case lh > rh || lh == rh && ll > rl:
		return ls
	default:
		return -ls
	}
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return uint64(-v)
	}
	return uint64(v)
}

// areaSign is the exact sign of the area of a closed ring: 1 when it runs counter-clockwise on the whole, -1 when
// clockwise, 0 when it has no area or its lobes cancel. Twice the area is summed in 128 bits.
func areaSign(ring []Point) int {
	var high, low uint64
	o := ring[0]
	add := func(u, v int64, minus bool) {
		h, l := bits.Mul64(magnitude(u), magnitude(v))
		var carry uint64
		if minus != (u < 0) != (v < 0) {
			low, carry = bits.Sub64(low, l, 0)
			high, _ = bits.Sub64(high, h, carry)
			return
		}
		low, carry = bits.Add64(low, l, 0)
		high, _ = bits.Add64(high, h, carry)
	}
	for i := 2; i < len(ring); i++ {
		ax, ay := int64(ring[i-1].X)-int64(o.X), int64(ring[i-1].Y)-int64(o.Y)
		bx, by := int64(ring[i].X)-int64(o.X), int64(ring[i].Y)-int64(o.Y)
		add(ax, by, false)
		add(ay, bx, true)
	}
	if high == 0 && low == 0 {
		return 0
	}
	return 1 - 2*int(high>>63)
}
