// Package number reads house numbers and what hangs on them: sections, lanes, yards, buildings, floors and rooms, in
// texts that [github.com/gewu-city/gewu/geocode/normal] has normalised.
//
//	和平东路|2段106号3楼之2   a section, a house, a floor
//	158弄12号                a lane, a house
//	甲12号院3号楼2单元501室  a yard, a building, an entrance, a room
//	12-16号, 15-3, 12bis     ranges, sub-numbers, letters
package number

import (
	"cmp"
	"strconv"
	"strings"
)

// Mark is how a number is told apart from others with the same base.
type Mark uint8

// Marks, in the order in which such numbers follow each other.
const (
	Plain  Mark = iota
	Half        // 12 1/2; Sub is the denominator
	Sub         // 15-3, 15之3, 15号之3, 15/3
	Letter      // 12a, 12bis; Sub is 1 for a
	Stem        // 12甲, 甲12; Sub is 1 for 甲
	Annex       // 12号附3
)

// Number is a number as it stands on a plate. It is comparable.
type Number struct {
	Base uint32 // 1 to 99,999
	Sub  uint32 // by Mark, 0 for Plain
	Mark Mark
	// Temporary says that 临 stands before it.
	Temporary bool
	// Last is the end of a range, 0 without one. Of 12-16 it is 16 and Sub is 16, too: a city has one or the other.
	Last uint32
}

// Compare orders numbers as they follow each other along a street.
func (n Number) Compare(m Number) int {
	return cmp.Or(cmp.Compare(n.Base, m.Base), cmp.Compare(n.Mark, m.Mark), cmp.Compare(n.Sub, m.Sub),
		cmp.Compare(flag(n.Temporary), flag(m.Temporary)), cmp.Compare(n.Last, m.Last))
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Even reports the side of the street that the number is on where sides have parities.
func (n Number) Even() bool { return n.Base%2 == 0 }

// String is the number without a unit, as [Parse] reads it.
func (n Number) String() string {
	var b strings.Builder
	if n.Temporary {
		b.WriteString("临")
	}
	b.WriteString(strconv.FormatUint(uint64(n.Base), 10))
	sub := strconv.FormatUint(uint64(n.Sub), 10)
	switch n.Mark {
	case Half:
		b.WriteString(" 1/" + sub)
	case Sub:
		b.WriteString("-" + sub)
	case Annex:
		b.WriteString("号附" + sub)
	case Letter:
		b.WriteByte('a' + byte(n.Sub-1))
	case Stem:
		b.WriteRune(stems[n.Sub-1])
	default:
	}
	return b.String()
}

// stems number what is alike.
var stems = []rune("甲乙丙丁戊己庚辛壬癸")

// Unit is what a number counts.
type Unit uint8

// Units, from the large to the small.
const (
	None         Unit = iota // a number alone
	Section                  // 段
	Neighborhood             // 邻, 组
	Lane                     // 巷, and 弄 where no 巷 stands before it
	Alley                    // 弄 behind 巷
	House                    // 号
	Yard                     // 院, 号院
	Building                 // 栋, 幢, 座, 号楼
	Entrance                 // 单元, 门
	Floor                    // 层, 楼
	Room                     // 室
)

// Element is a number and what it counts, and where it stands: characters Start up to End, exclusive.
type Element struct {
	Unit       Unit
	Number     Number
	Basement   bool // of a Floor
	Start, End int
}

// units are what stands behind numbers, longer ones before their beginnings.
var units = []struct {
	text []rune
	unit Unit
}{
	{[]rune("号院"), Yard},
	{[]rune("号楼"), Building},
	{[]rune("号"), House},
	{[]rune("段"), Section},
	{[]rune("邻"), Neighborhood},
	{[]rune("组"), Neighborhood},
	{[]rune("巷"), Lane},
	{[]rune("弄"), Lane},
	{[]rune("院"), Yard},
	{[]rune("栋"), Building},
	{[]rune("幢"), Building},
	{[]rune("座"), Building},
	{[]rune("单元"), Entrance},
	{[]rune("门"), Entrance},
	{[]rune("楼"), Floor},
	{[]rune("层"), Floor},
	{[]rune("室"), Room},
}

// Parse reads the elements that text begins with and returns them, appended to dst, and how many characters they are. It
// stops before what is none: 附近, 米, names. Without a number at the beginning it reads nothing, and of a list that does
// not end the first twelve.
func Parse(text []rune, dst []Element) ([]Element, int) {
	p := parser{text: text}
	first := len(dst)
	for {
		if len(dst)-first == mostElements {
			return dst, p.at
		}
		start := p.at
		if p.at > 0 {
			p.skip(' ', ',')
		}
		e, ok := p.element()
		if !ok {
			p.at = start
			return dst, p.at
		}
		if e.Unit == Lane && text[e.End-1] == '弄' && follows(dst[first:], Lane) {
			e.Unit = Alley
		}
		dst = append(dst, e)
		if e.Unit == None {
			return dst, p.at
		}
	}
}

// mostElements is more than an address has.
const mostElements = 12

func follows(elements []Element, unit Unit) bool {
	for _, e := range elements {
		if e.Unit == unit {
			return true
		}
	}
	return false
}

// Packed is the number in 55 bits, in the order of [Number.Compare] where bases, subs and lasts are at most 99,999.
func (n Number) Packed() uint64 {
	p := uint64(n.Base)<<3 | uint64(n.Mark)
	p = p<<width | uint64(n.Sub)
	p = p<<1 | uint64(flag(n.Temporary))
	return p<<width | uint64(n.Last)
}

// Unpack is the number of which p is [Number.Packed].
func Unpack(p uint64) Number {
	const low = 1<<width - 1
	n := Number{Last: uint32(p & low), Temporary: p>>width&1 == 1}
	p >>= width + 1
	n.Sub = uint32(p & low)
	p >>= width
	n.Mark, n.Base = Mark(p&7), uint32(p>>3)
	return n
}

// width is how many bits 99,999 takes.
const width = 17
