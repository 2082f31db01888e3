// Package houses finds doors by their numbers: the one that is asked for, or where it would be between its neighbours.
package houses

import (
	"cmp"
	"maps"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/number"
)

// Street is a way along which doors are numbered: a road, or a section of it, or a lane that leaves it, or an alley that
// leaves the lane. Roads are numbered by the caller; sections, lanes and alleys are 0 where there is none.
type Street struct {
	Road        uint32
	Section     uint32
	Lane, Alley uint64 // packed numbers
}

func (s Street) compare(t Street) int {
	return cmp.Or(cmp.Compare(s.Road, t.Road), cmp.Compare(s.Section, t.Section), cmp.Compare(s.Lane, t.Lane), cmp.Compare(s.Alley, t.Alley))
}

// Door is a number plate.
type Door struct {
	Number number.Number
	At     geo.Point
	ID     uint32 // by the caller, the same for one door of one street only
}

// entry is a door as it is kept: 20 bytes.
type entry struct {
	number uint64
	at     geo.Point
	id     uint32
}

func (e *entry) compare(f *entry) int {
	return cmp.Or(cmp.Compare(e.number, f.number), cmp.Compare(e.id, f.id))
}

func (e *entry) base() uint32 { return number.Unpack(e.number).Base }

// Index finds doors of streets. It does not change and is safe for concurrent use; [Index.With] makes the next one.
type Index struct {
	streets map[Street][]entry // ascending
	// newer holds the streets that were changed since streets was made, empty ones too.
	newer map[Street][]entry
	doors int
}

// Change puts a door into a street or takes it out.
type Change struct {
	Street Street
	Door   Door
	Gone   bool
}

// New makes an Index of doors, which it takes in any order.
func New(doors func(yield func(Street, Door) bool)) *Index {
	type placed struct {
		street Street
		door   entry
	}
	var all []placed
	for s, d := range doors {
		all = append(all, placed{s, entryOf(&d)})
	}
	slices.SortFunc(all, func(a, b placed) int { return cmp.Or(a.street.compare(b.street), a.door.compare(&b.door)) })
	ix := &Index{streets: map[Street][]entry{}, newer: map[Street][]entry{}, doors: len(all)}
	entries := make([]entry, len(all))
	for i, start := 0, 0; i < len(all); i++ {
		entries[i] = all[i].door
		if i+1 == len(all) || all[i+1].street != all[i].street {
			ix.streets[all[i].street] = entries[start : i+1 : i+1]
			start = i + 1
		}
	}
	return ix
}

func entryOf(d *Door) entry { return entry{d.Number.Packed(), d.At, d.ID} }

// Len is the number of doors.
func (ix *Index) Len() int { return ix.doors }

// renew is how many streets may be newer before they are taken in: copying the few is done for every change, copying
// all for few.
const renew = 512

// With is the Index after changes, which it makes in order: a door that is there already moves, one that is not is not
// taken out. It costs as much as the streets of the changes hold, and now and then the number of all streets.
func (ix *Index) With(changes []Change) *Index {
	next := &Index{streets: ix.streets, newer: maps.Clone(ix.newer), doors: ix.doors}
	own := map[Street]bool{} // streets whose doors were copied
	for i := range changes {
		c := &changes[i]
		list := next.street(c.Street)
		if !own[c.Street] {
			list, own[c.Street] = slices.Clone(list), true
		}
		before := len(list)
		list = slices.DeleteFunc(list, func(e entry) bool { return e.id == c.Door.ID })
		if !c.Gone {
			e := entryOf(&c.Door)
			at, _ := slices.BinarySearchFunc(list, e, func(a, b entry) int { return a.compare(&b) })
			list = slices.Insert(list, at, e)
		}
		next.doors += len(list) - before
		next.newer[c.Street] = list
	}
	if len(next.newer) > max(renew, len(next.streets)/16) {
		next.streets = maps.Clone(next.streets)
		for s, list := range next.newer {
			if next.streets[s] = list; len(list) == 0 {
				delete(next.streets, s)
			}
		}
		next.newer = map[Street][]entry{}
	}
	return next
}

func (ix *Index) street(s Street) []entry {
	if list, ok := ix.newer[s]; ok {
		return list
	}
	return ix.streets[s]
}

// Has reports whether a street has doors.
func (ix *Index) Has(s Street) bool { return len(ix.street(s)) > 0 }

// Doors calls yield with the doors of a street, ascending by number.
func (ix *Index) Doors(s Street) func(yield func(Door) bool) {
	return func(yield func(Door) bool) {
		for _, e := range ix.street(s) {
			if !yield(e.door()) {
				return
			}
		}
	}
}

func (e *entry) door() Door { return Door{number.Unpack(e.number), e.at, e.id} }
