package exchange

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/cases/exchange"
	"github.com/gewu-city/gewu/cases/notice"
	"github.com/gewu-city/gewu/cases/outbox"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/rest"
)

// peerShown is a peer without its secrets.
type peerShown struct {
	ID           string          `json:"id"`
	Title        data.Title      `json:"title"`
	URL          string          `json:"url"`
	Local        bool            `json:"local"`
	May          []exchange.Kind `json:"may"`
	Organisation string          `json:"organisation"`
	Post         string          `json:"post"`
	Source       string          `json:"source"`
	Begin        exchange.Step   `json:"begin"`
	Hand         []string        `json:"hand"`
	Theirs       exchange.Table  `json:"theirs"`
	Ours         exchange.Table  `json:"ours"`
	// Secrets is how many there are: two while one is changed for the other.
	Secrets int `json:"secrets"`
	// Waiting and Dead count the messages to the peer that are on their way, and those that were given up.
	Waiting int `json:"waiting"`
	Dead    int `json:"dead"`
	// Secret is shown once, when it is made.
	Secret string `json:"secret,omitempty"`
}

func (a *API) show(p *exchange.Peer) (peerShown, error) {
	out := peerShown{
		ID: p.ID, Title: p.Title, URL: p.URL, Local: p.Local, May: p.May, Organisation: p.Organisation, Post: p.Post, Source: p.Source, Begin: p.Begin, Hand: p.Hand,
		Theirs: p.Theirs, Ours: p.Ours, Secrets: len(p.Secrets),
	}
	for _, state := range []notice.State{notice.Waiting, notice.Dead} {
		list, _, err := a.Outbox.In(state, 1<<30)
		if err != nil {
			return out, err
		}
		n := 0
		for i := range list {
			if peer, _ := address(&list[i]); list[i].Channel.Kind == outbox.Peer && peer == p.ID {
				n++
			}
		}
		if state == notice.Waiting {
			out.Waiting = n
		} else {
			out.Dead = n
		}
	}
	return out, nil
}

// List lists the peers: GET /v1/peers.
func (a *API) List(w http.ResponseWriter, r *http.Request) error {
	if err := a.ready(); err != nil {
		return err
	}
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	all := []peerShown{}
	for _, p := range a.Book.Peers() {
		one, err := a.show(&p)
		if err != nil {
			return err
		}
		all = append(all, one)
	}
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Peers []peerShown `json:"peers"`
	}{all})
}

func (a *API) peer(r *http.Request) (exchange.Peer, error) {
	if err := a.ready(); err != nil {
		return exchange.Peer{}, err
	}
	id := mux.Vars(r)["peer"]
	p, err := a.Book.Peer(id)
	if errors.Is(err, exchange.ErrUnknown) {
		return p, rest.Fault(rest.NotFound, "peer", id, "is no platform that exchanges cases with this city")
	}
	return p, err
}

// Get shows one: GET /v1/peers/{peer}.
func (a *API) Get(w http.ResponseWriter, r *http.Request) error {
	p, err := a.peer(r)
	if err != nil {
		return err
	}
	out, err := a.show(&p)
	if err != nil {
		return err
	}
	return rest.WriteJSON(w, r, http.StatusOK, out)
}

// table is what takes the place of the standard.
type table struct {
	Send    map[string]exchange.Kind          `json:"send"`
	Receive map[exchange.Kind][]exchange.Step `json:"receive"`
}

func (t *table) over(of *exchange.Table) {
	if t.Send != nil {
		of.Send = t.Send
	}
	if t.Receive != nil {
		of.Receive = t.Receive
	}
}

// asked is the body of a request that sets a peer up. What is left out is as in the base process.
type asked struct {
	Title        data.Title      `json:"title"`
	URL          string          `json:"url"`
	Local        bool            `json:"local"`
	May          []exchange.Kind `json:"may"`
	Organisation string          `json:"organisation"`
	Post         string          `json:"post"`
	Source       string          `json:"source"`
	Begin        exchange.Step   `json:"begin"`
	Hand         []string        `json:"hand"`
	Theirs       table           `json:"theirs"`
	Ours         table           `json:"ours"`
	// Secret is the one that the other side knows; NewSecret makes one, KeepSecrets leaves the older one out.
	Secret     string `json:"secret"`
	NewSecret  bool   `json:"new_secret"`
	DropSecret bool   `json:"drop_secret"`
}

// prefix is the beginning of secrets in texts, as Standard Webhooks writes them.
const prefix = "whsec_"

