package boltstore

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// position is the newest durable entry and what the next one continues from.
type position struct {
	seq       data.Seq
	hash      data.Hash // of its header
	recorded  time.Time
	permanent uint32 // highest permanent id given out
	totals    layout.Totals

	moved chan struct{} // closed when there is a newer position
}

// tip publishes the position. One goroutine moves it, any number read and wait.
type tip struct{ at atomic.Pointer[position] }

func (t *tip) load() *position { return t.at.Load() }

func (t *tip) move(p position) {
	p.moved = make(chan struct{})
	if old := t.at.Swap(&p); old != nil {
		close(old.moved)
	}
}

// Wait returns when Last is greater than after, with the error of ctx, or with data.ErrClosed.
func (db *DB) Wait(ctx context.Context, after data.Seq) error {
	for {
		p := db.tip.load()
		if p.seq > after {
			return nil
		}
		select {
		case <-p.moved:
		case <-ctx.Done():
			return ctx.Err()
		case <-db.ended:
			if db.Last() > after {
				return nil
			}
			return data.ErrClosed
		}
	}
}
