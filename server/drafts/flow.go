package drafts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid/coverage/check"
	"github.com/gewu-city/gewu/grid/version"
	"github.com/gewu-city/gewu/index/planner"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// said is the body of the steps of a draft towards its publication; all is optional.
type said struct {
	// By is whom the operator of the machine acts for.
	By   string `json:"by"`
	Note string `json:"note"`
	// Codes says how cells get their codes; only for a check.
	Codes version.Codes `json:"codes"`
	// At is when a version takes effect, empty for now; Title names it. Only for a publication.
	At    string `json:"at"`
	Title string `json:"title"`
}

// longestNote bounds a note in bytes.
const longestNote = 4000

// asks reads a request that moves a draft on: its body, the draft and who does it.
func (a *API) asks(w http.ResponseWriter, r *http.Request, takes ...string) (*asked, *said, *version.Sign, error) {
	q := rest.ParseParams(r)
	have, err := a.find(r, q)
	if err == nil {
		err = q.Done("")
	}
	s := &said{}
	if err == nil {
		err = a.body(w, r, s)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	for name, given := range map[string]string{"codes": string(s.Codes), "at": s.At, "title": s.Title, "note": s.Note} {
		if given != "" && !slices.Contains(takes, name) {
			return nil, nil, nil, rest.Fault(rest.Invalid, name, given, "has no meaning here")
		}
	}
	if len(s.Note) > longestNote || len(s.Title) > longestTitle {
		return nil, nil, nil, rest.Fault(rest.Invalid, "note", "", fmt.Sprintf("must be at most %d bytes, a title at most %d", longestNote, longestTitle))
	}
	who, err := city.ActFor(r, s.By)
	return have, s, &version.Sign{By: who, At: a.Today().UTC().Truncate(time.Millisecond), Note: s.Note}, err
}

// checked is what a check of a draft found.
type checked struct {
	Draft shown `json:"draft"`
	// OK tells that nothing stands in the way of an approval.
	OK      bool               `json:"ok"`
	Defects json.RawMessage    `json:"defects"`
	Counts  map[check.Kind]int `json:"counts"`
	// Codes are cells that get another code than they were drawn with; Created and Ended the codes that begin and end.
	Codes   []version.Renamed `json:"codes"`
	Created []string          `json:"created"`
	Ended   []string          `json:"ended"`
	// Lineage is what becomes of all cells that change.
	Lineage []version.Row `json:"lineage"`
	// Cells, Changed and Areas are what a publication would do.
	Cells     int        `json:"cells"`
	Changed   int        `json:"altered"`
	Areas     []string   `json:"areas"`
	Conflicts []conflict `json:"conflicts"`
	Warnings  []string   `json:"warnings"`
	Seq       data.Seq   `json:"seq"`
}

// prepared is a draft as it would be published now.
type prepared struct {
	draft       *version.Draft
	defects     []check.Defect
	naming      *version.Naming
	publication *version.Publication
}

// checkSteps is in how many steps a check tells how far it is.
const checkSteps = 6

// reached tells that so many steps of a check are done; the error is that of ctx.
func reached(ctx context.Context, steps int64) error {
	return city.Progress(ctx, steps, checkSteps, "steps")
}

// prepare makes a draft ready: it must not be against an ended version and needs codes; defects are for the caller.
func (a *API) prepare(ctx context.Context, have *asked, how version.Codes) (*prepared, error) {
	d, err := a.open(ctx, have)
	if err == nil {
		err = reached(ctx, 1)
	}
	if err != nil {
		return nil, err
	}
	if err := a.ended(ctx, have, d); err != nil {
		return nil, err
	}
	if err := reached(ctx, 2); err != nil {
		return nil, err
	}
	p := &prepared{draft: d, defects: d.Defects()}
	if err := reached(ctx, 3); err != nil {
		return nil, err
	}
	rule, err := ruleOf(d)
	if err != nil {
		return nil, err
	}
	if d.Header.From > 0 {
		how = version.AsDrawn
	}
	if p.naming, err = d.Name(how, rule, numbersOf(have.world, d), a.weigh(ctx, have.world)); err != nil {
		return nil, codesFault(err)
	}
	if err := reached(ctx, 4); err != nil {
		return nil, err
	}
	p.publication, err = d.Publish(have.world, p.naming, a.Locator)
	if fields := rest.FieldErrors(err); len(fields) > 0 {
		return nil, rest.Faults(rest.Invalid, "", err).Because(err)
	}
	if err != nil {
		return nil, err
	}
	return p, reached(ctx, 5)
}

// Check proves a draft and gives its cells their codes: POST /v1/drafts/{draft}/check. Without defects it is checked then.
func (a *API) Check(w http.ResponseWriter, r *http.Request) error {
	hand := a.shelf.hand(draftOf(r))
	hand.Lock()
	defer hand.Unlock()
	have, s, sign, err := a.asks(w, r, "codes", "note")
	if err != nil {
		return err
	}
	if s.Codes == "" {
		s.Codes = version.ByRule
	}
	if s.Codes != version.ByRule && s.Codes != version.AsDrawn {
		return rest.Fault(rest.Invalid, "codes", string(s.Codes), "must be rule or drawn")
	}
	if err := editable(have); err != nil {
		return err
	}
	p, err := a.prepare(r.Context(), have, s.Codes)
	if err != nil {
		return err
	}
	answer, err := a.report(r, have, p)
	if err != nil {
		return err
	}
	h := p.draft.Header
	h.Checked, h.Approved, h.Codes, h.State = nil, nil, s.Codes, version.Open
	if answer.OK {
		h.State, h.Checked, h.Rejected = version.Checked, sign, nil
	}
	if err := reached(r.Context(), checkSteps); err != nil {
		return err
	}
	if r, err = city.Decided(r); err != nil {
		return err
	}
	seq, err := a.move(r, have, p.draft, h)
	if err != nil {
		return err
	}
	if h.Checked != nil {
		a.shelf.name(p.draft.Now, h.Checked.At, p.naming.Codes)
	}
	world, err := a.Engine.Wait(r.Context(), seq)
	if err != nil {
		return err
	}
	answer.Draft, answer.Seq = show(world, &h, seq), world.Seq()
	city.SetSeq(w, world.Seq())
	w.Header().Set("ETag", fmt.Sprintf(`"%d"`, seq))
	return rest.WriteJSON(w, r, http.StatusOK, answer)
}

// report is what a check answers.
func (a *API) report(r *http.Request, have *asked, p *prepared) (*checked, error) {
	n := p.naming
	c := &checked{
		Codes: n.Table, Created: n.Created, Ended: n.Ended, Lineage: n.Rows, Cells: p.publication.Cells, Changed: p.publication.Changed,
		Areas: p.publication.Areas, Warnings: n.Warnings, OK: len(p.defects) == 0 && len(p.publication.Changes) > 0,
	}
	c.Defects, c.Counts = placed(p.defects)
	if stale := a.stale(have.world, p); stale != "" {
		c.Warnings = append(c.Warnings, stale)
	}
	var err error
	if c.Conflicts, err = a.conflicts(r.Context(), have, p.draft); err != nil {
		return nil, err
	}
	if len(p.publication.Changes) == 0 {
		c.Warnings = append(c.Warnings, "the draft changes nothing")
	}
	if len(c.Conflicts) > 0 {
		c.Warnings = append(c.Warnings, fmt.Sprintf("other drafts change %d of the same borders and cells; the first that is published counts, the others must be drawn anew there", len(c.Conflicts)))
	}
	fill(&c.Codes)
	fill(&c.Created)
	fill(&c.Ended)
	fill(&c.Lineage)
	fill(&c.Areas)
	fill(&c.Warnings)
	return c, nil
}

// fill makes an empty list of none, which JSON tells from null.
func fill[T any](list *[]T) {
	if *list == nil {
		*list = []T{}
	}
}

// move writes the header of a draft that did not change otherwise.
func (a *API) move(r *http.Request, have *asked, d *version.Draft, h version.Header) (data.Seq, error) {
	put, err := h.Put(have.seq)
	if err != nil {
		return 0, err
	}
	seq, err := a.Append(r, data.Tx{Cause: cause(h.ID), Changes: []data.Change{put}})
	if err != nil {
		return 0, clashed(err)
	}
	if d != nil {
		next := *d
		next.Header = h
		a.shelf.keep(&next, seq)
	}
	return seq, nil
}

// moved writes the header of a draft and answers with it.
func (a *API) moved(w http.ResponseWriter, r *http.Request, have *asked, h version.Header) error {
	d, _ := a.shelf.draft(h.ID, have.seq)
	seq, err := a.move(r, have, d, h)
	if err != nil {
		return err
	}
	world, err := a.Engine.Wait(r.Context(), seq)
	if err != nil {
		return err
	}
	return a.answer(w, r, http.StatusOK, world, h.ID, detail{})
}

// Approve accepts a draft that was checked, by another person than those who drew it: POST /v1/drafts/{draft}/approve.
func (a *API) Approve(w http.ResponseWriter, r *http.Request) error {
	have, _, sign, err := a.asks(w, r, "note")
	if err != nil {
		return err
	}
	h := *have.header
	if state := h.Of(have.world); state != version.Checked {
		return rest.Fault(rest.Conflict, "draft", h.ID, fmt.Sprintf("is %s; what is approved must be checked, and unchanged since", state))
	}
	if sign.By == h.Author || slices.Contains(h.Hands, sign.By) {
		return rest.Fault(rest.Forbidden, "by", sign.By, "is one of those who have drawn the draft; another person must approve it"+asWhom(r))
	}
	d, err := a.open(r.Context(), have)
	if err != nil {
		return err
	}
	if err := a.ended(r.Context(), have, d); err != nil {
		return err
	}
	h.State, h.Approved, h.Rejected = version.Approved, sign, nil
	return a.moved(w, r, have, h)
}

// asWhom tells those who are no certain person how to say who they are.
func asWhom(r *http.Request) string {
	if _, certain := city.PersonOf(r); certain {
		return ""
	}
	return "; say for whom you act with by (--by NAME)"
}

// Reject sends a draft back to be drawn: POST /v1/drafts/{draft}/reject.
func (a *API) Reject(w http.ResponseWriter, r *http.Request) error {
	have, _, sign, err := a.asks(w, r, "note")
	if err != nil {
		return err
	}
	h := *have.header
	if state := h.Of(have.world); state != version.Checked && state != version.Approved {
		return rest.Fault(rest.Conflict, "draft", h.ID, fmt.Sprintf("is %s; only what is checked or approved can be rejected", state))
	}
	h.State, h.Checked, h.Approved, h.Rejected = version.Open, nil, nil, sign
	return a.moved(w, r, have, h)
}

// Withdraw takes back a check, an approval, or a publication that waits: POST /v1/drafts/{draft}/withdraw.
func (a *API) Withdraw(w http.ResponseWriter, r *http.Request) error {
	have, _, _, err := a.asks(w, r)
	if err != nil {
		return err
	}
	h := *have.header
	state := h.Of(have.world)
	if state == version.Planned && !city.May(r, people.Publish) {
		return rest.Refuse(rest.Forbidden, "to withdraw a publication needs the permission %s", people.Publish)
	}
	switch state {
	case version.Planned:
		v, _ := version.Find(have.world, h.Scheme, h.Published)
		seq, err := a.Planner.Cancel(r.Context(), v.Plan, city.ActorOf(r))
		if ended, over := errors.AsType[*planner.EndedError](err); over {
			return rest.Fault(rest.Conflict, "draft", h.ID, fmt.Sprintf("cannot be withdrawn: the publication is %s", ended.State)).Because(err)
		}
		if err != nil {
			return err
		}
		a.WaitShown(r, seq)
		world, err := a.Engine.Wait(r.Context(), seq)
		if err != nil {
			return err
		}
		return a.answer(w, r, http.StatusOK, world, h.ID, detail{})
	case version.Checked, version.Approved:
		h.State, h.Checked, h.Approved = version.Open, nil, nil
		return a.moved(w, r, have, h)
	default:
		return rest.Fault(rest.Conflict, "draft", h.ID, fmt.Sprintf("is %s; what was published is taken back by a draft with from_version", state))
	}
}

// Publish makes a draft that was approved the city, now or at a time to come: POST /v1/drafts/{draft}/publish.
func (a *API) Publish(w http.ResponseWriter, r *http.Request) error {
	hand := a.shelf.hand(draftOf(r))
	hand.Lock()
	defer hand.Unlock()
	have, s, sign, err := a.asks(w, r, "at", "title", "note")
	if err != nil {
		return err
	}
	h := *have.header
	if state := h.Of(have.world); state != version.Approved {
		return rest.Fault(rest.Conflict, "draft", h.ID, fmt.Sprintf("is %s; only what is approved can be published", state))
	}
	now := time.UnixMicro(a.Today().UnixMicro()).UTC()
	at := now
	if s.At != "" {
		t, _, ok := a.Time(s.At)
		if !ok {
			return rest.Fault(rest.Invalid, "at", s.At, "must be a time like 2026-03-01T08:00:00+08:00 or a date")
		}
		if t.Before(now) {
			return rest.Fault(rest.Invalid, "at", s.At, "lies in the past: a version takes effect now or later")
		}
		at = t.UTC()
	}
	if v := version.Upcoming(have.world, h.Scheme); v != nil {
		return rest.Fault(rest.Conflict, "draft", h.ID, fmt.Sprintf("cannot be published: version %d of the scheme is planned for %s, from draft %s; withdraw that first, or wait", v.Number, v.Effective.Format(time.RFC3339), v.Draft))
	}
	how := h.Codes
	if how == "" {
		how = version.ByRule
	}
	p, err := a.prepare(r.Context(), have, how)
	if err != nil {
		return err
	}
	if len(p.defects) > 0 {
		return rest.Fault(rest.Conflict, "draft", h.ID, fmt.Sprintf("has %d defects; check it again", len(p.defects)))
	}
	if err := a.inSight(r, p.draft, p.draft.Touched()); err != nil {
		return err
	}
	all := version.Versions(have.world, h.Scheme)
	v := version.Record{
		Scheme: h.Scheme, Number: all[len(all)-1].Number + 1, Title: s.Title, Effective: at, Draft: h.ID, Author: h.Author, Approved: h.Approved,
		Published: sign, From: h.From, Cells: p.publication.Cells, Created: p.publication.Created, Changed: p.publication.Changed, Ended: p.publication.Ended,
	}
	if v.Title == "" {
		v.Title = h.Title
	}
	h.State, h.Published = version.Published, v.Number
	seq, err := a.enact(r, have, &h, &v, p, at.After(now))
	if err != nil {
		return err
	}
	a.shelf.forget(h.ID)
	world, err := a.Engine.Wait(r.Context(), seq)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if v.Plan != "" {
		status = http.StatusAccepted
	}
	return a.answer(w, r, status, world, h.ID, detail{})
}

// enact appends a publication, or plans it, with the records of the version and of the draft: all in one transaction.
func (a *API) enact(r *http.Request, have *asked, h *version.Header, v *version.Record, p *prepared, later bool) (data.Seq, error) {
	if later {
		id, err := a.NewID()
		if err != nil {
			return 0, err
		}
		v.Plan = id
	}
	records, err := v.Records(have.world, p.naming)
	if err != nil {
		return 0, err
	}
	put, err := h.Put(have.seq)
	if err != nil {
		return 0, err
	}
	records = append(records, put)
	tx := data.Tx{Effective: v.Effective, Cause: cause(h.ID), Changes: p.publication.Changes}
	var seq data.Seq
	if later {
		seq, err = a.EnactAt(r, v.Plan, tx, records)
	} else {
		tx.Changes = append(tx.Changes, records...)
		seq, err = a.Enact(r, tx)
	}
	clash := (*data.ConflictError)(nil)
	if errors.As(err, &clash) {
		what := "cell " + clash.ID
		if clash.Layer == data.AdminName(data.AdminVersion, version.RecordID(h.Scheme, v.Number)) {
			what = "version " + strconv.Itoa(v.Number)
		}
		return 0, rest.Fault(rest.Conflict, "draft", h.ID, fmt.Sprintf("was not published: somebody else has published or changed %s at the same time; nothing has changed", what)).Because(err)
	}
	return seq, city.BareChange(err)
}
