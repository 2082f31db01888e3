package proj

import (
	"math"

	"github.com/gewu-city/gewu/geo"
)

// Shift moves stored places to where a web map in shifted degrees draws them. Such a map is Web Mercator like any other,
// with its tiles numbered in the usual way, and takes the shifted degrees for true ones: a place lies in the tile that
// its shifted degrees belong to. (Baidu's own tiles are not such: they number squares of a projection of their own,
// BD-09MC.) The two Shifts are immutable, safe for concurrent use, and compared by their addresses.
type Shift struct{ of *shifted }

var shifts = [...]*Shift{{gcj02}, {bd09}}

// Shifts are the names that [FindShift] knows.
func Shifts() []string {
	names := make([]string, len(shifts))
	for i, s := range shifts {
		names[i] = s.Name()
	}
	return names
}

// FindShift finds a Shift by the name of its system in any form that [Lookup] knows.
func FindShift(name string) (*Shift, bool) {
	c, err := Lookup(name)
	for _, s := range shifts {
		if err == nil && c == CRS(s.of) {
			return s, true
		}
	}
	return nil, false
}

// Name is the canonical name of the system.
func (s *Shift) Name() string { return s.of.name }

// Mercator is [geo.Point.Mercator] of the shifted place. Outside the box of the system it is that of the place.
func (s *Shift) Mercator(p geo.Point) (x, y float64) {
	lon, lat := p.Lon(), p.Lat()
	if !shiftBox.Contains(lon, lat) {
		return p.Mercator()
	}
	return square(s.of.shift(lon, lat))
}

// square is the place in the unit square of Web Mercator.
func square(lon, lat float64) (x, y float64) {
	return lon/360 + 0.5, 0.5 - math.Atanh(math.Sin(lat*rad))/(2*math.Pi)
}

// degrees is the inverse of square.
func degrees(x, y float64) (lon, lat float64) {
	return (x - 0.5) * 360, math.Atan(math.Sinh(math.Pi*(1-2*y))) / rad
}

// A straight edge is a curve once it is shifted. Pieces of it of up to longestPiece, a share of the side of the world
// (60 m at the equator), are nowhere a centimetre off that curve when they are drawn straight. Edges are halved at most
// mostHalvings times: those of more than 240 km are drawn up to slack degrees off it.
const (
	longestPiece = 1.5e-6
	mostHalvings = 12
	slack        = 4e-5
)

// Shifts move no place by more than farthest degrees, and two places that are d degrees apart in longitude and latitude
// by amounts that differ by no more than steepest·d, but for the root in their formulas, which slack covers.
const (
	farthest = 0.03
	steepest = 0.04
)

// Along gives the places where the edge between two stored places bends once it is shifted, without its ends, in the
// square of [Shift.Mercator]: as many as it takes that what is drawn straight between them lies where the edge lies on an
// unshifted map, shifted. They are the same for both directions, in reverse.
func (s *Shift) Along(u, v geo.Point, add func(x, y float64)) {
	ux, uy := u.Mercator()
	vx, vy := v.Mercator()
	s.halve(ux, uy, vx, vy, mostHalvings, add)
}

// shiftSquare is [shiftBox] in the square.
var shiftSquare = func() (b struct{ west, north, east, south float64 }) {
	b.west, b.south = square(shiftBox.West, shiftBox.South)
	b.east, b.north = square(shiftBox.East, shiftBox.North)
	return b
}()

func (s *Shift) halve(ux, uy, vx, vy float64, times int, add func(x, y float64)) {
	b := &shiftSquare
	switch {
	case times == 0, math.Abs(vx-ux) <= longestPiece && math.Abs(vy-uy) <= longestPiece:
		return
	case max(ux, vx) < b.west, min(ux, vx) > b.east, max(uy, vy) < b.north, min(uy, vy) > b.south:
		return // nothing is shifted there
	}
	x, y := (ux+vx)/2, (uy+vy)/2
	s.halve(ux, uy, x, y, times-1, add)
	if lon, lat := degrees(x, y); shiftBox.Contains(lon, lat) {
		add(square(s.of.shift(lon, lat)))
	} else {
		add(x, y)
	}
	s.halve(x, y, vx, vy, times-1, add)
}

// Reaches reports whether anything in a box of shifted degrees can have been shifted.
func (s *Shift) Reaches(b geo.Box) bool {
	return edge(farthest).Intersects(b)
}

// edge is the box of the system, made wider by some degrees.
func edge(by float64) geo.Box {
	return geo.Box{
		Min: geo.Point{X: int32(shiftBox.West * geo.Unit), Y: int32(shiftBox.South * geo.Unit)},
		Max: geo.Point{X: int32(shiftBox.East * geo.Unit), Y: int32(shiftBox.North * geo.Unit)},
	}.Widen(int32(by * geo.Unit))
}

// Origin holds every stored place that is drawn in a box of shifted degrees, whether a vertex or a place on an edge. It
// is larger than need be: by a twentieth on each side and a few metres, and by [farthest] where the system ends.
func (s *Shift) Origin(b geo.Box) geo.Box { return s.reach(b, s.of.ToLonLat) }

// Image holds, in shifted degrees, every place that is drawn of what lies in a box of stored places. It is larger than
// need be in the same way as [Shift.Origin].
func (s *Shift) Image(b geo.Box) geo.Box { return s.reach(b, s.of.FromLonLat) }

// reach moves the corners of a box and makes room for what lies between them.
func (s *Shift) reach(b geo.Box, move func(x, y float64) (float64, float64, bool)) geo.Box {
	if !edge(2 * farthest).Intersects(b) {
		return b
	}
	inner := edge(-2 * farthest)
	wide := max(b.Max.Lon()-b.Min.Lon(), b.Max.Lat()-b.Min.Lat())
	room := steepest*wide + slack
	if room >= farthest || !inner.Contains(b.Min) || !inner.Contains(b.Max) {
		return b.Widen(farthest * geo.Unit)
	}
	to := geo.EmptyBox()
	for _, p := range [...]geo.Point{b.Min, b.Max, {X: b.Min.X, Y: b.Max.Y}, {X: b.Max.X, Y: b.Min.Y}} {
		x, y, _ := move(p.Lon(), p.Lat()) // inside the box both ways have an answer
		to = to.Extend(geo.Point{X: int32(math.Round(x * geo.Unit)), Y: int32(math.Round(y * geo.Unit))})
	}
	return to.Widen(int32(math.Ceil(room * geo.Unit)))
}
