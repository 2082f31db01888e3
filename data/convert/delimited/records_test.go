package delimited_test

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data/convert/delimited"
)

// FuzzRecords compares with encoding/csv: what that reader takes, this one reads alike.
func FuzzRecords(f *testing.F) {
	f.Add("a,b\n1,2\n\n\"x\"\"y\",\"1\n2\"\n")
	f.Add("\"a\"\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		reader := csv.NewReader(strings.NewReader(text))
		reader.FieldsPerRecord = -1
		want, err := reader.ReadAll()
		// That reader turns CRLF into LF inside quotes, drops a CR at the end of the file and has no limit of lines.
		if err != nil || strings.Contains(text, "\r") || strings.Count(text, "\n") >= 1000 {
			return
		}
		got, errs := delimited.Records(text)
		if strings.Join(errs, "") != "" || !slices.EqualFunc(got, want, slices.Equal) {
			t.Fatalf("got %q, %v\nwant %q", got, errs, want)
		}
	})
}

// TestRecordsGoOn has records whose quotes are wrong, and the lines that follow them.
func TestRecordsGoOn(t *testing.T) {
	long := strings.Repeat("x\n", 3000)
	for text, want := range map[string]string{
		"a\n\"b\nc\nd":               "a|!2|c|d",
		"a\n\"b\"c\nd":               "a|!2|d",
		"\"" + long + "\"\nz":        "!1|" + strings.ReplaceAll(long[2:], "\n", "|") + "!3001|z",
		"\"a\nb\",\"c\nd\"\n\"e\nf":  "a\nb,c\nd|!4|f",
		"a,\"\"\n,\n":                "a,|,",
		"\r\n\n a \r\n":              " a ",
		"\"" + long[:1000] + "\"\nz": long[:1000] + "|z",
		"a\rb\n":                     "a\rb",
	} {
		got, errs := delimited.Records(text)
		var parts []string
		for i, record := range got {
			if errs[i] != "" {
				parts = append(parts, "!"+errs[i])
				continue
			}
			parts = append(parts, strings.Join(record, ","))
		}
		if strings.Join(parts, "|") != want {
			t.Errorf("%.40q: got %.200q, want %.200q", text, strings.Join(parts, "|"), want)
		}
	}
}
