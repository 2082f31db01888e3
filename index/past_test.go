package index_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/compare"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/index/records"
)

// city is what a moment means, by the definition alone: maps, filled by a replay.
type city struct {
	layers  []*oracleLayer
	schemes []*data.Scheme
	defined data.Seq
	// admins are the kept admin records that exist, by name.
	admins   map[string]*records.Record
	adminSeq data.Seq
}

type oracleLayer struct {
	def      *data.Layer
	seq      data.Seq // of the newest change that counts
	features map[string]oracleFeature
}

type oracleFeature struct {
	data.Feature
	seq       data.Seq
	permanent uint32
}

// oracle replays the entries up to asOf, leaving out changes of features that take effect after at.
func oracle(log *indextest.Log, asOf data.Seq, at time.Time) *city {
	c := &city{admins: map[string]*records.Record{}}
	for _, e := range log.All() {
		if e.Visible > asOf {
			break
		}
		for _, ch := range e.Changes {
			i := slices.IndexFunc(c.layers, func(l *oracleLayer) bool { return l.def.Name == ch.Layer })
			switch {
			case ch.Plan != nil || !ch.Kept():
			case ch.Stream == data.StreamAdmin:
				c.adminSeq = e.Seq
				c.admins[ch.Layer] = &records.Record{Admin: ch.Admin, Seq: e.Seq}
				if ch.Op == data.OpDelete {
					delete(c.admins, ch.Layer)
				}
			case ch.Stream == data.StreamScheme:
				c.defined = e.Seq
				c.schemes = slices.DeleteFunc(c.schemes, func(s *data.Scheme) bool { return s.Name == ch.Layer })
				if ch.Op == data.OpPut {
					c.schemes = append(c.schemes, ch.Scheme)
				}
			case ch.Stream == data.StreamSchema && ch.Op == data.OpDelete:
				c.defined = e.Seq
				c.layers = slices.Delete(c.layers, i, i+1)
			case ch.Stream == data.StreamSchema && i >= 0:
				c.defined = e.Seq
				c.layers[i].def, c.layers[i].seq = ch.Definition, e.Seq
			case ch.Stream == data.StreamSchema:
				c.defined = e.Seq
				c.layers = append(c.layers, &oracleLayer{ch.Definition, e.Seq, map[string]oracleFeature{}})
			case !at.IsZero() && e.Since().After(at):
			case ch.Op == data.OpDelete:
				c.layers[i].seq = e.Seq
				delete(c.layers[i].features, ch.Feature.ID)
			default:
				c.layers[i].seq = e.Seq
				c.layers[i].features[ch.Feature.ID] = oracleFeature{ch.Feature, e.Seq, ch.Permanent}
			}
		}
	}
	return c
}

// fataler is what a test and a property have in common.
type fataler interface {
	Fatalf(format string, args ...any)
}

// equals compares a World with what the moment means: definitions, features, and what searches find.
func (c *city) equals(t fataler, w *index.World, r *rand.Rand) {
	if w.Defined() != c.defined || len(w.Layers()) != len(c.layers) || len(w.Schemes()) != len(c.schemes) {
		t.Fatalf("defined %d with %d layers and %d schemes, want %d with %d and %d", w.Defined(), len(w.Layers()), len(w.Schemes()), c.defined, len(c.layers), len(c.schemes))
	}
	c.equalAdmins(t, w)
	for i, want := range c.layers {
		l := w.Layers()[i]
		if l.Def().Name != want.def.Name || len(l.Def().Attributes) != len(want.def.Attributes) || l.Len() != len(want.features) {
			t.Fatalf("layer %d is %s with %d features, want %s with %d", i, l.Def().Name, l.Len(), want.def.Name, len(want.features))
		}
		if l.Seq() != want.seq {
			t.Fatalf("layer %s is of seq %d, want %d", want.def.Name, l.Seq(), want.seq)
		}
		var ids []string
		for s := range l.After("") {
			ids = append(ids, l.ID(s))
		}
		if sorted := slices.Sorted(maps.Keys(want.features)); !slices.Equal(ids, sorted) {
			t.Fatalf("layer %s holds %v, want %v", want.def.Name, ids, sorted)
		}
		for id, f := range want.features {
			s, _ := l.Lookup(id)
			got := l.Feature(s)
			for j, own := range want.def.Adapt(f.Feature).Values {
				if l.Own(s, j) != own {
					t.Fatalf("%s/%s holds %v itself, want %v", want.def.Name, id, l.Own(s, j), own)
				}
			}
			if read := want.reads(f.Feature); !got.Equal(&read) || l.ChangedAt(s) != f.seq || l.Permanent(s) != f.permanent {
				t.Fatalf("%s/%s is %+v of seq %d, want %+v of %d", want.def.Name, id, got, l.ChangedAt(s), want.reads(f.Feature), f.seq)
			}
		}
		if stamp := l.Stamp(0, 0, 0); stamp > w.Seq() || stamp == 0 {
			t.Fatalf("a tile of %s is stamped %d in a World of seq %d", want.def.Name, stamp, w.Seq())
		}
		want.searches(t, l, r)
	}
	err := compare.Check(context.Background(), w, func(problem string) { t.Fatalf("broken invariant: %s", problem) })
	if err != nil {
		t.Fatalf("%v", err)
	}
}

