package compare

import (
	"context"
	"fmt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// Check verifies the invariants of a World and reports each that is broken: ids and slots belong to each other,
// permanent ids are unique, every feature with geometry is found at its place and nothing else is, values have the
// types of their attributes, links are whole, and no change is newer than the World. It returns the error of ctx.
func Check(ctx context.Context, w *index.World, report func(problem string)) error {
	permanents := map[uint32]string{}
	for _, l := range w.Layers() {
		if err := checkLayer(ctx, l, w.Seq(), permanents, report); err != nil {
			return err
		}
	}
	return checkLinks(ctx, w, report)
}

func checkLayer(ctx context.Context, l *index.Layer, seq data.Seq, permanents map[uint32]string, report func(string)) error {
	name := l.Def().Name
	alive, placed := 0, 0
	for s := range index.Slot(l.Capacity()) {
		if s%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		id, at := l.ID(s), fmt.Sprintf("layer %s, feature %q", name, l.ID(s))
		if got, ok := l.Find(id); !ok || got != s {
			report(fmt.Sprintf("%s: the id index names slot %d, the feature lies in slot %d", at, got, s))
		}
		if other, taken := permanents[l.Permanent(s)]; taken {
			report(fmt.Sprintf("%s: permanent id %d also belongs to %s", at, l.Permanent(s), other))
		}
		permanents[l.Permanent(s)] = at
		if l.ChangedAt(s) > seq {
			report(fmt.Sprintf("%s: changed at seq %d, after the world's %d", at, l.ChangedAt(s), seq))
		}
		if !l.Alive(s) {
			continue
		}
		alive++
		if problem := checkFeature(l, s); problem != "" {
			report(at + ": " + problem)
		}
		if l.Shape(s).Kind() != geo.KindNone {
			placed++
		}
	}
	if alive != l.Len() {
		report(fmt.Sprintf("layer %s: counts %d features and has %d", name, l.Len(), alive))
	}
	if n := l.Placed(); n != placed {
		report(fmt.Sprintf("layer %s: the index of places holds %d features of %d with geometry", name, n, placed))
	}
	return nil
}

func checkFeature(l *index.Layer, s index.Slot) string {
	f := l.Feature(s)
	if err := l.Def().CheckStored(&f); err != nil {
		return err.Error()
	}
	if f.Shape.Kind() == geo.KindNone {
		return ""
	}
	found := 0
	l.Search(f.Shape.Box(), func(t index.Slot) bool {
		if t == s {
			found++
		}
		return true
	})
	if found != 1 {
		return fmt.Sprintf("is found %d times at its place", found)
	}
	if f.Shape.Kind() == geo.KindPolygon {
		return checkSquares(l, s, f.Shape)
	}
	return ""
}

// checkSquares compares the squares around a corner of a polygon with the polygon.
func checkSquares(l *index.Layer, s index.Slot, shape geo.Shape) string {
	p := shape.Vertices()[0]
	touches, owns := false, false
	l.Touching(p, func(t index.Slot) bool { touches = touches || t == s; return true })
	l.Covering(p, func(t index.Slot) bool { owns = owns || t == s; return true })
	if !touches || owns != shape.Contains(p) {
		return fmt.Sprintf("the squares around %v, %v say otherwise about it than its outline", p.Lon(), p.Lat())
	}
	return ""
}
