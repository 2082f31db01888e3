package open311

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/data/catalogue"
	"github.com/gewu-city/gewu/server/open311/service"
	"github.com/gewu-city/gewu/server/open311/wire"
)

// The states of requests.
const (
	open   = "open"
	closed = "closed"
)

// shown finds a case that the public may see; to it all others do not exist.
func (a *API) shown(id string) (store.Summary, bool) {
	sum, ok := a.Cases.Find(id)
	return sum, ok && a.mayShow(&sum)
}

// mayShow reports whether the public may see a case: not one that is private, not the parts into which a case was split, and
// only those of the sources that the city opens.
func (a *API) mayShow(sum *store.Summary) bool {
	return !sum.Private && sum.Parent == "" && (len(a.Settings.Sources) == 0 || slices.Contains(a.Settings.Sources, sum.Source))
}

// standing is the state of a case for the public: open or closed, and the label of its state.
func (a *API) standing(ref cases.ProcessRef, state string, final bool, lang string) (status, label string) {
	status = open
	if final {
		status = closed
	}
	t, ok := a.Processes().Table(ref.Name, ref.Version)
	if !ok {
		return status, ""
	}
	s, ok := t.State(state)
	if !ok {
		return status, ""
	}
	return s.Public, s.Title.In(lang, "")
}

// view is what the public may know of a case.
type view struct {
	sum                             store.Summary
	status, label                   string
	service                         *service.Service
	serviceName                     string
	description, address, addressID string
	agency, notice                  string
	due                             time.Time
	photos                          []string
	// row is the row of limits that was picked.
	row     string
	parts   []cases.Part
	updates []update
}

// update is a step that the public is told.
type update struct {
	number             int
	at                 time.Time
	state, from, label string
	status             string
	photo              string
}

