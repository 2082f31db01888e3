package past

import (
	"fmt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// layerOf is the definition under which a change is shown: that of the layer if the feature belongs to it, else one that
// names values by their places, because a layer that was dropped has no names any more.
func layerOf(world *index.World, c *data.Change) *data.Layer {
	if l, ok := world.Layer(c.Layer); ok {
		if head, ok := l.Head(c.Feature.ID); ok && head.Permanent == c.Permanent {
			return l.Def()
		}
	}
	bare := &data.Layer{Name: c.Layer, Attributes: make([]data.Attribute, len(c.Feature.Values))}
	for i := range bare.Attributes {
		bare.Attributes[i] = data.Attribute{Name: fmt.Sprint("value_", i+1), Type: c.Feature.Values[i].Type()}
	}
	return bare
}
