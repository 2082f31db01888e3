package server

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/impact"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/tiletest"
)

// atlas is a tileset of a draft at one zoom level, read through its TileJSON.
type atlas struct {
	c       *town
	z       uint32
	tiles   map[[2]uint32]tiletest.Tile
	objects struct{ Moved, Shown int }
	pattern string
}

// atlasOf reads the TileJSON at an address and all tiles within its bounds.
func (c *town) atlasOf(url string, header map[string]string, z uint32) *atlas {
	c.t.Helper()
	a := c.do("GET", strings.TrimPrefix(url, c.http.URL), header, "")
	var doc struct {
		Tiles   []string
		Bounds  [4]float64
		Objects struct{ Moved, Shown int }
	}
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil || a.status != 200 || len(doc.Tiles) != 1 {
		c.t.Fatalf("%s: %d %s", url, a.status, a.body)
	}
	out := &atlas{c: c, z: z, tiles: map[[2]uint32]tiletest.Tile{}, objects: doc.Objects, pattern: strings.TrimPrefix(doc.Tiles[0], c.http.URL)}
	at := func(lon, lat float64) [2]uint32 {
		p, _ := geo.FromDegrees(lon, lat)
		x, y := p.Mercator()
		n := float64(uint32(1) << z)
		return [2]uint32{uint32(x * n), uint32(y * n)}
	}
	low, high := at(doc.Bounds[0], doc.Bounds[3]), at(doc.Bounds[2], doc.Bounds[1])
	for x := low[0]; x <= high[0]; x++ {
		for y := low[1]; y <= high[1]; y++ {
			a := out.get(x, y, header)
			if a.status == 204 {
				continue
			}
			tile, err := tiletest.Decode([]byte(a.body))
			if err != nil || a.status != 200 {
				c.t.Fatalf("%d/%d/%d: %d %v %s", z, x, y, a.status, err, a.body)
			}
			out.tiles[[2]uint32{x, y}] = tile
		}
	}
	return out
}

func (a *atlas) get(x, y uint32, header map[string]string) answer {
	a.c.t.Helper()
	path := strings.NewReplacer("{z}", fmt.Sprint(a.z), "{x}", fmt.Sprint(x), "{y}", fmt.Sprint(y)).Replace(a.pattern)
	return a.c.do("GET", path, header, "")
}

// texts are the features of a layer over all tiles, each once, by some of their attributes.
func (a *atlas) texts(layer string, keys ...string) map[string]string {
	out := map[string]string{}
	for _, tile := range a.tiles {
		for _, f := range tile.Layer(layer).Features {
			var words []string
			for _, key := range keys {
				text := ""
				if v := f.Get(key); v != nil {
					text = fmt.Sprint(v)
				}
				words = append(words, text)
			}
			out[fmt.Sprint(f.Get("id"))] = strings.Join(words, "|")
		}
	}
	return out
}

func (c *town) json(header map[string]string, url string, out any) {
	c.t.Helper()
	if a := c.do("GET", url, header, ""); a.status != 200 || json.Unmarshal([]byte(a.body), out) != nil {
		c.t.Fatalf("%s: %d %s", url, a.status, a.body)
	}
}

// looks is an impact with what it says to look at.
type looks struct {
	impact.Report
	Tilesets struct{ Cells, Changes string }
}

// redraft is a draft with a bit of everything: a border that moves, a cell that is new, one that ends, one that comes to
// another community, one that is to be numbered anew.
func redraft(c *town) string {
	c.t.Helper()
	d := c.begun("li")
	for _, step := range []string{
		`{"op":"move_vertex","from":[121.51,25.01],"to":[121.507,25.004]}`,
		`{"op":"split","code":"A221-00","line":[[121.522,25.005],[121.5255,25.0121],[121.5243,25.0251]]}`,
		`{"op":"merge","codes":["A211-00","A212-00"]}`,
		`{"op":"reassign","codes":["A112-00"],"parent":"D1-V2"}`,
		`{"op":"lock","codes":["A121-00"]}`,
		`{"op":"renumber","parents":["D2-V2"]}`,
	} {
		c.draft(200, "POST", d+"/steps", step)
	}
	return d
}

