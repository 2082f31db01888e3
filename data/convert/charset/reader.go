package charset

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/transform"
)

// windowBytes is how much text from the first byte beyond ASCII decides what it is.
const windowBytes = 64 << 10

// Hint ends messages about text that is not UTF-8.
const Hint = "is not UTF-8; name the encoding of the file with --encoding, for example gb18030 or big5"

// Unfit is what is wrong with text that is none in e, and what to do.
func (e Encoding) Unfit() string {
	if e.IsUTF8() {
		return Hint
	}
	return "is not " + e.name + "; if the file has another encoding, name it with --encoding"
}

// Reader reads text as UTF-8. It belongs to one goroutine.
type Reader struct {
	in   *bufio.Reader
	out  io.Reader // nil while all was ASCII and nothing is decided
	enc  Encoding
	note func(string)
}

// NewReader reads text in an encoding. A byte order mark goes before what the caller says and is removed. note hears of
// what was guessed.
func NewReader(r io.Reader, e Encoding, note func(string)) (*Reader, error) {
	t := &Reader{in: bufio.NewReaderSize(r, windowBytes), enc: e, note: note}
	head, err := t.in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	for _, mark := range []struct{ bytes, name string }{{"\xef\xbb\xbf", "utf-8"}, {"\xff\xfe", "utf-16le"}, {"\xfe\xff", "utf-16be"}} {
		if bytes.HasPrefix(head, []byte(mark.bytes)) {
			if t.enc, err = Lookup(mark.name); err != nil {
				return nil, err
			}
			if _, err := t.in.Discard(len(mark.bytes)); err != nil {
				return nil, err
			}
			break
		}
	}
	if t.enc.Given() {
		t.decode()
	}
	return t, nil
}

func (t *Reader) decode() {
	t.out = t.in
	if t.enc.code != nil {
		t.out = transform.NewReader(t.in, t.enc.code.NewDecoder())
	}
}

// Read reads text as UTF-8. What is wrong in a decoded file becomes U+FFFD; see [Reader.Wrong].
func (t *Reader) Read(p []byte) (int, error) {
	if t.out != nil {
		return t.out.Read(p)
	}
	have, err := t.in.Peek(1)
	if len(have) == 0 {
		return 0, err
	}
	if have[0] < utf8.RuneSelf {
		have, _ = t.in.Peek(t.in.Buffered()) // what is buffered is there
		n := copy(p, have[:asciiPrefix(have)])
		_, err := t.in.Discard(n)
		return n, err
	}
	window, err := t.in.Peek(windowBytes)
	if len(window) == 0 {
		return 0, err
	}
	if e, ok := Guess(window); ok {
		t.enc = e
		t.note("the file is not UTF-8 and was read as " + e.name + "; if that is wrong, name its encoding with --encoding")
	}
	t.decode()
	return t.out.Read(p)
}

func asciiPrefix(b []byte) int {
	for i, c := range b {
		if c >= utf8.RuneSelf {
			return i
		}
	}
	return len(b)
}

// Wrong says why text that was read is no text in the encoding of the file, empty when nothing is wrong.
func (t *Reader) Wrong(text []byte) string {
	switch {
	case t.enc.code == nil && utf8.Valid(text):
		return ""
	case t.enc.code == nil && t.enc.Given():
		return "is not UTF-8, which the file is said to be"
	case t.enc.code == nil:
		return Hint
	case bytes.ContainsRune(text, utf8.RuneError):
		return t.enc.Unfit()
	}
	return ""
}

// Guess looks at texts of one file, each of which may be cut off in its last character. It reports false for what is
// UTF-8 and for what cannot be told; what looks like Chinese text in GB 2312, GBK or GB18030 is GB18030, which holds them
// all.
//
// Nine of ten characters must be of GB 2312. In Big5 about half of them are not, in a western encoding a letter stands
// alone among ASCII, and both are left to the caller.
func Guess(texts ...[]byte) (Encoding, bool) {
	plain := true
	common, all := 0, 0
	for _, text := range texts {
		plain = plain && validPrefix(text)
		for len(text) > 0 {
			size, usual := chinese(text)
			if size == 0 {
				return Encoding{}, false
			}
			if size > 1 && size <= len(text) {
				all++
			}
			if usual {
				common++
			}
			text = text[min(size, len(text)):]
		}
	}
	return gb18030, !plain && all > 0 && common*10 >= all*9
}

// validPrefix reports whether text is UTF-8, possibly cut off in its last character.
func validPrefix(text []byte) bool {
	for cut := range min(utf8.UTFMax, len(text)) {
		if utf8.Valid(text[:len(text)-cut]) {
			return cut == 0 || !utf8.FullRune(text[len(text)-cut:])
		}
	}
	return len(text) == 0
}

// chinese is the size of the character at the start of GB18030 text, 0 when there is none, and whether it is one of
// the symbols and characters of GB 2312. A size beyond the text is one cut off.
func chinese(text []byte) (size int, usual bool) {
	at := func(i int) byte {
		if i < len(text) {
			return text[i]
		}
		return 0
	}
	lead, trail := at(0), at(1)
	switch {
	case lead < utf8.RuneSelf:
		return 1, false
	case lead == 0x80 || lead == 0xff:
		return 0, false
	case len(text) == 1:
		return 2, false
	case trail >= 0x40 && trail != 0x7f && trail != 0xff:
		symbols, characters := lead >= 0xa1 && lead <= 0xa9, lead >= 0xb0 && lead <= 0xf7
		return 2, trail >= 0xa1 && (symbols || characters)
	case trail < '0' || trail > '9':
		return 0, false
	case len(text) < 4:
		return 4, false
	case at(2) >= 0x81 && at(2) != 0xff && at(3) >= '0' && at(3) <= '9':
		return 4, false
	}
	return 0, false
}
