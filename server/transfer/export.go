package transfer

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// Export streams a layer as it is in one World: GET /v1/layers/{layer}/export. Features come in the order of
// their ids. A fault in the middle cuts the connection, so that no client takes a part for the whole.
func (a *API) Export(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	world, err := a.Ask(r, rest.ParseParams(r))
	if err != nil {
		return err
	}
	layer, ok := world.Layer(mux.Vars(r)["layer"])
	if !ok {
		return city.UnknownLayer(world.World, mux.Vars(r)["layer"])
	}
	if err := onlyParams(r, "at", "as_of", "min_seq", "format", "crs", "bbox", "gzip", "bom", "wkt", "geometry", "encoding"); err != nil {
		return err
	}
	format := q.Get("format")
	if format == "" {
		format = convert.GeoJSON
	}
	if !slices.Contains(convert.ExportFormats(), format) {
		return &data.FieldError{Field: "format", Value: format, Why: "must be one of " + strings.Join(convert.ExportFormats(), ", ")}
	}
	o, wkt := convert.WriteOptions{Geometry: convert.GeometryForm(q.Get("geometry"))}, false
	if !slices.Contains(append(convert.GeometryForms(), ""), o.Geometry) {
		return &data.FieldError{Field: "geometry", Value: string(o.Geometry), Why: "must be wkt, ewkt, wkb, ewkb, wkb64 or ewkb64"}
	}
	for name, set := range map[string]*bool{"gzip": &o.Gzip, "bom": &o.BOM, "wkt": &wkt} {
		var err error
		if *set, err = flag(q, name); err != nil {
			return err
		}
	}
	if wkt && o.Geometry == "" {
		o.Geometry = convert.WKT
	}
	if o.CRS, err = lookupCRS(q, a.Systems); err != nil {
		return err
	}
	if o.Encoding, err = lookupEncoding(q); err != nil {
		return err
	}
	box, err := exportBox(q.Get("bbox"))
	if err != nil {
		return err
	}
	h := w.Header()
	name := layer.Def().Name + convert.Extension(format)
	h.Set("Content-Type", mediaType(format, o.Encoding))
	if o.Gzip {
		name += ".gz"
		h.Set("Content-Type", "application/gzip")
	}
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	world.Header(w)
	out, err := convert.NewWriter(a.Patient(w), format, layer.Def(), o)
	if err != nil {
		return err
	}
	defer out.Discard()
	if err := writeFeatures(r, layer, box, out); err != nil {
		a.Logger.WarnContext(r.Context(), "export was cut off", "layer", layer.Def().Name, "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// mediaType is the media type of a file. CSV does not say its encoding, so that it is said here.
func mediaType(format string, e charset.Encoding) string {
	if format != convert.CSV {
		return convert.MediaType(format)
	}
	if e.IsUTF8() {
		e = charset.UTF8
	}
	return convert.MediaType(format) + "; charset=" + e.Name()
}

// exportBox reads an optional box; nil means everything.
func exportBox(text string) (*geo.Box, error) {
	if text == "" {
		return nil, nil
	}
	box, err := rest.Box(text)
	if err != nil {
		return nil, err
	}
	return &box, nil
}

func writeFeatures(r *http.Request, layer *index.Layer, box *geo.Box, out convert.Writer) error {
	n := 0
	for slot := range layer.After("") {
		if n++; n%city.CheckEvery == 0 && r.Context().Err() != nil {
			return r.Context().Err()
		}
		if box != nil && !layer.Box(slot).Intersects(*box) {
			continue
		}
		f := layer.Feature(slot)
		if err := out.Write(&f); err != nil {
			return err
		}
	}
	return out.Close()
}
