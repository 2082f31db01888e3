package main

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gewu-city/gewu/test/peers/proc"
	"github.com/gewu-city/gewu/test/peers/wire"
)

// feed measures budget 18: the memory that a client of the live feed takes, and that none slows a writer, be it one
// that never reads.
func (r *rig) feed() error {
	t, err := r.theTown()
	if err != nil {
		return err
	}
	clients := 1000
	if r.options.short {
		clients = 40
	}
	dir := filepath.Join(r.dir, "feed")
	if err := r.makeCity(dir, t.synth, "districts", "streets", "communities", "units"); err != nil {
		return err
	}
	gewu := func() (*server, error) { return r.serve(dir) }
	bare := func() (*server, error) { return r.peer("events") }
	const peer = "net/http, a channel each"
	if err := r.contest(contest{"18", fmt.Sprintf("%d clients of the live feed", clients), []metric{
		{name: "anonymous memory for each", unit: "KiB", lower: true, goals: []goal{{atMost: 32}}},
		{name: "heap and stacks for each", unit: "KiB", lower: true},
	}, []contestant{
		{gewuItself, func() ([]float64, error) { return r.memoryOfClients(gewu, clients) }},
		{peer, func() ([]float64, error) { return r.memoryOfClients(bare, clients) }},
	}}); err != nil {
		return err
	}
	return r.writeToClients(dir, t, clients)
}

// listener is one client of the feed.
type listener struct {
	wire *wire.Conn
	// seen is the newest seq that it was told.
	seen atomic.Uint64
}

// listen opens clients and reads the first line of each.
func listen(s *server, n int) (out []*listener, err error) {
	for range n {
		w, err := wire.Dial(s.address)
		if err != nil {
			return out, err
		}
		l := &listener{wire: w}
		out = append(out, l)
		if _, err := w.Write(wire.Get("/v1/events", "Accept: text/event-stream")); err != nil {
			return out, err
		}
		status, _, _, err := w.Head()
		if err != nil || status != 200 {
			return out, errors.Join(fmt.Errorf("status %d of /v1/events", status), err)
		}
		if _, err := w.In.ReadSlice('\n'); err != nil {
			return out, err
		}
	}
	return out, nil
}

// read takes in what comes until the connection is closed.
func (l *listener) read() {
	for {
		line, err := l.wire.In.ReadSlice('\n')
		if err != nil {
			return
		}
		if _, rest, ok := bytes.Cut(line, []byte(`"seq":`)); ok {
			digits := rest[:max(0, bytes.IndexFunc(rest, func(c rune) bool { return c < '0' || c > '9' }))]
			if seq, err := strconv.ParseUint(string(digits), 10, 64); err == nil {
				l.seen.Store(seq)
			}
		}
	}
}

// memoryOfClients starts a server and measures how much more memory it takes with clients than without.
func (r *rig) memoryOfClients(start func() (*server, error), n int) ([]float64, error) {
	s, err := start()
	if err != nil {
		return nil, err
	}
	defer s.stop()
	before, err := r.settled(s)
	if err != nil {
		return nil, err
	}
	clients, err := listen(s, n)
	defer func() {
		for _, c := range clients {
			_ = c.wire.Close()
		}
	}()
	if err != nil {
		return nil, err
	}
	after, err := r.settled(s)
	if err != nil {
		return nil, err
	}
	each := func(i int) float64 { return math.Max(0, after[i]-before[i]) / float64(n) / 1024 }
	return []float64{each(0), each(1)}, nil
}

// settled is the anonymous memory of a server, and its heap and stacks in use: the least of some readings, which
// fall after collections.
func (r *rig) settled(s *server) (least [2]float64, err error) {
	readings := 10
	if r.options.short {
		readings = 2
	}
	least = [2]float64{math.Inf(1), math.Inf(1)}
	for range readings {
		time.Sleep(100 * time.Millisecond)
		resident, err := proc.Resident(s.pid())
		if err != nil {
			return least, err
		}
		m, err := s.metrics()
		if err != nil {
			return least, err
		}
		least[0] = min(least[0], float64(resident))
		least[1] = min(least[1], m["go_memstats_heap_inuse_bytes"]+m["go_memstats_stack_inuse_bytes"])
	}
	return least, nil
}

// writeToClients measures how long a durable edit takes without and with clients, a tenth of which never read. All
// others must hear of the last edit.
func (r *rig) writeToClients(dir string, t *town, n int) error {
	s, err := r.serve(dir)
	if err != nil {
		return err
	}
	defer s.stop()
	const layer = "edits"
	if _, err := s.call(wire.Request("POST", "/v1/layers", layerBody(layer), "Content-Type: application/json")); err != nil {
		return err
	}
	edits := 0
	turn := func() ([]float64, error) {
		start := edits
		read, err := wire.Pace(r.ctx, s.address, 20, r.options.round, func(i int) []byte { return t.change(layer, 0, start+i) })
		if err != nil {
			return nil, err
		}
		edits += read.Done
		return []float64{read.Percentile(0.5), read.Percentile(0.99)}, nil
	}
	const nobody = "gewu, no clients"
	return r.contest(contest{"18", fmt.Sprintf("a durable edit at 20/s with %d clients, %d of which never read", n, n/10), []metric{
		{name: "p50", unit: "ms", lower: true, goals: []goal{{than: nobody, atMost: 2}}},
		{name: "p99", unit: "ms", lower: true},
	}, []contestant{
		{gewuItself, func() (figures []float64, err error) {
			clients, err := listen(s, n)
			var readers sync.WaitGroup
			defer readers.Wait()
			defer func() {
				for _, c := range clients {
					_ = c.wire.Close()
				}
			}()
			if err != nil {
				return nil, err
			}
			reading := clients[n/10:]
			for _, c := range reading {
				readers.Go(c.read)
			}
			if figures, err = turn(); err != nil {
				return nil, err
			}
			edits++
			answer, err := s.call(t.change(layer, 0, edits))
			if err != nil {
				return nil, err
			}
			last, err := lastSeq(answer)
			if err != nil {
				return nil, err
			}
			return figures, told(reading, last)
		}},
		{nobody, turn},
	}})
}

// told waits until every client has heard of a seq.
func told(clients []*listener, seq uint64) error {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		missing := 0
		for _, c := range clients {
			if c.seen.Load() < seq {
				missing++
			}
		}
		if missing == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d of %d clients have not heard of seq %d", missing, len(clients), seq)
		}
	}
}
