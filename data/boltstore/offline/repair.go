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
	// Last is the newest entry that is left; Lost is the number of newer ones that were cut off, and Loss the same in
	// words. When nothing was done they say what a [Cut] would leave and lose; Last is 0 when it would not be done either.
	Last, Lost data.Seq
	Loss       string
	// Kept is the damaged file, empty when nothing had to be done.
	Kept string
	// NewEpoch is set when the history changed, so that clients must not mix it with the one before.
	NewEpoch bool
}

// Repair writes a damaged store anew from the entries of its log that are in order, and keeps the damaged file under
// another name. It repairs what costs nothing, or what a commit can have torn that was interrupted; other damage is
// returned as *data.CorruptError that says what would be lost and names the restore of a backup. The store must not be
// open: data.ErrLocked. A store in order stays as it is.
func Repair(ctx context.Context, path string, now time.Time) (Repaired, error) {
	return repair(ctx, path, now, (*inspect.Findings).Repairable)
}

// Cut is [Repair] for a city without a backup: it cuts the log off before its first damage, whatever stands behind it. It
// refuses only when nothing would be left, or when retention has erased what the cut would need.
func Cut(ctx context.Context, path string, now time.Time) (Repaired, error) {
	return repair(ctx, path, now, func(in *inspect.Findings) bool { return in.Repairable() || in.Keepable() })
}

func repair(ctx context.Context, path string, now time.Time, may func(*inspect.Findings) bool) (done Repaired, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("repair store: %w", err)
		}
	}()
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
	if in.Ended > in.Intact {
		done.Lost, done.Loss = in.Ended-in.Intact, in.Loss()
	}
	if !may(in) {
		if !in.Keepable() {
			done.Last = 0
		}
		return done, Damage(path, in)
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
