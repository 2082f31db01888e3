package cells

import "slices"

// chunkBits gives chunks of 1,024 elements: small enough to copy for a single edit.
const (
	chunkBits = 10
	chunkLen  = 1 << chunkBits
)

// chunks is an array of which states share what did not change. Once a state is published its chunks are never
// written to.
type chunks[T any] struct{ parts []*[chunkLen]T }

// at is element i, the zero value beyond what was set.
func (c *chunks[T]) at(i uint32) (v T) {
	if n := int(i >> chunkBits); n < len(c.parts) && c.parts[n] != nil {
		return c.parts[n][i&(chunkLen-1)]
	}
	return v
}

// edit is a writable copy of an array: it copies the chunks that are written to, once each.
type edit[T any] struct {
	chunks[T]
	own []bool // by chunk
}

func (c *chunks[T]) edit() *edit[T] {
	return &edit[T]{chunks: chunks[T]{slices.Clone(c.parts)}, own: make([]bool, len(c.parts))}
}

func (e *edit[T]) set(i uint32, v T) {
	n := int(i >> chunkBits)
	for n >= len(e.parts) {
		e.parts, e.own = append(e.parts, nil), append(e.own, false)
	}
	if !e.own[n] {
		part := new([chunkLen]T)
		if e.parts[n] != nil {
			*part = *e.parts[n]
		}
		e.parts[n], e.own[n] = part, true
	}
	e.parts[n][i&(chunkLen-1)] = v
}
