package archtest

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// checks are all rules by name.
var checks = []struct {
	name string
	run  func(tree) []string
}{
	{"rows", func(t tree) []string { return checkRows(t, rows) }},
	{"edges", func(t tree) []string { return checkEdges(t, rows) }},
	{"bans", func(t tree) []string { return checkBans(t, bans) }},
	{"inits", checkInits},
	{"comments", checkComments},
	{"sizes", checkSizes},
	{"words", checkWords},
	{"internal", checkInternal},
	{"leaks", checkLeaks},
}

// TestArchitecture applies every rule to the module.
func TestArchitecture(t *testing.T) {
	module, err := load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	if len(module) < 5 {
		t.Fatalf("found only %v: the tests do not look at the module", module.dirs())
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			for _, finding := range c.run(module) {
				t.Error(finding)
			}
		})
	}
}

// TestRowsPointDown proves that the table itself has no cycle.
func TestRowsPointDown(t *testing.T) {
	may := map[string][]string{}
	for _, r := range rows {
		if _, twice := may[r.dir]; twice {
			t.Errorf("%s has two rows", r.dir)
		}
		if r.why == "" {
			t.Errorf("%s: the row gives no reason", r.dir)
		}
		may[r.dir] = r.may
	}
	var walk func(dir string, trail []string)
	walk = func(dir string, trail []string) {
		if slices.Contains(trail, dir) {
			t.Fatalf("cycle: %v → %s", trail, dir)
		}
		for _, to := range may[dir] {
			walk(to, append(slices.Clip(trail), dir))
		}
	}
	for dir := range may {
		walk(dir, nil)
	}
}

