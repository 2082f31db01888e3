// Package admit checks transactions against what a store holds, before anything is written: preconditions, definitions,
// features, links. It belongs to the one goroutine that commits.
package admit

import (
	"iter"
	"math"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/layout"
	"github.com/gewu-city/gewu/data/boltstore/memory"
	"github.com/gewu-city/gewu/data/rules"
)

// Definitions are the definitions of a store and the links that follow from them.
type Definitions struct {
	layout.Definitions
	links *rules.Links
}

// With finds the links of definitions.
func With(defs layout.Definitions) Definitions { return Definitions{defs, rules.NewLinks(defs)} }

// State is what the next transaction builds on.
type State struct {
	Definitions
	// Seq is the newest entry, Permanent the highest permanent id given out.
	Seq       data.Seq
	Permanent uint32
	// Recorded is the time of the transaction.
	Recorded time.Time
}

// Request is a transaction to check. Its changes are the store's own copy.
type Request interface {
	// Tx is the transaction without its changes.
	Tx() *data.Tx
	Changes() []data.Change
	// Payload is the encoding of change i.
	Payload(i int) []byte
	// Add adds a change that the store makes of its own accord.
	Add(ch data.Change) error
}

// Log is what the check of a request asks of the store, beside what is in memory.
type Log interface {
	// Settle waits until the engine knows everything that is committed.
	Settle() error
	// EventAt is the number of the newest event of a case, by its name in the case stream, in one entry; 0 when the entry
	// has none or does not exist.
	EventAt(seq data.Seq, name string) (int, error)
}

// admission is the check of one request.
type admission struct {
	State
	heads *memory.Heads
	r     Request
	log   Log
	// group has the changes whose links are checked when all are known; emptied are the refs that the request empties
	// because of what the group deletes.
	group   *Group
	emptied rules.Emptied
	// own is set when the definitions of State are no longer shared with the state before.
	own bool
}

// Group is some requests that become visible together: their links are checked against what all of them leave behind,
// when the last is known. It belongs to one goroutine.
type Group struct {
	left   int
	linked []linked
}

// linked is a change that can break a link.
type linked struct {
	key memory.Key
	op  data.Op
	// change is its position in its transaction.
	change int
}

// NewGroup expects n requests.
func NewGroup(n int) *Group { return &Group{left: n} }

// Admit checks the changes of a request in order against what is current, earlier changes of the group and of the
// request included, and fills their permanent ids and previous seqs, also in the payloads. Links are checked with the
// last request of the group that it belongs to, nil for one by itself, against what all of them leave behind; what they
// take with them is added to that request. The log is settled when features must be looked at one by one. Admit returns the
// state after the request; on an error nothing of it remains.
func Admit(s State, heads *memory.Heads, r Request, log Log, group *Group) (State, error) {
	tx := r.Tx()
	if e := tx.Effective; e.Truncate(time.Microsecond).After(s.Recorded) {
		return s, &data.FieldError{Field: "effective", Value: e.Format(time.RFC3339Nano), Why: "lies in the future: plan the changes for that time"}
	}
	for layer, want := range tx.Defined {
		if def := s.Layers[layer]; !def.Exists() {
			return s, &data.RedefinedError{Layer: layer, Want: want}
		} else if def.Seq != want {
			return s, &data.RedefinedError{Layer: layer, Want: want, Have: def.Seq}
		}
	}
	if want := tx.Admin; want != nil && *want != s.Admin {
		return s, &data.OutdatedError{Want: *want, Have: s.Admin}
	}
	if group == nil {
		group = NewGroup(1)
	}
	group.left--
	mark := heads.Mark()
	a := admission{State: s, heads: heads, r: r, log: log, group: group, emptied: rules.Emptied{Most: data.MaxTxChanges - len(r.Changes())}}
	a.Seq++
	if err := a.all(); err != nil {
		heads.Rollback(mark)
		return s, err
	}
	return a.State, nil
}

