package offline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/rewrite"
)

// Receive writes a backup to a path: write gives its bytes. They go to a file beside it, are synced and verified, and take
// the name only then, so that the path holds a whole backup, the one before it or nothing. What a receiver that was killed
// has left is overwritten; another one at work on the same path is data.ErrLocked. progress, when not nil, gets the part
// that was verified, from 0 to 1.
func Receive(ctx context.Context, path string, write func(w io.Writer) error, progress func(part float64)) (Info, error) {
	info, err := receive(ctx, path, write, progress)
	if err != nil {
		return info, fmt.Errorf("write backup %s: %w", path, err)
	}
	return info, nil
}

func receive(ctx context.Context, path string, write func(w io.Writer) error, progress func(part float64)) (_ Info, err error) {
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return Info{}, err
	}
	if err := Lock(f); err != nil {
		if errors.Is(err, data.ErrLocked) {
			err = fmt.Errorf("another backup is being written to %s: %w", part, err)
		}
		return Info{}, errors.Join(err, f.Close())
	}
	defer func() {
		// The lock goes with the file, so it is closed last.
		if err != nil {
			err = errors.Join(err, os.Remove(part))
		}
		err = errors.Join(err, f.Close())
	}()
	if err := f.Truncate(0); err != nil {
		return Info{}, err
	}
	if err := write(f); err != nil {
		return Info{}, err
	}
	if err := f.Sync(); err != nil {
		return Info{}, err
	}
	in, _, size, err := verify(ctx, part, f, progress)
	if err != nil {
		return Info{}, err
	}
	if _, err := rewrite.Replace(path, part, ""); err != nil {
		return Info{}, err
	}
	return infoOf(in, size), nil
}
