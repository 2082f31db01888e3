// Package personal answers for persons and households: it erases them, when somebody asks for it and when their time is
// over, and shows which readings in an emergency nobody has looked at yet.
package personal

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/records"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/people/vault"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// API is the resource personal data.
type API struct{ *city.City }

// Erase erases a person or household: POST /v1/layers/{layer}/features/{id}/erase. First the key goes, and with it
// whatever was ever stored; then the feature. It may be asked again when it was broken off, and then completes.
func (a *API) Erase(w http.ResponseWriter, r *http.Request) error {
	if err := rest.SkipBody(w, r); err != nil {
		return err
	}
	q := rest.ParseParams(r)
	reason, err := city.Reason(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	name, id := mux.Vars(r)["layer"], mux.Vars(r)["id"]
	world := a.Present(r)
	layer, ok := world.Layer(name)
	switch {
	case !ok:
		return city.UnknownLayer(world, name)
	case layer.Def().Sensitive == nil:
		return rest.Fault(rest.Invalid, "layer", name, "is not about persons or households; its features are ended by DELETE, and stay in history")
	}
	head, ok := layer.Head(id)
	if !ok {
		return city.UnknownFeature(layer, id)
	}
	if err := a.MayEnd(r, name, id); err != nil && !head.Deleted {
		return err
	}
	if a.Vault == nil {
		return rest.Refuse(rest.NotImplemented, "this server has no keys of persons")
	}
	if err := unreferred(world.Whole(), layer, id); err != nil {
		return err
	}
	state, err := a.Vault.State(layer.Def(), id)
	if err != nil {
		return err
	}
	seq := world.Seq()
	if !state.Gone() || !head.Deleted {
		if seq, err = a.erase(r, layer.Def(), id, reason); err != nil {
			return city.BareChange(err)
		}
	}
	return a.ErasedAgain(w, r, seq, nil)
}

// ErasedAgain answers that somebody is erased, as the entry seq notes, also to whoever sends the request again.
func (a *API) ErasedAgain(w http.ResponseWriter, r *http.Request, seq data.Seq, _ []byte) error {
	city.SetSeq(w, seq)
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Layer  string   `json:"layer"`
		ID     string   `json:"id"`
		Erased bool     `json:"erased"`
		Seq    data.Seq `json:"seq"`
	}{mux.Vars(r)["layer"], mux.Vars(r)["id"], true, seq})
}

// unreferred verifies that nothing holds on to a feature, before its key is gone.
func unreferred(w *index.World, layer *index.Layer, id string) error {
	for _, l := range w.Layers() {
		for i, at := range l.Def().Live() {
			if at.Ref != layer.Def().Name || at.OnDelete == data.SetNull {
				continue
			}
			for slot := range l.Equal(i, data.TextValue(data.Ref, id)) {
				return rest.Fault(rest.Conflict, "id", id, fmt.Sprintf("is referred to by %s of %s/%s; erase or change that first", at.Name, l.Def().Name, l.ID(slot)))
			}
		}
	}
	return nil
}

// erase destroys the key and ends the feature, in this order: whoever looks in between finds a feature of which nothing
// personal can be read, and asking again does the rest.
func (a *API) erase(r *http.Request, l *data.Layer, id, reason string) (data.Seq, error) {
	if err := a.Vault.Keys().Destroy(a.Today(), vault.Subject{Layer: l.Name, ID: id}); err != nil {
		return 0, err
	}
	return a.end(r, a.NoteDone, l.Name, id, reason)
}

// noting notes what a request does together with changes.
type noting func(r *http.Request, what any, more ...data.Change) (data.Seq, error)

