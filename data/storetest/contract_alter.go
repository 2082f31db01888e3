package storetest

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/altertest"
	"github.com/gewu-city/gewu/data/rules"
	"github.com/gewu-city/gewu/data/storetest/model"
)

// step is an alteration of one attribute.
func step(op, attribute, to string, members ...any) rules.Step {
	s := rules.Step{Op: op, Attribute: attribute, To: to, Members: map[string]any{}}
	for i := 0; i+1 < len(members); i += 2 {
		s.Members[members[i].(string)] = members[i+1]
	}
	return s
}

// altered is the change that alters a layer by steps.
func altered(t testing.TB, l *data.Layer, steps ...rules.Step) data.Change {
	t.Helper()
	next, err := rules.Alter(l, steps)
	if err != nil {
		t.Fatal(err)
	}
	return Define(next)
}

func (c contract) alterLayer(t *testing.T) {
	s, _ := c.start(t)
	s.Must(t, Put("a", 1))
	by := func(f func(l *data.Layer)) data.Change {
		l := Lamps()
		f(l)
		return Define(l)
	}
	for name, alter := range map[string]struct {
		field string
		by    func(l *data.Layer)
	}{
		"geometry":        {"geometry", func(l *data.Layer) { l.Geometry = data.GeometryLine }},
		"one gone":        {"attributes", func(l *data.Layer) { l.Attributes = l.Attributes[:6] }},
		"renamed":         {"attributes.other.former", func(l *data.Layer) { l.Attributes[0].Name = "other" }},
		"swapped":         {"", func(l *data.Layer) { l.Attributes[0], l.Attributes[1] = l.Attributes[1], l.Attributes[0] }},
		"narrowed":        {"attributes.height.type", func(l *data.Layer) { l.Attributes[1].Type = data.Int }},
		"widened untold":  {"attributes.poles.was", func(l *data.Layer) { l.Attributes[2].Type = data.Number }},
		"undropped":       {"attributes[0].name", func(l *data.Layer) { l.Attributes[0].Name = "" }},
		"id by attribute": {"id", func(l *data.Layer) { l.ID.Attribute = "name" }},
		"id by pattern":   {"id", func(l *data.Layer) { l.ID.Pattern = "part" }},
	} {
		t.Run(name, func(t *testing.T) { s.refuse(t, alter.field, by(alter.by)) })
	}
	seq := s.Must(t, by(func(l *data.Layer) {
		l.Title["en"] = "Street lamps"
		l.Zoom = data.ZoomRange{Min: 12}
		l.ID.Generate = "ulid"
		l.Attributes[1].Unit = "cm"
		l.Attributes = append(l.Attributes, data.Attribute{Name: "extra", Type: data.Text})
	}))
	wide := Put("b", 2)
	wide.Feature.Values = append(wide.Feature.Values, data.TextValue(data.Text, "x"))
	s.Must(t, wide)
	for e, err := range s.Entries(t.Context(), seq-1) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Seq == seq && e.Changes[0].Prev != 1 {
			t.Errorf("the altered definition follows entry %d", e.Changes[0].Prev)
		}
	}
	l, _ := s.Model.Layer("lamps")
	dropped := altered(t, l, step("drop", "name", ""), step("add", "name", "", "type", "int"))
	s.Must(t, dropped)
	undo := *dropped.Definition
	undo.Attributes = append([]data.Attribute{{Name: "name", Type: data.Text}}, undo.Attributes[1:8]...)
	s.refuse(t, "", Define(&undo))
}

