package class

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/catalogue"
)

func key(t testing.TB, text string) catalogue.Key {
	t.Helper()
	k, err := ParseKey("class", text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestEmbeddedTables(t *testing.T) {
	rows, err := readBase(limitsText, conditionsText)
	if err != nil || len(rows) != 523 {
		t.Fatalf("%d rows of limits (%v)", len(rows), err)
	}
	for _, row := range rows {
		if row.Filing["zh"] == "" || row.Filing["en"] == "" || row.Closing["zh"] == "" || row.Closing["en"] == "" || row.Limit.IsZero() {
			t.Errorf("%+v", row)
		}
	}
	const head = "edition\tkind\tcode\tcondition\tlimit\tclosing\tsource\n"
	for text, want := range map[string]string{
		head + "GBT30428.2-2013\tpart\t0101\thazard\t2 urgent_hour\trepair\tyc\n": "",
		head + "GBT30428.2-2013\tpart\t9101\thazard\t2 urgent_hour\trepair\tyc\n": "limits.tsv:2: there is no class GBT30428.2-2013 part 9101",
		head + "GBT30428.2-2013\tpart\t0101\twind\t2 urgent_hour\trepair\tyc\n":   `limits.tsv:2: there is no condition "wind"`,
		head + "GBT30428.2-2013\tpart\t0101\thazard\t2 hours\trepair\tyc\n":       "limits.tsv:2: limit: must be a number and a unit",
		head + "GBT30428.2-2013\tpart\t0101\thazard\t2 hour\tpray\tyc\n":          `limits.tsv:2: nothing closes as "pray"`,
		head + "GBT30428.2-2013\tpart\n":                                          "limits.tsv:2: 2 fields, want 7",
	} {
		_, err := readBase(text, conditionsText)
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// A manhole cover has four rows: gone, broken, loose, the road around it. The officer picks one.
func TestRowsOfAClass(t *testing.T) {
	d := Default()
	var got []string
	for _, row := range d.Limits(key(t, "GBT30428.2-2013 part 0101")) {
		got = append(got, row.Filing["zh"]+" "+row.Limit.In("zh")+" "+row.Closing["zh"]+" "+row.Source)
	}
	want := []string{"存在危险 2紧急工作时 已修复 yc", "破损、缺失 4工作时 已更换或补齐；已修复 yc", "松动、有响声 2工作日 已更换或补齐；已修复 yc", "地面不平或破损 5工作日 已修复 yc"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	// The class of 2026 with the same number has the rows of 2013, and says so; so has the matter that is named after it.
	for _, name := range []string{"GBT47678.5-2026 part 01001", "GBT47678.5-2026 event 01001"} {
		rows := d.Limits(key(t, name))
		if len(rows) != 4 || rows[0].Key.String() != "GBT30428.2-2013 part 0101" {
			t.Errorf("%s: %v", name, rows)
		}
	}
	for _, name := range []string{"GBT30428.2-2013 part 0116", "GBT30428.2-2013 part 9999", "GBT47678.5-2026 event 10001"} {
		if rows := d.Limits(key(t, name)); len(rows) != 0 {
			t.Errorf("%s: %v", name, rows)
		}
	}
}

func TestMappingBetweenEditions(t *testing.T) {
	d := Default()
	for _, test := range []struct{ from, edition, to, how string }{
		{"GBT30428.2-2013 part 0137", catalogue.Edition2026, "GBT47678.5-2026 part 01037", "name"},
		{"GBT30428.2-2013 part 0101", catalogue.Edition2026, "GBT47678.5-2026 part 01001", "number"}, // 上水井盖 is called 供水井盖 now
		{"GBT47678.5-2026 part 01001", catalogue.Edition2013, "GBT30428.2-2013 part 0101", "number"},
		{"CJT214-2007 part 0118", catalogue.Edition2013, "GBT30428.2-2013 part 0137", "name"}, // 路灯 had another number
		{"CJT214-2007 part 0118", catalogue.Edition2026, "GBT47678.5-2026 part 01037", "name"},
		{"GBT30428.2-2013 part 0507", catalogue.Edition2026, "GBT47678.5-2026 part 01070", "name"}, // 水域护栏 moved to another major class
		{"GBT47678.5-2026 event 01037", catalogue.Edition2013, "GBT30428.2-2013 part 0137", "part"},
		{"GBT47678.5-2026 part 01037", catalogue.Edition2026, "GBT47678.5-2026 part 01037", "name"},
		{"GBT30428.2-2013 part 0116", catalogue.Edition2026, "", ""}, // its name is not known
		{"GBT47678.5-2026 part 01077", catalogue.Edition2013, "", ""},
	} {
		got, how := "", ""
		if list := d.Map(key(t, test.from), test.edition); len(list) > 0 {
			got, how = list[0].Key.String(), list[0].How
		}
		if got != test.to || how != test.how {
			t.Errorf("%s in %s is %q by %q, want %q by %q", test.from, test.edition, got, how, test.to, test.how)
		}
	}
	// What maps by name or number maps back.
	for _, c := range d.Classes(catalogue.Edition2013) {
		for _, same := range d.Map(c.Key, catalogue.Edition2026) {
			back := d.Map(same.Key, catalogue.Edition2013)
			found := false
			for _, b := range back {
				found = found || b.Key == c.Key
			}
			if !found {
				t.Errorf("%s (%s) is %s by %s, which is not it: %v", c.Key, c.Name, same.Key, same.How, back)
			}
		}
	}
}

func TestReportOfMarks(t *testing.T) {
	var got []string
	all := 0
	for _, n := range Default().Report() {
		all += n.Classes
		if n.Edition == catalogue.Edition2013 {
			got = append(got, strings.Join([]string{string(n.Kind), string(n.Mark)}, " "))
			if n.Mark == catalogue.Seen && n.Limited < n.Classes*9/10 {
				t.Errorf("%+v: most of them have limits", n)
			}
			if n.Mark == catalogue.Unknown && n.Limited != 0 {
				t.Errorf("%+v: what is unknown has limits", n)
			}
		}
	}
	want := []string{"part seen", "part inferred", "part unknown", "event seen", "event inferred", "event unknown"}
	if diff := cmp.Diff(want, got, cmp.Transformer("sort", func(list []string) map[string]bool {
		set := map[string]bool{}
		for _, s := range list {
			set[s] = true
		}
		return set
	})); diff != "" || all != 807 {
		t.Errorf("%d classes (-want +got):\n%s", all, diff)
	}
}

const city = `
edition = "GBT30428.2-2013"
local = "local:dongcheng"
title = { zh = "东城区扩展类别", en = "Classes that Dongcheng adds" }

[[class]]
kind = "part"
code = "0199"
major = "公用设施"
name = "智能井盖"
like = "GBT30428.2-2013 part 0101"

[[limit]]
class = "GBT30428.2-2013 part 0102"
filing = { zh = "井盖丢失" }
closing = { zh = "补齐" }
limit = "1 urgent_hour"

[[text]]
class = "GBT30428.2-2013 part 0102"
plan = { zh = "先围挡，再通知权属单位", en = "Fence it off, then tell the owner" }
standard = { zh = "井盖与路面平齐", en = "The cover is level with the road" }

[[same]]
class = "GBT30428.2-2013 part 0101"
metres = 5
days = 30

[[map]]
from = "GBT30428.2-2013 part 0101"
to = "GBT47678.5-2026 part 01023"
`

func TestACityAddsAndReplaces(t *testing.T) {
	said, err := ParseCity(city)
	if err != nil {
		t.Fatal(err)
	}
	table, err := New(said)
	if err != nil {
		t.Fatal(err)
	}
	if table.Edition() != catalogue.Edition2013 || Default().Edition() != catalogue.Edition2026 {
		t.Errorf("editions %s and %s", table.Edition(), Default().Edition())
	}
	smart := key(t, "local:dongcheng part 0199")
	if c, ok := table.Class(smart); !ok || c.Name != "智能井盖" || !c.City {
		t.Errorf("%+v, %t", c, ok)
	}
	if rows := table.Limits(smart); len(rows) != 4 {
		t.Errorf("the class that is like a cover has %d rows", len(rows))
	}
	if w := table.Window(smart); w != (Window{Metres: 5, Days: 30}) {
		t.Errorf("window %v", w)
	}
	sewage := key(t, "GBT30428.2-2013 part 0102")
	if rows := table.Limits(sewage); len(rows) != 1 || rows[0].Limit.String() != "1 urgent_hour" || rows[0].Source != "city" {
		t.Errorf("rows %v", rows)
	}
	if c, _ := table.Class(sewage); c.Plan.In("zh", "") != "先围挡，再通知权属单位" || c.Standard["zh"] != "井盖与路面平齐" {
		t.Errorf("texts %v, %v", c.Plan, c.Standard)
	}
	if same := table.Map(key(t, "GBT30428.2-2013 part 0101"), catalogue.Edition2026); len(same) != 1 || same[0].How != "city" || same[0].Key.Code != "01023" {
		t.Errorf("mapped to %v", same)
	}
	if w := table.Window(key(t, "GBT30428.2-2013 event 0101")); w != EventWindow {
		t.Errorf("window of an event %v", w)
	}
	// The table that all cities begin with is as before.
	d := Default()
	if _, ok := d.Class(smart); ok || len(d.Limits(sewage)) != 4 || d.Window(key(t, "GBT30428.2-2013 part 0101")) != PartWindow {
		t.Error("a city has changed the table of all")
	}
	if c, _ := d.Class(sewage); c.Plan != nil {
		t.Error("a city has changed the texts of all")
	}
}

func TestFaultsOfCities(t *testing.T) {
	for _, test := range []struct{ from, to, want string }{
		{`edition = "GBT30428.2-2013"`, `edition = "GBT30428.2-2014"`, `edition: has no classes (value "GBT30428.2-2014")`},
		{`local = "local:dongcheng"`, ``, "local: is missing"},
		{`local = "local:dongcheng"`, `local = "dongcheng"`, `local: must be "local:" and a name`},
		{`local = "local:dongcheng"`, `locale = "local:dongcheng"`, "unknown key locale"},
		{`kind = "part"`, `kind = "thing"`, "class[0].kind: must be part or event"},
		{`code = "0199"`, `code = "99"`, "class[0].code: must be 4 to 12 digits"},
		{`name = "智能井盖"`, ``, "class[0].name: is missing"},
		{`like = "GBT30428.2-2013 part 0101"`, `like = "0101"`, `class[0].like: must be edition, kind and code`},
		{`like = "GBT30428.2-2013 part 0101"`, `like = "GBT30428.2-2013 part 9901"`, `class[0].like: is no class`},
		{`limit = "1 urgent_hour"`, ``, `limit[0].limit: is missing`},
		{`limit = "1 urgent_hour"`, `limit = "1 hours"`, `must be a number and a unit`},
		{`metres = 5`, `metres = 5001`, "same[0].metres: must be 0 to 5000"},
		{`metres = 5`, `metres = nan`, "same[0].metres: must be 0 to 5000"},
		{`days = 30`, `days = -1`, "same[0].days: must be 0 to 3650"},
		{`to = "GBT47678.5-2026 part 01023"`, `to = "GBT30428.2-2013 part 0102"`, "map[0].to: is of the same edition"},
		{`plan = {`, `plans = {`, "unknown key text.plans"},
	} {
		if !strings.Contains(city, test.from) {
			t.Fatalf("the text has no %s", test.from)
		}
		said, err := ParseCity(strings.Replace(city, test.from, test.to, 1))
		if err == nil {
			_, err = New(said)
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.to, err, test.want)
		}
	}
}

func TestATableOfLimits(t *testing.T) {
	for name, text := range map[string]string{
		"tabs":  "code\tname\tfiling_condition\tlimit\tunit\tclosing_condition\tkind\n0101\t上水井盖\t丢失\t2\turgent_hour\t恢复\t部件\n0101\t上水井盖\t\"破损\t4\twork_hour\t修复\tpart\n\n",
		"comma": "\ufeff小类代码,类型,立案条件,处置时限,结案条件\r\n0101,部件,丢失,2紧急工作时,恢复\r\n0101,部件,\"\"\"破损\",4工作时,修复\r\n",
	} {
		rows, wrong, err := ReadLimits(strings.NewReader(text), catalogue.Edition2013)
		if err != nil || len(wrong) > 0 || len(rows) != 2 {
			t.Fatalf("%s: %v, %v, %v", name, rows, wrong, err)
		}
		want := []Row{
			{Key: key(t, "GBT30428.2-2013 part 0101"), Filing: data.Title{"zh": "丢失"}, Closing: data.Title{"zh": "恢复"}, Source: "city"},
			{Key: key(t, "GBT30428.2-2013 part 0101"), Filing: data.Title{"zh": `"破损`}, Closing: data.Title{"zh": "修复"}, Source: "city"},
		}
		for i, limit := range []string{"2 urgent_hour", "4 work_hour"} {
			if rows[i].Limit.String() != limit {
				t.Errorf("%s: limit %s, want %s", name, rows[i].Limit, limit)
			}
			want[i].Limit = rows[i].Limit
		}
		if diff := cmp.Diff(want, rows); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if table, err := New(&City{}, rows...); err != nil || len(table.Limits(want[0].Key)) != 2 {
			t.Errorf("%s: %v", name, err)
		}
	}
	rows, wrong, err := ReadLimits(strings.NewReader("code,kind,limit\n0101,部件,2天\n,部件,2工作日\n0101,人,2工作日\n0101,部件,2工作日\n\"a\"b,c\n"), catalogue.Edition2013)
	if err != nil || len(rows) != 1 || len(wrong) != 4 {
		t.Fatalf("%v, %v, %v", rows, wrong, err)
	}
	for i, want := range []string{"line 2: limit: must be a number and a unit", "line 3: code: is missing", "line 4: kind: must be part or event", "line 6: "} {
		if !strings.HasPrefix(wrong[i].Error(), want) {
			t.Errorf("%v, want %s", wrong[i], want)
		}
	}
	if _, _, err = ReadLimits(strings.NewReader("code,limit\n"), catalogue.Edition2013); err == nil || !strings.HasPrefix(err.Error(), "kind: is missing among the names of the columns") {
		t.Error(err)
	}
	if _, _, err = ReadLimits(strings.NewReader(""), catalogue.Edition2013); err == nil {
		t.Error("a table without a row of names is read")
	}
	unknown := []Row{{Key: key(t, "GBT30428.2-2013 part 9901")}}
	if _, err := New(&City{}, unknown...); err == nil || !strings.Contains(err.Error(), "limit.class: is no class") {
		t.Error(err)
	}
}

func FuzzReadLimits(f *testing.F) {
	f.Add("code,kind,limit\n0101,部件,2工作日\n")
	f.Add("code\tkind\tlimit\tunit\n\"\t\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, wrong, err := ReadLimits(strings.NewReader(text), catalogue.Edition2013)
		if err != nil && len(rows)+len(wrong) > 0 {
			t.Fatalf("%v, and rows", err)
		}
		for _, row := range rows {
			if row.Limit.IsZero() || row.Key.Code == "" {
				t.Fatalf("%+v", row)
			}
		}
	})
}

func FuzzParseCity(f *testing.F) {
	f.Add(city)
	f.Fuzz(func(t *testing.T, text string) {
		said, err := ParseCity(text)
		if err != nil {
			return
		}
		table, err := New(said)
		if err != nil {
			return
		}
		for _, c := range table.Classes(said.Local) {
			if w := table.Window(c.Key); w.Metres < 0 || w.Metres > maxMetres {
				t.Fatalf("%s: window %v", c.Key, w)
			}
			for _, row := range table.Limits(c.Key) {
				if row.Limit.IsZero() {
					t.Fatalf("%s: %+v", c.Key, row)
				}
			}
		}
	})
}
