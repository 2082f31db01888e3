package rest

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
)

// Params reads the query of a URL. It keeps the first fault; check it once all parameters were asked for.
type Params struct {
	values url.Values
	known  []string
	fault  error
}

// ParseParams reads the query of a request.
func ParseParams(r *http.Request) *Params {
	p := &Params{}
	if r.URL.RawQuery == "" {
		return p
	}
	var err error
	if p.values, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		p.fault = Refuse(BadRequest, "the query of the URL is malformed: %s", Shorten(strings.TrimPrefix(err.Error(), "invalid "))).Because(err)
		return p
	}
	for name, values := range p.values {
		switch {
		case !utf8.ValidString(name):
			p.Fail(Fault(BadRequest, Shorten(name), "", "is not UTF-8"))
		case len(values) > 1:
			p.Fail(Fault(BadRequest, Shorten(name), values[1], "is given more than once"))
		case !utf8.ValidString(values[0]):
			p.Fail(Fault(BadRequest, name, values[0], "is not UTF-8"))
		}
	}
	return p
}

// Fail notes a fault, unless there is one.
func (p *Params) Fail(err error) {
	if p.fault == nil {
		p.fault = err
	}
}

// Text is a parameter, empty when absent.
func (p *Params) Text(name string) string {
	p.known = append(p.known, name)
	return p.values.Get(name)
}

// Names is a list of names separated by commas; it reports false when absent. A list that is given and empty has no
// names.
func (p *Params) Names(name string) (list []string, given bool) {
	text := p.Text(name)
	list = []string{}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list, p.values.Has(name)
}

// Number is a finite number; it must be there.
func (p *Params) Number(name string) float64 {
	s := p.Text(name)
	if s == "" {
		p.Fail(Fault(BadRequest, name, "", "is missing"))
		return 0
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		p.Fail(Fault(BadRequest, name, s, "must be a number"))
	}
	return f
}

// UpTo is a number above 0 and at most high, 0 when absent.
func (p *Params) UpTo(name string, high float64) float64 {
	s := p.Text(name)
	if s == "" {
		return 0
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f > 0 && f <= high) {
		p.Fail(Fault(BadRequest, name, s, "must be a number above 0 and at most "+format(high)))
		return 0
	}
	return f
}

// OneOf is one of the values given, the first of them when absent.
func (p *Params) OneOf(name string, values ...string) string {
	s := p.Text(name)
	switch {
	case s == "":
		return values[0]
	case !slices.Contains(values, s):
		p.Fail(Fault(BadRequest, name, s, "must be "+strings.Join(values, " or ")))
	}
	return s
}

