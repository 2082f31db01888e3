package number

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geocode/normal"
)

var unitNames = map[Unit]string{
	None: "none", Section: "section", Neighborhood: "neighborhood", Lane: "lane", Alley: "alley", House: "house", Yard: "yard",
	Building: "building", Entrance: "entrance", Floor: "floor", Room: "room",
}

// said writes elements for comparison.
func said(elements []Element) string {
	var out []string
	for _, e := range elements {
		s := unitNames[e.Unit] + " " + e.Number.String()
		if e.Number.Last > 0 {
			s += fmt.Sprintf(" to %d", e.Number.Last)
		}
		if e.Basement {
			s += " below"
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"二段106號":          "section 2, house 106|",
		"106號3樓之2":        "house 106, floor 3-2|",
		"158弄12号":         "lane 158, house 12|",
		"25巷3弄12號之三":      "lane 25, alley 3, house 12-3|",
		"甲12号院3号楼2单元501室": "yard 12甲, building 3, entrance 2, room 501|",
		"12-16号":          "house 12-16 to 16|",
		"15-3號附近":         "house 15-3|附近",
		"15之3号":           "house 15-3|",
		"十五号之三":           "house 15-3|",
		"15号-3":           "house 15-3|",
		"12甲号":            "house 12甲|",
		"临5号":             "house 临5|",
		"12号附3号2层":        "house 12号附3, floor 2|",
		"12号附近":           "house 12|附近",
		"12bis":           "none 12b|",
		"12 Bis rue":      "none 12b| rue",
		"12A":             "none 12a|",
		"12 1/2":          "none 12 1/2|",
		"100 main":        "none 100| main",
		"50米":             "none 50|米",
		"1.5公里":           "|1.5公里",
		"13800138000":     "|13800138000",
		"0号":              "|0号",
		"号":               "|号",
		"3号网格5号楼":         "house 3|网格5号楼",
		"三栋,二单元 501室":     "building 3, entrance 2, room 501|",
		"地下一层":            "floor 1 below|",
		"B2楼":             "floor 2 below|",
		"b2":              "|b2",
		"12号3门口":          "house 12, none 3|门口",
		"12号3门":           "house 12, entrance 3|",
		"5邻12号":           "neighborhood 5, house 12|",
		"12abc":           "none 12|abc",
		"1-2-3号":          "none 1-2 to 2|-3号",
	} {
		runes := normal.Of(text).Runes
		elements, n := Parse(runes, nil)
		if got := said(elements) + "|" + string(runes[n:]); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// TestRoundTrip parses what numbers say of themselves.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := Number{Base: rapid.Uint32Range(1, 99_999).Draw(t, "base"), Temporary: rapid.Bool().Draw(t, "temporary")}
		n.Mark = rapid.SampledFrom([]Mark{Plain, Half, Sub, Letter, Stem, Annex}).Draw(t, "mark")
		switch n.Mark {
		case Half:
			n.Sub = rapid.Uint32Range(1, 9).Draw(t, "sub")
		case Sub, Annex:
			n.Sub = rapid.Uint32Range(1, 99_999).Draw(t, "sub")
		case Letter:
			n.Sub = rapid.Uint32Range(1, 26).Draw(t, "sub")
		case Stem:
			n.Sub = rapid.Uint32Range(1, 10).Draw(t, "sub")
		default:
		}
		if n.Mark == Sub && n.Sub > n.Base {
			n.Last = n.Sub
		}
		text := n.String()
		elements, length := Parse([]rune(text), nil)
		if len(elements) != 1 || elements[0].Number != n || length != len([]rune(text)) {
			t.Fatalf("%q is read as %+v, %d characters", text, elements, length)
		}
		if normal.Of(text).String() != text {
			t.Fatalf("%q is not normal", text)
		}
	})
}

func TestCompare(t *testing.T) {
	want := []string{"1", "2", "2 1/2", "2-1", "2-2", "2a", "2甲", "2号附1", "10", "临10"}
	var numbers []Number
	for _, s := range want {
		e, _ := Parse([]rune(s), nil)
		numbers = append(numbers, e[0].Number)
	}
	shuffled := slices.Clone(numbers)
	slices.Reverse(shuffled)
	slices.SortFunc(shuffled, Number.Compare)
	if !slices.Equal(shuffled, numbers) {
		t.Errorf("%v", shuffled)
	}
}

// FuzzParse demands that elements follow each other within what was read.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"2段106号3楼之2", "甲12号院3号楼2单元501室", "12-16号附3", "12 1/2 main", "地下1层", "临5号之"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		runes := normal.Of(text).Runes
		elements, n := Parse(runes, nil)
		at := 0
		for _, e := range elements {
			if e.Start < at || e.End <= e.Start || e.End > n || e.Number.Base == 0 || e.Number.Base > 99_999 {
				t.Fatalf("%q: %+v of %d", string(runes), elements, n)
			}
			at = e.End
		}
		if at != n || n > len(runes) {
			t.Fatalf("%q: %+v end before %d", string(runes), elements, n)
		}
		_ = said(elements)
	})
}

func BenchmarkParse(b *testing.B) {
	text := normal.Of("二段106號3樓之2").Runes
	var room []Element
	b.ReportAllocs()
	for b.Loop() {
		room, _ = Parse(text, room[:0])
	}
}

// TestPacked demands that packed numbers are in the order of the numbers, and come back.
func TestPacked(t *testing.T) {
	draw := rapid.Custom(func(t *rapid.T) Number {
		some := rapid.OneOf(rapid.Uint32Range(0, 2), rapid.Uint32Range(99_998, 99_999))
		return Number{Base: some.Draw(t, "base"), Sub: some.Draw(t, "sub"), Mark: rapid.SampledFrom([]Mark{Plain, Half, Sub, Letter, Stem, Annex}).Draw(t, "mark"), Temporary: rapid.Bool().Draw(t, "temporary"), Last: some.Draw(t, "last")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw.Draw(t, "a"), draw.Draw(t, "b")
		if Unpack(a.Packed()) != a || a.Packed()>>55 != 0 {
			t.Fatalf("%+v becomes %+v", a, Unpack(a.Packed()))
		}
		if got := cmp.Compare(a.Packed(), b.Packed()); got != a.Compare(b) {
			t.Fatalf("%+v and %+v: %d, want %d", a, b, got, a.Compare(b))
		}
	})
}
