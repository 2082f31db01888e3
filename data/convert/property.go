package convert

import (
	"bytes"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/data/convert/jsontext"
)

// object is a GeoJSON Feature taken apart; the parts are JSON text.
type object struct {
	id         string
	geometry   []byte
	properties []byte
	crs        []byte // the member of GeoJSON before RFC 7946, of the feature or of its geometry
}

// splitFeature takes a GeoJSON Feature apart. A bare geometry counts as a feature without properties when bare is
// set. text must be valid JSON.
func splitFeature(text []byte, bare bool) (object, *data.FieldError) {
	var o object
	var kind string
	var id []byte
	isObject := jsontext.Members(text, func(name, value []byte) bool {
		switch string(name) {
		case "type":
			if value[0] == '"' {
				kind = jsontext.Unquote(value)
			}
		case "id":
			id = value
		case "geometry":
			o.geometry = value
		case "properties":
			o.properties = value
		case "crs":
			o.crs = value
		}
		return true
	})
	switch {
	case !isObject:
		return o, &data.FieldError{Value: string(text), Why: "is not a GeoJSON Feature"}
	case kind == "Feature":
	case bare && geom.GeoJSONTypes[kind]:
		return object{geometry: text, crs: geometryCRS(text)}, nil
	default:
		return o, &data.FieldError{Field: "type", Value: kind, Why: "must be Feature"}
	}
	if jsontext.IsNull(o.crs) {
		o.crs = geometryCRS(o.geometry)
	}
	if !jsontext.IsNull(o.properties) && o.properties[0] != '{' {
		return o, &data.FieldError{Field: "properties", Value: string(o.properties), Why: "must be an object"}
	}
	switch {
	case jsontext.IsNull(id):
	case id[0] == '"':
		o.id = jsontext.Unquote(id)
	case jsontext.IsNumber(id):
		o.id, _ = jsontext.NumberText(id)
	default:
		return o, &data.FieldError{Field: "id", Value: string(id), Why: "must be a string or a number"}
	}
	return o, nil
}

// geometryCRS is the crs member of a geometry, nil without one.
func geometryCRS(geometry []byte) (crs []byte) {
	if !bytes.Contains(geometry, []byte(`"crs"`)) {
		return nil // the usual case, without a look at every coordinate
	}
	jsontext.Members(geometry, func(name, value []byte) bool {
		if string(name) == "crs" {
			crs = value
		}
		return true
	})
	return crs
}

// property reads the JSON value of attribute i. Files are read leniently, since other programs write numbers as
// text; the API is strict and takes text only where text belongs.
func (b *builder) property(i int, value []byte, strict bool) (data.Value, *data.FieldError) {
	a := &b.Layer.Attributes[i]
	wrong := func() (data.Value, *data.FieldError) {
		return data.Value{}, &data.FieldError{Field: a.Name, Value: string(value), Why: "must be " + string(a.Type)}
	}
	switch {
	case jsontext.IsNull(value):
		return data.Value{}, nil
	case value[0] == '"':
		if strict && (a.Type == data.Int || a.Type == data.Number || a.Type == data.Bool) {
			return wrong()
		}
		return b.parse(i, jsontext.Unquote(value))
	case value[0] == 't' || value[0] == 'f':
		switch {
		case a.Type == data.Bool:
			return data.BoolValue(value[0] == 't'), nil
		case a.Type.IsText():
			return data.TextValue(a.Type, string(value)), nil
		}
		return wrong()
	case value[0] == '{' || value[0] == '[':
		if a.Type != data.Text || strict {
			return wrong()
		}
		return data.TextValue(a.Type, jsontext.Compact(value)), nil
	}
	switch {
	case a.Type == data.Date || a.Type == data.Time || strict && a.Type == data.Bool:
		return wrong()
	case a.Type.IsText():
		text, ok := jsontext.NumberText(value)
		if !ok {
			return wrong()
		}
		return data.TextValue(a.Type, text), nil
	}
	return b.parse(i, string(value))
}
