package server

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/people/audit"
	"github.com/gewu-city/gewu/people/rights"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// refused keeps that a request was refused for want of rights, for the audit; the routes of logins look after that
// themselves. What is out of somebody's sight is answered as what is not there, and is a refusal all the same.
func (s *Server) refused(rt *route, r *http.Request, err error) {
	own := rt.access == visitors && needs()[rt.method+" "+rt.path] == public
	if !s.cfg.Enforced() || own && !errors.Is(err, account.ErrToken) {
		return
	}
	problem, ok := errors.AsType[*rest.Problem](err)
	if !ok {
		return
	}
	who := auth.From(r.Context())
	r = r.WithContext(city.WithRights(r.Context(), func() *rights.Rights { return s.rightsOf(&who) }))
	object, hidden := s.asked(r)
	// Before it is known whether anything is counted: what is there and hidden takes as long as what is not.
	e := s.auth.Act(r, rt.method+" "+rt.path, object, string(problem.Kind))
	_, locked := errors.AsType[*account.LockedError](err)
	switch {
	case problem.Kind == rest.Forbidden, problem.Kind == rest.Unauthorized, problem.Kind == rest.NotFound && hidden, locked:
	default:
		return
	}
	e.Outcome = audit.Refused
	s.trail.Count(e)
}

// asked is the layer or feature that a request names, as far as there is such a thing: other texts may be anything. hidden
// says that it is out of sight of whoever asks.
func (s *Server) asked(r *http.Request) (object string, hidden bool) {
	vars := mux.Vars(r)
	whole := s.city.Engine.World()
	seen := s.city.See(r, whole)
	for name := range strings.SplitSeq(vars["tileset"], ",") {
		if _, ok := whole.Layer(name); ok {
			if _, in := seen.Layer(name); !in {
				return name, true
			}
		}
	}
	l, ok := whole.Layer(vars["layer"])
	if !ok {
		return "", false
	}
	in, shown := seen.Layer(l.Def().Name)
	object = l.Def().Name
	if id, named := vars["id"]; named && there(l, id) {
		object += "/" + id
		hidden = shown && !there(in, id)
	}
	return object, hidden || !shown
}

func there(l *index.Layer, id string) bool {
	_, ok := l.Lookup(id)
	return ok
}
