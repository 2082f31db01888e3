package test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// squares fills a city with board × board cells of the scheme unit, c00 and so on, from 121, 25 in steps of 0.001 degree.
func (s *server) squares() {
	s.t.Helper()
	s.call(http.MethodPost, "/v1/layers", object{"name": "cells", "geometry": "polygon", "id": object{"attribute": "code"}, "roles": object{"cell": object{"scheme": "unit", "code": "code"}}, "attributes": []object{{"name": "code", "type": "code"}}}, nil)
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
}

// aRequest is a change request as the tests look at it.
type aRequest struct {
	ID, State, Draft string
	Survey           *struct{ Findings string }
	Opinions         []struct{ Department, By string }
}

// TestRequestFromTheShell has a border reported, surveyed, decided by two departments, drawn, checked, approved by somebody else
// and published, by commands; before each step a restart must have lost nothing.
func TestRequestFromTheShell(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	s.squares()
	again := func() {
		s.kill()
		s = serve(t, dir)
	}
	grid := func(args ...string) string { return mustRun(t, append([]string{"--data", dir, "grid"}, args...)...) }
	fails := func(want string, args ...string) {
		t.Helper()
		if out, ok := run(t, nil, append([]string{"--data", dir, "grid", "request"}, args...)...); ok || !strings.Contains(out, want) {
			t.Errorf("%v: %v %s", args, ok, out)
		}
	}
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	yard := file("yard.geojson", `{"type":"Feature","properties":{"who":"Li"},"geometry":{"type":"LineString","coordinates":[[121.0012,25.0001],[121.0012,25.0009]]}}`)
	bow := file("bow.geojson", `{"type":"LineString","coordinates":[[121.001,25.001],[121.005,25.005],[121.005,25.001],[121.001,25.005]]}`)
	two := file("two.geojson", `{"type":"FeatureCollection","features":[{},{}]}`)
	fails("is the code of no cell of scheme unit", "report", "--cells", "c99", "--reason", "r")
	fails("scheme does not exist", "report", "--scheme", "fire", "--cells", "c00", "--reason", "r")
	fails("crosses or touches itself", "report", "--cells", "c00", "--reason", "r", "--sketch", bow)
	fails("has 2 features", "report", "--cells", "c00", "--reason", "r", "--sketch", two)
	fails("lies in no cell", "report", "--at", "1,2", "--reason", "r")
	fails("must be a longitude and a latitude", "report", "--at", "here", "--reason", "r")
	id := strings.TrimSpace(grid("request", "report", "--cells", "c00,c10", "--reason", "one yard, two grids", "--sketch", yard))
	if out := grid("request", "report", "--at", "121.0055,25.0055", "--reason", "another", "--json"); !strings.Contains(out, `"cells":["c55"]`) {
		t.Error(out)
	}
	again()
	fails("must be surveyed", "opinion", id, "--department", "supervision-centre", "--agree")
	grid("request", "survey", id, "--findings", "one yard", "--by", "li")
	again()
	fails("does not decide about this request; supervision-centre, command-centre do", "opinion", id, "--department", "police", "--agree", "--by", "wang")
	fails("must say why the department refuses", "opinion", id, "--department", "command-centre", "--refuse", "--by", "wang")
	if out := grid("request", "opinion", id, "--department", "supervision-centre", "--agree", "--words", "less to walk", "--by", "wang"); !strings.Contains(out, "waits for command-centre") {
		t.Error(out)
	}
	again()
	fails("has spoken", "opinion", id, "--department", "supervision-centre", "--agree", "--by", "zhao")
	fails("only what the departments accept", "draft", id)
	if out := grid("request", "opinion", id, "--department", "command-centre", "--agree", "--by", "zhao"); !strings.Contains(out, "is accepted") {
		t.Error(out)
	}
	again()
	fails("is decided", "opinion", id, "--department", "command-centre", "--agree", "--by", "qian")
	draft := strings.TrimSpace(grid("request", "draft", id, "--by", "li"))
	again()
	if out := grid("request", "show", id); !strings.Contains(out, "draft: "+draft) || !strings.Contains(out, "supervision-centre agrees") || !strings.Contains(out, "less to walk") {
		t.Error(out)
	}
	if out := grid("request", "show", id, "--sketch"); out != `{"type":"LineString","coordinates":[[121.0012,25.0001],[121.0012,25.0009]]}`+"\n" {
		t.Error(out)
	}
	grid("draft", "edit", draft, `{"op":"move_vertex","from":[121.001,25.001],"to":[121.0012,25.001]}`)
	grid("check", "--draft", draft)
	if out, ok := run(t, nil, "--data", dir, "grid", "approve", draft, "--by", "li"); ok || !strings.Contains(out, "another person must approve it") {
		t.Error(out)
	}
	grid("approve", draft, "--by", "wang")
	grid("publish", draft)
	again()
	if out := grid("request", "show", id); !strings.Contains(out, "is done") || !strings.Contains(out, "version: 2") {
		t.Error(out)
	}
	if out := grid("request", "list", "--state", "done", "--cell", "c10"); strings.Count(out, "\n") != 2 || !strings.Contains(out, id) {
		t.Error(out)
	}
	s.stop()
	mustRun(t, "check", "--data", dir)
}

