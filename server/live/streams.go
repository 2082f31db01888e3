package live

import (
	"context"
	"sync"
)

// streams are the open event streams, so that Drain can end them.
type streams struct {
	mu     sync.Mutex
	ended  bool
	cancel map[*context.CancelFunc]struct{}
}

// open registers a stream; it reports false when the server drains. The stream must be closed.
func (s *streams) open(cancel *context.CancelFunc) bool {
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

func (s *streams) close(cancel *context.CancelFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.cancel, cancel)
}

func (s *streams) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	for cancel := range s.cancel {
		(*cancel)()
	}
}

func (s *streams) draining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

func (s *streams) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.cancel)
}

// Drain ends the open streams and opens no more. It may be called more than once.
func (f *Feed) Drain() { f.streams.end() }

// Draining reports whether Drain was called.
func (f *Feed) Draining() bool { return f.streams.draining() }

// Clients is the number of open streams.
func (f *Feed) Clients() int { return f.streams.count() }
