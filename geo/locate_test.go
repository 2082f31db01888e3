package geo_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
)

// movedInside is the edge rule by its definition: the point really moves by (ε, ε²) with ε = 2^-200, far below any
// distance between a point and a line through two others, and the ring crossings north of it are counted in rational
// numbers.
func movedInside(s geo.Shape, p geo.Point) bool {
	eps := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 200))
	px := new(big.Rat).Add(rat(p.X), eps)
	py := new(big.Rat).Add(rat(p.Y), new(big.Rat).Mul(eps, eps))
	inside := false
	for i := range s.NumRings() {
		r := s.Ring(i)
		for j := 1; j < len(r); j++ {
			a, b := r[j-1], r[j]
			if (rat(a.X).Cmp(px) > 0) == (rat(b.X).Cmp(px) > 0) {
				continue
			}
			t := new(big.Rat).Quo(new(big.Rat).Sub(px, rat(a.X)), new(big.Rat).Sub(rat(b.X), rat(a.X)))
			y := t.Mul(t, new(big.Rat).Sub(rat(b.Y), rat(a.Y)))
			if y.Add(y, rat(a.Y)).Cmp(py) > 0 {
				inside = !inside
			}
		}
	}
	return inside
}

func rat(v int32) *big.Rat { return new(big.Rat).SetInt64(int64(v)) }

func polygon(tb testing.TB, rings ...[]geo.Point) geo.Shape {
	tb.Helper()
	var xy []geo.Point
	var ends []uint32
	for _, r := range rings {
		xy = append(xy, r...)
		if r[0] != r[len(r)-1] {
			xy = append(xy, r[0])
		}
		ends = append(ends, uint32(len(xy)))
	}
	s, err := geo.NewShape(geo.KindPolygon, xy, ends, []uint32{uint32(len(ends))})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// coverage cuts a square into cells that share their vertices: jittered quadrangles, some kept, some cut along a
// diagonal, some into a fan around a centre, some with an island. It returns the cells and their bounds.
func coverage(tb testing.TB, t *rapid.T, n int, origin geo.Point, flip bool) ([]geo.Shape, geo.Box) {
	tb.Helper()
	const size = 16
	jitter := rapid.Int32Range(-2, 2)
	at := make([][]geo.Point, n+1)
	for i := range at {
		for j := range n + 1 {
			p := geo.Point{X: origin.X + int32(i*size), Y: origin.Y + int32(j*size)}
			if 0 < i && i < n && 0 < j && j < n {
				p.X += jitter.Draw(t, "dx")
				p.Y += jitter.Draw(t, "dy")
			}
			at[i] = append(at[i], p)
		}
	}
	var cells []geo.Shape
	add := func(rings ...[]geo.Point) {
		if flip {
			for _, r := range rings {
				for a, b := 0, len(r)-1; a < b; a, b = a+1, b-1 {
					r[a], r[b] = r[b], r[a]
				}
			}
		}
		cells = append(cells, polygon(tb, rings...))
	}
	for i := range n {
		for j := range n {
			a, b, c, d := at[i][j], at[i+1][j], at[i+1][j+1], at[i][j+1]
			m := geo.Point{X: origin.X + int32(i*size+size/2), Y: origin.Y + int32(j*size+size/2)}
			switch rapid.IntRange(0, 4).Draw(t, "cut") {
			case 0:
				add([]geo.Point{a, b, c, d})
			case 1:
				add([]geo.Point{a, b, c})
				add([]geo.Point{a, c, d})
			case 2:
				add([]geo.Point{a, b, d})
				add([]geo.Point{b, c, d})
			case 3:
				add([]geo.Point{a, b, m})
				add([]geo.Point{b, c, m})
				add([]geo.Point{c, d, m})
				add([]geo.Point{d, a, m})
			case 4:
				w, s, e, nn := geo.Point{X: m.X - 2, Y: m.Y}, geo.Point{X: m.X, Y: m.Y - 2}, geo.Point{X: m.X + 2, Y: m.Y}, geo.Point{X: m.X, Y: m.Y + 2}
				add([]geo.Point{a, b, c, d}, []geo.Point{w, nn, e, s})
				add([]geo.Point{w, s, e, nn})
			}
		}
	}
	return cells, geo.Box{Min: at[0][0], Max: at[n][n]}
}

// Every grid point in and around a coverage, on vertices, on edges and between, is examined.
func TestEachPointInOneCell(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		origin := geo.Point{X: rapid.SampledFrom([]int32{0, 1215000000, -geo.MaxX}).Draw(rt, "x"), Y: rapid.SampledFrom([]int32{0, 250000000}).Draw(rt, "y")}
		cells, box := coverage(t, rt, 3, origin, rapid.Bool().Draw(rt, "flip"))
		for x := box.Min.X; x <= box.Max.X; x++ {
			for y := box.Min.Y; y <= box.Max.Y; y++ {
				p := geo.Point{X: x, Y: y}
				count := 0
				for _, c := range cells {
					if c.Locate(p) == geo.Inside {
						count++
					}
				}
				// The square itself, by the same rule: its west and south sides belong to it.
				want := 1
				if x == box.Max.X || y == box.Max.Y {
					want = 0
				}
				if count != want {
					rt.Fatalf("%v lies in %d cells, want %d", p, count, want)
				}
			}
		}
	})
}

