package bucket

// Sizes of the blocks that Pack lays the tree out in. A block is kept as long as anything in it is, so smaller blocks
// waste less after many edits, and larger ones lie closer together.
const (
	packedPlaces = 2048
	packedQuads  = 64
)

// Pack lays the tree out anew, so that what lies close together on the ground does so in memory, without room for
// more. It is worth its while after many insertions: a search in a million places that are packed waits for memory a
// third less. Only the writer may call it.
func (t *Tree[S]) Pack() {
	p := packer[S]{tree: t}
	p.pack(&t.root)
}

// packer is memory for the rest of a block.
type packer[S ~uint32] struct {
	tree   *Tree[S]
	places []place[S]
	quads  []quad[S]
}

func (p *packer[S]) pack(n *node[S]) {
	if n.kids == nil {
		size := len(n.places)
		if size > len(p.places) {
			p.places = make([]place[S], max(packedPlaces, size))
		}
		copy(p.places, n.places)
		n.places, p.places = p.places[:size:size], p.places[size:]
		n.generation = p.tree.generation
		return
	}
	if len(p.quads) == 0 {
		p.quads = make([]quad[S], packedQuads)
	}
	q := &p.quads[0]
	p.quads = p.quads[1:]
	*q = quad[S]{generation: p.tree.generation, kids: n.kids.kids}
	n.kids = q
	for i := range q.kids {
		p.pack(&q.kids[i])
	}
}
