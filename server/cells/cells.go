// Package cells answers for the cells of schemes: their cards and the table of their totals.
package cells

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/cells"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/answer"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// API is the resource cells of a scheme.
type API struct{ *city.City }

// Bounds of one answer.
const (
	standardItems, mostItems = 20, 1000
	standardPage, mostPage   = 100, 5000
)

// card is a card and the position at which it was read.
type card struct {
	cells.Card
	Staff []staff `json:"staff"`
	// Subunits are the buildings and entrances in the cell that have staff of their own.
	Subunits subunits `json:"subunits"`
	Seq      data.Seq `json:"seq"`
	city.Shown
}

// staff is somebody who works for a cell.
type staff struct {
	// Person and StandsInFor are for who may list staff.
	Person       string `json:"person,omitempty"`
	Post         string `json:"post"`
	Organisation string `json:"organisation"`
	StandsInFor  string `json:"stands_in_for,omitempty"`
	Deputy       bool   `json:"deputy,omitempty"`
}

// staffOf are those who work for a cell at the time that the World is asked for.
func (a *API) staffOf(r *http.Request, w *index.World, scheme, code string) []staff {
	all, named := []staff{}, city.May(r, people.ManagePeople)
	for _, h := range people.Of(w).StaffOfCell(people.CellRef{Scheme: scheme, Code: code}, a.When(w)) {
		one := staff{Post: h.Post, Organisation: h.Organisation, Deputy: h.Deputy}
		if named {
			one.Person, one.StandsInFor = h.Staff.ID, h.StandsInFor
		}
		all = append(all, one)
	}
	return all
}

// subunits are parts of a cell that carry duties. Count is how many there are; Items may be fewer.
type subunits struct {
	Count int       `json:"count"`
	Items []subunit `json:"items"`
}

type subunit struct {
	Layer string  `json:"layer"`
	ID    string  `json:"id"`
	Label string  `json:"label,omitempty"`
	Staff []staff `json:"staff"`
}

// subunitsOf are the buildings and entrances in a cell that have staff, by layer and permanent id.
func (a *API) subunitsOf(r *http.Request, w *index.World, cells string, cell index.Slot, limit int) subunits {
	out, totals := subunits{Items: []subunit{}}, a.Cells.At(w)
	for _, name := range answer.Subdivided(w, a.Locator.Plan(w), people.Of(w)) {
		l, _ := w.Layer(name)
		owned, _ := totals.Owned(cells, cell, name)
		if owned == nil {
			continue
		}
		for _, slot := range slices.SortedFunc(owned, func(a, b index.Slot) int { return cmp.Compare(l.Permanent(a), l.Permanent(b)) }) {
			staff := a.staffOf(r, w, name, l.ID(slot))
			if len(staff) == 0 {
				continue
			}
			if out.Count++; len(out.Items) < limit {
				out.Items = append(out.Items, subunit{name, l.ID(slot), l.Value(slot, l.Def().LabelAttribute()).String(), staff})
			}
		}
	}
	return out
}

// Get answers with the card of one cell: GET /v1/schemes/{scheme}/cells/{code}.
func (a *API) Get(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	limit := q.Whole("limit", 0, mostItems, standardItems)
	world, scheme, err := a.scheme(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	code := mux.Vars(r)["code"]
	layer, cell, ok := scheme.Cell(world.World, code)
	if !ok {
		return city.UnknownCell(world.World, scheme.Name, code)
	}
	world.Header(w)
	return rest.WriteJSON(w, r, http.StatusOK, card{
		a.Cells.CardOf(world.World, a.Locator, scheme, cell, limit), a.staffOf(r, world.World, scheme.Name, scheme.CodeOf(layer, cell)),
		a.subunitsOf(r, world.World, scheme.Cells.Layer, cell, limit), world.Seq(), world.Shown,
	})
}

// scheme takes a World and finds the scheme of the path.
func (a *API) scheme(r *http.Request, q *rest.Params) (*city.Asked, grid.Scheme, error) {
	world, err := a.Ask(r, q)
	if err != nil {
		return nil, grid.Scheme{}, err
	}
	name := mux.Vars(r)["scheme"]
	plan := a.Locator.Plan(world.World)
	scheme, ok := plan.Scheme(name)
	if !ok {
		names := make([]string, len(plan.Schemes))
		for i, have := range plan.Schemes {
			names[i] = have.Name
		}
		return nil, scheme, rest.Unknown("scheme", name, names)
	}
	return world, scheme, nil
}

// List answers with the cells of a scheme and their totals, in the order of their feature ids:
// GET /v1/schemes/{scheme}/cells.
func (a *API) List(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	limit := q.Whole("limit", 1, mostPage, standardPage)
	box, boxed := q.Box("bbox")
	cursor := q.Text("cursor")
	world, scheme, err := a.scheme(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	after, err := city.ParseCursor(cursor, world.Epoch())
	if err != nil {
		return err
	}
	page := struct {
		Cells []cells.Row `json:"cells"`
		Count int         `json:"count"`
		Next  string      `json:"next,omitempty"`
		Seq   data.Seq    `json:"seq"`
		city.Shown
	}{Cells: []cells.Row{}, Seq: world.Seq(), Shown: world.Shown}
	layer, ok := world.Layer(scheme.Cells.Layer)
	if ok {
		page.Count = layer.Len()
		slots := layer.After(after)
		if boxed {
			slots = slices.Values(sortedIn(layer, func(yield func(index.Slot) bool) { layer.Search(box, yield) }, after))
		}
		for slot := range slots {
			if len(page.Cells) == limit {
				page.Next = city.FormatCursor(world.Epoch(), page.Cells[limit-1].ID)
				break
			}
			if len(page.Cells)%city.CheckEvery == 0 && r.Context().Err() != nil {
				return r.Context().Err()
			}
			page.Cells = append(page.Cells, a.Cells.RowOf(world.World, a.Locator, scheme, slot))
		}
	}
	world.Header(w)
	return rest.WriteJSON(w, r, http.StatusOK, page)
}

// sortedIn are the slots with ids after the given one, in the order of their ids.
func sortedIn(l *index.Layer, found func(yield func(index.Slot) bool), after string) []index.Slot {
	slots := slices.DeleteFunc(slices.Collect(found), func(s index.Slot) bool { return l.ID(s) <= after })
	slices.SortFunc(slots, func(x, y index.Slot) int { return cmp.Compare(l.ID(x), l.ID(y)) })
	return slots
}
