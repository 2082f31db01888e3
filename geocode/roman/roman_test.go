package roman_test

import (
	"testing"

	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/geocode/pinyin"
	"github.com/gewu-city/gewu/geocode/roman"
)

// spelt is a text in which characters that the package chose by their sound are syllables.
func spelt(text []rune) (s string) {
	const plain = "路街道东西南北中大号段区市巷弄里一二三与口四五六七八九十县乡"
	for _, r := range text {
		known := false
		for _, p := range plain {
			known = known || p == r
		}
		if of := pinyin.Of(r); !known && len(of) > 0 {
			s += of[0].String()
		} else {
			s += string(r)
		}
	}
	return s
}

func TestHan(t *testing.T) {
	for text, want := range map[string]string{
		"No. 106, Sec. 2, Heping E. Rd.":                                              "heping东路2段106号",
		"No.106, Sec.2, Heping E. Rd., Da’an Dist., Taipei City 106, Taiwan (R.O.C.)": "tai北市大an区heping东路2段106号",
		"106 Heping East Road Section 2, Da'an District":                              "大an区heping东路2段106号",
		"2F., No. 390-3, Ln. 12, Aly. 5, Sec. 1, Fuxing S. Rd.":                       "fuxing南路1段12巷5弄390-3号",
		"Heping East Road":                        "heping东路",
		"East Heping Road 12":                     "heping东路12号",
		"Fuxing Road South":                       "fuxing南路",
		"heping donglu erduan 106hao":             "heping东路2段106号",
		"Zhongxiao East Road & Fuxing South Road": "中xiao东路与fuxing南路口",
		"Garbage at No. 12 Xinyi Rd, please come": "xinyi路12号,garbage,please,come",
		"和平dong路二段106號":                           "heping东路2段106号",
		"nongye lu 88 nong 15 hao":                "弄ye路88弄15号",
		"weiwu lu yu dongming lu lukou":           "weiwu路与东ming路口",
		"和平E路":                                    "heping东路",
		"2nd Sec., Zhongshan N. Rd.":              "中shan北路2段",
		"Oak Street":                              "",
		"the dog can bark":                        "",
		"12 Main St":                              "",
		"和平路106號A棟":                               "",
	} {
		source := normal.Of(text).Runes
		got, ok := roman.Han(source, 0)
		if ok != (want != "") || ok && spelt(got.Runes) != want {
			t.Errorf("%s: %s (%s) %v, want %s", text, spelt(got.Runes), string(got.Runes), ok, want)
		}
		for i, from := range got.From {
			if from[0] < 0 || from[0] >= from[1] || from[1] > len(source) {
				t.Errorf("%s: character %d from %v of %d", text, i, from, len(source))
			}
		}
		if len(got.From) != len(got.Runes) {
			t.Errorf("%s: %d places of %d characters", text, len(got.From), len(got.Runes))
		}
	}
	if got, _ := roman.Han([]rune("renai rd"), 1); spelt(got.Runes) != "renai路" || len(got.Runes) != 3 {
		t.Errorf("%s", string(got.Runes))
	}
}

func FuzzHan(f *testing.F) {
	for _, s := range []string{"no 106, sec 2, heping e rd", "和平dong路", "lu lu rd rd 1 2 3 & / no no sec", "12-3-4 zhongshan st nd 5 th"} {
		f.Add(s, 0)
	}
	f.Fuzz(func(t *testing.T, s string, variant int) {
		source := normal.Of(s).Runes
		got, ok := roman.Han(source, max(variant, 0)%roman.Variants)
		if ok && len(got.Runes) == 0 || len(got.Runes) != len(got.From) {
			t.Fatalf("%q: %q %v", s, string(got.Runes), got.From)
		}
		for _, from := range got.From {
			if from[0] < 0 || from[0] >= from[1] || from[1] > len(source) {
				t.Fatalf("%q: %v", s, from)
			}
		}
	})
}
