package batch

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/server/answer"
	"github.com/gewu-city/gewu/server/rest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// nowhere is a job over a city without layers.
func nowhere(t *testing.T) Job {
	t.Helper()
	crs, err := proj.Lookup("EPSG:4326")
	if err != nil {
		t.Fatal(err)
	}
	return Job{
		Locator: grid.NewLocator(), World: index.NewEngine(indextest.NewLog()).World, CRS: crs, RowBytes: 1 << 10,
		Ask: grid.Ask{Areas: true, Cells: true, AddressMeters: 200}, Include: answer.Areas | answer.Cells | answer.Address,
	}
}

// TestOrder answers more rows than are held back at once, in order, however the input is cut.
func TestOrder(t *testing.T) {
	var in, want strings.Builder
	in.WriteString("id,lon,lat\n")
	want.WriteString("id,lon,lat,address,address_m,error\n")
	for i := range 50_007 {
		fmt.Fprintf(&in, "%d,121,25\n", i)
		fmt.Fprintf(&want, "%d,121,25,,,\n", i)
	}
	for name, from := range map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r }, "by the byte": iotest.OneByteReader, "halves": iotest.HalfReader,
	} {
		var out strings.Builder
		if err := nowhere(t).CSV(from(strings.NewReader(in.String())), &out); err != nil || out.String() != want.String() {
			t.Errorf("%s: %v\n%.300s", name, err, out.String())
		}
	}
}

// TestWorldIsRefreshed asks for the newest World now and then.
func TestWorldIsRefreshed(t *testing.T) {
	job := nowhere(t)
	world, asked := job.World, 0
	job.World = func() *index.World { asked++; return world() }
	if err := job.NDJSON(strings.NewReader(strings.Repeat(`{"note":"`+strings.Repeat("x", 100)+"\"}\n", 3*refreshRows)), io.Discard); err != nil {
		t.Fatal(err)
	}
	if asked != 4 {
		t.Errorf("asked %d times", asked)
	}
}

// TestBrokenStreams returns the errors of both ends, and what the client did wrong before anything is written.
func TestBrokenStreams(t *testing.T) {
	broken := errors.New("broken")
	for name, run := range map[string]func(Job, io.Reader, io.Writer) error{"csv": Job.CSV, "ndjson": Job.NDJSON} {
		rows := "lon,lat\n" + strings.Repeat("1,1\n", 10)
		if err := run(nowhere(t), io.MultiReader(strings.NewReader(rows), iotest.ErrReader(broken)), io.Discard); !errors.Is(err, broken) {
			t.Errorf("%s: input: %v", name, err)
		}
		if err := run(nowhere(t), strings.NewReader(rows), failing{broken}); !errors.Is(err, broken) {
			t.Errorf("%s: output: %v", name, err)
		}
	}
	var out strings.Builder
	err := nowhere(t).CSV(strings.NewReader("a,b\n1,2\n"), &out)
	if p, ok := errors.AsType[*rest.Problem](err); !ok || p.Kind != rest.BadRequest || out.Len() > 0 {
		t.Errorf("%v, written %q", err, out.String())
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestPanicReachesTheCaller lets whoever recovers for the request see a fault of another goroutine.
func TestPanicReachesTheCaller(t *testing.T) {
	job := nowhere(t)
	job.CRS = nil
	defer func() {
		if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), "batch.go") {
			t.Errorf("recovered %v", v)
		}
	}()
	_ = job.NDJSON(strings.NewReader(strings.Repeat(`{"lon":1,"lat":1}`+"\n", 200)), io.Discard)
	t.Error("no panic")
}

// TestRowsAreCutAsEncodingCSVReadsThem compares where rows end, and what is in them, with encoding/csv, for random text
// in random pieces.
func TestRowsAreCutAsEncodingCSVReadsThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"\"", "\"\"", ",", "\n", "\r\n", "\r", "a", " ", "路", "12.5"})).Draw(t, "text"), "")
		var want []string
		in := csv.NewReader(strings.NewReader(text))
		in.FieldsPerRecord = -1
		for {
			record, err := in.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if bad, ok := errors.AsType[*csv.ParseError](err); ok {
				want = append(want, fmt.Sprintf("line %d: %v", bad.Line, bad.Err))
				continue
			}
			want = append(want, fmt.Sprintf("%q", record))
		}
		var got []string
		tab := &table{line: 1}
		var buf []byte
		for left := text; ; {
			n := rapid.IntRange(0, len(left)).Draw(t, "piece")
			buf = append(buf, left[:n]...)
			left = left[n:]
			rows, used := tab.cut(nil, buf, left == "")
			for _, r := range rows {
				record, err := fields(r)
				if bad, ok := errors.AsType[*csv.ParseError](err); ok {
					got = append(got, fmt.Sprintf("line %d: %v", r.line+bad.Line-1, bad.Err))
					continue
				}
				if err != nil {
					t.Fatalf("row %q: %v", r.text, err)
				}
				if plain := strings.Split(string(r.text), ","); !r.quoted && !slices.Equal(plain, record) {
					t.Fatalf("row %q is not what lies between commas", r.text)
				}
				got = append(got, fmt.Sprintf("%q", record))
			}
			buf = buf[used:]
			if left == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q is cut into\n%v\nwant\n%v", text, got, want)
		}
	})
}

// TestLargeGeometries asks for leave before it looks at a large geometry, once for each, and says when there is none.
func TestLargeGeometries(t *testing.T) {
	job := nowhere(t)
	job.RowBytes = 1 << 20
	entered, left := 0, 0
	job.Large = func() (func(), error) {
		if entered++; entered > 2 {
			return nil, errors.New("busy")
		}
		return func() { left++ }, nil
	}
	small := `{"type":"LineString","coordinates":[[121,25],[121.1,25]]}` + "\n"
	large := `{"type":"LineString","coordinates":[` + strings.Repeat("[121,25],[121.1,25],", LargeBytes/20+1) + "[121,25]]}\n"
	var out strings.Builder
	if err := job.NDJSON(strings.NewReader(small+large+large+large+small), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if entered != 3 || left != 2 || len(lines) != 5 || !strings.HasSuffix(lines[3], `"error":"geometry: busy"}`) || strings.Contains(lines[2], `"error"`) || strings.Contains(lines[4], `"error"`) {
		t.Errorf("%d entered, %d left, %d lines", entered, left, len(lines))
	}
}
