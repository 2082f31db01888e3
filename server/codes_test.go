package server

import (
	"net/url"
	"testing"
)

func TestCodes(t *testing.T) {
	c := newCity(t, nil)
	for _, sc := range []scenario{
		{name: "cell", url: "/v1/codes/cell/110101001001012", status: 200, want: []string{
			`{"kind":"cell","title":{"en":"unit grid","zh":"单元网格标识码"},"code":"110101001001012","canonical":"110101001001012","rule":"district:6 street:3 community:3 sequence:3"`,
			`{"name":"district","text":"110101","from":1,"to":6}`, `{"name":"sequence","text":"012","from":13,"to":15}`,
			`"areas":[{"kind":"community","code":"110101001001"},{"kind":"street","code":"110101001"},{"kind":"district","code":"110101"}]`,
		}},
		{name: "cell with four digits for the street", url: "/v1/codes/cell/1101010001001012", status: 200, want: []string{`"code":"1101010001001012","canonical":"110101001001012"`}},
		{name: "part of the same length", url: "/v1/codes/part/1101010101001012", status: 200, want: []string{`"kind":"part"`, `"name":"minor"`, `"areas":[{"kind":"district","code":"110101"}]`}},
		{name: "class", url: "/v1/codes/class/01001", status: 200, want: []string{`"areas":[]`}},
		{name: "written by hand", url: "/v1/codes/cell/" + url.PathEscape("１１０101-001 001—012"), status: 200, want: []string{`"code":"110101001001012"`}},
		{name: "too short", url: "/v1/codes/cell/11010100100101", status: 400, want: []string{"has 14 characters instead of 15 (district 6, street 3, community 3, sequence 3) or 16", `"field":"code"`, `"value":"11010100100101"`}},
		{name: "wrong character", url: "/v1/codes/cell/1101O1001001012", status: 400, want: []string{"character 5 (district): 'O' must be a digit; is it a zero?"}},
		{name: "wrong kind", url: "/v1/codes/grid/110101001001012", status: 404, want: []string{"there are district, street, community, cell, part, matter, class"}},
		{name: "nothing", url: "/v1/codes/cell/", status: 404},
		{name: "parameter", url: "/v1/codes/cell/110101001001012?at=1", status: 400, want: []string{"is not a parameter here"}},
		{name: "method", method: "POST", url: "/v1/codes/cell/110101001001012", status: 405},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}

// TestCodeRuleOfScheme refuses a rule in which a group occurs twice.
func TestCodeRuleOfScheme(t *testing.T) {
	c := newCity(t, nil).fill()
	for _, sc := range []scenario{
		{
			name: "twice", method: "POST", url: "/v1/schemes", header: sendJSON, status: 422,
			body: `{"name":"fire","levels":["district"],"cells":{"layer":"units","code":"CODEBASE"},"code_rule":"a:1 a:2"}`,
			want: []string{`"field":"code_rule"`, "occurs twice"},
		},
		{
			name: "good", method: "POST", url: "/v1/schemes", header: sendJSON, status: 201,
			body: `{"name":"fire","levels":["district"],"cells":{"layer":"units","code":"CODEBASE"},"code_rule":"zone:2 block:3"}`,
			want: []string{`"code_rule":"zone:2 block:3"`},
		},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}

// TestComposeCodes composes codes by number, and the next that no feature of a layer has or ever had.
func TestComposeCodes(t *testing.T) {
	c := newCity(t, nil)
	for _, def := range []string{
		`{"name":"grids","geometry":"point","id":{"attribute":"code"},"attributes":[{"name":"code","type":"code"}]}`,
		`{"name":"lids","geometry":"point","id":{"pattern":"part"},"attributes":[{"name":"kind","type":"text"}]}`,
		`{"name":"trees","geometry":"point","attributes":[{"name":"kind","type":"text"}]}`,
	} {
		if a := c.do("POST", "/v1/layers", sendJSON, def); a.status != 201 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	put := func(layer, id, properties string) {
		t.Helper()
		body := `{"type":"Feature","geometry":{"type":"Point","coordinates":[116.4,39.9]},"properties":{` + properties + `}}`
		if a := c.do("PUT", "/v1/layers/"+layer+"/features/"+id, sendJSON, body); a.status/100 != 2 {
			t.Fatalf("%s: %d %s", id, a.status, a.body)
		}
	}
	grid := func(id string) { put("grids", id, `"code":"`+id+`"`) }
	end := func(layer, id string) {
		t.Helper()
		if a := c.do("DELETE", "/v1/layers/"+layer+"/features/"+id, nil, ""); a.status != 200 {
			t.Fatalf("%s: %d %s", id, a.status, a.body)
		}
	}
	for _, id := range []string{"110101001001001", "110101001001004", "1101010001001006", "110101001001009", "110101001002500", "110101001001X12"} {
		grid(id)
	}
	end("grids", "110101001001009")
	grid("110101001003999")
	grid("110101001003002")
	end("grids", "110101001003002")
	put("lids", "1101010101000041", "")
	put("lids", "1101010102000099", "")
	end("lids", "1101010101000041")
	for _, sc := range []scenario{
		{name: "cell", url: "/v1/codes/cell?in=110101001001&number=12", status: 200, want: []string{`{"kind":"cell","codes":["110101001001012"]}`}},
		{name: "cell of 16", url: "/v1/codes/cell?in=1101010001001&number=999", status: 200, want: []string{`"1101010001001999"`}},
		{name: "part of 16", url: "/v1/codes/part?in=110101&class=0101&number=1", status: 200, want: []string{`"1101010101000001"`}},
		{name: "part of 17", url: "/v1/codes/part?in=110101&class=01001&number=999999", status: 200, want: []string{`"11010101001999999"`}},
		{name: "next, behind one that has ended and one of the other form", url: "/v1/codes/cell?in=110101001001&layer=grids&count=2", status: 200, want: []string{`"codes":["110101001001010","110101001001011"]`, `"seq":`}},
		{name: "next of a community that has none", url: "/v1/codes/cell?in=110101001009&layer=grids", status: 200, want: []string{`"codes":["110101001009001"]`}},
		{name: "gaps when the last number is given", url: "/v1/codes/cell?in=110101001003&layer=grids&count=3", status: 200, want: []string{`"codes":["110101001003001","110101001003003","110101001003004"]`}},
		{name: "more than are left", url: "/v1/codes/cell?in=110101001003&layer=grids&count=998", status: 409, want: []string{"997 of 999 are left"}},
		{name: "next part", url: "/v1/codes/part?in=110101&class=0101&layer=lids", status: 200, want: []string{`"codes":["1101010101000042"]`}},
		{name: "ids that are no codes", url: "/v1/codes/cell?in=110101001001&layer=trees", status: 400, want: []string{`"field":"layer"`, "give the number"}},
		{name: "no layer", url: "/v1/codes/cell?in=110101001001&layer=nowhere", status: 404, want: []string{"nowhere"}},
		{name: "neither", url: "/v1/codes/cell?in=110101001001", status: 400, want: []string{"or layer must be given"}},
		{name: "both", url: "/v1/codes/cell?in=110101001001&layer=grids&number=1", status: 400, want: []string{"or layer must be given"}},
		{name: "too large a number", url: "/v1/codes/cell?in=110101001001&number=1000", status: 400, want: []string{"outside 1 to 999", `"field":"number"`}},
		{name: "no number", url: "/v1/codes/cell?in=110101001001&number=x", status: 400, want: []string{`"field":"number","value":"x"`}},
		{name: "wrong community", url: "/v1/codes/cell?in=11010100100&number=1", status: 400, want: []string{`"field":"in"`, "has 11 characters"}},
		{name: "wrong class", url: "/v1/codes/part?in=110101&class=1&number=1", status: 400, want: []string{`"field":"class"`}},
		{name: "class of a cell", url: "/v1/codes/cell?in=110101001001&class=0101&number=1", status: 400, want: []string{"have no class"}},
		{name: "kind", url: "/v1/codes/street?in=110101&number=1", status: 404, want: []string{"there are cell, part"}},
		{name: "parameter", url: "/v1/codes/cell?in=110101001001&number=1&at=2", status: 400, want: []string{"is not a parameter here"}},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}
