// Package plans answers for planned publications and cancels them.
package plans

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/planner"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// API is the resource plans.
type API struct{ *city.City }

// Bounds of pages.
const (
	standardPage = 100
	longestPage  = 1000
)

// plan is a plan as it is shown.
type plan struct {
	ID     string         `json:"id"`
	Due    time.Time      `json:"due"`
	State  data.PlanState `json:"state"`
	Reason string         `json:"reason,omitempty"`
	Actor  string         `json:"actor"`
	Cause  string         `json:"cause"`
	Count  int            `json:"count"`
	Layers []string       `json:"layers"`
	// Planned is the entry that holds the changes, Ended the one with which the plan ended: the changes themselves
	// when it is done.
	Planned data.Seq `json:"planned"`
	Ended   data.Seq `json:"ended,omitempty"`
}

func show(p index.Plan) plan {
	shown := plan{
		ID: p.ID, Due: p.Due, State: p.State, Reason: p.Reason, Actor: p.Actor, Cause: p.Cause, Count: p.Count,
		Layers: []string{}, Planned: p.Planned,
	}
	for _, l := range p.Layers {
		shown.Layers = append(shown.Layers, l.Name)
	}
	if p.State != data.PlanPending {
		shown.Ended = p.Seq
	}
	return shown
}

// List lists the plans: those that wait in the order in which they are due, then those that have ended, the last one
// first. GET /v1/plans.
func (a *API) List(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	world, err := a.World(r, q)
	if err != nil {
		return err
	}
	limit, state := q.Whole("limit", 1, longestPage, standardPage), data.PlanState(q.Text("state"))
	known := []data.PlanState{"", data.PlanPending, data.PlanDone, data.PlanFailed, data.PlanCancelled}
	if !slices.Contains(known, state) {
		q.Fail(rest.Fault(rest.BadRequest, "state", string(state), "must be planned, done, failed or cancelled"))
	}
	if err := q.Done(""); err != nil {
		return err
	}
	var waiting, ended []plan
	for _, p := range world.Plans() {
		switch {
		case !city.Own(r, p.Actor, people.Publish), state != "" && p.State != state:
		case p.State == data.PlanPending:
			waiting = append(waiting, show(p))
		default:
			ended = append(ended, show(p))
		}
	}
	slices.SortStableFunc(waiting, func(a, b plan) int { return a.Due.Compare(b.Due) })
	slices.SortFunc(ended, func(a, b plan) int { return cmp.Compare(b.Ended, a.Ended) })
	all := append(append([]plan{}, waiting...), ended...)
	city.SetSeq(w, world.Seq())
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Plans []plan   `json:"plans"`
		Count int      `json:"count"`
		Seq   data.Seq `json:"seq"`
	}{all[:min(limit, len(all))], len(all), world.Seq()})
}

// Get shows a plan with its changes: GET /v1/plans/{id}.
func (a *API) Get(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	world, err := a.World(r, q)
	if err != nil {
		return err
	}
	limit := q.Whole("limit", 0, longestPage, standardPage)
	if err := q.Done(""); err != nil {
		return err
	}
	found, ok := world.Plan(mux.Vars(r)["id"])
	if !ok || !city.Own(r, found.Actor, people.Publish) {
		return unknown(mux.Vars(r)["id"])
	}
	one := struct {
		plan
		// Changes are the first of them.
		Changes []change `json:"changes"`
		// Erased says that the changes are not kept any more.
		Erased bool     `json:"erased,omitempty"`
		Seq    data.Seq `json:"seq"`
	}{plan: show(found), Changes: []change{}, Seq: world.Seq()}
	records, err := a.Store.Changes(r.Context(), found.Planned, 0)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(records, func(c data.Change) bool { return c.Plan != nil && c.Plan.ID == found.ID })
	if i < 0 {
		one.Erased = true
	} else {
		for _, c := range records[i].Plan.Changes {
			if len(one.Changes) == limit {
				break
			}
			if l, ok := world.Layer(c.Layer); ok && !a.Shows(r, world, l, &c.Feature) {
				continue
			}
			one.Changes = append(one.Changes, showChange(world, &c))
		}
	}
	city.SetSeq(w, world.Seq())
	return rest.WriteJSON(w, r, http.StatusOK, one)
}

// change is a planned change in the form in which POST /v1/changes takes it.
type change struct {
	Op      string          `json:"op"`
	Layer   string          `json:"layer"`
	ID      string          `json:"id,omitempty"`
	Feature json.RawMessage `json:"feature,omitempty"`
	IfSeq   *data.Seq       `json:"if_seq,omitempty"`
}

func showChange(world *index.World, c *data.Change) change {
	shown := change{Op: "delete", Layer: c.Layer, ID: c.Feature.ID, IfSeq: c.IfSeq}
	if c.Op != data.OpPut {
		return shown
	}
	shown.Op, shown.ID = "put", ""
	if l, ok := world.Layer(c.Layer); ok {
		f := l.Def().Adapt(c.Feature)
		shown.Feature = convert.AppendFeature(nil, l.Def(), &f)
	} else {
		// Its layer is gone and with it the names of its values.
		f := data.Feature{ID: c.Feature.ID, Shape: c.Feature.Shape}
		shown.Feature = convert.AppendFeature(nil, &data.Layer{Name: c.Layer}, &f)
	}
	return shown
}

func unknown(id string) error {
	return rest.Fault(rest.NotFound, "id", id, "is no plan; GET /v1/plans lists them")
}

// Cancel ends a plan before it is due: DELETE /v1/plans/{id}.
func (a *API) Cancel(w http.ResponseWriter, r *http.Request) error {
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	id := mux.Vars(r)["id"]
	planned, ok := a.Present(r).Plan(id)
	if a.Planner == nil || city.RightsOf(r) != nil && (!ok || !city.Own(r, planned.Actor, people.Publish)) {
		return unknown(id)
	}
	seq, err := a.Planner.Cancel(r.Context(), id, city.ActorOf(r))
	ended, over := errors.AsType[*planner.EndedError](err)
	switch {
	case errors.Is(err, planner.ErrUnknown):
		return unknown(id)
	case over:
		return rest.Fault(rest.Conflict, "id", id, fmt.Sprintf("has ended already, it is %s", ended.State)).Because(err)
	case err != nil:
		return err
	}
	a.WaitShown(r, seq)
	city.SetSeq(w, seq)
	return rest.WriteJSON(w, r, http.StatusOK, city.Written{Seq: seq})
}
