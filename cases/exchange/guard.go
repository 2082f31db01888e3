package exchange

import (
	"context"
	"errors"
	"fmt"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data"
)

// Guard is a log that refuses to hand a case over to the platform that it came from, before the event is written: nobody
// would be told, and the case would wait for an answer that does not come. The error is a *data.FieldError.
func Guard(b *Book, shelf cases.Shelf, log cases.Log) cases.Log { return guard{log, b, shelf} }

type guard struct {
	cases.Log
	book  *Book
	shelf cases.Shelf
}

// Append implements [cases.Log].
func (g guard) Append(ctx context.Context, events []*cases.Event) (data.Seq, error) {
	for _, p := range g.book.Peers() {
		for _, e := range events {
			if !p.hands(e) {
				continue
			}
			c, err := g.shelf.Case(ctx, e.Case)
			if errors.Is(err, cases.ErrNoCase) {
				continue
			}
			if err != nil {
				return 0, err
			}
			if is := c.Peers[p.ID]; is.Theirs {
				return 0, &data.FieldError{Field: "unit", Value: p.Organisation, Why: fmt.Sprintf("is the platform that the case came from, where it is %s: reject it, with the reason, to give it back", is.Number)}
			}
		}
	}
	return g.Log.Append(ctx, events)
}
