package planning_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cmd/gewu/planning"
)

// square is a square of so many thousandths of a degree.
func square(x0, y0, x1, y1 int) string {
	at := func(x, y int) string { return fmt.Sprintf("[121.%03d,25.%03d]", x, y) }
	return ring(strings.Join([]string{at(x0, y0), at(x1, y0), at(x1, y1), at(x0, y1), at(x0, y0)}, ","))
}

func record(id, geometry, properties string) string {
	return `{"type":"Feature","id":"` + id + `","properties":{` + properties + `},"geometry":` + geometry + `}`
}

// suburb writes the files of two communities of four by four blocks: streets, doors, a building across a street.
func suburb(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "communities.geojson"), collection(
		record("1", square(0, 0, 4, 4), `"code":"110101001001","kind":"village"`), record("2", square(4, 0, 8, 4), `"code":"110101001002","kind":"urban"`)))
	var streets, doors []string
	for i := 1; i < 8; i++ {
		streets = append(streets, record(fmt.Sprint("v", i), fmt.Sprintf(`{"type":"LineString","coordinates":[[121.%03d,24.999],[121.%03d,25.005]]}`, i, i), `"highway":"residential"`))
	}
	for i := 1; i < 4; i++ {
		streets = append(streets, record(fmt.Sprint("h", i), fmt.Sprintf(`{"type":"LineString","coordinates":[[120.999,25.%03d],[121.009,25.%03d]]}`, i, i), `"highway":"primary"`))
	}
	write(t, filepath.Join(dir, "streets.geojson"), collection(streets...))
	for x := range 8 {
		for y := range 4 {
			doors = append(doors, fmt.Sprintf("%d-%d,121.%03d5,25.%03d5,50", x, y, x, y))
		}
	}
	write(t, filepath.Join(dir, "doors.csv"), "id,lon,lat,homes\n"+strings.Join(doors, "\n")+"\n")
	write(t, filepath.Join(dir, "buildings.geojson"), collection(record("b", ring("[121.0005,25.0008],[121.0006,25.0008],[121.0006,25.0012],[121.0005,25.0012],[121.0005,25.0008]"), "")))
	return dir
}

// drawer is what the command gets, with files in a folder.
func drawer(dir string, out, complaints io.Writer) *planning.Env {
	e := env("", out, complaints)
	e.Count = func(string, int64) (func(int64), func()) { return func(int64) {}, func() {} }
	e.Write = func(name string, r io.Reader) error {
		text, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, name), text, 0o600)
	}
	return e
}

func divider(dir string) planning.Divide {
	in := func(name string) string { return filepath.Join(dir, name) }
	return planning.Divide{
		Communities: in("communities.geojson"), Community: "code", Lines: []string{in("streets.geojson")}, LineClass: "highway",
		Addresses: []string{in("doors.csv")}, Households: "homes", Footprints: []string{in("buildings.geojson")},
		Target: 200, Min: 150, Max: 300, Measure: "households", Seed: 1, Alternatives: 2, Pick: 1, Fix: "none", Out: "grids-{n}.geojson", Outlines: "outlines.geojson",
	}
}

// TestDivide divides files, and has what comes out checked by the other command.
func TestDivide(t *testing.T) {
	t.Parallel()
	dir := suburb(t)
	var out, table bytes.Buffer
	cmd := divider(dir)
	if err := cmd.Validate(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Run(drawer(dir, &out, &table)); err != nil {
		t.Fatal(err, &table)
	}
	for _, want := range []string{
		"2 communities, 32 blocks in 31 pieces that stay whole", "ALTERNATIVE", "1 balanced", "2 compact", "within the limits", "100.0 %", "1 borders run through footprints", "lines lie outside of all communities",
	} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("no %q in %s", want, &table)
		}
	}
	for _, name := range []string{"grids-1.geojson", "grids-2.geojson"} {
		out.Reset()
		check := planning.Check{In: filepath.Join(dir, name), Outline: filepath.Join(dir, "outlines.geojson"), Sliver: 0.5}
		if err := check.Run(env("", &out, &out)); err != nil || !strings.Contains(out.String(), "no gap, no overlap") {
			t.Errorf("%s: %v, %s", name, err, &out)
		}
		codes, homes := cellsIn(t, filepath.Join(dir, name))
		if len(codes) != 8 || !strings.HasPrefix(codes[0], "110101001001001") || homes != 1600 {
			t.Errorf("%s: codes %q, %v households", name, codes, homes)
		}
	}
}

