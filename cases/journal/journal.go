package journal

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/data"
)

// City is the log of the city, see [data.Store] for the contracts.
type City interface {
	Append(ctx context.Context, tx data.Tx) (data.Seq, error)
	Happened(ctx context.Context, seq data.Seq, name string) ([]data.Change, error)
	Header(ctx context.Context, seq data.Seq) (data.Header, error)
	Entries(ctx context.Context, after data.Seq) iter.Seq2[*data.Entry, error]
	Wait(ctx context.Context, after data.Seq) error
	Epoch() data.Epoch
	Last() data.Seq
}

// Options are the settings of a journal; the zero value is the default of each.
type Options struct {
	// Logger receives what nobody waits for. Nil discards.
	Logger *slog.Logger
	// Progress, when not nil, hears how far a load is: of so many entries to read so many are read.
	Progress func(read, of data.Seq)
	// Interval is the time after which a checkpoint is written when something has happened since the last: five minutes.
	// Events is the number of events after which one is written earlier: 200,000.
	Interval time.Duration
	Events   int
	// Also, when not nil, gives changes that are appended in the same transaction as events: all of them are in the log, or
	// none.
	Also func(events []*cases.Event) ([]data.Change, error)
}

// Journal is the log of cases over the log of the city. It satisfies store.Log and [cases.Log]. [Journal.Load] comes before
// everything else; from then on it is safe for concurrent use.
type Journal struct {
	log     City
	file    string
	options Options
	shelf   *store.Store
	loading *loading
	// tenth is the part of a long load that was told last.
	tenth data.Seq

	mu      sync.Mutex
	applied data.Seq
	moved   chan struct{} // closed and made anew when applied moves
	saved   data.Seq
}

// New is a journal over the log of a city, with the file of its checkpoint.
func New(log City, file string, options Options) *Journal {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.Interval == 0 {
		options.Interval = 5 * time.Minute
	}
	if options.Events == 0 {
		options.Events = 200_000
	}
	return &Journal{log: log, file: file, options: options, moved: make(chan struct{})}
}

// Applied is the entry up to which all events are shown in the store.
func (j *Journal) Applied() data.Seq {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.applied
}

func (j *Journal) apply(seq data.Seq) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.applied = seq
	close(j.moved)
	j.moved = make(chan struct{})
}

// Followed waits until events after an entry are shown in the store, or only passed over in the log, and returns up to which
// entry they are; the error is that of ctx.
func (j *Journal) Followed(ctx context.Context, after data.Seq) (data.Seq, error) {
	err := j.Await(ctx, after+1)
	return j.Applied(), err
}

