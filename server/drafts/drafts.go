// Package drafts answers for drafts of schemes and their versions: what somebody draws, checks, approves and publishes. What
// a draft is and does is the matter of package grid/version; here is who may, what is kept, and how it is shown.
package drafts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/request"
	"github.com/gewu-city/gewu/grid/version"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// API is the resource drafts, and the versions of schemes.
type API struct {
	*city.City

	shelf *Shelf
}

// New is the resource over a city.
func New(c *city.City, s *Shelf) API { return API{c, s} }

// shown is a draft as it is shown.
type shown struct {
	*version.Header
	// State hides that of the header: a publication may have ended otherwise.
	State version.State `json:"state"`
	// Due is when a planned publication takes effect.
	Due *time.Time `json:"due,omitempty"`
	// Reason says why the last publication failed.
	Reason string `json:"reason,omitempty"`
	// Seq is that of the newest record, which If-Match and if_seq name.
	Seq data.Seq `json:"seq"`
}

func show(w *index.World, h *version.Header, seq data.Seq) shown {
	s := shown{Header: h, State: h.Of(w), Seq: seq}
	if v, ok := version.Find(w, h.Scheme, h.Published); ok {
		if s.Reason = v.Reason(w); v.State(w) == version.Waiting {
			s.Due = &v.Effective
		}
	}
	return s
}

// mayRead refuses those who have nothing to do with drafts.
func mayRead(r *http.Request) error {
	if city.May(r, people.Draft) || city.May(r, people.Approve) || city.May(r, people.Publish) {
		return nil
	}
	return rest.Refuse(rest.Forbidden, "drafts are for those who draw, approve or publish: %s, %s or %s", people.Draft, people.Approve, people.Publish)
}

// Bounds of pages.
const standardPage, longestPage = 100, 1000

// List lists drafts, the newest first: GET /v1/drafts.
func (a *API) List(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	world, err := a.World(r, q)
	if err != nil {
		return err
	}
	limit, scheme, state := q.Whole("limit", 1, longestPage, standardPage), q.Text("scheme"), version.State(q.Text("state"))
	known := []version.State{"", version.Open, version.Checked, version.Approved, version.Planned, version.Published}
	if !slices.Contains(known, state) {
		q.Fail(rest.Fault(rest.BadRequest, "state", string(state), "must be draft, checked, approved, planned or published"))
	}
	if err := q.Done(""); err != nil {
		return err
	}
	if err := mayRead(r); err != nil {
		return err
	}
	list := []shown{}
	for h, seq := range version.Drafts(world) {
		if s := show(world, h, seq); a.sees(r, h.Scheme) && (scheme == "" || h.Scheme == scheme) && (state == "" || s.State == state) {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(x, y shown) int { return cmp.Or(y.Created.Compare(x.Created), cmp.Compare(y.ID, x.ID)) })
	city.SetSeq(w, world.Seq())
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Drafts []shown  `json:"drafts"`
		Count  int      `json:"count"`
		Seq    data.Seq `json:"seq"`
	}{list[:min(limit, len(list))], len(list), world.Seq()})
}

// sees reports whether the cells of a scheme exist for whoever asks.
func (a *API) sees(r *http.Request, scheme string) bool {
	w := a.Present(r)
	s, ok := w.Scheme(scheme)
	if ok {
		_, ok = w.Layer(s.Cells.Layer)
	}
	return ok
}

// asked is a draft that a request names, in the newest World.
type asked struct {
	world  *index.World
	header *version.Header
	seq    data.Seq
}

// layer is the definition of the layer of the cells.
func (h *asked) layer() (*data.Layer, bool) {
	s, ok := h.world.Scheme(h.header.Scheme)
	if !ok {
		return nil, false
	}
	l, ok := h.world.Layer(s.Cells.Layer)
	if !ok {
		return nil, false
	}
	return l.Def(), true
}

// draftOf is the id of the draft in the path of a request.
func draftOf(r *http.Request) string { return mux.Vars(r)["draft"] }

