package casework

import (
	"context"
	"net/http"
	"slices"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/casework/dossier"
	"github.com/gewu-city/gewu/server/casework/enclosed"
	"github.com/gewu-city/gewu/server/casework/fault"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// Refers reports whether an event of a case refers to a file.
func (s *Service) Refers(ctx context.Context, hash string) (bool, error) {
	return enclosed.Any(ctx, s.cfg.Files, hash, func(string) bool { return true }, s.Dossier)
}

// Sees reports whether whoever asks sees a case as a whole that refers to a file, and else whether they see one that shows the
// public this picture: somebody has looked whether a face or a door is on it.
func (a *API) Sees(r *http.Request, hash string) (whole, public bool, err error) {
	if a.Service == nil {
		return false, false, nil
	}
	c, err := a.caller(r, "")
	if err != nil {
		return false, false, err
	}
	sees := func(want bool) func(string) bool {
		return func(id string) bool {
			of, err := a.see(r, c, id)
			return err == nil && (of.full || !want)
		}
	}
	if whole, err = enclosed.Any(r.Context(), a.cfg.Files, hash, sees(true), a.Dossier); whole || err != nil {
		return whole, false, err
	}
	public, err = enclosed.Shown(r.Context(), a.cfg.Files, hash, sees(false), a.Dossier)
	return false, public, err
}

// Reviewer is the post by which whoever asks decides which pictures of a case the public sees, with the case. Its errors are
// problems.
func (a *API) Reviewer(r *http.Request, by As, id string) (cases.Actor, *dossier.Dossier, error) {
	if err := a.ready(); err != nil {
		return cases.Actor{}, nil, err
	}
	c, err := a.caller(r, by.Person)
	if err != nil {
		return cases.Actor{}, nil, err
	}
	of, err := a.see(r, c, id)
	if err != nil {
		return cases.Actor{}, nil, err
	}
	actor, ok := a.reviewer(r, of, &as{Organisation: by.Organisation, Post: by.Post})
	if !ok {
		return cases.Actor{}, nil, rest.Refuse(rest.Forbidden, "which pictures the public sees is decided by posts with the permission %s that see the case as a whole", people.Pictures)
	}
	d, err := a.Dossier(r.Context(), id)
	if err != nil {
		return cases.Actor{}, nil, fault.Of(err)
	}
	return actor, d, nil
}

// reviewer is the post of Reviewer; that of the program for the machine itself, where nobody is named.
func (a *API) reviewer(r *http.Request, of *seen, want *as) (cases.Actor, bool) {
	if !of.full || !city.May(r, people.Pictures) {
		return cases.Actor{}, false
	}
	if of.caller.person == "" {
		return cases.Actor{Post: process.System}, of.caller.everything
	}
	for _, held := range of.caller.posts(want) {
		if post, ok := a.people().Post(held.Post); ok && slices.Contains(post.Permissions, people.Pictures) {
			return held, true
		}
	}
	return cases.Actor{}, false
}
