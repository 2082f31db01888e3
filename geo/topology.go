package geo

// topology examines how the rings lie to each other once it is known that each is simple and that edges of different
// rings meet in single points at most.
func (v *validator) topology() {
	meets := map[[2]int32]contact{} // one contact of each pair of rings that touch
	touched := map[Point]bool{}
	for _, c := range v.touches {
		e, f := v.edges[c.e].ring, v.edges[c.f].ring
		if v.crossesAt(c) {
			kind := PolygonOverlap
			if v.polygon[e] == v.polygon[f] {
				kind = RingCrossing
			}
			if !v.add(kind, int(f), c.at) {
				return
			}
		}
		meets[[2]int32{e, f}] = c
		touched[c.at] = true
	}
	if len(v.found) > 0 {
		return
	}
	v.nesting(meets, touched)
	if len(v.found) == 0 && len(v.touches) > 1 {
		v.connected()
	}
}

// around are the neighbours of the point at, which lies on edge i, along the edge's ring: where it comes from and
// where it goes.
func (v *validator) around(i int, at Point) (from, to Point) {
	e := v.edges[i]
	switch at {
	case e.a:
		return v.edges[v.prev(i)].a, e.b
	case e.b:
		return e.a, v.edges[v.next(i)].b
	default:
		return e.a, e.b
	}
}

// crossesAt reports whether two rings that touch pass through each other there.
func (v *validator) crossesAt(c contact) bool {
	from, to := v.around(c.e, c.at)
	p, q := v.around(c.f, c.at)
	return leftOf(c.at, from, to, p) != leftOf(c.at, from, to, q)
}

// leftOf reports whether the direction from o to d lies left of the path from, o, to: in the wedge that is swept
// anticlockwise from the direction of to to that of from. The three directions must differ.
func leftOf(o, from, to, d Point) bool {
	if Orient(o, to, from) > 0 {
		return Orient(o, to, d) > 0 && Orient(o, d, from) > 0
	}
	return Orient(o, from, d) < 0 || Orient(o, d, to) < 0
}

// anticlockwise is the direction of a simple ring, from the turn at its least vertex.
func (v *validator) anticlockwise(ring int) bool {
	at := v.starts[ring]
	for i := at; i < v.starts[ring+1]; i++ {
		if less(v.edges[i].a, v.edges[at].a) {
			at = i
		}
	}
	return Orient(v.edges[v.prev(at)].a, v.edges[at].a, v.edges[at].b) > 0
}

// nesting finds holes outside their outer ring or in other holes, and polygons inside other polygons.
func (v *validator) nesting(meets map[[2]int32]contact, touched map[Point]bool) {
	boxes := make([]edge, len(v.s.rings))
	for i := range boxes {
		b := EmptyBox()
		for _, p := range v.s.Ring(i) {
			b = b.Extend(p)
		}
		boxes[i] = edge{a: b.Min, b: b.Max, ring: int32(i)}
	}
	// inside[i] are the rings around ring i.
	inside := make([][]int32, len(boxes))
	pairs(boxes, 0, func(i, j int) bool {
		if v.within(i, j, boxes, meets, touched) {
			inside[i] = append(inside[i], int32(j))
		}
		if v.within(j, i, boxes, meets, touched) {
			inside[j] = append(inside[j], int32(i))
		}
		return true
	})
	for i := range v.s.polys {
		from, to := v.s.Polygon(i)
		for h := from + 1; h < to; h++ {
			v.hole(h, from, inside[h])
		}
		v.shell(from, inside)
	}
}

// hole examines the hole h of the polygon with the given outer ring; around are the rings that contain it.
func (v *validator) hole(h, outer int, around []int32) {
	found := false
	for _, r := range around {
		switch {
		case int(r) == outer:
			found = true
		case v.polygon[r] == v.polygon[h]:
			v.add(NestedHole, h, v.s.Ring(h)[0])
		}
	}
	if !found {
		v.add(HoleOutside, h, v.s.Ring(h)[0])
	}
}

// shell examines an outer ring: one inside the outer ring of another polygon must lie in one of its holes.
func (v *validator) shell(outer int, inside [][]int32) {
	depth := map[int32]int{}
	for _, r := range inside[outer] {
		depth[v.polygon[r]]++
	}
	for _, r := range inside[outer] {
		if v.polygon[r] != v.polygon[outer] && depth[v.polygon[r]] == 1 && v.outer(int(r)) {
			v.add(PolygonOverlap, outer, v.s.Ring(outer)[0])
		}
	}
}

func (v *validator) outer(ring int) bool {
	from, _ := v.s.Polygon(int(v.polygon[ring]))
	return ring == from
}

// within reports whether ring i lies in ring j.
func (v *validator) within(i, j int, boxes []edge, meets map[[2]int32]contact, touched map[Point]bool) bool {
	outer := Box{boxes[j].a, boxes[j].b}
	if !outer.Contains(boxes[i].a) || !outer.Contains(boxes[i].b) {
		return false
	}
	c, ok := meets[[2]int32{int32(min(i, j)), int32(max(i, j))}]
	if !ok {
		return crossings(v.s.Ring(j), v.s.Ring(i)[0])
	}
	// A vertex that touches nothing is enough; otherwise look at a contact of the two.
	for _, p := range v.s.Ring(i) {
		if !touched[p] {
			return crossings(v.s.Ring(j), p)
		}
	}
	mine, other := c.e, c.f
	if i > j {
		mine, other = c.f, c.e
	}
	from, to := v.around(other, c.at)
	_, towards := v.around(mine, c.at)
	return leftOf(c.at, from, to, towards) == v.anticlockwise(j)
}

// connected looks for a cycle of touching rings in a polygon. Rings and their common points form a graph; the inside
// of the polygon is connected exactly when the graph has no cycle.
func (v *validator) connected() {
	type incidence struct {
		polygon int32
		ring    int32 // -1 for the point itself
		at      Point
	}
	ids := map[incidence]int{}
	var parent []int
	id := func(i incidence) int {
		n, ok := ids[i]
		if !ok {
			n = len(parent)
			ids[i] = n
			parent = append(parent, n)
		}
		return n
	}
	find := func(n int) int {
		for parent[n] != n {
			parent[n] = parent[parent[n]]
			n = parent[n]
		}
		return n
	}
	joined := map[incidence]bool{}
	for _, c := range v.touches {
		poly := v.polygon[v.edges[c.e].ring]
		if poly != v.polygon[v.edges[c.f].ring] {
			continue
		}
		point := id(incidence{poly, -1, c.at})
		for _, e := range [2]int{c.e, c.f} {
			ring := v.edges[e].ring
			if joined[incidence{poly, ring, c.at}] {
				continue
			}
			joined[incidence{poly, ring, c.at}] = true
			node := id(incidence{poly, ring, Point{}})
			a, b := find(point), find(node)
			if a == b {
				v.add(SplitInterior, int(ring), c.at)
				continue
			}
			parent[a] = b
		}
	}
}
