// Package codes answers what a national code says, its groups, the areas above it, or what is wrong with it, and composes
// codes.
package codes

import (
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid/code"
	"github.com/gewu-city/gewu/server/rest"
)

// parsed is a code that is in order.
type parsed struct {
	Kind  code.Kind  `json:"kind"`
	Title data.Title `json:"title"`
	Code  string     `json:"code"`
	// Canonical has three digits for the street.
	Canonical string  `json:"canonical"`
	Rule      string  `json:"rule"`
	Groups    []group `json:"groups"`
	// Areas lie above, the nearest first.
	Areas []area `json:"areas"`
}

type group struct {
	Name string `json:"name"`
	Text string `json:"text"`
	From int    `json:"from"`
	To   int    `json:"to"`
}

type area struct {
	Kind code.Kind `json:"kind"`
	Code string    `json:"code"`
}

// Get answers GET /v1/codes/{kind}/{code}. It looks at the code alone, not at what the city holds.
func Get(w http.ResponseWriter, r *http.Request) error {
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	kind := code.Kind(mux.Vars(r)["kind"])
	if len(kind.Forms()) == 0 {
		var names []string
		for _, k := range code.Kinds() {
			names = append(names, string(k))
		}
		return rest.Unknown("kind", string(kind), names)
	}
	c, err := code.Parse(kind, mux.Vars(r)["code"])
	if wrong, ok := errors.AsType[*code.Error](err); ok {
		return rest.Fault(rest.BadRequest, "code", wrong.Code, wrong.Where()).Because(err)
	}
	if err != nil {
		return err
	}
	answer := parsed{
		Kind: kind, Title: kind.Title(), Code: c.Text, Canonical: c.Canonical().Text, Rule: c.Rule.String(),
		Groups: []group{}, Areas: []area{},
	}
	for _, f := range c.Fields() {
		answer.Groups = append(answer.Groups, group{f.Name, f.Text, f.From, f.To})
	}
	for _, up := range c.Chain() {
		answer.Areas = append(answer.Areas, area{up.Kind, up.Text})
	}
	return rest.WriteJSON(w, r, http.StatusOK, answer)
}
