package geo

import "math"

// field holds the edges of one polygon in a plane with equal scales: units of latitude, x relative to the box.
type field struct {
	ratio  float64
	x0, y0 float64
	edges  []struct{ ax, ay, bx, by, inv float64 }
}

func newField(s Shape, from, to int, box Box) *field {
	mx, my := Scale((box.Min.Lat() + box.Max.Lat()) / 2)
	f := &field{ratio: max(mx/my, 1e-6), x0: float64(box.Min.X), y0: float64(box.Min.Y)}
	for i := from; i < to; i++ {
		r := s.Ring(i)
		for j := 1; j < len(r); j++ {
			if r[j-1] == r[j] {
				continue
			}
			ax, ay := f.plane(r[j-1])
			bx, by := f.plane(r[j])
			f.edges = append(f.edges, struct{ ax, ay, bx, by, inv float64 }{
				ax, ay, bx, by, 1 / ((bx-ax)*(bx-ax) + (by-ay)*(by-ay)),
			})
		}
	}
	return f
}

func (f *field) plane(p Point) (x, y float64) {
	return (float64(p.X) - f.x0) * f.ratio, float64(p.Y) - f.y0
}

func (f *field) point(x, y float64) Point {
	return Point{X: int32(math.RoundToEven(x/f.ratio + f.x0)), Y: int32(math.RoundToEven(y + f.y0))}
}

// distance is the distance from the outline, negative outside.
func (f *field) distance(x, y float64) float64 {
	best := math.Inf(1)
	inside := false
	for i := range f.edges {
		e := &f.edges[i]
		if (e.ay > y) != (e.by > y) && x < (e.bx-e.ax)*(y-e.ay)/(e.by-e.ay)+e.ax {
			inside = !inside
		}
		ux, uy := e.bx-e.ax, e.by-e.ay
		dx, dy := x-e.ax, y-e.ay
		if t := (dx*ux + dy*uy) * e.inv; t >= 1 {
			dx, dy = x-e.bx, y-e.by
		} else if t > 0 {
			dx -= t * ux
			dy -= t * uy
		}
		if d := dx*dx + dy*dy; d < best {
			best = d
		}
	}
	if inside {
		return math.Sqrt(best)
	}
	return -math.Sqrt(best)
}

// centroid is the centre of gravity of the polygon, or of its box when it has no area.
func (f *field) centroid() (x, y float64) {
	sum := 0.0
	for _, e := range f.edges {
		c := e.ax*e.by - e.bx*e.ay
		x += (e.ax + e.bx) * c
		y += (e.ay + e.by) * c
		sum += 3 * c
	}
	if sum == 0 {
		return 0, 0
	}
	return x / sum, y / sum
}
