package index_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Taipei 101, around which tests place things.
const baseX, baseY = 1_215_654_000, 250_330_000

var lamps = &data.Layer{
	Name: "lamps", Geometry: data.GeometryPoint,
	Attributes: []data.Attribute{{Name: "name", Type: data.Text}, {Name: "height", Type: data.Number}, {Name: "lit", Type: data.Bool}},
}

var zones = &data.Layer{Name: "zones", Geometry: data.GeometryPolygon, Attributes: []data.Attribute{{Name: "code", Type: data.Code}}}

func pointAt(x, y int32) geo.Shape { return geo.PointShape(geo.Point{X: baseX + x, Y: baseY + y}) }

// TestEqualsLinearScan compares every query of a layer with a plain scan of a map, over random histories, and checks
// that a World taken earlier still answers as it did.
func TestEqualsLinearScan(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		log := indextest.NewLog()
		e := indextest.Start(t, log)
		log.Append(indextest.Define(lamps), indextest.Define(zones))
		model := map[string]data.Feature{}
		type snapshot struct {
			world *index.World
			model map[string]data.Feature
		}
		var old []snapshot
		coord := rapid.Int32Range(-20_000, 20_000)
		for range rapid.IntRange(1, 12).Draw(rt, "groups") {
			var changes []data.Change
			for range rapid.IntRange(1, 20).Draw(rt, "changes") {
				id := fmt.Sprint(rapid.IntRange(0, 40).Draw(rt, "id"))
				if _, exists := model[id]; exists && rapid.Bool().Draw(rt, "end") {
					changes = append(changes, indextest.End("lamps", id))
					delete(model, id)
					continue
				}
				c := indextest.Put("lamps", id, pointAt(coord.Draw(rt, "x"), coord.Draw(rt, "y")),
					data.TextValue(data.Text, rapid.SampledFrom([]string{"a", "b", "路燈"}).Draw(rt, "name")),
					rapid.SampledFrom([]data.Value{{}, data.NumberValue(0), data.NumberValue(7.5)}).Draw(rt, "height"))
				changes = append(changes, c)
				model[id] = c.Feature
			}
			w := indextest.At(t, e, log.Append(changes...))
			old = append(old, snapshot{w, maps.Clone(model)})
		}
		for _, s := range old {
			compareAll(rt, s.world, s.model)
		}
	})
}

func compareAll(t *rapid.T, w *index.World, model map[string]data.Feature) {
	l, _ := w.Layer("lamps")
	if l.Len() != len(model) {
		t.Fatalf("Len = %d, want %d", l.Len(), len(model))
	}
	var ids []string
	for s := range l.After("") {
		ids = append(ids, l.ID(s))
	}
	if want := slices.Sorted(maps.Keys(model)); !slices.Equal(ids, want) {
		t.Fatalf("After = %v, want %v", ids, want)
	}
	for id, want := range model {
		s, ok := l.Lookup(id)
		got := l.Feature(s)
		if !ok || !got.Equal(&want) {
			t.Fatalf("Lookup(%s) = %+v, %v; want %+v", id, got, ok, want)
		}
	}
	x, y := int32(baseX)+rapid.Int32Range(-20_000, 20_000).Draw(t, "bx"), int32(baseY)+rapid.Int32Range(-20_000, 20_000).Draw(t, "by")
	size := rapid.Int32Range(0, 20_000).Draw(t, "size")
	box := geo.Box{Min: geo.Point{X: x - size, Y: y - size}, Max: geo.Point{X: x + size, Y: y + size}}
	var found, want []string
	l.Search(box, func(s index.Slot) bool {
		found = append(found, l.ID(s))
		return true
	})
	for id, f := range model {
		if box.Contains(f.Shape.Vertices()[0]) {
			want = append(want, id)
		}
	}
	slices.Sort(found)
	slices.Sort(want)
	if !slices.Equal(found, want) {
		t.Fatalf("Search(%v) = %v, want %v", box, found, want)
	}
	compareNearest(t, l, model, geo.Point{X: x, Y: y}, float64(size)/100)
	var equal []string
	for s := range l.Equal(0, data.TextValue(data.Text, "a")) {
		equal = append(equal, l.ID(s))
	}
	want = want[:0]
	for id, f := range model {
		if f.Value(0).Text() == "a" {
			want = append(want, id)
		}
	}
	slices.Sort(equal)
	slices.Sort(want)
	if !slices.Equal(equal, want) {
		t.Fatalf("Equal = %v, want %v", equal, want)
	}
}

