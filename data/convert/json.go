package convert

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// cursor walks over JSON text that is known to be valid, without building values: a city's geometry is mostly
// numbers, and boxing each costs more than reading it. Text that is not valid must be refused before.
type cursor struct {
	text []byte
	at   int
}

// peek is the first byte of the next value or the next delimiter, 0 at the end.
func (c *cursor) peek() byte {
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

// value moves over the next value and returns its text.
func (c *cursor) value() []byte {
	c.peek()
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
func (c *cursor) quoted() {
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

// elements calls member at the start of each element of an array; member moves over it. It reports false, without
// moving, when the next value is no array.
func (c *cursor) elements(member func() error) (bool, error) {
	if c.peek() != '[' {
		return false, nil
	}
	c.at++
	for c.peek() != ']' && c.at < len(c.text) {
		if err := member(); err != nil {
			return true, err
		}
		if c.peek() == ',' {
			c.at++
		}
	}
	c.at++
	return true, nil
}

// members calls member for each member of an object until it returns false; the name is valid until then. It reports
// false when text is no object.
func members(text []byte, member func(name, value []byte) bool) bool {
	c := cursor{text: text}
	if c.peek() != '{' {
		return false
	}
	c.at++
	for c.peek() != '}' && c.at < len(c.text) {
		name := c.value()
		if bytes.IndexByte(name, '\\') >= 0 {
			name = []byte(unquote(name))
		} else if len(name) >= 2 {
			name = name[1 : len(name)-1]
		}
		if c.peek() == ':' {
			c.at++
		}
		if !member(name, c.value()) {
			break
		}
		if c.peek() == ',' {
			c.at++
		}
	}
	return true
}

// unquote is the string that a JSON string means.
func unquote(text []byte) string {
	if len(text) >= 2 && bytes.IndexByte(text, '\\') < 0 {
		return string(text[1 : len(text)-1])
	}
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return strings.Trim(string(text), `"`)
	}
	return s
}

func isNull(text []byte) bool { return len(text) == 0 || text[0] == 'n' }

// isNumber tells numbers among valid JSON values.
func isNumber(text []byte) bool {
	return len(text) > 0 && (text[0] == '-' || text[0] >= '0' && text[0] <= '9')
}

// numberText is the shortest decimal form of a JSON number. Whole numbers written as such keep all their digits,
// also beyond what a float64 holds.
func numberText(text []byte) (string, bool) {
	if !bytes.ContainsAny(text, ".eE") && string(text) != "-0" {
		return string(text), true
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return "", false
	}
	return string(appendNumber(nil, f+0)), true
}

// appendNumber writes a finite number in decimal digits, with an exponent only where there would be more than 21.
func appendNumber(b []byte, f float64) []byte {
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}

// compact is a JSON value without blanks between its parts.
func compact(text []byte) string {
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		return string(text)
	}
	return b.String()
}
