package tiles

import (
	"context"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// LabelSuffix makes the name of a polygon layer's label points from the layer's name.
const LabelSuffix = "_label"

// Keys that every feature, and every label point, has beside the attributes of its layer.
const (
	keyID    = "id"
	keyLabel = "label"
)

// featureWriter writes the features of one layer of the World, and for polygons their label points, into two layers
// of the tile.
type featureWriter struct {
	b        *builder
	layer    *index.Layer
	totals   Totals // drawn instead of the layer's own attributes, when not nil
	def      *data.Layer
	main     *layerWriter
	label    *layerWriter
	named    int // the attribute that labels show, or -1
	oversize int // features left out because they are too large
	// Numbers of keys plus one; 0 for keys not used yet. The id comes first, then the attributes.
	keys, labelKeys []uint32
	totalKeys       map[string]uint32
}

func newFeatureWriter(b *builder, s source) *featureWriter {
	def := s.layer.Def()
	w := &featureWriter{
		b: b, layer: s.layer, totals: s.totals, def: def, named: def.LabelAttribute(),
		main: newLayerWriter(s.name()), label: newLayerWriter(def.Name + LabelSuffix),
		keys: make([]uint32, len(def.Attributes)+1), labelKeys: make([]uint32, 3),
	}
	b.drawer.start()
	return w
}

// write encodes the candidates in order and returns how many it took before the layer was full.
func (w *featureWriter) write(ctx context.Context, found []candidate) (int, error) {
	for i, c := range found {
		if i%checkEvery == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if !w.draw(c.slot()) {
			continue
		}
		if w.tooLarge(c.slot()) {
			w.oversize++
			continue
		}
		if w.main.count > 0 && w.main.size()+len(w.b.drawer.out.bytes) > w.b.limit {
			return i, nil
		}
		w.feature(c)
	}
	return len(found), nil
}

// draw leaves the geometry of a feature in the drawer.
func (w *featureWriter) draw(s index.Slot) bool {
	if w.def.Geometry != data.GeometryPoint {
		return w.b.drawer.outline(s)
	}
	if p, single := w.layer.Point(s); single {
		return w.b.drawer.point(p)
	}
	return w.b.drawer.points(w.layer.Shape(s).Vertices())
}

// tooLarge reports whether one feature would take more than half of what the layer may hold.
func (w *featureWriter) tooLarge(s index.Slot) bool {
	size := len(w.b.drawer.out.bytes)
	if size > w.b.limit/2 {
		return true
	}
	for i := range w.def.Live() {
		size += len(w.layer.Value(s, i).Text())
	}
	return size > w.b.limit/2
}

func (w *featureWriter) feature(c candidate) {
	s := c.slot()
	m := w.main
	m.tag(use(m, &w.keys[0], keyID), m.text(w.layer.ID(s)))
	for i, a := range w.def.Live() {
		if w.totals != nil && i != w.named {
			continue
		}
		if v := w.layer.Value(s, i); !v.Null() {
			m.tag(use(m, &w.keys[i+1], a.Name), m.value(v))
		}
	}
	if w.totals != nil {
		w.tagTotals(s)
	}
	kind := byte(typePoint)
	switch w.def.Geometry {
	case data.GeometryLine:
		kind = typeLine
	case data.GeometryPolygon:
		kind = typePolygon
	default:
	}
	m.feature(uint64(c.permanent()), kind, w.b.drawer.out.bytes)
	if w.def.Geometry == data.GeometryPolygon && w.totals == nil {
		w.labelPoint(c)
	}
}

// tagTotals gives the next feature what lies in it.
func (w *featureWriter) tagTotals(s index.Slot) {
	if w.totalKeys == nil {
		w.totalKeys = map[string]uint32{}
	}
	w.totals.Each(s, func(name string, v data.Value) {
		number := w.totalKeys[name]
		key := use(w.main, &number, name)
		w.totalKeys[name] = number
		w.main.tag(key, w.main.value(v))
	})
}

// labelPoint writes the feature's label point into the one tile that holds it, so that a name appears once.
func (w *featureWriter) labelPoint(c candidate) {
	s := c.slot()
	at := w.b.labels.point(w.b.epoch, w.layer, s)
	if !w.b.frame.holds(at.x, at.y) {
		return
	}
	m := w.label
	m.tag(use(m, &w.labelKeys[0], keyID), m.text(w.layer.ID(s)))
	if v := w.layer.Value(s, w.named); !v.Null() {
		name := w.def.Attributes[w.named].Name
		m.tag(use(m, &w.labelKeys[1], name), m.value(v))
		if name != keyLabel {
			m.tag(use(m, &w.labelKeys[2], keyLabel), m.text(v.String()))
		}
	}
	w.b.drawer.out.reset()
	w.b.drawer.out.points([]vertex{w.b.frame.unit(at.x, at.y)})
	m.feature(uint64(c.permanent()), typePoint, w.b.drawer.out.bytes)
}

// use is the number of a key, given out at its first use.
func use(m *layerWriter, number *uint32, name string) uint32 {
	if *number == 0 {
		*number = m.key(name) + 1
	}
	return *number - 1
}

// finish adds the layers to the tile. dropped is the number of candidates that were not tried.
func (w *featureWriter) finish(dropped int) {
	t := &w.b.tile
	t.bytes = w.label.appendTo(w.main.appendTo(t.bytes))
	t.features += w.main.count
	t.collapsed += w.b.drawer.collapsed
	if dropped += w.oversize; dropped > 0 {
		if t.dropped == nil {
			t.dropped = map[string]int{}
		}
		t.dropped[w.main.name] = dropped
	}
}
