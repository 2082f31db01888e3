package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
)

// Step is one alteration of one attribute, as JSON has it: {"op":"rename","attribute":"h","to":"height"}.
type Step struct {
	// Op is add, rename, widen, default, require, set or drop.
	Op string
	// Attribute is the name that the attribute has now or had before, for add the name it gets.
	Attribute string
	// To is the new name of a rename.
	To string
	// Members are the further members: those of the attribute to add or to set, and what the other operations need.
	Members map[string]any
}

// operations lists the members that each operation takes beside op and attribute.
var operations = map[string][]string{
	"add":     {"type", "title", "description", "unit", "required", "default", "unique", "ref", "on_delete", "dictionary", "sum", "personal", "zone"},
	"set":     {"title", "description", "unit", "required", "default", "unique", "ref", "on_delete", "dictionary", "sum", "zone"},
	"rename":  {"to"},
	"widen":   {"type", "zone", "ref", "on_delete", "dictionary"},
	"default": {"default"},
	"require": {"required"},
	"drop":    {},
}

// UnmarshalJSON reads a step and refuses members that its operation does not take.
func (s *Step) UnmarshalJSON(b []byte) error {
	var m map[string]any
	if err := decode(b, &m); err != nil {
		return err
	}
	text := func(name string) (string, error) {
		v, ok := m[name].(string)
		if !ok && m[name] != nil {
			return "", fault(name, fmt.Sprint(m[name]), "must be a string")
		}
		delete(m, name)
		return v, nil
	}
	var errs [3]error
	s.Op, errs[0] = text("op")
	s.Attribute, errs[1] = text("attribute")
	takes, known := operations[s.Op]
	if slices.Contains(takes, "to") {
		s.To, errs[2] = text("to")
	}
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	if !known {
		return fault("op", s.Op, "must be one of %s", strings.Join(slices.Sorted(maps.Keys(operations)), ", "))
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(takes, name) {
			return fault(name, "", "is no member of the operation %s, which takes attribute %s", s.Op, strings.Join(takes, " "))
		}
	}
	s.Members = m
	return nil
}

// decode reads JSON with its numbers as they are written.
func decode(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode(v)
}

// Alter is the definition after the steps, in their order. The error is a *data.FieldError whose field starts with
// alter[n]. What follows from features that exist is not checked: see [Define].
func Alter(l *data.Layer, steps []Step) (*data.Layer, error) {
	next := clone(l)
	for n, s := range steps {
		if err := s.apply(next); err != nil {
			at := fmt.Sprintf("alter[%d]", n)
			if field, ok := errors.AsType[*data.FieldError](err); ok {
				return nil, fault(strings.TrimSuffix(at+"."+field.Field, "."), field.Value, "%s", field.Why)
			}
			return nil, fault(at, "", "%v", err)
		}
	}
	// Names that an attribute had between two steps were never seen by anybody.
	for i := range l.Attributes {
		if a := &next.Attributes[i]; a.Dropped {
			a.Name = l.Attributes[i].Name
		} else {
			a.Former = keptNames(&l.Attributes[i], a, next)
		}
	}
	return next, nil
}

// clone is a copy that shares nothing that steps change.
func clone(l *data.Layer) *data.Layer {
	next := *l
	next.Attributes = slices.Clone(l.Attributes)
	next.Roles = l.Roles.Clone()
	return &next
}

func (s *Step) apply(l *data.Layer) error {
	if s.Attribute == "" {
		return fault("attribute", "", "is missing")
	}
	if s.Op == "add" {
		if i := taken(l, s.Attribute); i >= 0 {
			return fault("attribute", s.Attribute, "is the name of an attribute; case, _ and - do not distinguish names")
		}
		a := data.Attribute{Name: s.Attribute}
		if err := merge(&a, s.Members); err != nil {
			return err
		}
		if a.Type == "" {
			return fault("type", "", "is missing")
		}
		release(l, s.Attribute)
		l.Attributes = append(l.Attributes, a)
		return nil
	}
	i := l.FindAttribute(s.Attribute)
	if i < 0 {
		return fault("attribute", s.Attribute, "is not an attribute of the layer; its attributes are %s", strings.Join(l.AttributeNames(), ", "))
	}
	a := &l.Attributes[i]
	switch s.Op {
	case "rename":
		return rename(l, i, s.To)
	case "drop":
		if use := uses(l, a.Name); use != "" {
			return fault("attribute", a.Name, "plays %s; take it out of there first", use)
		}
		*a = data.Attribute{Name: a.Name, Type: a.Type, Personal: a.Personal, Dropped: true}
		return nil
	case "widen":
		to, _ := s.Members["type"].(string)
		return s.widen(a, data.Type(to))
	case "require":
		if s.Members["required"] == nil {
			a.Required = true
			return nil
		}
	case "default":
		if s.Members["default"] == nil {
			a.Default = data.Value{}
			return nil
		}
	}
	return merge(a, s.Members)
}

