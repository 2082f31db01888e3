package geocode_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/sample/sampletest"
)

var taipei struct {
	once     sync.Once
	geocoder *geocode.Geocoder
	world    *index.World
}

// city is a geocoder of the sample city.
func city(tb testing.TB) (*geocode.Geocoder, *index.World) {
	tb.Helper()
	taipei.once.Do(func() {
		g := geocode.New()
		c := sampletest.Load(tb, []string{"addresses", "villages", "districts"}, g)
		taipei.geocoder, taipei.world = g, c.Engine.World()
	})
	if taipei.world == nil {
		tb.Fatal("the sample city could not be loaded")
	}
	return taipei.geocoder, taipei.world
}

// faults are the faults of a place as text, in their order.
func faults(p *geocode.Place) string {
	var all []string
	for _, f := range p.Faults {
		all = append(all, f.Element+" "+string(f.Kind))
	}
	return strings.Join(all, ", ")
}

// TestSearch states for texts of each kind the first answer: what it is, its label, what is wrong, and bounds of the score.
func TestSearch(t *testing.T) {
	g, _ := city(t)
	for _, test := range []struct {
		text, want, faults string
		least, most        int
	}{
		{"臺北市大安區和平東路二段106號", "house 臺北市大安區龍淵里5鄰和平東路二段106號", "", 100, 100},
		{"台北市大安区和平东路２段１０６号", "house 臺北市大安區龍淵里5鄰和平東路二段106號", "", 100, 100},
		{"和平東路二段一百零六號", "house 臺北市大安區龍淵里5鄰和平東路二段106號", "", 100, 100},
		{"塔悠路328", "house 臺北市松山區莊敬里11鄰塔悠路328號", "", 100, 100},
		{"莊敬里塔悠路三百二十八号往北50米", "house offset 臺北市松山區莊敬里11鄰塔悠路328號", "relation approximate", 90, 99},
		{"您好，我要反映莊敬里塔悠路328號門口路燈壞了", "house gate 臺北市松山區莊敬里11鄰塔悠路328號", "text unknown", 90, 99},
		{"和平東陸二段106號", "house 臺北市大安區龍淵里5鄰和平東路二段106號", "road sounds_alike", 95, 99},
		{"大安區和平車路二段106號", "house 臺北市大安區龍淵里5鄰和平東路二段106號", "road misspelt", 90, 99},
		{"和平車路二段106號", "house 臺北市大安區龍淵里5鄰和平東路二段106號", "road misspelt, text ambiguous", 70, 89},
		{"和平東路106號", "house 臺北市大安區虎嘯里12鄰和平東路三段106號", "section missing, text ambiguous", 70, 89},
		{"中正區和平東路二段106號", "house 臺北市大安區龍淵里5鄰和平東路二段106號", "district contradicts", 70, 89},
		{"和平東路二段107號", "house 和平東路二段107號", "number interpolated", 80, 89},
		{"信義路三段與復興南路口", "crossing 信義路 / 復興南路", "", 95, 100},
		{"忠孝西路與重慶南路交叉口東北角", "crossing corner 忠孝西路 / 重慶南路", "relation approximate", 80, 89},
		{"辛亥路七段與辛亥路六段路口", "crossing 辛亥路七段 / 辛亥路六段", "crossing approximate", 80, 89},
		{"塔悠路(近民權東路五段)", "crossing 塔悠路 / 民權東路", "crossing approximate", 80, 99},
		{"塔悠路靠近民權東路", "crossing 塔悠路 / 民權東路", "crossing approximate", 80, 99},
		{"和平東路二段一○六號", "house 臺北市大安區龍淵里5鄰和平東路二段106號", "", 100, 100},
		{"高雄市和平東路二段106號", "house 臺北市大安區龍淵里5鄰和平東路二段106號", "city contradicts", 70, 89},
		{"臺灣臺北市大安區和平東路二段106號", "house 臺北市大安區龍淵里5鄰和平東路二段106號", "", 100, 100},
		{"北市和平東路二段106號", "house 臺北市大安區龍淵里5鄰和平東路二段106號", "", 100, 100},
		{"和平東路二段106號往北30公里", "", "", 0, 0},
		{"和平東路二段106號與118號之間", "road between 和平東路二段", "relation approximate", 70, 89},
		{"襄陽路26號", "house 臺北市文山區興安里18鄰仙岩路26號", "road sounds_alike", 60, 79},
		{"光復南路46巷與延吉街口", "crossing 光復南路46巷 / 延吉街", "crossing approximate", 80, 95},
		{"臥龍街195巷與和平東路三段口", "lane 臥龍街195巷", "crossing not_found", 50, 75},
		{"建國南路信義路和平東路之間", "road between 建國南路", "relation approximate", 70, 89},
		{"和平東路二段106年度工程", "road 和平東路二段", "text unknown", 50, 75},
		{"吳興街", "road 吳興街", "", 60, 89},
		{"莊敬里", "area 莊敬里", "", 60, 89},
		{"北投區大度路怡和巷3弄10號", "house 臺北市北投區八仙里14鄰大度路怡和巷3弄10號", "", 100, 100},
		{"106號 和平東路二段", "house 臺北市大安區龍淵里5鄰和平東路二段106號", "", 100, 100},
		{"3樓，106號，和平東路二段，大安區，臺北市", "house 臺北市大安區龍淵里5鄰和平東路二段106號", "", 100, 100},
		{"19號，76巷，和平東路二段，大安區", "house 臺北市大安區龍淵里25鄰和平東路二段76巷19號", "", 100, 100},
		{"19號 76巷 和平東路二段", "house 臺北市大安區龍淵里25鄰和平東路二段76巷19號", "", 100, 100},
		{"和平東路二段76弄19號", "house 臺北市大安區龍淵里25鄰和平東路二段76巷19號", "lane misspelt", 90, 98},
		{"和平東路二段19號76巷", "house 臺北市大安區龍淵里25鄰和平東路二段76巷19號", "number disordered", 90, 98},
		{"和平東路106號二段", "house 臺北市大安區龍淵里5鄰和平東路二段106號", "number disordered", 90, 98},
		{"和平東路第二段106號", "house 臺北市大安區龍淵里5鄰和平東路二段106號", "", 100, 100},
		{"塔悠路三二八", "house 臺北市松山區莊敬里11鄰塔悠路328號", "", 100, 100},
		{"和平東路二段一〇六", "house 臺北市大安區龍淵里5鄰和平東路二段106號", "", 100, 100},
		{"塔悠路三百二十八前面", "house gate 臺北市松山區莊敬里11鄰塔悠路328號", "", 95, 100},
		{"塔悠路328甲號", "house 臺北市松山區莊敬里11鄰塔悠路328號", "number not_found", 80, 89},
		{"建國南路信義路和平東路", "crossing 建國南路 / 信義路", "road unknown, text ambiguous", 60, 80},
		{"塔悠路32K+500", "road 塔悠路", "mark not_found", 50, 65},
		{"三環路", "", "", 0, 0},
		{"請問第三期補助", "", "", 0, 0},
		{"請問什麼時候可以領補助", "", "", 0, 0},
		{"塔悠路9999號", "", "", 0, 0},
		{"忠孝東路", "", "", 0, 0}, // the sample does not have it, and 忠孝西路 is another
		{"", "", "", 0, 0},
	} {
		places, _ := g.Search(geocode.Question{Text: test.text})
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

// TestOwnLabels asks for each door of the city by its own label: it is found, or one with the same label.
func TestOwnLabels(t *testing.T) {
	g, w := city(t)
	l, _ := w.Layer("addresses")
	every := 1
	if testing.Short() {
		every = 40
	}
	for s := range l.Slots() {
		label := l.Value(s, 0).Text()
		if int(s)%every != 0 || !strings.ContainsAny(l.Value(s, l.Def().AttributeIndex("number")).Text(), "號0123456789") {
			continue
		}
		places, _ := g.Search(geocode.Question{Text: label, Limit: 1})
		if len(places) == 0 || places[0].ID != l.ID(s) && normal.Of(places[0].Label).String() != normal.Of(label).String() {
			t.Errorf("%s: %+v", label, places)
		}
	}
}

// BenchmarkSearch asks for doors by their labels.
func BenchmarkSearch(b *testing.B) {
	g, w := city(b)
	l, _ := w.Layer("addresses")
	var labels []string
	for s := range l.Slots() {
		if s%25 == 0 {
			labels = append(labels, l.Value(s, 0).Text())
		}
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		g.Search(geocode.Question{Text: labels[i%len(labels)], Limit: 1})
		i++
	}
}
