// Package measure runs the benchmarks of gewu bench on a city's own data.
package measure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/tiles"
)

// measured is one row of the result.
type measured struct {
	Name   string  `json:"name"`
	Unit   string  `json:"unit"`
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// Bench measures one opened city. It reads the city's store and never writes to it: durable edits go to a store of their
// own beside it, on the same disk.
type Bench struct {
	// Engine is that of the city.
	Engine *index.Engine
	// HTTP reaches the server of the city, whatever the host.
	HTTP *http.Client
	// Dir is the folder beside whose store edits are measured, Options are those of that store.
	Dir     string
	Options boltstore.Options
	// Seconds is the time for each measurement, Rounds how often it is done.
	Seconds float64
	Rounds  int
	// Out gets one line for each result, as JSON or for people.
	Out  io.Writer
	JSON bool

	points []geo.Point
	rand   *rand.Rand
}

// Run measures. opened is how long it took to open and load the city.
func (b *Bench) Run(ctx context.Context, opened time.Duration) error {
	b.rand = rand.New(rand.NewPCG(1, 2))
	if b.points = b.places(); len(b.points) == 0 {
		return errors.New("the city has no features to measure with")
	}
	b.report(measured{Name: "open and load", Unit: "s", Median: opened.Seconds(), Min: opened.Seconds(), Max: opened.Seconds()})
	b.memory()
	for _, run := range []func(context.Context) error{b.locate, b.nearest, b.tiles, b.http, b.edits} {
		if err := run(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bench) report(m measured) {
	if b.JSON {
		raw, err := json.Marshal(m)
		if err == nil {
			fmt.Fprintln(b.Out, string(raw))
		}
		return
	}
	fmt.Fprintf(b.Out, "%-44s %14.2f %-14s [%.2f … %.2f]\n", m.Name, m.Median, m.Unit, m.Min, m.Max)
}

// rate runs work for the set time in each round and reports how often a second it ran.
func (b *Bench) rate(ctx context.Context, name string, work func(i int) error) error {
	var rates []float64
	for range b.Rounds {
		n, start := 0, time.Now()
		until := start.Add(time.Duration(b.Seconds * float64(time.Second)))
		for time.Now().Before(until) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			// The clock is asked once in a while: it costs as much as a lookup.
			for range 16 {
				if err := work(n); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				n++
			}
		}
		rates = append(rates, float64(n)/time.Since(start).Seconds())
	}
	b.summary(name, "1/s", rates)
	return nil
}

func (b *Bench) summary(name, unit string, values []float64) {
	slices.Sort(values)
	b.report(measured{name, unit, values[len(values)/2], values[0], values[len(values)-1]})
}

// places are up to 100,000 points of the city in random order.
func (b *Bench) places() []geo.Point {
	const most = 100_000
	var points []geo.Point
	for _, l := range b.Engine.World().Layers() {
		for s := range l.Slots() {
			if p, ok := l.Point(s); ok && l.Def().Geometry == data.GeometryPoint {
				points = append(points, p)
			}
		}
	}
	b.rand.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
	return points[:min(len(points), most)]
}

func (b *Bench) memory() {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	features := 0
	for _, l := range b.Engine.World().Layers() {
		features += l.Len()
	}
	heap := float64(m.HeapAlloc)
	b.report(measured{"live heap", "MiB", heap / (1 << 20), heap / (1 << 20), heap / (1 << 20)})
	each := heap / float64(features)
	b.report(measured{fmt.Sprintf("live heap per feature (%d)", features), "B", each, each, each})
}

func (b *Bench) locate(ctx context.Context) error {
	w := b.Engine.World()
	locator := grid.NewLocator()
	for _, s := range locator.Plan(w).Schemes {
		l, ok := w.Layer(s.Cells.Layer)
		if !ok {
			continue
		}
		if err := b.rate(ctx, "point → cell of "+s.Name+", one goroutine", func(i int) error {
			l.Covering(b.points[i%len(b.points)], func(index.Slot) bool { return false })
			return nil
		}); err != nil {
			return err
		}
	}
	// The parents of cells are found once and kept.
	for _, p := range b.points {
		locator.Locate(w, p, grid.Ask{Areas: true, Cells: true})
	}
	return b.rate(ctx, "locate, full answer, one goroutine", func(i int) error {
		locator.Locate(w, b.points[i%len(b.points)], grid.Everything)
		return nil
	})
}

func (b *Bench) nearest(ctx context.Context) error {
	for _, l := range b.Engine.World().Layers() {
		if l.Def().Geometry != data.GeometryPoint || l.Len() < 1000 {
			continue
		}
		if err := b.rate(ctx, "10 nearest of "+l.Def().Name+", one goroutine", func(i int) error {
			l.Nearest(b.points[i%len(b.points)], 10_000, 10)
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bench) tiles(ctx context.Context) error {
	w := b.Engine.World()
	maker := tiles.NewMaker(tiles.Options{CacheBytes: -1})
	set, err := tiles.Resolve(w, "city")
	if err != nil {
		return err
	}
	for _, z := range []uint32{12, 14, 16, 17} {
		bytes, n := 0, 0
		if err := b.rate(ctx, fmt.Sprintf("tile z%d of the whole city, not cached", z), func(i int) error {
			x, y := b.points[i%len(b.points)].Mercator()
			tile, err := maker.Tile(ctx, w, set, z, uint32(x*float64(uint32(1)<<z)), uint32(y*float64(uint32(1)<<z)), nil)
			bytes, n = bytes+len(tile.Packed), n+1
			return err
		}); err != nil {
			return err
		}
		size := float64(bytes) / float64(n) / 1024
		b.report(measured{fmt.Sprintf("  its size with gzip, mean of %d", n), "KiB", size, size, size})
	}
	return nil
}

// http asks the server over the control socket, 64 connections at once.
func (b *Bench) http(ctx context.Context) error {
	if transport, ok := b.HTTP.Transport.(*http.Transport); ok {
		transport.MaxIdleConnsPerHost = 64
	}
	var rates []float64
	for range b.Rounds {
		var done atomic.Int64
		var failed atomic.Pointer[error]
		start := time.Now()
		until := start.Add(time.Duration(b.Seconds * float64(time.Second)))
		var clients sync.WaitGroup
		for i := range 64 {
			clients.Go(func() {
				for n := i; time.Now().Before(until) && ctx.Err() == nil; n += 64 {
					p := b.points[n%len(b.points)]
					query := url.Values{"lon": {fmt.Sprint(p.Lon())}, "lat": {fmt.Sprint(p.Lat())}}
					if err := b.get(ctx, "http://gewu/v1/locate?"+query.Encode()); err != nil {
						failed.Store(&err)
						return
					}
					done.Add(1)
				}
			})
		}
		clients.Wait()
		if err := failed.Load(); err != nil {
			return *err
		}
		rates = append(rates, float64(done.Load())/time.Since(start).Seconds())
	}
	b.summary("GET /v1/locate, 64 connections, with client", "1/s", rates)
	return nil
}

// get asks for an answer and reads it to its end, so that the connection can be used again.
func (b *Bench) get(ctx context.Context, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := b.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", address, resp.Status)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// edits measures durable single edits against one sync of the disk for each, on the disk of the data folder.
func (b *Bench) edits(ctx context.Context) error {
	dir, err := os.MkdirTemp(b.Dir, "bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, writers := range []int{1, 64} {
		var rates []float64
		for round := range b.Rounds {
			rate, err := b.editRound(ctx, filepath.Join(dir, fmt.Sprintf("%d-%d.db", writers, round)), writers)
			if err != nil {
				return err
			}
			rates = append(rates, rate)
		}
		b.summary(fmt.Sprintf("durable single edits, %d writers", writers), "1/s", rates)
	}
	return nil
}

func (b *Bench) editRound(ctx context.Context, path string, writers int) (rate float64, err error) {
	store, err := boltstore.Open(path, b.Options)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	engine := index.NewEngine(store)
	if err := engine.Load(ctx, nil); err != nil {
		return 0, err
	}
	run, stop := context.WithCancel(ctx)
	var background sync.WaitGroup
	background.Go(func() { _ = store.Run(run, engine) })
	background.Go(func() { _ = engine.Run(run) })
	defer background.Wait()
	defer stop()
	layer := &data.Layer{Name: "lamps", Geometry: data.GeometryPoint, Attributes: []data.Attribute{}}
	if _, err := store.Append(ctx, data.Tx{Changes: []data.Change{{
		Stream: data.StreamSchema, Op: data.OpPut, Layer: layer.Name, Definition: layer,
	}}}); err != nil {
		return 0, err
	}
	var done atomic.Int64
	var failed atomic.Pointer[error]
	start := time.Now()
	until := start.Add(time.Duration(b.Seconds * float64(time.Second)))
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() {
			for n := i; time.Now().Before(until); n += writers {
				f := data.Feature{ID: strconv.Itoa(n % 10_000), Shape: geo.PointShape(b.points[n%len(b.points)])}
				if _, err := store.Append(ctx, data.Tx{Changes: []data.Change{{
					Stream: data.StreamFeature, Op: data.OpPut, Layer: layer.Name, Feature: f,
				}}}); err != nil {
					failed.Store(&err)
					return
				}
				done.Add(1)
			}
		})
	}
	group.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return float64(done.Load()) / time.Since(start).Seconds(), nil
}
