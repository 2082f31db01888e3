package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid/cells"
)

// TestCells asks for cards, tables of totals and the features of a cell, and for what does not exist.
func TestCells(t *testing.T) {
	c := newCity(t, nil).fill()
	for _, sc := range []scenario{
		{name: "card", url: "/v1/schemes/unit/cells/A111-00", status: 200, want: []string{
			`"scheme":"unit","layer":"units","code":"A111-00"`, `"areas":[{"level":"district","code":"D1"`, `{"level":"village","code":"D1-V1"`,
			`{"layer":"addresses","features":3}`, `{"layer":"trees","features":7,"classes":[{"class":"榕樹","features":4},{"class":"樟樹","features":3}]}`,
			`"roads":[{"name":"信義路","doors":3}]`, `"doors":{"count":3,"items":[{"layer":"addresses","id":"addr0","label":"信義路1號"`,
			`"north":[{"kind":"area","name":"里12","share":1}],"text":{"zh":"东起A112-00，北起里12"`, `"east":[{"kind":"cell","name":"A112-00","share":1}]`, `"south":[]`,
			`"organisations":{"count":0,"items":[]}`, `"attributes":{"CODEBASE":"A111-00"}`, `"seq":2`,
		}, not: []string{"households"}},
		{name: "card without lists", url: "/v1/schemes/unit/cells/A111-00?limit=0", status: 200, want: []string{`"doors":{"count":3,"items":[]}`}},
		{name: "no such cell", url: "/v1/schemes/unit/cells/A9", status: 404, want: []string{`"field":"code","value":"A9"`}},
		{name: "no such scheme", url: "/v1/schemes/fire/cells/A9", status: 404, want: []string{`"field":"scheme","value":"fire"`, "unit"}},
		{name: "wrong limit", url: "/v1/schemes/unit/cells/A111-00?limit=9999", status: 400, want: []string{`"field":"limit"`}},
		{name: "table", url: "/v1/schemes/unit/cells?limit=3", status: 200, want: []string{`"count":8`, `"next":"`, `"code":"A111-00"`, `"code":"A121-00"`}, not: []string{`"code":"A122-00"`}},
		{name: "table in a box", url: "/v1/schemes/unit/cells?bbox=121.501,25.001,121.502,25.002", status: 200, want: []string{`"code":"A111-00"`}, not: []string{`"next"`, `"code":"A112-00"`}},
		{name: "table, wrong cursor", url: "/v1/schemes/unit/cells?cursor=x", status: 400, want: []string{`"field":"cursor"`}},
		{name: "features of a cell", url: "/v1/layers/trees/features?in_cell=unit/A111-00&limit=5", status: 200, want: []string{`"tree00"`, `"tree04"`, `"next"`}, not: []string{`"tree05"`}},
		{name: "features of a cell and a class", url: "/v1/layers/trees/features?in_cell=unit/A111-00&tree_type=%E6%A8%9F%E6%A8%B9", status: 200, want: []string{`"tree01"`, `"numberReturned":3`}, not: []string{`"tree00"`}},
		{name: "features of no cell", url: "/v1/layers/trees/features?in_cell=unit/A9", status: 400, want: []string{`"field":"in_cell"`, "no cell"}},
		{name: "features of a cell, wrong form", url: "/v1/layers/trees/features?in_cell=A9", status: 400, want: []string{"scheme/code"}},
		{name: "cells of a cell", url: "/v1/layers/units/features?in_cell=unit/A111-00", status: 400, want: []string{"counted in cells"}},
		{name: "check", url: "/v1/schemes/unit/check", status: 200, want: []string{`"scheme":"unit","cells":8,"defects":[],"counts":{}`}},
		{name: "check for slivers", url: "/v1/schemes/unit/check?sliver=900&limit=1", status: 200, want: []string{`"counts":{"sliver":8},"left_off":7`, `"kind":"sliver","area_m2":`, `"width_m":`}},
		{name: "check of no scheme", url: "/v1/schemes/fire/check", status: 404, want: []string{`"field":"scheme","value":"fire"`}},
		{name: "check, wrong width", url: "/v1/schemes/unit/check?sliver=-1", status: 400, want: []string{`"field":"sliver"`}},
		{name: "tiles", url: "/tiles/units_totals/14/13721/7015.mvt", status: 200, want: []string{"units_totals", "CODEBASE", "addresses", "trees:榕樹"}, not: []string{"units_label"}},
		{name: "tilejson", url: "/tiles/units_totals,trees.json", status: 200, want: []string{`"id":"units_totals"`, `"trees":"Number"`, `"CODEBASE":"String"`}},
		{name: "totals of no division", url: "/tiles/trees_totals.json", status: 404, want: []string{`"value":"trees_totals"`}},
		{name: "totals of areas", url: "/tiles/districts_totals/10/857/438.mvt", status: 200, want: []string{"districts_totals", "trees"}},
	} {
		sc.run(t, c)
	}
}

