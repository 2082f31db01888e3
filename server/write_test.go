package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/city"
)

const lamps = `{"name":"lamps","title":{"zh":"路燈","en":"Lamps"},"geometry":"point","attributes":[{"name":"height","type":"number","unit":"m"}]}`

func put(layer, id, geometry, properties string) string {
	return fmt.Sprintf(`{"op":"put","layer":%q,"feature":{"type":"Feature","id":%q,"geometry":%s,"properties":%s}}`, layer, id, geometry, properties)
}

func changes(list ...string) string { return `{"changes":[` + strings.Join(list, ",") + `]}` }

const (
	somewhere = `{"type":"Point","coordinates":[121.51,25.01]}`
	bowTie    = `{"type":"Polygon","coordinates":[[[121.5,25],[121.51,25.01],[121.51,25],[121.5,25.01],[121.5,25]]]}`
)

// TestWrites is one story: each scenario sees what those before it did.
func TestWrites(t *testing.T) {
	c := newCity(t, nil).fill()
	epoch := string(c.engine.World().Epoch())
	for _, sc := range []scenario{
		{name: "create a layer", method: "POST", url: "/v1/layers", header: sendJSON, body: lamps, status: 201, want: []string{"Location: /v1/layers/lamps", `"name":"lamps"`, `"count":0`, `"seq":3`, "X-Gewu-Seq: 3"}, not: []string{"Access-Control"}},
		{name: "create it again", method: "POST", url: "/v1/layers", header: sendJSON, body: lamps, status: 409, want: []string{`"field":"name","value":"lamps"`, "PATCH /v1/layers/lamps"}},
		{name: "create a layer with symbols that are not there", method: "POST", url: "/v1/layers", header: sendJSON, body: `{"name":"ufos","geometry":"point","attributes":[{"name":"kind","type":"text"}],"symbols":{"attribute":"kind","values":{"a":"lamp","b":"ufo"},"default":"alien"}}`, status: 422, want: []string{`"field":"symbols.default","value":"alien"`, `"field":"symbols.values.b","value":"ufo"`, "/v1/sprites/light.json"}, not: []string{"values.a"}},
		{name: "create a wrong layer", method: "POST", url: "/v1/layers", header: sendJSON, body: `{"name":"Lamps","geometry":"dot","attributes":[{"name":"a","type":"text"},{"name":"A","type":"text"}]}`, status: 422, want: []string{`"field":"name","value":"Lamps"`, `"errors":[{"field":"name"`, `{"field":"geometry","value":"dot","detail":"must be point, line, polygon or none"}`, `"field":"attributes[1].name"`}},
		{name: "create a layer with a misspelt member", method: "POST", url: "/v1/layers", header: sendJSON, body: `{"name":"x","geometri":"point"}`, status: 400, want: []string{`"field":"geometri"`}},
		{name: "alter a layer", method: "PATCH", url: "/v1/layers/lamps", header: sendJSON, body: `{"title":{"en":"Street lamps"},"zoom":{"min":12}}`, status: 200, want: []string{`"title":{"en":"Street lamps","zh":"路燈"}`, `"zoom":{"min":12,"max":0}`, `"seq":4`}},
		{name: "alter what cannot be", method: "PATCH", url: "/v1/layers/lamps", header: sendJSON, body: `{"geometry":"line"}`, status: 422, want: []string{`"field":"geometry","value":"line"`, "cannot be altered"}},
		{name: "alter by null", method: "PATCH", url: "/v1/layers/lamps", header: jsonWith("Content-Type", "application/merge-patch+json"), body: `{"title":{"en":null}}`, status: 200, want: []string{`"title":{"zh":"路燈"}`}},
		{name: "rename a layer", method: "PATCH", url: "/v1/layers/lamps", header: sendJSON, body: `{"name":"lights"}`, status: 422, want: []string{"cannot be altered"}},

		{name: "put two", method: "POST", url: "/v1/changes", header: sendJSON, body: changes(put("lamps", "l1", somewhere, `{"height":8}`), put("lamps", "路/燈 2", somewhere, `{}`)), status: 200, want: []string{`{"seq":6,"ids":["l1","路/燈 2"]}`, "X-Gewu-Seq: 6"}},
		{name: "read what was written", url: "/v1/layers/lamps/features/l1?min_seq=" + epoch + "-6", status: 200, want: []string{`"height":8`, `"seq":6`}},
		{name: "an id with a slash, a blank and 中文", url: "/v1/layers/lamps/features/%E8%B7%AF%2F%E7%87%88%202", status: 200, want: []string{`"id":"路/燈 2"`}},
		{name: "if_seq holds", method: "POST", url: "/v1/changes", header: sendJSON, body: `{"changes":[{"op":"put","layer":"lamps","if_seq":6,"feature":{"type":"Feature","id":"l1","geometry":` + somewhere + `,"properties":{"height":9}}}],"cause":"repaired"}`, status: 200, want: []string{`{"seq":7,"ids":["l1"]}`}},
		{name: "if_seq does not hold", method: "POST", url: "/v1/changes", header: sendJSON, body: `{"changes":[{"op":"delete","layer":"lamps","id":"l1","if_seq":6}]}`, status: 412, want: []string{`"type":"/docs#precondition-failed"`, "lamps/l1 is at seq 7, if_seq demands 6"}},
		{name: "all or nothing", method: "POST", url: "/v1/changes", header: sendJSON, body: `{"changes":[{"op":"delete","layer":"lamps","id":"l1"},{"op":"delete","layer":"lamps","id":"nobody"}]}`, status: 422, want: []string{`"field":"changes[1].id","value":"nobody"`, "does not exist"}},
		{name: "nothing happened", url: "/v1/layers/lamps/features/l1", status: 200, want: []string{`"height":9`}},

		{name: "put by path", method: "PUT", url: "/v1/layers/lamps/features/a%2Fb", header: jsonWith("If-None-Match", "*"), body: `{"type":"Feature","geometry":` + somewhere + `,"properties":{"height":1.5}}`, status: 200, want: []string{`{"seq":8}`}},
		{name: "it must not exist", method: "PUT", url: "/v1/layers/lamps/features/a%2Fb", header: jsonWith("If-None-Match", "*"), body: `{"type":"Feature","geometry":` + somewhere + `,"properties":{}}`, status: 412, want: []string{"it is at seq 8, not 0"}},
		{name: "put what was got", method: "PUT", url: "/v1/layers/lamps/features/a%2Fb", header: jsonWith("If-Match", `"8"`, "Content-Type", "application/geo+json"), body: `{"type":"Feature","id":"a/b","geometry":` + somewhere + `,"properties":{"height":2},"seq":8,"permanent":1}`, status: 200, want: []string{`{"seq":9}`}},
		{name: "it has changed", method: "DELETE", url: "/v1/layers/lamps/features/a%2Fb", header: map[string]string{"If-Match": `"8"`}, status: 412, want: []string{"it is at seq 9, not 8"}},
		{name: "another id in the body", method: "PUT", url: "/v1/layers/lamps/features/c", header: sendJSON, body: `{"type":"Feature","id":"d","geometry":` + somewhere + `,"properties":{}}`, status: 422, want: []string{`"field":"id","value":"d"`}},
		{name: "delete by path", method: "DELETE", url: "/v1/layers/lamps/features/a%2Fb", status: 200, want: []string{`{"seq":10}`}},
		{name: "it is gone", url: "/v1/layers/lamps/features/a%2Fb", status: 404, want: []string{"it ended with seq 10"}},
		{name: "delete again", method: "DELETE", url: "/v1/layers/lamps/features/a%2Fb", status: 404},
		{name: "id by rule", method: "PUT", url: "/v1/layers/districts/features/D9", header: sendJSON, body: `{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[121,24],[121.1,24],[121.1,24.1],[121,24]]]},"properties":{"code":"D9","name":"九"}}`, status: 200},

		{name: "scheme", method: "POST", url: "/v1/schemes", header: sendJSON, body: `{"name":"fire","levels":["district"],"cells":{"layer":"units"}}`, status: 201, want: []string{"Location: /v1/schemes/fire"}},
		{name: "scheme again", method: "POST", url: "/v1/schemes", header: sendJSON, body: `{"name":"fire","levels":["district"],"cells":{"layer":"units"}}`, status: 409},
		{name: "scheme without cells", method: "POST", url: "/v1/schemes", header: sendJSON, body: `{"name":"fire2","levels":["district"],"cells":{"layer":"nowhere"}}`, status: 422, want: []string{`"field":"cells.layer","value":"nowhere"`}},
		{name: "scheme with nothing of cells", method: "POST", url: "/v1/schemes", header: sendJSON, body: `{"name":"fire2","levels":["district"],"cells":{"layer":""}}`, status: 422, want: []string{`"field":"cells.layer"`, "is missing"}},
		{name: "located by it", url: "/v1/locate?lon=121.505&lat=25.005&scheme=fire", status: 200, want: []string{`"cells":[{"scheme":"fire","code":"A111-00"`}},
		{name: "drop a layer in use", method: "DELETE", url: "/v1/layers/units", status: 422, want: []string{"is used by scheme"}},
		{name: "import", method: "POST", url: "/v1/layers/trees/import?format=csv", header: sendCSV, body: "id,lon,lat,count\ni1,121.5,25.01,3\ni2,121.5,25.01,x\n", status: 200, want: []string{`"added":1`, `"failed":1`, `"field":"count"`}},
		{name: "drop the scheme", method: "DELETE", url: "/v1/schemes/fire", status: 200},
		{name: "it is gone too", url: "/v1/schemes/fire", status: 404, want: []string{"there are unit"}},
		{name: "drop it again", method: "DELETE", url: "/v1/schemes/fire", status: 404},
		{name: "drop a layer", method: "DELETE", url: "/v1/layers/lamps", status: 200},
		{name: "the layer is gone", url: "/v1/layers/lamps", status: 404, want: []string{"there are districts, villages, units, addresses, trees"}},
		{name: "effective", method: "POST", url: "/v1/changes", header: sendJSON, body: `{"effective":"2024-01-31T08:00:00+08:00","changes":[` + put("trees", "t", somewhere, `{"planted":"2026-01-31"}`) + `]}`, status: 200},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}

// TestBadInput sends what must be refused, with the field and the value.
func TestBadInput(t *testing.T) {
	c := newCity(t, func(cfg *Config) {
		cfg.Limits.BodyBytes = 64 << 10
		cfg.Limits.MinSeq = 20 * time.Millisecond
	}).fill()
	before := c.store.Last()
	change := func(name string, status int, body string, want ...string) scenario {
		return scenario{name: "change: " + name, method: "POST", url: "/v1/changes", header: sendJSON, body: body, status: status, want: want}
	}
	read := func(url string, status int, want ...string) scenario {
		return scenario{name: url, url: url, status: status, want: want}
	}
	for _, sc := range []scenario{
		read("/v1/locate", 400, `"field":"lon"`, "is missing", `"type":"/docs#bad-request"`, `"instance":"/v1/locate"`, `"request_id":"`),
		read("/v1/locate?lon=121&lat=x", 400, `"field":"lat","value":"x"`),
		read("/v1/locate?lon=NaN&lat=25", 400, `"field":"lon","value":"NaN"`),
		read("/v1/locate?lon=1e999&lat=25", 400, `"field":"lon","value":"1e999"`),
		read("/v1/locate?lon=Inf&lat=25", 400, `"field":"lon"`),
		read("/v1/locate?lon=200&lat=25", 400, `"field":"lon","value":"200"`, "±180"),
		read("/v1/locate?lon=121&lat=-90.1", 400, `"field":"lat","value":"-90.1"`),
		read("/v1/locate?lon=121&lat=25&lat=26", 400, `"field":"lat","value":"26"`, "more than once"),
		read("/v1/locate?long=121&lat=25", 400, `"field":"lon"`),
		read("/v1/locate?lon=121&lat=25&schema=unit", 400, `"field":"schema"`, "known are lon, lat, crs, scheme, include, class, radius, min_seq"),
		read("/v1/locate?lon=121&lat=25&scheme=fire", 400, `"field":"scheme","value":"fire"`, "there are unit"),
		read("/v1/locate?lon=121&lat=25&crs=EPSG:9", 400, `"field":"crs","value":"EPSG:9"`, "EPSG:3826"),
		read("/v1/locate?lon=121&lat=25&crs=EPSG:3826", 400, `"field":"lon,lat"`, "outside the area"),
		read("/v1/locate?lon=121&lat=25&min_seq=-", 400, `"field":"min_seq"`),
		read("/v1/locate?lon=121&lat=25&min_seq=99999999999999999999", 400, `"field":"min_seq"`),
		read("/v1/locate?lon=121&lat=25&min_seq=18446744073709551615", 503, `"field":"min_seq"`, "Retry-After: 1", "the server is at 2"),
		read("/v1/locate?lon=121&lat=25&min_seq=other-1", 410, `"field":"min_seq","value":"other-1"`),
		read("/v1/locate?lon=121&lat=25&x=%zz", 400, "malformed"),
		read("/v1/locate?lon=121&lat=25;x", 400, "malformed"),
		read("/v1/locate?lon=%ff&lat=25", 400, `"field":"lon"`, "UTF-8"),
		read("/v1/locate?lon=121&lat=25&q="+strings.Repeat("x", 9000), 414),
		read("/tiles/city/99/0/0.mvt", 400, `"field":"z","value":"99"`),
		read("/tiles/city/2/4/0.mvt", 400, `"field":"x","value":"4"`, "0–3 at zoom 2"),
		read("/tiles/city/2/0/-1.mvt", 400, `"field":"y","value":"-1"`),
		read("/tiles/city/2/0/1e3.mvt", 400, `"field":"y"`),
		read("/tiles/city/2/99999999999/0.mvt", 400, `"field":"x"`),
		read("/tiles/nowhere/2/0/0.mvt", 404, `"field":"tileset","value":"nowhere"`, "trees"),
		read("/tiles/nowhere.json", 404, "city"),
		read("/tiles/city/2/0/0.png", 404, "/docs lists"),
		read("/styles/pink.json", 404, "must be light, dark, print"),
		read("/styles/light.json?lang=xx", 400, `"field":"lang","value":"xx"`),
		read("/styles/light.json?tileset=nowhere", 404, `"field":"tileset","value":"nowhere"`),
		read("/v1/sprites/sepia.json", 404, `"field":"sheet","value":"sepia"`, "@2x"),
		read("/v1/sprites/light@3x.png", 404, `"value":"light@3x"`),
		read("/v1/sprites/light.json?size=2", 400, `"field":"size"`),
		read("/v1/sprites/sepia/lamp.svg", 404, `"field":"theme"`, "light, dark or print"),
		read("/v1/sprites/dark/ufo.svg", 404, `"field":"symbol","value":"ufo"`, "/v1/sprites/light.json"),
		read("/v1/layers/nowhere", 404, `"field":"layer","value":"nowhere"`, "there are districts, villages"),
		read("/v1/layers/nowhere/features", 404),
		read("/v1/layers/nowhere/features/x", 404),
		read("/v1/layers/nowhere/export", 404),
		read("/v1/layers/trees/features/no%2Fsuch", 404, `"value":"no/such"`, "which has 25"),
		read("/v1/layers/trees/features/%ff", 400, `"field":"id"`, "UTF-8"),
		read("/v1/layers/trees/features?bbox=1,2,3", 400, `"field":"bbox","value":"1,2,3"`),
		read("/v1/layers/trees/features?bbox=122,25,121,26", 400, `"field":"bbox"`, "south-west"),
		read("/v1/layers/trees/features?bbox=121,25,121.5,95", 400, `"field":"bbox"`, "±90"),
		read("/v1/layers/trees/features?bbox=NaN,25,121.5,26", 400, `"field":"bbox"`),
		read("/v1/layers/trees/features?limit=0", 400, `"field":"limit","value":"0"`, "from 1 to 10000"),
		read("/v1/layers/trees/features?limit=10001", 400, `"field":"limit"`),
		read("/v1/layers/trees/features?cursor=!!", 400, `"field":"cursor"`),
		read("/v1/layers/trees/features?cursor="+city.FormatCursor("other", "a"), 410, `"field":"cursor"`),
		read("/v1/layers/trees/features?species=x", 400, `"field":"species"`, "known are min_seq, at, as_of, version, limit, bbox, cursor, in_cell, labels, lang, filter, filter-lang, filter-crs and the attributes of the layer: tree_type, diameter, count, planted"),
		read("/v1/layers/trees/features?count=many", 400, `"field":"count","value":"many"`, "must be int"),
		read("/v1/layers/trees/features?tree_type=a&TreeType=b", 400, "a second time"),
		read("/v1/nothing", 404, "/docs lists"),
		read("/v1/layers/trees/nothing", 404),
		{name: "events as JSON", url: "/v1/events", header: map[string]string{"Accept": "application/json"}, status: 406, want: []string{"text/event-stream"}},
		read("/v1/events?layers=Trees", 400, `"field":"layers","value":"Trees"`),
		{name: "wrong method", method: "DELETE", url: "/v1/layers", status: 405, want: []string{"Allow: GET, HEAD, POST, OPTIONS"}},
		{name: "wrong method of a page", method: "POST", url: "/map", status: 404},
		{name: "odd method", method: "BREW", url: "/v1/locate", status: 405},

		{name: "change: form", method: "POST", url: "/v1/changes", header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, body: `{}`, status: 415, want: []string{"-H 'Content-Type: application/json'", `"field":"Content-Type"`}},
		{name: "change: no type", method: "POST", url: "/v1/changes", body: `{}`, status: 415, want: []string{"-H 'Content-Type: application/json'"}},
		{name: "change: packed", method: "POST", url: "/v1/changes", header: jsonWith("Content-Encoding", "gzip"), body: `{}`, status: 415, want: []string{`"field":"Content-Encoding"`}},
		change("empty body", 400, " ", "is empty"),
		change("not JSON", 400, `{"changes":[`, "ends early"),
		change("not JSON in the middle", 400, `{"changes":[,]}`, "byte 13"),
		change("two values", 400, `{"changes":[]} {}`, "goes on after"),
		change("not UTF-8", 400, "{\"cause\":\"\xff\"}", "not UTF-8 (byte 11)"),
		change("wrong kind", 400, `{"changes":{}}`, `"field":"changes"`, "must be a list in brackets, not an object"),
		change("unknown member", 400, `{"changes":[{"op":"put","layer":"trees","ifseq":3}]}`, `"field":"ifseq"`),
		change("none", 422, `{"changes":[]}`, "at least one"),
		change("too much", 413, `{"cause":"`+strings.Repeat("x", 70_000)+`"}`, "0 MiB"),
		change("long cause", 422, `{"cause":"`+strings.Repeat("x", 201)+`","changes":[{"op":"delete","layer":"trees","id":"x"}]}`, `"field":"cause"`),
		change("op", 422, `{"changes":[{"op":"move","layer":"trees"}]}`, `"field":"changes[0].op","value":"move"`),
		change("layer", 422, changes(put("nowhere", "x", somewhere, "{}")), `"field":"changes[0].layer","value":"nowhere"`),
		change("another system", 422, `{"changes":[{"op":"put","layer":"trees","feature":{"type":"Feature","id":"x","crs":{"properties":{"name":"gcj02"}},"geometry":{"type":"Point","coordinates":[121.5,25]},"properties":{}}}]}`,
			`"field":"changes[0].feature.crs","value":"gcj02"`, "longitude and latitude", "gewu crs convert"),
		change("no feature", 422, `{"changes":[{"op":"put","layer":"trees"}]}`, `"field":"changes[0].feature"`),
		change("no id", 422, `{"changes":[{"op":"delete","layer":"trees"}]}`, `"field":"changes[0].id"`),
		change("long id", 422, changes(put("trees", strings.Repeat("x", 129), somewhere, "{}")), `"field":"changes[0].feature.id"`, "128 bytes"),
		change("second is wrong", 422, changes(put("trees", "x", somewhere, "{}"), put("trees", "y", somewhere, `{"species":"x"}`)), `"field":"changes[1].feature.properties.species"`, "tree_type"),
		change("type of a value", 422, changes(put("trees", "x", somewhere, `{"diameter":"thick"}`)), `"field":"changes[0].feature.properties.diameter"`, "thick"),
		change("required", 422, changes(put("addresses", "x", somewhere, `{}`)), `"field":"changes[0].feature.properties.road"`, "is required"),
		change("kind of geometry", 422, changes(put("trees", "x", bowTie, `{}`)), `"field":"changes[0].feature.geometry"`),
		change("crossing ring", 422, changes(put("districts", "x", bowTie, `{"code":"x"}`)), `"field":"changes[0].feature.geometry"`, "crosses itself at 121.5050000, 25.0050000"),
		change("open ring", 422, changes(put("districts", "x", `{"type":"Polygon","coordinates":[[[121,25],[122,25],[122,26],[121,26]]]}`, `{"code":"x"}`)), `"field":"changes[0].feature.geometry"`, "closed"),
		change("outside the world", 422, changes(put("trees", "x", `{"type":"Point","coordinates":[200,25]}`, `{}`)), `"field":"changes[0].feature.geometry"`),
		change("NaN", 400, changes(put("trees", "x", `{"type":"Point","coordinates":[NaN,25]}`, `{}`)), "not JSON"),
		change("1e999", 422, changes(put("trees", "x", `{"type":"Point","coordinates":[1e999,25]}`, `{}`)), `"field":"changes[0].feature.geometry"`),
		change("effective is no time", 422, `{"effective":"yesterday","changes":[`+put("trees", "x", somewhere, "{}")+`]}`, `"field":"effective","value":"yesterday"`, "a date like"),
		change("effective in a year of five digits", 422, `{"effective":"99999-01-01T00:00:00Z","changes":[`+put("trees", "x", somewhere, "{}")+`]}`, `"field":"effective","value":"99999-01-01T00:00:00Z"`),
		change("effective is a number", 400, `{"effective":2099,"changes":[]}`, `"field":"effective"`),
		{name: "key", method: "POST", url: "/v1/changes", header: jsonWith("Idempotency-Key", strings.Repeat("k", 129)), body: changes(put("trees", "x", somewhere, "{}")), status: 400, want: []string{`"field":"Idempotency-Key"`}},
		{name: "put: If-Match", method: "PUT", url: "/v1/layers/trees/features/x", header: jsonWith("If-Match", "x"), body: "{}", status: 400, want: []string{`"field":"If-Match","value":"x"`}},
		{name: "put: not a feature", method: "PUT", url: "/v1/layers/trees/features/x", header: sendJSON, body: "{}", status: 422, want: []string{`"field":"type"`}},
		{name: "put: layer", method: "PUT", url: "/v1/layers/nowhere/features/x", header: sendJSON, body: "{}", status: 404},
		{name: "delete: layer", method: "DELETE", url: "/v1/layers/nowhere/features/x", status: 404},
		{name: "drop: layer", method: "DELETE", url: "/v1/layers/nowhere", status: 404},
		{name: "alter: layer", method: "PATCH", url: "/v1/layers/nowhere", header: sendJSON, body: "{}", status: 404},
		{name: "check without a store that can", method: "POST", url: "/v1/check", status: 501},
		{name: "backup without a store that can", url: "/v1/backup", status: 501},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
	if c.store.Last() != before {
		t.Errorf("refused requests changed the city: seq %d, was %d", c.store.Last(), before)
	}
}

// TestIdempotency sends the same request many times at once and again.
func TestIdempotency(t *testing.T) {
	c := newCity(t, nil).fill()
	before := c.store.Last()
	body := changes(put("trees", "once", somewhere, `{}`))
	var all sync.WaitGroup
	answers := make([]answer, 8)
	for i := range answers {
		all.Go(func() { answers[i] = c.do("POST", "/v1/changes", jsonWith("Idempotency-Key", "k1"), body) })
	}
	all.Wait()
	for _, a := range answers {
		if a.status != 200 || a.body != fmt.Sprintf(`{"seq":%d,"ids":["once"]}`, before+1) {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if c.store.Last() != before+1 {
		t.Errorf("the request was done %d times", c.store.Last()-before)
	}
	if a := c.do("POST", "/v1/changes", jsonWith("Idempotency-Key", "k1"), body+" "); a.status != 422 {
		t.Errorf("another body under the same key: %d", a.status)
	}
	// A failure is not remembered.
	wrong := changes(`{"op":"delete","layer":"trees","id":"later"}`)
	if a := c.do("POST", "/v1/changes", jsonWith("Idempotency-Key", "k2"), wrong); a.status != 422 {
		t.Fatalf("%d", a.status)
	}
	c.move("later", 121.5, 25)
	if a := c.do("POST", "/v1/changes", jsonWith("Idempotency-Key", "k2"), wrong); a.status != 200 {
		t.Errorf("the repeated request: %d %s", a.status, a.body)
	}
}

// failingStore refuses every append.
type failingStore struct {
	city.Store
	err error
}

func (f failingStore) Append(context.Context, data.Tx) (data.Seq, error) { return 0, f.err }

// TestStoreFailures maps what a store may say to what a client may read.
func TestStoreFailures(t *testing.T) {
	for _, tc := range []struct {
		err    error
		status int
		want   []string
	}{
		{data.ErrReadOnly, 503, []string{"Retry-After: 30", "takes no changes"}},
		{fmt.Errorf("%w: %w: disk", data.ErrReadOnly, data.ErrFull), 507, []string{"Retry-After: 30", "disk of the city is full", "by itself"}},
		{fmt.Errorf("%w: %w: disk", data.ErrReadOnly, data.ErrReopen), 503, []string{"Retry-After: 300", "start the server again"}},
		{data.ErrUncertain, 503, []string{"not known"}},
		{data.ErrClosed, 503, []string{"Retry-After: 5"}},
		{data.ErrLocked, 503, nil},
		{data.ErrTooLarge, 413, []string{"100000 changes"}},
		{&data.ChangeError{Change: 3, Layer: "trees", ID: "x", Err: errors.New("secret")}, 422, []string{"changes[3]"}},
		{errors.New("open /secret/path: denied"), 500, []string{"request id"}},
	} {
		c := newCity(t, func(cfg *Config) { cfg.Store = failingStore{cfg.Store, tc.err} }).fill()
		scenario{
			method: "POST", url: "/v1/changes", header: sendJSON, body: changes(put("trees", "x", somewhere, "{}")),
			status: tc.status, want: tc.want, not: []string{"secret", "data:"},
		}.run(t, c)
		if tc.status == 500 && !strings.Contains(c.logged(), "/secret/path") {
			t.Error("the cause is not in the log")
		}
	}
}

// TestPanic turns a panic into a problem that tells nothing, and logs the place.
func TestPanic(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Store = panickingStore{cfg.Store} }).fill()
	scenario{
		method: "POST", url: "/v1/changes", header: sendJSON, body: changes(put("trees", "x", somewhere, "{}")),
		status: 500, want: []string{`"type":"/docs#internal"`}, not: []string{"oops"},
	}.run(t, c)
	if log := c.logged(); !strings.Contains(log, "oops") || !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "write_test.go") {
		t.Errorf("the log lacks the panic:\n%s", log)
	}
}

type panickingStore struct{ city.Store }

func (panickingStore) Append(context.Context, data.Tx) (data.Seq, error) { panic("oops") }

// TestReadsOwnWrites waits for a position that comes, and not for ever.
func TestReadsOwnWrites(t *testing.T) {
	c := newCity(t, nil).fill()
	done := make(chan struct{})
	go func() {
		defer close(done)
		time.Sleep(20 * time.Millisecond)
		_, _ = c.store.Append(context.Background(), data.Tx{Changes: []data.Change{{
			Stream: data.StreamFeature, Op: data.OpDelete, Layer: "trees", Feature: data.Feature{ID: "tree00"},
		}}})
	}()
	scenario{url: "/v1/layers/trees/features/tree00?min_seq=3", status: 404, want: []string{"it ended with seq 3"}}.run(t, c)
	<-done
}

// TestSlowBody gives up a body that does not come.
func TestSlowBody(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Limits.Request = 50 * time.Millisecond }).fill()
	conn, err := net.Dial("tcp", c.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /v1/changes HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	got, _ := io.ReadAll(conn)
	if !strings.HasPrefix(string(got), "HTTP/1.1 408 ") || !strings.Contains(string(got), "did not arrive in time") {
		t.Errorf("%s", got)
	}
}

