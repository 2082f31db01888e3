package shapefile

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/data/convert/row"
)

// dbfVersions are the first bytes of tables of dBASE III to V and FoxPro, with and without memo files.
var dbfVersions = map[byte]bool{
	0x02: true, 0x03: true, 0x30: true, 0x31: true, 0x32: true, 0x43: true, 0x63: true, 0x83: true, 0x8b: true, 0xcb: true, 0xf5: true,
}

// drivers are the code pages that the byte of the language driver names. Those that programs write without thought are
// left out: none, 0x57, and 0x03, which counts when nothing else fits.
var drivers = map[byte]string{
	0x01: "437", 0x02: "850", 0x13: "932", 0x4d: "936", 0x4e: "949", 0x4f: "950", 0x64: "852", 0x65: "866", 0x66: "865",
	0x78: "950", 0x79: "949", 0x7a: "936", 0x7b: "932", 0x7c: "874", 0xc8: "1250", 0xc9: "1251", 0xca: "1254", 0xcb: "1253",
}

// field is a column of a table.
type field struct {
	name     string
	kind     byte
	from, to int // in a row
	decimals int
}

// table reads the rows of a .dbf.
type table struct {
	in     *bufio.Reader
	enc    charset.Encoding // zero while it is not known
	note   func(string)
	rows   int64 // as the header says
	fields []field
	driver byte
	row    []byte
	cells  []string
}

func (t *table) header() error {
	h := make([]byte, 32)
	if _, err := io.ReadFull(t.in, h); err != nil {
		return early(err)
	}
	if !dbfVersions[h[0]] {
		return fmt.Errorf("its first byte is 0x%02x, which is no table of dBASE III to V or FoxPro", h[0])
	}
	t.rows = int64(binary.LittleEndian.Uint32(h[4:]))
	size, width := int(binary.LittleEndian.Uint16(h[8:])), int(binary.LittleEndian.Uint16(h[10:]))
	if size < 33 || width < 1 {
		return fmt.Errorf("its header says %d bytes of header and %d of each row", size, width)
	}
	rest := make([]byte, size-32)
	if _, err := io.ReadFull(t.in, rest); err != nil {
		return early(err)
	}
	t.driver = h[29]
	if page, ok := drivers[t.driver]; ok && !t.enc.Given() {
		var err error
		if t.enc, err = charset.Lookup(page); err != nil {
			return err
		}
	}
	at := 1 // behind the mark of deleted rows
	var names [][]byte
	for ; len(rest) >= 32 && rest[0] != '\r'; rest = rest[32:] {
		f := field{kind: rest[11], from: at, to: at + int(rest[16]), decimals: int(rest[17])}
		if f.kind == 'C' {
			// Text of more than 255 bytes keeps the upper half of its width where numbers have their decimals.
			f.to, f.decimals = at+int(binary.LittleEndian.Uint16(rest[16:])), 0
		}
		names = append(names, rest[:11])
		t.fields = append(t.fields, f)
		at = f.to
	}
	switch {
	case len(t.fields) == 0:
		return errors.New("it has no columns")
	case at > width:
		return fmt.Errorf("its columns take %d bytes, but the header says that a row has %d", at, width)
	}
	t.row = make([]byte, width)
	return t.name(names)
}

// name gives the columns their names, which are in the encoding of the text.
func (t *table) name(names [][]byte) error {
	for i, b := range names {
		b, _, _ = bytes.Cut(b, []byte{0})
		if !t.enc.Given() && beyondASCII(b) {
			t.decide(b)
		}
		name, ok := t.enc.Decode(b)
		// Names have ten bytes, and many programs cut them in the middle of a character.
		for cut := 1; !ok && cut < min(utf8.UTFMax, len(b)); cut++ {
			name, ok = t.enc.Decode(b[:len(b)-cut])
		}
		if !ok {
			return fmt.Errorf("the name of column %d, %q, %s", i+1, strings.ToValidUTF8(string(b), "\uFFFD"), t.enc.Unfit())
		}
		t.fields[i].name = strings.TrimSpace(name)
	}
	for i := range t.fields {
		if f := &t.fields[i]; !readable(f) {
			t.note(fmt.Sprintf("column %q of type %c is not read", f.name, f.kind))
		}
	}
	return nil
}

// readable reports whether values of a column are in the table itself and in a form that is known.
func readable(f *field) bool {
	switch f.kind {
	case 'C', 'N', 'F', 'D', 'L':
		return true
	case 'I', '+':
		return f.to-f.from == 4
	case 'B', 'O', 'T', '@', 'Y':
		return f.to-f.from == 8
	}
	return false
}

func (t *table) columns() []string {
	var names []string
	for i := range t.fields {
		if readable(&t.fields[i]) {
			names = append(names, t.fields[i].name)
		}
	}
	t.cells = make([]string, len(names))
	return names
}

