package column

import (
	"cmp"
	"iter"

	"github.com/tidwall/btree"

	"github.com/gewu-city/gewu/data"
)

// holders finds the features that hold a text in one attribute: refs and unique attributes have it. The engine's is
// written by one goroutine; a view is immutable.
type holders struct{ tree *btree.BTreeG[holding] }

// holding is one feature that holds a text. The text shares the memory of the column's dictionary.
type holding struct {
	text string
	slot uint32
}

func newHolders() *holders {
	less := func(a, b holding) bool {
		if c := cmp.Compare(a.text, b.text); c != 0 {
			return c < 0
		}
		return a.slot < b.slot
	}
	return &holders{btree.NewBTreeGOptions(less, btree.Options{NoLocks: true})}
}

// hold notes that a row holds a text instead of another; null texts are empty and not held.
func (h *holders) hold(slot uint32, old, text data.Value) {
	if old == text {
		return
	}
	if !old.Null() {
		h.tree.Delete(holding{old.Text(), slot})
	}
	if !text.Null() {
		h.tree.Set(holding{text.Text(), slot})
	}
}

func (h *holders) view() *holders {
	if h == nil {
		return nil
	}
	return &holders{h.tree.Copy()}
}

// of yields the slots that hold a text, in their order.
func (h *holders) of(text string) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		h.tree.Ascend(holding{text, 0}, func(have holding) bool {
			return have.text == text && yield(have.slot)
		})
	}
}

// needsHolders reports whether features are looked up by what they hold in the attribute.
func needsHolders(a *data.Attribute) bool { return a.Ref != "" || a.Unique }
