package check

import (
	"cmp"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// Labels below the cells: the declared outline, and what is left of the sum of all rings.
const (
	outlineLabel int32 = -1
	excessLabel  int32 = -2
)

// locate finds the defects behind segments that do not cancel. The first graph, of these segments alone, tells where cover
// is wrong; the second, with the rings of the cells that lie there, tells which cells.
func (c *checker) locate(left []link) {
	lines := make([]line, len(left))
	for i, l := range left {
		lines[i] = line{l.segment, []mark{{excessLabel, l.net}}}
	}
	g := trace(lines)
	c.missing(g)
	boxes := c.wrong(g)
	if len(boxes) == 0 {
		return
	}
	c.classify(trace(c.gather(lines, boxes)))
}

// net is the count of a label in marks.
func net(cover []mark, label int32) int32 {
	for _, m := range cover {
		if m.label == label {
			return m.net
		}
	}
	return 0
}

// bad reports whether a bounded face is covered more or less often than it should be.
func (c *checker) bad(excess int32) bool {
	if c.declared {
		return excess != 0
	}
	return excess != 1
}

// wrong are the boxes of the faces where cover is wrong, those that meet joined.
func (c *checker) wrong(g *graph) []geo.Box {
	var boxes []geo.Box
	for f := 1; f < len(g.faces); f++ {
		if !c.bad(net(g.faces[f].cover, excessLabel)) {
			continue
		}
		box := geo.EmptyBox()
		for _, cycle := range g.faces[f].cycles {
			for h := range g.along(cycle) {
				s := &g.sites[g.origin(h)]
				box = box.Extend(s.p)
				if s.x != nil {
					box = box.Extend(geo.Point{X: s.p.X + 1, Y: s.p.Y + 1})
				}
			}
		}
		boxes = append(boxes, box)
	}
	return boxes
}

// gather are the lines of the second graph: what is left, the outline, and all rings of the cells whose boxes meet those of
// wrong faces.
func (c *checker) gather(left []line, boxes []geo.Box) []line {
	type piece struct {
		segment
		mark
	}
	var pieces []piece
	add := func(label int32, s geo.Shape) {
		for r, turn := range turns(s) {
			ring := s.Ring(r)
			for i := 1; i < len(ring); i++ {
				if ring[i-1] != ring[i] {
					seg, sign := undirected(ring[i-1], ring[i])
					pieces = append(pieces, piece{seg, mark{label, sign * turn}})
				}
			}
		}
	}
	near := newBoxes(boxes)
	for i := range c.cells {
		if s := c.shape(i); near.meets(s.Box()) {
			add(int32(i), s)
		}
	}
	if c.declared {
		add(outlineLabel, c.outline)
	}
	for _, l := range left {
		pieces = append(pieces, piece{l.segment, l.marks[0]})
	}
	slices.SortFunc(pieces, func(p, q piece) int {
		return cmp.Or(compareSegment(p.segment, q.segment), cmp.Compare(p.label, q.label))
	})
	marks := make([]mark, 0, len(pieces))
	var lines []line
	for i, p := range pieces {
		if i > 0 && p.segment == pieces[i-1].segment {
			last := &lines[len(lines)-1]
			if p.label == pieces[i-1].label {
				marks[len(marks)-1].net += p.net
			} else {
				marks = append(marks, p.mark)
				last.marks = marks[len(marks)-len(last.marks)-1:]
			}
			continue
		}
		marks = append(marks, p.mark)
		lines = append(lines, line{p.segment, marks[len(marks)-1:]})
	}
	for i := range lines {
		// Where two polygons of the outline share an edge, it cancels.
		lines[i].marks = slices.Clip(slices.DeleteFunc(lines[i].marks, func(m mark) bool { return m.net == 0 }))
	}
	return lines
}

// classify lists the defects of the second graph.
func (c *checker) classify(g *graph) {
	for f := int32(1); f < int32(len(g.faces)); f++ {
		cover := g.faces[f].cover
		if !c.bad(net(cover, excessLabel)) {
			continue
		}
		inside := !c.declared || net(cover, outlineLabel) != 0
		var by []int32
		for _, m := range cover {
			if m.label >= 0 {
				by = append(by, m.label)
			}
		}
		excess := len(by)
		if inside {
			excess--
		}
		d := Defect{Cells: c.names(by), Excess: excess, Twice: g.twice(f)}
		m := g.measure(f)
		d.Area, d.Width, d.Point = m.area, m.width, m.inside
		if c.unfit(g, f, d) {
			continue
		}
		if len(by) == 0 {
			d.Kind, d.Cells = Gap, c.names(g.beside(f))
			c.found = append(c.found, d)
			continue
		}
		if len(by) > 1 {
			d.Kind = Overlap
			c.found = append(c.found, d)
		}
		if !inside {
			if len(by) > 1 {
				// The same ground a second time: its excess is told once.
				d.Excess = 0
			}
			d.Kind = Outside
			c.found = append(c.found, d)
		}
	}
}

// beside are the cells on the other side of the edges of a face.
func (g *graph) beside(f int32) []int32 {
	var out []int32
	for _, c := range g.faces[f].cycles {
		for h := range g.along(c) {
			for _, m := range g.edges[h>>1].marks {
				if m.label >= 0 {
					out = append(out, m.label)
				}
			}
		}
	}
	return out
}

// boxes answers which boxes meet one of a set, by columns of equal width.
type boxes struct {
	low, width int64
	columns    [][]geo.Box
}

func newBoxes(of []geo.Box) *boxes {
	all := geo.EmptyBox()
	for _, b := range of {
		all = all.Union(b)
	}
	b := &boxes{low: int64(all.Min.X)}
	b.width = (int64(all.Max.X)-b.low)/int64(len(of)) + 1
	b.columns = make([][]geo.Box, len(of))
	for _, box := range of {
		for at := b.of(box.Min.X); at <= b.of(box.Max.X); at++ {
			b.columns[at] = append(b.columns[at], box)
		}
	}
	return b
}

func (b *boxes) of(x int32) int {
	return int(max(0, min(int64(len(b.columns)-1), (int64(x)-b.low)/b.width)))
}

func (b *boxes) meets(box geo.Box) bool {
	if box.Empty() {
		return false
	}
	for at := b.of(box.Min.X); at <= b.of(box.Max.X); at++ {
		for _, c := range b.columns[at] {
			if c.Intersects(box) {
				return true
			}
		}
	}
	return false
}
