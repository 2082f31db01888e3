package synth

import (
	"slices"
	"sort"
)

// The plane on which a city is laid out: x to the east and y to the north in millimetres, before it is bent.

// rect is a rectangle of the plane and the lines along its sides.
type rect struct {
	min, max [2]int32 // x, y
	side     [4]int32 // lines, in the order of the sides below
}

// The sides of a rectangle, anticlockwise.
const (
	south = iota
	east
	north
	west
)

func (r rect) extent(axis int) int32 { return r.max[axis] - r.min[axis] }

// line is a straight line along which the plane was cut, or a side of the outline.
type line struct {
	axis     int   // along which it runs: 0 to the east, 1 to the north
	at       int32 // its place on the other axis
	from, to int32
	// level is the level of the areas that the cut parted, districts for the outline.
	level level
	// meets are the places between from and to where other lines end on this one, ascending.
	meets []int32
}

// A cut keeps this share of the mean side of a block away from where other lines end, or ends exactly there and makes
// a crossing; crossings are sought within cutReach of the wanted place, as a share of the side that is cut.
const (
	cutClear = 0.15
	cutReach = 0.06
)

// divider cuts the plane.
type divider struct {
	roll  roll
	tree  *tree
	clear int32
	lines []line
}

// part is a rectangle that will hold the areas lo to hi-1 of a level.
type part struct {
	rect   rect
	level  level
	lo, hi int32
}

// divide cuts a rectangle of w by h into the blocks of the tree. Cuts are made from coarse to fine, so that finer ones
// can end where coarser ones do.
func divide(r roll, t *tree, w, h, side int32) (*divider, []rect) {
	d := &divider{roll: r, tree: t, clear: int32(cutClear * float64(side))}
	whole := rect{max: [2]int32{w, h}}
	for i := range whole.side {
		// The outline runs along all four sides: south and north to the east, east and west to the north.
		l := line{axis: i % 2, to: whole.max[i%2]}
		if i == east || i == north {
			l.at = whole.max[1-i%2]
		}
		whole.side[i] = int32(len(d.lines))
		d.lines = append(d.lines, l)
	}
	out := make([]rect, t.count(blocks))
	queue := []part{{rect: whole, hi: t.count(districts)}}
	for len(queue) > 0 {
		var next []part
		for _, p := range queue {
			for p.hi-p.lo == 1 && p.level < blocks {
				p.lo, p.hi = t.first[p.level][p.lo], t.first[p.level][p.lo+1]
				p.level++
			}
			if p.hi-p.lo == 1 {
				out[p.lo] = p.rect
				continue
			}
			a, b := d.split(p)
			next = append(next, a, b)
		}
		queue = next
	}
	return d, out
}

// split parts the areas of p into two groups of about the same number of blocks and cuts its rectangle accordingly.
func (d *divider) split(p part) (a, b part) {
	r := d.roll.at(int32(len(d.lines)))
	first := func(i int32) int64 { return int64(d.tree.firstBlock(p.level, i)) }
	start, end := first(p.lo), first(p.hi)
	// Not always in the middle: within a tenth of it.
	want := start + (end-start)*(1000+r.with(1).about(100))/2000
	mid := p.lo + int32(sort.Search(int(p.hi-p.lo), func(i int) bool { return first(p.lo+int32(i)) >= want }))
	if mid > p.lo && want-first(mid-1) < first(mid)-want {
		mid--
	}
	mid = min(max(mid, p.lo+1), p.hi-1)
	axis := 0 // along which the rectangle is longer
	if w, h := int64(p.rect.extent(0)), int64(p.rect.extent(1)); h*10 > w*11 || h*11 > w*10 && r.with(2).chance(50) {
		axis = 1
	}
	along := int64(p.rect.extent(axis))
	place := d.place(r, p.rect, axis, p.rect.min[axis]+int32(along*(first(mid)-start)/(end-start)))
	a, b = part{p.rect, p.level, p.lo, mid}, part{p.rect, p.level, mid, p.hi}
	d.cut(&a.rect, &b.rect, axis, place, p.level)
	return a, b
}

