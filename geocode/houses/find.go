package houses

import (
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/number"
)

// How says how a number was found.
type How uint8

// Ways to find a number, the best first.
const (
	// None: the street has no doors, or none that is near.
	None How = iota
	// Exact: doors have the number, or a range that holds it.
	Exact
	// Whole: doors have the base of the number, without the sub-number that was asked for.
	Whole
	// Part: doors have the base with sub-numbers, which was asked for without.
	Part
	// Between: it would be between two doors on its side of the street.
	Between
	// Beside: the door nearest by number on its side, or on the other where its own has none.
	Beside
)

// Found is where a number is.
type Found struct {
	How How
	// Doors are those that say it: of Between the two neighbours, the lower first, else all that are as good, ascending.
	// A number that several doors have is given out in several areas, or twice.
	Doors []Door
	// At is the place: of one door, or between the two.
	At geo.Point
	// Radius is in metres how far off At may be: 0 of Exact, else what lies between the doors.
	Radius float64
}

// Bounds of guesses: neighbours further from each other, by number or in metres, say nothing.
const (
	widest   = 100
	furthest = 500.0
)

// Find finds a number in a street.
func (ix *Index) Find(s Street, n number.Number) Found {
	list := ix.street(s)
	if len(list) == 0 || n.Base == 0 {
		return Found{}
	}
	if doors := same(list, n); len(doors) > 0 {
		return at(Exact, doors)
	}
	if doors := holding(list, n); len(doors) > 0 {
		return at(Exact, doors)
	}
	if doors := based(list, n.Base); len(doors) > 0 {
		if n.Mark == number.Plain {
			return at(Part, doors)
		}
		if whole := slices.DeleteFunc(slices.Clone(doors), func(d Door) bool { return d.Number.Mark != number.Plain }); len(whole) > 0 {
			return at(Whole, whole)
		}
		return at(Whole, doors)
	}
	return guess(list, n)
}

// at is found at doors.
func at(how How, doors []Door) Found {
	f := Found{How: how, Doors: doors, At: doors[0].At}
	if how != Exact {
		for _, d := range doors {
			f.Radius = max(f.Radius, geo.Distance(f.At, d.At))
		}
	}
	return f
}

// same are the doors with a number. Of 12-16 the sub-number is looked for, and a range that says the same.
func same(list []entry, n number.Number) (doors []Door) {
	for _, e := range from(list, n.Base) {
		m := number.Unpack(e.number)
		if m.Base != n.Base {
			break
		}
		m.Last, n.Last = 0, 0
		if m == n {
			doors = append(doors, e.door())
		}
	}
	return doors
}

// holding are the doors with a range that holds a number without a mark, on the same side of the street.
func holding(list []entry, n number.Number) (doors []Door) {
	if n.Mark != number.Plain {
		return nil
	}
	first := uint32(1)
	if n.Base > widest {
		first = n.Base - widest
	}
	for _, e := range from(list, first) {
		m := number.Unpack(e.number)
		if m.Base >= n.Base {
			break
		}
		if m.Last >= n.Base && m.Even() == n.Even() {
			doors = append(doors, e.door())
		}
	}
	return doors
}

// based are the doors with a base.
func based(list []entry, base uint32) (doors []Door) {
	for _, e := range from(list, base) {
		if e.base() != base {
			break
		}
		doors = append(doors, e.door())
	}
	return doors
}

// from are the doors whose base is at least base.
func from(list []entry, base uint32) []entry {
	at, _ := slices.BinarySearchFunc(list, base, func(e entry, base uint32) int { return int(e.base()) - int(base) })
	return list[at:]
}

// guess finds the place of a number that no door has by the doors around it.
func guess(list []entry, n number.Number) Found {
	above := from(list, n.Base)
	below := list[:len(list)-len(above)]
	side := func(e *entry) bool { return e.base()%2 == n.Base%2 }
	low, high := last(below, side), first(above, side)
	if low != nil && high != nil {
		apart := geo.Distance(low.at, high.at)
		if high.base()-low.base() <= widest && apart <= furthest {
			share := float64(n.Base-low.base()) / float64(high.base()-low.base())
			return Found{
				How: Between, Doors: []Door{low.door(), high.door()}, Radius: apart / 2,
				At: geo.Point{X: between(low.at.X, high.at.X, share), Y: between(low.at.Y, high.at.Y, share)},
			}
		}
	}
	if low == nil && high == nil {
		either := func(*entry) bool { return true }
		low, high = last(below, either), first(above, either)
	}
	near := low
	if low == nil || high != nil && high.base()-n.Base < n.Base-low.base() {
		near = high
	}
	gap := max(near.base(), n.Base) - min(near.base(), n.Base)
	if gap > widest {
		return Found{}
	}
	return Found{How: Beside, Doors: based(list, near.base()), At: near.at, Radius: spacing(list) * float64(gap)}
}

// spacing is how far apart in metres numbers of a street are that follow each other, from its first door to its last.
func spacing(list []entry) float64 {
	const house = 10.0 // where one door is all that is known
	low, high := &list[0], &list[len(list)-1]
	if low.base() == high.base() {
		return house
	}
	return geo.Distance(low.at, high.at) / float64(high.base()-low.base())
}

func between(a, b int32, share float64) int32 { return a + int32(share*float64(int64(b)-int64(a))) }

func last(list []entry, fits func(*entry) bool) *entry {
	for i := len(list) - 1; i >= 0; i-- {
		if fits(&list[i]) {
			return &list[i]
		}
	}
	return nil
}

func first(list []entry, fits func(*entry) bool) *entry {
	for i := range list {
		if fits(&list[i]) {
			return &list[i]
		}
	}
	return nil
}
