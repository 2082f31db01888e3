package boltstore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/admit"
	"github.com/gewu-city/gewu/data/boltstore/layout"
	"github.com/gewu-city/gewu/data/boltstore/memory"
)

// committer is the only writer of the file. It lives in Run.
type committer struct {
	db    *DB
	heads *memory.Heads
	defs  admit.Definitions
	// start is the entry up to which only the engine knows: the newest when the store was opened, or of a group appended
	// together.
	start data.Seq
	// starved counts the groups since the checkpointer could write.
	starved int
	// events are those of the entries that were asked for last.
	events memory.Entries
	// staged says that the file may hold entries beyond the newest, which were to be appended together and were not.
	staged bool
}

// starvation is the number of groups after which a waiting step of the checkpointer goes first. A step takes about
// as long as a group.
const starvation = 16

// run commits until ctx ends and what waits then is written.
func (c *committer) run(ctx context.Context) {
	for ctx.Err() == nil {
		if c.db.queue.length() == 0 {
			select {
			case <-c.db.queue.signal:
			case s := <-c.db.steps:
				c.step(s)
			case <-c.probe():
				c.retry()
			case <-ctx.Done():
			}
			continue
		}
		if c.starved >= starvation {
			select {
			case s := <-c.db.steps:
				c.step(s)
			default:
			}
		}
		if c.ready(ctx) {
			c.gather()
			c.serve(ctx, c.db.queue.take())
			c.starved++
		}
	}
	c.db.queue.refuse()
	for c.db.queue.length() > 0 && c.known() {
		c.serve(ctx, c.db.queue.take())
	}
	c.db.queue.close()
}

// serve commits what was taken from the queue: some transactions that share one sync, or the request for several that
// are appended together.
func (c *committer) serve(ctx context.Context, group []*request) {
	if len(group) == 1 && group[0].together != nil {
		c.appendTogether(ctx, group[0])
		return
	}
	c.commit(ctx, group)
}

// gather lets writers run that are about to put a transaction, as long as they keep coming: those that the last group
// woke share the next one, instead of splitting into two groups that alternate. It costs an idle store nothing.
func (c *committer) gather() {
	for n := 0; ; {
		runtime.Gosched()
		more := c.db.queue.length()
		if more <= n || more >= maxGroupTxs {
			return
		}
		n = more
	}
}

// known reports whether the heads of all entries are known, and few enough are waiting for the engine.
func (c *committer) known() bool {
	if c.heads.Applied() < c.start {
		return false
	}
	c.heads.Prune()
	return c.heads.Len() < c.db.opts.overlayHeads
}

// ready waits until the engine has caught up so far that appends can be checked.
func (c *committer) ready(ctx context.Context) bool { return c.await(ctx, c.known) }

// await waits until a condition on the engine holds; false when ctx ends before. Meanwhile the checkpointer writes.
func (c *committer) await(ctx context.Context, holds func() bool) bool {
	if holds() {
		return true
	}
	const longest = 5 * time.Millisecond
	pause := 100 * time.Microsecond
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			if holds() {
				return true
			}
			pause = min(2*pause, longest)
			timer.Reset(pause)
		case s := <-c.db.steps:
			c.step(s)
		case <-ctx.Done():
			return false
		}
	}
}

// commit checks a group, writes it with one sync and answers everyone; with several syncs when the requests take so
// much with them that one would be too large. ctx ends the wait for the engine that some changes of definitions need.
func (c *committer) commit(ctx context.Context, group []*request) {
	for len(group) > 0 {
		group = group[c.commitSome(ctx, group):]
	}
}

// commitSome commits the first requests of a group and returns their number.
func (c *committer) commitSome(ctx context.Context, group []*request) int {
	if f := c.db.failure.Load(); f != nil && f.final {
		for _, r := range group {
			r.answer(0, f.err)
		}
		return len(group)
	}
	if err := c.prepare(); err != nil {
		for _, r := range group {
			r.answer(0, err)
		}
		return len(group)
	}
	d := c.draft()
	before := c.db.tip.load().recorded
	accepted := group[:0:0]
	var entries []*data.Entry
	var headers [][]byte
	changes := 0
	for i, r := range group {
		if changes > 2*maxGroupChanges {
			group = group[:i]
			break
		}
		if r.err = c.admit(ctx, &d, r, nil); r.err != nil {
			continue
		}
		e, header := c.entry(&d, r, d.seq)
		d.hash = sha256.Sum256(header)
		d.totals.Add(before, d.recorded, len(r.changes), layout.EntryBytes(header, len(r.payloads), len(r.changes)))
		before = d.recorded
		r.seq = d.seq
		accepted = append(accepted, r)
		entries = append(entries, e)
		headers = append(headers, header)
		changes += len(r.changes)
	}
	if len(accepted) > 0 {
		if err := c.write(accepted, headers, &d); err != nil {
			c.heads.Rollback(0)
			// A refusal may come from a change of the same group, which has not happened now.
			for _, r := range group {
				r.answer(0, err)
			}
			return len(group)
		}
		c.publish(&d, accepted, entries, changes)
	}
	// Nobody hears of a change before it is durable: not who made it, and not who was refused because of it.
	answerAll(group)
	return len(group)
}

