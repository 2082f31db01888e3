// Package compact erases what retention does not keep: payloads of changes of features that a newer change supersedes.
//
// Headers stay, with the hash of each payload, so that the chain of the log verifies as before. In the place of erased
// payloads stand runs (see layout.EncodeRun), which say of each change which feature it was about and which change came
// before it. Definitions are never erased.
//
// # What may be erased
//
// History is kept complete from an entry on, the horizon. A change may be erased when a later change of the same feature
// stands at or before the horizon, or the end of its layer does. That keeps every city at or after the horizon exact.
// Questions about an effective time are answered by the newest change that was effective by then, so the later change
// must also be effective by the recorded time of the horizon, and not earlier than the change it supersedes (see
// data.Entry.Since): then no question about a time after the horizon's can find the erased one.
//
// # How
//
// A pass walks the log from the horizon to its beginning. For each feature it holds the latest effective time of the
// changes seen so far, 8 bytes by permanent id; features beyond Limits.IDs take further passes. It reads in short read
// transactions and erases in short steps between the commits of others. The horizon is durable before the first of them,
// and each step is right by itself, so a pass may end anywhere: the next one does what is left.
package compact

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// File is how a compaction reads and writes the file of a store in use.
type File interface {
	// View runs fn in a read transaction, which should be short.
	View(fn func(*bbolt.Tx) error) error
	// Erase runs fn in a write transaction and makes it durable. In the same transaction it takes the given number of
	// changes and bytes out of the totals of the log.
	Erase(ctx context.Context, changes, bytes int, fn func(*bbolt.Tx) error) error
}

// Plan says what to do.
type Plan struct {
	// Horizon is the entry from which on everything is kept, and Recorded its recorded time.
	Horizon  data.Seq
	Recorded time.Time
	// Permanents is the highest permanent id that was given out up to there.
	Permanents uint32
	// DryRun counts and erases nothing.
	DryRun bool
	// Progress, when not nil, is called now and then with the part of the work that is done, from 0 to 1.
	Progress func(part float64)
	Limits   Limits
}

// Result is what was erased, or would be.
type Result struct {
	// Changes are those whose payloads were erased now, Bytes what that took off the log.
	Changes, Bytes int64
}

// Limits bound the work. A zero member is the standard.
type Limits struct {
	// IDs is the number of permanent ids for which a pass remembers times: 8 Mi, which is 64 MiB.
	IDs uint32
	// ReadChanges and ReadBytes bound one read transaction: 20,000 and 8 MiB.
	ReadChanges, ReadBytes int
	// EraseChanges bounds the changes of one step, up to a window more: 2,000.
	EraseChanges int
}

func (l Limits) withDefaults() Limits {
	return Limits{
		IDs:          cmp.Or(l.IDs, 8<<20),
		ReadChanges:  cmp.Or(l.ReadChanges, 20_000),
		ReadBytes:    cmp.Or(l.ReadBytes, 8<<20),
		EraseChanges: cmp.Or(l.EraseChanges, 2_000),
	}
}

// Run erases what may be erased. The error is that of ctx or of the file; what was erased before it is in the result.
func Run(ctx context.Context, f File, plan Plan) (Result, error) {
	var done Result
	plan.Limits = plan.Limits.withDefaults()
	ids := plan.Limits.IDs
	passes := 1 + plan.Permanents/ids
	for n := range passes {
		p := pass{
			file: f, plan: plan, result: &done,
			first:   n * ids,
			latest:  make([]int64, min(ids, plan.Permanents-n*ids+1)),
			dropped: map[string]int64{},
			at:      place{seq: plan.Horizon},
			until:   plan.Recorded.UnixMicro(),
		}
		for i := range p.latest {
			p.latest[i] = never
		}
		for p.at.seq > 0 {
			if err := p.step(ctx); err != nil {
				return done, err
			}
			if plan.Progress != nil {
				part := 1 - float64(p.at.seq)/float64(max(plan.Horizon, 1))
				plan.Progress((float64(n) + part) / float64(passes))
			}
		}
	}
	return done, nil
}

// never is an effective time before all others.
const never = math.MinInt64

