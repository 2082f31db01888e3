package lines

import (
	"cmp"
	"math"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// How says how well a place of a number is known, the best first.
type How uint8

// Ways to find a number.
const (
	// InRange: a side whose numbers are of its kind, odd or even, holds it.
	InRange How = iota
	// OtherParity: a side holds it by value, but its numbers are of the other kind.
	OtherParity
	// Beyond: no side holds it; the place is the end of the side that comes nearest to it.
	Beyond
)

// Found is a place of a number.
type Found struct {
	At geo.Point
	// Radius is in metres how far off At may be: nine of ten are nearer that a side holds. It is wider where less is known:
	// between distant neighbours, of the only number of a line, and of one that no side holds.
	Radius float64
	Line   uint32 // its ID
	How    How
}

// Anchor is a number whose place is known: a door.
type Anchor struct {
	Number uint32
	At     geo.Point
}

const (
	// Offset is how far in metres from the line of the street a number is where no anchor says better: half of a street of
	// two lanes with pavements.
	Offset = 8.0
	// Inset is how far in metres from the ends of a line its first and last number are, but at most a quarter of its length:
	// ends lie in the middle of the street that crosses.
	Inset = 12.0
	// usual is how far in metres numbers that follow each other are where nothing says.
	usual = 5.0
	// beside is how far in metres an anchor may be from its line.
	beside = 80.0
	// widest is how far a number may be beyond those of a line.
	widest = 100
	// most is on how many sides a number is looked for; a list of the same numbers on more is no list of numbers.
	most = 32
	// tries is of how many numbers to either side anchors are looked at until some lie at the line.
	tries = 8
	// together is how near in metres places are that count as one.
	together = 30.0
)

// doubt is by how much Radius is wider where no side of its kind holds a number.
var doubt = [...]float64{InRange: 1, OtherParity: 1.5, Beyond: 2}

// Number is where a number of a road is: between the ends of the line whose side holds it, on that side, or nearer between
// those anchors that lie at the line, whose numbers are of the same kind, odd or even, and next to it. Of sides that hold
// the number those of its kind go before others, and these before the nearest end of a side, 100 numbers away at most; in
// ascending order of IDs, all that are as good and not within 30 m of one before, 32 at most. Anchors come in any order and
// may be of the whole road; they are not kept.
func (ix *Index) Number(road, number uint32, anchors []Anchor) []Found {
	r := ix.road(road)
	if r == nil || number == 0 {
		return nil
	}
	known := make([]Anchor, 0, len(anchors))
	for _, a := range anchors {
		if a.Number%2 == number%2 {
			known = append(known, a)
		}
	}
	slices.SortFunc(known, func(a, b Anchor) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.At.X, b.At.X), cmp.Compare(a.At.Y, b.At.Y))
	})
	var found []Found
	sides, how := r.holding(number)
	for _, s := range sides[:min(len(sides), most)] {
		f := r.place(s, number, known)
		f.How = how
		f.Radius *= doubt[how]
		if i := slices.IndexFunc(found, func(g Found) bool { return geo.Distance(f.At, g.At) <= together }); i >= 0 {
			found[i].Radius = max(found[i].Radius, geo.Distance(f.At, found[i].At)+f.Radius)
			continue
		}
		found = append(found, f)
	}
	return found
}

// side is a side of the lines from first to last, without last, which are of one feature and have the same numbers.
type side struct {
	first, last int
	// left is 1 of the left side, -1 of the right and 0 where it may be either.
	left    float64
	numbers Range
	gap     uint32 // from the numbers to the one that is looked for
}

// fit says how well numbers hold one: the better, the greater; 0 where there are none.
func (r Range) fit(number uint32) (fit int, gap uint32) {
	low, high := min(r.From, r.To), max(r.From, r.To)
	mixed := r.From%2 != r.To%2
	kind := mixed || r.From%2 == number%2
	switch {
	case r.From == 0:
		return 0, 0
	case number < low:
		gap = low - number
	case number > high:
		gap = number - high
	}
	switch {
	case gap > widest:
		return 0, 0
	case gap > 0 && !kind:
		return 1, gap
	case gap > 0:
		return 2, gap
	case !kind:
		return 3, 0
	case mixed:
		return 4, 0
	}
	return 5, 0
}

// holding are the sides that hold a number, or come nearest to it.
func (r *road) holding(number uint32) (sides []side, how How) {
	const numbered, byValue = 4, 3 // from where on a fit is in range, and by value
	best, gap := 0, uint32(0)
	for first := 0; first < len(r.lines); {
		l := &r.lines[first]
		last := first + 1
		for last < len(r.lines) && r.lines[last].id == l.id && r.lines[last].left == l.left && r.lines[last].right == l.right {
			last++
		}
		s := side{first, last, 1, l.left, 0}
		first = last
		fit, near := l.left.fit(number)
		other, otherNear := l.right.fit(number)
		switch {
		case other > fit || other == fit && otherNear < near:
			fit, near, s.left, s.numbers = other, otherNear, -1, l.right
		case other == fit && otherNear == near:
			s.left = 0
		}
		s.gap = near
		fit = min(fit, numbered)
		switch {
		case fit == 0 || fit < best || fit == best && near > gap:
			continue
		case fit > best || near < gap:
			sides, best, gap = sides[:0], fit, near
		}
		sides = append(sides, s)
	}
	switch {
	case best >= numbered:
		return sides, InRange
	case best >= byValue:
		return sides, OtherParity
	}
	return sides, Beyond
}

