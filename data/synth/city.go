package synth

import (
	"bytes"
	"embed"
	"fmt"
	"iter"
	"math"

	"github.com/BurntSushi/toml"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

//go:embed layers
var definitions embed.FS

// City is a synthetic city: its plan, from which the features of each layer are made when they are asked for. It is
// immutable; several goroutines may read it.
type City struct {
	params Params
	roll   roll
	tree   *tree
	mesh   *mesh
	warp   *warp
	bends  *bender
	roads  []road
	names  *names
	codes  [blocks][]string
	// roadNames and homes, the households of each block, are kept because they are asked for again and again.
	roadNames []string
	homes     []int32
	doors     strewing
	strewn    []strewing
	layers    []Layer
}

// Layer is one layer of a City.
type Layer struct {
	// Def is the definition; Definition is the same as TOML, as layer files are.
	Def        *data.Layer
	Definition []byte
	// Count is how many features there are, exactly.
	Count int
	// Features yields them, each fresh and the caller's to keep, always in the same order. It may run several times,
	// also at once.
	Features iter.Seq[data.Feature]
}

// New plans a city. The error is a *data.FieldError that says which parameter cannot be and what could. It takes
// one to three seconds and 100 MB for 250,000 blocks; making features takes no more memory.
func New(p Params) (*City, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	c := &City{params: p, roll: roll(mix(p.Seed))}
	c.plan()
	c.names = newNames(c.roll.with(ofNames))
	c.codes = codesOf(c.tree, p.DistrictCode)
	c.roads = roadsOf(c.mesh)
	for i := range c.roads {
		r := &c.roads[i]
		c.roadNames = append(c.roadNames, c.names.road[r.class].name(r.name))
	}
	if err := c.furnish(); err != nil {
		return nil, err
	}
	return c, nil
}

// plan cuts the plane, loosens the cells and lays everything down on the globe.
func (c *City) plan() {
	p := &c.params
	// A plane somewhat longer from north to south, as the model district is, of the wanted area in mm².
	width := math.Sqrt(p.Area*1e12) * 0.9
	height := p.Area * 1e12 / width
	side := math.Sqrt(p.Area * 1e12 / float64(p.Blocks))
	w, h, s := int32(width), int32(height), int32(side)
	old := newTree(c.roll.with(ofCounts), [levels]int{p.Districts, p.Streets, p.Communities, p.Cells, p.Blocks})
	cuts, rects := divide(c.roll.with(ofCuts), old, w, h, s)
	c.mesh = newMesh(cuts.lines, rects)
	c.warp = newWarp(c.roll.with(ofWarp), p, w, h, s)
	cell := loosen(c.roll.with(ofHandOver), c.mesh, old)
	c.tree = number(c.mesh, old, cell, func(r rect) (x, y int64) {
		at := c.warp.point((int64(r.min[0])+int64(r.max[0]))/2, (int64(r.min[1])+int64(r.max[1]))/2)
		return int64(at.X), int64(at.Y)
	})
	c.mesh.jitter(c.roll.with(ofJitter), s)
	piece := int32(min(max(pieceShare*side, minPiece), maxPiece))
	c.bends = &bender{roll: c.roll.with(ofBends), mesh: c.mesh, warp: c.warp, piece: piece}
	c.warp.fit(p.Area*1e6, func() geo.Shape {
		c.mesh.points = make([]geo.Point, len(c.mesh.at))
		for i, at := range c.mesh.at {
			c.mesh.points[i] = c.warp.point(int64(at[0]), int64(at[1]))
		}
		return c.bends.polygon(c.mesh.outside())
	})
}

// furnish decides how much of everything there is.
func (c *City) furnish() error {
	p := &c.params
	c.homes = make([]int32, c.tree.count(blocks))
	buildings, entrances := 0, 0
	for b := range c.homes {
		c.buildings(int32(b), func(h *building) bool {
			buildings++
			entrances += int(h.entrances)
			c.homes[b] += int32(h.households())
			return true
		})
	}
	lengths := c.lengths()
	front := int64(0)
	for _, l := range lengths {
		front += l
	}
	if most := front / minDoorSpacing; int64(p.Doors) > most {
		return refuse("doors", p.Doors, "%.4g km of frontage have room for at most %d: ask for fewer, or for more area or blocks",
			float64(front)/1e6, most)
	}
	c.doors = newStrewing(c.roll.with(ofDoors), doorDensity, lengths, int64(p.Doors))
	c.layers = c.newLayers(buildings, entrances)
	parts := int64(p.Parts)
	if p.Features > 0 {
		rest := 0
		for _, l := range c.layers {
			rest += l.Count
		}
		if parts = int64(p.Features - rest); parts < 0 {
			return refuse("features", p.Features, "everything but parts is %d features already: ask for that many at least, or for less area, fewer cells or fewer doors",
				rest)
		}
	}
	return c.placeParts(lengths, parts)
}

// placeParts adds the layer of parts.
func (c *City) placeParts(lengths [classes]int64, count int64) error {
	r := c.roll.with(ofParts)
	nature := int64(0)
	for _, s := range strewParts(r, lengths, Natural) {
		nature += s.count
	}
	if most := nature * maxPartFactor; count > most {
		return refuse("parts", count, "the roads have room for at most %d: ask for fewer, or for more area or blocks",
			most)
	}
	c.strewn = strewParts(r, lengths, count)
	if class, district, n := c.overflow(); n > 0 {
		return refuse("parts", count,
			"codes have numbers for %d parts of class %s in district %s, and there would be %d: ask for fewer, or for more districts",
			maxPartNumber, class, district, n)
	}
	total := 0
	for _, s := range c.strewn {
		total += int(s.count)
	}
	c.layers = append(c.layers, newLayer("parts", total, c.parts()))
	return nil
}

// newLayers are all layers but the parts, coarse to fine.
func (c *City) newLayers(buildings, entrances int) []Layer {
	return []Layer{
		newLayer("districts", c.params.Districts, c.named(districts, c.names.district)),
		newLayer("streets", c.params.Streets, c.named(streets, c.names.street)),
		newLayer("communities", c.params.Communities, c.named(communities, c.names.community)),
		newLayer("units", c.params.Cells, c.units),
		newLayer("blocks", c.params.Blocks, c.allBlocks),
		newLayer("roads", len(c.roads), c.allRoads),
		newLayer("buildings", buildings, c.allBuildings),
		newLayer("entrances", entrances, c.allEntrances),
		newLayer("addresses", int(c.doors.count), c.addresses),
	}
}

// newLayer reads a definition, which is part of the program.
func newLayer(name string, count int, features iter.Seq[data.Feature]) Layer {
	text, err := definitions.ReadFile("layers/" + name + ".toml")
	if err != nil {
		panic(err)
	}
	def := &data.Layer{}
	if _, err := toml.NewDecoder(bytes.NewReader(text)).Decode(def); err != nil {
		panic(fmt.Sprintf("%s: %v", name, err))
	}
	return Layer{Def: def, Definition: text, Count: count, Features: features}
}

// Layers are the layers in the order in which they should be loaded.
func (c *City) Layers() []Layer { return c.layers }

// Layer is a layer by name.
func (c *City) Layer(name string) (Layer, bool) {
	for _, l := range c.layers {
		if l.Def.Name == name {
			return l, true
		}
	}
	return Layer{}, false
}

// Params are the parameters with what followed from them filled in.
func (c *City) Params() Params { return c.params }

// Count is how many features all layers have together.
func (c *City) Count() int {
	n := 0
	for _, l := range c.layers {
		n += l.Count
	}
	return n
}

// Scheme is the scheme of the cells.
func (c *City) Scheme() data.Scheme {
	return data.Scheme{
		Name: "unit", Title: data.Title{"zh": "单元网格", "en": "Unit grid"},
		Levels: []string{"district", "street", "community"}, Cells: data.SchemeCells{Layer: "units", Code: "code"},
		CodeRule: "national15",
	}
}

// Name is the name of the city's first district.
func (c *City) Name() string { return c.names.district.name(0) }
