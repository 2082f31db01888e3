package boltstore

import (
	"context"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// step is one short write transaction of work in the background: checkpoint, compaction, rebuild. The committer writes
// it when no append waits, so it must take no longer than a commit: about 20 ms.
type step struct {
	write func(*bbolt.Tx) error
	// then, when not nil, is called by the committer when write is durable, or at once when that is nil.
	then func(*committer)
	done chan error // holds one element
}

// submit has the committer write a step, and waits for it. Once the committer has taken the step submit returns its
// outcome, whatever happens to ctx.
func (db *DB) submit(ctx context.Context, s *step) error {
	s.done = make(chan error, 1)
	select {
	case db.steps <- s:
	case <-ctx.Done():
		return ctx.Err()
	case <-db.ended:
		return data.ErrClosed
	}
	return <-s.done
}

// step writes a step.
func (c *committer) step(s *step) {
	c.starved = 0
	c.db.ring.Trim(c.heads.Applied())
	var err error
	if s.write != nil {
		if err = c.upgrade(); err == nil {
			err = c.db.update(0, s.write)
		}
		if err != nil {
			c.reread()
		}
	}
	if err == nil && s.then != nil {
		s.then(c)
	}
	s.done <- err
}

// upgrade brings a file of an older format to the newest one before the first write of this program, in a transaction of
// its own.
func (c *committer) upgrade() error {
	if c.db.format == layout.Version {
		return nil
	}
	var s layout.Settings
	err := c.db.update(0, func(tx *bbolt.Tx) error {
		before, err := layout.ReadSettings(tx)
		if err == nil {
			s, err = layout.ToNewest(tx, before, c.db.now())
		}
		return err
	})
	if err != nil {
		return err
	}
	c.db.log.Info("the store was brought to a newer format; older programs cannot open it any more",
		"file", c.db.path, "from", c.db.format, "to", s.Format)
	c.db.format = s.Format
	c.retotal(s.Totals)
	return nil
}

// reread takes over what the file says after a step that failed: when only its last sync did, it is done all the same.
func (c *committer) reread() {
	err := c.db.view(func(tx *bbolt.Tx) error {
		s, err := layout.ReadSettings(tx)
		if err == nil {
			c.db.horizon.Store(uint64(s.Horizon))
			c.retotal(s.Totals)
		}
		return err
	})
	if err != nil {
		c.db.log.Error("settings cannot be read", "file", c.db.path, "err", err)
	}
}

// retotal publishes other totals of the same log.
func (c *committer) retotal(t layout.Totals) {
	p := *c.db.tip.load()
	p.totals = t
	c.db.tip.move(p)
}

// probe is a channel that becomes ready when a store that could not write should try again; nil while it can.
func (c *committer) probe() <-chan time.Time {
	if f := c.db.failure.Load(); f == nil || f.final {
		return nil
	}
	return time.After(c.db.opts.RetryInterval)
}

// retry writes next to nothing, to find out whether the store can write again: nobody may ask while it says that it
// cannot.
func (c *committer) retry() {
	// The error is the state that the store was in.
	_ = c.db.update(0, func(tx *bbolt.Tx) error { return layout.PutTotals(tx, &c.db.tip.load().totals) })
}
