package server

import (
	"bufio"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/stamp"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/people/rights"
)

var updateRights = flag.Bool("update-rights", false, "write testdata/rights.txt")

// whoHeader says in tests who asks: the id of a person, or of one and the scopes of a key.
const whoHeader = "X-Test-Who"

func record[T people.Organisation | people.Post | people.Staff](t testing.TB, one T) data.Change {
	t.Helper()
	a, err := people.Record(&one)
	if err != nil {
		t.Fatal(err)
	}
	return data.Change{Stream: data.StreamAdmin, Op: data.OpPut, Layer: a.Name(), Admin: a}
}

// staffed is a city in which access is by rights: two departments, one for each district, a planner of the first, an
// administrator, and a public that sees districts. Changes alter the configuration further.
func staffed(t testing.TB, changes ...func(*Config)) *town {
	t.Helper()
	c := newCity(t, func(cfg *Config) {
		cfg.Enforced = func() bool { return true }
		for _, change := range changes {
			change(cfg)
		}
	}).fill()
	c.server.identify = func(r *http.Request) (account.Principal, error) {
		who, scopes, limited := strings.Cut(r.Header.Get(whoHeader), "/")
		if who == "" {
			return account.Principal{Way: account.Public}, nil
		}
		p := account.Principal{Way: account.Session, Account: "acc-" + who, Staff: who, Administrator: who == "root"}
		if limited {
			p.Way, p.Key, p.Scopes = account.APIKey, "key-"+who, strings.Split(scopes, ",")
		}
		return p, nil
	}
	title := data.Title{"en": "x"}
	hold := func(post, office string) []people.Holding {
		return []people.Holding{{Post: post, Organisation: office}}
	}
	c.put(data.Tx{Changes: []data.Change{
		record(t, people.Organisation{ID: "d1", Title: title, Level: "department", Areas: []people.AreaRef{{Level: "district", Code: "D1"}}}),
		record(t, people.Organisation{ID: "d2", Title: title, Level: "department", Areas: []people.AreaRef{{Level: "district", Code: "D2"}}}),
		record(t, people.Post{ID: people.PostPublic, Title: title, Layers: []people.Grant{{Layers: []string{"districts"}, Read: true}}}),
		record(t, people.Post{ID: "gardener", Title: title, Permissions: []people.Permission{people.Edit}, Layers: []people.Grant{
			{Layers: []string{"trees"}, Read: true, Write: true, Area: people.AreaOrganisation, Where: "tree_type = '榕樹'", Hide: []string{"diameter"}},
		}}),
		record(t, people.Staff{ID: "one", Name: "One", Holdings: hold(people.PostHandler, "d1")}),
		record(t, people.Staff{ID: "two", Name: "Two", Holdings: hold(people.PostHandler, "d2")}),
		record(t, people.Staff{ID: "plan", Name: "Plan", Holdings: hold(people.PostPlanner, "d1")}),
		record(t, people.Staff{ID: "garden", Name: "Garden", Holdings: hold("gardener", "d1")}),
		record(t, people.Staff{ID: "admin", Name: "Admin", Holdings: hold(people.PostAdministrator, "d1")}),
	}})
	return c
}

// as is who asks, and that bodies are JSON.
func as(who string) map[string]string {
	return map[string]string{whoHeader: who, "Content-Type": "application/json"}
}

func (c *town) get(who, target string) answer {
	c.t.Helper()
	return c.do("GET", target, map[string]string{whoHeader: who}, "")
}

// plain asks without looking into the document: what is streamed does not fit it.
func (c *town) plain(who, target string) answer {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header.Set(whoHeader, who)
	w := httptest.NewRecorder()
	c.server.Handler().ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String()}
}

