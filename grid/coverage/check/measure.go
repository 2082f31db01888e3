package check

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/geo"
)

// measured is a face in metres.
type measured struct {
	area, width float64
	inside      orb.Point
}

// path is a closed path in units relative to an origin.
type path [][2]float64

// measure finds area, mean width and a place inside of a face.
func (g *graph) measure(f int32) measured {
	o := g.sites[g.origin(g.start[g.faces[f].cycles[0]])].p
	var paths []path
	for _, c := range g.faces[f].cycles {
		var p path
		for h := range g.along(c) {
			x, y := g.sites[g.origin(h)].at(o)
			p = append(p, [2]float64{x, y})
		}
		paths = append(paths, p)
	}
	m := measurePaths(o, paths)
	// The exact area tells more than the sum of rounded places.
	twice, _ := g.twice(f).Float64()
	if m.area > 0 {
		sum := 0.0
		for _, p := range paths {
			sum += shoelace(p)
		}
		if sum > 0 {
			scale := twice / sum
			m.area, m.width = m.area*scale, m.width*scale
		}
	}
	return m
}

// width is the mean width in metres of part p of a shape, and its area in square metres.
func width(s geo.Shape, p int) (w, area float64) {
	m := measurePaths(partPaths(s, p))
	return m.width, m.area
}

// insideOf is a place inside part p of a shape.
func insideOf(s geo.Shape, p int) orb.Point {
	o, paths := partPaths(s, p)
	return widest(o, paths)
}

func partPaths(s geo.Shape, p int) (o geo.Point, paths []path) {
	from, to := s.Polygon(p)
	o = s.Ring(from)[0]
	for r := from; r < to; r++ {
		ring := s.Ring(r)
		one := make(path, 0, len(ring)-1)
		for _, q := range ring[1:] {
			one = append(one, [2]float64{float64(int64(q.X) - int64(o.X)), float64(int64(q.Y) - int64(o.Y))})
		}
		paths = append(paths, one)
	}
	return o, paths
}

func shoelace(p path) float64 {
	sum, a := 0.0, p[len(p)-1]
	for _, b := range p {
		sum += a[0]*b[1] - a[1]*b[0]
		a = b
	}
	return sum
}

// measurePaths measures what lies on the left of paths. Areas are taken at the latitude of the centre of gravity, which
// leaves an error of second order: below 1e-5 for faces as large as a city.
func measurePaths(o geo.Point, paths []path) measured {
	twice, moment := 0.0, 0.0
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range paths {
		a := p[len(p)-1]
		for _, b := range p {
			c := a[0]*b[1] - a[1]*b[0]
			twice += c
			moment += c * (a[1] + b[1])
			low, high = min(low, b[1]), max(high, b[1])
			a = b
		}
	}
	lat := (low + high) / 2
	if twice > 0 {
		lat = max(low, min(high, moment/(3*twice)))
	}
	mx, my := geo.Scale((float64(o.Y) + lat) / geo.Unit)
	length := 0.0
	for _, p := range paths {
		a := p[len(p)-1]
		for _, b := range p {
			length += math.Hypot((b[0]-a[0])*mx, (b[1]-a[1])*my)
			a = b
		}
	}
	m := measured{area: max(0, twice) / 2 * mx * my, inside: widest(o, paths)}
	if length > 0 {
		m.width = 2 * m.area / length
	}
	return m
}

// mostLines bounds the search for the widest chord.
const mostLines = 64

// widest is the middle of the widest chord from west to east, among lines half-way between the heights of vertices that
// follow each other: those farthest apart when there are many.
func widest(o geo.Point, paths []path) orb.Point {
	var ys []float64
	for _, p := range paths {
		for _, v := range p {
			ys = append(ys, v[1])
		}
	}
	slices.Sort(ys)
	ys = slices.Compact(ys)
	type band struct{ y, height float64 }
	bands := make([]band, 0, len(ys))
	for i := 1; i < len(ys); i++ {
		bands = append(bands, band{(ys[i-1] + ys[i]) / 2, ys[i] - ys[i-1]})
	}
	if len(bands) > mostLines {
		slices.SortStableFunc(bands, func(a, b band) int {
			switch {
			case a.height > b.height:
				return -1
			case a.height < b.height:
				return 1
			default:
				return 0
			}
		})
		bands = bands[:mostLines]
	}
	best, x, y := -1.0, paths[0][0][0], paths[0][0][1]
	var cuts []float64
	for _, b := range bands {
		cuts = cuts[:0]
		for _, p := range paths {
			a := p[len(p)-1]
			for _, v := range p {
				if (a[1] > b.y) != (v[1] > b.y) {
					cuts = append(cuts, a[0]+(b.y-a[1])/(v[1]-a[1])*(v[0]-a[0]))
				}
				a = v
			}
		}
		slices.Sort(cuts)
		for i := 1; i < len(cuts); i += 2 {
			// A chord in a low band is hard to be inside of: both count.
			if w := min(cuts[i]-cuts[i-1], 1e3*b.height); w > best {
				best, x, y = w, (cuts[i]+cuts[i-1])/2, b.y
			}
		}
	}
	return orb.Point{(float64(o.X) + x) / geo.Unit, (float64(o.Y) + y) / geo.Unit}
}
