package alarm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/cases/clock"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/cases/timing"
	"github.com/gewu-city/gewu/data"
)

// Config is what a Sweeper works with. All members must be set.
type Config struct {
	City   *timing.City
	Ledger *timing.Ledger
	// Now is the clock by which marks are reached.
	Now    func() time.Time
	Logger *slog.Logger
}

// Desk is where the program takes steps itself.
type Desk interface {
	Do(ctx context.Context, cmd *cases.Command) (*cases.Done, error)
}

// Sweeper tells marks. Follow is for the store, which must have it before it shows the first case, Open names the store; then
// the Sweeper is safe for concurrent use, and Run may be called once.
type Sweeper struct {
	Config

	shelf  *store.Store
	desk   func() Desk
	tables func() *process.Versions

	sweep *clock.Sweep
	// turn is held by whoever settles.
	turn sync.Mutex
	wake chan struct{}
	told atomic.Int64

	// counted are the calendars by which the open cases were counted last.
	counting sync.Mutex
	counted  *calendar.Editions

	mu sync.Mutex
	// fresh are the cases that have gone on while the others were read; nil when all are known.
	fresh  map[string]bool
	loaded chan struct{}
	// asked are the requests that end by themselves, by case.
	asked map[string][]string
	// faulty are the cases of which nothing can be told, with the reason; later are their notices, which Run tries again.
	faulty map[string]string
	later  []clock.Notice
}

// Bounds of a sweep: cases whose marks are told in one transaction, and how long Run rests at most. Timers count the time that
// the machine is awake, marks are times of the clock on the wall, and a log that cannot be written may be able to again.
const (
	batch       = 1000
	longestRest = 30 * time.Second
	retryRest   = 10 * time.Second
	// mostFaulty is the number of cases of one sweep from which on it is no fault of theirs that nothing can be told.
	mostFaulty = 100
)

// New returns a Sweeper that knows no cases.
func New(c Config) *Sweeper {
	return &Sweeper{
		Config: c, sweep: clock.NewSweep(), wake: make(chan struct{}, 1), fresh: map[string]bool{}, loaded: make(chan struct{}), asked: map[string][]string{},
		faulty: map[string]string{},
	}
}

// Open says where cases are, by which desk the program takes steps, and under which processes.
func (s *Sweeper) Open(shelf *store.Store, desk func() Desk, tables func() *process.Versions) {
	s.shelf, s.desk, s.tables = shelf, desk, tables
	if s.City.Editions != nil {
		s.counted = s.City.Editions()
	}
}

// requestName is the name under which the end of a request is awaited beside the clocks of its case.
func requestName(id string) string { return "request:" + id }

// lapses is the kind of the notice that a request ends.
const lapses = "lapse"

// Follow hears that a case has gone on, see store.Options.
func (s *Sweeper) Follow(id string, c *cases.Case) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fresh != nil {
		s.fresh[id] = true
	}
	delete(s.faulty, id)
	s.put(id, c)
	s.Wake()
}

// put tells the sweep what lies ahead of a case; c is nil when only its marks have changed.
func (s *Sweeper) put(id string, c *cases.Case) {
	if c != nil {
		s.await(c)
		alive := false
		for name, do := range c.Clocks {
			alive = alive || do != process.Stop
			if do == process.Stop || c.Final {
				s.sweep.Drop(id, name)
			}
		}
		if !alive || c.Final {
			return
		}
	}
	clocks, err := s.Ledger.Of(context.Background(), id)
	if err != nil {
		s.Logger.Error("the clocks of a case cannot be read; its marks are told after the next start", "case", id, "err", err)
		return
	}
	s.City.Put(s.sweep, id, clocks)
}

// await tells the sweep when requests of a case end by themselves.
func (s *Sweeper) await(c *cases.Case) {
	for _, id := range s.asked[c.ID] {
		s.sweep.Drop(c.ID, requestName(id))
	}
	delete(s.asked, c.ID)
	for id, a := range c.Requests {
		if !a.Until.IsZero() && !c.Final {
			s.sweep.Await(c.ID, requestName(id), lapses, int(a.At.UnixMicro()), a.Until)
			s.asked[c.ID] = append(s.asked[c.ID], id)
		}
	}
}

