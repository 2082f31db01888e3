package gazetteer

import (
	"cmp"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geocode/houses"
	"github.com/gewu-city/gewu/geocode/lines"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/geocode/number"
	"github.com/gewu-city/gewu/index"
)

// source is a layer with roles that name or number something. Attributes are -1 where none plays a part.
type source struct {
	layer *index.Layer
	kinds [Building + 1]struct {
		has         bool
		name, alias int
	}
	ranges                                    [4]int // of a road: left from, left to, right from, right to
	from, until                               int    // of a landmark: when it is there
	address                                   bool
	label, road, section, lane, alley, number int
}

// sourcesOf are the sources of a World in its order.
func sourcesOf(w *index.World) (all []source) {
	for _, l := range w.Layers() {
		def := l.Def()
		at := func(name string) int {
			if name == "" {
				return -1
			}
			return def.AttributeIndex(name)
		}
		s := source{layer: l, from: -1, until: -1}
		plays := false
		play := func(k Kind, name, alias string) {
			s.kinds[k].has, s.kinds[k].name, s.kinds[k].alias = true, at(name), at(alias)
			plays = true
		}
		roles := &def.Roles
		if r := roles.Area; r != nil {
			play(Area, r.Name, r.Alias)
		}
		if r := roles.Cell; r != nil && roles.Area == nil && r.Name != "" {
			play(Area, r.Name, "") // 西河沿社区3号网格
		}
		if r := roles.Road; r != nil {
			play(Road, r.Name, r.Alias)
			s.ranges = [4]int{at(r.LeftFrom), at(r.LeftTo), at(r.RightFrom), at(r.RightTo)}
		}
		if r := roles.Landmark; r != nil {
			play(Landmark, r.Name, r.Alias)
			s.from, s.until = at(r.From), at(r.Until)
		}
		if r := roles.Building; r != nil {
			play(Building, r.Name, r.Alias)
		}
		if r := roles.Address; r != nil && def.Geometry == data.GeometryPoint {
			s.address, plays = true, true
			s.label, s.road, s.section, s.lane, s.alley, s.number = at(r.Label), at(r.Road), at(r.Section), at(r.Lane), at(r.Alley), at(r.Number)
		}
		if plays && len(all) < mostLayers {
			all = append(all, s)
		}
	}
	return all
}

// same reports whether two sources are states of one layer whose roles are played by the same attributes.
func (s *source) same(t *source) bool {
	return s.layer.Born() == t.layer.Born() && s.layer.DefSeq() == t.layer.DefSeq()
}

// text is the attribute of a feature that plays a part, empty where none does.
func text(l *index.Layer, s index.Slot, attribute int) string {
	if attribute < 0 {
		return ""
	}
	if v := l.Value(s, attribute); !v.Null() {
		return v.String()
	}
	return ""
}

// called is a name of a feature.
type called struct {
	name  string
	sense Sense
	title string // of a road by its proper name, as the layer writes it
}

// names appends the names of a feature. The Road of a Sense of a road is not known here.
func (s *source) names(layer uint8, slot index.Slot, dst []called) []called {
	if !s.layer.Alive(slot) {
		return dst
	}
	for k := range s.kinds {
		part := &s.kinds[k]
		if !part.has {
			continue
		}
		kind := Kind(k)
		sense := Sense{Kind: kind, Layer: layer, Slot: slot}
		if kind == Road {
			sense = Sense{Kind: Road}
		}
		for name, form := range forms(kind, text(s.layer, slot, part.name), text(s.layer, slot, part.alias)) {
			sense.Form = form
			c := called{name: name, sense: sense}
			if kind == Road && form == Proper {
				c.title = text(s.layer, slot, part.name)
			}
			dst = append(dst, c)
		}
	}
	return dst
}

// lines appends the lines of a feature of a road.
func (s *source) lines(layer uint8, slot index.Slot, road names.ID, dst []lines.Line) []lines.Line {
	if !s.kinds[Road].has || !s.layer.Alive(slot) || s.layer.Def().Geometry != data.GeometryLine {
		return dst
	}
	var n [4]uint32
	for i, attribute := range s.ranges {
		n[i] = firstNumber(text(s.layer, slot, attribute))
	}
	shape := s.layer.Shape(slot)
	for i := range shape.NumRings() {
		dst = append(dst, lines.Line{
			Road: uint32(road), ID: DoorID(layer, slot), Points: shape.Ring(i),
			Left: lines.Range{From: n[0], To: n[1]}, Right: lines.Range{From: n[2], To: n[3]},
		})
	}
	return dst
}