// pass is one walk over the log, backwards.
type pass struct {
	file   File
	plan   Plan
	result *Result
	until  int64 // changes effective later supersede nothing
	// latest is, by permanent id from first on, the latest effective time of the changes seen that may supersede.
	first  uint32
	latest []int64
	// dropped is the same for the end of layers, until the pass comes to where they began.
	dropped map[string]int64
	at      place
	// windows are those that the next step rewrites.
	windows []*window
}

// place is where a pass is: before it lies what is still to be seen.
type place struct {
	seq data.Seq
	// within is set inside of an entry: windows with numbers below window are to be seen. Effective and count are those
	// of its header.
	within    bool
	window    int
	effective int64
	count     int
}

// step reads as much as a read transaction may, and erases what was found.
func (p *pass) step(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.windows = p.windows[:0]
	err := p.file.View(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket(layout.BucketLog).Cursor()
		changes, size, erased, most := 0, 0, 0, p.plan.Limits
		for p.at.seq > 0 && changes < most.ReadChanges && size < most.ReadBytes && erased < most.EraseChanges {
			w, err := p.read(cursor)
			if err != nil {
				return err
			}
			changes += len(w.records)
			size += w.size
			if n := p.judge(w); n > 0 {
				erased += n
				p.windows = append(p.windows, w)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return p.erase(ctx)
}

// read reads the window before the place and moves the place there.
func (p *pass) read(cursor *bbolt.Cursor) (*window, error) {
	at := &p.at
	if !at.within {
		key := layout.LogKey(at.seq, 0)
		k, v := cursor.Seek(key[:])
		if !bytes.Equal(k, key[:]) {
			return nil, fmt.Errorf("log entry %d, header: is missing", at.seq)
		}
		h, err := data.DecodeHeader(v)
		if err != nil {
			return nil, fmt.Errorf("log entry %d, header: %w", at.seq, err)
		}
		at.within, at.count = true, len(h.Payloads)
		at.effective = min(h.Effective.UnixMicro(), h.Recorded.UnixMicro()) // see data.Entry.Since
		at.window = (at.count-1)/layout.WindowChanges + 1
	}
	at.window--
	w := newWindow(at.seq, at.window, at.count, at.effective)
	if err := w.read(cursor); err != nil {
		return nil, err
	}
	if at.window == 0 {
		*at = place{seq: at.seq - 1}
	}
	return w, nil
}

// judge decides which changes of a window may be erased and takes note of what they supersede, from the last to the
// first. It returns how many are to be erased now.
func (p *pass) judge(w *window) int {
	erased := 0
	for i := len(w.records) - 1; i >= 0; i-- {
		r := &w.records[i]
		if r.definition {
			p.judgeDefinition(w, r)
			continue
		}
		place := int(r.Permanent) - int(p.first)
		if place < 0 || place >= len(p.latest) {
			continue // the matter of another pass
		}
		latest := &p.latest[place]
		end, ended := p.dropped[r.Layer]
		if !r.erased && (*latest >= w.effective || ended && end >= w.effective) {
			r.erased = true
			erased++
		}
		if w.effective <= p.until {
			*latest = max(*latest, w.effective)
		}
	}
	w.erased = erased
	return erased
}

func (p *pass) judgeDefinition(w *window, r *record) {
	switch {
	case !r.layer:
	case r.Op == data.OpDelete && w.effective <= p.until:
		p.dropped[r.Layer] = w.effective
	case r.Op == data.OpPut && r.Prev == 0:
		// Here the layer began: what comes before belongs to one of the same name that was dropped earlier.
		delete(p.dropped, r.Layer)
	}
}

// erase rewrites the windows that were read.
func (p *pass) erase(ctx context.Context) error {
	changes, lost := 0, 0
	for _, w := range p.windows {
		w.plan()
		changes += w.erased
		lost += w.lost
	}
	if changes == 0 {
		return nil
	}
	if !p.plan.DryRun {
		err := p.file.Erase(ctx, changes, lost, func(tx *bbolt.Tx) error {
			log := tx.Bucket(layout.BucketLog)
			log.FillPercent = layout.LogFill
			for _, w := range p.windows {
				if err := w.write(log); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	p.result.Changes += int64(changes)
	p.result.Bytes += int64(lost)
	return nil
}
