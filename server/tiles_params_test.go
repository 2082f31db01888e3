package server

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// TestTileParams refuses what would be ignored otherwise, with what is allowed instead.
func TestTileParams(t *testing.T) {
	c := newCity(t, nil).fill()
	seq := c.engine.World().Seq()
	const tile = "/tiles/trees/12/3430/1754.mvt?"
	for query, says := range map[string]string{
		"fitler=diameter+%3E+1":           "known are explain, feature, crs, lang, properties, filter,",
		"explain=2":                       "must be 0 or 1",
		"explain=yes":                     "must be 0 or 1",
		"feature=tree03":                  "feature goes with explain=1 only",
		"feature=tree03&explain=0":        "feature goes with explain=1 only",
		"diff=1,&explain=1":               "explain does not go with diff",
		"diff=1,&feature=tree03":          "feature does not go with diff",
		"diff=1,&at=2026-01-01":           "at does not go with diff",
		"diff=1,&as_of=1":                 "as_of does not go with diff",
		"filter-lang=cql99":               "must be ",
		"v=1&v=2":                         "more than once",
		"access_token=x":                  "access_token is not a parameter here",
		strings.Repeat("x", 100) + "=1":   "is not a parameter here",
		"diff=1,&filter=nope+%3D+1":       "nope",
		"diff=1,&properties=nope":         "nope",
		"properties=found":                "known are count, diameter, id, planted, point_count, tree_type",
		"as_of=1&explain=1&feature=&v=&_": "is not a parameter here",
	} {
		if a := c.do("GET", tile+query, nil, ""); a.status != 400 || !strings.Contains(a.body, says) {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
	for query, says := range map[string]string{
		"explain=1":             "explain is not a parameter here; known are crs,",
		"fitler=1":              "known are crs,",
		"diff=1":                "two moments",
		"diff=x,y":              "must be a time",
		"diff=1,&at=2026-01-01": "at does not go with diff",
	} {
		if a := c.do("GET", "/tiles/trees.json?"+query, nil, ""); a.status != 400 || !strings.Contains(a.body, says) {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
	for _, query := range []string{
		"v=3", "explain=0", "explain=false", "explain=true&feature=tree03", "diff=1,&v=2", fmt.Sprintf("min_seq=%d&diff=1,", seq), "diff=1,2&crs=gcj02&lang=en&properties=id",
	} {
		if a := c.do("GET", tile+query, nil, ""); a.status != 200 && a.status != 204 {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
}

// TestTilesetNames: what is no tileset is not found, and the answer says what to ask for instead.
func TestTilesetNames(t *testing.T) {
	c := newCity(t, func(cfg *Config) {
		cfg.Web = fstest.MapFS{"index.html": {Data: []byte("<!doctype html><title>pages</title>")}}
	}).fill()
	for name, says := range map[string]string{
		"nope":           "is not a layer; known are city, districts",
		"city,trees":     "is all layers and stands alone",
		"trees,":         "is empty, or a name in its list is",
		",trees":         "is empty, or a name in its list is",
		"units_label":    "comes with units: ask for units",
		"trees_dropped":  "comes with trees where a tile cannot hold all: ask for trees",
		"trees_added":    "ask for trees with diff",
		"trees_totals":   "totals have areas and cells that a scheme names; ask for trees",
		"units_clusters": "groups have layers of points; ask for units",
		"nope_label":     "is not a layer; known are",
	} {
		for _, path := range []string{
			"/tiles/%s/12/3430/1754.mvt", "/tiles/%s/12/3430/1754.mvt?diff=1,", "/tiles/%s.json", "/tiles/%s.json?diff=1,", "/styles/light.json?tileset=%s", "/preview/%s",
		} {
			path = fmt.Sprintf(path, name)
			if a := c.do("GET", path, nil, ""); a.status != 404 || !strings.Contains(a.body, says) {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
		}
	}
	for _, path := range []string{"/tiles/.json", "/tiles//12/3430/1754.mvt", "/tiles/trees/12/3430/1754", "/tiles/trees/12/3430.mvt", "/tiles/trees/12/3430/1754.png", "/tiles/"} {
		if a := c.do("GET", path, nil, ""); a.status != 404 || !strings.Contains(a.body, "/tiles/{tileset}/{z}/{x}/{y}.mvt") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	index := c.do("GET", "/", html, "")
	again := map[string]string{"Accept": html["Accept"], "If-None-Match": index.header.Get("ETag")}
	for path, status := range map[string]int{
		"/preview/nope": 404, "/preview/trees/more": 404, "/preview/city,trees": 404,
		"/preview": 200, "/preview/": 200, "/preview/city": 200, "/preview/trees,units": 200, "/preview/trees%2Cunits/": 200, "/preview/units_totals": 200,
	} {
		// A browser gets the page, which says the same.
		if a := c.do("GET", path, html, ""); a.status != status || !strings.Contains(a.body, "<title>pages") || a.header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
		if a := c.do("GET", path, again, ""); status == 404 && a.status != 404 || status == 200 && a.status != 304 {
			t.Errorf("%s, again: %d", path, a.status)
		}
		if a := c.do("HEAD", path, html, ""); a.status != status || a.body != "" {
			t.Errorf("HEAD %s: %d", path, a.status)
		}
	}
}

// TestTileCodings: a tile comes in the coding that the client asks for, or is refused if there is none.
func TestTileCodings(t *testing.T) {
	c := newCity(t, nil).fill()
	for accept, want := range map[string]string{
		"*": "gzip", "x-gzip": "gzip", "gzip;q=0": "", "gzip;q=0.5, zstd;q=0.4": "gzip", "identity, gzip;q=0.5": "", "br": "", "br, *;q=0.1": "gzip", "identity;q=0, zstd": "zstd",
		"identity;q=0": "refused", "*;q=0": "refused", "br, identity;q=0": "refused",
	} {
		a := c.do("GET", "/tiles/city/14/13721/7015.mvt", map[string]string{"Accept-Encoding": accept}, "")
		if want == "refused" {
			if a.status != 406 || !strings.Contains(a.body, "must allow zstd, gzip or identity") {
				t.Errorf("%s: %d %s", accept, a.status, a.body)
			}
			continue
		}
		if got := a.header.Get("Content-Encoding"); a.status != 200 || got != want {
			t.Errorf("%s: %d in %q, want %q", accept, a.status, got, want)
		}
		if suffix := "-" + want + `"`; want != "" && !strings.HasSuffix(a.header.Get("ETag"), suffix) {
			t.Errorf("%s: ETag %s", accept, a.header.Get("ETag"))
		}
	}
	// What is no tile is never refused for its coding.
	if a := c.do("GET", "/v1/layers", map[string]string{"Accept-Encoding": "identity;q=0"}, ""); a.status != 200 {
		t.Errorf("%d", a.status)
	}
}
