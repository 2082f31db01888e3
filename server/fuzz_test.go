package server

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// FuzzQuery sends any query to the routes that read one: an answer or a problem document, never a fault.
func FuzzQuery(f *testing.F) {
	for _, q := range []string{
		"lon=121.505&lat=25.005", "lon=NaN&lat=1e999", "bbox=121,25,122,26&limit=3", "cursor=YQ", "min_seq=1", "min_seq=a-1",
		"tree_type=x&count=1&planted=2001-02-03", "crs=EPSG:3826&lon=302000&lat=2765500", "%zz", "a=%ff", "layers=trees",
		"at=2026-03-01", "at=2026-03-01T00:00:00+08:00&as_of=2", "as_of=x-1", "as_of=0", "at=0000-00-00", "as_of=-1", "as_of=18446744073709551615", "after=1&from=3&state=done&force=true",
		"filter=count>5+AND+tree_type+LIKE+'%25a'", "filter={\"op\":\"isNull\",\"args\":[{\"property\":\"count\"}]}&filter-lang=cql2-json",
		"q=%E4%BF%A1%E7%BE%A9%E8%B7%AF3&limit=2&focus=121.5,25&bbox=121,25,122,26", "q=x&format=geojson&viewbox=2,1,1,2&bounded=1", "q=%E5%8C%97&fallback=area&least=1&crs=gcj02", "lat=25.005&lon=121.5091&radius=0.5&format=jsonv2&kinds=house",
		"filter=S_INTERSECTS(geometry,BBOX(302000,2765500,302100,2765600))&filter-crs=EPSG:3826&filter-lang=cql-text",
	} {
		f.Add(q)
	}
	c := newCity(f, func(cfg *Config) { cfg.Limits.MinSeq = 1 }).fill()
	paths := []string{"/v1/locate", "/v1/layers", "/v1/layers/trees/features", "/v1/layers/trees/features/tree01", "/tiles/city/14/13721/7015.mvt", "/tiles/city.json", "/styles/light.json", "/v1/schemes", "/v1/layers/trees/export", "/v1/layers/trees/features/tree01/history", "/v1/changes", "/v1/changes/2", "/v1/plans", "/v1/geocode", "/v1/reverse", "/v1/suggest", "/geocoder/search", "/geocoder/reverse", "/geocoder/api", "/geocoder/api/reverse"}
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range paths {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.URL.RawQuery = query
			c.survives(t, r)
		}
	})
}

// FuzzPath sends any path.
func FuzzPath(f *testing.F) {
	for _, p := range []string{
		"/tiles/city/14/13721/7015.mvt", "/tiles/trees,units/0/0/0.pbf", "/tiles/../x", "/v1/layers/trees/features/a%2Fb",
		"/v1/layers/%ff/features/%00", "//v1//layers", "/tiles/city/1e1/-1/0x0.mvt", "/assets/../../x", "/v1/schemes/%E4%B8%AD",
	} {
		f.Add(p)
	}
	c := newCity(f, nil).fill()
	f.Fuzz(func(t *testing.T, path string) {
		u, err := url.ParseRequestURI(path)
		if err != nil || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "/v1/events") {
			return
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL = u
		c.survives(t, r)
	})
}

// survives demands an answer below 500 (503 for a position that does not come) and problems as documents.
func (c *town) survives(t *testing.T, r *http.Request) {
	t.Helper()
	w := httptest.NewRecorder()
	c.server.Handler().ServeHTTP(w, r)
	switch {
	case w.Code >= 500 && w.Code != 503 && w.Code != 501:
		t.Errorf("%s: %d\n%s\n%s", r.URL, w.Code, w.Body, c.logged())
	case w.Code >= 400 && (w.Header().Get("Content-Type") != "application/problem+json" || !json.Valid(w.Body.Bytes())):
		t.Errorf("%s: %d is no problem document: %s", r.URL, w.Code, w.Body)
	}
}

// FuzzCursor reads any cursor, and its own back.
func FuzzCursor(f *testing.F) {
	f.Add("YQ", "epoch", "id")
	f.Add("", "", "中文/\n")
	f.Fuzz(func(t *testing.T, text, epoch, id string) {
		_, _ = city.ParseCursor(text, data.Epoch(epoch))
		if strings.Contains(epoch, "\n") || data.CheckID(id) != nil {
			return
		}
		if got, err := city.ParseCursor(city.FormatCursor(data.Epoch(epoch), id), data.Epoch(epoch)); err != nil || got != id {
			t.Errorf("%q: %q %v", id, got, err)
		}
	})
}

// FuzzPosition reads any position, and its own back.
func FuzzPosition(f *testing.F) {
	f.Add("epoch-1", "e-p", uint64(7))
	f.Fuzz(func(t *testing.T, text, epoch string, seq uint64) {
		_, _ = city.ParsePosition(text)
		if epoch == "" {
			return
		}
		got, ok := city.ParsePosition(city.FormatPosition(data.Epoch(epoch), data.Seq(seq)))
		if !ok || got != (city.Position{Epoch: data.Epoch(epoch), Seq: data.Seq(seq)}) {
			t.Errorf("%q %d: %+v %v", epoch, seq, got, ok)
		}
	})
}

// FuzzNDJSON answers any line with one line of JSON that keeps the members.
func FuzzNDJSON(f *testing.F) {
	for _, line := range []string{
		`{"lon":1,"lat":2}`, `{"a":"\"}","lon":"x","lat":[]}`, `{"A":{"b":[1,{}]}}`, `[]`, `{"é":1}`, `{"q":"信義路3號","label":1}`, `{"address":"\ud800信義路三號","error":{}}`, `{"q":null}`,
	} {
		f.Add(line)
	}
	c := newCity(f, nil).fill()
	f.Fuzz(func(t *testing.T, line string) {
		if line = strings.TrimSpace(line); line == "" || strings.Contains(line, "\n") {
			return
		}
		c.keepsMembers(t, "/v1/locate", line, "areas", "cells", "address", "error")
		c.keepsMembers(t, "/v1/geocode", line, "lon", "lat", "score", "kind", "relation", "label", "place_layer", "place_id", "radius_m", "faults", "areas", "cells", "error")
	})
}

// keepsMembers sends a line and demands one line of JSON with its members, but those that the answer may write.
func (c *town) keepsMembers(t *testing.T, path, line string, written ...string) {
	t.Helper()
	var before, after map[string]json.RawMessage
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(line))
	r.Header.Set("Content-Type", rest.TypeNDJSON)
	w := httptest.NewRecorder()
	c.server.Handler().ServeHTTP(w, r)
	out := w.Body.Bytes()
	if err := json.Unmarshal(out, &after); err != nil || strings.Count(string(out), "\n") != 1 {
		t.Fatalf("%s: %q became %q: %v", path, line, out, err)
	}
	if !utf8.ValidString(line) || json.Unmarshal([]byte(line), &before) != nil {
		return
	}
	for name, v := range before {
		if !slices.Contains(written, name) && string(after[name]) != string(v) {
			t.Errorf("%s: member %q was %s and is %s", path, name, v, after[name])
		}
	}
}
