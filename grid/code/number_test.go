package code_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/code"
)

// at is a point some units east and north of a place in Beijing.
func at(east, north int32) geo.Point {
	return geo.Point{X: 1164000000 + east, Y: 399000000 + north}
}

func TestOrder(t *testing.T) {
	for name, test := range map[string]struct {
		points []geo.Point
		want   []int
	}{
		"none": {nil, []int{}},
		"one":  {[]geo.Point{at(0, 0)}, []int{0}},
		// South-east, north-east, south-west, north-west.
		"four":     {[]geo.Point{at(1000, 0), at(1000, 1000), at(0, 0), at(0, 1000)}, []int{3, 1, 2, 0}},
		"row":      {[]geo.Point{at(2000, 10), at(0, -100), at(1000, 150)}, []int{1, 2, 0}},
		"column":   {[]geo.Point{at(10, -2000), at(-10, 0), at(0, -1000)}, []int{1, 2, 0}},
		"same":     {[]geo.Point{at(0, 0), at(0, 0), at(5000, 0)}, []int{0, 1, 2}},
		"northern": {[]geo.Point{at(0, 0), at(0, 100), at(1000, 0), at(2000, 0)}, []int{1, 0, 2, 3}},
	} {
		if got := code.Order(test.points); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// TestOrderReads shuffles a grid whose points stray up to a fifth of their spacing: it is read row by row.
func TestOrderReads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, columns := rapid.IntRange(1, 12).Draw(t, "rows"), rapid.IntRange(1, 12).Draw(t, "columns")
		size := rapid.Int32Range(100, 30_000).Draw(t, "size")
		stray := func() int32 { return rapid.Int32Range(-size/5+1, size/5-1).Draw(t, "stray") }
		var points []geo.Point
		for r := range rows {
			for c := range columns {
				// A degree of longitude is shorter there than one of latitude.
				points = append(points, at(int32(c)*size*13/10+stray(), -int32(r)*size+stray()))
			}
		}
		order := rapid.Permutation(slices.Clone(points)).Draw(t, "order")
		got := code.Order(order)
		for i, g := range got {
			if order[g] != points[i] {
				t.Fatalf("%d rows of %d: number %d is %v, want %v", rows, columns, i+1, order[g], points[i])
			}
		}
	})
}

func TestNext(t *testing.T) {
	for _, test := range []struct {
		used []int
		n    int
		want []int
	}{
		{nil, 3, []int{1, 2, 3}},
		{[]int{1, 4}, 2, []int{5, 6}},
		{[]int{7, 2}, 3, []int{8, 9, 1}},
		{[]int{9}, 2, []int{1, 2}},
		{[]int{0, -3, 10, 99}, 1, []int{1}},
		{[]int{3, 3}, 0, []int{}},
	} {
		if got, err := code.Next(test.used, test.n, 9); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("after %v: %v, %v, want %v", test.used, got, err, test.want)
		}
	}
	if got, err := code.Next([]int{1, 2, 3}, 7, 9); err == nil || !strings.Contains(err.Error(), "6 of 9 are left") {
		t.Errorf("%v, %v", got, err)
	}
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 40).Draw(t, "most")
		used := rapid.SliceOf(rapid.IntRange(-2, most+2)).Draw(t, "used")
		n := rapid.IntRange(0, most).Draw(t, "n")
		got, err := code.Next(used, n, most)
		if err != nil {
			return
		}
		seen := map[int]bool{}
		for _, g := range got {
			if g < 1 || g > most || slices.Contains(used, g) || seen[g] {
				t.Fatalf("%d is given after %v", g, used)
			}
			seen[g] = true
		}
		if len(got) != n {
			t.Fatalf("%d numbers instead of %d", len(got), n)
		}
	})
}

func TestNumberCells(t *testing.T) {
	labels := []geo.Point{at(1000, 0), at(0, 0), at(0, 1000)}
	used := []string{"110101001001001", "110101001001005", "1101010001001006", "110101001002090", "11010100100100A"}
	got, err := code.NumberCells("110101001001", labels, used)
	if want := []string{"110101001001009", "110101001001008", "110101001001007"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	// A community that was written with four digits for the street.
	if got, err = code.NumberCells("1101010001001", labels[:1], used); err != nil || got[0] != "1101010001001007" {
		t.Errorf("%v, %v", got, err)
	}
	var full []string
	for i := range 998 {
		full = append(full, fmt.Sprintf("110101001001%03d", i+1))
	}
	if _, err := code.NumberCells("110101001001", labels, full); err == nil || !strings.Contains(err.Error(), "1 of 999 are left") {
		t.Error(err)
	}
	if _, err := code.NumberCells("110101001001", labels, []string{"x"}); err == nil {
		t.Error("a used code that is none passes")
	}
	if _, err := code.NumberCells("110101", labels, nil); err == nil {
		t.Error("a community that is none passes")
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := code.Parse(code.Cell, "110101001001001"); err != nil {
			b.Fatal(err)
		}
	}
}
