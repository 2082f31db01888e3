package classes

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data/catalogue"
	"github.com/gewu-city/gewu/geocode/normal"
)

// check finds what no suggestions may be, or nothing.
func check(text string, most int, got []Suggestion) string {
	type key struct {
		edition, code string
		kind          Kind
	}
	seen, count := map[key]bool{}, map[string]int{}
	for i, s := range got {
		k := key{s.Edition, s.Code, s.Kind}
		count[s.Edition]++
		switch {
		case s.Edition == "" || s.Code == "" || s.Name == "" || s.Title.ZH == "" || s.Title.EN == "":
			return "something is empty"
		case s.Kind != Part && s.Kind != Event:
			return "kind " + string(s.Kind)
		case s.Score < 1 || s.Score > 100:
			return "score out of bounds"
		case i > 0 && s.Score > got[i-1].Score:
			return "a better one behind a worse one"
		case seen[k]:
			return "a class twice"
		case count[s.Edition] > most:
			return "more than asked for"
		case len(s.Words) == 0:
			return "no words"
		}
		seen[k] = true
		at := 0
		for _, w := range s.Words {
			if w.Start < at || w.End <= w.Start || w.End > len(text) {
				return "words out of the text or of order"
			}
			if utf8.ValidString(text) && !utf8.ValidString(text[w.Start:w.End]) {
				return "half a character"
			}
			at = w.End
		}
	}
	return ""
}

// texts draws texts of words of the lists, with addresses, courtesy and rubbish between.
func texts() *rapid.Generator[string] {
	piece := rapid.OneOf(
		rapid.SampledFrom(tables().some(allLists(), 1<<20)),
		rapid.SampledFrom([]string{
			"不是", "没有", "并没有", "not a ", "no ", "您好，", "请", "旁边", "对面", "的", "，", "。", " ", "\n", "路", "街", "里3",
			"建设路120号", "三百二十八号", "臺北市大安區和平東路二段", "12 Main St", "s", "ing", "騎樓", "馬路上", "路燈", "㊙", "Ⅷ", "ﬁ", "é", "🙂",
		}),
		rapid.StringN(0, 3, 12),
		rapid.SampledFrom([]string{"\xff", "\xe8\xb7", "\x00"}),
	)
	return rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces"), "") })
}

func allLists() []list {
	var out []list
	for l := range list(tables().count) {
		out = append(out, l)
	}
	return out
}

func TestProperties(t *testing.T) {
	words := slices.DeleteFunc(slices.Clone(tables().some(allLists(), 1<<20)), func(w string) bool { return len(Suggest(w, 1)) == 0 })
	if len(words) == 0 {
		t.Fatal("no word has a suggestion")
	}
	rapid.Check(t, func(t *rapid.T) {
		text, most := texts().Draw(t, "text"), rapid.IntRange(1, 6).Draw(t, "most")
		// Few of what is drawn has words of the lists: every other text begins with one that has a suggestion.
		if rapid.Bool().Draw(t, "begins with a word") {
			text = rapid.SampledFrom(words).Draw(t, "word") + "。" + text
		}
		got := Suggest(text, most)
		if fault := check(text, most, got); fault != "" {
			t.Fatalf("%s%s", fault, told(text, got))
		}
		if again := Suggest(text, most); !slices.EqualFunc(got, again, same) {
			t.Fatalf("another answer the second time%s%s", told(text, got), told(text, again))
		}
		// More are the same and others behind them, edition by edition.
		more := Suggest(text, most+1)
		for _, edition := range tables().editions {
			few, many := of(edition, got), of(edition, more)
			if len(many) < len(few) || !slices.EqualFunc(few, many[:len(few)], same) {
				t.Fatalf("%s with more asked for:%s%s", edition, told(text, few), told(text, many))
			}
		}
	})
}

// TestCourtesy: courtesy around a report changes nothing but where its words stand.
func TestCourtesy(t *testing.T) {
	polite := rapid.SampledFrom([]string{"您好，", "你好。麻烦了，", "谢谢！", "請派員，", "辛苦了。感谢，", "Hello, ", "thanks. "})
	all := reports(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom(all).Draw(t, "report").text
		before, behind := polite.Draw(t, "before"), polite.Draw(t, "behind")
		plain, kind := Suggest(text, 4), Suggest(before+text+"。"+behind, 4)
		for _, s := range kind {
			for i := range s.Words {
				s.Words[i].Start -= len(before)
				s.Words[i].End -= len(before)
			}
		}
		if !slices.EqualFunc(plain, kind, same) {
			t.Fatalf("%s:%s\n%q %q:%s", text, told(text, plain), before, behind, told(text, kind))
		}
	})
}

