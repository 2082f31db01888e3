package coverage

import (
	"cmp"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// mark says how often the rings of a label run along an edge from its lesser end, less how often they run back.
type mark struct{ label, net int32 }

// plane is the planar graph of pieces that meet in ends only. Edge k joins nodes u and v, u before v; half-edge 2k runs from
// u to v and 2k+1 back.
type plane struct {
	nodes []geo.Point // ascending
	u, v  []int32
	marks [][]mark
	// out are the half-edges by node and, around it, anticlockwise; those of node i from first[i] to first[i+1].
	out, first, place []int32
	cycle             []int32 // left of each half-edge
	region            []int32 // of each cycle; 0 is the unbounded one
	cover             [][]mark
}

// newPlane joins pieces between the same ends, with the sum of their marks, and finds the regions between them. A piece
// of a negative tag has no mark; it divides ground and is kept. Other pieces that cancel are left out.
func newPlane(pieces []Strand) *plane {
	type run struct {
		a, b geo.Point
		mark mark
	}
	runs := make([]run, 0, len(pieces))
	for _, p := range pieces {
		r := run{p.A, p.B, mark{p.Tag, 1}}
		if comparePoints(r.a, r.b) > 0 {
			r = run{p.B, p.A, mark{p.Tag, -1}}
		}
		runs = append(runs, r)
	}
	slices.SortFunc(runs, func(r, s run) int {
		return cmp.Or(comparePoints(r.a, s.a), comparePoints(r.b, s.b), cmp.Compare(r.mark.label, s.mark.label))
	})
	p := &plane{}
	for _, r := range runs {
		p.nodes = append(p.nodes, r.a, r.b)
	}
	slices.SortFunc(p.nodes, comparePoints)
	p.nodes = slices.Compact(p.nodes)
	for i := 0; i < len(runs); {
		r, j, keep := runs[i], i, false
		var marks []mark
		for ; j < len(runs) && runs[j].a == r.a && runs[j].b == r.b; j++ {
			if runs[j].mark.label < 0 {
				keep = true
			} else {
				marks = plus(marks, []mark{runs[j].mark}, 1)
			}
		}
		if keep || len(marks) > 0 {
			p.u, p.v, p.marks = append(p.u, p.node(r.a)), append(p.v, p.node(r.b)), append(p.marks, marks)
		}
		i = j
	}
	p.sortOut()
	p.findCycles()
	p.findRegions()
	return p
}

func (p *plane) node(at geo.Point) int32 {
	i, _ := slices.BinarySearchFunc(p.nodes, at, comparePoints)
	return int32(i)
}

// plus is the sum of two lists of marks, the second times by.
func plus(a, b []mark, by int32) []mark {
	out := slices.Clone(a)
	for _, m := range b {
		i, ok := slices.BinarySearchFunc(out, m.label, func(m mark, label int32) int { return cmp.Compare(m.label, label) })
		if !ok {
			out = slices.Insert(out, i, mark{m.label, by * m.net})
		} else if out[i].net += by * m.net; out[i].net == 0 {
			out = slices.Delete(out, i, i+1)
		}
	}
	return out
}

func (p *plane) origin(h int32) int32 {
	if h&1 == 0 {
		return p.u[h>>1]
	}
	return p.v[h>>1]
}

func (p *plane) sortOut() {
	p.first = make([]int32, len(p.nodes)+1)
	for k := range p.u {
		p.first[p.u[k]+1]++
		p.first[p.v[k]+1]++
	}
	for i := range p.nodes {
		p.first[i+1] += p.first[i]
	}
	p.out, p.place = make([]int32, 2*len(p.u)), make([]int32, 2*len(p.u))
	next := slices.Clone(p.first)
	for h := range int32(len(p.out)) {
		p.out[next[p.origin(h)]] = h
		next[p.origin(h)]++
	}
	for i, at := range p.nodes {
		around := p.out[p.first[i]:p.first[i+1]]
		if len(around) > 2 {
			slices.SortFunc(around, func(h, k int32) int {
				return compareAngles(at, p.nodes[p.origin(h^1)], p.nodes[p.origin(k^1)])
			})
		}
		for k, h := range around {
			p.place[h] = p.first[i] + int32(k)
		}
	}
}

// compareAngles orders directions from o anticlockwise, beginning in the east.
func compareAngles(o, a, b geo.Point) int {
	la, lb := a.Y < o.Y || a.Y == o.Y && a.X < o.X, b.Y < o.Y || b.Y == o.Y && b.X < o.X
	switch {
	case la && !lb:
		return 1
	case lb && !la:
		return -1
	default:
		return -geo.Orient(o, a, b)
	}
}

// follow is the half-edge after h along the region on its left.
func (p *plane) follow(h int32) int32 {
	o := p.origin(h ^ 1)
	at := p.place[h^1]
	if at == p.first[o] {
		at = p.first[o+1]
	}
	return p.out[at-1]
}

func (p *plane) findCycles() {
	p.cycle = make([]int32, len(p.out))
	for i := range p.cycle {
		p.cycle[i] = -1
	}
	count := int32(0)
	for i := range int32(len(p.cycle)) {
		if p.cycle[i] >= 0 {
			continue
		}
		for h := i; p.cycle[h] < 0; h = p.follow(h) {
			p.cycle[h] = count
		}
		count++
	}
	p.region = make([]int32, count)
	for i := range p.region {
		p.region[i] = -1
	}
}

// findRegions joins the cycles around each region and finds what covers it. Parts of the graph come in the order of their
// least nodes: what lies west of one is known by then.
func (p *plane) findRegions() {
	members := make([][]int32, len(p.region))
	for h, c := range p.cycle {
		members[c] = append(members[c], int32(h))
	}
	p.cover = [][]mark{nil}
	var west *mesh
	var queue []int32
	for i, at := range p.nodes {
		if p.first[i] == p.first[i+1] || p.region[p.cycle[p.out[p.first[i]]]] >= 0 {
			continue
		}
		// From the least node all edges run east or straight north: the outer side is left of the northernmost.
		h := p.out[p.first[i]]
		for _, k := range p.out[p.first[i]+1 : p.first[i+1]] {
			if geo.Orient(at, p.nodes[p.origin(h^1)], p.nodes[p.origin(k^1)]) > 0 {
				h = k
			}
		}
		if i > 0 && west == nil {
			west = newMesh(len(p.u), func(k int) geo.Box { return geo.EmptyBox().Extend(p.nodes[p.u[k]]).Extend(p.nodes[p.v[k]]) })
		}
		p.region[p.cycle[h]] = 0
		if i > 0 {
			p.region[p.cycle[h]] = p.west(west, at)
		}
		queue = append(queue[:0], p.cycle[h])
		for len(queue) > 0 {
			c := queue[len(queue)-1]
			queue = queue[:len(queue)-1]
			for _, h := range members[c] {
				other := p.cycle[h^1]
				if p.region[other] >= 0 {
					continue
				}
				by := int32(1)
				if h&1 == 0 {
					by = -1
				}
				p.cover = append(p.cover, plus(p.cover[p.region[c]], p.marks[h>>1], by))
				p.region[other] = int32(len(p.cover) - 1)
				queue = append(queue, other)
			}
		}
	}
}

// west is the region next to a node on a ray to the west that runs infinitesimally north of it.
func (p *plane) west(m *mesh, at geo.Point) int32 {
	best := int32(-1)
	var bestX float64
	look := func(bucket int64) {
		for _, k := range m.in(bucket) {
			low, high := p.nodes[p.u[k]], p.nodes[p.v[k]]
			if low.Y > high.Y {
				low, high = high, low
			}
			if low.Y > at.Y || high.Y <= at.Y || geo.Orient(low, high, at) >= 0 {
				continue
			}
			dx, dy := diff(high, low)
			x := float64(int64(low.X)-int64(at.X)) + float64(dx)/float64(dy)*float64(int64(at.Y)-int64(low.Y))
			if best < 0 || x > bestX+1 || x > bestX-1 && p.eastOf(k, best) {
				best, bestX = k, x
			}
		}
	}
	m.each(geo.Box{Min: geo.Point{X: m.low.X, Y: at.Y}, Max: at}, look)
	if best < 0 {
		return 0
	}
	// u is the lesser node by X: the edge runs north from u to v, or south.
	h := 2 * best
	if p.nodes[p.u[best]].Y < p.nodes[p.v[best]].Y {
		h++
	}
	return p.region[p.cycle[h]]
}

// eastOf reports whether edge k lies east of edge j. They do not cross, so the end of
// one that lies between the heights of the other tells.
func (p *plane) eastOf(k, j int32) bool {
	ends := func(e int32) (low, high geo.Point) {
		low, high = p.nodes[p.u[e]], p.nodes[p.v[e]]
		if low.Y > high.Y {
			low, high = high, low
		}
		return low, high
	}
	kl, kh := ends(k)
	jl, jh := ends(j)
	for _, q := range [...]geo.Point{kl, kh} {
		if q.Y >= jl.Y && q.Y <= jh.Y {
			if side := geo.Orient(jl, jh, q); side != 0 {
				return side < 0
			}
		}
	}
	for _, q := range [...]geo.Point{jl, jh} {
		if q.Y >= kl.Y && q.Y <= kh.Y {
			if side := geo.Orient(kl, kh, q); side != 0 {
				return side > 0
			}
		}
	}
	return false
}