// find finds the draft of a request in the newest World, all of it. ifSeq must hold, when it is given.
func (a *API) find(r *http.Request, q *rest.Params) (*asked, error) {
	demand, err := demanded(r, q)
	if err != nil {
		return nil, err
	}
	if err := mayRead(r); err != nil {
		return nil, err
	}
	w, err := a.Engine.Wait(r.Context(), a.Store.Last())
	if err != nil {
		return nil, err
	}
	id := draftOf(r)
	h, seq, ok := version.Lookup(w, id)
	if !ok || !a.sees(r, h.Scheme) {
		return nil, rest.Fault(rest.NotFound, "draft", id, "is no draft; GET /v1/drafts lists them")
	}
	if demand != nil && *demand != seq {
		return nil, rest.Fault(rest.Precondition, "if_seq", strconv.FormatUint(uint64(*demand), 10), fmt.Sprintf("is not the state of the draft, which is at seq %d: somebody else has worked on it, read it again", seq))
	}
	return &asked{w.Whole(), h, seq}, nil
}

// demanded is the Seq that a draft must have, by if_seq or If-Match; nil for any.
func demanded(r *http.Request, q *rest.Params) (*data.Seq, error) {
	field, text := "if_seq", q.Text("if_seq")
	if text == "" {
		field, text = "If-Match", rest.PlainTag(r.Header.Get("If-Match"))
	}
	if text == "" || text == "*" {
		return nil, nil //nolint:nilnil // no condition is no fault
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return nil, rest.Fault(rest.BadRequest, field, text, "must be the seq that GET of the draft shows").Because(err)
	}
	return new(data.Seq(n)), nil
}

// answer tells of a draft as it is in a World.
func (a *API) answer(w http.ResponseWriter, r *http.Request, status int, world *index.World, id string, more detail) error {
	h, seq, ok := version.Lookup(world, id)
	if !ok {
		return rest.Fault(rest.NotFound, "draft", id, "is no draft any more")
	}
	more.Draft, more.Seq = show(world, h, seq), world.Seq()
	city.SetSeq(w, world.Seq())
	w.Header().Set("ETag", fmt.Sprintf(`"%d"`, seq))
	return rest.WriteJSON(w, r, status, more)
}

