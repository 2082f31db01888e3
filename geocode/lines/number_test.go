package lines

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
)

func TestNumber(t *testing.T) {
	// 400 m to the east: odd numbers on the left, which is north, and even ones on the right.
	main := Line{ID: 1, Points: way(0, 0, 400, 0), Left: Range{1, 99}, Right: Range{2, 100}}
	falling := Line{ID: 2, Points: way(0, 0, 400, 0), Left: Range{99, 1}, Right: Range{100, 2}}
	left := Line{ID: 3, Points: way(0, 0, 400, 0), Left: Range{1, 99}}
	next := Line{ID: 4, Points: way(400, 0, 800, 0), Left: Range{101, 199}, Right: Range{102, 200}}
	double := Line{ID: 5, Points: way(2000, 0, 2400, 0), Left: Range{1, 99}}
	mixed := Line{ID: 6, Points: way(0, 0, 400, 0), Left: Range{1, 100}}
	either := Line{ID: 7, Points: way(0, 0, 400, 0), Left: Range{1, 100}, Right: Range{1, 100}}
	parts := []Line{{ID: 8, Points: way(0, 0, 100, 0), Left: Range{1, 99}}, {ID: 8, Points: way(500, 0, 800, 0), Left: Range{1, 99}}}
	short := Line{ID: 9, Points: way(0, 0, 20, 0), Left: Range{1, 9}}
	single := Line{ID: 10, Points: way(0, 0, 100, 0), Left: Range{7, 0}, Right: Range{0, 8}}
	bare := Line{ID: 11, Points: way(0, 0, 100, 0)}
	twin := Line{ID: 12, Points: way(0, 20, 400, 20), Left: Range{1, 99}}
	type want struct {
		x, y float64
		line uint32
		how  How
	}
	for _, test := range []struct {
		name    string
		lines   []Line
		number  uint32
		anchors []Anchor
		want    []want
	}{
		{"first", []Line{main}, 1, nil, []want{{12, 8, 1, InRange}}},
		{"last", []Line{main}, 99, nil, []want{{388, 8, 1, InRange}}},
		{"on the left", []Line{main}, 51, nil, []want{{12 + 376*50./98, 8, 1, InRange}}},
		{"on the right", []Line{main}, 2, nil, []want{{12, -8, 1, InRange}}},
		{"falling", []Line{falling}, 1, nil, []want{{388, 8, 2, InRange}}},
		{"falling, on the right", []Line{falling}, 100, nil, []want{{12, -8, 2, InRange}}},
		{"of the other kind", []Line{left}, 50, nil, []want{{200, 8, 3, OtherParity}}},
		{"of its kind before the other", []Line{left, main}, 50, nil, []want{{12 + 376*48./98, -8, 1, InRange}}},
		{"beyond", []Line{left}, 151, nil, []want{{388, 8, 3, Beyond}}},
		{"beyond, of the other kind", []Line{left}, 120, nil, []want{{388, 8, 3, Beyond}}},
		{"beyond, by its kind", []Line{main}, 150, nil, []want{{388, -8, 1, Beyond}}},
		{"too far", []Line{main}, 201, nil, nil},
		{"beyond the nearest", []Line{main, next}, 221, nil, []want{{788, 8, 4, Beyond}}},
		{"on the next line", []Line{next, main}, 101, nil, []want{{412, 8, 4, InRange}}},
		{"twice", []Line{double, left}, 1, nil, []want{{12, 8, 3, InRange}, {2012, 8, 5, InRange}}},
		{"twice nearby", []Line{twin, left}, 1, nil, []want{{12, 8, 3, InRange}}},
		{"both kinds", []Line{mixed}, 50, nil, []want{{12 + 376*49./99, 8, 6, InRange}}},
		{"either side", []Line{either}, 50, nil, []want{{12 + 376*49./99, 0, 7, InRange}}},
		{"over both parts", parts, 51, nil, []want{{400 + 12 + 376*50./98, 8, 8, InRange}}},
		{"in the first part", parts, 11, nil, []want{{12 + 376*10./98, 8, 8, InRange}}},
		{"parts with numbers of their own", []Line{
			{ID: 8, Points: way(0, 0, 400, 0), Left: Range{1, 99}}, {ID: 8, Points: way(900, 0, 1300, 0), Left: Range{101, 199}},
		}, 101, nil, []want{{912, 8, 8, InRange}}},
		{"short", []Line{short}, 1, nil, []want{{5, 8, 9, InRange}}},
		{"one number", []Line{single}, 7, nil, []want{{50, 8, 10, InRange}}},
		{"one number on the right", []Line{single}, 8, nil, []want{{50, -8, 10, InRange}}},
		{"no numbers", []Line{bare}, 7, nil, nil},
		{"nought", []Line{main}, 0, nil, nil},
		{"a door", []Line{main}, 51, []Anchor{{51, at(100, 15)}}, []want{{100, 15, 1, InRange}}},
		{"doors of one number", []Line{main}, 51, []Anchor{{51, at(100, 15)}, {51, at(120, 11)}}, []want{{110, 13, 1, InRange}}},
		{"between doors", []Line{main}, 50, []Anchor{{40, at(100, -10)}, {60, at(300, -20)}, {49, at(0, 8)}, {51, at(0, 8)}, {2, at(0, -8)}, {98, at(399, -8)}}, []want{{200, -15, 1, InRange}}},
		{"between doors, two with the lower number", []Line{main}, 50, []Anchor{{40, at(80, -8)}, {40, at(120, -12)}, {60, at(300, -20)}}, []want{{200, -15, 1, InRange}}},
		{"a door elsewhere", []Line{main}, 50, []Anchor{{48, at(100, -100)}, {40, at(100, -10)}, {60, at(300, -20)}}, []want{{200, -15, 1, InRange}}},
		{"from a door towards the end", []Line{main}, 95, []Anchor{{91, at(320, 10)}}, []want{{320 + 400*4./98, 10, 1, InRange}}},
		{"no further than to the end", []Line{main}, 95, []Anchor{{91, at(384, 10)}}, []want{{386, 10, 1, InRange}}},
		{"from a door towards the beginning", []Line{main}, 5, []Anchor{{9, at(80, 10)}}, []want{{80 - 400*4./98, 10, 1, InRange}}},
		{"a door with a number of elsewhere", []Line{next}, 101, []Anchor{{99, at(450, 10)}}, []want{{450 + 338*2./100, 10, 4, InRange}}},
		{"a door with a number of the next line", []Line{main}, 99, []Anchor{{101, at(380, 10)}}, []want{{380 - 368*2./100, 10, 1, InRange}}},
		{"a door before the line", []Line{next}, 101, []Anchor{{99, at(390, 10)}}, []want{{412, 8, 4, InRange}}},
	} {
		got := indexOf(test.lines...).Number(0, test.number, test.anchors)
		ok := len(got) == len(test.want)
		for i := 0; ok && i < len(got); i++ {
			w := test.want[i]
			ok = geo.Distance(got[i].At, at(w.x, w.y)) < 0.1 && got[i].Line == w.line && got[i].How == w.how && got[i].Radius >= Offset
		}
		if !ok {
			for _, f := range got {
				t.Logf("%v %+v", origin.to(f.At), f)
			}
			t.Errorf("%s: want %+v", test.name, test.want)
		}
	}
	if got := indexOf().Number(0, 1, nil); got != nil {
		t.Error(got)
	}
	if only := indexOf(single).Number(0, 7, nil); only[0].Radius < 50 {
		t.Errorf("the only number of 100 m is known to %v m", only[0].Radius)
	}
	inside, beyond := indexOf(left).Number(0, 99, nil), indexOf(left).Number(0, 151, nil)
	if inside[0].Radius >= beyond[0].Radius {
		t.Errorf("in range it is known to %v m, beyond to %v m", inside[0].Radius, beyond[0].Radius)
	}
}

