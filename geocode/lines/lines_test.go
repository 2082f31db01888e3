package lines

import (
	"maps"
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
)

// origin is where the streets of tests are.
var origin = frameAt(121.5, 25)

func frameAt(lon, lat float64) frame {
	p, ok := geo.FromDegrees(lon, lat)
	if !ok {
		panic("outside")
	}
	return around(p)
}

// at is the point so many metres east and north of the origin.
func at(x, y float64) geo.Point { return origin.moved(origin.at, vec{x, y}) }

// way is the points at metres east and north that follow each other.
func way(xy ...float64) (points []geo.Point) {
	for i := 0; i < len(xy); i += 2 {
		points = append(points, at(xy[i], xy[i+1]))
	}
	return points
}

func indexOf(lines ...Line) *Index { return New(slices.Values(lines)) }

// same reports whether two indexes hold the same.
func same(a, b *Index) bool {
	roads := maps.Clone(a.roads)
	maps.Copy(roads, b.roads)
	maps.Copy(roads, a.newer)
	maps.Copy(roads, b.newer)
	for number := range roads {
		if r, s := a.road(number), b.road(number); a.Has(number) != b.Has(number) || r != nil && !reflect.DeepEqual(r, s) {
			return false
		}
	}
	return a.Len() == b.Len()
}

// someLine draws a line of one of a few roads and features; some have no length.
var someLine = rapid.Custom(func(t *rapid.T) Line {
	l := Line{Road: rapid.Uint32Range(0, 2).Draw(t, "road"), ID: rapid.Uint32Range(1, 6).Draw(t, "id")}
	for range rapid.IntRange(0, 5).Draw(t, "points") {
		l.Points = append(l.Points, at(20*float64(rapid.IntRange(0, 3).Draw(t, "x")), 20*float64(rapid.IntRange(0, 3).Draw(t, "y"))))
	}
	number := rapid.Uint32Range(0, 9)
	l.Left, l.Right = Range{number.Draw(t, "from"), number.Draw(t, "to")}, Range{number.Draw(t, "from"), number.Draw(t, "to")}
	return l
})

// TestWith compares an index that is kept current with one that is made anew.
func TestWith(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type feature struct{ road, id uint32 }
		all := map[feature][]Line{}
		made := func() *Index {
			return New(func(yield func(Line) bool) {
				for _, lines := range all {
					for _, l := range lines {
						if !yield(l) {
							return
						}
					}
				}
			})
		}
		for range rapid.IntRange(0, 60).Draw(t, "first") {
			l := someLine.Draw(t, "line")
			f := feature{l.Road, l.ID}
			all[f] = append(all[f], l)
		}
		ix := made()
		for range rapid.IntRange(1, 5).Draw(t, "rounds") {
			var changes []Change
			touched := map[feature]bool{}
			for range rapid.IntRange(0, 6).Draw(t, "changes") {
				c := Change{someLine.Draw(t, "line"), rapid.Bool().Draw(t, "gone")}
				f := feature{c.Line.Road, c.Line.ID}
				if c.Gone || !touched[f] {
					delete(all, f)
				}
				if touched[f] = true; !c.Gone {
					all[f] = append(all[f], c.Line)
				}
				changes = append(changes, c)
			}
			before, held := ix, made()
			if ix = before.With(changes); !same(ix, held) {
				t.Fatalf("kept current: %v, made anew: %v", ix.newer, held.roads)
			}
			if again := before.With(changes); !same(ix, again) {
				t.Fatal("the index of before has changed")
			}
		}
		count := 0
		for _, lines := range all {
			for _, l := range lines {
				if len(slices.Compact(slices.Clone(l.Points))) > 1 {
					count++
				}
			}
		}
		if ix.Len() != count {
			t.Fatalf("%d lines, want %d", ix.Len(), count)
		}
	})
}

// TestWithMany changes so many roads that they are taken in.
func TestWithMany(t *testing.T) {
	line := func(road uint32, x float64) Line {
		return Line{Road: road, ID: road, Points: way(0, 0, x, 0), Left: Range{1, 9}}
	}
	var first, second []Line
	for road := range uint32(3000) {
		first, second = append(first, line(road, 100)), append(second, line(road, 200))
	}
	ix := indexOf(first...)
	for chunk := range slices.Chunk(second, 100) {
		var changes []Change
		for _, l := range chunk {
			changes = append(changes, Change{Line: l, Gone: l.Road%7 == 0})
		}
		ix = ix.With(changes)
	}
	second = slices.DeleteFunc(second, func(l Line) bool { return l.Road%7 == 0 })
	if !same(ix, indexOf(second...)) || len(ix.roads) > 2800 || len(ix.newer) > renew {
		t.Errorf("%d lines, want %d; %d roads and %d newer", ix.Len(), len(second), len(ix.roads), len(ix.newer))
	}
	if ix.Has(7) || !ix.Has(8) || ix.Has(3000) {
		t.Error("roads are there that have gone, or others are not")
	}
}

// city is 2,500 roads of ten lines each, in a net.
func city() *Index {
	return New(func(yield func(Line) bool) {
		for road := range uint32(2500) {
			for i := range uint32(10) {
				x, y, from := float64(road/2)*20, float64(road/2%50)*100, float64(i)*100
				l := Line{Road: road, ID: road*10 + i, Left: Range{i*20 + 1, i*20 + 19}, Right: Range{i*20 + 2, i*20 + 20}}
				for j := range 5 {
					d := from + float64(j)*25
					if road%2 == 0 {
						l.Points = append(l.Points, at(x+d, y+3*math.Sin(d)))
					} else {
						l.Points = append(l.Points, at(x+3*math.Sin(d)+500, y+d-500))
					}
				}
				if !yield(l) {
					return
				}
			}
		}
	})
}

func Benchmark(b *testing.B) {
	ix := city()
	var doors []Anchor
	for n := uint32(1); n <= 200; n += 3 {
		doors = append(doors, Anchor{n, at(float64(n)*5, float64(n%2)*16-8)})
	}
	for _, bench := range []struct {
		name string
		do   func(i uint32)
	}{
		{"Number", func(i uint32) { ix.Number(i%2500, i%200+1, nil) }},
		{"NumberByDoors", func(i uint32) { ix.Number(0, i%200+1, doors) }},
		{"Crossings", func(i uint32) { ix.Crossings(i%2500, (i+1)%2500) }},
		{"Along", func(i uint32) { ix.Along(i%2500/2*2, at(float64(i%2500/2)*20+200, float64(i%2500/2%50)*100), 90, 300) }},
		{"Nearest", func(i uint32) { ix.Nearest(i%2500, at(3000, 3000)) }},
		{"With", func(i uint32) {
			ix.With([]Change{{Line: Line{Road: i % 2500, ID: i % 25000, Points: way(0, 0, 5, 5)}}})
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := uint32(0); b.Loop(); i++ {
				bench.do(i)
			}
		})
	}
}
