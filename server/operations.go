package server

import (
	_ "embed"
	"net/http"

	"github.com/gewu-city/gewu/server/apidoc"
	"github.com/gewu-city/gewu/server/pages"
	"github.com/gewu-city/gewu/server/rest"
)

//go:embed openapi.json
var openAPI []byte

// handleHealth says that the process answers.
func (s *Server) handleHealth(w http.ResponseWriter, r *http.Request) error {
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Status   string `json:"status"`
		Version  string `json:"version"`
		Revision string `json:"revision,omitempty"`
	}{"ok", s.cfg.Build.Version, s.cfg.Build.Revision})
}

// handleOpenAPI shows the document of the API.
func (s *Server) handleOpenAPI(w http.ResponseWriter, r *http.Request) error {
	return rest.WriteBody(w, r, http.StatusOK, rest.TypeJSON, openAPI)
}

// handleDocs shows the document of the API as a page.
func (s *Server) handleDocs(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Security-Policy", pages.CSP)
	page, err := s.docs()
	if err != nil {
		return err
	}
	return rest.WriteBody(w, r, http.StatusOK, "text/html; charset=utf-8", page)
}

// handleDocsStyle is the style of that page.
func (s *Server) handleDocsStyle(w http.ResponseWriter, r *http.Request) error {
	return rest.WriteBody(w, r, http.StatusOK, "text/css; charset=utf-8", apidoc.Style)
}
