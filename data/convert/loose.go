package convert

import (
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/row"
)

// ranked takes the values of rows that name their own columns: several columns of a row may mean one attribute, and
// the best name wins.
type ranked struct {
	*builder
	ranks []rank // how the current row supplied each attribute
}

func newRanked(b *builder) ranked { return ranked{b, make([]rank, len(b.Layer.Attributes))} }

// wants finds the attribute that a column of the current row means, if its value is wanted.
func (r *ranked) wants(column string) (attribute int, ok bool) { return r.take(r.columns.find(column)) }

// wantsMember is wants for a name that is not worth a string of its own.
func (r *ranked) wantsMember(column []byte) (attribute int, ok bool) {
	if t, known := r.columns.known[string(column)]; known {
		return r.take(t)
	}
	return r.wants(string(column))
}

func (r *ranked) take(t target) (attribute int, ok bool) {
	if !t.use() || r.ranks[t.attribute] != 0 && r.ranks[t.attribute] <= t.rank {
		return 0, false
	}
	r.ranks[t.attribute] = t.rank
	return t.attribute, true
}

// id chooses the id of a row: own is the one that the format gives or that the column named by the caller holds.
func (r *ranked) id(own string, values []data.Value) (string, *data.FieldError) {
	switch {
	case r.ID != "" && own == "":
		return "", &data.FieldError{Field: r.ID, Why: "is missing; it holds the id"}
	case r.ID == "" && r.idAttribute >= 0 && !values[r.idAttribute].Null():
		return "", nil // the attribute holds the id
	}
	return own, nil
}

// supplied tells which attributes the current row supplied; an id of its own fills the attribute that holds it.
func (r *ranked) supplied(id string) []bool {
	present := make([]bool, len(r.ranks))
	for i, rank := range r.ranks {
		present[i] = rank != 0 || id != "" && i == r.idAttribute
	}
	return present
}

// loose turns the rows of a file without fixed columns into features.
type loose struct {
	ranked
	head row.Head
	rows int
}

// Row turns a row into a feature and hands it on.
func (l *loose) Row(r *row.Row) error {
	l.rows++
	out := Row{Number: l.rows}
	err := l.feature(r, &out)
	if err != nil {
		return l.fail(l.rows, r.Line, err)
	}
	return l.emit(out)
}

func (l *loose) feature(r *row.Row, out *Row) *data.FieldError {
	if r.Fault != nil {
		return r.Fault
	}
	clear(l.ranks)
	values := make([]data.Value, len(l.Layer.Attributes))
	id := r.ID
	if l.ID != "" {
		id = ""
	}
	for c, name := range r.Columns {
		i, ok := l.wants(name)
		switch {
		case l.ID != "" && name == l.ID, l.ID == "" && id == "" && !ok && slices.Contains(idNames, name):
			id = strings.Clone(r.Cells[c])
			l.columns.use(name)
		}
		if !ok {
			continue
		}
		v, err := l.parse(i, r.Cells[c])
		if err != nil {
			err.Field = name
			return err
		}
		values[i] = v
	}
	id, err := l.id(id, values)
	if err != nil {
		return err
	}
	shape, notes, err := l.geometryShape("geometry", l.system(l.head), r.Geometry)
	if err != nil {
		return err
	}
	out.Notes = append(append(out.Notes, r.Notes...), notes...)
	out.Present = l.supplied(id)
	out.Feature, err = l.finish(id, shape, values)
	return err
}
