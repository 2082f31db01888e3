// Package roman writes addresses in the Latin spelling of Chinese in characters: No. 106, Sec. 2, Heping E. Rd., heping donglu
// 106hao, 和平dong路. The characters are read as what is written, and need not be those that are meant. It knows no place.
package roman

import (
	"slices"
	"strconv"
	"strings"
)

// Variants is how many ways to cut words into syllables are worth trying: renai is 仁爱 and would be 惹奈.
const Variants = 2

// Text is a text in characters, in the order of the large to the small.
type Text struct {
	Runes []rune
	// From are the characters of the source that each came from, the end exclusive.
	From [][2]int
}

// Han writes a text in normal form in characters; false where it spells no road.
func Han(text []rune, variant int) (Text, bool) {
	if slices.ContainsFunc(text, isHan) {
		return mixed(text, variant)
	}
	r := reader{words: split(text), variant: variant}
	r.read()
	if len(r.roads) == 0 {
		return Text{}, false
	}
	return r.write(), true
}

func isHan(r rune) bool    { return r >= 0x2e80 }
func isDigit(r rune) bool  { return '0' <= r && r <= '9' }
func isLetter(r rune) bool { return 'a' <= r && r <= 'z' }

// mixed writes the syllables in characters that stand beside characters: 和平dong路.
func mixed(text []rune, variant int) (t Text, ok bool) {
	for i := 0; i < len(text); {
		end := i
		for end < len(text) && isLetter(text[end]) {
			end++
		}
		if end == i {
			t.put(text[i], i, i+1)
			i++
			continue
		}
		word := string(text[i:end])
		beside := i > 0 && isHan(text[i-1]) || end < len(text) && isHan(text[end])
		way := cut(word, variant)
		switch d := directions[word]; {
		case d != 0 && end < len(text) && slices.Contains([]rune("路街道大"), text[end]):
			t.put(d, i, end)
			ok = true
		case beside && way != nil && len(word) > 1:
			for _, s := range way {
				t.put(character(s), i, end)
			}
			ok = true
		default:
			for ; i < end; i++ {
				t.put(text[i], i, i+1)
			}
		}
		i = end
	}
	return t, ok
}

func (t *Text) put(r rune, start, end int) {
	t.Runes, t.From = append(t.Runes, r), append(t.From, [2]int{start, end})
}

func (t *Text) say(s string, start, end int) {
	for _, r := range s {
		t.put(r, start, end)
	}
}

// word is letters, digits or a mark.
type word struct {
	text       string
	start, end int
}

func (w *word) number() bool { return isDigit(rune(w.text[0])) }

// split splits a text into words.
func split(text []rune) (words []word) {
	for i := 0; i < len(text); {
		end := i + 1
		switch {
		case text[i] == ' ':
			i++
			continue
		case isDigit(text[i]):
			for end < len(text) && (isDigit(text[end]) || text[end] == '-' && end+1 < len(text) && isDigit(text[end+1])) {
				end++
			}
		case isLetter(text[i]):
			for end < len(text) && isLetter(text[end]) {
				end++
			}
		}
		words = append(words, word{string(text[i:end]), i, end})
		i = end
	}
	return words
}

