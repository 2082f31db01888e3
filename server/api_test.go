package server

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/gewu-city/gewu/server/city"
)

func gunzip(t testing.TB, s string) string {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// scenario is one request and what its answer must and must not hold.
type scenario struct {
	name   string
	method string
	url    string
	header map[string]string
	body   string

	status int
	want   []string // "Header: value" or a part of the body
	not    []string
}

func (sc scenario) run(t *testing.T, c *town) {
	t.Helper()
	method := sc.method
	if method == "" {
		method = http.MethodGet
	}
	c.t = t
	a := c.do(method, sc.url, sc.header, sc.body)
	body := a.body
	if a.header.Get("Content-Encoding") == "gzip" {
		body = gunzip(t, body)
	}
	if a.status != sc.status {
		t.Fatalf("status %d, want %d\n%s", a.status, sc.status, body)
	}
	var all strings.Builder
	_ = a.header.Write(&all)
	text := strings.ReplaceAll(all.String(), "\r", "") + "\n" + body
	for _, w := range sc.want {
		if !strings.Contains(text, w) {
			t.Errorf("the answer lacks %q\n%.3000s", w, text)
		}
	}
	if id := a.header.Get("X-Request-Id"); id != "" {
		text = strings.ReplaceAll(text, id, "") // letters by chance, any of which a case may forbid
	}
	for _, n := range append(sc.not, "[running]", "gewu-city/gewu", "runtime error", ".go:") {
		if strings.Contains(text, n) {
			t.Errorf("the answer has %q\n%.3000s", n, text)
		}
	}
}

var sendJSON = map[string]string{"Content-Type": "application/json"}

func jsonWith(pairs ...string) map[string]string {
	h := map[string]string{"Content-Type": "application/json"}
	for i := 0; i < len(pairs); i += 2 {
		h[pairs[i]] = pairs[i+1]
	}
	return h
}

// TestReads reads one city that nobody changes.
func TestReads(t *testing.T) {
	c := newCity(t, nil).fill()
	world := c.engine.World()
	epoch, seq := string(world.Epoch()), world.Seq()
	for _, sc := range []scenario{
		{name: "health", url: "/healthz", status: 200, want: []string{`{"status":"ok","version":"test"}`, "X-Content-Type-Options: nosniff", "X-Request-Id: "}},
		{name: "ready", url: "/readyz", status: 200, want: []string{`"status":"ok"`, `"features":49`, `"behind":0`, epoch}},
		{name: "metrics", url: "/metrics", status: 200, want: []string{
			`gewu_layer_features{layer="trees"} 25`, fmt.Sprintf("gewu_world_seq %d", seq), "gewu_world_lag_entries 0",
			`gewu_http_requests_total{method="GET",route="/healthz",status="200"}`, "go_goroutines", `gewu_build_info{go="",revision="",version="test"} 1`,
		}},
		{name: "document", url: "/openapi.json", status: 200, want: []string{`"openapi": "3.0.3"`, "Access-Control-Allow-Origin: *"}},
		{name: "docs", url: "/docs", status: 200, want: []string{
			"Content-Security-Policy: default-src 'self'", "<title>gewu 格物 API</title>", "curl &#39;http://127.0.0.1:8080/v1/locate?lon=121.5654&amp;lat=25.033&#39;",
			`id="precondition-failed"`, "/v1/layers/{layer}/features/{id}",
		}, not: []string{"<script", "style=", "http://cdn", "https://unpkg"}},
		{name: "docs style", url: "/docs/docs.css", status: 200, want: []string{"Content-Type: text/css"}},

		{name: "locate", url: "/v1/locate?lon=121.505&lat=25.005", status: 200, want: []string{
			fmt.Sprintf(`{"lon":121.505,"lat":25.005,"seq":%d,"areas":[{"level":"district","code":"D1","name":"大安區","layer":"districts","id":"D1"},{"level":"village","code":"D1-V1","name":"里11"`, seq),
			`"cells":[{"scheme":"unit","code":"A111-00","name":"","layer":"units","id":"A111-00","areas":[]}]`,
			`"address":{"layer":"addresses","id":"addr1","label":"信義路2號"`, `"distance_m":0}`,
			`"parts":[{"layer":"trees","id":"tree03","class":"樟樹","distance_m":`, `"duties":[],"disputes":[]}`,
			fmt.Sprintf("X-Gewu-Seq: %d", seq), "Access-Control-Expose-Headers: ETag, X-Gewu-At, X-Gewu-Seq, X-Request-Id",
		}},
		{name: "locate on a shared edge", url: "/v1/locate?lon=121.52&lat=25.01", status: 200, want: []string{`"code":"D2"`, `"code":"D2-V2"`, `"code":"A221-00"`}, not: []string{`"D1"`}},
		{name: "locate outside", url: "/v1/locate?lon=0&lat=0", status: 200, want: []string{`"areas":[],"cells":[],"address":null,"parts":[],"duties":[],"disputes":[]`}},
		{name: "locate by scheme", url: "/v1/locate?lon=121.505&lat=25.005&scheme=unit", status: 200, want: []string{"A111-00"}},
		{name: "locate in metres", url: "/v1/locate?lon=302000&lat=2765500&crs=EPSG:3826", status: 200, want: []string{`"lon":121.5`, `"lat":24.99`}},
		{name: "locate with min_seq", url: fmt.Sprintf("/v1/locate?lon=121.505&lat=25.005&min_seq=%s-%d", epoch, seq), status: 200},
		{name: "locate small is not compressed", url: "/v1/locate?lon=0&lat=0", header: map[string]string{"Accept-Encoding": "gzip"}, status: 200, not: []string{"Content-Encoding"}},

		{name: "layers", url: "/v1/layers", header: map[string]string{"Accept-Encoding": "gzip"}, status: 200, want: []string{
			`{"layers":[{"name":"districts"`, `"count":25,"bbox":[121.50`, `"title":{"en":"Trees","zh":"樹"}`, "Content-Encoding: gzip", "Vary: Accept-Encoding",
		}},
		{name: "layer", url: "/v1/layers/trees", status: 200, want: []string{`"name":"trees"`, `"roles":{"part":{"class":"tree_type"}}`, `"count":25`}},
		{name: "layer, head", method: "HEAD", url: "/v1/layers/trees", status: 200, want: []string{"Content-Type: application/json"}, not: []string{`"name"`}},
		{name: "schemes", url: "/v1/schemes", status: 200, want: []string{`{"schemes":[{"name":"unit"`, `"levels":["district","village"]`}},
		{name: "scheme", url: "/v1/schemes/unit", status: 200, want: []string{`"cells":{"layer":"units","code":"CODEBASE"}`}},

		{name: "features", url: "/v1/layers/trees/features?limit=2", status: 200, want: []string{
			`{"type":"FeatureCollection","features":[{"type":"Feature","id":"tree00","geometry":{"type":"Point","coordinates":[121.5005,25.0051]},"properties":{"tree_type":"榕樹","diameter":0.5,"count":0,"planted":"2001-02-03"},"seq":2,"permanent":`,
			`"numberReturned":2,"seq":2,"next":"`, "Content-Type: application/geo+json",
		}, not: []string{"tree02"}},
		{name: "features, next page", url: "/v1/layers/trees/features?limit=2&cursor=" + city.FormatCursor(world.Epoch(), "tree01"), status: 200, want: []string{"tree02", "tree03", `"next"`}, not: []string{"tree01", "tree04"}},
		{name: "features, last page", url: "/v1/layers/trees/features?cursor=" + city.FormatCursor(world.Epoch(), "tree23"), status: 200, want: []string{"tree24", `"numberReturned":1`}, not: []string{`"next"`}},
		{name: "features by box", url: "/v1/layers/trees/features?bbox=121.5,25,121.5036,25.01", status: 200, want: []string{"tree00", "tree01", "tree02", `"numberReturned":3`}, not: []string{"tree03", "next"}},
		{name: "features by box, pages", url: "/v1/layers/trees/features?bbox=121,25,122,26&limit=1&cursor=" + city.FormatCursor(world.Epoch(), "tree10"), status: 200, want: []string{"tree11", "next"}, not: []string{"tree10", "tree12"}},
		{name: "features by attribute", url: "/v1/layers/trees/features?tree_type=%E6%A6%95%E6%A8%B9&count=4", status: 200, want: []string{"tree04", `"numberReturned":1`}},
		{name: "features by attribute of another spelling", url: "/v1/layers/trees/features?TreeType=%E6%A8%9F%E6%A8%B9&limit=1", status: 200, want: []string{"tree01", "next"}},
		{name: "features by role", url: "/v1/layers/districts/features?code=D2", status: 200, want: []string{"信義區", `"numberReturned":1`}},
		{name: "features by number and box", url: "/v1/layers/trees/features?diameter=3.50&bbox=121,25,122,26", status: 200, want: []string{"tree03", `"numberReturned":1`}},
		{name: "features that are not there", url: "/v1/layers/trees/features?count=4000", status: 200, want: []string{`"features":[],"numberReturned":0`}},
		{name: "feature", url: "/v1/layers/trees/features/tree07", status: 200, want: []string{`"id":"tree07"`, `"seq":2,"permanent":`, `Etag: "2"`}},
		{name: "feature not modified", url: "/v1/layers/trees/features/tree07", header: map[string]string{"If-None-Match": `W/"2-gzip"`}, status: 304},

		{name: "tilejson", url: "/tiles/city.json", header: map[string]string{"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}, status: 200, want: []string{`"tilejson":"3.0.0"`, c.http.URL + `/tiles/city/{z}/{x}/{y}.mvt"`}},
		{name: "tilejson of two layers", url: "/tiles/trees,units.json", status: 200, want: []string{c.http.URL + "/tiles/trees,units/{z}/{x}/{y}.mvt"}},
		{name: "style", url: "/styles/dark.json?lang=en", status: 200, want: []string{`"version":8`, c.http.URL + "/tiles/city.json"}},
		{name: "style of two layers, for paper", url: "/styles/print.json?tileset=trees,units", status: 200, want: []string{c.http.URL + "/tiles/trees,units.json", c.http.URL + "/v1/sprites/print", `"trees-symbol"`}, not: []string{"districts"}},
		{name: "sprite index", url: "/v1/sprites/dark.json", status: 200, want: []string{`"street-tree": {`, `"pixelRatio": 1`, "Cache-Control: public, max-age=3600", `Etag: "`}},
		{name: "sprite index, twice the size", url: "/v1/sprites/dark@2x.json", status: 200, want: []string{`"pixelRatio": 2`}},
		{name: "sprite", url: "/v1/sprites/light@2x.png", status: 200, want: []string{"Content-Type: image/png", "\x89PNG"}},
		{name: "sprite, current", url: "/v1/sprites/light.png", header: map[string]string{"If-None-Match": "*"}, status: 304},
		{name: "symbol", url: "/v1/sprites/dark/lamp.svg", status: 200, want: []string{"Content-Type: image/svg+xml", `<circle cx="12" cy="12"`, `color="#7fc1ff"`}, not: []string{"<script"}},
		{name: "tile", url: "/tiles/city/14/13721/7015.mvt", status: 200, want: []string{"Content-Type: application/vnd.mapbox-vector-tile", "Vary: Accept, Accept-Encoding", "Cache-Control: no-cache", `Etag: "`, "X-Gewu-Seq: 2", "districts", "units_label"}, not: []string{"Content-Encoding", "-gzip"}},
		{name: "tile, gzip", url: "/tiles/city/14/13721/7015.pbf", header: map[string]string{"Accept-Encoding": "br, gzip;q=0.8"}, status: 200, want: []string{"Content-Encoding: gzip", `-gzip"`}},
		{name: "tile, identity asked for", url: "/tiles/city/14/13721/7015.pbf", header: map[string]string{"Accept-Encoding": "gzip;q=0"}, status: 200, not: []string{"Content-Encoding"}},
		{name: "tile with a parameter of the map's own", url: "/tiles/city/14/13721/7015.mvt?v=3", status: 200},
		{name: "empty tile", url: "/tiles/city/14/0/0.mvt", status: 204, want: []string{`Etag: "`}},
		{name: "tile, head", method: "HEAD", url: "/tiles/city/14/13721/7015.mvt", status: 200, want: []string{"Content-Length: "}},

		{name: "export", url: "/v1/layers/trees/export?format=csv", status: 200, want: []string{"tree00", "text/csv"}},
		{name: "export in GB18030", url: "/v1/layers/trees/export?format=csv&encoding=GB18030", status: 200, want: []string{"tree00", "text/csv; charset=gb18030", "\xe9\xc5\x98\xe4"}, not: []string{"榕樹"}},
		{name: "export of what the format cannot hold", url: "/v1/layers/units/export?format=gpx", status: 400, want: []string{"GPX holds points and lines, the layer polygon", `"format"`}, not: []string{"Content-Disposition"}},
		{name: "export in an encoding that lacks characters", url: "/v1/layers/trees/export?format=csv&encoding=iso-8859-1", status: 400, want: []string{"cannot be written in iso-8859-1", "tree00"}, not: []string{"Content-Disposition"}},
		{name: "export as a shapefile", url: "/v1/layers/units/export?format=shapefile", status: 200, want: []string{"PK\x03\x04", "units.shp", "Content-Type: application/zip", `filename="units.zip"`}},
		{name: "export as a GeoPackage", url: "/v1/layers/trees/export?format=geopackage", status: 200, want: []string{"SQLite format 3", `filename="trees.gpkg"`}},
		{name: "export with binary geometries", url: "/v1/layers/trees/export?format=csv&geometry=ewkb", status: 200, want: []string{"id,ewkb,tree_type", "tree00,0101000020e6100000"}},
		{name: "preflight", method: "OPTIONS", url: "/v1/layers/trees/features/tree07", status: 204, want: []string{"Allow: GET, HEAD, PUT, DELETE, OPTIONS", "Access-Control-Allow-Methods: GET, HEAD\n"}},
		{name: "preflight of a route for writers", method: "OPTIONS", url: "/v1/backup", status: 204, not: []string{"Access-Control"}},
		{name: "request id of the client", url: "/healthz", header: map[string]string{"X-Request-Id": "abc-1.2_3"}, status: 200, want: []string{"X-Request-Id: abc-1.2_3"}},
		{name: "request id that is not sane", url: "/healthz", header: map[string]string{"X-Request-Id": "a b<script>"}, status: 200, not: []string{"script"}},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}

// TestTileRevalidation asks for a tile again with the ETag of each form.
func TestTileRevalidation(t *testing.T) {
	c := newCity(t, nil).fill()
	const tile = "/tiles/city/14/13721/7015.mvt"
	plain := c.do("GET", tile, nil, "")
	zipped := c.do("GET", tile, map[string]string{"Accept-Encoding": "gzip"}, "")
	if gunzip(t, zipped.body) != plain.body {
		t.Error("the compressed tile differs from the plain one")
	}
	packed := c.do("GET", tile, map[string]string{"Accept-Encoding": "gzip, br, zstd"}, "")
	if z, err := zstd.NewReader(strings.NewReader(packed.body)); err != nil || packed.header.Get("Content-Encoding") != "zstd" {
		t.Errorf("%v, %v", packed.header, err)
	} else if b, err := io.ReadAll(z); err != nil || string(b) != plain.body {
		t.Errorf("the tile in zstd differs from the plain one: %v", err)
	}
	if some := c.do("GET", tile+"?properties=id", nil, ""); some.status != 200 || len(some.body) >= len(plain.body) {
		t.Errorf("with one attribute: %d, %d bytes of %d", some.status, len(some.body), len(plain.body))
	}
	if bad := c.do("GET", tile+"?properties=id,kind", nil, ""); bad.status != 400 || !strings.Contains(bad.body, "kind") || !strings.Contains(bad.body, "tree_type") {
		t.Errorf("an unknown attribute: %d %s", bad.status, bad.body)
	}
	for _, tag := range []string{plain.header.Get("ETag"), zipped.header.Get("ETag"), packed.header.Get("ETag"), "W/" + plain.header.Get("ETag"), `"x", ` + zipped.header.Get("ETag")} {
		if a := c.do("GET", tile, map[string]string{"If-None-Match": tag}, ""); a.status != 304 || a.body != "" {
			t.Errorf("If-None-Match %s: %d", tag, a.status)
		}
	}
	c.move("tree00", 121.502, 25.015)
	after := c.do("GET", tile, map[string]string{"If-None-Match": plain.header.Get("ETag")}, "")
	if after.status != 200 || after.header.Get("ETag") == plain.header.Get("ETag") {
		t.Errorf("the edited tile is %d with ETag %s", after.status, after.header.Get("ETag"))
	}
	if after.header.Get("X-Gewu-Seq") != "3" {
		t.Errorf("X-Gewu-Seq %s", after.header.Get("X-Gewu-Seq"))
	}
}

// TestPaging walks over a layer page by page, by each way of finding features.
func TestPaging(t *testing.T) {
	c := newCity(t, nil).fill()
	for _, query := range []string{"", "bbox=121,25,122,26&", "planted=2001-02-03&"} {
		seen, cursor := 0, ""
		for {
			a := c.do("GET", "/v1/layers/trees/features?"+query+"limit=4"+cursor, nil, "")
			for strings.Contains(a.body, fmt.Sprintf(`"tree%02d"`, seen)) {
				seen++
			}
			_, next, ok := strings.Cut(a.body, `"next":"`)
			if !ok {
				break
			}
			cursor = "&cursor=" + next[:strings.IndexByte(next, '"')]
		}
		if seen != 25 {
			t.Errorf("%q: %d features in order, want 25", query, seen)
		}
	}
}
