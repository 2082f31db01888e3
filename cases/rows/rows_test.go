package rows_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/gewu-city/gewu/cases/rows"
	"github.com/gewu-city/gewu/data"
)

const text = `name = "x"
note = """
[not.a.row]
name = "no"
"""

[steps."a b".go] # comment
to = "c"
[steps.z]
to = "d"
[steps]
last = { to = "e" }
`

// TestFaultsHaveAPlace sees that a fault is told where the member was written last, else where its row begins, else for
// the whole file.
func TestFaultsHaveAPlace(t *testing.T) {
	var s rows.Source
	s.Read("base.toml", text)
	s.Read("city.toml", "\n\n[steps.z]\nposts = []\n")
	for _, c := range []struct {
		row, field, want string
	}{
		{"", "name", `base.toml:1: name: no (value "v")`},
		{"steps.a b.go", "to", `base.toml:8: steps.a b.go: to: no (value "v")`},
		{"steps.a b.go", "posts", `base.toml:7: steps.a b.go: posts: no (value "v")`},
		{"steps.z", "posts", `city.toml:4: steps.z: posts: no (value "v")`},
		{"steps.z", "to", `base.toml:10: steps.z: to: no (value "v")`},
		{"steps.z", "guards", `city.toml:3: steps.z: guards: no (value "v")`},
		{"steps.last", "to", `base.toml:12: steps.last: to: no (value "v")`},
		{"steps.z", "", `city.toml:3: steps.z: no (value "v")`},
		{"not.a.row", "name", `city.toml: not.a.row: name: no (value "v")`},
	} {
		err := s.Fault(c.row, c.field, "v", "no")
		if err.Error() != c.want {
			t.Errorf("%s %s:\ngot  %s\nwant %s", c.row, c.field, err, c.want)
		}
		if f, ok := errors.AsType[*data.FieldError](err); !ok || f.Field != c.field {
			t.Errorf("%s %s: %+v", c.row, c.field, f)
		}
	}
	if got := rows.Keys(&s, "steps", map[string]int{"z": 1, "new": 1, "last": 1, "a b": 1}); !slices.Equal(got, []string{"a b", "z", "last", "new"}) {
		t.Errorf("the order is %q", got)
	}
	if got := s.Files(); !slices.Equal(got, []string{"base.toml", "city.toml"}) {
		t.Errorf("the files are %q", got)
	}
}

func TestDecode(t *testing.T) {
	var v struct {
		Name  string                    `toml:"name"`
		Steps map[string]map[string]any `toml:"steps"`
	}
	for _, c := range []struct{ text, want string }{
		{"name = \"x\"", ""},
		{"name = 3", `f.toml:1: name: incompatible types: TOML value has type int64; destination has type string`},
		{"\nname = ", `f.toml:2: name: unexpected EOF; expected value`},
		{"name = \"x\"\n[step]\na = 1", `f.toml:2: step: nobody knows this member` + "\n" + `f.toml:3: step: a: nobody knows this member`},
	} {
		err := rows.Decode("f.toml", c.text, &v)
		if (err == nil) != (c.want == "") || err != nil && err.Error() != c.want {
			t.Errorf("%q:\ngot  %v\nwant %s", c.text, err, c.want)
		}
	}
}

func FuzzSource(f *testing.F) {
	f.Add(text)
	f.Fuzz(func(_ *testing.T, s string) {
		var from rows.Source
		from.Read("f", s)
		_ = from.Fault("a", "b", "c", "d").Error()
		_ = from.Sorted("a", []string{"b", "c"})
	})
}
