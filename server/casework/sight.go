package casework

import (
	"net/http"
	"slices"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/casework/reach"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// sight is what a caller may see: where the grants of posts with the permission reach, what their own units have or had
// first, and their own tasks.
func (a *API) sight(r *http.Request, c *caller) *reach.Sight {
	s := &reach.Sight{Everything: c.everything && city.As(r) == "", Public: a.cfg.Public}
	if s.Everything || c.person == "" {
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
				s.Everything = true
			case g.Area == people.AreaOrganisation:
				s.Areas(d.Areas(h.Organisation), levels)
			case g.Area == people.AreaCells && slices.Contains(schemes, h.Scheme):
				s.Cells(h.Scheme, h.Cells)
			}
		}
	}
	slices.Sort(units)
	units = slices.Compact(units)
	s.Full = append(s.Full, store.Filter{Tasks: []string{c.person}})
	if len(units) > 0 {
		s.Full = append(s.Full, store.Filter{Units: units}, store.Filter{Firsts: units})
	}
	if states := a.claimable(posts); len(states) > 0 {
		s.Full = append(s.Full, store.Filter{States: states})
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
	sight, spoilt := a.sight(r, c), a.cfg.Store.Spoilt(id)
	if !ok && spoilt != nil && sight.Everything {
		return nil, problem(spoilt) // of which there is nothing to see, not even where it is
	}
	if !ok {
		return nil, unknown(id)
	}
	full, public := sight.Sees(&summary)
	if !full && !public {
		return nil, unknown(id)
	}
	if spoilt != nil {
		return nil, problem(spoilt)
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

// SeesCase reports whether whoever asks, or named on the machine itself, sees a case as a whole; the error is that of not at all.
func (a *API) SeesCase(r *http.Request, named, id string) (bool, error) {
	c, err := a.caller(r, named)
	if err != nil {
		return false, err
	}
	of, err := a.see(r, c, id)
	return err == nil && of.full, err
}
