package sheet_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/sheet"
	"github.com/gewu-city/gewu/data/convert/spool"
)

// rows writes down what is read, a line for each row.
type rows struct{ strings.Builder }

func (r *rows) Note(text string) { fmt.Fprintln(r, "note:", text) }

func (r *rows) Head(h row.Head) error {
	_, err := fmt.Fprintf(r, "%q\n", h.Columns)
	return err
}

func (r *rows) Row(in *row.Row) error {
	var err error
	if in.Fault != nil {
		_, err = fmt.Fprintf(r, "%d: %v\n", in.Line, in.Fault.Error())
	} else {
		_, err = fmt.Fprintf(r, "%q\n", in.Cells)
	}
	return err
}

func read(b []byte, table string) string {
	file, err := spool.Copy(bytes.NewReader(b), false, 0)
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	r := &rows{}
	if err := sheet.Read(nil, file, row.Options{Table: table}, r); err != nil { //nolint:staticcheck // nothing waits
		fmt.Fprintln(r, err)
	}
	return r.String()
}

var columns = []row.Column{
	{Name: "id", Type: data.Text},
	{Name: "名称", Type: data.Text},
	{Name: "n", Type: data.Int},
	{Name: "size", Type: data.Number},
	{Name: "open", Type: data.Bool},
	{Name: "day", Type: data.Date},
	{Name: "at", Type: data.Time},
	{Name: "local", Type: data.Time, Zone: time.FixedZone("", 8*3600)},
}

func write(t interface{ Fatal(...any) }, records ...[]data.Value) []byte {
	var b bytes.Buffer
	e, err := sheet.NewEncoder(&b, row.Layout{Name: "lamps", Title: "路灯[1]", Columns: columns})
	if err != nil {
		t.Fatal(err)
	}
	for _, values := range records {
		if err := e.Row(&row.Record{Values: values}); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func text(s string) data.Value { return data.TextValue(data.Text, s) }

// full is a record of all types.
func full(t testing.TB) []data.Value {
	t.Helper()
	at := time.Date(2026, 1, 31, 23, 59, 59, 500e6, time.UTC)
	return []data.Value{
		text("a"), text(`路 <灯> & "1"`), data.IntValue(-7), data.NumberValue(0.1), data.BoolValue(true), data.DateValue(at), data.TimeValue(at), data.TimeValue(at),
	}
}

// TestPeerReads lets excelize read what is written.
func TestPeerReads(t *testing.T) {
	b := write(t, full(t), make([]data.Value, len(columns)), []data.Value{text("00123"), text("=1+1"), data.IntValue(9007199254740993), {}, data.BoolValue(false), {}, {}, {}})
	f, err := excelize.OpenReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if names := f.GetSheetList(); !slices.Equal(names, []string{"路灯1"}) {
		t.Errorf("sheets %q", names)
	}
	got, err := f.GetRows("路灯1")
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"id", "名称", "n", "size", "open", "day", "at", "local"},
		{"a", `路 <灯> & "1"`, "-7", "0.1", "TRUE", "2026-01-31", "2026-01-31 23:59:59", "2026-02-01 07:59:59"},
		nil,
		{"00123", "=1+1", "9007199254740993", "", "FALSE"},
	}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("excelize reads %q", got)
	}
	if kind, err := f.GetCellType("路灯1", "B4"); err != nil || kind != excelize.CellTypeInlineString {
		t.Errorf("a text that looks like a formula is of type %v, %v", kind, err)
	}
}

