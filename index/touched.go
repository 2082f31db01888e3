package index

import (
	"math"

	"github.com/tidwall/btree"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// StampZoom is the deepest zoom level with stamps of its own; deeper tiles use their parent at this level.
const StampZoom = 16

// TileMargin is how far beyond its edge a tile may look, as a share of its side. A change marks every tile whose
// area widened by the margin it meets. Package tiles keeps its buffer within it.
const TileMargin = 1.0 / 32

// Bounds of the stamps of one layer: a change that covers more tiles of a zoom level than spreadTiles marks the
// whole level, and a layer with more than mostStamps marked tiles is marked whole and starts again.
const (
	spreadTiles = 256
	mostStamps  = 1 << 17
)

// TileRange is a rectangle of tiles of one zoom level, both ends included.
type TileRange struct {
	Z    int
	X, Y [2]uint32
}

// Tiles is the range of tiles at zoom z (at most [StampZoom]) that a change within box can alter.
func Tiles(z int, box geo.Box) TileRange {
	x0, y1 := box.Min.Mercator()
	x1, y0 := box.Max.Mercator()
	n := float64(uint32(1) << z)
	clamp := func(v float64) uint32 { return uint32(min(max(math.Floor(v), 0), n-1)) }
	return TileRange{
		Z: z,
		X: [2]uint32{clamp(x0*n - TileMargin), clamp(x1*n + TileMargin)},
		Y: [2]uint32{clamp(y0*n - TileMargin), clamp(y1*n + TileMargin)},
	}
}

// Count is the number of tiles of the range.
func (r TileRange) Count() int {
	return int(r.X[1]-r.X[0]+1) * int(r.Y[1]-r.Y[0]+1)
}

// touched knows when each tile of a layer may last have changed. The engine's is written by one goroutine; a view
// is immutable.
type touched struct {
	stamps btree.Map[uint64, data.Seq]
	// floors[z] is the Seq at which all tiles of a level were marked.
	floors [StampZoom + 1]data.Seq
}

func tileKey(z int, x, y uint32) uint64 { return uint64(z)<<58 | uint64(x)<<29 | uint64(y) }

// mark stamps the tiles that a change within box at seq can alter.
func (t *touched) mark(seq data.Seq, box geo.Box) {
	if box.Empty() {
		return
	}
	if t.stamps.Len() > mostStamps {
		t.all(seq)
		return
	}
	for z := range t.floors {
		r := Tiles(z, box)
		if r.Count() > spreadTiles {
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

// all marks every tile.
func (t *touched) all(seq data.Seq) {
	t.stamps = btree.Map[uint64, data.Seq]{}
	for z := range t.floors {
		t.floors[z] = seq
	}
}

// at is the newest Seq that can have changed the tile.
func (t *touched) at(z int, x, y uint32) data.Seq {
	if z > StampZoom {
		x, y, z = x>>(z-StampZoom), y>>(z-StampZoom), StampZoom
	}
	seq, _ := t.stamps.Get(tileKey(z, x, y))
	return max(seq, t.floors[z])
}

func (t *touched) view() touched { return touched{stamps: *t.stamps.Copy(), floors: t.floors} }
