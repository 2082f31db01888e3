package server

import (
	_ "embed"
	"encoding/json"
	"net/http"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/apidoc"
	"github.com/gewu-city/gewu/server/city"
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

// handleReady says whether requests should be sent here.
func (s *Server) handleReady(w http.ResponseWriter, r *http.Request) error {
	world := s.cfg.Engine.World()
	features := 0
	for _, l := range world.Layers() {
		features += l.Len()
	}
	status, word := http.StatusOK, "ok"
	if s.feed.Draining() {
		status, word = http.StatusServiceUnavailable, "draining"
		w.Header().Set("Retry-After", "5")
	}
	w.Header().Set("Cache-Control", "no-store")
	return rest.WriteJSON(w, r, status, struct {
		Status   string     `json:"status"`
		Seq      data.Seq   `json:"seq"`
		Epoch    data.Epoch `json:"epoch"`
		Features int        `json:"features"`
		Behind   uint64     `json:"behind"`
	}{word, world.Seq(), world.Epoch(), features, s.behind(world)})
}

// behind is the number of durable entries that a World does not show.
func (s *Server) behind(w *index.World) uint64 {
	if last := s.cfg.Store.Last(); last > w.Seq() {
		return uint64(last - w.Seq())
	}
	return 0
}

// handleOpenAPI shows the document of the API.
func (s *Server) handleOpenAPI(w http.ResponseWriter, r *http.Request) error {
	return rest.WriteBody(w, r, http.StatusOK, rest.TypeJSON, openAPI)
}

// checkLine is one line of the answer to a check; exactly one member is set.
type checkLine struct {
	Line     string `json:"line,omitempty"`
	Problems *int   `json:"problems,omitempty"`
	Error    string `json:"error,omitempty"`
}

// handleCheck streams the findings of a check of the store.
func (s *Server) handleCheck(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Admin == nil {
		return rest.Refuse(rest.NotImplemented, "this store has no check")
	}
	w.Header().Set("Content-Type", rest.TypeNDJSON)
	w.Header().Set("Cache-Control", "no-store")
	control := http.NewResponseController(w)
	out := json.NewEncoder(w)
	// A client that has gone shows up as the end of the request's context.
	send := func(l checkLine) {
		s.city.Extend(control)
		_ = out.Encode(l)
		_ = control.Flush()
	}
	problems, err := s.cfg.Admin.Check(r.Context(), func(line string) { send(checkLine{Line: line}) })
	if err != nil {
		send(checkLine{Error: s.city.PublicText(r, err)})
		return nil
	}
	send(checkLine{Problems: &problems})
	return nil
}

// handleBackup streams a consistent copy of the store. An error breaks the connection, so that nobody takes half a
// copy for a whole one.
func (s *Server) handleBackup(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Admin == nil {
		return rest.Refuse(rest.NotImplemented, "this store has no backup")
	}
	if r.Method == http.MethodHead {
		return rest.Refuse(rest.WrongMethod, "a copy cannot be had without its content").With("Allow", http.MethodGet)
	}
	world := s.cfg.Engine.World()
	name := "gewu-" + s.cfg.Now().UTC().Format("20060102T150405Z") + ".backup"
	city.SetSeq(w, world.Seq())
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Cache-Control", "no-store")
	return s.cfg.Admin.Backup(r.Context(), s.city.Patient(w))
}

// handleDocs shows the document of the API as a page.
func (s *Server) handleDocs(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Security-Policy", pages.CSP)
	return rest.WriteBody(w, r, http.StatusOK, "text/html; charset=utf-8", s.docs)
}

// handleDocsStyle is the style of that page.
func (s *Server) handleDocsStyle(w http.ResponseWriter, r *http.Request) error {
	return rest.WriteBody(w, r, http.StatusOK, "text/css; charset=utf-8", apidoc.Style)
}
