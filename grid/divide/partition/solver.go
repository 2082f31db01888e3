package partition

import (
	"context"
	"math/rand/v2"
	"slices"
)

// half is an edge as seen from one of its nodes.
type half struct {
	to   int32
	cost float64
}

// part is a part while it is worked on.
type part struct {
	load  Load
	count int32
	seed  int32 // one of its nodes
	// was are the stays of its nodes by part of the present plan.
	was  []stay
	stay float64 // of all its nodes
	cost float64 // of load and stays
	// changed is the step at which it was last changed.
	changed int
}

type stay struct {
	was  int32
	stay float64
}

// solver is the state of one solution. It belongs to one goroutine.
type solver struct {
	*Problem

	rng     *rand.Rand
	primary int
	first   []int32 // of each node in halves
	halves  []half
	of      []int32 // part of each node
	parts   []part
	step    int

	// Room for searches: marks by node, a queue, local numbers of nodes.
	mark    []int32
	epoch   int32
	queue   []int32
	local   []int32
	tree    tree
	tried   map[[2]int32]int
	lists   [3][]int32
	scratch []int32
}

// Solve cuts a graph into connected parts. The error is that of the context, or says why the problem is none.
func Solve(ctx context.Context, p *Problem, rng *rand.Rand) (*Solution, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	s := newSolver(p, rng)
	if p.FromPresent {
		s.present()
	} else if err := s.cutAll(ctx); err != nil {
		return nil, err
	}
	if err := s.improve(ctx); err != nil {
		return nil, err
	}
	return s.solution(), nil
}

func newSolver(p *Problem, rng *rand.Rand) *solver {
	n := len(p.Nodes)
	s := &solver{
		Problem: p, rng: rng, primary: p.Primary(), first: make([]int32, n+1), halves: make([]half, 2*len(p.Edges)),
		of: make([]int32, n), mark: make([]int32, n), local: make([]int32, n), tried: map[[2]int32]int{},
	}
	for i := range s.of {
		s.of[i] = -1
	}
	for _, e := range p.Edges {
		s.first[e.A+1]++
		s.first[e.B+1]++
	}
	for i := range n {
		s.first[i+1] += s.first[i]
	}
	next := slices.Clone(s.first)
	for _, e := range p.Edges {
		s.halves[next[e.A]] = half{e.B, e.Cost}
		s.halves[next[e.B]] = half{e.A, e.Cost}
		next[e.A]++
		next[e.B]++
	}
	return s
}

func (s *solver) around(v int32) []half { return s.halves[s.first[v]:s.first[v+1]] }

func (s *solver) tries() int {
	if s.Tries > 0 {
		return s.Tries
	}
	return usualTries
}

// judge is what a part costs by itself.
func (s *solver) judge(p *part) float64 {
	sum := 0.0
	for m, g := range &s.Goals {
		sum += g.cost(p.load[m])
	}
	if s.Keep > 0 && p.stay > 0 {
		most := 0.0
		for _, w := range p.was {
			most = max(most, w.stay)
		}
		sum += s.Keep * (p.stay - most)
	}
	return sum
}

// add puts a node into a part, or takes it out with a sign of -1.
func (p *part) add(v *Node, sign float64) {
	for m := range p.load {
		p.load[m] += sign * v.Load[m]
	}
	p.count += int32(sign)
	if v.Was >= 0 && v.Stay > 0 {
		p.stay += sign * v.Stay
		i := slices.IndexFunc(p.was, func(w stay) bool { return w.was == v.Was })
		if i < 0 {
			i = len(p.was)
			p.was = append(p.was, stay{was: v.Was})
		}
		p.was[i].stay += sign * v.Stay
	}
}

// gather makes a part of nodes, without giving them to it.
func (s *solver) gather(nodes []int32) part {
	p := part{seed: nodes[0]}
	for _, v := range nodes {
		p.add(&s.Nodes[v], 1)
	}
	p.cost = s.judge(&p)
	return p
}

// settle makes nodes the part number id.
func (s *solver) settle(id int32, nodes []int32) {
	p := s.gather(nodes)
	s.step++
	p.changed = s.step
	s.parts[id] = p
	for _, v := range nodes {
		s.of[v] = id
	}
}

