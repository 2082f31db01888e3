package osm

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// Mapping says which elements of a file become features and which of their tags become columns. It is read from TOML or
// JSON, and checked when it is used.
type Mapping struct {
	// Types are the kinds of elements that are looked at: node, way, relation. Empty are all that can have the geometry
	// of the layer.
	Types []string `toml:"types" json:"types"`
	// Select lists conditions, of which one must hold. Each names tags, all of which must be as it says: a value, a list
	// of values, true for any value, or false for none.
	Select []map[string]any `toml:"select" json:"select"`
	// Attributes are the columns. Each is the name of a tag; a list of names, the first that an element has; or a table
	// with tag (a name or a list), values (a table that translates) and other (for values that it does not have).
	// @id and @type stand for the number and the kind of the element.
	Attributes map[string]any `toml:"attributes" json:"attributes"`
}

// rules are a mapping made ready.
type rules struct {
	kinds      [kinds]bool
	conditions [][]condition
	columns    []string
	sources    []source
}

// condition is what one tag must be.
type condition struct {
	key    string
	values []string // empty for any
	absent bool
}

// source is where the value of a column comes from.
type source struct {
	tags   []string
	values map[string]string
	other  *string
}

// possible are the kinds of elements that can have a geometry.
var possible = map[geo.Kind][]kind{
	geo.KindPoint: {node, way, relation}, geo.KindLine: {way, relation}, geo.KindPolygon: {way, relation},
}

// compile checks a mapping for a layer of a kind. The error is a *data.FieldError.
func (m *Mapping) compile(k geo.Kind) (*rules, error) {
	r := &rules{}
	for _, p := range possible[k] {
		r.kinds[p] = len(m.Types) == 0
	}
	for _, name := range m.Types {
		p, known := kindNames[name]
		switch {
		case !known:
			return nil, fault("types", name, "must be node, way or relation")
		case !slices.Contains(possible[k], p):
			return nil, fault("types", name, "cannot be a "+k.String()+", which the layer holds")
		}
		r.kinds[p] = true
	}
	if len(m.Select) == 0 {
		return nil, fault("select", "", "is missing: it says which elements are features, such as [[select]] natural = \"tree\"")
	}
	for i, s := range m.Select {
		all, err := conditions(fmt.Sprintf("select[%d]", i), s)
		if err != nil {
			return nil, err
		}
		r.conditions = append(r.conditions, all)
	}
	for _, column := range slices.Sorted(maps.Keys(m.Attributes)) {
		s, err := sourceOf("attributes."+column, m.Attributes[column])
		if err != nil {
			return nil, err
		}
		r.columns, r.sources = append(r.columns, column), append(r.sources, s)
	}
	return r, nil
}

func fault(field, value, why string) *data.FieldError {
	return &data.FieldError{Field: "mapping: " + field, Value: value, Why: why}
}

func conditions(field string, s map[string]any) (all []condition, err error) {
	if len(s) == 0 {
		return nil, fault(field, "", "names no tag")
	}
	for _, key := range slices.Sorted(maps.Keys(s)) {
		c := condition{key: key}
		if has, ok := s[key].(bool); ok {
			c.absent = !has
		} else if c.values, err = texts(field+"."+key, s[key], "must be a value, a list of values, true or false"); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// texts reads a text or a list of texts.
func texts(field string, v any, why string) (all []string, err error) {
	switch v := v.(type) {
	case string:
		all = []string{v}
	case []any:
		for _, one := range v {
			text, ok := one.(string)
			if !ok {
				return nil, fault(field, fmt.Sprint(one), why)
			}
			all = append(all, text)
		}
	}
	if len(all) == 0 || slices.Contains(all, "") {
		return nil, fault(field, fmt.Sprint(v), why)
	}
	return all, nil
}

const whyTag = "must be the name of a tag, or a list of names"

func sourceOf(field string, v any) (s source, err error) {
	table, ok := v.(map[string]any)
	if !ok {
		s.tags, err = texts(field, v, whyTag+`, or a table with tag, values and other`)
		return s, err
	}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		switch key {
		case "tag":
			if s.tags, err = texts(field+".tag", table[key], whyTag); err != nil {
				return s, err
			}
		case "values":
			values, ok := table[key].(map[string]any)
			if !ok {
				return s, fault(field+".values", fmt.Sprint(table[key]), "must be a table of values and what they become")
			}
			s.values = map[string]string{}
			for from, to := range values {
				s.values[from] = fmt.Sprint(to)
			}
		case "other":
			other := fmt.Sprint(table[key])
			s.other = &other
		default:
			return s, fault(field+"."+key, "", "is not known; known are tag, values and other")
		}
	}
	if s.tags == nil {
		return s, fault(field+".tag", "", "is missing; it "+whyTag)
	}
	return s, nil
}

// selects reports whether an element is a feature.
func (r *rules) selects(e *element) bool {
	if !r.kinds[e.kind] || len(e.tags) == 0 {
		return false
	}
	return slices.ContainsFunc(r.conditions, func(all []condition) bool {
		return !slices.ContainsFunc(all, func(c condition) bool { return !c.holds(e) })
	})
}

func (c *condition) holds(e *element) bool {
	value := e.tag(c.key)
	switch {
	case c.absent || value == "":
		return c.absent && value == ""
	case len(c.values) == 0:
		return true
	}
	return slices.Contains(c.values, value)
}

// cells are the values of the columns.
func (r *rules) cells(e *element) []string {
	cells := make([]string, len(r.sources))
	for i := range r.sources {
		cells[i] = strings.TrimSpace(r.sources[i].value(e))
	}
	return cells
}

func (s *source) value(e *element) string {
	value := ""
	for _, key := range s.tags {
		switch key {
		case "@id":
			_, value, _ = strings.Cut(e.name(), "/")
		case "@type":
			value = e.kind.String()
		default:
			value = e.tag(key)
		}
		if value != "" {
			break
		}
	}
	if to, ok := s.values[value]; ok {
		return to
	}
	if s.other != nil && value != "" {
		return *s.other
	}
	return value
}
