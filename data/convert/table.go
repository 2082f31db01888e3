package convert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
)

// table turns the rows of a file with fixed columns into features.
type table struct {
	*builder
	head    row.Head
	header  []string
	targets []target
	present []bool
	rows    int
	// Positions of columns, -1 when there is none.
	id, lon, lat, geometry int
}

// Head decides what the columns mean.
func (t *table) Head(h row.Head) error {
	t.head, t.header = h, h.Columns
	t.present = make([]bool, len(t.Layer.Attributes))
	for i, name := range t.header {
		if name != "" && slices.Contains(t.header[:i], name) {
			return fmt.Errorf("two columns are called %q", name)
		}
	}
	var err error
	if t.targets, err = t.columns.settle(t.header); err != nil {
		return err
	}
	for _, target := range t.targets {
		if target.use() {
			t.present[target.attribute] = true
		}
	}
	if i := slices.Index(t.header, h.Key); h.Key != "" && i >= 0 {
		t.known(i)
	}
	if err := t.findID(); err != nil {
		return err
	}
	return t.findGeometry()
}

// Row turns a row into a feature and hands it on.
func (t *table) Row(r *row.Row) error {
	t.rows++
	f, notes, err := t.feature(r)
	if err != nil {
		return t.fail(t.rows, r.Line, err)
	}
	return t.emit(Row{Number: t.rows, Feature: f, Present: t.present, Notes: notes})
}

func (t *table) feature(r *row.Row) (f data.Feature, notes []string, err *data.FieldError) {
	if r.Fault != nil {
		return f, nil, r.Fault
	}
	values := make([]data.Value, len(t.Layer.Attributes))
	for i, target := range t.targets {
		if !target.use() {
			continue
		}
		v, err := t.parse(target.attribute, r.Cells[i])
		if err != nil {
			err.Field = t.name(i)
			return f, nil, err
		}
		values[target.attribute] = v
	}
	shape, notes, err := t.shape(r)
	if err != nil {
		return f, nil, err
	}
	id := r.ID
	if t.ID == "" && t.idAttribute >= 0 && !values[t.idAttribute].Null() {
		id = "" // the attribute holds the id
	}
	if t.id >= 0 && (t.ID != "" || t.idAttribute < 0 || values[t.idAttribute].Null()) {
		id = strings.Clone(r.Cells[t.id])
		if id == "" && t.ID != "" {
			return f, nil, &data.FieldError{Field: t.name(t.id), Why: "is missing; it holds the id"}
		}
	}
	f, err = t.finish(id, shape, values)
	if len(r.Notes) > 0 {
		notes = slices.Concat(r.Notes, notes)
	}
	return f, notes, err
}

// name is what messages call a column.
func (t *table) name(i int) string { return row.Name(t.header, i) }

// system is the system of the coordinates; what the caller says goes before what the file says.
func (t *table) system() proj.CRS {
	if t.CRS != nil {
		return t.CRS
	}
	return t.head.CRS
}

// shape reads the geometry of a row.
func (t *table) shape(r *row.Row) (geo.Shape, []string, *data.FieldError) {
	switch {
	case t.head.Geometry:
		return t.geometryShape("geometry", t.system(), r.Geometry)
	case t.lon >= 0:
		s, err := t.point(r.Cells[t.lon], r.Cells[t.lat])
		return s, nil, err
	case t.geometry >= 0:
		return t.geometryCell(t.name(t.geometry), strings.TrimSpace(r.Cells[t.geometry]))
	}
	return geo.Shape{}, nil, nil
}

// geometryCell reads a geometry out of a cell.
func (t *table) geometryCell(name, text string) (geo.Shape, []string, *data.FieldError) {
	var g orb.Geometry
	if text != "" {
		var wrong error
		if g, _, wrong = geom.ParseWKT(text); wrong != nil {
			return geo.Shape{}, nil, &data.FieldError{Field: name, Value: text, Why: wrong.Error()}
		}
	}
	return t.geometryShape(name, t.system(), g)
}

// Note tells of something that concerns the whole file.
func (t *table) Note(text string) {
	if t.Report != nil {
		t.Report.Notes = append(t.Report.Notes, text)
	}
}
