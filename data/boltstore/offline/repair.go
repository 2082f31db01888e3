package offline

import (
	"context"
	"fmt"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/inspect"
	"github.com/gewu-city/gewu/data/boltstore/layout"
	"github.com/gewu-city/gewu/data/boltstore/rewrite"
)

// Repaired says what [Repair] did.
type Repaired struct {
	Problems []inspect.Problem
	// Last is the newest entry that is left; Lost is the number of newer ones that were cut off.
	Last, Lost data.Seq
	// Kept is the damaged file, empty when nothing had to be done.
	Kept string
	// NewEpoch is set when the history changed, so that clients must not mix it with the one before.
	NewEpoch bool
}

// Repair writes a damaged store anew from the entries of its log that are in order, and keeps the damaged file under
// another name. It repairs what costs at most the newest entries; other damage is returned as *data.CorruptError that
// names the restore of a backup. The store must not be open: data.ErrLocked. A store in order stays as it is.
func Repair(ctx context.Context, path string, now time.Time) (Repaired, error) {
	done, err := repair(ctx, path, now)
	if err != nil {
		return done, fmt.Errorf("repair store: %w", err)
	}
	return done, nil
}

func repair(ctx context.Context, path string, now time.Time) (Repaired, error) {
	var done Repaired
	f, size, err := open(path)
	if err != nil {
		return done, err
	}
	defer f.Close() //nolint:errcheck // the file is only read
	meta, problem, ok := inspect.Header(f)
	if problem != nil {
		done.Problems = append(done.Problems, *problem)
	}
	if !ok {
		return done, Corrupt(path, problem.Where, problem.What, false)
	}
	in, err := inspect.File(ctx, f, size, meta, inspect.Visitor{})
	if err != nil {
		return done, err
	}
	if err := layout.CheckVersion(in.Format); err != nil {
		return done, err
	}
	done.Problems = append(append(done.Problems, in.Problems...), in.Blocks...)
	done.Last = in.Intact
	if len(done.Problems) == 0 {
		return done, nil
	}
	if !in.Repairable() {
		return done, Damage(path, in)
	}
	if in.Last > in.Intact {
		done.Lost = in.Last - in.Intact
	}
	epoch := in.Epoch
	// After a damaged header nobody knows what the newest transaction was.
	if done.Lost > 0 || epoch == "" || in.Last == 0 || problem != nil {
		done.NewEpoch = true
		if epoch, err = layout.NewEpoch(); err != nil {
			return done, err
		}
	}
	fresh := path + ".repaired"
	err = rewrite.File(ctx, rewrite.Source{ReaderAt: f, Size: size, Meta: meta},
		rewrite.Target{Path: fresh, Last: in.Intact, Epoch: epoch, Created: now.UTC()})
	if err != nil {
		return done, err
	}
	done.Kept, err = rewrite.Replace(path, fresh, ".damaged")
	return done, err
}
