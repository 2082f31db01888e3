package cases

import (
	"time"

	"github.com/gewu-city/gewu/people"
)

// People is a directory of people at a time.
func People(d *people.Directory, at time.Time) Directory { return staffed{d, at} }

type staffed struct {
	*people.Directory
	at time.Time
}

// Path is nil for an organisation that has ended too.
func (s staffed) Path(organisation string) []string {
	if !s.Active(organisation, s.at) {
		return nil
	}
	path := s.Directory.Path(organisation)
	out := make([]string, len(path))
	for i, o := range path {
		out[i] = o.ID
	}
	return out
}

// Holds looks at the holdings in force.
func (s staffed) Holds(person, post, organisation string) bool {
	if post == "" && organisation == "" {
		p, ok := s.Person(person)
		return ok && (p.Left.IsZero() || s.at.Before(p.Left))
	}
	for _, h := range s.HoldingsAt(person, s.at) {
		if h.Post == post && h.Organisation == organisation {
			return true
		}
	}
	return false
}
