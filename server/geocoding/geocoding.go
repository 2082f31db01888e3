// Package geocoding answers what places a text means, with whose ground they are: one text, or a stream of rows.
package geocoding

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/geocode/classes"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// API is the resource of the geocoder.
type API struct {
	*city.City
	// Geocoder knows the city as the engine publishes it; nil answers 501.
	Geocoder *geocode.Geocoder
}

// geocoder knows the city as whoever asks sees it.
func (a *API) geocoder(r *http.Request) *geocode.Geocoder {
	if city.RightsOf(r) == nil {
		return a.Geocoder
	}
	return a.Geocoder.Seen(func(w *index.World) *index.World { return a.See(r, w) })
}

// Version is that of the GeocodeJSON specification that the answers follow.
const Version = "0.1.0"

// mostText bounds a text in characters: an address with all that may hang on it has a tenth of it.
const mostText = 1000

// standardLimit is how many places are answered without a limit.
const standardLimit = 10

// bodies are memory for answers.
var bodies = sync.Pool{New: func() any { return new([]byte) }}

// Search answers with the places that a text may mean: GET /v1/geocode.
func (a *API) Search(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	text := q.Text("q")
	question, crs := a.question(q, true)
	if err := a.ready(r, q); err != nil {
		return err
	}
	if why := wrongText(text); why != "" {
		return rest.Fault(rest.BadRequest, "q", "", why)
	}
	question.Text = text
	places, world := a.geocoder(r).Search(question)
	if err := knownLayers(world, question.Layers); err != nil {
		return err
	}
	return a.write(w, r, collection{feature: feature{api: a, world: world, crs: crs, text: text}, places: places, shares: true})
}

// write answers with a collection.
func (a *API) write(w http.ResponseWriter, r *http.Request, of collection) error {
	room, _ := bodies.Get().(*[]byte)
	body := (*room)[:0]
	defer func() {
		*room = body
		bodies.Put(room)
	}()
	var err error
	if body, err = of.append(body); err != nil {
		return err
	}
	city.SetSeq(w, of.world.Seq())
	return rest.WriteBody(w, r, http.StatusOK, rest.TypeGeoJSON, body)
}

// ready waits for the World of min_seq, refuses parameters that are wrong, and says that there is no geocoder.
func (a *API) ready(r *http.Request, q *rest.Params) error {
	if a.Geocoder == nil {
		return rest.Refuse(rest.NotImplemented, "this server has no geocoder")
	}
	if _, err := a.World(r, q); err != nil {
		return err
	}
	for _, moment := range []string{"at", "as_of", "version"} {
		if when := q.Text(moment); when != "" {
			q.Fail(rest.Fault(rest.BadRequest, moment, when, "is not answered here: names and numbers are those of the present; leave it out, or ask /v1/locate or /v1/features for the past"))
		}
	}
	if err := q.Done(""); err != nil {
		return err
	}
	if a.Geocoder.Gazetteer() == nil {
		return rest.Refuse(rest.Unavailable, "the geocoder does not know the city yet").With("Retry-After", "1")
	}
	return nil
}

// wrongText says why a text is no question, never with the text itself: it may name a person, and what is refused is
// logged.
func wrongText(text string) string {
	switch {
	case strings.TrimSpace(text) == "":
		return "is missing: the text that names a place"
	case utf8.RuneCountInString(text) > mostText:
		return "is longer than " + strconv.Itoa(mostText) + " characters; a place is named in fewer"
	}
	return ""
}

// question reads what is known beside the text, and the system of all coordinates that come and go. Only a list takes a
// limit.
func (a *API) question(q *rest.Params, list bool) (geocode.Question, proj.CRS) {
	crs := q.CRS("crs", a.Systems)
	question := geocode.Question{
		When:         a.when(q),
		Least:        least(q),
		AreaFallback: q.OneOf("fallback", "none", "area") == "area",
	}
	if list {
		question.Limit = q.Whole("limit", 1, geocode.MostPlaces, standardLimit)
	}
	if layers, given := q.Names("layers"); given {
		question.Layers = layers
		if len(layers) == 0 {
			q.Fail(rest.Fault(rest.BadRequest, "layers", "", "names no layer"))
		}
	}
	if focus, ok := pair(q, "focus", crs); ok {
		question.Focus = &focus
	}
	if box, ok := corners(q, "bbox", crs); ok {
		question.Box = &box
	}
	return question, crs
}

// when is the time at which sites and events have to be there: that of a parameter, else now.
func (a *API) when(q *rest.Params) time.Time {
	text := q.Text("when")
	if text == "" {
		return a.Clock(time.Time{})
	}
	t, _, ok := a.Time(text)
	if !ok {
		q.Fail(rest.Fault(rest.BadRequest, "when", text, "must be a date or a time like 2026-03-01T08:00:00+08:00"))
	}
	return a.Clock(t)
}

