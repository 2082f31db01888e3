package divide

import (
	"context"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
)

// squares is ground of n by n squares, cut by random segments between their corners, with a community in the west and one in
// the east. What belongs together is known without geometry: squares whose common side no segment covers.
type squares struct {
	n, east int
	// right and upper tell which sides are covered, by square.
	right, upper [][]bool
	lines        []Line
}

const side = 1000

func corner(x, y int) geo.Point {
	return geo.Point{X: 1160000000 + int32(x*side), Y: 400000000 + int32(y*side)}
}

func newSquares(n, segments int, seed uint64) *squares {
	r := rand.New(rand.NewPCG(seed, 8))
	s := &squares{n: n, east: 1 + r.IntN(n-1)}
	for range n {
		s.right, s.upper = append(s.right, make([]bool, n)), append(s.upper, make([]bool, n))
	}
	for y := range n {
		s.right[s.east-1][y] = true
	}
	for range segments {
		x, y, length := r.IntN(n+1), r.IntN(n+1), 1+r.IntN(n)
		l := Line{Points: []geo.Point{corner(x, y)}}
		if r.IntN(2) == 0 {
			l.Points = append(l.Points, corner(x, y+length))
			for k := y; k < min(n, y+length) && x > 0 && x <= n; k++ {
				s.right[x-1][k] = true
			}
		} else {
			l.Points = append(l.Points, corner(x+length, y))
			for k := x; k < min(n, x+length) && y > 0 && y <= n; k++ {
				s.upper[k][y-1] = true
			}
		}
		s.lines = append(s.lines, l)
	}
	return s
}

// blocks numbers the squares by what belongs together.
func (s *squares) blocks() (of [][]int, count int) {
	for range s.n {
		of = append(of, make([]int, s.n))
	}
	var walk func(x, y, number int)
	walk = func(x, y, number int) {
		if x < 0 || y < 0 || x == s.n || y == s.n || of[x][y] != 0 {
			return
		}
		of[x][y] = number
		if !s.right[x][y] {
			walk(x+1, y, number)
		}
		if x > 0 && !s.right[x-1][y] {
			walk(x-1, y, number)
		}
		if !s.upper[x][y] {
			walk(x, y+1, number)
		}
		if y > 0 && !s.upper[x][y-1] {
			walk(x, y-1, number)
		}
	}
	for x := range s.n {
		for y := range s.n {
			if of[x][y] == 0 {
				count++
				walk(x, y, count)
			}
		}
	}
	return of, count
}

func rectangle(x0, y0, x1, y1 int) geo.Shape {
	s, err := geo.NewShape(geo.KindPolygon, []geo.Point{corner(x0, y0), corner(x1, y0), corner(x1, y1), corner(x0, y1), corner(x0, y0)}, []uint32{5}, []uint32{1})
	if err != nil {
		panic(err)
	}
	return s
}

// TestBlocks compares blocks with what belongs together, square by square: segments lie on each other, end inside, enclose
// islands, stick out.
func TestBlocks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newSquares(rapid.IntRange(2, 9).Draw(t, "n"), rapid.IntRange(1, 60).Draw(t, "segments"), rapid.Uint64().Draw(t, "seed"))
		in := Input{
			Communities: []Community{{Code: "w", Shape: rectangle(0, 0, s.east, s.n)}, {Code: "e", Shape: rectangle(s.east, 0, s.n, s.n)}},
			Lines:       s.lines, Limits: Limits{Area: {Target: 1}}, Sliver: -1,
		}
		inside := false
		for x := range s.n {
			for y := range s.n {
				inside = inside || s.right[x][y] && x != s.east-1 || s.upper[x][y]
			}
		}
		g, err := Prepare(context.Background(), in)
		if err != nil {
			if inside {
				t.Fatal(err)
			}
			return // nothing lies in a community, or only on its border
		}
		if err := g.blocks.Euler(); err != nil {
			t.Fatal(err)
		}
		of, count := s.blocks()
		if g.NumBlocks() != count {
			t.Fatalf("%d blocks instead of %d", g.NumBlocks(), count)
		}
		find := newFinder(g.shapes)
		area := map[int32]int64{}
		block := map[int]int32{}
		for x := range s.n {
			for y := range s.n {
				c := corner(x, y)
				at := find.at(geo.Point{X: c.X + side/2, Y: c.Y + side/2})
				if had, ok := block[of[x][y]]; ok && had != at || at <= 0 {
					t.Fatalf("square %d, %d is in block %d instead of %d", x, y, at, had)
				}
				block[of[x][y]] = at
				area[at] += 2 * side * side
			}
		}
		for id := range g.blocks.Faces() {
			if got := g.blocks.Twice(id); got != area[int32(id)] {
				t.Fatalf("block %d has %d instead of %d", id, got, area[int32(id)])
			}
		}
	})
}