// Await waits until everything up to an entry is shown. Somebody must follow the log meanwhile: see [Journal.Run].
func (j *Journal) Await(ctx context.Context, seq data.Seq) error {
	for {
		j.mu.Lock()
		applied, moved := j.applied, j.moved
		j.mu.Unlock()
		if applied >= seq {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// newest is the entry with the newest event of a case and the number of that event.
func (j *Journal) newest(id string) (data.Seq, int) {
	if j.loading != nil {
		if f := j.loading.held[id]; f != nil {
			return f.seq, f.c.Version
		}
	}
	return j.shelf.Newest(id)
}

// Append makes events durable together, or none. It refuses with a *[cases.StaleError] when one is not the next one of its
// case, also when somebody else has appended it meanwhile.
func (j *Journal) Append(ctx context.Context, events []*cases.Event) (data.Seq, error) {
	tx, err := j.transaction(events)
	if err != nil {
		return 0, err
	}
	for {
		tx.Known = j.Applied()
		seq, err := j.log.Append(ctx, tx)
		if behind, is := errors.AsType[*data.BehindError](err); is {
			if err := j.Await(ctx, behind.Need); err != nil {
				return 0, fmt.Errorf("append events: %w", err)
			}
			continue
		}
		if conflict, is := errors.AsType[*data.ConflictError](err); is && conflict.Layer == "case" {
			want := tx.Changes[conflict.Change].Case.Number - 1
			return 0, &cases.StaleError{Case: conflict.ID, Want: want, Have: want + 1}
		}
		return seq, err
	}
}

// usual is the bytes of an event that tells a mark.
const usual = 448

// transaction is that of events.
func (j *Journal) transaction(events []*cases.Event) (data.Tx, error) {
	if len(events) == 0 {
		return data.Tx{}, data.ErrEmpty
	}
	first := events[0]
	tx := data.Tx{Actor: first.Actor.Person, Cause: "case:" + first.Action, Changes: make([]data.Change, 0, len(events))}
	if tx.Actor == "" {
		tx.Actor = first.Actor.Post
	}
	// A sweep appends many small events at once: what belongs to each lies side by side.
	versions, newest, bodies := make(map[string]int, len(events)), make([]data.Seq, len(events)), make([]data.CaseEvent, len(events))
	var room []byte
	if len(events) > 1 {
		room = make([]byte, 0, len(events)*usual)
	}
	for i, e := range events {
		begin := len(room)
		var err error
		if room, err = cases.AppendEvent(room, e); err != nil {
			return tx, err
		}
		bodies[i] = data.CaseEvent{Number: e.Number, Body: room[begin:len(room):len(room)]}
		change := data.Change{Stream: data.StreamCase, Op: data.OpPut, Layer: data.CaseName(e.Case), Case: &bodies[i]}
		version, follows := versions[e.Case]
		if !follows {
			newest[i], version = j.newest(e.Case)
			change.IfSeq = &newest[i]
		}
		if version != e.Number-1 {
			return tx, &cases.StaleError{Case: e.Case, Want: e.Number - 1, Have: version}
		}
		versions[e.Case] = e.Number
		tx.Changes = append(tx.Changes, change)
	}
	if j.options.Also != nil {
		more, err := j.options.Also(events)
		if err != nil {
			return tx, err
		}
		tx.Changes = append(tx.Changes, more...)
	}
	return tx, nil
}

// Events yields the events of a case in their order, none for one that does not exist. It reads them from the log, one
// entry for each. The error of an event that cannot be read is a *[cases.UnreadableError]; of a case that is noted as such,
// the events before that one are yielded, and no error.
func (j *Journal) Events(ctx context.Context, id string) iter.Seq2[*cases.Event, error] {
	return func(yield func(*cases.Event, error) bool) {
		seq, number := j.newest(id)
		for e, err := range j.read(ctx, id, seq, number) {
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// read yields the events of a case up to that of a number, which is in an entry.
func (j *Journal) read(ctx context.Context, id string, seq data.Seq, number int) iter.Seq2[*cases.Event, error] {
	return func(yield func(*cases.Event, error) bool) {
		bodies, err := j.bodies(ctx, id, seq, number)
		if err != nil {
			yield(nil, fmt.Errorf("events of case %s: %w", id, err))
			return
		}
		for _, b := range bodies {
			e, err := decode(id, b.event)
			if err != nil {
				err = &cases.UnreadableError{Case: id, Seq: b.seq, Number: b.event.Number, Why: err.Error(), Newest: seq, Last: number}
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// body is an event as the log has it.
type body struct {
	seq   data.Seq
	event *data.CaseEvent
}

// bodies are the events of a case as the log has them, read from one backwards. Events of the same entry that come after that
// one, or another of its number, are of a case that is unreadable from there on.
func (j *Journal) bodies(ctx context.Context, id string, seq data.Seq, number int) ([]body, error) {
	last, bodies, name := seq, make([]body, number), data.CaseName(id)
	for number > 0 {
		changes, err := j.log.Happened(ctx, seq, name)
		if err != nil {
			return nil, err
		}
		if len(changes) == 0 {
			return nil, fmt.Errorf("%w: entry %d has no event %d", data.ErrFormat, seq, number)
		}
		for _, ch := range slices.Backward(changes) {
			if seq == last && ch.Case.Number > len(bodies) {
				continue
			}
			if ch.Case.Number != number {
				return nil, fmt.Errorf("%w: entry %d has event %d, and %d should be there", data.ErrFormat, seq, ch.Case.Number, number)
			}
			number--
			bodies[number] = body{seq, ch.Case}
		}
		seq = changes[0].Prev
	}
	return bodies, nil
}

// Where is the entry of the log that has an event of a case; data.ErrNoEntry, wrapped, for one that has not happened.
func (j *Journal) Where(ctx context.Context, id string, number int) (data.Seq, error) {
	seq, last := j.newest(id)
	for last >= number && number > 0 {
		changes, err := j.log.Happened(ctx, seq, data.CaseName(id))
		if err != nil {
			return 0, fmt.Errorf("event %d of case %s: %w", number, id, err)
		}
		if len(changes) == 0 {
			break
		}
		if changes[0].Case.Number <= number {
			return seq, nil
		}
		last, seq = changes[0].Case.Number-1, changes[0].Prev
	}
	return 0, fmt.Errorf("event %d of case %s: %w", number, id, data.ErrNoEntry)
}

// Entry is an event with its place in the log.
type Entry struct {
	Seq      data.Seq
	Recorded time.Time
	Event    *cases.Event
}

// Since yields the events of all cases after an entry in the order of the log, up to the newest at the time of the call. Those
// that cannot be read are passed over.
func (j *Journal) Since(ctx context.Context, after data.Seq) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for entry, err := range j.log.Entries(ctx, after) {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			for i := range entry.Changes {
				happened, id := entry.Changes[i].Case, data.CutCaseName(entry.Changes[i].Layer)
				if happened == nil {
					continue
				}
				if u := j.shelf.Spoilt(id); u != nil && (entry.Seq > u.Seq || entry.Seq == u.Seq && happened.Number >= u.Number) {
					continue
				}
				e, err := decode(id, happened)
				if err != nil {
					continue // [Journal.Run] comes by, and notes the case
				}
				if !yield(Entry{entry.Seq, entry.Recorded, e}, nil) {
					return
				}
			}
		}
	}
}
