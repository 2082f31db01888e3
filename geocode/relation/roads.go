package relation

import (
	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/number"
	"github.com/gewu-city/gewu/geocode/phrase"
)

// bounds reads an area by the roads on its sides: 东起A路西至B路南起C路北至D路. It needs three of them.
func (r *Reader) bounds() bool {
	const least = 3
	var sides []int
	for i := range r.elements {
		if w := r.term(i - 1); (w == phrase.From || w == phrase.To) && sided(&r.elements[i-1]) && r.means(i, gazetteer.Road) {
			sides = append(sides, i)
		}
	}
	if len(sides) < least {
		return false
	}
	cl := claim(sides[0])
	cl.Sides, cl.Relation = sides, Between
	cl.First, cl.Last = sides[0]-1, sides[len(sides)-1]
	r.Found = append(r.Found, cl)
	return true
}

// sided reports whether a word says a side: 东起, and not 起 alone.
func sided(e *phrase.Element) bool { return e.End-e.Start > 1 }

// pair looks for a second road behind the first: A and B, A/B, A路B路口; and for a third, which makes it a stretch of the
// first between the others: X路(A路至B路), X路A路与B路之间. Without a word between three it may be either.
func (r *Reader) pair(cl *Claim, after int) int {
	second, joined, end := r.joined(cl, after, cl.Main)
	if second < 0 {
		return after
	}
	cl.Second, cl.Last, after = second, second, end
	if n := r.next(after); r.is(n, phrase.Number) {
		if housed(r.elements[n].Numbers) {
			cl.Second, cl.Last = -1, cl.Main // a house of the second road: what came before is something else
			return cl.Main + 1
		}
		cl.Other, cl.Last, after = r.elements[n].Numbers, n, n+1
	}
	third, by, end := r.joined(cl, after, cl.Second)
	if third < 0 {
		if third, end = r.nextCrossing(cl, after); third >= 0 {
			joined, by = phrase.NoWord, phrase.To
		}
	}
	switch {
	case third < 0:
	case joined == phrase.Between || joined == phrase.NoWord && (by == phrase.To || r.term(r.next(end)) == phrase.Between):
		cl.Third, cl.Last, cl.Relation, after = third, third, Between, end
	case (joined == phrase.And || joined == phrase.To) && (by == phrase.Between || by == phrase.On && r.term(r.before(cl.First)) == phrase.Between):
		// between A and B on X, A与B之间的X
		cl.Main, cl.Second, cl.Third = third, cl.Main, second
		cl.Last, cl.Relation, after = third, Between, end
	case joined != phrase.And && by != phrase.And && by != phrase.Between && !r.housedAt(end):
		cl.Third, cl.Last, after = third, third, end
	}
	return after
}

// nextCrossing is the road that crosses the first where a stretch ends that begins at a crossing: A路与B路交叉口至C路口, or
// 至A路与C路交叉口, 和A路与C路交叉口之间; -1 where none does.
func (r *Reader) nextCrossing(cl *Claim, after int) (road, end int) {
	i := r.next(after)
	to := r.next(i + 1)
	if by := r.term(to); r.term(i) != phrase.Crossing || by != phrase.To && by != phrase.And {
		return -1, after
	} else if i = r.next(to + 1); r.is(i, phrase.Name) && r.again(i, cl.Main) {
		if i = r.next(i + 1); r.term(i) == phrase.And {
			i = r.next(i + 1)
		}
	}
	if !r.means(i, gazetteer.Road) || r.again(i, cl.Main) || r.again(i, cl.Second) || r.housedAt(i+1) {
		return -1, after
	}
	if x := r.next(i + 1); r.term(to) == phrase.And && (r.term(x) != phrase.Crossing || r.term(r.next(x+1)) != phrase.Between) {
		return -1, after // two crossings, and not what lies between them
	}
	return i, i + 1
}

// cornered is the crossing at which a house is said to stand, A路12号与B路交叉口, and where to go on; false where none is.
func (r *Reader) cornered(cl *Claim, after int) (x Claim, end int, ok bool) {
	second, by, end := r.joined(cl, after, cl.Main)
	if second < 0 || by != phrase.And || len(r.Found) > 0 && r.Found[len(r.Found)-1].Last >= cl.First {
		return x, after, false
	}
	x = *cl
	x.Second, x.Last, x.Cross = second, second, -1
	x.House, x.Numbers = cl.Numbers, nil
	for _, n := range cl.Numbers {
		if n.Unit == number.Section {
			x.Numbers = append(x.Numbers, n)
		}
	}
	if n := r.next(end); r.is(n, phrase.Number) && sections(r.elements[n].Numbers) {
		x.Other, x.Last, end = r.elements[n].Numbers, n, n+1
	}
	if r.term(r.next(end)) != phrase.Crossing {
		return x, after, false
	}
	return x, r.behind(&x, end), true
}

