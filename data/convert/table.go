package convert

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

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
	// plain tells that coordinates in columns are longitude and latitude.
	plain bool
	// srid is the number that the last cell with one said, sridCRS its system.
	srid    int
	sridCRS proj.CRS
}

// settle decides what the columns mean.
func (t *table) settle() error {
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
	t.columns.use(t.head.Key)
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
		if r.ID != "" && r.Fault == nil {
			err.Field = r.ID + " " + err.Field // such rows have no line by which they are found
		}
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

// shape reads the geometry of a row.
func (t *table) shape(r *row.Row) (geo.Shape, []string, *data.FieldError) {
	switch {
	case t.head.Geometry:
		return t.geometryShape("geometry", t.system(t.head), r.Geometry)
	case t.lon >= 0:
		s, err := t.point(r.Cells[t.lon], r.Cells[t.lat])
		return s, nil, err
	case t.geometry >= 0:
		return t.geometryCell(t.name(t.geometry), strings.TrimSpace(r.Cells[t.geometry]))
	}
	return geo.Shape{}, nil, nil
}

// geometryCell reads a geometry out of a cell. EWKT and EWKB say their system.
func (t *table) geometryCell(name, text string) (geo.Shape, []string, *data.FieldError) {
	if text == "" {
		return t.geometryShape(name, nil, nil)
	}
	g, srid, err := geom.ParseText(text)
	if err != nil {
		return geo.Shape{}, nil, &data.FieldError{Field: name, Value: text, Why: err.Error()}
	}
	crs := t.system(t.head)
	if srid != 0 && t.CRS == nil {
		if srid != t.srid {
			if t.sridCRS, err = proj.Lookup(strconv.Itoa(srid)); err != nil {
				return geo.Shape{}, nil, &data.FieldError{
					Field: name, Value: text, Why: fmt.Sprintf("SRID %d is not a known coordinate system; name the one of the file with --crs", srid),
				}
			}
			t.srid = srid
		}
		crs = t.sridCRS
	}
	return t.geometryShape(name, crs, g)
}
