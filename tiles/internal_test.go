package tiles

import "testing"

// unscramble undoes scramble: the factors are the inverses modulo 2^32.
func unscramble(x uint32) uint32 {
	const inverse1, inverse2 = 0x1d69e2a5, 0x43021123
	x ^= x >> 16
	x *= inverse2
	x ^= x>>15 ^ x>>30
	x *= inverse1
	return x ^ x>>16
}

// TestScramble: no two ids have the same hash.
func TestScramble(t *testing.T) {
	for x := uint32(1); x != 0; x <<= 1 {
		for d := range uint32(1000) {
			if unscramble(scramble(x-d)) != x-d {
				t.Fatalf("%d", x-d)
			}
		}
	}
}
