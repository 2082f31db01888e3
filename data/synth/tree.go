package synth

// level is a level of the nested division, coarse to fine.
type level int

const (
	districts level = iota
	streets
	communities
	cells
	blocks
	levels
)

// tree says how the areas of one level lie within those of the level above. The children of an area have consecutive
// indices.
type tree struct {
	// first[l][i] is the first child, on level l+1, of area i of level l; one more entry ends the last.
	first [blocks][]int32
	// parent[l][i] is the area of level l-1 around area i of level l; nil for districts.
	parent [levels][]int32
}

// newTree spreads the counts of each level over the areas of the level above, unevenly but with at least one for each
// and no more than codes have numbers for.
func newTree(r roll, counts [levels]int) *tree {
	t := &tree{}
	for l := range blocks {
		t.adopt(l+1, spread(r.with(uint64(l)), counts[l+1], counts[l]))
	}
	return t
}

// adopt sets how many children on level l each area above has.
func (t *tree) adopt(l level, children []int32) {
	first := make([]int32, 1, len(children)+1)
	var parent []int32
	for i, n := range children {
		first = append(first, first[i]+n)
		for range n {
			parent = append(parent, int32(i))
		}
	}
	t.first[l-1], t.parent[l] = first, parent
}

// count is how many areas a level has.
func (t *tree) count(l level) int32 {
	if l == districts {
		return int32(len(t.first[districts]) - 1)
	}
	return int32(len(t.parent[l]))
}

// firstBlock is the first block of area i of level l. That of one area more ends the last.
func (t *tree) firstBlock(l level, i int32) int32 {
	for ; l < blocks; l++ {
		i = t.first[l][i]
	}
	return i
}

// above is the area of level l around area i of level from.
func (t *tree) above(l, from level, i int32) int32 {
	for ; from > l; from-- {
		i = t.parent[from][i]
	}
	return i
}

// spread cuts total into n numbers from 1 to maxNumber that differ by about a third from their mean. It wants
// n ≤ total ≤ maxNumber·n.
func spread(r roll, total, n int) []int32 {
	const even, odd = 1000, 350
	sum := int64(0)
	weight := make([]int64, n)
	for i := range weight {
		weight[i] = even + r.at(int32(i)).about(odd)
		sum += weight[i]
	}
	out := make([]int32, n)
	rest, seen, given := int64(total-n), int64(0), int64(0)
	for i, w := range weight {
		seen += w
		// Cumulative rounding: the last share ends exactly at the rest.
		share := rest*seen/sum - given
		given += share
		out[i] = 1 + int32(share)
	}
	excess := int32(0)
	for i := range out {
		if over := out[i] - maxNumber; over > 0 {
			out[i] -= over
			excess += over
		}
	}
	for i := 0; excess > 0; i++ {
		more := min(excess, maxNumber-out[i])
		out[i] += more
		excess -= more
	}
	return out
}
