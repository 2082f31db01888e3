package geocoding

import (
	"math"

	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/server/answer"
)

// Bounds of what is shared out: places of an answer, metres, and the least share that is listed.
const (
	mostShares      = 10
	mostShareRadius = 300
	leastShare      = 0.01
)

// cellShares are the cells in which a place may lie and how likely, when its radius crosses the border of a cell: the
// share of the disc of that radius that lies in each. Shares of a scheme that do not come to 1 leave out what belongs to
// nobody.
func (f *feature) cellShares(p *geocode.Place) []grid.Cell {
	if p.Radius <= 0 || p.Radius > mostShareRadius || !f.crosses(p) {
		return nil
	}
	disc, ok := discAround(p.At, p.Radius)
	if !ok {
		return nil
	}
	loc, _, err := f.api.Locator.LocateShape(f.world, disc, grid.Ask{Cells: true, Shares: leastShare})
	if err != nil {
		return nil // cells with so many vertices are not shared out; the cell at the point is still there
	}
	return loc.Cells
}

// crosses reports whether the outline of a cell lies within the radius of a place, or the place lies in none.
func (f *feature) crosses(p *geocode.Place) bool {
	cells := f.api.Locator.Locate(f.world, p.At, grid.Ask{Cells: true, Edge: true}).Cells
	if len(cells) < len(f.api.Locator.Plan(f.world).Schemes) {
		return true
	}
	for i := range cells {
		if edge := cells[i].EdgeM; edge != nil && *edge < p.Radius {
			return true
		}
	}
	return false
}

// discSides is how many sides stand for a circle.
const discSides = 48

// discAround is a polygon of the area of a disc of a radius in metres. It reports false at the ends of the world.
func discAround(at geo.Point, radius float64) (geo.Shape, bool) {
	mx, my := geo.Scale(at.Lat())
	const step = 2 * math.Pi / discSides
	radius *= math.Sqrt(step / math.Sin(step))
	ring := make([]geo.Point, 0, discSides+1)
	for i := range discSides {
		sin, cos := math.Sincos(step * float64(i))
		x, y := float64(at.X)+radius*cos/mx, float64(at.Y)+radius*sin/my
		if math.Abs(x) > geo.MaxX || math.Abs(y) > geo.MaxX/2 {
			return geo.Shape{}, false
		}
		ring = append(ring, geo.Point{X: int32(math.Round(x)), Y: int32(math.Round(y))})
	}
	ring = append(ring, ring[0])
	disc, err := geo.NewShape(geo.KindPolygon, ring, []uint32{uint32(len(ring))}, []uint32{1})
	return disc, err == nil && len(geo.Validate(disc)) == 0
}

// appendShares appends the member cell_shares, unless there is nothing to share.
func appendShares(dst []byte, cells []grid.Cell) []byte {
	if len(cells) == 0 {
		return dst
	}
	dst = append(dst, `,"cell_shares":[`...)
	for i := range cells {
		if i > 0 {
			dst = append(dst, ',')
		}
		c := &cells[i]
		dst = jsontext.AppendString(append(dst, `{"scheme":`...), c.Scheme)
		dst = jsontext.AppendString(append(dst, `,"code":`...), c.Code)
		dst = jsontext.AppendString(append(dst, `,"name":`...), c.Name)
		share := c.Share
		if share == 0 {
			share = 1
		}
		dst = append(answer.Number(append(dst, `,"share":`...), math.Round(share*1e4)/1e4), '}')
	}
	return append(dst, ']')
}
