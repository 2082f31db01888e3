package impact

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// Border is a line along which cells met before, or meet now, and did not before.
type Border struct {
	// New tells lines of after from those of before.
	New bool
	// Left and Right are the codes of the cells beside the line, empty beyond all cells.
	Left, Right string
	// Line is two or more points.
	Line    []geo.Point
	LengthM float64
}

// Change is added for new lines, removed for those of before.
func (b Border) Change() string {
	if b.New {
		return "added"
	}
	return "removed"
}

// MarshalJSON writes a GeoJSON feature.
func (b Border) MarshalJSON() ([]byte, error) {
	type geometry struct {
		Type        string       `json:"type"`
		Coordinates [][2]float64 `json:"coordinates"`
	}
	type properties struct {
		Change  string  `json:"change"`
		Left    string  `json:"left"`
		Right   string  `json:"right"`
		LengthM float64 `json:"length_m"`
	}
	g := geometry{"LineString", make([][2]float64, len(b.Line))}
	for i, p := range b.Line {
		g.Coordinates[i] = [2]float64{p.Lon(), p.Lat()}
	}
	return json.Marshal(struct {
		Type       string     `json:"type"`
		Properties properties `json:"properties"`
		Geometry   geometry   `json:"geometry"`
	}{"Feature", properties{b.Change(), b.Left, b.Right, b.LengthM}, g})
}

// UnmarshalJSON reads what [Border.MarshalJSON] writes.
func (b *Border) UnmarshalJSON(text []byte) error {
	var f struct {
		Properties struct {
			Change      string
			Left, Right string
			LengthM     float64 `json:"length_m"`
		}
		Geometry struct{ Coordinates [][2]float64 }
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return err
	}
	*b = Border{New: f.Properties.Change == "added", Left: f.Properties.Left, Right: f.Properties.Right, LengthM: f.Properties.LengthM}
	for _, c := range f.Geometry.Coordinates {
		p, ok := geo.FromDegrees(c[0], c[1])
		if !ok {
			return fmt.Errorf("%v is no place", c)
		}
		b.Line = append(b.Line, p)
	}
	return nil
}

// edge is a piece of a ring between two vertices, the lesser first.
type edge struct{ a, b geo.Point }

// beside are the numbers of the codes on the sides of an edge, -1 for none.
type beside struct{ left, right int32 }

// edges are the pieces of the borders of changed cells, with the cells on both sides.
func (c *Change) edges(v *version) map[edge]beside {
	n := 0
	for _, i := range v.listed {
		if v.changed[i] {
			n += len(v.cells[i].Shape.Vertices())
		}
	}
	out := make(map[edge]beside, n)
	// The cells beside changed ones only say whose ground is on the other side.
	for _, changed := range []bool{true, false} {
		for _, i := range v.listed {
			if v.changed[i] != changed {
				continue
			}
			walk(v.cells[i].Shape, func(e edge, left bool) {
				at, ok := out[e]
				if !ok {
					if !changed {
						return
					}
					at = beside{-1, -1}
				}
				if left {
					at.left = v.code[i]
				} else {
					at.right = v.code[i]
				}
				out[e] = at
			})
		}
	}
	return out
}

// walk visits the edges of a polygon shape with the side on which its ground lies.
func walk(s geo.Shape, visit func(e edge, left bool)) {
	for i := range s.NumPolygons() {
		from, to := s.Polygon(i)
		for r := from; r < to; r++ {
			ring := s.Ring(r)
			// The ground is to the left of shells that run against the clock and of holes that run with it.
			left := anticlockwise(ring) == (r == from)
			for k := 1; k < len(ring); k++ {
				switch p, q := ring[k-1], ring[k]; comparePoints(p, q) {
				case -1:
					visit(edge{p, q}, left)
				case 1:
					visit(edge{q, p}, !left)
				}
			}
		}
	}
}

func anticlockwise(ring []geo.Point) bool {
	sum, o := 0.0, ring[0]
	for k := 1; k < len(ring); k++ {
		a, b := ring[k-1], ring[k]
		sum += float64(int64(a.X)-int64(o.X))*float64(int64(b.Y)-int64(o.Y)) - float64(int64(b.X)-int64(o.X))*float64(int64(a.Y)-int64(o.Y))
	}
	return sum > 0
}

