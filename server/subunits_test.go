package server

import (
	"fmt"
	"strings"
	"testing"
)

// TestSubunits has a tower whose entrances have heads of their own (S14, S19), a building with a part-time worker (S6) and a
// courtyard: who answers for a place in them comes before who answers for the cell, and the card of the cell lists them.
func TestSubunits(t *testing.T) {
	c := newCity(t, nil).fill()
	post := func(path, body string) {
		t.Helper()
		if got := c.do("POST", path, sendJSON, body); got.status >= 300 {
			t.Fatalf("%s: %d %s", path, got.status, got.body)
		}
	}
	post("/v1/layers", `{"name":"houses","geometry":"polygon","roles":{"building":{"name":"name"}},"attributes":[{"name":"name","type":"text"}]}`)
	post("/v1/layers", `{"name":"doorways","geometry":"point","roles":{"entrance":{"name":"name"}},"attributes":[{"name":"name","type":"text"},{"name":"house","type":"ref","ref":"houses"}]}`)
	post("/v1/layers", `{"name":"plates","geometry":"point","roles":{"address":{"label":"label"}},"attributes":[{"name":"label","type":"text"},{"name":"house","type":"ref","ref":"houses"},{"name":"doorway","type":"ref","ref":"doorways"}]}`)
	point := func(layer, id string, lon, lat float64, more string) string {
		return fmt.Sprintf(`{"op":"put","layer":%q,"feature":{"type":"Feature","id":%q,"geometry":{"type":"Point","coordinates":[%v,%v]},"properties":{%s}}}`, layer, id, lon, lat, more)
	}
	house := func(id, name, lot string) string {
		return fmt.Sprintf(`{"op":"put","layer":"houses","feature":{"type":"Feature","id":%q,"geometry":%s,"properties":{"name":%q}}}`, id, lot, name)
	}
	post("/v1/changes", `{"changes":[`+strings.Join([]string{
		house("tower", "高楼", lot(121.503, 25.003, 121.5036, 25.0031)), house("b2", "2幢", lot(121.506, 25.003, 121.5062, 25.0032)), house("yard", "三号院", lot(121.508, 25.003, 121.5084, 25.0034)),
		// 1 and 2 are those of the tower; 9 is nearer to its eastern end and of another house.
		point("doorways", "d1", 121.5031, 25.00299, `"name":"1单元","house":"tower"`), point("doorways", "d2", 121.5034, 25.00299, `"name":"2单元","house":"tower"`),
		point("doorways", "d9", 121.50362, 25.00305, `"name":"1单元","house":"b2"`), point("doorways", "d5", 121.5021, 25.006, `"name":"平房"`),
		point("plates", "p1", 121.5015, 25.0015, `"label":"外门","house":"b2","doorway":"d2"`),
	}, ",")+`]}`)
	post("/v1/people", `{"organisations":[{"id":"street","title":{"zh":"街道"},"level":"street"}],
		"posts":[{"id":"entrance-head","title":{"zh":"楼门长"},"duty":"staff","permissions":[],"layers":[]},{"id":"part-time","title":{"zh":"兼职网格员"},"duty":"staff","permissions":[],"layers":[]}],
		"staff":[{"id":"e1","name":"一","holdings":[{"post":"entrance-head","organisation":"street","scheme":"doorways","cells":["d1"]}]},
			{"id":"e2","name":"二","holdings":[{"post":"entrance-head","organisation":"street","scheme":"doorways","cells":["d2","d5"]}]},
			{"id":"h2","name":"三","holdings":[{"post":"part-time","organisation":"street","scheme":"houses","cells":["b2","yard"]}]},
			{"id":"s2","name":"替","holdings":[{"post":"part-time","organisation":"street","stands_in_for":"h2","from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z"}]},
			{"id":"g1","name":"长","holdings":[{"post":"part-time","organisation":"street","scheme":"unit","cells":["A111-00"]}]}]}`)
	const (
		duty = `"duties":[{"role":"staff","organisation":"street","post":`
		head = `{"role":"staff","organisation":"street","post":"part-time","person":"g1","cell":{"scheme":"unit","code":"A111-00"}}]`
	)
	at := func(lon, lat float64) string { return fmt.Sprintf("/v1/locate?lon=%v&lat=%v", lon, lat) }
	for _, sc := range []scenario{
		{name: "in the west of the tower", url: at(121.5031, 25.00305), status: 200, want: []string{duty + `"entrance-head","person":"e1","cell":{"scheme":"doorways","code":"d1"}},` + head}},
		{name: "in the east of the tower", url: at(121.50355, 25.00305), status: 200, want: []string{duty + `"entrance-head","person":"e2","cell":{"scheme":"doorways","code":"d2"}},` + head}},
		{name: "in a building", url: at(121.5061, 25.0031), status: 200, want: []string{duty + `"part-time","person":"h2","cell":{"scheme":"houses","code":"b2"}},` + head}},
		{name: "in a courtyard", url: at(121.5082, 25.0032), status: 200, want: []string{`"code":"yard"`}},
		{name: "at an entrance without a building", url: at(121.50211, 25.00601), status: 200, want: []string{`"person":"e2","cell":{"scheme":"doorways","code":"d5"}`}},
		{name: "at a door that says where it leads", url: at(121.5015, 25.0015), status: 200, want: []string{`"code":"d2"}},`, `"code":"b2"}},` + head}},
		{name: "on open ground", url: at(121.5045, 25.0045), status: 200, want: []string{`"duties":[` + head}},
		{name: "rows", method: "POST", url: "/v1/locate?include=duties", header: map[string]string{"Content-Type": "application/x-ndjson"}, body: `{"lon":121.5061,"lat":25.0031}`, status: 200, want: []string{`"code":"b2"}},` + head}},
		{name: "card", url: "/v1/schemes/unit/cells/A111-00", status: 200, want: []string{
			`"subunits":{"count":5,"items":[{"layer":"doorways","id":"d1","label":"1单元","staff":[{"person":"e1","post":"entrance-head","organisation":"street"}]}`, `{"layer":"houses","id":"b2","label":"2幢","staff":[{"person":"h2"`, `"id":"yard"`,
		}, not: []string{`"id":"tower","label":"高楼","staff"`}},
		{name: "card, one", url: "/v1/schemes/unit/cells/A111-00?limit=1", status: 200, want: []string{`"subunits":{"count":5,"items":[{"layer":"doorways","id":"d1"`}},
		{name: "card of a cell without", url: "/v1/schemes/unit/cells/A122-00", status: 200, want: []string{`"subunits":{"count":0,"items":[]}`}},
		{name: "no such building", method: "PUT", url: "/v1/staff/x", header: sendJSON, body: `{"name":"x","holdings":[{"post":"part-time","organisation":"street","scheme":"houses","cells":["b7"]}]}`, status: 422, want: []string{`"value":"b7"`, "houses"}},
		{name: "no layer of buildings", method: "PUT", url: "/v1/staff/x", header: sendJSON, body: `{"name":"x","holdings":[{"post":"part-time","organisation":"street","scheme":"trees","cells":["t"]}]}`, status: 422, want: []string{"is no scheme"}},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}
