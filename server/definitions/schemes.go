package definitions

import (
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid/code"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// schemeInfo is a scheme and the position at which it was read.
type schemeInfo struct {
	*data.Scheme
	Seq data.Seq `json:"seq"`
}

// ListSchemes lists the declared schemes.
func (a *API) ListSchemes(w http.ResponseWriter, r *http.Request) error {
	world, err := a.askOnly(r)
	if err != nil {
		return err
	}
	schemes := world.Schemes()
	if schemes == nil {
		schemes = []*data.Scheme{}
	}
	world.Header(w)
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Schemes []*data.Scheme `json:"schemes"`
		// Shared is the scheme that the profile forces on all.
		Shared string   `json:"shared,omitempty"`
		Seq    data.Seq `json:"seq"`
		city.Shown
	}{schemes, a.Shared, world.Seq(), world.Shown})
}

// askOnly takes the World for a route without other parameters.
func (a *API) askOnly(r *http.Request) (*city.Asked, error) {
	q := rest.ParseParams(r)
	world, err := a.Ask(r, q)
	if err != nil {
		return nil, err
	}
	return world, q.Done("")
}

// GetScheme shows one scheme.
func (a *API) GetScheme(w http.ResponseWriter, r *http.Request) error {
	world, err := a.askOnly(r)
	if err != nil {
		return err
	}
	world.Header(w)
	return answerScheme(w, r, http.StatusOK, world.World, mux.Vars(r)["scheme"])
}

func answerScheme(w http.ResponseWriter, r *http.Request, status int, world *index.World, name string) error {
	scheme, ok := world.Scheme(name)
	if !ok {
		return unknownScheme(world, name)
	}
	city.SetSeq(w, world.Seq())
	return rest.WriteJSON(w, r, status, schemeInfo{scheme, world.Seq()})
}

func unknownScheme(world *index.World, name string) error {
	names := make([]string, len(world.Schemes()))
	for i, have := range world.Schemes() {
		names[i] = have.Name
	}
	return rest.Unknown("scheme", name, names)
}

// CreateScheme declares a scheme.
func (a *API) CreateScheme(w http.ResponseWriter, r *http.Request) error {
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	body, err := rest.ReadBody(w, r, a.Limits.BodyBytes, rest.TypeJSON)
	if err != nil {
		return err
	}
	scheme := &data.Scheme{}
	if err := rest.DecodeJSON(body, scheme); err != nil {
		return err
	}
	if scheme.Levels == nil {
		scheme.Levels = []string{}
	}
	if err := scheme.Validate(a.Engine.Layer); err != nil {
		return rest.Faults(rest.Invalid, "", err).Because(err)
	}
	if _, err := code.ParseRule(scheme.CodeRule); err != nil {
		return rest.Fault(rest.Invalid, "code_rule", scheme.CodeRule, "cannot be read: "+err.Error()).Because(err)
	}
	world, err := a.Define(r, data.Change{Stream: data.StreamScheme, Op: data.OpPut, Layer: scheme.Name, Scheme: scheme, IfSeq: new(data.Seq)})
	if _, exists := errors.AsType[*data.ConflictError](err); exists {
		return rest.Fault(rest.Conflict, "name", scheme.Name, "names a scheme that exists; drop it first").Because(err)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/schemes/"+scheme.Name)
	return answerScheme(w, r, http.StatusCreated, world, scheme.Name)
}

// SchemeAgain answers for a scheme that the request declared when it was sent before: the scheme as it is now.
func (a *API) SchemeAgain(w http.ResponseWriter, r *http.Request, seq data.Seq, body []byte) error {
	world, err := a.Engine.Wait(r.Context(), seq)
	if err != nil {
		return err
	}
	name := nameIn(body)
	w.Header().Set("Location", "/v1/schemes/"+name)
	return answerScheme(w, r, http.StatusCreated, world, name)
}

// DropScheme drops a scheme; its cells stay.
func (a *API) DropScheme(w http.ResponseWriter, r *http.Request) error {
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	name := mux.Vars(r)["scheme"]
	world := a.Present(r)
	if _, ok := world.Scheme(name); !ok {
		return unknownScheme(world, name)
	}
	return a.Write(w, r, data.Tx{Changes: []data.Change{{Stream: data.StreamScheme, Op: data.OpDelete, Layer: name}}})
}
