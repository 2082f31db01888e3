package outline

import (
	"math/bits"
	"slices"
)

// many is the number of vertices of a ring whose number does not matter.
const many = 1 << 30

// crossing is where an edge passes one of the lines.
type crossing struct{ x, y int32 }

// trace turns the gathered vertices into paths over the vertices of the net. Where an edge crosses one of the lines
// it gets a vertex, so that all that follows can look at the tile, its buffer, and the buffers of its neighbours each
// by itself.
func (d *Drawing) trace() {
	d.net.reset(len(d.raw))
	d.gathered = append(d.gathered[:0], d.rings...)
	d.whole = resize(d.whole, len(d.rings))
	for r := range d.rings {
		ring := d.rings[r]
		start := int32(len(d.path))
		var sx, sy int // the strips of the vertex before
		d.whole[r] = 0
		for i := ring.from; i < ring.to; i++ {
			p := d.raw[i]
			x, y := d.snap(p.x), d.snap(p.y)
			var cx, cy int
			var id int32
			if drawn(x) && drawn(y) {
				cx, cy = strip(int32(x)), strip(int32(y))
				id = d.net.vertex(int32(x), int32(y), (cx|cy)&1 != 0)
				d.net.about[id].meet(p)
			} else {
				cx, cy = farStrip(x), farStrip(y)
				d.far = append(d.far, farVertex{x, y})
				id = ^int32(len(d.far) - 1)
			}
			if i > ring.from && (cx != sx || cy != sy || (cx|cy)&1 != 0) {
				d.whole[r] = many
				d.cross(i - 1)
			}
			d.path = append(d.path, passage{id, i})
			sx, sy = cx, cy
		}
		d.rings[r] = run{start, int32(len(d.path))}
	}
}

func farStrip(v int64) int { return strip(int32(min(max(v, -2*Extent), 2*Extent))) }

// cross adds the places where the edge from raw[i] to the next vertex crosses the lines.
func (d *Drawing) cross(i int32) {
	for _, c := range d.crossed(d.raw[i], d.raw[i+1]) {
		d.path = append(d.path, passage{d.net.vertex(c.x, c.y, true), i})
	}
}

// crossed is the places where the edge a–b crosses the lines, in order. The answer is valid until the next call.
func (d *Drawing) crossed(a, b fine) []crossing {
	found := d.crossings[:0]
	for _, line := range lines {
		at := int64(line) << d.unit
		if a.x < at && at < b.x || b.x < at && at < a.x {
			if y := d.snap(along(a.y, b.y, at-a.x, b.x-a.x)); drawn(y) {
				found = append(found, crossing{line, int32(y)})
			}
		}
		if a.y < at && at < b.y || b.y < at && at < a.y {
			if x := d.snap(along(a.x, b.x, at-a.y, b.y-a.y)); drawn(x) {
				found = append(found, crossing{int32(x), line})
			}
		}
	}
	d.crossings = found
	// Both coordinates of the pixels along an edge are monotone.
	dx, dy := sign(b.x-a.x), sign(b.y-a.y)
	slices.SortFunc(found, func(p, q crossing) int {
		if c := dx * int(p.x-q.x); c != 0 {
			return c
		}
		return dy * int(p.y-q.y)
	})
	return found
}

// along is the floor of a + (b-a)·part/whole, exactly, for a part between 0 and the whole.
func along(a, b, part, whole int64) int64 {
	if whole < 0 {
		part, whole = -part, -whole
	}
	rise := b - a
	hi, lo := bits.Mul64(magnitude(rise), uint64(part))
	q, rest := bits.Div64(hi, lo, uint64(whole))
	if rise >= 0 {
		return a + int64(q)
	}
	if rest > 0 {
		q++
	}
	return a - int64(q)
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return uint64(-v)
	}
	return uint64(v)
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