func cellsIn(t *testing.T, name string) (codes []string, homes float64) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Features []struct {
			ID         string
			Properties struct{ Households float64 }
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, f := range file.Features {
		codes = append(codes, f.ID)
		homes += f.Properties.Households
	}
	slices.Sort(codes)
	return codes, homes
}

// TestDivideAgain has a present plan: its codes stay, one grid is locked, and one has outgrown.
func TestDivideAgain(t *testing.T) {
	t.Parallel()
	dir := suburb(t)
	cmd := divider(dir)
	cmd.Out = "present.geojson"
	if err := cmd.Run(drawer(dir, io.Discard, io.Discard)); err != nil {
		t.Fatal(err)
	}
	codes, _ := cellsIn(t, filepath.Join(dir, "present.geojson"))
	cmd = divider(dir)
	cmd.Present, cmd.Drawn, cmd.Lock, cmd.JSON, cmd.Out = filepath.Join(dir, "present.geojson"), "households", codes[:1], true, "again.geojson"
	doors, err := os.ReadFile(filepath.Join(dir, "doors.csv"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "doors.csv"), strings.ReplaceAll(string(doors), "7-0,121.0075,25.0005,50", "7-0,121.0075,25.0005,400"))
	var out bytes.Buffer
	if err := cmd.Run(drawer(dir, &out, io.Discard)); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Alternatives []struct {
			Name    string
			Metrics struct {
				Locked         int
				AddressesMoved int `json:"addresses_moved"`
			}
			Outside []struct {
				Reason struct{ Kind string }
				Towers []struct{ Households float64 }
			} `json:"outside_limits"`
		}
		Outgrown []struct {
			Code                   string
			Households, Max, Drawn float64
		}
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err, &out)
	}
	if len(got.Outgrown) != 1 || got.Outgrown[0].Households-got.Outgrown[0].Drawn != 350 || got.Outgrown[0].Max != 300 {
		t.Errorf("outgrown: %+v", got.Outgrown)
	}
	a := got.Alternatives[0]
	if a.Name != "present" || a.Metrics.Locked != 1 || a.Metrics.AddressesMoved > 8 {
		t.Errorf("%+v", a)
	}
	if len(a.Outside) == 0 || a.Outside[0].Reason.Kind != "atom_over_max" || len(a.Outside[0].Towers) != 1 || a.Outside[0].Towers[0].Households != 400 {
		t.Errorf("outside: %+v", a.Outside)
	}
	again, _ := cellsIn(t, filepath.Join(dir, "again.geojson"))
	for _, code := range codes[:4] {
		if !slices.Contains(again, code) {
			t.Errorf("code %s is gone: %q", code, again)
		}
	}
}

