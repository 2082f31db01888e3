package ingest_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/server/ingest"
	"github.com/gewu-city/gewu/server/spool"
)

// TestWhyRowsAreRefused tells of each row that waited in vain what it waited for, and keeps those that did not.
func TestWhyRowsAreRefused(t *testing.T) {
	before := []area{{id: "old", code: "x"}, {id: "gone", code: "y", friend: "old"}, {id: "kept", code: "k"}}
	for name, test := range map[string]struct {
		rows    []area
		replace bool
		want    []string // file: message
		notes   []string
		left    string
	}{
		"dangling": {
			[]area{{id: "1", parent: "2"}, {id: "2", parent: "3"}, {id: "3", friend: "nobody"}, {id: "4", parent: "4"}},
			false,
			[]string{
				`row 1: parent: is the feature of row 2 of 0, which was refused (value "2")`,
				`row 2: parent: is the feature of row 3 of 0, which was refused (value "3")`,
				`row 3: friend: is no feature of layer areas, and no row of this import gives it (value "nobody")`,
			},
			nil, "4 gone kept old",
		},
		"values": {
			[]area{{id: "1", code: "x"}, {id: "2", code: "x"}, {id: "3", code: "y"}, {id: "gone", code: "z", parent: "nobody"}},
			false,
			[]string{
				`row 1: code: is what feature "old" has already, and the attribute is unique (value "x")`,
				`row 2: code: is what row 1 of 0 gives feature "1", and the attribute is unique; the first row counts (value "x")`,
				`row 3: code: is what feature "gone" has already, since row 4 of 0 was refused, and the attribute is unique (value "y")`,
				`row 4: parent: is no feature of layer areas, and no row of this import gives it (value "nobody")`,
			},
			nil, "gone kept old",
		},
		"kept by its own row": {
			[]area{{id: "1", code: "x"}, {id: "old", code: "x", zone: "z"}, {id: "2", code: "x"}},
			false,
			[]string{
				`row 1: code: is what feature "old" has already, and the attribute is unique (value "x")`,
				`row 3: code: is what feature "old" has already, and the attribute is unique (value "x")`,
			},
			nil, "gone kept old",
		},
		"elsewhere": {
			[]area{{id: "1", zone: "nowhere"}, {id: "2", parent: "1"}},
			false,
			[]string{
				`row 1: zone: is no feature of layer zones; put that first, or in the same transaction (value "nowhere")`,
				`row 2: parent: is no feature of layer areas, and no row of this import gives it (value "1")`,
			},
			nil, "gone kept old",
		},
		"what ends gives its value": {
			[]area{{id: "old", code: "x"}, {id: "1", code: "y", friend: "kept"}},
			true, nil,
			[]string{`feature "kept" stays: feature "1" refers to it by friend`},
			"1 kept old",
		},
		"what ends refers to what ends": {[]area{{id: "kept", code: "k"}}, true, nil, nil, "kept"},
		"a refused row keeps what would end, and its value": {
			[]area{{id: "1", code: "y"}, {id: "2", parent: "nobody"}, {id: "3"}},
			true,
			[]string{
				`row 1: code: is what feature "gone" has already, and the attribute is unique (value "y")`,
				`row 2: parent: is no feature of layer areas, and no row of this import gives it (value "nobody")`,
			},
			nil, "3 gone kept old",
		},
	} {
		for _, atomic := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, atomic %v", name, atomic), func(t *testing.T) {
				city := map[string]area{}
				for _, a := range before {
					city[a.id] = a
				}
				c := newAreas(t, city)
				defer c.stop()
				var told, notes []string
				cfg := ingest.Config{Mode: ingest.Upsert, Atomic: atomic, BatchRows: 2, Note: func(n string) { notes = append(notes, n) }}
				if test.replace {
					cfg.Mode = ingest.Replace
				}
				c.told = func(e *convert.RowError) {
					if e.Source == nil || len(e.Source.Cells) != 5 || e.Source.Cells[0] != test.rows[e.Row-1].id {
						t.Errorf("row %d brings %+v", e.Row, e.Source)
					}
					bare := *e
					bare.File = ""
					told = append(told, bare.Error())
				}
				if _, _, err := c.run(t, cfg, test.rows); err != nil {
					t.Fatal(err)
				}
				slices.Sort(told)
				if !slices.Equal(told, test.want) || !slices.Equal(notes, test.notes) {
					t.Errorf("told:\n%s\n%q", strings.Join(told, "\n"), notes)
				}
				var left []string
				for id := range c.areas() {
					left = append(left, id)
				}
				if slices.Sort(left); strings.Join(left, " ") != test.left {
					t.Errorf("left are %v", left)
				}
			})
		}
	}
}

