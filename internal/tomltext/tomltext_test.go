package tomltext_test

import (
	"testing"

	"github.com/gewu-city/gewu/internal/tomltext"
)

func TestErrorsAreOneLineThatSaysWhere(t *testing.T) {
	for text, want := range map[string]string{
		"a = 1":               "",
		"a = 1\nb = 2":        "unknown key b",
		"a = 1\na = 2":        "line 2: Key 'a' has already been defined.",
		"a = \"x\"":           `line 1 (last key "a"): incompatible types: TOML value has type string; destination has type integer`,
		"\n\na = [\n1,\n":     "line 4: unexpected EOF; expected value",
		"[t]\nx = 1\n[t.y]\n": "unknown key t",
	} {
		var v struct{ A int }
		err := tomltext.Decode(text, &v)
		if err != nil {
			if got := err.Error(); got != want {
				t.Errorf("%q: %s, want %s", text, got, want)
			}
		} else if want != "" {
			t.Errorf("%q is read, want %s", text, want)
		}
	}
}
