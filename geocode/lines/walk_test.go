package lines

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
)

// bend draws the points of a line that leads east, turning by less than 45° to either side.
var bend = rapid.Custom(func(t *rapid.T) []vec {
	points := []vec{{}}
	for range rapid.IntRange(1, 8).Draw(t, "points") {
		p := points[len(points)-1]
		long := rapid.Float64Range(20, 150).Draw(t, "long")
		points = append(points, vec{p.x + long, p.y + long*rapid.Float64Range(-0.4, 0.4).Draw(t, "slope")})
	}
	return points
})

// reached is the place so many metres along points, and whether they are that long.
func reached(points []vec, metres float64) (vec, bool) {
	for i := 1; i < len(points); i++ {
		step := vec{points[i].x - points[i-1].x, points[i].y - points[i-1].y}
		d := step.length()
		if metres <= d {
			return vec{points[i-1].x + step.x*metres/d, points[i-1].y + step.y*metres/d}, true
		}
		metres -= d
	}
	return points[len(points)-1], false
}

// shuffled is a line as parts in any order and direction.
func shuffled(t *rapid.T, points []vec) (lines []Line) {
	var part []geo.Point
	for i, p := range points {
		part = append(part, at(p.x, p.y))
		if i > 0 && (i == len(points)-1 || rapid.Bool().Draw(t, "split")) {
			points := slices.Clone(part)
			if rapid.Bool().Draw(t, "turned") {
				slices.Reverse(points)
			}
			lines = append(lines, Line{Points: points})
			part = part[len(part)-1:]
		}
	}
	lines = rapid.Permutation(lines).Draw(t, "order")
	for i := range lines {
		lines[i].ID = uint32(i)
	}
	return lines
}

// TestAlongParts walks along a line that is in parts as if it were whole.
func TestAlongParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := bend.Draw(t, "line")
		ix := indexOf(shuffled(t, points)...)
		whole := 0.0
		for i := 1; i < len(points); i++ {
			whole += vec{points[i].x - points[i-1].x, points[i].y - points[i-1].y}.length()
		}
		from := rapid.Float64Range(5, whole-5).Draw(t, "from")
		start, _ := reached(points, from)
		for _, way := range []struct{ bearing, sign, room float64 }{{90, 1, whole - from}, {270, -1, from}} {
			bearing := way.bearing + rapid.Float64Range(-30, 30).Draw(t, "askew")
			metres := rapid.Float64Range(1, way.room-1).Draw(t, "metres")
			got, ok := ix.Along(0, at(start.x, start.y), bearing, metres)
			if want, _ := reached(points, from+way.sign*metres); !ok || geo.Distance(got, at(want.x, want.y)) > 0.5 {
				t.Fatalf("%v from %v of %v: %v, %v m off", metres, from, whole, ok, geo.Distance(got, at(want.x, want.y)))
			}
			metres = rapid.Float64Range(way.room+1, 2*way.room+1).Draw(t, "too many metres")
			if got, ok := ix.Along(0, at(start.x, start.y), bearing, metres); ok {
				t.Fatalf("%v from %v of %v leads to %v", metres, from, whole, origin.to(got))
			}
		}
	})
}

