package coverage

import (
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// Border is a piece of a border with the faces on its sides.
type Border struct {
	A, B        geo.Point
	Left, Right FaceID
}

// halfBorder is a border as seen from one of its ends.
type halfBorder struct {
	index int32
	back  bool
}

// chain joins pieces to arcs. Arcs end where more than two pieces meet and at fixed places; borders without either begin at
// their least vertex. Every arc runs so that its first piece is the least of its ends' pieces, which makes the result
// independent of the order of the pieces.
func chain(borders []Border, fixed func(geo.Point) bool) []*Arc {
	borders = slices.Clone(borders)
	for i, b := range borders {
		if comparePoints(b.A, b.B) > 0 {
			borders[i] = Border{b.B, b.A, b.Right, b.Left}
		}
	}
	slices.SortFunc(borders, func(a, b Border) int {
		if c := comparePoints(a.A, b.A); c != 0 {
			return c
		}
		return comparePoints(a.B, b.B)
	})
	ends := make([]geo.Point, 0, 2*len(borders))
	for _, b := range borders {
		ends = append(ends, b.A, b.B)
	}
	slices.SortFunc(ends, comparePoints)
	ends = slices.Compact(ends)
	find := func(p geo.Point) int {
		i, _ := slices.BinarySearchFunc(ends, p, comparePoints)
		return i
	}
	at := make([][2]halfBorder, len(ends))
	degree := make([]int32, len(ends))
	from, to := make([]int32, len(borders)), make([]int32, len(borders))
	for i, b := range borders {
		from[i], to[i] = int32(find(b.A)), int32(find(b.B))
		for _, h := range [...]struct {
			node int32
			half halfBorder
		}{{from[i], halfBorder{int32(i), false}}, {to[i], halfBorder{int32(i), true}}} {
			if degree[h.node] < 2 {
				at[h.node][degree[h.node]] = h.half
			}
			degree[h.node]++
		}
	}
	node := func(i int32) bool { return degree[i] != 2 || fixed(ends[i]) }
	used := make([]bool, len(borders))
	var arcs []*Arc
	walk := func(h halfBorder) {
		b := borders[h.index]
		a := &Arc{Left: b.Left, Right: b.Right}
		begin := from[h.index]
		if h.back {
			a.Left, a.Right, begin = b.Right, b.Left, to[h.index]
		}
		a.Points = append(a.Points, ends[begin])
		for {
			used[h.index] = true
			here := to[h.index]
			if h.back {
				here = from[h.index]
			}
			a.Points = append(a.Points, ends[here])
			if here == begin || node(here) {
				break
			}
			next := at[here][0]
			if next.index == h.index {
				next = at[here][1]
			}
			h = next
		}
		a.Points = slices.Clip(a.Points)
		arcs = append(arcs, a)
	}
	for i := range borders {
		if !used[i] && node(from[i]) {
			walk(halfBorder{int32(i), false})
		}
		if !used[i] && node(to[i]) {
			walk(halfBorder{int32(i), true})
		}
	}
	// What is left are closed borders; pieces are ascending, so the first of each begins at its least vertex.
	for i := range borders {
		if !used[i] {
			walk(halfBorder{int32(i), false})
		}
	}
	return arcs
}

// rings joins the sides of one face to closed borders. Where several meet in a node, the border goes on along the first one
// clockwise, so that the ground between is the face's; a border that comes back to a node is cut there.
func rings(sides []Side, arc func(ArcID) *Arc) [][]Side {
	slices.Sort(sides)
	leaving := make(map[geo.Point][]Side, len(sides))
	for _, s := range sides {
		p := startOf(s, arc(s.Arc()))
		leaving[p] = append(leaving[p], s)
	}
	done := make(map[Side]bool, len(sides))
	var out [][]Side
	for _, s := range sides {
		if done[s] {
			continue
		}
		var stack []Side
		for !done[s] {
			done[s] = true
			stack = append(stack, s)
			a := arc(s.Arc())
			end := startOf(s^1, a)
			// A border that comes back to where it was is a ring of its own.
			for i, from := range slices.Backward(stack) {
				if startOf(from, arc(from.Arc())) == end {
					out = append(out, slices.Clone(stack[i:]))
					stack = stack[:i]
					break
				}
			}
			next := leaving[end]
			if len(next) == 0 {
				break
			}
			s = clockwise(end, secondOf(s^1, a), next, arc)
		}
	}
	for _, r := range out {
		// Each ring begins with its least side.
		at := 0
		for i := range r {
			if r[i] < r[at] {
				at = i
			}
		}
		slices.Reverse(r[:at])
		slices.Reverse(r[at:])
		slices.Reverse(r)
	}
	slices.SortFunc(out, slices.Compare)
	return out
}

// startOf is where a side begins, secondOf its next vertex.
func startOf(s Side, a *Arc) geo.Point {
	if s.Back() {
		return a.Points[len(a.Points)-1]
	}
	return a.Points[0]
}

func secondOf(s Side, a *Arc) geo.Point {
	if s.Back() {
		return a.Points[len(a.Points)-2]
	}
	return a.Points[1]
}

// clockwise is the first side clockwise from the direction towards a point.
func clockwise(at, from geo.Point, sides []Side, arc func(ArcID) *Arc) Side {
	if len(sides) == 1 {
		return sides[0]
	}
	best := sides[0]
	towards := func(s Side) geo.Point { return secondOf(s, arc(s.Arc())) }
	for _, s := range sides[1:] {
		// Anticlockwise from the direction, the last one is the first clockwise.
		b, t := compareAngles(at, towards(best), from) > 0, compareAngles(at, towards(s), from) > 0
		later := compareAngles(at, towards(s), towards(best)) > 0
		if b != t {
			// Those behind the direction come first anticlockwise.
			if !t {
				best = s
			}
		} else if later {
			best = s
		}
	}
	return best
}

// regions makes a coverage of arcs and faces without rings, and traces these.
func regions(arcs []*Arc, faces []*Face) *Coverage {
	c := &Coverage{arcs: arcs, faces: faces, codes: make(map[string]FaceID, len(faces))}
	sides := make([][]Side, len(faces))
	for i, a := range arcs {
		sides[a.Left] = append(sides[a.Left], Side(2*i))
		sides[a.Right] = append(sides[a.Right], Side(2*i+1))
	}
	for i, f := range faces {
		if f != nil {
			f.Rings = rings(sides[i], c.Arc)
			c.codes[f.Code] = FaceID(i)
		}
	}
	return c
}
