package column

import (
	"slices"
	"strings"
	"unsafe"
)

// dictionary interns the text values of one attribute. Handle 0 is null. Strings are only ever appended, so a view
// is a prefix and needs no copy: the writer never touches what a view can reach.
type dictionary struct {
	chunks []*[dictionaryRows]string
	n      uint32
	// handles finds the handle of a text; nil once the attribute has proved to be nearly unique, when a map would
	// cost more memory than the repetitions.
	handles map[string]uint32
	// tries counts interned values, to judge uniqueness.
	tries  int
	unique bool
	// borrowed says that another writer appends to the last chunk.
	borrowed bool
}

const (
	dictionaryBits = 10
	dictionaryRows = 1 << dictionaryBits
	// uniqueAfter is the number of values after which an attribute with fewer repetitions than new texts is taken
	// as unique.
	uniqueAfter = 1 << 15
)

// text is the string of a handle.
func (d *dictionary) text(handle uint32) string {
	if handle == 0 {
		return ""
	}
	i := handle - 1
	return d.chunks[i>>dictionaryBits][i&(dictionaryRows-1)]
}

// intern returns the handle of s, adding it when needed. What is added is kept, or a copy: s itself may be a part of a
// much longer text, all of which it would hold. Only the writer calls it.
func (d *dictionary) intern(s, kept string) uint32 {
	if h, ok := d.handles[s]; ok {
		d.tries++
		return h
	}
	if d.borrowed {
		d.own()
	}
	if s == kept {
		s = kept
	} else {
		s = strings.Clone(s)
	}
	if d.n&(dictionaryRows-1) == 0 {
		d.chunks = append(d.chunks, new([dictionaryRows]string))
	}
	d.chunks[d.n>>dictionaryBits][d.n&(dictionaryRows-1)] = s
	d.n++
	d.tries++
	if d.unique {
		return d.n
	}
	if d.handles == nil {
		d.handles = map[string]uint32{}
	}
	d.handles[s] = d.n
	if d.tries >= uniqueAfter && len(d.handles)*2 > d.tries {
		d.unique, d.handles = true, nil
	}
	return d.n
}

// own makes the last chunk private. No handles are looked up from then on: those of before are not known, and for a
// few changes repeated texts cost less than a map of all.
func (d *dictionary) own() {
	d.chunks = slices.Clone(d.chunks)
	if used := d.n & (dictionaryRows - 1); used > 0 {
		chunk := new([dictionaryRows]string)
		// Behind what is used the other writer may be writing.
		copy(chunk[:used], d.chunks[d.n>>dictionaryBits][:used])
		d.chunks[d.n>>dictionaryBits] = chunk
	}
	d.borrowed, d.unique, d.handles = false, true, nil
}

// view is the immutable prefix that exists now.
func (d *dictionary) view() dictionary {
	return dictionary{chunks: slices.Clip(d.chunks), n: d.n, unique: d.unique}
}

// find yields the handles that mean s. A unique dictionary may hold a text more than once.
func (d *dictionary) find(s string) []uint32 {
	var found []uint32
	for h := uint32(1); h <= d.n; h++ {
		if d.text(h) == s {
			found = append(found, h)
		}
	}
	return found
}

// beyond is the memory of the texts that base does not have.
func (d *dictionary) beyond(base *dictionary) int64 {
	bytes := int64(0)
	for h := base.n + 1; h <= d.n; h++ {
		bytes += int64(unsafe.Sizeof("")) + int64(len(d.text(h)))
	}
	return bytes
}
