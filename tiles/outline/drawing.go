package outline

import (
	"context"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/index"
)

// MaxVertices bounds the vertices that a drawing holds, and so its memory, to about 100 MB.
const MaxVertices = 1 << 21

// checkEvery is the number of features between two looks at the context.
const checkEvery = 256

// Drawing is the shapes of one layer in one tile. It is filled by [Drawing.Load] and may be loaded again, which
// reuses its memory. It belongs to one goroutine.
type Drawing struct {
	squares     map[Vertex]Vertex // centres of the squares of the feature being assembled, by where they lie
	frame       Frame
	originX     int64
	originY     int64
	unit, pixel uint  // their binary logarithms in fine steps
	lowX, highX int64 // beyond these, in fine steps, nothing can fall into the buffer
	features    []feature
	parts       []drawnPart
	raw         []fine
	rings       []run // of raw, then of path, then of routed
	gathered    []run // the rings in raw
	// whole is how many vertices each ring has, many when it does not lie in one square between the lines.
	whole     []int32
	path      []passage
	routed    []int32
	far       []farVertex
	net       net
	crossings []crossing
	queue     queue
	tees      []tee
	rim       []stub
	edges     map[[2]fine]struct{} // from place to place, made when it is needed
	// visits is the number of the polygon that is assembled, in about.seen.
	visits int32
	out    Geometry
	done   *finished
	loop   []int32
	// ring and spare are scratch space of clipping.
	ring, spare []farVertex
}

// feature is a loaded shape: the end of its parts.
type feature struct {
	end  int32
	kind geo.Kind
}

// drawnPart is a polygon or the lines of a shape: the end of its rings, or a square that stands for it.
type drawnPart struct {
	end    int32
	fate   fate
	square Vertex // the centre
}

type fate uint8

const (
	asIs fate = iota
	asSquare
	asNothing // too small, in this tile
	elsewhere // too small, in another tile
)

// run is a stretch of a slice.
type run struct{ from, to int32 }

// passage is a vertex of a path: the number of a vertex of the net, or the complement of an index into far. The edge
// to the next one is a piece of that from raw[raw] to the vertex after it.
type passage struct{ id, raw int32 }

// farVertex is a vertex outside the tile and its buffer, in units.
type farVertex struct{ x, y int64 }

// Options say what is special about a layer.
type Options struct {
	// Scattered polygons stand for themselves, as buildings do. When they are too small to be seen, an even sample of
	// them is drawn as squares. Others are taken for the cells of a coverage: their neighbours take their ground.
	Scattered bool
	// Shift is how the map is shifted; nil is not at all.
	Shift *proj.Shift
}

// Load prepares the shapes of features of a layer, which must be all that may appear in the tile, see [Margin], in
// any order. It returns how many of them it took: fewer than all when they have more than [MaxVertices]. The error is
// that of ctx.
func (d *Drawing) Load(
	ctx context.Context, f Frame, store *Store, epoch data.Epoch, l Layer, slots []index.Slot, o Options,
) (int, error) {
	key := keyOf(f, epoch, l, slots, o)
	if done, ok := store.drawn.GetIfPresent(key); ok {
		d.done = done
		return len(slots), nil
	}
	d.reset(f)
	taken := 0
	for i, s := range slots {
		if i%checkEvery == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
		p := store.get(epoch, l, s, o.Shift)
		vertices, rings, parts := len(d.raw), len(d.rings), len(d.parts)
		d.gather(p, l.Permanent(s), o)
		if len(d.raw) > MaxVertices && taken > 0 {
			d.raw, d.rings, d.parts, d.features = d.raw[:vertices], d.rings[:rings], d.parts[:parts], d.features[:taken]
			break
		}
		taken++
	}
	d.trace()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	d.route()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	d.simplify()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	d.done = d.finish()
	if taken == len(slots) {
		store.drawn.Set(key, d.done)
	}
	return taken, nil
}

