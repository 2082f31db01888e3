package offline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/gewu-city/gewu/data/boltstore/inspect"
	"github.com/gewu-city/gewu/data/boltstore/rewrite"
)

// Shrunk says how long a file was before and after.
type Shrunk struct{ Before, After int64 }

// Shrink returns the free space of a store: it writes what is in use into a new file, verifies that, and puts it in the
// place of the old one. The history is the same, so the epoch is too. A store in use is data.ErrLocked, a damaged one
// *data.CorruptError. It may end at any point: the store is then the old file or the new one. progress, when not nil, gets
// the part that is done, from 0 to 1.
func Shrink(ctx context.Context, path string, progress func(part float64)) (Shrunk, error) {
	done, err := shrink(ctx, path, progress)
	if err != nil {
		return done, fmt.Errorf("rewrite store %s: %w", path, err)
	}
	return done, nil
}

func shrink(ctx context.Context, path string, progress func(part float64)) (Shrunk, error) {
	var done Shrunk
	f, _, err := open(path)
	if err != nil {
		return done, err
	}
	defer f.Close() //nolint:errcheck // the file is only read
	in, meta, size, err := verify(ctx, path, f, span(progress, 0, 0.3))
	if err != nil {
		return done, err
	}
	done = Shrunk{size, size}
	fresh := path + ".rewritten"
	to := rewrite.Target{
		Path: fresh, Last: in.Last, Epoch: in.Epoch, Created: time.UnixMicro(in.Created),
		Blocks: in.Usable() && len(in.Blocks) == 0,
	}
	source := rewrite.Source{ReaderAt: inspect.Metered(f, meta, span(progress, 0.3, 0.7)), Size: size, Meta: meta}
	if err := rewrite.File(ctx, source, to); err != nil {
		return done, err
	}
	if done.After, err = same(ctx, fresh, in, span(progress, 0.7, 1)); err != nil {
		return done, errors.Join(err, os.Remove(fresh))
	}
	_, err = rewrite.Replace(path, fresh, "")
	return done, err
}

// same verifies that a file holds the same history as another one and returns how long it is.
func same(ctx context.Context, path string, want *inspect.Findings, progress func(part float64)) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // the file is only read
	got, _, size, err := verify(ctx, path, f, progress)
	switch {
	case err != nil:
		return 0, err
	case got.Epoch != want.Epoch || got.Last != want.Last || got.LastHash != want.LastHash || got.Horizon != want.Horizon ||
		got.Dropped != want.Dropped || got.Counted.Differ(&want.Counted):
		return 0, fmt.Errorf("the copy differs: it ends at entry %d with %s, the store at %d with %s",
			got.Last, got.Counted.String(), want.Last, want.Counted.String())
	}
	return size, nil
}
