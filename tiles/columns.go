package tiles

import (
	"encoding/binary"
	"hash/maphash"
	"math"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/column"
)

// tagged is an attribute of the features of a layer: the number of its key, and for each feature one more than the
// number of its value, 0 where it has none.
type tagged struct {
	key     uint32
	numbers []uint32
}

// columns gives numbers to the values of many features, an attribute at a time: a column is read in one sweep, and
// texts are told apart by their handles, so that those of few different values are neither hashed nor compared. Equal
// values of one attribute share a number whatever the handles are, so that the bytes depend on the values alone; equal
// values of two attributes are written twice, which compression takes back.
type columns struct {
	numbers [][]uint32 // one slice for each attribute of the layer in work
	used    int
	seen    []uint32 // numbers by handle
	words   []uint64
	set     []bool
	table   []numbered
}

// numbered is an entry of a hash table with open addressing; number is 0 in a free one.
type numbered struct {
	word   uint64
	number uint32
}

// next is room for the numbers of n features.
func (c *columns) next(n int) []uint32 {
	if c.used == len(c.numbers) {
		c.numbers = append(c.numbers, nil)
	}
	if cap(c.numbers[c.used]) < n {
		c.numbers[c.used] = make([]uint32, 0, n+n/4)
	}
	c.used++
	return c.numbers[c.used-1][:0]
}

// add writes the values of rows in a column to w. It returns false when w has grown beyond most bytes: then it has
// written part of them.
func (c *columns) add(w *layerWriter, name string, v *column.Values, rows []index.Slot, most int) (tagged, bool) {
	if v.Type().IsText() {
		first := w.number
		numbers, ok := c.texts(w, v, rows, most, nil)
		return w.tagged(name, numbers, first), ok
	}
	c.words, c.set = column.Words(v, rows, c.words[:0], c.set[:0])
	if f := v.Fallback(); !f.Null() {
		for i, set := range c.set {
			if !set {
				c.words[i], c.set[i] = f.Word(), true
			}
		}
	}
	return c.values(w, name, v.Type(), c.words, c.set, most)
}

// ids is add for the ids of features, all different.
func (c *columns) ids(w *layerWriter, l *index.Layer, rows []index.Slot, most int) (tagged, bool) {
	numbers, first := c.next(len(rows)), w.number
	for _, slot := range rows {
		numbers = append(numbers, w.addText(l.ID(slot))+1)
		if w.size() > most {
			return tagged{}, false
		}
	}
	c.numbers[c.used-1] = numbers
	return w.tagged(keyID, numbers, first), true
}

// distinct is add for a column of texts that are all different.
func (c *columns) distinct(w *layerWriter, name string, v *column.Values, rows []index.Slot, most int) (tagged, bool) {
	numbers, first := column.Handles(v, rows, c.next(len(rows))), w.number
	c.numbers[c.used-1] = numbers
	for i, handle := range numbers {
		if handle == 0 {
			continue
		}
		numbers[i] = w.addText(v.TextOf(handle)) + 1
		if w.size() > most {
			return tagged{}, false
		}
	}
	return w.tagged(name, numbers, first), true
}

// texts writes the texts of rows to w, as say puts them when it is there, and returns one more than the number of each,
// 0 for none; false when w has grown beyond most bytes.
func (c *columns) texts(w *layerWriter, v *column.Values, rows []index.Slot, most int, say func(string) string) ([]uint32, bool) {
	add := w.addText
	if say != nil {
		add = func(text string) uint32 { return w.addText(say(text)) }
	}
	numbers := column.Handles(v, rows, c.next(len(rows)))
	c.numbers[c.used-1] = numbers
	find := c.finder(v, len(rows))
	fallback, missing := v.Fallback(), uint32(0)
	for i, handle := range numbers {
		if handle == 0 {
			if missing == 0 && !fallback.Null() {
				missing = add(fallback.Text()) + 1
			}
			numbers[i] = missing
			continue
		}
		n := find(handle)
		if *n == 0 {
			*n = add(v.TextOf(handle)) + 1
			if w.size() > most {
				return nil, false
			}
		}
		numbers[i] = *n
	}
	return numbers, true
}

