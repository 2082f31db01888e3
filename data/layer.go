package data

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Title is a human-readable name per language, keyed by "zh", "en" or another BCP 47 tag.
type Title map[string]string

// In is the title in a language, else in English, else in Chinese, else fallback.
func (t Title) In(lang, fallback string) string {
	for _, l := range []string{lang, "en", "zh"} {
		if s := t[l]; s != "" {
			return s
		}
	}
	return fallback
}

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
	Roles    Roles        `json:"roles,omitzero" toml:"roles"`
	// Attributes keep their place for ever: a feature's values are stored by position.
	Attributes []Attribute `json:"attributes" toml:"attributes"`
	// Attribution names source and licence; it is shown on the map.
	Attribution string `json:"attribution,omitempty" toml:"attribution"`
}

// Attribute is one typed attribute of a layer.
type Attribute struct {
	Name     string `json:"name" toml:"name"`
	Type     Type   `json:"type" toml:"type"`
	Title    Title  `json:"title,omitempty" toml:"title"`
	Unit     string `json:"unit,omitempty" toml:"unit"`
	Required bool   `json:"required,omitempty" toml:"required"`
	// Sum says that totals by cell and area add the attribute up, such as the households of buildings.
	Sum bool `json:"sum,omitempty" toml:"sum"`
	// Zone is the IANA time zone of times that come without one; UTC when empty.
	Zone string `json:"zone,omitempty" toml:"zone"`
}

