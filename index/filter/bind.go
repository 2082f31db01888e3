package filter

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index/filter/cql"
)

// The names that mean the id and the geometry of a feature. Attributes cannot be called id; one called as a geometry
// is, hides it.
const nameID = "id"

var geometryNames = []string{"geometry", "geom"}

// Bind checks a filter against a layer: names of properties, types, and codes where dictionary finds the dictionary of
// their attribute; nil finds none. The error is a [*cql.Error], with the names or codes that are like a wrong one.
func Bind(e *cql.Expr, def *data.Layer, dictionary func(name string) (*data.Dictionary, bool)) (*Bound, error) {
	b := &binder{def: def, dictionary: dictionary}
	root, err := b.condition(e.Root(), true)
	if err != nil {
		return nil, e.Locate(err)
	}
	bound := &Bound{expr: e, root: root, attribute: -1}
	bound.box, bound.boxed = root.boxOf()
	bound.ids, bound.named = root.idsOf()
	kids := []*test{root}
	if root.leaf == nil && !root.any {
		kids = root.kids
	}
	for _, kid := range kids {
		if t, ok := kid.leaf.(*textLeaf); ok && !t.equal.Null() {
			if a := &def.Attributes[t.attribute]; a.Ref != "" || a.Unique {
				bound.attribute, bound.equal = t.attribute, t.equal
			}
		}
	}
	return bound, nil
}

// binder makes the test of a filter.
type binder struct {
	def        *data.Layer
	dictionary func(string) (*data.Dictionary, bool)
}

// condition is the test that a node is true, or with want false that it is false.
func (b *binder) condition(n *cql.Node, want bool) (*test, error) {
	switch n.Op {
	case cql.OpAnd, cql.OpOr:
		kids := make([]*test, len(n.Args))
		for i, arg := range n.Args {
			var err error
			if kids[i], err = b.condition(arg, want); err != nil {
				return nil, err
			}
		}
		return join((n.Op == cql.OpOr) == want, kids), nil
	case cql.OpNot:
		return b.condition(n.Args[0], !want)
	case cql.OpLiteral:
		return constant(n.Value.Bool() == want), nil
	case cql.OpProperty:
		o, err := b.operand(n)
		if err == nil && o.class != cql.Truth {
			err = cql.Wrong(n, "the property %s is %s and no condition by itself", n.Name, o.describe())
		}
		if err != nil {
			return nil, err
		}
		return b.compare(n, "=", o, &operand{node: n, class: cql.Truth, fixed: true, value: data.BoolValue(true)}, want)
	case cql.OpLike:
		return b.like(n, want)
	case cql.OpBetween:
		return b.condition(&cql.Node{Op: cql.OpAnd, At: n.At, Args: []*cql.Node{
			{Op: ">=", Args: []*cql.Node{n.Args[0], n.Args[1]}, At: n.At}, {Op: "<=", Args: []*cql.Node{n.Args[0], n.Args[2]}, At: n.At},
		}}, want)
	case cql.OpIn:
		return b.in(n, want)
	case cql.OpIsNull:
		return b.isNull(n, want)
	}
	switch {
	case cql.Inverse(n.Op) != "":
		left, err := b.operand(n.Args[0])
		if err != nil {
			return nil, err
		}
		right, err := b.operand(n.Args[1])
		if err != nil {
			return nil, err
		}
		return b.compare(n, n.Op, left, right, want)
	case strings.HasPrefix(n.Op, "s_"):
		return b.spatial(n, want)
	default:
		return b.temporal(n, want)
	}
}

func constant(truth bool) *test {
	if truth {
		return always
	}
	return never
}

// find resolves the name of a property that is an attribute.
func (b *binder) find(n *cql.Node) (int, error) {
	if i := b.def.MatchAttribute(n.Name); i >= 0 {
		if b.def.Attributes[i].Personal {
			return -1, cql.Wrong(n, "%s of layer %s is personal: nobody is searched by it", b.def.Attributes[i].Name, b.def.Name)
		}
		return i, nil
	}
	names := append(b.def.AttributeNames(), nameID, geometryNames[0])
	return -1, cql.Wrong(n, "%s is no property of layer %s; %s", cql.Shorten(n.Name), b.def.Name, near(names, n.Name))
}

