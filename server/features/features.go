// Package features answers for the features of layers and takes changes of them.
package features

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/filter"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// API is the resource features. Its members are set once.
type API struct{ *city.City }

// Bounds of a page of features. A page also ends when it is pageBytes long, so that layers of large polygons do not
// make answers of gigabytes.
const (
	standardPage = 100
	longestPage  = 10_000
	pageBytes    = 4 << 20
	// fullPage bounds a page of personal data in full.
	fullPage = 50
)

// equality is one condition of a search: attribute = value.
type equality struct {
	attribute int
	value     data.Value
}

// search is what a list of features asks for.
type search struct {
	layer *index.Layer
	box   geo.Box
	boxed bool
	// within yields the features of a cell; nil for everywhere.
	within iter.Seq[index.Slot]
	equal  []equality
	filter *filter.Bound
	after  string
	limit  int
}

// List lists features in the order of their ids.
func (a *API) List(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	world, err := a.Ask(r, q)
	if err != nil {
		return err
	}
	layer, ok := world.Layer(mux.Vars(r)["layer"])
	if !ok {
		return city.UnknownLayer(world.World, mux.Vars(r)["layer"])
	}
	find := search{layer: layer, limit: q.Whole("limit", 1, longestPage, standardPage)}
	find.box, find.boxed = q.Box("bbox")
	if find.after, err = city.ParseCursor(q.Text("cursor"), world.Epoch()); err != nil {
		return err
	}
	if text := q.Text("in_cell"); text != "" {
		if find.within, err = a.within(world.World, layer, text); err != nil {
			return err
		}
	}
	words := readLabels(q, world.World, layer)
	how, err := a.Reading(r, q, world.World, layer.Def())
	if err != nil {
		return err
	}
	if find.limit > fullPage && how.Full {
		return rest.Fault(rest.BadRequest, "limit", strconv.Itoa(find.limit), fmt.Sprintf("must be at most %d where personal data are read in full", fullPage))
	}
	find.filter = a.Filter(q, world.World, layer)
	find.conditions(q)
	if err := q.Done(" and the attributes of the layer: " + strings.Join(layer.Def().AttributeNames(), ", ")); err != nil {
		return err
	}
	// One more than asked for tells whether there is a next page.
	slots, err := find.run(r)
	if err != nil {
		return err
	}
	body := []byte(`{"type":"FeatureCollection","features":[`)
	n, count := 0, 0
	var ids []string
	for ; n < min(len(slots), find.limit) && len(body) < pageBytes; n++ {
		if gone, err := a.Gone(layer.Def(), layer.ID(slots[n])); gone || err != nil {
			if err != nil {
				return err
			}
			continue
		}
		if count++; count > 1 {
			body = append(body, ',')
		}
		if how.Full {
			ids = append(ids, layer.ID(slots[n]))
		}
		if body, err = a.appendFeature(body, layer, slots[n], words, how); err != nil {
			return err
		}
	}
	if err := a.NoteReading(r, how, layer.Def(), ids...); err != nil {
		return err
	}
	body = fmt.Appendf(body, `],"numberReturned":%d,"seq":%d`, count, world.Seq())
	if n < len(slots) {
		body = fmt.Appendf(body, `,"next":%q`, city.FormatCursor(world.Epoch(), layer.ID(slots[n-1])))
	}
	shown, err := json.Marshal(world.Shown)
	if err != nil {
		return err
	}
	if len(shown) > len("{}") {
		body = append(append(body, ','), shown[1:len(shown)-1]...)
	}
	world.Header(w)
	return rest.WriteBody(w, r, http.StatusOK, rest.TypeGeoJSON, append(body, '}'))
}

// within reads scheme/code and yields the features that are counted in that cell.
func (a *API) within(w *index.World, layer *index.Layer, text string) (iter.Seq[index.Slot], error) {
	name, code, ok := strings.Cut(text, "/")
	if !ok {
		return nil, rest.Fault(rest.BadRequest, "in_cell", text, "must be scheme/code, such as unit/110101001001001")
	}
	scheme, ok := a.Locator.Plan(w).Scheme(name)
	if !ok {
		return nil, rest.Fault(rest.BadRequest, "in_cell", text, "names a scheme that does not exist")
	}
	_, cell, ok := scheme.Cell(w, code)
	if !ok {
		return nil, rest.Fault(rest.BadRequest, "in_cell", text, "names no cell of the scheme")
	}
	slots, ok := a.Cells.At(w).Owned(scheme.Cells.Layer, cell, layer.Def().Name)
	if !ok {
		return nil, rest.Fault(rest.BadRequest, "in_cell", text, "selects among layers that are counted in cells, which "+layer.Def().Name+" is not")
	}
	return slots, nil
}

