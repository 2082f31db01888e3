package convert

import (
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/data/convert/jsontext"
)

// Member is a member of a GeoJSON object beside those of the standard; Value is its JSON text.
type Member struct {
	Name  string
	Value []byte
}

// AppendFeature appends a GeoJSON Feature (RFC 7946) and returns the extended slice: coordinates in degrees with all
// the decimals they have, properties in the order of the layer with nulls, outer rings counter-clockwise, then the
// extra members. [DecodeFeature] reads it back to an equal feature.
func AppendFeature(dst []byte, l *data.Layer, f *data.Feature, extra ...Member) []byte {
	return appendFeature(dst, geom.Places{}, l, f, extra...)
}

func appendFeature(dst []byte, p geom.Places, l *data.Layer, f *data.Feature, extra ...Member) []byte {
	dst = append(dst, `{"type":"Feature","id":`...)
	dst = jsontext.AppendString(dst, f.ID)
	dst = append(dst, `,"geometry":`...)
	dst = p.AppendGeoJSON(dst, f.Shape)
	dst = append(dst, `,"properties":{`...)
	first := true
	for i := range l.Attributes {
		if l.Attributes[i].Dropped {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = jsontext.AppendString(dst, l.Attributes[i].Name)
		dst = append(dst, ':')
		dst = jsontext.AppendValue(dst, f.Value(i))
	}
	dst = append(dst, '}')
	for _, m := range extra {
		dst = append(dst, ',')
		dst = jsontext.AppendString(dst, m.Name)
		dst = append(dst, ':')
		dst = append(dst, m.Value...)
	}
	return append(dst, '}')
}
