package tiles

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// TileJSON is a TileJSON 3.0.0 document.
type TileJSON struct {
	TileJSON     string        `json:"tilejson"`
	Name         string        `json:"name"`
	Version      string        `json:"version"`
	Scheme       string        `json:"scheme"`
	Tiles        []string      `json:"tiles"`
	MinZoom      int           `json:"minzoom"`
	MaxZoom      int           `json:"maxzoom"`
	Bounds       [4]float64    `json:"bounds"` // west, south, east, north in degrees
	Center       [3]float64    `json:"center"` // longitude, latitude, zoom
	Attribution  string        `json:"attribution,omitempty"`
	VectorLayers []VectorLayer `json:"vector_layers"`
	// CRS names the shifted degrees of the map that the tiles are for: Bounds and Center are in them, and a little wider. It is empty for
	// all other maps. Lang is the language of texts, empty where they are as they are stored.
	CRS  string `json:"crs,omitempty"`
	Lang string `json:"lang,omitempty"`
	// Seq and Epoch say which state of which history the document describes.
	Seq   data.Seq   `json:"seq"`
	Epoch data.Epoch `json:"epoch"`
}

// VectorLayer describes one layer of the tiles. Fields maps attribute names to String, Number or Boolean, the words that
// readers such as GDAL take types from; what attributes are called stands beside it.
type VectorLayer struct {
	ID          string            `json:"id"`
	Description string            `json:"description"`
	MinZoom     int               `json:"minzoom"`
	MaxZoom     int               `json:"maxzoom"`
	Fields      map[string]string `json:"fields"`
	// Attributes is empty where attributes have no more than a name.
	Attributes map[string]FieldInfo `json:"attributes,omitempty"`
}

// FieldInfo is what people want to know of an attribute.
type FieldInfo struct {
	Title       data.Title `json:"title,omitempty"`
	Description data.Title `json:"description,omitempty"`
	Unit        string     `json:"unit,omitempty"`
	// Dictionary has the words for codes.
	Dictionary string `json:"dictionary,omitempty"`
}

// Describe makes the TileJSON document of a tileset as a query asks for it, of which it looks at language and shift; a nil
// q asks for neither. baseURL is what comes before /tiles, without a slash at its end; what follows the addresses of tiles
// is the caller's. Layers that w does not have are left out.
func Describe(w *index.World, set Tileset, baseURL string, q *Query) TileJSON {
	if q == nil {
		q = &Query{}
	}
	doc := TileJSON{
		Lang:     q.Lang,
		TileJSON: "3.0.0", Name: set.Name, Version: "1.0." + strconv.FormatUint(uint64(w.Seq()), 10), Scheme: "xyz",
		Tiles:        []string{baseURL + "/tiles/" + set.Name + "/{z}/{x}/{y}.mvt"},
		VectorLayers: []VectorLayer{}, Seq: w.Seq(), Epoch: w.Epoch(),
	}
	var credits []string
	box := geo.EmptyBox()
	doc.MinZoom = data.MaxZoom
	for _, name := range set.Layers {
		l, _, ok := drawnLayer(w, name)
		if !ok {
			continue
		}
		def := l.Def()
		box = box.Union(l.Bounds())
		if a := def.Attribution; a != "" && !slices.Contains(credits, a) {
			credits = append(credits, a)
		}
		doc.MinZoom = min(doc.MinZoom, def.Zoom.Min)
		doc.MaxZoom = max(doc.MaxZoom, servedZoom(def.Zoom))
	}
	if len(set.Layers) == 0 {
		doc.MinZoom = 0
	}
	doc.Attribution = strings.Join(credits, " · ")
	for _, name := range set.Layers {
		l, as, ok := drawnLayer(w, name)
		if !ok {
			continue
		}
		layers := describe(w, l.Def(), doc.MaxZoom, q)
		switch as {
		case asTotals:
			layers = []VectorLayer{describeTotals(l.Def(), name, layers[0])}
		case asClusters:
			layers = []VectorLayer{describeClusters(l.Def(), name, layers[0])}
		default:
		}
		doc.VectorLayers = append(doc.VectorLayers, layers...)
	}
	if q.Shift != nil {
		doc.CRS = q.Shift.Name()
		if !box.Empty() {
			box = q.Shift.Image(box)
		}
	}
	doc.Bounds, doc.Center = view(box, doc.MinZoom, doc.MaxZoom)
	return doc
}

