package cql

import (
	"slices"
	"strings"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/geo"
)

// String is the node as CQL2 text.
func (n *Node) String() string { return string(n.appendText(nil)) }

var arithmetic = []string{"+", "-", "*", "/", "%", "div", "^"}

// IsArithmetic reports whether an operation computes a number.
func IsArithmetic(op string) bool { return slices.Contains(arithmetic, op) }

// appendInner appends an operand of an operator, in parentheses where they are needed: they are between operators of one
// kind also where reading from the left would not need them.
func (n *Node) appendInner(dst []byte, loose bool) []byte {
	if loose || IsArithmetic(n.Op) {
		return append(n.appendText(append(dst, '(')), ')')
	}
	return n.appendText(dst)
}

func (n *Node) appendText(dst []byte) []byte {
	switch n.Op {
	case OpAnd, OpOr:
		for i, arg := range n.Args {
			if i > 0 {
				dst = append(append(append(dst, ' '), strings.ToUpper(n.Op)...), ' ')
			}
			dst = arg.appendInner(dst, arg.Op == OpAnd || arg.Op == OpOr)
		}
		return dst
	case OpNot:
		arg := n.Args[0]
		return arg.appendInner(append(dst, "NOT "...), arg.Op == OpAnd || arg.Op == OpOr)
	case OpBetween:
		dst = append(n.Args[0].appendText(dst), " BETWEEN "...)
		dst = append(n.Args[1].appendText(dst), " AND "...)
		return n.Args[2].appendText(dst)
	case OpIn:
		return n.Args[1].appendText(append(n.Args[0].appendText(dst), " IN "...))
	case OpIsNull:
		return append(n.Args[0].appendText(dst), " IS NULL"...)
	case OpList:
		return n.appendArguments(dst)
	case OpProperty:
		return appendName(dst, n.Name)
	case OpOpen:
		return append(dst, "'..'"...)
	case OpGeometry:
		return geom.Places{}.AppendWKT(dst, n.Shape)
	case OpBox:
		dst = append(dst, "BBOX("...)
		return append(appendBox(dst, n.Box), ')')
	case OpLiteral:
		return appendLiteral(dst, n.Value)
	case OpInterval:
		dst = append(dst, "INTERVAL("...)
		for i, arg := range n.Args {
			if i > 0 {
				dst = append(dst, ',')
			}
			if arg.Op == OpLiteral {
				dst = appendQuoted(dst, '\'', instantText(arg.Value))
			} else {
				dst = arg.appendText(dst)
			}
		}
		return append(dst, ')')
	}
	if isFunction(n.Op) {
		return n.appendArguments(append(dst, strings.ToUpper(n.Op)...))
	}
	nested := IsArithmetic(n.Op)
	left, right := n.Args[0], n.Args[1]
	if nested {
		dst = left.appendInner(dst, false)
	} else {
		dst = left.appendText(dst)
	}
	dst = append(append(append(dst, ' '), strings.ToUpper(n.Op)...), ' ')
	if nested {
		return right.appendInner(dst, false)
	}
	return right.appendText(dst)
}

func (n *Node) appendArguments(dst []byte) []byte {
	dst = append(dst, '(')
	for i, arg := range n.Args {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = arg.appendText(dst)
	}
	return append(dst, ')')
}

func appendQuoted(dst []byte, quote byte, s string) []byte {
	dst = append(dst, quote)
	for i := range len(s) {
		if s[i] == quote {
			dst = append(dst, quote)
		}
		dst = append(dst, s[i])
	}
	return append(dst, quote)
}

// appendName appends the name of a property, in quotes unless it is an identifier that means nothing else.
func appendName(dst []byte, name string) []byte {
	first, rest := true, true
	for i, r := range name {
		if i == 0 {
			first = isNameStart(r)
		}
		rest = rest && isNamePart(r)
	}
	if first && rest && !isReserved(name) {
		return append(dst, name...)
	}
	return appendQuoted(dst, '"', name)
}

// instantText is a date or time as it stands in literals.
func instantText(v data.Value) string {
	if v.Type() == data.Time {
		return v.Time().Format(time.RFC3339Nano)
	}
	return v.String()
}

func appendLiteral(dst []byte, v data.Value) []byte {
	switch v.Type() {
	case data.Text:
		return appendQuoted(dst, '\'', v.Text())
	case data.Bool:
		return append(dst, strings.ToUpper(v.String())...)
	case data.Date:
		return append(append(append(dst, "DATE('"...), instantText(v)...), "')"...)
	case data.Time:
		return append(append(append(dst, "TIMESTAMP('"...), instantText(v)...), "')"...)
	default:
		return append(dst, v.String()...)
	}
}

// appendBox appends west, south, east and north in degrees.
func appendBox(dst []byte, b [4]int32) []byte {
	dst = geom.Places{}.AppendPair(dst, geo.Point{X: b[0], Y: b[1]}, ",")
	return geom.Places{}.AppendPair(append(dst, ','), geo.Point{X: b[2], Y: b[3]}, ",")
}

func (n *Node) appendJSON(dst []byte) []byte {
	switch n.Op {
	case OpProperty:
		return append(jsontext.AppendString(append(dst, `{"property":`...), n.Name), '}')
	case OpOpen:
		return append(dst, `".."`...)
	case OpGeometry:
		return geom.Places{}.AppendGeoJSON(dst, n.Shape)
	case OpBox:
		return append(appendBox(append(dst, `{"bbox":[`...), n.Box), "]}"...)
	case OpList:
		return n.appendArray(dst)
	case OpLiteral:
		switch n.Value.Type() {
		case data.Date:
			return append(append(append(dst, `{"date":"`...), instantText(n.Value)...), `"}`...)
		case data.Time:
			return append(append(append(dst, `{"timestamp":"`...), instantText(n.Value)...), `"}`...)
		default:
			return jsontext.AppendValue(dst, n.Value)
		}
	case OpInterval:
		dst = append(dst, `{"interval":[`...)
		for i, arg := range n.Args {
			if i > 0 {
				dst = append(dst, ',')
			}
			if arg.Op == OpLiteral {
				dst = jsontext.AppendString(dst, instantText(arg.Value))
			} else {
				dst = arg.appendJSON(dst)
			}
		}
		return append(dst, "]}"...)
	}
	dst = append(append(append(dst, `{"op":"`...), n.Op...), `","args":`...)
	return append(n.appendArray(dst), '}')
}

func (n *Node) appendArray(dst []byte) []byte {
	dst = append(dst, '[')
	for i, arg := range n.Args {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = arg.appendJSON(dst)
	}
	return append(dst, ']')
}
