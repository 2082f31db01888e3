package casework

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/casework/enclosed"
	"github.com/gewu-city/gewu/server/casework/fault"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/once"
	"github.com/gewu-city/gewu/server/rest"
)

// ready refuses what needs cases in a city that has none.
func (a *API) ready() error {
	if a.Service == nil {
		return rest.Refuse(rest.NotImplemented, "this server has no cases: start it with a profile, gewu serve --profile NAME")
	}
	return nil
}

// command is the body of a request that begins a case or does something with one.
type command struct {
	Action string     `json:"action"`
	As     as         `json:"as"`
	Form   cases.Form `json:"form"`
	// Parent is the case that a new one is a part of.
	Parent string `json:"parent"`
	// IfVersion demands that the case is at a version.
	IfVersion *int `json:"if_version"`
	// Contact is kept apart from a new case, or refused: who reported is never part of one.
	Contact map[string]string `json:"contact"`
}

// read reads a command from the body of a request.
func (a *API) read(w http.ResponseWriter, r *http.Request) (*command, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	if err := rest.ParseParams(r).Done(""); err != nil {
		return nil, err
	}
	body, err := rest.ReadBody(w, r, a.Limits.BodyBytes, rest.TypeJSON)
	if err != nil {
		return nil, err
	}
	c := &command{}
	if err := rest.DecodeJSON(body, c); err != nil {
		return nil, err
	}
	switch {
	case c.Action == "":
		return nil, rest.Fault(rest.Invalid, "action", "", "is missing: GET /v1/cases/form lists the ways in which a case begins, GET /v1/cases/{case}/offers what may be done with one").In("zh", "action 未填：GET /v1/cases/form 列出案件的受理方式，GET /v1/cases/{case}/offers 列出可办理的操作")
	case len(c.Contact) > 0 && mux.Vars(r)["case"] != "":
		return nil, rest.Fault(rest.Invalid, "contact", "", "comes with a new case only; leave it out").In("zh", "contact 只能随新案件提交，请不填")
	case len(c.Contact) > 0 && a.Contacts == nil:
		return nil, rest.Fault(rest.Invalid, "contact", "", "is not kept here: names, telephone numbers and addresses of whoever reported do not come into a case; leave it out, or give form.reporter, a reference into a register of your own").In("zh", "contact 本服务不保存：姓名、电话和地址不进入案件；请不填，或填写 form.reporter，即其他登记系统中的编号")
	}
	return c, nil
}

// keyOf is the key by which a command is known when it is sent again, that of its caller alone; empty for none.
func keyOf(r *http.Request, c *caller) (string, error) {
	key, err := once.KeyOf(r)
	if key == "" || err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(c.key + "\n" + key))
	return hex.EncodeToString(sum[:16]), nil
}

// idOf is the id of a new case: one that its key makes again, so that a report that is sent twice is one case.
func (a *API) idOf(key string) (string, error) {
	if key == "" {
		return a.NewID()
	}
	sum := sha256.Sum256([]byte("case\n" + key))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16])), nil
}

// done is the answer to a command.
type done struct {
	Case *shown `json:"case"`
	// Event is the number of the event that the command became.
	Event int      `json:"event"`
	Seq   data.Seq `json:"seq,omitempty"`
	// Repeated says that the command was done before, with the same key.
	Repeated bool `json:"repeated"`
}

// Create begins a case: POST /v1/cases.
func (a *API) Create(w http.ResponseWriter, r *http.Request) error {
	cmd, err := a.read(w, r)
	if err != nil {
		return err
	}
	c, err := a.caller(r, cmd.As.Person)
	if err != nil {
		return err
	}
	if cmd.IfVersion != nil {
		return rest.Fault(rest.Invalid, "if_version", strconv.Itoa(*cmd.IfVersion), "is for cases that exist; leave it out").In("zh", "if_version 用于已有案件，请不填")
	}
	if cmd.Parent != "" {
		if of, err := a.see(r, c, cmd.Parent); err != nil || !of.full {
			return fault.NoCase(rest.Invalid, "parent", cmd.Parent)
		}
	}
	door, err := a.door(r, c, &cmd.As, cmd.Action, cmd.Parent)
	if err != nil {
		return err
	}
	if err := a.admit(c, &cmd.Form); err != nil {
		return err
	}
	if err := enclosed.Hold(a.Holder, r, &cmd.Form); err != nil {
		return err
	}
	key, err := keyOf(r, c)
	if err != nil {
		return err
	}
	id, err := a.idOf(key)
	if err != nil {
		return err
	}
	desk := a.Desk()
	if len(cmd.Contact) > 0 {
		if desk.Log, err = a.Contacts.Sealing(desk.Log, cmd.Contact); err != nil {
			return err
		}
	}
	result, err := door.begin(r.Context(), desk, id, key, &cmd.Form)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/cases/"+url.PathEscape(id))
	status := http.StatusCreated
	if result.Event == nil {
		status = http.StatusOK
	}
	return a.answer(w, r, status, c, result)
}

