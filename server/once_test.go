package server

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/internal/obs"
)

// restart puts a new server before the same store, which knows nothing of the requests that the old one took.
func (c *town) restart() {
	c.t.Helper()
	cfg := c.server.cfg
	cfg.Registry = obs.NewRegistry()
	c.stop()
	var err error
	if c.server, err = New(cfg); err != nil {
		c.t.Fatal(err)
	}
	c.serve()
}

// TestEveryWriteIsDoneOnce sends each kind of write with a key, again, and again to a new server: it is done once, and
// the answers name the same entry.
func TestEveryWriteIsDoneOnce(t *testing.T) {
	c := newCity(t, nil).fill()
	feature := `{"type":"Feature","geometry":` + somewhere + `,"properties":{"height":1.5}}`
	writes := []scenario{
		{method: "POST", url: "/v1/layers", body: lamps, status: 201},
		{method: "PATCH", url: "/v1/layers/lamps", body: `{"alter":[{"op":"rename","attribute":"height","to":"tall"}]}`, status: 200},
		{method: "PATCH", url: "/v1/layers/lamps", body: `{"alter":[{"op":"rename","attribute":"tall","to":"height"}]}`, status: 200},
		{method: "PUT", url: "/v1/layers/lamps/features/a%2Fb", header: map[string]string{"If-None-Match": "*"}, body: feature, status: 200},
		{method: "POST", url: "/v1/changes", body: changes(put("lamps", "l1", somewhere, `{}`)), status: 200},
		{method: "DELETE", url: "/v1/layers/lamps/features/a%2Fb", status: 200},
		{method: "POST", url: "/v1/schemes", body: `{"name":"fire","levels":["district"],"cells":{"layer":"units"}}`, status: 201},
		{method: "DELETE", url: "/v1/schemes/fire", status: 200},
		{method: "DELETE", url: "/v1/layers/lamps", status: 200},
	}
	send := func(i int, body string) answer {
		header := map[string]string{"Idempotency-Key": fmt.Sprint("key ", i), "Content-Type": "application/json"}
		maps.Copy(header, writes[i].header)
		return c.do(writes[i].method, writes[i].url, header, body)
	}
	for i, w := range writes {
		first := send(i, w.body)
		if first.status != w.status {
			t.Fatalf("%s %s: %d %s", w.method, w.url, first.status, first.body)
		}
		last := c.store.Last()
		for _, when := range []string{"again", "after a restart"} {
			if when != "again" {
				c.restart()
			}
			a := send(i, w.body)
			if a.status != first.status || a.header.Get("X-Gewu-Seq") != fmt.Sprint(last) || a.body != first.body || a.header.Get("Location") != first.header.Get("Location") {
				t.Errorf("%s %s %s: %d %s, the first answer was %d %s", w.method, w.url, when, a.status, a.body, first.status, first.body)
			}
			if a := send(i, w.body+" "); a.status != 422 || !strings.Contains(a.body, `"field":"Idempotency-Key"`) {
				t.Errorf("%s %s %s with another body: %d %s", w.method, w.url, when, a.status, a.body)
			}
		}
		if c.store.Last() != last {
			t.Errorf("%s %s was done again: the log went from %d to %d", w.method, w.url, last, c.store.Last())
		}
	}
	// Those of old servers are still known when later ones wrote on.
	for i, w := range writes {
		if a := send(i, w.body); a.status/100 != 2 && a.status != 404 {
			t.Errorf("%s %s at last: %d %s", w.method, w.url, a.status, a.body)
		}
	}
}

// TestWritesTakeKeys fails for a route that writes and does not document the key.
func TestWritesTakeKeys(t *testing.T) {
	doc := loadSpec(t).doc
	for _, r := range (&Server{}).routes() {
		if r.access != writers || r.stream || r.method == "GET" {
			continue
		}
		if op := doc.Paths.Find(r.path).GetOperation(r.method); op.Parameters.GetByInAndName("header", "Idempotency-Key") == nil {
			t.Errorf("%s %s does not document Idempotency-Key", r.method, r.path)
		}
	}
}

// TestKeyOfALateAnswer gives up a request before the engine shows what it wrote: it has written, and its key knows.
func TestKeyOfALateAnswer(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Limits.MinSeq = time.Nanosecond }).fill()
	before := c.store.Last()
	for range 3 {
		a := c.do("POST", "/v1/changes", jsonWith("Idempotency-Key", "late"), changes(put("trees", "late", somewhere, `{}`)))
		if a.status != 200 || a.body != fmt.Sprintf(`{"seq":%d,"ids":["late"]}`, before+1) {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if c.store.Last() != before+1 {
		t.Errorf("the request was done %d times", c.store.Last()-before)
	}
}
