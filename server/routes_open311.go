package server

import (
	"net/http"
	"path/filepath"
	"strings"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/contacts"
	"github.com/gewu-city/gewu/server/open311"
	"github.com/gewu-city/gewu/server/open311/local"
	"github.com/gewu-city/gewu/server/rest"
)

// open311Routes are the operations of Open311. Reports come from programs with a key in the form, so that the handler looks
// itself at who sends them.
func (s *Server) open311Routes() []route {
	get, post := s.open311Get, s.open311Post
	return []route{
		{"GET", "/open311/discovery.{format}", get, anyone, false},
		{"GET", "/open311/v2", get, anyone, false},
		{"GET", "/open311/test", get, anyone, false},
		{"GET", "/open311/{endpoint}/discovery.{format}", get, anyone, false},
		{"GET", "/open311/{endpoint}/services.{format}", get, anyone, false},
		{"GET", "/open311/{endpoint}/services/{code}.{format}", get, anyone, false},
		{"GET", "/open311/{endpoint}/requests.{format}", get, anyone, false},
		{"POST", "/open311/{endpoint}/requests.{format}", post, visitors, false},
		{"GET", "/open311/{endpoint}/requests/{id}.{format}", get, anyone, false},
		{"GET", "/open311/{endpoint}/tokens/{id}.{format}", get, anyone, false},
		{"GET", "/open311/{endpoint}/servicerequestupdates.{format}", get, anyone, false},
		{"POST", "/open311/{endpoint}/servicerequestupdates.{format}", post, visitors, false},
		{"GET", "/open311/{endpoint}/bulk.{format}", get, anyone, false},
	}
}

// open311Needs are what the operations of Open311 ask for: the public sees what they answer, and keys are in forms.
func open311Needs() map[string]need {
	return map[string]need{
		"GET /open311/discovery.{format}": public, "GET /open311/v2": public, "GET /open311/test": public,
		"GET /open311/{endpoint}/discovery.{format}": public, "GET /open311/{endpoint}/services.{format}": public,
		"GET /open311/{endpoint}/services/{code}.{format}": public, "GET /open311/{endpoint}/requests.{format}": public,
		"POST /open311/{endpoint}/requests.{format}": public, "GET /open311/{endpoint}/requests/{id}.{format}": public,
		"GET /open311/{endpoint}/tokens/{id}.{format}": public, "GET /open311/{endpoint}/servicerequestupdates.{format}": public,
		"POST /open311/{endpoint}/servicerequestupdates.{format}": public, "GET /open311/{endpoint}/bulk.{format}": public,
	}
}

// open311State is the file in the folder of the server that says since when the services are what they are.
const open311State = "open311.json"

// newOpen311 is Open311 over the cases of the city, nil without any.
func (s *Server) newOpen311() *open311.API {
	if s.cfg.Cases == nil {
		return nil
	}
	neighbour := &local.City{Cases: s.cfg.Cases, World: s.cfg.Engine.World, Identify: func(r *http.Request) (account.Principal, error) { return s.identify(r) }}
	if s.cfg.Attachments.Files != nil {
		neighbour.Take = func(r *http.Request, owner string, content []byte) (cases.File, error) {
			kept, err := s.attachments.Take(r, owner, content)
			if err != nil {
				return cases.File{}, err
			}
			return cases.File{Hash: kept.Hash, Type: kept.Type, Size: kept.Size, Taken: kept.Taken}, nil
		}
	}
	if s.cfg.Contacts != nil {
		neighbour.Seal = func(id string, who open311.Contact) (string, error) {
			return s.contacts.Seal(id, contacts.Contact(who))
		}
	}
	c := neighbour.Config(s.cfg.Open311)
	changes := &open311.FileChanges{}
	if s.cfg.Folder != "" {
		changes.Path = filepath.Join(s.cfg.Folder, open311State)
	}
	c.Changed, c.NewID, c.Base, c.Loading = changes, s.newID, s.city.BaseURL, s.cfg.Loading
	c.Log = func(r *http.Request, err error) {
		s.cfg.Logger.ErrorContext(r.Context(), "open311", "error", err, "request_id", city.RequestID(r))
	}
	return open311.New(c)
}

func (s *Server) open311Get(w http.ResponseWriter, r *http.Request) error {
	if s.open311 == nil {
		return withoutCases()
	}
	return s.open311.Get(w, r)
}

func (s *Server) open311Post(w http.ResponseWriter, r *http.Request) error {
	if s.open311 == nil {
		return withoutCases()
	}
	return s.open311.Post(w, r)
}

func withoutCases() error {
	return rest.Refuse(rest.NotImplemented, "this server has no cases: start it with a profile, gewu serve --profile NAME")
}

// open311Elsewhere is the route of what clients of Open311 ask for with a slash too many, or without a format; nil of
// everything else.
func (s *Server) open311Elsewhere(r *http.Request) *route {
	below := r.URL.Path == open311.Root || strings.HasPrefix(r.URL.Path, open311.Root+"/")
	if s.open311 == nil || !below || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil
	}
	return &route{"GET", "/open311/{endpoint}/requests.{format}", s.open311Get, anyone, false}
}
