package offline

import (
	"context"
	"fmt"
	"os"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/image"
	"github.com/gewu-city/gewu/data/boltstore/inspect"
)

// Check inspects a store file, however damaged, and reports every broken invariant: see [inspect.Check]. Another process
// that has it open is data.ErrLocked. Damage is reported, not returned.
func Check(ctx context.Context, path string, o inspect.Options) error {
	f, size, err := open(path)
	if err != nil {
		return fmt.Errorf("check store: %w", err)
	}
	defer f.Close() //nolint:errcheck // the file was only read
	meta, problem, ok := inspect.Header(f)
	if problem != nil {
		o.Report(*problem)
	}
	if !ok {
		return nil
	}
	if err := inspect.Check(ctx, f, size, meta, o); err != nil {
		return fmt.Errorf("check store %s: %w", path, err)
	}
	return nil
}

// Info describes a store file.
type Info struct {
	Epoch data.Epoch
	// Last is the newest entry, Horizon the one from which on history is complete.
	Last, Horizon data.Seq
	Changes       int
	Bytes         int64
}

// Verify reads a store file that no process has open, a backup for example, and checks structure, hashes and checksums.
// Damage is *data.CorruptError. progress, when not nil, gets the part that was read, from 0 to 1.
func Verify(ctx context.Context, path string, progress func(part float64)) (Info, error) {
	f, err := os.Open(path)
	if err != nil {
		return Info{}, fmt.Errorf("verify store: %w", err)
	}
	defer f.Close() //nolint:errcheck // the file was only read
	in, _, size, err := verify(ctx, path, f, progress)
	if err != nil {
		return Info{}, fmt.Errorf("verify store: %w", err)
	}
	return infoOf(in, size), nil
}

func infoOf(in *inspect.Findings, size int64) Info {
	return Info{Epoch: in.Epoch, Last: in.Last, Horizon: in.Horizon, Changes: int(in.Counted.Changes), Bytes: size}
}

func verify(ctx context.Context, path string, f *os.File, progress func(part float64)) (*inspect.Findings, image.Meta, int64, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, image.Meta{}, 0, err
	}
	meta, err := Headers(ctx, path, f, info.Size())
	if err != nil {
		return nil, meta, 0, err
	}
	in, err := inspect.File(ctx, inspect.Metered(f, meta, progress), info.Size(), meta, inspect.Visitor{})
	if err == nil {
		err = Damage(path, in)
	}
	return in, meta, info.Size(), err
}
