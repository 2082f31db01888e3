package geocode

import (
	"slices"

	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/number"
	"github.com/gewu-city/gewu/geocode/phrase"
)

// claim is what a reading says about one place: positions are those of elements of the reading, -1 where there is none.
type claim struct {
	areas          []int // names of areas before it
	main, second   int   // the name; the other road of a crossing, the other end of what lies between
	numbers, other []number.Element
	third          int              // the third road of a stretch: X路(A路至B路)
	until          []number.Element // the other number of what lies between two
	sides          []int            // the roads that bound an area, each behind a word with its bearing
	crossing       bool             // a word says that roads meet
	relation       Relation
	bearing        float64 // of Offset, Side and Corner, degrees from north; -1 without a direction
	metres         float64 // of Offset
	first, last    int     // elements that belong to it
}

// claims reads a reading as claims, in the order of the text.
type claims struct {
	g        *gazetteer.Gazetteer
	elements []phrase.Element
	found    []claim
	areas    []int
}

// means reports whether a name may mean something of a kind.
func means(g *gazetteer.Gazetteer, e *phrase.Element, kind gazetteer.Kind) bool {
	if e.Kind != phrase.Name {
		return false
	}
	for _, s := range g.Senses(e.Name) {
		if s.Kind == kind {
			return true
		}
	}
	return false
}

// read collects the claims of a reading.
func (c *claims) read() {
	c.found, c.areas = c.found[:0], nil
	if c.bounds() {
		return
	}
	for i := 0; i < len(c.elements); {
		e := &c.elements[i]
		if e.Kind != phrase.Name {
			i++
			continue
		}
		i = c.name(i)
	}
}

// next is the position of the first element from i on that is no mark, len(elements) behind the last.
func (c *claims) next(i int) int {
	for i < len(c.elements) && (c.elements[i].Kind == phrase.Mark || c.elements[i].Word == phrase.About || c.elements[i].Word == phrase.Spot) {
		i++
	}
	return i
}

// before is the position of the last element before i that is no mark, -1 before the first.
func (c *claims) before(i int) int {
	for i--; i >= 0 && (c.elements[i].Kind == phrase.Mark || c.elements[i].Word == phrase.About); i-- {
	}
	return i
}

// term is the word at i, NoWord where there is none.
func (c *claims) term(i int) phrase.Word {
	if i < 0 || i >= len(c.elements) {
		return phrase.NoWord
	}
	return c.elements[i].Word
}

// name makes the claim of the name at i and returns where to go on.
func (c *claims) name(i int) int {
	e := &c.elements[i]
	cl := claim{areas: c.near(i), main: i, second: -1, third: -1, bearing: -1, first: i, last: i}
	after := i + 1
	n, b := c.next(after), c.before(i)
	leading := b >= 0 && c.elements[b].Kind == phrase.Number && (len(c.found) == 0 || c.found[len(c.found)-1].last < b) && leads(c.elements[b].Numbers)
	switch {
	case leading && latin(c.g.Name(e.Name)):
		cl.numbers, cl.first = c.elements[b].Numbers, b
	case n < len(c.elements) && c.elements[n].Kind == phrase.Number:
		cl.numbers, cl.last, after = c.elements[n].Numbers, n, n+1
	case leading:
		cl.numbers, cl.first = c.elements[b].Numbers, b
	}
	if numbered(cl.numbers) && cl.last > i {
		after = c.upTo(&cl, after)
	}
	if means(c.g, e, gazetteer.Area) && !counted(cl.numbers) {
		c.areas = append(slices.Clip(c.near(i)), i)
	}
	if means(c.g, e, gazetteer.Road) && !numbered(cl.numbers) {
		after = c.pair(&cl, after)
	}
	c.ahead(&cl)
	after = c.behind(&cl, after)
	if len(c.areas) == 0 || c.areas[len(c.areas)-1] != i {
		c.areas = nil // what comes next lies elsewhere
	} else if n := len(c.found); n > 0 && latin(c.g.Name(e.Name)) && c.next(c.found[n-1].last+1) == i && !slices.Contains(c.found[n-1].areas, c.found[n-1].main) {
		// 25 Broadway, Cambridge
		c.found[n-1].areas, c.found[n-1].last = append(slices.Clip(c.found[n-1].areas), i), i
	}
	c.found = append(c.found, cl)
	return after
}