// Borders are the lines that moved: those of before first, each list from west to east. A line that stays and only gets
// other cells beside it did not move.
func (c *Change) Borders() []Border {
	before, after := c.edges(&c.old), c.edges(&c.new)
	lines := map[straight][]geo.Point{}
	for _, sets := range [][2]map[edge]beside{{before, after}, {after, before}} {
		for e := range sets[0] {
			if _, stays := sets[1][e]; !stays {
				lines[lineOf(e)] = nil
			}
		}
	}
	// A border can stay where only its vertices differ: what lies on such lines is compared piece by piece.
	cuts(before, lines)
	cuts(after, lines)
	for line, at := range lines {
		slices.SortFunc(at, comparePoints)
		lines[line] = slices.Compact(at)
	}
	before, after = divide(before, lines), divide(after, lines)
	for e := range before {
		if _, stays := after[e]; stays {
			delete(before, e)
			delete(after, e)
		}
	}
	return append(c.lines(before, false), c.lines(after, true)...)
}

// straight is a straight line through whole units: the least step along it, to the east or due north, and how far it lies
// from the origin.
type straight struct{ dx, dy, off int64 }

func lineOf(e edge) straight {
	dx, dy := int64(e.b.X)-int64(e.a.X), int64(e.b.Y)-int64(e.a.Y)
	g, r := dx, dy
	for r != 0 {
		g, r = r, g%r
	}
	if g < 0 {
		g = -g
	}
	dx, dy = dx/g, dy/g
	return straight{dx, dy, dx*int64(e.a.Y) - dy*int64(e.a.X)}
}

// cuts adds the ends of edges on the given lines.
func cuts(edges map[edge]beside, lines map[straight][]geo.Point) {
	for e := range edges {
		line := lineOf(e)
		if at, ok := lines[line]; ok {
			lines[line] = append(at, e.a, e.b)
		}
	}
}

// divide are the pieces of the edges on the given lines, cut at the given places of each.
func divide(edges map[edge]beside, lines map[straight][]geo.Point) map[edge]beside {
	out := map[edge]beside{}
	for e, s := range edges {
		at, ok := lines[lineOf(e)]
		if !ok {
			continue
		}
		first, _ := slices.BinarySearchFunc(at, e.a, comparePoints)
		for i := first; at[i] != e.b; i++ {
			piece := edge{at[i], at[i+1]}
			// Where edges of one set lie on each other, one knows the cell on the left and the other that on the right.
			have, ok := out[piece]
			if !ok {
				have = s
			}
			out[piece] = beside{max(have.left, s.left), max(have.right, s.right)}
		}
	}
	return out
}

// lines joins edges between the same two cells to lines, each with the cell of the lesser code on its left.
func (c *Change) lines(edges map[edge]beside, isNew bool) []Border {
	type piece struct {
		from, to geo.Point
		beside
	}
	pieces := make([]piece, 0, len(edges))
	for e, s := range edges {
		p := piece{e.a, e.b, s}
		if c.name(s.left) > c.name(s.right) {
			p = piece{e.b, e.a, beside{s.right, s.left}}
		}
		pieces = append(pieces, p)
	}
	compare := func(a, b piece) int {
		return cmp.Or(cmp.Compare(a.left, b.left), cmp.Compare(a.right, b.right), comparePoints(a.from, b.from), comparePoints(a.to, b.to))
	}
	slices.SortFunc(pieces, compare)
	arrives := make(map[piece]bool, len(pieces))
	for _, p := range pieces {
		arrives[piece{from: p.to, beside: p.beside}] = true
	}
	used := make([]bool, len(pieces))
	// next is the first unused piece that goes on from a place, -1 for none.
	next := func(from geo.Point, s beside) int {
		at, _ := slices.BinarySearchFunc(pieces, piece{from: from, to: geo.Point{X: -1 << 31, Y: -1 << 31}, beside: s}, compare)
		for ; at < len(pieces) && pieces[at].from == from && pieces[at].beside == s; at++ {
			if !used[at] {
				return at
			}
		}
		return -1
	}
	var out []Border
	follow := func(i int) {
		p := pieces[i]
		b := Border{New: isNew, Left: c.name(p.left), Right: c.name(p.right), Line: []geo.Point{p.from}}
		for ; i >= 0; i = next(pieces[i].to, p.beside) {
			used[i] = true
			b.LengthM += geo.Distance(pieces[i].from, pieces[i].to)
			b.Line = append(b.Line, pieces[i].to)
		}
		b.LengthM = centi(b.LengthM)
		out = append(out, b)
	}
	for i, p := range pieces {
		if !used[i] && !arrives[piece{from: p.from, beside: p.beside}] {
			follow(i)
		}
	}
	for i := range pieces {
		if !used[i] {
			follow(i) // what is left runs in a circle
		}
	}
	slices.SortFunc(out, func(a, b Border) int { return slices.CompareFunc(a.Line, b.Line, comparePoints) })
	return out
}
