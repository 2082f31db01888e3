package normal

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestOf(t *testing.T) {
	for source, want := range map[string]string{
		"臺北市大安區和平東路二段106號":         "台北市大安区和平东路2段106号",
		"臺北市 大安區　和平東路２段１０６號":       "台北市大安区和平东路2段106号",
		"莊敬里塔悠路三百二十八号往北50米":        "庄敬里塔悠路328号往北50米",
		"三环路、五一路与四平路交叉口":           "三环路,五一路与四平路交叉口",
		"一五八弄十二号之三":                "158弄12号之3",
		"廿三號五樓之二":                  "23号5楼之2",
		"陕西南路一千一百一十一号":             "陕西南路1111号",
		"东四十条12号院3门":               "东四十条12号院3门",
		"二〇三室":                     "203室",
		"一百二号":                     "一百二号",
		"貳拾陸號":                     "26号",
		"往东两百米":                    "往东200米",
		"以南一千五百公尺":                 "以南1500公尺",
		"八里區三里屯路":                  "八里区三里屯路",
		"第三组":                      "第3组",
		"邨口戶外 峯群":                  "村口户外峰群",
		"中山路15—3號":                 "中山路15-3号",
		"中山路158～160号":              "中山路158-160号",
		"32#楼":                     "32号楼",
		"三 #楼":                     "3号楼",
		"000之十之三":                  "000之10之3",
		"Berliner Straße, Łódź":    "berliner strasse,lodz",
		"12 Rue de l’Église, 3ème": "12 rue de leglise,3eme",
		"  100  Main St. #5 ":      "100 main st #5",
		"A & B":                    "a & b",
		"①號〔后门〕":                   "1号(后门)",
		"1.5公里":                    "1.5公里",
		"St. John's Ave.":          "st johns ave",
		"平安里\u200b1\ufe0f号😀":       "平安里1号",
		"a\x00b\xff\xffc":          "a b c",
		"":                         "",
		"　 ":                       "",
		"两弄万号":                     "2弄万号",
		"衖口":                       "弄口",
		"一○六號":                     "106号",
		"遊樂場氾濫":                    "游乐场泛滥",
		"1/2号":                     "1/2号",
	} {
		if got := Of(source).String(); got != want {
			t.Errorf("%q: %q, want %q", source, got, want)
		}
	}
}

func TestSource(t *testing.T) {
	source := "來電人：莊敬里塔悠路 三百二十八號旁"
	n := Of(source)
	at := strings.Index(n.String(), "塔悠路328号")
	i := utf8.RuneCountInString(n.String()[:at])
	start, end := n.Source(i, i+len([]rune("塔悠路328号")))
	if got := source[start:end]; got != "塔悠路 三百二十八號" {
		t.Errorf("%q", got)
	}
	if start, end := n.Source(i+4, i+5); source[start:end] != "三百二十八" {
		t.Errorf("a digit came from %q", source[start:end])
	}
}

// words writes a number the way it is spoken, slowly.
func words(n int) string {
	digits, units := []rune("零一二三四五六七八九"), []string{"", "十", "百", "千", "万"}
	var out string
	zero := false
	for power, unit := 10_000, 4; unit >= 0; power, unit = power/10, unit-1 {
		d := n / power % 10
		if d == 0 {
			zero = zero || out != ""
			continue
		}
		if zero {
			out, zero = out+"零", false
		}
		out += string(digits[d]) + units[unit]
	}
	return out
}

