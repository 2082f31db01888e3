package tiles

import (
	"fmt"
	"math"
	"strconv"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/index/stamp"
	"github.com/gewu-city/gewu/tiles/outline"
)

// Extent is the number of units along the side of a tile.
const Extent = outline.Extent

// Buffer is how many units beyond its edge a tile holds geometry, so that lines and symbols do not end at the edge.
const Buffer = outline.Buffer

// DetailZoom is the zoom level whose units (13 cm at 25° of latitude) show all there is to see. Clients enlarge its
// tiles instead of asking for deeper ones, which are served all the same.
const DetailZoom = stamp.Zoom

// searchMargin is how far beyond its edge a tile looks for features: what lies farther out does not change what is
// drawn. It must not exceed [stamp.Margin], or edits would leave stale tiles behind.
const searchMargin = float64(outline.Margin) / Extent

// This does not compile when it does.
const _ = uint(stamp.Margin*Extent - outline.Margin)

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
	origin  vertex
	// shift moves places to where the map has them; nil where it has all of them in their places.
	shift *proj.Shift
}

// newFrame is the frame of a tile; it forgets a shift that does not reach the tile.
func newFrame(z, x, y uint32, shift *proj.Shift) frame {
	f := frame{
		z: z, x: x, y: y,
		scale:  float64(uint64(Extent) << z),
		origin: vertex{int64(x) * Extent, int64(y) * Extent},
	}
	if shift != nil && shift.Reaches(f.box(searchMargin)) {
		f.shift = shift
	}
	return f
}

// crs names the shifted degrees of the tile, empty where nothing is shifted.
func (f *frame) crs() string {
	if f.shift == nil {
		return ""
	}
	return f.shift.Name()
}

// outline is the frame in which the lines and polygons of a layer are drawn: with all detail where clients enlarge
// tiles, which they do at the layer's deepest zoom level.
func (f *frame) outline(def *data.Layer) outline.Frame {
	detail := f.z >= DetailZoom || def.Zoom.Max != 0 && int(f.z) >= def.Zoom.Max
	return outline.NewFrame(f.z, f.x, f.y, detail)
}

// unit is the nearest unit to a place in the unit square of Web Mercator. The scale is a power of two, so only the
// last step rounds.
func (f *frame) unit(mx, my float64) vertex {
	return vertex{
		x: int64(math.Floor(mx*f.scale+0.5)) - f.origin.x,
		y: int64(math.Floor(my*f.scale+0.5)) - f.origin.y,
	}
}

// place is where the map has a stored place, in the unit square of Web Mercator.
func (f *frame) place(p geo.Point) (x, y float64) {
	if f.shift != nil {
		return f.shift.Mercator(p)
	}
	return p.Mercator()
}

func (f *frame) at(p geo.Point) vertex { return f.unit(f.place(p)) }

// holds reports whether this is the one tile that a place belongs to: its south and east edges belong to the next
// tile, except at the edge of the world.
func (f *frame) holds(mx, my float64) bool {
	n := float64(uint32(1) << f.z)
	column := func(v float64) uint32 { return uint32(min(math.Floor(v*n), n-1)) }
	return column(mx) == f.x && column(my) == f.y
}

// searchBox is the box of everything that can appear in the tile.
func (f *frame) searchBox() geo.Box {
	box := f.box(searchMargin)
	if f.shift != nil {
		box = f.shift.Origin(box)
	}
	return box
}

// mostStamps bounds the stamps that one tile looks at.
const mostStamps = 16

// stamp is the newest position that of gives for the tiles without shift that the tile can depend on. What changes within
// the margin of one of them has marked it.
func (f *frame) stamp(of func(z int, x, y uint32) data.Seq) data.Seq {
	if f.shift == nil {
		return of(int(f.z), f.x, f.y)
	}
	box := f.shift.Origin(f.box(0))
	west, south := box.Min.Mercator()
	east, north := box.Max.Mercator()
	z := min(f.z, stamp.Zoom)
	for {
		n := float64(uint32(1) << z)
		tile := func(v float64) uint32 { return uint32(min(v*n, n-1)) }
		x0, x1, y0, y1 := tile(west), tile(east), tile(north), tile(south)
		if z > 0 && (x1-x0+1)*(y1-y0+1) > mostStamps {
			// What marks a tile marks those that hold it.
			z--
			continue
		}
		newest := data.Seq(0)
		for x := x0; x <= x1; x++ {
			for y := y0; y <= y1; y++ {
				newest = max(newest, of(int(z), x, y))
			}
		}
		return newest
	}
}

// box is the tile with a margin, a share of its side. Latitudes beyond the Mercator square are drawn at its edge and
// belong to the outermost rows.
func (f *frame) box(margin float64) geo.Box {
	n := float64(uint32(1) << f.z)
	box := geo.Box{
		Min: geo.FromMercator((float64(f.x)-margin)/n, (float64(f.y)+1+margin)/n),
		Max: geo.FromMercator((float64(f.x)+1+margin)/n, (float64(f.y)-margin)/n),
	}
	if f.y == 0 {
		box.Max.Y = geo.MaxY
	}
	if f.y == uint32(1)<<f.z-1 {
		box.Min.Y = -geo.MaxY
	}
	return box
}
