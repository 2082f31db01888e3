package grid

import (
	"cmp"
	"iter"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/along"
	"github.com/gewu-city/gewu/index"
)

// Route is what a line passes through, each level and scheme by itself, in the order of the way.
type Route struct {
	// LengthM is the length of the line in metres; those of several lines follow each other.
	LengthM float64       `json:"length_m"`
	Areas   []AreaPassage `json:"areas"`
	Cells   []CellPassage `json:"cells"`
}

// AreaPassage is a part of a line within an area, in metres along the line.
type AreaPassage struct {
	Level string  `json:"level"`
	Code  string  `json:"code"`
	Name  string  `json:"name"`
	Layer string  `json:"layer"`
	ID    string  `json:"id"`
	FromM float64 `json:"from_m"`
	ToM   float64 `json:"to_m"`
}

// CellPassage is a part of a line within a cell, in metres along the line.
type CellPassage struct {
	Scheme string  `json:"scheme"`
	Code   string  `json:"code"`
	Name   string  `json:"name"`
	Layer  string  `json:"layer"`
	ID     string  `json:"id"`
	FromM  float64 `json:"from_m"`
	ToM    float64 `json:"to_m"`
}

// Route finds the areas of every level and the cells of every scheme, or of that of ask, that a line passes through. A
// stretch along a shared edge belongs to one of the two as [Locator.Locate] says, whatever the direction; one that
// nobody owns is not listed, and a cell that the line comes back to is listed again.
//
// The error is a [*TooLargeError].
func (l *Locator) Route(w *index.World, line geo.Shape, ask Ask) (Route, error) {
	plan := l.Plan(w)
	r := Route{Areas: []AreaPassage{}, Cells: []CellPassage{}}
	eachSegment(line, func(_, _ geo.Point, meters float64) { r.LengthM += meters })
	r.LengthM = centimetres(r.LengthM)
	for i := range plan.Levels {
		level := &plan.Levels[i]
		lay := level.In(w)
		if !ask.Areas {
			break
		}
		all, err := passages(lay, line)
		if err != nil {
			return Route{}, err
		}
		for _, p := range all {
			r.Areas = append(r.Areas, AreaPassage{
				Level: level.Name, Code: level.CodeOf(lay, p.slot), Name: level.NameOf(lay, p.slot), Layer: level.Layer,
				ID: lay.ID(p.slot), FromM: centimetres(p.from), ToM: centimetres(p.to),
			})
		}
	}
	for i := range plan.Schemes {
		s := &plan.Schemes[i]
		if !ask.Cells || ask.Scheme != "" && ask.Scheme != s.Name {
			continue
		}
		lay := s.In(w)
		all, err := passages(lay, line)
		if err != nil {
			return Route{}, err
		}
		for _, p := range all {
			r.Cells = append(r.Cells, CellPassage{
				Scheme: s.Name, Code: s.CodeOf(lay, p.slot), Name: s.NameOf(lay, p.slot), Layer: s.Cells.Layer,
				ID: lay.ID(p.slot), FromM: centimetres(p.from), ToM: centimetres(p.to),
			})
		}
	}
	return r, nil
}

// passage is a part of a line within one polygon, in metres from its start.
type passage struct {
	slot     index.Slot
	from, to float64
}

// joint is how far apart in metres the end and the beginning of two passages of one polygon may be and still be one:
// rounding at a vertex.
const joint = 1e-6

// passages are the parts of a line within the polygons of a layer, in the order of the way; overlapping polygons, a
// defect of the data, by permanent id.
func passages(lay *index.Layer, line geo.Shape) ([]passage, error) {
	if lay == nil {
		return nil, nil
	}
	work := mostWork
	var all []passage
	way := 0.0
	// The newest passage of each polygon that the segment before reached.
	open := map[index.Slot]int{}
	eachSegment(line, func(a, b geo.Point, meters float64) {
		next := map[index.Slot]int{}
		for s, span := range owned(lay, a, b, meters, &work) {
			from, to := way+span.From*meters, way+span.To*meters
			if i, ok := open[s]; ok && from-all[i].to < joint {
				all[i].to = to
				next[s] = i
				continue
			}
			next[s] = len(all)
			all = append(all, passage{s, from, to})
		}
		way += meters
		open = next
	})
	if work < 0 {
		return nil, &TooLargeError{Vertices: len(line.Vertices())}
	}
	slices.SortStableFunc(all, func(a, b passage) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(lay.Permanent(a.slot), lay.Permanent(b.slot)))
	})
	return all, nil
}

// owned yields the parts of a segment that polygons of a layer own. It takes what it costs from work and stops when
// there is none left.
func owned(lay *index.Layer, a, b geo.Point, meters float64, work *int) iter.Seq2[index.Slot, along.Span] {
	return func(yield func(index.Slot, along.Span) bool) {
		var room [8]along.Span
		for s := range candidates(lay, a, b, meters) {
			shape := lay.Shape(s)
			if *work -= 1 + len(shape.Vertices()); *work < 0 {
				return
			}
			for _, span := range along.Spans(room[:0], shape, a, b) {
				if !yield(s, span) {
					return
				}
			}
		}
	}
}

// pieceMeters is the length of the pieces that a long segment is searched along by: the box around the whole of a
// slanting one meets far more than the segment does.
const pieceMeters = 500

// candidates yields the polygons whose boxes meet those of the pieces of a segment, once each.
func candidates(lay *index.Layer, a, b geo.Point, meters float64) iter.Seq[index.Slot] {
	return func(yield func(index.Slot) bool) {
		n := int(min(256, 1+meters/pieceMeters))
		var seen map[index.Slot]bool
		if n > 1 {
			seen = map[index.Slot]bool{}
		}
		for i := range n {
			// Rounding moves an inner point by half a unit at most.
			box := geo.EmptyBox().Extend(geo.Between(a, b, float64(i)/float64(n))).Extend(geo.Between(a, b, float64(i+1)/float64(n)))
			goOn := true
			lay.Search(box.Widen(1), func(s index.Slot) bool {
				if seen[s] {
					return true
				}
				if n > 1 {
					seen[s] = true
				}
				goOn = yield(s)
				return goOn
			})
			if !goOn {
				return
			}
		}
	}
}

// eachSegment calls visit for the segments of all lines of a shape with their lengths in metres.
func eachSegment(line geo.Shape, visit func(a, b geo.Point, meters float64)) {
	for i := range line.NumRings() {
		run := line.Ring(i)
		for j := 1; j < len(run); j++ {
			if run[j-1] != run[j] {
				visit(run[j-1], run[j], geo.Distance(run[j-1], run[j]))
			}
		}
	}
}