// reads is a stored feature as the layer's definition has it: converted, with defaults.
func (want *oracleLayer) reads(f data.Feature) data.Feature {
	f = want.def.Adapt(f)
	for i, a := range want.def.Live() {
		for len(f.Values) <= i {
			f.Values = append(f.Values, data.Value{})
		}
		if f.Values[i].Null() {
			f.Values[i] = a.Fallback()
		}
	}
	return f
}

// equalAdmins compares the admin records of a World.
func (c *city) equalAdmins(t fataler, w *index.World) {
	if w.AdminSeq() != c.adminSeq {
		t.Fatalf("admin records of seq %d, want %d", w.AdminSeq(), c.adminSeq)
	}
	found := 0
	for _, kind := range []string{data.AdminOrganisation, data.AdminStaff, data.AdminNote} {
		last := ""
		for r := range w.Admin(kind) {
			found++
			want := c.admins[r.Name()]
			if want == nil || want.Admin != r.Admin || want.Seq != r.Seq || r.ID <= last {
				t.Fatalf("%s is %+v after %q, want %+v", r.Name(), r, last, want)
			}
			if one, ok := w.Records().Find(kind, r.ID); !ok || one != r {
				t.Fatalf("%s is found as %+v, %v", r.Name(), one, ok)
			}
			last = r.ID
		}
	}
	if found != len(c.admins) {
		t.Fatalf("%d admin records, want %d", found, len(c.admins))
	}
	// What is derived belongs to the records and not to the World.
	if seq := records.FromSet(w.Records(), w.AdminSeq); seq != c.adminSeq {
		t.Fatalf("derived from records of seq %d, want %d", seq, c.adminSeq)
	}
}

func (want *oracleLayer) searches(t fataler, l *index.Layer, r *rand.Rand) {
	x, y, size := baseX+r.Int32N(2000), baseY+r.Int32N(2000), r.Int32N(1000)
	p, box := geo.Point{X: x, Y: y}, geo.Box{Min: geo.Point{X: x - size, Y: y - size}, Max: geo.Point{X: x + size, Y: y + size}}
	var inBox, owners, near []string
	for id, f := range want.features {
		if f.Shape.Box().Intersects(box) {
			inBox = append(inBox, id)
		}
		if f.Shape.Contains(p) {
			owners = append(owners, id)
		}
		if f.Shape.Distance(p) <= 10 {
			near = append(near, id)
		}
	}
	search := func(what string, found iter.Seq[index.Slot], want []string) {
		var ids []string
		for s := range found {
			ids = append(ids, l.ID(s))
		}
		slices.Sort(ids)
		slices.Sort(want)
		if !slices.Equal(ids, want) {
			t.Fatalf("%s finds %v, want %v", what, ids, want)
		}
	}
	search("box", func(yield func(index.Slot) bool) { l.Search(box, yield) }, inBox)
	owner, owned := l.Owner(p)
	if owned != (len(owners) > 0) || owned && !slices.Contains(owners, l.ID(owner)) {
		t.Fatalf("owner is %v of %v", owned, owners)
	}
	search("covering", func(yield func(index.Slot) bool) { l.Covering(p, yield) }, owners)
	search("nearest", func(yield func(index.Slot) bool) {
		for _, n := range l.Nearest(p, 10, 1000) {
			if !yield(n.Slot) {
				return
			}
		}
	}, near)
	if want.def.Attributes[0].Dropped {
		return
	}
	v := data.TextValue(want.def.Attributes[0].Type, fmt.Sprint(r.IntN(5)))
	var equal []string
	for id, f := range want.features {
		if read := want.reads(f.Feature); read.Value(0) == v {
			equal = append(equal, id)
		}
	}
	search("equality", l.Equal(0, v), equal)
}

