package edit

import (
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
)

// MoveVertex moves a vertex, of all borders that have it.
type MoveVertex struct{ From, To geo.Point }

// Change implements [Op].
func (m MoveVertex) Change(c *coverage.Coverage) (coverage.Change, error) {
	gone := having(c, m.From)
	if len(gone) == 0 {
		return coverage.Change{}, refuse(Unknown, &m.From, nil, "there is no vertex")
	}
	var borders []coverage.Border
	for _, id := range gone {
		for _, b := range c.Arc(id).Pieces() {
			if b.A == m.From {
				b.A = m.To
			}
			if b.B == m.From {
				b.B = m.To
			}
			if b.A == b.B {
				return coverage.Change{}, refuse(Collides, &m.To, nil, "the vertex would fall on the next one; delete it instead")
			}
			borders = append(borders, b)
		}
	}
	return redraw(c, gone, borders, m.To)
}

// redraw refuses borders of which two are the same, which no chain can hold.
func redraw(c *coverage.Coverage, gone []coverage.ArcID, borders []coverage.Border, at geo.Point) (coverage.Change, error) {
	seen := make(map[[2]geo.Point]bool, 2*len(borders))
	for _, b := range borders {
		if seen[[2]geo.Point{b.A, b.B}] {
			return coverage.Change{}, refuse(Collides, &at, nil, "two borders would run along the same edge")
		}
		seen[[2]geo.Point{b.A, b.B}], seen[[2]geo.Point{b.B, b.A}] = true, true
	}
	return c.Redraw(gone, borders, nil), nil
}

// having are the arcs with a vertex.
func having(c *coverage.Coverage, p geo.Point) []coverage.ArcID {
	var out []coverage.ArcID
	for id, a := range c.Arcs() {
		if slices.Contains(a.Points, p) {
			out = append(out, id)
		}
	}
	return out
}

// InsertVertex puts a vertex into the edge from A to B, or from B to A.
type InsertVertex struct{ A, B, At geo.Point }

// Change implements [Op].
func (v InsertVertex) Change(c *coverage.Coverage) (coverage.Change, error) {
	for id, a := range c.Arcs() {
		for i := 1; i < len(a.Points); i++ {
			p, q := a.Points[i-1], a.Points[i]
			if p == v.A && q == v.B || p == v.B && q == v.A {
				if v.At == p || v.At == q {
					return coverage.Change{}, refuse(Nothing, &v.At, nil, "the edge has that vertex")
				}
				borders := a.Pieces()
				tail := borders[i-1]
				borders[i-1].B, tail.A = v.At, v.At
				return redraw(c, []coverage.ArcID{id}, slices.Insert(borders, i, tail), v.At)
			}
		}
	}
	return coverage.Change{}, refuse(Unknown, &v.A, nil, "there is no such edge")
}

// DeleteVertex removes a vertex where no borders meet.
type DeleteVertex struct{ At geo.Point }

// Change implements [Op].
func (d DeleteVertex) Change(c *coverage.Coverage) (coverage.Change, error) {
	gone := having(c, d.At)
	if len(gone) == 0 {
		return coverage.Change{}, refuse(Unknown, &d.At, nil, "there is no vertex")
	}
	a := c.Arc(gone[0])
	n := len(a.Points)
	end := a.Points[0] == d.At || a.Points[n-1] == d.At
	if len(gone) > 1 || end && a.Points[0] != a.Points[n-1] {
		return coverage.Change{}, refuse(Collides, &d.At, nil, "borders meet in the vertex; move it instead")
	}
	points := slices.DeleteFunc(slices.Clone(a.Points), func(p geo.Point) bool { return p == d.At })
	if end {
		points = append(points, points[0])
	}
	if len(points) < 2 || points[0] == points[len(points)-1] && len(points) < 4 {
		return coverage.Change{}, refuse(Collides, &d.At, nil, "the border needs the vertex: a ring has three or more")
	}
	drawn := coverage.Arc{Points: points, Left: a.Left, Right: a.Right}
	return redraw(c, gone, drawn.Pieces(), d.At)
}

// Reshape lets the border between two cells, or between one and the outside, run along a line from where the line begins to
// where it ends. Both ends lie on one arc, on vertices or edges as exactly as whole units allow. Of the border of an
// island, which is closed, the shorter way between the ends is replaced.
type Reshape struct{ Line []geo.Point }

