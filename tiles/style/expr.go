package style

// expr is a MapLibre expression.
type expr []any

// stop is a value at a zoom level.
type stop struct {
	zoom  float64
	value any
}

// byZoom interpolates between stops; base above 1 makes growth faster towards deep levels.
func byZoom(base float64, stops ...stop) expr {
	e := expr{"interpolate", expr{"exponential", base}, expr{"zoom"}}
	if base == 1 {
		e[1] = expr{"linear"}
	}
	for _, s := range stops {
		e = append(e, s.zoom, s.value)
	}
	return e
}

// byState chooses by the feature state that the page sets.
func byState(selected, hover, otherwise any) expr {
	return expr{
		"case",
		expr{"boolean", expr{"feature-state", "selected"}, false},
		selected,
		expr{"boolean", expr{"feature-state", "hover"}, false},
		hover,
		otherwise,
	}
}

func get(attribute string) expr { return expr{"get", attribute} }

// asText is an attribute as text, empty where a feature has none.
func asText(attribute string) expr { return expr{"to-string", get(attribute)} }
