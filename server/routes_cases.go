package server

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/rest"
)

// caseRoutes are the operations about cases. Reports come from the public too, so each handler looks itself at who asks.
func (s *Server) caseRoutes() []route {
	c := &s.cases
	return []route{
		{"GET", "/v1/cases", c.List, anyone, false},
		{"POST", "/v1/cases", c.Create, visitors, false},
		{"POST", "/v1/cases/import", s.intake.Import, visitors, true},
		{"GET", "/v1/cases/count", c.Count, anyone, false},
		{"GET", "/v1/cases.atom", s.caseFeed.Atom, anyone, false},
		{"GET", "/v1/cases/form", c.Form, anyone, false},
		{"POST", "/v1/cases/duplicates", c.Duplicates, visitors, false},
		{"POST", "/v1/cases/route", c.Route, visitors, false},
		{"GET", "/v1/cases/stream", s.caseStream.Stream, anyone, true},
		{"GET", "/v1/cases/{case}", c.Get, anyone, false},
		{"GET", "/v1/cases/{case}/events", c.Events, anyone, false},
		{"GET", "/v1/cases/{case}/offers", c.Offers, anyone, false},
		{"GET", "/v1/cases/{case}/reporter", c.Reporter, writers, false},
		{"GET", "/v1/cases/{case}/contact", s.contacts.Get, writers, false},
		{"DELETE", "/v1/cases/{case}/contact", s.contacts.Erase, writers, false},
		{"PUT", "/v1/cases/{case}/attachments/{hash}/public", s.pictures.Release, writers, false},
		{"DELETE", "/v1/cases/{case}/attachments/{hash}/public", s.pictures.Withdraw, writers, false},
		{"GET", "/v1/cases/{case}/persons", c.Persons, anyone, false},
		{"POST", "/v1/cases/{case}/actions", c.Act, visitors, false},
		{"GET", "/v1/cases/{case}/notices", s.notices.OfCase, visitors, false},
		{"POST", "/v1/cases/{case}/notices/{notice}/receipt", s.notices.Receipt, visitors, false},
		{"POST", "/v1/cases/{case}/notices/remind", s.notices.RemindAll, visitors, false},
		{"GET", "/v1/unsubscribe/{token}", s.notices.Asked, anyone, false},
		{"POST", "/v1/unsubscribe/{token}", s.notices.Unsubscribe, anyone, false},
		{"GET", "/v1/subscriptions", s.notices.List, visitors, false},
		{"POST", "/v1/subscriptions", s.notices.Create, visitors, false},
		{"GET", "/v1/subscriptions/{id}", s.notices.Get, visitors, false},
		{"DELETE", "/v1/subscriptions/{id}", s.notices.Delete, visitors, false},
		{"GET", "/v1/outbox", s.notices.Outbox, writers, false},
		{"POST", "/v1/outbox/{notice}/retry", s.notices.Retry, writers, false},
		{"GET", "/v1/readings", s.readings.List, writers, false},
		{"POST", "/v1/readings", s.readings.Post, visitors, false},
		{"GET", "/v1/classes", c.ListClasses, anyone, false},
		{"GET", "/v1/classes/suggest", c.Suggest, anyone, false},

		{"GET", "/v1/processes", c.ListProcesses, anyone, false},
		{"GET", "/v1/processes/{name}", c.GetProcess, anyone, false},
		{"PUT", "/v1/processes/{name}", c.PutProcess, writers, false},
		{"POST", "/v1/processes/{name}/dry", c.DryProcess, writers, false},
		{"GET", "/v1/calendars", s.calendars.List, anyone, false},
		{"GET", "/v1/calendars/{name}", s.calendars.Get, anyone, false},
		{"PUT", "/v1/calendars/{name}", s.calendars.Put, writers, false},
		{"POST", "/v1/calendars/{name}/dry", s.calendars.Dry, writers, false},
		{"GET", "/v1/routes/rules", c.Rules, writers, false},
		{"PUT", "/v1/routes/rules", c.PutRules, writers, false},
		{"POST", "/v1/routes/rules/{rule}/enable", c.EnableRule, writers, false},
	}
}

