package jsontext

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
)

// Check says what is wrong with text that must be one JSON value.
func Check(text []byte) error {
	if json.Valid(text) {
		return nil
	}
	var raw json.RawMessage
	err := json.Unmarshal(text, &raw)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("is not JSON at byte %d: %w", syntax.Offset, err)
	}
	return fmt.Errorf("is not JSON: %w", err)
}

const hexDigits = "0123456789abcdef"

// AppendString appends a JSON string. Only what JSON demands is escaped.
func AppendString(dst []byte, s string) []byte {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	dst = append(dst, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, `\n`...)
		default:
			dst = append(dst, `\u00`...)
			dst = append(dst, hexDigits[c>>4], hexDigits[c&0xf])
		}
	}
	return append(append(dst, s[from:]...), '"')
}

// AppendValue appends a value as JSON.
func AppendValue(dst []byte, v data.Value) []byte {
	switch v.Type() {
	case "":
		return append(dst, "null"...)
	case data.Int:
		return strconv.AppendInt(dst, v.Int(), 10)
	case data.Number:
		return data.AppendNumber(dst, v.Number())
	case data.Bool:
		return strconv.AppendBool(dst, v.Bool())
	default:
		return AppendString(dst, v.String())
	}
}
