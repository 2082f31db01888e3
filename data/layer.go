package data

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data/drawing"
	"github.com/gewu-city/gewu/data/sensitive"
	"github.com/gewu-city/gewu/data/title"
)

// Title is a human-readable name per language.
type Title = title.Title

// GeometryKind is the geometry that every feature of a layer has.
type GeometryKind string

// The geometry kinds of layers. Multi-part geometries belong to the kind of their parts.
const (
	GeometryPoint   GeometryKind = "point"
	GeometryLine    GeometryKind = "line"
	GeometryPolygon GeometryKind = "polygon"
	GeometryNone    GeometryKind = "none"
)

// Layer is a named set of features with a schema. It is configuration: administrators add and alter layers at run
// time. The JSON and TOML members are the same.
type Layer struct {
	Name     string       `json:"name" toml:"name"`
	Title    Title        `json:"title,omitempty" toml:"title"`
	Geometry GeometryKind `json:"geometry" toml:"geometry"`
	ID       IDRule       `json:"id,omitzero" toml:"id"`
	Zoom     ZoomRange    `json:"zoom,omitzero" toml:"zoom"`
	Tiles    TileRule     `json:"tiles,omitzero" toml:"tiles"`
	Roles    Roles        `json:"roles,omitzero" toml:"roles"`
	Symbols  Symbols      `json:"symbols,omitzero" toml:"symbols"`
	// Sensitive is set when the features are persons or households.
	Sensitive *sensitive.Rule `json:"sensitive,omitempty" toml:"sensitive"`
	// Attributes keep their place for ever: a feature's values are stored by position. Dropped ones stay in the list,
	// so that no other ever takes their place; see [Layer.Live].
	Attributes []Attribute `json:"attributes" toml:"attributes"`
	// Attribution names source and licence; it is shown on the map.
	Attribution string `json:"attribution,omitempty" toml:"attribution"`
}

// IDRule says where feature ids come from: an attribute, a generator ("ulid": random and time-ordered; "hash": from
// the content, so that importing a file again finds the same features), or the pattern of a code ("part"). The zero
// rule takes the id that comes with the feature, or a ulid when there is none.
type IDRule struct {
	Attribute string `json:"attribute,omitempty" toml:"attribute"`
	Generate  string `json:"generate,omitempty" toml:"generate"`
	Pattern   string `json:"pattern,omitempty" toml:"pattern"`
}

// MaxZoom is the deepest zoom level of tiles.
const MaxZoom = drawing.MaxZoom

// ZoomRange says when a layer is drawn.
type ZoomRange = drawing.ZoomRange

// TileRule says what of a layer is drawn.
type TileRule = drawing.TileRule

// Importance is the index of the attribute that says which features are drawn first, or -1.
func (l *Layer) Importance() int {
	if l.Tiles.Importance == "" {
		return -1
	}
	i := l.AttributeIndex(l.Tiles.Importance)
	if i >= 0 && l.Attributes[i].Type.IsNumeric() {
		return i
	}
	return -1
}

func (l *Layer) validateTiles(bad func(field, value, why string)) {
	r := l.Tiles
	if r.Importance != "" && l.Importance() < 0 {
		bad("tiles.importance", r.Importance, "must name an attribute of type int or number")
	}
	r.Validate(bad)
}

// FieldError says which field of a definition, feature or request is wrong and what value it had.
type FieldError struct {
	Field string
	Value string
	Why   string
}

// Error is "field: why (value)".
func (e *FieldError) Error() string {
	if e.Value == "" {
		return e.Field + ": " + e.Why
	}
	return fmt.Sprintf("%s: %s (value %q)", e.Field, e.Why, shorten(e.Value))
}

// shorten cuts a value for a message; 80 characters are enough to recognise it.
func shorten(s string) string {
	const most = 80
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// Limits of definitions and ids.
const (
	MaxIDBytes = 128
	// MaxAttributes bounds the attributes of a layer, MaxPlaces those and the dropped ones.
	MaxAttributes = 256
	MaxPlaces     = 1024
	// MaxTextBytes bounds one text value.
	MaxTextBytes = 64 << 10
)

// ValidName reports whether s may name a layer, scheme or level: [a-z][a-z0-9_]{0,62}.
func ValidName(s string) bool { return namePattern.MatchString(s) }

// Validate checks a definition. The error is a *FieldError or several joined.
func (l *Layer) Validate() error {
	var errs []error
	bad := func(field, value, why string) { errs = append(errs, &FieldError{Field: field, Value: value, Why: why}) }
	if !ValidName(l.Name) {
		bad("name", l.Name, "must match [a-z][a-z0-9_]{0,62}")
	}
	for _, derived := range [...]struct{ suffix, is string }{
		{"_label", "the label points of a layer"},
		{"_totals", "what lies in the polygons of a layer"},
		{"_clusters", "groups of the points of a layer"},
		{"_dropped", "how much of a layer has no room"},
	} {
		if strings.HasSuffix(l.Name, derived.suffix) {
			bad("name", l.Name, fmt.Sprintf("must not end in %s, which names %s in tiles", derived.suffix, derived.is))
		}
	}
	if l.Name == "city" {
		bad("name", l.Name, "is the name of the tileset of all layers")
	}
	switch l.Geometry {
	case GeometryPoint, GeometryLine, GeometryPolygon, GeometryNone:
	default:
		bad("geometry", string(l.Geometry), "must be point, line, polygon or none")
	}
	l.Zoom.Validate(bad)
	l.validateTiles(bad)
	l.validateAttributes(bad)
	l.validateID(bad)
	l.validateRoles(bad)
	l.validateSymbols(bad)
	l.validateSensitive(bad)
	return errors.Join(errs...)
}

func (l *Layer) validateID(bad func(field, value, why string)) {
	set := 0
	for _, s := range []string{l.ID.Attribute, l.ID.Generate, l.ID.Pattern} {
		if s != "" {
			set++
		}
	}
	if set > 1 {
		bad("id", "", `must have only one of attribute, generate and pattern; a PATCH takes the other away with null, such as {"id":{"attribute":null,"pattern":"part"}}`)
	}
	if a := l.ID.Attribute; a != "" {
		if i := l.AttributeIndex(a); i < 0 {
			bad("id.attribute", a, "is not an attribute of the layer")
		} else if !l.Attributes[i].Default.Null() {
			bad("id.attribute", a, "has a default, which two features cannot share as their id")
		}
	}
	if g := l.ID.Generate; g != "" && g != "ulid" && g != "hash" {
		bad("id.generate", g, "must be ulid or hash")
	}
	if p := l.ID.Pattern; p != "" && p != "part" {
		bad("id.pattern", p, "must be part")
	}
}
