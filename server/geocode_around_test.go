package server

import (
	"net/url"
	"strings"
	"testing"
)

// TestGeocodeAround asks what is at a point, what is being typed and what a report is about.
func TestGeocodeAround(t *testing.T) {
	c := newCity(t, nil).fill()
	const at = "/v1/reverse?lon=121.5091&lat=25.005"
	suggest := func(text string) string { return "/v1/suggest?q=" + url.QueryEscape(text) }
	report := func(text string) string { return `{"text":"` + text + `"}` }
	for _, sc := range []scenario{
		{name: "around", url: at, status: 200, want: []string{`"id":"addr2"`, `"distance_m":10`, `"housenumber":"3號"`, `"cells":[{"scheme":"unit","code":"A111-00"`}, not: []string{"radius_m", "query"}},
		{name: "nothing near", url: at + "&radius=2", status: 200, want: []string{`"kind":"area"`}, not: []string{"addr2"}},
		{name: "far", url: at + "&radius=1000&limit=3&kinds=house", status: 200, want: []string{`"addr2"`, `"addr1"`, `"addr3"`}},
		{name: "shifted", url: at + "&crs=gcj02", status: 200, not: []string{`"id":"addr2"`}},
		{name: "outside the city", url: "/v1/reverse?lon=1&lat=1", status: 200, want: []string{`"features":[]}`}},
		{name: "no place", url: "/v1/reverse?lon=1", status: 400, want: []string{`"field":"lat"`}},
		{name: "outside the world", url: "/v1/reverse?lon=1&lat=91", status: 400, want: []string{`"field":"lat"`}},
		{name: "radius", url: at + "&radius=6000", status: 400, want: []string{`"field":"radius"`}},
		{name: "kind", url: at + "&kinds=moon", status: 400, want: []string{`"field":"kinds","value":"moon"`, "house, road"}},
		{name: "no kind", url: at + "&kinds=", status: 400, want: []string{`"field":"kinds"`}},

		{name: "typing", url: suggest("信"), status: 200, want: []string{`"query":"信"`, `"label":"信義路"`}},
		{name: "initials", url: suggest("xyl"), status: 200, want: []string{`"label":"信義路"`}},
		{name: "numbers", url: suggest("信義路3"), status: 200, want: []string{`"id":"addr2"`}},
		{name: "one", url: suggest("信義路") + "&limit=1&focus=121.5,25", status: 200},
		{name: "nothing typed", url: "/v1/suggest", status: 400, want: []string{`"field":"q"`}},
		{name: "wrong focus", url: suggest("信") + "&focus=x", status: 400, want: []string{`"field":"focus"`}},

		{name: "report", method: "POST", url: "/v1/extract", header: sendJSON, body: report("反映信義路3號門口有人亂倒垃圾，請轉大安區處理"), status: 200, want: []string{`"reported":0`, `"id":"addr2"`, `"span":[2,`}, not: []string{"query", "乱倒", "亂倒"}},
		{name: "classes of a report", method: "POST", url: "/v1/extract", header: sendJSON, body: report("信義路3號路燈不亮"), status: 200, want: []string{`"classes":[{"edition":"`, `"kind":"`, `"title":{"zh":"`, `"spans":[[5,9]]`}},
		{name: "no classes", method: "POST", url: "/v1/extract", header: sendJSON, body: report("信義路3號"), status: 200, want: []string{`"classes":[]`}},
		{name: "report without a place", method: "POST", url: "/v1/extract", header: sendJSON, body: report("聲音太大睡不著"), status: 200, want: []string{`"reported":null`, `"features":[]}`}},
		{name: "no text", method: "POST", url: "/v1/extract", header: sendJSON, body: `{}`, status: 400, want: []string{`"field":"text"`, "is missing"}},
		{name: "long text", method: "POST", url: "/v1/extract", header: sendJSON, body: report(strings.Repeat("x", 10<<10+1)), status: 413, want: []string{`"field":"text"`}},
		{name: "no JSON", method: "POST", url: "/v1/extract", header: sendJSON, body: `text`, status: 400},
		{name: "other members", method: "POST", url: "/v1/extract", header: sendJSON, body: `{"text":"x","from":"y"}`, status: 400},
		{name: "not UTF-8", method: "POST", url: "/v1/extract", header: sendJSON, body: "{\"text\":\"\xff\"}", status: 400},
		{name: "type", method: "POST", url: "/v1/extract", header: sendCSV, body: "x", status: 415},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
	for _, name := range []string{"亂倒垃圾", url.QueryEscape("信"), "xyl", "121.5091"} {
		if strings.Contains(c.logged(), name) {
			t.Errorf("the log has %s", name)
		}
	}
}

// TestGeocodePlugins asks as the plugins of maps do.
func TestGeocodePlugins(t *testing.T) {
	c := newCity(t, nil).fill()
	q := func(path, text, rest string) string {
		return "/geocoder/" + path + "?q=" + url.QueryEscape(text) + rest
	}
	for _, sc := range []scenario{
		// As leaflet-control-geocoder sends it.
		{name: "search", url: q("search", "信義路3號", "&limit=5&format=json&addressdetails=1"), status: 200, want: []string{
			`[{"place_id":`, `"lat":"25.005","lon":"121.509"`, `"display_name":"信義路3號"`, `"address":{"city_district":"大安區","house_number":"3號","road":"信義路","suburb":"里11"}`, `"boundingbox":["25.00`,
		}},
		// As maplibre-gl-geocoder's example does.
		{name: "geojson", url: q("search", "信義路3號", "&format=geojson&polygon_geojson=1&addressdetails=1"), status: 200, want: []string{`{"type":"FeatureCollection"`, `"bbox":[121.50`, `"coordinates":[121.509,25.005]`, `"display_name":"信義路3號"`}},
		{name: "geocodejson", url: q("search", "信義路3號", "&format=geocodejson"), status: 200, want: []string{`"geocoding":{"version":"0.1.0"`, `"score":100`}},
		{name: "nothing", url: q("search", "今天天氣不錯", ""), status: 200, want: []string{"\n[]"}},
		{name: "in parts", url: "/geocoder/search?city=" + url.QueryEscape("大安區") + "&street=" + url.QueryEscape("信義路3號"), status: 200, want: []string{`"display_name":"信義路3號"`}},
		{name: "in parts, with a code that the city has not", url: "/geocoder/search?city=" + url.QueryEscape("大安區") + "&street=" + url.QueryEscape("信義路3號") + "&postalcode=106&countrycodes=tw", status: 200, want: []string{`"display_name":"信義路3號"`}},
		{name: "corners in any order", url: q("search", "信義路3號", "&viewbox=121.6,24.9,121.4,25.1&bounded=1&limit=500"), status: 200, want: []string{`"lat":"25.005"`}},
		{name: "elsewhere", url: q("search", "信義路3號", "&viewbox=1,1,2,2&bounded=1"), status: 200, want: []string{"\n[]"}},
		{name: "near elsewhere", url: q("search", "信義路3號", "&viewbox=1,1,2,2"), status: 200, want: []string{`"lat":"25.005"`}},
		{name: "no text", url: "/geocoder/search?format=json", status: 400, want: []string{`"field":"q"`}},
		{name: "xml", url: q("search", "x", "&format=xml"), status: 400, want: []string{`"field":"format"`}},
		{name: "viewbox", url: q("search", "x", "&viewbox=1,2,3"), status: 400, want: []string{`"field":"viewbox"`}},
		{name: "limit", url: q("search", "x", "&limit=all"), status: 400, want: []string{`"field":"limit"`}},
		{name: "not UTF-8", url: "/geocoder/search?q=%ff", status: 400},

		{name: "reverse", url: "/geocoder/reverse?lat=25.005&lon=121.5091&zoom=18&addressdetails=1&format=jsonv2", status: 200, want: []string{"\n{\"place_id\":", `"display_name":"信義路3號"`, `"house_number":"3號"`}},
		{name: "reverse, features", url: "/geocoder/reverse?lat=25.005&lon=121.5091&format=geojson", status: 200, want: []string{`"features":[{"type":"Feature"`}},
		{name: "reverse, geocodejson", url: "/geocoder/reverse?lat=25.005&lon=121.5091&format=geocodejson", status: 200, want: []string{`"distance_m":10`}},
		{name: "reverse outside", url: "/geocoder/reverse?lat=1&lon=1", status: 200, want: []string{`{"error":"Unable to geocode"}`}},
		{name: "reverse nowhere", url: "/geocoder/reverse?lat=25", status: 400, want: []string{`"field":"lon"`}},
		{name: "reverse of nothing", url: "/geocoder/reverse", status: 400, want: []string{`"field":"lat"`, "missing"}},
		{name: "reverse too far", url: "/geocoder/reverse?lat=91&lon=1", status: 400},

		{name: "typing", url: q("api", "信義路3號", "&limit=5&lang=en&lat=25&lon=121.5"), status: 200, want: []string{`"coordinates":[121.509,25.005]`, `"type":"house","housenumber":"3號","street":"信義路","locality":"里11","district":"大安區"`}},
		{name: "typing, with a slash", url: q("api/", "信義", ""), status: 200, want: []string{`"type":"street"`, `"name":"信義路"`}},
		{name: "typing elsewhere", url: q("api", "信義", "&bbox=1,1,2,2"), status: 200, want: []string{`"features":[]`}},
		{name: "typing nothing", url: "/geocoder/api", status: 400, want: []string{`"field":"q"`}},
		{name: "around", url: "/geocoder/api/reverse?lat=25.005&lon=121.5091&radius=0.05&limit=1", status: 200, want: []string{`"housenumber":"3號"`}},
		{name: "around, radius", url: "/geocoder/api/reverse?lat=25&lon=121.5&radius=-1", status: 400, want: []string{`"field":"radius"`}},
		{name: "nothing else there", url: "/geocoder/details", status: 404},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
	if log := c.logged(); strings.Contains(log, url.QueryEscape("信義")) || strings.Contains(log, "信義") {
		t.Error("the log has what was asked for")
	}
}
