package server

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/background"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/codes"
	"github.com/gewu-city/gewu/server/pages"
	"github.com/gewu-city/gewu/server/rest"
	"github.com/gewu-city/gewu/server/tilesets"
)

// handler answers a request or returns why it cannot. Once it has begun to answer it may only return an error to
// break the connection, so that the client does not take half an answer for a whole one.
type handler func(w http.ResponseWriter, r *http.Request) error

// route is one operation of the API. Its summary and everything else is in openapi.json.
type route struct {
	method, path string
	handle       handler
	access       access
	// stream marks answers that take as long as they take; they look after their own time.
	stream bool
}

// access says who may call a route.
type access uint8

const (
	// anyone may read, from any web page too.
	anyone access = iota
	// writers are the machine itself, those with the token, and administrators.
	writers
	// visitors are anyone, but from our own pages only; the handler says who of them.
	visitors
)

// routes is the whole API. GET answers HEAD too, and every path answers OPTIONS.
func (s *Server) routes() []route {
	return slices.Concat(s.accountRoutes(), s.filled(s.caseRoutes()), s.filled(s.exchangeRoutes()), s.attachmentRoutes(), s.open311Routes(), []route{
		{"GET", "/v1/locate", s.locate.Point, anyone, false},
		{"POST", "/v1/locate", s.locate.Stream, anyone, true},
		{"POST", "/v1/locate/route", s.locate.Route, anyone, false},

		{"GET", "/v1/geocode", s.geocoding.Search, anyone, false},
		{"POST", "/v1/geocode", s.geocoding.Stream, anyone, true},
		{"GET", "/v1/reverse", s.geocoding.Reverse, anyone, false},
		{"GET", "/v1/suggest", s.geocoding.Suggest, anyone, false},
		{"POST", "/v1/extract", s.geocoding.Extract, anyone, false},
		{"GET", "/geocoder/search", s.geocoding.PluginSearch, anyone, false},
		{"GET", "/geocoder/reverse", s.geocoding.PluginReverse, anyone, false},
		{"GET", "/geocoder/api", s.geocoding.PluginTyping, anyone, false},
		{"GET", "/geocoder/api/", s.geocoding.PluginTyping, anyone, false},
		{"GET", "/geocoder/api/reverse", s.geocoding.PluginAround, anyone, false},

		{"GET", "/tiles/{tileset}.json", s.tilesets.TileJSON, anyone, false},
		{"GET", "/tiles/{tileset}/{z}/{x}/{y}.mvt", s.tilesets.Tile, anyone, false},
		{"GET", "/tiles/{tileset}/{z}/{x}/{y}.pbf", s.tilesets.Tile, anyone, false},
		{"GET", "/styles/{name}.json", s.tilesets.Style, anyone, false},
		{"GET", "/v1/sprites/{sheet}.json", tilesets.SpriteIndex, anyone, false},
		{"GET", "/v1/sprites/{sheet}.png", tilesets.SpritePicture, anyone, false},
		{"GET", "/v1/sprites/{theme}/{symbol}.svg", tilesets.Symbol, anyone, false},

		{"GET", "/v1/layers", s.definitions.ListLayers, anyone, false},
		{"POST", "/v1/layers", s.definitions.CreateLayer, writers, false},
		{"GET", "/v1/layers/{layer}", s.definitions.GetLayer, anyone, false},
		{"PATCH", "/v1/layers/{layer}", s.definitions.AlterLayer, writers, false},
		{"DELETE", "/v1/layers/{layer}", s.definitions.DropLayer, writers, false},
		{"POST", "/v1/layers/{layer}/import", s.transfer.Import, writers, true},
		{"GET", "/v1/layers/{layer}/export", s.transfer.Export, anyone, true},

		{"GET", "/v1/layers/{layer}/features", s.features.List, anyone, false},
		{"GET", "/v1/layers/{layer}/features/{id}", s.features.Get, anyone, false},
		{"PUT", "/v1/layers/{layer}/features/{id}", s.features.Put, writers, false},
		{"DELETE", "/v1/layers/{layer}/features/{id}", s.features.Delete, writers, false},

		{"GET", "/v1/layers/{layer}/features/{id}/history", s.past.History, anyone, false},

		{"POST", "/v1/layers/{layer}/features/{id}/erase", s.personal.Erase, writers, false},
		{"GET", "/v1/personal/reviews", s.personal.Reviews, writers, false},
		{"POST", "/v1/personal/reviews/{id}/sign-off", s.personal.SignOff, writers, false},
		{"GET", "/v1/personal/expired", s.personal.Expired, writers, false},
		{"POST", "/v1/personal/expired", s.personal.Sweep, writers, false},

		{"GET", "/v1/changes", s.past.List, writers, false},
		{"POST", "/v1/changes", s.features.Change, writers, false},
		{"GET", "/v1/changes/{seq}", s.past.Entry, writers, false},
		{"POST", "/v1/changes/{seq}/revert", s.past.Revert, writers, false},
		{"GET", "/v1/audit", s.audit.List, writers, false},
		{"GET", "/v1/audit/export", s.audit.Export, writers, true},
		{"GET", "/v1/plans", s.plans.List, writers, false},
		{"GET", "/v1/plans/{id}", s.plans.Get, writers, false},
		{"DELETE", "/v1/plans/{id}", s.plans.Cancel, writers, false},
		{"GET", "/v1/events", s.feed.Events, anyone, true},

		{"GET", "/v1/schemes", s.definitions.ListSchemes, anyone, false},
		{"POST", "/v1/schemes", s.definitions.CreateScheme, writers, false},
		{"GET", "/v1/schemes/{scheme}", s.definitions.GetScheme, anyone, false},
		{"DELETE", "/v1/schemes/{scheme}", s.definitions.DropScheme, writers, false},
		{"GET", "/v1/schemes/{scheme}/check", s.cells.Check, anyone, false},
		{"GET", "/v1/schemes/{scheme}/reconcile", s.known(background.Reconcile, s.planning.Reconcile), anyone, false},
		{"GET", "/v1/schemes/{scheme}/report", s.known(background.Report, s.planning.Report), anyone, false},
		{"GET", "/v1/schemes/{scheme}/impact", s.known(background.Compare, s.planning.Between), anyone, false},
		{"POST", "/v1/schemes/{scheme}/impact", s.known(background.Compare, s.planning.Of), anyone, false},
		{"POST", "/v1/schemes/{scheme}/draw", s.planning.Draw, anyone, false},
		{"GET", "/v1/schemes/{scheme}/cells", s.cells.List, anyone, false},
		{"GET", "/v1/schemes/{scheme}/cells/{code}", s.cells.Get, anyone, false},

		{"GET", "/v1/schemes/{scheme}/versions", s.drafts.Versions, anyone, false},
		{"GET", "/v1/schemes/{scheme}/lineage", s.drafts.Lineage, anyone, false},

		{"GET", "/v1/drafts", s.drafts.List, writers, false},
		{"POST", "/v1/drafts", s.drafts.Create, writers, false},
		{"GET", "/v1/drafts/{draft}", s.drafts.Get, writers, false},
		{"DELETE", "/v1/drafts/{draft}", s.drafts.Delete, writers, false},
		{"GET", "/v1/drafts/{draft}/cells", s.drafts.Cells, writers, false},
		{"GET", "/v1/drafts/{draft}/impact", s.background.Allow(background.Impact, "draft", s.drafts.Impact(s.planning.After)), writers, false},
		{"GET", "/v1/drafts/{draft}/tiles/{tileset}.json", s.tilesets.DraftTileJSON, writers, false},
		{"GET", "/v1/drafts/{draft}/tiles/{tileset}/{z}/{x}/{y}.mvt", s.tilesets.DraftTile, writers, false},
		{"GET", "/v1/drafts/{draft}/steps", s.drafts.Steps, writers, false},
		{"POST", "/v1/drafts/{draft}/steps", s.drafts.Edit, writers, false},
		{"POST", "/v1/drafts/{draft}/import", s.background.Allow(background.Import, "draft", s.drafts.Import), writers, false},
		{"POST", "/v1/drafts/{draft}/undo", s.drafts.Undo, writers, false},
		{"POST", "/v1/drafts/{draft}/redo", s.drafts.Redo, writers, false},
		{"POST", "/v1/drafts/{draft}/rebase", s.drafts.Rebase, writers, false},
		{"GET", "/v1/drafts/{draft}/conflicts", s.drafts.Conflicts, writers, false},
		{"POST", "/v1/drafts/{draft}/check", s.background.Allow(background.Check, "draft", s.drafts.Check), writers, false},
		{"POST", "/v1/drafts/{draft}/approve", s.drafts.Approve, writers, false},
		{"POST", "/v1/drafts/{draft}/reject", s.drafts.Reject, writers, false},
		{"POST", "/v1/drafts/{draft}/publish", s.drafts.Publish, writers, false},
		{"POST", "/v1/drafts/{draft}/withdraw", s.drafts.Withdraw, writers, false},

		{"GET", "/v1/requests", s.requests.List, anyone, false},
		{"POST", "/v1/requests", s.requests.Report, visitors, false},
		{"GET", "/v1/requests/{request}", s.requests.Get, anyone, false},
		{"POST", "/v1/requests/{request}/survey", s.requests.Survey, writers, false},
		{"POST", "/v1/requests/{request}/opinion", s.requests.Opinion, writers, false},
		{"POST", "/v1/requests/{request}/draft", s.requests.Draft, writers, false},
		{"POST", "/v1/requests/{request}/withdraw", s.requests.Withdraw, visitors, false},

		{"GET", "/v1/dictionaries", s.definitions.ListDictionaries, anyone, false},
		{"POST", "/v1/dictionaries", s.definitions.CreateDictionary, writers, false},
		{"GET", "/v1/dictionaries/{dictionary}", s.definitions.GetDictionary, anyone, false},
		{"PUT", "/v1/dictionaries/{dictionary}", s.definitions.PutDictionary, writers, false},
		{"DELETE", "/v1/dictionaries/{dictionary}", s.definitions.DropDictionary, writers, false},

		{"GET", "/v1/organisations", s.people.ListOrganisations, anyone, false},
		{"GET", "/v1/organisations/{id}", s.people.GetOrganisation, anyone, false},
		{"PUT", "/v1/organisations/{id}", s.people.PutOrganisation, writers, false},
		{"DELETE", "/v1/organisations/{id}", s.people.DeleteOrganisation, writers, false},
		{"GET", "/v1/posts", s.people.ListPosts, anyone, false},
		{"GET", "/v1/posts/{id}", s.people.GetPost, anyone, false},
		{"PUT", "/v1/posts/{id}", s.people.PutPost, writers, false},
		{"DELETE", "/v1/posts/{id}", s.people.DeletePost, writers, false},
		{"GET", "/v1/staff", s.people.ListStaff, writers, false},
		{"GET", "/v1/staff/{id}", s.people.GetPerson, writers, false},
		{"PUT", "/v1/staff/{id}", s.people.PutPerson, writers, false},
		{"DELETE", "/v1/staff/{id}", s.people.DeletePerson, writers, false},
		{"GET", "/v1/people", s.people.Export, writers, false},
		{"POST", "/v1/people", s.people.Import, writers, false},

		{"GET", "/v1/codes/{kind}", s.codes.Compose, anyone, false},
		{"GET", "/v1/codes/{kind}/{code}", codes.Get, anyone, false},

		{"GET", "/v1/jobs", s.work.List, writers, false},
		{"GET", "/v1/jobs/{id}", s.work.Get, writers, true},
		{"DELETE", "/v1/jobs/{id}", s.work.Cancel, writers, true},
		{"GET", "/v1/jobs/{id}/events", s.work.Watch, writers, true},
		{"GET", "/v1/jobs/{id}/answer", s.background.Answer, writers, false},
		{"GET", "/v1/imports", s.work.Imports, writers, false},
		{"GET", "/v1/imports/{id}", s.work.Import, writers, false},
		{"POST", "/v1/imports/{id}/undo", s.work.Undo, writers, true},

		{"POST", "/v1/check", s.operate.Check, writers, true},
		{"GET", "/v1/backup", s.operate.Backup, writers, true},
		{"POST", "/v1/compact", s.operate.Compact, writers, true},
		{"POST", "/v1/rebuild", s.operate.Rebuild, writers, true},

		{"GET", "/v1/clock", s.operate.ShowClock, writers, false},
		{"POST", "/v1/clock", s.operate.MoveClock, writers, true},

		{"GET", "/healthz", s.handleHealth, anyone, false},
		{"GET", "/readyz", s.operate.Ready, anyone, false},
		{"GET", "/metrics", s.handleMetrics, anyone, false},
		{"GET", "/openapi.json", s.handleOpenAPI, anyone, false},
		{"GET", "/docs", s.handleDocs, anyone, false},
		{"GET", "/docs/docs.css", s.handleDocsStyle, anyone, false},
	})
}

