package request

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// Bounds of sketches.
const (
	// MaxVertices bounds the vertices of a sketch.
	MaxVertices = 500
	// MaxAcross bounds its diagonal, in metres.
	MaxAcross = 20_000.0
	// Beside is how far beyond the cells of the scheme a sketch may reach, in units of 1e-7 degree: about a kilometre.
	Beside = 100_000
)

// CheckSketch sees that a line or a polygon is a sketch of a change in a city whose cells lie in a box. It takes time by the
// square of the vertices, which are few. The error is a *data.FieldError that says where.
func CheckSketch(s geo.Shape, city geo.Box) error {
	wrong := func(value, why string, args ...any) error {
		return &data.FieldError{Field: "sketch", Value: value, Why: fmt.Sprintf(why, args...)}
	}
	if k := s.Kind(); k != geo.KindLine && k != geo.KindPolygon {
		return wrong(k.String(), "must be a line or a polygon")
	}
	if n := len(s.Vertices()); n > MaxVertices {
		return wrong(strconv.Itoa(n), "has more than %d vertices", MaxVertices)
	}
	box, wide := s.Box(), city.Widen(Beside)
	for _, p := range []geo.Point{box.Min, box.Max} {
		if city.Empty() || !wide.Contains(p) {
			return wrong(place(p), "lies outside of the city: cells of the scheme lie from %s to %s", place(city.Min), place(city.Max))
		}
	}
	if across := geo.Distance(box.Min, box.Max); across > MaxAcross {
		return wrong(strconv.FormatFloat(across, 'f', 0, 64), "is more than %.0f m across", MaxAcross)
	}
	if s.Kind() == geo.KindPolygon {
		if found := geo.Validate(s); len(found) > 0 {
			return wrong(place(found[0].At), "is no valid polygon: %s there", found[0].Kind)
		}
		return nil
	}
	for i := range s.NumRings() {
		if at, crosses := meets(s.Ring(i)); crosses {
			return wrong(place(at), "crosses or touches itself beside this place")
		}
	}
	return nil
}

func place(p geo.Point) string { return fmt.Sprintf("%.7f,%.7f", p.Lon(), p.Lat()) }

// meets finds where a line comes to a place again, which may be its end at its beginning; at is an end of a segment there.
func meets(line []geo.Point) (at geo.Point, yes bool) {
	// Whoever draws ends a line with two clicks on one place.
	line = slices.Compact(slices.Clone(line))
	last := len(line) - 2
	for i := range last + 1 {
		a, b := line[i], line[i+1]
		for j := i + 1; j <= last; j++ {
			c, d := line[j], line[j+1]
			switch {
			case j == i+1: // they share b: only a way back along itself is wrong
				if geo.Orient(a, b, d) == 0 && (within(a, b, d) || within(b, d, a)) {
					return b, true
				}
			case i == 0 && j == last && a == d: // a closed line
				if geo.Orient(a, b, c) == 0 && (within(a, b, c) || within(a, c, b)) {
					return a, true
				}
			case touch(a, b, c, d):
				return c, true
			}
		}
	}
	return at, false
}

// within reports whether p, which lies on the line through a and b, lies between them.
func within(a, b, p geo.Point) bool {
	return min(a.X, b.X) <= p.X && p.X <= max(a.X, b.X) && min(a.Y, b.Y) <= p.Y && p.Y <= max(a.Y, b.Y)
}

// touch reports whether two segments have a point in common, exactly.
func touch(a, b, c, d geo.Point) bool {
	abc, abd, cda, cdb := geo.Orient(a, b, c), geo.Orient(a, b, d), geo.Orient(c, d, a), geo.Orient(c, d, b)
	if abc*abd < 0 && cda*cdb < 0 {
		return true
	}
	return abc == 0 && within(a, b, c) || abd == 0 && within(a, b, d) || cda == 0 && within(c, d, a) || cdb == 0 && within(c, d, b)
}
