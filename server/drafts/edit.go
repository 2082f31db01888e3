package drafts

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/version"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// Edit does one operation on a draft: POST /v1/drafts/{draft}/steps.
func (a *API) Edit(w http.ResponseWriter, r *http.Request) error {
	body, err := rest.ReadBody(w, r, a.Limits.BodyBytes, rest.TypeJSON)
	if err != nil {
		return err
	}
	if !json.Valid(body) {
		return rest.DecodeJSON(body, &struct{}{})
	}
	step, err := version.ParseStep(body)
	if err != nil {
		return rest.Faults(rest.Invalid, "", err).Because(err)
	}
	return a.step(w, r, rest.ParseParams(r), step)
}

// importShare is how much longer an import takes than reading its cells.
const importShare = 4

// step does a step and answers with what it changed.
func (a *API) step(w http.ResponseWriter, r *http.Request, q *rest.Params, step *version.Step) error {
	return a.change(w, r, q, func(have *asked, d *version.Draft) (*version.Draft, coverage.Change, []data.Change, error) {
		if err := a.newCodes(have.world, d, step); err != nil {
			return nil, coverage.Change{}, nil, err
		}
		if step.Op == version.OpJoin {
			if err := a.joining(have.world, d, step); err != nil {
				return nil, coverage.Change{}, nil, err
			}
		}
		step.By, _ = city.ActFor(r, "")
		cells := int64(len(step.Cells))
		if err := city.Progress(r.Context(), cells, importShare*cells, "cells"); err != nil {
			return nil, coverage.Change{}, nil, err
		}
		next, ch, err := d.Do(step)
		if err != nil {
			return nil, ch, nil, refused(err)
		}
		if err := city.Progress(r.Context(), (importShare-1)*cells, importShare*cells, "cells"); err != nil {
			return nil, ch, nil, err
		}
		gone := version.Forget(have.world, have.header, have.header.Done)
		records, err := step.Records(d.Header.ID, next.Header.Done)
		if err != nil {
			return nil, ch, nil, err
		}
		// What was undone and has the name of a record to come is not deleted before it.
		gone = slices.DeleteFunc(gone, func(c data.Change) bool {
			return slices.ContainsFunc(records, func(put data.Change) bool { return put.Layer == c.Layer })
		})
		if !slices.Contains(next.Header.Hands, step.By) {
			next.Header.Hands = append(slices.Clone(next.Header.Hands), step.By)
		}
		return next, ch, append(records, gone...), nil
	})
}

// newCodes refuses codes for new cells that are, or were, those of others.
func (a *API) newCodes(w *index.World, d *version.Draft, step *version.Step) error {
	given := step.New
	if step.Op == version.OpImport {
		for i := range step.Cells {
			if _, known := d.Base.Coverage.Lookup(step.Cells[i].Code); !known && step.Cells[i].Code != "" {
				given = append(given, step.Cells[i].Code)
			}
		}
	}
	if len(given) == 0 {
		return nil
	}
	rule, err := ruleOf(d)
	if err != nil {
		return err
	}
	known := numbersOf(w, d)
	for _, code := range given {
		if err := rule.Check(code); err != nil {
			return rest.Fault(rest.Invalid, "new", code, "does not follow the code rule: "+err.Error()).Because(err)
		}
		if known.Used(code) {
			return rest.Fault(rest.Invalid, "new", code, "code_exists: it is, or was, the code of a cell; codes are never given again")
		}
	}
	return nil
}