// cut parts a rectangle, given twice, at a place along an axis.
func (d *divider) cut(a, b *rect, axis int, place int32, l level) {
	across := 1 - axis
	id := int32(len(d.lines))
	d.lines = append(d.lines, line{axis: across, at: place, from: a.min[across], to: a.max[across], level: l})
	low, high := ends(axis)
	d.meet(a.side[low], place)
	d.meet(a.side[high], place)
	a.max[axis], b.min[axis] = place, place
	// The cut is the far side of a and the near one of b.
	if axis == 0 {
		a.side[east], b.side[west] = id, id
	} else {
		a.side[north], b.side[south] = id, id
	}
}

// ends are the two sides on which a cut at a place along an axis ends.
func ends(axis int) (low, high int) {
	if axis == 0 {
		return south, north
	}
	return west, east
}

func (d *divider) meet(id, place int32) {
	l := &d.lines[id]
	if i, found := slices.BinarySearch(l.meets, place); !found {
		l.meets = slices.Insert(l.meets, i, place)
	}
}

// place chooses where to cut: near the wanted place, so that on both lines where the cut ends it either meets another
// line exactly or keeps clear of all others. Where lines are crowded, it keeps less clear.
func (d *divider) place(r roll, box rect, axis int, want int32) int32 {
	low, high := ends(axis)
	c := chooser{
		lines: [2]*line{&d.lines[box.side[low]], &d.lines[box.side[high]]}, box: box, axis: axis, want: want,
		// Most cuts go on where another one ended.
		crossings: r.with(3).chance(70),
	}
	for gap := min(d.clear, box.extent(axis)/8); gap > 0; gap /= 2 {
		if place, ok := c.choose(gap); ok {
			return place
		}
	}
	return want
}

type chooser struct {
	lines     [2]*line
	box       rect
	axis      int
	want      int32
	crossings bool
}

// choose finds the best place that keeps so far from the ends of other lines.
func (c *chooser) choose(keep int32) (best int32, ok bool) {
	quarter := c.box.extent(c.axis) / 4
	cost := int64(1) << 62
	consider := func(place int32) {
		if k, fits := c.cost(place, keep); fits && k < cost {
			best, cost, ok = place, k, true
		}
	}
	consider(c.want)
	for _, l := range c.lines {
		i, _ := slices.BinarySearch(l.meets, c.want-quarter)
		for ; i < len(l.meets) && l.meets[i] <= c.want+quarter; i++ {
			consider(l.meets[i])
			consider(l.meets[i] - keep)
			consider(l.meets[i] + keep)
		}
	}
	return best, ok
}

// cost is how far a place is from the wanted one, less what crossings are worth.
func (c *chooser) cost(place, keep int32) (cost int64, fits bool) {
	extent := c.box.extent(c.axis)
	off := max(place-c.want, c.want-place)
	if place <= c.box.min[c.axis]+keep || place >= c.box.max[c.axis]-keep || off > extent/4 {
		return 0, false
	}
	crossings := int64(0)
	for _, l := range c.lines {
		switch gap := l.gap(place); {
		case gap == 0:
			crossings++
		case gap < keep:
			return 0, false
		}
	}
	reach := int32(cutReach * float64(extent))
	if c.crossings && off <= reach {
		return int64(off) - crossings*int64(reach), true
	}
	return int64(off), true
}

// gap is how far a place lies from the nearest end of another line.
func (l *line) gap(place int32) int32 {
	i, found := slices.BinarySearch(l.meets, place)
	if found {
		return 0
	}
	gap := min(place-l.from, l.to-place)
	if i > 0 {
		gap = min(gap, place-l.meets[i-1])
	}
	if i < len(l.meets) {
		gap = min(gap, l.meets[i]-place)
	}
	return gap
}
