package divide

import (
	"math"
	"slices"

	"github.com/gewu-city/gewu/grid/divide/partition"
)

// Spread is how far loads are from the target, or from their mean without one, in shares of it.
type Spread struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	Max float64 `json:"max"`
}

// Metrics are what alternatives are compared by. Locked grids count only where that is said.
type Metrics struct {
	// Cells is the number of grids drawn, Locked that of locked ones.
	Cells  int `json:"cells"`
	Locked int `json:"locked"`
	// Within is how many are within all limits, Excused how many are not for a reason that no division changes.
	Within  int `json:"within"`
	Excused int `json:"excused"`
	// Share is that within the limits, Feasible the same of those that are not excused.
	Share    float64 `json:"share_within"`
	Feasible float64 `json:"share_feasible"`
	// Deviation is by the name of a measure that has a target or anything at all.
	Deviation map[string]Spread `json:"deviation"`
	// Compactness is after Polsby and Popper.
	CompactMean float64 `json:"compactness_mean"`
	CompactMin  float64 `json:"compactness_min"`
	// CutMetres is the length of the borders between grids of one community, OnRoads the share of it along streets, main
	// roads and water.
	CutMetres float64 `json:"cut_m"`
	OnRoads   float64 `json:"cut_on_roads"`
	// FootprintsCut are cut by borders of communities; no other border cuts any.
	FootprintsCut int `json:"footprints_cut"`
	// AddressesMoved and HouseholdsMoved come to another code than that of their present grid; Present says that there is a
	// present plan.
	Present         bool    `json:"present"`
	AddressesMoved  int     `json:"addresses_moved"`
	HouseholdsMoved float64 `json:"households_moved"`
}

// measure finds the metrics of an alternative.
func (g *Ground) measure(drafts []draft, of []int32) Metrics {
	m := Metrics{CompactMin: math.Inf(1), FootprintsCut: len(g.CutByCommunities), Present: len(g.in.Present) > 0}
	for i := range drafts {
		d := &drafts[i]
		if d.Locked {
			m.Locked++
			continue
		}
		m.Cells++
		switch {
		case d.Reason == nil:
			m.Within++
		case d.Reason.Kind != NotFound:
			m.Excused++
		}
		m.CompactMean += d.Compactness
		m.CompactMin = min(m.CompactMin, d.Compactness)
	}
	if m.Cells == 0 {
		m.CompactMin = 0
	}
	m.Share = ratio(float64(m.Within), float64(m.Cells))
	m.Feasible = ratio(float64(m.Within), float64(m.Cells-m.Excused))
	m.CompactMean = ratio(m.CompactMean, float64(m.Cells))
	m.Deviation = g.spreads(drafts)
	roads := 0.0
	for i := range g.borders {
		b := &g.borders[i]
		if !g.free(b) || of[b.left] == of[b.right] {
			continue
		}
		m.CutMetres += b.metres()
		roads += b.length[rank(Water)] + b.length[rank(Main)] + b.length[rank(Street)]
	}
	if m.CutMetres > 0 {
		m.OnRoads = roads / m.CutMetres
	}
	g.moves(&m, drafts, of)
	return m
}

// ratio is 1 for nothing of nothing.
func ratio(part, whole float64) float64 {
	if whole == 0 {
		return 1
	}
	return part / whole
}

// moves counts addresses whose code is another one.
func (g *Ground) moves(m *Metrics, drafts []draft, of []int32) {
	for i, a := range g.points {
		was, id := g.was[i], g.blockAt[i]
		if was < 0 || id == 0 {
			continue
		}
		if drafts[of[id]].Code != g.in.Present[was].Code {
			if i < len(g.in.Addresses) {
				m.AddressesMoved++
			}
			m.HouseholdsMoved += a.Households
		}
	}
}

// spreads are the deviations by measure.
func (g *Ground) spreads(drafts []draft) map[string]Spread {
	out := map[string]Spread{}
	for m := range partition.Measures {
		sum, n := 0.0, 0
		targeted := false
		for i := range drafts {
			if d := &drafts[i]; !d.Locked {
				sum += d.load[m]
				n++
				targeted = targeted || g.communities[d.community].limits[m].Target > 0
			}
		}
		if n == 0 || sum == 0 || Measure(m) == Area && !targeted {
			continue
		}
		var off []float64
		for i := range drafts {
			d := &drafts[i]
			if d.Locked {
				continue
			}
			target := g.communities[d.community].limits[m].Target
			if target == 0 {
				target = sum / float64(n)
			}
			off = append(off, math.Abs(d.load[m]-target)/target)
		}
		slices.Sort(off)
		at := func(share float64) float64 { return off[int(math.Ceil(share*float64(n)))-1] }
		out[names[m]] = Spread{at(0.5), at(0.95), off[n-1]}
	}
	return out
}

// Outgrown is a present grid that has more than its limit.
type Outgrown struct {
	Code       string  `json:"code"`
	Community  string  `json:"community"`
	Households float64 `json:"households"`
	Max        float64 `json:"max"`
	// Drawn is how many households it was drawn for, 0 when nobody knows.
	Drawn float64 `json:"drawn,omitempty"`
}

// Outgrown lists the grids of the present plan that have outgrown their limit of households since they were drawn, those
// that are furthest over it first.
func (g *Ground) Outgrown() []Outgrown {
	households := make([]float64, len(g.in.Present))
	most := make([]map[int32]float64, len(g.in.Present))
	index := g.index()
	for i, a := range g.points {
		if w := g.was[i]; w >= 0 {
			households[w] += a.Households
			if id := g.blockAt[i]; id > 0 {
				if most[w] == nil {
					most[w] = map[int32]float64{}
				}
				most[w][g.communityOf(index, id)] += a.Households
			}
		}
	}
	var out []Outgrown
	for i, p := range g.in.Present {
		community := int32(-1)
		for c := range int32(len(g.communities)) {
			if most[i][c] > 0 && (community < 0 || most[i][c] > most[i][community]) {
				community = c
			}
		}
		if community < 0 {
			continue
		}
		c := &g.communities[community]
		if limit := c.limits[Households].Max; limit > 0 && households[i] > limit {
			out = append(out, Outgrown{p.Code, c.code, households[i], limit, p.Drawn})
		}
	}
	slices.SortStableFunc(out, func(a, b Outgrown) int {
		switch x, y := a.Households/a.Max, b.Households/b.Max; {
		case x > y:
			return -1
		case x < y:
			return 1
		default:
			return 0
		}
	})
	return out
}
