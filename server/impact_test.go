package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/gewu-city/gewu/grid/impact"
)

// lot is a rectangle as GeoJSON.
func lot(w, s, e, n float64) string {
	return fmt.Sprintf(`{"type":"Polygon","coordinates":[[[%g,%g],[%g,%g],[%g,%g],[%g,%g],[%g,%g]]]}`, w, s, e, s, e, n, w, n, w, s)
}

// plan are cells as a body, as many strings in pairs of code and geometry.
func plan(pairs ...string) string {
	var features []string
	for i := 0; i < len(pairs); i += 2 {
		features = append(features, fmt.Sprintf(`{"type":"Feature","id":%q,"properties":{"nr":%q},"geometry":%s}`, pairs[i], pairs[i], pairs[i+1]))
	}
	return `{"type":"FeatureCollection","features":[` + strings.Join(features, ",") + `]}`
}

// redrawn is the scheme of the town with the border between its first two cells 2 m further east, across the third door, and
// one cell with a new code.
func redrawn() string {
	return plan("A111-00", lot(121.50, 25, 121.5101, 25.01), "A112-00", lot(121.5101, 25, 121.52, 25.01), "A121-00", lot(121.50, 25.01, 121.51, 25.02), "A122-00", lot(121.51, 25.01, 121.52, 25.02),
		"A211-00", lot(121.52, 25, 121.53, 25.01), "A212-00", lot(121.53, 25, 121.54, 25.01), "A221-00", lot(121.52, 25.01, 121.53, 25.02), "B222-00", lot(121.53, 25.01, 121.54, 25.02))
}

var geoJSON = map[string]string{"Content-Type": "application/geo+json"}

func TestImpact(t *testing.T) {
	c := newCity(t, nil).fill()
	same := plan("A111-00", lot(121.50, 25, 121.51, 25.01), "A112-00", lot(121.51, 25, 121.52, 25.01), "A121-00", lot(121.50, 25.01, 121.51, 25.02), "A122-00", lot(121.51, 25.01, 121.52, 25.02),
		"A211-00", lot(121.52, 25, 121.53, 25.01), "A212-00", lot(121.53, 25, 121.54, 25.01), "A221-00", lot(121.52, 25.01, 121.53, 25.02), "A222-00", lot(121.53, 25.01, 121.54, 25.02))
	c.move("tree00", 121.51005, 25.005)
	const url = "/v1/schemes/unit/impact"
	for _, sc := range []scenario{
		{name: "of nothing", method: "POST", url: url, header: geoJSON, body: same, status: 200, want: []string{`"scheme":"unit","cells_before":8,"cells_after":8,"counts":{},"cells":[],"ground":[]`, `"borders":[],"staff":[]`}},
		{name: "of a border", method: "POST", url: url + "?id=nr", header: geoJSON, body: redrawn(), status: 200, want: []string{
			`"counts":{"added":1,"ended":1,"reshaped":2}`, `{"from":"A112-00","to":"A111-00","count":1,"amount":0}`, `"change":"removed","left":"A111-00","right":"A112-00"`,
			`{"code":"B222-00","change":"added","parent_after":"D2-V2","area_before_m2":0`, `{"from":"A222-00","to":"B222-00",`,
		}},
		{name: "as a table", method: "POST", url: url + "?format=csv", header: geoJSON, body: redrawn(), status: 200, want: []string{"what,from,to,count,amount\nground,A111-00,A111-00,,", "\ntrees,A112-00,A111-00,1,\n"}},
		{name: "of two with one code", method: "POST", url: url, header: geoJSON, body: plan("A", lot(1, 1, 2, 2), "A", lot(2, 1, 3, 2)), status: 422, want: []string{`"field":"features[1].id","value":"A"`, "feature 1 too"}},
		{name: "of a bow-tie", method: "POST", url: url, header: geoJSON, body: plan("A", `{"type":"Polygon","coordinates":[[[1,1],[2,2],[2,1],[1,2],[1,1]]]}`), status: 422, want: []string{`"field":"features[0]"`, "crosses itself"}},
		{name: "of nobody's", method: "POST", url: url, header: geoJSON, body: plan(), status: 422, want: []string{"the cells of the whole scheme"}},
		{name: "of no member", method: "POST", url: url + "?id=code", header: geoJSON, body: same, status: 422, want: []string{"code: is missing; it holds the id"}},
		{name: "of no JSON", method: "POST", url: url, header: geoJSON, body: "x", status: 400, want: []string{`"field":"body"`}},
		{name: "of text", method: "POST", url: url, header: map[string]string{"Content-Type": "text/plain"}, body: "x", status: 415},
		{name: "on no scheme", method: "POST", url: "/v1/schemes/fire/impact", header: geoJSON, body: same, status: 404, want: []string{`"value":"fire"`}},
		{name: "since now", url: url + "?from=2", status: 200, want: []string{`"counts":{}`}},
		{name: "since never", url: url, status: 400, want: []string{`"field":"from"`, "is missing"}},
		{name: "since what", url: url + "?from=yesterday", status: 400, want: []string{`"field":"from","value":"yesterday"`}},
		{name: "until what", url: url + "?from=2&to=tomorrow", status: 400, want: []string{`"field":"to","value":"tomorrow"`}},
		{name: "in what form", url: url + "?from=2&format=xml", status: 400, want: []string{`"field":"format"`}},
	} {
		sc.run(t, c)
	}
}