// publish makes a group that is durable visible.
func (c *committer) publish(d *draft, accepted []*request, entries []*data.Entry, changes int) {
	c.heads.Keep(d.seq)
	c.defs = d.defs
	c.db.ring.Add(entries)
	c.db.tip.move(d.position)
	c.db.ring.Trim(c.heads.Applied())
	c.db.stats.add(len(accepted), changes)
	if c.db.opts.Observe != nil {
		c.db.opts.Observe(Group{Transactions: len(accepted), Changes: changes, Sync: c.db.synced})
	}
	if d.defs.Dropped == d.seq {
		changes = math.MaxInt32 // the checkpoint is of no use until it knows
	}
	c.db.nudge(changes)
}

// prepare makes the file one that can be written: of the newest format, without leftovers.
func (c *committer) prepare() error {
	if err := c.upgrade(); err != nil {
		return err
	}
	return c.unstage()
}

// admit checks a request, of a group or by itself, against a draft, which is then the one after it.
func (c *committer) admit(ctx context.Context, d *draft, r *request, group *admit.Group) error {
	s, err := admit.Admit(admit.State{Definitions: d.defs, Seq: d.seq, Permanent: d.permanent, Recorded: d.recorded}, c.heads, r, admitting{c, ctx}, group)
	if err == nil {
		d.defs, d.seq, d.permanent = s.Definitions, s.Seq, s.Permanent
	}
	return err
}

// admitting is the log as the check of a request asks for it, while ctx lasts.
type admitting struct {
	*committer
	ctx context.Context //nolint:containedctx // it lives as long as the check
}

// Settle implements [admit.Log].
func (a admitting) Settle() error {
	last := a.db.Last()
	if !a.await(a.ctx, func() bool { return a.heads.Applied() >= last }) {
		return data.ErrClosed
	}
	a.heads.Prune()
	return nil
}

// EventAt implements [admit.Log].
func (a admitting) EventAt(seq data.Seq, name string) (int, error) {
	e := a.events.Entry(seq)
	if e == nil {
		e = &memory.Entry{Seq: seq}
		switch err := a.db.readChanges(context.WithoutCancel(a.ctx), seq, e.Add); {
		case errors.Is(err, data.ErrNoEntry):
			return 0, nil
		case err != nil:
			return 0, err
		}
		a.events.Keep(e)
	}
	return e.Newest(name), nil
}

// draft is what the next transaction of a group builds on.
type draft struct {
	position
	defs admit.Definitions
}

// draft is where the next transactions begin. The clock is read once for all of them and never runs backwards, also
// across a change of the machine's time.
func (c *committer) draft() draft {
	d := draft{position: *c.db.tip.load(), defs: c.defs}
	if now := c.db.now(); now.After(d.recorded) {
		d.recorded = now
	}
	return d
}

// entry builds the log entry of an admitted request and its encoded header. visible is the last entry of the group
// that is appended together with it.
func (c *committer) entry(d *draft, r *request, visible data.Seq) (*data.Entry, []byte) {
	h := data.Header{
		Seq: d.seq, Recorded: d.recorded, Effective: d.recorded, Actor: r.tx.Actor, Cause: r.tx.Cause,
		Visible: visible, Operation: r.tx.Operation, Receipt: r.tx.Receipt,
		PrevHash: d.hash, Payloads: make([]data.Hash, len(r.changes)), Permanent: d.permanent,
	}
	if !r.tx.Effective.IsZero() {
		h.Effective = time.UnixMicro(r.tx.Effective.UnixMicro()).UTC()
	}
	for i := range r.changes {
		h.Payloads[i] = sha256.Sum256(r.Payload(i))
	}
	return h.Entry(r.changes), data.AppendHeader(make([]byte, 0, 256+len(data.Hash{})*len(h.Payloads)), &h)
}

// Run commits appends and writes checkpoints until ctx ends, then finishes what was accepted, writes a last
// checkpoint and returns after everything it started has ended. heads answers the preconditions: an append waits
// until heads has applied what the store held when it was opened. Run may be called once.
func (db *DB) Run(ctx context.Context, heads data.Heads) error {
	if !db.running.CompareAndSwap(false, true) {
		return errRunTwice
	}
	defer db.end()
	defs, err := db.definitions()
	if err != nil {
		db.queue.close()
		return fmt.Errorf("run store %s: %w", db.path, err)
	}
	c := &committer{
		db:    db,
		defs:  admit.With(defs),
		start: db.Last(),
		heads: memory.NewHeads(heads, db.Last()),
	}
	cp := &checkpointer{db: db}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		cp.run(work, ctx.Done())
	}()
	c.run(ctx)
	c.finish(ended, db.opts.ShutdownTimeout)
	stop()
	<-ended
	db.listFree()
	return nil
}

// finish writes the steps of the last checkpoint until the checkpointer has ended or the time is over.
func (c *committer) finish(ended <-chan struct{}, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	for {
		select {
		case s := <-c.db.steps:
			c.step(s)
		case <-ended:
			return
		case <-timer.C:
			return
		}
	}
}