func compareNearest(t *rapid.T, l *index.Layer, model map[string]data.Feature, p geo.Point, meters float64) {
	var want []float64
	for _, f := range model {
		if d := geo.Distance(p, f.Shape.Vertices()[0]); d <= meters {
			want = append(want, d)
		}
	}
	slices.Sort(want)
	want = want[:min(len(want), 5)]
	near := l.Nearest(p, meters, 5)
	if len(near) != len(want) {
		t.Fatalf("Nearest found %d, want %d", len(near), len(want))
	}
	for i, n := range near {
		if math.Abs(n.Meters-want[i]) > 1e-9 {
			t.Fatalf("Nearest[%d] = %v m, want %v m", i, n.Meters, want[i])
		}
	}
}

// TestPolygonsOwnPoints checks the edge rule through the index: of cells that share edges exactly one owns a point.
func TestPolygonsOwnPoints(t *testing.T) {
	log := indextest.NewLog()
	e := indextest.Start(t, log)
	changes := []data.Change{indextest.Define(zones)}
	for i := range int32(4) {
		for j := range int32(4) {
			changes = append(changes, indextest.Put("zones", fmt.Sprint(i, "-", j), indextest.Rect(baseX+i*100, baseY+j*100, baseX+i*100+100, baseY+j*100+100)))
		}
	}
	l, _ := indextest.At(t, e, log.Append(changes...)).Layer("zones")
	for x := int32(0); x <= 400; x += 50 {
		for y := int32(0); y <= 400; y += 50 {
			p, owners := geo.Point{X: baseX + x, Y: baseY + y}, 0
			l.Covering(p, func(index.Slot) bool { owners++; return true })
			// East and north of the outline there is nothing.
			want := 1
			if x == 400 || y == 400 {
				want = 0
			}
			if owners != want {
				t.Errorf("point %d, %d has %d owners, want %d", x, y, owners, want)
			}
			if want == 0 && len(touching(l, p)) == 0 {
				t.Errorf("point %d, %d on the outline touches nothing", x, y)
			}
		}
	}
	if got := touching(l, geo.Point{X: baseX + 400, Y: baseY + 100}); len(got) != 2 || l.Permanent(got[0]) > l.Permanent(got[1]) {
		t.Errorf("Touching is not ordered by permanent id: %v", got)
	}
}

func touching(l *index.Layer, p geo.Point) (found []index.Slot) {
	l.Touching(p, func(s index.Slot) bool { found = append(found, s); return true })
	return found
}

// TestReadersDuringPublication lets readers query while the writer publishes; -race finds any sharing.
func TestReadersDuringPublication(t *testing.T) {
	log := indextest.NewLog()
	e := indextest.Start(t, log)
	indextest.At(t, e, log.Append(indextest.Define(lamps)))
	rounds := 1000
	if testing.Short() {
		rounds = 200
	}
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				w := e.World()
				l, ok := w.Layer("lamps")
				if !ok {
					continue
				}
				n := 0
				for s := range l.Slots() {
					if l.ID(s) == "" || l.ChangedAt(s) > w.Seq() {
						t.Errorf("slot %d is from the future of seq %d", s, w.Seq())
					}
					n++
				}
				if n != l.Len() {
					t.Errorf("%d slots, Len %d", n, l.Len())
				}
				l.Search(geo.Box{Min: geo.Point{X: baseX, Y: baseY}, Max: geo.Point{X: baseX + 9999, Y: baseY + 9999}}, func(index.Slot) bool { return true })
				l.Nearest(geo.Point{X: baseX, Y: baseY}, 100, 10)
				l.Stamp(14, 13722, 7016)
			}
		})
	}
	r := rand.New(rand.NewPCG(1, 2))
	var last data.Seq
	for i := range rounds {
		id := fmt.Sprint(r.IntN(5000))
		last = log.Append(indextest.Put("lamps", id, pointAt(r.Int32N(10_000), r.Int32N(10_000)), data.TextValue(data.Text, fmt.Sprint(i))))
	}
	indextest.At(t, e, last)
	close(done)
	readers.Wait()
}

