// Package reach is which cases somebody sees, as filters of the columns of cases; how far they reach is said by others.
package reach

import (
	"slices"
	"time"

	"github.com/gewu-city/gewu/cases/process"
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

// City is what sights of persons are made of.
type City struct {
	Directory *people.Directory
	// Tables are the processes: some states may be taken over by whoever sees them.
	Tables *process.Versions
	// Levels and Schemes are those that cases are held by.
	Levels, Schemes []string
	Now             time.Time
}

// Person adds what somebody of the directory sees now: where the grants of posts with the permission reach, what their own
// units have or had first, and their own tasks.
func (s *Sight) Person(city *City, person string) {
	d := city.Directory
	var units, posts []string
	for _, h := range d.HoldingsAt(person, city.Now) {
		for _, o := range d.Path(h.Organisation) {
			units = append(units, o.ID)
		}
		for o := range d.Under(h.Organisation) {
			units = append(units, o.ID)
		}
		posts = append(posts, h.Post)
		p, ok := d.Post(h.Post)
		if !ok || !slices.Contains(p.Permissions, people.Cases) {
			continue
		}
		for _, g := range p.Layers {
			switch {
			case !g.Read:
			case g.Area == people.AreaAll:
				s.Everything = true
			case g.Area == people.AreaOrganisation:
				s.Areas(d.Areas(h.Organisation), city.Levels)
			case g.Area == people.AreaCells && slices.Contains(city.Schemes, h.Scheme):
				s.Cells(h.Scheme, h.Cells)
			}
		}
	}
	slices.Sort(units)
	units = slices.Compact(units)
	s.Full = append(s.Full, store.Filter{Tasks: []string{person}})
	if len(units) > 0 {
		s.Full = append(s.Full, store.Filter{Units: units}, store.Filter{Firsts: units})
	}
	if states := claimable(city.Tables, posts); len(states) > 0 {
		s.Full = append(s.Full, store.Filter{States: states})
	}
}

// claimable are the states in which a post may take a case for its own unit: whoever may do that must see what there is.
func claimable(tables *process.Versions, posts []string) []string {
	var states []string
	for t := range tables.All() {
		for i := range t.States {
			for _, step := range t.Steps(t.States[i].ID) {
				if Asks(step, "unit_own") && slices.ContainsFunc(step.Posts, func(p string) bool { return slices.Contains(posts, p) }) {
					states = append(states, t.States[i].ID)
				}
			}
		}
	}
	slices.Sort(states)
	return slices.Compact(states)
}

// Asks reports whether a step has a guard.
func Asks(s *process.Step, guard string) bool {
	return slices.ContainsFunc(s.Guards, func(g process.Guard) bool { return g.String() == guard })
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
