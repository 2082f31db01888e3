package coverage

import (
	"fmt"

	"github.com/gewu-city/gewu/geo"
)

// Euler counts nodes, arcs, closed borders as they are walked, those of the outside included, and connected parts of a
// coverage. V - E + R = 2C holds for every planar graph and fails when arcs cross or nodes are lost; the error says so.
func (c *Coverage) Euler() error {
	var arcs []*Arc
	for _, a := range c.Arcs() {
		arcs = append(arcs, a)
	}
	all := &Coverage{arcs: arcs}
	leaving := map[geo.Point][]Side{}
	part := map[geo.Point]geo.Point{}
	root := func(p geo.Point) geo.Point {
		for part[p] != p {
			part[p] = part[part[p]]
			p = part[p]
		}
		return p
	}
	for i, a := range arcs {
		from, to := a.Points[0], a.Points[len(a.Points)-1]
		leaving[from] = append(leaving[from], Side(2*i))
		leaving[to] = append(leaving[to], Side(2*i+1))
		for _, p := range [...]geo.Point{from, to} {
			if _, ok := part[p]; !ok {
				part[p] = p
			}
		}
		part[root(from)] = root(to)
	}
	parts := 0
	for p := range part {
		if root(p) == p {
			parts++
		}
	}
	walks := 0
	done := make([]bool, 2*len(arcs))
	for s := range Side(len(done)) {
		if done[s] {
			continue
		}
		walks++
		for k := s; !done[k]; {
			done[k] = true
			a := arcs[k.Arc()]
			end := startOf(k^1, a)
			k = clockwise(end, secondOf(k^1, a), others(leaving[end], k^1), all.Arc)
		}
	}
	if v, e := len(part), len(arcs); v-e+walks != 2*parts {
		return fmt.Errorf("%d nodes - %d arcs + %d closed borders is not twice %d parts", v, e, walks, parts)
	}
	return nil
}

// others are the sides without one, unless it is the only one.
func others(sides []Side, not Side) []Side {
	if len(sides) == 1 {
		return sides
	}
	out := make([]Side, 0, len(sides))
	for _, s := range sides {
		if s != not {
			out = append(out, s)
		}
	}
	return out
}
