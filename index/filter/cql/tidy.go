package cql

import (
	"math"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
)

// inverse are the comparisons that are true exactly when another is false.
var inverse = map[string]string{"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}

// mirror are the operations that mean the same with exchanged operands.
var mirror = map[string]string{
	"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<=",
	"s_intersects": "s_intersects", "s_disjoint": "s_disjoint", "s_equals": "s_equals", "s_touches": "s_touches",
	"s_overlaps": "s_overlaps", "s_within": "s_contains", "s_contains": "s_within",
	"t_after": "t_before", "t_before": "t_after", "t_contains": "t_during", "t_during": "t_contains",
	"t_disjoint": "t_disjoint", "t_equals": "t_equals", "t_intersects": "t_intersects",
	"t_finishedby": "t_finishes", "t_finishes": "t_finishedby", "t_meets": "t_metby", "t_metby": "t_meets",
	"t_overlappedby": "t_overlaps", "t_overlaps": "t_overlappedby", "t_startedby": "t_starts", "t_starts": "t_startedby",
}

// Inverse is the comparison that is true exactly when op is false; empty when op is no comparison.
func Inverse(op string) string { return inverse[op] }

// Mirror is the operation that means the same as op with exchanged operands, op itself when there is none of another name.
func Mirror(op string) string {
	if m, ok := mirror[op]; ok {
		return m
	}
	return op
}

// tidy is the canonical form of a node: the same condition for every feature, of three truth values.
func tidy(n *Node) *Node {
	if len(n.Args) == 0 {
		return n
	}
	t := *n
	t.Args = make([]*Node, len(n.Args))
	for i, arg := range n.Args {
		t.Args[i] = tidy(arg)
	}
	switch t.Op {
	case OpAnd, OpOr:
		return tidyChain(&t)
	case OpNot:
		return negate(&t, t.Args[0])
	case OpIn:
		return tidyIn(&t)
	case "=", "<>":
		// Operands of equal rank are put in an order of their own, so that a = b is b = a.
		if a, b := t.Args[0], t.Args[1]; fixed(a) == fixed(b) && b.String() < a.String() {
			t.Args = []*Node{b, a}
			return &t
		}
	}
	if op, ok := mirror[t.Op]; ok && fixed(t.Args[0]) && !fixed(t.Args[1]) {
		t.Op, t.Args = op, []*Node{t.Args[1], t.Args[0]}
	}
	return fold(&t)
}

// fixed reports whether no property stands in a node.
func fixed(n *Node) bool {
	return n.Op != OpProperty && !slices.ContainsFunc(n.Args, func(a *Node) bool { return !fixed(a) })
}

func (n *Node) isBool(b bool) bool {
	return n.Op == OpLiteral && n.Value == data.BoolValue(b)
}

// tidyChain flattens AND and OR, and puts what they join in order.
func tidyChain(t *Node) *Node {
	// What decides the whole, whatever the others are, unknown ones too; the opposite changes nothing.
	decides := t.Op == OpOr
	var args []*Node
	for _, arg := range t.Args {
		switch {
		case arg.isBool(decides):
			return arg
		case arg.isBool(!decides):
		case arg.Op == t.Op:
			args = append(args, arg.Args...)
		default:
			args = append(args, arg)
		}
	}
	if len(args) == 0 {
		return &Node{Op: OpLiteral, Value: data.BoolValue(!decides), At: t.At}
	}
	if t.Args = inOrder(args); len(t.Args) == 1 {
		return t.Args[0]
	}
	return t
}

// inOrder sorts nodes by their text and leaves out those that are there twice.
func inOrder(nodes []*Node) []*Node {
	texts := make(map[*Node]string, len(nodes))
	for _, n := range nodes {
		texts[n] = n.String()
	}
	slices.SortStableFunc(nodes, func(a, b *Node) int { return strings.Compare(texts[a], texts[b]) })
	return slices.CompactFunc(nodes, func(a, b *Node) bool { return texts[a] == texts[b] })
}

func negate(t, arg *Node) *Node {
	switch {
	case arg.Op == OpNot:
		return arg.Args[0]
	case arg.isBool(true), arg.isBool(false):
		return &Node{Op: OpLiteral, Value: data.BoolValue(!arg.Value.Bool()), At: t.At}
	case inverse[arg.Op] != "":
		n := *arg
		n.Op = inverse[arg.Op]
		return &n
	}
	return t
}

// tidyIn sorts the list; one member is an equality.
func tidyIn(t *Node) *Node {
	l := *t.Args[1]
	l.Args = inOrder(slices.Clone(l.Args))
	if len(l.Args) == 1 {
		return tidy(&Node{Op: "=", Args: []*Node{t.Args[0], l.Args[0]}, At: t.At})
	}
	t.Args = []*Node{t.Args[0], &l}
	return t
}

// fold computes arithmetic of literals, unless it has no result.
func fold(t *Node) *Node {
	if !IsArithmetic(t.Op) || t.Args[0].Op != OpLiteral || t.Args[1].Op != OpLiteral {
		return t
	}
	v := Calculate(t.Op, t.Args[0].Value, t.Args[1].Value)
	if v.Null() {
		return t
	}
	if f := v.Number(); f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		v = data.IntValue(int64(f))
	}
	return &Node{Op: OpLiteral, Value: v, At: t.At}
}

// Calculate is [Compute] of two values of class number; null when an operand is, or when there is no result.
func Calculate(op string, a, b data.Value) data.Value {
	if a.Null() || b.Null() {
		return data.Value{}
	}
	if f, ok := Compute(op, a.Number(), b.Number()); ok {
		return data.NumberValue(f)
	}
	return data.Value{}
}

// Compute is the result of an arithmetic operation in double precision; false when it is not finite.
func Compute(op string, x, y float64) (f float64, ok bool) {
	switch op {
	case "+":
		f = x + y
	case "-":
		f = x - y
	case "*":
		f = x * y
	case "/":
		f = x / y
	case "div":
		f = math.Trunc(x / y)
	case "%":
		f = math.Mod(x, y)
	default:
		f = math.Pow(x, y)
	}
	// Zero has no sign here, as in values.
	return f + 0, !math.IsNaN(f) && !math.IsInf(f, 0)
}
