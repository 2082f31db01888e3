package server

import (
	"encoding/json"
	"math"
	"net/url"
	"strings"
	"testing"
)

// geocodeURL asks for a text; rest are further parameters.
func geocodeURL(text, rest string) string { return "/v1/geocode?q=" + url.QueryEscape(text) + rest }

// TestGeocode asks for texts in all the ways there are.
func TestGeocode(t *testing.T) {
	c := newCity(t, nil).fill()
	const door = "信義路3號"
	for _, sc := range []scenario{
		{name: "door", url: geocodeURL(door, ""), status: 200, want: []string{
			"Content-Type: application/geo+json", "X-Gewu-Seq: ", `{"type":"FeatureCollection","geocoding":{"version":"0.1.0","query":"信義路3號","seq":`,
			`"coordinates":[121.509,25.005]`, `"type":"house","kind":"house","label":"信義路3號"`, `"housenumber":"3號","street":"信義路"`, `"district":"大安區","locality":"里11"`,
			`"score":100,"faults":[],"span":[0,5]}`, `"layer":"addresses","id":"addr2"`, `"areas":[{"level":"district","code":"D1"`, `"cells":[{"scheme":"unit","code":"A111-00"`,
		}, not: []string{`"crs"`}},
		{name: "misspelt", url: geocodeURL("信仪路3号", ""), status: 200, want: []string{`"id":"addr2"`, `"faults":[{"element":"road","kind":"`, `"points":`}},
		{name: "two spans", url: geocodeURL("請到"+door+"看看", "&limit=1"), status: 200, want: []string{`"span":[2,7]`}},
		{name: "no place", url: geocodeURL("今天天氣不錯", ""), status: 200, want: []string{`"features":[]}`}},
		{name: "hostile", url: geocodeURL("<script>'; DROP TABLE x;--\x00\u202e😀", ""), status: 200, want: []string{`"features":[]}`}},
		{name: "shifted", url: geocodeURL(door, "&crs=gcj02"), status: 200, want: []string{`"crs":"gcj02"`}, not: []string{"[121.509,25.005]"}},
		{name: "metres", url: geocodeURL(door, "&crs=EPSG:3857&focus=13525874,2876750&bbox=13525000,2876000,13527000,2878000"), status: 200, want: []string{`"crs":"EPSG:3857"`, `"coordinates":[135263`, `"id":"addr2"`}},
		{name: "outside the box", url: geocodeURL(door, "&bbox=121.6,25,121.7,25.1"), status: 200, want: []string{`"features":[]}`}},
		{name: "other layers", url: geocodeURL(door, "&layers=districts"), status: 200, not: []string{"addr2"}},
		{name: "area", url: geocodeURL("大安區", ""), status: 200, want: []string{`"type":"district","kind":"area"`, `"level":"district"`, `"layer":"districts","id":"D1"`}},
		{name: "only sure ones", url: geocodeURL("大安區", "&least=99"), status: 200, want: []string{`"features":[]}`}},
		{name: "not sure", url: geocodeURL("今天聽說大安區很熱鬧", ""), status: 200, want: []string{`"features":[]}`}},
		{name: "any score", url: geocodeURL("今天聽說大安區很熱鬧", "&least=0"), status: 200, want: []string{`"kind":"area"`, `"id":"D1"`}},
		{name: "no silent centroid", url: geocodeURL("大安區不存在路9號", ""), status: 200, want: []string{`"features":[]}`}},
		{name: "asked for the area", url: geocodeURL("大安區不存在路9號", "&fallback=area"), status: 200, want: []string{`"kind":"area"`, `"faults":[{`}},
		{name: "position", url: geocodeURL(door, "&min_seq=1"), status: 200, want: []string{`"id":"addr2"`}},

		{name: "absent", url: "/v1/geocode", status: 400, want: []string{`"field":"q"`, "is missing"}},
		{name: "blank", url: "/v1/geocode?q=%20%09", status: 400, want: []string{`"field":"q"`, "is missing"}},
		{name: "long", url: geocodeURL(strings.Repeat("x", 1001), ""), status: 400, want: []string{`"field":"q"`, "1000 characters"}, not: []string{"xxxx"}},
		{name: "very long", url: geocodeURL(strings.Repeat("x", 10<<10), ""), status: 414},
		{name: "not UTF-8", url: "/v1/geocode?q=%ff", status: 400, want: []string{`"field":"q"`, "UTF-8"}},
		{name: "limit", url: geocodeURL(door, "&limit=51"), status: 400, want: []string{`"field":"limit"`, "from 1 to 50"}},
		{name: "least", url: geocodeURL(door, "&least=101"), status: 400, want: []string{`"field":"least"`}},
		{name: "focus", url: geocodeURL(door, "&focus=121"), status: 400, want: []string{`"field":"focus"`, "lon,lat"}},
		{name: "focus outside", url: geocodeURL(door, "&focus=200,25"), status: 400, want: []string{`"field":"focus"`, "±180"}},
		{name: "bbox", url: geocodeURL(door, "&bbox=1,2,x,4"), status: 400, want: []string{`"field":"bbox"`, "minlon,minlat"}},
		{name: "bbox the wrong way", url: geocodeURL(door, "&bbox=122,25,121,26"), status: 400, want: []string{`"field":"bbox"`, "south-west"}},
		{name: "layer", url: geocodeURL(door, "&layers=doors"), status: 400, want: []string{`"field":"layers","value":"doors"`, "addresses"}},
		{name: "no layer", url: geocodeURL(door, "&layers="), status: 400, want: []string{`"field":"layers"`}},
		{name: "at", url: geocodeURL(door, "&at=2026-01-01"), status: 400, want: []string{`"field":"at"`, "those of the present"}},
		{name: "as_of", url: geocodeURL(door, "&as_of=1"), status: 400, want: []string{`"field":"as_of"`, "those of the present"}},
		{name: "fallback", url: geocodeURL(door, "&fallback=city"), status: 400, want: []string{`"field":"fallback"`, "none or area"}},
		{name: "day", url: geocodeURL(door, "&when=2026-04-01"), status: 200, want: []string{`"score":100`}},
		{name: "no day", url: geocodeURL(door, "&when=tomorrow"), status: 400, want: []string{`"field":"when","value":"tomorrow"`, "a date"}},
		{name: "crs", url: geocodeURL(door, "&crs=EPSG:1"), status: 400, want: []string{`"field":"crs"`}},
		{name: "crs elsewhere", url: geocodeURL(door, "&crs=EPSG:4491"), status: 400, want: []string{`"field":"crs"`, "121.509"}},
		{name: "misspelt parameter", url: geocodeURL(door, "&limits=1"), status: 400, want: []string{"limits is not a parameter here"}},
		{name: "history", url: geocodeURL(door, "&min_seq=other-1"), status: 410},
		{name: "method", method: "DELETE", url: "/v1/geocode", status: 405},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}

// TestGeocodeFollows finds what was written just before, and no longer what has gone.
func TestGeocodeFollows(t *testing.T) {
	c := newCity(t, nil).fill()
	a := c.do("POST", "/v1/changes", sendJSON, `{"changes":[{"op":"put","layer":"addresses","feature":{"type":"Feature","id":"new","geometry":{"type":"Point","coordinates":[121.53,25.015]},"properties":{"full":"新生路7號","road":"新生路","number":"7號"}}},{"op":"delete","layer":"addresses","id":"addr2"}]}`)
	var done struct{ Seq uint64 }
	if err := json.Unmarshal([]byte(a.body), &done); err != nil || a.status != 200 {
		t.Fatalf("%d %s %v", a.status, a.body, err)
	}
	scenario{url: geocodeURL("新生路7號", "&min_seq="+a.header.Get("X-Gewu-Seq")), status: 200, want: []string{`"id":"new"`, `"code":"A221-00"`}}.run(t, c)
	scenario{url: geocodeURL("信義路3號", ""), status: 200, not: []string{`"addr2"`}}.run(t, c)
}

// TestGeocodeDates asks for an event and a building site, which are not there for ever, in all the ways there are.
func TestGeocodeDates(t *testing.T) {
	c := newCity(t, nil).fill()
	scenario{method: "POST", url: "/v1/layers", header: sendJSON, status: 201, body: `{"name":"events","geometry":"point",
		"attributes":[{"name":"name","type":"text"},{"name":"begin","type":"date"},{"name":"end","type":"date"}],
		"roles":{"landmark":{"name":"name","from":"begin","until":"end"}}}`}.run(t, c)
	event := func(id, name, begin, end string) string {
		return `{"op":"put","layer":"events","feature":{"type":"Feature","id":"` + id + `","geometry":{"type":"Point","coordinates":[121.5095,25.005]},"properties":{"name":"` + name + `"` + begin + end + `}}}`
	}
	scenario{method: "POST", url: "/v1/changes", header: sendJSON, status: 200, body: `{"changes":[` +
		event("fair", "春季花卉展", `,"begin":"2001-03-20"`, `,"end":"2001-04-10"`) + `,` + event("site", "環狀線工地", `,"begin":"2001-05-01"`, "") + `]}`}.run(t, c)
	dated := `"faults":[{"element":"dates","kind":"dated","text":"2001-03-20/2001-04-10","points":40}]`
	for _, sc := range []scenario{
		{name: "over", url: geocodeURL("春季花卉展", ""), status: 200, want: []string{`"id":"fair"`, dated, `"score":57`}},
		{name: "its last day", url: geocodeURL("春季花卉展", "&when=2001-04-10"), status: 200, want: []string{`"id":"fair"`, `"score":97,"faults":[]`}},
		{name: "the day after", url: geocodeURL("春季花卉展", "&when=2001-04-11"), status: 200, want: []string{dated}},
		{name: "the day before", url: geocodeURL("春季花卉展", "&when=2001-03-19T23:59:59Z"), status: 200, want: []string{dated}},
		{name: "only what is sure", url: geocodeURL("春季花卉展", "&least=60"), status: 200, not: []string{"fair"}},
		{name: "without an end", url: geocodeURL("環狀線工地", ""), status: 200, want: []string{`"id":"site"`, `"score":97,"faults":[]`}},
		{name: "before it began", url: geocodeURL("環狀線工地", "&when=2001-04-30"), status: 200, want: []string{`"id":"site"`, `"text":"2001-05-01/"`}},
		{name: "rows", method: "POST", url: "/v1/geocode?when=2001-04-01", header: sendCSV, body: "q\n春季花卉展\n環狀線工地\n", status: 200, want: []string{"fair", ",97,", "dates dated"}},
		{name: "report", method: "POST", url: "/v1/extract", header: sendJSON, body: `{"text":"反映春季花卉展垃圾成堆"}`, status: 200, want: []string{`"kind":"dated"`}},
		{name: "report of then", method: "POST", url: "/v1/extract?when=2001-04-01", header: sendJSON, body: `{"text":"反映春季花卉展垃圾成堆"}`, status: 200, want: []string{`"reported":0`}, not: []string{"dated"}},
		{name: "around", url: "/v1/reverse?lon=121.5095&lat=25.005&kinds=landmark", status: 200, want: []string{`"site"`}, not: []string{"fair"}},
		{name: "around then", url: "/v1/reverse?lon=121.5095&lat=25.005&kinds=landmark&when=2001-04-01", status: 200, want: []string{`"fair"`}, not: []string{`"site"`}},
		{name: "typing", url: "/v1/suggest?q=" + url.QueryEscape("春季"), status: 200, not: []string{"fair"}},
		{name: "typing then", url: "/v1/suggest?when=2001-04-01&q=" + url.QueryEscape("春季"), status: 200, want: []string{`"fair"`}},
		{name: "plugin", url: "/geocoder/search?format=jsonv2&q=" + url.QueryEscape("環狀線工地"), status: 200, want: []string{"環狀線工地"}},
		{name: "no time", method: "POST", url: "/v1/extract?when=x", header: sendJSON, body: `{"text":"x"}`, status: 400, want: []string{`"field":"when"`}},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
	scenario{method: "POST", url: "/v1/layers", header: sendJSON, status: 422, want: []string{"roles.landmark.from", "date or time"}, body: `{"name":"fairs","geometry":"point",
		"attributes":[{"name":"name","type":"text"}],"roles":{"landmark":{"name":"name","from":"name"}}}`}.run(t, c)
}

// TestGeocodeShares looks at places whose radius crosses the border of a cell.
func TestGeocodeShares(t *testing.T) {
	c := newCity(t, nil).fill()
	put := func(id string, lon float64) {
		body, _ := json.Marshal(map[string]any{"changes": []any{map[string]any{"op": "put", "layer": "addresses", "feature": map[string]any{
			"type": "Feature", "id": id, "geometry": map[string]any{"type": "Point", "coordinates": []float64{lon, 25.005}},
			"properties": map[string]any{"full": "邊界路" + id + "號", "road": "邊界路", "number": id + "號"},
		}}}})
		if a := c.do("POST", "/v1/changes", sendJSON, string(body)); a.status != 200 {
			t.Fatal(a.body)
		}
	}
	put("1", 121.51)     // on the border of A111-00 and A112-00
	put("3", 121.510025) // 2.5 m beside it
	put("5", 121.5)      // on the outline of the city
	shares := func(text string) map[string]float64 {
		t.Helper()
		a := c.do("GET", geocodeURL(text, "&limit=1"), nil, "")
		var got struct {
			Features []struct {
				Properties struct {
					Geocoding struct {
						Radius float64 `json:"radius_m"`
					}
					Shares []struct {
						Scheme, Code string
						Share        float64
					} `json:"cell_shares"`
				}
			}
		}
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || len(got.Features) != 1 {
			t.Fatalf("%s: %s %v", text, a.body, err)
		}
		of := map[string]float64{"radius": got.Features[0].Properties.Geocoding.Radius}
		for _, s := range got.Features[0].Properties.Shares {
			of[s.Code] = s.Share
		}
		return of
	}
	near := func(text, cell string, want float64) {
		t.Helper()
		if got := shares(text); math.Abs(got[cell]-want) > 0.005 {
			t.Errorf("%s: %v in %s, want %g", text, got, cell, want)
		}
	}
	near("邊界路1號", "A111-00", 0.5)
	near("邊界路1號", "A112-00", 0.5)
	near("邊界路5號", "A111-00", 0.5) // the other half is nobody's
	got := shares("邊界路3號")
	// The share of a disc of radius r beyond a line at distance d, by the formula of the circular segment.
	r := got["radius"]
	d := 0.000025 * 111320 * math.Cos(25.005*math.Pi/180)
	beyond := (math.Acos(d/r) - d/r*math.Sqrt(1-d*d/r/r)) / math.Pi
	if math.Abs(got["A111-00"]-beyond) > 0.01 || math.Abs(got["A112-00"]-(1-beyond)) > 0.01 {
		t.Errorf("%v, want %.3f beyond the border", got, beyond)
	}
	if got := shares("信義路3號"); len(got) != 1 {
		t.Errorf("a place within one cell is shared out: %v", got)
	}
}

// TestGeocodeLog looks for texts in the log, where they may only be when that was asked for.
func TestGeocodeLog(t *testing.T) {
	const name = "王小明"
	ask := func(logQueries bool) string {
		c := newCity(t, func(cfg *Config) { cfg.LogQueries = logQueries }).fill()
		q := url.QueryEscape(name)
		for _, target := range []string{
			geocodeURL("信義路3號"+name, ""), "/v1/geocode?q=a&q=" + q, "/v1/geocode?" + q + "=1", "/v1/geocode?q=" + q + "&focus=" + q, "/v1/geocode?q=1&layers=" + q,
			"/v1/geocode?q=" + strings.Repeat(q, 500), "/v1/geocode?q=" + q + "%zz",
		} {
			c.do("GET", target, nil, "")
		}
		return c.logged()
	}
	log := ask(false)
	if !strings.Contains(log, "route=/v1/geocode") || !strings.Contains(log, `error="bad-request: focus"`) {
		t.Errorf("the log lacks the requests:\n%s", log)
	}
	if strings.Contains(log, name) || strings.Contains(log, url.QueryEscape(name)) || strings.Contains(log, "信義路") {
		t.Errorf("the log has what was asked for:\n%s", log)
	}
	if log := ask(true); !strings.Contains(log, "query=\"q="+url.QueryEscape("信義路3號"+name)) {
		t.Errorf("asked to, the log does not tell:\n%s", log)
	}
}

// TestGeocodeAbsent asks a server that has no geocoder.
func TestGeocodeAbsent(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Geocoder = nil }).fill()
	scenario{url: geocodeURL("信義路3號", ""), status: 501, want: []string{"no geocoder"}}.run(t, c)
}