// Location is the zone of times that come without one; nil means UTC. [Layer.Validate] has checked the name.
func (a Attribute) Location() *time.Location {
	if a.Zone == "" {
		return nil
	}
	loc, err := time.LoadLocation(a.Zone)
	if err != nil {
		return nil
	}
	return loc
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
const MaxZoom = 22

// ZoomRange is the range of zoom levels at which a layer is drawn, both ends included. Zero Max means [MaxZoom].
type ZoomRange struct {
	Min int `json:"min" toml:"min"`
	Max int `json:"max" toml:"max"`
}

// Contains reports whether the layer is drawn at zoom z.
func (r ZoomRange) Contains(z int) bool { return z >= r.Min && (r.Max == 0 || z <= r.Max) }

// Roles say which part a layer plays in the city and which attribute plays each part of the role.
type Roles struct {
	Area     *AreaRole     `json:"area,omitempty" toml:"area"`
	Cell     *CellRole     `json:"cell,omitempty" toml:"cell"`
	Address  *AddressRole  `json:"address,omitempty" toml:"address"`
	Road     *RoadRole     `json:"road,omitempty" toml:"road"`
	Part     *PartRole     `json:"part,omitempty" toml:"part"`
	Landmark *LandmarkRole `json:"landmark,omitempty" toml:"landmark"`
	Building *BuildingRole `json:"building,omitempty" toml:"building"`
	Entrance *NameRole     `json:"entrance,omitempty" toml:"entrance"`
	// Organisation makes a layer organisations: firms, schools, offices.
	Organisation *NameRole `json:"organisation,omitempty" toml:"organisation"`
}

// AreaRole makes a polygon layer a level of areas, such as district or village.
type AreaRole struct {
	Level string `json:"level" toml:"level"`
	Code  string `json:"code,omitempty" toml:"code"`
	Name  string `json:"name,omitempty" toml:"name"`
}

// CellRole makes a polygon layer the cells of a scheme.
type CellRole struct {
	Scheme string `json:"scheme" toml:"scheme"`
	Code   string `json:"code,omitempty" toml:"code"`
	Name   string `json:"name,omitempty" toml:"name"`
}

// AddressRole makes a layer door plates. Label is the full text; the others are its elements.
type AddressRole struct {
	Label   string `json:"label,omitempty" toml:"label"`
	Road    string `json:"road,omitempty" toml:"road"`
	Section string `json:"section,omitempty" toml:"section"`
	Lane    string `json:"lane,omitempty" toml:"lane"`
	Alley   string `json:"alley,omitempty" toml:"alley"`
	Number  string `json:"number,omitempty" toml:"number"`
}

// RoadRole makes a layer roads.
type RoadRole struct {
	Name string `json:"name,omitempty" toml:"name"`
}

// PartRole makes a layer city parts. Class is the attribute that holds the class, Code the part code.
type PartRole struct {
	Class string `json:"class,omitempty" toml:"class"`
	Code  string `json:"code,omitempty" toml:"code"`
}

// LandmarkRole makes a layer landmarks.
type LandmarkRole struct {
	Name  string `json:"name,omitempty" toml:"name"`
	Alias string `json:"alias,omitempty" toml:"alias"`
}

// BuildingRole makes a layer buildings. Households is the attribute with the number of households in each.
type BuildingRole struct {
	Name       string `json:"name,omitempty" toml:"name"`
	Households string `json:"households,omitempty" toml:"households"`
}

// NameRole is a role whose only part is a name.
type NameRole struct {
	Name string `json:"name,omitempty" toml:"name"`
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

var (
	namePattern      = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	attributePattern = regexp.MustCompile(`^[\pL_][\pL\pN_]{0,62}$`)
)

// Limits of definitions and ids.
const (
	MaxIDBytes    = 128
	MaxAttributes = 256
	// MaxTextBytes bounds one text value.
	MaxTextBytes = 64 << 10
)

// ValidName reports whether s may name a layer, scheme or level: [a-z][a-z0-9_]{0,62}.
func ValidName(s string) bool { return namePattern.MatchString(s) }

// reserved members of a GeoJSON feature as gewu returns it; attributes must not hide them in tiles.
var reservedAttributes = []string{"id"}

// Validate checks a definition. The error is a *FieldError or several joined.
func (l *Layer) Validate() error {
	var errs []error
	bad := func(field, value, why string) { errs = append(errs, &FieldError{Field: field, Value: value, Why: why}) }
	if !ValidName(l.Name) {
		bad("name", l.Name, "must match [a-z][a-z0-9_]{0,62}")
	}
	if strings.HasSuffix(l.Name, "_label") {
		bad("name", l.Name, "must not end in _label, which names the label points of a layer in tiles")
	}
	if strings.HasSuffix(l.Name, "_totals") {
		bad("name", l.Name, "must not end in _totals, which names what lies in the polygons of a layer in tiles")
	}
	if l.Name == "city" {
		bad("name", l.Name, "is the name of the tileset of all layers")
	}
	switch l.Geometry {
	case GeometryPoint, GeometryLine, GeometryPolygon, GeometryNone:
	default:
		bad("geometry", string(l.Geometry), "must be point, line, polygon or none")
	}
	if l.Zoom.Min < 0 || l.Zoom.Max < 0 || l.Zoom.Max > MaxZoom || l.Zoom.Max != 0 && l.Zoom.Min > l.Zoom.Max {
		bad("zoom", fmt.Sprintf("%d–%d", l.Zoom.Min, l.Zoom.Max), fmt.Sprintf("must be a range within 0–%d", MaxZoom))
	}
	if len(l.Attributes) > MaxAttributes {
		bad("attributes", strconv.Itoa(len(l.Attributes)), fmt.Sprintf("at most %d", MaxAttributes))
	}
	seen := map[string]bool{}
	for i, a := range l.Attributes {
		at := fmt.Sprintf("attributes[%d]", i)
		switch {
		case !attributePattern.MatchString(a.Name):
			bad(at+".name", a.Name, "must be letters, digits and _, not starting with a digit, at most 63")
		case slices.Contains(reservedAttributes, a.Name):
			bad(at+".name", a.Name, "is reserved")
		case seen[FoldName(a.Name)]:
			bad(at+".name", a.Name, "is used twice (case, _ and - do not distinguish names)")
		}
		seen[FoldName(a.Name)] = true
		switch a.Type {
		case Text, Int, Number, Bool, Date, Time, Code, Ref:
		default:
			bad(at+".type", string(a.Type), "must be text, int, number, bool, date, time, code or ref")
		}
		if a.Sum && a.Type != Int && a.Type != Number {
			bad(at+".sum", string(a.Type), "adds up attributes of type int and number only")
		}
		if a.Zone != "" {
			if _, err := time.LoadLocation(a.Zone); err != nil || a.Type != Time {
				bad(at+".zone", a.Zone, "must be an IANA time zone, of a time attribute")
			}
		}
	}
	l.validateID(bad)
	l.validateRoles(bad)
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
		bad("id", "", "must have only one of attribute, generate and pattern")
	}
	if a := l.ID.Attribute; a != "" && l.AttributeIndex(a) < 0 {
		bad("id.attribute", a, "is not an attribute of the layer")
	}
	if g := l.ID.Generate; g != "" && g != "ulid" && g != "hash" {
		bad("id.generate", g, "must be ulid or hash")
	}
	if p := l.ID.Pattern; p != "" && p != "part" {
		bad("id.pattern", p, "must be part")
	}
}

func (l *Layer) validateRoles(bad func(field, value, why string)) {
	attribute := func(field, name string) {
		if name != "" && l.AttributeIndex(name) < 0 {
			bad("roles."+field, name, "is not an attribute of the layer")
		}
	}
	polygon := func(role string) {
		if l.Geometry != GeometryPolygon {
			bad("roles."+role, string(l.Geometry), "needs a polygon layer")
		}
	}
	if r := l.Roles.Area; r != nil {
		polygon("area")
		if !ValidName(r.Level) {
			bad("roles.area.level", r.Level, "must match [a-z][a-z0-9_]{0,62}")
		}
		attribute("area.code", r.Code)
		attribute("area.name", r.Name)
	}
	if r := l.Roles.Cell; r != nil {
		polygon("cell")
		if !ValidName(r.Scheme) {
			bad("roles.cell.scheme", r.Scheme, "must match [a-z][a-z0-9_]{0,62}")
		}
		attribute("cell.code", r.Code)
		attribute("cell.name", r.Name)
	}
	if r := l.Roles.Address; r != nil {
		attribute("address.label", r.Label)
		attribute("address.road", r.Road)
		attribute("address.section", r.Section)
		attribute("address.lane", r.Lane)
		attribute("address.alley", r.Alley)
		attribute("address.number", r.Number)
	}
	if r := l.Roles.Road; r != nil {
		attribute("road.name", r.Name)
	}
	if r := l.Roles.Part; r != nil {
		attribute("part.class", r.Class)
		attribute("part.code", r.Code)
	}
	if r := l.Roles.Landmark; r != nil {
		attribute("landmark.name", r.Name)
		attribute("landmark.alias", r.Alias)
	}
	if r := l.Roles.Building; r != nil {
		attribute("building.name", r.Name)
		attribute("building.households", r.Households)
		if i := l.AttributeIndex(r.Households); i >= 0 && l.Attributes[i].Type != Int && l.Attributes[i].Type != Number {
			bad("roles.building.households", r.Households, "must be an attribute of type int or number")
		}
	}
	if r := l.Roles.Entrance; r != nil {
		attribute("entrance.name", r.Name)
	}
	if r := l.Roles.Organisation; r != nil {
		attribute("organisation.name", r.Name)
	}
}

// AttributeIndex is the position of the attribute with exactly this name, or -1.
func (l *Layer) AttributeIndex(name string) int {
	return slices.IndexFunc(l.Attributes, func(a Attribute) bool { return a.Name == name })
}

// MatchAttribute is the position of the attribute that a column or parameter name means: the exact name, else the
// one that is equal under [FoldName], else the attribute that plays the part "code", "name" or "label" of a role,
// or -1.
func (l *Layer) MatchAttribute(name string) int {
	if i := l.AttributeIndex(name); i >= 0 {
		return i
	}
	folded := FoldName(name)
	if i := slices.IndexFunc(l.Attributes, func(a Attribute) bool { return FoldName(a.Name) == folded }); i >= 0 {
		return i
	}
	switch folded {
	case "code":
		return l.CodeAttribute()
	case "name", "label":
		return l.LabelAttribute()
	default:
		return -1
	}
}

// CodeAttribute is the position of the attribute that plays "code" in a role, or -1.
func (l *Layer) CodeAttribute() int {
	switch r := l.Roles; {
	case r.Cell != nil && r.Cell.Code != "":
		return l.AttributeIndex(r.Cell.Code)
	case r.Area != nil && r.Area.Code != "":
		return l.AttributeIndex(r.Area.Code)
	case r.Part != nil && r.Part.Code != "":
		return l.AttributeIndex(r.Part.Code)
	}
	return -1
}

// LabelAttribute is the position of the attribute that names a feature to people, or -1.
func (l *Layer) LabelAttribute() int {
	r := l.Roles
	names := []string{}
	if r.Area != nil {
		names = append(names, r.Area.Name, r.Area.Code)
	}
	if r.Cell != nil {
		names = append(names, r.Cell.Name, r.Cell.Code)
	}
	if r.Address != nil {
		names = append(names, r.Address.Label)
	}
	if r.Landmark != nil {
		names = append(names, r.Landmark.Name)
	}
	if r.Road != nil {
		names = append(names, r.Road.Name)
	}
	if r.Building != nil {
		names = append(names, r.Building.Name)
	}
	if r.Entrance != nil {
		names = append(names, r.Entrance.Name)
	}
	if r.Organisation != nil {
		names = append(names, r.Organisation.Name)
	}
	if r.Part != nil {
		names = append(names, r.Part.Code, r.Part.Class)
	}
	for _, n := range names {
		if n != "" {
			return l.AttributeIndex(n)
		}
	}
	return -1
}

// FoldName is the form under which names of columns and attributes are compared: lower case without _, - and spaces,
// so that TreeType, tree_type and "Tree Type" are one.
func FoldName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(strings.TrimSpace(s)))
}
