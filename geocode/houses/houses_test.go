package houses

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/number"
)

func num(text string) number.Number {
	e, n := number.Parse([]rune(text), nil)
	if len(e) != 1 || n != len([]rune(text)) {
		panic(text)
	}
	return e[0].Number
}

// along is a place so many metres east of the beginning of a street.
func along(metres float64) geo.Point {
	p, ok := geo.FromDegrees(121.5+metres/111_320/math.Cos(25*math.Pi/180), 25)
	if !ok {
		panic(metres)
	}
	return p
}

func streetOf(doors ...Door) *Index {
	return New(func(yield func(Street, Door) bool) {
		for i, d := range doors {
			d.ID = uint32(i + 1)
			if !yield(Street{Road: 1}, d) {
				return
			}
		}
	})
}

func TestFind(t *testing.T) {
	ix := streetOf(
		Door{Number: num("10"), At: along(100)}, Door{Number: num("11"), At: along(110)}, Door{Number: num("20"), At: along(200)}, Door{Number: num("20"), At: along(5000)},
		Door{Number: num("30-1"), At: along(300)}, Door{Number: num("30-2"), At: along(310)}, Door{Number: num("40-46"), At: along(400)},
		Door{Number: num("52a"), At: along(520)}, Door{Number: num("54-3"), At: along(540)}, Door{Number: num("900"), At: along(9000)},
	)
	for _, test := range []struct {
		text   string
		how    How
		doors  []string
		metres float64
		radius float64
	}{
		{"10", Exact, []string{"10"}, 100, 0},
		{"20", Exact, []string{"20", "20"}, 200, 0},
		{"10-3", Whole, []string{"10"}, 100, 0},
		{"30", Part, []string{"30-1", "30-2"}, 300, 10},
		{"30-9", Whole, []string{"30-1", "30-2"}, 300, 10},
		{"30-2", Exact, []string{"30-2"}, 310, 0},
		{"42", Exact, []string{"40-46"}, 400, 0},
		{"40-46", Exact, []string{"40-46"}, 400, 0},
		{"43", Beside, []string{"11"}, 110, 0},
		{"14", Between, []string{"10", "20"}, 140, 50},
		{"53", Beside, []string{"11"}, 110, 0},
		{"54-60", Whole, []string{"54-3"}, 540, 0},
		{"8", Beside, []string{"10"}, 100, 0},
		{"850", Beside, []string{"900"}, 9000, 0},
		{"600", None, nil, 0, 0},
	} {
		f := ix.Find(Street{Road: 1}, num(test.text))
		var doors []string
		for _, d := range f.Doors {
			doors = append(doors, d.Number.String())
		}
		if f.How != test.how || !slices.Equal(doors, test.doors) {
			t.Errorf("%s: %d %v, want %d %v", test.text, f.How, doors, test.how, test.doors)
			continue
		}
		if f.How != None && geo.Distance(f.At, along(test.metres)) > 0.3 {
			t.Errorf("%s is %v m off", test.text, geo.Distance(f.At, along(test.metres)))
		}
		switch {
		case f.How == Beside && f.Radius <= 0:
			t.Errorf("%s: no radius", test.text)
		case f.How != Beside && math.Abs(f.Radius-test.radius) > 0.01*test.radius:
			t.Errorf("%s: radius %v, want %v", test.text, f.Radius, test.radius)
		}
	}
	if f := ix.Find(Street{Road: 2}, num("10")); f.How != None || ix.Has(Street{Road: 2}) {
		t.Error(f)
	}
	if f := ix.Find(Street{Road: 1}, number.Number{}); f.How != None {
		t.Error(f)
	}
	alone := streetOf(Door{Number: num("7"), At: along(0)})
	if f := alone.Find(Street{Road: 1}, num("10")); f.How != Beside || f.Radius != 30 {
		t.Error(f)
	}
}

// numbers draws numbers that are near each other.
var numbers = rapid.Custom(func(t *rapid.T) number.Number {
	n := number.Number{Base: rapid.Uint32Range(1, 40).Draw(t, "base")}
	switch n.Mark = rapid.SampledFrom([]number.Mark{number.Plain, number.Plain, number.Plain, number.Sub, number.Letter}).Draw(t, "mark"); n.Mark {
	case number.Sub:
		n.Sub = rapid.Uint32Range(1, 60).Draw(t, "sub")
		if n.Sub > n.Base && rapid.Bool().Draw(t, "range") {
			n.Last = n.Sub
		}
	case number.Letter:
		n.Sub = rapid.Uint32Range(1, 3).Draw(t, "sub")
	default:
	}
	return n
})

