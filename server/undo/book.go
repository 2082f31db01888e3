// Package undo knows the operations that the log tells of, imports and undos, and takes them back. It knows neither
// HTTP nor jobs.
package undo

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/gewu-city/gewu/data"
)

// Kind is what an operation did.
type Kind string

// The kinds of operations; each is the beginning of the cause of its entries.
const (
	Import Kind = "import"
	Undo   Kind = "undo"
)

// Cause is the cause of the entries of an operation: the kind, and the import that landed or the operation undone.
func Cause(k Kind, id string) string { return string(k) + ":" + id }

// Operation is what an import or an undo has done, told by the log.
type Operation struct {
	ID   string
	Kind Kind
	// Of is the operation that an undo took back.
	Of     string
	Actor  string
	Layers []string
	// First and Last are its first and newest entry, recorded at Began and Ended. Between them may be entries of others.
	First, Last  data.Seq
	Began, Ended time.Time
	// Changes is the number of all changes: Added of them made features that never were before, Ended ended some, and
	// Changed is the rest.
	Changes, Added, Changed, EndedFeatures int
	// UndoneBy is the undo that took it back and was not taken back itself, empty when there is none.
	UndoneBy string

	entries []data.Seq // ascending
	// uncounted are those of them that the counts do not know yet.
	uncounted []data.Seq
}

// Log is what the book reads; see [data.Store] for the contracts.
type Log interface {
	Last() data.Seq
	Header(ctx context.Context, seq data.Seq) (data.Header, error)
	SeqAt(ctx context.Context, t time.Time) (data.Seq, error)
	Outline(ctx context.Context, seq data.Seq, take func(data.PayloadHead)) error
	Changes(ctx context.Context, seq data.Seq, permanents ...uint32) ([]data.Change, error)
	Entries(ctx context.Context, after data.Seq) iter.Seq2[*data.Entry, error]
}

// Book is the list of operations. It reads the headers of the log when it is asked, from the newest back as far as an
// answer needs, and remembers what it has read. It is safe for concurrent use.
type Book struct {
	log Log

	mu sync.Mutex
	// low and high are what was read: the entries after low, up to high.
	low, high data.Seq
	// lowest is when the entry after low was recorded.
	lowest time.Time
	byID   map[string]*Operation
}

// NewBook reads nothing yet.
func NewBook(log Log) *Book { return &Book{log: log, byID: map[string]*Operation{}} }

// ErrUnknown is returned for an id that no operation of the log has.
var ErrUnknown = errors.New("undo: there is no such operation in the log")

// Find is the operation with an id, or ErrUnknown. It reads the log back to the time that the id names: ids are ULIDs,
// made before anything of the operation is recorded.
func (b *Book) Find(ctx context.Context, id string) (Operation, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.top(ctx); err != nil {
		return Operation{}, err
	}
	made, err := ulid.ParseStrict(id)
	if err != nil {
		return Operation{}, ErrUnknown
	}
	from, err := b.log.SeqAt(ctx, ulid.Time(made.Time()).Add(-time.Microsecond))
	if err != nil {
		return Operation{}, err
	}
	if err := b.down(ctx, func() bool { return b.low <= from }); err != nil {
		return Operation{}, err
	}
	op, ok := b.byID[id]
	if !ok {
		return Operation{}, ErrUnknown
	}
	return b.tell(ctx, op)
}

// List are up to limit operations that match and whose first entry is before a Seq, the newest first; before 0 is no
// bound. done is false when there may be further ones.
func (b *Book) List(ctx context.Context, before data.Seq, limit int, match func(*Operation) bool) (list []Operation, done bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.top(ctx); err != nil {
		return nil, false, err
	}
	listed := map[*Operation]bool{}
	for {
		for _, op := range b.whole() {
			if before != 0 && op.First >= before || listed[op] {
				continue
			}
			listed[op] = true
			told, err := b.tell(ctx, op)
			if err != nil {
				return nil, false, err
			}
			if !match(&told) {
				continue
			}
			if list = append(list, told); len(list) == limit {
				return list, false, nil
			}
		}
		if b.low == 0 {
			return list, true, nil
		}
		const stride = 10_000
		to := b.low - min(b.low, stride)
		if err := b.down(ctx, func() bool { return b.low <= to }); err != nil {
			return nil, false, err
		}
	}
}

