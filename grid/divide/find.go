package divide

import (
	"github.com/tidwall/rtree"

	"github.com/gewu-city/gewu/geo"
)

// finder says which of some shapes owns a point. It may be used by several goroutines.
type finder struct {
	tree   rtree.RTreeGN[int32, int32]
	shapes []geo.Shape
}

func newFinder(shapes []geo.Shape) *finder {
	f := &finder{shapes: shapes}
	for i, s := range shapes {
		if s.Kind() == geo.KindPolygon {
			b := s.Box()
			f.tree.Insert([2]int32{b.Min.X, b.Min.Y}, [2]int32{b.Max.X, b.Max.Y}, int32(i))
		}
	}
	return f
}

// at is the number of the shape that owns a point, the least of several; -1 for none.
func (f *finder) at(p geo.Point) int32 {
	best := int32(-1)
	f.tree.Search([2]int32{p.X, p.Y}, [2]int32{p.X, p.Y}, func(_, _ [2]int32, i int32) bool {
		if (best < 0 || i < best) && f.shapes[i].Contains(p) {
			best = i
		}
		return true
	})
	return best
}

// near visits the shapes whose boxes meet one.
func (f *finder) near(b geo.Box, visit func(i int32)) {
	f.tree.Search([2]int32{b.Min.X, b.Min.Y}, [2]int32{b.Max.X, b.Max.Y}, func(_, _ [2]int32, i int32) bool {
		visit(i)
		return true
	})
}
