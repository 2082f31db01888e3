package bounds

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
)

// Ways knows the lines of what has a name: roads, water, borders of areas.
type Ways interface {
	// Lines are the lines of what has a name, each of two or more points; none when nothing has it.
	Lines(name string) [][]geo.Point
	// Similar are names that are much like one which nothing has, the most similar first.
	Similar(name string) []string
}

// Bounds of [Draw].
const (
	// Reach is how far apart, in metres, the lines of two sides that follow each other may end and still be joined.
	Reach = 120.0
	// mostPoints bounds the points of all lines together.
	mostPoints = 200_000
)

// Ground is a piece of ground that lies between what is named.
type Ground struct {
	Shape geo.Shape
	// Follows is the part of the border that follows what is named on that side, from 0 to 1.
	Follows float64
	// Joined are the stretches of the border that follow nothing: straight between lines that end short of each other.
	Joined []Join
}

// Join is a straight stretch between the lines of two sides.
type Join struct {
	Sides [2]Side
	Ends  [2]geo.Point
	// Metres is its length.
	Metres float64
}

// UnknownError lists the names that nothing has.
type UnknownError struct{ Names []Unknown }

// Unknown is a name that nothing has, with those that are much like it.
type Unknown struct {
	Side    Side
	Name    string
	Similar []string
}

// Error names all of them.
func (e *UnknownError) Error() string {
	out := make([]string, len(e.Names))
	for i, u := range e.Names {
		out[i] = fmt.Sprintf("%s in the %s has no line", u.Name, u.Side)
		if len(u.Similar) > 0 {
			out[i] += " (there is " + strings.Join(u.Similar, ", ") + ")"
		}
	}
	return strings.Join(out, "; ")
}

// ApartError says that lines of two sides which follow each other end too far apart.
type ApartError struct {
	Join

	Names [2]string
}

// Error says how far, and where.
func (e *ApartError) Error() string {
	return fmt.Sprintf("%s in the %s and %s in the %s do not meet: they are %.0f m apart at %.6f, %.6f, at most %.0f m are joined",
		e.Names[0], e.Sides[0], e.Names[1], e.Sides[1], e.Metres, e.Ends[0].Lon(), e.Ends[0].Lat(), Reach)
}

// ErrNoGround says that no piece of ground has everything that is named on the side where it should be.
var ErrNoGround = errors.New("what is named meets, but no ground lies between it with each on its side; is a side mistaken for another, or do several roads bear the name?")

// ErrTooMuch says that what is named has more points than is drawn at once.
var ErrTooMuch = fmt.Errorf("what is named has more than %d points", mostPoints)

// Draw finds the ground that lies between what is named: connected pieces between the lines, alone or together, such that
// every name bounds them on its side. Of those that share ground the one whose border follows what is named most is the
// answer; there are several answers when others elsewhere follow it about as well, the best comes first. Errors: [*UnknownError], [*ApartError],
// [ErrNoGround], [ErrTooMuch].
func Draw(s Sides, ways Ways) ([]Ground, error) {
	d := drawing{sides: s}
	if err := d.find(ways); err != nil {
		return nil, err
	}
	if err := d.join(); err != nil {
		return nil, err
	}
	return d.ground()
}

// drawing is the lines of all sides, each with the places in the text where it is named, as bits: eight for each side.
type drawing struct {
	sides  Sides
	lines  [][]geo.Point
	on     []uint32
	joined []Join
	// first is the number of the line of the first join.
	first int
}

// find collects the lines.
func (d *drawing) find(ways Ways) error {
	unknown := &UnknownError{}
	number := map[string][]int{}
	points := 0
	for side, names := range d.sides {
		for k, name := range names {
			known, ok := number[name]
			if !ok {
				for _, l := range ways.Lines(name) {
					known = append(known, len(d.lines))
					d.lines, d.on = append(d.lines, l), append(d.on, 0)
					points += len(l)
				}
				number[name] = known
			}
			if len(known) == 0 {
				unknown.Names = append(unknown.Names, Unknown{Side(side), name, ways.Similar(name)})
			}
			for _, i := range known {
				d.on[i] |= 1 << (MaxNames*side + k)
			}
		}
	}
	switch {
	case len(unknown.Names) > 0:
		return unknown
	case points > mostPoints:
		return ErrTooMuch
	}
	d.first = len(d.lines)
	return nil
}

// join joins sides that follow each other and do not meet.
func (d *drawing) join() error {
	var named []Side
	for side, names := range d.sides {
		if len(names) > 0 {
			named = append(named, Side(side))
		}
	}
	for i, a := range named {
		b := named[(i+1)%len(named)]
		gap := d.nearest(a, b)
		if gap.Metres == 0 {
			continue
		}
		if gap.Metres > Reach {
			return &ApartError{gap, [2]string{strings.Join(d.sides[a], ", "), strings.Join(d.sides[b], ", ")}}
		}
		d.joined = append(d.joined, gap)
		d.lines, d.on = append(d.lines, gap.Ends[:]), append(d.on, 0)
	}
	return nil
}

// of are the bits of a side.
func of(s Side) uint32 { return (1<<MaxNames - 1) << (MaxNames * s) }

