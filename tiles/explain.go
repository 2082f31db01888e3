package tiles

import (
	"context"
	"fmt"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// Explain is [Maker.Tile] and reports whether the tile was in the cache.
func (m *Maker) Explain(ctx context.Context, w *index.World, set Tileset, z, x, y uint32, q *Query) (t Tile, cached bool, err error) {
	return m.tile(ctx, w, set, z, x, y, q)
}

// Verdict says what became of a feature in a tile.
type Verdict struct {
	ID    string `json:"id"`
	Layer string `json:"layer,omitempty"`
	// Drawn reports that the feature itself is in the tile; Why says so in words, or what stands against it.
	Drawn bool   `json:"drawn"`
	Why   string `json:"why"`
	// Instead is the feature that stands for it where points are thinned.
	Instead string `json:"instead,omitempty"`
}

// Why says why a feature is drawn in a tile or not: the first layer of the tileset that has a feature of the id is
// looked at. It draws the tile anew.
func (m *Maker) Why(ctx context.Context, w *index.World, set Tileset, z, x, y uint32, q *Query, id string) (*Verdict, error) {
	if err := CheckAddress(z, x, y); err != nil {
		return nil, err
	}
	if q == nil {
		q = &Query{}
	}
	for _, name := range set.Layers {
		s, err := m.source(w, name)
		if err != nil {
			return nil, err
		}
		slot, ok := s.layer.Lookup(id)
		if !ok {
			continue
		}
		v := &Verdict{ID: id, Layer: s.name()}
		return v, m.judge(ctx, w, s, len(set.Layers), newFrame(z, x, y, q.Shift), q, slot, v)
	}
	return &Verdict{ID: id, Why: "no layer of the tileset has a feature of this id"}, nil
}

func (m *Maker) judge(ctx context.Context, w *index.World, s source, layers int, f frame, q *Query, slot index.Slot, v *Verdict) error {
	def := s.layer.Def()
	if !def.Zoom.Contains(int(f.z)) {
		v.Why = fmt.Sprintf("the layer is drawn at zoom levels %d to %d", def.Zoom.Min, lastZoom(def.Zoom))
		return nil
	}
	box := s.layer.Box(slot)
	p, single := s.layer.Point(slot)
	switch {
	case box.Empty():
		v.Why = "the feature has no geometry"
		return nil
	case !box.Intersects(f.searchBox()), single && !f.at(p).within():
		x, y := f.place(geo.Point{X: box.Min.X/2 + box.Max.X/2, Y: box.Min.Y/2 + box.Max.Y/2})
		n := float64(uint32(1) << f.z)
		v.Why = fmt.Sprintf("the feature lies elsewhere: its middle is in tile %d/%d/%d", f.z, uint32(x*n), uint32(y*n))
		return nil
	}
	leave, err := m.enter(ctx, q)
	if err != nil {
		return err
	}
	defer leave()
	if q.Filter != nil {
		kept, err := q.Filter.Keep(ctx, s.layer, []index.Slot{slot})
		if err != nil {
			return err
		}
		if len(kept) == 0 {
			v.Why = "the filter leaves the feature out"
			return nil
		}
	}
	if s.clusters {
		v.Why = "the feature is counted in the group of its square"
		return nil
	}
	b, _ := m.builders.Get().(*builder)
	defer m.builders.Put(b)
	shown, err := b.drawnSlots(ctx, w.Epoch(), s, layers, f, q)
	if err != nil {
		return err
	}
	switch at, p, thinned := b.standsIn(s, shown, slot); {
	case slices.Contains(shown, slot):
		v.Drawn, v.Why = true, "the feature is drawn"
	case thinned:
		v.Why = fmt.Sprintf("the layer has no room for all: another feature stands for those in the same %d × %d units", p, p)
		v.Instead = s.layer.ID(at)
	case b.tile.layers[0].Dropped > 0:
		v.Why = "the layer has no room for all: others come first, by importance and then evenly"
	default:
		v.Why = "nothing of the feature is left in the tile at this zoom level: it is too small, or touches the tile with its box only"
	}
	return nil
}

func lastZoom(r data.ZoomRange) int {
	if r.Max == 0 {
		return data.MaxZoom
	}
	return r.Max
}

// drawnSlots draws one layer of a tile of several and returns the features in it.
func (b *builder) drawnSlots(ctx context.Context, epoch data.Epoch, s source, layers int, f frame, q *Query) ([]index.Slot, error) {
	b.keepDrawn, b.kept = true, b.kept[:0]
	defer func() { b.keepDrawn = false }()
	_, err := b.build(ctx, epoch, []source{s}, layers, f, q)
	return b.kept, err
}

// standsIn finds which of the drawn features lies in the cell of a slot, when points were thinned, and the side of the
// cells in units.
func (b *builder) standsIn(s source, shown []index.Slot, slot index.Slot) (at index.Slot, side int, ok bool) {
	p, single := s.layer.Point(slot)
	if len(b.tile.layers) == 0 || b.tile.layers[0].Cell == 0 || !single {
		return 0, 0, false
	}
	side = b.tile.layers[0].Cell
	cell := func(p geo.Point) [2]int64 {
		v := b.frame.at(p)
		floor := func(c int64) int64 { return (c+int64(side)*Extent)/int64(side) - Extent }
		return [2]int64{floor(v.x), floor(v.y)}
	}
	want := cell(p)
	for _, other := range shown {
		if q, single := s.layer.Point(other); single && cell(q) == want {
			return other, side, true
		}
	}
	return 0, 0, false
}
