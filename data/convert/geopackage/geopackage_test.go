package geopackage_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"
	"go.uber.org/goleak"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/geopackage"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/spool"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rows writes down what is read, a line for each row.
type rows struct{ strings.Builder }

func (r *rows) Note(text string) { fmt.Fprintln(r, "note:", text) }

func (r *rows) Head(h row.Head) error {
	fmt.Fprintf(r, "%q key %q", h.Columns, h.Key)
	if h.CRS != nil {
		fmt.Fprintf(r, " in %s", h.CRS.Name())
	}
	fmt.Fprintln(r)
	return nil
}

func (r *rows) Row(in *row.Row) error {
	switch {
	case in.Fault != nil:
		fmt.Fprintln(r, in.Fault.Error())
	case in.Geometry != nil:
		fmt.Fprintf(r, "%q %s\n", in.Cells, wkt.MarshalString(in.Geometry))
	default:
		fmt.Fprintf(r, "%q\n", in.Cells)
	}
	return nil
}

func read(ctx context.Context, b []byte, o row.Options) string {
	file, err := spool.Copy(bytes.NewReader(b), true, 0)
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	r := &rows{}
	if err := geopackage.Read(ctx, file, o, r); err != nil {
		fmt.Fprintln(r, err)
	}
	return r.String()
}

var columns = []row.Column{
	{Name: "id", Type: data.Text},
	{Name: "名称", Type: data.Text},
	{Name: "height", Type: data.Number},
	{Name: "open", Type: data.Bool},
	{Name: "at", Type: data.Time},
}

