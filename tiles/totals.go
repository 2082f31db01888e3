package tiles

import (
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// TotalsSuffix makes, from the name of a layer of areas or cells, the name of a layer of tiles that holds the same
// polygons with what lies in them as attributes: a map coloured by counts.
const TotalsSuffix = "_totals"

// Totals are what lies in the polygons of one layer of one World.
type Totals interface {
	// Stamp is the newest Seq that can have changed the totals or the polygons in tile z/x/y.
	Stamp(z int, x, y uint32) data.Seq
	// Fields are the names of the attributes, all numbers, that every polygon has.
	Fields() []string
	// Each calls add with the attributes of one polygon.
	Each(cell index.Slot, add func(name string, v data.Value))
}

// source is a layer that is drawn: with its own attributes, with totals, or as clusters.
type source struct {
	world    *index.World
	layer    *index.Layer
	totals   Totals
	clusters bool
	// differs is set for the differences of two Worlds.
	differs *difference
}

// name is that of the layer of the tile.
func (s source) name() string {
	switch {
	case s.totals != nil:
		return s.layer.Def().Name + TotalsSuffix
	case s.clusters:
		return s.layer.Def().Name + ClustersSuffix
	case s.differs != nil:
		return s.layer.Def().Name + s.differs.suffix
	}
	return s.layer.Def().Name
}

// stamp is the newest Seq that can have changed what a tile shows of the source.
func (s source) stamp(f *frame) data.Seq {
	defined := s.layer.DefSeq()
	if !s.layer.Def().Zoom.Contains(int(f.z)) {
		return defined
	}
	of := s.layer.Stamp
	if s.totals != nil {
		of = s.totals.Stamp
	}
	return max(defined, f.stamp(of))
}

// drawing is how a layer is drawn.
type drawing uint8

const (
	asItself drawing = iota
	asTotals
	asClusters
)

// drawnLayer finds what a name of a tileset means.
func drawnLayer(w *index.World, name string) (l *index.Layer, as drawing, ok bool) {
	if l, ok := w.Layer(name); ok {
		return l, asItself, true
	}
	if base, cut := strings.CutSuffix(name, TotalsSuffix); cut {
		l, ok = w.Layer(base)
		return l, asTotals, ok && w.Divides(l.Def())
	}
	base, cut := strings.CutSuffix(name, ClustersSuffix)
	l, ok = w.Layer(base)
	return l, asClusters, cut && ok && l.Def().Geometry == data.GeometryPoint
}

// LayerOf is the layer of a World that a name of a tileset draws, and whether it draws totals of what lies in its
// polygons.
func LayerOf(w *index.World, name string) (l *index.Layer, totals, ok bool) {
	l, as, ok := drawnLayer(w, name)
	return l, as == asTotals, ok
}

// source is what is drawn for a name of a tileset of w.
func (m *Maker) source(w *index.World, name string) (source, error) {
	l, as, ok := drawnLayer(w, name)
	s := source{world: w, layer: l, clusters: as == asClusters}
	if ok && as == asTotals {
		if ok = m.totals != nil; ok {
			s.totals = m.totals(w, l.Def().Name)
			ok = s.totals != nil
		}
	}
	if !ok {
		return s, &data.FieldError{Field: "tileset", Value: name, Why: "is not a layer; known are " + known(w)}
	}
	return s, nil
}
