package test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/tiles/tiletest"
)

// caller is somebody who asks: with the cookies of a session, with a key, or with neither.
type caller struct {
	s    *server
	who  string
	key  string
	http *http.Client
}

// caller is nobody yet.
func (s *server) caller(who, key string) *caller {
	c := &caller{s: s, who: who, key: key, http: &http.Client{}}
	if key == "" {
		jar, err := cookiejar.New(nil)
		if err != nil {
			s.t.Fatal(err)
		}
		c.http.Jar = jar
	}
	return c
}

func (c *caller) send(method, path string, body any) *http.Response {
	c.s.t.Helper()
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			c.s.t.Fatal(err)
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(c.s.t.Context(), method, c.s.url+path, reader)
	if err != nil {
		c.s.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.key != "" {
		req.Header.Set("Authorization", "Bearer "+c.key)
	} else {
		req.Header.Set("X-Gewu-Request", "1")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		c.s.t.Fatalf("%s: %s %s: %v", c.who, method, path, err)
	}
	return resp
}

func (c *caller) ask(method, path string, body any) (status int, raw []byte) {
	c.s.t.Helper()
	resp := c.send(method, path, body)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		c.s.t.Fatal(err)
	}
	return resp.StatusCode, raw
}

// want asks, fails on another status, and decodes the answer into out, when that is not nil.
func (c *caller) want(status int, method, path string, body, out any) []byte {
	c.s.t.Helper()
	got, raw := c.ask(method, path, body)
	// What is made is answered otherwise than what is changed.
	if got != status && (method != "PUT" || status != http.StatusOK || got != http.StatusCreated) {
		c.s.t.Fatalf("%s: %s %s: %d, want %d\n%.600s", c.who, method, path, got, status, raw)
	}
	if out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			c.s.t.Fatalf("%s: %s %s: %v\n%.600s", c.who, method, path, err, raw)
		}
	}
	return raw
}

// tree is a tree of the sample city in one of two districts.
type tree struct {
	ID         string `json:"id"`
	Geometry   object `json:"geometry"`
	Properties object `json:"properties"`
}

func (f *tree) at() (lon, lat float64) {
	at := f.Geometry["coordinates"].([]any)
	return at[0].(float64), at[1].(float64)
}

func (f *tree) path() string { return "/v1/layers/trees/features/" + url.PathEscape(f.ID) }

// body is the tree with another type, at the place of another tree.
func (f *tree) body(kind string, at *tree) object {
	p := object{}
	maps.Copy(p, f.Properties)
	p["tree_type"] = kind
	return object{"type": "Feature", "id": f.ID, "geometry": at.Geometry, "properties": p}
}

// treesIn are trees of the middle of a district.
func (c *caller) treesIn(bbox string) []tree {
	c.s.t.Helper()
	var page struct{ Features []tree }
	c.want(http.StatusOK, "GET", "/v1/layers/trees/features?limit=1000&bbox="+bbox, nil, &page)
	return page.Features
}

// Boxes well within the districts 信義區 and 大安區.
const (
	inXinyi = "121.562,25.030,121.566,25.034"
	inDaan  = "121.540,25.028,121.544,25.032"
)

// department is somebody's own ground and that of others.
type department struct {
	own, other       []tree
	ownBox, otherBox string
}

