package past

import (
	"fmt"
	"net/http"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/history"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/city"
)

// layerOf is the definition under which a change of entry seq is shown: that of its layer at the time if the feature
// belongs to a layer that exists, else one that names values by their places, because a layer that was dropped has no
// names any more.
//
// It is not shown when whoever asks does not see all of the city and not the layer, or not the feature then or now.
func (a *API) layerOf(r *http.Request, world *index.World, names *history.Definitions, seq data.Seq, c *data.Change) (def *data.Layer, shown bool, err error) {
	l, ok := world.Layer(c.Layer)
	if world.View() != "" && c.Stream != data.StreamAdmin && (!ok && c.Stream != data.StreamScheme && c.Stream != data.StreamDictionary ||
		ok && c.Stream == data.StreamFeature && !a.sees(r, world, l, c) || ok && c.Stream == data.StreamSchema && l.View() != "") {
		return nil, false, nil
	}
	if ok {
		if head, ok := l.Head(c.Feature.ID); ok && head.Permanent == c.Permanent {
			def, err = names.At(r.Context(), l.Def(), l.DefSeq(), seq)
			if err != nil {
				return nil, false, err
			}
			return city.Hide(l, def), true, nil
		}
	}
	if world.View() != "" && ok && l.View() != "" {
		return nil, false, nil
	}
	bare := &data.Layer{Name: c.Layer, Attributes: make([]data.Attribute, len(c.Feature.Values))}
	for i := range bare.Attributes {
		bare.Attributes[i] = data.Attribute{Name: fmt.Sprint("value_", i+1), Type: c.Feature.Values[i].Type()}
	}
	return bare, true, nil
}

// sees reports whether whoever asks sees the feature of a change, then and now.
func (a *API) sees(r *http.Request, world *index.World, l *index.Layer, c *data.Change) bool {
	if !l.Masked() {
		return true
	}
	head, ok := l.Head(c.Feature.ID)
	return ok && head.Permanent == c.Permanent && !c.Erased && (c.Op != data.OpPut || a.Shows(r, world, l, &c.Feature))
}
