package divide

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/divide/partition"
)

// Options say how alternatives are drawn.
type Options struct {
	// Seed begins all random choices: the same seed draws the same grids.
	Seed uint64
	// Alternatives is how many are drawn, at most [MaxAlternatives]; 0 is [UsualAlternatives].
	Alternatives int
	// Workers bounds the goroutines; 0 is one for each processor. It changes nothing but the time.
	Workers int
	// Progress, when not nil, is told how many communities of all alternatives are drawn. It is called by one goroutine
	// at a time.
	Progress func(done, total int)
}

// How many alternatives there are.
const (
	UsualAlternatives = 3
	MaxAlternatives   = 9
)

// Aim is what an alternative looks for beside limits and balance.
type Aim string

// The aims.
const (
	// Balanced has grids of equal load.
	Balanced Aim = "balanced"
	// Compact has short borders.
	Compact Aim = "compact"
	// Roads has borders along main roads and water, and few along alleys.
	Roads Aim = "roads"
	// Near keeps the present plan where that is within the limits.
	Near Aim = "present"
)

// taste is how an aim weighs what is wrong. Factors are what a metre of border costs, by rank of class.
type taste struct {
	aim       Aim
	cut, keep float64
	factors   [len(classes)]float64
	begin     bool // with the present plan
}

// The factors: a border along water or a main road is what people know, one along an alley parts neighbours.
var (
	plainly = [len(classes)]float64{0.5, 0.5, 1, 1.5, 2}
	byRoads = [len(classes)]float64{0.2, 0.2, 1, 2, 4}
	even    = [len(classes)]float64{1, 1, 1, 1, 1}
)

// tastes are the aims in the order of alternatives; from the second round on only the seed is another.
func tastes(present bool) []taste {
	all := []taste{
		{aim: Balanced, cut: 0.02, factors: plainly},
		{aim: Compact, cut: 0.1, factors: even},
		{aim: Roads, cut: 0.1, factors: byRoads},
	}
	if present {
		for i := range all {
			all[i].keep = 0.05
		}
		all = append([]taste{{aim: Near, cut: 0.02, keep: 1, factors: plainly, begin: true}}, all...)
	}
	return all
}

// Divide prepares the ground and draws the alternatives, see [Prepare] and [Ground.Divide].
func Divide(ctx context.Context, in Input, o Options) ([]Alternative, error) {
	g, err := Prepare(ctx, in)
	if err != nil {
		return nil, err
	}
	return g.Divide(ctx, o)
}

// Divide draws the alternatives, the one nearest to the present plan first when there is one. The error is that of the
// context, or says which option is wrong; a community that cannot be divided within its limits is no error but has
// reasons.
func (g *Ground) Divide(ctx context.Context, o Options) ([]Alternative, error) {
	if o.Alternatives == 0 {
		o.Alternatives = UsualAlternatives
	}
	if o.Alternatives < 0 || o.Alternatives > MaxAlternatives {
		return nil, fmt.Errorf("%d alternatives: there are 1 to %d", o.Alternatives, MaxAlternatives)
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	all := tastes(len(g.in.Present) > 0)
	out := make([]Alternative, o.Alternatives)
	parts := make([][][]int32, o.Alternatives)
	total, done := o.Alternatives*len(g.communities), 0
	var lock sync.Mutex
	group, drawing := errgroup.WithContext(ctx)
	group.SetLimit(o.Workers)
	for n := range out {
		parts[n] = make([][]int32, len(g.communities))
		for c := range g.communities {
			group.Go(func() error {
				p := g.problem(&g.communities[c], &all[n%len(all)])
				s, err := solve(drawing, p, o.Seed+uint64(n/len(all)), g.communities[c].code)
				if err != nil {
					return err
				}
				parts[n][c] = s
				lock.Lock()
				defer lock.Unlock()
				done++
				if o.Progress != nil {
					o.Progress(done, total)
				}
				return nil
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	group, drawing = errgroup.WithContext(ctx)
	group.SetLimit(o.Workers)
	for n := range out {
		group.Go(func() error {
			out[n] = g.assemble(all[n%len(all)].aim, n/len(all)+1, parts[n])
			return drawing.Err()
		})
	}
	return out, group.Wait()
}

// again is how often a community is drawn at most while a grid is outside of the limits.
const again = 4

// solve divides one community. The random numbers depend on its code, not on what else is divided.
func solve(ctx context.Context, p *partition.Problem, seed uint64, code string) ([]int32, error) {
	if len(p.Nodes) == 0 {
		return nil, ctx.Err()
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(code)) // a hash does not fail
	rng := rand.New(rand.NewPCG(seed, h.Sum64()))
	var best *partition.Solution
	for range again {
		s, err := partition.Solve(ctx, p, rng)
		if err != nil {
			return nil, fmt.Errorf("community %s: %w", code, err)
		}
		if best == nil || s.Cost < best.Cost {
			best = s
		}
		if !hopeful(p, best) {
			break
		}
	}
	return best.Part, nil
}

// hopeful reports whether a part is outside of the limits that has no node over them: another seed may find better.
func hopeful(p *partition.Problem, s *partition.Solution) bool {
	over := make([]bool, len(s.Loads))
	for i, v := range p.Nodes {
		for m, g := range &p.Goals {
			over[s.Part[i]] = over[s.Part[i]] || g.Max > 0 && v.Load[m] > g.Max
		}
	}
	for k, l := range s.Loads {
		for m, g := range &p.Goals {
			if !over[k] && !g.Holds(l[m]) {
				return len(s.Loads) > 1
			}
		}
	}
	return false
}

// problem is the graph of a community. A border as long as that of a square grid of the mean size costs 1.
func (g *Ground) problem(c *community, t *taste) *partition.Problem {
	p := &partition.Problem{Goals: c.limits, Cut: t.cut, Keep: t.keep, FromPresent: t.begin}
	for m := range p.Goals {
		if p.Goals[m].Target > 0 && p.Goals[m].Weight == 0 {
			p.Goals[m].Weight = 1
		}
	}
	m := c.limits.primary()
	k, _ := c.limits[m].Count(c.load[m])
	around := max(1, 4*math.Sqrt(c.load[Area]/float64(k)))
	for _, i := range c.atoms {
		a := &g.atoms[i]
		p.Nodes = append(p.Nodes, partition.Node{Load: a.load, Was: a.was, Stay: a.stay})
	}
	for _, e := range c.edges {
		cost := 0.0
		for n, l := range e.length {
			cost += l * t.factors[n]
		}
		p.Edges = append(p.Edges, partition.Edge{A: e.a, B: e.b, Cost: cost / around})
	}
	return p
}

// Outlines are the communities with the vertices that blocks have on their borders, by code: what the grids of all
// alternatives cover exactly.
func (g *Ground) Outlines() map[string]geo.Shape {
	return g.blocks.Union(func(f *coverage.Face) string { return f.Parent })
}

// NumBlocks is the number of blocks, those of locked grids included.
func (g *Ground) NumBlocks() int { return g.blocks.NumFaces() }

// NumAtoms is the number of atoms: what of the blocks stays together.
func (g *Ground) NumAtoms() int { return len(g.atoms) }

// NumCommunities is the number of communities.
func (g *Ground) NumCommunities() int { return len(g.communities) }
