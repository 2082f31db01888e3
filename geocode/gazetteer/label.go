package gazetteer

import (
	"strings"

	"github.com/gewu-city/gewu/geocode/houses"
	"github.com/gewu-city/gewu/geocode/number"
)

// reads reports whether the road and the number of a layer's doors must be read from their labels, since no attribute has
// them.
func (s *source) reads() bool { return s.address && s.label >= 0 && (s.road < 0 || s.number < 0) }

// areaNames are the names of areas in normal form, without which a label does not say where the road begins: 庄敬里塔悠路.
func areaNames(sources []source) map[string]bool {
	known := map[string]bool{}
	for i := range sources {
		s := &sources[i]
		if !s.kinds[Area].has {
			continue
		}
		var found []called
		for slot := range s.layer.Slots() {
			found = s.names(uint8(i), slot, found[:0])
			for _, c := range found {
				if c.sense.Kind == Area && c.sense.Form != Short {
					known[c.name] = true
				}
			}
		}
	}
	return known
}

// fromLabel reads the road and the numbers of a door from its label: 大安区和平东路二段106号, 25 Broadway, Hauptstraße 5.
func (r *reader) fromLabel(label string) (road string, street houses.Street, n number.Number, ok bool) {
	r.text.Set(label)
	text := r.text.Runes
	if latin(string(text)) {
		road, n, ok = r.inLetters(text)
		return road, houses.Street{}, n, ok
	}
	text = r.afterAreas(text)
	for at := range text {
		if at > 0 && isDigit(text[at-1]) && isDigit(text[at]) {
			continue
		}
		r.elements, _ = number.Parse(text[at:], r.elements[:0])
		for _, e := range r.elements {
			switch e.Unit {
			case number.Section:
				street.Section = e.Number.Base
			case number.Lane:
				street.Lane = e.Number.Packed()
			case number.Alley:
				street.Alley = e.Number.Packed()
			case number.House, number.Yard, number.Building, number.None:
				if !ok {
					n, ok = e.Number, true
				}
			default:
			}
		}
		if ok {
			return strings.TrimSpace(string(text[:at])), street, n, at > 0
		}
		street = houses.Street{}
	}
	return "", street, n, false
}

// inLetters reads a label whose number stands before or behind the name of the road.
func (r *reader) inLetters(text []rune) (road string, n number.Number, ok bool) {
	line := string(text)
	if i := strings.IndexAny(line, ",("); i >= 0 {
		line = line[:i]
	}
	line = strings.TrimSpace(line)
	runes := []rune(line)
	if elements, end := number.Parse(runes, r.elements[:0]); len(elements) == 1 && elements[0].Unit == number.None {
		if rest := strings.TrimSpace(string(runes[end:])); rest != "" {
			return rest, elements[0].Number, true
		}
	}
	i := strings.LastIndexByte(line, ' ')
	if i < 0 {
		return "", n, false
	}
	last := []rune(line[i+1:])
	if elements, end := number.Parse(last, r.elements[:0]); len(elements) == 1 && end == len(last) {
		return strings.TrimSpace(line[:i]), elements[0].Number, true
	}
	return "", n, false
}

// longestArea is how many characters the name of an area has at most.
const longestArea = 12

// afterAreas is a label without the areas that it begins with: those that the city has, and what ends like one.
func (r *reader) afterAreas(text []rune) []rune {
	for {
		n := r.known(text)
		if n == 0 {
			n = adminLength(text)
		}
		if n == 0 {
			elements, end := number.Parse(text, r.elements[:0])
			for _, e := range elements {
				if e.Unit != number.Neighborhood {
					end = 0
				}
			}
			n = end
		}
		if n == 0 || n >= len(text) {
			return text
		}
		text = text[n:]
	}
}

// known is the length of the longest name of an area that a text begins with, where a name of a road does not go on.
func (r *reader) known(text []rune) int {
	for n := min(len(text)-1, longestArea); n >= 2; n-- {
		if r.areas[string(text[:n])] && !goesOn(text[n:]) {
			return n
		}
	}
	return 0
}

// adminLength is the length of what a text begins with that ends like a province, a city, a district or a town.
func adminLength(text []rune) int {
	for i := 1; i < len(text)-1 && i < longestArea; i++ {
		end := i + 1
		switch text[i] {
		case '街':
			if text[i+1] != '道' {
				continue
			}
			end++
		case '省', '市', '县', '区', '镇', '乡', '州', '旗':
		default:
			if isDigit(text[i]) {
				return 0
			}
			continue
		}
		if end < len(text) && !goesOn(text[end:]) {
			return end
		}
	}
	return 0
}

// goesOn reports whether a text goes on a name of a road that what stands before it is the beginning of (中市|街), or
// with a number that counts doors of what is named (荣华社区|5号楼).
func goesOn(text []rune) bool {
	if len(text) == 0 {
		return true
	}
	switch text[0] {
	case '路', '街', '道', '巷', '弄', '大':
		const avenue = 2 // 市民|大道12号, and not 大道里
		return text[0] != '大' || len(text) > avenue && text[1] == '道' && isDigit(text[2])
	}
	if !isDigit(text[0]) {
		return false
	}
	elements, _ := number.Parse(text, nil)
	return len(elements) == 0 || elements[0].Unit != number.Neighborhood // a number that the name itself has
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }
