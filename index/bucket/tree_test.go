package bucket_test

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index/bucket"
)

type place struct {
	at   geo.Point
	slot uint32
}

// points draws from a few places where everything happens: one point for many, a dense street, corners of the world.
func points() *rapid.Generator[geo.Point] {
	corner := func(limit int32) *rapid.Generator[int32] {
		return rapid.SampledFrom([]int32{-limit, -limit + 1, -1, 0, 1, limit - 1, limit})
	}
	return rapid.OneOf(
		rapid.Just(geo.Point{X: 1_215_654_000, Y: 250_330_000}),
		rapid.Custom(func(t *rapid.T) geo.Point {
			return geo.Point{X: 1_215_654_000 + rapid.Int32Range(0, 60).Draw(t, "x"), Y: 250_330_000 + rapid.Int32Range(0, 6).Draw(t, "y")}
		}),
		rapid.Custom(func(t *rapid.T) geo.Point {
			return geo.Point{X: 1_215_654_000 + rapid.Int32Range(-100_000, 100_000).Draw(t, "x"), Y: 250_330_000 + rapid.Int32Range(-100_000, 100_000).Draw(t, "y")}
		}),
		rapid.Custom(func(t *rapid.T) geo.Point {
			return geo.Point{X: corner(geo.MaxX).Draw(t, "x"), Y: corner(geo.MaxY).Draw(t, "y")}
		}),
	)
}

// TestEqualsModel compares a tree with a plain list over random histories, and every copy handed out on the way with
// the list as it was then, also one that was written again elsewhere.
func TestEqualsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type version struct {
			tree  bucket.Tree[uint32]
			model []place
		}
		var tree bucket.Tree[uint32]
		var model []place
		var versions []version
		write := func(tree *bucket.Tree[uint32], model []place) []place {
			for range rapid.IntRange(1, 150).Draw(t, "changes") {
				if len(model) > 0 && rapid.IntRange(0, 2).Draw(t, "remove") == 0 {
					i := rapid.IntRange(0, len(model)-1).Draw(t, "which")
					if !tree.Delete(model[i].at, model[i].slot) {
						t.Fatalf("%v is not there", model[i])
					}
					model = slices.Delete(model, i, i+1)
					continue
				}
				p := place{points().Draw(t, "point"), rapid.OneOf(rapid.Uint32(), rapid.Uint32Range(0, 3)).Draw(t, "slot")}
				tree.Insert(p.at, p.slot)
				model = append(model, p)
			}
			if tree.Delete(geo.Point{X: 7, Y: 7}, 1) {
				t.Fatal("removed what was never there")
			}
			return model
		}
		for range rapid.IntRange(1, 6).Draw(t, "publications") {
			model = write(&tree, model)
			if rapid.Bool().Draw(t, "pack") {
				tree.Pack()
			}
			versions = append(versions, version{tree.Copy(), slices.Clone(model)})
		}
		if rapid.Bool().Draw(t, "pack at last") {
			// What was handed out must not notice.
			tree.Pack()
			write(&tree, slices.Clone(model))
		}
		fork := versions[rapid.IntRange(0, len(versions)-1).Draw(t, "fork")]
		fork.model = write(&fork.tree, slices.Clone(fork.model))
		versions = append(versions, fork)
		for _, v := range versions {
			compare(t, &v.tree, v.model)
		}
	})
}

