package geopackage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/spool"
	"github.com/gewu-city/gewu/data/convert/srs"
	"github.com/gewu-city/gewu/geo/proj"
)

// Read reads one table of a GeoPackage, which lies in a named file.
func Read(ctx context.Context, file *spool.File, o row.Options, out row.Sink) error {
	magic := make([]byte, 16)
	if _, err := file.ReadAt(magic, 0); err != nil || string(magic) != "SQLite format 3\x00" {
		return errors.New("the file is no GeoPackage: it does not start as a SQLite database does")
	}
	db, conn, err := open(ctx, file.Name())
	if err != nil {
		return err
	}
	defer db.Close()   //nolint:errcheck // a file that was only read
	defer conn.Close() //nolint:errcheck // likewise
	r := &reader{ctx: ctx, conn: conn, out: out}
	t, err := r.choose(o.Table)
	if err != nil {
		return reason(err)
	}
	head := row.Head{Geometry: t.geometry != "", CRS: o.CRS}
	if head.Geometry && o.CRS == nil {
		if head.CRS, err = t.system(out); err != nil {
			return err
		}
	}
	if err := r.findColumns(t, &head); err != nil {
		return reason(err)
	}
	if err := out.Head(head); err != nil {
		return err
	}
	return reason(r.read(t))
}

type reader struct {
	ctx     context.Context //nolint:containedctx // lives as long as one call of Read
	conn    *sql.Conn
	out     row.Sink
	columns []column
}

// column is a column whose values are read.
type column struct {
	name string
	// truth tells that whole numbers are true and false.
	truth bool
}

// table is a table as the file's own tables describe it.
type table struct {
	name, identifier, kind string
	geometry               string // its column, empty when there is none
	srs                    int64
	organization           string
	code                   int64
	definition             string
}

// choose finds the table of a name, or the only one.
func (r *reader) choose(name string) (*table, error) {
	for _, own := range []string{"gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys"} {
		switch ok, err := r.plain(own); {
		case err != nil:
			return nil, err
		case !ok && own == "gpkg_geometry_columns":
			return nil, errors.New("the file is a GeoPackage without tables of features: it has no table gpkg_geometry_columns")
		case !ok:
			return nil, fmt.Errorf("the file is a SQLite database, but no GeoPackage: it has no table %s", own)
		}
	}
	tables, err := r.tables()
	if err != nil {
		return nil, err
	}
	if name == "" {
		// Tables without geometries often go with one that has them.
		if features := slices.DeleteFunc(slices.Clone(tables), func(t *table) bool { return t.kind != "features" }); len(features) > 0 {
			tables = features
		}
	}
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = t.name
	}
	at := slices.IndexFunc(tables, func(t *table) bool { return t.name == name || t.identifier == name })
	switch {
	case len(tables) == 0:
		return nil, errors.New("the GeoPackage has no tables of features or attributes")
	case name == "" && len(tables) > 1:
		return nil, fmt.Errorf("the GeoPackage holds %s; say which with --table", strings.Join(names, ", "))
	case name == "":
		at = 0
	case at < 0:
		return nil, fmt.Errorf("the GeoPackage has no table %q; it holds %s", name, strings.Join(names, ", "))
	}
	t := tables[at]
	if ok, err := r.plain(t.name); err != nil || !ok {
		return nil, errors.Join(err, fmt.Errorf("%q is no plain table, but a view or nothing; make a table of it, for example with: ogr2ogr new.gpkg old.gpkg %s", t.name, t.name))
	}
	return t, nil
}

// plain reports whether a name is that of a table: neither a view, which could be anything and without end, nor a
// virtual table.
func (r *reader) plain(name string) (bool, error) {
	var n int
	err := r.conn.QueryRowContext(r.ctx,
		`SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower(?) AND sql LIKE 'CREATE TABLE%'`, name).Scan(&n)
	return n == 1, err
}

// maxTables bounds the tables that are listed.
const maxTables = 1000

