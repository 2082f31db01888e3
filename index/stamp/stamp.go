// Package stamp says when each tile of something may last have changed.
package stamp

import (
	"math"

	"github.com/tidwall/btree"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// Zoom is the deepest zoom level with stamps of its own; deeper tiles use their parent at this level.
const Zoom = 16

// Margin is how far beyond its edge a tile may look, as a share of its side. A change marks every tile whose
// area widened by the margin it meets. Package tiles keeps its buffer within it.
const Margin = 1.0 / 32

// Bounds of the stamps of one layer: a change that covers more tiles of a zoom level than spread marks the
// whole level, and a layer with more than most marked tiles is marked whole and starts again.
const (
	spread = 256
	most   = 1 << 17
)

// Range is a rectangle of tiles of one zoom level, both ends included.
type Range struct {
	Z    int
	X, Y [2]uint32
}

// Tiles is the range of tiles at zoom z (at most [Zoom]) that a change within box can alter.
func Tiles(z int, box geo.Box) Range {
	x0, y1 := box.Min.Mercator()
	x1, y0 := box.Max.Mercator()
	n := float64(uint32(1) << z)
	clamp := func(v float64) uint32 { return uint32(min(max(math.Floor(v), 0), n-1)) }
	return Range{
		Z: z,
		X: [2]uint32{clamp(x0*n - Margin), clamp(x1*n + Margin)},
		Y: [2]uint32{clamp(y0*n - Margin), clamp(y1*n + Margin)},
	}
}

// Count is the number of tiles of the range.
func (r Range) Count() int {
	return int(r.X[1]-r.X[0]+1) * int(r.Y[1]-r.Y[0]+1)
}

// Stamps know when each tile may last have changed. One goroutine writes; a copy is immutable as long as the original is
// not written to. The zero value says 0 for every tile.
type Stamps struct {
	stamps btree.Map[uint64, data.Seq]
	// floors[z] is the Seq at which all tiles of a level were marked.
	floors [Zoom + 1]data.Seq
}

func tileKey(z int, x, y uint32) uint64 { return uint64(z)<<58 | uint64(x)<<29 | uint64(y) }

// Mark stamps the tiles that a change within box at seq can alter.
func (t *Stamps) Mark(seq data.Seq, box geo.Box) {
	if box.Empty() {
		return
	}
	if t.stamps.Len() > most {
		t.MarkAll(seq)
		return
	}
	for z := range t.floors {
		r := Tiles(z, box)
		if r.Count() > spread {
			t.floors[z] = seq
			continue
		}
		for x := r.X[0]; x <= r.X[1]; x++ {
			for y := r.Y[0]; y <= r.Y[1]; y++ {
				t.stamps.Set(tileKey(z, x, y), seq)
			}
		}
	}
}

// MarkAll marks every tile.
func (t *Stamps) MarkAll(seq data.Seq) {
	t.stamps = btree.Map[uint64, data.Seq]{}
	for z := range t.floors {
		t.floors[z] = seq
	}
}

// At is the newest Seq that can have changed the tile.
func (t *Stamps) At(z int, x, y uint32) data.Seq {
	if z > Zoom {
		x, y, z = x>>(z-Zoom), y>>(z-Zoom), Zoom
	}
	seq, _ := t.stamps.Get(tileKey(z, x, y))
	return max(seq, t.floors[z])
}

// Copy returns stamps that can be written to without changing t. It writes to a member of t that readers do not look at.
func (t *Stamps) Copy() Stamps { return Stamps{stamps: *t.stamps.Copy(), floors: t.floors} }
