package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// garbage is how much memory a server lets lie before it is collected, beside as much as is in use: a collection looks
// at the whole city, and while it does, one answer in a hundred takes several times as long. Measured with 64
// connections that write and a city of 250 MB: with as much garbage as city the slowest hundredth of answers takes 8 ms,
// with four times as much 4 ms.
const garbage = 1 << 30

// most bounds the garbage of small cities, in percent of what is in use.
const most = 400

// percent is how much garbage may lie, in percent of live bytes.
func percent(live uint64) int {
	if live == 0 {
		return most
	}
	return int(max(100, min(most, garbage*100/live)))
}

// paceCollector paces collections by what is in use until ctx ends, unless the environment does (GOGC). A limit of
// memory (--memory, GOMEMLIMIT) goes before it.
func paceCollector(ctx context.Context) error {
	if os.Getenv("GOGC") != "" {
		<-ctx.Done()
		return nil
	}
	set := 0
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for {
		metrics.Read(sample)
		// Each setting stops the world for a moment.
		if want := percent(sample[0].Value.Uint64()); want > set+set/8 || want < set-set/8 {
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
