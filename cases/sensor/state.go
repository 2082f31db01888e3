package sensor

import (
	"math"
	"time"

	"github.com/gewu-city/gewu/data"
)

// Reading is what a sensor measured.
type Reading struct {
	At    time.Time `json:"at"`
	Value float64   `json:"value"`
}

// State is how a rule stands with a sensor. The zero value is that of a sensor that never said anything.
type State struct {
	// Raised says that a matter is open by the readings; Number counts those that began, Case is the case of the last one.
	Raised bool   `json:"raised,omitempty"`
	Number int    `json:"number,omitempty"`
	Case   string `json:"case,omitempty"`
	// Began and Over are when the last matter began and when it was over, by the readings.
	Began time.Time `json:"began,omitzero"`
	Over  time.Time `json:"over,omitzero"`
	// Row is how many readings in a row are too much now, at most the count of the rule, the first of them at First, the
	// last at Last.
	Row   int       `json:"row,omitempty"`
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
}

// Effect is what follows of a reading.
type Effect string

// The effects: nothing, a matter begins, one that is open goes on, one is over.
const (
	Nothing Effect = ""
	Raises  Effect = "raises"
	Goes    Effect = "goes"
	Ends    Effect = "ends"
)

// Step is how a rule stands after a reading that is later than all before it, and what follows. A state that says Raises is
// not raised yet: [State.Raise] makes it so when the matter has begun. If it cannot begin, the next reading tries again.
func (r *Rule) Step(s State, m Reading) (State, Effect) {
	if s.Raised {
		if !r.ends(m.Value) {
			return s, Goes
		}
		s.Raised, s.Over = false, m.At
		return s, Ends
	}
	if !r.passes(m.Value) {
		s.Row, s.First, s.Last = 0, time.Time{}, time.Time{}
		return s, Nothing
	}
	if s.Row == 0 || r.Gap > 0 && m.At.Sub(s.Last) > r.Gap {
		s.Row, s.First = 0, m.At
	}
	s.Row, s.Last = min(s.Row+1, r.Count), m.At
	if s.Row < r.Count || m.At.Sub(s.First) < r.For || s.Number > 0 && m.At.Sub(s.Began) < r.Pause {
		return s, Nothing
	}
	return s, Raises
}

// Raise is the state after the matter has begun with a reading, as a case.
func (s State) Raise(m Reading, id string) State {
	return State{Raised: true, Number: s.Number + 1, Case: id, Began: m.At, Over: s.Over}
}

// Check judges a reading by the time of the city and the newest one of its sensor; zero is none. The error is a
// *data.FieldError; again says that it is the newest one, sent once more.
func (r *Rules) Check(m Reading, now time.Time, newest *Reading) (again bool, err error) {
	switch {
	case math.IsNaN(m.Value) || math.IsInf(m.Value, 0):
		return false, &data.FieldError{Field: "value", Value: "NaN", Why: "must be a number"}
	case m.At.IsZero():
		return false, &data.FieldError{Field: "time", Why: "is missing: when it was measured, as 2026-11-02T09:00:00+08:00"}
	case m.At.Sub(now) > r.Ahead:
		return false, &data.FieldError{Field: "time", Value: m.At.Format(time.RFC3339), Why: "is more than " + r.Ahead.String() + " ahead of the clock of the city: set that of the sensor"}
	case now.Sub(m.At) > r.Behind:
		return false, &data.FieldError{Field: "time", Value: m.At.Format(time.RFC3339), Why: "is more than " + r.Behind.String() + " ago: what was measured then says nothing of now"}
	case newest == nil || m.At.After(newest.At):
		return false, nil
	case m.At.Equal(newest.At) && m.Value == newest.Value:
		return true, nil
	case m.At.Equal(newest.At):
		return false, &data.FieldError{Field: "time", Value: m.At.Format(time.RFC3339), Why: "has a reading with another value: a sensor measures once at a time"}
	}
	return false, &LateError{Newest: newest.At}
}

// LateError says that a reading is older than one that is there.
type LateError struct{ Newest time.Time }

// Error says when the newest one was.
func (e *LateError) Error() string {
	return "time: is before the newest reading of the sensor, at " + e.Newest.Format(time.RFC3339) + ": it is left out"
}