// taken is the attribute that has this name now, or -1.
func taken(l *data.Layer, name string) int {
	return slices.IndexFunc(l.Attributes, func(a data.Attribute) bool {
		return !a.Dropped && data.FoldName(a.Name) == data.FoldName(name)
	})
}

// release takes a name from the attributes that had it before.
func release(l *data.Layer, name string) {
	for i := range l.Attributes {
		l.Attributes[i].Former = without(l.Attributes[i].Former, name)
	}
}

func without(names []string, name string) []string {
	var rest []string
	for _, n := range names {
		if data.FoldName(n) != data.FoldName(name) {
			rest = append(rest, n)
		}
	}
	return rest
}

func rename(l *data.Layer, i int, to string) error {
	old := l.Attributes[i].Name
	switch j := taken(l, to); {
	case to == "":
		return fault("to", "", "is missing")
	case to == old:
		return fault("to", to, "is its name already")
	case j >= 0 && j != i:
		return fault("to", to, "is the name of another attribute; case, _ and - do not distinguish names")
	}
	release(l, to)
	a := &l.Attributes[i]
	a.Name = to
	a.Former = formerNames(a.Former, old, l)
	for _, part := range l.Roles.Parts() {
		if *part.Attribute == old {
			*part.Attribute = to
		}
	}
	if l.ID.Attribute == old {
		l.ID.Attribute = to
	}
	if l.Symbols.Attribute == old {
		l.Symbols.Attribute = to
	}
	return nil
}

// formerNames are the former names of an attribute that was called old as well, without those that name attributes of l.
func formerNames(former []string, old string, l *data.Layer) []string {
	var names []string
	for _, n := range append(without(former, old), old) {
		if taken(l, n) < 0 {
			names = append(names, n)
		}
	}
	return names
}

// uses says which part of the definition names an attribute, empty when none does.
func uses(l *data.Layer, name string) string {
	for _, part := range l.Roles.Parts() {
		if *part.Attribute == name {
			return "roles." + part.Name
		}
	}
	if l.ID.Attribute == name {
		return "id.attribute"
	}
	if l.Symbols.Attribute == name {
		return "symbols.attribute"
	}
	return ""
}

func (s *Step) widen(a *data.Attribute, to data.Type) error {
	if why := data.CannotWiden(a.Type, to); why != "" {
		return fault("type", string(to), "%s", why)
	}
	fallback := a.Fallback()
	a.Was = append(slices.Clone(a.Was), a.Type)
	if err := merge(a, s.Members); err != nil {
		return err
	}
	adapter := a.Adapter()
	a.Default = adapter.Value(fallback)
	if to != data.Ref {
		a.Ref, a.OnDelete = "", ""
	}
	if to != data.Code {
		a.Dictionary = ""
	}
	return nil
}

// merge is RFC 7396 on the JSON of an attribute.
func merge(a *data.Attribute, members map[string]any) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	var whole map[string]any
	if err := decode(text, &whole); err != nil {
		return err
	}
	Merge(whole, members)
	if text, err = json.Marshal(whole); err != nil {
		return err
	}
	var next data.Attribute
	if err := json.Unmarshal(text, &next); err != nil {
		if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fault(kind.Field, "", "must not be a %s", kind.Value)
		}
		return err
	}
	if v := next.Fallback(); !v.Null() {
		next.Default = v
	}
	*a = next
	return nil
}

// Merge is RFC 7396 on decoded JSON: objects member by member, null removes, everything else replaces. It changes into
// and shares values with patch.
func Merge(into, patch map[string]any) {
	for name, v := range patch {
		members, isObject := v.(map[string]any)
		switch have, ok := into[name].(map[string]any); {
		case v == nil:
			delete(into, name)
		case isObject && ok:
			Merge(have, members)
		case isObject:
			fresh := map[string]any{}
			Merge(fresh, members)
			into[name] = fresh
		default:
			into[name] = v
		}
	}
}
