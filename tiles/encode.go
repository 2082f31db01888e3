package tiles

import (
	"encoding/binary"

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

// layerWriter encodes one layer of a tile. Keys and values are numbered in the order in which they are written, so
// equal features give equal bytes.
type layerWriter struct {
	name     string
	count    int
	features []byte
	keys     []string
	values   []byte
	number   uint32 // of values
	// texts and words find values for features that are written one by one.
	texts   map[string]uint32
	words   map[word]uint32
	tags    []byte // of the next feature that is written by itself
	message []byte // scratch
}

// begin makes w an empty layer with a name; it keeps the memory.
func (w *layerWriter) begin(name string) {
	clear(w.texts)
	clear(w.words)
	*w = layerWriter{
		name: name, features: w.features[:0], keys: w.keys[:0], values: w.values[:0], texts: w.texts, words: w.words,
		tags: w.tags[:0], message: w.message[:0],
	}
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

// value is the number of an attribute value that is not null, which equal values share.
func (w *layerWriter) value(v data.Value) uint32 {
	if v.Type().IsText() {
		return w.text(v.Text())
	}
	k := word{v.Type(), v.Word()}
	if n, ok := w.words[k]; ok {
		return n
	}
	if w.words == nil {
		w.words = map[word]uint32{}
	}
	n := w.addWord(k.typ, k.bits)
	w.words[k] = n
	return n
}

// text is the number of a text, which equal texts share.
func (w *layerWriter) text(s string) uint32 {
	if n, ok := w.texts[s]; ok {
		return n
	}
	if w.texts == nil {
		w.texts = map[string]uint32{}
	}
	n := w.addText(s)
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
	start := w.open()
	w.features = binary.AppendUvarint(append(w.features, tagVarint(1)), id)
	if len(w.tags) > 0 {
		w.features = appendBytes(w.features, 2, w.tags)
	}
	w.features = appendBytes(append(w.features, tagVarint(3), kind), 4, geometry)
	w.close(start)
	w.tags = w.tags[:0]
}

// open begins a feature; close gives it its length.
func (w *layerWriter) open() (start int) {
	w.features = append(w.features, tagBytes(2), 0)
	return len(w.features)
}

func (w *layerWriter) close(start int) {
	w.features = measured(w.features, start)
	w.count++
}

// measured writes the length of b[start:] before it, where one byte was left for it.
func measured(b []byte, start int) []byte {
	n := len(b) - start
	if n < 0x80 {
		b[start-1] = byte(n)
		return b
	}
	more := varintLen(uint64(n)) - 1
	b = append(b, make([]byte, more)...)
	copy(b[start+more:], b[start:start+n])
	binary.PutUvarint(b[start-1:start+more], uint64(n))
	return b
}

// appendTo appends the layer to a tile, nothing when it has no features.
func (w *layerWriter) appendTo(tile []byte) []byte {
	if w.count == 0 {
		return tile
	}
	size := 1 + varintLen(uint64(len(w.name))) + len(w.name) + len(w.features) + len(w.values) + 3 + 2
	for _, k := range w.keys {
		size += 1 + varintLen(uint64(len(k))) + len(k)
	}
	tile = binary.AppendUvarint(append(tile, tagBytes(3)), uint64(size))
	tile = appendText(tile, 1, w.name)
	tile = append(tile, w.features...)
	for _, k := range w.keys {
		tile = appendText(tile, 3, k)
	}
	tile = append(tile, w.values...)
	tile = binary.AppendUvarint(append(tile, tagVarint(5)), Extent) // two bytes
	return append(tile, tagVarint(15), 2)                           // the version of the specification
}

// Protocol buffer field tags; all numbers here fit one byte.
func tagVarint(field byte) byte  { return field << 3 }
func tagFixed64(field byte) byte { return field<<3 | 1 }
func tagBytes(field byte) byte   { return field<<3 | 2 }

func appendBytes(b []byte, field byte, payload []byte) []byte {
	b = binary.AppendUvarint(append(b, tagBytes(field)), uint64(len(payload)))
	return append(b, payload...)
}

func appendText(b []byte, field byte, s string) []byte {
	b = binary.AppendUvarint(append(b, tagBytes(field)), uint64(len(s)))
	return append(b, s...)
}
