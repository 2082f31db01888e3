package undo

import (
	"fmt"

	"github.com/gewu-city/gewu/data"
)

// keeping is what an undo that leaves some features as they are must leave with them: what they refer to cannot end, and
// what that refers to cannot either.
type keeping struct {
	// ends are the features that are to end, those of layers that something refers to.
	ends bits
	// left are features that stay as they are, stays those of them that were to end.
	left  []feature
	stays map[feature]bool
}

// without is what is to be written when some of it stays; nil for all.
func (k *keeping) without() func(*data.Change) bool {
	if len(k.stays) == 0 {
		return nil
	}
	return func(c *data.Change) bool { return c.Op != data.OpDelete || !k.stays[feature{c.Layer, c.Feature.ID}] }
}

// keep notes that a feature stays as it is, if the undo goes on in spite of that.
func (t *taking) keep(c Conflict) {
	if t.q.Force {
		t.kept.left = append(t.kept.left, feature{c.Layer, c.ID})
	}
}

// ends notes that a feature is to end.
func (t *taking) ends(c Conflict) {
	if _, layer := t.layer(c.Layer); layer != nil && t.q.Force && t.links.rules.Concerns(data.OpDelete, c.Layer) {
		if head, ok := layer.Head(c.ID); ok {
			t.kept.ends.add(head.Permanent)
		}
	}
}

// spread finds the features that cannot end because of those that stay.
func (t *taking) spread() {
	for len(t.kept.left) > 0 {
		key := t.kept.left[len(t.kept.left)-1]
		t.kept.left = t.kept.left[:len(t.kept.left)-1]
		f, ok := t.links.Feature(key.layer, key.id)
		if !ok {
			continue
		}
		for layer, id := range t.links.rules.Restricting(key.layer, &f) {
			l, ok := t.links.Layer(layer)
			if !ok {
				continue
			}
			target := feature{layer, id}
			head, ok := l.Head(id)
			if !ok || !t.kept.ends.has(head.Permanent) || t.kept.stays[target] {
				continue
			}
			if t.kept.stays == nil {
				t.kept.stays = map[feature]bool{}
			}
			t.kept.stays[target] = true
			t.result.Ended--
			t.skip(Conflict{Layer: layer, ID: id, Seq: head.Seq, Why: fmt.Sprintf("cannot be deleted while feature %q of layer %s stays, which refers to it", key.id, key.layer)})
		}
	}
}
