package gazetteer

import "github.com/gewu-city/gewu/geocode/names"

// chunk is how many records are copied when one of them changes.
const chunk = 256

// vector is records by name, in chunks that versions share.
type vector struct{ chunks []*[chunk]record }

var nothing record

func (v *vector) at(id names.ID) *record {
	if i := int(id / chunk); i < len(v.chunks) {
		return &v.chunks[i][id%chunk]
	}
	return &nothing
}
