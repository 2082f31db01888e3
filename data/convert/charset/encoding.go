// Package charset turns the encodings in which cities keep their files into UTF-8 and back.
//
// A file says its encoding by a byte order mark or beside itself (the .cpg of a shapefile); else whoever sends it
// does. Where nobody does it is taken for UTF-8, and one that is not is tried as GB18030 when it looks like Chinese
// text in it, which is told, never done silently.
package charset

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

// Encoding is a way of writing text as bytes. The zero Encoding is none: the text says it, or is UTF-8. It is
// immutable and safe for concurrent use.
type Encoding struct {
	name string
	code encoding.Encoding // nil for UTF-8
}

// UTF8 is the encoding of everything inside.
var UTF8 = Encoding{name: "utf-8"}

// gb18030 holds all of GBK and GB 2312.
var gb18030 = Encoding{"gb18030", simplifiedchinese.GB18030}

// encodings lists the encodings by their names; the first name of each is the one shown.
var encodings = []struct {
	names string
	code  encoding.Encoding
}{
	{"utf-8 utf8 65001", nil},
	{"gb18030 54936", simplifiedchinese.GB18030},
	{"gbk gb2312 euc-cn 936", simplifiedchinese.GBK},
	{"big5 950", traditionalchinese.Big5},
	{"big5-hkscs 951", traditionalchinese.Big5},
	{"utf-16 utf16", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)},
	{"utf-16le utf16le 1200", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
	{"utf-16be utf16be 1201", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
	{"shift_jis sjis 932", japanese.ShiftJIS},
	{"euc-kr 949", korean.EUCKR},
	{"iso-8859-1 iso88591 latin1 latin-1 88591", charmap.ISO8859_1},
	{"iso-8859-2 iso88592 88592", charmap.ISO8859_2},
	{"iso-8859-15 iso885915 885915", charmap.ISO8859_15},
	{"windows-874 874", charmap.Windows874},
	{"windows-1250 1250", charmap.Windows1250},
	{"windows-1251 1251", charmap.Windows1251},
	{"windows-1252 1252", charmap.Windows1252},
	{"windows-1253 1253", charmap.Windows1253},
	{"windows-1254 1254", charmap.Windows1254},
	{"windows-1255 1255", charmap.Windows1255},
	{"windows-1256 1256", charmap.Windows1256},
	{"windows-1257 1257", charmap.Windows1257},
	{"windows-1258 1258", charmap.Windows1258},
	{"ibm437 437", charmap.CodePage437},
	{"ibm850 850", charmap.CodePage850},
	{"ibm852 852", charmap.CodePage852},
	{"ibm865 865", charmap.CodePage865},
	{"ibm866 866", charmap.CodePage866},
}

// Known are the names to tell to people; [Lookup] understands more.
func Known() []string {
	names := make([]string, len(encodings))
	for i, e := range encodings {
		names[i], _, _ = strings.Cut(e.names, " ")
	}
	return names
}

// Lookup finds an encoding by a name in any case, or by the number of a code page: gb18030, GBK, cp936, 936. The
// error lists the usual names.
func Lookup(name string) (Encoding, error) {
	folded := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "")
	// What stands before the number of a code page in .cpg files.
	digits := folded
	for _, before := range []string{"cp", "ansi", "oem", "windows-", "ms", "x-cp"} {
		digits = strings.TrimPrefix(digits, before)
	}
	for _, e := range encodings {
		for alias := range strings.SplitSeq(e.names, " ") {
			if alias == folded || alias == digits {
				shown, _, _ := strings.Cut(e.names, " ")
				return Encoding{shown, e.code}, nil
			}
		}
	}
	return Encoding{}, fmt.Errorf("%q is not a known encoding; known are %s and code pages by number",
		name, strings.Join(Known()[:7], ", "))
}

// Name is the usual name, empty for the zero Encoding.
func (e Encoding) Name() string { return e.name }

// Given reports whether somebody named the encoding.
func (e Encoding) Given() bool { return e.name != "" }

// IsUTF8 reports whether text needs no conversion. It is true for the zero Encoding.
func (e Encoding) IsUTF8() bool { return e.code == nil }

// Decode is the text that bytes mean. It reports false when they are no text in the encoding.
func (e Encoding) Decode(b []byte) (string, bool) {
	if ascii(b) && !e.wide() {
		return string(b), true
	}
	if e.code == nil {
		return string(b), utf8.Valid(b)
	}
	out, err := e.code.NewDecoder().Bytes(b)
	// A decoder writes U+FFFD for what it does not understand.
	return string(out), err == nil && !strings.ContainsRune(string(out), utf8.RuneError)
}

// Append appends text in the encoding. The error names the first character that it does not have.
func (e Encoding) Append(dst []byte, text string) ([]byte, error) {
	if e.code == nil {
		return append(dst, text...), nil
	}
	out, err := e.plain().NewEncoder().String(text)
	if err == nil && !e.beyond(out) {
		return append(dst, out...), nil
	}
	for _, r := range text {
		if out, err := e.plain().NewEncoder().String(string(r)); err != nil || e.beyond(out) {
			return dst, fmt.Errorf("%q cannot be written in %s", r, e.name)
		}
	}
	return dst, fmt.Errorf("write text in %s: %w", e.name, err)
}

// beyond reports whether a text that was written has characters of Hong Kong, or of other additions, that are none of Big5
// by itself: programs elsewhere do not read them. The table of the encoder has them all, by the lead bytes from 0x87 to 0xA0
// and 0xC6A1 to 0xC8FE.
func (e Encoding) beyond(text string) bool {
	if e.name != "big5" {
		return false
	}
	for i := 0; i < len(text); i++ {
		lead := text[i]
		if lead < 0x80 {
			continue
		}
		if i++; lead < 0xa1 || lead == 0xc6 && i < len(text) && text[i] >= 0xa1 || lead == 0xc7 || lead == 0xc8 {
			return true
		}
	}
	return false
}

// Mark is the byte order mark that files in the encoding start with; nil for those without.
func (e Encoding) Mark() []byte {
	if !e.wide() {
		return nil
	}
	mark, err := e.Append(nil, "\ufeff")
	if err != nil {
		return nil
	}
	return mark
}

// wide reports whether ASCII is not one byte each.
func (e Encoding) wide() bool { return strings.HasPrefix(e.name, "utf-16") }

// plain is the encoding without a byte order mark of its own making.
func (e Encoding) plain() encoding.Encoding {
	if e.name == "utf-16" {
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	}
	return e.code
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// errWide is why a table of bytes cannot be in UTF-16.
var errWide = errors.New("utf-16 is no encoding for the cells of a dBASE table")

// Narrow refuses encodings in which ASCII is not one byte each.
func (e Encoding) Narrow() error {
	if e.wide() {
		return errWide
	}
	return nil
}
