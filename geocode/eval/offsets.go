package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// Anchor is a place from which directions and distances are told.
type Anchor struct {
	// Text is how people write it.
	Text string
	At   geo.Point
	// Road are the doors of the road that it is on. People who say "50 m to the east" mean along the road if it goes about
	// there, and by the compass else; where it goes in between nobody knows, and no case is made. Anchors without a road
	// go by the compass.
	Road []geo.Point
}

// The distances that people tell, and what is right: 20 m, and what lies between the compass and a road that goes a
// sixteenth of the circle beside it, 2 sin(22.5°/2) of the distance.
var distances = [...]int{50, 80, 100, 150, 200, 300}

func offsetTolerance(distance int) float64 { return 20 + 0.4*float64(distance) }

// Offsets makes n cases of the class "offset" about places some metres in a direction from anchors, which r chooses,
// with the directions, distances and words. Fewer are made if the anchors allow few.
func Offsets(anchors []Anchor, n int, r *rand.Rand) []Case {
	var cases []Case
	style := styleOf(anchors, func(a Anchor) string { return a.Text })
	for tries := 0; len(anchors) > 0 && len(cases) < n && tries < 20*n; tries++ {
		a := &anchors[r.IntN(len(anchors))]
		compass, d := r.IntN(len(compasses[style])), distances[r.IntN(len(distances))]
		angle := math.Pi/2 - float64(compass)*math.Pi/4
		plane := planeAt(a.At)
		if len(a.Road) > 0 && !plane.clear(a.Road, angle) {
			continue
		}
		metres := float64(d)
		var text string
		word := compasses[style][compass]
		if style == inLetters {
			unit := "m"
			if r.IntN(2) == 0 {
				unit, metres = "feet", metres*0.3048
			}
			// A tolerance from the smallest of distances in metres keeps the anchor itself wrong.
			if metres < float64(distances[0]) {
				continue
			}
			text = fmt.Sprintf([...]string{"%d %s %s of %s", "about %d %s %s of %s"}[r.IntN(2)], d, unit, word, a.Text)
		} else {
			text = fmt.Sprintf(offsetWays[style][r.IntN(len(offsetWays[style]))], a.Text, word, d)
		}
		cases = append(cases, Case{
			Query: text, Class: "offset", Placed: true, ToleranceM: offsetTolerance(int(metres)),
			At: plane.point(vec{}.along(vec{math.Cos(angle), math.Sin(angle)}, metres)),
		})
	}
	return slices.Clip(cases)
}

// clear reports whether a road goes about in a direction, or clearly in another one.
func (p plane) clear(road []geo.Point, angle float64) bool {
	_, along, ok := p.stretch(road)
	if !ok {
		return false
	}
	cosine := math.Abs(along.x*math.Cos(angle) + along.y*math.Sin(angle))
	return cosine >= math.Cos(math.Pi/8) || cosine <= math.Cos(3*math.Pi/8)
}

// compasses are the words for directions, north first, then clockwise.
var compasses = [...][8]string{
	inTraditional: {"北", "東北", "東", "東南", "南", "西南", "西", "西北"},
	inSimplified:  {"北", "东北", "东", "东南", "南", "西南", "西", "西北"},
	inLetters:     {"north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"},
}

// offsetWays are how people say it: anchor, direction, distance.
var offsetWays = [...][]string{
	inTraditional: {"%s往%s%d公尺", "%s往%s%d米", "%s以%s%d公尺", "%s向%s%d公尺處", "%s往%s走%d公尺", "%s%s側%d公尺"},
	inSimplified:  {"%s往%s%d米", "%s以%s%d米", "%s向%s%d米处", "%s往%s走%d米", "%s%s侧%d米"},
	inLetters:     nil, // has its units
}
