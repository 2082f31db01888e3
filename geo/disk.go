package geo

import "math"

// Disk is what lies within some metres of a centre, for searches that discard most of what they meet without
// measuring it. Its bounds are safe: nothing whose [Distance] from the centre is within the radius is ever discarded,
// at the poles and across the antimeridian included.
//
// A point within the radius is at most a certain number of degrees north or south, so its middle latitude with the
// centre is within half of that, and there no unit is shorter than the smallest of the band: to the east at its
// polar end, to the north at its equatorial end.
type Disk struct {
	centre   Point
	radius   float64
	x, y     float64 // the centre in units
	mx, my   float64 // metres of one unit, at least
	squared  float64 // of the radius, a little more
	narrowed float64 // the radius that mx and my were made for
}

// rounding covers the rounding of the few operations between a coordinate and a distance.
const rounding = 1 + 1e-9

// NewDisk is the disk of a radius in metres, which may be infinite, around a centre.
func NewDisk(centre Point, radius float64) Disk {
	d := Disk{centre: centre, x: float64(centre.X), y: float64(centre.Y)}
	d.scale(radius)
	d.Narrow(radius)
	return d
}

func (d *Disk) scale(radius float64) {
	// The meridian is most curved, and its degree shortest, at the equator.
	half := min(90, radius/(wgsA*(1-wgsE2))/rad/2)
	lat := math.Abs(d.centre.Lat())
	d.mx, _ = Scale(min(90, lat+half))
	_, d.my = Scale(max(0, lat-half))
	d.narrowed = radius
}

// Centre is the centre.
func (d *Disk) Centre() Point { return d.centre }

// Radius is the radius in metres.
func (d *Disk) Radius() float64 { return d.radius }

// Narrow gives the disk a radius in metres that is not larger than the one it has.
func (d *Disk) Narrow(radius float64) {
	if radius == d.radius {
		return
	}
	// Below 20 km the scales of the wider disk are good to a thousandth or better up to latitude 60°.
	if d.narrowed > 20_000 && radius < d.narrowed/2 {
		d.scale(radius)
	}
	d.radius = radius
	d.squared = radius * radius * rounding
}

// MayReach reports whether a point can lie in the disk. It is never wrong when it says no.
func (d *Disk) MayReach(p Point) bool {
	dx := math.Abs(float64(p.X) - d.x)
	dx = min(dx, float64(turn)-dx) * d.mx
	dy := (float64(p.Y) - d.y) * d.my
	return dx*dx+dy*dy <= d.squared
}

// MayMeet reports whether a rectangle in units, borders included, can meet the disk. It is never wrong when it says
// no. The rectangle may reach beyond ±180° and ±90°.
func (d *Disk) MayMeet(west, south, east, north float64) bool {
	return d.Gap(west, south, east, north) <= d.squared
}

// Gap is a lower bound of the squared distance between the centre and a rectangle as [Disk.MayMeet] takes it.
func (d *Disk) Gap(west, south, east, north float64) float64 {
	dx := max(west-d.x, d.x-east, 0)
	if dx > 0 {
		// The other way round the earth may be shorter.
		dx = max(0, min(dx, float64(turn)-max(east-d.x, d.x-west))) * d.mx
	}
	dy := max(south-d.y, d.y-north, 0) * d.my
	return dx*dx + dy*dy
}

// Boxes together hold all points of the disk. The second is empty unless the disk crosses the antimeridian.
func (d *Disk) Boxes() [2]Box {
	dy := d.radius/d.my*rounding + 1
	south, north := int32(max(-MaxY, d.y-dy)), int32(min(MaxY, d.y+dy))
	box, other := Box{Min: Point{-MaxX, south}, Max: Point{MaxX, north}}, EmptyBox()
	dx := d.radius/d.mx*rounding + 1
	if !(dx < float64(turn)/2) {
		return [2]Box{box, other}
	}
	west, east := d.x-dx, d.x+dx
	switch {
	case west < -MaxX:
		other = box
		box.Max.X, other.Min.X = int32(east), int32(west+float64(turn))
	case east > MaxX:
		other = box
		box.Min.X, other.Max.X = int32(west), int32(east-float64(turn))
	default:
		box.Min.X, box.Max.X = int32(west), int32(east)
	}
	return [2]Box{box, other}
}
