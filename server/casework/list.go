package casework

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/server/casework/dossier"
	"github.com/gewu-city/gewu/server/casework/fault"
	"github.com/gewu-city/gewu/server/casework/lights"
	"github.com/gewu-city/gewu/server/casework/listing"
	"github.com/gewu-city/gewu/server/casework/reach"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// Bounds of pages, and of cases that are looked at for one page of an inbox or of a search for words.
const standardPage, longestPage, mostLooked = 100, 1000, 5000

// wanted is what a list is of beside its filter.
type wanted struct {
	caller *caller
	as     as
	filter *store.Filter
	inbox  bool
	part   string
	words  string
	// outside is a number in another system, of those cases alone.
	outside string
}

func (a *API) wanted(r *http.Request, q *rest.Params) (*wanted, error) {
	named := q.Text("person")
	if city.As(r) != "" {
		named = ""
	}
	c, err := a.caller(r, named)
	if err != nil {
		return nil, err
	}
	l := &wanted{caller: c, as: *narrowed(q), filter: listing.Filter(q, a.cfg.Store, c.person)}
	return l, nil
}

// List lists cases: GET /v1/cases.
func (a *API) List(w http.ResponseWriter, r *http.Request) error {
	if err := a.ready(); err != nil {
		return err
	}
	q := rest.ParseParams(r)
	l, err := a.wanted(r, q)
	if err != nil {
		return err
	}
	l.inbox, l.part, l.outside, l.words = q.Flag("inbox"), q.Text("part"), q.Text("external"), strings.ToLower(strings.TrimSpace(q.Text("q")))
	order := store.Order(q.OneOf("order", string(store.ByOpened), string(store.ByUpdated), string(store.ByDue)))
	limit := q.Whole("limit", 1, longestPage, standardPage)
	after, err := listing.Cursor(q.Text("cursor"), a.Store.Epoch())
	if err != nil {
		q.Fail(err)
	}
	if err := q.Done(""); err != nil {
		return err
	}
	all, next, err := a.page(r, l, order, limit, after)
	if err != nil {
		return err
	}
	text := ""
	if next != nil {
		text = city.FormatCursor(a.Store.Epoch(), fmt.Sprintf("%d %s", next.Value, next.ID))
	}
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Cases []*summary `json:"cases"`
		Next  string     `json:"next,omitempty"`
		Now   time.Time  `json:"now"`
	}{all, text, a.Service.Now()})
}

// page is a page of a list. What columns do not know is looked at case by case.
func (a *API) page(r *http.Request, l *wanted, order store.Order, limit int, after store.Cursor) (out []*summary, next *store.Cursor, err error) {
	out = []*summary{}
	sight := a.sight(r, l.caller)
	posts := l.caller.posts(&l.as)
	if l.inbox && !a.inbox(l.filter, posts) || !sight.Bound(l.filter) {
		return out, nil, nil
	}
	if l.outside != "" {
		out, err = a.numbered(r, l, sight, posts, limit)
		return out, nil, err
	}
	for looked := 0; ; {
		found, more, err := a.cfg.Store.List(l.filter, order, limit, after)
		if err != nil {
			return nil, nil, rest.Faults(rest.BadRequest, "", err).Because(err)
		}
		for i := range found {
			one := &found[i]
			// The place of a case in the list is where the next page goes on, when this one is full.
			of := &seen{caller: l.caller, summary: *one}
			of.full, _ = sight.Sees(one)
			s, err := a.listed(r, l, of, posts)
			if err != nil {
				return nil, nil, err
			}
			if s != nil {
				out = append(out, s)
			}
			if looked++; len(out) == limit && (i+1 < len(found) || more != nil) {
				return out, store.At(one, order), nil
			}
		}
		if more == nil {
			return out, nil, nil
		}
		if after = *more; looked >= mostLooked {
			return out, more, nil
		}
	}
}

// numbered are the cases of a list that have a number in another system: few, which are never more than a page. Numbers
// elsewhere are nothing for the public.
func (a *API) numbered(r *http.Request, l *wanted, sight *reach.Sight, posts []cases.Actor, limit int) ([]*summary, error) {
	out := []*summary{}
	found, err := a.cfg.Store.OfNumber(l.outside, l.filter)
	if err != nil {
		return nil, rest.Faults(rest.BadRequest, "", err).Because(err)
	}
	for i := range found {
		of := &seen{caller: l.caller, summary: found[i]}
		if of.full, _ = sight.Sees(&found[i]); !of.full || len(out) == limit {
			continue
		}
		s, err := a.listed(r, l, of, posts)
		if err != nil {
			return nil, err
		}
		if s != nil {
			out = append(out, s)
		}
	}
	return out, nil
}

