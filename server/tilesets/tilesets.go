// Package tilesets answers with tiles, their description and the styles of maps.
package tilesets

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
	"github.com/gewu-city/gewu/tiles"
)

// API is the resources tiles and styles.
type API struct {
	*city.City
	Maker *tiles.Maker
}

const typeTile = "application/vnd.mapbox-vector-tile"

// Tile answers with tile z/x/y. Map clients add parameters of their own to tile addresses, so unknown ones do
// no harm here.
func (a *API) Tile(w http.ResponseWriter, r *http.Request) error {
	world := &city.Asked{World: a.Engine.World()}
	var params *rest.Params
	if r.URL.RawQuery != "" {
		params = rest.ParseParams(r)
		var err error
		if world, err = a.Ask(r, params); err != nil {
			return err
		}
	}
	vars := mux.Vars(r)
	set, err := tileset(world.World, vars["tileset"])
	if err != nil {
		return err
	}
	var address [3]uint32
	for i, name := range [...]string{"z", "x", "y"} {
		n, err := strconv.ParseUint(vars[name], 10, 32)
		if err != nil {
			return rest.Fault(rest.BadRequest, name, vars[name], "must be a whole number")
		}
		address[i] = uint32(n)
	}
	query, err := a.query(r, params, world.World, set)
	if err != nil {
		return err
	}
	if params != nil && params.Text("diff") != "" {
		return a.diff(w, r, params.Text("diff"), set, address, query)
	}
	if params != nil && slices.Contains([]string{"1", "true"}, params.Text("explain")) {
		return a.explain(w, r, params, world, set, address, query)
	}
	tile, err := a.Maker.Tile(r.Context(), world.World, set, address[0], address[1], address[2], query)
	if err != nil {
		return err
	}
	world.Header(w)
	w.Header().Set("Cache-Control", "no-cache")
	if world.Fixed {
		// The log only grows, and a restored one has another epoch.
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	return writeTile(w, r, &tile)
}

func writeTile(w http.ResponseWriter, r *http.Request, tile *tiles.Tile) error {
	h := w.Header()
	h.Set("Vary", "Accept, Accept-Encoding")
	packed := !tile.Empty() && rest.Accepts(r.Header.Get("Accept-Encoding"), tile.Encoding.String())
	tag := `"` + tile.ETag + `"`
	if packed {
		tag = rest.PackedTag(tag, tile.Encoding.String())
	}
	h.Set("ETag", tag)
	if rest.MatchesTag(r.Header.Values("If-None-Match"), tile.ETag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	if tile.Empty() {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	body := tile.Packed
	if packed {
		h.Set("Content-Encoding", tile.Encoding.String())
	} else {
		var err error
		if body, err = tile.Bytes(); err != nil {
			return err
		}
	}
	h.Set("Content-Type", typeTile)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		// The client may have gone; there is nobody to tell.
		_, _ = w.Write(body) //nolint:gosec // a tile is not HTML, and its type says so
	}
	return nil
}

// tileset resolves the name in a path; an unknown one is not found.
func tileset(w *index.World, name string) (tiles.Tileset, error) {
	set, err := tiles.Resolve(w, name)
	if field, ok := errors.AsType[*data.FieldError](err); ok {
		return set, rest.Fault(rest.NotFound, field.Field, field.Value, field.Why).Because(err)
	}
	return set, err
}

// passedOn are the parameters of TileJSON that the addresses of its tiles have, too.
var passedOn = []string{"crs", "lang", "diff", "properties", "filter", "filter-lang", "filter-crs"}

// TileJSON describes a tileset.
func (a *API) TileJSON(w http.ResponseWriter, r *http.Request) error {
	params := rest.ParseParams(r)
	world, err := a.Ask(r, params)
	if err != nil {
		return err
	}
	set, err := tileset(world.World, mux.Vars(r)["tileset"])
	if err != nil {
		return err
	}
	asked, err := a.query(r, params, world.World, set)
	if err != nil {
		return err
	}
	world.Header(w)
	doc := a.Maker.Describe(world.World, set, a.BaseURL(r), asked)
	if params.Text("diff") != "" {
		doc.VectorLayers = described(doc.VectorLayers, set)
	}
	query := world.Query()
	for _, name := range passedOn {
		if r.URL.Query().Has(name) {
			query.Set(name, r.URL.Query().Get(name))
		}
	}
	if len(query) > 0 {
		doc.Tiles[0] += "?" + query.Encode()
	}
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		tiles.TileJSON
		city.Shown
	}{doc, world.Shown})
}
