package convert_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
)

const layerTOML = `
name = "addresses"
title = { zh = "门牌", en = "Addresses" }
geometry = "point"
id = { attribute = "code" }
zoom = { min = 15, max = 22 }
roles = { address = { road = "road" } }
[[attributes]]
name = "code"
type = "code"
[[attributes]]
name = "road"
type = "text"
required = true
default = "?"
description = { en = "Street" }
former = ["street"]
[[attributes]]
name = "floors"
type = "number"
default = 2
was = ["int"]
`

const layerJSON = `{"name":"addresses","title":{"zh":"门牌","en":"Addresses"},"geometry":"point","id":{"attribute":"code"},
"zoom":{"min":15,"max":22},"roles":{"address":{"road":"road"}},
"attributes":[{"name":"code","type":"code"},{"name":"road","type":"text","required":true,"default":"?","description":{"en":"Street"},"former":["street"]},
{"name":"floors","type":"number","default":2,"was":["int"]}]}`

func TestLayerIsTheSameInBothFormats(t *testing.T) {
	a, err := convert.DecodeLayer(strings.NewReader(layerTOML), convert.TOML)
	if err != nil {
		t.Fatal(err)
	}
	b, err := convert.DecodeLayer(strings.NewReader(layerJSON), convert.JSON)
	if err != nil {
		t.Fatal(err)
	}
	sameValue := cmp.Comparer(func(a, b data.Value) bool { return a == b })
	if diff := cmp.Diff(a, b, sameValue); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeLayerRefuses(t *testing.T) {
	for name, test := range map[string]struct{ format, text, want string }{
		"TOML key":        {convert.TOML, layerTOML + "colour = 'red'", "unknown key attributes.colour"},
		"TOML nested key": {convert.TOML, "name = 'a'\nroles = { area = { levels = 'x' } }", "unknown key roles.area.levels"},
		"TOML syntax":     {convert.TOML, "name = 'a'\ntype = ", "line 2: "},
		"TOML control":    {convert.TOML, "\x17", "line 1: "},
		"TOML type":       {convert.TOML, "name = 7", `line 1 (last key "name"): incompatible types`},
		"JSON key":        {convert.JSON, `{"name":"a","roles":{"area":{"levels":"x"}}}`, "unknown key levels"},
		"JSON syntax":     {convert.JSON, `{"name":}`, "byte 9: "},
		"JSON type":       {convert.JSON, `{"zoom":{"min":"x"}}`, "zoom.min: must not be a string"},
		"JSON end":        {convert.JSON, `{"name":"a"`, "the definition ends in the middle"},
		"JSON twice":      {convert.JSON, layerJSON + "{}", "text follows the definition"},
		"wrong":           {convert.JSON, `{"name":"A","geometry":"point","attributes":[]}`, `name: must match`},
		"format":          {"yaml", "", `definitions are toml or json, not "yaml"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := convert.DecodeLayer(strings.NewReader(test.text), test.format)
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	if l, err := convert.LoadLayer(write("a.toml", layerTOML)); err != nil || l.Name != "addresses" {
		t.Error(l, err)
	}
	if _, err := convert.LoadLayer(write("b.TOML", "x = 1")); err == nil || !strings.HasSuffix(err.Error(), "b.TOML: unknown key x") {
		t.Error(err)
	}
	if _, err := convert.LoadLayer(filepath.Join(dir, "absent.toml")); err == nil {
		t.Error("an absent file loads")
	}
}

func TestDecodeScheme(t *testing.T) {
	const text = `{"name":"unit","levels":["district"],"cells":{"layer":"units","code":"CODEBASE"},"code_rule":"none"}`
	if s, err := convert.DecodeScheme(strings.NewReader(text), convert.JSON); err != nil || s.Cells.Code != "CODEBASE" {
		t.Error(s, err)
	}
	if _, err := convert.DecodeScheme(strings.NewReader("level = []"), convert.TOML); err == nil {
		t.Error("an unknown key passes")
	}
}

// TestSemicolons reads attributes on one line, as the manual writes them.
func TestSemicolons(t *testing.T) {
	const text = `name = "addresses" # a; b = "
title = { zh = "门牌;", en = 'Add"resses;' }; geometry = "point"
id = { attribute = "code" }
roles = { address = { road = "road" } }
attribution = """
"a\"; b" ''; c"""
[[attributes]]
name = "code"; type = "code"; title = { zh = "编号", en = "Code" }; required = true    # text int number
[[attributes]]
name = "road"; type = "text"`
	l, err := convert.DecodeLayer(strings.NewReader(text), convert.TOML)
	if err != nil {
		t.Fatal(err)
	}
	if l.Title["zh"] != "门牌;" || l.Title["en"] != `Add"resses;` || l.Attribution != `"a"; b" ''; c` || len(l.Attributes) != 2 || !l.Attributes[0].Required {
		t.Errorf("%+v", l)
	}
	for text, want := range map[string]string{
		"name = 'a'; geometry = 'point';\nid = ": "line 2: ",
		"name = 'a":                              "line 1: ",
		"name = \"\\":                            "line 1: ",
		"# no end":                               "name: must match",
	} {
		if _, err := convert.DecodeLayer(strings.NewReader(text), convert.TOML); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestDecodeMapping(t *testing.T) {
	for text, want := range map[string]string{
		"select = [{a = true}]\n[attributes]\nb = {tag = \"c\", values = {d = \"e\"}}": "<nil>",
		`{"select": [{"a": true}], "attributes": {"b": {"tag": "c"}}}`:                 "<nil>",
		"selects = [{a = true}]":     "unknown key selects",
		`{"selects": [{"a": true}]}`: "unknown key selects",
	} {
		format := convert.TOML
		if strings.HasPrefix(text, "{") {
			format = convert.JSON
		}
		if _, err := convert.DecodeMapping(strings.NewReader(text), format); fmt.Sprint(err) != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
