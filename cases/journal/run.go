package journal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gewu-city/gewu/data"
)

// Run follows the log, so that the store shows what others append to it too, and writes checkpoints, until ctx ends or the
// log is closed; a last checkpoint is written then. It returns an error when the log cannot be read.
func (j *Journal) Run(ctx context.Context) error {
	events := 0
	next := time.NewTimer(j.options.Interval)
	defer next.Stop()
	for ctx.Err() == nil {
		wait, cancel := context.WithTimeout(ctx, j.options.Interval)
		err := j.log.Wait(wait, j.Applied())
		cancel()
		switch {
		case err == nil:
		case ctx.Err() != nil || errors.Is(err, data.ErrClosed):
			return j.end(ctx)
		case !errors.Is(err, context.DeadlineExceeded):
			return fmt.Errorf("follow cases: %w", err)
		}
		n, err := j.follow(ctx)
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return j.end(ctx)
		default:
			return fmt.Errorf("follow cases: %w", err)
		}
		events += n
		due := events >= j.options.Events
		select {
		case <-next.C:
			due = true
		default:
		}
		if due {
			if events > 0 {
				j.try(ctx)
			}
			events = 0
			next.Reset(j.options.Interval)
		}
	}
	return j.end(ctx)
}

// end follows the log to its end and writes the last checkpoint.
func (j *Journal) end(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	if _, err := j.follow(ctx); err != nil && !errors.Is(err, data.ErrClosed) {
		return fmt.Errorf("follow cases: %w", err)
	}
	j.try(ctx)
	return nil
}

// follow applies what is new in the log, and returns the number of events.
func (j *Journal) follow(ctx context.Context) (int, error) {
	events := 0
	for entry, err := range j.log.Entries(ctx, j.Applied()) {
		if err != nil {
			return events, err
		}
		for i := range entry.Changes {
			ch := &entry.Changes[i]
			if ch.Case == nil {
				continue
			}
			events++
			if err := j.one(ctx, entry.Seq, data.CutCaseName(ch.Layer), ch.Case); err != nil {
				return events, fmt.Errorf("entry %d: %w", entry.Seq, err)
			}
		}
		j.apply(entry.Seq)
	}
	return events, nil
}

// one applies an event of the log.
func (j *Journal) one(ctx context.Context, seq data.Seq, id string, event *data.CaseEvent) error {
	if j.shelf.Spoilt(id) != nil {
		return j.spoil(seq, id, event, nil)
	}
	if j.shelf.Shows(id, event.Number, seq) {
		return nil
	}
	e, err := decode(id, event)
	if err == nil {
		err = j.shelf.Follow(ctx, e, seq)
	}
	if unreadable(err) {
		return j.spoil(seq, id, event, err)
	}
	return err
}

// try writes a checkpoint. When it cannot, the next start reads more of the log.
func (j *Journal) try(ctx context.Context) {
	if err := j.Save(ctx); err != nil {
		j.options.Logger.Error("the checkpoint of cases was not written", "file", j.file, "err", err)
	}
}

// Save writes a checkpoint, if something has happened since the last. It takes the place of the one before when it is
// complete and durable. One at a time may call it: [Journal.Run] does.
func (j *Journal) Save(ctx context.Context) error {
	seq := j.Applied() // before what is shown
	if seq == j.saved {
		return nil
	}
	mark, err := j.mark(ctx, seq)
	if err != nil {
		return err
	}
	fresh := j.file + ".new"
	f, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the operator names the folder
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	if err = j.shelf.Save(w, mark); err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(fresh, j.file)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(j.file))
	}
	if err == nil {
		j.saved = seq
	}
	return err
}

// syncFolder makes a new name in a folder durable. Windows has no such call.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir) //nolint:gosec // the operator names it
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
