package server

import (
	"fmt"
	"testing"
)

// TestReconcile lays the cells of the town on two fire grids, the border of which cuts four of them.
func TestReconcile(t *testing.T) {
	c := newCity(t, nil).fill()
	post := func(path, body string) {
		t.Helper()
		if got := c.do("POST", path, sendJSON, body); got.status >= 300 {
			t.Fatalf("%s: %d %s", path, got.status, got.body)
		}
	}
	post("/v1/layers", `{"name":"fires","geometry":"polygon","attributes":[{"name":"nr","type":"code"}]}`)
	post("/v1/changes", fmt.Sprintf(`{"changes":[
		{"op":"put","layer":"fires","feature":{"type":"Feature","id":"1","geometry":%s,"properties":{"nr":"F1"}}},
		{"op":"put","layer":"fires","feature":{"type":"Feature","id":"2","geometry":%s,"properties":{"nr":"F2"}}}]}`, lot(121.50, 25, 121.522, 25.02), lot(121.522, 25, 121.54, 25.02)))
	post("/v1/schemes", `{"name":"fire","levels":[],"cells":{"layer":"fires","code":"nr"}}`)
	const url = "/v1/schemes/unit/reconcile"
	for _, sc := range []scenario{
		{name: "as it is", url: url + "?with=fire", status: 200, want: []string{
			`"fine":"unit","coarse":"fire","fine_cells":8,"coarse_cells":2`, `{"coarse":"F1","fine":["A111-00","A112-00","A121-00","A122-00"],"covered":0.909`,
			`"exceptions":[{"fine":"A2`, `"coarse":"F2","offending_m2":2236`, `"nobodys_m2":0,"share":0.8}`,
		}},
		{name: "the matrix", url: url + "?with=fire&format=csv", status: 200, want: []string{"fine,coarse,area_m2,of_fine,of_coarse\nA111-00,F1,", "\nA211-00,F1,"}},
		{name: "the other way", url: "/v1/schemes/fire/reconcile?with=unit", status: 200, want: []string{`"fine":"F1"`, `"exceptions":[{`}},
		{name: "with itself", url: url + "?with=unit", status: 400, want: []string{`"field":"with","value":"unit"`}},
		{name: "with nothing", url: url, status: 400, want: []string{`"field":"with"`}},
		{name: "with no scheme", url: url + "?with=police", status: 404, want: []string{`"value":"police"`}},
		{name: "of no scheme", url: "/v1/schemes/police/reconcile?with=unit", status: 404, want: []string{`"value":"police"`}},
		{name: "in no form", url: url + "?with=fire&format=xml", status: 400, want: []string{`"field":"format"`}},
	} {
		sc.run(t, c)
	}
}

// TestDisputes asks for places in a zone that two sides claim (S19), in one that two villages cover, and beside.
func TestDisputes(t *testing.T) {
	c := newCity(t, nil).fill()
	post := func(path, body string, status int) {
		t.Helper()
		if got := c.do("POST", path, sendJSON, body); got.status != status {
			t.Fatalf("%s: %d %s", path, got.status, got.body)
		}
	}
	post("/v1/layers", `{"name":"zones","geometry":"polygon","roles":{"dispute":{}},"attributes":[{"name":"sides","type":"text"}]}`, 422)
	post("/v1/layers", `{"name":"zones","geometry":"point","roles":{"dispute":{"claimants":"sides"}},"attributes":[{"name":"sides","type":"text"}]}`, 422)
	post("/v1/layers", `{"name":"zones","geometry":"polygon","roles":{"dispute":{"claimants":"sides","name":"name"}},"attributes":[{"name":"sides","type":"text"},{"name":"name","type":"text"}]}`, 201)
	post("/v1/changes", `{"changes":[
		{"op":"put","layer":"zones","feature":{"type":"Feature","id":"z","geometry":`+lot(121.501, 25.001, 121.503, 25.003)+`,"properties":{"sides":"新华社区；东村、","name":"铁路边"}}},
		{"op":"put","layer":"villages","feature":{"type":"Feature","id":"X","geometry":`+lot(121.515, 25.001, 121.517, 25.003)+`,"properties":{"code":"X","name":"插花地"}}}]}`, 200)
	for _, sc := range []scenario{
		{name: "in the zone", url: "/v1/locate?lon=121.502&lat=25.002", status: 200, want: []string{`"disputes":[{"layer":"zones","id":"z","name":"铁路边","claimants":[{"name":"新华社区"},{"name":"东村"}]}]`}},
		{name: "where villages overlap", url: "/v1/locate?lon=121.516&lat=25.002", status: 200, want: []string{`"disputes":[{"level":"village","layer":"villages","claimants":[{"code":"D1-V1","name":"里11"},{"code":"X","name":"插花地"}]}]`}},
		{name: "beside", url: "/v1/locate?lon=121.503&lat=25.002", status: 200, want: []string{`"disputes":[]`}},
		{name: "on the western edge", url: "/v1/locate?lon=121.501&lat=25.002", status: 200, want: []string{`"id":"z"`}},
		{
			name: "rows", method: "POST", url: "/v1/locate?include=disputes", header: map[string]string{"Content-Type": "text/csv"}, body: "id,lon,lat\n1,121.502,25.002\n2,121.516,25.002\n3,121.503,25.002\n", status: 200,
			want: []string{"id,lon,lat,disputed,error\n1,121.502,25.002,新华社区；东村,\n2,121.516,25.002,里11；插花地,\n3,121.503,25.002,,\n"},
		},
		{
			name: "lines", method: "POST", url: "/v1/locate?include=disputes", header: map[string]string{"Content-Type": "application/x-ndjson"}, body: `{"lon":121.502,"lat":25.002,"disputes":"old"}` + "\n" + `{"lon":121.503,"lat":25.002}` + "\n", status: 200,
			want: []string{`{"lon":121.502,"lat":25.002,"disputes":[{"layer":"zones","id":"z","name":"铁路边","claimants":[{"name":"新华社区"},{"name":"东村"}]}]}` + "\n" + `{"lon":121.503,"lat":25.002,"disputes":[]}`},
		},
		{name: "rows without", method: "POST", url: "/v1/locate?include=cells", header: map[string]string{"Content-Type": "text/csv"}, body: "lon,lat\n121.502,25.002\n", status: 200, want: []string{"lon,lat,unit_code,error\n"}, not: []string{"disputed"}},
	} {
		sc.run(t, c)
	}
}
