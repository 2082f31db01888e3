package open311

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
)

func TestMask(t *testing.T) {
	for text, want := range map[string]string{
		"call 13812345678 now":              "call *** now",
		"电话13812345678，急":                   "电话***，急",
		"138-1234-5678":                     "***",
		"座机 010-65281234 或 02165281234":     "座机 *** 或 ***",
		"jane.doe+x@mail.example.org is me": "*** is me",
		"+44 7700 900123":                   "***",
		"phone: (617) 555-1234":             "phone:***",
		"617-555-1234":                      "***",
		"11010519491231002X":                "***",
		"井盖 1101010102000007 坏了":            "井盖 1101010102000007 坏了",
		"东华门大街10号，12345 号路灯，2026-11-02 09:00":  "东华门大街10号，12345 号路灯，2026-11-02 09:00",
		"sign 4470, route 66, 39.904200,116.4": "sign 4470, route 66, 39.904200,116.4",
	} {
		if got := masked(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// TestBoxAround: a box around a place holds everything within the radius, and is not much larger.
func TestBoxAround(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string, low, high float64) float64 { return rapid.Float64Range(low, high).Draw(t, name) }
		centre, _ := geo.FromDegrees(draw("lon", -179, 179), draw("lat", -88, 88))
		radius := draw("radius", 1, 20_000)
		p, _ := geo.FromDegrees(max(-180, min(180, centre.Lon()+draw("dx", -1, 1))), max(-90, min(90, centre.Lat()+draw("dy", -0.3, 0.3))))
		if box := boxAround(centre, radius); geo.Distance(centre, p) <= radius && !box.Contains(p) {
			t.Fatalf("%v is %g m from %v and not in %v", p, geo.Distance(centre, p), centre, box)
		}
	})
	centre, _ := geo.FromDegrees(116.4, 39.9)
	box := boxAround(centre, 1000)
	if wide := geo.Distance(geo.Point{X: box.Min.X, Y: centre.Y}, geo.Point{X: box.Max.X, Y: centre.Y}); wide > 2010 {
		t.Errorf("%g m wide", wide)
	}
}

// TestWords: a state that a process calls otherwise than the one that comes along is told as what the public is told.
func TestWords(t *testing.T) {
	for _, c := range []struct {
		state, status string
		was           bool
		want          string
	}{
		{"handling", open, false, "IN_PROGRESS"},
		{"handling", open, true, "REOPEN"},
		{"closed", closed, false, "FIXED"},
		{"merged", closed, false, "DUPLICATE"},
		{"to-call", open, false, "OPEN"},
		{"archived", closed, false, "CLOSED"},
		{"handling", closed, false, "CLOSED"},
		{"closed", open, false, "OPEN"},
	} {
		u := update{state: c.state, status: c.status}
		if got := u.word(c.was); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestInstant(t *testing.T) {
	want := time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)
	for _, text := range []string{"2026-11-02T01:00:00Z", "2026-11-02T09:00:00+08:00", "2026-11-02T09:00:00 08:00", "2026-11-02T01:00:00", "2026-11-02T01:00", "2026-11-01T19:00:00-0600", "2026-11-02 01:00:00", " 2026-11-02T01:00:00.0Z "} {
		if got, err := instant(text); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "yesterday", "2026-13-01", "11-02-2026", "0000-01-01"} {
		if got, err := instant(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}
