package relate

import (
	"math"
	"math/big"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// stop is where a segment meets the other shape: at a share of its length.
type stop struct {
	at *big.Rat
	// point is the place if it is an integer point.
	point geo.Point
	whole bool
}

// run is a part of a segment that lies on an edge of the other shape.
type run struct {
	from, to *big.Rat
	// against says that the edge runs the other way.
	against bool
}

// segment adds where one segment of a lies in b: its ends, the places where it meets b, and the pieces between them.
// row is the part of a that it belongs to.
func (m *Matrix) segment(a, b *Prepared, s segment, row Place) sides {
	found := sides{}
	stops, runs := b.contacts(s)
	for _, t := range stops {
		if !t.whole {
			// Edges cross within both.
			col := Interior
			if m.b == geo.KindPolygon {
				col = Boundary
			}
			m.meet[row][col] = true
			continue
		}
		m.meet[a.part(t.point, row)][b.Locate(t.point)] = true
	}
	for i := 1; i < len(stops); i++ {
		from, to := stops[i-1], stops[i]
		col, on := Exterior, false
		for _, r := range runs {
			if r.from.Cmp(from.at) <= 0 && r.to.Cmp(to.at) >= 0 {
				on = true
				found.add(sides{same: !r.against, opposite: r.against})
			}
		}
		switch {
		case on && m.b == geo.KindPolygon:
			col = Boundary
		case on:
			col = Interior
			m.along = true
		case m.b == geo.KindPolygon:
			col = b.between(s, from, to)
		}
		m.meet[row][col] = true
	}
	return found
}

// between is where the part of a segment between two stops lies in a polygon: there is no edge on it.
func (p *Prepared) between(s segment, from, to stop) Place {
	for _, end := range []stop{from, to} {
		if end.whole {
			if at := p.Locate(end.point); at != Boundary {
				return at
			}
		}
	}
	if p.holds(middle(s, from.at, to.at)) {
		return Interior
	}
	return Exterior
}

// part is the part of the shape that a point of its lines or rings belongs to.
func (p *Prepared) part(q geo.Point, row Place) Place {
	if p.ends[q] {
		return Boundary
	}
	return row
}

var zero, one = new(big.Rat), big.NewRat(1, 1)

// contacts are the stops of a segment in their order, its ends among them, and what of it lies on edges.
func (p *Prepared) contacts(s segment) (stops []stop, runs []run) {
	stops = []stop{{zero, s.a, true}, {one, s.b, true}}
	reach := geo.EmptyBox().Extend(s.a).Extend(s.b)
	if !p.box.Intersects(reach) {
		return stops, nil
	}
	seen := map[int32]bool{}
	for b := p.band(reach.Min.Y); b <= p.band(reach.Max.Y); b++ {
		for _, i := range p.bands[b] {
			if !seen[i] && touch(p.segs[i], s) {
				stops, runs = meet(s, p.segs[i], stops, runs)
			}
			seen[i] = true
		}
	}
	slices.SortStableFunc(stops, func(x, y stop) int { return x.at.Cmp(y.at) })
	return slices.CompactFunc(stops, func(x, y stop) bool { return x.at.Cmp(y.at) == 0 }), runs
}

// meet adds where s meets an edge t that it touches.
func meet(s, t segment, stops []stop, runs []run) ([]stop, []run) {
	ta, tb := geo.Orient(s.a, s.b, t.a), geo.Orient(s.a, s.b, t.b)
	switch {
	case ta == 0 && tb == 0:
		from, to := share(s, t.a), share(s, t.b)
		stops = append(stops, within(from, t.a)...)
		stops = append(stops, within(to, t.b)...)
		r := run{from, to, from.Cmp(to) > 0}
		if r.against {
			r.from, r.to = to, from
		}
		return stops, append(runs, r)
	case ta == 0:
		return append(stops, within(share(s, t.a), t.a)...), runs
	case tb == 0:
		return append(stops, within(share(s, t.b), t.b)...), runs
	case geo.Orient(t.a, t.b, s.a) == 0 || geo.Orient(t.a, t.b, s.b) == 0:
		return stops, runs // at an end of s, which is a stop
	}
	ux, uy := diff(s)
	vx, vy := diff(t)
	wx, wy := diff(segment{s.a, t.a})
	at := new(big.Rat).SetFrac(cross(wx, wy, vx, vy), cross(ux, uy, vx, vy))
	c := stop{at: at}
	x, y := coordinate(s.a.X, ux, at), coordinate(s.a.Y, uy, at)
	if x.IsInt() && y.IsInt() {
		c.whole, c.point = true, geo.Point{X: int32(x.Num().Int64()), Y: int32(y.Num().Int64())}
	}
	return append(stops, c), runs
}

// within is a stop at an integer point, if that lies between the ends.
func within(at *big.Rat, q geo.Point) []stop {
	if at.Sign() <= 0 || at.Cmp(one) >= 0 {
		return nil
	}
	return []stop{{at, q, true}}
}

func diff(s segment) (x, y int64) { return int64(s.b.X) - int64(s.a.X), int64(s.b.Y) - int64(s.a.Y) }

func cross(ux, uy, vx, vy int64) *big.Int {
	l := new(big.Int).Mul(big.NewInt(ux), big.NewInt(vy))
	return l.Sub(l, new(big.Int).Mul(big.NewInt(uy), big.NewInt(vx)))
}

// share is where on the line of s a point of that line lies: 0 at its start, 1 at its end.
func share(s segment, q geo.Point) *big.Rat {
	x, y := diff(s)
	if abs(x) > abs(y) {
		return big.NewRat(int64(q.X)-int64(s.a.X), x)
	}
	return big.NewRat(int64(q.Y)-int64(s.a.Y), y)
}

// coordinate is from + length·at.
func coordinate(from int32, length int64, at *big.Rat) *big.Rat {
	v := new(big.Rat).SetInt64(length)
	return v.Add(v.Mul(v, at), new(big.Rat).SetInt64(int64(from)))
}

// spot is a place between integer points: as it is, and as floats that are off by less than slack.
type spot struct {
	x, y   *big.Rat
	fx, fy float64
}

// slack is more than coordinates of a spot lose as floats: they are below 2³¹.
const slack = 1e-3

// middle is the place halfway between two shares of a segment.
func middle(s segment, from, to *big.Rat) spot {
	at := new(big.Rat).Add(from, to)
	at.Mul(at, big.NewRat(1, 2))
	x, y := diff(s)
	p := spot{x: coordinate(s.a.X, x, at), y: coordinate(s.a.Y, y, at)}
	p.fx, _ = p.x.Float64()
	p.fy, _ = p.y.Float64()
	return p
}

// above reports whether an ordinate is greater than that of the spot.
func (p *spot) above(y int32) bool {
	if d := float64(y) - p.fy; math.Abs(d) > slack {
		return d > 0
	}
	return new(big.Rat).SetInt64(int64(y)).Cmp(p.y) > 0
}

// left reports whether the spot lies left of the line from a to b, on which it does not lie.
func (p *spot) left(a, b geo.Point) bool {
	ux, uy := float64(b.X)-float64(a.X), float64(b.Y)-float64(a.Y)
	vx, vy := p.fx-float64(a.X), p.fy-float64(a.Y)
	first, second := ux*vy, uy*vx
	if d := first - second; math.Abs(d) > slack*(math.Abs(ux)+math.Abs(uy))+1e-14*(math.Abs(first)+math.Abs(second)) {
		return d > 0
	}
	x := new(big.Rat).Sub(p.x, new(big.Rat).SetInt64(int64(a.X)))
	y := new(big.Rat).Sub(p.y, new(big.Rat).SetInt64(int64(a.Y)))
	dx, dy := diff(segment{a, b})
	y.Mul(y, new(big.Rat).SetInt64(dx))
	return y.Cmp(x.Mul(x, new(big.Rat).SetInt64(dy))) > 0
}

// holds reports whether a spot that is on no edge lies in a polygon.
func (p *Prepared) holds(q spot) bool {
	floor := math.Floor(q.fy)
	if q.fy-floor < slack || q.fy-floor > 1-slack {
		exact := new(big.Int).Div(q.y.Num(), q.y.Denom())
		floor, _ = new(big.Float).SetInt(exact).Float64()
	}
	inside := false
	for _, i := range p.bands[p.band(int32(floor))] {
		a, b := p.segs[i].a, p.segs[i].b
		if up := q.above(b.Y); q.above(a.Y) != up && q.left(a, b) == up {
			inside = !inside
		}
	}
	return inside
}
