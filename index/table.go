package index

import (
	"math"
	"strings"

	"github.com/tidwall/btree"
	"github.com/tidwall/rtree"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index/bucket"
	"github.com/gewu-city/gewu/index/column"
	"github.com/gewu-city/gewu/index/raster"
	"github.com/gewu-city/gewu/index/stamp"
)

// Slot addresses a row of one layer. A feature keeps its slot as long as the layer exists, also while it is deleted,
// so that a feature that comes back is known by its permanent id.
type Slot uint32

// rowState is what a slot holds.
type rowState uint8

const (
	rowAbsent rowState = iota
	rowAlive
	rowDeleted
)

// rows are the columns of a layer, shared by the engine's table and the published Layer.
type rows struct {
	ids        column.Column[string]
	permanents column.Column[uint32]
	seqs       column.Column[data.Seq]
	states     column.Column[rowState]
	// points holds the place of features with one point; shapes everything else, nil for those.
	points column.Column[geo.Point]
	shapes column.Column[*boxed]
	attrs  []column.Values
}

// boxed is a shape with its box, which would cost a walk over all vertices each time it is asked for.
type boxed struct {
	geo.Shape
	box geo.Box
}

func (r *rows) shape(i Slot) geo.Shape {
	if s := r.shapes.At(uint32(i)); s != nil {
		return s.Shape
	}
	return geo.PointShape(r.points.At(uint32(i)))
}

// box is the bounding box of a row, empty without geometry.
func (r *rows) box(i Slot) geo.Box {
	if s := r.shapes.At(uint32(i)); s != nil {
		return s.box
	}
	p := r.points.At(uint32(i))
	return geo.Box{Min: p, Max: p}
}

func (r *rows) view() rows {
	v := rows{
		ids: r.ids.View(), permanents: r.permanents.View(), seqs: r.seqs.View(), states: r.states.View(),
		points: r.points.View(), shapes: r.shapes.View(), attrs: make([]column.Values, len(r.attrs)),
	}
	for i := range r.attrs {
		v.attrs[i] = r.attrs[i].View()
	}
	return v
}

// tree finds slots by box. Boxes are float32 offsets from an origin near the data, rounded outward: exact within
// 1.6° of the origin, half the memory of float64 everywhere.
type tree = rtree.RTreeGN[float32, Slot]

// origin is the point that tree boxes are relative to.
type origin struct{ x, y int64 }

func (o origin) low(p geo.Point) [2]float32 {
	return [2]float32{roundDown(int64(p.X) - o.x), roundDown(int64(p.Y) - o.y)}
}

func (o origin) high(p geo.Point) [2]float32 {
	return [2]float32{roundUp(int64(p.X) - o.x), roundUp(int64(p.Y) - o.y)}
}

func roundDown(d int64) float32 {
	f := float32(d)
	if int64(f) > d {
		f = math.Nextafter32(f, float32(math.Inf(-1)))
	}
	return f
}

func roundUp(d int64) float32 {
	f := float32(d)
	if int64(f) < d {
		f = math.Nextafter32(f, float32(math.Inf(1)))
	}
	return f
}

// table is the engine's private, mutable form of a layer.
type table struct {
	def        *data.Layer
	defSeq     data.Seq
	born       data.Seq
	seq        data.Seq
	generation uint64
	rows       rows
	next       Slot
	alive      int
	ids        btree.Map[string, Slot]
	// points holds the places of features with one point, tree the boxes of all others with geometry.
	points bucket.Tree[Slot]
	// packed is how many points there were when they were laid out in memory.
	packed int
	tree   tree
	origin origin
	raster raster.Raster[Slot]
	// placed says that origin is set.
	placed  bool
	touched stamp.Stamps
	// changed says that the published Layer is out of date.
	changed bool
	// past says that changes may be older than what the table holds: it goes back in time.
	past bool
	// last is the largest permanent id; mixed says that one came after a larger one.
	last  uint32
	mixed bool
}

func newTable(def *data.Layer, seq data.Seq) *table {
	t := &table{generation: 1, born: seq}
	t.define(def, seq)
	return t
}

// define takes a new definition. Attributes keep their place, so existing columns keep their meaning.
func (t *table) define(def *data.Layer, seq data.Seq) {
	t.def, t.defSeq, t.seq, t.changed = def, seq, max(t.seq, seq), true
	for i := range def.Attributes {
		if i == len(t.rows.attrs) {
			t.rows.attrs = append(t.rows.attrs, column.Values{})
		}
		t.rows.attrs[i].Define(&def.Attributes[i], t.generation, uint32(t.next))
	}
	t.touched.MarkAll(seq)
}

// claim is the slot of the feature that a change is about, and whether the table knew the feature before.
func (t *table) claim(c *data.Change) (slot Slot, known bool) {
	// Most changes without one before them are new features, for which one search is enough.
	if c.Prev != 0 {
		if slot, known = t.ids.Get(c.Feature.ID); known {
			return slot, true
		}
	}
	// A copy: the id may be a part of the whole text of its change, all of which it would hold.
	id := strings.Clone(c.Feature.ID)
	if slot, known = t.ids.Set(id, t.next); known {
		t.ids.Set(id, slot)
		return slot, true
	}
	slot = t.next
	t.next++
	t.rows.ids.Set(t.generation, uint32(slot), id)
	t.rows.permanents.Set(t.generation, uint32(slot), c.Permanent)
	t.mixed = t.mixed || c.Permanent < t.last
	t.last = max(t.last, c.Permanent)
	return slot, false
}

