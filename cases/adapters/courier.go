package adapters

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gewu-city/gewu/cases/notice"
)

// Outcome is what became of one try.
type Outcome struct {
	// What is notice.Delivered, notice.Failed or notice.Refused.
	What notice.Happening
	// Why is for people, without addresses and secrets.
	Why string
	// After is when the other side wants the next try, at the earliest; zero if it did not say.
	After time.Time
}

// Sender brings messages of one kind of channel. Send gives up when ctx ends. It may be called by several goroutines.
type Sender interface {
	Send(ctx context.Context, m *notice.Message) Outcome
}

// Log keeps what became of messages. Note appends a fact and returns the message after it, when both are durable. It may be
// called by several goroutines.
type Log interface {
	Note(ctx context.Context, f notice.Fact) (notice.Message, error)
}

// Courier sends what waits in an outbox.
type Courier struct {
	outbox  *notice.Outbox
	senders map[string]Sender
	log     Log
	now     func() time.Time
	report  *slog.Logger
	woken   chan struct{}
}

// Parallel is how many messages a courier sends at once, Timeout how long one try may take.
const (
	Parallel = 16
	Timeout  = 30 * time.Second
)

// patience is how long a courier waits when the log refuses a fact, and at most when nothing is due.
const patience = 10 * time.Second

// NewCourier is a courier for the kinds of channels that have a sender. Messages of other kinds are refused for good.
func NewCourier(outbox *notice.Outbox, senders map[string]Sender, log Log, now func() time.Time, report *slog.Logger) *Courier {
	return &Courier{outbox: outbox, senders: senders, log: log, now: now, report: report, woken: make(chan struct{}, 1)}
}

// Wake tells the courier that a message was put into the outbox. It never blocks.
func (c *Courier) Wake() {
	select {
	case c.woken <- struct{}{}:
	default:
	}
}

// Run sends until ctx ends, and returns nil when all tries have. One that was made and could not be noted is made again: at
// least once, with the same id.
func (c *Courier) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		list := c.outbox.Take(c.now(), Parallel)
		if len(list) == 0 {
			c.wait(ctx, patience)
			continue
		}
		var group errgroup.Group
		for i := range list {
			group.Go(func() error { return c.deliver(ctx, &list[i]) })
		}
		if err := group.Wait(); err != nil && ctx.Err() == nil {
			c.report.LogAttrs(ctx, slog.LevelError, "what became of messages is not noted", slog.Any("error", err))
			c.wait(ctx, patience)
		}
	}
	return nil
}

// wait ends when a message is due or was put, after so long, or when ctx ends.
func (c *Courier) wait(ctx context.Context, most time.Duration) {
	pause := most
	if next, ok := c.outbox.Next(); ok {
		// What is due already waits for the log, or for another turn of the loop.
		if until := next.Sub(c.now()); until > 0 {
			pause = min(pause, until)
		}
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-c.woken:
	}
}

func (c *Courier) deliver(ctx context.Context, m *notice.Message) error {
	out := Outcome{What: notice.Refused, Why: "there is no way to channels of the kind " + m.Channel.Kind}
	if sender, ok := c.senders[m.Channel.Kind]; ok {
		limited, cancel := context.WithTimeout(ctx, Timeout)
		out = sender.Send(limited, m)
		cancel()
	}
	if ctx.Err() != nil && out.What != notice.Delivered {
		c.outbox.Return(m.ID) // it was cut short by us
		return nil
	}
	// What was delivered is noted though the server is told to end, else it is sent twice.
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), Timeout)
	defer cancel()
	after, err := c.log.Note(noting, notice.Fact{Message: m.ID, What: out.What, At: c.now(), Why: out.Why, After: out.After})
	if err != nil {
		c.outbox.Return(m.ID)
		return err
	}
	c.outbox.Put(after)
	if after.State == notice.Dead {
		c.report.LogAttrs(ctx, slog.LevelWarn, "message is given up", slog.String("message", m.ID), slog.String("channel", m.Channel.Kind), slog.Int("tries", after.Tries), slog.String("why", after.Why))
	}
	return nil
}

// failure is a try that failed, in words that hold no address.
func failure(err error, why string) Outcome {
	if errors.Is(err, context.DeadlineExceeded) {
		why = "no answer in time"
	}
	return Outcome{What: notice.Failed, Why: why}
}
