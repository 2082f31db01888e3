package names

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAlike(t *testing.T) {
	all := []string{"大安森林公园管理处", "国立台湾大学医学院附设医院", "和平东路", "塔悠路", "massachusetts institute of technology", "阳光水岸家园", "金色阳光花园"}
	r := Row{}.With(all, 0)
	for text, want := range map[string]string{
		"在大安森林公园有人":                             "大安森林公园管理处 0+7 3",
		"森林大安公园管理处":                             "大安森林公园管理处 0+9 1",
		"大安森琳公园管里处3号":                           "大安森林公园管理处 0+9 2",
		"大岸森琳公园管里处3号":                           "",
		"台湾大学附设医院门口":                            "国立台湾大学医学院附设医院 0+8 5",
		"台大医院":                                  "",
		"阳光水岸家圆5号":                              "阳光水岸家园 0+6 1",
		"masachusetts insitute of tecnology":    "massachusetts institute of technology 0+34 3",
		"institute of technology massachusetts": "massachusetts institute of technology 0+37 2",
		"大安森林公园管理处":                             "",
		"大安森(林公园管)理处":                           "",
		"":                                      "",
	} {
		var got []string
		for _, l := range r.Alike([]rune(text), nil, nil) {
			got = append(got, fmt.Sprintf("%s %d+%d %d", string(r.Name(l.ID)), l.Start, l.Length, l.Edits))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	refuse := func(id ID) bool { return id != 0 }
	if got := r.Alike([]rune("大安森林公园"), refuse, nil); len(got) > 0 {
		t.Errorf("a name that is not known: %v", got)
	}
}

// shared is what a part of a text and a name have in common, by the whole matrix and by a look at each pair.
func shared(part, name []rune) (inOrder, inParts int) {
	d := make([][]int, len(part)+1)
	for i := range d {
		d[i] = make([]int, len(name)+1)
		for j := range d[i] {
			switch {
			case i == 0 || j == 0:
			case part[i-1] == name[j-1]:
				d[i][j] = 1 + d[i-1][j-1]
			default:
				d[i][j] = max(d[i-1][j], d[i][j-1])
			}
		}
	}
	mine, its := map[int]bool{}, map[int]bool{}
	for i := 1; i < len(part); i++ {
		for j := 1; j < len(name); j++ {
			if part[i-1] == name[j-1] && part[i] == name[j] {
				mine[i-1], mine[i], its[j-1], its[j] = true, true, true, true
			}
		}
	}
	return d[len(part)][len(name)], min(len(mine), len(its))
}

// leastEdits is the least that any part of a text differs from a name by, and 0 when no part resembles it.
func leastEdits(text, name []rune) (best int, ok bool) {
	for start := range text {
		for end := start + 1; end <= len(text); end++ {
			part := text[start:end]
			a, b := shared(part, name)
			all := max(len(part), len(name))
			if edits := all - max(a, b-swapped); ofAll*(all-edits) >= sameOf*all && (!ok || edits < best) {
				best, ok = edits, true
			}
		}
	}
	return best, ok
}

// TestAlikeOracle compares with a look at every name and every part of the text: while no bound is reached, each name that
// resembles the text and shares a rare piece with it is found, by its least edits, and no other.
func TestAlikeOracle(t *testing.T) {
	char := rapid.SampledFrom([]rune("大安森林公园管理处东西南北"))
	word := rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOfN(char, 4, 9).Draw(t, "word")) })
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfNDistinct(word, 1, mostProposed, rapid.ID[string]).Draw(t, "names")
		text := []rune(word.Draw(t, "before") + rapid.SampledFrom(all).Draw(t, "one") + word.Draw(t, "behind"))
		for range rapid.IntRange(0, 4).Draw(t, "slips") {
			i := rapid.IntRange(0, len(text)-1).Draw(t, "at")
			switch rapid.IntRange(0, 2).Draw(t, "slip") {
			case 0:
				text[i] = char.Draw(t, "by")
			case 1:
				text = slices.Delete(text, i, i+1)
			default:
				text = slices.Concat(text[i:], text[:i])
			}
		}
		r := Row{}.With(all, 0)
		var want []string
		for _, name := range all {
			runes := []rune(name)
			its, both := map[string]bool{}, map[string]bool{}
			for i := 1; i < len(runes); i++ {
				if pair := string(runes[i-1 : i+1]); strings.Contains(string(text), pair) {
					its[pair], both[pair] = true, true
				} else {
					its[pair] = true
				}
			}
			sharesPiece := len(both)*rareOf >= len(its)*ofRare && len(both) > 0
			if edits, ok := leastEdits(text, runes); ok && edits > 0 && sharesPiece && len(runes) >= leastPieces {
				want = append(want, fmt.Sprint(name, edits))
			}
		}
		var got []string
		for _, l := range r.Alike(text, nil, nil) {
			name := r.Name(l.ID)
			got = append(got, fmt.Sprint(string(name), l.Edits))
			a, b := shared(text[l.Start:l.Start+l.Length], name)
			if all := max(l.Length, len(name)); l.Edits != all-max(a, b-swapped) && l.Edits != all-max(a, b-swapped)+1 {
				t.Fatalf("%s is %s but for %d, %d alike", string(text[l.Start:l.Start+l.Length]), string(name), l.Edits, max(a, b-swapped))
			}
			found++
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("%s: %v, want %v of %v", string(text), got, want, all)
		}
	})
	if !testing.Short() && found == 0 {
		t.Error("nothing was alike")
	}
}

// TestAlikeBounds never looks at what many names have, and looks at the rarest first.
func TestAlikeBounds(t *testing.T) {
	var all []string
	for i := range 3000 {
		all = append(all, string([]rune{rune(0x7000 + i%1500), rune(0x8000 + i), '市', '区', '活', '动'}))
	}
	r := Row{}.With(all, 0)
	if got := r.Alike([]rune("某市区活动"), nil, nil); len(got) > 0 {
		t.Errorf("%d names by what all of them have", len(got))
	}
	name := []rune(all[777])
	text := append([]rune("某市区活动"), name[0], name[1], '某', '区', '活', '动')
	got := r.Alike(text, nil, nil)
	if len(got) != 1 || got[0].ID != 777 || got[0].Edits != 1 {
		t.Error(got)
	}
	proposed := r.propose([]rune(all[777]+all[2277]+all[5]), nil)
	if !slices.IsSortedFunc(proposed, func(a, b proposal) int { return cmp.Compare(b.weight, a.weight) }) || len(proposed) != 3 {
		t.Error(proposed)
	}
}

// FuzzAlike looks for texts and names whose parts lie outside of them, and for answers that change.
func FuzzAlike(f *testing.F) {
	f.Add("在大安森林公园", "大安森林公园管理处")
	f.Add("masachusetts ave", "massachusetts avenue")
	f.Add("5号楼5号楼", "荣华小区5号楼")
	f.Fuzz(func(t *testing.T, text, name string) {
		runes := []rune(text)
		if len(runes) > 600 {
			return
		}
		r := Row{}.With([]string{name, "大安森林公园管理处"}, 0)
		got := r.Alike(runes, nil, nil)
		for _, l := range got {
			if l.Start < 0 || l.Length < 1 || l.Start+l.Length > len(runes) || l.Edits < 1 || l.Edits >= len(r.Name(l.ID))+l.Length {
				t.Fatalf("%q in %q: %+v", name, text, l)
			}
		}
		if again := r.Alike(runes, nil, nil); !slices.Equal(got, again) {
			t.Fatalf("%v and %v", got, again)
		}
	})
}
