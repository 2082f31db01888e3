package filter

import (
	"strings"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/filter/cql"
)

// operand is a bound value: of a literal, an attribute, the id, or computed from them.
type operand struct {
	node  *cql.Node
	class cql.Class
	// fixed says that it is the same for every feature: value, null when it has none.
	fixed bool
	value data.Value
	// endless is 1 for the end of an interval that never ends, -1 for the start of one that never began.
	endless int
	// attribute is the attribute whose value it is, -1 for the id.
	attribute int
	typ       data.Type
	zone      *time.Location
	// fallback is what features have that hold no value of the attribute.
	fallback data.Value
	// change makes another text of an attribute or id, nil for none.
	change func(string) string
	// left and right are the operands of arithmetic.
	left, right *operand
	terms       int
}

// isStored reports whether the operand is an attribute or the id, as it is or changed.
func (o *operand) isStored() bool { return !o.fixed && o.left == nil }

// isColumn reports whether the operand is an attribute as it is.
func (o *operand) isColumn() bool { return o.isStored() && o.attribute >= 0 && o.change == nil }

func (o *operand) describe() string {
	if o.isStored() && o.attribute >= 0 && o.typ != "" && !o.typ.IsText() {
		return "of type " + string(o.typ)
	}
	return o.class.String()
}

// operand binds a value.
func (b *binder) operand(n *cql.Node) (*operand, error) {
	switch n.Op {
	case cql.OpLiteral:
		return &operand{node: n, class: cql.ClassOf(n.Value.Type()), fixed: true, value: n.Value}, nil
	case opForever, opEver:
		o := &operand{node: n, class: cql.Instant, fixed: true, endless: 1}
		if n.Op == opEver {
			o.endless = -1
		}
		return o, nil
	case cql.OpProperty:
		return b.property(n)
	case cql.OpCaseI, cql.OpAccentI:
		return b.changed(n)
	}
	if cql.IsArithmetic(n.Op) {
		return b.computed(n)
	}
	return nil, cql.Wrong(n, "a value is expected, not %s", n.Describe())
}

func (b *binder) property(n *cql.Node) (*operand, error) {
	if n.Name == nameID && b.def.AttributeIndex(nameID) < 0 {
		return &operand{node: n, class: cql.Text, attribute: -1, terms: 1}, nil
	}
	if b.isGeometry(n) {
		return nil, cql.Wrong(n, "%s is a geometry; it is asked for with S_INTERSECTS and its like", n.Name)
	}
	i, err := b.find(n)
	if err != nil {
		return nil, err
	}
	a := &b.def.Attributes[i]
	o := &operand{node: n, attribute: i, typ: a.Type, zone: zoneOf(a), fallback: a.Fallback(), class: cql.Text, terms: 1}
	switch a.Type {
	case data.Int, data.Number:
		o.class = cql.Number
	case data.Bool:
		o.class = cql.Truth
	case data.Date, data.Time:
		o.class = cql.Instant
	case data.Text, data.Code, data.Ref, data.Sealed:
	}
	return o, nil
}

// changed binds CASEI and ACCENTI.
func (b *binder) changed(n *cql.Node) (*operand, error) {
	o, err := b.operand(n.Args[0])
	if err != nil {
		return nil, err
	}
	if o.class != cql.Text {
		return nil, cql.Wrong(n.Args[0], "%s takes a text, and %s is %s", strings.ToUpper(n.Op), o.node.String(), o.describe())
	}
	change := foldCase
	if n.Op == cql.OpAccentI {
		change = foldAccents
	}
	o.node = n
	if o.fixed {
		o.value = data.TextValue(data.Text, change(o.value.Text()))
		return o, nil
	}
	if inner := o.change; inner != nil {
		o.change = func(s string) string { return change(inner(s)) }
	} else {
		o.change = change
	}
	return o, nil
}

// computed binds arithmetic.
func (b *binder) computed(n *cql.Node) (*operand, error) {
	var sides [2]*operand
	for i, arg := range n.Args {
		o, err := b.operand(arg)
		if err != nil {
			return nil, err
		}
		if o.class != cql.Number {
			return nil, cql.Wrong(arg, "%s takes numbers, and %s is %s", strings.ToUpper(n.Op), arg.String(), o.describe())
		}
		sides[i] = o
	}
	left, right, op := sides[0], sides[1], n.Op
	o := &operand{node: n, class: cql.Number, attribute: -1, terms: left.terms + right.terms + 1}
	if left.fixed && right.fixed {
		o.fixed, o.value = true, cql.Calculate(op, left.value, right.value)
		return o, nil
	}
	o.left, o.right = left, right
	return o, nil
}

// of is the value for a feature.
func (o *operand) of(l *index.Layer, s index.Slot) data.Value {
	var v data.Value
	switch {
	case o.fixed:
		return o.value
	case o.left != nil:
		return cql.Calculate(o.node.Op, o.left.of(l, s), o.right.of(l, s))
	case o.attribute < 0:
		v = data.TextValue(data.Text, l.ID(s))
	default:
		if v = l.Value(s, o.attribute); v.Type() != o.typ {
			return data.Value{}
		}
	}
	if o.change != nil && !v.Null() {
		v = data.TextValue(data.Text, o.change(v.Text()))
	}
	return v
}

