package boltstore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/image"
	"github.com/gewu-city/gewu/data/boltstore/inspect"
	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// rewriter writes the entries of a log into a new file. Repair and restore copy what is in order instead of changing
// what may not be: the new file has fresh pages, and the old one stays until the new one is complete.
type rewriter struct {
	bolt     *bbolt.DB
	tx       *bbolt.Tx
	decoder  data.Decoder
	defs     layout.Definitions
	payloads []byte // of the entry that is read
	ends     []int
	bytes    int // written in tx
	err      error
}

// rewriteBytes is how much goes into one transaction of the new file.
const rewriteBytes = 32 << 20

// rewrite copies the entries up to last of a file into a new file. The new file has no checkpoint.
func rewrite(ctx context.Context, r io.ReaderAt, size int64, meta image.Meta, last data.Seq, path string, epoch data.Epoch, now time.Time) (err error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	bolt, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: lockWait, FreelistType: bbolt.FreelistMapType, PageSize: image.PageSize, InitialMmapSize: mapBytes(), NoSync: true,
	})
	if err != nil {
		return err
	}
	w := &rewriter{
		bolt: bolt,
		defs: layout.NewDefinitions(),
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.discard(), os.Remove(path))
		}
	}()
	if err := bolt.Update(func(tx *bbolt.Tx) error { return layout.Create(tx, epoch, now) }); err != nil {
		return err
	}
	if w.tx, err = bolt.Begin(true); err != nil {
		return err
	}
	in, err := inspect.File(ctx, r, size, meta, inspect.Visitor{Payload: func(h *data.Header, encoded, payload []byte, end bool) {
		if w.err == nil && h.Seq <= last {
			w.err = w.take(h, encoded, payload, end)
		}
	}})
	switch {
	case err != nil:
		return err
	case w.err != nil:
		return w.err
	case in.Intact < last:
		return fmt.Errorf("the log is readable up to entry %d of %d only", in.Intact, last)
	}
	return w.finish()
}

// take collects an entry and writes it when it is complete.
func (w *rewriter) take(h *data.Header, encoded, payload []byte, end bool) error {
	w.payloads = append(w.payloads, payload...)
	w.ends = append(w.ends, len(w.payloads))
	if !end {
		return nil
	}
	log := w.tx.Bucket(layout.BucketLog)
	log.FillPercent = logFill
	put := func(n int, v []byte) error {
		key := layout.LogKey(h.Seq, uint32(n))
		w.bytes += len(v)
		return log.Put(key[:], v)
	}
	header := append([]byte(nil), encoded...)
	if err := put(0, header); err != nil {
		return err
	}
	start := 0
	for i, at := range w.ends {
		p := w.payloads[start:at:at]
		start = at
		if err := put(i+1, p); err != nil {
			return err
		}
		head, err := data.PeekPayload(p)
		if err != nil {
			return err
		}
		if head.Stream == data.StreamFeature {
			continue
		}
		c, err := w.decoder.Payload(p)
		if err != nil {
			return err
		}
		w.defs.Apply(h.Seq, c, p)
	}
	// The transaction keeps the bytes until it is committed.
	w.payloads, w.ends = nil, w.ends[:0]
	if err := layout.PutLast(w.tx, h.Seq, sha256.Sum256(header)); err != nil {
		return err
	}
	if w.bytes < rewriteBytes {
		return nil
	}
	if err := w.tx.Commit(); err != nil {
		return err
	}
	w.bytes = 0
	var err error
	w.tx, err = w.bolt.Begin(true)
	return err
}

// finish writes the definitions and makes the file durable.
func (w *rewriter) finish() error {
	for _, kind := range []map[string]*layout.Definition{w.defs.Layers, w.defs.Schemes} {
		for _, d := range kind {
			if err := d.Put(w.tx); err != nil {
				return err
			}
		}
	}
	if w.defs.Dropped > 0 {
		if err := layout.PutDropped(w.tx, w.defs.Dropped); err != nil {
			return err
		}
	}
	if err := w.tx.Commit(); err != nil {
		return err
	}
	w.tx = nil
	return errors.Join(w.bolt.Sync(), w.bolt.Close())
}

// discard ends what finish did not.
func (w *rewriter) discard() error {
	var err error
	if w.tx != nil {
		err = w.tx.Rollback()
	}
	return errors.Join(err, w.bolt.Close())
}

// replace puts a new file in the place of an old one, which is kept under a free name beside it. It returns that
// name, empty when there was no old file.
func replace(path, with, suffix string) (kept string, err error) {
	if _, err := os.Stat(path); err == nil {
		kept = path + suffix
		for i := 2; ; i++ {
			if _, err := os.Lstat(kept); errors.Is(err, os.ErrNotExist) {
				break
			}
			kept = fmt.Sprintf("%s%s-%d", path, suffix, i)
		}
		// A link and one rename: at no moment is there no store, which a start would take for a new one. File systems
		// without links get two renames.
		if err := os.Link(path, kept); err != nil {
			if err := os.Rename(path, kept); err != nil {
				return "", err
			}
		}
	}
	if err := os.Rename(with, path); err != nil {
		return kept, err
	}
	return kept, syncFolder(filepath.Dir(path))
}

// syncFolder makes new names in a folder durable. Windows has no such call.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
