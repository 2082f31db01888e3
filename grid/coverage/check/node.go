package check

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// mark says how often the ring of a label runs along a line from its lesser end, less how often it runs back.
type mark struct{ label, net int32 }

// line is a segment with the marks of all rings that run along it.
type line struct {
	segment

	marks []mark
}

// site is an exact place: the whole point p or, where two lines cross between points, x and y, of which p is the floor.
type site struct {
	p    geo.Point
	x, y *big.Rat
}

// at is the site relative to an origin, in units. Without fractions it is exact.
func (s *site) at(o geo.Point) (x, y float64) {
	x, y = float64(int64(s.p.X)-int64(o.X)), float64(int64(s.p.Y)-int64(o.Y))
	if s.x != nil {
		fx, _ := new(big.Rat).Sub(s.x, whole(s.p.X)).Float64()
		fy, _ := new(big.Rat).Sub(s.y, whole(s.p.Y)).Float64()
		x, y = x+fx, y+fy
	}
	return x, y
}

func whole(v int32) *big.Rat { return new(big.Rat).SetInt64(int64(v)) }

// exact are the coordinates as fractions.
func (s *site) exact() (x, y *big.Rat) {
	if s.x != nil {
		return s.x, s.y
	}
	return whole(s.p.X), whole(s.p.Y)
}

// noder cuts lines where they meet. Sites are numbered; those on each line are in cuts, its ends among them.
type noder struct {
	lines  []line
	sites  []site
	points map[geo.Point]int32
	broken map[string]int32 // sites between points, by their coordinates
	cuts   [][]int32
}

// node cuts lines, of which no two have the same ends, at every place where they meet.
func node(lines []line) *noder {
	n := &noder{lines: lines, points: make(map[geo.Point]int32, len(lines)), cuts: make([][]int32, len(lines))}
	order := make([]int32, len(lines))
	ends := make([]int32, 2*len(lines))
	for i, l := range lines {
		order[i] = int32(i)
		ends[2*i], ends[2*i+1] = n.point(l.a), n.point(l.b)
		n.cuts[i] = ends[2*i : 2*i+2 : 2*i+2]
	}
	// Lines come in the order of their lesser ends, which is that of their least X.
	for k := range lines {
		e := &lines[k]
		lo, hi := min(e.a.Y, e.b.Y), max(e.a.Y, e.b.Y)
		for j := k + 1; j < len(lines) && lines[j].a.X <= e.b.X; j++ {
			f := &lines[j]
			if max(f.a.Y, f.b.Y) >= lo && min(f.a.Y, f.b.Y) <= hi {
				n.pair(int32(k), int32(j))
			}
		}
	}
	for i := range n.cuts {
		if len(n.cuts[i]) > 2 {
			n.arrange(i)
		}
	}
	return n
}

func (n *noder) point(p geo.Point) int32 {
	id, ok := n.points[p]
	if !ok {
		id = int32(len(n.sites))
		n.points[p] = id
		n.sites = append(n.sites, site{p: p})
	}
	return id
}

// pair cuts two lines where they meet.
func (n *noder) pair(i, j int32) {
	e, f := &n.lines[i], &n.lines[j]
	if e.a == f.a && geo.Orient(e.a, e.b, f.b) != 0 || e.b == f.b && geo.Orient(e.a, e.b, f.a) != 0 || e.b == f.a {
		return
	}
	fa, fb := geo.Orient(e.a, e.b, f.a), geo.Orient(e.a, e.b, f.b)
	if fa*fb > 0 {
		return
	}
	ea, eb := geo.Orient(f.a, f.b, e.a), geo.Orient(f.a, f.b, e.b)
	if ea*eb > 0 {
		return
	}
	if fa*fb < 0 && ea*eb < 0 {
		at := n.crossing(e.segment, f.segment)
		n.cuts[i], n.cuts[j] = append(n.cuts[i], at), append(n.cuts[j], at)
		return
	}
	n.touch(i, f.a, fa)
	n.touch(i, f.b, fb)
	n.touch(j, e.a, ea)
	n.touch(j, e.b, eb)
}

// touch cuts a line at a point that lies within it.
func (n *noder) touch(i int32, p geo.Point, side int) {
	l := &n.lines[i]
	if side == 0 && before(l.a, p) && before(p, l.b) {
		n.cuts[i] = append(n.cuts[i], n.point(p))
	}
}

// crossing is the site where two segments cross.
func (n *noder) crossing(e, f segment) int32 {
	ux, uy := int64(e.b.X)-int64(e.a.X), int64(e.b.Y)-int64(e.a.Y)
	vx, vy := int64(f.b.X)-int64(f.a.X), int64(f.b.Y)-int64(f.a.Y)
	wx, wy := int64(f.a.X)-int64(e.a.X), int64(f.a.Y)-int64(e.a.Y)
	t := new(big.Rat).SetFrac(cross(wx, wy, vx, vy), cross(ux, uy, vx, vy))
	x := new(big.Rat).Mul(t, new(big.Rat).SetInt64(ux))
	y := new(big.Rat).Mul(t, new(big.Rat).SetInt64(uy))
	x.Add(x, whole(e.a.X))
	y.Add(y, whole(e.a.Y))
	p := geo.Point{X: floor(x), Y: floor(y)}
	if x.IsInt() && y.IsInt() {
		return n.point(p)
	}
	key := x.RatString() + " " + y.RatString()
	id, ok := n.broken[key]
	if !ok {
		if n.broken == nil {
			n.broken = map[string]int32{}
		}
		id = int32(len(n.sites))
		n.broken[key] = id
		n.sites = append(n.sites, site{p: p, x: x, y: y})
	}
	return id
}

func floor(v *big.Rat) int32 {
	// Div rounds to the floor because the denominator is positive.
	return int32(new(big.Int).Div(v.Num(), v.Denom()).Int64())
}

func cross(ux, uy, vx, vy int64) *big.Int {
	l := new(big.Int).Mul(big.NewInt(ux), big.NewInt(vy))
	return l.Sub(l, new(big.Int).Mul(big.NewInt(uy), big.NewInt(vx)))
}

// arrange orders the sites on a line from its lesser end, each once.
func (n *noder) arrange(i int) {
	cuts := n.cuts[i]
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	slices.SortFunc(cuts, func(a, b int32) int { return n.compare(a, b) })
	n.cuts[i] = cuts
}

// compare orders sites by X, then Y.
func (n *noder) compare(a, b int32) int {
	s, t := &n.sites[a], &n.sites[b]
	if s.x == nil && t.x == nil {
		return comparePoint(s.p, t.p)
	}
	if c := cmp.Compare(s.p.X, t.p.X); c != 0 {
		return c
	}
	sx, sy := s.exact()
	tx, ty := t.exact()
	if c := sx.Cmp(tx); c != 0 {
		return c
	}
	return sy.Cmp(ty)
}
