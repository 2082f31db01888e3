package notices

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/cases/notice"
	"github.com/gewu-city/gewu/cases/outbox"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/rest"
)

// message is one as it is shown: where mail and hooks lead is not.
type message struct {
	ID    string    `json:"id"`
	Kind  string    `json:"kind"`
	To    string    `json:"to,omitempty"`
	Case  string    `json:"case"`
	Event string    `json:"event"`
	Seq   data.Seq  `json:"seq"`
	Made  time.Time `json:"made"`
	// Lang, Subject and Text are what it says.
	Lang    string `json:"lang,omitempty"`
	Subject string `json:"subject,omitempty"`
	Text    string `json:"text,omitempty"`
	// Mine says that it is for a subscription of whoever asks.
	Mine     bool         `json:"mine,omitempty"`
	State    notice.State `json:"state"`
	Tries    int          `json:"tries"`
	Next     time.Time    `json:"next,omitzero"`
	Why      string       `json:"why,omitempty"`
	Sent     time.Time    `json:"sent,omitzero"`
	Received time.Time    `json:"received,omitzero"`
	Handling time.Time    `json:"handling,omitzero"`
	Done     time.Time    `json:"done,omitzero"`
	// Reminded counts reminders; Reminds is the message that a reminder is about.
	Reminded   int       `json:"reminded,omitempty"`
	RemindedAt time.Time `json:"reminded_at,omitzero"`
	Reminds    string    `json:"reminds,omitempty"`
}

func shown(list []notice.Message) []message {
	out := make([]message, 0, len(list))
	for i := range list {
		m := &list[i]
		one := message{
			ID: m.ID, Kind: m.Channel.Kind, Case: m.Case, Event: m.Event, Seq: m.Seq, Made: m.Made, State: m.State, Tries: m.Tries, Next: m.Next, Why: m.Why,
			Sent: m.SentAt, Received: m.Received, Handling: m.Handling, Done: m.Done, Reminded: m.Reminded, RemindedAt: m.RemindedAt, Reminds: m.Reminds,
		}
		if m.Channel.Kind == outbox.Live || m.Channel.Kind == outbox.Peer {
			one.To = m.Channel.Address
		}
		out = append(out, one)
	}
	return out
}

// tally is what became of the messages about a case (接收办理情况).
type tally struct {
	All      int      `json:"all"`
	Waiting  int      `json:"waiting"`
	Sent     int      `json:"sent"`
	Dead     int      `json:"dead"`
	Received int      `json:"received"`
	Handling int      `json:"handling"`
	Done     int      `json:"done"`
	Silent   []string `json:"silent"`
	Lost     []string `json:"lost"`
}

// OfCase shows who was told of a case, with their receipts: GET /v1/cases/{case}/notices.
func (a *API) OfCase(w http.ResponseWriter, r *http.Request) error {
	list, err := a.about(r)
	if err != nil {
		return err
	}
	// What people subscribed to is theirs alone, and does not count as what the units were told.
	mine := a.mine(r, list)
	list = slices.DeleteFunc(list, func(m notice.Message) bool { return m.Subscription != "" })
	t := notice.Count(list)
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Notices []message `json:"notices"`
		Tally   tally     `json:"tally"`
	}{append(a.said(r, list), mine...), tally{t.All, t.Waiting, t.Sent, t.Dead, t.Received, t.Handling, t.Done, append([]string{}, t.Silent...), append([]string{}, t.Lost...)}})
}

// said are messages as they are shown, with what they say in the language of whoever asks.
func (a *API) said(r *http.Request, list []notice.Message) []message {
	out := shown(list)
	if a.Text == nil {
		return out
	}
	for i := range out {
		out[i].Lang = cmp.Or(list[i].Lang, rest.Language(r, "zh"))
		out[i].Subject, out[i].Text = a.Text(&list[i], out[i].Lang)
	}
	return out
}

// mine are the messages of a list that whoever asks subscribed to.
func (a *API) mine(r *http.Request, list []notice.Message) []message {
	owner, err := a.owner(r)
	if err != nil {
		return nil
	}
	own := slices.DeleteFunc(slices.Clone(list), func(m notice.Message) bool {
		if m.Subscription == "" {
			return true
		}
		s, err := a.File.Subscription(m.Subscription)
		return err != nil || s.Owner != owner
	})
	out := a.said(r, own)
	for i := range out {
		out[i].Mine, out[i].To = true, owner
	}
	return out
}

// about are the messages about a case that whoever asks sees as a whole.
func (a *API) about(r *http.Request) ([]notice.Message, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	id := mux.Vars(r)["case"]
	full, err := a.Cases.SeesCase(r, r.URL.Query().Get("person"), id)
	if err == nil && !full {
		err = rest.Fault(rest.NotFound, "case", id, "names no case that exists and that you may see").In("zh", "没有此案件，或无权查看")
	}
	if err != nil {
		return nil, err
	}
	return a.File.OfCase(id)
}

