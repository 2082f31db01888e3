// Package inspect reads a whole store file and judges it: the structure of its pages, the hashes and chain of its log,
// its settings and definitions, its checkpoint, and, by a replay of the log, what no hash shows. It reads with ReadAt
// only and changes nothing. What is done about damage is decided by its callers.
package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/image"
	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// Problem is one broken invariant of a store.
type Problem struct {
	Where string
	What  string
}

// String is "where: what".
func (p Problem) String() string { return p.Where + ": " + p.What }

// Empty is what is wrong with a file without bytes: the creation of a store leaves none, see boltstore.Open.
const Empty = "is empty (0 bytes): gewu makes no such file, so the city that was in it is lost; bring back a backup, " +
	"or remove the file to begin a new city"

// Header is the file header that counts, or the one that is left when the other is damaged, which problem says then;
// false when none is left.
func Header(r io.ReaderAt) (meta image.Meta, problem *Problem, ok bool) {
	meta, valid := image.ReadMetas(r)
	switch {
	case empty(r):
		return meta, &Problem{"file", Empty}, false
	case !valid[0] && !valid[1]:
		return meta, &Problem{"file header", "both copies are damaged"}, false
	case !valid[0]:
		return meta, &Problem{"file header 0", "is damaged"}, true
	case !valid[1]:
		return meta, &Problem{"file header 1", "is damaged"}, true
	}
	return meta, nil, true
}

func empty(r io.ReaderAt) bool {
	n, err := r.ReadAt(make([]byte, 1), 0)
	return n == 0 && errors.Is(err, io.EOF)
}

// Findings are what reading a whole file found.
type Findings struct {
	// Problems are at most 100, in the order in which they were met.
	Problems []Problem
	// Blocks are problems of checkpoint blocks alone, which the store rebuilds by itself; at most 100.
	Blocks []Problem
	// Settings are those of the file, as far as they are in order. With a Format that is too new nothing behind them
	// was read.
	layout.Settings
	// Intact is the last of the entries from 1 on that are all in order.
	Intact data.Seq
	// Counted are the totals of the log up to its first damage.
	Counted layout.Totals
	// Ended is the newest entry that the file says it has, Settled the newest of those that no interrupted commit can
	// have torn. They are looked for only when there are Problems.
	Ended, Settled data.Seq

	defs layout.Definitions
	// beyond reports that an entry after the first damaged one is in order: then the damage is no torn tail.
	beyond bool
	// readable is false when the file has no log.
	readable bool
	// unsettled reports that nothing in the file says where its log ended.
	unsettled bool
}

// mostProblems bounds a report: the first ones say enough.
const mostProblems = 100

func (in *Findings) bad(where, what string) {
	if len(in.Problems) < mostProblems {
		in.Problems = append(in.Problems, Problem{where, what})
	}
}

// Repairable reports whether the damage costs nothing, or no more than a torn tail: entries of the newest transaction,
// which an interrupted commit on a disk that does not keep its promises leaves behind.
func (in *Findings) Repairable() bool {
	return in.readable && !in.beyond && in.Intact >= in.Horizon && in.Intact >= in.Settled && !in.unsettled
}

// Keepable reports whether a cut at the first damage leaves a city at all. What was erased because of a newer entry is
// missing when that one is lost.
func (in *Findings) Keepable() bool { return in.readable && in.Intact > 0 && in.Intact >= in.Horizon }

// Visitor looks at what an inspection reads, and says how; any member may be nil or zero. Bytes are valid during the
// call only.
type Visitor struct {
	// Record gets each checked record of the intact entries in the order of the log, with the header of its entry and
	// the encoded value. A header comes with the first record after it, encoded.
	Record func(h *data.Header, encoded []byte, r layout.Record, value []byte)
	// Rows gets each block of the checkpoint that is in order, after the log, and the encoded value.
	Rows func(key []byte, rows []layout.Row, value []byte)
	// Newest is the number of newest entries whose payloads are compared with their hashes; those of all when it is 0.
	Newest data.Seq
}