// knot is a number whose place along the lines of a side is known.
type knot struct {
	number uint32
	along  float64 // metres from the beginning of the lines
	offset float64 // metres to their left
	anchor bool
}

// place is where a number is on a side, by anchors that ascend and are of its kind.
func (r *road) place(s side, number uint32, anchors []Anchor) Found {
	length := r.length(s.first, s.last)
	inset := min(Inset, length/4)
	low, high := knot{number: s.numbers.From, along: inset}, knot{number: s.numbers.To, along: length - inset}
	if low.number > high.number {
		low, high = high, low
	}
	first, last, spacing := low.number, high.number, usual
	if first == last {
		low.along, high.along = length/2, length/2
	} else {
		spacing = length / float64(last-first)
	}
	low.offset, high.offset = s.left*Offset, s.left*Offset
	at := max(first, min(last, number))
	cut, _ := slices.BinarySearchFunc(anchors, at, func(a Anchor, n uint32) int { return cmp.Compare(a.Number, n) })
	above, below := anchors[cut:], anchors[:cut]
	for range tries {
		if len(above) == 0 || above[0].Number > last+widest {
			break
		}
		alike := alike(above, above[0].Number)
		if k, ok := r.knot(s, alike); ok {
			high = k
			break
		}
		above = above[len(alike):]
	}
	for range tries {
		if len(below) == 0 || below[len(below)-1].Number+widest < first {
			break
		}
		alike := alike(below, below[len(below)-1].Number)
		if k, ok := r.knot(s, alike); ok {
			low = k
			break
		}
		below = below[:len(below)-len(alike)]
	}
	known := low.anchor || high.anchor
	switch {
	case high.anchor && high.number == at:
		low = high
	case low.anchor && !high.anchor:
		high = low.toward(high, at, spacing)
	case high.anchor && !low.anchor:
		low = high.toward(low, at, spacing)
	}
	share, spread := 0.5, math.Abs(high.along-low.along)/2
	if low.number < high.number {
		share = float64(at-low.number) / float64(high.number-low.number)
	}
	if first == last && !known {
		spread = length / 2 // the only number may be anywhere
	}
	spot := r.reach(s.first, s.last, low.along+share*(high.along-low.along))
	f := around(spot.at)
	left := r.direction(spot).left()
	offset := low.offset + share*(high.offset-low.offset)
	return Found{
		At:     f.moved(spot.at, vec{left.x * offset, left.y * offset}),
		Radius: 2*Offset + spread + float64(s.gap)*spacing,
		Line:   r.lines[s.first].id,
	}
}

// toward is the knot of a number between k, which is an anchor, and an end: of numbers that are given out along a part of
// a line only, the end says less than the anchor, so the number is not further from this than numbers usually are.
func (k knot) toward(end knot, number uint32, spacing float64) knot {
	apart := math.Abs(float64(number) - float64(k.number))
	share := 1.0
	if end.number != k.number {
		share = min(1, apart/math.Abs(float64(end.number)-float64(k.number)))
	}
	reach := spacing * apart
	step := max(-reach, min(reach, share*(end.along-k.along)))
	return knot{number: number, along: k.along + step, offset: k.offset}
}

// alike are the anchors with a number among some that ascend.
func alike(anchors []Anchor, number uint32) []Anchor {
	order := func(a Anchor, n uint32) int { return cmp.Compare(a.Number, n) }
	from, _ := slices.BinarySearchFunc(anchors, number, order)
	to, _ := slices.BinarySearchFunc(anchors, number+1, order)
	return anchors[from:to]
}

// knot is that of anchors with one number: the middle of those that lie beside the lines of the side. Where the number is
// not among those of the side, they must not lie beyond an end of its lines.
func (r *road) knot(s side, alike []Anchor) (k knot, ok bool) {
	k = knot{number: alike[0].Number, anchor: true}
	among := k.number >= min(s.numbers.From, s.numbers.To) && k.number <= max(s.numbers.From, s.numbers.To)
	n := 0.0
	for _, a := range alike {
		f := around(a.At)
		spot, _, near := r.nearest(&f, s.first, s.last, beside)
		if !near || !among && r.atEnd(s, spot) {
			continue
		}
		n++
		left, way := r.direction(spot).left(), f.to(spot.at)
		k.along += r.after(s.first, spot)
		k.offset -= way.x*left.x + way.y*left.y
	}
	k.along, k.offset = k.along/n, k.offset/n
	return k, n > 0
}

// atEnd reports whether a spot is where the lines of a side begin or end.
func (r *road) atEnd(s side, p spot) bool {
	return p.line == s.first && p.segment == 0 && p.share == 0 ||
		p.line == s.last-1 && p.segment == len(r.run(p.line))-2 && p.share == 1
}
