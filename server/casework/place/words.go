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

// A place is certain when its score is at least sure and the next best is so many points behind or lies within its radius.
const (
	sure  = 80
	ahead = 10
)

// Geocode implements [cases.Geocode]: false where words mean no place, or several as well.
func (w *Words) Geocode(ctx context.Context, words string) (cases.Position, bool, error) {
	if err := ctx.Err(); err != nil {
		return cases.Position{}, false, err
	}
	found, _ := w.Geocoder.Search(geocode.Question{Text: words, Limit: 2, Least: sure, When: w.Now()})
	if len(found) == 0 || len(found) > 1 && found[0].Score-found[1].Score < ahead && found[0].At != found[1].At {
		return cases.Position{}, false, nil
	}
	at := found[0].At
	return cases.Position{Lon: at.Lon(), Lat: at.Lat(), Accuracy: found[0].Radius}, true, nil
}
