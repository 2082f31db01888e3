package number

import "slices"

// parser reads a text from its beginning.
type parser struct {
	text []rune
	at   int
}

// peek is the character i places ahead, 0 behind the end.
func (p *parser) peek(i int) rune {
	if p.at+i < len(p.text) {
		return p.text[p.at+i]
	}
	return 0
}

// skip skips any of some characters.
func (p *parser) skip(what ...rune) {
	for slices.Contains(what, p.peek(0)) {
		p.at++
	}
}

// take reads a word if it is next.
func (p *parser) take(word []rune) bool {
	if len(p.text)-p.at < len(word) || !slices.Equal(p.text[p.at:p.at+len(word)], word) {
		return false
	}
	p.at += len(word)
	return true
}

// mostDigits bounds numbers to 99,999: more digits are telephone numbers and codes.
const mostDigits = 5

// digits reads a number. Digits on both sides of it must not go on.
func (p *parser) digits() (n uint32, ok bool) {
	length := 0
	for isDigit(p.peek(length)) {
		length++
	}
	if length == 0 || length > mostDigits {
		return 0, false
	}
	for range length {
		n = n*10 + uint32(p.text[p.at]-'0')
		p.at++
	}
	return n, n > 0
}

var (
	basement = []rune("地下")
	bis      = []rune("bis")
	ter      = []rune("ter")
)

// element reads a number and its unit.
func (p *parser) element() (e Element, ok bool) {
	e.Start = p.at
	e.Basement = p.take(basement)
	if !e.Basement && p.peek(0) == 'b' && isDigit(p.peek(1)) {
		p.at++
		e.Basement = true
	}
	ordinal := p.peek(0) == '第'
	if ordinal {
		p.at++
	}
	if e.Number, ok = p.number(); !ok {
		return e, false
	}
	e.Unit = p.unit()
	if ordinal && !ordered(e.Unit) {
		return e, false // 第3, 第12号
	}
	switch e.Unit {
	case House:
		p.behindHouse(&e.Number)
	case Floor:
		p.sub(&e.Number, '之')
	default:
	}
	e.End = p.at
	return e, !e.Basement || e.Unit == Floor
}

// ordered reports whether things of a unit are also counted in order: 第2段.
func ordered(u Unit) bool {
	switch u {
	case Section, Lane, Alley, Building, Entrance, Floor:
		return true
	default:
		return false
	}
}

// number reads a number with what is before and behind its digits.
func (p *parser) number() (n Number, ok bool) {
	if p.peek(0) == '临' {
		p.at++
		n.Temporary = true
	}
	if i := slices.Index(stems, p.peek(0)); i >= 0 && isDigit(p.peek(1)) {
		p.at++
		n.Mark, n.Sub = Stem, uint32(i+1)
	}
	if n.Base, ok = p.digits(); !ok {
		return n, false
	}
	if p.peek(0) == '.' && isDigit(p.peek(1)) {
		return n, false // a measure
	}
	if n.Mark == Plain {
		p.mark(&n)
	}
	return n, true
}

// mark reads what stands behind digits.
func (p *parser) mark(n *Number) {
	next := p.peek(0)
	switch {
	case next == '-' || next == '之' || next == '/':
		p.sub(n, next)
	case next == ' ' && p.peek(1) == '1' && p.peek(2) == '/' && isDigit(p.peek(3)) && !isDigit(p.peek(4)):
		n.Mark, n.Sub = Half, uint32(p.peek(3)-'0')
		p.at += 4
	case p.word(bis):
		n.Mark, n.Sub = Letter, 2
	case p.word(ter):
		n.Mark, n.Sub = Letter, 3
	case isLetter(next) && !isLetter(p.peek(1)) && !isDigit(p.peek(1)):
		n.Mark, n.Sub = Letter, uint32(next-'a'+1)
		p.at++
	default:
		if i := slices.Index(stems, next); i >= 0 {
			n.Mark, n.Sub = Stem, uint32(i+1)
			p.at++
		}
	}
}

// word reads a word of letters, behind a space or not, if it is next and ends there.
func (p *parser) word(word []rune) bool {
	start := p.at
	p.skip(' ')
	if p.take(word) && !isLetter(p.peek(0)) && !isDigit(p.peek(0)) {
		return true
	}
	p.at = start
	return false
}

// sub reads a sub-number or the end of a range.
func (p *parser) sub(n *Number, by rune) {
	start := p.at
	if p.peek(0) != by {
		return
	}
	p.at++
	m, ok := p.digits()
	if !ok {
		p.at = start
		return
	}
	n.Mark, n.Sub = Sub, m
	if by == '-' && m > n.Base {
		n.Last = m
	}
}

// behindHouse reads what stands behind 号 and belongs to the number: 之3, -3, 附3, 附3号.
func (p *parser) behindHouse(n *Number) {
	if n.Mark != Plain {
		return
	}
	switch next := p.peek(0); next {
	case '之', '-':
		p.sub(n, next)
		n.Last = 0
	case '附':
		start := p.at
		p.at++
		m, ok := p.digits()
		if !ok {
			p.at = start
			return
		}
		n.Mark, n.Sub = Annex, m
		if p.peek(0) == '号' && p.peek(1) != '楼' && p.peek(1) != '院' {
			p.at++
		}
	}
}

// unit reads what a number counts. Names that begin like a unit are none: 门口, 楼下, 院内 stand behind numbers too.
func (p *parser) unit() Unit {
	for _, u := range units {
		start := p.at
		if !p.take(u.text) {
			continue
		}
		if last := u.text[len(u.text)-1]; len(u.text) == 1 && last == '门' && p.peek(0) == '口' {
			p.at = start
			return None
		}
		return u.unit
	}
	return None
}

func isDigit(r rune) bool  { return '0' <= r && r <= '9' }
func isLetter(r rune) bool { return 'a' <= r && r <= 'z' }