// TestDivideGoals has goals by kind of community in a file, and blocks and addresses of a layer of the city.
func TestDivideGoals(t *testing.T) {
	t.Parallel()
	dir := suburb(t)
	cmd := divider(dir)
	cmd.Target, cmd.Min, cmd.Max, cmd.Kind, cmd.Goals = 0, 0, 0, "kind", filepath.Join(dir, "goals.toml")
	write(t, cmd.Goals, "[kinds.village.households]\ntarget = 400\n[kinds.urban.households]\ntarget = 200\nmin = 150\nmax = 300\n")
	cmd.Addresses, cmd.Households = []string{"layer:doors"}, "homes"
	e := drawer(dir, io.Discard, io.Discard)
	asked := 0
	e.Ask = func(path string, query url.Values, out any) error {
		if path == "/v1/layers/doors" {
			return json.Unmarshal([]byte(`{"attributes":[{"name":"homes"}]}`), out)
		}
		asked++
		if path != "/v1/layers/doors/features" || query.Get("cursor") == "" != (asked == 1) {
			t.Errorf("asked %s?%s", path, query.Encode())
		}
		doors := []string{}
		for x := range 4 {
			x += 4 * (asked - 1)
			for y := range 4 {
				doors = append(doors, record(fmt.Sprint(x, y), fmt.Sprintf(`{"type":"Point","coordinates":[121.%03d5,25.%03d5]}`, x, y), `"homes":50`))
			}
		}
		next := ""
		if asked == 1 {
			next = `,"next":"n"`
		}
		return json.Unmarshal([]byte(`{"features":[`+strings.Join(doors, ",")+`]`+next+`}`), out)
	}
	if err := cmd.Run(e); err != nil {
		t.Fatal(err)
	}
	codes, homes := cellsIn(t, filepath.Join(dir, "grids-1.geojson"))
	village := slices.DeleteFunc(slices.Clone(codes), func(c string) bool { return !strings.HasPrefix(c, "110101001001") })
	if len(codes) != 6 || len(village) != 2 || homes != 1600 {
		t.Errorf("%q, %v households", codes, homes)
	}
}

// TestDivideBlocks joins blocks that lie in communities.
func TestDivideBlocks(t *testing.T) {
	t.Parallel()
	dir := suburb(t)
	var blocks []string
	for x := range 8 {
		for y := range 4 {
			blocks = append(blocks, record(fmt.Sprint("b", x, y), square(x, y, x+1, y+1), fmt.Sprintf(`"homes":50,"in":"c%d"`, x/2)))
		}
	}
	write(t, filepath.Join(dir, "blocks.geojson"), collection(blocks...))
	for _, in := range []string{"", "in"} {
		cmd := divider(dir)
		cmd.Lines, cmd.LineClass, cmd.Addresses, cmd.Footprints, cmd.Blocks, cmd.BlockIn = nil, "", nil, nil, filepath.Join(dir, "blocks.geojson"), in
		if in != "" {
			cmd.Communities, cmd.Community = "", ""
		}
		if err := cmd.Validate(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Run(drawer(dir, io.Discard, io.Discard)); err != nil {
			t.Fatal(err)
		}
		if codes, homes := cellsIn(t, filepath.Join(dir, "grids-2.geojson")); len(codes) != 8 || homes != 1600 {
			t.Errorf("%q, %v households", codes, homes)
		}
	}
}

// sender is a client that sends by a function.
type sender func(path, contentType string, body io.Reader, out any) error

func (s sender) Do(_ context.Context, _, path string, query url.Values, contentType string, body io.Reader) (*http.Response, error) {
	var out json.RawMessage
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	if err := s(path, contentType, body, &out); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(out))}, nil
}

