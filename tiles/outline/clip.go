package outline

import "math"

// side is one edge of the clipping square.
type side struct {
	vertical bool // an edge x = at; otherwise y = at
	at       int64
	above    bool // what is ≥ at stays; otherwise what is ≤ at
}

// sides of the buffered tile, in the order in which they cut.
var sides = [4]side{
	{vertical: true, at: -Buffer, above: true},
	{vertical: true, at: Extent + Buffer},
	{at: -Buffer, above: true},
	{at: Extent + Buffer},
}

func (s *side) inside(v farVertex) bool {
	c := v.y
	if s.vertical {
		c = v.x
	}
	if s.above {
		return c >= s.at
	}
	return c <= s.at
}

// cut is the point of edge a–b on the side, rounded. It is the same for b–a: the ends are put in order first. An edge
// that enters the tile has a vertex where it does, which is the cut.
func (s *side) cut(a, b farVertex) farVertex {
	if b.x < a.x || b.x == a.x && b.y < a.y {
		a, b = b, a
	}
	if s.vertical {
		t := float64(s.at-a.x) / float64(b.x-a.x)
		return farVertex{s.at, a.y + int64(math.Floor(t*float64(b.y-a.y)+0.5))}
	}
	t := float64(s.at-a.y) / float64(b.y-a.y)
	return farVertex{a.x + int64(math.Floor(t*float64(b.x-a.x)+0.5)), s.at}
}

// clipRing is the part of a ring (without its closing vertex) in the buffered tile, by the method of Sutherland and
// Hodgman: a ring that leaves and comes back runs along the edge of the square. It uses spare as scratch space and
// returns the slices in swapped roles when needed.
func clipRing(ring, spare []farVertex) (clipped, scratch []farVertex) {
	for i := range sides {
		s := &sides[i]
		if all(ring, s) {
			continue
		}
		spare = spare[:0]
		for j, b := range ring {
			a := ring[(j+len(ring)-1)%len(ring)]
			in := s.inside(b)
			if in != s.inside(a) {
				spare = append(spare, s.cut(a, b))
			}
			if in {
				spare = append(spare, b)
			}
		}
		ring, spare = spare, ring
	}
	return ring, spare
}

func all(ring []farVertex, s *side) bool {
	for _, v := range ring {
		if !s.inside(v) {
			return false
		}
	}
	return true
}

// straighten drops repeated vertices, those on straight pieces along the edge of the square, and spikes there, in
// place. A ring without area becomes empty.
func straighten(ring []farVertex) []farVertex {
	out := ring[:0]
	for _, v := range ring {
		for len(out) >= 2 && onEdge(out[len(out)-2], out[len(out)-1], v) {
			out = out[:len(out)-1]
		}
		if len(out) == 0 || out[len(out)-1] != v {
			out = append(out, v)
		}
	}
	// The same where the end meets the start.
	for len(out) >= 3 {
		n := len(out)
		switch {
		case out[n-1] == out[0] || onEdge(out[n-2], out[n-1], out[0]):
			out = out[:n-1]
		case onEdge(out[n-1], out[0], out[1]):
			out = out[1:]
		default:
			return out
		}
	}
	return nil
}

// onEdge reports whether three vertices lie on one edge of the square, or the first and last coincide.
func onEdge(a, b, c farVertex) bool {
	if a == c {
		return true
	}
	return a.x == b.x && b.x == c.x && (a.x == -Buffer || a.x == Extent+Buffer) ||
		a.y == b.y && b.y == c.y && (a.y == -Buffer || a.y == Extent+Buffer)
}
