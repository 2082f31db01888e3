// Package place answers what cases ask of the city: where a matter is and who gets it, which place words mean, which cases lie
// near, how long a stage may take. It joins the World, the directory and the rules of the city with the interfaces of package
// cases and keeps nothing.
package place

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/route"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
)

// Ground is the city as cases ask for it. Its members are set once; it is safe for concurrent use.
type Ground struct {
	// World is the newest World, all of it.
	World   func() *index.World
	Locator *grid.Locator
	// Router is the rules in force; nil routes nothing, and places have no duty.
	Router func() *route.Router
	// Working reports whether a time is working time, see [route.City].
	Working func(at time.Time) (bool, error)
	// Owner is the attribute of parts with the id or the name of the organisation that they belong to; empty is "owner".
	Owner string
}

// How far off a door and a part may be, in metres, and how many parts are looked at for one of the class.
const (
	doorMetres = 200
	partMetres = 30
	mostParts  = 200
)

// Locate is where a matter is: everything from one World. Outside the city there are no areas, and the duty is the last
// resort of the rules.
func (g *Ground) Locate(_ context.Context, m *cases.Matter) (*cases.Place, error) {
	w := g.World()
	p, err := g.look(w, m)
	if err != nil {
		return nil, err
	}
	answer, err := g.route(w, m, p, false)
	if err != nil {
		return nil, err
	}
	if answer != nil {
		p.Duty = &answer.Duty
	}
	return p, nil
}

// Look is where a matter is, without a duty.
func (g *Ground) Look(m *cases.Matter) (*cases.Place, error) { return g.look(g.World(), m) }

func (g *Ground) look(w *index.World, m *cases.Matter) (*cases.Place, error) {
	at, ok := geo.FromDegrees(m.Point.Lon, m.Point.Lat)
	if !ok {
		return nil, &data.FieldError{Field: "point", Value: fmt.Sprint(m.Point.Lon, ",", m.Point.Lat), Why: "is no place on earth"}
	}
	ask := grid.Ask{Areas: true, Cells: true, AddressMeters: doorMetres}
	if len(m.Parts) == 0 && m.Class.Kind == "part" && m.Class.Code != "" {
		ask.PartMeters, ask.MostParts = max(partMetres, min(m.Point.Accuracy, doorMetres)), mostParts
	}
	loc := g.Locator.Locate(w, at, ask)
	p := &cases.Place{Seq: w.Seq(), Point: &m.Point}
	for i := range loc.Areas {
		a := &loc.Areas[i]
		p.Areas = append(p.Areas, cases.Area{AreaKey: people.AreaKey{Level: a.Level, Code: a.Code}, Name: a.Name})
	}
	for i := range loc.Cells {
		p.Cells = append(p.Cells, people.CellRef{Scheme: loc.Cells[i].Scheme, Code: loc.Cells[i].Code})
	}
	d := people.Of(w)
	p.Cells = append(p.Cells, subunits(w, g.Locator.Plan(w), at, d)...)
	if len(p.Areas)+len(p.Cells) == 0 {
		p.Outside = outside(w, g.Locator.Plan(w), at)
	}
	if loc.Address != nil {
		p.Address, p.AddressID = loc.Address.Label, loc.Address.ID
	}
	for _, picked := range m.Parts {
		p.Parts = append(p.Parts, g.part(w, d, picked))
	}
	for i := range loc.Parts {
		if near := &loc.Parts[i]; isOf(near, m.Class.Code) {
			p.Parts = []cases.Part{g.part(w, d, cases.Part{Layer: near.Layer, ID: near.ID, Code: near.Code, Class: near.Class})}
			break
		}
	}
	for _, dispute := range g.Locator.Disputes(w, at) {
		p.Disputes = append(p.Disputes, nameOf(&dispute))
	}
	return p, nil
}

// subunits are the entrances and buildings at a point that may have staff of their own, entrances first: those of layers in which
// somebody holds some.
func subunits(w *index.World, plan *grid.Plan, at geo.Point, d *people.Directory) (refs []people.CellRef) {
	var layers []string
	for _, name := range d.Schemes() {
		if _, scheme := plan.Scheme(name); !scheme {
			layers = append(layers, name)
		}
	}
	if len(layers) == 0 {
		return nil
	}
	for _, u := range plan.Subunits(w, at, layers) {
		refs = append(refs, people.CellRef{Scheme: u.Layer, Code: u.ID})
	}
	return refs
}

