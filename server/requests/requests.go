// Package requests answers for change requests: who lives with a border reports it, a surveyor looks, departments decide, and
// what they accept becomes a draft. What may follow what is the matter of package grid/request; here is who may, what is
// kept, and what is shown to whom.
package requests

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid/request"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// Drafts begins a draft that answers a request, by the body of r, and answers w. land is the change that says so of the
// request: it lands with the draft or not at all.
type Drafts interface {
	Answer(w http.ResponseWriter, r *http.Request, q *request.Request, land func(draft, by string) (data.Change, error)) error
}

// API is the resource requests.
type API struct {
	*city.City

	Charter request.Charter
	Drafts  Drafts
}

// sign is who did something, and when; By is for those who work with requests.
type sign struct {
	By string    `json:"by,omitempty"`
	At time.Time `json:"at"`
}

type survey struct {
	Findings string   `json:"findings,omitempty"`
	Cells    []string `json:"cells,omitempty"`
	sign
}

type opinion struct {
	Department string `json:"department"`
	Agree      bool   `json:"agree"`
	Words      string `json:"words,omitempty"`
	sign
}

type withdrawal struct {
	Words string `json:"words,omitempty"`
	sign
}

// shown is a request as it is shown. The public sees which cells it is about and how far it has come; not who reported, nor
// words and sketches, which may say of whom they are.
type shown struct {
	ID     string        `json:"id"`
	Scheme string        `json:"scheme"`
	Cells  []string      `json:"cells"`
	State  request.State `json:"state"`
	// Reported is when; Reporter refers to who, for those who work with requests.
	Reported time.Time       `json:"reported"`
	Reporter string          `json:"reporter,omitempty"`
	Mine     bool            `json:"mine,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	Proposal string          `json:"proposal,omitempty"`
	Sketch   json.RawMessage `json:"sketch,omitempty"`
	Survey   *survey         `json:"survey,omitempty"`
	// Departments decide together by Rule, Waiting are those that have not spoken.
	Departments []string     `json:"departments,omitempty"`
	Rule        request.Rule `json:"rule,omitempty"`
	Waiting     []string     `json:"waiting,omitempty"`
	Opinions    []opinion    `json:"opinions,omitempty"`
	Decided     *time.Time   `json:"decided,omitempty"`
	Draft       string       `json:"draft,omitempty"`
	// Version is the one that the draft became.
	Version   int         `json:"version,omitempty"`
	Withdrawn *withdrawal `json:"withdrawn,omitempty"`
	Seq       data.Seq    `json:"seq"`
}

// sight is how much of a request somebody sees.
type sight uint8

const (
	// public sees which cells and how far.
	public sight = iota
	// own sees what was said, and by which departments.
	own
	// inside sees who, too.
	inside
)

// sightOf is how much of a request whoever asks sees.
func sightOf(r *http.Request, q *request.Request) sight {
	who := auth.From(r.Context())
	switch {
	case city.As(r) != "":
		if works(r) {
			return inside
		}
	case who.Everything(), who.Known() && works(r):
		return inside
	case mine(r, q):
		return own
	}
	return public
}

// works reports whether whoever asks works with drafts, and so with requests.
func works(r *http.Request) bool {
	return city.May(r, people.Draft) || city.May(r, people.Approve) || city.May(r, people.Publish)
}

// mine reports whether whoever asks has reported a request, as somebody who is told apart from others.
func mine(r *http.Request, q *request.Request) bool {
	who, certain := city.PersonOf(r)
	return certain && city.As(r) == "" && who == q.Reported.By
}

func (a *API) show(r *http.Request, w *index.World, q *request.Request) shown {
	state, version := q.Of(w)
	s := shown{ID: q.ID, Scheme: q.Scheme, Cells: q.Concerns(), State: state, Reported: q.Reported.At, Mine: mine(r, q), Version: version, Seq: q.Seq()}
	by := sightOf(r, q)
	signed := func(of request.Sign) sign {
		if by < inside {
			of.By = ""
		}
		return sign(of)
	}
	if q.Survey != nil {
		s.Departments, s.Rule, s.Waiting = q.Survey.Departments, q.Survey.Rule, q.Waiting()
	}
	if !q.Decided.IsZero() {
		s.Decided = &q.Decided
	}
	if by == public {
		return s
	}
	s.Cells, s.Reason, s.Proposal, s.Sketch = q.Cells, q.Reason, q.Proposal, q.Sketch
	if q.Survey != nil {
		s.Survey = &survey{q.Survey.Findings, q.Survey.Cells, signed(q.Surveyor)}
	}
	for _, o := range q.Opinions {
		s.Opinions = append(s.Opinions, opinion{o.Department, o.Agree, o.Words, signed(o.Sign)})
	}
	if q.Withdrawal != nil {
		s.Withdrawn = &withdrawal{q.Why, signed(*q.Withdrawal)}
	}
	if by == inside {
		s.Reporter = q.Reported.By
		if state == request.Drafted || state == request.Done {
			s.Draft = q.Draft
		}
	}
	return s
}

// visible reports whether a request exists for whoever asks: it is theirs, or about a cell that they see or that has ended.
func (a *API) visible(r *http.Request, q *request.Request) bool {
	if mine(r, q) {
		return true
	}
	seen := a.Present(r)
	scheme, ok := a.Locator.Plan(seen).Scheme(q.Scheme)
	if !ok || scheme.In(seen) == nil {
		return false
	}
	return city.RightsOf(r) == nil || slices.ContainsFunc(q.Concerns(), func(code string) bool {
		_, _, sees := scheme.Cell(seen, code)
		_, _, exists := scheme.Cell(seen.Whole(), code)
		return sees || !exists
	})
}

// Bounds of pages.
const standardPage, longestPage = 100, 1000

// List lists requests, the newest first: GET /v1/requests.
func (a *API) List(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	world, err := a.World(r, q)
	if err != nil {
		return err
	}
	limit, scheme, state, cell, own := q.Whole("limit", 1, longestPage, standardPage), q.Text("scheme"), request.State(q.Text("state")), q.Text("cell"), q.Flag("mine")
	if state != "" && !slices.Contains(request.States(), state) {
		q.Fail(rest.Fault(rest.BadRequest, "state", string(state), "must be reported, surveyed, accepted, refused, draft, done or withdrawn"))
	}
	if err := q.Done(""); err != nil {
		return err
	}
	list, count := []shown{}, 0
	for _, one := range slices.Backward(request.Of(world).All()) {
		of, _ := one.Of(world)
		if scheme != "" && one.Scheme != scheme || state != "" && of != state || own && !mine(r, one) {
			continue
		}
		if cell != "" && !slices.Contains(one.Concerns(), cell) || !a.visible(r, one) {
			continue
		}
		if count++; len(list) < limit {
			list = append(list, a.show(r, world, one))
		}
	}
	city.SetSeq(w, world.Seq())
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Requests []shown  `json:"requests"`
		Count    int      `json:"count"`
		Seq      data.Seq `json:"seq"`
	}{list, count, world.Seq()})
}

// Get shows a request: GET /v1/requests/{request}.
func (a *API) Get(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	world, err := a.World(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	one, err := a.lookup(r, world)
	if err != nil {
		return err
	}
	return a.answer(w, r, http.StatusOK, world, one)
}

// lookup finds the request that the path names.
func (a *API) lookup(r *http.Request, w *index.World) (*request.Request, error) {
	id := mux.Vars(r)["request"]
	one, ok := request.Of(w).Find(id)
	if !ok || !a.visible(r, one) {
		return nil, rest.Fault(rest.NotFound, "request", id, "is no request; GET /v1/requests lists them")
	}
	return one, nil
}

func (a *API) answer(w http.ResponseWriter, r *http.Request, status int, world *index.World, q *request.Request) error {
	city.SetSeq(w, world.Seq())
	return rest.WriteJSON(w, r, status, struct {
		Request shown    `json:"request"`
		Seq     data.Seq `json:"seq"`
	}{a.show(r, world, q), world.Seq()})
}

// written answers with a request as an entry, which has written of it, left it.
func (a *API) written(w http.ResponseWriter, r *http.Request, seq data.Seq, id string) error {
	world, err := a.Engine.Wait(r.Context(), seq)
	if err != nil {
		return err
	}
	q, ok := request.Of(world).Find(id)
	if !ok {
		return rest.Fault(rest.NotFound, "request", id, "is no request any more")
	}
	status := http.StatusOK
	if mux.Vars(r)["request"] == "" {
		status = http.StatusCreated
		w.Header().Set("Location", "/v1/requests/"+url.PathEscape(id))
	}
	return a.answer(w, r, status, world, q)
}

// Again answers a request that has written and is sent again: with what it was about, as it is now.
func (a *API) Again(w http.ResponseWriter, r *http.Request, seq data.Seq, _ []byte) error {
	changes, err := a.Store.Changes(r.Context(), seq, 0)
	if err != nil {
		return err
	}
	for i := range changes {
		if c := changes[i].Admin; c != nil && c.Kind == data.AdminRequest {
			return a.written(w, r, seq, request.Named(c.ID))
		}
	}
	return city.Again(w, r, seq, nil)
}

// now is the time of what is recorded.
func (a *API) now() time.Time { return a.Today().UTC().Truncate(time.Millisecond) }

// refused is the problem of an event that cannot be kept, or cannot follow.
func refused(err error) error {
	if fields := rest.FieldErrors(err); len(fields) > 0 {
		return rest.Faults(rest.Invalid, "", err).Because(err)
	}
	no, ok := errors.AsType[*request.RefusalError](err)
	if !ok {
		return err
	}
	kind := rest.Conflict
	if slices.Contains([]request.Reason{request.NotNamed, request.OwnRequest, request.SpokeElsewhere}, no.Reason) {
		kind = rest.Forbidden
	}
	return rest.Fault(kind, no.Field, no.Value, no.Why).Named(string(no.Reason), no.Reason.Title()).Because(err)
}
