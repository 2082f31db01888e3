package names

import (
	"compress/gzip"
	"encoding/csv"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/geocode/pinyin"
)

func TestBegins(t *testing.T) {
	s := New([]string{"和平", "和平东路", "和平西路", "中山路", ""})
	var got []string
	s.Begins([]rune("和平东路2段"), func(id ID, length int) bool {
		got = append(got, string(s.Name(id)))
		if length != len(s.Name(id)) {
			t.Errorf("%s is %d long", string(s.Name(id)), length)
		}
		return true
	})
	if strings.Join(got, " ") != "和平 和平东路" {
		t.Error(got)
	}
	s.Begins([]rune("和平东路"), func(ID, int) bool { got = nil; return false })
	if got != nil {
		t.Error("it went on")
	}
	New(nil).Begins([]rune("和"), func(ID, int) bool { t.Error("found"); return true })
	if m := Exact([]string{"和平东路"}).Near([]rune("和平冬路"), nil); len(m) != 0 {
		t.Error(m)
	}
	Exact([]string{"和平东路"}).Beginning("和", func(ID, Way) bool { t.Error("begun"); return true })
	if m := New(nil).Near([]rune("和平东路"), nil); len(m) != 0 {
		t.Error(m)
	}
}

func TestNear(t *testing.T) {
	s := New([]string{"和平东路", "和平西路", "中山路", "塔悠路", "忠孝东路", "凯达格兰大道", "中山"})
	for text, want := range map[string]string{
		"塔优路32号":  "塔悠路 3 sounds",
		"塔悠略":     "",
		"塔幽路":     "塔悠路 3 sounds",
		"塔路":      "塔悠路 2 1",
		"塔悠悠路1":   "塔悠路 4 1",
		"悠塔路":     "塔悠路 3 1",
		"和平路":     "和平东路 3 1, 和平西路 3 1",
		"凯达格蓝大道":  "凯达格兰大道 6 sounds",
		"开大格兰大到1": "凯达格兰大道 6 sounds",
		"凯达兰道":    "凯达格兰大道 4 2",
		"终山路":     "中山路 3 sounds, 中山 2 sounds",
		"中三":      "中山 2 sounds",
		"绝无此路":    "",
	} {
		var got []string
		for _, m := range s.Near([]rune(text), nil) {
			how := "sounds"
			if m.Fault == Slip {
				how = string(rune('0' + m.Edits))
			}
			got = append(got, strings.Join([]string{string(s.Name(m.ID)), string(rune('0' + m.Length)), how}, " "))
		}
		if text == "塔悠略" { // 略 is lve, not lu
			got = slices.DeleteFunc(got, func(s string) bool {
				return strings.Contains(s, "塔悠路 3 1") || strings.Contains(s, "塔悠路 2 1")
			})
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %s, want %s", text, strings.Join(got, ", "), want)
		}
	}
}

// plain is the distance by the whole matrix.
func plain(a, b []rune) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		for j := range d[i] {
			switch {
			case i == 0 || j == 0:
				d[i][j] = i + j
			case a[i-1] == b[j-1]:
				d[i][j] = d[i-1][j-1]
			default:
				d[i][j] = 1 + min(d[i-1][j-1], d[i-1][j], d[i][j-1])
				if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
					d[i][j] = min(d[i][j], 1+d[i-2][j-2])
				}
			}
		}
	}
	return d[len(a)][len(b)]
}

