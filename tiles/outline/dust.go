package outline

// dust decides what becomes of a polygon that is smaller than the least square that is drawn: of such polygons a
// sample as large as their area is drawn as squares, so that the map keeps its tone. The choice depends on the
// permanent id, and a polygon that is drawn stays so at the next zoom levels.
func (d *Drawing) dust(p *part, permanent uint32, number int) drawnPart {
	side := int64(d.frame.dust)
	limit := uint64(2*side) << d.unit >> fineBits
	if uint64(p.top.x-p.low.x) > limit || uint64(p.top.y-p.low.y) > limit {
		return drawnPart{}
	}
	unit := float64(uint64(1)<<d.unit) / (1 << fineBits)
	share := p.area / (float64(side*side) * unit * unit)
	if share >= 1 {
		return drawnPart{}
	}
	low, top := d.local(p.low), d.local(p.top)
	x, y := d.snap((low.x+top.x)/2), d.snap((low.y+top.y)/2)
	if !drawn(x) || !drawn(y) {
		return drawnPart{fate: elsewhere}
	}
	q := drawnPart{fate: asNothing, square: Vertex{int32(x), int32(y)}}
	if float64(scatter(permanent+uint32(number)*0x9E3779B1)) < share*(1<<32) {
		q.fate = asSquare
	}
	return q
}

// scatter spreads consecutive numbers evenly: the finalizer of MurmurHash3.
func scatter(x uint32) uint32 {
	x ^= x >> 16
	x *= 0x85EBCA6B
	x ^= x >> 13
	x *= 0xC2B2AE35
	return x ^ x>>16
}
