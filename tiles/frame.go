package tiles

import (
	"fmt"
	"math"
	"strconv"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// Extent is the number of units along the side of a tile.
const Extent = 4096

// Buffer is how many units beyond its edge a tile holds geometry, so that lines and symbols do not end at the edge.
const Buffer = 64

// DetailZoom is the zoom level whose units (13 cm at 25° of latitude) show all there is to see. Clients enlarge its
// tiles instead of asking for deeper ones, which are served all the same.
const DetailZoom = index.StampZoom

// coarsest is the largest step of the snapping grid.
const coarsest = 8

// searchMargin is how far beyond its edge a tile looks for features: what lies farther out cannot be snapped into the
// buffer. It must not exceed [index.TileMargin], or edits would leave stale tiles behind.
const searchMargin = float64(Buffer+coarsest) / Extent

// This does not compile when it does.
const _ = uint(index.TileMargin*Extent - (Buffer + coarsest))

// CheckAddress verifies that z/x/y names a tile. The error is a *data.FieldError with the allowed range.
func CheckAddress(z, x, y uint32) error {
	if z > data.MaxZoom {
		return &data.FieldError{Field: "z", Value: number(z), Why: fmt.Sprintf("must be 0–%d", data.MaxZoom)}
	}
	last := uint32(1)<<z - 1
	for _, v := range []struct {
		field string
		value uint32
	}{{"x", x}, {"y", y}} {
		if v.value > last {
			return &data.FieldError{
				Field: v.field, Value: number(v.value), Why: fmt.Sprintf("must be 0–%d at zoom %d", last, z),
			}
		}
	}
	return nil
}

func number(v uint32) string { return strconv.FormatUint(uint64(v), 10) }

// vertex is a place in tile units, y downwards, relative to the tile's north-west corner.
type vertex struct{ x, y int64 }

// frame is the coordinate system of one tile: the whole world is Extent × 2^z units wide.
type frame struct {
	z, x, y uint32
	scale   float64
	step    float64
	origin  vertex
}

func newFrame(z, x, y uint32) frame {
	return frame{
		z: z, x: x, y: y, step: 1,
		scale:  float64(uint64(Extent) << z),
		origin: vertex{int64(x) * Extent, int64(y) * Extent},
	}
}

// snapping is the frame in which the lines and polygons of a layer are drawn.
func (f frame) snapping(def *data.Layer) frame {
	f.step = float64(gridStep(f.z, def.Zoom))
	return f
}

// gridStep is the side of the snapping grid in tile units. Eight units are one pixel of a 512-pixel tile. At its
// deepest zoom level a layer keeps every unit, because clients enlarge those tiles.
func gridStep(z uint32, zoom data.ZoomRange) int {
	switch {
	case zoom.Max != 0 && int(z) >= zoom.Max, z >= DetailZoom:
		return 1
	case z >= 14:
		return 2
	case z >= 9:
		return 4
	default:
		return coarsest
	}
}

// unit is the nearest grid point to a place in the unit square of Web Mercator. Scale and step are powers of two, so
// only the last step rounds.
func (f *frame) unit(mx, my float64) vertex {
	return vertex{
		x: int64(math.Floor(mx*f.scale/f.step+0.5)*f.step) - f.origin.x,
		y: int64(math.Floor(my*f.scale/f.step+0.5)*f.step) - f.origin.y,
	}
}

func (f *frame) at(p geo.Point) vertex { return f.unit(p.Mercator()) }

// holds reports whether this is the one tile that a place belongs to: its south and east edges belong to the next
// tile, except at the edge of the world.
func (f *frame) holds(mx, my float64) bool {
	n := float64(uint32(1) << f.z)
	column := func(v float64) uint32 { return uint32(min(math.Floor(v*n), n-1)) }
	return column(mx) == f.x && column(my) == f.y
}

// searchBox is the box of everything that can appear in the tile. Latitudes beyond the Mercator square are drawn at
// its edge and belong to the outermost rows.
func (f *frame) searchBox() geo.Box {
	n := float64(uint32(1) << f.z)
	box := geo.Box{
		Min: geo.FromMercator((float64(f.x)-searchMargin)/n, (float64(f.y)+1+searchMargin)/n),
		Max: geo.FromMercator((float64(f.x)+1+searchMargin)/n, (float64(f.y)-searchMargin)/n),
	}
	if f.y == 0 {
		box.Max.Y = geo.MaxY
	}
	if f.y == uint32(1)<<f.z-1 {
		box.Min.Y = -geo.MaxY
	}
	return box
}
