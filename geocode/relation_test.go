package geocode_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode"
)

// stated is what a text says of the small city: the first answer with its relation, how far it is from where that is and
// how far off it says that it may be at least and at most, the bounds of its score, and its faults.
type stated struct {
	text, want          string
	east, north, metres float64
	radius              [2]float64
	score               [2]int
	faults              string
}

func check(t *testing.T, g *geocode.Geocoder, test *stated) {
	t.Helper()
	places, _ := g.Search(geocode.Question{Text: test.text})
	if len(places) == 0 {
		if test.want != "" {
			t.Errorf("%s: nothing, want %s", test.text, test.want)
		}
		return
	}
	p := &places[0]
	label := p.Label
	if p.Kind == geocode.Area && p.Relation == geocode.Between {
		label = ""
	}
	got := strings.Join(strings.Fields(fmt.Sprint(p.Kind, " ", p.Relation, " ", label)), " ")
	off := geo.Distance(p.At, at(t, test.east, test.north))
	if got != test.want || off > test.metres || p.Radius < test.radius[0] || p.Radius > test.radius[1] || p.Score < test.score[0] || p.Score > test.score[1] || faults(p) != test.faults {
		t.Errorf("%s: %d %s (%s), ±%.0f m, %.0f m off; want %+v", test.text, p.Score, got, faults(p), p.Radius, off, *test)
	}
	if p.Score >= 90 && p.Radius > 60 {
		t.Errorf("%s: %d points and ±%.0f m", test.text, p.Score, p.Radius)
	}
}

const (
	door12  = "house offset 西关区光明路12号"
	offset  = "relation approximate"
	crossed = "crossing offset 光明路 / 陕西南路"
)

// TestLegs adds up ways that follow each other, in their order.
func TestLegs(t *testing.T) {
	g := geocode.New()
	small(t, g)
	for _, test := range []stated{
		{"光明路12号往北50米再往东30米", door12, 338, 290, 2, [2]float64{16, 20}, [2]int{90, 96}, offset},
		{"光明路12号向东100公尺再往南20公尺", door12, 408, 220, 2, [2]float64{22, 26}, [2]int{90, 95}, offset},
		{"光明路12号往北50米往东30米往南10米", door12, 338, 280, 2, [2]float64{17, 22}, [2]int{85, 94}, offset},
		{"光明路12号往北50米，然后右转30米", door12, 338, 290, 2, [2]float64{16, 20}, [2]int{90, 96}, offset},
		{"光明路12号往北50米左转30米再走20米", door12, 258, 290, 2, [2]float64{18, 22}, [2]int{85, 94}, offset},
		{"光明路与陕西南路口往南100米再向西20米", crossed, 280, 600, 2, [2]float64{25, 32}, [2]int{85, 95}, offset},
		{"50 m north and 20 m east of Main St & Oak St", "crossing offset Main St / Oak Street", 720, 350, 2, [2]float64{18, 24}, [2]int{90, 96}, offset},
		{"光明路12号往北50米西侧", door12, 296, 290, 2, [2]float64{20, 30}, [2]int{85, 96}, offset},
	} {
		check(t, g, &test)
	}
}

