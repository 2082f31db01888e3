package lines

import (
	"math"

	"github.com/gewu-city/gewu/geo"
)

const (
	// touching is how far in metres a line may end from another that it meets.
	touching = 3.0
	// widestAngle is how far in degrees a direction may be from the bearing that was asked for.
	widestAngle = 60.0
	// sharpest is how far in degrees a way along a road may turn from one line to another.
	sharpest = 120.0
	// hops is from how many lines to others a way may lead.
	hops = 500
)

// Nearest is the point of a road nearest to p and its distance in metres; it is not ok where the road has no lines.
func (ix *Index) Nearest(road uint32, p geo.Point) (at geo.Point, metres float64, ok bool) {
	r := ix.road(road)
	if r == nil {
		return geo.Point{}, 0, false
	}
	s, metres := r.near(p)
	return s.at, metres, true
}

// Opposite is the other side of the road: the point mirrored over the nearest line. It is not ok where the road has no
// lines, and where the point is on the road.
func (ix *Index) Opposite(road uint32, at geo.Point) (geo.Point, bool) {
	r := ix.road(road)
	if r == nil {
		return geo.Point{}, false
	}
	s, metres := r.near(at)
	if metres < 0.5 {
		return geo.Point{}, false
	}
	f := around(at)
	way := f.to(s.at)
	return f.moved(at, vec{2 * way.x, 2 * way.y}), true
}

// Side is the point beside the road: from the point of the road nearest to p so many metres square to the road, to the
// side that agrees best with a bearing in degrees from north, clockwise. It is not ok where the road has no lines, or no
// side within 60° of the bearing.
func (ix *Index) Side(road uint32, p geo.Point, bearing, metres float64) (geo.Point, bool) {
	r := ix.road(road)
	if r == nil || !finite(bearing, metres) {
		return geo.Point{}, false
	}
	s, _ := r.near(p)
	n := r.direction(s).left()
	if apart(n.bearing(), bearing) > 90 {
		n = vec{-n.x, -n.y}
	}
	if apart(n.bearing(), bearing) > widestAngle {
		return geo.Point{}, false
	}
	f := around(s.at)
	return f.moved(s.at, vec{n.x * metres, n.y * metres}), true
}

func finite(numbers ...float64) bool {
	for _, n := range numbers {
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return false
		}
	}
	return true
}

// Middle is the point of a road nearest to the centre of gravity of its lines, and how far in metres the road reaches
// from there; it is not ok where the road has no lines.
func (ix *Index) Middle(road uint32) (at geo.Point, radius float64, ok bool) {
	r := ix.road(road)
	if r == nil {
		return geo.Point{}, 0, false
	}
	var x, y, sum float64
	for i := range r.lines {
		run := r.run(i)
		for j := 1; j < len(run); j++ {
			a, b := run[j-1], run[j]
			d := geo.Distance(a, b)
			x += d * (float64(a.X) + float64(b.X)) / 2
			y += d * (float64(a.Y) + float64(b.Y)) / 2
			sum += d
		}
	}
	s, _ := r.near(geo.Point{X: int32(math.RoundToEven(x / sum)), Y: int32(math.RoundToEven(y / sum))})
	for _, p := range r.points {
		radius = max(radius, geo.Distance(s.at, p))
	}
	return s.at, radius, true
}

// Along is the point so many metres along a road from its point nearest to from: of the two ways the one whose end lies
// best in a bearing, in degrees from north, clockwise. At the end of a line the way goes on along the line of the same
// road that it meets within 3 m and that leads most nearly straight on, turning by 120° at most. It is not ok where the
// road has no lines, where both ways end before, and where none leads within 60° of the bearing.
func (ix *Index) Along(road uint32, from geo.Point, bearing, metres float64) (geo.Point, bool) {
	r := ix.road(road)
	if r == nil || !finite(bearing, metres) || metres < 0 {
		return geo.Point{}, false
	}
	s, _ := r.near(from)
	if metres == 0 {
		return s.at, true
	}
	ways := []step{{s, true}, {s, false}}
	run := r.run(s.line)
	if s.at == run[0] || s.at == run[len(run)-1] {
		ways = append(ways, r.steps(s.at)...)
	}
	var best geo.Point
	angle := math.Inf(1)
	for _, w := range ways {
		end, ok := r.walk(w, metres)
		if !ok || end == s.at {
			continue
		}
		if a := apart(heading(s.at, end).bearing(), bearing); a < angle {
			best, angle = end, a
		}
	}
	return best, angle <= widestAngle
}

// step is a way to leave a spot: in the direction of its line, or against it.
type step struct {
	spot
	forward bool
}

// walk is the point so many metres along the road.
func (r *road) walk(w step, metres float64) (geo.Point, bool) {
	for range hops {
		run := r.run(w.line)
		at, next, last, by := w.at, w.segment+1, len(run)-1, 1
		if !w.forward {
			next, last, by = w.segment, 0, -1
		}
		for ; ; next += by {
			d := geo.Distance(at, run[next])
			if metres <= d {
				if d == 0 {
					return at, true
				}
				return geo.Between(at, run[next], metres/d), true
			}
			metres -= d
			at = run[next]
			if next == last {
				break
			}
		}
		ahead := heading(run[last-by], at).bearing()
		turn, found := sharpest, false
		for _, s := range r.steps(at) {
			// The way back turns by 180°.
			if t := apart(r.leaving(s), ahead); t < turn {
				w, turn, found = s, t, true
			}
		}
		if !found {
			return geo.Point{}, false
		}
	}
	return geo.Point{}, false
}

// leaving is the bearing in which a step leaves.
func (r *road) leaving(s step) float64 {
	d := r.direction(s.spot)
	if !s.forward {
		d = vec{-d.x, -d.y}
	}
	return d.bearing()
}

// steps are the ways to leave a place along the lines that end or pass there.
func (r *road) steps(at geo.Point) (steps []step) {
	f := around(at)
	for i := range r.lines {
		if f.away(r.lines[i].box) > touching {
			continue
		}
		run := r.run(i)
		last := len(run) - 1
		begins, ends := f.to(run[0]).length() <= touching, f.to(run[last]).length() <= touching
		if begins {
			steps = append(steps, step{spot{i, 0, 0, run[0]}, true})
		}
		if ends {
			steps = append(steps, step{spot{i, last - 1, 1, run[last]}, false})
		}
		if !begins && !ends {
			if s, _, ok := r.nearest(&f, i, i+1, math.Nextafter(touching, 4)); ok {
				steps = append(steps, step{s, true}, step{s, false})
			}
		}
	}
	return steps
}
