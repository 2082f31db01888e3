package divide

import "github.com/gewu-city/gewu/geo"

// Blocks are the pieces of ground between lines and borders of communities.
func (g *Ground) Blocks() []geo.Shape {
	var out []geo.Shape
	for id := range g.blocks.Faces() {
		out = append(out, g.shapes[id])
	}
	return out
}
