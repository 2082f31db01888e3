package tiles

import (
	"context"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/tiles/pack"
)

// Filter chooses features. It is safe for concurrent use.
type Filter interface {
	// String tells filters apart: those that choose the same may differ, those that choose otherwise must.
	String() string
	// Keep returns the slots of features that pass, in their order, in the memory of its argument or its own. It is
	// called with up to all slots of a layer, and looks at ctx now and then.
	Keep(ctx context.Context, l *index.Layer, slots []index.Slot) ([]index.Slot, error)
}

// Encoding is how a tile is compressed.
type Encoding = pack.Encoding

// The encodings.
const (
	Gzip = pack.Gzip
	Zstd = pack.Zstd
)

// Query is what a client asks of a tile beside its address. The zero Query asks for everything.
type Query struct {
	// Filter chooses the features that exist for the tile; totals of cells do not know it.
	Filter Filter
	// Slow says that the filter may take long: such tiles wait for each other and hold up no others.
	Slow bool
	// Properties are the attributes that features carry; nil is all.
	Properties []string
	// Shift is how the map of the client is shifted; nil is not at all. Tiles are numbered as on that map.
	Shift *proj.Shift
	// Lang is a language tag, such as en: texts with a translation come in it, and codes with their words beside them
	// ([WordsSuffix]). Without it everything is as it is stored.
	Lang string
	// Encoding is how the tile is compressed.
	Encoding Encoding
}

// shows reports whether features carry an attribute.
func (q *Query) shows(name string) bool {
	return q.Properties == nil || slices.Contains(q.Properties, name)
}

// key tells queries apart, as far as they give other tiles.
func (q *Query) key() string {
	if q.Filter == nil && q.Properties == nil && q.Lang == "" {
		return ""
	}
	var b strings.Builder
	if q.Filter != nil {
		b.WriteString(q.Filter.String())
	}
	if q.Properties != nil {
		b.WriteString("\x00")
		b.WriteString(strings.Join(slices.Compact(slices.Sorted(slices.Values(q.Properties))), ","))
	}
	if q.Lang != "" {
		b.WriteString("\x01")
		b.WriteString(q.Lang)
	}
	return b.String()
}