// isOf reports whether a part is of a class: by its class, or by the digits of its national code that say it.
func isOf(p *grid.Part, class string) bool {
	const district, national = 6, 16
	return strings.HasPrefix(p.Class, class) || len(p.Code) == national && strings.HasPrefix(p.Code[district:], class)
}

// nameOf names a dispute: a zone by its layer and id, areas that overlap by their level and codes.
func nameOf(d *grid.Dispute) string {
	if d.ID != "" {
		return d.Layer + "/" + d.ID
	}
	sides := make([]string, len(d.Claimants))
	for i, c := range d.Claimants {
		sides[i] = c.Code
	}
	return d.Level + "/" + strings.Join(sides, "+")
}

// part adds to a part what the city knows of it. One that does not exist stays as it was named.
func (g *Ground) part(w *index.World, d *people.Directory, p cases.Part) cases.Part {
	l, ok := w.Layer(p.Layer)
	if !ok {
		return p
	}
	slot, ok := l.Lookup(p.ID)
	if !ok {
		return p
	}
	text := func(attribute string) string {
		i := slices.IndexFunc(l.Def().Attributes, func(a data.Attribute) bool { return a.Name == attribute && !a.Dropped })
		if attribute == "" || i < 0 {
			return ""
		}
		return l.Value(slot, i).Text()
	}
	if role := l.Def().Roles.Part; role != nil {
		p.Class, p.Code = text(role.Class), text(role.Code)
	}
	owner := g.Owner
	if owner == "" {
		owner = "owner"
	}
	p.Owner = organisation(d, text(owner))
	return p
}

// organisation is the id of an organisation that is named by its id or by a title; a name that nobody has stays, so that
// whoever reads the case sees whose the part is said to be.
func organisation(d *people.Directory, name string) string {
	if _, ok := d.Organisation(name); ok || name == "" {
		return name
	}
	for _, o := range d.Organisations() {
		for _, title := range o.Title {
			if title == name {
				return o.ID
			}
		}
	}
	return name
}

// Route is who would get a matter, and why each rule before does not answer; dry switches no rule off.
func (g *Ground) Route(m *cases.Matter, p *cases.Place, dry bool) (*route.Answer, error) {
	return g.route(g.World(), m, p, dry)
}

func (g *Ground) route(w *index.World, m *cases.Matter, p *cases.Place, dry bool) (*route.Answer, error) {
	if g.Router == nil {
		return nil, nil //nolint:nilnil // a city without rules routes nothing
	}
	router := g.Router()
	if router == nil {
		return nil, nil //nolint:nilnil // see above
	}
	d := people.Of(w)
	q := &route.Question{Class: m.Class, Source: m.Source, Place: p, At: m.At}
	if o, ok := d.Organisation(m.By.Organisation); ok {
		q.Level = o.Level
	}
	c := &duties{Directory: cases.People(d, m.At), all: d, plan: g.Locator.Plan(w), at: m.At, working: g.Working}
	if dry {
		return router.Dry(q, c)
	}
	return router.Route(q, c)
}

// duties is who answers for what, at the time of a question.
type duties struct {
	cases.Directory
	all     *people.Directory
	plan    *grid.Plan
	at      time.Time
	working func(time.Time) (bool, error)
}

// Duties implements [route.City].
func (d *duties) Duties(p *cases.Place, class string) []people.Duty {
	where := people.Place{}
	// Whoever has an entrance or a building comes before whoever has the cell around it.
	for _, own := range []bool{true, false} {
		for _, c := range p.Cells {
			if d.Subunit(c) == own {
				where.Cells = append(where.Cells, c)
			}
		}
	}
	for i := range p.Areas {
		where.Areas = append(where.Areas, p.Areas[i].AreaKey)
	}
	return d.all.DutiesAt(where, class, d.at)
}

// Subunit implements [route.City].
func (d *duties) Subunit(c people.CellRef) bool {
	_, scheme := d.plan.Scheme(c.Scheme)
	return !scheme
}

// Working implements [route.City].
func (d *duties) Working(at time.Time) (bool, error) {
	if d.working == nil {
		return false, &data.FieldError{Field: "calendar", Why: "there is none"}
	}
	return d.working(at)
}
