package geocode_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/geocode/eval"
	"github.com/gewu-city/gewu/geocode/noise"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
)

// TestMessy states the first answers to texts in which characters are wrong, swapped or spread, or that speak of another city.
func TestMessy(t *testing.T) {
	g, _ := city(t)
	west, _ := geo.FromDegrees(121.50, 25.03)
	const door106 = "house 臺北市大安區龍淵里5鄰和平東路二段106號"
	const door19 = "house 臺北市大安區龍淵里25鄰和平東路二段76巷19號"
	for _, test := range []struct {
		text, want, faults string
		least, most        int
		focus              *geo.Point
	}{
		{"和平冬路二段106號", door106, "road sounds_alike", 95, 99, &west},
		{"和平冬路二段106號", door106, "road sounds_alike", 95, 99, nil},
		{"和平車路二段106號", "house 臺北市中正區廈安里7鄰和平西路二段106號", "road misspelt, text ambiguous", 75, 89, &west},
		{"大安去和平東路二段106號", door106, "district misspelt", 95, 98, nil},
		{"大按區和平東路二段106號", door106, "district misspelt", 95, 98, nil},
		{"大安區龍淵理和平東路二段106號", door106, "village misspelt", 95, 98, nil},
		{"高雄市前鎮區和平東路二段106號", door106, "district contradicts, city contradicts", 50, 60, nil},
		{"板橋區和平東路二段106號", door106, "district contradicts", 80, 89, nil},
		{"上海市黃浦區和平東路二段106號", door106, "district contradicts, city contradicts", 50, 60, nil},
		{"台灣省台北市大安區和平東路二段106號", door106, "", 100, 100, nil},
		{"新北市板橋區文化路一段1號", "", "", 0, 0, nil},
		{"和平東路二段與復興南路一段交叉口", "crossing 和平東路 / 復興南路", "section contradicts", 75, 89, nil},
		{"和平東路一段到三段之間", "road between 和平東路", "relation approximate", 60, 80, nil},
		{"忠孝東路四段與敦化南路口", "", "", 0, 0, nil}, // the sample lacks the first
		{"和平東二路段106號", door106, "number disordered", 95, 98, nil},
		{"和平東二段路106號", door106, "number disordered", 95, 98, nil},
		{"和平東路二段76號19巷", door19, "number disordered, lane misspelt", 90, 95, nil},
		{"和 平 東 路 二 段 1 0 6 號", door106, "", 100, 100, nil},
		{"陽明山", "", "", 0, 0, nil},
		{"西門町", "", "", 0, 0, nil},
		{"請到莊敬里", "area 莊敬里", "", 70, 75, nil},
		{"麻煩幫我去塔悠路328號", "house 臺北市松山區莊敬里11鄰塔悠路328號", "", 100, 100, nil},
	} {
		places, _ := g.Search(geocode.Question{Text: test.text, Focus: test.focus})
		if len(places) == 0 {
			if test.want != "" {
				t.Errorf("%s: nothing, want %s", test.text, test.want)
			}
			continue
		}
		p := &places[0]
		got := strings.Join(strings.Fields(fmt.Sprint(p.Kind, " ", p.Relation, " ", p.Label)), " ")
		if got != test.want || faults(p) != test.faults || p.Score < test.least || p.Score > test.most {
			t.Errorf("%s: %d %s (%s), want %s (%s)", test.text, p.Score, got, faults(p), test.want, test.faults)
		}
	}
}