// seesOwn looks through every door.
func (c *caller) seesOwn(d *department, edits, exports bool) {
	t := c.s.t
	t.Helper()
	if got := c.treesIn(d.ownBox); len(got) != len(d.own) {
		t.Errorf("%s sees %d own trees, want %d", c.who, len(got), len(d.own))
	}
	if got := c.treesIn(d.otherBox); len(got) != 0 {
		t.Errorf("%s sees %d trees of others", c.who, len(got))
	}
	mine, theirs := &d.own[0], &d.other[0]
	c.want(http.StatusOK, "GET", mine.path(), nil, nil)
	c.want(http.StatusNotFound, "GET", theirs.path(), nil, nil)
	c.want(http.StatusNotFound, "GET", theirs.path()+"/history", nil, nil)
	// Tiles: those of one's own have trees, those within the ground of others none, though there are some.
	if got := c.tile(mine); got == 0 {
		t.Errorf("%s: no tree in a tile of the own ground", c.who)
	}
	if got := c.tile(theirs); got != 0 {
		t.Errorf("%s: %d trees in a tile of others", c.who, got)
	}
	var layer struct {
		Count int
		BBox  []float64 `json:"bbox"`
	}
	c.want(http.StatusOK, "GET", "/v1/layers/trees", nil, &layer)
	var doc struct {
		Bounds       []float64
		VectorLayers []struct{ ID string } `json:"vector_layers"`
	}
	c.want(http.StatusOK, "GET", "/tiles/trees.json", nil, &doc)
	// The box of a district is a third of that of all trees, at most.
	lon, lat := mine.at()
	if b := layer.BBox; len(doc.VectorLayers) == 0 || doc.VectorLayers[0].ID != "trees" || len(b) != 4 || b[2]-b[0] > 0.06 || !inside(b, lon, lat) {
		t.Errorf("%s: layers %+v, trees within %v, and an own one at %v %v", c.who, doc.VectorLayers, b, lon, lat)
	}
	// Locate knows what is near, where that is theirs.
	for _, f := range []*tree{mine, theirs} {
		lon, lat := f.at()
		found := bytes.Contains(c.want(http.StatusOK, "GET", fmt.Sprintf("/v1/locate?lon=%v&lat=%v", lon, lat), nil, nil), []byte(`"layer":"trees"`))
		if found != (f == mine) {
			t.Errorf("%s: locate at tree %s tells of trees: %v", c.who, f.ID, found)
		}
	}
	if exports {
		raw := c.want(http.StatusOK, "GET", "/v1/layers/trees/export?format=geojsonseq", nil, nil)
		if n := bytes.Count(raw, []byte(`"Feature"`)); n != layer.Count || n == 0 {
			t.Errorf("%s: the export has %d trees, the layer %d", c.who, n, layer.Count)
		}
		if !hasTree(raw, mine) || hasTree(raw, theirs) {
			t.Errorf("%s: own in export: %v, of others: %v", c.who, hasTree(raw, mine), hasTree(raw, theirs))
		}
	}
	if !edits {
		c.want(http.StatusForbidden, "PUT", mine.path(), mine.body("不", mine), nil)
		return
	}
	c.want(http.StatusOK, "PUT", mine.path(), mine.body("測試"+c.who, mine), nil)
	c.want(http.StatusForbidden, "PUT", mine.path(), mine.body("x", theirs), nil)
	c.want(http.StatusForbidden, "PUT", theirs.path(), theirs.body("x", theirs), nil)
	c.want(http.StatusForbidden, "PUT", theirs.path(), theirs.body("x", mine), nil)
	c.want(http.StatusNotFound, "DELETE", theirs.path(), nil, nil)
	c.want(http.StatusForbidden, "POST", "/v1/changes", object{"changes": []object{{"op": "put", "layer": "trees", "feature": theirs.body("x", theirs)}}}, nil)
}

func inside(b []float64, lon, lat float64) bool {
	return b[0] <= lon && lon <= b[2] && b[1] <= lat && lat <= b[3]
}

func hasTree(export []byte, f *tree) bool {
	id, _ := json.Marshal(f.ID)
	return bytes.Contains(export, append([]byte(`"id":`), id...))
}

// tile is the number of trees in the tile of zoom 18 around a tree.
func (c *caller) tile(f *tree) int {
	c.s.t.Helper()
	lon, lat := f.at()
	x, y := tileOf(lon, lat, 18)
	status, raw := c.ask("GET", fmt.Sprintf("/tiles/trees/18/%d/%d.mvt", x, y), nil)
	if status == http.StatusNoContent {
		return 0
	}
	tile, err := tiletest.Decode(raw)
	if status != http.StatusOK || err != nil {
		c.s.t.Fatalf("%s: tile: %d %v", c.who, status, err)
	}
	return len(tile.Layer("trees").Features)
}

// told is what an event of the feed tells. Events may be about several changes, so that their seqs name no single one; the
// tiles are those in which something has changed for who listens.
type told struct {
	Seq   int
	Tiles []struct {
		Layer string
		Z     int
		X, Y  [2]int
	}
}

