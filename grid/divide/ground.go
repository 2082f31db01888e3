package divide

import (
	"context"
	"fmt"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/relate"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/divide/partition"
)

// Ground is a city ready to be divided: blocks, what lies in them, and which of them belong together. It is immutable, and
// may be used by several goroutines.
type Ground struct {
	// Defects are those of the communities or blocks, with what became of them.
	Defects []coverage.Defect
	// Beyond is how many pieces of lines lie outside of all communities, Outside how many addresses do.
	Beyond, Outside int
	// Slivers is how many blocks were too narrow to be atoms, Closed how many borders run through a footprint; both
	// sides of such a border stay together.
	Slivers, Closed int
	// CutByCommunities are the footprints that borders of communities cut, ascending.
	CutByCommunities []string

	in      *Input
	blocks  *coverage.Coverage
	shapes  []geo.Shape // by face
	classes map[[2]geo.Point]uint8
	borders []border

	communities []community
	atoms       []atom
	atomOf      []int32 // by face, -1 for ground that is not divided
	locked      []lock
	lockOf      []int32 // by face, -1 for none
	faceOf      map[*coverage.Face]coverage.FaceID
	// points are the addresses, and behind them the blocks that have a weight of their own.
	points  []Address
	blockAt []coverage.FaceID // of each point, 0 for none
	was     []int32           // present grid of each point, -1 for none
	present *finder
}

// community is one with its graph.
type community struct {
	code, kind string
	limits     Limits
	atoms      []int32
	edges      []edge
	load       partition.Load
}

// edge joins two atoms of a community, by their numbers there.
type edge struct {
	a, b   int32
	length [len(classes)]float64
}

// atom is ground that stays together.
type atom struct {
	community int32
	number    int32 // in the community
	faces     []coverage.FaceID
	load      partition.Load
	points    []int32
	was       int32
	stay      float64
}

// lock is a grid that stays as it is.
type lock struct {
	present   int32
	community int32
	faces     []coverage.FaceID
	load      partition.Load
	points    []int32
}

