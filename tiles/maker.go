package tiles

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/internal/flight"
	"github.com/gewu-city/gewu/tiles/label"
	"github.com/gewu-city/gewu/tiles/outline"
	"github.com/gewu-city/gewu/tiles/pack"
)

// DefaultCacheBytes is the size of a cache when [Options] do not say.
const DefaultCacheBytes = 256 << 20

// Options of a [Maker]; the zero value is good.
type Options struct {
	// CacheBytes bounds the compressed tiles kept; 0 means [DefaultCacheBytes], a negative number keeps none.
	CacheBytes int64
	// Totals returns the totals of a layer of areas or cells; nil leaves tilesets of totals unknown.
	Totals func(w *index.World, layer string) Totals
	// Builds bounds the tiles drawn at the same time, and so the memory it takes; 0 means two for each processor. Half as
	// many of slow queries are drawn beside them.
	Builds int
}

// Tile is one encoded tile. Callers share it and must not write to its members.
type Tile struct {
	// Packed is the tile compressed in Encoding, nil when it is empty.
	Packed   []byte
	Encoding Encoding
	// Size is the length before compression, in bytes.
	Size int
	// ETag is a hash of the bytes before compression, without quotes: 32 hexadecimal digits. A tile that is drawn
	// again and comes out the same keeps it.
	ETag string
	// Seq is the position of the World that was asked for, for which the tile is true.
	Seq data.Seq
	// Layers says what became of the features of each layer that is drawn at this zoom level.
	Layers []LayerReport
}

// Sum adds up the reports of all layers.
func (t *Tile) Sum() (all LayerReport) {
	for i := range t.Layers {
		all.Found += t.Layers[i].Found
		all.Drawn += t.Layers[i].Drawn
		all.Dropped += t.Layers[i].Dropped
		all.Collapsed += t.Layers[i].Collapsed
		all.Bytes += t.Layers[i].Bytes
	}
	return all
}

// Empty reports whether the tile has no layers.
func (t *Tile) Empty() bool { return t.Size == 0 }

// Bytes is the tile without compression, freshly allocated.
func (t *Tile) Bytes() ([]byte, error) {
	if t.Empty() {
		return nil, nil
	}
	return pack.Unpack(t.Encoding, t.Packed, t.Size)
}

// Stats are counters since the Maker was made, and the present size of its cache.
type Stats struct {
	Hits   uint64 // tiles answered from the cache
	Misses uint64 // tiles not in the cache, or out of date
	Builds uint64 // tiles drawn; less than Misses when callers shared one
	Labels uint64 // label points found
	Tiles  int    // tiles in the cache
	Bytes  uint64 // their weight
}

// Maker makes tiles and keeps them as long as they are true. It is safe for concurrent use and starts no goroutines.
type Maker struct {
	cache   *otter.Cache[tileKey, *entry] // nil when nothing is kept
	labels  *label.Points
	shapes  *outline.Store
	flights flight.Group[flightKey, *entry]
	totals  func(w *index.World, layer string) Totals
	// slots are taken by tiles that are drawn, apart by those of slow queries.
	slots, apart chan struct{}
	// builders are kept for their memory.
	builders sync.Pool
	packer   *pack.Packer

	hits, misses, builds atomic.Uint64
}

// tileKey names a tile of a list of layers.
type tileKey struct {
	epoch   data.Epoch
	layers  string
	z, x, y uint32
	// moment names the city: empty for the present one. query is what of it is asked for: empty for all. crs is that of
	// the map, empty where nothing is shifted.
	moment, query, crs string
	// sight names what of the layers exists for those who ask: empty for all of them.
	sight    string
	encoding Encoding
}

// sightOf tells what somebody sees of layers from what others do. Whoever sees all of them shares their tiles with those
// who see everything; totals count layers that are not drawn.
func sightOf(w *index.World, sources []source) string {
	if w.View() == "" {
		return ""
	}
	var b strings.Builder
	for i := range sources {
		switch {
		case sources[i].totals != nil:
			return w.View()
		case sources[i].layer.View() != "":
			b.WriteString(strconv.Itoa(i) + ":" + sources[i].layer.View() + ",")
		}
	}
	return b.String()
}

// momentOf is empty for the Worlds of the engine. Worlds of the same date at different positions follow each other as
// those of the engine do, so that they share a name and stamps tell them apart; others have a name each.
func momentOf(w *index.World) string {
	if !w.Past() {
		return ""
	}
	if at, ok := w.At(); ok {
		return at.Format(time.RFC3339Nano)
	}
	return strconv.FormatUint(uint64(w.Seq()), 10)
}

// entry is a tile with the positions between which it is known to be true: nothing changed it after stamp, as seen
// at seq.
type entry struct {
	tile       Tile
	stamp, seq data.Seq
}

// trueFor reports whether the tile is the same in a World at seq with the given stamp. The World may be younger than
// the entry or older: some reader may still hold it.
func (e *entry) trueFor(seq, stamp data.Seq) bool { return stamp <= e.seq && e.stamp <= seq }

// flightKey names what callers can share: Worlds with the same stamp have the same tile.
type flightKey struct {
	tileKey
	stamp data.Seq
}

// NewMaker returns a Maker with an empty cache.
func NewMaker(o Options) *Maker {
	if o.CacheBytes == 0 {
		o.CacheBytes = DefaultCacheBytes
	}
	if o.Builds <= 0 {
		o.Builds = 2 * runtime.GOMAXPROCS(0)
	}
	m := &Maker{
		labels: label.NewPoints(), shapes: outline.NewStore(outline.DefaultStoreBytes), totals: o.Totals,
		slots: make(chan struct{}, o.Builds), apart: make(chan struct{}, max(1, o.Builds/2)), packer: pack.NewPacker(),
	}
	m.builders.New = func() any { return &builder{labels: m.labels, shapes: m.shapes} }
	if o.CacheBytes > 0 {
		m.cache = otter.Must(&otter.Options[tileKey, *entry]{
			MaximumWeight: uint64(o.CacheBytes), Weigher: weigh, Executor: inline,
		})
	}
	return m
}