// Change implements [Op].
func (r Reshape) Change(c *coverage.Coverage) (coverage.Change, error) {
	line, err := path(r.Line)
	if err != nil {
		return coverage.Change{}, err
	}
	from, to := line[0], line[len(line)-1]
	begun := false
	for id, a := range c.Arcs() {
		i, ok := spot(a, from)
		begun = begun || ok
		j, on := spot(a, to)
		if !ok || !on {
			continue
		}
		points := replaced(a, i, j, line)
		drawn := coverage.Arc{Points: points, Left: a.Left, Right: a.Right}
		return redraw(c, []coverage.ArcID{id}, drawn.Pieces(), from)
	}
	if !begun {
		return coverage.Change{}, refuse(Misses, &from, nil, "the line does not begin on a border")
	}
	return coverage.Change{}, refuse(Misses, &to, nil, "the line does not end on the border that it begins on")
}

// spot is where on an arc a point lies: twice the number of its vertex, or of the vertex before and one more.
func spot(a *coverage.Arc, p geo.Point) (int, bool) {
	if i := slices.Index(a.Points, p); i >= 0 {
		return 2 * i, true
	}
	for i := 1; i < len(a.Points); i++ {
		if coverage.OnEdge(a.Points[i-1], a.Points[i], p) {
			return 2*i - 1, true
		}
	}
	return 0, false
}

// replaced are the points of an arc with a line between two spots.
func replaced(a *coverage.Arc, i, j int, line []geo.Point) []geo.Point {
	if i > j {
		i, j = j, i
		line = slices.Clone(line)
		slices.Reverse(line)
	}
	// What stays before i and behind j, and what lies between.
	head, tail := a.Points[:(i+1)/2], a.Points[j/2+1:]
	closed := a.Points[0] == a.Points[len(a.Points)-1]
	if closed {
		middle := a.Points[(i+1)/2 : j/2+1]
		outer := append(slices.Clone(tail), head[min(1, len(head)):]...)
		if length(line[0], middle, line[len(line)-1]) > length(line[len(line)-1], outer, line[0]) {
			// The way through the arc's beginning is shorter: keep the middle.
			points := slices.Clone(middle)
			back := slices.Clone(line)
			slices.Reverse(back)
			out := slices.Compact(append(append([]geo.Point{}, points...), back...))
			if out[0] != out[len(out)-1] {
				out = append(out, out[0])
			}
			return out
		}
	}
	return slices.Compact(append(append(slices.Clone(head), line...), tail...))
}

func length(from geo.Point, through []geo.Point, to geo.Point) float64 {
	sum, at := 0.0, from
	for _, p := range through {
		sum += geo.Distance(at, p)
		at = p
	}
	return sum + geo.Distance(at, to)
}

// path checks a line: two points or more, none of its edges crosses or touches another.
func path(line []geo.Point) ([]geo.Point, error) {
	line = slices.Compact(slices.Clone(line))
	if len(line) < 2 {
		return nil, refuse(Misses, nil, nil, "a line needs two points")
	}
	for i := 1; i < len(line); i++ {
		for j := i + 1; j < len(line); j++ {
			a, b, p, q := line[i-1], line[i], line[j-1], line[j]
			closes := i == 1 && j == len(line)-1 && a == q
			switch {
			case j == i+1 && geo.Orient(a, b, q) == 0 && coverage.OnEdge(a, b, q), j == i+1 && geo.Orient(a, b, q) == 0 && coverage.OnEdge(b, q, a):
				return nil, refuse(Crosses, &b, nil, "the line turns back on itself")
			case j == i+1 || closes && len(line) > 3:
				continue
			case meet(a, b, p, q):
				return nil, refuse(Crosses, &p, nil, "the line crosses itself")
			}
		}
	}
	return line, nil
}

func meet(a, b, p, q geo.Point) bool {
	if max(a.X, b.X) < min(p.X, q.X) || max(p.X, q.X) < min(a.X, b.X) || max(a.Y, b.Y) < min(p.Y, q.Y) || max(p.Y, q.Y) < min(a.Y, b.Y) {
		return false
	}
	return geo.Orient(a, b, p)*geo.Orient(a, b, q) <= 0 && geo.Orient(p, q, a)*geo.Orient(p, q, b) <= 0
}
