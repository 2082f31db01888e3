package relation

import (
	"slices"

	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/number"
	"github.com/gewu-city/gewu/geocode/phrase"
)

// City knows what names mean.
type City interface {
	Senses(id names.ID) []gazetteer.Sense
	Name(id names.ID) []rune
}

// Reader reads readings as claims. It keeps its memory, and belongs to one goroutine at a time.
type Reader struct {
	// Found are the claims of the reading, in the order of the text; Areas the names of areas that its end lies in.
	Found []Claim
	Areas []int

	city     City
	elements []phrase.Element
}

// Means reports whether a name may mean something of a kind.
func Means(city City, e *phrase.Element, kind gazetteer.Kind) bool {
	if e.Kind != phrase.Name {
		return false
	}
	for _, s := range city.Senses(e.Name) {
		if s.Kind == kind {
			return true
		}
	}
	return false
}

// InLetters reports whether a name is in letters, and so has its number before it.
func InLetters(name []rune) bool { return len(name) > 0 && name[0] < 0x2e80 }

// Read collects the claims of a reading. They are valid until the next call.
func (r *Reader) Read(city City, elements []phrase.Element) {
	r.city, r.elements = city, elements
	r.Found, r.Areas = r.Found[:0], nil
	if r.bounds() {
		return
	}
	for i := 0; i < len(elements); {
		if elements[i].Kind != phrase.Name {
			i++
			continue
		}
		i = r.name(i)
	}
}

func (r *Reader) means(i int, kind gazetteer.Kind) bool {
	return i >= 0 && i < len(r.elements) && Means(r.city, &r.elements[i], kind)
}

// only reports whether a name means areas and nothing else.
func (r *Reader) only(i int, kind gazetteer.Kind) bool {
	for _, s := range r.city.Senses(r.elements[i].Name) {
		if s.Kind != kind {
			return false
		}
	}
	return true
}

func (r *Reader) inLetters(i int) bool { return InLetters(r.city.Name(r.elements[i].Name)) }

// is reports whether there is an element of a kind at i.
func (r *Reader) is(i int, kind phrase.Kind) bool {
	return i >= 0 && i < len(r.elements) && r.elements[i].Kind == kind
}

// next is the position of the first element from i on that is no mark, len(elements) behind the last.
func (r *Reader) next(i int) int {
	for i < len(r.elements) && (r.elements[i].Kind == phrase.Mark || r.elements[i].Word == phrase.About || r.elements[i].Word == phrase.Spot) {
		i++
	}
	return i
}

// before is the position of the last element before i that is no mark, -1 before the first.
func (r *Reader) before(i int) int {
	for i--; i >= 0 && (r.elements[i].Kind == phrase.Mark || r.elements[i].Word == phrase.About); i-- {
	}
	return i
}

// term is the word at i, NoWord where there is none.
func (r *Reader) term(i int) phrase.Word {
	if i < 0 || i >= len(r.elements) {
		return phrase.NoWord
	}
	return r.elements[i].Word
}

// claim is one of a name that says nothing else yet.
func claim(main int) Claim {
	return Claim{Main: main, Second: -1, Third: -1, Cross: -1, Mark: -1, Bearing: -1, First: main, Last: main}
}

// name makes the claim of the name at i and returns where to go on.
func (r *Reader) name(i int) int {
	cl := claim(i)
	cl.Areas = r.near(i)
	after, led := r.numbers(&cl)
	if n := r.next(after); r.means(i, gazetteer.Road) && r.marks(n) {
		cl.Mark, cl.Last, after = n, n, n+1
	}
	if (housed(cl.Numbers) || sections(cl.Numbers)) && cl.Last > i {
		after = r.upTo(&cl, after)
	}
	if housed(cl.Numbers) && cl.Until == nil && r.means(i, gazetteer.Road) {
		if x, end, ok := r.cornered(&cl, after); ok {
			cl.Cross, r.Areas = x.Second, nil
			r.Found = append(r.Found, x, cl)
			return end
		}
	}
	if r.means(i, gazetteer.Area) && !Counted(cl.Numbers) {
		r.Areas = append(slices.Clip(r.near(i)), i)
	}
	if r.means(i, gazetteer.Road) && !housed(cl.Numbers) && cl.Until == nil {
		after = r.pair(&cl, after)
	}
	r.ahead(&cl)
	after = r.span(&cl, after)
	after = r.behind(&cl, after)
	if led {
		after = r.larger(&cl, after)
	}
	if len(r.Areas) == 0 || r.Areas[len(r.Areas)-1] != i {
		r.Areas = nil // what comes next lies elsewhere
	} else if n := len(r.Found); n > 0 && r.inLetters(i) && r.next(r.Found[n-1].Last+1) == i && !slices.Contains(r.Found[n-1].Areas, r.Found[n-1].Main) {
		// 25 Broadway, Cambridge
		r.Found[n-1].Areas, r.Found[n-1].Last = append(slices.Clip(r.Found[n-1].Areas), i), i
	}
	r.Found = append(r.Found, cl)
	return after
}

