package lines

import (
	"math"

	"github.com/gewu-city/gewu/geo"
)

// vec is a distance in metres to the east and to the north.
type vec struct{ x, y float64 }

func (v vec) length() float64 { return math.Hypot(v.x, v.y) }

// bearing is the direction of the vector in degrees from north, clockwise.
func (v vec) bearing() float64 { return math.Atan2(v.x, v.y) * (180 / math.Pi) }

// left is the vector of length 1 to the left of v.
func (v vec) left() vec { l := v.length(); return vec{-v.y / l, v.x / l} }

// apart is the angle between two bearings, 0 to 180 degrees.
func apart(a, b float64) float64 { return math.Abs(math.Remainder(a-b, 360)) }

// frame measures around a place, with the scale of its latitude.
type frame struct {
	at     geo.Point
	mx, my float64 // metres in a unit
}

func around(p geo.Point) frame {
	mx, my := geo.Scale(p.Lat())
	return frame{p, mx, my}
}

// to is the way from the place of the frame to p.
func (f *frame) to(p geo.Point) vec {
	return vec{float64(int64(p.X)-int64(f.at.X)) * f.mx, float64(int64(p.Y)-int64(f.at.Y)) * f.my}
}

// moved is the point at the end of a way from p, which is near the place of the frame.
func (f *frame) moved(p geo.Point, way vec) geo.Point {
	move := func(from int32, units float64, limit float64) int32 {
		return int32(math.RoundToEven(max(-limit, min(limit, float64(from)+units))))
	}
	return geo.Point{X: move(p.X, way.x/f.mx, geo.MaxX), Y: move(p.Y, way.y/f.my, geo.MaxY)}
}

// heading is the way from a to b.
func heading(a, b geo.Point) vec {
	f := around(geo.Between(a, b, 0.5))
	v, w := f.to(a), f.to(b)
	return vec{w.x - v.x, w.y - v.y}
}

// spot is a place on a line of a road: at a share of the segment that follows a point of the line.
type spot struct {
	line, segment int
	share         float64
	at            geo.Point
}

// foot is the share of the segment from a to b that is nearest to the place of the frame, and how far that is.
func (f *frame) foot(a, b geo.Point) (share, metres float64) {
	v, w := f.to(a), f.to(b)
	u := vec{w.x - v.x, w.y - v.y}
	if l := u.x*u.x + u.y*u.y; l > 0 {
		share = max(0, min(1, -(v.x*u.x+v.y*u.y)/l))
	}
	return share, vec{v.x + share*u.x, v.y + share*u.y}.length()
}

// away is how far at least the points of a box are from the place of the frame.
func (f *frame) away(b geo.Box) float64 {
	p := geo.Point{X: max(b.Min.X, min(b.Max.X, f.at.X)), Y: max(b.Min.Y, min(b.Max.Y, f.at.Y))}
	return f.to(p).length()
}

// nearest is the spot of the lines from first to last, without last, that is nearest to the place of the frame, the first
// of those that are as near, if one is nearer than within.
func (r *road) nearest(f *frame, first, last int, within float64) (s spot, metres float64, ok bool) {
	metres = within
	for i := first; i < last; i++ {
		if f.away(r.lines[i].box) >= metres {
			continue
		}
		run := r.run(i)
		for j := 1; j < len(run); j++ {
			if share, m := f.foot(run[j-1], run[j]); m < metres {
				s, metres, ok = spot{i, j - 1, share, geo.Point{}}, m, true
			}
		}
	}
	if ok {
		run := r.run(s.line)
		s.at = geo.Between(run[s.segment], run[s.segment+1], s.share)
	}
	return s, metres, ok
}

// near is the spot of the road that is nearest to p.
func (r *road) near(p geo.Point) (spot, float64) {
	f := around(p)
	s, metres, _ := r.nearest(&f, 0, len(r.lines), math.Inf(1))
	return s, metres
}

// direction is that of the line at a spot.
func (r *road) direction(s spot) vec {
	run := r.run(s.line)
	return heading(run[s.segment], run[s.segment+1])
}

// length is that of the lines from first to last, without last.
func (r *road) length(first, last int) (metres float64) {
	for i := first; i < last; i++ {
		run := r.run(i)
		for j := 1; j < len(run); j++ {
			metres += geo.Distance(run[j-1], run[j])
		}
	}
	return metres
}

// after is how far the spot is from the beginning of the lines that begin with first.
func (r *road) after(first int, s spot) float64 {
	metres := r.length(first, s.line)
	run := r.run(s.line)
	for j := 1; j <= s.segment; j++ {
		metres += geo.Distance(run[j-1], run[j])
	}
	return metres + s.share*geo.Distance(run[s.segment], run[s.segment+1])
}

// reach is the spot so far from the beginning of the lines from first to last, without last.
func (r *road) reach(first, last int, metres float64) spot {
	for i := first; ; i++ {
		run := r.run(i)
		for j := 1; j < len(run); j++ {
			d := geo.Distance(run[j-1], run[j])
			if metres < d || i == last-1 && j == len(run)-1 {
				share := max(0, min(1, metres/d))
				return spot{i, j - 1, share, geo.Between(run[j-1], run[j], share)}
			}
			metres -= d
		}
	}
}
