package server

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/cells"
	"github.com/gewu-city/gewu/grid/request"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/planner"
	"github.com/gewu-city/gewu/internal/obs"
	"github.com/gewu-city/gewu/people/account"
	entries "github.com/gewu-city/gewu/people/audit"
	"github.com/gewu-city/gewu/people/vault"
	"github.com/gewu-city/gewu/server/apidoc"
	"github.com/gewu-city/gewu/server/attachments"
	"github.com/gewu-city/gewu/server/audit"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/background"
	"github.com/gewu-city/gewu/server/calendars"
	"github.com/gewu-city/gewu/server/casefeed"
	"github.com/gewu-city/gewu/server/casestream"
	"github.com/gewu-city/gewu/server/casework"
	cellsapi "github.com/gewu-city/gewu/server/cells"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/codes"
	"github.com/gewu-city/gewu/server/contacts"
	"github.com/gewu-city/gewu/server/definitions"
	"github.com/gewu-city/gewu/server/drafts"
	"github.com/gewu-city/gewu/server/exchange"
	"github.com/gewu-city/gewu/server/features"
	"github.com/gewu-city/gewu/server/geocoding"
	"github.com/gewu-city/gewu/server/intake"
	"github.com/gewu-city/gewu/server/jobs"
	"github.com/gewu-city/gewu/server/live"
	"github.com/gewu-city/gewu/server/locate"
	"github.com/gewu-city/gewu/server/notices"
	"github.com/gewu-city/gewu/server/once"
	"github.com/gewu-city/gewu/server/open311"
	"github.com/gewu-city/gewu/server/operate"
	"github.com/gewu-city/gewu/server/outlook"
	"github.com/gewu-city/gewu/server/past"
	"github.com/gewu-city/gewu/server/people"
	"github.com/gewu-city/gewu/server/personal"
	"github.com/gewu-city/gewu/server/pictures"
	"github.com/gewu-city/gewu/server/planning"
	"github.com/gewu-city/gewu/server/plans"
	"github.com/gewu-city/gewu/server/readings"
	"github.com/gewu-city/gewu/server/requests"
	"github.com/gewu-city/gewu/server/rest"
	"github.com/gewu-city/gewu/server/spool"
	"github.com/gewu-city/gewu/server/tilesets"
	"github.com/gewu-city/gewu/server/trail"
	"github.com/gewu-city/gewu/server/transfer"
	"github.com/gewu-city/gewu/server/undo"
	"github.com/gewu-city/gewu/server/work"
	"github.com/gewu-city/gewu/tiles"
)

// Admin is what a store offers its operator beside reading and writing.
type Admin = operate.Admin

