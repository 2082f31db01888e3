// Package city is what every resource of the HTTP API works with: the city's store and World, who asks and how long
// an answer may take. The packages beside it hold one resource each and do not know each other.
package city

import (
	"context"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/cells"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/filter"
	"github.com/gewu-city/gewu/index/planner"
	"github.com/gewu-city/gewu/people/vault"
	"github.com/gewu-city/gewu/server/jobs"
	"github.com/gewu-city/gewu/server/sight"
)

// Store is what the server needs to write; see [data.Store] for the contracts.
type Store interface {
	Append(ctx context.Context, tx data.Tx) (data.Seq, error)
	Header(ctx context.Context, seq data.Seq) (data.Header, error)
	SeqAt(ctx context.Context, t time.Time) (data.Seq, error)
	Outline(ctx context.Context, seq data.Seq, take func(data.PayloadHead)) error
	Changes(ctx context.Context, seq data.Seq, permanents ...uint32) ([]data.Change, error)
	Entries(ctx context.Context, after data.Seq) iter.Seq2[*data.Entry, error]
	AppendTogether(ctx context.Context, n int, txs iter.Seq2[data.Tx, error]) (data.Seq, error)
	Epoch() data.Epoch
	Last() data.Seq
	Horizon() data.Seq
}

// City is shared by all resources. Its members are set once, before the first request.
type City struct {
	Store   Store
	Engine  *index.Engine
	Locator *grid.Locator
	// Past finds Worlds of the past; nil answers for the present only.
	Past *index.Past
	// Planner keeps changes for a time to come; nil takes none.
	Planner *planner.Planner
	// Zone is where dates without a time begin; nil means UTC.
	Zone *time.Location
	// Cells counts what lies in the cells.
	Cells *cells.Book
	// Vault opens what is personal; nil opens nothing.
	Vault *vault.Vault
	// Systems are the coordinate systems by name; nil knows the built-in ones.
	Systems *proj.Systems
	Logger  *slog.Logger
	// Jobs is the long work.
	Jobs *jobs.Registry
	// Now is the wall clock: deadlines of connections are counted from it.
	Now func() time.Time
	// Ticks is the clock of the city: what is recorded, planned and due goes by it. Nil is Now.
	Ticks func() time.Time
	// NewID makes ids for requests, imports and features; it is safe for concurrent use.
	NewID func() (string, error)
	// PublicURL is how clients reach the server; without it the request tells.
	PublicURL string
	// Proxied reports whether a request came from a reverse proxy whose word about hosts and TLS is believed; nil believes
	// nobody.
	Proxied func(*http.Request) bool
	// Shared is the one scheme by which the city may be divided; empty allows any.
	Shared string
	Limits Limits
	// Watch notes who read what.
	Watch Watch
	// Sights remember what those who ask may see.
	Sights  sight.Book
	filters filter.Cache
}

// When is the time at which whoever asks for a World wants to know what is in force: that of a World of the past, else
// now, by the clock of the city.
func (c *City) When(w *index.World) time.Time {
	if at, ok := w.At(); ok {
		return at
	}
	return c.Today()
}

// Today is now by the clock of the city.
func (c *City) Today() time.Time {
	if c.Ticks != nil {
		return c.Ticks()
	}
	return c.Now()
}

// Limits bound what one request may take. Zero members have the defaults named there.
type Limits struct {
	// BodyBytes bounds a JSON body: 32 MiB.
	BodyBytes int64
	// QueryBytes bounds the query of a URL: 8 KiB.
	QueryBytes int
	// RowBytes bounds one row of a batch: 1 MiB.
	RowBytes int
	// Request bounds the time of a request that does not stream: 30 s.
	Request time.Duration
	// MinSeq bounds how long a read waits for a position, and a write for its own to be visible: 2 s.
	MinSeq time.Duration
	// Idle bounds how long a stream waits for its client to send or take something: 30 s.
	Idle time.Duration
	// Ping is the pause after which an event stream shows that it is alive: 15 s.
	Ping time.Duration
	// EventPause is the shortest time between two events of one client: 50 ms.
	EventPause time.Duration
	// Patience bounds how long a request waits for its turn: 5 s.
	Patience time.Duration
	// EventClients bounds the clients of the live feed: 10,000.
	EventClients int
	// Requests bounds the requests that are answered at once: 4,096.
	Requests int64
	// Scans bounds the requests that look at many features at once: twice the processors, at least 8.
	Scans int64
	// Streams bounds the shares of streams: 64, of which an import takes 16.
	Streams int64
	// AnswerBytes bounds what scans hold until their clients have taken it: 256 MiB.
	AnswerBytes int64
	// HeldBytes bounds the bodies that handlers hold: 256 MiB.
	HeldBytes int64
	// SpoolBytes bounds a body that is kept in a file for an import in the background: 16 GiB.
	SpoolBytes int64
}

// WithDefaults fills the zero members.
func (l Limits) WithDefaults() Limits {
	span := func(d *time.Duration, standard time.Duration) {
		if *d <= 0 {
			*d = standard
		}
	}
	count := func(n *int64, standard int64) {
		if *n <= 0 {
			*n = standard
		}
	}
	count(&l.BodyBytes, 32<<20)
	count(&l.Requests, 4096)
	count(&l.Scans, max(8, 2*int64(runtime.GOMAXPROCS(0))))
	count(&l.Streams, 64)
	count(&l.AnswerBytes, 256<<20)
	count(&l.HeldBytes, 256<<20)
	count(&l.SpoolBytes, 16<<30)
	if l.QueryBytes <= 0 {
		l.QueryBytes = 8 << 10
	}
	if l.RowBytes <= 0 {
		l.RowBytes = 1 << 20
	}
	if l.EventClients <= 0 {
		l.EventClients = 10_000
	}
	span(&l.Request, 30*time.Second)
	span(&l.MinSeq, 2*time.Second)
	span(&l.Idle, 30*time.Second)
	span(&l.Ping, 15*time.Second)
	span(&l.EventPause, 50*time.Millisecond)
	span(&l.Patience, 5*time.Second)
	return l
}

// CheckEvery is the number of features between two looks at the context of a request.
const CheckEvery = 256

// Extend gives a stream's client the idle time to take what comes next.
func (c *City) Extend(control *http.ResponseController) {
	_ = control.SetWriteDeadline(c.Now().Add(c.Limits.Idle))
}

// Patient gives each write of a long answer the idle time.
func (c *City) Patient(w http.ResponseWriter) io.Writer {
	return &patient{w: w, control: http.NewResponseController(w), city: c}
}

type patient struct {
	w       io.Writer
	control *http.ResponseController
	city    *City
}

func (p *patient) Write(b []byte) (int, error) {
	p.city.Extend(p.control)
	return p.w.Write(b)
}

// BaseURL is how the client reached the server, without a slash at the end. Tile addresses must be absolute. What a request
// says of the way that it took counts only from a proxy that is believed: an answer that a cache keeps, or a link in mail,
// must not lead elsewhere because of a header.
func (c *City) BaseURL(r *http.Request) string {
	if c.PublicURL != "" {
		return strings.TrimRight(c.PublicURL, "/")
	}
	scheme, host := "http", r.Host
	if r.TLS != nil {
		scheme = "https"
	}
	if c.Proxied != nil && c.Proxied(r) {
		if strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
			scheme = "https"
		}
		if forwarded := r.Header.Get("X-Forwarded-Host"); forwarded != "" {
			host = forwarded
		}
	}
	if host == "" || strings.ContainsAny(host, "/\\\"'<>?#@, \t") {
		host = "localhost"
	}
	return scheme + "://" + host
}
