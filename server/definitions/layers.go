// Package definitions answers for the definitions of layers and schemes and changes them.
package definitions

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// API is the resources layers and schemes.
type API struct{ *city.City }

// layerInfo is a definition with what is on the layer.
type layerInfo struct {
	*data.Layer
	Count int         `json:"count"`
	BBox  *[4]float64 `json:"bbox,omitempty"`
	Seq   data.Seq    `json:"seq"`
}

func describeLayer(l *index.Layer) layerInfo {
	info := layerInfo{Layer: l.Def(), Count: l.Len(), Seq: l.Seq()}
	if b := l.Bounds(); !b.Empty() {
		info.BBox = &[4]float64{b.Min.Lon(), b.Min.Lat(), b.Max.Lon(), b.Max.Lat()}
	}
	return info
}

// ListLayers lists the layers in the order in which they were made.
func (a *API) ListLayers(w http.ResponseWriter, r *http.Request) error {
	world, err := a.ReadWorld(r)
	if err != nil {
		return err
	}
	list := struct {
		Layers []layerInfo `json:"layers"`
		Seq    data.Seq    `json:"seq"`
	}{Layers: []layerInfo{}, Seq: world.Seq()}
	for _, l := range world.Layers() {
		list.Layers = append(list.Layers, describeLayer(l))
	}
	city.SetSeq(w, world.Seq())
	return rest.WriteJSON(w, r, http.StatusOK, list)
}

// GetLayer describes one layer.
func (a *API) GetLayer(w http.ResponseWriter, r *http.Request) error {
	world, err := a.ReadWorld(r)
	if err != nil {
		return err
	}
	return a.answerLayer(w, r, http.StatusOK, world, mux.Vars(r)["layer"])
}

func (a *API) answerLayer(w http.ResponseWriter, r *http.Request, status int, world *index.World, name string) error {
	l, ok := world.Layer(name)
	if !ok {
		return city.UnknownLayer(world, name)
	}
	city.SetSeq(w, world.Seq())
	return rest.WriteJSON(w, r, status, describeLayer(l))
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
	if err := def.Validate(); err != nil {
		return rest.Faults(rest.Invalid, "", err).Because(err)
	}
	world, err := a.Define(r, data.Change{Stream: data.StreamSchema, Op: data.OpPut, Layer: def.Name, Definition: def, IfSeq: new(data.Seq)})
	if _, exists := errors.AsType[*data.ConflictError](err); exists {
		return rest.Fault(rest.Conflict, "name", def.Name, "names a layer that exists; alter it with PATCH /v1/layers/"+def.Name).Because(err)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/layers/"+def.Name)
	return a.answerLayer(w, r, http.StatusCreated, world, def.Name)
}

// AlterLayer merges the body into the definition (RFC 7396).
func (a *API) AlterLayer(w http.ResponseWriter, r *http.Request) error {
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	name := mux.Vars(r)["layer"]
	world := a.Engine.World()
	l, ok := world.Layer(name)
	if !ok {
		return city.UnknownLayer(world, name)
	}
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
	at := l.DefSeq()
	world, err = a.Define(r, data.Change{Stream: data.StreamSchema, Op: data.OpPut, Layer: name, Definition: def, IfSeq: &at})
	if err != nil {
		return err
	}
	return a.answerLayer(w, r, http.StatusOK, world, name)
}

func patchLayer(def *data.Layer, body []byte) (*data.Layer, error) {
	var patch map[string]any
	if err := rest.DecodeJSON(body, &patch); err != nil {
		return nil, err
	}
	text, err := json.Marshal(def)
	if err != nil {
		return nil, err
	}
	var whole map[string]any
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, err
	}
	// What GET shows beside the definition may come back.
	for _, name := range []string{"count", "bbox", "seq"} {
		delete(patch, name)
	}
	merge(whole, patch)
	if text, err = json.Marshal(whole); err != nil {
		return nil, err
	}
	altered := &data.Layer{}
	if err := rest.DecodeJSON(text, altered); err != nil {
		return nil, err
	}
	if err := altered.Validate(); err != nil {
		return nil, rest.Faults(rest.Invalid, "", err).Because(err)
	}
	return altered, nil
}

// merge is RFC 7396: objects member by member, null removes, everything else replaces.
func merge(into, patch map[string]any) {
	for name, v := range patch {
		members, isObject := v.(map[string]any)
		switch have, ok := into[name].(map[string]any); {
		case v == nil:
			delete(into, name)
		case isObject && ok:
			merge(have, members)
		case isObject:
			fresh := map[string]any{}
			merge(fresh, members)
			into[name] = fresh
		default:
			into[name] = v
		}
	}
}

// DropLayer drops a layer with its features.
func (a *API) DropLayer(w http.ResponseWriter, r *http.Request) error {
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	name := mux.Vars(r)["layer"]
	world := a.Engine.World()
	if _, ok := world.Layer(name); !ok {
		return city.UnknownLayer(world, name)
	}
	return a.Write(w, r, data.Tx{Changes: []data.Change{{Stream: data.StreamSchema, Op: data.OpDelete, Layer: name}}})
}
