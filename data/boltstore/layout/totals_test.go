package layout_test

import (
	"math"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// TestGrowth lets logs grow in several ways and looks at what is said of their growth.
func TestGrowth(t *testing.T) {
	const day = 24 * time.Hour
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	// after adds entries of 10 changes and 1,000 bytes each hour for some days, after an import on the first.
	after := func(days, imported int) (totals layout.Totals, newest time.Time) {
		before := time.Time{}
		add := func(at time.Time, changes, bytes int) {
			totals.Add(before, at, changes, bytes)
			before = at
		}
		add(start, 1+imported, 100*(1+imported))
		for h := range days * 24 {
			add(start.Add(time.Duration(h)*time.Hour), 10, 1000)
		}
		return totals, before
	}
	for name, test := range map[string]struct {
		days, imported int
		later          time.Duration
		least, most    float64 // changes a day
	}{
		"steady for a year":           {365, 0, 0, 235, 245},
		"steady for three days":       {3, 0, 0, 235, 250},
		"steady for an hour":          {0, 0, time.Hour, 0.5, 1.5},
		"a year, then a day of rest":  {365, 0, day, 220, 230},
		"a year, then a year of rest": {365, 0, 365 * day, 0, 1e-6},
		"an import today":             {1, 1_000_000, 0, 0.9e6, 1.1e6},
		"an import two weeks ago":     {14, 1_000_000, 0, 35_000, 50_000},
		"an import half a year ago":   {180, 1_000_000, 0, 235, 500},
		"a clock that went back":      {365, 0, -10 * day, 235, 245},
	} {
		totals, newest := after(test.days, test.imported)
		changes, bytes := totals.Growth(newest, newest.Add(test.later))
		if changes < test.least || changes > test.most || math.IsNaN(bytes) || bytes < 99*changes || bytes > 101*changes {
			t.Errorf("%s: %g changes and %g bytes a day, want %g to %g changes", name, changes, bytes, test.least, test.most)
		}
	}
	var none layout.Totals
	if changes, bytes := none.Growth(time.Time{}, start); changes != 0 || bytes != 0 {
		t.Errorf("an empty log grows by %g and %g", changes, bytes)
	}
}

// TestErase checks that totals never fall below nothing.
func TestErase(t *testing.T) {
	var totals layout.Totals
	totals.Add(time.Time{}, time.Unix(1, 0), 10, 1000)
	totals.Erase(4, 300)
	if totals.Changes != 10 || totals.Erased != 4 || totals.Bytes != 700 {
		t.Errorf("%+v", totals)
	}
	totals.Erase(1, 5000)
	if totals.Bytes != 0 {
		t.Errorf("%+v", totals)
	}
}
