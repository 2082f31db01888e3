package report

import (
	"math"
	"slices"
)

// Spread is how values lie: the least and the greatest, those that 5, 50 and 95 of a hundred do not exceed, the mean, the
// standard deviation by the mean (cv), and the coefficient of Gini, 0 when all are equal.
type Spread struct {
	Min  float64 `json:"min"`
	P5   float64 `json:"p5"`
	P50  float64 `json:"p50"`
	P95  float64 `json:"p95"`
	Max  float64 `json:"max"`
	Mean float64 `json:"mean"`
	CV   float64 `json:"cv"`
	Gini float64 `json:"gini"`
}

// SpreadOf finds the spread of values, which must not be negative; zeros for none. The p-th percentile is the least value
// that p of a hundred do not exceed (nearest rank).
func SpreadOf(values []float64) Spread {
	n := len(values)
	if n == 0 {
		return Spread{}
	}
	v := slices.Clone(values)
	slices.Sort(v)
	rank := func(p float64) float64 { return v[max(0, int(math.Ceil(p/100*float64(n)))-1)] }
	sum, weighted := 0.0, 0.0
	for i, x := range v {
		sum += x
		weighted += float64(2*(i+1)-n-1) * x
	}
	s := Spread{Min: v[0], P5: rank(5), P50: rank(50), P95: rank(95), Max: v[n-1], Mean: hundredths(sum / float64(n))}
	if sum > 0 {
		mean, squares := sum/float64(n), 0.0
		for _, x := range v {
			squares += (x - mean) * (x - mean)
		}
		s.CV = math.Round(math.Sqrt(squares/float64(n))/mean*1e4) / 1e4
		s.Gini = math.Round(weighted/(float64(n)*sum)*1e4) / 1e4
	}
	return s
}

// spread is that of a figure of all cells.
func (r *Report) spread(f func(x *Row) float64) Spread {
	values := make([]float64, len(r.Rows))
	for i := range r.Rows {
		values[i] = f(&r.Rows[i])
	}
	return SpreadOf(values)
}