// caseNeeds are what the operations about cases ask for.
func caseNeeds() map[string]need {
	return map[string]need{
		"GET /v1/cases": public, "POST /v1/cases": public, "GET /v1/cases/count": public, "GET /v1/cases/form": public, "GET /v1/cases.atom": public, "GET /v1/cases/stream": public,
		"POST /v1/cases/duplicates": public, "POST /v1/cases/route": need(people.Cases),
		"GET /v1/cases/{case}": public, "GET /v1/cases/{case}/events": public, "GET /v1/cases/{case}/offers": public,
		"GET /v1/cases/{case}/contact": need(people.ReadPersonal), "DELETE /v1/cases/{case}/contact": need(people.Edit),
		"PUT /v1/cases/{case}/attachments/{hash}/public": need(people.Pictures), "DELETE /v1/cases/{case}/attachments/{hash}/public": need(people.Pictures),
		"GET /v1/cases/{case}/reporter": need(people.ReadPersonal), "POST /v1/cases/{case}/actions": public,
		"GET /v1/cases/{case}/notices": public, "POST /v1/cases/{case}/notices/{notice}/receipt": public,
		"GET /v1/subscriptions": public, "POST /v1/subscriptions": public, "GET /v1/subscriptions/{id}": public, "DELETE /v1/subscriptions/{id}": public,
		"POST /v1/cases/{case}/notices/remind": public, "GET /v1/unsubscribe/{token}": public, "POST /v1/unsubscribe/{token}": public,
		"GET /v1/outbox": need(people.Operate), "POST /v1/outbox/{notice}/retry": need(people.Operate),
		"GET /v1/readings": need(people.Cases), "POST /v1/readings": public,
		"GET /v1/classes": public, "GET /v1/classes/suggest": public,
		"GET /v1/cases/{case}/persons": public, "POST /v1/cases/import": need(people.Cases),

		"GET /v1/processes": public, "GET /v1/processes/{name}": public,
		"PUT /v1/processes/{name}": need(people.Define), "POST /v1/processes/{name}/dry": need(people.Define),
		"GET /v1/calendars": public, "GET /v1/calendars/{name}": public,
		"PUT /v1/calendars/{name}": need(people.Define), "POST /v1/calendars/{name}/dry": need(people.Define),
		"GET /v1/routes/rules": need(people.Cases), "PUT /v1/routes/rules": need(people.Define),
		"POST /v1/routes/rules/{rule}/enable": need(people.Define),
	}
}

// ofProfile begin the paths of what the profile alone answers, whatever is in the city.
var ofProfile = []string{"/v1/classes", "/v1/processes"}

// filled has routes about cases answer 503 while the city is being filled. A report is judged by places, duties and people:
// half a city would refuse for good what the whole one takes.
func (s *Server) filled(list []route) []route {
	if s.cfg.Loading == nil {
		return list
	}
	for i := range list {
		if slices.ContainsFunc(ofProfile, func(p string) bool { return strings.HasPrefix(list[i].path, p) }) {
			continue
		}
		handle := list[i].handle
		list[i].handle = func(w http.ResponseWriter, r *http.Request) error {
			if s.cfg.Loading() {
				return rest.Refuse(rest.Unavailable, "the city is still being loaded, /readyz says when it is; try again then").With("Retry-After", loadingRetry).Because(errLoading)
			}
			return handle(w, r)
		}
	}
	return list
}

// errLoading is the cause of what is refused while the city is being filled: no fault of the server.
var errLoading = errors.New("the city is being filled")

// loadingRetry is after how many seconds somebody should ask again who came while the city was being filled.
const loadingRetry = "5"