// ids are the features of a collection.
func (a answer) ids(t testing.TB) []string {
	t.Helper()
	var all struct {
		Features []struct {
			ID string `json:"id"`
		} `json:"features"`
	}
	if err := json.Unmarshal([]byte(a.body), &all); err != nil {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	ids := []string{}
	for _, f := range all.Features {
		ids = append(ids, f.ID)
	}
	return ids
}

func trees(from, to int) []string {
	ids := []string{}
	for i := from; i <= to; i++ {
		ids = append(ids, fmt.Sprintf("tree%02d", i))
	}
	return ids
}

// TestDepartmentsSeeTheirOwn walks over everything that shows features.
func TestDepartmentsSeeTheirOwn(t *testing.T) {
	c := staffed(t)
	for who, want := range map[string][]string{"one": trees(0, 12), "two": trees(13, 24), "plan": trees(0, 12), "admin": trees(0, 24), "root": trees(0, 24)} {
		for _, query := range []string{"", "?bbox=121,24,122,26", "?filter=" + esc("1=1 OR tree_type='x' OR 2>1"), "?filter=" + esc("NOT (tree_type IS NULL AND count = 99)"), "?limit=1000"} {
			if got := c.get(who, "/v1/layers/trees/features"+query).ids(t); !slices.Equal(got, want) {
				t.Errorf("%s sees %v of %q, want %v", who, got, query, want)
			}
		}
		export := c.plain(who, "/v1/layers/trees/export")
		if got := export.ids(t); !slices.Equal(got, want) {
			t.Errorf("%s exports %v, want %v", who, got, want)
		}
		var layer struct {
			Count int        `json:"count"`
			BBox  [4]float64 `json:"bbox"`
		}
		if err := json.Unmarshal([]byte(c.get(who, "/v1/layers/trees").body), &layer); err != nil || layer.Count != len(want) {
			t.Errorf("%s is told of %d trees, want %d (%v)", who, layer.Count, len(want), err)
		}
		if west := 121.5005 + 0.0015*float64(len(trees(0, 24))-len(want)); who == "two" && layer.BBox[0] < west-0.01 {
			t.Errorf("%s is told of trees at %v", who, layer.BBox)
		}
	}
	// Pages of a list go on among one's own, whoever has given the cursor.
	first := c.get("two", "/v1/layers/trees/features?limit=1")
	var page struct{ Next string }
	if err := json.Unmarshal([]byte(first.body), &page); err != nil {
		t.Fatal(err)
	}
	if got := c.get("one", "/v1/layers/trees/features?cursor="+page.Next).ids(t); len(got) != 0 {
		t.Errorf("the cursor of another shows %v", got)
	}
	for _, text := range []string{"1=1) OR (1=1", "tree_type='' OR 1=1--", "$organisation"} {
		if a := c.get("one", "/v1/layers/trees/features?filter="+esc(text)); a.status != 400 {
			t.Errorf("filter %q: %d %s", text, a.status, a.body)
		}
	}
}

func esc(text string) string {
	return strings.NewReplacer("%", "%25", " ", "%20", "=", "%3D", "'", "%27", "(", "%28", ")", "%29", ">", "%3E").Replace(text)
}

// TestDenialTellsNothing: what may not be seen is answered as what is not there.
func TestDenialTellsNothing(t *testing.T) {
	c := staffed(t)
	for _, pair := range [][2]string{
		{"/v1/layers/trees/features/tree20", "/v1/layers/trees/features/tree99"},
		{"/v1/layers/trees/features/tree20/history", "/v1/layers/trees/features/tree99/history"},
		{"/v1/schemes/unit/cells/A211-00", "/v1/schemes/unit/cells/A999-00"},
		{"/v1/layers/trees/features?in_cell=unit/A211-00", "/v1/layers/trees/features?in_cell=unit/A999-00"},
	} {
		there, absent := c.get("one", pair[0]), c.get("one", pair[1])
		same := strings.NewReplacer("tree20", "x", "tree99", "x", "A211", "y", "A999", "y")
		strip := func(s string) string { return same.Replace(s[:max(0, strings.Index(s, `"instance"`))]) }
		if there.status != absent.status || there.status < 400 || strip(there.body) != strip(absent.body) {
			t.Errorf("%s: %d %s\n%s: %d %s", pair[0], there.status, there.body, pair[1], absent.status, absent.body)
		}
	}
	// The public sees districts and nothing else, in no answer.
	for target, want := range map[string]int{
		"/v1/layers/districts": 200, "/v1/layers/trees": 404, "/v1/layers/trees/features": 404, "/tiles/trees.json": 404,
		"/tiles/trees/14/13722/7019.mvt": 404, "/styles/light.json?tileset=trees": 404, "/v1/schemes/unit": 404, "/v1/changes": 401,
		"/v1/backup": 401, "/v1/jobs": 401, "/metrics": 401, "/v1/layers/districts/export": 401, "/preview/trees": 404,
	} {
		a := c.get("", target)
		if a.status != want || a.status == 404 && strings.Contains(a.body, "villages") {
			t.Errorf("the public, %s: %d %s, want %d", target, a.status, a.body, want)
		}
	}
	for _, target := range []string{"/v1/layers", "/tiles/city.json", "/styles/light.json", "/v1/schemes", "/v1/locate?lon=121.501&lat=25.005", "/v1/geocode?q=" + "%E4%BF%A1%E7%BE%A9%E8%B7%AF1%E8%99%9F"} {
		if a := c.get("", target); a.status != 200 || strings.Contains(a.body, "trees") || strings.Contains(a.body, "addr0") || strings.Contains(a.body, "unit") {
			t.Errorf("the public, %s: %d %s", target, a.status, a.body)
		}
	}
}

// TestPlacesOutOfSight asks locate and the geocoder about the district of others.
func TestPlacesOutOfSight(t *testing.T) {
	c := staffed(t)
	here, there := "lon=121.505&lat=25.005", "lon=121.525&lat=25.005"
	if a := c.get("one", "/v1/locate?"+here); !strings.Contains(a.body, "A111-00") || !strings.Contains(a.body, `"id":"addr`) {
		t.Errorf("one's own place: %s", a.body)
	}
	if a := c.get("one", "/v1/locate?"+there); strings.Contains(a.body, "A211") || strings.Contains(a.body, "D2") || strings.Contains(a.body, `"id":"addr`) {
		t.Errorf("the place of others: %s", a.body)
	}
	// Numbers 1 to 5 are in the first district.
	for number, want := range map[int]bool{1: true, 5: true, 9: false} {
		q := fmt.Sprintf("%%E4%%BF%%A1%%E7%%BE%%A9%%E8%%B7%%AF%d%%E8%%99%%9F", number)
		for _, target := range []string{"/v1/geocode?q=" + q, "/v1/suggest?q=" + q} {
			a := c.get("one", target)
			if found := strings.Contains(a.body, fmt.Sprintf(`"id":"addr%d"`, number-1)); found != want {
				t.Errorf("%s finds number %d: %v\n%s", target, number, found, a.body)
			}
		}
	}
	if a := c.get("one", "/v1/reverse?"+there); strings.Contains(a.body, "addr") {
		t.Errorf("reverse tells of %s", a.body)
	}
	var cells struct {
		Cells []struct {
			Code   string
			Totals []struct {
				Layer    string
				Features int
			}
		}
	}
	if err := json.Unmarshal([]byte(c.get("one", "/v1/schemes/unit/cells").body), &cells); err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, cell := range cells.Cells {
		if !strings.HasPrefix(cell.Code, "A1") {
			t.Errorf("the cell %s of others is listed", cell.Code)
		}
		for _, total := range cell.Totals {
			if total.Layer == "trees" {
				sum += total.Features
			}
		}
	}
	if len(cells.Cells) != 4 || sum != 13 {
		t.Errorf("%d cells with %d trees, want 4 with 13", len(cells.Cells), sum)
	}
}

// TestTilesOfOthers: tiles are shared by those with the same rights and never with others.
func TestTilesOfOthers(t *testing.T) {
	c := staffed(t)
	const tile = "/tiles/trees/12/3430/1754.mvt"
	at := map[string]answer{}
	for _, who := range []string{"root", "one", "two", "plan", "one", "root"} {
		a := c.get(who, tile)
		if a.status != 200 {
			t.Fatalf("%s: %d %s", who, a.status, a.body)
		}
		if old, asked := at[who]; asked && (old.body != a.body || old.header.Get("ETag") != a.header.Get("ETag")) {
			t.Errorf("%s gets another tile after others have asked", who)
		}
		at[who] = a
	}
	one, two := at["one"], at["two"]
	if one.body == two.body || one.body == at["root"].body || two.body == at["root"].body {
		t.Error("two departments get the same tile")
	}
	if at["plan"].body != one.body {
		t.Error("people with the same rights get other tiles")
	}
	before := c.server.tilesets.Maker.Stats().Builds
	if c.get("plan", tile); c.server.tilesets.Maker.Stats().Builds != before {
		t.Error("people with the same rights do not share a tile")
	}
	conditional := func(who, tag string) int {
		return c.do("GET", tile, map[string]string{whoHeader: who, "If-None-Match": tag}, "").status
	}
	if conditional("two", one.header.Get("ETag")) != 200 || conditional("one", one.header.Get("ETag")) != 304 {
		t.Error("the ETag of another's tile counts")
	}
	if control := one.header.Get("Cache-Control"); !strings.Contains(control, "private") {
		t.Errorf("Cache-Control %q", control)
	}
	// Many at once, of two kinds, while the cache is empty.
	fresh := tile + "?v=2&lang=en"
	type got struct{ who, body string }
	results := make(chan got)
	for i := range 16 {
		who := []string{"one", "two"}[i%2]
		go func() {
			r := httptest.NewRequest(http.MethodGet, fresh, nil)
			r.Header.Set(whoHeader, who)
			w := httptest.NewRecorder()
			c.server.Handler().ServeHTTP(w, r)
			results <- got{who, w.Body.String()}
		}()
	}
	seen := map[string]map[string]bool{"one": {}, "two": {}}
	for range 16 {
		g := <-results
		seen[g.who][g.body] = true
	}
	if len(seen["one"]) != 1 || len(seen["two"]) != 1 || maps.Equal(seen["one"], seen["two"]) {
		t.Error("tiles drawn at once are confused")
	}
	a, b := c.get("one", "/tiles/trees.json"), c.get("two", "/tiles/trees.json")
	bounds := func(a answer) string {
		_, text, _ := strings.Cut(a.body, `"bounds"`)
		return text[:min(50, len(text))]
	}
	if bounds(a) == bounds(b) {
		t.Errorf("both are told of bounds %s", bounds(a))
	}
}

const treeBody = `{"type":"Feature","id":%q,"geometry":{"type":"Point","coordinates":[%g,25.0051]},"properties":{"tree_type":"榕樹"}}`

// TestWritingKeepsToOnesOwn tries to change, make, move and end what is of others, in every way that writes.
func TestWritingKeepsToOnesOwn(t *testing.T) {
	c := staffed(t)
	const mine, theirs = 121.505, 121.535
	put := func(who, id string, lon float64) int {
		return c.do("PUT", "/v1/layers/trees/features/"+id, as(who), fmt.Sprintf(treeBody, id, lon)).status
	}
	change := func(who, id string, lon float64) answer {
		return c.do("POST", "/v1/changes", as(who), `{"changes":[{"op":"put","layer":"trees","feature":`+fmt.Sprintf(treeBody, id, lon)+`}]}`)
	}
	end := func(who, id string) int {
		return c.do("DELETE", "/v1/layers/trees/features/"+id, as(who), "").status
	}
	for _, tc := range []struct {
		what      string
		got, want int
	}{
		{"change one's own", put("one", "tree01", mine), 200},
		{"make one's own", put("one", "new1", mine), 200},
		{"make one for others", put("one", "new2", theirs), 403},
		{"move one's own away", put("one", "tree01", theirs), 403},
		{"take one of others", put("one", "tree20", mine), 403},
		{"change one of others", put("one", "tree20", theirs), 403},
		{"end one of others", end("one", "tree20"), 404},
		{"end what is not there", end("one", "tree99"), 404},
		{"end one's own", end("one", "tree02"), 200},
		{"a planner changes", put("plan", "tree03", mine), 403},
		{"the public changes", put("", "tree03", mine), 401},
		{"a key that may not edit", put("one/export", "tree03", mine), 403},
		{"a key that may edit", put("one/edit", "tree03", mine), 200},
		{"changes of one's own", change("one", "tree04", mine).status, 200},
		{"changes of others", change("one", "tree21", theirs).status, 403},
		{"changes to others", change("one", "tree04", theirs).status, 403},
		{"define", c.do("DELETE", "/v1/layers/trees", as("one"), "").status, 403},
		{"operate", c.do("POST", "/v1/compact", as("one"), "").status, 403},
		{"another layer", c.do("PUT", "/v1/layers/nothing/features/1", as("one"), fmt.Sprintf(treeBody, "1", mine)).status, 404},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %d, want %d", tc.what, tc.got, tc.want)
		}
	}
	l, _ := c.engine.World().Layer("trees")
	if slot, ok := l.Lookup("tree20"); !ok || l.ChangedAt(slot) > 3 {
		t.Error("a tree of others was changed")
	}
	// Planned changes are changes.
	later := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	if a := c.do("POST", "/v1/changes", as("one"), `{"effective":"`+later+`","changes":[{"op":"delete","layer":"trees","id":"tree20"}]}`); a.status != 403 {
		t.Errorf("an end of others was planned: %d %s", a.status, a.body)
	}
	planned := c.do("POST", "/v1/changes", as("one"), `{"effective":"`+later+`","changes":[{"op":"delete","layer":"trees","id":"tree05"}]}`)
	var plan struct{ Plan struct{ ID string } }
	if err := json.Unmarshal([]byte(planned.body), &plan); err != nil || planned.status != 202 {
		t.Fatalf("%d %s", planned.status, planned.body)
	}
	for who, want := range map[string]int{"two": 404, "one": 200, "admin": 200} {
		if a := c.get(who, "/v1/plans/"+plan.Plan.ID); a.status != want {
			t.Errorf("%s reads the plan: %d, want %d", who, a.status, want)
		}
	}
	if a := c.do("DELETE", "/v1/plans/"+plan.Plan.ID, as("two"), ""); a.status != 404 {
		t.Errorf("another cancels the plan: %d", a.status)
	}
	// What somebody else wrote cannot be turned around.
	seq := c.move("tree22", 121.536, 25.0051)
	if a := c.do("POST", fmt.Sprintf("/v1/changes/%d/revert", seq), as("one"), ""); a.status != 403 {
		t.Errorf("a change of others was reverted: %d %s", a.status, a.body)
	}
}

