package noise

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/width"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/geocode/pinyin"
)

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 5)) }

// variants are all that some hundred seeds make of a text.
func variants(class Class, text string) []string {
	all := map[string]bool{}
	for seed := range uint64(300) {
		if v, ok := Make(class, text, seeded(seed)); ok {
			all[v] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// TestVariants shows what must be among the variants of a text, and what may not be.
func TestVariants(t *testing.T) {
	const (
		door     = "臺北市松山區莊敬里11鄰塔悠路328號"
		alley    = "臺北市大安區泰順街40巷14之2號"
		mainland = "上海市徐汇区陕西南路158弄12号"
		mass     = "240 Massachusetts Ave, Cambridge, MA 02139"
	)
	for _, c := range []struct {
		class     Class
		text      string
		want, not []string
		only      bool // want is all
	}{
		{class: Exact, text: door, want: []string{door}, only: true},
		{class: PrefixDropped, text: door, only: true, want: []string{
			"塔悠路328號", "松山區塔悠路328號", "松山區莊敬里11鄰塔悠路328號", "臺北市松山區塔悠路328號", "臺北市松山區莊敬里塔悠路328號",
		}},
		{class: PrefixDropped, text: "塔悠路328號", only: true},
		{class: PrefixDropped, text: "臺北市市民大道四段8號", only: true, want: []string{"市民大道四段8號"}},
		{class: PrefixDropped, text: "新北市八里區中山路3號", only: true, want: []string{"八里區中山路3號", "中山路3號"}},
		{class: MissingUnit, text: "虹桥三号路", only: true},       // the name of a road
		{class: PrefixDropped, text: "北京市朝阳区和平里", only: true}, // nothing would be left
		{class: PrefixDropped, text: "上海市浦东新区曲阳新村3号", only: true, want: []string{"曲阳新村3号", "浦东新区曲阳新村3号"}},
		{class: PrefixDropped, text: mass, only: true, want: []string{"240 Massachusetts Ave", "240 Massachusetts Ave, Cambridge"}},
		{class: FullWidth, text: "塔悠路328號B", only: true, want: []string{"塔悠路３２８號B", "塔悠路３２８號Ｂ"}},
		{class: FullWidth, text: "塔悠路", only: true},
		{class: ChineseNumerals, text: "塔悠路328號", only: true, want: []string{"塔悠路三百二十八號", "塔悠路三二八號"}},
		{class: ChineseNumerals, text: alley, only: true, want: []string{"臺北市大安區泰順街四十巷十四之二號"}},
		{class: ChineseNumerals, text: mainland, want: []string{"上海市徐汇区陕西南路一百五十八弄十二号", "上海市徐汇区陕西南路一五八弄十二号"}, only: true},
		{class: ChineseNumerals, text: "205號", only: true, want: []string{"二百零五號", "兩百零五號", "二零五號", "二〇五號"}},
		{class: ChineseNumerals, text: "1010号", only: true, want: []string{"一千零一十号", "一零一零号", "一〇一〇号"}},
		{class: ChineseNumerals, text: "101公園", only: true},
		{class: MissingUnit, text: door, only: true, want: []string{"臺北市松山區莊敬里11鄰塔悠路328"}},
		{class: MissingUnit, text: "塔悠路328號3樓", only: true}, // 3283樓
		{class: MissingUnit, text: "塔悠路328號之3", only: true, want: []string{"塔悠路328之3"}},
		{class: MissingUnit, text: "塔悠路328號地下", only: true, want: []string{"塔悠路328地下"}},
		{class: MissingUnit, text: "三號公園", only: true, want: []string{"三公園"}},
		{class: MissingUnit, text: mass, only: true, want: []string{"240 Massachusetts, Cambridge, MA 02139"}},
		{class: Typo, text: "塔悠路328號", want: []string{"搭悠路328號", "塔攸路328號"}},
		{class: Typo, text: "東街3號", only: true},
		{class: Typo, text: "三民路3號", only: true},
		{class: Homophone, text: "塔悠路328號", want: []string{"塔優路328號"}, not: []string{"塔优路328號"}},
		{class: Homophone, text: "陕西南路3号", want: []string{"陕西男路3号"}, not: []string{"陜西南路3号"}},
		{class: Homophone, text: mass, only: true},
		{class: Deletion, text: "塔悠路328號", only: true, want: []string{"塔路328號", "悠路328號", "塔悠328號"}},
		{class: Deletion, text: "敬業一路3號", only: true, want: []string{"敬一路3號", "業一路3號", "敬業一3號"}},
		{class: Insertion, text: "塔悠路328號", want: []string{"塔塔悠路328號", "塔悠悠路328號", "塔悠東路328號"}},
		{class: Transposition, text: "塔悠路328號", only: true, want: []string{"悠塔路328號"}},
		{class: Transposition, text: "松松路3號", only: true},
		{class: Script, text: door, only: true, want: []string{"台北市松山区庄敬里11邻塔悠路328号"}},
		{class: Script, text: mainland, only: true, want: []string{"上海市徐匯區陝西南路158弄12號"}},
		{class: Script, text: "中山北路", only: true},
		{class: Script, text: "台儿庄路长寿里3号", only: true, want: []string{"臺兒莊路長壽里3號"}},
		{class: Script, text: "宁夏钟楼汇宝广场", only: true, want: []string{"寧夏鐘樓匯寶廣場"}},
		{class: Suffix, text: mass, only: true, want: []string{"240 Massachusetts Avenue, Cambridge, MA 02139"}},
		{class: Suffix, text: "12 St Marys Rd", only: true, want: []string{"12 St Marys Road"}},
		{class: Suffix, text: "12 BROADWAY ST", only: true, want: []string{"12 BROADWAY STREET"}},
		{class: Suffix, text: "Magazine St & Pearl Street", only: true, want: []string{"Magazine Street & Pearl St"}},
		{class: Direction, text: "12 N Harvard St", only: true, want: []string{"12 North Harvard St"}},
		{class: Direction, text: "12 Memorial Drive East", only: true, want: []string{"12 Memorial Drive E"}},
		{class: Direction, text: "12 North St", only: true},
		{class: Case, text: mass, only: true, want: []string{"240 massachusetts ave, cambridge, ma 02139", "240 MASSACHUSETTS AVE, CAMBRIDGE, MA 02139"}},
		{class: Apartment, text: mass, want: []string{"240 Massachusetts Ave Apt 3, Cambridge, MA 02139", "240 Massachusetts Ave #3, Cambridge, MA 02139"}},
		{class: Apartment, text: "240 Massachusetts Ave Apt 3", only: true},
		{class: Typo, text: "12 Main St", want: []string{"12 Msin St", "12 Maim St"}, not: []string{"12 Nain St"}},
		{class: Transposition, text: "12 Main St", only: true, want: []string{"12 Mian St", "12 Mani St"}},
		{class: Deletion, text: "12 Main St", only: true, want: []string{"12 Man St", "12 Mai St", "12 Min St"}},
		{class: Class("unknown"), text: door, only: true},
		{class: Typo, text: "\xff塔悠路", only: true},
	} {
		got := variants(c.class, c.text)
		for _, w := range c.want {
			if !slices.Contains(got, w) {
				t.Errorf("%s of %q lacks %q: %q", c.class, c.text, w, got)
			}
		}
		for _, n := range c.not {
			if slices.Contains(got, n) {
				t.Errorf("%s of %q has %q", c.class, c.text, n)
			}
		}
		if c.only && len(got) != len(c.want) {
			t.Errorf("%s of %q: %q, want %q", c.class, c.text, got, c.want)
		}
	}
}

// addresses draws addresses whose parts are known.
func addresses(t *rapid.T) string {
	if rapid.Bool().Draw(t, "simplified") {
		return rapid.SampledFrom([]string{"", "上海市", "北京市"}).Draw(t, "city") +
			rapid.SampledFrom([]string{"", "徐汇区", "浦东新区", "朝阳区"}).Draw(t, "district") +
			rapid.SampledFrom([]string{"陕西南路", "广东路", "建国门外大街", "曲阳新村", "三门路", "国权路"}).Draw(t, "road") +
			rapid.StringMatching(`([1-9][0-9]{0,3}弄)?[1-9][0-9]{0,3}号([1-9]号楼)?`).Draw(t, "number")
	}
	return rapid.SampledFrom([]string{"", "臺北市"}).Draw(t, "city") +
		rapid.SampledFrom([]string{"", "松山區", "大安區"}).Draw(t, "district") +
		rapid.SampledFrom([]string{"", "莊敬里", "莊敬里11鄰"}).Draw(t, "village") +
		rapid.SampledFrom([]string{"塔悠路", "和平東路二段", "大湖山莊街", "市民大道四段", "敬業一路", "中和街"}).Draw(t, "road") +
		rapid.StringMatching(`([1-9][0-9]{0,2}巷)?([1-9][0-9]?弄)?[1-9][0-9]{0,2}(之[1-9])?號(地下|[2-9]樓)?`).Draw(t, "number")
}

// sayTheSame reports whether out is in with numbers of digits written as Chinese numerals, at least one.
func sayTheSame(in, out []rune) bool {
	changed := false
	for len(in) > 0 && len(out) > 0 {
		if in[0] == out[0] {
			in, out = in[1:], out[1:]
			continue
		}
		n, digits := 0, 0
		for ; digits < len(in) && isDigit(in[digits]); digits++ {
			n = n*10 + int(in[digits]-'0')
		}
		words := 0
		for words < len(out) && strings.ContainsRune("〇零一二三四五六七八九十百千兩两", out[words]) {
			words++
		}
		if digits == 0 || words == 0 || said(out[:words]) != n {
			return false
		}
		in, out, changed = in[digits:], out[words:], true
	}
	return changed && len(in) == len(out)
}

// said is the value of a numeral in words or digit by digit.
func said(words []rune) int {
	total, digit, byDigit := 0, -1, true
	value := map[rune]int{
		'〇': 0, '零': 0, '一': 1, '二': 2, '兩': 2, '两': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9,
	}
	power := map[rune]int{'十': 10, '百': 100, '千': 1000}
	for _, w := range words {
		byDigit = byDigit && power[w] == 0
	}
	for _, w := range words {
		switch p := power[w]; {
		case byDigit:
			total = total*10 + value[w]
		case p > 0 && digit < 0:
			total += p
		case p > 0:
			total, digit = total+digit*p, -1
		case w == '零':
			digit = -1
		default:
			digit = value[w]
		}
	}
	return total + max(digit, 0)
}

// TestOnlyWhatTheClassSays compares what came out with what went in.
func TestOnlyWhatTheClassSays(t *testing.T) {
	type sides struct {
		in, out []rune
	}
	// differ are the places in which two texts of one length differ.
	differ := func(s sides) []int {
		var at []int
		for i := range s.in {
			if s.in[i] != s.out[i] {
				at = append(at, i)
			}
		}
		return at
	}
	// oneLess reports whether short is long without one character that may be missed, and which that is.
	oneLess := func(long, short []rune) bool {
		for i, r := range long {
			if isHan(r) && !in(numerals, r) && slices.Equal(slices.Concat(long[:i], long[i+1:]), short) {
				return true
			}
		}
		return false
	}
	norm := func(s []rune) string { return normal.Of(string(s)).String() }
	one := func(s sides) (old, by rune, ok bool) {
		if len(s.in) != len(s.out) || len(differ(s)) != 1 {
			return 0, 0, false
		}
		i := differ(s)[0]
		return s.in[i], s.out[i], isHan(s.in[i]) && isHan(s.out[i]) && norm(s.in) != norm(s.out) && !in(numerals+ends+units, s.out[i])
	}
	rules := map[Class]func(s sides) bool{
		Exact: func(s sides) bool { return slices.Equal(s.in, s.out) },
		PrefixDropped: func(s sides) bool {
			i := 0
			for _, r := range s.in { // characters in their order, the road and all behind it
				if i < len(s.out) && s.out[i] == r {
					i++
				}
			}
			text := string(s.in)
			_, size := utf8.DecodeRuneInString(text[max(0, strings.LastIndexAny(text, "市區区里鄰")):])
			tail := text[strings.LastIndexAny(text, "市區区里鄰")+size:]
			return i == len(s.out) && i < len(s.in) && strings.HasSuffix(string(s.out), tail)
		},
		FullWidth:       func(s sides) bool { return width.Narrow.String(string(s.out)) == string(s.in) },
		ChineseNumerals: func(s sides) bool { return sayTheSame(s.in, s.out) },
		MissingUnit: func(s sides) bool {
			return oneLess(s.in, s.out) && strings.Count(string(s.in), "號")+strings.Count(string(s.in), "号") > strings.Count(string(s.out), "號")+strings.Count(string(s.out), "号")
		},
		Typo: func(s sides) bool { _, _, ok := one(s); return ok },
		Homophone: func(s sides) bool {
			old, by, ok := one(s)
			return ok && slices.Contains(pinyin.Of(normal.Of(string(by)).Runes[0]), pinyin.Of(normal.Of(string(old)).Runes[0])[0])
		},
		Deletion:  func(s sides) bool { return oneLess(s.in, s.out) },
		Insertion: func(s sides) bool { return oneLess(s.out, s.in) },
		Transposition: func(s sides) bool {
			at := differ(s)
			return len(s.in) == len(s.out) && len(at) == 2 && at[1] == at[0]+1 && s.in[at[0]] == s.out[at[1]] && s.in[at[1]] == s.out[at[0]]
		},
		Script:      func(s sides) bool { return len(s.in) == len(s.out) && norm(s.in) == norm(s.out) && len(differ(s)) > 0 },
		FreeText:    func(s sides) bool { return strings.Contains(string(s.out), string(s.in)) && len(s.out) > len(s.in)+5 },
		Combination: func(s sides) bool { return !slices.Equal(s.in, s.out) },
	}
	for class, holds := range rules {
		t.Run(string(class), func(t *testing.T) {
			made, tried := 0, 0
			rapid.Check(t, func(t *rapid.T) {
				tried++
				text, seed := addresses(t), rapid.Uint64().Draw(t, "seed")
				out, ok := Make(class, text, seeded(seed))
				if again, _ := Make(class, text, seeded(seed)); again != out {
					t.Fatalf("%q, then %q", out, again)
				}
				if !ok {
					return
				}
				made++
				if !holds(sides{[]rune(text), []rune(out)}) {
					t.Fatalf("%s of %q is %q", class, text, out)
				}
			})
			if made*4 < tried {
				t.Errorf("made %d of %d", made, tried)
			}
		})
	}
}

// TestSlipsOfLetters does the same for names in letters: numbers and what stands behind the comma stay.
func TestSlipsOfLetters(t *testing.T) {
	for _, class := range []Class{Typo, Deletion, Insertion, Transposition} {
		rapid.Check(t, func(t *rapid.T) {
			text := rapid.StringMatching(`[1-9][0-9]{0,3} [A-Z][a-z]{3,9}( [A-Z][a-z]{3,9})? (St|Ave|Road), Cambridge, MA 02139`).Draw(t, "text")
			out, ok := Make(class, text, seeded(rapid.Uint64().Draw(t, "seed")))
			if !ok {
				if class == Transposition {
					return // a word of one letter repeated
				}
				t.Fatalf("no %s of %q", class, text)
			}
			number, _, _ := strings.Cut(text, " ")
			_, rest, _ := strings.Cut(text, ",")
			if !strings.HasPrefix(out, number+" ") || !strings.HasSuffix(out, ","+rest) {
				t.Fatalf("%s of %q is %q", class, text, out)
			}
			longer := map[Class]int{Deletion: -1, Insertion: 1}[class]
			if len(out)-len(text) != longer {
				t.Fatalf("%s of %q is %q", class, text, out)
			}
		})
	}
}

// TestCombinations counts how many of the classes show.
func TestCombinations(t *testing.T) {
	const text = "臺北市松山區莊敬里11鄰塔悠路328號"
	shows := map[string]func(v string) bool{
		"prefix": func(v string) bool { return !strings.ContainsAny(v, "市里邻鄰") },
		"width":  func(v string) bool { return strings.ContainsAny(v, "３２８") },
		"words":  func(v string) bool { return strings.ContainsAny(v, "百") },
		"script": func(v string) bool { return strings.ContainsAny(v, "区号邻") },
		"talk":   func(v string) bool { return utf8.RuneCountInString(v) > 28 },
		"slip":   func(v string) bool { return !strings.Contains(v, "塔悠路") },
	}
	seen, all := map[string]int{}, variants(Combination, text)
	if len(all) < 200 {
		t.Fatalf("%d variants: %q", len(all), all)
	}
	for _, v := range all {
		for what, is := range shows {
			if is(v) {
				seen[what]++
			}
		}
	}
	for what := range shows {
		if seen[what] < 10 {
			t.Errorf("%s shows in %d of %d", what, seen[what], len(all))
		}
	}
}

// TestFrequent counts the characters of the demonstration city again.
func TestFrequent(t *testing.T) {
	f, err := os.Open("../../sample/files/addresses.csv.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	lines := bufio.NewScanner(z)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), ",") // FULL_ADDR,TOWN,VILLAGE,NEIGHBORHOOD,ROAD,…
		if len(fields) < 5 || fields[0] == "FULL_ADDR" {
			continue
		}
		names[fields[4]] = true
		if label := []rune(fields[0]); len(label) > 10 && label[5] == '區' {
			if n := slices.Index(label[6:10], '里'); n > 0 {
				names[string(label[6:6+n+1])] = true
			}
		}
	}
	count := map[rune]int{}
	for n := range names {
		for _, r := range n {
			if isHan(r) && !in(numerals+ends+units, r) && r >= firstHan && r <= lastHan {
				count[r]++
			}
		}
	}
	most := slices.SortedFunc(maps.Keys(count), func(a, b rune) int {
		return cmp.Or(count[b]-count[a], int(a-b))
	})
	if got := string(most[:300]); got != frequent {
		t.Errorf("the most frequent characters are\n%s\nand the table says\n%s", got, frequent)
	}
}

// TestTables checks what is written by hand.
func TestTables(t *testing.T) {
	for pair := range strings.FieldsSeq(pairs) {
		p := []rune(pair)
		if len(p) != 2 || fold(p[1]) != fold(p[0]) || fold(p[0]) != p[0] || fold(p[1]) == p[1] {
			t.Errorf("%s: the second is not the traditional form of the first: %c %c", pair, fold(p[0]), fold(p[1]))
		}
	}
	if n := len(reverse()); n < 1650 {
		t.Errorf("%d simplified characters have traditional ones", n)
	}
	for simple, full := range reverse() {
		if fold(full) != simple || full == simple {
			t.Errorf("%c is not the traditional form of %c", full, simple)
		}
	}
	for group := range strings.FieldsSeq(lookAlikes) {
		p := []rune(group)
		for i, a := range p {
			if !isHan(a) || slices.Contains(p[:i], a) {
				t.Errorf("%s: %c", group, a)
			}
			for _, b := range p[:i] {
				if fold(a) == fold(b) {
					t.Errorf("%s: %c and %c are the same character", group, a, b)
				}
			}
		}
	}
	for sc, least := range map[script]int{simplified: 3700, traditional: 5200} {
		n := 0
		for _, list := range common(sc) {
			n += len(list)
		}
		if n < least {
			t.Errorf("%d characters of script %d are in common use", n, sc)
		}
	}
	for _, talk := range []string{talkTraditional, talkSimplified, talkLatin} {
		for line := range strings.Lines(strings.TrimSpace(talk)) {
			if strings.Count(line, "*") != 1 {
				t.Errorf("%q wants one place", line)
			}
		}
	}
}

func FuzzMake(f *testing.F) {
	for _, s := range []string{
		"", "號", "之", "之3", "12之", "市", "臺北市松山區莊敬里11鄰塔悠路328號", "三门路", "號號號", "12 号", "Ａ３", "&&", ", ,", "St", "N N N", "1 '", "\xff", "廿卅號",
	} {
		f.Add(s, uint64(1))
	}
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		for _, class := range Classes() {
			out, ok := Make(class, text, seeded(seed))
			switch {
			case !ok && out != "" && class != Combination:
				t.Errorf("%s of %q failed with %q", class, text, out)
			case ok && !utf8.ValidString(out):
				t.Errorf("%s of %q is %q", class, text, out)
			case ok && class != Exact && out == text:
				t.Errorf("%s of %q changes nothing", class, text)
			}
		}
		s := read(strings.ToValidUTF8(text, ""))
		at := 0
		for _, p := range s.parts {
			if p.start != at || p.end <= p.start {
				t.Fatalf("%q: parts %v", text, s.parts)
			}
			at = p.end
		}
		if at != len(s.runes) {
			t.Fatalf("%q: parts end at %d of %d", text, at, len(s.runes))
		}
	})
}