// TestKillWhileDeciding kills the server while a request goes through all its steps: the next start has every step that was
// acknowledged, at most one more, and a draft with the request that names it or neither.
func TestKillWhileDeciding(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	s.squares()
	way := []string{"", "reported", "surveyed", "surveyed", "accepted", "draft"}
	halves := map[int]int{}
	for round := range max(6, roundsOf(t)/2) {
		cell := fmt.Sprintf("c%d%d", round%board, round/board%board)
		killed, step := make(chan struct{}), make(chan struct{}, len(way))
		acknowledged := make(chan []string, 1)
		go func() {
			var done []string
			defer func() {
				close(step)
				<-killed
				acknowledged <- done
			}()
			say := func(path string, body object) bool {
				resp, raw, err := request(s.url, http.MethodPost, path, body)
				if err != nil || resp.StatusCode/100 != 2 {
					return false
				}
				var a struct {
					Request struct{ ID string }
					Draft   struct{ ID string }
				}
				_ = json.Unmarshal(raw, &a)
				done = append(done, a.Request.ID+a.Draft.ID)
				step <- struct{}{}
				return true
			}
			if !say("/v1/requests", object{"scheme": "unit", "cells": []string{cell}, "reason": fmt.Sprint("round ", round)}) {
				return
			}
			q := "/v1/requests/" + done[0]
			_ = say(q+"/survey", object{"findings": "f", "by": "li"}) &&
				say(q+"/opinion", object{"department": "supervision-centre", "agree": true, "by": "wang"}) &&
				say(q+"/opinion", object{"department": "command-centre", "agree": true, "by": "zhao"}) &&
				say(q+"/draft", object{"by": "li"})
		}()
		// Somewhere in the step that follows one of those that are answered.
		for range round % (len(way) - 1) {
			<-step
		}
		time.Sleep(time.Duration(rand.IntN(8_000)) * time.Microsecond)
		s.kill()
		close(killed)
		done := <-acknowledged
		s = serve(t, dir)
		var list struct{ Requests []aRequest }
		s.call(http.MethodGet, "/v1/requests?limit=1000&cell="+cell, nil, &list)
		var drafts struct {
			Drafts []struct{ ID, Request string }
		}
		s.call(http.MethodGet, "/v1/drafts?limit=1000", nil, &drafts)
		for _, q := range list.Requests {
			named := slices.ContainsFunc(drafts.Drafts, func(d struct{ ID, Request string }) bool { return d.Request == q.ID })
			if named != (q.State == "draft") || named && !slices.ContainsFunc(drafts.Drafts, func(d struct{ ID, Request string }) bool { return d.ID == q.Draft && d.Request == q.ID }) {
				t.Errorf("round %d: request %+v and drafts %+v", round, q, drafts.Drafts)
			}
		}
		if len(done) == 0 {
			continue
		}
		i := slices.IndexFunc(list.Requests, func(q aRequest) bool { return q.ID == done[0] })
		if i < 0 {
			t.Fatalf("round %d: a request that was acknowledged is lost: %v", round, done)
		}
		q := list.Requests[i]
		events := 1 + len(q.Opinions)
		if q.Survey != nil {
			events++
		}
		if q.State == "draft" {
			events++
		}
		if events < len(done) || events > len(done)+1 || q.State != way[events] {
			t.Errorf("round %d: %d steps were acknowledged and %d are there: %+v", round, len(done), events, q)
		}
		halves[events]++
		// What is left is taken up where it stands.
		if q.State == "surveyed" {
			s.call(http.MethodPost, "/v1/requests/"+q.ID+"/withdraw", object{}, nil)
		}
	}
	t.Logf("killed after events: %v", halves)
	s.stop()
	mustRun(t, "check", "--data", dir)
}
