package cases_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
)

// plainly is the encoding of an event by reflection alone.
func plainly(t interface{ Fatal(...any) }, e *cases.Event) string {
	version := 1
	if !e.Form.Reported.IsZero() {
		version = 2
	}
	if e.Picture != "" {
		version = 3
	}
	b, err := json.Marshal(struct {
		V int `json:"v"`
		*cases.Event
	}{version, e})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestTellsAsOthers compares the encoding of events that tell marks with that of all others.
func TestTellsAsOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.OneOf(rapid.SampledFrom([]string{"", "handle", "L-000123", "处置", "a<b>&\"\\\n\x7f\u2028", "\xff"}), rapid.String())
		instant := rapid.Custom(func(t *rapid.T) time.Time {
			at := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
			return at.In(rapid.SampledFrom([]*time.Location{time.UTC, time.FixedZone("", 8*3600), time.FixedZone("x", -12_600)}).Draw(t, "zone"))
		})
		mark := rapid.Custom(func(t *rapid.T) cases.Mark {
			return cases.Mark{
				Clock: word.Draw(t, "clock"), Key: word.Draw(t, "key"), Generation: rapid.IntRange(0, 3).Draw(t, "gen"), Kind: word.Draw(t, "kind"),
				Level: rapid.IntRange(0, 2).Draw(t, "level"), At: instant.Draw(t, "at"),
			}
		})
		e := &cases.Event{
			Case: word.Draw(t, "case"), Number: rapid.IntRange(-1, 1e9).Draw(t, "number"), At: instant.Draw(t, "at"), Action: cases.Tells, Key: word.Draw(t, "key"),
			Actor: cases.Actor{Person: word.Draw(t, "person"), Organisation: word.Draw(t, "organisation"), Post: word.Draw(t, "post")},
			From:  word.Draw(t, "from"), To: word.Draw(t, "to"), Final: rapid.Bool().Draw(t, "final"), Told: rapid.SliceOfN(mark, 1, 3).Draw(t, "told"),
		}
		for range rapid.IntRange(0, 2).Draw(t, "notify") {
			e.Notify = append(e.Notify, process.Notify(word.Draw(t, "whom")))
		}
		got, err := cases.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		if want := plainly(t, e); string(got) != want {
			t.Fatalf("%s\nwant %s", got, want)
		}
		before := []byte("before")
		if after, err := cases.AppendEvent(before, e); err != nil || string(after) != "before"+string(got) {
			t.Fatalf("%s, %v", after, err)
		}
		e.Told[0].Key = strings.Repeat("x", cases.MaxEventBytes)
		if after, err := cases.AppendEvent(before, e); err == nil || string(after) != "before" {
			t.Fatalf("too large: %d bytes, %v", len(after), err)
		}
	})
}

// TestTellsLoseNothing fills in every member of an event that tells marks, one at a time: none is left out.
func TestTellsLoseNothing(t *testing.T) {
	kind := reflect.TypeFor[cases.Event]()
	for i := range kind.NumField() {
		e := &cases.Event{Case: "A", Number: 2, Action: cases.Tells, To: "x", Told: []cases.Mark{{Clock: "c"}}}
		fill(reflect.ValueOf(e).Elem().Field(i))
		got, err := cases.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		if want := plainly(t, e); string(got) != want {
			t.Errorf("%s: %s\nwant %s", kind.Field(i).Name, got, want)
		}
	}
}

// fill puts something into a value and into all that it has.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("filled")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(7)
	case reflect.Uint64:
		v.SetUint(7)
	case reflect.Float64:
		v.SetFloat(7)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		one := reflect.New(v.Type().Elem()).Elem()
		fill(one)
		v.SetMapIndex(reflect.ValueOf("filled").Convert(v.Type().Key()), one)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1e9, 0).UTC()))
			return
		}
		for _, member := range v.Fields() {
			fill(member)
		}
	default:
		panic("a kind of member that no event has yet: " + v.Kind().String())
	}
}
