package divide

import (
	"fmt"
	"math"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/divide/partition"
)

// ReasonKind is why a grid is outside of its limits.
type ReasonKind string

// The kinds. All but the last are facts of the ground that no division changes.
const (
	// AtomOver is ground that cannot be cut and is over the limit by itself: a tower, or a block without lines in it.
	AtomOver ReasonKind = "atom_over_max"
	// TotalUnder is a community that has less than one grid needs.
	TotalUnder ReasonKind = "total_below_min"
	// Disconnected is ground that hangs together with no other ground of its community and is outside of the limits.
	Disconnected ReasonKind = "disconnected"
	// NoCount is a community whose load no number of grids can share within the limits, as a whole or because of one block.
	NoCount ReasonKind = "no_count"
	// Enclosed is ground below the limit all of whose neighbours have ground over the limit.
	Enclosed ReasonKind = "enclosed"
	// Locked is a locked grid that is outside of the limits.
	Locked ReasonKind = "locked"
	// NotFound is a grid for which the bounded search found nothing better.
	NotFound ReasonKind = "not_found"
)

// Reason says why a grid is outside of the limits, with numbers.
type Reason struct {
	Kind    ReasonKind `json:"kind"`
	Measure string     `json:"measure"`
	// Load is what the ground that the reason is about has: the atom, the grid or the community.
	Load float64 `json:"load"`
	Min  float64 `json:"min"`
	Max  float64 `json:"max,omitempty"`
	// At is a place in that ground.
	At   geo.Point `json:"-"`
	Text string    `json:"text"`
}

// reasons finds why cells are outside of their limits.
func (g *Ground) reasons(drafts []draft, of []int32) {
	over := make([]bool, len(drafts)) // has an atom over the limit
	for i := range drafts {
		d := &drafts[i]
		l := &g.communities[d.community].limits
		for _, a := range d.atoms {
			for m, goal := range l {
				over[i] = over[i] || goal.Max > 0 && g.atoms[a].load[m] > goal.Max
			}
		}
	}
	open := make([]bool, len(drafts)) // touches a cell without such an atom
	for i := range g.borders {
		b := &g.borders[i]
		if !g.free(b) || of[b.left] == of[b.right] {
			continue
		}
		open[of[b.left]] = open[of[b.left]] || !over[of[b.right]]
		open[of[b.right]] = open[of[b.right]] || !over[of[b.left]]
	}
	groups := make(map[int32][]component, 1)
	for i := range drafts {
		d := &drafts[i]
		c := &g.communities[d.community]
		for m, goal := range c.limits {
			if d.Reason != nil || goal.Holds(d.load[m]) {
				continue
			}
			if groups[d.community] == nil {
				groups[d.community] = g.components(c)
			}
			d.Reason = g.reason(d, Measure(m), goal, groups[d.community], open[i])
		}
	}
}

// component is ground of a community that hangs together.
type component struct {
	atoms map[int32]bool
	load  partition.Load
	// rest is the load without atoms over the limit, each of which is a grid by itself; largest is the heaviest atom in it.
	rest, largest partition.Load
}

func (g *Ground) components(c *community) []component {
	p := g.problem(c, &taste{})
	of, n := p.Components()
	out := make([]component, n)
	for i, k := range of {
		if out[k].atoms == nil {
			out[k].atoms = map[int32]bool{}
		}
		out[k].atoms[c.atoms[i]] = true
		for m, w := range &g.atoms[c.atoms[i]].load {
			out[k].load[m] += w
			if goal := c.limits[m]; goal.Max == 0 || w <= goal.Max {
				out[k].rest[m] += w
				out[k].largest[m] = max(out[k].largest[m], w)
			}
		}
	}
	return out
}

func (g *Ground) reason(d *draft, m Measure, goal partition.Goal, all []component, open bool) *Reason {
	r := &Reason{Measure: m.String(), Load: d.load[m], Min: goal.Min, Max: goal.Max, At: d.label}
	if d.Locked {
		r.Kind = Locked
		r.Text = fmt.Sprintf("grid %s is locked with %s %s; %s are wanted", d.Code, quantity(r.Load), unit(m), wanted(goal))
		return r
	}
	if goal.Max > 0 && d.load[m] > goal.Max {
		for _, a := range d.atoms {
			if w := g.atoms[a].load[m]; w > goal.Max {
				r.Kind, r.Load = AtomOver, w
				r.At = geo.LabelPoint(g.shapes[g.atoms[a].faces[0]])
				what := fmt.Sprintf("a block of %.0f m² that no line cuts", g.atoms[a].load[Area])
				if len(d.Towers) > 0 {
					r.At = d.Towers[0].At
					what = "a building that stays whole"
					if t := d.Towers[0]; t.Building != "" {
						what = fmt.Sprintf("building %s, which stays whole,", t.Building)
					}
				}
				r.Text = fmt.Sprintf("%s has %s %s, the limit is %s", what, quantity(w), unit(m), quantity(goal.Max))
				return r
			}
		}
	}
	var own component
	for _, c := range all {
		if c.atoms[d.atoms[0]] {
			own = c
		}
	}
	where := "community " + d.Community
	kind := TotalUnder
	if len(all) > 1 {
		kind = Disconnected
		where = fmt.Sprintf("a part of community %s that does not hang together with the rest (%d parts)", d.Community, len(all))
	}
	switch _, ok := goal.Count(own.rest[m]); {
	case own.load[m] < goal.Min:
		r.Kind, r.Load = kind, own.load[m]
		r.Text = fmt.Sprintf("%s has %s %s in all, a grid needs %s", where, quantity(own.load[m]), unit(m), quantity(goal.Min))
	case d.load[m] < goal.Min && !open:
		r.Kind = Enclosed
		r.Text = fmt.Sprintf("ground with %s %s touches only grids that are over the limit already; a grid needs %s", quantity(r.Load), unit(m), quantity(goal.Min))
	case !ok && m == g.communities[d.community].limits.primary():
		r.Kind, r.Load = NoCount, own.rest[m]
		r.Text = fmt.Sprintf("%s has %s %s besides what stays whole, which no number of grids of %s can share", where, quantity(own.rest[m]), unit(m), wanted(goal))
	case leavesTooLittle(own.rest[m], own.largest[m], goal):
		r.Kind, r.Load = NoCount, own.largest[m]
		r.Text = fmt.Sprintf("a block of %s has %s of its %s %s: with it a grid is full, and what is left is no grid of %s", where, quantity(own.largest[m]), quantity(own.rest[m]), unit(m), wanted(goal))
	default:
		r.Kind = NotFound
		r.Text = fmt.Sprintf("no better grid was found; it has %s %s, %s are wanted", quantity(r.Load), unit(m), wanted(goal))
	}
	return r
}

// leavesTooLittle reports whether no number of grids works out because the one with the largest atom leaves the others too
// little.
func leavesTooLittle(all, largest float64, g partition.Goal) bool {
	if g.Max == 0 || g.Min == 0 || all <= g.Max {
		return false
	}
	for k := math.Ceil(all / g.Max); k <= math.Floor(all/g.Min); k++ {
		if all-largest >= (k-1)*g.Min {
			return false
		}
	}
	return true
}

// wanted says limits in words.
func wanted(g partition.Goal) string {
	if g.Max == 0 {
		return quantity(g.Min) + " or more"
	}
	return quantity(g.Min) + " to " + quantity(g.Max)
}

func unit(m Measure) string {
	if m == Area {
		return "m²"
	}
	return m.String()
}

func quantity(v float64) string {
	if v == float64(int64(v)) {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.1f", v)
}
