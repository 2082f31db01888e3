package classes

import "slices"

// How the score of evidence falls: words that stand close together (free) lose nothing, each further Han character
// costs a point, and beyond reach they do not belong together.
const (
	free  = 6 * hanWidth
	reach = 25 * hanWidth
	// before is the loss of what is said before the thing that it is said of, unless right before it: 坏了的路灯.
	before = 8
	// only is the loss of a thing of the city that only says where.
	only = 25
	// other is the loss of the event where a text only names a thing, and of the part where it says what is the matter.
	other = 5
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
		return p.score - other
	}
	return p.score
}

// prove finds the best evidence for a matter.
func (f *found) prove(m *matter) (best proof, ok bool) {
	for i := range m.evidence {
		e := &m.evidence[i]
		if e.score < best.score {
			continue
		}
		for _, first := range f.either(e.parts[0]) {
			p, is := f.proof(m, e, first)
			if is && (p.score > best.score || p.score == best.score && p.length > best.length) {
				best, ok = p, true
			}
		}
	}
	return best, ok
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

// proof is what evidence weighs with its first word given and the others as near as they are.
func (f *found) proof(m *matter, e *evidence, first int) (proof, bool) {
	p := proof{score: e.score, words: []int{first}, mentions: e.mentions()}
	if m.part && f.words[first].place {
		if p.mentions {
			return proof{}, false
		}
		p.score -= only
	}
	for _, lists := range e.parts[1:] {
		near, loss := -1, 0
		for _, l := range lists {
			for _, at := range f.around(f.by[l], first) {
				if cost, ok := f.loss(first, at); ok && !slices.Contains(p.words, at) && (near < 0 || cost < loss) {
					near, loss = at, cost
				}
			}
		}
		if near < 0 {
			return proof{}, false
		}
		p.words = append(p.words, near)
		p.score -= loss
	}
	for _, i := range p.words {
		p.length += f.words[i].end - f.words[i].start
	}
	return p, p.score > 0
}

// around are those of some words that stand next to one: before it and behind it.
func (f *found) around(words []int, one int) []int {
	i, is := slices.BinarySearch(words, one)
	from, to := max(i-1, 0), i+1
	if is {
		to++
	}
	return words[from:min(to, len(words))]
}

// loss is what it costs that two words stand apart; ok is false where they do not belong together.
func (f *found) loss(thing, state int) (cost int, ok bool) {
	if thing == state {
		return 0, false
	}
	gap := f.gap(min(thing, state), max(thing, state))
	if gap > reach {
		return 0, false
	}
	cost = max(0, gap-free) / hanWidth
	if state < thing && gap > hanWidth {
		cost += before
	}
	return cost, true
}