func (d *Drawing) reset(f Frame) {
	d.frame = f
	d.unit, d.pixel = f.unitBits(), f.pixelBits()
	d.originX = int64(f.x) * Extent << d.unit
	d.originY = int64(f.y) * Extent << d.unit
	d.lowX = -(Buffer + int64(f.step)) << d.unit
	d.highX = (Extent + Buffer + int64(f.step)) << d.unit
	d.features, d.parts, d.rings = d.features[:0], d.parts[:0], d.rings[:0]
	d.raw, d.path, d.routed, d.far = d.raw[:0], d.path[:0], d.routed[:0], d.far[:0]
	d.visits = 0
}

func (d *Drawing) local(p place) fine {
	return fine{int64(p.x)<<fineBits - d.originX, int64(p.y)<<fineBits - d.originY}
}

// snap is the pixel of a place, in units.
func (d *Drawing) snap(v int64) int64 {
	return ((v + 1<<(d.pixel-1)) >> d.pixel) << (d.pixel - d.unit)
}

// gather adds the vertices of a shape that matter to the tile.
func (d *Drawing) gather(p *prepared, permanent uint32, o Options) {
	l := p.level(d.pixel)
	at := 0
	for i := range p.parts {
		part := &p.parts[i]
		q := drawnPart{fate: asIs}
		if o.Scattered && p.kind == geo.KindPolygon && d.frame.dust > 0 {
			q = d.dust(part, permanent, i)
		}
		for ; at < int(part.end); at++ {
			if q.fate != asIs {
				continue
			}
			from := int32(len(d.raw))
			d.gatherRing(l, at)
			d.rings = append(d.rings, run{from, int32(len(d.raw))})
		}
		q.end = int32(len(d.rings))
		d.parts = append(d.parts, q)
	}
	d.features = append(d.features, feature{end: int32(len(d.parts)), kind: p.kind})
}

// gatherRing adds the vertices of one ring or line. Of those in a row beyond one side of the tile only the first and
// last are taken: what is between them cannot enter the tile or go round any point of it. Of those in a row in one
// pixel too.
func (d *Drawing) gatherRing(l *level, ring int) {
	from, to := 0, int(l.rings[ring])
	if ring > 0 {
		from = int(l.rings[ring-1])
	}
	start := len(d.raw)
	add := func(p fine) {
		if n := len(d.raw); n >= start+2 && d.shares(p, d.raw[n-1]) && d.shares(p, d.raw[n-2]) {
			d.raw[n-1] = p
			return
		}
		d.raw = append(d.raw, p)
	}
	// common is the sides beyond which all vertices since the last one taken lie; pending is the last of them.
	var common uint8
	var pending fine
	waits := false
	for i := from; i < to; i++ {
		p := d.local(l.at[i])
		c := d.beyond(p)
		if common&c != 0 {
			common &= c
			pending, waits = p, true
		} else {
			common = 0
			if waits {
				add(pending)
				waits = false
				common = d.beyond(pending) & c
			}
			if common != 0 {
				pending, waits = p, true
			} else {
				add(p)
				common = c
			}
		}
		if common == 0 || l.runs == nil || i%runLength != 0 || i+runLength > to {
			continue
		}
		if c := common & d.beyondBox(l.runs[i/runLength]); c != 0 {
			common = c
			i += runLength - 1
			pending, waits = d.local(l.at[i]), true
		}
	}
	if waits {
		add(pending)
	}
}

// shares reports whether two places lie in one pixel.
func (d *Drawing) shares(p, q fine) bool {
	half := int64(1) << (d.pixel - 1)
	return (p.x+half)>>d.pixel == (q.x+half)>>d.pixel && (p.y+half)>>d.pixel == (q.y+half)>>d.pixel
}

// beyond has one bit for each side of the buffered tile that p lies outside of.
func (d *Drawing) beyond(p fine) (sides uint8) {
	if p.x < d.lowX {
		sides |= 1
	} else if p.x > d.highX {
		sides |= 2
	}
	if p.y < d.lowX {
		sides |= 4
	} else if p.y > d.highX {
		sides |= 8
	}
	return sides
}

// beyondBox is what all places of a box have in common.
func (d *Drawing) beyondBox(b box) uint8 { return d.beyond(d.local(b.low)) & d.beyond(d.local(b.top)) }
