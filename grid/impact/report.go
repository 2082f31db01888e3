package impact

import (
	"encoding/csv"
	"io"
	"strconv"
)

// Report is all that a change does, as it is printed, stored and sent.
type Report struct {
	// CellsBefore and CellsAfter are how many cells there are; Counts how many of them change, by kind.
	CellsBefore int          `json:"cells_before"`
	CellsAfter  int          `json:"cells_after"`
	Counts      map[Kind]int `json:"counts"`
	// Cells are the cells that change.
	Cells []Row `json:"cells"`
	// Ground is which area comes from where.
	Ground []Share `json:"ground"`
	// Layers are the points, one kind after the other.
	Layers []Layer `json:"layers"`
	// Borders are the lines that moved, as GeoJSON features.
	Borders []Border `json:"borders"`
}

// Layer is what happens to one kind of point.
type Layer struct {
	Name string `json:"layer"`
	// Amount names what is added up, such as the attribute with the households; empty when points are only counted.
	Amount string `json:"amount,omitempty"`
	Flows
	// Cells are the cells that change with their points before and after.
	Cells []Count `json:"cells"`
}

// Layer is what the change does to points under a name.
func (c *Change) Layer(name, amount string, f Flows) Layer {
	return Layer{Name: name, Amount: amount, Flows: f, Cells: c.Counts(f)}
}

// Report puts together what the change does to cells, ground and borders, and to the given points.
func (c *Change) Report(layers ...Layer) *Report {
	r := &Report{
		CellsBefore: c.Before, CellsAfter: c.After, Counts: map[Kind]int{}, Cells: c.Rows(), Ground: c.Ground(), Borders: c.Borders(),
		Layers: append([]Layer{}, layers...),
	}
	for _, row := range r.Cells {
		r.Counts[row.Change]++
	}
	// Lists are never null in JSON.
	if r.Cells == nil {
		r.Cells = []Row{}
	}
	if r.Borders == nil {
		r.Borders = []Border{}
	}
	return r
}

// Same reports whether nothing changes.
func (r *Report) Same() bool { return len(r.Cells) == 0 }

// WriteCSV writes a table with one row for each way from cell to cell: what, from, to, count, amount. What is "ground", whose
// amount is square metres, or the name of a layer.
func (r *Report) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"what", "from", "to", "count", "amount"}); err != nil {
		return err
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	for _, s := range r.Ground {
		if err := out.Write([]string{"ground", s.From, s.To, "", number(s.Area)}); err != nil {
			return err
		}
	}
	for _, l := range r.Layers {
		for _, f := range l.List {
			amount := ""
			if l.Amount != "" {
				amount = number(f.Amount)
			}
			if err := out.Write([]string{l.Name, f.From, f.To, strconv.Itoa(f.Count), amount}); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}
