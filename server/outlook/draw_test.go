package outlook

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/impact"
	"github.com/gewu-city/gewu/grid/survey"
	"github.com/gewu-city/gewu/index/sketch"
)

// square is a cell of a number of units from a corner on.
func square(t *testing.T, code string, x, y, side int32) impact.Cell {
	t.Helper()
	s, err := geo.NewShape(geo.KindPolygon, []geo.Point{{X: x, Y: y}, {X: x + side, Y: y}, {X: x + side, Y: y + side}, {X: x, Y: y + side}, {X: x, Y: y}}, []uint32{5}, []uint32{1})
	if err != nil {
		t.Fatal(err)
	}
	return impact.Cell{Code: code, Shape: s}
}

// doors are so many points along a line in a square of 20,000 units.
func doors(t *testing.T, n int) []survey.Objects {
	t.Helper()
	l := sketch.Layer{Def: &data.Layer{Name: "doors", Geometry: data.GeometryPoint, Roles: data.Roles{Address: &data.AddressRole{}}}}
	for i := range n {
		l.Features = append(l.Features, data.Feature{ID: fmt.Sprint(i), Shape: geo.PointShape(geo.Point{X: int32(10_000 * i / n), Y: 5000})})
	}
	w, err := sketch.World(t.Context(), t.Name(), l)
	if err != nil {
		t.Fatal(err)
	}
	return survey.Layers(w)
}

// TestObjectsAreTakenEvenly: where more objects move than a picture holds, every second, fourth … is taken, all over the ground.
func TestObjectsAreTakenEvenly(t *testing.T) {
	change := impact.Compare([]impact.Cell{square(t, "a", 0, 0, 20_000)}, []impact.Cell{square(t, "b", 0, 0, 20_000)})
	for _, n := range []int{0, 1, 99, 100, 101, 200, 1000, 6401} {
		l, moved, err := movedObjects(t.Context(), change, doors(t, n), 100)
		if err != nil || moved != n {
			t.Fatalf("%d of %d objects move: %v", moved, n, err)
		}
		got := len(l.Features)
		if n <= 100 && got != n || got > 100 || n > 100 && got < 50 {
			t.Errorf("%d of %d objects are shown", got, n)
		}
		step := int32(0)
		for i := 1; i < got; i++ {
			gap := l.Features[i].Shape.Vertices()[0].X - l.Features[i-1].Shape.Vertices()[0].X
			if step = max(step, gap); gap < 1 {
				t.Errorf("of %d objects two are shown at one place", n)
			}
		}
		if n > 0 && step > 10_000/int32(max(1, got))*2+2 {
			t.Errorf("of %d objects none is shown within %d units", n, step)
		}
	}
}

func TestGoneClients(t *testing.T) {
	change := impact.Compare([]impact.Cell{square(t, "a", 0, 0, 20_000)}, []impact.Cell{square(t, "b", 0, 0, 20_000)})
	layers := doors(t, 10_000)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := movedObjects(ctx, change, layers, 100); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestSameGroundUnderAnotherCode pairs what is new with what ends, also where a city has several cells on one ground.
func TestSameGroundUnderAnotherCode(t *testing.T) {
	before := []impact.Cell{square(t, "a", 0, 0, 10), square(t, "b", 0, 0, 10), square(t, "c", 50, 0, 10), square(t, "d", 80, 0, 10)}
	after := []impact.Cell{square(t, "x", 0, 0, 10), square(t, "c", 50, 0, 20), square(t, "e", 81, 0, 10)}
	cells, ended := changedCells("unit", impact.Compare(before, after), before, after)
	want := map[string]string{"x": "recoded a", "c": "reshaped ", "e": "added "}
	for _, f := range cells.Features {
		if got := f.Values[1].Text() + " " + f.Values[2].Text(); got != want[f.ID] {
			t.Errorf("%s: %s, want %s", f.ID, got, want[f.ID])
		}
	}
	gone := map[string]string{"a": "x", "b": "", "d": ""}
	for _, f := range ended.Features {
		now, ok := gone[f.ID]
		if got := f.Values[1].Text(); !ok || got != now {
			t.Errorf("%s ended as %q", f.ID, got)
		}
	}
	if len(cells.Features) != len(want) || len(ended.Features) != len(gone) {
		t.Errorf("%d cells, %d ended", len(cells.Features), len(ended.Features))
	}
}

// TestPictures are kept by name, and made anew for another state of the draft.
func TestPictures(t *testing.T) {
	w := doors(t, 10)
	world, err := sketch.World(t.Context(), "city")
	if err != nil || len(w) != 1 {
		t.Fatal(err)
	}
	p := &Pictures{}
	of := func(tileset string, seq data.Seq) *Picture {
		proposal := &survey.Proposal{
			Scheme: "unit", World: world, Against: world, Drawn: []impact.Cell{square(t, "a", 0, 0, 10)},
			Kept: func(string) bool { return false }, Locked: func(string) bool { return true },
		}
		made, err := p.Of(t.Context(), tileset, "d", seq, proposal, grid.NewLocator())
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	first := of(Drawn, 1)
	if of(Drawn, 1) != first || of(Drawn, 2) == first || of(Changes, 1) == first {
		t.Error("pictures are confused")
	}
	for seq := range data.Seq(mostKept) {
		of(Drawn, seq+10)
	}
	if of(Drawn, 1) == first || len(p.kept) > mostKept {
		t.Errorf("%d pictures are kept", len(p.kept))
	}
	p.Forget()
	if len(p.kept) > 0 {
		t.Error("a picture is kept that was to be forgotten")
	}
}