// change is what all changes of a draft share: they are made one at a time on the newest state, reset what was checked and
// approved, and append what they are and the header, nothing else.
func (a *API) change(w http.ResponseWriter, r *http.Request, q *rest.Params, do func(have *asked, d *version.Draft) (*version.Draft, coverage.Change, []data.Change, error)) error {
	hand := a.shelf.hand(draftOf(r))
	hand.Lock()
	defer hand.Unlock()
	have, err := a.find(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	if err := editable(have); err != nil {
		return err
	}
	d, err := a.open(r.Context(), have)
	if err != nil {
		return err
	}
	if err := a.ended(r.Context(), have, d); err != nil {
		return err
	}
	next, ch, records, err := do(have, d)
	if err != nil {
		return err
	}
	if err := a.inSight(r, d, concerned(d.Now, next.Now, ch)); err != nil {
		return err
	}
	next.Header.State, next.Header.Checked, next.Header.Approved = version.Open, nil, nil
	put, err := next.Header.Put(have.seq)
	if err != nil {
		return err
	}
	if r, err = city.Decided(r); err != nil {
		return err
	}
	seq, err := a.Append(r, data.Tx{Cause: cause(d.Header.ID), Changes: append([]data.Change{put}, records...)})
	if err != nil {
		return clashed(err)
	}
	a.shelf.keep(next, seq)
	world, err := a.Engine.Wait(r.Context(), seq)
	if err != nil {
		return err
	}
	more := detail{}
	more.Changed, more.Cells = changed(d.Now, next.Now, ch)
	more.Defects, more.Counts = placed(next.Defects())
	return a.answer(w, r, http.StatusOK, world, d.Header.ID, more)
}

// really are the faces that a change leaves otherwise than they were: of those beside arcs that change, some only have new
// neighbours.
func really(before, after *coverage.Coverage, ch coverage.Change) []coverage.FaceID {
	own := map[coverage.FaceID]bool{}
	for _, f := range ch.Faces {
		own[f.ID] = f.Before == nil || f.After == nil || f.Before.Code != f.After.Code || f.Before.Parent != f.After.Parent ||
			f.Before.Locked != f.After.Locked || !slices.Equal(f.Before.Attributes, f.After.Attributes)
	}
	var out []coverage.FaceID
	for _, id := range ch.Touched() {
		if id != coverage.Outside && (own[id] || !version.SameGround(before.Shape(id), after.Shape(id))) {
			out = append(out, id)
		}
	}
	return out
}

// concerned are the codes of all cells that a change leaves otherwise.
func concerned(before, after *coverage.Coverage, ch coverage.Change) []string {
	var out []string
	for _, id := range really(before, after, ch) {
		for _, f := range [...]*coverage.Face{before.Face(id), after.Face(id)} {
			if f != nil {
				out = append(out, strings.TrimPrefix(f.Code, "#"))
			}
		}
	}
	return out
}

// editable refuses drafts that count already, or will.
func editable(have *asked) error {
	if s := have.header.Of(have.world); s == version.Planned {
		return rest.Fault(rest.Conflict, "draft", have.header.ID, fmt.Sprintf("is planned as version %d; withdraw it first", have.header.Published))
	} else if s == version.Published {
		return rest.Fault(rest.Conflict, "draft", have.header.ID, fmt.Sprintf("is published as version %d; begin another draft", have.header.Published))
	}
	return nil
}

// Undo takes back the last step: POST /v1/drafts/{draft}/undo.
func (a *API) Undo(w http.ResponseWriter, r *http.Request) error {
	return a.change(w, r, rest.ParseParams(r), func(_ *asked, d *version.Draft) (*version.Draft, coverage.Change, []data.Change, error) {
		next, ch, ok := d.Undo()
		if !ok {
			return nil, ch, nil, rest.Fault(rest.Conflict, "draft", d.Header.ID, "has no step that could be undone")
		}
		return next, ch, nil, nil
	})
}

// Redo does the step again that was undone last: POST /v1/drafts/{draft}/redo.
func (a *API) Redo(w http.ResponseWriter, r *http.Request) error {
	return a.change(w, r, rest.ParseParams(r), func(have *asked, d *version.Draft) (*version.Draft, coverage.Change, []data.Change, error) {
		if d.Header.Done == d.Header.Steps {
			return nil, coverage.Change{}, nil, rest.Fault(rest.Conflict, "draft", d.Header.ID, "has no step that was undone")
		}
		step, err := version.ReadStep(have.world, d.Header.ID, d.Header.Done+1)
		if err != nil {
			return nil, coverage.Change{}, nil, err
		}
		next, ch, err := d.Redo(step)
		return next, ch, nil, err
	})
}

// Steps lists the steps of a draft, those that were undone last: GET /v1/drafts/{draft}/steps.
func (a *API) Steps(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	have, err := a.find(r, q)
	if err != nil {
		return err
	}
	after, limit := q.Whole("after", 0, 1<<30, 0), q.Whole("limit", 1, longestPage, standardPage)
	if err := q.Done(""); err != nil {
		return err
	}
	type listed struct {
		*version.Step
		Number int  `json:"number"`
		Undone bool `json:"undone,omitempty"`
	}
	h := have.header
	list := []listed{}
	for n := after + 1; n <= h.Steps && len(list) < limit; n++ {
		s, err := version.PeekStep(have.world, h.ID, n)
		if err != nil {
			return err
		}
		list = append(list, listed{s, n, n > h.Done})
	}
	city.SetSeq(w, have.world.Seq())
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Steps []listed `json:"steps"`
		Count int      `json:"count"`
		Done  int      `json:"done"`
		Seq   data.Seq `json:"seq"`
	}{list, h.Steps, h.Done, have.world.Seq()})
}

// collectionBody is GeoJSON of cells.
type collectionBody struct {
	Type     string `json:"type"`
	Features []struct {
		ID         json.RawMessage            `json:"id"`
		Properties map[string]json.RawMessage `json:"properties"`
		Geometry   json.RawMessage            `json:"geometry"`
	} `json:"features"`
}

// mostProperties bounds how many properties a problem names.
const mostProperties = 40

