package column

import "github.com/gewu-city/gewu/data"

// Type is the type of the attribute, empty for a dropped one.
func (v *Values) Type() data.Type { return v.typ }

// Fallback is what features have that hold no value of their own; null for none.
func (v *Values) Fallback() data.Value { return v.fallback }

// Texts is the number of different texts that a text column has held: their handles are 1 to Texts. A column that is
// nearly unique may have a text more than once.
func (v *Values) Texts() uint32 { return v.dict.n }

// Unique reports whether nearly every feature has a text of its own.
func (v *Values) Unique() bool { return v.dict.unique }

// TextOf is the text of a handle, empty for handle 0, which is null.
func (v *Values) TextOf(handle uint32) string { return v.dict.text(handle) }

// Handles appends to dst the handles of the texts that rows hold themselves, 0 where a row holds none. Rows that
// ascend are read fastest, as with [Words].
func Handles[R ~uint32](v *Values, rows []R, dst []uint32) []uint32 {
	return Gather(&v.text, rows, dst)
}

// Words appends to dst the 64-bit forms of what rows hold themselves, and to set whether they hold a value.
func Words[R ~uint32](v *Values, rows []R, dst []uint64, set []bool) ([]uint64, []bool) {
	return Gather(&v.words, rows, dst), Gather(&v.set, rows, set)
}

// Gather appends the values of rows to dst. Nothing in the loop depends on the step before, so that the processor waits
// for the memory of many rows at once.
func Gather[R ~uint32, T any](c *Column[T], rows []R, dst []T) []T {
	for _, row := range rows {
		dst = append(dst, c.At(uint32(row)))
	}
	return dst
}
