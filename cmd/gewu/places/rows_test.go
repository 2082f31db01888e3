package places_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/gewu-city/gewu/cmd/gewu/places"
)

// rowCity answers rows: each with the length of its text as lon, an error for an empty one. It breaks off after most rows.
type rowCity struct {
	fakeCity
	most int
	sent []string // the first cells of the rows that came
}

func (f *rowCity) Do(_ context.Context, method, path string, query url.Values, kind string, body io.Reader) (*http.Response, error) {
	if method != http.MethodPost || path != "/v1/geocode" {
		return nil, fmt.Errorf("%s %s", method, path)
	}
	from, to := io.Pipe()
	go func() { to.CloseWithError(f.answer(kind, query.Get("column"), body, to)) }()
	return &http.Response{StatusCode: http.StatusOK, Body: from}, nil
}

func (f *rowCity) answer(kind, column string, body io.Reader, out io.Writer) error {
	if kind == "application/x-ndjson" {
		text, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		for line := range strings.FieldsFuncSeq(string(text), func(r rune) bool { return r == '\n' }) {
			if len(f.sent) == f.most {
				return io.ErrUnexpectedEOF
			}
			f.sent = append(f.sent, line)
			fmt.Fprintf(out, "%s,\"cells\":[]}\n", strings.TrimSuffix(line, "}"))
		}
		return nil
	}
	in := csv.NewReader(body)
	in.FieldsPerRecord = -1
	header, err := in.Read()
	if err != nil {
		return err
	}
	at := 0
	for i, name := range header {
		if name == column {
			at = i
		}
	}
	table := csv.NewWriter(out)
	defer table.Flush()
	label := slices.Index(header, "label")
	put := func(row []string, lon, name, why string) {
		if label >= 0 {
			row[label] = name
			table.Write(append(row, lon, why))
			return
		}
		table.Write(append(row, lon, name, why))
	}
	put(header, "lon", "label", "error")
	for n := 0; ; n++ {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if _, wrong := errors.AsType[*csv.ParseError](err); err != nil && !wrong {
			return err
		}
		if n == f.most {
			table.Flush()
			return io.ErrUnexpectedEOF
		}
		if len(row) == 0 {
			row = []string{""}
		}
		f.sent = append(f.sent, row[0])
		wide := len(row) == len(header)
		row = append(row, slices.Repeat([]string{""}, len(header))...)[:len(header):len(header)]
		switch {
		case !wide || !utf8.ValidString(row[at]):
			row[at] = strings.ToValidUTF8(row[at], "\ufffd")
			put(row, "", "", "the row is wrong")
		case row[at] == "":
			put(row, "", "", "no place found")
		default:
			put(row, fmt.Sprint(len(row[at]), ".5"), "in "+row[at], "")
		}
	}
}

func (f *rowCity) run(g places.Geocode, in string) (out, complaints string, err error) {
	var o, c strings.Builder
	e := f.env(in, &o, &c)
	e.WithCity = func(do func(context.Context, places.Client) error) error { return do(context.Background(), f) }
	e.MayWrite = func(string) error { return nil }
	e.Bar = func(string, int64) places.Bar { return noBar{} }
	err = g.Run(e)
	return o.String(), c.String(), err
}

type noBar struct{}

func (noBar) Set(int64) {}
func (noBar) Finish()   {}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	put(t, path, text)
	return path
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestRows answers files and standard input.
func TestRows(t *testing.T) {
	const table, answers = "id,q\n1,abc\n2,\n3,\"a,b\"\n", "id,q,lon,label,error\n1,abc,3.5,in abc,\n2,,,,no place found\n3,\"a,b\",3.5,\"in a,b\",\n"
	out, _, err := (&rowCity{most: -1}).run(places.Geocode{Column: "q"}, table)
	if err != nil || out != answers {
		t.Errorf("standard input: %v\n%s", err, out)
	}
	to := filepath.Join(t.TempDir(), "out.csv")
	_, told, err := (&rowCity{most: -1}).run(places.Geocode{In: write(t, "in.csv", table), Column: "q", Out: to}, "")
	if err != nil || read(t, to) != answers || told != "3 rows answered, 1 without a place: see error\n" {
		t.Errorf("file: %v %s\n%s", err, told, read(t, to))
	}
	gb, err := simplifiedchinese.GB18030.NewEncoder().String("编号,q\n1,和平路\n")
	if err != nil {
		t.Fatal(err)
	}
	out, _, err = (&rowCity{most: -1}).run(places.Geocode{In: write(t, "in.csv", gb), Column: "q", Encoding: "gb18030"}, "")
	if err != nil || out != "编号,q,lon,label,error\n1,和平路,9.5,in 和平路,\n" {
		t.Errorf("encoding: %v\n%s", err, out)
	}
	out, _, err = (&rowCity{most: -1}).run(places.Geocode{}, "{\"q\":1}\n")
	if err != nil || out != "{\"q\":1,\"cells\":[]}\n" {
		t.Errorf("objects: %v\n%s", err, out)
	}
}