// Wake has Run look at the clock, which may have been moved. It never blocks.
func (s *Sweeper) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// load reads the clocks of all open cases.
func (s *Sweeper) load(ctx context.Context) error {
	open := true
	list, _, err := s.shelf.List(&store.Filter{Open: &open}, store.ByDue, s.shelf.Len()+1, store.Cursor{})
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range list {
		if list[i].Unreadable {
			continue
		}
		group.Go(func() error {
			if err := s.read(ctx, &list[i]); err != nil {
				return s.pass(ctx, list[i].ID, &faultError{err})
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("read the clocks of open cases: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fresh = nil
	close(s.loaded)
	return nil
}

// read puts one case, unless it has gone on meanwhile.
func (s *Sweeper) read(ctx context.Context, is *store.Summary) error {
	var c *cases.Case
	var err error
	if len(is.Requests) > 0 {
		if c, err = s.shelf.Case(ctx, is.ID); err != nil {
			return err
		}
	}
	clocks, err := s.Ledger.Of(ctx, is.ID)
	if err != nil {
		return err
	}
	if s.first(is.ID, c, clocks) {
		s.retime(is, clocks.Due())
	}
	return nil
}

// first puts a case that was read, unless it has gone on meanwhile; c is nil when it asks for nothing.
func (s *Sweeper) first(id string, c *cases.Case, clocks timing.Clocks) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fresh[id] {
		return false
	}
	if c != nil {
		s.await(c)
	}
	s.City.Put(s.sweep, id, clocks)
	return true
}

// Run reads the clocks of all open cases, tells what they have reached while nobody ran and then what they reach, until ctx
// ends. The error is that of reading.
func (s *Sweeper) Run(ctx context.Context) error {
	if err := s.load(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	again := time.NewTicker(longestRest)
	defer again.Stop()
	for ctx.Err() == nil {
		rest := longestRest
		if err := s.Settle(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			s.Logger.Warn("marks that were reached cannot be told now", "err", err)
			rest = retryRest
		} else if next, ok := s.Next(); ok {
			rest = min(rest, max(0, next.Sub(s.Now())))
		}
		timer := time.NewTimer(rest)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-s.wake:
		case <-again.C:
			s.retry()
		}
		timer.Stop()
	}
	return nil
}

// retry has what could not be told of cases tried again.
func (s *Sweeper) retry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.later {
		s.sweep.Return(n)
	}
	s.later = nil
}

// Next is when the next mark is reached; false when none lies ahead.
func (s *Sweeper) Next() (time.Time, bool) { return s.sweep.Next() }

// Settle returns when all marks that are reached now are told. It waits until Run has read the open cases.
func (s *Sweeper) Settle(ctx context.Context) error {
	select {
	case <-s.loaded:
	case <-ctx.Done():
		return ctx.Err()
	}
	if _, err := s.Recount(ctx); err != nil {
		return fmt.Errorf("count clocks by other calendars: %w", err)
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	for ctx.Err() == nil {
		done, err := s.round(ctx)
		if done || err != nil {
			return err
		}
	}
	return ctx.Err()
}

// faultError is a fault of one case: of what its events say, or of what they need that is not there.
type faultError struct{ error }

func (e *faultError) Unwrap() error { return e.error }

// pass notes that nothing can be told of a case, so that all others go on. It returns an error that is not of the case: of the
// log, of the moment, or the same with too many.
func (s *Sweeper) pass(ctx context.Context, id string, err error) error {
	_, fault := errors.AsType[*faultError](err)
	_, field := errors.AsType[*data.FieldError](err)
	_, unreadable := errors.AsType[*cases.UnreadableError](err)
	if !fault && !field && !unreadable || ctx.Err() != nil || errors.Is(err, data.ErrClosed) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.faulty[id]; !known {
		s.Logger.Error("marks of a case cannot be told", "case", id, "err", err)
	}
	s.faulty[id] = err.Error()
	if len(s.faulty) > mostFaulty {
		return err
	}
	return nil
}

// Before tells the marks that a case has reached, so that they are in the log before something else happens to it.
func (s *Sweeper) Before(ctx context.Context, id string) error {
	is, ok := s.shelf.Find(id)
	if !ok || is.Final {
		return nil
	}
	for range retries {
		e, err := s.next(ctx, id)
		if err == nil && e != nil {
			_, err = s.shelf.Append(ctx, []*cases.Event{e})
		}
		switch _, stale := errors.AsType[*cases.StaleError](err); {
		case stale:
		case err != nil:
			return err
		case e == nil:
			return nil
		}
	}
	return nil // somebody else is at it
}

// State is how a Sweeper is.
type State struct {
	// Clocks have a mark ahead, Undated are not counted because a table of holidays ends; Told are marks since the start.
	Clocks, Undated int
	Told            int64
	// Behind is for how long the mark that was reached first waits to be told.
	Behind time.Duration
}

// State is how the Sweeper is now.
func (s *Sweeper) State() State {
	is := State{Clocks: s.sweep.Len(), Undated: len(s.sweep.Undated()), Told: s.told.Load()}
	if next, ok := s.Next(); ok {
		is.Behind = max(0, s.Now().Sub(next))
	}
	return is
}

// soon is how many days before its end a table of holidays is a fault: the longest limits are not much longer.
const soon = 30

// Faults are what keeps clocks from being counted, as sentences: tables of holidays that have ended or will soon.
func (s *Sweeper) Faults() []string {
	var list []string
	for _, w := range s.City.Newest().Warnings(s.Now(), soon) {
		list = append(list, w.String())
	}
	s.mu.Lock()
	for _, id := range slices.Sorted(maps.Keys(s.faulty)) {
		list = append(list, "marks of case "+id+" cannot be told: "+s.faulty[id])
	}
	s.mu.Unlock()
	if n := len(s.sweep.Undated()); n > 0 {
		list = append(list, strconv.Itoa(n)+" clocks of open cases have no due time, because the table of holidays of their calendar ends before; put the next version of the calendar with gewu calendar put")
	}
	return list
}
