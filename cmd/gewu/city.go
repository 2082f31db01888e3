package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/oklog/run"

	"github.com/gewu-city/gewu/cases/adapters"
	"github.com/gewu-city/gewu/cases/attachment"
	"github.com/gewu-city/gewu/cmd/gewu/casework"
	"github.com/gewu-city/gewu/cmd/gewu/clock"
	"github.com/gewu-city/gewu/cmd/gewu/coords"
	"github.com/gewu-city/gewu/cmd/gewu/door"
	"github.com/gewu-city/gewu/cmd/gewu/garbage"
	"github.com/gewu-city/gewu/cmd/gewu/logins"
	"github.com/gewu-city/gewu/cmd/gewu/persons"
	"github.com/gewu-city/gewu/cmd/gewu/upkeep"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/cells"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/planner"
	"github.com/gewu-city/gewu/internal/obs"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/people/vault"
	"github.com/gewu-city/gewu/profile"
	"github.com/gewu-city/gewu/server"
	"github.com/gewu-city/gewu/server/attachments"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/web"
)

// storeFile is the name of the store in the data folder.
const storeFile = "gewu.db"

// drainTime is how long requests may take to end when the server stops.
const drainTime = 10 * time.Second

// cityOptions are the settings of a served city.
type cityOptions struct {
	token      string
	cacheBytes int64
	pastBytes  int64
	verify     boltstore.Verify
	// geocoder has the city answer for places by their names; it takes a second and memory for each 100,000 addresses.
	geocoder   bool
	logQueries bool
	// logins says who may log in; demo that this machine may do everything also when there are accounts; address how people
	// on this machine reach the server.
	logins  logins.Flags
	demo    bool
	address string
	// loading reports whether the city is still being filled; nil is never.
	loading func() bool
	// rates are how often one may ask; certs, when not nil, has everything but the control socket served over TLS.
	rates server.Rates
	certs *door.Pair
	// clock is that of the city, nil for the clock on the wall.
	clock *clock.Virtual
	// profile is by which the city has cases; nil has none.
	profile *profile.Profile
}

// city is an opened data folder with everything that runs over it: this process holds its store.
type city struct {
	// socket is where commands reach the city.
	socket string
	// public is how people reach the server, empty when that is not told.
	public string
	store  *boltstore.DB
	// accounts is closed with the store.
	accounts *account.Store
	// keys are those of persons, closed with the store; sealed is the store behind which nothing personal is in plain text.
	keys    *vault.File
	sealed  *vault.Store
	files   *attachment.Folder // pictures and sounds of cases
	engine  *index.Engine
	planner *planner.Planner
	server  *server.Server
	env     *env
	certs   *door.Pair
	// cases are nil for commands that ask nothing about them.
	cases *casework.Cases
}