// TestBooks reads a spreadsheet and writes one.
func TestBooks(t *testing.T) {
	f := excelize.NewFile()
	for i, row := range [][]any{{"编号", "地址", "注"}, {1, "和平路1号"}, {2, nil, "x"}, {"003", "信义路", "y"}} {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.xlsx"), filepath.Join(dir, "out.xlsx")
	if err := f.SaveAs(in); err != nil {
		t.Fatal(err)
	}
	_, told, err := (&rowCity{most: -1}).run(places.Geocode{In: in, Column: "地址", Out: out}, "")
	if err != nil || told != "3 rows answered, 1 without a place: see error\n" {
		t.Fatalf("%v %s", err, told)
	}
	got, err := excelize.OpenFile(out)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	rows, err := got.GetRows(got.GetSheetName(0))
	want := "[[编号 地址 注 lon label error] [1 和平路1号  13.5 in 和平路1号] [2  x   no place found] [003 信义路 y 9.5 in 信义路]]"
	if err != nil || fmt.Sprint(rows) != want {
		t.Errorf("%v\n%v\nwant\n%s", err, rows, want)
	}
	if kind, _ := got.GetCellType(got.GetSheetName(0), "D2"); kind != excelize.CellTypeNumber && kind != excelize.CellTypeUnset {
		t.Errorf("lon is of type %v", kind)
	}
	// One that is cut off leaves no file.
	cut := filepath.Join(dir, "cut.xlsx")
	if _, _, err := (&rowCity{most: 1}).run(places.Geocode{In: in, Column: "地址", Out: cut}, ""); err == nil {
		t.Error("a broken answer is not told")
	}
	if left, _ := filepath.Glob(cut + "*"); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
	if _, _, err := (&rowCity{most: -1}).run(places.Geocode{In: write(t, "in.xlsx", "no book"), Out: cut}, ""); err == nil {
		t.Error("a file that is no spreadsheet is accepted")
	}
}

// TestResume cuts outputs anywhere, as a crash does, and goes on: the result is always that of one run, and no row that
// was done is asked for again.
func TestResume(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 7))
	var table, objects strings.Builder
	table.WriteString("\ufeffid,q\r\n")
	for i := range 40 {
		switch i % 5 {
		case 0:
			fmt.Fprintf(&table, "%d,\"two\nlines, \"\"%d\"\"\"\n\n", i, i)
		case 1:
			fmt.Fprintf(&table, "%d,\n", i)
		case 2:
			fmt.Fprintf(&table, "%d\n", i) // too short
		default:
			fmt.Fprintf(&table, "%d,x%d\r\n", i, i)
		}
		fmt.Fprintf(&objects, "{\"id\":%d,\"q\":\"x\"}\n\n", i)
	}
	for _, kind := range []string{"csv", "ndjson"} {
		in := write(t, "in."+kind, map[string]string{"csv": table.String(), "ndjson": objects.String()}[kind])
		whole := filepath.Join(t.TempDir(), "whole."+kind)
		if _, _, err := (&rowCity{most: -1}).run(places.Geocode{In: in, Column: "q", Out: whole}, ""); err != nil {
			t.Fatal(err)
		}
		want := read(t, whole)
		for range 200 {
			at := random.IntN(len(want) + 1)
			out := write(t, "out."+kind, want[:at])
			c := &rowCity{most: -1}
			_, told, err := c.run(places.Geocode{In: in, Column: "q", Out: out, Resume: true}, "")
			if err != nil || read(t, out) != want {
				t.Fatalf("%s cut at %d of %d: %v %s\n%s", kind, at, len(want), err, told, read(t, out))
			}
			if strings.Contains(told, " after ") {
				var n, done int
				if _, err := fmt.Sscanf(told, "%d rows answered after %d that", &n, &done); err != nil || n != len(c.sent) || n+done != 40 {
					t.Fatalf("%s cut at %d: %s sent %d", kind, at, told, len(c.sent))
				}
			}
		}
		// A server that breaks off again and again.
		out, n := filepath.Join(t.TempDir(), "out."+kind), 0
		for ; ; n++ {
			_, _, err := (&rowCity{most: 7}).run(places.Geocode{In: in, Column: "q", Out: out, Resume: true}, "")
			if err == nil {
				break
			}
			if !strings.Contains(err.Error(), "--resume goes on behind them") || n > 10 {
				t.Fatal(err)
			}
		}
		if read(t, out) != want || n != 5 {
			t.Errorf("%s: after %d runs\n%s", kind, n, read(t, out))
		}
	}
}

// TestRowsRefused looks at what cannot be.
func TestRowsRefused(t *testing.T) {
	in := write(t, "in.csv", "id,q\n1,a\n")
	other := write(t, "out.csv", "name,lon,label,error\nx,1,,\n")
	longer := write(t, "out.csv", "id,q,lon,label,error\n1,a,1.5,in a,\n2,b,1.5,in b,\n")
	for _, tc := range []struct {
		name  string
		flags places.Geocode
		stdin string
		want  string
	}{
		{"nothing", places.Geocode{}, "", "there is nothing to look for"},
		{"text and file", places.Geocode{Text: []string{"x"}, In: in}, "", "leave out TEXT"},
		{"objects from a table", places.Geocode{In: in, Out: "x.ndjson"}, "", "objects stay objects"},
		{"no such file", places.Geocode{In: in + "x"}, "", "no such file"},
		{"over itself", places.Geocode{In: in, Out: in}, "", "is the input itself"},
		{"resume nothing", places.Geocode{In: in, Resume: true}, "", "give --in and --out"},
		{"resume a book", places.Geocode{In: in, Out: "x.xlsx", Resume: true}, "", "a spreadsheet is written"},
		{"other columns", places.Geocode{In: in, Out: other, Resume: true}, "", "it belongs to another input"},
		{"more rows", places.Geocode{In: in, Out: longer, Resume: true}, "", "the output has 2 rows and"},
		{"encoding", places.Geocode{In: in, Encoding: "klingon"}, "", "klingon"},
	} {
		if _, _, err := (&rowCity{most: -1}).run(tc.flags, tc.stdin); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", tc.name, err, tc.want)
		}
	}
}
