package cql_test

import (
	"strings"
	"testing"

	"github.com/gewu-city/gewu/index/filter/cql"
)

// TestCanonical has filters and their canonical text. Both encodings of it mean the same filter again.
func TestCanonical(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"height>5", "height > 5"},
		{"5 < height", "height > 5"},
		{"b = 1 or a = 2", "a = 2 OR b = 1"},
		{"b = 1 AND (c=3 AND a = 2) AND b=1", "a = 2 AND b = 1 AND c = 3"},
		{"a = 1 OR b = 2 AND c = 3", "a = 1 OR (b = 2 AND c = 3)"},
		{"NOT NOT a = 1", "a = 1"},
		{"NOT a = 1", "a <> 1"},
		{"NOT a < 1.0", "a >= 1"},
		{"NOT (a = 1 OR b = 2)", "NOT (a = 1 OR b = 2)"},
		{"a IN (3, 1, 2, 1)", "a IN (1,2,3)"},
		{"a in ('x')", "a = 'x'"},
		{"a NOT IN ('x','y')", "NOT a IN ('x','y')"},
		{"name LIKE 'a%' AND TRUE", "name LIKE 'a%'"},
		{"name = 'it''s'", "name = 'it''s'"},
		{"a=1 OR TRUE", "TRUE"},
		{"a BETWEEN 1e2 AND +200.50", "a BETWEEN 100 AND 200.5"},
		{"a not between -1 and 2", "NOT a BETWEEN -1 AND 2"},
		{"a IS NULL", "a IS NULL"},
		{"a is not null", "NOT a IS NULL"},
		{`"and" = 1 AND "b c" = 2 AND "x" = 3`, `"and" = 1 AND "b c" = 2 AND x = 3`},
		{"名称 = '长安街'", "名称 = '长安街'"},
		{"CASEI(name) = casei('Foo')", "CASEI(name) = CASEI('Foo')"},
		{"active", "active"},
		{"NOT active AND a=1", "NOT active AND a = 1"},
		{"a + 2*3 > b - 1", "a + 6 > b - 1"},
		{"a > 2+3*4", "a > 14"},
		{"balance-150.0 > 0", "balance - 150 > 0"},
		{"-a < 3", "-1 * a < 3"},
		{"a ^ 2 ^ 3 = 1", "a ^ 8 = 1"},
		{"(a + 1) * 2 = 4", "(a + 1) * 2 = 4"},
		{"a div 2 = 1 AND a % 2 = 0", "a % 2 = 0 AND a DIV 2 = 1"},
		{"S_INTERSECTS(POINT(1 2),geometry)", "S_INTERSECTS(geometry,POINT(1 2))"},
		{"S_WITHIN(BBOX(1,2,3.0,4),geometry)", "S_CONTAINS(geometry,BBOX(1,2,3,4))"},
		{"S_INTERSECTS(geometry, POLYGON Z((0 0 1,0 1 1,1 1 1,0 0 1)))", "S_INTERSECTS(geometry,POLYGON((0 0,1 1,0 1,0 0)))"},
		{"T_AFTER(d, TIMESTAMP('2026-01-01T08:00:00+08:00'))", "T_AFTER(d,TIMESTAMP('2026-01-01T00:00:00Z'))"},
		{"T_DURING(d, INTERVAL('2026-01-01','..'))", "T_DURING(d,INTERVAL('2026-01-01','..'))"},
		{"T_BEFORE(DATE('2026-01-01'), d)", "T_AFTER(d,DATE('2026-01-01'))"},
		{"d >= DATE('2026-01-01')", "d >= DATE('2026-01-01')"},
		{"d >= DATE('2026-01-01T')", "d >= DATE('2026-01-01')"},
		{"T_INTERSECTS(INTERVAL(a, \"b\"), INTERVAL('2026-01-01T00:00:00Z', DATE('2026-02-01')))", "T_INTERSECTS(INTERVAL(a,b),INTERVAL('2026-01-01T00:00:00Z','2026-02-01'))"},
		{"point = 1 AND date = 2", "date = 2 AND point = 1"},
	} {
		e, err := cql.ParseText(c.in, nil)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if got := e.String(); got != c.want {
			t.Errorf("%s is %s, want %s", c.in, got, c.want)
		}
		roundTrip(t, e)
	}
}

// roundTrip fails unless both encodings of a filter mean that cql.
func roundTrip(t interface {
	Helper()
	Fatalf(string, ...any)
}, e *cql.Expr,
) {
	t.Helper()
	again, err := cql.ParseText(e.String(), nil)
	if err != nil {
		t.Fatalf("canonical text %s: %v", e, err)
	}
	if again.String() != e.String() {
		t.Fatalf("canonical text %s reads as %s", e, again)
	}
	fromJSON, err := cql.ParseJSON(e.JSON(), nil)
	if err != nil {
		t.Fatalf("JSON %s: %v", e.JSON(), err)
	}
	if fromJSON.String() != e.String() {
		t.Fatalf("JSON %s reads as %s, want %s", e.JSON(), fromJSON, e)
	}
}

