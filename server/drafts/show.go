package drafts

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/coverage/check"
	"github.com/gewu-city/gewu/grid/coverage/edit"
	"github.com/gewu-city/gewu/grid/version"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// leastWidth is the usual limit of the mean width of cells.
const leastWidth = check.SliverWidth

// detail is an answer about a draft; what does not belong to it is left out.
type detail struct {
	Draft shown `json:"draft"`
	// Changed are the codes of cells that a step made, changed and ended, as drawn.
	Changed *codesChanged `json:"changed,omitempty"`
	// Cells are those that a step changed, as GeoJSON; ended ones have no geometry.
	Cells json.RawMessage `json:"cells,omitempty"`
	// Found are defects of the cells of the city that a rule fixed when the draft began.
	Found []defect `json:"found,omitempty"`
	// Defects are those of the draft after the step, as GeoJSON, Counts how many of each kind.
	Defects json.RawMessage    `json:"defects,omitempty"`
	Counts  map[check.Kind]int `json:"counts,omitempty"`
	// Seq is the position of the answer.
	Seq data.Seq `json:"seq"`
}

type codesChanged struct {
	Created []string `json:"created"`
	Altered []string `json:"altered"`
	Ended   []string `json:"ended"`
}

// defect is a place where polygons were no coverage, and what became of it.
type defect struct {
	Kind  check.Kind `json:"kind"`
	Area  float64    `json:"area_m2"`
	Point [2]float64 `json:"point"`
	Cells []string   `json:"cells"`
	Code  string     `json:"code,omitempty"`
	Why   string     `json:"why,omitempty"`
}

// mostDefects bounds lists of defects in one answer.
const mostDefects = 1000

func defectsFixed(b *version.Base) []defect {
	return defectsOf(b.Found, func(coverage.Defect) bool { return true })
}

func defectsOf(list []coverage.Defect, which func(coverage.Defect) bool) []defect {
	out := []defect{}
	for _, d := range list {
		if which(d) && len(out) < mostDefects {
			out = append(out, defect{d.Kind, d.Area, d.Point.Orb(), d.Cells, d.Code, d.Why})
		}
	}
	return out
}

// listDefects adds the first defects that are not fixed to a problem.
func listDefects(p *rest.Problem, list []coverage.Defect) error {
	const most = 20
	told := 0
	for i := range list {
		// Those that are fixed, such as vertices that were added, may be thousands and stand in nobody's way.
		if d := &list[i]; !d.Fixed && told < most {
			told++
			p.Also(strings.Join(d.Cells, ","), string(d.Kind), fmt.Sprintf("%.1f m² at %.7f, %.7f", d.Area, d.Point.Lon(), d.Point.Lat()))
		}
	}
	return p
}

// drawn is the form of cells of drafts as features.
var drawn = &data.Layer{Name: "cells", Geometry: data.GeometryPolygon, Attributes: []data.Attribute{
	{Name: "code", Type: data.Code}, {Name: "community", Type: data.Code}, {Name: "locked", Type: data.Bool}, {Name: "area_m2", Type: data.Number},
}}

func appendCell(dst []byte, c *coverage.Coverage, id coverage.FaceID, code string) []byte {
	f := c.Face(id)
	shape := c.Shape(id)
	feature := data.Feature{ID: code, Shape: shape, Values: []data.Value{
		data.TextValue(data.Code, code), data.TextValue(data.Code, f.Parent), data.BoolValue(f.Locked), data.NumberValue(shape.Area()),
	}}
	return convert.AppendFeature(dst, drawn, &feature)
}

// collection joins features, each appended by one.
func collection(n int, one func(dst []byte, i int) []byte) json.RawMessage {
	out := []byte(`{"type":"FeatureCollection","features":[`)
	for i := range n {
		if i > 0 {
			out = append(out, ',')
		}
		out = one(out, i)
	}
	return append(out, `]}`...)
}

// changed shows what a change made of the cells.
func changed(before, after *coverage.Coverage, ch coverage.Change) (codes *codesChanged, cells json.RawMessage) {
	codes = &codesChanged{Created: []string{}, Altered: []string{}, Ended: []string{}}
	var ids []coverage.FaceID
	touched := really(before, after, ch)
	for _, id := range touched {
		old, now := before.Face(id), after.Face(id)
		switch {
		case now == nil && old != nil:
			codes.Ended = append(codes.Ended, old.Code)
		case now != nil:
			ids = append(ids, id)
			if _, known := before.Lookup(now.Code); known {
				codes.Altered = append(codes.Altered, now.Code)
			} else {
				codes.Created = append(codes.Created, now.Code)
			}
		}
	}
	// A cell that was put in the place of one of the same code has not ended.
	codes.Ended = slices.DeleteFunc(codes.Ended, func(code string) bool {
		_, still := after.Lookup(code)
		return still
	})
	for _, id := range touched {
		old, now := before.Face(id), after.Face(id)
		if old != nil && now != nil && old.Code != now.Code {
			if _, still := after.Lookup(old.Code); !still {
				codes.Ended = append(codes.Ended, old.Code)
			}
		}
	}
	for _, list := range []*[]string{&codes.Created, &codes.Altered, &codes.Ended} {
		slices.Sort(*list)
	}
	return codes, collection(len(ids), func(dst []byte, i int) []byte { return appendCell(dst, after, ids[i], after.Face(ids[i]).Code) })
}