func TestLocateAgainstMovedPoint(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		span := rapid.SampledFrom([]int32{3, 10, 1000, geo.MaxY}).Draw(rt, "span")
		coord := rapid.Int32Range(-span, span)
		point := rapid.Custom(func(t *rapid.T) geo.Point { return geo.Point{X: coord.Draw(t, "x"), Y: coord.Draw(t, "y")} })
		ring := rapid.SliceOfN(point, 3, 9).Draw(rt, "ring")
		a, b, c := point.Draw(rt, "a"), point.Draw(rt, "b"), point.Draw(rt, "c")
		s := polygon(t, append(ring, ring[len(ring)-1], ring[0]), []geo.Point{a, b, c, c, a})
		probes := rapid.SliceOfN(point, 1, 5).Draw(rt, "probes")
		for i, p := range ring {
			q := ring[(i+1)%len(ring)]
			probes = append(probes, p, geo.Point{X: int32((int64(p.X) + int64(q.X)) / 2), Y: int32((int64(p.Y) + int64(q.Y)) / 2)})
		}
		for _, p := range probes {
			if got, want := s.Contains(p), movedInside(s, p); got != want {
				rt.Fatalf("Contains(%v) = %v in %v", p, got, s.Vertices())
			}
		}
	})
}

func TestOnBoundary(t *testing.T) {
	square := polygon(t, []geo.Point{{0, 0}, {4, 0}, {4, 4}, {0, 4}})
	for p, want := range map[geo.Point]bool{{0, 0}: true, {2, 0}: true, {4, 3}: true, {0, 4}: true, {2, 2}: false, {5, 0}: false, {-1, 0}: false} {
		if got := square.OnBoundary(p); got != want {
			t.Errorf("OnBoundary(%v) = %v", p, got)
		}
	}
	line, err := geo.NewShape(geo.KindLine, []geo.Point{{0, 0}, {6, 3}}, []uint32{2}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !line.OnBoundary(geo.Point{X: 2, Y: 1}) || line.OnBoundary(geo.Point{X: 2, Y: 2}) || line.Contains(geo.Point{X: 2, Y: 1}) {
		t.Error("line")
	}
	if p := geo.PointShape(geo.Point{X: 1, Y: 1}); !p.OnBoundary(geo.Point{X: 1, Y: 1}) || p.OnBoundary(geo.Point{}) || p.Locate(geo.Point{X: 1, Y: 1}) != geo.Outside {
		t.Error("point")
	}
}

// star is a simple ring of n vertices around Taipei, radius about 300 m.
func star(n int, seed uint64) []geo.Point {
	return starAt(n, seed, geo.Point{X: 1215600000, Y: 250600000}, 30000)
}

func starAt(n int, seed uint64, c geo.Point, radius float64) []geo.Point {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	out := make([]geo.Point, n)
	for i := range out {
		d := radius * (0.6 + 0.4*r.Float64())
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		out[i] = geo.Point{X: c.X + int32(d*cos), Y: c.Y + int32(d*sin)}
	}
	return out
}

func TestLocateDoesNotAllocate(t *testing.T) {
	s := polygon(t, star(300, 1))
	p := geo.Point{X: 1215600000, Y: 250600000}
	if n := testing.AllocsPerRun(100, func() { s.Locate(p); s.OnBoundary(p) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkContains(b *testing.B) {
	for _, n := range []int{30, 300} {
		b.Run(map[int]string{30: "30", 300: "300"}[n], func(b *testing.B) {
			s := polygon(b, star(n, 1))
			r := rand.New(rand.NewPCG(3, 4))
			probes := make([]geo.Point, 1024)
			for i := range probes {
				probes[i] = geo.Point{X: 1215570000 + r.Int32N(60000), Y: 250570000 + r.Int32N(60000)}
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				s.Contains(probes[i&1023])
				i++
			}
		})
	}
}
