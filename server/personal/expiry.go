package personal

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/people/vault"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// due is a subject whose time is over, or will be.
type due struct {
	Layer string `json:"layer"`
	ID    string `json:"id"`
	// Expires is when; Why says why it is to go.
	Expires time.Time `json:"expires"`
	Why     string    `json:"why"`
}

// Why subjects go.
const (
	whyExpired  = "expired"
	whyEnded    = "ended and expired"    // the feature was ended, its history is kept no longer either
	whyUnmade   = "erasure not finished" // the key is gone, the feature is not
	whyDropped  = "layer dropped"
	longestList = 10_000
	mostDays    = 3660
)

// times knows when entries were recorded.
type times struct {
	store city.Store
	known map[data.Seq]time.Time
}

func (t *times) of(ctx context.Context, seq data.Seq) (time.Time, error) {
	if at, ok := t.known[seq]; ok {
		return at, nil
	}
	h, err := t.store.Header(ctx, seq)
	if err != nil {
		return time.Time{}, err
	}
	t.known[seq] = h.Recorded
	return h.Recorded, nil
}

// find finds who goes by a time, at most limit.
func (a *API) find(ctx context.Context, by time.Time, limit int) (found []due, err error) {
	world := a.Engine.World()
	at := times{a.Store, map[data.Seq]time.Time{}}
	for _, l := range world.Layers() {
		rule := l.Def().Sensitive
		if rule == nil {
			continue
		}
		n := 0
		for slot := range l.Slots() {
			if n++; n%city.CheckEvery == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if len(found) >= limit {
				return found, nil
			}
			changed, err := at.of(ctx, l.ChangedAt(slot))
			if err != nil {
				return nil, err
			}
			one := due{Layer: l.Def().Name, ID: l.ID(slot), Why: whyExpired}
			state, err := a.Vault.State(l.Def(), one.ID)
			if err != nil {
				return nil, err
			}
			// Somebody who came back later and whose key was lost is not erased for that.
			if state.Gone() && !changed.After(state.Erased) {
				one.Expires, one.Why = state.Erased, whyUnmade
				found = append(found, one)
				continue
			}
			if one.Expires, _ = rule.Expires(changed.In(a.zone())); !one.Expires.IsZero() && !one.Expires.After(by) {
				found = append(found, one)
			}
		}
	}
	rest, err := a.keyed(ctx, world, by, limit-len(found), &at)
	return append(found, rest...), err
}

// keyed finds subjects with a key whose feature or layer is no longer there.
func (a *API) keyed(ctx context.Context, w *index.World, by time.Time, limit int, at *times) (found []due, err error) {
	err = a.Vault.Keys().Each(func(s vault.Subject, state vault.State) error {
		// What is no name of a layer seals something else, whose keys others answer for.
		if !state.Key || len(found) >= limit || !data.ValidName(s.Layer) {
			return ctx.Err()
		}
		l, ok := w.Layer(s.Layer)
		if !ok || l.Def().Sensitive == nil {
			found = append(found, due{s.Layer, s.ID, a.Today(), whyDropped})
			return nil
		}
		head, ok := l.Head(s.ID)
		if !ok || !head.Deleted {
			return nil // it is being written, or lives
		}
		ended, err := at.of(ctx, head.Seq)
		if err != nil {
			return err
		}
		if expires, ok := l.Def().Sensitive.Expires(ended.In(a.zone())); ok && !expires.After(by) {
			found = append(found, due{s.Layer, s.ID, expires, whyEnded})
		}
		return nil
	})
	return found, err
}

func (a *API) zone() *time.Location {
	if a.Zone == nil {
		return time.UTC
	}
	return a.Zone
}

// Expired lists who goes within a number of days, without erasing anybody: GET /v1/personal/expired?days=.
func (a *API) Expired(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	days := q.Whole("days", 0, mostDays, 0)
	limit := q.Whole("limit", 1, longestList, 1000)
	if err := q.Done(""); err != nil {
		return err
	}
	list := struct {
		Due []due `json:"due"`
	}{[]due{}}
	if a.Vault != nil {
		found, err := a.find(r.Context(), a.Today().AddDate(0, 0, days), limit)
		if err != nil {
			return err
		}
		list.Due = append(list.Due, found...)
	}
	slices.SortStableFunc(list.Due, func(x, y due) int { return x.Expires.Compare(y.Expires) })
	return rest.WriteJSON(w, r, http.StatusOK, list)
}

// Sweep erases those whose time is over: POST /v1/personal/expired.
func (a *API) Sweep(w http.ResponseWriter, r *http.Request) error {
	if err := rest.SkipBody(w, r); err != nil {
		return err
	}
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	answer := struct {
		Erased []due `json:"erased"`
		Kept   []due `json:"kept"`
	}{[]due{}, []due{}}
	err := a.sweep(r, func(one due, kept bool) {
		if kept {
			answer.Kept = append(answer.Kept, one)
			return
		}
		answer.Erased = append(answer.Erased, one)
	})
	if err != nil {
		return err
	}
	return rest.WriteJSON(w, r, http.StatusOK, answer)
}

// sweep erases whose time is over. Who is referred to by others is kept until they are gone.
func (a *API) sweep(r *http.Request, tell func(one due, kept bool)) error {
	if a.Vault == nil {
		return nil
	}
	found, err := a.find(r.Context(), a.Today(), longestList)
	if err != nil {
		return err
	}
	world := a.Engine.World()
	var going []due
	var subjects []vault.Subject
	for _, one := range found {
		if l, ok := world.Layer(one.Layer); ok {
			if _, alive := l.Lookup(one.ID); alive && unreferred(world, l, one.ID) != nil {
				one.Why += "; kept, because others refer to it"
				tell(one, true)
				continue
			}
		}
		going = append(going, one)
		subjects = append(subjects, vault.Subject{Layer: one.Layer, ID: one.ID})
	}
	if len(subjects) == 0 {
		return nil
	}
	// All keys at once: each time the file of keys is written anew.
	if err := a.Vault.Keys().Destroy(a.Today(), subjects...); err != nil {
		return err
	}
	for _, one := range going {
		if _, err := a.end(r, a.Note, one.Layer, one.ID, "sweep: "+one.Why); err != nil {
			return err
		}
		tell(one, false)
	}
	return nil
}

// sweepPause is the time between two sweeps.
const sweepPause = 6 * time.Hour

// Run sweeps from time to time until ctx ends. What stands against one sweep is logged and tried again with the next.
func (a *API) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepPause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		// The server itself asks, as over its socket.
		self := auth.With(ctx, account.Principal{Way: account.Socket})
		r, err := http.NewRequestWithContext(self, http.MethodPost, "/v1/personal/expired", http.NoBody)
		if err == nil {
			n := 0
			err = a.sweep(r, func(due, bool) { n++ })
			if n > 0 {
				a.Logger.InfoContext(ctx, "persons whose time is over were erased", "count", n)
			}
		}
		if err != nil && ctx.Err() == nil {
			a.Logger.ErrorContext(ctx, "sweep of persons whose time is over", "error", err.Error())
		}
	}
}
