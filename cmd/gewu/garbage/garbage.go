// Package garbage paces the collections of garbage of a server by the memory of its machine.
package garbage

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"
)

// lies is how much memory a server lets lie before it is collected, beside as much as is in use, on a machine that has
// eight times as much: a collection looks at the whole city, and while it does, one answer in a hundred takes several
// times as long. Measured with 64 connections that write and a city of 350 MB: with as much garbage as city the slowest
// hundredth of answers takes 8 ms, with 1 GiB 5 to 7 ms, with 2 GiB 4.5 ms, without collections 3.7 ms.
const lies = 2 << 30

// most bounds the garbage of small cities, in percent of what is in use.
const most = 1000

// percent is how much garbage may lie, in percent of live bytes, on a machine with so much memory, 0 if that is not known.
func percent(live, memory uint64) int {
	room := min(lies, memory/8)
	if room == 0 {
		return 100
	}
	return int(max(100, min(most, room*100/max(live, 1))))
}

// memoryOfMachine is the memory in bytes that the process may take, 0 if the system does not tell: that of the machine,
// or of its control group.
func memoryOfMachine() (bytes uint64) {
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kib uint64
		if _, err := fmt.Sscanf(string(text), "MemTotal: %d kB", &kib); err == nil {
			bytes = kib << 10
		}
	}
	if text, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if most, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); err == nil { // else it says max
			bytes = min(bytes, most)
		}
	}
	return bytes
}

// Pace paces collections by what is in use until ctx ends, unless the environment does (GOGC). A limit of
// memory (--memory, GOMEMLIMIT) goes before it.
func Pace(ctx context.Context) error {
	if os.Getenv("GOGC") != "" {
		<-ctx.Done()
		return nil
	}
	set, memory := 0, memoryOfMachine()
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	// What is in use grows within moments under large requests, and so would the garbage that a percentage allows.
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		metrics.Read(sample)
		// Each setting stops the world for a moment.
		if want := percent(sample[0].Value.Uint64(), memory); want > set+set/4 || want < set-set/8 {
			debug.SetGCPercent(want)
			set = want
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