func TestAlong(t *testing.T) {
	for _, test := range []struct {
		name                   string
		lines                  [][]geo.Point
		from                   geo.Point
		bearing, metres        float64
		ok                     bool
		east, north, tolerance float64
	}{
		{"beside the road", [][]geo.Point{way(0, 0, 200, 0)}, at(50, 30), 90, 70, true, 120, 0, 0.1},
		{"nowhere to go", [][]geo.Point{way(0, 0, 200, 0)}, at(50, 0), 90, 0, true, 50, 0, 0.1},
		{"too far", [][]geo.Point{way(0, 0, 200, 0)}, at(50, 0), 90, 151, false, 0, 0, 0},
		{"backwards", [][]geo.Point{way(0, 0, 200, 0)}, at(50, 0), 90, -10, false, 0, 0, 0},
		{"not a number", [][]geo.Point{way(0, 0, 200, 0)}, at(50, 0), 90, math.NaN(), false, 0, 0, 0},
		{"nowhere", [][]geo.Point{way(0, 0, 200, 0)}, at(50, 0), math.Inf(1), 10, false, 0, 0, 0},
		{"askew", [][]geo.Point{way(0, 0, 200, 0)}, at(50, 0), 90 - 59, 70, true, 120, 0, 0.1},
		{"not that way", [][]geo.Point{way(0, 0, 200, 0)}, at(50, 0), 90 - 61, 70, false, 0, 0, 0},
		{"other turns of the compass", [][]geo.Point{way(0, 0, 200, 0)}, at(50, 0), -270, 70, true, 120, 0, 0.1},
		{"around a corner", [][]geo.Point{way(0, 0, 100, 0), way(100, 200, 100, 0)}, at(50, 0), 45, 100, true, 100, 50, 0.1},
		{"over a gap of 2 m", [][]geo.Point{way(0, 0, 100, 0), way(102, 0, 200, 0)}, at(50, 0), 90, 100, true, 152, 0, 0.1},
		{"over a gap of 4 m", [][]geo.Point{way(0, 0, 100, 0), way(104, 0, 200, 0)}, at(50, 0), 90, 100, false, 0, 0, 0},
		{"straight on at a fork", [][]geo.Point{way(100, 0, 150, 60), way(0, 0, 100, 0), way(200, -10, 100, 0)}, at(50, 0), 90, 120, true, 169.7, -7, 0.2},
		{"onto the middle of a line", [][]geo.Point{way(0, 0, 100, 0), way(90, 100, 100, 0, 110, -100, 120, -200)}, at(50, 0), 110, 100, true, 104.98, -49.75, 0.2},
		{"onto the middle of a line, against it", [][]geo.Point{way(0, 0, 100, 0), way(120, -200, 110, -100, 100, 0, 90, 100)}, at(50, 0), 110, 100, true, 104.98, -49.75, 0.2},
		{"from where three meet", [][]geo.Point{way(0, 0, -100, 0), way(0, 0, 100, 0), way(0, 0, 0, 100)}, at(0, 0), 0, 70, true, 0, 70, 0.1},
		{"around a ring", [][]geo.Point{way(0, 0, 100, 0, 100, 100, 0, 100, 0, 0)}, at(50, 0), 0, 200, true, 50, 100, 0.1},
		{"over the seam of a ring", [][]geo.Point{way(0, 0, 100, 0, 100, 100, 0, 100, 0, 0)}, at(20, 0), 315, 40, true, 0, 20, 0.1},
		{"not back on the other carriageway", [][]geo.Point{way(0, 0, 100, 0), way(100, 0, 0, 10)}, at(50, 0), 90, 70, false, 0, 0, 0},
	} {
		var lines []Line
		for i, points := range test.lines {
			lines = append(lines, Line{ID: uint32(i), Points: points})
		}
		got, ok := indexOf(lines...).Along(0, test.from, test.bearing, test.metres)
		if ok != test.ok || ok && geo.Distance(got, at(test.east, test.north)) > test.tolerance {
			t.Errorf("%s: %v %v", test.name, origin.to(got), ok)
		}
	}
	if _, ok := indexOf().Along(0, origin.at, 0, 0); ok {
		t.Error("a road without lines leads somewhere")
	}
}

// TestAlongEnds checks that a way that leads on for ever ends.
func TestAlongEnds(t *testing.T) {
	ring := way(0, 0, 1, 0, 1, 1, 0, 1, 0, 0)
	if got, ok := indexOf(Line{Points: ring}).Along(0, at(0, 0), 0, 1e9); ok {
		t.Error(got)
	}
}