// Config is everything that a server depends on. Store, Engine and Now are required.
type Config struct {
	Store   city.Store
	Engine  *index.Engine
	Locator *grid.Locator
	// Past finds Worlds of the past of Engine; nil answers for the present only.
	Past *index.Past
	// Geocoder follows Engine; without it what asks for places by their names is answered 501.
	Geocoder *geocode.Geocoder
	// Planner keeps changes for a time to come and is run by the caller; nil takes none.
	Planner *planner.Planner
	// Cases is the workflow of cases; nil answers what is about cases with 501.
	Cases *casework.Service
	// Contacts is how those who reported cases are reached; nil keeps none of it. Vault must be set with it.
	Contacts *contacts.File
	// KeepContacts is for how long after their cases came to rest; zero is until somebody erases them.
	KeepContacts time.Duration
	// Open311 is what the city says of itself to programs that speak Open311.
	Open311 open311.Settings
	// Notices are subscriptions and messages about cases; nil answers 501.
	Notices *notices.Service
	// Readings are the sensors of the city; nil answers 501.
	Readings *readings.Service
	// Requests says who decides about change requests, and whether the public may make some.
	Requests request.Charter
	// Calendars are the working calendars of cases; nil answers 501.
	Calendars *calendars.Service
	// Exchange is the exchange of cases with other platforms; nil answers 501.
	Exchange *exchange.Service
	// Zone is where dates without a time begin; nil means UTC.
	Zone *time.Location
	// Cells counts what lies in the cells; one that follows Engine is kept current, nil counts anew for each World.
	Cells *cells.Book
	// Systems are the coordinate systems that requests may name; nil knows the built-in ones.
	Systems *proj.Systems
	// Vault opens what is personal. Store must seal with it; nil opens nothing.
	Vault *vault.Vault
	// Attachments keeps the pictures and sounds of cases; without Files what asks for them is answered 501.
	Attachments attachments.Config
	// Tiles says how tiles are made; its Totals are those of Cells.
	Tiles tiles.Options
	// Admin may be nil: check, backup, compaction and rebuilding then answer 501.
	Admin Admin
	// Web holds the pages, index.html at its root; nil or without index.html a placeholder is shown.
	Web fs.FS
	// Logger receives failed requests and, at debug level, all others. Nil discards.
	Logger *slog.Logger
	// Now is the wall clock. Deadlines of connections are counted from it, so it must not be a virtual one.
	Now func() time.Time
	// Clock is that of the city, by which everything is recorded, planned and due; nil is Now.
	Clock operate.Clock
	// Registry receives the server's metrics and is shown at /metrics. Nil makes one.
	Registry *prometheus.Registry
	Build    obs.Build
	// Token allows writing from other machines to those who have it. Without it nobody there may write.
	Token string
	// Login says who may log in, and how. Its Base, Now, Logger, Token and PublicURL are those of the server.
	Login auth.Config
	// Enforced reports whether access is by rights. Nil is from the first account on, and never in a demonstration.
	Enforced func() bool
	// Loading reports whether the city is still being filled, so that /readyz sends requests elsewhere. Nil is never.
	Loading func() bool
	// LogQueries has the log tell what places were asked for. Such texts name persons: without it nothing does.
	LogQueries bool
	// Shared is the one scheme by which the city may be divided; empty allows any.
	Shared string
	// PublicURL is how clients reach the server (https://city.example/map); without it the request tells.
	PublicURL string
	Limits    Limits
	// Rates bound how often one address, account or key may ask; without them nothing does.
	Rates Rates
	// Folder is where records of jobs are kept and what is too large for memory waits; nothing else may be in it. Empty
	// keeps no records, and has the rest in the folder of the system.
	Folder string
}

// Limits bound what one request may take.
type Limits = city.Limits

