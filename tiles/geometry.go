package tiles

import (
	"context"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/tiles/outline"
)

// drawer turns shapes into the geometry of tile features. It reads the vertices of a World and never writes to
// them. It belongs to one goroutine.
type drawer struct {
	frame frame
	box   geo.Box // the search box
	out   commands
	// ring is scratch space.
	ring []vertex
	// lines has the lines and polygons of the layer, by their places in loaded.
	lines  *outline.Drawing
	loaded []index.Slot
	at     int
	// collapsed counts the polygons of this tile that are too small for it.
	collapsed int
}

// load prepares the lines and polygons of a layer. It returns how many of them it took.
func (d *drawer) load(
	ctx context.Context, f frame, shapes *outline.Store, epoch data.Epoch, l *index.Layer, found []candidate,
) (int, error) {
	d.loaded = d.loaded[:0]
	for _, c := range found {
		d.loaded = append(d.loaded, c.slot())
	}
	def := l.Def()
	options := outline.Options{Scattered: def.Roles.Cell == nil && def.Roles.Area == nil, Shift: f.shift}
	return d.lines.Load(ctx, f.outline(def), shapes, epoch, l, d.loaded, options)
}

// start begins a pass over the features, which come in the order in which they were loaded.
func (d *drawer) start() { d.at, d.collapsed = 0, 0 }

// outline writes the geometry of a loaded line or polygon to d.out and reports whether anything is left of it.
func (d *drawer) outline(s index.Slot) bool {
	for d.loaded[d.at] != s {
		d.at++
	}
	g, lost := d.lines.Shape(d.at)
	d.collapsed += lost
	d.out.reset()
	for i := range g.Ends {
		if g.Rings {
			d.out.ring(g.Part(i))
		} else {
			d.out.line(g.Part(i))
		}
	}
	return !d.out.empty()
}

// points writes those of the places to d.out that lie in the tile, and reports whether any do.
func (d *drawer) points(ps []geo.Point) bool {
	d.out.reset()
	d.ring = d.ring[:0]
	for _, p := range ps {
		v := d.frame.at(p)
		if v.x < -Buffer || v.x > Extent+Buffer || v.y < -Buffer || v.y > Extent+Buffer {
			continue
		}
		if n := len(d.ring); n == 0 || d.ring[n-1] != v {
			d.ring = append(d.ring, v)
		}
	}
	d.out.points(d.ring)
	return len(d.ring) > 0
}
