package outline

import "github.com/gewu-city/gewu/geo"

// Geometry is the lines, or the rings of polygons, of a feature in a tile. Rings are not closed; an outer one runs
// clockwise on screen and has at least three vertices, and its holes follow it the other way round.
type Geometry struct {
	Vertices []Vertex
	Ends     []int32 // of the lines or rings
	Rings    bool
}

// Empty reports whether nothing is drawn.
func (g *Geometry) Empty() bool { return len(g.Ends) == 0 }

func (g *Geometry) end() { g.Ends = append(g.Ends, int32(len(g.Vertices))) }

// Part is line or ring i.
func (g *Geometry) Part(i int) []Vertex {
	from := int32(0)
	if i > 0 {
		from = g.Ends[i-1]
	}
	return g.Vertices[from:g.Ends[i]]
}

// cut drops the parts from i on.
func (g *Geometry) cut(i int) {
	if i == 0 {
		g.Vertices = g.Vertices[:0]
	} else {
		g.Vertices = g.Vertices[:g.Ends[i-1]]
	}
	g.Ends = g.Ends[:i]
}

// area2 is twice the signed area of ring i, positive when it runs clockwise on screen.
func (g *Geometry) area2(i int) int64 {
	ring, sum := g.Part(i), int64(0)
	for k := 2; k < len(ring); k++ {
		sum += turn(ring[0], ring[k-1], ring[k])
	}
	return sum
}

// assemble draws feature i to d.out and returns how many of its polygons are lost.
func (d *Drawing) assemble(i int) (lost int) {
	d.out.Vertices, d.out.Ends = d.out.Vertices[:0], d.out.Ends[:0]
	from := int32(0)
	if i > 0 {
		from = d.features[i-1].end
	}
	clear(d.squares)
	for p := from; p < d.features[i].end; p++ {
		part := &d.parts[p]
		first := int32(0)
		if p > 0 {
			first = d.parts[p-1].end
		}
		switch {
		case part.fate == asSquare:
			if d.crowded(part.square) {
				lost++
			} else {
				d.drawSquare(part.square)
			}
		case part.fate == asNothing:
			lost++
		case part.fate == elsewhere:
		case d.features[i].kind == geo.KindLine:
			for r := first; r < part.end; r++ {
				d.drawLine(d.routed[d.rings[r].from:d.rings[r].to])
			}
		default:
			if d.drawPolygon(d.rings[first:part.end]) {
				lost++
			}
		}
	}
	return lost
}

// crowded reports whether a square would overlap one of the same feature that is drawn, or share a side with it: the
// polygons of a feature meet in corners at most. If not it is noted; squares of the grid with the side of one hold one each.
func (d *Drawing) crowded(c Vertex) bool {
	side := d.frame.dust
	cell := Vertex{floorDiv(c.X, side), floorDiv(c.Y, side)}
	for dx := int32(-1); dx <= 1; dx++ {
		for dy := int32(-1); dy <= 1; dy++ {
			o, ok := d.squares[Vertex{cell.X + dx, cell.Y + dy}]
			if x, y := max(o.X-c.X, c.X-o.X), max(o.Y-c.Y, c.Y-o.Y); ok && x <= side && y <= side && (x < side || y < side) {
				return true
			}
		}
	}
	if d.squares == nil {
		d.squares = map[Vertex]Vertex{}
	}
	d.squares[cell] = c
	return false
}

func floorDiv(a, b int32) int32 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// drawSquare draws the square that stands for small polygons.
func (d *Drawing) drawSquare(c Vertex) {
	half := d.frame.dust / 2
	x0, x1 := max(c.X-half, -Buffer), min(c.X+half, Extent+Buffer)
	y0, y1 := max(c.Y-half, -Buffer), min(c.Y+half, Extent+Buffer)
	d.out.Vertices = append(d.out.Vertices, Vertex{x0, y0}, Vertex{x1, y0}, Vertex{x1, y1}, Vertex{x0, y1})
	d.out.end()
}

func (d *Drawing) drawLine(path []int32) {
	start := len(d.out.Vertices)
	last := int32(none)
	finish := func() {
		if len(d.out.Vertices)-start < 2 {
			d.out.Vertices = d.out.Vertices[:start]
		} else {
			d.out.end()
		}
		start = len(d.out.Vertices)
		last = none
	}
	for _, id := range path {
		switch {
		case id < 0:
			finish()
		case id != last && !d.net.about[id].gone:
			d.out.Vertices = append(d.out.Vertices, d.net.at[id])
			last = id
		}
	}
	finish()
}

// drawPolygon draws a polygon and reports whether it lies in the tile and nothing is left of it.
func (d *Drawing) drawPolygon(rings []run) (lost bool) {
	d.visits++
	ends := len(d.out.Ends)
	plain, whole := true, true
	for i, r := range rings {
		loop, out := d.tidy(d.routed[r.from:r.to])
		whole = whole && !out
		drawn := len(d.out.Ends)
		if out {
			plain = d.drawClipped(loop, len(rings) == 1) && plain
		} else {
			plain = d.drawLoop(loop) && plain
		}
		if plain && len(d.out.Ends) > drawn && d.out.area2(drawn) > 0 != (i == 0) {
			d.out.cut(drawn)
		}
		if i == 0 && len(d.out.Ends) == ends {
			// Without its outer ring nothing is left, holes or not.
			return whole
		}
	}
	if plain {
		return false
	}
	return !d.repair(ends) && whole
}