// near are the areas that what begins at i is said to lie in: not those with more than a few words between.
func (c *claims) near(i int) []int {
	const few = 3
	if len(c.areas) == 0 {
		return nil
	}
	open := 0
	for j := c.areas[len(c.areas)-1] + 1; j < i; j++ {
		if e := &c.elements[j]; e.Kind == phrase.Gap {
			open += e.End - e.Start
		}
	}
	if open > few {
		return nil
	}
	return c.areas
}

// bounds reads an area by the roads on its sides: 东起A路西至B路南起C路北至D路. It needs three of them.
func (c *claims) bounds() bool {
	const least = 3
	cl := claim{main: -1, second: -1, third: -1, bearing: -1, relation: Between}
	for i := range c.elements {
		if w := c.term(i - 1); (w == phrase.From || w == phrase.To) && sided(&c.elements[i-1]) && means(c.g, &c.elements[i], gazetteer.Road) {
			cl.sides = append(cl.sides, i)
		}
	}
	if len(cl.sides) < least {
		return false
	}
	cl.first, cl.last = cl.sides[0]-1, cl.sides[len(cl.sides)-1]
	cl.main = cl.sides[0]
	c.found = append(c.found, cl)
	return true
}

// sided reports whether a word says a side: 东起, and not 起 alone.
func sided(e *phrase.Element) bool { return e.End-e.Start > 1 }

// leads reports whether a number may stand before the name of a road.
func leads(numbers []number.Element) bool {
	return len(numbers) == 1 && (numbers[0].Unit == number.None || numbers[0].Unit == number.House)
}

// numbered reports whether numbers hold one of a house.
func numbered(numbers []number.Element) bool {
	for _, n := range numbers {
		if n.Unit == number.House || n.Unit == number.None || n.Unit == number.Yard {
			return true
		}
	}
	return false
}

// counted reports whether numbers say more than the neighbourhood of a village.
func counted(numbers []number.Element) bool {
	for _, n := range numbers {
		if n.Unit != number.Neighborhood {
			return true
		}
	}
	return false
}

// pair looks for a second road behind the first: A and B, A/B, A路B路口; and for a third, which makes it a stretch of the
// first between the others: X路(A路至B路), X路A路与B路之间.
func (c *claims) pair(cl *claim, after int) int {
	second, joined, end := c.joined(cl, after, cl.main)
	if second < 0 {
		return after
	}
	cl.second, cl.last, after = second, second, end
	if n := c.next(after); n < len(c.elements) && c.elements[n].Kind == phrase.Number {
		if numbered(c.elements[n].Numbers) {
			cl.second, cl.last = -1, cl.main // a house of the second road: what came before is something else
			return cl.main + 1
		}
		cl.other, cl.last, after = c.elements[n].Numbers, n, n+1
	}
	if joined != phrase.NoWord {
		return after
	}
	if third, by, end := c.joined(cl, after, cl.second); third >= 0 && (by == phrase.To || c.term(c.next(end)) == phrase.Between) {
		cl.third, cl.last, cl.relation, after = third, third, Between, end
	}
	return after
}

// upTo reads the other number of what lies between two: 106号与118号之间, 106号至118号.
func (c *claims) upTo(cl *claim, after int) int {
	j := c.next(after)
	by := c.term(j)
	if by != phrase.And && by != phrase.To {
		return after
	}
	k := c.next(j + 1)
	if k >= len(c.elements) || c.elements[k].Kind != phrase.Number || !leads(c.elements[k].Numbers) {
		return after
	}
	if by == phrase.And && c.term(c.next(k+1)) != phrase.Between {
		return after // a list
	}
	cl.until, cl.relation, cl.last = c.elements[k].Numbers, Between, k
	if n := c.next(k + 1); c.term(n) == phrase.Between {
		cl.last = n
	}
	return cl.last + 1
}

