package divide

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/divide/partition"
)

// Alternative is one division of all communities.
type Alternative struct {
	// Name is the aim, with a number when there are several of one.
	Name string
	Aim  Aim
	// Cells are by community, in the order of these; in one, from west to east and from north to south.
	Cells   []Cell
	Metrics Metrics
}

// Cell is a grid. Its shape is valid, and shares all vertices with those beside it.
type Cell struct {
	// Code is that of the present grid which it continues, else one made of the community's code and a number that no
	// present grid has.
	Code, Community, Kind string
	Shape                 geo.Shape
	Households, Workload  float64
	// Area and Perimeter are in metres; Compactness is the measure of Polsby and Popper, 1 for a circle.
	Area, Perimeter, Compactness float64
	Blocks, Addresses            int
	// Continues is the present grid that it has most of; empty for a new one.
	Continues string
	Locked    bool
	// Reason says why it is outside of the limits; nil when it is not.
	Reason *Reason
	// Towers are the buildings in it that are over the limit by themselves, with their duty split by entrances.
	Towers []Tower
}

// Load is what the cell has of a measure.
func (c *Cell) Load(m Measure) float64 { return [...]float64{c.Households, c.Workload, c.Area}[m] }

// draft is a cell while it is put together.
type draft struct {
	Cell

	community int32
	atoms     []int32
	load      partition.Load
	label     geo.Point
}

// assemble makes an alternative of the parts of all communities.
func (g *Ground) assemble(aim Aim, round int, parts [][]int32) Alternative {
	drafts, of := g.gather(parts)
	g.shape(drafts, of)
	order := make([]int, len(drafts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := &drafts[i], &drafts[j]
		return cmp.Or(cmp.Compare(a.community, b.community), cmp.Compare(a.label.X, b.label.X), cmp.Compare(b.label.Y, a.label.Y))
	})
	sorted := make([]draft, len(drafts))
	place := make([]int32, len(drafts))
	for k, i := range order {
		sorted[k] = drafts[i]
		place[i] = int32(k)
	}
	for id := range of {
		if of[id] >= 0 {
			of[id] = place[of[id]]
		}
	}
	g.reasons(sorted, of)
	g.number(sorted, of)
	out := Alternative{Name: string(aim), Aim: aim, Cells: make([]Cell, len(sorted))}
	if round > 1 {
		out.Name += " " + strconv.Itoa(round)
	}
	for i := range sorted {
		out.Cells[i] = sorted[i].Cell
	}
	out.Metrics = g.measure(sorted, of)
	return out
}

// gather lists the cells of all communities, and the cell of each face, -1 for none.
func (g *Ground) gather(parts [][]int32) (drafts []draft, of []int32) {
	of = make([]int32, g.blocks.MaxFace())
	for i := range of {
		of[i] = -1
	}
	for c := range g.communities {
		own := &g.communities[c]
		base := len(drafts)
		for i, part := range parts[c] {
			for base+int(part) >= len(drafts) {
				drafts = append(drafts, draft{community: int32(c), Cell: Cell{Community: own.code, Kind: own.kind}})
			}
			d := &drafts[base+int(part)]
			a := &g.atoms[own.atoms[i]]
			d.atoms = append(d.atoms, own.atoms[i])
			d.add(&a.load, len(a.faces), g.addresses(a.points))
			for _, id := range a.faces {
				of[id] = int32(base) + part
			}
			d.Towers = append(d.Towers, g.towers(a)...)
		}
	}
	for k := range g.locked {
		l := &g.locked[k]
		own := &g.communities[l.community]
		d := draft{community: l.community, Cell: Cell{Community: own.code, Kind: own.kind, Locked: true}}
		d.add(&l.load, len(l.faces), g.addresses(l.points))
		for _, id := range l.faces {
			of[id] = int32(len(drafts))
		}
		d.Code = g.in.Present[l.present].Code
		d.Continues = d.Code
		drafts = append(drafts, d)
	}
	return drafts, of
}

func (d *draft) add(load *partition.Load, blocks, addresses int) {
	for m, w := range load {
		d.load[m] += w
	}
	d.Blocks += blocks
	d.Addresses += addresses
	d.Households, d.Workload, d.Area = d.load[Households], d.load[Workload], d.load[Area]
}