// TestChangedIDs tells the ids of what a transaction changed, in its order, those that the server made among them; a
// request that is sent again, also one that was planned, gets the same answer.
func TestChangedIDs(t *testing.T) {
	c := newCity(t, nil).fill()
	c.do("POST", "/v1/layers", sendJSON, `{"name":"notes","geometry":"point","id":{"generate":"ulid"},"attributes":[{"name":"n","type":"int"}]}`)
	note := `{"op":"put","layer":"notes","feature":{"type":"Feature","geometry":` + somewhere + `,"properties":{"n":1}}}`
	for name, head := range map[string]string{"now": `{`, "planned": `{"effective":"2999-01-01",`} {
		body := head + `"changes":[` + note + `,{"op":"delete","layer":"trees","id":"tree01"},` + note + `]}`
		if name == "planned" {
			body = head + `"changes":[` + note + `]}`
		}
		var first answer
		for n := range 2 {
			a := c.do("POST", "/v1/changes", jsonWith("Idempotency-Key", name), body)
			got := decode[city.Written](t, a)
			switch {
			case n == 1 && a.body != first.body:
				t.Errorf("%s again: %s, the first answer was %s", name, a.body, first.body)
			case name == "planned" && len(got.IDs) != 1:
				t.Errorf("planned: %d %s", a.status, a.body)
			case name == "now" && (len(got.IDs) != 3 || got.IDs[1] != "tree01" || got.IDs[0] == got.IDs[2]):
				t.Errorf("ids %q", got.IDs)
			case name == "now" && n == 0:
				for _, id := range []string{got.IDs[0], got.IDs[2]} {
					if f := c.do("GET", "/v1/layers/notes/features/"+id, nil, ""); f.status != 200 {
						t.Errorf("%s: %d %s", id, f.status, f.body)
					}
				}
			}
			first = a
		}
	}
}

