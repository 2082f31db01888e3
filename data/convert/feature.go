package convert

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/data/convert/row"
)

// DecodeFeature reads one GeoJSON Feature in longitude and latitude that must fit the layer: the strict way in, for
// the API. The id is the feature's own, else the value of the attribute that holds it, else one of the layer's rule
// (newID makes it where the rule is not to hash; nil demands one). A property that is no attribute is an error, and
// so is text for a number; members that GeoJSON does not know are left out. The error is a *data.FieldError whose
// field is a path such as properties.height.
func DecodeFeature(l *data.Layer, text []byte, newID func() (string, error)) (data.Feature, error) {
	f, err := decodeFeature(l, text, newID)
	if err != nil {
		err.Value = row.Shorten(err.Value)
		if l.Sensitive != nil {
			err.Value = "" // it may be personal, and messages are kept
		}
		return data.Feature{}, err
	}
	return f, nil
}

func decodeFeature(l *data.Layer, text []byte, newID func() (string, error)) (f data.Feature, err *data.FieldError) {
	if wrong := jsontext.Check(text); wrong != nil {
		return f, &data.FieldError{Field: "feature", Why: wrong.Error()}
	}
	if !utf8.Valid(text) {
		return f, &data.FieldError{Field: "feature", Value: invalidPart(text), Why: "is not UTF-8"}
	}
	o, err := splitFeature(text, false)
	if err != nil {
		if err.Field == "" {
			err.Field = "feature"
		}
		return f, err
	}
	if err := onlyLonLat(&o); err != nil {
		return f, err
	}
	b, wrong := newBuilder(nil, Options{Layer: l, NewID: newID}, nil) //nolint:staticcheck // nothing here waits
	if wrong != nil {
		return f, &data.FieldError{Field: "feature", Why: wrong.Error()}
	}
	values, err := b.properties(o.properties)
	if err != nil {
		return f, err
	}
	g, wrong := geom.ParseGeoJSON(o.geometry)
	if wrong != nil {
		return f, &data.FieldError{Field: "geometry", Why: wrong.Error()}
	}
	shape, _, err := b.geometryShape("geometry", nil, g)
	if err != nil {
		return f, err
	}
	return b.finish(o.id, shape, values)
}

// properties reads a properties object strictly.
func (b *builder) properties(text []byte) (values []data.Value, err *data.FieldError) {
	values = make([]data.Value, len(b.Layer.Attributes))
	seen := make([]bool, len(values))
	jsontext.Members(text, func(name, value []byte) bool {
		i := b.Layer.FindAttribute(string(name))
		switch {
		case i < 0:
			err = &data.FieldError{Field: "properties." + row.Shorten(string(name)), Why: fmt.Sprintf("is not an attribute of layer %s; its attributes are %s",
				b.Layer.Name, strings.Join(b.Layer.AttributeNames(), ", "))}
		case seen[i]:
			err = &data.FieldError{Field: "properties." + b.Layer.Attributes[i].Name, Why: "is given twice"}
		default:
			seen[i] = true
			if values[i], err = b.property(i, value, true); err != nil {
				err.Field = "properties." + err.Field
			}
		}
		return err == nil
	})
	return values, err
}
