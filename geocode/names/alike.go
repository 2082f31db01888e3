package names

import (
	"cmp"
	"math/bits"
	"slices"
)

// Bounds of looking for names by their pieces.
const (
	// common is how many names a piece has at most that says something: 市区, 路, street have more.
	common = 128
	// mostHeld is how many names the pieces of a text have at most, the rarest pieces first.
	mostHeld = 1024
	// mostProposed is how many names are compared with the text.
	mostProposed = 32
	// Of the characters of a name, or of the text if that is longer, so many are the same.
	sameOf, ofAll = 3, 5
	// Of the rare pieces of a name the text has so many.
	ofRare, rareOf = 2, 5
	// swapped is what parts of a name count that stand in another order.
	swapped = 1
)

// Likeness is a name that a part of a text resembles.
type Likeness struct {
	ID            ID
	Start, Length int // of the part, in characters
	// Edits is how many characters of the longer one the other does not have in this order; parts in another order
	// count one, whatever their length.
	Edits int
}

// Alike appends to dst names that parts of a text resemble, and that they are not: those that share the rarest pieces with
// it (pairs of characters, of words three letters), of which three fifths of the characters are in both, and two
// fifths of the rare pieces of the name in the text. Names that known
// refuses are passed over; nil refuses none. It finds what has more slips than [Row.Near] looks for, parts in another
// order, or a part left out: 大安森林公园 for 大安森林公园管理处. What it does is bounded, however long the text and however many
// the names: pieces that more than 128 names have are never looked at, of the others the rarest first until 1,024 names
// were seen, and the 32 with the rarest pieces are compared. The best come first.
func (r Row) Alike(text []rune, known func(ID) bool, dst []Likeness) []Likeness {
	first := len(dst)
	for _, p := range r.propose(text, known) {
		if l, ok := r.compare(text, p); ok && rareOf*p.held >= ofRare*r.rare(r.Name(p.id), known) {
			dst = append(dst, l)
		}
	}
	slices.SortFunc(dst[first:], func(a, b Likeness) int {
		return cmp.Or(cmp.Compare(a.Edits, b.Edits), cmp.Compare(b.Length, a.Length), cmp.Compare(a.Start, b.Start), slices.Compare(r.Name(a.ID), r.Name(b.ID)))
	})
	return dst
}

// proposal is a name that shares pieces with a text.
type proposal struct {
	id     ID
	weight int // the rarer the pieces the more
	held   int // pieces
}

// propose returns the names that share the rarest pieces with a text, those that share most first.
func (r Row) propose(text []rune, known func(ID) bool) []proposal {
	var found [][]ID
	var seen []uint32
	for at := range text {
		hash, ok := gram(text, at)
		if !ok || slices.Contains(seen, hash) {
			continue
		}
		seen = append(seen, hash)
		if held := r.holding(hash, known); len(held) > 0 {
			found = append(found, held)
		}
	}
	slices.SortStableFunc(found, func(a, b []ID) int { return cmp.Compare(len(a), len(b)) })
	const whole = 1 << 16
	var all []proposal
	for _, held := range found {
		if len(all)+len(held) > mostHeld {
			break
		}
		for _, id := range held {
			all = append(all, proposal{id, whole / len(held), 1})
		}
	}
	slices.SortFunc(all, func(a, b proposal) int { return cmp.Compare(a.id, b.id) })
	merged := all[:0]
	for _, p := range all {
		if n := len(merged); n > 0 && merged[n-1].id == p.id {
			merged[n-1].weight += p.weight
			merged[n-1].held++
		} else {
			merged = append(merged, p)
		}
	}
	slices.SortFunc(merged, func(a, b proposal) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), slices.Compare(r.Name(a.id), r.Name(b.id)))
	})
	return merged[:min(len(merged), mostProposed)]
}

// rare is how many different pieces of a name say something.
func (r Row) rare(name []rune, known func(ID) bool) int {
	var room [mostPieces]uint32
	seen := room[:0]
	for at := range name {
		if hash, ok := gram(name, at); ok && !slices.Contains(seen, hash) && len(r.holding(hash, known)) > 0 {
			seen = append(seen, hash)
		}
	}
	return len(seen)
}

