package server

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/index/stamp"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/tiles/tiletest"
)

// The tests of this file are those of somebody who knows the API and wants what is not theirs: "one" works for the first
// district and everything named D2, A2…, addr5 and later, tree13 and later is of another.

// theirs are words of the other district in answers.
var theirs = regexp.MustCompile(`\bD2\b|D2-V|\bA2\d\d-00|信義區|里2|addr[5-9]|信義路([6-9]|10)號|tree(1[3-9]|2\d)`)

// theirTrees are the trees of others.
var theirTrees = regexp.MustCompile(`tree(1[3-9]|2\d)`)

// TestLabelsOfOthers decodes tiles at every zoom level, over one's own ground and that of others: no layer in them, of
// labels, groups or totals either, holds a thing of others.
func TestLabelsOfOthers(t *testing.T) {
	c := staffed(t)
	labels := 0
	for z := 8; z <= 16; z++ {
		seen := map[string]bool{}
		for i := range 40 {
			at := stamp.Tiles(z, boxAt(121.5005+0.001*float64(i), 25.0051+0.01*float64(i%2)))
			path := fmt.Sprintf("/%d/%d/%d.mvt", z, at.X[0], at.Y[0])
			if seen[path] {
				continue
			}
			seen[path] = true
			for _, set := range []string{"city", "districts,villages,units", "trees_clusters", "units_totals"} {
				a := c.get("one", "/tiles/"+set+path)
				if a.status == 404 || a.status == 204 {
					continue
				}
				tile, err := tiletest.Decode([]byte(a.body))
				if err != nil {
					t.Fatalf("%s%s: %d %v", set, path, a.status, err)
				}
				for _, l := range tile {
					if strings.HasSuffix(l.Name, "_label") {
						labels += len(l.Features)
					}
				}
				if text := theirs.FindString(tiletest.Text(tile)); text != "" {
					t.Errorf("%s%s: one is shown %s", set, path, text)
				}
			}
		}
	}
	if labels == 0 {
		t.Error("there are no labels at all")
	}
}

