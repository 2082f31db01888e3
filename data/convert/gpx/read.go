// Package gpx reads and writes GPX 1.1: waypoints, routes and tracks of satellite receivers.
package gpx

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/xmltext"
	"github.com/gewu-city/gewu/geo"
)

// The tables of a file.
const (
	waypoints   = "waypoints"
	routes      = "routes"
	tracks      = "tracks"
	routePoints = "route_points"
	trackPoints = "track_points"
)

var tables = []string{waypoints, routes, tracks, routePoints, trackPoints}

// elements are the tables that an element gives rows to.
var elements = map[string][]string{"wpt": {waypoints}, "rte": {routes, routePoints}, "trk": {tracks, trackPoints}}

// Read reads the tables of a file that hold the wanted kind of geometry: waypoints are points, routes and tracks lines.
// The points of routes and tracks are tables of their own, which must be named. Columns are the elements of a point, route
// or track that hold text, those of extensions included.
func Read(in io.Reader, o row.Options, out row.Sink) error {
	r := &reader{out: out, met: map[string]int{}}
	switch {
	case o.Table != "" && !slices.Contains(tables, o.Table):
		return fmt.Errorf("GPX has no table %q; its tables are %s", o.Table, strings.Join(tables, ", "))
	case o.Table != "":
		r.wanted = []string{o.Table}
	case o.Kind == geo.KindPoint:
		r.wanted = []string{waypoints}
	case o.Kind == geo.KindLine:
		r.wanted = []string{routes, tracks}
	default:
		return fmt.Errorf("GPX holds points and lines, the layer %s", o.Kind)
	}
	d, err := xmltext.NewDecoder(in, o.Encoding)
	if err != nil {
		return err
	}
	r.d = d
	root, err := d.Root()
	if err != nil {
		return err
	}
	if root.Name.Local != "gpx" {
		return fmt.Errorf("the file is not GPX: it starts with <%s>", row.Shorten(root.Name.Local))
	}
	if err := out.Head(row.Head{Geometry: true}); err != nil {
		return err
	}
	if err := d.Each(r.element); err != nil {
		return err
	}
	if r.rows == 0 && len(r.met) > 0 {
		out.Note(fmt.Sprintf("the file has no %s, but %d waypoints, %d routes and %d tracks; --table takes another of %s",
			strings.Join(r.wanted, " or "), r.met["wpt"], r.met["rte"], r.met["trk"], strings.Join(tables, ", ")))
	}
	return nil
}

type reader struct {
	d      *xmltext.Decoder
	out    row.Sink
	wanted []string
	met    map[string]int
	rows   int
}

// element reads an element directly in the file.
func (r *reader) element(e xml.StartElement) error {
	gives := elements[e.Name.Local]
	if gives == nil {
		return r.d.Skip()
	}
	r.met[e.Name.Local]++
	if !slices.ContainsFunc(gives, func(t string) bool { return slices.Contains(r.wanted, t) }) {
		return r.d.Skip()
	}
	f := feature{line: r.d.Line(), fault: r.fault(e)}
	switch e.Name.Local {
	case "wpt":
		f.geometry = r.position(e)
		if err := r.fields(&f, nil); err != nil {
			return err
		}
		return r.emit(&f)
	case "rte":
		run, err := r.run(&f, "rtept", slices.Contains(r.wanted, routePoints))
		if err != nil || slices.Contains(r.wanted, routePoints) {
			return err
		}
		f.setLines([]orb.LineString{run})
		return r.emit(&f)
	default:
		return r.track(&f, slices.Contains(r.wanted, trackPoints))
	}
}

// feature is a point, route or track.
type feature struct {
	line     int
	columns  []string
	cells    []string
	geometry orb.Geometry
	fault    *data.FieldError
	notes    []string
	size     int // positions
}

// maxPositions bounds one track.
const maxPositions = 8 << 20

func (r *reader) emit(f *feature) error {
	r.rows++
	if f.size > maxPositions {
		f.fault = &data.FieldError{Field: "geometry", Why: fmt.Sprintf("has more than %d positions", maxPositions)}
	}
	if f.columns == nil {
		f.columns = []string{}
	}
	return r.out.Row(&row.Row{Line: f.line, Columns: f.columns, Cells: f.cells, Geometry: f.geometry, Fault: f.fault, Notes: f.notes})
}

