package filter_test

import (
	"encoding/json"
	"math"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/paulmach/orb/geojson"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/relate"
)

// oracle evaluates CQL2 JSON over one decoded feature as the standard words it, with three truth values and no thought
// of speed: nil is null or unknown, and values are bool, string, *big.Rat, moment, interval and geo.Shape.
type oracle struct {
	t       testing.TB
	def     *data.Layer
	feature *data.Feature
}

// moment is a date, or an instant in microseconds.
type moment struct {
	date    bool
	day     time.Time
	at      int64
	zone    *time.Location
	endless int
}

type interval struct{ start, end any }

func (o *oracle) eval(v any) any {
	switch v := v.(type) {
	case nil, bool, string:
		return v
	case json.Number:
		// A number is an int64, else a float64.
		if n, err := v.Int64(); err == nil {
			return new(big.Rat).SetInt64(n)
		}
		f, err := v.Float64()
		if err != nil {
			o.t.Fatal(err)
		}
		return new(big.Rat).SetFloat64(f)
	case map[string]any:
		return o.object(v)
	}
	o.t.Fatalf("value %v", v)
	return nil
}

func (o *oracle) object(v map[string]any) any {
	if name, ok := v["property"].(string); ok {
		return o.property(name)
	}
	if s, ok := v["date"].(string); ok {
		return o.instant(s)
	}
	if s, ok := v["timestamp"].(string); ok {
		return o.instant(s)
	}
	if ends, ok := v["interval"].([]any); ok {
		value := func(end any, endless int) any {
			if s, ok := end.(string); ok {
				if s == ".." {
					return moment{endless: endless}
				}
				return o.instant(s)
			}
			return o.eval(end)
		}
		return interval{value(ends[0], -1), value(ends[1], 1)}
	}
	if _, ok := v["type"]; ok {
		text, err := json.Marshal(v)
		if err != nil {
			o.t.Fatal(err)
		}
		g, err := geojson.UnmarshalGeometry(text)
		if err != nil {
			o.t.Fatal(err)
		}
		s, err := geo.FromOrb(g.Geometry())
		if err != nil {
			o.t.Fatal(err)
		}
		return s
	}
	args := v["args"].([]any)
	return o.operation(v["op"].(string), args)
}

func (o *oracle) instant(s string) moment {
	if d, err := time.Parse("2006-01-02", s); err == nil {
		return moment{date: true, day: d}
	}
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		o.t.Fatal(err)
	}
	return moment{at: at.UnixMicro()}
}

func (o *oracle) property(name string) any {
	switch name {
	case "id":
		return o.feature.ID
	case "geometry":
		if o.feature.Shape.Kind() == geo.KindNone {
			return nil
		}
		return o.feature.Shape
	}
	i := o.def.AttributeIndex(name)
	v := o.feature.Value(i)
	switch v.Type() {
	case "":
		return nil
	case data.Int:
		return new(big.Rat).SetInt64(v.Int())
	case data.Number:
		return new(big.Rat).SetFloat64(v.Number())
	case data.Bool:
		return v.Bool()
	case data.Date:
		return moment{date: true, day: v.Time()}
	case data.Time:
		return moment{at: v.Time().UnixMicro(), zone: o.def.Attributes[i].Location()}
	default:
		return v.Text()
	}
}

func (o *oracle) operation(op string, args []any) any {
	switch op {
	case "and", "or":
		// Unknown unless one decides.
		unknown := false
		for _, arg := range args {
			switch truth := o.eval(arg); truth {
			case nil:
				unknown = true
			case op == "or":
				return truth
			}
		}
		if unknown {
			return nil
		}
		return op == "and"
	case "not":
		if truth := o.eval(args[0]); truth != nil {
			return !truth.(bool)
		}
		return nil
	case "isNull":
		return o.eval(args[0]) == nil
	case "between":
		return o.operation("and", []any{
			map[string]any{"op": ">=", "args": []any{args[0], args[1]}}, map[string]any{"op": "<=", "args": []any{args[0], args[2]}},
		})
	case "in":
		var each []any
		for _, member := range args[1].([]any) {
			each = append(each, map[string]any{"op": "=", "args": []any{args[0], member}})
		}
		return o.operation("or", each)
	}
	values := make([]any, len(args))
	for i, arg := range args {
		if values[i] = o.eval(arg); values[i] == nil {
			return nil
		}
	}
	switch op {
	case "casei":
		return cases.Fold().String(values[0].(string))
	case "accenti":
		return norm.NFC.String(strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Mn, r) {
				return -1
			}
			return r
		}, norm.NFD.String(values[0].(string))))
	case "like":
		return likeExpression(values[1].(string)).MatchString(values[0].(string))
	case "=", "<>", "<", "<=", ">", ">=":
		return holds(op, order(values[0], values[1]))
	case "+", "-", "*", "/", "div", "%", "^":
		return calculate(op, values[0].(*big.Rat), values[1].(*big.Rat))
	}
	if strings.HasPrefix(op, "s_") {
		return spatial(op, values[0].(geo.Shape), values[1].(geo.Shape))
	}
	return temporal(op, values[0], values[1])
}