// firstNumber is the number that a text begins with, 0 if it begins with none: ends of ranges are numbers or texts.
func firstNumber(text string) (n uint32) {
	for _, r := range text {
		if r < '0' || r > '9' || n > 99_999 {
			break
		}
		n = n*10 + uint32(r-'0')
	}
	return n
}

// roadOf is the road that a feature with these names is of.
func roadOf(all []called) (name string, ok bool) {
	for _, c := range all {
		if c.sense.Kind == Road && c.sense.Form == Proper {
			return c.name, true
		}
	}
	return "", false
}

// plate is a door by names and numbers.
type plate struct {
	road   string
	street houses.Street // without its road
	door   houses.Door
}

// reader reads plates. It remembers what it has read, and belongs to one goroutine.
type reader struct {
	text     normal.Text
	elements []number.Element
	normals  map[string]string
	areas    map[string]bool // names of areas, where labels must be read
}

// normal is the normal form of a text of which there are few.
func (r *reader) normal(text string) string {
	if n, ok := r.normals[text]; ok {
		return n
	}
	r.text.Set(text)
	n := r.text.String()
	if r.normals == nil || len(r.normals) >= mostNormals {
		r.normals = map[string]string{}
	}
	r.normals[text] = n
	return n
}

const mostNormals = 1 << 16

// plate reads the door of a slot. Doors without a road or a number are found by no number.
func (r *reader) plate(s *source, layer uint8, slot index.Slot) (p plate, ok bool) {
	if !s.address || slot >= mostDoors || !s.layer.Alive(slot) {
		return p, false
	}
	at, ok := s.layer.Point(slot)
	if !ok {
		return p, false
	}
	p.door.At, p.door.ID = at, DoorID(layer, slot)
	if s.reads() {
		p.road, p.street, p.door.Number, ok = r.fromLabel(text(s.layer, slot, s.label))
		return p, ok && p.road != ""
	}
	if p.door.Number, ok = r.house(text(s.layer, slot, s.number), &p.street); !ok {
		return p, false
	}
	within := p.street
	p.road = r.normal(text(s.layer, slot, s.road))
	// What an attribute of its own says counts before what stands in the number.
	p.street.Section = cmp.Or(r.counted(text(s.layer, slot, s.section), &p.road).Base, within.Section)
	p.street.Lane = cmp.Or(r.counted(text(s.layer, slot, s.lane), &p.road).Packed(), within.Lane)
	p.street.Alley = cmp.Or(r.counted(text(s.layer, slot, s.alley), &p.road).Packed(), within.Alley)
	if p.street.Lane == 0 {
		// An alley of a lane with a name, or of the road itself, reads like a lane: 怡和巷3弄.
		p.street.Lane, p.street.Alley = p.street.Alley, 0
	}
	return p, p.road != ""
}

// house reads the number of a door, or that of the yard that it is in, and what stands before it: 158弄12号, 3号院2号楼. One
// that is a building and nothing more has the number of that.
func (r *reader) house(text string, street *houses.Street) (n number.Number, ok bool) {
	r.text.Set(text)
	r.elements, _ = number.Parse(r.text.Runes, r.elements[:0])
	for _, e := range r.elements {
		switch e.Unit {
		case number.Section:
			street.Section = e.Number.Base
		case number.Lane:
			street.Lane = e.Number.Packed()
		case number.Alley:
			street.Alley = e.Number.Packed()
		case number.House, number.None, number.Yard, number.Building:
			return e.Number, true
		default:
		}
	}
	return number.Number{}, false
}

// counted reads a section, lane or alley. One that has a name and no number belongs to the name of the road: people say
// it behind that of the road.
func (r *reader) counted(text string, road *string) number.Number {
	if text == "" {
		return number.Number{}
	}
	name := r.normal(text)
	r.elements, _ = number.Parse([]rune(name), r.elements[:0])
	if len(r.elements) == 1 {
		return r.elements[0].Number
	}
	*road += name
	return number.Number{}
}
