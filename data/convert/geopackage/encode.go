package geopackage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/spool"
	"github.com/gewu-city/gewu/data/convert/srs"
	"github.com/gewu-city/gewu/geo"
)

// Encoder writes one table. It has no spatial index, which programs that need one make themselves.
type Encoder struct {
	w        io.Writer
	layout   row.Layout
	srs      int
	table    string
	geometry string // its column
	file     *spool.File
	db       *sql.DB
	conn     *sql.Conn
	insert   *sql.Stmt
	args     []any
	one      bool // a geometry has one part
	several  bool // a geometry has several
	box      orb.Bound
	done     bool
}

var _ row.Encoder = (*Encoder)(nil)

// ctx is that of all statements: an encoder ends by Close or Discard, not by a context.
var ctx = context.Background()

// NewEncoder starts a file.
func NewEncoder(w io.Writer, l row.Layout) (*Encoder, error) {
	e := &Encoder{w: w, layout: l, table: tableName(l.Name), geometry: freeName(l, "geom")}
	e.box = orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	var ok bool
	if e.srs, ok = srs.Code(l.CRS); !ok {
		return nil, fmt.Errorf("a GeoPackage cannot name the coordinate system %s", l.CRS.Name())
	}
	var err error
	if e.file, err = spool.Create(true); err != nil {
		return nil, err
	}
	if e.db, e.conn, err = create(ctx, e.file.Name()); err == nil {
		err = e.start()
	}
	if err != nil {
		e.Discard()
		return nil, err
	}
	return e, nil
}

// tableName keeps clear of the names that belong to the format and to SQLite.
func tableName(name string) string {
	for _, taken := range []string{"gpkg_", "rtree_", "sqlite_"} {
		if strings.HasPrefix(name, taken) {
			return "layer_" + name
		}
	}
	return name
}

// freeName is a name that no column has.
func freeName(l row.Layout, name string) string {
	if slices.ContainsFunc(l.Columns, func(c row.Column) bool { return strings.EqualFold(c.Name, name) }) {
		return "gewu_" + name
	}
	return name
}

// schema makes the tables of the format; see annex C of the standard.
const schema = `
PRAGMA application_id = 1196444487;
PRAGMA user_version = 10300;
BEGIN;
CREATE TABLE gpkg_spatial_ref_sys (
	srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL,
	definition TEXT NOT NULL, description TEXT
);
CREATE TABLE gpkg_contents (
	table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
	last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
	min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
	CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id)
);
CREATE TABLE gpkg_geometry_columns (
	table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL,
	z TINYINT NOT NULL, m TINYINT NOT NULL,
	CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
	CONSTRAINT uk_gc_table_name UNIQUE (table_name),
	CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
	CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id)
);
INSERT INTO gpkg_spatial_ref_sys VALUES
	('Undefined Cartesian SRS', -1, 'NONE', -1, 'undefined', 'undefined Cartesian coordinate reference system'),
	('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', 'undefined geographic coordinate reference system');
`

// start makes the tables.
func (e *Encoder) start() error {
	if _, err := e.conn.ExecContext(ctx, schema); err != nil {
		return err
	}
	wgs84, _ := srs.OGC(nil)
	systems := []struct {
		code             int
		name, definition string
	}{{4326, "WGS 84", wgs84}}
	if e.srs != 4326 {
		definition, ok := srs.OGC(e.layout.CRS)
		if !ok {
			return fmt.Errorf("a GeoPackage cannot describe the coordinate system %s", e.layout.CRS.Name())
		}
		systems = append(systems, struct {
			code             int
			name, definition string
		}{e.srs, e.layout.CRS.Title(), definition})
	}
	for _, s := range systems {
		if _, err := e.conn.ExecContext(ctx, `INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, 'EPSG', ?, ?, NULL)`, s.name, s.code, s.code, s.definition); err != nil {
			return err
		}
	}
	columns := []string{quote(freeName(e.layout, "fid")) + " INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL"}
	names, marks := []string{}, []string{}
	add := func(name, kind string) {
		columns = append(columns, quote(name)+" "+kind)
		names, marks = append(names, quote(name)), append(marks, "?")
	}
	if e.layout.Kind != geo.KindNone {
		add(e.geometry, "GEOMETRY")
	}
	for _, c := range e.layout.Columns {
		add(c.Name, columnType(c.Type))
	}
	if _, err := e.conn.ExecContext(ctx, `CREATE TABLE `+quote(e.table)+` (`+strings.Join(columns, ", ")+`)`); err != nil {
		return err
	}
	e.args = make([]any, len(names))
	var err error
	//nolint:gosec // names cannot be parameters; they are quoted
	e.insert, err = e.conn.PrepareContext(ctx, `INSERT INTO `+quote(e.table)+` (`+strings.Join(names, ", ")+`) VALUES (`+strings.Join(marks, ", ")+`)`)
	return err
}