// fault says what is wrong with the position of an element that has one.
func (r *reader) fault(e xml.StartElement) *data.FieldError {
	if e.Name.Local == "rte" || e.Name.Local == "trk" {
		return nil
	}
	for _, name := range []string{"lon", "lat"} {
		text := xmltext.Attr(e, name)
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return &data.FieldError{Field: name, Value: text, Why: "is no number"}
		}
	}
	return nil
}

// position is that of an element without fault.
func (r *reader) position(e xml.StartElement) orb.Point {
	lon, _ := strconv.ParseFloat(xmltext.Attr(e, "lon"), 64)
	lat, _ := strconv.ParseFloat(xmltext.Attr(e, "lat"), 64)
	return orb.Point{lon, lat}
}

// fields reads the elements of a feature that hold text; others are the matter of other, which moves behind them.
func (r *reader) fields(f *feature, other map[string]func(xml.StartElement) error) error {
	add := func(name string) error {
		text, err := r.d.Text()
		if text = strings.TrimSpace(text); text != "" && !slices.Contains(f.columns, name) {
			f.columns, f.cells = append(f.columns, name), append(f.cells, text)
		}
		return err
	}
	return r.d.Each(func(e xml.StartElement) error {
		name := e.Name.Local
		switch {
		case other[name] != nil:
			return other[name](e)
		case name == "link":
			if href := xmltext.Attr(e, "href"); href != "" && !slices.Contains(f.columns, name) {
				f.columns, f.cells = append(f.columns, name), append(f.cells, href)
			}
			return r.d.Skip()
		case name == "extensions":
			return r.d.Each(func(e xml.StartElement) error {
				name := e.Name.Local
				if given := xmltext.Attr(e, "name"); given != "" {
					name = given
				}
				return add(name)
			})
		}
		return add(name)
	})
}

// run reads points with a name in the current element, and what else it holds into f. Alone, each point is a row.
func (r *reader) run(f *feature, name string, alone bool) (run orb.LineString, err error) {
	return run, r.fields(f, map[string]func(xml.StartElement) error{name: func(e xml.StartElement) error {
		return r.point(f, e, alone, &run)
	}})
}

// point reads a point of a route or track.
func (r *reader) point(f *feature, e xml.StartElement, alone bool, run *orb.LineString) error {
	fault := r.fault(e)
	at := r.position(e)
	if alone {
		p := feature{line: r.d.Line(), geometry: at, fault: fault}
		if err := r.fields(&p, nil); err != nil {
			return err
		}
		return r.emit(&p)
	}
	if f.size++; f.size <= maxPositions {
		*run = append(*run, at)
	}
	if fault != nil && f.fault == nil {
		f.fault = fault
	}
	return r.d.Skip()
}

// track reads a track of segments.
func (r *reader) track(f *feature, alone bool) error {
	var lines []orb.LineString
	err := r.fields(f, map[string]func(xml.StartElement) error{"trkseg": func(xml.StartElement) error {
		var run orb.LineString
		err := r.d.Each(func(e xml.StartElement) error {
			if e.Name.Local != "trkpt" {
				return r.d.Skip()
			}
			return r.point(f, e, alone, &run)
		})
		lines = append(lines, run)
		return err
	}})
	if err != nil || alone {
		return err
	}
	f.setLines(lines)
	return r.emit(f)
}

// setLines keeps the lines that have a length. A receiver starts a segment whenever it has lost its position, so that
// many have one point or stand still.
func (f *feature) setLines(lines []orb.LineString) {
	var kept orb.MultiLineString
	short := 0
	for _, l := range lines {
		if slices.ContainsFunc(l, func(p orb.Point) bool { return p != l[0] }) {
			kept = append(kept, l)
		} else {
			short++
		}
	}
	switch {
	case len(kept) == 0 && f.fault == nil:
		f.fault = &data.FieldError{Field: "geometry", Why: "has fewer than two different positions"}
	case short > 0:
		f.notes = append(f.notes, fmt.Sprintf("left out %d segments with fewer than two different positions", short))
	}
	f.geometry = kept
}
