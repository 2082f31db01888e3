package synth

import (
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// mesh is the planar graph of all lines: vertices where lines end or meet, edges between them, blocks as its faces.
type mesh struct {
	lines  []line
	blocks []rect
	edges  []edge
	// first is the first edge of each line; those of one line are consecutive.
	first []int32
	// places are the vertices on the plane before they are moved, x<<32|y, ascending; at is where they were moved to.
	places []uint64
	at     [][2]int32
	// spokes are the edges at each vertex to the south, east, north and west, or none.
	spokes [][4]int32
	// points are the vertices on the globe.
	points []geo.Point
}

// none stands for no edge, and for the block beyond the outline.
const none = -1

// edge is the piece of a line between two vertices. It runs to the east or north.
type edge struct {
	line, from, to int32
	left, right    int32 // blocks, or none
}

// half is an edge as one of the two blocks beside it sees it: with itself on the left. The lowest bit is set when it
// runs against the edge.
type half int32

func (h half) edge() int32    { return int32(h >> 1) }
func (h half) reversed() bool { return h&1 != 0 }
func (h half) twin() half     { return h ^ 1 }

func pack(x, y int32) uint64 { return uint64(uint32(x))<<32 | uint64(uint32(y)) }

// spot is the place on a line at a position along it.
func (l *line) spot(along int32) uint64 {
	if l.axis == 0 {
		return pack(along, l.at)
	}
	return pack(l.at, along)
}

func newMesh(lines []line, blocks []rect) *mesh {
	m := &mesh{lines: lines, blocks: blocks}
	for i := range lines {
		l := &lines[i]
		for _, along := range l.stops() {
			m.places = append(m.places, l.spot(along))
		}
	}
	slices.Sort(m.places)
	m.places = slices.Compact(m.places)
	m.spokes = make([][4]int32, len(m.places))
	for i := range m.spokes {
		m.spokes[i] = [4]int32{none, none, none, none}
	}
	for i := range lines {
		l := &lines[i]
		m.first = append(m.first, int32(len(m.edges)))
		stops := l.stops()
		for j := 1; j < len(stops); j++ {
			id := int32(len(m.edges))
			e := edge{line: int32(i), from: m.vertex(l.spot(stops[j-1])), to: m.vertex(l.spot(stops[j])), left: none, right: none}
			m.spokes[e.from][l.forward()] = id
			m.spokes[e.to][l.forward()^2] = id
			m.edges = append(m.edges, e)
		}
	}
	m.first = append(m.first, int32(len(m.edges)))
	var sides []half
	for b := range blocks {
		sides = m.ring(int32(b), sides[:0])
		for _, h := range sides {
			if e := &m.edges[h.edge()]; h.reversed() {
				e.right = int32(b)
			} else {
				e.left = int32(b)
			}
		}
	}
	return m
}

// forward is the direction in which a line runs. The opposite one differs in the second bit.
func (l *line) forward() int {
	if l.axis == 0 {
		return east
	}
	return north
}

// stops are the positions of all vertices on a line.
func (l *line) stops() []int32 {
	stops := make([]int32, 0, len(l.meets)+2)
	stops = append(stops, l.from)
	stops = append(stops, l.meets...)
	return append(stops, l.to)
}

func (m *mesh) vertex(spot uint64) int32 {
	i, _ := slices.BinarySearch(m.places, spot)
	return int32(i)
}

// stop is the number of the vertex at a position among those of a line.
func (l *line) stop(along int32) int32 {
	switch along {
	case l.from:
		return 0
	case l.to:
		return int32(len(l.meets)) + 1
	}
	i, _ := slices.BinarySearch(l.meets, along)
	return int32(i) + 1
}

// ring appends the edges around a block, anticlockwise, starting in the south-west.
func (m *mesh) ring(b int32, out []half) []half {
	for side := south; side <= west; side++ {
		out = m.side(b, side, out)
	}
	return out
}

// side appends the edges along one side of a block, anticlockwise.
func (m *mesh) side(b int32, side int, out []half) []half {
	r := &m.blocks[b]
	id := r.side[side]
	l := &m.lines[id]
	from, to := m.first[id]+l.stop(r.min[l.axis]), m.first[id]+l.stop(r.max[l.axis])
	if side == south || side == east {
		for e := from; e < to; e++ {
			out = append(out, half(e<<1))
		}
		return out
	}
	for e := to - 1; e >= from; e-- {
		out = append(out, half(e<<1|1))
	}
	return out
}

// beyond is the block on the right of a half edge, or none.
func (m *mesh) beyond(h half) int32 {
	if h.reversed() {
		return m.edges[h.edge()].left
	}
	return m.edges[h.edge()].right
}

// start is the vertex at which a half edge begins.
func (m *mesh) start(h half) int32 {
	if h.reversed() {
		return m.edges[h.edge()].to
	}
	return m.edges[h.edge()].from
}

// length is the length of an edge on the plane before it is moved.
func (m *mesh) length(e *edge) int32 {
	a, b := m.places[e.from], m.places[e.to]
	// One of the two differences is 0, and places ascend along a line.
	return int32(uint32(b>>32)-uint32(a>>32)) + int32(uint32(b)-uint32(a))
}

// around appends the blocks around a block in order, those that touch it in a corner only included: each shares an
// edge with the next. The outside is none.
func (m *mesh) around(b int32, out []int32) []int32 {
	var buffer [32]half
	for side := south; side <= west; side++ {
		edges := m.side(b, side, buffer[:0])
		for _, h := range edges {
			out = append(out, m.beyond(h))
		}
		corner := m.start(edges[len(edges)-1].twin())
		if d := m.diagonal(corner, side); d != none {
			out = append(out, d)
		}
	}
	return out
}

// diagonal is the block that touches another one only in the corner at the end of a side, or none when there is no
// such block.
func (m *mesh) diagonal(corner int32, side int) int32 {
	s := &m.spokes[corner]
	// The spokes that leave the block straight on along this side and the next one backwards: for the south side,
	// which ends in the south-east, those to the east and to the south.
	straight, aside := (side+1)%4, side
	if s[straight] == none || s[aside] == none {
		return none
	}
	// The block between them lies on the left of the spoke aside, seen from the corner.
	h := half(s[aside] << 1)
	if m.start(h) != corner {
		h = h.twin()
	}
	return m.beyond(h.twin())
}
