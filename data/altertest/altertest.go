// Package altertest alters layers at random, and keeps a city by names instead of positions to compare with. Only tests
// import it.
package altertest

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/rules"
)

// Alterable is a layer without geometry to try alterations on. Its dates become times in a zone east of UTC.
func Alterable() *data.Layer {
	return &data.Layer{Name: "things", Geometry: data.GeometryNone, Attributes: []data.Attribute{{Name: "a", Type: data.Date}, {Name: "b", Type: data.Int}}}
}

// alterableZone is the zone of dates that become times.
const alterableZone = "Etc/GMT-8" // eight hours ahead of UTC, always

// AnyStep is a generator of one alteration of a layer, of which the rules may refuse some.
func AnyStep(l *data.Layer) *rapid.Generator[rules.Step] {
	return rapid.Custom(func(t *rapid.T) rules.Step {
		name := rapid.SampledFrom([]string{"a", "b", "c", "d", "B", "名"})
		s := rules.Step{
			Op:        rapid.SampledFrom([]string{"add", "add", "rename", "widen", "widen", "widen", "default", "require", "set", "drop"}).Draw(t, "op"),
			Attribute: name.Draw(t, "attribute"), Members: map[string]any{},
		}
		if names := l.AttributeNames(); s.Op != "add" && len(names) > 0 {
			s.Attribute = rapid.SampledFrom(names).Draw(t, "existing attribute")
		}
		typ := data.Text
		if i := l.FindAttribute(s.Attribute); i >= 0 {
			typ = l.Attributes[i].Type
		}
		switch s.Op {
		case "add":
			typ = anyType.Draw(t, "type")
			s.Members["type"] = string(typ)
			if rapid.Bool().Draw(t, "with default") {
				s.Members["default"] = literal(anyValue(typ).Draw(t, "default"))
			}
		case "rename":
			s.To = name.Draw(t, "to")
		case "widen":
			wider := map[data.Type][]data.Type{
				data.Int: {data.Number, data.Text}, data.Number: {data.Text}, data.Bool: {data.Text}, data.Date: {data.Time, data.Text},
				data.Time: {data.Text}, data.Text: {data.Code, data.Int}, data.Code: {data.Text}, data.Ref: {data.Text},
			}
			to := rapid.SampledFrom(wider[typ]).Draw(t, "type")
			s.Members["type"] = string(to)
			if to == data.Time {
				s.Members["zone"] = alterableZone
			}
		case "default":
			if rapid.IntRange(0, 3).Draw(t, "which") > 0 {
				s.Members["default"] = literal(anyValue(typ).Draw(t, "default"))
			}
		case "require":
			s.Members["required"] = rapid.Bool().Draw(t, "required")
		case "set":
			s.Members["title"] = map[string]any{"en": rapid.StringN(1, 5, 20).Draw(t, "title")}
		}
		return s
	})
}

// literal is a value as a definition has it.
func literal(v data.Value) any {
	switch v.Type() {
	case data.Int, data.Number, data.Bool:
		return v.Any()
	default:
		return v.String()
	}
}

var anyType = rapid.SampledFrom([]data.Type{data.Text, data.Int, data.Number, data.Bool, data.Date, data.Time, data.Code})

// anyValue is a generator of values that print and compare exactly.
func anyValue(typ data.Type) *rapid.Generator[data.Value] {
	return rapid.Custom(func(t *rapid.T) data.Value {
		switch typ {
		case data.Int:
			return data.IntValue(rapid.OneOf(rapid.Int64Range(-99, 99), rapid.SampledFrom([]int64{1 << 53, 1<<53 + 1, math.MinInt64, math.MaxInt64})).Draw(t, "int"))
		case data.Number:
			return data.NumberValue(rapid.Float64Range(-1e6, 1e6).Draw(t, "number"))
		case data.Bool:
			return data.BoolValue(rapid.Bool().Draw(t, "bool"))
		case data.Date:
			return data.WordValue(data.Date, uint64(rapid.Int64Range(-30_000, 30_000).Draw(t, "days")))
		case data.Time:
			return data.WordValue(data.Time, uint64(rapid.Int64Range(-1e15, 1e15).Draw(t, "µs")))
		default:
			// The empty text is a value, but a default written as text cannot be told from none.
			return data.TextValue(typ, rapid.StringN(1, 4, 12).Draw(t, "text"))
		}
	})
}

// AnyRow is a generator of features that fit a layer without geometry, most attributes filled.
func AnyRow(l *data.Layer) *rapid.Generator[data.Feature] {
	return rapid.Custom(func(t *rapid.T) data.Feature {
		f := data.Feature{ID: rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(t, "id"), Values: make([]data.Value, len(l.Attributes))}
		for i, a := range l.Live() {
			if a.Required && a.Default.Null() || rapid.IntRange(0, 3).Draw(t, "filled") > 0 {
				f.Values[i] = anyValue(a.Type).Draw(t, a.Name)
			}
		}
		return f
	})
}

