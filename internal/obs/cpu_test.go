package obs_test

import (
	"testing"
	"time"

	"github.com/gewu-city/gewu/internal/obs"
)

// TestCPUTime works for a while and looks whether that is counted.
func TestCPUTime(t *testing.T) {
	start := obs.CPUTime()
	if start == 0 {
		t.Skip("this system does not tell")
	}
	n := 0
	for until := time.Now().Add(10 * time.Second); obs.CPUTime()-start < 20*time.Millisecond; n++ {
		if time.Now().After(until) {
			t.Fatal("ten seconds of work are not counted")
		}
	}
}
