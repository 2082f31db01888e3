package grid

import (
	"sync"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// mostParents bounds the remembered parents; a district of 2,000 cells and four levels needs 8,000.
const mostParents = 1 << 18

// parents remembers the area of a level that a cell overlaps most. An answer holds as long as neither the cell nor
// any area of the level changed.
type parents struct {
	mu    sync.RWMutex
	known map[parentKey]parent
}

type parentKey struct {
	epoch data.Epoch
	// line tells Worlds of the past apart, in which slots are numbered in another way.
	line      uint64
	permanent uint32
	level     string
	// sight is what of the level somebody sees.
	sight string
}

type parent struct {
	cell, level data.Seq
	slot        index.Slot
	ok          bool
}

// of is the area of levelLayer with the largest overlap with the cell; equal overlaps go to the lowest permanent id.
func (c *parents) of(w *index.World, cellLayer string, cell index.Slot, levelLayer string) (index.Slot, bool) {
	cells, ok := w.Layer(cellLayer)
	if !ok {
		return 0, false
	}
	areas, ok := w.Layer(levelLayer)
	if !ok {
		return 0, false
	}
	key := parentKey{w.Epoch(), w.Line(), cells.Permanent(cell), levelLayer, areas.View()}
	c.mu.RLock()
	have, ok := c.known[key]
	c.mu.RUnlock()
	if ok && have.cell == cells.ChangedAt(cell) && have.level == areas.Seq() {
		return have.slot, have.ok
	}
	have = parent{cell: cells.ChangedAt(cell), level: areas.Seq()}
	have.slot, have.ok = LargestOverlap(cells.Shape(cell), areas)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= mostParents {
		c.known = map[parentKey]parent{}
	}
	c.known[key] = have
	return have.slot, have.ok
}

// nearlyAll is the share of a cell from which it counts as whole: the noise of rounding apart.
const nearlyAll = 1 - 1e-9

// LargestOverlap is the area that a cell overlaps most; equal overlaps go to the lowest permanent id. It measures first the
// area around the middle of the cell. Where levels nest that holds all of it, and then only areas whose boxes hold the
// cell's box could hold as much.
func LargestOverlap(cell geo.Shape, areas *index.Layer) (best index.Slot, ok bool) {
	var most float64
	measure := func(s index.Slot) {
		area := geo.OverlapArea(cell, areas.Shape(s))
		if area > most || ok && area == most && areas.Permanent(s) < areas.Permanent(best) {
			most, best, ok = area, s, true
		}
	}
	box := cell.Box()
	first, guessed := areas.Owner(geo.Between(box.Min, box.Max, 0.5))
	if guessed {
		measure(first)
	}
	whole := guessed && most >= cell.Area()*nearlyAll
	areas.Search(box, func(s index.Slot) bool {
		switch {
		case guessed && s == first:
		case !whole:
			measure(s)
		case areas.Permanent(s) < areas.Permanent(best):
			if b := areas.Box(s); b.Contains(box.Min) && b.Contains(box.Max) {
				measure(s)
			}
		}
		return true
	})
	return best, ok
}