// look reads what the public may know of a case.
func (a *API) look(c *call, sum store.Summary) (*view, error) {
	ctx, lang := c.Context(), c.lang
	var events []*cases.Event
	for e, err := range a.Cases.Events(ctx, sum.ID) {
		if err != nil {
			return nil, fmt.Errorf("case %s: %w", sum.ID, err)
		}
		events = append(events, e)
	}
	if len(events) == 0 {
		return nil, fmt.Errorf("case %s: %w", sum.ID, cases.ErrNoCase)
	}
	v := &view{sum: sum, description: masked(events[0].Form.Description)}
	v.status, v.label = a.standing(sum.Process, sum.State, sum.Final, lang)
	var words string
	var place *cases.Place
	for _, e := range events {
		words = cmp.Or(e.Form.Address, words)
		if e.Form.Class != nil {
			v.row = e.Form.Class.Row
		}
		if e.Place != nil {
			place = e.Place
		}
		photo := ""
		for _, file := range slices.Concat(e.Form.Before, e.Form.After) {
			if a.Files == nil {
				break
			}
			if address, ok := a.Files.Public(ctx, sum.ID, file.Hash); ok {
				if strings.HasPrefix(address, "/") {
					address = a.Base(c.Request) + address
				}
				photo = cmp.Or(photo, address)
				if !slices.Contains(v.photos, address) {
					v.photos = append(v.photos, address)
				}
			}
		}
		if e.From != e.To {
			u := update{number: e.Number, at: e.At, state: e.To, from: e.From, photo: photo}
			u.status, u.label = a.standing(sum.Process, e.To, e.Final, lang)
			v.updates = append(v.updates, u)
		}
	}
	if err := a.classed(v, lang); err != nil {
		return nil, err
	}
	v.where(place, words)
	v.agency = a.agency(sum, place, lang)
	if a.Clocks != nil && !sum.Final {
		var err error
		if v.due, err = a.Clocks.Due(ctx, sum.ID); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// classed says which service a case is of.
func (a *API) classed(v *view, lang string) error {
	list, _, err := a.list()
	if err != nil {
		return err
	}
	key := catalogue.Key{Edition: v.sum.Class.Edition, Kind: catalogue.Kind(v.sum.Class.Kind), Code: v.sum.Class.Code}
	if key.Code == "" {
		return nil
	}
	s, ok := list.Of(key)
	if !ok {
		v.serviceName = catalogue.Name(key)
		return nil
	}
	v.service, v.serviceName = s, s.Name.In(lang, s.Code)
	if v.status == open {
		v.notice = s.Notice(s.Row(v.row), lang)
	}
	return nil
}

// where says where a case is: the address that the city found, else the words of whoever reported, else the areas, else the
// coordinates. There is always something, since clients demand an address.
func (v *view) where(place *cases.Place, words string) {
	v.address = masked(words)
	if place != nil {
		v.address = cmp.Or(place.Address, v.address)
		v.parts, v.addressID = place.Parts, place.AddressID
		if v.address == "" {
			var names []string
			for _, area := range slices.Backward(place.Areas) {
				names = append(names, cmp.Or(area.Name, area.Code))
			}
			v.address = strings.Join(names, ", ")
		}
		if len(place.Parts) > 0 {
			v.addressID = cmp.Or(place.Parts[0].Code, place.Parts[0].ID)
		}
	}
	if p := v.sum.Point; v.address == "" && p != nil {
		v.address = fmt.Sprintf("%.6f, %.6f", p.Lat, p.Lon)
	}
	v.address = cmp.Or(v.address, "-")
}

// agency is the organisation that answers for a case: that of its duty, else the unit that has it.
func (a *API) agency(sum store.Summary, place *cases.Place, lang string) string {
	id := sum.Unit
	if id == "" && place != nil && place.Duty != nil {
		id = place.Duty.Organisation
	}
	if id == "" || a.Offices == nil {
		return ""
	}
	return a.Offices(id, lang)
}

// object is a view as the request of an answer. Members that nothing is known of are there, empty.
func (v *view) object(lang string, extensions bool) wire.Object {
	code := ""
	if v.service != nil {
		code = v.service.Code
	}
	var lat, long, photo any
	if p := v.sum.Point; p != nil {
		lat, long = p.Lat, p.Lon
	}
	if len(v.photos) > 0 {
		photo = v.photos[0]
	}
	updated := v.sum.Updated
	if v.status == closed && !v.sum.Rested.IsZero() {
		updated = v.sum.Rested
	}
	o := wire.Object{
		{Name: "service_request_id", Value: v.sum.ID},
		{Name: "status", Value: v.status},
		{Name: "status_notes", Value: v.label},
		{Name: "service_name", Value: v.serviceName},
		{Name: "service_code", Value: code},
		{Name: "description", Value: v.description},
		{Name: "agency_responsible", Value: v.agency},
		{Name: "service_notice", Value: v.notice},
		{Name: "requested_datetime", Value: v.sum.Opened},
		{Name: "updated_datetime", Value: updated},
		{Name: "expected_datetime", Value: v.due},
		{Name: "address", Value: v.address},
		{Name: "address_id", Value: v.addressID},
		{Name: "zipcode", Value: nil},
		{Name: "lat", Value: lat},
		{Name: "long", Value: long},
		{Name: "media_url", Value: photo},
	}
	if extensions {
		o = append(o, v.extended(lang)...)
	}
	return o
}

// extended are the members that extensions=true adds: what else is known, the answers that may be told, and how the case
// went on.
func (v *view) extended(lang string) wire.Object {
	photos := wire.List{Item: "media_url"}
	for _, address := range v.photos {
		photos.Values = append(photos.Values, address)
	}
	var areas wire.Object
	for _, area := range v.sum.Areas {
		areas = append(areas, wire.Member{Name: "area_" + area.Level, Value: area.Code})
	}
	attributes, notes := wire.List{Item: "attribute"}, wire.List{Item: "note"}
	answer := func(code, name string, value any) {
		attributes.Values = append(attributes.Values, wire.Object{{Name: "code", Value: code}, {Name: "name", Value: name}, {Name: "value", Value: value}})
	}
	if v.service != nil {
		for _, q := range v.service.Attributes {
			switch {
			case q.Code == service.Condition && v.row != "":
				answer(q.Code, q.Description.In(lang, q.Code), v.row)
			case q.Code == service.Part:
				for _, part := range v.parts {
					answer(q.Code, q.Description.In(lang, q.Code), cmp.Or(part.Code, part.ID))
				}
			}
		}
	}
	for _, u := range v.updates {
		notes.Values = append(notes.Values, wire.Object{
			{Name: "datetime", Value: u.at}, {Name: "type", Value: u.status}, {Name: "summary", Value: u.label}, {Name: "description", Value: u.label},
		})
	}
	extended := append(wire.Object{{Name: "source", Value: v.sum.Source}, {Name: "state", Value: v.sum.State}, {Name: "photos", Value: photos}}, areas...)
	return wire.Object{{Name: "extended_attributes", Value: extended}, {Name: "attributes", Value: attributes}, {Name: "notes", Value: notes}}
}

// vocabulary are the states of updates that clients know.
var vocabulary = []string{
	"OPEN", "FIXED", "IN_PROGRESS", "ACTION_SCHEDULED", "INVESTIGATING", "DUPLICATE", "NOT_COUNCILS_RESPONSIBILITY",
	"NO_FURTHER_ACTION", "INTERNAL_REFERRAL", "FOR_TRIAGE", "CLOSED", "CANCELLED", "REOPEN",
}

// words are the states of processes that come with gewu in that vocabulary. States that a city adds are OPEN or CLOSED.
var words = map[string]string{
	"submitted": "FOR_TRIAGE", "verifying": "INVESTIGATING", "accepted": "INVESTIGATING",
	"registered": "ACTION_SCHEDULED", "assigned": "ACTION_SCHEDULED", "handling": "IN_PROGRESS", "emergency": "IN_PROGRESS",
	"disputed": "INTERNAL_REFERRAL", "meeting": "INTERNAL_REFERRAL", "reported": "IN_PROGRESS", "to-inspect": "IN_PROGRESS",
	"inspecting": "INVESTIGATING", "to-close": "IN_PROGRESS",
	"closed": "FIXED", "rejected": "NO_FURTHER_ACTION", "voided": "NO_FURTHER_ACTION", "merged": "DUPLICATE",
}

// word is the state that an update tells.
func (u *update) word(wasClosed bool) string {
	if wasClosed && u.status == open {
		return "REOPEN"
	}
	word, ok := words[u.state]
	ends := slices.Contains([]string{"FIXED", "NO_FURTHER_ACTION", "DUPLICATE"}, word)
	if !ok || ends != (u.status == closed) {
		return strings.ToUpper(u.status)
	}
	return word
}