func columnType(t data.Type) string {
	switch t {
	case data.Int:
		return "INTEGER"
	case data.Number:
		return "DOUBLE"
	case data.Bool:
		return "BOOLEAN"
	case data.Date:
		return "DATE"
	case data.Time:
		return "DATETIME"
	case data.Text, data.Code, data.Ref, data.Sealed:
	}
	return "TEXT"
}

// Row takes a row.
func (e *Encoder) Row(r *row.Record) error {
	args := e.args[:0]
	if e.layout.Kind != geo.KindNone {
		args = append(args, e.value(r.Geometry))
	}
	for _, v := range r.Values {
		args = append(args, columnValue(v))
	}
	_, err := e.insert.ExecContext(ctx, args...)
	return reason(err)
}

// value is a geometry as a value; it keeps account of what there was.
func (e *Encoder) value(g orb.Geometry) any {
	if g == nil {
		return nil
	}
	switch g.(type) {
	case orb.MultiPoint, orb.MultiLineString, orb.MultiPolygon:
		e.several = true
	default:
		e.one = true
	}
	e.box = e.box.Union(g.Bound())
	return appendGeometry(nil, g, e.srs)
}

func columnValue(v data.Value) any {
	switch v.Type() {
	case "":
		return nil
	case data.Int:
		return v.Int()
	case data.Number:
		return v.Number()
	case data.Bool:
		return v.Bool()
	case data.Time:
		// The standard has milliseconds; more are written only where there are more.
		layout := "2006-01-02T15:04:05.000Z"
		if t := v.Time(); t.Nanosecond()%1_000_000 != 0 {
			layout = "2006-01-02T15:04:05.000000Z"
		}
		return v.Time().Format(layout)
	default:
		return v.String()
	}
}

// geometryType is the type that all geometries have.
func (e *Encoder) geometryType() string {
	name := [...]string{geo.KindPoint: "POINT", geo.KindLine: "LINESTRING", geo.KindPolygon: "POLYGON"}[e.layout.Kind]
	switch {
	case e.one && e.several:
		return "GEOMETRY"
	case e.several:
		return "MULTI" + name
	}
	return name
}

// Discard gives up on the file.
func (e *Encoder) Discard() {
	e.closeDatabase() //nolint:errcheck,gosec // the file is thrown away
	_ = e.file.Close()
}

func (e *Encoder) closeDatabase() error {
	if e.db == nil || e.done {
		return nil
	}
	e.done = true
	var errs []error
	if e.insert != nil {
		errs = append(errs, e.insert.Close())
	}
	return errors.Join(append(errs, e.conn.Close(), e.db.Close())...)
}

// Close writes the file.
func (e *Encoder) Close() error {
	defer e.Discard()
	if e.done {
		return nil
	}
	if err := errors.Join(e.finish(), e.closeDatabase()); err != nil {
		return reason(err)
	}
	if err := e.file.Refresh(); err != nil {
		return err
	}
	_, err := io.Copy(e.w, e.file.Reader())
	return err
}

// finish describes the table, whose extent and type are known now.
func (e *Encoder) finish() error {
	at := e.layout.Time
	if at.IsZero() {
		at = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	kind, box, system := "attributes", make([]any, 4), any(nil)
	if e.layout.Kind != geo.KindNone {
		kind, system = "features", e.srs
		if !e.box.IsEmpty() {
			box = []any{e.box.Min[0], e.box.Min[1], e.box.Max[0], e.box.Max[1]}
		}
	}
	args := slices.Concat([]any{e.table, kind, e.layout.Title, at.UTC().Format("2006-01-02T15:04:05.000Z")}, box, []any{system})
	if _, err := e.conn.ExecContext(ctx, `INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change, min_x, min_y, max_x, max_y, srs_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, args...); err != nil {
		return err
	}
	if kind == "features" {
		if _, err := e.conn.ExecContext(ctx, `INSERT INTO gpkg_geometry_columns VALUES (?, ?, ?, ?, 0, 0)`, e.table, e.geometry, e.geometryType(), e.srs); err != nil {
			return err
		}
	}
	_, err := e.conn.ExecContext(ctx, `COMMIT`)
	return err
}
