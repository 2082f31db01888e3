package tilesets

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/filter"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
	"github.com/gewu-city/gewu/tiles"
)

// query reads what a request asks of the tiles of a tileset beside their address. Each layer is that of the first of the
// Worlds that has it.
func (a *API) query(p *rest.Params, set tiles.Tileset, worlds ...*index.World) (*tiles.Query, error) {
	q := &tiles.Query{}
	if p == nil {
		return q, nil
	}
	q.Shift, q.Lang = p.Shift("crs"), p.Lang("lang")
	if err := p.Fault(); err != nil {
		return nil, err
	}
	if list, given := p.Names("properties"); given {
		if err := known(worlds, set, list); err != nil {
			return nil, err
		}
		q.Properties = list
	}
	if p.Text("filter") == "" {
		a.Filter(p, worlds[0], nil) // looks at the parameters that go with one
		return q, p.Fault()
	}
	f, err := a.filter(p, worlds, set)
	if err != nil {
		return nil, err
	}
	q.Filter, q.Slow = f, f.most > slowFilter
	return q, nil
}

// known verifies that the attributes a client asks for exist in a layer of the tileset.
func known(worlds []*index.World, set tiles.Tileset, properties []string) error {
	for _, name := range properties {
		if !slices.ContainsFunc(worlds, func(w *index.World) bool { return tiles.HasField(w, set, name) }) {
			known := slices.DeleteFunc(tiles.Fields(worlds[0], set), func(field string) bool { return !tiles.HasField(worlds[0], set, field) })
			return rest.Fault(rest.BadRequest, "properties", name, "is no attribute of the tileset; known are "+strings.Join(known, ", "))
		}
	}
	return nil
}

// filtered is a filter that is bound to each layer of a tileset. It is a [tiles.Filter].
type filtered struct {
	text   string
	bounds map[string]*filter.Bound
	// most is what it may take of one processor over all features of its layers.
	most time.Duration
}

// slowFilter is what a filter may take of one processor and still be drawn among tiles without one.
const slowFilter = 50 * time.Millisecond

// filter binds the filter of a request to every layer of a tileset: one that does not fit a layer is refused, rather
// than that layer drawn with everything or nothing.
func (a *API) filter(p *rest.Params, worlds []*index.World, set tiles.Tileset) (*filtered, error) {
	f := &filtered{bounds: map[string]*filter.Bound{}}
	for _, name := range set.Layers {
		w := worlds[0]
		l, totals, ok := tiles.LayerOf(w, name)
		for _, other := range worlds[1:] {
			if !ok {
				w = other
				l, totals, ok = tiles.LayerOf(w, name)
			}
		}
		switch {
		case !ok:
			continue // the maker says so
		case totals:
			return nil, rest.Fault(rest.BadRequest, "filter", p.Text("filter"),
				"does not go with "+name+": totals count all features; filter "+l.Def().Name+" or groups of points (_clusters)")
		}
		b := a.Filter(p, w, l)
		if err := p.Fault(); err != nil {
			return nil, inLayer(err, name, set)
		}
		f.text, f.bounds[l.Def().Name] = b.Expr().String(), b
		f.most += time.Duration(b.Cost()) * time.Duration(l.Len())
	}
	return f, nil
}

// inLayer adds to a fault of a filter which of several layers it does not fit.
func inLayer(err error, name string, set tiles.Tileset) error {
	problem, ok := errors.AsType[*rest.Problem](err)
	if !ok || len(set.Layers) == 1 {
		return err
	}
	problem.Detail += ", in layer " + name + "; a filter must fit every layer of the tileset: ask for those that have the attributes, separated by commas"
	return problem
}

// String implements [tiles.Filter].
func (f *filtered) String() string { return f.text }

// filterBatch is how many features are filtered between two looks at the context.
const filterBatch = 1 << 16

// Keep implements [tiles.Filter].
func (f *filtered) Keep(ctx context.Context, l *index.Layer, slots []index.Slot) ([]index.Slot, error) {
	b := f.bounds[l.Def().Name]
	if err := city.Affordable(b, len(slots)); err != nil {
		return nil, err
	}
	kept := slots[:0]
	for len(slots) > 0 {
		n := min(filterBatch, len(slots))
		kept = append(kept, b.Keep(l, slots[:n])...)
		if slots = slots[n:]; ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return kept, nil
}