// write makes a GeoPackage of geometries in WKT, an empty one being none. Only the first row has values.
func write(t testing.TB, l row.Layout, shapes ...string) []byte {
	t.Helper()
	if l.Name == "" {
		l.Name = "lamps"
	}
	l.Title, l.Columns = "路灯", columns
	var b bytes.Buffer
	e, err := geopackage.NewEncoder(&b, l)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Discard()
	for i, text := range shapes {
		r := row.Record{Values: make([]data.Value, len(columns))}
		r.Values[0] = data.TextValue(data.Text, fmt.Sprint(i))
		if i == 0 {
			copy(r.Values[1:], []data.Value{
				data.TextValue(data.Text, "路灯'\"\x00;"), data.NumberValue(2.25), data.BoolValue(true), data.WordValue(data.Time, 1_500_000),
			})
		}
		if text != "" {
			if r.Geometry, err = wkt.Unmarshal(text); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.Row(&r); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// change runs statements on a file.
func change(t testing.TB, b []byte, statements ...string) []byte {
	t.Helper()
	name := filepath.Join(t.TempDir(), "f.gpkg")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", name)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if b, err = os.ReadFile(name); err != nil {
		t.Fatal(err)
	}
	return b
}

func lookup(t testing.TB, name string) proj.CRS {
	t.Helper()
	crs, err := proj.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return crs
}

const (
	head   = `["fid" "id" "名称" "height" "open" "at"] key "fid"`
	first  = `["1" "0" "路灯'\"\x00;" "2.25" "true" "1970-01-01T00:00:01.500Z"]`
	second = `["2" "1" "" "" "" ""]`
)

func TestWriteAndRead(t *testing.T) {
	for name, test := range map[string]struct {
		layout row.Layout
		shapes []string
		want   string
	}{
		"points":   {row.Layout{Kind: geo.KindPoint}, []string{"POINT(121 25)", ""}, " in EPSG:4326\n" + first + " POINT(121 25)\n" + second + "\n"},
		"several":  {row.Layout{Kind: geo.KindPoint, CRS: lookup(t, "4490")}, []string{"POINT(121 25)", "MULTIPOINT((1 2),(3 4))"}, " in EPSG:4490\n" + first + " POINT(121 25)\n" + second + " MULTIPOINT((1 2),(3 4))\n"},
		"lines":    {row.Layout{Kind: geo.KindLine, CRS: lookup(t, "4549")}, []string{"LINESTRING(1 2,3 4)"}, " in EPSG:4549\n" + first + " LINESTRING(1 2,3 4)\n"},
		"polygons": {row.Layout{Kind: geo.KindPolygon, CRS: lookup(t, "3826")}, []string{"POLYGON((0 0,9 0,9 9,0 9,0 0),(1 1,1 2,2 2,1 1))"}, " in EPSG:3826\n" + first + " POLYGON((0 0,9 0,9 9,0 9,0 0),(1 1,1 2,2 2,1 1))\n"},
		"none":     {row.Layout{}, []string{"", ""}, "\n" + first + "\n" + second + "\n"},
		"empty":    {row.Layout{Kind: geo.KindPoint, Name: "gpkg_lamps"}, nil, " in EPSG:4326\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := read(t.Context(), write(t, test.layout, test.shapes...), row.Options{}); got != head+test.want {
				t.Errorf("got\n%s\nwant\n%s", got, head+test.want)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	whole := write(t, row.Layout{Kind: geo.KindPoint}, "POINT(121 25)", "POINT(122 26)")
	const in4326 = head + " in EPSG:4326\n"
	const one, two = first + " POINT(121 25)\n", second + " POINT(122 26)\n"
	sql := func(statements ...string) []byte { return change(t, whole, statements...) }
	long := write(t, row.Layout{Kind: geo.KindPoint}, strings.Split(strings.Repeat("POINT(1 2)|", 2000)+"POINT(1 2)", "|")...)
	for name, test := range map[string]struct {
		b    []byte
		o    row.Options
		want string
	}{
		"whole":        {b: whole, want: in4326 + one + two},
		"nothing":      {want: "the file is no GeoPackage: it does not start as a SQLite database does\n"},
		"text":         {b: []byte("id,lon,lat\na,1,2\nb,3,4\n"), want: "the file is no GeoPackage: it does not start as a SQLite database does\n"},
		"header alone": {b: whole[:100], want: "the file is damaged or no SQLite database: database disk image is malformed (11)\n"},
		"half":         {b: long[:len(long)/2], want: "the file is damaged or no SQLite database: database disk image is malformed (11)\n"},
		"scribbled":    {b: append(append(bytes.Clone(long[:20*4096]), bytes.Repeat([]byte{0xff}, 4096)...), long[21*4096:]...), want: "the file is damaged or no SQLite database: database disk image is malformed (11)\n"},
		"no tables":    {b: sql("DROP TABLE gpkg_contents"), want: "the file is a SQLite database, but no GeoPackage: it has no table gpkg_contents\n"},
		"no geometry":  {b: sql("DROP TABLE gpkg_geometry_columns"), want: "the file is a GeoPackage without tables of features: it has no table gpkg_geometry_columns\n"},
		"empty":        {b: sql("DELETE FROM gpkg_contents"), want: "the GeoPackage has no tables of features or attributes\n"},
		"gone":         {b: sql("DROP TABLE lamps"), want: `"lamps" is no plain table, but a view or nothing; make a table of it, for example with: ogr2ogr new.gpkg old.gpkg lamps` + "\n"},
		"view": {
			b:    sql("ALTER TABLE lamps RENAME TO l", "DELETE FROM gpkg_contents", "INSERT INTO gpkg_contents(table_name, data_type) VALUES ('v', 'attributes')", "CREATE VIEW v AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c) SELECT x FROM c"),
			want: `"v" is no plain table, but a view or nothing; make a table of it, for example with: ogr2ogr new.gpkg old.gpkg v` + "\n",
		},
		"contents as view": {
			b:    sql("ALTER TABLE gpkg_contents RENAME TO c", "CREATE VIEW gpkg_contents AS SELECT * FROM c"),
			want: "the file is a SQLite database, but no GeoPackage: it has no table gpkg_contents\n",
		},
		"several": {
			b:    sql("CREATE TABLE more AS SELECT * FROM lamps", "INSERT INTO gpkg_contents(table_name, data_type, identifier) VALUES ('more', 'features', 'm')", "INSERT INTO gpkg_geometry_columns VALUES ('more', 'geom', 'POINT', 4326, 0, 0)"),
			want: "the GeoPackage holds lamps, more; say which with --table\n",
		},
		"attributes beside": {
			b:    sql("CREATE TABLE more(a)", "INSERT INTO gpkg_contents(table_name, data_type, identifier) VALUES ('more', 'attributes', 'm')"),
			want: in4326 + one + two,
		},
		"chosen": {
			b: sql("CREATE TABLE more(a TEXT, b BLOB, c INTEGER, d BOOLEAN)", "INSERT INTO more VALUES ('x', x'00', 9007199254740993, 0), (x'0102', NULL, 0.5, 2), (1, 2, 9e999, NULL)", "INSERT INTO gpkg_contents(table_name, data_type, identifier) VALUES ('more', 'attributes', 'm')"),
			o: row.Options{Table: "m"},
			want: `note: column "b" holds bytes and is not read` + "\n" + `["a" "c" "d"] key ""` + "\n" + `["x" "9007199254740993" "false"]` + "\n" +
				"a: holds 2 bytes instead of a value\n" + `c: is no finite number (value "+Inf")` + "\n",
		},
		"absent":          {b: whole, o: row.Options{Table: "x"}, want: `the GeoPackage has no table "x"; it holds lamps` + "\n"},
		"geometry column": {b: sql("ALTER TABLE lamps RENAME COLUMN geom TO g"), want: `table "lamps" has no column "geom", which is said to hold its geometries` + "\n"},

		"undefined":         {b: sql("UPDATE gpkg_geometry_columns SET srs_id = 0", "UPDATE lamps SET geom = NULL"), want: "note: the table does not say its coordinate system: its coordinates were taken for longitude and latitude; if they are not, name the system with --crs\n" + head + "\n" + first + "\n" + second + "\n"},
		"undefined plane":   {b: sql("UPDATE gpkg_geometry_columns SET srs_id = -1"), want: `table "lamps" is in an undefined plane system; name it with --crs` + "\n"},
		"undescribed":       {b: sql("UPDATE gpkg_geometry_columns SET srs_id = 77"), want: `table "lamps" is in system 77, which the file does not describe; name the system with --crs` + "\n"},
		"unknown system":    {b: sql("UPDATE gpkg_geometry_columns SET srs_id = 77", "INSERT INTO gpkg_spatial_ref_sys VALUES ('x', 77, 'EPSG', 2326, 'undefined', NULL)"), want: `table "lamps" is in EPSG:2326, which is not known; convert it, or name the system with --crs` + "\n"},
		"system by text":    {b: sql("UPDATE gpkg_geometry_columns SET srs_id = 77", "UPDATE lamps SET geom = NULL", `INSERT INTO gpkg_spatial_ref_sys VALUES ('x', 77, 'local', 1, 'GEOGCS["x",DATUM["China_2000"]]', NULL)`), want: head + " in EPSG:4490\n" + first + "\n" + second + "\n"},
		"system of the row": {b: sql("UPDATE gpkg_geometry_columns SET srs_id = 0"), o: row.Options{CRS: lookup(t, "4490")}, want: head + " in EPSG:4490\ngeom: is in system 4326, but the table in 0\ngeom: is in system 4326, but the table in 0\n"},

		"geometry text":     {b: sql("UPDATE lamps SET geom = 'POINT(1 2)' WHERE fid = 1"), want: in4326 + "geom: is no geometry, but another value\n" + two},
		"geometry magic":    {b: sql("UPDATE lamps SET geom = x'0101000000000000000000f03f000000000000f03f' WHERE fid = 1"), want: in4326 + "geom: is no geometry of a GeoPackage: it does not start with GP\n" + two},
		"geometry version":  {b: sql("UPDATE lamps SET geom = x'4750010100000000' WHERE fid = 1"), want: in4326 + "geom: is a geometry of an extension that is not known\n" + two},
		"geometry header":   {b: sql("UPDATE lamps SET geom = x'47500003e6100000' WHERE fid = 1"), want: in4326 + "geom: is a geometry whose header is damaged\n" + two},
		"geometry cut":      {b: sql("UPDATE lamps SET geom = substr(geom, 1, 50) WHERE fid = 1"), want: in4326 + "geom: is not WKB at byte 5: it ends early\n" + two},
		"geometry empty":    {b: sql("UPDATE lamps SET geom = x'47500011e6100000010101' WHERE fid = 1"), want: in4326 + first + "\n" + two},
		"geometry big":      {b: sql("UPDATE lamps SET geom = x'47500000000010e600000000014014000000000000401c000000000000' WHERE fid = 1"), want: in4326 + first + " POINT(5 7)\n" + two},
		"text not in UTF-8": {b: sql(`UPDATE lamps SET "名称" = CAST(x'd6d0' AS TEXT) WHERE fid = 1`), want: in4326 + "名称: is not UTF-8 (value \"\\xd6\\xd0\")\n" + two},
		"a huge value":      {b: sql(`UPDATE lamps SET "名称" = zeroblob(200000000) WHERE fid = 2`), want: in4326 + one + "a value has more than 128 MiB\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(t.Context(), test.b, test.o)
			if name == "half" || name == "scribbled" {
				got = got[strings.LastIndex(got[:len(got)-1], "\n")+1:]
			}
			if got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestNames(t *testing.T) {
	var b bytes.Buffer
	e, err := geopackage.NewEncoder(&b, row.Layout{Name: "a", Kind: geo.KindPoint, Columns: []row.Column{{Name: "Fid", Type: data.Int}, {Name: "GEOM", Type: data.Text}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Row(&row.Record{Geometry: orb.Point{1, 2}, Values: []data.Value{data.IntValue(math.MinInt64), {}}}); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e.Discard()
	want := `["gewu_fid" "Fid" "GEOM"] key "gewu_fid" in EPSG:4326` + "\n" + `["1" "-9223372036854775808" ""] POINT(1 2)` + "\n"
	if got := read(t.Context(), b.Bytes(), row.Options{}); got != want {
		t.Errorf("got %s", got)
	}
	if _, err := geopackage.NewEncoder(&b, row.Layout{CRS: lookup(t, "bd09")}); fmt.Sprint(err) != "a GeoPackage cannot name the coordinate system bd09" {
		t.Error(err)
	}
}

// TestNothingIsLeft gives up on files in every state.
func TestNothingIsLeft(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	e, err := geopackage.NewEncoder(&bytes.Buffer{}, row.Layout{Name: "a", Columns: columns[:1]})
	if err != nil {
		t.Fatal(err)
	}
	e.Discard()
	e.Discard()
	if err := e.Row(&row.Record{Values: make([]data.Value, 1)}); err == nil {
		t.Error("a row goes into a file that was given up")
	}
	broken := errors.New("disk on fire")
	if e, err = geopackage.NewEncoder(errWriter{broken}, row.Layout{Name: "a", Columns: columns[:1]}); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); !errors.Is(err, broken) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := read(ctx, write(t, row.Layout{}, ""), row.Options{}); !strings.Contains(got, "canceled") {
		t.Error(got)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

type errWriter struct{ err error }

func (e errWriter) Write([]byte) (int, error) { return 0, e.err }

// FuzzGeoPackage changes a byte run of a whole file: what SQLite takes is its own business, and tested by its makers.
func FuzzGeoPackage(f *testing.F) {
	whole := write(f, row.Layout{Kind: geo.KindPoint}, "POINT(121 25)", "")
	at := bytes.Index(whole, []byte("GP\x00"))
	f.Add(uint32(at), whole[at:at+60])
	f.Add(uint32(28), []byte{0, 0, 0, 1})
	f.Add(uint32(bytes.Index(whole, []byte("CREATE TABLE \"lamps\""))), []byte("CREATE VIEW"))
	f.Fuzz(func(t *testing.T, at uint32, with []byte) {
		b := bytes.Clone(whole)
		copy(b[int(at)%len(b):], with)
		read(t.Context(), b, row.Options{})
	})
}
