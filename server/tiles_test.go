package server

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/tiletest"
)

// TestFilteredTiles asks for tiles with a filter and compares them with what the list of features answers.
func TestFilteredTiles(t *testing.T) {
	c := newCity(t, nil).fill()
	const address = "/12/3430/1754.mvt"
	count := func(query string) int {
		a := c.do("GET", "/tiles/trees"+address+"?"+query, nil, "")
		if a.status == 204 {
			return 0
		}
		tile, err := tiletest.Decode([]byte(a.body))
		if err != nil || a.status != 200 {
			t.Fatalf("%s: %d, %v", query, a.status, err)
		}
		return len(tile.Layer("trees").Features)
	}
	all := count("")
	for _, filter := range []string{
		"tree_type = '榕樹'", "diameter > 10 AND NOT \"count\" IN (12, 13)", "tree_type LIKE '樟%'", "planted < DATE('1999-01-01')",
		`{"op":">=","args":[{"property":"count"},20]}`, "S_INTERSECTS(geometry, POLYGON((121.5 25, 121.51 25, 121.51 25.01, 121.5 25.01, 121.5 25)))",
	} {
		query := "filter=" + url.QueryEscape(filter)
		var list struct {
			Matched  int   `json:"numberMatched"`
			Features []any `json:"features"`
		}
		a := c.do("GET", "/v1/layers/trees/features?limit=1000&"+query, nil, "")
		if err := json.Unmarshal([]byte(a.body), &list); err != nil || a.status != 200 {
			t.Fatalf("%s: %d %s", filter, a.status, a.body)
		}
		if got := count(query); got != len(list.Features) || got > all {
			t.Errorf("%s: %d features in the tile, %d in the list, %d without it", filter, got, len(list.Features), all)
		}
	}
	for query, says := range map[string]string{
		"filter=knid+%3D+1":          "knid",
		"filter=tree_type+%3D":       "filter",
		"filter=tree_type+%3E+TRUE":  "tree_type",
		"filter=a&filter-lang=cql99": "cql99",
	} {
		if a := c.do("GET", "/tiles/trees"+address+"?"+query, nil, ""); a.status != 400 || !strings.Contains(a.body, says) {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
	// A filter must fit every layer of the tileset.
	if a := c.do("GET", "/tiles/city"+address+"?filter=diameter+%3E+1", nil, ""); a.status != 400 || !strings.Contains(a.body, "in layer") {
		t.Errorf("%d %s", a.status, a.body)
	}
	doc := c.do("GET", "/tiles/trees.json?filter=diameter+%3E+1&properties=id", nil, "")
	if !strings.Contains(doc.body, "filter=diameter+%3E+1") || !strings.Contains(doc.body, "properties=id") {
		t.Errorf("the addresses of TileJSON lack the filter: %s", doc.body)
	}
}

// TestExplain asks what a tile holds, and about single features.
func TestExplain(t *testing.T) {
	c := newCity(t, nil).fill()
	type answer struct {
		Layers  []tiles.LayerReport
		Cached  bool
		Bytes   int
		Feature *tiles.Verdict
	}
	ask := func(path string) (a answer) {
		got := c.do("GET", path, nil, "")
		if got.status != 200 {
			t.Fatalf("%s: %d %s", path, got.status, got.body)
		}
		if err := json.Unmarshal([]byte(got.body), &a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	first, second := ask("/tiles/trees/12/3430/1754.mvt?explain=1"), ask("/tiles/trees/12/3430/1754.mvt?explain=1")
	if len(first.Layers) != 1 || first.Layers[0].Found != 25 || first.Layers[0].Drawn != 25 || first.Bytes == 0 || first.Cached || !second.Cached {
		t.Errorf("%+v, then %+v", first, second)
	}
	for path, want := range map[string]tiles.Verdict{
		"/tiles/trees/12/3430/1754.mvt?explain=1&feature=tree03":                            {Drawn: true, Why: "is drawn"},
		"/tiles/trees/12/3431/1754.mvt?explain=1&feature=tree03":                            {Why: "in tile 12/3430/1754"},
		"/tiles/trees/12/3430/1754.mvt?explain=1&feature=nope":                              {Why: "no layer"},
		"/tiles/trees/12/3430/1754.mvt?explain=1&feature=tree03&filter=id+%3D+%27tree04%27": {Why: "filter"},
	} {
		if v := ask(path).Feature; v == nil || v.Drawn != want.Drawn || !strings.Contains(v.Why, want.Why) {
			t.Errorf("%s: %+v", path, v)
		}
	}
}

// TestDiffTiles asks for what differs between two positions.
func TestDiffTiles(t *testing.T) {
	c := newCity(t, nil).fill()
	before := c.engine.World().Seq()
	c.move("tree03", 121.5051, 25.0052)
	if a := c.do("DELETE", "/v1/layers/trees/features/tree04", nil, ""); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	path := fmt.Sprintf("/tiles/trees/12/3430/1754.mvt?diff=%d,", before)
	a := c.do("GET", path, nil, "")
	tile, err := tiletest.Decode([]byte(a.body))
	if err != nil || a.status != 200 {
		t.Fatalf("%d %v", a.status, err)
	}
	changed, removed := tile.Layer("trees_changed").Features, tile.Layer("trees_removed").Features
	if len(tile) != 2 || len(changed) != 1 || changed[0].Get("id") != "tree03" || len(removed) != 1 || removed[0].Get("id") != "tree04" {
		t.Errorf("%s", tiletest.Text(tile))
	}
	doc := c.do("GET", fmt.Sprintf("/tiles/trees,units.json?diff=%d,", before), nil, "")
	for _, id := range []string{"trees_added", "trees_changed", "trees_removed", "units_removed"} {
		if !strings.Contains(doc.body, `"id":"`+id+`"`) || strings.Contains(doc.body, `"id":"units_label"`) {
			t.Errorf("TileJSON of differences lacks %s, or has more: %s", id, doc.body)
		}
	}
	for query, says := range map[string]string{"diff=2026-01-01": "two moments", "diff=x,y": "must be a time", "diff=,": "two moments", "diff=99999999,": ""} {
		if a := c.do("GET", "/tiles/trees/12/3430/1754.mvt?"+query, nil, ""); a.status < 400 || a.status >= 500 || !strings.Contains(a.body, says) {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
}

// TestDiffOfLayersThatComeAndGo: one of the two moments is enough for a layer and an attribute to be known.
func TestDiffOfLayersThatComeAndGo(t *testing.T) {
	c := newCity(t, nil).fill()
	ok := func(method, path, body string) answer {
		t.Helper()
		a := c.do(method, path, map[string]string{"Content-Type": "application/json"}, body)
		if a.status < 200 || a.status > 204 {
			t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
		}
		return a
	}
	lamp := func(layer, id string, lon float64, height int) string {
		return fmt.Sprintf(`{"changes":[{"op":"put","layer":%q,"feature":{"type":"Feature","id":%q,"geometry":{"type":"Point","coordinates":[%g,25.005]},"properties":{"height":%d}}}]}`, layer, id, lon, height)
	}
	define := func(layer string) {
		ok("POST", "/v1/layers", `{"name":"`+layer+`","geometry":"point","attributes":[{"name":"height","type":"int"}]}`)
	}
	define("old")
	ok("POST", "/v1/changes", lamp("old", "a", 121.505, 1))
	ok("POST", "/v1/changes", lamp("old", "b", 120.1, 9))
	before := c.engine.World().Seq()
	ok("DELETE", "/v1/layers/old", "")
	define("new")
	ok("POST", "/v1/changes", lamp("new", "c", 121.506, 2))
	ok("PATCH", "/v1/layers/trees", `{"attributes":[{"name":"tree_type","type":"text"},{"name":"diameter","type":"number","unit":"cm"},{"name":"count","type":"int"},{"name":"planted","type":"date"},{"name":"late","type":"int"}]}`)
	tree := `{"changes":[{"op":"put","layer":"trees","feature":{"type":"Feature","id":"tree03","geometry":{"type":"Point","coordinates":[121.505,25.005]},"properties":{"late":7}}}]}`
	ok("POST", "/v1/changes", tree)

	between := fmt.Sprintf("diff=%d,", before)
	for _, q := range []struct{ set, query, want string }{
		{"old", "", "old_removed 1"},
		{"old,new", "", "old_removed 1 new_added 1"},
		{"new,old", "&filter=height+%3E+1", "new_added 1"},
		{"new,old", "&filter=height+%3E+0&properties=height", "new_added 1 old_removed 1"},
		{"trees", "&filter=late+%3D+7", "trees_changed 1"},
		{"trees", "&properties=late", "trees_changed 1"},
		{"city", "", "trees_changed 1 new_added 1 old_removed 1"},
	} {
		path := "/tiles/" + q.set + "/12/3430/1754.mvt?" + between + q.query
		a := c.do("GET", path, nil, "")
		tile, err := tiletest.Decode([]byte(a.body))
		if err != nil || a.status != 200 {
			t.Errorf("%s: %d %s %v", path, a.status, a.body, err)
			continue
		}
		got := ""
		for _, l := range tile {
			got += fmt.Sprintf(" %s %d", l.Name, len(l.Features))
		}
		if strings.TrimSpace(got) != q.want {
			t.Errorf("%s:%s, want %s", path, got, q.want)
		}
	}
	doc := ok("GET", "/tiles/new,old.json?"+between, "").body
	for _, want := range []string{`"id":"new_added"`, `"id":"old_removed"`, `"bounds":[120.1,25.005,121.506,25.005]`} {
		if !strings.Contains(doc, want) {
			t.Errorf("%s is not in %s", want, doc)
		}
	}
	// Neither moment has it.
	for _, path := range []string{"/tiles/new/12/3430/1754.mvt?diff=1,2", "/tiles/new.json?diff=1,2", "/tiles/new,old,nope/12/3430/1754.mvt?" + between} {
		if a := c.do("GET", path, nil, ""); a.status != 404 || !strings.Contains(a.body, "is not a layer") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}