// likeExpression is a pattern as a regular expression.
func likeExpression(p string) *regexp.Regexp {
	b := strings.Builder{}
	b.WriteString(`(?s)\A`)
	runes := []rune(p)
	for i := 0; i < len(runes); i++ {
		switch r := runes[i]; {
		case r == '%':
			b.WriteString(".*")
		case r == '_':
			b.WriteString(".")
		case r == '\\' && i+1 < len(runes):
			i++
			b.WriteString(regexp.QuoteMeta(string(runes[i])))
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	return regexp.MustCompile(b.String() + `\z`)
}

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
	}
	return order >= 0
}

func order(a, b any) int {
	switch a := a.(type) {
	case *big.Rat:
		return a.Cmp(b.(*big.Rat))
	case string:
		return strings.Compare(a, b.(string))
	case bool:
		switch {
		case a == b.(bool):
			return 0
		case a:
			return 1
		}
		return -1
	}
	return orderMoments(a.(moment), b.(moment))
}

// orderMoments compares a date with an instant as the whole day, in the zone of the instant if it has one.
func orderMoments(a, b moment) int {
	switch {
	case a.endless != 0 || b.endless != 0:
		return a.endless - b.endless
	case a.date && b.date:
		return a.day.Compare(b.day)
	case a.date:
		return -orderMoments(b, a)
	case b.date:
		zone := a.zone
		if zone == nil {
			zone = time.UTC
		}
		y, m, d := time.UnixMicro(a.at).In(zone).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Compare(b.day)
	}
	return big.NewInt(a.at).Cmp(big.NewInt(b.at))
}

func calculate(op string, a, b *big.Rat) any {
	x, _ := a.Float64()
	y, _ := b.Float64()
	f := map[string]func() float64{
		"+": func() float64 { return x + y }, "-": func() float64 { return x - y }, "*": func() float64 { return x * y },
		"/": func() float64 { return x / y }, "div": func() float64 { return math.Trunc(x / y) },
		"%": func() float64 { return math.Mod(x, y) }, "^": func() float64 { return math.Pow(x, y) },
	}[op]()
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return new(big.Rat).SetFloat64(f)
}

func spatial(op string, a, b geo.Shape) bool {
	m := relate.Of(relate.Prepare(a), relate.Prepare(b))
	return map[string]func() bool{
		"s_intersects": m.Intersects, "s_disjoint": func() bool { return !m.Intersects() }, "s_equals": m.Equals, "s_touches": m.Touches,
		"s_within": m.Within, "s_contains": m.Contains, "s_overlaps": m.Overlaps, "s_crosses": m.Crosses,
	}[op]()
}

// temporal compares the ends of both; a missing end is unknown.
func temporal(op string, a, b any) any {
	ends := func(v any) (any, any) {
		if i, ok := v.(interval); ok {
			return i.start, i.end
		}
		return v, v
	}
	aStart, aEnd := ends(a)
	bStart, bEnd := ends(b)
	is := func(x any, op string, y any) any {
		if x == nil || y == nil {
			return nil
		}
		return holds(op, order(x, y))
	}
	and := func(truths ...any) any {
		var result any = true
		for _, truth := range truths {
			if truth == false {
				return false
			}
			if truth == nil {
				result = nil
			}
		}
		return result
	}
	not := func(truth any) any {
		if truth == nil {
			return nil
		}
		return !truth.(bool)
	}
	switch op {
	case "t_after":
		return is(aStart, ">", bEnd)
	case "t_before":
		return is(aEnd, "<", bStart)
	case "t_contains":
		return and(is(aStart, "<", bStart), is(aEnd, ">", bEnd))
	case "t_disjoint":
		return not(and(not(is(aEnd, "<", bStart)), not(is(aStart, ">", bEnd))))
	case "t_during":
		return and(is(aStart, ">", bStart), is(aEnd, "<", bEnd))
	case "t_equals":
		return and(is(aStart, "=", bStart), is(aEnd, "=", bEnd))
	case "t_finishedby":
		return and(is(aStart, "<", bStart), is(aEnd, "=", bEnd))
	case "t_finishes":
		return and(is(aStart, ">", bStart), is(aEnd, "=", bEnd))
	case "t_intersects":
		return and(is(aStart, "<=", bEnd), is(aEnd, ">=", bStart))
	case "t_meets":
		return is(aEnd, "=", bStart)
	case "t_metby":
		return is(aStart, "=", bEnd)
	case "t_overlappedby":
		return and(is(aStart, ">", bStart), is(aStart, "<", bEnd), is(aEnd, ">", bEnd))
	case "t_overlaps":
		return and(is(aStart, "<", bStart), is(aEnd, ">", bStart), is(aEnd, "<", bEnd))
	case "t_startedby":
		return and(is(aStart, "=", bStart), is(aEnd, ">", bEnd))
	case "t_starts":
		return and(is(aStart, "=", bStart), is(aEnd, "<", bEnd))
	}
	panic(op)
}
