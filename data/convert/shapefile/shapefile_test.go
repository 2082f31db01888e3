package shapefile_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb/encoding/wkt"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/shapefile"
	"github.com/gewu-city/gewu/data/convert/spool"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
)

// rows writes down what is read, a line for each row.
type rows struct{ strings.Builder }

func (r *rows) Note(text string) { fmt.Fprintln(r, "note:", text) }

func (r *rows) Head(h row.Head) error {
	fmt.Fprintf(r, "%q", h.Columns)
	if h.CRS != nil {
		fmt.Fprintf(r, " in %s", h.CRS.Name())
	}
	fmt.Fprintln(r)
	return nil
}

func (r *rows) Row(in *row.Row) error {
	if fault := in.Fault; fault != nil {
		fmt.Fprintln(r, fault.Error())
		return nil
	}
	fmt.Fprintf(r, "%q", in.Cells)
	if in.Geometry != nil {
		fmt.Fprintf(r, " %s", wkt.MarshalString(in.Geometry))
	}
	for _, n := range in.Notes {
		fmt.Fprintf(r, " (%s)", n)
	}
	fmt.Fprintln(r)
	return nil
}

func read(b []byte, o row.Options) string {
	file, err := spool.Copy(bytes.NewReader(b), false, 0)
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	r := &rows{}
	if err := shapefile.Read(context.Background(), file, o, r); err != nil {
		fmt.Fprintln(r, err)
	}
	return r.String()
}

// files are the parts of a shapefile.
type files map[string][]byte

