package geocode_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
)

// town is the small city with more in it: a national road with two kilometre plates, yards with buildings, two shops of one
// name of which one is at a crossing, a road of each district that is called the same, and numbered grids.
func town(t testing.TB, follow index.Projection) {
	t.Helper()
	text := func(s string) data.Value { return data.TextValue(data.Text, s) }
	log := small(t)
	line, err := geo.NewShape(geo.KindLine, []geo.Point{at(t, 0, 100), at(t, 1000, 100)}, []uint32{2}, nil)
	if err != nil {
		t.Fatal(err)
	}
	sight := func(id, name, alias string, x, y float64) data.Change {
		return indextest.Put("sights", id, geo.PointShape(at(t, x, y)), text(name), text(alias))
	}
	door := func(road, number string, x, y float64) data.Change {
		return indextest.Put("doors", road+number+fmt.Sprint(x), geo.PointShape(at(t, x, y)), text(road+number), text(road), text(number))
	}
	a, b := at(t, 600, 200), at(t, 640, 230)
	changes := []data.Change{
		indextest.Put("streets", "g107", line, text("G107国道")),
		sight("k5", "G107国道K5+000", "", 100, 100), sight("k55", "G107国道K5+500", "", 600, 100),
		sight("m1", "麦当劳光明路店", "麦当劳", 310, 690), sight("m2", "麦当劳东店", "麦当劳", 900, 900),
		door("光明路", "70号", 310, 600), door("纬五路", "3号", 800, 800), door("文明路", "8号", 100, 450), door("文明路", "8号", 900, 450),
		door("光明路", "68号", 500, 30), door("光明路", "68号院2号楼", 300, 640),
		indextest.Put("grids", "n7", indextest.Rect(a.X, a.Y, b.X, b.Y), text("7号网格"), data.TextValue(data.Code, "110105013007")),
	}
	for n := range 6 {
		changes = append(changes, door("光明路", fmt.Sprint("66号院", n+1, "号楼"), 310+float64(n%3)*50, 650+float64(n/3)*50))
	}
	log.Append(changes...)
	e := index.NewEngine(log)
	e.Follow(follow)
	if err := e.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

// TestTown states where yards, kilometre marks, stretches and shops at crossings are.
func TestTown(t *testing.T) {
	g := geocode.New()
	town(t, g)
	sure, unsure := [2]int{90, 100}, [2]int{60, 89}
	for _, test := range []stated{
		// A building of a yard, one that the city does not have, and none.
		{"光明路66号院5号楼2单元", "house 光明路66号院5号楼", 360, 700, 1, [2]float64{5, 5}, sure, ""},
		{"光明路66号院", "house 光明路66号院", 360, 675, 30, [2]float64{50, 120}, unsure, "building missing"},
		{"光明路66号院9号楼", "house 光明路66号院", 360, 675, 30, [2]float64{75, 120}, unsure, "building not_found"},
		{"光明路70号院3号楼", "house 光明路70号", 310, 600, 1, [2]float64{75, 90}, unsure, "building not_found"},
		{"光明路68号", "house 光明路68号", 500, 30, 1, [2]float64{5, 5}, sure, ""},
		{"光明路68号院", "house 光明路68号院2号楼", 300, 640, 1, [2]float64{5, 5}, sure, ""},
		// Marks between plates, on one, beyond the last, and too far beyond; other digits are no slip.
		{"G107国道K5+000", "landmark G107国道K5+000", 100, 100, 1, [2]float64{10, 10}, sure, ""},
		{"G107国道K5+200", "house G107国道K5+200", 300, 100, 3, [2]float64{25, 40}, sure, "mark interpolated"},
		{"G107国道5公里400米处有事故", "house G107国道5公里400米", 500, 100, 3, [2]float64{20, 40}, sure, "mark interpolated, text unknown"},
		{"107国道5.1公里处", "house G107国道5.1公里", 200, 100, 3, [2]float64{20, 40}, sure, "road misspelt, mark interpolated"},
		{"G107国道K5+700", "house G107国道K5+700", 800, 100, 3, [2]float64{25, 80}, unsure, "mark approximate"},
		{"G107国道K25+300", "road G107国道", 500, 100, 10, [2]float64{400, 600}, unsure, "mark not_found"},
		{"G108国道K5+000", "", 0, 0, 0, [2]float64{}, [2]int{}, ""},
		// Stretches and bounds in a sentence, and from crossing to crossing.
		{"光明路(陕西南路至Main St)路面坑洼", "road between 光明路", 300, 500, 5, [2]float64{200, 260}, unsure, "relation approximate, text unknown"},
		{"光明路从陕西南路到Main St积水", "road between 光明路", 300, 500, 5, [2]float64{200, 260}, unsure, "relation approximate, text unknown"},
		{"陕西南路到Main St之间的光明路", "road between 光明路", 300, 500, 5, [2]float64{200, 260}, unsure, "relation approximate"},
		{"光明路与陕西南路交叉口至Main St路口", "road between 光明路", 300, 500, 5, [2]float64{200, 260}, unsure, "relation approximate"},
		{"东起Oak Street西至光明路南起Main St北至陕西南路范围内停水", "area between", 500, 500, 5, [2]float64{250, 300}, unsure, "relation approximate, text unknown"},
		// A crossing and a shop there; a house that is not where the crossing is.
		{"光明路与陕西南路交叉口的麦当劳", "landmark 麦当劳光明路店", 310, 690, 1, [2]float64{10, 10}, sure, "name aliased"},
		{"光明路34号与陕西南路交叉口", "crossing 光明路 / 陕西南路", 300, 700, 1, [2]float64{10, 10}, sure, ""},
		{"光明路6号与陕西南路交叉口的麦当劳", "landmark 麦当劳光明路店", 310, 690, 1, [2]float64{10, 10}, sure, "name aliased"},
		{"光明路6号与陕西南路交叉口", "crossing 光明路 / 陕西南路", 300, 700, 1, [2]float64{10, 10}, unsure, "number contradicts"},
		// So far from a gate, nobody knows which way.
		{"距离人民公园北门大概三百米的地方", "landmark offset 人民公园", 500, 500, 1, [2]float64{300, 340}, [2]int{50, 75}, "relation approximate, text unknown"},
		// A numeral in the name of a road as a digit.
		{"纬5路3号", "house 纬五路3号", 800, 800, 1, [2]float64{5, 5}, sure, ""},
		// What ends like a district and is none explains nothing.
		{"光明路12号对面的小区", "house opposite 西关区光明路12号", 292, 240, 1, [2]float64{35, 35}, sure, "relation approximate, text unknown"},
		// Grids by their numbers, and what the city does not have in them.
		{"第七网格", "area 7号网格", 620, 215, 5, [2]float64{20, 40}, unsure, ""},
		{"网格07", "", 0, 0, 0, [2]float64{}, [2]int{}, ""},
		{"7号网格31号楼", "area 7号网格", 620, 215, 5, [2]float64{20, 40}, unsure, "number not_found"},
		{"7号网格5号楼", "area 7号网格", 620, 215, 5, [2]float64{20, 40}, unsure, "number not_found"},
	} {
		check(t, g, &test)
	}
}

// TestExtractDoubts takes points off a place of a report whose words mean another one as well.
func TestExtractDoubts(t *testing.T) {
	g := geocode.New()
	town(t, g)
	r, _ := g.Extract("市民反映文明路8号门前垃圾成堆，请转东城街道处理", time.Time{})
	if len(r.Places) != 1 || r.Reported != 0 || r.Places[0].Score >= 90 || faults(&r.Places[0]) != "text unknown, text ambiguous" {
		t.Errorf("%+v", r)
	}
}

// TestPinDates answers with a correction of an address only as long as it is in force.
func TestPinDates(t *testing.T) {
	g := geocode.New()
	log := small(t)
	date := func(day int) data.Value { return data.DateValue(time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC)) }
	log.Append(
		indextest.Define(&data.Layer{
			Name: "pins", Geometry: data.GeometryPoint, Attributes: []data.Attribute{{Name: "name", Type: data.Text}, {Name: "from", Type: data.Date}, {Name: "to", Type: data.Date}},
			Roles: data.Roles{Landmark: &data.LandmarkRole{Name: "name", From: "from", Until: "to"}},
		}),
		indextest.Put("pins", "p", geo.PointShape(at(t, 111, 222)), data.TextValue(data.Text, "光明路12号"), date(10), date(20)),
	)
	e := index.NewEngine(log)
	e.Follow(g)
	if err := e.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for day, want := range map[int]string{9: "doors", 10: "pins", 20: "pins", 21: "doors"} {
		// In the zone of the city it is the day, in that of the server the one before.
		when := time.Date(2026, 3, day, 1, 0, 0, 0, time.FixedZone("", 8*3600))
		if places, _ := g.Search(geocode.Question{Text: "光明路12号", When: when}); len(places) == 0 || places[0].Layer != want {
			t.Errorf("on day %d: %+v, want one of %s", day, places, want)
		}
	}
}
