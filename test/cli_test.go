package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const lampsTOML = `name = "lamps"
title = { zh = "路灯", en = "Lamps" }
geometry = "point"
id = { attribute = "no" }
roles = { part = { code = "no" } }
[[attributes]]
name = "no"; type = "text"; required = true
[[attributes]]
name = "height"; type = "number"; unit = "m"
`

// TestCommandsSideBySide runs commands at the same time on a city that no server serves: each waits for the others,
// and nothing that one of them wrote is lost.
func TestCommandsSideBySide(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a folder with blanks 和 中文")
	if out, ok := run(t, nil, "layer", "list", "--data", dir); ok || !strings.Contains(out, "there is no city") {
		t.Errorf("a city that does not exist: %s", out)
	}
	mustRun(t, "layer", "create", "--data", dir, "--file", write(t, "lamps.toml", lampsTOML))
	var group sync.WaitGroup
	for i := range 6 {
		group.Go(func() {
			row := strings.NewReader(fmt.Sprintf("no,height,lon,lat\nL%d,5,121.5,25\n", i))
			if out, ok := run(t, row, "import", "--data", dir, "--layer", "lamps", "--format", "csv", "-"); !ok {
				t.Errorf("import %d: %s", i, out)
			}
		})
	}
	group.Wait()
	if out := mustRun(t, "export", "--data", dir, "--layer", "lamps", "--format", "csv"); strings.Count(out, "121.5,25") != 6 {
		t.Errorf("6 lamps were imported:\n%s", out)
	}
}

// TestAlter gives a layer a new definition: what the file no longer says is gone, attributes may only be added.
func TestAlter(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, "layer", "create", "--data", dir, "--file", write(t, "lamps.toml", lampsTOML))
	altered := strings.Replace(lampsTOML, `roles = { part = { code = "no" } }`, "", 1)
	altered = strings.Replace(altered, `, en = "Lamps"`, "", 1) + "[[attributes]]\nname = \"colour\"\ntype = \"text\"\n"
	mustRun(t, "layer", "alter", "--data", dir, "--file", write(t, "lamps.toml", altered))
	var list struct {
		Layers []struct {
			Title      map[string]string
			Roles      map[string]any
			Attributes []struct{ Name string }
		}
	}
	if err := json.Unmarshal([]byte(mustRun(t, "layer", "list", "--data", dir, "--json")), &list); err != nil {
		t.Fatal(err)
	}
	if l := list.Layers[0]; len(l.Title) != 1 || len(l.Roles) != 0 || len(l.Attributes) != 3 {
		t.Errorf("altered to %+v", l)
	}
	fewer := strings.SplitN(altered, "[[attributes]]", 2)[0] + "[[attributes]]\nname = \"no\"\ntype = \"text\"\nrequired = true\n"
	if out, ok := run(t, nil, "layer", "alter", "--data", dir, "--file", write(t, "lamps.toml", fewer)); ok {
		t.Errorf("attributes were taken away: %s", out)
	}
}

// TestAlterOneByOne alters attributes by flags.
func TestAlterOneByOne(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, "layer", "create", "--data", dir, "--file", write(t, "lamps.toml", lampsTOML))
	row := strings.NewReader("no,height,lon,lat\nL1,5,121.5,25\n")
	if out, ok := run(t, row, "import", "--data", dir, "--layer", "lamps", "--format", "csv", "-"); !ok {
		t.Fatal(out)
	}
	mustRun(t, "layer", "alter", "lamps", "--data", dir, "--rename", "height=mast", "--widen", "mast=text",
		"--add", "lit=bool", "--default", "lit=true", "--require", "lit", "--relax", "no")
	if out := mustRun(t, "export", "--data", dir, "--layer", "lamps", "--format", "csv"); !strings.Contains(out, "id,lon,lat,no,mast,lit\nL1,121.5,25,L1,5,true\n") {
		t.Errorf("exported\n%s", out)
	}
	mustRun(t, "layer", "alter", "lamps", "--data", dir, "--drop", "lit", "--default", "mast=")
	for _, wrong := range [][]string{
		{},
		{"lamps"},
		{"--drop", "mast"},
		{"lamps", "--rename", "mast"},
		{"lamps", "--drop", "lit"},
		{"lamps", "--drop", "mast", "--file", write(t, "lamps.toml", lampsTOML)},
	} {
		if out, ok := run(t, nil, append([]string{"layer", "alter", "--data", dir}, wrong...)...); ok {
			t.Errorf("%v: %s", wrong, out)
		}
	}
}

// TestHistoryAcrossDefinitions tells of values by the names of today, and of what somebody did: a definition that renames or
// drops an attribute has changed no feature.
func TestHistoryAcrossDefinitions(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, "layer", "create", "--data", dir, "--file", write(t, "lamps.toml", lampsTOML))
	load := func(text string) {
		t.Helper()
		if out, ok := run(t, strings.NewReader(text), "import", "--data", dir, "--layer", "lamps", "--format", "csv", "-"); !ok {
			t.Fatal(out)
		}
	}
	load("no,height,lon,lat\nL1,5,121.5,25\n")
	mustRun(t, "layer", "alter", "lamps", "--data", dir, "--add", "lit=bool")
	load("no,height,lit,lon,lat\nL1,5,true,121.5,25\n")
	mustRun(t, "layer", "alter", "lamps", "--data", dir, "--rename", "height=mast", "--drop", "lit")
	load("no,mast,lon,lat\nL1,6,121.5,25\n")
	out := mustRun(t, "history", "lamps", "L1", "--data", dir)
	if !strings.Contains(out, "mast 5 → 6") || strings.Contains(out, "height") || strings.Contains(out, "lit") {
		t.Errorf("%s", out)
	}
	if out := mustRun(t, "history", "lamps", "L1", "--data", dir, "--json"); !strings.Contains(out, `"renamed":{"height":"mast","lit":null}`) {
		t.Errorf("%s", out)
	}
	if out, ok := run(t, nil, "cell", "show", "", "--data", dir); ok || !strings.Contains(out, "code of the cell is empty") {
		t.Errorf("a cell without a code: %s", out)
	}
	// The entry of the first import was changed again since.
	if out, ok := run(t, nil, "revert", "4", "--data", dir); ok || !strings.Contains(out, "with --force") || strings.Contains(out, "force=true") {
		t.Errorf("revert: %s", out)
	}
}

