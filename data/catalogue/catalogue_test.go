package catalogue

import (
	"strings"
	"testing"
)

// How many classes each edition has, by how they are known, is what standards.md of the sources counts.
func TestClassesByMark(t *testing.T) {
	got := map[string]int{}
	for _, c := range All() {
		got[c.Edition+" "+string(c.Kind)+" "+string(c.Mark)]++
	}
	want := map[string]int{
		"GBT47678.5-2026 part seen": 153, "GBT47678.5-2026 event seen": 250,
		"GBT30428.2-2013 part seen": 66, "GBT30428.2-2013 part inferred": 55, "GBT30428.2-2013 part unknown": 3,
		"GBT30428.2-2013 event seen": 68, "GBT30428.2-2013 event inferred": 9, "GBT30428.2-2013 event unknown": 6,
		"CJT214-2007 part seen": 80, "CJT214-2007 part inferred": 5, "CJT214-2007 event seen": 54,
		"local:yuncheng part seen": 26, "local:yuncheng event seen": 32,
	}
	for key, n := range want {
		if got[key] != n {
			t.Errorf("%s: %d, want %d", key, got[key], n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("classes: %v", got)
	}
}

func TestACodeMeansDifferentThings(t *testing.T) {
	for _, test := range []struct {
		edition string
		kind    Kind
		code    string
		name    string
	}{
		{Edition2026, Part, "01001", "供水井盖"},
		{Edition2026, Event, "01001", "供水井盖异常"},
		{Edition2013, Part, "0137", "路灯"},
		{Edition2007, Part, "0137", "售货亭"},
		{Edition2013, Part, "0116", ""},
		{Edition2013, Part, "9999", ""},
	} {
		if got := Name(Key{test.edition, test.kind, test.code}); got != test.name {
			t.Errorf("%s %s %s is %q, want %q", test.edition, test.kind, test.code, got, test.name)
		}
	}
	if c, ok := Find(Key{Edition2013, Part, "0116"}); !ok || c.Mark != Unknown {
		t.Errorf("%+v, %t", c, ok)
	}
	if e, ok := Standard("GB/T 30428.2-2013"); !ok || e.Key != Edition2013 {
		t.Errorf("%+v, %t", e, ok)
	}
	if _, ok := Standard(""); ok {
		t.Error("a city is a standard")
	}
}

func TestFaultsOfTheTableSayWhere(t *testing.T) {
	const head = "edition\tkind\tcode\tmajor\tname\tmark\tsource\n"
	good := "GBT47678.5-2026\tpart\t01001\tm\t供水井盖\tseen\tci\n"
	for text, want := range map[string]string{
		head + good:                  "",
		head + "# c\n" + good + good: "classes.tsv:4: the class GBT47678.5-2026 part 01001 is there twice",
		head + strings.Replace(good, "2026", "2027", 1):  `classes.tsv:2: there is no edition "GBT47678.5-2027"`,
		head + strings.Replace(good, "part", "thing", 1): `classes.tsv:2: the kind "thing" is neither part nor event`,
		head + strings.Replace(good, "01001", "0101", 1): `classes.tsv:2: the code "0101" is not of 5 digits`,
		head + strings.Replace(good, "seen", "felt", 1):  `classes.tsv:2: the mark "felt" is none of seen, inferred, unknown`,
		head + strings.Replace(good, "供水井盖", "", 1):      `classes.tsv:2: the class GBT47678.5-2026 part 01001 has the name "" and the mark seen`,
		head + "a\tb\n": "classes.tsv:2: 2 fields, want 7",
	} {
		_, err := read(text)
		if got := errorText(err); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
