package drafts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/version"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/internal/flight"
	"github.com/gewu-city/gewu/server/rest"
)

// Shelf keeps what was worked on last: bases, which drafts share, and drafts. It is a cache: all of it is found again from
// the log. It is safe for concurrent use.
type Shelf struct {
	building flight.Group[string, *version.Base]
	opening  flight.Group[string, *version.Draft]

	mu     sync.Mutex
	bases  []keptBase  // the one asked for last at the end
	drafts []keptDraft // likewise
	named  []keptCodes // likewise
	hands  map[string]*sync.Mutex
}

type keptBase struct {
	key  string
	base *version.Base
}

type keptDraft struct {
	seq   data.Seq
	draft *version.Draft
}

// keptCodes are the final codes of the cells of a draft by face, as a check gave them.
type keptCodes struct {
	now   *coverage.Coverage
	at    time.Time
	codes map[coverage.FaceID]string
}

// name keeps the codes that a check gave at a time.
func (s *Shelf) name(now *coverage.Coverage, at time.Time, codes map[coverage.FaceID]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.named = touch(s.named, mostNamed, keptCodes{now, at, codes}, func(k keptCodes) bool { return k.now == now })
}

func (s *Shelf) names(now *coverage.Coverage, at time.Time) map[coverage.FaceID]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.named {
		if k.now == now && k.at.Equal(at) {
			return k.codes
		}
	}
	return nil
}

// NewShelf is an empty one.
func NewShelf() *Shelf { return &Shelf{hands: map[string]*sync.Mutex{}} }

// What is kept: the coverage of a city of 11,490 cells takes some 15 MB, and drafts share what they do not change.
const mostBases, mostDrafts, mostNamed = 6, 24, 6

// touch moves what was asked for to the end, or appends it; the first is dropped when there are too many.
func touch[T any](list []T, most int, one T, same func(T) bool) []T {
	list = append(slices.DeleteFunc(list, same), one)
	if len(list) > most {
		list = slices.Delete(list, 0, 1)
	}
	return list
}

func (s *Shelf) keep(d *version.Draft, seq data.Seq) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drafts = touch(s.drafts, mostDrafts, keptDraft{seq, d}, func(k keptDraft) bool { return k.draft.Header.ID == d.Header.ID })
}

func (s *Shelf) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drafts = slices.DeleteFunc(s.drafts, func(k keptDraft) bool { return k.draft.Header.ID == id })
	delete(s.hands, id)
}

func (s *Shelf) draft(id string, seq data.Seq) (*version.Draft, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.drafts, func(k keptDraft) bool { return k.draft.Header.ID == id && k.seq == seq })
	if i < 0 {
		return nil, false
	}
	return s.drafts[i].draft, true
}

func (s *Shelf) base(key string) (*version.Base, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.bases, func(k keptBase) bool { return k.key == key })
	if i < 0 {
		return nil, false
	}
	b := s.bases[i]
	s.bases = touch(s.bases, mostBases, b, func(k keptBase) bool { return k.key == key })
	return b.base, true
}

// hand is held by who changes a draft: one at a time, so that edits in a row do not meet.
func (s *Shelf) hand(id string) *sync.Mutex {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hands[id] == nil {
		s.hands[id] = &sync.Mutex{}
	}
	return s.hands[id]
}

// stateOf names the state of the cells of a scheme and of the levels above in a World, as far as a base depends on it; newest
// is the Seq from which on it is that.
func (a *API) stateOf(w *index.World, h *version.Header) (key string, newest data.Seq, err error) {
	plan := a.Locator.Plan(w)
	s, ok := plan.Scheme(h.Scheme)
	if !ok || s.In(w) == nil {
		return "", 0, rest.Fault(rest.Conflict, "scheme", h.Scheme, "is not declared any more")
	}
	layer := s.In(w)
	newest = max(layer.Seq(), layer.DefSeq())
	newest = max(newest, w.Defined())
	var levels []string
	for i := range plan.Levels {
		if l := &plan.Levels[i]; slices.Contains(s.Levels, l.Name) {
			if areas := l.In(w); areas != nil {
				newest = max(newest, areas.Seq())
				levels = append(levels, strconv.FormatUint(uint64(areas.Seq()), 10))
			}
		}
	}
	key = fmt.Sprintf("%s %s %d %d %d %s %s %s", w.Epoch(), h.Scheme, layer.Seq(), layer.DefSeq(), w.Defined(), strings.Join(levels, "-"), h.Rule, strings.Join(h.Order, ","))
	return key, newest, nil
}

