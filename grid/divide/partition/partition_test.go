package partition_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/grid/divide/partition"
)

// lattice is w by h nodes with random loads, neighbours joined, some of the edges left out.
func lattice(w, h int, load func() float64, keep func() bool) *partition.Problem {
	p := &partition.Problem{Cut: 0.02}
	p.Goals[0] = partition.Goal{Target: 300, Min: 200, Max: 500, Weight: 1}
	for y := range h {
		for x := range w {
			p.Nodes = append(p.Nodes, partition.Node{Load: partition.Load{load()}, Was: -1})
			i := int32(y*w + x)
			if x > 0 && keep() {
				p.Edges = append(p.Edges, partition.Edge{A: i - 1, B: i, Cost: 0.25})
			}
			if y > 0 && keep() {
				p.Edges = append(p.Edges, partition.Edge{A: i - int32(w), B: i, Cost: 0.25})
			}
		}
	}
	return p
}

func always() bool { return true }

func solve(t interface{ Fatal(...any) }, p *partition.Problem, seed uint64) *partition.Solution {
	s, err := partition.Solve(context.Background(), p, rand.New(rand.NewPCG(seed, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// connected fails unless each part can be walked through, by a search that knows nothing of the solver.
func connected(t interface{ Fatalf(string, ...any) }, p *partition.Problem, part []int32) {
	of := map[int32]int32{}
	seen := make([]bool, len(part))
	for i := range part {
		if seen[i] {
			continue
		}
		if _, again := of[part[i]]; again {
			t.Fatalf("part %d has node %d away from the others", part[i], i)
		}
		of[part[i]] = int32(i)
		seen[i] = true
		for queue := []int32{int32(i)}; len(queue) > 0; {
			v := queue[0]
			queue = queue[1:]
			for _, e := range p.Edges {
				for _, d := range [...][2]int32{{e.A, e.B}, {e.B, e.A}} {
					if d[0] == v && part[d[1]] == part[v] && !seen[d[1]] {
						seen[d[1]] = true
						queue = append(queue, d[1])
					}
				}
			}
		}
	}
}

// costOf adds up what a solution costs, from the definition.
func costOf(p *partition.Problem, part []int32) float64 {
	loads := map[int32]*partition.Load{}
	stays := map[int32]map[int32]float64{}
	sum := 0.0
	for i, v := range p.Nodes {
		l := loads[part[i]]
		if l == nil {
			l = &partition.Load{}
			loads[part[i]], stays[part[i]] = l, map[int32]float64{}
		}
		for m := range l {
			l[m] += v.Load[m]
		}
		if v.Was >= 0 {
			stays[part[i]][v.Was] += v.Stay
		}
	}
	for id, l := range loads {
		for m, g := range p.Goals {
			if g.Target == 0 {
				continue
			}
			d := (l[m] - g.Target) / g.Target
			c := d * d
			if l[m] < g.Min {
				c += 10 + 10*(g.Min-l[m])/g.Target
			}
			if g.Max > 0 && l[m] > g.Max {
				c += 10 + 10*(l[m]-g.Max)/g.Target
			}
			sum += g.Weight * c
		}
		all, most := 0.0, 0.0
		for _, w := range stays[id] {
			all += w
			most = max(most, w)
		}
		sum += p.Keep * (all - most)
	}
	for _, e := range p.Edges {
		if part[e.A] != part[e.B] {
			sum += p.Cut * e.Cost
		}
	}
	return sum
}

// TestRandomGraphs holds solutions of random graphs, connected or not, to what they promise.
func TestRandomGraphs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "graph"), 0))
		share := rapid.SampledFrom([]float64{0.4, 0.7, 0.9, 1}).Draw(t, "edges")
		p := lattice(rapid.IntRange(1, 9).Draw(t, "w"), rapid.IntRange(1, 9).Draw(t, "h"),
			func() float64 {
				if r.IntN(5) == 0 {
					return float64(r.IntN(2) * 700)
				}
				return float64(r.IntN(120))
			}, func() bool { return r.Float64() < share })
		if rapid.Bool().Draw(t, "present") {
			p.Keep, p.FromPresent = 0.5, rapid.Bool().Draw(t, "begin")
			for i := range p.Nodes {
				p.Nodes[i].Was = int32(r.IntN(5)) - 1
				p.Nodes[i].Stay = p.Nodes[i].Load[0] / 300
			}
		}
		if rapid.Bool().Draw(t, "two") {
			p.Goals[1] = partition.Goal{Target: 10, Weight: 0.5, Max: 30}
			for i := range p.Nodes {
				p.Nodes[i].Load[1] = float64(r.IntN(8))
			}
		}
		s := solve(t, p, 7)
		connected(t, p, s.Part)
		for i, part := range s.Part {
			if int(part) >= len(s.Loads) {
				t.Fatalf("node %d is in part %d of %d", i, part, len(s.Loads))
			}
		}
		if want := costOf(p, s.Part); math.Abs(want-s.Cost) > 1e-6*(1+want) {
			t.Fatalf("costs %v, told %v", want, s.Cost)
		}
		again := solve(t, p, 7)
		if !slices.Equal(s.Part, again.Part) {
			t.Fatalf("another solution with the same seed")
		}
	})
}