// TestNearest compares with the distance from shapes.
func TestNearest(t *testing.T) {
	looked := 0
	rapid.Check(t, func(t *rapid.T) {
		var lines []Line
		want := math.Inf(1)
		place, near := rapid.Float64Range(-3000, 3000), rapid.Float64Range(-200, 200)
		p := at(place.Draw(t, "x"), place.Draw(t, "y"))
		for range rapid.IntRange(1, 9).Draw(t, "lines") {
			var l Line
			x, y := place.Draw(t, "x"), place.Draw(t, "y")
			for range rapid.IntRange(2, 6).Draw(t, "points") {
				l.Points = append(l.Points, at(x+near.Draw(t, "east"), y+near.Draw(t, "north")))
			}
			if len(slices.Compact(slices.Clone(l.Points))) < 2 {
				continue
			}
			s, err := geo.NewShape(geo.KindLine, l.Points, []uint32{uint32(len(l.Points))}, nil)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, l)
			want = min(want, s.Distance(p))
		}
		ix := indexOf(lines...)
		q, metres, ok := ix.Nearest(0, p)
		if ok != (len(lines) > 0) || ok && (math.Abs(metres-want) > 0.01+want*1e-3 || math.Abs(geo.Distance(p, q)-metres) > 0.02+want*1e-3) {
			t.Fatalf("%v %v %v, want %v", geo.Distance(p, q), metres, ok, want)
		}
		if !ok {
			return
		}
		looked++
		if o, ok := ix.Opposite(0, p); ok {
			middle := geo.Between(p, o, 0.5)
			if geo.Distance(middle, q) > 0.02+want*1e-3 {
				t.Fatalf("the road is %v m from the middle", geo.Distance(middle, q))
			}
		} else if metres > 0.5 {
			t.Fatal("no opposite side")
		}
		middle, radius, _ := ix.Middle(0)
		var x, y, sum float64
		far := 0.0
		for _, l := range lines {
			for i := 1; i < len(l.Points); i++ {
				a, b := origin.to(l.Points[i-1]), origin.to(l.Points[i])
				d := vec{b.x - a.x, b.y - a.y}.length()
				x, y, sum = x+d*(a.x+b.x)/2, y+d*(a.y+b.y)/2, sum+d
			}
			for _, p := range l.Points {
				far = max(far, geo.Distance(middle, p))
			}
		}
		centre := at(x/sum, y/sum)
		if _, off, _ := ix.Nearest(0, middle); off > 0.02 {
			t.Fatalf("the middle is %v m off the road", off)
		}
		if _, near, _ := ix.Nearest(0, centre); math.Abs(geo.Distance(middle, centre)-near) > 0.5 {
			t.Fatalf("the middle is %v m from the centre of gravity, the road %v m", geo.Distance(middle, centre), near)
		}
		if math.Abs(radius-far) > 0.01 {
			t.Fatalf("radius %v, want %v", radius, far)
		}
	})
	if looked == 0 {
		t.Error("no road had a line")
	}
	ix := indexOf(Line{Points: way(0, 0, 100, 0)})
	if _, ok := ix.Opposite(0, at(50, 0.3)); ok {
		t.Error("a point on the road has an opposite side")
	}
	if p, ok := ix.Opposite(0, at(50, 8)); !ok || geo.Distance(p, at(50, -8)) > 0.05 {
		t.Error(origin.to(p), ok)
	}
	if _, _, ok := ix.Nearest(1, origin.at); ok {
		t.Error("a road without lines is near")
	}
	if _, _, ok := ix.Middle(1); ok {
		t.Error("a road without lines has a middle")
	}
	if _, ok := ix.Opposite(1, origin.at); ok {
		t.Error("a road without lines has an opposite side")
	}
	if _, ok := ix.Side(1, origin.at, 0, 1); ok {
		t.Error("a road without lines has a side")
	}
	if _, ok := ix.Side(0, origin.at, math.NaN(), 1); ok {
		t.Error("a bearing that is no number is taken")
	}
}

// TestSide looks for the sides of a straight road in any direction.
func TestSide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		angle, metres := rapid.Float64Range(0, 360).Draw(t, "road"), rapid.Float64Range(1, 50).Draw(t, "metres")
		sin, cos := math.Sincos(angle * math.Pi / 180)
		ix := indexOf(Line{Points: way(-200*sin, -200*cos, 200*sin, 200*cos)})
		for _, side := range []float64{90, -90} {
			turns := 360 * float64(rapid.IntRange(-2, 2).Draw(t, "turns"))
			bearing := angle + side + turns + rapid.Float64Range(-59.9, 59.9).Draw(t, "askew")
			got, ok := ix.Side(0, origin.at, bearing, metres)
			v := origin.to(got)
			if !ok || math.Abs(v.length()-metres) > 0.05 || apart(v.bearing(), angle+side) > 1 {
				t.Fatalf("%v of a road to %v: %v %v", bearing, angle, v, ok)
			}
			along := angle + side + 90 + turns + rapid.Float64Range(-29.9, 29.9).Draw(t, "along")
			if got, ok := ix.Side(0, origin.at, along, metres); ok {
				t.Fatalf("%v of a road to %v: %v", along, angle, origin.to(got))
			}
		}
	})
}