// Server answers HTTP requests. It is safe for concurrent use.
type Server struct {
	cfg     Config
	city    *city.City
	handler http.Handler
	docs    func() ([]byte, error)
	metrics *metrics
	gates   *gates
	rates   *rates
	keys    *once.Keys
	trail   *trail.Trail

	features    features.API
	definitions definitions.API
	people      people.API
	transfer    transfer.API
	locate      locate.API
	codes       codes.API
	geocoding   geocoding.API
	tilesets    tilesets.API
	cells       cellsapi.API
	planning    planning.API
	past        past.API
	personal    personal.API
	plans       plans.API
	audit       audit.API
	attachments attachments.API
	drafts      drafts.API
	requests    requests.API
	cases       casework.API
	contacts    contacts.API
	pictures    pictures.API
	calendars   calendars.API
	intake      intake.API
	caseFeed    casefeed.API
	caseStream  *casestream.API
	open311     *open311.API
	notices     notices.API
	readings    readings.API
	exchange    exchange.API
	feed        live.Feed
	operate     operate.API
	work        work.API
	background  background.Desk

	// drained ends the context of work that is given up when the server goes down.
	drained context.CancelFunc

	auth     *auth.API
	identify func(*http.Request) (account.Principal, error)

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
	if cfg.Cells == nil {
		cfg.Cells = cells.NewBook()
	}
	cfg.Tiles.Totals = func(w *index.World, layer string) tiles.Totals {
		if d := cfg.Cells.At(w).Division(layer); d != nil {
			return d
		}
		return nil
	}
	if cfg.Logger == nil {
		cfg.Logger = obs.Discard()
	}
	if cfg.Registry == nil {
		cfg.Registry = obs.NewRegistry()
	}
	cfg.Limits = cfg.Limits.WithDefaults()
	s := &Server{cfg: cfg, nextID: convert.ULIDs(cfg.Now, rand.Reader)}
	s.gates = newGates(&cfg)
	s.rates = newRates(cfg.Rates, cfg.Now())
	clock := cfg.Now
	if cfg.Clock != nil {
		clock = cfg.Clock.Now
	}
	s.city = &city.City{
		Store: cfg.Store, Engine: cfg.Engine, Past: cfg.Past, Planner: cfg.Planner, Zone: cfg.Zone, Locator: cfg.Locator, Cells: cfg.Cells, Vault: cfg.Vault, Systems: cfg.Systems, Logger: cfg.Logger, Now: cfg.Now, Ticks: clock, NewID: s.newID,
		PublicURL: cfg.PublicURL, Shared: cfg.Shared, Limits: cfg.Limits,
	}
	s.trail = &trail.Trail{Log: cfg.Store, NewID: s.newID, Now: cfg.Now, Clock: clock, Logger: cfg.Logger}
	login := cfg.Login
	login.Cases = cfg.Cases != nil
	login.Base, login.Now, login.Clock, login.Logger, login.Token, login.PublicURL, login.Trail = s.city.BaseURL, cfg.Now, clock, cfg.Logger, cfg.Token, cfg.PublicURL, s.trail
	s.auth = auth.New(login)
	s.identify, s.city.Proxied = s.auth.Identify, s.auth.Proxied
	if s.cfg.Enforced == nil {
		s.cfg.Enforced = func() bool { return !s.auth.Open() }
	}
	s.city.Watch = city.Watch{Trail: s.trail, On: s.cfg.Enforced, Act: s.auth.Act}
	s.features = features.API{City: s.city}
	s.definitions = definitions.API{City: s.city}
	s.people = people.API{City: s.city}
	s.keys = once.NewKeys(cfg.Store, clock)
	spooled, err := s.openJobs()
	if err != nil {
		return nil, err
	}
	s.transfer = transfer.API{City: s.city, Spool: spooled}
	draining, drained := context.WithCancel(context.Background())
	s.drained = drained
	s.work = work.New(s.city, &undo.Undoer{Store: cfg.Store, Engine: cfg.Engine, Book: undo.NewBook(cfg.Store), Spool: spooled}, append(slices.Clone(background.Kinds), intake.Job), draining.Done())
	s.background = background.Desk{City: s.city}
	s.locate = locate.API{City: s.city, Large: func(ctx context.Context) (func(), error) { return s.gates.scans.Enter(ctx, 1) }}
	s.codes = codes.API{City: s.city}
	s.geocoding = geocoding.API{City: s.city, Geocoder: cfg.Geocoder}
	s.tilesets = tilesets.API{City: s.city, Maker: tiles.NewMaker(cfg.Tiles), Drafts: &s.drafts, Pictures: &outlook.Pictures{}}
	s.cells = cellsapi.API{City: s.city}
	s.planning = planning.API{City: s.city, Cases: &s.cases}
	s.past = past.API{City: s.city}
	s.personal = personal.API{City: s.city}
	s.plans = plans.API{City: s.city}
	s.audit = audit.API{City: s.city, Book: entries.NewBook(cfg.Store), Look: s.trail.Look, Names: s.auth}
	s.drafts = drafts.New(s.city, drafts.NewShelf())
	s.requests = requests.API{City: s.city, Charter: cfg.Requests, Drafts: &s.drafts}
	s.cases = casework.API{City: s.city, Service: cfg.Cases}
	s.pictures = pictures.API{City: s.city, Cases: &s.cases}
	s.contacts = contacts.API{City: s.city, Cases: &s.cases, Book: cfg.Contacts, Keep: cfg.KeepContacts, Loading: cfg.Loading}
	if cfg.Cases != nil && cfg.Contacts != nil {
		s.cases.Contacts = &s.contacts
	}
	s.calendars = calendars.API{City: s.city, Service: cfg.Calendars, Cases: &s.cases}
	s.intake = intake.API{City: s.city, Cases: &s.cases}
	s.caseFeed = casefeed.API{City: s.city, Service: cfg.Cases}
	s.caseStream = casestream.New(s.city, &s.cases)
	s.joinFiles(cfg.Attachments)
	s.open311 = s.newOpen311()
	s.notices = notices.API{City: s.city, Service: cfg.Notices, Cases: &s.cases}
	s.readings = readings.API{City: s.city, Service: cfg.Readings, Cases: &s.cases}
	s.exchange = exchange.API{City: s.city, Service: cfg.Exchange, Cases: cfg.Cases, Keep: s.keepFile()}
	s.feed.City = s.city
	s.operate = operate.API{City: s.city, Admin: cfg.Admin, Loading: cfg.Loading, Draining: draining, Virtual: cfg.Clock}
	if cfg.Cases != nil {
		s.operate.Notes = cfg.Cases.Faults
	}
	base := cfg.PublicURL
	if base == "" {
		base = "http://127.0.0.1:8080"
	}
	// Rendering takes as long as the rest of a start.
	s.docs = sync.OnceValues(func() ([]byte, error) { return apidoc.Render(openAPI, strings.TrimRight(base, "/")) })
	if s.metrics, err = newMetrics(s); err != nil {
		return nil, err
	}
	s.handler = s.router()
	return s, nil
}