// TestTogether has a reader look again and again while a group of several publications' size is applied: it sees
// nothing of it or all.
func TestTogether(t *testing.T) {
	const txs, size = 3, 11_000
	log := indextest.NewLog()
	e := indextest.Start(t, log)
	indextest.At(t, e, log.Append(indextest.Define(lamps)))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	seen := map[int]data.Seq{}
	var reader sync.WaitGroup
	reader.Go(func() {
		for last := false; !last; {
			last = ctx.Err() != nil
			w := e.World()
			l, _ := w.Layer("lamps")
			seen[l.Len()] = w.Seq()
		}
	})
	group := make([][]data.Change, txs)
	for i := range group {
		for k := range size {
			group[i] = append(group[i], indextest.Put("lamps", fmt.Sprintf("%d-%d", i, k), pointAt(int32(i), int32(k))))
		}
	}
	feed := e.Subscribe(0)
	defer feed.Close()
	seq := log.Together(group...)
	indextest.At(t, e, seq)
	if d, err := feed.Next(t.Context()); err != nil || d.From != 1 || d.To != seq {
		t.Errorf("the feed tells of %d to %d, %v", d.From, d.To, err)
	}
	stop()
	reader.Wait()
	if want := map[int]data.Seq{0: 1, txs * size: seq}; !maps.Equal(seen, want) {
		t.Errorf("a reader saw %v, want %v", seen, want)
	}
}

// TestStamps checks that a change marks the tiles of its old and its new place at every zoom and no others, beyond
// the margin.
func TestStamps(t *testing.T) {
	log := indextest.NewLog()
	log.Append(indextest.Define(lamps), indextest.Put("lamps", "1", pointAt(0, 0)))
	e := indextest.Start(t, log)
	loaded := e.World().Seq()
	seq := log.Append(indextest.Put("lamps", "1", pointAt(300_000, 0)))
	l, _ := indextest.At(t, e, seq).Layer("lamps")
	for z := 0; z <= data.MaxZoom; z++ {
		for _, p := range []geo.Point{{X: baseX, Y: baseY}, {X: baseX + 300_000, Y: baseY}} {
			x, y := p.Mercator()
			n := float64(uint32(1) << z)
			if got := l.Stamp(z, uint32(x*n), uint32(y*n)); got != seq {
				t.Errorf("z%d: stamp %d at a place that changed, want %d", z, got, seq)
			}
		}
		if z < 8 {
			continue
		}
		x, y := (geo.Point{X: baseX + 30_000_000, Y: baseY}).Mercator()
		n := float64(uint32(1) << z)
		if got := l.Stamp(z, uint32(x*n), uint32(y*n)); got != loaded {
			t.Errorf("z%d: stamp %d at a place that did not change, want %d", z, got, loaded)
		}
	}
}

