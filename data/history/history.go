// Package history reads out of the log what happened to one feature or in one entry, and turns entries around.
package history

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/gewu-city/gewu/data"
)

// Log is what history needs of a store; see [data.Store] for the contracts.
type Log interface {
	Header(ctx context.Context, seq data.Seq) (data.Header, error)
	Changes(ctx context.Context, seq data.Seq, permanents ...uint32) ([]data.Change, error)
	Entries(ctx context.Context, after data.Seq) iter.Seq2[*data.Entry, error]
}

// Step is one change of a feature and the header of its entry.
type Step struct {
	Header data.Header
	Change data.Change
}

// Of yields what happened to the feature with a permanent id, the newest change first, from entry seq backwards.
// Changes whose content was erased are among them. An error ends the sequence.
func Of(ctx context.Context, log Log, seq data.Seq, permanent uint32) iter.Seq2[Step, error] {
	return func(yield func(Step, error) bool) {
		for seq > 0 {
			h, err := log.Header(ctx, seq)
			if err != nil {
				yield(Step{}, fmt.Errorf("read header %d: %w", seq, err))
				return
			}
			changes, err := log.Changes(ctx, seq, permanent)
			if err == nil && len(changes) == 0 {
				err = fmt.Errorf("holds no change of feature %d: %w", permanent, data.ErrFormat)
			}
			if err != nil {
				yield(Step{}, fmt.Errorf("read seq %d: %w", seq, err))
				return
			}
			for _, c := range slices.Backward(changes) {
				if !yield(Step{h, c}, nil) {
					return
				}
			}
			seq = changes[0].Prev
		}
	}
}

// Entry reads one entry. It is [data.ErrNoEntry] when the log has none of this number.
func Entry(ctx context.Context, log Log, seq data.Seq) (*data.Entry, error) {
	if seq == 0 {
		return nil, data.ErrNoEntry
	}
	for entry, err := range log.Entries(ctx, seq-1) {
		return entry, err
	}
	return nil, fmt.Errorf("entry %d: %w", seq, data.ErrNoEntry)
}
