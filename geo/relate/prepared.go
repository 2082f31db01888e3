// Package relate says how shapes lie to each other, exactly: every answer comes from the signs of integers. It is a
// package of pure functions.
package relate

import (
	"github.com/gewu-city/gewu/geo"
)

// Place is where a point lies in the closed set that a shape is.
type Place uint8

// The places. A polygon has its rings as boundary, a line the ends at which an odd number of its parts end, points
// have none.
const (
	Exterior Place = iota
	Interior
	Boundary
)

// segment is an edge of a line or ring; its ends differ.
type segment struct{ a, b geo.Point }

// Prepared is a shape that many others are compared with. It is immutable and safe for concurrent use.
type Prepared struct {
	shape geo.Shape
	box   geo.Box
	segs  []segment
	// bands cut the box from south to north; each lists the segments that reach into it.
	bands  [][]int32
	height int64
	// points are those of a point shape, ends the boundary of a line shape.
	points, ends map[geo.Point]bool
	// starts has a vertex of each part.
	starts []geo.Point
	// rectangle says that the shape is its box.
	rectangle bool
}

// Prepare makes a shape ready. Polygons must be valid, see [geo.Validate].
func Prepare(s geo.Shape) *Prepared {
	p := &Prepared{shape: s, box: s.Box()}
	if s.Kind() == geo.KindPoint {
		p.points = make(map[geo.Point]bool, len(s.Vertices()))
		for _, q := range s.Vertices() {
			p.points[q] = true
		}
		return p
	}
	p.segs, p.starts = segments(s)
	if s.Kind() == geo.KindLine {
		p.ends = ends(s)
	}
	p.cut()
	p.rectangle = s.Kind() == geo.KindPolygon && isRectangle(s, p.box)
	return p
}

// Box is the bounding box of the shape.
func (p *Prepared) Box() geo.Box { return p.box }

// Shape is the shape itself.
func (p *Prepared) Shape() geo.Shape { return p.shape }

// Dense is how many edges a horizontal line meets at most, roughly: what locating a point costs.
func (p *Prepared) Dense() int {
	most := 1
	for _, band := range p.bands {
		most = max(most, len(band))
	}
	return most
}

// segments lists the edges of lines and rings without those of zero length, and the first vertex of each.
func segments(s geo.Shape) (segs []segment, starts []geo.Point) {
	segs = make([]segment, 0, len(s.Vertices()))
	for i := range s.NumRings() {
		run := s.Ring(i)
		starts = append(starts, run[0])
		for j := 1; j < len(run); j++ {
			if run[j-1] != run[j] {
				segs = append(segs, segment{run[j-1], run[j]})
			}
		}
	}
	return segs, starts
}

// ends is the boundary of a line shape by the rule of OGC Simple Features: the ends that an odd number of parts has.
func ends(s geo.Shape) map[geo.Point]bool {
	odd := map[geo.Point]bool{}
	for i := range s.NumRings() {
		run := s.Ring(i)
		for _, q := range []geo.Point{run[0], run[len(run)-1]} {
			if odd[q] {
				delete(odd, q)
			} else {
				odd[q] = true
			}
		}
	}
	return odd
}

func isRectangle(s geo.Shape, box geo.Box) bool {
	if s.NumRings() != 1 || len(s.Vertices()) != 5 || box.Min.X == box.Max.X || box.Min.Y == box.Max.Y {
		return false
	}
	corners := map[geo.Point]bool{}
	for i, q := range s.Vertices()[1:] {
		if q.X != box.Min.X && q.X != box.Max.X || q.Y != box.Min.Y && q.Y != box.Max.Y {
			return false
		}
		if before := s.Vertices()[i]; before.X != q.X && before.Y != q.Y {
			return false
		}
		corners[q] = true
	}
	return len(corners) == 4
}

// spread bounds how often a segment is listed in bands, on average.
const spread = 8

// cut fills the bands: as many as half the segments, fewer where segments are tall.
func (p *Prepared) cut() {
	p.height = int64(p.box.Max.Y) - int64(p.box.Min.Y) + 1
	tall := int64(1)
	for _, s := range p.segs {
		tall += abs(int64(s.a.Y) - int64(s.b.Y))
	}
	n := int64(len(p.segs)/2 + 1)
	if share := float64(tall) / float64(p.height); share > 1 {
		n = min(n, int64(spread*float64(len(p.segs))/share)+1)
	}
	p.bands = make([][]int32, n)
	for i, s := range p.segs {
		for b := p.band(min(s.a.Y, s.b.Y)); b <= p.band(max(s.a.Y, s.b.Y)); b++ {
			p.bands[b] = append(p.bands[b], int32(i))
		}
	}
}

