package classes

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data/catalogue"
)

// newest is the edition that the tests speak of where they name none.
const newest = "GBT47678.5-2026"

// report is a row of testdata/reports.tsv.
type report struct{ text, edition, class, set string }

func reports(tb testing.TB) []report {
	tb.Helper()
	file, err := os.Open("testdata/reports.tsv")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	r := csv.NewReader(file)
	r.Comma, r.Comment, r.LazyQuotes = '\t', '#', true
	rows, err := r.ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	var out []report
	for _, row := range rows[1:] {
		one := report{text: row[0], edition: newest, class: row[1], set: row[2]}
		if edition, class, ok := strings.Cut(row[1], " "); ok && strings.Contains(class, " ") {
			one.edition, one.class = edition, class
		}
		out = append(out, one)
	}
	return out
}

// first is the kind and code of the first suggestion of an edition, or none.
func first(all []Suggestion, edition string) string {
	for _, one := range all {
		if one.Edition == edition {
			return string(one.Kind) + " " + one.Code
		}
	}
	return "none"
}

// told writes suggestions down for a failure.
func told(text string, all []Suggestion) string {
	var b strings.Builder
	for _, s := range all {
		b.WriteString("\n\t" + s.Edition + " " + string(s.Kind) + " " + s.Code + " " + s.Name + ":")
		for _, w := range s.Words {
			b.WriteString(" " + text[w.Start:w.End])
		}
	}
	return b.String()
}

// TestReports counts the reports whose first suggestion is the right one. Those that were seen while the words were
// collected must all be right, of those held back nine in ten.
func TestReports(t *testing.T) {
	right, all := map[string]int{}, map[string]int{}
	for _, r := range reports(t) {
		got := Suggest(r.text, 3)
		all[r.set]++
		if first(got, r.edition) == r.class && (r.class != "none" || len(got) == 0) {
			right[r.set]++
		} else if r.set == "seen" {
			t.Errorf("%s: %s, want %s%s", r.text, first(got, r.edition), r.class, told(r.text, got))
		}
	}
	for set, n := range all {
		t.Logf("%s: %d of %d", set, right[set], n)
		if right[set]*10 < n*9 {
			t.Errorf("%s: only %d of %d are right", set, right[set], n)
		}
	}
	if all["seen"] < 70 || all["held"] < 70 {
		t.Errorf("there are only %v reports", all)
	}
}

func TestSuggest(t *testing.T) {
	const text = "您好，建设路的路燈　不亮。"
	got := Suggest(text, 1)
	var rows []string
	for _, s := range got {
		if s.Score != 92 && s.Score != 94 {
			t.Errorf("score %d", s.Score)
		}
		if s.Title != (Title{ZH: "路灯故障", EN: "Street light fault"}) {
			t.Errorf("title %v", s.Title)
		}
		rows = append(rows, s.Edition+" "+string(s.Kind)+" "+s.Code+" "+s.Name)
	}
	want := "GBT47678.5-2026 event 01037 路灯异常\nGBT30428.2-2013 part 0137 路灯\nCJT214-2007 part 0118 路灯"
	if strings.Join(rows, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(rows, "\n"), want)
	}
	if w := got[0].Words; len(w) != 1 || text[w[0].Start:w[0].End] != "路燈　不亮" {
		t.Errorf("words %v%s", w, told(text, got))
	}
	for _, most := range []int{0, -1} {
		if got := Suggest(text, most); got != nil {
			t.Errorf("%d at most: %v", most, got)
		}
	}
}