// File reads the whole file of size bytes with the given header and checks everything that needs no memory in
// proportion to the number of features: structure of pages, settings, definitions, hashes and chain of the log,
// checksums of blocks. Damage is found, not returned, and so is what cannot be read; the only error is that of ctx.
func File(ctx context.Context, r io.ReaderAt, size int64, meta image.Meta, v Visitor) (*Findings, error) {
	in := &Findings{defs: layout.NewDefinitions()}
	file := image.NewReader(r, size, meta, in.bad)
	buckets := map[string]image.Element{}
	file.Buckets(func(e image.Element) {
		if e.Flags != image.FlagBucket {
			in.bad("list of buckets", fmt.Sprintf("%q is not a bucket", e.Key))
			return
		}
		buckets[string(e.Key)] = image.Element{Flags: e.Flags, Key: bytes.Clone(e.Key), Value: bytes.Clone(e.Value)}
	})
	for name := range buckets {
		switch name {
		case string(layout.BucketMeta), string(layout.BucketDefs), string(layout.BucketLog), string(layout.BucketRows):
		default:
			in.bad("list of buckets", fmt.Sprintf("%q is unknown", name))
		}
	}
	open := func(name []byte, visit func(image.Element)) bool {
		e, ok := buckets[string(name)]
		if !ok {
			in.bad("list of buckets", fmt.Sprintf("%q is missing", name))
			return false
		}
		file.Bucket(e, func(e image.Element) {
			if e.Flags != image.FlagValue {
				in.bad(fmt.Sprintf("bucket %s", name), fmt.Sprintf("key %x is not a value", e.Key))
				return
			}
			if ctx.Err() == nil {
				visit(e)
			}
		})
		return true
	}
	if open(layout.BucketMeta, in.takeSetting) {
		if err := in.Complete(); err != nil {
			in.bad("bucket meta", err.Error())
		}
		if in.Horizon > in.Last {
			in.bad("bucket meta", fmt.Sprintf("says that history is complete from entry %d on and the log ends at %d", in.Horizon, in.Last))
		}
	}
	if in.Format > layout.Version {
		return in, nil // what follows may look different
	}
	in.defs.Dropped = in.Dropped
	open(layout.BucketDefs, in.takeDefinition)
	log := logInspector{in: in, visit: v.Record, scanner: layout.NewScanner(1)}
	if v.Newest > 0 && in.Last > v.Newest {
		log.trust = in.Last - v.Newest
	}
	log.scanner.Horizon = in.Horizon
	in.readable = open(layout.BucketLog, log.take)
	log.end()
	open(layout.BucketRows, func(e image.Element) { in.takeBlock(e, v.Rows) })
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if in.Mark > in.Last || in.Dropped > in.Last {
		in.bad("bucket meta", "the checkpoint is newer than the log")
	}
	if in.Staged != 0 && in.Staged != in.Last+1 {
		in.bad("bucket meta", fmt.Sprintf("says that entries from %d on are not complete, and the log ends at %d", in.Staged, in.Last))
	}
	file.Free()
	if in.Ended = in.Last; len(in.Problems) > 0 {
		in.settle(r, size, meta)
	}
	return in, nil
}

func (in *Findings) takeSetting(e image.Element) {
	if err := in.Set(e.Key, e.Value); err != nil {
		in.bad("bucket meta", err.Error())
	}
}

func (in *Findings) takeDefinition(e image.Element) {
	d, err := layout.ParseDefinition(e.Key, e.Value, &data.Decoder{})
	if err != nil {
		in.bad(fmt.Sprintf("definition %q", e.Key), err.Error())
		return
	}
	in.defs.Of(d.Change.Stream)[d.Change.Layer] = d
}

