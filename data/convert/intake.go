package convert

import (
	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/geo/proj"
)

// intake takes rows from a decoder, which know no layer, and turns them into features of one.
type intake struct {
	*builder
	rows interface{ Row(r *row.Row) error }
}

// Head decides what the columns mean.
func (in *intake) Head(h row.Head) error {
	in.current.head = h
	if h.Columns == nil {
		in.rows = &loose{ranked: newRanked(in.builder), head: h}
		return nil
	}
	t := &table{builder: in.builder, head: h, header: h.Columns}
	in.rows = t
	return t.settle()
}

// Row hands a row on.
func (in *intake) Row(r *row.Row) error {
	in.current.row = r
	if in.Sources && r.Geometry != nil {
		in.current.geometry = orb.Clone(r.Geometry) // reading converts it in place
	}
	return in.rows.Row(r)
}

// Note tells of something that concerns the whole file.
func (b *builder) Note(text string) {
	if b.Report != nil {
		b.Report.Notes = append(b.Report.Notes, text)
	}
}

// system is the system of the coordinates; what the caller says goes before what the file says.
func (b *builder) system(h row.Head) proj.CRS {
	if b.CRS != nil {
		return b.CRS
	}
	return h.CRS
}
