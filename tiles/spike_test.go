package tiles_test

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/tiles/tiletest"
)

// A road that turns back beside itself keeps its end, at every zoom level where edges are simplified.
func TestLinesThatTurnBackKeepTheirEnds(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	center := geo.Point{X: 1_215_000_000, Y: 250_300_000}
	for _, z := range []uint32{9, 12, 14, 15} {
		unit := 3.6e9 / float64(uint32(1)<<z) / 4096
		for i := range 60 {
			away := func(units float64) int32 { return int32(units * unit * (rng.Float64()*2 - 1)) }
			from := geo.Point{X: center.X + away(300), Y: center.Y + away(300)}
			end := geo.Point{X: from.X + away(900), Y: from.Y + away(900)}
			// Back beside the way there, in pieces, so that vertices of both are taken out.
			line := orb.LineString{}
			for k := range 12 {
				f := float64(k) / 12
				line = append(line, geo.Point{
					X: from.X + int32(f*float64(end.X-from.X)) + away(3), Y: from.Y + int32(f*float64(end.Y-from.Y)) + away(3),
				}.Orb())
			}
			line = append(line, end.Orb())
			for k := 11; k >= 0; k-- {
				line = append(line, geo.Point{X: int32(line[k][0]*geo.Unit) + away(3), Y: int32(line[k][1]*geo.Unit) + away(3)}.Orb())
			}
			city := tiletest.NewCity(t)
			city.Apply(indextest.Define(lines()))
			w := city.Apply(indextest.Put("lines", strconv.Itoa(i), shape(t, line)))
			x, y := tileOf(end, z)
			v := mapPlace(t, "EPSG:4326", end, z)
			local, best := inUnits(v, x, y), 1e9
			for _, f := range decode(t, draw(t, cold(), w, "lines", z, x, y)).Layer("lines").Features {
				for _, part := range f.Parts {
					best = min(best, distance(local, floats(part)))
				}
			}
			if best > 9 {
				t.Errorf("z%d: the end of line %d is %.1f units beyond what is drawn", z, i, best)
			}
		}
	}
}
