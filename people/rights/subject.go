package rights

import (
	"cmp"
	"iter"
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

// Directory is what rights ask of the directory of a city.
type Directory interface {
	// Post finds a post, those of the beginning included.
	Post(id string) (people.Post, bool)
	// Organisation finds an organisation.
	Organisation(id string) (people.Organisation, bool)
	// Organisations are all of them, in any order.
	Organisations() iter.Seq[people.Organisation]
	// Staff finds a person.
	Staff(id string) (people.Staff, bool)
}

// Of is a person with the holdings that are in force at a time.
func Of(d Directory, staff string, at time.Time) Subject {
	s := Subject{Staff: staff}
	person, ok := d.Staff(staff)
	if !ok || !person.Left.IsZero() && !at.Before(person.Left) {
		return s
	}
	for _, h := range person.Holdings {
		office, known := d.Organisation(h.Organisation)
		if !known || !h.Covers(at) || !office.Retired.IsZero() && !at.Before(office.Retired) {
			continue
		}
		if h.StandsInFor != "" && len(h.Cells) == 0 {
			h.Scheme, h.Cells = cellsOf(d, &h, at)
		}
		s.Holdings = append(s.Holdings, h)
	}
	return s
}

// cellsOf are the cells of the person that a holding stands in for.
func cellsOf(d Directory, in *people.Holding, at time.Time) (scheme string, cells []string) {
	other, _ := d.Staff(in.StandsInFor)
	for _, h := range other.Holdings {
		if h.Post == in.Post && h.Organisation == in.Organisation && h.StandsInFor == "" && h.Covers(at) && len(h.Cells) > 0 {
			return h.Scheme, h.Cells
		}
	}
	return "", nil
}

// Changes are the times after a moment at which the holdings of somebody may come into force or end, the next first;
// false when there are none.
func Changes(d Directory, staff string, after time.Time) (next time.Time, ok bool) {
	take := func(t time.Time) {
		if t.After(after) && (!ok || t.Before(next)) {
			next, ok = t, true
		}
	}
	person, _ := d.Staff(staff)
	take(person.Left)
	for _, h := range person.Holdings {
		take(h.From)
		take(h.To)
		office, _ := d.Organisation(h.Organisation)
		take(office.Retired)
		if h.StandsInFor != "" {
			other, _ := d.Staff(h.StandsInFor)
			for _, o := range other.Holdings {
				take(o.From)
				take(o.To)
			}
		}
	}
	return next, ok
}

// under are an organisation and those below it, by id.
func under(d Directory, id string) []string {
	below := map[string][]string{}
	for o := range d.Organisations() {
		below[o.Parent] = append(below[o.Parent], o.ID)
	}
	all := []string{id}
	for i := 0; i < len(all); i++ {
		for _, kid := range below[all[i]] {
			if !slices.Contains(all, kid) {
				all = append(all, kid)
			}
		}
	}
	slices.Sort(all)
	return all
}

// ground are the areas of an organisation and of those below it; without any, those of the nearest one above.
func ground(d Directory, id string) []area {
	var all []area
	for _, below := range under(d, id) {
		o, _ := d.Organisation(below)
		all = appendAreas(all, &o)
	}
	for steps := 0; len(all) == 0 && id != "" && steps < mostSteps; steps++ {
		o, ok := d.Organisation(id)
		if !ok {
			break
		}
		all, id = appendAreas(all, &o), o.Parent
	}
	return sorted(all)
}

// mostSteps bounds the way up a tree, which has at most six levels when it is one.
const mostSteps = 16

func appendAreas(all []area, o *people.Organisation) []area {
	for _, a := range o.Areas {
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