// secrets are those of a peer after a request; made is the new one, when one was made.
func (q *asked) secrets(have [][]byte) (all [][]byte, made string, err error) {
	all = have
	if q.DropSecret && len(all) > 1 {
		all = all[:1]
	}
	var fresh []byte
	switch {
	case q.Secret != "" && q.NewSecret:
		return nil, "", rest.Fault(rest.Invalid, "new_secret", "", "makes a secret; leave it out, or secret")
	case q.Secret != "":
		if fresh, err = base64.StdEncoding.DecodeString(strings.TrimPrefix(q.Secret, prefix)); err != nil {
			return nil, "", rest.Fault(rest.Invalid, "secret", "", "must be whsec_ and base64")
		}
	case q.NewSecret || len(have) == 0:
		fresh = make([]byte, 32)
		if _, err := rand.Read(fresh); err != nil {
			return nil, "", err
		}
		made = prefix + base64.StdEncoding.EncodeToString(fresh)
	default:
		return all, "", nil
	}
	if slices.ContainsFunc(all, func(s []byte) bool { return slices.Equal(s, fresh) }) {
		return all, "", nil
	}
	// The newest first; the one before stays until it is dropped, or the next one comes.
	return append([][]byte{fresh}, all[:min(len(all), 1)]...), made, nil
}

// Put sets a peer up, or changes it: PUT /v1/peers/{peer}.
func (a *API) Put(w http.ResponseWriter, r *http.Request) error {
	if err := a.ready(); err != nil {
		return err
	}
	body, err := rest.ReadBody(w, r, a.Limits.BodyBytes, rest.TypeJSON)
	if err != nil {
		return err
	}
	var q asked
	if err := rest.DecodeJSON(body, &q); err != nil {
		return err
	}
	p := exchange.Standard()
	p.ID, p.Title, p.URL, p.Local, p.Organisation = mux.Vars(r)["peer"], q.Title, q.URL, q.Local, q.Organisation
	if q.May != nil {
		p.May = q.May
	}
	if q.Hand != nil {
		p.Hand = q.Hand
	}
	for to, given := range map[*string]string{&p.Post: q.Post, &p.Source: q.Source, (*string)(&p.Begin): string(q.Begin)} {
		if given != "" {
			*to = given
		}
	}
	q.Theirs.over(&p.Theirs)
	q.Ours.over(&p.Ours)
	have, err := a.Book.Peer(p.ID)
	if err != nil && !errors.Is(err, exchange.ErrUnknown) {
		return err
	}
	status := http.StatusOK
	if err != nil {
		status = http.StatusCreated
	}
	var made string
	if p.Secrets, made, err = q.secrets(have.Secrets); err != nil {
		return err
	}
	if _, ok := people.Of(a.Engine.World()).Organisation(p.Organisation); p.Organisation != "" && !ok {
		return rest.Fault(rest.Invalid, "organisation", p.Organisation, "is no organisation of the directory: make it first, with PUT /v1/organisations/ID")
	}
	if err := a.Book.Put(p); err != nil {
		if f, ok := errors.AsType[*data.FieldError](err); ok {
			return rest.Fault(rest.Invalid, f.Field, f.Value, f.Why)
		}
		return err
	}
	out, err := a.show(&p)
	if err != nil {
		return err
	}
	out.Secret = made
	w.Header().Set("Cache-Control", "no-store")
	return rest.WriteJSON(w, r, status, out)
}

// Delete forgets one: DELETE /v1/peers/{peer}.
func (a *API) Delete(w http.ResponseWriter, r *http.Request) error {
	p, err := a.peer(r)
	if err == nil {
		err = a.Book.Remove(p.ID)
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// pingTime bounds how long a peer may take to answer a test.
const pingTime = 20 * time.Second

// Test asks a peer whether messages arrive: POST /v1/peers/{peer}/test.
func (a *API) Test(w http.ResponseWriter, r *http.Request) error {
	p, err := a.peer(r)
	if err != nil {
		return err
	}
	if err := rest.SkipBody(w, r); err != nil {
		return err
	}
	id, err := a.NewID()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), pingTime)
	defer cancel()
	ack, out := a.Sender.Ping(ctx, &p, "ping-"+id)
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		OK  bool            `json:"ok"`
		Why string          `json:"why,omitempty"`
		May []exchange.Kind `json:"may,omitempty"`
	}{out.What == notice.Delivered, out.Why, ack.May})
}
