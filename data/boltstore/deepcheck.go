package boltstore

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"time"

	"github.com/gewu-city/gewu/data"
)

// Check reads the whole store and reports every broken invariant: structure of the file, hashes and chain of the
// log, payloads that do not decode or do not fit their layer, wrong previous seqs, permanent ids that are not unique,
// definitions and checkpoint that differ from a replay of the log. It works while the store is in use, on the state
// at its beginning, and needs about 60 bytes of memory per feature. The error is that of ctx or of reading; damage is
// reported, not returned.
func (db *DB) Check(ctx context.Context, report func(Problem)) error {
	const attempts = 100
	for range attempts {
		tx, err := db.bolt.Begin(false)
		if err != nil {
			return fmt.Errorf("check store %s: %w", db.path, err)
		}
		// The transaction pins the pages of its header. The header itself is overwritten by the commit after the next.
		var meta boltMeta
		found := false
		for i := range int64(2) {
			if m, ok := readMeta(db.file, i); ok && m.txid == uint64(tx.ID()) {
				meta, found = m, true
			}
		}
		if found {
			info, err := db.file.Stat()
			if err == nil {
				err = deepCheck(ctx, db.file, info.Size(), meta, report)
			}
			return errors.Join(err, tx.Rollback())
		}
		if err := tx.Rollback(); err != nil {
			return fmt.Errorf("check store %s: %w", db.path, err)
		}
	}
	return fmt.Errorf("check store %s: its header changed %d times while it was read", db.path, attempts)
}

// CheckFile is [DB.Check] for a store that is not open, however damaged. Another process that has it open is
// data.ErrLocked.
func CheckFile(ctx context.Context, path string, report func(Problem)) error {
	f, size, err := openLocked(path)
	if err != nil {
		return fmt.Errorf("check store: %w", err)
	}
	defer f.Close() //nolint:errcheck // the file was only read
	meta, problem, ok := bestHeader(f)
	if problem != nil {
		report(*problem)
	}
	if !ok {
		return nil
	}
	return deepCheck(ctx, f, size, meta, report)
}

// openLocked opens an existing file and takes the lock of the store.
func openLocked(path string) (*os.File, int64, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, 0, err
	}
	if err = lock(f, lockWait); err == nil {
		var info os.FileInfo
		if info, err = f.Stat(); err == nil {
			return f, info.Size(), nil
		}
	}
	return nil, 0, errors.Join(err, f.Close())
}

// bestHeader is the header that counts, or the one that is left; false when none is.
func bestHeader(r io.ReaderAt) (meta boltMeta, problem *Problem, ok bool) {
	a, okA := readMeta(r, 0)
	b, okB := readMeta(r, 1)
	switch {
	case !okA && !okB:
		return a, &Problem{"file header", "both copies are damaged"}, false
	case !okA:
		return b, &Problem{"file header 0", "is damaged"}, true
	case !okB:
		return a, &Problem{"file header 1", "is damaged"}, true
	case b.txid > a.txid:
		return b, nil, true
	}
	return a, nil, true
}

// deepCheck inspects a file and replays its log in a compact form.
func deepCheck(ctx context.Context, r io.ReaderAt, size int64, meta boltMeta, report func(Problem)) error {
	c := &replay{seed: maphash.MakeSeed(), known: map[uint64]uint32{}, features: make([]replayed, 1), current: map[string]uint32{}}
	in, err := inspect(ctx, r, size, meta, visitor{payload: c.payload, row: c.row})
	if err != nil {
		return err
	}
	if in.intact == in.last {
		c.compare(in) // otherwise everything would differ
	}
	for _, list := range [][]Problem{in.problems, in.blocks, c.problems} {
		for _, p := range list {
			report(p)
		}
	}
	return nil
}

// replay is the state after the entries read so far, without content.
type replay struct {
	problems []Problem
	seed     maphash.Seed
	decoder  data.Decoder
	recorded time.Time
	defs     definitions
	// incarnations are the layers that were ever created; current is the position of those that exist.
	incarnations []incarnation
	current      map[string]uint32
	features     []replayed        // by permanent id; the first is unused
	known        map[uint64]uint32 // permanent id by hash of incarnation and id
	seen         []uint64          // bitmap of the permanent ids that have a row
}

type incarnation struct {
	layer string
	ended bool
}

// replayed is the newest change of a feature.
type replayed struct {
	seq         data.Seq
	sum         uint64 // first bytes of the hash of its payload
	incarnation uint32
}

func (c *replay) bad(where, what string) {
	if len(c.problems) < mostProblems {
		c.problems = append(c.problems, Problem{where, what})
	}
}

func shortHash(payload []byte) uint64 {
	h := sha256.Sum256(payload)
	return binary.BigEndian.Uint64(h[:])
}

