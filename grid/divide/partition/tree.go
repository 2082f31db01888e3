package partition

import (
	"cmp"
	"math"
	"slices"
)

// tree is a random spanning tree of some connected nodes. Its room is used again.
type tree struct {
	nodes  []int32 // in the order of a walk: those below one follow it
	parent []int32 // by place in nodes, -1 for the root
	end    []int32 // behind the last below
	depth  []int32
	load   []Load
	capped []float64
	cut    []float64 // what the edges from below to the rest cost

	links []link
	sets  Sets
	back  []int32 // by number in the list, where the walk came from
	first []int32
	next  []int32
	walk  []int32
	place []int32
}

// link is an edge between nodes by their numbers in a list, with its place in a random order.
type link struct {
	key  float64
	a, b int32
	cost float64
}

// draw makes a tree of the least links in a random order in which dear edges come early: they are in the tree then, and
// what is cut of it are cheap ones.
func (t *tree) draw(s *solver, nodes []int32) {
	n := len(nodes)
	s.epoch++
	for i, v := range nodes {
		s.mark[v], s.local[v] = s.epoch, int32(i)
	}
	t.links = t.links[:0]
	for i, v := range nodes {
		for _, h := range s.around(v) {
			if h.to > v && s.mark[h.to] == s.epoch {
				t.links = append(t.links, link{s.rng.Float64() / (h.cost + 1e-3), int32(i), s.local[h.to], h.cost})
			}
		}
	}
	slices.SortFunc(t.links, func(l, m link) int {
		return cmp.Or(cmp.Compare(l.key, m.key), cmp.Compare(l.a, m.a), cmp.Compare(l.b, m.b))
	})
	t.sets, t.back = slices.Grow(t.sets[:0], n)[:n], slices.Grow(t.back[:0], n)[:n]
	t.sets.reset()
	t.first = slices.Grow(t.first[:0], n+1)[:n+1]
	clear(t.first)
	taken := 0
	for i, l := range t.links {
		if t.sets.Join(l.a, l.b) {
			t.first[l.a+1]++
			t.first[l.b+1]++
			// Links of the tree come to the front; the others are needed for the costs of cuts.
			t.links[i], t.links[taken] = t.links[taken], l
			taken++
		}
	}
	for i := range n {
		t.first[i+1] += t.first[i]
	}
	t.next = slices.Grow(t.next[:0], 2*taken)[:2*taken]
	t.place = append(t.place[:0], t.first[:n]...)
	for _, l := range t.links[:taken] {
		t.next[t.place[l.a]] = l.b
		t.next[t.place[l.b]] = l.a
		t.place[l.a]++
		t.place[l.b]++
	}
	t.order(s, nodes)
	t.weigh(s)
}

// order walks the tree from its first node.
func (t *tree) order(s *solver, nodes []int32) {
	n := len(nodes)
	t.nodes = t.nodes[:0]
	t.parent = slices.Grow(t.parent[:0], n)[:n]
	t.depth = slices.Grow(t.depth[:0], n)[:n]
	t.end = slices.Grow(t.end[:0], n)[:n]
	// place becomes the place of each node in the walk.
	for i := range t.place {
		t.place[i] = -1
	}
	t.back[0] = -1
	t.walk = append(t.walk[:0], 0)
	for len(t.walk) > 0 {
		i := t.walk[len(t.walk)-1]
		t.walk = t.walk[:len(t.walk)-1]
		at := int32(len(t.nodes))
		t.place[i] = at
		t.nodes = append(t.nodes, nodes[i])
		t.parent[at], t.depth[at] = -1, 0
		if p := t.back[i]; p >= 0 {
			t.parent[at] = t.place[p]
			t.depth[at] = t.depth[t.place[p]] + 1
		}
		for _, j := range t.next[t.first[i]:t.first[i+1]] {
			if t.place[j] < 0 {
				t.back[j] = i
				t.walk = append(t.walk, j)
			}
		}
	}
	for i := range t.nodes {
		t.end[i] = int32(i) + 1
	}
	for i := n - 1; i > 0; i-- {
		t.end[t.parent[i]] = max(t.end[t.parent[i]], t.end[i])
	}
	for i, v := range t.nodes {
		s.local[v] = int32(i)
	}
}

// weigh adds up what lies below each node.
func (t *tree) weigh(s *solver) {
	n := len(t.nodes)
	t.load = slices.Grow(t.load[:0], n)[:n]
	t.capped = slices.Grow(t.capped[:0], n)[:n]
	t.cut = slices.Grow(t.cut[:0], n)[:n]
	clear(t.cut)
	for i, v := range t.nodes {
		t.load[i], t.capped[i] = s.Nodes[v].Load, s.capped(v)
	}
	// An edge is cut by the subtrees that hold one of its ends: those on the way from each end to where the ways meet.
	for _, l := range t.links {
		a, b := t.place[l.a], t.place[l.b]
		t.cut[a] += l.cost
		t.cut[b] += l.cost
		for a != b {
			if t.depth[a] < t.depth[b] {
				a, b = b, a
			}
			a = t.parent[a]
		}
		t.cut[a] -= 2 * l.cost
	}
	for i := n - 1; i > 0; i-- {
		p := t.parent[i]
		for m, w := range &t.load[i] {
			t.load[p][m] += w
		}
		t.capped[p] += t.capped[i]
		t.cut[p] += t.cut[i]
	}
}

// below are the nodes below one, itself included. They are valid until the next tree is drawn.
func (t *tree) below(at int32) []int32 { return t.nodes[at:t.end[at]] }

// cut is a subtree that becomes so many parts.
type cut struct {
	at    int32
	parts int
	cost  float64
}

// balance is the best subtree to cut off a tree that becomes k parts: what is expected of the parts on both sides, each with
// its share of the load, and what is cut. Of many parts neither side gets less than a quarter if that can be: the depth of
// cuts stays small.
func (t *tree) balance(s *solver, k int) cut {
	best := cut{at: -1, cost: math.Inf(1)}
	all, whole := t.capped[0], t.load[0]
	least := (k + 3) / 4
	for try := 0; try < 2 && best.at < 0; try++ {
		for i := int32(1); int(i) < len(t.nodes); i++ {
			share := t.capped[i] / all * float64(k)
			if all == 0 {
				share = float64(k) / 2
			}
			low := int(share)
			for j := max(least, low); j <= min(k-least, low+1); j++ {
				if c := t.sides(s, i, j, k, whole); c < best.cost {
					best = cut{at: i, parts: j, cost: c}
				}
			}
		}
		least = 1
	}
	if best.at < 0 {
		// Nothing weighs anything near a share: cut one part off.
		best = cut{at: int32(len(t.nodes) - 1), parts: 1, cost: math.MaxFloat64}
	}
	return best
}

// sides is what is expected when the subtree at i becomes j of k parts.
func (t *tree) sides(s *solver, i int32, j, k int, whole Load) float64 {
	sum := s.Cut * t.cut[i]
	for m, g := range &s.Goals {
		if g.Target == 0 {
			continue
		}
		w, rest := t.load[i][m], whole[m]-t.load[i][m]
		if m == s.primary && k > 2 {
			w, rest = t.capped[i], t.capped[0]-t.capped[i]
		}
		sum += float64(j)*g.cost(w/float64(j)) + float64(k-j)*g.cost(rest/float64(k-j))
	}
	return sum
}
