package houses

import (
	"math"

	"github.com/gewu-city/gewu/geo"
)

// Bounds of a walk along doors, in metres: doors further apart say nothing of the way between them, those nearer say too much
// of how deep the houses stand.
const (
	widestGap = 60.0
	leastStep = 15.0
	leastTurn = 0.86 // cosine of how far from the bearing the first step may go, and where it leads may lie: 30°
	share     = 0.7  // of the metres that it leads away from the door
)

// Along walks from a door of a street by a bearing in degrees from north, so many metres from door to door on its side of the
// street. ok is false where no doors stand close to each other on the way, or the way turns back: then the street leads there
// only by guess. It reads the doors of the street and is safe for concurrent use.
func (ix *Index) Along(s Street, from geo.Point, bearing, metres float64) (to geo.Point, ok bool) {
	var side [2][]geo.Point
	at, parity, best := -1, uint32(0), math.Inf(1)
	for d := range ix.Doors(s) {
		p := d.Number.Base % 2
		side[p] = append(side[p], d.At)
		if apart := geo.Distance(d.At, from); apart < best {
			at, parity, best = len(side[p])-1, p, apart
		}
	}
	if best > leastStep {
		return to, false
	}
	sin, cos := math.Sincos(bearing * math.Pi / 180)
	mx, my := geo.Scale(from.Lat())
	doors, towards := side[parity], leastTurn
	for _, step := range []int{1, -1} {
		first, found := next(doors, at, step, from)
		if !found {
			continue
		}
		cosine := func(p geo.Point) float64 {
			x, y := float64(p.X-from.X)*mx, float64(p.Y-from.Y)*my
			return (x*sin + y*cos) / math.Hypot(x, y)
		}
		if c := cosine(doors[first]); c > towards {
			if p, reached := walk(doors, at, step, from, metres); reached && cosine(p) > leastTurn && geo.Distance(from, p) >= share*metres {
				to, ok, towards = p, true, c
			}
		}
	}
	return to, ok
}

// next is the first door in an order that is a step from a point.
func next(doors []geo.Point, at, step int, from geo.Point) (i int, ok bool) {
	for i = at + step; i >= 0 && i < len(doors); i += step {
		if geo.Distance(doors[i], from) >= leastStep {
			return i, true
		}
	}
	return 0, false
}

// walk is where so many metres from door to door lead.
func walk(doors []geo.Point, at, step int, from geo.Point, metres float64) (to geo.Point, ok bool) {
	here, far := from, 0.0
	for {
		i, found := next(doors, at, step, here)
		if !found {
			return to, false
		}
		length, reach := geo.Distance(here, doors[i]), geo.Distance(from, doors[i])
		if length > widestGap || reach < far {
			return to, false
		}
		if length >= metres {
			return geo.Between(here, doors[i], metres/length), true
		}
		at, here, far, metres = i, doors[i], reach, metres-length
	}
}
