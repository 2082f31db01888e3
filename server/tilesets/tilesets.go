// Package tilesets answers with tiles, their description and the styles of maps.
package tilesets

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/outlook"
	"github.com/gewu-city/gewu/server/rest"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/pack"
)

// API is the resources tiles and styles.
type API struct {
	*city.City
	Maker *tiles.Maker
	// Drafts are those that may be looked at, and Pictures of them.
	Drafts   Drafts
	Pictures *outlook.Pictures
}

const typeTile = "application/vnd.mapbox-vector-tile"

// The parameters of tiles, and of their descriptions. Whatever else a map client adds is refused as everywhere: a filter
// that is misspelt must not become a map of everything. v may have any value and changes nothing, for clients that pass
// caches by a new address.
var (
	described = []string{"crs", "lang", "properties", "filter", "filter-lang", "filter-crs", "diff", "at", "as_of", "version", "min_seq", "v"}
	drawn     = append([]string{"explain", "feature"}, described...)
)

// Tile answers with tile z/x/y.
func (a *API) Tile(w http.ResponseWriter, r *http.Request) error {
	// A tile exists as zstd, as gzip and plain.
	coding, ok := rest.Coding(r, tiles.Zstd.String(), tiles.Gzip.String())
	if !ok {
		return rest.Fault(rest.NotAcceptable, "Accept-Encoding", strings.Join(r.Header.Values("Accept-Encoding"), ", "), "must allow zstd, gzip or identity")
	}
	world := &city.Asked{World: a.Present(r)}
	var params *rest.Params
	explains := false
	if r.URL.RawQuery != "" {
		params = rest.ParseParams(r)
		if err := params.Only(drawn...); err != nil {
			return err
		}
		if before, after, err := a.moments(r, params); err != nil {
			return err
		} else if before != nil {
			return a.diff(w, r, params, before, after, coding)
		}
		var err error
		if explains, err = wantsReasons(params); err != nil {
			return err
		}
		if world, err = a.Ask(r, params); err != nil {
			return err
		}
	}
	set, err := tileset(world.World, mux.Vars(r)["tileset"])
	if err != nil {
		return err
	}
	at, err := address(r)
	if err != nil {
		return err
	}
	query, err := a.query(params, set, world.World)
	if err != nil {
		return err
	}
	if explains {
		return a.explain(w, r, params, world, set, at, query)
	}
	query.Encoding = encoding(coding)
	tile, err := a.Maker.Tile(r.Context(), world.World, set, at[0], at[1], at[2], query)
	if err != nil {
		return err
	}
	world.Header(w)
	// Where access is by rights it has been said already that no cache may give the tile to another, whoever sees it all
	// included.
	if h := w.Header(); h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-cache")
		if world.Fixed {
			// The log only grows, and a restored one has another epoch.
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
	}
	return writeTile(w, r, &tile, coding)
}

// address is z, x and y of the path.
func address(r *http.Request) (at [3]uint32, err error) {
	for i, name := range [...]string{"z", "x", "y"} {
		text := mux.Vars(r)[name]
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return at, rest.Fault(rest.BadRequest, name, text, "must be a whole number")
		}
		at[i] = uint32(n)
	}
	return at, nil
}

// encoding is how tiles are kept for a content coding.
func encoding(coding string) tiles.Encoding {
	if coding == tiles.Zstd.String() {
		return tiles.Zstd
	}
	return tiles.Gzip
}

// writeTile answers with a tile in a content coding, empty for none.
func writeTile(w http.ResponseWriter, r *http.Request, tile *tiles.Tile, coding string) error {
	h := w.Header()
	h.Add("Vary", "Accept, Accept-Encoding")
	packed := !tile.Empty() && coding != ""
	tag := `"` + tile.ETag + `"`
	if packed {
		tag = rest.PackedTag(tag, coding)
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
	h.Set("Content-Type", typeTile)
	if packed {
		h.Set("Content-Encoding", coding)
		return send(w, r, tile.Packed)
	}
	if tile.Size > large {
		h.Set("Content-Length", strconv.Itoa(tile.Size))
		w.WriteHeader(http.StatusOK)
		if r.Method == http.MethodHead {
			return nil
		}
		// The client may have gone; there is nobody to tell.
		if err := pack.Copy(w, tile.Encoding, tile.Packed); errors.Is(err, pack.ErrDamaged) {
			return err
		}
		return nil
	}
	body, err := tile.Bytes()
	if err != nil {
		return err
	}
	return send(w, r, body)
}

// large is the size from which a tile is unpacked while it is written, in bytes: a thousand clients that hardly read must
// not hold one each, and packed ones they share.
const large = 64 << 10

func send(w http.ResponseWriter, r *http.Request, body []byte) error {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		// The client may have gone; there is nobody to tell.
		_, _ = w.Write(body) //nolint:gosec // a tile is not HTML, and its type says so
	}
	return nil
}

// passedOn are the parameters of TileJSON that the addresses of its tiles have, too.
var passedOn = []string{"crs", "lang", "diff", "properties", "filter", "filter-lang", "filter-crs"}

// TileJSON describes a tileset.
func (a *API) TileJSON(w http.ResponseWriter, r *http.Request) error {
	params := rest.ParseParams(r)
	if err := params.Only(described...); err != nil {
		return err
	}
	before, after, err := a.moments(r, params)
	if err != nil {
		return err
	}
	world, err := a.Ask(r, params)
	if err != nil {
		return err
	}
	var doc tiles.TileJSON
	if name := mux.Vars(r)["tileset"]; before != nil {
		doc, err = a.describeDiff(r, params, before, after, name)
	} else {
		doc, err = a.describe(r, params, world.World, name)
	}
	if err != nil {
		return err
	}
	world.Header(w)
	query := world.Query()
	for _, name := range passedOn {
		if r.URL.Query().Has(name) {
			query.Set(name, r.URL.Query().Get(name))
		}
	}
	if as := city.As(r); as != "" {
		query.Set("as", as)
	}
	if len(query) > 0 {
		doc.Tiles[0] += "?" + query.Encode()
	}
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		tiles.TileJSON
		city.Shown
	}{doc, world.Shown})
}

func (a *API) describe(r *http.Request, p *rest.Params, w *index.World, name string) (doc tiles.TileJSON, err error) {
	set, err := tileset(w, name)
	if err != nil {
		return doc, err
	}
	asked, err := a.query(p, set, w)
	if err != nil {
		return doc, err
	}
	return a.Maker.Describe(w, set, a.BaseURL(r), asked), nil
}