// Prepare makes the ground of a division. The error says what of the input is wrong and where; [*DefectsError] tells of
// communities or blocks that are no coverage.
func Prepare(ctx context.Context, in Input) (*Ground, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	g := &Ground{in: &in, classes: map[[2]geo.Point]uint8{}}
	for _, step := range [...]func() error{g.cover, g.join, g.place, g.lockGround, g.glue, g.weigh, g.connect} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := step(); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// join lists communities with their limits, and measures borders.
func (g *Ground) join() error {
	kinds := map[string]string{}
	for _, c := range g.in.Communities {
		kinds[c.Code] = c.Kind
	}
	seen := map[string]bool{}
	g.faceOf = make(map[*coverage.Face]coverage.FaceID, g.blocks.NumFaces())
	for id, f := range g.blocks.Faces() {
		g.faceOf[f] = id
		if seen[f.Parent] {
			continue
		}
		seen[f.Parent] = true
		l, err := g.in.limits(kinds[f.Parent])
		if err == nil {
			err = l.check()
		}
		if err != nil {
			return fmt.Errorf("community %s: %w", f.Parent, err)
		}
		g.communities = append(g.communities, community{code: f.Parent, kind: kinds[f.Parent], limits: *l})
	}
	g.measureBorders()
	return nil
}

// communityOf finds a community by the block of it.
func (g *Ground) communityOf(index map[string]int32, id coverage.FaceID) int32 {
	return index[g.blocks.Face(id).Parent]
}

func (g *Ground) index() map[string]int32 {
	out := make(map[string]int32, len(g.communities))
	for i := range g.communities {
		out[g.communities[i].code] = int32(i)
	}
	return out
}

// place finds the block and the present grid of every address.
func (g *Ground) place() error {
	blocks := newFinder(g.shapes)
	var present []geo.Shape
	for _, p := range g.in.Present {
		present = append(present, p.Shape)
	}
	g.present = newFinder(present)
	g.points = slices.Clip(g.in.Addresses)
	for i, b := range g.in.Blocks {
		if b.Households+b.Workload > 0 {
			g.points = append(g.points, Address{At: geo.LabelPoint(g.shapes[i+1]), Households: b.Households, Workload: b.Workload})
		}
	}
	g.blockAt, g.was = make([]coverage.FaceID, len(g.points)), make([]int32, len(g.points))
	total := partition.Load{}
	for i, a := range g.points {
		g.was[i] = g.present.at(a.At)
		if at := blocks.at(a.At); at > 0 {
			g.blockAt[i] = coverage.FaceID(at)
			total[Households] += a.Households
			total[Workload] += a.Workload
		} else {
			g.Outside++
		}
	}
	if n := len(g.in.Addresses); n > 0 && g.Outside == n {
		at := g.in.Addresses[0].At
		return fmt.Errorf("none of %d addresses lies in a community, the first at %.7f, %.7f; are both in the same coordinate system?", n, at.Lon(), at.Lat())
	}
	for i := range g.communities {
		for m, goal := range g.communities[i].limits {
			if goal.Target > 0 && Measure(m) != Area && total[m] == 0 {
				return fmt.Errorf("grids are to have %v %s, but nothing says where there are any: give addresses, or blocks with a weight", goal.Target, names[m])
			}
		}
	}
	return nil
}

// lockGround finds the ground of locked grids.
func (g *Ground) lockGround() error {
	g.lockOf = make([]int32, g.blocks.MaxFace())
	for i := range g.lockOf {
		g.lockOf[i] = -1
	}
	var shapes []geo.Shape
	for i, p := range g.in.Present {
		if p.Locked {
			g.locked = append(g.locked, lock{present: int32(i), community: -1})
			shapes = append(shapes, p.Shape)
		}
	}
	if len(shapes) == 0 {
		return nil
	}
	index := g.index()
	for k := range g.locked {
		l := &g.locked[k]
		code := g.in.Present[l.present].Code
		whole, most := shapes[k].Area(), 0.0
		share := map[int32]float64{}
		own := shapes[k]
		for id := range g.blocks.Faces() {
			if !g.shapes[id].Box().Intersects(own.Box()) || !own.Contains(geo.LabelPoint(g.shapes[id])) {
				continue
			}
			area := g.shapes[id].Area()
			if in := geo.OverlapArea(g.shapes[id], own); in < 0.99*area && area-in > 1 {
				return fmt.Errorf("block %s lies in locked grid %s only in part: %.0f of %.0f m²", g.blocks.Face(id).Code, code, in, area)
			}
			c := g.communityOf(index, id)
			share[c] += area
			if share[c] > most {
				l.community, most = c, share[c]
			}
			l.faces = append(l.faces, id)
		}
		if l.community < 0 {
			return fmt.Errorf("locked grid %s lies in no community", code)
		}
		for c, area := range share {
			if c != l.community && area > 0.01*whole {
				return fmt.Errorf("locked grid %s lies in communities %s and %s; no grid crosses their border", code, g.communities[l.community].code, g.communities[c].code)
			}
		}
		l.faces = slices.DeleteFunc(l.faces, func(id coverage.FaceID) bool { return g.communityOf(index, id) != l.community })
		for _, id := range l.faces {
			g.lockOf[id] = int32(k)
		}
	}
	return nil
}

// glue finds which blocks stay together, as sets by face.
func (g *Ground) glue() error {
	sets := partition.NewSets(int(g.blocks.MaxFace()))
	join := func(a, b coverage.FaceID) { sets.Join(int32(a), int32(b)) }
	g.glueLight(join)
	g.glueFootprints(join)
	g.glueSlivers(join)
	g.atomOf = make([]int32, len(sets))
	for i := range g.atomOf {
		g.atomOf[i] = -1
	}
	index := g.index()
	for id := range g.blocks.Faces() {
		if g.lockOf[id] >= 0 {
			continue
		}
		r := sets.Find(int32(id))
		if g.atomOf[r] < 0 {
			c := g.communityOf(index, id)
			g.atomOf[r] = int32(len(g.atoms))
			g.atoms = append(g.atoms, atom{community: c, number: int32(len(g.communities[c].atoms)), was: -1})
			g.communities[c].atoms = append(g.communities[c].atoms, g.atomOf[r])
		}
		g.atomOf[id] = g.atomOf[r]
		a := &g.atoms[g.atomOf[id]]
		a.faces = append(a.faces, id)
	}
	return nil
}

// free reports whether a border has ground of one community on both sides that is to be divided.
func (g *Ground) free(b *border) bool {
	return b.left > 0 && b.right > 0 && g.lockOf[b.left] < 0 && g.lockOf[b.right] < 0 &&
		g.blocks.Face(b.left).Parent == g.blocks.Face(b.right).Parent
}

// glueLight keeps together what only secondary lines cut, unless it is over the limit.
func (g *Ground) glueLight(join func(a, b coverage.FaceID)) {
	if len(g.in.Secondary) == 0 {
		return
	}
	whole := partition.NewSets(int(g.blocks.MaxFace()))
	for i := range g.borders {
		if b := &g.borders[i]; b.soft && g.free(b) {
			whole.Join(int32(b.left), int32(b.right))
		}
	}
	index := g.index()
	load := make([]float64, len(whole))
	for i, a := range g.points {
		id := g.blockAt[i]
		if id == 0 {
			continue
		}
		switch g.communities[g.communityOf(index, id)].limits.primary() {
		case Households:
			load[whole.Find(int32(id))] += a.Households
		case Workload:
			load[whole.Find(int32(id))] += a.Workload
		case Area:
		}
	}
	for id := range g.blocks.Faces() {
		if g.communities[g.communityOf(index, id)].limits.primary() == Area {
			load[whole.Find(int32(id))] += g.shapes[id].Area()
		}
	}
	for i := range g.borders {
		b := &g.borders[i]
		if !b.soft || !g.free(b) {
			continue
		}
		l := &g.communities[g.communityOf(index, b.left)].limits
		goal := l[l.primary()]
		if most := max(goal.Max, goal.Target); load[whole.Find(int32(b.left))] <= most {
			join(b.left, b.right)
		}
	}
}

// glueFootprints keeps together what lies on both sides of a border through a footprint.
func (g *Ground) glueFootprints(join func(a, b coverage.FaceID)) {
	if len(g.in.Footprints) == 0 {
		return
	}
	shapes := make([]geo.Shape, len(g.in.Footprints))
	ready := make([]*relate.Prepared, len(shapes))
	for i, f := range g.in.Footprints {
		if f.Shape.Kind() != geo.KindPolygon {
			continue
		}
		shapes[i] = f.Shape
		if len(geo.Validate(f.Shape)) > 0 {
			fixed, _, err := geo.Fix(f.Shape)
			if err != nil {
				continue
			}
			shapes[i] = fixed
		}
		ready[i] = relate.Prepare(shapes[i])
	}
	find := newFinder(shapes)
	cut := map[int32]bool{}
	for i := range g.borders {
		b := &g.borders[i]
		within := g.free(b)
		parted := b.left > 0 && b.right > 0 && g.blocks.Face(b.left).Parent != g.blocks.Face(b.right).Parent
		if !within && !parted {
			continue
		}
		closed := false
		for k := 1; k < len(b.arc.Points) && (!closed || parted); k++ {
			p, q := b.arc.Points[k-1], b.arc.Points[k]
			find.near(geo.EmptyBox().Extend(p).Extend(q), func(n int32) {
				if (!closed || parted) && through(ready[n], p, q) {
					closed = true
					if parted {
						cut[n] = true
					}
				}
			})
		}
		if closed && within {
			g.Closed++
			join(b.left, b.right)
		}
	}
	for n := range cut {
		g.CutByCommunities = append(g.CutByCommunities, g.in.Footprints[n].ID)
	}
	slices.Sort(g.CutByCommunities)
}

// through reports whether a segment runs through the inside of a footprint, exactly: along a wall is not through it.
func through(f *relate.Prepared, p, q geo.Point) bool {
	s, err := geo.NewShape(geo.KindLine, []geo.Point{p, q}, []uint32{2}, nil)
	if err != nil {
		return false
	}
	m := relate.Of(relate.Prepare(s), f)
	return m.Crosses() || m.Within()
}

// usualSliver is narrower than any street.
const usualSliver = 2

// glueSlivers gives blocks that are too narrow to the neighbour with the longest common border.
func (g *Ground) glueSlivers(join func(a, b coverage.FaceID)) {
	limit := g.in.Sliver
	if limit == 0 {
		limit = usualSliver
	}
	if limit < 0 {
		return
	}
	around := make([]float64, g.blocks.MaxFace())
	beside := make([][]int, g.blocks.MaxFace())
	for i := range g.borders {
		b := &g.borders[i]
		m := b.metres()
		around[b.left] += m
		around[b.right] += m
		if g.free(b) {
			beside[b.left] = append(beside[b.left], i)
			beside[b.right] = append(beside[b.right], i)
		}
	}
	for id := range g.blocks.Faces() {
		if g.lockOf[id] >= 0 || 2*g.shapes[id].Area() >= limit*around[id] {
			continue
		}
		length := map[coverage.FaceID]float64{}
		best := coverage.FaceID(0)
		for _, i := range beside[id] {
			b := &g.borders[i]
			other := b.left + b.right - id
			length[other] += b.metres()
			if best == 0 || length[other] > length[best] || length[other] == length[best] && other < best {
				best = other
			}
		}
		if best > 0 {
			g.Slivers++
			join(id, best)
		}
	}
}
