package geocode_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/geocode/eval"
	"github.com/gewu-city/gewu/index"
)

func labels(places []geocode.Place) (all []string) {
	for i := range places {
		all = append(all, string(places[i].Kind)+" "+places[i].Label)
	}
	return all
}

func TestSuggest(t *testing.T) {
	g, _ := city(t)
	for _, test := range []struct {
		text string
		want []string // the first of them
	}{
		{"塔", []string{"road 塔城街", "road 塔悠路"}},
		{"tayou", []string{"road 塔悠路"}},
		{"ta you", []string{"road 塔悠路"}},
		{"tyl", []string{"area 天玉里", "area 桃源里", "area 騰雲里", "road 塔悠路", "road 太原路"}},
		{"大安區和平東", []string{"road 和平東路"}},
		{"塔悠路3", []string{"house 臺北市松山區慈祐里10鄰塔悠路3號", "house 臺北市松山區慈祐里11鄰塔悠路31號"}},
		{"和平東路二段10", []string{"house 臺北市大安區龍淵里5鄰和平東路二段100號"}},
		{"信義", []string{"area 信義區", "road 信義路"}},
		{"hpdl 106", []string{"house 臺北市大安區虎嘯里12鄰和平東路三段106號", "house 臺北市大安區龍淵里5鄰和平東路二段106號"}},
		{"tayoulu3", []string{"house 臺北市松山區慈祐里10鄰塔悠路3號", "house 臺北市松山區慈祐里11鄰塔悠路31號"}},
		{"", nil},
		{"zzz", nil},
		{"zzz 1", nil},
	} {
		places, _ := g.Suggest(geocode.Typing{Text: test.text})
		if got := labels(places); len(got) < len(test.want) || !slices.Equal(got[:len(test.want)], test.want) || len(test.want) == 0 && len(got) > 0 {
			t.Errorf("%s: %q, want %q", test.text, got, test.want)
		}
	}
	near, _ := geo.FromDegrees(121.56379, 25.02708)
	for _, text := range []string{"信", "xin", "和平"} {
		places, _ := g.Suggest(geocode.Typing{Text: text, Focus: &near, Limit: 3})
		if len(places) != 3 || !slices.IsSortedFunc(places, func(a, b geocode.Place) int { return int(geo.Distance(a.At, near) - geo.Distance(b.At, near)) }) {
			t.Errorf("%s near 吳興街: %q", text, labels(places))
		}
	}
}

// TestReverse asks at doors for what is there, and compares distances with those to all doors.
func TestReverse(t *testing.T) {
	g, w := city(t)
	l, _ := w.Layer("addresses")
	for s := range l.Slots() {
		if s%2503 != 0 {
			continue
		}
		at, _ := l.Point(s)
		places, _ := g.Reverse(geocode.Spot{At: at, Limit: 3, Kinds: []geocode.Kind{geocode.House}})
		if len(places) == 0 || places[0].Radius != 0 || places[0].Score != 100 || geo.Distance(places[0].At, at) > 0.01 {
			t.Fatalf("%s: %q", l.ID(s), labels(places))
		}
		for i, near := range l.Nearest(at, 100, 3) {
			if i < len(places) && places[i].Radius != near.Meters {
				t.Errorf("%s: place %d is %v m off, want %v", l.ID(s), i, places[i].Radius, near.Meters)
			}
		}
	}
	forest, _ := geo.FromDegrees(121.5479, 25.1810)
	if places, _ := g.Reverse(geocode.Spot{At: forest, Metres: 20}); !slices.Equal(labels(places), []string{"area 北投區", "area 湖田里"}) && !slices.Equal(labels(places), []string{"area 湖田里", "area 北投區"}) {
		t.Errorf("in the hills: %q", labels(places))
	}
	sea, _ := geo.FromDegrees(123, 25)
	if places, _ := g.Reverse(geocode.Spot{At: sea}); len(places) > 0 {
		t.Errorf("at sea: %q", labels(places))
	}
}

// TestReverseByDoors finds the road and the crossing where only doors say where they are: a road is as far off as its
// nearest door, and a door in a lane is not on the road that the lane leaves.
func TestReverseByDoors(t *testing.T) {
	g, w := city(t)
	l, _ := w.Layer("addresses")
	text := func(s index.Slot, name string) string { return l.Value(s, l.Def().AttributeIndex(name)).Text() }
	for _, test := range []struct{ text, road, other string }{
		{"和平東路二段與復興南路口", "和平東路", "復興南路"},
		{"信義路三段與復興南路口", "信義路", "復興南路"},
	} {
		asked, _ := g.Search(geocode.Question{Text: test.text})
		if len(asked) == 0 {
			t.Fatal(test.text)
		}
		at := asked[0].At
		places, _ := g.Reverse(geocode.Spot{At: at, Metres: 150, Limit: 20, Kinds: []geocode.Kind{geocode.Road, geocode.Crossing}})
		nearest := 1e9
		for s := range l.Slots() {
			if p, _ := l.Point(s); text(s, "road") == test.road && text(s, "lane") == "" && strings.ContainsAny(text(s, "number"), "0123456789") {
				nearest = min(nearest, geo.Distance(p, at))
			}
		}
		road := slices.IndexFunc(places, func(p geocode.Place) bool { return p.Kind == geocode.Road && p.Label == test.road })
		if road < 0 || places[road].Radius != nearest {
			t.Errorf("%s: no road, or not %v m off: %+v", test.text, nearest, places)
		}
		if !slices.ContainsFunc(places, func(p geocode.Place) bool {
			return p.Kind == geocode.Crossing && strings.Contains(p.Label, test.road) && strings.Contains(p.Label, test.other) && p.Radius < 30 && geo.Distance(p.At, at) == p.Radius
		}) {
			t.Errorf("%s: no crossing: %q", test.text, labels(places))
		}
	}
}

