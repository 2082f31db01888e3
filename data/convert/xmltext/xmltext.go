// Package xmltext reads XML that anyone may have written: with bounds on depth and on the size of a text, and in the
// encodings of charset.
package xmltext

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gewu-city/gewu/data/convert/charset"
)

// Bounds on a file. A token is a text between two tags, or a tag.
const (
	maxDepth = 200
	maxToken = 64 << 20
)

// Decoder reads the tokens of a file. It belongs to one goroutine.
type Decoder struct {
	xml  *xml.Decoder
	in   *bounded
	open []xml.Name // the elements that have not ended
}

// NewDecoder reads a file in an encoding that the caller named, else in the one that a byte order mark or the file's first
// line names, else in UTF-8.
func NewDecoder(r io.Reader, named charset.Encoding) (*Decoder, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	head, _ := in.Peek(3)
	text := io.Reader(in)
	decoded := named.Given() || strings.HasPrefix(string(head), "\xef\xbb\xbf") || strings.HasPrefix(string(head), "\xff\xfe") || strings.HasPrefix(string(head), "\xfe\xff")
	if decoded {
		var err error
		if text, err = charset.NewReader(in, named, func(string) {}); err != nil {
			return nil, err
		}
	}
	d := &Decoder{in: &bounded{Reader: text}}
	d.xml = xml.NewDecoder(d.in)
	d.xml.Entity = xml.HTMLEntity
	d.xml.CharsetReader = func(label string, text io.Reader) (io.Reader, error) {
		if decoded {
			return text, nil
		}
		e, err := charset.Lookup(label)
		if err != nil {
			return nil, fmt.Errorf("%w; name it with --encoding", err)
		}
		return charset.NewReader(text, e, func(string) {})
	}
	return d, nil
}

// bounded ends a text that is too long to be held.
type bounded struct {
	io.Reader
	n int // bytes since the last token
}

var errLong = fmt.Errorf("a text has more than %d MiB", maxToken>>20)

func (b *bounded) Read(p []byte) (int, error) {
	if b.n > maxToken {
		return 0, errLong
	}
	n, err := b.Reader.Read(p)
	b.n += n
	return n, err
}

// Next is the next token: a start or an end of an element, or text. It is valid until the next call. Comments and
// instructions are left out. It returns io.EOF at the end of a file that is whole. Names have the prefixes of the file as
// their spaces: turning them into the names of languages would take a third of the time, and no format here has two
// elements that differ in that only.
func (d *Decoder) Next() (xml.Token, error) {
	for {
		d.in.n = 0
		token, err := d.xml.RawToken()
		if errors.Is(err, io.EOF) && len(d.open) > 0 {
			err = &xml.SyntaxError{Msg: "unexpected EOF"}
		}
		if err != nil {
			return nil, d.fault(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if d.open = append(d.open, e.Name); len(d.open) > maxDepth {
				return nil, d.fault(fmt.Errorf("elements are nested more than %d deep", maxDepth))
			}
			return token, nil
		case xml.EndElement:
			last := len(d.open) - 1
			if last < 0 || d.open[last] != e.Name {
				return nil, d.fault(&xml.SyntaxError{Msg: "an element ends with </" + e.Name.Local + ">, which did not start last"})
			}
			d.open = d.open[:last]
			return token, nil
		case xml.CharData:
			return token, nil
		}
	}
}

// fault says where a file is wrong.
func (d *Decoder) fault(err error) error {
	if errors.Is(err, io.EOF) {
		return err
	}
	line := d.Line()
	if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
		if strings.Contains(syntax.Msg, "invalid UTF-8") {
			return fmt.Errorf("line %d: the text %s", line, charset.Hint)
		}
		return fmt.Errorf("line %d: the file is no XML: %s", line, syntax.Msg)
	}
	return fmt.Errorf("line %d: %w", line, err)
}

// Line is the line behind the last token.
func (d *Decoder) Line() int {
	line, _ := d.xml.InputPos()
	return line
}

// Root moves to the first element, which tells what a file is. It returns an error for a file without one.
func (d *Decoder) Root() (xml.StartElement, error) {
	for {
		token, err := d.Next()
		switch {
		case errors.Is(err, io.EOF):
			return xml.StartElement{}, errors.New("the file is empty or no XML")
		case err != nil:
			return xml.StartElement{}, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			return token.Copy(), nil
		case xml.CharData:
			if strings.Trim(string(token), " \t\r\n\ufeff") != "" {
				return xml.StartElement{}, errors.New("the file is no XML: it does not start with <")
			}
		}
	}
}

// Skip moves behind the end of the element whose start was the last token.
func (d *Decoder) Skip() error {
	for depth := len(d.open); len(d.open) >= depth; {
		if _, err := d.Next(); err != nil {
			return early(err)
		}
	}
	return nil
}

// Text is the text of the element whose start was the last token, elements within left out, and moves behind its end.
func (d *Decoder) Text() (string, error) {
	var b strings.Builder
	inside := len(d.open)
	for len(d.open) >= inside {
		token, err := d.Next()
		if err != nil {
			return "", early(err)
		}
		if text, ok := token.(xml.CharData); ok && len(d.open) == inside {
			if b.Len()+len(text) > maxToken {
				return "", d.fault(errLong)
			}
			b.Write(text)
		}
	}
	return b.String(), nil
}

// Each calls member at the start of each element directly in the one whose start was the last token, and moves behind its
// end. member moves behind the end of the element that it is given.
func (d *Decoder) Each(member func(xml.StartElement) error) error {
	for {
		token, err := d.Next()
		if err != nil {
			return early(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if err := member(token); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

func early(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("the file ends early")
	}
	return err
}

// Attr is the value of an attribute, empty when it is not there.
func Attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// AppendText appends a text as it stands between tags and in attributes. It reports a character that XML does not have.
func AppendText(dst []byte, s string) ([]byte, error) {
	for _, r := range s {
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
		case r < ' ' || r == 0xfffe || r == 0xffff:
			return dst, fmt.Errorf("has the character U+%04X, which XML does not have", r)
		default:
			dst = append(dst, string(r)...)
		}
	}
	return dst, nil
}
