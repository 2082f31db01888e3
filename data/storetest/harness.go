package storetest

import (
	"context"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/storetest/model"
)

// Running is a store whose Run is running, with a model that follows it.
type Running struct {
	data.Store
	Model *model.City

	stop  context.CancelFunc
	group *errgroup.Group
}

// Start runs a store with a model that follows it. The test ends both, unless [Running.Stop] did.
func Start(t testing.TB, store data.Store) *Running {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	r := &Running{Store: store, Model: model.New(), stop: stop, group: &errgroup.Group{}}
	r.group.Go(func() error { return store.Run(ctx, r.Model) })
	r.group.Go(func() error { return r.Model.Follow(ctx, store) })
	t.Cleanup(func() {
		if r.stop != nil {
			r.Stop(t)
		}
	})
	return r
}

// Stop ends Run and the model and closes the store.
func (r *Running) Stop(t testing.TB) {
	t.Helper()
	r.stop()
	r.stop = nil
	if err := r.group.Wait(); err != nil {
		t.Errorf("run store: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("close store: %v", err)
	}
}

// Must appends a transaction that has to succeed, and waits until the model has applied it.
func (r *Running) Must(t testing.TB, changes ...data.Change) data.Seq {
	t.Helper()
	seq, err := r.Append(t.Context(), data.Tx{Actor: "test", Cause: "storetest", Changes: changes})
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	r.Settle(t)
	return seq
}

// Settle waits until the model has applied everything.
func (r *Running) Settle(t testing.TB) {
	t.Helper()
	const patience = 30 * time.Second
	for deadline := time.Now().Add(patience); r.Model.Applied() < r.Last(); time.Sleep(50 * time.Microsecond) {
		if time.Now().After(deadline) {
			t.Fatalf("model is at %d of %d after %s", r.Model.Applied(), r.Last(), patience)
		}
	}
}

// Replay is a fresh model of the store's log alone.
func Replay(t testing.TB, store data.Store) *model.City {
	t.Helper()
	m := model.New()
	if err := m.CatchUp(t.Context(), store); err != nil {
		t.Fatalf("replay log: %v", err)
	}
	return m
}

// Restore is a fresh model of the store's checkpoint and the log after it, and the mark of the checkpoint.
func Restore(t testing.TB, store data.Store) (*model.City, data.Seq) {
	t.Helper()
	m := model.New()
	var mark data.Seq
	for r, err := range store.Checkpoint(t.Context(), &mark) {
		if err != nil {
			t.Fatalf("read checkpoint: %v", err)
		}
		m.Load(0, r)
	}
	m.Load(mark)
	if err := m.CatchUp(t.Context(), store); err != nil {
		t.Fatalf("replay log after checkpoint: %v", err)
	}
	return m, mark
}
