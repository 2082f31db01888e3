package geom

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"github.com/tidwall/rtree"
)

// maxNestWork bounds the edges looked at to put rings together: a few seconds, enough for a lake with a shore of 100,000
// vertices and 10,000 islands. A box found costs as much as boxWork edges.
const (
	maxNestWork = 1_000_000_000
	boxWork     = 64
)

// ErrTangled is returned for rings that lie within each other in too many ways to be told apart in reasonable time.
var ErrTangled = errors.New("has too many rings within each other")

// Nest puts closed rings together to polygons by where they lie, whatever their direction: a ring within no other or
// within a hole is an outer ring, one directly within an outer ring is a hole of it. Rings may touch but not cross; what
// crosses becomes an invalid polygon. Outer rings keep their order, and so do the holes of each. The rings are kept, not
// copied.
func Nest(rings []orb.Ring) (orb.MultiPolygon, error) {
	if len(rings) == 1 {
		return orb.MultiPolygon{{rings[0]}}, nil
	}
	n := nest{rings: rings, sizes: make([]float64, len(rings)), parents: make([]int, len(rings)), depths: make([]int, len(rings))}
	order := make([]int, len(rings))
	for i, r := range rings {
		order[i], n.sizes[i] = i, math.Abs(planar.Area(r))
	}
	// What contains a ring is larger, so it has been placed before.
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(n.sizes[j], n.sizes[i]) })
	for _, i := range order {
		if err := n.place(i); err != nil {
			return nil, err
		}
	}
	var out orb.MultiPolygon
	at := make([]int, len(rings)) // where the polygon of an outer ring is
	for i, r := range rings {
		if n.depths[i]%2 == 0 {
			at[i] = len(out)
			out = append(out, orb.Polygon{r})
		}
	}
	for i, r := range rings {
		if n.depths[i]%2 == 1 {
			p := &out[at[n.parents[i]]]
			*p = append(*p, r)
		}
	}
	return out, nil
}

type nest struct {
	rings   []orb.Ring
	sizes   []float64
	parents []int // the smallest ring around each
	depths  []int // how many rings are around each
	boxes   rtree.RTreeG[int]
	work    int
}

// place finds the smallest of the rings placed before that contains ring i.
func (n *nest) place(i int) error {
	b := n.rings[i].Bound()
	var around []int
	n.boxes.Search(b.Min, b.Max, func(low, high [2]float64, j int) bool {
		if low[0] <= b.Min[0] && low[1] <= b.Min[1] && high[0] >= b.Max[0] && high[1] >= b.Max[1] {
			around = append(around, j)
		}
		return true
	})
	n.boxes.Insert(b.Min, b.Max, i)
	if n.work += boxWork * len(around); n.work > maxNestWork {
		return ErrTangled
	}
	slices.SortFunc(around, func(j, k int) int { return cmp.Or(cmp.Compare(n.sizes[j], n.sizes[k]), cmp.Compare(k, j)) })
	for _, j := range around {
		inside, err := n.contains(n.rings[j], n.rings[i])
		if err != nil {
			return err
		}
		if inside {
			n.parents[i], n.depths[i] = j, n.depths[j]+1
			return nil
		}
	}
	return nil
}

// contains reports whether inner, which does not cross outer, lies in it. Vertices on outer do not tell, nor do middles
// of edges there; if nothing tells, the rings are the same and neither is in the other.
func (n *nest) contains(outer, inner orb.Ring) (bool, error) {
	try := func(p orb.Point) (side int, err error) {
		if n.work += len(outer); n.work > maxNestWork {
			return 0, ErrTangled
		}
		return sideOf(outer, p), nil
	}
	for _, p := range inner {
		if side, err := try(p); err != nil || side != 0 {
			return side > 0, err
		}
	}
	for i := 1; i < len(inner); i++ {
		p, q := inner[i-1], inner[i]
		if side, err := try(orb.Point{(p[0] + q[0]) / 2, (p[1] + q[1]) / 2}); err != nil || side != 0 {
			return side > 0, err
		}
	}
	return false, nil
}

// sideOf is 1 for a point in a ring, 0 on it and -1 outside.
func sideOf(ring orb.Ring, p orb.Point) int {
	side := -1
	for i := 1; i < len(ring); i++ {
		a, b := ring[i-1], ring[i]
		if a[1] > b[1] {
			a, b = b, a
		}
		if p[1] < a[1] || p[1] > b[1] {
			continue
		}
		cross := (b[0]-a[0])*(p[1]-a[1]) - (p[0]-a[0])*(b[1]-a[1])
		if cross == 0 && p[0] >= min(a[0], b[0]) && p[0] <= max(a[0], b[0]) {
			return 0
		}
		if p[1] < b[1] && cross > 0 {
			side = -side
		}
	}
	return side
}
