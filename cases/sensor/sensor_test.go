package sensor_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases/rows"
	"github.com/gewu-city/gewu/cases/sensor"
	"github.com/gewu-city/gewu/data"
)

var day = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// finding is what an oracle finds at one reading.
type finding struct {
	effect sensor.Effect
	number int
}

// find says what the rule says, again: it looks at all readings from the beginning for each of them. A matter begins at a
// reading when none is open, when all readings back to some one are too much, no two of them too far apart, are enough, last
// long enough, and are later than the end of the last matter; and when the last matter began long enough ago. It is over at the
// first reading that is not on the side of the threshold that clears.
func find(r *sensor.Rule, all []sensor.Reading) []finding {
	sign := 1.0
	if r.Side == sensor.Below {
		sign = -1
	}
	var out []finding
	raised, number, ended := false, 0, -1
	var began time.Time
	for i, m := range all {
		f := finding{sensor.Nothing, number}
		if raised {
			f.effect = sensor.Goes
			if sign*m.Value < sign*r.Clear {
				f.effect, raised, ended = sensor.Ends, false, i
			}
			out = append(out, f)
			continue
		}
		enough := false
		for j := i; j > ended && sign*all[j].Value >= sign*r.Raise && (j == i || r.Gap == 0 || all[j+1].At.Sub(all[j].At) <= r.Gap); j-- {
			enough = enough || i-j+1 >= r.Count && m.At.Sub(all[j].At) >= r.For
		}
		if enough && (number == 0 || m.At.Sub(began) >= r.Pause) {
			number++
			raised, began, f = true, m.At, finding{sensor.Raises, number}
		}
		out = append(out, f)
	}
	return out
}

// TestAgainstAScan steps through readings that tremble about the thresholds.
func TestAgainstAScan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := func(name string, most int) time.Duration {
			return time.Duration(rapid.IntRange(0, most).Draw(t, name)) * time.Minute
		}
		r := &sensor.Rule{ID: "r", Side: sensor.Above, Raise: 5, Count: rapid.IntRange(1, 4).Draw(t, "count"), For: span("for", 6), Gap: span("gap", 4), Pause: span("pause", 20)}
		r.Clear = r.Raise - float64(rapid.IntRange(0, 3).Draw(t, "hysteresis"))
		if rapid.Bool().Draw(t, "below") {
			r.Side, r.Clear = sensor.Below, r.Raise+(r.Raise-r.Clear)
		}
		var all []sensor.Reading
		at := day
		for range rapid.IntRange(0, 40).Draw(t, "readings") {
			at = at.Add(time.Minute + span("later", 5))
			all = append(all, sensor.Reading{At: at, Value: float64(rapid.IntRange(1, 9).Draw(t, "value"))})
		}
		want := find(r, all)
		var s sensor.State
		for i, m := range all {
			var effect sensor.Effect
			number := s.Number
			if s, effect = r.Step(s, m); effect == sensor.Raises {
				// What cannot begin is tried again, and is the same one.
				if again, e := r.Step(s, sensor.Reading{At: m.At, Value: m.Value}); e != sensor.Raises || again.Number != number {
					t.Fatalf("reading %d: again it is %s, %+v", i, e, again)
				}
				s = s.Raise(m, fmt.Sprint("case", number+1))
				number++
			}
			if effect != want[i].effect || number != want[i].number {
				t.Fatalf("reading %d of %v: %q, matter %d; want %q, matter %d", i, all, effect, number, want[i].effect, want[i].number)
			}
			if s.Raised && s.Case != fmt.Sprint("case", s.Number) {
				t.Fatalf("%+v", s)
			}
		}
	})
}

const good = `
[rules.level]
title = { zh = "水位", en = "Level" }
reading = "water_level"
unit = "m"
layers = ["parts"]
above = 2.0
clear = 1.5
count = 3
for = "10m"
gap = "15m"
class = { kind = "event", code = "0506" }
text = { zh = "{{.Part}} {{.Value}}", en = "{{.Part}} {{.Value}}" }
`

// TestParse reads rules and what lies over them.
func TestParse(t *testing.T) {
	rules, err := sensor.Parse(sensor.Layer{File: "base", Text: good}, sensor.Layer{File: "city", Text: `
[limits]
history = 3
ahead = "1m"
[rules.level]
title = { zh = "水位", en = "Level" }
reading = "water_level"
unit = "m"
below = 0.1
text = { zh = "低", en = "low" }
note = ""
`})
	if err != nil || len(rules.Rules) != 1 || rules.History != 3 || rules.Ahead != time.Minute || rules.Behind != 24*time.Hour {
		t.Fatalf("%+v %v", rules, err)
	}
	r := &rules.Rules[0]
	if r.Side != sensor.Below || r.Raise != 0.1 || r.Clear != 0.1 || r.Count != 1 || r.Note != "" || r.Action != "report" || len(r.Layers) != 0 {
		t.Errorf("%+v", r)
	}
	rules, err = sensor.Parse(sensor.Layer{File: "base", Text: good}, sensor.Layer{File: "city", Text: "[rules.level]\noff = true\n"})
	if err != nil || len(rules.Rules) != 0 {
		t.Errorf("what is off: %+v %v", rules, err)
	}
	if rules, err = sensor.Parse(); err != nil || len(rules.Rules) != 0 {
		t.Errorf("nothing: %+v %v", rules, err)
	}
	rules, err = sensor.Parse(sensor.Layer{File: "base", Text: good})
	if err != nil {
		t.Fatal(err)
	}
	words := func(lang string) *sensor.Words { return &sensor.Words{Part: lang, Value: "2.5 m"} }
	if got := rules.Rules[0].Text(false, words); got != "zh 2.5 m" {
		t.Errorf("%q", got)
	}
	english, err := sensor.Parse(sensor.Layer{File: "base", Text: good}, sensor.Layer{File: "city", Text: `language = "en"`})
	if err != nil || english.Rules[0].Text(false, words) != "en 2.5 m" {
		t.Errorf("%+v, %v", english, err)
	}
	if _, err := sensor.Parse(sensor.Layer{File: "city", Text: `language = "fr"`}); err == nil || !strings.Contains(err.Error(), "fr") || !strings.Contains(err.Error(), "must be zh or en") {
		t.Errorf("another language: %v", err)
	}
	for _, is := range []struct {
		name, layer, class string
		want               bool
	}{{"water_level", "parts", "", true}, {"water_level", "trees", "", false}, {"smoke", "parts", "", false}} {
		if rules.Rules[0].Of(is.name, is.layer, is.class) != is.want {
			t.Errorf("%+v", is)
		}
	}
}

