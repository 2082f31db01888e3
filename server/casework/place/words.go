package place

import (
	"context"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/geocode"
)

// Words finds the place that words mean.
type Words struct {
	Geocoder *geocode.Geocoder
	Now      func() time.Time
}

// A place is certain when its score is at least sure and the next best is so many points behind or at the same point.
const (
	sure  = 80
	ahead = 10
)

// most is how many places are compared.
const most = 8

// Geocode implements [cases.Geocode]: false where words mean no place, or several as well.
func (w *Words) Geocode(ctx context.Context, words string) (cases.Position, bool, error) {
	if err := ctx.Err(); err != nil {
		return cases.Position{}, false, err
	}
	found, _ := w.Geocoder.Search(geocode.Question{Text: words, Limit: most, Least: sure, When: w.Now()})
	best, ok := certain(found)
	if !ok {
		return cases.Position{}, false, nil
	}
	return cases.Position{Lon: best.At.Lon(), Lat: best.At.Lat(), Accuracy: best.Radius}, true, nil
}

// certain is the first of places in the order of their scores, false where another one may be meant as well. What bears the
// whole name itself, as the east gate of a market that is a landmark, is not in doubt because the market would do for
// "by its gate", too.
func certain(found []geocode.Place) (geocode.Place, bool) {
	if len(found) == 0 {
		return geocode.Place{}, false
	}
	best := &found[0]
	named := best.Relation == geocode.At && len(best.Faults) == 0
	for i := 1; i < len(found); i++ {
		other := &found[i]
		if named && other.Relation != geocode.At {
			continue
		}
		return *best, best.Score-other.Score >= ahead || other.At == best.At
	}
	return *best, true
}
