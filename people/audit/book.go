package audit

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/gewu-city/gewu/data"
)

// Log is what is read of a store; see [data.Store] for the contracts.
type Log interface {
	Header(ctx context.Context, seq data.Seq) (data.Header, error)
	Outline(ctx context.Context, seq data.Seq, take func(data.PayloadHead)) error
	Changes(ctx context.Context, seq data.Seq, permanents ...uint32) ([]data.Change, error)
	SeqAt(ctx context.Context, t time.Time) (data.Seq, error)
	Last() data.Seq
}

// Bounds of what one page reads: entries of the log, and heads of their changes.
const (
	MaxReads = 2000
	MaxHeads = 200_000
)

// Place is where a page ends: before item Item of entry Seq. The zero Place is the newest.
type Place struct {
	Seq  data.Seq
	Item int
}

// Kinds of what is found.
const (
	KindNote   = "note"
	KindChange = "change"
)

// Found is what somebody did and where it stands: a note, or an entry of the log that changes something. Of that, Object is
// the layer or record when it is about one only, Count the number of changes, Reason its cause.
type Found struct {
	Kind string   `json:"kind"`
	Seq  data.Seq `json:"seq"`
	// ID is that of a note.
	ID string `json:"id,omitempty"`
	Entry
	// IDs are the features of layer Object whose personal data somebody read at once; BreakGlass says that they held no post
	// that may.
	IDs        []string `json:"ids,omitempty"`
	BreakGlass bool     `json:"break_glass,omitempty"`
	// Reading is what else a note of such a reading holds.
	Reading Reading `json:"-"`
}

// Reading says whom a sealed reason is about.
type Reading struct {
	Layer  string
	IDs    []string
	Sealed []byte
}

// Book finds what the log tells of who did what. It remembers the Seqs of entries that hold notes, eight bytes each, and
// reads everything else from the log. It is safe for concurrent use.
type Book struct {
	log Log

	mu    sync.Mutex
	read  data.Seq
	noted []data.Seq
}

// NewBook returns a book that has read nothing yet; the first page goes through the heads of the whole log once.
func NewBook(log Log) *Book { return &Book{log: log} }

// follow reads what is new in the log and returns the Seqs of entries with notes, which no one changes. What it has read
// when ctx ends is not read again.
func (b *Book) follow(ctx context.Context) ([]data.Seq, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for last := b.log.Last(); b.read < last; b.read++ {
		has := false
		err := b.log.Outline(ctx, b.read+1, func(h data.PayloadHead) { has = has || h.Noted() })
		if damaged(err) {
			has, err = true, nil // it may hold some
		}
		if err != nil {
			return nil, err
		}
		if has {
			b.noted = append(b.noted, b.read+1)
		}
	}
	return b.noted, nil
}

// walk yields the entries that a query may find, from a place backwards; has says whether one holds notes.
type walk struct {
	seq   data.Seq
	noted []data.Seq // those up to seq
	// notes has the others left out.
	notes bool
}

func (w *walk) next() (seq data.Seq, has, ok bool) {
	if n := len(w.noted); w.notes && n == 0 || w.seq == 0 {
		return 0, false, false
	} else if w.notes {
		w.seq = w.noted[n-1]
	}
	seq = w.seq
	w.seq--
	if n := len(w.noted); n > 0 && w.noted[n-1] == seq {
		w.noted, has = w.noted[:n-1], true
	}
	return seq, has, true
}

// from begins a walk.
func (b *Book) from(ctx context.Context, q *Query, after Place) (w walk, err error) {
	noted, err := b.follow(ctx)
	if err != nil {
		return w, err
	}
	w.seq, w.notes = b.log.Last(), !q.changes()
	if !q.To.IsZero() {
		if w.seq, err = b.log.SeqAt(ctx, q.To.Add(-1)); err != nil {
			return w, err
		}
	}
	if after.Seq != 0 {
		w.seq = min(w.seq, after.Seq)
	}
	// What has landed since the book was read is for the next page that begins anew.
	end, found := slices.BinarySearch(noted, w.seq)
	if found {
		end++
	}
	w.noted = noted[:end]
	return w, nil
}

