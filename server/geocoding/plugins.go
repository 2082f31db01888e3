package geocoding

import (
	"hash/fnv"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// Map plugins ask the widely used open geocoders in two ways, which are answered here so that they work unchanged: a
// search with viewbox and format, as Nominatim has it, and a search while typing that answers GeoJSON, as Photon has it.
// Parameters that have no meaning here are left alone, because plugins send many.

// plugin reads the parameters of a plugin.
type plugin struct {
	values url.Values
	fault  error
}

func (a *API) plugin(r *http.Request) (*plugin, error) {
	if a.Geocoder == nil {
		return nil, rest.Refuse(rest.NotImplemented, "this server has no geocoder")
	}
	if a.Geocoder.Gazetteer() == nil {
		return nil, rest.Refuse(rest.Unavailable, "the geocoder does not know the city yet").With("Retry-After", "1")
	}
	p := &plugin{values: r.URL.Query()}
	for name, values := range p.values {
		if !utf8.ValidString(name) || slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) }) {
			return nil, rest.Refuse(rest.BadRequest, "the query of the URL is not UTF-8")
		}
	}
	return p, nil
}

func (p *plugin) fail(name, why string) {
	if p.fault == nil {
		p.fault = rest.Fault(rest.BadRequest, name, p.values.Get(name), why)
	}
}

// whole is a number that is moved into its bounds: plugins ask for more than there is.
func (p *plugin) whole(name string, low, high, standard int) int {
	text := p.values.Get(name)
	if text == "" {
		return standard
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		p.fail(name, "must be a whole number")
	}
	return min(max(n, low), high)
}

// point is the place of lat and lon; ok is false when both are absent.
func (p *plugin) point() (at geo.Point, ok bool) {
	if p.values.Get("lat") == "" && p.values.Get("lon") == "" {
		return at, false
	}
	var v [2]float64
	for i, name := range []string{"lon", "lat"} {
		f, err := strconv.ParseFloat(p.values.Get(name), 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			p.fail(name, "must be a number")
			return at, false
		}
		v[i] = f
	}
	at, ok = geo.FromDegrees(v[0], v[1])
	if !ok {
		p.fail("lat", "and lon must lie within ±90 and ±180")
	}
	return at, ok
}

// box is four numbers, two corners in any order.
func (p *plugin) box(name string) *geo.Box {
	text := p.values.Get(name)
	if text == "" {
		return nil
	}
	box, n := geo.EmptyBox(), 0
	parts := strings.Split(text, ",")
	for i := 0; i+1 < len(parts) && len(parts) == 4; i += 2 {
		x, errX := strconv.ParseFloat(strings.TrimSpace(parts[i]), 64)
		y, errY := strconv.ParseFloat(strings.TrimSpace(parts[i+1]), 64)
		at, ok := geo.FromDegrees(x, y)
		if errX != nil || errY != nil || !ok {
			break
		}
		box = geo.Box{
			Min: geo.Point{X: min(box.Min.X, at.X), Y: min(box.Min.Y, at.Y)}, Max: geo.Point{X: max(box.Max.X, at.X), Y: max(box.Max.Y, at.Y)},
		}
		n++
	}
	if n != 2 {
		p.fail(name, "must be two corners in degrees: lon,lat,lon,lat")
		return nil
	}
	return &box
}

// structured are the parameters of a text in parts, in the order in which an address is written.
var structured = []string{"country", "state", "county", "city", "street", "amenity"}

func (p *plugin) text() string {
	if q := p.values.Get("q"); q != "" {
		return q
	}
	var parts []string
	for _, name := range structured {
		if v := strings.TrimSpace(p.values.Get(name)); v != "" {
			parts = append(parts, v)
		}
	}
	return strings.Join(parts, " ")
}

// PluginSearch answers a plugin that searches: GET /geocoder/search.
func (a *API) PluginSearch(w http.ResponseWriter, r *http.Request) error {
	p, err := a.plugin(r)
	if err != nil {
		return err
	}
	question := geocode.Question{Text: p.text(), When: a.Clock(time.Time{}), Limit: p.whole("limit", 1, geocode.MostPlaces, standardLimit)}
	if box := p.box("viewbox"); box != nil {
		if p.values.Get("bounded") == "1" {
			question.Box = box
		}
		focus := geo.Between(box.Min, box.Max, 0.5)
		question.Focus = &focus
	}
	format := p.format()
	if p.fault != nil {
		return p.fault
	}
	if why := wrongText(question.Text); why != "" {
		return rest.Fault(rest.BadRequest, "q", "", why)
	}
	places, world := a.geocoder(r).Search(question)
	if format == "geocodejson" {
		return a.write(w, r, collection{feature: feature{api: a, world: world, crs: degrees(), text: question.Text}, places: places})
	}
	list := make([]result, len(places))
	for i := range places {
		list[i] = a.result(world, &places[i], p.values.Get("addressdetails") == "1")
	}
	city.SetSeq(w, world.Seq())
	if format == "geojson" {
		return rest.WriteJSON(w, r, http.StatusOK, resultFeatures(list, attribution(world, places)))
	}
	return rest.WriteJSON(w, r, http.StatusOK, list)
}

// PluginReverse answers a plugin that asks what is at a point: GET /geocoder/reverse.
func (a *API) PluginReverse(w http.ResponseWriter, r *http.Request) error {
	p, err := a.plugin(r)
	if err != nil {
		return err
	}
	at, ok := p.point()
	if !ok {
		p.fail("lat", "and lon are missing")
	}
	format := p.format()
	if p.fault != nil {
		return p.fault
	}
	places, world := a.geocoder(r).Reverse(geocode.Spot{At: at, Limit: 1, When: a.Clock(time.Time{})})
	city.SetSeq(w, world.Seq())
	if format == "geocodejson" {
		return a.write(w, r, collection{feature: feature{api: a, world: world, crs: degrees(), distance: true}, places: places})
	}
	list := make([]result, len(places))
	for i := range places {
		list[i] = a.result(world, &places[i], p.values.Get("addressdetails") != "0")
	}
	switch {
	case format == "geojson":
		return rest.WriteJSON(w, r, http.StatusOK, resultFeatures(list, attribution(world, places)))
	case len(list) == 0:
		return rest.WriteJSON(w, r, http.StatusOK, map[string]string{"error": "Unable to geocode"})
	}
	return rest.WriteJSON(w, r, http.StatusOK, list[0])
}

// format is the form of the answer that a plugin asks for.
func (p *plugin) format() string {
	format := p.values.Get("format")
	switch format {
	case "", "json", "jsonv2":
		return "jsonv2"
	case "geojson", "geocodejson":
		return format
	}
	p.fail("format", "must be json, jsonv2, geojson or geocodejson")
	return ""
}

func degrees() proj.CRS {
	crs, _ := proj.Lookup("EPSG:4326") // is always there
	return crs
}

// result is a place as plugins of the first kind read it.
type result struct {
	PlaceID     uint32            `json:"place_id"`
	Licence     string            `json:"licence,omitempty"`
	Lat         string            `json:"lat"`
	Lon         string            `json:"lon"`
	Category    string            `json:"category"`
	Class       string            `json:"class"`
	Type        string            `json:"type"`
	AddressType string            `json:"addresstype"`
	Importance  float64           `json:"importance"`
	Name        string            `json:"name"`
	DisplayName string            `json:"display_name"`
	Address     map[string]string `json:"address,omitempty"`
	BoundingBox [4]string         `json:"boundingbox"`
	at          geo.Point
	box         [4]float64
}

func (a *API) result(w *index.World, p *geocode.Place, details bool) result {
	id := fnv.New32a()
	_, _ = id.Write([]byte(p.Layer + "/" + p.ID + "/" + p.Label)) // never fails
	mx, my := geo.Scale(p.At.Lat())
	radius := max(p.Radius, 10)
	dx, dy := radius/mx/geo.Unit, radius/my/geo.Unit
	lon, lat := p.At.Lon(), p.At.Lat()
	kind := kindOf(p)
	one := result{
		PlaceID: id.Sum32(), Licence: attribution(w, []geocode.Place{*p}), Lat: decimal(lat), Lon: decimal(lon),
		Category: "place", Class: "place", Type: kind, AddressType: kind, Importance: float64(p.Score) / 100, Name: p.Name, DisplayName: p.Label,
		at: p.At, box: [4]float64{lon - dx, lat - dy, lon + dx, lat + dy},
	}
	one.BoundingBox = [4]string{decimal(lat - dy), decimal(lat + dy), decimal(lon - dx), decimal(lon + dx)}
	if details {
		one.Address = a.details(w, p)
	}
	return one
}

// details are the elements of an address with the areas that it lies in.
func (a *API) details(w *index.World, p *geocode.Place) map[string]string {
	of := map[string]string{}
	put := func(name, value string) {
		if value != "" {
			of[name] = value
		}
	}
	put("house_number", p.Number)
	put("road", p.Road+p.Section+p.Lane+p.Alley)
	areas := a.Locator.Locate(w, p.At, grid.Ask{Areas: true}).Areas
	for i := range areas {
		switch area := &areas[i]; area.Level {
		case "district":
			put("city_district", area.Name)
		case "city", "county", "state", "country":
			put(area.Level, area.Name)
		default:
			put("suburb", area.Name)
		}
	}
	return of
}

func decimal(f float64) string {
	return strconv.FormatFloat(math.Round(f*geo.Unit)/geo.Unit, 'f', -1, 64)
}

