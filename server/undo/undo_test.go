package undo_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/undo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// town is a store with an engine that runs.
type town struct {
	*undo.Undoer
	db   *boltstore.DB
	stop func()
}

func open(t testing.TB, dir string) *town {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(dir, "city.db"), boltstore.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	e := index.NewEngine(db)
	ctx, cancel := context.WithCancel(context.Background())
	if err := e.Load(ctx, nil); err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { _ = db.Run(ctx, e) })
	running.Go(func() { _ = e.Run(ctx) })
	c := &town{db: db, Undoer: &undo.Undoer{Store: db, Engine: e, Book: undo.NewBook(db)}}
	c.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func lamps() *data.Layer {
	return &data.Layer{Name: "lamps", Geometry: data.GeometryPoint, Attributes: []data.Attribute{{Name: "n", Type: data.Int}}}
}

func put(id string, n int64) data.Change {
	return data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: "lamps", Feature: data.Feature{
		ID: id, Shape: geo.PointShape(geo.Point{X: int32(n), Y: 1}), Values: []data.Value{data.IntValue(n)},
	}}
}

func end(id string) data.Change {
	return data.Change{Stream: data.StreamFeature, Op: data.OpDelete, Layer: "lamps", Feature: data.Feature{ID: id}}
}

func define(l *data.Layer) data.Change {
	return data.Change{Stream: data.StreamSchema, Op: data.OpPut, Layer: l.Name, Definition: l}
}

func newID() string { return ulid.MustNew(ulid.Now(), rand.Reader).String() }

// must appends a transaction, of the operation op unless that is empty, and waits until it shows.
func (c *town) must(t testing.TB, op string, changes ...data.Change) data.Seq {
	t.Helper()
	tx := data.Tx{Actor: "somebody", Cause: "api", Changes: changes}
	if op != "" {
		tx = data.Tx{Actor: "me", Cause: undo.Cause(undo.Import, op), Operation: op, Changes: changes}
	}
	seq, err := c.db.Append(t.Context(), tx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Engine.Wait(t.Context(), seq); err != nil {
		t.Fatal(err)
	}
	return seq
}

// state is what exists: the number of each lamp.
func (c *town) state() map[string]int64 {
	found := map[string]int64{}
	l, ok := c.Engine.World().Layer("lamps")
	if !ok {
		return found
	}
	for s := range l.Slots() {
		found[l.ID(s)] = l.Value(s, 0).Int()
	}
	return found
}

func (c *town) undo(t testing.TB, of string, q undo.Request) (*undo.Result, error) {
	t.Helper()
	q.Of, q.ID, q.Actor = of, newID(), "me"
	return c.Run(t.Context(), q)
}

// TestUndo runs operations of several entries among the edits of others and takes them back: features that nobody has
// changed since are as before, all others as they were left, and the undo can be undone.
func TestUndo(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		defer os.RemoveAll(dir) // there are many
		c := open(t, dir)
		defer func() { c.stop() }()
		c.must(t, "", define(lamps()))
		id := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "g", "h"})
		number := int64(0)
		// change is a possible change in a state, which it follows.
		change := func(state map[string]int64) data.Change {
			id := id.Draw(rt, "id")
			if _, exists := state[id]; exists && rapid.IntRange(0, 2).Draw(rt, "end") == 0 {
				delete(state, id)
				return end(id)
			}
			number++
			state[id] = number
			return put(id, number)
		}
		edit := func() {
			state := c.state()
			c.must(t, "", change(state))
		}
		for range rapid.IntRange(0, 8).Draw(rt, "edits before") {
			edit()
		}
		// before is the state of each feature before the operation touched it, the last time after somebody else had; mine
		// tells whose its newest change is.
		op, before, mine := newID(), map[string]*int64{}, map[string]bool{}
		for range rapid.IntRange(1, 4).Draw(rt, "entries") {
			state := c.state()
			var changes []data.Change
			for range rapid.IntRange(1, 5).Draw(rt, "changes") {
				was := maps.Clone(state)
				ch := change(state)
				if !mine[ch.Feature.ID] {
					before[ch.Feature.ID] = nil
					if n, existed := was[ch.Feature.ID]; existed {
						before[ch.Feature.ID] = &n
					}
				}
				mine[ch.Feature.ID] = true
				changes = append(changes, ch)
			}
			c.must(t, op, changes...)
			for range rapid.IntRange(0, 2).Draw(rt, "edits between") {
				state := c.state()
				ch := change(state)
				c.must(t, "", ch)
				mine[ch.Feature.ID] = false
			}
		}
		after := c.state()
		want := maps.Clone(after)
		conflicts := 0
		for id, was := range before {
			switch {
			case !mine[id]:
				conflicts++
			case was == nil:
				delete(want, id)
			default:
				want[id] = *was
			}
		}
		if rapid.Bool().Draw(rt, "restart") {
			c.stop()
			c = open(t, dir)
		}
		last := c.db.Last()
		result, err := c.undo(t, op, undo.Request{})
		var refused *undo.ConflictsError
		switch {
		case conflicts > 0:
			if !errors.As(err, &refused) || refused.Count != conflicts || len(refused.First) != conflicts {
				rt.Fatalf("%d features were changed since: %v", conflicts, err)
			}
			if c.db.Last() != last || !maps.Equal(c.state(), after) {
				rt.Fatal("a refused undo changed the city")
			}
			dry, err := c.undo(t, op, undo.Request{Force: true, DryRun: true})
			if err != nil || dry.Skipped != conflicts || c.db.Last() != last {
				rt.Fatalf("dry run: %+v, %v", dry, err)
			}
			if result, err = c.undo(t, op, undo.Request{Force: true}); err != nil || result.Skipped != conflicts {
				rt.Fatalf("%+v, %v", result, err)
			}
		case err != nil:
			rt.Fatal(err)
		}
		if got := c.state(); !maps.Equal(got, want) {
			rt.Fatalf("the city is %v, want %v", got, want)
		}
		if result.Undo == "" {
			return // nothing was left of the operation
		}
		if found, err := c.Book.Find(t.Context(), op); err != nil || found.UndoneBy != result.Undo {
			rt.Fatalf("%+v, %v", found, err)
		}
		if again, err := c.undo(t, op, undo.Request{}); err != nil || !again.Already || again.Undo != result.Undo || again.Seq != result.Seq {
			rt.Fatalf("undone again: %+v, %v", again, err)
		}
		redone, err := c.undo(t, result.Undo, undo.Request{})
		if err != nil || !maps.Equal(c.state(), after) {
			rt.Fatalf("the undo undone: %+v, %v; the city is %v, want %v", redone, err, c.state(), after)
		}
		if found, err := c.Book.Find(t.Context(), op); err != nil || found.UndoneBy != "" {
			rt.Fatalf("%+v, %v", found, err)
		}
		// What brought the operation back is what can be undone now.
		if _, err := c.undo(t, op, undo.Request{}); !errors.As(err, &refused) || refused.Hint != redone.Undo {
			rt.Fatalf("%v", err)
		}
		if _, err := c.undo(t, redone.Undo, undo.Request{}); err != nil || !maps.Equal(c.state(), want) {
			rt.Fatalf("undone a third time: %v; the city is %v, want %v", err, c.state(), want)
		}
	})
}