// Get shows a draft: GET /v1/drafts/{draft}.
func (a *API) Get(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	if _, err := a.World(r, q); err != nil {
		return err
	}
	have, err := a.find(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	return a.answer(w, r, http.StatusOK, have.world, have.header.ID, detail{})
}

// begin is the body of POST /v1/drafts.
type begin struct {
	Scheme string        `json:"scheme"`
	Title  string        `json:"title"`
	Rule   coverage.Rule `json:"rule"`
	Order  []string      `json:"order"`
	Area   *float64      `json:"least_area_m2"`
	Width  *float64      `json:"least_width_m"`
	// From is the version to go back to.
	From int    `json:"from_version"`
	By   string `json:"by"`
}

// longestTitle bounds a title in bytes.
const longestTitle = 500

func (b *begin) check() error {
	switch {
	case b.Rule != "" && b.Rule != coverage.LongestBorder && b.Rule != coverage.Priority:
		return rest.Fault(rest.Invalid, "rule", string(b.Rule), "must be longest_border or priority")
	case len(b.Order) > 0 && b.Rule != coverage.Priority:
		return rest.Fault(rest.Invalid, "order", "", "goes with the rule priority")
	case len(b.Order) > version.MostCodes:
		return rest.Fault(rest.Invalid, "order", strconv.Itoa(len(b.Order)), "has too many codes")
	case b.Area != nil && !(*b.Area >= 0 && *b.Area < 1e9):
		return rest.Fault(rest.Invalid, "least_area_m2", fmt.Sprint(*b.Area), "must be square metres, 0 for no limit")
	case b.Width != nil && !(*b.Width >= 0 && *b.Width < 1e5):
		return rest.Fault(rest.Invalid, "least_width_m", fmt.Sprint(*b.Width), "must be metres, 0 for no limit")
	case b.From < 0:
		return rest.Fault(rest.Invalid, "from_version", strconv.Itoa(b.From), "must be the number of a version")
	case len(b.Title) > longestTitle:
		return rest.Fault(rest.Invalid, "title", b.Title, fmt.Sprintf("is longer than %d bytes", longestTitle))
	}
	return nil
}

// Create begins a draft of a scheme as it is now, or as an earlier version was: POST /v1/drafts.
func (a *API) Create(w http.ResponseWriter, r *http.Request) error {
	b := begin{}
	if err := a.begins(w, r, &b); err != nil {
		return err
	}
	return a.begin(w, r, &b, "", func(string, string) ([]data.Change, error) { return nil, nil })
}

// Answer begins a draft of a scheme as it is now that answers a change request: the body is that of POST /v1/drafts, whose
// scheme is given. land is the change that says so of the request, and lands with the draft or not at all.
func (a *API) Answer(w http.ResponseWriter, r *http.Request, q *request.Request, land func(draft, by string) (data.Change, error)) error {
	b := begin{}
	if err := a.begins(w, r, &b); err != nil {
		return err
	}
	switch {
	case b.Scheme != "" && b.Scheme != q.Scheme:
		return rest.Fault(rest.Invalid, "scheme", b.Scheme, "is not that of the request, which is about "+q.Scheme)
	case b.From > 0:
		return rest.Fault(rest.Invalid, "from_version", strconv.Itoa(b.From), "has no meaning here: a request is answered by a draft of the scheme as it is")
	}
	b.Scheme = q.Scheme
	if b.Title == "" {
		// Titles of versions are public, what was reported is not.
		b.Title = "Request " + q.ID
	}
	return a.begin(w, r, &b, q.ID, func(draft, by string) ([]data.Change, error) {
		c, err := land(draft, by)
		return []data.Change{c}, err
	})
}

// begins reads what a draft is to begin with.
func (a *API) begins(w http.ResponseWriter, r *http.Request, b *begin) error {
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	if err := a.body(w, r, b); err != nil {
		return err
	}
	return b.check()
}

// begin begins a draft, for a request or for none; with are changes that land with it.
func (a *API) begin(w http.ResponseWriter, r *http.Request, b *begin, asked string, with func(draft, by string) ([]data.Change, error)) error {
	author, err := city.ActFor(r, b.By)
	if err != nil {
		return err
	}
	world, err := a.Engine.Wait(r.Context(), a.Store.Last())
	if err != nil {
		return err
	}
	if !a.sees(r, b.Scheme) {
		return unknownScheme(a.Present(r), b.Scheme)
	}
	id, err := a.NewID()
	if err != nil {
		return err
	}
	h := version.Header{
		ID: id, Scheme: b.Scheme, Title: b.Title, Author: author, Created: a.Today().UTC().Truncate(time.Millisecond), Base: world.Seq(), Request: asked,
		Version: max(1, version.InForce(world, b.Scheme)), Rule: b.Rule, Order: b.Order, State: version.Open, LeastWidth: leastWidth, From: b.From,
	}
	if b.Area != nil {
		h.LeastArea = *b.Area
	}
	if b.Width != nil {
		h.LeastWidth = *b.Width
	}
	d, changes, err := a.made(r, world.Whole(), h)
	if err != nil {
		return err
	}
	more, err := with(id, author)
	if err != nil {
		return err
	}
	seq, err := a.Append(r, data.Tx{Cause: cause(id), Changes: append(changes, more...)})
	if _, clash := errors.AsType[*data.ConflictError](err); clash {
		return rest.Refuse(rest.Conflict, "somebody else began the first draft of the scheme, or moved the request on, at the same time; read again, and repeat").Because(err)
	}
	if err != nil {
		return err
	}
	a.shelf.keep(d, seq)
	if world, err = a.Engine.Wait(r.Context(), seq); err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/drafts/"+url.PathEscape(id))
	return a.answer(w, r, http.StatusCreated, world, id, detail{Found: defectsFixed(d.Base)})
}

// made is a new draft with the changes that keep it.
func (a *API) made(r *http.Request, world *index.World, h version.Header) (*version.Draft, []data.Change, error) {
	base, err := a.base(r.Context(), world, &h)
	if err != nil {
		return nil, nil, baseFault(err)
	}
	d := version.Begin(h, base)
	changes, err := a.first(r.Context(), world, &h, base)
	if err != nil {
		return nil, nil, err
	}
	if h.From > 0 {
		var step []data.Change
		if d, step, err = a.back(r, world, d); err != nil {
			return nil, nil, err
		}
		changes = append(changes, step...)
	}
	put, err := d.Header.Put(0)
	return d, append([]data.Change{put}, changes...), err
}

// cause is what the log says of entries of a draft.
func cause(id string) string { return "draft:" + id }

// body reads the JSON body of a request; an empty one leaves v as it is.
func (a *API) body(w http.ResponseWriter, r *http.Request, v any) error {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil
	}
	body, err := rest.ReadBody(w, r, a.Limits.BodyBytes, rest.TypeJSON)
	if err != nil {
		return err
	}
	return rest.DecodeJSON(body, v)
}