// have refuses a property named by a parameter that no feature has, and names those that there are.
func (b *collectionBody) have(parameter, name string) error {
	if name == "" || len(b.Features) == 0 {
		return nil
	}
	all := map[string]bool{}
	for i := range b.Features {
		if _, ok := b.Features[i].Properties[name]; ok {
			return nil
		}
		for have := range b.Features[i].Properties {
			all[have] = true
		}
	}
	names := slices.Sorted(maps.Keys(all))
	if len(names) == 0 {
		return rest.Fault(rest.Invalid, parameter, name, "is a property of no feature; they have none at all")
	}
	more := ""
	if n := len(names) - mostProperties; n > 0 {
		names, more = names[:mostProperties], fmt.Sprintf(" and %d more", n)
	}
	return rest.Fault(rest.Invalid, parameter, name, "is a property of no feature; they have "+strings.Join(names, ", ")+more)
}

// Import replaces cells by polygons as one step: POST /v1/drafts/{draft}/import.
func (a *API) Import(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	step := &version.Step{Op: version.OpImport, Rule: coverage.Rule(q.Text("rule")), FixRings: q.Flag("fix_rings")}
	step.Parents, _ = q.Names("communities")
	step.Order, _ = q.Names("order")
	if text := q.Text("choices"); text != "" {
		if err := json.Unmarshal([]byte(text), &step.Choices); err != nil || len(step.Choices) > version.MostCodes {
			q.Fail(rest.Fault(rest.BadRequest, "choices", text, `must be a JSON list such as [{"at":[121.5,25],"code":"A1"}]`))
		}
	}
	codeName, parentName := q.Text("code"), q.Text("community")
	if step.Rule != "" && step.Rule != coverage.LongestBorder && step.Rule != coverage.Priority && step.Rule != coverage.Manual {
		q.Fail(rest.Fault(rest.BadRequest, "rule", string(step.Rule), "must be longest_border, priority or manual"))
	}
	if step.Rule == coverage.Manual && len(step.Choices) == 0 {
		q.Fail(rest.Fault(rest.BadRequest, "choices", "", "says who gets which ground by the rule manual"))
	}
	if err := q.Fault(); err != nil {
		return err
	}
	have, err := a.find(r, q)
	if err != nil {
		return err
	}
	layer, ok := have.layer()
	if !ok {
		return rest.Fault(rest.Conflict, "scheme", have.header.Scheme, "has no layer of cells any more")
	}
	body, err := rest.ReadBody(w, r, a.Limits.BodyBytes, rest.TypeGeoJSON, rest.TypeJSON)
	if err != nil {
		return err
	}
	var in collectionBody
	if err := json.Unmarshal(body, &in); err != nil {
		return rest.JSONProblem(err)
	}
	if in.Type != "FeatureCollection" {
		return rest.Fault(rest.Invalid, "type", in.Type, "must be FeatureCollection")
	}
	if len(in.Features) > version.MostCells {
		return rest.Fault(rest.TooLarge, "features", strconv.Itoa(len(in.Features)), fmt.Sprintf("are more than %d", version.MostCells))
	}
	if err := in.have("code", codeName); err != nil {
		return err
	}
	if err := in.have("community", parentName); err != nil {
		return err
	}
	for i := range in.Features {
		if i%city.CheckEvery == 0 {
			if err := city.Progress(r.Context(), int64(i), importShare*int64(len(in.Features)), "cells"); err != nil {
				return err
			}
		}
		f := &in.Features[i]
		c := coverage.Cell{Code: textOf(f.ID)}
		for name, value := range f.Properties {
			text := textOf(value)
			switch {
			case name == codeName || codeName == "" && name == "code":
				c.Code = text
			case name == parentName || parentName == "" && name == "community":
				c.Parent = text
			case layer.AttributeIndex(name) >= 0 && text != "":
				c.Attributes = append(c.Attributes, coverage.Attribute{Name: name, Value: text})
			}
		}
		if c.Shape, err = polygon(f.Geometry); err != nil {
			return rest.Fault(rest.Invalid, fmt.Sprintf("features[%d].geometry", i), c.Code, err.Error()).Because(err)
		}
		slices.SortFunc(c.Attributes, func(x, y coverage.Attribute) int { return strings.Compare(x.Name, y.Name) })
		step.Cells = append(step.Cells, c)
	}
	if err := version.CheckCells(step.Cells); err != nil {
		return rest.Faults(rest.Invalid, "", err).Because(err)
	}
	return a.step(w, r, q, step)
}

// polygon reads a GeoJSON polygon with its rings as they are: crossing ones are listed as defects of the whole.
func polygon(text []byte) (geo.Shape, error) {
	g, err := geom.ParseGeoJSON(text)
	if err != nil {
		return geo.Shape{}, err
	}
	if g == nil {
		return geo.Shape{}, errors.New("is missing")
	}
	s, err := geo.FromOrb(g)
	if err == nil && s.Kind() != geo.KindPolygon {
		err = errors.New("must be a polygon")
	}
	return s, err
}

// textOf is a JSON text or number as text.
func textOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if t := string(raw); t != "null" {
		return t
	}
	return ""
}