// TestDistances reads distances of which the text says only about how far, with a radius as wide as what it says; what it
// does not say is a fault.
func TestDistances(t *testing.T) {
	g := geocode.New()
	small(t, g)
	exact := [2]int{93, 98}
	for _, test := range []stated{
		{"光明路12号往北一百五十公尺", door12, 308, 390, 2, [2]float64{25, 30}, exact, offset},
		{"光明路12号往北约100多公尺", door12, 308, 390, 2, [2]float64{50, 90}, [2]int{80, 89}, offset},
		{"光明路12号往北一百多米", door12, 308, 390, 2, [2]float64{50, 90}, [2]int{80, 89}, offset},
		{"光明路12号往北50-100公尺", door12, 308, 315, 2, [2]float64{30, 45}, exact, offset},
		{"光明路12号往北50到100米", door12, 308, 315, 2, [2]float64{30, 45}, exact, offset},
		{"光明路12号往北百来米", door12, 308, 345, 5, [2]float64{35, 50}, exact, offset},
		{"光明路12号往北半公里", door12, 308, 740, 2, [2]float64{75, 90}, [2]int{80, 89}, offset},
		{"光明路12号往北两三百米", door12, 308, 490, 2, [2]float64{85, 100}, [2]int{80, 89}, offset},
		{"光明路12号往北三四米", door12, 308, 243.5, 2, [2]float64{5, 8}, exact, offset},
		{"光明路12号往北几十米", door12, 308, 300, 2, [2]float64{40, 50}, exact, offset},
		{"光明路12号往北十几米", door12, 308, 255, 2, [2]float64{8, 15}, exact, offset},
		{"光明路12号往北近百米", door12, 308, 330, 2, [2]float64{20, 35}, exact, offset},
		{"光明路12号往北200英尺", door12, 308, 301, 2, [2]float64{10, 20}, exact, offset},
		{"200 feet north of Main St & Oak St", "crossing offset Main St / Oak Street", 700, 361, 2, [2]float64{15, 25}, exact, offset},
		{"half a kilometer north of Main St & Oak St", "crossing offset Main St / Oak Street", 700, 800, 2, [2]float64{70, 100}, [2]int{80, 89}, offset},
		{"光明路12号往陕西南路方向50米", door12, 308, 290, 2, [2]float64{10, 15}, exact, offset},
		{"光明路12号往Main St方向20米", door12, 308, 260, 2, [2]float64{6, 15}, exact, offset},
		{"光明路40号朝Main St方向100米", "house offset 西关区光明路40号", 308, 700, 2, [2]float64{15, 25}, exact, offset},
		{"光明路与Main St路口往陕西南路方向100米", "crossing offset 光明路 / Main St", 300, 400, 2, [2]float64{20, 30}, exact, offset},
		{"光明路12号往北50米后右转20米", door12, 328, 290, 2, [2]float64{14, 20}, [2]int{90, 96}, offset},
		{"光明路12号左右两侧50米", "house 西关区光明路12号", 308, 240, 1, [2]float64{50, 60}, [2]int{80, 89}, "distance unknown, text unknown"},
		{"光明路12号方圆500米", "house 西关区光明路12号", 308, 240, 1, [2]float64{500, 510}, [2]int{55, 70}, "distance unknown, text unknown"},
		{"光明路12号500米内", "house offset 西关区光明路12号", 308, 240, 1, [2]float64{500, 510}, [2]int{55, 70}, offset},
		{"光明路12号有50米长的裂缝", "house 西关区光明路12号", 308, 240, 1, [2]float64{5, 5}, [2]int{90, 99}, "text unknown"},
		{"光明路12号往前50米", door12, 308, 240, 1, [2]float64{50, 60}, [2]int{80, 89}, offset},
		{"光明路12号往北", "house side 西关区光明路12号", 308, 252, 2, [2]float64{100, 140}, [2]int{70, 89}, offset + ", distance missing"},
		{"光明路12号往北走5分钟", "house side 西关区光明路12号", 308, 252, 2, [2]float64{100, 140}, [2]int{70, 89}, offset + ", distance unknown, text unknown"},
		{"光明路12号往陕西南路方向", door12, 308, 240, 2, [2]float64{100, 140}, [2]int{70, 89}, "distance missing, " + offset},
	} {
		check(t, g, &test)
	}
}