func (a *admission) all() error {
	given := len(a.r.Changes())
	for i := range given {
		var err error
		switch ch := &a.r.Changes()[i]; {
		case ch.Stream == data.StreamFeature:
			err = a.feature(i)
		case ch.Stream == data.StreamCase:
			err = a.event(i)
		case !ch.Kept():
			err = a.note(i)
		default:
			err = a.definition(i)
		}
		if err != nil {
			return err
		}
	}
	if a.group.left > 0 {
		return nil
	}
	if err := a.checkLinks(); err != nil {
		return err
	}
	for i, ch := range a.emptied.Changes() {
		if err := a.r.Add(ch); err != nil {
			return err
		}
		if err := a.feature(given + i); err != nil {
			return err
		}
	}
	return nil
}

// feature checks the change of a feature by itself and against its layer.
func (a *admission) feature(i int) error {
	ch := &a.r.Changes()[i]
	fail := func(err error) error {
		return &data.ChangeError{Change: i, Layer: ch.Layer, ID: ch.Feature.ID, Err: err}
	}
	def := a.Layers[ch.Layer]
	if !def.Exists() {
		return fail(&data.FieldError{Field: "layer", Value: ch.Layer, Why: "is not a layer"})
	}
	key := memory.Key{Layer: ch.Layer, ID: ch.Feature.ID}
	head, known := a.heads.Get(key, def.Born)
	have := data.Seq(0)
	if known && !head.Deleted {
		have = head.Seq
	}
	if ch.IfSeq != nil && *ch.IfSeq != have {
		return &data.ConflictError{Change: i, Layer: ch.Layer, ID: ch.Feature.ID, Want: *ch.IfSeq, Have: have}
	}
	if ch.Op == data.OpDelete {
		if have == 0 {
			return fail(&data.FieldError{Field: "id", Value: ch.Feature.ID, Why: "does not exist"})
		}
	} else if err := def.Change.Definition.CheckStored(&ch.Feature); err != nil {
		return fail(err)
	} else if err := a.links.Codes(ch.Layer, &ch.Feature); err != nil {
		return fail(err)
	}
	if !known {
		if a.Permanent == math.MaxUint32 {
			return fail(&data.FieldError{Field: "id", Value: ch.Feature.ID, Why: "the store has given out all permanent ids"})
		}
		a.Permanent++
		head.Permanent = a.Permanent
	}
	ch.Permanent, ch.Prev, ch.IfSeq = head.Permanent, head.Seq, nil
	data.LinkPayload(a.r.Payload(i), ch.Permanent, ch.Prev)
	a.heads.Set(key, data.Head{Seq: a.Seq, Permanent: head.Permanent, Deleted: ch.Op == data.OpDelete})
	a.track(key, i)
	return nil
}

// track keeps what links are checked against, and notes the change when it can break one.
func (a *admission) track(key memory.Key, i int) {
	ch := &a.r.Changes()[i]
	if a.links.Linked(ch.Layer) {
		var f *data.Feature
		if ch.Op == data.OpPut {
			f = &ch.Feature
		}
		if f != nil && a.group.left > 0 {
			f = bare(f, a.links.Holding(ch.Layer, f))
		}
		a.heads.Track(key, f, a.links.Holding(ch.Layer, &ch.Feature))
	}
	if a.links.Concerns(ch.Op, ch.Layer) {
		a.group.linked = append(a.group.linked, linked{key, ch.Op, i})
	}
}

// bare is a feature with nothing but what links ask for: groups may be millions of features. Nobody asks for more of
// one that the group itself puts, whose refs are not emptied but refused.
func bare(f *data.Feature, holding iter.Seq2[int, string]) *data.Feature {
	b := &data.Feature{ID: f.ID}
	for place := range holding {
		for len(b.Values) <= place {
			b.Values = append(b.Values, data.Value{})
		}
		b.Values[place] = f.Value(place)
	}
	return b
}

// checkLinks checks the features that the group leaves behind, and finds the refs that it empties.
func (a *admission) checkLinks() error {
	left := &present{Definitions: a.Definitions.Definitions, heads: a.heads}
	for _, l := range a.group.linked {
		f, exists := left.Feature(l.key.Layer, l.key.ID)
		var err error
		switch {
		case l.op == data.OpDelete && !exists:
			err = a.links.Delete(left, l.key.Layer, l.key.ID, &a.emptied)
		case l.op == data.OpPut && exists:
			err = a.links.Put(left, l.key.Layer, &f) // of several puts the last one counts
		}
		if err != nil {
			return &data.ChangeError{Change: l.change, Layer: l.key.Layer, ID: l.key.ID, Err: err}
		}
	}
	return nil
}
