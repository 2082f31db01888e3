package planning_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cmd/gewu/planning"
)

// wider is the western cell with its border moved east; narrower the eastern one.
const (
	wider    = "[121,25],[121.0012,25],[121.0012,25.001],[121,25.001],[121,25]"
	narrower = "[121.0012,25],[121.002,25],[121.002,25.001],[121.0012,25.001],[121.0012,25]"
	doors    = "id,lon,lat,flats\n1,121.0001,25.0005,3\n2,121.0011,25.0005,4\n3,121.0012,25.0005,5\n4,121.0019,25.0005,\n"
)

func TestDiffOfFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := func(n string) string { return filepath.Join(dir, n) }
	write(t, name("before.geojson"), collection(feature("a", ring(west)), feature("b", ring(east))))
	write(t, name("after.geojson"), collection(feature("a", ring(wider)), feature("b", ring(narrower))))
	write(t, name("bow.geojson"), collection(feature("a", `{"type":"Point","coordinates":[1,1]}`)))
	write(t, name("doors.csv"), doors)
	write(t, name("bad.csv"), "id,lon,lat,flats\n1,121,25,many\n")
	for _, c := range []struct {
		name string
		cmd  planning.Diff
		want []string
		err  string
	}{
		{name: "table", cmd: planning.Diff{Points: []string{name("doors.csv")}, Amount: "flats"}, want: []string{
			"2 cells before, 2 after: 2 reshaped", "a     reshaped", "doors  b     a   1", "doors: 1 of 4 change their cell, 4 flats", "borders: 111 m are given up, 111 m are new",
		}},
		{name: "codes", cmd: planning.Diff{ID: "code"}, want: []string{"c-a ", "c-b "}},
		{name: "json", cmd: planning.Diff{JSON: true, Points: []string{name("doors.csv")}}, want: []string{`{"from":"b","to":"a","count":1,"amount":0}`, `"change":"removed"`}},
		{name: "csv", cmd: planning.Diff{CSV: true, Points: []string{name("doors.csv")}, Amount: "flats"}, want: []string{"ground,b,a,,", "doors,b,a,1,4\n", "doors,b,b,2,5\n"}},
		{name: "nothing", cmd: planning.Diff{After: name("before.geojson")}, want: []string{"2 cells: nothing changes"}},
		{name: "a point", cmd: planning.Diff{After: name("bow.geojson")}, want: []string{"the layer holds polygon"}, err: "holds no polygon"},
		{name: "no number", cmd: planning.Diff{Points: []string{name("bad.csv")}, Amount: "flats"}, want: []string{"row 1"}, err: "many"},
		{name: "no column", cmd: planning.Diff{Points: []string{name("doors.csv")}, Amount: "people"}, err: "people"},
		{name: "no file", cmd: planning.Diff{Points: []string{name("none.csv")}}, err: "none.csv"},
	} {
		c.cmd.Before = name("before.geojson")
		if c.cmd.After == "" {
			c.cmd.After = name("after.geojson")
		}
		var out bytes.Buffer
		err := c.cmd.Run(env("", &out, &out))
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: error %v instead of %q", c.name, err, c.err)
		}
		for _, want := range c.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: no %q in\n%s", c.name, want, &out)
			}
		}
	}
}