func unknownScheme(world *index.World, name string) error {
	names := make([]string, len(world.Schemes()))
	for i, have := range world.Schemes() {
		names[i] = have.Name
	}
	return rest.Unknown("scheme", name, names)
}

// first is the record of the version that counts when a scheme gets its first draft, none when it has versions.
func (a *API) first(ctx context.Context, w *index.World, h *version.Header, b *version.Base) ([]data.Change, error) {
	if len(version.Versions(w, b.Scheme.Name)) > 0 {
		return nil, nil
	}
	_, newest, err := a.stateOf(w, h)
	if err != nil {
		return nil, err
	}
	header, err := a.Store.Header(ctx, newest)
	if err != nil {
		return nil, err
	}
	since := header.Effective
	if since.After(header.Recorded) {
		since = header.Recorded
	}
	v := version.Record{Scheme: b.Scheme.Name, Number: 1, Effective: since.UTC(), Cells: b.Coverage.NumFaces()}
	return v.Records(w, nil)
}

// Delete forgets a draft that was not published: DELETE /v1/drafts/{draft}.
func (a *API) Delete(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	have, err := a.find(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	h := have.header
	if s := h.Of(have.world); s == version.Planned || s == version.Published {
		return rest.Fault(rest.Conflict, "draft", h.ID, fmt.Sprintf("is %s and belongs to the history of version %d; what is planned can be withdrawn", s, h.Published))
	}
	gone := data.Change{Stream: data.StreamAdmin, Op: data.OpDelete, Layer: data.AdminName(data.AdminDraft, h.ID), IfSeq: &have.seq}
	seq, err := a.Append(r, data.Tx{Cause: cause(h.ID), Changes: append([]data.Change{gone}, version.Forget(have.world, h, 0)...)})
	if err != nil {
		return clashed(err)
	}
	a.shelf.forget(h.ID)
	city.SetSeq(w, seq)
	return rest.WriteJSON(w, r, http.StatusOK, city.Written{Seq: seq})
}

// clashed is the problem of a write that met another one to the same draft.
func clashed(err error) error {
	if _, clash := errors.AsType[*data.ConflictError](err); clash {
		return rest.Refuse(rest.Precondition, "somebody else has worked on the draft at the same time: read it again").Because(err)
	}
	return err
}

// Again answers a request about a draft that is sent again: the draft as it is now.
func (a *API) Again(w http.ResponseWriter, r *http.Request, seq data.Seq, _ []byte) error {
	world, err := a.Engine.Wait(r.Context(), seq)
	if err != nil {
		return err
	}
	changes, err := a.Store.Changes(r.Context(), seq, 0)
	if err != nil {
		return err
	}
	for i := range changes {
		if c := changes[i].Admin; c != nil && c.Kind == data.AdminDraft {
			status := http.StatusOK
			if draftOf(r) == "" {
				status = http.StatusCreated
				w.Header().Set("Location", "/v1/drafts/"+url.PathEscape(c.ID))
			}
			return a.answer(w, r, status, world, c.ID, detail{})
		}
	}
	return city.Again(w, r, seq, nil)
}