// TestLimits has graphs on which all parts can be within the limits.
func TestLimits(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		p := lattice(12, 12, func() float64 { return float64(r.IntN(110)) }, always)
		s := solve(t, p, seed)
		for i, l := range s.Loads {
			if !p.Goals[0].Holds(l[0]) {
				t.Errorf("seed %d: part %d has %v", seed, i, l[0])
			}
		}
	}
}

// TestCheapEdges has a graph with one cheap line through it, which is where the cut belongs.
func TestCheapEdges(t *testing.T) {
	t.Parallel()
	p := lattice(8, 4, func() float64 { return 20 }, always)
	for i, e := range p.Edges {
		if e.A%8 == 4 && e.B%8 == 5 {
			p.Edges[i].Cost = 0.001
		}
	}
	p.Cut = 1
	s := solve(t, p, 1)
	if len(s.Loads) != 2 || s.Part[4] == s.Part[5] {
		t.Errorf("cut at %v", s.Part[:8])
	}
}

// TestPresent keeps the parts of a plan that are within the limits and far from one that is not.
func TestPresent(t *testing.T) {
	t.Parallel()
	p := lattice(10, 10, func() float64 { return 12 }, always)
	p.Keep, p.FromPresent, p.Cut = 2, true, 0.01
	for i := range p.Nodes {
		p.Nodes[i].Was = int32(i % 10 / 3) // the last column is a part that is too small
		p.Nodes[i].Stay = 12.0 / 300
	}
	s := solve(t, p, 1)
	for i, part := range s.Part {
		if x := i % 10; x < 6 && part != s.Part[x/3*3] {
			t.Errorf("node %d moved from a sound part: %v", i, s.Part)
		}
	}
	for _, l := range s.Loads {
		if !p.Goals[0].Holds(l[0]) {
			t.Errorf("part with %v", l[0])
		}
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	g := partition.Goal{Target: 300, Min: 200, Max: 500}
	for _, c := range []struct {
		load float64
		k    int
		ok   bool
	}{{0, 1, false}, {199, 1, false}, {200, 1, true}, {449, 1, true}, {500, 2, true}, {900, 3, true}, {1000, 3, true}} {
		if k, ok := g.Count(c.load); k != c.k || ok != c.ok {
			t.Errorf("%v: %d, %v", c.load, k, ok)
		}
	}
	if k, ok := (partition.Goal{Target: 450, Min: 400, Max: 500}).Count(700); ok || k != 2 {
		t.Errorf("700 in grids of 400 to 500: %d, %v", k, ok)
	}
}

func TestNoGraph(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(p *partition.Problem){
		"no target":    func(p *partition.Problem) { p.Goals = [partition.Measures]partition.Goal{} },
		"limits":       func(p *partition.Problem) { p.Goals[0].Min = 400 },
		"target":       func(p *partition.Problem) { p.Goals[0].Target = math.NaN() },
		"load":         func(p *partition.Problem) { p.Nodes[0].Load[0] = -1 },
		"edge":         func(p *partition.Problem) { p.Edges[0].B = 99 },
		"turned":       func(p *partition.Problem) { p.Edges[0].A, p.Edges[0].B = p.Edges[0].B, p.Edges[0].A },
		"cost":         func(p *partition.Problem) { p.Edges[0].Cost = math.Inf(1) },
		"twice joined": func(p *partition.Problem) { p.Edges = append(p.Edges, p.Edges[0]) },
	} {
		p := lattice(3, 3, func() float64 { return 1 }, always)
		spoil(p)
		if _, err := partition.Solve(context.Background(), p, rand.New(rand.NewPCG(1, 1))); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := partition.Solve(ctx, lattice(20, 20, func() float64 { return 50 }, always), rand.New(rand.NewPCG(1, 1))); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// BenchmarkSolve cuts 144 graphs of 112 nodes, and one of as many.
func BenchmarkSolve(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	load := func() float64 { return float64(r.IntN(108)) }
	b.Run("144 x 112", func(b *testing.B) {
		var all []*partition.Problem
		for range 144 {
			all = append(all, lattice(14, 8, load, always))
		}
		for b.Loop() {
			for i, p := range all {
				solve(b, p, uint64(i))
			}
		}
	})
	b.Run("1 x 16128", func(b *testing.B) {
		p := lattice(126, 128, load, always)
		for b.Loop() {
			solve(b, p, 1)
		}
	})
}