// TestJSON has filters in JSON and their canonical text.
func TestJSON(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{"op":"=","args":[{"property":"a"},1]}`, "a = 1"},
		{`{"op":"and","args":[{"op":">=","args":[{"property":"a"},1.50]},{"property":"b"}]}`, "a >= 1.5 AND b"},
		{`{"op":"not","args":[{"op":"in","args":[{"property":"a"},["y","x"]]}]}`, "NOT a IN ('x','y')"},
		{`{"op":"isNull","args":[{"property":"a"}]}`, "a IS NULL"},
		{`{"op":"like","args":[{"op":"casei","args":[{"property":"a"}]},{"op":"casei","args":["x%"]}]}`, "CASEI(a) LIKE CASEI('x%')"},
		{`{"op":"between","args":[{"property":"a"},1,{"op":"+","args":[1,2]}]}`, "a BETWEEN 1 AND 3"},
		{`{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Point","coordinates":[1,2]}]}`, "S_INTERSECTS(geometry,POINT(1 2))"},
		{`{"op":"s_intersects","args":[{"property":"geometry"},{"bbox":[1,2,0,3,4,0]}]}`, "S_INTERSECTS(geometry,BBOX(1,2,3,4))"},
		{`{"op":"t_after","args":[{"property":"d"},{"timestamp":"2026-01-01T00:00:00Z"}]}`, "T_AFTER(d,TIMESTAMP('2026-01-01T00:00:00Z'))"},
		{`{"op":"t_during","args":[{"property":"d"},{"interval":["2026-01-01",".."]}]}`, "T_DURING(d,INTERVAL('2026-01-01','..'))"},
		{`{"op":"=","args":[{"property":"d"},{"date":"2026-01-01"}]}`, "d = DATE('2026-01-01')"},
		{`{"op":"t_intersects","args":[{"interval":[{"property":"a"},{"property":"b"}]},{"date":"2026-01-01"}]}`, "T_INTERSECTS(INTERVAL(a,b),DATE('2026-01-01'))"},
	} {
		e, err := cql.ParseJSON([]byte(c.in), nil)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if got := e.String(); got != c.want {
			t.Errorf("%s is %s, want %s", c.in, got, c.want)
		}
		roundTrip(t, e)
	}
}

