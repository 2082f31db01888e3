// Package reach is which cases somebody sees, as filters of the columns of cases; how far they reach is said by others.
package reach

import (
	"slices"

	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/people"
)

// Sight is which cases somebody may see.
type Sight struct {
	// Everything is all cases, as a whole.
	Everything bool
	// Full are filters of which one must pass: those cases are seen as a whole.
	Full []store.Filter
	// Public says that cases which are not private are seen by everybody, without what was said and who did it.
	Public bool
}

// Areas adds the cases in some areas, of those levels that cases are held by.
func (s *Sight) Areas(of []people.AreaRef, levels []string) {
	var keys []people.AreaKey
	for _, a := range of {
		if slices.Contains(levels, a.Level) {
			keys = append(keys, people.AreaKey{Level: a.Level, Code: a.Code})
		}
	}
	if len(keys) > 0 {
		s.Full = append(s.Full, store.Filter{Areas: keys})
	}
}

// Cells adds the cases in some cells of a scheme.
func (s *Sight) Cells(scheme string, codes []string) {
	var refs []people.CellRef
	for _, code := range codes {
		refs = append(refs, people.CellRef{Scheme: scheme, Code: code})
	}
	if len(refs) > 0 {
		s.Full = append(s.Full, store.Filter{Cells: refs})
	}
}

// Bound adds to a filter that cases must be in sight; false when nothing is.
func (s *Sight) Bound(f *store.Filter) bool {
	if s.Everything {
		return true
	}
	seen := slices.Clone(s.Full)
	if s.Public {
		seen = append(seen, store.Filter{Private: new(bool)})
	}
	if len(seen) == 0 {
		return false
	}
	*f = both(*f, seen)
	return true
}

// both is a filter with the demand that one of some others passes too.
func both(f store.Filter, some []store.Filter) store.Filter {
	if len(f.Any) == 0 {
		f.Any = some
		return f
	}
	all := make([]store.Filter, len(f.Any))
	for i := range f.Any {
		all[i] = both(f.Any[i], some)
	}
	f.Any = all
	return f
}

// Sees says how a case is seen: as a whole, as the public does, or not at all.
func (s *Sight) Sees(c *store.Summary) (full, public bool) {
	if s.Everything || slices.ContainsFunc(s.Full, func(f store.Filter) bool { return f.Passes(c) }) {
		return true, true
	}
	return false, s.Public && !c.Private
}
