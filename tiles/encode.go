package tiles

import (
	"encoding/binary"
	"math"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/tiles/outline"
)

// Geometry types and commands of MVT 2.1 (section 4.3).
const (
	typePoint   = 1
	typeLine    = 2
	typePolygon = 3

	moveTo    = 1
	lineTo    = 2
	closePath = 7
)

// commands is the geometry of one feature: packed command integers.
type commands struct {
	bytes  []byte
	cursor vertex
}

func (c *commands) reset()      { c.bytes, c.cursor = c.bytes[:0], vertex{} }
func (c *commands) empty() bool { return len(c.bytes) == 0 }

func (c *commands) command(id, count int) {
	c.bytes = binary.AppendUvarint(c.bytes, uint64(count)<<3|uint64(id))
}

func (c *commands) to(v vertex) {
	// The signed varints of encoding/binary are the zigzag form that MVT uses.
	c.bytes = binary.AppendVarint(c.bytes, v.x-c.cursor.x)
	c.bytes = binary.AppendVarint(c.bytes, v.y-c.cursor.y)
	c.cursor = v
}

func (c *commands) points(ps []vertex) {
	if len(ps) == 0 {
		return
	}
	c.command(moveTo, len(ps))
	for _, v := range ps {
		c.to(v)
	}
}

func (c *commands) line(l []outline.Vertex) {
	if len(l) < 2 {
		return
	}
	c.command(moveTo, 1)
	c.to(wide(l[0]))
	c.command(lineTo, len(l)-1)
	for _, v := range l[1:] {
		c.to(wide(v))
	}
}

// ring writes a ring without closing vertex.
func (c *commands) ring(r []outline.Vertex) {
	if len(r) < 3 {
		return
	}
	c.line(r)
	c.command(closePath, 1)
}

func wide(v outline.Vertex) vertex { return vertex{int64(v.X), int64(v.Y)} }

// word is a value that is not text.
type word struct {
	typ  data.Type
	bits uint64
}

// layerWriter encodes one layer of a tile. Keys and values are numbered in the order of first use, so equal features
// give equal bytes.
type layerWriter struct {
	name     string
	count    int
	features []byte
	keys     []string
	values   []byte
	number   uint32 // of values
	texts    map[string]uint32
	words    map[word]uint32
	tags     []byte // of the next feature
	message  []byte // scratch
}

func newLayerWriter(name string) *layerWriter {
	return &layerWriter{name: name, texts: map[string]uint32{}, words: map[word]uint32{}}
}

// size is the number of bytes so far, within a few bytes for each key.
func (w *layerWriter) size() int { return len(w.features) + len(w.values) }

// key is the number of a key, which the caller remembers: keys are few and the same for all features.
func (w *layerWriter) key(name string) uint32 {
	w.keys = append(w.keys, name)
	return uint32(len(w.keys) - 1)
}

// tag gives the next feature an attribute.
func (w *layerWriter) tag(key, value uint32) {
	w.tags = binary.AppendUvarint(w.tags, uint64(key))
	w.tags = binary.AppendUvarint(w.tags, uint64(value))
}

// value is the number of an attribute value that is not null.
func (w *layerWriter) value(v data.Value) uint32 {
	if v.Type().IsText() {
		return w.text(v.Text())
	}
	k := word{v.Type(), v.Word()}
	if n, ok := w.words[k]; ok {
		return n
	}
	m := w.message[:0]
	switch v.Type() {
	case data.Int:
		m = binary.AppendVarint(append(m, tagVarint(6)), v.Int())
	case data.Number:
		m = binary.LittleEndian.AppendUint64(append(m, tagFixed64(3)), math.Float64bits(v.Number()))
	case data.Bool:
		m = append(m, tagVarint(7), byte(v.Word()&1))
	default:
		n := w.text(v.String())
		w.words[k] = n
		return n
	}
	n := w.addValue(m)
	w.words[k] = n
	return n
}

func (w *layerWriter) text(s string) uint32 {
	if n, ok := w.texts[s]; ok {
		return n
	}
	n := w.addValue(appendText(w.message[:0], 1, s))
	w.texts[s] = n
	return n
}

func (w *layerWriter) addValue(message []byte) uint32 {
	w.values = appendBytes(w.values, 4, message)
	w.message = message
	w.number++
	return w.number - 1
}

// feature ends the feature whose tags were given.
func (w *layerWriter) feature(id uint64, kind byte, geometry []byte) {
	m := binary.AppendUvarint(append(w.message[:0], tagVarint(1)), id)
	m = appendBytes(m, 2, w.tags)
	m = append(m, tagVarint(3), kind)
	m = appendBytes(m, 4, geometry)
	w.features = appendBytes(w.features, 2, m)
	w.message, w.tags = m, w.tags[:0]
	w.count++
}

// appendTo appends the layer to a tile, nothing when it has no features.
func (w *layerWriter) appendTo(tile []byte) []byte {
	if w.count == 0 {
		return tile
	}
	m := make([]byte, 0, w.size()+64+len(w.keys)*16)
	m = appendText(m, 1, w.name)
	m = append(m, w.features...)
	for _, k := range w.keys {
		m = appendText(m, 3, k)
	}
	m = append(m, w.values...)
	m = binary.AppendUvarint(append(m, tagVarint(5)), Extent)
	m = append(m, tagVarint(15), 2) // the version of the specification
	return appendBytes(tile, 3, m)
}

// Protocol buffer field tags; all numbers here fit one byte.
func tagVarint(field byte) byte  { return field << 3 }
func tagFixed64(field byte) byte { return field<<3 | 1 }

func appendBytes(b []byte, field byte, payload []byte) []byte {
	b = binary.AppendUvarint(append(b, field<<3|2), uint64(len(payload)))
	return append(b, payload...)
}

func appendText(b []byte, field byte, s string) []byte {
	b = binary.AppendUvarint(append(b, field<<3|2), uint64(len(s)))
	return append(b, s...)
}
