package synth

import (
	"math"

	"github.com/gewu-city/gewu/geo"
)

// warp takes places on the plane to points on the globe: it bends the plane smoothly, turns it, and lays it down at
// the middle of the city. All is done on integers, so that every machine gives the same points.
type warp struct {
	layers []noise
	// w and h are the size of the plane, in mm.
	w, h int64
	// sin and cos of the angle, in turnUnit.
	sin, cos int64
	// east and north are how many units of 1e-7° a millimetre is, in scaleUnit.
	east, north int64
	middle      geo.Point
}

const (
	turnUnit  = 1 << 30
	scaleUnit = 1 << 32
)

// noise moves places by a vector that changes smoothly: one of chance at each knot of a square grid, and in between
// the mean of the four around, weighted by the smooth step 3t²-2t³.
type noise struct {
	step    int64 // of the grid, in mm
	columns int64
	knots   [][2]int32 // mm
}

// The strength of the bends: knots move by at most this share of a step. A place moves by up to 3·strength
// millimetres more than another one a millimetre away, which adds up to 0.27 over all layers: nothing folds over.
const (
	farBends  = 0.05
	nearBends = 0.04
)

// newWarp prepares a plane of w by h millimetres. Bends are wide against the mean side of a block, so that edges, which
// are straight between their vertices, do not cross.
func newWarp(r roll, p *Params, w, h, side int32) *warp {
	lat, lon := p.Lat, p.Lon
	sin, cos := math.Sincos(p.Rotate * math.Pi / 180)
	mx, my := geo.Scale(lat)
	middle, _ := geo.FromDegrees(lon, lat)
	v := &warp{
		w: int64(w), h: int64(h), middle: middle,
		sin: int64(math.Round(sin * turnUnit)), cos: int64(math.Round(cos * turnUnit)),
		east: int64(math.Round(scaleUnit / (mx * 1000))), north: int64(math.Round(scaleUnit / (my * 1000))),
	}
	least := 6 * int64(side)
	far := max(least, int64(max(w, h))/2)
	v.layers = append(v.layers, newNoise(r.with(1), far, farBends, v))
	if near := max(least, far/4); near < far {
		v.layers = append(v.layers, newNoise(r.with(2), near, nearBends, v))
	}
	return v
}

func newNoise(r roll, step int64, strength float64, v *warp) noise {
	n := noise{step: step, columns: v.w/step + 2}
	rows := v.h/step + 2
	most := int64(strength * float64(step))
	for i := range n.columns * rows {
		k := r.with(uint64(i))
		n.knots = append(n.knots, [2]int32{int32(k.with(0).about(most)), int32(k.with(1).about(most))})
	}
	return n
}

// smoothUnit is the unit of weights: a square of it times a knot fits 63 bits.
const smoothUnit = 1 << 20

func smooth(part, step int64) int64 {
	t := part * smoothUnit / step
	return t * t / smoothUnit * (3*smoothUnit - 2*t) / smoothUnit
}

func (n *noise) at(x, y int64) (dx, dy int64) {
	i, j := x/n.step, y/n.step
	u, v := smooth(x-i*n.step, n.step), smooth(y-j*n.step, n.step)
	k := j*n.columns + i
	a, b, c, d := &n.knots[k], &n.knots[k+1], &n.knots[k+n.columns], &n.knots[k+n.columns+1]
	wa, wb, wc, wd := (smoothUnit-u)*(smoothUnit-v), u*(smoothUnit-v), (smoothUnit-u)*v, u*v
	const unit = smoothUnit * smoothUnit
	dx = (int64(a[0])*wa + int64(b[0])*wb + int64(c[0])*wc + int64(d[0])*wd) / unit
	dy = (int64(a[1])*wa + int64(b[1])*wb + int64(c[1])*wc + int64(d[1])*wd) / unit
	return dx, dy
}

// point takes a place to the globe. Places a little off the plane, where the outline is bent outwards, are moved like
// the nearest ones on it.
func (v *warp) point(x, y int64) geo.Point {
	cx, cy := min(max(x, 0), v.w), min(max(y, 0), v.h)
	x, y = x-v.w/2, y-v.h/2
	for i := range v.layers {
		dx, dy := v.layers[i].at(cx, cy)
		x, y = x+dx, y+dy
	}
	e := (x*v.cos - y*v.sin) / turnUnit
	n := (x*v.sin + y*v.cos) / turnUnit
	return geo.Point{X: v.middle.X + int32(e*v.east/scaleUnit), Y: v.middle.Y + int32(n*v.north/scaleUnit)}
}

// grow changes all lengths by a factor.
func (v *warp) grow(factor float64) {
	// Rounding absorbs the last bits, in which machines differ.
	factor = math.Round(factor*1e7) / 1e7
	v.east = int64(math.Round(float64(v.east) * factor))
	v.north = int64(math.Round(float64(v.north) * factor))
}

// fit scales the plane until an outline has the wanted area.
func (v *warp) fit(wanted float64, outline func() geo.Shape) {
	for range 4 {
		area := outline().Area()
		if math.Abs(area-wanted) <= wanted*1e-6 {
			return
		}
		v.grow(math.Sqrt(wanted / area))
	}
	// A city so small that 1e-7° is a large step stays a little off.
	outline()
}