// TestCodesOfCells declares schemes over cells without codes and with equal ones, which is refused with their ids, and makes
// such cells under a scheme that exists: the location and the card call them the same, and the card tells of the others.
func TestCodesOfCells(t *testing.T) {
	c := newCity(t, nil).fill()
	square := func(id, code string, east float64) string {
		return fmt.Sprintf(`{"op":"put","layer":"plots","feature":{"type":"Feature","id":%q,"properties":{"code":%s},"geometry":{"type":"Polygon","coordinates":`+
			`[[[%[3]g,25.1],[%[4]g,25.1],[%[4]g,25.101],[%[3]g,25.101],[%[3]g,25.1]]]}}}`, id, code, 121.5+east, 121.501+east)
	}
	const declare = `{"name":"plot","levels":[],"cells":{"layer":"plots","code":"code"}}`
	for _, sc := range []scenario{
		{name: "layer", method: "POST", url: "/v1/layers", header: sendJSON, body: `{"name":"plots","geometry":"polygon","attributes":[{"name":"code","type":"text"}]}`, status: 201},
		{
			name: "cells", method: "POST", url: "/v1/changes", header: sendJSON, status: 200,
			body: `{"changes":[` + square("a", `"X"`, 0) + `,` + square("b", `"X"`, 0.002) + `,` + square("c", "null", 0.004) + `,` + square("d", `"Y"`, 0.006) + `]}`,
		},
		{
			name: "codes that repeat", method: "POST", url: "/v1/schemes", header: sendJSON, body: declare, status: 422,
			want: []string{`"field":"cells.code","value":"code"`, `2 features stand against it`, `\"b\" has \"X\" as \"a\" does`, `\"c\" has no code`, "a code of its own"},
		},
		{name: "ids as codes", method: "POST", url: "/v1/schemes", header: sendJSON, body: `{"name":"lot","levels":[],"cells":{"layer":"plots"}}`, status: 201},
		{name: "mended", method: "POST", url: "/v1/changes", header: sendJSON, status: 200, body: `{"changes":[` + square("b", `"Z"`, 0.002) + `,` + square("c", `"W"`, 0.004) + `]}`},
		{name: "codes that differ", method: "POST", url: "/v1/schemes", header: sendJSON, body: declare, status: 201},
		{name: "card", url: "/v1/schemes/plot/cells/X", status: 200, want: []string{`"id":"a"`}, not: []string{"same_code"}},
		{name: "spoiled", method: "POST", url: "/v1/changes", header: sendJSON, status: 200, body: `{"changes":[` + square("b", `"X"`, 0.002) + `,` + square("c", "null", 0.004) + `]}`},
		{name: "location of one of two", url: "/v1/locate?lon=121.5025&lat=25.1005&scheme=plot", status: 200, want: []string{`"cells":[{"scheme":"plot","code":"X"`, `"id":"b"`}},
		{name: "card of two", url: "/v1/schemes/plot/cells/X", status: 200, want: []string{`"id":"a"`, `"same_code":["b"]`}},
		{name: "location of one without", url: "/v1/locate?lon=121.5045&lat=25.1005&scheme=plot", status: 200, want: []string{`"cells":[{"scheme":"plot","code":"c"`}},
		{name: "card of one without", url: "/v1/schemes/plot/cells/c", status: 200, want: []string{`"code":"c"`, `"id":"c"`}, not: []string{"same_code"}},
		{name: "no such code", url: "/v1/schemes/plot/cells/b", status: 404},
		{name: "drop a layer in use", method: "DELETE", url: "/v1/layers/plots", status: 422, want: []string{"is used by scheme lot; drop the scheme first"}, not: []string{"is not a layer"}},
	} {
		sc.run(t, c)
	}
}

// TestTotalsFollowEdits sees a tile of totals go out of date, and its tiles named, with an edit of what lies in a cell.
func TestTotalsFollowEdits(t *testing.T) {
	c := newCity(t, nil).fill()
	get := func(url string) answer { return c.do("GET", url, nil, "") }
	const tile, other = "/tiles/units_totals/16/54886/28064.mvt", "/tiles/units_totals/16/54892/28062.mvt"
	before, apart := get(tile), get(other)
	l := c.listen(t, "", "")
	l.want("hello")
	c.move("tree00", 121.5009, 25.0051) // within the cell
	if change, _ := l.change(); len(change.Tiles) == 0 {
		t.Fatal("nothing named")
	}
	seq := c.put(data.Tx{Changes: []data.Change{{Stream: data.StreamFeature, Op: data.OpDelete, Layer: "trees", Feature: data.Feature{ID: "tree00"}}}})
	change, _ := l.change()
	if change.Seq != seq || !strings.Contains(strings.Join(change.Layers, " "), "units_totals") {
		t.Fatalf("change is %+v", change)
	}
	after := get(tile)
	if before.header.Get("ETag") == after.header.Get("ETag") {
		t.Error("the tile of the cell kept its ETag")
	}
	if apart.header.Get("ETag") != get(other).header.Get("ETag") {
		t.Error("a tile elsewhere changed its ETag")
	}
	var card struct {
		Totals []cells.Count `json:"totals"`
	}
	if err := json.Unmarshal([]byte(get("/v1/schemes/unit/cells/A111-00").body), &card); err != nil {
		t.Fatal(err)
	}
	if got := card.Totals[1]; got.Layer != "trees" || got.Features != 6 {
		t.Errorf("the card counts %+v", got)
	}
}