// TestPeerWrites reads what excelize writes: shared texts, styles, formulas, errors.
func TestPeerWrites(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	style := func(format string) int {
		id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	builtIn, err := f.NewStyle(&excelize.Style{NumFmt: 14})
	if err != nil {
		t.Fatal(err)
	}
	set := func(cell string, value any, styles ...int) {
		if err := f.SetCellValue("Sheet1", cell, value); err != nil {
			t.Fatal(err)
		}
		for _, s := range styles {
			if err := f.SetCellStyle("Sheet1", cell, cell, s); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, name := range []string{" a ", "b", "c", "d", "e", "f", "g"} {
		set(fmt.Sprintf("%c2", 'A'+i), name)
	}
	set("A4", "same")
	set("B4", "same")
	set("C4", 1.5)
	set("D4", 0.25)
	set("E4", true)
	set("F4", time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), builtIn)
	set("G4", time.Date(2026, 1, 31, 8, 30, 0, 0, time.UTC), style("yyyy/m/d h:mm"))
	set("A5", 46053, style(`yyyy"年"m"月"d"日"`))
	set("B5", 46053, style("General"))
	set("C5", 46053, style(`0.00 "m"`))
	set("D5", 46053.5, style("[h]:mm"))
	set("E5", 0.25, style("h:mm"))
	set("F5", 1, style("[$-804]yyyy-mm-dd;@"))
	set("G5", "a\nb")
	if err := f.SetCellFormula("Sheet1", "A7", "1+1"); err != nil {
		t.Fatal(err)
	}
	set("B8", "outside")
	set("I8", "beyond")
	if err := f.SetCellRichText("Sheet1", "A9", []excelize.RichTextRun{{Text: "两"}, {Text: "段", Font: &excelize.Font{Bold: true}}}); err != nil {
		t.Fatal(err)
	}
	if err := f.MergeCell("Sheet1", "B9", "C10"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.NewSheet("empty"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	want := `note: 1 groups of cells are merged; only the first cell of each has its value
["a" "b" "c" "d" "e" "f" "g"]
["same" "same" "1.5" "0.25" "true" "2026-01-31" "2026-01-31T08:30:00"]
["2026-01-31" "46053" "46053" "46053.5" "06:00:00" "1900-01-01" "a\nb"]
7: a: is a formula without a result; save the book with a spreadsheet program
8: column I: has a value, but no name in the first row (value "beyond")
["两段" "" "" "" "" "" ""]
`
	if got := read(b.Bytes(), ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := read(b.Bytes(), "empty"); got != "the sheet is empty; the first row must name the columns\n" {
		t.Error(got)
	}
	if got := read(b.Bytes(), "none"); got != `the book has no sheet "none"; it holds Sheet1, empty`+"\n" {
		t.Error(got)
	}
}

func TestWriteAndRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		anyText := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"_x0041_", "__x0041_", "_x", "\r\n", "\x00\x1f", "\ufffe", " a ", "]]>", "&lt;"}))
		values := make([]data.Value, len(columns))
		for i, c := range columns {
			switch c.Type {
			case data.Int:
				values[i] = data.IntValue(rapid.Int64().Draw(t, "int"))
			case data.Number:
				values[i] = data.NumberValue(rapid.Float64().Filter(func(f float64) bool { return f-f == 0 }).Draw(t, "number"))
			case data.Bool:
				values[i] = data.BoolValue(rapid.Bool().Draw(t, "bool"))
			case data.Date:
				values[i] = data.WordValue(data.Date, uint64(rapid.Int64Range(-30_000, 40_000).Draw(t, "day")))
			case data.Time:
				step := rapid.SampledFrom([]int64{1, 1000, 1_000_000}).Draw(t, "step")
				values[i] = data.WordValue(data.Time, uint64(rapid.Int64Range(-3e9/step*1e6, 3e9/step*1e6).Draw(t, "time")*step))
			default:
				if s := anyText.Draw(t, "text"); s != "" {
					values[i] = text(s)
				}
			}
		}
		values[0] = text("a" + values[0].Text())
		got := read(write(t, values), "")
		r := &check{t: t, want: values}
		file, err := spool.Copy(bytes.NewReader(write(t, values)), false, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := sheet.Read(nil, file, row.Options{}, r); err != nil || r.rows != 1 { //nolint:staticcheck // nothing waits
			t.Fatalf("%v\n%s", err, got)
		}
	})
}

// check compares the cells of one row with values.
type check struct {
	t    *rapid.T
	want []data.Value
	rows int
}

func (c *check) Note(string)         {}
func (c *check) Head(row.Head) error { return nil }
func (c *check) Row(r *row.Row) error {
	c.rows++
	for i, text := range r.Cells {
		v, err := data.ParseValue(columns[i].Type, text, columns[i].Zone)
		if err != nil || v != c.want[i] {
			c.t.Fatalf("%s: %q is %v, %v, want %v", columns[i].Name, text, v, err, c.want[i])
		}
	}
	return nil
}

// parts are the members of a book.
type parts map[string]string

func (p parts) zip(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(p)) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, err = io.WriteString(w, p[name])
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