// nearest is the shortest way between the lines of two sides, of no length where they meet.
func (d *drawing) nearest(a, b Side) Join {
	best := Join{Sides: [2]Side{a, b}, Metres: math.Inf(1)}
	for i, l := range d.lines[:d.first] {
		if d.on[i]&of(a) == 0 {
			continue
		}
		if d.on[i]&of(b) != 0 {
			return Join{Sides: best.Sides, Ends: [2]geo.Point{l[0], l[0]}}
		}
		for j, m := range d.lines[:d.first] {
			if d.on[j]&of(b) == 0 {
				continue
			}
			if !best.between(l, m) {
				best.between(m, l)
			}
			if best.Metres == 0 {
				return best
			}
		}
	}
	return best
}

// between shortens a join to one between a vertex of l and any place of m, or to nothing where the lines cross. It reports
// whether they do.
func (j *Join) between(l, m []geo.Point) bool {
	line, err := geo.NewShape(geo.KindLine, m, []uint32{uint32(len(m))}, nil)
	if err != nil {
		return false
	}
	box := line.Box()
	for i, p := range l {
		if i > 0 && box.Intersects(geo.EmptyBox().Extend(l[i-1]).Extend(p)) && crosses(l[i-1], p, m) {
			j.Ends, j.Metres = [2]geo.Point{p, p}, 0
			return true
		}
		if at := line.Distance(p); at < j.Metres {
			j.Ends, j.Metres = [2]geo.Point{p, foot(p, m)}, at
		}
	}
	return false
}

// crosses reports whether a segment meets a line.
func crosses(a, b geo.Point, m []geo.Point) bool {
	for i := 1; i < len(m); i++ {
		c, d := m[i-1], m[i]
		if !geo.EmptyBox().Extend(a).Extend(b).Intersects(geo.EmptyBox().Extend(c).Extend(d)) {
			continue
		}
		if geo.Orient(a, b, c)*geo.Orient(a, b, d) <= 0 && geo.Orient(c, d, a)*geo.Orient(c, d, b) <= 0 {
			return true
		}
	}
	return false
}

// foot is the place of a line that is nearest to a point.
func foot(p geo.Point, m []geo.Point) geo.Point {
	best, at := math.Inf(1), m[0]
	for i := 1; i < len(m); i++ {
		a, b := m[i-1], m[i]
		mx, my := geo.Scale(p.Lat())
		ax, ay := (float64(a.X)-float64(p.X))*mx, (float64(a.Y)-float64(p.Y))*my
		dx, dy := (float64(b.X)-float64(a.X))*mx, (float64(b.Y)-float64(a.Y))*my
		t := 0.0
		if length := dx*dx + dy*dy; length > 0 {
			t = min(1, max(0, -(ax*dx+ay*dy)/length))
		}
		if far := math.Hypot(ax+t*dx, ay+t*dy); far < best {
			best, at = far, geo.Between(a, b, t)
		}
	}
	return at
}

// ground finds the pieces between the lines, and those among them that have everything on its side.
func (d *drawing) ground() ([]Ground, error) {
	box := geo.EmptyBox()
	for _, l := range d.lines {
		for _, p := range l {
			box = box.Extend(p)
		}
	}
	const margin = 1000
	around := []geo.Point{
		{X: box.Min.X - margin, Y: box.Min.Y - margin},
		{X: box.Max.X + margin, Y: box.Min.Y - margin},
		{X: box.Max.X + margin, Y: box.Max.Y + margin},
		{X: box.Min.X - margin, Y: box.Max.Y + margin},
		{X: box.Min.X - margin, Y: box.Min.Y - margin},
	}
	frame, err := geo.NewShape(geo.KindPolygon, around, []uint32{5}, []uint32{1})
	if err != nil {
		return nil, err
	}
	base, _, err := coverage.Build([]coverage.Cell{{Code: "frame", Shape: frame}}, coverage.Options{})
	if err != nil {
		return nil, err
	}
	var faces []coverage.FaceID
	for id := range base.Faces() {
		faces = append(faces, id)
	}
	o := base.Overlay(faces, d.open())
	lines := map[[2]geo.Point][]int{}
	for _, p := range o.Pieces {
		key := edge(p.A, p.B)
		lines[key] = append(lines[key], p.Line%len(d.lines))
	}
	p := newPuzzle(d, lines)
	for _, r := range o.Regions {
		if r.Shape.Kind() == geo.KindPolygon && r.Shape.Box().Min.X > around[0].X {
			p.add(r.Shape)
		}
	}
	found := p.solve()
	if len(found) == 0 {
		return nil, ErrNoGround
	}
	return found, nil
}

// open is the lines such that none runs around ground: halves of closed ones, the second halves behind all lines in the same
// order.
func (d *drawing) open() [][]geo.Point {
	n := len(d.lines)
	out := make([][]geo.Point, 2*n)
	for i, l := range d.lines {
		out[i], out[n+i] = l, l[:1]
		if len(l) > 3 && l[0] == l[len(l)-1] {
			out[i], out[n+i] = l[:2], l[1:]
		}
	}
	return out
}

func edge(a, b geo.Point) [2]geo.Point {
	if b.X < a.X || b.X == a.X && b.Y < a.Y {
		a, b = b, a
	}
	return [2]geo.Point{a, b}
}
