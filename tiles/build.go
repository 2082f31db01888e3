package tiles

import (
	"context"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/tiles/label"
	"github.com/gewu-city/gewu/tiles/outline"
)

// drawn is an encoded tile before compression.
type drawn struct {
	bytes  []byte
	layers []LayerReport
}

// LayerReport says what became of the features of one layer of a tile.
type LayerReport struct {
	Name string `json:"name"`
	// Found is the number of features that meet the tile and pass the filter, Drawn and Dropped what became of them:
	// Dropped exceeded a limit, and what is in neither has nothing left of it inside the tile. For points only those
	// in the tile itself count, not those in its buffer, so that the tiles of a zoom level add up to the layer.
	Found   int `json:"found"`
	Drawn   int `json:"drawn"`
	Dropped int `json:"dropped"`
	// Collapsed is the number of polygons left out because they are too small for this zoom level.
	Collapsed int `json:"collapsed,omitempty"`
	// Oversize is the number of those dropped because one alone takes half of what a layer may hold.
	Oversize int `json:"oversize,omitempty"`
	// Cell is the side of the cells of which one feature is drawn each, in units of 4096 to the side of a tile; 0 when
	// the features are not thinned by cells.
	Cell int `json:"cell,omitempty"`
	// Bytes is the size before compression.
	Bytes int `json:"bytes"`
}

// builder draws tiles, one after another. It belongs to one goroutine.
type builder struct {
	frame  frame
	query  *Query
	drawer drawer
	labels *label.Points
	shapes *outline.Store
	epoch  data.Epoch
	layers int
	tile   drawn

	main, label layerWriter
	columns     columns

	// Scratch space. found holds the candidates of the layer in work, points first.
	found, spare []candidate
	left         []candidate
	points       int
	rows         []index.Slot
	permanents   []uint32
	ranked       []rank
	cells        []cell
	// arena holds the geometry of features that are not one point, which ends at ends.
	arena []byte
	ends  []uint32
	attrs []tagged
	// kept are the features drawn, when keepDrawn asks for them.
	keepDrawn bool
	kept      []index.Slot
}

// build draws the sources, of the World with the given epoch, into a tile of so many layers. The bytes are valid until the next build.
func (b *builder) build(ctx context.Context, epoch data.Epoch, sources []source, layers int, f frame, q *Query) (drawn, error) {
	b.frame, b.epoch, b.query, b.layers = f, epoch, q, layers
	b.drawer.frame, b.drawer.box = f, f.searchBox()
	b.drawer.lines = b.shapes.Borrow()
	defer b.shapes.Return(b.drawer.lines)
	b.tile = drawn{bytes: b.tile.bytes[:0]}
	for _, s := range sources {
		if !s.layer.Def().Zoom.Contains(int(f.z)) {
			continue
		}
		if err := b.layer(ctx, s); err != nil {
			return drawn{}, err
		}
	}
	return b.tile, nil
}

// layer adds one layer, thinning it until it fits.
func (b *builder) layer(ctx context.Context, s source) error {
	if err := b.gather(ctx, s); err != nil {
		return err
	}
	if s.clusters {
		return b.clusters(ctx, s)
	}
	limit := limitsAt(b.frame.z, s.layer.Def(), b.layers)
	w := &featureWriter{b: b, source: s, def: s.layer.Def(), limit: limit.bytes}
	w.report.Name = s.name()
	for _, c := range b.found {
		if c.proper() {
			w.report.Found++
		}
	}
	c := b.choose(s, limit.features)
	for checked := false; ; checked = true {
		done, err := w.write(ctx, &c)
		if err != nil {
			return err
		}
		if done == len(c.found) {
			w.finish(&c)
			return nil
		}
		if !checked && w.dropOversize() {
			c = b.choose(s, limit.features)
			continue
		}
		if len(c.found) <= 1 {
			w.nothing()
			w.finish(&choice{})
			return nil
		}
		c.atMost(min(done*15/16, len(c.found)-1))
	}
}

// choice is the features of a layer that are drawn, by permanent id.
type choice struct {
	b      *builder
	source source
	found  []candidate
	// cells is set once the features are thinned by cells; count is then how many each of found stands for.
	cells *thinned
	count []uint32
}

// choose chooses of what was found.
func (b *builder) choose(s source, most int) choice {
	c := choice{b: b, source: s, found: b.found}
	if len(c.found) > most {
		c.atMost(most)
		return c
	}
	b.sort(s.layer)
	c.found = b.found
	return c
}

// atMost leaves out features until there are no more than n, at least one. Points become cells; where there is
// something else among them, rank alone chooses.
func (c *choice) atMost(n int) {
	b := c.b
	switch {
	case c.cells != nil:
		c.cells.coarsen(b, n)
	case b.points == len(b.found):
		c.cells = b.thin(c.source, c.found, n)
	default:
		c.found = b.best(c.source, c.found, n)
	}
	if c.cells != nil {
		c.found, c.count = c.cells.sorted(c.source.layer)
	}
}

// Factors of the hash: C. Wellons' lowbias32, which spreads consecutive numbers evenly and gives no two of them the
// same.
const (
	factor1 = 0x7feb352d
	factor2 = 0x846ca68b
)

func scramble(x uint32) uint32 {
	x ^= x >> 16
	x *= factor1
	x ^= x >> 15
	x *= factor2
	return x ^ x>>16
}
