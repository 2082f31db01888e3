package ways

import (
	"cmp"
	"math"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/ground"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/phrase"
)

// How far off places between plates may be, and how far beyond the last of them they are looked for, in metres.
const (
	plateRadius = 20.0
	alongShare  = 0.05 // of the metres to the nearest plate, along lines that lead there
	directShare = 0.3  // straight on
	mostBeyond  = 1000.0
)

// How says how a kilometre mark was found.
type How uint8

// Ways to find a mark.
const (
	None    How = iota // the road has no plates near it
	There              // it is a plate
	Between            // of two plates
	Beyond             // the last plate
)

// plate is a landmark that is called like a kilometre mark of a road: G105国道K12+300.
type plate struct {
	metres float64
	at     geo.Point
}

// plates are those of a road, ascending.
func (w *Ways) plates(road names.ID) (all []plate) {
	name := w.City.Name(road)
	w.City.Beginning(string(name), func(id names.ID, way names.Way) bool {
		if way != names.Written {
			return w.Spend(costPlate)
		}
		if metres, ok := phrase.MarkOf(w.City.Name(id)[len(name):]); ok {
			for _, s := range w.City.Senses(id) {
				if at, ok := w.City.Place(s); ok && s.Kind == gazetteer.Landmark {
					all = append(all, plate{metres, at})
				}
			}
		}
		return w.Spend(costPlate)
	})
	slices.SortFunc(all, func(a, b plate) int { return cmp.Compare(a.metres, b.metres) })
	return all
}

// Mark is where a kilometre mark of a road is by the plates of others that the city has as landmarks with its name, and how
// far off it may be in metres: from the nearest of them along the lines of the road where these lead there, else straight on.
func (w *Ways) Mark(road names.ID, metres float64) (at geo.Point, radius float64, how How) {
	all := w.plates(road)
	i, exact := slices.BinarySearchFunc(all, metres, func(p plate, m float64) int { return cmp.Compare(p.metres, m) })
	if exact {
		return all[i].at, plateRadius, There
	}
	if len(all) < 2 {
		return at, 0, None
	}
	low := min(max(i-1, 0), len(all)-2)
	from, to := all[low], all[low+1]
	if math.Abs(to.metres-metres) < math.Abs(metres-from.metres) {
		from, to = to, from
	}
	off, left := math.Abs(metres-from.metres), math.Abs(to.metres-metres)
	bearing := ground.Bearing(from.at, to.at)
	how = Between
	if i == 0 || i == len(all) {
		how, bearing = Beyond, math.Mod(bearing+180, 360)
		if off > mostBeyond {
			return at, 0, None
		}
	}
	const slack, more = 30.0, 1.1
	if at, ok := w.City.Lines().Along(uint32(road), from.at, bearing, off); ok && geo.Distance(at, to.at) <= more*left+slack {
		return at, plateRadius + alongShare*off, how
	}
	straight := min(1, geo.Distance(from.at, to.at)/math.Abs(to.metres-from.metres))
	return ground.Moved(from.at, bearing, off*straight), plateRadius + directShare*off, how
}