// TestPlates makes a city whose numbers of doors carry lanes, yards and buildings, and in which only doors are known, 20 m apart.
func TestPlates(t *testing.T) {
	attributes := func(names ...string) (all []data.Attribute) {
		for _, name := range names {
			all = append(all, data.Attribute{Name: name, Type: data.Text})
		}
		return all
	}
	text := func(s string) data.Value { return data.TextValue(data.Text, s) }
	log := indextest.NewLog()
	code := data.Attribute{Name: "code", Type: data.Code, Unique: true}
	log.Append(
		indextest.Define(&data.Layer{Name: "doors", Geometry: data.GeometryPoint, Attributes: attributes("full", "road", "number"), Roles: data.Roles{Address: &data.AddressRole{Label: "full", Road: "road", Number: "number"}}}),
		indextest.Define(&data.Layer{Name: "parks", Geometry: data.GeometryPoint, Attributes: attributes("name"), Roles: data.Roles{Landmark: &data.LandmarkRole{Name: "name"}}}),
		indextest.Define(&data.Layer{Name: "lamps", Geometry: data.GeometryPoint, Attributes: []data.Attribute{code}, Roles: data.Roles{Part: &data.PartRole{Code: "code"}}}),
	)
	var changes []data.Change
	put := func(x, y float64, road, number string) {
		changes = append(changes, indextest.Put("doors", road+number, geo.PointShape(at(t, x, y)), text(road+number), text(road), text(number)))
	}
	put(100, 100, "陕西南路", "158弄12号")
	put(120, 100, "陕西南路", "158弄14号")
	put(300, 100, "陕西南路", "12号")
	put(400, 100, "建国门外大街", "12号院")
	put(500, 100, "西河沿胡同", "3号院1号楼")
	put(540, 100, "西河沿胡同", "3号院2号楼")
	for n := range 20 {
		put(700, 20*float64(n), "光明路", fmt.Sprint(2*n+2, "号"))
	}
	changes = append(changes,
		indextest.Put("parks", "p", geo.PointShape(at(t, 800, 800)), text("城北森林公园管理处")),
		indextest.Put("lamps", "1", geo.PointShape(at(t, 710, 100)), data.TextValue(data.Code, "123456")),
		indextest.Put("lamps", "2", geo.PointShape(at(t, 710, 140)), data.TextValue(data.Code, "0427")))
	log.Append(changes...)
	g := geocode.New()
	e := index.NewEngine(log)
	e.Follow(g)
	if err := e.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		text        string
		east, north float64
		least       int
	}{
		{"陕西南路158弄12号", 100, 100, 100},
		{"陝西南路158弄14號", 120, 100, 100},
		{"陕西南路12号", 300, 100, 100},
		{"陕西南路158弄", 110, 100, 70},
		{"建国门外大街12号院", 400, 100, 100},
		{"建国门外大街12号", 400, 100, 90},
		{"西河沿胡同3号院2号楼", 540, 100, 100},
		{"西河沿胡同3号院", 520, 100, 60},
		{"光明路 路灯 123456", 710, 100, 90},
		{"光明路灯杆0427号不亮", 710, 140, 90},
		{"光明路10号往北50米", 700, 130, 90},
		{"请到城北森林公园附近", 800, 800, 50},
		{"麻烦到城北森林公园管理处附近看一下", 800, 800, 80},
		{"我们想请你们派人到城北森林公园管理处附近处理一下乱停车的问题谢谢", 800, 800, 50},
	} {
		places, _ := g.Search(geocode.Question{Text: test.text})
		if len(places) == 0 {
			t.Errorf("%s: nothing", test.text)
			continue
		}
		if off := geo.Distance(places[0].At, at(t, test.east, test.north)); off > 25 || places[0].Score < test.least {
			t.Errorf("%s: %d %s %s, %.0f m off (%s)", test.text, places[0].Score, places[0].Kind, places[0].Label, off, faults(&places[0]))
		}
	}
}

// TestSure holds that a place with 90 points lies within 50 m by what is said of it, whatever is asked.
func TestSure(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing runs beside it")
	}
	g, w := city(t)
	l, _ := w.Layer("addresses")
	r := rand.New(rand.NewPCG(7, 13))
	clean := doors(l, r)
	var texts []string
	for _, class := range noise.Classes() {
		for _, c := range eval.Noisy(clean, class, 100, r) {
			texts = append(texts, c.Query, c.Query+"往北150米", c.Query+"附近", "請到"+c.Query+"對面看一下")
		}
	}
	roads := map[string]bool{}
	for s := range l.Slots() {
		roads[l.Value(s, l.Def().AttributeIndex("road")).Text()] = true
	}
	last := ""
	for _, road := range slices.Sorted(maps.Keys(roads)) {
		texts = append(texts, road+"與"+last+"口", road+"與"+last+"路口東北角", road, last+"到"+road+"之間")
		last = road
	}
	far, sure := 0, 0
	for _, text := range texts {
		places, _ := g.Search(geocode.Question{Text: text, Least: 1})
		for i, p := range places {
			if p.Radius > 50 {
				far++
			}
			if p.Score >= 90 {
				sure++
			}
			if p.Score >= 90 && p.Radius > 50 || i > 0 && p.Score > places[i-1].Score {
				t.Errorf("%s: place %d has %d points and ±%.0f m: %s", text, i, p.Score, p.Radius, p.Label)
			}
		}
	}
	if far < 1000 || sure < 1000 {
		t.Errorf("%d places are far and %d sure: the texts show nothing", far, sure)
	}
}
