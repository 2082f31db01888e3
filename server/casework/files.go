package casework

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/casework/dossier"
)

// Files notes which cases refer to a file, and is kept beside the files: the cases themselves know which files they have, and
// not the other way round.
type Files interface {
	// Refer notes that an event of a case is about to refer to a file; it fails when there is no such file.
	Refer(ctx context.Context, hash, caseID string) error
	// Cases are those of which that was noted, whether their event was written or not.
	Cases(ctx context.Context, hash string) ([]string, error)
}

// Holder keeps files for a case that is about to refer to them. Hold is a problem of a field when whoever asks has not sent a
// file, and does not see it in a case.
type Holder interface {
	Hold(r *http.Request, field string, hashes ...string) error
}

// formFiles are the files of a form by field.
func formFiles(f *cases.Form) map[string][]cases.File {
	return map[string][]cases.File{"before": f.Before, "after": f.After, "voice": f.Voice}
}

// hold keeps the files of a form.
func (a *API) hold(r *http.Request, f *cases.Form) error {
	if a.Holder == nil {
		return nil
	}
	all := formFiles(f)
	for _, field := range []string{"before", "after", "voice"} {
		for _, one := range all[field] {
			if err := a.Holder.Hold(r, "form."+field, one.Hash); err != nil {
				return err
			}
		}
	}
	return nil
}

// noted is a log that notes of each file which case refers to it, before the event is written.
type noted struct {
	cases.Log
	files Files
}

// Append implements [cases.Log].
func (n noted) Append(ctx context.Context, events []*cases.Event) (data.Seq, error) {
	for _, e := range events {
		for _, some := range formFiles(&e.Form) {
			for _, one := range some {
				if err := n.files.Refer(ctx, one.Hash, e.Case); err != nil {
					return 0, err
				}
			}
		}
	}
	return n.Log.Append(ctx, events)
}

// has reports whether an event of a case refers to a file.
func has(d *dossier.Dossier, hash string) bool {
	return slices.ContainsFunc(slices.Concat(d.Before, d.After, d.Voice), func(f cases.File) bool { return f.Hash == hash })
}

// Refers reports whether an event of a case refers to a file.
func (s *Service) Refers(ctx context.Context, hash string) (bool, error) {
	return s.anyCase(ctx, hash, func(string) bool { return true })
}

// anyCase reports whether an event of a case that passes refers to a file.
func (s *Service) anyCase(ctx context.Context, hash string, passes func(id string) bool) (bool, error) {
	if s.cfg.Files == nil {
		return false, nil
	}
	ids, err := s.cfg.Files.Cases(ctx, hash)
	if err != nil {
		return false, err
	}
	for _, id := range ids {
		if !passes(id) {
			continue
		}
		d, err := s.Dossier(ctx, id)
		if errors.Is(err, cases.ErrNoCase) {
			continue // noted, and never written
		}
		if err != nil {
			return false, err
		}
		if has(d, hash) {
			return true, nil
		}
	}
	return false, nil
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
	return a.anyCase(r.Context(), hash, func(id string) bool {
		of, err := a.see(r, c, id)
		return err == nil && of.full
	})
}
