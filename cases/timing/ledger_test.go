package timing_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/clock"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/timing"
	"github.com/gewu-city/gewu/data"
)

// book is a log in memory.
type book struct{ events []*cases.Event }

func (b *book) Append(_ context.Context, events []*cases.Event) (data.Seq, error) {
	b.events = append(b.events, events...)
	return data.Seq(len(b.events)), nil
}

func (b *book) Events(_ context.Context, id string) iter.Seq2[*cases.Event, error] {
	return func(yield func(*cases.Event, error) bool) {
		for _, e := range slices.Clone(b.events) {
			if e.Case == id && !yield(e, nil) {
				return
			}
		}
	}
}

// TestLedger sees that clocks are the same whether they are held or folded again, that what cannot be is not written, and
// that marks which were told stay told.
func TestLedger(t *testing.T) {
	ctx := context.Background()
	log := &book{}
	l := timing.NewLedger(city(t), log)
	step := func(number int, at time.Time, effects ...cases.ClockEffect) error {
		_, err := l.Append(ctx, []*cases.Event{{Case: "C1", Number: number, At: at, Clocks: effects}})
		return err
	}
	if err := step(1, at(2, 9, 0), effect("handle", process.Start, "")); err == nil || len(log.events) > 0 {
		t.Fatalf("a clock without a limit starts: %v", err)
	}
	if err := step(1, at(2, 9, 0), effect("handle", process.Start, "1 fortnight")); !errors.As(err, new(*data.FieldError)) || len(log.events) > 0 {
		t.Fatalf("%v", err)
	}
	for i, effects := range [][]cases.ClockEffect{
		{effect("accept", process.Start, "1 work_hour")},
		{effect("accept", process.Stop, ""), effect("handle", process.Start, "4 work_hour")},
		nil,
	} {
		if err := step(i+1, at(2, 9, i), effects...); err != nil {
			t.Fatal(err)
		}
	}
	c := &cases.Case{ID: "C1"}
	want := at(2, 15, 1) // four hours with the pause of noon between
	if due := l.Due(c); !due.Equal(want) {
		t.Errorf("due at %s, want %s", due, want)
	}
	if due := l.Due(&cases.Case{ID: "C1", Final: true}); !due.IsZero() {
		t.Errorf("a case at rest is due at %s", due)
	}
	again := timing.NewLedger(city(t), log)
	if due := again.Due(c); !due.Equal(want) {
		t.Errorf("after a restart due at %s, want %s", due, want)
	}
	if limits := again.Limits(); !limits.Overdue(c, "handle", at(2, 15, 2)) || limits.Overdue(c, "handle", at(2, 15, 0)) {
		t.Error("what is overdue is not what the clocks say")
	}
	if _, err := l.Told(ctx, clock.Notice{Case: "C1", Clock: "handle", Key: "warned"}, at(2, 15, 0)); err != nil {
		t.Fatal(err)
	}
	if err := step(4, at(2, 15, 30)); err != nil {
		t.Fatal(err)
	}
	clocks, err := l.Of(ctx, "C1")
	if err != nil || !slices.Contains(clocks.Clock("handle").Fired, "warned") {
		t.Errorf("%+v, %v", clocks.Clock("handle"), err)
	}
	if err := step(5, at(2, 16, 0), effect("handle", process.Stop, "")); err != nil {
		t.Fatal(err)
	}
	if clocks, err = l.Of(ctx, "C1"); err != nil || !clocks.Clock("handle").Late || !clocks.Due().IsZero() {
		t.Errorf("%+v, %v", clocks.Clock("handle"), err)
	}
	if clocks, err = l.Of(ctx, "C2"); err != nil || len(clocks) > 0 {
		t.Errorf("clocks of no case: %v, %v", clocks, err)
	}
}