// TestNumberOfAll compares with places worked out in metres for lines far from each other, and sides found by a look at
// each of the numbers that they have.
func TestNumberOfAll(t *testing.T) {
	ways := map[How]int{}
	rapid.Check(t, func(t *rapid.T) {
		type placed struct {
			Line
			points []vec
		}
		var all []placed
		for i := range rapid.IntRange(1, 5).Draw(t, "lines") {
			points := bend.Draw(t, "line")
			p := placed{points: points, Line: Line{ID: uint32(i)}}
			for j := range points {
				points[j].y += float64(i) * 3000
				p.Points = append(p.Points, at(points[j].x, points[j].y))
			}
			from, to := rapid.Uint32Range(0, 40).Draw(t, "from"), rapid.Uint32Range(0, 40).Draw(t, "to")
			if p.Left = (Range{from, to}); rapid.Bool().Draw(t, "other side") {
				p.Right = Range{from + 1, to + 1}
			}
			all = append(all, p)
		}
		var lines []Line
		for _, p := range rapid.Permutation(all).Draw(t, "order") {
			lines = append(lines, p.Line)
		}
		ix := indexOf(lines...)
		for number := uint32(1); number <= 160; number++ {
			type place struct {
				rank, gap int
				left      float64
				line      placed
				Range
			}
			var best []place
			for _, p := range all {
				var own []place
				for i, r := range []Range{p.Left.whole(), p.Right.whole()} {
					if r.From == 0 {
						continue
					}
					numbers := map[uint32]bool{}
					step := uint32(1)
					if r.From%2 == r.To%2 {
						step = 2
					}
					gap := math.MaxInt
					for n := min(r.From, r.To); n <= max(r.From, r.To); n += step {
						numbers[n] = true
						gap = min(gap, int(max(n, number)-min(n, number)))
					}
					between := number > min(r.From, r.To) && number < max(r.From, r.To)
					c := place{gap: gap, left: 1 - 2*float64(i), line: p, Range: r}
					switch {
					case numbers[number] && step == 2:
						c.rank = 0
					case numbers[number]:
						c.rank = 1
					case between:
						c.rank, c.gap = 2, 0
					case gap <= 100 && (step == 1 || r.From%2 == number%2):
						c.rank = 3
					case gap <= 100:
						c.rank = 4
					default:
						continue
					}
					own = append(own, c)
				}
				if len(own) == 2 && own[0].rank == own[1].rank && own[0].gap == own[1].gap {
					own[0].left = 0
				}
				slices.SortStableFunc(own, func(a, b place) int { return cmp.Or(a.rank-b.rank, a.gap-b.gap) })
				if len(own) > 0 {
					own[0].rank = max(own[0].rank, 1)
					best = append(best, own[0])
				}
			}
			if len(best) > 0 {
				top := slices.MinFunc(best, func(a, b place) int { return cmp.Or(a.rank-b.rank, a.gap-b.gap) })
				best = slices.DeleteFunc(best, func(p place) bool { return p.rank != top.rank || p.gap != top.gap })
			}
			got := ix.Number(0, number, nil)
			if len(got) != len(best) {
				t.Fatalf("%d: %v, want %v", number, got, best)
			}
			for i, f := range got {
				w := best[i]
				length := 0.0
				for j := 1; j < len(w.line.points); j++ {
					length += vec{w.line.points[j].x - w.line.points[j-1].x, w.line.points[j].y - w.line.points[j-1].y}.length()
				}
				share := 0.5
				if w.From != w.To {
					share = max(0, min(1, (float64(number)-float64(w.From))/(float64(w.To)-float64(w.From))))
				}
				inset := min(12, length/4)
				along := inset + share*(length-2*inset)
				if w.From == w.To {
					along = length / 2
				}
				centre, _ := reached(w.line.points, along)
				v := origin.to(f.At)
				off := vec{v.x - centre.x, v.y - centre.y}
				how := []How{InRange, InRange, OtherParity, Beyond, Beyond}[w.rank]
				if ways[how]++; f.How != how || f.Line != w.line.ID || math.Abs(off.length()-8*math.Abs(w.left)) > 2.5 || off.y*w.left < 0 {
					t.Fatalf("%d: %v off %v, want %v of %+v", number, off, f, how, w)
				}
			}
		}
	})
	for how := InRange; how <= Beyond; how++ {
		if ways[how] == 0 {
			t.Errorf("way %d was never taken: %v", how, ways)
		}
	}
}

