package tilesets

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
	"github.com/gewu-city/gewu/tiles"
)

// moments are the two Worlds that the parameter diff names; none when it is absent.
func (a *API) moments(r *http.Request, p *rest.Params) (before, after *index.World, err error) {
	moments := p.Text("diff")
	if moments == "" {
		return nil, nil, nil
	}
	for _, name := range []string{"at", "as_of", "version"} {
		if text := p.Text(name); text != "" {
			return nil, nil, rest.Fault(rest.BadRequest, name, text, "does not go with diff, which names both moments: diff=a,b")
		}
	}
	for _, name := range []string{"explain", "feature"} {
		if text := p.Text(name); text != "" {
			return nil, nil, rest.Fault(rest.BadRequest, name, text, "does not go with diff: ask about the tile of one moment, with at")
		}
	}
	from, to, two := strings.Cut(moments, ",")
	if !two || from == "" {
		return nil, nil, rest.Fault(rest.BadRequest, "diff", moments, "must be two moments, as in 2026-03-01,2026-03-02; the second may be empty, for the present")
	}
	if before, err = a.Moment(r, "diff", from); err != nil {
		return nil, nil, err
	}
	after, err = a.Moment(r, "diff", to)
	return before, after, err
}

// diff answers with a tile of what differs between two Worlds.
func (a *API) diff(w http.ResponseWriter, r *http.Request, p *rest.Params, before, after *index.World, coding string) error {
	set, err := either(before, after, mux.Vars(r)["tileset"])
	if err != nil {
		return err
	}
	at, err := address(r)
	if err != nil {
		return err
	}
	q, err := a.query(p, set, after, before)
	if err != nil {
		return err
	}
	q.Encoding = encoding(coding)
	tile, err := a.Maker.Diff(r.Context(), before, after, set, at[0], at[1], at[2], q)
	if err != nil {
		return err
	}
	city.SetSeq(w, after.Seq())
	if h := w.Header(); h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-cache")
	}
	return writeTile(w, r, &tile, coding)
}

// describeDiff describes tiles of what differs: where either World has something, and layers that have no label points.
func (a *API) describeDiff(r *http.Request, p *rest.Params, before, after *index.World, name string) (doc tiles.TileJSON, err error) {
	set, err := either(before, after, name)
	if err != nil {
		return doc, err
	}
	q, err := a.query(p, set, after, before)
	if err != nil {
		return doc, err
	}
	doc = a.Maker.Describe(after, set, a.BaseURL(r), q)
	old := a.Maker.Describe(before, set, a.BaseURL(r), q)
	// What was removed may lie where nothing is left.
	for i := range 2 {
		doc.Bounds[i], doc.Bounds[i+2] = min(doc.Bounds[i], old.Bounds[i]), max(doc.Bounds[i+2], old.Bounds[i+2])
	}
	doc.MinZoom, doc.MaxZoom = min(doc.MinZoom, old.MinZoom), max(doc.MaxZoom, old.MaxZoom)
	all := []tiles.VectorLayer{}
	for _, name := range set.Layers {
		is := func(v tiles.VectorLayer) bool { return v.ID == name }
		at := slices.IndexFunc(doc.VectorLayers, is)
		layers := doc.VectorLayers
		if at < 0 {
			layers, at = old.VectorLayers, slices.IndexFunc(old.VectorLayers, is)
		}
		if at < 0 {
			continue // totals and groups, which have no differences
		}
		for _, suffix := range []string{tiles.AddedSuffix, tiles.ChangedSuffix, tiles.RemovedSuffix} {
			v := layers[at]
			v.ID = name + suffix
			all = append(all, v)
		}
	}
	doc.VectorLayers = all
	return doc, nil
}
