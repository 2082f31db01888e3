package boltstore

import (
	"os"
	"sync/atomic"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/image"
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

// Group is one group of transactions that became durable with one commit of the file.
type Group struct {
	Transactions, Changes int
	// Sync is how long the commit took: writing the pages and waiting for the disk.
	Sync time.Duration
}

// Stats are the state of a store and its work since it was opened, for metrics.
type Stats struct {
	Commits      uint64 // groups written, with one sync of the log each
	Transactions uint64
	Changes      uint64
	Mark         data.Seq // of the newest checkpoint
	Horizon      data.Seq

	Bytes     int64 // of the file that have been used so far
	FileBytes int64 // of the file on the disk
	FreeBytes int64 // of Bytes that nothing is stored in
	LogBytes  int64 // of the records of the log and their keys

	LogChanges uint64 // in all entries of the log
	Erased     uint64 // of these, without payload
	// ChangesPerDay and BytesPerDay are the growth of the log, smoothed over two weeks.
	ChangesPerDay, BytesPerDay float64
}

// Stats returns the state and the counters. They are read one by one and may be of slightly different moments.
func (db *DB) Stats() Stats {
	c, p, bolt := &db.stats, db.tip.load(), db.bolt.Stats()
	s := Stats{
		Commits: c.commits.Load(), Transactions: c.transactions.Load(), Changes: c.changes.Load(),
		Mark: data.Seq(c.mark.Load()), Horizon: db.Horizon(), Bytes: db.size.Load(),
		FreeBytes: int64(bolt.FreePageN+bolt.PendingPageN) * image.PageSize,
		LogBytes:  int64(p.totals.Bytes), LogChanges: p.totals.Changes, Erased: p.totals.Erased,
	}
	s.ChangesPerDay, s.BytesPerDay = p.totals.Growth(p.recorded, db.now())
	if info, err := os.Stat(db.path); err == nil {
		s.FileBytes = info.Size()
	}
	return s
}