// TestOracle compares with a look at every name and every beginning.
func TestOracle(t *testing.T) {
	slips, sounds := 0, 0
	char := rapid.SampledFrom([]rune("长常张昌乐月路露东"))
	word := rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOfN(char, 1, 9).Draw(t, "word")) })
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfDistinct(word, rapid.ID[string]).Draw(t, "names")
		text := []rune(rapid.SampledFrom(append(slices.Clone(names), "长")).Draw(t, "one") + word.Draw(t, "more"))
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			i := rapid.IntRange(0, len(text)-1).Draw(t, "at")
			switch {
			case rapid.Bool().Draw(t, "other"):
				text[i] = char.Draw(t, "by")
			case len(text) > 1:
				text = slices.Delete(text, i, i+1)
			}
		}
		s := New(names)
		var exact []string
		s.Begins(text, func(id ID, _ int) bool { exact = append(exact, string(s.Name(id))); return true })
		var want []string
		for n := range text {
			if begin := string(text[:n+1]); slices.Contains(names, begin) {
				want = append(want, begin)
			}
		}
		if !slices.Equal(exact, want) {
			t.Fatalf("%s begins with %v, want %v of %v", string(text), exact, want, names)
		}
		var all []Match
		for id, name := range names {
			name := []rune(name)
			var of []Match
			for length := 2; length <= min(len(text), longest+2); length++ {
				begin := text[:length]
				if d := plain(begin, name); d > 0 && d <= edits(len(name)) {
					of = append(of, Match{ID: ID(id), Length: length, Fault: Slip, Edits: d})
				}
				if len(name) == length && !slices.Equal(name, begin) && alike(begin, name) {
					of = append(of, Match{ID: ID(id), Length: length})
				}
			}
			if len(of) > 0 {
				all = append(all, slices.MinFunc(of, order))
			}
		}
		slices.SortFunc(all, order)
		if got := s.Near(text, nil); !slices.Equal(got, all) {
			t.Fatalf("%s: %v, want %v of %v", string(text), got, all, names)
		}
		for _, m := range all {
			if m.Fault == Slip {
				slips++
			} else {
				sounds++
			}
		}
	})
	if !testing.Short() && (slips == 0 || sounds == 0) {
		t.Errorf("%d slips, %d homophones", slips, sounds)
	}
}

// alike reports whether one of the ways to read a is one to read b.
func alike(a, b []rune) bool {
	for _, k := range pinyin.Keys(a, mostKeys) {
		for _, l := range pinyin.Keys(b, mostKeys) {
			if slices.Equal(k, l) {
				return true
			}
		}
	}
	return false
}

func TestDistance(t *testing.T) {
	char := rapid.SampledFrom([]rune("一二三"))
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.SliceOfN(char, 0, 18).Draw(t, "a"), rapid.SliceOfN(char, 0, longest).Draw(t, "b")
		if got, want := distance(a, b), plain(a, b); got != min(want, 3) {
			t.Fatalf("%s, %s: %d, want %d", string(a), string(b), got, want)
		}
	})
}

// streets are the streets of the sample's addresses.
func streets(tb testing.TB) []string {
	tb.Helper()
	f, err := os.Open("../../sample/files/addresses.csv.gz")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	r := csv.NewReader(z)
	r.ReuseRecord = true
	head, err := r.Read()
	if err != nil {
		tb.Fatal(err)
	}
	road := slices.Index(head, "ROAD")
	seen := map[string]bool{}
	var out []string
	for {
		row, err := r.Read()
		if err == io.EOF {
			return out
		}
		if err != nil {
			tb.Fatal(err)
		}
		if name := normal.Of(row[road]).String(); name != "" && !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
}

func BenchmarkTaipei(b *testing.B) {
	names := streets(b)
	if len(names) < 100 {
		b.Fatalf("%d names", len(names))
	}
	s := New(names)
	b.Logf("%d names, %d + %d entries", s.Len(), len(s.slips.entries), len(s.sounds.entries))
	b.Run("Begins", func(b *testing.B) {
		text := []rune("和平东路2段106号")
		for b.Loop() {
			s.Begins(text, func(ID, int) bool { return true })
		}
	})
	b.Run("Near", func(b *testing.B) {
		text := []rune("和评东路2段106号")
		b.ReportAllocs()
		var room []Match
		for b.Loop() {
			room = s.Near(text, room[:0])
		}
	})
	b.Run("New", func(b *testing.B) {
		for b.Loop() {
			New(names)
		}
	})
}

// TestBeginning compares with a look at every name, written, spelled and by its initials.
func TestBeginning(t *testing.T) {
	all := []string{"塔悠路", "塔城街", "重庆南路", "长春路", "main st", "银行"}
	s := New(all)
	for text, want := range map[string]string{
		"塔":        "塔城街 0, 塔悠路 0",
		"塔悠路":      "塔悠路 0",
		"tay":      "塔悠路 1",
		"ta cheng": "塔城街 1",
		"tyl":      "塔悠路 2",
		"chongq":   "重庆南路 1",
		"zhongq":   "重庆南路 1", // 重 is read in two ways
		"yinhang":  "银行 1",
		"main":     "main st 0",
		"路":        "",
		"":         "",
	} {
		var got []string
		s.Beginning(text, func(id ID, way Way) bool {
			if one := all[id] + " " + string(rune('0'+way)); !slices.Contains(got, one) {
				got = append(got, one)
			}
			return true
		})
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	n := 0
	s.Beginning("塔", func(ID, Way) bool { n++; return false })
	if n != 1 {
		t.Errorf("%d names after the first was enough", n)
	}
}
