package convert

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/geo"
)

// encoded writes features with an encoder, which knows no layer.
type encoded struct {
	*output
	geometryCells
	encoderOptions
	encoder row.Encoder
	record  row.Record
}

// encoderOptions say what an encoder needs of its rows.
type encoderOptions struct {
	// lonLat formats know no other system.
	lonLat bool
	// ownID formats have a place for the id; the others get a column.
	ownID bool
	// cells formats hold geometries in cells.
	cells bool
}

// encodeWith makes a writer of an encoder.
func encodeWith[E row.Encoder](start func(io.Writer, row.Layout) (E, error), eo encoderOptions) func(*output, WriteOptions) (Writer, error) {
	return func(o *output, wo WriteOptions) (Writer, error) {
		if eo.lonLat && wo.CRS != nil && !geom.IsLonLat(wo.CRS) {
			return nil, fmt.Errorf("the format is always in longitude and latitude (EPSG:4326), never in %s", wo.CRS.Name())
		}
		w := &encoded{output: o, encoderOptions: eo}
		layout := row.Layout{
			Name: o.layer.Name, Title: o.layer.Title.In("zh", o.layer.Name), Label: -1, Kind: kindOf(o.layer.Geometry),
			CRS: wo.CRS, Encoding: wo.Encoding, Time: wo.Time,
		}
		if !eo.ownID {
			layout.Columns = []row.Column{{Name: idName(o.layer), Type: data.Text}}
		}
		if eo.cells {
			var err error
			if w.geometryCells, err = newGeometryCells(o, wo); err != nil {
				return nil, err
			}
			for _, name := range w.names(o.layer) {
				c := row.Column{Name: name, Type: data.Text}
				if w.point {
					c.Type = data.Number
				}
				layout.Columns = append(layout.Columns, c)
			}
		}
		for i, a := range o.layer.Live() {
			if i == o.layer.LabelAttribute() {
				layout.Label = len(layout.Columns)
			}
			layout.Columns = append(layout.Columns, row.Column{Name: a.Name, Type: a.Type, Zone: a.Location()})
		}
		var err error
		w.encoder, err = start(o.w, layout)
		return w, err
	}
}

func kindOf(k data.GeometryKind) geo.Kind {
	for _, kind := range []geo.Kind{geo.KindPoint, geo.KindLine, geo.KindPolygon} {
		if kind.String() == string(k) {
			return kind
		}
	}
	return geo.KindNone
}

// idName is the name of the column of the id. Many programs do not tell names apart that differ in case only.
func idName(l *data.Layer) string {
	if slices.ContainsFunc(l.AttributeNames(), func(name string) bool { return strings.EqualFold(name, "id") }) {
		return "gewu_id"
	}
	return "id"
}

func (w *encoded) Write(f *data.Feature) error {
	if err := w.check(f); err != nil {
		return err
	}
	r := &w.record
	r.ID, r.Shape, r.Geometry, r.Values = f.ID, f.Shape, nil, r.Values[:0]
	if !w.lonLat && !w.cells {
		r.Geometry = w.places.Orb(f.Shape)
	}
	if !w.ownID {
		r.Values = append(r.Values, data.TextValue(data.Text, f.ID))
	}
	if w.cells {
		if err := w.fits(f.Shape); err != nil {
			return fmt.Errorf("feature %q %w", f.ID, err)
		}
		r.Values = w.appendGeometry(r.Values, f.Shape)
	}
	for i := range w.layer.Live() {
		r.Values = append(r.Values, f.Value(i))
	}
	if err := w.encoder.Row(r); err != nil {
		return fmt.Errorf("feature %q: %w", f.ID, err)
	}
	return nil
}

// appendGeometry appends the cells of a shape.
func (w *encoded) appendGeometry(values []data.Value, s geo.Shape) []data.Value {
	switch {
	case w.none:
		return values
	case w.point && s.Kind() == geo.KindNone:
		return append(values, data.Value{}, data.Value{})
	case w.point:
		p, _ := w.places.Orb(s).(orb.Point)
		return append(values, data.NumberValue(p[0]), data.NumberValue(p[1]))
	}
	if text := w.geometryText(w.places, s); text != "" {
		return append(values, data.TextValue(data.Text, text))
	}
	return append(values, data.Value{})
}

func (w *encoded) Close() error { return errors.Join(w.encoder.Close(), w.close()) }

func (w *encoded) Discard() { w.encoder.Discard() }
