package memory

import (
	"iter"

	"github.com/gewu-city/gewu/data"
)

// tracked is the content of features whose links are checked.
type tracked struct {
	features map[Key]*content
	// holders are the features that hold a text, by that text.
	holders map[held]map[string]struct{}
}

// content is a feature, nil when it is deleted, and the texts that it is found by.
type content struct {
	feature *data.Feature
	held    []held
}

// held is a text in an attribute of a layer.
type held struct {
	layer string
	place int
	text  string
}

func newTracked() tracked {
	return tracked{features: map[Key]*content{}, holders: map[held]map[string]struct{}{}}
}

// set replaces what is known of a feature; nil forgets it.
func (t *tracked) set(key Key, c *content) {
	if old := t.features[key]; old != nil {
		for _, h := range old.held {
			ids := t.holders[h]
			if delete(ids, key.ID); len(ids) == 0 {
				delete(t.holders, h)
			}
		}
	}
	if c == nil {
		delete(t.features, key)
		return
	}
	t.features[key] = c
	for _, h := range c.held {
		ids := t.holders[h]
		if ids == nil {
			ids = map[string]struct{}{}
			t.holders[h] = ids
		}
		ids[key.ID] = struct{}{}
	}
}

// Feature is a feature that exists, of a layer whose features are tracked.
func (o *Heads) Feature(key Key, born data.Seq) (data.Feature, bool) {
	if c, ok := o.tracked.features[key]; ok {
		if c.feature == nil {
			return data.Feature{}, false
		}
		return *c.feature, true
	}
	if h, ok := o.Get(key, born); !ok || h.Deleted {
		return data.Feature{}, false
	}
	return o.base.Feature(key.Layer, key.ID)
}

// Holders yields the ids of the features of a tracked layer that hold a text in an attribute.
func (o *Heads) Holders(layer string, place int, text string, born data.Seq) iter.Seq[string] {
	return func(yield func(string) bool) {
		for id := range o.tracked.holders[held{layer, place, text}] {
			if !yield(id) {
				return
			}
		}
		for id := range o.base.Holders(layer, place, text) {
			key := Key{layer, id}
			if _, newer := o.tracked.features[key]; newer {
				continue
			}
			if _, ok := o.Get(key, born); ok && !yield(id) {
				return
			}
		}
	}
}
