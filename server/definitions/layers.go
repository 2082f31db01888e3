// Package definitions answers for the definitions of layers and schemes and changes them.
package definitions

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/sensitive"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// API is the resources layers and schemes.
type API struct{ *city.City }

// layerInfo is a definition with what is on the layer.
type layerInfo struct {
	*data.Layer
	Count int `json:"count"`
	// CountRange is set for layers about persons and households, of which Count is rounded down.
	CountRange string      `json:"count_range,omitempty"`
	BBox       *[4]float64 `json:"bbox,omitempty"`
	Seq        data.Seq    `json:"seq"`
}

// describeLayer describes a layer, its dropped attributes only when asked for.
func describeLayer(l *index.Layer, dropped bool) layerInfo {
	info := layerInfo{Layer: l.Def(), Count: l.Len(), Seq: l.Seq()}
	if !dropped {
		shown := *l.Def()
		shown.Attributes = make([]data.Attribute, 0, len(shown.Attributes))
		for _, a := range l.Def().Live() {
			shown.Attributes = append(shown.Attributes, *a)
		}
		info.Layer = &shown
	}
	if l.Def().Sensitive != nil {
		info.Count, info.CountRange = sensitive.Rounded(l.Len())
		return info
	}
	if b := l.Bounds(); !b.Empty() {
		info.BBox = &[4]float64{b.Min.Lon(), b.Min.Lat(), b.Max.Lon(), b.Max.Lat()}
	}
	return info
}

// ListLayers lists the layers in the order in which they were made.
func (a *API) ListLayers(w http.ResponseWriter, r *http.Request) error {
	world, dropped, err := a.readDefinitions(r)
	if err != nil {
		return err
	}
	list := struct {
		Layers []layerInfo `json:"layers"`
		Seq    data.Seq    `json:"seq"`
		city.Shown
	}{Layers: []layerInfo{}, Seq: world.Seq(), Shown: world.Shown}
	for _, l := range world.Layers() {
		list.Layers = append(list.Layers, describeLayer(l, dropped))
	}
	world.Header(w)
	return rest.WriteJSON(w, r, http.StatusOK, list)
}

// GetLayer describes one layer.
func (a *API) GetLayer(w http.ResponseWriter, r *http.Request) error {
	world, dropped, err := a.readDefinitions(r)
	if err != nil {
		return err
	}
	world.Header(w)
	return a.answerLayer(w, r, http.StatusOK, world.World, mux.Vars(r)["layer"], dropped)
}

// readDefinitions takes the World and whether dropped attributes are asked for.
func (a *API) readDefinitions(r *http.Request) (world *city.Asked, dropped bool, err error) {
	q := rest.ParseParams(r)
	if world, err = a.Ask(r, q); err != nil {
		return nil, false, err
	}
	dropped = q.Flag("dropped")
	return world, dropped, q.Done("")
}

func (a *API) answerLayer(w http.ResponseWriter, r *http.Request, status int, world *index.World, name string, dropped bool) error {
	world = a.See(r, world)
	l, ok := world.Layer(name)
	if !ok {
		return city.UnknownLayer(world, name)
	}
	city.SetSeq(w, world.Seq())
	return rest.WriteJSON(w, r, status, describeLayer(l, dropped))
}

