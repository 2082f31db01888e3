package offline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/gewu-city/gewu/data/boltstore/inspect"
	"github.com/gewu-city/gewu/data/boltstore/layout"
	"github.com/gewu-city/gewu/data/boltstore/rewrite"
)

// Restore writes the history of a backup into the store at path, with a new epoch: clients that saw the history
// before must not mix the two. A store that is there is kept under another name, which is returned; one that is open
// is data.ErrLocked. The backup is checked first, and damage of it is *data.CorruptError. progress, when not nil, gets the
// part that is done, from 0 to 1.
func Restore(ctx context.Context, backup, path string, now time.Time, progress func(part float64)) (kept string, err error) {
	kept, err = restore(ctx, backup, path, now, progress)
	if err != nil {
		return kept, fmt.Errorf("restore %s: %w", backup, err)
	}
	return kept, nil
}

func restore(ctx context.Context, backup, path string, now time.Time, progress func(part float64)) (string, error) {
	src, err := os.Open(backup)
	if err != nil {
		return "", err
	}
	defer src.Close() //nolint:errcheck // the file is only read
	in, meta, size, err := verify(ctx, backup, src, span(progress, 0, 0.5))
	if err != nil {
		return "", err
	}
	old, _, err := open(path)
	switch {
	case err == nil:
		defer old.Close() //nolint:errcheck // only its lock was needed
	case !errors.Is(err, os.ErrNotExist):
		return "", err
	}
	if err := notSame(src, path); err != nil {
		return "", err
	}
	epoch, err := layout.NewEpoch()
	if err != nil {
		return "", err
	}
	fresh := path + ".restored"
	err = rewrite.File(ctx, rewrite.Source{ReaderAt: inspect.Metered(src, meta, span(progress, 0.5, 1)), Size: size, Meta: meta},
		rewrite.Target{Path: fresh, Last: in.Intact, Epoch: epoch, Created: now.UTC()})
	if err != nil {
		return "", err
	}
	return rewrite.Replace(path, fresh, ".replaced")
}

// notSame is an error when path is the file f.
func notSame(f *os.File, path string) error {
	a, err := f.Stat()
	if err != nil {
		return err
	}
	b, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err == nil && os.SameFile(a, b):
		return errors.New("the backup is the store itself")
	}
	return err
}

// span maps the progress of a part of the work to the whole.
func span(progress func(part float64), from, to float64) func(part float64) {
	if progress == nil {
		return nil
	}
	return func(part float64) { progress(from + part*(to-from)) }
}
