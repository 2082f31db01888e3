// Package streams counts the streams of events that are open and ends them when the server goes down.
package streams

import (
	"context"
	"sync"
)

// Set is some streams. The zero value has none; it is safe for concurrent use.
type Set struct {
	mu     sync.Mutex
	ended  bool
	cancel map[*context.CancelFunc]struct{}
}

// Open registers a stream that can be ended by a function; it reports false when the server drains. Close must follow.
func (s *Set) Open(cancel *context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	if s.cancel == nil {
		s.cancel = map[*context.CancelFunc]struct{}{}
	}
	s.cancel[cancel] = struct{}{}
	return true
}

// Close takes back a stream that has ended.
func (s *Set) Close(cancel *context.CancelFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.cancel, cancel)
}

// Drain ends the open streams and opens no more. It may be called more than once.
func (s *Set) Drain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	for cancel := range s.cancel {
		(*cancel)()
	}
}

// Draining reports whether Drain was called.
func (s *Set) Draining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// Clients is the number of open streams.
func (s *Set) Clients() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.cancel)
}
