package boltstore

import (
	"github.com/gewu-city/gewu/data"
)

// headKey names a feature.
type headKey struct{ layer, id string }

// overlay holds the heads of features that this process has written and the engine has not applied yet. Only the
// committer uses it.
type overlay struct {
	base  data.Heads
	heads map[headKey]data.Head
	// undo holds what the group under preparation replaced, newest last.
	undo []undo
	// generations are the committed groups that heads holds, oldest first.
	generations []generation
}

type undo struct {
	key headKey
	old data.Head
	had bool
}

type generation struct {
	seq  data.Seq
	keys []headKey
}

// get is the newest head of a feature of a layer that exists since born. An older head belongs to a layer of the
// same name that was dropped.
func (o *overlay) get(key headKey, born data.Seq) (data.Head, bool) {
	h, ok := o.heads[key]
	if !ok {
		h, ok = o.base.Head(key.layer, key.id)
	}
	if !ok || h.Seq < born {
		return data.Head{}, false
	}
	return h, true
}

func (o *overlay) set(key headKey, h data.Head) {
	old, had := o.heads[key]
	o.undo = append(o.undo, undo{key, old, had})
	o.heads[key] = h
}

// rollback undoes everything set since the undo list had n elements.
func (o *overlay) rollback(n int) {
	for i := len(o.undo) - 1; i >= n; i-- {
		if u := o.undo[i]; u.had {
			o.heads[u.key] = u.old
		} else {
			delete(o.heads, u.key)
		}
	}
	o.undo = o.undo[:n]
}

// keep makes the group under preparation a generation.
func (o *overlay) keep(seq data.Seq) {
	keys := make([]headKey, len(o.undo))
	for i := range o.undo {
		keys[i] = o.undo[i].key
	}
	clear(o.undo)
	o.undo = o.undo[:0]
	o.generations = append(o.generations, generation{seq, keys})
}

// prune forgets what the engine knows by now.
func (o *overlay) prune() {
	// Applied is read first: what it covers, Head answers from then on.
	applied := o.base.Applied()
	n := 0
	for n < len(o.generations) && o.generations[n].seq <= applied {
		for _, k := range o.generations[n].keys {
			if o.heads[k].Seq <= applied {
				delete(o.heads, k)
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
		o.heads = map[headKey]data.Head{} // a map never gives memory back
	}
}
