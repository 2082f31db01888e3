package noise

import (
	"strings"
	"unicode"
)

// source is a text in Han characters, told apart.
type source struct {
	runes  []rune
	parts  []part
	latin  bool // it has letters and no Han character
	script script
}

// part is a piece of a text: characters start up to end, exclusive.
type part struct {
	start, end int
	kind       kind
}

type kind uint8

const (
	other   kind = iota // marks, spaces, letters
	name                // 塔悠路
	numeral             // 328, 三百二十八 before a unit
	unit                // 號, 之
)

type script uint8

const (
	either script = iota
	traditional
	simplified
)

const (
	numerals = "〇零一二三四五六七八九十百千兩两廿卅"
	// units count something when a number stands before them.
	units = "號号弄巷衖段鄰邻樓楼層层栋棟幢座室院組组門门米"
	// ends say what a name names.
	ends  = "省市縣县區区鎮镇鄉乡里村路街道巷弄"
	roads = "路街道巷弄"
)

func isHan(r rune) bool   { return unicode.Is(unicode.Han, r) }
func isDigit(r rune) bool { return '0' <= r && r <= '9' || '０' <= r && r <= '９' }

func in(set string, r rune) bool { return strings.ContainsRune(set, r) }

// read tells a text apart.
func read(text string) *source {
	s := &source{runes: []rune(text)}
	letters, han := false, false
	for _, r := range s.runes {
		letters = letters || unicode.IsLetter(r) && !isHan(r)
		han = han || isHan(r)
		s.script = max(s.script, scriptOf(r))
		if scriptOf(r) == traditional { // 台 is written in both, so one traditional character decides
			s.script = traditional
			break
		}
	}
	s.latin = letters && !han && s.script == either
	for i := 0; i < len(s.runes); {
		i = s.next(i)
	}
	return s
}

// IsSimplified reports whether a text has characters that only simplified script has, and no traditional ones.
func IsSimplified(text string) bool { return read(text).script == simplified }

// next appends the part that begins at i, and its unit, and returns where it ends.
func (s *source) next(i int) int {
	if n := s.number(i); n > i {
		s.parts = append(s.parts, part{i, n, numeral})
		return s.unit(n)
	}
	if s.follows(i) {
		return s.unit(i)
	}
	j := i + 1
	if !isHan(s.runes[i]) {
		s.parts = append(s.parts, part{i, j, other})
		return j
	}
	for j < len(s.runes) && isHan(s.runes[j]) && s.number(j) == j {
		j++
	}
	s.names(i, j)
	return j
}

// number returns where the number at i ends, i if none begins there: digits, or Chinese numerals before a unit that is
// not the beginning of 路: 三门路 is a name.
func (s *source) number(i int) int {
	j := i
	for j < len(s.runes) && isDigit(s.runes[j]) {
		j++
	}
	if j > i {
		return j
	}
	for j < len(s.runes) && in(numerals, s.runes[j]) {
		j++
	}
	if j == i || j == len(s.runes) || !in(units, s.runes[j]) {
		return i
	}
	if j+1 < len(s.runes) && in("路街道", s.runes[j+1]) {
		return i
	}
	return j
}

// follows reports whether 之 stands at i, behind a number or a unit and before a number.
func (s *source) follows(i int) bool {
	return len(s.parts) > 0 && s.parts[len(s.parts)-1].kind >= numeral && s.runes[i] == '之' && i+1 < len(s.runes) &&
		(isDigit(s.runes[i+1]) || in(numerals, s.runes[i+1]))
}

// unit appends the unit at i, if one is there: 號樓, 單元 and 公尺 are one.
func (s *source) unit(i int) int {
	if i == len(s.runes) {
		return i
	}
	j := i
	if i+1 < len(s.runes) {
		switch string(s.runes[i : i+2]) {
		case "號樓", "号楼", "號院", "号院", "單元", "单元", "公尺", "公里":
			j = i + 2
		}
	}
	if j == i && (in(units, s.runes[i]) || s.follows(i)) {
		j = i + 1
	}
	if j > i {
		s.parts = append(s.parts, part{i, j, unit})
	}
	return j
}

// names cuts a run of Han characters behind what ends names. A name has a character before its end, and ends that follow
// each other are one where names do not begin so: 大道路, 新市街, 八里區.
func (s *source) names(i, j int) {
	start := i
	for k := i; k < j; k++ {
		r := s.runes[k]
		if k == start || !in(ends, r) {
			continue
		}
		if k+1 < j {
			next := s.runes[k+1]
			if in("路街", next) || next == '道' && in(roads, r) || in("里村市", r) && in("區区縣县鄉乡", next) {
				continue
			}
		}
		s.parts = append(s.parts, part{start, k + 1, name})
		start = k + 1
	}
	if start < j {
		s.parts = append(s.parts, part{start, j, name})
	}
}

// level is the rank of a name among the areas at the beginning of an address.
type level uint8

const (
	noArea level = iota
	city
	district
	village
	neighborhood
)

// level tells areas from estates (莊敬社區, 曲阳新村) and roads by how they end.
func (s *source) level(p part) level {
	if p.kind == unit && p.end == p.start+1 && in("鄰邻", s.runes[p.start]) {
		return neighborhood
	}
	if p.kind != name || p.end-p.start < 2 {
		return noArea
	}
	last, before := s.runes[p.end-1], s.runes[p.end-2]
	switch {
	case in("省市縣县", last):
		return city
	case in("區区", last) && !in("社小園园校景院庫库工廠厂", before), in("鎮镇鄉乡", last), last == '道' && before == '街':
		return district
	case last == '里', last == '村' && before != '新' && !in(numerals, before):
		return village
	}
	return noArea
}

// isRoad reports whether a name is that of a way.
func (s *source) isRoad(p part) bool {
	return p.kind == name && in(roads, s.runes[p.end-1]) && s.level(p) == noArea
}

// own are the characters of a name by which it differs from others, by their places.
func (s *source) own(p part) []int {
	var at []int
	for i := p.start; i < p.end; i++ {
		if r := s.runes[i]; !in(numerals, r) && (i < p.end-1 || !in(ends, r)) {
			at = append(at, i)
		}
	}
	return at
}
