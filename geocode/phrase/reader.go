package phrase

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/number"
)

// Names finds the names of a city in texts.
type Names interface {
	// Begins calls found with the names that text begins with and their lengths, until it returns false.
	Begins(text []rune, found func(id names.ID, length int) bool)
	// Near appends the names that a beginning of text almost is.
	Near(text []rune, dst []names.Match) []names.Match
	// Weak reports whether a name is only what people leave of one.
	Weak(id names.ID) bool
	// Name is the text of a name.
	Name(id names.ID) []rune
}

// What elements cost, in characters that nothing explains.
const (
	costGap    = 1.0
	costMark   = 0.02
	costAdmin  = 0.3
	costName   = 0.1
	costWeak   = 0.6 // more for a short form
	costNumber = 0.1
	costBare   = 0.3 // for a number that counts nothing
	costTerm   = 0.12
	costShort  = 0.2 // more for a term of one character
	costSounds = 0.5 // more for a name that sounds alike
	costSlip   = 0.8 // more for each slip
)

// MostRunes is how much of a text is read.
const MostRunes = 512

// breadth is how many ways to each character are followed.
const breadth = 6

// Reader reads texts. It keeps its memory, and belongs to one goroutine at a time.
type Reader struct {
	text     []rune
	names    Names
	arcs     []arc
	first    []int32 // by character: the first arc that ends there, as a chain
	paths    []path
	ends     []int32 // by character: where its paths begin in paths; breadth for each
	numbers  []number.Element
	matches  []names.Match
	readings []Reading
	elements []Element // of the readings
	// What Begins is called with: functions that are made once, and what they work on.
	named, worded, closing func(names.ID, int) bool
	at, end                int
	closed                 bool
}

// arc is an element in the lattice.
type arc struct {
	element Element
	cost    float32
	next    int32 // the next arc that ends at the same character
}

// path is a way to a character.
type path struct {
	cost   float32
	length int32 // elements
	arc    int32
	before int32 // the path that goes on
}

// Read returns the cheapest readings of a text, at most most of them, the cheapest first. Names are also looked for with
// slips where fuzzy says so. The result is valid until the next call.
func (r *Reader) Read(text []rune, n Names, most int, fuzzy func(at int) bool) []Reading {
	if len(text) > MostRunes {
		text = text[:MostRunes]
	}
	r.text, r.names = text, n
	if r.named == nil {
		r.named, r.worded, r.closing = r.layName, r.layWord, r.closes
	}
	r.arcs, r.numbers, r.paths = r.arcs[:0], r.numbers[:0], r.paths[:0]
	r.first = slices.Grow(r.first[:0], len(text)+1)[:len(text)+1]
	for i := range r.first {
		r.first[i] = -1
	}
	for at := range text {
		r.lay(at, fuzzy != nil && fuzzy(at))
	}
	r.walk()
	return r.collect(most)
}

func (r *Reader) add(e Element, cost float32) {
	r.arcs = append(r.arcs, arc{e, cost, r.first[e.End]})
	r.first[e.End] = int32(len(r.arcs) - 1)
}

// lay lays the arcs that begin at a character.
func (r *Reader) lay(at int, fuzzy bool) {
	rest := r.text[at:]
	first := rest[0]
	switch {
	case isMark(first):
		mark := Element{Kind: Mark, Start: at, End: at + 1}
		if first == '-' {
			mark.Word = To
		}
		r.add(mark, costMark)
	default:
		end := at + 1
		if wordLike(first) {
			if r.inWord(at) {
				return // nothing begins within a word
			}
			for end < len(r.text) && wordLike(r.text[end]) && joined(r.text[end-1], r.text[end]) {
				end++
			}
		}
		r.add(Element{Kind: Gap, Start: at, End: end}, costGap)
	}
	r.at = at
	r.names.Begins(rest, r.named)
	lexicon.Begins(rest, r.worded)
	if !r.layMilestone(at) {
		r.layNumbers(at)
	}
	r.layMeasure(at)
	r.layAdmin(at)
	if fuzzy && !isMark(first) {
		r.layNear(at)
	}
}

