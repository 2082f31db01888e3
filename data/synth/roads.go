package synth

import (
	"cmp"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// class is the class of a road.
type class int

const (
	mainRoad class = iota
	street
	lane
	alley
	classes
)

// classOf is the class of a road by what its cut parted; the outline is a main road.
var classOf = [levels]class{districts: mainRoad, streets: mainRoad, communities: street, cells: lane, blocks: alley}

// roadClass describes a class of roads.
var roadClass = [classes]struct {
	title string
	half  int64 // half the width, in mm
}{
	mainRoad: {"主干路", 14_000},
	street:   {"次干路", 8_000},
	lane:     {"支路", 3_500},
	alley:    {"街巷", 2_000},
}

// road is one road: lines that lie behind one another.
type road struct {
	class class
	name  int64 // number of the name in its class
	lines []int32
}

// roadsOf joins lines into roads: where one ends at the very place at which another goes on, and both are of like
// class, it is one road. The order is that of the lines' place.
func roadsOf(m *mesh) []road {
	order := make([]int32, len(m.lines))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		l, k := &m.lines[a], &m.lines[b]
		return cmp.Or(cmp.Compare(l.axis, k.axis), cmp.Compare(l.at, k.at), cmp.Compare(l.from, k.from))
	})
	var roads []road
	for i, id := range order {
		l := &m.lines[id]
		c := classOf[l.level]
		if i > 0 {
			k, last := &m.lines[order[i-1]], &roads[len(roads)-1]
			if k.axis == l.axis && k.at == l.at && k.to == l.from && max(c-last.class, last.class-c) <= 1 {
				last.lines = append(last.lines, id)
				last.class = min(last.class, c)
				continue
			}
		}
		roads = append(roads, road{class: c, lines: []int32{id}})
	}
	var count [classes]int64
	for i := range roads {
		r := &roads[i]
		r.name = count[r.class]
		count[r.class]++
	}
	return roads
}

// line is the middle of a road.
func (c *City) line(r *road) geo.Shape {
	var xy []geo.Point
	for _, id := range r.lines {
		for e := c.mesh.first[id]; e < c.mesh.first[id+1]; e++ {
			xy = c.bends.trace(half(e<<1), xy)
		}
	}
	last := c.mesh.edges[c.mesh.first[r.lines[len(r.lines)-1]+1]-1]
	xy = appendPoint(xy, c.mesh.points[last.to])
	return sure(geo.NewShape(geo.KindLine, xy, []uint32{uint32(len(xy))}, nil))
}

// frontage is one side of a road along one block: where door plates and parts stand.
type frontage struct {
	road  int32
	right bool // of the road, seen along its lines
	block int32
	edge  int32
	// start and length say which part of the edge, in mm along it: not the corners, where things would stand in the
	// next road. of is the length of the whole edge.
	start, length, of int64
	// room is how far inside the block something can stand.
	room int64
}

// frontages calls visit for every frontage of a city, road by road, on each road first the left side, then the right
// one, in the direction of the road. It stops when visit returns false.
func (c *City) frontages(visit func(f frontage) bool) {
	m := c.mesh
	for id := range c.roads {
		for _, right := range [2]bool{false, true} {
			for _, line := range c.roads[id].lines {
				for e := m.first[line]; e < m.first[line+1]; e++ {
					block := m.edges[e].left
					if right {
						block = m.edges[e].right
					}
					if block == none {
						continue
					}
					f := m.frontage(e, block)
					f.road, f.right = int32(id), right
					if f.length > 0 && !visit(f) {
						return
					}
				}
			}
		}
	}
}

func (m *mesh) frontage(id, block int32) frontage {
	e, r := &m.edges[id], &m.blocks[block]
	l := &m.lines[e.line]
	from := int32(m.places[e.from] >> 32)
	if l.axis == 1 {
		from = int32(uint32(m.places[e.from]))
	}
	extent := r.extent(l.axis)
	inset := int32(edgeClear * float64(extent))
	of := m.length(e)
	start := max(from, r.min[l.axis]+inset)
	end := min(from+of, r.max[l.axis]-inset)
	return frontage{
		block: block, edge: id, start: int64(start - from), length: int64(end - start), of: int64(of),
		room: int64(r.extent(1-l.axis)) * 3 / 10,
	}
}

// spot is the place on a frontage so many millimetres along it and away from the middle of the road, or as far as
// there is room.
func (c *City) spot(f *frontage, along, away int64) geo.Point {
	b := c.bends.bend(f.edge)
	x, y := b.between(f.start+along, f.of)
	away = min(away, f.room)
	if f.right {
		away = -away
	}
	if b.axis == 0 {
		return c.warp.point(x, y+away)
	}
	return c.warp.point(x-away, y)
}
