package filter

import "github.com/gewu-city/gewu/index/filter/cql"

// Ends of intervals that are not bounded, once it is known which end they are.
const (
	opEver    = "ever"
	opForever = "forever"
)

// ends is a condition between an end of the first and an end of the second operand; an instant is both ends of itself.
type ends struct {
	first  int // 0 for the start, 1 for the end
	op     string
	second int
}

// relations are what the temporal operations say of two intervals (OGC 21-065r2, table of temporal functions, which are
// the relations of J. F. Allen, 1983). All must hold, or with T_DISJOINT any.
var relations = map[string][]ends{
	"t_after":        {{0, ">", 1}},
	"t_before":       {{1, "<", 0}},
	"t_contains":     {{0, "<", 0}, {1, ">", 1}},
	"t_disjoint":     {{1, "<", 0}, {0, ">", 1}},
	"t_during":       {{0, ">", 0}, {1, "<", 1}},
	"t_equals":       {{0, "=", 0}, {1, "=", 1}},
	"t_finishedby":   {{0, "<", 0}, {1, "=", 1}},
	"t_finishes":     {{0, ">", 0}, {1, "=", 1}},
	"t_intersects":   {{0, "<=", 1}, {1, ">=", 0}},
	"t_meets":        {{1, "=", 0}},
	"t_metby":        {{0, "=", 1}},
	"t_overlappedby": {{0, ">", 0}, {0, "<", 1}, {1, ">", 1}},
	"t_overlaps":     {{0, "<", 0}, {1, ">", 0}, {1, "<", 1}},
	"t_startedby":    {{0, "=", 0}, {1, ">", 1}},
	"t_starts":       {{0, "=", 0}, {1, "<", 1}},
}

// temporal is the test of a temporal operation: comparisons of the ends of its operands.
func (b *binder) temporal(n *cql.Node, want bool) (*test, error) {
	for _, arg := range n.Args {
		if err := b.instants(arg); err != nil {
			return nil, err
		}
	}
	all := &cql.Node{Op: cql.OpAnd, At: n.At}
	if n.Op == "t_disjoint" {
		all.Op = cql.OpOr
	}
	for _, e := range relations[n.Op] {
		all.Args = append(all.Args, &cql.Node{Op: e.op, At: n.At, Args: []*cql.Node{endOf(n.Args[0], e.first), endOf(n.Args[1], e.second)}})
	}
	return b.condition(all, want)
}

// instants checks that the properties in an operand are dates or times.
func (b *binder) instants(n *cql.Node) error {
	if n.Op == cql.OpInterval {
		for _, arg := range n.Args {
			if arg.Op != cql.OpOpen {
				if err := b.instants(arg); err != nil {
					return err
				}
			}
		}
		start, stop := n.Args[0], n.Args[1]
		if start.Op == cql.OpLiteral && stop.Op == cql.OpLiteral {
			left, right := &operand{class: cql.Instant, fixed: true}, &operand{class: cql.Instant, fixed: true}
			if after, _ := compareWith(">", left, right, start.Value, stop.Value); after {
				return cql.Wrong(n, "the interval ends before it starts")
			}
		}
		return nil
	}
	o, err := b.operand(n)
	if err == nil && o.class != cql.Instant {
		err = cql.Wrong(n, "a date or time is expected, and %s is %s", n.String(), o.describe())
	}
	return err
}

// endOf is the start (0) or the end (1) of an operand.
func endOf(n *cql.Node, which int) *cql.Node {
	if n.Op != cql.OpInterval {
		return n
	}
	arg := n.Args[which]
	if arg.Op != cql.OpOpen {
		return arg
	}
	return &cql.Node{Op: []string{opEver, opForever}[which], At: arg.At}
}
