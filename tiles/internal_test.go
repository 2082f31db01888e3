package tiles

import "testing"

func TestScramble(t *testing.T) {
	for x := uint32(1); x != 0; x <<= 1 {
		for d := range uint32(1000) {
			if unscramble(scramble(x-d)) != x-d {
				t.Fatalf("%d", x-d)
			}
		}
	}
}