// TestIfMatchAny changes what exists, whatever its version is, and nothing that does not.
func TestIfMatchAny(t *testing.T) {
	c := newCity(t, nil).fill()
	anyOf := jsonWith("If-Match", "*")
	tree := `{"type":"Feature","geometry":` + somewhere + `,"properties":{}}`
	for _, sc := range []scenario{
		{name: "put", method: "PUT", url: "/v1/layers/trees/features/tree01", header: anyOf, body: tree, status: 200},
		{name: "put what is not there", method: "PUT", url: "/v1/layers/trees/features/nothing", header: anyOf, body: tree, status: 412, want: []string{`"field":"If-Match","value":"*"`}},
		{name: "it was not made", url: "/v1/layers/trees/features/nothing", status: 404},
		{name: "delete", method: "DELETE", url: "/v1/layers/trees/features/tree01", header: anyOf, status: 200},
		{name: "delete what is not there", method: "DELETE", url: "/v1/layers/trees/features/tree01", header: anyOf, status: 412},
		{name: "both", method: "PUT", url: "/v1/layers/trees/features/tree02", header: jsonWith("If-Match", "*", "If-None-Match", "*"), body: tree, status: 400, want: []string{`"field":"If-None-Match"`}},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
	c.t = t
	// Others change the feature all the time: each of these is done.
	var all sync.WaitGroup
	before := c.store.Last()
	for range 4 {
		all.Go(func() {
			for range 5 {
				if a := c.do("PUT", "/v1/layers/trees/features/tree03", anyOf, tree); a.status != 200 {
					t.Errorf("among others: %d %s", a.status, a.body)
				}
			}
		})
	}
	all.Wait()
	if got := c.store.Last() - before; got != 20 {
		t.Errorf("%d changes were made", got)
	}
}
