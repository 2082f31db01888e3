package codes

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid/code"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// API composes codes, which may need to know those that were given.
type API struct{ *city.City }

// composed are new codes. Nothing reserves them: whoever is first to store one has it.
type composed struct {
	Kind  code.Kind `json:"kind"`
	Codes []string  `json:"codes"`
	// Seq is the position up to which given codes are known, 0 when none were looked at.
	Seq data.Seq `json:"seq,omitempty"`
}

// mostCodes bounds one answer.
const mostCodes = 999

// Compose answers GET /v1/codes/{kind}: the code with a number, or the next codes that no feature of a layer has or ever had.
func (a *API) Compose(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	in, class, number, name := q.Text("in"), q.Text("class"), q.Text("number"), q.Text("layer")
	count := q.Whole("count", 1, mostCodes, 1)
	kind := code.Kind(mux.Vars(r)["kind"])
	if kind != code.Cell && kind != code.Part {
		return rest.Unknown("kind", string(kind), []string{string(code.Cell), string(code.Part)})
	}
	if err := q.Done(""); err != nil {
		return err
	}
	series, err := code.NewSeries(kind, in, class)
	if err != nil {
		return fault("in", "class", err)
	}
	answer := composed{Kind: kind}
	switch {
	case (number == "") == (name == ""):
		return rest.Fault(rest.BadRequest, "number", number, "or layer must be given: the number of the code, or the layer whose ids are such codes, for the next that is free")
	case number != "":
		n, err := strconv.Atoi(number)
		if err != nil {
			return rest.Fault(rest.BadRequest, "number", number, "must be a number").Because(err)
		}
		text, err := series.Code(n)
		if err != nil {
			return fault("number", "number", err)
		}
		answer.Codes = []string{text}
	default:
		world := a.Present(r)
		layer, ok := world.Layer(name)
		if !ok {
			return city.UnknownLayer(world, name)
		}
		if rule := layer.Def().ID; rule.Attribute == "" && rule.Pattern == "" {
			return rest.Fault(rest.BadRequest, "layer", name, "has ids that are no codes, so that those of ended features are not known; give the number")
		}
		// A code is free when nobody has it, in sight or not.
		numbers, err := next(r.Context(), layer.Whole(), series, count)
		if err != nil {
			return err
		}
		for _, n := range numbers {
			text, err := series.Code(n)
			if err != nil {
				return err
			}
			answer.Codes = append(answer.Codes, text)
		}
		answer.Seq = world.Seq()
		city.SetSeq(w, world.Seq())
		w.Header().Set("Cache-Control", "no-store")
	}
	return rest.WriteJSON(w, r, http.StatusOK, answer)
}

// next are the numbers that follow the highest that a feature of the layer has or had.
func next(ctx context.Context, layer *index.Layer, series code.Series, count int) ([]int, error) {
	most, highest := series.Most(), 0
	given := map[int]bool{}
	n := 0
	for s := range layer.Slots() {
		if n++; n%city.CheckEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if number, ok := series.Number(layer.ID(s)); ok {
			given[number], highest = true, max(highest, number)
		}
	}
	ended := func(number int) bool {
		for _, text := range series.Forms(number) {
			if head, ok := layer.Head(text); ok && head.Deleted {
				return true
			}
		}
		return false
	}
	for number := most; number > highest; number-- {
		if number%city.CheckEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if ended(number) {
			highest = number
		}
	}
	used := []int{highest}
	if highest > most-count { // gaps count
		for number := 1; number <= most; number++ {
			if given[number] || ended(number) {
				used = append(used, number)
			}
		}
	}
	numbers, err := code.Next(used, count, most)
	if err != nil {
		return nil, rest.Fault(rest.Conflict, "count", strconv.Itoa(count), "is more than there is: "+err.Error()).Because(err)
	}
	return numbers, nil
}

// fault is the problem of a code that cannot be composed; a class has a field of its own.
func fault(field, class string, err error) error {
	wrong, ok := errors.AsType[*code.Error](err)
	if !ok {
		return err
	}
	if wrong.What == string(code.Class)+" code" {
		field = class
	}
	return rest.Fault(rest.BadRequest, field, wrong.Code, wrong.Where()).Because(err)
}
