package sketch_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/sketch"
)

func points(name string, n int) sketch.Layer {
	l := sketch.Layer{Def: &data.Layer{Name: name, Geometry: data.GeometryPoint, Attributes: []data.Attribute{{Name: "code", Type: data.Code}}}}
	for i := range n {
		l.Features = append(l.Features, data.Feature{
			ID: fmt.Sprint(i), Shape: geo.PointShape(geo.Point{X: int32(i), Y: int32(-i)}), Values: []data.Value{data.TextValue(data.Code, fmt.Sprint("c", i%7))},
		})
	}
	return l
}

// TestWorld finds everything that a sketch was made of, and nothing else.
func TestWorld(t *testing.T) {
	layers := []sketch.Layer{points("a", 5000), points("b", 3), points("c", 0)}
	w, err := sketch.World(t.Context(), "draft 1", layers...)
	if err != nil {
		t.Fatal(err)
	}
	if w.Epoch() != "draft 1" || w.Seq() != sketch.Seq || len(w.Layers()) != len(layers) {
		t.Fatalf("epoch %q, seq %d, %d layers", w.Epoch(), w.Seq(), len(w.Layers()))
	}
	permanents := map[uint32]bool{}
	for i, l := range w.Layers() {
		if l.Def() != layers[i].Def || l.Len() != len(layers[i].Features) {
			t.Errorf("layer %d: %s with %d features", i, l.Def().Name, l.Len())
		}
		for k := range layers[i].Features {
			want := &layers[i].Features[k]
			slot, ok := l.Lookup(want.ID)
			if !ok {
				t.Fatalf("%s %s is not found", l.Def().Name, want.ID)
			}
			if got := l.Feature(slot); !got.Equal(want) {
				t.Errorf("%+v instead of %+v", got, want)
			}
			permanents[l.Permanent(slot)] = true
			found := false
			l.Search(want.Shape.Box(), func(s index.Slot) bool {
				found = found || s == slot
				return true
			})
			if !found {
				t.Errorf("%s %s is not where it was put", l.Def().Name, want.ID)
			}
		}
	}
	if len(permanents) != 5003 {
		t.Errorf("%d permanent ids for 5003 features", len(permanents))
	}
}

// TestRefused makes no World for somebody who has gone, and none with two layers of a name.
func TestRefused(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sketch.World(ctx, "x", points("a", 10_000)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := sketch.World(t.Context(), "x", points("a", 1), points("a", 1)); err == nil {
		t.Error("two layers of one name became a World")
	}
}
