package tiles

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// City is the name of the tileset of all layers with geometry. A layer of that name is reached by listing it with
// another one only.
const City = "city"

// MaxLayers bounds the layers that one request may list.
const MaxLayers = 64

// Tileset is a named list of layers of a World, in drawing order: the first lies at the bottom.
type Tileset struct {
	Name   string
	Layers []string
}

// Resolve finds a tileset by name: [City], the name of a layer, or names of layers separated by commas, whose order is
// kept and whose repetitions are dropped. A layer of areas or cells may be named with [TotalsSuffix]. The error is a *data.FieldError that names what is unknown and what is
// known.
func Resolve(w *index.World, name string) (Tileset, error) {
	if name == City {
		return Tileset{Name: City, Layers: drawingOrder(w)}, nil
	}
	set := Tileset{}
	for part := range strings.SplitSeq(name, ",") {
		l, _, ok := drawnLayer(w, part)
		switch {
		case !ok:
			return Tileset{}, &data.FieldError{Field: "tileset", Value: part, Why: "is not a layer; known are " + known(w)}
		case l.Def().Sensitive != nil:
			return Tileset{}, &data.FieldError{Field: "tileset", Value: part, Why: "is a layer about persons or households, which are on no map"}
		case l.Def().Geometry == data.GeometryNone:
			return Tileset{}, &data.FieldError{Field: "tileset", Value: part, Why: "is a layer without geometry"}
		case slices.Contains(set.Layers, part):
			continue
		case len(set.Layers) == MaxLayers:
			return Tileset{}, &data.FieldError{
				Field: "tileset", Value: name, Why: fmt.Sprintf("lists more than %d layers", MaxLayers),
			}
		}
		set.Layers = append(set.Layers, part)
	}
	set.Name = strings.Join(set.Layers, ",")
	return set, nil
}

// known lists the tilesets with a name of their own, cut to what a message can hold.
func known(w *index.World) string {
	const most = 32
	names := append([]string{City}, drawingOrder(w)...)
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}

// drawingOrder is the names of all layers with geometry: polygons below lines below points; areas below cells below
// other polygons; coarse areas below fine ones as far as schemes say; otherwise older layers below younger ones.
func drawingOrder(w *index.World) []string {
	type ranked struct {
		name               string
		kind, role, fining int
	}
	var layers []ranked
	for _, l := range w.Layers() {
		def := l.Def()
		if def.Sensitive != nil {
			continue // on no map
		}
		r := ranked{name: def.Name}
		switch def.Geometry {
		case data.GeometryPolygon:
			r.kind = 0
		case data.GeometryLine:
			r.kind = 1
		case data.GeometryPoint:
			r.kind = 2
		default:
			continue
		}
		switch {
		case def.Roles.Area != nil:
			r.fining = fineness(w, def.Roles.Area.Level)
		case def.Roles.Cell != nil:
			r.role = 1
		default:
			r.role = 2
		}
		layers = append(layers, r)
	}
	slices.SortStableFunc(layers, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.role, b.role), cmp.Compare(a.fining, b.fining))
	})
	names := make([]string, len(layers))
	for i, r := range layers {
		names[i] = r.name
	}
	return names
}

// fineness is the deepest place of a level in any scheme; levels of no scheme come after all others.
func fineness(w *index.World, level string) int {
	deepest := -1
	for _, s := range w.Schemes() {
		deepest = max(deepest, slices.Index(s.Levels, level))
	}
	if deepest < 0 {
		return 1 << 16
	}
	return deepest
}
