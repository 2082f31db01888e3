package bounds_test

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/bounds"
	"github.com/gewu-city/gewu/grid/cells"
	"github.com/gewu-city/gewu/grid/divide"
	"github.com/gewu-city/gewu/index/indextest"
)

// streets are lines by name.
type streets map[string][][]geo.Point

func (s streets) Lines(name string) [][]geo.Point { return s[name] }
func (s streets) Similar(string) []string         { return nil }

// cambridge is the streets of Cambridge by the numbers of their names, and its doors.
func cambridge(t *testing.T) (all streets, doors []geo.Point) {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "geocode", "lines", "testdata", "cambridge.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all = streets{}
	rows := csv.NewReader(z)
	rows.FieldsPerRecord = -1
	at := geo.Point{}
	move := func(x, y string) geo.Point {
		dx, _ := strconv.Atoi(x)
		dy, _ := strconv.Atoi(y)
		at = geo.Point{X: at.X + int32(dx), Y: at.Y + int32(dy)}
		return at
	}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return all, doors
		}
		if err != nil {
			t.Fatal(err)
		}
		switch row[0] {
		case "line":
			var l []geo.Point
			for i := 7; i+1 < len(row); i += 2 {
				l = append(l, move(row[i], row[i+1]))
			}
			name := row[1] + " Street"
			all[name] = append(all[name], l)
		case "address":
			doors = append(doors, move(row[4], row[5]))
		default:
			move(row[3], row[4])
		}
	}
}

// TestTextsOfCambridge divides Cambridge by its streets, says what lies on the four sides of each cell, and draws the cell from
// what is said: of those that lie within streets on all sides nine of ten come back, with four fifths of their ground or more
// in common.
func TestTextsOfCambridge(t *testing.T) {
	t.Parallel()
	all, doors := cambridge(t)
	box := geo.EmptyBox()
	in := divide.Input{Limits: divide.Limits{{Target: 120, Min: 80, Max: 200}}}
	for _, lines := range all {
		for _, l := range lines {
			in.Lines = append(in.Lines, divide.Line{Class: divide.Street, Points: l})
			for _, p := range l {
				box = box.Extend(p)
			}
		}
	}
	for _, d := range doors {
		in.Addresses = append(in.Addresses, divide.Address{At: d, Households: 1})
	}
	in.Communities = []divide.Community{{Code: "c", Shape: indextest.Rect(box.Min.X-10, box.Min.Y-10, box.Max.X+10, box.Max.Y+10)}}
	drawn, err := divide.Divide(context.Background(), in, divide.Options{Alternatives: 1})
	if err != nil {
		t.Fatal(err)
	}
	log := indextest.NewLog()
	log.Append(indextest.Define(&data.Layer{
		Name: "roads", Geometry: data.GeometryLine, Attributes: []data.Attribute{{Name: "name", Type: data.Text}},
		Roles: data.Roles{Road: &data.RoadRole{Name: "name"}},
	}), indextest.Define(&data.Layer{Name: "cells", Geometry: data.GeometryPolygon, Attributes: []data.Attribute{}}), indextest.Divide("unit", "cells"))
	n := 0
	for name, lines := range all {
		for _, l := range lines {
			n++
			s, err := geo.NewShape(geo.KindLine, l, []uint32{uint32(len(l))}, nil)
			if err != nil {
				t.Fatal(err)
			}
			log.Append(indextest.Put("roads", strconv.Itoa(n), s, data.TextValue(data.Text, name)))
		}
	}
	for _, c := range drawn[0].Cells {
		log.Append(indextest.Put("cells", c.Code, c.Shape))
	}
	world := indextest.Start(t, log).World()
	book, locator := cells.NewBook(), grid.NewLocator()
	plan := locator.Plan(world)
	scheme, _ := plan.Scheme("unit")
	layer, _ := world.Layer("cells")
	var said, good, first, several, failed int
	for slot := range layer.Slots() {
		card := book.CardOf(world, locator, scheme, slot, 0)
		onRoads := true
		for _, side := range [][]cells.Bound{card.Sides.East, card.Sides.South, card.Sides.West, card.Sides.North} {
			share := 0.0
			for _, b := range side {
				if b.Kind == "road" {
					share += b.Share
				}
			}
			onRoads = onRoads && share > 0.95
		}
		if !onRoads {
			continue
		}
		said++
		zh, err := bounds.Parse(card.Sides.Text.Chinese)
		en, err2 := bounds.Parse(card.Sides.Text.English)
		if err != nil || err2 != nil || fmt.Sprint(zh) != fmt.Sprint(en) {
			t.Fatalf("%s, %s: %v, %v", card.Sides.Text.Chinese, card.Sides.Text.English, err, err2)
		}
		found, err := bounds.Draw(zh, all)
		if err != nil {
			failed++
			t.Logf("%s %s: %v", card.Code, card.Sides.Text.English, err)
			continue
		}
		if len(found) > 1 {
			several++
		}
		best := 0.0
		for i, g := range found {
			common := geo.OverlapArea(g.Shape, layer.Shape(slot))
			same := common / (g.Shape.Area() + card.AreaM2 - common)
			if i == 0 && same > 0.8 {
				first++
			}
			best = max(best, same)
		}
		if best > 0.8 {
			good++
		} else {
			t.Logf("%s %s: %.2f of %d", card.Code, card.Sides.Text.English, best, len(found))
		}
	}
	t.Logf("%d cells, %d of them within streets: %d are drawn again, %d first, %d with others beside them, %d not at all", layer.Len(), said, good, first, several, failed)
	if said < 50 || float64(first) < 0.9*float64(said) || float64(failed) > 0.06*float64(said) {
		t.Error("too few cells are what their texts say")
	}
}
