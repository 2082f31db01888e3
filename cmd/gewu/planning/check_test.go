package planning_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cmd/gewu/planning"
	"github.com/gewu-city/gewu/geo/proj"
)

var errDefects = errors.New("defects")

func env(stdin string, out, complaints io.Writer) *planning.Env {
	e := &planning.Env{
		Ctx: context.Background(), Stdin: strings.NewReader(stdin), Stdout: out, Stderr: complaints, Failed: errDefects,
		Systems:  func() (*proj.Systems, error) { return proj.NewSystems() },
		Progress: func(string, int64) (func(int64), func()) { return func(int64) {}, func() {} },
		Ask: func(path string, query url.Values, out any) error {
			return json.Unmarshal([]byte(`{"scheme":"unit","cells":2,"defects":[{"kind":"gap","area_m2":3.25,"point":[121.5,25],"cells":["`+
				path+`?`+query.Encode()+`"],"width_m":0.5}],"left_off":4}`), out)
		},
	}
	e.City = func(do func(planning.Client) error) error { return do(atOnce{e}) }
	return e
}

// atOnce is a city that does long work at once: it asks or sends by the functions of a test.
type atOnce struct{ *planning.Env }

// Do implements [planning.Client].
func (c atOnce) Do(_ context.Context, _, path string, query url.Values, contentType string, body io.Reader) (*http.Response, error) {
	if query.Get("async") != "true" {
		return nil, errors.New("long work is not asked for as a job")
	}
	query.Del("async")
	var raw json.RawMessage
	var err error
	if body == nil {
		err = c.Ask(path, query, &raw)
	} else {
		err = c.Send(path, contentType, body, &raw)
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(raw))}, err
}

func ring(points string) string { return `{"type":"Polygon","coordinates":[[` + points + `]]}` }

func collection(features ...string) string {
	return `{"type":"FeatureCollection","features":[` + strings.Join(features, ",") + `]}`
}

func feature(id, geometry string) string {
	return `{"type":"Feature","id":"` + id + `","properties":{"code":"c-` + id + `"},"geometry":` + geometry + `}`
}

const (
	west   = "[121,25],[121.001,25],[121.001,25.001],[121,25.001],[121,25]"
	east   = "[121.001,25],[121.002,25],[121.002,25.001],[121.001,25.001],[121.001,25]"
	aside  = "[121.0011,25],[121.002,25],[121.002,25.001],[121.001,25.001],[121.0011,25]"
	both   = "[121,25],[121.001,25],[121.002,25],[121.002,25.001],[121.001,25.001],[121,25.001],[121,25]"
	bowTie = "[121.001,25],[121.002,25.001],[121.002,25],[121.001,25.001],[121.001,25]"
	open   = "[121,25],[121.001,25],[121.001,25.001],[121,25.001]"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, cells, outline string
		cmd                  planning.Check
		want                 []string // lines, or parts of the table
		err                  string
	}{
		{name: "sound", cells: collection(feature("a", ring(west)), feature("b", ring(east))), outline: ring(both), want: []string{"2 cells: no gap, no overlap"}},
		{
			name: "gap", cells: collection(feature("a", ring(west)), feature("b", ring(aside))), outline: ring(both), cmd: planning.Check{JSON: true},
			want: []string{`{"kind":"gap","area_m2":55`, `"cells":["a","b"]`}, err: "defects",
		},
		{
			name: "gap as a table, named by a column", cells: collection(feature("a", ring(west)), feature("b", ring(aside))), outline: ring(both), cmd: planning.Check{ID: "code"},
			want: []string{"KIND", "gap ", "c-a c-b", "2 cells: 1 gap"}, err: "defects",
		},
		{name: "bow-tie", cells: collection(feature("a", ring(west)), feature("b", ring(bowTie))), cmd: planning.Check{JSON: true}, want: []string{`"kind":"invalid_ring"`, `"cells":["b"]`, "crosses itself"}, err: "defects"},
		{name: "outside", cells: collection(feature("a", ring(west)), feature("b", ring(east))), outline: ring(west), cmd: planning.Check{JSON: true}, want: []string{`"kind":"outside"`, `"cells":["b"]`}, err: "defects"},
		{name: "rows without ids", cells: collection(`{"type":"Feature","properties":{},"geometry":`+ring(west)+`}`, `{"type":"Feature","properties":{},"geometry":`+ring(west)+`}`), cmd: planning.Check{JSON: true}, want: []string{`"cells":["row 1","row 2"]`}, err: "defects"},
		{name: "outline that is not closed", cells: collection(feature("a", ring(west))), outline: ring(open), want: []string{"ring 0 is not closed: it starts at 121, 25 and ends at 121, 25.001"}, err: "outline.geojson holds no polygon"},
		{name: "outline that crosses itself", cells: collection(feature("a", ring(west))), outline: ring(bowTie), err: "row 1 is no outline: ring 0 crosses itself at 121.0015"},
		{name: "a point", cells: collection(feature("a", `{"type":"Point","coordinates":[121,25]}`)), want: []string{"the layer holds polygon"}, err: "holds no polygon"},
		{name: "one point", cells: collection(feature("p", `{"type":"Point","coordinates":[121,25]}`), feature("a", ring(west))), want: []string{"the layer holds polygon", "1 cells: no gap", "as if they were not there"}, err: "defects"},
		{name: "nothing", cells: collection(), err: "holds no polygon"},
		{name: "no JSON", cells: "x", err: "cells.geojson"},
	} {
		dir := t.TempDir()
		c.cmd.In = filepath.Join(dir, "cells.geojson")
		write(t, c.cmd.In, c.cells)
		if c.outline != "" {
			c.cmd.Outline = filepath.Join(dir, "outline.geojson")
			write(t, c.cmd.Outline, collection(`{"type":"Feature","properties":{},"geometry":`+c.outline+`}`))
		}
		var out bytes.Buffer
		err := c.cmd.Run(env("", &out, &out))
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: error %v instead of %q", c.name, err, c.err)
		}
		for _, want := range c.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: no %q in %s", c.name, want, &out)
			}
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCheckOfACity(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	cmd := planning.Check{Scheme: "fire grid", At: "2026-01-01", Sliver: 0.5}
	if err := cmd.Run(env("", &out, &out)); !errors.Is(err, errDefects) {
		t.Error(err)
	}
	for _, want := range []string{"/v1/schemes/fire%20grid/check?at=2026-01-01&sliver=0.5", "3.2", "121.500000000", "2 cells: 1 gap, 4 more"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %s", want, &out)
		}
	}
}

func TestCheckFromStandardInput(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	cmd := planning.Check{In: "-", Format: "geojson"}
	if err := cmd.Run(env(collection(feature("a", ring(west))), &out, &out)); err != nil {
		t.Error(err, &out)
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	for _, c := range []planning.Check{{Outline: "x"}, {In: "x", At: "2026-01-01"}, {In: "-", Outline: "-"}, {Sliver: -1}} {
		if c.Validate() == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}
