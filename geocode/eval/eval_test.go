package eval

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/noise"
)

var update = flag.Bool("update", false, "write golden files")

func at(t testing.TB, lon, lat float64) geo.Point {
	t.Helper()
	p, ok := geo.FromDegrees(lon, lat)
	if !ok {
		t.Fatal(lon, lat)
	}
	return p
}

func TestRead(t *testing.T) {
	taipei := at(t, 121.5678676, 25.0639259)
	for name, c := range map[string]struct {
		file string
		want []Case
	}{
		"table": {
			"# our own cases\r\nquery\tclass\tid\tlon\tlat\ttolerance_m\tnone\tnote\r\n\r\n" +
				"塔悠路328號\tours\taddresses/a1 addresses/b/2\t\t\t\t\tboth doors\r\n" +
				"  塔悠路 328\tours\t\t121.5678676\t25.0639259\t50\tfalse\r\n" +
				"\"say \"\"hello\"\"\"\tno place\t\t\t\t\tTrue\t\t\r\n",
			[]Case{
				{Query: "塔悠路328號", Class: "ours", IDs: []string{"addresses/a1", "addresses/b/2"}, Row: 4},
				{Query: "  塔悠路 328", Class: "ours", At: taipei, Placed: true, ToleranceM: 50, Row: 5},
				{Query: `say "hello"`, Class: "no place", None: true, Row: 6},
			},
		},
		"objects": {
			`{"query":"a\tb","class":"x","id":["l/1","l/2"],"lon":121.5678676,"lat":"25.0639259"}` + "\n" +
				`{"query":"","class":"x","none":true,"note":"nothing"}`,
			[]Case{
				{Query: "a\tb", Class: "x", IDs: []string{"l/1", "l/2"}, At: taipei, Placed: true, Row: 1},
				{Class: "x", None: true, Row: 2},
			},
		},
		"other order, mark": {"\ufeffnone\tclass\tquery\nyes\tx\tthanks", []Case{{Query: "thanks", Class: "x", None: true, Row: 2}}},
		"nothing":           {"", nil},
	} {
		got, err := Read(strings.NewReader(c.file), "f")
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for i := range c.want {
			c.want[i].File = "f"
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.TrimPrefix(c.file, "\ufeff"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err = Read(strings.NewReader(wide), "f"); err != nil || cmp.Diff(c.want, got) != "" {
			t.Errorf("%s in UTF-16: %v %v", name, got, err)
		}
	}
}

// TestMessages shows every message about a wrong row.
func TestMessages(t *testing.T) {
	const header = "query\tclass\tid\tlon\tlat\ttolerance_m\tnone\n"
	for _, c := range []struct{ file, want string }{
		{"question\tclass\n", `f: row 1: header: no such column; columns are query, class, id, lon, lat, tolerance_m, none, note, with tabs between them (value "question")`},
		{"query,class\n", `f: row 1: header: no such column; columns are query, class, id, lon, lat, tolerance_m, none, note, with tabs between them (value "query,class")`},
		{"class\tclass\n", `f: row 1: header: stands twice (value "class")`},
		{"class\tid\n", "f: row 1: header: wants a column query; the first line names the columns, with tabs between them (value \"class\\tid\")"},
		{header + "q\tc\t\t\t\t\t\tmore", `f: row 2: column 8: has no name in the header (value "more")`},
		{header + "q\tc\ta1", `f: row 2: id: names a feature as layer/id, several with spaces between them (value "a1")`},
		{header + "q\tc\t\t\t\t\tmaybe", `f: row 2: none: is true for a text that names no place, else empty (value "maybe")`},
		{header + "q\tc\t\t1\t2\t0", `f: row 2: tolerance_m: is a distance in metres above 0 and up to 100000 (value "0")`},
		{header + "q\tc\t\t1\t2\tNaN", `f: row 2: tolerance_m: is a distance in metres above 0 and up to 100000 (value "NaN")`},
		{header + "q\tc\t\t1\t\t5", `f: row 2: lat: is missing beside the other one of lon and lat`},
		{header + "q\tc\t\t25.1\t121.5\t5", `f: row 2: lat: is a number of degrees from -90 to 90; lon and lat may be the other way round (value "121.5")`},
		{header + "q\tc\t\t1°\t2\t5", `f: row 2: lon: is a number of degrees from -180 to 180 (value "1°")`},
		{header + "q\tc\t\t1\t2\t", `f: row 2: tolerance_m: is missing: how many metres from lon, lat are right`},
		{header + "q\tc\tl/1\t\t\t5", `f: row 2: tolerance_m: says how far from lon, lat is right, which are missing (value "5")`},
		{header + "q\t\tl/1", `f: row 2: class: is missing; cases are counted by class, any word will do`},
		{header + "q\tc\tl/1\t\t\t\ttrue", `f: row 2: none: a text that names no place has no id, lon, lat or tolerance_m (value "true")`},
		{header + " \tc\tl/1", `f: row 2: query: is empty; only a text that names no place may be (value " ")`},
		{header + "q\tc", `f: row 2: id: nothing says what is right: give id, or lon, lat and tolerance_m, or none`},
		{header + "\xb6\xab\tc\tl/1", `f: row 2: is not UTF-8; save the file as UTF-8, or from a spreadsheet as Unicode text`},
		{`{"query":"q","group":"c"}`, `f: row 1: group: no such member; members are query, class, id, lon, lat, tolerance_m, none, note (value "\"c\"")`},
		{`{"query":"q","id":[1]}`, `f: row 1: id: is not a list of texts (value "[1]")`},
		{`{"query":{}}`, `f: row 1: query: is an object (value "{}")`},
		{`{"query":"q"`, `f: row 1: is no JSON object on one line: unexpected end of JSON input`},
		{header + strings.Repeat("q", mostLine+1), `f: row 2: is longer than 1048576 bytes`},
	} {
		_, err := Read(strings.NewReader(c.file), "f")
		var row *RowError
		if err == nil || err.Error() != c.want || !errors.As(err, &row) || row.File != "f" {
			t.Errorf("%.60q:\n%v, want\n%s", c.file, err, c.want)
		}
	}
	cases, err := Read(strings.NewReader(header+"q\tc\tl/1\n"+strings.Repeat("q\tc\n", 30)), "f")
	if len(cases) != 1 || strings.Count(err.Error(), "nothing says") != mostErrors || !errors.Is(err, errMore) {
		t.Errorf("%d cases: %v", len(cases), err)
	}
	var field *data.FieldError
	if !errors.As(err, &field) || field.Field != "id" {
		t.Errorf("no field: %v", err)
	}
}

// TestWriteRead draws cases and reads what was written.
func TestWriteRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want []Case
		for i := range rapid.IntRange(0, 4).Draw(t, "n") {
			c := Case{
				Query: rapid.StringN(1, 20, -1).Draw(t, "query"), File: "f", Row: i + 1,
				Class: rapid.StringMatching(`[a-z_号]{1,9}`).Draw(t, "class"),
			}
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				c.None = true
			case 1:
				c.IDs = rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,5}/[A-Z0-9/-]{1,9}`), 1, 3).Draw(t, "ids")
			default:
				c.Placed, c.ToleranceM = true, rapid.Float64Range(0.001, mostTolerance).Draw(t, "tolerance")
				c.At = geo.Point{X: rapid.Int32Range(-180*geo.Unit, 180*geo.Unit).Draw(t, "x"), Y: rapid.Int32Range(-90*geo.Unit, 90*geo.Unit).Draw(t, "y")}
			}
			if strings.TrimSpace(c.Query) == "" && !c.None {
				c.Query = "q"
			}
			want = append(want, c)
		}
		var b bytes.Buffer
		if err := Write(&b, want); err != nil {
			t.Fatal(err)
		}
		got, err := Read(&b, "f")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	})
}

// FuzzRead: what is read is written and read again as it was; wrong rows have messages.
func FuzzRead(f *testing.F) {
	f.Add([]byte("query\tclass\tid\tlon\tlat\ttolerance_m\tnone\nq\tc\tl/1\nq\tc\t\t1\t2\t3\nq\tc\t\t\t\t\ttrue\n"))
	f.Add([]byte(`{"query":"q","class":"c","id":["l/1"],"lon":1e2,"lat":-0}`))
	f.Add([]byte("\xff\xfeq\x00u\x00e\x00"))
	f.Add([]byte("\"query\"\tclass\n\"\tc"))
	f.Fuzz(func(t *testing.T, file []byte) {
		cases, err := Read(bytes.NewReader(file), "f")
		if err != nil && !strings.HasPrefix(err.Error(), "f: row ") {
			t.Fatalf("%v", err)
		}
		var b bytes.Buffer
		if err := Write(&b, cases); err != nil {
			t.Fatal(err)
		}
		again, err := Read(&b, "f")
		if err != nil {
			t.Fatal(err)
		}
		for i := range again {
			if i < len(cases) {
				again[i].Row = cases[i].Row
			}
		}
		if d := cmp.Diff(cases, again); d != "" {
			t.Fatal(d)
		}
	})
}

// clock is a clock that goes on by the steps it is given, at every second reading.
type clock struct {
	t     time.Time
	steps []time.Duration
	reads int
}

func (c *clock) now() time.Time {
	if c.reads%2 == 1 {
		c.t = c.t.Add(c.steps[c.reads/2%len(c.steps)])
	}
	c.reads++
	return c.t
}

// city is a geocoder of few answers.
func city(t *testing.T) (cases []Case, geocode func(string) ([]Answer, error)) {
	t.Helper()
	here := at(t, 121.5, 25)
	east := func(m float64) geo.Point { return planeAt(here).point(vec{m, 0}) }
	door := func(id string, m float64, score int) Answer {
		return Answer{Layer: "doors", ID: id, At: east(m), Score: score, Label: "door\t" + id}
	}
	answers := map[string][]Answer{
		"right":        {door("1", 0, 100), door("2", 500, 100)},
		"twin":         {door("2", 500, 95), door("1", 0, 95)},
		"below":        {door("2", 120, 80), door("1", 0, 79)},
		"wrong":        {door("2", 5000, 49)},
		"close":        {door("9", 30, 90)},
		"without id":   {{At: east(70), Score: 60}},
		"no place":     {door("3", 0, 91)},
		"unknown door": {door("3", 0, 91)},
	}
	geocode = func(text string) ([]Answer, error) {
		if text == "error" {
			return nil, errors.New("out of order")
		}
		return answers[text], nil
	}
	byID := func(class, text string) Case {
		return Case{Query: text, Class: class, IDs: []string{"doors/0", "doors/1"}}
	}
	byPlace := func(class, text string) Case {
		return Case{Query: text, Class: class, Placed: true, At: here, ToleranceM: 40, File: "cases.tsv", Row: 7}
	}
	cases = []Case{
		byID("by id", "right"), byID("by id", "twin"), byID("by id", "below"), byID("by id", "wrong"), byID("by id", "nothing"),
		byID("by id", "error"),
		{Query: "unknown door", Class: "by id", IDs: []string{"doors/77"}},
		byPlace("by place", "close"), byPlace("by place", "without id"), byPlace("by place", "right"),
		{Query: "no place", Class: "none", None: true},
		{Query: "thanks", Class: "none", None: true},
		{Query: "good\nbye", Class: "none", None: true},
	}
	return cases, geocode
}

func locate(t *testing.T) func(layer, id string) (geo.Point, bool) {
	t.Helper()
	here := at(t, 121.5, 25)
	return func(layer, id string) (geo.Point, bool) { return here, layer == "doors" && (id == "1" || id == "2") }
}

// TestRun compares tables, JSON and failures with golden files.
func TestRun(t *testing.T) {
	cases, geocode := city(t)
	c := &clock{steps: []time.Duration{10 * time.Microsecond, 20 * time.Microsecond, 30 * time.Microsecond, 1 * time.Millisecond}}
	var failures, text, object bytes.Buffer
	r, err := Run(t.Context(), cases, geocode, Options{Now: c.now, Locate: locate(t), Failures: &failures})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.WriteText(&text), r.WriteJSON(&object)); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]*bytes.Buffer{"report.txt": &text, "report.json": &object, "failures.tsv": &failures} {
		path := "testdata/" + name
		if *update {
			if err := os.WriteFile(path, got.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got.String()); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	var again Report
	if err := json.Unmarshal(object.Bytes(), &again); err != nil || cmp.Diff(r, again) != "" {
		t.Errorf("%v %s", err, cmp.Diff(r, again))
	}
}

// TestRunWithoutLocate: cases with ids only are counted, not measured, and none is wrong by itself.
func TestRunWithoutLocate(t *testing.T) {
	cases, geocode := city(t)
	c := &clock{steps: []time.Duration{0}}
	r, err := Run(t.Context(), cases, geocode, Options{Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	if row := r.Classes[0]; row.Measured != 0 || row.MedianM != nil || row.Failed != 1 || row.Wrong != 2 || row.QPS != 0 {
		t.Errorf("%+v", row)
	}
	n := 0
	for _, b := range r.Calibration {
		n += b.N
	}
	if n != 4 { // three by place, one without a place
		t.Errorf("%d are calibrated: %+v", n, r.Calibration)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestRunEnds(t *testing.T) {
	cases, geocode := city(t)
	c := &clock{steps: []time.Duration{time.Microsecond}}
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	r, err := Run(ctx, cases, func(text string) ([]Answer, error) {
		if asked++; asked == 3 {
			cancel()
		}
		return geocode(text)
	}, Options{Now: c.now})
	if !errors.Is(err, context.Canceled) || r.Total.N != 3 {
		t.Errorf("%d cases, %v", r.Total.N, err)
	}
	if _, err = Run(t.Context(), cases, geocode, Options{Now: c.now, Failures: fullDisk{}}); err == nil || !strings.Contains(err.Error(), "list of failures: disk full") {
		t.Error(err)
	}
	r, err = Run(t.Context(), nil, geocode, Options{Now: c.now})
	if err != nil || r.Total.N != 0 || len(r.Calibration) != 6 {
		t.Errorf("%+v, %v", r, err)
	}
	if err := r.WriteText(&bytes.Buffer{}); err != nil {
		t.Error(err)
	}
}

// TestOutcomesAddUp: whatever a geocoder answers, each case has one outcome, and no more are calibrated than answered.
func TestOutcomesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		point := rapid.Custom(func(t *rapid.T) geo.Point {
			return geo.Point{X: 121*geo.Unit + rapid.Int32Range(0, 20000).Draw(t, "x"), Y: 25 * geo.Unit}
		})
		id := rapid.SampledFrom([]string{"1", "2", "3"})
		var cases []Case
		for range rapid.IntRange(0, 20).Draw(t, "cases") {
			c := Case{Query: "q", Class: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "class")}
			switch rapid.IntRange(0, 2).Draw(t, "kind") {
			case 0:
				c.None = true
			case 1:
				c.IDs = []string{"l/" + id.Draw(t, "id")}
			default:
				c.At, c.Placed, c.ToleranceM = point.Draw(t, "at"), true, 50
			}
			cases = append(cases, c)
		}
		answered := 0
		r, err := Run(context.Background(), cases, func(string) ([]Answer, error) {
			if rapid.IntRange(0, 9).Draw(t, "fails") == 0 {
				return nil, errors.New("no")
			}
			answers := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Answer {
				return Answer{Layer: "l", ID: id.Draw(t, "id"), At: point.Draw(t, "at"), Score: rapid.IntRange(-5, 110).Draw(t, "score")}
			}), 0, 3).Draw(t, "answers")
			if len(answers) > 0 {
				answered++
			}
			return answers, nil
		}, Options{Now: func() time.Time { return time.Time{} }})
		if err != nil {
			t.Fatal(err)
		}
		sum, calibrated := 0, 0
		for _, row := range append(slices.Clone(r.Classes), r.Total) {
			if row.N != row.Hit+row.Tied+row.Listed+row.Wrong+row.Refused+row.Failed || row.Measured > row.N-row.Refused {
				t.Fatalf("%+v", row)
			}
			sum += row.N
		}
		for _, b := range r.Calibration {
			calibrated += b.N
			if b.Within50 > b.Within200 || b.Within200 > b.N {
				t.Fatalf("%+v", b)
			}
		}
		if sum != 2*len(cases) || r.Total.N != len(cases) || calibrated > answered {
			t.Fatalf("%+v for %d cases, %d answered", r, len(cases), answered)
		}
	})
}

func TestNoisy(t *testing.T) {
	clean := []Case{{Query: "塔悠路328號", IDs: []string{"l/1"}}, {Query: "撫遠街366號", IDs: []string{"l/2"}}, {Query: "謝謝", None: true}, {Query: "公園", IDs: []string{"l/3"}}}
	got := Noisy(clean, noise.MissingUnit, 9, rand.New(rand.NewPCG(1, 2)))
	if len(got) != 2 {
		t.Fatalf("%+v", got)
	}
	for _, c := range got {
		if c.Class != "missing_unit" || strings.Contains(c.Query, "號") || len(c.IDs) != 1 {
			t.Errorf("%+v", c)
		}
	}
	if again := Noisy(clean, noise.MissingUnit, 1, rand.New(rand.NewPCG(1, 2))); len(again) != 1 || cmp.Diff(again[0], got[0]) != "" {
		t.Errorf("%+v", again)
	}
	if clean[0].Class != "" || clean[0].Query != "塔悠路328號" {
		t.Errorf("the clean cases were changed: %+v", clean[0])
	}
}