// layName lays a name that the text has at r.at.
func (r *Reader) layName(id names.ID, length int) bool {
	if end := r.at + length; r.whole(r.at, end) {
		r.add(Element{Kind: Name, Start: r.at, End: end, Name: id, Exact: true}, costOf(r.names.Weak(id)))
	}
	return true
}

// layWord lays a word of the vocabulary that the text has at r.at.
func (r *Reader) layWord(id names.ID, length int) bool {
	w, end := &vocabulary[id], r.at+length
	if r.whole(r.at, end) && (length > 1 || r.text[r.at] < 0x2e80 || w.word == Way || w.word == And || w.word == Toward || r.said(r.at)) {
		cost := float32(costTerm)
		if length == 1 {
			cost += costShort
		}
		r.add(Element{Kind: Term, Start: r.at, End: end, Word: w.word, Bearing: w.bearing}, cost)
	}
	return true
}

// layNear lays the names with slips that begin at a character: of one length and alike in their faults as one arc, since
// only the city tells which of them is meant.
func (r *Reader) layNear(at int) {
	r.matches = r.names.Near(r.text[at:], r.matches[:0])
	first := len(r.arcs)
	for _, m := range r.matches[:min(len(r.matches), mostNear)] {
		end := at + m.Length
		weak := r.names.Weak(m.ID)
		if !r.whole(at, end) || isMark(r.text[end-1]) || r.ordinals(at, end, r.names.Name(m.ID)) || weak && m.Length < leastWeak || beside(r.text[at:end], r.names.Name(m.ID)) {
			continue
		}
		cost := costOf(weak) + costSounds
		if m.Fault == names.Slip {
			cost += costSlip*float32(m.Edits) - costSounds
		}
		i := slices.IndexFunc(r.arcs[first:], func(a arc) bool {
			return a.cost == cost && a.element.End == end && a.element.Fault == m.Fault && a.element.Edits == m.Edits
		})
		if i >= 0 {
			e := &r.arcs[first+i].element
			e.Also, e.Shared = append(e.Also, m.ID), true
			continue
		}
		r.add(Element{Kind: Name, Start: at, End: end, Name: m.ID, Fault: m.Fault, Edits: m.Edits}, cost)
	}
}

// ordinals reports whether a text counts in order (第三) and the name that it is almost does not: no slip makes one of a name.
func (r *Reader) ordinals(at, end int, name []rune) bool {
	for i := max(1, at); i < end; i++ {
		if r.text[i-1] == '第' && (isDigit(r.text[i]) || slices.Contains(counting, r.text[i])) {
			return !slices.Contains(name, '第')
		}
	}
	return end < len(r.text) && r.text[end-1] == '第' && (isDigit(r.text[end]) || slices.Contains(counting, r.text[end]))
}

var counting = []rune("一二三四五六七八九十百")

// beside reports whether a text is a name with something before or behind it: that is no slip, the name is there.
func beside(text, name []rune) bool {
	n := len(text) - len(name)
	return n > 0 && (slices.Equal(text[n:], name) || slices.Equal(text[:len(name)], name))
}

// leastWeak is how long a short form of a name is at least for slips in it to be forgiven.
const leastWeak = 3

// mostNear bounds the names with slips that are tried at one character.
const mostNear = 96

func costOf(weak bool) float32 {
	if weak {
		return costName + costWeak
	}
	return costName
}

// whole reports whether characters from i up to j begin and end where words do.
func (r *Reader) whole(i, j int) bool {
	return !r.inWord(i) && !r.inWord(j)
}

// inWord reports whether a word goes on from the character before i to that at i.
func (r *Reader) inWord(i int) bool {
	return i > 0 && i < len(r.text) && wordLike(r.text[i]) && wordLike(r.text[i-1]) && joined(r.text[i-1], r.text[i])
}