// joined is the road that follows after, other than that at but, the word that joins it, and where to go on; -1 if none
// does.
func (c *claims) joined(cl *claim, after, but int) (road int, by phrase.Word, end int) {
	j := c.next(after)
	for w := c.term(j); w == phrase.And || w == phrase.To || w == phrase.From || w == phrase.Near; w = c.term(j) {
		if by = w; w == phrase.From {
			by = phrase.NoWord
		}
		j = c.next(j + 1)
	}
	if j >= len(c.elements) || !means(c.g, &c.elements[j], gazetteer.Road) || c.elements[j].Name == c.elements[but].Name || c.elements[j].Name == c.elements[cl.main].Name {
		return -1, by, after
	}
	return j, by, j + 1
}

// ahead reads relations that stand before a place: 50 m north of, opposite, corner of.
func (c *claims) ahead(cl *claim) {
	i := c.before(cl.first)
	for c.term(i) == phrase.Of || c.term(i) == phrase.To {
		i = c.before(i)
	}
	switch c.term(i) {
	case phrase.Crossing:
		cl.crossing, cl.first = true, i
	case phrase.Opposite, phrase.Near, phrase.Beside, phrase.Inside, phrase.Between:
		cl.relation, cl.first = relations[c.term(i)], i
	case phrase.Way:
		if m := c.before(i); c.term(m) == phrase.Measure {
			cl.relation, cl.bearing, cl.metres, cl.first = Offset, c.elements[i].Bearing, c.elements[m].Metres, m
		}
	default:
	}
}

// behind reads relations that stand behind a place, and returns where to go on.
func (c *claims) behind(cl *claim, after int) int {
	take := func(i int) { cl.last, after = i, i+1 }
	for {
		i := c.next(after)
		switch c.term(i) {
		case phrase.Crossing:
			cl.crossing = true
			take(i)
		case phrase.Between:
			if cl.second < 0 {
				return after
			}
			cl.relation = Between
			take(i)
		case phrase.Opposite, phrase.Near, phrase.Beside, phrase.Gate, phrase.Inside:
			if cl.relation == At || cl.relation == Gate || cl.relation == Inside {
				cl.relation = relations[c.term(i)]
			}
			take(i)
		case phrase.Toward, phrase.Way, phrase.Measure:
			if j := c.direction(cl, i); j > i {
				cl.last, after = j-1, j
				continue
			}
			return after
		default:
			return after
		}
	}
}

// relations are those of words that say nothing else.
var relations = map[phrase.Word]Relation{
	phrase.Opposite: Opposite, phrase.Near: Near, phrase.Beside: Beside, phrase.Gate: Gate, phrase.Inside: Inside, phrase.Between: Between,
}

// direction reads 往东50米, 东北角, 以北200米, 西侧, 50米 from i on and returns the end, i when it is none.
func (c *claims) direction(cl *claim, i int) int {
	j, bearing, metres := i, -1.0, 0.0
	relation := At
	for {
		n := c.next(j)
		switch c.term(n) {
		case phrase.Toward, phrase.Side:
			if c.term(n) == phrase.Side && bearing >= 0 {
				relation = Side
			}
		case phrase.Corner:
			if bearing < 0 {
				return i
			}
			relation = Corner
		case phrase.Way:
			if bearing >= 0 {
				return c.direct(cl, i, j, relation, bearing, metres)
			}
			bearing = c.elements[n].Bearing
		case phrase.Measure:
			if metres > 0 {
				return c.direct(cl, i, j, relation, bearing, metres)
			}
			metres = c.elements[n].Metres
		default:
			return c.direct(cl, i, j, relation, bearing, metres)
		}
		j = n + 1
	}
}

// direct notes what direction read from i up to j, and returns j, or i when it says nothing.
func (c *claims) direct(cl *claim, i, j int, relation Relation, bearing, metres float64) int {
	switch {
	case metres > 0:
		cl.relation, cl.bearing, cl.metres = Offset, bearing, metres
	case bearing >= 0 && relation != At:
		cl.relation, cl.bearing = relation, bearing
	case bearing >= 0:
		cl.relation, cl.bearing = Side, bearing
	default:
		return i
	}
	return j
}
