package convert_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/convert/charset"
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

// TestUnpack reads one row out of what may be packed, marked, or no file of the format at all.
func TestUnpack(t *testing.T) {
	const text = "id,lon,lat,name\na,1,2,路灯\n"
	utf16, err := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	half := len(text) / 2
	for name, test := range map[string]struct{ in, wrong, note string }{
		"plain":          {in: text},
		"empty":          {wrong: "f.csv: the file is empty; the first line must name the columns"},
		"mark":           {in: "\xef\xbb\xbf" + text},
		"gzip":           {in: zipped(t, text)},
		"gzip, mark":     {in: zipped(t, "\xef\xbb\xbf"+text)},
		"gzip members":   {in: zipped(t, text[:half]) + zipped(t, text[half:])},
		"gzip, empty":    {in: zipped(t, ""), wrong: "f.csv: the file is empty"},
		"UTF-16":         {in: utf16},
		"UTF-16, gzip":   {in: zipped(t, utf16)},
		"UTF-16 no mark": {in: utf16[2:], wrong: "f.csv: line 1 has a zero byte; the file is no text, or UTF-16 without a byte order mark (--encoding utf-16le)"},
		"GBK":            {in: gbk, note: "the file is not UTF-8 and was read as gb18030; if that is wrong, name its encoding with --encoding"},
		"GBK, gzip":      {in: zipped(t, gbk), note: "the file is not UTF-8 and was read as gb18030; if that is wrong, name its encoding with --encoding"},
		"archive":        {in: "PK\x03\x04", wrong: "f.csv: the file is a ZIP archive, not text"},
		"torn gzip":      {in: zipped(t, strings.Repeat("abc", 100))[:12], wrong: "f.csv: unpack gzip: unexpected EOF"},
		"no gzip":        {in: "\x1f\x8b\x00\x00\x00\x00\x00\x00\x00\x00", wrong: "f.csv: unpack gzip"},
	} {
		t.Run(name, func(t *testing.T) {
			report := convert.Report{}
			rows := 0
			in := iotest.OneByteReader(strings.NewReader(test.in))
			for row, err := range convert.Read(t.Context(), convert.CSV, in, convert.Options{Layer: points(t), File: "f.csv", Report: &report}) {
				switch {
				case test.wrong != "":
					if err == nil || !strings.HasPrefix(err.Error(), test.wrong) {
						t.Fatalf("got %v, want %s", err, test.wrong)
					}
					return
				case err != nil || row.Err != nil || row.Feature.ID != "a" || row.Feature.Value(0).Text() != "路灯":
					t.Fatal(row, err)
				}
				rows++
			}
			if rows != 1 || strings.Join(report.Notes, "|") != test.note {
				t.Errorf("%d rows, notes %q", rows, report.Notes)
			}
		})
	}
}

// TestNamedEncoding reads the same rows in each encoding of Chinese text.
func TestNamedEncoding(t *testing.T) {
	for _, name := range []string{"gb18030", "gbk", "big5", "utf-16", "utf-16le", "utf-16be", "utf-8"} {
		enc, err := charset.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		for format, text := range map[string]string{
			convert.CSV:        "编号,lon,lat,name\na,1,2,中正路\n",
			convert.GeoJSON:    collection(`{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"name":"中正路"}}`),
			convert.GeoJSONSeq: `{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"name":"中正路"}}`,
		} {
			if name == "big5" {
				text = strings.ReplaceAll(text, "编号", "編號")
			}
			in, err := enc.Append(nil, text)
			if err != nil {
				t.Fatal(err)
			}
			o := convert.Options{Layer: points(t), File: "f", Encoding: enc, NewID: func() (string, error) { return "a", nil }}
			rows := 0
			for row, err := range convert.Read(t.Context(), format, bytes.NewReader(in), o) {
				if rows++; err != nil || row.Err != nil || row.Feature.Value(0).Text() != "中正路" {
					t.Errorf("%s, %s: %v %v %v", name, format, row.Feature, row.Err, err)
				}
			}
			if rows != 1 {
				t.Errorf("%s, %s: %d rows", name, format, rows)
			}
		}
	}
}

// TestEncoding has bytes that text files of cases cannot hold.
func TestEncoding(t *testing.T) {
	const latin = "caf\xe9"
	for name, test := range map[string]struct{ format, text, want string }{
		"CSV cell": {
			convert.CSV, "id,lon,lat,name\na,1,2," + latin + "\nb,1,2,fine\n",
			`f: row 1 (line 2): name: is not UTF-8; name the encoding of the file with --encoding, for example gb18030 or big5 (value "caf` + "\uFFFD" + `")|b`,
		},
		"CSV unmatched cell": {
			convert.CSV, "id,lon,lat,other\na,1,2," + latin + "\nb,1,2,fine\n",
			`f: row 1 (line 2): other: is not UTF-8; name the encoding of the file with --encoding, for example gb18030 or big5 (value "caf` + "\uFFFD" + `")|b`,
		},
		"CSV header": {
			convert.CSV, "id,lon,lat," + latin + "\na,1,2,fine\n",
			`f: line 1, which must name the columns, is not UTF-8; name the encoding of the file with --encoding, for example gb18030 or big5`,
		},
		"CSV zero": {
			convert.CSV, "i\x00d\x00,\x00\n\x00",
			`f: line 1 has a zero byte; the file is no text, or UTF-16 without a byte order mark (--encoding utf-16le)`,
		},
		"GeoJSON": {
			convert.GeoJSON, collection(
				`{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"name":"`+latin+`"}}`,
				`{"type":"Feature","id":"b","geometry":{"type":"Point","coordinates":[1,2]}}`),
			`f: row 1: is not UTF-8; name the encoding of the file with --encoding, for example gb18030 or big5 (value "erties":{"name":"caf` + "\uFFFD" + `"}}")|b`,
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

// lonLat is a member with which a GeoJSON file says its system before its features. Without one it may stand behind them,
// so that it is read to its end first.
const lonLat = `"crs":{"type":"name","properties":{"name":"EPSG:4326"}}`

// TestReadError gives the rows before a file cannot be read on.
func TestReadError(t *testing.T) {
	broken := errors.New("disk on fire")
	feature := `{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[1,2]}}`
	for format, text := range map[string]string{
		convert.CSV:        "id,lon,lat\na,1,2\nb,1",
		convert.GeoJSON:    `{"type":"FeatureCollection",` + lonLat + `,"features":[` + feature + `,`,
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
		convert.GeoJSON:    `{` + lonLat + `,"features":[` + strings.Repeat(feature+",", 50_000) + feature + "]}",
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
