package grid

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// Rule says who owns a line or a polygon.
type Rule string

// The rules. Several points are shared by their number, lines by length, polygons by area; equal shares go to the
// lowest permanent id.
const (
	// RuleShare gives a shape to whoever has the largest share of it. What nobody has a share of, and what has neither
	// length nor area, is judged by RulePoint.
	RuleShare Rule = "share"
	// RulePoint gives a shape to who owns its representative point, see [geo.LabelPoint].
	RulePoint Rule = "point"
)

// leastShare is what counts as a share, and as a difference between two: more than the noise of rounding.
const leastShare = 1e-9

// mostWork bounds the vertices that are looked at to share out one shape among the polygons of one layer: less than a
// second.
const mostWork = 1 << 26

// TooLargeError says that a shape has so many vertices and meets so many areas or cells that it is not shared out.
type TooLargeError struct{ Vertices int }

// Error implements error.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the shape has %d vertices and meets too many areas or cells to be shared out or measured; divide or simplify it, or ask with rule=point and without a radius",
		e.Vertices)
}

// LocateShape finds what is asked for of a shape, and its representative point, which the distances of the address, of parts
// and of edges are measured from; what lies within a radius is measured from the shape itself. Areas and cells follow
// ask.Rule; a shape of one point is located as a point. The error is a [*TooLargeError], or says that the shape has no
// geometry.
func (l *Locator) LocateShape(w *index.World, s geo.Shape, ask Ask) (Location, geo.Point, error) {
	if s.Kind() == geo.KindNone {
		return Location{}, geo.Point{}, errors.New("there is no geometry")
	}
	p := geo.LabelPoint(s)
	if len(s.Vertices()) == 1 {
		return l.Locate(w, p, ask), p, nil
	}
	plan := l.Plan(w)
	var around *Within
	if ask.WithinMeters > 0 {
		var err error
		if around, err = withinShape(w, plan, s, ask); err != nil {
			return Location{}, p, err
		}
		ask.WithinMeters = 0
	}
	if ask.Rule == RulePoint {
		loc := l.Locate(w, p, ask)
		loc.Within = around
		return loc, p, nil
	}
	loc := Location{Areas: []Area{}, Cells: []Cell{}, Parts: []Part{}, Within: around}
	if ask.Areas || ask.Cells {
		if err := l.share(w, plan, s, p, ask, &loc); err != nil {
			return Location{}, p, err
		}
	}
	if ask.Edge {
		measureEdges(w, p, &loc)
	}
	beside(w, plan, p, ask, &loc)
	return loc, p, nil
}

// share adds the areas and cells of a shape.
func (l *Locator) share(w *index.World, plan *Plan, shape geo.Shape, p geo.Point, ask Ask, loc *Location) error {
	var own Owners
	l.Owners(w, plan, p, ask.Scheme, &own)
	for i := range plan.Levels {
		level := &plan.Levels[i]
		shares, err := sharesOf(level.In(w), shape)
		if err != nil {
			return err
		}
		if len(shares) > 0 {
			own.Areas[i] = Found{Slot: shares[0].Slot, OK: true}
		} else if own.Areas[i].OK {
			shares = []Share{{Slot: own.Areas[i].Slot}}
		}
		for _, s := range listed(shares, ask.Shares) {
			if ask.Areas {
				a := areaOf(w, level, s.Slot)
				a.Share = s.Share
				loc.Areas = append(loc.Areas, a)
			}
		}
	}
	for i := range plan.Schemes {
		scheme := &plan.Schemes[i]
		if !ask.Cells || ask.Scheme != "" && ask.Scheme != scheme.Name {
			continue
		}
		shares, err := sharesOf(scheme.In(w), shape)
		if err != nil {
			return err
		}
		if len(shares) == 0 && own.Cells[i].OK {
			shares = []Share{{Slot: own.Cells[i].Slot}}
		}
		for _, s := range listed(shares, ask.Shares) {
			c := l.cellOf(w, plan, scheme, s.Slot, own.Areas)
			c.Share = s.Share
			loc.Cells = append(loc.Cells, c)
		}
	}
	return nil
}

// listed are the shares that are asked for: the largest, or those of a least size.
func listed(shares []Share, least float64) []Share {
	n := min(len(shares), 1)
	for least > 0 && n < len(shares) && shares[n].Share >= least {
		n++
	}
	return shares[:n]
}

// Share is a polygon's share of a shape, from 0 to 1.
type Share struct {
	Slot  index.Slot
	Share float64
}

// sharesOf are the shares that the polygons of a layer have of a shape, largest first, equal ones by permanent id.
func sharesOf(lay *index.Layer, shape geo.Shape) ([]Share, error) {
	if lay == nil {
		return nil, nil
	}
	sums := map[index.Slot]float64{}
	total, work := 0.0, mostWork
	switch shape.Kind() {
	case geo.KindPoint:
		for _, p := range shape.Vertices() {
			if s, ok := Owner(lay, p); ok {
				sums[s]++
			}
			total++
		}
	case geo.KindLine:
		eachSegment(shape, func(a, b geo.Point, meters float64) {
			total += meters
			for s, span := range owned(lay, a, b, meters, &work) {
				sums[s] += (span.To - span.From) * meters
			}
		})
	default:
		total = shape.Area()
		var overlaps geo.Overlaps
		lay.Search(shape.Box(), func(s index.Slot) bool {
			other := lay.Shape(s)
			if work -= len(shape.Vertices()) + len(other.Vertices()); work < 0 {
				return false
			}
			sums[s] = overlaps.Area(shape, other)
			return true
		})
	}
	if work < 0 {
		return nil, &TooLargeError{Vertices: len(shape.Vertices())}
	}
	if !(total > 0) {
		return nil, nil
	}
	var shares []Share
	for s, sum := range sums {
		if share := sum / total; share > leastShare {
			shares = append(shares, Share{Slot: s, Share: min(1, share)})
		}
	}
	slices.SortFunc(shares, func(a, b Share) int {
		return cmp.Or(cmp.Compare(math.Round(b.Share/leastShare), math.Round(a.Share/leastShare)), cmp.Compare(lay.Permanent(a.Slot), lay.Permanent(b.Slot)))
	})
	return shares, nil
}