// addresses counts those of some points that are addresses.
func (g *Ground) addresses(points []int32) int {
	n := 0
	for _, i := range points {
		if int(i) < len(g.in.Addresses) {
			n++
		}
	}
	return n
}

// shape draws the cells.
func (g *Ground) shape(drafts []draft, of []int32) {
	shapes := g.blocks.Union(func(f *coverage.Face) string { return strconv.Itoa(int(of[g.faceOf[f]])) })
	for i := range drafts {
		d := &drafts[i]
		d.Shape = shapes[strconv.Itoa(i)]
		d.label = geo.LabelPoint(d.Shape)
	}
	for i := range g.borders {
		b := &g.borders[i]
		left, right := of[b.left], of[b.right]
		if left == right {
			continue
		}
		m := b.metres()
		if left >= 0 {
			drafts[left].Perimeter += m
		}
		if right >= 0 {
			drafts[right].Perimeter += m
		}
	}
	for i := range drafts {
		if d := &drafts[i]; d.Perimeter > 0 {
			d.Compactness = 4 * math.Pi * d.Area / (d.Perimeter * d.Perimeter)
		}
	}
}

// overlap is what a cell and a present grid have in common.
type overlap struct {
	cell, present int32
	weight        float64 // households, and a little for each address
	share         float64 // of the present grid
}

// leastShare is what of a present grid a cell must have to continue it.
const leastShare = 0.5

// number gives codes: those of present grids to the cells that have most of them and at least half, the largest first;
// new numbers to the others.
func (g *Ground) number(drafts []draft, of []int32) {
	taken := map[string]bool{}
	for _, p := range g.in.Present {
		taken[p.Code] = true
	}
	kept := map[int32]bool{}
	for _, o := range g.overlaps(drafts, of) {
		d := &drafts[o.cell]
		if d.Code == "" && !kept[o.present] && o.share >= leastShare {
			d.Code = g.in.Present[o.present].Code
			d.Continues = d.Code
			kept[o.present] = true
		}
	}
	next := g.highest()
	for i := range drafts {
		d := &drafts[i]
		if d.Code != "" {
			continue
		}
		for d.Code == "" || taken[d.Code] {
			next[d.community]++
			d.Code = fmt.Sprintf("%s%03d", d.Community, next[d.community])
		}
		taken[d.Code] = true
	}
}

// highest are the highest numbers that present grids have behind the code of each community; of two codes that fit, the
// longer one is meant.
func (g *Ground) highest() []int {
	out := make([]int, len(g.communities))
	index := g.index()
	for _, p := range g.in.Present {
		for end := len(p.Code) - 1; end > 0; end-- {
			c, ok := index[p.Code[:end]]
			if !ok {
				continue
			}
			if n, err := strconv.Atoi(p.Code[end:]); err == nil {
				out[c] = max(out[c], n)
				break
			}
		}
	}
	return out
}

// overlaps are the pairs of cells and present grids that have something in common, the largest first.
func (g *Ground) overlaps(drafts []draft, of []int32) []overlap {
	if len(g.in.Present) == 0 {
		return nil
	}
	common := map[[2]int32]float64{}
	whole := make([]float64, len(g.in.Present))
	add := func(cell, present int32, w float64) {
		if present < 0 || g.in.Present[present].Locked {
			return
		}
		whole[present] += w
		if cell >= 0 && !drafts[cell].Locked {
			common[[2]int32{cell, present}] += w
		}
	}
	for i, a := range g.points {
		if id := g.blockAt[i]; id > 0 {
			add(of[id], g.was[i], a.Households+1e-3)
		}
	}
	// Ground counts where nobody lives.
	for i := range g.atoms {
		a := &g.atoms[i]
		add(of[a.faces[0]], a.was, 1e-9*a.load[Area])
	}
	out := make([]overlap, 0, len(common))
	for key, w := range common {
		out = append(out, overlap{key[0], key[1], w, w / whole[key[1]]})
	}
	slices.SortFunc(out, func(o, p overlap) int {
		return cmp.Or(cmp.Compare(p.weight, o.weight), strings.Compare(g.in.Present[o.present].Code, g.in.Present[p.present].Code), cmp.Compare(o.cell, p.cell))
	})
	return out
}
