// Package jsontext walks over JSON text without building values, and writes JSON.
package jsontext

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/data"
)

// Cursor walks over JSON text that is known to be valid, without building values: a city's geometry is mostly
// numbers, and boxing each costs more than reading it. Text that is not valid must be refused before, see [Check].
// The zero Cursor stands at the end of empty text; a Cursor belongs to one goroutine.
type Cursor struct {
	text []byte
	at   int
}

// At is a cursor at the start of text, which it keeps.
func At(text []byte) Cursor { return Cursor{text: text} }

// Peek is the first byte of the next value or the next delimiter, 0 at the end.
func (c *Cursor) Peek() byte {
	for c.at < len(c.text) {
		switch c.text[c.at] {
		case ' ', '\t', '\r', '\n':
			c.at++
		default:
			return c.text[c.at]
		}
	}
	return 0
}

// Value moves over the next value and returns its text.
func (c *Cursor) Value() []byte {
	c.Peek()
	from, depth := c.at, 0
	for c.at < len(c.text) {
		switch c.text[c.at] {
		case '"':
			c.quoted()
			if depth == 0 {
				return c.text[from:c.at]
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return c.text[from:c.at]
			}
			if depth--; depth == 0 {
				c.at++
				return c.text[from:c.at]
			}
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return c.text[from:c.at]
			}
		}
		c.at++
	}
	return c.text[from:c.at]
}

// quoted moves over a string.
func (c *Cursor) quoted() {
	for c.at++; c.at < len(c.text); c.at++ {
		switch c.text[c.at] {
		case '\\':
			c.at++
		case '"':
			c.at++
			return
		}
	}
}

// Elements calls member at the start of each element of an array; member moves over it. It reports false, without
// moving, when the next value is no array.
func (c *Cursor) Elements(member func() error) (bool, error) {
	if c.Peek() != '[' {
		return false, nil
	}
	c.at++
	for c.Peek() != ']' && c.at < len(c.text) {
		if err := member(); err != nil {
			return true, err
		}
		if c.Peek() == ',' {
			c.at++
		}
	}
	c.at++
	return true, nil
}

// Members calls member for each member of an object until it returns false; the name is valid until then. It reports
// false when text is no object.
func Members(text []byte, member func(name, value []byte) bool) bool {
	c := At(text)
	if c.Peek() != '{' {
		return false
	}
	c.at++
	for c.Peek() != '}' && c.at < len(c.text) {
		name := c.Value()
		if bytes.IndexByte(name, '\\') >= 0 {
			name = []byte(Unquote(name))
		} else if len(name) >= 2 {
			name = name[1 : len(name)-1]
		}
		if c.Peek() == ':' {
			c.at++
		}
		if !member(name, c.Value()) {
			break
		}
		if c.Peek() == ',' {
			c.at++
		}
	}
	return true
}

// Unquote is the string that a JSON string means.
func Unquote(text []byte) string {
	if len(text) >= 2 && bytes.IndexByte(text, '\\') < 0 {
		return string(text[1 : len(text)-1])
	}
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return strings.Trim(string(text), `"`)
	}
	return s
}

// IsNull reports whether a member is absent or null.
func IsNull(text []byte) bool { return len(text) == 0 || text[0] == 'n' }

// IsNumber tells numbers among valid JSON values.
func IsNumber(text []byte) bool {
	return len(text) > 0 && (text[0] == '-' || text[0] >= '0' && text[0] <= '9')
}

// NumberText is the shortest decimal form of a JSON number. Whole numbers written as such keep all their digits,
// also beyond what a float64 holds.
func NumberText(text []byte) (string, bool) {
	if !bytes.ContainsAny(text, ".eE") && string(text) != "-0" {
		return string(text), true
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return "", false
	}
	return string(data.AppendNumber(nil, f+0)), true
}

// Compact is a JSON value without blanks between its parts.
func Compact(text []byte) string {
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		return string(text)
	}
	return b.String()
}