// TestWaitingRowsLandWhenTheyCan lets rows wait for others far behind: they land in batches as soon as those have come,
// and only what needs each other in a circle is appended together.
func TestWaitingRowsLandWhenTheyCan(t *testing.T) {
	const n = 500
	for name, test := range map[string]struct {
		parent   func(i int) int
		together bool
	}{
		"chain":  {func(i int) int { return i + 1 }, false},
		"star":   {func(int) int { return n - 1 }, false},
		"tree":   {func(i int) int { return i + 1 + rand.IntN(n-i) }, false},
		"circle": {func(i int) int { return (i + 1) % n }, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newAreas(t, nil)
			defer c.stop()
			var rows []area
			for i := range n {
				r := area{id: fmt.Sprint(i), code: fmt.Sprint(i)}
				if p := test.parent(i); p < n {
					r.parent = fmt.Sprint(p)
				}
				rows = append(rows, r)
			}
			begin := c.store.log.Last()
			sum, _, err := c.run(t, ingest.Config{Mode: ingest.Upsert, BatchRows: 30}, rows)
			if err != nil || sum.Added != n || sum.Failed != 0 {
				t.Fatal(counts(sum), err)
			}
			for _, e := range c.store.log.All()[begin:] {
				if !test.together && (len(e.Changes) > 30 || e.Visible != e.Seq) || test.together && len(e.Changes) != n {
					t.Errorf("entry %d has %d changes and is visible with %d", e.Seq, len(e.Changes), e.Visible)
				}
			}
			again, _, err := c.run(t, ingest.Config{Mode: ingest.Replace, BatchRows: 30}, rows)
			if err != nil || again.Unchanged != n {
				t.Errorf("again: %s, %v", counts(again), err)
			}
			// All codes move on by one feature.
			for i := range rows {
				rows[i].code = fmt.Sprint((i + 1) % n)
			}
			moved, _, err := c.run(t, ingest.Config{Mode: ingest.Replace, BatchRows: 30}, rows)
			if err != nil || moved.Changed != n || c.areas()["7"].code != "8" {
				t.Errorf("moved: %s, %v", counts(moved), err)
			}
		})
	}
}

// TestWaitingRowsOfABrokenImport says what became of rows that waited when an import ends early.
func TestWaitingRowsOfABrokenImport(t *testing.T) {
	rows := []area{{id: "1", parent: "3"}, {id: "2"}, {id: "3", zone: "nowhere"}, {id: "4"}}
	for _, atomic := range []bool{false, true} {
		c := newAreas(t, nil)
		var notes []string
		cfg := ingest.Config{Mode: ingest.Upsert, Atomic: atomic, Strict: true, BatchRows: 1, Note: func(n string) { notes = append(notes, n) }}
		sum, refused, err := c.run(t, cfg, rows)
		want, have := "2", slices.Collect(maps.Keys(c.areas()))
		if atomic {
			want = ""
		}
		file, ok := errors.AsType[*convert.FileError](err)
		if !ok || atomic == strings.Contains(file.Error(), "except rows that waited") || strings.Join(have, " ") != want || !slices.Equal(refused, []int{2}) {
			t.Errorf("atomic %v: %s, %v, %v; the city has %v", atomic, counts(sum), refused, err, have)
		}
		if !slices.Equal(notes, []string{"1 row waited for rows behind it and has not been imported"}) {
			t.Errorf("notes %q", notes)
		}
		// One that turns out wrong in the end.
		c2 := newAreas(t, nil)
		sum, refused, err = c2.run(t, cfg, []area{{id: "1", parent: "2"}, {id: "2", parent: "1"}, {id: "3", parent: "nobody"}, {id: "4"}})
		if !errors.As(err, &file) || sum.Failed != 1 || !slices.Equal(refused, []int{2}) || atomic != (len(c2.areas()) == 0) || len(c2.areas()) > 1 {
			t.Errorf("atomic %v: %s, %v, %v; the city has %v", atomic, counts(sum), refused, err, c2.areas())
		}
		c3 := newAreas(t, nil)
		_, _, err = c3.run(t, ingest.Config{Mode: ingest.Upsert, Atomic: atomic, Spool: spool.Dir{Reserve: 1 << 62}}, rows[:3])
		if !errors.As(err, &file) || !strings.Contains(file.Error(), "no room") {
			t.Errorf("atomic %v: %v", atomic, err)
		}
		for _, c := range []*areaCity{c, c2, c3} {
			c.stop()
		}
	}
}

// TestEmptyFiles refuses to end everything because a file has no rows, unless that is allowed.
func TestEmptyFiles(t *testing.T) {
	c := newAreas(t, map[string]area{"1": {id: "1", parent: "2"}, "2": {id: "2", parent: "1"}})
	defer c.stop()
	for _, cfg := range []ingest.Config{{}, {Atomic: true}, {DryRun: true}} {
		cfg.Mode = ingest.Replace
		sum, _, err := c.run(t, cfg, nil, nil)
		empty, ok := errors.AsType[*ingest.EmptyError](err)
		if !ok || !strings.Contains(empty.Error(), "would end all features of layer areas (2): allow that with --allow-empty") || sum.Ended != 0 || len(c.areas()) != 2 {
			t.Errorf("%+v: %s, %v", cfg, counts(sum), err)
		}
		if sum, _, err = c.run(t, ingest.Config{Mode: ingest.Upsert}, nil); err != nil || len(c.areas()) != 2 {
			t.Errorf("upsert: %s, %v", counts(sum), err)
		}
	}
	for _, want := range []string{"0 rows 0+ 0~ 2- 0= 0!", "0 rows 0+ 0~ 0- 0= 0!"} {
		if sum, _, err := c.run(t, ingest.Config{Mode: ingest.Replace, AllowEmpty: true}, nil); err != nil || counts(sum) != want || len(c.areas()) != 0 {
			t.Errorf("allowed: %s, %v", counts(sum), err)
		}
	}
	if sum, _, err := c.run(t, ingest.Config{Mode: ingest.Replace}, nil); err != nil {
		t.Errorf("nothing to end: %s, %v", counts(sum), err)
	}
}
