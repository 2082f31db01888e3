package boltstore

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/gewu-city/gewu/data"
)

// request is one transaction on its way through the committer.
type request struct {
	tx      data.Tx
	changes []data.Change // the store's own copy
	// payloads are the encoded changes, one after the other; ends[i] is the end of change i. They are encoded by the
	// caller of Append, so that callers share the work; the committer adds permanent id and previous seq.
	payloads []byte
	ends     []int
	// defines is set when the transaction changes definitions, only when it has nothing but changes of features.
	defines, only bool
	// together is set on a request that stands for a group of transactions and has no changes itself.
	together *together

	state atomic.Int32
	done  chan struct{}
	seq   data.Seq
	err   error
	next  *request // answered when this one's caller goes on
}

// States of a request. Whoever moves it away from waiting owns its outcome.
const (
	stateWaiting = iota
	stateTaken
	stateGone
)

func (r *request) take() bool  { return r.state.CompareAndSwap(stateWaiting, stateTaken) }
func (r *request) leave() bool { return r.state.CompareAndSwap(stateWaiting, stateGone) }

func (r *request) answer(seq data.Seq, err error) {
	r.seq, r.err = seq, err
	close(r.done)
}

// alone reports whether the request shares its commit with no other.
func (r *request) alone() bool { return r.defines || r.together != nil }

// Tx implements [admit.Request].
func (r *request) Tx() *data.Tx { return &r.tx }

// Changes implements [admit.Request].
func (r *request) Changes() []data.Change { return r.changes }

// Payload implements [admit.Request].
func (r *request) Payload(i int) []byte {
	start := 0
	if i > 0 {
		start = r.ends[i-1]
	}
	return r.payloads[start:r.ends[i]:r.ends[i]]
}

// Add implements [admit.Request].
func (r *request) Add(ch data.Change) error {
	b, err := data.AppendPayload(r.payloads, &ch)
	if err != nil {
		return &data.ChangeError{Change: len(r.changes), Layer: ch.Layer, ID: ch.Feature.ID, Err: err}
	}
	if len(b)+len(r.tx.Actor)+len(r.tx.Cause)+len(r.tx.Operation) > data.MaxTxBytes {
		return data.ErrTooLarge
	}
	r.changes, r.payloads, r.ends = append(r.changes, ch), b, append(r.ends, len(b))
	return nil
}

// newRequest copies and encodes a transaction.
func newRequest(tx data.Tx) (*request, error) {
	if len(tx.Changes) == 0 {
		return nil, data.ErrEmpty
	}
	texts := len(tx.Actor) + len(tx.Cause) + len(tx.Operation)
	if len(tx.Changes) > data.MaxTxChanges || texts > data.MaxTxBytes {
		return nil, data.ErrTooLarge
	}
	size := 192 * len(tx.Changes) // bytes of a point with a few attributes
	for i := range tx.Changes {
		if e := tx.Changes[i].Case; e != nil {
			size += len(e.Body)
		}
	}
	r := &request{
		tx:       tx,
		changes:  make([]data.Change, len(tx.Changes)),
		payloads: make([]byte, 0, size),
		ends:     make([]int, len(tx.Changes)),
		done:     make(chan struct{}),
		only:     true,
	}
	r.tx.Changes = nil
	var decoder data.Decoder
	for i := range tx.Changes {
		c := &tx.Changes[i]
		b, err := data.AppendPayload(r.payloads, c)
		if err != nil {
			return nil, &data.ChangeError{Change: i, Layer: c.Layer, ID: c.Feature.ID, Err: err}
		}
		if len(b)+texts > data.MaxTxBytes {
			return nil, data.ErrTooLarge
		}
		own := data.Change{Stream: c.Stream, Op: c.Op, Layer: c.Layer, IfSeq: c.IfSeq}
		switch {
		case c.Stream == data.StreamCase:
			r.only = false
			own.Case = &data.CaseEvent{Number: c.Case.Number, Body: b[len(b)-len(c.Case.Body) : len(b) : len(b)]} // it ends the payload
		case c.Stream != data.StreamFeature:
			r.defines, r.only = r.defines || c.Kept(), false
			// A definition is full of maps and slices that the caller may change; decoding is the deep copy.
			copied, err := decoder.Payload(b[len(r.payloads):])
			if err != nil {
				return nil, &data.ChangeError{Change: i, Layer: c.Layer, Err: err}
			}
			copied.IfSeq = c.IfSeq
			own = copied
		case c.Op == data.OpDelete:
			own.Feature.ID = c.Feature.ID
		default:
			own.Feature = c.Feature
		}
		r.changes[i] = own
		r.payloads, r.ends[i] = b, len(b)
	}
	return r, nil
}

// Append makes tx durable and returns its Seq, as [data.Store] says. It keeps the shapes and values of the changes,
// which must not be modified afterwards. When ctx ends before the commit has begun nothing is written and its error
// returns; once the commit has begun Append waits for the outcome, which takes milliseconds.
func (db *DB) Append(ctx context.Context, tx data.Tx) (data.Seq, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	r, err := newRequest(tx)
	if err != nil {
		return 0, err
	}
	if !db.queue.put(r) {
		return 0, data.ErrClosed
	}
	return db.outcome(ctx, r)
}

// outcome waits for the answer to a request, or until ctx ends before its commit has begun.
func (db *DB) outcome(ctx context.Context, r *request) (data.Seq, error) {
	select {
	case <-r.done:
	case <-ctx.Done():
		if r.leave() {
			return 0, fmt.Errorf("append to store: %w", ctx.Err())
		}
		<-r.done
	}
	if r.next != nil {
		close(r.next.done)
	}
	return r.seq, r.err
}

// answerAll answers the requests of a group, whose outcomes are set. Its callers are woken one after the other, each by
// the one before it, along as many chains as half the processors: woken all at once they would fill the queues of the
// scheduler, and a reader that comes in would wait for all of them.
func answerAll(group []*request) {
	chains := max(1, runtime.GOMAXPROCS(0)/2)
	for i, r := range group {
		if i+chains < len(group) {
			r.next = group[i+chains]
		}
	}
	for _, r := range group[:min(chains, len(group))] {
		close(r.done)
	}
}
