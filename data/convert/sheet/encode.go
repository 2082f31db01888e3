package sheet

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/row"
)

// Encoder writes a book of one sheet straight into the archive. Texts stand in their cells, marked as text, so that codes
// keep their zeros and nothing is taken for a formula.
type Encoder struct {
	layout row.Layout
	zip    *zip.Writer
	out    *bufio.Writer
	rows   int
	text   []byte
}

var _ row.Encoder = (*Encoder)(nil)

// The styles, by their position in styles.xml.
const (
	plainStyle = iota
	headerStyle
	textStyle
	dateStyle
	timeStyle
)

const (
	main      = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	documents = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	links     = "http://schemas.openxmlformats.org/package/2006/relationships"
	types     = "application/vnd.openxmlformats-officedocument.spreadsheetml."

	styles = `<styleSheet xmlns="` + main + `"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/><numFmt numFmtId="165" formatCode="yyyy\-mm\-dd\ hh:mm:ss"/></numFmts>` +
		`<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
		`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
		`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="5">` +
		`<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>` +
		`<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
		`<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>`
)

// NewEncoder starts a book.
func NewEncoder(w io.Writer, l row.Layout) (*Encoder, error) {
	if len(l.Columns) > maxColumns {
		return nil, fmt.Errorf("the layer has %d columns, a sheet at most %d", len(l.Columns), maxColumns)
	}
	e := &Encoder{layout: l, zip: zip.NewWriter(w)}
	for _, m := range []struct{ name, text string }{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="` + types + `sheet.main+xml"/>` +
			`<Override PartName="/xl/styles.xml" ContentType="` + types + `styles+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="` + types + `worksheet+xml"/></Types>`},
		{"_rels/.rels", `<Relationships xmlns="` + links + `"><Relationship Id="rId1" Type="` + documents + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook xmlns="` + main + `" xmlns:r="` + documents + `"><sheets><sheet name="` + string(appendText(nil, sheetName(l))) + `" sheetId="1" r:id="rId1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="` + links + `"><Relationship Id="rId1" Type="` + documents + `/worksheet" Target="worksheets/sheet1.xml"/>` +
			`<Relationship Id="rId2" Type="` + documents + `/styles" Target="styles.xml"/></Relationships>`},
		{"xl/styles.xml", styles},
		{"xl/worksheets/sheet1.xml", `<worksheet xmlns="` + main + `"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>`},
	} {
		at := l.Time
		if at.IsZero() {
			at = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		member, err := e.zip.CreateHeader(&zip.FileHeader{Name: m.name, Method: zip.Deflate, Modified: at.UTC()})
		if err != nil {
			return nil, err
		}
		e.out = bufio.NewWriterSize(member, 64<<10)
		if _, err := e.out.WriteString(xml.Header + m.text); err != nil {
			return nil, err
		}
		if err := e.out.Flush(); err != nil {
			return nil, err
		}
	}
	header := make([]data.Value, len(l.Columns))
	for i, c := range l.Columns {
		header[i] = data.TextValue(data.Text, c.Name)
	}
	return e, e.write(header, headerStyle)
}

