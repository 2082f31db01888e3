// Package people is the directory of those who work for the city as resources: organisations, posts and staff.
package people

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// API is the resources organisations, posts and staff.
type API struct{ *city.City }

// Bounds of one answer.
const standardPage, mostPage = 100, 5000

// asked is a directory and the World that it belongs to.
type asked struct {
	*city.Asked
	*people.Directory
	// when is the time at which holdings are in force.
	when time.Time
}

// ask takes the directory that a request asks for.
func (a *API) ask(r *http.Request, q *rest.Params) (*asked, error) {
	world, err := a.Ask(r, q)
	if err != nil {
		return nil, err
	}
	return &asked{world, people.Of(world.World), a.When(world.World)}, nil
}

// put writes one record, of kind and with the id of the path, and answers with it.
func (a *API) put(w http.ResponseWriter, r *http.Request, kind, id string, update *people.Update, show func(d *people.Directory) any) error {
	existed, seq, err := a.update(r, kind, id, update)
	if err != nil {
		return err
	}
	world, err := a.Engine.Wait(r.Context(), seq)
	if err != nil {
		return err
	}
	status := http.StatusCreated
	if existed {
		status = http.StatusOK
	} else {
		w.Header().Set("Location", r.URL.EscapedPath())
	}
	city.SetSeq(w, world.Seq())
	return rest.WriteJSON(w, r, status, show(people.Of(world)))
}

// attempts is how often an update is checked again because the directory has changed meanwhile.
const attempts = 20

// update checks an update of one record against the directory and appends it.
func (a *API) update(r *http.Request, kind, id string, update *people.Update) (existed bool, seq data.Seq, err error) {
	q := rest.ParseParams(r)
	demand := q.Text("if_seq")
	if err := q.Done(""); err != nil {
		return false, 0, err
	}
	var ifSeq *data.Seq
	if demand != "" {
		n, err := strconv.ParseUint(demand, 10, 64)
		if err != nil {
			return false, 0, rest.Fault(rest.BadRequest, "if_seq", demand, "must be a whole number: the seq that GET shows, 0 for a record that does not exist")
		}
		ifSeq = new(data.Seq(n))
	}
	for range attempts {
		var d *people.Directory
		d, seq, err = a.try(r, update, ifSeq, "")
		if err == nil {
			return d.SeqOf(kind, id) > 0, seq, nil
		}
		if _, outdated := errors.AsType[*data.OutdatedError](err); !outdated {
			return false, 0, err
		}
		a.WaitShown(r, a.Store.Last())
	}
	return false, 0, rest.Refuse(rest.Unavailable, "others change the directory all the time; try again").With("Retry-After", "1").Because(err)
}

// try checks an update against the directory as it is and appends it. The error is a *data.OutdatedError when that has
// changed before it was appended.
func (a *API) try(r *http.Request, update *people.Update, ifSeq *data.Seq, cause string) (*people.Directory, data.Seq, error) {
	world := a.Engine.World()
	d := people.Of(world)
	changes, err := update.Changes()
	if err != nil {
		return nil, 0, err
	}
	if ifSeq != nil {
		for i := range changes {
			kind, id := data.CutAdminName(changes[i].Layer)
			if have := d.SeqOf(kind, id); have != *ifSeq {
				return nil, 0, city.BareChange(&data.ConflictError{Layer: changes[i].Layer, Want: *ifSeq, Have: have})
			}
			changes[i].IfSeq = ifSeq
		}
	}
	if err := refusal(d.Check(update, a.Ground(world))); err != nil {
		return nil, 0, err
	}
	seq, err := a.Append(r, data.Tx{Cause: cause, Admin: new(d.Seq()), Changes: changes})
	return d, seq, city.BareChange(err)
}

// refusal is the problem of what is wrong with an update, nil for nothing. What others need is a conflict.
func refusal(found []*people.RecordError) error {
	var errs []error
	kind := rest.Invalid
	for _, f := range found {
		errs = append(errs, f.Err)
		if f.Needed {
			kind = rest.Conflict
		}
	}
	err := errors.Join(errs...)
	if err == nil {
		return nil
	}
	return rest.Faults(kind, "", err).Because(err)
}

// end ends a record and answers. A default post comes back when its record ends.
func (a *API) end(w http.ResponseWriter, r *http.Request, kind, id string, unknown error) error {
	d := people.Of(a.Engine.World())
	if d.SeqOf(kind, id) == 0 {
		if _, standard := d.Post(id); kind == data.AdminPost && standard {
			return rest.Fault(rest.Conflict, "id", id, "is a post that is there from the beginning; write your own in its place with PUT /v1/posts/"+url.PathEscape(id))
		}
		return unknown
	}
	_, seq, err := a.update(r, kind, id, &people.Update{Ended: []people.Name{{Kind: kind, ID: id}}})
	if err != nil {
		return err
	}
	city.SetSeq(w, seq)
	return rest.WriteJSON(w, r, http.StatusOK, city.Written{Seq: seq})
}

// read reads the record of a body into one, of which id is the id: that of the path, which it may leave out.
func (a *API) read(w http.ResponseWriter, r *http.Request, one any, id *string) error {
	body, err := rest.ReadBody(w, r, a.Limits.BodyBytes, rest.TypeJSON)
	if err != nil {
		return err
	}
	if err := rest.DecodeJSON(body, one); err != nil {
		return err
	}
	path := mux.Vars(r)["id"]
	switch {
	case *id == "":
		*id = path
	case *id != path:
		return rest.Fault(rest.Invalid, "id", *id, "differs from the id in the path, "+strconv.Quote(path))
	}
	return nil
}

// unknown is the answer to a record that does not exist.
func unknown(what, id string) error {
	return rest.Fault(rest.NotFound, "id", id, fmt.Sprintf("is no %s of the directory", what))
}

// matches reports whether a search finds one of some texts, whatever the case of letters.
func matches(search string, texts ...string) bool {
	if search == "" {
		return true
	}
	for _, text := range texts {
		if strings.Contains(strings.ToLower(text), strings.ToLower(search)) {
			return true
		}
	}
	return false
}

// page is a page of a list in the order of ids. Its items are found by the caller one by one.
type page[T any] struct {
	after, last string
	limit, all  int
	items       []T
	more        bool
}

func newPage[T any](q *rest.Params, world *city.Asked, cursor string) (*page[T], error) {
	after, err := city.ParseCursor(cursor, world.Epoch())
	return &page[T]{after: after, items: []T{}, limit: q.Whole("limit", 1, mostPage, standardPage)}, err
}

// add counts an item and takes it when it belongs to the page.
func (p *page[T]) add(id string, item func() T) {
	p.all++
	switch {
	case id <= p.after:
	case len(p.items) < p.limit:
		p.items, p.last = append(p.items, item()), id
	default:
		p.more = true
	}
}

// cursor names the next page, empty on the last.
func (p *page[T]) cursor(world *city.Asked) string {
	if !p.more {
		return ""
	}
	return city.FormatCursor(world.Epoch(), p.last)
}