func same(a, b Suggestion) bool {
	words := slices.Equal(a.Words, b.Words)
	a.Words, b.Words = nil, nil
	return words && a.Edition == b.Edition && a.Kind == b.Kind && a.Code == b.Code && a.Score == b.Score && a.Title == b.Title
}

func of(edition string, all []Suggestion) []Suggestion {
	var out []Suggestion
	for _, s := range all {
		if s.Edition == edition {
			out = append(out, s)
		}
	}
	return out
}

// TestLongest compares the words found with those of a search for the longest word anywhere that is still free.
func TestLongest(t *testing.T) {
	letters := rapid.SampledFrom([]rune("路灯井盖ab "))
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.Custom(func(t *rapid.T) string {
			return normal.Of(string(rapid.SliceOfN(letters, 1, 5).Draw(t, "letters"))).String()
		}).Filter(func(s string) bool { return s != "" })
		words := rapid.SliceOfNDistinct(word, 1, 8, rapid.ID[string]).Draw(t, "words")
		tab, err := read("edition\tkind\tcode\tmatter\nE\tpart\t1\tm\n", "matter\tzh\ten\tevidence\nm\tz\te\t9 all\n",
			"list\twords\nnot\tn1\nlack\tn2\ncourtesy\tn3\nbeside\tn4\naside\tn5\nmissing\tn6\nall\t"+strings.Join(words, "|")+"\n", func(catalogue.Key) string { return "n" })
		if err != nil {
			t.Fatal(err)
		}
		text := normal.Of(string(rapid.SliceOfN(letters, 0, 20).Draw(t, "text"))).Runes
		var want []string
		free := slices.Repeat([]bool{true}, len(text))
		for size := len(text); size > 0; size-- {
			for i := 0; i+size <= len(text); i++ {
				found := slices.ContainsFunc(words, func(w string) bool {
					part := string(text[i : i+size])
					return part == w || spelled([]rune(w)[len([]rune(w))-1]) && (part == w+"s" || part == w+"es")
				})
				if !found || slices.Contains(free[i:i+size], false) ||
					i > 0 && spelled(text[i-1]) && spelled(text[i]) ||
					i+size < len(text) && spelled(text[i+size-1]) && spelled(text[i+size]) {
					continue
				}
				for k := range size {
					free[i+k] = false
				}
				want = append(want, string(rune('0'+i))+string(text[i:i+size]))
			}
		}
		var got []string
		for _, w := range tab.longest(text) {
			got = append(got, string(rune('0'+w.start))+string(text[w.start:w.end]))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("%q with %q: %q, want %q", string(text), words, got, want)
		}
	})
}

// TestNearest compares the words that evidence takes with those of a look at all words.
func TestNearest(t *testing.T) {
	tab := tables()
	rapid.Check(t, func(t *rapid.T) {
		few := rapid.SampledFrom(rapid.SliceOfN(rapid.SampledFrom(tab.some(allLists(), 1<<20)), 1, 3).Draw(t, "few"))
		f := tab.find(normal.Of(strings.Join(rapid.SliceOfN(few, 1, 8).Draw(t, "words"), ", ")).Runes)
		if len(f.words) == 0 {
			return
		}
		lists := rapid.SliceOfN(rapid.SampledFrom(busy(f)), 1, 4).Draw(t, "lists")
		taken := rapid.SliceOfNDistinct(rapid.IntRange(0, len(f.words)-1), 1, 2, rapid.ID[int]).Draw(t, "taken")
		at, loss, ok := f.nearest(lists, taken)
		wantAt, wantLoss, want := 0, 0, false
		for _, i := range f.either(slices.Compact(slices.Sorted(slices.Values(lists)))) {
			cost, near := f.loss(taken[0], i)
			if near && !slices.Contains(taken, i) && (!want || cost < wantLoss) {
				wantAt, wantLoss, want = i, cost, true
			}
		}
		if at != wantAt || loss != wantLoss || ok != want {
			t.Fatalf("%d, %d, %t, want %d, %d, %t", at, loss, ok, wantAt, wantLoss, want)
		}
	})
}

// busy are the lists that a text has words of, and one that it has none of.
func busy(f *found) []list {
	out := []list{f.table.not}
	for l, words := range f.by {
		if len(words) > 0 {
			out = append(out, list(l))
		}
	}
	return out
}

func FuzzSuggest(f *testing.F) {
	for _, r := range reports(f) {
		f.Add(r.text, 3)
	}
	f.Add("不是", 1)
	f.Add("没有没有没有路灯旁旁旁", 9)
	f.Add("\xff路灯\x00坏了"+strings.Repeat("垃圾", 4000), 2)
	f.Fuzz(func(t *testing.T, text string, most int) {
		got := Suggest(text, most)
		if fault := check(text, most, got); fault != "" {
			t.Fatalf("%q: %s%s", text, fault, told(text, got))
		}
	})
}
