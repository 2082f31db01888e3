package boltstore

import (
	"sync"

	"github.com/gewu-city/gewu/data"
)

// Bounds of one group of transactions; the first always fits.
const (
	maxGroupTxs     = 1024
	maxGroupChanges = data.MaxTxChanges
	maxGroupBytes   = data.MaxTxBytes
)

// queue holds the transactions that wait for the committer. Each is held by a goroutine blocked in Append, so its
// length needs no bound.
type queue struct {
	mu      sync.Mutex
	waiting []*request
	closed  bool
	signal  chan struct{} // holds one element when something was put
}

// put adds a request; false when the store does not accept any more.
func (q *queue) put(r *request) bool {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return false
	}
	q.waiting = append(q.waiting, r)
	q.mu.Unlock()
	select {
	case q.signal <- struct{}{}:
	default:
	}
	return true
}

// length is the number of transactions that wait.
func (q *queue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// take removes the next group, in order, without requests whose caller has gone. A transaction that changes
// definitions is a group of its own: the ones after it are checked against what it defines. So is a request for
// transactions that are appended together.
func (q *queue) take() []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	var group []*request
	changes, bytes, n := 0, 0, 0
	for _, r := range q.waiting {
		full := len(group) == maxGroupTxs || changes+len(r.changes) > maxGroupChanges || bytes+len(r.payloads) > maxGroupBytes
		if len(group) > 0 && (full || r.alone() || group[0].alone()) {
			break
		}
		n++
		if !r.take() {
			continue
		}
		group = append(group, r)
		changes += len(r.changes)
		bytes += len(r.payloads)
	}
	rest := copy(q.waiting, q.waiting[n:])
	clear(q.waiting[rest:])
	q.waiting = q.waiting[:rest]
	return group
}

// close refuses further requests and answers the ones that wait with data.ErrClosed.
func (q *queue) close() {
	q.refuse()
	for {
		group := q.take()
		if len(group) == 0 {
			return
		}
		for _, r := range group {
			r.answer(0, data.ErrClosed)
		}
	}
}

// refuse makes put return false.
func (q *queue) refuse() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
}