var (
	kinds = map[string]string{
		"rd": "路", "road": "路", "st": "街", "street": "街", "blvd": "大道", "boulevard": "大道", "ave": "大道", "avenue": "大道",
	}
	directions = map[string]rune{
		"n": '北', "north": '北', "s": '南', "south": '南', "e": '东', "east": '东', "w": '西', "west": '西', "central": '中', "middle": '中',
	}
	units = map[string]string{
		"no": "号", "number": "号", "sec": "段", "section": "段", "ln": "巷", "lane": "巷", "aly": "弄", "alley": "弄",
		"hao": "号", "duan": "段", "xiang": "巷", "nong": "弄",
	}
	// behind are units that stand behind their numbers.
	behind = map[string]bool{"hao": true, "duan": true, "xiang": true, "nong": true}
	areas  = map[string]string{"dist": "区", "district": "区", "city": "市", "township": "乡", "county": "县", "vil": "里", "village": "里"}
	and    = map[string]bool{"and": true, "&": true, "at": true, "/": true}
	// cities are those that are spelt otherwise than their characters are read, by postal and older rules.
	cities = map[string]string{
		"taipei": "台北市", "taichung": "台中市", "kaohsiung": "高雄市", "hsinchu": "新竹市", "keelung": "基隆市", "chiayi": "嘉义市", "hualien": "花莲县", "pingtung": "屏东县",
		"peking": "北京市", "tientsin": "天津市", "nanking": "南京市", "canton": "广州市", "amoy": "厦门市", "harbin": "哈尔滨市", "urumqi": "乌鲁木齐市", "lhasa": "拉萨市", "hohhot": "呼和浩特市",
	}
	// order is that of units in an address.
	order = []string{"段", "巷", "弄", "号"}
	// nothing is what says nothing of a place within the city.
	nothing = map[string]bool{"taiwan": true, "china": true, "roc": true, "prc": true, "r": true, "o": true, "c": true, "f": true, "fl": true, "floor": true, "rm": true, "room": true, "the": true, "of": true, "lukou": true, "jiaochakou": true, "intersection": true, "corner": true}
)

// piece is characters with where they come from.
type piece struct {
	text       string
	start, end int
}

// road is a road with its numbers.
type road struct {
	name    piece
	numbers map[string]piece
	joined  bool // with the one before
}

// reader reads the words of an address.
type reader struct {
	words   []word
	variant int
	roads   []road
	areas   []piece
	rest    []piece
	numbers map[string]piece // before the next road
	joined  bool
}

func (r *reader) at(i int) string {
	if i < 0 || i >= len(r.words) {
		return ""
	}
	return r.words[i].text
}

func (r *reader) isNumber(i int) bool { return i >= 0 && i < len(r.words) && r.words[i].number() }

func (r *reader) read() {
	r.numbers = map[string]piece{}
	for i := 0; i < len(r.words); {
		w := &r.words[i]
		name, after := r.road(i)
		if _, end := r.road(i + 1); w.text == "yu" && len(r.roads) > 0 && end > i+1 {
			r.joined, after = true, i // A与B
		}
		switch {
		case after > i:
			r.roads = append(r.roads, road{name, r.numbers, r.joined})
			r.numbers, r.joined = map[string]piece{}, false
			i = after
		case units[w.text] != "" && (r.isNumber(i+1) || r.at(i+1) == "#" && r.isNumber(i+2)):
			n := i + 1
			if !r.isNumber(n) {
				n++
			}
			r.count(units[w.text], i, n)
			i = n + 1
		case w.number():
			i = r.digits(i)
		case and[w.text]:
			r.joined = true
			i++
		case w.text == "yu" && r.joined:
			i++
		case cities[w.text] != "":
			r.areas = append(r.areas, piece{cities[w.text], w.start, w.end})
			i++
		case areas[w.text] != "" || nothing[w.text] || w.text == "," || w.text == "(" || w.text == ")" || w.text == "#" || w.text == "-":
			i++
		case areas[r.at(i+1)] != "":
			if way := cut(w.text, r.variant); way != nil {
				r.areas = append(r.areas, r.say(way, areas[r.at(i+1)], i, i+2))
			}
			i += 2
		case r.smaller(i):
			i++
		default:
			r.rest = append(r.rest, piece{w.text, w.start, w.end})
			i++
		}
	}
}

// smaller reads syllables with a unit: erduan.
func (r *reader) smaller(i int) bool {
	way := cut(r.at(i), r.variant)
	if len(way) != 2 || units[way[1]] == "" {
		return false
	}
	digit := slices.Index([]string{"", "yi", "er", "san", "si", "wu", "liu", "qi", "ba", "jiu", "shi"}, way[0])
	if digit < 1 {
		return false
	}
	w := &r.words[i]
	r.put(units[way[1]], piece{strconv.Itoa(digit), w.start, w.end})
	return true
}

