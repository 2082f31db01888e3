package inspect

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"io"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/image"
	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// Options say how deep a check goes and who hears of it.
type Options struct {
	// Quick leaves out what takes long: the hashes of payloads but the newest, and the replay.
	Quick bool
	// Report gets every problem, at most 100 of each kind, before the check returns.
	Report func(Problem)
	// Progress, when not nil, gets the part of the file that was read, from 0 to 1.
	Progress func(part float64)
}

// newest is the number of entries whose payloads a quick check compares with their hashes.
const newest = 100

// Check is [File], and unless it is to be quick a replay of the log in a compact form, about 60 bytes for each feature:
// payloads that do not decode or do not fit their layer, wrong previous seqs, cases with a gap between their events or two events of a number, permanent ids that are not unique, changes
// erased that nothing supersedes, definitions and checkpoint that differ from the log. The error is that of [File], or of
// a format that is too new.
func Check(ctx context.Context, r io.ReaderAt, size int64, meta image.Meta, o Options) error {
	c := &replay{seed: maphash.MakeSeed(), defs: layout.NewDefinitions(), known: map[uint64]uint32{}, features: make([]replayed, 1), current: map[string]uint32{}, cases: map[uint64]event{}}
	v := Visitor{Record: c.record, Rows: c.rows}
	if o.Quick {
		v = Visitor{Newest: newest}
	}
	in, err := File(ctx, Metered(r, meta, o.Progress), size, meta, v)
	if err == nil {
		err = layout.CheckVersion(in.Format)
	}
	if err != nil {
		return err
	}
	if !o.Quick && in.Intact == in.Last {
		// Otherwise everything would differ.
		c.compare(in)
		for _, p := range c.ahead {
			c.bad(p.Where, p.What)
		}
	}
	for _, list := range [][]Problem{in.Problems, in.Blocks, c.problems} {
		for _, p := range list {
			o.Report(p)
		}
	}
	return nil
}

// replay is the state after the entries read so far, without content.
type replay struct {
	problems []Problem
	seed     maphash.Seed
	decoder  data.Decoder
	// read is the last entry that was read whole; ahead are problems of rows that are newer, which follow from damage of the
	// log when it has any.
	read     data.Seq
	ahead    []Problem
	recorded time.Time
	defs     layout.Definitions
	// incarnations are the layers that were ever created; current is the position of those that exist.
	incarnations []incarnation
	current      map[string]uint32
	features     []replayed        // by permanent id; the first is unused
	known        map[uint64]uint32 // permanent id by hash of incarnation and id
	seen         []uint64          // bitmap of the permanent ids that have a row
	// cases are the newest events of cases, by hash of their names.
	cases map[uint64]event
	// superseded is the erased change that was superseded last: the horizon must cover that moment.
	superseded superseded
}

// event is the newest event of a case.
type event struct {
	seq    data.Seq
	number int
}

// superseded says that a change of a feature in entry seq, which is erased, is followed by one in entry by.
type superseded struct {
	seq       data.Seq
	permanent uint32
	by        data.Seq
}

// incarnation is a layer from its creation to its end.
type incarnation struct {
	layer string
	ended data.Seq // the entry that dropped it, 0 while it exists
}

// replayed is the newest change of a feature.
type replayed struct {
	seq         data.Seq
	sum         uint64 // first bytes of the hash of its payload
	incarnation uint32
	// erased is set when that change is; nameless while all of its changes so far are, so that its id is not known.
	erased, nameless bool
}

func (c *replay) bad(where, what string) {
	if len(c.problems) < mostProblems {
		c.problems = append(c.problems, Problem{where, what})
	}
}

// shortHash is what the replay keeps of the hash of a payload.
func shortHash(h data.Hash) uint64 { return binary.BigEndian.Uint64(h[:]) }

func (c *replay) record(h *data.Header, _ []byte, r layout.Record, _ []byte) {
	where := fmt.Sprintf("log entry %d", h.Seq)
	if r.Last {
		c.read = h.Seq
	}
	for i := range r.Erased {
		c.erased(h, r.First+i, &r.Erased[i])
	}
	if r.Payload != nil {
		ch, err := c.decoder.Payload(r.Payload)
		switch {
		case err != nil:
			c.bad(where, err.Error())
		case ch.Stream == data.StreamFeature:
			c.feature(h, &ch, shortHash(h.Payloads[r.First]))
		case ch.Stream == data.StreamCase:
			c.event(h.Seq, &ch)
		default:
			c.definition(h, ch, r.Payload)
		}
	}
	if !r.Last {
		return
	}
	if int(h.Permanent) != len(c.features)-1 {
		c.bad(where, fmt.Sprintf("says that %d permanent ids were given out and %d were", h.Permanent, len(c.features)-1))
	}
	if h.Recorded.Before(c.recorded) {
		c.bad(where, "was recorded before the entry before it")
	}
	c.recorded = h.Recorded
}

// event checks that an event follows the one before of its case.
func (c *replay) event(seq data.Seq, ch *data.Change) {
	id := c.id(0, ch.Layer)
	if before := c.cases[id]; ch.Prev != before.seq || ch.Case.Number != before.number+1 {
		c.bad(fmt.Sprintf("log entry %d, %s", seq, ch.Layer),
			fmt.Sprintf("is event %d after entry %d and should be event %d after entry %d", ch.Case.Number, ch.Prev, before.number+1, before.seq))
	}
	c.cases[id] = event{seq, ch.Case.Number}
}

func (c *replay) definition(h *data.Header, ch data.Change, payload []byte) {
	prev := c.defs.Of(ch.Stream)[ch.Layer].Before()
	if ch.Prev != prev {
		c.bad(fmt.Sprintf("log entry %d, definition %s", h.Seq, ch.Layer), fmt.Sprintf("says it follows entry %d and follows %d", ch.Prev, prev))
	}
	c.defs.Apply(h.Seq, ch, payload)
	if ch.Stream != data.StreamSchema {
		return
	}
	at, exists := c.current[ch.Layer]
	switch {
	case ch.Op == data.OpDelete && exists:
		c.incarnations[at].ended = h.Seq
		delete(c.current, ch.Layer)
	case ch.Op == data.OpPut && !exists:
		c.current[ch.Layer] = uint32(len(c.incarnations))
		c.incarnations = append(c.incarnations, incarnation{layer: ch.Layer})
	}
}

// id is the hash under which a feature is known. Two features of one hash would be reported as one with two permanent
// ids; with 64 bits and 100 million features that happens once in 3,700 checks.
func (c *replay) id(incarnation uint32, id string) uint64 {
	var h maphash.Hash
	h.SetSeed(c.seed)
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], incarnation)
	_, _ = h.Write(b[:]) // a hash does not fail
	_, _ = h.WriteString(id)
	return h.Sum64()
}

func (c *replay) feature(h *data.Header, ch *data.Change, sum uint64) {
	bad := func(what string) {
		c.bad(fmt.Sprintf("log entry %d, feature %s/%s", h.Seq, ch.Layer, ch.Feature.ID), what)
	}
	layer, ok := c.current[ch.Layer]
	if !ok {
		bad("has no layer")
		return
	}
	if ch.Op == data.OpPut {
		if err := c.defs.Layers[ch.Layer].Change.Definition.CheckStored(&ch.Feature); err != nil {
			bad(err.Error())
		}
	}
	id := c.id(layer, ch.Feature.ID)
	permanent, known := c.known[id]
	if given := ch.Permanent; !known && int(given) < len(c.features) && c.features[given].nameless && c.features[given].incarnation == layer {
		permanent, known = given, true
		c.known[id] = given
	}
	if !known {
		permanent = uint32(len(c.features))
		c.known[id] = permanent
		c.features = append(c.features, replayed{})
	}
	if ch.Permanent != permanent {
		bad(fmt.Sprintf("has permanent id %d instead of %d", ch.Permanent, permanent))
	}
	c.follow(h.Seq, permanent, ch.Prev, bad)
	c.features[permanent] = replayed{seq: h.Seq, sum: sum, incarnation: layer}
}

// erased takes a change of which the place is left. The hash of its payload is that of the header, so that a checkpoint
// from before the erasure can still be compared.
func (c *replay) erased(h *data.Header, change int, e *layout.Erased) {
	bad := func(what string) {
		c.bad(fmt.Sprintf("log entry %d, erased change %d of %s, permanent id %d", h.Seq, change, e.Layer, e.Permanent), what)
	}
	layer, ok := c.current[e.Layer]
	if !ok {
		bad("has no layer")
		return
	}
	next := replayed{seq: h.Seq, sum: shortHash(h.Payloads[change]), incarnation: layer, erased: true}
	switch {
	case int(e.Permanent) == len(c.features):
		c.features = append(c.features, replayed{})
		next.nameless = true
	case int(e.Permanent) > len(c.features):
		bad(fmt.Sprintf("is new and the next permanent id is %d", len(c.features)))
		return
	case c.features[e.Permanent].incarnation != layer:
		bad("belongs to layer " + c.incarnations[c.features[e.Permanent].incarnation].layer)
		return
	default:
		next.nameless = c.features[e.Permanent].nameless
	}
	c.follow(h.Seq, e.Permanent, e.Prev, bad)
	c.features[e.Permanent] = next
}

