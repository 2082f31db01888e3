package convert

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"

	"github.com/gewu-city/gewu/data/convert/row"
)

// Source is a row as its file has it.
type Source struct {
	// Columns name the cells. Cells may be more or fewer than the columns when that is what is wrong with the row; of a row
	// that cannot be cut into cells there is one, its text.
	Columns []string `json:"columns,omitempty"`
	Cells   []string `json:"cells,omitempty"`
	// Feature is the whole feature of a GeoJSON file, if it is JSON.
	Feature json.RawMessage `json:"feature,omitempty"`
}

// current is what is read at the moment: a row, or the text of a feature.
type current struct {
	head row.Head
	row  *row.Row
	// geometry is that of the row, in the system of the file.
	geometry orb.Geometry
	text     []byte
}

// source is the current row, when it is wanted; nil otherwise.
func (b *builder) source() *Source {
	if !b.Sources {
		return nil
	}
	if b.current.row == nil {
		if json.Valid(b.current.text) {
			return &Source{Feature: slices.Clone(b.current.text)}
		}
		return &Source{Columns: []string{"feature"}, Cells: []string{valid(string(b.current.text))}}
	}
	r := b.current.row
	columns := r.Columns
	if columns == nil {
		columns = b.current.head.Columns
	}
	s := &Source{Columns: slices.Clone(columns), Cells: make([]string, len(r.Cells))}
	for i, cell := range r.Cells {
		s.Cells[i] = valid(cell)
	}
	add := func(name, value string) {
		// Behind the cells of the columns, which may be fewer.
		for len(s.Cells) < len(s.Columns) {
			s.Cells = append(s.Cells, "")
		}
		s.Columns, s.Cells = append(s.Columns, name), append(s.Cells, value)
	}
	if r.ID != "" && !slices.Contains(columns, "id") {
		add("id", r.ID)
	}
	if r.Geometry != nil {
		add("wkt", wkt.MarshalString(b.current.geometry))
	}
	return s
}

func valid(s string) string { return strings.ToValidUTF8(strings.Clone(s), "\uFFFD") }
