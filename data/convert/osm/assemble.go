package osm

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/geo"
)

// places are the places of some nodes. They are two lists rather than a map, which would take five times the memory.
type places struct {
	ids []int64 // ascending
	at  []geo.Point
}

// nowhere is the place of a node that is not in the file.
var nowhere = geo.Point{X: math.MinInt32, Y: math.MinInt32}

func newPlaces(refs []int64) places {
	ids := slices.Clone(refs)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	p := places{ids: ids, at: make([]geo.Point, len(ids))}
	for i := range p.at {
		p.at[i] = nowhere
	}
	return p
}

func (p *places) none() bool { return len(p.ids) == 0 }

func (p *places) set(id int64, at geo.Point) {
	if i, ok := slices.BinarySearch(p.ids, id); ok {
		p.at[i] = at
	}
}

func (p *places) get(id int64) geo.Point {
	if i, ok := slices.BinarySearch(p.ids, id); ok {
		return p.at[i]
	}
	return nowhere
}

// line is the line through nodes.
func (r *reader) line(refs []int64) (orb.LineString, error) {
	line := make(orb.LineString, 0, len(refs))
	missing, first := 0, int64(0)
	for _, ref := range refs {
		at := r.places.get(ref)
		if at == nowhere {
			if missing++; missing == 1 {
				first = ref
			}
			continue
		}
		line = append(line, at.Orb())
	}
	switch {
	case missing == 1:
		return nil, fmt.Errorf("node %d is not in the file", first)
	case missing > 1:
		return nil, fmt.Errorf("node %d and %d more are not in the file", first, missing-1)
	}
	return line, nil
}

// closed reports whether a way ends where it starts and has an area.
func closed(refs []int64) bool { return len(refs) >= 4 && refs[0] == refs[len(refs)-1] }

// wayGeometry is the geometry of a way as the layer wants it.
func (r *reader) wayGeometry(w *keptWay) (orb.Geometry, error) {
	refs := r.refs[w.from:w.to]
	line, err := r.line(refs)
	switch {
	case err != nil:
		return nil, err
	case len(line) < 2:
		return nil, fmt.Errorf("has %d nodes, a way needs two", len(line))
	case r.want == geo.KindLine:
		return line, nil
	case closed(refs) && r.want == geo.KindPolygon:
		return orb.Polygon{orb.Ring(line)}, nil
	case r.want == geo.KindPolygon:
		return nil, errors.New("is not closed, so it has no area")
	case closed(refs):
		return labelPoint(orb.Polygon{orb.Ring(line)})
	}
	return labelPoint(line)
}

// labelPoint is a point that stands for a geometry: within an area, on a line.
func labelPoint(g orb.Geometry) (orb.Geometry, error) {
	s, err := geo.FromOrb(g)
	if err != nil {
		return nil, err
	}
	return geo.LabelPoint(s).Orb(), nil
}

// maxMembers bounds the ways of one relation. Seas have some thousand.
const maxMembers = 32_000

// relationGeometry is the geometry of a relation as the layer wants it.
func (r *reader) relationGeometry(l *keptRelation) (orb.Geometry, error) {
	if len(l.ways) > maxMembers {
		return nil, fmt.Errorf("has %d member ways, at most %d are put together", len(l.ways), maxMembers)
	}
	var runs [][]int64
	missing, first := 0, int64(0)
	for _, id := range l.ways {
		i := r.wayPlace[id]
		if i < 0 {
			if missing++; missing == 1 {
				first = id
			}
			continue
		}
		runs = append(runs, r.refs[r.ways[i].from:r.ways[i].to])
	}
	switch {
	case missing == 1:
		return nil, fmt.Errorf("its member way %d is not in the file", first)
	case missing > 1:
		return nil, fmt.Errorf("its member way %d and %d more are not in the file", first, missing-1)
	case len(runs) == 0:
		return nil, errors.New("has no ways among its members")
	case r.want == geo.KindLine:
		var lines orb.MultiLineString
		for _, refs := range runs {
			line, err := r.line(refs)
			if err != nil {
				return nil, err
			}
			lines = append(lines, line)
		}
		return lines, nil
	}
	rings, err := r.rings(runs)
	if err != nil {
		return nil, err
	}
	area, err := geom.Nest(rings)
	if err != nil || r.want == geo.KindPolygon {
		return area, err
	}
	return labelPoint(area)
}

// rings joins ways, whatever their direction, to closed rings. Roles are not looked at: which ring is a hole follows from
// where it lies, and roles are wrong too often.
func (r *reader) rings(runs [][]int64) ([]orb.Ring, error) {
	ends := map[int64][]int{} // the ways that start or end at a node
	for i, refs := range runs {
		if len(refs) < 2 {
			return nil, errors.New("a member way has fewer than two nodes")
		}
		if !closed(refs) {
			ends[refs[0]] = append(ends[refs[0]], i)
			ends[refs[len(refs)-1]] = append(ends[refs[len(refs)-1]], i)
		}
	}
	used := make([]bool, len(runs))
	var rings []orb.Ring
	for i, refs := range runs {
		if used[i] {
			continue
		}
		used[i] = true
		ring := slices.Clone(refs)
		for !closed(ring) {
			next, ok := follow(ring, runs, ends, used)
			if !ok {
				last := ring[len(ring)-1]
				at := r.places.get(last)
				if at == nowhere {
					return nil, fmt.Errorf("its outline is open at node %d, which is not in the file", last)
				}
				return nil, fmt.Errorf("its outline is open at node %d (%v, %v)", last, at.Lon(), at.Lat())
			}
			ring = append(ring, next...)
		}
		line, err := r.line(ring)
		if err != nil {
			return nil, err
		}
		rings = append(rings, orb.Ring(line))
	}
	return rings, nil
}

// follow finds a way that goes on where a ring ends, and gives its nodes behind that one. One that closes the ring goes
// first: where rings touch, more than two ways meet.
func follow(ring []int64, runs [][]int64, ends map[int64][]int, used []bool) ([]int64, bool) {
	last, found := ring[len(ring)-1], -1
	ends[last] = slices.DeleteFunc(ends[last], func(i int) bool { return used[i] })
	for _, i := range ends[last] {
		refs := runs[i]
		if refs[0] == ring[0] || refs[len(refs)-1] == ring[0] {
			found = i
			break
		}
		if found < 0 {
			found = i
		}
	}
	if found < 0 {
		return nil, false
	}
	used[found] = true
	refs := slices.Clone(runs[found])
	if refs[0] != last {
		slices.Reverse(refs)
	}
	return refs[1:], true
}