// follow checks what a change in entry seq says about the change before it, and that the horizon covers the entry when
// that one is erased.
func (c *replay) follow(seq data.Seq, permanent uint32, prev data.Seq, bad func(string)) {
	before := &c.features[permanent]
	if prev != before.seq {
		bad(fmt.Sprintf("says it follows entry %d and follows %d", prev, before.seq))
	}
	if before.erased && seq > c.superseded.by {
		c.superseded = superseded{before.seq, permanent, seq}
	}
}

// rows compares a block of the checkpoint with the log, which was read before.
func (c *replay) rows(key []byte, rows []layout.Row, _ []byte) {
	if c.seen == nil {
		c.seen = make([]uint64, len(c.features)/64+1)
	}
	for i := range rows {
		r := &rows[i]
		bad := func(what string) {
			c.bad(fmt.Sprintf("checkpoint block %x, permanent id %d", key, r.Permanent), what)
		}
		if r.Seq > c.read {
			bad = func(what string) {
				if len(c.ahead) < mostProblems {
					c.ahead = append(c.ahead, Problem{fmt.Sprintf("checkpoint block %x, permanent id %d", key, r.Permanent), what})
				}
			}
		}
		if int(r.Permanent) >= len(c.features) || r.Permanent == 0 {
			bad("was never given out")
			continue
		}
		f := &c.features[r.Permanent]
		in := c.incarnations[f.incarnation]
		layer, _ := layout.BlockLayer(key)
		switch {
		case in.layer != string(layer):
			bad("belongs to layer " + in.layer)
		case r.Seq > f.seq:
			bad(fmt.Sprintf("is of entry %d and the log has it up to %d", r.Seq, f.seq))
		case c.seen[r.Permanent/64]&(1<<(r.Permanent%64)) != 0:
			bad("appears twice")
		case r.Seq == f.seq && shortHash(sha256.Sum256(r.Payload())) != f.sum:
			bad("differs from the log")
		default:
			c.seen[r.Permanent/64] |= 1 << (r.Permanent % 64)
			if r.Seq == f.seq {
				f.sum = 0 // in order
			}
		}
	}
}

// compare checks the projections that are complete only at the end.
func (c *replay) compare(in *Findings) {
	for _, stream := range layout.Kinds {
		want, have := c.defs.Of(stream), in.defs.Of(stream)
		for name, d := range want {
			if h := have[name]; h == nil || h.Seq != d.Seq || h.Born != d.Born || string(h.Payload) != string(d.Payload) {
				c.bad(fmt.Sprintf("definition %q", name), "differs from the log")
			}
		}
		for name := range have {
			if want[name] == nil {
				c.bad(fmt.Sprintf("definition %q", name), "is not in the log")
			}
		}
	}
	if c.defs.Dropped != in.Dropped {
		c.bad("bucket meta", fmt.Sprintf("says that entry %d dropped a layer and %d did", in.Dropped, c.defs.Dropped))
	}
	if e := c.superseded; e.by > in.Horizon {
		c.bad(fmt.Sprintf("log entry %d, permanent id %d", e.seq, e.permanent),
			fmt.Sprintf("is erased, superseded by entry %d only, and history should be complete from entry %d on", e.by, in.Horizon))
	}
	for permanent := 1; permanent < len(c.features); permanent++ {
		f := &c.features[permanent]
		ended := c.incarnations[f.incarnation].ended
		if f.erased && (ended == 0 || ended > in.Horizon) {
			c.bad(fmt.Sprintf("log entry %d, permanent id %d", f.seq, permanent), "is erased and nothing supersedes it")
		}
		if in.Usable() && f.seq <= in.Mark && f.sum != 0 && ended == 0 {
			c.bad(fmt.Sprintf("checkpoint, permanent id %d", permanent), fmt.Sprintf("lacks entry %d, although it is complete up to %d", f.seq, in.Mark))
		}
	}
}
