package synth

import (
	"math"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// areas yields the areas of a level as polygons; values gives their attributes.
func (c *City) areas(l level, yield func(data.Feature) bool, values func(i int32, s geo.Shape) []data.Value) {
	o := outlinesOf(c.mesh, c.tree, l)
	for i := range c.tree.count(l) {
		s := c.bends.polygon(o.ring(c.mesh, i))
		if !yield(data.Feature{ID: c.codes[l][i], Shape: s, Values: values(i, s)}) {
			return
		}
	}
}

// named yields the areas of a level that have code, name, and the code of the area above.
func (c *City) named(l level, names *namer) func(func(data.Feature) bool) {
	return func(yield func(data.Feature) bool) {
		c.areas(l, yield, func(i int32, _ geo.Shape) []data.Value {
			v := []data.Value{codeValue(c.codes[l][i]), text(names.name(int64(i)))}
			if l > districts {
				v = append(v, codeValue(c.codes[l-1][c.tree.parent[l][i]]))
			}
			return v
		})
	}
}

// units yields the cells.
func (c *City) units(yield func(data.Feature) bool) {
	c.areas(cells, yield, func(i int32, s geo.Shape) []data.Value {
		homes := int64(0)
		for b := c.tree.first[cells][i]; b < c.tree.first[cells][i+1]; b++ {
			homes += int64(c.homes[b])
		}
		return []data.Value{
			codeValue(c.codes[cells][i]), codeValue(c.codes[communities][c.tree.parent[cells][i]]),
			data.IntValue(int64(math.Round(s.Area()))), data.IntValue(homes), data.DateValue(surveyed),
		}
	})
}

// allBlocks yields the blocks.
func (c *City) allBlocks(yield func(data.Feature) bool) {
	var ring []half
	for b := range c.tree.count(blocks) {
		ring = c.mesh.ring(b, ring[:0])
		s := c.bends.polygon(ring)
		code := c.blockCode(b)
		if !yield(data.Feature{ID: code, Shape: s, Values: []data.Value{
			codeValue(code), codeValue(c.codes[cells][c.tree.parent[blocks][b]]), text(c.use(b).title),
			data.IntValue(int64(math.Round(s.Area()))), data.IntValue(int64(c.homes[b])),
		}}) {
			return
		}
	}
}

// allRoads yields the roads.
func (c *City) allRoads(yield func(data.Feature) bool) {
	for i := range c.roads {
		r := &c.roads[i]
		s := c.line(r)
		code, k := "R"+pad(i+1, 7), &roadClass[r.class]
		if !yield(data.Feature{ID: code, Shape: s, Values: []data.Value{
			codeValue(code), text(c.roadNames[i]), text(k.title), data.NumberValue(float64(2*k.half) / 1000),
			data.IntValue(int64(math.Round(s.Length()))),
		}}) {
			return
		}
	}
}
