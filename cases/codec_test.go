package cases_test

import (
	"errors"
	"math"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data"
)

func exportAll(reflect.Type) bool { return true }

var block = regexp.MustCompile("(?s)```json event\n(.*?)```")

// TestFormat reads the examples of docs/formats/case-events.md: they are events of one case, and are written as they are
// read.
func TestFormat(t *testing.T) {
	text, err := os.ReadFile("../docs/formats/case-events.md")
	if err != nil {
		t.Fatal(err)
	}
	found := block.FindAllStringSubmatch(string(text), -1)
	if len(found) < 3 {
		t.Fatalf("%d examples", len(found))
	}
	c := cases.NewCase()
	for _, m := range found {
		example := strings.TrimSpace(m[1])
		e, err := cases.Decode([]byte(example))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Apply(e); err != nil {
			t.Fatal(err)
		}
		if b, err := cases.Encode(e); err != nil || string(b) != example {
			t.Errorf("%v\n%s", err, cmp.Diff(example, string(b)))
		}
	}
	at := time.Date(2026, 11, 2, 10, 47, 2, 0, time.UTC)
	mark := cases.Mark{Clock: "handle", Key: "warned", Generation: 1, Kind: "warned", At: at.Add(-2 * time.Second)}
	told := c.Tell(at, "again", []cases.Mark{mark})
	if err := c.Clone().Apply(told); err != nil || told.Number != 8 || c.Done("01KAX5/handle/warned/1") != 5 || c.Done("again") != 0 {
		t.Errorf("%+v, %v", told, err)
	}
	if city := c.Peers["city"]; city.Number != "SZ-2026-1107" || city.Theirs || !slices.Equal(city.Got, []int{2}) || city.Due.IsZero() || c.Moved != 7 {
		t.Errorf("what the case knows of the city: %+v, moved in %d", city, c.Moved)
	}
	numbered := c.Numbered(at, "n", "city", "SZ-8")
	if err := c.Apply(numbered); err != nil || c.Peers["city"].Number != "SZ-8" || c.Moved != 7 || c.Done("n") != 8 {
		t.Errorf("%+v, %v", c.Peers, err)
	}
	if c.State != "assigned" || c.Unit() != "water" || c.Filing.Seq != 4711 || c.Clocks["handle"] != "start" {
		t.Errorf("the case of the examples: %+v", c)
	}
}

func TestDecodeBadEvents(t *testing.T) {
	good := `{"v":1,"case":"A","number":1,"at":"2026-11-02T09:00:00Z","actor":{"post":"public"},"action":"report","process":{"name":"base","version":1},"to":"submitted"}`
	if _, err := cases.Decode([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"", "{}", "[]", good + "x", good[:len(good)-1], strings.Replace(good, `"v":1`, `"v":4`, 1), strings.Replace(good, `"number":1`, `"number":0`, 1),
		strings.Replace(good, `"to"`, `"too"`, 1), strings.Replace(good, `"action":"report",`, "", 1), strings.Replace(good, "2026", "year", 1),
	} {
		if _, err := cases.Decode([]byte(bad)); !errors.Is(err, data.ErrFormat) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestReported: an event that says when a matter was reported is of the second version of the encoding, all others of the
// first, which programs read that know no such member.
func TestReported(t *testing.T) {
	e := &cases.Event{Case: "A", Number: 1, At: day, Action: "report", To: "submitted", Process: &cases.ProcessRef{Name: "base", Version: 1}}
	b, err := cases.Encode(e)
	if err != nil || !strings.HasPrefix(string(b), `{"v":1,`) || strings.Contains(string(b), "reported") {
		t.Errorf("%s %v", b, err)
	}
	e.Form.Reported = day.Add(-26 * time.Hour)
	b, err = cases.Encode(e)
	if err != nil || !strings.HasPrefix(string(b), `{"v":2,`) {
		t.Fatalf("%s %v", b, err)
	}
	back, err := cases.Decode(b)
	if err != nil || !back.Form.Reported.Equal(e.Form.Reported) || !back.At.Equal(day) {
		t.Errorf("%+v %v", back, err)
	}
	for year, ok := range map[int]bool{26: false, 1899: false, 1900: true, 2026: true} {
		f := cases.Form{Reported: time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)}
		if err := f.Check(); (err == nil) != ok {
			t.Errorf("%d: %v", year, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"v":1,"case":"A","number":1,"at":"2026-11-02T09:00:00Z","actor":{"post":"public"},"action":"report","form":{"source":"public","point":{"lon":1,"lat":2}},"process":{"name":"base","version":1},"to":"submitted"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := cases.Decode(b)
		if err != nil {
			return
		}
		_ = cases.NewCase().Apply(e)
		again, err := cases.Encode(e)
		if err != nil {
			t.Skip(err) // larger than an event may be
		}
		back, err := cases.Decode(again)
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := cases.Encode(back); err != nil || string(twice) != string(again) {
			t.Errorf("%v\n%s", err, cmp.Diff(string(again), string(twice)))
		}
	})
}

// TestEventsThatDoNotFit sees that a case stays as it is when an event cannot follow.
func TestEventsThatDoNotFit(t *testing.T) {
	begin := func() *cases.Event {
		return &cases.Event{Case: "A", Number: 1, At: day, Action: "report", To: "submitted", Process: &cases.ProcessRef{Name: "base", Version: 1}}
	}
	c, err := cases.Fold(begin())
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]*cases.Event{
		"the same again":     begin(),
		"one is missing":     {Case: "A", Number: 3, From: "submitted", To: "accepted"},
		"of another case":    {Case: "B", Number: 2, From: "submitted", To: "accepted"},
		"from another state": {Case: "A", Number: 2, From: "accepted", To: "registered"},
	} {
		before := c.Clone()
		if err := c.Apply(e); err == nil {
			t.Errorf("%s is taken", name)
		}
		if diff := cmp.Diff(before, c, cmp.Exporter(exportAll)); diff != "" {
			t.Errorf("%s changes the case: %s", name, diff)
		}
	}
	if err := cases.NewCase().Apply(&cases.Event{Case: "A", Number: 1, To: "submitted"}); err == nil {
		t.Error("a case begins without a process")
	}
}

func TestFormsThatCannotBeKept(t *testing.T) {
	for field, f := range map[string]cases.Form{
		"description": {Description: strings.Repeat("长", cases.MaxDescription+1)},
		"note":        {Note: "\xff"},
		"reason":      {Reason: strings.Repeat("长", cases.MaxText+1)},
		"fields.x":    {Fields: map[string]string{"x": "\xff"}},
		"point":       {Point: &cases.Position{Lon: 181}},
		"before":      {Before: []cases.File{{Hash: "abc"}}},
		"after":       {After: make([]cases.File, cases.MaxFiles+1)},
		"voice":       {Voice: []cases.File{{Hash: strings.Repeat("G", 64)}}},
		"parts":       {Parts: []cases.Part{{Layer: "covers"}}},
		"class":       {Class: &cases.Class{}},
		"units":       {Units: make([]string, cases.MaxUnits+1)},
		"quantity":    {Quantity: []cases.Quantity{{Number: math.NaN(), Unit: "m"}}},
	} {
		err := f.Check()
		if wrong, ok := errors.AsType[*data.FieldError](err); !ok || wrong.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if err := (&cases.Form{Point: &cases.Position{Lat: math.NaN()}}).Check(); err == nil {
		t.Error("a place that is not a number is kept")
	}
}
