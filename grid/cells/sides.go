package cells

import (
	"cmp"
	"math"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/bounds"
	"github.com/gewu-city/gewu/index"
)

// Sides are the bounds of a cell on its four sides (四至), in the order in which they are named: east, south, west,
// north.
type Sides struct {
	East  []Bound `json:"east"`
	South []Bound `json:"south"`
	West  []Bound `json:"west"`
	North []Bound `json:"north"`
	// Text says them as people write them, in Chinese and English; [bounds.Parse] reads both.
	Text SidesText `json:"text"`
}

// SidesText is the four sides in words, empty where no side has a name.
type SidesText struct {
	Chinese string `json:"zh"`
	English string `json:"en"`
}

// Bound is what bounds a cell on a side: a road (from its line, or from the doors along it where there are no lines),
// a landmark such as water or a park whose edge the border follows, a building likewise, the area beyond where the
// scheme's finest level ends there, or the cell beyond.
type Bound struct {
	Kind string `json:"kind"` // road, landmark, door, building, area or cell
	Name string `json:"name"`
	// Share is the part of the side's length along which this is the bound, from 0 to 1.
	Share float64 `json:"share"`
}

// Bounds of the search for what lies along the border.
const (
	roadReach  = 40.0 // metres from the border to the middle of a street
	markReach  = 25.0 // metres from the border to the edge of water or a park
	wallReach  = 10.0 // metres from the border to a building
	beyondStep = 3.0  // metres from the border to what lies beyond
	doorReach  = 50.0 // metres from the border to a door beyond or before it
	sampleStep = 10.0 // metres of border for which one sample stands
	mostSample = 400
	leastShare = 0.2 // of a side; what bounds less is not named
)

// sidesOf names what bounds a cell. A side is the part of the border whose outward direction lies within 45° of that
// quarter of the compass.
func (p *places) sidesOf(cells *index.Layer, cell index.Slot, near []Neighbour, label func(index.Slot) string) Sides {
	sides := border(cells.Shape(cell))
	total := 0.0
	for _, s := range sides {
		total += geo.Distance(s.a, s.b)
	}
	step := max(sampleStep, total/mostSample)
	var weights [4]map[Bound]float64
	for i := range weights {
		weights[i] = map[Bound]float64{}
	}
	for _, s := range sides {
		mx, my := geo.Scale(s.a.Lat())
		// The outside lies to the right.
		east, north := (float64(s.b.Y)-float64(s.a.Y))*my, -(float64(s.b.X)-float64(s.a.X))*mx
		side := quarter(east, north)
		length := geo.Distance(s.a, s.b)
		n := int(math.Ceil(length / step))
		for i := range n {
			t := (float64(i) + 0.5) / float64(n)
			at := geo.Point{
				X: s.a.X + int32(math.Round(t*(float64(s.b.X)-float64(s.a.X)))),
				Y: s.a.Y + int32(math.Round(t*(float64(s.b.Y)-float64(s.a.Y)))),
			}
			weights[side][p.beyond(cells, at, s, near, label)] += length / float64(n)
		}
	}
	out := Sides{East: ranked(weights[0]), South: ranked(weights[1]), West: ranked(weights[2]), North: ranked(weights[3])}
	var names bounds.Sides
	for i, side := range [][]Bound{out.East, out.South, out.West, out.North} {
		for _, b := range side {
			if !slices.Contains(names[i], b.Name) {
				names[i] = append(names[i], b.Name)
			}
		}
	}
	out.Text = SidesText{names.Chinese(), names.English()}
	return out
}

// quarter is 0 east, 1 south, 2 west, 3 north.
func quarter(east, north float64) int {
	switch {
	case math.Abs(east) >= math.Abs(north) && east > 0:
		return 0
	case math.Abs(east) >= math.Abs(north):
		return 2
	case north < 0:
		return 1
	default:
		return 3
	}
}

// beyond is what bounds the cell at a point of its border: the nearest road, else a landmark whose edge is near, else the
// road of the nearest door, else a building, else the area or the cell on the other side.
func (p *places) beyond(cells *index.Layer, at geo.Point, s segment, near []Neighbour, label func(index.Slot) string) Bound {
	if name := p.nearestName(p.roads, at, roadReach); name != "" {
		return Bound{Kind: "road", Name: name}
	}
	if name := p.nearestEdge(p.marks, at, markReach); name != "" {
		return Bound{Kind: "landmark", Name: name}
	}
	if name := p.nearestName(p.doorRoads, at, doorReach); name != "" {
		return Bound{Kind: "door", Name: name}
	}
	if name := p.nearestEdge(p.buildings, at, wallReach); name != "" {
		return Bound{Kind: "building", Name: name}
	}
	if name := p.areaBeyond(at, s); name != "" {
		return Bound{Kind: "area", Name: name}
	}
	for _, n := range near {
		if cells.Box(n.slot).Contains(at) && onBorder(cells.Shape(n.slot), s) {
			return Bound{Kind: "cell", Name: label(n.slot)}
		}
	}
	return Bound{}
}

func onBorder(shape geo.Shape, s segment) bool {
	for _, t := range border(shape) {
		if length, _ := common(s, t); length > 0 {
			return true
		}
	}
	return false
}

// named is a layer with the attribute that names its features.
type named struct {
	layer *index.Layer
	name  int
}

// nearestName is the name of the nearest feature that has one.
func (p *places) nearestName(layers []named, at geo.Point, meters float64) string {
	best, name := meters, ""
	for _, l := range layers {
		// The nearest may be without a name: look at a few.
		for _, n := range l.layer.Nearest(at, best, 4) {
			if text := l.layer.Value(n.Slot, l.name).String(); text != "" {
				best, name = n.Meters, text
				break
			}
		}
	}
	return name
}

// nearestEdge is the name of the nearest line or polygon that has one and whose edge is near: ground within a large one is
// not bounded by it.
func (p *places) nearestEdge(layers []named, at geo.Point, meters float64) string {
	best, name := meters, ""
	for _, l := range layers {
		for _, n := range l.layer.Nearest(at, best, 8) {
			far := l.layer.Shape(n.Slot).OutlineDistance(at)
			if text := l.layer.Value(n.Slot, l.name).String(); text != "" && far <= best {
				best, name = far, text
			}
		}
	}
	return name
}

// areaBeyond is the name of the area of the finest level beyond a side of the border, empty where that is the cell's own.
func (p *places) areaBeyond(at geo.Point, s segment) string {
	if p.level == nil {
		return ""
	}
	mx, my := geo.Scale(at.Lat())
	dx, dy := (float64(s.b.X)-float64(s.a.X))*mx, (float64(s.b.Y)-float64(s.a.Y))*my
	step := beyondStep / math.Hypot(dx, dy)
	out := geo.Point{X: at.X + int32(math.Round(dy*step/mx)), Y: at.Y - int32(math.Round(dx*step/my))}
	if there, ok := grid.Owner(p.areas, out); ok && there != p.own {
		return p.level.NameOf(p.areas, there)
	}
	return ""
}

func ranked(weights map[Bound]float64) []Bound {
	total := 0.0
	for _, w := range weights {
		total += w
	}
	list := []Bound{}
	for b, w := range weights {
		if b.Name != "" && w >= leastShare*total {
			b.Share = math.Round(w/total*100) / 100
			list = append(list, b)
		}
	}
	slices.SortFunc(list, func(a, b Bound) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Name, b.Name))
	})
	return list
}