// router registers one mux route for each path, so that a wrong method is told from a wrong path. What no route
// matches is a page or does not exist.
func (s *Server) router() http.Handler {
	m := mux.NewRouter().UseEncodedPath().SkipClean(true)
	all := s.routes()
	for i, first := range all {
		if slices.ContainsFunc(all[:i], func(r route) bool { return r.path == first.path }) {
			continue
		}
		var methods []route
		for _, r := range all[i:] {
			if r.path == first.path {
				methods = append(methods, r)
			}
		}
		m.Handle(first.path, s.observe(first.path, s.admitted(s.dispatch(methods))))
	}
	m.NotFoundHandler = s.observe("pages", s.admitted(s.page))
	return m
}

// dispatch picks the route of the method and applies what all routes share.
func (s *Server) dispatch(methods []route) func(http.ResponseWriter, *http.Request) (bool, error) {
	var allow, open []string
	for _, rt := range methods {
		names := []string{rt.method}
		if rt.method == http.MethodGet {
			names = append(names, http.MethodHead)
		}
		allow = append(allow, names...)
		if rt.access == anyone {
			open = append(open, names...)
		}
	}
	allow = append(allow, http.MethodOptions)
	list, openList := strings.Join(allow, ", "), strings.Join(open, ", ")
	return func(w http.ResponseWriter, r *http.Request) (bool, error) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		for i := range methods {
			if rt := &methods[i]; rt.method == method {
				return rt.stream, s.call(rt, w, r)
			}
		}
		if method == http.MethodOptions {
			preflight(w, list, openList)
			return false, nil
		}
		return false, rest.Refuse(rest.WrongMethod, "%s is not possible here; %s are", r.Method, list).With("Allow", list)
	}
}

