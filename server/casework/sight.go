package casework

import (
	"net/http"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/server/casework/fault"
	"github.com/gewu-city/gewu/server/casework/reach"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// sight is what a caller may see.
func (a *API) sight(r *http.Request, c *caller) *reach.Sight {
	s := &reach.Sight{Everything: c.everything && city.As(r) == "", Public: a.cfg.Public}
	if !s.Everything && c.person != "" {
		s.Person(a.reach(), c.person)
	}
	return s
}

// reach is what sights of persons are made of now.
func (s *Service) reach() *reach.City {
	levels, schemes := s.cfg.Store.By()
	return &reach.City{Directory: s.people(), Tables: s.cfg.Tables(), Levels: levels, Schemes: schemes, Now: s.Now()}
}

// Sees reports whether a person of the directory, who has not left, sees a case as a whole now.
func (s *Service) Sees(person, id string) bool {
	city := s.reach()
	if p, ok := city.Directory.Person(person); !ok || !p.Left.IsZero() && !city.Now.Before(p.Left) {
		return false
	}
	summary, ok := s.cfg.Store.Find(id)
	if !ok {
		return false
	}
	var sight reach.Sight
	sight.Person(city, person)
	full, _ := sight.Sees(&summary)
	return full
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
		return nil, fault.Of(spoilt) // of which there is nothing to see, not even where it is
	}
	if !ok {
		return nil, fault.NoCase(rest.NotFound, "case", id)
	}
	full, public := sight.Sees(&summary)
	if !full && !public {
		return nil, fault.NoCase(rest.NotFound, "case", id)
	}
	if spoilt != nil {
		return nil, fault.Of(spoilt)
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