// TestFeedCoalesces checks that a slow subscriber gets one result that covers all it missed.
func TestFeedCoalesces(t *testing.T) {
	log := indextest.NewLog()
	e := indextest.Start(t, log)
	indextest.At(t, e, log.Append(indextest.Define(lamps), indextest.Define(zones)))
	sub := e.Subscribe(0)
	defer sub.Close()
	var boxes []geo.Box
	var last data.Seq
	for i := range int32(100) {
		shape := pointAt(i*1000, i*500)
		boxes = append(boxes, shape.Box())
		last = log.Append(indextest.Put("lamps", fmt.Sprint(i), shape))
		indextest.At(t, e, last)
	}
	last = log.Append(indextest.Put("zones", "z", indextest.Rect(baseX, baseY, baseX+10, baseY+10)))
	indextest.At(t, e, last)
	got, err := sub.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.To != last || got.Reset || !slices.Equal(got.Names(), []string{"lamps", "zones"}) {
		t.Fatalf("got %+v", got)
	}
	if n := len(got.Layers["lamps"]); n > 16 {
		t.Errorf("%d boxes are not bounded", n)
	}
	for _, b := range boxes {
		if !slices.ContainsFunc(got.Layers["lamps"], func(have geo.Box) bool { return have.Contains(b.Min) && have.Contains(b.Max) }) {
			t.Errorf("%v is not covered", b)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := sub.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second result without a change: %v", err)
	}
}

// TestFeedResumes checks that a subscriber that comes back gets what it missed, or is told that nobody knows.
func TestFeedResumes(t *testing.T) {
	log := indextest.NewLog()
	e := indextest.Start(t, log)
	from := log.Append(indextest.Define(lamps))
	indextest.At(t, e, from)
	for i := range 10 {
		indextest.At(t, e, log.Append(indextest.Put("lamps", fmt.Sprint(i), pointAt(int32(i), 0))))
	}
	for _, test := range []struct {
		after data.Seq
		reset bool
	}{{from, false}, {from + 5, false}, {from + 100, true}} {
		sub := e.Subscribe(test.after)
		got, err := sub.Next(t.Context())
		sub.Close()
		if err != nil || got.Reset != test.reset || got.To != e.World().Seq() {
			t.Errorf("after %d: %+v, %v", test.after, got, err)
		}
	}
}

// TestCasesAreQuiet checks that what happens to cases moves the World's Seq and wakes no subscriber, and that a subscriber
// that comes back after thousands of it is told what else happened.
func TestCasesAreQuiet(t *testing.T) {
	log := indextest.NewLog()
	e := indextest.Start(t, log)
	before := log.Append(indextest.Define(lamps))
	first := log.Append(indextest.Put("lamps", "1", pointAt(0, 0)))
	indextest.At(t, e, first)
	sub := e.Subscribe(0)
	defer sub.Close()
	event := data.Change{Stream: data.StreamCase, Op: data.OpPut, Layer: data.CaseName("lamps"), Case: &data.CaseEvent{Number: 1, Body: []byte("{}")}}
	quiet := func(n int) {
		t.Helper()
		for range n {
			w := indextest.At(t, e, log.Append(event))
			if l, _ := w.Layer("lamps"); l.Len() != 1 {
				t.Fatalf("%d lamps", l.Len())
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		defer cancel()
		if d, err := sub.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("a subscriber was told of a case: %+v, %v", d, err)
		}
	}
	quiet(3000)
	note := data.Admin{Kind: data.AdminNote, ID: "n", Body: []byte("{}")}
	noted := log.Append(note.Put()) // rights may have changed: whoever listens looks
	if d, err := sub.Next(t.Context()); err != nil || d.From != first || d.To != noted || len(d.Layers) != 0 {
		t.Errorf("told %+v, %v", d, err)
	}
	quiet(2)
	last := log.Append(event, indextest.Put("lamps", "1", pointAt(7, 0)))
	if d, err := sub.Next(t.Context()); err != nil || d.To != last || !slices.Equal(d.Names(), []string{"lamps"}) {
		t.Errorf("told %+v, %v", d, err)
	}
	back := e.Subscribe(before)
	defer back.Close()
	if d, err := back.Next(t.Context()); err != nil || d.Reset || d.From != before || d.To != last || len(d.Layers["lamps"]) == 0 {
		t.Errorf("told after coming back: %+v, %v", d, err)
	}
}

// TestFeedAfterRestart checks that a subscriber from before a restart is told that nobody knows what it missed.
func TestFeedAfterRestart(t *testing.T) {
	log := indextest.NewLog()
	log.Append(indextest.Define(lamps))
	from := log.Append(indextest.Put("lamps", "1", pointAt(0, 0)))
	last := log.Append(indextest.Put("lamps", "2", pointAt(0, 0)))
	e := indextest.Start(t, log)
	missed := e.Subscribe(from)
	defer missed.Close()
	if got, err := missed.Next(t.Context()); err != nil || !got.Reset || got.To != last {
		t.Errorf("from %d: %+v, %v", from, got, err)
	}
	current := e.Subscribe(last)
	defer current.Close()
	log.Append(indextest.Put("lamps", "3", pointAt(0, 0)))
	if got, err := current.Next(t.Context()); err != nil || got.Reset || got.From != last {
		t.Errorf("from %d: %+v, %v", last, got, err)
	}
}

// TestLoadEqualsRun checks that World = f(log): loading a history gives what following it gave, also from a
// checkpoint whose records are newer than its mark.
func TestLoadEqualsRun(t *testing.T) {
	log := indextest.NewLog()
	followed := indextest.Start(t, log)
	r := rand.New(rand.NewPCG(3, 4))
	log.Append(indextest.Define(lamps))
	log.Append(indextest.Define(zones))
	for i := range 300 {
		id := fmt.Sprint(r.IntN(50))
		c := indextest.Put("lamps", id, pointAt(r.Int32N(1000), 0), data.TextValue(data.Text, fmt.Sprint(i)))
		if r.IntN(4) == 0 {
			c = indextest.End("lamps", id)
		}
		log.Append(c)
	}
	wider := *lamps
	wider.Attributes = append(slices.Clone(lamps.Attributes), data.Attribute{Name: "colour", Type: data.Text})
	log.Append(indextest.Define(&wider))
	log.Append(indextest.Put("lamps", "1", pointAt(5, 5), data.Value{}, data.Value{}, data.Value{}, data.TextValue(data.Text, "red")))
	last := log.Append(indextest.Drop("zones"))
	want := indextest.At(t, followed, last)

	loaded := indextest.Start(t, log)
	same(t, loaded.World(), want)

	// A checkpoint complete up to 100 that already holds the newest records.
	withCheckpoint := log.Share()
	withCheckpoint.Mark = 100
	withCheckpoint.Records = append(withCheckpoint.Records,
		data.Record{Seq: 1, Change: indextest.Define(lamps)}, data.Record{Seq: 2, Change: indextest.Define(zones)})
	newest := map[string]data.Record{}
	for _, entry := range log.All() {
		for _, c := range entry.Changes {
			if c.Stream == data.StreamFeature && (entry.Seq <= 100 || entry.Seq > 200) {
				newest[c.Feature.ID] = data.Record{Seq: entry.Seq, Change: c}
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(newest)) {
		withCheckpoint.Records = append(withCheckpoint.Records, newest[id])
	}
	same(t, indextest.Start(t, withCheckpoint).World(), want)
}

func same(t *testing.T, got, want *index.World) {
	t.Helper()
	if got.Seq() != want.Seq() || len(got.Layers()) != len(want.Layers()) {
		t.Fatalf("seq %d with %d layers, want %d with %d", got.Seq(), len(got.Layers()), want.Seq(), len(want.Layers()))
	}
	for _, w := range want.Layers() {
		g, ok := got.Layer(w.Def().Name)
		if !ok || g.Len() != w.Len() {
			t.Fatalf("layer %s differs", w.Def().Name)
		}
		for s := range w.Slots() {
			mine, ok := g.Lookup(w.ID(s))
			a, b := g.Feature(mine), w.Feature(s)
			if !ok || !a.Equal(&b) || g.ChangedAt(mine) != w.ChangedAt(s) || g.Permanent(mine) != w.Permanent(s) {
				t.Errorf("feature %s: %+v, want %+v", w.ID(s), a, b)
			}
		}
	}
}

// TestUniqueTexts crosses the size at which an attribute of unique texts stops being interned.
func TestUniqueTexts(t *testing.T) {
	log := indextest.NewLog()
	e := indextest.Start(t, log)
	changes := []data.Change{indextest.Define(lamps)}
	const n = 40_000
	for i := range n {
		changes = append(changes, indextest.Put("lamps", fmt.Sprint(i), pointAt(int32(i%200), int32(i/200)), data.TextValue(data.Text, fmt.Sprint("unique ", i))))
	}
	log.Append(changes...)
	l, _ := indextest.At(t, e, log.Append(indextest.Put("lamps", "7", pointAt(0, 0), data.TextValue(data.Text, "unique 39999")))).Layer("lamps")
	var ids []string
	for s := range l.Equal(0, data.TextValue(data.Text, "unique 39999")) {
		ids = append(ids, l.ID(s))
	}
	slices.Sort(ids)
	if !slices.Equal(ids, []string{"39999", "7"}) {
		t.Errorf("Equal = %v", ids)
	}
}
