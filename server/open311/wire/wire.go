// Package wire writes the answers of Open311: one tree of values becomes XML, or the JSON that Open311 maps it to (the Spark
// convention): the root falls away, lists become arrays, what is empty becomes null.
//
// A value is an [Object], a [List], a string, an int, a float64, a bool, a [time.Time] or nil. Codes and numbers that only
// name something are strings, because 001 is no number in JSON. Times are in UTC to the second, since old clients read no
// other zone.
package wire

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The media types of both forms.
const (
	TypeXML  = "text/xml; charset=utf-8"
	TypeJSON = "application/json; charset=utf-8"
)

// Object is a value with members, in their order.
type Object []Member

// Member is a part of an object.
type Member struct {
	Name  string
	Value any
}

// List is a list of values. Item is what each is called in XML.
type List struct {
	Item   string
	Values []any
}

// XML is a value as a document whose root has a name: UTF-8 with a declaration, without namespaces. Characters that XML
// cannot hold are replaced.
func XML(root string, v any) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	element(&b, root, v)
	b.WriteByte('\n')
	return b.Bytes()
}

func element(b *bytes.Buffer, name string, v any) {
	b.WriteString("<" + name + ">")
	switch v := v.(type) {
	case Object:
		for _, m := range v {
			element(b, m.Name, m.Value)
		}
	case List:
		for _, one := range v.Values {
			element(b, v.Item, one)
		}
	default:
		// A buffer takes everything.
		_ = xml.EscapeText(b, []byte(text(v)))
	}
	b.WriteString("</" + name + ">")
}

// JSON is a value as JSON.
func JSON(v any) []byte {
	var b bytes.Buffer
	put(&b, v)
	b.WriteByte('\n')
	return b.Bytes()
}

func put(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case Object:
		for i, m := range v {
			b.WriteByte("{,"[min(i, 1)])
			quote(b, m.Name)
			b.WriteByte(':')
			put(b, m.Value)
		}
		if len(v) == 0 {
			b.WriteByte('{')
		}
		b.WriteByte('}')
	case List:
		b.WriteByte('[')
		for i, one := range v.Values {
			if i > 0 {
				b.WriteByte(',')
			}
			put(b, one)
		}
		b.WriteByte(']')
	case int, float64, bool:
		b.WriteString(text(v))
	default:
		if s := text(v); s != "" {
			quote(b, s)
		} else {
			b.WriteString("null")
		}
	}
}

func quote(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	// A string can always be encoded; what is no UTF-8 in it is replaced.
	_ = e.Encode(s)
	b.Truncate(b.Len() - 1)
}

// text is a value without parts as text: empty for nil and for a time that is not known.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case float64:
		s := strconv.FormatFloat(v, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0" // clients take what has no point for an integer, and an integer for no degree
		}
		return s
	case time.Time:
		if v.IsZero() {
			return ""
		}
		return v.UTC().Format(time.RFC3339)
	}
	panic(fmt.Sprintf("wire: a value cannot be a %T", v))
}
