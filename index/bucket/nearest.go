package bucket

import "github.com/gewu-city/gewu/geo"

// Nearest calls visit for the places that may lie in the disk, roughly the nearest first. visit measures and returns
// the radius in metres within which it still wants to hear of places, at most that of the disk, which Nearest
// narrows: to find the ten nearest it returns the distance of the tenth once it has ten. Places at that distance
// itself are still visited. Nothing is allocated.
func (t *Tree[S]) Nearest(d *geo.Disk, visit func(S, geo.Point) (radius float64)) {
	t.root.nearest(world, d, visit)
}

func (n *node[S]) nearest(at square, d *geo.Disk, visit func(S, geo.Point) float64) {
	if n.kids == nil {
		for i := range n.places {
			if p := &n.places[i]; d.MayReach(p.Point) {
				d.Narrow(visit(p.slot, p.Point))
			}
		}
		return
	}
	// The quarter of the centre first, then that beyond the nearer of the two middle lines.
	p := d.Centre()
	half := at.size / 2
	dx, dy := int64(p.X)-(at.x+half), int64(p.Y)-(at.y+half)
	q := 0
	if dx >= 0 {
		q |= 1
	}
	if dy >= 0 {
		q |= 2
	}
	second := 1
	if magnitude(dy) < magnitude(dx) {
		second = 2
	}
	for _, turn := range [4]int{0, second, 3 - second, 3} {
		kid := &n.kids.kids[q^turn]
		if kid.n == 0 {
			continue
		}
		to := at.kid(q ^ turn)
		if d.MayMeet(float64(to.x), float64(to.y), float64(to.x+to.size-1), float64(to.y+to.size-1)) {
			kid.nearest(to, d, visit)
		}
	}
}

func magnitude(v int64) int64 { return max(v, -v) }