// Handler serves the whole API and the pages.
func (s *Server) Handler() http.Handler { return s.handler }

// FirstLink is the address with which the first administrator begins, below base; empty when there are accounts. The one
// before is worth nothing afterwards.
func (s *Server) FirstLink(base string) (string, error) { return s.auth.FirstLink(base) }

// Contacts is what goes by the clock of the city of how those who reported are reached.
func (s *Server) Contacts() *contacts.API { return &s.contacts }

// Drain makes /readyz say that the server goes down and ends the event streams, checks and compactions, so that
// http.Server.Shutdown can finish. Other requests go on. It may be called more than once.
func (s *Server) Drain() {
	s.drained()
	s.feed.Drain()
	s.caseStream.Drain()
	s.city.Jobs.Drain()
}

// Run does work in the background until ctx ends, and returns when all long work has ended. It comes to its end after
// the HTTP servers and before the engine and the store.
func (s *Server) Run(ctx context.Context) error {
	// The last notes are written when nobody makes any.
	watching, stopped := context.WithCancel(context.WithoutCancel(ctx))
	var trail errgroup.Group
	trail.Go(func() error { return s.trail.Run(watching) })
	var running errgroup.Group
	running.Go(func() error { return s.city.Jobs.Run(ctx) })
	running.Go(func() error { return s.auth.Run(ctx) })
	running.Go(func() error { return s.personal.Run(ctx) })
	running.Go(func() error { return s.attachments.Run(ctx) })
	running.Go(func() error { return s.contacts.Run(ctx) })
	err := running.Wait()
	stopped()
	return errors.Join(err, trail.Wait())
}

// jobSlots is how many jobs of a kind run at once. A second compaction is let in to be refused at once.
var jobSlots = map[string]int{background.Check: 2, background.Import: 2, background.Impact: 2, background.Report: 2, background.Reconcile: 2, background.Compare: 2, "import": 4, "undo": 1, "check": 2, "backup": 2, "compact": 2, "rebuild": 1, intake.Job: 2}

// openJobs finds the jobs of the folder, and the place for what is too large for memory.
func (s *Server) openJobs() (spooled spool.Dir, err error) {
	o := jobs.Options{Now: s.cfg.Now, NewID: s.newID, Logger: s.cfg.Logger, Slots: jobSlots, Public: publicError, History: string(s.cfg.Store.Epoch())}
	if s.cfg.Folder != "" {
		o.Dir, spooled.Path = filepath.Join(s.cfg.Folder, "jobs"), filepath.Join(s.cfg.Folder, "tmp")
	}
	if s.city.Jobs, err = jobs.Open(o); err != nil {
		return spooled, err
	}
	return spooled, spooled.Open()
}

// publicError is the text of an error that whoever asked for a job may read.
func publicError(err error) string {
	if file, ok := errors.AsType[*convert.FileError](err); ok {
		return file.Error()
	}
	return rest.Of(err).Detail
}

// newID makes an id for requests, imports and features; it is safe for concurrent use.
func (s *Server) newID() (string, error) {
	s.idMu.Lock()
	defer s.idMu.Unlock()
	return s.nextID()
}
