package normal

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
)

//go:embed fold.txt
var foldText string

// lane is a character that stands for another in addresses only: a lane of Shanghai and Taiwan.
const lane = '衖'

// folded is what each character of the basic plane folds to, 0 for itself.
var folded = sync.OnceValue(func() *[1 << 16]uint16 {
	// Three are variants that the database does not list, of characters in names of roads and reports.
	// Circles are typed for the zero that looks so: 一○六號.
	t := &[1 << 16]uint16{lane: '弄', '遊': '游', '氾': '泛', '痲': '麻', '○': '〇', '◯': '〇'}
	for line := range strings.Lines(foldText) {
		var to rune
		for i, r := range strings.TrimSpace(line) {
			if i == 0 {
				to = r
			} else {
				t[r] = uint16(to)
			}
		}
	}
	return t
})

// isHan reports whether r is a Han character, 〇 included.
func isHan(r rune) bool {
	return 0x4E00 <= r && r <= 0x9FFF || r == '〇' || r > 0x2E7F && unicode.Is(unicode.Han, r)
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// isWord reports whether r is a letter or digit of a script with words.
func isWord(r rune) bool {
	if r < 0x80 {
		return isDigit(r) || 'a' <= r && r <= 'z'
	}
	return !isHan(r) && (unicode.IsLetter(r) || unicode.IsNumber(r))
}
