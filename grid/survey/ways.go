package survey

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/index"
)

// Ways are what a World has by name that ground can lie between: roads, then water, parks and other landmarks with an extent,
// areas, buildings. Names are compared as the geocoder writes them, so that 臺北路 and 台北路 are one. It reads the World
// when it is first asked; one goroutine may ask at a time.
type Ways struct {
	world *index.World
	named map[string]*way
}

// way is what has a name: the lines of the first kind that has it.
type way struct {
	kind  int
	name  string
	lines [][]geo.Point
}

// WaysOf looks for names in a World.
func WaysOf(w *index.World) *Ways { return &Ways{world: w} }

// Lines are the lines of what has a name: of polygons their rings.
func (w *Ways) Lines(name string) [][]geo.Point {
	w.read()
	if found, ok := w.named[normal.Of(name).String()]; ok {
		return found.lines
	}
	return nil
}

// mostSimilar bounds [Ways.Similar].
const mostSimilar = 3

// Similar are names of which at least half the characters are those of a name, the most similar first.
func (w *Ways) Similar(name string) []string {
	w.read()
	type near struct {
		name  string
		share float64
	}
	var found []near
	want := normal.Of(name).Runes
	for key, known := range w.named {
		if share := common(want, []rune(key)); share >= 0.5 {
			found = append(found, near{known.name, share})
		}
	}
	slices.SortFunc(found, func(a, b near) int {
		return cmp.Or(cmp.Compare(b.share, a.share), cmp.Compare(len(a.name), len(b.name)), strings.Compare(a.name, b.name))
	})
	var out []string
	for _, n := range found {
		if !slices.Contains(out, n.name) && len(out) < mostSimilar {
			out = append(out, n.name)
		}
	}
	return out
}

// common is the part of the characters of two names that both have, in the measure of Dice.
func common(a, b []rune) float64 {
	rest := slices.Clone(b)
	n := 0
	for _, r := range a {
		if i := slices.Index(rest, r); i >= 0 {
			rest = slices.Delete(rest, i, i+1)
			n++
		}
	}
	return 2 * float64(n) / float64(len(a)+len(b))
}

func (w *Ways) read() {
	if w.named != nil {
		return
	}
	w.named = map[string]*way{}
	for _, l := range w.world.Layers() {
		def := l.Def()
		line, polygon := def.Geometry == data.GeometryLine, def.Geometry == data.GeometryPolygon
		r := def.Roles
		if r.Road != nil && line {
			w.layer(l, 0, r.Road.Name, r.Road.Alias)
		}
		if r.Landmark != nil && (line || polygon) {
			w.layer(l, 1, r.Landmark.Name, r.Landmark.Alias)
		}
		if r.Area != nil && polygon {
			w.layer(l, 2, r.Area.Name, r.Area.Alias)
		}
		if r.Building != nil && polygon {
			w.layer(l, 3, r.Building.Name, r.Building.Alias)
		}
	}
}

// layer enters the features of a layer by name and other names.
func (w *Ways) layer(l *index.Layer, kind int, name, alias string) {
	names, others := l.Def().AttributeIndex(name), l.Def().AttributeIndex(alias)
	for slot := range l.Slots() {
		own := l.Value(slot, names).String()
		all := []string{own}
		if others >= 0 {
			all = append(all, strings.FieldsFunc(l.Value(slot, others).String(), func(r rune) bool { return strings.ContainsRune(";；、|", r) })...)
		}
		for _, text := range all {
			key := normal.Of(text).String()
			if key == "" {
				continue
			}
			found, ok := w.named[key]
			if !ok || kind < found.kind {
				found = &way{kind: kind, name: cmp.Or(own, text)}
				w.named[key] = found
			}
			if kind == found.kind {
				found.add(l.Shape(slot))
			}
		}
	}
}

// add enters the lines of a shape.
func (w *way) add(s geo.Shape) {
	for r := range s.NumRings() {
		if ring := s.Ring(r); len(ring) > 1 {
			w.lines = append(w.lines, ring)
		}
	}
}
