package pinyin

import (
	"bufio"
	"cmp"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/unicode/norm"

	"github.com/gewu-city/gewu/geocode/normal"
)

var (
	unihan = flag.String("unihan", "", "Unihan_Readings.txt of version 15.0, to compare readings.txt with what is derived from it")
	write  = flag.Bool("write", false, "write readings.txt instead")
)

// TestTable derives readings.txt from the readings of the Unicode Han database:
//
//	go test ./geocode/pinyin -run TestTable -unihan Unihan_Readings.txt -write
//
// The file is part of Unihan.zip of the Unicode Character Database, and of Debian's package unicode-data (compressed;
// bunzip2 it). Taken are the characters that normal texts keep and that GB 2312 holds, or a dictionary of modern
// Chinese or a count of frequencies has readings for. The readings are those of the count, the most frequent first,
// then the customary one, then those of the dictionary.
func TestTable(t *testing.T) {
	if *unihan == "" {
		t.Skip("needs -unihan FILE")
	}
	f, err := os.Open(*unihan)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	derived, err := derive(f)
	if err != nil {
		t.Fatal(err)
	}
	if *write {
		if err := os.WriteFile("readings.txt", derived, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(derived) != readingsText {
		t.Error("readings.txt is not what the generator makes of the readings")
	}
}

// derive makes readings.txt: a line for each syllable with its characters, each behind the place that the syllable has
// among the readings of the character, unless it is the first.
func derive(r io.Reader) ([]byte, error) {
	properties := map[rune]map[string]string{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) != 3 {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimPrefix(fields[0], "U+"), 16, 32)
		if err != nil {
			return nil, err
		}
		c := rune(n)
		if properties[c] == nil {
			properties[c] = map[string]string{}
		}
		properties[c][fields[1]] = fields[2]
	}
	syllables := map[string][]string{}
	for _, c := range slices.Sorted(maps.Keys(properties)) {
		p := properties[c]
		if c > 0xFFFF || normal.Of(string(c)).String() != string(c) || !standard(c) && p["kHanyuPinlu"] == "" && p["kXHC1983"] == "" {
			continue
		}
		for i, s := range readings(p) {
			rank := ""
			if i > 0 {
				rank = strconv.Itoa(i)
			}
			syllables[s] = append(syllables[s], rank+string(c))
		}
	}
	var b strings.Builder
	for _, s := range slices.Sorted(maps.Keys(syllables)) {
		fmt.Fprintf(&b, "%s %s\n", s, strings.Join(syllables[s], ""))
	}
	return []byte(b.String()), lines.Err()
}

// readings are the syllables of a character, the most frequent first.
func readings(p map[string]string) (out []string) {
	add := func(s string) {
		if s = toneless(s); s != "" && !slices.Contains(out, s) && len(out) < 9 {
			out = append(out, s)
		}
	}
	counted := strings.Fields(p["kHanyuPinlu"]) // chóng(329)
	count := func(s string) int {
		_, n, _ := strings.Cut(strings.TrimSuffix(s, ")"), "(")
		i, _ := strconv.Atoi(n)
		return i
	}
	slices.SortStableFunc(counted, func(a, b string) int { return cmp.Compare(count(b), count(a)) })
	for _, s := range counted {
		s, _, _ = strings.Cut(s, "(")
		add(s)
	}
	for s := range strings.FieldsSeq(p["kMandarin"]) {
		add(s)
	}
	for s := range strings.FieldsSeq(p["kXHC1983"]) { // 0149.100:chóng
		_, s, _ = strings.Cut(s, ":")
		for s := range strings.SplitSeq(s, ",") {
			add(s)
		}
	}
	return out
}

// toneless takes the tone off a syllable; nothing remains of what is none.
func toneless(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case r == '\u0308': // ü
			text := strings.TrimSuffix(b.String(), "u")
			b.Reset()
			b.WriteString(text + "v")
		case unicode.Is(unicode.Mn, r):
		case 'a' <= r && r <= 'z':
			b.WriteRune(r)
		default:
			return ""
		}
	}
	if !strings.ContainsAny(b.String(), "aeiouv") {
		return "" // hm, ng
	}
	return b.String()
}

// standard reports whether a character is in GB 2312.
func standard(r rune) bool {
	b, err := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(string(r)))
	return err == nil && len(b) == 2 && b[0] >= 0xB0 && b[0] <= 0xF7 && b[1] >= 0xA1
}
