package boltstore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/admit"
	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// together is a group of transactions that become durable and visible together. The caller of AppendTogether prepares
// them one after the other while the committer writes the ones before.
type together struct {
	n int
	// next yields the prepared transactions. The caller closes it, and has set err before when they are not complete.
	next chan *request
	err  error
}

// AppendTogether makes n transactions durable and visible together, as [data.Store] says. Their entries are written
// behind the newest one, each with a sync, without being part of the log: Last stays where it is, and the file says that
// they are staged. The last of them makes all of them part of the log in its own commit. Until then a crash, an error or
// the end of ctx leaves entries that nobody sees and that are removed before anything else is written.
func (db *DB) AppendTogether(ctx context.Context, n int, txs iter.Seq2[data.Tx, error]) (data.Seq, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if n < 1 {
		return 0, data.ErrEmpty
	}
	group := &together{n: n, next: make(chan *request, 1)}
	r := &request{together: group, done: make(chan struct{})}
	if !db.queue.put(r) {
		return 0, data.ErrClosed
	}
	group.err = group.prepare(ctx, txs, r.done)
	close(group.next)
	if group.err != nil && r.leave() {
		return 0, group.err
	}
	return db.outcome(ctx, r)
}

// prepare encodes the transactions and hands them over, until all are or the committer has answered.
func (g *together) prepare(ctx context.Context, txs iter.Seq2[data.Tx, error], answered <-chan struct{}) error {
	given := 0
	for tx, err := range txs {
		if err != nil {
			return err
		}
		if given == g.n {
			return fmt.Errorf("append to store: more than %d transactions were given", g.n)
		}
		r, err := newRequest(tx)
		if err != nil {
			return err
		}
		if !r.only {
			return &data.ChangeError{Err: &data.FieldError{Field: "stream", Why: "transactions that are appended together hold features only"}}
		}
		select {
		case g.next <- r:
			given++
		case <-answered:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("append to store: %w", ctx.Err())
		}
	}
	if given < g.n {
		return fmt.Errorf("append to store: %d of %d transactions were given", given, g.n)
	}
	return nil
}

// appendTogether writes a group and answers its caller.
func (c *committer) appendTogether(ctx context.Context, r *request) {
	if ctx.Err() != nil {
		r.answer(0, data.ErrClosed)
		return
	}
	if err := c.prepare(); err != nil {
		r.answer(0, err)
		return
	}
	// The heads of the group are too many to keep until the engine has applied it, and to undo one by one: it begins
	// when the engine knows everything, and what comes after it waits until the engine knows the group.
	c.start = c.db.Last()
	if !c.ready(ctx) {
		r.answer(0, data.ErrClosed)
		return
	}
	c.heads.Renew(true)
	d := c.draft()
	entries, changes, err := c.stage(ctx, &d, r.together)
	c.heads.Renew(false)
	if err != nil {
		r.answer(0, err)
		return
	}
	c.start = d.seq
	c.db.ring.Add(entries)
	c.db.tip.move(d.position)
	c.db.stats.add(r.together.n, changes)
	r.answer(d.seq, nil)
	c.db.nudge(changes)
}

// stage writes the transactions of a group; with the last one they are part of the log. It returns the newest entries,
// as many as the ring holds, and the number of all changes.
func (c *committer) stage(ctx context.Context, d *draft, g *together) (entries []*data.Entry, changes int, err error) {
	first, last := d.seq+1, d.seq+data.Seq(g.n)
	held, before := 0, c.db.tip.load().recorded
	links := admit.NewGroup(g.n)
	for d.seq < last {
		var r *request
		var ok bool
		select {
		case r, ok = <-g.next:
		case <-ctx.Done():
			return nil, 0, data.ErrClosed
		}
		if !ok {
			return nil, 0, g.err // the caller has failed: it never ends early otherwise
		}
		if err := c.admit(ctx, d, r, links); err != nil {
			return nil, 0, err
		}
		e, header := c.entry(d, r, last)
		d.hash = sha256.Sum256(header)
		d.totals.Add(before, d.recorded, len(r.changes), layout.EntryBytes(header, len(r.payloads), len(r.changes)))
		before = d.recorded
		r.seq = d.seq
		// The caller may still fail, or give one transaction too many: the last is written when it has ended.
		if d.seq == last {
			select {
			case <-g.next:
			case <-ctx.Done():
				return nil, 0, data.ErrClosed
			}
			if g.err != nil {
				return nil, 0, g.err
			}
		}
		if err := c.writeStaged(r, header, d, first, last); err != nil {
			return nil, 0, err
		}
		entries = append(entries, e)
		changes += len(r.changes)
		for held += len(r.changes); held > c.db.opts.ringChanges && len(entries) > 1; entries = entries[1:] {
			held -= len(entries[0].Changes)
		}
	}
	return entries, changes, nil
}

// writeStaged writes one transaction of a group.
func (c *committer) writeStaged(r *request, header []byte, d *draft, first, last data.Seq) error {
	visible := data.Seq(0)
	if d.seq == last {
		visible = last
	}
	c.staged = true
	err := c.db.update(visible, func(tx *bbolt.Tx) error {
		if err := putEntries(tx, []*request{r}, [][]byte{header}); err != nil {
			return err
		}
		switch d.seq {
		case last:
			return errors.Join(layout.PutStaged(tx, 0), layout.PutLast(tx, d.seq, d.hash, &d.totals))
		case first:
			return layout.PutStaged(tx, first)
		default:
			return nil
		}
	})
	if err == nil && d.seq == last {
		c.staged = false
	}
	return err
}

// unstage removes what a group that was given up has left behind the newest entry.
func (c *committer) unstage() error {
	if !c.staged {
		return nil
	}
	if err := c.db.unstage(); err != nil {
		return err
	}
	c.staged = false
	return nil
}

// stepRemoves bounds the records that one transaction of the file removes.
const stepRemoves = 20_000

// unstage removes the records behind the newest entry, in transactions of bounded size, the last first: what is left
// after a crash is what it was, only less.
func (db *DB) unstage() error {
	limit := layout.LogKey(db.Last()+1, 0)
	for more := true; more; {
		err := db.update(0, func(tx *bbolt.Tx) error {
			log := tx.Bucket(layout.BucketLog)
			keys := make([][]byte, 0, stepRemoves)
			cursor := log.Cursor()
			for k, _ := cursor.Last(); k != nil && string(k) >= string(limit[:]) && len(keys) < stepRemoves; k, _ = cursor.Prev() {
				keys = append(keys, append([]byte(nil), k...))
			}
			for _, k := range keys {
				if err := log.Delete(k); err != nil {
					return err
				}
			}
			if more = len(keys) == stepRemoves; more {
				return nil
			}
			return layout.PutStaged(tx, 0)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
