package eval

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/noise"
)

// Road is a road as its truth is known: by the doors on it, or by its lines.
type Road struct {
	// Name is how people write it. Roads with the same name are one to them, so that none of these is used.
	Name string
	// Doors are the doors on the road itself, in any order: not those in its lanes.
	Doors []geo.Point
	// Lines are its centre lines. Where two roads have lines these decide.
	Lines [][]geo.Point
}

// What is known of a crossing, in metres.
const (
	crossingTolerance = 60.0
	meeting           = 60.0  // doors of two roads so close are at their crossing, or the roads run side by side
	together          = 150.0 // all places where they are so close lie so close to each other, else they meet twice
	corner            = 12.0  // from the middle of a crossing to its corner
	leastAngle        = 30 * math.Pi / 180
)

// Crossings makes up to n cases about crossings of the roads, of the class "crossing", each pair of roads once, in the
// order and words that r gives. Used are only crossings of which the place is certain within the tolerance of 60 m:
//
//   - of two roads with lines, where these cross, if they do so in one place;
//   - else where doors of both are within 60 m of each other, in one place, and the lines through the doors of each
//     within 150 m of it, where these are straight, cross there at 30° or more.
func Crossings(roads []Road, n int, r *rand.Rand) []Case {
	names := map[string]int{}
	for _, road := range roads {
		names[road.Name]++
	}
	var found []crossing
	for pair, places := range meetings(roads) {
		a, b := &roads[pair[0]], &roads[pair[1]]
		if a.Name == "" || names[a.Name] > 1 || names[b.Name] > 1 {
			continue
		}
		if at, ok := certain(a, b, places); ok {
			found = append(found, crossing{a.Name, b.Name, at})
		}
	}
	// The map has no order.
	slices.SortFunc(found, func(x, y crossing) int { return strings.Compare(x.a+"\x00"+x.b, y.a+"\x00"+y.b) })
	r.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	var cases []Case
	style := styleOf(roads, func(road Road) string { return road.Name })
	for _, x := range found[:min(n, len(found))] {
		if r.IntN(2) == 0 {
			x.a, x.b = x.b, x.a
		}
		cases = append(cases, x.write(style, r))
	}
	return cases
}

type crossing struct {
	a, b string
	at   geo.Point
}

// place is where two roads come close, and how close.
type place struct {
	at  geo.Point
	gap float64
}