// TestDraftTiles compares the tiles of a draft with its cells: which there are, what is said of them, and where they lie.
func TestDraftTiles(t *testing.T) {
	c := newCity(t, nil).fill()
	d := redraft(c)
	var report looks
	c.json(nil, d+"/impact", &report)
	var list struct {
		Features []struct {
			ID         string
			Geometry   struct{ Coordinates [][][2]float64 }
			Properties map[string]any
		}
	}
	c.json(nil, d+"/cells", &list)
	for _, z := range []uint32{9, 13, tiles.DetailZoom} {
		a := c.atlasOf(report.Tilesets.Cells, nil, z)
		want := map[string]string{}
		for _, f := range list.Features {
			want[f.ID] = fmt.Sprintf("%v|%v|%v", f.Properties["code"], f.Properties["community"], f.Properties["locked"])
		}
		if diff := gocmp.Diff(want, a.texts("cells", "code", "community", "locked")); diff != "" {
			t.Errorf("zoom level %d (-cells +tiles)\n%s", z, diff)
		}
	}
	// Where all detail is drawn every vertex is a unit at most beside one of the cell, unless it lies at the edge of the tile.
	a := c.atlasOf(report.Tilesets.Cells, nil, tiles.DetailZoom)
	seen := 0
	for at, tile := range a.tiles {
		for _, f := range tile.Layer("cells").Features {
			i := slices.IndexFunc(list.Features, func(have struct {
				ID         string
				Geometry   struct{ Coordinates [][][2]float64 }
				Properties map[string]any
			},
			) bool {
				return have.ID == f.Get("id")
			})
			vertices := map[[2]int64]bool{}
			for _, ring := range list.Features[i].Geometry.Coordinates {
				for _, p := range ring {
					q, _ := geo.FromDegrees(p[0], p[1])
					x, y := q.Mercator()
					scale := float64(uint64(tiles.Extent) << a.z)
					vertices[[2]int64{int64(math.Floor(x*scale+0.5)) - int64(at[0])*tiles.Extent, int64(math.Floor(y*scale+0.5)) - int64(at[1])*tiles.Extent}] = true
				}
			}
			for _, part := range f.Parts {
				for _, v := range part {
					// At the rim, and where the buffers of neighbours end, lines have vertices of their own.
					if min(v[0], v[1]) <= tiles.Buffer || max(v[0], v[1]) >= tiles.Extent-tiles.Buffer {
						continue
					}
					near := false
					for d := range int64(9) {
						near = near || vertices[[2]int64{v[0] + d%3 - 1, v[1] + d/3 - 1}]
					}
					if seen++; !near {
						t.Errorf("%v: %v has a vertex at %v, which the draft does not have", at, f.Get("code"), v)
					}
				}
			}
		}
	}
	if seen < 12 {
		t.Errorf("only %d vertices were compared", seen)
	}
}