// call applies what one route asks for, and keeps who was refused what.
func (s *Server) call(rt *route, w http.ResponseWriter, r *http.Request) error {
	who, err := s.identify(r)
	r = r.WithContext(auth.With(r.Context(), who))
	switch err = s.answer(rt, w, r, &who, err); {
	case err != nil:
		s.refused(rt, r, err)
	case rt.access == writers && r.Method != http.MethodGet && r.Method != http.MethodHead && s.cfg.Enforced():
		// Entries of the log say who made them, and not where.
		s.trail.First(s.auth.Act(r, "writes", "", ""))
	}
	return err
}

// answer answers whom identify has found out about, with an error.
func (s *Server) answer(rt *route, w http.ResponseWriter, r *http.Request, who *account.Principal, err error) error {
	// A key is refused where anyone may read, too: who sends one would take less for all. Other words of the header may
	// be meant for a proxy.
	if err != nil && (rt.access != anyone || errors.Is(err, account.ErrToken)) {
		return err
	}
	if err := s.admitWho(who); err != nil {
		return err
	}
	r, may, err := s.withRights(w, r, who, rt.stream)
	switch {
	case err != nil:
	case rt.access == visitors:
		if err = s.auth.MayVisit(r); err == nil && may != nil {
			err = permit(rt, who, may)
		}
	case may != nil:
		err = permit(rt, who, may)
	case rt.access != anyone:
		err = s.auth.MayWrite(r)
	}
	if err != nil {
		return err
	}
	if rt.access == anyone {
		allowOrigins(w)
	}
	if len(r.URL.RawQuery) > s.cfg.Limits.QueryBytes {
		return rest.Refuse(rest.QueryTooLong, "the query of the URL is longer than %d bytes", s.cfg.Limits.QueryBytes)
	}
	if err := decodeVars(r); err != nil {
		return err
	}
	r, done := s.limitTime(rt, w, r)
	defer done()
	return s.withinGates(rt, w, r)
}

