package open311_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases/class"
	"github.com/gewu-city/gewu/server/open311"
)

// TestAddresses: what clients do to addresses is taken, and what is none is 404 as errors.
func TestAddresses(t *testing.T) {
	w := story(t)
	for target, kind := range map[string]string{
		"/open311/v2/services.xml": "text/xml", "/open311/v2/services.xml?": "text/xml", "/open311/v2/services.xml/": "text/xml", "/open311/v2//services.xml": "text/xml",
		"/open311/v2/services": "text/xml", "/open311/v2/services.JSON": "application/json", "/open311/v2/requests/C-0000": "text/xml",
		"/open311/discovery.xml/": "text/xml", "/open311/v2/discovery.json": "application/json", "/open311/discovery": "text/xml",
		"/open311": "text/html", "/open311/": "text/html", "/open311/v2": "text/html", "/open311/v2/": "text/html", "/open311/test": "text/html",
		"/open311/v2/bulk.csv": "text/csv", "/open311/v2/bulk": "text/csv",
	} {
		if rec := w.get(target); rec.Code != 200 || !strings.HasPrefix(rec.Header().Get("Content-Type"), kind) {
			t.Errorf("%s: %d %s", target, rec.Code, rec.Header().Get("Content-Type"))
		}
	}
	if rec := w.get("/open311/v2/services", "Accept", "application/json"); rec.Header().Get("Content-Type") != "application/json; charset=utf-8" {
		t.Error(rec.Header())
	}
	for _, target := range []string{
		"/open311/v1/services.xml", "/open311/v2/service.xml", "/open311/v2/services.yaml", "/open311/v2/services/a/b.xml", "/open311/services.xml", "/open311/v2/services/none.xml",
		"/open311/v2/tokens.xml", "/open311/v2/discovery/x.xml", "/open311/v2/requests/none.xml", "/open311/elsewhere", "/open311/v2/requests.csv",
	} {
		if rec := w.get(target); rec.Code != 404 || !strings.Contains(rec.Body.String(), "<errors><error><code>404</code>") {
			t.Errorf("%s: %d %s", target, rec.Code, rec.Body)
		}
	}
	if rec := w.form("/open311/v2/services.json", "api_key", "secret"); rec.Code != 404 || !strings.HasPrefix(rec.Body.String(), `[{"code":404`) {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	page := w.get("/open311/test", "Accept-Language", "zh").Body.String()
	for _, want := range []string{`lang="zh"`, "东城区", "测试", "/open311/test/services/part-01002.xml", "污水井盖"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
}

// TestWhere: services are offered in the city only.
func TestWhere(t *testing.T) {
	w := open(t, "base", nil)
	var all, here, there []any
	w.json("/open311/v2/services.json", &all)
	w.json("/open311/v2/services.json?lat=39.9&long=116.4", &here)
	w.json("/open311/v2/services.json?lat=48.1&long=11.5", &there)
	if len(all) == 0 || len(here) != len(all) || len(there) != 0 {
		t.Errorf("%d, %d, %d", len(all), len(here), len(there))
	}
	if rec := w.get("/open311/v2/services.json?lat=39.9"); rec.Code != 400 {
		t.Error(rec.Code)
	}
}

// TestChangeset: it is another one exactly when the services are, also over a restart, and clients that have it are told so.
func TestChangeset(t *testing.T) {
	path := filepath.Join(t.TempDir(), "open311.json")
	classes := class.Default()
	start := func(now time.Time) *town {
		w := open(t, "base", func(c *open311.Config) {
			c.Changed = &open311.FileChanges{Path: path}
			c.Classes = func() *class.Table { return classes }
		})
		w.now = now
		return w
	}
	changeset := func(w *town) string {
		var d discovery
		w.json("/open311/discovery.json", &d)
		if d.Endpoints[0].Changeset != d.Changeset || d.Endpoints[1].Changeset != d.Changeset {
			t.Errorf("%+v", d)
		}
		return d.Changeset
	}
	w := start(monday)
	first := changeset(w)
	rec := w.get("/open311/v2/services.json")
	tag, modified := rec.Header().Get("ETag"), rec.Header().Get("Last-Modified")
	if rec := w.get("/open311/v2/services.json", "If-None-Match", tag); rec.Code != http.StatusNotModified || rec.Body.Len() != 0 {
		t.Error(rec.Code)
	}
	if rec := w.get("/open311/v2/services.json", "If-Modified-Since", modified); rec.Code != http.StatusNotModified {
		t.Error(rec.Code)
	}
	for name, headers := range map[string][]string{
		"/open311/v2/services.xml": {"If-None-Match", tag}, "/open311/v2/services.json?x": {"If-None-Match", tag, "Accept-Language", "zh"}, "/open311/v2/services.json?lat=39.9&long=116.4": {"If-None-Match", tag},
	} {
		if rec := w.get(name, headers...); rec.Code != 200 {
			t.Errorf("%s: %d", name, rec.Code)
		}
	}
	if got := changeset(start(monday.Add(48 * time.Hour))); got != first || first != "2026-11-02T03:00:00Z" {
		t.Errorf("after a restart %s, before it %s", got, first)
	}
	other := must[*class.Table](t)(class.New(&class.City{Edition: "GBT30428.2-2013"}))
	classes = other
	w.now = monday.Add(-time.Hour) // a clock that was set back
	second := changeset(w)
	if second <= first {
		t.Errorf("other services: %s after %s", second, first)
	}
	if rec := w.get("/open311/v2/services.json", "If-None-Match", tag); rec.Code != 200 {
		t.Error("a client goes on with the services before")
	}
	// The same classes, read again, are no change.
	classes = must[*class.Table](t)(class.New(&class.City{Edition: "GBT30428.2-2013"}))
	w.now = monday.Add(time.Hour)
	if got := changeset(w); got != second {
		t.Errorf("%s after %s", got, second)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if rec := start(monday).get("/open311/discovery.xml"); rec.Code != 500 || !strings.Contains(rec.Body.String(), "<errors>") || strings.Contains(rec.Body.String(), path) {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}
