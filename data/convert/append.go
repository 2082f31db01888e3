package convert

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// Member is a member of a GeoJSON object beside those of the standard; Value is its JSON text.
type Member struct {
	Name  string
	Value []byte
}

// AppendFeature appends a GeoJSON Feature (RFC 7946) and returns the extended slice: coordinates in degrees with all
// the decimals they have, properties in the order of the layer with nulls, outer rings counter-clockwise, then the
// extra members. [DecodeFeature] reads it back to an equal feature.
func AppendFeature(dst []byte, l *data.Layer, f *data.Feature, extra ...Member) []byte {
	return plainPlaces.appendFeature(dst, l, f, extra...)
}

func (p places) appendFeature(dst []byte, l *data.Layer, f *data.Feature, extra ...Member) []byte {
	dst = append(dst, `{"type":"Feature","id":`...)
	dst = appendString(dst, f.ID)
	dst = append(dst, `,"geometry":`...)
	dst = p.appendGeometry(dst, f.Shape)
	dst = append(dst, `,"properties":{`...)
	for i := range l.Attributes {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, l.Attributes[i].Name)
		dst = append(dst, ':')
		dst = appendValue(dst, f.Value(i))
	}
	dst = append(dst, '}')
	for _, m := range extra {
		dst = append(dst, ',')
		dst = appendString(dst, m.Name)
		dst = append(dst, ':')
		dst = append(dst, m.Value...)
	}
	return append(dst, '}')
}

// appendGeometry appends a shape as a GeoJSON geometry, null when there is none.
func (p places) appendGeometry(dst []byte, s geo.Shape) []byte {
	if s.Kind() == geo.KindNone {
		return append(dst, "null"...)
	}
	dst = append(dst, `{"type":"`...)
	if isMulti(s) {
		dst = append(dst, "Multi"...)
	}
	dst = append(dst, [...]string{geo.KindPoint: "Point", geo.KindLine: "LineString", geo.KindPolygon: "Polygon"}[s.Kind()]...)
	dst = append(dst, `","coordinates":`...)
	dst = p.append(dst, s, &jsonStyle)
	return append(dst, '}')
}

// appendValue appends a value as JSON.
func appendValue(dst []byte, v data.Value) []byte {
	switch v.Type() {
	case "":
		return append(dst, "null"...)
	case data.Int:
		return strconv.AppendInt(dst, v.Int(), 10)
	case data.Number:
		return appendNumber(dst, v.Number())
	case data.Bool:
		return strconv.AppendBool(dst, v.Bool())
	default:
		return appendString(dst, v.String())
	}
}

// valueText is the text of a value in CSV, in hashes and as an id: like Value.String, with numbers in plain digits.
func valueText(v data.Value) string {
	if v.Type() == data.Number {
		return string(appendNumber(nil, v.Number()))
	}
	return v.String()
}

const hexDigits = "0123456789abcdef"

// appendString appends a JSON string. Only what JSON demands is escaped.
func appendString(dst []byte, s string) []byte {
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