// open makes room for one more part.
func (s *solver) open() int32 {
	for i := range s.parts {
		if s.parts[i].count == 0 {
			return int32(i)
		}
	}
	s.parts = append(s.parts, part{})
	return int32(len(s.parts) - 1)
}

// members appends the nodes of a part, those near its seed first.
func (s *solver) members(out []int32, id int32) []int32 {
	s.epoch++
	at := len(out)
	out = append(out, s.parts[id].seed)
	s.mark[s.parts[id].seed] = s.epoch
	for ; at < len(out); at++ {
		for _, h := range s.around(out[at]) {
			if s.of[h.to] == id && s.mark[h.to] != s.epoch {
				s.mark[h.to] = s.epoch
				out = append(out, h.to)
			}
		}
	}
	return out
}

// components lists the nodes of connected components of those for which same holds.
func (s *solver) components(same func(a, b int32) bool) [][]int32 {
	seen := make([]bool, len(s.Nodes))
	var out [][]int32
	for i := range s.Nodes {
		if seen[i] {
			continue
		}
		seen[i] = true
		list := []int32{int32(i)}
		for at := 0; at < len(list); at++ {
			for _, h := range s.around(list[at]) {
				if !seen[h.to] && same(list[at], h.to) {
					seen[h.to] = true
					list = append(list, h.to)
				}
			}
		}
		out = append(out, list)
	}
	return out
}

// present begins with the parts of the present plan, each component of one by itself.
func (s *solver) present() {
	for _, nodes := range s.components(func(a, b int32) bool { return s.Nodes[a].Was == s.Nodes[b].Was }) {
		s.settle(s.open(), nodes)
	}
}

// capped is the load of a node as far as parts are counted by it: one that is over the limit makes one part.
func (s *solver) capped(v int32) float64 {
	g, w := s.Goals[s.primary], s.Nodes[v].Load[s.primary]
	if g.Max > 0 && w > g.Max {
		return g.Target
	}
	return w
}

// cutAll cuts every component.
func (s *solver) cutAll(ctx context.Context) error {
	for _, nodes := range s.components(func(int32, int32) bool { return true }) {
		sum := 0.0
		for _, v := range nodes {
			sum += s.capped(v)
		}
		k, _ := s.Goals[s.primary].Count(sum)
		if err := s.bisect(ctx, nodes, min(k, len(nodes))); err != nil {
			return err
		}
	}
	return nil
}

// bisect cuts nodes into k parts.
func (s *solver) bisect(ctx context.Context, nodes []int32, k int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if k <= 1 || len(nodes) < 2 {
		s.settle(s.open(), nodes)
		return nil
	}
	var best cut
	for try := range s.tries() {
		s.tree.draw(s, nodes)
		if c := s.tree.balance(s, k); try == 0 || c.cost < best.cost {
			best = c
			s.scratch = append(s.scratch[:0], s.tree.below(c.at)...)
		}
	}
	s.epoch++
	for _, v := range s.scratch {
		s.mark[v] = s.epoch
	}
	one, other := make([]int32, 0, len(s.scratch)), make([]int32, 0, len(nodes)-len(s.scratch))
	for _, v := range nodes {
		if s.mark[v] == s.epoch {
			one = append(one, v)
		} else {
			other = append(other, v)
		}
	}
	if err := s.bisect(ctx, one, best.parts); err != nil {
		return err
	}
	return s.bisect(ctx, other, k-best.parts)
}

// solution numbers the parts.
func (s *solver) solution() *Solution {
	out := &Solution{Part: make([]int32, len(s.of)), Cost: s.total()}
	number := make([]int32, len(s.parts))
	for i, p := range s.of {
		if number[p] == 0 {
			out.Loads = append(out.Loads, Load{})
			number[p] = int32(len(out.Loads))
		}
		out.Part[i] = number[p] - 1
		for m, w := range &s.Nodes[i].Load {
			out.Loads[out.Part[i]][m] += w
		}
	}
	return out
}

// total is what all parts cost.
func (s *solver) total() float64 {
	sum := 0.0
	for i := range s.parts {
		if s.parts[i].count > 0 {
			sum += s.parts[i].cost
		}
	}
	for _, e := range s.Edges {
		if s.of[e.A] != s.of[e.B] {
			sum += s.Cut * e.Cost
		}
	}
	return sum
}
