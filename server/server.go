package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/internal/obs"
	"github.com/gewu-city/gewu/server/apidoc"
	"github.com/gewu-city/gewu/server/rest"
	"github.com/gewu-city/gewu/tiles"
)

// Store is what the server needs to write; see [data.Store] for the contracts.
type Store interface {
	Append(ctx context.Context, tx data.Tx) (data.Seq, error)
	Epoch() data.Epoch
	Last() data.Seq
}

// Admin is what a store offers its operator beside reading and writing. Both run while the store serves.
type Admin interface {
	// Check walks over store and projections, calls report for each finding from the calling goroutine, and returns
	// the number of findings that are broken invariants.
	Check(ctx context.Context, report func(line string)) (problems int, err error)
	// Backup writes a consistent copy of the store.
	Backup(ctx context.Context, w io.Writer) error
}

// Config is everything that a server depends on. Store, Engine and Now are required.
type Config struct {
	Store   Store
	Engine  *index.Engine
	Locator *grid.Locator
	Tiles   *tiles.Maker
	// Admin may be nil: check and backup then answer 501.
	Admin Admin
	// Web holds the pages, index.html at its root; nil or without index.html a placeholder is shown.
	Web fs.FS
	// Logger receives failed requests and, at debug level, all others. Nil discards.
	Logger *slog.Logger
	// Now is the wall clock. Deadlines of connections are counted from it, so it must not be a virtual one.
	Now func() time.Time
	// Registry receives the server's metrics and is shown at /metrics. Nil makes one.
	Registry *prometheus.Registry
	Build    obs.Build
	// Token allows writing from other machines to those who have it. Without it nobody there may write.
	Token string
	// PublicURL is how clients reach the server (https://city.example/map); without it the request tells.
	PublicURL string
	Limits    Limits
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
}

func (l Limits) withDefaults() Limits {
	span := func(d *time.Duration, standard time.Duration) {
		if *d <= 0 {
			*d = standard
		}
	}
	if l.BodyBytes <= 0 {
		l.BodyBytes = 32 << 20
	}
	if l.QueryBytes <= 0 {
		l.QueryBytes = 8 << 10
	}
	if l.RowBytes <= 0 {
		l.RowBytes = 1 << 20
	}
	span(&l.Request, 30*time.Second)
	span(&l.MinSeq, 2*time.Second)
	span(&l.Idle, 30*time.Second)
	span(&l.Ping, 15*time.Second)
	span(&l.EventPause, 50*time.Millisecond)
	return l
}

// Server answers HTTP requests. It is safe for concurrent use.
type Server struct {
	cfg     Config
	handler http.Handler
	docs    []byte
	metrics *metrics
	keys    rest.Keys
	streams streams
	// token is the hash of Config.Token: equal lengths compare in constant time.
	token [sha256.Size]byte

	idMu   sync.Mutex
	nextID func() (string, error)
}

// New returns a server. It starts nothing: pass its Handler to an http.Server whose ReadHeaderTimeout and IdleTimeout
// are set; the other time-outs are the handler's own.
func New(cfg Config) (*Server, error) {
	if cfg.Store == nil || cfg.Engine == nil || cfg.Now == nil {
		return nil, errors.New("server: Store, Engine and Now are required")
	}
	if cfg.Locator == nil {
		cfg.Locator = grid.NewLocator()
	}
	if cfg.Tiles == nil {
		cfg.Tiles = tiles.NewMaker(tiles.Options{})
	}
	if cfg.Logger == nil {
		cfg.Logger = obs.Discard()
	}
	if cfg.Registry == nil {
		cfg.Registry = obs.NewRegistry()
	}
	cfg.Limits = cfg.Limits.withDefaults()
	s := &Server{cfg: cfg, token: sha256.Sum256([]byte(cfg.Token)), nextID: convert.ULIDs(cfg.Now, rand.Reader)}
	s.keys.Now = cfg.Now
	var err error
	base := cfg.PublicURL
	if base == "" {
		base = "http://127.0.0.1:8080"
	}
	if s.docs, err = apidoc.Render(openAPI, strings.TrimRight(base, "/")); err != nil {
		return nil, err
	}
	if s.metrics, err = newMetrics(s); err != nil {
		return nil, err
	}
	s.handler = s.router()
	return s, nil
}

// Handler serves the whole API and the pages.
func (s *Server) Handler() http.Handler { return s.handler }

// Drain makes /readyz say that the server goes down and ends the event streams, so that http.Server.Shutdown can
// finish. Other requests go on. It may be called more than once.
func (s *Server) Drain() { s.streams.end() }

// newID makes an id for requests, imports and features; it is safe for concurrent use.
func (s *Server) newID() (string, error) {
	s.idMu.Lock()
	defer s.idMu.Unlock()
	return s.nextID()
}

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
