package test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// district is a synthetic city of two districts on disk, whose files are handed out one district at a time.
type district struct {
	t    *testing.T
	from string
	to   string
}

// file writes the rows of a layer whose codes begin with a prefix.
func (d *district) file(layer, prefix string) string {
	d.t.Helper()
	packed, err := os.Open(filepath.Join(d.from, "files", layer+".geojsonseq.gz"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer packed.Close()
	r, err := gzip.NewReader(packed)
	if err != nil {
		d.t.Fatal(err)
	}
	var out strings.Builder
	rows := json.NewDecoder(r)
	for rows.More() {
		var row json.RawMessage
		if err := rows.Decode(&row); err != nil {
			d.t.Fatal(err)
		}
		if strings.Contains(string(row), `"code":"`+prefix) {
			out.Write(row)
			out.WriteByte('\n')
		}
	}
	name := filepath.Join(d.to, layer+"-"+prefix+".geojsonseq")
	if err := os.WriteFile(name, []byte(out.String()), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return name
}

// aCase is a case as the tests look at it.
type aCase struct {
	ID    string
	Areas []struct{ Level, Code string }
	Cells []struct{ Scheme, Code string }
}

// TestDistrictJoinsAnother plays S1 to S2: a city of one district runs with cases, another district comes as files with its own
// codes, and becomes part of the first at a date. Old codes can be asked for by date, by version and by themselves; new ones
// follow the rule and are new; cases keep theirs; nothing is lost over a kill.
func TestDistrictJoinsAnother(t *testing.T) {
	const first, second = "110101", "110102"
	layers := []string{"districts", "streets", "communities", "units"}
	d := &district{t, filepath.Join(t.TempDir(), "synth"), t.TempDir()}
	mustRun(t, "synth", "-q", "--area", "4", "--districts", "2", "--streets", "6", "--communities", "18", "--cells", "72", "--doors", "300", "--parts", "0", "-o", d.from)
	dir := t.TempDir()
	do := func(args ...string) []string { return append([]string{"--data", dir}, args...) }
	for _, l := range append(slices.Clone(layers), "addresses") {
		mustRun(t, do("layer", "create", "--file", filepath.Join(d.from, "layers", l+".toml"))...)
	}
	scheme := filepath.Join(d.to, "unit.toml")
	if err := os.WriteFile(scheme, []byte("name = \"unit\"\nlevels = [\"district\", \"street\", \"community\"]\ncells = { layer = \"units\", code = \"code\" }\ncode_rule = \"national15\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, do("scheme", "create", "--file", scheme)...)
	s := serve(t, dir, "--profile", "base")
	for _, l := range layers {
		mustRun(t, do("import", "--layer", l, d.file(l, first))...)
	}
	// The other district, with its own codes.
	for _, l := range layers {
		mustRun(t, do("import", "--layer", l, d.file(l, second))...)
	}
	mustRun(t, do("import", "--layer", "addresses", filepath.Join(d.from, "files", "addresses.csv.gz"))...)
	if out := mustRun(t, do("grid", "check")...); !strings.Contains(out, "72 cells") {
		t.Fatal(out)
	}

	// A place in the other district: near the middle of its first cell.
	type feature struct {
		ID         string
		Properties map[string]any
		Geometry   struct{ Coordinates [][][2]float64 }
	}
	rows := func(name string) (out []feature) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := json.NewDecoder(strings.NewReader(string(text)))
		for lines.More() {
			var f feature
			if err := lines.Decode(&f); err != nil {
				t.Fatal(err)
			}
			out = append(out, f)
		}
		return out
	}
	cells := rows(d.file("units", second))
	where := func(lon, lat float64, more string) (l location) {
		s.call(http.MethodGet, fmt.Sprintf("/v1/locate?lon=%.7f&lat=%.7f%s", lon, lat, more), nil, &l)
		return l
	}
	codes := func(l location) string {
		out := ""
		for _, a := range l.Areas {
			out += a.Code + " "
		}
		for _, c := range l.Cells {
			out += c.Code
		}
		return out
	}
	var lon, lat float64
	old := cells[0].ID
	for _, p := range cells[0].Geometry.Coordinates[0] {
		lon, lat = lon+p[0], lat+p[1]
	}
	n := float64(len(cells[0].Geometry.Coordinates[0]))
	lon, lat = lon/n, lat/n
	before := codes(where(lon, lat, ""))
	if want := fmt.Sprintf("%s %s %s %s", second, old[:9], old[:12], old); before != want {
		t.Fatalf("before: %s instead of %s", before, want)
	}

	s.call(http.MethodPost, "/v1/people", object{
		"organisations": []any{
			object{"id": "command-centre", "title": object{"zh": "指挥中心"}, "level": "centre"},
			object{"id": "office", "title": object{"zh": "街道办"}, "level": "street", "areas": []any{object{"level": "street", "code": old[:9]}}},
		},
		"staff": []any{
			object{"id": "op", "name": "接线员", "holdings": []any{object{"post": "operator", "organisation": "command-centre"}}},
			object{"id": "head", "name": "网格长", "holdings": []any{object{"post": "collector", "organisation": "office", "scheme": "unit", "cells": []string{old}}}},
		},
	}, nil)
	report := func() aCase {
		var done struct{ Case aCase }
		s.call(http.MethodPost, "/v1/cases", object{
			"action": "report", "as": object{"person": "op"},
			"form": object{"source": "hotline", "description": "暴露垃圾", "class": object{"kind": "event", "code": "0201"}, "point": object{"lon": lon, "lat": lat}},
		}, &done)
		return done.Case
	}
	a := report()
	if len(a.Cells) != 1 || a.Cells[0].Code != old {
		t.Fatalf("the case lies in %+v", a)
	}

	grid := func(args ...string) []string { return append(do("grid"), args...) }
	id := strings.TrimSpace(mustRun(t, grid("draft", "new", "--title", "One district", "--by", "li")...))
	for _, bad := range []struct {
		want string
		args []string
	}{
		{"cannot join itself", []string{first, "--into", first}},
		{"is no area of level district", []string{"110199", "--into", first}},
		{"is no area of the levels", []string{second, "--into", "990101"}},
		{"is no level of the scheme", []string{second, "--into", first, "--level", "village"}},
		{"code_exists", []string{second, "--into", first, "--rename", "street:" + old[:9] + "=" + first + "001"}},
		{"begin with " + first, []string{second, "--into", first, "--rename", "street:" + old[:9] + "=110105001"}},
		{"below those that join", []string{second, "--into", first, "--rename", "street:" + first + "001=" + first + "099"}},
		{"must be LEVEL:OLD=NEW", []string{second, "--into", first, "--rename", "110102001"}},
	} {
		if out, ok := run(t, nil, grid(append([]string{"draft", "join", id}, bad.args...)...)...); ok || !strings.Contains(out, bad.want) {
			t.Errorf("%v: %v %s", bad.args, ok, out)
		}
	}
	out := mustRun(t, grid("draft", "join", id, second, "--into", first)...)
	if !strings.Contains(out, "district "+second+" becomes part of "+first) || !strings.Contains(out, "street "+old[:9]+" becomes "+first) || !strings.Contains(out, "community "+old[:12]+" becomes "+first) {
		t.Error(out)
	}
	if out, ok := run(t, nil, grid("draft", "join", id, second, "--into", first)...); ok || !strings.Contains(out, "has joined another area already") {
		t.Errorf("twice: %v %s", ok, out)
	}
	mustRun(t, grid("draft", "undo", id)...)
	mustRun(t, grid("draft", "redo", id)...)
	// A server that was killed finds the draft as it was.
	s.kill()
	s = serve(t, dir, "--profile", "base")
	out = mustRun(t, grid("check", "--draft", id)...)
	if !strings.Contains(out, "draft "+id+" is checked") || !strings.Contains(out, "1 organisations and 1 holdings answer for areas and cells whose codes end") {
		t.Error(out)
	}
	mustRun(t, grid("approve", id, "--by", "wang")...)
	due := time.Now().Add(3 * time.Second).Truncate(time.Second)
	mustRun(t, grid("publish", id, "--at", due.Format(time.RFC3339))...)
	if got := codes(where(lon, lat, "")); got != before && time.Now().Before(due) {
		t.Errorf("before its day: %s", got)
	}
	for end := due.Add(30 * time.Second); codes(where(lon, lat, "")) == before; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it was never published: " + mustRun(t, grid("draft", "show", id)...))
		}
	}

	// New codes by the rule: behind those of the streets that were there, and nothing of the other district is left.
	after := where(lon, lat, "")
	highest := ""
	for _, f := range rows(d.file("streets", first)) {
		highest = max(highest, f.ID)
	}
	if len(after.Areas) != 3 || len(after.Cells) != 1 {
		t.Fatalf("after: %+v", after)
	}
	street, community, cell := after.Areas[1].Code, after.Areas[2].Code, after.Cells[0].Code
	if after.Areas[0].Code != first || street <= highest || !strings.HasPrefix(street, first) || community[:9] != street || community[9:] != old[9:12] || cell[:12] != community {
		t.Errorf("after: %s; the highest street was %s", codes(after), highest)
	}
	for _, l := range layers {
		all := mustRun(t, do("export", "--layer", l, "--format", "csv")...)
		if strings.Contains(all, second) {
			t.Errorf("%s still has codes of the other district:\n%s", l, all)
		}
		if got, want := strings.Count(all, "\n")-1, len(rows(d.file(l, first)))+len(rows(d.file(l, second))); got != want && l != "districts" || l == "districts" && got != 1 {
			t.Errorf("%d %s instead of %d", got, l, want)
		}
	}
	// The district covers what both did, and every level nests in the one above.
	outline := filepath.Join(d.to, "district.geojson")
	mustRun(t, do("export", "--layer", "districts", "--format", "geojson", "-o", outline)...)
	for _, l := range []string{"streets", "communities", "units"} {
		inner := filepath.Join(d.to, l+".geojson")
		mustRun(t, do("export", "--layer", l, "--format", "geojson", "-o", inner)...)
		if out := mustRun(t, grid("check", "--in", inner, "--outline", outline)...); !strings.Contains(out, "no gap") {
			t.Errorf("%s: %s", l, out)
		}
	}

	// Old codes: by date, by version, by themselves; also after a kill.
	s.kill()
	s = serve(t, dir, "--profile", "base")
	for more, want := range map[string]string{
		"&at=" + due.UTC().Add(-time.Second).Format(time.RFC3339): before, "&version=unit:1": before, "&version=2": codes(after), "": codes(after),
	} {
		if got := codes(where(lon, lat, more)); got != want {
			t.Errorf("%s: %s instead of %s", more, got, want)
		}
	}
	for from, to := range map[string]string{old: old + "," + cell, second: second + "," + first, old[:9]: old[:9] + "," + street, old[:12]: old[:12] + "," + community} {
		if out := mustRun(t, grid("lineage", from)...); !strings.Contains(out, "2,"+to+",1.0") {
			t.Errorf("lineage of %s has no %s:\n%s", from, to, out)
		}
	}
	if res, body := s.try(http.MethodGet, "/v1/schemes/unit/cells/"+old, nil); res.StatusCode != http.StatusNotFound || !strings.Contains(string(body), "has ended with version 2 of scheme unit and became "+cell) {
		t.Errorf("the old code: %d %s", res.StatusCode, body)
	}
	var then struct{ Code string }
	s.call(http.MethodGet, "/v1/schemes/unit/cells/"+old+"?version=unit:1", nil, &then)

	// The case keeps its code and is found by it; a new one has the new.
	var list struct{ Cases []aCase }
	s.call(http.MethodGet, "/v1/cases?cell=unit/"+old, nil, &list)
	if len(list.Cases) != 1 || list.Cases[0].ID != a.ID || list.Cases[0].Cells[0].Code != old {
		t.Errorf("by the old code: %+v", list)
	}
	if b := report(); len(b.Cells) != 1 || b.Cells[0].Code != cell {
		t.Errorf("a new case lies in %+v", b)
	}

	// Codes are never given again, and the version from before cannot come back without its areas.
	next := strings.TrimSpace(mustRun(t, grid("draft", "new", "--by", "li")...))
	mid := fmt.Sprintf("[[%.7f,%.7f],[%.7f,%.7f]]", lon-0.05, lat, lon+0.05, lat)
	if out, ok := run(t, nil, grid("draft", "edit", next, fmt.Sprintf(`{"op":"split","code":%q,"new":[%q],"line":%s}`, cell, old, mid))...); ok || !strings.Contains(out, "code_exists") {
		t.Errorf("an old code: %v %s", ok, out)
	}
	if out, ok := run(t, nil, grid("draft", "new", "--from-version", "1", "--by", "li")...); ok || !strings.Contains(out, "belong to areas of level community that are none any more") {
		t.Errorf("back: %v %s", ok, out)
	}
}
