package synth

// loosener hands blocks over from cell to cell.
type loosener struct {
	roll roll
	mesh *mesh
	tree *tree
	// cell is the cell of each block, which the tree knows no more once blocks have moved.
	cell   []int32
	size   []int32 // blocks of each cell now
	wanted []int32 // and at the start
	ring   []half
	around []int32
}

// eager says in percent how readily a block changes from one area to another when the areas of that level are the
// coarsest that it leaves: borders of districts stay straighter than those of cells.
var eager = [blocks]int64{districts: 5, streets: 12, communities: 35, cells: 50}

// loosen gives blocks to neighbouring cells, so that outlines follow other roads than those that were cut first. It
// keeps every count, every area connected and without holes, and cells at two thirds to four thirds of their blocks.
// It returns the cell of each block.
func loosen(r roll, m *mesh, t *tree) []int32 {
	l := &loosener{roll: r, mesh: m, tree: t, cell: append([]int32(nil), t.parent[blocks]...)}
	l.size = make([]int32, t.count(cells))
	for _, c := range l.cell {
		l.size[c]++
	}
	l.wanted = append(l.wanted, l.size...)
	for pass := range uint64(2) {
		for _, b := range r.with(pass).shuffled(len(l.cell)) {
			l.tryMove(r.with(pass).at(b), b)
		}
	}
	return l.cell
}

// tryMove gives a block to the cell across one of its edges, if that is another cell and nothing speaks against it.
func (l *loosener) tryMove(r roll, b int32) {
	l.ring = l.mesh.ring(b, l.ring[:0])
	other := l.mesh.beyond(l.ring[r.below(int64(len(l.ring)))])
	if other == none {
		return
	}
	from, to := l.cell[b], l.cell[other]
	if from == to || 3*(l.size[from]-1) < 2*l.wanted[from] || 3*(l.size[to]+1) > 4*l.wanted[to]+2 {
		return
	}
	coarsest := cells
	for coarsest > districts && l.tree.above(coarsest-1, cells, from) != l.tree.above(coarsest-1, cells, to) {
		coarsest--
	}
	if !r.with(1).chance(eager[coarsest]) {
		return
	}
	l.around = l.mesh.around(b, l.around[:0])
	for v := coarsest; v <= cells; v++ {
		if !l.oneRun(v, from) || !l.oneRun(v, to) {
			return
		}
	}
	l.cell[b] = to
	l.size[from]--
	l.size[to]++
}

// oneRun reports whether the neighbours that lie in the same area of level v as a cell follow one another. Then the
// area stays connected and without holes when the block leaves it or joins it: whatever went through the block can go
// along the run, and what is not of the area is one run too.
func (l *loosener) oneRun(v level, cell int32) bool {
	area := l.tree.above(v, cells, cell)
	in := func(b int32) bool { return b != none && l.tree.above(v, cells, l.cell[b]) == area }
	starts := 0
	before := in(l.around[len(l.around)-1])
	for _, b := range l.around {
		now := in(b)
		if now && !before {
			starts++
		}
		before = now
	}
	return starts == 1
}