// TestDivideDraft sends the picked alternative to the city: codes of present grids, none for new ones.
func TestDivideDraft(t *testing.T) {
	t.Parallel()
	dir := suburb(t)
	write(t, filepath.Join(dir, "present.geojson"), collection(record("110101001001007", square(0, 0, 2, 2), "")))
	cmd := divider(dir)
	cmd.Present, cmd.Draft, cmd.Scheme, cmd.Partial, cmd.By, cmd.Out, cmd.Pick = filepath.Join(dir, "present.geojson"), "Spring", "social", true, "li", "", 2
	var table bytes.Buffer
	e := drawer(dir, io.Discard, &table)
	var asked []string
	e.Send = func(path, contentType string, body io.Reader, out any) error {
		text, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		asked = append(asked, path+" "+contentType)
		if len(asked) == 1 {
			if string(text) != `{"by":"li","scheme":"social","title":"Spring"}` {
				t.Errorf("begun with %s", text)
			}
			return json.Unmarshal([]byte(`{"draft":{"id":"d1"},"seq":9}`), out)
		}
		var file struct {
			Features []struct {
				ID         *string
				Properties map[string]string
			}
		}
		if err := json.Unmarshal(text, &file); err != nil {
			return err
		}
		codes := map[string]int{}
		for _, f := range file.Features {
			codes[f.Properties["code"]]++
			if f.ID != nil || !strings.HasPrefix(f.Properties["community"], "11010100100") || len(f.Properties) != 2 {
				t.Errorf("%+v", f)
			}
		}
		if codes[""] != 7 || codes["110101001001007"] != 1 || len(codes) != 2 {
			t.Errorf("codes %v", codes)
		}
		return json.Unmarshal([]byte(`{}`), out)
	}
	e.City = func(do func(planning.Client) error) error { return do(sender(e.Send)) }
	if err := cmd.Run(e); err != nil {
		t.Fatal(err)
	}
	if want := []string{"/v1/drafts application/json", "/v1/drafts/d1/import?async=true&communities=110101001001%2C110101001002 application/geo+json"}; !slices.Equal(asked, want) {
		t.Errorf("asked %q", asked)
	}
	if !strings.Contains(table.String(), "draft d1 has alternative 2, balanced") {
		t.Error(&table)
	}
	e.Send = func(path, _ string, _ io.Reader, out any) error {
		if strings.HasSuffix(path, "drafts") {
			return json.Unmarshal([]byte(`{"draft":{"id":"d2"}}`), out)
		}
		return errors.New("1 gap")
	}
	e.City = func(do func(planning.Client) error) error { return do(sender(e.Send)) }
	if err := cmd.Run(e); err == nil || !strings.Contains(err.Error(), "draft d2 was begun, but the grids do not fit into it: 1 gap") {
		t.Error(err)
	}
}

// TestDivideDraftInterrupted: a division that is interrupted while its grids are sent names the draft that it began.
func TestDivideDraftInterrupted(t *testing.T) {
	t.Parallel()
	dir := suburb(t)
	cmd := divider(dir)
	cmd.Draft, cmd.Scheme, cmd.Out = "Spring", "social", ""
	e := drawer(dir, io.Discard, io.Discard)
	interrupt := interruptible(t, e)
	w := &worker{script: []turn{{taken: interrupt, status: http.StatusCreated, body: `{"draft":{"id":"d1"}}`}, {}}}
	e.City = func(do func(planning.Client) error) error { return do(w) }
	if err := cmd.Run(e); err == nil || !strings.Contains(err.Error(), "gewu grid draft delete d1 forgets it; its grids: interrupted while it was sent; nothing has changed") {
		t.Error(err)
	}
	if want := []string{"POST /v1/drafts?", "POST /v1/drafts/d1/import?async=true"}; !slices.Equal(w.asked, want) {
		t.Errorf("asked %q", w.asked)
	}
}