// alterMeetsFeatures alters what existing features stand against, or do not.
func (c contract) alterMeetsFeatures(t *testing.T) {
	s, dir := c.start(t)
	l := Lamps()
	alter := func(steps ...rules.Step) data.Change { return altered(t, l, steps...) }
	must := func(steps ...rules.Step) {
		t.Helper()
		ch := alter(steps...)
		s.Must(t, ch)
		l = ch.Definition
	}
	against := func(field string, words []string, steps ...rules.Step) {
		t.Helper()
		err := s.fail(t, alter(steps...))
		why, ok := errors.AsType[*data.FieldError](err)
		if !ok || why.Field != field {
			t.Fatalf("want an error about %s, got %v", field, err)
		}
		for _, w := range words {
			if !strings.Contains(why.Why, w) {
				t.Errorf("the reason %q lacks %q", why.Why, w)
			}
		}
	}
	bare := func(id string, values ...data.Value) data.Change {
		ch := Put(id, 1)
		ch.Feature.Values = values
		return ch
	}
	// What an empty layer may demand, a layer with features may not.
	must(step("require", "name", ""))
	must(step("require", "name", "", "required", false))
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		s.Must(t, bare(id))
	}
	s.Must(t, bare("g", data.TextValue(data.Text, "G"), data.NumberValue(1), data.IntValue(1<<53+1)))
	against("attributes.name.required", []string{"6 features", `"a" has no value`, `"e"`, "…", "give them values first"}, step("require", "name", ""))
	against("attributes.new.required", []string{"7 features"}, step("add", "new", "", "type", "int", "required", true))
	against("attributes.poles.type", []string{"1 feature ", "9007199254740993", "text"}, step("widen", "poles", "", "type", "number"))
	s.refuse(t, "layer", bare("h", data.TextValue(data.Text, "H")), alter(step("require", "name", "")))
	must(step("require", "name", ""), step("default", "name", "", "default", "?"))
	s.Must(t, bare("h"))
	against("attributes.name.required", []string{"7 features"}, step("default", "name", "", "default", nil))
	for _, id := range []string{"a", "b", "c", "d", "e", "f", "h"} {
		s.Must(t, bare(id, data.TextValue(data.Text, id)))
	}
	must(step("default", "name", "", "default", nil))
	s.refuse(t, "properties.name", bare("i"))
	// An id rule has to fit the ids that exist.
	byName := *l
	byName.ID.Attribute = "name"
	why, _ := errors.AsType[*data.FieldError](s.fail(t, Define(&byName)))
	if why == nil || why.Field != "id" || !strings.Contains(why.Why, `1 feature stands against it: "g" has "G" in name; make a new layer`) {
		t.Errorf("id rule: %v", why)
	}
	rename := Put("g", 1)
	rename.Feature.Values = []data.Value{data.TextValue(data.Text, "g")}
	s.Must(t, rename)
	s.Must(t, Define(&byName))
	l = &byName
	s.refuse(t, "id", bare("i", data.TextValue(data.Text, "j")))
	s.Stop(t)
	s = Start(t, c.open(t, dir))
	s.refuse(t, "properties.name", bare("i"))
	must(step("rename", "name", "label"))
	s.refuse(t, "id", bare("i", data.TextValue(data.Text, "j")))
	// Whoever still writes under the definition of before is understood.
	must(step("widen", "height", "", "type", "text"), step("drop", "lit", ""))
	s.refuse(t, "id", Put("old", 7))
	old := Put("old", 7)
	old.Feature.Values[0] = data.TextValue(data.Text, "old")
	s.Must(t, old)
	if got := s.Model.Read("lamps")["old"]; got["height"] != data.TextValue(data.Text, "3.5") || !got["lit"].Null() {
		t.Errorf("read %v", got)
	}
}

// alterations alters a layer at random and compares what readers see with a city kept by name, also as of each entry,
// from the checkpoint, and after opening again.
func (c contract) alterations(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, remove := tempDir(t)
		defer remove()
		s := Start(t, c.open(t, dir))
		defer func() {
			if s.stop != nil {
				s.Stop(t)
			}
		}()
		l, city := altertest.Alterable(), altertest.NewCity()
		history := map[data.Seq]map[string]map[string]data.Value{s.Must(t, Define(l)): city.Read()}
		took := func(seq data.Seq) { history[seq] = city.Read() }
		r.Repeat(map[string]func(*rapid.T){
			"put": func(r *rapid.T) {
				f := altertest.AnyRow(l).Draw(r, "row")
				seq := s.Must(t, data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: l.Name, Feature: f})
				city.Put(l, &f)
				took(seq)
			},
			"delete": func(r *rapid.T) {
				if len(city.IDs()) == 0 {
					r.Skip("no rows")
				}
				id := rapid.SampledFrom(city.IDs()).Draw(r, "id")
				seq := s.Must(t, data.Change{Stream: data.StreamFeature, Op: data.OpDelete, Layer: l.Name, Feature: data.Feature{ID: id}})
				city.Delete(id)
				took(seq)
			},
			"alter": func(r *rapid.T) {
				st := altertest.AnyStep(l).Draw(r, "step")
				next, err := rules.Alter(l, []rules.Step{st})
				seq := data.Seq(0)
				if err == nil {
					if err = next.Validate(); err == nil {
						seq, err = s.Append(t.Context(), data.Tx{Changes: []data.Change{Define(next)}})
					}
				}
				if possible := city.Take(st); possible != (err == nil) {
					r.Fatalf("step %+v: possible %v, got %v", st, possible, err)
				}
				if err == nil {
					l = next
					took(seq)
				}
			},
			"reopen": func(*rapid.T) {
				s.Stop(t)
				s = Start(t, c.open(t, dir))
			},
			"": func(r *rapid.T) {
				s.Settle(t)
				restored, _ := Restore(t, s)
				for from, m := range map[string]*model.City{"followed": s.Model, "restored": restored} {
					if got := m.Read(l.Name); !reflect.DeepEqual(got, city.Read()) {
						r.Fatalf("%s: read %v, want %v", from, got, city.Read())
					}
				}
				past := model.New()
				for e, err := range s.Entries(t.Context(), 0) {
					if err != nil {
						r.Fatal(err)
					}
					past.Apply(e)
					if got := past.Read(l.Name); !reflect.DeepEqual(got, history[e.Seq]) {
						r.Fatalf("as of %d: read %v, want %v", e.Seq, got, history[e.Seq])
					}
				}
			},
		})
	})
}