// sheetName is the title as far as it can name a sheet: at most 31 characters, without those of references.
func sheetName(l row.Layout) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\`, r) {
			return -1
		}
		return r
	}, l.Title)
	units := 0
	for i, r := range name {
		if units += utf16.RuneLen(r); units > 31 {
			name = name[:i]
			break
		}
	}
	if name = strings.Trim(name, "' "); name == "" {
		return l.Name[:min(len(l.Name), 31)]
	}
	return name
}

// Row takes a row.
func (e *Encoder) Row(r *row.Record) error { return e.write(r.Values, textStyle) }

// write writes a row whose texts have a style.
func (e *Encoder) write(values []data.Value, style int) error {
	if e.rows == maxRows {
		return fmt.Errorf("a sheet has at most %d rows; write CSV or a GeoPackage", maxRows)
	}
	t := append(strconv.AppendInt(append(e.text[:0], `<row r="`...), int64(e.rows+1), 10), `">`...)
	for i, v := range values {
		if v.Null() {
			continue
		}
		var err error
		if t, err = e.appendCell(t, i, v, style); err != nil {
			return fmt.Errorf("%s: %w", e.layout.Columns[i].Name, err)
		}
	}
	t = append(t, `</row>`...)
	e.text = t
	e.rows++
	_, err := e.out.Write(t)
	return err
}

// maxExact is how large a whole number may be that every program reads as it is.
const maxExact = 1 << 53

func (e *Encoder) appendCell(t []byte, column int, v data.Value, style int) ([]byte, error) {
	ref := letters(column+1) + strconv.Itoa(e.rows+1)
	number := func(style int, text string) []byte {
		return fmt.Appendf(t, `<c r="%s" s="%d"><v>%s</v></c>`, ref, style, text)
	}
	switch v.Type() {
	case data.Int:
		if n := v.Int(); n <= maxExact && n >= -maxExact {
			return number(plainStyle, v.String()), nil
		}
	case data.Number:
		return number(plainStyle, v.String()), nil
	case data.Bool:
		text := "0"
		if v.Bool() {
			text = "1"
		}
		return fmt.Appendf(t, `<c r="%s" t="b"><v>%s</v></c>`, ref, text), nil
	case data.Date:
		if serial, ok := serialOf(v.Time()); ok {
			return number(dateStyle, serial), nil
		}
	case data.Time:
		// Cells know neither zones nor microseconds; what they cannot hold is written as text.
		zone := e.layout.Columns[column].Zone
		if zone == nil {
			zone = time.UTC
		}
		at := v.Time().In(zone)
		wall := time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), zone)
		if serial, ok := serialOf(at); ok && wall.Equal(at) && at.Nanosecond()%1_000_000 == 0 {
			return number(timeStyle, serial), nil
		}
	case data.Text, data.Code, data.Ref, data.Sealed:
	}
	text := v.String()
	if n := len(utf16.Encode([]rune(text))); n > maxText {
		return t, fmt.Errorf("has %d characters, a cell holds %d; write CSV or a GeoPackage", n, maxText)
	}
	t = fmt.Appendf(t, `<c r="%s" s="%d" t="inlineStr"><is><t xml:space="preserve">`, ref, style)
	return append(appendText(t, text), `</t></is></c>`...), nil
}

// maxText is how long the text of a cell may be, in units of UTF-16.
const maxText = 32767

// serialOf is the serial number of what a clock shows. Dates before March 1900 have none that all programs agree on.
func serialOf(at time.Time) (string, bool) {
	wall := time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC)
	if wall.Before(time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC)) || wall.Year() > 9999 {
		return "", false
	}
	const day = 24 * 60 * 60 * 1000
	ms := wall.UnixMilli() - time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).UnixMilli()
	return strconv.FormatFloat(float64(ms)/day, 'f', -1, 64), true
}

// appendText writes a text for XML. Characters that XML does not have are written as _x0007_, and what looks like that is
// told apart by writing its first character so.
func appendText(dst []byte, s string) []byte {
	for i, r := range s {
		switch {
		case r == '&':
			dst = append(dst, "&amp;"...)
		case r == '<':
			dst = append(dst, "&lt;"...)
		case r == '>':
			dst = append(dst, "&gt;"...)
		case r == '"':
			dst = append(dst, "&quot;"...)
		case r == '\t' || r == '\n' || r == '\r':
			dst = fmt.Appendf(dst, "&#%d;", r)
		case r < ' ' || r == 0xfffe || r == 0xffff || r == '_' && unescape(s[i:min(len(s), i+7)]) != s[i:min(len(s), i+7)]:
			dst = fmt.Appendf(dst, "_x%04X_", r)
		default:
			dst = append(dst, string(r)...)
		}
	}
	return dst
}

// Discard gives up on the book.
func (e *Encoder) Discard() {}

// Close ends the book.
func (e *Encoder) Close() error {
	_, err := e.out.WriteString(`</sheetData></worksheet>`)
	return errors.Join(err, e.out.Flush(), e.zip.Close())
}