// finder finds where the number of a text of the column is kept, 0 for one that has none yet, among n features.
func (c *columns) finder(v *column.Values, n int) func(handle uint32) *uint32 {
	texts := int(v.Texts()) + 1
	switch {
	case v.Unique():
		return c.byText(v, n)
	case texts > 1<<16 && texts > 16*n:
		table := c.cleared(n)
		return func(handle uint32) *uint32 { return &lookup(table, uint64(handle)).number }
	}
	if cap(c.seen) < texts {
		c.seen = make([]uint32, texts+texts/4)
	}
	seen := c.seen[:texts]
	clear(seen)
	return func(handle uint32) *uint32 { return &seen[handle] }
}

// byText is finder for a column that may have a text under more than one handle.
func (c *columns) byText(v *column.Values, n int) func(handle uint32) *uint32 {
	table := c.cleared(n)
	if cap(c.seen) < len(table) {
		c.seen = make([]uint32, len(table))
	}
	handles := c.seen[:len(table)] // of the entries of the table in use
	mask := uint64(len(table) - 1)
	return func(handle uint32) *uint32 {
		text := v.TextOf(handle)
		hash := maphash.String(seed, text)
		at := hash & mask
		for table[at].number != 0 && (table[at].word != hash || v.TextOf(handles[at]) != text) {
			at = (at + 1) & mask
		}
		table[at].word, handles[at] = hash, handle
		return &table[at].number
	}
}

var seed = maphash.MakeSeed()

// cleared is a free hash table for n entries.
func (c *columns) cleared(n int) []numbered {
	size := 16
	for size < 2*n {
		size *= 2
	}
	if cap(c.table) < size {
		c.table = make([]numbered, size)
	}
	table := c.table[:size]
	clear(table)
	return table
}

// lookup is the entry of a word, or the free one that it may take.
func lookup(table []numbered, word uint64) *numbered {
	mask := uint64(len(table) - 1)
	at := word * 0x9e37_79b9_7f4a_7c15 >> 32 & mask
	for table[at].number != 0 && table[at].word != word {
		at = (at + 1) & mask
	}
	table[at].word = word
	return &table[at]
}

// values is add for a type that is held in words.
func (c *columns) values(w *layerWriter, name string, typ data.Type, words []uint64, set []bool, most int) (tagged, bool) {
	table := c.cleared(len(words))
	numbers := c.next(len(words))
	first := w.number
	for i, word := range words {
		if set != nil && !set[i] {
			numbers = append(numbers, 0)
			continue
		}
		e := lookup(table, word)
		if e.number == 0 {
			e.number = w.addWord(typ, word) + 1
			if w.size() > most {
				return tagged{}, false
			}
		}
		numbers = append(numbers, e.number)
	}
	c.numbers[c.used-1] = numbers
	return w.tagged(name, numbers, first), true
}

// tagged makes an attribute of numbers; it takes a key when there is a value at all, which is so when w has more
// values than before.
func (w *layerWriter) tagged(name string, numbers []uint32, before uint32) tagged {
	if w.number == before {
		return tagged{}
	}
	return tagged{key: w.key(name), numbers: numbers}
}

// addWord writes a value that is held in a word and returns its number.
func (w *layerWriter) addWord(typ data.Type, word uint64) uint32 {
	m := w.message[:0]
	switch typ {
	case data.Int:
		m = binary.AppendVarint(append(m, tagVarint(6)), int64(word))
	case data.Number:
		m = binary.LittleEndian.AppendUint64(append(m, tagFixed64(3)), word)
	case data.Bool:
		m = append(m, tagVarint(7), byte(word&1))
	default:
		return w.addText(data.WordValue(typ, word).String())
	}
	return w.addValue(m)
}

// addText writes a text as a value and returns its number.
func (w *layerWriter) addText(s string) uint32 {
	n := uint64(len(s))
	inner := 1 + varintLen(n) + len(s)
	w.values = binary.AppendUvarint(append(w.values, tagBytes(4)), uint64(inner))
	w.values = binary.AppendUvarint(append(w.values, tagBytes(1)), n)
	w.values = append(w.values, s...)
	w.number++
	return w.number - 1
}

func varintLen(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// order is a number that sorts as f does, descending, in 32 bits: what is more important comes first.
func order(f float64) uint32 {
	b := math.Float32bits(float32(f))
	if b>>31 != 0 {
		return b
	}
	return ^(b | 1<<31)
}
