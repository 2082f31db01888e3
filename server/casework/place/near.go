package place

import (
	"context"
	"math"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/class"
	"github.com/gewu-city/gewu/cases/duplicate"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/data/catalogue"
	"github.com/gewu-city/gewu/geo"
)

// Near finds cases in a store, for duplicates.
type Near struct {
	Store *store.Store
	// Sees reports whether whoever reports may see a case; others are not told of.
	Sees func(*store.Summary) bool
	// Describe is the description of a case.
	Describe func(ctx context.Context, id string) (string, error)
}

// mostNear bounds the cases around a report that are looked at: the newest.
const mostNear = 200

// OfPart implements [duplicate.Nearby].
func (n *Near) OfPart(ctx context.Context, layer, id string, since time.Time) ([]duplicate.Known, error) {
	found := n.Store.OfPart(layer, id, since)
	return n.known(ctx, found[max(0, len(found)-mostNear):], cases.Part{Layer: layer, ID: id})
}

// Around implements [duplicate.Nearby].
func (n *Near) Around(ctx context.Context, at cases.Position, metres float64, since time.Time) ([]duplicate.Known, error) {
	box, ok := around(at, metres)
	if !ok {
		return nil, nil
	}
	open := true
	found, _, err := n.Store.List(&store.Filter{Box: &box, Any: []store.Filter{{Open: &open}, {Rested: store.Range{From: since}}}}, store.ByOpened, mostNear, store.Cursor{})
	if err != nil {
		return nil, err
	}
	return n.known(ctx, found)
}

// known are cases as duplicates are looked for among them. parts are those that each of them is known to be about.
func (n *Near) known(ctx context.Context, found []store.Summary, parts ...cases.Part) ([]duplicate.Known, error) {
	var out []duplicate.Known
	for i := range found {
		s := &found[i]
		if !n.Sees(s) {
			continue
		}
		words, err := n.Describe(ctx, s.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, duplicate.Known{ID: s.ID, Class: s.Class, Parts: parts, Point: s.Point, Opened: s.Opened, Rested: s.Rested, Description: words})
	}
	return out, nil
}

// around is a box that holds the circle of so many metres around a place.
func around(at cases.Position, metres float64) (geo.Box, bool) {
	const degree = 111_000 // metres of a degree of latitude, a little less than there are
	high := metres / degree
	wide := high / max(0.01, math.Cos(at.Lat*math.Pi/180))
	low, ok := geo.FromDegrees(max(-180, at.Lon-wide), max(-90, at.Lat-high))
	far, also := geo.FromDegrees(min(180, at.Lon+wide), min(90, at.Lat+high))
	return geo.Box{Min: low, Max: far}, ok && also
}

// Windows is the distance and the time within which a report of a class may be of the same case, as a table of classes has
// them: for [duplicate.Rules].
func Windows(t *class.Table) func(cases.Class) (metres float64, window time.Duration) {
	return func(of cases.Class) (float64, time.Duration) {
		key := KeyOf(of, t)
		if _, ok := t.Class(key); !ok {
			return 0, 0
		}
		w := t.Window(key)
		return w.Metres, time.Duration(w.Days) * 24 * time.Hour
	}
}

// KeyOf is the key of the class of a case in a table: without an edition that of the city.
func KeyOf(of cases.Class, t *class.Table) catalogue.Key {
	key := catalogue.Key{Edition: of.Edition, Kind: catalogue.Kind(of.Kind), Code: of.Code}
	if key.Edition == "" {
		key.Edition = t.Edition()
	}
	return key
}
