package journal

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"sync"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/data"
)

// Bounds of a load: events that are decoded at once, cases that came to rest and wait to be shown, cases held in all.
const (
	batchEvents = 4096
	restedCases = 2000
	heldCases   = 100_000
	// longLoad is the number of entries from which on a load takes seconds.
	longLoad = 20_000
)

// folding is a case while the log is read.
type folding struct {
	c   *cases.Case
	seq data.Seq
	// parts are its events that name parts.
	parts []*cases.Event
}

// loading is a load. It holds the cases that have gone on and are not shown yet: those that came to rest are shown soon,
// most others when all is read.
type loading struct {
	j      *Journal
	held   map[string]*folding
	rested []string
	batch  []happened
}

// happened is an event that is to be decoded.
type happened struct {
	seq   data.Seq
	id    string
	event *data.CaseEvent
	e     *cases.Event
	err   error
}

// Load shows all cases of the log in a store that has none yet: from the checkpoint, then from the log after it. A checkpoint
// that is damaged, of another log or of another version is thrown away, and all of the log is read. A case with an event that
// cannot be read is shown as it was before that event, and noted as unreadable. The store must keep its
// events in the journal. Nobody may use either before Load has returned.
func (j *Journal) Load(ctx context.Context, shelf *store.Store) error {
	j.shelf = shelf
	at := j.checkpoint(ctx)
	l := &loading{j: j, held: map[string]*folding{}}
	j.loading = l
	defer func() { j.loading = nil }()
	began := at
	for last := j.log.Last(); at < last; last = j.log.Last() {
		for entry, err := range j.log.Entries(ctx, at) {
			if err != nil {
				return fmt.Errorf("load cases: %w", err)
			}
			for i := range entry.Changes {
				if ch := &entry.Changes[i]; ch.Case != nil {
					l.batch = append(l.batch, happened{seq: entry.Seq, id: data.CutCaseName(ch.Layer), event: ch.Case})
				}
			}
			if at = entry.Seq; len(l.batch) < batchEvents {
				continue
			}
			if err := l.take(ctx); err != nil {
				return err
			}
			j.progress(at-began, last-began)
		}
	}
	if err := l.take(ctx); err != nil {
		return err
	}
	l.show(l.held)
	l.held = nil
	if err := j.heal(ctx); err != nil {
		return fmt.Errorf("load cases: %w", err)
	}
	j.apply(at)
	return nil
}

// progress tells how far a load is; whoever reads the log of the process hears of each tenth of a long one.
func (j *Journal) progress(read, of data.Seq) {
	if j.options.Progress != nil {
		j.options.Progress(read, of)
	}
	if tenth := read * 10 / of; tenth > j.tenth && of >= longLoad {
		j.tenth = tenth
		j.options.Logger.Info("cases are being read from the log", "entries", read, "of", of)
	}
}

// checkpoint reads the checkpoint and returns the entry up to which it is complete, 0 when there is none that can be used.
func (j *Journal) checkpoint(ctx context.Context) data.Seq {
	f, err := os.Open(j.file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	if err == nil {
		defer func() { _ = f.Close() }() // nothing was written
		var mark store.Mark
		mark, err = j.shelf.Load(bufio.NewReaderSize(f, 1<<20), func(m store.Mark) error { return j.accept(ctx, m) })
		if err == nil {
			j.saved = mark.Seq
			return mark.Seq
		}
	}
	j.options.Logger.Warn("the checkpoint of cases cannot be used and is made anew from the log", "file", j.file, "why", err)
	return 0
}

// accept sees that a mark is one of this log.
func (j *Journal) accept(ctx context.Context, m store.Mark) error {
	is, err := j.mark(ctx, m.Seq)
	switch {
	case errors.Is(err, data.ErrNoEntry):
		return fmt.Errorf("it ends at entry %d and the log at %d", m.Seq, j.log.Last())
	case err != nil:
		return err
	case is != m:
		return errors.New("it belongs to another log")
	}
	return nil
}

// mark is that of an entry.
func (j *Journal) mark(ctx context.Context, seq data.Seq) (store.Mark, error) {
	m := store.Mark{Epoch: j.log.Epoch(), Seq: seq}
	if seq == 0 {
		return m, nil
	}
	h, err := j.log.Header(ctx, seq)
	if err == nil {
		m.Hash = sha256.Sum256(data.AppendHeader(nil, &h))
	}
	return m, err
}

// take applies the events of the batch in their order.
func (l *loading) take(ctx context.Context) error {
	l.decode()
	for i := range l.batch {
		if err := l.one(ctx, &l.batch[i]); err != nil {
			return fmt.Errorf("load cases: entry %d: %w", l.batch[i].seq, err)
		}
	}
	clear(l.batch)
	l.batch = l.batch[:0]
	return nil
}

// decode decodes the events of the batch that the checkpoint does not have, on all processors: it is most of the work.
func (l *loading) decode() {
	workers := runtime.GOMAXPROCS(0)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(l.batch); i += workers {
				if h := &l.batch[i]; !l.j.shelf.Shows(h.id, h.event.Number, h.seq) {
					h.e, h.err = decode(h.id, h.event)
				}
			}
		})
	}
	wg.Wait()
}

func (l *loading) one(ctx context.Context, h *happened) error {
	if l.j.shelf.Spoilt(h.id) != nil {
		return l.j.spoil(h.seq, h.id, h.event, nil)
	}
	if h.e == nil && h.err == nil {
		return nil // it is known
	}
	f := l.held[h.id]
	if h.err != nil {
		return l.spoil(f, h, h.err)
	}
	if f == nil {
		c, err := l.before(ctx, h)
		switch {
		case unreadable(err):
			return l.spoil(nil, h, err)
		case err != nil:
			return err
		}
		f = &folding{c: c}
	}
	if err := f.c.Apply(h.e); err != nil {
		return l.spoil(f, h, err)
	}
	f.seq = h.seq
	l.held[h.id] = f
	if len(h.e.Form.Parts)+len(h.e.Form.External) > 0 {
		f.parts = append(f.parts, h.e)
	}
	if f.c.Final {
		l.rested = append(l.rested, h.id)
	}
	switch {
	case len(l.held) >= heldCases:
		l.show(l.held)
		l.held, l.rested = map[string]*folding{}, nil
	case len(l.rested) >= restedCases:
		some := make(map[string]*folding, len(l.rested))
		for _, id := range l.rested {
			if f := l.held[id]; f != nil && f.c.Final {
				some[id] = f
			}
		}
		l.show(some)
		for id := range some {
			delete(l.held, id)
		}
		l.rested = l.rested[:0]
	}
	return nil
}

// before is the case before an event: a new one, or as it is shown.
func (l *loading) before(ctx context.Context, h *happened) (*cases.Case, error) {
	c := cases.NewCase()
	if h.event.Number == 1 {
		return c, nil
	}
	for e, err := range l.j.Events(ctx, h.id) {
		if err != nil {
			return nil, err
		}
		if err := c.Apply(e); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// spoil leaves a case as it was before an event, which is no error of the load.
func (l *loading) spoil(f *folding, h *happened, err error) error {
	if f != nil && f.c.Version > 0 {
		l.show(map[string]*folding{h.id: f})
	}
	delete(l.held, h.id)
	return l.j.spoil(h.seq, h.id, h.event, err)
}

func (l *loading) show(some map[string]*folding) {
	all := make([]store.Shown, 0, len(some))
	var parts []*cases.Event
	for _, f := range some {
		all = append(all, store.Shown{Case: f.c, Seq: f.seq})
		parts = append(parts, f.parts...)
	}
	l.j.shelf.Show(all, parts...)
}
