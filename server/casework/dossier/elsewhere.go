package dossier

import (
	"maps"
	"slices"
	"time"

	"github.com/gewu-city/gewu/cases"
)

// Elsewhere is a case as another platform has it.
type Elsewhere struct {
	Peer string `json:"peer"`
	// Number is the number of the case there.
	Number string `json:"number"`
	// Way is from where the case came from there, to where it went there.
	Way string    `json:"way"`
	Due time.Time `json:"due,omitzero"`
}

// Others are the other platforms that have a case, in the order of their ids.
func Others(c *cases.Case) []Elsewhere {
	var out []Elsewhere
	for _, id := range slices.Sorted(maps.Keys(c.Peers)) {
		p := c.Peers[id]
		one := Elsewhere{Peer: id, Number: p.Number, Way: "to", Due: p.Due}
		if p.Theirs {
			one.Way = "from"
		}
		out = append(out, one)
	}
	return out
}

// Via is a message of another platform by which an event came.
type Via struct {
	Peer   string    `json:"peer"`
	Kind   string    `json:"kind,omitempty"`
	Number int       `json:"number,omitempty"`
	Due    time.Time `json:"due,omitzero"`
}

// Came is the message of another platform by which an event came, nil for none.
func Came(e *cases.Event) *Via {
	if e.Via == nil {
		return nil
	}
	return &Via{e.Via.Peer, e.Via.Kind, e.Via.Number, e.Via.Due}
}

// Touches reports whether events name a part, LAYER/ID.
func (d *Dossier) Touches(part string) bool {
	is := func(p cases.Part) bool { return p.Layer+"/"+p.ID == part }
	return slices.ContainsFunc(d.Events, func(e *cases.Event) bool {
		return slices.ContainsFunc(e.Form.Parts, is) || e.Place != nil && slices.ContainsFunc(e.Place.Parts, is)
	})
}
