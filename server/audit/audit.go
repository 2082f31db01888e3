// Package audit answers who did or read what, when and from where: notes, and the changes of the log with their actors, as
// one list.
package audit

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people/audit"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// Names knows who the actors of the log are.
type Names interface {
	// Actors are those whom a text means.
	Actors(text string) ([]string, error)
	// Logins says what actors log in with today.
	Logins() (func(actor string) string, error)
}

// API is the resource audit.
type API struct {
	*city.City
	Book *audit.Book
	// Look has what is summed up written, so that it is found.
	Look  func(ctx context.Context)
	Names Names
}

// Bounds of pages and of lists in parameters.
const (
	standardPage = 100
	longestPage  = 1000
	mostNames    = 20
)

// entry is what was found, with the login that its actor has today.
type entry struct {
	audit.Found
	Login string `json:"login,omitempty"`
}

// List tells of what happened, newest first: GET /v1/audit. It needs no more of the log than it shows.
func (a *API) List(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	limit, cursor := q.Whole("limit", 1, longestPage, standardPage), q.Text("cursor")
	query, err := a.query(r, q)
	if err != nil {
		return err
	}
	after, err := placeOf(cursor, a.Store.Epoch())
	if err != nil {
		return err
	}
	if cursor == "" {
		a.Look(r.Context())
	}
	logins, err := a.Names.Logins()
	if err != nil {
		return err
	}
	last := a.Store.Last()
	page, next, err := a.Book.Page(r.Context(), query, after, limit)
	if err != nil {
		return err
	}
	a.Seen(r, "read-audit", "")
	list := struct {
		Entries []entry  `json:"entries"`
		Next    string   `json:"next,omitempty"`
		Seq     data.Seq `json:"seq"`
	}{make([]entry, len(page)), "", last}
	for i := range page {
		list.Entries[i] = a.tell(r, &page[i], logins)
	}
	if next != nil {
		list.Next = city.FormatCursor(a.Store.Epoch(), fmt.Sprintf("%d.%d", next.Seq, next.Item))
	}
	w.Header().Set("Cache-Control", "no-store")
	city.SetSeq(w, last)
	return rest.WriteJSON(w, r, http.StatusOK, list)
}

// tell is what was found, with the login of its actor, and its reason as far as that can be read.
func (a *API) tell(r *http.Request, f *audit.Found, logins func(actor string) string) entry {
	e := entry{*f, logins(f.Actor)}
	e.Reason = a.ReasonOf(r, f.Reading.Layer, f.Reading.IDs, f.Reading.Sealed, f.Reason)
	return e
}

// query reads which entries are wanted. It reads all parameters.
func (a *API) query(r *http.Request, q *rest.Params) (audit.Query, error) {
	query := audit.Query{Object: q.Text("object"), Outcome: q.Text("outcome")}
	who, what, address := q.Text("who"), q.Text("what"), q.Text("address")
	for name, at := range map[string]*time.Time{"from": &query.From, "to": &query.To} {
		text := q.Text(name)
		if text == "" {
			continue
		}
		var ok bool
		if *at, _, ok = a.Time(text); !ok {
			q.Fail(rest.Fault(rest.BadRequest, name, text, "must be a time like 2026-03-01T08:00:00+08:00 or a date"))
		}
	}
	if o := query.Outcome; o != "" && o != audit.Done && o != audit.Refused {
		q.Fail(rest.Fault(rest.BadRequest, "outcome", o, "must be done or refused"))
	}
	if err := q.Done(""); err != nil {
		return query, err
	}
	for _, one := range []struct{ name, text string }{{"who", who}, {"what", what}, {"object", query.Object}} {
		if len(one.text) > audit.MaxText*mostNames || strings.Count(one.text, ",") >= mostNames {
			return query, rest.Fault(rest.BadRequest, one.name, rest.Shorten(one.text), fmt.Sprintf("is too long, or more than %d names", mostNames))
		}
	}
	var err error
	if query.Address, err = network(address); err != nil {
		return query, err
	}
	if what != "" {
		query.Actions = strings.Split(what, ",")
	}
	if who != "" {
		if query.Actors, err = a.Names.Actors(who); err != nil {
			return query, err
		}
	}
	// An account may be named by its login.
	if login, ok := strings.CutPrefix(query.Object, "account:"); ok && login != "" {
		actors, err := a.Names.Actors(login)
		if err != nil {
			return query, err
		}
		if len(actors) > 1 {
			query.Object = actors[1]
		}
	}
	world := a.Present(r)
	query.Feature = featureOf(world, query.Object)
	whole := world.Whole()
	query.Sees = func(layer string) bool {
		_, exists := whole.Layer(layer)
		_, seen := world.Layer(layer)
		return seen || !exists
	}
	return query, nil
}

// network is an address, or all those of a network.
func network(text string) (p netip.Prefix, err error) {
	if text == "" {
		return p, nil
	}
	if p, err = netip.ParsePrefix(text); err == nil {
		return p.Masked(), nil
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return p, rest.Fault(rest.BadRequest, "address", rest.Shorten(text), "must be an address, or a network such as 10.1.0.0/16")
	}
	addr = addr.Unmap().WithZone("")
	return netip.PrefixFrom(addr, addr.BitLen()), nil
}

// featureOf is the feature that an object names, when whoever asks sees its layer; nil otherwise.
func featureOf(w *index.World, object string) *audit.Feature {
	layer, id, ok := strings.Cut(object, "/")
	if !ok {
		return nil
	}
	l, ok := w.Layer(layer)
	if !ok {
		return nil
	}
	head, ok := l.Head(id)
	if !ok {
		return nil
	}
	return &audit.Feature{Layer: layer, Permanent: head.Permanent}
}

// placeOf is where a page begins.
func placeOf(cursor string, epoch data.Epoch) (at audit.Place, err error) {
	text, err := city.ParseCursor(cursor, epoch)
	if err != nil || text == "" {
		return at, err
	}
	seq, item, ok := strings.Cut(text, ".")
	n, err := strconv.ParseUint(seq, 10, 64)
	i, wrong := strconv.Atoi(item)
	if !ok || err != nil || wrong != nil || n == 0 || i < 0 {
		return at, rest.Fault(rest.BadRequest, "cursor", rest.Shorten(cursor), "is not one that this server gave")
	}
	return audit.Place{Seq: data.Seq(n), Item: i}, nil
}
