package main

import "testing"

func TestPercent(t *testing.T) {
	for _, test := range []struct {
		live uint64
		want int
	}{{0, 400}, {1 << 20, 400}, {256 << 20, 400}, {512 << 20, 200}, {1 << 30, 100}, {64 << 30, 100}} {
		if got := percent(test.live); got != test.want {
			t.Errorf("%d bytes: %d %%, want %d", test.live, got, test.want)
		}
	}
}
