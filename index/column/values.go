package column

import (
	"iter"
	"slices"

	"github.com/gewu-city/gewu/data"
)

// Values is one attribute's column: handles into a dictionary for text types, 64-bit words otherwise. A dropped
// attribute has no type and an empty column.
type Values struct {
	typ   data.Type
	text  Column[uint32]
	words Column[uint64]
	// set says whether a word is a value or null; text uses handle 0.
	set  Column[bool]
	dict dictionary
	// fallback is what features have that hold no value, adapter makes values of before fit the type.
	fallback data.Value
	adapter  data.Adapter
	// holders is nil unless features are looked up by their values, and in Worlds of the past.
	holders *holders
}

// Define takes the definition of the attribute for a layer of rows, and converts what the column holds.
func (v *Values) Define(a *data.Attribute, generation uint64, rows uint32) {
	if a.Dropped {
		*v = Values{}
		return
	}
	old := *v
	v.fallback, v.adapter = a.Fallback(), a.Adapter()
	switch {
	case old.typ == a.Stored():
	case old.typ == "" || old.typ.IsText() && a.Stored().IsText():
		v.typ = a.Stored()
	default:
		*v = Values{typ: a.Stored(), fallback: v.fallback, adapter: v.adapter}
		for i := range rows {
			v.Put(generation, i, old.Own(i))
		}
	}
	switch {
	case !needsHolders(a):
		v.holders = nil
	case v.holders == nil:
		v.holders = newHolders()
		for i := range rows {
			v.holders.hold(i, data.Value{}, v.Own(i))
		}
	}
}

// texts reports whether values are held as text.
func (v *Values) texts() bool { return v.typ.IsText() || v.typ == data.Sealed }

// At is the value that a feature has: its own, else the default.
func (v *Values) At(i uint32) data.Value {
	if own := v.Own(i); !own.Null() {
		return own
	}
	return v.fallback
}

// Own is the value that a feature holds itself, null for none.
func (v *Values) Own(i uint32) data.Value {
	if v.texts() {
		h := v.text.At(i)
		if h == 0 {
			return data.Value{}
		}
		return data.TextValue(v.typ, v.dict.text(h))
	}
	if !v.set.At(i) {
		return data.Value{}
	}
	return data.WordValue(v.typ, v.words.At(i))
}

// Read is what a value of any type that the attribute had reads as.
func (v *Values) Read(val data.Value) data.Value {
	if v.typ == "" {
		return data.Value{}
	}
	if val = v.adapter.Value(val); val.Null() {
		return v.fallback
	}
	return val
}

// Put stores a value of any type that the attribute had.
func (v *Values) Put(generation uint64, i uint32, val data.Value) {
	v.PutBeside(generation, i, val, "")
}

// PutBeside is Put for a feature that keeps a text of its own, its id: a value that equals it, as codes often do, takes
// no memory.
func (v *Values) PutBeside(generation uint64, i uint32, val data.Value, kept string) {
	if val.Type() != v.typ && !val.Null() {
		if v.typ == "" {
			return
		}
		val = v.adapter.Value(val)
	}
	var old data.Value
	if v.holders != nil {
		old = v.Own(i)
	}
	if v.texts() {
		v.putText(generation, i, val, kept)
	} else {
		v.putWord(generation, i, val)
	}
	if v.holders != nil {
		v.holders.hold(i, old, v.Own(i))
	}
}

// putText and putWord leave the chunk alone when nothing changes.
func (v *Values) putText(generation uint64, i uint32, val data.Value, kept string) {
	switch old := v.text.At(i); {
	case val.Null():
		if old != 0 {
			v.text.Set(generation, i, 0)
		}
	case old == 0 || v.dict.text(old) != val.Text():
		v.text.Set(generation, i, v.dict.intern(val.Text(), kept))
	}
}

func (v *Values) putWord(generation uint64, i uint32, val data.Value) {
	switch old := v.set.At(i); {
	case val.Null():
		if old {
			v.set.Set(generation, i, false)
		}
	case !old || v.words.At(i) != val.Word():
		v.words.Set(generation, i, val.Word())
		v.set.Set(generation, i, true)
	}
}

// View is an immutable copy. The writer clones what it touches afterwards.
func (v *Values) View() Values {
	return Values{
		typ: v.typ, text: v.text.View(), words: v.words.View(), set: v.set.View(), dict: v.dict.view(),
		fallback: v.fallback, adapter: v.adapter, holders: v.holders.view(),
	}
}

// Fork is a copy of a view that another writer may write to, in generations of its own. Nothing is found in it by what
// it holds.
func (v *Values) Fork() Values {
	fork := *v
	fork.dict.borrowed = true
	fork.holders = nil
	return fork
}

// Held yields the rows whose own value is v, when the column finds them without a scan.
func (v *Values) Held(val data.Value) (rows iter.Seq[uint32], ok bool) {
	if v.holders == nil || val.Type() != v.typ {
		return nil, false
	}
	return v.holders.of(val.Text()), true
}

// Found reports whether a row is found by what it holds, as far as rows are.
func (v *Values) Found(row uint32) bool {
	val := v.Own(row)
	if v.holders == nil || val.Null() {
		return true
	}
	_, ok := v.holders.tree.Get(holding{val.Text(), row})
	return ok
}

// Holding is the number of rows that are found by what they hold.
func (v *Values) Holding() int {
	if v.holders == nil {
		return 0
	}
	return v.holders.tree.Len()
}

// Matcher tells the rows with a value that is not null, default included; nil when there can be none.
func (v *Values) Matcher(val data.Value) func(row uint32) bool {
	if val.Type() != v.typ {
		return nil
	}
	if !v.texts() {
		return func(row uint32) bool { return v.At(row) == val }
	}
	handles := v.dict.find(val.Text())
	if val == v.fallback {
		handles = append(handles, 0)
	}
	if len(handles) == 0 {
		return nil
	}
	return func(row uint32) bool { return slices.Contains(handles, v.text.At(row)) }
}

// Beyond is the memory that base does not share.
func (v *Values) Beyond(base *Values) int64 {
	if base == nil || base.typ != v.typ {
		base = &Values{}
	}
	return v.text.Beyond(&base.text) + v.words.Beyond(&base.words) + v.set.Beyond(&base.set) + v.dict.beyond(&base.dict)
}