// City is the layer [Alterable] as a reader sees it, kept by name and without positions. Rows hold the values of the
// features themselves.
type City struct {
	rows     map[string]map[string]data.Value
	defaults map[string]data.Value
	types    map[string]data.Type
	required map[string]bool
}

// NewCity is the layer without features.
func NewCity() *City {
	return &City{
		rows:     map[string]map[string]data.Value{},
		defaults: map[string]data.Value{}, types: map[string]data.Type{"a": data.Date, "b": data.Int}, required: map[string]bool{},
	}
}

// Take does what a step means. It reports false when the step is not possible.
func (s *City) Take(step rules.Step) bool {
	name := step.Attribute
	if _, exists := s.types[name]; !exists && step.Op != "add" {
		return false
	}
	switch step.Op {
	case "add":
		if s.taken(name) != "" {
			return false
		}
		typ, _ := step.Members["type"].(string)
		s.types[name] = data.Type(typ)
		s.setDefault(name, step.Members["default"])
	case "rename":
		if other := s.taken(step.To); other != "" && other != name || step.To == name {
			return false
		}
		move(s.types, name, step.To)
		move(s.defaults, name, step.To)
		move(s.required, name, step.To)
		for _, row := range s.rows {
			move(row, name, step.To)
		}
	case "widen":
		to, _ := step.Members["type"].(string)
		return s.widen(name, data.Type(to))
	case "default":
		if step.Members["default"] == nil && s.required[name] && s.lacking(name) {
			return false
		}
		s.setDefault(name, step.Members["default"])
	case "require":
		if step.Members["required"] == false {
			s.required[name] = false
			return true
		}
		if s.defaults[name].Null() && s.lacking(name) {
			return false
		}
		s.required[name] = true
	case "drop":
		for _, row := range s.rows {
			delete(row, name)
		}
		delete(s.types, name)
		delete(s.defaults, name)
		delete(s.required, name)
	}
	return true
}

func move[T any](m map[string]T, from, to string) {
	if v, ok := m[from]; ok {
		delete(m, from)
		m[to] = v
	}
}

func (s *City) lacking(name string) bool {
	for _, row := range s.rows {
		if row[name].Null() {
			return true
		}
	}
	return false
}

func (s *City) taken(name string) string {
	for have := range s.types {
		if strings.EqualFold(have, name) {
			return have
		}
	}
	return ""
}

func (s *City) setDefault(name string, v any) {
	delete(s.defaults, name)
	if v == nil {
		return
	}
	parsed, err := data.ParseValue(s.types[name], fmt.Sprint(v), nil)
	if f, ok := v.(float64); ok {
		parsed, err = data.NumberValue(f), nil
	}
	if err != nil {
		panic(err)
	}
	s.defaults[name] = parsed
}

func (s *City) widen(name string, to data.Type) bool {
	from := s.types[name]
	values := []map[string]data.Value{s.defaults}
	for _, row := range s.rows {
		if v := row[name]; from == data.Int && to == data.Number && int64(float64(v.Int())) != v.Int() || v.Int() == math.MaxInt64 && to == data.Number {
			return false
		}
		values = append(values, row)
	}
	if from == data.Text && to == data.Int {
		return false
	}
	for _, row := range values {
		v, ok := row[name]
		switch {
		case !ok || v.Null():
			continue
		case to == data.Number:
			v = data.NumberValue(float64(v.Int()))
		case to == data.Time:
			const eightHours = 8 * 3600 * 1_000_000
			v = data.WordValue(data.Time, uint64(v.Time().UnixMicro()-eightHours))
		default:
			v = data.TextValue(to, v.String())
		}
		row[name] = v
	}
	s.types[name] = to
	return true
}

// Put replaces a row.
func (s *City) Put(l *data.Layer, f *data.Feature) {
	row := map[string]data.Value{}
	for i, a := range l.Live() {
		if v := f.Value(i); !v.Null() {
			row[a.Name] = v
		}
	}
	s.rows[f.ID] = row
}

// IDs are those of the rows, sorted.
func (s *City) IDs() []string { return slices.Sorted(maps.Keys(s.rows)) }

// Delete removes a row.
func (s *City) Delete(id string) { delete(s.rows, id) }

// Read is what readers see: values by id and name, with defaults, without nulls.
func (s *City) Read() map[string]map[string]data.Value {
	out := map[string]map[string]data.Value{}
	for id, row := range s.rows {
		out[id] = map[string]data.Value{}
		for name := range s.types {
			v, ok := row[name]
			if !ok {
				v = s.defaults[name]
			}
			if !v.Null() {
				out[id][name] = v
			}
		}
	}
	return out
}
