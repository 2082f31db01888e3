package pinyin

import (
	"slices"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/geocode/normal"
)

func TestOf(t *testing.T) {
	for text, want := range map[string]string{
		"路": "lu", "重": "zhong chong", "长": "zhang chang", "厦": "sha xia", "乐": "le yue", "女": "nv", "略": "lve", "嗯": "", "a": "", "1": "", "〇": "",
	} {
		var got []string
		for _, s := range Of([]rune(text)[0]) {
			got = append(got, s.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if Of(0) != nil || Of(-1) != nil || Of(0x20000) != nil || Syllable(60_000).String() != "" || Syllable(60_000).Alike() != 0 {
		t.Error("what is no character or syllable is read")
	}
	if s := Named("zhuang"); s.String() != "zhuang" || Named("zhuangg") != 0 {
		t.Error(s)
	}
}

// TestStandard demands a reading of every character of the first level of GB 2312, the common ones.
func TestStandard(t *testing.T) {
	if n := len(Of('一')); n != 1 {
		t.Error(n)
	}
	missing := 0
	for r := rune(0x4E00); r <= 0x9FFF; r++ {
		if standard(r) && normal.Of(string(r)).String() == string(r) && len(Of(r)) == 0 {
			missing++
			t.Logf("%c has no reading", r)
		}
	}
	if missing > 3 {
		t.Errorf("%d characters have no reading", missing)
	}
}

func TestAlike(t *testing.T) {
	for _, group := range []string{
		"zhi zi", "chi ci", "shi si", "lan nan ran lang nang rang", "fu hu", "fang huang fan huan", "fei hui", "xin xing", "sen sheng shen", "feng hong", "lv nv", "zhuang zuan",
	} {
		names := strings.Fields(group)
		for _, name := range names {
			if Named(name) == 0 || Named(name).Alike() != Named(names[0]).Alike() {
				t.Errorf("%s and %s are told apart", name, names[0])
			}
		}
	}
	classes := map[Syllable]bool{}
	for _, pair := range []string{"han", "huan", "lu", "lv", "zi", "ci", "ji", "lin", "yi", "wu", "e", "dong", "hai"} {
		if c := Named(pair).Alike(); classes[c] {
			t.Errorf("%s is taken for another", pair)
		} else {
			classes[c] = true
		}
	}
	// What is alike is alike to itself.
	for s := Syllable(1); int(s) < len(loaded().names); s++ {
		if c := s.Alike(); c == 0 || c.Alike() != c {
			t.Errorf("%s has the class %s, whose class is %s", s, c, c.Alike())
		}
	}
}

func TestKeys(t *testing.T) {
	key := func(text string) []rune { return Keys([]rune(text), 8)[0] }
	if !slices.Equal(key("三环路"), key("山环露")) {
		t.Error("homophones have different keys")
	}
	keys := Keys([]rune("长乐路"), 8)
	if len(keys) != 4 {
		t.Errorf("%d keys", len(keys))
	}
	for _, want := range []string{"常月路", "张乐路"} {
		if !slices.ContainsFunc(keys, func(k []rune) bool { return slices.Equal(k, key(want)) }) {
			t.Errorf("no key is that of %s", want)
		}
	}
	if got := Keys([]rune("长长长长长长"), 8); len(got) != 8 || len(got[7]) != 6 {
		t.Errorf("%v", got)
	}
	if k := key("a1路"); k[0] != 'a'+above || len(k) != 3 {
		t.Errorf("%v", k)
	}
	if got := Keys(nil, 8); len(got) != 1 || len(got[0]) != 0 {
		t.Errorf("%v", got)
	}
}

func BenchmarkKeys(b *testing.B) {
	text := []rune("和平东路")
	b.ReportAllocs()
	for b.Loop() {
		Keys(text, 8)
	}
}
