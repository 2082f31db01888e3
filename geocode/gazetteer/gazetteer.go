package gazetteer

import (
	"slices"
	"strconv"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/houses"
	"github.com/gewu-city/gewu/geocode/lines"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/geocode/number"
	"github.com/gewu-city/gewu/index"
)

// Kind is what a name is the name of.
type Kind uint8

// Kinds.
const (
	Area Kind = iota
	Road
	Landmark
	Building
)

// Form says how a name belongs to a thing.
type Form uint8

// Forms, the surest first.
const (
	Proper  Form = iota
	Variant      // the proper name as it is also written: St for Street
	Alias        // another name, by its layer
	Short        // the name without what is often left out: 区, 小区, Street
)

// Sense is one thing that a name means.
type Sense struct {
	Kind Kind
	Form Form
	// Layer is for [Gazetteer.Layer], Slot the feature: not those of a Road, which is many features.
	Layer uint8
	Slot  index.Slot
	// Road is the proper name of a Road, by which its doors are found.
	Road names.ID
}

// Gazetteer is the names and numbers of one World. It does not change and is safe for concurrent use.
type Gazetteer struct {
	world      *index.World
	sources    []source
	names      names.Row
	records    vector
	doors      *houses.Index
	lines      *lines.Index
	areas      []uint8
	cities     cities
	han        bool            // some names are in Chinese characters
	labelAreas map[string]bool // names of areas, where roads are read from labels
}

// record is what a name means.
type record struct {
	senses []Sense
	// sections of the road with this proper name that have doors, ascending; 0 is the road without sections.
	sections []uint32
	// title is how a feature of that road writes the name, empty for roads that only doors have.
	title string
}

// World is the World that the gazetteer shows.
func (g *Gazetteer) World() *index.World { return g.world }

// Layer is the layer of a Sense, in the World that the gazetteer shows.
func (g *Gazetteer) Layer(i uint8) *index.Layer { return g.sources[i].layer }

// Layers is the number of layers with names or numbers; those of Senses and doors are below it.
func (g *Gazetteer) Layers() int { return len(g.sources) }

// Han reports whether names are in Chinese characters.
func (g *Gazetteer) Han() bool { return g.han }

// Len is the number of names, those that mean nothing any more included.
func (g *Gazetteer) Len() int { return g.names.Len() }

// Begins calls found with the names that text begins with and their lengths in characters, until it returns false.
func (g *Gazetteer) Begins(text []rune, found func(id names.ID, length int) bool) {
	g.names.Begins(text, func(id names.ID, length int) bool { return !g.known(id) || found(id, length) })
}

// known reports whether a name means anything.
func (g *Gazetteer) known(id names.ID) bool { return len(g.records.at(id).senses) > 0 }

// Near appends to dst the names that a beginning of text almost is or sounds like, as [names.Row.Near] does.
func (g *Gazetteer) Near(text []rune, dst []names.Match) []names.Match {
	first := len(dst)
	dst = g.names.Near(text, dst)
	kept := dst[:first]
	for _, m := range dst[first:] {
		if g.known(m.ID) && sameDigits(text[:m.Length], g.Name(m.ID)) {
			kept = append(kept, m)
		}
	}
	return kept
}

// sameDigits reports whether two texts have the same digits in one order: another number is no slip.
func sameDigits(a, b []rune) bool {
	for {
		i, j := slices.IndexFunc(a, isDigit), slices.IndexFunc(b, isDigit)
		if i < 0 || j < 0 {
			return i < 0 && j < 0
		}
		if a[i] != b[j] {
			return false
		}
		a, b = a[i+1:], b[j+1:]
	}
}

// Beginning calls found with the names that begin with a text, as [names.Row.Beginning] does.
func (g *Gazetteer) Beginning(text string, found func(id names.ID, way names.Way) bool) {
	g.names.Beginning(text, func(id names.ID, way names.Way) bool { return !g.known(id) || found(id, way) })
}

// Weak reports whether a name is only what people leave of one.
func (g *Gazetteer) Weak(id names.ID) bool {
	senses := g.records.at(id).senses
	return len(senses) > 0 && senses[0].Form == Short
}

// Name is a name as it is found in texts; it must not be changed.
func (g *Gazetteer) Name(id names.ID) []rune { return g.names.Name(id) }

// Senses are the things that a name means, in an order that does not depend on how they came to be known. The slice
// must not be changed.
func (g *Gazetteer) Senses(id names.ID) []Sense { return g.records.at(id).senses }

// Sections are the sections of a road that have doors, ascending, 0 among them when doors of the road have none.
func (g *Gazetteer) Sections(road names.ID) []uint32 { return g.records.at(road).sections }