// plain are the parts of a book without rows.
func plain(t testing.TB) parts {
	t.Helper()
	whole := write(t)
	z, err := zip.NewReader(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	p := parts{}
	for _, m := range z.File {
		r, err := m.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		p[m.Name] = string(b)
	}
	return p
}

// book is a book with the rows of a sheet.
func book(t testing.TB, rows string, change func(p parts)) []byte {
	t.Helper()
	p := plain(t)
	p["xl/worksheets/sheet1.xml"] = `<worksheet xmlns="x"><sheetData>` + rows + `</sheetData></worksheet>`
	if change != nil {
		change(p)
	}
	return p.zip(t)
}

const header = `<row><c t="inlineStr"><is><t>a</t></is></c><c t="str"><v>b</v></c></row>`

func TestFaults(t *testing.T) {
	const head = `["a" "b"]` + "\n"
	shared := func(text string) func(p parts) {
		return func(p parts) {
			p["xl/_rels/workbook.xml.rels"] = strings.Replace(p["xl/_rels/workbook.xml.rels"], "</Relationships>", `<Relationship Id="s" Type="x/sharedStrings" Target="/xl/shared.xml"/></Relationships>`, 1)
			p["xl/shared.xml"] = text
		}
	}
	for name, test := range map[string]struct {
		b    []byte
		want string
	}{
		"nothing":   {nil, "the file is not a ZIP archive, or its end is missing\n"},
		"old":       {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "the file is an old spreadsheet (.xls) or one with a password; save it as .xlsx without\n"},
		"CSV":       {[]byte("a,b\n1,2\n"), "the file is not a ZIP archive, or its end is missing\n"},
		"other zip": {parts{"a.txt": "x"}.zip(t), "the archive is no spreadsheet: it has no workbook\n"},
		"empty":     {book(t, "", nil), "the sheets of the book are empty; the first row must name the columns\n"},
		"no sheet":  {book(t, "", func(p parts) { delete(p, "xl/worksheets/sheet1.xml") }), "the book has no part xl/worksheets/sheet1.xml\n"},
		"torn": {book(t, header+"<row>", func(p parts) {
			p["xl/worksheets/sheet1.xml"] = strings.Split(p["xl/worksheets/sheet1.xml"], "</sheetData>")[0]
		}), head + "xl/worksheets/sheet1.xml: line 1: the file is no XML: unexpected EOF\n"},
		"torn styles": {book(t, header, func(p parts) { p["xl/styles.xml"] = "<a" }), "xl/styles.xml: line 1: the file is no XML: unexpected EOF\n"},
		"plain":       {book(t, header+`<row r="7"><c r="B7"><v>2.50</v></c></row><row/><row><c><v> </v></c></row>`, nil), head + `["" "2.5"]` + "\n"},
		"merged header": {book(t, header, func(p parts) {
			p["xl/worksheets/sheet1.xml"] = strings.Replace(p["xl/worksheets/sheet1.xml"], "</worksheet>", `<mergeCells><mergeCell ref="A1:B1"/></mergeCells></worksheet>`, 1)
		}), "xl/worksheets/sheet1.xml: row 1 must name the columns, but its cells A1:B1 are merged; give each column a name of its own in one row\n"},
		"shared":    {book(t, `<row><c t="s"><v>0</v></c></row><row><c t="s"><v>1</v></c></row><row><c t="s"><v>9</v></c></row>`, shared(`<sst><si><t>a</t></si><si><r><t>x</t></r><rPh><t>no</t></rPh><r><t>y</t></r></si></sst>`)), `["a"]` + "\n" + `["xy"]` + "\n3: a: is a shared text that the book does not have (value \"9\")\n"},
		"no shared": {book(t, header, func(p parts) { shared("")(p); delete(p, "xl/shared.xml") }), "the book has no part xl/shared.xml\n"},
		"errors":    {book(t, header+`<row><c t="e"><v>#N/A</v></c></row>`, nil), head + "2: a: is an error of the spreadsheet (value \"#N/A\")\n"},
		"ISO dates": {book(t, header+`<row><c t="d"><v>2026-01-31T00:00:00Z</v></c><c t="d"><v>2026-01-31T08:00:00</v></c></row>`, nil), head + `["2026-01-31" "2026-01-31T08:00:00"]` + "\n"},
		"column":    {book(t, header+`<row><c r="ZZZZZ1"><v>1</v></c></row>`, nil), head + "xl/worksheets/sheet1.xml: row 2: cell \"ZZZZZ1\" is beyond the last column a sheet can have\n"},
		"no column": {book(t, header+`<row><c r="17"><v>1</v></c></row>`, nil), head + "xl/worksheets/sheet1.xml: row 2: cell \"17\" is beyond the last column a sheet can have\n"},
		"row":       {book(t, header+`<row r="9999999"><c><v>1</v></c></row>`, nil), head + "xl/worksheets/sheet1.xml: row 9999999 is beyond the last one a sheet can have\n"},
		"1904": {book(t, header+`<row><c s="3"><v>0.5</v></c><c s="3"><v>-1</v></c></row>`, func(p parts) {
			p["xl/workbook.xml"] = strings.Replace(p["xl/workbook.xml"], "<sheets>", `<workbookPr date1904="1"/><sheets>`, 1)
		}), head + `["1904-01-01T12:00:00" "-1"]` + "\n"},
		"beyond dates": {book(t, header+`<row><c s="3"><v>9e9</v></c><c s="3"><v>60</v></c></row>`, nil), head + `["9000000000" "1900-02-28"]` + "\n"},
		"several": {book(t, header, func(p parts) {
			p["xl/workbook.xml"] = strings.Replace(p["xl/workbook.xml"], "</sheets>", `<sheet name="two" r:id="rId1"/><sheet name="hidden" state="hidden" r:id="rId1"/></sheets>`, 1)
		}), "the book holds 路灯1, two; say which with --table\n"},
		"prefixed": {book(t, "", func(p parts) {
			p["xl/worksheets/sheet1.xml"] = `<x:worksheet xmlns:x="x"><x:sheetData><x:row><x:c t="str"><x:v>a</x:v></x:c></x:row></x:sheetData><x:mergeCells><x:mergeCell ref="A5:A6"/></x:mergeCells></x:worksheet>`
		}), "note: 1 groups of cells are merged; only the first cell of each has its value\n" + `["a"]` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := read(test.b, ""); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestWriteRefuses(t *testing.T) {
	if _, err := sheet.NewEncoder(io.Discard, row.Layout{Columns: make([]row.Column, 16385)}); fmt.Sprint(err) != "the layer has 16385 columns, a sheet at most 16384" {
		t.Error(err)
	}
	e, err := sheet.NewEncoder(io.Discard, row.Layout{Name: "a", Columns: columns[:1]})
	if err != nil {
		t.Fatal(err)
	}
	err = e.Row(&row.Record{Values: []data.Value{text(strings.Repeat("🌳", 16384))}})
	if fmt.Sprint(err) != "id: has 32768 characters, a cell holds 32767; write CSV or a GeoPackage" {
		t.Error(err)
	}
	if testing.Short() {
		return
	}
	r := &row.Record{Values: []data.Value{{}}}
	for range 1<<20 - 1 {
		if err := e.Row(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Row(r); fmt.Sprint(err) != "a sheet has at most 1048576 rows; write CSV or a GeoPackage" {
		t.Error(err)
	}
}

// FuzzSheet changes the parts of a book, not the archive, whose checksums would give every change away.
func FuzzSheet(f *testing.F) {
	f.Add(`<worksheet><sheetData>`+header+`<row><c s="3"><v>1</v></c><c t="s"><v>0</v></c></row></sheetData><mergeCells><mergeCell ref="A5:B6"/></mergeCells></worksheet>`, `<sst><si><t>a_x0041_</t></si></sst>`, `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy"/></numFmts><cellXfs><xf numFmtId="164"/></cellXfs></styleSheet>`)
	base := plain(f)
	base["xl/_rels/workbook.xml.rels"] = strings.Replace(base["xl/_rels/workbook.xml.rels"], "</Relationships>", `<Relationship Id="s" Type="x/sharedStrings" Target="/xl/shared.xml"/></Relationships>`, 1)
	f.Fuzz(func(t *testing.T, rows, shared, styles string) {
		p := maps.Clone(base)
		p["xl/worksheets/sheet1.xml"], p["xl/shared.xml"], p["xl/styles.xml"] = rows, shared, styles
		read(p.zip(t), "")
	})
}
