package answer_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/answer"
)

// anything fills a value of any type of this package's concern at random.
func anything(t *rapid.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(rapid.OneOf(rapid.Just(""), rapid.Just("信義路"), rapid.String()).Draw(t, "text"))
	case reflect.Float64:
		v.SetFloat(rapid.OneOf(
			rapid.Map(rapid.IntRange(-1_800_000_000, 1_800_000_000), func(n int) float64 { return float64(n) / 1e7 }),
			rapid.Map(rapid.IntRange(0, 100_000), func(n int) float64 { return float64(n) / 100 }),
			rapid.Float64Range(-1e9, 1e9),
		).Draw(t, "number"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Slice:
		n := rapid.IntRange(0, 3).Draw(t, "length")
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			anything(t, v.Index(i))
		}
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "nil") {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		anything(t, v.Elem())
	case reflect.Struct:
		for _, member := range v.Fields() {
			anything(t, member)
		}
	default:
		t.Fatalf("a member of kind %v", v.Kind())
	}
}

func same(t *rapid.T, text []byte, want any) {
	var got, plain any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	other, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(other, &plain); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, plain) {
		t.Fatalf("%s\nwant\n%s", text, other)
	}
}

// TestEqualsEncodingJSON compares what is written by hand with what encoding/json makes of the same values, so a member
// that is added there cannot be forgotten here.
func TestEqualsEncodingJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var loc grid.Location
		anything(t, reflect.ValueOf(&loc).Elem())
		shares := func(m *grid.Measures) { m.Share = math.Round(m.Share*1e6) / 1e6 }
		for i := range loc.Areas {
			shares(&loc.Areas[i].Measures)
		}
		for i := range loc.Cells {
			shares(&loc.Cells[i].Measures)
			for j := range loc.Cells[i].Areas {
				shares(&loc.Cells[i].Areas[j].Measures)
			}
		}
		all := answer.Areas | answer.Cells | answer.Address | answer.Parts | answer.Within
		text := answer.AppendMembers(nil, &loc, all)
		text[0] = '{'
		same(t, append(text, '}'), loc)

		var route grid.Route
		anything(t, reflect.ValueOf(&route).Elem())
		text = answer.AppendRoute(nil, &route, answer.Areas|answer.Cells)
		text[0] = '{'
		same(t, append(text, '}'), route)

		var duties struct {
			Duties []people.Duty `json:"duties"`
		}
		anything(t, reflect.ValueOf(&duties).Elem())
		if duties.Duties == nil {
			duties.Duties = []people.Duty{}
		}
		text = answer.AppendDuties(nil, duties.Duties)
		text[0] = '{'
		same(t, append(text, '}'), duties)
	})
}

// TestMembers writes only what is asked for.
func TestMembers(t *testing.T) {
	loc := grid.Location{}
	for which, want := range map[answer.Members]string{
		0: "", answer.Areas: `,"areas":[]`, answer.Cells | answer.Address: `,"cells":[],"address":null`,
		answer.Parts | answer.Within: `,"parts":[]`,
	} {
		if got := string(answer.AppendMembers(nil, &loc, which)); got != want {
			t.Errorf("%b: %s, want %s", which, got, want)
		}
	}
}

// TestNumber reads what is written.
func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 1: "1", -1: "-1", 0.5: "0.5", 0.01: "0.01", -0.01: "-0.01", 121.5654: "121.5654", 1e-7: "0.0000001", -180: "-180", 100: "100", 1234.5: "1234.5"} {
		if got := string(answer.Number(nil, v)); got != want {
			t.Errorf("%v is written %s", v, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64Range(-1e17, 1e17).Draw(t, "v")
		if rapid.Bool().Draw(t, "rounded") {
			v = math.Round(v*100) / 100
		}
		if got, err := strconv.ParseFloat(string(answer.Number(nil, v)), 64); err != nil || got != v {
			t.Fatalf("%v is written %s", v, answer.Number(nil, v))
		}
	})
}