// TestDraftBordersMeet looks at all edges: within a tile each has a cell on both sides or is the outline, and where the buffers
// of two tiles lie on each other both say the same.
func TestDraftBordersMeet(t *testing.T) {
	c := newCity(t, nil).fill()
	var report looks
	c.json(nil, redraft(c)+"/impact", &report)
	for _, url := range []string{report.Tilesets.Cells, report.Tilesets.Changes} {
		for _, z := range []uint32{12, 15} {
			a := c.atlasOf(url, nil, z)
			compared := 0
			for at, tile := range a.tiles {
				edges := map[[4]int64]int{}
				for _, f := range tile.Layer("cells").Features {
					for _, part := range f.Parts {
						for i, p := range part {
							q := part[(i+1)%len(part)]
							edges[[4]int64{p[0], p[1], q[0], q[1]}]++
							if edges[[4]int64{q[0], q[1], p[0], p[1]}] == 0 {
								continue
							}
							compared++
						}
					}
				}
				for e, n := range edges {
					if n != 1 || edges[[4]int64{e[2], e[3], e[0], e[1]}] > 1 {
						t.Errorf("%s at %d/%v: the edge %v is drawn %d times", url, z, at, e, n)
					}
				}
				// What the neighbour to the east draws in the common strip.
				next, ok := a.tiles[[2]uint32{at[0] + 1, at[1]}]
				if !ok {
					continue
				}
				strip := func(tile tiletest.Tile, shift int64) map[string]bool {
					out := map[string]bool{}
					for _, f := range tile.Layer("cells").Features {
						for _, part := range f.Parts {
							for _, v := range part {
								x := v[0] + shift
								if x > tiles.Extent-tiles.Buffer && x < tiles.Extent+tiles.Buffer && v[1] > -tiles.Buffer && v[1] < tiles.Extent+tiles.Buffer {
									out[fmt.Sprintf("%v %d %d", f.Get("id"), x, v[1])] = true
								}
							}
						}
					}
					return out
				}
				if diff := gocmp.Diff(strip(tile, 0), strip(next, tiles.Extent)); diff != "" {
					t.Errorf("%s at %d/%v and east of it:\n%s", url, z, at, diff)
				}
			}
			if compared == 0 {
				t.Errorf("%s at %d: no border between cells", url, z)
			}
		}
	}
}

// TestChangeTiles compares the tiles of what a draft changes with its impact.
func TestChangeTiles(t *testing.T) {
	c := newCity(t, nil).fill()
	c.move("tree00", 121.51005, 25.005)
	d := redraft(c)
	var report looks
	c.json(nil, d+"/impact", &report)
	a := c.atlasOf(report.Tilesets.Changes, nil, 15)
	checkChanges(t, a, &report.Report)
	kinds := map[string]int{}
	for _, kind := range a.texts("cells", "change") {
		kinds[kind]++
	}
	if kinds["recoded"] != 1 || kinds["added"] != 2 || kinds["reshaped"] == 0 {
		t.Errorf("cells by change: %v", kinds)
	}
	if got := a.texts("ended", "code_after")["A222-00"]; got != "#A222-00" {
		t.Errorf("A222-00 goes on as %q", got)
	}
	if got := a.texts("cells", "code_before")["#A222-00"]; got != "A222-00" {
		t.Errorf("#A222-00 was %q", got)
	}
	// Everything of the city is there at the lowest zoom level too, except objects.
	if far := c.atlasOf(report.Tilesets.Changes, nil, 6); len(far.texts("cells", "change")) == 0 || len(far.texts("objects")) > 0 {
		t.Error("the overview lacks cells, or has objects")
	}
}

func checkChanges(t *testing.T, a *atlas, report *impact.Report) {
	t.Helper()
	rows, ended := map[string]string{}, map[string]bool{}
	for _, r := range report.Cells {
		if rows[r.Code] = string(r.Change); r.Change == impact.Ended {
			ended[r.Code] = true
		}
	}
	got := a.texts("cells", "change", "code")
	for id, text := range got {
		kind, code, _ := strings.Cut(text, "|")
		want := rows[code]
		switch {
		case id != code:
			t.Errorf("cell %s has the code %s", id, code)
		case kind == "recoded":
			kind = "added"
		case kind == "kept":
			kind = ""
		}
		if kind != want {
			t.Errorf("%s is %q in tiles and %q in the impact", code, kind, want)
		}
	}
	if len(got) != report.CellsAfter {
		t.Errorf("%d cells in tiles, %d in the impact", len(got), report.CellsAfter)
	}
	gone := a.texts("ended", "code")
	if !slices.Equal(slices.Sorted(maps.Keys(gone)), slices.Sorted(maps.Keys(ended))) {
		t.Errorf("ended %v in tiles and %v in the impact", gone, ended)
	}
	borders, lines := map[string]int{}, map[string]int{}
	for _, text := range a.texts("borders", "change", "left", "right", "length_m") {
		borders[text]++
	}
	for _, b := range report.Borders {
		lines[fmt.Sprintf("%s|%s|%s|%v", b.Change(), b.Left, b.Right, b.LengthM)]++
	}
	if diff := gocmp.Diff(lines, borders); diff != "" || len(lines) == 0 {
		t.Errorf("borders (-impact +tiles)\n%s", diff)
	}
	flows, objects, moved := map[string]int{}, map[string]int{}, 0
	for _, l := range report.Layers {
		for _, f := range l.List {
			if f.Moved() {
				flows[l.Name+"|"+f.From+"|"+f.To] += f.Count
			}
		}
		moved += l.Moved
	}
	for _, text := range a.texts("objects", "layer", "from", "to") {
		objects[text]++
	}
	if diff := gocmp.Diff(flows, objects); diff != "" || len(flows) == 0 {
		t.Errorf("objects (-impact +tiles)\n%s", diff)
	}
	if a.objects.Moved != moved || a.objects.Shown != moved {
		t.Errorf("%+v in TileJSON, %d in the impact", a.objects, moved)
	}
}

