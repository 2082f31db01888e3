package code

import (
	"strings"
	"unicode"
)

// Normalise writes a code plainly: full-width characters become the usual ones, small letters capitals, and blanks and
// dashes of all kinds, which people put between the groups, go.
func Normalise(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			r -= '！' - '!'
		}
		switch {
		case r >= '0' && r <= '9', r >= 'A' && r <= 'Z':
			return r
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case unicode.IsSpace(r), unicode.Is(unicode.Pd, r), r == '_', r == '−', unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, text)
}
