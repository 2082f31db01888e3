package geocoding

import (
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/answer"
	"github.com/gewu-city/gewu/server/rest"
)

// feature writes places as features. Whose ground they are is found in the World that the places are from.
type feature struct {
	api   *API
	world *index.World
	crs   proj.CRS
	// text is what Start and End of a place count in.
	text string
	// distance says that the radius of a place is its distance from where it was asked for.
	distance bool
}

// append appends a place; with shares also how likely it lies in which cell.
func (f *feature) append(dst []byte, p *geocode.Place, shares bool) ([]byte, error) {
	x, y, ok := f.crs.FromLonLat(p.At.Lon(), p.At.Lat())
	if !ok {
		return dst, rest.Fault(rest.BadRequest, "crs", f.crs.Name(),
			"has no coordinates for a place that was found, at "+answerPair(p.At)+": "+proj.ExplainPlace(f.crs, p.At.Lon(), p.At.Lat()))
	}
	digits := 1e3 // millimetres
	if f.crs.Degrees() {
		digits = geo.Unit
	}
	dst = append(dst, `{"type":"Feature","geometry":{"type":"Point","coordinates":[`...)
	dst = answer.Number(dst, math.Round(x*digits)/digits)
	dst = answer.Number(append(dst, ','), math.Round(y*digits)/digits)
	dst = append(dst, `]},"properties":{"geocoding":{`...)
	loc := f.api.Locator.Locate(f.world, p.At, grid.Ask{Areas: true, Cells: true})
	dst = append(f.members(dst, p, &loc), '}')
	if p.Layer != "" {
		dst = jsontext.AppendString(append(dst, `,"layer":`...), p.Layer)
		dst = jsontext.AppendString(append(dst, `,"id":`...), p.ID)
	}
	dst = answer.AppendMembers(dst, &loc, answer.Areas|answer.Cells)
	if shares {
		dst = appendShares(dst, f.cellShares(p))
	}
	return append(dst, '}', '}'), nil
}

func answerPair(p geo.Point) string {
	return string(answer.Number(append(answer.Number(nil, p.Lon()), ','), p.Lat()))
}

// members appends the members of properties.geocoding: those of GeocodeJSON, and ours.
func (f *feature) members(dst []byte, p *geocode.Place, loc *grid.Location) []byte {
	dst = append(append(append(dst, `"type":"`...), kindOf(p)...), '"')
	dst = append(append(append(dst, `,"kind":"`...), p.Kind...), '"')
	dst = optional(dst, "relation", string(p.Relation))
	dst = jsontext.AppendString(append(dst, `,"label":`...), p.Label)
	dst = optional(dst, "name", p.Name)
	dst = optional(dst, "housenumber", p.Number)
	dst = optional(dst, "street", p.Road+p.Section)
	dst = optional(dst, "road", p.Road)
	dst = optional(dst, "section", p.Section)
	dst = optional(dst, "lane", p.Lane)
	dst = optional(dst, "alley", p.Alley)
	dst = optional(dst, "level", p.Level)
	dst = appendAdmin(dst, loc.Areas)
	radius := math.Round(p.Radius*100) / 100
	if f.distance {
		dst = answer.Number(append(dst, `,"distance_m":`...), radius)
	} else {
		dst = answer.Number(append(dst, `,"accuracy":`...), radius)
		dst = answer.Number(append(dst, `,"radius_m":`...), radius)
	}
	dst = strconv.AppendInt(append(dst, `,"score":`...), int64(p.Score), 10)
	dst = answer.AppendFaults(append(dst, `,"faults":`...), p.Faults)
	if p.End > p.Start {
		dst = f.appendSpan(append(dst, `,"span":`...), p.Start, p.End)
	}
	return dst
}

// appendSpan appends bytes of the text as characters, because that is what other languages count in.
func (f *feature) appendSpan(dst []byte, start, end int) []byte {
	from := utf8.RuneCountInString(f.text[:min(start, len(f.text))])
	to := utf8.RuneCountInString(f.text[:min(end, len(f.text))])
	dst = strconv.AppendInt(append(dst, '['), int64(from), 10)
	return append(strconv.AppendInt(append(dst, ','), int64(to), 10), ']')
}

// kindOf is the type of GeocodeJSON that comes nearest to a kind of place.
func kindOf(p *geocode.Place) string {
	switch p.Kind {
	case geocode.House, geocode.Building:
		return "house"
	case geocode.Road, geocode.Lane, geocode.Crossing:
		return "street"
	case geocode.Area:
		if slices.Contains(adminLevels, p.Level) {
			return p.Level
		}
	case geocode.Landmark, geocode.Part:
	}
	return "locality"
}

// adminLevels are the levels of areas that GeocodeJSON has members for.
var adminLevels = []string{"locality", "district", "city", "county", "state", "country"}

// appendAdmin appends the names of the areas whose levels GeocodeJSON knows. The finest of the others is the locality.
func appendAdmin(dst []byte, areas []grid.Area) []byte {
	locality := ""
	for i := range areas {
		switch a := &areas[i]; {
		case !slices.Contains(adminLevels, a.Level):
			locality = a.Name
		case a.Level == "locality":
			locality = ""
			fallthrough
		default:
			dst = optional(dst, a.Level, a.Name)
		}
	}
	return optional(dst, "locality", locality)
}

// optional appends a member behind a comma, unless its value is empty.
func optional(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	dst = append(append(append(dst, `,"`...), name...), `":`...)
	return jsontext.AppendString(dst, value)
}
