package book_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/sensor"
	"github.com/gewu-city/gewu/cases/sensor/book"
	"github.com/gewu-city/gewu/data"
)

var day = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

var errStopped = errors.New("the machine has stopped")

// desk is the cases of a city. It stops the machine when told to: before a case is in the log, or after it is and before anybody
// knows.
type desk struct {
	begun, told   map[string]int
	before, after func() bool
	refuse        error
}

func newDesk() *desk {
	never := func() bool { return false }
	return &desk{begun: map[string]int{}, told: map[string]int{}, before: never, after: never}
}

func (d *desk) do(of map[string]int, id string) error {
	switch {
	case d.refuse != nil:
		return d.refuse
	case d.before():
		return errStopped
	case of[id] == 0:
		of[id]++
	}
	if d.after() {
		return errStopped
	}
	return nil
}

func (d *desk) Begin(_ context.Context, m *book.Matter) error { return d.do(d.begun, m.Case) }
func (d *desk) End(_ context.Context, m *book.Matter) error   { return d.do(d.told, m.Key) }

const rulesText = `
[limits]
history = 4
behind = "48h"
[rules.level]
title = { zh = "水位", en = "Level" }
reading = "water_level"
unit = "m"
layers = ["parts"]
above = 5
clear = 3
count = 2
for = "2m"
gap = "5m"
text = { zh = "高", en = "high" }
[rules.flood]
title = { zh = "漫溢", en = "Flood" }
reading = "water_level"
unit = "m"
above = 8
text = { zh = "漫溢", en = "flood" }
`

