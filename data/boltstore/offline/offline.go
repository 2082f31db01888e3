// Package offline does what is done with the file of a store that no process has open: checking, repairing, restoring and
// shrinking it. It takes the store's lock while it works, writes results to a new file that replaces the old one with one
// rename, and can be stopped at any point.
package offline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/image"
	"github.com/gewu-city/gewu/data/boltstore/inspect"
	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// LockWait is how long a lock is waited for.
const LockWait = 250 * time.Millisecond

// open opens an existing file and takes the lock of the store.
func open(path string) (*os.File, int64, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, 0, err
	}
	if err = Lock(f); err == nil {
		var info os.FileInfo
		if info, err = f.Stat(); err == nil {
			return f, info.Size(), nil
		}
	}
	return nil, 0, errors.Join(err, f.Close())
}

// Headers reads the two headers of a file and returns the one that counts. Each is written in one sector, so a crash
// leaves both valid: when one is not, the newest transaction may be the one that it announced, and the error is a
// *data.CorruptError, for which the whole file is read, since it says what mends it.
func Headers(ctx context.Context, path string, r io.ReaderAt, size int64) (image.Meta, error) {
	meta, valid := image.ReadMetas(r)
	switch {
	case size == 0:
		return meta, Corrupt(path, "file", inspect.Empty, false)
	case !valid[0] && !valid[1]:
		return meta, Corrupt(path, "file header", "is not that of a gewu store, or both copies are damaged", false)
	case size < 4*image.PageSize:
		return meta, Corrupt(path, "file", fmt.Sprintf("is cut off at %d bytes", size), false)
	case valid[0] && valid[1]:
		return meta, nil
	}
	which := 0
	if valid[0] {
		which = 1
	}
	in, err := inspect.File(ctx, r, size, meta, inspect.Visitor{})
	if err != nil {
		return meta, err
	}
	return meta, Corrupt(path, fmt.Sprintf("file header %d", which), "is damaged; the newest entry may be lost", in.Repairable())
}

// Damage is what an inspection found as an error, nil when it found nothing that matters. A format that is too new is
// an error of its own.
func Damage(path string, in *inspect.Findings) error {
	if err := layout.CheckVersion(in.Format); err != nil {
		return err
	}
	if len(in.Problems) == 0 {
		return nil
	}
	p := in.Problems[0]
	what := p.What
	if n := len(in.Problems); n > 1 {
		what = fmt.Sprintf("%s (and %d more)", what, n-1)
	}
	if loss := in.Loss(); loss != "" && !in.Repairable() {
		what += fmt.Sprintf("; to cut the log off after entry %d would lose %s that no torn tail accounts for", in.Intact, loss)
	}
	return Corrupt(path, p.Where, what, in.Repairable())
}

// Corrupt describes damage. What the log can rebuild, and a torn tail, is repairable in place; everything else needs a
// backup.
func Corrupt(path, where, what string, repairable bool) *data.CorruptError {
	dir := filepath.Dir(path)
	repair := "gewu restore FILE --data " + dir
	if repairable {
		repair = "gewu check --data " + dir + " --repair"
	}
	return &data.CorruptError{File: path, Where: where, What: what, Repair: repair}
}
