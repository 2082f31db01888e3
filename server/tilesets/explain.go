package tilesets

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
	"github.com/gewu-city/gewu/tiles"
)

// explained is the answer to explain=1: what a tile holds and why.
type explained struct {
	Tileset string              `json:"tileset"`
	Tile    string              `json:"tile"`
	Layers  []tiles.LayerReport `json:"layers"`
	// Bytes is the size before compression, Packed after it.
	Bytes    int     `json:"bytes"`
	Packed   int     `json:"packed_bytes"`
	Encoding string  `json:"encoding"`
	Cached   bool    `json:"cached"`
	Millis   float64 `json:"milliseconds"`
	// Feature says why one feature is drawn or not, when it was asked for.
	Feature *tiles.Verdict `json:"feature,omitempty"`
	Seq     data.Seq       `json:"seq"`
}

// wantsReasons reads explain and, what needs it, feature.
func wantsReasons(p *rest.Params) (bool, error) {
	text := p.OneOf("explain", "0", "1", "false", "true")
	explains := text == "1" || text == "true"
	if id := p.Text("feature"); id != "" && !explains {
		p.Fail(rest.Fault(rest.BadRequest, "feature", id, "goes with explain=1 only; to draw one feature use filter=id='…'"))
	}
	return explains, p.Fault()
}

// explain answers what a tile holds, what it left out and why, and with feature=ID what became of that one.
func (a *API) explain(w http.ResponseWriter, r *http.Request, p *rest.Params, world *city.Asked, set tiles.Tileset, address [3]uint32, q *tiles.Query) error {
	start := a.Now()
	tile, cached, err := a.Maker.Explain(r.Context(), world.World, set, address[0], address[1], address[2], q)
	if err != nil {
		return err
	}
	out := explained{
		Tileset: set.Name, Layers: tile.Layers, Bytes: tile.Size, Packed: len(tile.Packed), Encoding: tile.Encoding.String(),
		Tile:   strconv.Itoa(int(address[0])) + "/" + strconv.Itoa(int(address[1])) + "/" + strconv.Itoa(int(address[2])),
		Cached: cached, Millis: float64(a.Now().Sub(start)) / float64(time.Millisecond), Seq: world.Seq(),
	}
	if out.Layers == nil {
		out.Layers = []tiles.LayerReport{}
	}
	if id := p.Text("feature"); id != "" {
		if out.Feature, err = a.Maker.Why(r.Context(), world.World, set, address[0], address[1], address[2], q, id); err != nil {
			return err
		}
	}
	world.Header(w)
	return rest.WriteJSON(w, r, http.StatusOK, out)
}
