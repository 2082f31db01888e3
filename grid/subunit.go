package grid

import (
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// Subunit is a part of a cell that carries a duty of its own: a building (幢), a courtyard (门院), an entrance (楼门). It is a
// feature of a layer with the role building or entrance.
type Subunit struct{ Layer, ID string }

// Distances in metres within which a place belongs to a sub-unit that has no ground around it.
const (
	atDoor        = 2  // from a place to the door whose links say where it is
	entranceReach = 15 // from a place outside of all buildings to an entrance
	insideReach   = 80 // from a place in a building to one of its entrances
	wallReach     = 5  // from a building to an entrance that does not say whose it is
)

// Subdivides reports whether features of a layer may be sub-units.
func Subdivides(def *data.Layer) bool {
	return (def.Roles.Building != nil || def.Roles.Entrance != nil) && def.Geometry != data.GeometryNone && def.Sensitive == nil
}

// Subunits are the features of some layers that a place lies in, entrances before buildings: polygons that own it by the edge
// rule; what the door that stands there refers to; and of entrances that are points the nearest one of the building around the
// place, or, outside of buildings, one close by. Layers that are none are passed over. It is safe for concurrent use.
func (plan *Plan) Subunits(w *index.World, p geo.Point, layers []string) []Subunit {
	var entrances, buildings []Subunit
	for _, name := range layers {
		l, ok := w.Layer(name)
		if !ok || !Subdivides(l.Def()) {
			continue
		}
		id, found := plan.doorIn(w, p, name)
		switch {
		case found:
		case l.Def().Geometry == data.GeometryPolygon:
			var s index.Slot
			if s, found = Owner(l, p); found {
				id = l.ID(s)
			}
		case l.Def().Roles.Entrance != nil:
			id, found = entranceAt(w, l, p)
		}
		switch {
		case !found:
		case l.Def().Roles.Entrance != nil:
			entrances = append(entrances, Subunit{name, id})
		default:
			buildings = append(buildings, Subunit{name, id})
		}
	}
	return append(entrances, buildings...)
}

// doorIn is the feature of a layer that the door at a place refers to.
func (plan *Plan) doorIn(w *index.World, p geo.Point, layer string) (id string, ok bool) {
	door, ok := plan.NearestAddress(w, p, atDoor)
	if !ok {
		return "", false
	}
	doors, _ := w.Layer(door.Layer)
	slot, ok := doors.Lookup(door.ID)
	if !ok {
		return "", false
	}
	return refersTo(doors, slot, layer)
}

// refersTo is the feature of a layer to which a feature of another one refers.
func refersTo(l *index.Layer, s index.Slot, layer string) (id string, ok bool) {
	for i, a := range l.Def().Attributes {
		if a.Ref != layer || a.Dropped {
			continue
		}
		if v := l.Value(s, i); !v.Null() {
			return v.Text(), true
		}
	}
	return "", false
}

// entranceAt is the nearest entrance of the building around a place, or one close to a place outside of buildings.
func entranceAt(w *index.World, entrances *index.Layer, p geo.Point) (id string, ok bool) {
	var building *index.Layer
	var around index.Slot
	for _, l := range w.Layers() {
		if def := l.Def(); def.Roles.Building == nil || def.Geometry != data.GeometryPolygon {
			continue
		}
		if s, found := Owner(l, p); found {
			building, around = l, s
			break
		}
	}
	reach := float64(entranceReach)
	if building != nil {
		reach = insideReach
	}
	near := entrances.Nearest(p, reach, 32)
	at := slices.IndexFunc(near, func(n index.Near) bool {
		if building == nil {
			return true
		}
		if of, says := refersTo(entrances, n.Slot, building.Def().Name); says {
			return of == building.ID(around)
		}
		return building.Shape(around).Distance(geo.LabelPoint(entrances.Shape(n.Slot))) <= wallReach
	})
	if at < 0 {
		return "", false
	}
	return entrances.ID(near[at].Slot), true
}
