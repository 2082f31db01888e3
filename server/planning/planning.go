// Package planning answers what schemes are like and what changes of them would do.
package planning

import (
	"net/http"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// API is what planning asks about schemes.
type API struct {
	*city.City
	// Cases may be nil: then nothing is told of cases.
	Cases Cases
}

// Cases knows the open cases of the city, as far as whoever asks sees them.
type Cases interface {
	// OpenCases are where they are, and how many have no place; ok is false where there are no cases to be seen at all.
	OpenCases(r *http.Request) (points []geo.Point, without int, ok bool, err error)
}

// scheme finds a scheme of a World by name.
func (a *API) scheme(w *index.World, name string) (grid.Scheme, error) {
	plan := a.Locator.Plan(w)
	scheme, ok := plan.Scheme(name)
	if ok {
		return scheme, nil
	}
	names := make([]string, len(plan.Schemes))
	for i, have := range plan.Schemes {
		names[i] = have.Name
	}
	return scheme, rest.Unknown("scheme", name, names)
}

// schemeOf is the name of the scheme in the path.
func schemeOf(r *http.Request) string { return mux.Vars(r)["scheme"] }