// near are the names like one that is none, all when they are few.
func near(names []string, name string) string {
	d := data.Dictionary{Entries: make([]data.Term, len(names))}
	for i, n := range names {
		d.Entries[i].Code = n
	}
	if found := d.Near(name); len(found) > 0 {
		names = found
	}
	const most = 30
	more := ""
	if len(names) > most {
		names, more = names[:most], " …"
	}
	return "there are " + strings.Join(names, ", ") + more
}

// isGeometry reports whether a property is the geometry.
func (b *binder) isGeometry(n *cql.Node) bool {
	return n.Op == cql.OpProperty && slices.Contains(geometryNames, n.Name) && b.def.AttributeIndex(n.Name) < 0
}

// compare is the test of "left op right".
func (b *binder) compare(n *cql.Node, op string, left, right *operand, want bool) (*test, error) {
	if left.fixed && !right.fixed {
		op, left, right = cql.Mirror(op), right, left
	}
	if err := b.agree(n, left, right); err != nil {
		return nil, err
	}
	if left.class == cql.Truth && op != "=" && op != "<>" {
		return nil, cql.Wrong(n, "what is true or false can be compared with = and <> only")
	}
	if err := b.code(op, left, right); err != nil {
		return nil, err
	}
	switch {
	case left.fixed:
		result, known := compareWith(op, left, right, left.value, right.value)
		return constant(known && result == want), nil
	case right.fixed && right.value.Null() && right.endless == 0:
		return never, nil
	case left.isColumn() && right.endless != 0:
		return rangeTest(left, beyond(op, right.endless), want), nil
	case left.isColumn() && right.fixed && left.class != cql.Text:
		return rangeTest(left, keysOf(left.typ, left.zone, op, right.value), want), nil
	case left.class == cql.Text && left.isStored() && right.fixed:
		literal := right.value.Text()
		return left.textTest(func(s string) bool { return holds(op, strings.Compare(s, literal)) == want }, len(literal)/16, (op == "=") == want && (op == "=" || op == "<>"), literal), nil
	}
	if left.left != nil && right.fixed {
		spans := keysOf(data.Number, nil, op, right.value)
		if !want {
			spans = complement(spans)
		}
		return &test{leaf: &computedLeaf{operand: left, spans: rangeLeaf{spans: spans}}}, nil
	}
	return &test{leaf: &pairLeaf{op: op, left: left, right: right, want: want}}, nil
}

// rangeTest is the test that the key of an attribute is in spans, or with want false that it is another.
func rangeTest(o *operand, spans []span, want bool) *test {
	if !want {
		spans = complement(spans)
	}
	return &test{leaf: &rangeLeaf{attribute: o.attribute, typ: o.typ, spans: spans, fallback: o.fallback}}
}

// agree checks that two operands can be compared. A text beside a date or time is read as one.
func (b *binder) agree(n *cql.Node, left, right *operand) error {
	if left.class == right.class {
		return nil
	}
	for _, pair := range [][2]*operand{{left, right}, {right, left}} {
		if column, literal := pair[0], pair[1]; column.class == cql.Instant && column.isColumn() && literal.node.IsText() {
			v, err := data.ParseValue(column.typ, literal.value.Text(), column.zone)
			if err != nil || v.Null() {
				return cql.Wrong(literal.node, "%s is a %s, and '%s' is none: write %s", column.node.Name, column.typ, cql.Shorten(literal.value.Text()),
					map[data.Type]string{data.Date: "DATE('2026-01-31')", data.Time: "TIMESTAMP('2026-01-31T08:00:00Z')"}[column.typ])
			}
			literal.value, literal.class = v, cql.Instant
			return nil
		}
	}
	place := n
	if right.node != nil {
		place = right.node
	}
	return cql.Wrong(place, "%s is %s and cannot be compared with %s%s", left.node.String(), left.describe(), right.describe(), advice(left, right))
}

// advice says how a literal of the wrong class is written.
func advice(left, right *operand) string {
	if !right.fixed || right.value.Null() {
		return ""
	}
	switch {
	case left.class == cql.Text:
		return fmt.Sprintf(": write '%s'", cql.Shorten(right.value.String()))
	case left.class == cql.Number && right.class == cql.Text:
		if _, ok := cql.ParseNumber(right.value.Text()); ok {
			return ": write " + right.value.Text() + " without quotes"
		}
	case left.class == cql.Truth:
		return ": write TRUE or FALSE"
	}
	return ""
}

