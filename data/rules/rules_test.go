package rules_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/altertest"
	"github.com/gewu-city/gewu/data/rules"
	"github.com/gewu-city/gewu/data/sensitive"
)

// fields are those of the errors joined in err.
func fields(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestAlteredIsCompatible: what steps make of a definition may follow it, and is the same after a way through JSON.
func TestAlteredIsCompatible(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		l := altertest.Alterable()
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			next, err := rules.Alter(l, []rules.Step{altertest.AnyStep(l).Draw(r, "step")})
			if err != nil || next.Validate() != nil {
				continue
			}
			if _, err := rules.Compatible(l, next); err != nil {
				r.Fatalf("%+v cannot follow %+v: %v", next, l, err)
			}
			text, err := json.Marshal(next)
			if err != nil {
				r.Fatal(err)
			}
			again := &data.Layer{}
			if err := json.Unmarshal(text, again); err != nil {
				r.Fatal(err)
			}
			if _, err := rules.Compatible(next, again); err != nil || again.Validate() != nil {
				r.Fatalf("%s does not come back: %v, %v", text, err, again.Validate())
			}
			for i := range next.Attributes {
				a, b := &next.Attributes[i], &again.Attributes[i]
				if a.Fallback() != b.Fallback() || !reflect.DeepEqual(a.Adapter(), b.Adapter()) {
					r.Fatalf("attribute %+v came back as %+v", a, b)
				}
			}
			l = again
		}
	})
}

// TestSameListIsSame: the list that GET shows changes nothing, in any order.
func TestSameListIsSame(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		l := altertest.Alterable()
		for range 8 {
			if next, err := rules.Alter(l, []rules.Step{altertest.AnyStep(l).Draw(r, "step")}); err == nil && next.Validate() == nil {
				l = next
			}
		}
		var list []data.Attribute
		for _, a := range l.Live() {
			list = append(list, *a)
		}
		list = rapid.Permutation(list).Draw(r, "list")
		got, err := rules.WithAttributes(l, list)
		if err != nil || !reflect.DeepEqual(got, l) {
			r.Fatalf("%+v became %+v, %v", l, got, err)
		}
		if len(list) > 0 {
			if _, err := rules.WithAttributes(l, list[1:]); err == nil || !strings.Contains(err.Error(), "the list lacks "+list[0].Name) {
				r.Fatalf("without %s: %v", list[0].Name, err)
			}
		}
	})
}

func TestCompatible(t *testing.T) {
	from := &data.Layer{
		Name: "l", Geometry: data.GeometryNone, ID: data.IDRule{Attribute: "no"},
		Attributes: []data.Attribute{
			{Name: "no", Type: data.Int},
			{Name: "at", Type: data.Time, Was: []data.Type{data.Date}, Zone: "Asia/Taipei"},
			{Name: "gone", Type: data.Text, Dropped: true},
			{Name: "day", Type: data.Date, Former: []string{"date"}},
		},
	}
	for want, change := range map[string]func(l *data.Layer){
		"":                            func(l *data.Layer) { l.Attributes[0].Title = data.Title{"en": "No"} },
		"attributes.no.type":          func(l *data.Layer) { l.Attributes[0].Type, l.Attributes[0].Was = data.Number, []data.Type{data.Int} },
		"attributes.at.zone":          func(l *data.Layer) { l.Attributes[1].Zone = "Asia/Shanghai" },
		"attributes.back.dropped":     func(l *data.Layer) { l.Attributes[2] = data.Attribute{Name: "back", Type: data.Text} },
		"attributes.other.dropped":    func(l *data.Layer) { l.Attributes[2].Name = "other" },
		"attributes.day.former":       func(l *data.Layer) { l.Attributes[3].Former = nil },
		"attributes.day.was":          func(l *data.Layer) { l.Attributes[3].Was = []data.Type{data.Date} },
		"geometry":                    func(l *data.Layer) { l.Geometry = data.GeometryPoint },
		"attributes: the layer has 4": func(l *data.Layer) { l.Attributes = l.Attributes[:3] },
		"attributes.renamed.name": func(l *data.Layer) {
			l.Attributes[3] = data.Attribute{Name: "renamed", Type: data.Date, Dropped: true}
		},
	} {
		to := *from
		to.Attributes = append([]data.Attribute(nil), from.Attributes...)
		change(&to)
		_, err := rules.Compatible(from, &to)
		if got := fields(err); want == "" && got != "" || !strings.HasPrefix(got, want) {
			t.Errorf("want %q, got %q", want, got)
		}
	}
	hashed := *from
	hashed.ID = data.IDRule{Generate: "hash"}
	for _, s := range []rules.Step{
		{Op: "drop", Attribute: "day"}, {Op: "widen", Attribute: "day", Members: map[string]any{"type": "time"}},
	} {
		to, err := rules.Alter(&hashed, []rules.Step{s})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rules.Compatible(&hashed, to); err == nil || !strings.Contains(err.Error(), "other ids when they are imported again") {
			t.Errorf("%s in a layer of hashes: %v", s.Op, err)
		}
	}
}

func TestStepRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{"op":"paint","attribute":"a"}`:             "op: must be one of",
		`{"attribute":"a"}`:                          "op: must be one of",
		`{"op":7}`:                                   "op: must be a string",
		`{"op":"rename","attribute":"a","to":{}}`:    "to: must be a string",
		`{"op":"drop","attribute":"a","type":"int"}`: "type: is no member of the operation drop, which takes attribute",
		`{"op":"add","attribute":"a","former":[]}`:   "former: is no member of the operation add",
		`[]`: "json:",
	} {
		var s rules.Step
		if err := json.Unmarshal([]byte(text), &s); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestAlterThereAndBack renames in several steps of one alteration: what an attribute was called between them leaves no
// trace, and the whole may follow the definition before it.
func TestAlterThereAndBack(t *testing.T) {
	l := &data.Layer{Name: "l", Geometry: data.GeometryNone, Attributes: []data.Attribute{{Name: "a", Type: data.Int}, {Name: "b", Type: data.Int, Former: []string{"old"}}}}
	for _, tc := range []struct {
		steps  string
		names  []string
		former [][]string
	}{
		{`[{"op":"rename","attribute":"a","to":"c"},{"op":"rename","attribute":"c","to":"a"}]`, []string{"a", "b"}, [][]string{nil, {"old"}}},
		{`[{"op":"rename","attribute":"a","to":"c"},{"op":"rename","attribute":"c","to":"d"}]`, []string{"d", "b"}, [][]string{{"a"}, {"old"}}},
		{`[{"op":"rename","attribute":"a","to":"c"},{"op":"rename","attribute":"b","to":"a"},{"op":"rename","attribute":"c","to":"b"}]`, []string{"b", "a"}, [][]string{nil, {"old"}}},
		{`[{"op":"rename","attribute":"b","to":"old"}]`, []string{"a", "old"}, [][]string{nil, {"b"}}},
		{`[{"op":"rename","attribute":"b","to":"c"},{"op":"drop","attribute":"b"}]`, []string{"a", "b"}, [][]string{nil, nil}},
	} {
		var steps []rules.Step
		if err := json.Unmarshal([]byte(tc.steps), &steps); err != nil {
			t.Fatal(err)
		}
		next, err := rules.Alter(l, steps)
		if err != nil {
			t.Errorf("%s: %v", tc.steps, err)
			continue
		}
		for i := range next.Attributes {
			if a := next.Attributes[i]; a.Name != tc.names[i] || !slices.Equal(a.Former, tc.former[i]) {
				t.Errorf("%s: attribute %d is %s, formerly %q", tc.steps, i, a.Name, a.Former)
			}
		}
		if _, err := rules.Compatible(l, next); err != nil {
			t.Errorf("%s: %v", tc.steps, err)
		}
	}
}

// FuzzAlter decodes definitions and steps: whatever they are, nothing panics, and what steps make of a valid definition
// keeps places, former names and former types.
func FuzzAlter(f *testing.F) {
	f.Add(`{"name":"l","geometry":"point","attributes":[{"name":"a","type":"int","default":5},{"name":"路","type":"date","was":[],"former":["b"]}],"roles":{"part":{"code":"a"}}}`,
		`[{"op":"rename","attribute":"a","to":"b"},{"op":"widen","attribute":"路","type":"time","zone":"Asia/Taipei"},{"op":"add","attribute":"a","type":"ref","ref":"l","on_delete":"set_null"}]`)
	f.Add(`{"name":"l","geometry":"none","attributes":[{"name":"x","type":"text","dropped":true},{"name":"x","type":"code","was":["text"],"dictionary":"d"}]}`,
		`[{"op":"drop","attribute":"x"},{"op":"set","attribute":"x","title":null},{"op":"default","attribute":"x","default":1e400}]`)
	f.Fuzz(func(t *testing.T, layer, steps string) {
		var l data.Layer
		if json.Unmarshal([]byte(layer), &l) != nil {
			return
		}
		valid := l.Validate() == nil
		for i := range l.Attributes {
			a := &l.Attributes[i]
			adapter := a.Adapter()
			for _, v := range []data.Value{{}, data.IntValue(1), data.TextValue(data.Text, "x"), data.WordValue(data.Date, 3), a.Fallback()} {
				if got := adapter.Value(v); valid && !got.Null() && got.Type() != a.Type && !a.Dropped {
					t.Fatalf("%s: %v became %v, which is no %s", layer, v, got, a.Type)
				}
			}
		}
		var s []rules.Step
		if json.Unmarshal([]byte(steps), &s) != nil {
			return
		}
		next, err := rules.Alter(&l, s)
		if err != nil {
			if _, ok := errors.AsType[*data.FieldError](err); !ok {
				t.Fatalf("error %v", err)
			}
			return
		}
		if !valid || next.Validate() != nil {
			return
		}
		if _, err := rules.Compatible(&l, next); err != nil {
			for _, kept := range []string{".former", ".was", "attributes: the layer has"} {
				if strings.Contains(err.Error(), kept) {
					t.Fatalf("%s altered by %s: %v", layer, steps, err)
				}
			}
		}
	})
}

// FuzzDictionary decodes dictionaries: valid ones find each of their codes.
func FuzzDictionary(f *testing.F) {
	f.Add(`{"name":"d","entries":[{"code":"1"},{"code":"11","parent":"1","title":{"zh":"x"}}]}`, "12")
	f.Fuzz(func(t *testing.T, text, near string) {
		var d data.Dictionary
		if json.Unmarshal([]byte(text), &d) != nil || d.Validate() != nil {
			return
		}
		for _, term := range d.Entries {
			if got, ok := d.Term(term.Code); !ok || got.Code != term.Code {
				t.Fatalf("%s: %q is not found", text, term.Code)
			}
		}
		for _, code := range d.Near(near) {
			if _, ok := d.Term(code); !ok {
				t.Fatalf("%s: %q is near %q and no code", text, code, near)
			}
		}
	})
}

// TestPersonalStays: what is personal stays so, and a sensitive layer stays sensitive.
func TestPersonalStays(t *testing.T) {
	layer := func() *data.Layer {
		return &data.Layer{
			Name: "elders", Geometry: data.GeometryNone,
			Sensitive:  &sensitive.Rule{Subject: "person", Purpose: "meals", Basis: "consent", Owner: "s1", Expiry: "P1Y", Readers: []string{"a"}},
			Attributes: []data.Attribute{{Name: "name", Type: data.Text, Personal: true}, {Name: "need", Type: data.Text}},
		}
	}
	for what, change := range map[string]func(*data.Layer){
		"sensitive:":                  func(l *data.Layer) { l.Sensitive = nil },
		"attributes.name.personal:":   func(l *data.Layer) { l.Attributes[0].Personal = false },
		"attributes.need.personal:":   func(l *data.Layer) { l.Attributes[1].Personal = true },
		"attributes.name.personal: c": func(l *data.Layer) { l.Attributes[0] = data.Attribute{Name: "name", Type: data.Text, Dropped: true} },
	} {
		l := layer()
		change(l)
		if _, err := rules.Compatible(layer(), l); !strings.Contains(fields(err), what) {
			t.Errorf("want %s, got %v", what, err)
		}
	}
	next, err := rules.Alter(layer(), []rules.Step{{Op: "drop", Attribute: "name"}, {Op: "add", Attribute: "phone", Members: map[string]any{"type": "text", "personal": true}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rules.Compatible(layer(), next); err != nil || !next.Attributes[0].Personal || !next.Attributes[2].Personal {
		t.Errorf("%+v: %v", next, err)
	}
}