// TestList compares the book with what was appended, read in pages, new and after a restart.
func TestList(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	defer func() { c.stop() }()
	c.must(t, "", define(lamps()))
	type made struct {
		id          string
		first, last data.Seq
		n           int
	}
	var want []made
	for i := range 12 {
		m := made{id: newID()}
		time.Sleep(2 * time.Millisecond) // ids of one millisecond name no order
		for k := range 3 {
			seq := c.must(t, m.id, put(fmt.Sprint(i, "-", k), 1), put("shared", int64(i)))
			if m.first == 0 {
				m.first = seq
			}
			m.last = seq
			m.n += 2
			c.must(t, "", put("other", int64(i)))
		}
		want = append(want, m)
	}
	slices.Reverse(want)
	everything := func(*undo.Operation) bool { return true }
	check := func() {
		t.Helper()
		var got []undo.Operation
		before, done := data.Seq(0), false
		for !done {
			var page []undo.Operation
			var err error
			if page, done, err = c.Book.List(t.Context(), before, 5, everything); err != nil {
				t.Fatal(err)
			}
			got = append(got, page...)
			if !done {
				before = page[len(page)-1].First
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%d operations, want %d", len(got), len(want))
		}
		for i, m := range want {
			op := got[i]
			added := 3
			if m.id == want[len(want)-1].id {
				added++ // shared
			}
			if op.ID != m.id || op.First != m.first || op.Last != m.last || op.Changes != m.n || op.Added != added || op.Changed != m.n-added ||
				op.EndedFeatures != 0 || op.Actor != "me" || !slices.Equal(op.Layers, []string{"lamps"}) || op.Kind != undo.Import || op.Began.After(op.Ended) {
				t.Errorf("operation %d is %+v, want %+v", i, op, m)
			}
		}
	}
	check()
	c.stop()
	c = open(t, dir)
	if op, err := c.Book.Find(t.Context(), want[3].id); err != nil || op.First != want[3].first || op.Last != want[3].last {
		t.Errorf("%+v, %v", op, err)
	}
	check()
	for _, id := range []string{"nothing", "", newID(), "00000000000000000000000000"} {
		if _, err := c.Book.Find(t.Context(), id); !errors.Is(err, undo.ErrUnknown) {
			t.Errorf("operation %q: %v", id, err)
		}
	}
}

// TestOldImports finds imports that were written before operations had an id of their own.
func TestOldImports(t *testing.T) {
	c := open(t, t.TempDir())
	defer c.stop()
	c.must(t, "", define(lamps()))
	id := newID()
	if _, err := c.db.Append(t.Context(), data.Tx{Cause: "import:" + id, Changes: []data.Change{put("a", 1)}}); err != nil {
		t.Fatal(err)
	}
	if r, err := c.undo(t, id, undo.Request{}); err != nil || r.Ended != 1 || len(c.state()) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestErased takes back what can be when retention has erased the history of some features: without force it refuses and
// says from when on history is complete, with force it leaves those alone.
func TestErased(t *testing.T) {
	c := open(t, t.TempDir())
	defer c.stop()
	c.must(t, "", define(lamps()))
	c.must(t, "", put("a", 1), put("b", 1))
	c.must(t, "", end("b"))
	op := newID()
	c.must(t, op, put("a", 2), put("b", 2), put("c", 2), put("d", 2), put("e", 2))
	c.must(t, op, put("e", 3)) // the change of e before this one is erased, and is not needed
	other := c.must(t, "", put("d", 3))
	if _, err := c.db.Compact(t.Context(), boltstore.Retention{KeepEntries: 0, Keep: time.Nanosecond}, nil); err != nil {
		t.Fatal(err)
	}
	var erased *undo.ErasedError
	if _, err := c.undo(t, op, undo.Request{}); !errors.As(err, &erased) || erased.Count != 2 || erased.Horizon.Horizon != other ||
		erased.Horizon.Recorded.IsZero() {
		t.Errorf("what a was before and what d was made are erased: %v", err)
	}
	if want := map[string]int64{"a": 2, "b": 2, "c": 2, "d": 3, "e": 3}; !maps.Equal(c.state(), want) {
		t.Errorf("the city is %v", c.state())
	}
	// With a feature that was changed since and is known, both are told.
	c.must(t, "", put("c", 3))
	var refused *undo.ConflictsError
	if _, err := c.undo(t, op, undo.Request{}); !errors.As(err, &refused) || refused.Count != 1 || len(refused.First) != 1 ||
		refused.First[0].ID != "c" || refused.Erased == nil || refused.Erased.Count != 2 {
		t.Errorf("%+v", err)
	}
	// An end that was erased is an end all the same.
	if r, err := c.undo(t, op, undo.Request{Force: true}); err != nil || r.Ended != 2 || r.Skipped != 3 || r.Erased != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	if want := map[string]int64{"a": 2, "c": 3, "d": 3}; !maps.Equal(c.state(), want) {
		t.Errorf("the city is %v", c.state())
	}
}

// TestLayerReplaced drops the layer and makes another of its name: its features are not those of the import.
// counted counts the readings of entries.
type counted struct {
	undo.Store
	n int
}

func (c *counted) Changes(ctx context.Context, seq data.Seq, permanents ...uint32) ([]data.Change, error) {
	c.n++
	return c.Store.Changes(ctx, seq, permanents...)
}

// TestUndoOfReturned takes back an operation that brought back features which had ended: they end again, and no entry is
// read once for each of them.
func TestUndoOfReturned(t *testing.T) {
	c := open(t, t.TempDir())
	defer c.stop()
	store := &counted{Store: c.db}
	c.Store = store
	c.must(t, "", define(lamps()))
	const lamps = 500
	var made, ended, again []data.Change
	for n := range int64(lamps) {
		id := fmt.Sprint("lamp", n)
		made, ended, again = append(made, put(id, n)), append(ended, end(id)), append(again, put(id, n+1))
	}
	c.must(t, "", made...)
	c.must(t, "", ended...)
	op := newID()
	c.must(t, op, again...)
	done, err := c.undo(t, op, undo.Request{})
	if err != nil || done.Ended != lamps || len(c.state()) != 0 {
		t.Fatalf("%+v, %v, %d left", done, err, len(c.state()))
	}
	if store.n > 5 {
		t.Errorf("entries were read %d times for %d features", store.n, lamps)
	}
	if _, err := c.undo(t, done.Undo, undo.Request{}); err != nil || len(c.state()) != lamps || c.state()["lamp7"] != 8 {
		t.Errorf("undone again: %d, %v", len(c.state()), err)
	}
}

func TestLayerReplaced(t *testing.T) {
	c := open(t, t.TempDir())
	defer c.stop()
	c.must(t, "", define(lamps()))
	op := newID()
	c.must(t, op, put("a", 1))
	c.must(t, "", data.Change{Stream: data.StreamSchema, Op: data.OpDelete, Layer: "lamps"})
	var refused *undo.ConflictsError
	for range 2 {
		if _, err := c.undo(t, op, undo.Request{}); !errors.As(err, &refused) || refused.Count != 1 || refused.Erased != nil {
			t.Errorf("a layer that is gone: %v", err)
		}
		if _, err := c.db.Compact(t.Context(), boltstore.Retention{KeepEntries: 0, Keep: time.Nanosecond}, nil); err != nil {
			t.Fatal(err)
		}
	}
	c.must(t, "", define(lamps()))
	c.must(t, "", put("a", 1))
	if _, err := c.undo(t, op, undo.Request{}); !errors.As(err, &refused) {
		t.Errorf("another layer of the name: %v", err)
	}
}

// TestUndoAmongWriters undoes while others change the same features: everything that the undo does not name as skipped
// is from before the operation.
func TestUndoAmongWriters(t *testing.T) {
	c := open(t, t.TempDir())
	defer c.stop()
	c.must(t, "", define(lamps()))
	const n = 2000
	var first, second []data.Change
	for i := range n {
		first, second = append(first, put(fmt.Sprint(i), 1)), append(second, put(fmt.Sprint(i), 2))
	}
	c.must(t, "", first...)
	op := newID()
	c.must(t, op, second...)
	ctx, stop := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 0; ctx.Err() == nil && i < n/2; i++ {
			_, err := c.db.Append(ctx, data.Tx{Changes: []data.Change{put(fmt.Sprint(i*2), 3)}})
			if err != nil && ctx.Err() == nil {
				t.Error(err)
			}
			// Ever longer, so that an attempt fits between two changes also where it takes long.
			time.Sleep(time.Duration(10+2*i*i) * time.Millisecond)
		}
	})
	time.Sleep(30 * time.Millisecond)
	result, err := c.undo(t, op, undo.Request{Force: true})
	stop()
	writer.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Engine.Wait(t.Context(), c.db.Last()); err != nil {
		t.Fatal(err)
	}
	counts := map[int64]int{}
	for _, n := range c.state() {
		counts[n]++
	}
	// Lamps that the writer changed after the undo were restored before.
	if counts[2] != 0 || counts[1]+counts[3] != n || result.Restored+result.Skipped != n || counts[3] < result.Skipped || result.Skipped == 0 {
		t.Errorf("%+v; lamps by number: %v", result, counts)
	}
}

