package normal

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
)

var (
	unihan = flag.String("unihan", "", "Unihan_Variants.txt of version 15.0, to compare fold.txt with what is derived from it")
	write  = flag.Bool("write", false, "write fold.txt instead")
)

// TestTable derives fold.txt from the variants of the Unicode Han database:
//
//	go test ./geocode/normal -run TestTable -unihan Unihan_Variants.txt -write
//
// The file is part of Unihan.zip of the Unicode Character Database, and of Debian's package unicode-data (compressed;
// bunzip2 it). A character becomes its simplified variant, the first that is another character of the basic plane. One
// without, that is no character of GB 2312, becomes a variant of the same meaning or shape that is, or whose simplified
// variant is.
func TestTable(t *testing.T) {
	if *unihan == "" {
		t.Skip("needs -unihan FILE")
	}
	f, err := os.Open(*unihan)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	v, err := read(f)
	if err != nil {
		t.Fatal(err)
	}
	derived := table(v)
	if *write {
		if err := os.WriteFile("fold.txt", derived, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(derived) != foldText {
		t.Error("fold.txt is not what the generator makes of the variants")
	}
}

// variants are the variants of a character by the property that names them.
type variants map[string][]rune

// read reads lines of a character, a property and a list of characters.
func read(r io.Reader) (map[rune]variants, error) {
	all := map[rune]variants{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) != 3 {
			continue
		}
		from, err := character(fields[0])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if all[from] == nil {
			all[from] = variants{}
		}
		for s := range strings.FieldsSeq(fields[2]) {
			code, _, _ := strings.Cut(s, "<") // a source may follow
			to, err := character(code)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			all[from][fields[1]] = append(all[from][fields[1]], to)
		}
	}
	return all, lines.Err()
}

func character(s string) (rune, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "U+"), 16, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is not a character", s)
	}
	return rune(n), nil
}

// table is the text of fold.txt: a line for each character that something folds to, and then what folds to it.
func table(all map[rune]variants) []byte {
	sources := map[rune][]rune{}
	for from := range all {
		if to := target(all, from); to != from {
			sources[to] = append(sources[to], from)
		}
	}
	targets := make([]rune, 0, len(sources))
	for to := range sources {
		targets = append(targets, to)
	}
	slices.Sort(targets)
	var b strings.Builder
	for _, to := range targets {
		slices.Sort(sources[to])
		fmt.Fprintf(&b, "%c%s\n", to, string(sources[to]))
	}
	return []byte(b.String())
}

// target is what a character of the basic plane folds to, itself when there is nothing better. It follows variants to
// their end, so that folding twice is folding once.
func target(all map[rune]variants, from rune) rune {
	seen := []rune{}
	for at := from; ; {
		if at > 0xFFFF || slices.Contains(seen, at) {
			return slices.Min(append(seen, from)) // variants of each other
		}
		seen = append(seen, at)
		next := step(all, at)
		if next == at {
			return at
		}
		at = next
	}
}

func step(all map[rune]variants, from rune) rune {
	if from > 0xFFFF {
		return from
	}
	v := all[from]
	for _, to := range v["kSimplifiedVariant"] {
		if to != from && to <= 0xFFFF {
			return to
		}
	}
	if standard(from) {
		return from
	}
	for _, property := range []string{"kZVariant", "kSemanticVariant", "kSpecializedSemanticVariant"} {
		for _, to := range v[property] {
			if standard(to) {
				return to
			}
			for _, simple := range all[to]["kSimplifiedVariant"] {
				if standard(simple) {
					return simple
				}
			}
		}
	}
	return from
}

// standard reports whether a character is in GB 2312, which holds what texts in simplified characters use.
func standard(r rune) bool {
	b, err := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(string(r)))
	return err == nil && len(b) == 2 && b[0] >= 0xB0 && b[0] <= 0xF7 && b[1] >= 0xA1
}
