package cells

import (
	"cmp"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// Road is a road that runs through a cell. Where there are no lines of roads it is known from the doors in the cell.
type Road struct {
	Name string `json:"name"`
	// LengthM is the length within the cell in metres, of all lines with the name; 0 when the road is known from doors.
	LengthM float64 `json:"length_m,omitempty"`
	// Doors is the number of doors in the cell that bear the name.
	Doors int `json:"doors,omitempty"`
}

// roadsIn lists the roads of a cell: lines by the length inside, then names that only doors bear.
func (p *places) roadsIn(cells *index.Layer, cell index.Slot, owned func(*index.Layer, index.Slot) bool) []Road {
	byName := map[string]*Road{}
	road := func(name string) *Road {
		if byName[name] == nil {
			byName[name] = &Road{Name: name}
		}
		return byName[name]
	}
	shape, box := cells.Shape(cell), cells.Box(cell)
	sides := border(shape)
	for _, l := range p.roads {
		l.layer.Search(box, func(s index.Slot) bool {
			if length := lengthInside(l.layer.Shape(s), shape, sides, box); length > 0 {
				if name := l.layer.Value(s, l.name).String(); name != "" {
					road(name).LengthM += length
				}
			}
			return true
		})
	}
	for _, l := range p.doorRoads {
		l.layer.Search(box, func(s index.Slot) bool {
			if name := l.layer.Value(s, l.name).String(); name != "" && owned(l.layer, s) {
				road(name).Doors++
			}
			return true
		})
	}
	roads := make([]Road, 0, len(byName))
	for _, r := range byName {
		r.LengthM = centimetres(r.LengthM)
		roads = append(roads, *r)
	}
	slices.SortFunc(roads, func(a, b Road) int {
		return cmp.Or(cmp.Compare(b.LengthM, a.LengthM), cmp.Compare(b.Doors, a.Doors), cmp.Compare(a.Name, b.Name))
	})
	return roads
}

// lengthInside is the length in metres of the part of a line within a polygon.
func lengthInside(line, polygon geo.Shape, sides []segment, box geo.Box) float64 {
	sum := 0.0
	for i := range line.NumRings() {
		run := line.Ring(i)
		for j := 1; j < len(run); j++ {
			a, b := run[j-1], run[j]
			if a != b && box.Intersects(geo.EmptyBox().Extend(a).Extend(b)) {
				sum += segmentInside(a, b, polygon, sides)
			}
		}
	}
	return sum
}

// segmentInside cuts a segment where it meets the border and adds up the pieces whose middle is inside by the edge rule.
func segmentInside(a, b geo.Point, polygon geo.Shape, sides []segment) float64 {
	dx, dy := float64(b.X)-float64(a.X), float64(b.Y)-float64(a.Y)
	cuts := []float64{0, 1}
	for _, s := range sides {
		ex, ey := float64(s.b.X)-float64(s.a.X), float64(s.b.Y)-float64(s.a.Y)
		wx, wy := float64(s.a.X)-float64(a.X), float64(s.a.Y)-float64(a.Y)
		cross := dx*ey - dy*ex
		if cross == 0 {
			// Parallel: the ends of the side may lie on the segment.
			for _, q := range []geo.Point{s.a, s.b} {
				if geo.Orient(a, b, q) == 0 {
					cuts = append(cuts, ((float64(q.X)-float64(a.X))*dx+(float64(q.Y)-float64(a.Y))*dy)/(dx*dx+dy*dy))
				}
			}
			continue
		}
		if u := (wx*dy - wy*dx) / cross; u >= 0 && u <= 1 {
			cuts = append(cuts, (wx*ey-wy*ex)/cross)
		}
	}
	slices.Sort(cuts)
	at := func(t float64) geo.Point {
		return geo.Point{X: a.X + int32(t*dx), Y: a.Y + int32(t*dy)}
	}
	inside := 0.0
	for i := 1; i < len(cuts); i++ {
		from, to := max(cuts[i-1], 0), min(cuts[i], 1)
		if from < to && polygon.Locate(at((from+to)/2)) != geo.Outside {
			inside += to - from
		}
	}
	return inside * geo.Distance(a, b)
}
