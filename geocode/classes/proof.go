package classes

import "slices"

// How evidence falls: words that stand close together lose nothing, each further Han character costs a point, and words
// farther apart do not belong together.
const (
	closeGap = 6 * hanWidth
	farGap   = 25 * hanWidth
	// lossBefore is for what is said before the thing that it is said of, unless right before it: 坏了的路灯.
	lossBefore = 8
	// lossPlace is for a thing of the city that only says where.
	lossPlace = 25
	// lossKind is for the event where a text only names a thing, and for the part where it says what is the matter.
	lossKind = 5
)

// proof is the best evidence for a matter.
type proof struct {
	score    int
	words    []int
	length   int // in characters, of the words
	mentions bool
}

// scoreOf is the score of a class of the matter.
func (p *proof) scoreOf(c class) int {
	if c.both && p.mentions == (c.kind == Event) {
		return p.score - lossKind
	}
	return p.score
}

// prove finds the best evidence for a matter.
func (f *found) prove(m *matter) (best proof, ok bool) {
	for i := range m.evidence {
		e := &m.evidence[i]
		if e.score < best.score || !f.has(e) {
			continue
		}
		for _, first := range f.either(e.parts[0]) {
			p, is := f.weigh(m, e, first)
			if is && (p.score > best.score || p.score == best.score && p.length > best.length) {
				best, ok = p, true
			}
		}
	}
	return best, ok
}

// has reports whether a text has words of each part of some evidence.
func (f *found) has(e *evidence) bool {
	for _, lists := range e.parts {
		if !slices.ContainsFunc(lists, func(l list) bool { return len(f.by[l]) > 0 }) {
			return false
		}
	}
	return true
}

// either are the words of any of some lists, ascending.
func (f *found) either(lists []list) []int {
	if len(lists) == 1 {
		return f.by[lists[0]]
	}
	var out []int
	for _, l := range lists {
		out = append(out, f.by[l]...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// weigh is the proof by some evidence with its first word given and the others as near to it as they are.
func (f *found) weigh(m *matter, e *evidence, first int) (proof, bool) {
	p := proof{score: e.score, words: []int{first}, mentions: e.mentions()}
	if m.part && f.words[first].place {
		if p.mentions {
			return proof{}, false
		}
		p.score -= lossPlace
	}
	for _, lists := range e.parts[1:] {
		at, loss, ok := f.nearest(lists, p.words)
		if !ok {
			return proof{}, false
		}
		p.words = append(p.words, at)
		p.score -= loss
	}
	for _, i := range p.words {
		p.length += f.words[i].end - f.words[i].start
	}
	return p, p.score > lossKind
}

// nearest is the word of some lists that costs least beside the first of the words taken, and is none of these.
func (f *found) nearest(lists []list, taken []int) (at, loss int, ok bool) {
	for _, l := range lists {
		words := f.by[l]
		here, _ := slices.BinarySearch(words, taken[0])
		for i := max(0, here-len(taken)); i < min(len(words), here+len(taken)+1); i++ {
			if slices.Contains(taken, words[i]) {
				continue
			}
			cost, near := f.loss(taken[0], words[i])
			if near && (!ok || cost < loss || cost == loss && words[i] < at) {
				at, loss, ok = words[i], cost, true
			}
		}
	}
	return at, loss, ok
}

// loss is what it costs that two words stand apart; ok is false where they do not belong together.
func (f *found) loss(thing, state int) (cost int, ok bool) {
	gap := f.gap(min(thing, state), max(thing, state))
	if gap > farGap {
		return 0, false
	}
	cost = max(0, gap-closeGap) / hanWidth
	if state < thing && gap > hanWidth {
		cost += lossBefore
	}
	return cost, true
}
