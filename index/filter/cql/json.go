package cql

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/geo/proj"
)

// ParseJSON reads CQL2 JSON. Coordinates are as with [ParseText]; the error is an [*Error].
func ParseJSON(source []byte, crs proj.CRS) (*Expr, error) {
	if len(source) > MaxBytes {
		return nil, &Error{At: 1, Why: fmt.Sprintf("the filter is longer than %d bytes", MaxBytes)}
	}
	if !utf8.Valid(source) {
		return nil, &Error{At: 1, Why: "the filter is not UTF-8"}
	}
	if err := jsontext.Check(source); err != nil {
		return nil, &Error{At: 1, Why: err.Error()}
	}
	d := &decoder{source: slices.Clip(source), places: placesOf(crs)}
	return newExpr(string(source), func() (*Node, error) {
		c := jsontext.At(d.source)
		return d.value(c.Value(), 0)
	})
}

// decoder reads nodes from JSON that is known to be valid.
type decoder struct {
	source []byte
	places
	nodes int
}

// place is where a part of the source begins.
func (d *decoder) place(part []byte) int { return cap(d.source) - cap(part) }

func (d *decoder) value(text []byte, depth int) (*Node, error) {
	n := &Node{Op: OpLiteral, At: d.place(text)}
	if d.nodes++; d.nodes > MaxTerms {
		return nil, Wrong(n, "the filter has more than %d operations and operands", MaxTerms)
	}
	if depth > 2*MaxDepth {
		return nil, Wrong(n, "operations are nested more than %d deep", MaxDepth)
	}
	switch c := text[0]; {
	case c == '"':
		n.Value = data.TextValue(data.Text, jsontext.Unquote(text))
	case c == 't' || c == 'f':
		n.Value = data.BoolValue(c == 't')
	case jsontext.IsNumber(text):
		v, ok := ParseNumber(string(text))
		if !ok {
			return nil, Wrong(n, "%s is not a finite number", Shorten(string(text)))
		}
		n.Value = v
	case c == '[':
		n.Op = OpList
		var err error
		n.Args, err = d.elements(text, depth)
		return n, err
	case c == '{':
		return d.object(n, text, depth)
	default:
		return nil, Wrong(n, "null is no value; whether a property has one is asked with isNull")
	}
	return n, nil
}

func (d *decoder) elements(text []byte, depth int) ([]*Node, error) {
	var args []*Node
	c := jsontext.At(text)
	isArray, err := c.Elements(func() error {
		n, err := d.value(c.Value(), depth+1)
		args = append(args, n)
		return err
	})
	if err == nil && !isArray {
		err = &fault{d.place(text), "an array is expected"}
	}
	return args, err
}

// object reads an operation, a property, a literal with a name, or a geometry.
func (d *decoder) object(n *Node, text []byte, depth int) (*Node, error) {
	members := map[string][]byte{}
	jsontext.Members(text, func(name, value []byte) bool {
		members[string(name)] = value
		return true
	})
	switch {
	case members["op"] != nil:
		if members["op"][0] != '"' {
			return nil, Wrong(n, "op must be the name of an operation")
		}
		n.Op = d.operation(jsontext.Unquote(members["op"]))
		if _, known := operations[n.Op]; !known || n.Op == OpInterval || n.Op == OpList {
			return nil, Wrong(n, "%s", unknownOperation(jsontext.Unquote(members["op"])))
		}
		if members["args"] == nil {
			return nil, Wrong(n, "args are missing")
		}
		var err error
		n.Args, err = d.elements(members["args"], depth)
		return n, err
	case members["property"] != nil:
		if n.Op, n.Name = OpProperty, jsontext.Unquote(members["property"]); members["property"][0] != '"' || n.Name == "" {
			return nil, Wrong(n, "property must be the name of a property")
		}
		return n, nil
	case members["date"] != nil:
		return d.instant(n, "date", members["date"], depth)
	case members["timestamp"] != nil:
		return d.instant(n, "timestamp", members["timestamp"], depth)
	case members["interval"] != nil:
		return d.interval(n, members["interval"], depth)
	case members["bbox"] != nil && members["type"] == nil:
		return d.box(n, members["bbox"])
	case members["type"] != nil:
		g, err := geom.ParseGeoJSON(text)
		if err == nil {
			n.Op = OpGeometry
			n.Shape, err = d.shape(g)
		}
		if err != nil {
			return nil, Wrong(n, "the geometry is not possible: %v", err)
		}
		return n, nil
	}
	return nil, Wrong(n, "the object is no operation, property, date, timestamp, interval, bbox or geometry")
}

// operation is the name of an operation, of which the letters of functions may be in any case.
func (d *decoder) operation(name string) string {
	lower := strings.ToLower(name)
	if lower == strings.ToLower(OpIsNull) {
		return OpIsNull
	}
	return lower
}

func (d *decoder) instant(n *Node, kind string, text []byte, depth int) (*Node, error) {
	arg, err := d.value(text, depth+1)
	if err != nil {
		return nil, err
	}
	n.Op = kind
	return instantOf(n, []*Node{arg})
}

func (d *decoder) interval(n *Node, text []byte, depth int) (*Node, error) {
	n.Op = OpInterval
	var err error
	if n.Args, err = d.elements(text, depth); err != nil {
		return nil, err
	}
	for i, arg := range n.Args {
		if n.Args[i], err = intervalEnd(arg); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func (d *decoder) box(n *Node, text []byte) (*Node, error) {
	var numbers []float64
	c := jsontext.At(text)
	isArray, err := c.Elements(func() error {
		value := c.Value()
		f, err := strconv.ParseFloat(string(value), 64)
		if err != nil || len(numbers) == 6 {
			return Wrong(n, "bbox must be an array of four numbers or six")
		}
		numbers = append(numbers, f)
		return nil
	})
	if err == nil && !isArray {
		err = Wrong(n, "bbox must be an array of four numbers or six")
	}
	if err != nil {
		return nil, err
	}
	return d.bbox(n, numbers)
}
