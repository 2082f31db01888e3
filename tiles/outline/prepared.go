package outline

import (
	"math"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
)

// prepared is a line or polygon shape in places, as every tile of every zoom level reads it. It is immutable.
type prepared struct {
	kind geo.Kind
	// parts are the polygons, or one part with all lines.
	parts []part
	// levels[0] has all vertices; the next ones are for coarser pixels and have the same rings.
	levels []level
}

// part is a polygon or the lines of a shape: its rings, and for a polygon what tells whether it is small.
type part struct {
	end      int32 // of its rings
	low, top place
	area     float64 // in square places
}

// level is the vertices of a shape for pixels of at least twice its cells. Of vertices in a row that share a cell only
// the first and the last are there: whatever pixel holds the cell holds the edges between them. Rings are closed, the
// outer ones clockwise on screen.
type level struct {
	cellBits uint // of the fine grid
	at       []place
	rings    []uint32 // ends
	// runs are the boxes of runLength vertices each, nil for short shapes.
	runs []box
}

type box struct{ low, top place }

const (
	runLength = 64
	// mostChecked is the number of vertices above which a shape is taken for valid.
	mostChecked = 1 << 16
	// leastReduced is the number of vertices above which a shape gets levels.
	leastReduced = 512
	// firstCell is the cell of the first reduced level, for pixels of zoom 14 and above; the next ones are sixteen
	// times as wide each.
	firstCell, nextCell, lastCell = 9, 4, 21
)

// prepare projects a shape to where a map with the shift has it; its long edges bend there. A polygon that is not valid on the map is repaired first: everything after stands on
// rings that do not cross.
func prepare(s geo.Shape, shift *proj.Shift) *prepared {
	p := &prepared{kind: s.Kind()}
	full := level{at: make([]place, 0, len(s.Vertices())), rings: make([]uint32, 0, s.NumRings())}
	for i := range s.NumRings() {
		ring := s.Ring(i)
		for k, v := range ring {
			if shift == nil {
				full.add(project(v.Mercator()))
				continue
			}
			if k > 0 {
				shift.Along(ring[k-1], v, func(x, y float64) { full.add(project(x, y)) })
			}
			full.add(project(shift.Mercator(v)))
		}
		full.rings = append(full.rings, uint32(len(full.at)))
	}
	ends := s.PolygonEnds()
	if p.kind == geo.KindPolygon && len(full.at) <= mostChecked {
		ends = full.repair(ends)
	}
	if p.kind == geo.KindLine {
		ends = []uint32{uint32(len(full.rings))}
	}
	from := 0
	for _, end := range ends {
		if p.kind == geo.KindPolygon {
			full.orient(from, int(end))
		}
		p.parts = append(p.parts, full.part(from, int(end)))
		from = int(end)
	}
	p.levels = []level{full}
	for bits := uint(firstCell); bits <= lastCell; bits += nextCell {
		last := &p.levels[len(p.levels)-1]
		if len(last.at) <= leastReduced {
			break
		}
		if l := last.reduced(bits); len(l.at) < len(last.at)/2 {
			p.levels = append(p.levels, l)
		}
	}
	for i := range p.levels {
		p.levels[i].index()
	}
	return p
}

// add appends a vertex unless it repeats the last one of its ring.
func (l *level) add(p place) {
	start := uint32(0)
	if n := len(l.rings); n > 0 {
		start = l.rings[n-1]
	}
	if n := len(l.at); n > int(start) && l.at[n-1] == p {
		return
	}
	l.at = append(l.at, p)
}

func (l *level) ring(i int) []place {
	from := uint32(0)
	if i > 0 {
		from = l.rings[i-1]
	}
	return l.at[from:l.rings[i]]
}

// orient turns the outer ring of a polygon clockwise on screen and its holes the other way round.
func (l *level) orient(from, end int) {
	for i := from; i < end; i++ {
		if ring := l.ring(i); area(ring) > 0 != (i == from) {
			slices.Reverse(ring)
		}
	}
}

