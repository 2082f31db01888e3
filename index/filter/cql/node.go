package cql

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// Limits of a filter. They bound the time and memory that a parser takes; for what features cost see [Bound.Cost].
const (
	// MaxBytes bounds the text.
	MaxBytes = 64 << 10
	// MaxDepth bounds how deep operations are nested.
	MaxDepth = 64
	// MaxTerms bounds operations and operands together.
	MaxTerms = 2000
	// MaxVertices bounds those of all geometries together.
	MaxVertices = 10_000
)

// Error says where a filter is wrong and why.
type Error struct {
	// At is the first character that is wrong, counted from 1.
	At  int
	Why string
}

// Error is "at character n: why".
func (e *Error) Error() string { return fmt.Sprintf("at character %d: %s", e.At, e.Why) }

// Node is one operation or operand, as both encodings have it. Nodes are shared and must not be changed.
type Node struct {
	// Op is the name of the operation in JSON, in lower case except isNull; operands have names of their own.
	Op   string
	Args []*Node
	// Name is that of a property.
	Name string
	// Value is a literal text, int, number, bool, date or time.
	Value data.Value
	// Shape is a literal geometry, in longitude and latitude like all that is inside; polygons are valid.
	Shape geo.Shape
	// Box is a literal box: west, south, east, north. West is greater than east across the antimeridian.
	Box [4]int32
	// At is where the node begins in its source, in bytes.
	At int
}

// Operations that other packages ask for, and the names that operands have.
const (
	OpProperty = "property"
	OpLiteral  = "literal"
	OpGeometry = "geometry"
	OpBox      = "bbox"
	OpInterval = "interval"
	OpOpen     = ".." // an end of an interval that is not bounded
	OpList     = "list"

	OpAnd     = "and"
	OpOr      = "or"
	OpNot     = "not"
	OpLike    = "like"
	OpBetween = "between"
	OpIn      = "in"
	OpIsNull  = "isNull"
	OpCaseI   = "casei"
	OpAccentI = "accenti"
)

// Class is what a node yields, or several of that where it is not known.
type Class uint8

// The classes. Truth is what conditions yield, Open the end of an interval that is not bounded.
const (
	Truth Class = 1 << iota
	Text
	Number
	Instant
	Interval
	Geometry
	List
	Open

	Scalar   = Truth | Text | Number | Instant
	Temporal = Instant | Interval
)

// String names the classes for messages.
func (c Class) String() string {
	var names []string
	for i, name := range []string{"a condition", "a text", "a number", "a date or time", "an interval", "a geometry", "a list", "an open end"} {
		if c&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " or ")
}

// operation is what an operation takes and yields. A property may be anything.
type operation struct {
	least, most int
	takes       Class
	yields      Class
}

var operations = map[string]operation{
	OpAnd: {2, MaxTerms, Truth, Truth}, OpOr: {2, MaxTerms, Truth, Truth}, OpNot: {1, 1, Truth, Truth},
	"=": {2, 2, Scalar, Truth}, "<>": {2, 2, Scalar, Truth},
	"<": {2, 2, Scalar, Truth}, "<=": {2, 2, Scalar, Truth}, ">": {2, 2, Scalar, Truth}, ">=": {2, 2, Scalar, Truth},
	OpLike: {2, 2, Text, Truth}, OpBetween: {3, 3, Scalar, Truth}, OpIn: {2, 2, Scalar | List, Truth},
	OpIsNull: {1, 1, Scalar | Geometry, Truth},
	OpCaseI:  {1, 1, Text, Text}, OpAccentI: {1, 1, Text, Text},
	"+": {2, 2, Number, Number}, "-": {2, 2, Number, Number}, "*": {2, 2, Number, Number}, "/": {2, 2, Number, Number},
	"%": {2, 2, Number, Number}, "div": {2, 2, Number, Number}, "^": {2, 2, Number, Number},
	"s_intersects": {2, 2, Geometry, Truth}, "s_disjoint": {2, 2, Geometry, Truth},
	"s_equals": {2, 2, Geometry, Truth}, "s_touches": {2, 2, Geometry, Truth}, "s_within": {2, 2, Geometry, Truth},
	"s_contains": {2, 2, Geometry, Truth}, "s_overlaps": {2, 2, Geometry, Truth}, "s_crosses": {2, 2, Geometry, Truth},
	"t_after": {2, 2, Temporal, Truth}, "t_before": {2, 2, Temporal, Truth}, "t_contains": {2, 2, Temporal, Truth},
	"t_disjoint": {2, 2, Temporal, Truth}, "t_during": {2, 2, Temporal, Truth}, "t_equals": {2, 2, Temporal, Truth},
	"t_finishedby": {2, 2, Temporal, Truth}, "t_finishes": {2, 2, Temporal, Truth}, "t_intersects": {2, 2, Temporal, Truth},
	"t_meets": {2, 2, Temporal, Truth}, "t_metby": {2, 2, Temporal, Truth}, "t_overlappedby": {2, 2, Temporal, Truth},
	"t_overlaps": {2, 2, Temporal, Truth}, "t_startedby": {2, 2, Temporal, Truth}, "t_starts": {2, 2, Temporal, Truth},
	OpInterval: {2, 2, Instant | Open, Interval},
	OpList:     {1, MaxTerms, Scalar, List},
}

