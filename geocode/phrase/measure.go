package phrase

import (
	"slices"

	"github.com/gewu-city/gewu/geocode/normal"
)

// layMeasure lays a distance: 50米, 1.5公里, 200 m, and one that says only about how far: 100多米, 50-100米, 百来米,
// 两三百米, 几十米, 半公里, half a mile.
func (r *Reader) layMeasure(at int) {
	if !measureBegins(r.text[at]) || at > 0 && isDigit(r.text[at]) && (isDigit(r.text[at-1]) || r.text[at-1] == '.') {
		return
	}
	s := scanner{text: r.text, at: at}
	low, high, ok := s.amount()
	if !ok {
		return
	}
	if s.peek(0) == ' ' {
		s.at++
	}
	for _, u := range measures {
		if !s.take(u.text) {
			continue
		}
		if !r.whole(at, s.at) {
			return
		}
		low, high = low*u.metres, high*u.metres
		if u.half && s.peek(0) == '半' {
			s.at++
			low, high = low+u.metres/2, high+u.metres/2
		}
		if u.metres == kilometre && u.half {
			more := s.metresMore()
			low, high = low+more, high+more
		}
		middle := (low + high) / 2
		r.add(Element{Kind: Term, Start: at, End: s.at, Word: Measure, Metres: middle, Spread: (high-low)/2 + u.loose*middle}, costTerm)
		return
	}
}

const kilometre = 1000

// metresMore reads the metres behind kilometres: 12公里300米.
func (s *scanner) metresMore() float64 {
	start := s.at
	low, high, _, ok := s.value()
	if ok && low == high && low < kilometre && (s.take([]rune("米")) || s.take([]rune("公尺"))) {
		return low
	}
	s.at = start
	return 0
}

// measureBegins reports whether a distance may begin with a character; it saves most of them the grammar.
func measureBegins(r rune) bool {
	switch r {
	case '一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '廿', '卅', '百', '千', '两', '几', '数', '半', '近', '上', '不', '好', 'h':
		return true
	}
	return isDigit(r)
}

// measures are the units of distances, longer ones before their beginnings. half says that 半 may stand behind them, loose
// how much more or less of it they are.
var measures = []struct {
	text   []rune
	metres float64
	half   bool
	loose  float64
}{
	{text: []rune("公里"), metres: 1000, half: true},
	{text: []rune("千米"), metres: 1000, half: true},
	{text: []rune("公尺"), metres: 1},
	{text: []rune("米"), metres: 1},
	{text: []rune("华里"), metres: 500, half: true},
	{text: []rune("里地"), metres: 500, loose: 0.2},
	{text: []rune("里"), metres: 500, half: true},
	{text: []rune("英尺"), metres: 0.3048},
	{text: []rune("英里"), metres: 1609.344, half: true},
	{text: []rune("呎"), metres: 0.3048},
	{text: []rune("哩"), metres: 1609.344, half: true},
	{text: []rune("尺"), metres: 1.0 / 3},
	{text: []rune("码"), metres: 0.9144},
	{text: []rune("步"), metres: 0.7, loose: 0.25},
	{text: []rune("kilometers"), metres: 1000},
	{text: []rune("kilometres"), metres: 1000},
	{text: []rune("kilometer"), metres: 1000},
	{text: []rune("kilometre"), metres: 1000},
	{text: []rune("km"), metres: 1000},
	{text: []rune("metres"), metres: 1},
	{text: []rune("meters"), metres: 1},
	{text: []rune("metre"), metres: 1},
	{text: []rune("meter"), metres: 1},
	{text: []rune("miles"), metres: 1609.344},
	{text: []rune("mile"), metres: 1609.344},
	{text: []rune("mi"), metres: 1609.344},
	{text: []rune("m"), metres: 1},
	{text: []rune("feet"), metres: 0.3048},
	{text: []rune("foot"), metres: 0.3048},
	{text: []rune("ft"), metres: 0.3048},
	{text: []rune("yards"), metres: 0.9144},
	{text: []rune("yard"), metres: 0.9144},
	{text: []rune("yd"), metres: 0.9144},
}

// scanner reads an amount from a text.
type scanner struct {
	text []rune
	at   int
}