// fingerprint is a hash of all that a World shows.
func fingerprint(w *index.World) uint64 {
	h := fnv.New64a()
	fmt.Fprint(h, w.Epoch(), w.Seq(), w.Defined())
	for _, l := range w.Layers() {
		fmt.Fprint(h, l.Def().Name, l.DefSeq(), l.Seq(), l.Len(), l.Capacity(), l.Bounds())
		for s := range l.Capacity() {
			slot := index.Slot(s)
			f := l.Feature(slot)
			fmt.Fprint(h, f.ID, f.Shape.Vertices(), f.Values, l.ChangedAt(slot), l.Permanent(slot), l.Alive(slot))
		}
		var found []index.Slot
		l.Search(geo.Box{Min: geo.Point{X: -geo.MaxX, Y: -geo.MaxY}, Max: geo.Point{X: geo.MaxX, Y: geo.MaxY}}, func(s index.Slot) bool {
			found = append(found, s)
			return true
		})
		fmt.Fprint(h, found)
		for z := range 17 {
			x, y := (geo.Point{X: baseX, Y: baseY}).Mercator()
			fmt.Fprint(h, l.Stamp(z, uint32(x*float64(uint32(1)<<z)), uint32(y*float64(uint32(1)<<z))))
		}
	}
	return h.Sum64()
}

// history writes random entries, some of them together: changes of two layers with random effective times, layers that
// are altered, dropped and made again, and schemes.
type history struct {
	log    *indextest.Log
	alive  map[string]bool // layer/id
	defs   map[string]*data.Layer
	scheme bool
	// kinds counts the admin records that were written, whose kinds take turns.
	kinds int
}

func newHistory(log *indextest.Log) *history {
	h := &history{log: log, alive: map[string]bool{}, defs: map[string]*data.Layer{}}
	h.define("lamps", 1)
	h.define("zones", 1)
	return h
}

func (h *history) define(name string, width int) {
	def := &data.Layer{Name: name, Geometry: data.GeometryPoint}
	if name == "zones" {
		def.Geometry = data.GeometryPolygon
	}
	for i := range width {
		def.Attributes = append(def.Attributes, data.Attribute{Name: fmt.Sprint("a", i), Type: []data.Type{data.Text, data.Int, data.Code}[i%3]})
	}
	h.defs[name] = def
	h.log.Append(indextest.Define(def))
}

// alter adds an attribute, widens, renames or drops one, or gives it a default.
func (h *history) alter(r *rand.Rand, name string) data.Seq {
	def := *h.defs[name]
	def.Attributes = slices.Clone(def.Attributes)
	i := r.IntN(len(def.Attributes))
	a := &def.Attributes[i]
	wider := map[data.Type]data.Type{data.Int: data.Number, data.Number: data.Text, data.Code: data.Text, data.Text: data.Code}
	switch n := r.IntN(6); {
	case n == 0 && !a.Dropped:
		a.Dropped = true
	case n == 1 && !a.Dropped && len(a.Was) < 3:
		a.Was, a.Type, a.Default = append(slices.Clone(a.Was), a.Type), wider[a.Type], data.Value{}
	case n == 2 && !a.Dropped:
		a.Default = data.TextValue(data.Text, fmt.Sprint(r.IntN(5)))
	case n == 3:
		a.Former, a.Name = append(slices.Clone(a.Former), a.Name), a.Name+"x"
	default:
		def.Attributes = append(def.Attributes, data.Attribute{Name: fmt.Sprint("b", len(def.Attributes)), Type: data.Text})
	}
	h.defs[name] = &def
	return h.log.Append(indextest.Define(&def))
}