// TestRowsOfOthers sends rows about the ground and the addresses of others to everything that answers rows or texts.
func TestRowsOfOthers(t *testing.T) {
	c := staffed(t)
	send := func(who, target, kind, body string) string {
		a := c.do("POST", target, map[string]string{whoHeader: who, "Content-Type": kind}, body)
		if a.status != 200 {
			t.Fatalf("%s %s: %d %s", who, target, a.status, a.body)
		}
		return a.body
	}
	places := "lon,lat\n121.525,25.005\n121.533,25.015\n121.529,25.0051\n"
	lines := `{"lon":121.525,"lat":25.005}` + "\n" + `{"geometry":{"type":"Polygon","coordinates":[[[121.515,25.001],[121.535,25.001],[121.535,25.009],[121.515,25.001]]]}}` + "\n"
	texts := "q\n信義路8號\n信義區\n里21\nA211-00\n信義路6號旁\n"
	for _, ask := range []struct{ target, kind, body string }{
		{"/v1/locate?include=areas,cells,address", "text/csv", places},
		{"/v1/locate?include=areas,cells,address,parts,duties&radius=3000", "application/x-ndjson", lines},
		{"/v1/locate?include=areas,cells&rule=share&shares=0.01", "application/x-ndjson", lines},
		{"/v1/geocode", "text/csv", texts},
		{"/v1/geocode?shares=0.01", "application/x-ndjson", strings.ReplaceAll(`{"q":"`+strings.Join(strings.Split(strings.TrimSpace(texts), "\n")[1:], "\"}\n{\"q\":\"")+`"}`+"\n", "\r", "")},
	} {
		if strings.Contains(ask.target, "geocode?shares") {
			ask.target = "/v1/geocode"
		}
		body := send("one", ask.target, ask.kind, ask.body)
		for sent := range strings.Lines(ask.body) { // what was asked is repeated in the answer
			body = strings.ReplaceAll(body, strings.TrimSpace(sent), "")
			body = strings.ReplaceAll(body, strings.Trim(strings.TrimSpace(sent), `{}`), "")
		}
		if text := theirs.FindString(body); text != "" {
			t.Errorf("%s tells one of %s:\n%s", ask.target, text, body)
		}
		if all := send("admin", ask.target, ask.kind, ask.body); !theirs.MatchString(all) {
			t.Errorf("%s finds nothing for anybody:\n%s", ask.target, all)
		}
	}
	for _, target := range []string{
		"/v1/suggest?q=" + url.QueryEscape("信義"), "/v1/suggest?q=" + url.QueryEscape("里"), "/v1/suggest?q=A2",
		"/v1/reverse?lon=121.525&lat=25.005&radius=5000", "/v1/reverse?lon=121.52&lat=25.005", "/geocoder/reverse?lon=121.525&lat=25.005",
		"/geocoder/api/reverse?lon=121.525&lat=25.005", "/geocoder/api?q=" + url.QueryEscape("信義路"), "/geocoder/search?q=" + url.QueryEscape("信義路"),
		"/v1/geocode?limit=50&q=" + url.QueryEscape("信義路"), "/v1/schemes/unit/cells?limit=1000", "/v1/locate?lon=121.5199&lat=25.005&radius=5000&include=areas,cells,address,parts",
		"/v1/layers/units", "/v1/layers/districts/features", "/v1/schemes/unit/check", "/styles/light.json", "/tiles/city.json", "/v1/layers",
	} {
		a := c.get("one", target)
		if a.status == 400 || a.status >= 500 {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
		if text := theirs.FindString(a.body); text != "" {
			t.Errorf("%s tells one of %s:\n%.2000s", target, text, a.body)
		}
	}
}

// soon ends a stream that does not say what is waited for.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// rowByRow asks a stream row by row.
type rowByRow struct {
	t     *testing.T
	to    *io.PipeWriter
	lines *bufio.Scanner
}

func (c *town) rows(t *testing.T, who, target, first string) *rowByRow {
	t.Helper()
	from, to := io.Pipe()
	go fmt.Fprint(to, first)
	req, err := http.NewRequestWithContext(soon(t), http.MethodPost, c.http.URL+target, from)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(whoHeader, who)
	req.Header.Set("Content-Type", "text/csv")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { to.Close(); res.Body.Close() })
	r := &rowByRow{t, to, bufio.NewScanner(res.Body)}
	r.next()
	return r
}

func (r *rowByRow) next() string {
	r.t.Helper()
	if !r.lines.Scan() {
		r.t.Fatalf("the stream ended: %v", r.lines.Err())
	}
	return r.lines.Text()
}

func (r *rowByRow) ask(row string) string {
	r.t.Helper()
	fmt.Fprintln(r.to, row)
	return r.next()
}

// until asks again until the answer is as wanted.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

