package noise

import (
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"
)

// letters is a text in letters, told apart: 240 Mass Ave, Cambridge, MA 02139.
type letters struct {
	runes []rune
	words []word
}

// word is a word: characters start up to end, exclusive.
type word struct {
	start, end int
	kind       wordKind
	low        string // in small letters, without a point at its end
}

type wordKind uint8

const (
	plain     wordKind = iota // Harvard
	digits                    // 240, 12-14, 4A
	way                       // St
	compass                   // N
	flat                      // Apt
	behind                    // what stands behind the first comma
	connector                 // and, &, at
)

// The forms of suffixes and directions, as pairs of long and short.
const (
	suffixes = `street st avenue ave road rd place pl court ct drive dr lane ln boulevard blvd square sq terrace ter
		parkway pkwy highway hwy circle cir alley aly crescent cres trail trl turnpike tpke`
	winds = `north n south s east e west w northeast ne northwest nw southeast se southwest sw`
	flats = `apt apartment unit suite ste floor fl room rm`
	joins = `and at`
)

// partner is the other form of a word of such a list.
func partner(list, low string) (string, bool) {
	f := strings.Fields(list)
	i := slices.Index(f, low)
	if i < 0 {
		return "", false
	}
	return f[i^1], true
}

// readWords tells a text in letters apart. A suffix is the last word of a street, a direction its first or its last
// word, each only where another word remains as the name: St Marys Rd, North St.
func readWords(runes []rune) *letters {
	l := &letters{runes: runes}
	comma := false
	for i := 0; i < len(runes); i++ {
		if runes[i] == ',' {
			comma = true
		}
		start := i
		for i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsNumber(runes[i]) || unicode.IsMark(runes[i]) ||
			i > start && in("'’.-/", runes[i]) || runes[i] == '&') {
			i++
		}
		if i == start {
			continue
		}
		w := word{start: start, end: i, low: strings.TrimRight(strings.ToLower(string(runes[start:i])), ".")}
		switch {
		case comma:
			w.kind = behind
		case unicode.IsNumber(runes[start]):
			w.kind = digits
		case runes[start] == '&', slices.Contains(strings.Fields(joins), w.low):
			w.kind = connector
		case slices.Contains(strings.Fields(flats), w.low):
			w.kind = flat
		}
		l.words = append(l.words, w)
		i-- // the loop steps over the character that ended the word
	}
	for i := 0; i < len(l.words); {
		if l.words[i].kind != plain {
			i++
			continue
		}
		j := i
		for j < len(l.words) && l.words[j].kind == plain {
			j++
		}
		street(l.words[i:j])
		i = j
	}
	return l
}

// street finds suffix and directions in the words of one street.
func street(w []word) {
	mark := func(i int, list string, k wordKind) bool {
		if i < 0 || i >= len(w) || w[i].kind != plain {
			return false
		}
		others := 0
		for j := range w {
			if j != i && w[j].kind == plain {
				others++
			}
		}
		if _, ok := partner(list, w[i].low); !ok || others == 0 {
			return false
		}
		w[i].kind = k
		return true
	}
	last := len(w) - 1
	if !mark(last, suffixes, way) && mark(last, winds, compass) {
		mark(last-1, suffixes, way)
	}
	mark(0, winds, compass)
}

func (l *letters) make(class Class, r *rand.Rand) (string, bool) {
	switch class {
	case PrefixDropped:
		return l.dropBehind(r)
	case FullWidth:
		return widen(l.runes, r)
	case MissingUnit:
		return l.dropSuffix(r)
	case Typo, Deletion, Insertion, Transposition:
		return l.slip(class, r)
	case Suffix:
		return l.otherForm(suffixes, way)
	case Direction:
		return l.otherForm(winds, compass)
	case Case:
		return pick([]string{strings.ToLower(string(l.runes)), strings.ToUpper(string(l.runes))}, r)
	case Apartment:
		return l.addFlat(r)
	case FreeText:
		return around(talkLatin, l.runes, r)
	default:
		return "", false
	}
}

// dropBehind leaves out what stands behind one of the commas.
func (l *letters) dropBehind(r *rand.Rand) (string, bool) {
	var ways []string
	for i, c := range l.runes {
		if c == ',' && i > 0 {
			ways = append(ways, string(l.runes[:i]))
		}
	}
	return pick(ways, r)
}

