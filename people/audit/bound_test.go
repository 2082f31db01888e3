package audit_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people/audit"
)

// long is a log of n entries with a note each, that counts what is read of it.
type long struct {
	n, reads int
	// bad is an entry that cannot be read, payloads are how many changes each has.
	bad      data.Seq
	payloads int
}

func (l *long) Last() data.Seq { return data.Seq(l.n) }

func (l *long) Header(_ context.Context, seq data.Seq) (data.Header, error) {
	if seq == l.bad {
		return data.Header{}, &data.CorruptError{Where: "entry"}
	}
	return data.Header{Seq: seq, Recorded: noon.Add(time.Duration(seq) * time.Second), Payloads: make([]data.Hash, l.payloads)}, nil
}

func (l *long) Changes(_ context.Context, seq data.Seq, _ ...uint32) ([]data.Change, error) {
	l.reads++
	c, err := audit.Entry{Time: noon, Actor: "a", Action: "login", Outcome: audit.Done}.Change(strconv.Itoa(int(seq)))
	return []data.Change{c}, err
}

func (l *long) SeqAt(context.Context, time.Time) (data.Seq, error) { return l.Last(), nil }

func (l *long) Outline(_ context.Context, seq data.Seq, take func(data.PayloadHead)) error {
	if seq == l.bad {
		return &data.CorruptError{Where: "entry"}
	}
	take(data.PayloadHead{Stream: data.StreamAdmin, Op: data.OpPut, Layer: []byte(data.AdminNote + ":1")})
	return nil
}

// TestPagesAreBounded asks for what nobody did: pages are empty and read no more than they may, and the last one comes.
func TestPagesAreBounded(t *testing.T) {
	log := &long{n: 2*audit.MaxReads + 500}
	book := audit.NewBook(log)
	for _, q := range []struct {
		actor       string
		pages, want int
	}{{"nobody", 3, 0}, {"a", 3, log.n}} {
		var after audit.Place
		pages, found := 0, 0
		for next := &after; next != nil; pages++ {
			log.reads = 0
			page, end, err := book.Page(t.Context(), audit.Query{Actors: []string{q.actor}}, *next, 10*audit.MaxReads)
			if err != nil || log.reads > audit.MaxReads {
				t.Fatalf("%d reads, %v", log.reads, err)
			}
			found += len(page)
			next = end
		}
		if pages != q.pages || found != q.want {
			t.Errorf("%s: %d entries on %d pages, want %d on %d", q.actor, found, pages, q.want, q.pages)
		}
	}
}

// TestPagesOfLargeEntriesAreBounded reads entries of 10,000 changes each, and one that is larger than a page may read.
func TestPagesOfLargeEntriesAreBounded(t *testing.T) {
	for payloads, most := range map[int]int{10_000: audit.MaxHeads/10_000 + 1, audit.MaxHeads + 1: 1} {
		log := &long{n: 50, payloads: payloads}
		book := audit.NewBook(log)
		var after audit.Place
		pages, found := 0, 0
		for next := &after; next != nil; pages++ {
			log.reads = 0
			page, end, err := book.Page(t.Context(), audit.Query{}, *next, 1000)
			if err != nil || log.reads > most {
				t.Fatalf("%d entries of %d changes read for a page, %v", log.reads, payloads, err)
			}
			found, next = found+len(page), end
		}
		if found != log.n || pages < log.n/most {
			t.Errorf("%d entries on %d pages", found, pages)
		}
	}
}

// TestDamageHidesNothingElse: an entry that cannot be read is told, whatever is asked for, and all others are found.
func TestDamageHidesNothingElse(t *testing.T) {
	log := &long{n: 9, bad: 4}
	book := audit.NewBook(log)
	for actor, want := range map[string]int{"": 9, "a": 9, "nobody": 1} {
		q := audit.Query{}
		if actor != "" {
			q.Actors = []string{actor}
		}
		page, next, err := book.Page(t.Context(), q, audit.Place{}, 100)
		if err != nil || next != nil || len(page) != want {
			t.Fatalf("%q: %+v, %v", actor, page, err)
		}
		told := 0
		for _, f := range page {
			if f.Action == audit.Damaged && f.Seq == 4 {
				told++
			}
		}
		if told != 1 {
			t.Errorf("%q: the damage is told %d times: %+v", actor, told, page)
		}
	}
}
