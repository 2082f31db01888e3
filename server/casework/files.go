package casework

import (
	"context"
	"net/http"

	"github.com/gewu-city/gewu/server/casework/enclosed"
)

// Refers reports whether an event of a case refers to a file.
func (s *Service) Refers(ctx context.Context, hash string) (bool, error) {
	return enclosed.Any(ctx, s.cfg.Files, hash, func(string) bool { return true }, s.Dossier)
}

// Sees reports whether whoever asks sees a case as a whole that refers to a file. The public sees no files: nobody has looked
// whether a face or a door is on them.
func (a *API) Sees(r *http.Request, hash string) (bool, error) {
	if a.Service == nil {
		return false, nil
	}
	c, err := a.caller(r, "")
	if err != nil {
		return false, err
	}
	whole := func(id string) bool {
		of, err := a.see(r, c, id)
		return err == nil && of.full
	}
	return enclosed.Any(r.Context(), a.cfg.Files, hash, whole, a.Dossier)
}
