package audit

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gewu-city/gewu/data"
)

// Log is what is read of a store.
type Log interface {
	Entries(ctx context.Context, after data.Seq) iter.Seq2[*data.Entry, error]
	Header(ctx context.Context, seq data.Seq) (data.Header, error)
	Changes(ctx context.Context, seq data.Seq, permanents ...uint32) ([]data.Change, error)
	Last() data.Seq
}

// Query says which entries are wanted; what is empty holds for all. From is included, To is not; both are compared with
// the time at which the log recorded a note. Object is the beginning of the objects.
type Query struct {
	From, To              time.Time
	Actor, Action, Object string
}

// MaxReads bounds the entries of the log that one page reads.
const MaxReads = 2000

// Place is where a page ends: the note at position Note of entry Seq. The zero Place is the newest.
type Place struct {
	Seq  data.Seq
	Note int
}

// Found is an entry and where it is.
type Found struct {
	Entry
	Seq data.Seq `json:"seq"`
	ID  string   `json:"id"`
}

// Book finds audit entries. It remembers the Seqs of entries that hold notes, eight bytes each, and reads the notes
// themselves from the log. It is safe for concurrent use.
type Book struct {
	log Log

	mu    sync.Mutex
	read  data.Seq
	noted []data.Seq
}

// NewBook returns a book that has read nothing yet; the first page reads the log once.
func NewBook(log Log) *Book { return &Book{log: log} }

// follow reads what is new in the log and returns the Seqs, which no one changes.
func (b *Book) follow(ctx context.Context) ([]data.Seq, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.read == b.log.Last() {
		return b.noted, nil
	}
	for e, err := range b.log.Entries(ctx, b.read) {
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(e.Changes, func(c data.Change) bool { return c.Admin != nil && c.Admin.Kind == data.AdminNote }) {
			b.noted = append(b.noted, e.Seq)
		}
		b.read = e.Seq
	}
	return b.noted, nil
}

// Page returns at most limit entries older than after, newest first, and where the next page begins: nil when there is
// none. A page may have fewer than limit, even none, before the last: it reads no more than [MaxReads] entries of the log.
func (b *Book) Page(ctx context.Context, q Query, after Place, limit int) ([]Found, *Place, error) {
	noted, err := b.follow(ctx)
	if err != nil {
		return nil, nil, err
	}
	end := len(noted)
	if after.Seq != 0 {
		at, found := slices.BinarySearch(noted, after.Seq)
		end = at
		if found {
			end++
		}
	}
	var page []Found
	for reads := 0; end > 0; end-- {
		seq := noted[end-1]
		if reads++; reads > MaxReads {
			// The entry itself is whole on the next page.
			return page, &Place{Seq: seq, Note: data.MaxTxChanges}, nil
		}
		head, err := b.log.Header(ctx, seq)
		if err != nil {
			return nil, nil, err
		}
		if !q.From.IsZero() && head.Recorded.Before(q.From) {
			return page, nil, nil // the log's times never run backwards
		}
		if !q.To.IsZero() && !head.Recorded.Before(q.To) {
			continue
		}
		changes, err := b.log.Changes(ctx, seq, 0)
		if err != nil {
			return nil, nil, err
		}
		for i, c := range slices.Backward(changes) {
			if c.Admin == nil || c.Admin.Kind != data.AdminNote || seq == after.Seq && i >= after.Note {
				continue
			}
			e, err := read(c.Admin, head.Recorded, head.Actor)
			if err != nil {
				return nil, nil, err
			}
			if !q.matches(&e) {
				continue
			}
			if len(page) == limit {
				return page, &Place{Seq: seq, Note: i + 1}, nil
			}
			page = append(page, Found{Entry: e, Seq: seq, ID: c.Admin.ID})
		}
	}
	return page, nil, nil
}

func (q *Query) matches(e *Entry) bool {
	return (q.Actor == "" || q.Actor == e.Actor || q.Actor == e.Staff) &&
		(q.Action == "" || q.Action == e.Action) && strings.HasPrefix(e.Object, q.Object)
}
