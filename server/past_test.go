package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/rest"
)

// pastCity is a city in which trees were moved and corrected. Entries: 1 layers, 2 features, then
//
//	3  tree00 moves to 121.510
//	4  tree00 moves to 121.515
//	5  tree00 is said to have stood at 121.535 since 2020
//	6  tree01 ends
//	7  addr0 is renamed
func pastCity(t *testing.T) *town {
	t.Helper()
	c := newCity(t, func(cfg *Config) { cfg.Zone = time.FixedZone("city", 8*3600) }).fill()
	c.move("tree00", 121.510, 25.005)
	c.move("tree00", 121.515, 25.005)
	for _, body := range []string{
		`{"effective":"2020-05-01T00:00:00+08:00","cause":"correction","changes":[` + put("trees", "tree00", `{"type":"Point","coordinates":[121.535,25.005]}`, `{"tree_type":"榕樹"}`) + `]}`,
		`{"changes":[{"op":"delete","layer":"trees","id":"tree01"}]}`,
		`{"changes":[` + put("addresses", "addr0", `{"type":"Point","coordinates":[121.501,25.005]}`, `{"road":"新路","full":"新路1號"}`) + `]}`,
	} {
		if a := c.do("POST", "/v1/changes", sendJSON, body); a.status != http.StatusOK {
			t.Fatal(a.body)
		}
	}
	return c
}

// recorded is when an entry was recorded, as a parameter.
func (c *town) recorded(seq data.Seq) string {
	c.t.Helper()
	h, err := c.store.Header(context.Background(), seq)
	if err != nil {
		c.t.Fatal(err)
	}
	return url.QueryEscape(h.Recorded.In(time.FixedZone("", 8*3600)).Format(time.RFC3339Nano))
}