// part measures the rings of a polygon.
func (l *level) part(from, end int) part {
	p := part{end: int32(end), low: place{math.MaxUint32, math.MaxUint32}}
	for i := from; i < end; i++ {
		ring := l.ring(i)
		for _, v := range ring {
			p.low = place{min(p.low.x, v.x), min(p.low.y, v.y)}
			p.top = place{max(p.top.x, v.x), max(p.top.y, v.y)}
		}
		p.area += area(ring)
	}
	return p
}

// area is the signed area of a closed ring, positive when it runs clockwise on screen.
func area(ring []place) float64 {
	sum := 0.0
	for k := 1; k < len(ring); k++ {
		o, u, v := ring[0], ring[k-1], ring[k]
		ux, uy := float64(u.x)-float64(o.x), float64(u.y)-float64(o.y)
		vx, vy := float64(v.x)-float64(o.x), float64(v.y)-float64(o.y)
		sum += float64(ux*vy) - float64(uy*vx)
	}
	return sum / 2
}

// reduced keeps the first and last of vertices in a row that share a cell.
func (l *level) reduced(bits uint) level {
	out := level{cellBits: bits, rings: make([]uint32, 0, len(l.rings))}
	cell := func(p place) place { return place{p.x >> (bits - fineBits), p.y >> (bits - fineBits)} }
	for i := range l.rings {
		start := len(out.at)
		for _, p := range l.ring(i) {
			if n := len(out.at); n >= start+2 && cell(p) == cell(out.at[n-1]) && cell(p) == cell(out.at[n-2]) {
				out.at[n-1] = p
				continue
			}
			out.at = append(out.at, p)
		}
		out.rings = append(out.rings, uint32(len(out.at)))
	}
	out.at = append([]place(nil), out.at...)
	return out
}

// index boxes the runs of a long level.
func (l *level) index() {
	if len(l.at) < 4*runLength {
		return
	}
	l.runs = make([]box, 0, len(l.at)/runLength)
	for from := 0; from+runLength <= len(l.at); from += runLength {
		b := box{l.at[from], l.at[from]}
		for _, p := range l.at[from : from+runLength] {
			b.low = place{min(b.low.x, p.x), min(b.low.y, p.y)}
			b.top = place{max(b.top.x, p.x), max(b.top.y, p.y)}
		}
		l.runs = append(l.runs, b)
	}
}

// level is the coarsest level that draws the same as all vertices with pixels of 2^bits fine steps. Pixels begin half
// a pixel beside the grid of their own size, and so on the grid of cells of half of it or less.
func (p *prepared) level(bits uint) *level {
	at := 0
	for i := range p.levels {
		if p.levels[i].cellBits < bits {
			at = i
		}
	}
	return &p.levels[at]
}

// repair makes the polygons with the given ends valid and returns their new ends. Shapes that span half the world are
// left as they are.
func (l *level) repair(ends []uint32) []uint32 {
	all := l.part(0, len(l.rings))
	if all.top.x-all.low.x > geo.MaxX || all.top.y-all.low.y > geo.MaxY {
		return ends
	}
	xy := make([]geo.Point, len(l.at))
	for i, p := range l.at {
		xy[i] = geo.Point{X: int32(p.x - all.low.x), Y: int32(p.y - all.low.y)}
	}
	s, err := geo.NewShape(geo.KindPolygon, xy, l.rings, ends)
	if err != nil {
		// A ring of two places has no area: it vanishes at every zoom level.
		return ends
	}
	fixed, defects, err := geo.Fix(s)
	if len(defects) == 0 {
		return ends
	}
	if err != nil {
		l.at, l.rings = nil, nil
		return nil
	}
	l.at = l.at[:0]
	for _, p := range fixed.Vertices() {
		l.at = append(l.at, place{all.low.x + uint32(p.X), all.low.y + uint32(p.Y)})
	}
	l.rings = fixed.RingEnds()
	return fixed.PolygonEnds()
}

// size is the memory of the shape in bytes, about.
func (p *prepared) size() int {
	n := 96 + 32*len(p.parts)
	for i := range p.levels {
		l := &p.levels[i]
		n += 96 + 8*len(l.at) + 4*len(l.rings) + 16*len(l.runs)
	}
	return n
}
