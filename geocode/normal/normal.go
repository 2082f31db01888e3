package normal

import (
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MostBytes is how much of a source is read; the rest is left out.
const MostBytes = 10 << 10

// Text is a normalised text. The zero value is empty and ready; one that is used again keeps its memory. It is not safe
// for concurrent use.
type Text struct {
	// Runes is the text.
	Runes  []rune
	from   []piece
	source string
	mixed  bool // its characters do not stand in the order of the source
}

// piece is where a character came from: bytes of the source.
type piece struct{ start, end int32 }

// Of is the normalised form of a source.
func Of(source string) *Text {
	t := &Text{}
	t.Set(source)
	return t
}

// String is the text.
func (t *Text) String() string { return string(t.Runes) }

// Source returns the bytes of the source that the characters from i up to j, exclusive, came from.
func (t *Text) Source(i, j int) (start, end int) {
	if i >= j {
		return 0, 0
	}
	first, last := t.from[i].start, t.from[j-1].end
	if t.mixed {
		for _, p := range t.from[i:j] {
			first, last = min(first, p.start), max(last, p.end)
		}
	}
	return int(first), int(last)
}

// Rewrite puts other characters in the place of those of the text, in any order, that stand for characters of it from and up
// to which they say.
func (t *Text) Rewrite(runes []rune, from [][2]int) {
	places := make([]piece, len(from))
	for i, f := range from {
		start, end := t.Source(f[0], f[1])
		places[i] = piece{int32(start), int32(end)}
	}
	t.Runes, t.from, t.mixed = append(t.Runes[:0:0], runes...), places, true
}

// Part is the text from i up to j, exclusive, with its own way back to the source. It shares the memory of t, until that is
// set again.
func (t *Text) Part(i, j int) Text {
	return Text{Runes: t.Runes[i:j:j], from: t.from[i:j:j], source: t.source, mixed: t.mixed}
}

// Written is how the source writes the characters from i up to j, exclusive.
func (t *Text) Written(i, j int) string {
	start, end := t.Source(i, j)
	return t.source[start:end]
}

// Set makes t the normalised form of a source. Bytes that are not UTF-8 are read as spaces.
func (t *Text) Set(source string) {
	if len(source) > MostBytes {
		source = source[:MostBytes]
		for len(source) > 0 && !utf8.RuneStart(source[len(source)-1]) {
			source = source[:len(source)-1]
		}
		// The start of a character that was cut reads as a space, which the end of a text does not keep.
	}
	t.Runes, t.from, t.source, t.mixed = t.Runes[:0], t.from[:0], source, false
	table := folded()
	for i := 0; i < len(source); {
		r, n := utf8.DecodeRuneInString(source[i:])
		at := piece{int32(i), int32(i + n)}
		i += n
		switch {
		case r < 0x80:
			t.put(r, at)
		case 0x4E00 <= r && r <= 0x9FFF: // these have no decomposition
			t.fold(table, r, at)
		case r == utf8.RuneError && n == 1:
			t.put(' ', at)
		default:
			t.unfold(table, r, source[at.start:at.end], at)
		}
	}
	t.spelled()
	t.spaces()
	t.numerals()
}

// spelled drops the spaces of a text in which they stand between all characters: 和 平 路 1 0 6 号. Some may be missing.
func (t *Text) spelled() {
	const least, share = 5, 5 // of so many words at least all but one in so many have one character
	words, single, han, start := 0, 0, 0, 0
	for i := 0; i <= len(t.Runes); i++ {
		if i < len(t.Runes) && t.Runes[i] != ' ' {
			continue
		}
		if i > start {
			words++
		}
		if i == start+1 {
			single++
			if isHan(t.Runes[start]) {
				han++
			}
		}
		start = i + 1
	}
	if single < least || (words-single)*share > words || han*2 < single {
		return
	}
	out := 0
	for i, r := range t.Runes {
		if r != ' ' {
			t.Runes[out], t.from[out] = r, t.from[i]
			out++
		}
	}
	t.Runes, t.from = t.Runes[:out], t.from[:out]
}

// unfold puts what a character stands for.
func (t *Text) unfold(table *[1 << 16]uint16, r rune, source string, at piece) {
	plain := norm.NFKD.PropertiesString(source).Decomposition()
	if len(plain) == 0 {
		t.fold(table, r, at)
		return
	}
	for len(plain) > 0 {
		r, n := utf8.DecodeRune(plain)
		plain = plain[n:]
		t.fold(table, r, at)
	}
}

func (t *Text) fold(table *[1 << 16]uint16, r rune, at piece) {
	if r < 1<<16 {
		if to := table[r]; to != 0 {
			r = rune(to)
		}
	}
	t.put(r, at)
}

// put adds a character, or what stands for it.
func (t *Text) put(r rune, at piece) {
	switch {
	case isDigit(r) || isHan(r) || 'a' <= r && r <= 'z':
	case r < 0x80:
		if r = ascii[r]; r == 0 {
			return
		}
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return
	case unicode.Is(unicode.Pd, r) || r == '−' || r == '〜' || r == '∼':
		r = '-'
	case r == '。' || r == '、' || r == '，' || r == '・' || r == '•' || r == '·':
		r = ','
	case unicode.Is(unicode.Ps, r):
		r = '('
	case unicode.Is(unicode.Pe, r):
		r = ')'
	case unicode.IsLetter(r) || unicode.IsNumber(r):
		if r = unicode.ToLower(r); letters[r] != "" {
			for _, plain := range letters[r] {
				t.Runes, t.from = append(t.Runes, plain), append(t.from, at)
			}
			return
		}
	case r == '’' || r == '‘' || r == '′':
		return
	default:
		r = ' '
	}
	t.Runes, t.from = append(t.Runes, r), append(t.from, at)
}

// letters are those that have no decomposition and are written in plain letters where a keyboard lacks them.
var letters = map[rune]string{'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d"}

// ascii is what stands for the characters below 128: 0 where nothing does.
var ascii = func() (a [128]rune) {
	for r := range a {
		a[r] = ' '
	}
	for r := 'A'; r <= 'Z'; r++ {
		a[r] = r + 'a' - 'A'
	}
	for _, r := range "#&()-./,@+" {
		a[r] = r
	}
	for _, r := range ";!?:" {
		a[r] = ','
	}
	a['['], a[']'], a['{'], a['}'], a['~'] = '(', ')', '(', ')', '-'
	a['\''], a['`'] = 0, 0
	a['@'], a['+'] = ' ', ' '
	return a
}()

// spaces drops the spaces that say nothing, stops that do not stand in a number, and says 号 for "#" behind a number, in digits or in words.
func (t *Text) spaces() {
	in, out := t.Runes, 0
	keep := func(i int, r rune) {
		t.Runes[out], t.from[out] = r, t.from[i]
		out++
	}
	for i, r := range in {
		var before, next rune
		if out > 0 {
			before = t.Runes[out-1]
		}
		if i+1 < len(in) {
			next = in[i+1]
		}
		switch {
		case r == '.' && isDigit(before) && isDigit(next):
			keep(i, r)
		case r == ' ' || r == '.':
			if before != 0 && before != ' ' {
				keep(i, ' ')
			}
		case r == '#' && !isWord(next) && (isDigit(before) || isNumeral(before)):
			keep(i, '号')
		case r == '#' && !isWord(next) && before == ' ' && out > 1 && isNumeral(t.Runes[out-2]):
			out-- // the space between them says nothing
			keep(i, '号')
		default:
			if before == ' ' && (out < 2 || !between(t.Runes[out-2], r)) {
				out--
			}
			keep(i, r)
		}
	}
	if out > 0 && t.Runes[out-1] == ' ' {
		out--
	}
	t.Runes, t.from = t.Runes[:out], t.from[:out]
}

// between reports whether a space between two characters tells words apart.
func between(a, b rune) bool {
	return (isWord(a) || a == '#' || a == '&') && (isWord(b) || b == '#' || b == '&')
}

// numerals writes numerals as digits where they count: what they count stands behind them, then what they hang on before.
func (t *Text) numerals() {
	for end := len(t.Runes); end > 0; end-- {
		if start, found, _ := t.numeral(end); found {
			end = start + 1 // what is replaced may be shorter
		}
	}
	for end := 1; end <= len(t.Runes); end++ {
		if start, _, replaced := t.numeral(end); replaced {
			end = start + 1
		}
	}
}

// numeral finds a numeral that ends before end, and writes it as digits where it counts.
func (t *Text) numeral(end int) (start int, found, replaced bool) {
	if !isNumeral(t.Runes[end-1]) || end < len(t.Runes) && isNumeral(t.Runes[end]) {
		return 0, false, false
	}
	start = end - 1
	for start > 0 && isNumeral(t.Runes[start-1]) && !mixed(t.Runes[start-1], t.Runes[start]) {
		start--
	}
	before, behind := t.Runes[:start], t.Runes[end:]
	if start > 0 && isDigit(t.Runes[start-1]) || !t.counts(start, end) && !housed(before, end-start, behind) || about(before, t.Runes[start:end], behind) {
		return start, true, false
	}
	n, ok := Numeral(t.Runes[start:end])
	if ok {
		t.replace(start, end, n)
	}
	return start, true, ok
}

// counts reports whether a unit stands behind a numeral, or 之 before it and what is counted before that.
func (t *Text) counts(start, end int) bool {
	if end < len(t.Runes) {
		if counted(t.Runes[end:]) {
			return true
		}
		if t.Runes[end] == '之' && end+1 < len(t.Runes) && isDigit(t.Runes[end+1]) {
			after := end + 1
			for after < len(t.Runes) && isDigit(t.Runes[after]) {
				after++
			}
			return after < len(t.Runes) && counted(t.Runes[after:]) // 一零九之6号
		}
		if isDigit(t.Runes[end]) || t.Runes[end] == '.' {
			return false
		}
	}
	return start > 1 && t.Runes[start-1] == '之' && (isDigit(t.Runes[start-2]) || counted(t.Runes[start-2:]))
}

// replace writes a number in the place of characters, all of which its digits came from.
func (t *Text) replace(start, end, n int) {
	var room [8]byte
	digits := strconv.AppendInt(room[:0], int64(n), 10)
	at := piece{t.from[start].start, t.from[end-1].end}
	runes, from := make([]rune, 0, len(room)), make([]piece, 0, len(room))
	for _, d := range digits {
		runes, from = append(runes, rune(d)), append(from, at)
	}
	t.Runes, t.from = slices.Replace(t.Runes, start, end, runes...), slices.Replace(t.from, start, end, from...)
}
