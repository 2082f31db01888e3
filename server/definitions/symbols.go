package definitions

import (
	"errors"
	"maps"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/tiles/style/symbol"
)

// validate checks a definition, the names of its symbols included. The error is a *data.FieldError or several joined.
func validate(def *data.Layer) error {
	errs := []error{def.Validate()}
	check := func(field, name string) {
		if _, ok := symbol.Find(name); !ok {
			errs = append(errs, &data.FieldError{Field: field, Value: name, Why: "is no symbol; /v1/sprites/light.json lists them"})
		}
	}
	if def.Symbols.Default != "" {
		check("symbols.default", def.Symbols.Default)
	}
	for _, value := range slices.Sorted(maps.Keys(def.Symbols.Values)) {
		check("symbols.values."+value, def.Symbols.Values[value])
	}
	return errors.Join(errs...)
}