// Receipt takes the receipt of somebody who was told: POST /v1/cases/{case}/notices/{notice}/receipt.
func (a *API) Receipt(w http.ResponseWriter, r *http.Request) error {
	list, err := a.about(r)
	if err != nil {
		return err
	}
	body, err := rest.ReadBody(w, r, a.Limits.BodyBytes, rest.TypeJSON)
	if err != nil {
		return err
	}
	var said struct {
		What notice.Happening `json:"what"`
	}
	if err := rest.DecodeJSON(body, &said); err != nil {
		return err
	}
	if !slices.Contains([]notice.Happening{notice.Received, notice.Handling, notice.Done}, said.What) {
		return rest.Fault(rest.Invalid, "what", string(said.What), "must be received, handling or done")
	}
	id := mux.Vars(r)["notice"]
	i := slices.IndexFunc(list, func(m notice.Message) bool { return m.ID == id })
	if i < 0 {
		return rest.Fault(rest.NotFound, "notice", id, "is no notice about this case")
	}
	if err := a.addressed(r, &list[i]); err != nil {
		return err
	}
	m, err := a.File.Note(r.Context(), notice.Fact{Message: id, What: said.What, At: a.Service.Now()})
	if f, ok := errors.AsType[*data.FieldError](err); ok {
		return rest.Fault(rest.Conflict, "notice", id, f.Why)
	}
	if err != nil {
		return err
	}
	if m.Reminds != "" {
		// Whoever confirms a reminder confirms what it is about.
		if _, err := a.File.Note(r.Context(), notice.Fact{Message: m.Reminds, What: said.What, At: a.Service.Now()}); err != nil {
			return err
		}
	}
	return rest.WriteJSON(w, r, http.StatusOK, shown([]notice.Message{m})[0])
}

// RemindAll reminds those who were told of a case and have given no receipt: POST /v1/cases/{case}/notices/remind.
func (a *API) RemindAll(w http.ResponseWriter, r *http.Request) error {
	if _, err := a.about(r); err != nil {
		return err
	}
	if _, err := a.owner(r); err != nil {
		return err
	}
	var asked struct {
		Notices []string `json:"notices"`
	}
	if r.ContentLength != 0 {
		body, err := rest.ReadBody(w, r, a.Limits.BodyBytes, rest.TypeJSON)
		if err != nil {
			return err
		}
		if err := rest.DecodeJSON(body, &asked); err != nil {
			return err
		}
	}
	list, err := a.Remind(r.Context(), mux.Vars(r)["case"], asked.Notices, a.Service.Now())
	wrong, isWrong := errors.AsType[*data.FieldError](err)
	switch {
	case isWrong:
		return rest.Fault(rest.Conflict, wrong.Field, wrong.Value, wrong.Why)
	case errors.Is(err, outbox.ErrUnknown):
		return rest.Fault(rest.NotFound, "notices", strings.Join(asked.Notices, " "), "has one that is no notice about this case")
	case errors.Is(err, outbox.ErrConfirmed):
		return rest.Refuse(rest.Conflict, "nobody is to be reminded: everybody who was told has given a receipt")
	case errors.Is(err, outbox.ErrReminded):
		return rest.Refuse(rest.Conflict, "everybody who has given no receipt was reminded less than %d minutes ago", int(outbox.Pause.Minutes()))
	case err != nil:
		return err
	}
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Reminded []message `json:"reminded"`
	}{a.said(r, list)})
}

// addressed sees that whoever asks is told by a message.
func (a *API) addressed(r *http.Request, m *notice.Message) error {
	person := who(r)
	works := func(organisation string) bool {
		held := people.Of(a.Engine.World()).HoldingsAt(person, a.Service.Now())
		return slices.ContainsFunc(held, func(h people.Held) bool { return h.Organisation == organisation })
	}
	kind, id, _ := strings.Cut(m.Channel.Address, ":")
	switch {
	case m.Channel.Kind != outbox.Live:
	case person != "" && (kind == "person" && id == person || kind == "organisation" && works(id)):
		return nil
	}
	return rest.Fault(rest.Forbidden, "notice", m.ID, "was not sent to you or an organisation where you hold a post")
}

// longestOutbox bounds a list of messages.
const longestOutbox = 1000

// Outbox lists what waits or is given up: GET /v1/outbox?state=.
func (a *API) Outbox(w http.ResponseWriter, r *http.Request) error {
	if err := a.ready(); err != nil {
		return err
	}
	q := rest.ParseParams(r)
	state := q.OneOf("state", string(notice.Waiting), string(notice.Dead))
	limit := q.Whole("limit", 1, longestOutbox, 100)
	if err := q.Done(""); err != nil {
		return err
	}
	list, count, err := a.File.In(notice.State(state), limit)
	if err != nil {
		return err
	}
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Count    int       `json:"count"`
		Messages []message `json:"messages"`
	}{count, shown(list)})
}

// Retry has a message that was given up tried again: POST /v1/outbox/{notice}/retry.
func (a *API) Retry(w http.ResponseWriter, r *http.Request) error {
	if err := a.ready(); err != nil {
		return err
	}
	if err := rest.SkipBody(w, r); err != nil {
		return err
	}
	id := mux.Vars(r)["notice"]
	m, err := a.File.Note(r.Context(), notice.Fact{Message: id, What: notice.Revived, At: a.Service.Now()})
	if f, ok := errors.AsType[*data.FieldError](err); ok {
		return rest.Fault(rest.Conflict, "notice", id, f.Why)
	}
	if errors.Is(err, outbox.ErrUnknown) {
		return rest.Fault(rest.NotFound, "notice", id, "is no message")
	}
	if err != nil {
		return err
	}
	a.File.Queue().Put(m)
	a.Wake()
	return rest.WriteJSON(w, r, http.StatusOK, shown([]notice.Message{m})[0])
}
