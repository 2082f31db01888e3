package server

import (
	"bytes"
	"crypto/rand"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people/vault"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/once"
)

// guarded puts keys of persons into a configuration; dir gets their file.
func guarded(t *testing.T, dir string) func(*Config) {
	t.Helper()
	return func(cfg *Config) {
		keys, err := vault.OpenFile(filepath.Join(dir, "keys.db"), vault.FileOptions{
			Master: func() (vault.Master, error) { return vault.Master{1}, nil }, Now: time.Now, Random: rand.Reader, NoSync: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = keys.Close() })
		store, ok := cfg.Store.(data.Store)
		if !ok {
			t.Fatal("the store is none")
		}
		cfg.Vault = vault.New(keys)
		cfg.Store = &vault.Store{Store: store, Vault: cfg.Vault, Layers: cfg.Engine.Layer}
	}
}

const elders = `{"name":"elders","geometry":"point","id":{"generate":"ulid"},
	"sensitive":{"subject":"person","purpose":"meals at home","basis":"written consent","owner":"street-1","expiry":"P2Y","readers":["meals"]},
	"attributes":[{"name":"name","type":"text","personal":true,"required":true},{"name":"phone","type":"text","personal":true},{"name":"born","type":"date","personal":true},{"name":"need","type":"text"}]}`

const (
	personName  = "赵钱孙李周吴郑王"
	personPhone = "13812341234"
	wang        = `{"type":"Feature","id":"e1","geometry":{"type":"Point","coordinates":[121.505,25.005]},"properties":{"name":"` + personName + `","phone":"` + personPhone + `","born":"1941-02-03","need":"meal"}}`
)

func because(why string) map[string]string { return map[string]string{"X-Gewu-Reason": why} }

// files are all bytes of a folder, and of a backup of the store.
func (c *town) files(t *testing.T, dirs ...string) []byte {
	t.Helper()
	var all bytes.Buffer
	if _, err := c.store.Backup(t.Context(), func(int64) io.Writer { return &all }); err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			all.Write(b)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.Bytes()
}

func lacks(t *testing.T, what string, b []byte) {
	t.Helper()
	for _, text := range []string{personName, personPhone, "1941-02-03"} {
		if bytes.Contains(b, []byte(text)) {
			t.Errorf("%s holds %s", what, text)
		}
	}
}