// code checks that a text which a code must equal is in the dictionary of the attribute.
func (b *binder) code(op string, left, right *operand) error {
	if b.dictionary == nil || op != "=" && op != "<>" || !left.isColumn() || !right.fixed || right.value.Type() != data.Text {
		return nil
	}
	name := b.def.Attributes[left.attribute].Dictionary
	if name == "" {
		return nil
	}
	d, ok := b.dictionary(name)
	if !ok {
		return nil
	}
	if _, ok := d.Term(right.value.Text()); !ok {
		f := d.Lacks("", right.value.Text())
		return cql.Wrong(right.node, "'%s' %s", cql.Shorten(right.value.Text()), f.Why)
	}
	return nil
}

// like is the test of "operand LIKE pattern".
func (b *binder) like(n *cql.Node, want bool) (*test, error) {
	left, err := b.operand(n.Args[0])
	if err != nil {
		return nil, err
	}
	if left.class != cql.Text {
		return nil, cql.Wrong(n.Args[0], "LIKE compares texts, and %s is %s", left.node.String(), left.describe())
	}
	right, err := b.operand(n.Args[1])
	if err != nil {
		return nil, err
	}
	p := newPattern(right.value.Text())
	match := p.matcher()
	if left.fixed {
		return constant(!left.value.Null() && match(left.value.Text()) == want), nil
	}
	return left.textTest(func(s string) bool { return match(s) == want }, 10+len(p), false, ""), nil
}

// in is the test of "operand IN (list)": a set where the members are literals, else one comparison for each.
func (b *binder) in(n *cql.Node, want bool) (*test, error) {
	left, err := b.operand(n.Args[0])
	if err != nil {
		return nil, err
	}
	members := n.Args[1].Args
	plain := !left.fixed && (left.isColumn() || left.class == cql.Text && left.isStored())
	var spans []span
	set := map[string]bool{}
	for _, m := range members {
		right, err := b.operand(m)
		if err != nil {
			return nil, err
		}
		if err := b.agree(m, left, right); err != nil {
			return nil, err
		}
		if err := b.code("=", left, right); err != nil {
			return nil, err
		}
		switch {
		case !plain:
		case !right.fixed || right.value.Null():
			plain = false
		case left.class == cql.Text:
			set[right.value.Text()] = true
		default:
			spans = append(spans, keysOf(left.typ, left.zone, "=", right.value)...)
		}
	}
	switch {
	case !plain:
		each := make([]*cql.Node, len(members))
		for i, m := range members {
			each[i] = &cql.Node{Op: "=", Args: []*cql.Node{n.Args[0], m}, At: m.At}
		}
		return b.condition(&cql.Node{Op: cql.OpOr, Args: each, At: n.At}, want)
	case left.class != cql.Text:
		return rangeTest(left, union(spans), want), nil
	}
	t := left.textTest(func(s string) bool { return set[s] == want }, 6, false, "")
	if id, ok := t.leaf.(*idLeaf); ok && want && left.change == nil {
		for s := range set {
			id.only = append(id.only, s)
		}
		slices.Sort(id.only)
	}
	return t, nil
}

// isNull is the test of "operand IS NULL".
func (b *binder) isNull(n *cql.Node, want bool) (*test, error) {
	arg := n.Args[0]
	switch {
	case b.isGeometry(arg):
		return &test{leaf: &bareLeaf{want}}, nil
	case arg.Op == cql.OpGeometry || arg.Op == cql.OpBox:
		return constant(!want), nil
	}
	o, err := b.operand(arg)
	switch {
	case err != nil:
		return nil, err
	case o.fixed:
		return constant(o.value.Null() == want), nil
	case o.isStored() && o.attribute < 0:
		return constant(!want), nil // every feature has an id
	case !o.isStored():
		return &test{leaf: &unknownLeaf{o, want}}, nil
	case !o.fallback.Null():
		return constant(!want), nil
	}
	return &test{leaf: &nullLeaf{o.attribute, o.typ, want}}, nil
}

// zoneOf is the zone in which a date is compared with the times of an attribute.
func zoneOf(a *data.Attribute) *time.Location {
	if zone := a.Location(); zone != nil {
		return zone
	}
	return time.UTC
}
