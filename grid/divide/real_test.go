package divide_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/paulmach/orb/geojson"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/divide"
	"github.com/gewu-city/gewu/sample/sampletest"
)

func unpack(t testing.TB, r io.Reader) []byte {
	t.Helper()
	z, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func open(t testing.TB, path ...string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return unpack(t, f)
}

func shapeOf(t testing.TB, f *geojson.Feature) geo.Shape {
	t.Helper()
	s, err := geo.FromOrb(f.Geometry)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// cambridge is Cambridge, Massachusetts: 13 neighbourhoods that are no coverage, 2,643 street lines, 20,671 addresses.
func cambridge(t testing.TB) divide.Input {
	t.Helper()
	in := divide.Input{Limits: divide.Limits{{Target: 120, Min: 80, Max: 200}}, Rule: coverage.LongestBorder, FixRings: true}
	var all geojson.FeatureCollection
	if err := json.Unmarshal(open(t, "..", "coverage", "check", "testdata", "BOUNDARY_CDDNeighborhoods.geojson.gz"), &all); err != nil {
		t.Fatal(err)
	}
	for i, f := range all.Features {
		in.Communities = append(in.Communities, divide.Community{Code: fmt.Sprintf("n%02d", i+1), Shape: shapeOf(t, f)})
	}
	rows := csv.NewReader(bytes.NewReader(open(t, "..", "..", "geocode", "lines", "testdata", "cambridge.csv.gz")))
	rows.FieldsPerRecord = -1
	at := geo.Point{}
	move := func(x, y string) geo.Point {
		dx, err := strconv.Atoi(x)
		if err != nil {
			t.Fatal(err)
		}
		dy, err := strconv.Atoi(y)
		if err != nil {
			t.Fatal(err)
		}
		at = geo.Point{X: at.X + int32(dx), Y: at.Y + int32(dy)}
		return at
	}
	for {
		row, err := rows.Read()
		if err == io.EOF {
			return in
		}
		if err != nil {
			t.Fatal(err)
		}
		switch row[0] {
		case "line":
			l := divide.Line{Class: divide.Street}
			for i := 7; i+1 < len(row); i += 2 {
				l.Points = append(l.Points, move(row[i], row[i+1]))
			}
			in.Lines = append(in.Lines, l)
		case "address":
			in.Addresses = append(in.Addresses, divide.Address{At: move(row[4], row[5]), Households: 1})
		default:
			move(row[3], row[4])
		}
	}
}

// taipei is Taipei: 456 villages by their 11,490 unit areas, each in the village around its inside, and 246,308 doors.
func taipei(t testing.TB) divide.Input {
	t.Helper()
	in := divide.Input{Limits: divide.Limits{{Target: 300, Min: 200, Max: 500}}}
	world := sampletest.World(t, "villages", "units", "addresses")
	villages, _ := world.Layer("villages")
	units, _ := world.Layer("units")
	doors, _ := world.Layer("addresses")
	for slot := range units.Slots() {
		b := divide.Block{ID: units.ID(slot), Shape: units.Shape(slot)}
		inside := geo.LabelPoint(b.Shape)
		for v := range villages.Slots() {
			if villages.Shape(v).Contains(inside) {
				b.Community = villages.ID(v)
				break
			}
		}
		in.Blocks = append(in.Blocks, b)
	}
	for slot := range doors.Slots() {
		in.Addresses = append(in.Addresses, divide.Address{At: doors.Shape(slot).Vertices()[0], Households: 1})
	}
	return in
}

// TestCambridge divides Cambridge by its streets.
func TestCambridge(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing runs beside it")
	}
	t.Parallel()
	in := cambridge(t)
	g := prepare(t, in)
	t.Logf("%d blocks, %d atoms, %d pieces beyond, %d addresses outside, %d slivers", g.NumBlocks(), g.NumAtoms(), g.Beyond, g.Outside, g.Slivers)
	in.Communities = nil // what was mended is not what was given
	in.Addresses = within(g, in.Addresses)
	for _, a := range draw(t, g, divide.Options{}) {
		judge(t, g, &in, &a)
		m := a.Metrics
		t.Logf("%s: %+v", a.Name, m)
		if m.Feasible < 0.99 || m.Share < 0.9 || m.CompactMean < 0.45 || m.OnRoads < 0.99 {
			t.Errorf("%s: %+v", a.Name, m)
		}
	}
}

// within leaves out addresses beyond all communities.
func within(g *divide.Ground, all []divide.Address) []divide.Address {
	var out []divide.Address
	outlines := g.Outlines()
	for _, a := range all {
		for _, s := range outlines {
			if s.Box().Contains(a.At) && s.Contains(a.At) {
				out = append(out, a)
			}
		}
	}
	return out
}

// TestTaipei divides the villages of Taipei by their unit areas.
func TestTaipei(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a whole city takes its time")
	}
	in := taipei(t)
	g := prepare(t, in)
	all, err := g.Divide(context.Background(), divide.Options{Alternatives: 3})
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		m := all[i].Metrics
		t.Logf("%s: %+v", all[i].Name, m)
		if m.Feasible < 0.99 || m.CompactMean < 0.5 {
			t.Errorf("%s: %+v", all[i].Name, m)
		}
	}
	for i := range all {
		cells(t, g, &all[i])
	}
}
