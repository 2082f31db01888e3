package server

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/index/filter"
	"github.com/gewu-city/gewu/index/filter/cql"
	"github.com/gewu-city/gewu/server/city"
)

// TestFilters asks for features and exports by filters in both encodings.
func TestFilters(t *testing.T) {
	c := newCity(t, nil).fill()
	features := func(filter, more string) string {
		return "/v1/layers/trees/features?filter=" + url.QueryEscape(filter) + more
	}
	export := func(filter, more string) string {
		return "/v1/layers/trees/export?format=csv&filter=" + url.QueryEscape(filter) + more
	}
	for _, sc := range []scenario{
		{name: "text", url: features("count BETWEEN 3 AND 5 AND tree_type = '榕樹'", ""), status: 200, want: []string{"tree04", `"numberReturned":1`}, not: []string{"next"}},
		{name: "text, said so", url: features("count > 22", "&filter-lang=cql2-text"), status: 200, want: []string{"tree23", "tree24", `"numberReturned":2`}},
		{name: "text, as GDAL says it", url: features("(count >= 2) AND (count <= 3)", "&filter-lang=cql-text"), status: 200, want: []string{"tree02", "tree03", `"numberReturned":2`}},
		{name: "JSON", url: features(`{"op":"in","args":[{"property":"count"},[7,9]]}`, ""), status: 200, want: []string{"tree07", "tree09", `"numberReturned":2`}},
		{name: "JSON, said so", url: features(` {"op":"=","args":[{"property":"id"},"tree07"]}`, "&filter-lang=cql2-json"), status: 200, want: []string{"tree07", `"numberReturned":1`}},
		{name: "with box and attribute", url: features("count < 3", "&bbox=121,25,122,26&tree_type=%E6%A6%95%E6%A8%B9"), status: 200, want: []string{"tree00", "tree02", `"numberReturned":2`}},
		{name: "by place", url: features("S_INTERSECTS(geometry,BBOX(121.5,25,121.5036,25.01))", ""), status: 200, want: []string{"tree00", "tree02", `"numberReturned":3`}},
		{name: "by place in metres", url: features("S_INTERSECTS(geometry,BBOX(300000,2765000,300560,2767000))", "&filter-crs=EPSG:3826"), status: 200, want: []string{"tree00"}, not: []string{"tree05"}},
		{name: "pages", url: features("count >= 10", "&limit=2"), status: 200, want: []string{"tree10", "tree11", `"next"`}, not: []string{"tree12"}},
		{name: "nothing", url: features("FALSE", ""), status: 200, want: []string{`"features":[],"numberReturned":0`}},
		{name: "an unknown attribute", url: features("heigth > 5", ""), status: 400, want: []string{
			`"field":"filter"`, "is wrong at character 1: heigth is no property of layer trees; there are", "diameter", `"value":"heigth \u003e 5"`,
		}},
		{name: "a fault within", url: features("count > 5 AND diameter = 'x'", ""), status: 400, want: []string{"at character 26", `"value":"'x'"`}},
		{name: "no JSON", url: features("{", ""), status: 400, want: []string{"is not JSON"}},
		{name: "text said to be JSON", url: features("count > 5", "&filter-lang=cql2-json"), status: 400, want: []string{"is not JSON"}},
		{name: "an unknown language", url: features("count > 5", "&filter-lang=sql"), status: 400, want: []string{"filter-lang must be", "cql2-text"}},
		{name: "an unknown system", url: features("count > 5", "&filter-crs=EPSG:1"), status: 400, want: []string{`"field":"filter-crs"`}},
		{name: "a filter twice", url: features("count > 5", "&filter=count>6"), status: 400, want: []string{"more than once"}},

		{name: "export", url: export("count IN (7,9)", ""), status: 200, want: []string{"tree07", "tree09"}, not: []string{"tree08"}},
		{name: "export in a box", url: export("count IN (1,9)", "&bbox=121.5,25,121.5036,25.01"), status: 200, want: []string{"tree01"}, not: []string{"tree09"}},
		{name: "export of nothing", url: export("FALSE", ""), status: 200, want: []string{"tree_type"}, not: []string{"tree0"}},
		{name: "export by a wrong filter", url: export("cuont = 1", ""), status: 400, want: []string{"cuont is no property"}, not: []string{"Content-Disposition"}},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}

// TestFilteredPages compares the pages of filtered lists with one large page, whatever finds the features.
func TestFilteredPages(t *testing.T) {
	c := newCity(t, nil).fill()
	type page struct {
		Features []struct{ ID string }
		Next     string
	}
	ask := func(query string) (p page) {
		a := c.do("GET", "/v1/layers/trees/features?"+query, nil, "")
		if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.status != 200 {
			t.Fatalf("%s: %d %v %s", query, a.status, err, a.body)
		}
		return p
	}
	for _, filter := range []string{
		"diameter > 3", "id IN ('tree03','tree01','tree20','nobody')", "S_INTERSECTS(geometry,BBOX(121.5,25,121.51,26))",
		"NOT (tree_type = '榕樹' OR planted IS NULL)", "TRUE",
	} {
		query := "filter=" + url.QueryEscape(filter)
		var want, got []string
		for _, f := range ask(query + "&limit=1000").Features {
			want = append(want, f.ID)
		}
		for next := "&limit=3"; next != ""; {
			p := ask(query + next)
			for _, f := range p.Features {
				got = append(got, f.ID)
			}
			if next = ""; p.Next != "" {
				next = "&limit=3&cursor=" + p.Next
			}
		}
		if len(want) == 0 || !slices.Equal(got, want) || !slices.IsSorted(got) {
			t.Errorf("%s: pages have %q, all at once %q", filter, got, want)
		}
	}
}

// TestEndlessFilter has a filter that would take minutes.
func TestEndlessFilter(t *testing.T) {
	c := newCity(t, nil).fill()
	layer, _ := c.engine.World().Layer("trees")
	e, err := cql.ParseText(strings.Repeat("diameter * count > count + 1 AND NOT ", 200)+"count * 2 = 3", nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := filter.Bind(e, layer.Def(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := city.Affordable(b, layer.Len()); err != nil {
		t.Error(err)
	}
	if err := city.Affordable(b, 1_000_000_000); err == nil || !strings.Contains(err.Error(), "are given: choose a smaller box") {
		t.Errorf("no refusal: %v", err)
	}
}
