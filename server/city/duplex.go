package city

import (
	"io"
	"net/http"
	"time"
)

// Duplex has a request answered while its body comes. What is written to out is sent on its way at once. waiting must be
// called before each read and write, and end when the answer is complete.
func (c *City) Duplex(w http.ResponseWriter, r *http.Request) (out io.Writer, waiting, end func()) {
	control := http.NewResponseController(w)
	// Refused by recorders in tests and by HTTP/2, where both directions are open anyway.
	_ = control.EnableFullDuplex()
	waiting = func() {
		_ = control.SetReadDeadline(c.Now().Add(c.Limits.Idle))
		c.Extend(control)
	}
	end = func() {
		// A client that is still sending what was given up would find the connection closed before it reads the answer.
		_ = control.SetReadDeadline(c.Now().Add(time.Second))
		_, _ = io.CopyN(io.Discard, r.Body, 1<<20)
	}
	return &flusher{w, control}, waiting, end
}

// flusher sends each write on its way.
type flusher struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (f *flusher) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if err == nil {
		_ = f.control.Flush()
	}
	return n, err
}
