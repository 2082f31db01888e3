package server

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestLocateAsked asks for parts of a location, its edges and what lies around it.
func TestLocateAsked(t *testing.T) {
	c := newCity(t, nil).fill()
	const at = "/v1/locate?lon=121.505&lat=25.005"
	for _, sc := range []scenario{
		{name: "areas only", url: at + "&include=areas", status: 200, want: []string{`"level":"district","code":"D1"`, `"cells":[],"address":null,"parts":[],"duties":[],"disputes":[]}`}},
		{name: "cells and parts", url: at + "&include=cells,parts", status: 200, want: []string{`"areas":[],"cells":[{"scheme":"unit","code":"A111-00"`, `"address":null,"parts":[{"layer":"trees"`}},
		{name: "edge", url: at + "&include=areas,cells,edge", status: 200, want: []string{
			// The cell is 0.01° a side and the point in its middle; the nearest edge of the village is as far north.
			`"id":"A111-00","areas":[],"edge_m":504.`, `"code":"D1-V1","name":"里11","layer":"villages","id":"D1-V1","edge_m":504.`, `"id":"D1","edge_m":504.`,
		}},
		{name: "no edge unless asked", url: at, status: 200, not: []string{"edge_m", "within", "share"}},
		{name: "within", url: at + "&include=areas,cells&radius=600", status: 200, want: []string{
			`"within":{"radius_m":600,"areas":[{"level":"district","code":"D1"`, `"id":"D1","distance_m":0}`, `"id":"D1-V2","distance_m":`,
			`"cells":[{"scheme":"unit","code":"A111-00","name":"","layer":"units","id":"A111-00","distance_m":0}`, `"id":"A112-00","distance_m":504.`, `"more":false}`,
		}, not: []string{"A122-00", `"D2"`}},
		{name: "within a scheme", url: at + "&include=cells&radius=600&scheme=unit", status: 200, want: []string{`"within":{"radius_m":600,"areas":[],"cells":[{`}},
		{name: "unknown member", url: at + "&include=areas,duty", status: 400, want: []string{`"field":"include","value":"duty"`, "areas, cells, address, parts, duties, disputes, edge"}},
		{name: "radius too large", url: at + "&radius=9000", status: 400, want: []string{`"field":"radius"`, "at most 5000"}},
		{name: "radius of nothing", url: at + "&radius=0", status: 400, want: []string{`"field":"radius"`}},
		{name: "radius is no number", url: at + "&radius=far", status: 400, want: []string{`"value":"far"`}},
		{name: "a rule is for shapes", url: at + "&rule=point", status: 400, want: []string{"rule is not a parameter here"}},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}

// TestLocateRowsAsked asks for other columns and members.
func TestLocateRowsAsked(t *testing.T) {
	c := newCity(t, nil).fill()
	const rows = "lon,lat\n121.505,25.005\n0,0\nx,0\n"
	for _, sc := range []scenario{
		{name: "cells and areas", url: "?include=areas,cells", body: rows, status: 200, want: []string{
			"lon,lat,district_code,district_name,village_code,village_name,unit_code,error\n121.505,25.005,D1,大安區,D1-V1,里11,A111-00,\n0,0,,,,,,\nx,0,,,,,,\"lon must",
		}},
		{name: "cells with edges", url: "?include=cells,edge", body: rows, status: 200, want: []string{"lon,lat,unit_code,unit_edge_m,error\n121.505,25.005,A111-00,504.", "0,0,,,\nx,0,,,\"lon"}},
		{name: "address", url: "?include=address", body: rows, status: 200, want: []string{"lon,lat,address,address_m,error\n121.505,25.005,信義路2號,0,\n0,0,,,\n"}},
		{name: "no column for parts", url: "?include=parts", body: rows, status: 400, want: []string{`"value":"parts"`, "NDJSON"}},
		{name: "no column for a radius", url: "?radius=10", body: rows, status: 400, want: []string{`"field":"radius"`, "NDJSON"}},
		{name: "no shapes", url: "?rule=share", body: rows, status: 400, want: []string{`"field":"rule"`}},
		{name: "members", header: sendNDJSON, url: "?include=parts", body: `{"lon":121.505,"lat":25.005}`, status: 200, want: []string{`{"lon":121.505,"lat":25.005,"parts":[{"layer":"trees"`}, not: []string{"areas"}},
		{name: "nothing of its own", header: sendNDJSON, url: "?include=cells", body: `{"cells":1,"geometry":{"type":"Point","coordinates":[0,0]}}`, status: 200, want: []string{`{"geometry":{"type":"Point","coordinates":[0,0]},"point":[0,0],"cells":[]}`}},
		{name: "circle", header: sendNDJSON, url: "?include=cells&radius=600", body: `{"lon":121.505,"lat":25.005}`, status: 200, want: []string{`"within":{"radius_m":600,`}},
	} {
		t.Run(sc.name, func(t *testing.T) {
			sc.method, sc.url = "POST", "/v1/locate"+sc.url
			if sc.header == nil {
				sc.header = sendCSV
			}
			sc.run(t, c)
		})
	}
}

// TestLocateShapes sends lines and polygons as features, geometries and members.
func TestLocateShapes(t *testing.T) {
	c := newCity(t, nil).fill()
	// Half of the line lies in A111-00, a quarter in A112-00 and A211-00 each.
	const line = `{"type":"LineString","coordinates":[[121.505,25.005],[121.515,25.005]]}`
	const box = `{"type":"Polygon","coordinates":[[[121.515,25.005],[121.525,25.005],[121.525,25.015],[121.515,25.015],[121.515,25.005]]]}`
	for _, tc := range []struct {
		name, query, line string
		want, not         []string
	}{
		{"geometry", "?include=cells", line, []string{`{"type":"LineString","coordinates":[[121.505,25.005],[121.515,25.005]],"point":[121.51,25.005],"cells":[{"scheme":"unit","code":"A111-00"`, `"share":0.5}]}`}, []string{"A112"}},
		{"feature", "?include=cells&shares=0.4", `{"type":"Feature","id":"road","geometry":` + line + `,"properties":{"lon":1}}`, []string{`{"type":"Feature","id":"road"`, `"code":"A111-00"`, `"code":"A112-00"`, `"share":0.5}]}`}, []string{"error"}},
		{"member", "?include=areas", `{"id":1,"geometry":` + box + `}`, []string{`"point":[121.52,25.0`, `"level":"district","code":"D1"`, `"share":0.5`}, nil},
		{"all shares", "?include=cells&shares=0.2", box, []string{"A112-00", "A122-00", "A211-00", "A221-00", `"share":0.25`}, nil},
		{"by the point", "?include=cells,areas&rule=point", box, []string{`"point":[121.52,25.0`, `"code":"A211-00"`, `"code":"D2"`}, []string{"share", "D1"}},
		{"address at the point", "", line, []string{`"address":{"layer":"addresses","id":"addr2"`}, nil},
		{"point", "?include=cells", `{"type":"Point","coordinates":[121.505,25.005]}`, []string{`"point":[121.505,25.005],"cells":[{"scheme":"unit","code":"A111-00"`}, []string{"share"}},
		{"metres", "?include=cells&crs=EPSG:3857", `{"type":"LineString","coordinates":[[13525874,2876750],[13525900,2876750]]}`, []string{`"code":"A111-00"`, `"share":1`}, nil},
		{"columns win", "?include=cells&lon=x&lat=y", `{"x":121.505,"y":25.005,"geometry":` + box + `}`, []string{`"code":"A111-00"`}, []string{"share", "point"}},
		{"no geometry", "", `{"type":"Feature","geometry":null,"properties":{}}`, []string{`"error":"lon is empty"`}, nil},
		{"wrong geometry", "", `{"type":"LineString","coordinates":[[1]]}`, []string{`"error":"geometry: `}, nil},
		{"outside the world", "", `{"type":"LineString","coordinates":[[1,1],[1,91]]}`, []string{`"error":"geometry: coordinate 1, 91`}, nil},
		{"crossing itself", "", `{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}`, []string{`"error":"geometry: `}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c.t = t
			a := c.do("POST", "/v1/locate"+tc.query, sendNDJSON, tc.line)
			if a.status != 200 || strings.Count(a.body, "\n") != 1 {
				t.Fatalf("%d %s", a.status, a.body)
			}
			for _, w := range tc.want {
				if !strings.Contains(a.body, w) {
					t.Errorf("lacks %s: %s", w, a.body)
				}
			}
			for _, w := range tc.not {
				if strings.Contains(a.body, w) {
					t.Errorf("has %s: %s", w, a.body)
				}
			}
		})
	}
	for _, sc := range []scenario{
		{name: "unknown rule", url: "?rule=half", status: 400, want: []string{`"field":"rule","value":"half"`, "share or point"}},
		{name: "too large a share", url: "?shares=2", status: 400, want: []string{`"field":"shares"`, "at most 1"}},
	} {
		t.Run(sc.name, func(t *testing.T) {
			sc.method, sc.url, sc.header, sc.body = "POST", "/v1/locate"+sc.url, sendNDJSON, line
			sc.run(t, c)
		})
	}
}