// conditions takes every parameter that is not known otherwise and names an attribute.
func (f *search) conditions(q *rest.Params) {
	def := f.layer.Def()
	for name, text := range q.Unasked() {
		i := def.MatchAttribute(name)
		if i < 0 {
			continue
		}
		a := def.Attributes[i]
		if a.Personal {
			q.Fail(rest.Fault(rest.BadRequest, name, "", "is personal: nobody is searched by it"))
			q.Text(name)
			continue
		}
		v, err := data.ParseValue(a.Type, q.Text(name), a.Location())
		switch {
		case err != nil || v.Null():
			q.Fail(rest.Fault(rest.BadRequest, name, text, "must be "+string(a.Type)))
		case slices.ContainsFunc(f.equal, func(e equality) bool { return e.attribute == i }):
			q.Fail(rest.Fault(rest.BadRequest, name, text, "names the attribute "+a.Name+" a second time"))
		}
		f.equal = append(f.equal, equality{i, v})
	}
}

func (f *search) holds(slot index.Slot, conditions []equality) bool {
	for _, e := range conditions {
		if f.layer.Value(slot, e.attribute) != e.value {
			return false
		}
	}
	return true
}

// run finds the first limit+1 slots after the cursor, in the order of ids.
func (f *search) run(r *http.Request) ([]index.Slot, error) {
	want := f.limit + 1
	candidates, ordered := f.candidates()
	if ordered {
		if err := city.Affordable(f.filter, f.layer.Len()); err != nil {
			return nil, err
		}
	}
	var found []index.Slot
	looked := 0
	for batch, err := range city.Batches(r.Context(), candidates) {
		if err != nil {
			return nil, err
		}
		looked += len(batch)
		if err := city.Affordable(f.filter, looked); err != nil {
			return nil, err
		}
		batch = slices.DeleteFunc(batch, func(slot index.Slot) bool {
			return f.layer.ID(slot) <= f.after || !f.holds(slot, f.equal) || f.boxed && !f.layer.Box(slot).Intersects(f.box)
		})
		if f.filter != nil {
			batch = f.filter.Keep(f.layer, batch)
		}
		found = append(found, batch...)
		switch {
		case ordered && len(found) >= want:
			return found[:want], nil
		case len(found) >= 4*want:
			found = f.first(found, want)
		}
	}
	return f.first(found, want), nil
}

// candidates are all features that can be meant, by the index that leaves the fewest, and whether they come in the order
// of their ids.
func (f *search) candidates() (candidates iter.Seq[index.Slot], ordered bool) {
	if f.within != nil {
		return f.within, false
	}
	if f.filter != nil && !f.boxed {
		if found, ok := f.filter.Candidates(f.layer); ok {
			return found, false
		}
	}
	switch {
	case f.boxed:
		return func(yield func(index.Slot) bool) { f.layer.Search(f.box, yield) }, false
	case len(f.equal) > 0:
		return f.layer.Equal(f.equal[0].attribute, f.equal[0].value), false
	default:
		return f.layer.After(f.after), true
	}
}

// first keeps the n slots with the lowest ids, in order.
func (f *search) first(slots []index.Slot, n int) []index.Slot {
	slices.SortFunc(slots, func(a, b index.Slot) int { return cmp.Compare(f.layer.ID(a), f.layer.ID(b)) })
	return slots[:min(n, len(slots))]
}

// appendFeature appends a feature as GeoJSON with its own position and permanent id, and labels if there are any to give.
func (a *API) appendFeature(dst []byte, l *index.Layer, slot index.Slot, words *labels, how city.Reading) ([]byte, error) {
	f, more, err := a.Show(l.Def(), l.Feature(slot), how)
	if err != nil {
		return dst, err
	}
	extra := append([]convert.Member{
		{Name: "seq", Value: strconv.AppendUint(nil, uint64(l.ChangedAt(slot)), 10)},
		{Name: "permanent", Value: strconv.AppendUint(nil, uint64(l.Permanent(slot)), 10)},
	}, more...)
	if words != nil {
		extra = append(extra, words.member(l, slot))
	}
	return convert.AppendFeature(dst, l.Def(), &f, extra...), nil
}

// Get answers with one feature; its ETag is the position of its newest change.
func (a *API) Get(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	world, err := a.Ask(r, q)
	if err != nil {
		return err
	}
	name, id := mux.Vars(r)["layer"], mux.Vars(r)["id"]
	layer, ok := world.Layer(name)
	if !ok {
		return city.UnknownLayer(world.World, name)
	}
	words := readLabels(q, world.World, layer)
	how, err := a.Reading(r, q, world.World, layer.Def())
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	slot, ok := layer.Lookup(id)
	gone, err := a.Gone(layer.Def(), id)
	if err != nil {
		return err
	}
	if !ok || gone {
		return a.UnknownIn(r, world, layer, id)
	}
	tag := words.tag(layer, slot)
	world.Header(w)
	w.Header().Set("ETag", `"`+tag+`"`)
	if layer.Def().Sensitive != nil {
		w.Header().Set("Cache-Control", "no-store")
	}
	if !how.Full && rest.MatchesTag(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	body, err := a.appendFeature(nil, layer, slot, words, how)
	if err != nil {
		return err
	}
	if err := a.NoteReading(r, how, layer.Def(), id); err != nil {
		return err
	}
	return rest.WriteBody(w, r, http.StatusOK, rest.TypeGeoJSON, body)
}
