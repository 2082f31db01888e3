package gate

import (
	"io"
	"os"
	"sync"
	"time"
)

// Pace says which streams are so slow that they may be cut off while others wait for their place: those whose clients, in
// the time that they were waited for, sent and took less than a least number of bytes a second. It is safe for concurrent
// use.
type Pace struct {
	now    func() time.Time
	least  float64
	window time.Duration

	mu  sync.Mutex
	all map[*Meter]struct{}
}

// NewPace returns a Pace. A stream is judged by the newest one to two windows of waiting, and not before its first.
func NewPace(now func() time.Time, leastPerSecond float64, window time.Duration) *Pace {
	return &Pace{now: now, least: leastPerSecond, window: window, all: map[*Meter]struct{}{}}
}

// Meter measures one stream.
type Meter struct {
	pace *Pace
	cut  func()

	// Guarded by the mutex of the pace: waits under way, of which reading and writing may be one each, and since when;
	// what came of the windows; whether it was cut.
	waits     int
	since     time.Time
	this, had span
	full      bool // had is a whole window
	gone      bool
}

// span is a time of waiting, and what was sent and taken in it.
type span struct {
	time  time.Duration
	bytes int64
}

// Join measures a stream until leave is called. cut must end its waiting for the client, and may be called from another
// goroutine.
func (p *Pace) Join(cut func()) (m *Meter, leave func()) {
	m = &Meter{pace: p, cut: cut}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all[m] = struct{}{}
	return m, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.all, m)
	}
}

// CutSlow cuts off the streams that are too slow.
func (p *Pace) CutSlow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	for m := range p.all {
		if m.gone || !m.slow(now) {
			continue
		}
		m.gone = true
		m.cut()
	}
}

// slow judges a stream.
func (m *Meter) slow(now time.Time) bool {
	m.pass(now)
	all := span{m.this.time + m.had.time, m.this.bytes + m.had.bytes}
	return (m.full || m.this.time >= m.pace.window) && float64(all.bytes) < m.pace.least*all.time.Seconds()
}

// pass counts the time of waiting until now.
func (m *Meter) pass(now time.Time) {
	if m.waits > 0 {
		m.this.time += now.Sub(m.since)
		m.since = now
	}
	if m.this.time >= 2*m.pace.window {
		// However long nothing came, that is one window.
		m.had, m.this, m.full = m.this, span{}, true
	}
}

// wait begins to wait for the client. It fails when the stream was cut.
func (m *Meter) wait() error {
	m.pace.mu.Lock()
	defer m.pace.mu.Unlock()
	if m.gone {
		return os.ErrDeadlineExceeded
	}
	now := m.pace.now()
	m.pass(now)
	m.waits++
	m.since = now
	return nil
}

// came ends a wait, in which so many bytes were sent or taken.
func (m *Meter) came(n int) {
	m.pace.mu.Lock()
	defer m.pace.mu.Unlock()
	m.pass(m.pace.now())
	m.waits--
	m.this.bytes += int64(n)
	if m.this.time >= m.pace.window {
		m.had, m.this, m.full = m.this, span{}, true
	}
}

// Reader measures what is read of r.
func (m *Meter) Reader(r io.ReadCloser) io.ReadCloser { return &pacedReader{r, m} }

type pacedReader struct {
	io.ReadCloser
	meter *Meter
}

func (p *pacedReader) Read(b []byte) (int, error) {
	if err := p.meter.wait(); err != nil {
		return 0, err
	}
	n, err := p.ReadCloser.Read(b)
	p.meter.came(n)
	return n, err
}

// Write measures a write of b by write.
func (m *Meter) Write(b []byte, write func([]byte) (int, error)) (int, error) {
	if err := m.wait(); err != nil {
		return 0, err
	}
	n, err := write(b)
	m.came(n)
	return n, err
}
