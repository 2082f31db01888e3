package mask_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/index/mask"
)

// TestMask compares masks that follow each other with the test itself, while rows come and change.
func TestMask(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var table []bool
		grow := func() {
			for range rapid.SampledFrom([]int{0, 1, 63, 5000}).Draw(rt, "new") {
				table = append(table, len(table)%3 == 0)
			}
		}
		asked := 0
		fresh := func() *mask.Mask[uint32] {
			state := slices.Clone(table)
			return mask.New(uint32(len(state)), func(from, to uint32) (found []uint32) {
				asked++
				for row := from; row < to; row++ {
					if state[row] {
						found = append(found, row)
					}
				}
				return found
			})
		}
		grow()
		m := fresh()
		for range 4 {
			for range 20 {
				row := uint32(rapid.IntRange(0, len(table)+10).Draw(rt, "row"))
				if want := int(row) < len(table) && table[row]; m.Has(row) != want {
					rt.Fatalf("row %d: %v, want %v", row, m.Has(row), want)
				}
			}
			var changed []uint32
			for range rapid.IntRange(0, 3).Draw(rt, "changes") {
				if len(table) > 0 {
					row := rapid.IntRange(0, len(table)-1).Draw(rt, "changed")
					table[row] = !table[row]
					changed = append(changed, uint32(row))
				}
			}
			grow()
			next := fresh()
			next.Follow(m, slices.Values(changed))
			m = next
		}
	})
}

// TestMaskIsKept asks again, also after a change elsewhere: only what changed is tested again.
func TestMaskIsKept(t *testing.T) {
	asked := 0
	find := func(from, _ uint32) []uint32 { asked++; return []uint32{from} }
	m := mask.New[uint32](3*mask.Rows, find)
	for range 3 {
		if !m.Has(0) || m.Has(1) || !m.Has(2*mask.Rows) {
			t.Fatal("a mask forgets")
		}
	}
	next := mask.New[uint32](3*mask.Rows, find)
	next.Follow(m, slices.Values([]uint32{2*mask.Rows + 5}))
	if asked != 2 || !next.Has(0) || asked != 2 || !next.Has(2*mask.Rows) || asked != 3 {
		t.Fatalf("asked %d times", asked)
	}
}
