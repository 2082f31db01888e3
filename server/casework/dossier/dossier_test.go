package dossier_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/server/casework/dossier"
)

// log is events in memory, with how often it was read.
type log struct {
	events map[string][]*cases.Event
	reads  int
}

func (l *log) Events(_ context.Context, id string) iter.Seq2[*cases.Event, error] {
	l.reads++
	return func(yield func(*cases.Event, error) bool) {
		for _, e := range l.events[id] {
			if e.Number < 0 {
				yield(nil, errors.New("the disk is broken"))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// TestRead reads cases as a whole, holds the newest, and hands on what cannot be read.
func TestRead(t *testing.T) {
	ctx, at := context.Background(), time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	begin := func(id string) *cases.Event {
		return &cases.Event{Case: id, Number: 1, At: at, To: "submitted", Process: &cases.ProcessRef{Name: "base", Version: 1}, Form: cases.Form{
			Description: "井盖", Address: "门口", Reporter: "subject-9", Before: []cases.File{{Hash: "a"}}, Voice: []cases.File{{Hash: "v"}},
		}}
	}
	l := &log{events: map[string][]*cases.Event{"A": {begin("A")}, "B": {begin("B"), {Number: -1}}}}
	s := dossier.NewShelf(l, 2)
	d, err := s.Read(ctx, "A", 1)
	if err != nil || d.Description != "井盖" || d.Address != "门口" || d.Reporter != "subject-9" || len(d.Before) != 1 || len(d.Voice) != 1 || len(d.After) != 0 {
		t.Fatalf("%+v, %v", d, err)
	}
	if _, err := s.Read(ctx, "A", 1); err != nil || l.reads != 1 {
		t.Errorf("read %d times, %v", l.reads, err)
	}
	l.events["A"] = append(l.events["A"], &cases.Event{
		Case: "A", Number: 2, At: at, From: "submitted", To: "accepted", Form: cases.Form{Description: "井盖丢失", After: []cases.File{{Hash: "b"}}}, Place: &cases.Place{Address: "一路1号"},
	})
	if d, err = s.Read(ctx, "A", 2); err != nil || d.Description != "井盖丢失" || d.Address != "一路1号" || len(d.After) != 1 || d.Case.Version != 2 || len(d.Events) != 2 {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := s.Read(ctx, "B", 1); err == nil {
		t.Error("what cannot be read is a case")
	}
	if _, err := s.Read(ctx, "C", 0); !errors.Is(err, cases.ErrNoCase) {
		t.Errorf("no case: %v", err)
	}
	for i := range 5 {
		id := fmt.Sprint("D", i)
		l.events[id] = []*cases.Event{begin(id)}
		if _, err := s.Read(ctx, id, 1); err != nil {
			t.Fatal(err)
		}
	}
	before := l.reads
	for i := range 5 {
		if _, err := s.Read(ctx, fmt.Sprint("D", i), 1); err != nil {
			t.Fatal(err)
		}
	}
	if l.reads-before < 3 {
		t.Errorf("%d of 5 were read again, two may be held", l.reads-before)
	}
}