// holding are the names that have a piece, none if they are more than say something.
func (r Row) holding(hash uint32, known func(ID) bool) (held []ID) {
	for i, s := range r.sets {
		for _, id := range s.pieces.of(hash) {
			if id += r.starts[i]; known != nil && !known(id) {
				continue
			}
			if len(held) == common {
				return nil
			}
			held = append(held, id)
		}
	}
	return held
}

// compare finds the part of a text that a name resembles most, of equals the shortest.
func (r Row) compare(text []rune, p proposal) (best Likeness, ok bool) {
	name := r.Name(p.id)
	best = Likeness{ID: p.id, Edits: len(name)}
	c := comparison{name: name, text: text}
	c.prepare()
	for start := range text {
		if c.same[start] == 0 || inWord(text, start) {
			continue // it begins with what is in the name
		}
		c.from(start, func(length, edits int) {
			all := max(length, len(name))
			if ofAll*(all-edits) >= sameOf*all && !inWord(text, start+length) &&
				cmp.Or(cmp.Compare(edits, best.Edits), cmp.Compare(length, best.Length)) < 0 {
				best.Start, best.Length, best.Edits = start, length, edits
			}
		})
	}
	if best.Length == 0 || best.Edits == 0 {
		return best, false
	}
	best.widen(text, len(name))
	return best, true
}

// widen takes in a wrong character before what is alike, and one behind it, or two where a number follows, if the text
// begins or ends with them: as many as the name has more.
func (l *Likeness) widen(text []rune, name int) {
	number := func(i int) bool { return i < len(text) && '0' <= text[i] && text[i] <= '9' }
	ends := func(i int) bool {
		return i < 0 || i >= len(text) || separates(text[i]) || '0' <= text[i] && text[i] <= '9'
	}
	for more := 1; more <= 2 && l.Length+more <= name; more++ {
		if end := l.Start + l.Length; ends(end) || isLetter(text[end]) {
			break
		} else if more == 1 && ends(end+1) || number(end+more) {
			l.Length += more
			break
		}
	}
	if before := l.Start - 1; l.Length < name && !ends(before) && ends(before-1) && !isLetter(text[before]) {
		l.Start, l.Length = before, l.Length+1
	}
}

// closes reports whether no part of a text goes on over a character.
func closes(r rune) bool { return r == ',' || r == '(' || r == ')' }

// comparison compares parts of a text with a name. Masks have a bit for each character of the name.
type comparison struct {
	name, text []rune
	same       []uint64 // by character of the text: where the name has it
	pairs      []uint64 // where the name has it and the next one: both bits
}

func (c *comparison) prepare() {
	room := make([]uint64, 2*len(c.text))
	c.same, c.pairs = room[:len(c.text)], room[len(c.text):]
	for i, r := range c.text {
		for j, s := range c.name {
			if r == s {
				c.same[i] |= 1 << j
			}
		}
		if i > 0 {
			both := c.same[i-1] << 1 & c.same[i]
			c.pairs[i-1] = both | both>>1
		}
	}
}

// from calls with for each part from start on that ends with a character of the name: its length, and its edits. The
// longest common sequence goes on by a row of bits for each character, after Hyyrö, Bit-parallel LCS-length computation
// revisited, 2004.
func (c *comparison) from(start int, with func(length, edits int)) {
	row := ^uint64(0)
	var covered uint64 // characters of the name in pairs that the part has
	mine, upTo := 0, start
	longest := len(c.name) * ofAll / sameOf // what is longer shares too little
	for end := start; end < len(c.text) && end < start+longest && !closes(c.text[end]); end++ {
		m := c.same[end]
		row = (row + row&m) | row&^m
		if end > start && c.pairs[end-1] != 0 {
			covered |= c.pairs[end-1]
			mine += end + 1 - max(upTo, end-1)
			upTo = end + 1
		}
		if m == 0 {
			continue
		}
		length := end + 1 - start
		all := max(length, len(c.name))
		inOrder := bits.OnesCount64(^row & (1<<len(c.name) - 1))
		inParts := min(mine, bits.OnesCount64(covered)) - swapped
		with(length, all-max(inOrder, inParts))
	}
}