// layNumbers lays the numbers that begin at a character, and each beginning of them that is whole.
func (r *Reader) layNumbers(at int) {
	if at > 0 && isDigit(r.text[at]) && (isDigit(r.text[at-1]) || r.text[at-1] == '.' && at > 1 && isDigit(r.text[at-2])) {
		return
	}
	if !numberBegins(r.text[at:]) || r.inOrder(at) || r.inCode(at) {
		return
	}
	start := len(r.numbers)
	r.numbers, _ = number.Parse(r.text[at:], r.numbers)
	found := r.numbers[start:len(r.numbers):len(r.numbers)]
	for i := range found {
		found[i].Start, found[i].End = found[i].Start+at, found[i].End+at
		cost := float32(costNumber)
		if found[i].Unit == number.None {
			cost = costBare
		}
		if r.whole(at, found[i].End) && !r.ordinal(found[i].End) && !r.exit(found[i].End) {
			r.add(Element{Kind: Number, Start: at, End: found[i].End, Numbers: found[:i+1]}, cost)
		}
	}
}

// inOrder reports whether a number is that of a day, or one of many in their order: 7月15号, 第3.
func (r *Reader) inOrder(at int) bool {
	return at > 0 && r.text[at-1] == '第' || at > 1 && r.text[at-1] == '月' && isDigit(r.text[at-2])
}

// inCode reports whether digits go on a code, such as the number of a case or a telephone: 1151105-0321, 0321.
func (r *Reader) inCode(at int) bool {
	const before, short = 3, 4 // 12-16 is a range
	if n := at - 1; isDigit(r.text[at]) && n > before && r.text[n] == '-' {
		code := 0
		for n--; n >= 0 && isDigit(r.text[n]); n-- {
			code++
		}
		return code > before
	}
	return r.text[at] == '0' && len(r.text) >= at+short && !slices.ContainsFunc(r.text[at:at+short], func(c rune) bool { return !isDigit(c) })
}

// exit reports whether what a number counts is an exit or a line, and no house: 2号出口, 12号线.
func (r *Reader) exit(end int) bool {
	rest := string(r.text[end:min(len(r.text), end+len("出入口"))])
	if r.text[end-1] != '号' {
		return false
	}
	return strings.HasPrefix(rest, "出口") || strings.HasPrefix(rest, "入口") || strings.HasPrefix(rest, "出入口") || strings.HasPrefix(rest, "线") && !strings.HasPrefix(rest, "线路") && !strings.HasPrefix(rest, "线缆") && !strings.HasPrefix(rest, "线杆")
}

// ordinal reports whether letters follow right behind a digit: 2nd, 5g.
func (r *Reader) ordinal(end int) bool {
	return end < len(r.text) && isDigit(r.text[end-1]) && wordLike(r.text[end])
}

// numberBegins reports whether a text may begin with a number; it saves most characters the grammar.
func numberBegins(text []rune) bool {
	switch first := text[0]; {
	case isDigit(first):
		return true
	case first == '第':
		return len(text) > 1 && isDigit(text[1])
	case first == '临', first == '地', first == 'b', first == '甲', first == '乙', first == '丙', first == '丁':
		return len(text) > 1
	case first == '戊', first == '己', first == '庚', first == '辛', first == '壬', first == '癸':
		return len(text) > 1 && isDigit(text[1])
	}
	return false
}

// layAdmin lays what ends like a province, a city or a district: the first such end within six characters. What ends
// with a name that the city has is none: 住大安区.
func (r *Reader) layAdmin(at int) {
	const longest = 6
	if first := r.text[at]; first < 0x2e80 {
		return
	}
	for i := at; i < len(r.text) && i < at+longest && r.text[i] >= 0x2e80; i++ {
		switch r.text[i] {
		case '省', '市', '县', '区', '镇', '乡', '州', '旗':
			if i > at && !estates(r.text[i-1:i+1]) && !r.endsNamed(at, i+1) {
				r.add(Element{Kind: Admin, Start: at, End: i + 1}, costAdmin)
			}
			if i > at && (i+1 == len(r.text) || !strings.ContainsRune("市县区镇乡", r.text[i+1])) {
				return // and not 前镇区
			}
		}
	}
}

// estates reports whether a text is what ends like a district and is none: 小区, 园区.
func estates(text []rune) bool {
	return text[1] == '区' && strings.ContainsRune("小园厂校景院片库辖", text[0])
}

