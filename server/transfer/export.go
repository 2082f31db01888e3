package transfer

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/filter"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// Export streams a layer as it is in one World: GET /v1/layers/{layer}/export. Features come in the order of
// their ids. What the format cannot hold is answered as a problem while nothing has been sent; a fault after that cuts
// the connection, so that no client takes a part for the whole.
func (a *API) Export(w http.ResponseWriter, r *http.Request) error {
	q, params := r.URL.Query(), rest.ParseParams(r)
	world, err := a.Ask(r, params)
	if err != nil {
		return err
	}
	layer, ok := world.Layer(mux.Vars(r)["layer"])
	if !ok {
		return city.UnknownLayer(world.World, mux.Vars(r)["layer"])
	}
	if layer.Def().Sensitive != nil {
		return rest.Refuse(rest.Forbidden, "layer %s is about persons or households and is not exported; read its features one by one", layer.Def().Name)
	}
	if err := onlyParams(r, "at", "as_of", "version", "min_seq", "format", "crs", "bbox", "gzip", "bom", "wkt", "geometry", "encoding", "filter", "filter-lang", "filter-crs"); err != nil {
		return err
	}
	format := q.Get("format")
	if format == "" {
		format = convert.GeoJSON
	}
	if !slices.Contains(convert.ExportFormats(), format) {
		return &data.FieldError{Field: "format", Value: format, Why: "must be one of " + strings.Join(convert.ExportFormats(), ", ")}
	}
	o, wkt := convert.WriteOptions{Geometry: convert.GeometryForm(q.Get("geometry")), Time: a.Now()}, false
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
	keep := a.Filter(params, world.World, layer)
	if err := params.Fault(); err != nil {
		return err
	}
	if err := city.Affordable(keep, layer.Len()); err != nil {
		return err
	}
	taken := format
	if box != nil || keep != nil {
		taken += ", a part"
	}
	if err := a.Witness(r, "export", layer.Def().Name, taken); err != nil {
		return err
	}
	held := &heldBack{w: a.Patient(w)}
	out, err := convert.NewWriter(held, format, layer.Def(), o)
	if err != nil {
		return exportFault(format, err)
	}
	defer out.Discard()
	h := w.Header()
	name := layer.Def().Name + convert.Extension(format)
	h.Set("Content-Type", mediaType(format, o.Encoding))
	if o.Gzip {
		name += ".gz"
		h.Set("Content-Type", "application/gzip")
	}
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	world.Header(w)
	err = writeFeatures(r, layer, box, keep, out)
	if err == nil {
		err = held.flush()
	}
	switch {
	case err == nil:
		return nil
	case !held.sent:
		h.Del("Content-Disposition")
		return exportFault(format, err)
	default:
		a.Logger.WarnContext(r.Context(), "export was cut off", "layer", layer.Def().Name, "error", err)
		panic(http.ErrAbortHandler)
	}
}

// exportFault says what a format cannot hold. Faults of the disk are the server's own.
func exportFault(format string, err error) error {
	if _, ok := errors.AsType[*fs.PathError](err); ok || errors.Is(err, context.Canceled) {
		return err
	}
	return &data.FieldError{Field: "format", Value: format, Why: err.Error()}
}

// maxHeldBack is how much of an answer waits for a fault.
const maxHeldBack = 1 << 20

// heldBack keeps the start of an answer back, because a fault can be told only while nothing has been sent.
type heldBack struct {
	w    io.Writer
	text []byte
	sent bool
}

func (h *heldBack) Write(p []byte) (int, error) {
	if !h.sent && len(h.text)+len(p) <= maxHeldBack {
		h.text = append(h.text, p...)
		return len(p), nil
	}
	if err := h.flush(); err != nil {
		return 0, err
	}
	return h.w.Write(p)
}

// flush sends what was kept.
func (h *heldBack) flush() error {
	if h.sent {
		return nil
	}
	h.sent = true
	_, err := h.w.Write(h.text)
	h.text = nil
	return err
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

// writeFeatures writes the features that meet a box and pass a filter, where there is one.
func writeFeatures(r *http.Request, layer *index.Layer, box *geo.Box, keep *filter.Bound, out convert.Writer) error {
	for batch, err := range city.Batches(r.Context(), layer.After("")) {
		if err != nil {
			return err
		}
		if box != nil {
			batch = slices.DeleteFunc(batch, func(slot index.Slot) bool { return !layer.Box(slot).Intersects(*box) })
		}
		if keep != nil {
			batch = keep.Keep(layer, batch)
		}
		for _, slot := range batch {
			f := layer.Feature(slot)
			if err := out.Write(&f); err != nil {
				return err
			}
		}
	}
	if err := r.Context().Err(); err != nil {
		return err
	}
	return out.Close()
}
