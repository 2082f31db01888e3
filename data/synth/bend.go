package synth

import (
	"math"

	"github.com/gewu-city/gewu/geo"
)

// How far things are moved on the plane. All together an edge stays within 0.13 of a block's extent from where it was
// cut, and what stands in a block keeps to the inside of that.
const (
	// jitterSide moves a vertex, as a share of the mean side of a block, jitterEdge as one of the shortest edge there.
	jitterSide, jitterEdge = 0.03, 0.05
	// bendEdge moves the inside of an edge sideways, as a share of its length, bendBlock as one of the extent of the
	// narrower block beside it.
	bendEdge, bendBlock = 0.06, 0.08
	// edgeClear is where in a block all that is over: as a share of its extent.
	edgeClear = 0.15
)

// Edges are straight between vertices that lie about a part of the mean side of a block apart, within these bounds.
const (
	minPiece, maxPiece = 10_000, 50_000 // mm
	pieceShare         = 0.4
)

// jitter moves all vertices a little, those of the outline included.
func (m *mesh) jitter(r roll, side int32) {
	m.at = make([][2]int32, len(m.places))
	for i, p := range m.places {
		shortest := int32(math.MaxInt32)
		for _, e := range m.spokes[i] {
			if e != none {
				shortest = min(shortest, m.length(&m.edges[e]))
			}
		}
		most := int64(min(jitterSide*float64(side), jitterEdge*float64(shortest)))
		k := r.at(int32(i))
		m.at[i] = [2]int32{int32(p>>32) + int32(k.with(0).about(most)), int32(uint32(p)) + int32(k.with(1).about(most))}
	}
}

// bender bends edges. Whoever follows an edge, from whichever side, gets the same vertices.
type bender struct {
	roll  roll
	mesh  *mesh
	warp  *warp
	piece int32
}

// bend is one bent edge on the plane: from a to b in so many pieces, moved sideways where two pieces meet.
type bend struct {
	a, b   [2]int32
	pieces int64
	// bow is how far the middle is moved to the left by a parabola; most is how far each vertex is moved besides.
	bow, most int64
	axis      int
	roll      roll
}

// bend prepares edge id.
func (f *bender) bend(id int32) bend {
	e := &f.mesh.edges[id]
	length := f.mesh.length(e)
	axis := f.mesh.lines[e.line].axis
	b := bend{a: f.mesh.at[e.from], b: f.mesh.at[e.to], axis: axis, roll: f.roll.at(id)}
	b.pieces = max(1, int64(math.Round(float64(length)/float64(f.piece))))
	narrow := int32(math.MaxInt32)
	for _, block := range [2]int32{e.left, e.right} {
		if block != none {
			narrow = min(narrow, f.mesh.blocks[block].extent(1-axis))
		}
	}
	most := int64(min(bendEdge*float64(length), bendBlock*float64(narrow)))
	b.bow = b.roll.with(0).about(most / 2)
	b.most = most / 2 / b.pieces
	return b
}

// aside is how far the vertex between piece i-1 and piece i is moved to the north, or to the west of an edge that runs
// north.
func (b *bend) aside(i int64) int64 {
	if i == 0 || i == b.pieces {
		return 0
	}
	return 4*b.bow*i*(b.pieces-i)/(b.pieces*b.pieces) + b.roll.with(uint64(i)).about(b.most)
}

// corner is the place where piece i starts.
func (b *bend) corner(i int64) (x, y int64) {
	x = int64(b.a[0]) + (int64(b.b[0])-int64(b.a[0]))*i/b.pieces
	y = int64(b.a[1]) + (int64(b.b[1])-int64(b.a[1]))*i/b.pieces
	if b.axis == 0 {
		return x, y + b.aside(i)
	}
	return x - b.aside(i), y
}

// between is the place so many millimetres along an edge of a length.
func (b *bend) between(along, length int64) (x, y int64) {
	i := min(along*b.pieces/length, b.pieces-1)
	part := along*b.pieces - i*length // of length
	x0, y0 := b.corner(i)
	x1, y1 := b.corner(i + 1)
	return x0 + (x1-x0)*part/length, y0 + (y1-y0)*part/length
}

// trace appends the vertices of a half edge without the last one, so that traces can be joined.
func (f *bender) trace(h half, out []geo.Point) []geo.Point {
	b := f.bend(h.edge())
	start, end := int64(0), b.pieces
	if h.reversed() {
		start, end = b.pieces, 0
	}
	out = appendPoint(out, f.mesh.points[f.mesh.start(h)])
	for i := start; i != end; {
		if i != start {
			out = appendPoint(out, f.warp.point(b.corner(i)))
		}
		if start < end {
			i++
		} else {
			i--
		}
	}
	return out
}

// appendPoint appends a vertex unless it is the last one again.
func appendPoint(out []geo.Point, p geo.Point) []geo.Point {
	if n := len(out); n > 0 && out[n-1] == p {
		return out
	}
	return append(out, p)
}

// polygon is the shape inside a ring of half edges.
func (f *bender) polygon(ring []half) geo.Shape {
	var xy []geo.Point
	for _, h := range ring {
		xy = f.trace(h, xy)
	}
	if len(xy) > 0 {
		xy = appendPoint(xy, xy[0])
	}
	return sure(geo.NewShape(geo.KindPolygon, xy, []uint32{uint32(len(xy))}, []uint32{1}))
}

// sure is a shape that cannot be wrong: closed, and with vertices enough, by the way it was made.
func sure(s geo.Shape, err error) geo.Shape {
	if err != nil {
		panic(err)
	}
	return s
}
