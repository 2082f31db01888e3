// Package partition cuts a graph of weighted nodes into connected parts of about the same load, along cheap edges. It knows no
// ground: nodes have loads, edges have costs.
//
// First every connected component is cut in two again and again, at an edge of a random spanning tree: the two sides of a
// tree edge are connected by themselves, so no cut has to be repaired. Then nodes at borders change sides (flips), and two
// or three parts at a time are joined and cut anew (recombination), while the sum of all that is wrong falls. The parts are
// connected after every step.
//
// All work is bounded by counts, not by time, and random choices come from the generator that the caller gives: the same
// problem with the same generator has the same solution.
package partition

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Measures is how many loads a node has.
const Measures = 3

// Load is what a node or a part weighs, by measure.
type Load [Measures]float64

// Goal is what one measure of a part should be.
type Goal struct {
	// Target is the load aimed at; 0 ignores the measure.
	Target float64
	// Min and Max are limits; 0 is none.
	Min, Max float64
	// Weight is how much deviations count beside those of other measures.
	Weight float64
}

// Holds reports whether a load is within the limits.
func (g Goal) Holds(w float64) bool {
	return g.Target == 0 || w >= g.Min && (g.Max == 0 || w <= g.Max)
}

// penalty is what a part outside of the limits costs: more than all that is gained within them.
const penalty = 10

// cost is what a load of a part costs: its squared deviation in shares of the target, and the penalty.
func (g Goal) cost(w float64) float64 {
	if g.Target == 0 {
		return 0
	}
	d := (w - g.Target) / g.Target
	c := d * d
	switch {
	case w < g.Min:
		c += penalty * (1 + (g.Min-w)/g.Target)
	case g.Max > 0 && w > g.Max:
		c += penalty * (1 + (w-g.Max)/g.Target)
	}
	return g.Weight * c
}

// Node is what a part is made of.
type Node struct {
	Load Load
	// Was is the part of the present plan that has the node, -1 for none; Stay is what it costs, in targets, when
	// it comes to another.
	Was  int32
	Stay float64
}

// Edge joins two nodes that touch. Cost is what it costs when they are in different parts, 1 for a typical border of a part.
type Edge struct {
	A, B int32
	Cost float64
}

// Problem is a graph and what is expected of its parts. Solve does not change it.
type Problem struct {
	Nodes []Node
	// Edges have their lesser node first; no two join the same nodes.
	Edges []Edge
	Goals [Measures]Goal
	// Cut and Keep are what costs of edges and of moves count beside deviations.
	Cut, Keep float64
	// FromPresent begins with the present plan instead of cutting anew.
	FromPresent bool
	// Tries is how many spanning trees are drawn for each cut, Rounds how often all parts are improved at most; 0 is usual.
	Tries, Rounds int
}

// The usual bounds.
const (
	usualTries  = 6
	usualRounds = 10
)

// Solution are parts of a graph.
type Solution struct {
	// Part is the part of each node. Parts are numbered from 0, in the order of their first nodes.
	Part []int32
	// Loads are those of the parts.
	Loads []Load
	// Cost is the sum of all that is wrong: what the solver made small.
	Cost float64
}

var errGraph = errors.New("no graph")

// check refuses what is no graph.
func (p *Problem) check() error {
	n := int32(len(p.Nodes))
	if !slices.ContainsFunc(p.Goals[:], func(g Goal) bool { return g.Target > 0 }) {
		return fmt.Errorf("%w: no goal has a target", errGraph)
	}
	for i, g := range p.Goals {
		if g.Target != 0 && (!(g.Target > 0) || g.Min < 0 || g.Weight < 0 || g.Min > g.Target || g.Max != 0 && g.Max < g.Target || math.IsInf(g.Target, 0)) {
			return fmt.Errorf("%w: goal %d has target %v, limits %v to %v, weight %v", errGraph, i, g.Target, g.Min, g.Max, g.Weight)
		}
	}
	for i, v := range p.Nodes {
		for _, w := range v.Load {
			if !(w >= 0) || math.IsInf(w, 0) {
				return fmt.Errorf("%w: node %d has load %v", errGraph, i, v.Load)
			}
		}
	}
	seen := slices.Clone(p.Edges)
	slices.SortFunc(seen, func(e, f Edge) int { return cmp.Or(cmp.Compare(e.A, f.A), cmp.Compare(e.B, f.B)) })
	for i, e := range seen {
		switch {
		case e.A < 0 || e.A >= e.B || e.B >= n:
			return fmt.Errorf("%w: edge from %d to %d of %d nodes", errGraph, e.A, e.B, n)
		case !(e.Cost >= 0) || math.IsInf(e.Cost, 0):
			return fmt.Errorf("%w: the edge from %d to %d costs %v", errGraph, e.A, e.B, e.Cost)
		case i > 0 && seen[i-1].A == e.A && seen[i-1].B == e.B:
			return fmt.Errorf("%w: two edges from %d to %d", errGraph, e.A, e.B)
		}
	}
	return nil
}

// Primary is the measure that says how many parts there are: the first with a target.
func (p *Problem) Primary() int {
	return slices.IndexFunc(p.Goals[:], func(g Goal) bool { return g.Target > 0 })
}

// Count is how many parts of a goal a load makes: its share of the target, as far as the limits allow. ok is false when no
// number of parts can be within them.
func (g Goal) Count(w float64) (k int, ok bool) {
	most, least := math.Inf(1), 1.0
	if g.Min > 0 {
		most = math.Floor(w / g.Min)
	}
	if g.Max > 0 {
		least = max(1, math.Ceil(w/g.Max))
	}
	k = max(1, int(math.Round(w/g.Target)))
	if most < least {
		return max(k, min(int(least), k+1)), false
	}
	return int(min(max(float64(k), least), most)), true
}

// Components numbers the connected components of a graph by node, in the order of their first nodes.
func (p *Problem) Components() (of []int32, count int) {
	sets := NewSets(len(p.Nodes))
	for _, e := range p.Edges {
		sets.Join(e.A, e.B)
	}
	of = make([]int32, len(sets))
	for i := range sets {
		// Find names a set by its least member, so that is numbered before the others.
		if r := sets.Find(int32(i)); int(r) == i {
			of[i] = int32(count)
			count++
		} else {
			of[i] = of[r]
		}
	}
	return of, count
}

// Sets are disjoint sets of numbers from 0, which are joined more and more. Their content is for the methods.
type Sets []int32

// NewSets are n sets of one number each.
func NewSets(n int) Sets {
	s := make(Sets, n)
	s.reset()
	return s
}

func (s Sets) reset() {
	for i := range s {
		s[i] = int32(i)
	}
}

// Find is the least number of the set that has i.
func (s Sets) Find(i int32) int32 {
	for s[i] != i {
		s[i] = s[s[i]]
		i = s[i]
	}
	return i
}

// Join makes one set of those of a and b. It reports false when they are one already.
func (s Sets) Join(a, b int32) bool {
	a, b = s.Find(a), s.Find(b)
	s[max(a, b)] = min(a, b)
	return a != b
}