// TestErasedReferrer undoes by force what made a post and hung a lamp on it that stays because its history was erased:
// the post stays with it.
func TestErasedReferrer(t *testing.T) {
	c := open(t, t.TempDir())
	defer c.stop()
	posts := &data.Layer{Name: "posts", Geometry: data.GeometryNone}
	hung := lamps()
	hung.Attributes = append(hung.Attributes, data.Attribute{Name: "post", Type: data.Ref, Ref: "posts", OnDelete: data.Restrict})
	lamp := func(n int64, post string) data.Change {
		lamp := put("a", n)
		at := data.Value{}
		if post != "" {
			at = data.TextValue(data.Ref, post)
		}
		lamp.Feature.Values = append(lamp.Feature.Values, at)
		return lamp
	}
	post := func(id string) data.Change {
		return data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: "posts", Feature: data.Feature{ID: id}}
	}
	c.must(t, "", define(posts), define(hung))
	c.must(t, "", lamp(1, ""))
	op := newID()
	c.must(t, op, post("p"), post("q"), lamp(2, "p"))
	if _, err := c.db.Compact(t.Context(), boltstore.Retention{KeepEntries: 0, Keep: time.Nanosecond}, nil); err != nil {
		t.Fatal(err)
	}
	r, err := c.undo(t, op, undo.Request{Force: true})
	if err != nil || r.Ended != 1 || r.Skipped != 2 || r.Erased != 1 || len(r.Changed) != 1 || r.Changed[0].ID != "p" {
		t.Errorf("%+v, %v", r, err)
	}
	if l, ok := c.Engine.World().Layer("posts"); !ok || l.Len() != 1 {
		t.Error("the other post is still there, or both are gone")
	}
}