func compare(t *rapid.T, tree *bucket.Tree[uint32], model []place) {
	if tree.Len() != len(model) {
		t.Fatalf("Len = %d, want %d", tree.Len(), len(model))
	}
	bounds := geo.EmptyBox()
	for _, p := range model {
		bounds = bounds.Extend(p.at)
	}
	if got := tree.Bounds(); got != bounds {
		t.Fatalf("Bounds = %v, want %v", got, bounds)
	}
	box := bounds
	if len(model) > 0 && rapid.Bool().Draw(t, "part") {
		box = geo.EmptyBox().Extend(points().Draw(t, "corner")).Extend(model[0].at)
	}
	var got, want []uint32
	tree.Search(box, func(s uint32) bool { got = append(got, s); return true })
	for _, p := range model {
		if box.Contains(p.at) {
			want = append(want, p.slot)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("Search(%v) = %v, want %v", box, got, want)
	}
	if len(want) > 1 {
		seen := 0
		if tree.Search(box, func(uint32) bool { seen++; return seen < 2 }) || seen != 2 {
			t.Fatalf("a search that was ended went on: %d", seen)
		}
	}
	centre := points().Draw(t, "centre")
	meters := rapid.SampledFrom([]float64{0, 1, 500, 1e6, math.Inf(1)}).Draw(t, "meters")
	limit := rapid.IntRange(1, 12).Draw(t, "limit")
	near, brute := nearest(tree, centre, meters, limit), bruteForce(model, centre, meters, limit)
	if !slices.Equal(near, brute) {
		t.Fatalf("nearest %d of %v within %v m: %v, want %v", limit, centre, meters, near, brute)
	}
}

type near struct {
	meters float64
	slot   uint32
}

func byDistance(a, b near) int {
	return cmp.Or(cmp.Compare(a.meters, b.meters), cmp.Compare(a.slot, b.slot))
}

func nearest(tree *bucket.Tree[uint32], p geo.Point, meters float64, limit int) []near {
	var found []near
	disk := geo.NewDisk(p, meters)
	tree.Nearest(&disk, func(s uint32, q geo.Point) float64 {
		if d := geo.Distance(p, q); d <= meters {
			at, _ := slices.BinarySearchFunc(found, near{d, s}, byDistance)
			found = slices.Insert(found, at, near{d, s})
			found = found[:min(len(found), limit)]
		}
		if len(found) == limit {
			return found[limit-1].meters
		}
		return meters
	})
	return found
}

func bruteForce(model []place, p geo.Point, meters float64, limit int) []near {
	var all []near
	for _, q := range model {
		if d := geo.Distance(p, q.at); d <= meters {
			all = append(all, near{d, q.slot})
		}
	}
	slices.SortFunc(all, byDistance)
	return all[:min(len(all), limit)]
}

// TestOnePoint puts many slots on one point and takes them away again: neither may take more than a moment.
func TestOnePoint(t *testing.T) {
	var tree bucket.Tree[uint32]
	p := geo.Point{X: 1, Y: 1}
	const n = 100_000
	for i := range uint32(n) {
		tree.Insert(p, i)
	}
	kept := tree.Copy()
	for i := range uint32(n) {
		if !tree.Delete(p, i*7919%n) {
			t.Fatalf("%d is not there", i*7919%n)
		}
	}
	if tree.Len() != 0 || kept.Len() != n {
		t.Errorf("%d left, %d kept", tree.Len(), kept.Len())
	}
}

func city(n int) ([]geo.Point, bucket.Tree[uint32]) {
	// 40,000 points on each square kilometre.
	r := rand.New(rand.NewPCG(1, 2))
	side := int32(math.Sqrt(float64(n)/40_000) * 1000 / 0.0106)
	var tree bucket.Tree[uint32]
	all := make([]geo.Point, n)
	for i := range all {
		all[i] = geo.Point{X: 1_215_000_000 + r.Int32N(side), Y: 250_000_000 + r.Int32N(side)}
		tree.Insert(all[i], uint32(i))
	}
	return all, tree
}

func BenchmarkInsert(b *testing.B) {
	all, _ := city(1_000_000)
	var tree bucket.Tree[uint32]
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		tree.Insert(all[i%len(all)], uint32(i))
		i++
	}
}

// BenchmarkEdit moves one point of a million and publishes.
func BenchmarkEdit(b *testing.B) {
	all, tree := city(1_000_000)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		p := &all[i*7919%len(all)]
		tree.Delete(*p, uint32(i*7919%len(all)))
		p.X++
		tree.Insert(*p, uint32(i*7919%len(all)))
		tree.Copy()
		i++
	}
}

func BenchmarkNearest(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		all, tree := city(n)
		tree.Pack()
		b.Run(map[int]string{10_000: "10k", 100_000: "100k", 1_000_000: "1M"}[n], func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			var found [10]near
			for b.Loop() {
				p := all[i*7919%n]
				p.X += 50
				have := 0
				disk := geo.NewDisk(p, 10_000)
				tree.Nearest(&disk, func(s uint32, q geo.Point) float64 {
					d := near{geo.Distance(p, q), s}
					if have == 10 && byDistance(d, found[9]) >= 0 {
						return found[9].meters
					}
					at := min(have, 9)
					for ; at > 0 && byDistance(d, found[at-1]) < 0; at-- {
						found[at] = found[at-1]
					}
					found[at] = d
					if have++; have < 10 {
						return 10_000
					}
					have = 10
					return found[9].meters
				})
				i++
			}
		})
	}
}
