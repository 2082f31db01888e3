package server

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// TestPeople is one story: each scenario sees what those before it did.
func TestPeople(t *testing.T) {
	c := newCity(t, nil).fill()
	const at = "/v1/locate?lon=121.505&lat=25.005" // in cell A111-00 of district D1
	putting := func(url, body string, status int, want ...string) scenario {
		return scenario{method: "PUT", url: url, header: sendJSON, body: body, status: status, want: want}
	}
	head := `{"name":"李静","holdings":[{"post":"grid-head","organisation":"works","scheme":"unit","cells":["A111-00"]}]}`
	for _, sc := range []scenario{
		{name: "none", url: "/v1/organisations", status: 200, want: []string{`{"organisations":[],"count":0,"seq":2}`}},
		{name: "no staff", url: "/v1/staff", status: 200, want: []string{`{"staff":[],"count":0,"seq":2}`}},
		{name: "posts are there", url: "/v1/posts?q=grid", status: 200, want: []string{`"id":"grid-head","title":{"en":"Grid head","zh":"网格长"},"duty":"staff"`, `"standard":true,"seq":0`, `"count":1`}},
		{name: "pages of posts", url: "/v1/posts?limit=2", status: 200, want: []string{`"id":"administrator"`, `"id":"approver"`, `"count":11,"next":"`}, not: []string{"collector"}},
		{name: "no duties yet", url: at, status: 200, want: []string{`"duties":[],"disputes":[]}`}},

		putting("/v1/organisations/bureau", `{"title":{"zh":"城管局"},"level":"district"}`, 201, "Location: /v1/organisations/bureau", `"path":["bureau"],"children":[],"seq":3`),
		putting("/v1/organisations/works", `{"title":{"zh":"市政处","en":"Works"},"parent":"bureau","level":"department","areas":[{"level":"district","code":"D1","roles":["owner","responsible"],"classes":["01"]},{"level":"village","code":"D1-V1"}]}`, 201, `"path":["bureau","works"]`),
		putting("/v1/organisations/works", `{"id":"parks","title":{"zh":"园林处"},"level":"department"}`, 422, `"field":"id","value":"parks"`, "differs from the id in the path"),
		putting("/v1/organisations/x", `{"title":{"zh":"处"},"level":"Department","parent":"nobody"}`, 422, `"field":"level","value":"Department"`, `"field":"parent","value":"nobody","detail":"is no organisation"`),
		putting("/v1/organisations/x", `{"title":{"zh":"处"},"level":"department","areas":[{"level":"district","code":"D9"},{"level":"street","code":"1"}]}`, 422, `"field":"areas[0].code","value":"D9","detail":"is the code of no district"`, `"field":"areas[1].level","value":"street"`),
		putting("/v1/organisations/x", `{"titel":{"zh":"处"}}`, 400, `"field":"titel"`),
		putting("/v1/organisations/bureau", `{"title":{"zh":"城管局"},"level":"district","parent":"works"}`, 422, `"field":"parent","value":"works"`, "leads in a circle: bureau below works below bureau"),
		putting("/v1/organisations/a%2Fb", `{"title":{"zh":"处"},"level":"department"}`, 422, `"field":"id","value":"a/b"`),
		putting("/v1/organisations/works?if_seq=3", `{"title":{"zh":"处"},"level":"department"}`, 412, "it is at seq 4, not 3"),
		putting("/v1/organisations/works?if_seq=x", `{"title":{"zh":"处"},"level":"department"}`, 400, `"field":"if_seq","value":"x"`),
		putting("/v1/organisations/parks?if_seq=0", `{"title":{"zh":"园林处"},"parent":"bureau","level":"department"}`, 201, `"seq":5`),
		{name: "the tree", url: "/v1/organisations/bureau", status: 200, want: []string{`"children":["parks","works"],"seq":3`}},
		{name: "below", url: "/v1/organisations?under=bureau&level=department&limit=1", status: 200, want: []string{`"id":"parks"`, `"count":2`, `"next":"`}, not: []string{`"id":"works"`}},
		{name: "below nobody", url: "/v1/organisations?under=nobody", status: 400, want: []string{`"field":"under","value":"nobody"`}},
		{name: "found by title", url: "/v1/organisations?q=WORK", status: 200, want: []string{`"id":"works"`, `"count":1`}},
		{name: "what was got comes back", method: "PUT", url: "/v1/organisations/parks", header: sendJSON, body: `{"id":"parks","title":{"zh":"园林局"},"parent":"bureau","level":"department","path":["bureau","parks"],"children":[],"seq":5}`, status: 200, want: []string{"园林局"}},
		{name: "unknown", url: "/v1/organisations/nobody", status: 404, want: []string{`"field":"id","value":"nobody"`}},
		{name: "unknown delete", method: "DELETE", url: "/v1/organisations/nobody", status: 404},
		{name: "a wrong parameter", url: "/v1/organisations?posts=1", status: 400},
		{name: "a wrong cursor", url: "/v1/organisations?cursor=1", status: 400, want: []string{`"field":"cursor"`}},

		putting("/v1/staff/1001", head, 201, `"current":[{"post":"grid-head","organisation":"works","scheme":"unit","cells":["A111-00"]}]`),
		putting("/v1/staff/1002", `{"name":"王明","holdings":[{"post":"handler","organisation":"works","from":"2026-01-01T00:00:00+08:00"}]}`, 201),
		putting("/v1/staff/1003", `{"name":"张三","holdings":[{"post":"grid-head","organisation":"works","scheme":"unit","cells":["Z"]}]}`, 422, `"field":"holdings[0].cells","value":"Z"`),
		putting("/v1/staff/1003", `{"name":"张三","holdings":[{"post":"boss","organisation":"nobody","scheme":"fire","cells":["Z"]}]}`, 422, `"field":"holdings[0].post","value":"boss"`, `"field":"holdings[0].organisation","value":"nobody"`, `"field":"holdings[0].scheme","value":"fire"`),
		putting("/v1/staff/1003", `{"name":"张三","holdings":[{"post":"grid-head","organisation":"works","stands_in_for":"1001","from":"2020-01-01T00:00:00Z","to":"2020-02-01T00:00:00Z"}]}`, 201, `"current":[]`),
		{name: "duties", url: at, status: 200, want: []string{`"duties":[` +
			`{"role":"staff","organisation":"works","post":"grid-head","person":"1001","cell":{"scheme":"unit","code":"A111-00"}},` +
			`{"role":"owner","organisation":"works","area":{"level":"district","code":"D1"},"classes":["01"]},` +
			`{"role":"responsible","organisation":"works","post":"handler","person":"1002","area":{"level":"village","code":"D1-V1"}},` +
			`{"role":"responsible","organisation":"works","post":"handler","person":"1002","area":{"level":"district","code":"D1"},"classes":["01"]}],"disputes":[]}`}},
		{name: "duties of a class", url: at + "&class=0203", status: 200, want: []string{`"person":"1002","area":{"level":"village","code":"D1-V1"}}],"disputes":[]}`}, not: []string{`"owner"`}},
		{name: "duties alone", url: at + "&include=duties", status: 200, want: []string{`"areas":[],"cells":[],"address":null,"parts":[],"duties":[{"role":"staff"`}},
		{name: "no duties", url: at + "&include=areas", status: 200, want: []string{`"duties":[],"disputes":[]`}},
		{name: "elsewhere", url: "/v1/locate?lon=0&lat=0", status: 200, want: []string{`"duties":[],"disputes":[]`}},
		{name: "duties of rows", method: "POST", url: "/v1/locate?include=duties", header: sendNDJSON, body: `{"lon":121.505,"lat":25.005,"duties":1}` + "\n" + `{"lon":0,"lat":0}`, status: 200, want: []string{`{"lon":121.505,"lat":25.005,"duties":[{"role":"staff","organisation":"works"`, `{"lon":0,"lat":0,"duties":[]}`}, not: []string{`"duties":1`, `"areas":`}},
		{name: "no column for duties", method: "POST", url: "/v1/locate?include=duties", header: sendCSV, body: "lon,lat\n0,0\n", status: 400, want: []string{`"value":"duties"`, "NDJSON"}},
		{name: "the cell has staff", url: "/v1/schemes/unit/cells/A111-00", status: 200, want: []string{`"staff":[{"person":"1001","post":"grid-head","organisation":"works"}]`}, not: []string{"李静"}},
		{name: "another has none", url: "/v1/schemes/unit/cells/A112-00", status: 200, want: []string{`"staff":[]`}},
		{name: "staff of the cell", url: "/v1/staff?cell=unit:A111-00", status: 200, want: []string{`"id":"1001","name":"李静"`, `"count":1`}},
		{name: "staff of a post", url: "/v1/staff?post=handler&under=bureau", status: 200, want: []string{`"id":"1002"`, `"count":1`}},
		{name: "staff of then", url: "/v1/staff?q=三&organisation=works", status: 200, want: []string{`"count":0`}},
		{name: "staff by name", url: "/v1/staff?q=三", status: 200, want: []string{`"id":"1003"`, `"count":1`}},
		{name: "staff of no cell", url: "/v1/staff?cell=A111-00", status: 400, want: []string{`"field":"cell","value":"A111-00"`}},
		{name: "staff of no post", url: "/v1/staff?post=boss", status: 400, want: []string{`"field":"post","value":"boss"`}},
		{name: "nobody", url: "/v1/staff/9", status: 404, want: []string{`"field":"id","value":"9"`}},

		{name: "a department with staff", method: "DELETE", url: "/v1/organisations/works", status: 409, want: []string{`"field":"id","value":"works"`, "has 3 persons (1001, 1002, 1003); move them first, or set retired"}},
		{name: "a bureau with departments", method: "DELETE", url: "/v1/organisations/bureau", status: 409, want: []string{"has 2 organisations below it (parks, works)"}},
		{name: "an empty one", method: "DELETE", url: "/v1/organisations/parks", status: 200},
		{name: "gone", url: "/v1/organisations/parks", status: 404},
		{name: "as of before", url: "/v1/organisations/parks?as_of=6", status: 200, want: []string{"园林局"}},
		{name: "as of the beginning", url: "/v1/organisations?as_of=4", status: 200, want: []string{`"count":2`, `"as_of":4`}, not: []string{"parks"}},
		{name: "somebody stands in", method: "DELETE", url: "/v1/staff/1001", status: 409, want: []string{"is stood in for by 1003"}},
		{name: "the stand-in goes", method: "DELETE", url: "/v1/staff/1003?if_seq=9", status: 200},
		{name: "too late", method: "DELETE", url: "/v1/staff/1001?if_seq=2", status: 412},

		putting("/v1/posts/police", `{"title":{"zh":"网格警员"},"duty":"staff"}`, 201, `"permissions":[],"layers":[],"standard":false`),
		putting("/v1/posts/police", `{"title":{"zh":"网格警员"},"duty":"chief","permissions":["all"],"layers":[{"layers":["trees"],"area":"street"}]}`, 422, `"field":"duty","value":"chief"`, `"field":"permissions","value":"all"`, `"field":"layers[0].area","value":"street"`, `"field":"layers[0].read"`),
		putting("/v1/posts/handler", `{"title":{"zh":"责任单位"},"permissions":["edit"],"layers":[{"layers":["trees"],"read":true,"write":true}]}`, 201, "责任单位"),
		{name: "a standard post", method: "DELETE", url: "/v1/posts/planner", status: 409, want: []string{"is a post that is there from the beginning"}},
		{name: "one in its place", method: "DELETE", url: "/v1/posts/handler", status: 200},
		{name: "is as in the beginning", url: "/v1/posts/handler", status: 200, want: []string{`"en":"Handling department"`, `"standard":true`}},
		putting("/v1/staff/1004", `{"name":"赵六","holdings":[{"post":"police","organisation":"works"}]}`, 201),
		{name: "a post that is held", method: "DELETE", url: "/v1/posts/police", status: 409, want: []string{"is held by 1 person (1004)"}},
		{name: "no post", url: "/v1/posts/boss", status: 404},

		{name: "export", url: "/v1/people", status: 200, want: []string{`{"organisations":[{"id":"bureau"`, `"posts":[{"id":"police"`, `"staff":[{"id":"1001"`}, not: []string{`"planner"`}},
		{name: "import dry", method: "POST", url: "/v1/people?dry_run=true", header: sendJSON, body: `{"staff":[` + strings.Replace(head, `{`, `{"id":"1001",`, 1) + `,{"id":"1005","name":"孙"}]}`, status: 200, want: []string{`{"added":1,"changed":0,"unchanged":1,"faults":[],"failed":0,"seq":0}`}},
		{name: "nothing was done", url: "/v1/staff/1005", status: 404},
		{name: "import with faults", method: "POST", url: "/v1/people", header: sendJSON, body: `{"organisations":[{"id":"fire","title":{"zh":"消防"},"level":"department","parent":"x"}],"staff":[{"id":"1005","name":"孙","holdings":[{"post":"handler","organisation":"fire"}]},{"id":"1005","name":""}]}`, status: 200, want: []string{`"failed":2`, `{"kind":"organisation","id":"fire","field":"parent","value":"x","why":"is no organisation"}`, `{"kind":"staff","id":"1005","field":"id","value":"1005","why":"is named twice"}`, `"seq":0}`}},
		{name: "import", method: "POST", url: "/v1/people", header: sendJSON, body: `{"organisations":[{"id":"fire","title":{"zh":"消防"},"level":"department","parent":"bureau"}],"staff":[{"id":"1005","name":"孙","holdings":[{"post":"handler","organisation":"fire"}]}]}`, status: 200, want: []string{`"added":2,"changed":0,"unchanged":0,"faults":[],"failed":0,"seq":16`}},
		{name: "import again", method: "POST", url: "/v1/people", header: sendJSON, body: `{"organisations":[{"id":"fire","title":{"zh":"消防"},"level":"department","parent":"bureau"}]}`, status: 200, want: []string{`"unchanged":1`, `"seq":0`}},
		{name: "import nonsense", method: "POST", url: "/v1/people", header: sendJSON, body: `{"people":[]}`, status: 400, want: []string{`"field":"people"`}},
		{name: "the log names records", url: "/v1/changes/16", status: 200, want: []string{`"stream":"admin"`, `"kind":"staff"`, `"id":"1005"`}, not: []string{"孙"}},
		{name: "no undo", method: "POST", url: "/v1/changes/16/revert", header: sendJSON, body: `{}`, status: 422, want: []string{"put or delete the record instead"}},
	} {
		if sc.name == "" {
			sc.name = sc.method + " " + sc.url
		}
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}

// TestOneCellWithSevenForces is the cell of a profile that puts seven posts of its own into each cell.
func TestOneCellWithSevenForces(t *testing.T) {
	c := newCity(t, nil).fill()
	forces := []string{"网格管理员", "网格助理员", "网格警员", "网格督导员", "网格党支部书记", "网格司法工作者", "网格消防员"}
	var posts, staff []string
	for i, title := range forces {
		id := string(rune('a' + i))
		posts = append(posts, `{"id":"`+id+`","title":{"zh":"`+title+`"},"duty":"staff","permissions":[],"layers":[]}`)
		staff = append(staff, `{"id":"s`+id+`","name":"`+title+`","holdings":[{"post":"`+id+`","organisation":"street","scheme":"unit","cells":["A111-00","A112-00"]}]}`)
	}
	body := `{"organisations":[{"id":"street","title":{"zh":"街道"},"level":"street"}],"posts":[` + strings.Join(posts, ",") + `],"staff":[` + strings.Join(staff, ",") + `]}`
	for _, sc := range []scenario{
		{name: "import", method: "POST", url: "/v1/people", header: sendJSON, body: body, status: 200, want: []string{`"added":15`}},
		{name: "card", url: "/v1/schemes/unit/cells/A112-00", status: 200, want: []string{`"staff":[{"person":"sa","post":"a","organisation":"street"}`, `{"person":"sg","post":"g","organisation":"street"}]`}},
		{name: "locate", url: "/v1/locate?lon=121.505&lat=25.005", status: 200, want: []string{`"post":"a","person":"sa"`, `"post":"g","person":"sg"`}},
		{name: "none elsewhere", url: "/v1/schemes/unit/cells/A122-00", status: 200, want: []string{`"staff":[]`}},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}

// TestPeopleUnderWriters puts staff into a department while others end it: whatever comes first, nobody works in a
// department that is not there.
func TestPeopleUnderWriters(t *testing.T) {
	c := newCity(t, nil).fill()
	outcomes := map[string]int{}
	for range 60 {
		if a := c.do("PUT", "/v1/organisations/o", sendJSON, `{"title":{"zh":"处"},"level":"department"}`); a.status > 201 {
			t.Fatalf("status %d: %s", a.status, a.body)
		}
		var hired, ended answer
		var clients sync.WaitGroup
		clients.Go(func() {
			hired = c.do("PUT", "/v1/staff/s", sendJSON, `{"name":"李","holdings":[{"post":"handler","organisation":"o"}]}`)
		})
		clients.Go(func() { ended = c.do("DELETE", "/v1/organisations/o", nil, "") })
		clients.Wait()
		outcomes[fmt.Sprint(hired.status, " ", ended.status)]++
		c.do("DELETE", "/v1/staff/s", nil, "")
	}
	for outcome := range outcomes {
		if outcome != "201 409" && outcome != "422 200" {
			t.Errorf("hired and ended: %v", outcomes)
		}
	}
}
