package index

import (
	"iter"

	"github.com/tidwall/btree"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index/bucket"
	"github.com/gewu-city/gewu/index/column"
	"github.com/gewu-city/gewu/index/raster"
	"github.com/gewu-city/gewu/index/stamp"
)

// Layer is one layer of a [World]: immutable, safe for any number of readers. Slots are valid within the Layer that
// returned them.
type Layer struct {
	def    *data.Layer
	defSeq data.Seq
	born   data.Seq
	seq    data.Seq
	rows   rows
	next   Slot
	alive  int
	// ids, points, tree, raster and touched are finished copies: only methods that do not write are called on them.
	ids    *btree.Map[string, Slot]
	points bucket.Tree[Slot]
	tree   *tree
	origin origin
	raster raster.Raster[Slot]
	// spacing is how far the boxes in tree are apart on average.
	spacing float64
	touched stamp.Stamps
	// ceiling bounds the stamps of a layer of the past; 0 does not.
	ceiling data.Seq
	// last is the largest permanent id, mixed says that slots do not ascend with them.
	last  uint32
	mixed bool
	// view, whole and mask are set for what somebody sees of a layer, see Sight.
	view  string
	whole *Layer
	mask  *masked
}

// Def is the definition; callers must not change it.
func (l *Layer) Def() *data.Layer { return l.def }

// DefSeq is the Seq of the newest definition.
func (l *Layer) DefSeq() data.Seq { return l.defSeq }

// Born tells a layer from a later one of the same name: while an engine runs, a layer that is dropped and created
// again has another number.
func (l *Layer) Born() data.Seq { return l.born }

// Seq is the Seq of the newest change of the layer or any of its features.
func (l *Layer) Seq() data.Seq {
	if l.mask != nil {
		return max(l.seq, l.mask.since)
	}
	return l.seq
}

// Len is the number of features that exist.
func (l *Layer) Len() int {
	if l.mask != nil {
		count, _ := l.mask.sum()
		return count
	}
	return l.alive
}

// Lookup finds an existing feature by id.
func (l *Layer) Lookup(id string) (Slot, bool) {
	slot, ok := l.ids.Get(id)
	return slot, ok && l.Alive(slot)
}

// Find is the slot of a feature, deleted ones and those out of sight included.
func (l *Layer) Find(id string) (Slot, bool) { return l.ids.Get(id) }

// Placed is the number of features that are found by their place, those out of sight included.
func (l *Layer) Placed() int { return l.tree.Len() + l.points.Len() }

// Head is the newest change of a feature, deleted ones included.
func (l *Layer) Head(id string) (data.Head, bool) {
	slot, ok := l.ids.Get(id)
	if !ok {
		return data.Head{}, false
	}
	row := uint32(slot)
	if l.mask != nil && !l.Alive(slot) {
		// Nobody knows any more whether what was deleted was in sight.
		return data.Head{}, false
	}
	return data.Head{
		Seq: l.rows.seqs.At(row), Permanent: l.rows.permanents.At(row), Deleted: l.rows.states.At(row) == rowDeleted,
	}, true
}

// ID is the feature's id.
func (l *Layer) ID(s Slot) string { return l.rows.ids.At(uint32(s)) }

// Permanent is the feature's number, which is never reused.
func (l *Layer) Permanent(s Slot) uint32 { return l.rows.permanents.At(uint32(s)) }

// Ordered reports whether slots ascend with permanent ids: not in all Worlds of the past.
func (l *Layer) Ordered() bool { return !l.mixed }

// ChangedAt is the Seq of the feature's newest change.
func (l *Layer) ChangedAt(s Slot) data.Seq { return l.rows.seqs.At(uint32(s)) }

// Shape is the feature's geometry.
func (l *Layer) Shape(s Slot) geo.Shape { return l.rows.shape(s) }

// Point is the place of a feature with exactly one point. Unlike [Layer.Shape] it does not allocate.
func (l *Layer) Point(s Slot) (geo.Point, bool) {
	if l.rows.shapes.At(uint32(s)) != nil {
		return geo.Point{}, false
	}
	return l.rows.points.At(uint32(s)), true
}

// Box is the feature's bounding box, empty without geometry.
func (l *Layer) Box(s Slot) geo.Box { return l.rows.box(s) }

// Value is the value of attribute i of the layer: the feature's own, else the default. It is null for an i out of
// range and for a dropped attribute.
func (l *Layer) Value(s Slot, i int) data.Value {
	if i < 0 || i >= len(l.rows.attrs) {
		return data.Value{}
	}
	return l.rows.attrs[i].At(uint32(s))
}

// Own is the value that the feature holds itself: as [Layer.Value], but null where only the default stands.
func (l *Layer) Own(s Slot, i int) data.Value {
	if i < 0 || i >= len(l.rows.attrs) {
		return data.Value{}
	}
	return l.rows.attrs[i].Own(uint32(s))
}

// Column is the column of attribute i, to read many features at once by package column; rows are slots. Callers must not
// write to it. It panics for an i out of range.
func (l *Layer) Column(i int) *column.Values { return &l.rows.attrs[i] }

// Permanents appends to dst the permanent ids of slots.
func (l *Layer) Permanents(slots []Slot, dst []uint32) []uint32 {
	return column.Gather(&l.rows.permanents, slots, dst)
}

// Feature is a copy of the whole feature, defaults included.
func (l *Layer) Feature(s Slot) data.Feature {
	f := data.Feature{ID: l.ID(s), Shape: l.Shape(s), Values: make([]data.Value, len(l.rows.attrs))}
	for i := range f.Values {
		f.Values[i] = l.rows.attrs[i].At(uint32(s))
	}
	return f
}

// Reads reports whether f, were it put, would read as the feature in slot s does: the same id, shape and values, with
// the default where f has none.
func (l *Layer) Reads(s Slot, f *data.Feature) bool {
	if l.ID(s) != f.ID || !l.Shape(s).Equal(f.Shape) {
		return false
	}
	for i := range l.rows.attrs {
		if l.rows.attrs[i].Read(f.Value(i)) != l.rows.attrs[i].At(uint32(s)) {
			return false
		}
	}
	return true
}

// Bounds is a box around all features, at most 1 m too large, empty without features.
func (l *Layer) Bounds() geo.Box {
	if l.mask != nil {
		_, bounds := l.mask.sum()
		return bounds
	}
	return l.points.Bounds().Union(l.treeBounds())
}

func (l *Layer) treeBounds() geo.Box {
	if l.tree.Len() == 0 {
		return geo.EmptyBox()
	}
	low, high := l.tree.Bounds()
	clamp := func(v int64, limit int64) int32 { return int32(min(max(v, -limit), limit)) }
	return geo.Box{
		Min: geo.Point{X: clamp(int64(low[0])+l.origin.x, geo.MaxX), Y: clamp(int64(low[1])+l.origin.y, geo.MaxY)},
		Max: geo.Point{X: clamp(int64(high[0])+l.origin.x, geo.MaxX), Y: clamp(int64(high[1])+l.origin.y, geo.MaxY)},
	}
}

// Search calls visit for each feature whose bounding box meets b, in no particular order, until visit returns false.
func (l *Layer) Search(b geo.Box, visit func(Slot) bool) {
	visit = l.visiting(visit)
	if l.points.Search(b, visit) {
		l.searchTree(b, func(s Slot, _ *boxed) bool { return visit(s) })
	}
}

// SearchPoints is [Layer.Search] among the features with exactly one point, which it hands over too.
func (l *Layer) SearchPoints(b geo.Box, visit func(Slot, geo.Point) bool) bool {
	if l.mask == nil {
		return l.points.SearchPlaces(b, visit)
	}
	return l.points.SearchPlaces(b, func(s Slot, p geo.Point) bool { return !l.mask.Has(s) || visit(s, p) })
}

// SearchShapes is [Layer.Search] among all other features.
func (l *Layer) SearchShapes(b geo.Box, visit func(Slot) bool) {
	visit = l.visiting(visit)
	l.searchTree(b, func(s Slot, _ *boxed) bool { return visit(s) })
}

