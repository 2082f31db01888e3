package audit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gewu-city/gewu/data"
)

// Query says what is wanted; what is empty holds for all. From is included, To is not; both are compared with the time at
// which the log recorded it.
type Query struct {
	From, To time.Time
	// Actors are any of those who asked, as the log names them or by their id in the directory; Actions any of what they did.
	Actors, Actions []string
	// Object is the beginning of what it was done to.
	Object string
	// Feature is the feature that Object names: entries that change it are found by its permanent id. Nil is none.
	Feature *Feature
	// Address is where it came from; of entries that are no notes that is not known.
	Address netip.Prefix
	Outcome string
	// Sees reports whether the layer of a name may be told to exist; nil tells of all. Notes are told as they are.
	Sees func(layer string) bool
}

// Feature names a feature as the log does.
type Feature struct {
	Layer     string
	Permanent uint32
}

// operations are the actions of entries that are no notes, beside [Changed]: kinds that their causes name.
var operations = []string{"import", "undo"}

// actionOf is what an entry does. Causes of changes that are no operation are written by clients.
func actionOf(h *data.Header) string {
	kind, _, _ := strings.Cut(h.Cause, ":")
	if h.Operation != "" && slices.Contains(operations, kind) {
		return kind
	}
	return Changed
}

// changes reports whether entries that are no notes may be wanted at all.
func (q *Query) changes() bool {
	return !q.Address.IsValid() && (q.Outcome == "" || q.Outcome == Done) &&
		(len(q.Actions) == 0 || slices.ContainsFunc(q.Actions, func(a string) bool { return a == Changed || slices.Contains(operations, a) }))
}

// mayChange reports whether what an entry changes may be wanted, as far as its header tells.
func (q *Query) mayChange(h *data.Header) bool {
	return q.changes() && (len(q.Actors) == 0 || slices.Contains(q.Actors, h.Actor)) && (len(q.Actions) == 0 || slices.Contains(q.Actions, actionOf(h)))
}

// about reports whether a change is about the object.
func (q *Query) about(h *data.PayloadHead) bool {
	if q.Feature != nil {
		return h.Permanent == q.Feature.Permanent && string(h.Layer) == q.Feature.Layer
	}
	return strings.HasPrefix(string(h.Layer), q.Object)
}

// matches reports whether a note is wanted; times are compared with those of its entry.
func (q *Query) matches(e *Found) bool {
	if q.Address.IsValid() {
		from, err := netip.ParseAddr(e.From)
		if err != nil || !q.Address.Contains(from.Unmap()) {
			return false
		}
	}
	return (len(q.Actors) == 0 || slices.Contains(q.Actors, e.Actor) || e.Staff != "" && slices.Contains(q.Actors, e.Staff)) &&
		(len(q.Actions) == 0 || slices.Contains(q.Actions, e.Action)) &&
		(q.Outcome == "" || q.Outcome == e.Outcome) && q.holds(e)
}

// holds reports whether a note is about the object.
func (q *Query) holds(e *Found) bool {
	is := func(object string) bool { return strings.HasPrefix(object, q.Object) }
	if q.Feature != nil {
		is = func(object string) bool { return object == q.Object }
	}
	return is(e.Object) || slices.ContainsFunc(e.IDs, func(id string) bool { return is(e.Object + "/" + id) })
}

// noteOf is what a note says. Notes of readings of personal data have a shape of their own; who and when is in the head of
// their entry of the log. Of a note that was erased nothing else is left.
func noteOf(c *data.Change, head *data.Header) (*Found, error) {
	_, id := data.CutAdminName(c.Layer)
	f := &Found{Kind: KindNote, Seq: head.Seq, ID: id, Entry: Entry{Action: Erased, Outcome: Done}}
	if c.Admin != nil {
		var body struct {
			Found
			Did    string   `json:"did"`
			Layer  string   `json:"layer"`
			Review string   `json:"review"`
			Sealed []byte   `json:"sealed"`
			Ways   []string `json:"ways"`
		}
		if err := json.Unmarshal(c.Admin.Body, &body); err != nil {
			return nil, fmt.Errorf("audit: note %s: %w", id, err)
		}
		f.Entry, f.IDs, f.BreakGlass = body.Entry, body.IDs, body.BreakGlass
		f.Reading = Reading{body.Layer, body.IDs, body.Sealed}
		if f.Action == "" {
			f.Action, f.Outcome, f.Object = body.Did, Done, cmp.Or(body.Layer, body.Review)
			if len(f.IDs) == 1 {
				f.Object, f.IDs = f.Object+"/"+f.IDs[0], nil
			}
			f.Reason = strings.TrimSpace(strings.Join(append(body.Ways, f.Reason), " "))
		}
	}
	if f.Time.IsZero() {
		f.Time = head.Recorded
	}
	if f.Actor == "" {
		f.Actor = head.Actor
	}
	return f, nil
}