// TestChecksFire shows each rule a tree that breaks it, and one that does not.
func TestChecksFire(t *testing.T) {
	const ours = `"` + modulePath + `/`
	many := strings.Repeat("// A line.\n", maxFileLines)
	for _, c := range []struct {
		check, name string
		files       map[string]string
		want        string // part of the only finding; none when empty
	}{
		{"edges", "upward", map[string]string{"data/a.go": `package data; import _ ` + ours + `index"`}, "data may not import index"},
		{"edges", "sibling", map[string]string{"tiles/a.go": `package tiles; import _ ` + ours + `grid"`}, "tiles may not import grid"},
		{"edges", "store in server", map[string]string{"server/a.go": `package server; import _ ` + ours + `data/boltstore"`}, "may not import data/boltstore"},
		{"edges", "contract outside tests", map[string]string{"index/a.go": `package index; import _ ` + ours + `data/storetest"`}, "may not import data/storetest"},
		{"edges", "pages in server", map[string]string{"server/a.go": `package server; import _ ` + ours + `web"`}, "may not import web"},
		{"edges", "test reaches up", map[string]string{"index/a_test.go": `package index; import _ ` + ours + `server"`}, "may not import server"},
		{"edges", "test uses a store", map[string]string{"index/a_test.go": `package index; import _ ` + ours + `data/boltstore"`}, ""},
		{"edges", "helper of tests outside tests", map[string]string{"tiles/a.go": `package tiles; import _ ` + ours + `index/indextest"`}, "may not import index/indextest"},
		{"edges", "down", map[string]string{"grid/a.go": `package grid; import _ ` + ours + `index"`}, ""},
		{"edges", "obs", map[string]string{"geo/a.go": `package geo; import _ ` + ours + `internal/obs"`}, ""},
		{"bans", "http", map[string]string{"tiles/a.go": `package tiles; import _ "net/http"`}, "net/http is banned in tiles"},
		{"bans", "http in server", map[string]string{"server/a.go": `package server; import _ "net/http"`}, ""},
		{"bans", "http.Error", map[string]string{"server/a.go": `package server; import "net/http"; var _ = http.Error`}, "net/http.Error is banned"},
		{"bans", "mux", map[string]string{"index/a.go": `package index; import _ "github.com/gorilla/mux"`}, "github.com/gorilla/mux is banned"},
		{"bans", "clock", map[string]string{"data/a.go": `package data; import "time"; var _ = time.Now()`}, "time.Now is banned in data"},
		{"bans", "clock by another name", map[string]string{"data/a.go": `package data; import t "time"; var _ = t.Now`}, "time.Now is banned in data"},
		{"bans", "clock in server", map[string]string{"server/a.go": `package server; import "time"; var _ = time.Now()`}, ""},
		{"bans", "clock in a test", map[string]string{"data/a_test.go": `package data; import "time"; var _ = time.Now()`}, ""},
		{"bans", "clock in a helper of tests", map[string]string{"data/storetest/a.go": `package storetest; import "time"; var _ = time.Now()`}, ""},
		{"bans", "own Now", map[string]string{"data/a.go": `package data; var _ = clock.Now()`}, ""},
		{"bans", "print", map[string]string{"server/a.go": `package server; import "fmt"; func f() { fmt.Println() }`}, "fmt.Println is banned in server"},
		{"bans", "print in cmd", map[string]string{"cmd/gewu/a.go": `package main; import "fmt"; func f() { fmt.Println() }`}, ""},
		{"bans", "log", map[string]string{"cmd/gewu/a.go": `package main; import _ "log"`}, "use log/slog"},
		{"bans", "dot import", map[string]string{"geo/a.go": `package geo; import . "math"`}, "dot import"},
		{"inits", "function", map[string]string{"geo/a.go": `package geo; func init() {}`}, "init functions are banned"},
		{"inits", "method", map[string]string{"geo/a.go": `package geo; func (f *feed) init() {}`}, ""},
		{"comments", "none", map[string]string{"geo/a.go": "package geo\n"}, "wants one package comment, has 0"},
		{"comments", "two", map[string]string{"geo/a.go": "// Package geo.\npackage geo\n", "geo/b.go": "// Package geo.\npackage geo\n"}, "has 2"},
		{"comments", "one", map[string]string{"geo/a.go": "// Package geo.\npackage geo\n", "geo/b.go": "package geo\n"}, ""},
		{"sizes", "file", map[string]string{"geo/a.go": "package geo\n" + many}, "at most 500"},
		{"sizes", "fits", map[string]string{"geo/a.go": "package geo\n" + strings.TrimSuffix(many, "// A line.\n")}, ""},
		{"sizes", "test", map[string]string{"geo/a_test.go": "package geo\n" + many}, ""},
		{"sizes", "package", map[string]string{
			"geo/a.go": "package geo\n" + many[11:], "geo/b.go": "package geo\n" + many[11:], "geo/c.go": "package geo\n" + many[11:],
			"geo/d.go": "package geo\n" + many[11:], "geo/e.go": "package geo\n" + many[11:], "geo/f.go": "package geo\n" + many[11:],
			"geo/g.go": "package geo\n",
		}, "3001 lines, at most 3000"},
		{"words", "left over", map[string]string{"geo/a.go": "package geo\n\n// " + leftovers[0] + ": later\n"}, "geo/a.go:3: " + leftovers[0]},
		{"words", "part of a word", map[string]string{"geo/a.go": "package geo\n\n// MAS" + leftovers[0] + "N\n"}, ""},
		{"internal", "domain word", map[string]string{"internal/obs/a.go": `package obs; func TileHits() {}`}, "TileHits is a domain word"},
		{"internal", "plural", map[string]string{"internal/obs/a.go": `package obs; func openCells() {}`}, "openCells is a domain word"},
		{"internal", "plain", map[string]string{"internal/obs/a.go": `package obs; func Discard() {}`}, ""},
		{"leaks", "unguarded", map[string]string{"tiles/a.go": `package tiles; func f() { go f() }`}, "starts a goroutine"},
		{"leaks", "guarded", map[string]string{
			"tiles/a.go": `package tiles; func f() { go f() }`, "tiles/a_test.go": `package tiles; import _ "go.uber.org/goleak"`,
		}, ""},
	} {
		t.Run(c.check+"/"+c.name, func(t *testing.T) {
			found := runCheck(t, c.check, c.files)
			switch {
			case c.want == "" && len(found) > 0:
				t.Errorf("findings in a good tree: %q", found)
			case c.want != "" && (len(found) != 1 || !strings.Contains(found[0], c.want)):
				t.Errorf("found %q, want one that says %q", found, c.want)
			}
		})
	}
}

// TestRowsFire covers the rule about the table itself, which needs a table of its own.
func TestRowsFire(t *testing.T) {
	module := parse(t, map[string]string{"geo/a.go": "package geo", "extra/a.go": "package extra", "soon/a.go": "package soon"})
	got := checkRows(module, []row{
		{dir: "geo", may: []string{"nowhere"}},
		{dir: "gone"},
		{dir: "soon", planned: true},
		{dir: "later", planned: true},
	})
	for _, want := range []string{
		"allows nowhere, which has no row", "gone: has a row", "soon: exists, so its row is no longer planned", "extra: has no row",
	} {
		if !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("no finding says %q in %q", want, got)
		}
	}
	if len(got) != 4 {
		t.Errorf("%d findings, want 4: %q", len(got), got)
	}
}

func parse(t *testing.T, files map[string]string) tree {
	t.Helper()
	root := fstest.MapFS{}
	for name, text := range files {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	module, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	return module
}

func runCheck(t *testing.T, name string, files map[string]string) []string {
	t.Helper()
	for _, c := range checks {
		if c.name == name {
			return c.run(parse(t, files))
		}
	}
	t.Fatalf("no check %q", name)
	return nil
}