// end ends a feature whose key is gone.
func (a *API) end(r *http.Request, noted noting, layer, id, reason string) (data.Seq, error) {
	state, err := a.Vault.Keys().State(vault.Subject{Layer: layer, ID: id})
	if err != nil {
		return 0, err
	}
	note := vault.Erasure{Did: vault.Erase, Layer: layer, IDs: []string{id}, Reason: reason, Erased: state.Erased, From: a.Origin(r)}
	for {
		var more []data.Change
		if l, ok := a.Engine.World().Layer(layer); ok {
			if _, alive := l.Lookup(id); alive {
				more = append(more, data.Change{Stream: data.StreamFeature, Op: data.OpDelete, Layer: layer, Feature: data.Feature{ID: id}})
			}
		}
		seq, err := noted(r, note, more...)
		if change, ok := errors.AsType[*data.ChangeError](err); ok && len(more) > 0 {
			// Somebody has ended it at this moment, or refers to it since.
			if _, err := a.Engine.Wait(r.Context(), a.Store.Last()); err != nil {
				return 0, err
			}
			if l, known := a.Engine.World().Layer(layer); known {
				if _, alive := l.Lookup(id); alive {
					return 0, change
				}
			}
			continue
		}
		return seq, err
	}
}

// review is a reading that nobody has looked at.
type review struct {
	ID  string    `json:"id"`
	Seq data.Seq  `json:"seq"`
	At  time.Time `json:"at"`
	city.Read
}

// Reviews lists the readings in an emergency that nobody has looked at: GET /v1/personal/reviews.
func (a *API) Reviews(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	world, err := a.World(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	list := struct {
		Reviews []review `json:"reviews"`
		Seq     data.Seq `json:"seq"`
	}{[]review{}, world.Seq()}
	for record := range pending(world) {
		one := review{ID: strings.TrimPrefix(record.ID, city.BreakGlass), Seq: record.Seq}
		if err := json.Unmarshal(record.Body, &one.Read); err != nil {
			return err
		}
		one.Reason, one.Sealed = a.ReasonOf(r, one.Layer, one.IDs, one.Sealed, one.Reason), nil
		h, err := a.Store.Header(r.Context(), record.Seq)
		if err != nil {
			return err
		}
		one.At = h.Recorded
		list.Reviews = append(list.Reviews, one)
	}
	city.SetSeq(w, world.Seq())
	return rest.WriteJSON(w, r, http.StatusOK, list)
}

func pending(w *index.World) iter.Seq[*records.Record] {
	return func(yield func(*records.Record) bool) {
		for record := range w.Admin(data.AdminSetting) {
			if strings.HasPrefix(record.ID, city.BreakGlass) && !yield(record) {
				return
			}
		}
	}
}

// signed is what a note says of a review.
type signed struct {
	Did    string `json:"did"`
	Review string `json:"review"`
	Reason string `json:"reason"`
	From   string `json:"from,omitempty"`
}

// SignOff takes a reading from the list of those that nobody has looked at: POST /v1/personal/reviews/{id}/sign-off.
// Whoever has read does not sign for it.
func (a *API) SignOff(w http.ResponseWriter, r *http.Request) error {
	if err := rest.SkipBody(w, r); err != nil {
		return err
	}
	q := rest.ParseParams(r)
	reason, err := city.Reason(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	id := mux.Vars(r)["id"]
	for record := range pending(a.Engine.World()) {
		if record.ID != city.BreakGlass+id {
			continue
		}
		var read city.Read
		if err := json.Unmarshal(record.Body, &read); err != nil {
			return err
		}
		if who := auth.From(r.Context()); who.Known() && read.Actor == who.Actor() {
			return rest.Refuse(rest.Forbidden, "you have read this yourself; somebody else with the permission %s must look at it", people.Audit)
		}
		end := data.Change{Stream: data.StreamAdmin, Op: data.OpDelete, Layer: record.Name(), IfSeq: &record.Seq}
		seq, err := a.NoteDone(r, signed{"sign-off", id, reason, a.Origin(r)}, end)
		if err != nil {
			return city.BareChange(err)
		}
		city.SetSeq(w, seq)
		return rest.WriteJSON(w, r, http.StatusOK, city.Written{Seq: seq})
	}
	return rest.Fault(rest.NotFound, "id", id, "is no reading that waits for somebody to look at it")
}