// TestNumerals compares with numbers that are written as they are spoken and digit by digit.
func TestNumerals(t *testing.T) {
	for n := 1; n < 100_000; n++ {
		spoken := words(n)
		short := strings.TrimPrefix(spoken, "一")
		if !strings.HasPrefix(spoken, "一十") {
			short = spoken
		}
		for _, s := range []string{spoken, short} {
			if got, ok := Numeral([]rune(s)); !ok || got != n {
				t.Fatalf("%s: %d, %v, want %d", s, got, ok, n)
			}
		}
		var single []rune
		for rest := n; rest > 0; rest /= 10 {
			single = append([]rune{[]rune("〇一二三四五六七八九")[rest%10]}, single...)
		}
		if got, ok := Numeral(single); !ok || got != n {
			t.Fatalf("%s: %d, %v, want %d", string(single), got, ok, n)
		}
	}
	for _, s := range []string{"", "百", "零", "〇五", "一百二", "二十十", "十百", "三百四千", "一零零五百", "五十零", "一二三四五六", "十零五", "二廿", "三千三千"} {
		if n, ok := Numeral([]rune(s)); ok {
			t.Errorf("%s is read as %d", s, n)
		}
	}
}

// check holds what is true of every text.
func check(t interface{ Fatalf(string, ...any) }, source string) {
	n := Of(source)
	again := Of(n.String())
	if again.String() != n.String() {
		t.Fatalf("%q becomes %q and then %q", source, n, again)
	}
	last := 0
	for i := range n.Runes {
		start, end := n.Source(i, i+1)
		if start >= end || end > len(source) || start < last {
			t.Fatalf("%q: character %d of %q came from %d to %d of %d bytes", source, i, n, start, end, len(source))
		}
		if last = start; start > 0 && utf8.ValidString(source) && !utf8.RuneStart(source[start]) {
			t.Fatalf("%q: character %d of %q came from within a character", source, i, n)
		}
	}
	if s := n.String(); strings.ContainsAny(s, "\x00\n\t") || !utf8.ValidString(s) || strings.TrimSpace(s) != s {
		t.Fatalf("%q becomes %q", source, s)
	}
}

func TestProperties(t *testing.T) {
	piece := rapid.OneOf(rapid.SampledFrom([]string{
		"一", "二", "三百", "十", "〇", "零", "廿", "千", "万", "1", "23", "號", "号", "弄", "樓", "段", "米", "公", "里", "之", "-", "—",
		"#", " ", "　", ".", "。", "路", "a", "É", "ﬁ", "ß", "İ", "①", "½", "（", "&", "/", "\u200d", "\xff", "單元", "单",
	}), rapid.String())
	rapid.Check(t, func(t *rapid.T) { check(t, strings.Join(rapid.SliceOf(piece).Draw(t, "pieces"), "")) })
}

func TestLong(t *testing.T) {
	for _, s := range []string{strings.Repeat("臺", 1<<20), strings.Repeat("一", 1<<20) + "號", strings.Repeat(" a", 1<<20), strings.Repeat("\xe8", 1<<20)} {
		if n := Of(s); len(n.Runes) > MostBytes {
			t.Errorf("%d characters", len(n.Runes))
		}
	}
}

func FuzzOf(f *testing.F) {
	for _, s := range []string{"臺北市大安區和平東路二段106號", "12 Rue de l’Église", "一五八弄十二号之三", "32#楼 1.5公里", "①½ﬁ㎡"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) { check(t, source) })
}

func BenchmarkSet(b *testing.B) {
	var t Text
	b.ReportAllocs()
	for b.Loop() {
		t.Set("臺北市大安區和平東路二段106號")
	}
}

// TestRewrite keeps the way back to the source where characters stand in another order than those of the source.
func TestRewrite(t *testing.T) {
	text := Of("No. 12, He East Rd")
	text.Rewrite([]rune("何东路12号"), [][2]int{{6, 8}, {9, 13}, {14, 16}, {3, 5}, {3, 5}, {0, 2}})
	for _, test := range []struct {
		i, j int
		want string
	}{{0, 3, "He East Rd"}, {3, 5, "12"}, {0, 6, "No. 12, He East Rd"}, {1, 1, ""}} {
		if got := text.Written(test.i, test.j); got != test.want {
			t.Errorf("from %d to %d: %q, want %q", test.i, test.j, got, test.want)
		}
	}
	if text.Set("和平路"); text.Written(1, 3) != "平路" || text.String() != "和平路" {
		t.Errorf("%s", text.Written(1, 3))
	}
}