// textTest is the test of a condition on the text of an attribute or the id. cost is that of the condition; exactly says
// that the condition is to equal one text.
func (o *operand) textTest(pass func(string) bool, cost int, exactly bool, one string) *test {
	judge := pass
	if change := o.change; change != nil {
		judge = func(s string) bool { return pass(change(s)) }
		cost += 100
		exactly = false
	}
	if o.attribute < 0 {
		leaf := &idLeaf{pass: judge, each: cost}
		if exactly {
			leaf.only = []string{one}
		}
		return &test{leaf: leaf}
	}
	leaf := &textLeaf{attribute: o.attribute, typ: o.typ, pass: judge, each: cost}
	leaf.none = !o.fallback.Null() && judge(o.fallback.Text())
	if exactly {
		leaf.equal = data.TextValue(o.typ, one)
	}
	return &test{leaf: leaf}
}

// holds reports whether "a op b" holds, from how a compares with b.
func holds(op string, order int) bool {
	switch op {
	case "=":
		return order == 0
	case "<>":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	default:
		return order >= 0
	}
}

// compareWith reports whether "a op b" holds for values of two operands that agree, and whether that is known.
func compareWith(op string, left, right *operand, a, b data.Value) (result, known bool) {
	if left.endless != 0 || right.endless != 0 {
		if left.endless == 0 && a.Null() || right.endless == 0 && b.Null() {
			return false, false
		}
		return holds(op, left.endless-right.endless), true
	}
	if a.Null() || b.Null() {
		return false, false
	}
	if left.class == cql.Number {
		return holds(op, compareNumbers(a, b)), true
	}
	if left.class == cql.Text {
		return holds(op, strings.Compare(a.Text(), b.Text())), true
	}
	if left.class == cql.Truth {
		return holds(op, compareInts(a.Int(), b.Int())), true
	}
	// A date beside a time is the whole day, in the zone of the times.
	aFirst, aLast := instantKeys(a, b, right.zone)
	bFirst, bLast := instantKeys(b, a, left.zone)
	switch {
	case aLast < bFirst:
		return holds(op, -1), true
	case aFirst > bLast:
		return holds(op, 1), true
	}
	return holds(op, 0), true
}

// instantKeys is the range in which v lies beside other: microseconds, or days when both are dates.
func instantKeys(v, other data.Value, zone *time.Location) (first, last int64) {
	if v.Type() != data.Date || other.Type() == data.Date {
		return v.Int(), v.Int()
	}
	if zone == nil {
		zone = time.UTC
	}
	return day(v, zone)
}

// pairLeaf compares two values of each feature.
type pairLeaf struct {
	op          string
	left, right *operand
	want        bool
}

func (p *pairLeaf) cost() int { return 20 + 30*(p.left.terms+p.right.terms) }

func (p *pairLeaf) keep(sc *scan, sel []uint16) []uint16 {
	n := 0
	for _, at := range sel {
		s := sc.block[at]
		sel[n] = at
		if result, known := compareWith(p.op, p.left, p.right, p.left.of(sc.layer, s), p.right.of(sc.layer, s)); known && result == p.want {
			n++
		}
	}
	return sel[:n]
}

// nullLeaf passes features without a value of an attribute that has no default, or with want false those with one.
type nullLeaf struct {
	attribute int
	typ       data.Type
	want      bool
}

func (z *nullLeaf) cost() int { return 5 }

func (z *nullLeaf) keep(sc *scan, sel []uint16) []uint16 {
	c := sc.column(z.attribute, z.typ)
	if c == nil {
		return sel[:0]
	}
	set := sc.set[:len(sel)]
	if z.typ.IsText() {
		for i, h := range sc.textsOf(c, sel) {
			set[i] = h != 0
		}
	} else {
		_, set = sc.wordsOf(c, sel)
	}
	n := 0
	for i, at := range sel {
		sel[n] = at
		if set[i] != z.want {
			n++
		}
	}
	return sel[:n]
}

// unknownLeaf passes features for which a computed value is null, or with want false is not.
type unknownLeaf struct {
	operand *operand
	want    bool
}

func (u *unknownLeaf) cost() int { return 20 + 30*u.operand.terms }

func (u *unknownLeaf) keep(sc *scan, sel []uint16) []uint16 {
	n := 0
	for _, at := range sel {
		sel[n] = at
		if u.operand.of(sc.layer, sc.block[at]).Null() == u.want {
			n++
		}
	}
	return sel[:n]
}

// bareLeaf passes features without geometry, or with want false those with one.
type bareLeaf struct{ want bool }

func (g *bareLeaf) cost() int { return 15 }

func (g *bareLeaf) keep(sc *scan, sel []uint16) []uint16 {
	n := 0
	for _, at := range sel {
		sel[n] = at
		if sc.layer.Box(sc.block[at]).Empty() == g.want {
			n++
		}
	}
	return sel[:n]
}
