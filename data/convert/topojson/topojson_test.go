package topojson_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/topojson"
	"github.com/gewu-city/gewu/geo"
)

// rows collects what is read.
type rows struct {
	ids    []string
	shapes []geo.Shape
	faults []string
}

func (r *rows) Head(row.Head) error { return nil }
func (r *rows) Note(string)         {}

func (r *rows) Row(in *row.Row) error {
	if in.Fault != nil {
		r.faults = append(r.faults, in.Fault.Error())
		return nil //nolint:nilerr // the row is wrong, not the reading
	}
	s, err := geo.FromOrb(in.Geometry)
	if err != nil {
		r.faults = append(r.faults, err.Error())
	}
	r.ids, r.shapes = append(r.ids, in.ID), append(r.shapes, s)
	return nil
}

// text is a file in UTF-8.
type text struct{ *bytes.Reader }

func (text) Wrong([]byte) string { return "" }

func read(t interface{ Fatal(...any) }, b []byte) *rows {
	r := &rows{}
	if err := topojson.Read(text{bytes.NewReader(b)}, "", r); err != nil {
		t.Fatal(err)
	}
	return r
}

func write(t interface{ Fatal(...any) }, shapes []geo.Shape) []byte {
	var b bytes.Buffer
	e, err := topojson.NewEncoder(&b, row.Layout{Name: "cells", Columns: []row.Column{{Name: "n", Type: data.Int}}})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range shapes {
		if err := e.Row(&row.Record{ID: string(rune('a' + i)), Shape: s, Values: []data.Value{data.IntValue(int64(i))}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func polygon(t interface{ Fatal(...any) }, rings ...[]geo.Point) geo.Shape {
	var xy []geo.Point
	var ends []uint32
	for _, r := range rings {
		xy = append(xy, r...)
		ends = append(ends, uint32(len(xy)))
	}
	s, err := geo.NewShape(geo.KindPolygon, xy, ends, []uint32{uint32(len(ends))})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// square is the outline of a cell of a grid with a vertex in the middle of each side, from its corner-th vertex on.
func square(x, y int32, corner int) []geo.Point {
	base := []geo.Point{{X: 0, Y: 0}, {X: 1, Y: 0}, {X: 2, Y: 0}, {X: 2, Y: 1}, {X: 2, Y: 2}, {X: 1, Y: 2}, {X: 0, Y: 2}, {X: 0, Y: 1}}
	var ring []geo.Point
	for i := range 9 {
		p := base[(i+corner)%8]
		ring = append(ring, geo.Point{X: 1_210_000_000 + (2*x+p.X)*500, Y: 250_000_000 + (2*y+p.Y)*500})
	}
	return ring
}

// edges counts how often each edge of the arcs occurs, whatever its direction.
func edges(t interface{ Fatal(...any) }, b []byte) map[[2]geo.Point]int {
	var topology struct {
		Transform struct{ Translate [2]float64 }
		Arcs      [][][2]int32
	}
	if err := json.Unmarshal(b, &topology); err != nil {
		t.Fatal(err)
	}
	count := map[[2]geo.Point]int{}
	for _, arc := range topology.Arcs {
		var at, before geo.Point
		for i, d := range arc {
			at.X, at.Y = at.X+d[0], at.Y+d[1]
			if i > 0 {
				edge := [2]geo.Point{before, at}
				if before.X > at.X || before.X == at.X && before.Y > at.Y {
					edge = [2]geo.Point{at, before}
				}
				count[edge]++
			}
			before = at
		}
	}
	return count
}

// TestCoverage writes cells of a grid, each from another vertex on, and reads the same shapes back; every edge is there
// once, whoever shares it.
func TestCoverage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var shapes []geo.Shape
		want := map[[2]geo.Point]bool{}
		n := rapid.Int32Range(1, 5).Draw(t, "cells a side")
		for x := range n {
			for y := range n {
				if rapid.IntRange(0, 9).Draw(t, "gap") == 0 {
					continue
				}
				s := polygon(t, square(x, y, rapid.IntRange(0, 7).Draw(t, "start")))
				shapes = append(shapes, s)
				ring := s.Ring(0)
				for i := 1; i < len(ring); i++ {
					a, b := ring[i-1], ring[i]
					if a.X > b.X || a.X == b.X && a.Y > b.Y {
						a, b = b, a
					}
					want[[2]geo.Point{a, b}] = true
				}
			}
		}
		b := write(t, shapes)
		got := read(t, b)
		if len(got.shapes) != len(shapes) || len(got.faults) > 0 {
			t.Fatalf("%d shapes of %d, %v", len(got.shapes), len(shapes), got.faults)
		}
		for i := range shapes {
			if !got.shapes[i].Equal(shapes[i]) {
				t.Fatalf("shape %d is %v, want %v\n%s", i, got.shapes[i].Vertices(), shapes[i].Vertices(), b)
			}
		}
		have := edges(t, b)
		for edge, n := range have {
			if n != 1 {
				t.Fatalf("edge %v is there %d times\n%s", edge, n, b)
			}
		}
		if len(have) != len(want) {
			t.Fatalf("%d edges, want %d", len(have), len(want))
		}
	})
}

func TestShared(t *testing.T) {
	hole := square(1, 1, 0)
	inside := polygon(t, hole)
	var back []geo.Point
	for i := range hole {
		back = append(back, hole[len(hole)-1-i])
	}
	outline := []geo.Point{{X: 1_209_000_000, Y: 249_000_000}, {X: 1_211_000_000, Y: 249_000_000}, {X: 1_211_000_000, Y: 251_000_000}, {X: 1_209_000_000, Y: 249_000_000}}
	for name, test := range map[string]struct {
		shapes []geo.Shape
		arcs   int
	}{
		"nothing":            {nil, 0},
		"alone":              {[]geo.Shape{inside}, 1},
		"the same":           {[]geo.Shape{inside, inside}, 1},
		"neighbours":         {[]geo.Shape{polygon(t, square(0, 0, 0)), polygon(t, square(1, 0, 0))}, 4},
		"an island in a gap": {[]geo.Shape{polygon(t, outline, back), inside}, 2},
		"without geometry":   {[]geo.Shape{{}, inside, {}}, 1},
		"points":             {[]geo.Shape{geo.PointShape(outline[0])}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := write(t, test.shapes)
			var topology struct{ Arcs []any }
			if err := json.Unmarshal(b, &topology); err != nil {
				t.Fatal(err)
			}
			if len(topology.Arcs) != test.arcs {
				t.Errorf("%d arcs, want %d\n%s", len(topology.Arcs), test.arcs, b)
			}
			got := read(t, b)
			for i := range test.shapes {
				if !got.shapes[i].Equal(test.shapes[i]) || got.ids[i] != string(rune('a'+i)) {
					t.Errorf("shape %d is %v", i, got.shapes[i])
				}
			}
		})
	}
}

// TestArcsUsedAgain uses one arc more often than anyone would.
func TestArcsUsedAgain(t *testing.T) {
	arc := "[" + strings.Repeat("[0,0],[1,1],", 50_000) + "[0,0]]"
	line := `{"type":"LineString","arcs":[` + strings.Repeat("0,", 100) + "0]}"
	file := `{"type":"Topology","arcs":[` + arc + `],"objects":{"l":{"type":"GeometryCollection","geometries":[` + line + `,{"type":"LineString","arcs":[0]}]}}}`
	got := read(t, []byte(file))
	if len(got.shapes) != 1 || len(got.faults) != 1 || got.faults[0] != "geometry: has more than 8388608 vertices" {
		t.Errorf("%d shapes, %v", len(got.shapes), got.faults)
	}
	if testing.Short() {
		return
	}
	lines := strings.Repeat(`{"type":"LineString","arcs":[`+strings.Repeat("0,", 80)+"0]},", 20)
	file = `{"type":"Topology","arcs":[` + arc + `],"objects":{"l":{"type":"GeometryCollection","geometries":[` + lines + line + `]}}}`
	err := topojson.Read(text{bytes.NewReader([]byte(file))}, "", discard{})
	if err == nil || err.Error() != "the geometries have more than 134217728 vertices in all; use GeoJSON for the file" {
		t.Error(err)
	}
}

type discard struct{}

func (discard) Head(row.Head) error { return nil }
func (discard) Note(string)         {}
func (discard) Row(*row.Row) error  { return nil }
