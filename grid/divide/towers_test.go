package divide

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// TestSplit shares random entrances: all of them, in their order, no duty over the limit that has more than one, and not many
// more duties than are needed.
func TestSplit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const limit = 100
		var entrances []Entrance
		all := 0.0
		for i := range rapid.IntRange(1, 30).Draw(t, "entrances") {
			e := Entrance{strconv.Itoa(30-i) + "单元", float64(rapid.IntRange(0, 120).Draw(t, "households"))}
			entrances = append(entrances, e)
			all += e.Households
		}
		duties := split(slices.Clone(entrances), all, limit)
		last, sum := 0, 0.0
		for _, d := range duties {
			own := 0.0
			for _, e := range d.Entrances {
				n, err := strconv.Atoi(e.Name[:len(e.Name)-len("单元")])
				if err != nil || n <= last {
					t.Fatalf("entrance %s behind %d", e.Name, last)
				}
				last = n
				own += e.Households
			}
			if own != d.Households || own > limit && len(d.Entrances) > 1 || len(d.Entrances) == 0 {
				t.Fatalf("duty %+v", d)
			}
			sum += own
		}
		if sum != all || len(duties) > 2*int(math.Ceil(all/limit))+1 {
			t.Fatalf("%d duties with %v of %v", len(duties), sum, all)
		}
	})
}

func TestNatural(t *testing.T) {
	t.Parallel()
	names := []string{"10单元", "2单元", "1单元", "A10", "A9", "A09", ""}
	slices.SortFunc(names, natural)
	if want := []string{"", "1单元", "2单元", "10单元", "A09", "A9", "A10"}; !slices.Equal(names, want) {
		t.Errorf("%q", names)
	}
}