func (c *replay) payload(h *data.Header, _, payload []byte, last bool) {
	if c.defs.layers == nil {
		c.defs = definitions{layers: map[string]*definition{}, schemes: map[string]*definition{}}
	}
	where := fmt.Sprintf("log entry %d", h.Seq)
	ch, err := c.decoder.Payload(payload)
	switch {
	case err != nil:
		c.bad(where, err.Error())
	case ch.Stream == data.StreamFeature:
		c.feature(h, &ch, payload)
	default:
		c.definition(h, ch, payload)
	}
	if !last {
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

func (c *replay) definition(h *data.Header, ch data.Change, payload []byte) {
	prev := data.Seq(0)
	if old := c.defs.of(ch.Stream)[ch.Layer]; old.exists() {
		prev = old.seq
	}
	if ch.Prev != prev {
		c.bad(fmt.Sprintf("log entry %d, definition %s", h.Seq, ch.Layer), fmt.Sprintf("says it follows entry %d and follows %d", ch.Prev, prev))
	}
	c.defs.apply(h.Seq, ch, payload)
	if ch.Stream != data.StreamSchema {
		return
	}
	at, exists := c.current[ch.Layer]
	switch {
	case ch.Op == data.OpDelete && exists:
		c.incarnations[at].ended = true
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

func (c *replay) feature(h *data.Header, ch *data.Change, payload []byte) {
	bad := func(what string) {
		c.bad(fmt.Sprintf("log entry %d, feature %s/%s", h.Seq, ch.Layer, ch.Feature.ID), what)
	}
	layer, ok := c.current[ch.Layer]
	if !ok {
		bad("has no layer")
		return
	}
	if ch.Op == data.OpPut {
		if err := c.defs.layers[ch.Layer].change.Definition.Check(&ch.Feature); err != nil {
			bad(err.Error())
		}
	}
	id := c.id(layer, ch.Feature.ID)
	permanent, known := c.known[id]
	prev := data.Seq(0)
	if known {
		prev = c.features[permanent].seq
	} else {
		permanent = uint32(len(c.features))
		c.known[id] = permanent
		c.features = append(c.features, replayed{})
	}
	if ch.Permanent != permanent {
		bad(fmt.Sprintf("has permanent id %d instead of %d", ch.Permanent, permanent))
	}
	if ch.Prev != prev {
		bad(fmt.Sprintf("says it follows entry %d and follows %d", ch.Prev, prev))
	}
	c.features[permanent] = replayed{h.Seq, shortHash(payload), layer}
}

// row compares a row of the checkpoint with the log, which was read before.
func (c *replay) row(key []byte, rows []row) {
	if c.seen == nil {
		c.seen = make([]uint64, len(c.features)/64+1)
	}
	for i := range rows {
		r := &rows[i]
		bad := func(what string) {
			c.bad(fmt.Sprintf("checkpoint block %x, permanent id %d", key, r.permanent), what)
		}
		if int(r.permanent) >= len(c.features) || r.permanent == 0 {
			bad("was never given out")
			continue
		}
		f := &c.features[r.permanent]
		in := c.incarnations[f.incarnation]
		layer, _ := blockLayer(key)
		switch {
		case in.layer != string(layer):
			bad("belongs to layer " + in.layer)
		case r.seq > f.seq:
			bad(fmt.Sprintf("is of entry %d and the log has it up to %d", r.seq, f.seq))
		case c.seen[r.permanent/64]&(1<<(r.permanent%64)) != 0:
			bad("appears twice")
		case r.seq == f.seq && shortHash(r.record[8:]) != f.sum:
			bad("differs from the log")
		default:
			c.seen[r.permanent/64] |= 1 << (r.permanent % 64)
			if r.seq == f.seq {
				f.sum = 0 // in order
			}
		}
	}
}

// compare checks the projections that are complete only at the end.
func (c *replay) compare(in *inspection) {
	for _, stream := range []data.Stream{data.StreamSchema, data.StreamScheme} {
		want, have := c.defs.of(stream), in.defs.of(stream)
		for name, d := range want {
			if h := have[name]; h == nil || h.seq != d.seq || h.born != d.born || string(h.payload) != string(d.payload) {
				c.bad(fmt.Sprintf("definition %q", name), "differs from the log")
			}
		}
		for name := range have {
			if want[name] == nil {
				c.bad(fmt.Sprintf("definition %q", name), "is not in the log")
			}
		}
	}
	if c.defs.dropped != in.dropped {
		c.bad("bucket meta", fmt.Sprintf("says that entry %d dropped a layer and %d did", in.dropped, c.defs.dropped))
	}
	if !in.usable() {
		return
	}
	for permanent := 1; permanent < len(c.features); permanent++ {
		f := &c.features[permanent]
		if f.seq <= in.mark && f.sum != 0 && !c.incarnations[f.incarnation].ended {
			c.bad(fmt.Sprintf("checkpoint, permanent id %d", permanent), fmt.Sprintf("lacks entry %d, although it is complete up to %d", f.seq, in.mark))
		}
	}
}
