package noise

import (
	"math/rand/v2"
	"slices"

	"github.com/gewu-city/gewu/geocode/pinyin"
)

// name chooses the name that is changed, of those with at least two characters of their own.
func (s *source) name(r *rand.Rand) (part, bool) {
	var all []part
	main := -1
	for _, p := range s.parts {
		if p.kind != name || len(s.own(p)) < 2 {
			continue
		}
		if main < 0 || s.isRoad(p) || !s.isRoad(all[main]) {
			main = len(all)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		return part{}, false
	}
	if r.IntN(4) > 0 {
		return all[main], true
	}
	return all[r.IntN(len(all))], true
}

// with is the text with characters i up to j replaced.
func (s *source) with(i, j int, by ...rune) string {
	return string(slices.Concat(s.runes[:i], by, s.runes[j:]))
}

// writes says in which script another character is written.
func (s *source) writes(r *rand.Rand) script {
	if s.script == either {
		return []script{traditional, simplified}[r.IntN(2)]
	}
	return s.script
}

// fits reports whether a character may stand for another one in a name: it is not the same in another script, and
// neither a numeral nor what ends names or counts.
func fits(by, old rune) bool {
	return fold(by) != fold(old) && !in(numerals, by) && !in(ends, by) && !in(units, by)
}

func (s *source) mistype(r *rand.Rand) (string, bool) {
	p, ok := s.name(r)
	if !ok {
		return "", false
	}
	own := s.own(p)
	i := own[r.IntN(len(own))]
	old, sc := s.runes[i], s.writes(r)
	var twins []rune
	for _, t := range alike()[old] {
		if fits(t, old) && (sc != simplified || scriptOf(t) != traditional) {
			twins = append(twins, t)
		}
	}
	if len(twins) > 0 && r.IntN(2) == 0 {
		return s.with(i, i+1, twins[r.IntN(len(twins))]), true
	}
	return s.with(i, i+1, another(old, sc, r)), true
}

// another is a character of names, frequent ones more often than rare ones.
func another(old rune, sc script, r *rand.Rand) rune {
	list := frequentRunes()
	u := r.Float64()
	for i := int(u * u * float64(len(list))); ; i = (i + 1) % len(list) {
		by := list[i]
		if sc == simplified {
			by = fold(by)
		}
		if fits(by, old) {
			return by
		}
	}
}

func (s *source) mishear(r *rand.Rand) (string, bool) {
	p, ok := s.name(r)
	if !ok {
		return "", false
	}
	sc, own := s.writes(r), s.own(p)
	for _, k := range r.Perm(len(own)) {
		old := s.runes[own[k]]
		sounds := pinyin.Of(fold(old))
		if len(sounds) == 0 {
			continue
		}
		var same []rune
		for _, c := range common(sc)[sounds[0]] {
			if fits(c, old) {
				same = append(same, c)
			}
		}
		if len(same) > 0 {
			return s.with(own[k], own[k]+1, same[r.IntN(len(same))]), true
		}
	}
	return "", false
}

func (s *source) leaveOut(r *rand.Rand) (string, bool) {
	p, ok := s.name(r)
	if !ok {
		return "", false
	}
	at := s.own(p)
	if last := p.end - 1; in(ends, s.runes[last]) {
		at = append(at, last)
	}
	i := at[r.IntN(len(at))]
	return s.with(i, i+1), true
}

func (s *source) writeMore(r *rand.Rand) (string, bool) {
	p, ok := s.name(r)
	if !ok {
		return "", false
	}
	own := s.own(p)
	before := own[r.IntN(len(own))]
	i := before + 1
	if i == p.end { // a name without an end: within it
		i--
		before--
	}
	if r.IntN(2) == 0 {
		return s.with(i, i, s.runes[before]), true
	}
	return s.with(i, i, another(s.runes[before], s.writes(r), r)), true
}

func (s *source) exchange(r *rand.Rand) (string, bool) {
	p, ok := s.name(r)
	if !ok {
		return "", false
	}
	var pairs []int
	own := s.own(p)
	for k, i := range own[1:] {
		if own[k] == i-1 && s.runes[i] != s.runes[i-1] {
			pairs = append(pairs, i)
		}
	}
	if len(pairs) == 0 {
		return "", false
	}
	i := pairs[r.IntN(len(pairs))]
	return s.with(i-1, i+1, s.runes[i], s.runes[i-1]), true
}
