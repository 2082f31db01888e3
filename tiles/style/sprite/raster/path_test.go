package raster

import (
	"math"
	"strings"
	"testing"
)

func TestPath(t *testing.T) {
	for _, c := range []struct {
		d    string
		want []line
	}{
		{"M1 2L3 4", []line{{points: []point{{1, 2}, {3, 4}}}}},
		{"m1 2 2 2-1-1", []line{{points: []point{{1, 2}, {3, 4}, {2, 3}}}}},
		{"M1,2H5v.5.5h-1.5", []line{{points: []point{{1, 2}, {5, 2}, {5, 2.5}, {5, 3}, {3.5, 3}}}}},
		{"M0 0V2zM4 4l1 1", []line{{points: []point{{0, 0}, {0, 2}}, closed: true}, {points: []point{{4, 4}, {5, 5}}}}},
		{"M0 0V2zh3", []line{{points: []point{{0, 0}, {0, 2}}, closed: true}, {points: []point{{0, 0}, {3, 0}}}}},
		{"", nil},
	} {
		got, err := parsePath(c.d)
		if err != nil || len(got) != len(c.want) {
			t.Errorf("%s: %v %v", c.d, got, err)
			continue
		}
		for i := range got {
			same := got[i].closed == c.want[i].closed && len(got[i].points) == len(c.want[i].points)
			for j := 0; same && j < len(got[i].points); j++ {
				a, b := got[i].points[j], c.want[i].points[j]
				same = math.Hypot(a.x-b.x, a.y-b.y) < 1e-9
			}
			if !same {
				t.Errorf("%s: %+v, want %+v", c.d, got[i], c.want[i])
			}
		}
	}
	for _, d := range []string{"L", "M1", "M1 2X", "M1 2A1 1 0 2 0 3 3", "1 2", "M1 2C1 1", "M--1 2"} {
		if got, err := parsePath(d); err == nil {
			t.Errorf("%q is read as %+v", d, got)
		}
	}
}

// All points of an arc lie on its circle, on the side that the flags say; those of curves end where they must.
func TestCurves(t *testing.T) {
	for _, c := range []struct {
		d      string
		middle point
		high   bool // whether the arc passes above its chord
	}{
		{"M7 10a5 5 0 0 1 10 0", point{12, 10}, true},
		{"M7 10a5 5 0 0 0 10 0", point{12, 10}, false},
		{"M8 10a5 5 0 0 1 8 0", point{12, 13}, true},
		{"M8 10a5 5 0 1 0 8 0", point{12, 13}, false},
		{"M8 10a5 5 0 1 1 8 0", point{12, 7}, true},
	} {
		lines, err := parsePath(c.d)
		if err != nil {
			t.Fatal(err)
		}
		points := lines[0].points
		for _, p := range points {
			if r := math.Hypot(p.x-c.middle.x, p.y-c.middle.y); math.Abs(r-5) > 1e-9 {
				t.Errorf("%s: %v is %g from the middle", c.d, p, r)
			}
		}
		if mid := points[len(points)/2]; (mid.y < 10) != c.high {
			t.Errorf("%s passes through %v", c.d, mid)
		}
	}
	for d, end := range map[string]point{
		"M1 1q2 2 4 0t4 0": {9, 1}, "M1 1Q3 3 5 1T9 1": {9, 1}, "M1 1c1 2 3 2 4 0": {5, 1}, "M1 1A0 3 0 0 0 4 4": {4, 4}, "M1 1a1 1 0 0 1 9 0": {10, 1},
	} {
		lines, err := parsePath(d)
		if err != nil {
			t.Fatal(err)
		}
		points := lines[0].points
		if last := points[len(points)-1]; math.Hypot(last.x-end.x, last.y-end.y) > 1e-9 {
			t.Errorf("%s ends at %v, want %v", d, last, end)
		}
	}
}

const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">`

// A stroke is full within its width and gone beyond; a filled part is full inside, and its hole is empty.
func TestCover(t *testing.T) {
	stroked, err := parse(head + `<path d="M4 12h16"/></svg>`)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := parse(head + `<path d="M4 4h16v16H4zM8 8v8h8V8z" fill="currentColor" stroke="none"/></svg>`)
	if err != nil {
		t.Fatal(err)
	}
	dot, err := parse(head + `<circle cx="12" cy="12" r="3" fill="currentColor" stroke="none"/></svg>`)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		d    *drawing
		at   point
		want float64
	}{
		{stroked, point{12, 12}, 1},
		{stroked, point{12, 12.75}, 1},
		{stroked, point{12, 13}, 0.5},
		{stroked, point{12, 14}, 0},
		{stroked, point{3.25, 12}, 1},
		{stroked, point{3, 12}, 0.5},
		{stroked, point{2, 12}, 0},
		{ring, point{6, 12}, 1},
		{ring, point{12, 12}, 0},
		{ring, point{4, 12}, 0.5},
		{ring, point{2, 2}, 0},
		{dot, point{12, 12}, 1},
		{dot, point{12, 16}, 0},
	} {
		if got := c.d.cover(c.at, 0.5); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%v: %g, want %g", c.at, got, c.want)
		}
	}
}

// What cannot be drawn is refused rather than left out.
func TestRefused(t *testing.T) {
	for _, inner := range []string{
		`<rect x="1"/>`, `<path d="M1 1L2 2" transform="scale(2)"/>`, `<path d="M1 1L2 2" fill="red"/>`, `<circle cx="1" cy="1"/>`, `<path d="M1 1b"/>`, `<text>a</text>`,
	} {
		if _, err := parse(head + inner + "</svg>"); err == nil {
			t.Errorf("%s is drawn", inner)
		}
	}
	for _, text := range []string{"", "<svg/>", strings.Replace(head, "24 24", "32 32", 1) + "</svg>", head} {
		if _, err := parse(text); err == nil {
			t.Errorf("%s is drawn", text)
		}
	}
}

// Whatever is read, nothing panics, and what is drawn has finite places.
func FuzzParse(f *testing.F) {
	f.Add(`<path d="M7 10a5 5 0 0 1 10 0zm1 1t3-4"/><circle cx="1" cy="2" r="3" fill="currentColor" stroke="none"/>`)
	f.Add(`<path d="M1-.5.5A0 0 0 00 1 1"/>`)
	f.Fuzz(func(t *testing.T, inner string) {
		d, err := parse(head + inner + "</svg>")
		if err != nil {
			return
		}
		if c := d.cover(point{12, 12}, 1); !(c >= 0 && c <= 1) {
			t.Errorf("%s covers %g of its middle", inner, c)
		}
	})
}