// known is [background.Desk.Allow] for routes of schemes that anyone may call: a job is for those who can be told apart, who see and cancel
// their own, and work for nobody in particular is done while somebody waits for it.
func (s *Server) known(kind string, do handler) handler {
	job := s.background.Allow(kind, "scheme", do)
	return func(w http.ResponseWriter, r *http.Request) error {
		who := auth.From(r.Context())
		switch {
		case !r.URL.Query().Has("async"):
		case s.cfg.Enforced() && !who.Known():
			return rest.Refuse(rest.Unauthorized, "jobs are for those who log in, or send an API key: Authorization: Bearer …").With("WWW-Authenticate", `Bearer realm="gewu"`)
		case !s.cfg.Enforced():
			if err := s.auth.MayWrite(r); err != nil {
				return err
			}
		}
		return job(w, r)
	}
}

// again are the routes that answer a request that is sent again with more than the entry that it wrote.
func (s *Server) again() map[string]answerAgain {
	return map[string]answerAgain{
		"POST /v1/layers":               s.definitions.LayerAgain,
		"PATCH /v1/layers/{layer}":      s.definitions.LayerAgain,
		"POST /v1/schemes":              s.definitions.SchemeAgain,
		"POST /v1/changes":              s.features.ChangeAgain,
		"POST /v1/changes/{seq}/revert": s.past.RevertAgain,
		"POST /v1/imports/{id}/undo":    s.work.UndoAgain,

		"PUT /v1/routes/rules": s.cases.RulesAgain,

		"DELETE /v1/cases/{case}/contact": s.contacts.ErasedAgain,

		"POST /v1/layers/{layer}/features/{id}/erase": s.personal.ErasedAgain,

		"POST /v1/drafts":                 s.drafts.Again,
		"POST /v1/drafts/{draft}/steps":   s.drafts.Again,
		"POST /v1/drafts/{draft}/import":  s.drafts.Again,
		"POST /v1/drafts/{draft}/undo":    s.drafts.Again,
		"POST /v1/drafts/{draft}/redo":    s.drafts.Again,
		"POST /v1/drafts/{draft}/rebase":  s.drafts.Again,
		"POST /v1/drafts/{draft}/approve": s.drafts.Again,
		"POST /v1/drafts/{draft}/reject":  s.drafts.Again,
		"POST /v1/drafts/{draft}/publish": s.drafts.Again,

		"POST /v1/requests":                    s.requests.Again,
		"POST /v1/requests/{request}/survey":   s.requests.Again,
		"POST /v1/requests/{request}/opinion":  s.requests.Again,
		"POST /v1/requests/{request}/draft":    s.drafts.Again,
		"POST /v1/requests/{request}/withdraw": s.requests.Again,
	}
}

