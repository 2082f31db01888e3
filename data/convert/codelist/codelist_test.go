package codelist_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/codelist"
)

const parts = "code\tmajor_name\tminor_name\tstandard\n" +
	"01001\t市政公用设施\t供水井盖\tGB/T 47678.5-2026\n" +
	"0101\t公用设施\t上水井盖\tGB/T 30428.2-2013\n" +
	"02001\t交通设施\t停车场\tGB/T 47678.5-2026\n" +
	"01002\t市政公用设施\t污\"水\"井盖\tGB/T 47678.5-2026\n"

func TestRead(t *testing.T) {
	edition := map[string]string{"standard": "GB/T 47678.5-2026"}
	for name, test := range map[string]struct {
		text string
		o    codelist.Options
		want string
	}{
		"national table": {parts, codelist.Options{Comma: '\t', Where: edition}, `01001 map[zh:供水井盖] / 02001 map[zh:停车场] / 01002 map[zh:污"水"井盖]`},
		"with majors":    {parts, codelist.Options{Comma: '\t', Where: edition, Major: "major_name"}, `01 map[zh:市政公用设施] / 01001 map[zh:供水井盖] <01 / 02 map[zh:交通设施] / 02001 map[zh:停车场] <02 / 01002 map[zh:污"水"井盖] <01`},
		"all columns":    {"\ufeffCode,Parent,zh,EN,from,to\n1,,一,one,2007,2013\n11,1,,,,\n", codelist.Options{}, `1 map[en:one zh:一] 2007-2013 / 11 map[] <1`},
		"columns named":  {"k,v\n a , 甲 \n", codelist.Options{Columns: map[string]string{"code": "k", "zh-Hant": "v"}}, `a map[zh-Hant:甲]`},
		"empty":          {"", codelist.Options{}, "the table is empty"},
		"no rows":        {"code,zh\n", codelist.Options{}, ""},
		"no code":        {"a,b\n1,2\n", codelist.Options{}, "which column holds the codes? the columns are a, b"},
		"no column":      {"code\n", codelist.Options{Columns: map[string]string{"zh": "name"}}, `there is no column "name"; the columns are code`},
		"no where":       {"code\n", codelist.Options{Where: map[string]string{"x": "1"}}, `there is no column "x"`},
		"no major":       {"code\n", codelist.Options{Major: "x"}, `there is no column "x"`},
		"short row":      {"code,zh\n1,a\n2\n", codelist.Options{}, "line 3 has 1 columns and the first line 2"},
		"row no code":    {"code,zh\n1,a\n ,b\n", codelist.Options{}, "line 3: has no code"},
		"bytes":          {"code,zh\n1,\xff\n", codelist.Options{}, "line 2: column zh is not UTF-8"},
		"GB18030, told":  {gb(t, "代码,名称\n01,供水井盖\n"), codelist.Options{Encoding: encoding(t, "gb18030")}, `01 map[zh:供水井盖]`},
		"GB18030, seen":  {gb(t, "代码,名称\n01,供水井盖\n"), codelist.Options{}, `01 map[zh:供水井盖]`},
		"told wrongly":   {gb(t, "code,zh\n01,供水井盖\n"), codelist.Options{Encoding: encoding(t, "utf-8")}, "line 2: column zh is not UTF-8, which the file is said to be"},
		"wrong heading":  {"\xff,zh\n01,a\n", codelist.Options{}, `line 1, "\xff" is not UTF-8; name the encoding`},
	} {
		terms, err := codelist.Read(strings.NewReader(test.text), test.o)
		got := describe(terms)
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, test.want) || test.want == "" && got != "" {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, test.want)
		}
	}
}

func gb(t *testing.T, text string) string {
	t.Helper()
	b, err := encoding(t, "gb18030").Append(nil, text)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func encoding(t *testing.T, name string) charset.Encoding {
	t.Helper()
	e, err := charset.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func describe(terms []data.Term) string {
	var lines []string
	for _, term := range terms {
		line := fmt.Sprint(term.Code, " ", term.Title)
		if term.Parent != "" {
			line += " <" + term.Parent
		}
		if term.From != "" || term.To != "" {
			line += " " + term.From + "-" + term.To
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, " / ")
}

func FuzzRead(f *testing.F) {
	f.Add(parts, true)
	f.Add("code,zh\n1,a\n", false)
	f.Fuzz(func(t *testing.T, text string, tabs bool) {
		o := codelist.Options{Major: "major_name"}
		if tabs {
			o.Comma = '\t'
		}
		terms, err := codelist.Read(strings.NewReader(text), o)
		if err != nil {
			return
		}
		for _, term := range terms {
			if term.Code == "" {
				t.Errorf("%q: an entry without a code", text)
			}
		}
	})
}
