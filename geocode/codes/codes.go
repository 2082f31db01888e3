// Package codes finds city parts and cells by their codes in texts.
package codes

import (
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/index"
)

// Codes of parts: so long, with so many digits. Shorter ones are numbers of houses and years.
const (
	leastCode   = 5
	leastDigits = 4
	mostCode    = 32
	costScan    = 20 // features of which looking at the codes, which are not unique by their definition, costs one unit
)

// Words are those of a text that look like a code, and shorter ones that short allows.
func Words(source string, short func(word string) bool) (words []string) {
	isDigit := func(r rune) bool { return '0' <= r && r <= '9' }
	isCode := func(r rune) bool {
		return isDigit(r) || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '-' || r == '_'
	}
	for _, word := range strings.FieldsFunc(source[:min(len(source), normal.MostBytes)], func(r rune) bool { return !isCode(r) }) {
		word = strings.Trim(word, "-_")
		digits := 0
		for _, r := range word {
			if isDigit(r) {
				digits++
			}
		}
		if (len(word) >= leastCode && digits >= leastDigits || short(word)) && len(word) <= mostCode {
			words = append(words, word)
		}
	}
	return words
}

// numbering are words before the number of a thing that stands by a road.
var numbering = []string{"路灯", "灯杆", "电杆", "电线杆", "杆号", "灯号", "编号"}

// Numbered reports whether a text in normal form ends with a word that says the number of a pole: 灯杆.
func Numbered(before []rune) bool {
	const longest = 5
	left := strings.TrimRight(string(before[max(0, len(before)-longest):]), " ,")
	return slices.ContainsFunc(numbering, func(w string) bool { return strings.HasSuffix(left, w) })
}

// Find looks up a code in a layer of parts or cells, by the id and by the attribute that is the code, as it is written or in
// capitals: the feature, where it is, and how it is written there. It asks spend before it looks at all features.
func Find(l *index.Layer, code string, spend func(int) bool) (slot index.Slot, at geo.Point, written string, ok bool) {
	for _, written = range slices.Compact([]string{code, strings.ToUpper(code)}) {
		slot, found := l.Lookup(written)
		if !found {
			slot, found = coded(l, written, spend)
		}
		if !found {
			continue
		}
		if at, ok = l.Point(slot); ok {
			return slot, at, written, true
		}
		if shape := l.Shape(slot); len(shape.Vertices()) > 0 {
			return slot, geo.LabelPoint(shape), written, true
		}
	}
	return 0, at, "", false
}

// coded finds a feature by the attribute that is its code.
func coded(l *index.Layer, code string, spend func(int) bool) (slot index.Slot, ok bool) {
	i := l.Def().CodeAttribute()
	if i < 0 {
		return 0, false
	}
	v := data.TextValue(l.Def().Attributes[i].Type, code)
	if _, indexed := l.Column(i).Held(v); !indexed && !spend(l.Len()/costScan) {
		return 0, false
	}
	for s := range l.Equal(i, v) {
		return s, true
	}
	return 0, false
}
