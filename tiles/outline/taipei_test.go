package outline_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/paulmach/orb/geojson"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/tiles/outline"
)

// sampleShapes reads the geometries of a file of the sample city, a collection or one feature a line.
func sampleShapes(tb testing.TB, name string) []geo.Shape {
	tb.Helper()
	f, err := os.Open("../../sample/files/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	var shapes []geo.Shape
	add := func(features ...*geojson.Feature) {
		for _, f := range features {
			s, err := geo.FromOrb(f.Geometry)
			if err != nil {
				tb.Fatal(err)
			}
			shapes = append(shapes, s)
		}
	}
	d := json.NewDecoder(bufio.NewReader(unzipped))
	for d.More() {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			tb.Fatal(err)
		}
		if c, err := geojson.UnmarshalFeatureCollection(raw); err == nil {
			add(c.Features...)
		} else if f, err := geojson.UnmarshalFeature(raw); err == nil {
			add(f)
		} else {
			tb.Fatal(err)
		}
	}
	return shapes
}

// boundary is the edges of a coverage that only one cell has.
func boundary(shapes []geo.Shape) map[[2]geo.Point]int {
	sum := map[[2]geo.Point]int{}
	for _, s := range shapes {
		for i := range s.NumRings() {
			ring := s.Ring(i)
			for k := 1; k < len(ring); k++ {
				a, b, n := ring[k-1], ring[k], 1
				if b.X < a.X || b.X == a.X && b.Y < a.Y {
					a, b, n = b, a, -1
				}
				if sum[[2]geo.Point{a, b}] += n; sum[[2]geo.Point{a, b}] == 0 {
					delete(sum, [2]geo.Point{a, b})
				}
			}
		}
	}
	return sum
}

// The districts, villages and unit grids of Taipei: whatever edge two neighbours share, they share in every tile. What
// is left when the edges of all cells are added up with their directions is what was drawn of the edges that only one
// cell has in the city, which a layer of its own shows as lines.
func TestTaipei(t *testing.T) {
	for _, name := range []string{"districts.geojson.gz", "villages.geojson.gz", "units.geojsonseq.gz"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cells := sampleShapes(t, name)
			border := boundary(cells)
			l := layerOf(cells...)
			for e := range border {
				l.shapes = append(l.shapes, shapeOf(t, geo.KindLine, []geo.Point{e[0], e[1]}))
				l.changed = append(l.changed, 0)
			}
			t.Logf("%d cells, %d edges of the outline", len(cells), len(border))
			rng := rand.New(rand.NewPCG(7, 7))
			store := outline.NewStore(1 << 26)
			var d outline.Drawing
			tiles := 8
			if testing.Short() {
				tiles = 2
			}
			for z := range uint32(19) {
				for i := range tiles {
					ring := cells[rng.IntN(len(cells))].Vertices()
					a := tileOf(ring[rng.IntN(len(ring))], z)
					if i == 0 {
						a = tileOf(taipei, z)
					}
					got := l.draw(t, &d, store, a, z >= 16, outline.Options{})
					left, lines := sum{}, map[edge]bool{}
					for slot := range l.shapes {
						parts := got.parts[index.Slot(slot)]
						if slot < len(cells) {
							checkValid(t, fmt.Sprint(a, " cell ", slot), parts)
							left.rings(parts)
							continue
						}
						for _, p := range parts {
							for k := 1; k < len(p); k++ {
								lines[edge{p[k-1], p[k]}], lines[edge{p[k], p[k-1]}] = true, true
							}
						}
					}
					for e := range left {
						if !atEdge(e) && !lines[e] {
							t.Fatalf("%v: %v is not an edge of the outline", a, e)
						}
					}
				}
			}
		})
	}
}

// atEdge reports whether an edge runs along the edge of the drawing.
func atEdge(e edge) bool {
	on := func(v int32) bool { return v == -outline.Buffer || v == outline.Extent+outline.Buffer }
	return e.a.X == e.b.X && on(e.a.X) || e.a.Y == e.b.Y && on(e.a.Y)
}