// isFunction reports whether an operation is written as a call in text.
func isFunction(op string) bool {
	return op == OpCaseI || op == OpAccentI || strings.HasPrefix(op, "s_") || strings.HasPrefix(op, "t_")
}

// functions are the operations written as calls, for messages.
func functions() string {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(operations)), func(op string) bool { return !isFunction(op) })
	return strings.ToUpper(strings.Join(names, ", "))
}

// unknownOperation says why there is no such operation.
func unknownOperation(name string) string {
	if strings.HasPrefix(strings.ToLower(name), "a_") {
		return name + " compares arrays, and attributes are single values"
	}
	return fmt.Sprintf("%s is no operation; those written as functions are %s", Shorten(name), functions())
}

// Shorten cuts a text for a message.
func Shorten(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// yields is what a node can be.
func (n *Node) yields() Class {
	switch n.Op {
	case OpProperty:
		return Truth | Text | Number | Instant | Geometry
	case OpGeometry, OpBox:
		return Geometry
	case OpOpen:
		return Open
	case OpLiteral:
		return ClassOf(n.Value.Type())
	default:
		return operations[n.Op].yields
	}
}

// ClassOf is the class of values of a type.
func ClassOf(t data.Type) Class {
	switch t {
	case data.Int, data.Number:
		return Number
	case data.Bool:
		return Truth
	case data.Date, data.Time:
		return Instant
	default:
		return Text
	}
}

// isPredicate reports whether a node is a condition that is not a value.
func (n *Node) isPredicate() bool {
	return n.Op != OpLiteral && n.Op != OpProperty && n.yields() == Truth
}

// checker verifies a tree that a parser made.
type checker struct{ terms, vertices int }

// fault is a wrong node.
type fault struct {
	at  int
	why string
}

func (f *fault) Error() string { return f.why }

// Wrong is an error about a node, which [Expr.Locate] gives its place.
func Wrong(n *Node, format string, args ...any) error {
	return &fault{n.At, fmt.Sprintf(format, args...)}
}

// check verifies n and all below it: arity, classes and limits.
func (c *checker) check(n *Node, depth int) error {
	if c.terms++; c.terms > MaxTerms {
		return Wrong(n, "the filter has more than %d operations and operands", MaxTerms)
	}
	if depth > MaxDepth {
		return Wrong(n, "operations are nested more than %d deep", MaxDepth)
	}
	if c.vertices += len(n.Shape.Vertices()); c.vertices > MaxVertices {
		return Wrong(n, "the geometries have more than %d vertices", MaxVertices)
	}
	op, known := operations[n.Op]
	if !known {
		return nil
	}
	if n.Op == OpList && len(n.Args) == 0 {
		return Wrong(n, "a list needs a member")
	}
	if len(n.Args) < op.least || len(n.Args) > op.most {
		return Wrong(n, "%s takes %d operands and has %d", strings.ToUpper(n.Op), op.least, len(n.Args))
	}
	for i, arg := range n.Args {
		takes := n.takes(i, op.takes)
		if arg.yields()&takes == 0 || takes != Truth && arg.isPredicate() {
			return Wrong(arg, "%s takes %s here, not %s", strings.ToUpper(n.Op), takes, arg.Describe())
		}
		if err := c.check(arg, depth+1); err != nil {
			return err
		}
	}
	if n.Op == OpLike && !isPattern(n.Args[1]) {
		return Wrong(n.Args[1], "LIKE takes a text in quotes as its pattern")
	}
	return nil
}

// takes is what operand i may be.
func (n *Node) takes(i int, all Class) Class {
	switch {
	case n.Op == OpIn && i == 0:
		return Scalar
	case n.Op == OpIn:
		return List
	default:
		return all
	}
}

// isPattern reports whether a node is a text, or one within CASEI and ACCENTI.
func isPattern(n *Node) bool {
	for n.Op == OpCaseI || n.Op == OpAccentI {
		n = n.Args[0]
	}
	return n.Op == OpLiteral
}

// Describe says what a node is, for messages.
func (n *Node) Describe() string {
	if n.Op == OpProperty {
		return "the property " + n.Name
	}
	if n.isPredicate() {
		return "a condition"
	}
	return n.yields().String() + " such as " + Shorten(n.String())
}
