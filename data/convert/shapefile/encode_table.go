package shapefile

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/row"
)

// Bounds of a table.
const (
	maxColumns = 255
	maxName    = 10
	maxText    = 254
	maxRow     = 65535
)

// FieldNames are the names that columns get in a table, where a name has ten bytes in the encoding of the text: cut, and
// numbered where they would be the same.
func FieldNames(names []string, e charset.Encoding) []string {
	taken := map[string]bool{}
	out := make([]string, len(names))
	for i, name := range names {
		cut := shorten(name, maxName, e)
		for n := 1; taken[strings.ToUpper(cut)]; n++ {
			tail := "_" + strconv.Itoa(n)
			cut = shorten(name, maxName-len(tail), e) + tail
		}
		taken[strings.ToUpper(cut)] = true
		out[i] = cut
	}
	return out
}

// shorten cuts a name to a number of bytes, between characters. What the encoding does not have becomes _.
func shorten(name string, most int, e charset.Encoding) string {
	var b strings.Builder
	size := 0
	for _, r := range name {
		c, err := e.Append(nil, string(r))
		if err != nil {
			r, c = '_', []byte("_")
		}
		if size += len(c); size > most {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}

// column is a column of the table that is written.
type column struct {
	name     string
	kind     byte
	width    int // of the widest cell so far
	decimals int // the most so far
}

func newColumn(name string, t data.Type) column {
	switch t {
	case data.Int:
		return column{name: name, kind: 'N', width: 1}
	case data.Number:
		// GIS programs take a number without decimals for a whole one.
		return column{name: name, kind: 'N', width: 3, decimals: 1}
	case data.Bool:
		return column{name: name, kind: 'L', width: 1}
	case data.Date:
		return column{name: name, kind: 'D', width: 8}
	case data.Text, data.Time, data.Code, data.Ref, data.Sealed:
	}
	return column{name: name, kind: 'C', width: 1}
}

// cell is a value as it stands in the table, without what fills it up.
func (c *column) cell(v data.Value, e charset.Encoding) ([]byte, error) {
	if v.Null() {
		return nil, nil
	}
	var text []byte
	switch v.Type() {
	case data.Bool:
		if v.Bool() {
			return []byte("T"), nil
		}
		return []byte("F"), nil
	case data.Date:
		t := v.Time()
		if t.Year() < 0 || t.Year() > 9999 {
			return nil, fmt.Errorf("a shapefile has no date %s", v)
		}
		return []byte(t.Format("20060102")), nil
	case data.Int:
		text = strconv.AppendInt(nil, v.Int(), 10)
	case data.Number:
		text = data.AppendNumber(nil, v.Number())
		if at := bytes.IndexByte(text, '.'); at >= 0 {
			c.decimals = max(c.decimals, len(text)-at-1)
		}
	case data.Text, data.Time, data.Code, data.Ref, data.Sealed:
		var err error
		if text, err = e.Append(nil, v.String()); err != nil {
			return nil, err
		}
		if len(text) > maxText {
			return nil, fmt.Errorf("has %d bytes, a shapefile holds %d; write a GeoPackage", len(text), maxText)
		}
		switch {
		case bytes.HasSuffix(text, []byte{' '}):
			return nil, fmt.Errorf("%q ends with a blank, which a shapefile does not keep; take it away, or write a GeoPackage", row.Shorten(v.String()))
		case bytes.IndexByte(text, 0) >= 0:
			return nil, fmt.Errorf("%q holds the character 0, where a text ends in a shapefile; take it away, or write a GeoPackage", row.Shorten(v.String()))
		}
	}
	c.width = max(c.width, len(text), c.decimals+2)
	return text, nil
}

// languageDriver is the byte that names the code page for programs that do not look at the .cpg.
func languageDriver(e charset.Encoding) byte {
	switch e.Name() {
	case "gbk":
		return 0x4d
	case "big5":
		return 0x78
	}
	return 0
}

// writeTable writes the .dbf.
func (e *Encoder) writeTable(w io.Writer) error {
	width := 1
	for _, c := range e.columns {
		width += c.width
	}
	if width > maxRow {
		return fmt.Errorf("rows of %d bytes are wider than the %d of a shapefile; write a GeoPackage", width, maxRow)
	}
	at := e.time()
	h := []byte{0x03, byte(at.Year() - 1900), byte(at.Month()), byte(at.Day())}
	h = binary.LittleEndian.AppendUint32(h, uint32(e.rows))
	h = binary.LittleEndian.AppendUint16(h, uint16(32+32*len(e.columns)+1))
	h = binary.LittleEndian.AppendUint16(h, uint16(width))
	h = append(h, make([]byte, 17)...)
	h = append(h, languageDriver(e.layout.Encoding), 0, 0)
	for _, c := range e.columns {
		name, err := e.layout.Encoding.Append(nil, c.name)
		if err != nil {
			return err
		}
		h = append(h, append(name, make([]byte, maxName+1-len(name))...)...)
		h = append(h, c.kind, 0, 0, 0, 0, byte(c.width), byte(min(c.decimals, 15)))
		h = append(h, make([]byte, 14)...)
	}
	if _, err := w.Write(append(h, '\r')); err != nil {
		return err
	}
	in := bufio.NewReaderSize(e.cells.Reader(), 64<<10)
	r := make([]byte, width)
	for range e.rows {
		if err := e.readRow(in, r); err != nil {
			return err
		}
		if _, err := w.Write(r); err != nil {
			return err
		}
	}
	_, err := w.Write([]byte{0x1a})
	return err
}

var errSpool = errors.New("the temporary file was changed")

// readRow fills r with the next row of cells: numbers to the right, the rest to the left.
func (e *Encoder) readRow(in *bufio.Reader, r []byte) error {
	for i := range r {
		r[i] = ' '
	}
	at := 1
	for _, c := range e.columns {
		n, err := binary.ReadUvarint(in)
		if err != nil {
			return err
		}
		if n > uint64(c.width) {
			return errSpool
		}
		from := at
		if c.kind == 'N' {
			from += c.width - int(n)
		}
		if _, err := io.ReadFull(in, r[from:from+int(n)]); err != nil {
			return err
		}
		at += c.width
	}
	return nil
}
