package tilesets

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
	"github.com/gewu-city/gewu/tiles"
)

// diff answers with a tile of what differs between two moments.
func (a *API) diff(w http.ResponseWriter, r *http.Request, moments string, set tiles.Tileset, address [3]uint32, q *tiles.Query) error {
	from, to, two := strings.Cut(moments, ",")
	if !two || from == "" {
		return rest.Fault(rest.BadRequest, "diff", moments, "must be two moments, as in 2026-03-01,2026-03-02; the second may be empty, for the present")
	}
	before, err := a.Moment(r, "diff", from)
	if err != nil {
		return err
	}
	after, err := a.Moment(r, "diff", to)
	if err != nil {
		return err
	}
	tile, err := a.Maker.Diff(r.Context(), before, after, set, address[0], address[1], address[2], q)
	if err != nil {
		return err
	}
	city.SetSeq(w, after.Seq())
	w.Header().Set("Cache-Control", "no-cache")
	return writeTile(w, r, &tile)
}

// described makes, of the layers that a tileset has, those of its differences, which have no label points.
func described(layers []tiles.VectorLayer, set tiles.Tileset) []tiles.VectorLayer {
	all := []tiles.VectorLayer{}
	for _, v := range layers {
		if !slices.Contains(set.Layers, v.ID) {
			continue
		}
		name := v.ID
		for _, suffix := range []string{tiles.AddedSuffix, tiles.ChangedSuffix, tiles.RemovedSuffix} {
			v.ID = name + suffix
			all = append(all, v)
		}
	}
	return all
}