// TestImpactIsWhatLocateSays changes the cells of the city, locates its doors and trees before and after, and compares with
// what the city says has become of the scheme.
func TestImpactIsWhatLocateSays(t *testing.T) {
	c := newCity(t, nil).fill()
	c.move("tree00", 121.51005, 25.005)
	c.move("tree01", 121.51, 25.005)  // on the border that goes
	c.move("tree02", 121.5101, 25.01) // where the new one ends
	layers := []string{"addresses", "trees"}
	located := func() map[string]string {
		out := map[string]string{}
		for _, layer := range layers {
			var list struct {
				Features []struct {
					ID       string
					Geometry struct{ Coordinates []float64 }
				}
			}
			if err := json.Unmarshal([]byte(c.do("GET", "/v1/layers/"+layer+"/features?limit=100", nil, "").body), &list); err != nil || len(list.Features) == 0 {
				t.Fatal(err)
			}
			for _, f := range list.Features {
				var at struct{ Cells []struct{ Code string } }
				if err := json.Unmarshal([]byte(c.do("GET", fmt.Sprintf("/v1/locate?lon=%v&lat=%v", f.Geometry.Coordinates[0], f.Geometry.Coordinates[1]), nil, "").body), &at); err != nil {
					t.Fatal(err)
				}
				out[layer+" "+f.ID] = ""
				if len(at.Cells) > 0 {
					out[layer+" "+f.ID] = at.Cells[0].Code
				}
			}
		}
		return out
	}
	before := located()
	var report struct{ Seq int }
	get := func(url string, out any) {
		t.Helper()
		if got := c.do("GET", url, nil, ""); got.status != http.StatusOK || json.Unmarshal([]byte(got.body), out) != nil {
			t.Fatalf("%s: %d %s", url, got.status, got.body)
		}
	}
	get("/v1/schemes/unit/impact?from=2", &report)
	seq := report.Seq
	changes := []string{`{"op":"delete","layer":"units","id":"A222-00"}`}
	var cells struct{ Features []json.RawMessage }
	if err := json.Unmarshal([]byte(strings.ReplaceAll(redrawn(), `"nr"`, `"CODEBASE"`)), &cells); err != nil {
		t.Fatal(err)
	}
	for _, f := range cells.Features {
		changes = append(changes, `{"op":"put","layer":"units","feature":`+string(f)+`}`)
	}
	if got := c.do("POST", "/v1/changes", sendJSON, `{"changes":[`+strings.Join(changes, ",")+`]}`); got.status != http.StatusOK {
		t.Fatal(got.body)
	}
	after := located()
	var found impact.Report
	get(fmt.Sprintf("/v1/schemes/unit/impact?from=%d", seq), &found)
	want := map[impact.Flow]int{}
	for name, was := range before {
		layer, _, _ := strings.Cut(name, " ")
		if is := after[name]; is != was {
			want[impact.Flow{From: layer + was, To: is}]++
		}
	}
	if len(want) < 1 {
		t.Fatal("nothing moves")
	}
	for _, l := range found.Layers {
		for _, f := range l.List {
			if f.Moved() && want[impact.Flow{From: l.Name + f.From, To: f.To}] != f.Count {
				t.Errorf("%s from %s to %s: %d instead of %d", l.Name, f.From, f.To, f.Count, want[impact.Flow{From: l.Name + f.From, To: f.To}])
			}
			delete(want, impact.Flow{From: l.Name + f.From, To: f.To})
		}
	}
	if len(want) > 0 {
		t.Errorf("the report does not tell of %v", want)
	}
}

// TestImpactOfADraft asks what a draft would do, publishes it, and asks what has become of the scheme: the same.
func TestImpactOfADraft(t *testing.T) {
	c := newCity(t, nil).fill()
	d := c.begun("li")
	read := func(url string) impact.Report {
		t.Helper()
		var r impact.Report
		if got := c.do("GET", url, nil, ""); got.status != http.StatusOK || json.Unmarshal([]byte(got.body), &r) != nil {
			t.Fatalf("%s: %d %s", url, got.status, got.body)
		}
		return r
	}
	if r := read(d + "/impact"); !r.Same() || len(r.Borders) > 0 || r.CellsAfter != 8 {
		t.Errorf("a draft without a step: %+v", r)
	}
	c.draft(200, "POST", d+"/steps", `{"op":"move_vertex","from":[121.51,25.01],"to":[121.507,25.004]}`)
	c.draft(200, "POST", d+"/steps", `{"op":"merge","codes":["A211-00","A212-00"]}`)
	c.draft(200, "POST", d+"/check", "")
	would := read(d + "/impact")
	if would.Counts[impact.Reshaped] != 5 || would.Counts[impact.Ended] != 1 || would.Layers[1].Moved == 0 || len(would.Borders) == 0 {
		t.Errorf("%+v", would)
	}
	scenario{name: "as a table", url: d + "/impact?format=csv", status: 200, want: []string{"\naddresses,A212-00,A211-00,"}}.run(t, c)
	scenario{name: "in no form", url: d + "/impact?format=xml", status: 400, want: []string{`"field":"format"`}}.run(t, c)
	scenario{name: "of no draft", url: "/v1/drafts/none/impact", status: 404, want: []string{`"value":"none"`}}.run(t, c)
	before := c.store.Last()
	c.draft(200, "POST", d+"/approve", `{"by":"wang"}`)
	c.draft(200, "POST", d+"/publish", `{"by":"wang"}`)
	has := read(fmt.Sprintf("/v1/schemes/unit/impact?from=%d", before))
	for i := range has.Layers {
		// A new feature may be located again where an old one is not.
		has.Layers[i].Located, would.Layers[i].Located = 0, 0
	}
	if diff := gocmp.Diff(would, has); diff != "" {
		t.Errorf("(-would +has)\n%s", diff)
	}
}
