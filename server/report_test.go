package server

import "testing"

// TestReport asks for the figures of the scheme of the town, in every form, and with a road and a building across borders.
func TestReport(t *testing.T) {
	c := newCity(t, nil).fill()
	post := func(path, body string) {
		t.Helper()
		if got := c.do("POST", path, sendJSON, body); got.status >= 300 {
			t.Fatalf("%s: %d %s", path, got.status, got.body)
		}
	}
	const url = "/v1/schemes/unit/report"
	scenario{name: "as it is", url: url, status: 200, want: []string{
		`"scheme":"unit","cells":8`, `"gaps":0,"gap_m2":0,"overlaps":0`, `"across":[],"buildings_cut":0,"parts_cut":0,"cut":[],"outside":[]`,
		`"measures":[{"layer":"addresses","min":0`, `{"code":"A111-00","parent":"D1-V1"`, `"counts":[3,7]`, `"walk_by":"stops"`, `"seq":2`,
	}, not: []string{`"households"`}}.run(t, c)
	post("/v1/layers", `{"name":"houses","geometry":"polygon","roles":{"building":{"households":"flats"}},"attributes":[{"name":"flats","type":"int"}]}`)
	post("/v1/layers", `{"name":"roads","geometry":"line","roles":{"road":{"name":"name"}},"attributes":[{"name":"name","type":"text"}]}`)
	post("/v1/changes", `{"changes":[
		{"op":"put","layer":"houses","feature":{"type":"Feature","id":"h1","geometry":`+lot(121.509, 25.001, 121.512, 25.002)+`,"properties":{"flats":300}}},
		{"op":"put","layer":"houses","feature":{"type":"Feature","id":"h2","geometry":`+lot(121.501, 25.001, 121.502, 25.002)+`,"properties":{"flats":20}}},
		{"op":"put","layer":"houses","feature":{"type":"Feature","id":"h3","geometry":`+lot(120.501, 25.001, 120.502, 25.002)+`,"properties":{"flats":1}}},
		{"op":"put","layer":"roads","feature":{"type":"Feature","id":"r1","geometry":{"type":"LineString","coordinates":[[121.50,25.003],[121.52,25.003]]},"properties":{"name":"信義路"}}}]}`)
	for _, sc := range []scenario{
		{name: "with houses and roads", url: url + "?low=10&high=200", status: 200, want: []string{
			`"buildings_cut":1,"parts_cut":0,"cut":[{"layer":"houses","id":"h1","cells":["A112-00","A111-00"]}],"outside":[{"layer":"houses","count":1}]`,
			`"below":7,"above":1`, `"walk_by":"streets"`, `"households":320,"counts":[3,7,2]`,
		}},
		{name: "as a table of cells", url: url + "?format=csv", status: 200, want: []string{"code,parent,area_m2,households,addresses,trees,houses,load,", "\nA111-00,D1-V1,"}},
		{name: "for people", url: url + "?format=text&lang=zh", status: 200, want: []string{"完整性", "被切割的建筑"}},
		{name: "limits the wrong way", url: url + "?low=10&high=5", status: 400, want: []string{`"field":"high"`}},
		{name: "one limit", url: url + "?low=10", status: 400, want: []string{`"field":"high"`}},
		{name: "no such form", url: url + "?format=pdf", status: 400, want: []string{`"field":"format"`}},
		{name: "no such scheme", url: "/v1/schemes/fire/report", status: 404, want: []string{`"value":"fire"`}},
	} {
		sc.run(t, c)
	}
}