// whole are the operations whose first entry is known, the newest first: older entries can only be of operations
// whose ids are from before the oldest that was read.
func (b *Book) whole() []*Operation {
	var all []*Operation
	for _, op := range b.byID {
		made, err := ulid.ParseStrict(op.ID)
		if b.low == 0 || err == nil && ulid.Time(made.Time()).After(b.lowest) {
			all = append(all, op)
		}
	}
	slices.SortFunc(all, func(x, y *Operation) int { return cmp.Compare(y.First, x.First) })
	return all
}

// top reads what was appended since the last look.
func (b *Book) top(ctx context.Context) error {
	last := b.log.Last()
	if b.high == 0 {
		b.low, b.high = last, last
		return nil
	}
	// Upwards, so that an error leaves a range without gaps.
	for b.high < last {
		h, err := b.log.Header(ctx, b.high+1)
		if err != nil {
			return err
		}
		b.take(&h)
		b.high++
	}
	return nil
}

// down reads older entries until enough says so or the log begins.
func (b *Book) down(ctx context.Context, enough func() bool) error {
	for b.low > 0 && !enough() {
		h, err := b.log.Header(ctx, b.low)
		if err != nil {
			return err
		}
		b.take(&h)
		b.low, b.lowest = b.low-1, h.Recorded
	}
	return nil
}

// take notes an entry, which is the oldest or the newest of all that were taken.
func (b *Book) take(h *data.Header) {
	kind, of, ok := strings.Cut(h.Cause, ":")
	if !ok || Kind(kind) != Import && Kind(kind) != Undo {
		return
	}
	id := h.Operation
	if id == "" && Kind(kind) == Import {
		id = of // written before operations had a member of their own
	}
	if id == "" {
		return
	}
	op := b.byID[id]
	if op == nil {
		op = &Operation{ID: id, Kind: Kind(kind), Actor: h.Actor, First: h.Seq, Last: h.Seq, Began: h.Recorded, Ended: h.Recorded}
		if op.Kind == Undo {
			op.Of = of
		}
		b.byID[id] = op
	}
	if h.Seq < op.First {
		op.First, op.Began, op.Actor = h.Seq, h.Recorded, h.Actor
	}
	if h.Seq > op.Last {
		op.Last, op.Ended = h.Seq, h.Recorded
	}
	at, _ := slices.BinarySearch(op.entries, h.Seq)
	op.entries = slices.Insert(op.entries, at, h.Seq)
	op.uncounted = append(op.uncounted, h.Seq)
}

// tell is a copy of an operation, with its counts and who undid it.
func (b *Book) tell(ctx context.Context, op *Operation) (Operation, error) {
	if err := b.count(ctx, op); err != nil {
		return Operation{}, err
	}
	told := *op
	told.entries, told.Layers = slices.Clone(op.entries), slices.Clone(op.Layers)
	told.UndoneBy = b.undoneBy(op.ID)
	return told, nil
}

func (b *Book) count(ctx context.Context, op *Operation) error {
	for len(op.uncounted) > 0 {
		n := *op // an error leaves the counts as they are
		last := len(op.uncounted) - 1
		err := b.log.Outline(ctx, op.uncounted[last], func(h data.PayloadHead) {
			if !slices.Contains(n.Layers, string(h.Layer)) {
				n.Layers = append(n.Layers, string(h.Layer))
			}
			n.Changes++
			switch {
			case h.Op == data.OpDelete:
				n.EndedFeatures++
			case h.Prev == 0:
				n.Added++
			default:
				n.Changed++
			}
		})
		if err != nil {
			return err
		}
		n.uncounted = n.uncounted[:last]
		*op = n
	}
	slices.Sort(op.Layers)
	return nil
}

// undoneBy is the undo of an operation that stands. Undos are newer than what they undo, so all that matter were read.
func (b *Book) undoneBy(id string) string {
	newest := ""
	at := data.Seq(0)
	for _, op := range b.byID {
		if op.Kind == Undo && op.Of == id && op.First > at && b.undoneBy(op.ID) == "" {
			newest, at = op.ID, op.First
		}
	}
	return newest
}

// broughtBack is the operation that took back an undo of id, empty when there is none.
func (b *Book) broughtBack(id string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	by := ""
	at := data.Seq(0)
	for _, op := range b.byID {
		if op.Kind == Undo && op.Of == id && op.First > at {
			by, at = b.undoneBy(op.ID), op.First
		}
	}
	return by
}
