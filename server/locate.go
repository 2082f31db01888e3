package server

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
)

// location is the answer to one point. Duties and disputes are empty until cases and planning fill them.
type location struct {
	Lon float64  `json:"lon"`
	Lat float64  `json:"lat"`
	Seq data.Seq `json:"seq"`
	grid.Location
	Duties   []struct{} `json:"duties"`
	Disputes []struct{} `json:"disputes"`
}

// handleLocate answers what is at a point.
func (s *Server) handleLocate(w http.ResponseWriter, r *http.Request) error {
	q := parseParams(r)
	x, y, crs, scheme := q.number("lon"), q.number("lat"), q.crs("crs"), q.text("scheme")
	world, err := s.world(r, q)
	if err != nil {
		return err
	}
	if err := q.done(""); err != nil {
		return err
	}
	p, fault := place(crs, x, y)
	if fault != nil {
		return fault
	}
	if err := s.knownScheme(world, scheme); err != nil {
		return err
	}
	loc := s.cfg.Locator.Locate(world, p, scheme, grid.DefaultReach)
	setSeq(w, world.Seq())
	return writeJSON(w, r, http.StatusOK, location{
		Lon: p.Lon(), Lat: p.Lat(), Seq: world.Seq(), Location: loc, Duties: []struct{}{}, Disputes: []struct{}{},
	})
}

// place converts coordinates of a system; the problem names the one that is wrong.
func place(crs proj.CRS, x, y float64) (geo.Point, *problem) {
	if lon, lat, ok := crs.ToLonLat(x, y); ok {
		if p, ok := geo.FromDegrees(lon, lat); ok {
			return p, nil
		}
	}
	switch degrees := crs.Name() != "EPSG:3857" && crs.Name() != "EPSG:3826"; {
	case degrees && (x < -180 || x > 180):
		return geo.Point{}, fieldFault(badRequest, "lon", formatNumber(x), "must lie within ±180")
	case degrees:
		return geo.Point{}, fieldFault(badRequest, "lat", formatNumber(y), "must lie within ±90")
	default:
		return geo.Point{}, fieldFault(badRequest, "lon,lat", formatNumber(x)+","+formatNumber(y),
			"lie outside the area in which "+crs.Name()+" is used")
	}
}

func (s *Server) knownScheme(w *index.World, name string) error {
	if name == "" || s.cfg.Locator.HasScheme(w, name) {
		return nil
	}
	var have []string
	for _, scheme := range s.cfg.Locator.Plan(w).Schemes {
		have = append(have, scheme.Name)
	}
	p := fieldFault(badRequest, "scheme", name, "does not exist")
	if len(have) > 0 {
		p.detail += "; there are " + strings.Join(slices.Compact(have), ", ")
	}
	return p
}
