package cql

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/geo/proj"
)

// ParseText reads CQL2 text. Coordinates of geometries and boxes are those of crs, longitude and latitude when nil,
// easting before northing in every system. The error is an [*Error].
//
// Beside the standard, intervals may hold DATE and TIMESTAMP, times may have an offset instead of Z, a property that is
// true or false is a condition by itself, and names are letters and numbers of any script.
func ParseText(source string, crs proj.CRS) (*Expr, error) {
	if len(source) > MaxBytes {
		return nil, &Error{At: 1, Why: fmt.Sprintf("the filter is longer than %d bytes", MaxBytes)}
	}
	if !utf8.ValidString(source) {
		return nil, &Error{At: 1, Why: "the filter is not UTF-8"}
	}
	p := &parser{lexer: lexer{source: source}, places: placesOf(crs)}
	return newExpr(source, p.filter)
}

// parser is a recursive descent over the tokens of CQL2 text.
type parser struct {
	lexer
	places
	token token
	depth int
}

func (p *parser) advance() (err error) {
	p.token, err = p.next()
	return err
}

// filter reads the whole text.
func (p *parser) filter() (*Node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.token.kind == tokenEnd {
		return nil, p.fail("the filter is empty")
	}
	n, err := p.disjunction()
	if err != nil {
		return nil, err
	}
	if p.token.kind != tokenEnd {
		return nil, p.fail("%s is not expected here; an operator such as =, AND or OR, or the end is", p.token.describe())
	}
	return n, nil
}

func (p *parser) fail(format string, args ...any) error {
	return &fault{p.token.at, fmt.Sprintf(format, args...)}
}

// expect moves over a symbol or word.
func (p *parser) expect(word, where string) error {
	if !p.token.is(word) {
		return p.fail("%s is expected %s, not %s", word, where, p.token.describe())
	}
	return p.advance()
}

// enter counts how deep the parser is, whose stack it bounds.
func (p *parser) enter() error {
	// Parentheses that change nothing nest too.
	if p.depth++; p.depth > 4*MaxDepth {
		return p.fail("operations are nested more than %d deep", MaxDepth)
	}
	return nil
}

func (p *parser) disjunction() (*Node, error) { return p.chain(OpOr, p.conjunction) }

func (p *parser) conjunction() (*Node, error) { return p.chain(OpAnd, p.negation) }

// chain reads operands between which op stands.
func (p *parser) chain(op string, operand func() (*Node, error)) (*Node, error) {
	first, err := operand()
	if err != nil || !p.token.is(op) {
		return first, err
	}
	n := &Node{Op: op, Args: []*Node{first}, At: first.At}
	for p.token.is(op) {
		if err := p.advance(); err != nil {
			return nil, err
		}
		arg, err := operand()
		if err != nil {
			return nil, err
		}
		if n.Args = append(n.Args, arg); len(n.Args) > MaxTerms {
			return nil, p.fail("the filter has more than %d operations and operands", MaxTerms)
		}
	}
	return n, nil
}

func (p *parser) negation() (*Node, error) {
	if !p.token.is(OpNot) {
		return p.comparison()
	}
	n := &Node{Op: OpNot, At: p.token.at}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := p.advance(); err != nil {
		return nil, err
	}
	arg, err := p.negation()
	n.Args = []*Node{arg}
	return n, err
}

