package classes

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data/catalogue"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/normal"
)

// TestTables: the files say nothing twice and nothing for nobody.
func TestTables(t *testing.T) {
	tab := tables()
	if len(tab.editions) != 4 || tab.editions[0] != newest || !strings.HasPrefix(tab.editions[3], "local:") {
		t.Errorf("editions %v", tab.editions)
	}
	classes := map[string]int{}
	seen := map[string]bool{}
	for _, m := range tab.matters {
		if m.title.ZH == "" || m.title.EN == "" || seen[m.title.ZH+m.title.EN] {
			t.Errorf("title %v", m.title)
		}
		seen[m.title.ZH+m.title.EN] = true
		of := map[string]bool{}
		for _, c := range m.classes {
			key := fmt.Sprintf("%s %s %s", tab.editions[c.edition], c.kind, c.code)
			if of[key] {
				t.Errorf("%v has %s twice", m.title, key)
			}
			of[key] = true
			classes[key]++
			digits := 4
			if c.edition == 0 {
				digits = 5
			}
			if len(c.code) != digits || strings.ContainsFunc(c.code, func(r rune) bool { return r < '0' || r > '9' }) {
				t.Errorf("code %s", key)
			}
			if c.name == "" || strings.TrimSpace(c.name) != c.name {
				t.Errorf("name %q of %s", c.name, key)
			}
		}
	}
	if len(classes) < 550 {
		t.Errorf("%d classes", len(classes))
	}
}

// TestLists: no word is there twice in a list, and a word of letters is none of two scripts.
func TestLists(t *testing.T) {
	used := map[string]bool{"not": true, "lack": true, "courtesy": true, "beside": true, "aside": true}
	err := catalogue.EachRow("words.tsv", wordsText, 2, func(field []string) error {
		seen := map[string]string{}
		for word := range strings.SplitSeq(field[1], "|") {
			plain := normal.Of(word).String()
			if strings.HasPrefix(word, "@") {
				used[word[1:]] = true
				continue
			}
			if seen[plain] != "" {
				t.Errorf("%s: %s and %s are one word", field[0], seen[plain], word)
			}
			seen[plain] = word
			if word != strings.ToLower(word) || strings.TrimSpace(word) != word {
				t.Errorf("%s: %q", field[0], word)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(mattersText) {
		if field := strings.Split(strings.TrimSpace(line), "\t"); len(field) == 4 {
			for _, name := range strings.FieldsFunc(field[3], func(r rune) bool { return strings.ContainsRune(" |;", r) }) {
				used[name] = true
			}
		}
	}
	_ = catalogue.EachRow("words.tsv", wordsText, 2, func(field []string) error {
		if !used[field[0]] {
			t.Errorf("nothing asks for the list %s", field[0])
		}
		return nil
	})
}

// some are words of lists, at most most of them from all over.
func (t *table) some(lists []list, most int) []string {
	var all []string
	for id := range names.ID(t.words.Len()) {
		if slices.ContainsFunc(t.lists[id], func(l list) bool { return slices.Contains(lists, l) }) {
			all = append(all, string(t.words.Name(id)))
		}
	}
	if len(all) <= most {
		return all
	}
	out := make([]string, most)
	for i := range out {
		out[i] = all[i*len(all)/most]
	}
	return out
}

// TestAlive: every piece of evidence can be given.
func TestAlive(t *testing.T) {
	tab := tables()
	for i := range tab.matters {
		m := &tab.matters[i]
		for j := range m.evidence {
			e := &m.evidence[j]
			texts := []string{""}
			for _, lists := range e.parts {
				var longer []string
				for _, text := range texts {
					for _, word := range tab.some(lists, 8) {
						longer = append(longer, text+" "+word)
					}
				}
				texts = longer
			}
			alone := &matter{evidence: []evidence{*e}, part: m.part}
			if !slices.ContainsFunc(texts, func(text string) bool {
				p, ok := tab.find(normal.Of(text).Runes).prove(alone)
				return ok && p.score == e.score
			}) {
				t.Errorf("%s: nothing gives evidence %d of %d", m.title.EN, j+1, len(m.evidence))
			}
		}
	}
}

// TestDenied: no word counts that is denied, and no word of letters within a longer one.
func TestDenied(t *testing.T) {
	tab := tables()
	for id := range names.ID(tab.words.Len()) {
		word := string(tab.words.Name(id))
		texts := []string{"并不是" + word + "的问题"}
		if !strings.ContainsFunc(word, func(r rune) bool { return r > 0x2E80 }) {
			texts = []string{"not " + word}
			if !strings.ContainsAny(word, " -") { // of "no plates" in "xno plates", plates is a word
				texts = append(texts, "x"+word, word+"q")
			}
		}
		for _, text := range texts {
			if got := Suggest(text, 1); got != nil {
				t.Errorf("%q: %s", text, told(text, got))
			}
		}
	}
}

func TestReadErrors(t *testing.T) {
	const (
		words   = "list\twords\nnot\t不是\nlack\t没有\ncourtesy\t请\nbeside\t旁\naside\t垃圾车\nmissing\t丢失\nlamp\t路灯\n"
		matters = "matter\tzh\ten\tevidence\nlight\t路灯\tStreet light\t40 lamp; 90 lamp missing\n"
		classes = "edition\tkind\tcode\tmatter\n# a source\nE\tpart\t0137\tlight\n"
	)
	name := func(key catalogue.Key) string {
		if key.Code == "0116" {
			return ""
		}
		return "路灯"
	}
	if _, err := read(classes, matters, words, name); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ classes, matters, words, want string }{
		{classes, matters, strings.Replace(words, "aside", "besides", 1), `words.tsv: there is no list "aside"`},
		{classes, matters, words + "lamp\t灯\n", `words.tsv:9: the list "lamp" is there twice`},
		{classes, matters, words + "pole\t灯杆\tmore\n", "words.tsv:9: 3 fields, want 2"},
		{classes, matters, words + "pole\t@poles\n", `words.tsv: there is no list "poles" to take in, or it takes itself in`},
		{classes, matters, words + "pole\t@pole\n", `words.tsv: there is no list "pole" to take in, or it takes itself in`},
		{classes, matters, words + "pole\t、|\n", `words.tsv: "" is no word`},
		{classes, matters + "light\t灯\tLight\t40 lamp\n", words, `matters.tsv:3: the matter "light" is there twice`},
		{classes, matters + "post\t杆\tPost\t40 post\n", words, `matters.tsv:3: there is no list "post"`},
		{classes, matters + "post\t杆\tPost\t140 lamp\n", words, `matters.tsv:3: the score "140" is not one of 1 to 100`},
		{classes, matters + "post\t杆\tPost\t40\n", words, `matters.tsv:3: "40" is no evidence: a score and lists`},
		{classes, matters + "post\t杆\tPost\t40 lamp\n", words, `classes.tsv: the matter "Post" has no class`},
		{classes + "E\tthing\t1\tlight\n", matters, words, `classes.tsv:4: the kind "thing" is neither part nor event`},
		{classes + "E\tpart\t1\tpost\n", matters, words, `classes.tsv:4: there is no matter "post"`},
		{classes + "E\tpart\t0116\tlight\n", matters, words, `classes.tsv:4: the class E part 0116 has no name in the catalogue`},
	} {
		if _, err := read(c.classes, c.matters, c.words, name); err == nil || err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
}
