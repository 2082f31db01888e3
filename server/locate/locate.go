// Package locate answers whose ground a point is: one point, or a stream of rows.
package locate

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/batch"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// API is the resource locate.
type API struct{ *city.City }

// location is the answer to one point. Duties and disputes are empty until cases and planning fill them.
type location struct {
	Lon float64  `json:"lon"`
	Lat float64  `json:"lat"`
	Seq data.Seq `json:"seq"`
	city.Shown
	grid.Location
	Duties   []struct{} `json:"duties"`
	Disputes []struct{} `json:"disputes"`
}

// Point answers what is at a point.
func (a *API) Point(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	x, y, crs, scheme := q.Number("lon"), q.Number("lat"), q.CRS("crs", a.Systems), q.Text("scheme")
	world, err := a.Ask(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	p, fault := rest.Place(crs, x, y)
	if fault != nil {
		return fault
	}
	if err := a.knownScheme(world.World, scheme); err != nil {
		return err
	}
	ask := grid.Everything
	ask.Scheme = scheme
	loc := a.Locator.Locate(world.World, p, ask)
	world.Header(w)
	return rest.WriteJSON(w, r, http.StatusOK, location{
		Lon: p.Lon(), Lat: p.Lat(), Seq: world.Seq(), Shown: world.Shown, Location: loc, Duties: []struct{}{}, Disputes: []struct{}{},
	})
}

// knownScheme refuses the name of a scheme that does not exist.
func (a *API) knownScheme(w *index.World, name string) error {
	if name == "" || a.Locator.HasScheme(w, name) {
		return nil
	}
	var have []string
	for _, scheme := range a.Locator.Plan(w).Schemes {
		have = append(have, scheme.Name)
	}
	p := rest.Fault(rest.BadRequest, "scheme", name, "does not exist")
	if len(have) > 0 {
		p.Detail += "; there are " + strings.Join(slices.Compact(have), ", ")
	}
	return p
}

// Stream answers rows as they come.
func (a *API) Stream(w http.ResponseWriter, r *http.Request) error {
	kind, err := rest.ContentType(r, rest.TypeCSV, rest.TypeNDJSON)
	if err != nil {
		return err
	}
	q := rest.ParseParams(r)
	job := batch.Job{
		Locator: a.Locator, World: a.Engine.World, RowBytes: a.Limits.RowBytes,
		Scheme: q.Text("scheme"), CRS: q.CRS("crs", a.Systems), Lon: q.Text("lon"), Lat: q.Text("lat"),
	}
	world, err := a.Ask(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	if world.Query().Encode() != "" {
		// The past does not go on while the rows come.
		job.World = func() *index.World { return world.World }
	}
	if (job.Lon == "") != (job.Lat == "") {
		return rest.Fault(rest.BadRequest, "lon,lat", job.Lon+","+job.Lat, "must be given together")
	}
	if err := a.knownScheme(world.World, job.Scheme); err != nil {
		return err
	}
	control := http.NewResponseController(w)
	// Refused by recorders in tests and by HTTP/2, where both directions are open anyway.
	_ = control.EnableFullDuplex()
	job.Waiting = func() {
		_ = control.SetReadDeadline(a.Now().Add(a.Limits.Idle))
		a.Extend(control)
	}
	world.Header(w)
	w.Header().Set("Cache-Control", "no-store")
	if kind == rest.TypeNDJSON {
		w.Header().Set("Content-Type", kind)
		return job.NDJSON(r.Body, &flusher{w, control})
	}
	w.Header().Set("Content-Type", kind+"; charset=utf-8; header=present")
	return job.CSV(r.Body, &flusher{w, control})
}

// flusher sends each write on its way.
type flusher struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (f *flusher) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if err == nil {
		_ = f.control.Flush()
	}
	return n, err
}
