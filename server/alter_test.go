package server

import "testing"

// TestAlterAttributes is one story about the attributes of a layer: each scenario sees what those before it did.
func TestAlterAttributes(t *testing.T) {
	c := newCity(t, nil).fill()
	alter := func(name string, status int, steps string, want ...string) scenario {
		return scenario{name: name, method: "PATCH", url: "/v1/layers/trees", header: sendJSON, body: `{"alter":[` + steps + `]}`, status: status, want: want}
	}
	for _, sc := range []scenario{
		{name: "before", method: "PUT", url: "/v1/layers/trees/features/t1", header: sendJSON, body: `{"type":"Feature","geometry":` + somewhere + `,"properties":{"tree_type":"榕","diameter":31.5,"count":3,"planted":"2026-01-31"}}`, status: 200},
		alter("rename", 200, `{"op":"rename","attribute":"tree_type","to":"species"}`, `"name":"species"`, `"former":["tree_type"]`, `"class":"species"`),
		{name: "renamed", url: "/v1/layers/trees/features/t1", status: 200, want: []string{`"species":"榕"`}, not: []string{"tree_type"}},
		{name: "found by either name", url: "/v1/layers/trees/features?tree_type=%E6%A6%95", status: 200, want: []string{`"id":"t1"`, `"numberReturned":1`}},
		{name: "written by the old name", method: "PUT", url: "/v1/layers/trees/features/t2", header: sendJSON, body: `{"type":"Feature","geometry":` + somewhere + `,"properties":{"tree_type":"樟"}}`, status: 200},
		{name: "imported by the old name", method: "POST", url: "/v1/layers/trees/import?format=csv", header: sendCSV, body: "id,lon,lat,tree_type\nt3,121.5,25.01,松\n", status: 200, want: []string{`"added":1`}},
		{name: "all have it", url: "/v1/layers/trees/export?format=csv", status: 200, want: []string{"t1,121.51,25.01,榕,31.5,3,2026-01-31", "t2,121.51,25.01,樟", "t3,121.5,25.01,松"}},

		alter("widen", 200, `{"op":"widen","attribute":"count","type":"number"},{"op":"widen","attribute":"planted","type":"time","zone":"Asia/Taipei"}`, `"was":["int"]`, `"was":["date"]`, `"zone":"Asia/Taipei"`),
		{name: "widened", url: "/v1/layers/trees/features/t1", status: 200, want: []string{`"count":3`, `"planted":"2026-01-30T16:00:00Z"`}},
		alter("narrow", 422, `{"op":"widen","attribute":"diameter","type":"int"}`, `"field":"alter[0].type","value":"int"`, "number cannot become int", "add an attribute of type int instead"),

		alter("add with a default", 200, `{"op":"add","attribute":"lit","type":"bool","default":false,"title":{"zh":"照明","en":"Lit"}}`, `"default":false`),
		{name: "those of before have it", url: "/v1/layers/trees/features?lit=false&limit=1", status: 200, want: []string{`"lit":false`, `"numberReturned":1`, `"next":`}},
		{name: "null reads as the default", method: "PUT", url: "/v1/layers/trees/features/t4", header: sendJSON, body: `{"type":"Feature","geometry":` + somewhere + `,"properties":{"lit":null}}`, status: 200},
		{name: "as here", url: "/v1/layers/trees/features/t4", status: 200, want: []string{`"lit":false`}},
		{name: "a file without it changes nothing", method: "POST", url: "/v1/layers/trees/import?format=csv", header: sendCSV, body: "id,lon,lat,lit\nt4,121.51,25.01,\n", status: 200, want: []string{`"unchanged":1`, `"changed":0`}},
		alter("default by text", 200, `{"op":"default","attribute":"lit","default":"yes"}`, `"default":true`),
		{name: "all follow", url: "/v1/layers/trees/features/t4", status: 200, want: []string{`"lit":true`}},
		alter("a wrong default", 422, `{"op":"default","attribute":"lit","default":7}`, `"field":"attributes[4].default","value":"7"`, "must be bool"),

		alter("require", 422, `{"op":"require","attribute":"diameter"}`, `"field":"attributes.diameter.required"`, `\"t2\" has no value`, "3 features stand against it", "give them values first, or the attribute a default"),
		alter("require with a default", 200, `{"op":"default","attribute":"diameter","default":10},{"op":"require","attribute":"diameter"}`, `"required":true,"default":10`),
		alter("the default is needed", 422, `{"op":"default","attribute":"diameter"}`, `"field":"attributes.diameter.required"`),

		alter("drop what a role needs", 422, `{"op":"drop","attribute":"species"}`, `"field":"alter[0].attribute","value":"species"`, "plays roles.part.class; take it out of there first"),
		alter("drop", 200, `{"op":"drop","attribute":"count"}`),
		{name: "dropped", url: "/v1/layers/trees", status: 200, want: []string{`"name":"planted"`}, not: []string{`"count","type"`}},
		{name: "shown when asked for", url: "/v1/layers/trees?dropped=true", status: 200, want: []string{`{"name":"count","type":"number","dropped":true}`}},
		{name: "asked for in a wrong way", url: "/v1/layers/trees?dropped=1", status: 400, want: []string{`"field":"dropped","value":"1"`}},
		{name: "gone from features", url: "/v1/layers/trees/features/t1", status: 200, want: []string{`"lit":true`}, not: []string{`"count"`}},
		{name: "gone from tiles", url: "/tiles/trees.json", status: 200, want: []string{`"species":"String"`, `"attributes":{"diameter":{"unit":"cm"},"lit":{"title":{"en":"Lit","zh":"照明"}}}`}, not: []string{`"count"`}},
		{name: "cannot be written", method: "PUT", url: "/v1/layers/trees/features/t5", header: sendJSON, body: `{"type":"Feature","geometry":` + somewhere + `,"properties":{"count":1}}`, status: 422, want: []string{`"field":"properties.count"`, "its attributes are species, diameter, planted, lit"}},
		{name: "columns of a file do not match it", method: "POST", url: "/v1/layers/trees/import?format=csv", header: sendCSV, body: "id,lon,lat,count\nt6,121.5,25.01,3\n", status: 200, want: []string{`"unmatched":["count"]`}},
		alter("its name is free", 200, `{"op":"add","attribute":"count","type":"text"}`),
		{name: "nothing came back", url: "/v1/layers/trees/features/t1", status: 200, want: []string{`"count":null`}},

		{
			name: "a list by name", method: "PATCH", url: "/v1/layers/trees", header: sendJSON, body: `{"attributes":[{"name":"new","type":"int"},{"name":"lit","type":"bool"},{"name":"species","type":"text","title":{"en":"Species"},"unit":""},{"name":"diameter","type":"number","unit":"cm","default":1},{"name":"planted","type":"text"},{"name":"count","type":"text"}]}`, status: 200,
			want: []string{`"attributes":[{"name":"species","type":"text","title":{"en":"Species"},"former":["tree_type"]},{"name":"diameter"`, `"was":["date","time"]`, `{"name":"new","type":"int"}]`},
		},
		{name: "a list that lacks one", method: "PATCH", url: "/v1/layers/trees", header: sendJSON, body: `{"attributes":[{"name":"species","type":"text"}]}`, status: 422, want: []string{`"field":"attributes"`, "the list lacks diameter", `"op\":\"drop\"`}},
		{name: "planted is text", url: "/v1/layers/trees/features/t1", status: 200, want: []string{`"planted":"2026-01-30T16:00:00Z"`, `"lit":null`}},

		alter("nothing of it happens", 422, `{"op":"add","attribute":"x","type":"int"},{"op":"add","attribute":"X","type":"int"}`, `"field":"alter[1].attribute","value":"X"`),
		{name: "x was not added", url: "/v1/layers/trees", status: 200, not: []string{`"name":"x"`}},
		{name: "the history has the names of then", url: "/v1/layers/trees/features/t1/history", status: 200, want: []string{`"properties":{"tree_type":"榕","diameter":31.5,"count":3,"planted":"2026-01-31"}`}, not: []string{"lit"}},
		{name: "so has the entry", url: "/v1/changes/3", status: 200, want: []string{`"properties":{"tree_type":"榕","diameter":31.5,"count":3,"planted":"2026-01-31"}`}},
		{name: "and the one after the first alteration", url: "/v1/layers/trees/features/t2/history", status: 200, want: []string{`"properties":{"species":"樟","diameter":null,"count":null,"planted":null}`}},
		{name: "as of before", url: "/v1/layers/trees/features/t1?as_of=3", status: 200, want: []string{`"tree_type":"榕"`, `"count":3,"planted":"2026-01-31"`}},
		{name: "as of before, the definition", url: "/v1/layers/trees?as_of=3", status: 200, want: []string{`"name":"tree_type"`, `{"name":"count","type":"int"}`}},
		alter("an unknown step", 422, `{"op":"paint","attribute":"lit"}`, `"field":"alter[0].op","value":"paint"`, "must be one of add, default, drop, rename, require, set, widen"),
		alter("a member of another step", 422, `{"op":"drop","attribute":"lit","to":"x"}`, `"field":"alter[0].to"`),
		alter("an unknown attribute", 422, `{"op":"set","attribute":"nope","unit":"m"}`, `"field":"alter[0].attribute","value":"nope"`, "its attributes are species"),
		alter("a wrong member", 422, `{"op":"set","attribute":"lit","title":"x"}`, `"field":"alter[0].title"`),
		alter("set and unset", 200, `{"op":"set","attribute":"diameter","unit":"mm","title":{"zh":"胸径"}},{"op":"set","attribute":"diameter","title":{"en":"Trunk"}}`, `"title":{"en":"Trunk","zh":"胸径"},"unit":"mm"`),
		{name: "no list", method: "PATCH", url: "/v1/layers/trees", header: sendJSON, body: `{"alter":{}}`, status: 400, want: []string{`"field":"alter"`}},
		{name: "not a step", method: "PATCH", url: "/v1/layers/trees", header: sendJSON, body: `{"alter":[7]}`, status: 422},
		{name: "an id rule beside another", method: "PATCH", url: "/v1/layers/villages", header: sendJSON, body: `{"id":{"pattern":"part"}}`, status: 422, want: []string{`"field":"id"`, `\"attribute\":null`}},
		{name: "an id rule that does not fit", method: "PATCH", url: "/v1/layers/trees", header: sendJSON, body: `{"id":{"pattern":"part"}}`, status: 422, want: []string{`"field":"id","value":"part"`, "stand against it", "make a new layer with this rule and import into it"}},
		{name: "scheme uses the name", method: "PATCH", url: "/v1/layers/units", header: sendJSON, body: `{"alter":[{"op":"rename","attribute":"CODEBASE","to":"code"},{"op":"add","attribute":"codebase","type":"int"}]}`, status: 422, want: []string{`"field":"attributes","value":"CODEBASE"`, "is what scheme unit calls the attribute CODEBASE; alter the scheme first"}},
		{name: "scheme follows a rename", method: "PATCH", url: "/v1/layers/units", header: sendJSON, body: `{"alter":[{"op":"rename","attribute":"CODEBASE","to":"code"}]}`, status: 200, want: []string{`"id":{"attribute":"code"}`}},
		{name: "located by it", url: "/v1/locate?lon=121.505&lat=25.005", status: 200, want: []string{`"cells":[{"scheme":"unit","code":"A111-00"`}},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}

// TestRolesAtRunTime makes a layer an area level and an ordinary layer again; what answers and what draws follows.
// TestSymbolsAtRunTime gives a layer symbols, renames the attribute that chooses them, and keeps it from being dropped.
func TestSymbolsAtRunTime(t *testing.T) {
	c := newCity(t, nil).fill()
	patch := func(name, body string, status int, want ...string) scenario {
		return scenario{name: name, method: "PATCH", url: "/v1/layers/signs", header: sendJSON, body: body, status: status, want: want}
	}
	drawn := func(name string, want ...string) scenario {
		return scenario{name: name, url: "/styles/light.json?tileset=signs", status: 200, want: want}
	}
	for _, sc := range []scenario{
		{name: "a layer", method: "POST", url: "/v1/layers", header: sendJSON, body: `{"name":"signs","geometry":"point","attributes":[{"name":"kind","type":"text"}]}`, status: 201},
		{name: "without symbols", url: "/styles/light.json?tileset=signs", status: 200, not: []string{"sprite", "icon-image"}},
		patch("with symbols", `{"symbols":{"attribute":"kind","values":{"stop":"road-sign"},"default":"guide-sign"}}`, 200, `"default":"guide-sign"`),
		drawn("they are drawn", "/v1/sprites/light", `["match",["to-string",["get","kind"]],"stop","road-sign","guide-sign"]`, `"symbol":"guide-sign"`),
		patch("another name", `{"alter":[{"op":"rename","attribute":"kind","to":"type"}]}`, 200, `"attribute":"type"`),
		drawn("it still chooses", `["get","type"]`),
		patch("it cannot go", `{"alter":[{"op":"drop","attribute":"type"}]}`, 422, "symbols.attribute"),
		patch("one value more", `{"symbols":{"values":{"exit":"ufo"}}}`, 422, `"field":"symbols.values.exit","value":"ufo"`),
		patch("no symbols any more", `{"symbols":null}`, 200),
		{name: "without symbols again", url: "/styles/light.json?tileset=signs", status: 200, not: []string{"sprite", "icon-image"}},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}

func TestRolesAtRunTime(t *testing.T) {
	c := newCity(t, nil).fill()
	square := `{"type":"Polygon","coordinates":[[[121.5,25],[121.53,25],[121.53,25.02],[121.5,25.02],[121.5,25]]]}`
	locate := func(name string, want, not []string) scenario {
		return scenario{name: name, url: "/v1/locate?lon=121.505&lat=25.005", status: 200, want: want, not: not}
	}
	patch := func(name, body string) scenario {
		return scenario{name: name, method: "PATCH", url: "/v1/layers/wards", header: sendJSON, body: body, status: 200}
	}
	for _, sc := range []scenario{
		{name: "a layer", method: "POST", url: "/v1/layers", header: sendJSON, body: `{"name":"wards","title":{"en":"Wards"},"geometry":"polygon","attributes":[{"name":"title","type":"text"}]}`, status: 201},
		{name: "a feature", method: "POST", url: "/v1/changes", header: sendJSON, body: changes(put("wards", "w1", square, `{"title":"First"}`)), status: 200},
		locate("no level yet", []string{`"level":"village"`}, []string{"ward"}),
		{name: "drawn as a polygon", url: "/styles/light.json", status: 200, want: []string{`"id":"wards-fill"`}, not: []string{`"id":"wards-label"`}},
		{name: "without names in tiles", url: "/tiles/wards.json", status: 200, not: []string{`"label":"String"`}},
		patch("it becomes a level", `{"roles":{"area":{"level":"ward","name":"title"}}}`),
		locate("it answers", []string{`{"level":"ward","code":"w1","name":"First","layer":"wards","id":"w1"}`}, nil),
		{name: "drawn as an area", url: "/styles/light.json", status: 200, want: []string{`"id":"wards-label"`}},
		{name: "with names in tiles", url: "/tiles/wards.json", status: 200, want: []string{`"label":"String"`}},
		patch("another level and no name", `{"roles":{"area":{"level":"zone","name":null}}}`),
		locate("it answers as that", []string{`{"level":"zone","code":"w1","name":"","layer":"wards","id":"w1"}`}, []string{"ward\""}),
		patch("the cells of a scheme", `{"roles":{"area":null,"cell":{"scheme":"fire"}}}`),
		locate("of a scheme that is not there yet", []string{`"scheme":"unit"`}, []string{"zone", "fire"}),
		{name: "the scheme", method: "POST", url: "/v1/schemes", header: sendJSON, body: `{"name":"fire","levels":[],"cells":{"layer":"wards"}}`, status: 201},
		locate("it answers as a cell", []string{`{"scheme":"fire","code":"w1"`}, []string{"zone"}),
		{name: "the end of the scheme", method: "DELETE", url: "/v1/schemes/fire", status: 200},
		locate("it is silent although it has the role", []string{`"level":"village"`}, []string{"wards", "fire"}),
		patch("nothing any more", `{"roles":null}`),
		locate("it is silent", []string{`"level":"village"`}, []string{"wards", "fire"}),
		{name: "drawn as before", url: "/styles/light.json", status: 200, want: []string{`"id":"wards-fill"`}, not: []string{`"id":"wards-label"`}},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}
