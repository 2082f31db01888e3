package index

import (
	"iter"

	"github.com/gewu-city/gewu/geo"
)

// Projection is something derived from Worlds that wants to follow them: totals, a gazetteer, a pyramid of clusters.
type Projection interface {
	// Advance is told of each World before it is published, in order, by one goroutine. What it takes delays the
	// publication. It returns what is drawn differently because of it, as boxes by the name of what is drawn: the
	// feed names their tiles. Boxes are supersets and hold old places too.
	Advance(next *World) map[string][]geo.Box
}

// Follow adds a projection. It must be called before Load.
func (e *Engine) Follow(p Projection) { e.projections = append(e.projections, p) }

// Changed yields the slots whose features differ between old and l, two states of one layer, by Seq. It looks only at
// the parts of the columns that were written to in between, so a single edit costs microseconds whatever the size of
// the layer. What a feature reads as may also differ because the definition does: see [Layer.DefSeq]. ok is false when old is not an earlier or later state of the same layer in the same engine.
func (l *Layer) Changed(old *Layer) (slots iter.Seq[Slot], ok bool) {
	if old == nil || l.born != old.born || l.def.Name != old.def.Name || l.view != old.view || l.mask != nil && l.mask.since != old.mask.since {
		return nil, false
	}
	return func(yield func(Slot) bool) {
		for row := range l.rows.seqs.Apart(&old.rows.seqs) {
			if l.rows.seqs.At(row) == old.rows.seqs.At(row) || l.mask != nil && !l.Alive(Slot(row)) && !old.Alive(Slot(row)) {
				continue
			}
			if !yield(Slot(row)) {
				return
			}
		}
	}, true
}

// Alive reports whether the slot holds a feature that exists.
func (l *Layer) Alive(s Slot) bool { return l.rows.states.At(uint32(s)) == rowAlive && l.shows(s) }
