package version_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/code"
	"github.com/gewu-city/gewu/grid/coverage/edit"
	"github.com/gewu-city/gewu/grid/version"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
)

// realm is three districts side by side, each with two streets of two communities of two cells, one above the other: codes of
// 2, 3, 4 and 6 digits. In the layer of streets ids are codes, in the others they are not.
func realm(t *testing.T, rule string) (*indextest.Log, *index.Engine, *grid.Locator) {
	t.Helper()
	log := indextest.NewLog()
	attributes := []data.Attribute{{Name: "code", Type: data.Code}, {Name: "of", Type: data.Code}}
	levels := []string{"district", "street", "community"}
	for i, level := range levels {
		def := &data.Layer{Name: []string{"districts", "streets", "communities"}[i], Geometry: data.GeometryPolygon, Attributes: attributes, Roles: data.Roles{Area: &data.AreaRole{Level: level, Code: "code"}}}
		if level == "street" {
			def.ID = data.IDRule{Attribute: "code"}
		}
		log.Append(indextest.Define(def))
	}
	log.Append(indextest.Define(&data.Layer{Name: "cells", Geometry: data.GeometryPolygon, Attributes: attributes}))
	log.Append(data.Change{Stream: data.StreamScheme, Op: data.OpPut, Layer: "unit", Scheme: &data.Scheme{
		Name: "unit", Levels: levels, Cells: data.SchemeCells{Layer: "cells", Code: "code"}, CodeRule: rule,
	}})
	var changes []data.Change
	put := func(layer, id, c, of string, x, y, n int32) {
		changes = append(changes, indextest.Put(layer, id, indextest.Rect(x*side, y*side, (x+1)*side, (y+n)*side), data.TextValue(data.Code, c), data.TextValue(data.Code, of)))
	}
	for d := range int32(3) {
		district := fmt.Sprintf("0%d", d+1)
		put("districts", "d"+district, district, "", d, 0, 8)
		for s := range int32(2) {
			street := fmt.Sprintf("%s%d", district, s+1)
			put("streets", street, street, district, d, 4*s, 4)
			for m := range int32(2) {
				community := fmt.Sprintf("%s%d", street, m+1)
				put("communities", "m"+community, community, street, d, 4*s+2*m, 2)
				for c := range int32(2) {
					put("cells", fmt.Sprintf("%s0%d", community, c+1), fmt.Sprintf("%s0%d", community, c+1), community, d, 4*s+2*m+c, 1)
				}
			}
		}
	}
	log.Append(changes...)
	return log, indextest.Start(t, log), grid.NewLocator()
}

// areasOf is who knows areas of a World, with codes that were given once.
type areasOf struct {
	w    *index.World
	l    *grid.Locator
	ever map[string]bool
}

func (a areasOf) find(level, c string) (*index.Layer, index.Slot, bool) {
	for _, l := range a.l.Plan(a.w).Levels {
		if l.Name == level {
			slot, ok := l.Area(a.w, c)
			return l.In(a.w), slot, ok
		}
	}
	return nil, 0, false
}

func (a areasOf) Used(level, c string) bool {
	_, _, is := a.find(level, c)
	return is || a.ever[c]
}

func (a areasOf) Highest(level, prefix string, digits int) int {
	for k := 9; k > 0; k-- {
		if a.Used(level, version.Number(prefix, digits, k)) {
			return k
		}
	}
	return 0
}

func (a areasOf) Middle(level, c string) (geo.Point, bool) {
	layer, slot, ok := a.find(level, c)
	if !ok {
		return geo.Point{}, false
	}
	box := layer.Shape(slot).Box()
	return geo.Between(box.Min, box.Max, 0.5), true
}

const digits = "district:2 street:1 community:1 sequence:2"

// joins does a join, with the codes found for it.
func joins(d *version.Draft, w *index.World, l *grid.Locator, ever map[string]bool, text string) (*version.Draft, error) {
	s, err := version.ParseStep([]byte(text))
	if err != nil {
		return nil, err
	}
	rule, err := code.ParseRule(d.Base.Scheme.CodeRule)
	if err != nil {
		return nil, err
	}
	if err := d.Joining(s, d.Above(w, l), rule, areasOf{w, l, ever}); err != nil {
		return nil, err
	}
	next, _, err := d.Do(s)
	return next, err
}

