// Package enclosed is about the files of cases: which a form names, and which case refers to which. The cases themselves know
// which files they have, and not the other way round; that is noted beside the files.
package enclosed

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/casework/dossier"
)

// Files notes which cases refer to a file.
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

// Hold keeps the files of a form; a holder that is nil takes any.
func Hold(h Holder, r *http.Request, f *cases.Form) error {
	if h == nil {
		return nil
	}
	all := named(f)
	for _, field := range []string{"before", "after", "voice"} {
		for _, one := range all[field] {
			if err := h.Hold(r, "form."+field, one.Hash); err != nil {
				return err
			}
		}
	}
	return nil
}

// named are the files of a form by field.
func named(f *cases.Form) map[string][]cases.File {
	return map[string][]cases.File{"before": f.Before, "after": f.After, "voice": f.Voice}
}

// Note is a log that notes of each file which case refers to it, before the event is written; without files it is log itself.
func Note(log cases.Log, files Files) cases.Log {
	if files == nil {
		return log
	}
	return noted{log, files}
}

type noted struct {
	cases.Log
	files Files
}

// Append implements [cases.Log].
func (n noted) Append(ctx context.Context, events []*cases.Event) (data.Seq, error) {
	for _, e := range events {
		for _, some := range named(&e.Form) {
			for _, one := range some {
				if err := n.files.Refer(ctx, one.Hash, e.Case); err != nil {
					return 0, err
				}
			}
		}
	}
	return n.Log.Append(ctx, events)
}

// Any reports whether an event of a case that passes refers to a file. read finds a case; cases that were noted and never
// written are passed over.
func Any(ctx context.Context, files Files, hash string, passes func(id string) bool, read func(context.Context, string) (*dossier.Dossier, error)) (bool, error) {
	return anyOf(ctx, files, hash, passes, read, func(d *dossier.Dossier) bool {
		return slices.ContainsFunc(slices.Concat(d.Before, d.After, d.Voice), func(f cases.File) bool { return f.Hash == hash })
	})
}

// Shown reports whether a case that passes shows a picture to the public.
func Shown(ctx context.Context, files Files, hash string, passes func(id string) bool, read func(context.Context, string) (*dossier.Dossier, error)) (bool, error) {
	return anyOf(ctx, files, hash, passes, read, func(d *dossier.Dossier) bool { return d.Case.Shows(hash) })
}

func anyOf(ctx context.Context, files Files, hash string, passes func(id string) bool, read func(context.Context, string) (*dossier.Dossier, error), has func(*dossier.Dossier) bool) (bool, error) {
	if files == nil {
		return false, nil
	}
	ids, err := files.Cases(ctx, hash)
	if err != nil {
		return false, err
	}
	for _, id := range ids {
		if !passes(id) {
			continue
		}
		d, err := read(ctx, id)
		if errors.Is(err, cases.ErrNoCase) {
			continue
		}
		if err != nil {
			return false, err
		}
		if has(d) {
			return true, nil
		}
	}
	return false, nil
}
