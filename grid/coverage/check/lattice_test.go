package check_test

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage/check"
)

// lattice is a coverage of n by n cells whose borders are bent: a test's own model, of rings as lists of points.
type lattice struct {
	n, between int
	side       int32
	rings      [][]geo.Point // open
}

// pitch is the distance of corners in units: about 100 m.
const pitch = 10000

func newLattice(n, between int, seed uint64) *lattice {
	l := &lattice{n: n, between: between, side: pitch}
	r := rand.New(rand.NewPCG(seed, 1))
	steps := between + 1
	places := map[[2]int]geo.Point{}
	at := func(i, j int) geo.Point {
		p, ok := places[[2]int{i, j}]
		if !ok {
			jitter := int32(pitch / steps / 4)
			p = geo.Point{
				X: 1215000000 + int32(i*pitch/steps) + r.Int32N(2*jitter+1) - jitter,
				Y: 250000000 + int32(j*pitch/steps) + r.Int32N(2*jitter+1) - jitter,
			}
			places[[2]int{i, j}] = p
		}
		return p
	}
	for row := range n {
		for col := range n {
			var ring []geo.Point
			x, y := col*steps, row*steps
			for k := range steps {
				ring = append(ring, at(x+k, y))
			}
			for k := range steps {
				ring = append(ring, at(x+steps, y+k))
			}
			for k := range steps {
				ring = append(ring, at(x+steps-k, y+steps))
			}
			for k := range steps {
				ring = append(ring, at(x, y+steps-k))
			}
			l.rings = append(l.rings, ring)
		}
	}
	return l
}

// outline is the border of the whole lattice.
func (l *lattice) outline() geo.Shape {
	steps := l.between + 1
	var ring []geo.Point
	for i := range l.n {
		ring = append(ring, l.rings[i][:steps]...)
	}
	for i := range l.n {
		ring = append(ring, l.rings[i*l.n+l.n-1][steps:2*steps]...)
	}
	for i := range l.n {
		ring = append(ring, l.rings[l.n*l.n-1-i][2*steps:3*steps]...)
	}
	for i := range l.n {
		ring = append(ring, l.rings[(l.n-1-i)*l.n][3*steps:]...)
	}
	return polygon(ring)
}

func (l *lattice) cells() []check.Cell {
	out := make([]check.Cell, len(l.rings))
	for i, r := range l.rings {
		out[i] = check.Cell{ID: strconv.Itoa(i), Shape: polygon(r)}
	}
	return out
}

// polygon is a shape of open rings, the first of which is the shell.
func polygon(rings ...[]geo.Point) geo.Shape {
	var xy []geo.Point
	var ends []uint32
	for _, r := range rings {
		xy = append(append(xy, r...), r[0])
		ends = append(ends, uint32(len(xy)))
	}
	s, err := geo.NewShape(geo.KindPolygon, xy, ends, []uint32{uint32(len(ends))})
	if err != nil {
		panic(err)
	}
	return s
}

// shoelace is twice the area of an open ring, exactly.
func shoelace(r []geo.Point) int64 {
	sum := int64(0)
	for i, p := range r {
		q := r[(i+1)%len(r)]
		ax, ay := int64(p.X)-int64(r[0].X), int64(p.Y)-int64(r[0].Y)
		bx, by := int64(q.X)-int64(r[0].X), int64(q.Y)-int64(r[0].Y)
		sum += ax*by - ay*bx
	}
	return sum
}

func TestLatticeIsACoverage(t *testing.T) {
	t.Parallel()
	l := newLattice(12, 3, 1)
	for _, o := range []check.Options{{}, {Outline: l.outline()}, {Outline: l.outline(), Sliver: check.SliverWidth}} {
		if got := check.Cells(l.cells(), o); len(got) != 0 {
			t.Errorf("declared %v: %d defects, first %+v", o.Outline.Kind(), len(got), got[0])
		}
	}
}

func BenchmarkSound(b *testing.B) {
	l := newLattice(127, 3, 1)
	cells, outline := l.cells(), l.outline()
	b.ReportAllocs()
	for b.Loop() {
		if got := check.Cells(cells, check.Options{Outline: outline}); len(got) != 0 {
			b.Fatal(got[0])
		}
	}
}

func BenchmarkSeventyDefects(b *testing.B) {
	l := newLattice(127, 3, 1)
	outline := l.outline()
	planted := plant(l, 70)
	cells := l.cells()
	b.ReportAllocs()
	for b.Loop() {
		if got := check.Cells(cells, check.Options{Outline: outline}); len(got) < len(planted) {
			b.Fatal(len(got))
		}
	}
}
