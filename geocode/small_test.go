package geocode_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
)

// at is the point so many metres east and north of the south-west corner of the small city.
func at(t testing.TB, east, north float64) geo.Point {
	t.Helper()
	p, ok := geo.FromDegrees(116.4+east/85_400, 39.9+north/111_020)
	if !ok {
		t.Fatal(east, north)
	}
	return p
}

// small is a city of one square kilometre in which everything is known: two streets from west to east and two from south
// to north, 400 m apart, with doors every 20 m on some of them, two districts, landmarks with aliases, buildings and lamps.
//
//	         光明路 (x=300)   Oak Street (x=700)
//	y=700  ──┼────────────────┼──  陕西南路
//	y=300  ──┼────────────────┼──  Main St
func small(t testing.TB, follow ...index.Projection) *indextest.Log {
	t.Helper()
	text := func(s string) data.Value {
		if s == "" {
			return data.Value{}
		}
		return data.TextValue(data.Text, s)
	}
	attributes := func(names ...string) (all []data.Attribute) {
		for _, name := range names {
			all = append(all, data.Attribute{Name: name, Type: data.Text})
		}
		return all
	}
	square := func(x0, y0, x1, y1 float64) geo.Shape {
		a, b := at(t, x0, y0), at(t, x1, y1)
		return indextest.Rect(a.X, a.Y, b.X, b.Y)
	}
	line := func(points ...geo.Point) geo.Shape {
		shape, err := geo.NewShape(geo.KindLine, points, []uint32{uint32(len(points))}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return shape
	}
	log := indextest.NewLog()
	code := data.Attribute{Name: "code", Type: data.Code, Unique: true}
	log.Append(
		indextest.Define(&data.Layer{Name: "districts", Geometry: data.GeometryPolygon, Attributes: attributes("name", "alias"), Roles: data.Roles{Area: &data.AreaRole{Level: "district", Name: "name", Alias: "alias"}}}),
		indextest.Define(&data.Layer{
			Name: "streets", Geometry: data.GeometryLine, Attributes: attributes("name", "alias", "lf", "lt", "rf", "rt"),
			Roles: data.Roles{Road: &data.RoadRole{Name: "name", Alias: "alias", LeftFrom: "lf", LeftTo: "lt", RightFrom: "rf", RightTo: "rt"}},
		}),
		indextest.Define(&data.Layer{Name: "doors", Geometry: data.GeometryPoint, Attributes: attributes("full", "road", "number"), Roles: data.Roles{Address: &data.AddressRole{Label: "full", Road: "road", Number: "number"}}}),
		indextest.Define(&data.Layer{Name: "sights", Geometry: data.GeometryPoint, Attributes: attributes("name", "alias"), Roles: data.Roles{Landmark: &data.LandmarkRole{Name: "name", Alias: "alias"}}}),
		indextest.Define(&data.Layer{Name: "houses", Geometry: data.GeometryPolygon, Attributes: attributes("name"), Roles: data.Roles{Building: &data.BuildingRole{Name: "name"}}}),
		indextest.Define(&data.Layer{Name: "grids", Geometry: data.GeometryPolygon, Attributes: append(attributes("name"), code), Roles: data.Roles{Cell: &data.CellRole{Scheme: "unit", Name: "name", Code: "code"}}}),
		indextest.Define(&data.Layer{Name: "lamps", Geometry: data.GeometryPoint, Attributes: []data.Attribute{code}, Roles: data.Roles{Part: &data.PartRole{Code: "code"}}}),
	)
	changes := []data.Change{
		indextest.Put("districts", "west", square(0, 0, 500, 1000), text("西关区"), text("老西关")),
		indextest.Put("districts", "east", square(500, 0, 1000, 1000), text("Eastside")),
		indextest.Put("streets", "guangming", line(at(t, 300, 0), at(t, 300, 1000)), text("光明路"), text("新光路")),
		indextest.Put("streets", "oak", line(at(t, 700, 0), at(t, 700, 1000)), text("Oak Street"), data.Value{}, text("1"), text("99"), text("2"), text("100")),
		indextest.Put("streets", "shaanxi", line(at(t, 0, 700), at(t, 1000, 700)), text("陕西南路")),
		indextest.Put("streets", "main", line(at(t, 0, 300), at(t, 1000, 300)), text("Main St"), data.Value{}, text("1"), text("99"), text("2"), text("100")),
		indextest.Put("sights", "park", geo.PointShape(at(t, 500, 500)), text("人民公园"), text("大公园；People's Park")),
		indextest.Put("sights", "mall", geo.PointShape(at(t, 480, 690)), text("国际贸易中心"), text("国贸")),
		indextest.Put("houses", "rong5", square(200, 800, 220, 820), text("荣华小区5号楼")),
		indextest.Put("houses", "rong", square(150, 750, 250, 850), text("荣华小区")),
		indextest.Put("lamps", "L-000123", geo.PointShape(at(t, 310, 400)), data.TextValue(data.Code, "1101010301000123")),
	}
	// Every grid has a building 5号楼.
	for n := range 40 {
		x, y := float64(n%10)*50, 860+float64(n/10)*30
		changes = append(changes,
			indextest.Put("grids", fmt.Sprint(n+1), square(x, y, x+50, y+30), text(fmt.Sprint("西河沿社区", n+1, "号网格")), data.TextValue(data.Code, fmt.Sprint(110105012000+n))),
			indextest.Put("houses", fmt.Sprint("five", n), square(x+20, y+10, x+30, y+20), text("5号楼")))
	}
	for n := 1; n <= 49; n++ {
		x := 292.0
		if n%2 == 0 {
			x = 308
		}
		number := fmt.Sprint(n, "号")
		changes = append(changes, indextest.Put("doors", "g"+number, geo.PointShape(at(t, x, float64(20*n))), text("西关区光明路"+number), text("光明路"), text(number)))
	}
	for _, n := range []int{10, 12, 40} {
		changes = append(changes, indextest.Put("doors", fmt.Sprint("m", n), geo.PointShape(at(t, float64(10*n), 290)), text(fmt.Sprint(n, " Main St")), text("Main St"), text(fmt.Sprint(n))))
	}
	log.Append(changes...)
	e := index.NewEngine(log)
	for _, p := range follow {
		e.Follow(p)
	}
	if err := e.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return log
}

// TestSmall states where texts of each kind lie in a city in which that is known.
func TestSmall(t *testing.T) {
	g := geocode.New()
	small(t, g)
	for _, test := range []struct {
		text, want  string
		east, north float64
		metres      float64 // how far off the answer may be
		faults      string
	}{
		{"光明路12号", "house 西关区光明路12号", 308, 240, 1, ""},
		{"西关区光明路12号", "house 西关区光明路12号", 308, 240, 1, ""},
		{"老西关光明路12号", "house 西关区光明路12号", 308, 240, 1, ""},
		{"新光路12号", "house 西关区光明路12号", 308, 240, 1, "road aliased"},
		{"陕西省西安市光明路12号", "house 西关区光明路12号", 308, 240, 1, ""},
		{"光明路与陕西南路交叉口", "crossing 光明路 / 陕西南路", 300, 700, 1, ""},
		{"光明路陕西南路口东南角", "crossing corner 光明路 / 陕西南路", 310, 690, 5, "relation approximate"},
		{"陕西南路和光明路路口往南50米", "crossing offset 陕西南路 / 光明路", 300, 650, 5, "relation approximate"},
		{"陕西南路", "road 陕西南路", 500, 700, 5, ""},
		{"光明路12号对面", "house opposite 西关区光明路12号", 292, 240, 3, "relation approximate"},
		{"光明路12号以北200米", "house offset 西关区光明路12号", 308, 440, 5, "relation approximate"},
		{"距光明路12号东50米", "house offset 西关区光明路12号", 358, 240, 5, "relation approximate"},
		{"人民公园", "landmark 人民公园", 500, 500, 1, ""},
		{"大公园旁边", "landmark beside 人民公园", 500, 500, 1, "name aliased, relation approximate"},
		{"国贸门口", "landmark gate 国际贸易中心", 480, 690, 1, "name aliased"},
		{"国际贸意中心", "landmark 国际贸易中心", 480, 690, 1, "name sounds_alike"},
		{"荣华小区5号楼2单元501室", "building 荣华小区5号楼", 210, 810, 3, ""},
		{"荣华小区", "building 荣华小区", 200, 800, 60, ""},
		{"西河沿社区3号网格5号楼", "building 5号楼", 125, 875, 3, ""},
		{"西河沿社区38号网格5号楼", "building 5号楼", 375, 965, 3, ""},
		{"光明路12号院3门", "house 西关区光明路12号", 308, 240, 1, ""},
		{"10 Main St", "house 10 Main St", 100, 290, 1, ""},
		{"10 Main Street, Eastside", "house 10 Main St", 100, 290, 1, "district contradicts"},
		{"10 MAIN", "house 10 Main St", 100, 290, 1, "road shortened"},
		{"11 Main St", "house 10 Main St", 110, 308, 25, "number approximate"},
		{"26 Main St Apt 3", "house 26 Main St", 260, 290, 25, "number interpolated, text unknown"},
		{"50 Oak St", "house 50 Oak Street", 708, 500, 12, "number interpolated"},
		{"Main & Oak", "crossing Main St / Oak Street", 700, 300, 1, "road shortened, road shortened"},
		{"corner of Oak Street and Main Street", "crossing Oak Street / Main St", 700, 300, 1, ""},
		{"50 m north of Main St & Oak St", "crossing offset Main St / Oak Street", 700, 350, 5, "relation approximate"},
		{"opposite 10 Main St", "house opposite 10 Main St", 100, 310, 3, "relation approximate"},
		{"People's Park", "landmark 人民公园", 500, 500, 1, "name aliased"},
		{"1101010301000123", "part 1101010301000123", 310, 400, 1, ""},
		{"灯杆L-000123不亮", "part L-000123", 310, 400, 1, "text unknown"},
		{"网格110105012003有积水", "area 110105012003", 175, 875, 3, "text unknown"},
		{"光明路(陕西南路至Main St)", "road between 光明路", 300, 500, 5, "relation approximate"},
		{"光明路陕西南路与Main St之间", "road between 光明路", 300, 500, 5, "relation approximate"},
		{"东起Oak Street西至光明路南起Main St北至陕西南路", "area between", 500, 500, 5, "relation approximate"},
		{"支持国贸谈判", "", 0, 0, 0, ""},
		{"光明路9999号", "", 0, 0, 0, ""},
		{"西关区文化路3号", "", 0, 0, 0, ""},
	} {
		places, _ := g.Search(geocode.Question{Text: test.text})
		if len(places) == 0 {
			if test.want != "" {
				t.Errorf("%s: nothing, want %s", test.text, test.want)
			}
			continue
		}
		p := &places[0]
		label := p.Label
		if p.Kind == geocode.Area && p.Relation == geocode.Between {
			label = ""
		}
		got := strings.Join(strings.Fields(fmt.Sprint(p.Kind, " ", p.Relation, " ", label)), " ")
		if got != test.want || faults(p) != test.faults || geo.Distance(p.At, at(t, test.east, test.north)) > test.metres {
			t.Errorf("%s: %d %s (%s), %.0f m off; want %s (%s)", test.text, p.Score, got, faults(p), geo.Distance(p.At, at(t, test.east, test.north)), test.want, test.faults)
		}
	}
}

// TestEdits answers by what was changed a moment ago: an alias that an operator adds wins, a door that moves has moved,
// one that is taken away is found no more.
func TestEdits(t *testing.T) {
	g := geocode.New()
	log := small(t)
	e := index.NewEngine(log)
	e.Follow(g)
	ctx, cancel := context.WithCancel(t.Context())
	if err := e.Load(ctx, nil); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	first := func(text string) string {
		places, w := g.Search(geocode.Question{Text: text})
		if len(places) == 0 {
			return ""
		}
		if w.Seq() != log.Last() {
			t.Errorf("answered at seq %d of %d", w.Seq(), log.Last())
		}
		p := &places[0]
		mx, my := geo.Scale(p.At.Lat())
		origin := at(t, 0, 0)
		return fmt.Sprintf("%s %.0f %.0f", p.Label, float64(p.At.X-origin.X)*mx, float64(p.At.Y-origin.Y)*my)
	}
	text := func(s string) data.Value { return data.TextValue(data.Text, s) }
	door := func(x, y float64, number string) data.Change {
		return indextest.Put("doors", "new", geo.PointShape(at(t, x, y)), text("西关区环城西路"+number), text("环城西路"), text(number))
	}
	for _, step := range []struct {
		change     data.Change
		text, want string
	}{
		{door(10, 20, "77号"), "环城西路77号", "西关区环城西路77号 10 20"},
		{door(10, 50, "77号"), "环城西路77号", "西关区环城西路77号 10 50"},
		{door(10, 50, "79号"), "环城西路79号", "西关区环城西路79号 10 50"},
		{indextest.End("doors", "new"), "环城西路79号", ""},
		{indextest.Put("sights", "pin", geo.PointShape(at(t, 111, 222)), text("光明路12号"), data.Value{}), "光明路12号", "光明路12号 111 222"},
		{indextest.Put("sights", "park", geo.PointShape(at(t, 500, 500)), text("人民公园"), text("老动物园")), "老动物园", "人民公园 501 500"},
		{indextest.Put("sights", "park", geo.PointShape(at(t, 500, 500)), text("人民公园"), data.Value{}), "老动物园", ""},
	} {
		if _, err := e.Wait(ctx, log.Append(step.change)); err != nil {
			t.Fatal(err)
		}
		if got := first(step.text); got != step.want {
			t.Errorf("%s: %q, want %q", step.text, got, step.want)
		}
	}
}
