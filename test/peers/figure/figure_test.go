package figure_test

import (
	"math"
	"testing"

	"github.com/gewu-city/gewu/test/peers/figure"
)

func TestFigures(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.0123456: "0.0123", 1: "1.00", 12.345: "12.3", 99.96: "100.0", 123.4: "123", 1234: "1,230", 2_512_345: "2,510,000", math.NaN(): "–",
	} {
		if got := figure.Text(v); got != want {
			t.Errorf("%v is shown as %s, want %s", v, got, want)
		}
	}
	if s := figure.Summarise([]float64{3, 1, 2}); s != (figure.Summary{Median: 2, Low: 1, High: 3}) {
		t.Errorf("summary %+v", s)
	}
	if s := figure.Summarise([]float64{4, 1, 3, 2}); s.Median != 2.5 {
		t.Errorf("median of an even number %v", s.Median)
	}
}
