package classes

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"
)

// report is a row of testdata/reports.tsv.
type report struct{ text, edition, class, set string }

func reports(tb testing.TB) []report {
	tb.Helper()
	file, err := os.Open("testdata/reports.tsv")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	r := csv.NewReader(file)
	r.Comma, r.Comment, r.LazyQuotes = '\t', '#', true
	rows, err := r.ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	var out []report
	for _, row := range rows[1:] {
		one := report{text: row[0], edition: "GBT47678.5-2026", class: row[1], set: row[2]}
		if edition, class, ok := strings.Cut(row[1], " "); ok && strings.Contains(class, " ") {
			one.edition, one.class = edition, class
		}
		out = append(out, one)
	}
	return out
}

// first is the first suggestion of an edition, or of any for none.
func first(s []Suggestion, edition string) string {
	for _, one := range s {
		if one.Edition == edition {
			return string(one.Kind) + " " + one.Code
		}
	}
	return "none"
}

func TestReports(t *testing.T) {
	right, all := map[string]int{}, map[string]int{}
	for _, r := range reports(t) {
		got := Suggest(r.text, 3)
		all[r.set]++
		if first(got, r.edition) == r.class && (r.class != "none" || len(got) == 0) {
			right[r.set]++
			continue
		}
		if r.set == "held" && os.Getenv("HELD") == "" {
			continue
		}
		t.Logf("%s: %s, want %s", r.text, first(got, r.edition), r.class)
		for _, s := range got {
			if s.Edition == r.edition || r.class == "none" {
				var words []string
				for _, w := range s.Words {
					words = append(words, r.text[w.Start:w.End])
				}
				t.Logf("    %s %s %s %s %d %q", s.Edition, s.Kind, s.Code, s.Name, s.Score, words)
			}
		}
	}
	for set := range all {
		t.Logf("%s: %d of %d", set, right[set], all[set])
	}
}