// listed is a case of a list, nil when it does not belong there.
func (a *API) listed(r *http.Request, l *wanted, of *seen, posts []cases.Actor) (*summary, error) {
	d, err := a.dossiers.Read(r.Context(), of.summary.ID, of.summary.Version)
	if spoilt, is := errors.AsType[*cases.UnreadableError](err); is {
		a.cfg.Store.Spoil(*spoilt)
		of.summary.Unreadable, d, err = true, &dossier.Dossier{Case: &cases.Case{ID: spoilt.Case, State: of.summary.State, Class: of.summary.Class}}, nil
	}
	if err != nil {
		return nil, fault.Of(err)
	}
	t, err := a.table(d.Case)
	if err != nil {
		return nil, err
	}
	if l.inbox && (!of.full || of.summary.Unreadable || !a.waits(t, d.Case, posts)) || l.part != "" && !d.Touches(l.part) {
		return nil, nil //nolint:nilnil // no case of the list is no fault
	}
	s, err := a.sketch(of, d)
	if err != nil {
		return nil, err
	}
	if l.words != "" && !strings.Contains(strings.ToLower(s.ID+"\n"+s.Address+"\n"+d.Description), l.words) {
		return nil, nil //nolint:nilnil // see above
	}
	if !s.Final && !s.Unreadable { // the clocks of a case at rest stand
		_, s.Light, err = lights.Of(r.Context(), a.cfg.Ledger, a.cfg.Timing, s.ID, t, a.Service.Now())
	}
	return s, err
}

// inbox narrows a filter down to cases that may wait for one of some posts: by the state that a post owns, or a request that
// it decides. Whether there is something to do is then looked at case by case; false when there is never anything.
func (a *API) inbox(f *store.Filter, posts []cases.Actor) bool {
	free, tasked, requests := map[string]bool{}, map[string]bool{}, map[string]bool{}
	units := map[string]map[string]bool{}
	for t := range a.cfg.Tables().All() {
		for i := range t.States {
			state := &t.States[i]
			for _, p := range posts {
				if !slices.Contains(state.Owner, p.Post) {
					continue
				}
				unit, task := bound(t, state.ID, p.Post)
				free[state.ID] = free[state.ID] || !unit && !task
				tasked[state.ID] = tasked[state.ID] || task
				if unit {
					if units[p.Organisation] == nil {
						units[p.Organisation] = map[string]bool{}
					}
					units[p.Organisation][state.ID] = true
				}
			}
		}
		for i := range t.Requests {
			if slices.ContainsFunc(posts, func(p cases.Actor) bool { return decides(&t.Requests[i], p.Post) }) {
				requests[t.Requests[i].ID] = true
			}
		}
	}
	f.Any = nil
	if states := keys(free); len(states) > 0 {
		f.Any = append(f.Any, store.Filter{States: states})
	}
	if states := keys(tasked); len(states) > 0 && posts[0].Person != "" {
		f.Any = append(f.Any, store.Filter{States: states, Tasks: []string{posts[0].Person}})
	}
	d := a.directory(a.Service.Now())
	for organisation, states := range units {
		if path := d.Path(organisation); len(path) > 0 {
			f.Any = append(f.Any, store.Filter{States: keys(states), Units: path})
		}
	}
	for _, id := range keys(requests) {
		f.Any = append(f.Any, store.Filter{Requests: []string{id}})
	}
	return len(f.Any) > 0
}

// bound says whether a case that is in a state waits for those of a post in the unit that has it, or for the person whose task
// it is: some way out of the state asks for that. Else it waits for everybody who holds the post.
func bound(t *process.Table, state, post string) (unit, task bool) {
	for _, s := range t.Steps(state) {
		if moves(s) && slices.Contains(s.Posts, post) {
			unit, task = unit || reach.Asks(s, "in_unit"), task || reach.Asks(s, "tasked")
		}
	}
	return unit, task
}

// moves reports whether a step leads out of its state.
func moves(s *process.Step) bool { return s.Request == "" && s.To != s.State }

