package synth

import (
	"cmp"
	"math"
	"slices"
)

// number gives all areas and blocks new indices that ascend like their codes: within the area above from north to
// south in rows, and in a row from west to east. cell is the cell of each block; the tree is rebuilt from it. at
// gives the middle of a block on the globe, east and north.
func number(m *mesh, old *tree, cell []int32, at func(r rect) (x, y int64)) *tree {
	sums := sumUp(m, old, cell, at)
	t := &tree{}
	// order[i] is the old index of what has the new index i.
	order := sums[districts].order(nil, 1)
	for l := range blocks {
		s := sums[l+1]
		rank := invert(order)
		next := s.order(func(i int32) int32 {
			if l+1 == blocks {
				return rank[cell[i]]
			}
			return rank[old.parent[l+1][i]]
		}, len(order))
		children := make([]int32, len(order))
		for _, i := range next {
			children[s.rank[i]]++
		}
		t.adopt(l+1, children)
		order = next
	}
	m.renumber(order)
	return t
}

// sum is what number needs to know of the areas of one level: middles, and the area of each on the plane.
type sum struct {
	x, y []int64
	area []float64
	rank []int32 // new index of the area above
}

func sumUp(m *mesh, old *tree, cell []int32, at func(r rect) (x, y int64)) [levels]*sum {
	var sums [levels]*sum
	for l := range sums {
		n := old.count(level(l))
		sums[l] = &sum{x: make([]int64, n), y: make([]int64, n), area: make([]float64, n)}
	}
	for b, r := range m.blocks {
		x, y := at(r)
		area := float64(r.extent(0)) * float64(r.extent(1))
		sums[blocks].x[b], sums[blocks].y[b], sums[blocks].area[b] = x, y, area
	}
	n := make([]int64, old.count(cells))
	for b, c := range cell {
		sums[cells].x[c] += sums[blocks].x[b]
		sums[cells].y[c] += sums[blocks].y[b]
		sums[cells].area[c] += sums[blocks].area[b]
		n[c]++
	}
	for l := cells; ; l-- {
		for i := range n {
			sums[l].x[i] /= n[i]
			sums[l].y[i] /= n[i]
		}
		if l == districts {
			return sums
		}
		up := make([]int64, old.count(l-1))
		for i, p := range old.parent[l] {
			sums[l-1].x[p] += sums[l].x[i]
			sums[l-1].y[p] += sums[l].y[i]
			sums[l-1].area[p] += sums[l].area[i]
			up[p]++
		}
		n = up
	}
}

// order sorts the areas of a level by the new index of the area above, then by row, then from west to east. A row is
// as high as a mean area of those under the same one is long, in the units of y, of which there are 11 mm each.
func (s *sum) order(above func(i int32) int32, groups int) []int32 {
	n := len(s.x)
	s.rank = make([]int32, n)
	if above != nil {
		for i := range s.rank {
			s.rank[i] = above(int32(i))
		}
	}
	top := make([]int64, groups)
	count := make([]float64, groups)
	area := make([]float64, groups)
	for g := range top {
		top[g] = math.MinInt64
	}
	for i, g := range s.rank {
		top[g] = max(top[g], s.y[i])
		count[g]++
		area[g] += s.area[i]
	}
	row := make([]int64, n)
	order := make([]int32, n)
	for i, g := range s.rank {
		height := max(1, int64(math.Sqrt(area[g]/count[g])/11))
		row[i] = (top[g] - s.y[i] + height/2) / height
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(s.rank[a], s.rank[b]), cmp.Compare(row[a], row[b]), cmp.Compare(s.x[a], s.x[b]), cmp.Compare(a, b))
	})
	return order
}

// invert turns an order of old indices into the new index of each.
func invert(order []int32) []int32 {
	rank := make([]int32, len(order))
	for i, o := range order {
		rank[o] = int32(i)
	}
	return rank
}

// renumber gives the blocks the indices of an order of old ones.
func (m *mesh) renumber(order []int32) {
	rank := invert(order)
	old := m.blocks
	m.blocks = make([]rect, len(old))
	for i, o := range order {
		m.blocks[i] = old[o]
	}
	for i := range m.edges {
		e := &m.edges[i]
		if e.left != none {
			e.left = rank[e.left]
		}
		if e.right != none {
			e.right = rank[e.right]
		}
	}
}
