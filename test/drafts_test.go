package test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"
)

// aDraft is a draft as the tests look at it.
type aDraft struct {
	Draft struct {
		ID, State string
		Done      int
		Published int
	}
	OK bool
}

// TestDraftFromTheShell plays a planner on the sample city: a border is moved, a bad edit is refused with its place, the defect of
// another is located, somebody else approves, it is published for a date, and the city answers old and new by date and by
// version.
func TestDraftFromTheShell(t *testing.T) {
	dir := t.TempDir()
	s := startServer(t, "demo", "--data", dir, "--listen", "127.0.0.1:0")
	s.ready(t)
	grid := func(args ...string) []string { return append([]string{"--data", dir, "grid"}, args...) }
	id := strings.TrimSpace(mustRun(t, grid("draft", "new", "--title", "Two parks", "--by", "li")...))
	if out := mustRun(t, grid("draft", "edit", id, `{"op":"move_vertex","from":[121.5345657,25.0411255],"to":[121.5347,25.0412]}`)...); !strings.Contains(out, "changed A6303-0139-00 A6303-0142-00 A6303-0160-00 A6303-0161-00") {
		t.Error(out)
	}
	for op, want := range map[string]string{
		`{"op":"move_vertex","from":[121.5356479,25.0411339],"to":[121.54,25.05]}`:                          "would have no ground",
		`{"op":"split","code":"A6303-0135-00","line":[[121.0,25.0],[121.1,25.1]]}`:                          "misses cell A6303-0135-00\n  point 121.0000000,25.0000000 is the place",
		`{"op":"split","code":"A6303-0135-00","new":["A6303-0139-00"],"line":[[121.53,25.04],[121.54,25]]}`: "code_exists",
		`{"op":"merge","codes":["A6303-0139-00","A6301-0026-00"]}`:                                          "belong to",
	} {
		if out, ok := run(t, nil, grid("draft", "edit", id, op)...); ok || !strings.Contains(out, want) {
			t.Errorf("%s: %v %s", op, ok, out)
		}
	}
	// A vertex of the outline of the city may be moved, and what that does is found at once.
	corner := s.outlineVertex(t, id)
	out, ok := run(t, nil, grid("draft", "edit", id, fmt.Sprintf(`{"op":"move_vertex","from":[%.7f,%.7f],"to":[%.7f,%.7f]}`, corner[0], corner[1], corner[0]+1e-5, corner[1]+1e-5))...)
	if ok || !strings.Contains(out, `"point":[121.`) || !strings.Contains(out, "the draft is no coverage of its ground") {
		t.Errorf("%v %s", ok, out)
	}
	if out, ok := run(t, nil, grid("check", "--draft", id)...); ok || !strings.Contains(out, "is draft") {
		t.Errorf("%v %s", ok, out)
	}
	mustRun(t, grid("draft", "undo", id)...)
	if out := mustRun(t, grid("check", "--draft", id)...); !strings.Contains(out, "11490 cells, 4 changed, 0 created (), 0 ended (): draft "+id+" is checked") {
		t.Error(out)
	}
	if out, ok := run(t, nil, grid("approve", id, "--by", "li")...); ok || !strings.Contains(out, "another person must approve it") {
		t.Errorf("%v %s", ok, out)
	}
	if out := mustRun(t, grid("diff", "--draft", id)...); !strings.Contains(out, "4 reshaped") || !strings.Contains(out, "borders: ") {
		t.Error(out)
	}
	mustRun(t, grid("approve", id, "--by", "wang", "--note", "good")...)
	due := time.Now().Add(3 * time.Second).Truncate(time.Second)
	if out := mustRun(t, grid("publish", id, "--at", due.Format(time.RFC3339))...); !strings.Contains(out, "is planned as 2") {
		t.Error(out)
	}
	cell := func(more string) string {
		var l location
		s.call(http.MethodGet, "/v1/locate?lon=121.53462&lat=25.04115"+more, nil, &l)
		if len(l.Cells) != 1 {
			t.Fatalf("%s: %+v", more, l)
		}
		return l.Cells[0].Code
	}
	const before, after = "A6303-0142-00", "A6303-0161-00"
	if got := cell(""); got != before && time.Now().Before(due) {
		t.Errorf("before its time %s", got)
	}
	for end := due.Add(20 * time.Second); cell("") != after; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it was never published")
		}
	}
	for more, want := range map[string]string{
		"&version=1": before, "&version=unit:2": after,
		"&at=" + due.UTC().Format(time.RFC3339): after, "&at=" + due.UTC().Add(-time.Second).Format(time.RFC3339): before,
	} {
		if got := cell(more); got != want {
			t.Errorf("%s: %s instead of %s", more, got, want)
		}
	}
	if out := mustRun(t, grid("versions")...); !strings.Contains(out, "Two parks") || strings.Count(out, "\n") != 3 {
		t.Error(out)
	}
	if out := mustRun(t, grid("lineage", after)...); !strings.Contains(out, "2,A6303-0142-00,A6303-0161-00,0.0") {
		t.Error(out)
	}
	if out := mustRun(t, grid("check")...); !strings.Contains(out, "11490 cells: no gap") {
		t.Error(out)
	}
	for version, want := range map[string]string{"1": before, "unit:2": after} {
		if out := mustRun(t, "--data", dir, "locate", "--lon", "121.53462", "--lat", "25.04115", "--include", "cells", "--version", version); !strings.Contains(out, want) {
			t.Errorf("locate in version %s: %s", version, out)
		}
	}
	exported := func(version string) string {
		return mustRun(t, "--data", dir, "export", "--layer", "units", "--format", "csv", "--bbox", "121.534,25.041,121.535,25.042", "--version", version)
	}
	if exported("1") == exported("2") {
		t.Error("exports of both versions are alike")
	}
	// Tiles and exports of a version: tiles of the first are not those of the second.
	x, y := tileOf(121.53462, 25.04115, 16)
	_, now := s.try(http.MethodGet, fmt.Sprintf("/tiles/units/16/%d/%d.mvt?version=2", x, y), nil)
	_, then := s.try(http.MethodGet, fmt.Sprintf("/tiles/units/16/%d/%d.mvt?version=1", x, y), nil)
	if string(now) == string(then) || len(then) == 0 {
		t.Errorf("tiles of %d and %d bytes", len(now), len(then))
	}
	// Back to the first as a third, from another draft.
	id = strings.TrimSpace(mustRun(t, grid("draft", "new", "--from-version", "1", "--by", "li")...))
	mustRun(t, grid("check", "--draft", id)...)
	mustRun(t, grid("approve", id, "--by", "wang")...)
	if out := mustRun(t, grid("publish", id)...); !strings.Contains(out, "published as 3") {
		t.Error(out)
	}
	if got := cell(""); got != before {
		t.Errorf("after going back %s", got)
	}
	s.stop()
	mustRun(t, "check", "--data", dir)
}

