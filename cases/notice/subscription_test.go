package notice_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases/notice"
	"github.com/gewu-city/gewu/geo"
)

var begin = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func point(x, y int) geo.Point {
	return geo.Point{X: int32(1164000000 + x*1000), Y: int32(399000000 + y*1000)}
}

func square(t interface{ Fatal(...any) }, x, y, size int) *geo.Shape {
	a, b, c, d := point(x, y), point(x+size, y), point(x+size, y+size), point(x, y+size)
	s, err := geo.NewShape(geo.KindPolygon, []geo.Point{a, b, c, d, a}, []uint32{5}, []uint32{1})
	if err != nil {
		t.Fatal(err)
	}
	return &s
}

func drawSubscription(t *rapid.T, id string) notice.Subscription {
	s := notice.Subscription{ID: id, Owner: "o", Channel: notice.Channel{Kind: "mail", Address: id}}
	bit := func(name string) bool { return rapid.IntRange(0, 2).Draw(t, name) == 0 }
	if bit("case") {
		s.Case = fmt.Sprint("C", rapid.IntRange(0, 3).Draw(t, "number"))
	}
	if bit("areas") {
		s.Areas = rapid.SliceOfNDistinct(rapid.SampledFrom(areas), 1, 3, rapid.ID[string]).Draw(t, "areas")
	}
	if bit("classes") {
		s.Classes = rapid.SliceOfN(rapid.SampledFrom([]string{"E part", "E part 01", "E part 0101", "E event", "E ev", "E ev 1", "F part"}), 1, 2).Draw(t, "classes")
	}
	if bit("polygon") {
		s.Area = square(t, rapid.IntRange(0, 20).Draw(t, "x"), rapid.IntRange(0, 20).Draw(t, "y"), rapid.IntRange(1, 10).Draw(t, "size"))
	}
	if bit("circle") {
		s.Circle = &notice.Circle{Centre: point(rapid.IntRange(0, 20).Draw(t, "x"), rapid.IntRange(0, 20).Draw(t, "y")), Metres: rapid.Float64Range(1, 200).Draw(t, "metres")}
	}
	if bit("events") {
		s.Events = []string{rapid.SampledFrom([]string{"close", "overdue"}).Draw(t, "event")}
	}
	s.Public = bit("public")
	if bit("until") {
		s.Until = begin.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "until")) * time.Second)
	}
	return s
}

var areas = []string{"street 1", "street 2", "unit 11", "unit 12", "unit 21"}

func drawSubject(t *rapid.T) *notice.Subject {
	what := &notice.Subject{
		Case: fmt.Sprint("C", rapid.IntRange(0, 3).Draw(t, "number")), Class: rapid.SampledFrom([]string{"E part 0101", "E part 0201", "E event 0101", "F part 0101", ""}).Draw(t, "class"),
		Areas: rapid.SliceOfNDistinct(rapid.SampledFrom(areas), 0, 4, rapid.ID[string]).Draw(t, "areas"),
		Event: rapid.SampledFrom([]string{"close", "overdue", "take"}).Draw(t, "event"), Public: rapid.Bool().Draw(t, "public"), At: begin,
	}
	if rapid.IntRange(0, 4).Draw(t, "placed") > 0 {
		p := point(rapid.IntRange(0, 30).Draw(t, "x"), rapid.IntRange(0, 30).Draw(t, "y"))
		what.Point = &p
	}
	return what
}

// meets is what a subscription promises, said once more in the order of its members.
func meets(s *notice.Subscription, what *notice.Subject) bool {
	if s.Public && !what.Public || !s.Until.IsZero() && what.At.Sub(s.Until) >= 0 {
		return false
	}
	if s.Case != "" && s.Case != what.Case {
		return false
	}
	ok := len(s.Areas) == 0
	for _, a := range s.Areas {
		for _, b := range what.Areas {
			ok = ok || a == b
		}
	}
	if !ok {
		return false
	}
	ok = len(s.Classes) == 0
	for _, c := range s.Classes {
		want, got := strings.Fields(c), strings.Fields(what.Class)
		if len(got) != 3 || want[0] != got[0] || want[1] != got[1] {
			continue
		}
		ok = ok || len(want) == 2 || strings.HasPrefix(got[2], want[2])
	}
	if !ok {
		return false
	}
	if s.Area != nil && (what.Point == nil || !s.Area.Contains(*what.Point)) {
		return false
	}
	if s.Circle != nil && (what.Point == nil || geo.Distance(*what.Point, s.Circle.Centre) > s.Circle.Metres) {
		return false
	}
	return len(s.Events) == 0 || s.Events[0] == what.Event
}

func TestTheBookFindsWhatAScanFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := notice.NewBook()
		all := map[string]notice.Subscription{}
		for range rapid.IntRange(1, 30).Draw(t, "changes") {
			id := fmt.Sprint("S", rapid.IntRange(0, 12).Draw(t, "id"))
			if rapid.IntRange(0, 4).Draw(t, "drop") == 0 {
				b.Drop(id)
				delete(all, id)
				continue
			}
			s := drawSubscription(t, id)
			if err := b.Put(s); err != nil {
				if !strings.Contains(err.Error(), "names nothing") {
					t.Fatal(err)
				}
				continue
			}
			all[id] = s
		}
		for range 5 {
			what := drawSubject(t)
			var got, want []string
			for _, s := range b.Find(what) {
				got = append(got, s.ID)
			}
			for id, s := range all {
				if meets(&s, what) {
					want = append(want, id)
				}
			}
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Fatalf("%+v: %v, want %v", what, got, want)
			}
		}
		if b.Len() != len(all) {
			t.Fatalf("%d subscriptions, want %d", b.Len(), len(all))
		}
	})
}

func TestFaultsOfSubscriptions(t *testing.T) {
	good := func() notice.Subscription {
		return notice.Subscription{ID: "S", Owner: "o", Channel: notice.Channel{Kind: "mail", Address: "a"}, Case: "C"}
	}
	line, err := geo.NewShape(geo.KindLine, []geo.Point{point(0, 0), point(1, 1)}, []uint32{2}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*notice.Subscription){
		"id: must be a text without /":                  func(s *notice.Subscription) { s.ID = "a/b" },
		"owner: is missing":                             func(s *notice.Subscription) { s.Owner = "" },
		"channel: must have a kind and an address":      func(s *notice.Subscription) { s.Channel.Address = "" },
		"subscription: names nothing":                   func(s *notice.Subscription) { s.Case = "" },
		"subscription: names more than 200":             func(s *notice.Subscription) { s.Areas = make([]string, 201) },
		"area: must be a polygon (value":                func(s *notice.Subscription) { s.Area = &line },
		"circle.metres: must be more than 0":            func(s *notice.Subscription) { s.Circle = &notice.Circle{Metres: math.NaN()} },
		"classes: must be edition, kind and the":        func(s *notice.Subscription) { s.Classes = []string{"0101"} },
		"areas: must be a level or scheme and a code, ": func(s *notice.Subscription) { s.Areas = []string{"110101001"} },
		"lang: must be zh or en (value \"fr\"":          func(s *notice.Subscription) { s.Lang = "fr" },
	} {
		s := good()
		change(&s)
		if err := notice.NewBook().Put(s); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	s := good()
	if err := notice.NewBook().Put(s); err != nil {
		t.Error(err)
	}
}

// 100,000 subscriptions, of places mostly, and an event that a few of them meet.
func BenchmarkFind(b *testing.B) {
	book := notice.NewBook()
	for i := range 100_000 {
		s := notice.Subscription{ID: fmt.Sprint(i), Owner: "o", Channel: notice.Channel{Kind: "mail", Address: fmt.Sprint(i)}}
		switch i % 4 {
		case 0:
			s.Case = fmt.Sprint("C", i)
		case 1:
			s.Areas = []string{fmt.Sprint("unit ", i%5000)}
		default:
			s.Circle = &notice.Circle{Centre: point(i%3000, i*7919%3000), Metres: 300}
		}
		if err := book.Put(s); err != nil {
			b.Fatal(err)
		}
	}
	at := point(1500, 1500)
	what := &notice.Subject{Case: "C400", Areas: []string{"unit 17", "street 1"}, Point: &at, Event: "close", At: begin}
	found := 0
	for b.Loop() {
		found = len(book.Find(what))
	}
	b.ReportMetric(float64(found), "found")
}