// Fields are the names of all attributes of a tileset in order, without those of totals.
func Fields(w *index.World, set Tileset) []string {
	names := map[string]bool{}
	for _, v := range Describe(w, set, "", nil).VectorLayers {
		for name := range v.Fields {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// HasField reports whether features of a tileset can carry an attribute. Of totals it does not know which there are, and
// reports that they can.
func HasField(w *index.World, set Tileset, field string) bool {
	if field == keyID || field == keyLabel || field == keyCount {
		return true
	}
	return slices.ContainsFunc(set.Layers, func(name string) bool {
		l, as, ok := drawnLayer(w, name)
		base, sum := strings.CutSuffix(field, SumSuffix)
		return ok && (as == asTotals || l.Def().AttributeIndex(field) >= 0 || as == asClusters && sum && l.Def().AttributeIndex(base) >= 0)
	})
}

// servedZoom is the deepest zoom level that clients need to ask for.
func servedZoom(zoom data.ZoomRange) int {
	if zoom.Max != 0 {
		return max(zoom.Min, min(zoom.Max, DetailZoom))
	}
	return max(zoom.Min, DetailZoom)
}

func describe(w *index.World, def *data.Layer, deepest int, q *Query) []VectorLayer {
	last := deepest
	if def.Zoom.Max != 0 {
		last = min(last, def.Zoom.Max)
	}
	main := VectorLayer{
		ID: def.Name, Description: def.Title.In(cmp.Or(q.Lang, "zh"), def.Name), MinZoom: def.Zoom.Min, MaxZoom: last,
		Fields: map[string]string{keyID: "String"},
	}
	for i, a := range def.Live() {
		main.Fields[a.Name] = fieldType(a.Type)
		if q.dictionary(w, def, i) != nil {
			main.Fields[a.Name+WordsSuffix] = "String"
		}
		if info := (FieldInfo{a.Title, a.Description, a.Unit, a.Dictionary}); len(a.Title)+len(a.Description) > 0 || a.Unit+a.Dictionary != "" {
			if main.Attributes == nil {
				main.Attributes = map[string]FieldInfo{}
			}
			main.Attributes[a.Name] = info
		}
	}
	dropped := main
	dropped.ID, dropped.Fields = def.Name+DroppedSuffix, map[string]string{"found": "Number", "drawn": "Number", "dropped": "Number"}
	if def.Geometry == data.GeometryPoint && def.AttributeIndex(keyCount) < 0 {
		main.Fields[keyCount] = "Number"
	}
	if def.Geometry != data.GeometryPolygon {
		return []VectorLayer{main, dropped}
	}
	label := VectorLayer{
		ID: def.Name + LabelSuffix, Description: main.Description, MinZoom: main.MinZoom, MaxZoom: main.MaxZoom,
		Fields: map[string]string{keyID: "String"},
	}
	if i := def.LabelAttribute(); i >= 0 {
		label.Fields[keyLabel] = "String"
		label.Fields[def.Attributes[i].Name] = fieldType(def.Attributes[i].Type)
		for _, j := range def.Translations(i) {
			label.Fields[def.Attributes[j].Name] = "String"
		}
	}
	return []VectorLayer{main, label, dropped}
}

// describeTotals is the description of the totals of a layer; their fields depend on the World.
func describeTotals(def *data.Layer, name string, plain VectorLayer) VectorLayer {
	plain.ID, plain.Fields, plain.Attributes = name, map[string]string{keyID: "String"}, nil
	if i := def.LabelAttribute(); i >= 0 {
		plain.Fields[def.Attributes[i].Name] = fieldType(def.Attributes[i].Type)
	}
	return plain
}

// describeClusters is the description of the groups of a layer.
func describeClusters(def *data.Layer, name string, plain VectorLayer) VectorLayer {
	plain.ID, plain.Fields = name, map[string]string{keyID: "String", keyCount: "Number"}
	for _, a := range def.Live() {
		if a.Type.IsNumeric() {
			plain.Fields[a.Name+SumSuffix] = "Number"
		}
	}
	return plain
}

// Describe is [Describe] with the fields of totals, which counts the World if nobody has asked for it before.
func (m *Maker) Describe(w *index.World, set Tileset, baseURL string, q *Query) TileJSON {
	doc := Describe(w, set, baseURL, q)
	for i := range doc.VectorLayers {
		v := &doc.VectorLayers[i]
		if l, as, ok := drawnLayer(w, v.ID); ok && as == asTotals && m.totals != nil {
			for _, name := range m.totals(w, l.Def().Name).Fields() {
				v.Fields[name] = "Number"
			}
		}
	}
	return doc
}

func fieldType(t data.Type) string {
	switch t {
	case data.Int, data.Number:
		return "Number"
	case data.Bool:
		return "Boolean"
	default:
		return "String"
	}
}

// view is the bounds and centre of what there is to see; the whole world when there is nothing.
func view(box geo.Box, minZoom, maxZoom int) (bounds [4]float64, center [3]float64) {
	if box.Empty() {
		return [4]float64{-180, -geo.MaxMercatorLat, 180, geo.MaxMercatorLat}, [3]float64{0, 0, float64(minZoom)}
	}
	clamp := func(lat float64) float64 { return max(-geo.MaxMercatorLat, min(geo.MaxMercatorLat, lat)) }
	bounds = [4]float64{box.Min.Lon(), clamp(box.Min.Lat()), box.Max.Lon(), clamp(box.Max.Lat())}
	west, south := box.Min.Mercator()
	east, north := box.Max.Mercator()
	middle := geo.FromMercator((west+east)/2, (north+south)/2)
	// The zoom level at which the bounds fill a window of 1024 × 768 pixels, with tiles of 512.
	const wide, high, most = 2.0, 1.5, 16
	zoom := most
	if fit := min(wide/max(east-west, 1e-9), high/max(south-north, 1e-9)); fit < 1<<most {
		zoom = int(math.Floor(math.Log2(fit)))
	}
	return bounds, [3]float64{middle.Lon(), middle.Lat(), float64(max(minZoom, min(maxZoom, zoom)))}
}
