package server

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// How much of a body is read, and for how long, after its request was refused. A connection that is closed while the
// client still sends is reset, and with it goes the answer that says why: clients such as Python's send everything before
// they read. A file of 100 MB is a mistake that people make; they are told.
const (
	drainBytes = 128 << 20
	drainTime  = 10 * time.Second
)

// incoming is the body of a request and knows how far it was read. Handlers may read it in a goroutine of their own.
type incoming struct {
	io.ReadCloser
	read  atomic.Int64
	ended atomic.Bool // nothing comes any more: all was read, or the client failed to send it
}

// Read implements [io.Reader].
func (b *incoming) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read.Add(int64(n))
	if err != nil {
		b.ended.Store(true)
	}
	return n, err
}

// watch wraps the body of a request; nil without one.
func watch(r *http.Request) *incoming {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	b := &incoming{ReadCloser: r.Body}
	r.Body = b
	return b
}

// drain reads what is left of the body of a refused request, so that its client gets to read the answer. What is far too
// large is cut off all the same, and what the client has not begun to send, because it waits for permission, is not
// asked for.
func (s *Server) drain(b *incoming, w http.ResponseWriter, r *http.Request) {
	if b == nil || b.ended.Load() {
		return
	}
	if b.read.Load() == 0 && r.Header.Get("Expect") != "" || r.ContentLength-b.read.Load() > drainBytes {
		return
	}
	control := http.NewResponseController(w)
	now := s.cfg.Now()
	// Recorders in tests have no connection; there is nothing to bound.
	_ = control.SetReadDeadline(now.Add(drainTime))
	_ = control.SetWriteDeadline(now.Add(drainTime + s.cfg.Limits.Idle))
	if _, err := io.CopyN(io.Discard, b, drainBytes); err != nil && !errors.Is(err, io.EOF) {
		s.cfg.Logger.DebugContext(r.Context(), "the rest of a body did not arrive", "error", err)
	}
}
