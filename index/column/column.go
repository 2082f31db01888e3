// Package column holds the values of a layer's features in memory, one column for each attribute: copy-on-write, with
// texts kept once, and found by what they hold where links ask for that. It knows rows by number and no features.
package column

import (
	"iter"
	"slices"
	"unsafe"
)

// ChunkRows is the number of rows of a chunk: small enough to clone for a single edit (16 kB for a 4-byte column),
// large enough that a million rows need only 245 pointers.
const (
	ChunkRows = 1 << chunkBits
	chunkBits = 12
	chunkMask = ChunkRows - 1
)

// Column is a growing array in copy-on-write chunks. The zero Column is empty. The engine's column is written by
// one goroutine; a view is immutable and may be read by many.
type Column[T any] struct {
	chunks []*chunk[T]
	// shared says that a view uses the same slice of chunk pointers.
	shared bool
}

// chunk is owned by the publishing generation that made it: only while that generation lasts may it be written.
type chunk[T any] struct {
	generation uint64
	rows       []T
}

// At is the value of row i, the zero value for a row that was never set.
func (c *Column[T]) At(i uint32) (v T) {
	n := int(i >> chunkBits)
	if n >= len(c.chunks) {
		return v
	}
	if rows, j := c.chunks[n].rows, int(i&chunkMask); j < len(rows) {
		return rows[j]
	}
	return v
}

// Set stores v at row i, cloning the chunk unless this generation owns it.
func (c *Column[T]) Set(generation uint64, i uint32, v T) {
	n, j := int(i>>chunkBits), int(i&chunkMask)
	for n >= len(c.chunks) {
		c.own()
		c.chunks = append(c.chunks, &chunk[T]{generation: generation})
	}
	ch := c.chunks[n]
	if ch.generation != generation {
		c.own()
		// One spare row lets the usual single append go without a second copy.
		ch = &chunk[T]{generation: generation, rows: append(make([]T, 0, min(len(ch.rows)+1, ChunkRows)), ch.rows...)}
		c.chunks[n] = ch
	}
	if j >= len(ch.rows) {
		ch.rows = slices.Grow(ch.rows, j+1-len(ch.rows))[:j+1]
	}
	ch.rows[j] = v
}

// own makes the slice of pointers private again.
func (c *Column[T]) own() {
	if c.shared {
		c.chunks = slices.Clone(c.chunks)
		c.shared = false
	}
}

// View is an immutable copy. The writer clones what it touches afterwards.
func (c *Column[T]) View() Column[T] {
	c.shared = true
	return Column[T]{chunks: c.chunks, shared: true}
}

// Beyond is the memory of the chunks that base does not share.
func (c *Column[T]) Beyond(base *Column[T]) int64 {
	var row T
	bytes := 0
	for i, chunk := range c.chunks {
		if i >= len(base.chunks) || base.chunks[i] != chunk {
			bytes += cap(chunk.rows) * int(unsafe.Sizeof(row))
		}
	}
	return int64(bytes)
}

// Differing yields the rows of the chunks that base does not share.
func (c *Column[T]) Differing(base *Column[T]) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i, chunk := range c.chunks {
			if i < len(base.chunks) && base.chunks[i] == chunk {
				continue
			}
			for j := range chunk.rows {
				if !yield(uint32(i)<<chunkBits + uint32(j)) {
					return
				}
			}
		}
	}
}

// Apart yields the rows of the chunks that two columns do not share, whether they were ever set or not.
func (c *Column[T]) Apart(other *Column[T]) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for n := range max(len(c.chunks), len(other.chunks)) {
			if n < len(c.chunks) && n < len(other.chunks) && c.chunks[n] == other.chunks[n] {
				continue
			}
			for i := range uint32(ChunkRows) {
				if !yield(uint32(n)<<chunkBits + i) {
					return
				}
			}
		}
	}
}

// All yields the values in the order of the rows.
func (c *Column[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, chunk := range c.chunks {
			for _, v := range chunk.rows {
				if !yield(v) {
					return
				}
			}
		}
	}
}