// answerAgain answers a request that has written the entry seq and is sent again with its body.
type answerAgain func(w http.ResponseWriter, r *http.Request, seq data.Seq, body []byte) error

// handle runs the handler of a route. A writing request with an Idempotency-Key is done once; streams look after that
// themselves unless they are listed above.
func (s *Server) handle(rt *route, w http.ResponseWriter, r *http.Request) error {
	again, listed := s.again()[rt.method+" "+rt.path]
	if !listed {
		again = city.Again
	}
	if rt.access != writers && !listed || rt.stream && !listed || rt.method == http.MethodGet {
		return rt.handle(w, r)
	}
	return s.keys.Serve(w, r, s.cfg.Limits.BodyBytes, rt.handle, again)
}

// decodeVars undoes the percent-encoding of the path variables: routes match encoded paths, so that an id may hold a
// slash.
func decodeVars(r *http.Request) error {
	vars := mux.Vars(r)
	for name, v := range vars {
		decoded, err := url.PathUnescape(v)
		if err != nil || !utf8.ValidString(decoded) {
			return rest.Fault(rest.BadRequest, name, v, "must be UTF-8 in percent-encoding")
		}
		vars[name] = decoded
	}
	return nil
}

// apiPrefixes are the first parts of paths where no page can be: an unknown address there is an error of a program,
// not of a reader.
var apiPrefixes = []string{"v1", "geocoder", "tiles", "styles", "docs", "healthz", "readyz", "metrics", "openapi.json", "open311", "ogc", "wmts"}

// page answers what no route matches: a page, or that there is nothing.
func (s *Server) page(w http.ResponseWriter, r *http.Request) (stream bool, err error) {
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if rt := s.open311Elsewhere(r); rt != nil {
		return false, s.call(rt, w, r)
	}
	switch {
	case first == "tiles":
		return false, rest.Refuse(rest.NotFound, "there is nothing at this address; tiles are at /tiles/{tileset}/{z}/{x}/{y}.mvt and described at /tiles/{tileset}.json, where tileset is city, a layer, or layers separated by commas; /docs lists what there is")
	case slices.Contains(apiPrefixes, first):
		return false, rest.Refuse(rest.NotFound, "there is nothing at this address; /docs lists what there is")
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return false, rest.Refuse(rest.NotFound, "there is nothing to %s at this address; /docs lists what there is", rest.Shorten(r.Method))
	}
	who, _ := s.identify(r) // whom nobody knows is the public
	if r, _, err = s.withRights(w, r.WithContext(auth.With(r.Context(), who)), &who, false); err != nil {
		return false, err
	}
	all := pages.Pages{FS: s.cfg.Web}
	if err := s.tilesets.Previewed(r); err != nil {
		return false, all.Missing(w, r, err)
	}
	return false, all.Serve(w, r)
}