func (in *Findings) takeBlock(e image.Element, visit func(key []byte, rows []layout.Row, value []byte)) {
	var err error
	if visit == nil {
		err = layout.CheckBlock(e.Key, e.Value)
	} else {
		var rows []layout.Row
		if rows, err = layout.ParseBlock(e.Key, e.Value); err == nil {
			visit(e.Key, rows, e.Value)
		}
	}
	if err != nil && len(in.Blocks) < mostProblems {
		in.Blocks = append(in.Blocks, Problem{fmt.Sprintf("checkpoint block %x", e.Key), err.Error()})
	}
}

// logInspector reads the records of the log in order, and after damage looks whether a later entry is in order.
type logInspector struct {
	in      *Findings
	visit   func(h *data.Header, encoded []byte, r layout.Record, value []byte)
	scanner layout.Scanner
	trust   data.Seq // last entry whose payloads are not hashed
	header  []byte   // encoded, of the entry that is read
	// size and erased are those of the records of that entry; before is the recorded time of the entry before.
	size, erased int
	before       time.Time
	lost         bool // after the first damage
	// after reads the entry that is looked at after damage.
	after *layout.Scanner
}

func (l *logInspector) take(e image.Element) {
	if seq, _, ok := layout.ParseLogKey(e.Key); ok && l.in.Staged > 0 && seq >= l.in.Staged {
		return // not part of the log: its group was never completed
	}
	if l.lost {
		l.search(e)
		return
	}
	l.scanner.Trust = l.scanner.Next() <= l.trust
	r, err := l.scanner.Take(e.Key, e.Value)
	if damage, ok := errors.AsType[*layout.DamageError](err); ok {
		l.in.bad(damage.Where, damage.What)
		l.lost = true
		l.search(e)
		return
	}
	l.size += len(e.Key) + len(e.Value)
	if r.Count == 0 {
		if l.visit != nil {
			l.header = append(l.header[:0], e.Value...)
		}
		return
	}
	l.erased += len(r.Erased)
	h := l.scanner.Header()
	if l.visit != nil {
		l.visit(h, l.header, r, e.Value)
	}
	if r.Last {
		l.in.Intact = h.Seq
		l.in.Counted.Add(l.before, h.Recorded, len(h.Payloads), l.size)
		l.in.Counted.Erase(l.erased, 0)
		l.before, l.size, l.erased = h.Recorded, 0, 0
	}
}

// search looks for one later entry that is complete and matches its hashes, wherever the chain came from.
func (l *logInspector) search(e image.Element) {
	if l.in.beyond {
		return
	}
	seq, n, ok := layout.ParseLogKey(e.Key)
	if !ok {
		return
	}
	if n == 0 && seq > l.in.Intact+1 {
		h, err := data.DecodeHeader(e.Value)
		if err != nil {
			l.after = nil
			return
		}
		after := layout.NewScannerAt(seq, h.PrevHash)
		after.Horizon = l.in.Horizon
		l.after = &after
	}
	if l.after == nil {
		return
	}
	r, err := l.after.Take(e.Key, e.Value)
	if err != nil {
		l.after = nil
		return
	}
	l.in.beyond = r.Last
}

// end compares where the log ends with where it should.
func (l *logInspector) end() {
	if l.lost {
		return
	}
	switch {
	case l.scanner.Within():
		l.in.bad(fmt.Sprintf("log entry %d", l.scanner.Next()), "changes are missing at its end")
	case l.in.Intact != l.in.Last:
		l.in.bad("log", fmt.Sprintf("ends at entry %d and should end at %d", l.in.Intact, l.in.Last))
	case l.scanner.Chain() != l.in.LastHash:
		l.in.bad(fmt.Sprintf("log entry %d", l.in.Last), "is not the newest entry that was committed")
	case l.in.Totals != (layout.Totals{}) && l.in.Totals.Differ(&l.in.Counted):
		l.in.bad("bucket meta", fmt.Sprintf("says that the log has %s and it has %s", l.in.Totals.String(), l.in.Counted.String()))
	}
}