// inline runs the housekeeping of a cache in the goroutine that caused it, so that a cache starts none of its own.
func inline(f func()) { f() }

// weigh is the memory of a cache entry; small empty tiles count with what holds them.
func weigh(k tileKey, e *entry) uint32 {
	const overhead = 512
	return uint32(overhead + len(k.layers) + len(k.moment) + len(k.query) + len(k.sight) + len(e.tile.Packed) + len(e.tile.Layers)*96)
}

// Tile returns what q asks for of tile z/x/y of a tileset of w; a nil q asks for everything. Errors are *data.FieldError for an address that does not exist
// ([CheckAddress]) and for a layer that w does not have, and the error of ctx.
func (m *Maker) Tile(ctx context.Context, w *index.World, set Tileset, z, x, y uint32, q *Query) (Tile, error) {
	t, _, err := m.tile(ctx, w, set, z, x, y, q)
	return t, err
}

// tile is [Maker.Tile] and reports whether the tile was in the cache.
func (m *Maker) tile(ctx context.Context, w *index.World, set Tileset, z, x, y uint32, q *Query) (t Tile, cached bool, err error) {
	if err := CheckAddress(z, x, y); err != nil {
		return Tile{}, false, err
	}
	if q == nil {
		q = &Query{}
	}
	f := newFrame(z, x, y, q.Shift)
	sources := make([]source, len(set.Layers))
	var stamp data.Seq
	for i, name := range set.Layers {
		s, err := m.source(w, name)
		if err != nil {
			return Tile{}, false, err
		}
		sources[i] = s
		stamp = max(stamp, s.stamp(&f))
	}
	if q.Lang != "" {
		stamp = max(stamp, w.Defined()) // words come from dictionaries
	}
	key := tileKey{epoch: w.Epoch(), layers: strings.Join(set.Layers, ","), z: z, x: x, y: y, moment: momentOf(w), query: q.key(), crs: f.crs(), sight: sightOf(w, sources), encoding: q.Encoding}
	if e, ok := m.lookup(key, w.Seq(), stamp); ok {
		m.hits.Add(1)
		return e.at(w), true, nil
	}
	if _, dated := w.At(); w.Past() && !dated {
		// What has not changed since then looks as it does now.
		now := key
		now.moment = ""
		if e, ok := m.lookup(now, w.Seq(), stamp); ok {
			m.hits.Add(1)
			return e.at(w), true, nil
		}
	}
	t, err = m.drawn(ctx, w, sources, key, stamp, q)
	return t, false, err
}

// drawn draws a tile that is not in the cache; callers who want the same one wait for one of them.
func (m *Maker) drawn(ctx context.Context, w *index.World, sources []source, key tileKey, stamp data.Seq, q *Query) (Tile, error) {
	m.misses.Add(1)
	if err := ctx.Err(); err != nil {
		return Tile{}, err
	}
	e, err := m.flights.Do(ctx, flightKey{key, stamp}, func(ctx context.Context) (*entry, error) {
		leave, err := m.enter(ctx, q)
		if err != nil {
			return nil, err
		}
		defer leave()
		// Another flight may have landed between the look into the cache and this one's start.
		if e, ok := m.lookup(key, w.Seq(), stamp); ok {
			return e, nil
		}
		return m.make(ctx, w, sources, key, stamp, q)
	})
	if err != nil {
		return Tile{}, err
	}
	return e.at(w), nil
}

// enter waits until a tile of a query may be drawn. Without an error, leave must be called.
func (m *Maker) enter(ctx context.Context, q *Query) (leave func(), err error) {
	slots := m.slots
	if q.Slow {
		slots = m.apart
	}
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (e *entry) at(w *index.World) Tile {
	t := e.tile
	t.Seq = w.Seq()
	return t
}

func (m *Maker) lookup(key tileKey, seq, stamp data.Seq) (*entry, bool) {
	if m.cache == nil {
		return nil, false
	}
	e, ok := m.cache.GetIfPresent(key)
	if !ok || !e.trueFor(seq, stamp) {
		return nil, false
	}
	return e, true
}

// make draws, compresses and keeps a tile.
func (m *Maker) make(ctx context.Context, w *index.World, sources []source, key tileKey, stamp data.Seq, q *Query) (*entry, error) {
	m.builds.Add(1)
	b, _ := m.builders.Get().(*builder)
	defer m.builders.Put(b)
	d, err := b.build(ctx, key.epoch, sources, len(sources), newFrame(key.z, key.x, key.y, q.Shift), q)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(d.bytes)
	e := &entry{stamp: stamp, seq: w.Seq(), tile: Tile{Size: len(d.bytes), ETag: hex.EncodeToString(sum[:16]), Layers: d.layers}}
	if len(d.bytes) > 0 {
		e.tile.Encoding = key.encoding
		if e.tile.Packed, err = m.packer.Pack(key.encoding, d.bytes); err != nil {
			return nil, err
		}
	}
	if m.cache != nil {
		m.cache.Set(key, e)
	}
	return e, nil
}

// Stats returns the counters. It may be called at any time.
func (m *Maker) Stats() Stats {
	s := Stats{Hits: m.hits.Load(), Misses: m.misses.Load(), Builds: m.builds.Load(), Labels: m.labels.Found()}
	if m.cache != nil {
		s.Tiles, s.Bytes = m.cache.EstimatedSize(), m.cache.WeightedSize()
	}
	return s
}
