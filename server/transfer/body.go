package transfer

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// counted counts what has been read; it may be asked while another goroutine reads.
type counted struct {
	io.Reader
	n atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// importPause is how long an import waits for its client: whoever makes the rows may need a while for the next.
const importPause = 10 * time.Minute

// drainTime is how long the rest of a body is read after an import has ended.
const drainTime = 5 * time.Second

// pumpBytes is what is read of a body at once.
const pumpBytes = 128 << 10

// body is the body of a request, which a goroutine of its own reads. The import can be cut off from it at once while
// that goroutine reads on: a connection that is closed before the client has sent everything may lose the answer, and
// net/http reads on by itself when a handler leaves a body unread, which collides with reading while writing.
type body struct {
	counted
	pipe    *io.PipeReader
	city    *city.City
	control *http.ResponseController
	until   atomic.Pointer[time.Time] // when reading ends whatever comes
	ended   chan struct{}
	broken  *rest.Problem // why the body has no end, once ended is closed
}

// receive begins to read a body. close must be called.
func receive(c *city.City, w http.ResponseWriter, r *http.Request) *body {
	out, in := io.Pipe()
	b := &body{counted: counted{Reader: out}, pipe: out, city: c, control: http.NewResponseController(w), ended: make(chan struct{})}
	go func() {
		defer close(b.ended)
		_ = in.CloseWithError(b.pump(in, r.Body))
	}()
	return b
}

// pump copies the body into the pipe, and nowhere when nobody reads that any more.
func (b *body) pump(in *io.PipeWriter, raw io.Reader) error {
	buf := make([]byte, pumpBytes)
	got := int64(0)
	for wanted := true; ; {
		until := b.city.Now().Add(importPause)
		if at := b.until.Load(); at != nil {
			until = *at
		}
		_ = b.control.SetReadDeadline(until)
		if at := b.until.Load(); at != nil {
			_ = b.control.SetReadDeadline(*at) // close came between
		}
		n, err := raw.Read(buf)
		got += int64(n)
		if wanted && n > 0 {
			_, failed := in.Write(buf[:n])
			wanted = failed == nil
		}
		if err != nil {
			switch {
			case errors.Is(err, io.EOF):
				return nil
			case errors.Is(err, io.ErrUnexpectedEOF):
				b.broken = rest.Refuse(rest.BadRequest, "the body broke off after %d bytes, before its end", got).Because(err)
				return b.broken
			}
			return err
		}
	}
}

// cut ends reading for the import.
func (b *body) cut() { _ = b.pipe.CloseWithError(errCut) }

// why is why an import ended that a body was for: net/http takes a client that has sent its last byte for gone, and
// cancels what it asked for, also when its body has no end and it waits for an answer.
func (b *body) why(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	if b.close(); b.broken != nil {
		return b.broken
	}
	return err
}

var errCut = errors.New("transfer: the import has ended")

// close ends reading, after a while for what the client still sends. The client has its answer.
func (b *body) close() {
	b.cut()
	until := b.city.Now().Add(drainTime)
	b.until.Store(&until)
	_ = b.control.SetReadDeadline(until)
	<-b.ended
}
