package proc

import (
	"runtime"
	"time"
)

// LiveHeap is how many bytes of this process's heap are in use after a collection.
func LiveHeap() int64 {
	runtime.GC()
	runtime.GC() // what finalizers let go
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Rate runs work until this process has spent d of CPU, and returns how often it ran in a second of it. What the
// garbage collector does meanwhile counts too.
func Rate(d time.Duration, work func(i int)) float64 {
	start := Self()
	for n := 1; ; n++ {
		work(n - 1)
		// Asking for the time costs as much as a lookup.
		if n%256 == 0 {
			if took := Self() - start; took >= d && took > 0 {
				return float64(n) / took.Seconds()
			}
		}
	}
}
