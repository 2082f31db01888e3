package server

import (
	"net/http"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/people"
)

// exchangeRoutes are the operations about the exchange of cases with other platforms. Who sends a message its signature says.
func (s *Server) exchangeRoutes() []route {
	x := &s.exchange
	return []route{
		{"POST", "/v1/exchange/{peer}", x.Receive, visitors, false},
		{"GET", "/v1/peers", x.List, writers, false},
		{"GET", "/v1/peers/{peer}", x.Get, writers, false},
		{"PUT", "/v1/peers/{peer}", x.Put, writers, false},
		{"DELETE", "/v1/peers/{peer}", x.Delete, writers, false},
		{"POST", "/v1/peers/{peer}/test", x.Test, writers, false},
	}
}

// exchangeNeeds are what these operations ask for: who looks after the server says which platforms there are.
func exchangeNeeds() map[string]need {
	operate := need(people.Operate)
	return map[string]need{
		"POST /v1/exchange/{peer}": public,
		"GET /v1/peers":            operate, "GET /v1/peers/{peer}": operate, "PUT /v1/peers/{peer}": operate, "DELETE /v1/peers/{peer}": operate,
		"POST /v1/peers/{peer}/test": operate,
	}
}

// keepFile keeps the files that come with messages of other platforms; nil where the city keeps none.
func (s *Server) keepFile() func(r *http.Request, owner string, content []byte) (cases.File, error) {
	if s.cfg.Attachments.Files == nil {
		return nil
	}
	return func(r *http.Request, owner string, content []byte) (cases.File, error) {
		kept, err := s.attachments.Keep(r, owner, content)
		if err != nil {
			return cases.File{}, err
		}
		return cases.File{Hash: kept.Hash, Type: kept.Type, Size: kept.Size, Taken: kept.Taken}, nil
	}
}