// TestDivideBadInput: what is wrong is said with its place, and no file is written.
func TestDivideBadInput(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(dir string, cmd *planning.Divide){
		"ring 0 is not closed": func(dir string, _ *planning.Divide) {
			write(t, filepath.Join(dir, "communities.geojson"), collection(record("1", ring(open), `"code":"c"`)))
		},
		"has nothing in column name": func(dir string, cmd *planning.Divide) {
			cmd.Community = "name"
			write(t, filepath.Join(dir, "communities.geojson"), collection(record("1", square(0, 0, 8, 4), `"name":null`)))
		},
		"no line lies in a community": func(dir string, _ *planning.Divide) {
			write(t, filepath.Join(dir, "streets.geojson"), collection(record("v", `{"type":"LineString","coordinates":[[100,20],[100,21]]}`, `"highway":"primary"`)))
		},
		"nothing says where there are": func(_ string, cmd *planning.Divide) { cmd.Addresses = nil },
		"the communities have 1 defects, such as overlap": func(dir string, _ *planning.Divide) {
			write(t, filepath.Join(dir, "communities.geojson"), collection(record("1", square(0, 0, 4, 4), `"code":"a"`), record("2", square(3, 0, 8, 4), `"code":"b"`)))
		},
		`class "lane" is none of`: func(_ string, cmd *planning.Divide) { cmd.Lines[0] += "=lane" },
		"-5 is no number of things": func(dir string, _ *planning.Divide) {
			write(t, filepath.Join(dir, "doors.csv"), "id,lon,lat,homes\na,121.0005,25.0005,-5\n")
		},
		"no grid of": func(_ string, cmd *planning.Divide) {
			cmd.Present, cmd.PresentCode, cmd.Lock = cmd.Communities, "code", []string{"nowhere"}
		},
		"goals.toml": func(dir string, cmd *planning.Divide) {
			cmd.Goals = filepath.Join(dir, "goals.toml")
			write(t, cmd.Goals, "[default.households]\ntarget = 1\nmost = 5\n")
		},
		"missing.geojson": func(dir string, cmd *planning.Divide) { cmd.Communities = filepath.Join(dir, "missing.geojson") },
	} {
		dir := suburb(t)
		cmd := divider(dir)
		spoil(dir, &cmd)
		var told bytes.Buffer
		err := cmd.Run(drawer(dir, &told, &told))
		if err == nil || !strings.Contains(err.Error()+told.String(), want) {
			t.Errorf("%v, %s instead of %q", err, &told, want)
		}
		if _, err := os.Stat(filepath.Join(dir, "grids-1.geojson")); err == nil {
			t.Errorf("%s: a file was written", want)
		}
	}
	dir := suburb(t)
	cmd := divider(dir)
	e := drawer(dir, io.Discard, io.Discard)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	e.Ctx = ctx
	if err := cmd.Run(e); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestDivideFlags(t *testing.T) {
	t.Parallel()
	sound := planning.Divide{Communities: "c", Lines: []string{"l"}, Target: 300, Alternatives: 3, Pick: 1}
	if err := sound.Validate(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(d *planning.Divide){
		"nothing":          func(d *planning.Divide) { d.Communities = "" },
		"no lines":         func(d *planning.Divide) { d.Lines = nil },
		"lines and blocks": func(d *planning.Divide) { d.Blocks = "b" },
		"column of none":   func(d *planning.Divide) { d.BlockIn = "x" },
		"blocks of none":   func(d *planning.Divide) { d.Communities, d.Lines, d.Blocks = "", nil, "b" },
		"two stdins":       func(d *planning.Divide) { d.Lines = []string{"-"}; d.Communities = "-" },
		"no target":        func(d *planning.Divide) { d.Target = 0 },
		"min alone":        func(d *planning.Divide) { d.Target, d.Goals, d.Min = 0, "f", 3 },
		"lock":             func(d *planning.Divide) { d.Lock = []string{"x"} },
		"partial":          func(d *planning.Divide) { d.Partial = true },
		"too many":         func(d *planning.Divide) { d.Alternatives = 10 },
		"picked":           func(d *planning.Divide) { d.Pick = 4 },
		"both to stdout":   func(d *planning.Divide) { d.JSON, d.Out = true, "-" },
	} {
		d := sound
		if spoil(&d); d.Validate() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// TestMissingColumns names columns that files and layers do not have: each error says which, and which there are.
func TestMissingColumns(t *testing.T) {
	t.Parallel()
	dir := suburb(t)
	in := func(name string) string { return filepath.Join(dir, name) }
	write(t, in("blocks.geojson"), collection(record("b", square(0, 0, 8, 4), `"homes":50,"in":"c1","part":null`)))
	write(t, in("bare.geojson"), collection(record("1", square(0, 0, 8, 4), "")))
	write(t, in("grids.geojson"), collection(record("110101001001007", square(0, 0, 2, 2), `"nr":"7","note":""`)))
	for _, tc := range []struct {
		name string
		set  func(d *planning.Divide)
		want string
	}{
		{"community", func(d *planning.Divide) { d.Community = "CPTVID" }, in("communities.geojson") + ` has no column "CPTVID"; its columns are code, kind`},
		{"kind", func(d *planning.Divide) { d.Kind = "sort" }, in("communities.geojson") + ` has no column "sort"; its columns are code, kind`},
		{"nothing at all", func(d *planning.Divide) { d.Communities = in("bare.geojson") }, in("bare.geojson") + ` has no column "code"; it has none at all`},
		{"class of lines", func(d *planning.Divide) { d.LineClass = "class" }, in("streets.geojson") + ` has no column "class"; its columns are highway`},
		{"households in a table", func(d *planning.Divide) { d.Households = "people" }, `doors.csv: there is no column "people"; the columns are id, lon, lat, homes`},
		{"longitude", func(d *planning.Divide) { d.Lon, d.Lat = "x", "y" }, `"x" for the longitude; the columns are id, lon, lat, homes`},
		{"building", func(d *planning.Divide) { d.Building = "house" }, `doors.csv: there is no column "house"; the columns are`},
		{"community of a block", func(d *planning.Divide) {
			d.Lines, d.LineClass, d.Blocks, d.BlockIn = nil, "", in("blocks.geojson"), "village"
		}, in("blocks.geojson") + ` has no column "village"; its columns are homes, in, part`},
		{"code of a grid", func(d *planning.Divide) { d.Present, d.PresentCode = in("grids.geojson"), "code" }, in("grids.geojson") + ` has no column "code"; its columns are note, nr`},
		// A column that is there without a value in a row is another fault.
		{"a row without a value", func(d *planning.Divide) {
			d.Lines, d.LineClass, d.Blocks, d.BlockIn = nil, "", in("blocks.geojson"), "part"
		}, "block b has nothing in column part"},
		{"one column for two things", func(d *planning.Divide) { d.Building = "Homes" }, "column Homes cannot be number and text at once"},
		{"layer", func(d *planning.Divide) { d.Communities = "layer:villages" }, `layer:villages has no column "code"; its columns are CPTVID, VILLAGE (without the option the id of a feature is taken where a code is meant)`},
	} {
		cmd := divider(dir)
		tc.set(&cmd)
		e := drawer(dir, io.Discard, io.Discard)
		e.Ask = func(path string, _ url.Values, out any) error {
			if path != "/v1/layers/villages" {
				t.Errorf("%s: asked %s before the columns were known", tc.name, path)
			}
			return json.Unmarshal([]byte(`{"name":"villages","attributes":[{"name":"CPTVID","type":"code"},{"name":"VILLAGE","type":"text"}]}`), out)
		}
		if err := cmd.Run(e); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", tc.name, err, tc.want)
		}
	}
	// One column may say two things: a village is its own kind.
	cmd := divider(dir)
	cmd.Kind, cmd.Community = "code", "code"
	if err := cmd.Run(drawer(dir, io.Discard, io.Discard)); err != nil {
		t.Error(err)
	}
	var said bytes.Buffer
	check := planning.Check{In: in("communities.geojson"), ID: "nr"}
	if err := check.Run(env("", io.Discard, &said)); err == nil || !strings.Contains(err.Error(), `has no column "nr"; its columns are code, kind`) || said.Len() > 0 {
		t.Errorf("%v, %s", err, &said)
	}
	// Where some rows have the id, those without it are told one by one.
	write(t, in("some.geojson"), collection(record("1", square(0, 0, 4, 4), ""), record("2", square(4, 0, 8, 4), `"nr":"two"`)))
	check.In = in("some.geojson")
	if err := check.Run(env("", io.Discard, &said)); err == nil || !strings.Contains(said.String(), "row 1: nr: is missing") {
		t.Errorf("%v, %s", err, &said)
	}
}
