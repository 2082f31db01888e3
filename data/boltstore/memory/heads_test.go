package memory

import (
	"iter"
	"slices"
	"testing"

	"github.com/gewu-city/gewu/data"
)

// base is an engine that knows what it is given.
type base struct {
	data.Heads
	applied  data.Seq
	features map[Key]*data.Feature
}

func (b *base) Applied() data.Seq { return b.applied }

func (b *base) Head(layer, id string) (data.Head, bool) {
	_, ok := b.features[Key{layer, id}]
	return data.Head{Seq: b.applied}, ok
}

func (b *base) Feature(layer, id string) (data.Feature, bool) {
	f := b.features[Key{layer, id}]
	if f == nil {
		return data.Feature{}, false
	}
	return *f, true
}

func (b *base) Holders(layer string, place int, text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for key, f := range b.features {
			if key.Layer == layer && f.Value(place).Text() == text && !yield(key.ID) {
				return
			}
		}
	}
}

func holding(f *data.Feature) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for i, v := range f.Values {
			if !yield(i, v.Text()) {
				return
			}
		}
	}
}

func row(id, text string) *data.Feature {
	return &data.Feature{ID: id, Values: []data.Value{data.TextValue(data.Ref, text)}}
}

func TestHeads(t *testing.T) {
	engine := &base{applied: 5, features: map[Key]*data.Feature{{"l", "a"}: row("a", "x"), {"l", "b"}: row("b", "x")}}
	o := NewHeads(engine, 5)
	put := func(seq data.Seq, id, text string) {
		f := row(id, text)
		o.Set(Key{"l", id}, data.Head{Seq: seq})
		o.Track(Key{"l", id}, f, holding(f))
	}
	remove := func(seq data.Seq, id string) {
		o.Set(Key{"l", id}, data.Head{Seq: seq, Deleted: true})
		o.Track(Key{"l", id}, nil, nil)
	}
	check := func(when string, text string, want ...string) {
		t.Helper()
		if got := slices.Sorted(o.Holders("l", 0, text, 1)); !slices.Equal(got, want) {
			t.Errorf("%s: %q is held by %q, want %q", when, text, got, want)
		}
	}
	check("at first", "x", "a", "b")
	put(6, "a", "y")
	put(6, "c", "x")
	check("changed", "x", "b", "c")
	check("changed", "y", "a")
	mark := o.Mark()
	remove(7, "b")
	put(7, "a", "x")
	put(7, "a", "z")
	check("further", "x", "c")
	check("further", "z", "a")
	if _, ok := o.Feature(Key{"l", "b"}, 1); ok {
		t.Error("b is deleted")
	}
	o.Rollback(mark)
	check("rolled back", "x", "b", "c")
	check("rolled back", "y", "a")
	check("rolled back", "z")
	o.Keep(6)
	put(7, "a", "w")
	o.Keep(7)
	engine.applied, engine.features[Key{"l", "a"}], engine.features[Key{"l", "c"}] = 6, row("a", "y"), row("c", "x")
	o.Prune()
	check("known in part", "x", "b", "c")
	check("known in part", "w", "a")
	check("known in part", "y")
	if f, ok := o.Feature(Key{"l", "a"}, 1); !ok || f.Value(0).Text() != "w" || o.Len() != 1 {
		t.Errorf("a is %+v, %d are held", f, o.Len())
	}
	if got := slices.Collect(o.Holders("l", 0, "x", 99)); len(got) != 0 {
		t.Errorf("a layer that was created later has %q", got)
	}
	engine.applied, engine.features[Key{"l", "a"}] = 7, row("a", "w")
	o.Prune()
	check("known", "w", "a")
	if o.Len()+len(o.tracked.features)+len(o.tracked.holders)+len(o.generations) != 0 {
		t.Errorf("something is still held: %+v", o)
	}
}
