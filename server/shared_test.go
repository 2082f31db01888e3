package server

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
)

// TestOneSharedScheme has a profile force the unit grid on all (S6: 其他单位不再另行划分网格): every way of dividing the city otherwise
// is refused by name, whatever was divided before stays as it is and can be taken away, and the shared scheme works.
func TestOneSharedScheme(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Shared = "unit" }).fill()
	// The fire brigade had a scheme of its own before: straight into the store, which knows no profile.
	beats := &data.Layer{Name: "beats", Geometry: data.GeometryPolygon, Attributes: []data.Attribute{}}
	fires := &data.Layer{Name: "fires", Geometry: data.GeometryPolygon, Attributes: []data.Attribute{{Name: "name", Type: data.Text}}, Roles: data.Roles{Cell: &data.CellRole{Scheme: "fire"}}}
	c.put(data.Tx{Changes: []data.Change{
		{Stream: data.StreamSchema, Op: data.OpPut, Layer: "beats", Definition: beats},
		{Stream: data.StreamSchema, Op: data.OpPut, Layer: "fires", Definition: fires},
		{Stream: data.StreamScheme, Op: data.OpPut, Layer: "fire", Scheme: &data.Scheme{Name: "fire", Levels: []string{"district", "brigade"}, Cells: data.SchemeCells{Layer: "fires"}}},
		{Stream: data.StreamScheme, Op: data.OpPut, Layer: "beat", Scheme: &data.Scheme{Name: "beat", Levels: []string{}, Cells: data.SchemeCells{Layer: "beats"}}},
	}})
	old, err := convert.DecodeFeature(fires, []byte(`{"type":"Feature","id":"f1","geometry":`+lot(121.5, 25, 121.54, 25.02)+`,"properties":{}}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	c.put(data.Tx{Changes: []data.Change{{Stream: data.StreamFeature, Op: data.OpPut, Layer: "fires", Feature: old}}})
	const (
		layer   = `,"geometry":"polygon","attributes":[]`
		feature = `{"type":"Feature","id":"f2","geometry":{"type":"Polygon","coordinates":[[[121.5,25],[121.51,25],[121.51,25.01],[121.5,25]]]},"properties":{}}`
	)
	collection := `{"type":"FeatureCollection","features":[` + feature + `]}`
	geojson := map[string]string{"Content-Type": "application/geo+json"}
	for _, sc := range []struct {
		name, method, url, body string
		header                  map[string]string
		other                   string
	}{
		{"a second scheme", "POST", "/v1/schemes", `{"name":"police","levels":[],"cells":{"layer":"beats"}}`, sendJSON, "police"},
		{"a layer of its cells", "POST", "/v1/layers", `{"name":"police"` + layer + `,"roles":{"cell":{"scheme":"police"}}}`, sendJSON, "police"},
		{"a layer becomes one", "PATCH", "/v1/layers/villages", `{"roles":{"area":null,"cell":{"scheme":"police"}}}`, sendJSON, "police"},
		{"a layer of its level", "POST", "/v1/layers", `{"name":"brigades"` + layer + `,"roles":{"area":{"level":"brigade"}}}`, sendJSON, "fire"},
		{"a draft", "POST", "/v1/drafts", `{"scheme":"fire","title":"t"}`, sendJSON, "fire"},
		{"a cell", "PUT", "/v1/layers/fires/features/f2", feature, sendJSON, "fire"},
		{"a cell of a layer without a role", "PUT", "/v1/layers/beats/features/f2", feature, sendJSON, "beat"},
		{"a cell among other changes", "POST", "/v1/changes", `{"changes":[{"op":"delete","layer":"trees","id":"tree01"},{"op":"put","layer":"fires","feature":` + feature + `}]}`, sendJSON, "fire"},
		{"a cell at a time to come", "POST", "/v1/changes", `{"effective":"2999-01-01T00:00:00Z","changes":[{"op":"put","layer":"fires","feature":` + feature + `}]}`, sendJSON, "fire"},
		{"an import", "POST", "/v1/layers/fires/import", collection, geojson, "fire"},
		{"an import that is tried", "POST", "/v1/layers/fires/import?dry_run=true", collection, geojson, "fire"},
		{"an import in the background", "POST", "/v1/layers/beats/import?async=true", collection, geojson, "beat"},
	} {
		t.Run(sc.name, func(t *testing.T) {
			before := c.store.Last()
			a := c.do(sc.method, sc.url, sc.header, sc.body)
			var p struct {
				Status               int
				Detail, Field, Value string
				Refusal              struct {
					Name   string
					Reason data.Title
				}
			}
			if err := json.Unmarshal([]byte(a.body), &p); err != nil {
				t.Fatal(a.status, a.body)
			}
			if a.status != 409 || p.Refusal.Name != "one-shared-scheme" || p.Field != "scheme" || p.Value != sc.other || !strings.Contains(p.Detail, "one shared scheme, unit;") {
				t.Errorf("%d %s", a.status, a.body)
			}
			if p.Refusal.Reason["zh"] != "本市配置规定统一使用网格“unit”，不再另行划分网格" || !strings.Contains(p.Refusal.Reason["en"], "unit") {
				t.Errorf("%v", p.Refusal.Reason)
			}
			if c.store.Last() != before {
				t.Error("something was written")
			}
		})
	}
	// What was taken away of another scheme does not come back.
	if a := c.do("DELETE", "/v1/layers/fires/features/f1", nil, ""); a.status != 200 {
		t.Fatalf("an old cell stays: %d %s", a.status, a.body)
	}
	if a := c.do("POST", fmt.Sprintf("/v1/changes/%d/revert", c.store.Last()), sendJSON, ""); a.status != 409 || !strings.Contains(a.body, "one-shared-scheme") {
		t.Errorf("revert: %d %s", a.status, a.body)
	}
	for _, sc := range []scenario{
		{name: "which is the one", url: "/v1/schemes", status: 200, want: []string{`"shared":"unit"`, `"name":"fire"`}},
		{name: "what was there can be read", url: "/v1/schemes/fire/check", status: 200},
		{name: "what was there can be compared", url: "/v1/schemes/unit/reconcile?with=fire", status: 200},
		{name: "an old layer gets a title", method: "PATCH", url: "/v1/layers/fires", header: sendJSON, body: `{"title":{"zh":"消防"}}`, status: 200},
		{name: "a draft of the one", method: "POST", url: "/v1/drafts", header: sendJSON, body: `{"scheme":"unit","title":"t"}`, status: 201},
		{name: "an area that divides for nobody", method: "POST", url: "/v1/layers", header: sendJSON, body: `{"name":"parks"` + layer + `,"roles":{"area":{"level":"park"}}}`, status: 201},
		{name: "an import into the one", method: "POST", url: "/v1/layers/trees/import", header: geojson, body: `{"type":"FeatureCollection","features":[]}`, status: 200},
		{name: "a role goes", method: "PATCH", url: "/v1/layers/fires", header: sendJSON, body: `{"roles":{"cell":null}}`, status: 200},
		{name: "an old scheme goes", method: "DELETE", url: "/v1/schemes/fire", status: 200},
		{name: "the layer is one of any", method: "PUT", url: "/v1/layers/fires/features/f2", header: sendJSON, body: feature, status: 200},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}

// TestAnySchemes sees that a city whose profile forces nothing may be divided by several.
func TestAnySchemes(t *testing.T) {
	c := newCity(t, nil).fill()
	for _, sc := range []scenario{
		{name: "none is shared", url: "/v1/schemes", status: 200, not: []string{"shared"}},
		{name: "a layer", method: "POST", url: "/v1/layers", header: sendJSON, body: `{"name":"fires","geometry":"polygon","attributes":[],"roles":{"cell":{"scheme":"fire"}}}`, status: 201},
		{name: "a scheme", method: "POST", url: "/v1/schemes", header: sendJSON, body: `{"name":"fire","levels":[],"cells":{"layer":"fires"}}`, status: 201},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}
