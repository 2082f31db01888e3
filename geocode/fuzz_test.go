package geocode_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gewu-city/gewu/geocode"
)

// hostile are texts that cost much or break things.
func hostile() []string {
	return []string{
		"", " ", "\x00\x01\x7f", "\xff\xfe\xfd", "🙂🙂🙂 塔悠路🙂328號", "'; DROP TABLE doors; --", "<script>alert(1)</script>塔悠路328號",
		strings.Repeat("塔", 10_000), strings.Repeat("路", 10_000), strings.Repeat("1", 10_000), strings.Repeat("和平東路二段", 2000), strings.Repeat("和平車路二段106號，", 700),
		strings.Repeat("a ", 5000), strings.Repeat("中正中山和平大安", 1000), strings.Repeat("東西南北", 2000), strings.Repeat("路口與", 3000), strings.Repeat("12巷", 3000),
		strings.Repeat("中", 511) + "山路", strings.Repeat("一二三四五六七八九十", 800), strings.Repeat("-", 9000), strings.Repeat("和", 60) + "平東路",
	}
}

// TestHostile bounds what texts cost that are made to cost much: fifty times what a question may cost, since the
// machine may be busy.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing runs beside it")
	}
	g, _ := city(t)
	for _, text := range hostile() {
		short := text[:min(len(text), 40)]
		for name, do := range map[string]func(){
			"search":  func() { g.Search(geocode.Question{Text: text, AreaFallback: true}) },
			"extract": func() { g.Extract(text, time.Time{}) },
			"suggest": func() { g.Suggest(geocode.Typing{Text: text}) },
		} {
			start := time.Now()
			do()
			took := time.Since(start)
			t.Logf("%s %q: %v", name, short, took)
			if took > time.Second {
				t.Errorf("%s of %q takes %v", name, short, took)
			}
		}
	}
}

// FuzzSearch looks for texts that break the geocoder, or places with spans or scores that cannot be.
func FuzzSearch(f *testing.F) {
	g := geocode.New()
	small(f, g)
	for _, text := range append(hostile(), "臺北市大安區和平東路二段106號", "莊敬里塔悠路三百二十八號往北50米", "忠孝西路與重慶南路交叉口東北角", "20 m north of 塔悠路 & 和平", "5 塔悠路12巷之3附4") {
		if len(text) < 300 {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		check := func(places []geocode.Place) {
			for _, p := range places {
				if p.Start < 0 || p.End < p.Start || p.End > len(text) || p.Score < 0 || p.Score > 100 || p.Radius < 0 {
					t.Fatalf("%q: %+v", text, p)
				}
				if utf8.ValidString(text) && !utf8.ValidString(text[p.Start:p.End]) {
					t.Fatalf("%q: a span cuts a character: %+v", text, p)
				}
			}
		}
		places, _ := g.Search(geocode.Question{Text: text, AreaFallback: true})
		check(places)
		again, _ := g.Search(geocode.Question{Text: text, AreaFallback: true})
		if len(again) != len(places) || len(places) > 0 && again[0].ID != places[0].ID {
			t.Fatalf("%q: answers differ", text)
		}
		r, _ := g.Extract(text, time.Time{})
		check(r.Places)
		if r.Reported >= len(r.Places) {
			t.Fatalf("%q: reported %d of %d", text, r.Reported, len(r.Places))
		}
		g.Suggest(geocode.Typing{Text: text})
	})
}
