package coverage

import "github.com/gewu-city/gewu/geo"

// Union is the ground of the faces of each group, by the group's name: the areas of the level above when group gives the
// parent. Borders within a group vanish; the others keep their vertices, so that areas fit each other and the faces.
func (c *Coverage) Union(group func(f *Face) string) map[string]geo.Shape {
	numbers := map[string]FaceID{}
	of := make([]FaceID, len(c.faces))
	var names []string
	for id, f := range c.Faces() {
		name := group(f)
		n, ok := numbers[name]
		if !ok {
			names = append(names, name)
			n = FaceID(len(names))
			numbers[name] = n
		}
		of[id] = n
	}
	sides := make([][]Side, len(names)+1)
	for id, a := range c.Arcs() {
		left, right := of[a.Left], of[a.Right]
		if left != right {
			sides[left] = append(sides[left], Side(2*id))
			sides[right] = append(sides[right], Side(2*id+1))
		}
	}
	out := make(map[string]geo.Shape, len(names))
	for i, name := range names {
		traced := rings(sides[i+1], c.Arc)
		paths := make([][]geo.Point, len(traced))
		for k, r := range traced {
			paths[k] = c.points(r)
		}
		out[name] = assemble(paths)
	}
	return out
}
