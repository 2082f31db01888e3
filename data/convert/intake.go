package convert

import (
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
	if h.Columns == nil {
		in.rows = &loose{ranked: newRanked(in.builder), head: h}
		return nil
	}
	t := &table{builder: in.builder, head: h, header: h.Columns}
	in.rows = t
	return t.settle()
}

// Row hands a row on.
func (in *intake) Row(r *row.Row) error { return in.rows.Row(r) }

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
