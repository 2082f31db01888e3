package outline

// Extent is the number of units along the side of a tile.
const Extent = 4096

// Buffer is how many units beyond its edge a tile is drawn.
const Buffer = 64

// Margin is how many units beyond its edge a tile depends on: the drawing is complete when it was loaded with all
// shapes whose boxes meet the tile widened by it.
const Margin = Buffer + 2*coarsest

// coarsest is the largest side of a pixel, in units.
const coarsest = 4

// Places lie on a grid of 2^placeBits steps along the side of the world, a centimetre each. Sums are taken on one
// that is finer by fineBits, so that every pixel of every zoom level has a whole number of steps on either side of its
// centre.
const (
	placeBits = 32
	fineBits  = 3
)

// Vertex is a place in tile units, y downwards, relative to the tile's north-west corner.
type Vertex struct{ X, Y int32 }

// Frame is a tile and the coarseness in which it is drawn.
type Frame struct {
	z, x, y uint32
	step    int32 // the side of a pixel, a power of two
	bend    int32 // how far edges may move, in quarters of a unit
	dust    int32 // the side of the least square that stands for small polygons; 0 keeps them as they are
}

// NewFrame is the frame of tile z/x/y. With detail, at the zoom levels whose tiles clients enlarge, nothing is
// simplified beyond one unit. Otherwise edges move by three quarters of a pixel: what is as wide as one keeps its
// corners.
func NewFrame(z, x, y uint32, detail bool) Frame {
	f := Frame{z: z, x: x, y: y, step: 1}
	switch {
	case detail:
	case z >= 14:
		f.step, f.bend, f.dust = 2, 6, 4
	default:
		f.step, f.bend, f.dust = coarsest, 12, 4
	}
	return f
}

// unitBits is the binary logarithm of the fine steps in a unit.
func (f *Frame) unitBits() uint { return placeBits + fineBits - 12 - uint(f.z) }

// pixelBits is the same for a pixel.
func (f *Frame) pixelBits() uint {
	bits := f.unitBits()
	for s := f.step; s > 1; s >>= 1 {
		bits++
	}
	return bits
}

// place is a point of the Web Mercator square: 2^placeBits steps along its side, x eastwards, y southwards.
type place struct{ x, y uint32 }

// project is the place of a point of the unit square of Web Mercator.
func project(x, y float64) place { return place{fixed(x), fixed(y)} }

// fixed is the nearest step to a share of the world's side.
func fixed(v float64) uint32 {
	const steps = 1 << placeBits
	return uint32(min(int64(v*steps+0.5), steps-1))
}

// fine is a place in fine steps relative to the tile's north-west corner.
type fine struct{ x, y int64 }

// lines are the coordinates, in units, at which every edge has a vertex: the edges of the buffers of this tile and of
// its neighbours.
var lines = [4]int32{-Buffer, Buffer, Extent - Buffer, Extent + Buffer}

// strip numbers the lines and what lies between them: lines are odd.
func strip(v int32) int {
	switch {
	case v > lines[1] && v < lines[2]:
		return 4
	case v < lines[0]:
		return 0
	case v == lines[0]:
		return 1
	case v < lines[1]:
		return 2
	case v == lines[1]:
		return 3
	case v == lines[2]:
		return 5
	case v < lines[3]:
		return 6
	case v == lines[3]:
		return 7
	default:
		return 8
	}
}

// drawn reports whether a coordinate lies in the tile or its buffer.
func drawn(v int64) bool { return v >= -Buffer && v <= Extent+Buffer }
