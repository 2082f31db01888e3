package place_test

import (
	"math"
	"testing"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/server/casework/place"
)

// TestOutside says of places in no area which one is nearest, and how far away.
func TestOutside(t *testing.T) {
	g, log, e := ground(t)
	// A ward in the west of the first street shares its western side.
	indextest.At(t, e, log.Append(
		indextest.Define(&data.Layer{Name: "wards", Geometry: data.GeometryPolygon, Roles: data.Roles{Area: &data.AreaRole{Level: "ward"}}}),
		indextest.Put("wards", "W1", rect(116, 39, 116.05, 39.1)),
	))
	const degree = 111_320 // metres, on the equator
	for _, tc := range []struct {
		what     string
		lon, lat float64
		inside   bool
		near     string
		metres   float64
	}{
		{what: "in a street and a cell", lon: 116.05, lat: 39.05, inside: true},
		{what: "in a street without cells", lon: 116.15, lat: 39.05, inside: true},
		{what: "on the outline", lon: 116.2, lat: 39.05, inside: true},
		{what: "a few metres in the west, where the ward ends too", lon: 115.9998, lat: 39.05, near: "ward/W1", metres: 0.0002 * degree * math.Cos(39.05*math.Pi/180)},
		{what: "north of the second street", lon: 116.15, lat: 39.11, near: "street/S2 西街", metres: 0.01 * 111_000},
		{what: "far away", lon: 1, lat: 2},
	} {
		p, err := g.Look(&cases.Matter{Point: cases.Position{Lon: tc.lon, Lat: tc.lat}, At: now})
		if err != nil {
			t.Fatal(err)
		}
		if p.Outside == nil != tc.inside {
			t.Errorf("%s: %+v", tc.what, p.Outside)
			continue
		}
		near := ""
		if !tc.inside && p.Outside.Near != nil {
			if near = p.Outside.Near.Level + "/" + p.Outside.Near.Code; p.Outside.Near.Name != "" {
				near += " " + p.Outside.Near.Name
			}
			if math.Abs(p.Outside.Metres-tc.metres) > 0.01*tc.metres {
				t.Errorf("%s: %g m, want %g", tc.what, p.Outside.Metres, tc.metres)
			}
		}
		if near != tc.near {
			t.Errorf("%s: %q is near, want %q", tc.what, near, tc.near)
		}
	}
}

// TestNowhereIsOutside has cities without areas and cells, where every place will do, and one that has cells alone.
func TestNowhereIsOutside(t *testing.T) {
	log := indextest.NewLog()
	e := indextest.Start(t, log)
	g := &place.Ground{World: e.World, Locator: grid.NewLocator()}
	look := func() *cases.Outside {
		t.Helper()
		p, err := g.Look(&cases.Matter{Point: cases.Position{Lon: 1, Lat: 2}, At: now})
		if err != nil {
			t.Fatal(err)
		}
		return p.Outside
	}
	if out := look(); out != nil {
		t.Errorf("an empty city: %+v", out)
	}
	indextest.At(t, e, log.Append(
		indextest.Define(&data.Layer{Name: "streets", Geometry: data.GeometryPolygon, Roles: data.Roles{Area: &data.AreaRole{Level: "street"}}}),
		indextest.Define(&data.Layer{Name: "units", Geometry: data.GeometryPolygon, Roles: data.Roles{Cell: &data.CellRole{Scheme: "unit"}}}),
		indextest.Divide("unit", "units", "street"),
	))
	if out := look(); out != nil {
		t.Errorf("a city whose areas are not there yet: %+v", out)
	}
	indextest.At(t, e, log.Append(indextest.Put("units", "U1", rect(1.5, 2, 2, 3))))
	if out := look(); out == nil || out.Near != nil {
		t.Errorf("a city of cells: %+v", out)
	}
	indextest.At(t, e, log.Append(indextest.Put("units", "U2", rect(0.5, 1.5, 1.5, 2.5))))
	if out := look(); out != nil {
		t.Errorf("in a cell: %+v", out)
	}
}
