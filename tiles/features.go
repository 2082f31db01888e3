package tiles

import (
	"context"
	"encoding/binary"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// LabelSuffix makes the name of a polygon layer's label points from the layer's name.
const LabelSuffix = "_label"

// DroppedSuffix makes, from the name of a layer, the name of a layer with one point in the middle of the tile that
// says how many features of the layer lie in the tile (found), how many of them are drawn, and how many were dropped.
// Only tiles that dropped some have it.
const DroppedSuffix = "_dropped"

// Keys that features have beside the attributes of their layer.
const (
	keyID    = "id"
	keyLabel = "label"
	// keyCount is how many features a point stands for that was thinned.
	keyCount = "point_count"
)

// featureWriter writes the features of one layer of the World, and for polygons their label points, into two layers
// of the tile.
type featureWriter struct {
	b      *builder
	source source
	def    *data.Layer
	limit  int // bytes
	report LayerReport
	large  int // features of which the shape alone takes half of the limit
	// Numbers of keys plus one, 0 for keys not used yet: of label points, and of totals.
	labelKeys, totalKeys map[string]uint32
	// translations are the attributes with the translations of labels, nil until they are looked for.
	translations []int
}

// write encodes the chosen features and returns how many fit, all of them or an estimate that is less: then nothing is
// left behind and the caller chooses fewer.
func (w *featureWriter) write(ctx context.Context, c *choice) (fit int, err error) {
	b := w.b
	w.nothing()
	found, fit, err := w.shapes(ctx, c)
	if err != nil || fit < len(c.found) {
		return fit, err
	}
	b.rows = b.rows[:0]
	for _, f := range found {
		b.rows = append(b.rows, f.slot())
	}
	if !w.attributes(c) {
		return len(c.found) / 2, ctx.Err()
	}
	w.features(found)
	if size := b.main.size(); size > w.limit {
		// Rounded down twice, so that it is less than all.
		return max(0, min(len(c.found)-1, int(float64(len(c.found))*float64(w.limit)/float64(size)))), nil
	}
	return len(c.found), ctx.Err()
}

// nothing begins the layers again.
func (w *featureWriter) nothing() {
	w.b.main.begin(w.source.name())
	w.b.label.begin(w.def.Name + LabelSuffix)
	w.labelKeys, w.totalKeys = map[string]uint32{}, nil
	w.report.Collapsed, w.report.Drawn, w.large = 0, 0, 0
}

// shapes draws what is not one point into the arena and returns the features of which something is left. For those of
// one point there is nothing to do yet.
func (w *featureWriter) shapes(ctx context.Context, c *choice) (left []candidate, fit int, err error) {
	b := w.b
	b.arena, b.ends = b.arena[:0], b.ends[:0]
	if b.points == len(b.found) {
		return c.found, len(c.found), nil
	}
	d := &b.drawer
	points := w.def.Geometry == data.GeometryPoint
	if !points {
		if fit, err = d.load(ctx, b.frame, b.shapes, b.epoch, w.source.layer, c.found); err != nil || fit < len(c.found) {
			return nil, fit, err
		}
	}
	d.start()
	left = b.left[:0]
	for i, f := range c.found {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		switch {
		case f.placed():
			d.out.reset()
		case points && !d.points(w.source.layer.Shape(f.slot()).Vertices()), !points && !d.outline(f.slot()):
			continue
		case len(d.out.bytes) > w.limit/2:
			w.large++
			continue
		}
		left, b.arena = append(left, f), append(b.arena, d.out.bytes...)
		b.ends = append(b.ends, uint32(len(b.arena)))
		if len(b.arena) > w.limit {
			return nil, i, nil
		}
	}
	b.left = left
	w.report.Collapsed = d.collapsed
	return left, len(c.found), nil
}

// attributes writes the values of the attributes of b.rows. It returns false when the layer has become too large.
func (w *featureWriter) attributes(c *choice) bool {
	b := w.b
	b.attrs = b.attrs[:0]
	b.columns.used = 0
	l := w.source.layer
	add := func(t tagged, ok bool) bool {
		if ok && t.numbers != nil {
			b.attrs = append(b.attrs, t)
		}
		return ok
	}
	if b.query.shows(keyID) && !add(b.columns.ids(&b.main, l, b.rows, w.limit)) {
		return false
	}
	named := w.def.LabelAttribute()
	for i, a := range w.def.Attributes {
		if a.Dropped || !b.query.shows(a.Name) || w.source.totals != nil && i != named {
			continue
		}
		if !add(w.column(i)) || !add(w.words(i)) {
			return false
		}
	}
	if c.count != nil && w.def.AttributeIndex(keyCount) < 0 {
		words := b.columns.words[:0]
		for _, n := range c.count {
			words = append(words, uint64(n))
		}
		b.columns.words = words
		return add(b.columns.values(&b.main, keyCount, data.Int, words, nil, w.limit))
	}
	return true
}

// features writes the features whose attributes and shapes are ready.
func (w *featureWriter) features(found []candidate) {
	b, m := w.b, &w.b.main
	b.permanents = w.source.layer.Permanents(b.rows, b.permanents[:0])
	kind := byte(typePoint)
	switch w.def.Geometry {
	case data.GeometryLine:
		kind = typeLine
	case data.GeometryPolygon:
		kind = typePolygon
	default:
	}
	labels := kind == typePolygon && w.source.totals == nil && w.source.differs == nil
	from := uint32(0)
	for i, f := range found {
		start := m.open()
		m.features = binary.AppendUvarint(append(m.features, tagVarint(1)), uint64(b.permanents[i]))
		m.features = append(m.features, tagBytes(2), 0)
		tags := len(m.features)
		for _, a := range b.attrs {
			if n := a.numbers[i]; n != 0 {
				m.features = binary.AppendUvarint(m.features, uint64(a.key))
				m.features = binary.AppendUvarint(m.features, uint64(n-1))
			}
		}
		if w.source.totals != nil {
			w.tagTotals(f.slot())
			m.features, m.tags = append(m.features, m.tags...), m.tags[:0]
		}
		if len(m.features) == tags {
			m.features = m.features[:tags-2]
		} else {
			m.features = measured(m.features, tags)
		}
		m.features = append(m.features, tagVarint(3), kind)
		if f.placed() {
			m.features = appendPlace(m.features, f.place())
		} else {
			m.features = appendBytes(m.features, 4, b.arena[from:b.ends[i]])
		}
		if len(b.ends) > 0 {
			from = b.ends[i]
		}
		m.close(start)
		if f.proper() {
			w.report.Drawn++
		}
		if labels {
			w.labelPoint(f.slot(), b.permanents[i])
		}
	}
}

// appendPlace appends the geometry of one point.
func appendPlace(b []byte, v vertex) []byte {
	b = append(b, tagBytes(4), 0, 1<<3|moveTo)
	start := len(b) - 1
	b = binary.AppendVarint(b, v.x)
	b = binary.AppendVarint(b, v.y)
	b[start-1] = byte(len(b) - start) // at most five
	return b
}

// tagTotals gives the next feature what lies in it.
func (w *featureWriter) tagTotals(s index.Slot) {
	if w.totalKeys == nil {
		w.totalKeys = map[string]uint32{}
	}
	m := &w.b.main
	w.source.totals.Each(s, func(name string, v data.Value) {
		if w.b.query.shows(name) {
			number := w.totalKeys[name]
			key := use(m, &number, name)
			w.totalKeys[name] = number
			m.tag(key, m.value(v))
		}
	})
}

// labelPoint writes the feature's label point into the one tile that holds it, so that a name appears once.
func (w *featureWriter) labelPoint(s index.Slot, permanent uint32) {
	b := w.b
	x, y := b.frame.place(b.labels.Of(b.epoch, w.source.layer, s))
	if !b.frame.holds(x, y) {
		return
	}
	m := &b.label
	key := w.labelKeys[keyID]
	m.tag(use(m, &key, keyID), m.addText(w.source.layer.ID(s)))
	w.labelKeys[keyID] = key
	w.tagLabel(s)
	b.drawer.out.reset()
	b.drawer.out.points([]vertex{b.frame.unit(x, y)})
	m.feature(uint64(permanent), typePoint, b.drawer.out.bytes)
}

// use is the number of a key, given out at its first use.
func use(m *layerWriter, number *uint32, name string) uint32 {
	if *number == 0 {
		*number = m.key(name) + 1
	}
	return *number - 1
}

// dropOversize takes the features out of b.found of which the texts alone take more than half of what the layer may
// hold, and reports whether there were any.
func (w *featureWriter) dropOversize() bool {
	b, l := w.b, w.source.layer
	found := b.found[:0]
	points := 0
	for i, c := range b.found {
		size := 0
		for i, a := range w.def.Attributes {
			if b.query.shows(a.Name) && a.Type.IsText() {
				size += len(l.Value(c.slot(), i).Text())
			}
		}
		if size > w.limit/2 {
			w.report.Oversize++
			continue
		}
		if found = append(found, c); i < b.points {
			points++
		}
	}
	b.found, b.points = found, points
	return w.report.Oversize > 0
}

// finish adds the layers to the tile.
func (w *featureWriter) finish(c *choice) {
	t, m := &w.b.tile, &w.b.main
	r := &w.report
	if w.b.keepDrawn {
		w.b.kept = append(w.b.kept, w.b.rows...)
	}
	r.Oversize += w.large
	switch {
	case c.cells != nil:
		r.Cell = 1 << c.cells.bits
		r.Dropped = r.Found - r.Drawn
	default:
		// What was chosen but has nothing left inside the tile is not dropped.
		r.Dropped = len(w.b.found) - len(c.found) + r.Oversize
	}
	before := len(t.bytes)
	t.bytes = w.b.label.appendTo(m.appendTo(t.bytes))
	if r.Dropped > 0 {
		d := &w.b.label
		d.begin(m.name + DroppedSuffix)
		for _, n := range [...]struct {
			name string
			n    int
		}{{"found", r.Found}, {"drawn", r.Drawn}, {"dropped", r.Dropped}} {
			d.tag(d.key(n.name), d.addWord(data.Int, uint64(n.n)))
		}
		w.b.drawer.out.reset()
		w.b.drawer.out.points([]vertex{{Extent / 2, Extent / 2}})
		d.feature(1, typePoint, w.b.drawer.out.bytes)
		t.bytes = d.appendTo(t.bytes)
	}
	r.Bytes = len(t.bytes) - before
	t.layers = append(t.layers, *r)
}