// searchTree is Search among features that are not one point, those out of sight included: the raster, which all who see
// the layer share, is made of it.
func (l *Layer) searchTree(b geo.Box, visit func(Slot, *boxed) bool) {
	if b.Empty() {
		return
	}
	l.tree.Search(l.origin.low(b.Min), l.origin.high(b.Max), func(_, _ [2]float32, s Slot) bool {
		// Tree boxes are rounded outward: far from the origin the exact box decides.
		if shape := l.rows.shapes.At(uint32(s)); shape.box.Intersects(b) {
			return visit(s, shape)
		}
		return true
	})
}

// polygons lets a raster ask a Layer.
type polygons Layer

// Polygons implements [raster.Source].
func (l *polygons) Polygons(b geo.Box, visit func(raster.Polygon[Slot]) bool) {
	(*Layer)(l).searchTree(b, func(s Slot, shape *boxed) bool {
		if shape.Kind() != geo.KindPolygon {
			return true
		}
		return visit(raster.Polygon[Slot]{Slot: s, Permanent: l.rows.permanents.At(uint32(s)), Shape: shape.Shape})
	})
}

// Owner is the polygon that owns p by the edge rule: p counts as moved infinitesimally east, then north, so that of
// polygons sharing an edge exactly one owns a point of it. Where polygons overlap, which is a defect of the data, the
// one with the lowest permanent id answers. It allocates nothing.
func (l *Layer) Owner(p geo.Point) (owner Slot, ok bool) {
	if l.mask == nil {
		return l.raster.Owner(p, (*polygons)(l))
	}
	l.Covering(p, func(s Slot) bool {
		owner, ok = s, true
		return false
	})
	return owner, ok
}

// Covering calls visit for each polygon that owns p by the edge rule, see [Layer.Owner], by ascending permanent id,
// until visit returns false.
func (l *Layer) Covering(p geo.Point, visit func(Slot) bool) {
	l.raster.Covering(p, (*polygons)(l), l.visiting(visit))
}

// Touching calls visit for each polygon whose outline p lies on, by ascending permanent id, until visit returns false.
// For a point that no polygon owns, the first of them is the owner on the outline of a coverage.
func (l *Layer) Touching(p geo.Point, visit func(Slot) bool) {
	l.raster.Touching(p, (*polygons)(l), l.visiting(visit))
}

// Distance is the distance in metres between p and the feature.
func (l *Layer) Distance(s Slot, p geo.Point) float64 {
	if q, single := l.Point(s); single {
		return geo.Distance(p, q)
	}
	return l.Shape(s).Distance(p)
}

// After yields the existing features with ids greater than id in byte order. With an empty id it yields all.
func (l *Layer) After(id string) iter.Seq[Slot] {
	return func(yield func(Slot) bool) {
		l.ids.Ascend(id, func(key string, s Slot) bool {
			if key == id || !l.Alive(s) {
				return true
			}
			return yield(s)
		})
	}
}

// Slots yields the existing features in the order in which they first appeared.
func (l *Layer) Slots() iter.Seq[Slot] {
	return func(yield func(Slot) bool) {
		for s := range l.next {
			if l.Alive(s) && !yield(s) {
				return
			}
		}
	}
}

// Capacity is one more than the largest slot ever used.
func (l *Layer) Capacity() int { return int(l.next) }

// Equal yields the existing features whose attribute i equals v: by an index for refs and unique attributes, else by
// scanning one column.
func (l *Layer) Equal(i int, v data.Value) iter.Seq[Slot] {
	return func(yield func(Slot) bool) {
		if i < 0 || i >= len(l.rows.attrs) || v.Null() {
			return
		}
		column := &l.rows.attrs[i]
		if rows, ok := column.Held(v); ok {
			for row := range rows {
				if l.shows(Slot(row)) && !yield(Slot(row)) {
					return
				}
			}
			return
		}
		matches := column.Matcher(v)
		if matches == nil {
			return
		}
		for s := range l.Slots() {
			if matches(uint32(s)) && !yield(s) {
				return
			}
		}
	}
}

// Stamp is the newest Seq that can have changed tile z/x/y of this layer; an older tile is out of date.
func (l *Layer) Stamp(z int, x, y uint32) data.Seq {
	touched := l.touched.At(z, x, y)
	if l.mask != nil {
		touched = max(touched, l.mask.since)
	}
	if l.ceiling == 0 || touched < l.ceiling {
		return touched
	}
	return l.ceiling
}
