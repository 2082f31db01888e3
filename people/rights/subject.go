package rights

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/gewu-city/gewu/people"
)

// Subject is whose rights are asked for.
type Subject struct {
	// Staff is the id of the person, empty for the public and for programs.
	Staff string
	// Holdings are those in force.
	Holdings []people.Holding
	// Scopes are the permissions that a key is limited to; nil is no limit. A key that may not edit changes nothing.
	Scopes []people.Permission
	// Everything is for whom no rights are looked up; Scopes count all the same.
	Everything bool
}

// Of is a person with the holdings that are in force at a time.
func Of(d *people.Directory, staff string, at time.Time) Subject {
	s := Subject{Staff: staff}
	for _, h := range d.HoldingsAt(staff, at) {
		s.Holdings = append(s.Holdings, h.Holding)
	}
	return s
}

// Changes are the times after a moment at which the holdings of somebody may come into force or end, the next first;
// false when there are none.
func Changes(d *people.Directory, staff string, after time.Time) (next time.Time, ok bool) {
	take := func(t time.Time) {
		if t.After(after) && (!ok || t.Before(next)) {
			next, ok = t, true
		}
	}
	person, known := d.Person(staff)
	if !known {
		return next, false
	}
	take(person.Left)
	for _, h := range person.Holdings {
		take(h.From)
		take(h.To)
		if office, ok := d.Organisation(h.Organisation); ok {
			take(office.Retired)
		}
		if other, ok := d.Person(h.StandsInFor); ok {
			take(other.Left)
			for _, o := range other.Holdings {
				take(o.From)
				take(o.To)
			}
		}
	}
	return next, ok
}

// under are an organisation and those below it, by id.
func under(d *people.Directory, id string) (all []string) {
	for o := range d.Under(id) {
		all = append(all, o.ID)
	}
	slices.Sort(all)
	return all
}

// ground are the areas of an organisation and of those below it; without any, those of the nearest one above.
func ground(d *people.Directory, id string) []area {
	var all []area
	for o := range d.Under(id) {
		all = appendAreas(all, o.Areas)
	}
	if len(all) == 0 {
		all = appendAreas(all, d.Areas(id))
	}
	return sorted(all)
}

func appendAreas(all []area, refs []people.AreaRef) []area {
	for _, a := range refs {
		all = append(all, area{level: a.Level, code: a.Code})
	}
	return all
}

// area names a polygon of a level of areas, or of the cells of a scheme.
type area struct{ level, scheme, code string }

func (a area) compare(b area) int {
	return cmp.Or(strings.Compare(a.level, b.level), strings.Compare(a.scheme, b.scheme), strings.Compare(a.code, b.code))
}

func sorted(all []area) []area {
	slices.SortFunc(all, area.compare)
	return slices.Compact(all)
}
