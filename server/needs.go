package server

import (
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/people/rights"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// need is what a route asks of whoever calls it, once the city has accounts: a [people.Permission], or one of these.
type need string

const (
	// public asks for nothing: what is answered is what whoever asks may see.
	public need = "public"
	// self asks for somebody who is logged in, and is about what is theirs.
	self need = "self"
	// drafting asks for any of the permissions that have to do with drafts.
	drafting need = "plan/approve"
	// administrator asks for an account that may do everything.
	administrator need = "administrator"
)

// needs are what the routes ask for, by method and path. What may be seen and changed of a layer is decided by its
// features, in what every resource works with: see [city.City].
func needs() map[string]need {
	define, edit, operate, audit := need(people.Define), need(people.Edit), need(people.Operate), need(people.Audit)
	staff, draft := need(people.ManagePeople), need(people.Draft)
	all := map[string]need{
		"GET /v1/locate": public, "POST /v1/locate": public, "POST /v1/locate/route": public,
		"GET /v1/geocode": public, "POST /v1/geocode": public, "GET /v1/reverse": public, "GET /v1/suggest": public,
		"POST /v1/extract": public, "GET /geocoder/search": public, "GET /geocoder/reverse": public,
		"GET /geocoder/api": public, "GET /geocoder/api/": public, "GET /geocoder/api/reverse": public,

		"GET /tiles/{tileset}.json": public, "GET /tiles/{tileset}/{z}/{x}/{y}.mvt": public,
		"GET /tiles/{tileset}/{z}/{x}/{y}.pbf": public, "GET /styles/{name}.json": public,
		"GET /v1/sprites/{sheet}.json": public, "GET /v1/sprites/{sheet}.png": public,
		"GET /v1/sprites/{theme}/{symbol}.svg": public,

		"GET /v1/layers": public, "POST /v1/layers": define, "GET /v1/layers/{layer}": public,
		"PATCH /v1/layers/{layer}": define, "DELETE /v1/layers/{layer}": define,
		"POST /v1/layers/{layer}/import": need(people.Import), "GET /v1/layers/{layer}/export": need(people.Export),

		"GET /v1/layers/{layer}/features": public, "GET /v1/layers/{layer}/features/{id}": public,
		"PUT /v1/layers/{layer}/features/{id}": edit, "DELETE /v1/layers/{layer}/features/{id}": edit,
		"GET /v1/layers/{layer}/features/{id}/history": public,

		"POST /v1/layers/{layer}/features/{id}/erase": edit,
		"GET /v1/personal/reviews":                    audit, "POST /v1/personal/reviews/{id}/sign-off": audit,
		"GET /v1/personal/expired": audit, "POST /v1/personal/expired": operate,

		"POST /v1/attachments": self, "GET /v1/attachments/{hash}": public,

		"GET /v1/changes": audit, "POST /v1/changes": edit, "GET /v1/changes/{seq}": audit,
		"POST /v1/changes/{seq}/revert": need(people.Undo),
		"GET /v1/audit":                 audit, "GET /v1/audit/export": audit,
		"GET /v1/plans": edit, "GET /v1/plans/{id}": edit, "DELETE /v1/plans/{id}": edit,
		"GET /v1/events": public,

		"GET /v1/schemes": public, "POST /v1/schemes": define, "GET /v1/schemes/{scheme}": public,
		"DELETE /v1/schemes/{scheme}": define, "GET /v1/schemes/{scheme}/cells": public, "GET /v1/schemes/{scheme}/check": public,
		"GET /v1/schemes/{scheme}/cells/{code}": public, "GET /v1/schemes/{scheme}/report": public, "GET /v1/schemes/{scheme}/reconcile": public, "GET /v1/schemes/{scheme}/impact": public, "POST /v1/schemes/{scheme}/impact": public, "POST /v1/schemes/{scheme}/draw": public,

		"GET /v1/schemes/{scheme}/versions": public, "GET /v1/schemes/{scheme}/lineage": public,

		"GET /v1/drafts": drafting, "GET /v1/drafts/{draft}": drafting, "GET /v1/drafts/{draft}/cells": drafting, "GET /v1/drafts/{draft}/impact": drafting,
		"GET /v1/drafts/{draft}/tiles/{tileset}.json": drafting, "GET /v1/drafts/{draft}/tiles/{tileset}/{z}/{x}/{y}.mvt": drafting,
		"GET /v1/drafts/{draft}/steps": drafting, "GET /v1/drafts/{draft}/conflicts": drafting,
		"POST /v1/drafts": draft, "DELETE /v1/drafts/{draft}": draft, "POST /v1/drafts/{draft}/steps": draft,
		"POST /v1/drafts/{draft}/import": draft, "POST /v1/drafts/{draft}/undo": draft, "POST /v1/drafts/{draft}/redo": draft,
		"POST /v1/drafts/{draft}/rebase": draft, "POST /v1/drafts/{draft}/check": draft,
		"POST /v1/drafts/{draft}/approve": need(people.Approve), "POST /v1/drafts/{draft}/reject": need(people.Approve),
		"POST /v1/drafts/{draft}/publish": need(people.Publish), "POST /v1/drafts/{draft}/withdraw": drafting,

		"GET /v1/requests": public, "POST /v1/requests": public, "GET /v1/requests/{request}": public,
		"POST /v1/requests/{request}/survey": draft, "POST /v1/requests/{request}/opinion": drafting,
		"POST /v1/requests/{request}/draft": draft, "POST /v1/requests/{request}/withdraw": self,

		"GET /v1/dictionaries": public, "POST /v1/dictionaries": define, "GET /v1/dictionaries/{dictionary}": public,
		"PUT /v1/dictionaries/{dictionary}": define, "DELETE /v1/dictionaries/{dictionary}": define,

		"GET /v1/codes/{kind}": edit, "GET /v1/codes/{kind}/{code}": public,

		"GET /v1/jobs": self, "GET /v1/jobs/{id}": self, "DELETE /v1/jobs/{id}": self,
		"GET /v1/jobs/{id}/events": self, "GET /v1/jobs/{id}/answer": self,
		"GET /v1/imports": need(people.Import), "GET /v1/imports/{id}": need(people.Import),
		"POST /v1/imports/{id}/undo": need(people.Undo),

		"POST /v1/check": operate, "GET /v1/backup": operate, "POST /v1/compact": operate, "POST /v1/rebuild": operate,
		"GET /v1/clock": operate, "POST /v1/clock": operate,

		"GET /v1/organisations": self, "GET /v1/organisations/{id}": self, "GET /v1/posts": self, "GET /v1/posts/{id}": self,
		"PUT /v1/organisations/{id}": staff, "DELETE /v1/organisations/{id}": staff,
		"PUT /v1/posts/{id}": staff, "DELETE /v1/posts/{id}": staff,
		"GET /v1/staff": staff, "GET /v1/staff/{id}": staff, "PUT /v1/staff/{id}": staff, "DELETE /v1/staff/{id}": staff,
		"GET /v1/people": staff, "POST /v1/people": staff,

		"GET /v1/me": public, "PATCH /v1/me": self, "POST /v1/me/password": self, "GET /v1/me/sessions": self,
		"DELETE /v1/me/sessions": self, "DELETE /v1/me/sessions/{id}": self, "POST /v1/me/second": self,
		"PUT /v1/me/second": self, "POST /v1/me/second/recovery": self, "POST /v1/me/second/remove": self,
		"POST /v1/login": public, "POST /v1/login/second": public, "GET /v1/login/outside/{provider}": public,
		"GET /v1/login/outside/{provider}/back": public, "POST /v1/logout": public, "POST /v1/password-reset": public,
		"POST /v1/password-reset/look": public, "POST /v1/password-reset/accept": public,
		"POST /v1/invitations/look": public, "POST /v1/invitations/accept": public,
		"GET /v1/keys": self, "POST /v1/keys": self, "DELETE /v1/keys/{key}": self,
		"GET /v1/invitations": administrator, "POST /v1/invitations": administrator,
		"DELETE /v1/invitations/{id}": administrator, "GET /v1/accounts": administrator, "POST /v1/accounts": administrator,
		"GET /v1/accounts/{account}": administrator, "PATCH /v1/accounts/{account}": administrator,
		"DELETE /v1/accounts/{account}": administrator, "GET /v1/accounts/{account}/sessions": administrator,
		"DELETE /v1/accounts/{account}/sessions": administrator, "POST /v1/accounts/{account}/reset": administrator,
		"DELETE /v1/accounts/{account}/second": administrator,

		"GET /healthz": public, "GET /readyz": public, "GET /metrics": operate,
		"GET /openapi.json": public, "GET /docs": public, "GET /docs/docs.css": public,
	}
	maps.Copy(all, caseNeeds())
	maps.Copy(all, exchangeNeeds())
	maps.Copy(all, open311Needs())
	return all
}

// permit refuses a call that whoever asks has no right to. A route that nothing is said about is for those who may do
// everything.
func permit(rt *route, who *account.Principal, may *rights.Rights) error {
	asks, known := needs()[rt.method+" "+rt.path]
	switch {
	case asks == public, may.Everything():
		return nil
	case known && asks == self && who.Known():
		return nil
	case known && asks == drafting && (may.May(people.Draft) || may.May(people.Approve) || may.May(people.Publish)):
		return nil
	case known && asks != self && asks != drafting && may.May(people.Permission(asks)):
		return nil
	case !who.Known():
		return rest.Refuse(rest.Unauthorized, "log in, or send an API key: Authorization: Bearer …").With("WWW-Authenticate", `Bearer realm="gewu"`)
	}
	return rest.Refuse(rest.Forbidden, "this needs the permission %s, which no post that you hold gives, or which your key leaves out", asks)
}

// asHeader and asParameter name a person through whose eyes an administrator wants to see an answer.
const (
	asHeader    = "X-Gewu-As"
	asParameter = "as"
)

// withRights finds out what whoever asks may see and do, and adds it to the request. In a city without accounts nothing is
// out of sight. The error says why somebody may not look through the eyes of another.
//
// While an answer is streamed, rights are those of the moment: a session may end, a post be taken away.
func (s *Server) withRights(w http.ResponseWriter, r *http.Request, who *account.Principal, stream bool) (*http.Request, *rights.Rights, error) {
	var may *rights.Rights
	if s.cfg.Enforced() {
		may = s.rightsOf(who)
		// What one may see no cache may give another.
		w.Header().Set("Cache-Control", "private, no-cache")
		w.Header().Add("Vary", "Authorization, Cookie, "+asHeader)
	}
	r, staff := seenAs(r)
	streams := stream
	if staff != "" {
		if may != nil && !may.May(people.ManagePeople) || may == nil && !who.Everything() {
			return r, may, rest.Refuse(rest.Forbidden, "to see the city as somebody else does needs the permission %s", people.ManagePeople)
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			return r, may, rest.Refuse(rest.Forbidden, "as somebody else the city can be seen and not changed")
		}
		other, ok := s.city.Sights.AsSeenBy(s.city.Engine.World(), staff, s.city.Today())
		if !ok {
			return r, may, rest.Fault(rest.NotFound, asParameter, staff, "is no person of the directory")
		}
		may, stream = other, false
		w.Header().Set(asHeader, staff)
		w.Header().Set("Cache-Control", "no-store")
		r = r.WithContext(city.WithAs(r.Context(), staff))
		s.city.Seen(r, "see-as", "staff:"+staff)
	}
	if may == nil && !stream {
		return r, nil, nil
	}
	now := func() *rights.Rights { return may }
	ctx := r.Context()
	if streams {
		while := s.whoWhile(r, *who)
		ctx = city.WithWho(ctx, while)
		if stream {
			now = s.rightsWhile(while)
		}
	}
	return r.WithContext(city.WithRights(ctx, now)), may, nil
}

// identityAge is how long it may take until a stream notices that a session has ended or a key was revoked. That a post was
// taken away it notices with the World in which it was.
const identityAge = time.Second

// whoWhile is who sends a request at any time while it is answered.
func (s *Server) whoWhile(r *http.Request, who account.Principal) func() account.Principal {
	var mu sync.Mutex
	known := s.cfg.Now()
	return func() account.Principal {
		mu.Lock()
		defer mu.Unlock()
		if now := s.cfg.Now(); now.Sub(known) >= identityAge {
			known = now
			var err error
			if who, err = s.identify(r); err != nil {
				who = account.Principal{Way: account.Public}
			}
		}
		return who
	}
}

// rightsWhile are the rights that whoever sends a request has at any time while it is answered; nil is everything.
func (s *Server) rightsWhile(while func() account.Principal) func() *rights.Rights {
	return func() *rights.Rights {
		if !s.cfg.Enforced() {
			return nil
		}
		who := while()
		return s.rightsOf(&who)
	}
}

// rightsOf are the rights that somebody has now.
func (s *Server) rightsOf(who *account.Principal) *rights.Rights {
	return s.city.Sights.Rights(s.city.Engine.World(), who, s.city.Today())
}

// seenAs takes from a request whose eyes it wants; handlers know nothing of it.
func seenAs(r *http.Request) (*http.Request, string) {
	staff := r.Header.Get(asHeader)
	// Most requests have none, and need not be read twice.
	if !strings.Contains(r.URL.RawQuery, asParameter+"=") {
		return r, staff
	}
	if q := r.URL.Query(); q.Has(asParameter) {
		staff = q.Get(asParameter)
		q.Del(asParameter)
		other := *r
		address := *r.URL
		address.RawQuery = q.Encode()
		other.URL = &address
		return &other, staff
	}
	return r, staff
}
