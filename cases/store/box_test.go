package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/geo"
)

// TestBoxes compares boxes of all shapes, at all sides of the cases and at the ends of the map, with a look at every case.
func TestBoxes(t *testing.T) {
	s, random := open(t, newPages(), store.Options{}), rand.New(rand.NewPCG(8, 1))
	anchors := []int32{-180 * geo.Unit, -90 * geo.Unit, -1, 0, 1, 39 * geo.Unit, 90 * geo.Unit, 180 * geo.Unit}
	near := func(limit int32) int32 {
		v := int64(anchors[random.IntN(len(anchors))])
		switch random.IntN(3) {
		case 0:
			v += random.Int64N(7) - 3
		case 1:
			v += random.Int64N(2*geo.Unit) - geo.Unit
		}
		return int32(max(int64(-limit), min(int64(limit), v)))
	}
	point := func() geo.Point { return geo.Point{X: near(180 * geo.Unit), Y: near(90 * geo.Unit)} }
	at := map[string]geo.Point{}
	for i := range 600 {
		c, p := drawn(fmt.Sprintf("C%03d", i)), point()
		c.Intake = &cases.Place{Point: &cases.Position{Lon: p.Lon(), Lat: p.Lat()}}
		put(s, c)
		at[c.ID] = p
	}
	put(s, drawn("nowhere"))
	for range 3000 {
		a, b := point(), point()
		box := geo.Box{Min: geo.Point{X: min(a.X, b.X), Y: min(a.Y, b.Y)}, Max: geo.Point{X: max(a.X, b.X), Y: max(a.Y, b.Y)}}
		var want, got []string
		for id, p := range at {
			if box.Contains(p) {
				want = append(want, id)
			}
		}
		found, _, err := s.List(&store.Filter{Box: &box}, store.ByOpened, 1000, store.Cursor{})
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range found {
			got = append(got, one.ID)
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%v: %s", box, diff)
		}
	}
}

// drawn is a case that has no place.
func drawn(id string) *cases.Case {
	c := cases.NewCase()
	c.ID, c.Version, c.Process, c.State, c.Opened = id, 1, cases.ProcessRef{Name: "base", Version: 1}, "submitted", day
	return c
}
