package impact

import (
	"math/bits"

	"github.com/gewu-city/gewu/geo"
)

// field is ground in square buckets. Those that the boxes of changed cells reach into list the cells of both sets that
// reach into them; all others list none, and nothing in them changed.
type field struct {
	origin     geo.Point
	shift      uint
	cols, rows uint32
}

// Bounds of the buckets: their sides are an eighth of the mean side of a changed cell, so that few of them lie beside
// changed ground, and there are no more of them than fit in some megabytes.
const (
	sideOfCell = 8
	mostBucket = 1 << 22
)

func newField(versions ...*version) field {
	box, side, n := geo.EmptyBox(), int64(0), int64(0)
	for _, v := range versions {
		for i, b := range v.boxes {
			if v.changed[i] {
				box = box.Union(b)
				side += (int64(b.Max.X) - int64(b.Min.X)) + (int64(b.Max.Y) - int64(b.Min.Y))
				n += 2
			}
		}
	}
	if n == 0 {
		return field{}
	}
	width, height := uint64(int64(box.Max.X)-int64(box.Min.X)), uint64(int64(box.Max.Y)-int64(box.Min.Y))
	f := field{origin: box.Min, shift: uint(bits.Len64(uint64(side / n / sideOfCell)))}
	for (width>>f.shift+1)*(height>>f.shift+1) > mostBucket {
		f.shift++
	}
	f.cols, f.rows = uint32(width>>f.shift)+1, uint32(height>>f.shift)+1
	marked := make([]bool, int(f.cols)*int(f.rows))
	for _, v := range versions {
		for i, b := range v.boxes {
			if v.changed[i] {
				f.each(b, func(at uint32) { marked[at] = true })
			}
		}
	}
	for _, v := range versions {
		f.list(v, marked)
	}
	return f
}

// list fills the buckets of one set, each in the order of the cells.
func (f *field) list(v *version, marked []bool) {
	v.start = make([]uint32, len(marked)+1)
	for i, b := range v.boxes {
		reaches := false
		f.each(b, func(at uint32) {
			if marked[at] {
				v.start[at+1]++
				reaches = true
			}
		})
		if reaches {
			v.listed = append(v.listed, int32(i))
		}
	}
	for at := range marked {
		v.start[at+1] += v.start[at]
	}
	v.in = make([]int32, v.start[len(marked)])
	next := make([]uint32, len(marked))
	copy(next, v.start)
	for _, i := range v.listed {
		f.each(v.boxes[i], func(at uint32) {
			if marked[at] {
				v.in[next[at]] = i
				next[at]++
			}
		})
	}
}

// each calls visit for each bucket that a box meets.
func (f *field) each(b geo.Box, visit func(at uint32)) {
	west, east := int64(b.Min.X)-int64(f.origin.X), int64(b.Max.X)-int64(f.origin.X)
	south, north := int64(b.Min.Y)-int64(f.origin.Y), int64(b.Max.Y)-int64(f.origin.Y)
	if east < 0 || north < 0 {
		return
	}
	x0, y0 := max(west, 0)>>f.shift, max(south, 0)>>f.shift
	x1, y1 := min(east>>f.shift, int64(f.cols)-1), min(north>>f.shift, int64(f.rows)-1)
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			visit(uint32(y)*f.cols + uint32(x))
		}
	}
}

// bucket is the bucket of a point; false beyond all of them.
func (f *field) bucket(p geo.Point) (at uint32, ok bool) {
	x := uint64(int64(p.X)-int64(f.origin.X)) >> f.shift
	y := uint64(int64(p.Y)-int64(f.origin.Y)) >> f.shift
	if x >= uint64(f.cols) || y >= uint64(f.rows) {
		return 0, false
	}
	return uint32(y)*f.cols + uint32(x), true
}

// owner is the cell of a set that owns a point of a bucket with cells that changed: the one that holds it moved
// infinitesimally east, then north; else, on the outline, the first that it touches.
func (v *version) owner(at uint32, p geo.Point) int32 {
	list := v.in[v.start[at]:v.start[at+1]]
	for _, i := range list {
		if v.boxes[i].Contains(p) && v.cells[i].Shape.Contains(p) {
			return i
		}
	}
	for _, i := range list {
		if v.boxes[i].Contains(p) && v.cells[i].Shape.OnBoundary(p) {
			return i
		}
	}
	return -1
}

// Meets reports whether a box reaches near to what changed.
func (c *Change) Meets(b geo.Box) (yes bool) {
	if c.field.cols > 0 {
		c.field.each(b, func(at uint32) {
			yes = yes || c.old.start[at] != c.old.start[at+1] || c.new.start[at] != c.new.start[at+1]
		})
	}
	return yes
}
