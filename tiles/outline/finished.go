package outline

import (
	"math/bits"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// finished is all shapes of a drawing. It is immutable.
type finished struct {
	vertices []Vertex
	ends     []int32 // of the lines and rings of each feature, counted from the first vertex of the feature
	features []extent
}

// extent is where a feature ends in vertices and ends, and how many of its polygons were lost.
type extent struct {
	vertices, ends, lost int32
	kind                 geo.Kind
}

func (f *finished) size() int { return 128 + 8*len(f.vertices) + 4*len(f.ends) + 16*len(f.features) }

// drawingKey names a drawing by what it depends on: the frame, and the states of the features in their order, as two
// independent sums of 64 bits.
type drawingKey struct {
	frame     Frame
	epoch     data.Epoch
	options   Options
	count     int
	low, high uint64
}

func keyOf(f Frame, epoch data.Epoch, l Layer, slots []index.Slot, o Options) drawingKey {
	k := drawingKey{frame: f, epoch: epoch, options: o, count: len(slots), low: 1, high: 2}
	for _, s := range slots {
		state := uint64(l.Permanent(s))<<32 ^ bits.RotateLeft64(uint64(l.ChangedAt(s)), 17)
		k.low = stir(k.low^state, 0x9E3779B97F4A7C15)
		k.high = stir(k.high+state, 0xD6E8FEB86659FD93)
	}
	return k
}

// stir multiplies to 128 bits and folds them.
func stir(v, factor uint64) uint64 {
	hi, lo := bits.Mul64(v^factor, factor)
	return hi ^ lo ^ v
}

// finish assembles all loaded shapes.
func (d *Drawing) finish() *finished {
	f := &finished{features: make([]extent, 0, len(d.features)), vertices: make([]Vertex, 0, len(d.routed)), ends: make([]int32, 0, len(d.rings))}
	for i := range d.features {
		lost := d.assemble(i)
		f.vertices, f.ends = append(f.vertices, d.out.Vertices...), append(f.ends, d.out.Ends...)
		f.features = append(f.features, extent{int32(len(f.vertices)), int32(len(f.ends)), int32(lost), d.features[i].kind})
	}
	if cap(f.vertices) > len(f.vertices)+len(f.vertices)/4 {
		f.vertices = append([]Vertex(nil), f.vertices...)
	}
	return f
}

// Shape is feature i, by its place in the list that was loaded. Callers must not write to it. lost is the number of its
// polygons that lie in the tile and are too small to be drawn.
func (d *Drawing) Shape(i int) (g Geometry, lost int) {
	f := d.done
	var from extent
	if i > 0 {
		from = f.features[i-1]
	}
	e := f.features[i]
	return Geometry{
		Vertices: f.vertices[from.vertices:e.vertices], Ends: f.ends[from.ends:e.ends], Rings: e.kind == geo.KindPolygon,
	}, int(e.lost)
}