// CreateLayer makes a layer that does not exist yet.
func (a *API) CreateLayer(w http.ResponseWriter, r *http.Request) error {
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	body, err := rest.ReadBody(w, r, a.Limits.BodyBytes, rest.TypeJSON)
	if err != nil {
		return err
	}
	def := &data.Layer{Attributes: []data.Attribute{}}
	if err := rest.DecodeJSON(body, def); err != nil {
		return err
	}
	if err := validate(def); err != nil {
		return rest.Faults(rest.Invalid, "", err).Because(err)
	}
	if err := a.named(def, nil); err != nil {
		return err
	}
	world, err := a.Define(r, data.Change{Stream: data.StreamSchema, Op: data.OpPut, Layer: def.Name, Definition: def, IfSeq: new(data.Seq)})
	if _, exists := errors.AsType[*data.ConflictError](err); exists {
		return rest.Fault(rest.Conflict, "name", def.Name, "names a layer that exists; alter it with PATCH /v1/layers/"+def.Name).Because(err)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/layers/"+def.Name)
	return a.answerLayer(w, r, http.StatusCreated, world, def.Name, false)
}

// AlterLayer alters the definition by steps and by merging the body into it.
func (a *API) AlterLayer(w http.ResponseWriter, r *http.Request) error {
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	name := mux.Vars(r)["layer"]
	world := a.Present(r)
	l, ok := world.Layer(name)
	if !ok {
		return city.UnknownLayer(world, name)
	}
	// What is hidden stays as it is.
	l = l.Whole()
	body, err := rest.ReadBody(w, r, a.Limits.BodyBytes, rest.TypeJSON, rest.TypeMergePatch)
	if err != nil {
		return err
	}
	def, err := patchLayer(l.Def(), body)
	if err != nil {
		return err
	}
	if def.Name != name {
		return rest.Fault(rest.Invalid, "name", def.Name, "cannot be altered")
	}
	if err := a.named(def, l.Def()); err != nil {
		return err
	}
	at := l.DefSeq()
	notes, err := a.widened(r, l.Def(), def)
	if err != nil {
		return err
	}
	world, err = a.Define(r, data.Change{Stream: data.StreamSchema, Op: data.OpPut, Layer: name, Definition: def, IfSeq: &at}, notes...)
	if err != nil {
		return err
	}
	return a.answerLayer(w, r, http.StatusOK, world, name, false)
}

// named verifies that the directory knows whom a layer about persons names as its owner and readers, unless it named them
// before.
func (a *API) named(def, before *data.Layer) error {
	if before != nil && reflect.DeepEqual(before.Sensitive, def.Sensitive) {
		return nil
	}
	if err := errors.Join(people.Of(a.Engine.World()).CheckSensitive(def)...); err != nil {
		return rest.Faults(rest.Invalid, "", err).Because(err)
	}
	return nil
}

// LayerAgain answers for a layer that the request made or altered when it was sent before: the layer as it is now.
func (a *API) LayerAgain(w http.ResponseWriter, r *http.Request, seq data.Seq, body []byte) error {
	name, status := mux.Vars(r)["layer"], http.StatusOK
	if name == "" {
		name, status = nameIn(body), http.StatusCreated
		w.Header().Set("Location", "/v1/layers/"+name)
	}
	world, err := a.Engine.Wait(r.Context(), seq)
	if err != nil {
		return err
	}
	world = a.See(r, world)
	l, ok := world.Layer(name)
	if !ok {
		return city.UnknownLayer(world, name)
	}
	city.SetSeq(w, seq)
	return rest.WriteJSON(w, r, status, describeLayer(l, false))
}

// nameIn is the member name of a body that was accepted before.
func nameIn(body []byte) string {
	var named struct {
		Name string `json:"name"`
	}
	_ = json.Unmarshal(body, &named)
	return named.Name
}

// DropLayer drops a layer with its features.
func (a *API) DropLayer(w http.ResponseWriter, r *http.Request) error {
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	name := mux.Vars(r)["layer"]
	world := a.Present(r)
	if _, ok := world.Layer(name); !ok {
		return city.UnknownLayer(world, name)
	}
	return a.Write(w, r, data.Tx{Changes: []data.Change{{Stream: data.StreamSchema, Op: data.OpDelete, Layer: name}}})
}

// widened is a note about an alteration that lets more people see what is personal, or for longer; nothing otherwise.
func (a *API) widened(r *http.Request, from, to *data.Layer) ([]data.Change, error) {
	if from.Sensitive == nil || to.Sensitive == nil {
		return nil, nil
	}
	ways := to.Sensitive.Widened(from.Sensitive, a.Today())
	if len(ways) == 0 {
		return nil, nil
	}
	note, err := a.NoteOf(struct {
		Did    string   `json:"did"`
		Layer  string   `json:"layer"`
		Ways   []string `json:"ways"`
		Reason string   `json:"reason,omitempty"`
		From   string   `json:"from,omitempty"`
	}{"widen-readers", to.Name, ways, r.Header.Get(city.HeaderReason), a.Origin(r)})
	return []data.Change{note}, err
}