func (h *history) step(r *rand.Rand) data.Seq {
	name := []string{"lamps", "zones"}[r.IntN(2)]
	switch n := r.IntN(60); {
	case h.defs[name] == nil:
		h.define(name, 1+r.IntN(3))
	case n == 1:
		maps.DeleteFunc(h.alive, func(id string, _ bool) bool { return id[:5] == name[:5] })
		h.defs[name] = nil
		return h.log.Append(indextest.Drop(name))
	case n == 2:
		return h.alter(r, name)
	case n == 3:
		h.scheme = !h.scheme
		c := data.Change{Stream: data.StreamScheme, Op: data.OpDelete, Layer: "unit"}
		if h.scheme {
			c.Op, c.Scheme = data.OpPut, &data.Scheme{Name: "unit", Cells: data.SchemeCells{Layer: "zones"}}
		}
		return h.log.Append(c)
	case n == 4:
		plan := data.Plan{ID: "p", State: data.PlanDone, Due: time.Unix(1, 0)}
		return h.log.Append(plan.Change(0))
	case n < 10:
		return h.log.Append(append(h.records(r), h.records(r)...)...)
	}
	effective := time.Time{}
	if r.IntN(3) == 0 {
		effective = indextest.Recorded(h.log.Last() + 1).Add(-time.Duration(r.IntN(60)) * time.Second)
	}
	if r.IntN(10) == 0 {
		return h.log.Together(h.changes(r, name), h.changes(r, name), h.changes(r, name))
	}
	return h.log.AppendAt(effective, h.changes(r, name)...)
}

// records changes an admin record of a kind and writes a note.
func (h *history) records(r *rand.Rand) []data.Change {
	kind := []string{data.AdminOrganisation, data.AdminStaff}[h.kinds%2]
	h.kinds++
	note := data.Admin{Kind: data.AdminNote, ID: fmt.Sprint(h.log.Last(), h.kinds), Body: []byte("{}")}
	a := &data.Admin{Kind: kind, ID: fmt.Sprint(r.IntN(4)), Body: fmt.Appendf(nil, `{"n":%d}`, r.IntN(100))}
	if h.alive[a.Name()] && r.IntN(3) == 0 {
		delete(h.alive, a.Name())
		return []data.Change{note.Put(), {Stream: data.StreamAdmin, Op: data.OpDelete, Layer: a.Name()}}
	}
	h.alive[a.Name()] = true
	return []data.Change{a.Put(), note.Put()}
}

func (h *history) changes(r *rand.Rand, name string) []data.Change {
	var changes []data.Change
	for range 1 + r.IntN(4) {
		id := fmt.Sprint(r.IntN(12))
		key := name + "/" + id
		if h.alive[key] && r.IntN(3) == 0 {
			changes = append(changes, indextest.End(name, id))
			delete(h.alive, key)
			continue
		}
		x, y := r.Int32N(2000), r.Int32N(2000)
		shape := pointAt(x, y)
		if name == "zones" {
			shape = indextest.Rect(baseX+x, baseY+y, baseX+x+500, baseY+y+500)
		}
		values := make([]data.Value, len(h.defs[name].Attributes))
		for i, a := range h.defs[name].Live() {
			switch n := r.IntN(5); {
			case n == 0:
			case a.Type == data.Int:
				values[i] = data.IntValue(int64(n))
			case a.Type == data.Number:
				values[i] = data.NumberValue(float64(n) / 2)
			default:
				values[i] = data.TextValue(a.Type, fmt.Sprint(n))
			}
		}
		changes = append(changes, indextest.Put(name, id, shape, values...))
		h.alive[key] = true
	}
	return changes
}

// anyMoment is a moment around the entries that exist, with the numbers that the definition takes.
func anyMoment(r *rand.Rand, last data.Seq) (when index.Moment, asOf data.Seq) {
	when.AsOf, asOf = index.Newest, last
	if r.IntN(3) > 0 {
		asOf = data.Seq(r.IntN(int(last) + 1))
		when.AsOf = asOf
	}
	if r.IntN(3) > 0 {
		when.At = indextest.Recorded(data.Seq(r.IntN(int(last) + 2))).Add(-time.Duration(r.IntN(2)) * 100 * time.Millisecond)
	}
	return when, asOf
}

// visible is the last entry up to seq that does not belong to a group that ends later.
func visible(log *indextest.Log, seq data.Seq) data.Seq {
	last := data.Seq(0)
	for _, e := range log.All() {
		if e.Visible > seq {
			break
		}
		last = e.Seq
	}
	return last
}

