package boltstore

import (
	"sync/atomic"

	"github.com/gewu-city/gewu/data"
)

// counters are what a store has done since it was opened.
type counters struct {
	commits, transactions, changes atomic.Uint64
	mark                           atomic.Uint64
	pending                        atomic.Int64 // changes since a checkpoint was begun
}

func (c *counters) add(transactions, changes int) {
	c.commits.Add(1)
	c.transactions.Add(uint64(transactions))
	c.changes.Add(uint64(changes))
}

// Stats are the work of a store since it was opened, for metrics.
type Stats struct {
	Commits      uint64 // groups written, with one sync of the log each
	Transactions uint64
	Changes      uint64
	Mark         data.Seq // of the newest checkpoint
	Bytes        int64    // of the file that are in use
}

// Stats returns the counters. They are read one by one and may be of slightly different moments.
func (db *DB) Stats() Stats {
	c := &db.stats
	return Stats{
		Commits: c.commits.Load(), Transactions: c.transactions.Load(), Changes: c.changes.Load(),
		Mark: data.Seq(c.mark.Load()), Bytes: db.size.Load(),
	}
}
