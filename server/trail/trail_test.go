package trail_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people/audit"
	"github.com/gewu-city/gewu/server/trail"
)

// book is a log in memory that can be full.
type book struct {
	mu    sync.Mutex
	full  bool
	notes []audit.Entry
	txs   int
}

func (b *book) Append(ctx context.Context, tx data.Tx) (data.Seq, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.full {
		return 0, data.ErrReadOnly
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	for _, c := range tx.Changes {
		var e audit.Entry
		if err := json.Unmarshal(c.Admin.Body, &e); err != nil {
			return 0, err
		}
		b.notes = append(b.notes, e)
	}
	b.txs++
	return data.Seq(b.txs), nil
}

func (b *book) set(full bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.full = full
}

func (b *book) count() (txs, notes, acts int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.notes {
		acts += max(1, e.Count)
	}
	return b.txs, len(b.notes), acts
}

func start(t *testing.T, b *book) (*trail.Trail, func()) {
	t.Helper()
	n := 0
	tr := &trail.Trail{Log: b, Now: time.Now, Clock: time.Now, Logger: slog.New(slog.DiscardHandler), NewID: func() (string, error) { n++; return fmt.Sprint(n), nil }}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- tr.Run(ctx) }()
	return tr, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func refusal(from int) audit.Entry {
	return audit.Entry{Time: time.Now(), Actor: "public", From: fmt.Sprint("10.0.0.", from), Action: "login", Outcome: audit.Refused}
}

// TestRefusalsDoNotFillTheLog fails 10,000 times a minute for ten minutes, from four addresses and from thousands.
func TestRefusalsDoNotFillTheLog(t *testing.T) {
	for addresses, most := range map[int]int{4: 4, 5000: 2*audit.MaxSums + 2} {
		synctest.Test(t, func(t *testing.T) {
			b := &book{}
			tr, stop := start(t, b)
			const minutes, each = 10, 10_000
			for range minutes {
				for i := range each {
					tr.Count(refusal(i % addresses))
				}
				time.Sleep(time.Minute)
			}
			stop()
			txs, notes, acts := b.count()
			if acts != minutes*each || notes > (minutes+1)*most || txs > minutes+1 || notes < minutes {
				t.Errorf("%d addresses: %d refusals in %d notes of %d entries", addresses, acts, notes, txs)
			}
		})
	}
}

// TestSumsAreWritten has them written when their minute is over, when somebody looks, and at the end.
func TestSumsAreWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &book{}
		tr, stop := start(t, b)
		tr.Count(refusal(1))
		time.Sleep(75 * time.Second)
		if _, _, acts := b.count(); acts != 1 {
			t.Errorf("after a minute %d refusals are noted", acts)
		}
		for want := range 3 {
			// The first look writes, the second comes too early, the third writes what the second would have.
			tr.Count(refusal(1))
			if want == 2 {
				time.Sleep(6 * time.Second)
			}
			tr.Look(t.Context())
			if _, _, acts := b.count(); acts != []int{2, 2, 4}[want] {
				t.Errorf("look %d: %d refusals are noted", want, acts)
			}
		}
		tr.Count(refusal(1))
		stop()
		if _, _, acts := b.count(); acts != 5 {
			t.Errorf("after the end %d refusals are noted", acts)
		}
	})
}

// TestFullDisk has the log refuse: who must have a note is told, other notes are written later, and what is beyond the
// bound is counted.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &book{}
		tr, stop := start(t, b)
		b.set(true)
		done := audit.Entry{Time: time.Now(), Actor: "account:a", Action: "logout", Outcome: audit.Done}
		if err := tr.Write(t.Context(), done); !errors.Is(err, data.ErrReadOnly) {
			t.Errorf("a note that cannot be written: %v", err)
		}
		const beyond = 7
		for range trail.MaxWaiting + beyond {
			tr.Note(t.Context(), done)
		}
		time.Sleep(time.Minute)
		if _, notes, _ := b.count(); notes != 0 {
			t.Fatalf("%d notes in a full log", notes)
		}
		b.set(false)
		time.Sleep(time.Minute)
		stop()
		_, notes, acts := b.count()
		if last := b.notes[len(b.notes)-1]; notes != trail.MaxWaiting+1 || acts != trail.MaxWaiting+beyond || last.Action != trail.Lost || last.Count != beyond {
			t.Errorf("%d notes of %d acts, the last %+v", notes, acts, last)
		}
	})
}

// TestClientsThatLeave are noted all the same.
func TestClientsThatLeave(t *testing.T) {
	b := &book{}
	tr := &trail.Trail{Log: b, Now: time.Now, Clock: time.Now, Logger: slog.New(slog.DiscardHandler), NewID: func() (string, error) { return "1", nil }}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := tr.Write(gone, audit.Entry{Time: time.Now(), Actor: "a", Action: "export", Outcome: audit.Done}); err != nil {
		t.Error(err)
	}
}

// TestFirstWithinTheHour writes a hundred times a minute from two addresses, and once from each of many.
func TestFirstWithinTheHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &book{}
		tr, stop := start(t, b)
		write := func(from int) {
			tr.First(audit.Entry{Time: time.Now(), Actor: "key:1", From: fmt.Sprint("10.0.0.", from), Action: "writes", Outcome: audit.Done})
		}
		for range 60 {
			for range 100 {
				write(1)
				write(2)
			}
			time.Sleep(time.Minute)
		}
		time.Sleep(time.Minute)
		if _, notes, acts := b.count(); notes != 2 || acts != 2 {
			t.Errorf("in an hour %d notes of %d", notes, acts)
		}
		write(1)
		write(1)
		time.Sleep(2 * time.Minute)
		if _, notes, _ := b.count(); notes != 3 {
			t.Errorf("in the next hour %d notes", notes)
		}
		for i := range 50_000 {
			write(i)
		}
		stop()
		if _, notes, acts := b.count(); notes > 3+2*audit.MaxSums+2 || acts < 49_000 {
			t.Errorf("from everywhere %d notes of %d", notes, acts)
		}
	})
}
