package tilesets

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid/survey"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/outlook"
	"github.com/gewu-city/gewu/server/rest"
	"github.com/gewu-city/gewu/tiles"
)

// Drafts finds the draft of a request as whoever asks sees it, with its id and the Seq of its state, and refuses those who may
// not read drafts. It knows the parameters that say which draft in which state and what it is compared with; all others must
// have been read before.
type Drafts interface {
	Proposal(r *http.Request, q *rest.Params) (id string, seq data.Seq, p *survey.Proposal, err error)
}

// looked is a draft that a request wants to look at.
type looked struct {
	*outlook.Picture
	id    string
	seq   data.Seq
	set   tiles.Tileset
	query *tiles.Query
}

// look makes the picture that a request asks for.
func (a *API) look(r *http.Request) (*looked, error) {
	name := mux.Vars(r)["tileset"]
	if !slices.Contains(outlook.Tilesets, name) {
		return nil, rest.Fault(rest.NotFound, "tileset", name, "must be "+strings.Join(outlook.Tilesets, " or "))
	}
	q := rest.ParseParams(r)
	l := &looked{query: &tiles.Query{Shift: q.Shift("crs")}}
	q.Text("v") // any value: clients pass caches by it
	var err error
	var p *survey.Proposal
	if l.id, l.seq, p, err = a.Drafts.Proposal(r, q); err != nil {
		return nil, err
	}
	if l.Picture, err = a.Pictures.Of(r.Context(), name, l.id, l.seq, p, a.Locator); err != nil {
		return nil, err
	}
	l.set = tiles.Tileset{Name: name, Layers: l.Layers}
	return l, nil
}

// private says that no cache may give an answer to another. It may already be said more strictly.
func private(w http.ResponseWriter) {
	if h := w.Header(); h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private, no-cache")
	}
}

// DraftTile answers with a tile of a draft, or of what it changes: GET /v1/drafts/{draft}/tiles/{tileset}/{z}/{x}/{y}.mvt. Its
// ETag is that of its content, so that a step elsewhere leaves the tiles that clients have as they are.
func (a *API) DraftTile(w http.ResponseWriter, r *http.Request) error {
	coding, ok := rest.Coding(r, tiles.Zstd.String(), tiles.Gzip.String())
	if !ok {
		return rest.Fault(rest.NotAcceptable, "Accept-Encoding", strings.Join(r.Header.Values("Accept-Encoding"), ", "), "must allow zstd, gzip or identity")
	}
	at, err := address(r)
	if err != nil {
		return err
	}
	if err := tiles.CheckAddress(at[0], at[1], at[2]); err != nil {
		return err
	}
	l, err := a.look(r)
	if err != nil {
		return err
	}
	l.query.Encoding = encoding(coding)
	tile, err := a.Maker.Tile(r.Context(), l.World, l.set, at[0], at[1], at[2], l.query)
	if err != nil {
		return err
	}
	private(w)
	return writeTile(w, r, &tile, coding)
}

// draftTiles is TileJSON of a draft.
type draftTiles struct {
	tiles.TileJSON
	Draft string `json:"draft"`
	// Objects are how many change their cell, and how many of them are drawn at most.
	Objects *objects `json:"objects,omitempty"`
}

type objects struct {
	Moved int `json:"moved"`
	Shown int `json:"shown"`
}

// compared are the parameters that the addresses of tiles have, too.
var compared = []string{"at", "as_of", "version", "crs"}

// DraftTileJSON describes the tiles of a draft: GET /v1/drafts/{draft}/tiles/{tileset}.json. The addresses of its tiles change
// with each step, so that a map that is told of one asks anew.
func (a *API) DraftTileJSON(w http.ResponseWriter, r *http.Request) error {
	l, err := a.look(r)
	if err != nil {
		return err
	}
	doc := draftTiles{Draft: l.id, TileJSON: tiles.Describe(l.World, l.set, "", l.query)}
	doc.Seq, doc.Epoch, doc.Version = l.seq, a.Store.Epoch(), "1.0."+strconv.FormatUint(uint64(l.seq), 10)
	if l.set.Name == outlook.Changes {
		doc.Objects = &objects{l.Moved, l.Shown}
	}
	query := url.Values{"v": {strconv.FormatUint(uint64(l.seq), 10)}}
	for _, name := range compared {
		if text := r.URL.Query().Get(name); text != "" {
			query.Set(name, text)
		}
	}
	if as := city.As(r); as != "" {
		query.Set("as", as)
	}
	doc.Tiles = []string{a.BaseURL(r) + "/v1/drafts/" + url.PathEscape(l.id) + "/tiles/" + l.set.Name + "/{z}/{x}/{y}.mvt?" + query.Encode()}
	private(w)
	return rest.WriteJSON(w, r, http.StatusOK, doc)
}
