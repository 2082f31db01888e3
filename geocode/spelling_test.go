package geocode_test

import (
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
)

// TestSpelling looks at faults in a city that writes traditional characters: what was written is shown as it was, and what
// it was taken for as the city has it.
func TestSpelling(t *testing.T) {
	attributes := func(names ...string) (all []data.Attribute) {
		for _, name := range names {
			all = append(all, data.Attribute{Name: name, Type: data.Text})
		}
		return all
	}
	text := func(s string) data.Value { return data.TextValue(data.Text, s) }
	line, err := geo.NewShape(geo.KindLine, []geo.Point{at(t, 0, 300), at(t, 1000, 300)}, []uint32{2}, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, b := at(t, 0, 0), at(t, 1000, 1000)
	log := indextest.NewLog()
	log.Append(
		indextest.Define(&data.Layer{Name: "districts", Geometry: data.GeometryPolygon, Attributes: attributes("name"), Roles: data.Roles{Area: &data.AreaRole{Level: "district", Name: "name"}}}),
		indextest.Define(&data.Layer{Name: "streets", Geometry: data.GeometryLine, Attributes: attributes("name", "alias"), Roles: data.Roles{Road: &data.RoadRole{Name: "name", Alias: "alias"}}}),
		indextest.Define(&data.Layer{Name: "doors", Geometry: data.GeometryPoint, Attributes: attributes("full", "road", "number"), Roles: data.Roles{Address: &data.AddressRole{Label: "full", Road: "road", Number: "number"}}}),
		indextest.Define(&data.Layer{Name: "sights", Geometry: data.GeometryPoint, Attributes: attributes("name", "alias"), Roles: data.Roles{Landmark: &data.LandmarkRole{Name: "name", Alias: "alias"}}}),
	)
	log.Append(
		indextest.Put("districts", "d", indextest.Rect(a.X, a.Y, b.X, b.Y), text("萬華區")),
		indextest.Put("streets", "s", line, text("寶慶東路"), text("舊營路")),
		indextest.Put("doors", "1", geo.PointShape(at(t, 100, 600)), text("萬華區廣東街1號"), text("廣東街"), text("1號")),
		indextest.Put("doors", "2", geo.PointShape(at(t, 140, 600)), text("萬華區廣東街5號"), text("廣東街"), text("5號")),
		indextest.Put("sights", "m", geo.PointShape(at(t, 500, 500)), text("龍山車站東門"), text("舊車驛")),
	)
	g := geocode.New()
	e := index.NewEngine(log)
	e.Follow(g)
	if err := e.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		text, label string
		want        geocode.Fault
	}{
		{"寶慶冬路", "寶慶東路", geocode.Fault{Element: "road", Kind: geocode.SoundsAlike, Text: "寶慶冬路", Meant: "寶慶東路", Points: 2}},
		{"舊營路", "寶慶東路", geocode.Fault{Element: "road", Kind: geocode.Aliased, Text: "舊營路", Meant: "寶慶東路", Points: 1}},
		{"廣棟街1號", "萬華區廣東街1號", geocode.Fault{Element: "road", Kind: geocode.SoundsAlike, Text: "廣棟街", Meant: "廣東街", Points: 2}},
		{"龍山車站冬門", "龍山車站東門", geocode.Fault{Element: "name", Kind: geocode.SoundsAlike, Text: "龍山車站冬門", Meant: "龍山車站東門", Points: 2}},
		{"舊車驛", "龍山車站東門", geocode.Fault{Element: "name", Kind: geocode.Aliased, Text: "舊車驛", Meant: "龍山車站東門", Points: 1}},
	} {
		places, _ := g.Search(geocode.Question{Text: tc.text})
		if len(places) == 0 || places[0].Label != tc.label {
			t.Errorf("%s: %+v", tc.text, places)
			continue
		}
		found := false
		for _, fault := range places[0].Faults {
			found = found || fault == tc.want
		}
		if !found {
			t.Errorf("%s: %+v, want %+v", tc.text, places[0].Faults, tc.want)
		}
	}
}
