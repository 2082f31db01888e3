package filter

import (
	"sync"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/filter/cql"
)

// Bounds of a [Cache]. What a filter has found out about a column of a million texts takes 128 kB for each condition, so
// that a cache takes 128 MB at most.
const (
	mostCached     = 64
	mostConditions = 16
)

// Cache keeps bound filters, so that what they have found out about texts is used again. The zero Cache is ready to use; it
// is safe for concurrent use.
type Cache struct {
	mu     sync.Mutex
	bounds map[cacheKey]*cached
	used   uint64
}

// cacheKey is what a Bound depends on. Codes that a dictionary has lost since are not asked for again.
type cacheKey struct {
	layer, view   string
	born, defined data.Seq
	text          string
}

type cached struct {
	bound *Bound
	used  uint64
}

// Bind is [Bind] for a layer, or what it was for a filter of the same canonical text.
func (c *Cache) Bind(e *cql.Expr, l *index.Layer, dictionary func(name string) (*data.Dictionary, bool)) (*Bound, error) {
	key := cacheKey{l.Def().Name, l.View(), l.Born(), l.DefSeq(), e.String()}
	if b := c.find(key); b != nil {
		return b, nil
	}
	b, err := Bind(e, l.Def(), dictionary)
	if err == nil && b.root.texts() <= mostConditions {
		c.keep(key, b)
	}
	return b, err
}

func (c *Cache) find(key cacheKey) *Bound {
	c.mu.Lock()
	defer c.mu.Unlock()
	have := c.bounds[key]
	if have == nil {
		return nil
	}
	c.used++
	have.used = c.used
	return have.bound
}

// keep adds a filter instead of the one that was not used for longest.
func (c *Cache) keep(key cacheKey, b *Bound) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bounds == nil {
		c.bounds = map[cacheKey]*cached{}
	}
	if len(c.bounds) >= mostCached {
		var oldest cacheKey
		least := c.used + 1
		for k, have := range c.bounds {
			if have.used < least {
				oldest, least = k, have.used
			}
		}
		delete(c.bounds, oldest)
	}
	c.used++
	c.bounds[key] = &cached{b, c.used}
}

// texts is the number of conditions that remember what they found out about texts.
func (t *test) texts() int {
	n := 0
	if _, ok := t.leaf.(*textLeaf); ok {
		n++
	}
	for _, kid := range t.kids {
		n += kid.texts()
	}
	return n
}
