package server

import "testing"

// TestPutPartCode puts a feature of a layer whose ids are part codes: the id stands in the path, and need not be repeated.
func TestPutPartCode(t *testing.T) {
	c := newCity(t, nil)
	if a := c.do("POST", "/v1/layers", map[string]string{"Content-Type": "application/json"}, `{"name":"parts","geometry":"point","id":{"pattern":"part"},"attributes":[{"name":"kind","type":"text"}]}`); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	const feature = "/v1/layers/parts/features/1101010102000001"
	for body, status := range map[string]int{
		`{"type":"Feature","geometry":{"type":"Point","coordinates":[116.4,39.9]},"properties":{}}`:                         200,
		`{"id":"1101010102000001","type":"Feature","geometry":{"type":"Point","coordinates":[116.4,39.9]},"properties":{}}`: 200,
		`{"id":"1101010102000002","type":"Feature","geometry":{"type":"Point","coordinates":[116.4,39.9]},"properties":{}}`: 422,
		`{}`: 422,
		`{"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}},"type":"Feature","geometry":{"type":"Point","coordinates":[116.4,39.9]},"properties":{}}`: 200,
		`{"crs":{"properties":{"name":"gcj02"}},"type":"Feature","geometry":{"type":"Point","coordinates":[116.4,39.9]},"properties":{}}`:                                       422,
		`{"type":"Feature","geometry":{"type":"Point","crs":{"type":"name","properties":{"name":"EPSG:4549"}},"coordinates":[116.4,39.9]},"properties":{}}`:                     422,
	} {
		if a := c.do("PUT", feature, map[string]string{"Content-Type": "application/geo+json"}, body); a.status != status && (status != 200 || a.status != 201) {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	if a := c.do("GET", feature, nil, ""); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}
