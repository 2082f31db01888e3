// Package lines holds the lines of streets, by road: where a number is along them, where two roads meet, and what lies so
// many metres along, beside or across. Distances are in metres, scaled by the latitude of the place ([geo.Scale]).
// Roads that cross the antimeridian are not looked for on its other side: no city lies there.
package lines

import (
	"cmp"
	"maps"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// Line is a line of a road. A road has lines in any order and direction: split at crossings, or apart from each other. A
// feature of several lines is handed over as several, one after the other, with the same ID; where their numbers are the
// same, too, the numbers run over all of them.
type Line struct {
	Road   uint32 // by the caller, as of houses
	ID     uint32 // by the caller, of the feature
	Points []geo.Point
	// Left and Right are the numbers on the sides of the line, seen from its first point to its last.
	Left, Right Range
}

// Range is the house numbers of one side of a line from its beginning to its end, both included, 0 where there is none.
// Numbers may fall. Where both are odd or both even, the numbers between are so, too; else the side has both kinds.
type Range struct{ From, To uint32 }

// Change puts a line into its road, or takes out the lines of its road with its ID.
type Change struct {
	Line Line
	Gone bool
}

// line is a line as it is kept: 40 bytes, and 8 for each point.
type line struct {
	id  uint32
	end uint32 // of its points among those of the road
	box geo.Box
	// left and right have both numbers or none.
	left, right Range
}

// road is the lines of one road, ascending by ID and in their order of arrival within one. It does not change.
type road struct {
	lines  []line
	points []geo.Point // of one line after the other; no two that follow each other in a line are the same
}

// Index finds places by the lines of roads. It does not change and is safe for concurrent use; [Index.With] makes the
// next one.
type Index struct {
	roads map[uint32]*road
	// newer holds the roads that were changed since roads was made, nil for one that has no lines left.
	newer map[uint32]*road
	lines int
}

// New makes an Index of lines, which it takes in any order but that of the lines of one feature. Lines that have no
// length are left out.
func New(lines func(yield func(Line) bool)) *Index {
	of := map[uint32][]Line{}
	for l := range lines {
		of[l.Road] = append(of[l.Road], l)
	}
	ix := &Index{roads: make(map[uint32]*road, len(of)), newer: map[uint32]*road{}}
	for number, list := range of {
		if r := newRoad(list); r != nil {
			ix.roads[number] = r
			ix.lines += len(r.lines)
		}
	}
	return ix
}

// newRoad is a road of lines, nil of none.
func newRoad(list []Line) *road {
	slices.SortStableFunc(list, func(a, b Line) int { return cmp.Compare(a.ID, b.ID) })
	size := 0
	for i := range list {
		size += len(list[i].Points)
	}
	r := &road{lines: make([]line, 0, len(list)), points: make([]geo.Point, 0, size)}
	for i := range list {
		l := &list[i]
		start := len(r.points)
		box := geo.EmptyBox()
		for j, p := range l.Points {
			if j == 0 || p != l.Points[j-1] {
				r.points, box = append(r.points, p), box.Extend(p)
			}
		}
		if len(r.points) < start+2 {
			r.points = r.points[:start]
			continue
		}
		r.lines = append(r.lines, line{l.ID, uint32(len(r.points)), box, l.Left.whole(), l.Right.whole()})
	}
	if len(r.lines) == 0 {
		return nil
	}
	return r
}

// whole is the range with both numbers: where one is not known, the side has the other only.
func (r Range) whole() Range {
	if r.From == 0 || r.To == 0 {
		r.From = max(r.From, r.To)
		r.To = r.From
	}
	return r
}

// run is the points of a line.
func (r *road) run(i int) []geo.Point {
	if i == 0 {
		return r.points[:r.lines[0].end]
	}
	return r.points[r.lines[i-1].end:r.lines[i].end]
}

// Len is the number of lines.
func (ix *Index) Len() int { return ix.lines }

// Has reports whether a road has lines.
func (ix *Index) Has(road uint32) bool { return ix.road(road) != nil }

func (ix *Index) road(number uint32) *road {
	if r, ok := ix.newer[number]; ok {
		return r
	}
	return ix.roads[number]
}

// renew is how many roads may be newer before they are taken in: copying the few is done for every change, copying all
// for few.
const renew = 512

// With is the Index after changes, which it makes in order. The first change of a road and an ID takes out the lines that
// these have already, so that changed lines are put in whole; further ones of the same feature add to it, or, when Gone,
// take out what was put in. It costs as much as the roads of the changes hold, and now and then the number of all roads.
func (ix *Index) With(changes []Change) *Index {
	next := &Index{roads: ix.roads, newer: maps.Clone(ix.newer), lines: ix.lines}
	type feature struct{ road, id uint32 }
	seen := map[feature]bool{}
	of := map[uint32][]Line{} // the lines of the roads of the changes
	for i := range changes {
		l := changes[i].Line
		list, ok := of[l.Road]
		if !ok {
			list = next.road(l.Road).list(l.Road)
		}
		f := feature{l.Road, l.ID}
		if changes[i].Gone || !seen[f] {
			list = slices.DeleteFunc(list, func(m Line) bool { return m.ID == l.ID })
		}
		if seen[f] = true; !changes[i].Gone {
			list = append(list, l)
		}
		of[l.Road] = list
	}
	for number, list := range of {
		r := newRoad(list)
		next.lines += r.len() - next.road(number).len()
		next.newer[number] = r
	}
	if len(next.newer) > max(renew, len(next.roads)/16) {
		next.roads = maps.Clone(next.roads)
		for number, r := range next.newer {
			if next.roads[number] = r; r == nil {
				delete(next.roads, number)
			}
		}
		next.newer = map[uint32]*road{}
	}
	return next
}

func (r *road) len() int {
	if r == nil {
		return 0
	}
	return len(r.lines)
}

// list is the lines of a road as they were handed over. Their points are not copied.
func (r *road) list(number uint32) []Line {
	list := make([]Line, 0, r.len())
	for i := range r.len() {
		l := &r.lines[i]
		list = append(list, Line{Road: number, ID: l.id, Points: r.run(i), Left: l.left, Right: l.right})
	}
	return list
}
