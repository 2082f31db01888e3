package answer

import (
	"encoding/json"
	"reflect"
	"slices"
	"time"

	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
)

// DutiesAt are those who answer for a place and its location in a World, which was asked for areas and cells, at a time. With a
// class only those that answer for things of it. Who has a building or entrance of their own comes before those of the cell.
func DutiesAt(w *index.World, plan *grid.Plan, p geo.Point, loc *grid.Location, class string, at time.Time) []people.Duty {
	if w.AdminSeq() == 0 {
		return nil
	}
	staff := people.Of(w)
	place := people.Place{Areas: make([]people.AreaKey, len(loc.Areas)), Cells: subunits(w, plan, p, staff)}
	for i := range loc.Areas {
		place.Areas[i] = people.AreaKey{Level: loc.Areas[i].Level, Code: loc.Areas[i].Code}
	}
	for i := range loc.Cells {
		place.Cells = append(place.Cells, people.CellRef{Scheme: loc.Cells[i].Scheme, Code: loc.Cells[i].Code})
	}
	return staff.DutiesAt(place, class, at)
}

// Subdivided are the layers of which features have staff of their own.
func Subdivided(w *index.World, plan *grid.Plan, staff *people.Directory) []string {
	var layers []string
	for _, name := range staff.Schemes() {
		if _, scheme := plan.Scheme(name); scheme {
			continue
		}
		if l, ok := w.Layer(name); ok && grid.Subdivides(l.Def()) {
			layers = append(layers, name)
		}
	}
	return layers
}

// subunits are the buildings and entrances at a place that may have staff of their own.
func subunits(w *index.World, plan *grid.Plan, p geo.Point, staff *people.Directory) []people.CellRef {
	layers := Subdivided(w, plan, staff)
	if len(layers) == 0 {
		return nil
	}
	var refs []people.CellRef
	for _, u := range plan.Subunits(w, p, layers) {
		refs = append(refs, people.CellRef{Scheme: u.Layer, Code: u.ID})
	}
	return refs
}

// Unnamed leaves persons out of duties: which organisation answers for a place and with which post is public, who holds the
// post is not. Holders of the same post for the same place are one duty then.
func Unnamed(duties []people.Duty) []people.Duty {
	for i := range duties {
		duties[i].Person, duties[i].StandsInFor = "", ""
	}
	return slices.CompactFunc(duties, func(a, b people.Duty) bool { return reflect.DeepEqual(a, b) })
}

// AppendDisputes appends the member disputes, preceded by a comma.
func AppendDisputes(dst []byte, disputes []grid.Dispute) ([]byte, error) {
	dst = append(dst, `,"disputes":`...)
	if len(disputes) == 0 {
		return append(dst, "[]"...), nil
	}
	text, err := json.Marshal(disputes)
	return append(dst, text...), err
}

// AppendDuties appends the member duties, preceded by a comma.
func AppendDuties(dst []byte, duties []people.Duty) []byte {
	return appendList(append(dst, `,"duties":`...), duties, appendDuty)
}

func appendDuty(dst []byte, d *people.Duty) []byte {
	dst = jsontext.AppendString(append(dst, `{"role":`...), string(d.Role))
	dst = jsontext.AppendString(append(dst, `,"organisation":`...), d.Organisation)
	dst = appendOptional(dst, `,"post":`, d.Post)
	dst = appendOptional(dst, `,"person":`, d.Person)
	dst = appendOptional(dst, `,"stands_in_for":`, d.StandsInFor)
	if d.Deputy {
		dst = append(dst, `,"deputy":true`...)
	}
	if d.Cell != nil {
		dst = jsontext.AppendString(append(dst, `,"cell":{"scheme":`...), d.Cell.Scheme)
		dst = append(jsontext.AppendString(append(dst, `,"code":`...), d.Cell.Code), '}')
	}
	if d.Area != nil {
		dst = jsontext.AppendString(append(dst, `,"area":{"level":`...), d.Area.Level)
		dst = append(jsontext.AppendString(append(dst, `,"code":`...), d.Area.Code), '}')
	}
	if len(d.Classes) > 0 {
		dst = appendList(append(dst, `,"classes":`...), d.Classes, func(dst []byte, c *string) []byte { return jsontext.AppendString(dst, *c) })
	}
	return append(dst, '}')
}
