package boltstore

import (
	"context"
	"fmt"
	"io"

	"go.etcd.io/bbolt"
)

// Backup writes a consistent copy of the store, which is a store file itself, and returns the number of bytes. Before, it
// calls begin with that number for the writer. It works while the store is in use, at the cost of pages that are reused
// only afterwards. Use offline.Verify on the copy.
func (db *DB) Backup(ctx context.Context, begin func(bytes int64) io.Writer) (int64, error) {
	var n int64
	err := db.view(func(tx *bbolt.Tx) error {
		var err error
		n, err = tx.WriteTo(&cancelWriter{begin(tx.Size()), ctx.Err})
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