// TestPastEqualsReplay compares Worlds of the past, built in every way that there is and taken from the cache, with a
// plain replay of the log, over random histories, while the engine's World stays untouched.
func TestPastEqualsReplay(t *testing.T) {
	var ways index.PastStats
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		log := indextest.NewLog()
		h := newHistory(log)
		for range r.IntN(60) {
			h.step(r)
		}
		// What comes from here on the engine remembers.
		e, past := indextest.StartPast(t, log, index.PastOptions{Worlds: 1 + r.IntN(4)})
		for range 1 + r.IntN(3) {
			for range r.IntN(40) {
				h.step(r)
			}
			live := indextest.At(t, e, log.Last())
			now := oracle(log, log.Last(), time.Time{})
			now.equals(rt, live, r)
			before := fingerprint(live)
			for range 12 {
				when, asOf := anyMoment(r, log.Last())
				want := oracle(log, asOf, when.At)
				w, err := past.World(t.Context(), when)
				if err != nil {
					rt.Fatalf("%+v: %v", when, err)
				}
				if w.Seq() != visible(log, asOf) {
					rt.Fatalf("%+v: seq %d, want %d", when, w.Seq(), visible(log, asOf))
				}
				want.equals(rt, w, r)
				if again, err := past.World(t.Context(), when); err != nil || again != w {
					rt.Fatalf("%+v: another World at once, %v", when, err)
				}
				all, err := past.Everyway(t.Context(), when)
				if err != nil {
					rt.Fatalf("%+v: %v", when, err)
				}
				for _, w := range all {
					want.equals(rt, w, r)
				}
			}
			now.equals(rt, live, r)
			if fingerprint(live) != before {
				rt.Fatalf("the engine's World changed")
			}
		}
		s := past.Stats()
		ways.Hits, ways.Recalled, ways.Rewound, ways.Replayed = ways.Hits+s.Hits, ways.Recalled+s.Recalled, ways.Rewound+s.Rewound, ways.Replayed+s.Replayed
	})
	if ways.Hits == 0 || ways.Recalled == 0 || ways.Rewound == 0 || ways.Replayed == 0 {
		t.Errorf("a way was never taken: %+v", ways)
	}
}

// TestPastDuringWrites asks for the past while the engine publishes; -race finds any sharing, and the World that was
// the engine's at the beginning stays what it was.
func TestPastDuringWrites(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	log := indextest.NewLog()
	h := newHistory(log)
	for range 200 {
		h.step(r)
	}
	e, past := indextest.StartPast(t, log, index.PastOptions{Worlds: 3})
	first := e.World()
	before := fingerprint(first)
	rounds := 2000
	if testing.Short() {
		rounds = 300
	}
	done := make(chan struct{})
	var readers sync.WaitGroup
	for i := range 4 {
		readers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 7))
			for {
				select {
				case <-done:
					return
				default:
				}
				when, _ := anyMoment(r, e.World().Seq())
				w, err := past.World(t.Context(), when)
				if err != nil {
					t.Errorf("%+v: %v", when, err)
					return
				}
				oracle(log, w.Seq(), when.At).equals(t, w, r)
			}
		})
	}
	for range rounds {
		h.step(r)
	}
	indextest.At(t, e, log.Last())
	close(done)
	readers.Wait()
	if fingerprint(first) != before {
		t.Error("an older World of the engine changed")
	}
}

// slowLog blocks reading until it is let go.
type slowLog struct {
	*indextest.Log
	release chan struct{}
	reads   int
	mu      sync.Mutex
}

func (s *slowLog) Entries(ctx context.Context, after data.Seq) iter.Seq2[*data.Entry, error] {
	s.mu.Lock()
	s.reads++
	s.mu.Unlock()
	return func(yield func(*data.Entry, error) bool) {
		select {
		case <-s.release:
		case <-ctx.Done():
			yield(nil, ctx.Err())
			return
		}
		s.Log.Entries(ctx, after)(yield)
	}
}

func lampsLog(n int) *indextest.Log {
	log := indextest.NewLog()
	log.Append(indextest.Define(lamps))
	for i := range n {
		log.Append(indextest.Put("lamps", fmt.Sprint(i%10), pointAt(int32(i), 0)))
	}
	return log
}

