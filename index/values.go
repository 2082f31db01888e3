package index

import (
	"github.com/gewu-city/gewu/data"
)

// values is one attribute's column: handles into a dictionary for text types, 64-bit words otherwise. A dropped
// attribute has no type and an empty column.
type values struct {
	typ   data.Type
	text  column[uint32]
	words column[uint64]
	// set says whether a word is a value or null; text uses handle 0.
	set  column[bool]
	dict dictionary
	// fallback is what features have that hold no value, adapter makes values of before fit the type.
	fallback data.Value
	adapter  data.Adapter
	// holders is nil unless features are looked up by their values, and in Worlds of the past.
	holders *holders
}

// define takes the definition of the attribute for a layer of rows, and converts what the column holds.
func (v *values) define(a *data.Attribute, generation uint64, rows Slot) {
	if a.Dropped {
		*v = values{}
		return
	}
	old := *v
	v.fallback, v.adapter = a.Fallback(), a.Adapter()
	switch {
	case old.typ == a.Type:
	case old.typ == "" || old.typ.IsText() && a.Type.IsText():
		v.typ = a.Type
	default:
		*v = values{typ: a.Type, fallback: v.fallback, adapter: v.adapter}
		for i := range rows {
			v.put(generation, i, old.own(i))
		}
	}
	switch {
	case !needsHolders(a):
		v.holders = nil
	case v.holders == nil:
		v.holders = newHolders()
		for i := range rows {
			v.holders.hold(i, data.Value{}, v.own(i))
		}
	}
}

// at is the value that a feature has: its own, else the default.
func (v *values) at(i Slot) data.Value {
	if own := v.own(i); !own.Null() {
		return own
	}
	return v.fallback
}

// own is the value that a feature holds itself, null for none.
func (v *values) own(i Slot) data.Value {
	if v.typ.IsText() {
		h := v.text.at(uint32(i))
		if h == 0 {
			return data.Value{}
		}
		return data.TextValue(v.typ, v.dict.text(h))
	}
	if !v.set.at(uint32(i)) {
		return data.Value{}
	}
	return data.WordValue(v.typ, v.words.at(uint32(i)))
}

// read is what a value of any type that the attribute had reads as.
func (v *values) read(val data.Value) data.Value {
	if v.typ == "" {
		return data.Value{}
	}
	if val = v.adapter.Value(val); val.Null() {
		return v.fallback
	}
	return val
}

// put stores a value of any type that the attribute had.
func (v *values) put(generation uint64, i Slot, val data.Value) {
	if v.typ == "" {
		return
	}
	val = v.adapter.Value(val)
	old := v.own(i)
	if old == val {
		return
	}
	row := uint32(i)
	switch {
	case v.typ.IsText() && val.Null():
		v.text.set(generation, row, 0)
	case v.typ.IsText():
		v.text.set(generation, row, v.dict.intern(val.Text()))
	case val.Null():
		v.set.set(generation, row, false)
	default:
		v.words.set(generation, row, val.Word())
		v.set.set(generation, row, true)
	}
	if v.holders != nil {
		v.holders.hold(i, old, v.own(i))
	}
}

func (v *values) view() values {
	return values{
		typ: v.typ, text: v.text.view(), words: v.words.view(), set: v.set.view(), dict: v.dict.view(),
		fallback: v.fallback, adapter: v.adapter, holders: v.holders.view(),
	}
}
