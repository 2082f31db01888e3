package tiles

import "github.com/gewu-city/gewu/geo"

// drawer turns shapes into the geometry of tile features. It reads the vertices of a World and never writes to
// them. It belongs to one goroutine.
type drawer struct {
	frame frame
	box   geo.Box // the search box: vertices beyond one side of it stay outside the tile
	out   commands
	// ring and spare are scratch space.
	ring, spare []vertex
	// collapsed counts the polygons of this tile that lost their area to the grid.
	collapsed int
}

// draw writes the shape's geometry to d.out and reports whether anything is left of it.
func (d *drawer) draw(s geo.Shape) bool {
	d.out.reset()
	switch s.Kind() {
	case geo.KindPoint:
		return d.points(s.Vertices())
	case geo.KindLine:
		for i := range s.NumRings() {
			d.line(s.Ring(i))
		}
	case geo.KindPolygon:
		for i := range s.NumPolygons() {
			d.polygon(s, i)
		}
	default:
	}
	return !d.out.empty()
}

// point is draw for a shape of one point.
func (d *drawer) point(p geo.Point) bool {
	d.out.reset()
	return d.points([]geo.Point{p})
}

func (d *drawer) points(ps []geo.Point) bool {
	d.ring = d.ring[:0]
	for _, p := range ps {
		v := d.frame.at(p)
		if v.x < -Buffer || v.x > Extent+Buffer || v.y < -Buffer || v.y > Extent+Buffer {
			continue
		}
		if n := len(d.ring); n == 0 || d.ring[n-1] != v {
			d.ring = append(d.ring, v)
		}
	}
	d.out.points(d.ring)
	return len(d.ring) > 0
}

func (d *drawer) line(ps []geo.Point) {
	d.project(ps)
	piece := d.spare[:0]
	for i := 1; i < len(d.ring); i++ {
		a, b, ok := clipSegment(d.ring[i-1], d.ring[i])
		if !ok {
			continue
		}
		if n := len(piece); n == 0 || piece[n-1] != a {
			d.out.line(tidyLine(piece))
			piece = append(piece[:0], a)
		}
		piece = append(piece, b)
	}
	d.out.line(tidyLine(piece))
	d.spare = piece
}

// polygon draws the outer ring and then the holes of polygon i. In a shape outer rings run counter-clockwise seen
// with north up, so they are drawn in reverse: MVT wants them clockwise on screen, holes the other way.
func (d *drawer) polygon(s geo.Shape, i int) {
	from, to := s.Polygon(i)
	start := d.out.mark()
	left := int64(0)
	for r := from; r < to; r++ {
		ring, whole := d.clipped(s.Ring(r))
		area := -area2(ring)
		outer := r == from
		if outer && area <= 0 {
			if whole {
				d.collapsed++
			}
			return
		}
		if !outer && area >= 0 {
			continue
		}
		left += area
		d.out.ring(ring)
	}
	if left <= 0 {
		// The tile lies in a hole.
		d.out.cut(start)
	}
}

// clipped is the part of a ring in the tile; whole says that nothing was cut off.
func (d *drawer) clipped(ps []geo.Point) (ring []vertex, whole bool) {
	d.project(ps)
	// Shapes close their rings, tile rings close by themselves.
	if n := len(d.ring); n > 1 && d.ring[0] == d.ring[n-1] {
		d.ring = d.ring[:n-1]
	}
	return d.cut()
}

// cut clips and then tidies d.ring.
func (d *drawer) cut() (ring []vertex, whole bool) {
	whole = true
	for i := range sides {
		whole = whole && all(d.ring, &sides[i])
	}
	d.ring, d.spare = clipRing(d.ring, d.spare)
	return tidyRing(d.ring), whole
}

// project snaps the vertices of a line or ring to d.ring without repetitions. Of a run of vertices beyond one side
// of the box only the first and last are taken: what is between them cannot enter the tile or go round any point of
// it. A city boundary costs a deep tile a comparison per vertex and not a projection.
func (d *drawer) project(ps []geo.Point) {
	d.ring = d.ring[:0]
	add := func(p geo.Point) {
		v := d.frame.at(p)
		if n := len(d.ring); n == 0 || d.ring[n-1] != v {
			d.ring = append(d.ring, v)
		}
	}
	// common is the sides beyond which all vertices since the last one taken lie; pending is the last of them.
	var common uint8
	pending := -1
	for i, p := range ps {
		c := beyond(d.box, p)
		if common&c != 0 {
			common &= c
			pending = i
			continue
		}
		if pending >= 0 {
			add(ps[pending])
			if common = beyond(d.box, ps[pending]) & c; common != 0 {
				pending = i
				continue
			}
			pending = -1
		}
		add(p)
		common = c
	}
	if pending >= 0 {
		add(ps[pending])
	}
}

// beyond has one bit for each side of the box that p lies outside of.
func beyond(b geo.Box, p geo.Point) (sides uint8) {
	if p.X < b.Min.X {
		sides |= 1
	} else if p.X > b.Max.X {
		sides |= 2
	}
	if p.Y < b.Min.Y {
		sides |= 4
	} else if p.Y > b.Max.Y {
		sides |= 8
	}
	return sides
}