// TestHelp asks for help as people do who know other programs.
func TestHelp(t *testing.T) {
	for _, command := range []string{"", "case", "case list"} {
		words := strings.Fields(command)
		if asked, flag := mustRun(t, append([]string{"help"}, words...)...), mustRun(t, append(words, "--help")...); asked != flag || !strings.Contains(asked, "Usage: gewu") {
			t.Errorf("gewu help %s:\n%s\nwith the flag:\n%s", command, asked, flag)
		}
	}
	if out, ok := run(t, nil, "help", "case", "sow"); ok || !strings.Contains(out, "sow") {
		t.Errorf("help about nothing: %s", out)
	}
}

// TestDictionaryCommands makes dictionaries of a definition and of tables, and keeps features to them.
func TestDictionaryCommands(t *testing.T) {
	dir := t.TempDir()
	table := "code\tmajor_name\tminor_name\tstandard\n01001\t市政公用设施\t供水井盖\tGB/T 47678.5-2026\n0101\t公用设施\t上水井盖\tGB/T 30428.2-2013\n"
	out := mustRun(t, "dictionary", "create", "--data", dir, "--file", write(t, "parts.tsv", table), "--where", "standard=GB/T 47678.5-2026",
		"--major", "major_name", "--columns", "zh=minor_name", "--title", "zh=部件, 2026", "--source", "GB/T 47678.5-2026")
	if !strings.Contains(out, "dictionary parts created, 2 codes") {
		t.Error(out)
	}
	mustRun(t, "dictionary", "create", "--data", dir, "--file", write(t, "surface.toml", "name = \"surface\"\n[[entries]]\ncode = \"1\"; title = { zh = \"沥青\" }\n"))
	if out := mustRun(t, "dictionary", "--data", dir); !strings.Contains(out, "parts    部件, 2026  2      GB/T 47678.5-2026") || !strings.Contains(out, "surface") {
		t.Errorf("list:\n%s", out)
	}
	if out := mustRun(t, "dictionary", "show", "parts", "--data", dir); !strings.Contains(out, "01001  01      供水井盖") {
		t.Errorf("show:\n%s", out)
	}
	mustRun(t, "layer", "create", "--data", dir, "--file", write(t, "parts.toml", "name = \"parts\"\ngeometry = \"none\"\nattributes = [ { name = \"class\", type = \"code\", dictionary = \"parts\" } ]\n"))
	if out, ok := run(t, strings.NewReader("id,class\na,01001\nb,01002\n"), "import", "--data", dir, "--layer", "parts", "--format", "csv", "-"); !strings.Contains(out, "is no code of dictionary parts; near are 01001, 01") {
		t.Errorf("import (%v): %s", ok, out)
	}
	shown := mustRun(t, "dictionary", "show", "parts", "--json", "--data", dir)
	mustRun(t, "dictionary", "alter", "--data", dir, "--file", write(t, "parts.json", strings.Replace(shown, "供水井盖", "给水井盖", 1)))
	for _, wrong := range [][]string{
		{"create"},
		{"create", "--file", write(t, "parts.tsv", table)},
		{"create", "--file", write(t, "a.toml", "name = 'A'")},
		{"create", "--file", write(t, "a.toml", "name = 'a'"), "--major", "x"},
		{"alter", "--file", write(t, "parts.csv", "code\n01\n")},
		{"drop", "parts"},
		{"show", "nope"},
	} {
		if out, ok := run(t, nil, append(append([]string{"dictionary"}, wrong...), "--data", dir)...); ok {
			t.Errorf("%v: %s", wrong, out)
		}
	}
	mustRun(t, "dictionary", "drop", "surface", "--data", dir)
}

// TestWholeFileErrors checks that what is wrong with a file as a whole is said in words.
func TestWholeFileErrors(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, "layer", "create", "--data", dir, "--file", write(t, "lamps.toml", lampsTOML))
	rows := "no,height,E,N\n1,5,121,25\n"
	for _, test := range []struct{ file, text, flags, want string }{
		{"a.csv", rows, "--lon EE --lat N", `no column "EE"`},
		{"b.csv", rows, "--lon E --lat N --map height=nope", "nope"},
		{"c.csv", rows, "--lon E --lat N --ignore nosuch", "nosuch"},
		{"d.csv", rows, "--lon E --lat N --crs EPSG:9999", "EPSG:3826"},
		{"e.csv", "", "", "empty"},
		{"f.csv", "\xff\xfen\x00o\x00", "", "the columns are no"},
		{"g.geojson", `{"type":"FeatureCollection","features":[{"type":`, "", "JSON"},
		{"h.geojson", `{"type":"Topology"}`, "", "not GeoJSON"},
	} {
		args := append([]string{"import", "--data", dir, "--layer", "lamps"}, strings.Fields(test.flags)...)
		out, ok := run(t, nil, append(args, write(t, test.file, test.text))...)
		if ok || !strings.Contains(out, test.want) || strings.Contains(out, "fault of the server") {
			t.Errorf("%s %s: %s", test.file, test.flags, out)
		}
	}
}
