// Package audit says who did or read what, when and from where: the one shape of an audit entry, how a flood of refusals
// is summed up, and how entries are found again in the log. It decides nothing and knows no requests.
package audit

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
)

// Outcomes of what somebody tried.
const (
	Done    = "done"
	Refused = "refused"
)

// Actions that this package gives by itself: of a sum of different ones, of a note that was erased, of the entries of
// the log that are no notes, beside the kind of operation that their cause names, and of those that cannot be read.
const (
	Several = "several"
	Erased  = "erased"
	Changed = "change"
	Damaged = "damaged"
)

// MaxText bounds each text of an entry, in bytes: what callers send may not fill the log.
const MaxText = 256

// Entry is what the log keeps of one act, or of several within a minute.
type Entry struct {
	// Time is when it was, that of the first one when Count is over 1.
	Time time.Time `json:"time"`
	// Actor is who asked, as in entries of the log; Staff is their id in the directory, when they have one.
	Actor string `json:"actor,omitempty"`
	Staff string `json:"staff,omitempty"`
	// From is the address of the network that it came from.
	From string `json:"from,omitempty"`
	// Action is what was tried, as "login" or "export"; Object is on what.
	Action  string `json:"action"`
	Object  string `json:"object,omitempty"`
	Outcome string `json:"outcome"`
	Reason  string `json:"reason,omitempty"`
	// Count is how many the entry sums up; 0 is one.
	Count int `json:"count,omitempty"`
}

// Change is the change that writes the entry as the note id. Texts that are too long are cut.
func (e Entry) Change(id string) (data.Change, error) {
	if e.Action == "" || e.Outcome != Done && e.Outcome != Refused {
		return data.Change{}, &data.FieldError{Field: "audit", Value: e.Action, Why: "needs an action, and done or refused as its outcome"}
	}
	for _, text := range []*string{&e.Actor, &e.Staff, &e.From, &e.Action, &e.Object, &e.Reason} {
		*text = cut(*text)
	}
	body, err := json.Marshal(e)
	if err != nil {
		return data.Change{}, err
	}
	note := &data.Admin{Kind: data.AdminNote, ID: id, Body: body}
	return note.Put(), nil
}

// cut is the beginning of a text, whole characters only.
func cut(text string) string {
	text = strings.ToValidUTF8(text, "�")
	if len(text) <= MaxText {
		return text
	}
	end := MaxText
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
