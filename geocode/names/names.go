// Package names finds names in texts: as they are written, with slips, and by their sound; and what a text may be the
// beginning of.
//
// Names and texts are normal, as [github.com/gewu-city/gewu/geocode/normal] makes them. Distances count characters that
// are wrong, missing, too many, or swapped with their neighbour (optimal string alignment).
package names

import (
	"cmp"
	"slices"
)

// ID numbers the names of a [Set] from 0 on, in the order in which they were given.
type ID uint32

// Bounds of names that slips are looked for in: of two characters one that is wrong leaves too little, and what is
// longer than twenty-four is no name of an element.
const (
	shortest = 3
	longest  = 24
	// twice is the length from which a name may have two slips.
	twice = 6
)

// edits is how many slips a name of n characters may have.
func edits(n int) int {
	switch {
	case n < shortest || n > longest:
		return 0
	case n < twice:
		return 1
	}
	return 2
}

// Fault is how a text differs from the name that is meant.
type Fault uint8

// Faults, the smallest first.
const (
	Homophone Fault = iota // it sounds alike
	Slip                   // it is written almost so
)

// Match is a name that the beginning of a text may mean.
type Match struct {
	ID     ID
	Length int // of the beginning, in characters
	Fault  Fault
	Edits  int // of a Slip: 1 or 2
}

// Set holds names. It does not change and is safe for concurrent use.
type Set struct {
	text   []rune
	ends   []uint32
	trie   trie
	slips  table
	sounds table
	starts prefixes
	pieces grams
	most   int // characters of the longest name that slips are looked for in
	digits int // in the name that has most of them
}

// New makes a Set of names, which must be different; an empty one is never found.
func New(names []string) *Set {
	s := Exact(names)
	var slips, sounds []entry
	for id := range ID(len(names)) {
		name := s.Name(id)
		s.digits = max(s.digits, digitsOf(name))
		if n := edits(len(name)); n > 0 {
			s.most = max(s.most, len(name))
			lessen(name, n, func(hash uint32) { slips = append(slips, entry{hash, id}) })
		}
		for _, key := range heard(name) {
			sounds = append(sounds, entry{hashOf(key), id})
		}
	}
	s.slips, s.sounds = newTable(slips), newTable(sounds)
	s.starts, s.pieces = newPrefixes(s), newGrams(s)
	return s
}

// Exact makes a Set of names like [New] that finds them as they are written only: [Set.Near], [Set.Beginning] and
// [Row.Alike] find nothing. It takes a fraction of the time and memory.
func Exact(names []string) *Set {
	s := &Set{ends: make([]uint32, 0, len(names)), slips: newTable(nil), sounds: newTable(nil)}
	for _, name := range names {
		s.text = append(s.text, []rune(name)...)
		s.ends = append(s.ends, uint32(len(s.text)))
	}
	s.trie = s.newTrie()
	return s
}

// Len is the number of names.
func (s *Set) Len() int { return len(s.ends) }

// Name is the text of a name, which must not be changed.
func (s *Set) Name(id ID) []rune {
	start := uint32(0)
	if id > 0 {
		start = s.ends[id-1]
	}
	return s.text[start:s.ends[id]:s.ends[id]]
}

// order puts the best first: less wrong, then longer, then by ID.
func order(a, b Match) int {
	return cmp.Or(cmp.Compare(a.Fault, b.Fault), cmp.Compare(a.Edits, b.Edits), cmp.Compare(b.Length, a.Length), cmp.Compare(a.ID, b.ID))
}

// Near appends to dst the names that a beginning of text almost is, or sounds like, and that it is not: each once, the
// best of its beginnings. The best names come first.
func (s *Set) Near(text []rune, dst []Match) []Match {
	first := len(dst)
	dst = s.heardAs(text, dst)
	dst = s.writtenAs(text, dst)
	found := dst[first:]
	slices.SortFunc(found, func(a, b Match) int { return cmp.Or(cmp.Compare(a.ID, b.ID), order(a, b)) })
	found = slices.CompactFunc(found, func(a, b Match) bool { return a.ID == b.ID })
	slices.SortFunc(found, order)
	return dst[:first+len(found)]
}
