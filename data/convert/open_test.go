package convert_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gewu-city/gewu/data/convert"
)

func zipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestOpen(t *testing.T) {
	for name, test := range map[string]struct{ in, want, wrong string }{
		"plain":        {in: "a,b\n", want: "a,b\n"},
		"empty":        {},
		"short":        {in: "a", want: "a"},
		"mark":         {in: "\xef\xbb\xbfa", want: "a"},
		"gzip":         {in: zipped(t, "a,b\n"), want: "a,b\n"},
		"gzip, mark":   {in: zipped(t, "\xef\xbb\xbfa"), want: "a"},
		"gzip members": {in: zipped(t, "a") + zipped(t, "b"), want: "ab"},
		"gzip, empty":  {in: zipped(t, "")},
		"UTF-16 LE":    {in: "\xff\xfea\x00", wrong: "f.csv: the file is UTF-16; save it as UTF-8"},
		"UTF-16 BE":    {in: zipped(t, "\xfe\xff\x00a"), wrong: "f.csv: the file is UTF-16; save it as UTF-8"},
		"spreadsheet":  {in: "PK\x03\x04", wrong: "f.csv: the file is a ZIP archive or a spreadsheet"},
		"torn gzip":    {in: zipped(t, strings.Repeat("abc", 100))[:12], wrong: "f.csv: unpack gzip: unexpected EOF"},
		"no gzip":      {in: "\x1f\x8b\x00\x00\x00\x00\x00\x00\x00\x00", wrong: "f.csv: unpack gzip"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := convert.Open("f.csv", iotest.OneByteReader(strings.NewReader(test.in)))
			if test.wrong != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.wrong) {
					t.Fatalf("got %v, want %s", err, test.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if r, err = convert.Open("f.csv", r); err != nil {
				t.Fatal("a second time:", err)
			}
			got, err := io.ReadAll(r)
			if err != nil || string(got) != test.want {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// TestEncoding has bytes that text files of cases cannot hold.
func TestEncoding(t *testing.T) {
	const latin = "caf\xe9"
	for name, test := range map[string]struct{ format, text, want string }{
		"CSV cell": {
			convert.CSV, "id,lon,lat,name\na,1,2," + latin + "\nb,1,2,fine\n",
			`f: row 1 (line 2): name: is not UTF-8; convert the file, for example with: iconv -f GB18030 -t UTF-8 (value "caf` + "\uFFFD" + `")|b`,
		},
		"CSV unmatched cell": {
			convert.CSV, "id,lon,lat,other\na,1,2," + latin + "\nb,1,2,fine\n",
			`f: row 1 (line 2): other: is not UTF-8; convert the file, for example with: iconv -f GB18030 -t UTF-8 (value "caf` + "\uFFFD" + `")|b`,
		},
		"CSV header": {
			convert.CSV, "id,lon,lat," + latin + "\na,1,2,fine\n",
			`f: line 1, which must name the columns, is not UTF-8; convert the file, for example with: iconv -f GB18030 -t UTF-8`,
		},
		"CSV zero": {
			convert.CSV, "i\x00d\x00,\x00\n\x00",
			`f: line 1 has a zero byte; the file is UTF-16 or no text`,
		},
		"GeoJSON": {
			convert.GeoJSON, collection(
				`{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"name":"`+latin+`"}}`,
				`{"type":"Feature","id":"b","geometry":{"type":"Point","coordinates":[1,2]}}`),
			`f: row 1: is not UTF-8; convert the file, for example with: iconv -f GB18030 -t UTF-8 (value "erties":{"name":"caf` + "\uFFFD" + `"}}")|b`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for row, err := range convert.Read(t.Context(), test.format, strings.NewReader(test.text), convert.Options{Layer: points(t), File: "f"}) {
				switch {
				case err != nil:
					got = append(got, err.Error())
				case row.Err != nil:
					got = append(got, strings.ReplaceAll(row.Err.Error(), `\"`, `"`))
				default:
					got = append(got, row.Feature.ID)
				}
			}
			if strings.Join(got, "|") != test.want {
				t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), test.want)
			}
		})
	}
}

// TestReadError gives the rows before a file cannot be read on.
func TestReadError(t *testing.T) {
	broken := errors.New("disk on fire")
	feature := `{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[1,2]}}`
	for format, text := range map[string]string{
		convert.CSV:        "id,lon,lat\na,1,2\nb,1",
		convert.GeoJSON:    `{"type":"FeatureCollection","features":[` + feature + `,`,
		convert.GeoJSONSeq: feature + "\n" + feature[:20],
	} {
		rows := 0
		var last error
		in := io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken))
		for row, err := range convert.Read(t.Context(), format, in, convert.Options{Layer: points(t), File: "f"}) {
			if last = err; err == nil && row.Err == nil {
				rows++
			}
		}
		if rows != 1 || !errors.Is(last, broken) || !strings.HasPrefix(last.Error(), "f: ") {
			t.Errorf("%s: %d rows, then %v", format, rows, last)
		}
	}
}

// TestReadIsLazy shows that memory does not grow with the file: the first row is there before much was read.
func TestReadIsLazy(t *testing.T) {
	feature := `{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"name":"x"}}`
	for format, text := range map[string]string{
		convert.CSV:        "id,lon,lat\n" + strings.Repeat("a,1,2\n", 1_000_000),
		convert.GeoJSON:    `{"features":[` + strings.Repeat(feature+",", 50_000) + feature + "]}",
		convert.GeoJSONSeq: strings.Repeat(feature+"\n", 50_000),
	} {
		in := strings.NewReader(text)
		for range convert.Read(t.Context(), format, in, convert.Options{Layer: points(t)}) {
			break
		}
		if read := len(text) - in.Len(); read > 300_000 {
			t.Errorf("%s: %d bytes read for the first row", format, read)
		}
	}
}
