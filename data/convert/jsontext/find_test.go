package jsontext_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data/convert/jsontext"
)

// TestFinder finds a member of an object where encoding/json finds it, however the text arrives.
func TestFinder(t *testing.T) {
	text := rapid.StringOf(rapid.RuneFrom([]rune(`crs"\\{}[]:,u0 `)))
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		return rapid.Custom(func(t *rapid.T) any {
			switch kind := rapid.IntRange(0, 4).Draw(t, "kind"); {
			case kind == 0 && depth > 0:
				m := map[string]any{}
				for range rapid.IntRange(0, 3).Draw(t, "members") {
					m[rapid.OneOf(rapid.Just("crs"), text).Draw(t, "name")] = value(depth-1).Draw(t, "value")
				}
				return m
			case kind == 1 && depth > 0:
				return rapid.SliceOfN(value(depth-1), 0, 3).Draw(t, "list")
			case kind == 2:
				return nil
			case kind == 3:
				return rapid.IntRange(-9, 9).Draw(t, "number")
			default:
				return text.Draw(t, "text")
			}
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		object := map[string]any{}
		for range rapid.IntRange(0, 4).Draw(t, "members") {
			object[rapid.OneOf(rapid.Just("crs"), text).Draw(t, "name")] = value(2).Draw(t, "value")
		}
		features, err := json.Marshal(value(3).Draw(t, "features"))
		if err != nil {
			t.Fatal(err)
		}
		rest, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		behind := ":" + string(features)
		if len(object) > 0 {
			behind += " ,\n" + strings.TrimPrefix(string(rest), "{")
		} else {
			behind += "}"
		}
		f := jsontext.NewFinder("crs")
		for at := 0; at < len(behind); {
			next := rapid.IntRange(at+1, len(behind)).Draw(t, "next")
			_, _ = f.Write([]byte(behind[at:next]))
			at = next
		}
		want := ""
		if crs, ok := object["crs"]; ok {
			raw, _ := json.Marshal(crs)
			want = string(raw)
		}
		if string(f.Found()) != want {
			t.Fatalf("found %q instead of %q in %s", f.Found(), want, behind)
		}
	})
}
