package charset_test

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
	unicoding "unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data/convert/charset"
)

func encode(t testing.TB, e encoding.Encoding, text string) string {
	t.Helper()
	s, err := e.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	simplified  = "东城区东华门街道多福巷社区，第12网格：路灯、井盖、公共厕所。"
	traditional = "臺北市中正區忠孝西路一段，第12單元：路燈、人孔蓋、公共廁所。"
)

func TestReader(t *testing.T) {
	gbk := encode(t, simplifiedchinese.GBK, simplified)
	gb18030 := encode(t, simplifiedchinese.GB18030, simplified+"𠀀")
	big5 := encode(t, traditionalchinese.Big5, traditional)
	head := "id,name\n" + strings.Repeat("a,b\n", 20_000) // more than a buffer of ASCII
	for name, test := range map[string]struct{ in, encoding, want, note, wrong string }{
		"empty":             {},
		"ascii":             {in: head, want: head},
		"utf-8":             {in: head + simplified, want: head + simplified},
		"utf-8, one rune":   {in: "路", want: "路"},
		"utf-8, long":       {in: "x" + strings.Repeat("路", 100_000), want: "x" + strings.Repeat("路", 100_000)},
		"mark":              {in: "\xef\xbb\xbf" + simplified, want: simplified},
		"mark before name":  {in: "\xef\xbb\xbf" + simplified, encoding: "gbk", want: simplified},
		"gbk, told":         {in: head + gbk, encoding: "GBK", want: head + simplified},
		"gbk, guessed":      {in: head + gbk, want: head + simplified, note: "read as gb18030"},
		"gb18030, guessed":  {in: gb18030, want: simplified + "𠀀", note: "read as gb18030"},
		"gbk, cut":          {in: gbk[:len(gbk)-1], want: strings.TrimSuffix(simplified, "。") + "\uFFFD", note: "read as gb18030", wrong: "is not gb18030; if the file has another encoding, name it with --encoding"},
		"big5, told":        {in: head + big5, encoding: "cp950", want: head + traditional},
		"big5, not told":    {in: big5, want: big5, wrong: charset.Hint},
		"latin, not told":   {in: "caf\xe9,", want: "caf\xe9,", wrong: charset.Hint},
		"latin, told":       {in: "caf\xe9,", encoding: "latin1", want: "café,"},
		"said to be utf-8":  {in: gbk, encoding: "utf8", want: gbk, wrong: "is not UTF-8, which the file is said to be"},
		"utf-16le, mark":    {in: "\xff\xfe" + encode(t, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), simplified), want: simplified},
		"utf-16be, mark":    {in: "\xfe\xff" + encode(t, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), simplified), want: simplified},
		"utf-16le, told":    {in: encode(t, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), simplified), encoding: "utf-16", want: simplified},
		"gbk after utf-8":   {in: "路\n" + strings.Repeat("x", 70_000) + gbk, want: "路\n" + strings.Repeat("x", 70_000) + gbk, wrong: charset.Hint},
		"utf-8 and rubbish": {in: "路\xff", want: "路\xff", wrong: charset.Hint},
	} {
		t.Run(name, func(t *testing.T) {
			var enc charset.Encoding
			if test.encoding != "" {
				var err error
				if enc, err = charset.Lookup(test.encoding); err != nil {
					t.Fatal(err)
				}
			}
			note := ""
			r, err := charset.NewReader(iotest.HalfReader(strings.NewReader(test.in)), enc, func(s string) { note += s })
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err != nil || string(got) != test.want {
				t.Errorf("got %.200q, %v", got, err)
			}
			if (note == "") != (test.note == "") || !strings.Contains(note, test.note) {
				t.Errorf("note is %q", note)
			}
			if wrong := r.Wrong(got); wrong != test.wrong {
				t.Errorf("wrong is %q", wrong)
			}
		})
	}
}

func TestLookup(t *testing.T) {
	for name, want := range map[string]string{
		"GB18030": "gb18030", "gbk": "gbk", "CP936": "gbk", "936": "gbk", "ANSI 936": "gbk", "GB2312": "gbk", " Big5\r\n": "big5",
		"950": "big5", "UTF-8": "utf-8", "65001": "utf-8", "windows-1252": "windows-1252", "ANSI 1251": "windows-1251",
		"ISO 8859-1": "", "ISO-8859-1": "iso-8859-1", "88591": "iso-8859-1", "utf16": "utf-16", "UTF-16LE": "utf-16le", "437": "ibm437",
		"": "", "klingon": "", "cp": "",
	} {
		e, err := charset.Lookup(name)
		if (err == nil) != (want != "") || e.Name() != want {
			t.Errorf("Lookup(%q) is %q, %v", name, e.Name(), err)
		}
	}
	for _, name := range charset.Known() {
		if e, err := charset.Lookup(name); err != nil || e.Name() != name {
			t.Errorf("Lookup(%q) is %q, %v", name, e.Name(), err)
		}
	}
}

func TestAppendAndDecode(t *testing.T) {
	for _, name := range charset.Known() {
		e, err := charset.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(t *rapid.T) {
			text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{simplified, traditional, "\\|", "é"})).Draw(t, "text")
			b, err := e.Append([]byte("x")[:0], text)
			if err != nil {
				if name == "utf-8" || name == "gb18030" || strings.HasPrefix(name, "utf-16") {
					t.Fatalf("%s cannot hold %q: %v", name, text, err)
				}
				return
			}
			got, ok := e.Decode(b)
			if strings.ContainsRune(text, utf8.RuneError) || strings.HasPrefix(text, "\ufeff") {
				return // not told from a fault, or from a mark
			}
			if strings.ContainsFunc(text, func(r rune) bool { return unicoding.Is(unicoding.Co, r) }) {
				return // GB18030 moved some characters of private use between its editions
			}
			if !ok || got != text {
				t.Fatalf("%s: %q became %q, %v", name, text, got, ok)
			}
		})
	}
	gbk, err := charset.Lookup("gbk")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gbk.Append(nil, "路𠀀"); err == nil || err.Error() != "'𠀀' cannot be written in gbk" {
		t.Error(err)
	}
	for name, refused := range map[string]string{"big5": "东", "big5-hkscs": "🌳"} {
		e, err := charset.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		// 东 is none of Big5, and one of Hong Kong's additions to it.
		if _, err := e.Append(nil, "東路"+refused); err == nil || err.Error() != "'"+refused+"' cannot be written in "+name {
			t.Errorf("%s: %v", name, err)
		}
		if b, err := e.Append(nil, "東路"); err != nil || string(b) != "\xaaF\xb8\xf4" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	if _, ok := gbk.Decode([]byte("a\xff")); ok {
		t.Error("rubbish is GBK")
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(simplified), "")
	f.Add([]byte("\xff\xfea\x00"), "")
	f.Add([]byte("caf\xe9"), "gb18030")
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		e, _ := charset.Lookup(name)
		r, err := charset.NewReader(strings.NewReader(string(text)), e, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if r.Wrong(got) == "" && !utf8.Valid(got) {
			t.Fatalf("%q is not UTF-8", got)
		}
	})
}