// TestThePast asks every route for moments of the past.
func TestThePast(t *testing.T) {
	c := pastCity(t)
	epoch := string(c.store.Epoch())
	tree := "/v1/layers/trees/features/tree00"
	for _, sc := range []scenario{
		{name: "now", url: tree, status: 200, want: []string{"121.535", `"seq":5`}, not: []string{`"as_of"`, `"at"`, "X-Gewu-At: "}},
		{name: "as of a position", url: tree + "?as_of=3", status: 200, want: []string{"121.51,", `"seq":3`, "X-Gewu-Seq: 3"}},
		{name: "as of a position of this history", url: tree + "?as_of=" + epoch + "-4", status: 200, want: []string{"121.515", "X-Gewu-Seq: 4"}},
		{name: "as of a time", url: tree + "?as_of=" + c.recorded(3), status: 200, want: []string{"121.51,", "X-Gewu-Seq: 3"}},
		{name: "as of nothing", url: tree + "?as_of=0", status: 404, want: []string{"there is none yet"}},
		{name: "at a time, with the correction", url: tree + "?at=2021-01-01", status: 200, want: []string{"121.535", "X-Gewu-At: 2021-01-01T00:00:00+08:00"}},
		{name: "at a time before everything", url: tree + "?at=2019-01-01", status: 404, want: []string{"is no feature of layer trees, which has 0", "; it exists since 2020-05-01T00:00:00+08:00, recorded with seq 5"}, not: []string{"ended"}},
		{name: "at the first year", url: tree + "?at=0000-01-01", status: 404, want: []string{"it exists since"}},
		{name: "at the zero of the clock", url: tree + "?at=0001-01-01T00:00:00Z", status: 404, want: []string{"it exists since"}},
		{name: "as of a time before it", url: tree + "?as_of=1", status: 404, want: []string{"it exists since", "recorded with seq 2"}, not: []string{"ended"}},
		{name: "at a time, as known before the correction", url: tree + "?at=2021-01-01&as_of=4", status: 404},
		{name: "at the end of the day before", url: tree + "?at=2020-04-30T23:59:59%2B08:00", status: 404},
		{name: "at the first moment of the day", url: tree + "?at=2020-05-01", status: 200},
		{name: "at the first moment in another zone", url: tree + "?at=2020-04-30T16:00:00Z", status: 200},
		{name: "a plus sign that is not encoded", url: tree + "?at=2021-01-01T00:00:00+08:00", status: 200, want: []string{"X-Gewu-At: 2021-01-01T00:00:00+08:00"}},
		{name: "at a time to come", url: tree + "?at=2999-01-01", status: 200, want: []string{"121.535"}},

		{name: "list", url: "/v1/layers/trees/features?as_of=5&limit=2", status: 200, want: []string{`"tree01"`, `"as_of":5`, `"seq":5`, `"next":`}, not: []string{`"at":`}},
		{name: "list now", url: "/v1/layers/trees/features?limit=2", status: 200, want: []string{`"tree02"`}, not: []string{`"tree01"`, "as_of"}},
		{name: "list by box", url: "/v1/layers/trees/features?as_of=3&bbox=121.509,25,121.5101,25.006", status: 200, want: []string{`"tree00"`}},
		{name: "list by attribute", url: "/v1/layers/addresses/features?as_of=6&road=" + url.QueryEscape("信義路") + "&limit=1", status: 200, want: []string{`"addr0"`}},
		{name: "list at a date", url: "/v1/layers/trees/features?at=2021-01-01", status: 200, want: []string{`"numberReturned":1`, `"at":"2021-01-01T00:00:00+08:00"`}, not: []string{"as_of"}},
		{name: "locate", url: "/v1/locate?lon=121.501&lat=25.005&as_of=6", status: 200, want: []string{"信義路1號", `"as_of":6`, `"code":"A111-00"`}},
		{name: "locate now", url: "/v1/locate?lon=121.501&lat=25.005", status: 200, want: []string{"新路1號"}, not: []string{"as_of"}},
		{name: "locate before there were areas", url: "/v1/locate?lon=121.501&lat=25.005&as_of=1", status: 200, want: []string{`"areas":[]`, `"cells":[]`}},
		{name: "locate at a date", url: "/v1/locate?lon=121.535&lat=25.005&at=2021-01-01", status: 200, want: []string{`"areas":[]`, `"id":"tree00"`, `"at":"2021-01-01T00:00:00+08:00"`}},
		{name: "rows", method: "POST", url: "/v1/locate?as_of=6", header: sendCSV, body: "lon,lat\n121.501,25.005\n", status: 200, want: []string{"信義路1號", "X-Gewu-Seq: 6"}},
		{name: "export", url: "/v1/layers/trees/export?format=csv&as_of=3", status: 200, want: []string{"tree01", "121.51,", "X-Gewu-Seq: 3"}},
		{name: "export at a date", url: "/v1/layers/trees/export?format=csv&at=2021-01-01", status: 200, want: []string{"tree00", "X-Gewu-At: 2021-01-01T00:00:00+08:00"}, not: []string{"tree01"}},
		{name: "layers", url: "/v1/layers?as_of=1", status: 200, want: []string{`"count":0`, `"as_of":1`}},
		{name: "layers before there were any", url: "/v1/layers?as_of=0", status: 200, want: []string{`"layers":[]`, `"as_of":0`}},
		{name: "one layer", url: "/v1/layers/trees?as_of=5", status: 200, want: []string{`"count":25`}},
		{name: "schemes", url: "/v1/schemes?as_of=1", status: 200, want: []string{`"schemes":[]`, `"as_of":1`}},
		{name: "one scheme", url: "/v1/schemes/unit?as_of=1", status: 404},
		{name: "a cell", url: "/v1/schemes/unit/cells/A111-00?as_of=2", status: 200, want: []string{`"as_of":2`, `"changed_seq":2`}},
		{name: "cells", url: "/v1/schemes/unit/cells?at=2021-01-01", status: 200, want: []string{`"count":0`, `"at":`}},
		{name: "wait and look back", url: tree + "?as_of=3&min_seq=7", status: 200, want: []string{`"seq":3`}},

		{name: "beyond the newest", url: tree + "?as_of=9999", status: 400, want: []string{`"field":"as_of","value":"9999"`, "the newest position is 7"}},
		{name: "another history", url: tree + "?as_of=0123456789abcdef-3", status: 410, want: []string{"belongs to another history"}},
		{name: "not a position", url: tree + "?as_of=x", status: 400, want: []string{`"field":"as_of","value":"x"`}},
		{name: "not a time", url: tree + "?at=yesterday", status: 400, want: []string{`"field":"at","value":"yesterday"`}},
		{name: "a time without its zone", url: tree + "?at=2021-01-01T00:00:00", status: 400},
		{name: "where there is no past", url: "/styles/light.json?at=2021-01-01", status: 400, want: []string{`"field":"at"`}},
		{name: "writes have no past", method: "DELETE", url: tree + "?as_of=3", status: 400},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}

// TestTilesOfThePast follows TileJSON of a moment to its tiles.
func TestTilesOfThePast(t *testing.T) {
	c := pastCity(t)
	epoch := string(c.store.Epoch())
	describe := func(query string) (doc struct {
		Tiles []string
		Seq   data.Seq
	},
	) {
		t.Helper()
		a := c.do("GET", "/tiles/trees.json?"+query, nil, "")
		if err := json.Unmarshal([]byte(a.body), &doc); err != nil || a.status != 200 {
			t.Fatal(a.body)
		}
		return doc
	}
	address := func(tile string) string {
		return strings.NewReplacer("{z}", "14", "{x}", "13721", "{y}", "7018", c.http.URL, "").Replace(tile)
	}
	past, present := describe("as_of="+c.recorded(3)), describe("")
	if want := "?as_of=" + epoch + "-3"; !strings.HasSuffix(past.Tiles[0], want) || past.Seq != 3 || strings.Contains(present.Tiles[0], "?") {
		t.Errorf("tiles at %s and %s, want %s", past.Tiles[0], present.Tiles[0], want)
	}
	dated := describe("at=2021-01-01&as_of=5")
	if q := mustQuery(t, dated.Tiles[0]); q.Get("at") != "2021-01-01T00:00:00+08:00" || q.Get("as_of") != epoch+"-5" {
		t.Errorf("tiles of a date at %s", dated.Tiles[0])
	}
	x, y := tileAt(121.5005, 25.0051, 14)
	tile := func(query string) answer {
		t.Helper()
		return c.do("GET", fmt.Sprintf("/tiles/trees/14/%d/%d.mvt%s", x, y, query), nil, "")
	}
	now, then := tile(""), tile("?as_of="+epoch+"-2")
	if now.status != 200 || then.status != 200 || now.header.Get("ETag") == then.header.Get("ETag") {
		t.Fatalf("%d %d: tiles with and without a tree have ETags %s and %s", now.status, then.status, now.header.Get("ETag"), then.header.Get("ETag"))
	}
	if again := tile("?as_of=2"); again.header.Get("ETag") != then.header.Get("ETag") {
		t.Error("one moment has two tiles")
	}
	for query, immutable := range map[string]bool{
		"": false, "?as_of=3": false, "?as_of=" + c.recorded(3): false, "?as_of=" + epoch + "-3": true, "?at=2021-01-01": false,
		"?as_of=" + epoch + "-5&at=2021-01-01": false, "?as_of=" + epoch + "-5&at=2021-01-01T00:00:00Z": true,
	} {
		if got := strings.Contains(tile(query).header.Get("Cache-Control"), "immutable"); got != immutable {
			t.Errorf("%s is immutable: %v", query, got)
		}
	}
	if a := c.do("GET", address(past.Tiles[0]), nil, ""); a.status != 200 && a.status != 204 {
		t.Errorf("the address of the document: %d", a.status)
	}
	if a := tile("?as_of=9999"); a.status != 400 {
		t.Errorf("beyond the newest: %d", a.status)
	}
}

func mustQuery(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// TestHistory asks what happened, to a feature and in the log.
func TestHistory(t *testing.T) {
	c := pastCity(t)
	epoch := string(c.store.Epoch())
	history := "/v1/layers/trees/features/tree00/history"
	for _, sc := range []scenario{
		{name: "history", url: history, status: 200, want: []string{`"id":"tree00"`, `"cause":"correction"`, `"effective":"2020-04-30T16:00:00Z"`, "121.535", "121.515", "121.51,", "121.5005"}, not: []string{`"next"`}},
		{name: "a page", url: history + "?limit=2", status: 200, want: []string{"121.535", "121.515", `"next":`}, not: []string{"121.51,"}},
		{name: "of what is gone", url: "/v1/layers/trees/features/tree01/history", status: 200, want: []string{`"op":"delete"`, `"op":"put"`}},
		{name: "of what never was", url: "/v1/layers/trees/features/tree99/history", status: 404},
		{name: "of no layer", url: "/v1/layers/nowhere/features/x/history", status: 404, want: []string{"there are districts"}},
		{name: "wrong cursor", url: history + "?cursor=x", status: 400, want: []string{`"field":"cursor"`}},
		{name: "wrong limit", url: history + "?limit=0", status: 400},
		{name: "unknown parameter", url: history + "?at=2021-01-01", status: 400},

		{name: "log", url: "/v1/changes?limit=3", status: 200, want: []string{`"seq":1`, `"seq":3`, `"count":5`, `"prev_hash":"0000`, `"next":"` + epoch + `-3"`}, not: []string{`"seq":4`}},
		{name: "log from a position", url: "/v1/changes?after=" + epoch + "-5", status: 200, want: []string{`"seq":6`, `"seq":7`}, not: []string{`"next"`, `"cause":"correction"`}},
		{name: "log from the end", url: "/v1/changes?after=7", status: 200, want: []string{`"changes":[]`}},
		{name: "log of another history", url: "/v1/changes?after=00-5", status: 410},
		{name: "log from nowhere", url: "/v1/changes?after=x", status: 400, want: []string{`"field":"after"`}},
		{name: "log for others", url: "/v1/changes", header: map[string]string{"X-Forwarded-For": "10.0.0.1"}, status: 403},

		{name: "entry", url: "/v1/changes/5", status: 200, want: []string{`"cause":"correction"`, `"stream":"feature"`, `"prev":4`, `"tree_type":"榕樹"`, `"count":1`}},
		{name: "entry of definitions", url: "/v1/changes/1", status: 200, want: []string{`"stream":"schema"`, `"definition":{"name":"districts"`}},
		{name: "entry of a scheme", url: "/v1/changes/2?limit=1", status: 200, want: []string{`"stream":"scheme"`, `"scheme":"unit"`, `"next":1`}},
		{name: "its next page", url: "/v1/changes/2?from=1&limit=1", status: 200, want: []string{`"id":"D1"`, `"next":2`}, not: []string{`"stream":"scheme"`}},
		{name: "entry of a delete", url: "/v1/changes/6", status: 200, want: []string{`"op":"delete"`, `"id":"tree01"`}},
		{name: "no entry", url: "/v1/changes/8", status: 404, want: []string{`"field":"seq","value":"8"`, "1 to 7"}},
		{name: "entry 0", url: "/v1/changes/0", status: 404},
		{name: "not an entry", url: "/v1/changes/x", status: 400},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
	c.t = t
	var seqs []data.Seq
	for cursor, more := "", true; more; {
		a := c.do("GET", history+"?limit=1&cursor="+cursor, nil, "")
		var page struct {
			Changes []struct{ Seq data.Seq }
			Next    string
		}
		if err := json.Unmarshal([]byte(a.body), &page); err != nil || len(page.Changes) != 1 {
			t.Fatalf("%v: %s", err, a.body)
		}
		seqs = append(seqs, page.Changes[0].Seq)
		cursor, more = page.Next, page.Next != ""
	}
	if want := []data.Seq{5, 4, 3, 2}; !slices.Equal(seqs, want) {
		t.Errorf("pages of one change: %v, want %v", seqs, want)
	}
	if a := c.do("DELETE", "/v1/layers/trees", nil, ""); a.status != 200 {
		t.Fatal(a.body)
	}
	scenario{url: "/v1/changes/5", status: 200, want: []string{`"value_1":"榕樹"`}}.run(t, c)
}

// TestRevert turns entries around.
func TestRevert(t *testing.T) {
	c := pastCity(t)
	tree := "/v1/layers/trees/features/tree00"
	for _, sc := range []scenario{
		{name: "clean", method: "POST", url: "/v1/changes/6/revert", status: 200, want: []string{`{"seq":8,"reverted":6,"count":1}`}},
		{name: "it is back", url: "/v1/layers/trees/features/tree01", status: 200, want: []string{`"count":1`, `"seq":8`}},
		{name: "why", url: "/v1/changes/8", status: 200, want: []string{`"cause":"revert:6"`}},
		{name: "twice", method: "POST", url: "/v1/changes/6/revert", status: 409, want: []string{`"field":"trees/tree01","value":"8"`, "changed again by seq 8"}},
		{name: "changed since", method: "POST", url: "/v1/changes/4/revert", status: 409, want: []string{`"field":"trees/tree00","value":"5"`, "force=true"}},
		{name: "still as it was", url: tree, status: 200, want: []string{"121.535"}},
		{name: "with force", method: "POST", url: "/v1/changes/4/revert?force=true", status: 200, want: []string{`"reverted":4`}},
		{name: "as before 4", url: tree, status: 200, want: []string{"121.51,"}},
		{name: "the revert reverted", method: "POST", url: "/v1/changes/9/revert", status: 200},
		{name: "as before", url: tree, status: 200, want: []string{"121.535"}},
		{name: "definitions", method: "POST", url: "/v1/changes/1/revert", status: 422, want: []string{"it defines layer districts"}},
		{name: "a scheme", method: "POST", url: "/v1/changes/2/revert", status: 422, want: []string{"it changes scheme unit"}},
		{name: "no entry", method: "POST", url: "/v1/changes/99/revert", status: 404},
		{name: "not an entry", method: "POST", url: "/v1/changes/x/revert", status: 400},
		{name: "wrong parameter", method: "POST", url: "/v1/changes/6/revert?forced=true", status: 400, want: []string{`"field":"forced"`}},
		{name: "from elsewhere", method: "POST", url: "/v1/changes/6/revert", header: map[string]string{"X-Forwarded-For": "10.0.0.1"}, status: 403},
		{name: "once", method: "POST", url: "/v1/changes/7/revert", header: map[string]string{"Idempotency-Key": "k"}, status: 200, want: []string{`"seq":11`}},
		{name: "once and no more", method: "POST", url: "/v1/changes/7/revert", header: map[string]string{"Idempotency-Key": "k"}, status: 200, want: []string{`"seq":11`}},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}

// TestEventsOfCasesInTheLog sees that the log tells that something happened to a case, not what, and that it stays.
func TestEventsOfCasesInTheLog(t *testing.T) {
	c := pastCity(t)
	body := []byte(`{"secret":"broken lamp"}`)
	seq, err := c.store.Append(t.Context(), data.Tx{Cause: "case", Known: c.store.Last(), Changes: []data.Change{{
		Stream: data.StreamCase, Op: data.OpPut, Layer: data.CaseName("trees"), IfSeq: new(data.Seq), Case: &data.CaseEvent{Number: 1, Body: body},
	}}})
	if err != nil || seq != 8 {
		t.Fatalf("%d, %v", seq, err)
	}
	for _, sc := range []scenario{
		{name: "entry", url: "/v1/changes/8?min_seq=8", status: 200, want: []string{`"stream":"case","op":"put","id":"trees"`, `"number":1`}, not: []string{"lamp", `"layer"`}},
		{name: "of the layer nothing", url: "/v1/layers/trees/features/tree00/history", status: 200, not: []string{`"seq":8,"recorded"`}},
		{name: "revert", method: "POST", url: "/v1/changes/8/revert", status: 422, want: []string{"what happened to case trees"}},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}

// TestPlans plans changes, sees them happen, fail and be cancelled.
func TestPlans(t *testing.T) {
	c := newCity(t, nil).fill()
	plan := func(effective time.Time, changes ...string) string {
		return fmt.Sprintf(`{"effective":%q,"cause":"new streets","changes":[%s]}`, effective.Format(time.RFC3339Nano), strings.Join(changes, ","))
	}
	at := func(lon float64) string { return fmt.Sprintf(`{"type":"Point","coordinates":[%g,25.005]}`, lon) }
	far := time.Now().Add(1000 * time.Hour)
	begin := func(header map[string]string, body string) (id string, seq data.Seq) {
		t.Helper()
		a := c.do("POST", "/v1/changes", header, body)
		var got struct {
			Plan struct{ ID string }
			Seq  data.Seq
		}
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != http.StatusAccepted || a.header.Get("Location") != "/v1/plans/"+got.Plan.ID {
			t.Fatalf("%d: %s", a.status, a.body)
		}
		return got.Plan.ID, got.Seq
	}
	later, _ := begin(sendJSON, plan(far, put("trees", "new", at(121.51), `{"tree_type":"新"}`), `{"op":"delete","layer":"trees","id":"tree02","if_seq":2}`))
	keyed := jsonWith("Idempotency-Key", "once")
	body := plan(far.Add(time.Hour), put("trees", "other", at(121.51), `{}`))
	first, seq := begin(keyed, body)
	if second, again := begin(keyed, body); second != first || again != seq {
		t.Errorf("sent again: plan %s at %d, then %s at %d", first, seq, second, again)
	}
	for _, sc := range []scenario{
		{name: "nothing happened", url: "/v1/layers/trees/features/new", status: 404},
		{name: "list", url: "/v1/plans", status: 200, want: []string{later, first, `"state":"planned"`, `"count":2`, `"layers":["trees"]`, `"cause":"new streets"`}},
		{name: "list by state", url: "/v1/plans?state=failed", status: 200, want: []string{`"plans":[]`, `"count":0`}},
		{name: "wrong state", url: "/v1/plans?state=x", status: 400, want: []string{`"field":"state","value":"x"`}},
		{name: "one", url: "/v1/plans/" + later, status: 200, want: []string{`"id":"new"`, `"op":"delete"`, `"if_seq":2`, `"tree_type":"新"`}},
		{name: "unknown", url: "/v1/plans/x", status: 404},
		{name: "its entry", url: fmt.Sprintf("/v1/changes/%d", seq), status: 200, want: []string{`"stream":"admin"`, `"id":"` + first + `"`}},
		{name: "cannot be reverted", method: "POST", url: fmt.Sprintf("/v1/changes/%d/revert", seq), status: 422, want: []string{"a plan is cancelled by its id"}},
		{name: "not from elsewhere", url: "/v1/plans", header: map[string]string{"X-Forwarded-For": "10.0.0.1"}, status: 403},
		{name: "wrong now", method: "POST", url: "/v1/changes", header: sendJSON, body: plan(far, put("trees", "new", at(121.51), `{"diameter":"x"}`)), status: 422, want: []string{"properties.diameter"}},
		{name: "if_seq that does not hold now", method: "POST", url: "/v1/changes", header: sendJSON, body: plan(far, `{"op":"delete","layer":"trees","id":"tree02","if_seq":1}`), status: 412},
		{name: "unknown layer", method: "POST", url: "/v1/changes", header: sendJSON, body: plan(far, `{"op":"delete","layer":"x","id":"tree02"}`), status: 422},
		{name: "an import has no future", method: "POST", url: "/v1/layers/trees/import?format=csv&effective=2999-01-01", header: sendCSV, body: "id,lon,lat\na,121,25\n", status: 400, want: []string{`"field":"effective"`, "POST /v1/changes"}},
		{name: "cancel", method: "DELETE", url: "/v1/plans/" + first, status: 200},
		{name: "cancelled", url: "/v1/plans/" + first, status: 200, want: []string{`"state":"cancelled"`, `"ended":`}},
		{name: "cancel again", method: "DELETE", url: "/v1/plans/" + first, status: 409, want: []string{"it is cancelled"}},
		{name: "cancel nothing", method: "DELETE", url: "/v1/plans/x", status: 404},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
	c.t = t
	due := time.Now().Add(300 * time.Millisecond)
	done, _ := begin(sendJSON, plan(due, put("trees", "soon", at(121.51), `{"count":7}`)))
	failing, _ := begin(sendJSON, plan(due, `{"op":"delete","layer":"trees","id":"tree03","if_seq":2}`))
	c.move("tree03", 121.52, 25.01)
	for _, id := range []string{done, failing} {
		for p, _ := c.engine.World().Plan(id); p.State == data.PlanPending; p, _ = c.engine.World().Plan(id) {
			if _, err := c.engine.Wait(t.Context(), c.engine.World().Seq()+1); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, sc := range []scenario{
		{name: "it happened", url: "/v1/layers/trees/features/soon/history", status: 200, want: []string{`"cause":"plan:` + done + `"`, `"effective":"` + due.UTC().Truncate(time.Microsecond).Format("2006-01-02T15:04:05")}},
		{name: "done", url: "/v1/plans?state=done", status: 200, want: []string{done, `"state":"done"`}},
		{name: "failed", url: "/v1/plans?state=failed", status: 200, want: []string{failing, "if_seq demands 2"}},
		{name: "a publication can be reverted", method: "POST", url: fmt.Sprintf("/v1/changes/%d/revert", entryOf(t, c, done)), status: 200, want: []string{`"count":1`}},
		{name: "it is gone", url: "/v1/layers/trees/features/soon", status: 404},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}

func entryOf(t *testing.T, c *town, plan string) data.Seq {
	t.Helper()
	p, ok := c.engine.World().Plan(plan)
	if !ok {
		t.Fatal("the plan is not known")
	}
	return p.Seq
}

// TestNoPast checks a server that was given no past and no planner.
func TestNoPast(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Past, cfg.Planner = nil, nil }).fill()
	for _, sc := range []scenario{
		{name: "past", url: "/v1/layers/trees/features?as_of=1", status: 501},
		{name: "future", method: "POST", url: "/v1/changes", header: sendJSON, body: `{"effective":"2999-01-01T00:00:00Z","changes":[{"op":"delete","layer":"trees","id":"tree01"}]}`, status: 422, want: []string{"plans nothing"}},
		{name: "plans", url: "/v1/plans", status: 200, want: []string{`"plans":[]`}},
		{name: "cancel", method: "DELETE", url: "/v1/plans/x", status: 404},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}

// TestPastThatCannotBeHad checks what clients read when a moment costs too much or is not kept.
func TestPastThatCannotBeHad(t *testing.T) {
	c := newCity(t, nil).fill()
	for _, test := range []struct {
		err    error
		status int
		want   string
	}{
		{&index.HorizonError{Horizon: 40, Recorded: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, 410, "history is complete from seq 40 of 2026-01-02T03:04:05Z on"},
		{index.ErrBusy, 503, "has to wait"},
		{index.ErrTooHeavy, 503, "--past-memory"},
		{errors.New("disk on fire"), 500, "a fault of the server"},
	} {
		r, err := http.NewRequest(http.MethodGet, "/", nil)
		if err != nil {
			t.Fatal(err)
		}
		p := rest.Of(c.server.city.PastFault(r, test.err, "", "7"))
		if p.Kind.About().Status != test.status || !strings.Contains(p.Detail, test.want) {
			t.Errorf("%v: %d %s", test.err, p.Kind.About().Status, p.Detail)
		}
	}
}

// tileAt is the tile of a place.
func tileAt(lon, lat float64, z int) (x, y uint32) {
	p, _ := geo.FromDegrees(lon, lat)
	mx, my := p.Mercator()
	n := float64(uint32(1) << z)
	return uint32(mx * n), uint32(my * n)
}