// peek is the character i places ahead, 0 behind the end.
func (s *scanner) peek(i int) rune {
	if s.at+i < len(s.text) {
		return s.text[s.at+i]
	}
	return 0
}

// take reads a word if it is next.
func (s *scanner) take(word []rune) bool {
	if len(s.text)-s.at < len(word) || !slices.Equal(s.text[s.at:s.at+len(word)], word) {
		return false
	}
	s.at += len(word)
	return true
}

// limits are words before an amount, and between what shares of it the truth lies.
var limits = []struct {
	text      []rune
	low, high float64
}{
	{[]rune("不到"), 0.5, 1},
	{[]rune("不足"), 0.5, 1},
	{[]rune("近"), 0.8, 1},
	{[]rune("上"), 1, 2},
	{[]rune("好"), 1, 1}, // 好几百米
}

var (
	halfA    = []rune("half a ")
	halfWord = []rune("half ")
)

// amount reads how much is said, at least and at most.
func (s *scanner) amount() (low, high float64, ok bool) {
	if s.take(halfA) || s.take(halfWord) {
		return 0.5, 0.5, true
	}
	if s.peek(0) == '半' {
		s.at++
		return 0.5, 0.5, true
	}
	least, most := 1.0, 1.0
	for _, l := range limits {
		if s.take(l.text) {
			least, most = l.low, l.high
			break
		}
	}
	low, high, place, ok := s.value()
	if !ok {
		return 0, 0, false
	}
	// Up to what: 50-100, 五十到一百.
	if next := s.peek(0); (next == '-' || next == '到' || next == '至') && low == high {
		start := s.at
		s.at++
		if l, h, p, ok := s.value(); ok && l == h && l > low {
			high, place = h, p
		} else {
			s.at = start
		}
	}
	switch s.peek(0) {
	case '多', '余':
		s.at++
		high += place
	case '来', '把':
		s.at++
		low, high = low-0.2*place, high+0.3*place
	}
	return low * least, high * most, true
}

// value reads a number in digits or in words, and the worth of its last place that is not 0: 10 of 120 and of 一百二十.
func (s *scanner) value() (low, high, place float64, ok bool) {
	if isDigit(s.peek(0)) {
		return s.digits()
	}
	start := s.at
	for slices.Contains(numerals, s.peek(0)) {
		s.at++
	}
	words := s.text[start:s.at]
	if low, high, place, ok = inWords(words); !ok {
		s.at = start
	}
	return low, high, place, ok
}

// digits reads a number in digits: 100, 1.5, 1,500; and 2,300 in Chinese, which is 200 to 300.
func (s *scanner) digits() (low, high, place float64, ok bool) {
	const mostDigits = 6
	value, decimal, places := 0.0, 0.0, 0
	place = 1
	for ; isDigit(s.peek(0)) || s.peek(0) == '.' && decimal == 0 && isDigit(s.peek(1)); s.at++ {
		if places++; places > mostDigits {
			return 0, 0, 0, false
		}
		c := s.peek(0)
		switch {
		case c == '.':
			decimal = 1
		case decimal > 0:
			decimal /= 10
			value += decimal * float64(c-'0')
		default:
			value = value*10 + float64(c-'0')
		}
	}
	if s.peek(0) == ',' && decimal == 0 && value < 1000 && isDigit(s.peek(1)) && isDigit(s.peek(2)) && isDigit(s.peek(3)) && !isDigit(s.peek(4)) {
		rest := float64(s.peek(1)-'0')*100 + float64(s.peek(2)-'0')*10 + float64(s.peek(3)-'0')
		s.at += 4
		if value < 9 && rest == (value+1)*100 && s.peek(0) >= 0x2e80 {
			return value * 100, rest, 100, true // 2、300米
		}
		value = value*1000 + rest
	}
	if decimal > 0 {
		return value, value, decimal, true
	}
	for value > 0 && place*10 <= value && int(value)%int(place*10) == 0 {
		place *= 10
	}
	return value, value, place, true
}

// numerals are the characters of amounts in words.
var numerals = []rune("〇零一二三四五六七八九十廿卅百千万两几数")