// TestPersonal goes through the life of a person's data: written, shown masked, read in full with a reason, changed,
// searched for in vain, erased.
func TestPersonal(t *testing.T) {
	dir := t.TempDir()
	c := newCity(t, guarded(t, dir)).fill()
	if a := c.do("POST", "/v1/layers", jsonBody, strings.Replace(elders, `"purpose":"meals at home",`, "", 1)); a.status != 422 || !strings.Contains(a.body, "sensitive.purpose") {
		t.Fatalf("without a purpose: %d %s", a.status, a.body)
	}
	if a := c.do("POST", "/v1/layers", jsonBody, elders); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	const one = "/v1/layers/elders/features/e1"
	if a := c.do("PUT", one, jsonBody, wang); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	before := time.Now()
	masked := c.do("GET", one, nil, "")
	if masked.status != 200 || !strings.Contains(masked.body, `"赵***"`) || !strings.Contains(masked.body, `"138****1234"`) || !strings.Contains(masked.body, `"born":null`) ||
		!strings.Contains(masked.body, `"masked":["name","phone","born"]`) || !strings.Contains(masked.body, `"need":"meal"`) || masked.header.Get("Cache-Control") != "no-store" {
		t.Errorf("masked: %d %s", masked.status, masked.body)
	}
	lacks(t, "the masked feature", []byte(masked.body))
	for _, target := range []string{"/v1/layers/elders/features", "/v1/layers/elders/features?bbox=121,25,122,26&need=meal", one + "/history", "/v1/changes/4"} {
		a := c.do("GET", target, nil, "")
		if a.status != 200 || !strings.Contains(a.body, "138****1234") {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
		lacks(t, target, []byte(a.body))
	}
	// In full: with a reason, and noted.
	if a := c.do("GET", one+"?full=true", nil, ""); a.status != 400 || !strings.Contains(a.body, "reason") {
		t.Errorf("without a reason: %d %s", a.status, a.body)
	}
	full := c.do("GET", one+"?full=true", because("meal delivery"), "")
	if full.status != 200 || !strings.Contains(full.body, personName) || !strings.Contains(full.body, personPhone) || !strings.Contains(full.body, "1941-02-03") || strings.Contains(full.body, "masked") {
		t.Errorf("in full: %d %s", full.status, full.body)
	}
	changes, err := c.store.Changes(t.Context(), c.store.Last(), 0)
	if err != nil || len(changes) != 1 || changes[0].Admin == nil || !strings.Contains(string(changes[0].Admin.Body), `"did":"read-personal"`) || strings.Contains(string(changes[0].Admin.Body), "meal delivery") {
		t.Errorf("the reading was noted as %+v, %v", changes, err)
	}
	if a := c.do("GET", "/v1/layers/elders/features?full=true&limit=10", because("round of meals"), ""); a.status != 200 || !strings.Contains(a.body, personName) {
		t.Errorf("a page in full: %d %s", a.status, a.body)
	}
	if a := c.do("GET", "/v1/layers/elders/features?full=true&limit=51", because("round of meals"), ""); a.status != 400 {
		t.Errorf("a long page in full: %d %s", a.status, a.body)
	}
	if a := c.do("GET", "/v1/layers/trees/features/tree00?full=true", because("curious"), ""); a.status != 400 {
		t.Errorf("a tree in full: %d %s", a.status, a.body)
	}
	// Nowhere else.
	for target, want := range map[string]int{
		"/v1/layers/elders/export":                                               403,
		"/tiles/elders.json":                                                     404,
		"/tiles/elders/14/13721/7020.mvt":                                        404,
		"/v1/layers/elders/features?phone=" + personPhone:                        400,
		"/v1/layers/elders/features?filter=" + url.QueryEscape("name LIKE '赵%'"): 400,
	} {
		if a := c.do("GET", target, nil, ""); a.status != want {
			t.Errorf("%s: %d %s, want %d", target, a.status, a.body, want)
		}
	}
	for _, target := range []string{"/v1/geocode?q=" + url.QueryEscape(personName), "/v1/suggest?q=" + url.QueryEscape("赵钱"), "/v1/locate?lon=121.505&lat=25.005", "/tiles/city.json", "/styles/light.json", "/metrics", "/v1/layers/elders", "/v1/schemes/unit/cells/A111-00"} {
		a := c.do("GET", target, nil, "")
		if a.status >= 500 && a.status != 501 || strings.Contains(a.body, "e1\"") {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
		if target != "/v1/layers/elders" && !strings.Contains(target, "cells") && strings.Contains(a.body, `elders`) {
			t.Errorf("%s tells of the layer: %s", target, a.body)
		}
		if !strings.Contains(target, "q=") { // which is repeated in the answer
			lacks(t, target, []byte(a.body))
		}
	}
	if a := c.do("GET", "/v1/layers/elders", nil, ""); !strings.Contains(a.body, `"count":0,"count_range":"\u003c10"`) || strings.Contains(a.body, "bbox") {
		t.Errorf("the layer: %s", a.body)
	}
	if a := c.do("GET", "/v1/schemes/unit/cells/A111-00", nil, ""); !strings.Contains(a.body, `"features":0,"range":"\u003c10"`) {
		t.Errorf("the cell: %s", a.body)
	}
	// What comes back masked is kept.
	back := strings.Replace(masked.body, `"need":"meal"`, `"need":"lift"`, 1)
	if a := c.do("PUT", one, jsonBody, back); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := c.do("GET", one+"?full=true", because("checking"), ""); !strings.Contains(a.body, personName) || !strings.Contains(a.body, "1941-02-03") || !strings.Contains(a.body, "lift") {
		t.Errorf("after a masked edit: %s", a.body)
	}
	// The same file twice changes nothing, and errors keep values to themselves.
	file := `{"type":"FeatureCollection","features":[` + strings.Replace(wang, "meal", "lift", 1) + `]}`
	geojson := map[string]string{"Content-Type": "application/geo+json"}
	if a := c.do("POST", "/v1/layers/elders/import?format=geojson", geojson, file); !strings.Contains(a.body, `"unchanged":1`) {
		t.Errorf("import: %d %s", a.status, a.body)
	}
	wrong := strings.Replace(file, "1941-02-03", "1941-02-33", 1)
	if a := c.do("POST", "/v1/layers/elders/import?format=geojson", geojson, wrong); !strings.Contains(a.body, `"failed":1`) || strings.Contains(a.body, "1941") {
		t.Errorf("a wrong import: %d %s", a.status, a.body)
	}
	if a := c.do("PUT", one, jsonBody, strings.Replace(wang, "1941-02-03", "1941-02-33", 1)); a.status != 422 || strings.Contains(a.body, "1941") {
		t.Errorf("a wrong feature: %d %s", a.status, a.body)
	}
	lacks(t, "the store", c.files(t, dir, filepath.Dir(c.store.Path())))
	if strings.Contains(c.logged(), personName) {
		t.Error("the log of the server names the person")
	}
	// Erased: everywhere, and again.
	if a := c.do("POST", one+"/erase", nil, ""); a.status != 400 {
		t.Errorf("erased without a reason: %d %s", a.status, a.body)
	}
	keyed := because("asked to be forgotten")
	keyed[once.Header] = "e1"
	first := c.do("POST", one+"/erase", keyed, "")
	c.move("tree00", 121.51, 25.01)
	c.server.keys = once.NewKeys(c.store, time.Now) // as after a restart
	if again := c.do("POST", one+"/erase", keyed, ""); first.status != 200 || first.member(t, "erased") != "true" || again.body != first.body {
		t.Fatalf("erased: %d %s, again with the key: %d %s", first.status, first.body, again.status, again.body)
	}
	if a := c.do("POST", one+"/erase", because("asked to be forgotten"), ""); a.status != 200 || a.member(t, "erased") != "true" {
		t.Fatalf("erase: %d %s", a.status, a.body)
	}
	at := url.QueryEscape(before.Format(time.RFC3339Nano))
	for _, target := range []string{one, one + "?at=" + at, one + "?full=true&at=" + at} {
		if a := c.do("GET", target, because("curious"), ""); a.status != 404 {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
	for _, target := range []string{"/v1/layers/elders/features?at=" + at, one + "/history", "/v1/changes/4"} {
		if a := c.do("GET", target, nil, ""); a.status != 200 || strings.Contains(a.body, "****") || strings.Contains(a.body, "lift") || strings.Contains(a.body, `"need"`) {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
	if a := c.do("POST", "/v1/layers/trees/features/tree00/erase", because("asked"), ""); a.status != 422 {
		t.Errorf("a tree is erased: %d %s", a.status, a.body)
	}
	if a := c.do("POST", "/v1/layers/elders/features/nobody/erase", because("asked"), ""); a.status != 404 {
		t.Errorf("nobody is erased: %d %s", a.status, a.body)
	}
	// What is personal cannot become public, and more readers are a matter of record.
	if a := c.do("PATCH", "/v1/layers/elders", jsonBody, `{"sensitive":null}`); a.status != 422 {
		t.Errorf("no longer sensitive: %d %s", a.status, a.body)
	}
	if a := c.do("PATCH", "/v1/layers/elders", jsonBody, `{"sensitive":{"readers":["meals","police"]}}`); a.status != 200 {
		t.Errorf("more readers: %d %s", a.status, a.body)
	}
	if changes, err := c.store.Changes(t.Context(), c.store.Last(), 0); err != nil || len(changes) != 2 || changes[1].Admin == nil || !strings.Contains(string(changes[1].Admin.Body), "reader police added") {
		t.Errorf("more readers were noted as %+v, %v", changes, err)
	}
}

// TestHalfErased: a process that dies after the key is gone leaves a feature of which nothing can be read; asking again, or
// the sweep, does the rest.
func TestHalfErased(t *testing.T) {
	dir := t.TempDir()
	var v *vault.Vault
	c := newCity(t, func(cfg *Config) { guarded(t, dir)(cfg); v = cfg.Vault }).fill()
	c.do("POST", "/v1/layers", jsonBody, strings.Replace(elders, "P2Y", "2020-01-01", 1))
	for _, id := range []string{"e1", "e2", "e3"} {
		if a := c.do("PUT", "/v1/layers/elders/features/"+id, jsonBody, strings.Replace(wang, "e1", id, 1)); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	if err := v.Keys().Destroy(time.Now(), vault.Subject{Layer: "elders", ID: "e1"}, vault.Subject{Layer: "elders", ID: "e2"}); err != nil {
		t.Fatal(err)
	}
	if a := c.do("GET", "/v1/layers/elders/features/e1", nil, ""); a.status != 404 {
		t.Errorf("half erased: %d %s", a.status, a.body)
	}
	if a := c.do("POST", "/v1/layers/elders/features/e1/erase", because("once more"), ""); a.status != 200 {
		t.Errorf("erased again: %d %s", a.status, a.body)
	}
	due := c.do("GET", "/v1/personal/expired", nil, "")
	if !strings.Contains(due.body, "erasure not finished") || !strings.Contains(due.body, `"e3"`) || strings.Contains(due.body, `"e1"`) {
		t.Errorf("due: %s", due.body)
	}
	if state, err := v.Keys().State(vault.Subject{Layer: "elders", ID: "e3"}); err != nil || !state.Key {
		t.Errorf("a list erases: %+v, %v", state, err)
	}
	if a := c.do("POST", "/v1/personal/expired", nil, ""); a.status != 200 || strings.Count(a.body, `"why"`) != 2 {
		t.Errorf("swept: %d %s", a.status, a.body)
	}
	if l, _ := c.engine.World().Layer("elders"); l.Len() != 0 {
		t.Errorf("%d are left", l.Len())
	}
	if a := c.do("GET", "/v1/personal/expired?days=3000", nil, ""); !strings.Contains(a.body, `"due":[]`) {
		t.Errorf("due after the sweep: %s", a.body)
	}
}

// TestBreakGlass: who holds no post of a reader reads in an emergency, and somebody else looks at it.
func TestBreakGlass(t *testing.T) {
	m := withAccounts(t, guarded(t, t.TempDir()))
	m.do("POST", "/v1/layers", jsonBody, elders)
	if a := m.do("PUT", "/v1/layers/elders/features/e1", jsonBody, wang); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for _, a := range []*data.Admin{
		{Kind: data.AdminOrganisation, ID: "o", Body: []byte(`{"id":"o","title":{"en":"Street"},"level":"street"}`)},
		{Kind: data.AdminPost, ID: "meals", Body: []byte(`{"id":"meals","title":{"en":"Meals"},"permissions":["read-personal"],"layers":[{"layers":["elders"],"read":true}]}`)},
		{Kind: data.AdminPost, ID: "guard", Body: []byte(`{"id":"guard","title":{"en":"Guard"},"permissions":["read-personal"],"layers":[{"layers":["elders"],"read":true}]}`)},
		{Kind: data.AdminStaff, ID: "S-1", Body: []byte(`{"id":"S-1","name":"Ming","holdings":[{"post":"guard","organisation":"o"}]}`)},
	} {
		m.put(data.Tx{Changes: []data.Change{a.Put()}})
	}
	m.populate()
	ming, root := m.login("ming"), m.login("root")
	const one = "/v1/layers/elders/features/e1"
	if a := m.do("GET", one+"?full=true&reason=curious", nil, ""); a.status != 403 && a.status != 404 && a.status != 401 {
		t.Errorf("nobody in particular: %d %s", a.status, a.body)
	}
	if a := m.as(ming, "GET", one+"?full=true&reason=curious", ""); a.status != 403 || strings.Contains(a.body, personName) {
		t.Errorf("without the post: %d %s", a.status, a.body)
	}
	if a := m.as(ming, "GET", one+"?break_glass=true", ""); a.status != 400 {
		t.Errorf("without a reason: %d %s", a.status, a.body)
	}
	if a := m.as(ming, "GET", one+"?break_glass=true&reason=gas+leak+in+the+house", ""); a.status != 200 || !strings.Contains(a.body, personName) {
		t.Errorf("in an emergency: %d %s", a.status, a.body)
	}
	list := m.as(root, "GET", "/v1/personal/reviews", "")
	id := between(list.body, `"id":"`, `"`)
	if list.status != 200 || id == "" || !strings.Contains(list.body, "gas leak") || strings.Contains(list.body, personName) {
		t.Fatalf("to look at: %d %s", list.status, list.body)
	}
	// Sent again with its key it was signed, also by a server that was started again meanwhile.
	sign := func() answer {
		return m.do("POST", "/v1/personal/reviews/"+id+"/sign-off?reason=fire+brigade+confirms", map[string]string{"Cookie": "gewu=" + root, auth.Header: "1", once.Header: "s1"}, "")
	}
	signed := sign()
	m.server.keys = once.NewKeys(m.store, time.Now)
	again := sign()
	if signed.status != 200 || again.status != 200 || again.body != signed.body {
		t.Errorf("signed: %d %s, again %d %s", signed.status, signed.body, again.status, again.body)
	}
	if a := m.as(root, "GET", "/v1/personal/reviews", ""); !strings.Contains(a.body, `"reviews":[]`) {
		t.Errorf("still to look at: %s", a.body)
	}
	if a := m.as(root, "POST", "/v1/personal/reviews/"+id+"/sign-off?reason=twice+it+is", ""); a.status != 404 {
		t.Errorf("signed twice: %d %s", a.status, a.body)
	}
	// Administrators hold no post by themselves, and do not sign for what they read.
	if a := m.as(root, "GET", one+"?full=true&reason=curious", ""); a.status != 403 {
		t.Errorf("root reads: %d %s", a.status, a.body)
	}
	m.as(root, "GET", one+"?break_glass=true&reason=only+looking", "")
	id = between(m.as(root, "GET", "/v1/personal/reviews", "").body, `"id":"`, `"`)
	if a := m.as(root, "POST", "/v1/personal/reviews/"+id+"/sign-off?reason=fine+with+me", ""); a.status != 403 {
		t.Errorf("root signs for root: %d %s", a.status, a.body)
	}
	// A reader's post needs no glass.
	m.do("POST", "/v1/layers", jsonBody, elders)
	m.put(data.Tx{Changes: []data.Change{(&data.Admin{
		Kind: data.AdminStaff, ID: "S-1", Body: []byte(`{"id":"S-1","name":"Ming","holdings":[{"post":"guard","organisation":"o"},{"post":"meals","organisation":"o"}]}`),
	}).Put()}})
	if a := m.as(ming, "GET", one+"?full=true&reason=meal+delivery", ""); a.status != 200 || !strings.Contains(a.body, personName) {
		t.Errorf("with the post: %d %s", a.status, a.body)
	}
}

func between(s, from, to string) string {
	_, rest, ok := strings.Cut(s, from)
	if !ok {
		return ""
	}
	text, _, _ := strings.Cut(rest, to)
	return text
}
