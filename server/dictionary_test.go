package server

import "testing"

// TestDictionaries is one story: each scenario sees what those before it did.
func TestDictionaries(t *testing.T) {
	c := newCity(t, nil).fill()
	species := `{"name":"species","title":{"zh":"树种","en":"Species"},"source":"GB/T 1","entries":[{"code":"01","title":{"zh":"榕树","en":"Banyan"}},{"code":"0101","title":{"zh":"小叶榕"},"parent":"01"},{"code":"02"}]}`
	for _, sc := range []scenario{
		{name: "none", url: "/v1/dictionaries", status: 200, want: []string{`{"dictionaries":[],"seq":2}`}},
		{name: "create", method: "POST", url: "/v1/dictionaries", header: sendJSON, body: species, status: 201, want: []string{"Location: /v1/dictionaries/species", `{"code":"0101","title":{"zh":"小叶榕"},"parent":"01"}`, `"seq":3`}},
		{name: "again", method: "POST", url: "/v1/dictionaries", header: sendJSON, body: species, status: 409, want: []string{`"field":"name","value":"species"`, "PUT /v1/dictionaries/species"}},
		{name: "wrong", method: "POST", url: "/v1/dictionaries", header: sendJSON, body: `{"name":"x","entries":[{"code":"1","parent":"9"},{"code":"2"},{"code":"2"}]}`, status: 422, want: []string{`"field":"entries[2].code","value":"2"`, `"field":"entries[0].parent","value":"9"`}},
		{name: "misspelt", method: "POST", url: "/v1/dictionaries", header: sendJSON, body: `{"name":"x","entrees":[]}`, status: 400, want: []string{`"field":"entrees"`}},
		{name: "list", url: "/v1/dictionaries", status: 200, want: []string{`{"name":"species","title":{"en":"Species","zh":"树种"},"source":"GB/T 1","count":3}`}, not: []string{"0101"}},
		{name: "get", url: "/v1/dictionaries/species", status: 200, want: []string{`"code":"0101"`}},
		{name: "unknown", url: "/v1/dictionaries/nope", status: 404, want: []string{`"field":"dictionary","value":"nope"`, "there are species"}},
		{name: "unknown put", method: "PUT", url: "/v1/dictionaries/nope", header: sendJSON, body: `{"name":"nope","entries":[]}`, status: 404},
		{name: "unknown delete", method: "DELETE", url: "/v1/dictionaries/nope", status: 404},

		{name: "an attribute names it", method: "PATCH", url: "/v1/layers/trees", header: sendJSON, body: `{"alter":[{"op":"add","attribute":"species","type":"code","dictionary":"species"}]}`, status: 200, want: []string{`"dictionary":"species"`}},
		{name: "one that is none", method: "PATCH", url: "/v1/layers/trees", header: sendJSON, body: `{"alter":[{"op":"add","attribute":"x","type":"code","dictionary":"nope"}]}`, status: 422, want: []string{`"field":"attributes.x.dictionary","value":"nope"`, "create it first"}},
		{name: "put a tree", method: "PUT", url: "/v1/layers/trees/features/t1", header: sendJSON, body: `{"type":"Feature","geometry":` + somewhere + `,"properties":{"species":"0101"}}`, status: 200},
		{name: "put a wrong one", method: "PUT", url: "/v1/layers/trees/features/t2", header: sendJSON, body: `{"type":"Feature","geometry":` + somewhere + `,"properties":{"species":"0103"}}`, status: 422, want: []string{`"field":"properties.species","value":"0103"`, "is no code of dictionary species; near are 0101, 01, 02"}},
		{name: "import", method: "POST", url: "/v1/layers/trees/import?format=csv", header: sendCSV, body: "id,lon,lat,species\ni1,121.5,25.01,01\ni2,121.5,25.01,1\ni3,121.5,25.01,02\n", status: 200, want: []string{`"added":2`, `"failed":1`, `"row":2`, `"field":"species"`, `"value":"1"`, "is no code of dictionary species"}},
		{name: "plain", url: "/v1/layers/trees/features/t1", status: 200, want: []string{`"species":"0101"`}, not: []string{"labels"}},
		{name: "labelled", url: "/v1/layers/trees/features/t1?labels=true", status: 200, want: []string{`"species":"0101"`, `"labels":{"species":"小叶榕"}`}},
		{name: "in a language", url: "/v1/layers/trees/features?lang=en&species=01", status: 200, want: []string{`"labels":{"species":"Banyan"}`, `"numberReturned":1`}},
		{name: "labels that are none", url: "/v1/layers/trees/features/t1?labels=yes", status: 400, want: []string{`"field":"labels","value":"yes"`}},
		{name: "export keeps codes", url: "/v1/layers/trees/export?format=csv", status: 200, want: []string{"0101"}, not: []string{"小叶榕"}},

		{name: "it is in use", method: "DELETE", url: "/v1/dictionaries/species", status: 422, want: []string{"is the dictionary of attribute species of layer trees; take it out of there first"}},
		{name: "codes in use", method: "PUT", url: "/v1/dictionaries/species", header: sendJSON, body: `{"name":"species","entries":[{"code":"01"},{"code":"02"}]}`, status: 422, want: []string{`"field":"entries"`, `1 feature stands against it: \"t1\" has \"0101\"; keep those codes, with the edition in which they end as to`}},
		{name: "another name", method: "PUT", url: "/v1/dictionaries/species", header: sendJSON, body: `{"name":"kinds","entries":[]}`, status: 422, want: []string{`"field":"name","value":"kinds"`}},
		{name: "what was got, altered", method: "PUT", url: "/v1/dictionaries/species", header: sendJSON, body: `{"name":"species","entries":[{"code":"0101","title":{"zh":"榕","en":"Fig"},"to":"2026"},{"code":"02"},{"code":"01"},{"code":"03"}],"seq":3}`, status: 200, want: []string{`"to":"2026"`}},
		{name: "labels follow", url: "/v1/layers/trees/features/t1?lang=en", status: 200, want: []string{`"labels":{"species":"Fig"}`}},
		{name: "let go", method: "PATCH", url: "/v1/layers/trees", header: sendJSON, body: `{"alter":[{"op":"set","attribute":"species","dictionary":null}]}`, status: 200},
		{name: "drop", method: "DELETE", url: "/v1/dictionaries/species", status: 200},
		{name: "gone", url: "/v1/dictionaries/species", status: 404, want: []string{"there is none yet"}},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}

// TestTagsFollowDefinitions: what a client has of a feature is out of date when the definition is.
func TestTagsFollowDefinitions(t *testing.T) {
	c := newCity(t, nil).fill()
	tag := func(want string) string {
		t.Helper()
		a := c.do("GET", "/v1/layers/trees/features/t7", nil, "")
		if got := a.header.Get("ETag"); a.status != 200 || got != want {
			t.Fatalf("status %d, ETag %s, want %s", a.status, got, want)
		}
		return want
	}
	c.do("PUT", "/v1/layers/trees/features/t7", sendJSON, `{"type":"Feature","geometry":`+somewhere+`,"properties":{"count":7}}`)
	old := tag(`"3"`)
	c.do("PATCH", "/v1/layers/trees", sendJSON, `{"alter":[{"op":"widen","attribute":"count","type":"text"}]}`)
	now := tag(`"3-4"`)
	if a := c.do("GET", "/v1/layers/trees/features/t7", map[string]string{"If-None-Match": old}, ""); a.status != 200 {
		t.Errorf("a copy of before the alteration is current: %d", a.status)
	}
	if a := c.do("GET", "/v1/layers/trees/features/t7", map[string]string{"If-None-Match": now}, ""); a.status != 304 {
		t.Errorf("a current copy is not: %d", a.status)
	}
	for _, match := range []string{now, old} {
		a := c.do("DELETE", "/v1/layers/trees/features/t7", map[string]string{"If-Match": match}, "")
		if want := map[string]int{now: 200, old: 404}[match]; a.status != want {
			t.Errorf("delete of what is at %s: %d %s", match, a.status, a.body)
		}
	}
}

// TestRefsOverHTTP checks what clients see of refs: which field is wrong, who refers, and what goes with a delete.
func TestRefsOverHTTP(t *testing.T) {
	c := newCity(t, nil).fill()
	layer := func(name, attributes string) scenario {
		return scenario{name: "layer " + name, method: "POST", url: "/v1/layers", header: sendJSON, status: 201, body: `{"name":"` + name + `","geometry":"none","attributes":[` + attributes + `]}`}
	}
	row := func(layer, id, properties string) string {
		return put(layer, id, "null", properties)
	}
	for _, sc := range []scenario{
		layer("households", `{"name":"name","type":"text"}`),
		layer("persons", `{"name":"household","type":"ref","ref":"households"},{"name":"doctor","type":"ref","ref":"persons","on_delete":"set_null"},{"name":"card","type":"code","unique":true}`),
		{name: "ref to nowhere", method: "POST", url: "/v1/layers", header: sendJSON, body: `{"name":"x","geometry":"none","attributes":[{"name":"a","type":"ref","ref":"nowhere"}]}`, status: 422, want: []string{`"field":"attributes.a.ref","value":"nowhere"`, "is not a layer; create it first"}},
		{name: "a missing household", method: "POST", url: "/v1/changes", header: sendJSON, body: changes(row("persons", "p1", `{"household":"h1"}`)), status: 422, want: []string{`"field":"changes[0].feature.properties.household","value":"h1"`, "is no feature of layer households"}},
		{name: "in one transaction", method: "POST", url: "/v1/changes", header: sendJSON, body: changes(row("persons", "p1", `{"household":"h1","card":"1"}`), row("persons", "p2", `{"household":"h1","doctor":"p1","card":"2"}`), row("households", "h1", `{}`)), status: 200},
		{name: "the same card", method: "PUT", url: "/v1/layers/persons/features/p3", header: sendJSON, body: `{"type":"Feature","properties":{"card":"2"},"geometry":null}`, status: 422, want: []string{`"field":"properties.card","value":"2"`, `is what feature \"p2\" has already, and the attribute is unique`}},
		{name: "who refers is found", url: "/v1/layers/persons/features?household=h1", status: 200, want: []string{`"numberReturned":2`}},
		{name: "restricted", method: "DELETE", url: "/v1/layers/households/features/h1", status: 422, want: []string{`2 features of layer persons refer to it by household: \"p1\", \"p2\"; delete or change them before, or in the same transaction`}},
		{name: "restricted layer", method: "DELETE", url: "/v1/layers/households", status: 422, want: []string{`2 features of layer persons refer to it by household`}},
		{name: "set null", method: "DELETE", url: "/v1/layers/persons/features/p1", status: 200},
		{name: "is null", url: "/v1/layers/persons/features/p2", status: 200, want: []string{`"doctor":null`, `"household":"h1"`}},
		{name: "rows that refer to nothing", method: "POST", url: "/v1/layers/persons/import?format=csv", header: sendCSV, body: "id,household,card\ni1,h1,7\ni2,h2,8\ni3,h1,7\ni4,,2\n", status: 200, want: []string{`"added":1`, `"failed":3`, `"row":2`, `"value":"h2"`, `"row":3`, `"value":"7"`, `"row":4`}},
		{name: "a file that lacks what is referred to", method: "POST", url: "/v1/layers/households/import?format=csv&mode=replace", header: sendCSV, body: "id,name\nh9,x\n", status: 200, want: []string{`"added":1`, `"ended":0`, `"kept":1`, `feature \"h1\" stays`, "refer to it by household"}},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}