// TestChangesAgainstAVersion publishes, draws on, and compares with both versions.
func TestChangesAgainstAVersion(t *testing.T) {
	c := newCity(t, nil).fill()
	d := c.begun("li")
	c.draft(200, "POST", d+"/steps", `{"op":"move_vertex","from":[121.51,25.01],"to":[121.507,25.004]}`)
	c.draft(200, "POST", d+"/check", "")
	c.draft(200, "POST", d+"/approve", `{"by":"wang"}`)
	c.draft(200, "POST", d+"/publish", `{"by":"wang"}`)
	d = c.begun("li")
	c.draft(200, "POST", d+"/steps", `{"op":"merge","codes":["A211-00","A212-00"]}`)
	for query, reshaped := range map[string]int{"": 1, "?version=2": 1, "?version=unit:1": 5} {
		var report looks
		c.json(nil, d+"/impact"+query, &report)
		if report.Counts[impact.Reshaped] != reshaped || report.Counts[impact.Ended] != 1 {
			t.Errorf("%s: %v", query, report.Counts)
		}
		checkChanges(t, c.atlasOf(report.Tilesets.Changes, nil, 15), &report.Report)
	}
	if a := c.do("GET", d+"/impact?version=9", nil, ""); a.status != 400 || !strings.Contains(a.body, "is no version") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestDraftTilesFollowSteps: a step changes the tiles where it is and the addresses of all; others keep their ETag.
func TestDraftTilesFollowSteps(t *testing.T) {
	c := newCity(t, nil).fill()
	d := c.begun("li")
	c.draft(200, "POST", d+"/steps", `{"op":"move_vertex","from":[121.51,25.01],"to":[121.507,25.004]}`)
	one := c.atlasOf(d+"/tiles/cells.json", nil, 15)
	c.draft(200, "POST", d+"/steps", `{"op":"merge","codes":["A211-00","A212-00"]}`)
	two := c.atlasOf(d+"/tiles/cells.json", nil, 15)
	if one.pattern == two.pattern {
		t.Errorf("the address stays %s", one.pattern)
	}
	same, other := 0, 0
	for at, tile := range one.tiles {
		a := two.get(at[0], at[1], nil)
		if cache := a.header.Get("Cache-Control"); !strings.Contains(cache, "private") {
			t.Fatalf("Cache-Control: %s", cache)
		}
		again := two.get(at[0], at[1], map[string]string{"If-None-Match": a.header.Get("ETag")})
		if again.status != 304 {
			t.Errorf("%d for the tile of a client", again.status)
		}
		if tiletest.Text(tile) == tiletest.Text(two.tiles[at]) {
			same++
		} else {
			other++
		}
	}
	if same == 0 || other == 0 {
		t.Errorf("%d tiles stay, %d change", same, other)
	}
}

// TestDraftTilesByRights: tiles are for those who may read drafts, and hold what they see of cells and objects.
func TestDraftTilesByRights(t *testing.T) {
	c := staffed(t)
	d := "/v1/drafts/" + c.draftAs(as("plan"), 201, "POST", "/v1/drafts", `{"scheme":"unit"}`).Draft.ID
	c.draftAs(as("plan"), 200, "POST", d+"/steps", `{"op":"merge","codes":["A111-00","A112-00"]}`)
	for _, path := range []string{"/tiles/cells.json", "/tiles/changes.json", "/tiles/cells/12/3430/1754.mvt", "/tiles/changes/12/3430/1754.mvt"} {
		for who, status := range map[string]int{"": 401, "one": 403, "garden": 403} {
			if a := c.do("GET", d+path, as(who), ""); a.status != status {
				t.Errorf("%s by %q: %d %s", path, who, a.status, a.body)
			}
		}
		a := c.do("GET", d+path, as("plan"), "")
		if a.status != 200 || !strings.Contains(a.header.Get("Cache-Control"), "private") || !strings.Contains(strings.Join(a.header.Values("Vary"), ","), "Cookie") {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
	}
	// The planner of one district does not see the other; an administrator, who asks next, sees both.
	for range 2 {
		for who, want := range map[string][]string{"plan": {"A111-00", "A121-00", "A122-00"}, "root": {"A111-00", "A121-00", "A122-00", "A211-00", "A212-00", "A221-00", "A222-00"}} {
			a := c.atlasOf(d+"/tiles/cells.json", as(who), 15)
			if got := slices.Sorted(maps.Keys(a.texts("cells"))); !slices.Equal(got, want) {
				t.Errorf("%s sees %v", who, got)
			}
			var report looks
			c.json(as(who), d+"/impact", &report)
			checkSeen(t, c.atlasOf(report.Tilesets.Changes, as(who), 15), &report.Report)
		}
	}
}

func checkSeen(t *testing.T, a *atlas, report *impact.Report) {
	t.Helper()
	if got := a.texts("cells"); len(got) != report.CellsAfter {
		t.Errorf("%d cells in tiles, %d in the impact", len(got), report.CellsAfter)
	}
	moved := 0
	for _, l := range report.Layers {
		moved += l.Moved
	}
	if got := a.texts("objects"); len(got) != moved {
		t.Errorf("%d objects in tiles, %d in the impact", len(got), moved)
	}
}

func TestBadDraftTiles(t *testing.T) {
	c := newCity(t, nil).fill()
	d := c.begun("li")
	for _, sc := range []scenario{
		{name: "no tileset", url: d + "/tiles/units.json", status: 404, want: []string{`"value":"units"`, "must be cells or changes"}},
		{name: "no draft", url: "/v1/drafts/x/tiles/cells.json", status: 404, want: []string{`"value":"x"`}},
		{name: "no number", url: d + "/tiles/cells/a/0/0.mvt", status: 400, want: []string{`"field":"z","value":"a"`}},
		{name: "too far", url: d + "/tiles/cells/1/2/0.mvt", status: 400, want: []string{`"field":"x"`}},
		{name: "too deep", url: d + "/tiles/cells/40/0/0.mvt", status: 400, want: []string{`"field":"z"`}},
		{name: "a filter", url: d + "/tiles/cells/1/1/0.mvt?filter=x", status: 400, want: []string{"filter"}},
		{name: "another state", url: d + "/tiles/cells.json?if_seq=1", status: 412, want: []string{`"field":"if_seq"`}},
		{name: "no such map", url: d + "/tiles/cells.json?crs=x", status: 400, want: []string{`"field":"crs"`}},
		{name: "no encoding", url: d + "/tiles/cells/1/1/0.mvt", header: map[string]string{"Accept-Encoding": "br, identity;q=0"}, status: 406},
		{name: "nothing there", url: d + "/tiles/cells/10/0/0.mvt", status: 204},
		{name: "nothing changed", url: d + "/tiles/changes.json", status: 200, want: []string{`"objects":{"moved":0,"shown":0}`, `"id":"borders"`}},
		{name: "another map", url: d + "/tiles/cells.json?crs=gcj02", status: 200, want: []string{"crs=gcj02"}},
	} {
		sc.run(t, c)
	}
}
