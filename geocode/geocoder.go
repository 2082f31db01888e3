package geocode

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/index"
)

// Geocoder answers questions about the city as an engine publishes it. It is safe for concurrent use. Add it to the
// engine by Follow before that is loaded.
type Geocoder struct {
	gazetteer.Follower
	finders *sync.Pool
	views   views
}

var _ index.Projection = (*Geocoder)(nil)

// New returns a Geocoder that knows no city yet.
func New() *Geocoder {
	return &Geocoder{finders: &sync.Pool{New: func() any { return newFinder() }}}
}

// Search returns the places that a text may mean, the best first, and the World that they are in.
func (g *Geocoder) Search(q Question) ([]Place, *index.World) {
	city := g.Gazetteer()
	if city == nil {
		return nil, nil
	}
	f := g.finders.Get().(*finder)
	defer g.finders.Put(f)
	f.begin(city, q.Text, q.When)
	f.wide = q.AreaFallback
	f.codes(q.Text)
	f.search()
	if f.best() < StandardLeast {
		f.romanised(q.Text)
	}
	return f.answer(&q), city.World()
}

// answer writes out the candidates that a question asks for.
func (f *finder) answer(q *Question) []Place {
	limit, least := q.Limit, q.Least
	if limit <= 0 {
		limit = defaultLimit
	}
	if least == 0 {
		least = StandardLeast
	}
	f.rank(q)
	f.widen()
	var places []Place
	for i := range f.found {
		c := &f.found[i]
		if c.score < least && (!q.AreaFallback || c.kind != Area) || len(places) == min(limit, MostPlaces) {
			continue
		}
		p := f.place(c)
		if q.Box != nil && !q.Box.Contains(p.At) || len(q.Layers) > 0 && !slices.Contains(q.Layers, p.Layer) {
			continue
		}
		places = append(places, p)
	}
	return places
}

// Two answers as good as each other, further apart than this in metres, make both doubtful.
const (
	sameScore       = 2
	samePlace       = 50.0
	ambiguousPoints = 12
	focusPoints     = 8 // of the nearest of several that a misspelt name may mean
)

// rank takes the focus into account and marks what is ambiguous.
func (f *finder) rank(q *Question) {
	if len(f.found) < 2 {
		return
	}
	top := f.found[0].score
	n := 0
	for n < len(f.found) && f.found[n].score >= top-sameScore && f.found[n].told == f.found[0].told {
		n++
	}
	best := f.found[:n]
	if q.Focus != nil {
		slices.SortStableFunc(best, func(a, b candidate) int {
			return cmp.Compare(geo.Distance(a.at, *q.Focus), geo.Distance(b.at, *q.Focus))
		})
	}
	apart := false
	for i := range best[1:] {
		apart = apart || geo.Distance(best[0].at, best[i+1].at) > samePlace
	}
	if !apart {
		return
	}
	for i := range best {
		c := &best[i]
		if q.Focus != nil && i == 0 {
			if slip := c.nameFault(Misspelt); slip != nil {
				c.faults = append(slices.Clip(c.faults), Fault{Element: "text", Kind: Ambiguous, Points: focusPoints})
				c.score = max(c.score-focusPoints, 0)
			}
			continue // the focus decides
		}
		c.faults = append(slices.Clip(c.faults), Fault{Element: "text", Kind: Ambiguous, Points: ambiguousPoints})
		c.score = max(c.score-ambiguousPoints, 0)
	}
	if q.Focus == nil {
		return
	}
	f.sort()
}

// widen holds the scores of places that may be further off than a sure one is below 90.
func (f *finder) widen() {
	for i := range f.found {
		if c := &f.found[i]; c.radius > surely {
			c.score = min(c.score, sure-1)
		}
	}
	slices.SortStableFunc(f.found, func(a, b candidate) int { return b.score - a.score })
}

// place writes a candidate out.
func (f *finder) place(c *candidate) Place {
	start, end := f.text.Source(c.start, c.end)
	p := Place{Kind: c.kind, Relation: c.relation, At: c.at, Radius: c.radius, Score: c.score, Faults: c.faults, Start: start, End: end}
	switch {
	case c.isDoor:
		layer, slot := f.g.Door(c.door)
		l := f.g.Layer(layer)
		plate := f.g.DoorPlate(c.door)
		p.Layer, p.ID, p.Label = l.Def().Name, l.ID(slot), f.g.DoorLabel(c.door)
		p.Name, p.Road, p.Section, p.Lane, p.Alley, p.Number = plate.Road, plate.Road, plate.Section, plate.Lane, plate.Alley, plate.Number
		if p.Label == "" {
			p.Label = joined(plate.Road, plate.Section, plate.Lane, plate.Alley, plate.Number)
		}
	case c.kind == Part, c.kind == Area && c.label != "":
		f.partPlace(c, &p)
	case c.kind == Area && c.relation == Between:
		p.Label = strings.TrimSpace(f.text.Written(c.start, c.end))
	case c.kind == Crossing:
		p.Road = f.g.RoadTitle(c.road)
		p.Name = p.Road + " / " + f.g.RoadTitle(c.cross)
		if c.label != "" {
			p.Name = c.label
		}
		p.Label = p.Name
	case c.kind == House || c.kind == Road || c.kind == Lane:
		f.streetPlace(c, &p)
	default:
		p.Layer, p.ID = c.layer, f.g.Layer(c.sense.Layer).ID(c.slot)
		p.Name = f.g.Title(c.sense)
		p.Label, p.Level = p.Name, f.g.Level(c.sense.Layer)
	}
	return p
}

// streetPlace writes out a street, or a number in it that no door has, as the doors of the street do.
func (f *finder) streetPlace(c *candidate, p *Place) {
	plate := gazetteer.Plate{Road: f.g.RoadTitle(c.road)}
	for d := range f.g.Doors().Doors(c.street) {
		if c.street.Road == uint32(c.road) { // what lies between others has no street
			plate = f.g.DoorPlate(d.ID)
		}
		break
	}
	p.Name, p.Road, p.Section, p.Lane, p.Alley = plate.Road, plate.Road, plate.Section, plate.Lane, plate.Alley
	var yard bool
	p.Number, yard = strings.CutSuffix(c.number, "院")
	for _, unit := range []string{"號", "号"} {
		if c.number != "" && strings.Contains(plate.Number, unit) {
			p.Number += unit
		}
	}
	if yard {
		p.Number += "院"
	}
	p.Label = joined(p.Road, p.Section, p.Lane, p.Alley, p.Number)
}

// joined joins the elements of an address: Chinese ones as they are, words with spaces, the number in front.
func joined(road, section, lane, alley, number string) string {
	if strings.ContainsFunc(road, func(r rune) bool { return r >= 0x2e80 }) {
		return road + section + lane + alley + number
	}
	return strings.Join(strings.Fields(number+" "+road+" "+section), " ")
}