// TestEvidence looks at how words make evidence together.
func TestEvidence(t *testing.T) {
	score := func(text, kind, code string) int {
		for _, s := range Suggest(text, 20) {
			if s.Edition == newest && string(s.Kind) == kind && s.Code == code {
				return s.Score
			}
		}
		return 0
	}
	for _, c := range []struct {
		name, more, less string
		kind, code       string
	}{
		{"a state beside a thing", "井盖松动", "井盖", "event", "01023"},
		{"a thing, not its state, is a part", "这里有个井盖", "这里有个人", "part", "01023"},
		{"near each other", "井盖松动", "井盖那边昨天晚上有好多人走来走去看热闹都说是松动", "event", "01023"},
		{"in one clause", "路灯都不亮", "路灯，不亮", "event", "01037"},
		{"the state before the thing", "垃圾桶破损", "破损那个是垃圾桶", "event", "03005"},
		{"a thing that says where", "公厕漏水", "公厕旁边漏水", "event", "03001"},
		{"in English", "bus stop broken", "broken bench next to the bus stop", "event", "02004"},
		{"where, before the thing", "the bus stop is leaking", "by the bus stop it is leaking", "event", "02004"},
		{"courtesy has no width", "路灯，您好谢谢麻烦了，不亮", "路灯，天地玄黄宇宙洪，不亮", "event", "01037"},
		{"无 is of the next word", "无名垃圾成堆", "没垃圾成堆", "event", "06010"},
		{"没有 ends at 的", "没有名的垃圾成堆", "没有垃圾成堆", "event", "06010"},
		{"a thing that is not there", "这里没有路灯", "这里的路灯", "event", "01037"},
		{"no thing behind it", "no street light here", "street light here", "event", "01037"},
		{"denied", "路灯坏了", "不是路灯坏了", "event", "01037"},
		{"denied up to a stop", "不是路灯，井盖坏了", "不是井盖坏了", "event", "01023"},
		{"denied up to 是", "不是路灯是井盖坏了", "不是井盖坏了", "event", "01023"},
		{"not so", "路面积水", "路面没有积水", "event", "01004"},
		{"denied in English", "it is a pothole", "this is not a pothole", "event", "06013"},
		{"but", "not a street light but a pothole", "not a pothole", "event", "06013"},
		{"the name of a road", "石桥断了", "石桥路断电", "event", "02009"},
		{"the longer word", "路灯坏了", "路灯井盖坏了", "event", "01037"},
		{"whole words of letters", "the tree fell", "the treehouse fell", "event", "04002"},
		{"plural", "trees fell", "treesome fell", "event", "04002"},
		{"a lorry is no rubbish", "垃圾没人收", "垃圾车几点来", "event", "06010"},
	} {
		more, less := score(c.more, c.kind, c.code), score(c.less, c.kind, c.code)
		if more <= less {
			t.Errorf("%s: %q has %d, %q has %d", c.name, c.more, more, c.less, less)
		}
	}
	if got := first(Suggest("人孔蓋或排水溝蓋板鬆動", 3), newest); got != "event 01026" {
		t.Errorf("of equal scores not the one with more words: %s", got)
	}
	if got := Suggest("垃圾车几点来", 3); got != nil {
		t.Errorf("of a question: %v", got)
	}
}

// TestScripts: the same report in another script, width or case has the same suggestions.
func TestScripts(t *testing.T) {
	for _, c := range [][2]string{
		{"人孔蓋鬆動，半夜聲響很大", "人孔盖松动，半夜声响很大"},
		{"騎樓被機車佔滿", "骑楼被机车占满"},
		{"垃圾桶滿出來", "垃圾桶满出来"},
		{"pothole on elm street", "ＰＯＴＨＯＬＥ on Elm Street"},
		{"street light out", "STREET LIGHT OUT"},
	} {
		a, b := Suggest(c[0], 5), Suggest(c[1], 5)
		if len(a) == 0 || len(a) != len(b) {
			t.Fatalf("%q has %d, %q has %d", c[0], len(a), c[1], len(b))
		}
		for i := range a {
			if a[i].Code != b[i].Code || a[i].Score != b[i].Score || a[i].Edition != b[i].Edition {
				t.Errorf("%q: %v, %q: %v", c[0], a[i], c[1], b[i])
			}
		}
	}
}

// TestAddresses: an address by itself says nothing of a matter. A few of Taipei's have a note, 208號(抽水站不得設籍).
func TestAddresses(t *testing.T) {
	file, err := os.Open("../../sample/files/addresses.csv.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	plain, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(plain)
	every, all, some := 1, 0, 0
	if testing.Short() {
		every = 10
	}
	for n := 0; ; n++ {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if n%every > 0 {
			continue
		}
		all++
		address := strings.Join(row[3:9], "")
		if got := Suggest(address, 1); got != nil {
			some++
			t.Logf("%s%s", address, told(address, got[:1]))
		}
	}
	if all < 20_000 || some*5_000 > all {
		t.Errorf("%d of %d addresses have suggestions", some, all)
	}
}

func BenchmarkSuggest(b *testing.B) {
	all := reports(b)
	b.Run("reports", func(b *testing.B) {
		b.ReportAllocs()
		bytes, i := 0, 0
		for b.Loop() {
			text := all[i%len(all)].text
			bytes += len(text)
			Suggest(text, 3)
			i++
		}
		b.SetBytes(int64(bytes / i))
	})
	var long strings.Builder
	for i := 0; long.Len() < 10<<10; i++ {
		long.WriteString(all[i%len(all)].text)
	}
	for name, text := range map[string]string{
		"10kB":      long.String(),
		"10kB same": strings.Repeat("路灯坏了", 10<<10/12),
		"10kB none": strings.Repeat("天地玄黄", 10<<10/12),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Suggest(text, 3)
			}
		})
	}
	b.Run("tables", func(b *testing.B) {
		for b.Loop() {
			if _, err := read(classesText, mattersText, wordsText, catalogue.Name); err != nil {
				b.Fatal(err)
			}
		}
	})
}
