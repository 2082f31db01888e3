package names

import (
	"math/bits"
	"slices"

	"github.com/gewu-city/gewu/geocode/pinyin"
)

// table finds names by hashes. Entries ascend by hash; those whose hashes begin with b lie from starts[b] to starts[b+1].
type table struct {
	entries []entry
	starts  []uint32
	shift   uint
}

type entry struct {
	hash uint32
	id   ID
}

func newTable(entries []entry) table {
	byHash(entries)
	t := table{entries: slices.Clone(slices.Compact(entries))}
	t.shift, t.starts = buckets(t.entries)
	return t
}

// buckets shares entries out by the first bits of their hashes, two to four to each in the mean: hashes that begin with b
// are those with b before shift bits, and starts[b] is how many have less.
func buckets(entries []entry) (shift uint, starts []uint32) {
	size := bits.Len(uint(len(entries) / 2))
	shift = uint(32 - size)
	starts = make([]uint32, 1<<size+1)
	for _, e := range entries {
		starts[uint64(e.hash)>>shift+1]++
	}
	for b := range len(starts) - 1 {
		starts[b+1] += starts[b]
	}
	return shift, starts
}

// find are the entries of a hash.
func (t *table) find(hash uint32) []entry {
	b := uint64(hash) >> t.shift
	in := t.entries[t.starts[b]:t.starts[b+1]]
	for i := range in {
		if in[i].hash == hash {
			end := i + 1
			for end < len(in) && in[end].hash == hash {
				end++
			}
			return in[i:end]
		}
	}
	return nil
}

// hashOf tells texts apart; what it takes for the same is compared afterwards.
func hashOf(text []rune) uint32 {
	h := uint64(0xcbf2_9ce4_8422_2325)
	for _, r := range text {
		h = mixed(h, r)
	}
	return finish(h)
}

func mixed(h uint64, r rune) uint64 { return (h ^ uint64(r)) * 0x9e37_79b9_7f4a_7c15 }
func finish(h uint64) uint32        { return uint32((h ^ h>>29) * 0xbf58_476d_1ce4_e5b9 >> 32) }

// lessen calls with the hash of text and of what remains of it without one character, or two if n is 2.
func lessen(text []rune, n int, with func(hash uint32)) {
	with(hashOf(text))
	for i := range text {
		h := uint64(0xcbf2_9ce4_8422_2325)
		for _, r := range text[:i] {
			h = mixed(h, r)
		}
		rest := text[i+1:]
		one := h
		for _, r := range rest {
			one = mixed(one, r)
		}
		with(finish(one))
		if n < 2 {
			continue
		}
		for j := range rest {
			two := h
			for k, r := range rest {
				if k != j {
					two = mixed(two, r)
				}
			}
			with(finish(two))
		}
	}
}

// writtenAs appends the names that beginnings of text are with slips.
func (s *Set) writtenAs(text []rune, dst []Match) []Match {
	for length := shortest - 1; length <= min(len(text), s.most+2) && digitsOf(text[:length]) <= s.digits+1; length++ {
		if inWord(text, length) {
			continue
		}
		begin := text[:length]
		last := noName
		// A name with n slips has up to n characters more or less: both without those meet.
		lessen(begin, edits(min(length, longest)), func(hash uint32) {
			for _, e := range s.slips.find(hash) {
				if e.id == last {
					continue
				}
				last = e.id
				name := s.Name(e.id)
				if n := distance(begin, name); n > 0 && n <= edits(len(name)) {
					dst = append(dst, Match{ID: e.id, Length: length, Fault: Slip, Edits: n})
				}
			}
		})
	}
	return dst
}

// digitsOf is how many digits a text has: what has two more than any name is none of them with a slip.
func digitsOf(text []rune) (n int) {
	for _, r := range text {
		if '0' <= r && r <= '9' {
			n++
		}
	}
	return n
}

// distance is the number of edits from a to b; what is more than two may be too small, but is more than two.
func distance(a, b []rune) int {
	const far = 3
	if d := len(a) - len(b); d >= far || -d >= far {
		return far
	}
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if len(a) == 0 || len(b) == 0 {
		return min(far, len(a)+len(b))
	}
	if len(b) > longest {
		return far
	}
	var rooms [3][longest + 1]int
	before, last, row := &rooms[0], &rooms[1], &rooms[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			d := last[j]
			if a[i] != b[j] {
				d = 1 + min(d, last[j+1], row[j])
				if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
					d = min(d, 1+before[j-1])
				}
			}
			row[j+1] = d
		}
		before, last, row = last, row, before
	}
	return min(far, last[len(b)])
}

// mostKeys bounds the ways in which a text is read.
const mostKeys = 4

// heard are the ways in which a name sounds, none for those that are too short or long, or have no Han characters: what
// is written in letters sounds as it is written.
func heard(name []rune) [][]rune {
	if len(name) < shortest-1 || len(name) > longest || !slices.ContainsFunc(name, func(r rune) bool { return len(pinyin.Of(r)) > 0 }) {
		return nil
	}
	return pinyin.Keys(name, mostKeys)
}

// heardAs appends the names that beginnings of text sound like.
func (s *Set) heardAs(text []rune, dst []Match) []Match {
	ways := pinyin.Ways{Most: mostKeys}
	for i, r := range text[:min(len(text), longest)] {
		ways.Add(r)
		length := i + 1
		if length < shortest-1 || inWord(text, length) {
			continue
		}
		begin := text[:length]
		for _, key := range ways.Keys() {
			for _, e := range s.sounds.find(hashOf(key)) {
				name := s.Name(e.id)
				if len(name) == length && !slices.Equal(name, begin) && slices.ContainsFunc(heard(name), func(k []rune) bool { return slices.Equal(k, key) }) {
					dst = append(dst, Match{ID: e.id, Length: length, Fault: Homophone})
				}
			}
		}
	}
	return dst
}

// inWord reports whether a text is cut within a word in letters.
func inWord(text []rune, at int) bool {
	return at > 0 && at < len(text) && isLetter(text[at-1]) && isLetter(text[at])
}

func isLetter(r rune) bool { return 'a' <= r && r <= 'z' }
