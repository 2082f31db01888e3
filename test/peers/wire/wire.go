// Package wire speaks HTTP as cheaply as it can and measures how servers answer: as fast as they can, and at a fixed
// rate.
package wire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gewu-city/gewu/test/peers/proc"
)

// Conn is one HTTP connection of a client that does as little as it can: it shares the cores with the server that it
// measures, and net/http's client costs as much as a server.
type Conn struct {
	net.Conn
	In *bufio.Reader
}

// Dial connects to a server.
func Dial(address string) (*Conn, error) {
	conn, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return nil, err
	}
	return &Conn{conn, bufio.NewReaderSize(conn, 64<<10)}, nil
}

// Get is a request without a body.
func Get(path string, headers ...string) []byte {
	return Request("GET", path, nil, headers...)
}

// Request is a request as it goes over the wire.
func Request(method, path string, body []byte, headers ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: localhost\r\n", method, path)
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	if body != nil {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// Do sends a request and reads the answer, which goes to to unless that is nil. A status that is not 2xx is an error.
func (w *Conn) Do(req []byte, to io.Writer) error {
	if _, err := w.Write(req); err != nil {
		return err
	}
	return w.Answer(to)
}

// Answer reads an answer.
func (w *Conn) Answer(to io.Writer) error {
	if to == nil {
		to = io.Discard
	}
	status, length, chunked, err := w.Head()
	if err != nil {
		return err
	}
	if status/100 != 2 {
		var text bytes.Buffer
		_ = w.body(&text, length, chunked)
		return fmt.Errorf("status %d: %s", status, &text)
	}
	return w.body(to, length, chunked)
}

// Head reads the status line and the headers of an answer.
func (w *Conn) Head() (status int, length int64, chunked bool, err error) {
	line, err := w.In.ReadSlice('\n')
	if err != nil {
		return 0, 0, false, err
	}
	if len(line) < 12 {
		return 0, 0, false, fmt.Errorf("status line %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, false, fmt.Errorf("status line %q", line)
	}
	for {
		line, err := w.In.ReadSlice('\n')
		if err != nil {
			return 0, 0, false, err
		}
		if len(line) <= 2 {
			return status, length, chunked, nil
		}
		switch name, value, _ := strings.Cut(strings.TrimSpace(string(line)), ": "); strings.ToLower(name) {
		case "content-length":
			length, _ = strconv.ParseInt(value, 10, 64)
		case "transfer-encoding":
			chunked = true
		}
	}
}

func (w *Conn) body(to io.Writer, length int64, chunked bool) error {
	if !chunked {
		_, err := io.CopyN(to, w.In, length)
		return err
	}
	for {
		line, err := w.In.ReadSlice('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(strings.TrimSpace(string(line)), 16, 64)
		if err != nil {
			return fmt.Errorf("size of chunk: %w", err)
		}
		if n > 0 {
			if _, err := io.CopyN(to, w.In, n); err != nil {
				return err
			}
		}
		if _, err := w.In.Discard(2); err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
	}
}

// Traffic is what a load of requests came to.
type Traffic struct {
	Done    int
	Seconds float64
	// CPU is the CPU time of the server meanwhile, in seconds.
	CPU float64
	// Latencies ascend.
	Latencies []time.Duration
}

// PerCPU is requests for each second of CPU of the server.
func (t *Traffic) PerCPU() float64 { return float64(t.Done) / t.CPU }

// Percentile is the latency that a share of the requests stayed within, in milliseconds.
func (t *Traffic) Percentile(share float64) float64 {
	if len(t.Latencies) == 0 {
		return 0
	}
	i := min(int(share*float64(len(t.Latencies))), len(t.Latencies)-1)
	return float64(t.Latencies[i]) / float64(time.Millisecond)
}

// Hammer sends requests on so many connections, each as soon as the one before is answered, for a while. request i is
// given by next. pid is the server.
func Hammer(ctx context.Context, address string, pid, connections int, d time.Duration, next func(i int) []byte) (*Traffic, error) {
	wires := make([]*Conn, connections)
	for i := range wires {
		w, err := Dial(address)
		if err != nil {
			return nil, err
		}
		defer w.Close()
		if err := w.Do(next(i), nil); err != nil { // the first one warms up
			return nil, err
		}
		wires[i] = w
	}
	before, err := proc.CPU(pid)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	latencies := make([][]time.Duration, connections)
	errs := make([]error, connections)
	var group sync.WaitGroup
	for c, w := range wires {
		group.Go(func() {
			for i := c; ctx.Err() == nil; i += connections {
				sent := time.Now()
				if sent.Sub(start) >= d {
					return
				}
				if errs[c] = w.Do(next(i), nil); errs[c] != nil {
					return
				}
				latencies[c] = append(latencies[c], time.Since(sent))
			}
		})
	}
	group.Wait()
	t := &Traffic{Seconds: time.Since(start).Seconds()}
	after, err := proc.CPU(pid)
	if err := errors.Join(errors.Join(errs...), err); err != nil {
		return nil, err
	}
	t.CPU = max(after-before, proc.Tick).Seconds()
	t.Latencies = slices.Concat(latencies...)
	t.Done = len(t.Latencies)
	slices.Sort(t.Latencies)
	return t, nil
}

// Pace sends requests at a fixed rate, whether or not those before have been answered, and measures from when each was
// due: a server that stalls is not spared the requests that it made wait.
func Pace(ctx context.Context, address string, perSecond int, d time.Duration, next func(i int) []byte) (*Traffic, error) {
	const connections = 16
	total := max(1, int(d.Seconds()*float64(perSecond)))
	latencies := make([]time.Duration, total)
	errs := make([]error, connections)
	start := time.Now()
	var group sync.WaitGroup
	for c := range connections {
		group.Go(func() {
			w, err := Dial(address)
			if err != nil {
				errs[c] = err
				return
			}
			defer w.Close()
			for i := c; i < total; i += connections {
				due := start.Add(time.Duration(i) * time.Second / time.Duration(perSecond))
				select {
				case <-ctx.Done():
					errs[c] = ctx.Err()
					return
				case <-time.After(time.Until(due)):
				}
				if errs[c] = w.Do(next(i), nil); errs[c] != nil {
					return
				}
				latencies[i] = time.Since(due)
			}
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	slices.Sort(latencies)
	return &Traffic{Done: total, Seconds: time.Since(start).Seconds(), Latencies: latencies}, nil
}
