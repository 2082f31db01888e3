package names

import (
	"cmp"
	"slices"
)

// grams finds names by pieces of them: pairs of characters, of words in letters three letters, the first of them with the
// beginning of the word. Hashes ascend; the names that have the piece of hashes[i] end at ends[i] in ids and begin where
// those of the one before end, ascending. A piece takes 8 bytes, and 4 for each name that has it.
type grams struct {
	hashes []uint32
	ends   []uint32
	ids    []ID
}

// Bounds of names that are looked for by pieces: what is shorter is found by its slips, or has too few pieces.
const (
	leastPieces  = 5
	leastLetters = 8
	mostPieces   = 64 // the bits of a mask
)

func newGrams(s *Set) grams {
	var all []entry
	for id := range ID(s.Len()) {
		name := s.Name(id)
		if !piecemeal(name) {
			continue
		}
		for at := range name {
			if hash, ok := gram(name, at); ok {
				all = append(all, entry{hash, id})
			}
		}
	}
	byHash(all)
	all = slices.Compact(all)
	g := grams{ids: make([]ID, len(all))}
	distinct := 0
	for i, e := range all {
		if i == 0 || e.hash != all[i-1].hash {
			distinct++
		}
	}
	g.hashes, g.ends = make([]uint32, 0, distinct), make([]uint32, 0, distinct)
	for i, e := range all {
		g.ids[i] = e.id
		if i+1 == len(all) || all[i+1].hash != e.hash {
			g.hashes, g.ends = append(g.hashes, e.hash), append(g.ends, uint32(i+1))
		}
	}
	return g
}

// piecemeal reports whether a name is looked for by pieces.
func piecemeal(name []rune) bool {
	least := leastPieces
	if len(name) > 0 && isLetter(name[0]) {
		least = leastLetters
	}
	return len(name) >= least && len(name) <= mostPieces
}

// gram is the piece that begins at a character, of letters the one before the word included; not ok where none does.
func gram(text []rune, at int) (hash uint32, ok bool) {
	const letters = 3
	if isLetter(text[at]) || text[at] == ' ' {
		end := min(len(text), at+letters)
		for i := at + 1; i < end; i++ {
			if !isLetter(text[i]) {
				return 0, false
			}
		}
		if at == 0 && end >= letters-1 {
			return hashOf([]rune{' ', text[0], text[1]}), true // and what follows begins with its second letter
		}
		return hashOf(text[at:end]), end == at+letters
	}
	if at+1 >= len(text) || separates(text[at]) || separates(text[at+1]) || text[at] < firstHan && text[at+1] < firstHan {
		return 0, false
	}
	return hashOf(text[at : at+2]), true
}

// firstHan is where characters begin that are no letters, digits or signs.
const firstHan = 0x2e80

// separates reports whether no name goes on behind a character.
func separates(r rune) bool { return r == ',' || r == '(' || r == ')' || r == ' ' }

// of are the names that have a piece.
func (g *grams) of(hash uint32) []ID {
	i, ok := slices.BinarySearch(g.hashes, hash)
	if !ok {
		return nil
	}
	start := uint32(0)
	if i > 0 {
		start = g.ends[i-1]
	}
	return g.ids[start:g.ends[i]]
}

// byHash sorts entries by hash, then by name. Hashes are spread evenly: entries are dealt out by the first bits, and the
// few with the same are sorted.
func byHash(entries []entry) {
	const few = 64
	if len(entries) < few {
		slices.SortFunc(entries, compareEntries)
		return
	}
	shift, starts := buckets(entries)
	ends := slices.Clone(starts)
	dealt := make([]entry, len(entries))
	for _, e := range entries {
		b := uint64(e.hash) >> shift
		dealt[ends[b]] = e
		ends[b]++
	}
	for b := range len(starts) - 1 {
		if in := dealt[starts[b]:starts[b+1]]; len(in) > 1 {
			slices.SortFunc(in, compareEntries)
		}
	}
	copy(entries, dealt)
}

func compareEntries(a, b entry) int {
	return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.id, b.id))
}
