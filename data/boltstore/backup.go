package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/image"
	"github.com/gewu-city/gewu/data/boltstore/inspect"
	"github.com/gewu-city/gewu/data/boltstore/rewrite"
)

// Backup writes a consistent copy of the store, which is a store file itself, and returns the number of bytes. It
// works while the store is in use, at the cost of pages that are reused only afterwards. Use [VerifyFile] on the copy.
func (db *DB) Backup(ctx context.Context, w io.Writer) (int64, error) {
	var n int64
	err := db.view(func(tx *bbolt.Tx) error {
		var err error
		n, err = tx.WriteTo(&cancelWriter{w, ctx.Err})
		return err
	})
	if err != nil {
		return n, fmt.Errorf("back up store %s: %w", db.path, err)
	}
	return n, nil
}

// cancelWriter fails when its context has ended.
type cancelWriter struct {
	io.Writer
	ended func() error
}

func (w *cancelWriter) Write(b []byte) (int, error) {
	if err := w.ended(); err != nil {
		return 0, err
	}
	return w.Writer.Write(b)
}

// Info describes a store file.
type Info struct {
	Epoch   data.Epoch
	Last    data.Seq
	Changes int
	Bytes   int64
}

// VerifyFile reads a store file that no process has open, a backup for example, and checks structure, hashes and
// checksums. Damage is *data.CorruptError.
func VerifyFile(ctx context.Context, path string) (Info, error) {
	f, err := os.Open(path)
	if err != nil {
		return Info{}, fmt.Errorf("verify store: %w", err)
	}
	defer f.Close() //nolint:errcheck // the file was only read
	in, _, size, err := verifyFile(ctx, path, f)
	if err != nil {
		return Info{}, fmt.Errorf("verify store: %w", err)
	}
	return Info{Epoch: in.Epoch, Last: in.Last, Changes: int(in.Counted.Changes), Bytes: size}, nil
}

func verifyFile(ctx context.Context, path string, f *os.File) (*inspect.Findings, image.Meta, int64, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, image.Meta{}, 0, err
	}
	meta, err := checkHeaders(path, f, info.Size())
	if err != nil {
		return nil, meta, 0, err
	}
	in, err := inspect.File(ctx, f, info.Size(), meta, inspect.Visitor{})
	if err == nil {
		err = damage(path, in)
	}
	return in, meta, info.Size(), err
}

// Restore writes the history of a backup into the store at path, with a new epoch: clients that saw the history
// before must not mix the two. A store that is there is kept under another name, which is returned; one that is open
// is data.ErrLocked. The backup is checked first, and damage of it is *data.CorruptError.
func Restore(ctx context.Context, backup, path string, opts Options) (kept string, err error) {
	kept, err = restore(ctx, backup, path, opts)
	if err != nil {
		return kept, fmt.Errorf("restore %s: %w", backup, err)
	}
	return kept, nil
}

func restore(ctx context.Context, backup, path string, opts Options) (string, error) {
	src, err := os.Open(backup)
	if err != nil {
		return "", err
	}
	defer src.Close() //nolint:errcheck // the file is only read
	in, meta, size, err := verifyFile(ctx, backup, src)
	if err != nil {
		return "", err
	}
	old, _, err := openLocked(path)
	switch {
	case err == nil:
		defer old.Close() //nolint:errcheck // only its lock was needed
	case !errors.Is(err, os.ErrNotExist):
		return "", err
	}
	if err := notSame(src, path); err != nil {
		return "", err
	}
	epoch, err := newEpoch()
	if err != nil {
		return "", err
	}
	fresh := path + ".restored"
	err = rewrite.File(ctx, rewrite.Source{ReaderAt: src, Size: size, Meta: meta},
		rewrite.Target{Path: fresh, Last: in.Intact, Epoch: epoch, Created: opts.Now().UTC(), MapBytes: mapBytes()})
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