// names reports whether the tile of zoom 16 around a tree has changed.
func (e *told) names(f *tree) bool {
	lon, lat := f.at()
	x, y := tileOf(lon, lat, 16)
	for _, r := range e.Tiles {
		if r.Layer == "trees" && r.Z == 16 && r.X[0] <= x && x <= r.X[1] && r.Y[0] <= y && y <= r.Y[1] {
			return true
		}
	}
	return false
}

// feed is the live feed of somebody.
type feed <-chan told

func (c *caller) feed() feed {
	c.s.t.Helper()
	resp := c.send("GET", "/v1/events", nil)
	if resp.StatusCode != http.StatusOK {
		c.s.t.Fatalf("%s: events: %s", c.who, resp.Status)
	}
	c.s.t.Cleanup(func() { resp.Body.Close() })
	events, hello := make(chan told, 256), make(chan struct{})
	go func() {
		defer close(events)
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			if lines.Text() == "event: hello" {
				close(hello)
			}
			var event told
			if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok && json.Unmarshal([]byte(text), &event) == nil {
				events <- event
			}
		}
	}()
	select {
	case <-hello:
	case <-time.After(10 * time.Second):
		c.s.t.Fatalf("%s: the feed does not begin", c.who)
	}
	return events
}

// TestTwoDepartmentsAndAPlanner is what the manual promises: they log in on the sample city, and each sees and changes
// only their own through every door.
func TestTwoDepartmentsAndAPlanner(t *testing.T) {
	if testing.Short() {
		t.Skip("loads the sample city")
	}
	dir := t.TempDir()
	startServer(t, "demo", "--data", dir, "--listen", "127.0.0.1:0").stop()
	s := serve(t, dir)
	root := s.caller("root", "")
	const password = "four words in a row"
	select {
	case token := <-s.first:
		root.want(http.StatusOK, "POST", "/v1/invitations/accept", object{"token": token, "login": "root", "password": password}, nil)
		again, _ := s.caller("thief", "").ask("POST", "/v1/invitations/accept", object{"token": token, "login": "thief", "password": password})
		if again/100 != 4 {
			t.Fatalf("the link counts twice: %d", again)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("no link for the first administrator was printed")
	}
	organisation := func(id, area string) {
		root.want(http.StatusOK, "PUT", "/v1/organisations/"+id, object{"title": object{"en": id}, "level": "department", "areas": []object{{"level": "district", "code": area}}}, nil)
	}
	organisation("xinyi", "6300200")
	organisation("daan", "6300300")
	hold := func(id, post, office string) {
		root.want(http.StatusOK, "PUT", "/v1/staff/"+id, object{"name": id, "holdings": []object{{"post": post, "organisation": office}}}, nil)
	}
	root.want(http.StatusOK, "PUT", "/v1/posts/public", object{"title": object{"en": "Public"}, "permissions": []string{}, "layers": []object{{"layers": []string{"districts", "villages"}, "read": true}}}, nil)
	xinyi, daan := root.treesIn(inXinyi), root.treesIn(inDaan)
	if len(xinyi) < 10 || len(daan) < 10 {
		t.Fatalf("%d and %d trees", len(xinyi), len(daan))
	}
	first := &department{xinyi, daan, inXinyi, inDaan}
	second := &department{daan, xinyi, inDaan, inXinyi}
	sessions, keys, accounts := map[string]*caller{}, map[string]*caller{}, map[string]string{}
	for _, one := range []struct{ login, post, office string }{{"one", "handler", "xinyi"}, {"two", "handler", "daan"}, {"plan", "planner", "xinyi"}} {
		hold(one.login, one.post, one.office)
		var made struct {
			ID string `json:"id"`
		}
		raw := root.want(http.StatusCreated, "POST", "/v1/accounts", object{"login": one.login, "password": password, "staff": one.login}, &made)
		if made.ID == "" {
			t.Fatalf("%s", raw)
		}
		accounts[one.login] = made.ID
		c := s.caller(one.login, "")
		c.want(http.StatusUnauthorized, "POST", "/v1/login", object{"login": one.login, "password": "not " + password}, nil)
		c.want(http.StatusOK, "POST", "/v1/login", object{"login": one.login, "password": password}, nil)
		sessions[one.login] = c
		var key struct{ Token string }
		c.want(http.StatusCreated, "POST", "/v1/keys", object{"name": "test"}, &key)
		keys[one.login] = s.caller(one.login+" by key", key.Token)
	}
	feedOne, feedTwo := sessions["one"].feed(), keys["two"].feed()
	for _, through := range []map[string]*caller{sessions, keys} {
		through["one"].seesOwn(first, true, true)
		through["two"].seesOwn(second, true, true)
		through["plan"].seesOwn(first, false, true)
	}
	// Each feed tells of the own ground and of no other, whatever happens there.
	change := func(c *caller, d *department, kind string) {
		c.want(http.StatusOK, "PUT", d.own[1].path(), d.own[1].body(kind, &d.own[1]), nil)
	}
	change(keys["two"], second, "二")
	change(sessions["one"], first, "一")
	change(keys["two"], second, "三")
	feedOne.tells(t, &first.own[1], &first.other[1])
	feedTwo.tells(t, &second.own[1], &second.other[1])

	nobody := s.caller("nobody", "")
	nobody.want(http.StatusOK, "GET", "/v1/layers/districts/features?limit=1", nil, nil)
	nobody.want(http.StatusNotFound, "GET", "/v1/layers/trees", nil, nil)
	nobody.want(http.StatusNotFound, "GET", xinyi[0].path(), nil, nil)
	nobody.want(http.StatusNotFound, "GET", "/tiles/trees.json", nil, nil)
	nobody.want(http.StatusUnauthorized, "PUT", xinyi[0].path(), xinyi[0].body("x", &xinyi[0]), nil)
	nobody.want(http.StatusUnauthorized, "GET", "/v1/layers/trees/export", nil, nil)
	// Which organisation answers for a place everybody may know, who it is only those who may list staff.
	lon, lat := xinyi[0].at()
	at := fmt.Sprintf("/v1/locate?lon=%v&lat=%v&include=duties", lon, lat)
	for _, c := range []*caller{nobody, sessions["one"], keys["two"]} {
		if raw := c.want(http.StatusOK, "GET", at, nil, nil); !bytes.Contains(raw, []byte(`"organisation":"xinyi"`)) || bytes.Contains(raw, []byte(`"person"`)) {
			t.Errorf("%s: duties %s", c.who, raw)
		}
	}
	if raw := root.want(http.StatusOK, "GET", at, nil, nil); !bytes.Contains(raw, []byte(`"person":"one"`)) {
		t.Errorf("duties for the administrator: %s", raw)
	}

	// Who is moved sees the other ground with the next request, through session and key.
	hold("one", "handler", "daan")
	sessions["one"].seesOwn(second, true, true)
	keys["one"].seesOwn(second, true, true)
	// Another person for the account ends its session; the key and a new login are those of the new person.
	root.want(http.StatusOK, "PATCH", "/v1/accounts/"+accounts["one"], object{"staff": "plan"}, nil)
	sessions["one"].want(http.StatusUnauthorized, "GET", "/v1/keys", nil, nil)
	sessions["one"].want(http.StatusOK, "POST", "/v1/login", object{"login": "one", "password": password}, nil)
	sessions["one"].seesOwn(first, false, true)
	keys["one"].seesOwn(first, false, true)
}

// tells reads a feed until it has told of the tile of a tree, and a second longer; it never tells of that of another.
func (events feed) tells(t *testing.T, own, other *tree) {
	t.Helper()
	found := false
	for wait := 10 * time.Second; ; {
		select {
		case event, ok := <-events:
			if !ok {
				t.Fatal("the feed ended")
			}
			if event.names(other) {
				t.Errorf("the feed tells of the ground of others: %+v", event)
			}
			if event.names(own) {
				found, wait = true, time.Second
			}
		case <-time.After(wait):
			if !found {
				t.Error("the feed does not tell of the own ground")
			}
			return
		}
	}
}
