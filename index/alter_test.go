package index_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/altertest"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/rules"
	"github.com/gewu-city/gewu/data/storetest"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/compare"
	"github.com/gewu-city/gewu/index/indextest"
)

// stored is an engine on a store of its own.
type stored struct {
	*index.Engine
	past  *index.Past
	store *boltstore.DB
	stop  func()
}

// openStored starts a store and an engine, or starts them again. Checkpoints are written often.
func openStored(t testing.TB, dir string) *stored {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(dir, "city.db"), boltstore.Options{Now: time.Now, CheckpointInterval: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	s := &stored{Engine: index.NewEngine(db), store: db}
	s.past = index.NewPast(s.Engine, db, index.PastOptions{})
	ctx, cancel := context.WithCancel(context.Background())
	if err := s.Load(ctx, nil); err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		if err := db.Run(ctx, s.Engine); err != nil {
			t.Errorf("store: %v", err)
		}
	})
	running.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Errorf("engine: %v", err)
		}
	})
	s.stop = sync.OnceFunc(func() {
		if err := compare.Check(ctx, s.World(), func(p string) { t.Errorf("broken invariant: %s", p) }); err != nil {
			t.Error(err)
		}
		cancel()
		running.Wait()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// read is what a reader of a layer sees, by id and name.
func read(l *index.Layer) map[string]map[string]data.Value {
	seen := map[string]map[string]data.Value{}
	for slot := range l.Slots() {
		row := map[string]data.Value{}
		for i, a := range l.Def().Live() {
			if v := l.Value(slot, i); !v.Null() {
				row[a.Name] = v
			}
		}
		seen[l.ID(slot)] = row
	}
	return seen
}

// TestAlterationsEqualModel alters a layer at random under an engine, with restarts from checkpoints, and compares what
// readers see with a replay of the log into maps. Worlds published before must not change.
func TestAlterationsEqualModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir := t.TempDir()
		s := openStored(t, dir)
		defer func() { s.stop() }()
		l := altertest.Alterable()
		append1 := func(c data.Change) error {
			_, err := s.store.Append(t.Context(), data.Tx{Changes: []data.Change{c}})
			return err
		}
		if err := append1(storetest.Define(l)); err != nil {
			t.Fatal(err)
		}
		var old *index.World
		var was map[string]map[string]data.Value
		r.Repeat(map[string]func(*rapid.T){
			"put": func(r *rapid.T) {
				f := altertest.AnyRow(l).Draw(r, "row")
				if err := append1(data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: l.Name, Feature: f}); err != nil {
					r.Fatal(err)
				}
			},
			"alter": func(r *rapid.T) {
				next, err := rules.Alter(l, []rules.Step{altertest.AnyStep(l).Draw(r, "step")})
				if err == nil && next.Validate() == nil {
					if err = append1(storetest.Define(next)); err == nil {
						l = next
					} else if _, refused := errors.AsType[*data.FieldError](err); !refused {
						r.Fatal(err)
					}
				}
			},
			"restart": func(*rapid.T) {
				s.stop()
				s, old = openStored(t, dir), nil
			},
			"": func(r *rapid.T) {
				w, err := s.Wait(t.Context(), s.store.Last())
				if err != nil {
					r.Fatal(err)
				}
				layer, _ := w.Layer(l.Name)
				want := storetest.Replay(t, s.store).Read(l.Name)
				got := read(layer)
				if !reflect.DeepEqual(got, want) {
					r.Fatalf("read %v, want %v", got, want)
				}
				for i, a := range l.Attributes {
					if !a.Dropped {
						equalIsScan(r, layer, i, a.Name, want)
						continue
					}
					for slot := range layer.Slots() {
						if v := layer.Value(slot, i); !v.Null() {
							r.Fatalf("the dropped attribute %s still has %v", a.Name, v)
						}
					}
				}
				if old != nil {
					if past, ok := old.Layer(l.Name); ok && !reflect.DeepEqual(read(past), was) {
						r.Fatalf("the world of seq %d has changed", old.Seq())
					}
				}
				old, was = w, got
			},
		})
	})
}

// equalIsScan compares Equal with a look at every row.
func equalIsScan(r *rapid.T, l *index.Layer, i int, name string, rows map[string]map[string]data.Value) {
	for _, row := range rows {
		v := row[name]
		want, got := 0, 0
		for _, other := range rows {
			if other[name] == v && !v.Null() {
				want++
			}
		}
		for range l.Equal(i, v) {
			got++
		}
		if got != want {
			r.Fatalf("%s = %v: found %d of %d", name, v, got, want)
		}
	}
}

// BenchmarkAlter alters a layer of 200,000 features until a World shows it.
func BenchmarkAlter(b *testing.B) {
	const features = 200_000
	log := indextest.NewLog()
	e := indextest.Start(b, log)
	l := *doors
	log.Append(indextest.Define(&l))
	fill := func() {
		for entry, err := range (made{features: features}).Entries(b.Context(), 0) {
			if err != nil {
				b.Fatal(err)
			}
			if entry.Seq > 1 {
				log.Append(entry.Changes...)
			}
		}
		indextest.At(b, e, log.Last())
	}
	fill()
	now := &l
	for _, of := range []struct {
		name  string
		steps func(i int) []rules.Step
	}{
		{"rename", func(i int) []rules.Step {
			return []rules.Step{{Op: "rename", Attribute: now.Attributes[2].Name, To: fmt.Sprint("village_", i, len(now.Attributes))}}
		}},
		{"default", func(i int) []rules.Step {
			return []rules.Step{{Op: "default", Attribute: "section", Members: map[string]any{"default": fmt.Sprint(i)}}}
		}},
		{"widen", func(int) []rules.Step {
			return []rules.Step{
				{Op: "widen", Attribute: "number", Members: map[string]any{"type": "text"}},
				{Op: "widen", Attribute: "height", Members: map[string]any{"type": "text"}},
			}
		}},
	} {
		b.Run(of.name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				from := now
				if of.name == "widen" {
					from = &l
				}
				next, err := rules.Alter(from, of.steps(i))
				if err != nil {
					b.Fatal(err)
				}
				if of.name != "widen" {
					now = next
				} else if i > 0 {
					b.StopTimer()
					log.Append(indextest.Define(&l)) // what no store would accept: back to the types of before
					fill()
					b.StartTimer()
				}
				indextest.At(b, e, log.Append(indextest.Define(next)))
			}
		})
	}
	b.Run("scan of a demand", func(b *testing.B) {
		for b.Loop() {
			n := 0
			for range e.Values("doors", 6) {
				n++
			}
			if n != features {
				b.Fatal(n)
			}
		}
	})
}
