package memory

import (
	"iter"

	"github.com/gewu-city/gewu/data"
)

// Key names a feature.
type Key struct{ Layer, ID string }

// Heads holds the heads of features that this process has written and the engine has not applied yet, and the content of
// those whose links are checked. It belongs to one goroutine.
type Heads struct {
	base    data.Heads
	heads   map[Key]data.Head
	tracked tracked
	// undo holds what the group under preparation replaced, newest last.
	undo  []undo
	cases cases
	// generations are the committed groups that heads holds, oldest first.
	generations []generation
	// bulk says that nothing is rolled back one by one: see [Heads.Renew].
	bulk bool
}

// NewHeads is empty. base is what the engine knows, last the newest entry.
func NewHeads(base data.Heads, last data.Seq) *Heads {
	return &Heads{base: base, heads: map[Key]data.Head{}, tracked: newTracked(), cases: newCases(last)}
}

// Applied is the entry up to which the engine knows everything.
func (o *Heads) Applied() data.Seq { return o.base.Applied() }

// Values are those of the engine, see [data.Heads].
func (o *Heads) Values(layer string, i int) iter.Seq2[string, data.Value] {
	return o.base.Values(layer, i)
}

// Len is the number of features that the engine does not know yet.
func (o *Heads) Len() int { return len(o.heads) }

// Mark is the present state, for [Heads.Rollback].
func (o *Heads) Mark() int { return len(o.undo) }

type undo struct {
	key Key
	old data.Head
	had bool
	// content is what was tracked of the feature before, when tracks says that this has changed.
	tracks  bool
	content *content
	// about says that it is about an event of a case, and nothing else.
	about bool
	event eventUndo
}

type generation struct {
	seq  data.Seq
	keys []Key
}

// Get is the newest head of a feature of a layer that exists since born. An older head belongs to a layer of the
// same name that was dropped.
func (o *Heads) Get(key Key, born data.Seq) (data.Head, bool) {
	h, ok := o.heads[key]
	if !ok {
		h, ok = o.base.Head(key.Layer, key.ID)
	}
	if !ok || h.Seq < born {
		return data.Head{}, false
	}
	return h, true
}

// Set takes the head of a feature that the group under preparation changes.
func (o *Heads) Set(key Key, h data.Head) {
	if !o.bulk {
		old, had := o.heads[key]
		o.undo = append(o.undo, undo{key: key, old: old, had: had})
	}
	o.heads[key] = h
}

// Track keeps the content of the feature that was set last, nil for deleted. holding are the texts that it is found by,
// each with the position of its attribute.
func (o *Heads) Track(key Key, f *data.Feature, holding iter.Seq2[int, string]) {
	if !o.bulk {
		u := &o.undo[len(o.undo)-1]
		u.tracks, u.content = true, o.tracked.features[key]
	}
	c := &content{feature: f}
	if f != nil {
		for place, text := range holding {
			c.held = append(c.held, held{key.Layer, place, text})
		}
	}
	o.tracked.set(key, c)
}

// Renew forgets everything. The caller has waited until the engine knows all that was committed, or makes everyone
// wait until it does. With bulk, what is set from then on is forgotten by another Renew only: transactions that are
// appended together may be millions of changes, which are kept or undone as a whole.
func (o *Heads) Renew(bulk bool) {
	clear(o.undo)
	*o = Heads{base: o.base, heads: map[Key]data.Head{}, tracked: newTracked(), cases: o.cases, undo: o.undo[:0], bulk: bulk}
}

// Rollback undoes everything that was set since a mark. 0 is the beginning of the group under preparation.
func (o *Heads) Rollback(n int) {
	for i := len(o.undo) - 1; i >= n; i-- {
		u := &o.undo[i]
		if u.about {
			o.cases.undo(&u.event)
			continue
		}
		if u.had {
			o.heads[u.key] = u.old
		} else {
			delete(o.heads, u.key)
		}
		if u.tracks {
			o.tracked.set(u.key, u.content)
		}
	}
	clear(o.undo[n:])
	o.undo = o.undo[:n]
}

// Keep makes the group under preparation a generation.
func (o *Heads) Keep(seq data.Seq) {
	keys := make([]Key, 0, len(o.undo))
	for i := range o.undo {
		if !o.undo[i].about {
			keys = append(keys, o.undo[i].key)
		}
	}
	o.cases.keep(seq)
	clear(o.undo)
	o.undo = o.undo[:0]
	o.generations = append(o.generations, generation{seq, keys})
}

// Prune forgets what the engine knows by now.
func (o *Heads) Prune() {
	// Applied is read first: what it covers, Head answers from then on.
	applied := o.base.Applied()
	n := 0
	for n < len(o.generations) && o.generations[n].seq <= applied {
		for _, k := range o.generations[n].keys {
			if o.heads[k].Seq <= applied {
				delete(o.heads, k)
				o.tracked.set(k, nil)
			}
		}
		n++
	}
	if n == 0 {
		return
	}
	rest := copy(o.generations, o.generations[n:])
	clear(o.generations[rest:])
	o.generations = o.generations[:rest]
	if len(o.heads) == 0 {
		o.heads, o.tracked = map[Key]data.Head{}, newTracked() // a map never gives memory back
	}
}
