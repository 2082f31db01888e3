package filter_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/filter"
	"github.com/gewu-city/gewu/index/filter/cql"
	"github.com/gewu-city/gewu/index/indextest"
)

// attributes have every type, a default where that matters, and a zone.
var attributes = []data.Attribute{
	{Name: "name", Type: data.Text},
	{Name: "kind", Type: data.Code, Default: data.TextValue(data.Text, "b")},
	{Name: "n", Type: data.Int},
	{Name: "m", Type: data.Int, Default: data.IntValue(2)},
	{Name: "x", Type: data.Number},
	{Name: "flag", Type: data.Bool},
	{Name: "day", Type: data.Date},
	{Name: "until", Type: data.Date},
	{Name: "at", Type: data.Time, Zone: "Asia/Shanghai"},
	{Name: "u", Type: data.Text, Unique: true},
}

// Values of the attributes and of literals: few, so that they often meet, and the ones at which things go wrong.
var (
	texts    = []string{"", "a", "b", "A", "é", "É", "e\u0301", "straße", "STRASSE", "a%b", "a_b", `a\b`, "长安街", "长安", "it's", "ab"}
	patterns = []string{"a%", "%b", "%", "_", "a\\%b", "a\\_b", "a_b", "%安%", "长__", "", "%a%b%", `a\\b`, "%s%", "é", "_%_", `\`}
	ints     = []int64{0, 1, 2, 3, -1, 1 << 53, 1<<53 + 1, math.MaxInt64, math.MinInt64}
	numbers  = []float64{0, 1, 2, 2.5, -0.5, 1 << 53, 1<<53 + 2, 1 << 63, -1 << 63, 1e300, -1e300, 5e-324}
	days     = []string{"2025-12-31", "2026-01-01", "2026-01-02", "1969-12-31", "0001-01-01", "9999-12-31"}
	times    = []string{"2025-12-31T16:00:00Z", "2025-12-31T15:59:59.999999Z", "2026-01-01T00:00:00Z", "2026-01-01T16:00:00Z", "2026-01-02T12:00:00Z", "1969-12-31T23:59:59Z"}
)

// side is the size of the square in which features lie.
const side = 4

func layers(t testing.TB, n int) []*index.Layer {
	t.Helper()
	random := rand.New(rand.NewPCG(7, 7))
	pick := func(s []string) string { return s[random.IntN(len(s))] }
	log := indextest.NewLog()
	for i := range n {
		kind := []data.GeometryKind{data.GeometryPoint, data.GeometryPolygon, data.GeometryLine, data.GeometryNone}[i%4]
		name := fmt.Sprintf("l%d", i)
		changes := []data.Change{indextest.Define(&data.Layer{Name: name, Geometry: kind, Attributes: attributes})}
		size := random.IntN(300)
		if i < 2 {
			size += 1500
		}
		for j := range size {
			values := make([]data.Value, len(attributes))
			for k, a := range attributes {
				if random.IntN(5) == 0 {
					continue
				}
				switch a.Type {
				case data.Int:
					values[k] = data.IntValue(ints[random.IntN(len(ints))])
				case data.Number:
					values[k] = data.NumberValue(numbers[random.IntN(len(numbers))])
				case data.Bool:
					values[k] = data.BoolValue(random.IntN(2) == 0)
				case data.Date:
					values[k] = parsed(t, a.Type, pick(days))
				case data.Time:
					values[k] = parsed(t, a.Type, pick(times))
				default:
					s := pick(texts)
					if a.Unique {
						s += fmt.Sprint(j)
					}
					values[k] = data.TextValue(a.Type, s)
				}
			}
			x, y := random.Int32N(side), random.Int32N(side)
			shape := geo.PointShape(geo.Point{X: x, Y: y})
			switch kind {
			case data.GeometryPolygon:
				shape = indextest.Rect(x, y, x+1+random.Int32N(2), y+1+random.Int32N(2))
			case data.GeometryLine:
				shape, _ = geo.NewShape(geo.KindLine, []geo.Point{{X: x, Y: y}, {X: x + 1, Y: random.Int32N(side)}}, []uint32{2}, nil)
			case data.GeometryNone:
				shape = geo.Shape{}
			case data.GeometryPoint:
			}
			changes = append(changes, indextest.Put(name, fmt.Sprintf("id%d", j), shape, values...))
		}
		log.Append(changes...)
	}
	engine := indextest.Start(t, log)
	return indextest.At(t, engine, log.Last()).Layers()
}

func parsed(t testing.TB, typ data.Type, s string) data.Value {
	t.Helper()
	v, err := data.ParseValue(typ, s, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

type object = map[string]any

func property(name string) any { return object{"property": name} }

func call(op string, args ...any) any { return object{"op": op, "args": args} }

// drawCondition is a random condition.
func drawCondition(t *rapid.T, depth int, spatial bool) any {
	kinds := []string{"compare", "compare", "like", "in", "between", "null", "temporal", "temporal", "flag"}
	if spatial {
		kinds = append(kinds, "spatial", "spatial")
	}
	if depth > 0 {
		kinds = append(kinds, "and", "or", "not", "and", "or", "not")
	}
	switch kind := rapid.SampledFrom(kinds).Draw(t, "condition"); kind {
	case "and", "or":
		var args []any
		for range rapid.IntRange(2, 4).Draw(t, "operands") {
			args = append(args, drawCondition(t, depth-1, spatial))
		}
		return call(kind, args...)
	case "not":
		return call(kind, drawCondition(t, depth-1, spatial))
	case "compare":
		draw := drawScalar(t)
		op := rapid.SampledFrom([]string{"=", "<>", "<", "<=", ">", ">="}).Draw(t, "op")
		return call(op, draw(t), draw(t))
	case "like":
		return call("like", drawText(t), drawFolded(t, rapid.SampledFrom(patterns).Draw(t, "pattern")))
	case "between":
		draw := drawScalar(t)
		return call("between", draw(t), draw(t), draw(t))
	case "in":
		draw := drawScalar(t)
		var members []any
		for range rapid.IntRange(1, 4).Draw(t, "members") {
			members = append(members, draw(t))
		}
		return call("in", draw(t), members)
	case "null":
		if rapid.Bool().Draw(t, "computed") {
			return call("isNull", drawScalar(t)(t))
		}
		return call("isNull", property(rapid.SampledFrom([]string{"name", "kind", "n", "m", "x", "flag", "day", "at", "u", "id", "geometry"}).Draw(t, "property")))
	case "flag":
		return rapid.SampledFrom([]any{property("flag"), true, false, call("=", property("flag"), false), call("<>", true, property("flag"))}).Draw(t, "truth")
	case "spatial":
		ops := []string{"s_intersects", "s_disjoint", "s_equals", "s_touches", "s_within", "s_contains", "s_overlaps", "s_crosses"}
		return call(rapid.SampledFrom(ops).Draw(t, "op"), drawGeometry(t), drawGeometry(t))
	}
	return call(rapid.SampledFrom(temporalOperations).Draw(t, "op"), drawTemporal(t), drawTemporal(t))
}

var temporalOperations = []string{
	"t_after", "t_before", "t_contains", "t_disjoint", "t_during", "t_equals", "t_finishedby", "t_finishes", "t_intersects",
	"t_meets", "t_metby", "t_overlappedby", "t_overlaps", "t_startedby", "t_starts",
}

// drawScalar draws one of the classes of values, and returns what draws values of it.
func drawScalar(t *rapid.T) func(*rapid.T) any {
	return rapid.SampledFrom([]func(*rapid.T) any{drawNumber, drawNumber, drawText, drawInstant}).Draw(t, "class")
}

func drawNumber(t *rapid.T) any {
	switch rapid.IntRange(0, 6).Draw(t, "number") {
	case 0:
		return json.Number(fmt.Sprint(rapid.SampledFrom(ints).Draw(t, "int")))
	case 1:
		return json.Number(data.NumberValue(rapid.SampledFrom(numbers).Draw(t, "float")).String())
	case 2:
		op := rapid.SampledFrom([]string{"+", "-", "*", "/", "div", "%", "^"}).Draw(t, "op")
		return call(op, drawNumber(t), drawNumber(t))
	default:
		return property(rapid.SampledFrom([]string{"n", "m", "x"}).Draw(t, "property"))
	}
}

func drawText(t *rapid.T) any {
	if rapid.Bool().Draw(t, "literal") {
		return drawFolded(t, rapid.SampledFrom(append(texts, "id1", "b7")).Draw(t, "text"))
	}
	return drawFolded(t, property(rapid.SampledFrom([]string{"name", "kind", "u", "id"}).Draw(t, "property")))
}

func drawFolded(t *rapid.T, v any) any {
	switch rapid.IntRange(0, 4).Draw(t, "fold") {
	case 0:
		return call("casei", v)
	case 1:
		return call("accenti", v)
	case 2:
		return call("casei", call("accenti", v))
	}
	return v
}

func drawInstant(t *rapid.T) any {
	switch rapid.IntRange(0, 3).Draw(t, "instant") {
	case 0:
		return object{"date": rapid.SampledFrom(days).Draw(t, "day")}
	case 1:
		return object{"timestamp": rapid.SampledFrom(times).Draw(t, "time")}
	default:
		return property(rapid.SampledFrom([]string{"day", "until", "at"}).Draw(t, "property"))
	}
}

func drawTemporal(t *rapid.T) any {
	if rapid.Bool().Draw(t, "instant") {
		return drawInstant(t)
	}
	end := func() any {
		switch rapid.IntRange(0, 3).Draw(t, "end") {
		case 0:
			return ".."
		case 1:
			return rapid.SampledFrom(slices.Concat(days, times)).Draw(t, "moment")
		default:
			return property(rapid.SampledFrom([]string{"day", "until", "at"}).Draw(t, "property"))
		}
	}
	return object{"interval": []any{end(), end()}}
}

func drawGeometry(t *rapid.T) any {
	at := func() []any {
		pair := make([]any, 2)
		for i := range pair {
			pair[i] = json.Number(data.NumberValue(float64(rapid.Int32Range(0, side).Draw(t, "coordinate")) / geo.Unit).String())
		}
		return pair
	}
	switch rapid.IntRange(0, 5).Draw(t, "geometry") {
	case 0:
		return object{"type": "Point", "coordinates": at()}
	case 1:
		a, b := at(), at()
		if fmt.Sprint(a) == fmt.Sprint(b) {
			return object{"type": "Point", "coordinates": a}
		}
		return object{"type": "LineString", "coordinates": []any{a, b}}
	case 2:
		a, b := at(), at()
		c, d := []any{b[0], a[1]}, []any{a[0], b[1]}
		if fmt.Sprint(a[0]) == fmt.Sprint(b[0]) || fmt.Sprint(a[1]) == fmt.Sprint(b[1]) {
			return object{"type": "Point", "coordinates": a}
		}
		return object{"type": "Polygon", "coordinates": []any{[]any{a, c, b, d, a}}}
	default:
		return property("geometry")
	}
}

// TestAgainstOracle compares what Keep, Match and Candidates find with the oracle, on random layers and conditions in
// JSON, and sees that both encodings come back.
func TestAgainstOracle(t *testing.T) {
	all := layers(t, 12)
	refused, tried, passed, unknown := 0, 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		l := all[rapid.IntRange(0, len(all)-1).Draw(rt, "layer")]
		condition := drawCondition(rt, 3, l.Def().Geometry != data.GeometryNone)
		source, err := json.Marshal(condition)
		if err != nil {
			rt.Fatal(err)
		}
		tried++
		e, err := cql.ParseJSON(source, nil)
		var bound *filter.Bound
		if err == nil {
			bound, err = filter.Bind(e, l.Def(), nil)
		}
		if err != nil {
			if strings.Contains(err.Error(), "ends before it starts") {
				refused++
				return
			}
			rt.Fatalf("%s: %v", source, err)
		}
		var slots, want []index.Slot
		for s := range l.Slots() {
			slots = append(slots, s)
			f := l.Feature(s)
			o := oracle{t: t, def: l.Def(), feature: &f}
			switch o.eval(condition) {
			case true:
				want = append(want, s)
			case nil:
				unknown++
			}
		}
		passed += len(want)
		var found []index.Slot
		if candidates, ok := bound.Candidates(l); ok {
			found = bound.Keep(l, slices.Collect(candidates))
			slices.Sort(found)
			if !slices.Equal(found, want) {
				rt.Fatalf("%s (%s): the candidates have %d, want %d", source, e, len(found), len(want))
			}
		}
		if len(slots) > 0 {
			one := slots[len(slots)/2]
			if bound.Match(l, one) != slices.Contains(want, one) {
				rt.Fatalf("%s (%s): feature %+v matches is %v", source, e, l.Feature(one), bound.Match(l, one))
			}
		}
		if found = bound.Keep(l, slots); !slices.Equal(found, want) {
			for _, s := range append(found, want...) {
				if slices.Contains(found, s) != slices.Contains(want, s) {
					rt.Fatalf("%s (%s): %d found, want %d; such as %+v", source, e, len(found), len(want), l.Feature(s))
				}
			}
			rt.Fatalf("%s: order", source)
		}
	})
	t.Logf("%d filters, %d refused; %d features passed, %d were unknown", tried, refused, passed, unknown)
}
