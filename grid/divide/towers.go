package divide

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/geo"
)

// Tower is a building that is over the limit by itself. It stays whole: half a building is no grid that anybody can look
// after. Its duty is split by entrances instead.
type Tower struct {
	Building   string    `json:"building,omitempty"`
	At         geo.Point `json:"-"`
	Households float64   `json:"households"`
	Limit      float64   `json:"limit"`
	// Duties is who would share it: entrances in their order, each duty within the limit as far as entrances are.
	Duties []Duty `json:"duties"`
}

// Duty is what one of those who share a tower looks after.
type Duty struct {
	Entrances  []Entrance `json:"entrances"`
	Households float64    `json:"households"`
}

// Entrance is an entrance or unit of a building. One without a name is a building whose entrances nobody has listed.
type Entrance struct {
	Name       string  `json:"name"`
	Households float64 `json:"households"`
}

// towers are the buildings of an atom that are over the limit of households.
func (g *Ground) towers(a *atom) []Tower {
	limit := g.communities[a.community].limits[Households].Max
	if limit == 0 || a.load[Households] <= limit {
		return nil
	}
	type key struct {
		building string
		at       geo.Point
	}
	members := map[key][]int32{}
	var order []key
	for _, i := range a.points {
		if int(i) >= len(g.in.Addresses) {
			continue
		}
		d := &g.points[i]
		k := key{building: d.Building}
		if d.Building == "" {
			k.at = d.At
		}
		if members[k] == nil {
			order = append(order, k)
		}
		members[k] = append(members[k], i)
	}
	var out []Tower
	for _, k := range order {
		t := Tower{Building: k.building, At: g.points[members[k][0]].At, Limit: limit}
		var entrances []Entrance
		for _, i := range members[k] {
			d := &g.points[i]
			t.Households += d.Households
			n := slices.IndexFunc(entrances, func(e Entrance) bool { return e.Name == d.Entrance })
			if n < 0 {
				n = len(entrances)
				entrances = append(entrances, Entrance{Name: d.Entrance})
			}
			entrances[n].Households += d.Households
		}
		if t.Households > limit {
			t.Duties = split(entrances, t.Households, limit)
			out = append(out, t)
		}
	}
	return out
}

// split shares entrances, in their order, among the least number of duties that the limit asks for, or as many more as
// their sizes do.
func split(entrances []Entrance, all, limit float64) []Duty {
	slices.SortStableFunc(entrances, func(a, b Entrance) int { return natural(a.Name, b.Name) })
	share := all / math.Ceil(all/limit)
	var out []Duty
	var d Duty
	done := 0.0
	for _, e := range entrances {
		// A duty ends where it is nearer to its share without the next entrance, or that would be over the limit.
		due := share * float64(len(out)+1)
		if len(d.Entrances) > 0 && (d.Households+e.Households > limit || done+e.Households-due > due-done) {
			out = append(out, d)
			d = Duty{}
		}
		d.Entrances = append(d.Entrances, e)
		d.Households += e.Households
		done += e.Households
	}
	return append(out, d)
}

// natural orders names with numbers by these: 2 before 10.
func natural(a, b string) int {
	digits := func(s string) int {
		return len(s) - len(strings.TrimLeft(s, "0123456789"))
	}
	x, y := a, b
	for x != "" && y != "" {
		n, m := digits(x), digits(y)
		if n > 0 && m > 0 {
			one, other := strings.TrimLeft(x[:n], "0"), strings.TrimLeft(y[:m], "0")
			if c := cmp.Or(cmp.Compare(len(one), len(other)), strings.Compare(one, other)); c != 0 {
				return c
			}
			x, y = x[n:], y[m:]
			continue
		}
		if x[0] != y[0] {
			return cmp.Compare(x[0], y[0])
		}
		x, y = x[1:], y[1:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(a, b))
}