// TestPastSharesWork checks that those who ask for one moment share its building, that others wait and are turned away
// when too many do, and that work which nobody waits for is given up.
func TestPastSharesWork(t *testing.T) {
	log := lampsLog(50)
	synctest.Test(t, func(t *testing.T) {
		slow := &slowLog{Log: log, release: make(chan struct{})}
		e := index.NewEngine(log)
		past := index.NewPast(e, slow, index.PastOptions{Builds: 1, Waiting: 1})
		if err := e.Load(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		ask := func(ctx context.Context, seq data.Seq) chan error {
			done := make(chan error, 1)
			go func() {
				_, err := past.World(ctx, index.Moment{AsOf: seq})
				done <- err
			}()
			synctest.Wait()
			return done
		}
		ctx, cancel := context.WithCancel(t.Context())
		first, same := ask(t.Context(), 5), ask(t.Context(), 5)
		gone := ask(ctx, 6)
		if err := <-ask(t.Context(), 7); !errors.Is(err, index.ErrBusy) {
			t.Errorf("one too many: %v", err)
		}
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("one who left: %v", err)
		}
		waiting := ask(t.Context(), 8)
		close(slow.release)
		for _, c := range []chan error{first, same, waiting} {
			if err := <-c; err != nil {
				t.Error(err)
			}
		}
		if slow.reads != 2 {
			t.Errorf("the log was read %d times for two moments", slow.reads)
		}

		slow.release = make(chan struct{})
		ctx, cancel = context.WithCancel(t.Context())
		left := ask(ctx, 9)
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("alone and left: %v", err)
		}
		close(slow.release)
		if err := <-ask(t.Context(), 9); err != nil {
			t.Errorf("after it was given up: %v", err)
		}
	})
}

// erasedLog is a log whose history is complete from a horizon on.
type erasedLog struct {
	*indextest.Log
	horizon data.Seq
}

func (l erasedLog) Horizon() data.Seq { return l.horizon }

// risingLog is a log whose horizon rises when it is read, as that of a store does when it is compacted at the moment.
type risingLog struct {
	*indextest.Log
	horizon data.Seq
}

func (l *risingLog) Horizon() data.Seq { return l.horizon }

func (l *risingLog) Entries(ctx context.Context, after data.Seq) iter.Seq2[*data.Entry, error] {
	l.horizon = 20
	return l.Log.Entries(ctx, after)
}

// TestPastAndRetention checks that a World that was read while its past was erased is not shown.
func TestPastAndRetention(t *testing.T) {
	log := lampsLog(50)
	e := index.NewEngine(log)
	past := index.NewPast(e, &risingLog{Log: log}, index.PastOptions{})
	if err := e.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	_, err := past.World(t.Context(), index.Moment{AsOf: 10})
	if horizon, gone := errors.AsType[*index.HorizonError](err); !gone || horizon.Horizon != 20 {
		t.Errorf("erased meanwhile: %v", err)
	}
	if _, err := past.World(t.Context(), index.Moment{AsOf: 30}); err != nil {
		t.Errorf("behind the horizon: %v", err)
	}
}

// TestPastRefuses checks moments that are not there.
func TestPastRefuses(t *testing.T) {
	log := lampsLog(50)
	e := index.NewEngine(log)
	past := index.NewPast(e, erasedLog{log, 20}, index.PastOptions{})
	if err := e.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		when index.Moment
		gone bool
	}{
		{index.Moment{AsOf: 20}, false},
		{index.Moment{AsOf: 19}, true},
		{index.Moment{AsOf: 0}, true},
		{index.Moment{AsOf: index.Newest, At: indextest.Recorded(20)}, false},
		{index.Moment{AsOf: index.Newest, At: indextest.Recorded(19)}, true},
	} {
		_, err := past.World(t.Context(), test.when)
		horizon, gone := errors.AsType[*index.HorizonError](err)
		if gone != test.gone || gone && (horizon.Horizon != 20 || !horizon.Recorded.Equal(indextest.Recorded(20))) || !gone && err != nil {
			t.Errorf("%+v: %v", test.when, err)
		}
	}
	_, err := past.World(t.Context(), index.Moment{AsOf: 52})
	if future, ok := errors.AsType[*index.FutureError](err); !ok || future.Newest != 51 {
		t.Errorf("beyond the newest: %v", err)
	}
}