// TestFaults sees that what is wrong is told with file, line, row and field, all at once.
func TestFaults(t *testing.T) {
	for _, sc := range []struct{ old, fresh, row, field, why string }{
		{"above = 2.0", "above = \"2\"", "", "rules.level.above", "incompatible types"},
		{"above = 2.0\n", "", "rules.level", "above", "must be the value"},
		{"above = 2.0", "above = 2.0\nbelow = 1.0", "rules.level", "below", "one of them"},
		{"above = 2.0", "above = nan", "rules.level", "above", "must be a number"},
		{"clear = 1.5", "clear = 2.5", "rules.level", "clear", "lies beyond"},
		{"count = 3", "count = 0", "rules.level", "count", "1 to 1000"},
		{"for = \"10m\"", "for = \"ten\"", "rules.level", "for", "must be a time"},
		{"gap = \"15m\"\n", "", "rules.level", "gap", "how far apart"},
		{"reading = \"water_level\"", "reading = \"Water level\"", "rules.level", "reading", "must be a name"},
		{"unit = \"m\"", "unit = \"\"", "rules.level", "unit", "must be the unit"},
		{"kind = \"event\"", "kind = \"thing\"", "rules.level", "class", "part or event"},
		{"zh = \"水位\", ", "", "rules.level", "title", "has no zh"},
		{"zh = \"{{.Part}} {{.Value}}\"", "zh = \"{{.Reporter}}\"", "rules.level", "text", "Reporter"},
		{"count = 3", "count = 3\nspeed = 1", "rules.level", "speed", "nobody knows"},
		{"layers = [\"parts\"]", "layers = [\"A b\"]", "rules.level", "layers", "names of layers"},
		{"[rules.level]", "[limits]\nhistory = 0\n[rules.level]", "limits", "history", "1 to 1000"},
		{"[rules.level]", "[rules.other]\noff = true\n[rules.level]", "rules.other", "off", "no such rule"},
	} {
		text := strings.Replace(good, sc.old, sc.fresh, 1)
		if text == good {
			t.Fatal(sc.old)
		}
		_, err := sensor.Parse(sensor.Layer{File: "x.toml", Text: text})
		f, ok := errors.AsType[*rows.Error](err)
		if !ok || f.File != "x.toml" || f.Line == 0 || f.Row != sc.row || f.Field != sc.field || !strings.Contains(f.Why, sc.why) {
			t.Errorf("%q: %v (%+v)", sc.fresh, err, f)
		}
	}
	two := good + strings.Replace(strings.Replace(good, "rules.level", "rules.other", 1), `unit = "m"`, `unit = "cm"`, 1)
	if _, err := sensor.Parse(sensor.Layer{File: "x.toml", Text: two}); err == nil || !strings.Contains(err.Error(), "differs from that of rule level") {
		t.Errorf("two units: %v", err)
	}
}

// TestCheck judges the times and values of readings.
func TestCheck(t *testing.T) {
	rules := &sensor.Rules{Ahead: 5 * time.Minute, Behind: time.Hour}
	newest := &sensor.Reading{At: day.Add(-10 * time.Minute), Value: 2}
	for _, sc := range []struct {
		name        string
		at          time.Time
		value       float64
		field       string
		again, late bool
	}{
		{"now", day, 1, "", false, false},
		{"just ahead", day.Add(5 * time.Minute), 1, "", false, false},
		{"ahead", day.Add(5*time.Minute + time.Second), 1, "time", false, false},
		{"old", day.Add(-time.Hour - time.Second), 1, "time", false, false},
		{"once more", newest.At, 2, "", true, false},
		{"another value", newest.At, 3, "time", false, false},
		{"late", newest.At.Add(-time.Second), 3, "", false, true},
		{"no number", day, math.NaN(), "value", false, false},
		{"no end", day, math.Inf(1), "value", false, false},
		{"no time", time.Time{}, 1, "time", false, false},
	} {
		again, err := rules.Check(sensor.Reading{At: sc.at, Value: sc.value}, day, newest)
		field, _ := errors.AsType[*data.FieldError](err)
		_, late := errors.AsType[*sensor.LateError](err)
		if again != sc.again || late != sc.late || (field != nil) != (sc.field != "") || field != nil && field.Field != sc.field {
			t.Errorf("%s: again %v, %v", sc.name, again, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add("[limits]\nahead = \"1m\"\n[rules.a]\noff = true\n")
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := sensor.Parse(sensor.Layer{File: "x", Text: text})
		if err != nil {
			return
		}
		for i := range rules.Rules {
			r := &rules.Rules[i]
			if r.Side == sensor.Above && r.Clear > r.Raise || r.Side == sensor.Below && r.Clear < r.Raise || r.Count < 1 {
				t.Errorf("%+v", r)
			}
			r.Text(true, func(string) *sensor.Words { return &sensor.Words{} })
		}
	})
}
