package data

import (
	"errors"
	"regexp"
)

// Scheme is one division of the city: the levels of areas above it, coarse to fine, and the layer that holds its
// cells. Several schemes may lie over one city.
type Scheme struct {
	Name   string      `json:"name" toml:"name"`
	Title  Title       `json:"title,omitempty" toml:"title"`
	Levels []string    `json:"levels" toml:"levels"`
	Cells  SchemeCells `json:"cells" toml:"cells"`
	// CodeRule is "national15", "none" (also empty), or a pattern of named digit groups such as
	// "district:6 street:3 community:3 sequence:3".
	CodeRule string `json:"code_rule,omitempty" toml:"code_rule"`
}

// SchemeCells names the polygon layer of the cells and its attributes that hold code and name.
type SchemeCells struct {
	Layer string `json:"layer" toml:"layer"`
	Code  string `json:"code,omitempty" toml:"code"`
	Name  string `json:"name,omitempty" toml:"name"`
}

var codeRulePattern = regexp.MustCompile(`^(national15|none|[a-z_]+:[1-9][0-9]?( [a-z_]+:[1-9][0-9]?)*)?$`)

// Validate checks a scheme against the layers that exist. The error is a *FieldError or several joined.
func (s *Scheme) Validate(layer func(name string) (*Layer, bool)) error {
	var errs []error
	bad := func(field, value, why string) { errs = append(errs, &FieldError{Field: field, Value: value, Why: why}) }
	if !ValidName(s.Name) {
		bad("name", s.Name, "must match [a-z][a-z0-9_]{0,62}")
	}
	for _, level := range s.Levels {
		if !ValidName(level) {
			bad("levels", level, "must match [a-z][a-z0-9_]{0,62}")
		}
	}
	l, ok := layer(s.Cells.Layer)
	switch {
	case s.Cells.Layer == "":
		bad("cells.layer", "", "is missing: it names the polygon layer that holds the cells")
	case !ok:
		bad("cells.layer", s.Cells.Layer, "is not a layer")
	case l.Geometry != GeometryPolygon:
		bad("cells.layer", s.Cells.Layer, "must hold polygons")
	default:
		if c := s.Cells.Code; c != "" && l.MatchAttribute(c) < 0 {
			bad("cells.code", c, "is not an attribute of the layer")
		}
		if n := s.Cells.Name; n != "" && l.MatchAttribute(n) < 0 {
			bad("cells.name", n, "is not an attribute of the layer")
		}
	}
	if !codeRulePattern.MatchString(s.CodeRule) {
		bad("code_rule", s.CodeRule, `must be national15, none or digit groups like "district:6 street:3 community:3 sequence:3"`)
	}
	return errors.Join(errs...)
}
