package control

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/delimited"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/geo/proj"
)

// file is the content of a TOML file; CSV fills the points.
type file struct {
	Name       string      `toml:"name"`
	Title      string      `toml:"title"`
	From       string      `toml:"from"`
	Base       string      `toml:"base"`
	ToleranceM *float64    `toml:"tolerance_m"`
	Extent     *[4]float64 `toml:"extent"`
	Points     []point     `toml:"points"`
}

// point has its known place in degrees or in metres.
type point struct {
	Name     string   `toml:"name"`
	Lon      *float64 `toml:"lon"`
	Lat      *float64 `toml:"lat"`
	East     *float64 `toml:"east"`
	North    *float64 `toml:"north"`
	OwnEast  *float64 `toml:"own_east"`
	OwnNorth *float64 `toml:"own_north"`
}

// set gives a point the number of a column; it reports false for other columns.
func (p *point) set(column string, v *float64) bool {
	switch column {
	case "lon":
		p.Lon = v
	case "lat":
		p.Lat = v
	case "east":
		p.East = v
	case "north":
		p.North = v
	case "own_east":
		p.OwnEast = v
	case "own_north":
		p.OwnNorth = v
	default:
		return false
	}
	return true
}

const headings = "name, lon, lat (or east, north), own_east, own_north"

// readCSV reads the points of a CSV file.
func (f *file) readCSV(in delimited.Text) error {
	return delimited.Read(in, 0, &sink{file: f})
}

// sink takes the rows of a CSV file.
type sink struct {
	file     *file
	headings []string
	rows     int
}

func (s *sink) Note(string) {}

func (s *sink) Head(h row.Head) error {
	for _, heading := range h.Columns {
		key := strings.ToLower(heading)
		switch {
		case key == "x" || key == "y":
			return &data.FieldError{Field: "heading", Value: heading, Why: "can be east or north; the headings are " + headings}
		case key != "" && slices.Contains(s.headings, key):
			return &data.FieldError{Field: "heading", Value: heading, Why: "occurs twice"}
		}
		s.headings = append(s.headings, key)
	}
	has := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(s.headings, n) })
	}
	if !has("own_east", "own_north") || !has("lon", "lat") && !has("east", "north") {
		return &data.FieldError{Field: "heading", Value: strings.Join(h.Columns, ","), Why: "must be " + headings}
	}
	return nil
}

func (s *sink) Row(r *row.Row) error {
	s.rows++
	where := func(err *data.FieldError) error { return fmt.Errorf("row %d (line %d): %w", s.rows, r.Line, err) }
	if r.Fault != nil {
		return where(r.Fault)
	}
	var p point
	for i, cell := range r.Cells {
		cell = strings.TrimSpace(cell)
		if s.headings[i] == "name" {
			p.Name = cell
		}
		var v float64
		if cell == "" || !p.set(s.headings[i], &v) {
			continue
		}
		var err error
		if v, err = strconv.ParseFloat(cell, 64); err != nil {
			return where(&data.FieldError{Field: s.headings[i], Value: cell, Why: "is not a number"})
		}
	}
	s.file.Points = append(s.file.Points, p)
	return nil
}

// definition turns what was read into control points.
func (f *file) definition(from proj.CRS) (*Definition, error) {
	if len(f.Points) > maxPoints {
		return nil, fmt.Errorf("%d control points; at most %d are taken", len(f.Points), maxPoints)
	}
	d := &Definition{Name: f.Name, Title: f.Title, ToleranceM: Tolerance}
	if strings.ContainsFunc(f.Title, unicode.IsControl) {
		return nil, &data.FieldError{Field: "title", Value: f.Title, Why: "must be one line of text"}
	}
	if d.Title == "" {
		d.Title = "own grid " + d.Name
	}
	if t := f.ToleranceM; t != nil {
		if d.ToleranceM = *t; !(*t > 0 && *t <= MostTolerance) {
			return nil, &data.FieldError{Field: "tolerance_m", Value: fmt.Sprint(*t), Why: "must be above 0 and at most 1000 metres"}
		}
	}
	degrees, err := f.systems(d, from)
	if err != nil {
		return nil, err
	}
	if len(f.Points) == 0 {
		return nil, errors.New("there are no control points")
	}
	places := make(orb.MultiPoint, len(f.Points))
	named := map[string]int{}
	for i := range f.Points {
		p := &f.Points[i]
		if p.Name == "" {
			p.Name = strconv.Itoa(i + 1)
		} else if first, again := named[p.Name]; again {
			return nil, fmt.Errorf("control point %q stands there twice, as the points %d and %d; a name belongs to one", row.Shorten(p.Name), first+1, i+1)
		} else {
			named[p.Name] = i
		}
		if strings.ContainsFunc(p.Name, unicode.IsControl) {
			return nil, fmt.Errorf("control point %q: the name must be one line of text", row.Shorten(p.Name))
		}
		if places[i], err = p.place(d.Base, degrees); err != nil {
			return nil, fmt.Errorf("control point %q: %w", row.Shorten(p.Name), err)
		}
	}
	if err := f.chooseBase(d, places); err != nil {
		return nil, err
	}
	for i := range f.Points {
		c, err := f.Points[i].control(d.Base, places[i])
		if err != nil {
			return nil, fmt.Errorf("control point %q: %w", row.Shorten(f.Points[i].Name), err)
		}
		d.Points = append(d.Points, c)
	}
	return d, f.chooseExtent(d, places)
}