// TestWith compares with doors in a list, and what is found with a look at all of them.
func TestWith(t *testing.T) {
	ways := map[How]int{}
	rapid.Check(t, func(t *rapid.T) {
		type placed struct {
			street Street
			Door
		}
		var all []placed
		draw := func() placed {
			return placed{
				Street{Road: rapid.Uint32Range(0, 2).Draw(t, "road"), Lane: rapid.Uint64Range(0, 1).Draw(t, "lane")},
				Door{numbers.Draw(t, "number"), along(rapid.Float64Range(0, 2000).Draw(t, "at")), rapid.Uint32Range(1, 30).Draw(t, "id")},
			}
		}
		put := func(p placed, gone bool) {
			all = slices.DeleteFunc(all, func(q placed) bool { return q.street == p.street && q.ID == p.ID })
			if !gone {
				all = append(all, p)
			}
		}
		for range rapid.IntRange(0, 20).Draw(t, "first") {
			put(draw(), false)
		}
		ix := New(func(yield func(Street, Door) bool) {
			for _, p := range all {
				if !yield(p.street, p.Door) {
					return
				}
			}
		})
		for range rapid.IntRange(0, 5).Draw(t, "rounds") {
			var changes []Change
			for range rapid.IntRange(0, 6).Draw(t, "changes") {
				p := draw()
				gone := rapid.Bool().Draw(t, "gone")
				put(p, gone)
				changes = append(changes, Change{p.street, p.Door, gone})
			}
			before := ix
			held := before.Len()
			if ix = before.With(changes); before.Len() != held {
				t.Fatal("the index of before has changed")
			}
		}
		if ix.Len() != len(all) {
			t.Fatalf("%d doors, want %d", ix.Len(), len(all))
		}
		for road := range uint32(4) {
			asked := Street{Road: road, Lane: rapid.Uint64Range(0, 1).Draw(t, "lane asked")}
			var want []Door
			for _, p := range all {
				if p.street == asked {
					want = append(want, p.Door)
				}
			}
			slices.SortFunc(want, func(a, b Door) int { return cmp.Or(a.Number.Compare(b.Number), cmp.Compare(a.ID, b.ID)) })
			if got := slices.Collect(ix.Doors(asked)); !slices.Equal(got, want) {
				t.Fatalf("%v, want %v", got, want)
			}
			questions := []number.Number{numbers.Draw(t, "asked")}
			for base := uint32(1); base <= 45; base++ {
				questions = append(questions, number.Number{Base: base}, number.Number{Base: base, Mark: number.Letter, Sub: 1})
			}
			for _, n := range questions {
				f := ix.Find(asked, n)
				ways[f.How]++
				if how, doors := plainly(want, n); f.How != how || !slices.Equal(f.Doors, doors) {
					t.Fatalf("%v of %v: %d %v, want %d %v", n, want, f.How, f.Doors, how, doors)
				}
			}
		}
	})
	for how := None; how <= Beside; how++ {
		if ways[how] == 0 {
			t.Errorf("way %d was never taken: %v", how, ways)
		}
	}
}

// plainly finds a number by looking at every door.
func plainly(doors []Door, n number.Number) (How, []Door) {
	pick := func(fits func(m number.Number) bool) (out []Door) {
		for _, d := range doors {
			if fits(d.Number) {
				out = append(out, d)
			}
		}
		return out
	}
	bare := func(m number.Number) number.Number { m.Last = 0; return m }
	if out := pick(func(m number.Number) bool { return bare(m) == bare(n) }); len(out) > 0 {
		return Exact, out
	}
	if out := pick(func(m number.Number) bool {
		return n.Mark == number.Plain && m.Base < n.Base && n.Base <= m.Last && (n.Base-m.Base)%2 == 0
	}); len(out) > 0 {
		return Exact, out
	}
	if out := pick(func(m number.Number) bool { return m.Base == n.Base && m.Mark == number.Plain }); len(out) > 0 {
		return Whole, out
	}
	if out := pick(func(m number.Number) bool { return m.Base == n.Base }); len(out) > 0 {
		if n.Mark == number.Plain {
			return Part, out
		}
		return Whole, out
	}
	low := pick(func(m number.Number) bool { return m.Base < n.Base && m.Even() == n.Even() })
	high := pick(func(m number.Number) bool { return m.Base > n.Base && m.Even() == n.Even() })
	if len(low) > 0 && len(high) > 0 && geo.Distance(low[len(low)-1].At, high[0].At) <= furthest {
		return Between, []Door{low[len(low)-1], high[0]}
	}
	if len(low)+len(high) == 0 {
		low = pick(func(m number.Number) bool { return m.Base < n.Base })
		high = pick(func(m number.Number) bool { return m.Base > n.Base })
	}
	if len(low)+len(high) == 0 {
		return None, nil
	}
	var base uint32
	if len(low) > 0 {
		base = low[len(low)-1].Number.Base
	}
	if len(high) > 0 && (base == 0 || high[0].Number.Base-n.Base < n.Base-base) {
		base = high[0].Number.Base
	}
	return Beside, pick(func(m number.Number) bool { return m.Base == base })
}

func BenchmarkFind(b *testing.B) {
	ix := New(func(yield func(Street, Door) bool) {
		for i := range uint32(250_000) {
			if !yield(Street{Road: i / 100}, Door{number.Number{Base: i%100*2 + 1}, along(float64(i % 100 * 10)), i}) {
				return
			}
		}
	})
	b.Run("Find", func(b *testing.B) {
		b.ReportAllocs()
		for i := uint32(0); b.Loop(); i++ {
			ix.Find(Street{Road: i % 2500}, number.Number{Base: i%200 + 1})
		}
	})
	b.Run("With", func(b *testing.B) {
		next := ix
		for i := uint32(0); b.Loop(); i++ {
			next = next.With([]Change{{Street{Road: i % 2500}, Door{number.Number{Base: i % 200}, along(7), i % 250_000}, false}})
		}
	})
}