type pluginFeature struct {
	Type       string      `json:"type"`
	Properties any         `json:"properties"`
	Box        []float64   `json:"bbox,omitempty"`
	Geometry   pluginPoint `json:"geometry"`
}

type pluginPoint struct {
	Type        string     `json:"type"`
	Coordinates [2]float64 `json:"coordinates"`
}

type pluginFeatures struct {
	Type     string          `json:"type"`
	Licence  string          `json:"licence,omitempty"`
	Features []pluginFeature `json:"features"`
}

func resultFeatures(list []result, licence string) pluginFeatures {
	all := pluginFeatures{Type: "FeatureCollection", Licence: licence, Features: make([]pluginFeature, len(list))}
	for i := range list {
		all.Features[i] = pluginFeature{
			Type: "Feature", Properties: list[i], Box: list[i].box[:], Geometry: pluginPoint{"Point", [2]float64{list[i].at.Lon(), list[i].at.Lat()}},
		}
	}
	return all
}

// typed is a place as plugins of the second kind read it.
type typed struct {
	Type        string `json:"type"`
	Name        string `json:"name,omitempty"`
	HouseNumber string `json:"housenumber,omitempty"`
	Street      string `json:"street,omitempty"`
	Locality    string `json:"locality,omitempty"`
	District    string `json:"district,omitempty"`
	City        string `json:"city,omitempty"`
	County      string `json:"county,omitempty"`
	State       string `json:"state,omitempty"`
	Country     string `json:"country,omitempty"`
	Key         string `json:"osm_key"`
	Value       string `json:"osm_value"`
	// Score is ours.
	Score int `json:"score"`
}

// PluginTyping answers a plugin that asks at every key: GET /geocoder/api. What a text means comes first, then what it
// may be the beginning of.
func (a *API) PluginTyping(w http.ResponseWriter, r *http.Request) error {
	p, err := a.plugin(r)
	if err != nil {
		return err
	}
	text, limit := p.text(), p.whole("limit", 1, geocode.MostPlaces, standardLimit)
	question := geocode.Question{Text: text, When: a.Clock(time.Time{}), Limit: limit, Box: p.box("bbox")}
	if at, ok := p.point(); ok {
		question.Focus = &at
	}
	if p.fault != nil {
		return p.fault
	}
	if why := wrongText(text); why != "" {
		return rest.Fault(rest.BadRequest, "q", "", why)
	}
	places, world := a.geocoder(r).Search(question)
	if len(places) == 0 {
		places, world = a.geocoder(r).Suggest(geocode.Typing{Text: text, Limit: limit, Focus: question.Focus, When: question.When})
		places = slices.DeleteFunc(places, func(p geocode.Place) bool { return question.Box != nil && !question.Box.Contains(p.At) })
	}
	return a.writeTyped(w, r, world, places)
}

// PluginAround answers the same plugin about a point: GET /geocoder/api/reverse.
func (a *API) PluginAround(w http.ResponseWriter, r *http.Request) error {
	p, err := a.plugin(r)
	if err != nil {
		return err
	}
	at, ok := p.point()
	if !ok {
		p.fail("lat", "and lon are missing")
	}
	spot := geocode.Spot{At: at, When: a.Clock(time.Time{}), Limit: p.whole("limit", 1, geocode.MostPlaces, 1)}
	if text := p.values.Get("radius"); text != "" {
		km, err := strconv.ParseFloat(text, 64)
		if err != nil || !(km > 0) {
			p.fail("radius", "must be kilometres above 0")
		}
		spot.Metres = min(km*1000, geocode.MostMetres)
	}
	if p.fault != nil {
		return p.fault
	}
	places, world := a.geocoder(r).Reverse(spot)
	return a.writeTyped(w, r, world, places)
}

func (a *API) writeTyped(w http.ResponseWriter, r *http.Request, world *index.World, places []geocode.Place) error {
	all := pluginFeatures{Type: "FeatureCollection", Features: make([]pluginFeature, len(places))}
	for i := range places {
		p := &places[i]
		of := a.details(world, p)
		one := typed{
			Type: kindOf(p), Name: p.Name, HouseNumber: p.Number, Street: p.Road + p.Section, Locality: of["suburb"], District: of["city_district"],
			City: of["city"], County: of["county"], State: of["state"], Country: of["country"], Key: "place", Value: kindOf(p), Score: p.Score,
		}
		if p.Kind == geocode.House {
			one.Name = "" // plugins put street and number together
		}
		all.Features[i] = pluginFeature{Type: "Feature", Properties: one, Geometry: pluginPoint{"Point", [2]float64{p.At.Lon(), p.At.Lat()}}}
	}
	city.SetSeq(w, world.Seq())
	return rest.WriteJSON(w, r, http.StatusOK, all)
}