func (f files) zip(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(f)) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, err = w.Write(f[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unzip(t testing.TB, b []byte) files {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	f := files{}
	for _, m := range z.File {
		r, err := m.Open()
		if err != nil {
			t.Fatal(err)
		}
		if f[m.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

var columns = []row.Column{
	{Name: "id", Type: data.Text},
	{Name: "名称", Type: data.Text},
	{Name: "height", Type: data.Number},
	{Name: "count", Type: data.Int},
	{Name: "open", Type: data.Bool},
	{Name: "day", Type: data.Date},
}

// write makes a shapefile of geometries in WKT, an empty one being none. Only the first row has values.
func write(t testing.TB, l row.Layout, shapes ...string) files {
	t.Helper()
	l.Name, l.Columns = "lamps", columns
	var b bytes.Buffer
	e, err := shapefile.NewEncoder(&b, l)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Discard()
	for i, text := range shapes {
		r := row.Record{ID: fmt.Sprint(i), Values: make([]data.Value, len(columns))}
		r.Values[0] = data.TextValue(data.Text, r.ID)
		if i == 0 {
			day, err := data.ParseValue(data.Date, "2026-01-31", nil)
			if err != nil {
				t.Fatal(err)
			}
			copy(r.Values[1:], []data.Value{data.TextValue(data.Text, "路灯"), data.NumberValue(2.25), data.IntValue(-7), data.BoolValue(true), day})
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
	return unzip(t, b.Bytes())
}

func lookup(t testing.TB, name string) proj.CRS {
	t.Helper()
	crs, err := proj.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return crs
}

const head = `["id" "名称" "height" "count" "open" "day"]`

func TestWriteAndRead(t *testing.T) {
	const first, second = `["0" "路灯" "2.25" "-7" "true" "2026-01-31"]`, `["1" "" "" "" "" ""]`
	gbk, err := charset.Lookup("gbk")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		layout row.Layout
		shapes []string
		want   string
	}{
		"points":   {row.Layout{Kind: geo.KindPoint}, []string{"POINT(121 25)", ""}, " in EPSG:4326\n" + first + " POINT(121 25)\n" + second + "\n"},
		"several":  {row.Layout{Kind: geo.KindPoint}, []string{"POINT(121 25)", "MULTIPOINT((1 2),(3 4))"}, " in EPSG:4326\n" + first + " MULTIPOINT((121 25))\n" + second + " MULTIPOINT((1 2),(3 4))\n"},
		"lines":    {row.Layout{Kind: geo.KindLine, CRS: lookup(t, "4549")}, []string{"LINESTRING(1 2,3 4)", "MULTILINESTRING((1 2,3 4),(5 6,7 8))"}, " in EPSG:4549\n" + first + " MULTILINESTRING((1 2,3 4))\n" + second + " MULTILINESTRING((1 2,3 4),(5 6,7 8))\n"},
		"polygons": {row.Layout{Kind: geo.KindPolygon, Encoding: gbk}, []string{"POLYGON((0 0,9 0,9 9,0 9,0 0),(1 1,1 2,2 2,1 1))", "MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))"}, " in EPSG:4326\n" + first + " MULTIPOLYGON(((0 0,0 9,9 9,9 0,0 0),(1 1,2 2,1 2,1 1)))\n" + second + " MULTIPOLYGON(((0 0,1 1,1 0,0 0)),((5 5,6 6,6 5,5 5)))\n"},
		"none":     {row.Layout{}, []string{"", ""}, "\n" + first + "\n" + second + "\n"},
		"empty":    {row.Layout{Kind: geo.KindPoint}, nil, " in EPSG:4326\n"},
	} {
		t.Run(name, func(t *testing.T) {
			f := write(t, test.layout, test.shapes...)
			if got := read(f.zip(t), row.Options{}); got != head+test.want {
				t.Errorf("got\n%s\nwant\n%s", got, head+test.want)
			}
		})
	}
}

// edit is a shapefile of two points with a part changed.
func edit(t testing.TB, change func(f files)) []byte {
	t.Helper()
	f := write(t, row.Layout{Kind: geo.KindPoint}, "POINT(121 25)", "POINT(122 26)")
	change(f)
	return f.zip(t)
}

func TestFaults(t *testing.T) {
	const in4326 = head + " in EPSG:4326\n"
	const first, second = `["0" "路灯" "2.25" "-7" "true" "2026-01-31"] POINT(121 25)` + "\n", `["1" "" "" "" "" ""] POINT(122 26)` + "\n"
	part := func(name string, change func(b []byte) []byte) []byte {
		return edit(t, func(f files) { f[name] = change(f[name]) })
	}
	set := func(name string, at int, b ...byte) []byte {
		return part(name, func(old []byte) []byte { copy(old[at:], b); return old })
	}
	cut := func(name string, n int) []byte {
		return part(name, func(b []byte) []byte { return b[:len(b)-n] })
	}
	text := func(name, s string) []byte { return part(name, func([]byte) []byte { return []byte(s) }) }
	without := func(names ...string) []byte {
		return edit(t, func(f files) {
			for _, n := range names {
				delete(f, n)
			}
		})
	}
	whole := edit(t, func(files) {})
	polygons := func(change func(shp []byte)) []byte {
		f := write(t, row.Layout{Kind: geo.KindPolygon}, "POLYGON((0 0,9 0,9 9,0 0),(1 1,1 2,2 2,1 1))")
		change(f["lamps.shp"])
		return f.zip(t)
	}
	for name, test := range map[string]struct {
		b    []byte
		o    row.Options
		want string
	}{
		"whole":         {b: whole, want: in4326 + first + second},
		"empty":         {want: "the file is too short for a shapefile\n"},
		"text":          {b: []byte("hello, world"), want: "the file is neither a ZIP archive with a shapefile nor a .shp nor a .dbf\n"},
		"torn zip":      {b: whole[:len(whole)-30], want: "the file is not a ZIP archive, or its end is missing\n"},
		"no shape":      {b: without("lamps.shp", "lamps.dbf"), want: "the archive holds neither a .shp nor a .dbf\n"},
		"dbf alone":     {b: without("lamps.shp"), want: head + "\n" + `["0" "路灯" "2.25" "-7" "true" "2026-01-31"]` + "\n" + `["1" "" "" "" "" ""]` + "\n"},
		"shp alone":     {b: without("lamps.dbf"), want: "note: the shapefile has no .dbf: its features have no attributes\n[] in EPSG:4326\n[] POINT(121 25)\n[] POINT(122 26)\n"},
		"no prj":        {b: without("lamps.prj"), want: "note: the shapefile has no .prj: its coordinates were taken for longitude and latitude; if they are not, name the system with --crs\n" + head + "\n" + first + second},
		"no prj, told":  {b: without("lamps.prj"), o: row.Options{CRS: lookup(t, "3826")}, want: head + " in EPSG:3826\n" + first + second},
		"odd prj":       {b: text("lamps.prj", `LOCAL_CS["Beijing local"]`), want: `.prj: the coordinate system "Beijing local" is not known; name it with --crs` + "\n"},
		"odd prj, told": {b: text("lamps.prj", `LOCAL_CS["Beijing local"]`), o: row.Options{CRS: lookup(t, "4490")}, want: head + " in EPSG:4490\n" + first + second},
		"odd cpg":       {b: text("lamps.cpg", "klingon"), want: `.cpg: "klingon" is not a known encoding; known are utf-8, gb18030, gbk, big5, big5-hkscs, utf-16, utf-16le and code pages by number; name it with --encoding` + "\n"},
		"wide cpg":      {b: text("lamps.cpg", "UTF-16"), want: "utf-16 is no encoding for the cells of a dBASE table\n"},

		"shp header":       {b: cut("lamps.shp", 100), want: ".shp: the file ends early\n"},
		"shp magic":        {b: set("lamps.shp", 3, 9), want: ".shp: the file is no .shp: it does not start with 9994 and version 1000\n"},
		"shp type":         {b: set("lamps.shp", 32, 99), want: ".shp: shape type 99 is not known\n"},
		"multipatch":       {b: set("lamps.shp", 32, 31), want: ".shp: it holds surfaces in space (multipatch), which are not read; convert it to polygons\n"},
		"shp cut":          {b: cut("lamps.shp", 5), want: in4326 + first + ".shp: record 2: the file ends early\n"},
		"shp cut between":  {b: cut("lamps.shp", 28), want: in4326 + first + ".shp: record 2: the file ends early\n"},
		"record size":      {b: set("lamps.shp", 104, 0x7f, 0xff, 0xff, 0xff), want: in4326 + ".shp: record 1: the file ends early\n"},
		"record too short": {b: set("lamps.shp", 104, 0, 0, 0, 5), want: in4326 + "geometry: has fewer bytes than its type needs\n" + second},
		"other type":       {b: set("lamps.shp", 108, 5), want: in4326 + "geometry: is of type 5 in a file of type 1\n" + second},
		"shx cut":          {b: cut("lamps.shx", 8), want: in4326 + first + ".shp: record 2: .shx: the file ends early\n"},
		"shx order":        {b: set("lamps.shx", 108, 0, 0, 0, 50), want: in4326 + first + ".shp: record 2: the .shx says that it lies in front of the record before; write the shapefile anew, for example with: ogr2ogr new.shp old.shp\n"},

		"dbf version": {b: set("lamps.dbf", 0, 4), want: ".dbf: its first byte is 0x04, which is no table of dBASE III to V or FoxPro\n"},
		"dbf cut":     {b: cut("lamps.dbf", 5), want: in4326 + first + ".dbf: row 2: the file ends early; the header says 2 rows\n"},
		"dbf header":  {b: part("lamps.dbf", func(b []byte) []byte { return b[:40] }), want: ".dbf: the file ends early\n"},
		"dbf sizes":   {b: set("lamps.dbf", 8, 0, 0), want: ".dbf: its header says 0 bytes of header and 24 of each row\n"},
		"dbf width":   {b: set("lamps.dbf", 10, 9, 0), want: ".dbf: its columns take 24 bytes, but the header says that a row has 9\n"},
		"dbf longer":  {b: part("lamps.dbf", func(b []byte) []byte { b[4] = 3; return append(b[:len(b)-1], make([]byte, 25)...) }), want: in4326 + first + second + ".shp and .dbf do not belong together: the .dbf goes on behind row 2, the other part ends there\n"},
		"dbf shorter": {b: set("lamps.dbf", 4, 1), want: in4326 + first + ".shp and .dbf do not belong together: the .shp goes on behind row 1, the other part ends there\n"},
		"dbf count":   {b: set("lamps.dbf", 4, 9), want: in4326 + first + second + ".dbf: row 3: the file ends early; the header says 9 rows\n"},
		"no columns":  {b: set("lamps.dbf", 32, '\r'), want: ".dbf: it has no columns\n"},
		"deleted":     {b: part("lamps.dbf", func(b []byte) []byte { b[len(b)-1-2*24] = '*'; return b }), want: in4326 + second},
		"not bool":    {b: part("lamps.dbf", func(b []byte) []byte { return bytes.Replace(b, []byte("T2026"), []byte("X2026"), 1) }), want: in4326 + "open: is neither true nor false (value \"X\")\n" + second},

		"ring count":  {b: polygons(func(b []byte) { binary.LittleEndian.PutUint32(b[144:], 1<<30) }), want: in4326 + "geometry: announces 1073741824 parts with 8 points, for which it has not enough bytes\n"},
		"point count": {b: polygons(func(b []byte) { binary.LittleEndian.PutUint32(b[148:], 1<<31) }), want: in4326 + "geometry: announces 2 parts with 2147483648 points, for which it has not enough bytes\n"},
		"ring places": {b: polygons(func(b []byte) { binary.LittleEndian.PutUint32(b[156:], 99) }), want: in4326 + "geometry: part 0 goes from point 0 to 99 of 8\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := read(test.b, test.o); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestSeveral has two shapefiles in an archive, in a folder whose name is not UTF-8.
func TestSeveral(t *testing.T) {
	a := write(t, row.Layout{Kind: geo.KindPoint}, "POINT(1 2)")
	b := write(t, row.Layout{Kind: geo.KindPoint}, "POINT(3 4)")
	f := files{"__MACOSX/\xd6\xd0/._one.shp": nil}
	for name, body := range a {
		f["\xd6\xd0/"+strings.Replace(name, "lamps", "one", 1)] = body
	}
	for name, body := range b {
		f["\xd6\xd0/"+strings.ToUpper(strings.Replace(name, "lamps", "two", 1))] = body
	}
	archive := f.zip(t)
	for table, want := range map[string]string{
		"one":   "POINT(1 2)",
		"TWO":   "POINT(3 4)",
		"":      "the archive holds TWO, one; say which with --table",
		"three": `the archive has no shapefile "three"; it holds TWO, one`,
	} {
		if got := read(archive, row.Options{Table: table}); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", table, got, want)
		}
	}
}

// TestParts reads single parts, and a part in a file with gaps.
func TestParts(t *testing.T) {
	f := write(t, row.Layout{Kind: geo.KindPoint}, "POINT(121 25)", "POINT(122 26)")
	if got := read(f["lamps.shp"], row.Options{CRS: lookup(t, "4490")}); got != "note: the shapefile has no .dbf: its features have no attributes\n[] in EPSG:4490\n[] POINT(121 25)\n[] POINT(122 26)\n" {
		t.Error(got)
	}
	if got := read(f["lamps.dbf"], row.Options{}); !strings.HasPrefix(got, head+"\n"+`["0" "路灯"`) {
		t.Error(got)
	}
	shp := f["lamps.shp"]
	gap := append(append(bytes.Clone(shp[:128]), make([]byte, 64)...), shp[128:]...)
	binary.BigEndian.PutUint32(gap[24:], uint32(len(gap)/2))
	binary.BigEndian.PutUint32(f["lamps.shx"][108:], (128+64)/2)
	f["lamps.shp"] = gap
	if got := read(f.zip(t), row.Options{}); !strings.Contains(got, "POINT(121 25)\n") || !strings.Contains(got, "POINT(122 26)\n") {
		t.Error(got)
	}
}

// TestEncodings reads tables that do not say how they are written.
func TestEncodings(t *testing.T) {
	gbk, err := charset.Lookup("gbk")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		encoding charset.Encoding // in which it is written
		change   func(f files)
		told     string
		want     string
	}{
		"cpg":            {encoding: gbk, want: `"路灯"`},
		"no cpg":         {encoding: gbk, change: func(f files) { delete(f, "lamps.cpg") }, want: `"路灯"`}, // by the language driver
		"nothing":        {encoding: gbk, change: func(f files) { delete(f, "lamps.cpg"); f["lamps.dbf"][29] = 0 }, want: "note: the table is not UTF-8 and was read as gb18030"},
		"ANSI":           {encoding: gbk, change: func(f files) { delete(f, "lamps.cpg"); f["lamps.dbf"][29] = 0x57 }, want: "note: the table is not UTF-8 and was read as gb18030"},
		"told":           {encoding: gbk, change: func(f files) { f["lamps.cpg"] = []byte("UTF-8") }, told: "gb18030", want: `"路灯"`},
		"wrong":          {encoding: gbk, change: func(f files) { f["lamps.cpg"] = []byte("UTF-8") }, want: `.dbf: the name of column 2`},
		"UTF-8, nothing": {change: func(f files) { delete(f, "lamps.cpg") }, want: `"路灯"`},
		"latin, nothing": {change: func(f files) {
			delete(f, "lamps.cpg")
			f["lamps.dbf"] = bytes.ReplaceAll(bytes.ReplaceAll(f["lamps.dbf"], []byte("路灯"), []byte("caf\xe9  ")), []byte("名称"), []byte("nom\x00\x00\x00"))
		}, want: "nom: " + charset.Hint},
		"latin, driver": {change: func(f files) {
			delete(f, "lamps.cpg")
			f["lamps.dbf"][29] = 3
			f["lamps.dbf"] = bytes.ReplaceAll(bytes.ReplaceAll(f["lamps.dbf"], []byte("路灯"), []byte("caf\xe9  ")), []byte("名称"), []byte("nom\x00\x00\x00"))
		}, want: "café"},
	} {
		t.Run(name, func(t *testing.T) {
			f := write(t, row.Layout{Kind: geo.KindPoint, Encoding: test.encoding}, "POINT(1 2)")
			if test.change != nil {
				test.change(f)
			}
			o := row.Options{}
			if test.told != "" {
				if o.Encoding, err = charset.Lookup(test.told); err != nil {
					t.Fatal(err)
				}
			}
			if got := read(f.zip(t), o); !strings.Contains(got, test.want) {
				t.Errorf("got %s\nwant %s", got, test.want)
			}
		})
	}
}

// dbf makes a table of one column and the cells of it.
func dbf(version, kind byte, width, decimals int, name string, cells ...string) []byte {
	b := []byte{version, 126, 1, 1}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(cells)))
	b = binary.LittleEndian.AppendUint16(b, 32+32+1)
	b = binary.LittleEndian.AppendUint16(b, uint16(width+1))
	b = append(b, make([]byte, 20)...)
	b = append(b, name+strings.Repeat("\x00", 11-len(name))...)
	b = append(b, kind, 0, 0, 0, 0, byte(width), byte(decimals))
	b = append(b, make([]byte, 14)...)
	b = append(b, '\r')
	for _, c := range cells {
		b = append(b, ' ')
		b = append(b, c+strings.Repeat(" ", width-len(c))...)
	}
	return append(b, 0x1a)
}

func bits(v any) string {
	b, err := binary.Append(nil, binary.LittleEndian, v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// TestCells has the types of values and the ways in which programs write none.
func TestCells(t *testing.T) {
	gbk := func(s string) string {
		out, err := simplifiedchinese.GBK.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, test := range map[string]struct {
		b    []byte
		want string
	}{
		"numbers":  {dbf(3, 'N', 12, 4, "n", "1.5000", "  -7", "***********", "", "1.0e3", "abc", "\x00\x00"), `["n"]|["1.5"]|["-7"]|[""]|[""]|["1000"]|["abc"]|[""]`},
		"floats":   {dbf(3, 'F', 19, 11, "f", "1.25000000000e+001"), `["f"]|["12.5"]`},
		"dates":    {dbf(3, 'D', 8, 0, "d", "20260131", "00000000", "        ", "1999"), `["d"]|["2026-01-31"]|[""]|[""]|["1999"]`},
		"truths":   {dbf(3, 'L', 1, 0, "l", "T", "n", "?", " ", "y"), `["l"]|["true"]|["false"]|[""]|[""]|["true"]`},
		"integers": {dbf(0x30, 'I', 4, 0, "i", bits(int32(-5))), `["i"]|["-5"]`},
		"doubles":  {dbf(0x30, 'B', 8, 0, "b", bits(0.1), bits(math.NaN())), `["b"]|["0.1"]|[""]`},
		"money":    {dbf(0x30, 'Y', 8, 0, "y", bits(int64(12345))), `["y"]|["1.2345"]`},
		"times":    {dbf(0x30, 'T', 8, 0, "t", bits([2]uint32{2461072, 3600_500}), bits([2]uint32{0, 0})), `["t"]|["2026-01-31T01:00:00.5"]|[""]`},
		"memo":     {dbf(0x83, 'M', 10, 0, "m", "1"), `note: column "m" of type M is not read|[]|[]`},
		"text":     {dbf(3, 'C', 6, 0, "c", " a  ", "b\x00cd"), `["c"]|[" a"]|["b"]`},
		"cut":      {dbf(3, 'C', 7, 0, "c", "路灯a"[:5]+"  ", "路灯\xe5"), `["c"]|c: ` + charset.Hint + ` (value "路\xe7\x81")|["路灯"] (c: the last character of "路灯" is cut off)`},
		"cut, GBK": {dbf(3, 'C', 5, 0, gbk("名称"), gbk("路灯")+"\xc2", gbk("路灯")), `note: the table is not UTF-8 and was read as gb18030; if that is wrong, name its encoding with --encoding|["名称"]|["路灯"] (名称: the last character of "路灯" is cut off)|["路灯"]`},
		"cut name": {dbf(3, 'C', 5, 0, "门牌号\xe7", "a"), `["门牌号"]|["a"]`},
		"all full": {dbf(3, 'C', 4, 0, "c", gbk("路灯"), gbk("井盖")), `["c"]|note: the table is not UTF-8 and was read as gb18030; if that is wrong, name its encoding with --encoding|["路灯"]|["井盖"]`},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.ReplaceAll(strings.TrimSpace(read(test.b, row.Options{})), "\n", "|")
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestFieldNames(t *testing.T) {
	gbk, err := charset.Lookup("gbk")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"id", "ID", "tree_height_m", "tree_height_ft", "门牌号码", "门牌号码甲乙丙", "🌳name"}
	for _, test := range []struct {
		e    charset.Encoding
		want []string
	}{
		{charset.UTF8, []string{"id", "ID_1", "tree_heigh", "tree_hei_1", "门牌号", "门牌_1", "🌳name"}},
		{gbk, []string{"id", "ID_1", "tree_heigh", "tree_hei_1", "门牌号码", "门牌号码甲", "_name"}},
	} {
		if got := shapefile.FieldNames(names, test.e); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.e.Name(), got, test.want)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	gbk, err := charset.Lookup("gbk")
	if err != nil {
		t.Fatal(err)
	}
	wide, err := charset.Lookup("utf-16")
	if err != nil {
		t.Fatal(err)
	}
	column := []row.Column{{Name: "c", Type: data.Text}}
	for name, test := range map[string]struct {
		layout row.Layout
		value  data.Value
		want   string
	}{
		"system":    {layout: row.Layout{CRS: lookup(t, "gcj02")}, want: "a shapefile cannot name the coordinate system gcj02"},
		"encoding":  {layout: row.Layout{Encoding: wide}, want: "utf-16 is no encoding for the cells of a dBASE table"},
		"columns":   {layout: row.Layout{Columns: make([]row.Column, 256)}, want: "the layer has 256 columns, a shapefile at most 255; write a GeoPackage"},
		"long":      {layout: row.Layout{Columns: column}, value: data.TextValue(data.Text, strings.Repeat("路", 85)), want: "c: has 255 bytes, a shapefile holds 254; write a GeoPackage"},
		"blank":     {layout: row.Layout{Columns: column}, value: data.TextValue(data.Text, "Lynch Family Skatepark "), want: `c: "Lynch Family Skatepark " ends with a blank, which a shapefile does not keep; take it away, or write a GeoPackage`},
		"blanks":    {layout: row.Layout{Columns: column}, value: data.TextValue(data.Text, " "), want: `c: " " ends with a blank`},
		"zero":      {layout: row.Layout{Columns: column}, value: data.TextValue(data.Text, "a\x00b"), want: `c: "a\x00b" holds the character 0`},
		"character": {layout: row.Layout{Columns: column, Encoding: gbk}, value: data.TextValue(data.Text, "🌳"), want: "c: '🌳' cannot be written in gbk"},
		"date":      {layout: row.Layout{Columns: []row.Column{{Name: "d", Type: data.Date}}}, value: data.WordValue(data.Date, 1<<40), want: "d: a shapefile has no date"},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := shapefile.NewEncoder(io.Discard, test.layout)
			if err == nil {
				defer e.Discard()
				err = e.Row(&row.Record{Values: []data.Value{test.value}})
			}
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// TestSinkStops hands the error of the sink on as it is.
func TestSinkStops(t *testing.T) {
	file, err := spool.Copy(bytes.NewReader(edit(t, func(files) {})), false, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stop := errors.New("enough")
	if err := shapefile.Read(context.Background(), file, row.Options{}, stopping{stop}); !errors.Is(err, stop) {
		t.Error(err)
	}
}

type stopping struct{ err error }

func (s stopping) Head(row.Head) error { return nil }
func (s stopping) Note(string)         {}
func (s stopping) Row(*row.Row) error  { return s.err }

// FuzzShapefile changes the parts, not the archive, whose checksums would give every change away.
func FuzzShapefile(f *testing.F) {
	for _, shapes := range []struct {
		kind geo.Kind
		text string
	}{{geo.KindPoint, "POINT(1 2)"}, {geo.KindPoint, "MULTIPOINT((1 2),(3 4))"}, {geo.KindPolygon, "POLYGON((0 0,9 0,9 9,0 0),(1 1,1 2,2 2,1 1))"}} {
		p := write(f, row.Layout{Kind: shapes.kind}, shapes.text, "")
		f.Add(p["lamps.shp"], p["lamps.shx"], p["lamps.dbf"], string(p["lamps.prj"]), string(p["lamps.cpg"]))
	}
	f.Add([]byte(nil), []byte(nil), dbf(0x30, 'T', 8, 0, "t", bits([2]uint32{2461072, 3600_500})), "", "")
	f.Fuzz(func(t *testing.T, shp, shx, dbf []byte, prj, cpg string) {
		parts := files{}
		for name, b := range map[string][]byte{"l.shp": shp, "l.shx": shx, "l.dbf": dbf, "l.prj": []byte(prj), "l.cpg": []byte(cpg)} {
			if len(b) > 0 {
				parts[name] = b
			}
		}
		read(parts.zip(t), row.Options{})
		read(shp, row.Options{})
		read(dbf, row.Options{})
	})
}
