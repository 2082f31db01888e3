// Package casework is the workflow of cases as a resource: reporting, seeing, listing and moving them, with the processes,
// classes and rules by which that goes. What a case is and what may be done with it is the matter of package cases; here is
// who asks, what they may see, and how it is shown.
package casework

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/class"
	"github.com/gewu-city/gewu/cases/duplicate"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/recent"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/cases/timing"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/casework/dossier"
	"github.com/gewu-city/gewu/server/casework/enclosed"
	"github.com/gewu-city/gewu/server/casework/kept"
	"github.com/gewu-city/gewu/server/casework/place"
	"github.com/gewu-city/gewu/server/city"
)

// Config is what a service of cases is made of. Public, Geocode, Duplicates and Standard may be left out.
type Config struct {
	// Store holds the cases in columns, over Ledger, which knows their clocks.
	Store  *store.Store
	Ledger *timing.Ledger
	// World is the newest World of the city, all of it: organisations, posts and staff are asked in it.
	World func() *index.World
	// Kept is the processes and rules that change while the city runs. It may be nil: then Tables and the Router of Ground say
	// what counts, and nobody can change it.
	Kept *kept.Book
	// Tables are the processes as they are now, those of Kept when nil, and Process is the one under which new cases begin.
	Tables  func() *process.Versions
	Process string
	Timing  *timing.City
	Classes *class.Table
	Ground  *place.Ground
	Geocode cases.Geocode
	// Duplicates says when a report may be the same matter as a case; nil is the standard of package duplicate. The windows
	// are those of Classes.
	Duplicates *duplicate.Rules
	// Standard is the limit, by clock, of classes that have none; nil gives handling a week.
	Standard map[string]string
	// Public opens cases that are not private to everybody, without what was said and who did it.
	Public bool
	// Files notes which cases refer to a file; nil notes nothing.
	Files enclosed.Files
	// Moves is what happened to cases lately; nil where nobody can listen.
	Moves *recent.Ring
	// Now is the clock of the cases, which may be a virtual one.
	Now func() time.Time
	// Before tells what a case has reached before somebody does something with it; nil for nothing.
	Before func(ctx context.Context, id string) error
	// Guard refuses events before they are written; nil refuses none.
	Guard func(cases.Shelf, cases.Log) cases.Log
	// Faults are what keeps the clocks of cases from being counted, as sentences; nil for nothing.
	Faults func() []string
}

// heldDossiers is how many cases are held as they are shown.
const heldDossiers = 4096

// Service is the cases of a city, for whoever works with them inside of the server. It is safe for concurrent use.
type Service struct {
	cfg      Config
	dossiers *dossier.Shelf
}

// New is a service. It fails when something that is needed is missing.
func New(cfg Config) (*Service, error) {
	if cfg.Kept != nil && cfg.Tables == nil {
		cfg.Tables = cfg.Kept.Versions
	}
	if cfg.Kept != nil && cfg.Ground != nil && cfg.Ground.Router == nil {
		ground := *cfg.Ground
		ground.Router = cfg.Kept.Router
		cfg.Ground = &ground
	}
	if cfg.Store == nil || cfg.Ledger == nil || cfg.World == nil || cfg.Tables == nil || cfg.Timing == nil || cfg.Classes == nil || cfg.Ground == nil || cfg.Now == nil {
		return nil, errors.New("casework: Store, Ledger, World, Tables, Timing, Classes, Ground and Now are required")
	}
	if _, ok := cfg.Tables().Newest(cfg.Process); !ok {
		return nil, fmt.Errorf("casework: there is no process %q", cfg.Process)
	}
	if cfg.Standard == nil {
		cfg.Standard = map[string]string{"handle": "7 natural_day"}
	}
	if cfg.Duplicates == nil {
		cfg.Duplicates = duplicate.Default()
	}
	rules := *cfg.Duplicates
	rules.Windows = place.Windows(cfg.Classes)
	cfg.Duplicates = &rules
	return &Service{cfg: cfg, dossiers: dossier.NewShelf(cfg.Ledger, heldDossiers)}, nil
}

// Desk is where commands become events, with the processes as they are now.
func (s *Service) Desk() *cases.Desk {
	log := enclosed.Note(s.cfg.Store, s.cfg.Files)
	if s.cfg.Guard != nil {
		log = s.cfg.Guard(s.cfg.Store, log)
	}
	return &cases.Desk{
		Log: log, Shelf: s.cfg.Store, Tables: s.cfg.Tables(), Process: s.cfg.Process, Directory: s.directory,
		Limits: s.limits(), Known: s.known, Locate: s.cfg.Ground, Geocode: s.cfg.Geocode, Before: s.cfg.Before,
	}
}

// Faults are what keeps the clocks of cases from being counted, as sentences.
func (s *Service) Faults() []string {
	if s.cfg.Faults == nil {
		return nil
	}
	return s.cfg.Faults()
}

func (s *Service) limits() cases.Limits {
	return &place.Limits{Limits: s.cfg.Ledger.Limits(), Standard: s.cfg.Standard}
}

// known reports whether there is a class, with the row that was picked.
func (s *Service) known(c cases.Class) bool {
	key := place.KeyOf(c, s.cfg.Classes)
	if _, ok := s.cfg.Classes.Class(key); !ok {
		return false
	}
	if c.Row == "" {
		return true
	}
	n, err := strconv.Atoi(c.Row)
	return err == nil && n >= 1 && n <= len(s.cfg.Classes.Limits(key))
}

// people are those who work for the city.
func (s *Service) people() *people.Directory { return people.Of(s.cfg.World()) }

func (s *Service) directory(at time.Time) cases.Directory { return cases.People(s.people(), at) }

// Cases are the cases in columns.
func (s *Service) Cases() *store.Store { return s.cfg.Store }

// Now is the time by the clock of the cases.
func (s *Service) Now() time.Time { return s.cfg.Now() }

// Dossier is a case as a whole. The errors are [cases.ErrNoCase] and those of the log.
func (s *Service) Dossier(ctx context.Context, id string) (*dossier.Dossier, error) {
	have, ok := s.cfg.Store.Find(id)
	if !ok {
		return nil, cases.ErrNoCase
	}
	return s.dossiers.Read(ctx, id, have.Version)
}

// describe is the description of a case.
func (s *Service) describe(ctx context.Context, id string) (string, error) {
	d, err := s.Dossier(ctx, id)
	if err != nil {
		return "", err
	}
	return d.Description, nil
}

// table is the process of a case, and what deciding about it asks of the city.
func (s *Service) table(c *cases.Case) (*process.Table, error) {
	t, ok := s.cfg.Tables().Table(c.Process.Name, c.Process.Version)
	if !ok {
		return nil, fmt.Errorf("case %s: its process %s, version %d, is not there", c.ID, c.Process.Name, c.Process.Version)
	}
	return t, nil
}

// API is the resource cases.
type API struct {
	*city.City
	// Service is nil in a city without cases: then everything is answered 501.
	*Service
	// Holder keeps the files that forms name; nil takes any.
	Holder enclosed.Holder
	// Contacts keeps how whoever reported is reached; nil refuses that.
	Contacts Contacts
}

// Contacts is a log that keeps what a report says of how whoever reported is reached, sealed and apart, before the first event of
// its case. The error is a problem.
type Contacts interface {
	Sealing(log cases.Log, contact map[string]string) (cases.Log, error)
}