// band is the one that holds an ordinate, the nearest for one outside the box.
func (p *Prepared) band(y int32) int {
	at := (int64(y) - int64(p.box.Min.Y)) * int64(len(p.bands)) / p.height
	return int(min(max(at, 0), int64(len(p.bands)-1)))
}

func abs(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}

// Locate says where a point lies.
func (p *Prepared) Locate(q geo.Point) Place {
	if !p.box.Contains(q) {
		return Exterior
	}
	switch {
	case p.points != nil:
		if p.points[q] {
			return Interior
		}
		return Exterior
	case p.rectangle:
		if q.X == p.box.Min.X || q.X == p.box.Max.X || q.Y == p.box.Min.Y || q.Y == p.box.Max.Y {
			return Boundary
		}
		return Interior
	case len(p.bands) == 0:
		return Exterior
	}
	inside, polygon := false, p.shape.Kind() == geo.KindPolygon
	for _, i := range p.bands[p.band(q.Y)] {
		a, b := p.segs[i].a, p.segs[i].b
		if max(a.Y, b.Y) < q.Y || min(a.Y, b.Y) > q.Y || max(a.X, b.X) < q.X {
			continue
		}
		if min(a.X, b.X) > q.X {
			// East of the point: the ray towards the east meets it, unless it only ends on the ray from below.
			inside = inside != ((a.Y > q.Y) != (b.Y > q.Y))
			continue
		}
		side := geo.Orient(a, b, q)
		switch {
		case side == 0 && polygon:
			return Boundary
		case side == 0 && p.ends[q]:
			return Boundary
		case side == 0:
			return Interior
		case (a.Y > q.Y) != (b.Y > q.Y) && (side > 0) == (b.Y > a.Y):
			inside = !inside
		}
	}
	if polygon && inside {
		return Interior
	}
	return Exterior
}

// Intersects reports whether the shapes share a point. box is that of s, which need not be computed anew.
func (p *Prepared) Intersects(s geo.Shape, box geo.Box) bool {
	if !p.box.Intersects(box) {
		return false
	}
	if p.rectangle && p.box.Contains(box.Min) && p.box.Contains(box.Max) {
		return true
	}
	if s.Kind() == geo.KindPoint {
		for _, q := range s.Vertices() {
			if p.Locate(q) != Exterior {
				return true
			}
		}
		return false
	}
	if p.points != nil {
		for q := range p.points {
			if box.Contains(q) && (s.Contains(q) || s.OnBoundary(q)) {
				return true
			}
		}
		return false
	}
	// Either edges meet, or one holds a part of the other wholly.
	for i := range s.NumRings() {
		run := s.Ring(i)
		if p.Locate(run[0]) != Exterior {
			return true
		}
		for j := 1; j < len(run); j++ {
			if p.meets(segment{run[j-1], run[j]}) {
				return true
			}
		}
	}
	for _, q := range p.starts {
		if box.Contains(q) && s.Contains(q) {
			return true
		}
	}
	return false
}

// meets reports whether a segment shares a point with an edge of the shape.
func (p *Prepared) meets(s segment) bool {
	reach := geo.EmptyBox().Extend(s.a).Extend(s.b)
	if !p.box.Intersects(reach) {
		return false
	}
	for b := p.band(reach.Min.Y); b <= p.band(reach.Max.Y); b++ {
		for _, i := range p.bands[b] {
			if touch(p.segs[i], s) {
				return true
			}
		}
	}
	return false
}

// touch reports whether two segments share a point.
func touch(s, t segment) bool {
	if max(s.a.X, s.b.X) < min(t.a.X, t.b.X) || max(t.a.X, t.b.X) < min(s.a.X, s.b.X) ||
		max(s.a.Y, s.b.Y) < min(t.a.Y, t.b.Y) || max(t.a.Y, t.b.Y) < min(s.a.Y, s.b.Y) {
		return false
	}
	// With boxes that meet, segments on one line meet too.
	return geo.Orient(s.a, s.b, t.a)*geo.Orient(s.a, s.b, t.b) <= 0 && geo.Orient(t.a, t.b, s.a)*geo.Orient(t.a, t.b, s.b) <= 0
}