// Act does something with a case: POST /v1/cases/{case}/actions.
func (a *API) Act(w http.ResponseWriter, r *http.Request) error {
	cmd, err := a.read(w, r)
	if err != nil {
		return err
	}
	c, err := a.caller(r, cmd.As.Person)
	if err != nil {
		return err
	}
	of, err := a.see(r, c, mux.Vars(r)["case"])
	if err != nil {
		return err
	}
	if cmd.Parent != "" {
		return rest.Fault(rest.Invalid, "parent", cmd.Parent, "is for new cases; leave it out").In("zh", "parent 用于新案件，请不填")
	}
	if !of.full && c.person != "" {
		if cmd.As.Post != people.PostPublic {
			return rest.Fault(rest.Forbidden, "as.post", cmd.As.Post, "does not reach this case: it is not with your unit, and not where your posts reach").In("zh", "案件不在您的单位，也不在您岗位的范围内")
		}
		c = &caller{key: c.key}
	}
	demand, err := demanded(r, cmd.IfVersion)
	if err != nil {
		return err
	}
	id := of.summary.ID
	have, err := a.cfg.Store.Case(r.Context(), id)
	if err != nil {
		return fault.Of(err)
	}
	t, err := a.table(have)
	if err != nil {
		return err
	}
	actor, err := c.actor(r, &cmd.As, cmd.Action, func(post cases.Actor) []cases.Offer { return a.offersOf(t, have, post) })
	if err != nil {
		return err
	}
	if into := cmd.Form.Into; into != "" {
		if _, err := a.see(r, c, into); err != nil {
			return fault.NoCase(rest.Invalid, "form.into", into)
		}
	}
	a.edition(&cmd.Form)
	if err := enclosed.Hold(a.Holder, r, &cmd.Form); err != nil {
		return err
	}
	key, err := keyOf(r, c)
	if err != nil {
		return err
	}
	result, err := a.Desk().Do(r.Context(), &cases.Command{
		Case: id, IfVersion: demand, Key: key, At: a.Service.Now(), Actor: actor, Action: cmd.Action, Form: cmd.Form,
	})
	if err != nil {
		return fault.Of(err)
	}
	return a.answer(w, r, http.StatusOK, c, result)
}

// demanded is the version that a case must have, by the body or by If-Match; nil for any.
func demanded(r *http.Request, given *int) (*int, error) {
	text := rest.PlainTag(r.Header.Get("If-Match"))
	if text == "" || text == "*" {
		return given, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return nil, rest.Fault(rest.BadRequest, "If-Match", text, "must be the ETag that GET of the case shows").In("zh", "If-Match 须为读取案件时给出的 ETag")
	}
	if given != nil && *given != n {
		return nil, rest.Fault(rest.BadRequest, "if_version", strconv.Itoa(*given), "differs from If-Match").In("zh", "if_version 与 If-Match 不一致")
	}
	return &n, nil
}

// answer tells of a case after a command, as whoever sent it sees the case then: they may have moved it out of their sight.
func (a *API) answer(w http.ResponseWriter, r *http.Request, status int, c *caller, result *cases.Done) error {
	out := done{Event: result.Number, Seq: result.Seq, Repeated: result.Event == nil}
	summary, ok := a.cfg.Store.Find(result.Case.ID)
	if !ok {
		return rest.Refuse(rest.Internal, "the case is not there")
	}
	full, _ := a.sight(r, c).Sees(&summary)
	var err error
	if out.Case, err = a.show(r, &seen{caller: c, summary: summary, full: full}); err != nil {
		return err
	}
	if result.Seq > 0 {
		city.SetSeq(w, result.Seq)
	}
	w.Header().Set("ETag", strconv.Quote(strconv.Itoa(out.Case.Version)))
	return rest.WriteJSON(w, r, status, out)
}
