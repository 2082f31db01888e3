// Package dossier reads a case as a whole: its events with what follows from them for people who look at it. Cases of lists
// are read again and again, so the newest ones are held.
package dossier

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/gewu-city/gewu/cases"
)

// Dossier is a case with its events. It is immutable.
type Dossier struct {
	Case   *cases.Case
	Events []*cases.Event
	// Description is what was said last of the matter, Address where it is in words: as it was looked up, else as it was said.
	Description, Address string
	Before, After, Voice []cases.File
	// Reported is when the matter was reported, where that was before the case began; zero otherwise.
	Reported time.Time
	// Reporter refers to whoever reported, empty for nobody known.
	Reporter string
	// Units are all that ever had the case.
	Units []string
}

// Log is where events are kept; it yields none for a case that does not exist.
type Log interface {
	Events(ctx context.Context, id string) iter.Seq2[*cases.Event, error]
}

// Shelf holds dossiers. It is safe for concurrent use.
type Shelf struct {
	log  Log
	most int

	mu   sync.Mutex
	held map[string]*Dossier
}

// NewShelf is a shelf for so many dossiers.
func NewShelf(log Log, most int) *Shelf {
	return &Shelf{log: log, most: most, held: map[string]*Dossier{}}
}

// Read is the dossier of a case that is at a version, or at a later one. The errors are [cases.ErrNoCase] and those of the log.
func (s *Shelf) Read(ctx context.Context, id string, version int) (*Dossier, error) {
	s.mu.Lock()
	d := s.held[id]
	s.mu.Unlock()
	if d != nil && d.Case.Version >= version {
		return d, nil
	}
	d, err := s.read(ctx, id)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// Which ones are asked for next nobody knows: any one goes.
	for old := range s.held {
		if len(s.held) < s.most {
			break
		}
		delete(s.held, old)
	}
	s.held[id] = d
	return d, nil
}

func (s *Shelf) read(ctx context.Context, id string) (*Dossier, error) {
	d := &Dossier{Case: cases.NewCase()}
	said := ""
	for e, err := range s.log.Events(ctx, id) {
		if err == nil {
			err = d.Case.Apply(e)
		}
		if err != nil {
			return nil, fmt.Errorf("case %s: %w", id, err)
		}
		f := &e.Form
		d.Events = append(d.Events, e)
		d.Before, d.After, d.Voice = append(d.Before, f.Before...), append(d.After, f.After...), append(d.Voice, f.Voice...)
		latest(&d.Description, f.Description)
		latest(&said, f.Address)
		latest(&d.Reporter, f.Reporter)
		if unit := d.Case.Unit(); unit != "" && !slices.Contains(d.Units, unit) {
			d.Units = append(d.Units, unit)
		}
		if e.Place != nil {
			latest(&d.Address, e.Place.Address)
		}
	}
	if len(d.Events) == 0 {
		return nil, cases.ErrNoCase
	}
	d.Reported = d.Events[0].Form.Reported
	if d.Address == "" {
		d.Address = said
	}
	d.Before, d.After, d.Voice = slices.Clip(d.Before), slices.Clip(d.After), slices.Clip(d.Voice)
	return d, nil
}

func latest(have *string, said string) {
	if said != "" {
		*have = said
	}
}
