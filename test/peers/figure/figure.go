// Package figure says what many measurements of one thing come to.
package figure

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Summary is a median with its range.
type Summary struct{ Median, Low, High float64 }

// Summarise is the median of values and their range; of none it is NaN.
func Summarise(values []float64) Summary {
	if len(values) == 0 {
		return Summary{math.NaN(), math.NaN(), math.NaN()}
	}
	v := slices.Clone(values)
	slices.Sort(v)
	mid := v[len(v)/2]
	if len(v)%2 == 0 {
		mid = (v[len(v)/2-1] + mid) / 2
	}
	return Summary{mid, v[0], v[len(v)-1]}
}

// Text shows a summary in a unit, the range only where there is one.
func (s Summary) Text(unit string) string {
	if s.Low == s.High {
		return Text(s.Median) + " " + unit
	}
	return fmt.Sprintf("%s %s (%s … %s)", Text(s.Median), unit, Text(s.Low), Text(s.High))
}

// Text shows three significant digits, with thousands set apart.
func Text(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case v == 0:
		return "0"
	case math.Abs(v) < 100:
		return strconv.FormatFloat(v, 'f', max(0, 2-int(math.Floor(math.Log10(math.Abs(v))))), 64)
	}
	step := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-2)
	text := strconv.FormatFloat(math.Round(v/step)*step, 'f', 0, 64)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
