package synth

import (
	"strconv"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// use is what a block is used for: how big its lots are, how much of them is built on, and who lives there.
type use struct {
	title string
	// percent of all blocks.
	percent int64
	// width and depth of a lot, in mm; from which the building keeps gap away.
	width, depth, gap int64
	// built is the percentage of lots with a building.
	built int64
	// floors from low to high.
	low, high int64
	// entrance is the width of a building for each of its entrances, 0 for one entrance alone.
	entrance int64
	// homes is how many households live behind one entrance on one floor, at most; 0 for none.
	homes int64
	// number is the word after the number of a building.
	number string
}

// uses are ours, chosen so that a district like Dongcheng has some 200,000 households.
var uses = []use{
	{"平房院落", 38, 17_000, 15_000, 1_500, 94, 1, 2, 0, 3, "号院"},
	{"居住小区", 34, 48_000, 23_000, 4_500, 92, 5, 7, 15_000, 3, "号楼"},
	{"高层住宅", 6, 32_000, 32_000, 6_000, 85, 12, 24, 0, 6, "号楼"},
	{"商务办公", 12, 38_000, 34_000, 4_000, 88, 4, 20, 0, 0, "号楼"},
	{"学校医院", 6, 52_000, 30_000, 8_000, 65, 2, 5, 0, 0, "号楼"},
	{"公园绿地", 4, 60_000, 60_000, 24_000, 25, 1, 1, 0, 0, "号房"},
}

func (c *City) use(block int32) *use {
	k := c.roll.with(ofUse).at(block).below(100)
	for i := range uses {
		if k -= uses[i].percent; k < 0 {
			return &uses[i]
		}
	}
	return &uses[0]
}

// building is one building of a block, on the plane.
type building struct {
	use              *use
	number           int
	min, max         [2]int64
	floors           int64
	entrances        int64
	homes            int64 // behind each entrance
	block, cell      int32
	estate, codeText string
}

func (b *building) households() int64 { return b.homes * b.entrances }

// buildings calls visit for the buildings of a block: lots in rows, from south to north. The members of b that are
// text are left empty.
func (c *City) buildings(block int32, visit func(b *building) bool) bool {
	r, u := &c.mesh.blocks[block], c.use(block)
	var low, lots, size [2]int64
	for axis := range 2 {
		extent := int64(r.extent(axis))
		before, after := c.setback(r, axis, 0), c.setback(r, axis, 1)
		inner := extent - before - after
		lot := [2]int64{u.width, u.depth}[axis]
		low[axis] = int64(r.min[axis]) + before
		lots[axis] = max(1, (inner+lot/2)/lot)
		size[axis] = inner / lots[axis]
	}
	roll := c.roll.with(ofBuildings).at(block)
	number := 0
	for j := range lots[1] {
		for i := range lots[0] {
			k := roll.with(uint64(j*lots[0] + i))
			// The first lot is always built on.
			if number > 0 && !k.chance(u.built) {
				continue
			}
			number++
			b := building{use: u, number: number, block: block}
			for axis, at := range [2]int64{i, j} {
				gap := min(u.gap, size[axis]/5)
				start := low[axis] + at*size[axis]
				b.min[axis] = start + gap/2 + k.with(uint64(axis)+1).below(gap/2+1)
				b.max[axis] = start + size[axis] - gap/2 - k.with(uint64(axis)+3).below(gap/2+1)
			}
			b.floors = u.low + k.with(5).below(u.high-u.low+1)
			b.entrances = 1
			if u.entrance > 0 {
				b.entrances = max(1, (b.max[0]-b.min[0])/u.entrance)
			}
			if u.homes > 0 {
				b.homes = b.floors * (1 + k.with(6).below(u.homes))
			}
			if !visit(&b) {
				return false
			}
		}
	}
	return true
}

// setback is how far buildings keep from one end of a block along an axis: behind the road there, and inside of
// where edges are bent to.
func (c *City) setback(r *rect, axis, end int) int64 {
	side := [2][2]int{{west, east}, {south, north}}[axis][end]
	half := roadClass[classOf[c.mesh.lines[r.side[side]].level]].half
	extent := int64(r.extent(axis))
	return max(min(half+4_000, extent*3/10), extent*3/20)
}

// label fills in the texts of a building.
func (c *City) label(b *building) {
	b.cell = c.tree.parent[blocks][b.block]
	b.estate = c.names.estate.name(int64(b.block))
	b.codeText = c.blockCode(b.block) + pad(b.number, 4)
}

func (b *building) name() string { return b.estate + strconv.Itoa(b.number) + b.use.number }

func (c *City) shape(b *building) geo.Shape {
	xy := []geo.Point{
		c.warp.point(b.min[0], b.min[1]), c.warp.point(b.max[0], b.min[1]),
		c.warp.point(b.max[0], b.max[1]), c.warp.point(b.min[0], b.max[1]),
	}
	return sure(geo.NewShape(geo.KindPolygon, append(xy, xy[0]), []uint32{5}, []uint32{1}))
}

// allBuildings yields the buildings of all blocks.
func (c *City) allBuildings(yield func(data.Feature) bool) {
	c.eachBuilding(func(b *building) bool {
		return yield(data.Feature{ID: b.codeText, Shape: c.shape(b), Values: []data.Value{
			codeValue(b.codeText), text(b.name()), codeValue(c.codes[cells][b.cell]), text(b.use.title),
			data.IntValue(b.floors), data.IntValue(b.entrances), data.IntValue(b.households()),
		}})
	})
}

// allEntrances yields the entrances, on the south side of each building.
func (c *City) allEntrances(yield func(data.Feature) bool) {
	c.eachBuilding(func(b *building) bool {
		width := b.max[0] - b.min[0]
		for i := range b.entrances {
			code, name := b.codeText+pad(int(i)+1, 2), b.name()
			if b.use.entrance > 0 {
				name += strconv.FormatInt(i+1, 10) + "单元"
			}
			at := c.warp.point(b.min[0]+width*(2*i+1)/(2*b.entrances), b.min[1])
			if !yield(data.Feature{ID: code, Shape: geo.PointShape(at), Values: []data.Value{
				codeValue(code), text(name), codeValue(b.codeText), codeValue(c.codes[cells][b.cell]), data.IntValue(b.homes),
			}}) {
				return false
			}
		}
		return true
	})
}

func (c *City) eachBuilding(visit func(b *building) bool) {
	for block := range c.tree.count(blocks) {
		if !c.buildings(block, func(b *building) bool {
			c.label(b)
			return visit(b)
		}) {
			return
		}
	}
}
