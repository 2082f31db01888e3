package geo

import (
	"maps"
	"math/rand/v2"
	"testing"
)

// The ordered sweep finds the same touching pairs as trying all, or a pair that crosses or overlaps when there is one.
func TestSweepAgainstAllPairs(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	clean, touching := 0, 0
	for range iterations(20000) {
		span := []int32{3, 6, 20}[r.IntN(3)]
		edges := make([]edge, 0, 8)
		for range 1 + r.IntN(8) {
			e := edge{a: Point{r.Int32N(span), r.Int32N(span)}, b: Point{r.Int32N(span), r.Int32N(span)}}
			if e.a != e.b {
				edges = append(edges, e)
			}
		}
		bad := false
		want := map[[2]int]bool{}
		for j := range edges {
			for i := range j {
				switch rel, _ := relate(edges[i], edges[j]); rel {
				case apart:
				case touch:
					want[[2]int{i, j}] = true
				case cross, overlap:
					bad = true
				}
			}
		}
		for name, find := range map[string]func([]edge, func(i, j int) bool){
			"sweep": sweep,
			"pairs": func(edges []edge, visit func(i, j int) bool) { pairs(edges, r.IntN(4), visit) },
		} {
			found := false
			got := map[[2]int]bool{}
			find(edges, func(i, j int) bool {
				switch rel, _ := relate(edges[i], edges[j]); rel {
				case apart:
				case touch:
					got[[2]int{i, j}] = true
				case cross, overlap:
					found = true
				}
				return true
			})
			if found != bad || !bad && !maps.Equal(got, want) {
				t.Fatalf("%s: found a crossing: %v, want %v; touches %v, want %v; %v", name, found, bad, got, want, edges)
			}
		}
		if !bad {
			clean++
			touching += len(want)
		}
	}
	if clean < 100 || touching < 100 {
		t.Errorf("only %d clean sets with %d touches", clean, touching)
	}
}

// Noding leaves edges that meet in common ends only, and moves nothing by more than a unit.
func TestNodeIsNoded(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range iterations(8000) {
		span := []int32{4, 9, 30, 1000}[r.IntN(4)]
		var edges []edge
		for range 2 + r.IntN(9) {
			e := edge{a: Point{r.Int32N(span), r.Int32N(span)}, b: Point{r.Int32N(span), r.Int32N(span)}}
			if e.a != e.b {
				edges = append(edges, e)
			}
		}
		noded := node(edges)
		for j := range noded {
			for i := range j {
				e, f := noded[i], noded[j]
				rel, at := relate(e, f)
				common := (at == e.a || at == e.b) && (at == f.a || at == f.b)
				same := e.a == f.a && e.b == f.b || e.a == f.b && e.b == f.a
				if rel == cross || rel == overlap && !same || rel == touch && !common {
					t.Fatalf("%v and %v of %v", e, f, edges)
				}
			}
		}
	}
}

// iterations is n, or a tenth of it in short runs.
func iterations(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}
