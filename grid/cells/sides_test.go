package cells_test

import (
	"fmt"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/cells"
	"github.com/gewu-city/gewu/index/indextest"
)

// TestFourSides has a street in the west, a lake in the south that is not the park around everything, a building's wall along
// part of the north, and another village in the east.
func TestFourSides(t *testing.T) {
	t.Parallel()
	const metre = 90 // units, about
	text := []data.Attribute{{Name: "name", Type: data.Text}}
	named := func(name string) data.Value { return data.TextValue(data.Text, name) }
	rect := func(x0, y0, x1, y1 int32) geo.Shape {
		return indextest.Rect(x0*metre, y0*metre, x1*metre, y1*metre)
	}
	street, err := geo.NewShape(geo.KindLine, []geo.Point{{X: -5 * metre, Y: -900}, {X: -5 * metre, Y: 300 * metre}}, []uint32{2}, nil)
	if err != nil {
		t.Fatal(err)
	}
	log := indextest.NewLog()
	log.Append(
		indextest.Define(&data.Layer{Name: "villages", Geometry: data.GeometryPolygon, Attributes: text, Roles: data.Roles{Area: &data.AreaRole{Level: "village", Name: "name"}}}),
		indextest.Define(&data.Layer{Name: "cells", Geometry: data.GeometryPolygon, Attributes: []data.Attribute{}}),
		indextest.Define(&data.Layer{Name: "streets", Geometry: data.GeometryLine, Attributes: text, Roles: data.Roles{Road: &data.RoadRole{Name: "name"}}}),
		indextest.Define(&data.Layer{Name: "lakes", Geometry: data.GeometryPolygon, Attributes: text, Roles: data.Roles{Landmark: &data.LandmarkRole{Name: "name"}}}),
		indextest.Define(&data.Layer{Name: "houses", Geometry: data.GeometryPolygon, Attributes: text, Roles: data.Roles{Building: &data.BuildingRole{Name: "name"}}}),
		indextest.Divide("unit", "cells", "village"),
		indextest.Put("villages", "v1", rect(0, 0, 200, 400), named("甲村")),
		indextest.Put("villages", "v2", rect(200, 0, 400, 400), named("乙村")),
		indextest.Put("cells", "c1", rect(0, 0, 200, 200)),
		indextest.Put("cells", "c2", rect(0, 200, 200, 400)),
		indextest.Put("cells", "c3", rect(200, 0, 400, 400)),
		indextest.Put("streets", "s", street, named("西街")),
		indextest.Put("lakes", "l", rect(60, -100, 180, -10), named("南湖")),
		indextest.Put("lakes", "p", rect(-500, -500, 900, 900), named("大公园")),
		indextest.Put("houses", "h", rect(40, 205, 120, 230), named("北楼")),
	)
	world := indextest.Start(t, log).World()
	locator := grid.NewLocator()
	scheme, _ := locator.Plan(world).Scheme("unit")
	layer, _ := world.Layer("cells")
	slot, _ := layer.Lookup("c1")
	sides := cells.NewBook().CardOf(world, locator, scheme, slot, 0).Sides
	kinds := func(list []cells.Bound) (out string) {
		for _, b := range list {
			out += fmt.Sprintf("%s %s;", b.Kind, b.Name)
		}
		return out
	}
	for want, got := range map[string][]cells.Bound{
		"area 乙村;": sides.East, "landmark 南湖;": sides.South, "road 西街;": sides.West, "building 北楼;cell c2;": sides.North,
	} {
		if kinds(got) != want {
			t.Errorf("%v instead of %s", got, want)
		}
	}
	if sides.Text.Chinese != "东起乙村，西至西街，北起北楼、c2，南至南湖" || sides.Text.English != "east: 乙村; south: 南湖; west: 西街; north: 北楼, c2" {
		t.Errorf("%+v", sides.Text)
	}
}
