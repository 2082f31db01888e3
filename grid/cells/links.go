package cells

import (
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// countLinked counts the layers without geometry whose features belong to located ones: firms to doors, households to
// houses, persons to households. A layer is counted by its first ref that leads to a counted layer; refs in a circle
// lead nowhere.
func (d *Division) countLinked(w *index.World) {
	for found := true; found; {
		found = false
		for _, l := range w.Layers() {
			def := l.Def()
			if def.Geometry != data.GeometryNone || d.counted(def.Name) != nil {
				continue
			}
			for i, a := range def.Attributes {
				if target := d.counted(a.Ref); a.Ref != "" && !a.Dropped && target != nil {
					c := newCounted(l)
					c.via, c.target = i, target
					d.layers = append(d.layers, d.count(c))
					found = true
					break
				}
			}
		}
	}
}

func (d *Division) counted(layer string) *counted {
	i := slices.IndexFunc(d.layers, func(c *counted) bool { return c.name == layer })
	if i < 0 {
		return nil
	}
	return d.layers[i]
}

// linkedOwner is the polygon in which the feature that s refers to is counted.
func (c *counted) linkedOwner(s index.Slot) (index.Slot, bool) {
	v := c.features.Value(s, c.via)
	if v.Null() {
		return 0, false
	}
	to, ok := c.target.features.Lookup(v.Text())
	if !ok {
		return 0, false
	}
	owner := c.target.owners.at(uint32(to))
	return index.Slot(owner - 1), owner != 0
}

// followers are the features of a linked layer that refer to features which are counted elsewhere now.
func (r *recount) followers(l *index.Layer, via int, target *counted) []index.Slot {
	var slots []index.Slot
	for _, s := range r.left[target.name] {
		slots = slices.AppendSeq(slots, l.Equal(via, data.TextValue(data.Ref, target.features.ID(s))))
	}
	return slots
}

// linkedMembers yields the features of a linked layer whose target is counted in a polygon.
func (c *counted) linkedMembers(d *Division, cell index.Slot, yield func(index.Slot) bool) {
	d.members(c.target, cell, func(to index.Slot) bool {
		for s := range c.features.Equal(c.via, data.TextValue(data.Ref, c.target.features.ID(to))) {
			if !yield(s) {
				return false
			}
		}
		return true
	})
}

// members yields the features of a counted layer that are counted in a polygon.
func (d *Division) members(c *counted, cell index.Slot, yield func(index.Slot) bool) {
	if c.via >= 0 {
		c.linkedMembers(d, cell, yield)
		return
	}
	c.features.Search(d.cells.Box(cell), func(s index.Slot) bool {
		return c.owners.at(uint32(s)) != uint32(cell)+1 || yield(s)
	})
}

// place is the feature whose point stands for a feature: itself, or the one that it leads to.
func (c *counted) place(s index.Slot) (*index.Layer, index.Slot) {
	for c.via >= 0 {
		to, ok := c.target.features.Lookup(c.features.Value(s, c.via).Text())
		if !ok {
			break
		}
		c, s = c.target, to
	}
	return c.features, s
}