// least is the score from which a place is one: each has a score of 1 at least.
func least(q *rest.Params) int { return max(q.Whole("least", 0, 100, geocode.StandardLeast), 1) }

// numbers are n numbers separated by commas; it reports false when the parameter is absent or wrong.
func numbers(q *rest.Params, name string, n int, form string) ([]float64, bool) {
	text := q.Text(name)
	if text == "" {
		return nil, false
	}
	var list []float64
	for part := range strings.SplitSeq(text, ",") {
		f, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil {
			list = nil
			break
		}
		list = append(list, f)
	}
	if len(list) != n {
		q.Fail(rest.Fault(rest.BadRequest, name, text, "must be "+form))
		return nil, false
	}
	return list, true
}

// pair is a place as two numbers.
func pair(q *rest.Params, name string, crs proj.CRS) (geo.Point, bool) {
	v, ok := numbers(q, name, 2, "lon,lat")
	if !ok || crs == nil {
		return geo.Point{}, false
	}
	p, fault := rest.Place(crs, v[0], v[1])
	if fault != nil {
		q.Fail(rest.Fault(rest.BadRequest, name, q.Text(name), strings.TrimSuffix(fault.Detail, ".")))
		return p, false
	}
	return p, true
}

// corners is the box around a rectangle of a system, given by two corners.
func corners(q *rest.Params, name string, crs proj.CRS) (geo.Box, bool) {
	const form = "minlon,minlat,maxlon,maxlat"
	v, ok := numbers(q, name, 4, form)
	if !ok || crs == nil {
		return geo.Box{}, false
	}
	if v[0] > v[2] || v[1] > v[3] {
		q.Fail(rest.Fault(rest.BadRequest, name, q.Text(name), "must be "+form+": the first corner must be south-west of the second"))
		return geo.Box{}, false
	}
	box := geo.EmptyBox()
	for _, at := range [4][2]float64{{v[0], v[1]}, {v[2], v[1]}, {v[2], v[3]}, {v[0], v[3]}} {
		p, fault := rest.Place(crs, at[0], at[1])
		if fault != nil {
			q.Fail(rest.Fault(rest.BadRequest, name, q.Text(name), "must be "+form+": "+fault.Detail))
			return box, false
		}
		box = geo.Box{
			Min: geo.Point{X: min(box.Min.X, p.X), Y: min(box.Min.Y, p.Y)}, Max: geo.Point{X: max(box.Max.X, p.X), Y: max(box.Max.Y, p.Y)},
		}
	}
	return box, true
}

// knownLayers refuses the names of layers that do not exist.
func knownLayers(w *index.World, names []string) error {
	for _, name := range names {
		if _, ok := w.Layer(name); !ok {
			p := rest.Fault(rest.BadRequest, "layers", name, "does not exist")
			var have []string
			for _, l := range w.Layers() {
				have = append(have, l.Def().Name)
			}
			if len(have) > 0 {
				p.Detail += "; there are " + strings.Join(have, ", ")
			}
			return p
		}
	}
	return nil
}

// collection is places as a FeatureCollection in the GeocodeJSON profile.
type collection struct {
	feature
	places []geocode.Place
	// shares asks how likely the first places lie in which cell.
	shares bool
	// report says that the text is one, which is not repeated, and about which of the places.
	report   bool
	reported int
	// classes are what the report may be about.
	classes []classes.Suggestion
}

func (c *collection) append(dst []byte) ([]byte, error) {
	dst = append(dst, `{"type":"FeatureCollection","geocoding":{"version":"`+Version+`"`...)
	dst = optional(dst, "attribution", attribution(c.world, c.places))
	if !c.report {
		dst = optional(dst, "query", c.text)
	}
	if name := c.crs.Name(); name != "EPSG:4326" {
		dst = optional(dst, "crs", name)
	}
	dst = strconv.AppendUint(append(dst, `,"seq":`...), uint64(c.world.Seq()), 10)
	if c.report {
		dst = append(dst, `,"reported":`...)
		if c.reported < 0 {
			dst = append(dst, "null"...)
		} else {
			dst = strconv.AppendInt(dst, int64(c.reported), 10)
		}
		dst = c.appendClasses(dst)
	}
	dst = append(dst, `},"features":[`...)
	for i := range c.places {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = c.feature.append(dst, &c.places[i], c.shares && i < mostShares); err != nil {
			return dst, err
		}
	}
	return append(dst, ']', '}'), nil
}

// attribution names the sources of the layers that answer.
func attribution(w *index.World, places []geocode.Place) string {
	var all []string
	for i := range places {
		l, ok := w.Layer(places[i].Layer)
		if !ok {
			continue
		}
		if text := l.Def().Attribution; text != "" && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return strings.Join(all, "; ")
}