// systems finds the base and the system of degrees, of which the given one is the first choice where the file says
// nothing.
func (f *file) systems(d *Definition, from proj.CRS) (degrees proj.CRS, err error) {
	for field, name := range map[string]string{"from": f.From, "base": f.Base} {
		if name == "" {
			continue
		}
		c, err := proj.Lookup(name)
		if err != nil {
			return nil, &data.FieldError{Field: field, Value: name, Why: proj.WhyUnknown(err)}
		}
		if field == "base" {
			d.Base = c
			continue
		}
		from = c
	}
	switch {
	case from == nil:
	case from.Degrees():
		degrees = from
	case d.Base == nil:
		d.Base = from
	case d.Base.Name() != from.Name():
		return nil, &data.FieldError{Field: "from", Value: from.Name(), Why: "is a plane system other than the base " + d.Base.Name()}
	}
	if d.Base != nil && d.Base.Degrees() {
		return nil, &data.FieldError{Field: "base", Value: d.Base.Name(), Why: "counts degrees; a grid is derived from a plane system, such as a Gauss–Krüger zone"}
	}
	if degrees == nil {
		degrees, err = proj.Lookup("EPSG:4490")
	}
	return degrees, err
}

// farthest bounds the coordinates of a city's own grid, in metres: with the number of a zone before it an easting has
// eight digits.
const farthest = 200_000_000

// place is the known place of a point as longitude and latitude.
func (p *point) place(base, degrees proj.CRS) (orb.Point, error) {
	if p.OwnEast == nil || p.OwnNorth == nil {
		return orb.Point{}, &data.FieldError{Field: "own_east, own_north", Why: "are missing"}
	}
	for field, v := range map[string]float64{"own_east": *p.OwnEast, "own_north": *p.OwnNorth} {
		if math.Abs(v) > farthest && !math.IsInf(v, 0) {
			return orb.Point{}, &data.FieldError{
				Field: field, Value: fmt.Sprint(v), Why: fmt.Sprintf("is no coordinate in metres: at most %d km from zero are taken", int(farthest/1000)),
			}
		}
	}
	c, x, y, fields := degrees, p.Lon, p.Lat, "lon, lat"
	inDegrees, inMetres := p.Lon != nil && p.Lat != nil, p.East != nil && p.North != nil
	single := (p.Lon == nil) != (p.Lat == nil) || (p.East == nil) != (p.North == nil)
	switch {
	case inDegrees == inMetres || single:
		return orb.Point{}, &data.FieldError{Field: "lon, lat, east, north", Why: "either both degrees or both metres must be given"}
	case inMetres && base == nil:
		return orb.Point{}, &data.FieldError{Field: "east, north", Why: "belong to a system that is not named; say it with --from, or with base in a TOML file"}
	case inMetres:
		c, x, y, fields = base, p.East, p.North, "east, north"
	}
	lon, lat, ok := c.ToLonLat(*x, *y)
	if !ok {
		return orb.Point{}, &data.FieldError{Field: fields, Value: fmt.Sprintf("%.4f, %.4f", *x, *y), Why: proj.Explain(c, *x, *y)}
	}
	return orb.Point{lon, lat}, nil
}

// control is the point in base and grid.
func (p *point) control(base proj.CRS, place orb.Point) (proj.ControlPoint, error) {
	c := proj.ControlPoint{Name: p.Name, To: orb.Point{*p.OwnEast, *p.OwnNorth}}
	if p.East != nil {
		c.From = orb.Point{*p.East, *p.North}
		return c, nil
	}
	x, y, ok := base.FromLonLat(place[0], place[1])
	if !ok {
		return c, fmt.Errorf("%v, %v %s", place[0], place[1], proj.ExplainPlace(base, place[0], place[1]))
	}
	c.From = orb.Point{x, y}
	return c, nil
}

// chooseBase takes the 3° zone in which the points lie when nobody named a base.
func (f *file) chooseBase(d *Definition, places orb.MultiPoint) error {
	if d.Base != nil {
		return nil
	}
	mean := 0.0
	for _, p := range places {
		mean += p[0] / float64(len(places))
	}
	zone, ok := proj.ZoneAt(mean)
	if !ok {
		return fmt.Errorf("longitude %.4f lies in no Gauss–Krüger zone of CGCS2000; name a plane system with --from, or with base in a TOML file", mean)
	}
	d.Base = zone
	return nil
}

// chooseExtent takes what the file says, or the points with a margin.
func (f *file) chooseExtent(d *Definition, places orb.MultiPoint) error {
	if e := f.Extent; e != nil {
		d.Extent = proj.Extent{West: e[0], South: e[1], East: e[2], North: e[3]}
		if !(proj.World.Contains(e[0], e[1]) && proj.World.Contains(e[2], e[3]) && e[0] < e[2] && e[1] < e[3]) {
			return &data.FieldError{Field: "extent", Value: fmt.Sprint(*e), Why: "must be west, south, east, north in degrees"}
		}
		return nil
	}
	b := places.Bound()
	d.Extent = proj.Extent{West: b.Min[0] - margin, South: b.Min[1] - margin, East: b.Max[0] + margin, North: b.Max[1] + margin}
	return nil
}
