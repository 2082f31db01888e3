package journal

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data"
)

// decode is an event as the log has it. The error wraps [data.ErrFormat], also for one that says another case or number than
// the log does.
func decode(id string, event *data.CaseEvent) (*cases.Event, error) {
	e, err := cases.Decode(event.Body)
	if err == nil && (e.Case != id || e.Number != event.Number) {
		return nil, fmt.Errorf("%w: it says that it is event %d of case %q", data.ErrFormat, e.Number, e.Case)
	}
	return e, err
}

// unreadable reports whether an error is of what one case has in the log. All others are of the log itself, which has to be
// mended, or of the moment.
func unreadable(err error) bool {
	_, is := errors.AsType[*cases.UnreadableError](err)
	_, stale := errors.AsType[*cases.StaleError](err)
	return is || stale || errors.Is(err, data.ErrFormat)
}

// spoil notes that a case cannot be read from an event on, or that a case that is noted has one more event. It returns nil:
// whoever reads the log goes on.
func (j *Journal) spoil(seq data.Seq, id string, event *data.CaseEvent, err error) error {
	u := cases.UnreadableError{Case: id, Seq: seq, Number: event.Number, Newest: seq, Last: event.Number}
	if err != nil {
		u.Why = err.Error()
		if of, is := errors.AsType[*cases.UnreadableError](err); is {
			u.Seq, u.Number, u.Why = of.Seq, of.Number, of.Why
		}
		_, stale := errors.AsType[*cases.StaleError](err)
		_, version := j.newest(id)
		// The events that are there must be one row, else no way back from the newest one meets them all.
		u.Forked = stale || event.Number != version+1
	}
	if j.shelf.Spoil(u) {
		j.options.Logger.Error("a case cannot be read any further: it stays as it was, and takes no more", "case", id, "entry", u.Seq, "event", u.Number, "why", u.Why)
	}
	return nil
}

// heal reads the cases that could not be read: by a newer program, or with the log mended, they may be readable now.
func (j *Journal) heal(ctx context.Context) error {
	for _, u := range j.shelf.Unreadable() {
		if u.Forked {
			continue
		}
		c, parts := cases.NewCase(), []*cases.Event(nil)
		var fault error
		for e, err := range j.read(ctx, u.Case, u.Newest, u.Last) {
			if fault = err; fault == nil {
				fault = c.Apply(e)
			}
			if fault != nil {
				break
			}
			if len(e.Form.Parts) > 0 {
				parts = append(parts, e)
			}
		}
		switch {
		case fault == nil:
			j.shelf.Heal(c, u.Newest, parts...)
			j.options.Logger.Info("a case can be read again", "case", u.Case, "event", u.Last)
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
	return nil
}

// Check reads the events of all cases of a log and reports each case that [Journal.Load] would note as unreadable, once; what
// the check of the log itself finds, numbers that are there twice or missing, it leaves to that. The error is that of the log.
func Check(ctx context.Context, log City, report func(*cases.UnreadableError)) error {
	chains, spoilt := map[string]*cases.Chain{}, map[string]bool{}
	var batch []happened
	flush := func() {
		var wg sync.WaitGroup
		workers := runtime.GOMAXPROCS(0)
		for w := range workers {
			wg.Go(func() {
				for i := w; i < len(batch); i += workers {
					batch[i].e, batch[i].err = decode(batch[i].id, batch[i].event)
				}
			})
		}
		wg.Wait()
		for i := range batch {
			h := &batch[i]
			if spoilt[h.id] {
				continue
			}
			chain := chains[h.id]
			if chain == nil {
				chain = &cases.Chain{}
				chains[h.id] = chain
			}
			err := h.err
			if err == nil {
				err = chain.Take(h.e)
			}
			if err == nil {
				continue
			}
			spoilt[h.id] = true
			delete(chains, h.id)
			if _, stale := errors.AsType[*cases.StaleError](err); !stale {
				report(&cases.UnreadableError{Case: h.id, Seq: h.seq, Number: h.event.Number, Why: err.Error()})
			}
		}
		clear(batch)
		batch = batch[:0]
	}
	for entry, err := range log.Entries(ctx, 0) {
		if err != nil {
			return fmt.Errorf("check cases: %w", err)
		}
		for i := range entry.Changes {
			if ch := &entry.Changes[i]; ch.Case != nil {
				batch = append(batch, happened{seq: entry.Seq, id: data.CutCaseName(ch.Layer), event: ch.Case})
			}
		}
		if len(batch) >= batchEvents {
			flush()
		}
	}
	flush()
	return nil
}
