package lines

import (
	"cmp"
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
)

func TestCrossings(t *testing.T) {
	line := func(road, id uint32, xy ...float64) Line { return Line{Road: road, ID: id, Points: way(xy...)} }
	type met struct {
		x, y, radius float64
		lines        []uint32
	}
	for _, test := range []struct {
		name  string
		lines []Line
		want  []met
	}{
		{"crossing", []Line{line(1, 1, -100, 0, 100, 0), line(2, 2, 0, -100, 0, 100)}, []met{{0, 0, 0, []uint32{1, 2}}}},
		{"split at the crossing", []Line{
			line(1, 1, -100, 0, 0, 0), line(1, 2, 100, 0, 0, 0), line(2, 3, 0, -100, 0, 0), line(2, 4, 0, 0, 0, 100),
		}, []met{{0, 0, 0, []uint32{1, 2, 3, 4}}}},
		{"a point of both within", []Line{line(1, 1, -100, 0, 0, 0, 100, 10), line(2, 2, 0, -100, 0, 0, 10, 100)}, []met{{0, 0, 0, []uint32{1, 2}}}},
		{"an end on a line", []Line{line(1, 1, -100, 0, 100, 0), line(2, 2, 40, 0, 40, 100)}, []met{{40, 0, 0, []uint32{1, 2}}}},
		{"an end near a line", []Line{line(1, 1, -100, 0, 100, 0), line(2, 2, 40, 2, 40, 100)}, []met{{40, 1, 1, []uint32{1, 2}}}},
		{"two carriageways", []Line{line(1, 1, -100, 0, 100, 0), line(1, 2, 100, 20, -100, 20), line(2, 3, 0, -100, 0, 100)}, []met{{0, 10, 10, []uint32{1, 2, 3}}}},
		{"two of two carriageways", []Line{
			line(1, 1, -100, 0, 100, 0), line(1, 2, 100, 20, -100, 20), line(2, 3, 0, -100, 0, 100), line(2, 4, 20, 100, 20, -100),
		}, []met{{10, 10, 14.14, []uint32{1, 2, 3, 4}}}},
		{"twice", []Line{line(1, 1, -100, 0, 100, 0), line(2, 2, 40, -100, 40, 50, -40, 50, -40, -10)}, []met{{-40, 0, 0, []uint32{1, 2}}, {40, 0, 0, []uint32{1, 2}}}},
		{"parted by a third road", []Line{line(1, 1, 0, -100, 0, 0), line(2, 2, 24, 0, 24, 100)}, []met{{12, 0, 12, []uint32{1, 2}}}},
		{"further apart", []Line{line(1, 1, 0, -100, 0, 0), line(2, 2, 31, 0, 31, 100)}, nil},
		{"passing without an end", []Line{line(1, 1, -100, 0, 100, 0), line(2, 2, -100, 2, 100, 2.5)}, []met{
			{-100, 1, 1, []uint32{1, 2}}, {100, 1.25, 1.25, []uint32{1, 2}},
		}},
		{"a road that is not there", []Line{line(1, 1, -100, 0, 100, 0)}, nil},
	} {
		ix := indexOf(test.lines...)
		got := ix.Crossings(1, 2)
		if back := ix.Crossings(2, 1); !reflect.DeepEqual(got, back) {
			t.Errorf("%s: %v, and %v the other way round", test.name, got, back)
		}
		ok := len(got) == len(test.want)
		for i := 0; ok && i < len(got); i++ {
			w := test.want[i]
			ok = geo.Distance(got[i].At, at(w.x, w.y)) < 0.05 && got[i].Radius > w.radius-0.05 && got[i].Radius < w.radius+0.05 && slices.Equal(got[i].Lines, w.lines)
		}
		if !ok {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
	ix := indexOf(line(1, 1, -100, 0, 100, 0), line(1, 2, 0, -100, 0, 100))
	if got := ix.Crossings(1, 1); got != nil {
		t.Errorf("a road crosses itself: %v", got)
	}
}

// TestCrossingsOfAll compares with a look at every pair of segments, and groups made by looking again and again.
func TestCrossingsOfAll(t *testing.T) {
	crossings := 0
	rapid.Check(t, func(t *rapid.T) {
		var lines []Line
		for i := range rapid.IntRange(2, 8).Draw(t, "lines") {
			l := Line{Road: uint32(i % 2), ID: uint32(i + 1)}
			for range rapid.IntRange(2, 5).Draw(t, "points") {
				place := rapid.IntRange(0, 20)
				l.Points = append(l.Points, at(25*float64(place.Draw(t, "x")), 2.3*float64(place.Draw(t, "y"))*float64(rapid.IntRange(1, 20).Draw(t, "stretch"))))
			}
			lines = append(lines, l)
		}
		ix := indexOf(lines...)
		want := plainly(lines, touching)
		if len(want) == 0 {
			want = plainly(lines, together)
		}
		got := ix.Crossings(0, 1)
		crossings += len(got)
		// Rounding may turn around two that are as far east as each other.
		alike := func(a Crossing) func(Crossing) bool {
			return func(b Crossing) bool {
				return geo.Distance(a.At, b.At) < 0.1 && math.Abs(a.Radius-b.Radius) < 0.1 && slices.Equal(a.Lines, b.Lines)
			}
		}
		ok := len(got) == len(want) && slices.IsSortedFunc(got, func(a, b Crossing) int { return compare(a.At, b.At) })
		for _, c := range got {
			ok = ok && slices.ContainsFunc(want, alike(c))
		}
		if !ok {
			t.Fatalf("%v\nwant\n%v", got, want)
		}
		if !reflect.DeepEqual(got, ix.Crossings(1, 0)) {
			t.Fatal("it matters which road is named first")
		}
		for _, c := range got {
			for road := range uint32(2) {
				if _, metres, _ := ix.Nearest(road, c.At); metres > c.Radius+0.1 {
					t.Fatalf("road %d is %v m from a crossing with radius %v", road, metres, c.Radius)
				}
			}
		}
	})
	if crossings == 0 {
		t.Error("no roads met")
	}
}

// plainly are the crossings of roads 0 and 1.
func plainly(lines []Line, within float64) (crossings []Crossing) {
	type point struct {
		at    geo.Point
		apart float64
		lines []uint32
		group int
	}
	var points []*point
	add := func(p geo.Point, apart float64, lines ...uint32) {
		slices.Sort(lines)
		points = append(points, &point{p, apart, lines, len(points)})
	}
	ends := func(l, m Line) {
		for i, p := range l.Points {
			for j := 1; j < len(m.Points); j++ {
				a, b := m.Points[j-1], m.Points[j]
				on := geo.Orient(a, b, p) == 0 && min(a.X, b.X) <= p.X && p.X <= max(a.X, b.X) && min(a.Y, b.Y) <= p.Y && p.Y <= max(a.Y, b.Y)
				if on {
					add(p, 0, l.ID, m.ID)
					continue
				}
				f := around(p)
				v, w := f.to(a), f.to(b)
				// The nearest point of the segment, by halving.
				low, high := 0.0, 1.0
				far := func(s float64) float64 { return vec{v.x + s*(w.x-v.x), v.y + s*(w.y-v.y)}.length() }
				for range 60 {
					if third := (high - low) / 3; far(low+third) < far(high-third) {
						high -= third
					} else {
						low += third
					}
				}
				if d := far(low); (i == 0 || i == len(l.Points)-1) && d <= within {
					add(geo.Between(p, geo.Between(a, b, low), 0.5), d, l.ID, m.ID)
				}
			}
		}
	}
	for _, l := range lines {
		for _, m := range lines {
			l.Points, m.Points = slices.Compact(slices.Clone(l.Points)), slices.Compact(slices.Clone(m.Points))
			if l.Road != 0 || m.Road != 1 || len(l.Points) < 2 || len(m.Points) < 2 {
				continue
			}
			ends(l, m)
			ends(m, l)
			for i := 1; i < len(l.Points); i++ {
				for j := 1; j < len(m.Points); j++ {
					a, b, c, d := l.Points[i-1], l.Points[i], m.Points[j-1], m.Points[j]
					if geo.Orient(a, b, c)*geo.Orient(a, b, d) == -1 && geo.Orient(c, d, a)*geo.Orient(c, d, b) == -1 {
						u, v := origin.to(a), origin.to(b)
						w, x := origin.to(c), origin.to(d)
						den := (u.x-v.x)*(w.y-x.y) - (u.y-v.y)*(w.x-x.x)
						p := vec{
							((u.x*v.y-u.y*v.x)*(w.x-x.x) - (u.x-v.x)*(w.x*x.y-w.y*x.x)) / den,
							((u.x*v.y-u.y*v.x)*(w.y-x.y) - (u.y-v.y)*(w.x*x.y-w.y*x.x)) / den,
						}
						add(at(p.x, p.y), 0, l.ID, m.ID)
					}
				}
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for _, p := range points {
			for _, q := range points {
				if p.group != q.group && geo.Distance(p.at, q.at) <= together {
					p.group, q.group, changed = min(p.group, q.group), min(p.group, q.group), true
				}
			}
		}
	}
	for group := range points {
		var c Crossing
		var sum vec
		seen := map[geo.Point]bool{}
		for _, p := range points {
			if p.group == group {
				c.Lines = append(c.Lines, p.lines...)
				if v := origin.to(p.at); !seen[p.at] {
					seen[p.at] = true
					sum.x, sum.y = sum.x+v.x, sum.y+v.y
				}
			}
		}
		if len(seen) == 0 {
			continue
		}
		c.At = at(sum.x/float64(len(seen)), sum.y/float64(len(seen)))
		for _, p := range points {
			if p.group == group {
				c.Radius = max(c.Radius, geo.Distance(c.At, p.at)+p.apart/2)
			}
		}
		slices.Sort(c.Lines)
		c.Lines = slices.Compact(c.Lines)
		crossings = append(crossings, c)
	}
	slices.SortFunc(crossings, func(a, b Crossing) int { return cmp.Or(cmp.Compare(a.At.X, b.At.X), cmp.Compare(a.At.Y, b.At.Y)) })
	return crossings
}
