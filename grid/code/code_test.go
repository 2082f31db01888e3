package code_test

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/partcode"
	"github.com/gewu-city/gewu/grid/code"
)

//go:embed testdata/beijing.tsv
var beijing string

// table are the streets and communities of two districts.
func table(tb testing.TB) map[string]string {
	tb.Helper()
	names := map[string]string{"110101": "东城区", "110102": "西城区"}
	for line := range strings.Lines(beijing) {
		if c, name, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok && !strings.HasPrefix(line, "#") {
			names[c] = name
		}
	}
	if len(names) != 2+32+432 {
		tb.Fatalf("%d areas", len(names))
	}
	return names
}

func TestParse(t *testing.T) {
	for _, test := range []struct {
		kind       code.Kind
		text, want string // the groups with bars between
		canonical  string
		chain      []string
	}{
		{code.Cell, "110101001001001", "110101|001|001|001", "110101001001001", []string{"110101001001", "110101001", "110101"}},
		{code.Cell, "1101010001001001", "110101|0001|001|001", "110101001001001", []string{"110101001001", "110101001", "110101"}},
		{code.Cell, "1101011001001001", "110101|1001|001|001", "1101011001001001", []string{"1101011001001", "1101011001", "110101"}},
		{code.Cell, " 110101-001-001-00a ", "110101|001|001|00A", "11010100100100A", []string{"110101001001", "110101001", "110101"}},
		{code.Cell, "１１０１０１　００１００１００１", "110101|001|001|001", "110101001001001", []string{"110101001001", "110101001", "110101"}},
		{code.Part, "3205080101000001", "320508|01|01|000001", "3205080101000001", []string{"320508"}},
		{code.Part, "32050801001000001", "320508|01|001|000001", "32050801001000001", []string{"320508"}},
		{code.Matter, "3205080101", "320508|01|01", "3205080101", []string{"320508"}},
		{code.Matter, "32050801001", "320508|01|001", "32050801001", []string{"320508"}},
		{code.Class, "0101", "01|01", "0101", nil},
		{code.Class, "01001", "01|001", "01001", nil},
		{code.Community, "110101001001", "110101|001|001", "110101001001", []string{"110101001", "110101"}},
		{code.Community, "1101010001001", "110101|0001|001", "110101001001", []string{"110101001", "110101"}},
		{code.Street, "350527000", "350527|000", "350527000", []string{"350527"}},
		{code.Street, "441900003", "441900|003", "441900003", []string{"441900"}},
		{code.District, "810000", "810000", "810000", nil},
	} {
		c, err := code.Parse(test.kind, test.text)
		if err != nil {
			t.Error(err)
			continue
		}
		var groups, chain []string
		at := 1
		for _, f := range c.Fields() {
			groups = append(groups, f.Text)
			if f.From != at || f.To != at+f.Width-1 || c.Field(f.Name) != f.Text {
				t.Errorf("%s: %+v", c.Text, f)
			}
			at = f.To + 1
		}
		for _, up := range c.Chain() {
			chain = append(chain, up.Text)
		}
		if got := strings.Join(groups, "|"); got != test.want || c.Canonical().Text != test.canonical || !slices.Equal(chain, test.chain) {
			t.Errorf("%s %q: groups %s, canonical %s, chain %s", test.kind, test.text, got, c.Canonical().Text, chain)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, test := range []struct {
		kind code.Kind
		text string
		at   int
		want string
	}{
		{code.Cell, "11010100100100", 0, "has 14 characters instead of 15 (district 6, street 3, community 3, sequence 3) or 16 (district 6, street 4, community 3, sequence 3)"},
		{code.Cell, "", 0, "has 0 characters"},
		{code.Cell, "1101O1001001001", 5, "(district): 'O' must be a digit; is it a zero?"},
		{code.Cell, "11010100100100网", 15, "(sequence): '网' must be a digit or a capital letter"},
		{code.Cell, "110101001001000", 13, "characters 13 to 15 (sequence): must not be all zeros"},
		{code.Cell, "110101001000001", 10, "community"},
		{code.Cell, "990101001001001", 1, "99 is not a province"},
		{code.Cell, "110000001001001", 1, "110000 is a province"},
		{code.Part, "320508010100000", 0, "16 (district 6, major 2, minor 2, sequence 6) or 17"},
		{code.Part, "3205080101000000", 11, "sequence"},
		{code.Part, "3205080101 00O001", 13, "'O' must be a digit"},
		{code.Part, "3205080001000001", 7, "major"},
		{code.Part, "3205080100000001", 9, "minor"},
		{code.Community, "11010100100", 0, "instead of 12"},
		{"grid", "110101", 0, `"grid" is no kind of code; kinds are district, street, community, cell, part, matter, class`},
	} {
		_, err := code.Parse(test.kind, test.text)
		e, ok := errors.AsType[*code.Error](err)
		if !ok || e.At != test.at || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %q: %v, want %q at %d", test.kind, test.text, err, test.want, test.at)
		}
	}
}

func TestTable(t *testing.T) {
	names := table(t)
	has := func(_ code.Kind, text string) bool { return names[text] != "" }
	for c := range names {
		kind := map[int]code.Kind{6: code.District, 9: code.Street, 12: code.Community}[len(c)]
		if one, err := code.Parse(kind, c); err != nil {
			t.Error(err)
		} else if err := one.CheckTable(has); err != nil {
			t.Error(err)
		}
	}
	for text, want := range map[string]string{
		"110101001001001": "", "1101010001001001": "",
		"110101001099001": "characters 10 to 12 (community): there is no community 110101001099",
		"110101099001001": "characters 7 to 9 (street): there is no street 110101099",
		"110103001001001": "characters 1 to 6 (district): there is no district 110103",
	} {
		c, err := code.Parse(code.Cell, text)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.CheckTable(has); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestCompose(t *testing.T) {
	for _, test := range []struct {
		got, want string
		err       error
	}{
		compose(code.ComposeCell("110101001001", 7))("110101001001007"),
		compose(code.ComposeCell("1101010001001", 7))("1101010001001007"),
		compose(code.ComposePart("320508", "0101", 1))("3205080101000001"),
		compose(code.ComposePart("320508", "01001", 999_999))("32050801001999999"),
	} {
		if test.err != nil || test.got != test.want {
			t.Errorf("%s, %v, want %s", test.got, test.err, test.want)
		}
	}
	for name, err := range map[string]error{
		"zero": second(code.ComposeCell("110101001001", 0)), "thousand": second(code.ComposeCell("110101001001", 1000)),
		"street": second(code.ComposeCell("110101001", 1)), "class": second(code.ComposePart("320508", "010", 1)),
		"million": second(code.ComposePart("320508", "0101", 1_000_000)), "district": second(code.ComposePart("32050", "0101", 1)),
	} {
		if err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func second(_ string, err error) error { return err }

func compose(got string, err error) func(want string) struct {
	got, want string
	err       error
} {
	return func(want string) struct {
		got, want string
		err       error
	} {
		return struct {
			got, want string
			err       error
		}{got, want, err}
	}
}

func TestRule(t *testing.T) {
	r, err := code.ParseRule("national15")
	if err != nil || r.String() != "district:6 street:3 community:3 sequence:3" || len(r.Groups()) != 4 {
		t.Fatalf("%v: %v", r, err)
	}
	if err := r.Check("110101001001001"); err != nil {
		t.Error(err)
	}
	for text, want := range map[string]string{
		"1101010001001001":   "has 16 characters instead of 15",
		"110101-001-001-001": "plainly written it is 110101001001001",
		"11010100100100a":    "plainly written it is 11010100100100A",
	} {
		if err := r.Check(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if c, err := r.Parse("110101-001-001-001"); err != nil || c.Text != "110101001001001" || c.Field("community") != "001" || len(c.Chain()) != 0 {
		t.Errorf("%+v: %v", c, err)
	}
	own, err := code.ParseRule("zone:2 block:3")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := own.Compose(map[string]string{"zone": "a1", "block": "7"}); err != nil || got != "A1007" {
		t.Errorf("%s, %v", got, err)
	}
	for name, values := range map[string]map[string]string{
		"missing": {"zone": "1"}, "long": {"zone": "123", "block": "1"}, "other": {"zone": "1", "block": "1", "x": "1"}, "sign": {"zone": "+", "block": "1"},
	} {
		if got, err := own.Compose(values); err == nil {
			t.Errorf("%s: %s", name, got)
		}
	}
	for _, text := range []string{"", "none"} {
		none, err := code.ParseRule(text)
		if err != nil || none.Check("any Code 网") != nil || none.String() != "none" {
			t.Errorf("%q: %v", text, err)
		}
		if c, err := none.Parse("a-b"); err != nil || c.Text != "a-b" || len(c.Fields()) != 0 {
			t.Errorf("%q: %+v", text, c)
		}
		if _, err := none.Compose(nil); err == nil {
			t.Error("a code is composed of nothing")
		}
	}
}

// TestRulesAreThoseOfSchemes reads texts like rules: what a scheme takes is read, except that here a group must not
// occur twice and that codes must fit an id.
func TestRulesAreThoseOfSchemes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`(national15|none|[a-z_A]{0,3}:[0-9]{0,3}( [a-z_]{1,2}:[1-9]?[0-9]?){0,3} ?)?`).Draw(t, "rule")
		s := data.Scheme{CodeRule: text}
		taken := !strings.Contains(s.Validate(func(string) (*data.Layer, bool) { return nil, false }).Error(), "code_rule")
		r, err := code.ParseRule(text)
		switch {
		case err == nil && !taken:
			t.Fatalf("%q is read here and refused by schemes", text)
		case err != nil && taken && !strings.Contains(err.Error(), "occurs twice") && !strings.Contains(err.Error(), "at most"):
			t.Fatalf("%q: %v", text, err)
		case err == nil:
			if again, err := code.ParseRule(r.String()); err != nil || again.String() != r.String() {
				t.Fatalf("%q, then %q: %v", text, r, err)
			}
		}
	})
}

// TestPartsAreThoseOfIDs compares with what the id rule of layers takes: it is one rule.
func TestPartsAreThoseOfIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`(110101|320508|990101|320000|810000|[0-9]{2}0[01]00)[01]{2,3}[0-1]{2}[0-1A]{5,7}`).Draw(t, "code")
		_, err := code.Parse(code.Part, text)
		if why := partcode.Check(text); (err == nil) != (why == "") {
			t.Fatalf("%s: %v here, %q for ids", text, err, why)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("cell", "110101001001001")
	f.Add("cell", "１１0101-001 001-001")
	f.Add("part", "32050801001000001")
	f.Add("zone:2 block:3", "A1007")
	f.Add("none", "\xff网")
	f.Fuzz(func(t *testing.T, kind, text string) {
		plain := code.Normalise(text)
		if again := code.Normalise(plain); again != plain {
			t.Errorf("%q, then %q", plain, again)
		}
		c, err := code.Parse(code.Kind(kind), text)
		if err != nil {
			if e := err.Error(); len(e) > 2000 {
				t.Errorf("an error of %d bytes", len(e))
			}
			r, err := code.ParseRule(kind)
			if err != nil {
				return
			}
			if c, err = r.Parse(text); err != nil {
				return
			}
		}
		joined := ""
		for _, one := range c.Fields() {
			joined += one.Text
		}
		if joined != c.Text && len(c.Fields()) > 0 {
			t.Errorf("%q has the groups %v", c.Text, c.Fields())
		}
		if err := c.Rule.Check(c.Text); err != nil {
			t.Error(err)
		}
		for _, up := range c.Chain() {
			if !strings.HasPrefix(c.Canonical().Text, up.Text) {
				t.Errorf("%s lies in %s", c.Text, up.Text)
			}
		}
	})
}

func ExampleParse() {
	c, err := code.Parse(code.Cell, "110101-001-001-012")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range c.Fields() {
		fmt.Printf("%s %s (%d–%d)\n", f.Name, f.Text, f.From, f.To)
	}
	_, err = code.Parse(code.Part, "110101-001-001-012")
	fmt.Println(err)
	// Output:
	// district 110101 (1–6)
	// street 001 (7–9)
	// community 001 (10–12)
	// sequence 012 (13–15)
	// part code "110101001001012": has 15 characters instead of 16 (district 6, major 2, minor 2, sequence 6) or 17 (district 6, major 2, minor 3, sequence 6)
}