// said reports whether something that is known ends at a character, or a sentence begins: short words stand in relation to
// what is known.
func (r *Reader) said(at int) bool {
	if at == 0 || isMark(r.text[at-1]) {
		return true
	}
	for a := r.first[at]; a >= 0; a = r.arcs[a].next {
		if k := r.arcs[a].element.Kind; k == Name || k == Number || k == Term {
			return true
		}
	}
	return false
}

// endsNamed reports whether characters from i up to j end with a name as it is written.
func (r *Reader) endsNamed(i, j int) bool {
	r.closed = false
	for ; i < j && !r.closed; i++ {
		r.end = j - i
		r.names.Begins(r.text[i:j], r.closing)
	}
	return r.closed
}

// closes notes whether a name is as long as what is left of the text.
func (r *Reader) closes(_ names.ID, length int) bool {
	r.closed = length == r.end
	return !r.closed
}

// walk follows the cheapest ways to each character.
func (r *Reader) walk() {
	n := len(r.text) + 1
	r.ends = slices.Grow(r.ends[:0], n+1)[:n+1]
	r.paths = append(r.paths, path{arc: -1, before: -1})
	r.ends[0], r.ends[1] = 0, 1
	for end := 1; end < n; end++ {
		first := len(r.paths)
		for a := r.first[end]; a >= 0; a = r.arcs[a].next {
			start := r.arcs[a].element.Start
			for p := r.ends[start]; p < r.ends[start+1]; p++ {
				before := &r.paths[p]
				if before.arc >= 0 && r.arcs[a].element.Kind == Number && r.arcs[before.arc].element.Kind == Number {
					continue // what hangs together is one element
				}
				r.follow(first, path{before.cost + r.arcs[a].cost, before.length + 1, a, p})
			}
		}
		r.ends[end+1] = int32(len(r.paths))
	}
}

// follow keeps a path among those from first on, the cheapest first, if it is one of the cheapest.
func (r *Reader) follow(first int, p path) {
	at := len(r.paths)
	for at > first && r.before(&p, &r.paths[at-1]) {
		at--
	}
	switch {
	case at == first+breadth:
		return
	case len(r.paths) < first+breadth:
		r.paths = append(r.paths, path{})
	}
	copy(r.paths[at+1:], r.paths[at:])
	r.paths[at] = p
}

// before orders paths by what they cost, then by how many elements they have, then in any way that is always the same.
func (r *Reader) before(p, q *path) bool {
	switch {
	case p.cost != q.cost:
		return p.cost < q.cost
	case p.length != q.length:
		return p.length < q.length
	case p.arc == q.arc:
		return false
	}
	return cmp.Or(cmp.Compare(r.arcs[p.arc].element.Name, r.arcs[q.arc].element.Name), cmp.Compare(p.arc, q.arc)) < 0
}

// collect turns the cheapest ways to the end into readings.
func (r *Reader) collect(most int) []Reading {
	last := len(r.text)
	r.readings, r.elements = r.readings[:0], r.elements[:0]
	for p := r.ends[last]; p < r.ends[last+1] && len(r.readings) < most; p++ {
		end := &r.paths[p]
		start := len(r.elements)
		r.elements = append(r.elements, make([]Element, end.length)...)
		elements := r.elements[start:len(r.elements):len(r.elements)]
		for q := end; q.arc >= 0; q = &r.paths[q.before] {
			elements[q.length-1] = r.arcs[q.arc].element
		}
		r.readings = append(r.readings, Reading{elements, end.cost})
	}
	return r.readings
}

func isDigit(c rune) bool { return '0' <= c && c <= '9' }
func isMark(c rune) bool {
	switch c {
	case ' ', ',', '(', ')', '.', '-', '\'':
		return true
	}
	return false
}

// wordLike reports whether a character is part of a word that spaces end.
func wordLike(c rune) bool { return c < 0x2e80 && !isMark(c) && c != '&' && c != '/' && c != '@' }

// joined reports whether two characters of words belong to one word: letters and letters, digits and digits.
func joined(a, b rune) bool { return isDigit(a) == isDigit(b) }