// present is the base of a scheme as it is in a World.
func (a *API) present(ctx context.Context, w *index.World, h *version.Header) (*version.Base, error) {
	key, _, err := a.stateOf(w, h)
	if err != nil {
		return nil, err
	}
	if b, ok := a.shelf.base(key); ok {
		return b, nil
	}
	return a.shelf.building.Do(ctx, key, func(context.Context) (*version.Base, error) {
		s, _ := a.Locator.Plan(w).Scheme(h.Scheme)
		b, err := version.Take(w, s, version.ParentsBy(a.Locator), h.Rule, h.Order)
		if err == nil {
			a.shelf.mu.Lock()
			a.shelf.bases = touch(a.shelf.bases, mostBases, keptBase{key, b}, func(k keptBase) bool { return k.key == key })
			a.shelf.mu.Unlock()
		}
		return b, err
	})
}

// base is the base of a draft: the city at the Seq that its header names. The present one serves as long as nothing of it
// has changed.
func (a *API) base(ctx context.Context, w *index.World, h *version.Header) (*version.Base, error) {
	_, newest, err := a.stateOf(w, h)
	if err == nil && newest <= h.Base {
		return a.present(ctx, w, h)
	}
	if a.Past == nil {
		return nil, rest.Refuse(rest.NotImplemented, "this server does not answer for the past, which the draft began with")
	}
	then, err := a.Past.World(ctx, index.Moment{AsOf: h.Base})
	if horizon, over := errors.AsType[*index.HorizonError](err); over {
		return nil, rest.Refuse(rest.Gone, "the city that the draft began with is not kept any more: %s; begin another draft", a.Complete(horizon)).Because(err)
	}
	if err != nil {
		return nil, err
	}
	return a.present(ctx, then.Whole(), h)
}

// open is the draft that was asked for, with its coverage.
func (a *API) open(ctx context.Context, have *asked) (*version.Draft, error) {
	h := have.header
	if d, ok := a.shelf.draft(h.ID, have.seq); ok {
		return d, nil
	}
	return a.shelf.opening.Do(ctx, fmt.Sprintf("%s %d", h.ID, have.seq), func(ctx context.Context) (*version.Draft, error) {
		base, err := a.base(ctx, have.world, h)
		if err != nil {
			return nil, baseFault(err)
		}
		d, err := version.Restore(have.world, h, base)
		if err == nil {
			a.shelf.keep(d, have.seq)
		}
		return d, err
	})
}

// Open is a draft by its id in the newest World, for other resources; they must have asked who may see it.
func (a *API) Open(ctx context.Context, id string) (*version.Draft, *index.World, error) {
	w, err := a.Engine.Wait(ctx, a.Store.Last())
	if err != nil {
		return nil, nil, err
	}
	h, seq, ok := version.Lookup(w, id)
	if !ok {
		return nil, nil, rest.Fault(rest.NotFound, "draft", id, "is no draft; GET /v1/drafts lists them")
	}
	d, err := a.open(ctx, &asked{w.Whole(), h, seq})
	return d, w, err
}

// ended says why a draft is against an ended version, nil when its base is what counts.
func (a *API) ended(ctx context.Context, have *asked, d *version.Draft) error {
	_, newest, err := a.stateOf(have.world, have.header)
	if err != nil {
		return err
	}
	if newest <= have.header.Base {
		return nil
	}
	now, err := a.present(ctx, have.world, have.header)
	if err != nil {
		return baseFault(err)
	}
	differ := d.Base.Same(now)
	if len(differ) == 0 {
		return nil
	}
	why := "cells were changed since by other ways"
	if n := version.InForce(have.world, have.header.Scheme); n != have.header.Version {
		v, _ := version.Find(have.world, have.header.Scheme, n)
		why = fmt.Sprintf("version %d counts since %s", n, v.Effective.Format("2006-01-02T15:04:05Z07:00"))
	}
	some := differ[:min(5, len(differ))]
	return rest.Fault(rest.Conflict, "version", strconv.Itoa(have.header.Version), fmt.Sprintf(
		"has ended: %s, and %d cells differ from those that the draft began with (%s); POST /v1/drafts/%s/rebase puts the draft on the present ones, when they are none that it changes",
		why, len(differ), strings.Join(some, ", "), have.header.ID))
}

// baseFault is the problem of cells that make no base.
func baseFault(err error) error {
	if defects, ok := errors.AsType[*version.DefectsError](err); ok {
		p := rest.Fault(rest.Invalid, "rule", "", defects.Error()+"; choose longest_border or priority, which fixes them, or repair the cells").Because(err)
		return listDefects(p, defects.Found)
	}
	if errors.Is(err, version.ErrNoCells) {
		return rest.Fault(rest.Invalid, "scheme", "", "has no cells: import some first").Because(err)
	}
	return err
}

// Forget empties the shelf: all is found again from the log.
func (a *API) Forget() {
	a.shelf.mu.Lock()
	defer a.shelf.mu.Unlock()
	a.shelf.bases, a.shelf.drafts, a.shelf.named = nil, nil, nil
}