// TestNumberByDoors checks that a number lies between its neighbours whose places are known, in the order of the doors.
func TestNumberByDoors(t *testing.T) {
	between := 0
	rapid.Check(t, func(t *rapid.T) {
		points := bend.Draw(t, "line")
		ix := indexOf(numbered(points))
		length := ix.road(0).length(0, 1)
		doors := map[uint32]float64{}
		var anchors []Anchor
		along := 0.0
		for n := uint32(1); n < 60; n += 2 {
			if along += rapid.Float64Range(0, length/30).Draw(t, "step"); along < length && rapid.Bool().Draw(t, "known") {
				doors[n] = along
				anchors = append(anchors, Anchor{n, ix.road(0).reach(0, 1, along).at})
			}
		}
		anchors = rapid.Permutation(anchors).Draw(t, "order")
		for n := uint32(1); n < 60; n += 2 {
			f := ix.Number(0, n, anchors)
			if len(f) != 1 || f[0].How != InRange {
				t.Fatal(f)
			}
			low, high := n, n
			for low > 1 && doors[low] == 0 {
				low -= 2
			}
			for high < 60 && doors[high] == 0 {
				high += 2
			}
			if doors[low] > 0 && doors[high] > 0 {
				between++
				want := doors[low]
				if high > low {
					want += (doors[high] - doors[low]) * float64(n-low) / float64(high-low)
				}
				// The doors are on the line, and so is what lies between them.
				if p := ix.road(0).reach(0, 1, want).at; geo.Distance(p, f[0].At) > 0.2 {
					t.Fatalf("%d between %d and %d is %v m off", n, low, high, geo.Distance(p, f[0].At))
				}
			}
		}
	})
	if between == 0 {
		t.Error("no number was between doors")
	}
}

// numbered is a line with odd numbers on its left and even ones on its right.
func numbered(points []vec) Line {
	l := Line{Left: Range{1, 59}, Right: Range{2, 60}}
	for _, p := range points {
		l.Points = append(l.Points, at(p.x, p.y))
	}
	return l
}