// tidy is a ring without the vertices that were taken out, without repetitions and spikes: pieces that run there and
// back. out says that a part of it lies outside.
func (d *Drawing) tidy(path []int32) (loop []int32, out bool) {
	loop = d.loop[:0]
	for _, id := range path {
		if id < 0 {
			out = true
		} else if d.net.about[id].gone {
			continue
		}
		n := len(loop)
		switch {
		case n > 0 && loop[n-1] == id:
		case n > 1 && loop[n-2] == id:
			loop = loop[:n-1]
		default:
			loop = append(loop, id)
		}
	}
	d.loop = loop
	// The same where the end meets the start. The path is closed, unless it lies outside there.
	for len(loop) > 2 {
		n := len(loop)
		switch {
		case loop[0] == loop[n-1]:
			loop = loop[:n-1]
		case loop[n-2] == loop[0]:
			loop = loop[:n-1]
		case loop[n-1] == loop[1]:
			loop = loop[1:]
		default:
			return loop, out
		}
	}
	return nil, out
}

// drawLoop draws a ring and reports whether no vertex of the polygon occurs twice.
func (d *Drawing) drawLoop(loop []int32) (plain bool) {
	plain = true
	if len(loop) < 3 {
		return true
	}
	for _, id := range loop {
		a := &d.net.about[id]
		plain = plain && a.seen != d.visits
		a.seen = d.visits
		d.out.Vertices = append(d.out.Vertices, d.net.at[id])
	}
	d.out.end()
	return plain
}

// drawClipped draws the part of a ring in the tile and its buffer. It reports whether that is a ring as it should be:
// surely so when the ring is alone, leaves the tile once and does not come to the edge elsewhere.
func (d *Drawing) drawClipped(loop []int32, alone bool) (plain bool) {
	plain = alone
	ring := d.ring[:0]
	edge, leaves, inside := 0, 0, 0
	for i, id := range loop {
		if id < 0 {
			ring = append(ring, d.far[^id])
			if loop[(i+1)%len(loop)] >= 0 {
				leaves++
			}
			continue
		}
		inside++
		a, v := &d.net.about[id], d.net.at[id]
		plain = plain && a.seen != d.visits
		a.seen = d.visits
		if v.X == -Buffer || v.X == Extent+Buffer || v.Y == -Buffer || v.Y == Extent+Buffer {
			edge++
		}
		ring = append(ring, farVertex{int64(v.X), int64(v.Y)})
	}
	d.ring, d.spare = clipRing(ring, d.spare)
	ring = straighten(d.ring)
	if len(ring) < 3 {
		return plain
	}
	if inside > 0 {
		plain = plain && leaves == 1 && edge == 2
	} else {
		plain = plain && len(ring) == 4
	}
	for _, v := range ring {
		d.out.Vertices = append(d.out.Vertices, Vertex{int32(v.x), int32(v.y)})
	}
	d.out.end()
	return plain
}

// exact is the factor that keeps vertices apart from edges in [Drawing.repair]: two places of a tile are never so
// near an edge that is not theirs that rounding by a unit of the enlarged tile joins them.
const (
	exactBits = 17
	exact     = 1 << exactBits
)

// mostRepaired bounds the vertices of a polygon in one tile that is repaired: the work can grow with their square. A
// larger one is drawn as it is: its rings may touch themselves, which does not change what they cover.
const mostRepaired = 1 << 15

// repair replaces the rings drawn from the given one on by valid ones that cover the same ground, and reports whether
// any are left. Vertices and edges stay where they are: rings are cut where they meet themselves, and pieces that run
// there and back vanish.
func (d *Drawing) repair(ends int) bool {
	g := &d.out
	from := int32(0)
	if ends > 0 {
		from = g.Ends[ends-1]
	}
	if len(g.Vertices)-int(from) > mostRepaired {
		return true
	}
	var xy []geo.Point
	var rings []uint32
	for i := ends; i < len(g.Ends); i++ {
		start := len(xy)
		for _, v := range g.Part(i) {
			xy = append(xy, geo.Point{X: v.X * exact, Y: v.Y * exact})
		}
		xy = append(xy, xy[start])
		rings = append(rings, uint32(len(xy)))
	}
	g.cut(ends)
	s, err := geo.NewShape(geo.KindPolygon, xy, rings, []uint32{uint32(len(rings))})
	if err != nil {
		return false
	}
	if s, _, err = geo.Fix(s); err != nil {
		return false
	}
	for i := range s.NumRings() {
		for _, p := range s.Ring(i)[1:] {
			g.Vertices = append(g.Vertices, Vertex{(p.X + exact/2) >> exactBits, (p.Y + exact/2) >> exactBits})
		}
		g.end()
	}
	return true
}
