// Package reconcile lays two schemes over one city on each other: which cells of the finer one make up which of the coarser,
// and where they do not.
package reconcile

import (
	"cmp"
	"encoding/csv"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/gewu-city/gewu/grid/impact"
)

// Enough is the share of a fine cell that has to lie in one coarse cell for the whole of it to count as its.
const Enough = 0.99

// Overlap is the ground that a fine and a coarse cell share.
type Overlap struct {
	Fine   string  `json:"fine"`
	Coarse string  `json:"coarse"`
	AreaM2 float64 `json:"area_m2"`
	// OfFine and OfCoarse are the shares of the areas of the two cells, from 0 to 1.
	OfFine   float64 `json:"of_fine"`
	OfCoarse float64 `json:"of_coarse"`
}

// Exception is a fine cell that does not lie in one coarse cell.
type Exception struct {
	Fine string `json:"fine"`
	// Coarse is where most of it lies; empty when it lies in none.
	Coarse string `json:"coarse"`
	// OffendingM2 is the area outside that cell, of which NobodysM2 is in no coarse cell.
	OffendingM2 float64 `json:"offending_m2"`
	NobodysM2   float64 `json:"nobodys_m2"`
	Share       float64 `json:"share"`
}

// Group is a coarse cell with the fine cells that make it up.
type Group struct {
	Coarse string   `json:"coarse"`
	Fine   []string `json:"fine"`
	// Covered is the share of the coarse cell's area that these cover, from 0 to 1.
	Covered float64 `json:"covered"`
	// Heads are the posts of the coarse cell, which stay; Deputies those of its fine cells, who become deputies there.
	Heads    []string `json:"heads,omitempty"`
	Deputies []string `json:"deputies,omitempty"`
}

// Result is how two schemes lie to each other.
type Result struct {
	Fine        string      `json:"fine"`
	Coarse      string      `json:"coarse"`
	FineCells   int         `json:"fine_cells"`
	CoarseCells int         `json:"coarse_cells"`
	Groups      []Group     `json:"groups"`
	Exceptions  []Exception `json:"exceptions"`
	Matrix      []Overlap   `json:"matrix"`
}

// Of lays fine cells on coarse ones. Of two that a cell lies in with equal areas, the one with the lesser code has it. posts
// are those who work for a cell of the scheme; nil leaves heads out. Overlaps below a hundredth of a square metre are
// noise of rounding and left out.
func Of(fine, coarse []impact.Cell, posts func(isFine bool, code string) []string) *Result {
	// Codes of different schemes may be the same by chance.
	marked := func(cells []impact.Cell, mark string) ([]impact.Cell, map[string]float64) {
		out, areas := slices.Clone(cells), map[string]float64{}
		for i := range out {
			areas[out[i].Code] += out[i].Shape.Area()
			out[i].Code = mark + out[i].Code
		}
		return out, areas
	}
	a, areas := marked(fine, "f")
	b, wholes := marked(coarse, "c")
	r := &Result{FineCells: len(areas), CoarseCells: len(wholes), Groups: []Group{}, Exceptions: []Exception{}, Matrix: []Overlap{}}
	of := map[string][]Overlap{}
	for _, s := range impact.Compare(a, b).Ground() {
		if s.From == "" || s.To == "" {
			continue
		}
		o := Overlap{Fine: s.From[1:], Coarse: s.To[1:], AreaM2: s.Area}
		o.OfFine, o.OfCoarse = share(s.Area, areas[o.Fine]), share(s.Area, wholes[o.Coarse])
		r.Matrix = append(r.Matrix, o)
		of[o.Fine] = append(of[o.Fine], o)
	}
	groups := map[string]*Group{}
	for code := range wholes {
		groups[code] = &Group{Coarse: code, Fine: []string{}}
	}
	for code, area := range areas {
		best, sum := Overlap{}, 0.0
		for _, o := range of[code] {
			sum += o.AreaM2
			if o.AreaM2 > best.AreaM2 {
				best = o // the list is ascending by code
			}
		}
		if best.OfFine < Enough {
			r.Exceptions = append(r.Exceptions, Exception{
				Fine: code, Coarse: best.Coarse, Share: best.OfFine, OffendingM2: hundredths(max(0, area-best.AreaM2)), NobodysM2: hundredths(max(0, area-sum)),
			})
		}
		if g := groups[best.Coarse]; g != nil && best.AreaM2 > 0 {
			g.Fine = append(g.Fine, code)
			g.Covered += best.AreaM2 / wholes[best.Coarse]
		}
	}
	for _, g := range groups {
		slices.Sort(g.Fine)
		g.Covered = share(g.Covered, 1)
		if posts != nil {
			g.Heads = posts(false, g.Coarse)
			for _, code := range g.Fine {
				g.Deputies = append(g.Deputies, posts(true, code)...)
			}
		}
		r.Groups = append(r.Groups, *g)
	}
	slices.SortFunc(r.Groups, func(a, b Group) int { return cmp.Compare(a.Coarse, b.Coarse) })
	slices.SortFunc(r.Exceptions, func(a, b Exception) int {
		return cmp.Or(cmp.Compare(b.OffendingM2, a.OffendingM2), cmp.Compare(a.Fine, b.Fine))
	})
	return r
}

// share is a part of a whole, to a millionth.
func share(part, whole float64) float64 {
	if whole <= 0 {
		return 0
	}
	return min(1, math.Round(part/whole*1e6)/1e6)
}

func hundredths(v float64) float64 { return math.Round(v*100) / 100 }

// WriteCSV writes the matrix: fine, coarse, area_m2, of_fine, of_coarse.
func (r *Result) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"fine", "coarse", "area_m2", "of_fine", "of_coarse"}); err != nil {
		return err
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	for _, o := range r.Matrix {
		if err := out.Write([]string{o.Fine, o.Coarse, number(o.AreaM2), number(o.OfFine), number(o.OfCoarse)}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
