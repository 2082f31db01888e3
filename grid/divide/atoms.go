package divide

import (
	"cmp"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/divide/partition"
)

// weigh adds up what lies in atoms and locked grids, and finds their present grids.
func (g *Ground) weigh() error {
	for id := range g.blocks.Faces() {
		g.loadOf(int32(id))[Area] += g.shapes[id].Area()
	}
	for i, a := range g.points {
		id := g.blockAt[i]
		if id == 0 {
			continue
		}
		l := g.loadOf(int32(id))
		l[Households] += a.Households
		l[Workload] += a.Workload
		if k := g.lockOf[id]; k >= 0 {
			g.locked[k].points = append(g.locked[k].points, int32(i))
		} else {
			t := &g.atoms[g.atomOf[id]]
			t.points = append(t.points, int32(i))
		}
	}
	for i := range g.atoms {
		c := &g.communities[g.atoms[i].community]
		for m, w := range &g.atoms[i].load {
			c.load[m] += w
		}
	}
	if len(g.in.Present) > 0 {
		for i := range g.atoms {
			g.rooted(&g.atoms[i])
		}
	}
	return nil
}

// loadOf is what lies in the atom or locked grid that has a face.
func (g *Ground) loadOf(id int32) *partition.Load {
	if k := g.lockOf[id]; k >= 0 {
		return &g.locked[k].load
	}
	return &g.atoms[g.atomOf[id]].load
}

// groundStay is what moving the ground of a whole grid counts beside moving its households.
const groundStay = 0.02

// rooted finds the present grid that has most of an atom: most households, else the place.
func (g *Ground) rooted(a *atom) {
	weight := map[int32]float64{}
	for _, i := range a.points {
		if w := g.was[i]; w >= 0 {
			weight[w] += g.points[i].Households + 1e-6
		}
	}
	if len(weight) == 0 {
		largest := slices.MaxFunc(a.faces, func(x, y coverage.FaceID) int { return cmp.Compare(g.shapes[x].Area(), g.shapes[y].Area()) })
		if w := g.present.at(geo.LabelPoint(g.shapes[largest])); w >= 0 {
			weight[w] = 1
		}
	}
	for w, v := range weight {
		if a.was < 0 || v > weight[a.was] || v == weight[a.was] && w < a.was {
			a.was = w
		}
	}
	c := &g.communities[a.community]
	m := c.limits.primary()
	target := c.limits[m].Target
	a.stay = a.load[m]/target + groundStay*a.load[Area]/c.load[Area]*max(1, c.load[m]/target)
}

// connect makes the graphs of the communities.
func (g *Ground) connect() error {
	at := make([]map[[2]int32]int, len(g.communities))
	for i := range at {
		at[i] = map[[2]int32]int{}
	}
	for i := range g.borders {
		b := &g.borders[i]
		if !g.free(b) || g.atomOf[b.left] == g.atomOf[b.right] {
			continue
		}
		one, other := &g.atoms[g.atomOf[b.left]], &g.atoms[g.atomOf[b.right]]
		c := &g.communities[one.community]
		key := [2]int32{min(one.number, other.number), max(one.number, other.number)}
		k, ok := at[one.community][key]
		if !ok {
			k = len(c.edges)
			at[one.community][key] = k
			c.edges = append(c.edges, edge{a: key[0], b: key[1]})
		}
		for n, l := range b.length {
			c.edges[k].length[n] += l
		}
	}
	return nil
}