// digits reads a number without a word before it, and returns where to go on.
func (r *reader) digits(i int) int {
	const postal = 5
	next := r.at(i + 1)
	w := &r.words[i]
	glued := i+1 < len(r.words) && r.words[i+1].start == w.end
	switch {
	case next == "f" || next == "fl" || next == "floor":
		return i + 2
	case glued && (next == "st" || next == "nd" || next == "rd" || next == "th"):
		if unit := units[r.at(i+2)]; unit != "" {
			r.count(unit, i+2, i) // 2nd section
			return i + 3
		}
	case behind[next]:
		r.count(units[next], i+1, i) // 106hao
		return i + 2
	}
	before := r.at(i - 1)
	if len(w.text) >= postal || areas[before] != "" || before == "rm" || before == "room" {
		return i + 1
	}
	if _, after := r.road(i + 1); after > i+1 || len(r.roads) > 0 {
		r.count("号", i, i)
	}
	return i + 1
}

// count notes a number and its unit, which are words of the text.
func (r *reader) count(unit string, i, number int) {
	start, end := min(r.words[i].start, r.words[number].start), max(r.words[i].end, r.words[number].end)
	r.put(unit, piece{r.words[number].text, start, end})
}

// put notes a number for the road before it, or the next one where none is there or another begins.
func (r *reader) put(unit string, p piece) {
	numbers := r.numbers
	if n := len(r.roads); n > 0 && !r.joined && len(numbers) == 0 {
		if _, has := r.roads[n-1].numbers[unit]; !has {
			numbers = r.roads[n-1].numbers
		}
	}
	if _, has := numbers[unit]; !has {
		numbers[unit] = p
	}
}

// road reads the name of a road from i on, and returns it with where to go on, i where none begins.
func (r *reader) road(i int) (name piece, after int) {
	const most = 6
	var syllables []string
	direction := ""
	for j := i; j < len(r.words) && j < i+most; j++ {
		w := r.words[j].text
		if kind := kinds[w]; kind != "" && len(syllables) > 0 {
			if d := directions[r.at(j+1)]; d != 0 && direction == "" {
				j++ // Fuxing Road South
				direction = string(d)
			}
			return r.say(syllables, direction+kind, i, j+1), j + 1
		}
		if d := directions[w]; d != 0 {
			direction += string(d)
			continue
		}
		way := cut(w, r.variant)
		if way == nil {
			return name, i
		}
		syllables = append(syllables, way...)
		if last := way[len(way)-1]; len(syllables) > 1 && (last == "lu" || last == "jie" || last == "dao" && len(syllables) > 2) {
			return r.say(syllables, "", i, j+1), j + 1
		}
	}
	return name, i
}

// say is syllables in characters and what follows them, from words i up to j.
func (r *reader) say(syllables []string, behind string, i, j int) piece {
	var b strings.Builder
	for _, s := range syllables {
		b.WriteRune(character(s))
	}
	b.WriteString(behind)
	return piece{b.String(), r.words[i].start, r.words[j-1].end}
}

// write writes what was read from the large to the small.
func (r *reader) write() (t Text) {
	put := func(p piece, more string) { t.say(p.text+more, p.start, p.end) }
	large := []rune("市县区乡里")
	slices.SortStableFunc(r.areas, func(a, b piece) int { return level(large, a) - level(large, b) })
	for _, a := range r.areas {
		put(a, "")
	}
	for i, road := range r.roads {
		if i > 0 {
			between := ","
			if road.joined {
				between = "与"
			}
			put(piece{between, road.name.start, road.name.start + 1}, "")
		}
		put(road.name, "")
		for _, unit := range order {
			if n, ok := road.numbers[unit]; ok {
				put(n, unit)
			}
		}
	}
	if n := len(r.roads); n > 1 && r.roads[n-1].joined {
		put(piece{"口", r.roads[n-1].name.end - 1, r.roads[n-1].name.end}, "")
	}
	for _, p := range r.rest {
		put(piece{",", p.start, p.start + 1}, "")
		put(p, "")
	}
	return t
}

func level(large []rune, p piece) int {
	text := []rune(p.text)
	return slices.Index(large, text[len(text)-1])
}