// apply takes one feature change that is newer than what the table holds and returns the boxes it touched, empty
// ones where there was or is no geometry. What the change replaces is appended to replaced, when that is not nil.
func (t *table) apply(seq data.Seq, c *data.Change, replaced *[]version) (before, after geo.Box) {
	slot, known := t.claim(c)
	if replaced != nil {
		*replaced = append(*replaced, t.version(slot, known))
	}
	if known && !t.past && t.rows.seqs.At(uint32(slot)) > seq {
		return geo.EmptyBox(), geo.EmptyBox()
	}
	before, after = geo.EmptyBox(), geo.EmptyBox()
	g, row := t.generation, uint32(slot)
	// A feature that stays where it is leaves the structures that find it alone.
	stays := false
	if t.rows.states.At(row) == rowAlive {
		before = t.rows.box(slot)
		if stays = c.Op != data.OpDelete && c.Feature.Shape.Equal(t.rows.shape(slot)); !stays {
			t.unplace(slot, before)
		}
		t.alive--
	}
	t.rows.seqs.Set(g, row, seq)
	t.seq, t.changed = max(t.seq, seq), true
	if c.Op == data.OpDelete {
		t.rows.states.Set(g, row, rowDeleted)
		t.clear(slot)
		return before, after
	}
	t.rows.states.Set(g, row, rowAlive)
	t.alive++
	if after = before; !stays {
		after = c.Feature.Shape.Box()
		t.setShape(slot, c.Feature.Shape, after)
		t.place(slot, after)
	}
	id := t.rows.ids.At(row)
	for i := range t.rows.attrs {
		t.rows.attrs[i].PutBeside(g, row, c.Feature.Value(i), id)
	}
	return before, after
}

func (t *table) setShape(slot Slot, s geo.Shape, box geo.Box) {
	row := uint32(slot)
	if s.Kind() == geo.KindPoint && len(s.Vertices()) == 1 {
		t.rows.points.Set(t.generation, row, s.Vertices()[0])
		if t.rows.shapes.At(row) != nil {
			t.rows.shapes.Set(t.generation, row, nil)
		}
		return
	}
	t.rows.shapes.Set(t.generation, row, &boxed{s, box})
}

// clear drops the content of a deleted row, so that it holds no memory beyond its id.
func (t *table) clear(slot Slot) {
	if t.rows.shapes.At(uint32(slot)) != nil {
		t.rows.shapes.Set(t.generation, uint32(slot), nil)
	}
	for i := range t.rows.attrs {
		t.rows.attrs[i].Put(t.generation, uint32(slot), data.Value{})
	}
}

// place makes the slot's geometry, which is set, found in its box.
func (t *table) place(slot Slot, b geo.Box) {
	shape := t.rows.shapes.At(uint32(slot))
	switch {
	case b.Empty():
		return
	case shape == nil:
		t.points.Insert(b.Min, slot)
		return
	case shape.Kind() == geo.KindPolygon:
		t.raster.Forget(b)
	}
	if !t.placed {
		t.origin, t.placed = origin{int64(b.Min.X), int64(b.Min.Y)}, true
	}
	t.tree.Insert(t.origin.low(b.Min), t.origin.high(b.Max), slot)
}

// unplace undoes place; the slot still has the geometry that it had then.
func (t *table) unplace(slot Slot, b geo.Box) {
	shape := t.rows.shapes.At(uint32(slot))
	switch {
	case b.Empty():
		return
	case shape == nil:
		t.points.Delete(b.Min, slot)
		return
	case shape.Kind() == geo.KindPolygon:
		t.raster.Forget(b)
	}
	t.tree.Delete(t.origin.low(b.Min), t.origin.high(b.Max), slot)
}

// Points are laid out in memory when there are packFrom of them and whenever they have become packAgain times as many.
const (
	packFrom  = 10_000
	packAgain = 4
)

// publish is the immutable form. It starts a new generation, so later writes clone what the view shares.
func (t *table) publish() *Layer {
	// Rarely enough to cost less than the insertions before.
	if n := t.points.Len(); n > packFrom && n > packAgain*t.packed {
		t.points.Pack()
		t.packed = n
	}
	t.generation++
	t.changed = false
	l := &Layer{
		def: t.def, defSeq: t.defSeq, born: t.born, seq: t.seq, rows: t.rows.view(), next: t.next, alive: t.alive,
		ids: t.ids.Copy(), points: t.points.Copy(), tree: t.tree.Copy(), origin: t.origin, raster: t.raster.Copy(),
		touched: t.touched.Copy(), last: t.last, mixed: t.mixed,
	}
	l.spacing = spacing(l.treeBounds(), l.tree.Len())
	return l
}
