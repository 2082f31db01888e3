package boltstore

import (
	"log/slog"
	"os"
	"time"

	"github.com/gewu-city/gewu/data/boltstore/compact"
)

// Verify says how much of a store Open reads before it trusts it.
type Verify int

// The depths of verification. VerifyAuto reads everything up to 1 GiB and the tail beyond.
const (
	VerifyAuto Verify = iota
	// VerifyFull reads every page in use and checks structure, hashes and checksums.
	VerifyFull
	// VerifyTail checks the size of the file, the headers of the file and the newest entries.
	VerifyTail
	// VerifyNone checks only what bbolt checks.
	VerifyNone
)

// Options are the settings of a store. Now is required; the zero value of everything else is the default.
type Options struct {
	// Now is the clock of recorded times.
	Now func() time.Time
	// Logger receives what nobody waits for: discarded checkpoints, failed writes. Nil discards.
	Logger *slog.Logger
	// Verify is how much Open reads.
	Verify Verify
	// CheckpointChanges is the number of changes after which a checkpoint is written, at least; a store with many
	// records waits for an eighth of them, because a checkpoint of scattered changes rewrites most blocks.
	// 100,000 when zero: reading so many at a start takes a fifth of a second.
	CheckpointChanges int
	// CheckpointInterval is the time after which a checkpoint of fewer changes is written. One minute when zero.
	CheckpointInterval time.Duration
	// ShutdownTimeout bounds the checkpoint that Run writes before it returns. Three seconds when zero.
	ShutdownTimeout time.Duration
	// RetryInterval is the time after which a store that cannot write tries again although nobody asks. Five seconds
	// when zero.
	RetryInterval time.Duration
	// Observe, when not nil, is called after each group of transactions is durable, by the goroutine that writes: it
	// must not wait for anything.
	Observe func(Group)
	// MaxFileBytes bounds the file; beyond it the store is read-only. No bound when zero.
	MaxFileBytes int

	// ringChanges bounds the newest entries held in memory, in changes.
	ringChanges int
	// overlayHeads bounds the heads that the engine has not applied yet.
	overlayHeads int
	// batchChanges bounds the changes that one step of the checkpointer holds in memory.
	batchChanges int
	// compaction bounds what a compaction does at once.
	compaction compact.Limits
	// noSync leaves out the syncs of the disk. A store survives the end of its process without them.
	noSync   bool
	openFile func(name string, flag int, perm os.FileMode) (*os.File, error)
}

func (o Options) withDefaults() Options {
	number := func(n *int, standard int) {
		if *n == 0 {
			*n = standard
		}
	}
	span := func(d *time.Duration, standard time.Duration) {
		if *d == 0 {
			*d = standard
		}
	}
	number(&o.CheckpointChanges, 100_000)
	number(&o.ringChanges, 200_000)
	number(&o.overlayHeads, 500_000)
	number(&o.batchChanges, 200_000)
	span(&o.CheckpointInterval, time.Minute)
	span(&o.ShutdownTimeout, 3*time.Second)
	span(&o.RetryInterval, 5*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.openFile == nil {
		o.openFile = os.OpenFile
	}
	return o
}