// openCity opens the store of the data folder, creating it when there is none, and loads the World.
func openCity(e *env, o cityOptions) (*city, error) {
	if err := os.MkdirAll(e.cli.Data, 0o750); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	// What formats keep in files for a while may be personal: it belongs where the next start removes what was left.
	if err := os.Setenv("TMPDIR", filepath.Join(e.cli.Data, "tmp")); err != nil {
		return nil, err
	}
	path := e.cli.store()
	options, metrics := storeOptions(e, o.verify), upkeep.NewMetrics()
	options.Observe, options.Now = metrics.Observe, o.clock.Now
	store, err := boltstore.Open(path, options)
	if errors.Is(err, data.ErrLocked) {
		return nil, fmt.Errorf("%s is in use by another command or by a server that does not answer; to work side by side, start gewu serve: %w", path, err)
	}
	if err != nil {
		return nil, err
	}
	c := &city{store: store, engine: index.NewEngine(store), env: e, certs: o.certs, public: o.logins.PublicURL}
	if c.accounts, err = o.logins.Open(e.cli.Data, time.Now); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	if c.keys, err = persons.Open(masterOf(e), time.Now); err != nil {
		return nil, errors.Join(err, c.accounts.Close(), store.Close())
	}
	if c.files, err = attachment.OpenFolder(filepath.Join(e.cli.Data, "attachments"), attachment.Options{Now: time.Now}); err != nil {
		return nil, errors.Join(err, c.accounts.Close(), c.keys.Close(), store.Close())
	}
	if err := persons.Follow(e.ctx, c.keys, store, e.log); err != nil {
		return nil, errors.Join(err, c.close())
	}
	c.sealed = &vault.Store{Store: store, Vault: vault.New(c.keys), Layers: c.engine.Layer}
	if err := c.load(o, metrics); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// close lets go of the files.
func (c *city) close() error {
	return errors.Join(c.files.Close(), c.accounts.Close(), c.keys.Close(), c.store.Close())
}

// load makes the World and the server over the store.
func (c *city) load(o cityOptions, metrics *upkeep.Metrics) (err error) {
	e, store := c.env, c.store
	if c.socket, err = socketPath(e.cli.Data, socketName); err != nil {
		return err
	}
	systems, err := coords.Systems(e.cli.Systems)
	if err != nil {
		return err
	}
	book := cells.NewBook()
	c.engine.Follow(book)
	var geocoder *geocode.Geocoder
	if o.geocoder {
		geocoder = geocode.New()
		c.engine.Follow(geocoder)
	}
	past := index.NewPast(c.engine, store, index.PastOptions{Bytes: o.pastBytes})
	c.planner = planner.New(c.engine, c.sealed, o.clock.Now, e.log)
	start := time.Now()
	if err := c.engine.Load(e.ctx, nil); err != nil {
		return err
	}
	w := c.engine.World()
	e.log.Debug("city loaded", "seq", w.Seq(), "layers", len(w.Layers()), "took", time.Since(start))
	if err := o.clock.Begin(e.ctx, store, c.planner); err != nil {
		return err
	}
	registry := obs.NewRegistry()
	if err := metrics.Register(store, registry); err != nil {
		return err
	}
	login, err := o.logins.Config(c.accounts, o.address, o.demo, time.Now)
	if err != nil {
		return err
	}
	locator := grid.NewLocator()
	config := server.Config{
		Store: c.sealed, Vault: c.sealed.Vault, Engine: c.engine, Past: past, Planner: c.planner, Zone: time.Local, Locator: locator, Geocoder: geocoder, LogQueries: o.logQueries, Loading: o.loading,
		Cells: book, Systems: systems, Tiles: tiles.Options{CacheBytes: o.cacheBytes},
		Web: web.Dist(), Logger: e.log, Now: time.Now, Registry: registry, Build: obs.ReadBuild(),
		Token: o.token, PublicURL: o.logins.PublicURL, Login: login, Rates: o.rates, Admin: upkeep.Admin{Store: store, Engine: c.engine, Vault: c.sealed.Vault}, Folder: e.cli.Data,
	}
	if config.Shared, err = casework.Shared(e.cli.Data, o.profile); err != nil {
		e.log.Warn("the profile that the city was served with last cannot be read: a scheme that it forces on all is not known", "error", err)
	}
	if o.clock != nil {
		config.Clock = o.clock
	}
	if o.profile != nil {
		config.Requests = o.profile.Requests
		mailer, _ := login.Post.(adapters.Mailer) // nil where no server of mail is named
		if c.cases, err = casework.Open(e.ctx, &casework.Options{
			Profile: o.profile, Log: c.sealed, Engine: c.engine, Locator: locator, Geocoder: geocoder, Now: o.clock.Now, Logger: e.log, Folder: e.cli.Data, Registry: registry,
			Files: c.files.Store, Contents: c.files.Read, Vault: c.sealed.Vault, Mailer: mailer, PublicURL: o.logins.PublicURL,
		}); err != nil {
			return err
		}
		o.clock.Follow(c.cases)
		config.Cases, config.Notices, config.Readings, config.Exchange, config.Calendars, config.Contacts, config.KeepContacts = c.cases.Service, c.cases.Notices, c.cases.Readings, c.cases.Exchange, c.cases.Calendars, c.cases.Contacts, o.profile.KeepContacts
	}
	config.Attachments = attachments.Config{Files: c.files.Store}
	if c.server, err = server.New(config); err == nil {
		o.clock.Follow(c.server.Contacts())
	}
	return err
}

func storeOptions(e *env, verify boltstore.Verify) boltstore.Options {
	return boltstore.Options{Now: time.Now, Logger: e.log, Verify: verify}
}

// serve runs the store, the engine and the HTTP server on the control socket and on listener, when that is not nil.
// With do it ends when do has ended; otherwise it ends with ctx. It closes the store.
//
// The end is the reverse of the flow of data. run.Group interrupts its actors one after the other in the order in
// which they were added, so each interrupt below returns only when its actor has let go of what comes after it.
func (c *city) serve(ctx context.Context, listener net.Listener, do func(context.Context, client) error) (err error) {
	defer func() { err = errors.Join(err, c.close()) }()
	socket, err := listenSocket(ctx, c.socket)
	if err != nil {
		return err
	}
	if listener != nil {
		// Loading leaves as much garbage as there is city. Who serves for long gives that memory back.
		debug.FreeOSMemory()
	}
	var g run.Group
	c.addCaller(ctx, &g, do)
	if listener != nil {
		c.addHTTP(&g, listener, c.certs)
	}
	c.addHTTP(&g, socket, nil)
	if c.certs != nil {
		addLoop(&g, c.certs.Run)
	}
	// Not derived from ctx: they must outlive the requests that are being drained.
	if listener != nil {
		addLoop(&g, garbage.Pace)
	}
	addLoop(&g, c.server.Run)
	addLoop(&g, c.planner.Run)
	if c.cases != nil {
		addLoop(&g, c.cases.Run)
	}
	addLoop(&g, c.engine.Run)
	addLoop(&g, func(ctx context.Context) error { return c.store.Run(ctx, c.engine) })
	return g.Run()
}

// addCaller adds what the group waits for: do, or the end of ctx.
func (c *city) addCaller(ctx context.Context, g *run.Group, do func(context.Context, client) error) {
	ctx, cancel := context.WithCancel(ctx)
	g.Add(func() error {
		if do == nil {
			<-ctx.Done()
			return nil
		}
		h := socketClient(c.socket)
		defer h.CloseIdleConnections()
		return do(ctx, client{http: h})
	}, func(error) { cancel() })
}

// addHTTP adds an HTTP server on a listener, over TLS with a pair. Its interrupt drains it.
func (c *city) addHTTP(g *run.Group, l net.Listener, pair *door.Pair) {
	s := &http.Server{
		Handler: c.server.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: obs.StdLogger(c.env.log),
	}
	start := func() error { return s.Serve(l) }
	if pair != nil {
		s.TLSConfig = pair.Config()
		start = func() error { return s.ServeTLS(l, "", "") } // HTTP/2, too
	}
	g.Add(func() error {
		if err := start(); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve %s: %w", l.Addr(), err)
		}
		return nil
	}, func(error) {
		c.server.Drain()
		ctx, cancel := context.WithTimeout(context.Background(), drainTime)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			c.env.log.Warn("requests were cut off", "listener", l.Addr().String(), "error", err)
			_ = s.Close()
		}
	})
}

// addLoop adds background work whose interrupt waits for its end.
func addLoop(g *run.Group, loop func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	g.Add(func() error {
		defer close(ended)
		return loop(ctx)
	}, func(error) {
		cancel()
		<-ended
	})
}
