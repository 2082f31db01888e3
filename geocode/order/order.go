// Package order puts characters of an address where they belong. It knows no place.
package order

import "slices"

// kinds are what roads are called that have sections.
var kinds = []rune("路街道")

var numerals = []rune("一二三四五六七八九")

// Section finds a number of a section that is mixed up with the end of the name of its road, 和平东二路段 or 和平东路段2,
// and returns a text in normal form with 路, number and 段 in their order, as many characters as before, and where the three
// begin. ok is false where there is none.
func Section(text []rune) (mended []rune, at int, ok bool) {
	const mixed = 3
	for at = 1; at+mixed <= len(text); at++ {
		var kind, number rune
		section := 0
		for _, r := range text[at : at+mixed] {
			digit := rune(0)
			if i := slices.Index(numerals, r); i >= 0 {
				digit = rune('1' + i)
			} else if '1' <= r && r <= '9' {
				digit = r
			}
			switch {
			case digit != 0:
				number = digit
			case r == '段':
				section++
			case slices.Contains(kinds, r):
				kind = r
			}
		}
		digits := at+mixed < len(text) && isDigit(text[at+mixed]) && isDigit(text[at+mixed-1]) || isDigit(text[at-1])
		inOrder := text[at] == kind && text[at+2] == '段'
		if kind == 0 || number == 0 || section != 1 || inOrder || digits {
			continue
		}
		mended = slices.Clone(text)
		mended[at], mended[at+1], mended[at+2] = kind, number, '段'
		return mended, at, true
	}
	return nil, 0, false
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }
