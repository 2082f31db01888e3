package server

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestDrawGround draws ground from what lies on its four sides, between streets, along a river and in a district, and says why
// there is none. The card of the cell has the text from which it is drawn.
func TestDrawGround(t *testing.T) {
	c := newCity(t, nil).fill()
	post := func(path, body string) {
		t.Helper()
		if got := c.do("POST", path, sendJSON, body); got.status >= 300 {
			t.Fatalf("%s: %d %s", path, got.status, got.body)
		}
	}
	post("/v1/layers", `{"name":"streets","geometry":"line","roles":{"road":{"name":"name","alias":"also"}},"attributes":[{"name":"name","type":"text"},{"name":"also","type":"text"}]}`)
	post("/v1/layers", `{"name":"waters","geometry":"polygon","roles":{"landmark":{"name":"name"}},"attributes":[{"name":"name","type":"text"}]}`)
	line := func(id, name, also string, x0, y0, x1, y1 float64) string {
		return fmt.Sprintf(`{"op":"put","layer":"streets","feature":{"type":"Feature","id":%q,"geometry":{"type":"LineString","coordinates":[[%v,%v],[%v,%v]]},"properties":{"name":%q,"also":%q}}}`, id, x0, y0, x1, y1, name, also)
	}
	post("/v1/changes", `{"changes":[`+strings.Join([]string{
		line("1", "和平路", "", 121.5, 24.99, 121.5, 25.03), line("2", "三民路", "新三民路；民路", 121.51, 24.99, 121.51, 25.03),
		line("3", "延寿街", "", 121.49, 25, 121.53, 25), line("4", "短街", "", 121.5002, 25.01, 121.5098, 25.01),
		line("5", "远路", "", 121.9, 24.99, 121.9, 25.03),
		`{"op":"put","layer":"waters","feature":{"type":"Feature","id":"w","geometry":` + lot(121.49, 25.01, 121.53, 25.012) + `,"properties":{"name":"清河"}}}`,
	}, ",")+`]}`)
	const url = "/v1/schemes/unit/draw"
	ask := func(text string) string {
		body, _ := json.Marshal(map[string]string{"text": text})
		return string(body)
	}
	for _, sc := range []scenario{
		{name: "between streets and water", method: "POST", url: url, body: ask("东起三民路，西至和平路，北起清河，南至延寿街"), status: 200, want: []string{
			`{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Polygon"`, `"follows":1,"joined":[],"cells":[{"code":"A111-00","of_ground":1,"of_cell":1}]`, `"sides":[{"side":"east","names":["三民路"]}`,
		}},
		{name: "by another name", method: "POST", url: url, body: ask("east: 民路; south: 延寿街; west: 和平路; north: 清河"), status: 200, want: []string{`"follows":1`}},
		{name: "with ends joined", method: "POST", url: url, body: ask("东起三民路，西至和平路，北起短街，南至延寿街"), status: 200, want: []string{`"joined":[{"sides":["west","north"],"length_m":20.1`, `"sides":["north","east"]`}},
		{name: "an unknown road", method: "POST", url: url, body: ask("东起三民大路，西至和平路，北起清河，南至延寿街"), status: 422, want: []string{`"field":"text","value":"三民大路"`, "there is 三民路"}},
		{name: "roads that do not meet", method: "POST", url: url, body: ask("东起远路，西至和平路，北起清河，南至延寿街"), status: 422, want: []string{"远路 in the east and 延寿街 in the south do not meet", "m apart at"}},
		{name: "the wrong way round", method: "POST", url: url, body: ask("东起和平路，西至三民路，北起清河，南至延寿街"), status: 422, want: []string{"no ground lies between it"}},
		{name: "two sides", method: "POST", url: url, body: ask("东起和平路，西至三民路"), status: 400, want: []string{`"field":"text"`, "nothing is said of the south and the north"}},
		{name: "no text", method: "POST", url: url, body: `{}`, status: 400, want: []string{"no side is named"}},
		{name: "no body", method: "POST", url: url, body: ``, status: 400, want: []string{`"field":"body"`}},
		{name: "another member", method: "POST", url: url, body: `{"words":"x"}`, status: 400, want: []string{`"field":"words"`}},
		{name: "a form", method: "POST", url: url, header: map[string]string{"Content-Type": "text/plain"}, body: `x`, status: 415, want: []string{"application/json"}},
		{name: "of no scheme", method: "POST", url: "/v1/schemes/police/draw", body: ask("x"), status: 404, want: []string{`"value":"police"`}},
		{name: "on the card", url: "/v1/schemes/unit/cells/A111-00", status: 200, want: []string{`"text":{"zh":"`, `西至和平路`, `"en":"`, `west: 和平路`}},
	} {
		if sc.method == "POST" && sc.header == nil {
			sc.header = sendJSON
		}
		sc.run(t, c)
	}
}
