package noise

import (
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"
)

// dropPrefix leaves out areas at the beginning as people do: the city, what is smaller than the district, both, or all.
func (s *source) dropPrefix(r *rand.Rand) (string, bool) {
	var levels []level // of the parts at the beginning
	for i, p := range s.parts {
		l := s.level(p)
		if p.kind == numeral && i+1 < len(s.parts) && s.level(s.parts[i+1]) == neighborhood {
			l = neighborhood
		}
		if l == noArea {
			break
		}
		levels = append(levels, l)
	}
	tail := s.parts[len(levels):]
	if len(levels) == 0 || !slices.ContainsFunc(tail, func(p part) bool { return p.kind == name }) {
		return "", false
	}
	habits := [][]level{
		{city}, {neighborhood}, {village, neighborhood}, {city, village, neighborhood}, {city, district, village, neighborhood},
	}
	var ways []string
	for _, h := range habits {
		var b strings.Builder
		from := 0
		for i, l := range levels {
			from = s.parts[i].end
			if !slices.Contains(h, l) {
				b.WriteString(string(s.runes[s.parts[i].start:from]))
			}
		}
		b.WriteString(string(s.runes[from:]))
		if way := b.String(); way != string(s.runes) && !slices.Contains(ways, way) {
			ways = append(ways, way)
		}
	}
	return pick(ways, r)
}

// pick takes one of some texts, false if there is none.
func pick(ways []string, r *rand.Rand) (string, bool) {
	if len(ways) == 0 {
		return "", false
	}
	return ways[r.IntN(len(ways))], true
}

// widen moves ASCII to the block of wide forms, digits only or everything.
func widen(text []rune, r *rand.Rand) (string, bool) {
	all := r.IntN(2) == 0
	wide := slices.Clone(text)
	for i, c := range wide {
		switch {
		case '!' <= c && c <= '~' && (all || unicode.IsDigit(c)):
			wide[i] = c + '！' - '!'
		case c == ' ' && all:
			wide[i] = '　'
		}
	}
	return string(wide), true
}

// dropUnit leaves out the last 號 behind a number, unless a number follows that would join it.
func (s *source) dropUnit() (string, bool) {
	for i, p := range slices.Backward(s.parts) {
		if p.kind != unit || i == 0 || s.parts[i-1].kind != numeral || p.end-p.start != 1 || !in("號号", s.runes[p.start]) {
			continue
		}
		if i+1 < len(s.parts) && s.parts[i+1].kind == numeral {
			return "", false
		}
		return s.with(p.start, p.end), true
	}
	return "", false
}

// inNumerals writes every number of digits that has a unit, or follows 之, in Chinese numerals.
func (s *source) inNumerals(r *rand.Rand) (string, bool) {
	style := numeralStyle{digitByDigit: r.IntN(2) == 0, round: r.IntN(2) == 0, two: '二'}
	if r.IntN(2) == 0 {
		style.two = '兩'
		if s.script == simplified {
			style.two = '两'
		}
	}
	var b strings.Builder
	for i, p := range s.parts {
		text := s.runes[p.start:p.end]
		counted := i+1 < len(s.parts) && s.parts[i+1].kind == unit || i > 0 && s.runes[s.parts[i-1].start] == '之'
		if p.kind == numeral && isDigit(text[0]) && counted {
			b.WriteString(style.write(text))
		} else {
			b.WriteString(string(text))
		}
	}
	return b.String(), true
}

// numeralStyle is how somebody writes numerals, all of a text alike.
type numeralStyle struct {
	digitByDigit bool // 三二八, from three digits on
	round        bool // 〇 rather than 零, digit by digit
	two          rune // of 二百, 兩百, 两百
}

// write is a number in Chinese numerals; one that is too large for words is written digit by digit.
func (n numeralStyle) write(digits []rune) string {
	ds := make([]int, len(digits))
	for i, d := range digits {
		if d >= '０' {
			d -= '０' - '0'
		}
		ds[i] = int(d - '0')
	}
	const words = "零一二三四五六七八九"
	word := func(d int) rune { return []rune(words)[d] }
	if len(ds) > 4 || ds[0] == 0 || n.digitByDigit && len(ds) > 2 {
		out := make([]rune, len(ds))
		for i, d := range ds {
			out[i] = word(d)
			if d == 0 && n.round {
				out[i] = '〇'
			}
		}
		return string(out)
	}
	var out []rune
	powers := []rune("千百十")[3-(len(ds)-1):]
	gap := false
	for i, d := range ds {
		if d == 0 {
			gap = true
			continue
		}
		if gap && len(out) > 0 {
			out = append(out, '零')
		}
		gap = false
		last := i == len(ds)-1
		switch {
		case last:
			out = append(out, word(d))
		case d == 1 && len(ds) == 2: // 十二
			out = append(out, powers[i])
		case d == 2 && powers[i] != '十':
			out = append(out, n.two, powers[i])
		default:
			out = append(out, word(d), powers[i])
		}
	}
	return string(out)
}