// TestOrders reads addresses from the small to the large, and those in no order at all.
func TestOrders(t *testing.T) {
	g := geocode.New()
	small(t, g)
	const door = "house 西关区光明路12号"
	plate := [2]float64{5, 5}
	for _, test := range []stated{
		{"12号，光明路，西关区", door, 308, 240, 1, plate, [2]int{100, 100}, ""},
		{"西关区，12号，光明路", door, 308, 240, 1, plate, [2]int{100, 100}, ""},
		{"12号 光明路", door, 308, 240, 1, plate, [2]int{100, 100}, ""},
		{"3楼，12号，光明路，老西关", door, 308, 240, 1, plate, [2]int{100, 100}, ""},
		{"12号，光明路，Eastside", door, 308, 240, 1, plate, [2]int{80, 89}, "district contradicts"},
		{"西关区，光明路，12号", door, 308, 240, 1, plate, [2]int{100, 100}, ""},
		{"7月12号，光明路", "road 光明路", 300, 500, 5, [2]float64{400, 600}, [2]int{50, 75}, "text unknown"},
		{"光明路一二", door, 308, 240, 1, plate, [2]int{100, 100}, ""},
		{"光明路十二往北50米", door12, 308, 290, 2, [2]float64{10, 15}, [2]int{95, 98}, offset},
		{"光明路12-16号", door, 308, 240, 1, [2]float64{80, 90}, [2]int{80, 89}, "number approximate"},
		{"光明路12甲号", door, 308, 240, 1, [2]float64{40, 50}, [2]int{80, 89}, "number not_found"},
	} {
		check(t, g, &test)
	}
}

// TestBetweenPlaces puts what lies between two places half-way, and reaches both.
func TestBetweenPlaces(t *testing.T) {
	g := geocode.New()
	small(t, g)
	span := [2]int{75, 89}
	for _, test := range []stated{
		{"人民公园和国贸之间", "area between", 490, 595, 2, [2]float64{110, 130}, span, "name aliased, " + offset},
		{"人民公园与国际贸易中心中间", "area between", 490, 595, 2, [2]float64{110, 130}, span, offset},
		{"between People's Park and 国贸", "area between", 490, 595, 2, [2]float64{110, 130}, span, "name aliased, name aliased, " + offset},
		{"光明路12号与人民公园之间", "area between", 404, 370, 2, [2]float64{175, 200}, span, offset},
		{"荣华小区与国贸之间", "area between", 340, 745, 2, [2]float64{145, 260}, span, "name aliased, " + offset},
		{"光明路12号和光明路40号之间", "road between 光明路", 300, 520, 2, [2]float64{280, 310}, span, offset},
		{"光明路12号到光明路40号", "road between 光明路", 300, 520, 2, [2]float64{280, 310}, span, offset},
		{"Oak Street between Main St and 陕西南路", "road between Oak Street", 700, 500, 2, [2]float64{200, 230}, span, offset},
		{"between Main St and 陕西南路 on Oak Street", "road between Oak Street", 700, 500, 2, [2]float64{200, 230}, span, offset},
		{"光明路(陕西南路-Main St)", "road between 光明路", 300, 500, 2, [2]float64{200, 230}, span, offset},
		{"Oak Street from Main St to 陕西南路", "road between Oak Street", 700, 500, 2, [2]float64{200, 230}, span, offset},
		{"光明路和Oak Street之间的陕西南路", "road between 陕西南路", 500, 700, 2, [2]float64{200, 230}, span, offset},
		{"陕西南路上光明路和Oak Street之间", "road between 陕西南路", 500, 700, 2, [2]float64{200, 230}, span, offset},
		{"光明路与Oak Street之间", "area between", 500, 500, 2, [2]float64{600, 800}, [2]int{60, 75}, offset},
		{"光明路陕西南路Oak Street", "crossing 光明路 / 陕西南路", 300, 700, 2, [2]float64{5, 15}, [2]int{60, 80}, "road unknown, text ambiguous"},
		{"光明路Main St陕西南路", "crossing 光明路 / Main St", 300, 300, 2, [2]float64{5, 15}, [2]int{60, 80}, "road unknown, text ambiguous"},
		{"光明路12K+500", "road 光明路", 300, 500, 5, [2]float64{400, 600}, [2]int{50, 74}, "mark not_found"},
		{"光明路K0+500", "road 光明路", 300, 500, 5, [2]float64{400, 600}, [2]int{50, 74}, "mark not_found"},
		{"国道K32+500", "", 0, 0, 0, [2]float64{}, [2]int{}, ""},
		{"第三", "", 0, 0, 0, [2]float64{}, [2]int{}, ""},
	} {
		check(t, g, &test)
	}
}
