package casework

import (
	"net/http"
	"slices"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// sight is which cases somebody may see.
type sight struct {
	everything bool
	// full are filters of which one must pass: those cases are seen as a whole.
	full []store.Filter
	// public says that cases which are not private are seen by everybody, without what was said and who did it.
	public bool
}

// sight is what a caller may see: where the grants of posts with the permission reach, what their own units have or had
// first, and their own tasks.
func (a *API) sight(r *http.Request, c *caller) *sight {
	s := &sight{everything: c.everything && city.As(r) == "", public: a.cfg.Public}
	if s.everything || c.person == "" {
		return s
	}
	d, now := a.people(), a.Service.Now()
	levels, schemes := a.cfg.Store.By()
	var units, posts []string
	for _, h := range d.HoldingsAt(c.person, now) {
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
				s.everything = true
			case g.Area == people.AreaOrganisation:
				s.areas(d.Areas(h.Organisation), levels)
			case g.Area == people.AreaCells && slices.Contains(schemes, h.Scheme):
				s.cells(h.Scheme, h.Cells)
			}
		}
	}
	slices.Sort(units)
	units = slices.Compact(units)
	s.full = append(s.full, store.Filter{Tasks: []string{c.person}})
	if len(units) > 0 {
		s.full = append(s.full, store.Filter{Units: units}, store.Filter{Firsts: units})
	}
	if states := a.claimable(posts); len(states) > 0 {
		s.full = append(s.full, store.Filter{States: states})
	}
	return s
}

// claimable are the states in which a post may take a case for its own unit: whoever may do that must see what there is.
func (a *API) claimable(posts []string) []string {
	states := map[string]bool{}
	for t := range a.cfg.Tables().All() {
		for i := range t.States {
			for _, step := range t.Steps(t.States[i].ID) {
				if asks(step, "unit_own") && slices.ContainsFunc(step.Posts, func(p string) bool { return slices.Contains(posts, p) }) {
					states[t.States[i].ID] = true
				}
			}
		}
	}
	return keys(states)
}

func (s *sight) areas(of []people.AreaRef, levels []string) {
	var keys []people.AreaKey
	for _, a := range of {
		if slices.Contains(levels, a.Level) {
			keys = append(keys, people.AreaKey{Level: a.Level, Code: a.Code})
		}
	}
	if len(keys) > 0 {
		s.full = append(s.full, store.Filter{Areas: keys})
	}
}

func (s *sight) cells(scheme string, codes []string) {
	var refs []people.CellRef
	for _, code := range codes {
		refs = append(refs, people.CellRef{Scheme: scheme, Code: code})
	}
	if len(refs) > 0 {
		s.full = append(s.full, store.Filter{Cells: refs})
	}
}

// bound adds to a filter that cases must be in sight; false when nothing is.
func (s *sight) bound(f *store.Filter) bool {
	if s.everything {
		return true
	}
	seen := slices.Clone(s.full)
	if s.public {
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

// sees says how a case is seen: as a whole, as the public does, or not at all.
func (s *sight) sees(c *store.Summary) (full, public bool) {
	if s.everything || slices.ContainsFunc(s.full, func(f store.Filter) bool { return holds(&f, c) }) {
		return true, true
	}
	return false, s.public && !c.Private
}

// holds says of one case what the store says of all, for the members that sights have.
func holds(f *store.Filter, c *store.Summary) bool {
	in := func(list []string, s string) bool { return len(list) == 0 || s != "" && slices.Contains(list, s) }
	return in(f.States, c.State) && in(f.Units, c.Unit) && in(f.Firsts, c.First) && in(f.Tasks, c.Task) &&
		(len(f.Areas) == 0 || slices.ContainsFunc(c.Areas, func(a people.AreaKey) bool { return slices.Contains(f.Areas, a) })) &&
		(len(f.Cells) == 0 || slices.ContainsFunc(c.Cells, func(a people.CellRef) bool { return slices.Contains(f.Cells, a) }))
}

// unknown is the answer to a case that does not exist, or that whoever asks may not see: the two are not told apart.
func unknown(id string) error {
	return rest.Fault(rest.NotFound, "case", id, "is no case")
}

// seen is a case that whoever asks may see.
type seen struct {
	caller  *caller
	summary store.Summary
	// full is whether it is seen as a whole.
	full bool
}

// see finds a case of which a request is.
func (a *API) see(r *http.Request, c *caller, id string) (*seen, error) {
	summary, ok := a.cfg.Store.Find(id)
	if !ok {
		return nil, unknown(id)
	}
	full, public := a.sight(r, c).sees(&summary)
	if !full && !public {
		return nil, unknown(id)
	}
	return &seen{caller: c, summary: summary, full: full}, nil
}

// posts are the posts by which a case may be worked on: of a case that somebody sees as the public does, that of the public.
func (s *seen) posts(want *as) []cases.Actor {
	if !s.full {
		return (&caller{}).posts(want)
	}
	return s.caller.posts(want)
}