// meetings finds the places where roads come close, by the pair of their indexes: crossings of segments where both have
// lines, else the middle between doors.
func meetings(roads []Road) map[[2]int][]place {
	type item struct {
		road int
		a, b geo.Point // a door twice
	}
	type square struct{ x, y int32 }
	var (
		all  []item
		at   = map[square][]int{}
		size square // in units
	)
	for i := range roads {
		for _, d := range roads[i].Doors {
			all = append(all, item{i, d, d})
		}
		for _, l := range roads[i].Lines {
			for k := range l[:max(0, len(l)-1)] {
				all = append(all, item{i, l[k], l[k+1]})
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	lined := func(road int) bool { return len(roads[road].Lines) > 0 }
	mx, my := geo.Scale(all[0].a.Lat())
	size = square{int32(meeting / mx), int32(meeting / my)}
	found := map[[2]int][]place{}
	seen := make([]int, len(all)) // by item: the last one that was compared with it, counted from 1
	for i, it := range all {
		// An item lies in every square of its box, and in those around it, so that what is close shares one.
		box := [4]int32{min(it.a.X, it.b.X) / size.x, min(it.a.Y, it.b.Y) / size.y, max(it.a.X, it.b.X) / size.x, max(it.a.Y, it.b.Y) / size.y}
		for x := box[0] - 1; x <= box[2]+1; x++ {
			for y := box[1] - 1; y <= box[3]+1; y++ {
				for _, j := range at[square{x, y}] {
					other := &all[j]
					if other.road == it.road || seen[j] == i+1 {
						continue
					}
					seen[j] = i + 1
					if lined(other.road) && lined(it.road) && it.a == it.b {
						continue
					}
					pair := [2]int{other.road, it.road}
					if p, ok := meet(other.a, other.b, it.a, it.b); ok {
						found[pair] = append(found[pair], p)
					}
				}
			}
		}
		for x := box[0]; x <= box[2]; x++ {
			for y := box[1]; y <= box[3]; y++ {
				at[square{x, y}] = append(at[square{x, y}], i)
			}
		}
	}
	return found
}

// meet is where two segments cross, or the middle between two doors that are close. A door and a segment do not meet.
func meet(a, b, c, d geo.Point) (place, bool) {
	if a == b && c == d {
		gap := geo.Distance(a, c)
		return place{geo.Between(a, c, 0.5), gap}, gap <= meeting
	}
	if a == b || c == d {
		return place{}, false
	}
	p := planeAt(a)
	ab, ac, cd := p.vec(b), p.vec(c), p.vec(d).minus(p.vec(c))
	area := ab.cross(cd)
	if area == 0 {
		return place{}, false
	}
	t, u := ac.cross(cd)/area, ac.cross(ab)/area
	outside := func(t float64, of vec) bool {
		const touching = 1 // metres
		slack := touching / of.length()
		return t < -slack || t > 1+slack
	}
	if outside(t, ab) || outside(u, cd) {
		return place{}, false
	}
	return place{p.point(vec{}.along(ab, t)), 0}, true
}

// certain is the crossing of two roads that come close in some places.
func certain(a, b *Road, places []place) (geo.Point, bool) {
	best := places[0]
	for _, p := range places {
		if p.gap < best.gap || p.gap == best.gap && (p.at.X < best.at.X || p.at.X == best.at.X && p.at.Y < best.at.Y) {
			best = p
		}
	}
	lines := len(a.Lines) > 0 && len(b.Lines) > 0
	apart := together
	if lines {
		apart = crossingTolerance
	}
	for _, p := range places {
		if geo.Distance(p.at, best.at) > apart {
			return geo.Point{}, false
		}
	}
	if lines {
		return best.at, true
	}
	plane := planeAt(best.at)
	at, along, ok := plane.stretch(a.Doors)
	bt, blong, bok := plane.stretch(b.Doors)
	sine := along.cross(blong)
	if !ok || !bok || math.Abs(sine) < math.Sin(leastAngle) {
		return geo.Point{}, false
	}
	x := at.along(along, bt.minus(at).cross(blong)/sine)
	if x.length() > crossingTolerance {
		return geo.Point{}, false
	}
	return plane.point(x), true
}

// style is how cases are written.
type style uint8

const (
	inTraditional style = iota
	inSimplified
	inLetters
)

// styleOf is the style of names: letters if no name has a Han character, simplified if one has a simplified one.
func styleOf[T any](list []T, nameOf func(T) string) style {
	s := inLetters
	for _, e := range list {
		name := nameOf(e)
		if noise.IsSimplified(name) {
			return inSimplified
		}
		if strings.ContainsFunc(name, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			s = inTraditional
		}
	}
	return s
}

// ways are how people name crossings: A and B stand for the roads, C for a corner.
var ways = [...][]string{
	inTraditional: {"A與B交叉口", "A與B路口", "A和B交叉路口", "AB口", "AB路口", "A跟B口", "A、B交會處", "A與B交叉口C角", "A和B路口C側"},
	inSimplified:  {"A与B交叉口", "A与B路口", "A和B交汇处", "AB口", "AB路口", "A跟B口", "A、B交汇处", "A与B交叉口C角", "A和B交汇处C角"},
	inLetters:     {"A & B", "A and B", "corner of A and B", "intersection of A & B", "A at B", "A & B, C corner"},
}

// corners are the words for them in each style, north-east first, then clockwise.
var corners = [...][4]string{
	inTraditional: {"東北", "東南", "西南", "西北"},
	inSimplified:  {"东北", "东南", "西南", "西北"},
	inLetters:     {"NE", "SE", "SW", "NW"},
}

func (x crossing) write(s style, r *rand.Rand) Case {
	text := ways[s][r.IntN(len(ways[s]))]
	at := x.at
	c := r.IntN(4)
	if strings.Contains(text, "C") {
		side := [4]vec{{corner, corner}, {corner, -corner}, {-corner, -corner}, {-corner, corner}}[c]
		at = planeAt(at).point(side)
	}
	if s == inLetters {
		// Whole words only: "corner of A and B" has other letters, too.
		words := strings.Fields(text)
		for i, w := range words {
			switch strings.TrimSuffix(w, ",") {
			case "A":
				words[i] = x.a
			case "B":
				words[i] = x.b + w[1:]
			case "C":
				words[i] = corners[s][c]
			}
		}
		text = strings.Join(words, " ")
	} else {
		text = strings.NewReplacer("A", x.a, "B", x.b, "C", corners[s][c]).Replace(text)
	}
	return Case{Query: text, Class: "crossing", At: at, Placed: true, ToleranceM: crossingTolerance}
}