// housedAt reports whether the number of a house follows.
func (r *Reader) housedAt(after int) bool {
	n := r.next(after)
	return r.is(n, phrase.Number) && housed(r.elements[n].Numbers)
}

// joined is the road that follows after, other than that at but, the word that joins it, and where to go on; -1 if none
// does.
func (r *Reader) joined(cl *Claim, after, but int) (road int, by phrase.Word, end int) {
	for j := after; j < len(r.elements); j++ {
		switch w := r.term(j); {
		case w == phrase.And, w == phrase.To, w == phrase.Near, w == phrase.Between, w == phrase.On:
			by = w
		case w == phrase.From, w == phrase.Of:
			by = phrase.NoWord
		case r.next(j) > j: // says nothing
		case !r.means(j, gazetteer.Road), r.again(j, but), r.again(j, cl.Main):
			return -1, by, after
		default:
			return j, by, j + 1
		}
	}
	return -1, by, after
}

// again reports whether a name is that of another element, and not another section of its road: 1段与2段.
func (r *Reader) again(j, i int) bool {
	if r.elements[j].Name != r.elements[i].Name {
		return false
	}
	a, b := r.section(i), r.section(j)
	return a == 0 || b == 0 || a == b
}

// section is that of a road by the number behind its name, 0 without one.
func (r *Reader) section(i int) uint32 {
	n := r.next(i + 1)
	if !r.is(n, phrase.Number) || len(r.elements[n].Numbers) != 1 || r.elements[n].Numbers[0].Unit != number.Section {
		return 0
	}
	return r.elements[n].Numbers[0].Number.Base
}

// sections reports whether numbers are that of a section alone.
func sections(numbers []number.Element) bool {
	return len(numbers) == 1 && numbers[0].Unit == number.Section
}

// upTo reads the other number of what lies between two: 106号与118号之间, 106号至118号, 1段到3段.
func (r *Reader) upTo(cl *Claim, after int) int {
	j := r.next(after)
	by := r.term(j)
	if by != phrase.And && by != phrase.To {
		return after
	}
	k := r.next(j + 1)
	if !r.is(k, phrase.Number) {
		return after
	}
	if several := sections(cl.Numbers) && sections(r.elements[k].Numbers); !several && !leads(r.elements[k].Numbers) {
		return after
	}
	if by == phrase.And && r.term(r.next(k+1)) != phrase.Between {
		return after // a list
	}
	cl.Until, cl.Relation, cl.Last = r.elements[k].Numbers, Between, k
	if n := r.next(k + 1); r.term(n) == phrase.Between {
		cl.Last = n
	}
	return cl.Last + 1
}

// span reads the other end of what lies between two places: A和B之间, between A and B, 光明路12号到光明路40号. It returns
// where to go on.
func (r *Reader) span(cl *Claim, after int) int {
	by := r.next(after)
	word := r.term(by)
	if word != phrase.And && word != phrase.To || cl.Second >= 0 || cl.Until != nil {
		return after
	}
	i := r.next(by + 1)
	if r.is(i, phrase.Number) && leads(r.elements[i].Numbers) {
		i = r.next(i + 1) // 10 Main St
	}
	if !r.is(i, phrase.Name) || r.only(i, gazetteer.Area) {
		return after
	}
	end := claim(i)
	end.Areas = cl.Areas
	found := len(r.Found)
	r.Found = append(r.Found, *cl) // what stands before the word belongs to the first end
	after2, _ := r.numbers(&end)
	r.Found = r.Found[:found]
	closing := r.next(after2)
	switch {
	case r.term(closing) == phrase.Between:
		after2 = closing + 1
	case cl.Relation == Between:
	case word == phrase.To && housed(cl.Numbers) && housed(end.Numbers) && r.elements[i].Name == r.elements[cl.Main].Name:
	default:
		return after
	}
	first := *cl
	first.Relation = At
	cl.Ends, cl.Relation, cl.Last = []Claim{first, end}, Between, after2-1
	return after2
}