// TestOrganisationsOfACell counts features without geometry where the feature lies that they refer to.
func TestOrganisationsOfACell(t *testing.T) {
	c := newCity(t, nil).fill()
	post := func(path, body string) {
		t.Helper()
		if got := c.do("POST", path, map[string]string{"Content-Type": "application/json"}, body); got.status >= 300 {
			t.Fatalf("%s: %d %s", path, got.status, got.body)
		}
	}
	post("/v1/layers", `{"name":"firms","geometry":"none","roles":{"organisation":{"name":"name"}},"attributes":[{"name":"name","type":"text"},{"name":"door","type":"ref","ref":"addresses"}]}`)
	post("/v1/changes", `{"changes":[
		{"op":"put","layer":"firms","feature":{"type":"Feature","id":"f1","geometry":null,"properties":{"name":"食堂","door":"addr0"}}},
		{"op":"put","layer":"firms","feature":{"type":"Feature","id":"f2","geometry":null,"properties":{"name":"學校","door":"addr9"}}}]}`)
	for _, sc := range []scenario{
		{name: "card", url: "/v1/schemes/unit/cells/A111-00", status: 200, want: []string{
			`"organisations":{"count":1,"items":[{"layer":"firms","id":"f1","label":"食堂","lon":121.501,"lat":25.005}]}`, `{"layer":"firms","features":1}`,
		}, not: []string{"學校"}},
		{name: "features of the cell", url: "/v1/layers/firms/features?in_cell=unit/A111-00", status: 200, want: []string{`"f1"`}, not: []string{`"f2"`}},
	} {
		sc.run(t, c)
	}
}

// TestDroppedScheme drops the scheme of a layer that has the role of its cells: nothing of it is answered any more, as
// of one that never was, until it is declared again; the polygons and their totals stay.
func TestDroppedScheme(t *testing.T) {
	c := newCity(t, nil).fill()
	was := c.do("GET", "/v1/schemes/unit", nil, "")
	before := c.store.Last()
	if got := c.do("DELETE", "/v1/schemes/unit", nil, ""); got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	at := fmt.Sprintf("as_of=%d", before)
	for _, sc := range []scenario{
		{name: "scheme", url: "/v1/schemes/unit", status: 404},
		{name: "card", url: "/v1/schemes/unit/cells/A111-00", status: 404, want: []string{`"field":"scheme","value":"unit"`}},
		{name: "table", url: "/v1/schemes/unit/cells", status: 404, want: []string{`"field":"scheme","value":"unit"`}},
		{name: "features of a cell", url: "/v1/layers/trees/features?in_cell=unit/A111-00", status: 400, want: []string{`"field":"in_cell"`}},
		{name: "locate in the scheme", url: "/v1/locate?lon=121.501&lat=25.005&scheme=unit", status: 400, want: []string{`"field":"scheme"`}},
		{name: "locate", url: "/v1/locate?lon=121.501&lat=25.005", status: 200, want: []string{`"cells":[]`, `"level":"district"`}},
		{name: "dropped again", method: "DELETE", url: "/v1/schemes/unit", status: 404},
		{name: "the moment before", url: "/v1/schemes/unit/cells/A111-00?" + at, status: 200, want: []string{`"code":"A111-00"`}},
		{name: "the polygons", url: "/v1/layers/units/features/A111-00", status: 200},
		{name: "tiles of the polygons", url: "/tiles/units,units_totals.json", status: 200},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
	c.t = t
	if got := c.do("POST", "/v1/schemes", map[string]string{"Content-Type": "application/json"}, strings.Replace(was.body, `"seq":`, `"ignored":`, 1)); got.status != http.StatusBadRequest {
		t.Errorf("an unknown member: %d %s", got.status, got.body)
	}
	scheme := `{"name":"unit","levels":["district"],"cells":{"layer":"units"}}`
	if got := c.do("POST", "/v1/schemes", map[string]string{"Content-Type": "application/json"}, scheme); got.status != http.StatusCreated {
		t.Fatalf("%d %s", got.status, got.body)
	}
	for _, sc := range []scenario{
		{name: "card again", url: "/v1/schemes/unit/cells/A111-00", status: 200, want: []string{`"code":"A111-00"`}},
		{name: "locate again", url: "/v1/locate?lon=121.501&lat=25.005&scheme=unit", status: 200, want: []string{`"code":"A111-00"`}},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}