// marks reports whether a kilometre mark stands at n: k12+300, or 12公里300米 where no direction follows.
func (r *Reader) marks(n int) bool {
	const kilometre = 1000
	if r.term(n) != phrase.Measure {
		return r.term(n) == phrase.Milestone
	}
	next := r.term(r.next(n + 1))
	return r.elements[n].Metres >= kilometre && next != phrase.Toward && next != phrase.Way && next != phrase.Of
}

// numbers reads the numbers of a name, behind it or before it, and returns where to go on and whether some stand before it.
func (r *Reader) numbers(cl *Claim) (after int, led bool) {
	i := cl.Main
	n, b := r.next(i+1), r.before(i)
	behind := r.is(n, phrase.Number)
	leading := r.is(b, phrase.Number) && (r.inLetters(i) || r.elements[b].Numbers[0].Unit != number.None) && (len(r.Found) == 0 || r.Found[len(r.Found)-1].Last < b) && leads(r.elements[b].Numbers)
	switch {
	case leading && r.inLetters(i):
		cl.Numbers, cl.First = r.elements[b].Numbers, b
		return i + 1, true
	case behind && leading && sectioned(r.elements[n].Numbers) && r.means(i, gazetteer.Road):
		// 106号 和平东路2段: the numbers go on behind the name.
		cl.Numbers = append(slices.Clone(r.elements[n].Numbers), r.elements[b].Numbers...)
		cl.First, cl.Last = b, n
		return n + 1, true
	case behind && !r.passes(i, n):
		cl.Numbers, cl.Last = r.elements[n].Numbers, n
		cl.Disordered = disordered(cl.Numbers)
		return n + 1, false
	case leading:
		cl.Numbers, cl.First = r.elements[b].Numbers, b
		return i + 1, true
	}
	return i + 1, false
}

// passes reports whether the number at n is not that of the area at i before it but of a road behind it: 信义区,11号,福德街.
func (r *Reader) passes(i, n int) bool {
	if !leads(r.elements[n].Numbers) || !r.only(i, gazetteer.Area) {
		return false
	}
	road := r.next(n + 1)
	if !r.means(road, gazetteer.Road) {
		return false
	}
	own := r.next(road + 1)
	return !r.is(own, phrase.Number) || !housed(r.elements[own].Numbers)
}

// larger takes the areas that follow a claim whose numbers stand before its name: 11号,福德街,信义区. It returns where to
// go on.
func (r *Reader) larger(cl *Claim, after int) int {
	for {
		i := r.next(after)
		for r.is(i, phrase.Admin) {
			i = r.next(i + 1)
		}
		if !r.is(i, phrase.Name) || r.inLetters(i) || !r.means(i, gazetteer.Area) {
			return after
		}
		behind := r.next(i + 1)
		if r.is(behind, phrase.Number) || r.is(behind, phrase.Name) && !r.means(behind, gazetteer.Area) {
			return after // it belongs to what follows
		}
		cl.Areas, cl.Last, after = append(slices.Clip(cl.Areas), i), i, i+1
	}
}

// near are the areas that what begins at i is said to lie in: not those with more than a few words between.
func (r *Reader) near(i int) []int {
	const few = 3
	if len(r.Areas) == 0 {
		return nil
	}
	open := 0
	for j := r.Areas[len(r.Areas)-1] + 1; j < i; j++ {
		if e := &r.elements[j]; e.Kind == phrase.Gap {
			open += e.End - e.Start
		}
	}
	if open > few {
		return nil
	}
	return r.Areas
}
