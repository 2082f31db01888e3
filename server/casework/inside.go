package casework

import (
	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/class"
	"github.com/gewu-city/gewu/cases/recent"
	"github.com/gewu-city/gewu/cases/timing"
	"github.com/gewu-city/gewu/server/casework/fault"
	"github.com/gewu-city/gewu/server/casework/place"
)

// What other resources of the server work with.

// Ledger is the log of the cases with their clocks.
func (s *Service) Ledger() *timing.Ledger { return s.cfg.Ledger }

// ClassTable are the classes of the city.
func (s *Service) ClassTable() *class.Table { return s.cfg.Classes }

// Ground is the city as cases ask for it.
func (s *Service) Ground() *place.Ground { return s.cfg.Ground }

// Words finds the place that words mean; nil finds none.
func (s *Service) Words() cases.Geocode { return s.cfg.Geocode }

// Moves is what happened to cases lately; nil where nobody can listen.
func (s *Service) Moves() *recent.Ring { return s.cfg.Moves }

// Problem is the problem of what a desk says.
func Problem(err error) error { return fault.Of(err) }

// Opened reports whether everybody may see cases that are not private.
func (s *Service) Opened() bool { return s.cfg.Public }

// Action is the action by which reports come in where nobody says otherwise.
const Action = "report"