// TestImportsKeepToOnesOwn: a row outside is a wrong row; imports, their jobs and undoing them belong to those who asked.
func TestImportsKeepToOnesOwn(t *testing.T) {
	c := staffed(t)
	csv := "id,lon,lat,tree_type\nmine,121.505,25.0051,榕樹\ntheirs,121.535,25.0051,榕樹\ntree20,121.505,25.0051,榕樹\ntree01,121.505,25.0052,樟樹\n"
	load := func(who, query string) answer {
		return c.do("POST", "/v1/layers/trees/import?format=csv&id=id&lon=lon&lat=lat"+query, map[string]string{whoHeader: who, "Content-Type": "text/csv"}, csv)
	}
	a := load("one", "")
	if a.status != 200 || strings.Count(a.body, "row_error") != 2 || !strings.Contains(a.body, `"added":1,"changed":1`) || !strings.Contains(a.body, "outside of what may be changed") {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := load("plan", ""); a.status != 403 {
		t.Errorf("a planner imports: %d", a.status)
	}
	if a := load("one", "&mode=replace"); !strings.Contains(a.body, `"failed":2`) || !strings.Contains(a.body, `"kept":12`) {
		t.Errorf("replace keeps what it may not know: %s", a.body)
	}
	l, _ := c.engine.World().Layer("trees")
	if _, ok := l.Lookup("tree24"); !ok {
		t.Error("an import ends trees of others")
	}
	_, id, _ := strings.Cut(a.body, `"import":"`)
	id, _, _ = strings.Cut(id, `"`)
	for who, want := range map[string]int{"two": 404, "one": 200, "admin": 200} {
		for _, target := range []string{"/v1/jobs/" + id, "/v1/imports/" + id} {
			if got := c.get(who, target); got.status != want {
				t.Errorf("%s, %s: %d, want %d", who, target, got.status, want)
			}
		}
	}
	for _, target := range []string{"/v1/jobs", "/v1/imports"} {
		if got := c.get("two", target); strings.Contains(got.body, id) {
			t.Errorf("%s lists the work of others", target)
		}
	}
	if got := c.do("DELETE", "/v1/jobs/"+id, as("two"), ""); got.status != 404 {
		t.Errorf("another cancels: %d", got.status)
	}
	if got := c.do("POST", "/v1/imports/"+id+"/undo", as("two"), ""); got.status != 404 {
		t.Errorf("another undoes: %d %s", got.status, got.body)
	}
	if got := c.do("POST", "/v1/imports/"+id+"/undo", as("one"), ""); got.status != 200 {
		t.Errorf("an own import is not undone: %d %s", got.status, got.body)
	}
}

// TestKeysOfOthers replays the request of another with its Idempotency-Key.
func TestKeysOfOthers(t *testing.T) {
	c := staffed(t)
	ask := func(who string) answer {
		h := as(who)
		h["Idempotency-Key"] = "k1"
		return c.do("POST", "/v1/changes", h, `{"changes":[{"op":"put","layer":"trees","feature":`+fmt.Sprintf(treeBody, "once", 121.505)+`}]}`)
	}
	first := ask("one")
	if again := ask("one"); first.status != 200 || again.body != first.body {
		t.Fatalf("%d %s, again %s", first.status, first.body, again.body)
	}
	if other := ask("two"); other.status != 403 {
		t.Errorf("another is told: %d %s", other.status, other.body)
	}
}

// TestHiddenAttributes: what is hidden is in no answer, is asked for in vain, and survives changes.
func TestHiddenAttributes(t *testing.T) {
	c := staffed(t)
	if got := c.get("garden", "/v1/layers/trees/features").ids(t); !slices.Equal(got, []string{"tree00", "tree02", "tree04", "tree06", "tree08", "tree10", "tree12"}) {
		t.Errorf("the gardener sees %v", got)
	}
	for _, target := range []string{"/v1/layers/trees", "/v1/layers/trees?dropped=true", "/v1/layers/trees/features", "/v1/layers/trees/features/tree04", "/v1/layers/trees/features/tree04/history", "/tiles/trees.json"} {
		if a := c.get("garden", target); a.status != 200 || strings.Contains(a.body, "diameter") || strings.Contains(a.body, ":4.5") {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
	for _, target := range []string{"/v1/layers/trees/features?diameter=4.5", "/v1/layers/trees/features?filter=" + esc("diameter>1"), "/tiles/trees/12/3430/1754.mvt?properties=diameter"} {
		if a := c.get("garden", target); a.status != 400 {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
	if a := c.get("garden", "/tiles/trees/12/3430/1754.mvt"); a.status != 200 || strings.Contains(a.body, "diameter") {
		t.Errorf("the tile has it: %d", a.status)
	}
	if a := c.do("PUT", "/v1/layers/trees/features/tree04", as("garden"), fmt.Sprintf(treeBody, "tree04", 121.505)); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := c.get("root", "/v1/layers/trees/features/tree04"); !strings.Contains(a.body, `"diameter":4.5`) {
		t.Errorf("a change by somebody who does not see it takes it away: %s", a.body)
	}
	// To make it something else is to put it out of sight.
	if a := c.do("PUT", "/v1/layers/trees/features/tree04", as("garden"), strings.Replace(fmt.Sprintf(treeBody, "tree04", 121.505), "榕樹", "樟樹", 1)); a.status != 403 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestFeedOfOthers listens while others change what is theirs.
func TestFeedOfOthers(t *testing.T) {
	c := staffed(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.http.URL+"/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(whoHeader, "one")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	next := func(prefix string) string {
		for lines.Scan() {
			if text, ok := strings.CutPrefix(lines.Text(), prefix); ok {
				return text
			}
		}
		t.Fatal("the feed ended")
		return ""
	}
	next("event: hello")
	theirs := c.move("tree20", 121.537, 25.0051)
	for id := next("id: "); !strings.HasSuffix(id, fmt.Sprint("-", theirs)); id = next("id: ") {
	}
	own := c.move("tree01", 121.507, 25.0051)
	var event struct {
		Seq    data.Seq
		Layers []string
		Tiles  []struct {
			Layer string
			Z     int
			X     [2]uint32
		}
	}
	if text := next("data: "); json.Unmarshal([]byte(text), &event) != nil || event.Seq != own || !slices.Contains(event.Layers, "trees") {
		t.Fatalf("the first event is %s, want that of seq %d", text, own)
	}
	far := stamp.Tiles(16, boxAt(121.537, 25.0051))
	for _, r := range event.Tiles {
		if r.Layer == "trees" && r.Z == 16 && r.X[0] <= far.X[0] && far.X[0] <= r.X[1] {
			t.Errorf("tiles of others are told: %+v", r)
		}
	}
}

// TestAsSeenBy: administrators look through the eyes of others, and change nothing so.
func TestAsSeenBy(t *testing.T) {
	c := staffed(t)
	a := c.get("admin", "/v1/layers/trees/features?as=two")
	if got := a.ids(t); !slices.Equal(got, trees(13, 24)) || a.header.Get("X-Gewu-As") != "two" {
		t.Errorf("seen %v as %q", got, a.header.Get("X-Gewu-As"))
	}
	doc := c.get("admin", "/tiles/trees.json?as=two")
	if !strings.Contains(doc.body, "as=two") {
		t.Errorf("the tiles are others: %s", doc.body)
	}
	if a := c.do("GET", "/v1/layers/trees/features", map[string]string{whoHeader: "admin", "X-Gewu-As": "garden"}, ""); len(a.ids(t)) != 7 {
		t.Errorf("by the header: %s", a.body)
	}
	for _, tc := range []struct {
		who, method, target string
		want                int
	}{
		{"one", "GET", "/v1/layers?as=two", 403},
		{"", "GET", "/v1/layers?as=two", 403},
		{"admin", "GET", "/v1/layers?as=nobody", 404},
		{"admin", "DELETE", "/v1/layers/trees/features/tree01?as=one", 403},
		{"admin", "GET", "/v1/backup?as=one", 403},
	} {
		if a := c.do(tc.method, tc.target, as(tc.who), ""); a.status != tc.want {
			t.Errorf("%s, %s %s: %d %s, want %d", tc.who, tc.method, tc.target, a.status, a.body, tc.want)
		}
	}
}

// TestPastIsSeenWithPresentRights: a World of the past shows what one may see today.
func TestPastIsSeenWithPresentRights(t *testing.T) {
	c := staffed(t)
	seq := c.engine.World().Seq()
	c.move("tree01", 121.535, 25.0051)
	if got := c.get("one", "/v1/layers/trees/features").ids(t); slices.Contains(got, "tree01") {
		t.Error("a tree that was moved away is still there")
	}
	if got := c.get("one", fmt.Sprintf("/v1/layers/trees/features?as_of=%d", seq)).ids(t); !slices.Equal(got, trees(0, 12)) {
		t.Errorf("then there were %v", got)
	}
	if a := c.get("two", "/v1/layers/trees/features/tree01/history"); a.status != 200 || strings.Contains(a.body, "121.502") {
		t.Errorf("history tells where it was when it was of others: %s", a.body)
	}
}

// about says which features a route is about: those of an area are its own matter then.
func about(rt *route) string {
	name := rt.method + " " + rt.path
	switch {
	case strings.HasPrefix(rt.path, "/v1/layers/{layer}/features") && rt.method != "GET", name == "POST /v1/changes", name == "POST /v1/layers/{layer}/import",
		strings.HasSuffix(rt.path, "/revert"), strings.HasSuffix(rt.path, "/undo") && !strings.HasPrefix(rt.path, "/v1/drafts"):
		return "write"
	case strings.HasPrefix(rt.path, "/v1/layers/{layer}/"), strings.HasPrefix(rt.path, "/tiles/"), strings.HasPrefix(rt.path, "/v1/locate"), strings.HasPrefix(rt.path, "/geocoder"),
		strings.HasSuffix(rt.path, "/cells"), strings.HasSuffix(rt.path, "{code}") && strings.Contains(rt.path, "cells"), slices.Contains([]string{"/v1/geocode", "/v1/reverse", "/v1/suggest", "/v1/extract", "/v1/events"}, rt.path):
		return "read"
	}
	return ""
}

// TestWhoMayCallWhat writes down for each route and each post whether it may be called for what is in the own area and
// for what is elsewhere. A route of which nothing is said fails.
func TestWhoMayCallWhat(t *testing.T) {
	c := newCity(t, nil).fill()
	c.put(data.Tx{Changes: []data.Change{record(t, people.Organisation{ID: "d1", Title: data.Title{"en": "x"}, Level: "department", Areas: []people.AreaRef{{Level: "district", Code: "D1"}}})}})
	w := c.engine.World()
	layer, _ := w.Layer("trees")
	d := people.Of(w)
	type column struct {
		who account.Principal
		may *rights.Rights
		// may be read and written, in the own area and elsewhere
		read, write [2]bool
	}
	var columns []column
	var names []string
	for _, post := range people.DefaultPosts() {
		s := rights.Subject{Holdings: []people.Holding{{Post: post.ID, Organisation: "d1", Scheme: "unit", Cells: []string{"A111-00", "A112-00"}}}}
		col := column{who: account.Principal{Way: account.Session, Account: "a"}}
		if post.ID == people.PostPublic {
			s, col.who = rights.Subject{}, account.Principal{}
		}
		col.may = rights.Compile(d, w, &s)
		for i, id := range []string{"tree01", "tree20"} {
			slot, _ := layer.Lookup(id)
			col.read[i] = len(col.may.Readable(w, layer, []index.Slot{slot})) == 1
			col.write[i] = len(col.may.Writable(w, layer, []index.Slot{slot})) == 1
		}
		columns, names = append(columns, col), append(names, post.ID)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Whether a post may call a route for what is in its own area, and for what is elsewhere: y or n each.\n# Made by go test ./server -run TestWhoMayCallWhat -update-rights\n\n%-55s %-14s %s\n", "route", "asks for", strings.Join(names, " "))
	all := c.server.routes()
	slices.SortStableFunc(all, func(a, b route) int {
		return cmp.Or(strings.Compare(a.path, b.path), strings.Compare(a.method, b.method))
	})
	known := needs()
	for i := range all {
		rt := &all[i]
		asks, ok := known[rt.method+" "+rt.path]
		if !ok {
			t.Errorf("nothing says who may call %s %s: add it to needs", rt.method, rt.path)
		}
		delete(known, rt.method+" "+rt.path)
		fmt.Fprintf(&b, "%-55s %-14s", rt.method+" "+rt.path, asks)
		for j := range columns {
			col := &columns[j]
			cell := ""
			for where := range 2 {
				may := permit(rt, &col.who, col.may) == nil
				switch about(rt) {
				case "read":
					may = may && col.read[where]
				case "write":
					may = may && col.write[where]
				}
				if may {
					cell += "y"
				} else {
					cell += "n"
				}
			}
			fmt.Fprintf(&b, " %-*s", len(names[j]), cell)
		}
		b.WriteString("\n")
	}
	for name := range known {
		t.Errorf("%s is no route", name)
	}
	lines := strings.Split(b.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	text := strings.Join(lines, "\n")
	path := filepath.Join("testdata", "rights.txt")
	if *updateRights {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != text {
		t.Errorf("who may call what has changed; read the difference, and write it with -update-rights:\n%s", text)
	}
}

func boxAt(lon, lat float64) geo.Box {
	p, _ := geo.FromDegrees(lon, lat)
	return geo.Box{Min: p, Max: p}
}