// Page returns at most limit items older than after, newest first, and where the next page begins: nil when there is none.
// A page may have fewer than limit, even none, before the last: it reads no more than [MaxReads] entries of the log, or
// [MaxHeads] heads.
func (b *Book) Page(ctx context.Context, q Query, after Place, limit int) ([]Found, *Place, error) {
	at, err := b.from(ctx, &q, after)
	if err != nil {
		return nil, nil, err
	}
	page, reads, heads := []Found{}, 0, 0
	for {
		seq, has, ok := at.next()
		if !ok {
			return page, nil, nil
		}
		if reads++; reads > MaxReads || heads > MaxHeads {
			// The entry itself is whole on the next page.
			return page, &Place{Seq: seq, Item: data.MaxTxChanges + 2}, nil
		}
		head, err := b.log.Header(ctx, seq)
		if err != nil && !damaged(err) {
			return nil, nil, err
		}
		if err == nil && !q.From.IsZero() && head.Recorded.Before(q.From) {
			return page, nil, nil // the log's times never run backwards
		}
		var items []*Found
		if err == nil {
			if !has && !q.mayChange(&head) {
				continue
			}
			heads += len(head.Payloads)
			items, err = b.items(ctx, &q, &head, has)
		}
		if damaged(err) {
			// Whatever is asked for may have stood there.
			items, err = []*Found{{Kind: KindChange, Seq: seq, Entry: Entry{Time: head.Recorded, Actor: head.Actor, Action: Damaged, Outcome: Done}}}, nil
		}
		if err != nil {
			return nil, nil, err
		}
		for i, item := range slices.Backward(items) {
			if item == nil || seq == after.Seq && i >= after.Item {
				continue
			}
			if len(page) == limit {
				return page, &Place{Seq: seq, Item: i + 1}, nil
			}
			page = append(page, *item)
		}
	}
}

// damaged reports whether an error is about an entry of the log that cannot be read: others can.
func damaged(err error) bool {
	_, is := errors.AsType[*data.CorruptError](err)
	return is
}

// items are what an entry holds, in order and nil where the query does not want it: its notes, and last what it changes.
func (b *Book) items(ctx context.Context, q *Query, head *data.Header, has bool) (items []*Found, err error) {
	if has {
		changes, err := b.log.Changes(ctx, head.Seq, 0)
		if err != nil {
			return nil, err
		}
		for i := range changes {
			if !changes[i].Noted() {
				continue
			}
			note, err := noteOf(&changes[i], head)
			if err != nil {
				return nil, err
			}
			if !q.matches(note) {
				note = nil
			}
			items = append(items, note)
		}
	}
	if !q.mayChange(head) {
		return items, nil
	}
	change, err := b.change(ctx, q, head)
	return append(items, change), err
}

// change is what an entry changes, nil when the query does not want it or the entry holds notes only.
func (b *Book) change(ctx context.Context, q *Query, head *data.Header) (*Found, error) {
	found := &Found{Kind: KindChange, Seq: head.Seq, Entry: Entry{
		Time: head.Recorded, Actor: head.Actor, Action: actionOf(head), Outcome: Done, Reason: head.Cause,
	}}
	wanted := q.Object == ""
	err := b.log.Outline(ctx, head.Seq, func(h data.PayloadHead) {
		if h.Noted() {
			return
		}
		found.Count++
		name := string(h.Layer)
		if q.Sees != nil && !q.Sees(name) {
			found.Object = ""
			return
		}
		switch {
		case found.Count == 1:
			found.Object = name
		case found.Object != name:
			found.Object = ""
		}
		wanted = wanted || q.about(&h)
	})
	if err != nil || !wanted || found.Count == 0 {
		return nil, err
	}
	return found, nil
}
