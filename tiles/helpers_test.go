package tiles_test

import (
	"context"
	"testing"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/tiletest"
)

// cold is a Maker that keeps nothing.
func cold() *tiles.Maker { return tiles.NewMaker(tiles.Options{CacheBytes: -1}) }

func resolve(tb testing.TB, w *index.World, name string) tiles.Tileset {
	tb.Helper()
	set, err := tiles.Resolve(w, name)
	if err != nil {
		tb.Fatalf("resolve %s: %v", name, err)
	}
	return set
}

func draw(tb testing.TB, m *tiles.Maker, w *index.World, set string, z, x, y uint32) tiles.Tile {
	tb.Helper()
	tile, err := m.Tile(context.Background(), w, resolve(tb, w, set), z, x, y, nil)
	if err != nil {
		tb.Fatalf("tile %d/%d/%d: %v", z, x, y, err)
	}
	return tile
}

func decode(tb testing.TB, tile tiles.Tile) tiletest.Tile {
	tb.Helper()
	b, err := tile.Bytes()
	if err != nil {
		tb.Fatal(err)
	}
	decoded, err := tiletest.Decode(b)
	if err != nil {
		tb.Fatalf("decode: %v", err)
	}
	return decoded
}

func shape(tb testing.TB, g orb.Geometry) geo.Shape {
	tb.Helper()
	s, err := geo.FromOrb(g)
	if err != nil {
		tb.Fatalf("shape: %v", err)
	}
	return s
}

func text(s string) data.Value { return data.TextValue(data.Text, s) }

// cells is a polygon layer with a code and a name, points a layer with all types of attribute.
func cells() *data.Layer {
	return &data.Layer{
		Name: "cells", Geometry: data.GeometryPolygon, Title: data.Title{"zh": "单元网格", "en": "Cells"},
		Roles:       data.Roles{Cell: &data.CellRole{Scheme: "unit", Code: "code", Name: "name"}},
		Attributes:  []data.Attribute{{Name: "code", Type: data.Code}, {Name: "name", Type: data.Text}},
		Attribution: "© the city",
	}
}

func points() *data.Layer {
	return &data.Layer{
		Name: "points", Geometry: data.GeometryPoint,
		Attributes: []data.Attribute{
			{Name: "kind", Type: data.Text},
			{Name: "count", Type: data.Int},
			{Name: "height", Type: data.Number},
			{Name: "lit", Type: data.Bool},
			{Name: "day", Type: data.Date},
			{Name: "seen", Type: data.Time},
		},
	}
}

// tileOf is the address of the tile at zoom z that holds a point.
func tileOf(p geo.Point, z uint32) (x, y uint32) {
	mx, my := p.Mercator()
	n := float64(uint32(1) << z)
	return uint32(min(mx*n, n-1)), uint32(min(my*n, n-1))
}
