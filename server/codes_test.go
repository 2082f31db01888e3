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