func (r *reader) tables() (all []*table, err error) {
	rows, err := r.conn.QueryContext(r.ctx, `
		SELECT +c.table_name, coalesce(c.identifier, ''), c.data_type, coalesce(g.column_name, ''), coalesce(g.srs_id, 0),
			coalesce(s.organization, ''), coalesce(s.organization_coordsys_id, 0), coalesce(s.definition, '')
		FROM gpkg_contents c
		LEFT JOIN gpkg_geometry_columns g ON g.table_name = c.table_name
		LEFT JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id
		WHERE c.data_type IN ('features', 'attributes') LIMIT ?`, maxTables)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // its fault is that of Err
	for rows.Next() {
		t := &table{}
		if err := rows.Scan(&t.name, &t.identifier, &t.kind, &t.geometry, &t.srs, &t.organization, &t.code, &t.definition); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, rows.Err()
}

// system is the system of the geometries, nil for longitude and latitude.
func (t *table) system(out row.Sink) (proj.CRS, error) {
	name := fmt.Sprintf("%s:%d", strings.ToUpper(t.organization), t.code)
	switch {
	case t.srs == 0:
		out.Note("the table does not say its coordinate system: its coordinates were taken for longitude and latitude; if they are not, name the system with --crs")
		return nil, nil //nolint:nilnil // no system is longitude and latitude
	case t.srs == -1:
		return nil, fmt.Errorf("table %q is in an undefined plane system; name it with --crs", t.name)
	case t.organization == "":
		return nil, fmt.Errorf("table %q is in system %d, which the file does not describe; name the system with --crs", t.name, t.srs)
	}
	if strings.EqualFold(t.organization, "EPSG") {
		if crs, err := proj.Lookup(name); err == nil {
			return crs, nil
		}
	}
	if crs, err := srs.Parse(t.definition); err == nil {
		return crs, nil
	}
	return nil, fmt.Errorf("table %q is in %s, which is not known; convert it, or name the system with --crs", t.name, name)
}

// findColumns lists the columns that are read.
func (r *reader) findColumns(t *table, h *row.Head) error {
	rows, err := r.conn.QueryContext(r.ctx, `SELECT name, upper(type), pk FROM pragma_table_xinfo(?) WHERE hidden <> 1`, t.name)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // its fault is that of Err
	h.Columns = []string{}
	found := t.geometry == ""
	for rows.Next() {
		var name, kind string
		var key int
		if err := rows.Scan(&name, &kind, &key); err != nil {
			return err
		}
		switch {
		case strings.EqualFold(name, t.geometry):
			found = true
			continue
		case strings.HasPrefix(kind, "BLOB"):
			r.out.Note(fmt.Sprintf("column %q holds bytes and is not read", name))
			continue
		case key > 0 && strings.HasPrefix(kind, "INT"):
			h.Key = name
		}
		h.Columns = append(h.Columns, name)
		r.columns = append(r.columns, column{name, kind == "BOOLEAN"})
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("table %q has no column %q, which is said to hold its geometries", t.name, t.geometry)
	}
	return nil
}

// read hands on the rows.
func (r *reader) read(t *table) error {
	// A sign in front of a column keeps the driver from reading its texts as times.
	var list []string
	for _, c := range r.columns {
		list = append(list, "+"+quote(c.name))
	}
	if t.geometry != "" {
		list = append(list, "+"+quote(t.geometry))
	}
	if len(list) == 0 {
		return fmt.Errorf("table %q has no columns that can be read", t.name)
	}
	//nolint:gosec // names cannot be parameters; they are quoted
	rows, err := r.conn.QueryContext(r.ctx, `SELECT `+strings.Join(list, ", ")+` FROM `+quote(t.name))
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // its fault is that of Err
	values, into := make([]any, len(list)), make([]any, len(list))
	for i := range values {
		into[i] = &values[i]
	}
	cells := make([]string, len(r.columns))
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		in := row.Row{Cells: cells}
		for i := range r.columns {
			text, why := r.columns[i].cell(values[i])
			if why != "" && in.Fault == nil {
				in.Fault = &data.FieldError{Field: r.columns[i].name, Value: text, Why: why}
			}
			cells[i] = text
		}
		if t.geometry != "" && in.Fault == nil {
			var err error
			if in.Geometry, err = t.decode(values[len(values)-1]); err != nil {
				in.Fault = &data.FieldError{Field: t.geometry, Why: err.Error()}
			}
		}
		if err := r.out.Row(&in); err != nil {
			return err
		}
	}
	return rows.Err()
}

// cell is the text of a value, or why there is none.
func (c *column) cell(v any) (text, why string) {
	switch v := v.(type) {
	case nil:
		return "", ""
	case int64:
		if c.truth && (v == 0 || v == 1) {
			return strconv.FormatBool(v == 1), ""
		}
		return strconv.FormatInt(v, 10), ""
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return strconv.FormatFloat(v, 'g', -1, 64), "is no finite number"
		}
		return string(data.AppendNumber(nil, v)), ""
	case bool:
		return strconv.FormatBool(v), ""
	case string:
		if !utf8.ValidString(v) {
			return v, "is not UTF-8"
		}
		return v, ""
	case []byte:
		return "", fmt.Sprintf("holds %d bytes instead of a value", len(v))
	default:
		return fmt.Sprint(v), "is of no type that can be read"
	}
}
