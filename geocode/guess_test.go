package geocode_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
)

// named is a city of landmarks with these names, at places of their own, and of one road.
func named(tb testing.TB, all []string) *geocode.Geocoder {
	tb.Helper()
	attributes := func(names ...string) (all []data.Attribute) {
		for _, name := range names {
			all = append(all, data.Attribute{Name: name, Type: data.Text})
		}
		return all
	}
	text := func(s string) data.Value { return data.TextValue(data.Text, s) }
	log := indextest.NewLog()
	log.Append(
		indextest.Define(&data.Layer{Name: "sights", Geometry: data.GeometryPoint, Attributes: attributes("name"), Roles: data.Roles{Landmark: &data.LandmarkRole{Name: "name"}}}),
		indextest.Define(&data.Layer{Name: "doors", Geometry: data.GeometryPoint, Attributes: attributes("road", "number"), Roles: data.Roles{Address: &data.AddressRole{Road: "road", Number: "number"}}}),
	)
	changes := []data.Change{indextest.Put("doors", "1", geo.PointShape(geo.Point{X: 1_164_000_000, Y: 399_000_000}), text("凯达格兰纪念大道"), text("1号"))}
	for i, name := range all {
		p := geo.Point{X: 1_164_000_000 + int32(i%300)*3000, Y: 399_100_000 + int32(i/300)*3000}
		changes = append(changes, indextest.Put("sights", fmt.Sprint(i), geo.PointShape(p), text(name)))
	}
	log.Append(changes...)
	g := geocode.New()
	e := index.NewEngine(log)
	e.Follow(g)
	if err := e.Load(tb.Context(), nil); err != nil {
		tb.Fatal(err)
	}
	return g
}

// estates are names as estates have them: two characters of many, then some that many have.
func estates(n int, r *rand.Rand) (all []string) {
	const chars = "金银红绿蓝阳光水岸碧海云天锦绣江南华府龙凤和瑞祥福星月湖山林溪谷翠玉兰桂菊梅竹松柏枫枣橡榕杉柳莲荷芙蓉丹紫青白玄朱宏伟盛世康泰宁静雅致"
	runes := []rune(chars)
	kinds := []string{"花园社区服务中心", "国际广场写字楼", "家园物业管理处", "小学附属幼儿园", "公园管理处", "文化活动中心"}
	seen := map[string]bool{}
	for len(all) < n {
		name := ""
		for range 3 + r.IntN(2) {
			name += string(runes[r.IntN(len(runes))])
		}
		if name += kinds[r.IntN(len(kinds))]; !seen[name] {
			seen[name] = true
			all = append(all, name)
		}
	}
	return all
}

// TestGuess finds names with more slips than one or two, in another order, or with a part left out, and says so.
func TestGuess(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	g := named(t, append(estates(3000, r), "大安森林公園管理處", "國立臺灣大學醫學院附設醫院", "Massachusetts Institute of Technology"))
	for text, want := range map[string]string{
		"大安森林公園":                               "大安森林公園管理處",
		"在大安森林公園附近":                            "大安森林公園管理處",
		"大岸森琳公園管里處":                            "大安森林公園管理處",
		"臺灣大學醫學院國立附設醫院":                        "國立臺灣大學醫學院附設醫院",
		"大安公園管理處":                              "大安森林公園管理處",
		"臺灣大學附設醫院門口":                           "國立臺灣大學醫學院附設醫院",
		"institute of masachusetts technology": "Massachusetts Institute of Technology",
		"凯大格蓝记念大道1号":                           "凯达格兰纪念大道1号",
		"公園管理處":                                "",
		"幼儿园什么时候开学":                            "",
		"我家门口的公园没有管理":                          "",
	} {
		places, _ := g.Search(geocode.Question{Text: text})
		got := ""
		if len(places) > 0 {
			got = places[0].Label
			if !slices.ContainsFunc(places[0].Faults, func(f geocode.Fault) bool {
				return (f.Kind == geocode.Misspelt || f.Kind == geocode.SoundsAlike) && f.Meant != ""
			}) {
				t.Errorf("%s: %d %s", text, places[0].Score, faults(&places[0]))
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// TestGuessNoise writes names of a city of ten thousand with three slips each, and asks for those of which a pair is left.
func TestGuessNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 10))
	all := estates(10_000, r)
	g := named(t, all)
	const n = 300
	found, wrong, sure := 0, 0, 0
	for range n {
		name := all[r.IntN(len(all))]
		text := []rune(name)
		for range 3 {
			switch i := r.IntN(len(text)); r.IntN(3) {
			case 0:
				text[i] = '某'
			case 1:
				text = slices.Delete(text, i, i+1)
			default:
				text = slices.Insert(text, i, '之')
			}
		}
		places, _ := g.Search(geocode.Question{Text: string(text)})
		switch {
		case len(places) == 0:
		case places[0].Label == name:
			found++
		default:
			if wrong++; places[0].Score >= 90 {
				sure++
			}
		}
	}
	t.Logf("of %d %d found, %d others, %d of these with 90 and more", n, found, wrong, sure)
	if found < n/2 || sure > 0 {
		t.Errorf("of %d %d found, %d others, %d of these with 90 and more", n, found, wrong, sure)
	}
}

// TestGuessNothing refuses texts that name no place, in a city of doors and in one of many names.
func TestGuessNothing(t *testing.T) {
	doors, _ := city(t)
	names := named(t, estates(10_000, rand.New(rand.NewPCG(5, 11))))
	for _, c := range read(t, "none.tsv") {
		for what, g := range map[string]*geocode.Geocoder{"doors": doors, "names": names} {
			if places, _ := g.Search(geocode.Question{Text: c.Query}); len(places) > 0 {
				t.Errorf("%s: %s: %q %d", what, c.Query, labels(places), places[0].Score)
			}
			if r, _ := g.Extract(c.Query, time.Time{}); r.Reported >= 0 {
				t.Errorf("%s: %s: reported %q", what, c.Query, labels(r.Places))
			}
		}
	}
}
