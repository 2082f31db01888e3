// Package opening measures what it takes to open the store of a city and what is held in memory then.
package opening

import (
	"context"
	"errors"
	"os"
	"runtime/debug"
	"time"

	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/test/peers/proc"
)

// Figures are what Measure finds.
type Figures struct {
	Features int     `json:"features"`
	Seconds  float64 `json:"seconds"`
	// Heap is live after a collection, Resident the anonymous memory of the process, both in bytes.
	Heap     int64 `json:"heap"`
	Resident int64 `json:"resident"`
	// Locate and Nearest are lookups per second of CPU.
	Locate  float64 `json:"locate"`
	Nearest float64 `json:"nearest"`
}

// Measure opens a store as the server does and measures time, memory and lookups. Its process should do nothing else.
func Measure(ctx context.Context, path string) (Figures, error) {
	before := proc.LiveHeap()
	start := time.Now()
	store, err := boltstore.Open(path, boltstore.Options{Now: time.Now, Verify: boltstore.VerifyAuto})
	if err != nil {
		return Figures{}, err
	}
	defer func() { _ = store.Close() }()
	engine := index.NewEngine(store)
	if err := engine.Load(ctx, nil); err != nil {
		return Figures{}, err
	}
	f := Figures{Seconds: time.Since(start).Seconds()}
	f.Heap = proc.LiveHeap() - before
	// As gewu serve does when it has loaded.
	debug.FreeOSMemory()
	if f.Resident, err = proc.Resident(os.Getpid()); err != nil {
		return Figures{}, err
	}
	w := engine.World()
	for _, l := range w.Layers() {
		f.Features += l.Len()
	}
	return f, f.lookups(w)
}

// lookups measures them at the parts of the city.
func (f *Figures) lookups(w *index.World) error {
	parts, ok := w.Layer("parts")
	if !ok || parts.Len() == 0 {
		return errors.New("the store has no parts")
	}
	var points []geo.Point
	step, i := max(1, parts.Len()/50_000), 0
	for s := range parts.Slots() {
		if p, ok := parts.Point(s); ok && i%step == 0 {
			points = append(points, p)
		}
		i++
	}
	if cells, ok := w.Layer("units"); ok && cells.Len() > 0 {
		f.Locate = perCPU(func(i int) { _, _ = grid.Owner(cells, points[i*7919%len(points)]) })
	}
	var near []index.Near
	f.Nearest = perCPU(func(i int) { near = parts.AppendNearest(near[:0], points[i*7919%len(points)], 10_000, 10) })
	return nil
}

// perCPU runs work for a second of CPU after some to warm up, and returns how often it ran in a second.
func perCPU(work func(i int)) float64 {
	for i := range 100_000 {
		work(i)
	}
	return proc.Rate(time.Second, work)
}