// comparison reads an operand and the predicate that follows it, if any.
func (p *parser) comparison() (*Node, error) {
	left, err := p.sum()
	if err != nil {
		return nil, err
	}
	for _, op := range []string{"=", "<>", "<=", ">=", "<", ">"} {
		if p.token.is(op) {
			return p.operands(op, left, p.sum)
		}
	}
	if p.token.is("is") {
		return p.null(left)
	}
	not := p.token.is(OpNot)
	if not {
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	n := left
	switch {
	case p.token.is(OpLike):
		n, err = p.operands(OpLike, left, p.sum)
	case p.token.is(OpBetween):
		n, err = p.between(left)
	case p.token.is(OpIn):
		n, err = p.operands(OpIn, left, p.list)
	case not:
		return nil, p.fail("LIKE, BETWEEN or IN is expected after NOT, not %s", p.token.describe())
	}
	if not && err == nil {
		n = &Node{Op: OpNot, Args: []*Node{n}, At: left.At}
	}
	return n, err
}

// operands moves over an operator and reads what stands behind it.
func (p *parser) operands(op string, left *Node, right func() (*Node, error)) (*Node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	arg, err := right()
	return &Node{Op: op, Args: []*Node{left, arg}, At: left.At}, err
}

func (p *parser) null(left *Node) (*Node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	n := &Node{Op: OpIsNull, Args: []*Node{left}, At: left.At}
	if p.token.is(OpNot) {
		n = &Node{Op: OpNot, Args: []*Node{n}, At: left.At}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	return n, p.expect("NULL", "after IS")
}

func (p *parser) between(left *Node) (*Node, error) {
	n, err := p.operands(OpBetween, left, p.sum)
	if err != nil {
		return nil, err
	}
	if err := p.expect("AND", "between the bounds of BETWEEN"); err != nil {
		return nil, err
	}
	high, err := p.sum()
	n.Args = append(n.Args, high)
	return n, err
}

func (p *parser) list() (*Node, error) {
	n := &Node{Op: OpList, At: p.token.at}
	args, err := p.arguments("after IN", p.sum)
	n.Args = args
	return n, err
}

// arguments reads operands in parentheses, at least one.
func (p *parser) arguments(where string, operand func() (*Node, error)) ([]*Node, error) {
	if err := p.expect("(", where); err != nil {
		return nil, err
	}
	var args []*Node
	for {
		arg, err := operand()
		if err != nil {
			return nil, err
		}
		if args = append(args, arg); len(args) > MaxTerms {
			return nil, p.fail("the list has more than %d members", MaxTerms)
		}
		if p.token.is(")") {
			return args, p.advance()
		}
		if !p.token.is(",") {
			return nil, p.fail(", or ) is expected, not %s", p.token.describe())
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}

func (p *parser) sum() (*Node, error) { return p.arithmetic(p.product, "+", "-") }

func (p *parser) product() (*Node, error) { return p.arithmetic(p.power, "*", "/", "%", "div") }

// arithmetic reads operations that bind to the left.
func (p *parser) arithmetic(operand func() (*Node, error), ops ...string) (*Node, error) {
	n, err := operand()
	for links := 0; err == nil; links++ {
		op := ""
		for _, candidate := range ops {
			if p.token.is(candidate) {
				op = candidate
			}
		}
		if op == "" {
			break
		}
		if links > MaxDepth {
			return nil, p.fail("operations are nested more than %d deep", MaxDepth)
		}
		n, err = p.operands(op, n, operand)
	}
	return n, err
}

// power reads a^b^c, which is a^(b^c).
func (p *parser) power() (*Node, error) {
	base, err := p.signed()
	if err != nil || !p.token.is("^") {
		return base, err
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	return p.operands("^", base, p.power)
}

// signed reads an operand with a sign. The sign of a number belongs to it; before anything else minus is -1 times.
func (p *parser) signed() (*Node, error) {
	if !p.token.is("-") && !p.token.is("+") {
		return p.operand()
	}
	at, minus := p.token.at, p.token.is("-")
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.token.kind == tokenNumber {
		sign := ""
		if minus {
			sign = "-"
		}
		return p.number(sign, at)
	}
	n, err := p.signed()
	if minus {
		n = &Node{Op: "*", Args: []*Node{{Op: OpLiteral, Value: data.IntValue(-1), At: at}, n}, At: at}
	}
	return n, err
}

func (p *parser) number(sign string, at int) (*Node, error) {
	v, ok := ParseNumber(sign + p.token.text)
	if !ok {
		return nil, p.fail("%s is not a finite number", p.token.describe())
	}
	return &Node{Op: OpLiteral, Value: v, At: at}, p.advance()
}

// ParseNumber is an int for whole numbers, else a number.
func ParseNumber(s string) (data.Value, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return data.IntValue(n), true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return data.Value{}, false
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return data.IntValue(int64(f)), true
	}
	return data.NumberValue(f), true
}

// operand reads what has no operator outside of parentheses.
func (p *parser) operand() (*Node, error) {
	t := p.token
	switch {
	case t.kind == tokenText:
		return &Node{Op: OpLiteral, Value: data.TextValue(data.Text, t.text), At: t.at}, p.advance()
	case t.kind == tokenNumber:
		return p.number("", t.at)
	case t.kind == tokenQuoted:
		return p.property()
	case t.is("("):
		if err := p.enter(); err != nil {
			return nil, err
		}
		defer func() { p.depth-- }()
		if err := p.advance(); err != nil {
			return nil, err
		}
		n, err := p.disjunction()
		if err != nil {
			return nil, err
		}
		return n, p.expect(")", "to close the parenthesis")
	case t.kind == tokenName:
		return p.named()
	}
	return nil, p.fail("a property, a value or ( is expected, not %s", t.describe())
}

func (p *parser) property() (*Node, error) {
	n := &Node{Op: OpProperty, Name: p.token.text, At: p.token.at}
	if n.Name == "" {
		return nil, p.fail("the name of a property is empty")
	}
	return n, p.advance()
}

// reserved are the words that properties must be quoted to be called.
var reserved = []string{"AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL", "TRUE", "FALSE", "DIV"}

func isReserved(name string) bool {
	for _, word := range reserved {
		if strings.EqualFold(word, name) {
			return true
		}
	}
	return false
}

// named reads what begins with a bare word: a property, a truth value, a geometry or a function.
func (p *parser) named() (*Node, error) {
	t := p.token
	switch {
	case t.is("true") || t.is("false"):
		return &Node{Op: OpLiteral, Value: data.BoolValue(t.is("true")), At: t.at}, p.advance()
	case isReserved(t.text):
		return nil, p.fail("a property or value is expected, not %s; a property of that name stands in double quotes", t.text)
	}
	if end := p.geometryEnd(); end > 0 {
		return p.geometry(end)
	}
	if !strings.HasPrefix(strings.TrimLeft(p.source[p.at:], " \t\r\n"), "(") {
		return p.property()
	}
	return p.function()
}

// geometryEnd is the end of the well-known text that begins with the present token, 0 when none does.
func (p *parser) geometryEnd() int {
	name := strings.TrimRight(strings.ToUpper(p.token.text), "ZM")
	switch name {
	case "POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION":
	default:
		return 0
	}
	rest := p.source[p.at:]
	start := prefix(rest, func(r rune) bool { return strings.ContainsRune(" \t\r\nzZmM", r) })
	if start == len(rest) || rest[start] != '(' {
		return 0
	}
	depth := 0
	for i := start; i < len(rest); i++ {
		switch rest[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return p.at + i + 1
			}
		}
	}
	return len(p.source)
}

func (p *parser) geometry(end int) (*Node, error) {
	at := p.token.at
	g, _, err := geom.ParseWKT(p.source[at:end])
	if err != nil {
		return nil, p.fail("the geometry %v", err)
	}
	shape, err := p.shape(g)
	if err != nil {
		return nil, p.fail("the geometry is not possible: %v", err)
	}
	p.at = end
	return &Node{Op: OpGeometry, Shape: shape, At: at}, p.advance()
}

// function reads a call.
func (p *parser) function() (*Node, error) {
	n := &Node{Op: strings.ToLower(p.token.text), At: p.token.at}
	name := p.token
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := p.advance(); err != nil {
		return nil, err
	}
	where := "after " + name.text
	switch n.Op {
	case "date", "timestamp":
		args, err := p.arguments(where, p.operand)
		if err != nil {
			return nil, err
		}
		return instantOf(n, args)
	case OpInterval:
		args, err := p.arguments(where, p.operand)
		n.Args = args
		for i, arg := range args {
			if args[i], err = intervalEnd(arg); err != nil {
				return nil, err
			}
		}
		return n, err
	case OpBox:
		args, err := p.arguments(where, p.sum)
		if err != nil {
			return nil, err
		}
		numbers := make([]float64, len(args))
		for i, arg := range args {
			if arg.Op != OpLiteral || ClassOf(arg.Value.Type()) != Number {
				return nil, Wrong(arg, "BBOX takes numbers, not %s", arg.Describe())
			}
			numbers[i] = arg.Value.Number()
		}
		return p.bbox(n, numbers)
	}
	if _, known := operations[n.Op]; !known || !isFunction(n.Op) {
		return nil, &fault{name.at, unknownOperation(name.text)}
	}
	var err error
	n.Args, err = p.arguments(where, p.sum)
	return n, err
}