func parse(t interface{ Fatal(...any) }) *sensor.Rules {
	rules, err := sensor.Parse(sensor.Layer{File: "sensors.toml", Text: rulesText})
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func measured(part string, at time.Time, v float64) book.Measured {
	return book.Measured{Part: cases.Part{Layer: "parts", ID: part}, Name: "water_level", Unit: "m", Reading: sensor.Reading{At: at, Value: v}}
}

// TestNothingTwiceNothingLost sends batches that are sent again until they are acknowledged, while the machine stops at any
// place. At the end the cases are those that the rules find in the readings one after the other, each once, and each was told
// once that it is over.
func TestNothingTwiceNothingLost(t *testing.T) {
	rules, temp := parse(t), t.TempDir
	rapid.Check(t, func(t *rapid.T) {
		dir := temp()
		d := newDesk()
		d.before = func() bool { return rapid.IntRange(0, 5).Draw(t, "stops before") == 0 }
		d.after = func() bool { return rapid.IntRange(0, 5).Draw(t, "stops after") == 0 }
		open := func() *book.Book {
			b, err := book.Open(filepath.Join(dir, "sensors.db"), rules, d, func() time.Time { return day.Add(24 * time.Hour) })
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		b := open()
		at := day
		var all []book.Measured
		acked := map[string]int{}
		for range rapid.IntRange(1, 8).Draw(t, "batches") {
			var batch []book.Measured
			for range rapid.IntRange(1, 8).Draw(t, "readings") {
				at = at.Add(time.Duration(rapid.IntRange(1, 6).Draw(t, "later")) * time.Minute)
				batch = append(batch, measured(rapid.SampledFrom([]string{"A", "B"}).Draw(t, "part"), at, float64(rapid.IntRange(1, 9).Draw(t, "value"))))
			}
			all = append(all, batch...)
			for {
				out, err := b.Take(context.Background(), batch)
				if err == nil {
					for _, o := range out {
						_, late := errors.AsType[*sensor.LateError](o.Err)
						if o.Err != nil && !late {
							t.Fatal(o.Err)
						}
						for _, m := range o.Raised {
							if acked[m.Case]++; acked[m.Case] > 1 || d.begun[m.Case] != 1 {
								t.Fatalf("case %s is acknowledged %d times, it began %d times", m.Case, acked[m.Case], d.begun[m.Case])
							}
						}
					}
					break
				}
				if !errors.Is(err, errStopped) {
					t.Fatal(err)
				}
				if rapid.Bool().Draw(t, "starts anew") {
					if err := b.Close(); err != nil {
						t.Fatal(err)
					}
					b = open()
				}
			}
		}
		defer b.Close()
		number, ended := map[string]int{}, 0
		states := map[string]sensor.State{}
		for _, m := range all {
			for i := range rules.Rules {
				r := &rules.Rules[i]
				key := m.Part.ID + " " + r.ID
				s, effect := r.Step(states[key], m.Reading)
				switch effect {
				case sensor.Raises:
					s = s.Raise(m.Reading, key)
					number[key]++
				case sensor.Ends:
					ended++
				case sensor.Nothing, sensor.Goes:
				}
				states[key] = s
			}
		}
		want := 0
		for _, n := range number {
			want += n
		}
		if len(d.begun) != want || len(d.told) != ended {
			t.Fatalf("%d cases began and %d were told that they are over, want %d and %d", len(d.begun), len(d.told), want, ended)
		}
		list, _ := b.List("", 10, func(*book.Sensor) bool { return true })
		for _, s := range list {
			if len(s.Readings) > rules.History {
				t.Fatalf("%d readings are kept", len(s.Readings))
			}
			for id, is := range s.States {
				if have := states[s.Part+" "+id]; is.Raised != have.Raised || is.Number != have.Number || is.Row != have.Row {
					t.Fatalf("%s %s: %+v, want %+v", s.Part, id, is, have)
				}
			}
		}
	})
}

// TestFaults sees that what is wrong with one reading costs that one alone, and that a case that is refused is tried again.
func TestFaults(t *testing.T) {
	d := newDesk()
	b, err := book.Open(filepath.Join(t.TempDir(), "sensors.db"), parse(t), d, func() time.Time { return day })
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	change := func(change func(*book.Measured)) book.Measured {
		m := measured("A", day.Add(-time.Hour), 1)
		change(&m)
		return m
	}
	out, err := b.Take(t.Context(), []book.Measured{
		change(func(m *book.Measured) { m.Name = "smoke" }),
		change(func(m *book.Measured) { m.Unit = "cm" }),
		change(func(m *book.Measured) { m.At = day.Add(time.Hour) }),
		measured("A", day.Add(-time.Hour), 1),
		measured("A", day.Add(-time.Hour), 1),
		measured("A", day.Add(-2*time.Hour), 1),
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"name", "unit", "time", "", "again", "late"} {
		field, _ := errors.AsType[*data.FieldError](out[i].Err)
		_, late := errors.AsType[*sensor.LateError](out[i].Err)
		got := ""
		switch {
		case field != nil:
			got = field.Field
		case late:
			got = "late"
		case out[i].Again:
			got = "again"
		}
		if got != want {
			t.Errorf("reading %d: %q, %v, want %q", i, got, out[i].Err, want)
		}
	}
	flood := []book.Measured{measured("A", day.Add(-time.Minute), 9), measured("B", day.Add(-time.Minute), 1)}
	d.refuse = &data.FieldError{Field: "rule", Why: "there is nobody"}
	if out, err = b.Take(t.Context(), flood); err != nil || out[0].Err == nil || out[1].Err != nil || len(d.begun) != 0 {
		t.Fatalf("%+v %v", out, err)
	}
	d.refuse = nil
	if out, err = b.Take(t.Context(), flood); err != nil || out[0].Err != nil || len(out[0].Raised) != 1 || !out[1].Again || len(d.begun) != 1 {
		t.Fatalf("%+v %v", out, err)
	}
	if out, err = b.Take(t.Context(), flood); err != nil || !out[0].Again || len(d.begun) != 1 {
		t.Fatalf("%+v %v", out, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Take(ctx, flood); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody waits: %v", err)
	}
}

// TestAnotherFile makes other ids: what a lost file has raised is never taken for what is raised now.
func TestAnotherFile(t *testing.T) {
	d := newDesk()
	for range 2 {
		b, err := book.Open(filepath.Join(t.TempDir(), "sensors.db"), parse(t), d, func() time.Time { return day })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Take(t.Context(), []book.Measured{measured("A", day, 9)}); err != nil {
			t.Fatal(err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if ids := slices.Collect(maps.Keys(d.begun)); len(ids) != 2 {
		t.Errorf("cases %v", ids)
	}
	bad := filepath.Join(t.TempDir(), "sensors.db")
	if err := os.WriteFile(bad, []byte(strings.Repeat("no file of sensors ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := book.Open(bad, parse(t), d, time.Now); err == nil {
		t.Error("a file of something else is opened")
	}
}

// TestPages lists sensors in their order, by pages.
func TestPages(t *testing.T) {
	b, err := book.Open(filepath.Join(t.TempDir(), "sensors.db"), parse(t), newDesk(), func() time.Time { return day })
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var all []book.Measured
	for i := range 25 {
		all = append(all, measured(fmt.Sprintf("P%02d", 24-i), day, 1))
	}
	if _, err := b.Take(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	var got []string
	for after, first := "", true; first || after != ""; first = false {
		var list []*book.Sensor
		list, after = b.List(after, 4, func(s *book.Sensor) bool { return s.Part != "P07" })
		for _, s := range list {
			got = append(got, s.Part)
		}
	}
	if len(got) != 24 || !slices.IsSorted(got) || slices.Contains(got, "P07") {
		t.Errorf("%v", got)
	}
}
