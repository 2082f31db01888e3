package rules

import (
	"fmt"
	"slices"

	"github.com/gewu-city/gewu/data"
)

// WithAttributes is the definition with the attributes of a list, which takes the place of the one it has: entries are
// matched by name, those that match none are added, and a type that differs widens. The order of the list does not
// matter, since attributes keep their place. An attribute that the list does not have is an error: what drops values is
// said, not left out. The error is a *data.FieldError.
func WithAttributes(l *data.Layer, list []data.Attribute) (*data.Layer, error) {
	next := clone(l)
	listed := make([]bool, len(l.Attributes))
	for n, a := range list {
		at := fmt.Sprintf("attributes[%d]", n)
		if a.Dropped {
			if !slices.ContainsFunc(l.Attributes, func(b data.Attribute) bool { return b.Dropped && b.Name == a.Name }) {
				return nil, fault(at+".dropped", "true", `is done with {"alter":[{"op":"drop","attribute":%q}]}`, a.Name)
			}
			continue
		}
		i := l.AttributeIndex(a.Name)
		if i < 0 {
			if taken(next, a.Name) < 0 {
				release(next, a.Name)
			}
			next.Attributes = append(next.Attributes, a)
			continue
		}
		if listed[i] {
			return nil, fault(at+".name", a.Name, "is used twice")
		}
		listed[i] = true
		old := &l.Attributes[i]
		a.Former, a.Was = old.Former, old.Was
		if a.Type != old.Type {
			if why := data.CannotWiden(old.Type, a.Type); why != "" {
				return nil, fault(at+".type", string(a.Type), "%s", why)
			}
			a.Was = append(slices.Clone(old.Was), old.Type)
		}
		if slices.Contains(a.Was, data.Date) && a.Zone == "" {
			a.Zone = old.Zone // in which its dates became times
		}
		next.Attributes[i] = a
	}
	for i, a := range l.Live() {
		if !listed[i] {
			return nil, fault("attributes", "", `the list lacks %s, which the layer has; rename it with {"alter":[{"op":"rename","attribute":%[2]q,"to":…}]} or drop it with {"alter":[{"op":"drop","attribute":%[2]q}]}`, a.Name, a.Name)
		}
	}
	return next, nil
}