// TestPastIsBounded checks that the cache keeps no more Worlds and bytes than it may, that one World may not take more
// than all, and that Worlds weigh more when the engine's moves away from what it shared with them.
func TestPastIsBounded(t *testing.T) {
	log := indextest.NewLog()
	log.Append(indextest.Define(lamps))
	const features, rounds = 6_000, 12
	change := func(i, round int) data.Change {
		return indextest.Put("lamps", fmt.Sprint(i), pointAt(int32(i), int32(round)), data.TextValue(data.Text, fmt.Sprint(i%7)), data.NumberValue(float64(round)))
	}
	for round := range rounds {
		changes := make([]data.Change, features)
		for i := range changes {
			changes[i] = change(i, round)
		}
		log.Append(changes...)
	}
	const bytes = 2500 << 10
	_, past := indextest.StartPast(t, log, index.PastOptions{Bytes: bytes, Worlds: 5})
	for seq := range data.Seq(rounds) {
		if _, err := past.World(t.Context(), index.Moment{AsOf: seq}); err != nil {
			t.Fatal(err)
		}
		if s := past.Stats(); s.Bytes > bytes || s.Worlds > 5 || s.Worlds == 0 {
			t.Fatalf("after %d: %+v", seq, s)
		}
	}
	if s := past.Stats(); s.Worlds > 4 {
		t.Errorf("%d Worlds of 6,000 changed features take %d bytes only", s.Worlds, s.Bytes)
	}
	_, small := indextest.StartPast(t, log, index.PastOptions{Bytes: 30_000})
	if _, err := small.World(t.Context(), index.Moment{AsOf: 3}); !errors.Is(err, index.ErrTooHeavy) {
		t.Errorf("a World of more than all may take: %v", err)
	}

	// A World that shares almost everything with the engine's.
	log.Append(change(0, 99))
	e, fresh := indextest.StartPast(t, log, index.PastOptions{Bytes: 1 << 30})
	if _, err := fresh.World(t.Context(), index.Moment{AsOf: log.Last() - 1}); err != nil {
		t.Fatal(err)
	}
	light := fresh.Stats().Bytes
	for round := range 10 {
		changes := make([]data.Change, features)
		for i := range changes {
			changes[i] = change(i, 100+round)
		}
		indextest.At(t, e, log.Append(changes...))
	}
	if heavy := fresh.Stats().Bytes; light > 300_000 || heavy < 400_000 {
		t.Errorf("a World weighs %d bytes beside its neighbour and %d beside another city", light, heavy)
	}
}

// TestPastFollowsTheNewest checks that asking for a date again after new entries costs no new World when none of them
// changes that date.
func TestPastFollowsTheNewest(t *testing.T) {
	log := lampsLog(200)
	e, past := indextest.StartPast(t, log, index.PastOptions{})
	when := index.Moment{AsOf: index.Newest, At: indextest.Recorded(100)}
	first, err := past.World(t.Context(), when)
	if err != nil {
		t.Fatal(err)
	}
	seq := log.Append(indextest.Put("lamps", "3", pointAt(5, 5)))
	indextest.At(t, e, seq)
	second, err := past.World(t.Context(), when)
	if err != nil || second.Seq() != seq || second.Line() != first.Line() || second.Layers()[0] != first.Layers()[0] {
		t.Errorf("seq %d, line %d after %d, %v", second.Seq(), second.Line(), first.Line(), err)
	}
	if s := past.Stats(); s.Worlds != 1 {
		t.Errorf("%d Worlds are kept of one date", s.Worlds)
	}
	// A correction that takes effect before the date shows.
	seq = log.AppendAt(indextest.Recorded(50), indextest.Put("lamps", "3", pointAt(7, 7)))
	indextest.At(t, e, seq)
	third, err := past.World(t.Context(), when)
	if err != nil || third.Line() == first.Line() {
		t.Fatalf("line %d, %v", third.Line(), err)
	}
	oracle(log, seq, when.At).equals(t, third, rand.New(rand.NewPCG(1, 1)))
	if at, ok := third.At(); !ok || !at.Equal(when.At) || !third.Past() {
		t.Errorf("at %v, %v", at, ok)
	}
	if w, err := past.World(t.Context(), index.Moment{AsOf: index.Newest, At: indextest.Recorded(seq)}); err != nil || w.Past() || w != e.World() {
		t.Errorf("now is not the engine's World: %v", err)
	}
	if _, ok := e.World().At(); ok || cmp.Compare(e.World().Line(), 0) != 0 {
		t.Error("the engine's World has a date")
	}
}
