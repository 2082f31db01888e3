package index

import (
	"slices"
	"unsafe"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index/column"
)

// fork is a state that begins as a World and shares its memory: what is applied to it clones what it touches, and
// readers of the World notice nothing. generation must never have been used by a table that made chunks of the World.
//
// Copying the trees of a World writes to them, in a member that readers do not look at: only one goroutine may fork
// at a time.
func (w *World) fork(generation uint64) *state {
	s := &state{
		seq: w.seq, schemes: w.schemes, dictionaries: w.dictionaries, defined: w.defined, admins: w.records.Fork(),
		tables: make([]*table, len(w.layers)),
	}
	for i, l := range w.layers {
		s.tables[i] = l.fork(generation)
	}
	return s
}

func (l *Layer) fork(generation uint64) *table {
	t := &table{
		def: l.def, defSeq: l.defSeq, born: l.born, seq: l.seq, generation: generation, rows: l.rows,
		next: l.next, alive: l.alive, ids: *l.ids.Copy(), points: l.points, tree: *l.tree.Copy(), origin: l.origin,
		raster: l.raster, placed: l.tree.Len() > 0, past: true, last: l.last, mixed: l.mixed,
	}
	t.rows.attrs = slices.Clone(l.rows.attrs)
	for i := range t.rows.attrs {
		t.rows.attrs[i] = t.rows.attrs[i].Fork()
	}
	return t
}

// newest is the Seq of the newest change that the table shows.
func (t *table) newest() data.Seq {
	newest := t.defSeq
	for seq := range t.rows.seqs.All() {
		newest = max(newest, seq)
	}
	return newest
}

// upTo is the layer in a World of the past at seq: no tile of it has changed later.
func (l *Layer) upTo(seq data.Seq) *Layer {
	past := *l
	past.ceiling = seq
	return &past
}

// Bytes of the trees for each feature, and what one change of a feature copies of them; see docs/benchmarks.md.
const (
	treeBytes = 72
	pathBytes = 10_000
)

// weight is about the memory, in bytes, that the layers of a World do not share with those of another.
func (w *World) weight(other *World) int64 {
	bytes := int64(0)
	for _, l := range w.layers {
		bytes += l.rows.weight(l.next, other.layerBorn(l.def.Name, l.born))
	}
	return bytes
}

// weight is that of the World to come.
func (s *state) weight(other *World) int64 {
	bytes := int64(0)
	for _, t := range s.tables {
		bytes += t.rows.weight(t.next, other.layerBorn(t.def.Name, t.born))
	}
	return bytes
}

// layerBorn is a layer unless it is another one of the same name, and an empty one then.
func (w *World) layerBorn(name string, born data.Seq) *Layer {
	if l, ok := w.Layer(name); ok && l.born == born {
		return l
	}
	return &Layer{}
}

func (r *rows) weight(next Slot, base *Layer) int64 {
	const layerBytes = 4 << 10
	b := &base.rows
	bytes := layerBytes + r.ids.Beyond(&b.ids) + r.permanents.Beyond(&b.permanents) + r.seqs.Beyond(&b.seqs) +
		r.states.Beyond(&b.states) + r.points.Beyond(&b.points) + r.shapes.Beyond(&b.shapes)
	for i := range r.attrs {
		from := (*column.Values)(nil)
		if i < len(b.attrs) {
			from = &b.attrs[i]
		}
		bytes += r.attrs[i].Beyond(from)
	}
	for row := base.next; row < next; row++ {
		bytes += int64(len(r.ids.At(uint32(row))))
	}
	changed := int64(0)
	for row := range r.seqs.Differing(&b.seqs) {
		if r.seqs.At(row) == b.seqs.At(row) {
			continue
		}
		changed++
		if s := r.shapes.At(row); s != nil && s != b.shapes.At(row) {
			// As much again for each edge in the raster, when it has been asked for.
			bytes += int64(unsafe.Sizeof(*s)) + 3*vertexBytes*int64(len(s.Vertices()))
		}
	}
	return bytes + min(changed*pathBytes, int64(next)*treeBytes)
}
