package contacts

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/auth"
)

// How often contacts are swept and how soon after a start, how old what belongs to no case must be, and how much goes at once: a
// request ends long before. A server that is started anew each hour sweeps, too.
const (
	firstPause = time.Minute
	sweepPause = time.Hour
	orphanAge  = time.Hour
	mostSwept  = 1000
)

// ahead is what is known of the time after which contacts go. A case that comes to rest from now on keeps its contact for the
// whole time, so that all contacts need not be looked at again before the first one of those that rest already, or before that
// time is over.
type ahead struct {
	mu sync.Mutex
	// looked is when all contacts were looked at by the clock of the city, next when they must be again.
	looked, next time.Time
}

// Run sweeps from time to time until ctx ends.
func (a *API) Run(ctx context.Context) error {
	if a.Book == nil || a.Cases.Service == nil {
		return nil
	}
	timer := time.NewTimer(firstPause)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		if err := a.Settle(ctx); err != nil && ctx.Err() == nil {
			a.Logger.ErrorContext(ctx, "sweep of contacts", "error", err.Error())
		}
		timer.Reset(sweepPause)
	}
}

// Sweep erases contacts of reports that became no case within a time, and completes erasures that were broken off.
func (a *API) Sweep(ctx context.Context, age time.Duration) (int, error) {
	before := a.Now().Add(-age)
	return a.sweep(ctx, "sweep: no case, or not finished", func(id string, kept time.Time) bool { return kept.Before(before) && !a.exists(id) })
}

// Next is when Settle has something to do by the clock of the city; false when it never has.
func (a *API) Next() (time.Time, bool) {
	if a.Book == nil || a.Cases.Service == nil || a.Keep <= 0 || a.loading() {
		return time.Time{}, false
	}
	a.ahead.mu.Lock()
	defer a.ahead.mu.Unlock()
	return a.ahead.next, !a.ahead.looked.IsZero()
}

// Settle erases the contacts of cases that rest for longer than contacts are kept, whatever the clock did in between, and what
// [API.Sweep] does. What a crash leaves is done by the next one: a contact goes by when its case came to rest, which is in the log.
// A case that was taken up again keeps its contact.
func (a *API) Settle(ctx context.Context) error {
	if a.Book == nil || a.Cases.Service == nil || a.loading() {
		return nil
	}
	switch n, err := a.Sweep(ctx, orphanAge); {
	case err != nil:
		return err
	case n > 0:
		a.Logger.InfoContext(ctx, "contacts without a case were erased", "count", n)
	}
	if a.Keep <= 0 {
		return nil
	}
	a.ahead.mu.Lock()
	defer a.ahead.mu.Unlock()
	now := a.Today()
	if !a.ahead.looked.IsZero() && !now.Before(a.ahead.looked) && now.Before(a.ahead.next) {
		return nil
	}
	n, err := a.expire(ctx, now)
	if n > 0 {
		a.Logger.InfoContext(ctx, "contacts of cases that rest were erased", "count", n)
	}
	if err != nil {
		return err
	}
	next := now.Add(a.Keep)
	err = a.Book.Each(func(id string) {
		if at, rests := a.expires(id); rests && at.Before(next) {
			next = at
		}
	})
	if err != nil {
		return err
	}
	if !next.After(now) { // it came to rest long ago by the clock, and was read just now
		next = now.Add(time.Microsecond)
	}
	a.ahead.looked, a.ahead.next = now, next
	return nil
}

// expire erases the contacts whose time is over.
func (a *API) expire(ctx context.Context, now time.Time) (all int, err error) {
	reason := fmt.Sprintf("sweep: the case rests for %d days", int(a.Keep/(24*time.Hour)))
	for {
		n, err := a.sweep(ctx, reason, func(id string, _ time.Time) bool {
			at, rests := a.expires(id)
			return rests && !at.After(now)
		})
		if all += n; err != nil || n < mostSwept {
			return all, err
		}
	}
}

// expires is when the contact of a case goes; false while it is open. One that cannot be read any further may have been taken up
// again: its contact stays until somebody erases it.
func (a *API) expires(id string) (time.Time, bool) {
	c, ok := a.Cases.Cases().Brief(id)
	if !ok || !c.Final || c.Unreadable || c.Rested.IsZero() {
		return time.Time{}, false
	}
	return c.Rested.Add(a.Keep), true
}

func (a *API) loading() bool { return a.Loading != nil && a.Loading() }

// sweep erases what goes, with a note for all of it.
func (a *API) sweep(ctx context.Context, reason string, goes func(id string, kept time.Time) bool) (int, error) {
	if a.loading() {
		return 0, nil
	}
	ids, erased, err := a.Book.Sweep(a.Today(), mostSwept, goes)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	// The server itself asks, as over its socket.
	r, err := http.NewRequestWithContext(auth.With(ctx, account.Principal{Way: account.Socket}), http.MethodDelete, "/v1/cases", http.NoBody)
	if err != nil {
		return 0, err
	}
	_, err = a.gone(r, reason, erased, ids...)
	return len(ids), err
}