// TestLocateRoute follows lines.
func TestLocateRoute(t *testing.T) {
	c := newCity(t, nil).fill()
	const line = `{"type":"LineString","coordinates":[[121.505,25.005],[121.535,25.005]]}`
	send := map[string]string{"Content-Type": "application/geo+json"}
	var long strings.Builder
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 20_001 {
		if i > 0 {
			long.WriteByte(',')
		}
		fmt.Fprintf(&long, "[%.5f,%.5f]", 121.5+r.Float64()/50, 25+r.Float64()/50)
	}
	for _, sc := range []scenario{
		{name: "line", body: line, status: 200, want: []string{
			`"length_m":3028.38`, `"areas":[{"level":"district","code":"D1","name":"大安區","layer":"districts","id":"D1","from_m":0,"to_m":1514.19`,
			`"cells":[{"scheme":"unit","code":"A111-00","name":"","layer":"units","id":"A111-00","from_m":0,"to_m":504.`,
			`"id":"A112-00","from_m":504.`, `"id":"A211-00","from_m":1514.19`, `"id":"A212-00","from_m":2523.65`, "X-Gewu-Seq: ",
		}, not: []string{"-V2"}},
		{name: "cells of a feature", url: "?include=cells&scheme=unit", header: sendJSON, body: `{"type":"Feature","geometry":` + line + `,"properties":{"geometry":1}}`, status: 200, want: []string{`"cells":[`}, not: []string{"areas"}},
		{name: "outside", body: `{"type":"LineString","coordinates":[[0,0],[0.01,0]]}`, status: 200, want: []string{`"areas":[],"cells":[]}`}},
		{name: "metres", url: "?crs=EPSG:3857", body: `{"type":"LineString","coordinates":[[13525874,2876750],[13525900,2876750]]}`, status: 200, want: []string{"A111-00"}},
		{name: "no line", body: `{"type":"Point","coordinates":[0,0]}`, status: 400, want: []string{`"field":"geometry","value":"point"`, "LineString"}},
		{name: "no geometry", body: `{"type":"Feature","geometry":null,"properties":{}}`, status: 400, want: []string{`"field":"geometry"`, "is missing"}},
		{name: "no JSON", body: `{"type":`, status: 400, want: []string{"is not JSON"}},
		{name: "no UTF-8", body: "{\"type\":\"\xff\"}", status: 400, want: []string{"UTF-8"}},
		{name: "nothing", body: "", status: 400, want: []string{"is not JSON"}},
		{name: "too long", body: `{"type":"LineString","coordinates":[` + long.String() + `]}`, status: 400, want: []string{"20001 vertices"}},
		{name: "type", header: sendCSV, body: line, status: 415},
		{name: "scheme", url: "?scheme=fire", body: line, status: 400, want: []string{`"field":"scheme"`}},
		{name: "more than areas and cells", url: "?include=parts", body: line, status: 400, want: []string{"areas and cells"}},
		{name: "edge", url: "?include=cells,edge", body: line, status: 400, want: []string{"areas and cells"}},
		{name: "history", url: "?min_seq=other-1", body: line, status: 410},
	} {
		t.Run(sc.name, func(t *testing.T) {
			sc.method, sc.url = "POST", "/v1/locate/route"+sc.url
			if sc.header == nil {
				sc.header = send
			}
			sc.run(t, c)
		})
	}
}