// TestDiffWithACity sends a file, asks for two times, and writes each kind of file.
func TestDiffWithACity(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "after.geojson"), collection(feature("a", ring(wider))))
	const answer = `{"scheme":"unit","cells_before":1,"cells_after":1,"counts":{"reshaped":1},"cells":[{"code":"a","change":"reshaped","area_before_m2":1,"area_after_m2":2}],
		"ground":[],"layers":[],"borders":[{"type":"Feature","properties":{"change":"added","left":"","right":"a","length_m":5},"geometry":{"type":"LineString","coordinates":[[121,25],[121,25.0001]]}}],"staff":[{"code":"a","posts":["head"]}],
		"open_cases":{"layer":"open-cases","points":9,"located":4,"moved":3,"moved_amount":0,"flows":[{"from":"a","to":"b","count":3,"amount":0}],"cells":[{"code":"a","before":4,"after":1,"amount_before":0,"amount_after":0}],"unplaced":2},
		"tilesets":{"cells":"http://h/v1/drafts/d1/tiles/cells.json","changes":"http://h/v1/drafts/d1/tiles/changes.json"},"seq":7}`
	var asked, sent string
	files := map[string]string{}
	var out bytes.Buffer
	e := env("", &out, &out)
	e.Ask = func(path string, query url.Values, v any) error {
		asked = path + "?" + query.Encode()
		return json.Unmarshal([]byte(answer), v)
	}
	e.Send = func(path, kind string, body io.Reader, v any) error {
		text, err := io.ReadAll(body)
		asked, sent = path+" "+kind, string(text)
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(answer), v)
	}
	e.Write = func(name string, r io.Reader) error {
		text, err := io.ReadAll(r)
		files[name] = string(text)
		return err
	}
	run := func(d planning.Diff) {
		t.Helper()
		if err := d.Validate(); err != nil {
			t.Fatal(err)
		}
		if err := d.Run(e); err != nil {
			t.Fatal(err)
		}
	}
	run(planning.Diff{Before: filepath.Join(dir, "after.geojson"), Scheme: "fire", Output: "x.geojson"})
	if asked != "/v1/schemes/fire/impact application/geo+json" || !strings.Contains(sent, `{"type":"Feature","id":"a","properties":{},"geometry":{"type":"Polygon","coordinates":[[[121,25],`) {
		t.Errorf("%s was sent %s", asked, sent)
	}
	if got := files["x.geojson"]; !strings.Contains(got, `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"change":"added","left":"","right":"a","length_m":5},"geometry":{"type":"LineString","coordinates":[[121,25],[121,25.0001]]}}]}`) {
		t.Error(got)
	}
	run(planning.Diff{From: "2026-01-01", To: "2026-02-01", Scheme: "unit", Output: "x.json"})
	if asked != "/v1/schemes/unit/impact?from=2026-01-01&to=2026-02-01" || !strings.Contains(files["x.json"], `"staff":[{"code":"a","posts":["head"]}]`) {
		t.Error(asked, files["x.json"])
	}
	run(planning.Diff{From: "9", Scheme: "unit", Output: "x.csv"})
	if files["x.csv"] != "what,from,to,count,amount\nopen-cases,a,b,3,\n" {
		t.Error(files["x.csv"])
	}
	run(planning.Diff{From: "9", Scheme: "unit"})
	if !strings.Contains(out.String(), "staff of a: head") {
		t.Error(out.String())
	}
	out.Reset()
	e.City = func(do func(planning.Client) error) error {
		c := &city{t: t, answers: []string{answer}}
		defer func() { asked = c.asked[0] }()
		return do(c)
	}
	run(planning.Diff{Draft: "d1", Scheme: "unit"})
	if asked != "GET /v1/drafts/d1/impact?async=true" || !strings.Contains(out.String(), "1 cells before, 1 after: 1 reshaped") {
		t.Error(asked, out.String())
	}
	for _, want := range []string{"OPEN-CASES", "open-cases  a     b   3", "open-cases: 3 of 9 change their cell", "open-cases: 2 more have no place", "/v1/drafts/d1/tiles/changes.json"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if run(planning.Diff{Draft: "d1", Version: "2", Output: "y.json"}); asked != "GET /v1/drafts/d1/impact?async=true&version=2" || !strings.Contains(files["y.json"], `"unplaced":2`) {
		t.Error(asked, files["y.json"])
	}
	if err := (&planning.Diff{Draft: "d1", From: "9"}).Validate(); err == nil || !strings.Contains(err.Error(), "--draft compares the draft with the city") {
		t.Error(err)
	}
}

func TestDiffFlags(t *testing.T) {
	t.Parallel()
	for _, d := range []planning.Diff{
		{},
		{Before: "x", From: "2026"},
		{Before: "-", After: "-"},
		{Before: "x", Points: []string{"y"}},
		{From: "2026", ID: "x"},
		{From: "2026", Version: "1"},
		{Before: "x", Output: "x.txt"},
	} {
		if d.Validate() == nil {
			t.Errorf("%+v is accepted", d)
		}
	}
}
