package tiles

import (
	"context"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/tiles/outline"
)

// Limits of a tile. A layer that exceeds them is thinned evenly: of its features in the tile those with the smallest
// hashed permanent ids stay, so that the choice is the same at every edit and in every process.
const (
	// MaxFeatures bounds the features of one layer.
	MaxFeatures = 1 << 16
	// MaxLayerBytes bounds the features and values of one layer before compression, its label points apart.
	MaxLayerBytes = 4 << 20
	// MaxTileBytes is shared by the layers of a tileset with more than four.
	MaxTileBytes = 16 << 20
)

// checkEvery is the number of features between two looks at the context.
const checkEvery = 256

// drawn is an encoded tile before compression.
type drawn struct {
	bytes     []byte
	features  int
	dropped   map[string]int
	collapsed int
}

// candidate is a feature whose box meets the tile: permanent id in the upper half, so that sorting the numbers sorts
// by it, slot in the lower half.
type candidate uint64

func (c candidate) permanent() uint32 { return uint32(c >> 32) }
func (c candidate) slot() index.Slot  { return index.Slot(uint32(c)) }

// builder draws one tile. It belongs to one goroutine.
type builder struct {
	frame  frame
	drawer drawer
	labels *labels
	shapes *outline.Store
	epoch  data.Epoch
	limit  int // bytes of a layer
	tile   drawn
}

// build draws the sources, of the World with the given epoch, into a tile.
func build(
	ctx context.Context, labels *labels, shapes *outline.Store, epoch data.Epoch, sources []source, f frame,
) (drawn, error) {
	b := &builder{
		frame: f, drawer: drawer{frame: f, box: f.searchBox(), lines: shapes.Borrow()},
		labels: labels, shapes: shapes, epoch: epoch,
		limit: min(MaxLayerBytes, MaxTileBytes/max(1, len(sources))),
	}
	defer shapes.Return(b.drawer.lines)
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
	found, err := b.candidates(ctx, s.layer)
	if err != nil {
		return err
	}
	total := len(found)
	found = thin(found, MaxFeatures)
	for s.layer.Def().Geometry != data.GeometryPoint {
		taken, err := b.drawer.load(ctx, b.frame, b.shapes, b.epoch, s.layer, found)
		if err != nil {
			return err
		}
		if taken == len(found) {
			break
		}
		found = thin(found, taken*15/16)
	}
	for {
		w := newFeatureWriter(b, s)
		done, err := w.write(ctx, found)
		if err != nil {
			return err
		}
		if done == len(found) {
			w.finish(total - len(found))
			return nil
		}
		// A feature takes at most half of the limit, so at least two were written: the loop ends.
		found = thin(found, done*15/16)
	}
}

// candidates are the features whose boxes meet the search box, by permanent id.
func (b *builder) candidates(ctx context.Context, l *index.Layer) ([]candidate, error) {
	var found []candidate
	l.Search(b.drawer.box, func(s index.Slot) bool {
		found = append(found, candidate(l.Permanent(s))<<32|candidate(s))
		return len(found)%checkEvery != 0 || ctx.Err() == nil
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	slices.Sort(found)
	return found, nil
}

// thin keeps the n candidates with the smallest hashes, by permanent id. It reorders its argument.
func thin(found []candidate, n int) []candidate {
	n = max(n, 1)
	if len(found) <= n {
		return found
	}
	// The hash is a bijection: exchanging ids for it and back loses nothing and leaves no ties.
	for i, c := range found {
		found[i] = candidate(scramble(c.permanent()))<<32 | c&0xffff_ffff
	}
	slices.Sort(found)
	found = found[:n]
	for i, c := range found {
		found[i] = candidate(unscramble(c.permanent()))<<32 | c&0xffff_ffff
	}
	slices.Sort(found)
	return found
}

// Factors of the hash and their inverses modulo 2^32: C. Wellons' lowbias32, which spreads consecutive numbers
// evenly.
const (
	factor1, inverse1 = 0x7feb352d, 0x1d69e2a5
	factor2, inverse2 = 0x846ca68b, 0x43021123
)

func scramble(x uint32) uint32 {
	x ^= x >> 16
	x *= factor1
	x ^= x >> 15
	x *= factor2
	return x ^ x>>16
}

func unscramble(x uint32) uint32 {
	x ^= x >> 16
	x *= inverse2
	x ^= x>>15 ^ x>>30
	x *= inverse1
	return x ^ x>>16
}