// placed are defects as GeoJSON, and how many there are of each kind.
func placed(list []check.Defect) (json.RawMessage, map[check.Kind]int) {
	counts := map[check.Kind]int{}
	for _, d := range list {
		counts[d.Kind]++
	}
	return collection(min(len(list), mostDefects), func(dst []byte, i int) []byte {
		text, err := json.Marshal(list[i])
		if err != nil {
			return append(dst, `{"type":"Feature","properties":{},"geometry":null}`...)
		}
		dst = append(dst, `{"type":"Feature","geometry":`...)
		dst = fmt.Appendf(dst, `{"type":"Point","coordinates":[%.9f,%.9f]},"properties":`, list[i].Point[0], list[i].Point[1])
		return append(append(dst, text...), '}')
	}), counts
}

// refused is the problem of a step that is not possible: the reason for programs, the sentence, the place and the cells.
func refused(err error) error {
	if unfit, ok := errors.AsType[*version.UnfitError](err); ok {
		p := rest.Fault(rest.Invalid, "features", "", unfit.Error()+"; give a rule, longest_border or priority, or repair them").Because(err)
		return listDefects(p, unfit.Found)
	}
	refusal, ok := errors.AsType[*edit.RefusalError](err)
	if !ok {
		return err
	}
	p := rest.Refuse(rest.Invalid, "%s", refusal.Why).Because(err)
	p.Field, p.Value = "op", string(refusal.Reason)
	if refusal.At != nil {
		at := fmt.Sprintf("%.7f,%.7f", refusal.At.Lon(), refusal.At.Lat())
		p.Also("point", at, at+" is the place")
	}
	for _, code := range refusal.Codes[:min(len(refusal.Codes), 20)] {
		p.Also("cell", code, code+" is concerned")
	}
	return p
}

// inSight reports whether whoever asks sees all cells of the base that a change concerns; what is new lies in such cells.
func (a *API) inSight(r *http.Request, d *version.Draft, codes []string) error {
	if city.RightsOf(r) == nil {
		return nil
	}
	layer, ok := a.Present(r).Layer(d.Base.Scheme.Cells.Layer)
	for _, code := range codes {
		id := d.Base.ID(code)
		if id == "" {
			continue
		}
		if ok {
			_, ok = layer.Lookup(id)
		}
		if !ok {
			return rest.Refuse(rest.Forbidden, "the draft would change cells outside of what you may see")
		}
	}
	return nil
}

// Cells answers with the cells of a draft as GeoJSON: GET /v1/drafts/{draft}/cells.
func (a *API) Cells(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	have, err := a.find(r, q)
	if err != nil {
		return err
	}
	box, bounded := q.Box("bbox")
	if err := q.Done(""); err != nil {
		return err
	}
	d, err := a.open(r.Context(), have)
	if err != nil {
		return err
	}
	layer, ok := a.Present(r).Layer(d.Base.Scheme.Cells.Layer)
	if !ok {
		return city.UnknownLayer(a.Present(r), d.Base.Scheme.Cells.Layer)
	}
	var ids []coverage.FaceID
	for id, f := range d.Now.Faces() {
		if bounded && !d.Now.Shape(id).Box().Intersects(box) {
			continue
		}
		if city.RightsOf(r) != nil && !visible(layer, d, id, f) {
			continue
		}
		ids = append(ids, id)
	}
	city.SetSeq(w, have.world.Seq())
	body := collection(len(ids), func(dst []byte, i int) []byte { return appendCell(dst, d.Now, ids[i], d.Now.Face(ids[i]).Code) })
	return rest.WriteBody(w, r, http.StatusOK, rest.TypeGeoJSON, body)
}

// visible reports whether somebody who sees a layer so sees a cell of a draft: that of the base, or the one where a new cell
// lies.
func visible(layer *index.Layer, d *version.Draft, id coverage.FaceID, f *coverage.Face) bool {
	if known := d.Base.ID(f.Code); known != "" {
		_, ok := layer.Lookup(known)
		return ok
	}
	owner, ok := layer.Whole().Owner(geo.LabelPoint(d.Now.Shape(id)))
	if ok {
		_, ok = layer.Lookup(layer.Whole().ID(owner))
	}
	return ok
}
