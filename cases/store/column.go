package store

import (
	"slices"
	"sync"

	"github.com/gewu-city/gewu/data"
)

// chunkRows is the number of rows of a chunk: a transition copies one chunk (about 60 kB, 5 µs), so they are small.
const chunkRows = 512

// Bounds of the columns of places.
const (
	maxLevels  = 6
	maxSchemes = 4
)

// chunk is the values of so many cases. A published chunk is never written to. Its two parts hold no pointers, so that the
// garbage collector does not look into them; texts are words of dictionaries.
type chunk struct {
	*news
	*facts
}

// news are the values that every event changes, also one that only tells marks. They are apart because a sweep of many marks
// has one case in nearly every chunk, and copies these 10 kB alone.
type news struct {
	version [chunkRows]uint32
	updated [chunkRows]int64
	// seq is the entry of the newest event.
	seq [chunkRows]data.Seq
}

// facts are all other values.
type facts struct {
	standing [chunkRows]uint32
	process  [chunkRows]uint32
	class    [chunkRows]uint32
	source   [chunkRows]uint32
	unit     [chunkRows]uint32
	first    [chunkRows]uint32
	task     [chunkRows]uint32
	parent   [chunkRows]uint32
	areas    [maxLevels][chunkRows]uint32
	cells    [maxSchemes][chunkRows]uint32
	priority [chunkRows]int32
	flags    [chunkRows]uint8
	lon, lat [chunkRows]int32
	opened   [chunkRows]int64
	rested   [chunkRows]int64
	due      [chunkRows]int64
}

func newChunk() *chunk { return &chunk{&news{}, &facts{}} }

// The flags of a case.
const (
	flagFinal = 1 << iota
	flagPrivate
	flagPlaced
)

// dictionary gives words numbers. 0 is the word that stands for none. Numbers are never reused. It is safe for concurrent
// use.
type dictionary[T any] struct {
	mu     sync.RWMutex
	number map[string]uint32
	words  []T
}

func newDictionary[T any](none T) *dictionary[T] {
	return &dictionary[T]{number: map[string]uint32{"": 0}, words: []T{none}}
}

// add is the number of a word with a key, which is new if need be.
func (d *dictionary[T]) add(key string, word func() T) uint32 {
	d.mu.RLock()
	n, ok := d.number[key]
	d.mu.RUnlock()
	if ok {
		return n
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if n, ok := d.number[key]; ok {
		return n
	}
	n = uint32(len(d.words))
	d.number[key], d.words = n, append(d.words, word())
	return n
}

// all are the words that there are now, in the order of their numbers.
func (d *dictionary[T]) all() []T {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return slices.Clip(d.words)
}

func (d *dictionary[T]) word(n uint32) T {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.words[n]
}

// which says for each number whether its word is one; numbers that come later are none of them.
func (d *dictionary[T]) which(is func(T) bool) []bool {
	words := d.all()
	out := make([]bool, len(words))
	for i, w := range words {
		out[i] = is(w)
	}
	return out
}

// numbers are those of keys, for which as one table.
func (d *dictionary[T]) numbers(keys []string) []bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	out := make([]bool, len(d.words))
	for _, k := range keys {
		if n, ok := d.number[k]; ok {
			out[n] = true
		}
	}
	return out
}

// snapshot is all rows at a moment. It is immutable.
type snapshot struct {
	ids    []string
	chunks []*chunk
}

func (s *snapshot) at(row uint32) (c *chunk, i int) {
	return s.chunks[row/chunkRows], int(row % chunkRows)
}

// writing is a snapshot that is being made of another one: parts of chunks are copied before they are written to.
type writing struct {
	snapshot
	own map[uint32]owned
}

// owned says which parts of a chunk are copies.
type owned struct{ news, facts bool }

func (s *snapshot) write() *writing {
	return &writing{snapshot: snapshot{ids: s.ids, chunks: slices.Clone(s.chunks)}, own: map[uint32]owned{}}
}

// row is the chunk of a row, to write to.
func (w *writing) row(row uint32) (c *chunk, i int) { return w.open(row, owned{true, true}) }

// news is the chunk of a row, of which only the news may be written to.
func (w *writing) news(row uint32) (c *chunk, i int) { return w.open(row, owned{news: true}) }

func (w *writing) open(row uint32, want owned) (c *chunk, i int) {
	n := row / chunkRows
	own, known := w.own[n]
	switch {
	case int(n) == len(w.chunks):
		w.chunks = append(w.chunks, newChunk())
		own = owned{true, true}
	case !known:
		one := *w.chunks[n]
		w.chunks[n] = &one
	}
	c = w.chunks[n]
	if want.news && !own.news {
		one := *c.news
		c.news = &one
	}
	if want.facts && !own.facts {
		one := *c.facts
		c.facts = &one
	}
	w.own[n] = owned{own.news || want.news, own.facts || want.facts}
	return c, int(row % chunkRows)
}
