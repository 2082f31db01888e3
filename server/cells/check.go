package cells

import (
	"net/http"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid/coverage/check"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// Bounds of the list of defects.
const standardDefects, mostDefects = 10_000, 100_000

// checked is what a check found.
type checked struct {
	Scheme  string             `json:"scheme"`
	Cells   int                `json:"cells"`
	Defects []check.Defect     `json:"defects"`
	Counts  map[check.Kind]int `json:"counts"`
	Left    int                `json:"left_off,omitempty"`
	Seq     data.Seq           `json:"seq"`
	city.Shown
}

// Check answers with the defects of a scheme: GET /v1/schemes/{scheme}/check.
func (a *API) Check(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	limit := q.Whole("limit", 0, mostDefects, standardDefects)
	sliver := check.SliverWidth
	if text := q.Text("sliver"); text != "" {
		if sliver = q.Number("sliver"); sliver < 0 {
			q.Fail(rest.Fault(rest.BadRequest, "sliver", text, "must be a width in metres, or 0 to look for none"))
		}
	}
	world, scheme, err := a.scheme(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	found := checked{Scheme: scheme.Name, Defects: []check.Defect{}, Counts: map[check.Kind]int{}, Seq: world.Seq(), Shown: world.Shown}
	if layer, ok := world.Layer(scheme.Cells.Layer); ok {
		all := make([]check.Cell, 0, layer.Len())
		for slot := range layer.Slots() {
			all = append(all, check.Cell{ID: layer.ID(slot), Shape: layer.Shape(slot)})
		}
		found.Cells = len(all)
		if defects := check.Cells(all, check.Options{Sliver: sliver}); len(defects) > 0 {
			found.Defects = defects
		}
	}
	for _, d := range found.Defects {
		found.Counts[d.Kind]++
	}
	if over := len(found.Defects) - limit; over > 0 {
		found.Defects, found.Left = found.Defects[:limit], over
	}
	world.Header(w)
	return rest.WriteJSON(w, r, http.StatusOK, found)
}