// Whole is a number within low and high, standard when absent.
func (p *Params) Whole(name string, low, high, standard int) int {
	s := p.Text(name)
	if s == "" {
		return standard
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high {
		p.Fail(Fault(BadRequest, name, s, fmt.Sprintf("must be a whole number from %d to %d", low, high)))
	}
	return n
}

// Flag is a parameter that is true or false, false when absent.
func (p *Params) Flag(name string) bool {
	switch text := p.Text(name); text {
	case "", "false":
	case "true":
		return true
	default:
		p.Fail(Fault(BadRequest, name, text, "must be true or false"))
	}
	return false
}

// Box is minlon,minlat,maxlon,maxlat; it reports false when absent.
func (p *Params) Box(name string) (geo.Box, bool) {
	s := p.Text(name)
	if s == "" {
		return geo.Box{}, false
	}
	box, err := Box(s)
	if err != nil {
		p.Fail(err)
	}
	return box, err == nil
}

// Box reads minlon,minlat,maxlon,maxlat.
func Box(s string) (geo.Box, error) {
	const form = "must be minlon,minlat,maxlon,maxlat in degrees"
	parts := strings.Split(s, ",")
	if len(parts) != 4 {
		return geo.Box{}, Fault(BadRequest, "bbox", s, form)
	}
	var v [4]float64
	for i, part := range parts {
		var err error
		if v[i], err = strconv.ParseFloat(strings.TrimSpace(part), 64); err != nil {
			return geo.Box{}, Fault(BadRequest, "bbox", s, form)
		}
	}
	low, ok1 := geo.FromDegrees(v[0], v[1])
	high, ok2 := geo.FromDegrees(v[2], v[3])
	switch {
	case !ok1 || !ok2:
		return geo.Box{}, Fault(BadRequest, "bbox", s, form+", within ±180 and ±90")
	case v[0] > v[2] || v[1] > v[3]:
		return geo.Box{}, Fault(BadRequest, "bbox", s, form+": the first corner must be south-west of the second")
	}
	return geo.Box{Min: low, Max: high}, nil
}

// CRS is the system of coordinates among those that the city knows, longitude and latitude when absent.
func (p *Params) CRS(name string, systems *proj.Systems) proj.CRS {
	s := p.Text(name)
	if s == "" {
		s = "EPSG:4326"
	}
	crs, err := systems.Lookup(s)
	if err != nil {
		p.Fail(Fault(BadRequest, name, s, proj.WhyUnknown(err)))
	}
	return crs
}

// Shift is the shifted system of a map, nil when absent: of all other maps the tiles are numbered alike.
func (p *Params) Shift(name string) *proj.Shift {
	s := p.Text(name)
	if s == "" {
		return nil
	}
	shift, ok := proj.FindShift(s)
	if !ok {
		p.Fail(Fault(BadRequest, name, Shorten(s), "must be "+strings.Join(proj.Shifts(), " or ")+
			", for maps in these shifted degrees; without it tiles are those of Web Mercator, EPSG:3857"))
	}
	return shift
}

// Lang is a language tag, empty when absent.
func (p *Params) Lang(name string) string {
	tag := p.Text(name)
	if tag != "" && !validLang(tag) {
		p.Fail(Fault(BadRequest, name, Shorten(tag), "must be a language tag, such as en, zh or zh-Hant"))
	}
	return tag
}

// validLang reports whether a text has the form of a BCP 47 tag.
func validLang(tag string) bool {
	const most = 35
	parts := strings.Split(tag, "-")
	if len(tag) > most || len(parts[0]) < 2 {
		return false
	}
	for _, part := range parts {
		if len(part) < 1 || len(part) > 8 || strings.ContainsFunc(part, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
		}) {
			return false
		}
	}
	return true
}

// Only says which parameters there may be, before any is asked for, and returns the first fault as [Params.Done] does.
func (p *Params) Only(names ...string) error {
	p.known = append(p.known, names...)
	return p.Done("")
}

// Done returns the first fault: a wrong value, or a parameter that nobody asked for, which is usually a misspelling.
// open says what else the parameters may be called.
func (p *Params) Done(open string) error {
	for name := range p.values {
		if !slices.Contains(p.known, name) {
			text := "is not a parameter here"
			if len(p.known) > 0 {
				text += "; known are " + strings.Join(p.known, ", ")
			}
			p.Fail(Fault(BadRequest, Shorten(name), "", text+open))
		}
	}
	return p.fault
}

// Unasked are the parameters that were not asked for so far, with their values.
func (p *Params) Unasked() map[string]string {
	left := map[string]string{}
	for name, values := range p.values {
		if !slices.Contains(p.known, name) {
			left[name] = values[0]
		}
	}
	return left
}

// Fault is the first fault so far, or nil.
func (p *Params) Fault() error { return p.fault }

// Place converts coordinates of a system; the problem names the one that is wrong.
func Place(crs proj.CRS, x, y float64) (geo.Point, *Problem) {
	if lon, lat, ok := crs.ToLonLat(x, y); ok {
		if p, ok := geo.FromDegrees(lon, lat); ok {
			return p, nil
		}
	}
	switch {
	case crs.Degrees() && (x < -180 || x > 180):
		return geo.Point{}, Fault(BadRequest, "lon", format(x), "must lie within ±180")
	case crs.Degrees():
		return geo.Point{}, Fault(BadRequest, "lat", format(y), "must lie within ±90")
	default:
		return geo.Point{}, Fault(BadRequest, "lon,lat", format(x)+","+format(y), proj.Explain(crs, x, y))
	}
}

func format(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
