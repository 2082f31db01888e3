package garbage

import (
	"runtime"
	"testing"
)

func TestPercent(t *testing.T) {
	const large = 64 << 30
	for _, test := range []struct {
		live, memory uint64
		want         int
	}{
		{0, large, 1000},
		{1 << 20, large, 1000},
		{256 << 20, large, 800},
		{512 << 20, large, 400},
		{2 << 30, large, 100},
		{64 << 30, large, 100},
		{256 << 20, 4 << 30, 200},
		{1 << 30, 4 << 30, 100},
		{1 << 20, 0, 100},
	} {
		if got := percent(test.live, test.memory); got != test.want {
			t.Errorf("%d bytes of %d: %d %%, want %d", test.live, test.memory, got, test.want)
		}
	}
}

func TestMemoryOfMachine(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells")
	}
	if m := memoryOfMachine(); m < 64<<20 || m > 1<<50 {
		t.Errorf("%d bytes", m)
	}
}