// TestJoin has two districts join a third one after the other: every area and every cell gets a new code under it that begins with
// the one above, none twice, and the publication leaves one district with the ground of all.
func TestJoin(t *testing.T) {
	log, e, l := realm(t, digits)
	w := e.World()
	d := version.Begin(version.Header{ID: "d", Scheme: "unit", Version: 1}, take(t, w, l))
	begun := d.Cells()
	d1, err := joins(d, w, l, map[string]bool{"013": true}, `{"op":"join","codes":["02"],"into":"01"}`)
	if err != nil {
		t.Fatal(err)
	}
	if back, _, ok := d1.Undo(); !ok || !slices.EqualFunc(back.Cells(), begun, func(a, b version.Cell) bool { return a.Code == b.Code && a.Community == b.Community }) {
		t.Error("undo leaves something")
	} else if ends, renames := back.Joins(); len(ends)+len(renames) > 0 {
		t.Error("undo leaves the areas joined")
	}
	d2, err := joins(d1, w, l, map[string]bool{"013": true}, `{"op":"join","level":"district","codes":["03"],"into":"01","renames":[{"level":"community","old":"0311","new":"0168"},{"level":"street","old":"031","new":"018"}]}`)
	if err == nil {
		t.Fatalf("a community outside of its street: %v", d2)
	}
	d2, err = joins(d1, w, l, map[string]bool{"013": true}, `{"op":"join","level":"district","codes":["03"],"into":"01","renames":[{"level":"community","old":"0311","new":"0188"},{"level":"street","old":"031","new":"018"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	if found := d2.Defects(); len(found) > 0 {
		t.Errorf("%v", found)
	}
	_, renames := d2.Joins()
	got := map[string]string{}
	for _, a := range renames {
		got[a.Old] = a.New
	}
	// 3 was given once; the other streets follow, the northern one first, and one has the code that it was given.
	for old, want := range map[string]string{"022": "014", "021": "015", "0211": "0151", "0222": "0142", "032": "016", "031": "018", "0311": "0188", "0312": "0182"} {
		if got[old] != want {
			t.Errorf("%s becomes %s instead of %s", old, got[old], want)
		}
	}
	rule, err := code.ParseRule(digits)
	if err != nil {
		t.Fatal(err)
	}
	naming, err := d2.Name(version.ByRule, rule, ever{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(naming.Ended) != 16 || len(naming.Created) != 16 || naming.Marks["01"] != 8 {
		t.Errorf("%d ended, %d created, marks %v", len(naming.Ended), len(naming.Created), naming.Marks)
	}
	p, err := d2.Publish(w, naming, l)
	if err != nil {
		t.Fatal(err)
	}
	w = indextest.At(t, e, log.Append(p.Changes...))
	for layer, n := range map[string]int{"districts": 1, "streets": 6, "communities": 12, "cells": 24} {
		areas, _ := w.Layer(layer)
		seen := map[string]bool{}
		for slot := range areas.Slots() {
			c, of := areas.Value(slot, 0).Text(), areas.Value(slot, 1).Text()
			if seen[c] || !strings.HasPrefix(c, "01") || !strings.HasPrefix(c, of) || layer != "districts" && of == "" {
				t.Errorf("%s %q of %q", layer, c, of)
			}
			if layer == "streets" && areas.ID(slot) != c {
				t.Errorf("street %s has the id %s", c, areas.ID(slot))
			}
			seen[c] = true
		}
		if areas.Len() != n {
			t.Errorf("%d %s instead of %d", areas.Len(), layer, n)
		}
	}
	districts, _ := w.Layer("districts")
	for slot := range districts.Slots() {
		if a, want := districts.Shape(slot).Area(), indextest.Rect(0, 0, 3*side, 8*side).Area(); a < want*0.999999 || a > want*1.000001 {
			t.Errorf("the district has %f m² instead of %f", a, want)
		}
	}
	// Every cell lies where all of its codes say.
	cells, _ := w.Layer("cells")
	s, _ := l.Plan(w).Scheme("unit")
	for slot := range cells.Slots() {
		for _, a := range l.AreasOf(w, s, slot) {
			if !strings.HasPrefix(cells.Value(slot, 0).Text(), a.Code) {
				t.Errorf("cell %s lies in %s %s", cells.Value(slot, 0).Text(), a.Level, a.Code)
			}
		}
	}
	for _, row := range naming.Rows {
		if row.Level == "" && row.Share < 0.999999 {
			t.Errorf("%+v", row)
		}
	}
}

// TestJoinRefused has what cannot join refused, with the draft as it was.
func TestJoinRefused(t *testing.T) {
	_, e, l := realm(t, digits)
	w := e.World()
	d := version.Begin(version.Header{ID: "d", Scheme: "unit", Version: 1}, take(t, w, l))
	full := map[string]bool{"018": true}
	for text, want := range map[string]string{
		`{"op":"join","codes":["02"]}`:                                                                     "into: is missing",
		`{"op":"join","codes":[],"into":"01"}`:                                                             "must name the areas",
		`{"op":"join","codes":["02","02"],"into":"01"}`:                                                    "occurs twice",
		`{"op":"join","codes":["01"],"into":"01"}`:                                                         "cannot join itself",
		`{"op":"join","codes":["09"],"into":"01"}`:                                                         "is no area of level district",
		`{"op":"join","codes":["02"],"into":"09"}`:                                                         "is no area of the levels",
		`{"op":"join","codes":["02"],"into":"01","level":"parish"}`:                                        "is no level",
		`{"op":"join","codes":["02"],"into":"01","renames":[{"level":"street","old":"021","new":"011"}]}`:  "code_exists",
		`{"op":"join","codes":["02"],"into":"01","renames":[{"level":"street","old":"021","new":"~1"}]}`:   "must not begin with",
		`{"op":"join","codes":["02"],"into":"01","renames":[{"level":"street","old":"011","new":"019"}]}`:  "is no area of level",
		`{"op":"join","codes":["02"],"into":"01","renames":[{"level":"street","old":"021","new":"0190"}]}`: "must have 3 characters",
		`{"op":"join","codes":["02"],"into":"01","line":[[1,2]]}`:                                          "is no member of join",
	} {
		if _, err := joins(d, w, l, nil, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := joins(d, w, l, full, `{"op":"join","codes":["02"],"into":"01"}`); err == nil || !strings.Contains(err.Error(), "has no number left for street") {
		t.Errorf("no number is left: %v", err)
	}
	lock, err := version.ParseStep([]byte(`{"op":"lock","codes":["021101"]}`))
	if err != nil {
		t.Fatal(err)
	}
	locked, _, err := d.Do(lock)
	if err != nil {
		t.Fatal(err)
	}
	_, err = joins(locked, w, l, nil, `{"op":"join","codes":["02"],"into":"01"}`)
	if refused, ok := errors.AsType[*edit.RefusalError](err); !ok || refused.Reason != edit.Locked || refused.At == nil {
		t.Errorf("a locked cell: %v", err)
	}
}

// TestJoinWithoutRule has a district join another where codes say nothing of areas: all below keep theirs.
func TestJoinWithoutRule(t *testing.T) {
	log, e, l := realm(t, "none")
	w := e.World()
	d := version.Begin(version.Header{ID: "d", Scheme: "unit", Version: 1}, take(t, w, l))
	d, err := joins(d, w, l, nil, `{"op":"join","codes":["02"],"into":"01"}`)
	if err != nil {
		t.Fatal(err)
	}
	if back, _, ok := d.Undo(); !ok || back.Header.Done != 0 {
		t.Error("it cannot be undone")
	}
	naming, err := d.Name(version.ByRule, code.Rule{}, ever{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := d.Publish(w, naming, l)
	if err != nil {
		t.Fatal(err)
	}
	if p.Created+p.Changed+p.Ended > 0 || len(p.Changes) != 2 {
		t.Errorf("%+v", p)
	}
	w = indextest.At(t, e, log.Append(p.Changes...))
	for layer, n := range map[string]int{"districts": 2, "streets": 6, "communities": 12, "cells": 24} {
		if areas, _ := w.Layer(layer); areas.Len() != n {
			t.Errorf("%d %s instead of %d", areas.Len(), layer, n)
		}
	}
	// A street joins another of the same district: its communities go on, its cells too.
	d = version.Begin(version.Header{ID: "e", Scheme: "unit", Version: 2}, take(t, w, l))
	if d, err = joins(d, w, l, nil, `{"op":"join","level":"community","codes":["0112"],"into":"0111"}`); err != nil {
		t.Fatal(err)
	}
	if naming, err = d.Name(version.ByRule, code.Rule{}, ever{}, nil); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(naming.Ended, []string{"011201", "011202"}) || !slices.Equal(naming.Created, []string{"0111-001", "0111-002"}) {
		t.Errorf("ended %v, created %v", naming.Ended, naming.Created)
	}
}