// TestRightsTakenAwayWhileStreaming: whoever listens, or sends rows, when a post is taken away, is shown no more from then
// on; the feed says that what its client holds counts no more.
func TestRightsTakenAwayWhileStreaming(t *testing.T) {
	c := staffed(t)
	located := c.rows(t, "one", "/v1/locate", "lon,lat\n121.505,25.005\n")
	geocoded := c.rows(t, "one", "/v1/geocode", "q\n信義路2號\n")
	if a, b := located.next(), geocoded.next(); !strings.Contains(a, "A111-00") || !strings.Contains(b, "addr1") {
		t.Fatalf("%s\n%s", a, b)
	}
	req, err := http.NewRequestWithContext(soon(t), http.MethodGet, c.http.URL+"/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(whoHeader, "one")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	feed := &rowByRow{t, nil, bufio.NewScanner(res.Body)}
	for feed.next() != "event: hello" {
	}
	c.put(data.Tx{Changes: []data.Change{record(t, people.Staff{ID: "one", Name: "One"})}})
	moved := c.move("tree01", 121.507, 25.0051)
	told := []string{}
	for !strings.HasPrefix(feed.next(), "event: reset") {
	}
	for last := ""; !strings.HasSuffix(last, fmt.Sprint("-", moved)); {
		if last = feed.next(); strings.HasPrefix(last, "data: ") {
			told = append(told, last)
		}
		if strings.HasPrefix(last, "event: reset") { // both changes may have come together
			break
		}
		if strings.Contains(last, "trees") {
			t.Errorf("the feed tells of what is out of sight: %s", last)
		}
	}
	next := c.move("tree01", 121.508, 25.0051)
	for last := ""; !strings.HasSuffix(last, fmt.Sprint("-", next)); {
		if last = feed.next(); strings.Contains(last, "trees") {
			t.Errorf("the feed tells of what is out of sight: %s (before %v)", last, told)
		}
	}
	until(t, "rows are answered with rights that were taken away", func() bool { return !strings.Contains(located.ask("121.505,25.005"), "A111-00") })
	until(t, "texts are answered with rights that were taken away", func() bool { return !strings.Contains(geocoded.ask("信義路2號"), "addr1") })
	// Lists and exports that begin now, too.
	for _, target := range []string{"/v1/layers/trees/features", "/tiles/trees.json"} {
		if a := c.get("one", target); a.status != 404 {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
}

// TestSessionEndsWhileStreaming: a feed that was opened with a session shows what the public sees once that has ended; one
// that was opened before there were accounts shows no more than others.
func TestSessionEndsWhileStreaming(t *testing.T) {
	m := withAccounts(t, nil)
	title := data.Title{"en": "x"}
	m.put(data.Tx{Changes: []data.Change{
		record(t, people.Organisation{ID: "d1", Title: title, Level: "department", Areas: []people.AreaRef{{Level: "district", Code: "D1"}}}),
		record(t, people.Post{ID: people.PostPublic, Title: title, Layers: []people.Grant{{Layers: []string{"districts"}, Read: true}}}),
		record(t, people.Staff{ID: "S-1", Name: "Ming", Holdings: []people.Holding{{Post: people.PostHandler, Organisation: "d1"}}}),
	}})
	listen := func(token string) *rowByRow {
		req, err := http.NewRequestWithContext(soon(t), http.MethodGet, m.http.URL+"/v1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.AddCookie(&http.Cookie{Name: "gewu", Value: token})
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { res.Body.Close() })
		feed := &rowByRow{t, nil, bufio.NewScanner(res.Body)}
		for feed.next() != "event: hello" {
		}
		return feed
	}
	// heard reports whether the feed tells of a change of trees.
	heard := func(feed *rowByRow, lon float64) bool {
		seq, told := m.move("tree01", lon, 25.0051), false
		for last := ""; !strings.HasSuffix(last, fmt.Sprint("-", seq)); {
			if last = feed.next(); strings.HasPrefix(last, "event: change") {
				told = true
			}
		}
		return told
	}
	early := listen("")
	if !heard(early, 121.5061) {
		t.Fatal("a city without accounts hides trees")
	}
	m.populate()
	token := m.login("ming")
	ming := listen(token)
	if !heard(ming, 121.5062) {
		t.Fatal("ming does not hear of her own")
	}
	if a := m.as(token, "POST", "/v1/logout", ""); a.status != 204 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	lon := 121.5063
	for name, feed := range map[string]*rowByRow{"after the logout": ming, "from before there were accounts": early} {
		until(t, "the feed goes on "+name, func() bool {
			lon += 0.0001
			return !heard(feed, lon)
		})
	}
}

// TestCardsKeepNames: who works for a cell is told by post and office, and by name only to those who may list staff.
func TestCardsKeepNames(t *testing.T) {
	c := staffed(t)
	c.put(data.Tx{Changes: []data.Change{
		record(t, people.Staff{ID: "S-secret", Name: "Chen", Holdings: []people.Holding{{Post: people.PostGridHead, Organisation: "d1", Scheme: "unit", Cells: []string{"A111-00"}}}}),
		record(t, people.Staff{ID: "S-other", Name: "Lin", Holdings: []people.Holding{{Post: people.PostGridHead, Organisation: "d1", StandsInFor: "S-secret"}}}),
	}})
	for who, named := range map[string]bool{"one": false, "plan": false, "admin": true, "admin/export": false, "root": true} {
		for _, target := range []string{"/v1/schemes/unit/cells/A111-00", "/v1/locate?lon=121.505&lat=25.005&include=cells,duties"} {
			a := c.get(who, target)
			if a.status != 200 || !strings.Contains(a.body, people.PostGridHead) {
				t.Errorf("%s, %s: %d %s", who, target, a.status, a.body)
			}
			if strings.Contains(a.body, "S-secret") != named || strings.Contains(a.body, "Chen") {
				t.Errorf("%s, %s: named should be %v: %s", who, target, named, a.body)
			}
		}
		rows := c.do("POST", "/v1/locate?include=duties", map[string]string{whoHeader: who, "Content-Type": "application/x-ndjson"}, `{"lon":121.505,"lat":25.005}`)
		if strings.Contains(rows.body, "S-secret") != named {
			t.Errorf("%s, rows: named should be %v: %s", who, named, rows.body)
		}
	}
}

// unpacked is all text of a file of any format that is exported, archives opened.
func unpacked(t *testing.T, body string) string {
	t.Helper()
	if z, err := gzip.NewReader(strings.NewReader(body)); err == nil {
		b, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		return unpacked(t, string(b))
	}
	archive, err := zip.NewReader(strings.NewReader(body), int64(len(body)))
	if err != nil {
		return body
	}
	var all strings.Builder
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(f.Name + "\n" + unpacked(t, string(b)))
	}
	return all.String()
}

// TestExportsOfOthers exports in every format, packed too: nothing of others, no attribute that is hidden.
func TestExportsOfOthers(t *testing.T) {
	c := staffed(t)
	c.put(data.Tx{Changes: []data.Change{record(t, people.Post{ID: "gardener", Title: data.Title{"en": "x"}, Permissions: []people.Permission{people.Edit, people.Export}, Layers: []people.Grant{
		{Layers: []string{"trees"}, Read: true, Write: true, Area: people.AreaOrganisation, Where: "tree_type = '榕樹'", Hide: []string{"diameter"}},
	}})}})
	for _, format := range convert.ExportFormats() {
		for _, more := range []string{"", "&gzip=true", "&filter=" + esc("1=1 OR count>0"), "&bbox=121.52,25,121.54,25.02"} {
			target := "/v1/layers/trees/export?format=" + format + more
			a := c.plain("garden", target)
			if a.status != 200 {
				t.Errorf("%s: %d %s", target, a.status, a.body)
				continue
			}
			text := unpacked(t, a.body)
			if found := theirTrees.FindString(text); found != "" || strings.Contains(strings.ToLower(text), "diameter") || strings.Contains(text, "樟樹") {
				t.Errorf("%s holds %q or what is hidden", target, found)
			}
			if more == "" && !strings.Contains(text, "榕樹") {
				t.Errorf("%s holds nothing", target)
			}
			if control := a.header.Get("Cache-Control"); !strings.Contains(control, "private") && control != "no-store" {
				t.Errorf("%s may be kept for others: %q", target, control)
			}
		}
	}
}

// TestCachesBetweenUsers asks for everything that is cached as several people in turn: no answer may be given to another by
// a cache on the way, whoever sees everything included, and an ETag counts for who got it.
func TestCachesBetweenUsers(t *testing.T) {
	c := staffed(t)
	seq := c.engine.World().Seq()
	c.move("tree02", 121.5047, 25.0051)
	for _, target := range []string{
		"/tiles/trees.json", "/styles/light.json?tileset=trees", "/tiles/trees/12/3430/1754.mvt", "/tiles/trees/12/3430/1754.mvt?properties=count&lang=en",
		"/tiles/trees/12/3430/1754.mvt?filter=" + esc("count>0"), fmt.Sprintf("/tiles/trees/12/3430/1754.mvt?as_of=%s-%d", c.store.Epoch(), seq),
		fmt.Sprintf("/tiles/trees/12/3430/1754.mvt?diff=%d", seq), "/v1/layers/trees/features", "/v1/layers/trees/features/tree01", "/v1/schemes/unit/cells", "/v1/layers/trees",
		"/v1/locate?lon=121.505&lat=25.005", "/v1/geocode?q=" + url.QueryEscape("信義路2號"),
	} {
		got := map[string]answer{}
		for _, who := range []string{"root", "one", "two", "garden", "one", "root"} {
			a := c.get(who, target)
			if before, again := got[who]; again && before.body != a.body && !strings.Contains(a.body, "request_id") {
				t.Errorf("%s is another for %s after others have asked", target, who)
			}
			got[who] = a
			control, vary := a.header.Get("Cache-Control"), strings.Join(a.header.Values("Vary"), ", ")
			if a.status < 400 && (!strings.Contains(control, "private") && control != "no-store" || strings.Contains(control, "public")) {
				t.Errorf("%s, %s: %d may be kept for others: Cache-Control %q", target, who, a.status, control)
			}
			if a.status < 400 && (!strings.Contains(vary, "Cookie") || !strings.Contains(vary, "Authorization")) {
				t.Errorf("%s, %s: Vary is %q", target, who, vary)
			}
		}
		for _, who := range []string{"two", "garden", ""} {
			for from, a := range got {
				tag := a.header.Get("ETag")
				if tag == "" || from == who || a.status != 200 || a.body == c.get(who, target).body {
					continue
				}
				if b := c.do("GET", target, map[string]string{whoHeader: who, "If-None-Match": tag}, ""); b.status == 304 {
					t.Errorf("%s: the ETag of %s counts for %q", target, from, who)
				}
			}
		}
	}
}

// TestIDsOfOthers names things of others by their ids, in every way that takes one.
func TestIDsOfOthers(t *testing.T) {
	c := staffed(t)
	for _, ask := range []string{
		"GET /v1/layers/trees/features/tree20", "GET /v1/layers/trees/features/tree20?as_of=2", "GET /v1/layers/trees/features/tree20/history", "DELETE /v1/layers/trees/features/tree20",
		"POST /v1/layers/trees/features/tree20/erase?reason=because+of+it", "GET /v1/layers/districts/features/D2", "GET /v1/layers/addresses/features/addr9",
		"GET /v1/schemes/unit/cells/A211-00", "GET /v1/layers/trees/features?in_cell=unit/A211-00", "GET /v1/staff/two", "GET /v1/accounts/root", "GET /v1/jobs/nobody", "GET /v1/imports/nobody",
		"GET /v1/changes/1", "POST /v1/changes/2/revert", "GET /v1/plans/nobody", "GET /tiles/trees/14/13722/7015.mvt?explain=1&feature=tree20",
	} {
		method, target, _ := strings.Cut(ask, " ")
		a := c.do(method, target, as("one"), "")
		if a.status < 400 && !strings.Contains(target, "explain") || a.status >= 500 {
			t.Errorf("%s: %d %s", ask, a.status, a.body)
		}
		other := c.do(method, strings.NewReplacer("tree20", "tree99", "D2", "D9", "addr9", "addr99", "A211", "A999", "two", "nine", "root", "none").Replace(target), as("one"), "")
		if a.status != other.status {
			t.Errorf("%s: %d for what is there, %d for what is not", ask, a.status, other.status)
		}
		same := strings.NewReplacer("tree99", "tree20", "D9", "D2", "addr99", "addr9", "A999", "A211")
		cutID := regexp.MustCompile(`"request_id":"[^"]*"|"milliseconds":[^,]*,|"cached":[^,]*,`)
		if x, y := cutID.ReplaceAllString(a.body, ""), cutID.ReplaceAllString(same.Replace(other.body), ""); x != y && a.status != 403 {
			t.Errorf("%s tells what is there from what is not:\n%s\n%s", ask, x, y)
		}
	}
	// Sessions and keys of others.
	m := withAccounts(t, nil).populate()
	root, ming := m.login("root"), m.login("ming")
	session := between(m.as(root, "GET", "/v1/me/sessions", "").body, `"id":"`, `"`)
	made := m.as(root, "POST", "/v1/keys", `{"name":"k"}`)
	var key struct{ Key struct{ ID string } }
	if err := json.Unmarshal([]byte(made.body), &key); err != nil || key.Key.ID == "" || session == "" {
		t.Fatalf("%v %s, session %q", err, made.body, session)
	}
	for _, target := range []string{"/v1/keys/" + key.Key.ID, "/v1/me/sessions/" + session} {
		if a := m.as(ming, "DELETE", target, ""); a.status != 404 {
			t.Errorf("ming ends %s of root: %d %s", target, a.status, a.body)
		}
		if a := m.as(root, "DELETE", target, ""); a.status != 204 {
			t.Errorf("%s is gone: %d %s", target, a.status, a.body)
		}
	}
}

// TestFiltersOfHidden names an attribute that is hidden in every language and place that takes a filter: the answer is that
// about an attribute that nobody ever had.
func TestFiltersOfHidden(t *testing.T) {
	c := staffed(t)
	texts := []string{
		"NAME > 4", "NAME IS NULL", "NOT (NAME = 4.5)", "tree_type = '榕樹' AND NAME BETWEEN 4 AND 5", "count = 4 OR NAME = 4.5", "\"NAME\" = 4.5", "NAME IN (4.5)",
		"NAME = count", "count + NAME > 3", "properties.NAME > 4",
	}
	targets := []string{"/v1/layers/trees/features?filter=", "/tiles/trees/12/3430/1754.mvt?filter=", "/tiles/trees.json?filter="}
	documents := []string{
		`{"op":">","args":[{"property":"NAME"},4]}`, `{"op":"not","args":[{"op":"isNull","args":[{"property":"NAME"}]}]}`,
		`{"op":"or","args":[{"op":"=","args":[{"property":"count"},4]},{"op":"=","args":[{"property":"NAME"},4.5]}]}`,
	}
	compare := func(with func(name string) string) {
		t.Helper()
		hidden, never := c.get("garden", with("diameter")), c.get("garden", with("nonsense"))
		list := regexp.MustCompile(`there are [^("]*|known are [^("]*`) // nearest first, so that the order depends on the name
		strip := func(a answer) string {
			a.body = list.ReplaceAllStringFunc(a.body, func(s string) string {
				names := strings.Split(strings.TrimSpace(strings.ReplaceAll(s, ",", "")), " ")
				slices.Sort(names)
				return strings.Join(names, " ")
			})
			text := regexp.MustCompile(`"request_id":"[^"]*"|"instance":"[^"]*"|\(byte \d+\)|"value":"[^"]*"`).ReplaceAllString(a.body, "")
			return strings.NewReplacer("diameter", "NAME", "nonsense", "NAME").Replace(text)
		}
		if strings.Contains(list.FindString(hidden.body), "diameter") || hidden.status != 400 || never.status != 400 || strip(hidden) != strip(never) {
			t.Errorf("%s: %d %s\n%d %s", with("NAME"), hidden.status, hidden.body, never.status, never.body)
		}
		if a := c.get("root", with("diameter")); a.status >= 500 {
			t.Errorf("%s: %d %s", with("diameter"), a.status, a.body)
		}
	}
	for _, target := range targets {
		for _, text := range texts {
			compare(func(name string) string { return target + url.QueryEscape(strings.ReplaceAll(text, "NAME", name)) })
		}
		for _, doc := range documents {
			compare(func(name string) string {
				return target + url.QueryEscape(strings.ReplaceAll(doc, "NAME", name)) + "&filter-lang=cql2-json"
			})
		}
	}
	for _, target := range []string{"/v1/layers/trees/features?NAME=4.5", "/tiles/trees/12/3430/1754.mvt?properties=NAME", "/tiles/trees.json?properties=id,NAME", "/v1/layers/trees/features?sortby=NAME", "/v1/layers/trees/features?properties=NAME"} {
		compare(func(name string) string { return strings.ReplaceAll(target, "NAME", name) })
	}
	// Changes that read it back: a write with a condition on it is none of the forms, and what is written of it is refused.
	for _, name := range []string{"diameter", "nonsense"} {
		body := fmt.Sprintf(`{"type":"Feature","id":"tree04","geometry":{"type":"Point","coordinates":[121.5065,25.0051]},"properties":{"tree_type":"榕樹",%q:1}}`, name)
		if a := c.do("PUT", "/v1/layers/trees/features/tree04", as("garden"), body); a.status != 422 || !strings.Contains(a.body, name) {
			t.Errorf("writing %s: %d %s", name, a.status, a.body)
		}
	}
}

// TestTimesTellNothing compares how long it takes to be told that something is out of sight, and that it is not there. The
// bound is wide: it finds a search that is done for one and not for the other, not a cache line.
func TestTimesTellNothing(t *testing.T) {
	c := staffed(t)
	took := func(target string) time.Duration {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		r.Header.Set(whoHeader, "one")
		w := httptest.NewRecorder()
		start := time.Now()
		c.server.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusNotFound {
			t.Fatalf("%s: %d %s", target, w.Code, w.Body)
		}
		return time.Since(start)
	}
	const rounds = 400
	for _, pair := range [][2]string{
		{"/v1/layers/trees/features/tree20", "/v1/layers/trees/features/tree99"},
		{"/v1/schemes/unit/cells/A211-00", "/v1/schemes/unit/cells/A999-00"},
	} {
		var there, absent []time.Duration
		for range rounds { // in turn, so that what else the machine does meets both
			there, absent = append(there, took(pair[0])), append(absent, took(pair[1]))
		}
		a, b := median(there), median(absent)
		if ratio := float64(a) / float64(b); ratio > 3 || ratio < 1./3 {
			t.Errorf("%s takes %v, %s %v", pair[0], a, pair[1], b)
		}
	}
}

func median(all []time.Duration) time.Duration {
	slices.SortFunc(all, cmp.Compare)
	return all[len(all)/2]
}

// TestLinksOnce uses the links of a reset and of an invitation twice, also at the same time.
func TestLinksOnce(t *testing.T) {
	m := withAccounts(t, nil).populate()
	root := m.login("root")
	token := func(a answer) string {
		_, after, ok := strings.Cut(a.member(t, "url"), "#")
		if a.status != 201 || !ok {
			t.Fatalf("%d %s", a.status, a.body)
		}
		return after
	}
	for name, ask := range map[string]struct {
		link string
		path string
		body func(n int, token string) string
	}{
		"reset": {
			token(m.as(root, "POST", "/v1/accounts/ming/reset", "")), "/v1/password-reset/accept",
			func(n int, token string) string {
				return fmt.Sprintf(`{"token":%q,"password":"ein ganz anderer Satz %d"}`, token, n)
			},
		},
		"invitation": {
			token(m.as(root, "POST", "/v1/invitations", `{"staff":"S-9"}`)), "/v1/invitations/accept",
			func(n int, token string) string {
				return fmt.Sprintf(`{"token":%q,"login":"new%d","password":%q}`, token, n, passphrase)
			},
		},
	} {
		const tries = 8
		codes := make(chan int, tries)
		for n := range tries {
			go func() {
				r := httptest.NewRequest(http.MethodPost, ask.path, strings.NewReader(ask.body(n, ask.link)))
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				m.server.Handler().ServeHTTP(w, r)
				codes <- w.Code
			}()
		}
		took := 0
		for range tries {
			switch code := <-codes; code {
			case 200, 204:
				took++
			case 410, 429, 503:
			default:
				t.Errorf("%s: %d", name, code)
			}
		}
		if took != 1 {
			t.Errorf("the link of the %s was taken %d times", name, took)
		}
		if a := m.do("POST", ask.path, jsonBody, ask.body(99, ask.link)); a.status != 410 && a.status != 429 {
			t.Errorf("%s, later: %d %s", name, a.status, a.body)
		}
	}
}

// TestPathsLeadNowhere puts ways out of folders into every part of every address, and into the names of what is imported.
func TestPathsLeadNowhere(t *testing.T) {
	folder := t.TempDir()
	c := newCity(t, func(cfg *Config) { cfg.Folder = folder }).fill()
	ways := []string{"..%2f..%2f..%2fetc%2fpasswd", "%2e%2e%2f%2e%2e%2fpeople.db", "..%5c..%5cboot.ini", "%2fetc%2fpasswd", "..", "%00", "tree01%00.json", "....%2f%2f....%2f%2fetc"}
	part := regexp.MustCompile(`\{[^}]+\}`)
	for _, rt := range c.server.routes() {
		if !part.MatchString(rt.path) || rt.stream && rt.method == "GET" {
			continue
		}
		for _, way := range ways {
			r := httptest.NewRequest(rt.method, part.ReplaceAllString(rt.path, way), nil)
			r.RemoteAddr, r.Host = "127.0.0.1:1", "127.0.0.1"
			w := httptest.NewRecorder()
			c.server.Handler().ServeHTTP(w, r)
			if w.Code < 300 || w.Code >= 500 && w.Code != http.StatusNotImplemented || strings.Contains(w.Body.String(), "root:") {
				t.Errorf("%s %s: %d %.300s", rt.method, r.URL, w.Code, w.Body)
			}
		}
	}
	for _, way := range []string{"/../../etc/passwd", "/..%2f..%2fetc/passwd", "/assets/..%2f..%2f..%2fetc%2fpasswd", "//etc/passwd", "/%2e%2e/%2e%2e/etc/passwd"} {
		w := httptest.NewRecorder()
		c.server.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, way, nil))
		if strings.Contains(w.Body.String(), "root:") || w.Code >= 500 {
			t.Errorf("%s: %d", way, w.Code)
		}
	}
	// An archive whose members want to be elsewhere, and one that says of itself what it is not.
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	for _, name := range []string{"../../../evil.shp", "/tmp/evil.dbf", `..\evil.shx`, "trees.shp"} {
		f, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte("evil")); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"shapefile", "xlsx", "kmz", "geopackage"} {
		for _, name := range []string{"../../evil.zip", "/etc/cron.d/evil", "evil\x00.zip"} {
			target := "/v1/layers/trees/import?format=" + format + "&name=" + url.QueryEscape(name)
			if a := c.do("POST", target, map[string]string{"Content-Type": "application/zip"}, packed.String()); a.status >= 500 || strings.Contains(a.body, `"added":1`) {
				t.Errorf("%s: %d %s", target, a.status, a.body)
			}
		}
	}
	if found := filesNamed(t, folder, "evil"); len(found) > 0 {
		t.Errorf("there is %v", found)
	}
}

// TestCursorsOfOthers: what pages hand out to go on leads nobody to what is not theirs.
func TestCursorsOfOthers(t *testing.T) {
	c := staffed(t)
	for _, target := range []string{"/v1/layers/trees/features?cursor=", "/v1/schemes/unit/cells?cursor="} {
		for _, after := range []string{"", "tree12", "tree19", "A2", "A199"} {
			a := c.get("one", target+url.QueryEscape(city.FormatCursor(c.store.Epoch(), after)))
			if a.status >= 500 || theirs.MatchString(a.body) {
				t.Errorf("%s after %q: %d %s", target, after, a.status, a.body)
			}
		}
	}
}

// filesNamed are the files below a folder with a text in their names.
func filesNamed(t *testing.T, dir, text string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if strings.Contains(filepath.Base(path), text) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
