package relation

import (
	"math"
	"slices"

	"github.com/gewu-city/gewu/geocode/phrase"
)

// relations are those of words that say nothing else.
var relations = map[phrase.Word]Relation{
	phrase.Opposite: Opposite, phrase.Near: Near, phrase.Beside: Beside, phrase.Gate: Gate, phrase.Inside: Inside, phrase.Between: Between,
}

// ahead reads relations that stand before a place: 50 m north of, 50 m north and 20 m east of, opposite, corner of.
func (r *Reader) ahead(cl *Claim) {
	i := r.before(cl.First)
	for r.term(i) == phrase.Of || r.term(i) == phrase.To {
		i = r.before(i)
	}
	switch r.term(i) {
	case phrase.Crossing:
		cl.Crossing, cl.First = true, i
	case phrase.Opposite, phrase.Near, phrase.Beside, phrase.Inside, phrase.Between:
		if cl.Relation == At {
			cl.Relation = relations[r.term(i)]
		}
		cl.First = i
	case phrase.Way:
		r.legsAhead(cl, i)
	default:
	}
}

// legsAhead reads the legs of which the last direction stands at i, before a place.
func (r *Reader) legsAhead(cl *Claim, i int) {
	for r.term(i) == phrase.Way {
		m := r.before(i)
		if r.term(m) != phrase.Measure {
			break
		}
		e := &r.elements[m]
		cl.Legs = slices.Insert(cl.Legs, 0, Leg{Bearing: r.elements[i].Bearing, Metres: e.Metres, Spread: e.Spread, Goal: -1})
		cl.Relation, cl.First = Offset, m
		i = r.before(m)
		for w := r.term(i); w == phrase.And || w == phrase.Then; w = r.term(i) {
			i = r.before(i)
		}
	}
}

// behind reads relations that stand behind a place, and returns where to go on.
func (r *Reader) behind(cl *Claim, after int) int {
	take := func(i int) { cl.Last, after = i, i+1 }
	for {
		i := r.next(after)
		switch r.term(i) {
		case phrase.Crossing:
			cl.Crossing = true
			take(i)
		case phrase.Between:
			if cl.Second < 0 {
				return after
			}
			cl.Relation = Between
			take(i)
		case phrase.Opposite, phrase.Near, phrase.Beside, phrase.Gate, phrase.Inside:
			if cl.Relation == At || cl.Relation == Gate || cl.Relation == Inside {
				cl.Relation = relations[r.term(i)]
			}
			take(i)
		case phrase.Toward, phrase.Way, phrase.Measure, phrase.Then, phrase.Turn:
			if j := r.direction(cl, i); j > i {
				cl.Last, after = j-1, j
				continue
			}
			return after
		default:
			return after
		}
	}
}

// heading is a direction as it is read.
type heading struct {
	Leg
	relation Relation
	toward   bool // a word says that it leads away
	stated   bool // it has a distance
}

// direction reads 往东50米, 东北角, 以北200米, 西侧, 50米, 往X路方向50米, 右转30米 from i on and returns the end, i when it
// is none.
func (r *Reader) direction(cl *Claim, i int) int {
	h := heading{Leg: Leg{Bearing: -1, Goal: -1}}
	for j := i; ; {
		n := r.next(j)
		switch r.term(n) {
		case phrase.Then:
			if h.toward || h.stated || h.Bearing >= 0 {
				return r.note(cl, &h, i, j)
			}
		case phrase.Toward:
			if h.stated && h.directed() {
				return r.note(cl, &h, i, j)
			}
			h.toward = true
			if goal := r.next(n + 1); h.Goal < 0 && h.Bearing < 0 && r.is(goal, phrase.Name) && r.leadsOn(goal) {
				h.Goal, n = goal, goal
			}
		case phrase.Side:
			if h.Bearing >= 0 {
				h.relation = Side
			}
		case phrase.Corner:
			if h.Bearing < 0 {
				return i
			}
			h.relation = Corner
		case phrase.Turn:
			if h.directed() || h.stated || len(cl.Legs) == 0 || cl.Legs[len(cl.Legs)-1].Bearing < 0 {
				return r.note(cl, &h, i, j)
			}
			h.Bearing = math.Mod(cl.Legs[len(cl.Legs)-1].Bearing+r.elements[n].Bearing, 360)
		case phrase.Way:
			if h.directed() {
				return r.note(cl, &h, i, j)
			}
			h.Bearing = r.elements[n].Bearing
		case phrase.Measure:
			if h.stated {
				return r.note(cl, &h, i, j)
			}
			h.Metres, h.Spread, h.stated = r.elements[n].Metres, r.elements[n].Spread, true
		default:
			return r.note(cl, &h, i, j)
		}
		j = n + 1
	}
}

func (h *heading) directed() bool { return h.Bearing >= 0 || h.Goal >= 0 }

// leadsOn reports whether a name is that of what lies in a direction: 方向 or a distance follows.
func (r *Reader) leadsOn(goal int) bool {
	w := r.term(r.next(goal + 1))
	return w == phrase.Toward || w == phrase.Measure
}

// note notes what direction read from i up to j, and returns j, or i when it says nothing.
func (r *Reader) note(cl *Claim, h *heading, i, j int) int {
	const beside, open = 12, 13 // metres: what lies on a side of the end of a way
	switch {
	case h.stated && h.Metres > 0:
		if !h.directed() && len(cl.Legs) > 0 {
			h.Bearing = cl.Legs[len(cl.Legs)-1].Bearing // and on in the same direction
		}
		cl.Relation, cl.Legs = Offset, append(cl.Legs, h.Leg)
	case h.Goal < 0 && h.Bearing < 0:
		return i
	case len(cl.Legs) > 0:
		if h.Goal >= 0 {
			return i
		}
		h.Metres, h.Spread = beside, open
		cl.Legs = append(cl.Legs, h.Leg)
	case h.relation != At:
		cl.Relation, cl.Bearing = h.relation, h.Bearing
	case h.Goal >= 0:
		cl.Relation, cl.Legs = Offset, append(cl.Legs, h.Leg)
		cl.Unstated = true
	default:
		cl.Relation, cl.Bearing = Side, h.Bearing
		if h.toward {
			cl.Unstated, cl.Obscure = true, r.is(j, phrase.Gap) || r.is(j, phrase.Number)
		}
	}
	return j
}
