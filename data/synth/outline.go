package synth

import (
	"cmp"
	"slices"
)

// outlines are the half edges around every area of a level, grouped by area.
type outlines struct {
	first []int32 // of each area; one more ends the last
	halfs []half
}

// outlinesOf finds the edges that part areas of level v. It is made when a level is asked for and not kept.
func outlinesOf(m *mesh, t *tree, v level) *outlines {
	area := func(b int32) int32 {
		if b == none {
			return none
		}
		return t.above(v, blocks, b)
	}
	n := t.count(v)
	o := &outlines{first: make([]int32, n+1)}
	for pass := range 2 {
		for id := range m.edges {
			e := &m.edges[id]
			left, right := area(e.left), area(e.right)
			if left == right {
				continue
			}
			for i, a := range [2]int32{left, right} {
				switch {
				case a == none:
				case pass == 0:
					o.first[a+1]++
				default:
					o.halfs[o.first[a]] = half(id<<1 | i)
					o.first[a]++
				}
			}
		}
		if pass == 0 {
			for i := range n {
				o.first[i+1] += o.first[i]
			}
			o.halfs = make([]half, o.first[n])
		}
	}
	copy(o.first[1:], o.first)
	o.first[0] = 0
	return o
}

// ring is the outline of an area, anticlockwise. Areas are connected and without holes, and touch themselves nowhere,
// so it is one ring that passes each vertex once.
func (o *outlines) ring(m *mesh, area int32) []half {
	halfs := o.halfs[o.first[area]:o.first[area+1]]
	byStart := func(a, b half) int { return cmp.Compare(m.start(a), m.start(b)) }
	slices.SortFunc(halfs, byStart)
	ring := make([]half, 0, len(halfs))
	for h := halfs[0]; len(ring) < len(halfs); {
		ring = append(ring, h)
		end := m.start(h.twin())
		i, _ := slices.BinarySearchFunc(halfs, end, func(a half, v int32) int { return cmp.Compare(m.start(a), v) })
		if i == len(halfs) {
			break
		}
		h = halfs[i]
	}
	return ring
}

// outside is the outline of the whole city.
func (m *mesh) outside() []half {
	var ring []half
	for side := south; side <= west; side++ {
		// The first four lines are the sides of the outline.
		from, to := m.first[side], m.first[side+1]
		for i := range to - from {
			if side == south || side == east {
				ring = append(ring, half((from+i)<<1))
			} else {
				ring = append(ring, half((to-1-i)<<1|1))
			}
		}
	}
	return ring
}
