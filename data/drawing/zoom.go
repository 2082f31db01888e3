package drawing

import (
	"fmt"
	"strconv"
)

// MaxZoom is the deepest zoom level of tiles.
const MaxZoom = 22

// ZoomRange is the range of zoom levels at which a layer is drawn, both ends included. Zero Max means [MaxZoom].
type ZoomRange struct {
	Min int `json:"min" toml:"min"`
	Max int `json:"max" toml:"max"`
}

// Contains reports whether the layer is drawn at zoom z.
func (r ZoomRange) Contains(z int) bool { return z >= r.Min && (r.Max == 0 || z <= r.Max) }

// TileRule says what is drawn where not all features of a layer have room in a tile. The zero rule is good: features are
// taken evenly, within the limits of package tiles.
type TileRule struct {
	// Importance names an attribute that holds numbers: features of which it is larger are drawn first.
	Importance string `json:"importance,omitempty" toml:"importance"`
	// Features and Bytes bound what one tile holds of the layer, bytes before compression; 0 leaves it to the server,
	// which does not let them be larger than its own bounds for detailed tiles.
	Features int `json:"features,omitempty" toml:"features"`
	Bytes    int `json:"bytes,omitempty" toml:"bytes"`
}

// Bounds of [TileRule].
const (
	MaxTileFeatures = 1 << 16
	MinTileBytes    = 1 << 12
	MaxTileBytes    = 4 << 20
)

// Validate calls bad when it is no range of zoom levels; field is a path within the layer.
func (r ZoomRange) Validate(bad func(field, value, why string)) {
	if r.Min < 0 || r.Max < 0 || r.Max > MaxZoom || r.Max != 0 && r.Min > r.Max {
		bad("zoom", fmt.Sprintf("%d–%d", r.Min, r.Max), fmt.Sprintf("must be a range within 0–%d", MaxZoom))
	}
}

// Validate calls bad for each bound that is wrong. Whether there is an attribute is the layer's matter.
func (r *TileRule) Validate(bad func(field, value, why string)) {
	if r.Features < 0 || r.Features > MaxTileFeatures {
		bad("tiles.features", strconv.Itoa(r.Features), fmt.Sprintf("must be 1–%d, or 0 for the usual bound", MaxTileFeatures))
	}
	if r.Bytes != 0 && (r.Bytes < MinTileBytes || r.Bytes > MaxTileBytes) {
		bad("tiles.bytes", strconv.Itoa(r.Bytes), fmt.Sprintf("must be %d–%d, or 0 for the usual bound", MinTileBytes, MaxTileBytes))
	}
}