// inWords reads an amount in words: 一百五十, 百, 两三百, 五六十, 几十, 十几, 一百几十, 数百.
func inWords(words []rune) (low, high, place float64, ok bool) {
	if len(words) == 0 {
		return 0, 0, 0, false
	}
	// Two digits that follow each other, or 几, are a span: it is read with its least and with its most.
	for i, r := range words {
		if r == '几' || r == '数' {
			l, h := []rune{'三'}, []rune{'九'}
			if i > 0 {
				l = []rune{'一'} // 十几
			}
			return span(words, i, i+1, l, h)
		}
		if i+1 < len(words) && follow(r, words[i+1]) && (i+2 == len(words) || isPlace(words[i+2])) && (i == 0 || isPlace(words[i-1])) {
			return span(words, i, i+2, words[i:i+1], words[i+1:i+2])
		}
	}
	if words[0] == '百' || words[0] == '千' {
		words = append([]rune{'一'}, words...)
	}
	n, ok := normal.Numeral(words)
	if !ok {
		return 0, 0, 0, false
	}
	place = 1
	for place*10 <= float64(n) && n%int(place*10) == 0 {
		place *= 10
	}
	return float64(n), float64(n), place, true
}

// span reads words with two others in the place of those from i up to j.
func span(words []rune, i, j int, least, most []rune) (low, high, place float64, ok bool) {
	with := func(r []rune) (int, bool) {
		return normal.Numeral(slices.Concat(words[:i], r, words[j:]))
	}
	l, okLow := with(least)
	h, okHigh := with(most)
	return float64(l), float64(h), 0, okLow && okHigh
}

// follow reports whether two digits follow each other: 两三, 七八; 三五 says as much.
func follow(a, b rune) bool {
	x, y := digitOf(a), digitOf(b)
	return x > 0 && (y == x+1 || x == 3 && y == 5)
}

func digitOf(r rune) int {
	if r == '两' {
		r = '二'
	}
	return 1 + slices.Index([]rune("一二三四五六七八九"), r)
}

func isPlace(r rune) bool { return r == '十' || r == '百' || r == '千' || r == '万' }

// layMilestone lays a kilometre mark along a road and reports whether one is there, which is no number of a house then.
func (r *Reader) layMilestone(at int) bool {
	first := r.text[at]
	if !isDigit(first) && first != 'k' || at > 0 && (isDigit(first) && (isDigit(r.text[at-1]) || r.text[at-1] == '.') || r.inWord(at)) {
		return false
	}
	metres, length, ok := milestone(r.text[at:])
	if !ok || at+length < len(r.text) && r.inWord(at+length) {
		return false
	}
	r.add(Element{Kind: Term, Start: at, End: at + length, Word: Milestone, Metres: metres}, costTerm)
	return true
}

// MarkOf is the metres of a kilometre mark that is all of a text in normal form, but for a space or a unit: k12 300, 35.2k.
func MarkOf(text []rune) (metres float64, ok bool) {
	for len(text) > 0 && text[0] == ' ' {
		text = text[1:]
	}
	if text = append(slices.Clone(text), '处'); len(text) == 1 {
		return 0, false
	}
	metres, length, ok := milestone(text)
	return metres, ok && length == len(text)-1
}

// milestone reads a kilometre mark that a text begins with, and how many characters it is: 32k+500 and k32+500, of which
// the normal form has a space for the plus, 32.5k, 32k处.
func milestone(text []rune) (metres float64, length int, ok bool) {
	s := scanner{text: text}
	before := s.peek(0) == 'k'
	if before {
		s.at++
	}
	start := s.at
	value, _, _, ok := s.digits()
	if !ok || s.at == start {
		return 0, 0, false
	}
	sure := slices.Contains(text[start:s.at], '.')
	if !before {
		if s.peek(0) != 'k' || s.peek(1) == 'm' {
			return 0, 0, false
		}
		s.at++
	}
	if s.peek(0) == ' ' && isDigit(s.peek(1)) && isDigit(s.peek(2)) && isDigit(s.peek(3)) && !isDigit(s.peek(4)) && s.peek(4) != '号' {
		value += (float64(s.peek(1)-'0')*100 + float64(s.peek(2)-'0')*10 + float64(s.peek(3)-'0')) / kilometre
		s.at += 4
		sure = true
	}
	return value * kilometre, s.at, sure || s.peek(0) == '处'
}
