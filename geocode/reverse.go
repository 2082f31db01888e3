package geocode

import (
	"cmp"
	"slices"
	"time"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/index"
)

// Spot is a point of which it is asked what is there.
type Spot struct {
	At geo.Point
	// Metres is how far from it places are looked for: 100 when it is 0, at most 5,000.
	Metres float64
	// Limit is how many places are returned: 5 when it is 0, at most 50.
	Limit int
	// Kinds, if there are any, are the kinds that are wanted: House, Road, Crossing, Landmark, Building.
	Kinds []Kind
	// When is as that of a [Question]: what is not there is left out.
	When time.Time
}

// Bounds of Reverse.
const (
	defaultMetres = 100.0
	MostMetres    = 5000.0
	defaultSpots  = 5
	roadsAround   = 6   // whose crossings are looked at
	doorsAround   = 256 // whose roads are looked at
)

// Reverse returns the doors, roads, crossings, landmarks and buildings around a point, the nearest first: Radius is their
// distance from it in metres, and the score 100 at the point and less the further off it is. Where nothing is near it
// returns the areas that the point is in.
func (g *Geocoder) Reverse(s Spot) ([]Place, *index.World) {
	city := g.Gazetteer()
	if city == nil {
		return nil, nil
	}
	if s.Metres <= 0 {
		s.Metres = defaultMetres
	}
	s.Metres = min(s.Metres, MostMetres)
	if s.Limit <= 0 {
		s.Limit = defaultSpots
	}
	s.Limit = min(s.Limit, MostPlaces)
	r := around{g: city, spot: &s}
	r.look()
	slices.SortStableFunc(r.found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.radius, b.radius), cmp.Compare(rankOf(a.kind), rankOf(b.kind)), cmp.Compare(a.door, b.door), cmp.Compare(a.road, b.road), cmp.Compare(a.cross, b.cross))
	})
	f := newFinder()
	f.begin(city, "", s.When)
	var places []Place
	for i := range r.found[:min(len(r.found), s.Limit)] {
		p := f.place(&r.found[i])
		p.Score = max(1, 100-int(50*p.Radius/s.Metres))
		places = append(places, p)
	}
	return places, city.World()
}

// rankOf orders kinds at one distance, the most precise first.
func rankOf(k Kind) int {
	return slices.Index([]Kind{House, Building, Landmark, Crossing, Road, Area}, k)
}

type around struct {
	g     *gazetteer.Gazetteer
	spot  *Spot
	found []candidate
}

func (r *around) wants(k Kind) bool {
	return len(r.spot.Kinds) == 0 || slices.Contains(r.spot.Kinds, k)
}

func (r *around) there(s gazetteer.Sense) bool {
	there, _ := r.g.InForce(s, r.spot.When)
	return there
}

func (r *around) look() {
	s := r.spot
	var ways []way
	for i := range r.g.Layers() {
		layer := uint8(i)
		l := r.g.Layer(layer)
		roles := &l.Def().Roles
		if roles.Address == nil && roles.Road == nil && roles.Landmark == nil && roles.Building == nil {
			continue
		}
		most := s.Limit + roadsAround
		if roles.Address != nil && (r.wants(Road) || r.wants(Crossing)) {
			most = max(most, doorsAround)
		}
		for i, n := range l.Nearest(s.At, s.Metres, most) {
			ways = r.way(layer, n, ways)
			if i >= s.Limit+roadsAround {
				continue
			}
			if roles.Address != nil && r.wants(House) {
				if p, ok := l.Point(n.Slot); ok {
					r.found = append(r.found, candidate{kind: House, at: p, radius: n.Meters, isDoor: true, door: gazetteer.DoorID(layer, n.Slot)})
				}
			}
			for kind, sense := range map[Kind]gazetteer.Kind{Landmark: gazetteer.Landmark, Building: gazetteer.Building} {
				has := kind == Landmark && roles.Landmark != nil || kind == Building && roles.Building != nil
				if thing := (gazetteer.Sense{Kind: sense, Layer: layer, Slot: n.Slot}); has && r.wants(kind) && r.g.Title(thing) != "" && r.there(thing) {
					at, _ := r.g.Place(thing)
					r.found = append(r.found, candidate{kind: kind, at: at, radius: n.Meters, sense: thing, layer: l.Def().Name, slot: n.Slot})
				}
			}
		}
	}
	slices.SortFunc(ways, func(a, b way) int { return cmp.Or(cmp.Compare(a.near, b.near), cmp.Compare(a.road, b.road)) })
	ways = ways[:min(len(ways), roadsAround)]
	for i, w := range ways {
		if r.wants(Road) {
			at, far, ok := r.g.Lines().Nearest(uint32(w.road), s.At)
			if !ok {
				at, far = w.at, w.near
			}
			r.found = append(r.found, candidate{kind: Road, at: at, radius: far, road: w.road})
		}
		for _, v := range ways[i+1:] {
			if r.wants(Crossing) {
				r.crossings(w.road, v.road)
			}
		}
	}
	if len(r.found) == 0 {
		r.areas()
	}
}

// way is a road that is near, by its lines or a door of its own.
type way struct {
	road names.ID
	near float64
	at   geo.Point
}

// way adds the road of a feature. A door in a lane is not on the road that the lane leaves.
func (r *around) way(layer uint8, n index.Near, ways []way) []way {
	street, ok := r.g.StreetOf(layer, n.Slot)
	if !ok || street.Lane > 0 {
		return ways
	}
	road := names.ID(street.Road)
	if slices.ContainsFunc(ways, func(w way) bool { return w.road == road && w.near <= n.Meters }) {
		return ways
	}
	at, _ := r.g.Layer(layer).Point(n.Slot)
	ways = slices.DeleteFunc(ways, func(w way) bool { return w.road == road })
	return append(ways, way{road, n.Meters, at})
}

// crossings adds those of two roads that are near, by their lines, or by doors of both that are near.
func (r *around) crossings(a, b names.ID) {
	f := newFinder()
	f.begin(r.g, "", r.spot.When)
	for _, at := range f.ways.Meetings(a, b) {
		if d := geo.Distance(at, r.spot.At); d <= r.spot.Metres {
			r.found = append(r.found, candidate{kind: Crossing, at: at, radius: d, road: a, cross: b})
		}
	}
}

// areas adds those that the point is in.
func (r *around) areas() {
	for _, layer := range r.g.Areas() {
		l := r.g.Layer(layer)
		if slot, ok := l.Owner(r.spot.At); ok && r.wants(Area) {
			thing := gazetteer.Sense{Kind: gazetteer.Area, Layer: layer, Slot: slot}
			r.found = append(r.found, candidate{kind: Area, at: r.spot.At, sense: thing, layer: l.Def().Name, slot: slot})
		}
	}
}
