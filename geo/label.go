package geo

import "math"

// LabelPoint is a point for a label or symbol. For polygons it is the pole of inaccessibility of the largest one: the
// inner point farthest from the outline, up to 1 % of the polygon's size; it always lies in the polygon
// ([Shape.Contains]) unless the polygon is a sliver without a grid point inside, when it is a vertex. For lines it
// is the middle of the longest one, for points the first, and without geometry the zero Point. The answer depends on
// the shape only.
//
// The search is that of V. Agafonkin's polylabel (2016): squares are split in the order of the best distance that
// they may still hold.
func LabelPoint(s Shape) Point {
	switch s.kind {
	case KindPoint:
		return s.xy[0]
	case KindLine:
		return middle(s)
	case KindPolygon:
		from, to := s.Polygon(largest(s))
		return pole(s, from, to)
	default:
		return Point{}
	}
}

func largest(s Shape) int {
	best, at := -1.0, 0
	if s.NumPolygons() == 1 {
		return 0
	}
	e := newEqualArea(s.Box())
	for i := range s.polys {
		if a := math.Abs(e.polygon(s, i)); a > best {
			best, at = a, i
		}
	}
	return at
}

// middle is the point half-way along the longest line.
func middle(s Shape) Point {
	var run []Point
	best := -1.0
	for i := range s.rings {
		l := 0.0
		for r, j := s.Ring(i), 1; j < len(r); j++ {
			l += Distance(r[j-1], r[j])
		}
		if l > best {
			best, run = l, s.Ring(i)
		}
	}
	left := best / 2
	for j := 1; j < len(run); j++ {
		d := Distance(run[j-1], run[j])
		if d >= left && d > 0 {
			return Between(run[j-1], run[j], left/d)
		}
		left -= d
	}
	return run[0]
}

// Between is the point at a share of the way from a to b, rounded to whole units.
func Between(a, b Point, share float64) Point {
	at := func(a, b int32) int32 { return int32(math.RoundToEven(float64(a) + share*(float64(b)-float64(a)))) }
	return Point{X: at(a.X, b.X), Y: at(a.Y, b.Y)}
}