// TestReach gives roads of doors a radius over their doors, asked for and suggested.
func TestReach(t *testing.T) {
	g, w := city(t)
	l, _ := w.Layer("addresses")
	for _, name := range []string{"塔悠路", "和平東路"} {
		suggested, _ := g.Suggest(geocode.Typing{Text: name})
		asked, _ := g.Search(geocode.Question{Text: name})
		for what, places := range map[string][]geocode.Place{"suggested": suggested, "asked": asked} {
			if len(places) == 0 || places[0].Kind != geocode.Road {
				t.Fatalf("%s %s: %q", what, name, labels(places))
			}
			for s := range l.Slots() {
				p, _ := l.Point(s)
				own := l.Value(s, l.Def().AttributeIndex("road")).Text() == name && l.Value(s, l.Def().AttributeIndex("lane")).Null()
				if own && geo.Distance(p, places[0].At) > places[0].Radius+0.01 && strings.ContainsAny(l.Value(s, l.Def().AttributeIndex("number")).Text(), "0123456789") {
					t.Fatalf("%s %s ±%v m: a door %v m off", what, name, places[0].Radius, geo.Distance(p, places[0].At))
				}
			}
		}
	}
}

func read(t *testing.T, file string) []eval.Case {
	t.Helper()
	f, err := os.Open("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	cases, err := eval.Read(f, file)
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// TestExtract reads reports of which it is known what they are about, and texts that name no place.
func TestExtract(t *testing.T) {
	g, _ := city(t)
	for _, file := range []string{"reports.tsv", "none.tsv"} {
		cases := read(t, file)
		wrong := 0
		for _, c := range cases {
			r, _ := g.Extract(c.Query, time.Time{})
			if r.Reported < 0 && c.None || r.Reported >= 0 && c.Placed && geo.Distance(r.Places[r.Reported].At, c.At) <= c.ToleranceM {
				continue
			}
			wrong++
			t.Logf("%s: %q, reported %d", c.Query, labels(r.Places), r.Reported)
		}
		if wrong*20 > len(cases) {
			t.Errorf("%s: %d of %d are wrong", file, wrong, len(cases))
		}
	}
}

// TestReported tells what a report is about from where those live that it speaks of.
func TestReported(t *testing.T) {
	g, _ := city(t)
	const at, home = "中山區吉林路366號", "大安區永康街65號"
	for _, text := range []string{
		"肇事者住" + home + "，事故在" + at,
		"肇事者住" + home + "，事故發生在" + at,
		"事故在" + at + "，肇事者住" + home,
		"在" + at + "發生車禍，駕駛住" + home,
		"駕駛住於" + home + "，在" + at + "發生車禍",
		"地點：" + at + "。住戶：" + home,
		"住戶：" + home + "。地點：" + at,
		"投訴人戶籍" + home + "，噪音位於" + at,
		"嫌犯家住" + home + "，昨天在" + at + "偷車",
		"我是" + home + "的住戶，" + at + "天天施工",
		"居住在" + home + "的王先生說" + at + "有火災",
		home + "居民投訴" + at + "半夜施工",
		"在" + at + "發生火警，報案人在" + home,
		"先到了" + home + "，路燈故障地點：" + at,
	} {
		r, _ := g.Extract(text, time.Time{})
		if r.Reported < 0 || text[r.Places[r.Reported].Start:r.Places[r.Reported].End] != at {
			t.Errorf("%s: %q, reported %d", text, labels(r.Places), r.Reported)
		}
	}
	for _, text := range []string{"塔悠路328號和塔悠路184號之間", "永康街65號與師大路74號之間"} {
		if r, _ := g.Extract(text+"的路燈全部不亮", time.Time{}); len(r.Places) != 1 || r.Reported != 0 || r.Places[0].Relation != geocode.Between {
			t.Errorf("%s: %q, reported %d", text, labels(r.Places), r.Reported)
		}
	}
	// 住 behind another verb is nobody's home, and residents speak of where they live.
	for _, text := range []string{"有車子擋住" + at + "的門口，車主說住在" + home, at + "的住戶反映漏水"} {
		r, _ := g.Extract(text, time.Time{})
		if r.Reported < 0 || !strings.HasPrefix(text[r.Places[r.Reported].Start:r.Places[r.Reported].End], at) {
			t.Errorf("%s: %q, reported %d", text, labels(r.Places), r.Reported)
		}
	}
}

// TestSpans finds each place of a report where the text says it.
func TestSpans(t *testing.T) {
	g, _ := city(t)
	text := "我家住大安區永康街65號，今天經過中山區吉林路３６６號，看見有人倒水"
	r, _ := g.Extract(text, time.Time{})
	var spans []string
	for _, p := range r.Places {
		spans = append(spans, text[p.Start:p.End])
	}
	if len(r.Classes) > 0 {
		t.Errorf("classes of %s: %v", text, r.Classes)
	}
	if r, _ := g.Extract("塔悠路328號門口的路燈不亮", time.Time{}); len(r.Classes) == 0 || r.Classes[0].Score < 80 {
		t.Errorf("classes: %v", r.Classes)
	}
	if got := strings.Join(spans, "|"); got != "大安區永康街65號|中山區吉林路３６６號" || r.Reported != 1 {
		t.Errorf("%s, reported %d", got, r.Reported)
	}
	long := strings.Repeat("這裡沒有地名，", 300) + text
	if r, _ := g.Extract(long, time.Time{}); len(r.Places) != 2 || long[r.Places[1].Start:r.Places[1].End] != "中山區吉林路３６６號" {
		t.Errorf("in a long text: %q", labels(r.Places))
	}
}
