package past

import (
	"context"
	"fmt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/history"
	"github.com/gewu-city/gewu/index"
)

// layerOf is the definition under which a change of entry seq is shown: that of its layer at the time if the feature
// belongs to a layer that exists, else one that names values by their places, because a layer that was dropped has no
// names any more.
func layerOf(ctx context.Context, world *index.World, names *history.Definitions, seq data.Seq, c *data.Change) (*data.Layer, error) {
	if l, ok := world.Layer(c.Layer); ok {
		if head, ok := l.Head(c.Feature.ID); ok && head.Permanent == c.Permanent {
			return names.At(ctx, l.Def(), l.DefSeq(), seq)
		}
	}
	bare := &data.Layer{Name: c.Layer, Attributes: make([]data.Attribute, len(c.Feature.Values))}
	for i := range bare.Attributes {
		bare.Attributes[i] = data.Attribute{Name: fmt.Sprint("value_", i+1), Type: c.Feature.Values[i].Type()}
	}
	return bare, nil
}
