package tiles

import "github.com/gewu-city/gewu/data"

// Limits of one layer of a tile. What exceeds them is left out by rank, see [thinned], counted in the tile, and told by
// [Tile.Layers].
const (
	// MaxFeatures bounds the features of a layer at [DetailZoom] and beyond, OverviewFeatures those of less detailed
	// tiles: at 512 pixels a tile, one feature for 4 × 4 pixels.
	MaxFeatures      = 1 << 16
	OverviewFeatures = 1 << 14
	// MaxLayerBytes bounds the features and values of a layer before compression at [DetailZoom] and beyond, its label
	// points apart; OverviewBytes those of less detailed tiles, which takes about 400 kB compressed.
	MaxLayerBytes = 4 << 20
	OverviewBytes = 1 << 20
	// MaxTileBytes is shared by the layers of a tileset with more than four; a quarter of it in less detailed tiles.
	MaxTileBytes = 16 << 20
)

// limits bound one layer of a tile.
type limits struct{ features, bytes int }

// limitsAt are the limits of a layer at a zoom level in a tile of n layers.
func limitsAt(z uint32, def *data.Layer, n int) limits {
	l := limits{MaxFeatures, min(MaxLayerBytes, MaxTileBytes/max(1, n))}
	if z < DetailZoom {
		l = limits{OverviewFeatures, min(OverviewBytes, MaxTileBytes/4/max(1, n))}
	}
	if own := def.Tiles.Features; own > 0 {
		l.features = min(own, MaxFeatures)
	}
	if own := def.Tiles.Bytes; own > 0 {
		l.bytes = min(own, MaxLayerBytes)
	}
	return l
}