// TestRefused has texts that are no filters, with a part of what is said about them.
func TestRefused(t *testing.T) {
	deep := strings.Repeat("(", 1000) + "a = 1" + strings.Repeat(")", 1000)
	for _, c := range []struct{ in, want string }{
		{"", "character 1: the filter is empty"},
		{"a", ""},
		{"a =", "character 4: a property, a value or ( is expected, not the end"},
		{"a == 1", "character 4: a property, a value"},
		{"a != 1", "not equal is <>"},
		{"a = 1 b = 2", "character 7: b is not expected here"},
		{"a = 'x", "character 5: the quote that opens here is never closed"},
		{"a = ‘x’", "straight single quotes"},
		{"a = 1 AND", "not the end"},
		{"(a = 1", ") is expected to close the parenthesis, not the end"},
		{"名称 = = 1", "character 6"},
		{"a LIKE 5", "LIKE takes a text here, not a number such as 5"},
		{"a LIKE b", "LIKE takes a text in quotes as its pattern"},
		{"a IN ()", "a property, a value or ( is expected"},
		{"a IN (1, DATE('2026-13-01'))", "'2026-13-01' is not a date such as"},
		{"a NOT 5", "LIKE, BETWEEN or IN is expected after NOT"},
		{"a BETWEEN 1 OR 2", "AND is expected between the bounds of BETWEEN, not OR"},
		{"1", "a filter is a condition"},
		{"'x'", "a filter is a condition"},
		{"a + 1", "a filter is a condition"},
		{"(a = 1) = TRUE", "not a condition"},
		{"and = 1", "stands in double quotes"},
		{"foo(a) = 1", "foo is no operation"},
		{"A_CONTAINS(a, b)", "compares arrays"},
		{"S_INTERSECTS(geometry, 5)", "S_INTERSECTS takes a geometry here, not a number"},
		{"S_INTERSECTS(geometry)", "S_INTERSECTS takes 2 operands and has 1"},
		{"S_INTERSECTS(geometry, POLYGON((0 0,1 1,0 1)))", "is not closed"},
		{"S_INTERSECTS(geometry, POLYGON((0 0,1 1,0 1,1 0,0 0)))", "the geometry is not possible"},
		{"S_INTERSECTS(geometry, POINT(200 0))", "not a longitude and latitude"},
		{"S_INTERSECTS(geometry, POINT(1 x))", "is not WKT"},
		{"S_INTERSECTS(geometry, GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1)))", "mixes"},
		{"S_INTERSECTS(geometry, BBOX(1,2,3))", "BBOX takes four numbers"},
		{"S_INTERSECTS(geometry, BBOX(1,3,3,2))", "south"},
		{"T_AFTER(d, 5)", "T_AFTER takes a date or time or an interval here"},
		{"T_AFTER(d, INTERVAL('2026','..'))", "'2026' is not a date"},
		{"d = TIMESTAMP('2026-01-01')", "is not a time such as"},
		{deep, "nested"},
		{strings.Repeat("NOT ", 1000) + "a=1", "nested"},
		{"a" + strings.Repeat("+a", 1000) + "=1", "nested"},
		{"a IN (1" + strings.Repeat(",1", 3000) + ")", "members"},
		{"a=1" + strings.Repeat(" OR a=1", 3000), "more than 2000"},
		{"a = '" + strings.Repeat("x", 70_000) + "'", "longer than"},
		{"a = 1e999", "not a finite number"},
		{"a = 1 AND \xff", "UTF-8"},
	} {
		e, err := cql.ParseText(c.in, nil)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.in, err)
		case c.want != "" && err == nil:
			t.Errorf("%.80s is %s, want an error", c.in, e)
		case c.want != "" && !strings.Contains(err.Error(), c.want):
			t.Errorf("%.80s: %v, want %s", c.in, err, c.want)
		}
	}
	for _, c := range []struct{ in, want string }{
		{`{`, "is not JSON"},
		{`null`, "null is no value"},
		{`[]`, "a list needs a member"},
		{`[1]`, "a filter is a condition"},
		{`{"op":"=","args":[{"property":"a"}]}`, "= takes 2 operands and has 1"},
		{`{"op":"=","args":[{"property":"a"},null]}`, "character 36: null is no value"},
		{`{"op":"nope","args":[]}`, "nope is no operation"},
		{`{"op":"interval","args":["..",".."]}`, "interval is no operation"},
		{`{"op":5,"args":[]}`, "op must be the name"},
		{`{"op":"and"}`, "args are missing"},
		{`{"property":5}`, "property must be"},
		{`{"x":5}`, "the object is no operation"},
		{`{"op":"and","args":5}`, "an array is expected"},
		{`{"op":"s_intersects","args":[{"property":"g"},{"type":"Pint","coordinates":[1,2]}]}`, "not a geometry type"},
		{`{"op":"s_intersects","args":[{"property":"g"},{"bbox":[1,2]}]}`, "BBOX takes four numbers"},
		{`{"op":"=","args":[{"property":"a"},{"date":5}]}`, "DATE takes one text"},
		{strings.Repeat(`{"op":"not","args":[`, 500) + `true` + strings.Repeat(`]}`, 500), "nested"},
	} {
		if e, err := cql.ParseJSON([]byte(c.in), nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.80s: %v %v, want %s", c.in, e, err, c.want)
		}
	}
}

func FuzzParseText(f *testing.F) {
	for _, s := range []string{
		"height > 5 AND NOT name LIKE 'a\\%_%'", "a IN (1,2.5,-3e4) OR b IS NOT NULL", "S_INTERSECTS(geometry,BBOX(1,2,3,4))",
		"T_DURING(d,INTERVAL('2026-01-01','..'))", "CASEI(ACCENTI(\"x y\")) = 'é'", "a+b*c/d%e div f^g-1 = -h",
		"S_WITHIN(geometry,POLYGON((0 0,1 0,1 1,0 0),(0.2 0.1,0.5 0.1,0.5 0.3,0.2 0.1)))", "NOT (active = FALSE) AND d = DATE('2026-01-01')",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if e, err := cql.ParseText(s, nil); err == nil {
			roundTrip(t, e)
		} else if _, ok := err.(*cql.Error); !ok { //nolint:errorlint // exactly this type is promised
			t.Fatalf("%T: %v", err, err)
		}
	})
}

func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{
		`{"op":"and","args":[{"op":"=","args":[{"property":"a"},1]},{"op":"not","args":[{"op":"isNull","args":[{"property":"b"}]}]}]}`,
		`{"op":"t_during","args":[{"property":"d"},{"interval":["2026-01-01",".."]}]}`,
		`{"op":"s_within","args":[{"property":"geometry"},{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}]}`,
		`{"op":"in","args":[{"op":"casei","args":[{"property":"a"}]},["x",{"op":"accenti","args":["y"]}]]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, s []byte) {
		if e, err := cql.ParseJSON(s, nil); err == nil {
			roundTrip(t, e)
		} else if _, ok := err.(*cql.Error); !ok { //nolint:errorlint // exactly this type is promised
			t.Fatalf("%T: %v", err, err)
		}
	})
}
