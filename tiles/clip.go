package tiles

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

func (s *side) inside(v vertex) bool {
	c := v.y
	if s.vertical {
		c = v.x
	}
	if s.above {
		return c >= s.at
	}
	return c <= s.at
}

// cut is the point of edge a–b on the side, rounded. It is the same for b–a: the ends are put in order first.
func (s *side) cut(a, b vertex) vertex {
	if b.x < a.x || b.x == a.x && b.y < a.y {
		a, b = b, a
	}
	if s.vertical {
		t := float64(s.at-a.x) / float64(b.x-a.x)
		return vertex{s.at, a.y + int64(math.Floor(t*float64(b.y-a.y)+0.5))}
	}
	t := float64(s.at-a.y) / float64(b.y-a.y)
	return vertex{a.x + int64(math.Floor(t*float64(b.x-a.x)+0.5)), s.at}
}

// clipRing is the part of a ring (without its closing vertex) in the buffered tile, by the method of Sutherland and
// Hodgman: a ring that leaves and comes back runs along the edge of the square. It uses spare as scratch space and
// returns the slices in swapped roles when needed.
func clipRing(ring, spare []vertex) (clipped, scratch []vertex) {
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

func all(ring []vertex, s *side) bool {
	for _, v := range ring {
		if !s.inside(v) {
			return false
		}
	}
	return true
}

// clipSegment is the part of a–b in the buffered tile.
func clipSegment(a, b vertex) (from, to vertex, ok bool) {
	for i := range sides {
		s := &sides[i]
		switch ina, inb := s.inside(a), s.inside(b); {
		case !ina && !inb:
			return a, b, false
		case !ina:
			a = s.cut(a, b)
		case !inb:
			b = s.cut(a, b)
		}
	}
	return a, b, true
}

// turn is twice the signed area of the triangle a, b, c; 0 when they lie on one line. Vertices are clipped, so it
// cannot overflow.
func turn(a, b, c vertex) int64 { return (b.x-a.x)*(c.y-a.y) - (b.y-a.y)*(c.x-a.x) }

// tidyRing drops repeated vertices, vertices on straight lines and spikes from a ring without closing vertex, in
// place. The area stays exactly the same. A ring without area becomes empty.
func tidyRing(ring []vertex) []vertex {
	out := ring[:0]
	for _, v := range ring {
		for len(out) >= 2 && turn(out[len(out)-2], out[len(out)-1], v) == 0 {
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
		case turn(out[n-2], out[n-1], out[0]) == 0:
			out = out[:n-1]
		case turn(out[n-1], out[0], out[1]) == 0:
			out = out[1:]
		default:
			return out
		}
	}
	return nil
}

// tidyLine drops repeated vertices and those between their neighbours on a straight line, in place. The point set
// stays the same. A line that became a point becomes empty.
func tidyLine(line []vertex) []vertex {
	out := line[:0]
	for _, v := range line {
		if n := len(out); n >= 1 && out[n-1] == v {
			continue
		}
		if n := len(out); n >= 2 && between(out[n-2], out[n-1], v) {
			out = out[:n-1]
		}
		out = append(out, v)
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// between reports whether b lies on the segment a–c.
func between(a, b, c vertex) bool {
	return turn(a, b, c) == 0 && (b.x-a.x)*(c.x-b.x) >= 0 && (b.y-a.y)*(c.y-b.y) >= 0
}

// area2 is twice the signed area of a clipped ring without closing vertex, positive when clockwise on screen.
func area2(ring []vertex) int64 {
	sum := int64(0)
	for i := 2; i < len(ring); i++ {
		sum += turn(ring[0], ring[i-1], ring[i])
	}
	return sum
}
