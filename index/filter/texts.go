package filter

import (
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index/column"
)

// textLeaf passes features whose text in an attribute passes.
type textLeaf struct {
	attribute int
	typ       data.Type
	pass      func(string) bool
	// none says whether features pass that hold no text themselves: those for which the default does.
	none bool
	// each is the cost of one text.
	each int
	// known are the verdicts so far.
	known atomic.Pointer[verdicts]
	// equal is the one text that passes, if that is the condition.
	equal data.Value
}

// verdicts say for each handle of an edition whether its text passes.
type verdicts struct {
	edition column.Edition
	bits    []uint64
}

// Numbers of texts: up to smallDictionary all are judged, however few features are asked for, and above largeDictionary
// none is remembered.
const (
	smallDictionary = 1 << 12
	largeDictionary = 1 << 20
)

func (t *textLeaf) cost() int { return 5 + t.each }

func (t *textLeaf) keep(sc *scan, sel []uint16) []uint16 {
	c := sc.column(t.attribute, t.typ)
	if c == nil {
		return sel[:0]
	}
	handles := sc.textsOf(c, sel)
	n := 0
	bits := t.judged(c, sc.total)
	if bits == nil {
		for i, at := range sel {
			sel[n] = at
			if h := handles[i]; h == 0 && t.none || h != 0 && t.pass(c.TextOf(h)) {
				n++
			}
		}
		return sel[:n]
	}
	for i, at := range sel {
		sel[n] = at
		h := handles[i]
		n += int(bits[h>>6] >> (h & 63) & 1)
	}
	return sel[:n]
}

// judged are the verdicts about all texts, nil when there are far more texts than features are asked for. What is known
// of a part of the texts is used again: dictionaries only grow.
func (t *textLeaf) judged(c *column.Values, total int) []uint64 {
	known, now := t.known.Load(), c.Edition()
	from := 1
	if known != nil && now.Extends(&known.edition) {
		if now.Texts() == known.edition.Texts() {
			return known.bits
		}
		from = known.edition.Texts() + 1
	} else {
		known = nil
	}
	if now.Texts() > largeDictionary || now.Texts()+1-from > max(smallDictionary, total) {
		return nil
	}
	fresh := &verdicts{edition: now, bits: make([]uint64, now.Texts()>>6+1)}
	if known != nil {
		copy(fresh.bits, known.bits)
	} else if t.none {
		fresh.bits[0] = 1
	}
	for h := from; h <= now.Texts(); h++ {
		if t.pass(c.TextOf(uint32(h))) {
			fresh.bits[h>>6] |= 1 << (h & 63)
		}
	}
	t.known.Store(fresh)
	return fresh.bits
}

// idLeaf passes features whose id passes.
type idLeaf struct {
	pass func(string) bool
	each int
	// only are the ids that may pass, nil when that is not known.
	only []string
}

func (d *idLeaf) cost() int { return 8 + d.each }

func (d *idLeaf) keep(sc *scan, sel []uint16) []uint16 {
	n := 0
	for _, at := range sel {
		sel[n] = at
		if d.pass(sc.layer.ID(sc.block[at])) {
			n++
		}
	}
	return sel[:n]
}

// foldCase is the text without differences of case, by the case folding of Unicode.
func foldCase(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return cases.Fold().String(s)
		}
	}
	return strings.ToLower(s)
}

// foldAccents is the text without accents: what Unicode decomposes into a letter and marks loses the marks.
func foldAccents(s string) string {
	decomposed := norm.NFD.String(s)
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, decomposed))
}

// pattern is a LIKE pattern: % stands for any text, _ for one character, \ makes the character behind it itself.
type pattern []rune

const (
	anyText      = -1
	anyCharacter = -2
)

func newPattern(s string) pattern {
	var p pattern
	escaped := false
	for _, r := range s {
		switch {
		case escaped:
			p, escaped = append(p, r), false
		case r == '\\':
			escaped = true
		case r == '%':
			if len(p) == 0 || p[len(p)-1] != anyText {
				p = append(p, anyText)
			}
		case r == '_':
			p = append(p, anyCharacter)
		default:
			p = append(p, r)
		}
	}
	if escaped {
		p = append(p, '\\')
	}
	return p
}

// matcher is the function that matches texts with the pattern, a plain search where that is enough.
func (p pattern) matcher() func(string) bool {
	first, last := 0, len(p)
	if first < last && p[0] == anyText {
		first++
	}
	if first < last && p[last-1] == anyText {
		last--
	}
	for _, r := range p[first:last] {
		if r < 0 {
			return p.match
		}
	}
	middle := string([]rune(p[first:last]))
	switch {
	case first > 0 && (last < len(p) || len(p) == 1):
		return func(s string) bool { return strings.Contains(s, middle) }
	case first > 0:
		return func(s string) bool { return strings.HasSuffix(s, middle) }
	case last < len(p):
		return func(s string) bool { return strings.HasPrefix(s, middle) }
	}
	return func(s string) bool { return s == middle }
}

// match walks over the text, and back to behind the last % when it is stuck: what an earlier one stands for need not
// change then.
func (p pattern) match(s string) bool {
	at, i := 0, 0
	back, from := -1, 0
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case at < len(p) && p[at] == anyText:
			back, from = at, i
			at++
		case at < len(p) && (p[at] == r || p[at] == anyCharacter):
			at++
			i += size
		case back >= 0:
			_, step := utf8.DecodeRuneInString(s[from:])
			from += step
			at, i = back+1, from
		default:
			return false
		}
	}
	for at < len(p) && p[at] == anyText {
		at++
	}
	return at == len(p)
}
