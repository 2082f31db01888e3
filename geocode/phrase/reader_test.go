package phrase_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/geocode/phrase"
	"github.com/gewu-city/gewu/sample/sampletest"
)

var (
	once   sync.Once
	taipei *gazetteer.Gazetteer
)

func city(tb testing.TB) *gazetteer.Gazetteer {
	tb.Helper()
	once.Do(func() { taipei = gazetteer.New(sampletest.World(tb, "addresses", "villages", "districts")) })
	return taipei
}

// written is a reading as text.
func written(g *gazetteer.Gazetteer, text []rune, r phrase.Reading) string {
	var parts []string
	for _, e := range r.Elements {
		s := string(text[e.Start:e.End])
		switch e.Kind {
		case phrase.Gap:
			s = "?" + s
		case phrase.Admin:
			s = "~" + s
		case phrase.Name:
			if !e.Exact {
				s += "=" + string(g.Name(e.Name))
			}
			s = "'" + s
		case phrase.Number:
			s = "#" + s
		case phrase.Mark:
		case phrase.Term:
			s = fmt.Sprint(":", s)
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func TestRead(t *testing.T) {
	g := city(t)
	var r phrase.Reader
	for _, test := range []struct {
		text, want string
		fuzzy      bool
	}{
		{"臺北市大安區和平東路二段106號", "~台北市 '大安区 '和平东路 #2段106号", false},
		{"臺北市松山區莊敬里11鄰塔悠路328號", "~台北市 '松山区 '庄敬里 #11邻 '塔悠路 #328号", false},
		{"莊敬里塔悠路三百二十八號往北50米", "'庄敬里 '塔悠路 #328号 :往 :北 :50米", false},
		{"忠孝西路與重慶南路交叉口東北角", "'忠孝西路 :与 '重庆南路 :交叉口 :东北 :角", false},
		{"和平車路二段106號", "'和平车路=和平东路 #2段106号", true},
	} {
		text := normal.Of(test.text)
		var fuzzy func(int) bool
		if test.fuzzy {
			fuzzy = func(int) bool { return true }
		}
		all := r.Read(text.Runes, g, 4, fuzzy)
		got := written(g, text.Runes, all[0])
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.text, got, test.want)
		}
		for _, a := range all {
			t.Log(a.Cost, written(g, text.Runes, a))
		}
	}
}

func BenchmarkRead(b *testing.B) {
	g := city(b)
	text := normal.Of("臺北市大安區和平東路二段106號")
	var r phrase.Reader
	b.ReportAllocs()
	for b.Loop() {
		r.Read(text.Runes, g, 4, nil)
	}
}

func BenchmarkReadFuzzy(b *testing.B) {
	g := city(b)
	text := normal.Of("臺北市大安區和平車路二段106號")
	var r phrase.Reader
	b.ReportAllocs()
	for b.Loop() {
		r.Read(text.Runes, g, 4, func(int) bool { return true })
	}
}