// dropSuffix leaves out the suffix of a street, with the space before it.
func (l *letters) dropSuffix(r *rand.Rand) (string, bool) {
	var ways []string
	for i, w := range l.words {
		if w.kind == way {
			ways = append(ways, string(l.runes[:l.words[i-1].end])+string(l.runes[w.end:]))
		}
	}
	return pick(ways, r)
}

// otherForm replaces all words of a kind by their other forms, in the case that they are written in.
func (l *letters) otherForm(list string, k wordKind) (string, bool) {
	var b strings.Builder
	from := 0
	for _, w := range l.words {
		other, ok := partner(list, w.low)
		if w.kind != k || !ok {
			continue
		}
		b.WriteString(string(l.runes[from:w.start]))
		b.WriteString(inCase(other, l.runes[w.start:w.end], l.runes))
		from = w.end
	}
	b.WriteString(string(l.runes[from:]))
	return b.String(), from > 0
}

// inCase writes a word in the case of another one. A single letter (N) says nothing, so that the text around it decides.
func inCase(low string, like, text []rune) string {
	if len(like) == 1 {
		like = text
	}
	s := string(like)
	switch {
	case strings.ToLower(s) == s:
		return low
	case strings.ToUpper(s) == s || len(low) <= 2 && strings.ContainsAny(winds, low) && low != "st":
		return strings.ToUpper(low)
	default:
		return strings.ToUpper(low[:1]) + low[1:]
	}
}

// keyboard are the letters of a keyboard as they stand.
var keyboard = [...]string{"qwertyuiop", "asdfghjkl", "zxcvbnm"}

// beside is a letter beside another one on the keyboard, in its case; letters that no key has are replaced by e.
func beside(c rune, r *rand.Rand) rune {
	low, by := unicode.ToLower(c), 'e'
	for row, line := range keyboard {
		at := strings.IndexRune(line, low)
		if at < 0 {
			continue
		}
		var near []byte
		for dr := -1; dr <= 1; dr++ {
			if row+dr < 0 || row+dr >= len(keyboard) {
				continue
			}
			for dc := -1; dc <= 1; dc++ {
				if k := at + dc; k >= 0 && k < len(keyboard[row+dr]) && (dr != 0 || dc != 0) {
					near = append(near, keyboard[row+dr][k])
				}
			}
		}
		by = rune(near[r.IntN(len(near))])
	}
	if unicode.IsUpper(c) {
		return unicode.ToUpper(by)
	}
	return by
}

// slip changes one letter of a word of at least four letters in the name of a street. The first letter stays: who
// writes it wrong notices.
func (l *letters) slip(class Class, r *rand.Rand) (string, bool) {
	var names []word
	for _, w := range l.words {
		if w.kind == plain && w.end-w.start >= 4 && !slices.ContainsFunc(l.runes[w.start:w.end], func(c rune) bool { return !unicode.IsLetter(c) }) {
			names = append(names, w)
		}
	}
	if len(names) == 0 {
		return "", false
	}
	w := names[r.IntN(len(names))]
	i := w.start + 1 + r.IntN(w.end-w.start-1)
	out := slices.Clone(l.runes)
	switch class {
	case Typo:
		out[i] = beside(out[i], r)
	case Deletion:
		out = slices.Delete(out, i, i+1)
	case Insertion:
		by := out[i]
		if r.IntN(2) == 0 {
			by = beside(by, r)
		}
		out = slices.Insert(out, i, by)
	default:
		var pairs []int
		for k := w.start + 1; k+1 < w.end; k++ {
			if out[k] != out[k+1] {
				pairs = append(pairs, k)
			}
		}
		if len(pairs) == 0 {
			return "", false
		}
		k := pairs[r.IntN(len(pairs))]
		out[k], out[k+1] = out[k+1], out[k]
	}
	return string(out), true
}

// addFlat writes a flat behind the street, before the first comma.
func (l *letters) addFlat(r *rand.Rand) (string, bool) {
	if len(l.words) == 0 || l.words[0].kind != digits {
		return "", false
	}
	end := 0
	for _, w := range l.words {
		switch w.kind {
		case flat, connector:
			return "", false
		case behind:
		default:
			end = w.end
		}
	}
	by, _ := pick([]string{" Apt 3", " #3", " Unit 2B", ", Apt 12", " Suite 201", " 2nd Floor"}, r)
	return string(l.runes[:end]) + by + string(l.runes[end:]), true
}