// Doors are the house numbers, by road and number; see [Gazetteer.Door] for their ids.
func (g *Gazetteer) Doors() *houses.Index { return g.doors }

// Lines are the lines of roads, by road; ids are as those of doors.
func (g *Gazetteer) Lines() *lines.Index { return g.lines }

// Door returns the layer and the feature of a door.
func (g *Gazetteer) Door(id uint32) (layer uint8, s index.Slot) {
	return uint8(id >> slotBits), index.Slot(id & (1<<slotBits - 1))
}

// Ids of doors hold the layer and the slot: 64 layers with names or numbers, 67 million doors each.
const (
	slotBits   = 26
	mostDoors  = 1 << slotBits
	mostLayers = 1 << (32 - slotBits)
)

// DoorID is the id of the door that is a feature.
func DoorID(layer uint8, s index.Slot) uint32 { return uint32(layer)<<slotBits | uint32(s) }

// StreetOf is where the feature of a road or a door is found: the road that it is a line of, or the street of the door.
func (g *Gazetteer) StreetOf(layer uint8, s index.Slot) (street houses.Street, found bool) {
	src := &g.sources[layer]
	name, ok := roadOf(src.names(layer, s, nil))
	if !ok {
		var r reader
		p, isDoor := r.plate(src, layer, s)
		if name, street, ok = p.road, p.street, isDoor; !ok {
			return street, false
		}
	}
	g.Begins([]rune(name), func(id names.ID, length int) bool {
		if length == len([]rune(name)) {
			street.Road, found = uint32(id), true
		}
		return true
	})
	return street, found
}

// DoorLabel is the full text of a door as its layer has it, empty where it has none.
func (g *Gazetteer) DoorLabel(id uint32) string {
	i, s := g.Door(id)
	return text(g.sources[i].layer, s, g.sources[i].label)
}

// Plate is a door's road, section, lane, alley and number as its layer has them.
type Plate struct{ Road, Section, Lane, Alley, Number string }

// DoorPlate returns the elements of a door; where its layer has no attributes for them, as its label says them in normal form.
func (g *Gazetteer) DoorPlate(id uint32) Plate {
	i, s := g.Door(id)
	src := &g.sources[i]
	if src.reads() {
		r := reader{areas: g.labelAreas}
		road, street, n, _ := r.fromLabel(text(src.layer, s, src.label))
		written := func(packed uint64) string {
			if packed == 0 {
				return ""
			}
			return number.Unpack(packed).String()
		}
		p := Plate{Road: road, Lane: written(street.Lane), Alley: written(street.Alley), Number: n.String()}
		if street.Section > 0 {
			p.Section = strconv.FormatUint(uint64(street.Section), 10)
		}
		return p
	}
	part := func(attribute int) string { return text(src.layer, s, attribute) }
	return Plate{part(src.road), part(src.section), part(src.lane), part(src.alley), part(src.number)}
}

// Title is the name of the feature of a Sense as its layer has it; of no Road.
func (g *Gazetteer) Title(s Sense) string {
	src := &g.sources[s.Layer]
	return text(src.layer, s.Slot, src.kinds[s.Kind].name)
}

// RoadTitle is the name of a road as a feature or a door of it has it, in normal form where none has.
func (g *Gazetteer) RoadTitle(road names.ID) string {
	if title := g.records.at(road).title; title != "" {
		return title
	}
	name := string(g.Name(road))
	for _, section := range g.Sections(road) {
		for d := range g.doors.Doors(houses.Street{Road: uint32(road), Section: section}) {
			if title := g.DoorPlate(d.ID).Road; normal.Of(title).String() == name {
				return title
			}
			break
		}
	}
	return name
}

// Place is where the feature of a Sense is: its point, or one inside of it; false when it has no geometry.
func (g *Gazetteer) Place(s Sense) (geo.Point, bool) {
	l := g.sources[s.Layer].layer
	if p, ok := l.Point(s.Slot); ok {
		return p, true
	}
	shape := l.Shape(s.Slot)
	if len(shape.Vertices()) == 0 {
		return geo.Point{}, false
	}
	return geo.LabelPoint(shape), true
}

// Level is the level of areas that a layer holds, or the scheme of its cells, empty when it holds neither.
func (g *Gazetteer) Level(layer uint8) string {
	roles := &g.sources[layer].layer.Def().Roles
	if a := roles.Area; a != nil {
		return a.Level
	}
	if c := roles.Cell; c != nil {
		return c.Scheme
	}
	return ""
}

// Areas are the layers that hold areas, in the order of the World.
func (g *Gazetteer) Areas() []uint8 { return g.areas }
