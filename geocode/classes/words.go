package classes

import (
	"cmp"
	"slices"
	"unicode"

	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/normal"
)

// Widths of what stands between words: about three letters say as much as one Han character.
const (
	hanWidth   = 3
	stopWidth  = 12
	denyReach  = 30 // how far 不是 reaches
	lackReach  = 6  // how far 没有 reaches; 没 and 无 do not
	placeReach = 12 // what may stand between "near" and a thing
)

// word is a word of the lists that a text has.
type word struct {
	start, end int // characters of the normal text
	id         names.ID
	plural     bool
	place      bool // it only says where
	lost       bool // it is denied, or it has no meaning of its own
}

// found are the words of a text.
type found struct {
	table *table
	words []word  // in the order of the text
	by    [][]int // of each list: the words that count, ascending
	width []int32 // of what stands before each character
}

// find finds the words of a normal text and decides which of them count.
func (t *table) find(text []rune) *found {
	f := &found{table: t, words: t.longest(text)}
	if len(f.words) == 0 {
		return f
	}
	f.measure(text)
	f.judge(text)
	f.by = make([][]int, t.count)
	for i := range f.words {
		if w := &f.words[i]; !w.lost {
			for _, l := range t.lists[w.id] {
				f.by[l] = append(f.by[l], i)
			}
		}
	}
	return f
}

// longest are the words of a text that do not overlap: the longest first, of equal ones the one before.
func (t *table) longest(text []rune) []word {
	var all []word
	for i, r := range text {
		if i > 0 && spelled(r) && spelled(text[i-1]) {
			continue
		}
		t.words.Begins(text[i:], func(id names.ID, length int) bool {
			if end, plural, ok := ends(text, i+length); ok {
				all = append(all, word{start: i, end: end, id: id, plural: plural})
			}
			return true
		})
	}
	slices.SortFunc(all, func(a, b word) int {
		return cmp.Or(cmp.Compare(b.end-b.start, a.end-a.start), cmp.Compare(a.start, b.start), compareBool(a.plural, b.plural))
	})
	taken, kept := make([]bool, len(text)), all[:0]
	for _, w := range all {
		if !slices.Contains(taken[w.start:w.end], true) {
			kept = append(kept, w)
			for i := w.start; i < w.end; i++ {
				taken[i] = true
			}
		}
	}
	slices.SortFunc(kept, func(a, b word) int { return cmp.Compare(a.start, b.start) })
	return kept
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// ends tells where a word ends that ends at end or is a plural in s or es there; ok is false within a word of letters.
func ends(text []rune, end int) (at int, plural, ok bool) {
	if !spelled(text[end-1]) {
		return end, false, true
	}
	for _, more := range [...]string{"", "s", "es"} {
		at = end + len(more)
		if at <= len(text) && string(text[end:at]) == more && (at == len(text) || !spelled(text[at])) {
			return at, more != "", true
		}
	}
	return 0, false, false
}

// spelled reports whether a character is one of words that spaces tell apart.
func spelled(r rune) bool {
	return r < 0x2E80 && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// measure says how much stands before each character. Courtesy has no width.
func (f *found) measure(text []rune) {
	f.width = make([]int32, len(text)+1)
	next, sum := 0, int32(0)
	for i, r := range text {
		f.width[i] = sum
		for next < len(f.words) && f.words[next].end <= i {
			next++
		}
		switch {
		case next < len(f.words) && f.words[next].start <= i && f.is(next, f.table.courtesy), r == ' ':
		case r == ',':
			sum += stopWidth
		case r < 0x2E80:
			sum++
		default:
			sum += hanWidth
		}
	}
	f.width[len(text)] = sum
}

// is reports whether a word is one of a list.
func (f *found) is(i int, l list) bool { return slices.Contains(f.table.lists[f.words[i].id], l) }

// gap is the width between a word and a later one.
func (f *found) gap(i, j int) int { return int(f.width[f.words[j].start] - f.width[f.words[i].end]) }

// judge decides which words count.
func (f *found) judge(text []rune) {
	t := f.table
	for i := range f.words {
		w := &f.words[i]
		switch {
		case w.lost:
		case f.is(i, t.courtesy) || f.is(i, t.aside):
			w.lost = true
		case f.is(i, t.not):
			w.lost = true
			f.deny(i, text)
		case f.is(i, t.lack):
			f.miss(i, text)
		case f.is(i, t.beside):
			f.locate(i)
		default:
			w.lost = named(text, w.end)
		}
	}
}

// deny takes away what 不是 says: up to a stop, or to 是, but, it.
func (f *found) deny(i int, text []rune) {
	for j := i + 1; j < len(f.words) && f.gap(i, j) <= denyReach && !turns(text[f.words[i].end:f.words[j].start]); j++ {
		f.words[j].lost = true
	}
}

func turns(text []rune) bool {
	for k, r := range text {
		if r == ',' || r == '是' || r == '但' || r == '(' {
			return true
		}
		if r == ' ' && (begins(text[k+1:], "but ") || begins(text[k+1:], "its ") || begins(text[k+1:], "it is ")) {
			return true
		}
	}
	return false
}

func begins(text []rune, with string) bool {
	return len(text) >= len(with) && string(text[:len(with)]) == with
}

// miss reads 没有: a thing that is not there is missing, and what is the matter is not the matter.
func (f *found) miss(i int, text []rune) {
	w := &f.words[i]
	w.lost = true
	far := lackReach
	if w.end-w.start == 1 {
		far = 0
	}
	j := i + 1
	if j == len(f.words) || f.gap(i, j) > far || slices.Contains(text[w.end:f.words[j].start], '的') {
		return
	}
	for _, l := range f.table.lists[f.words[j].id] {
		if f.table.things[l] {
			w.lost = false
			return
		}
	}
	f.words[j].lost = true
}

// locate reads 旁边, in front of: the thing before it, in English behind it, only says where.
func (f *found) locate(i int) {
	w := &f.words[i]
	w.lost = len(f.table.lists[w.id]) == 1
	if i > 0 && f.gap(i-1, i) == 0 && !f.words[i].latin(f) {
		f.words[i-1].place = true
	}
	if i+1 < len(f.words) && w.latin(f) && f.gap(i, i+1) <= placeReach {
		f.words[i+1].place = true
	}
}

// latin reports whether a word is written in letters.
func (w *word) latin(f *found) bool { return spelled(f.table.words.Name(w.id)[0]) }

// named reports whether a word that ends at end is the beginning of a name: 石桥路, 水塔街, 古树里3邻.
func named(text []rune, end int) bool {
	if end >= len(text) {
		return false
	}
	var next rune
	if end+1 < len(text) {
		next = text[end+1]
	}
	switch text[end] {
	case '街', '巷', '弄', '村', '镇':
		return true
	case '路':
		return !slices.Contains([]rune("口面边上中旁人灯树牌障过"), next)
	case '里':
		return unicode.IsDigit(next)
	}
	return false
}

// spans are the bytes of the words of a proof.
func (f *found) spans(p proof, source *normal.Text) []Span {
	words := slices.Clone(p.words)
	slices.Sort(words)
	var out []Span
	for _, i := range words {
		start, end := source.Source(f.words[i].start, f.words[i].end)
		out = append(out, Span{Start: start, End: end})
	}
	return out
}