// ready waits until the sample city is loaded.
func (s *server) ready(t *testing.T) {
	t.Helper()
	for range 600 {
		if resp, body := s.try(http.MethodGet, "/v1/schemes/unit", nil); resp.StatusCode == http.StatusOK && strings.Contains(string(body), "units") {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the sample city is not loaded")
}

// outlineVertex is a vertex that one cell of a draft has alone.
func (s *server) outlineVertex(t *testing.T, id string) [2]float64 {
	t.Helper()
	_, body := s.try(http.MethodGet, "/v1/drafts/"+id+"/cells", nil)
	var cells struct {
		Features []struct {
			Geometry struct {
				Type        string
				Coordinates json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(body, &cells); err != nil {
		t.Fatal(err)
	}
	count := map[[2]float64]int{}
	for _, f := range cells.Features {
		var polygons [][][][2]float64
		if f.Geometry.Type == "Polygon" {
			polygons = make([][][][2]float64, 1)
			if err := json.Unmarshal(f.Geometry.Coordinates, &polygons[0]); err != nil {
				t.Fatal(err)
			}
		} else if err := json.Unmarshal(f.Geometry.Coordinates, &polygons); err != nil {
			t.Fatal(err)
		}
		for _, rings := range polygons {
			for _, ring := range rings {
				for _, p := range ring[1:] {
					count[p]++
				}
			}
		}
	}
	best := [2]float64{}
	for p, n := range count {
		// The southernmost lies on the outline.
		if n == 1 && (best[1] == 0 || p[1] < best[1]) {
			best = p
		}
	}
	return best
}

const board = 8

// TestKillWhilePublishing kills the server while a version is published: the next start has the old version or the new one, whole,
// with its lineage and the state of its draft, and drafts keep their steps.
func TestKillWhilePublishing(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	s.call(http.MethodPost, "/v1/layers", object{"name": "cells", "geometry": "polygon", "id": object{"attribute": "code"}, "attributes": []object{{"name": "code", "type": "code"}}}, nil)
	s.call(http.MethodPost, "/v1/schemes", object{"name": "unit", "levels": []string{}, "cells": object{"layer": "cells", "code": "code"}}, nil)
	var changes []object
	at := func(k int) float64 { return float64(k) * 0.001 }
	for row := range board {
		for col := range board {
			w, e, south, n := 121+at(col), 121+at(col+1), 25+at(row), 25+at(row+1)
			code := fmt.Sprintf("c%d%d", col, row)
			changes = append(changes, object{"op": "put", "layer": "cells", "feature": object{
				"type": "Feature", "id": code, "properties": object{"code": code},
				"geometry": object{"type": "Polygon", "coordinates": [][][2]float64{{{w, south}, {e, south}, {e, n}, {w, n}, {w, south}}}},
			}})
		}
	}
	s.call(http.MethodPost, "/v1/changes", object{"changes": changes}, nil)
	old, fresh := 0, 0
	rounds := max(20, roundsOf(t))
	version := 1
	for round := range rounds {
		// All nodes of a row move, so that a version changes many cells; two cells are merged or split.
		var d aDraft
		s.call(http.MethodPost, "/v1/drafts", object{"scheme": "unit", "by": "li"}, &d)
		path := "/v1/drafts/" + d.Draft.ID
		var cells struct {
			Features []struct {
				ID       string
				Geometry struct{ Coordinates [][][2]float64 }
			}
		}
		s.call(http.MethodGet, path+"/cells", nil, &cells)
		steps := 0
		for _, f := range cells.Features[round%4:] {
			if steps == 6 {
				break
			}
			ring := f.Geometry.Coordinates[0]
			middle := (ring[0][0] + ring[2][0]) / 2
			resp, _ := s.try(http.MethodPost, path+"/steps", object{"op": "split", "code": f.ID, "line": [][2]float64{{middle, 24}, {middle, 26}}})
			if resp.StatusCode == http.StatusOK {
				steps++
			}
		}
		if steps == 0 {
			t.Fatal("no step was possible")
		}
		s.call(http.MethodPost, path+"/check", object{}, &d)
		if !d.OK {
			t.Fatalf("round %d: %+v", round, d)
		}
		s.call(http.MethodPost, path+"/approve", object{"by": "wang"}, nil)
		answered := make(chan bool, 1)
		go func() {
			resp, _, err := request(s.url, http.MethodPost, path+"/publish", object{})
			answered <- err == nil && resp.StatusCode == http.StatusOK
		}()
		time.Sleep(time.Duration(rand.IntN(14_000)) * time.Microsecond)
		s.kill()
		acknowledged := <-answered
		s = serve(t, dir)
		var list struct {
			Current  int
			Versions []struct{ Number, Cells, Created, Tables int }
		}
		s.call(http.MethodGet, "/v1/schemes/unit/versions", nil, &list)
		var check struct {
			Cells   int
			Defects []any
		}
		s.call(http.MethodGet, "/v1/schemes/unit/check", nil, &check)
		s.call(http.MethodGet, path, nil, &d)
		var lineage struct{ Rows []struct{ Version int } }
		s.call(http.MethodGet, fmt.Sprintf("/v1/schemes/unit/lineage?of=%d", version+1), nil, &lineage)
		v := list.Versions[len(list.Versions)-1]
		if len(check.Defects) > 0 || check.Cells != v.Cells || v.Number != list.Current {
			t.Fatalf("round %d: %d cells, %d defects, version %+v of %d", round, check.Cells, len(check.Defects), v, list.Current)
		}
		switch list.Current {
		case version + 1:
			fresh++
			version++
			if d.Draft.State != "published" || d.Draft.Published != version || v.Created != steps || len(lineage.Rows) == 0 {
				t.Fatalf("round %d: new version, %+v, %+v, %d rows", round, d, v, len(lineage.Rows))
			}
		case version:
			old++
			if acknowledged || d.Draft.State != "approved" || d.Draft.Done != steps || len(lineage.Rows) > 0 {
				t.Fatalf("round %d: old version, acknowledged %v, %+v, %d rows", round, acknowledged, d, len(lineage.Rows))
			}
			// It can be published now.
			s.call(http.MethodPost, path+"/publish", object{}, &d)
			version++
		default:
			t.Fatalf("round %d: version %d after %d", round, list.Current, version)
		}
	}
	t.Logf("%d rounds: %d left the old version, %d the new one", rounds, old, fresh)
	s.stop()
	mustRun(t, "check", "--data", dir)
}