// keys are the names of a set, in order.
func keys(m map[string]bool) []string {
	out := make([]string, 0, len(m))
	for k, in := range m {
		if in {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

func decides(r *process.Request, post string) bool {
	return slices.ContainsFunc(r.Decide, func(stage []string) bool { return slices.Contains(stage, post) })
}

// waits reports whether a case waits for one of some posts: they own its state and may move it, or decide a request.
func (a *API) waits(t *process.Table, c *cases.Case, posts []cases.Actor) bool {
	state, ok := t.State(c.State)
	if !ok {
		return false
	}
	for _, post := range posts {
		owns := slices.Contains(state.Owner, post.Post)
		unit, task := bound(t, c.State, post.Post)
		for _, o := range a.offersOf(t, c, post) {
			if o.Refusal != nil {
				continue
			}
			mine := !unit && !task || unit && reach.Asks(o.Step, "in_unit") || task && reach.Asks(o.Step, "tasked")
			if owns && mine && moves(o.Step) || o.Step.Part == process.Grant {
				return true
			}
		}
	}
	return false
}

// Count counts cases: GET /v1/cases/count.
func (a *API) Count(w http.ResponseWriter, r *http.Request) error {
	if err := a.ready(); err != nil {
		return err
	}
	q := rest.ParseParams(r)
	l, err := a.wanted(r, q)
	if err != nil {
		return err
	}
	by := store.Column(q.Text("by"))
	if err := q.Done(""); err != nil {
		return err
	}
	out := counted{By: map[string]int{}, Titles: map[string]data.Title{}, Now: a.Service.Now()}
	if !a.sight(r, l.caller).Bound(l.filter) {
		return rest.WriteJSON(w, r, http.StatusOK, out)
	}
	if by == "" {
		out.Count, err = a.cfg.Store.Count(l.filter)
	} else {
		out.By, err = a.cfg.Store.CountBy(l.filter, by)
	}
	if err != nil {
		return rest.Faults(rest.BadRequest, "", err).Because(err)
	}
	for word, n := range out.By {
		out.Count += n
		if title := a.wordTitle(by, word); title != nil {
			out.Titles[word] = title
		}
	}
	return rest.WriteJSON(w, r, http.StatusOK, out)
}

type counted struct {
	Count int            `json:"count"`
	By    map[string]int `json:"by"`
	// Titles are what words are called, where they are called something.
	Titles map[string]data.Title `json:"titles"`
	Now    time.Time             `json:"now"`
}

// wordTitle is what a word of a column is called.
func (a *API) wordTitle(by store.Column, word string) data.Title {
	switch by {
	case store.ByState:
		if t, ok := a.cfg.Tables().Newest(a.cfg.Process); ok {
			if s, ok := t.State(word); ok {
				return s.Title
			}
		}
	case store.ByUnit:
		return a.titleOf(word)
	case store.ByClass:
		for _, kind := range []string{"part", "event"} {
			if c := a.classOf(cases.Class{Kind: kind, Code: word}); c != nil && c.Title != nil {
				return c.Title
			}
		}
	case store.BySource:
	}
	if level, ok := strings.CutPrefix(string(by), "area:"); ok {
		return a.areaTitle(level, word)
	}
	return nil
}

// areaTitle is what an area is called now.
func (a *API) areaTitle(level, code string) data.Title {
	w := a.Engine.World()
	plan := a.Locator.Plan(w)
	for i := range plan.Levels {
		if l := &plan.Levels[i]; l.Name == level {
			if slot, ok := l.Area(w, code); ok {
				if name := l.NameOf(l.In(w), slot); name != "" {
					return data.Title{"zh": name}
				}
			}
		}
	}
	return nil
}

// OpenCases are where the open cases are that whoever asks sees, and how many of them have no place; ok is false in a city
// without cases, and for those who see none whatever there is.
func (a *API) OpenCases(r *http.Request) (points []geo.Point, without int, ok bool, err error) {
	if a.Service == nil {
		return nil, 0, false, nil
	}
	c, err := a.caller(r, "")
	if err != nil {
		return nil, 0, false, err
	}
	f := &store.Filter{Open: new(true)}
	if !a.sight(r, c).Bound(f) {
		return nil, 0, false, nil
	}
	points, without, err = a.cfg.Store.Points(f)
	return points, without, true, err
}
