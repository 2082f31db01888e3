package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/data"
)

// TestWatch hears of each case that goes on, once, with how it was and how it is, before anybody sees it.
func TestWatch(t *testing.T) {
	ctx := context.Background()
	s := open(t, newPages(), store.Options{})
	type heard struct {
		ID             string
		Before, After  int
		State          string
		Seq            data.Seq
		Actions        []string
		ShownMeanwhile int
	}
	var got []heard
	s.Watch(func(before, after *store.Summary, seq data.Seq, events []*cases.Event) {
		h := heard{ID: after.ID, After: after.Version, State: after.State, Seq: seq}
		if before != nil {
			h.Before = before.Version
		}
		for _, e := range events {
			h.Actions = append(h.Actions, e.Case+" "+e.Action)
		}
		_, h.ShownMeanwhile = s.Newest(after.ID)
		got = append(got, h)
	})
	if _, err := s.Append(ctx, []*cases.Event{begin("A", day)}); err != nil {
		t.Fatal(err)
	}
	next := &cases.Event{Case: "A", Number: 2, At: day.Add(time.Hour), Actor: cases.Actor{Post: "operator"}, Action: "accept", From: "submitted", To: "accepted"}
	if _, err := s.Append(ctx, []*cases.Event{next}); err != nil {
		t.Fatal(err)
	}
	c, err := s.Case(ctx, "A")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Tell(ctx, []*cases.Event{c.Tell(day.Add(2*time.Hour), "k", []cases.Mark{{Clock: "accept", Kind: "warned"}})}); err != nil {
		t.Fatal(err)
	}
	// What somebody else appended, and what is followed a second time.
	other := begin("B", day)
	for range 2 {
		if err := s.Follow(ctx, other, 9); err != nil {
			t.Fatal(err)
		}
	}
	put(s, c) // older than what is shown
	want := []heard{
		{ID: "A", After: 1, State: "submitted", Seq: 1, Actions: []string{"A report"}},
		{ID: "A", Before: 1, After: 2, State: "accepted", Seq: 2, Actions: []string{"A accept"}, ShownMeanwhile: 1},
		{ID: "A", Before: 2, After: 3, State: "accepted", Seq: 3, Actions: []string{"A tells"}, ShownMeanwhile: 2},
		{ID: "B", After: 1, State: "submitted", Seq: 9, Actions: []string{"B report"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s.Watch(nil)
	put(s, func() *cases.Case { c := c.Clone(); c.Version = 9; return c }())
	if len(got) != len(want) {
		t.Error("somebody who does not watch any more is told")
	}
}