// next reads row n and reports false at the end of the table.
func (t *table) next(n int, out *row.Row) (more, deleted bool, err error) {
	if int64(n) > t.rows {
		return false, false, nil
	}
	if _, err := io.ReadFull(t.in, t.row); err != nil {
		return false, false, fmt.Errorf("%w; the header says %d rows", early(err), t.rows)
	}
	switch t.row[0] {
	case ' ', 0:
	case '*':
		deleted = true
	case 0x1a:
		return false, false, fmt.Errorf("the table ends here; the header says %d rows", t.rows)
	}
	c := 0
	for i := range t.fields {
		f := &t.fields[i]
		if !readable(f) {
			continue
		}
		text, why := t.cell(f, t.row[f.from:f.to], out)
		if why != "" && out.Fault == nil {
			out.Fault = &data.FieldError{Field: f.name, Value: text, Why: why}
		}
		t.cells[c] = text
		c++
	}
	out.Cells = t.cells
	return true, deleted, nil
}

// cell is the text of a value, or why there is none.
func (t *table) cell(f *field, b []byte, out *row.Row) (text, why string) {
	switch f.kind {
	case 'C':
		return t.text(f, b, out)
	case 'I', '+':
		return strconv.Itoa(int(int32(binary.LittleEndian.Uint32(b)))), ""
	case 'B', 'O':
		v := math.Float64frombits(binary.LittleEndian.Uint64(b))
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return "", ""
		}
		return string(data.AppendNumber(nil, v)), ""
	case 'Y':
		return string(data.AppendNumber(nil, float64(int64(binary.LittleEndian.Uint64(b)))/1e4)), ""
	case 'T', '@':
		return moment(b), ""
	}
	text = strings.Trim(string(b), " \x00")
	if strings.Trim(text, "*") == "" {
		return "", "" // stars are what does not fit, and null in numbers
	}
	switch f.kind {
	case 'D':
		switch {
		case strings.Trim(text, "0") == "":
			return "", ""
		case len(text) == 8:
			return text[:4] + "-" + text[4:6] + "-" + text[6:], ""
		}
	case 'L':
		switch text {
		case "T", "t", "Y", "y":
			return "true", ""
		case "F", "f", "N", "n":
			return "false", ""
		case "?":
			return "", ""
		}
		return text, "is neither true nor false"
	case 'N', 'F':
		// Decimals that are there for their width only are dropped.
		if short, ok := jsontext.NumberText([]byte(text)); ok {
			return short, ""
		}
	}
	return text, ""
}

// moment reads a day and milliseconds of it. The day is counted from 4713 BC, as astronomers do.
func moment(b []byte) string {
	const unixDay = 2440588
	day, ms := int64(binary.LittleEndian.Uint32(b)), int64(binary.LittleEndian.Uint32(b[4:]))
	if day == 0 {
		return ""
	}
	return time.UnixMilli((day-unixDay)*24*60*60*1000 + ms).UTC().Format("2006-01-02T15:04:05.999")
}

// text decodes a text, which blanks fill up.
func (t *table) text(f *field, b []byte, out *row.Row) (text, why string) {
	full := len(b)
	b, _, _ = bytes.Cut(b, []byte{0})
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	if !t.enc.Given() && beyondASCII(b) {
		t.decide(nil)
	}
	text, ok := t.enc.Decode(b)
	if ok {
		return text, ""
	}
	// Many programs cut a long text in the middle of a character.
	for cut := 1; len(b) == full && cut < min(utf8.UTFMax, len(b)); cut++ {
		if text, ok := t.enc.Decode(b[:len(b)-cut]); ok {
			out.Notes = append(out.Notes, fmt.Sprintf("%s: the last character of %q is cut off", f.name, row.Shorten(text)))
			return text, ""
		}
	}
	return string(b), t.enc.Unfit()
}

func beyondASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

// decide finds the encoding of a table that does not say it, from some text, the current row and those behind it.
func (t *table) decide(some []byte) {
	sample := [][]byte{some}
	take := func(r []byte) {
		for i := range t.fields {
			if f := &t.fields[i]; f.kind == 'C' && beyondASCII(r[f.from:f.to]) {
				sample = append(sample, bytes.Trim(r[f.from:f.to], " \x00"))
			}
		}
	}
	if some == nil {
		take(t.row)
	}
	ahead, _ := t.in.Peek(bufferBytes / 2)
	for ; len(ahead) >= len(t.row); ahead = ahead[len(t.row):] {
		take(ahead[:len(t.row)])
	}
	t.enc = charset.UTF8
	e, ok := charset.Guess(sample...)
	if !ok && t.driver == 0x03 && !utf8.Valid(bytes.Join(sample, nil)) {
		e, _ = charset.Lookup("1252")
		ok = e.Given()
	}
	if ok {
		t.enc = e
		t.note("the table is not UTF-8 and was read as " + e.Name() + "; if that is wrong, name its encoding with --encoding")
	}
}
