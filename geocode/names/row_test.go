package names

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// rows are the same names in one Set, and in several as they come one after the other.
func rows(t *rapid.T, all []string) (one, several Row) {
	one = Row{}.With(all, 0)
	for n := 0; n < len(all); {
		n += rapid.IntRange(1, len(all)-n).Draw(t, "more")
		several = several.With(all[:n], ID(rapid.IntRange(0, several.Len()).Draw(t, "keep")))
	}
	if n := rapid.IntRange(0, len(several.sets)).Draw(t, "gathered"); n > 0 {
		end := several.Len()
		if n < len(several.sets) {
			end = int(several.starts[n])
		}
		several = several.Gathered(New(all[:end]))
		if len(several.sets) != len(several.starts) {
			t.Fatal(several)
		}
	}
	return one, several
}

// TestRow finds the same in names however they came.
func TestRow(t *testing.T) {
	char := rapid.SampledFrom([]rune("长常张昌乐月路露东"))
	word := rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOfN(char, 1, 9).Draw(t, "word")) })
	several := 0
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfNDistinct(word, 1, -1, rapid.ID[string]).Draw(t, "names")
		a, b := rows(t, all)
		several = max(several, len(b.sets))
		if a.Len() != len(all) || b.Len() != len(all) || len(a.sets) != 1 {
			t.Fatalf("%d and %d names, want %d", a.Len(), b.Len(), len(all))
		}
		text := []rune(rapid.SampledFrom(all).Draw(t, "one") + word.Draw(t, "more"))
		found := func(r Row) (got []string) {
			for id := range ID(r.Len()) {
				got = append(got, string(r.Name(id)))
			}
			var begins []string
			r.Begins(text, func(id ID, length int) bool { begins = append(begins, fmt.Sprint(length, id)); return true })
			slices.Sort(begins)
			got = append(got, begins...)
			got = append(got, fmt.Sprint(r.Near(text, nil), r.Alike(text, nil, nil)))
			for _, begin := range []string{string(text[0]), "c", "zha", "chang lu"} {
				r.Beginning(begin, func(id ID, way Way) bool { got = append(got, fmt.Sprint(begin, id, way)); return len(got)%7 > 0 })
			}
			return got
		}
		if got, want := found(b), found(a); !slices.Equal(got, want) {
			t.Fatalf("%d sets: %v, want %v", len(b.sets), got, want)
		}
	})
	if several < 3 {
		t.Errorf("at most %d sets", several)
	}
}

// TestRowSizes bounds the sets of names that come one by one, and what each of them costs.
func TestRowSizes(t *testing.T) {
	var all []string
	var r Row
	made := 0
	const n = 3000
	for i := range n {
		all = append(all, fmt.Sprint("路", i))
		before := slices.Clone(r.sets)
		r = r.With(all, 0)
		if len(r.sets) > 14 {
			t.Fatalf("%d sets of %d names", len(r.sets), len(all))
		}
		if last := r.sets[len(r.sets)-1]; !slices.Contains(before, last) {
			made += last.Len()
		}
	}
	if made > 14*n {
		t.Errorf("%d names were set up for %d", made, n)
	}
}
