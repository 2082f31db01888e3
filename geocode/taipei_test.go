package geocode_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/gewu-city/gewu/geocode"
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

func TestLook(t *testing.T) {
	g, _ := city(t)
	for _, text := range []string{
		"臺北市大安區和平東路二段106號", "莊敬里塔悠路三百二十八號往北50米", "和平車路二段106號", "和平東路106號", "忠孝西路與重慶南路交叉口東北角",
		"大安區", "莊敬里", "您好，我要反映莊敬里塔悠路328號附近路燈壞了", "請問什麼時候可以領補助", "塔悠路9999號", "吳興街", "中正區和平東路二段106號", "和平東路二段107號", "塔悠路328",
		"和平东陆二段106号", "信義路三段與復興南路口", "忠孝東路",
	} {
		places, _ := g.Search(geocode.Question{Text: text, Limit: 3})
		fmt.Println(text)
		for _, p := range places {
			fmt.Printf("   %d %s %s %s r%.0f %v %.5f %.5f [%s]\n", p.Score, p.Kind, p.Relation, p.Label, p.Radius, p.Faults, p.At.Lon(), p.At.Lat(), text[p.Start:p.End])
		}
	}
}

func TestOwnLabels(t *testing.T) {
	g, w := city(t)
	l, _ := w.Layer("addresses")
	n, wrong, none := 0, 0, 0
	for s := range l.Slots() {
		label := l.Value(s, 0).Text()
		places, _ := g.Search(geocode.Question{Text: label, Limit: 1})
		n++
		switch {
		case len(places) == 0:
			if none++; none < 15 {
				fmt.Println("none", label)
			}
		case places[0].Label != label:
			if wrong++; wrong < 40 {
				fmt.Println("wrong", label, places[0].Label, places[0].Score, places[0].Faults)
			}
		}
	}
	fmt.Println(n, wrong, none)
}

func BenchmarkSearch(b *testing.B) {
	g, w := city(b)
	l, _ := w.Layer("addresses")
	var labels []string
	for s := range l.Slots() {
		if len(labels) < 10000 {
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
